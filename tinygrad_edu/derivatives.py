"""Gradients that are graphs: the chain rule filled in with Values, so that they can be differentiated again.

>>> x = Value(0.5)
>>> y = x.tanh()
>>> for order in range(3):
...     [y] = grad(y, x)
>>> y.data  # tanh''' = -2 (1 - t*t) (1 - 3 t*t)
-0.5652092882597707
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import collector, ops, tracing
from .engine import Value, apply, chain_rule, constant, topological
from .floats import Nothing
from .trees import arguments, leaves, mapped, number_at
from .trials import can_be_differentiated, check_memory, slope_row


def grad(y: Value, *xs: Value) -> list[Value]:
    """dy/dx for each x, as Values: graphs of their own, which can be differentiated again.  No `.grad` changes.

    Raises TypeError for what is no Value, and for a row whose rule only numbers can run, where it is differentiated a
    second time; ValueError if an input's `.data` was changed after `y` was computed: the formulas would mix two points;
    RuntimeError if `y` has forgotten what it was computed from (`detach()`, `no_grad()`).

    >>> a, b = Value(2.0), Value(3.0)
    >>> grad(a * a * b, a, b)
    [Value(12.0), Value(4.0)]
    """
    if isinstance(y, (list, tuple)) or not isinstance(y, Value):
        hint = ("grad returns a list, so unpack it first: [d] = grad(y, x); several at once are jacobian(f), "
                "or weighed, functional.dot(ys, seeds)" if isinstance(y, (list, tuple))
                else "of a function, ask value_and_grad(f)(x)" if callable(y)
                else "it must be computed from Values")  # fmt: skip
        raise TypeError(f"grad differentiates one Value, not {type(y).__name__} {y!r}: {hint}")
    if not xs or not all(isinstance(x, Value) for x in xs):
        raise TypeError(
            f"grad takes the Values to differentiate by one after the other, got {', '.join(map(repr, xs)) or 'none'}: "
            "write grad(y, a, b), or grad(y, *parameters)"
        )
    if y.op is ops.detached:
        raise RuntimeError(
            f"grad of {y!r}, which has no parents: it was made by detach() or under no_grad(), "
            "so its gradient would be 0 for everything; differentiate the result of a computation outside of them"
        )
    leads = set(xs)  # the nodes that lead to an x: nobody asks for the gradients of others
    for node in topological(y):
        if not leads.isdisjoint(node.parents):
            leads.add(node)

    def local(node: Value) -> Sequence[Any]:
        if leads.isdisjoint(node.parents):
            return [_NOTHING] * len(node.parents)
        now = (node._data, *[p._data for p in node.parents])
        if node.numbers != now and any(a != b and (a == a or b == b) for a, b in zip(node.numbers, now)):
            raise ValueError(
                f"cannot differentiate through {node!r}: the .data of it or of its inputs was changed "
                "after it was computed; compute it again first"
            )
        return [_factor(d) if p in leads else _NOTHING for d, p in zip(_formulas(node), node.parents)]

    with collector.paused():  # in a large graph, its visits take three times as long as all else
        totals = chain_rule(y, _ONE, local)
    return [_as_value(totals.get(x, 0.0)) for x in xs]


def value_and_grad(f: Callable[..., Value]) -> Callable[..., tuple[Value, Any]]:
    """A function that returns f(*args) and its gradient: one if `f` takes one argument, else one per argument.

    Arguments may be numbers, Values, or lists, tuples, dicts, named tuples, dataclasses and arrays of them; the
    gradient has the same shape.  Each argument is a node of its own, also if a Value is given twice, or is used by `f`
    besides: partial derivatives, by argument.  Arguments given by name go to `f` as they are.

    >>> value_and_grad(lambda w, b: w[0] * w[1] + b)([2, 3], 4)
    (Value(10.0), ([Value(3.0), Value(2.0)], Value(1.0)))
    >>> x = Value(3.0)
    >>> value_and_grad(lambda a, b: a * a * b)(x, x)
    (Value(27.0), (Value(18.0), Value(9.0)))
    """
    _check_function(f, "value_and_grad")

    def evaluate(*args: Any, **named: Any) -> tuple[Value, Any]:
        inputs, mine = _inputs(f, args, "value_and_grad")
        y = f(*inputs, **named)
        return y, _shaped(_slopes([y], mine, args, "value_and_grad")[0], args)

    return evaluate


def jacobian(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns, for each Value that f(*args) returns, its gradient:
    `jacobian(f)(x)[i][j]` is dy_i / dx_j, as a Value.

    What `f` returns may be a Value, or lists, tuples, dicts and arrays of them: the result has its shape, with a
    gradient in the place of each, which is shaped as that of `value_and_grad` and takes the same arguments.  Arrays in
    an array are one, `jacobian(f)(x)[i, j]`.
    Raises TypeError where `f` returns what is no Value.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + 3 * x[1]])([2, 5])
    [[Value(5.0), Value(2.0)], [Value(1.0), Value(3.0)]]
    """
    _check_function(f, "jacobian")

    def evaluate(*args: Any, **named: Any) -> Any:
        inputs, mine = _inputs(f, args, "jacobian")
        ys = f(*inputs, **named)
        rows = iter(_slopes([y for _, y in leaves("", ys)], mine, args, "jacobian"))
        return mapped(lambda _: _shaped(next(rows), args), ys)

    return evaluate


