"""An expression to do by hand, node by node: first the values, then, in backward order, the gradients.

    >>> one = practice(level=3, seed=3)
    >>> one
      a = 4, b = -3, c = -2, d = 5
    <BLANKLINE>
      e = b + a
      f = e * b
      g = a + c
      h = d * g
      L = f * h
    <BLANKLINE>
    To find: e, f, g, h, L, dL/df, dL/dh, dL/dd, dL/dg, dL/dc, dL/de, dL/db, dL/da.
    >>> one.check("dL/da", "-5 * 3")
    dL/da is not -15.
       likely  a is used twice, and gradients add; the contribution of e = b + a is
               missing
    >>> bool(one.check({"e": 1, "f": "1 * -3"}))
    True

`check` says what is wrong without the answer; `hint` gives an idea, then the line without its result; `explained` says
all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from .. import ops
from ..blocks import Block, Code, Explanation, Items, Terms, joined
from ..engine import Value
from ..errors import UserError, meant
from ..explanation import explain
from ..explanation.walk import Edge, Walk
from ..expression import ExpressionError, parse
from ..figures import Drawing, draw
from ..words import brief, plural, times
from . import slips
from .expressions import Problem, problem
from .mistakes import MISTAKES
from .verdict import Remark

LONGEST = 200  # letters of an answer
COMMA, FILLED = re.compile(r"-?\d*,\d+"), re.compile(r"\b[^\W\d]\w*\b(?!\()")
ABOUT = {
    ops.relu: "; what is above 0 passes as it is, what is below becomes 0",
    ops.maximum: "; it is the larger of the two",
    ops.greater: "; it is 1 if that is so, and 0 if it is not",
    ops.where: "; it is the second if the first is not 0, else the third",
    ops.tanh: "; it is between -1 and 1 and has the sign of its input; a calculator knows it",
    ops.sigmoid: "; it is 1 / (1 + exp(-x)), a number between 0 and 1",
    ops.exp: "; it is 2.718... to that power; a calculator knows it",
    ops.log: "; it is the power of 2.718... that gives its input; a calculator knows it",
}


class Blank(NamedTuple):
    """One number to find: "d", the value of a node, or "dL/da", a gradient."""

    name: str
    node: Value
    right: float
    step: str  # what the node is computed from, if its value is asked for


@dataclass(frozen=True, repr=False)
class Marks(Explanation):
    """What was found of some answers: true if all that were given are right."""

    remarks: tuple[Remark, ...]
    right: int

    def __bool__(self) -> bool:
        return not self.remarks

    def blocks(self) -> Iterator[Block]:
        if self.remarks:
            yield from self.remarks[0].said
        else:
            yield "Right." if self.right == 1 else f"{plural(self.right, 'answer')}, all of them right."


class Practice(Explanation):
    """A problem with its blanks, in the order in which they are filled in."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.root, self.nodes = problem.graph()
        self.root.backward()
        self.walk = Walk(self.root)
        steps = {step.partition(" =")[0]: step for step in problem.steps}
        values = [Blank(name, self.nodes[name], self.nodes[name].data, step) for name, step in steps.items()]
        grads = [Blank(f"dL/d{n.label}", n, n.grad, "") for n in _backward(self.root, [b.node for b in values])]
        self.blanks = {blank.name: blank for blank in (*values, *grads)}

    def blocks(self) -> Iterator[Block]:
        yield Items(self.problem.given)
        yield Code("\n".join(f"  {step}" for step in self.problem.steps))
        yield f"To find: {', '.join(self.blanks)}."

    def blank(self, name: str) -> Blank:
        """The blank of that name; "da" and "a.grad" are "dL/da".  Raises UserError if there is none."""
        plain = re.sub(r"^d(\w+)$|^(\w+)\.grad$", lambda m: f"dL/d{m[1] or m[2]}", str(name).strip())
        found = self.blanks.get(str(name)) or self.blanks.get(plain)
        if found is None:
            there = ", ".join(self.blanks)
            raise UserError(f"nothing here is called {name!r}{meant(plain, self.blanks)} (there are {there})")
        return found

    def check(self, answers: str | Mapping[str, Any], answer: Any = None, /) -> Marks:
        """Whether some answers are right, `check("dL/da", "2 * 3")` or `check({"d": 6, "dL/da": -4})`, and what is
        wrong with the first that is not.  Whole numbers are exact, others may be rounded to three digits.
        Raises UserError for a name that is not asked for, and for what is no number.
        """
        given = {answers: answer} if isinstance(answers, str) else dict(answers)
        found = [(self.blank(name), self.reading(x, self.blank(name))) for name, x in given.items()]
        wrong = [self._remark(blank, x) for blank, x in found if not slips.agrees(x, blank.right)]
        return Marks(tuple(wrong), len(found) - len(wrong))

    def reading(self, answer: Any, blank: Blank) -> float:
        """An answer as a number: itself, or what a text such as "-2 * 3" comes to, which for a gradient may have names,
        "d * c", and gradients that are asked for before, "dL/dd * 3".
        """
        if not isinstance(answer, str):
            try:
                return float(answer)
            except (TypeError, ValueError):
                raise UserError(f"{blank.name}: {answer!r:.80} is no number") from None
        words = answer.strip().removeprefix("=").strip()
        if COMMA.fullmatch(words):
            raise UserError(f"write {words.replace(',', '.')} for {words}")
        asked = list(self.blanks)
        before = {name: self.blanks[name].right for name in asked[: asked.index(blank.name)]} | {"dL/dL": 1.0}
        text = re.sub(r"dL/d\w+", lambda m: f"({before[m[0]]!r})" if m[0] in before else m[0], words)
        known = {n: node.data for n, node in self.nodes.items() if re.search(rf"\b{n}\b", text)}
        if blank.step and known:
            raise UserError(f"write a number in the place of {next(iter(known))}")
        try:
            if not 0 < len(words) <= LONGEST:
                raise ExpressionError("a short answer is enough")
            return parse(text)(**known)[0].data
        except ExpressionError as error:
            why = str(error).partition(": add")[0] if "no value" in str(error) else f"cannot read {words[:40]!r}"
            raise UserError(f"write a number, or a product such as 2 * -3: {why}") from None

    def _remark(self, blank: Blank, theirs: float) -> Remark:
        """What is said of a wrong answer: not the right one."""
        recognised = slips.of_value if blank.step else slips.of_gradient
        mistake, said = recognised(self.walk, blank.node, theirs)
        likely: tuple[Block, ...] = (Terms([("likely", said)]),) if said else ()
        rank = MISTAKES.get(mistake, ("value", ""))[0]
        return Remark(rank, (f"{blank.name} is not {brief(theirs)}.", *likely), mistake)

    def hint(self, name: str, level: int = 1) -> str:
        """Where a number comes from; at level 2 with numbers, so that only the sum is left."""
        blank = self.blank(name)
        if level > 1:
            return " = ".join(self.derivation(name)[:3])
        if blank.step:
            inputs = {str(p.label): brief(p.data) for p in blank.node.parents if p.label}
            given = _listed([f"{name} is {x}" for name, x in inputs.items()])
            return f"{blank.step}, where {given}{ABOUT.get(blank.node.op, '')}."
        uses = self.walk.into[blank.node]
        parts = [f"{self.walk.names.ratio(self.root, e.node)} × the slope of {self.walk.names.formula(e.node)}"
                 for e in uses]  # fmt: skip
        label, each = blank.node.label, " of each" * (len(uses) > 1)
        return (f"{label} is used {times(len(uses))}, in {_listed([self.walk.called(e.node) for e in uses])}, and gets "
                f"upstream × local{each}: {', plus '.join(parts)} with respect to {label}.")  # fmt: skip

    def derivation(self, name: str) -> list[str]:
        """The steps to a number: its name, the formula, the formula with numbers, the result.

        >>> practice(1, seed=3).derivation("dL/da")
        ['dL/da', 'dL/dd × 1', '-4 × 1', '-4']
        """
        blank = self.blank(name)
        if blank.step:
            formula = blank.step.partition("= ")[2]
            return [blank.name, formula, FILLED.sub(self._filled, formula), brief(blank.right)]
        uses = self.walk.into[blank.node]
        numbers = [joined([e.upstream, e.local], "×") for e in uses]
        added = [joined([e.contribution for e in uses], "+")] if len(uses) > 1 else []
        terms = [numbers[0], *[f"({x})" if x[0] == "-" else x for x in numbers[1:]]]
        return [blank.name, " + ".join(map(self._chained, uses)), " + ".join(terms), *added, brief(blank.right)]

    def _filled(self, name: re.Match[str]) -> str:
        """A name in a formula as its number, in parentheses if its minus stands after a sign or before a power."""
        if name[0] not in self.nodes:
            return name[0]
        x, before, after = brief(self.nodes[name[0]].data), name.string[: name.start()], name.string[name.end() :]
        loose = x[0] == "-" and (after.startswith(" **") or before and not before.endswith(("(", ", ")))
        return f"({x})" if loose else x

    def _chained(self, e: Edge) -> str:
        """What an edge hands on, as a formula."""
        local = str(self.walk.local(e.node, e.place))
        loose = local[0] == "-" or any(sign in local for sign in (" + ", " - ", " * ", " / ", " if "))
        return f"{self.walk.names.ratio(self.root, e.node)} × {f'({local})' if loose else local}"

    def explained(self, name: str) -> Remark:
        """The right answer, and where it comes from: for a gradient, edge by edge."""
        name, *_ = blank = self.blank(name)
        if blank.step:
            return Remark("value", (" = ".join(self.derivation(name)) + ".",))
        why = islice(explain(self.root, of=blank.node).blocks(), 1, 3)
        return Remark("value", (f"{name} = {brief(blank.right)}.", *why))

    def draw(self, hide: str | Iterable[str] = ("value", "grad", "local"), **options: Any) -> Drawing:
        """The graph, to be filled in with a pencil; `hide=()` shows all."""
        return draw(self.root, hide=hide if isinstance(hide, str) else [*hide], **options)


def practice(level: int = 1, seed: int = 0) -> Practice:
    """An expression of a level from 1 to 5 to do by hand: `.check("dL/da", 4)`, `.hint("dL/da")`, `.draw()`.

    The same seed gives the same expression.
    """
    return Practice(problem(level, seed))


def _backward(root: Value, computed: list[Value]) -> list[Value]:
    """The nodes whose gradients are asked for, each as soon as all that uses it has its own."""
    waiting: dict[Value, int] = {}
    for n in computed:
        for p in n.parents:
            waiting[p] = waiting.get(p, 0) + 1
    order = []
    for n in reversed(computed):
        for p in n.parents:
            waiting[p] -= 1
            if not waiting[p] and p.label:
                order.append(p)
    return order


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
