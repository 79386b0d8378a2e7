"""The slope of anything by central differences, and the verdict on what somebody else says it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..ieee import inf, isfinite, nan
from .probes import EPS, TINY, Probe
from .report import HAPPY, SUSPICIOUS, WRONG, InputCheck

FAINTEST = 1e-300  # floats have fewer digits below
UNSETTLED = "central differences do not settle: f is noisy, not finite, or bends within the step"
Line = Callable[[float], Probe]  # the function along one input


class CentralDifference(NamedTuple):
    """What central differences found."""

    numeric: float
    uncertainty: float
    step: float
    noise: float  # what rounding in f can do to it
    kink: str = ""  # what stands in the way, to be read after the name of an input
    side: int = 0  # whether it is to the left (-1), to the right (1), or here


def line_through(at: Callable[[list[float]], Probe], point: Sequence[float], i: int) -> Line:
    """The function along its input i, the others held where they are."""
    return lambda x: at([*point[:i], x, *point[i + 1 :]])


def judge(name: str, analytic: float | None, line: Line, x: float, center: Probe, size: float = 0.0,
           depth: int = 1, **more: Any) -> InputCheck:  # fmt: skip
    """One line of the report: what is said of the slope at x, beside what the differences say.

    `size` is the gradient that there would be if no two paths cancelled, `depth` how many rows are passed, `more` what
    the line has besides (`kind`, by default a InputCheck).
    """
    row = _compare(name, analytic, size, slope(line, x, center), center, depth, **more)
    if row.verdict not in ("wrong", "suspicious"):
        return row
    for k in (28, 21, 14, 7):  # perhaps f is too steep for such steps: look closer, until they settle
        closer = extrapolated(line, x, (abs(x) or 1.0) * 2.0**-k, center)
        apart = abs(closer.numeric - row.numeric)
        settled = closer.uncertainty <= min(row.error, 1e-2) / 10 * abs(closer.numeric)
        # Or it is flat here, and steps on both sides, as floor is:
        # nothing to be relative to but how far off the wide steps were.
        flat = abs(closer.numeric - row.analytic) <= closer.uncertainty <= 1e-3 * apart
        if settled or flat:
            return (
                row
                if apart <= 10 * closer.uncertainty
                else _compare(name, analytic, size, closer, center, depth, **more)
            )
        if apart > 10 * (closer.uncertainty + row.uncertainty):
            row = replace(row, verdict="unresolved", hint=UNSETTLED)
    for part in (
        0.9,
        0.37,
        0.11,
        0.029,
    ):  # kinks may be so dense that a step over many of them looks like one over none
        if center.meets(line(x - part * row.step), line(x + part * row.step))[0]:
            row = replace(row, verdict="unresolved", hint=UNSETTLED)
    return row


def slope(f: Line, x: float, center: Probe) -> CentralDifference:
    """df/dx by central differences, with steps on the scale of x and, if they do not settle, of 1."""
    found = extrapolated(f, x, abs(x) or 1.0, center)
    if found.uncertainty > HAPPY * abs(found.numeric) / 10 and not found.kink and not 0.125 <= abs(x) <= 8:
        found = min(found, extrapolated(f, x, 1.0, center), key=lambda s: s.uncertainty)
    return found


def extrapolated(f: Line, x: float, scale: float, center: Probe) -> CentralDifference:
    """Central differences with ever smaller steps, extrapolated to step 0 as Richardson and Ridders taught.

    The error of a central difference is a series in h*h, so each halving of h lets one more term be cancelled; how
    much the last cancellation changed the result says how good it is.  A step that would cross a kink or leave
    the domain is shortened.  Steps are powers of two: x + h and x - h are exact.
    """
    h = _below(scale / 256)
    least = max(h * 2.0**-36, 8 * math.ulp(x))
    best, kink, side = CentralDifference(nan, inf, h, inf), "", 0
    column: list[float] = []
    while h >= least and len(column) < 7:
        left, right = f(x - h), f(x + h)
        kink, fraction, side = center.meets(left, right)
        if kink or not (isfinite(left.y) and isfinite(right.y)):
            column = []
            if fraction == 0:
                break
            h = _below(min(h / 4, h * fraction / 2))
            continue
        new, error, factor = [(right.y - left.y) / (2 * h)], inf, 1.0
        for old in column:
            factor *= 4
            new.append(new[-1] + (new[-1] - old) / (factor - 1))
            error = max(abs(new[-1] - new[-2]), abs(new[-1] - old))
        noise = 2 * (max(EPS * abs(left.y), EPS * abs(right.y), center.rounding) + TINY) / h
        if error + noise < best.uncertainty:
            best = CentralDifference(new[-1], error + noise, h, noise)
        elif error > 4 * best.uncertainty:
            break  # from here on it is only rounding that changes
        if best.uncertainty < 1e-12 * abs(best.numeric):
            break
        column, h = new, h / 2
    if kink and best.uncertainty == inf:  # there was no way around it
        h = _below(scale * 2.0**-26)
        left, right = f(x - h), f(x + h)
        before, after = (center.y - left.y) / h, (right.y - center.y) / h
        told = f"{kink}: slope {before:.3g} before, {after:.3g} after"
        return CentralDifference((before + after) / 2, inf, h, 0.0, told, side)
    return best


def _compare(name: str, analytic: float | None, size: float, slope: CentralDifference, center: Probe, depth: int,
             kind: Callable[..., InputCheck] = InputCheck, **more: Any) -> InputCheck:  # fmt: skip
    a, n = analytic or 0.0, slope.numeric
    hint = "" if analytic is not None else "f does not use it"
    apart = abs(a - n)
    noise = max(slope.noise, 4 * EPS * size if isfinite(size) else 0.0)
    error = apart / max(FAINTEST, abs(a), abs(n), noise / HAPPY) if apart else 0.0
    happy = HAPPY * math.sqrt(max(1, depth))
    where = name if not slope.side else f"{name} {'+' if slope.side > 0 else '-'} {slope.step:.2g}"
    if slope.kink:
        verdict = "kink"
    elif not isfinite(n) or (error > SUSPICIOUS and apart <= 4 * slope.uncertainty):
        verdict, hint = "unresolved", UNSETTLED
    elif error <= happy:
        verdict = "happy"
    elif error <= SUSPICIOUS and (center.bends or apart <= 4 * slope.uncertainty):
        verdict = "acceptable"
    else:
        verdict = "suspicious" if error <= WRONG else "wrong"
    return kind(name, a, n, inf if error != error else error, slope.step, slope.uncertainty, verdict,
                f"{where} {slope.kink}" if slope.kink else "", hint, happy, **more)  # fmt: skip


def _below(x: float) -> float:
    """The largest power of two that is not above x."""
    return math.ldexp(1.0, math.frexp(x)[1] - 1)
