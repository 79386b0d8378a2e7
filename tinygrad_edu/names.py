"""What a node is called, and how that is written: every reader (explain, source, the page) asks here,
and so says the same; `Names` also writes the formulas that are made of them.

A node is called by its label; without one, by the variable of whoever asks that holds it; else it is v1, v2, ...  A
number that stands in a formula, as the 3 in `3 * x`, is no node to talk about:
it has no name and is written as a number.

    >>> from .engine import topological
    >>> a = Value(2.0, label="a")
    >>> y = a * 3 + Value(5.0)
    >>> list(called(topological(y)).values())
    ['a', 'v1', 'v2', 'v3']
    >>> list(called(topological(y), held=variables(topological(y), {"b": y.parents[1], "y": y})).values())
    ['a', 'v1', 'b', 'y']
"""

from __future__ import annotations

import keyword
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from . import chance, ops, text, words
from .blocks import Formula, formula, latex, readable
from .engine import Value
from .languages import LATEX
from .text import Expr

LONGEST = 80  # letters of a name; of a longer one the ends are kept
MANY = 12  # inputs that a formula in LaTeX names one by one
MOST = 20_000  # entries of lists that are looked through for nodes
JOINERS = "\u200c\u200d"  # letters and emoji are joined with these: invisible, but no mischief
GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega".split()
)
NUMBERED = re.compile(r"(?<![^.])([^\W\d_])\w*\.(\d+)\.")  # a step in the path of a module: layers.0.
LETTER = re.compile(r"([^\W\d_]+)_?(\d*)")
PLAIN = re.compile(r"[\w.\[\]']+")  # a name that needs no parentheses in a formula
# What means something in LaTeX, Markdown or HTML, inside \mathrm{}.
# A dollar would end the formula, and a backtick begin code.
SPELLED = {"\\": "∖", "^": "ˆ", "~": "˜", "$": "＄", "`": "ˋ", "<": "\\lt{}", ">": "\\gt{}", "|": "\\vert{}",
           " ": "\\ ", **{c: f"\\{c}" for c in "#%&_{}"}}  # fmt: skip


def one_line(text: str) -> str:
    """Text without line breaks, and without the characters that a terminal would obey and no file may hold.

    >>> one_line("a\\n b\\x1b[31m"), one_line("\\ud800")
    ('a b�[31m', '�')
    """
    if text.isprintable() and "  " not in text and text == text.strip():
        return text
    return " ".join("".join(c if c.isprintable() or c.isspace() or c in JOINERS else "\ufffd" for c in text).split())


def named(n: Value) -> str:
    """A node's label on one line; '' if it has none to show."""
    return one_line(str(n.label)) if n.label else ""


def is_constant(n: Value) -> bool:
    """Whether a leaf is a number in a formula, which the engine made a node of, or has forgotten its parents."""
    return not n.parents and (bool(n.numbers) or n.op is ops.detached)


def variables(order: Iterable[Value], held: Mapping[str, Any] | None = None) -> dict[Value, str]:
    """The variable that holds each node without a label: `h`, or `xs[0]` for a leaf in a list of leaves;
    none for a node that two variables hold.

    The variables are those of the first function that is not in this package, and of its module; or those in `held`.
    """
    unknown = {n for n in order if not n.label}
    held_by = [held] if held is not None else scopes()
    plain: dict[Value, set[str]] = {}
    inside: dict[Value, set[str]] = {}
    seen: set[str] = set()
    left = MOST
    for scope in held_by:
        for name, thing in list(scope.items()):
            if name in seen or name.startswith("_") or not name.isidentifier() or keyword.iskeyword(name):
                continue
            seen.add(name)
            if isinstance(thing, Value):
                if thing in unknown:
                    plain.setdefault(thing, set()).add(name)
                continue
            entries = list(_entries(thing))
            left -= len(entries)
            if not any(
                isinstance(item, Value) and item.parents for _, item in entries
            ):  # else an order of a graph, say
                for place, item in entries:
                    if isinstance(item, Value) and item in unknown:
                        inside.setdefault(item, set()).add(f"{name}{place}")
            if left < 0:
                break
    return {n: min(names) for n in unknown if len(names := plain.get(n) or inside.get(n) or ()) == 1}


def scopes() -> list[Mapping[str, Any]]:
    """The variables of the code that called into this package."""
    frame, inside = sys._getframe(1), (__name__.partition(".")[0], "functools")  # where a cached property is computed
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in inside:
        frame = frame.f_back
    return [frame.f_locals, frame.f_globals]


