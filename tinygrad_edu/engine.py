"""A Value remembers its parents and a local gradient closure; the chain rule is written once.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> L = a * b + a.tanh()
    >>> L.backward()
    >>> a, b
    (Value(2.0, grad=-2.9293491751468355, label='a'), Value(-3.0, grad=2.0, label='b'))

Read it in this order: `Value` (what a node keeps), `topological` (who comes before whom), `chain_rule`
(multiply along each edge, add where paths meet), `backward` (the chain rule filled in with numbers).  Next door,
`derivatives` fills it in with Values, and `protocol` says how a Value passes for a float.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from itertools import repeat
from operator import attrgetter
from threading import Lock
from typing import Any

from . import lazy, modes, ops
from .ieee import number
from .modes import watching
from .ops import Op
from .protocol import FloatLike, assigned

_new = object.__new__

# How an operation makes a node.  (Start reading at `Value`, and come back.)


def _node(data: float, parents: tuple[Value, ...], op: Op, numbers: tuple[float, ...]) -> Value:
    """The one place where a computed node is made; `__init__` is for what users type."""
    if type(data) is not float:
        data = _float(data, op)
    v = _new(Value)
    v._data = data
    v._grad = 0.0
    v.parents = parents
    v.op = op
    v.numbers = numbers
    if watching:
        modes.made(v)
    return v


def _float(result: Any, op: Op) -> float:
    """The float of a result that is none: what a row of one's own may compute."""
    try:
        return number(result)
    except TypeError as e:
        raise TypeError(f"the row {op.name!r} must compute a number: {e}") from None


def apply(op: Op, parents: tuple[Value, ...]) -> Value:
    """The Value that `op` makes of other Values."""
    xs = [p._data for p in parents]  # the numbers seen now: an optimizer may change p.data before backward
    y = op.forward(*xs)
    return _node(y, parents, op, (y, *xs))


def _lift(x: Any) -> Any:
    """An operand as a Value; NotImplemented for what is no number, so that Python's own error names both types."""
    if type(x) is float or (type(x) is int and abs(x) < 1 << 53):
        return _node(y := float(x), (), ops.leaf, (y,))
    if isinstance(x, Value):
        return x
    return constant(x) if hasattr(x, "__float__") or getattr(x, "ndim", False) else NotImplemented


def constant(x: Any) -> Value:
    """A number as it stands in a formula, the 3 of `3 * x`: a leaf that is not to be changed,
    for it keeps what it was.
    """
    return _node(y := number(x), (), ops.leaf, (y,))


def _binary(op: Op, swapped: bool = False) -> Callable[[Value, Any], Value]:
    """The operator for a row with two inputs, as direct as Python allows: this is the engine's hottest code."""
    forward = op.forward

    def method(self: Value, other: Any) -> Value:
        if type(other) is not Value:
            other = _lift(other)
            if other is NotImplemented:
                return other  # type: ignore[no-any-return]
        if swapped:
            self, other = other, self
        a, b = self._data, other._data
        y = forward(a, b)
        return _node(y, (self, other), op, (y, a, b))

    return method


def _unary(op: Op) -> Callable[[Value], Value]:
    """The method for a row with one input."""
    forward = op.forward

    def method(self: Value) -> Value:
        x = self._data
        y = forward(x)
        return _node(y, (self,), op, (y, x))

    return method


