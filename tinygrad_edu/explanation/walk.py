"""The chain rule, listened to: every edge of one backward pass, with the words for it.

Nothing is differentiated here.  `engine.chain_rule` is filled in with edges that multiply like numbers, and that
remember what they were multiplied with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import count

from .. import ops, paths, text
from ..blocks import Formula, joined, latex
from ..engine import Value, chain_rule
from ..infinities import interval
from ..languages import LATEX
from ..names import Names
from ..text import Expr
from ..words import number, plural, times


class Edge:
    """One edge of the backward pass: `node` hands upstream × local = contribution to one of its parents."""

    __slots__ = ("node", "parent", "place", "local", "upstream", "contribution")

    def __init__(self, node: Value, parent: Value, place: int, local: float) -> None:
        self.node, self.parent, self.place, self.local = node, parent, place, local
        self.upstream = self.contribution = math.nan

    def __mul__(self, upstream: float) -> float:
        """Multiply as the number would, and remember both."""
        self.upstream = upstream
        self.contribution = self.local * upstream
        return self.contribution


class Walk:
    """One backward pass from `root`, seed 1, as edges in the order in which they carried a gradient.

    No `.grad` changes.

    >>> a = Value(3.0, label="a")
    >>> L = a * a + a
    >>> walk = Walk(L)
    >>> [(walk.names[e.node], e.upstream, e.local, e.contribution) for e in walk.into[a]], walk.totals[a]
    ([('v2', 1.0, 1.0, 1.0), ('v1', 1.0, 3.0, 3.0), ('v1', 1.0, 3.0, 3.0)], 7.0)
    """

    def __init__(self, root: Value, also: Iterable[Value] = ()) -> None:
        self.root, self.slopes = root, paths.local_slopes(root)
        self.order = list(self.slopes)
        self.names = Names(self.order, also)
        self.edges: list[Edge] = []
        self.out_of: dict[Value, list[Edge]] = {}
        self._seen: dict[Value, float] = {}
        self._formulas: dict[tuple[Value, object], tuple[Expr | float, ...]] = {}
        self.totals: dict[Value, float] = chain_rule(root, 1.0, self._edges)
        self.into: dict[Value, list[Edge]] = {}
        for e in self.edges:
            self.into.setdefault(e.parent, []).append(e)

    def _edges(self, node: Value) -> list[Edge]:
        edges = self.out_of[node] = [Edge(node, *edge) for edge in zip(node.parents, count(), self.slopes[node])]
        self.edges += edges
        self._seen.update(zip(node.parents, node.numbers[1:]))
        return edges

    def value(self, n: Value) -> float:
        """The number that the forward pass saw; `.data` may have been changed since then."""
        return self._seen.get(n, n.numbers[0] if n.numbers else n.data)

    def local(self, e: Edge) -> Formula:
        """The local gradient of an edge as a formula, in its textbook form."""
        return Formula(self._local(e), lambda: self._local(e, latex))

    def _local(self, e: Edge, write: Callable[[Formula], str] = str) -> str:
        if (e.node, write) not in self._formulas:
            terms = [write(self.names.term(n)) for n in (e.node, *e.node.parents)]
            self._formulas[e.node, write] = text.local_gradients(e.node.op, *terms)
        d = self._formulas[e.node, write][e.place]
        step = isinstance(d, Expr) and d.op is ops.greater
        if step and e.local not in (0.0, 1.0):
            return ("half each at a tie" if write is str else "\\text{a tie}") if math.isfinite(e.local) else "nan"
        if write is not str:
            return LATEX.write(d)
        formula = text.write(d)
        alone = isinstance(d, Expr) and d.op is ops.leaf and formula.startswith("(")
        return f"1 if {formula} else 0" if step else formula[1:-1] if alone else formula  # a term alone has no ( )

    def beginnings(self, edges: Iterable[Edge], nodes: Iterable[Value]) -> list[str]:
        """Where something stops being finite: a sentence for the first value and the first gradient that do,
        and for the first nan.
        """
        if all(map(math.isfinite, self.totals.values())) and all(math.isfinite(n.data) for n in self.order):
            return []
        values, slopes = self._in_values(nodes), self._in_gradients(edges)
        told = [
            note
            for notes in (values, slopes)
            for note in dict.fromkeys([*notes[:1], *[n for n in notes if "nan" in n][:1]])
        ]
        more = len(values) + len(slopes) - len(told)
        return [
            *[f"{note}." for note in told],
            *[f"… and {plural(more, 'more place')} where that happens."] * (more > 0),
        ]

    def _in_values(self, nodes: Iterable[Value]) -> list[str]:
        found = []
        for n in nodes:
            y, xs = self.value(n), n.numbers[1:]
            if not n.parents or math.isfinite(y) or any(x != x if y != y else math.isinf(x) for x in xs):
                continue  # an infinity makes infinities, a nan makes nans: those are not where it begins
            inside = [interval(d) for d in n.op.domain if d is not ... and d != ops.REAL]
            given = ", ".join(
                dict.fromkeys(f"{self.names[p]} = {number(x)}" for p, x in zip(n.parents, xs) if p in self.names)
            )
            found.append(
                f"{self.names[n]} = {self.names.formula(n, 60)} = {number(y)} begins "
                f"here{f', with {given}' if given else ''}"
                + (f": {n.op.name} is defined on {' and '.join(inside)}" if inside else "")
            )
        return found

    def _in_gradients(self, edges: Iterable[Edge]) -> list[str]:
        found: list[str] = []
        sums: dict[Value, float] = {}
        for e in edges:
            g, before = e.contribution, sums.get(e.parent, 0.0)
            total = sums[e.parent] = before + g
            if math.isfinite(total) and math.isfinite(e.local):
                continue
            n, p, product = (
                self.names[e.node],
                self.names[e.parent],
                f"{number(e.upstream)} × {number(e.local)}",
            )
            added = f"{joined([before, g], '+')} = {number(total)} where paths meet, at {p}"
            if not math.isfinite(e.local) and all(map(math.isfinite, e.node.numbers[1:])):
                at = f"at {p} = {number(self.value(e.parent))}"
                found.append(
                    f"The slope {self.local(e)} of {n} = {self.names.formula(e.node, 60)} is {number(e.local)} {at}"
                )
            if g != g and e.upstream == e.upstream and e.local == e.local:
                found.append(
                    f"{product} = nan on the edge {n} → {p}, and that is where nan begins: zero "
                    "times infinity has no value"
                )
            if math.isinf(g) and math.isfinite(e.upstream) and math.isfinite(e.local):
                found.append(f"{product} = {number(g)} on the edge {n} → {p}: too large for a float")
            if math.isinf(total) and math.isfinite(before) and math.isfinite(g):
                found.append(f"{added}: too large for a float")
            if total != total and before == before and g == g:
                found.append(f"{added}, and that is where nan begins: infinities of opposite sign do not cancel")
        return found

    def stored(self, n: Value) -> str:
        """What to say of the `.grad` that a node holds, beside the total of one backward pass; '' if they agree."""
        total, held, name, root = self.totals[n], float(n.grad), self.names.term(n), self.names.term(self.root)
        if same(held, total):
            return ""
        if not held:
            return f"{name}.grad is still 0: {root}.backward() adds this to it."
        k = held / total if total and math.isfinite(total) else 0.0
        if k == int(k) and 2 <= k <= 1000:
            return (
                f"{name}.grad holds {number(held)}, {times(int(k))} this total, "
                f"as after {int(k)} backward passes: gradients add up until {root}.zero_grad()."
            )
        return (
            f"{name}.grad holds {number(held)}, not {number(total)}: other backward "
            f"passes have added to it. {root}.zero_grad() and {root}.backward() give this one alone."
        )

    def all_stored(self, nodes: list[Value]) -> list[str]:
        """`stored` for several nodes, in at most one note."""
        notes = list(filter(None, map(self.stored, nodes)))
        if not self.root.parents:
            return []
        if notes and not any(n.grad for n in nodes):
            return [f"No .grad is stored yet: {self.names.term(self.root)}.backward() adds these to it."]
        return [notes[0] + f" {len(notes) - 1:,} more like it." * (len(notes) > 1)] if notes else []

    def changed(self, nodes: Iterable[Value]) -> list[str]:
        """A sentence for each node whose `.data` is no longer what the forward pass saw."""
        return [f"{self.names.term(n)}.data is {number(n.data)} now; {self.names[self.root]} was computed with "
                f"{number(self.value(n))}, and its gradients belong to that." for n in nodes
                if not same(n.data, self.value(n))]  # fmt: skip


def same(a: float, b: float) -> bool:
    """Whether two numbers are equal, or both nan."""
    return a == b or (a != a and b != b)
