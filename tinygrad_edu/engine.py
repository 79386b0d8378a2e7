"""A Value remembers its parents and a local gradient closure; the chain rule is written once.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> L = a * b + a.tanh()
    >>> L.backward()
    >>> a, b
    (Value(2.0, grad=-2.9293491751468355, label='a'), Value(-3.0, grad=2.0, label='b'))

Read it from here to the end: `Value` (what a node keeps), `topological` (who comes before whom), `chain_rule`
(multiply along each edge, add where paths meet), which `backward` fills in with numbers; last, how operations make
nodes.  Next door, `derivatives` fills it in with Values, and `protocol` says how a Value passes for a float.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Container, Iterator
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from threading import Lock
from typing import Any

from . import modes, ops, twin
from .floats import empty, untouched
from .ieee import isfinite, number
from .modes import forgetting, recording, watching
from .ops import Op
from .protocol import FloatLike, assigned
from .rules import computed


@twin.node
class Node:
    """What a Value keeps, and no more.  Where `twin` was compiled, the same in C takes its place."""

    __slots__ = ("_data", "_grad", "parents", "op", "numbers", "__dict__")  # a label, which few have, hangs in __dict__
    _data: float
    _grad: float
    parents: tuple[Value, ...]
    op: Op
    numbers: tuple[float, ...]
    label: str = ""


class Value(Node, FloatLike):
    """One number that remembers where it came from.

    `data` is the number; `grad` the derivative of whatever called `backward()` with respect to it; `parents`
    the Values it was computed from; `op` the row that computed it; `label` a name for people.
    Attributes of one's own, `v.m = 0.0`, may hang on it as on any object.  Raises TypeError for what is no number.

    >>> v = Value(3, label="v")
    >>> w = v * v
    >>> w.data, w.op, w.parents == (v, v), w.local_grads()
    (9.0, <Op mul>, True, (3.0, 3.0))
    """

    __slots__ = ()

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

    data: float = property(attrgetter("_data"), _set_data, doc="The number.")  # type: ignore[assignment]
    grad: float = property(attrgetter("_grad"), _set_grad, doc="The gradient, 0.0 at first.")  # type: ignore[assignment]

    def local_grads(self) -> tuple[float, ...]:
        """The closure that gives d(this) / d(each parent): the rule of `op` over `numbers`, (its output, *its inputs).

        An optimizer may change `p.data` between forward and backward: these are what the operation saw.  Rule and
        numbers lie side by side, because Python's garbage collector visits whatever a node owns, again and again.
        """
        numbers = self.numbers or (self._data,)
        try:
            return self.op.local(*numbers)
        except ArithmeticError:  # a rule divided by zero: once more, on floats that go on with inf and nan
            return self.op.slopes(*numbers)

    def backward(self, seed: float = 1.0) -> None:
        """Add d(seed * this) / d(node) to the `.grad` of every node that this was computed from.

        All or nothing: an error or a Ctrl-C on the way changes no gradient.  Calling it k times adds k times.  Several
        roots, each with a seed of its own, go in one pass from their weighted sum, `functional.dot(roots, seeds)`.
        Threads that share leaves may all call it: nothing is lost, in no promised order.
        Raises RuntimeError on a Value that has forgotten its parents (`detach()`, `no_grad()`).
        """
        if self.op is ops.detached:
            raise RuntimeError(f"backward() on {self!r}, which has no parents: it was made by detach() or under "
                               "no_grad(); call backward() on the result of a computation outside of them")  # fmt: skip
        totals = chain_rule(self, number(seed), Value.local_grads, start=untouched)
        if watching and modes.strict():
            modes.check_gradients(topological(self), totals)
        _add(totals)

    def zero_grad(self) -> None:
        """Set `.grad` to 0 on this node and on every node that it was computed from."""
        deque(map(setattr, topological(self), repeat("_grad"), repeat(0.0)), maxlen=0)  # all of them, or none

    def detach(self) -> Value:
        """The same number without a past: nothing flows back through it."""
        return _node(self._data, (), ops.detached, ())

    def __apply__(self, op: Op, args: tuple[Any, ...]) -> Value:
        """What an operation means to a Value: compute the number, remember where it came from."""
        for a in args:
            if type(a) is not Value:  # there are numbers among them
                return apply(op, tuple([a if isinstance(a, Value) else constant(a) for a in args]))
        return apply(op, args)

    def __pow__(self, n: Any) -> Value:
        if type(n) is int or type(n) is float:
            return _power(n)(self)
        if isinstance(n, Value):
            return apply(ops.pow, (self, n))
        return NotImplemented if _lift(n) is NotImplemented else _power(number(n))(self)


def topological(root: Value | tuple[Value, ...], stop: Container[Value] = ()) -> list[Value]:
    """Every node that `root` was computed from, parents before children, each once; of several roots, given as a tuple,
    all of theirs.  What is in `stop` counts as a leaf: the walk ends there.

    Depth first, with a stack in place of recursion: a chain of a million operations is a million levels deep.
    """
    roots = root if isinstance(root, tuple) else (root,)
    for x in roots:
        if not isinstance(x, Value):
            raise TypeError(f"topological walks from one Value, or a tuple of them, got {type(x).__name__} {x!r:.80}")
    order: list[Any] = []
    seen: set[Value] = set()
    path: list[Any] = [None]  # from the root to where the walk is, and what it has not seen of the parents of each
    ahead: list[Iterator[Value]] = [iter(roots)]
    while path:
        for p in ahead[-1]:  # goes on where it stopped last time
            if p not in seen:
                seen.add(p)
                if p.parents and not seen.issuperset(p.parents) and p not in stop:
                    path.append(p)
                    ahead.append(iter(p.parents))
                    break
                order.append(p)  # a leaf, or a node whose parents are all in order already
        else:
            order.append(path.pop())
            ahead.pop()
    return order[:-1]  # without the None that the roots hang on


def chain_rule(root: Value, seed: Any, local: Callable[[Value], Any], start: Any = empty) -> dict[Value, Any]:
    """d(root) / d(node) for every node: multiply along each edge, add where paths meet.

    One walk from the root to the leaves, in reverse topological order, so that a gradient is complete before it
    is passed on.  `local(node)` gives one local gradient per parent: numbers, Values or formulas will do.
    Sums begin with `start`: that of floats, -0.0, says that 0 times a finite number is 0.
    """
    order = topological(root)
    total = dict.fromkeys(order, start)
    total[root] = seed
    for node in reversed(order):
        if parents := node.parents:
            upstream, ds = total[node], local(node)
            if len(parents) == 2:  # as below, without a loop: nearly all nodes have one or two
                (a, b), (da, db) = parents, ds
                total[a] += da * upstream
                total[b] += db * upstream
            elif len(parents) == 1:
                (a,), (da,) = parents, ds
                total[a] += da * upstream
            elif not (start == 0.0 == upstream and len(parents) > 3 and type(upstream) is float and isfinite(sum(ds))):
                for parent, d in zip(parents, ds):  # unless it is a dead neuron, which hands on nothing
                    total[parent] += d * upstream
    return total


def _add(totals: dict[Value, float]) -> None:
    """Add to `.grad`: to all, or on an error to none."""
    with _adding:
        grads = [node._grad + g for node, g in totals.items()]
        deque(map(setattr, totals, repeat("_grad"), grads), maxlen=0)  # one call into C: no Ctrl-C lands half-way


# How an operation makes a node: this is the one place, and `__init__` is for what users type.
def _node(data: float, parents: tuple[Value, ...], op: Op, numbers: tuple[float, ...]) -> Value:
    if type(data) is not float:
        data = computed(op.name, data)
    v = _new(Value)
    v._data = data
    v._grad = 0.0
    v.parents = parents
    v.op = op
    v.numbers = numbers
    if watching:
        modes.made(v)
    return v


def apply(op: Op, parents: tuple[Value, ...]) -> Value:
    """The Value that `op` makes of other Values."""
    xs = [p._data for p in parents]  # the numbers seen now: an optimizer may change p.data before backward
    y = op.forward(*xs)
    if forgetting and not watching and not recording():
        return _node(y, (), ops.detached, ())
    return _node(y, parents, op, (y, *xs))


def binary(op: Op, swapped: bool = False) -> Callable[[Value, Any], Value]:
    """The operator for a row with two inputs, as direct as Python allows: this is the engine's hottest code."""
    forward, detached = op.forward, ops.detached

    def method(self: Value, other: Any) -> Value:
        if type(other) is not Value:
            if (other := _lift(other)) is NotImplemented:
                return other  # type: ignore[no-any-return]
        if swapped:
            self, other = other, self
        y = forward(a := self._data, b := other._data)
        if forgetting and not watching and not recording():
            return _node(y, (), detached, ())
        return _node(y, (self, other), op, (y, a, b))

    return method


