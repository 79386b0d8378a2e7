"""What a recording need not do at every call, found out once.

Each of these can be switched off, and none changes a bit of any result:

- `dead`: nodes that the result does not depend on are dropped (see `record`);
- `fold`: nodes that depend on no input and no parameter keep the number that they had when they were recorded;
- `share`: equal subexpressions are computed once.
Their gradients stay apart, because (g1 + g2) * d is not g1 * d + g2 * d;
- `wanted`: gradients are passed on only to leaves that somebody asked about, and on the way to them.

What would round differently is not done: a * (b * c) is not (a * b) * c, and x * 0 is not 0 when x is inf.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..engine import Value
from .record import Record
from .trace import OPTIMISATIONS


class Plan:
    """What is computed at each call of a record, and in which node of several equal ones.

    `varies`: the nodes that are computed anew; `same`: for a node that equals an earlier one, that one; `needed`: the
    nodes through which gradients pass on their way from the root to a wanted leaf, leaves and root included.
    """

    def __init__(
        self, record: Record, wanted: Iterable[Value], optimise: frozenset[str] = frozenset(OPTIMISATIONS)
    ) -> None:
        self.folds = "fold" in optimise
        leaves = {*record.inputs, *record.parameters}
        self.varies: set[Value] = set(leaves)
        wanted = set(wanted) if "wanted" in optimise else {*wanted, *leaves}
        leads: set[Value] = wanted & leaves
        for n in record.order:
            if n.parents:
                if not self.folds or any(p in self.varies for p in n.parents):
                    self.varies.add(n)
                if any(p in leads for p in n.parents):
                    leads.add(n)
        under_root = {record.root}
        for n in reversed(record.order):
            if n in under_root:
                under_root.update(n.parents)
        self.needed = leads & under_root
        self.same: dict[Value, Value] = _same(record, self.varies) if "share" in optimise else {}

    @property
    def computed(self) -> int:
        """Operations in a forward pass."""
        return sum(bool(n.parents) for n in self.varies)

    @property
    def distinct(self) -> int:
        """Operations in a forward pass that are no copies of others."""
        return self.computed - len(self.same)


def _same(record: Record, varies: set[Value]) -> dict[Value, Value]:
    """Nodes of equal rows with equal inputs; constants are equal if their bits are."""
    first: dict[Any, Value] = {}
    same: dict[Value, Value] = {}
    for n in record.order:
        if n.parents and n in varies:
            inputs = [same.get(p, p) if p in varies else repr(p.data) for p in n.parents]
            row = (n.op.recipe[0], repr(n.op.recipe[1])) if n.op.recipe else n.op
            chosen = first.setdefault((row, *inputs), n)
            if chosen is not n:
                same[n] = chosen
    return same
