"""Why parameters of two trainings are no longer the same: how each moved, after a step that was alike in both.

>>> told = law([0.05, -0.1], [-0.5, 1.0], [1.0, 1.0])
>>> told
Law(by='-0.1 × its gradient', factor=-0.1)
>>> law([0.01, -0.01, 0.01], [-3.0, 1.0, -0.2], [1.0, 1.0, 1.0]).by
'0.01 up or down, whatever its gradient, as the first step of Adam does'
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ..engine import Value
from ..names import named
from ..words import brief, plural
from .difference import Parts, so_far, told_apart
from .pairing import Pairing, Side

CLOSE = 1e-6  # relative: two factors, or two sums of gradients, that are one
EPS = 4e-16  # what rounding leaves of a difference, as a part of what was subtracted


class Seen(NamedTuple):
    """A parameter at the last step: what the forward pass saw, and its gradient."""

    value: float
    gradient: float
    total: float  # of its gradients so far, this one with it


class Past:
    """What one run has to remember: the last step, and the sum of all gradients so far."""

    def __init__(self) -> None:
        self.last: dict[Value | str, Seen] = {}

    def add(self, side: Side) -> None:
        """Remember a step; what was not part of it is forgotten."""
        now: dict[Value | str, Seen] = {}
        for p in side.held:
            g, before = float(side.totals[p]), self.of(p)
            now[p] = Seen(side.value(p), g, g + (before.total if before else 0.0))
            if p.label:
                now[named(p)] = now[p]
        self.last = now

    def of(self, p: Value) -> Seen | None:
        """A parameter at the last step; the one with its label, if it was made anew."""
        return self.last.get(p) or self.last.get(named(p) or p)


class Law(NamedTuple):
    """How the parameters of one run moved."""

    by: str
    factor: float  # of the gradient; nan if there is none


def law(moved: Sequence[float], gradients: Sequence[float], values: Sequence[float]) -> Law:
    """What all moves have in common: a factor times the gradient, a size, or nothing."""
    if not any(moved):
        return Law("nothing", 0.0)
    if not all(map(math.isfinite, [*moved, *gradients, *values])):
        return Law("", math.nan)
    largest = max(range(len(moved)), key=lambda i: abs(moved[i]))
    c = moved[largest] / gradients[largest] if gradients[largest] else math.nan
    if all(abs(m - c * g) <= CLOSE * abs(m) + EPS * abs(v) for m, g, v in zip(moved, gradients, values)):
        return Law(f"{brief(c)} × its gradient", c)
    size = abs(moved[largest])
    live = [m for m, g in zip(moved, gradients) if g]
    if len(live) > 2 and all(abs(abs(m) - size) <= 1e-3 * size for m in live):
        return Law(f"{brief(size)} up or down, whatever its gradient, as the first step of Adam does", math.nan)
    return Law("", math.nan)


def why(
    both: Pairing,
    leaves: list[tuple[Value, Value]],
    step: int,
    past: tuple[Past, Past] | None,
    word: str,
) -> Parts:
    """What to say of parameters that differ: of the first by itself, and of all together."""
    a, b = both.a, both.b
    x, y = leaves[0]
    of = [(p, q) for p, q in both.pairs if p in a.held and q in b.held]
    told = f"{plural(len(leaves), 'parameter')} of {len(of):,} differ{'s' * (len(leaves) == 1)}"
    parts = [("of all", told * (len(of) > 1))]
    if x is y:
        told = "it is one Value in both runs, so that what one of them does to it the other one sees"
        return [*parts, ("why", told), ("try", "give each run a model of its own, made with the same seed")]
    if past is None or step < 2:
        told = "what was to begin with is not the same: no gradient had a part in it yet"
        advice = "begin alike: the same seed for both models, or nn.load of the same file, or copy.deepcopy(model)"
        return [*parts, ("why", told * (past is not None)), ("try", advice)]
    one, other = past[0].of(x), past[1].of(y)
    if one is None or other is None:
        told = f"{so_far(step, word)} alike, but these parameters were no part of {word} {step - 1}"
        return [*parts, ("before", told)]
    p, q = told_apart(a.value(x) - one.value, b.value(y) - other.value)
    parts.append((
        "before",
        f"{so_far(step, word)} alike, in every value and every gradient. At {word} {step - 1} its gradient was "
        f"{brief(one.gradient)} in both; then a moved it by {p}, b by {q}",
    ))  # fmt: skip
    return parts + _cause(both, of, past, step, word)


def _cause(both: Pairing, of: list[tuple[Value, Value]], past: tuple[Past, Past], step: int, word: str) -> Parts:
    """The updates of both runs, told by what they have in common."""
    same = "the gradients are the same, the updates are not"
    for name, side, run, mine in (("a", both.a, past[0], 0), ("b", both.b, past[1], 1)):
        if n := _never_zeroed(side, [pair[mine] for pair in of], run, step):
            told = (
                f"the .grad of {name} hold the sum of the gradients of {word}s 1 to {n}, not of {word} {n} alone: "
                f"backward() adds, and nothing has set them to 0 in between. So {same}"
            )
            return [("why", told), ("try", f"zero_grad() before each backward(), in {name}")]
    laws, moved = [], list[list[float]]()
    for side, run, mine in ((both.a, past[0], 0), (both.b, past[1], 1)):
        known = [(side.value(p), before) for pair in of if (before := run.of(p := pair[mine]))]
        moved.append([now - s.value for now, s in known])
        laws.append(law(moved[-1], [s.gradient for _, s in known], [now for now, _ in known]))
    a, b = laws
    schedules = f"compare the two learning rates and schedules, at {word} {step - 1}"
    if math.isfinite(a.factor) and math.isfinite(b.factor):
        if 0.0 in (a.factor, b.factor):
            schedules = f"does {'b' if a.factor else 'a'} call optimizer.step(), with the parameters of its own model?"
        return [("why", f"a moved each parameter by {a.by}, b by {b.by}: {same}"), ("try", schedules)]
    if ratio := _ratio(moved[0], moved[1], [both.a.value(p) for p, _ in of]):
        return [("why", f"each move of b is {brief(ratio)} times that of a: {same}"), ("try", schedules)]
    ways = [f"{name} moved each parameter by {one.by}" for name, one in (("a", a), ("b", b)) if one.by]
    if rest := " and ".join(name for name, one in (("a", a), ("b", b)) if not one.by):
        ways.append(
            f"the moves of {rest} are in no proportion to the gradients, as with momentum, Adam, weight decay or "
            "gradients left from another step"
        )
    advice = "compare the two optimizers and their options, and what happens to .grad between backward() and step()"
    return [("why", f"{'; '.join(ways)}: {same}"), ("try", advice)]


def _never_zeroed(side: Side, parameters: list[Value], run: Past, step: int) -> int:
    """Up to which step the stored gradients are the sum of all of them, two or more; 0 if they are not."""

    def held(totals: list[tuple[float, float, float]]) -> bool:
        return bool(totals) and all(math.isclose(h, t, rel_tol=CLOSE, abs_tol=CLOSE * abs(g)) for h, t, g in totals)

    for n in (step - 1, step):
        rows = []
        for p in parameters:
            seen, now = run.of(p), float(side.totals[p])
            if seen is None:
                return 0
            total, last = (seen.total, seen.gradient) if n < step else (seen.total + now, now)
            rows.append((side.held[p], total, last))
        if n > 1 and held(rows) and not held([(h, g, g) for h, _, g in rows]):
            return n
    return 0


def _ratio(a: list[float], b: list[float], values: list[float]) -> float:
    """By how much every move of b is larger than that of a; 0 if there is no such number."""
    if len(a) != len(b) or len(a) < 3 or not any(a):
        return 0.0
    largest = max(range(len(a)), key=lambda i: abs(a[i]))
    r = b[largest] / a[largest]
    close = all(abs(q - r * p) <= CLOSE * abs(q) + EPS * abs(v) * max(1, abs(r)) for p, q, v in zip(a, b, values))
    return r if close else 0.0