def _entries(thing: Any) -> Iterable[tuple[str, Any]]:
    """What a list or tuple holds, and what lists in it hold, each with its place, such as [0] or [1][2]."""
    if type(thing) in (list, tuple) and len(thing) <= MOST:
        for i, item in enumerate(thing):
            yield f"[{i}]", item
            if type(item) in (list, tuple) and len(item) <= MOST:
                yield from ((f"[{i}][{j}]", inner) for j, inner in enumerate(item))


def labels(order: Iterable[Value], held: Mapping[Value, str] | None = None) -> dict[Value, str]:
    """Labels, and names of variables where there is no label, each node's its own: the second x is x_2."""
    order, held = list(order), held or {}
    found = {n: name for n in order if (name := named(n))}
    taken = set(found.values())
    found |= {n: held[n] for n in order if n in held and n not in found and held[n] not in taken}
    found = {n: words.ends(name, LONGEST) for n, name in found.items()}
    taken, seen = set(found.values()), Counter[str]()
    for n in order:
        if n in found:
            found[n] = _free(found[n], f"{found[n]}_", seen, taken)
    return found


def _free(first: str, stem: str, seen: Counter[str], taken: set[str]) -> str:
    """`first` if this is its first use, else the next number after a stem that nobody has; linear over many calls."""
    while True:
        seen[stem] += 1
        name = first if first and seen[stem] == 1 else f"{stem}{seen[stem]}"
        if (first and seen[stem] == 1) or name not in taken:
            taken.add(name)
            return name


def short_labels(labels: Sequence[str]) -> list[str]:
    """Labels that name modules, the numbered steps to them shortened;
    any other, and one that would then be another's, as it is.

    >>> short_labels(["mlp.layers.0.neurons.3.w[1]", "gpt.blocks.2.attention.query.w[0][1]", "net.gain", "w1"])
    ['l0.n3.w[1]', 'b2.attention.query.w[0][1]', 'net.gain', 'w1']
    """
    short = []
    for label in labels:
        numbered = list(NUMBERED.finditer(label))
        steps = "".join(f"{step[1]}{step[2]}." for step in numbered)
        short.append(steps + label[numbered[-1].end() :] if numbered else label)
    uses = Counter([*labels, *short])
    return [a if uses[a] == 1 else b for a, b in zip(short, labels)]


def called(order: list[Value], also: Iterable[Value] = (), held: Mapping[Value, str] | None = None) -> dict[Value, str]:
    """The name of every node that has one, no two alike.

    A number in a formula has none, unless it is the last of `order`, or in `also`, where it is c1, c2, ...
    """
    return numbered(labels(order, held), order, also)


def numbered(found: Mapping[Value, str], order: list[Value], also: Iterable[Value] = ()) -> dict[Value, str]:
    """The same, where the labels are known."""
    also = set(also)
    taken, seen = set(found.values()), Counter[str]()
    names: dict[Value, str] = {}
    for n in order:
        if n in found:
            names[n] = found[n]
        elif n.parents or n is order[-1] or not is_constant(n):
            names[n] = _free("", "v", seen, taken)
        elif n in also:
            names[n] = _free("", "c", seen, taken)
    return names


def letters(names: Mapping[Value, str]) -> dict[Value, str]:
    """Names in LaTeX, no two alike: x2 and x_2 are not one letter with an index."""
    taken: set[str] = set()
    found: dict[Value, str] = {}
    for n, name in names.items():
        written = letter(name)
        while written in taken:
            written = upright(name) if written != upright(name) else f"{written}'"
        taken.add(written)
        found[n] = written
    return found


def letter(text: str) -> str:
    """A name in LaTeX: a letter with its index, or upright letters; safe in Markdown and HTML whatever is in it.

    >>> letter("w1"), letter("lam"), letter("mlp.layers.0.w_in"), letter("a<b$")
    ('w_{1}', '\\\\lambda', '\\\\mathrm{mlp.layers.0.w\\\\_in}', '\\\\mathrm{a\\\\lt{}b＄}')
    """
    if match := LETTER.fullmatch(text):
        stem, index = {"lam": "lambda"}.get(match[1], match[1]), match[2]
        if len(stem) == 1 or stem in GREEK:
            return ("\\" if stem in GREEK else "") + stem + (f"_{{{index}}}" if index else "")
    return upright(text)


def upright(text: str) -> str:
    """Any text inside a formula."""
    return "\\mathrm{" + "".join(SPELLED.get(c, c) for c in one_line(text)) + "}"


