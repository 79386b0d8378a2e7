"""Two graphs side by side: which node of one stands where which node of the other does.

Two graphs of one shape, the same number of inputs at every node and the same nodes shared, are paired by place, also
where a node's row is another.  Of others, what is the same Value or carries the same label is paired, and the results.

>>> from tinygrad_edu.ops import relu, tanh
>>> w = Value(0.5, label="w")
>>> both = Pairing(Side(tanh(w * 2)), Side(relu(w * 3)))
>>> [(x.data, y.data) for x, y in both.pairs], both.parting
([(0.5, 0.5), (2.0, 3.0), (1.0, 1.5), (0.7615941559557649, 1.5)], None)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from .. import ops
from ..engine import Value, chain_rule, topological
from ..explanation.walk import Walk
from ..names import is_constant, named
from ..opening import opened


class Side(Walk):
    """The graph of one run at one step: as `opened` shows it, with the results that a replay computed for itself."""

    def __init__(self, given: Value) -> None:
        super().__init__(_opened(given))
        self.replayed: dict[Value, float] = {}
        if self.root is not given:
            self.replayed[self.root] = given.data
            totals = chain_rule(given, 1.0, lambda node: node.op.slopes(*node.numbers))
            self.totals.update((n, float(g)) for n, g in totals.items() if not n.parents and n in self.totals)
        self.held = {n: n.grad for n in self.order if not n.parents and not is_constant(n)}

    def value(self, n: Value) -> float:
        """The number that the forward pass saw, or that the replay gave."""
        return self.replayed[n] if n in self.replayed else super().value(n)

    @cached_property
    def labelled(self) -> dict[str, Value]:
        """The nodes whose label no other one has."""
        found = [(name, n) for n in self.order if n.label and (name := named(n))]
        often = Counter(name for name, _ in found)
        return {name: n for name, n in found if often[name] == 1}


def _opened(given: Value) -> Value:
    """`opened`, of the numbers that the forward pass saw: an optimizer may have moved the parameters since then."""
    if opened(given) is given:
        return given
    seen = {p: x for n in topological(given) for p, x in zip(n.parents, n.numbers[1:]) if not p.parents}
    moved = {p: p.data for p, x in seen.items() if p.data != x}
    try:
        for p in moved:
            p.data = seen[p]
        return opened(given)
    finally:
        for p, x in moved.items():
            p.data = x


class Parting(NamedTuple):
    """The first place, in topological order, where two graphs are not of one shape, and how."""

    a: Value
    b: Value
    how: str  # "inputs": as many on one side only; "shared": one node where the other has two; "labels": other places


class Pairing:
    """The nodes of two graphs in pairs, in the topological order of the first; `parting` is None if it is by place."""

    def __init__(self, a: Side, b: Side) -> None:
        self.a, self.b = a, b
        self.pairs: list[tuple[Value, Value]] = []
        self.parting = self._by_place()
        if self.parting:
            self.pairs = list(self._by_name())
        self.partner = dict(self.pairs)

    def _by_place(self) -> Parting | None:
        """Walk both graphs at once, parents before children, until they part."""
        a, b, partner, back = self.a, self.b, dict[Value, Value](), dict[Value, Value]()

        def parts(x: Value, y: Value) -> Parting | None:
            if len(x.parents) != len(y.parents) or (x.op is ops.detached) != (y.op is ops.detached):
                return Parting(x, y, "inputs")
            if partner.get(x, y) is not y or back.get(y, x) is not x:
                return Parting(x, y, "shared")
            mine, other = named(x), named(y)
            if mine != other and mine in b.labelled and other in a.labelled:
                return Parting(x, y, "labels")
            partner[x], back[y] = y, x
            return None

        if found := parts(a.root, b.root):
            return found
        stack = [(a.root, b.root, zip(a.root.parents, b.root.parents))]
        while stack:
            x, y, inputs = stack[-1]
            for p, q in inputs:  # goes on where it stopped last time
                new = p not in partner
                if found := parts(p, q):
                    return found
                if new:
                    stack.append((p, q, zip(p.parents, q.parents)))
                    break
            else:
                self.pairs.append((x, y))
                stack.pop()
        return None

    def _by_name(self) -> Iterator[tuple[Value, Value]]:
        """What is one Value in both, what carries the same label, and the roots."""
        there, here = self.b.labelled, self.a.labelled
        for x in self.a.order:
            name = named(x)
            if x in self.b.totals:
                yield x, x
            elif name in there and here.get(name) is x:
                yield x, there[name]
            elif x is self.a.root and (not name or not named(self.b.root) or name == named(self.b.root)):
                yield x, self.b.root

    def other_row(self) -> tuple[Value, Value] | None:
        """The first pair whose rows are not of one name, in graphs of one shape."""
        if self.parting:
            return None
        return next(((x, y) for x, y in self.pairs if x.op is not y.op and x.op.name != y.op.name), None)

    def known_before(self, x: Value) -> list[Value]:
        """The nearest nodes that `x` was computed from and that have a partner."""
        found, seen, stack = dict[Value, None](), {x}, list(x.parents)
        while stack:
            n = stack.pop()
            if n in self.partner and n.op is not ops.detached:
                found[n] = None
            elif n not in seen:
                stack += n.parents
            seen.add(n)
        return list(found)
