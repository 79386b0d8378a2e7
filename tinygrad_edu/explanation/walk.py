"""The chain rule, listened to: every edge of one backward pass, with the words for it.

Nothing is differentiated here.  `engine.chain_rule` is filled in with edges that multiply like numbers, and that
remember what they were multiplied with.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from .. import chance, names, ops, text
from ..engine import Value, chain_rule, topological
from ..infinities import interval
from ..languages import LATEX
from ..names import named
from ..notebook import Shown
from ..text import Expr
from . import words

NAME = re.compile(r"[\w.\[\]']+")


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


class Names:
    """What each node is called, in plain text and in LaTeX; a number in a formula is called by its number."""

    def __init__(self, order: list[Value], also: Iterable[Value] = ()) -> None:
        self._full = names.called(order, also, names.variables(order))
        self._names = dict(zip(self._full, names.brief(list(self._full.values()))))
        self._letters: dict[Value, str] = {}

    def __contains__(self, n: Value) -> bool:
        return n in self._names

    def __getitem__(self, n: Value) -> str:
        return self._names.get(n) or words.number(n.data)

    def find(self, name: str) -> list[Value]:
        """Every node with this label; if there is none, the one that is called so here."""
        return [n for n in self._names if n.label and named(n) == names.one_line(name)] or [
            n for n in self._names if name in (self._names[n], self._full[n])
        ]

    def all(self) -> list[str]:
        """The names of all nodes that have one, none of them shortened."""
        return list(self._full.values())

    def shortened(self, among: Iterable[Value]) -> str:
        """A sentence on the first name that is shorter here than the label; '' if none is."""
        for n in among:
            if n in self._names and self._names[n] != self._full[n]:
                return f"{self._names[n]} is short for {self._full[n]}."
        return ""

    def term(self, n: Value) -> str:
        """A node inside a formula: in parentheses if it is not a plain name or a number from 0 upwards."""
        name = self[n]
        return name if NAME.fullmatch(name) else f"({name})"

    def latex(self, n: Value) -> str:
        """A node inside a formula in LaTeX."""
        if n in self._names:
            self._letters = self._letters or names.letters(self._names)
            return self._letters[n]
        return words.math_number(n.data) if n.data >= 0 else f"({words.math_number(n.data)})"

    def formula(self, n: Value, latex: bool = False) -> str:
        """What computes a node, such as `w * x`; a row that sums its inputs up is written out."""
        if chance.stops(n):
            return self.drawn(n, latex)
        terms = [text.name((self.latex if latex else self.term)(p)) for p in n.parents]
        e = n.op.parts(*terms) if n.op.parts and ... in n.op.domain and len(terms) <= 20 else None
        if not isinstance(e, Expr) or not e.op.symbol:
            e = Expr(n.op, tuple(terms))
        return LATEX.write(e) if latex else text.write(e)

    def drawn(self, n: Value, latex: bool = False) -> str:
        """The distribution of a choice, such as `Bernoulli(logit=z)`."""
        return self.told(chance.of(n), latex)

    def told(self, distribution: Any, latex: bool = False) -> str:
        """A distribution with its parameters by name."""
        name = self.latex if latex else self.__getitem__
        told: str = distribution.told(lambda x: name(x) if isinstance(x, Value) else words.number(x))
        return f"\\mathrm{{{told.partition('(')[0]}}}({told.partition('(')[2]}" if latex else told

    def made(self, n: Value, most: int) -> str:
        """The formula of a node after the sign that it stands with: `= w * x`, `~ Bernoulli(p)`."""
        return f"{'~' if chance.stops(n) else '='} {self.short(n, most)}"

    def short(self, n: Value, most: int) -> str:
        """The formula of a node, or if it is long the name of the row and its first input."""
        formula = self.formula(n)
        if len(formula) > most and len(n.parents) > 2 and not chance.stops(n):
            formula = f"{n.op.name}({self[n.parents[0]]}, … {len(n.parents) - 1:,} more)"
        return words.clipped(formula, most)

    def ratio(self, top: Value, bottom: Value, latex: bool = False) -> str:
        """`dL/dw`, or the fraction in LaTeX."""
        if latex:
            return f"\\frac{{\\partial {self.latex(top)}}}{{\\partial {self.latex(bottom)}}}"
        return f"d{self.term(top)}/d{self.term(bottom)}"


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
        self.root, self.order = root, topological(root)
        self.names = Names(self.order, also)
        self.edges: list[Edge] = []
        self.out_of: dict[Value, list[Edge]] = {}
        self._seen: dict[Value, float] = {}
        self._locals: dict[tuple[Value, bool], tuple[Expr | float, ...]] = {}
        self.totals: dict[Value, float] = chain_rule(root, 1.0, self._local)
        self.into: dict[Value, list[Edge]] = {}
        for e in self.edges:
            self.into.setdefault(e.parent, []).append(e)

    def _local(self, node: Value) -> list[Edge]:
        edges = self.out_of[node] = list(
            map(partial(Edge, node), node.parents, range(len(node.parents)), node.local_grads())
        )
        self.edges += edges
        self._seen.update(zip(node.parents, node.numbers[1:]))
        return edges

    def value(self, n: Value) -> float:
        """The number that the forward pass saw; `.data` may have been changed since then."""
        return self._seen.get(n, n.numbers[0] if n.numbers else n.data)

    def local(self, e: Edge, latex: bool = False) -> str:
        """The local gradient of an edge as a formula, in its textbook form."""
        if (e.node, latex) not in self._locals:
            name = self.names.latex if latex else self.names.term
            self._locals[e.node, latex] = text.local_gradients(e.node.op, name(e.node), *map(name, e.node.parents))
        d = self._locals[e.node, latex][e.place]
        if isinstance(d, Expr) and d.op is ops.greater and e.local not in (0.0, 1.0):
            return ("\\text{a tie}" if latex else "half each at a tie") if math.isfinite(e.local) else "nan"
        if latex:
            return LATEX.write(d)
        formula = text.write(d)
        if isinstance(d, Expr) and d.op is ops.greater:
            return f"1 if {formula} else 0"
        alone = isinstance(d, Expr) and d.op is ops.leaf and formula.startswith("(")
        return formula[1:-1] if alone else formula  # a term alone needs no parentheses

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
            *[f"… and {words.plural(more, 'more place')} where that happens."] * (more > 0),
        ]

    def _in_values(self, nodes: Iterable[Value]) -> list[str]:
        found = []
        for n in nodes:
            y, xs = self.value(n), n.numbers[1:]
            if not n.parents or math.isfinite(y) or any(x != x if y != y else math.isinf(x) for x in xs):
                continue  # an infinity makes infinities, a nan makes nans: those are not where it begins
            inside = [interval(d) for d in n.op.domain if d is not ... and d != ops.REAL]
            given = ", ".join(
                dict.fromkeys(f"{self.names[p]} = {words.number(x)}" for p, x in zip(n.parents, xs) if p in self.names)
            )
            found.append(
                f"{self.names[n]} = {self.names.short(n, 60)} = {words.number(y)} begins "
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
                f"{words.number(e.upstream)} × {words.number(e.local)}",
            )
            added = f"{words.joined([before, g], '+')} = {words.number(total)} where paths meet, at {p}"
            if not math.isfinite(e.local) and all(map(math.isfinite, e.node.numbers[1:])):
                at = f"at {p} = {words.number(self.value(e.parent))}"
                found.append(
                    f"The slope {self.local(e)} of {n} = {self.names.short(e.node, 60)} is {words.number(e.local)} {at}"
                )
            if g != g and e.upstream == e.upstream and e.local == e.local:
                found.append(
                    f"{product} = nan on the edge {n} → {p}, and that is where nan begins: zero "
                    "times infinity has no value"
                )
            if math.isinf(g) and math.isfinite(e.upstream) and math.isfinite(e.local):
                found.append(f"{product} = {words.number(g)} on the edge {n} → {p}: too large for a float")
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
                f"{name}.grad holds {words.number(held)}, {words.times(int(k))} this total, "
                f"as after {int(k)} backward passes: gradients add up until {root}.zero_grad()."
            )
        return (
            f"{name}.grad holds {words.number(held)}, not {words.number(total)}: other backward "
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
        return [f"{self.names.term(n)}.data is {words.number(n.data)} now; {self.names[self.root]} was computed with "
                f"{words.number(self.value(n))}, and its gradients belong to that." for n in nodes
                if not same(n.data, self.value(n))]  # fmt: skip


def same(a: float, b: float) -> bool:
    """Whether two numbers are equal, or both nan."""
    return a == b or (a != a and b != b)


class Explanation(Shown):
    """Text that shows itself: as it is in a terminal, as Markdown with formulas in a notebook."""

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return "\n".join(self.markdown())

    lines: Callable[[], list[str]]
    markdown: Callable[[], list[str]]
