"""Why is this gradient 4?  Every use of one node with what it contributes, and the paths from it to the root."""

from __future__ import annotations

from ..engine import Value
from . import words
from .choices import passed
from .paths import Path, counts, largest
from .walk import Edge, Explanation, Walk

MOST_USES, LONGEST = 12, 40


class Single(Explanation):
    """What `explain(L, of=x)` returns.

    `total`: dL/dx, to the last bit what one backward pass gives; `uses`: the edges along which it arrives, whose
    contributions add up to it; `count`: how many paths lead from x to L, exactly; `paths`: those with the largest
    |product|, each with `nodes`, `edges` and `product`.
    """

    def __init__(self, walk: Walk, x: Value, max_paths: int) -> None:
        self.walk, self.root, self.x, self.names = walk, walk.root, x, walk.names
        self.total: float = walk.totals[x]
        self.uses: list[Edge] = walk.into.get(x, [])
        self.count: int = counts(walk.root)[x]
        self.paths: list[Path] = largest(walk, x, max_paths)

    def _shown(self) -> list[Edge]:
        """The uses in the order in which they arrive; of many, those that contribute most."""
        if len(self.uses) <= MOST_USES:
            return self.uses
        most = sorted(
            self.uses, key=lambda e: -abs(e.contribution) if e.contribution == e.contribution else float("-inf")
        )[:MOST_USES]
        return [e for e in self.uses if e in set(most)]

    def _sum(self) -> str:
        terms = words.joined([e.contribution for e in self.uses], "+")
        return f"{terms} = {words.number(self.total)}"

    def lines(self) -> list[str]:
        """The explanation, line by line."""
        x, root, walk = self.names[self.x], self.names[self.root], self.walk
        lines = [*words.sentence(f"Why is {self.names.ratio(self.root, self.x)} = {words.number(self.total)}?"), ""]
        if self.x is self.root:
            return [
                *lines,
                *words.sentence(
                    f"{root} is where the backward pass starts: when {root} grows by a little, {root} grows by as much."
                ),
            ]
        lines += words.sentence(
            f"{x} = {words.number(walk.value(self.x))} is used {words.times(len(self.uses))}. "
            f"{'Each' if len(self.uses) > 1 else 'The'} node that uses it hands it upstream × local, "
            f"where upstream is d{self.names.term(self.root)}/d(that node):"
        )
        shown = self._shown()
        products = words.products([(e.upstream, e.local, e.contribution) for e in shown])
        rows = [("used in", "local gradient", products[0])]
        for e, product in zip(shown, products[1:]):
            formula = f"{self.names[e.node]} {self.names.made(e.node, LONGEST)}"
            rows.append((formula, words.clipped(walk.local(e), LONGEST - 10), product))
        lines += words.columns(rows, gives=(0, 1))
        if len(self.uses) > len(shown):
            lines.append(
                f"  … and {words.plural(len(self.uses) - len(shown), 'use')} that "
                f"contribute{'s' * (len(self.uses) - len(shown) == 1)} less"
            )
        if len(self.uses) > 1:
            lines += words.flowed(f"Gradients add where paths meet: {self._sum()}".split(" "), " ", "    ", "  ")
        lines += [
            "",
            *words.sentence(self._counted(x, root)),
            *(line for path in self.paths for line in self._path(path)),
        ]
        return [*lines, *(line for note in self._notes() for line in ("", *words.sentence(note)))]

    def _counted(self, x: str, root: str) -> str:
        between = f"from {x} to {root}"
        if self.count == 1:
            return f"1 path leads {between}; the product of its local gradients is the gradient:"
        told = f"{words.plural(self.count, 'path')} lead {between}; the products along them add up to the gradient."
        if self.count > sum(path.ways for path in self.paths):
            told += f" The {len(self.paths)} largest:" if len(self.paths) > 1 else " The largest:"
        return told

    def _path(self, path: Path) -> list[str]:
        """The nodes of a path, its factors in symbols and in numbers, and their product."""
        edges, n = path.edges, len(path.edges)
        few = words.elided(edges, 8)
        stops = [self.names[p] for p in words.elided(path.nodes, 8)]
        factors = [self._factor(e) for e in few]
        numbers = words.joined([e.local for e in edges], "·", 8)
        return [
            *words.flowed(words.with_gap(stops, n + 1), " →"),
            *words.flowed(words.with_gap(factors, n), " ·", "      ", "    "),
            *words.flowed([f"= {numbers}" * (n > 1), self._worth(path)][n == 1 :], "", "      ", "    "),
        ]

    def _worth(self, path: Path) -> str:
        """The product of a path, and how many there are like it."""
        return f"= {words.number(path.product)}" + (
            f", along each of {words.plural(path.ways, 'such path')}" if path.ways > 1 else ""
        )

    def _factor(self, e: Edge) -> str:
        """The local gradient of one edge, in parentheses if it is a sum or a condition."""
        formula = words.clipped(self.walk.local(e), LONGEST - 10)
        return (
            f"({formula})"
            if any(s in formula for s in (" + ", " - ", " if ", "half")) or formula.startswith("-")
            else formula
        )

    def _notes(self) -> list[str]:
        above = self._above()
        begun = self.walk.beginnings([e for e in self.walk.edges if e.parent in above], above)
        short = self.names.shortened([self.x, *[e.node for e in self._shown()]])
        return [
            *begun,
            *passed(self.walk, above),
            *self.walk.changed([self.x]),
            *filter(None, [self.walk.stored(self.x), short]),
        ]

    def _above(self) -> dict[Value, None]:
        """The node and everything that was computed from it, in order."""
        found = {self.x: None}
        for n in self.walk.order:
            if any(p in found for p in n.parents):
                found[n] = None
        return found

    def markdown(self) -> list[str]:
        """The explanation in Markdown, with LaTeX between dollars."""
        names, walk, x = self.names, self.walk, self.names.latex(self.x)
        goal = names.ratio(self.root, self.x, latex=True)
        lines = [f"**Why is** ${goal} = {words.math_number(self.total)}$**?**", ""]
        if self.x is self.root:
            return [*lines, "It is where the backward pass starts."]
        rows = []
        for e in self._shown():
            formula = (
                f"${names.latex(e.node)} = {names.formula(e.node, latex=True)}$"
                if len(e.node.parents) < 12
                else f"${names.latex(e.node)}$"
            )
            rows.append((formula, f"${walk.local(e, latex=True)}$",
                         f"${words.math_joined([e.upstream, e.local], '·')} = "
                         f"{words.math_number(e.contribution)}$"))  # fmt: skip
        lines += [f"${x} = {words.math_number(walk.value(self.x))}$ is used {words.times(len(self.uses))}:", ""]
        lines += words.markdown_table(("used in", "local gradient", "upstream × local = contribution"), rows)
        if len(self.uses) > 1:
            added = words.math_joined([e.contribution for e in self.uses], "+")
            lines += ["", f"Gradients add where paths meet: ${added} = {words.math_number(self.total)}$"]
        lines += ["", self._counted(f"${x}$", f"${names.latex(self.root)}$")]
        for path in self.paths:
            factors = [names.ratio(e.node, e.parent, latex=True) for e in words.elided(path.edges, 8)]
            named = " ".join(words.math_gap(factors, len(path.edges)))
            lines += [
                "",
                f"$${named} = {words.math_joined([e.local for e in path.edges], '·', 8)} = "
                f"{words.math_number(path.product)}$$",
            ]
            lines += ["", f"along each of {words.plural(path.ways, 'such path')}"] * (path.ways > 1)
        return [*lines, *(line for note in self._notes() for line in ("", words.plain_markdown(note)))]