def hessian(f: Callable[..., Value]) -> Callable[..., Any]:
    """A function that returns the second derivatives of f(*args): `hessian(f)(x)[i][j]` is d²f / dx_i dx_j, as a Value.

    It is the Jacobian of the gradient, and shaped so: for two numbers, `hessian(f)(x, y)[0][1]`
    is the one by x and then by y.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3, 5])
    [[Value(10.0), Value(6.0)], [Value(6.0), Value(0.0)]]
    """
    _check_function(f, "hessian")

    def evaluate(*args: Any, **named: Any) -> Any:
        inputs, mine = _inputs(f, args, "hessian")
        [slopes] = _slopes([f(*inputs, **named)], mine, args, "hessian")
        return _shaped([_shaped(grad(slope, *mine), args) for slope in slopes], args)

    return evaluate


def _check_function(f: Any, who: str) -> None:
    if not callable(f):
        raise TypeError(
            f"{who} takes a function of numbers, not {type(f).__name__} {f!r}: for a Value there is grad(y, *xs)"
        )


def _inputs(f: Any, args: Any, who: str) -> tuple[list[Any], list[Value]]:
    """The arguments with nodes of their own, and these nodes."""
    try:
        inputs = [mapped(own, a) for a in args]
    except TypeError:  # which of them?
        for place, x in arguments(f, args):
            if not isinstance(x, Value):
                number_at(place, x)
        raise
    mine = [leaf for a in inputs for _, leaf in leaves("", a)]
    if not mine:
        raise TypeError(f"{who} differentiates by the arguments, and there are none: give numbers or Values, "
                        "or ask grad(y, *xs) for the gradient of a Value")  # fmt: skip
    return inputs, mine


def _slopes(ys: list[Any], mine: list[Value], args: Any, who: str) -> list[list[Value]]:
    """The gradient of each y by `mine`; an error if the function looked at none of them, but at what was passed."""
    for y in ys:
        if not isinstance(y, Value):
            what = "Values" if who == "jacobian" else "a Value"
            raise TypeError(f"{who} needs a function that returns {what}, got {type(y).__name__} {y!r}: "
                            "compute it from the arguments, without float() or .data")  # fmt: skip
    rows = [grad(y, *mine) for y in ys]
    if all(g.op is ops.leaf and not g._data for slopes in rows for g in slopes):  # were the arguments passed over?
        passed = {x for a in args for _, x in leaves("", a) if isinstance(x, Value)}
        if used := next((v for y in ys for v in topological(y) if v in passed), None):
            raise ValueError(
                f"the function computes with {used.label or 'a Value'} itself, and not with its argument, "
                "which is a node of its own: use what f is given, or ask grad(y, *xs) for the gradient by Values "
                "that y was computed from"
            )
    return rows


