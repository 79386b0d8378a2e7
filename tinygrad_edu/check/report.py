"""What a check found, in numbers and in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..words import aligned

# The bands of the CS231n course notes on gradient checks, worst first.
WRONG, SUSPICIOUS, HAPPY = 1e-2, 1e-4, 1e-7
VERDICTS = ("wrong", "unresolved", "suspicious", "kink", "acceptable", "happy")
# The one of the notes; the course's assignments divide by max(1e-8, |a| + |n|), which gives half of it.
ERROR = "|a-n|/max(|a|,|n|)"
SHOWN, NAMED = 20, 5  # lines of a table, wrong rules


@dataclass(frozen=True)
class InputCheck:
    """One input: what the chain rule says, what central differences say, and how far they are apart.

    `error` is |analytic - numeric| / max(|analytic|, |numeric|, floor), the relative error of CS231n's notes.  The
    floor is 1e7 times what rounding does to either of them, so that a gradient of exactly 0
    beside a numeric 1e-13 is no error.
    """

    name: str
    analytic: float
    numeric: float
    error: float
    step: float  # how far to each side
    uncertainty: float  # of `numeric`, as far as its own extrapolation can tell
    verdict: str  # one of VERDICTS
    kink: str = ""  # which operation bends, jumps or ends here
    hint: str = ""  # what to look at when the verdict is bad
    happy: float = (
        HAPPY  # up to which error it is: every row on the way rounds, so this grows as the root of their number
    )

    def __bool__(self) -> bool:
        return VERDICTS.index(self.verdict) > VERDICTS.index("suspicious")


@dataclass(frozen=True)
class Partial(InputCheck):
    """One partial of the row that computed a node, compared at the numbers that the node had:
    nothing else of the graph is in it.
    """

    row: str = ""  # the row's name
    node: str = ""  # its name in the graph, as `explain` and `draw` have it
    place: tuple[int, int] = (0, 0)  # the how-manieth node it is, parents first, of how many
    input: int = 0  # which of the row's inputs, from 0

    def __bool__(self) -> bool:
        return self.verdict not in (
            "wrong",
            "suspicious",
        )  # where differences cannot tell, the other inputs and nodes do

    def __str__(self) -> str:
        at = f"node {self.place[0]:,} of {self.place[1]:,}"
        return (f"{self.name}, {at}: its partial {self.input} is {digits_apart(self.analytic, self.numeric)}"
                f"{likely([self.analytic], [self.numeric])}")  # fmt: skip


@dataclass(frozen=True, repr=False)
class Report:
    """What `gradcheck` found: true if nothing is wrong; print it for a table with the worst on top."""

    value: float
    rows: tuple[InputCheck, ...]  # in the order of the inputs
    name: str = "f"  # the label of what was checked
    rules: tuple[Partial, ...] = ()  # each node's own partials, in the order of the graph
    notes: tuple[str, ...] = ()  # what to know about this check, and what to try

    def __bool__(self) -> bool:
        return all(self.rows) and all(self.rules)

    @property
    def wrong_rules(self) -> tuple[Partial, ...]:
        """The partials that are not what differences of their own row say, parents first:
        the first may explain the rest.
        """
        return tuple([r for r in self.rules if not r])

    @property
    def worst(self) -> InputCheck:
        """The input that most deserves a look."""
        return self.sorted()[0]

    def sorted(self) -> list[InputCheck]:
        """The rows, worst first."""
        return sorted(self.rows, key=lambda r: (VERDICTS.index(r.verdict), -r.error))

    def __str__(self) -> str:
        rows = self.sorted()
        lines = [("input", "chain rule a", "differences n", ERROR, "verdict", "")]
        for r in rows[:SHOWN]:
            lines.append(
                (r.name, f"{r.analytic:.10g}", f"{r.numeric:.10g}", f"{r.error:.2g}", r.verdict, r.kink or r.hint)
            )
        text = aligned(lines, "lrrrll")
        if len(rows) > SHOWN:
            text.append(f"... and {len(rows) - SHOWN:,} more, none of them worse")
        bad = self.wrong_rules
        rules = f"; its rules: {_counted(self.rules)}" if self.rules else ""
        text.append(f"{self.name} = {self.value:.10g}: {_counted(rows)}{rules}")
        text += [f"wrong rule: {r}" for r in bad[:NAMED]]
        if len(bad) > NAMED:
            text.append(f"... and {len(bad) - NAMED:,} more")
        return "\n".join([*text, *[f"note: {note}" for note in self.notes]])

    __repr__ = __str__


def _counted(rows: Sequence[InputCheck]) -> str:
    counts = Counter(r.verdict for r in rows)
    return ", ".join([f"{counts[v]:,} {v}" for v in VERDICTS if v in counts])


def digits_apart(a: float, n: float) -> str:
    """Two numbers that should be one, with as many digits as show that they are not.

    >>> digits_apart(2.0, 3.0), digits_apart(1.0000001, 1.0)
    ('2 and should be 3', '1.0000001 and should be 1')
    """
    digits = next(d for d in (6, 9, 17) if f"{a:.{d}g}" != f"{n:.{d}g}" or d == 17)
    return f"{a:.{digits}g} and should be {n:.{digits}g}"


def likely(ours: Sequence[float], right: Sequence[float]) -> str:
    """What is probably the matter with gradients, if one mistake explains them all; else nothing.

    >>> likely([-1.0, 2.0], [1.0, -2.0]), likely([2.0, 4.0], [1.0, 2.0])
    (': the sign is turned', ': 2 times what it should be')
    >>> likely([1.5, 2.5], [1.0, 2.0]), likely([1.0, 9.0], [1.0, 2.0])
    (': 0.5 too much', '')
    """
    if not all(map(math.isfinite, [*ours, *right])) or not any(right):
        return ""
    largest = max(map(abs, right))
    factor = math.fsum([a * (n / largest) for a, n in zip(ours, right)]) / math.fsum([n * (n / largest) for n in right])
    if all(abs(a - factor * n) <= 1e-5 * abs(factor) * largest for a, n in zip(ours, right)):
        if abs(factor) < 1e-9:
            return ": it is lost, all is 0"
        if abs(factor - 1) < 1e-3:
            return ""
        if len(ours) > 1 or abs(Fraction(factor).limit_denominator(10) - factor) < 1e-5 * abs(
            factor
        ):  # else it explains nothing
            return ": the sign is turned" if abs(factor + 1) < 1e-5 else f": {factor:.4g} times what it should be"
    shift = math.fsum([a - n for a, n in zip(ours, right)]) / len(ours)
    if len(ours) > 1 and all(abs(a - n - shift) <= 1e-5 * abs(shift) for a, n in zip(ours, right)):
        return f": {abs(shift):.4g} too {'much' if shift > 0 else 'little'}"
    return ""