class Value(FloatLike):
    """One number that remembers where it came from.

    `data` is the number; `grad` the derivative of whatever called `backward()` with respect to it; `parents`
    the Values it was computed from; `op` the row that computed it; `label` a name for people.
    Attributes of one's own, `v.m = 0.0`, may hang on it as on any object.  Raises TypeError for what is no number.

    >>> v = Value(3, label="v")
    >>> w = v * v
    >>> w.data, w.op, w.parents == (v, v), w.local_grads()
    (9.0, <Op mul>, True, (3.0, 3.0))
    """

    # `data` and `grad` check what they are given; a label, which few nodes have, hangs on a node as attributes do
    __slots__ = ("_data", "_grad", "parents", "op", "numbers", "__dict__")

    _data: float
    _grad: float
    parents: tuple[Value, ...]
    op: Op
    numbers: tuple[float, ...]
    label: str = ""

    def __init__(self, data: Any, *past: Any, label: Any = "", **named: Any) -> None:
        self._data = data if type(data) is float else number(data)
        self._grad = 0.0
        self.parents = ()
        self.op = ops.leaf
        self.numbers = ()
        if label:
            self.label = label
        if past or named or type(label) is not str:
            self._made_by_hand(*past, label=label, **named)  # Value(data, "w"); micrograd's Value(data, children, op)
        if watching:
            modes.made(self)

    def _set_data(self, x: Any) -> None:
        self._data = x if type(x) is float else assigned(self, "data", x)

    def _set_grad(self, x: Any) -> None:
        self._grad = x if type(x) is float else 0.0 if x is None else assigned(self, "grad", x)

    data: float = property(  # type: ignore[assignment]
        attrgetter("_data"), _set_data, doc="The number: what is assigned becomes a float, or is refused."
    )
    grad: float = property(  # type: ignore[assignment]
        attrgetter("_grad"), _set_grad, doc="The gradient, 0.0 at first; None counts as 0.0."
    )

    @property
    def local_grads(self) -> Callable[[], tuple[float, ...]]:
        """The closure that returns d(this) / d(each parent).

        It closes over `numbers`, what the operation saw: (its output, *its inputs).  It holds neither the node
        nor its parents, so there is no reference cycle, and an optimizer that changes `p.data` between forward
        and backward changes no gradient.  A node keeps the bare tuple and makes the closure when asked, because
        Python's garbage collector visits whatever a node owns, again and again.
        """
        return partial(self.op.slopes, *self.numbers or (self._data,))

    def backward(self, seed: float = 1.0) -> None:
        """Add d(seed * this) / d(node) to the `.grad` of every node that this was computed from.

        All or nothing: an error or a Ctrl-C on the way changes no gradient.  Calling it k times adds k times.
        Several roots, each with a seed of its own, go in one pass from their weighted sum:
        `functional.dot(roots, seeds).backward()`.
        Threads that share leaves may all call it: nothing is lost, but the order of their additions is not promised.
        Raises RuntimeError on a Value that has forgotten its parents (`detach()`, `no_grad()`).
        """
        if self.op is ops.detached:
            raise RuntimeError(
                f"backward() on {self!r}, which has no parents: it was made by detach() or under no_grad(); "
                "call backward() on the result of a computation outside of them"
            )
        try:
            totals = chain_rule(self, number(seed), lambda node: node.op.local(*node.numbers))
        except ArithmeticError:  # a rule divided by zero: once more, on floats that go on with inf and nan
            totals = chain_rule(self, number(seed), lambda node: node.op.slopes(*node.numbers))
        if watching and modes.strict():
            modes.check_gradients(topological(self), totals)
        with _adding:
            grads = [node._grad + g for node, g in totals.items()]
            # One call into C: no Ctrl-C can land half-way.
            deque(map(setattr, totals, repeat("_grad"), grads), maxlen=0)

    def zero_grad(self) -> None:
        """Set `.grad` to 0 on this node and on every node that it was computed from."""
        deque(map(setattr, topological(self), repeat("_grad"), repeat(0.0)), maxlen=0)  # all of them, or none

    def detach(self) -> Value:
        """The same number without a past: nothing flows back through it."""
        return _node(self._data, (), ops.detached, ())

    def __apply__(self, op: Op, args: tuple[Any, ...]) -> Value:
        """What an operation means to a Value: compute the number, remember where it came from."""
        return apply(op, tuple([a if isinstance(a, Value) else constant(a) for a in args]))

    __add__, __radd__ = _binary(ops.add), _binary(ops.add, swapped=True)
    __sub__, __rsub__ = _binary(ops.sub), _binary(ops.sub, swapped=True)
    __mul__, __rmul__ = _binary(ops.mul), _binary(ops.mul, swapped=True)
    __truediv__, __rtruediv__ = _binary(ops.div), _binary(ops.div, swapped=True)
    __mod__, __rmod__ = _binary(ops.mod), _binary(ops.mod, swapped=True)
    __floordiv__, __rfloordiv__ = _binary(ops.floor_divide), _binary(ops.floor_divide, swapped=True)
    __rpow__ = _binary(ops.pow, swapped=True)
    __neg__, __abs__ = _unary(ops.neg), _unary(ops.abs)

    def __pow__(self, n: Any) -> Value:
        if type(n) not in (int, float):
            if isinstance(n, Value):
                return apply(ops.pow, (self, n))
            if _lift(n) is NotImplemented:
                return NotImplemented
            n = number(n)
        return apply(ops.power(n), (self,))

    def __pos__(self) -> Value:
        return self


