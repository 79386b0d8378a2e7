"""Why is this gradient 4?  Every use of one node with what it contributes, and the paths from it to the root."""

from __future__ import annotations

from collections.abc import Iterator

from .. import paths
from ..blocks import Block, Chain, Explanation, Formula, Rows, Sentence, Strong, formula, joined, product
from ..engine import Value
from ..words import clipped, elided, leading, plural, times
from .choices import choice_notes
from .walk import Edge, Walk

MOST_USES, MOST_STEPS, LONGEST = 12, 8, 40


class Single(Explanation):
    """What `explain(L, of=x)` returns.

    `total`: dL/dx, to the last bit what one backward pass gives; `uses`: the edges along which it arrives, whose
    contributions add up to it; `count`: how many paths lead from x to L, exactly; `paths`: those with the largest
    |product|, each with `nodes`, `factors` and `product`.
    """

    def __init__(self, walk: Walk, x: Value, max_paths: int) -> None:
        self.walk, self.root, self.x, self.names = walk, walk.root, x, walk.names
        self.total: float = walk.totals[x]
        self.uses: list[Edge] = walk.into.get(x, [])
        self.count: int = paths.count_paths(walk.slopes, x)
        self.paths: list[paths.Path] = paths.largest(walk.slopes, x, max_paths)

    def blocks(self) -> Iterator[Block]:
        """What is said, as sentences, tables and paths."""
        x, root = self.names[self.x], self.names[self.root]
        yield Strong("Why is"), " ", formula("{} = {}", self.names.ratio(self.root, self.x), self.total), Strong("?")
        if self.x is self.root:
            yield f"{root} is where the backward pass starts: when {root} grows by a little, {root} grows by as much."
            return
        yield (
            formula("{} = {}", x, self.walk.value(self.x)),
            f" is used {times(len(self.uses))}. {'Each' if len(self.uses) > 1 else 'The'} node that uses it hands it "
            f"upstream × local, where upstream is d{self.names.term(self.root)}/d(that node):",
        )
        shown = leading(self.uses, MOST_USES, lambda e: abs(e.contribution))  # in the order in which they arrive
        heading = "used in", "local gradient", "upstream × local = contribution"
        rows = [[formula("{} {}", self.names[e.node], self.names.made(e.node, LONGEST)), self._local(e.node, e.place),
                 product(e.upstream, e.local, e.contribution)] for e in shown]  # fmt: skip
        yield Rows([heading, *rows], "ll=", (0, 1), foot=[*self._foot(len(self.uses) - len(shown))])
        yield self._counted(x, root)
        for path in self.paths:
            steps = list(zip(path.nodes[1:], path.slots))
            note = f", along each of {plural(path.ways, 'such path')}" * (path.ways > 1)
            nodes = elided(path.nodes, MOST_STEPS, self.names.__getitem__)
            factors = elided(steps, MOST_STEPS, lambda step: self._factor(*step))
            numbers = joined(path.factors, "·", MOST_STEPS)
            yield Chain(nodes, factors, numbers, formula("{}", path.product), note)
        yield from self._notes(shown)

    def _local(self, n: Value, place: int) -> Formula:
        local = self.walk.local(n, place)
        return Formula(clipped(local, LONGEST - 10), lambda: local.latex)

    def _foot(self, more: int) -> Iterator[Sentence]:
        if more:
            yield f"… and {plural(more, 'use')} that contribute{'s' * (more == 1)} less"
        if len(self.uses) > 1:
            added = joined([e.contribution for e in self.uses], "+")
            yield "Gradients add where paths meet: ", formula("{} = {}", added, self.total)

    def _counted(self, x: str, root: str) -> Sentence:
        between = " from ", x, " to ", root
        if self.count == 1:
            return "1 path leads", *between, "; the product of its local gradients is the gradient:"
        told = "; the products along them add up to the gradient."
        if self.count > sum(path.ways for path in self.paths):
            told += f" The {len(self.paths)} largest:" if len(self.paths) > 1 else " The largest:"
        return f"{plural(self.count, 'path')} lead", *between, told

    def _factor(self, n: Value, place: int) -> Formula:
        """The local gradient of one edge, in parentheses if it is a sum or a condition; LaTeX has its fraction."""
        local = self._local(n, place)
        loose = local.startswith("-") or any(s in local for s in (" + ", " - ", " if ", "half"))
        return Formula(f"({local})" if loose else local, lambda: self.names.ratio(n, n.parents[place]).latex)

    def _notes(self, shown: list[Edge]) -> Iterator[str]:
        above = {self.x: None}  # and everything that was computed from it, in order
        for n in self.walk.order:
            if any(p in above for p in n.parents):
                above[n] = None
        yield from self.walk.nonfinite_notes([e for e in self.walk.edges if e.parent in above], above)
        yield from choice_notes(self.walk, above)
        yield from self.walk.changed_notes([self.x])
        yield from filter(None, [self.walk.grad_note(self.x)])
        yield from self.names.shortened([self.x, *[e.node for e in shown]])