class Names:
    """What each node of a graph is called, and formulas of these names: as plain text, which knows its LaTeX.

    `labels` has the nodes that have a label or a variable, `full` every node that has a name, none of them shortened.
    A number in a formula is called by its number.

    >>> from .engine import topological
    >>> w, x = Value(-0.5, label="w1"), Value(2.0, label="x")
    >>> L = (w * x) ** 2
    >>> L.label = "L"
    >>> names = Names(topological(L))
    >>> names[w], names[w].latex, names.formula(L), names.ratio(L, w), names.ratio(L, w).latex
    ('w1', 'w_{1}', 'v1 ** 2', 'dL/dw1', '\\\\frac{\\\\partial L}{\\\\partial w_{1}}')
    """

    def __init__(self, order: list[Value], also: Iterable[Value] = (), held: Mapping[Value, str] | None = None) -> None:
        self.labels = labels(order, variables(order) if held is None else held)
        self.full = numbered(self.labels, order, also)

    def __contains__(self, n: Value) -> bool:
        return n in self.full

    def __getitem__(self, n: Value) -> Formula:
        if n not in self._names:
            return formula("{}", n.data)
        return Formula(self._names[n], lambda: self.letters[n])

    def term(self, n: Value) -> Formula:
        """A node inside a formula: in parentheses if it is not a plain name or a number from 0 upwards."""
        name = self[n]
        if PLAIN.fullmatch(name):
            return name
        return Formula(f"({name})", lambda: name.latex if n in self._names else f"({name.latex})")

    @cached_property
    def _names(self) -> dict[Value, str]:
        return dict(zip(self.full, short_labels(list(self.full.values()))))

    @cached_property
    def letters(self) -> dict[Value, str]:
        """All names in LaTeX, made when the first of them is asked for."""
        return letters(self._names)

    def find(self, name: str) -> list[Value]:
        """Every node with this label; if there is none, the one that is called so here."""
        return [n for n in self._names if n.label and named(n) == one_line(name)] or [
            n for n in self._names if name in (self._names[n], self.full[n])
        ]

    def shortened(self, among: Iterable[Value]) -> list[str]:
        """A sentence on the first name that is shorter here than the label, if there is one."""
        short = [n for n in among if n in self._names and self._names[n] != self.full[n]]
        return [f"{self._names[n]} is short for {self.full[n]}." for n in short[:1]]

    def formula(self, n: Value, most: int = 0) -> Formula:
        """What computes a node, such as `w * x`; a row that sums its inputs up is written out.

        One of more than `most` letters is shortened, if it has many inputs to the name of the row and the first of
        them.
        """
        if chance.stops(n):
            return self.drawn(n)
        full = short = Formula(text.write(self._expression(n, str)), lambda: LATEX.write(self._expression(n, latex)))
        if most and len(full) > most and len(n.parents) > 2:
            first, more = self[n.parents[0]], len(n.parents) - 1
            inputs = lambda: f"{upright(n.op.name)}({first.latex}, \\ldots)"
            short = Formula(f"{n.op.name}({first}, … {more:,} more)", inputs if more >= MANY else lambda: full.latex)
        return Formula(words.clipped(short, most), lambda: short.latex) if most else full

    def _expression(self, n: Value, write: Callable[[Formula], str]) -> Expr:
        terms = [text.name(write(self.term(p))) for p in n.parents]
        e = n.op.parts(*terms) if n.op.parts and ... in n.op.domain and len(terms) <= 20 else None
        return e if isinstance(e, Expr) and e.op.symbol else Expr(n.op, tuple(terms))

    def drawn(self, n: Value) -> Formula:
        """The distribution of a choice, such as `Bernoulli(logit=z)`."""
        return self.told(chance.of(n))

    def told(self, distribution: Any) -> Formula:
        """A distribution with its parameters by name."""

        def write(part: Callable[[str | float], str]) -> str:
            return str(distribution.told(lambda x: part(self[x] if isinstance(x, Value) else x)))

        kind, _, inputs = write(readable).partition("(")
        return Formula(f"{kind}({inputs}", lambda: f"{upright(kind)}({write(latex).partition('(')[2]}")

    def made(self, n: Value, most: int) -> Formula:
        """The formula of a node after the sign that it stands with: `= w * x`, `~ Bernoulli(p)`."""
        return formula("~ {}" if chance.stops(n) else "= {}", self.formula(n, most))

    def ratio(self, top: Value, bottom: Value) -> Formula:
        """`dL/dw`, the fraction in LaTeX."""
        up, down = self.term(top), self.term(bottom)
        return Formula(f"d{up}/d{down}", lambda: f"\\frac{{\\partial {up.latex}}}{{\\partial {down.latex}}}")
