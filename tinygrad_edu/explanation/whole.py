"""A whole graph explained: every node's formula and value, every edge of the backward pass, every sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .. import ops
from ..blocks import Block, Explanation, Formula, Items, Rows, Sentence, Strong, formula, joined, product
from ..engine import Value
from ..figures.subgraph import near_root
from ..figures.units import group
from ..words import clipped, plural, times
from .choices import choice_notes
from .network import Overview
from .walk import Edge, Walk

LONGEST = 44  # letters of a formula in a column


class Whole(Explanation):
    """What `explain(L)` returns.

    `root`; `edges`, in the order of the backward pass, each with `node`, `parent`, `upstream`, `local` and
    `contribution`; `totals`, the gradient of every node of the graph; `shown`, the nodes in the text, nearest to the
    root; `hidden`, how many are not in it; `names`, what a node is called; `network`, what is said in their place if
    some are hidden and the labels name neurons, else None.
    """

    def __init__(self, root: Value, max_nodes: int) -> None:
        self.walk = walk = Walk(root)
        self.root, self.edges, self.totals, self.names = root, walk.edges, walk.totals, walk.names
        near = near_root(root, max_nodes, None)
        self.shown = [n for n in walk.order if n in near]
        self.hidden = len(walk.order) - len(self.shown)
        self._leaves = [n for n in self.shown if not n.parents and n in self.names]
        groups = group(root, walk.order) if self.hidden else None
        self.network = Overview(walk, groups) if groups and groups.units else None
        edges = [e for e in walk.edges if e.parent in near and e.node in near]
        self._edges = [e for e in edges if e.parent in self.names][: 5 * max_nodes]
        self._constants = sum(e.parent not in self.names for e in edges)

    def blocks(self) -> Iterator[Block]:
        """What is said, as sentences and tables."""
        names, value = self.names, self.walk.value
        size = f"{plural(len(self.walk.order), 'node')}, {plural(len(self.edges), 'edge')}"
        computed = [names.formula(self.root, LONGEST)] if self.root.parents else []
        yield formula("{} = {}" + " = {}" * len(computed), names[self.root], *computed, value(self.root)), f": {size}"
        if self.network:
            yield from self.network.blocks()
            return
        if inner := [n for n in self.shown if n.parents]:
            yield Strong("Forward"), ": every node from its inputs."
            if self._leaves:
                yield Items([self._leaf(n) for n in self._leaves])
            rows = [(names[n], names.made(n, LONGEST), formula("= {}", value(n))) for n in inner]
            yield Rows([("node", "formula", "value"), *rows], gives=(1,), bare=True)
            start = f": {names.term(self.root)}.grad starts at 1, and each edge hands on upstream × local:"
            yield Strong("Backward"), start
            heading = "edge", "local gradient", "upstream × local = contribution"
            yield Rows([heading, *map(self._row, self._edges)], "ll=", (1,), self._sums(), "where paths meet")
            if self._leaves:
                yield Strong("The gradients"), ":"
                yield Items([formula("{} = {}", names.ratio(self.root, n), self.totals[n]) for n in self._leaves])
        yield from self._notes()

    def _leaf(self, n: Value) -> Formula:
        said = formula("{} = {}", self.names[n], self.walk.value(n))
        note = " (detached: nothing flows back through it)"
        return Formula(said + note, lambda: f"{said.latex}\\text{{{note}}}") if n.op is ops.detached else said

    def _row(self, e: Edge) -> list[str]:
        local, names = self.walk.local(e.node, e.place), self.names
        meaning = lambda: f"{names.ratio(e.node, e.parent).latex} = {local.latex}"
        return [formula("{} → {}", names[e.node], names[e.parent]), Formula(clipped(local, LONGEST - 10), meaning),
                product(e.upstream, e.local, e.contribution)]  # fmt: skip

    def _sums(self) -> dict[int, Sentence]:
        """The sum at every node that is used several times, after the last of these edges."""
        last = {e.parent: i for i, e in enumerate(self._edges)}
        shown = Counter(e.parent for e in self._edges)
        return {i: self._sum(p, shown[p]) for p, i in last.items() if len(self.walk.into[p]) > 1}

    def _sum(self, p: Value, shown: int) -> Sentence:
        uses, name, ratio = self.walk.into[p], self.names.term(p), self.names.ratio(self.root, p)
        added = formula("{} = {}", joined([e.contribution for e in uses], "+"), self.totals[p])
        more = f", {len(uses) - shown:,} of them not shown here" * (len(uses) > shown)
        return (Formula(f"{name}.grad: {added}", lambda: f"{ratio.latex} = {added.latex}"),
                f": {name} is used {times(len(uses))}{more}, gradients add")  # fmt: skip

    def _notes(self) -> Iterator[str]:
        """What else a reader should know, a sentence or two each."""
        walk, names = self.walk, self.names
        yield from walk.nonfinite_notes(self.edges, walk.order)
        yield from choice_notes(walk, self.shown)
        yield from walk.changed_notes([n for n in self.shown if n in names and n is not self.root])[:3]
        if n := self._constants:
            yield f"{plural(n, 'edge')} to constants without a label {'is' if n == 1 else 'are'} not shown."
        yield from walk.grad_notes([n for n in self.shown if n in names])
        yield from names.shortened(self.shown)
        if self.hidden:
            root = names.term(self.root)
            yield (f"… {self.hidden:,} more; {root}.explain(of=x) explains one gradient, "
                   f"{root}.explain(max_nodes={len(walk.order)}) shows every node.")  # fmt: skip
