"""Estimators beside each other: how far each is from the exact gradient, how much it scatters, and what it costs.

>>> from tinygrad_edu.stochastic import Bernoulli, Score, StraightThrough
>>> t = Value(0.3, label="t")
>>> found = compare_estimators(lambda rng: (Bernoulli(t).sample(rng) - 0.45) ** 2, [t],
...                            {"score": Score(), "baseline": Score(0.2325), "straight through": StraightThrough()})
>>> [(row.name, round(row.bias[0], 3), round(row.variance[0], 4)) for row in found.rows]
[('score', 0.0, 0.3536), ('baseline', 0.0, 0.0076), ('straight through', -0.4, 0.84)]
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..blocks import Explanation, Rows
from ..derivatives import grad
from ..engine import Value, topological
from ..errors import UserError
from ..picture import FAINT, GRID, QUIET, Picture, width_of
from ..plot.axes import BLUE, ORANGE, Frame, axis, log_axis
from .distributions import generator, sampled, usable
from .enumeration import expected, outcomes
from .estimators import Enumerate, Estimator, MeasureValued, Pathwise, Relaxed, RunningMean, Score, StraightThrough
from .substitution import choices, costs_of
from .surrogates import surrogate

FAR = 5.5  # standard errors: by chance alone one estimate in 26 million is as far off
EXACT = 1e-9  # of the gradient's size: what rounding may do to a sum over outcomes
NONE = 1e-20  # of a variance: rounding
SINGLE = 4  # up to so many parameters have a line of their own
USUAL: dict[str, Callable[[], Estimator]] = {
    "score function": Score, "with a running mean": lambda: Score(RunningMean()), "pathwise": Pathwise,
    "measure-valued": MeasureValued, "enumerated": Enumerate, "straight through": StraightThrough, "relaxed": Relaxed,
}  # fmt: skip


def _size(xs: Sequence[float]) -> float:
    return math.sqrt(math.fsum(x * x for x in xs)) if len(xs) > 1 else xs[0]


class Row(NamedTuple):
    """One estimator: for each parameter its mean gradient, its bias and the variance of one sample."""

    name: str
    mean: list[float]
    bias: list[float]  # nan where nobody knows the exact gradient
    error: list[float]  # the standard error of mean and bias; 0 if all outcomes were added up
    variance: list[float]
    samples: int  # 0 if all outcomes were added up
    seconds: float  # to build one loss and its gradient
    nodes: float  # of one loss

    @property
    def verdict(self) -> str:
        """Whether a bias was seen, beyond 5.5 standard errors or beyond rounding."""
        if any(b != b for b in self.bias):
            return ""
        far = [abs(b) > FAR * e + EXACT * (1 + abs(m)) for b, e, m in zip(self.bias, self.error, self.mean)]
        return "biased" if any(far) else "no bias seen"


class EstimatorComparison(Explanation):
    """What `compare_estimators` found: print it for a table, `.plot()` it for a picture; `rows` has the numbers."""

    def __init__(self, names: list[str], exact: list[float] | None, rows: list[Row], notes: list[str]) -> None:
        self.names, self.exact, self.rows, self.notes = names, exact, rows, notes

    def _cells(self) -> list[list[str]]:
        """The table, its heading first."""
        single = len(self.names) <= SINGLE
        lines = [["estimator", "gradient", "mean", "bias", "± error", "variance", "ms", "nodes", ""]]
        for row in self.rows:
            columns = list(zip(self.names, row.mean, row.bias, row.error, row.variance))
            if not single:
                norms = _size(row.mean), _size(row.bias), _size(row.error)
                columns = [(f"all {len(self.names)}", *norms, math.fsum(row.variance))]
            for i, (name, mean, bias, error, variance) in enumerate(columns):
                told = "?" if bias != bias else f"{bias:.4g}" if abs(bias) > EXACT * (1 + abs(mean)) else "0"
                lines.append([
                    row.name if not i else "", f"d/d{name}" if single else name, f"{mean:.6g}", told,
                    f"{error:.2g}" if row.samples else "exact",
                    f"{variance:.5g}" if variance > NONE else "0",
                    f"{1000 * row.seconds:.2f}" if not i else "", f"{row.nodes:.0f}" if not i else "",
                    row.verdict if not i else "",
                ])  # fmt: skip
        return lines

    def blocks(self) -> Iterator[Rows]:
        told = "unknown: give exact=[...]" if self.exact is None else ", ".join(f"{g:.6g}" for g in self.exact[:SINGLE])
        more = ", …" * (len(self.names) > SINGLE)
        yield Rows(self._cells(), "llrrrrrr", foot=[f"exact gradient: {told}{more}", *self.notes])

    def plot(self, path: str | os.PathLike[str] | None = None) -> Picture:
        """Two panels over the estimators: the bias with two standard errors to each side, and the variance.

        Of several parameters the norm of the bias, and the sum of the variances.  `path` ends in .svg, .png or .pdf.
        """
        biases, errors = ([_size(xs) for xs in column] for column in zip(*[(row.bias, row.error) for row in self.rows]))
        variances = [math.fsum(row.variance) for row in self.rows]
        left = 36 + max(width_of(row.name, 12) for row in self.rows)
        line, wide = 26, 230
        high, bottom = line * len(self.rows), 84 + line * len(self.rows)
        picture = Picture(left + 2 * wide + 110, bottom + 44, "estimators")
        ends = [x for b, e in zip(biases, errors) if b == b for x in (b - 2 * e, b + 2 * e)] or [0.0]
        low, top, ticks = axis(min(0.0, *ends), max(0.0, *ends) or 1.0)
        bias = Frame((left, 72), (wide, high), (low, top), (0, 1))
        seen = [v for v in variances if v > NONE] or [1.0]
        first, last, powers = log_axis(min(seen) / 2, max(seen))
        second = left + wide + 40

        def place(v: float) -> float:
            return wide * math.log(max(v, first) / first) / math.log(last / first)

        what = "± 2 standard errors" if len(self.names) == 1 else "of all parameters, ± 2 std. errors"
        what += "; orange: biased" * any(row.verdict == "biased" for row in self.rows)
        for at, title, told in ((left, "bias", what), (second, "variance", "of one sample, log scale")):
            picture.text(at, 32, title, 15, bold=True)
            picture.text(at, 52, told, fill=QUIET)
        for t in ticks:
            x = bias.at(t, 0)[0]
            picture.line([(x, 66), (x, bottom - 6)], FAINT if t == 0 else GRID)
            picture.text(x, bottom + 12, f"{t:.4g}", fill=QUIET, anchor="middle")
        for t in [p for p in powers if len(powers) < 6 or math.log10(p) % 1 < 1e-9]:
            picture.line([(second + place(t), 66), (second + place(t), bottom - 6)], GRID)
            picture.text(second + place(t), bottom + 12, f"{t:.4g}", fill=QUIET, anchor="middle")
        for i, (row, b, e, v) in enumerate(zip(self.rows, biases, errors, variances)):
            y, colour = 72 + line * (i + 0.5), ORANGE if row.verdict == "biased" else BLUE
            picture.text(left - 12, y + 4, row.name, 12, anchor="end")
            if b == b:
                picture.line([(bias.at(b - 2 * e, 0)[0], y), (bias.at(b + 2 * e, 0)[0], y)], colour, 2)
                picture.add("circle", cx=bias.at(b, 0)[0], cy=y, r=4, fill=colour)
            if v > NONE:
                picture.add("rect", x=second, y=y - 7, width=place(v), height=14, rx=2, fill=colour)
            picture.text(second + (place(v) if v > NONE else 0) + 6, y + 4, f"{v:.4g}" if v > NONE else "none")
        if path is not None:
            picture.save(path)
        return picture


def compare_estimators(
    f: Callable[[Any], Any],
    parameters: Value | Sequence[Value],
    estimators: Mapping[str, Any] | Sequence[Any] | None = None,
    *,
    samples: int = 1000,
    rng: Any = 0,
    exact: float | Sequence[float] | None = None,
) -> EstimatorComparison:
    """Bias, variance and cost of gradient estimates of the expected f(rng): print it, or `.plot()` it for a picture.

    `f` gives a cost or a list of costs, `parameters` are what the gradient is by.  `estimators` are estimators by name,
    or in a list, for choices that name none, or functions of a generator that give a loss whose gradient is the
    estimate, `lambda rng: estimate(f, rng, 2, leave_one_out=True)`.  Without, all that the choices allow.  The exact
    gradient is that of `expected(f)`, where all choices are discrete, or is given: `exact=[3.0]`.

    Means and variances are exact where an estimate depends on the outcomes alone, and these are no more than `samples`;
    else they are those of `samples` samples, each estimator with the same seed.

    Raises UserError where an estimator does not fit a choice.
    """
    if samples < 2:
        raise UserError(f"a variance needs two samples or more, got samples={samples}")
    seed = rng if isinstance(rng, int) else generator(rng, "compare_estimators").random()
    parameters = [parameters] if isinstance(parameters, Value) else list(parameters)
    exact = [exact] if isinstance(exact, (int, float)) else exact
    if estimators is None:
        ways: Mapping[str, Any] = {k: make() for k, make in USUAL.items()}
    else:
        ways = estimators if isinstance(estimators, Mapping) else {repr(e): e for e in estimators}
    ways = {name: how if callable(how) and not isinstance(how, type) else usable(how) for name, how in ways.items()}
    sampled(f, "compare_estimators")
    notes, rows = [], []
    if exact is None:
        try:
            exact = [g.data for g in grad(expected(f), *parameters)]
        except UserError as e:
            notes.append(f"no exact gradient: {e}")
    elif len(exact) != len(parameters):
        raise UserError(f"exact= has {len(exact)} numbers, and there are {len(parameters)} parameters")
    for name, how in ways.items():
        try:
            rows.append(_measured(name, how, f, parameters, samples, seed, exact))
        except UserError as e:
            if estimators is not None:
                raise
            notes.append(f"without {name}: {str(e).partition(':')[0]}")
    names = [p.label or f"p{i}" for i, p in enumerate(parameters, 1)]
    return EstimatorComparison(names, None if exact is None else list(exact), rows, notes)


def _measured(name: str, how: Any, f: Callable[[Any], Any], parameters: Sequence[Value], samples: int, seed: int,
              exact: Sequence[float] | None) -> Row:  # fmt: skip
    found: list[tuple[float, list[float]]] = []
    nodes, begun = 0, time.perf_counter()

    def count(weight: float, loss: Value) -> None:
        nonlocal nodes
        nodes += len(topological(loss))
        found.append((weight, [g.data for g in grad(loss, *parameters)]))

    paths = _paths(how, f, samples)
    if paths is not None:
        for p, costs in paths:
            count(p, surrogate(costs, estimator=how))
    else:
        rng = random.Random(seed)
        for _ in range(samples):
            count(1 / samples, surrogate(f(rng), estimator=how) if isinstance(how, Estimator) else how(rng))
    n, seconds = len(found), time.perf_counter() - begun
    mean = [math.fsum(p * g[i] for p, g in found) for i in range(len(parameters))]
    variance = [math.fsum(p * (g[i] - m) ** 2 for p, g in found) for i, m in enumerate(mean)]
    drawn = 0 if paths is not None else n
    if drawn:
        variance = [v * n / (n - 1) for v in variance]
    error = [math.sqrt(v / n) if drawn else 0.0 for v in variance]
    bias = [math.nan] * len(mean) if exact is None else [m - g for m, g in zip(mean, exact)]
    return Row(name, mean, bias, error, variance, drawn, seconds / n, nodes / n)


def _paths(how: Any, f: Callable[[Any], Any], most: int) -> list[tuple[float, Any]] | None:
    """All outcomes, if they are few, and all that an estimate depends on."""
    if not isinstance(how, Estimator):
        return None
    found: list[tuple[float, Any]] = []
    try:
        for p, costs in outcomes(f):
            used = [c.estimator or how for c in choices(costs_of(costs, "compare_estimators"))]  # type: ignore[attr-defined]
            alone = all(isinstance(e, Estimator) and e.by_outcome for e in used)
            if len(found) == most or not (alone or all(isinstance(e, Enumerate) for e in used)):
                return None
            found.append((p, costs))
    except UserError:
        return None
    return found
