"""The west wing's inspector: is the gradient that the chain rule finds the slope that the function has?

Central differences know nothing of rules: they push one input a little to the left and to the right and look
at what comes out.  Where both agree to seven digits the rules are right; where they do not, the rows that were
used say whether a kink is near (relu at 0), which is nobody's fault, or whether a rule is wrong, and which.

    >>> from tinygrad_edu import ops
    >>> print(gradcheck(lambda x, y: ops.relu(x) * y + y ** 3, 0.0, 2.0))
    input  chain rule  differences  relative error  verdict
    x               0            1               1  kink     relu(x) bends here: slope 0 before, 2 after
    y              12           12               0  happy
    f = 8: 1 kink, 1 happy

    python -m tinygrad_edu.check      finds a mistake in a rule
"""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from . import modes, ops, streams
from .engine import Value, chain_rule, topological
from .ieee import inf, isfinite, nan, number
from .names import named
from .ops import Op
from .trees import leaves, mapped

# The bands of the CS231n course notes on gradient checks, worst first.
WRONG, SUSPICIOUS, HAPPY = 1e-2, 1e-4, 1e-7
VERDICTS = ("wrong", "unresolved", "suspicious", "kink", "acceptable", "happy")
EPS, TINY = 2.0**-52, 2.0**-1074  # rounding: relative, and where floats run out


