"""Where something stops being finite: the first value and the first gradient, what led there, and how far it spread."""

from __future__ import annotations

import math

from .. import ops
from ..engine import Value
from ..infinities import first_edge, interval
from ..words import brief, plural
from .evidence import Evidence
from .findings import Findings
from .limits import BROKEN

BEFORE = 5  # nodes that led there


def stays_finite(e: Evidence) -> bool:
    """Whether the loss and every gradient are; an infinity that comes to nothing, as in a mask, is no fault."""
    return math.isfinite(e.root.data) and all(map(math.isfinite, e.totals.values()))


def values(e: Evidence) -> Findings:
    """The first node whose value is nan or inf, though those of its inputs are not."""
    if math.isfinite(e.value(e.root)):
        return  # what is infinite on the way has come to nothing
    bad = {n for n in e.order if not math.isfinite(e.value(n))}
    first = next((n for n in e.order if n in bad and _begins(n)), None)
    if first is None:
        return
    y = brief(e.value(first))
    spread = f"{plural(len(bad), 'node')} of {len(e.order):,} {'are' if len(bad) > 1 else 'is'} nan or inf" + (
        f", {e.names[e.root]} among them" if e.root in bad and first is not e.root else ""
    )
    given = ", ".join(dict.fromkeys(f"{e.names[p]} = {brief(x)}" for p, x in zip(first.parents, first.numbers[1:])))
    yield e.finding(
        f"{y} begins here",
        BROKEN,
        e.called(first) if first.parents else f"{e.names[first]}, which nothing computed",
        (f"{e.names[first]} = {y}" + (f", with {given}" if given else "") + f"; {spread}{_led(e, first)}"),
        _why(e, first)
        if first.parents
        else "every operation on nan gives nan, and every slope at it is nan: all that reads it is lost",
        _instead(first)
        if first.parents
        else "look at the data, or at the step that made this number: a learning rate that is too large ends so",
        first,
        {"value": e.value(first), "spread": len(bad), "of": len(e.order)},
    )


def _begins(n: Value) -> bool:
    """Whether no input explains a value that is not finite: nans make nans, and infinities either."""
    y, xs = (n.numbers or (n.data,))[0], n.numbers[1:]
    return not any(x != x if y != y else math.isinf(x) for x in xs)


def _led(e: Evidence, n: Value) -> str:
    """The nodes before one, the largest input each time, with their sizes; none if there is but one."""
    way, at = [n], n
    while len(way) <= BEFORE and any(p.parents for p in at.parents):
        inputs = [p for p in at.parents if p.parents]
        at = max(inputs, key=lambda p: abs(e.value(p)) if e.value(p) == e.value(p) else math.inf)
        way.append(at)
    told = [f"{e.names[p]} = {brief(e.value(p))}" for p in way[:0:-1]]
    return f"; on the way there {' → '.join(told)} → {e.names[n]}" if len(told) > 1 else ""


def _why(e: Evidence, n: Value) -> str:
    outside = [
        f"{e.names[p]} = {brief(x)} is not inside {interval(d)}"
        for p, x, d in zip(n.parents, n.numbers[1:], [d for d in n.op.domain if d is not ...])
        if not d[0] < x < d[1]
    ]
    inside = ", ".join(dict.fromkeys(interval(d) for d in n.op.domain if d not in (..., ops.REAL)))
    if outside:
        return f"{n.op.name} is defined on {inside}, and {outside[0]}"
    if n.op in (ops.div, ops.reciprocal, ops.rsqrt) or n.op.recipe[:1] == (ops.power,):
        return "a division by 0, or by what is nearly 0, has no finite value"
    if e.value(n) != e.value(n):
        return "infinity minus infinity, or 0 times infinity, has no value"
    return f"{n.op.name} of these numbers is larger than 1.8e308, where floats end"


def _instead(n: Value) -> str:
    name, x = n.op.name, n.parents[0]
    if n.op is ops.log and x.op is ops.sigmoid:
        return "logsigmoid(x) in place of log(sigmoid(x)): it is x itself where sigmoid(x) is 0"
    if n.op in (ops.log, ops.log2, ops.log10, ops.log1p):
        return (
            "keep its input above 0: from logits take losses.cross_entropy or binary_cross_entropy_with_logits, "
            "which never take the log of a probability"
        )
    if n.op in (ops.exp, ops.exp2, ops.expm1, ops.sinh, ops.cosh):
        return f"logsumexp, softplus or functional.softmax, which overflow nowhere; or keep the input of {name} small"
    if n.op in (ops.sqrt, ops.rsqrt, ops.pow, ops.asin, ops.acos, ops.atanh, ops.acosh, ops.logit, ops.erfinv):
        return (
            f"keep the input of {name} inside its domain: add a small number under a root, or clip before it "
            "and know that the gradient ends there"
        )
    if n.op in (ops.div, ops.reciprocal):
        return "add a small number to what is divided by"
    return "smaller numbers: a smaller learning rate, smaller initial weights, inputs scaled to mean 0 and variance 1"


def gradients(e: Evidence) -> Findings:
    """The first gradient that is nan or inf of a finite loss: an infinite slope, 0 times infinity, or one too large."""
    bad = [n for n in e.order if not math.isfinite(e.totals[n])]
    if (
        not bad
        or not math.isfinite(e.root.data)
        or (found := first_edge(e.order, e.totals, e.slopes.__getitem__)) is None
    ):
        return
    n, i, up, d, before = found
    p = n.parents[i]
    at = f"{brief(up)} × {brief(d)} = {brief(up * d)}"
    harmed = [e.names[b] for b in bad if not b.parents and b in e.names]
    if up == 0 and not math.isfinite(d):
        what, row = "0 × inf", n.op.name if len(n.parents) == 1 and n.op.name.isidentifier() else "log"
        why = (
            f"nothing comes back to {e.names[n]}, its upstream gradient is 0; but its slope is {brief(d)} there, and "
            f"{at}: zero times infinity has no value. A mask that multiplies by 0 does not help: the branch that it "
            "hides is computed, and so is its slope"
        )
        advice = (
            f"choose the input before the operation and not its result after it: {row}(where(c, x, 1.0)) in place of "
            f"c * {row}(x); where(c, f, g) itself is safe here, for a branch that was not taken passes on an "
            "absolute zero"
        )
    elif not math.isfinite(d):
        what, at_p = f"slope {brief(d)}", f"{e.names[p]} = {brief(e.value(p))}"
        why = f"the local gradient {e.local(n, i)} of {e.called(n)} is {brief(d)} at {at_p}"
        advice = _instead(n)
    else:
        what = "gradient too large"
        why = f"{at}, added to {brief(before)}: larger than 1.8e308, where floats end"
        advice = 'init="xavier" or "he", fewer layers or steps, a bound on the norm of the gradient'
    yield e.finding(
        f"gradient stops being finite: {what}",
        BROKEN,
        f"on the edge {e.names[n]} → {e.names[p]}, {e.called(n)}",
        f"{at}; {plural(len(bad), 'gradient')} of {len(e.order):,} {'are' if len(bad) > 1 else 'is'} nan or inf"
        + (f", {'those' if len(harmed) > 1 else 'that'} of {', '.join(harmed[:4])} among them" if harmed else ""),
        why,
        advice,
        n,
        {"upstream": up, "local": d, "spread": len(bad)},
        (n, p),
    )