def topological(root: Value | tuple[Value, ...], stop: Container[Value] = ()) -> list[Value]:
    """Every node that `root` was computed from, parents before children, each once; of several roots, given as a tuple,
    all of theirs.  What is in `stop` counts as a leaf: the walk ends there.

    Depth first, with a stack in place of recursion: a chain of a million operations is a million levels deep.
    """
    roots = root if isinstance(root, tuple) else (root,)
    for x in roots:
        if not isinstance(x, Value):
            raise TypeError(
                "topological walks from one Value, such as a loss, or a tuple of them, to what they were computed "
                f"from; got {type(x).__name__} {x!r:.80}"
            )
    order: list[Any] = []
    stack: list[tuple[Any, Iterator[Value]]] = [(None, iter(roots))]
    seen = set[Value]()
    while stack:
        node, parents = stack[-1]
        for p in parents:  # goes on where it stopped last time
            if p not in seen:
                seen.add(p)
                if p.parents and not seen.issuperset(p.parents) and p not in stop:
                    stack.append((p, iter(p.parents)))
                    break
                order.append(p)  # a leaf, or a node whose parents are all in order already
        else:
            order.append(node)
            stack.pop()
    return order[:-1]  # without the None that the roots hang on


def rebuilt(order: Iterable[Value], known: dict[Value, Any], make: Callable[[Value, tuple[Any, ...]], Any]) -> Any:
    """A graph once more: for each node in order what is `known` in its place, or what `make(node, parents)` gives,
    whose parents are those of the new graph.  It is `known` then, too.

    >>> x = Value(3.0)
    >>> y = x * x
    >>> rebuilt(topological(y), {x: 2.0}, lambda n, parents: n.op(*parents))[y]
    4.0
    """
    for node in order:
        if node not in known:
            known[node] = make(node, tuple([known[p] for p in node.parents]))
    return known


def chain_rule(root: Value, seed: Any, local: Callable[[Value], Any]) -> dict[Value, Any]:
    """d(root) / d(node) for every node: multiply along each edge, add where paths meet.

    One walk from the root to the leaves, in reverse topological order, so that a gradient is complete before it
    is passed on.  `local(node)` gives one local gradient per parent: numbers, Values or formulas will do.
    """
    total = {root: seed}
    sum_so_far = total.get
    for node in reversed(topological(root)):
        if node.parents:
            upstream = total[node]
            for parent, d in zip(node.parents, local(node)):
                before = sum_so_far(parent)
                total[parent] = d * upstream if before is None else before + d * upstream
    return total


# Below: small parts of the above, and how each row becomes a method, once, at import.

_adding = Lock()
_registered: set[str] = set()


def bind(op: Op) -> None:
    """Make a row a method of every Value: after `bind(mish)`, `v.mish()` works."""

    def method() -> Callable[..., Value]:
        from .text import described

        f: Callable[..., Value] = _unary(op) if len(op.domain) == 1 else lambda self, *others: op(self, *others)
        return _named(op.name, f, described(op))

    lazy.Method(Value, op.name, method)


def _family(make: Callable[..., Op]) -> Callable[..., Value]:
    """The method for rows with parameters: `x.clip(-1, 1)` makes the row and applies it."""
    return lambda self, *parameters, **named: make(*parameters, **named)(self)


def _named(name: str, method: Callable[..., Value], doc: str | None) -> Callable[..., Value]:
    method.__name__, method.__qualname__, method.__doc__ = name, f"Value.{name}", doc
    return method


def register(op: Op, replace: bool = False) -> Op:
    """Add a row to the table at run time: a method, a function, its text, its tests and its line follow from it.

    `replace=True` takes the place of a row that was registered before, as a notebook's cell does that is run again:
    what was recorded with it is recorded anew, but graphs and models that hold the old row keep it.
    Raises ValueError for a name that is taken or no name; TypeError for a rule that does not take as
    many inputs as the domain says.

    >>> cube = register(Op("cube", lambda x: x * x * x, lambda y, x: (3 * x * x,)))
    >>> Value(2.0).cube()
    Value(8.0)
    >>> del ops.TABLE["cube"], Value.cube
    """
    again = op.name in ops.TABLE and op.name in _registered
    if not op.name.isidentifier():
        raise ValueError(f"cannot add a row named {op.name!r}: that is no name in Python")
    if again and not replace:
        raise ValueError(
            f"cannot add a row named {op.name!r}: the name is taken, by a row that was registered before; "
            "to put this one in its place, as when a cell is run again, write register(..., replace=True)"
        )
    if not again and (op.name in ops.TABLE or hasattr(Value, op.name)):
        raise ValueError(
            f"cannot add a row named {op.name!r}: the name is taken, by the package itself; choose another"
        )
    op.check_inputs()
    ops.TABLE[op.name] = op
    ops.edition += 1
    _registered.add(op.name)
    bind(op)
    return op


for _op in ops.TABLE.values():
    if _op.name.isidentifier() and ... not in _op.domain:
        bind(_op)
for _name, _make in ops.FACTORIES.items():
    setattr(Value, _name, _named(_name, _family(_make), _make.__doc__))
# CPython 3.11 and 3.12 give the first object of a class room for thirty attributes, and each later one for one fewer.
for _ in range(30):
    _new(Value)
