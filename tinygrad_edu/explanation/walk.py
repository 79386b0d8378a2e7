"""One backward pass, edge by edge, with the words for it: what `explain` and `diagnose` say is read from here.

Nothing is differentiated here: the gradients are those of `engine.chain_rule`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from .. import ops, paths, text
from ..blocks import Formula, joined, latex
from ..engine import Value, chain_rule
from ..infinities import interval
from ..languages import LATEX
from ..names import Names, is_constant
from ..text import Expr
from ..words import brief, plural, times


@dataclass(frozen=True, eq=False, slots=True)
class Edge:
    """One edge of the backward pass: `node` hands upstream × local = contribution to one of its parents."""

    node: Value
    parent: Value
    place: int
    local: float
    upstream: float
    contribution: float


class Walk:
    """One backward pass from `root`, seed 1; no `.grad` changes.

    `order` has parents before children, `slopes` the local gradients of each node, `totals` the gradients.

    >>> a = Value(3.0, label="a")
    >>> L = a * a + a
    >>> walk = Walk(L)
    >>> [(walk.names[e.node], e.upstream, e.local, e.contribution) for e in walk.into[a]], walk.totals[a]
    ([('v2', 1.0, 1.0, 1.0), ('v1', 1.0, 3.0, 3.0), ('v1', 1.0, 3.0, 3.0)], 7.0)
    """

    def __init__(self, root: Value, also: Iterable[Value] = ()) -> None:
        self.root, self.slopes, self._also = root, paths.local_slopes(root), also
        self.order = list(self.slopes)
        self.totals: dict[Value, float] = chain_rule(root, 1.0, self.slopes.__getitem__)
        self._formulas: dict[tuple[Value, object], tuple[Expr | float, ...]] = {}

    @cached_property
    def names(self) -> Names:
        """What each node is called; found only when there is something to say."""
        return Names(self.order, self._also)

    @cached_property
    def edges(self) -> list[Edge]:
        """Every edge, in the order in which they carry a gradient."""
        ups = [(n, float(self.totals[n])) for n in reversed(self.order)]
        return [Edge(n, p, i, d, up, d * up)
                for n, up in ups for i, (p, d) in enumerate(zip(n.parents, self.slopes[n]))]  # fmt: skip

    @cached_property
    def into(self) -> dict[Value, list[Edge]]:
        """The edges along which each node gets its gradient."""
        found: dict[Value, list[Edge]] = {}
        for e in self.edges:
            found.setdefault(e.parent, []).append(e)
        return found

    @cached_property
    def _seen(self) -> dict[Value, float]:
        return {p: x for n in self.order for p, x in zip(n.parents, n.numbers[1:]) if not p.parents}

    def value(self, n: Value) -> float:
        """The number that the forward pass saw; `.data` may have been changed since then."""
        return n.numbers[0] if n.parents else self._seen.get(n, n.data)

    def called(self, n: Value) -> str:
        """A node's name and what computes it, `v3 = tanh(z)`; the name alone if it is a leaf."""
        return f"{self.names[n]} = {self.names.formula(n, 44)}" if n.parents else self.names[n]

    def local(self, n: Value, place: int = 0) -> Formula:
        """A local gradient of a node as a formula, in its textbook form."""
        return Formula(self._local(n, place), lambda: self._local(n, place, latex))

    def _local(self, n: Value, place: int, write: Callable[[Formula], str] = str) -> str:
        if (n, write) not in self._formulas:
            self._formulas[n, write] = text.local_gradients(n.op, *[write(self.names.term(m)) for m in (n, *n.parents)])
        d, slope = self._formulas[n, write][place], self.slopes[n][place]
        step = isinstance(d, Expr) and d.op is ops.greater
        if step and slope not in (0.0, 1.0):
            return ("half each at a tie" if write is str else "\\text{a tie}") if math.isfinite(slope) else "nan"
        if write is not str:
            return LATEX.write(d)
        formula = text.write(d)
        return f"1 if {formula} else 0" if step else text.unbracketed(d, formula)

    def nonfinite_notes(self, edges: Iterable[Edge], nodes: Iterable[Value]) -> list[str]:
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
                dict.fromkeys(f"{self.names[p]} = {brief(x)}" for p, x in zip(n.parents, xs) if p in self.names)
            )
            found.append(
                f"{self.names[n]} = {self.names.formula(n, 60)} = {brief(y)} begins "
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
                f"{brief(e.upstream)} × {brief(e.local)}",
            )
            added = f"{joined([before, g], '+')} = {brief(total)} where paths meet, at {p}"
            if not math.isfinite(e.local) and all(map(math.isfinite, e.node.numbers[1:])):
                slope, formula = self.local(e.node, e.place), self.names.formula(e.node, 60)
                inputs = [x for x in e.node.parents if not is_constant(x)]
                at = ", ".join(dict.fromkeys([f"{self.names[x]} = {brief(self.value(x))}" for x in inputs]))
                found.append(f"The slope {slope} of {n} = {formula} is {brief(e.local)}{at and f' at {at}'}")
            if g != g and e.upstream == e.upstream and e.local == e.local:
                found.append(
                    f"{product} = nan on the edge {n} → {p}, and that is where nan begins: zero "
                    "times infinity has no value"
                )
            if math.isinf(g) and math.isfinite(e.upstream) and math.isfinite(e.local):
                found.append(f"{product} = {brief(g)} on the edge {n} → {p}: too large for a float")
            if math.isinf(total) and math.isfinite(before) and math.isfinite(g):
                found.append(f"{added}: too large for a float")
            if total != total and before == before and g == g:
                found.append(f"{added}, and that is where nan begins: infinities of opposite sign do not cancel")
        return found

    def grad_note(self, n: Value) -> str:
        """What to say of the `.grad` that a node holds, beside the total of one backward pass; '' if they agree."""
        total, held, name, root = self.totals[n], float(n.grad), self.names.term(n), self.names.term(self.root)
        if same(held, total):
            return ""
        if not held:
            return f"{name}.grad is still 0: {root}.backward() adds this to it."
        k = held / total if total and math.isfinite(total) else 0.0
        if k == int(k) and 2 <= k <= 1000:
            return (
                f"{name}.grad holds {brief(held)}, {times(int(k))} this total, "
                f"as after {int(k)} backward passes: gradients add up until {root}.zero_grad()."
            )
        return (
            f"{name}.grad holds {brief(held)}, not {brief(total)}: other backward "
            f"passes have added to it. {root}.zero_grad() and {root}.backward() give this one alone."
        )

    def grad_notes(self, nodes: list[Value]) -> list[str]:
        """`stored` for several nodes, in at most one note."""
        notes = list(filter(None, map(self.grad_note, nodes)))
        if not self.root.parents:
            return []
        if notes and not any(n.grad for n in nodes):
            return [f"No .grad is stored yet: {self.names.term(self.root)}.backward() adds these to it."]
        return [notes[0] + f" {len(notes) - 1:,} more like it." * (len(notes) > 1)] if notes else []

    def changed_notes(self, nodes: Iterable[Value]) -> list[str]:
        """A sentence for each node whose `.data` is no longer what the forward pass saw."""
        return [f"{self.names.term(n)}.data is {brief(n.data)} now; {self.names[self.root]} was computed with "
                f"{brief(self.value(n))}, and its gradients belong to that." for n in nodes
                if not same(n.data, self.value(n))]  # fmt: skip


def same(a: float, b: float) -> bool:
    """Whether two numbers are equal, or both nan."""
    return a == b or (a != a and b != b)