def _shaped(found: Iterable[Any], args: Sequence[Any]) -> Any:
    """One thing for each number in the arguments, in their shape; of a single argument's if there is one."""
    each = iter(found)
    shaped = tuple([mapped(lambda _: next(each), a) for a in args])
    return shaped[0] if len(shaped) == 1 else shaped


def own(x: Any) -> Value:
    """An argument as a node of its own: a number as a leaf, a Value as the sum of itself,
    through which outer gradients find it.

    Raises TypeError for what is no number.
    """
    return apply(ops.sum, (x,)) if isinstance(x, Value) else Value(x)


# Below: what stands for a local gradient of 1, of -1 and of nothing, so that no `1 * g` is left in a graph.


class _One:
    """A factor of exactly 1."""

    def __mul__(self, g: Any) -> Any:
        return g

    __rmul__ = __mul__

    def __add__(self, g: Any) -> Any:
        return 1.0 + (1.0 if g is self else g)

    def __radd__(self, g: Any) -> Any:
        return g + 1.0

    def __neg__(self) -> float:
        return -1.0


class _Minus:
    """A factor of exactly -1."""

    def __mul__(self, g: Any) -> Any:
        return -g


class _Nothing:
    """A gradient that nobody asks for, or that a branch which was not taken does not pass on."""

    def __mul__(self, g: Any) -> Any:
        return self

    def __add__(self, g: Any) -> Any:
        return g

    def __neg__(self) -> Any:
        return self

    __rmul__, __radd__ = __mul__, __add__


class _Chosen:
    """While recording, when every replay chooses anew: a gradient that came through branches alone,
    and whether they are `taken`.
    """

    def __init__(self, taken: Any, g: Any = None) -> None:
        self.taken, self.g = taken, g

    def __mul__(self, g: Any) -> Any:
        """A branch, as the local gradient of a where."""
        if isinstance(g, _Chosen):
            return _Chosen(ops.where(self.taken, g.taken, 0.0), ops.where(self.taken, g.g, 0.0))
        return _Chosen(self.taken, ops.where(self.taken, _as_value(g), 0.0))

    def __rmul__(self, d: Any) -> Any:
        return _Chosen(self.taken, ops.where(self.taken, _as_value(d * self.g), 0.0))

    def __neg__(self) -> Any:
        return _Chosen(self.taken, -self.g)

    def __add__(self, g: Any) -> Any:
        return _Chosen(ops.maximum(self.taken, g.taken), self.g + g.g) if isinstance(g, _Chosen) else self.g + g

    def __radd__(self, g: Any) -> Any:
        return g + self.g


_ONE, _MINUS, _NOTHING = _One(), _Minus(), _Nothing()


def _factor(d: Any) -> Any:
    if type(d) is float:
        return _ONE if d == 1.0 else _MINUS if d == -1.0 else d
    return _NOTHING if type(d) is Nothing else d


def _as_value(g: Any) -> Value:
    if isinstance(g, _Chosen):
        return _as_value(g.g)
    return g if isinstance(g, Value) else constant(1.0 if g is _ONE else 0.0 if g is _NOTHING else g)


def _formulas(node: Value) -> Sequence[Any]:
    """One local gradient per parent, made of Values."""
    op, inputs = node.op, node.parents
    if tracing.active():  # a recording keeps formulas, not the branches and the domain of one run
        if op is ops.where:
            c = inputs[0]
            return 0.0, _Chosen(ops.where(c, 1.0, 0.0)), _Chosen(ops.where(c, 0.0, 1.0))
        ds = op.partials(node, *inputs)
        check_memory(node)
        return ds if op.domain[0] == ops.REAL else [ops.within(d, node) for d in ds]
    if op is ops.where:  # here and now one branch was taken
        return op.partials(*node.numbers)
    if op.own and not can_be_differentiated(node):
        return [apply(slope_row(op, i), (node, *inputs)) for i in range(len(inputs))]
    ds = op.partials(node, *inputs)
    return [ops.within(d, node) for d in ds] if op.outside(node._data) else ds