@lru_cache(maxsize=1024)
def unary(op: Op) -> Callable[[Value], Value]:
    """The method for a row with one input."""
    forward, detached = op.forward, ops.detached

    def method(self: Value) -> Value:
        y = forward(x := self._data)
        if forgetting and not watching and not recording():
            return _node(y, (), detached, ())
        return _node(y, (self,), op, (y, x))

    return method


def constant(x: Any) -> Value:
    """A number as it stands in a formula, the 3 of `3 * x`: a leaf that keeps what it was, and is not to be changed."""
    return _node(y := number(x), (), ops.leaf, (y,))


def _lift(x: Any) -> Any:
    """An operand as a Value; NotImplemented for what is no number, so that Python's own error names both types."""
    if type(x) is float or (type(x) is int and abs(x) < 1 << 53):
        return _node(y := float(x), (), ops.leaf, (y,))
    known = isinstance(x, Value)
    return x if known else constant(x) if hasattr(x, "__float__") or getattr(x, "ndim", False) else NotImplemented


_adding, _new = Lock(), object.__new__
_power = lru_cache(maxsize=1024)(lambda n: unary(ops.power(n)))

if sys.platform == "emscripten":  # in the browser, whose stack is small
    from .release import dismantle

    Value.__del__ = dismantle  # type: ignore[attr-defined,unused-ignore]
