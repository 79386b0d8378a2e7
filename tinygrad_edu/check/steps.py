"""How large a step? A wide one is wrong because f bends in it, a narrow one because f is rounded: the best is between.

>>> found = step_sizes(lambda x: x.exp(), 1.0)
>>> found.best[0], f"{found.power(wide=True):.2f}"
(1e-05, '2.00')
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

from .. import plot
from ..engine import chain_rule
from ..errors import UserError, meant
from ..names import named
from ..picture import Picture
from ..words import aligned
from .functions import Function
from .imaginary import NotComplex, complex_step
from .report import SUSPICIOUS
from .slopes import line_through

STEPS = tuple([float(f"1e-{k}") for k in range(1, 16)])
LETTERS = 30  # of the longest bar


@dataclass(frozen=True, repr=False)
class StepSizes:
    """What `step_sizes` found, from the widest step to the narrowest; print it, or `plot()` it.

    Errors are relative to the chain rule's slope, or absolute where that is 0.
    """

    name: str  # of the input
    f: str
    at: float
    slope: float  # by the chain rule
    steps: tuple[float, ...]
    forward: tuple[float, ...]  # errors of (f(x + h) - f(x)) / h
    central: tuple[float, ...]  # errors of (f(x + h) - f(x - h)) / 2h
    imaginary: tuple[float, ...]  # errors of Im f(x + ih) / h; none where a row takes no complex numbers
    crossed: tuple[str, ...]  # what each step crosses: a kink, the end of a domain
    why_not: str = ""  # which row it is

    @property
    def best(self) -> tuple[float, float]:
        """The step whose central difference is nearest, and its error; the widest of equals."""
        return _best(self.steps, self.central)

    def power(self, wide: bool, errors: tuple[float, ...] = ()) -> float:
        """As which power of h the error goes on one side of the best step, by least squares over the steps there.

        nan if there are not two; steps that cross a kink are left out.  Theory says 2 for central differences with
        wide steps, 1 for forward ones, and -1 for narrow steps.
        """
        errors = errors or self.central
        h, least = _best(self.steps, errors)
        points = [
            (math.log10(s), math.log10(e))
            for s, e, crossed in zip(self.steps, errors, self.crossed)
            if 4 * least < e < 1 and not crossed and (s > 2 * h if wide else s < h / 2)
        ]
        if len(points) < 2:
            return math.nan
        xs, ys = zip(*points)
        middle = math.fsum(xs) / len(xs)
        return math.fsum([(x - middle) * y for x, y in points]) / math.fsum([(x - middle) ** 2 for x in xs])

    def __str__(self) -> str:
        columns = {"forward": self.forward, "central": self.central, "complex": self.imaginary}
        columns = {name: errors for name, errors in columns.items() if errors}
        rows = [("h", *columns, "the central one, on a logarithmic scale")]
        for i, h in enumerate(self.steps):
            error = self.central[i]
            bar = "" if not error > 0 else "▪" * max(1, round((math.log10(min(error, 1.0)) + 16) / 16 * LETTERS))
            told = "best" if h == self.best[0] and not all(self.crossed) else self.crossed[i]
            rows.append(
                (f"{h:.0e}", *[f"{errors[i]:.1e}" for errors in columns.values()], bar + f"  {told}" * bool(told))
            )
        what = f"d{self.f}/d{self.name} at {self.name} = {self.at:.10g} is {self.slope:.10g}, says the chain rule."
        table = aligned(rows, "l" + "r" * len(columns) + "l")
        return "\n".join([f"{what} How far off are differences?", *table, *self._words()])

    __repr__ = __str__

    def _words(self) -> list[str]:
        h, error = self.best
        if all(self.crossed):
            return [f"The narrowest step, too, {self.crossed[-1]}: differences say nothing about the slope here."]
        if error > SUSPICIOUS and not any(self.crossed):
            return [
                f"No step brings the error below {error:.1e}: not the step is wrong, but the gradient; see gradcheck."
            ]
        words = [f"Best: h = {h:.0e}, wrong by {error:.1e}; forward {_best(self.steps, self.forward)[0]:.0e}. "
                 "Theory: near eps^(1/3) = 6e-06, forward eps^(1/2) = 1.5e-08."]  # fmt: skip
        wide, narrow = self.power(True), self.power(False)
        words.append(f"Wide steps: truncation, which falls as h^{wide:.2f} (theory: f''' h²/6)." if wide == wide
                     else "Wide steps: no truncation to be seen, for f is straight or a parabola here.")  # fmt: skip
        if narrow == narrow:
            words.append(f"Narrow steps: rounding, which grows as h^{narrow:.2f} (theory: eps |f| / h).")
        if self.imaginary:
            words.append("Complex steps subtract nothing, so nothing is lost: as narrow as one likes.")
        elif self.why_not:
            words.append(f"No complex steps: {self.why_not}.")
        return words

    def plot(self, path: str | os.PathLike[str] | None = None) -> Picture:
        """The errors over the steps, both on logarithmic scales."""
        lines = {"forward": self.forward, "central": self.central, "complex": self.imaginary}
        shown = {name: [e or None for e in reversed(errors)] for name, errors in lines.items() if any(errors)}
        if not shown:
            raise UserError("there is nothing to draw: no difference is wrong, with any step")
        title = f"error of differences: d{self.f}/d{self.name}"
        return plot.curves(shown, [math.log10(h) for h in reversed(self.steps)], title=title, xlabel="log₁₀ h",
                           ylabel="relative error", log=True, path=path)  # fmt: skip


def step_sizes(f: Any, *inputs: Any, of: str = "") -> StepSizes:
    """The errors of forward and central differences and of the complex step, for h = 1e-1, 1e-2, ..., 1e-15.

    They are measured from the chain rule's slope.  f and its inputs are as `gradcheck` takes them; of several numbers,
    `of` names the one that is pushed, as gradcheck's report calls it.
    Raises UserError if it is missing or unknown, and what `gradcheck` raises.

    >>> print(step_sizes(lambda x: x**2, 3.0))    # doctest: +ELLIPSIS
    df/dx at x = 3 is 6, says the chain rule. How far off are differences?
    h      forward  central  complex  the central one, on a logarithmic scale
    1e-01  1.7e-02  ...
    """
    here = Function(f, *inputs, who="step_sizes")
    if not of and len(here.labels) > 1:
        raise UserError(f"step_sizes pushes one of {len(here.labels)} inputs: say which, as in of={here.labels[0]!r}")
    if of and of not in here.labels:
        raise UserError(f"of={of!r} is no input{meant(of, here.labels)} (there are {', '.join(here.labels[:10])})")
    i = here.labels.index(of) if of else 0
    center = here.here()
    leaf, x, line = center.leaves[i], here.point[i], line_through(here.at, here.point, i)
    slope: float = chain_rule(center.root, 1.0, lambda node: node.op.slopes(*node.numbers)).get(leaf, 0.0)

    def error(n: float) -> float:
        return abs(n - slope) / (abs(slope) or 1.0)

    ends = [(line(x - h), line(x + h)) for h in STEPS]
    why_not, imaginary = "", []
    try:
        imaginary = [error(complex_step(center.root, leaf, h)) for h in STEPS]
    except NotComplex as e:
        why_not = str(e)
    except (ArithmeticError, ValueError):  # where cmath ends
        why_not = "a row is not defined for the complex numbers around here"
    return StepSizes(here.labels[i], named(center.root) or "f", x, slope, STEPS,
                     tuple([error((b.y - center.y) / h) for h, (_, b) in zip(STEPS, ends)]),
                     tuple([error((b.y - a.y) / (2 * h)) for h, (a, b) in zip(STEPS, ends)]), tuple(imaginary),
                     tuple([center.meets(a, b)[0] for a, b in ends]), why_not)  # fmt: skip


def _best(steps: tuple[float, ...], errors: tuple[float, ...]) -> tuple[float, float]:
    return min(zip(steps, errors), key=lambda pair: (not pair[1] == pair[1], pair[1], -pair[0]))
