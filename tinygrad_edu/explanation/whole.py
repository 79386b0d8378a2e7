"""A whole graph explained: every node's formula and value, every edge of the backward pass, every sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .. import ops
from ..engine import Value
from ..figures.choose import before
from ..figures.units import group
from . import words
from .choices import passed
from .network import Network
from .walk import Edge, Explanation, Walk

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
        near = before(root, max_nodes, None)
        self.shown = [n for n in walk.order if n in near]
        self.hidden = len(walk.order) - len(self.shown)
        self._leaves = [n for n in self.shown if not n.parents and n in self.names]
        self._inner = [n for n in self.shown if n.parents]
        groups = group(root, walk.order) if self.hidden else None
        self.network = Network(walk, groups) if groups and groups.units else None
        edges = [e for e in walk.edges if e.parent in near and e.node in near]
        self._edges = [e for e in edges if e.parent in self.names][: 5 * max_nodes]
        self._constants = sum(e.parent not in self.names for e in edges)

    def lines(self) -> list[str]:
        """The explanation, line by line."""
        names, lines = self.names, words.sentence(self._title())
        if self.network:
            return [*lines, "", *words.written(self.network.blocks())]
        if self._inner:
            lines += ["", "Forward: every node from its inputs."]
            lines += [*words.flowed([self._leaf(n) for n in self._leaves], ", "), ""] if self._leaves else []
            rows = [(names[n], names.made(n, LONGEST), f"= {words.number(self.walk.value(n))}") for n in self._inner]
            lines += words.columns(rows, gives=(1,))
            lines += ["", *words.sentence(f"Backward: {self._start()}"), *self._backward()]
            lines += (
                ["", "The gradients:", *words.flowed([self._gradient(n) for n in self._leaves], ", ")]
                if self._leaves
                else []
            )
        return [*lines, *(line for note in self._notes() for line in ("", *words.sentence(note)))]

    def _title(self) -> str:
        name, formula = self.names[self.root], self.names.short(self.root, LONGEST) if self.root.parents else ""
        size = f"{words.plural(len(self.walk.order), 'node')}, {words.plural(len(self.walk.edges), 'edge')}"
        return " = ".join(filter(None, (name, formula, words.number(self.walk.value(self.root))))) + f": {size}"

    def _start(self) -> str:
        return f"{self.names.term(self.root)}.grad starts at 1, and each edge hands on upstream × local:"

    def _leaf(self, n: Value) -> str:
        return (
            f"{self.names[n]} = {words.number(self.walk.value(n))}"
            + " (detached: nothing flows back through it)" * (n.op is ops.detached)
        )

    def _gradient(self, n: Value) -> str:
        return f"{self.names.ratio(self.root, n)} = {words.number(self.totals[n])}"

    def _backward(self) -> list[str]:
        """One line per edge, and one wherever the last of several paths has arrived."""
        products = words.products([(e.upstream, e.local, e.contribution) for e in self._edges])
        rows = [("edge", "local gradient", products[0])]
        for e, product in zip(self._edges, products[1:]):
            rows.append(
                (
                    f"{self.names[e.node]} → {self.names[e.parent]}",
                    words.clipped(self.walk.local(e), LONGEST - 10),
                    product,
                )
            )
        heading, *lines = words.columns(rows, gives=(1,))
        out = [heading]
        for (_, total), line in zip(self._sums(), lines):
            out += [line, *(words.flowed(total.split(" "), " ", "      ", "    ") if total else [])]
        return out

    def _sums(self) -> Iterator[tuple[Edge, str]]:
        """Every edge, with the sum if its parent has several and this is the last of them here."""
        last = {e.parent: e for e in self._edges}
        shown = Counter(e.parent for e in self._edges)
        for e in self._edges:
            uses = self.walk.into[e.parent]
            if e is last[e.parent] and len(uses) > 1:
                name, total = self.names.term(e.parent), words.number(self.totals[e.parent])
                added = f"{words.joined([use.contribution for use in uses], '+')} = {total}"
                hidden = len(uses) - shown[e.parent]
                more = f", {hidden:,} of them not shown here" if hidden else ""
                yield e, f"{name}.grad: {added}: {name} is used {words.times(len(uses))}{more}, gradients add"
            else:
                yield e, ""

    def _notes(self) -> list[str]:
        """What else a reader should know, a sentence or two each."""
        notes = self.walk.beginnings(self.walk.edges, self.walk.order)
        notes += passed(self.walk, self.shown)
        notes += self.walk.changed(self._leaves)[:3]
        if self._constants:
            notes.append(
                f"{words.plural(self._constants, 'edge')} to constants without a label "
                f"{'is' if self._constants == 1 else 'are'} not shown."
            )
        notes += self.walk.all_stored([n for n in self.shown if n in self.names])
        notes += filter(None, [self.names.shortened(self.shown)])
        if self.hidden:
            root = self.names.term(self.root)
            notes.append(f"… {self.hidden:,} more; {root}.explain(of=x) explains one gradient, "
                         f"{root}.explain(max_nodes={len(self.walk.order)}) shows every node.")  # fmt: skip
        return notes

    def markdown(self) -> list[str]:
        """The explanation in Markdown, with LaTeX between dollars."""
        if self.network:
            return [f"**{words.plain_markdown(self._title())}**", "", *words.marked(self.network.blocks())]
        names, root = self.names, self.root
        formulas = [
            f"${names.formula(n, latex=True)}$" if len(n.parents) < 12 else f"`{n.op.name}` of {len(n.parents)} inputs"
            for n in self._inner
        ]
        forward = [
            (f"${names.latex(n)}$", f, f"${words.math_number(self.walk.value(n))}$")
            for n, f in zip(self._inner, formulas)
        ]
        backward = []
        for e, total in self._sums():
            product = f"${words.math_joined([e.upstream, e.local], '·')} = {words.math_number(e.contribution)}$"
            meaning = f"${names.ratio(e.node, e.parent, latex=True)} = {self.walk.local(e, latex=True)}$"
            backward.append(
                (
                    f"${names.latex(e.node)} \\to {names.latex(e.parent)}$",
                    meaning,
                    product,
                    self._met(e) if total else "",
                )
            )
        leaves = ", ".join(f"${names.latex(n)} = {words.math_number(self.walk.value(n))}$" for n in self._leaves)
        gradients = ", ".join(
            f"${names.ratio(root, n, latex=True)} = {words.math_number(self.totals[n])}$" for n in self._leaves
        )
        lines = [f"**Forward**: every node from its inputs. {leaves}", ""]
        lines += [*words.markdown_table(("node", "formula", "value"), forward), ""] if forward else []
        lines += [f"**Backward**: from ${names.latex(root)}$ to the leaves; its own gradient starts at 1.", ""]
        heading = ("edge", "local gradient", "upstream × local = contribution", "where paths meet")
        lines += [*words.markdown_table(heading, backward), "", f"**The gradients**: {gradients}"] if backward else []
        return [*lines, *(line for note in self._notes() for line in ("", words.plain_markdown(note)))]

    def _met(self, e: Edge) -> str:
        """The sum at a node whose last path came along this edge."""
        uses = self.walk.into[e.parent]
        added = words.math_joined([use.contribution for use in uses], "+")
        return (
            f"${self.names.ratio(self.root, e.parent, latex=True)} = {added} = "
            f"{words.math_number(self.totals[e.parent])}$: used {words.times(len(uses))}, gradients add"
        )