@dataclass(frozen=True)
class Comparison:
    """One input: what the chain rule says, what central differences say, and how far they are apart.

    `error` is |analytic - numeric| / max(|analytic|, |numeric|, floor).  The floor is 1e7 times what rounding does
    to either of them, so that a gradient of exactly 0 beside a numeric 1e-13 is no error.
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


@dataclass(frozen=True, repr=False)
class Report:
    """What `gradcheck` found: true if nothing is wrong; print it for a table with the worst on top."""

    value: float
    rows: tuple[Comparison, ...]  # in the order of the inputs
    name: str = "f"  # the label of what was checked

    def __bool__(self) -> bool:
        return all(VERDICTS.index(r.verdict) > VERDICTS.index("suspicious") for r in self.rows)

    @property
    def worst(self) -> Comparison:
        """The input that most deserves a look."""
        return self.sorted()[0]

    def sorted(self) -> list[Comparison]:
        """The rows, worst first."""
        return sorted(self.rows, key=lambda r: (VERDICTS.index(r.verdict), -r.error))

    def __str__(self) -> str:
        rows = self.sorted()
        shown = rows[:20]
        lines = [("input", "chain rule", "differences", "relative error", "verdict", "")]
        for r in shown:
            lines.append(
                (r.name, f"{r.analytic:.10g}", f"{r.numeric:.10g}", f"{r.error:.2g}", r.verdict, r.kink or r.hint)
            )
        widths = [max(map(len, column)) for column in zip(*lines)]
        aligned = [str.ljust, str.rjust, str.rjust, str.rjust, str.ljust, str.ljust]
        table = ["  ".join([a(cell, w) for a, cell, w in zip(aligned, line, widths)]).rstrip() for line in lines]
        if len(rows) > len(shown):
            table.append(f"... and {len(rows) - len(shown)} more, none of them worse")
        counts = Counter(r.verdict for r in rows)
        return "\n".join(
            [
                *table,
                f"{self.name} = {self.value:.10g}: " + ", ".join([f"{counts[v]} {v}" for v in VERDICTS if v in counts]),
            ]
        )

    __repr__ = __str__


def gradcheck(f: Callable[..., Value] | Value, *inputs: Any) -> Report:
    """Compare the gradient of f(*inputs), input by input, with central differences of f in double precision.

    Inputs are numbers, Values, or lists, tuples and dicts of them; they are copied and never changed.  Where f is a
    model that keeps its own parameters, give its result instead: `gradcheck(loss, *model.parameters())` repeats
    the recorded graph of `loss` with other numbers.  Second order: `gradcheck(lambda x: grad(f(x), x)[0], x)`.

    The verdicts, by relative error: above 1e-2 wrong, above 1e-4 suspicious, up to 1e-7 happy; in between,
    acceptable if f has kinks or the differences know no better, else suspicious.  A kink: the differences stand
    astride one and prove nothing.  Unresolved: the differences do not settle, so f is noisy or not finite here.

    Raises TypeError if f does not return a Value; ValueError if it is random, nan or inf at this point, or
    ignores its arguments.

    >>> bool(gradcheck(lambda w, b: (w[0] * w[1] + b).tanh(), [0.5, -1.0], 0.25))
    True
    """
    names: tuple[str, ...] = ()
    if isinstance(f, Value):
        f = _repeat(f, [v for _, v in leaves("", list(inputs))])
    elif callable(f):
        names = _parameters(f, len(inputs))
    else:
        raise TypeError(
            f"gradcheck takes a function (or the Value it returned) and its inputs, got {type(f).__name__} {f!r} first"
        )
    given = [n for i, a in enumerate(inputs) for n in leaves(names[i] if i < len(names) else f"input {i}", a)]
    if not given:
        raise ValueError(
            "gradcheck needs at least one input to push: gradcheck(f, 2.0), or gradcheck(loss, *parameters)"
        )
    labels = [v.label if isinstance(v, Value) and v.label else name for name, v in given]
    point = [v.data if isinstance(v, Value) else number(v) for _, v in given]

    def probe(xs: list[float]) -> _Probe:
        pushed = [Value(x, label) for x, label in zip(xs, labels)]
        fresh = iter(pushed)
        return _Probe(f(*[mapped(lambda _: next(fresh), a) for a in inputs]), pushed)

    center, again = probe(point), probe(point)
    center.check([v if isinstance(v, Value) else None for _, v in given])
    if again.y != center.y or again.ops != center.ops:
        raise ValueError(
            f"f gave {center.y!r} and then {again.y!r} for the same inputs, so it has no gradient to check: "
            "is it random (dropout, noise, shuffling)? Seed it inside f"
        )
    totals = chain_rule(center.root, 1.0, lambda node: node.op.slopes(*node.numbers))
    center.measure()
    rows = []
    for i, (name, leaf) in enumerate(zip(labels, center.leaves)):
        line = lambda x, i=i: probe([*point[:i], x, *point[i + 1 :]])
        size = center.sizes.get(leaf, 0.0)
        row = _compare(name, totals.get(leaf), size, _slope(line, point[i], center), center)
        if row.verdict in (
            "wrong",
            "suspicious",
        ):  # perhaps f is too steep for such steps: look closer, until they settle
            for k in (28, 21, 14, 7):
                closer = _extrapolate(line, point[i], (abs(point[i]) or 1.0) * 2.0**-k, center)
                if closer.uncertainty <= min(row.error, 1e-2) / 10 * abs(closer.numeric):
                    if abs(closer.numeric - row.numeric) > 10 * closer.uncertainty:
                        row = _compare(name, totals.get(leaf), size, closer, center)
                    break
        rows.append(row)
    return Report(center.y, tuple(rows), named(center.root) or "f")


class _Probe:
    """f at one point: the graph that computed it, and how far each operation is from its kinks and edges."""

    def __init__(self, root: Any, leaves: list[Value]) -> None:
        if not isinstance(root, Value):
            raise TypeError(
                f"f must return one Value, got {type(root).__name__} {root!r}: compute it from the arguments, "
                "without float() or .data; check a list of results one at a time, or their sum"
            )
        self.root, self.leaves, self.y = root, leaves, root.data
        self.nodes = topological(root)
        self.ops = [node.op.name for node in self.nodes]  # by name: f may make a row of its own each time
        self.bends = [(node, d) for node in self.nodes if node.parents for d in bends(node.op, *node.numbers[1:])]

    def check(self, given: list[Any]) -> None:
        """Raise ValueError if there is nothing to compare here."""
        known = set(self.nodes)
        if self.root.op is ops.detached:
            raise ValueError("f returned a Value without a past (detach() or no_grad()): there is no gradient to check")
        mine = next((v for v, leaf in zip(given, self.leaves) if v in known and leaf not in known), None)
        if mine is not None:
            raise ValueError(
                f"f computes with {mine!r} itself and not with the argument it is given for it: "
                "use the arguments, or give the result instead of f: gradcheck(loss, *parameters)"
            )
        if not isfinite(self.y):
            bad = next(n for n in self.nodes if not isfinite(n.data))
            try:
                modes.check_value(bad.data, bad.op, bad.parents)
            except FloatingPointError as e:
                told = e if bad.parents else f"{bad.label or 'an input'} is {bad.data}"
                raise ValueError(f"f is {self.y} at this point, so it has no slope to compare with: {told}") from None

    def measure(self) -> None:
        """How large gradients would be if no two paths cancelled, and so how much rounding there is in f."""
        self.sizes = chain_rule(self.root, 1.0, lambda node: map(abs, node.op.slopes(*node.numbers)))
        felt = [abs(node.data) * self.sizes[node] for node in self.nodes if node.parents]
        self.rounding = EPS * max([x for x in felt if isfinite(x)], default=0.0)

    def meets(self, left: _Probe, right: _Probe) -> tuple[str, float]:
        """Which operation has a kink between left and right, if any, and at what fraction of the way."""
        if not self.ops == left.ops == right.ops:
            return "f takes another branch here", 0.5
        for (node, k), (_, before), (_, after) in zip(self.bends, left.bends, right.bends):
            moved = max(abs(before - k), abs(after - k))
            if moved and abs(k) <= moved:
                return f"{_written(node)} bends here", abs(k) / moved
        return "", 1.0


def bends(op: Op, *xs: float) -> list[float]:
    """How far an operation is from where its gradient jumps or its domain ends: 0 is on the spot.

    >>> bends(ops.relu, -0.5), bends(ops.atanh, 0.75), bends(ops.tanh, 1.0)
    ([-0.5], [1.75, 0.25], [])
    """
    found = [] if op.kink is Op.kink else [float(op.kink(*xs))]
    if op.local == op.slopes:  # some input has a domain with ends
        found += [d for x, (lo, hi) in zip(xs, intervals(op, len(xs))) for d in (x - lo, hi - x) if isfinite(d)]
    return found


def intervals(op: Op, n: int) -> list[tuple[float, float]]:
    """The domain of each of n inputs: a last `...` repeats what stands before it.

    >>> intervals(ops.sum, 3) == [ops.REAL] * 3
    True
    """
    bounds = [d for d in op.domain if d is not ...]
    return bounds + bounds[-1:] * (n - len(bounds))


class _Slope(NamedTuple):
    """What central differences found."""

    numeric: float
    uncertainty: float
    step: float
    noise: float  # what rounding in f can do to it
    kink: str = ""


def _slope(f: Callable[[float], _Probe], x: float, center: _Probe) -> _Slope:
    """df/dx by central differences, with steps on the scale of x and, if they do not settle, of 1."""
    found = _extrapolate(f, x, abs(x) or 1.0, center)
    if found.uncertainty > HAPPY * abs(found.numeric) / 10 and not found.kink and not 0.125 <= abs(x) <= 8:
        found = min(found, _extrapolate(f, x, 1.0, center), key=lambda s: s.uncertainty)
    return found


def _extrapolate(f: Callable[[float], _Probe], x: float, scale: float, center: _Probe) -> _Slope:
    """Central differences with ever smaller steps, extrapolated to step 0 as Richardson and Ridders taught.

    The error of a central difference is a series in h*h, so each halving of h lets one more term be cancelled; how
    much the last cancellation changed the result says how good it is.  A step that would cross a kink or leave
    the domain is shortened.  Steps are powers of two: x + h and x - h are exact.
    """
    h = _below(scale / 256)
    least = max(h * 2.0**-36, 8 * math.ulp(x))
    best, kink = _Slope(nan, inf, h, inf), ""
    column: list[float] = []
    while h >= least and len(column) < 7:
        left, right = f(x - h), f(x + h)
        kink, fraction = center.meets(left, right)
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
            best = _Slope(new[-1], error + noise, h, noise)
        elif error > 4 * best.uncertainty:
            break  # from here on it is only rounding that changes
        if best.uncertainty < 1e-12 * abs(best.numeric):
            break
        column, h = new, h / 2
    if kink and best.uncertainty == inf:  # there was no way around it
        h = _below(scale * 2.0**-26)
        left, right = f(x - h), f(x + h)
        before, after = (center.y - left.y) / h, (right.y - center.y) / h
        return _Slope((before + after) / 2, inf, h, 0.0, f"{kink}: slope {before:.3g} before, {after:.3g} after")
    return best


def _compare(name: str, analytic: float | None, size: float, slope: _Slope, center: _Probe) -> Comparison:
    """One line of the report.  `size` is the gradient that there would be if no two paths cancelled."""
    a, n = analytic or 0.0, slope.numeric
    hint = "" if analytic is not None else "f does not use it"
    apart = abs(a - n)
    noise = max(slope.noise, 4 * EPS * size if isfinite(size) else 0.0)
    error = apart / max(abs(a), abs(n), noise / HAPPY) if apart else 0.0
    if slope.kink:
        verdict = "kink"
    elif not isfinite(n) or (error > SUSPICIOUS and apart <= 4 * slope.uncertainty):
        verdict, hint = (
            "unresolved",
            "central differences do not settle: f is noisy, not finite, or bends within the step",
        )
    elif error <= HAPPY:
        verdict = "happy"
    elif error <= SUSPICIOUS and (center.bends or apart <= 4 * slope.uncertainty):
        verdict = "acceptable"
    else:
        verdict = "suspicious" if error <= WRONG else "wrong"
        hint = (
            "f depends on it, but not through the graph: .data or float() cut it off"
            if analytic is None
            else _culprit(center)
        )
    return Comparison(
        name, a, n, inf if error != error else error, slope.step, slope.uncertainty, verdict, slope.kink, hint
    )


def _culprit(center: _Probe) -> str:
    """The first operation whose own rule is wrong where it was used."""
    if center.root.parents == tuple(center.leaves):
        return f"the partials of {center.root.op.name} are not its derivative here"
    for node in center.nodes:
        if not node.parents or not all(map(isfinite, node.numbers)):
            continue
        worst = gradcheck(node.op, *node.numbers[1:]).worst
        if VERDICTS.index(worst.verdict) <= VERDICTS.index("suspicious"):
            i = int(worst.name.split("[")[1].rstrip("]"))
            return (
                f"look at {_written(node)}: its partial {i} is {worst.analytic:.6g} and should be {worst.numeric:.6g}"
            )
    return "every rule used is right, so the graph is cut: look for .data, float() or detach() in f"


def _written(node: Value) -> str:
    """An operation and what it was applied to, by label or by number: relu(x), or relu(0.5) at 'h'."""
    names = [p.label or f"{p.data:.6g}" for p in node.parents]
    inside = ", ".join(names if len(names) <= 4 else [*names[:3], "..."])
    return f"{node.op.name}({inside})" + (f" at {node.label!r}" if node.label else "")


def _below(x: float) -> float:
    """The largest power of two that is not above x."""
    return math.ldexp(1.0, math.frexp(x)[1] - 1)


def _parameters(f: Callable[..., Any], n: int) -> tuple[str, ...]:
    """What f calls its arguments; with *args there may be up to n of them."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # some built-in functions do not tell
        return ()
    return tuple(
        [
            name
            for p in parameters
            for name in ([f"{p.name}[{i}]" for i in range(n)] if p.kind is p.VAR_POSITIONAL else [p.name])
        ]
    )


def _repeat(root: Value, inputs: list[Any]) -> Callable[..., Value]:
    """A function that computes the recorded graph of `root` again, with other Values in the place of `inputs`."""
    order = topological(root)
    known = set(order)
    for v in inputs:
        if v not in known:
            raise ValueError(f"{v!r} is not in the graph of {root!r}: give the Values it was computed from")

    def f(*args: Any) -> Value:
        twin: dict[Value, Any] = dict(zip(inputs, (v for _, v in leaves("", list(args)))))
        for node in order:
            if node not in twin:
                twin[node] = node.op(*[twin[p] for p in node.parents]) if node.parents else node
        return twin[root]  # type: ignore[no-any-return]

    return f


if __name__ == "__main__":
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (2 * x * x,))  # the mistake: it should be 3
    with streams.safe():
        print(gradcheck(lambda x, w: (cube(x) * w).tanh(), 0.5, 1.5))
