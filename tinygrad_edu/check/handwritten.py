"""A backward pass that somebody wrote by hand, in plain Python or NumPy: number by number beside central differences.

>>> def softmax(z):
...     es = [math.exp(x) for x in z]
...     return [e / sum(es) for e in es]
>>> def softmax_backward(upstream, z):
...     p = softmax(z)
...     inner = sum(u * q for u, q in zip(upstream, p))
...     return [q * (u + inner) for u, q in zip(upstream, p)]    # the mistake: u - inner
>>> print(check_backward(softmax, softmax_backward, [[0.2, -1.0, 0.5]]))
gradient  shape  worst   by hand a  differences n  |a-n|/max(|a|,|n|)  verdict
dz        (3,)   dz[1]  0.17464308    -0.05183093                 1.3  wrong
dz: 3 of 3 numbers are wrong, dz[1] is 0.174643 and should be -0.0518309
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import UserError
from ..ieee import isfinite, number
from ..rules import takes
from ..trees import argument_names, flatten, leaves, mapped, shape, unflatten
from ..words import aligned
from .probes import EPS, Probe
from .report import ERROR, VERDICTS, InputCheck, digits_apart, likely
from .slopes import UNSETTLED, Line, judge, line_through

LIMIT = 100  # numbers of one input: of more, as many are drawn
BENDS = "f bends here, and any slope between the one before and the one after is right"


@dataclass(frozen=True)
class Gradient:
    """What was found about the gradient by one input."""

    name: str
    shape: tuple[int, ...]
    rows: tuple[InputCheck, ...]  # the numbers that were compared
    size: int  # how many numbers it has
    wrong: str = ""  # in words

    def __bool__(self) -> bool:
        return not self.wrong

    @property
    def worst(self) -> InputCheck | None:
        """The number that is furthest from what it should be; None where the shape is wrong already."""
        return min(self.rows, key=lambda r: (VERDICTS.index(r.verdict), -r.error), default=None)


@dataclass(frozen=True, repr=False)
class Handwritten:
    """What `check_backward` found: true if nothing is wrong."""

    gradients: tuple[Gradient, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return all(self.gradients)

    def __str__(self) -> str:
        lines = [("gradient", "shape", "worst", "by hand a", "differences n", ERROR, "verdict")]
        for g in self.gradients:
            r = g.worst
            told = ("", "", "", "", "wrong" if g.wrong else "empty") if r is None else (
                r.name, f"{r.analytic:.8g}", f"{r.numeric:.8g}", f"{r.error:.2g}", r.verdict)  # fmt: skip
            lines.append((g.name, str(g.shape) if g.shape else "number", *told))
        words = [f"{g.name}: {g.wrong}" for g in self.gradients if g.wrong]
        return "\n".join([*aligned(lines, "lllrrrl"), *words, *[f"note: {n}" for n in self.notes]])

    __repr__ = __str__


def check_backward(forward: Callable[..., Any], backward: Callable[..., Any], inputs: Sequence[Any] | Mapping[str, Any],
                   *, entries: int = LIMIT, seed: int = 0) -> Handwritten:  # fmt: skip
    """Compare a hand-written backward pass with central differences of its forward pass.

    `forward(*inputs)` gives a number, a list or an array; `backward(upstream, *inputs)` gives one gradient for each
    input, in its shape: d(sum of upstream * output) / d(input), or None for what has none, as class labels.  `upstream`
    is drawn with `seed`, in the shape of the output, so that a backward pass which ignores it is found out; a loss may
    have `backward(*inputs)`, without it.  Of more than `entries` numbers in an input, so many are drawn.  With a cache
    write `lambda d, x, w: backward(d, forward(x, w)[1])`.

    Shapes are compared first.  What is wrong is told by input, by its worst number, and with what probably happened: a
    sign, a factor, a matrix transposed, a sum over the samples or the upstream gradient forgotten.  Copies go in:
    nothing of yours changes.

    Raises UserError if `forward` is random, not finite, or gives no numbers, and if `backward` does not give one
    gradient for each input.

    >>> report = check_backward(lambda x, w: x * w, lambda d, x, w: (d * w, d * w), (2.0, 3.0))
    >>> bool(report), [bool(g) for g in report.gradients]
    (False, [True, False])
    """
    if not isinstance(inputs, Mapping):
        if not isinstance(inputs, (list, tuple)):
            kind = type(inputs).__name__
            raise UserError(
                f"check_backward needs the inputs in a tuple, one for each argument of forward: (x,), not {kind}"
            )
        inputs = dict(zip(argument_names(forward, len(inputs)), inputs))
    if not inputs:
        raise UserError("check_backward needs at least one input: check_backward(forward, backward, (x, w))")
    for name, x in inputs.items():
        try:
            copy.deepcopy(x)
        except TypeError:
            raise UserError(f"{name} is a {type(x).__name__}, of which no copy can be made: make it a list") from None
    given = list(inputs.values())
    out, again = _run(forward, given), _run(forward, given)
    if repr(_flat(out)) != repr(_flat(again)):  # so that nan is nan
        raise UserError("forward gave another result for the same inputs: is it random (dropout, noise)? Draw its mask "
                        "with a seed inside it, or pass the mask as an input: backward must see the same")  # fmt: skip
    if not all(map(isfinite, _flat(out))):
        bad = next(name for name, x in leaves("output", out) if not isfinite(x))
        raise UserError(
            f"forward gives {bad} = {dict(leaves('output', out))[bad]}, so there is no slope to compare with"
        )
    rng = random.Random(seed)
    upstream = mapped(lambda _: rng.choice([-1, 1]) * rng.uniform(0.5, 1.5), out)
    aware = takes(backward, len(given) + 1)
    if not aware:
        if not takes(backward, len(given)) or _shape(out):
            raise UserError(f"backward must take the upstream gradient and the {len(given)} inputs: backward(upstream, "
                            f"{', '.join(inputs)})")  # fmt: skip
        upstream = 1.0
    upstream = _like(upstream, out)

    def back(seed: Any) -> list[Any]:
        found = backward(*[copy.deepcopy(x) for x in ([seed] if aware else []) + given])
        if found is None:
            raise UserError(f"backward gave None, as a function without return does: it must return one gradient for "
                            f"each of {', '.join(inputs)}")  # fmt: skip
        found = list(found) if isinstance(found, (tuple, list)) and len(given) > 1 else [found]
        if len(given) == 1 and isinstance(found[0], tuple) and not isinstance(given[0], tuple) and len(found[0]) == 1:
            found = [found[0][0]]
        if len(found) != len(given):
            raise UserError(f"backward must give one gradient for each of {', '.join(inputs)}, and None for what has "
                            f"none; it gave {len(found)}")  # fmt: skip
        return found

    gradients = []
    for i, (name, ours) in enumerate(zip(inputs, back(upstream))):
        if ours is not None:
            gradients.append(_compared(f"d{name}", ours, forward, given, i, _flat(upstream), entries, rng))
    if not gradients:
        raise UserError("backward gave None for every input, so there is nothing to compare: "
                        "None is for what has no gradient, such as a class")  # fmt: skip
    notes = [
        f"{len(g.rows):,} of {g.size:,} numbers of {g.name} were compared"
        for g in gradients
        if 0 < len(g.rows) < g.size
    ]
    if aware and not all(gradients) and (told := _upstream(back, upstream)):
        notes.append(told)
    return Handwritten(tuple(gradients), tuple(notes))


def _shape(tree: Any) -> tuple[int, ...]:
    """The shape of a number, of lists in lists, or of an array.  Raises UserError if the lists are not alike."""
    found = shape(tree)
    if found is None:
        raise UserError(f"lists in a list must be of one length, got {tree!r:.80}")
    return found


def _flat(tree: Any) -> list[float]:
    return list(map(number, flatten(tree)))


def _like(tree: Any, out: Any) -> Any:
    """Floats in an array where `out` is one, of whatever kind: `mapped` makes arrays of objects."""
    if hasattr(tree, "astype"):
        return tree.astype(float)
    if not hasattr(out, "dtype"):
        return tree
    import numpy as np

    return np.float64(tree)


def _run(forward: Callable[..., Any], given: list[Any]) -> Any:
    """What forward gives for copies of the inputs."""
    out = forward(*copy.deepcopy(given))
    try:
        _flat(out)
        if isinstance(out, tuple) and any(_shape(part) or isinstance(part, dict) for part in out):
            raise TypeError  # an output and a cache, or a loss and its gradient
    except TypeError:
        values = any(hasattr(x, "__apply__") for x in flatten(out))
        hint = ("for what is computed with Values there is gradcheck" if values
                else "if it gives a cache as well, check lambda *xs: forward(*xs)[0]")  # fmt: skip
        raise UserError(f"forward must give a number, a list or an array of numbers, got {type(out).__name__} "
                        f"{out!r:.80}: {hint}") from None  # fmt: skip
    return out


def _compared(name: str, ours: Any, forward: Any, given: list[Any], i: int, upstream: list[float], entries: int,
              rng: random.Random) -> Gradient:  # fmt: skip
    """One gradient beside differences: its shape first, then its numbers."""
    point, right = _flat(given[i]), _shape(given[i])
    try:
        mine, got = _flat(ours), _shape(ours)
    except TypeError:
        what = f"{type(ours).__name__} {ours!r:.80}"
        raise UserError(f"{name} must be a number, a list or an array of numbers, got {what}") from None

    def at(xs: list[float]) -> Probe:
        pushed = _like(unflatten(given[i], xs), given[i])
        terms = [u * y for u, y in zip(upstream, _flat(_run(forward, [*given[:i], pushed, *given[i + 1 :]])))]
        return Probe(math.fsum(terms), EPS * math.fsum(map(abs, terms)))

    center = at(point)
    if got == right and len(mine) != len(point):  # of a dict
        return Gradient(name, right, (), len(point), f"it has {len(mine)} numbers and should have {len(point)}")
    if got != right:
        if len(point) <= entries:
            return Gradient(name, right, (), len(point), _misshapen(mine, got, right, at, point))
        return Gradient(name, right, (), len(point), f"its shape is {got} and should be {right}")
    chosen = sorted(rng.sample(range(len(point)), entries)) if len(point) > entries else range(len(point))
    labels = [label for label, _ in leaves(name, given[i])]
    rows = [_judged(labels[k], mine[k], line_through(at, point, k), point[k], center) for k in chosen]
    bad = [r for r in rows if not r]
    if not bad:
        return Gradient(name, right, tuple(rows), len(point))
    if all(r.verdict == "unresolved" for r in bad):
        return Gradient(name, right, tuple(rows), len(point), f"at {bad[0].name} {UNSETTLED}; check another point")
    worst = max([r for r in bad if r.verdict != "unresolved"], key=lambda r: r.error)
    told = f"{len(bad):,} of {len(rows):,} numbers are wrong, " * (len(rows) > 1)
    told += f"{worst.name} is {digits_apart(worst.analytic, worst.numeric)}"
    guess = likely([r.analytic for r in rows], [r.numeric for r in rows])
    if not guess and len(right) == 2 and len(rows) == len(point) and right[0] == right[1]:
        turned = [r.numeric for r in _turned(rows, right)]
        guess = ": it is transposed" * _near([r.analytic for r in rows], turned)
    return Gradient(name, right, tuple(rows), len(point), told + guess)


def _judged(name: str, ours: float, line: Line, x: float, center: Probe) -> InputCheck:
    """One number; where f bends, which a function that is no graph does not say, any slope in between is right."""
    row = judge(name, ours, line, x, center)
    if row:
        return row
    sides = []
    for h in (2.0**-20, 2.0**-26):
        h *= max(1.0, abs(x))
        sides.append(((center.y - line(x - h).y) / h, (line(x + h).y - center.y) / h))
    (far, close) = [after - before for before, after in sides]
    lo, hi = sorted(sides[1])
    jumps = (
        abs(close) > 1e-4 * max(abs(lo), abs(hi)) and abs(close - far) < abs(close) / 4
    )  # smooth ones are 64 times less
    margin = 1e-6 * max(abs(lo), abs(hi))
    if jumps and lo - margin <= ours <= hi + margin:
        return InputCheck(name, ours, row.numeric, row.error, row.step, row.uncertainty, "kink", f"{name}: {BENDS}")
    return row


def _turned(rows: Sequence[Any], of: tuple[int, ...]) -> list[Any]:
    """A matrix, row after row, transposed."""
    return [rows[j * of[1] + k] for k in range(of[1]) for j in range(of[0])]


def _near(a: Iterable[float], b: Iterable[float]) -> bool:
    pairs = list(zip(a, b, strict=True))
    return all(abs(x - y) <= 1e-5 * max(max(map(abs, pair)) for pair in pairs) for x, y in pairs)


def _misshapen(mine: list[float], got: tuple[int, ...], right: tuple[int, ...], at: Any, point: list[float]) -> str:
    """What happened to a gradient of another shape than its input."""
    told = f"its shape is {got or 'that of a number'} and should be {right or 'that of a number'}"
    center = at(point)
    true = [judge("", 0.0, line_through(at, point, k), x, center).numeric for k, x in enumerate(point)]
    if len(got) == 2 and got[::-1] == right and _near(_turned(mine, got), true):
        return f"{told}: it is transposed"
    if len(mine) == len(true) and _near(mine, true):
        return f"{told}: the numbers are right, give them the shape of the input"
    for axis in range(len(got)):
        if _kept(got, axis) in (right, (1, *right)) or (len(right) == len(got) and right[axis] == 1):
            inner = math.prod(got[axis + 1 :])
            sums = [0.0] * (len(mine) // got[axis])
            for k, x in enumerate(mine):
                sums[k // (inner * got[axis]) * inner + k % inner] += x
            if len(sums) == len(true) and _near(sums, true):
                return f"{told}: forgot to sum over axis {axis}, along which the input was used {got[axis]} times"
    return told


def _kept(of: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return of[:axis] + of[axis + 1 :]


def _upstream(back: Callable[[Any], list[Any]], upstream: Any) -> str:
    """Whether a backward pass is proportional to the upstream gradient, as it must be."""
    double = upstream * 2.0 if hasattr(upstream, "dtype") else mapped(lambda u: 2.0 * u, upstream)
    once, twice = [[x for g in back(u) if g is not None for x in _flat(g)] for u in (upstream, double)]
    if once == twice and any(once):
        return "backward gives the same whatever the upstream gradient is: multiply by it"
    if len(once) == len(twice) and not _near([2 * x for x in once], twice):
        return "twice the upstream gradient must give twice the gradients, and here it does not"
    return ""
