"""Whether a loss, the last activation and the targets belong together: read from what is done with the outputs."""

from __future__ import annotations

import math

from .. import ops
from ..engine import Value
from ..names import is_constant
from ..words import brief, plural
from .evidence import Evidence, Use
from .findings import Findings
from .formulas import is_share
from .limits import BROKEN, LOOK, severity
from .outputs import output_units

NAME = "loss and last activation do not match"
ANY = (-math.inf, math.inf)
Span = tuple[float, float]


def squared(e: Evidence) -> Findings:
    """Squared errors of probabilities, for targets that are 0 and 1 alone."""
    found: list[tuple[Value, float]] = []
    for n in e.order:
        if n.op is ops.sub and n.parents and n not in e.feeding and n in e.learning:
            p, t = n.parents if _is_number(e, n.parents[1]) else n.parents[::-1]
            if _is_number(e, t) and (p.op is ops.sigmoid or is_share(p)) and p in e.learning and _is_squared(e, n):
                found.append((p, e.value(t)))
    if len(found) < 4 or {t for _, t in found} != {0.0, 1.0}:
        return
    p, wanted = max(found, key=lambda f: abs(e.value(f[0]) - f[1]))
    y = e.value(p)
    off = y - wanted
    slope = y * (1 - y)
    soft = p.op is not ops.sigmoid
    yield e.finding(
        NAME,
        LOOK,
        f"squared errors of {len(found):,} probabilities with targets 0 and 1, such as {e.called(p)}",
        f"{e.names[p]} = {brief(y)} for a target of {brief(wanted)}: the error is {brief(off)}, the slope of the "
        f"{'softmax' if soft else 'sigmoid'} s(1 - s) = {brief(slope)}, and their product {brief(off * slope)}",
        "the gradient of a squared error has the extra factor s(1 - s), at most 1/4 and next to 0 where an output is "
        "surest: the more confident and wrong, the less it learns. With cross-entropy the factor cancels and p - t is "
        "left",
        "losses.cross_entropy on the logits, without the softmax"
        if soft
        else "losses.binary_cross_entropy_with_logits on the weighted sum, without the sigmoid",
        p,
        {"outputs": len(found), "slope": slope},
        [p for p, _ in found],
    )


def _is_number(e: Evidence, n: Value) -> bool:
    """Whether a leaf is no weight: a plain number, or an argument of a replayed function."""
    return not n.parents and n not in e.trainable


def _is_squared(e: Evidence, n: Value) -> bool:
    """Whether a node is read as a square alone."""
    for r in e.readers.get(n, []):
        k = len(r.parents) // 2
        twice = r.op in (ops.mul, ops.dot) and r.parents[:k] == r.parents[k:]
        if not (r.op is ops.square or r.op.recipe == (ops.power, (2,)) or twice):
            return False
    return n in e.readers


def margins(e: Evidence) -> Findings:
    """Margins that no output can reach, as it is bounded; and margins that no output moves, as the target is 0."""
    spans: dict[Value, Span] = {}
    out = {u.z for c in output_units(e) for u in c.uses}
    never: list[tuple[Value, Span]] = []
    zero: list[tuple[Value, Value]] = []
    total = 0
    for n in e.order:
        if not n.parents or n in e.feeding or n not in e.learning:
            continue
        spans[n] = _span(e, n, spans)
        x = n.parents[0]
        if n.op in (ops.relu, ops.softplus) or (n.op is ops.maximum and is_constant(n.parents[1])):
            total += 1
            low, high = spans.get(x, ANY)
            if low == high and (z := _silenced(e, x, out)) is not None:  # not a mask that picks one of several
                zero.append((n, z))
            elif n.op is not ops.softplus and high < math.inf and low >= (0 if n.op is ops.relu else n.numbers[2]):
                never.append((n, (low, high)))
    if never and len(never) == total:
        n, (low, high) = never[0]
        x = n.parents[0]
        yield e.finding(
            NAME,
            LOOK,
            f"{plural(len(never), 'margin')}, such as {e.called(n)}",
            f"{e.names[x]} = {brief(e.value(x))}, and whatever the network says, it lies between {brief(low)} and "
            f"{brief(high)}: the outputs are bounded",
            f"a margin loss lets a sample alone once its score is beyond the margin. These scores cannot go beyond: "
            f"{n.op.name} stays open, and right samples pull as hard as wrong ones, until the last activation is flat",
            "scores without bounds: leave the sigmoid, softmax or tanh out of the model, and take losses.hinge or "
            "multiclass_hinge on the weighted sums; or keep it and take a cross-entropy",
            n,
            {"margins": len(never)},
            [n for n, _ in never],
        )
    if zero:
        n, z = zero[0]
        yield e.finding(
            "loss and targets do not match",
            BROKEN,
            f"{len(zero)} of {plural(total, 'margin')}, such as {e.called(n)}",
            f"the target is 0 there: {e.names[n.parents[0]]} = {brief(e.value(n.parents[0]))}, whatever "
            f"{e.names[z]} = {brief(e.value(z))} says",
            f"target × score with a target of 0 is 0, and d/d(score) = target = 0: the samples of that class teach "
            f"nothing, though each adds {brief(e.value(n))} to the loss",
            "targets -1 and 1 for a margin: 2 * t - 1 makes them of 0 and 1; losses.hinge asks for them",
            n,
            {"silenced": len(zero), "of": total},
            [n for n, _ in zero],
        )


def _span(e: Evidence, n: Value, spans: dict[Value, Span]) -> Span:
    """Between which numbers a node lies whatever the weights are; constants are what they are."""
    if n.op is ops.sigmoid or is_share(n):
        return 0.0, 1.0
    if n.op in (ops.tanh, ops.softsign):
        return -1.0, 1.0

    def of(p: Value) -> Span:
        return (e.value(p),) * 2 if _is_number(e, p) else spans.get(p, ANY)

    def times(a: Span, b: Span) -> Span:
        products = [x * y if x and y else 0.0 for x in a for y in b]
        return min(products), max(products)

    if n.op in (ops.add, ops.sum):
        return math.fsum(of(p)[0] for p in n.parents), math.fsum(of(p)[1] for p in n.parents)
    if n.op is ops.sub:
        a, b = map(of, n.parents)
        return a[0] - b[1], a[1] - b[0]
    if n.op is ops.neg:
        a = of(n.parents[0])
        return -a[1], -a[0]
    if n.op is ops.mul:
        return times(*map(of, n.parents))
    if n.op is ops.dot:
        k = len(n.parents) // 2
        parts = [times(of(a), of(b)) for a, b in zip(n.parents, n.parents[k:])][:k]
        parts += [of(n.parents[-1])] * (len(n.parents) % 2)
        return math.fsum(a for a, _ in parts), math.fsum(b for _, b in parts)
    return ANY


def _silenced(e: Evidence, x: Value, out: set[Value]) -> Value | None:
    """The output that a margin multiplies by a plain 0, if it does nothing else with it."""
    stack, seen = [x], 0
    while stack and seen < 8:
        n, seen = stack.pop(), seen + 1
        if n.op in (ops.mul, ops.dot):
            k = len(n.parents) // 2
            for a, b in zip(n.parents[:k], n.parents[k:]):
                for t, s in ((a, b), (b, a)):
                    if _is_number(e, t) and e.value(t) == 0 and (s in out or out & set(s.parents)):
                        return s
        elif n.op in (ops.add, ops.sub, ops.neg, ops.sum):
            stack += n.parents
    return None


def shares(e: Evidence) -> Findings:
    """A cross-entropy whose targets are no shares, such as -1: then the loss has no lowest point."""
    logs: dict[Value, list[Value]] = {}
    for n in e.order:
        if n.op is ops.log and n not in e.feeding and n in e.learning:
            p = n.parents[0]
            one = p.op is ops.sub and is_constant(p.parents[0]) and e.value(p.parents[0]) == 1
            logs.setdefault(p.parents[1] if one else p, [n, n])[one] = n
        elif n.op is ops.log1p and n.parents[0].op is ops.neg:
            logs.setdefault(n.parents[0].parents[0], [n, n])[1] = n
        elif n.op in (ops.softplus, ops.logsigmoid) and n not in e.feeding:
            z, minus = n.parents[0], n.parents[0].op is ops.neg
            logs.setdefault(z.parents[0] if minus else z, [n, n])[minus == (n.op is ops.logsigmoid)] = n
    found: list[tuple[float, Value, Value]] = []
    for p, (yes, no) in logs.items():
        if yes is no or yes.op is not no.op and ops.log1p not in (yes.op, no.op):
            continue
        a, b = float(e.totals[yes]), float(e.totals[no])
        if a + b and not -0.5 < (t := a / (a + b)) < 1.5:
            found.append((t, p, yes))
    if not found:
        return
    t, p, n = found[0]
    yield e.finding(
        "loss and targets do not match",
        BROKEN,
        f"{plural(len(found), 'sample')} of {len(logs):,}, such as {e.called(n)}",
        f"the two logarithms of {e.names[p]} count {brief(t)} and {brief(1 - t)}: its target is {brief(t)}",
        "cross-entropy is -t·log(p) - (1 - t)·log(1 - p) for a share t from 0 to 1. Beyond, one of the two counts "
        "negative, and the loss falls without end as p goes to 0 or 1: no gradient ever says that it is enough",
        "targets 0 and 1: (t + 1) / 2 makes them of -1 and 1; losses.binary_cross_entropy asks for them. For -1 and 1 "
        "there is losses.hinge",
        n,
        {"target": t, "samples": len(found)},
        [p for _, p, _ in found],
    )


RANGES = {ops.relu: (0.0, math.inf), ops.sigmoid: (0.0, 1.0), ops.tanh: (-1.0, 1.0), ops.softsign: (-1.0, 1.0)}


def _bent(e: Evidence) -> list[Use]:
    """The outputs whose last activation has a range."""
    return [
        u for c in output_units(e) for u in c.uses if u.bend is not None and u.bend is u.out and u.bend.op in RANGES
    ]


def one_sided(e: Evidence) -> Findings:
    """Logits that are never negative: relu of the outputs, under a sigmoid or softmax."""
    reads = (ops.softplus, ops.logsigmoid, ops.sigmoid, ops.logsumexp)
    found: list[tuple[Use, Value]] = []
    for u in _bent(e):
        readers = e.readers.get(u.out, [])
        readers = [*readers, *[r for n in readers if n.op is ops.neg for r in e.readers.get(n, [])]]
        reader = next((r for r in readers if r.op in reads), None)
        if u.out.op is ops.relu and reader is not None:
            found.append((u, reader))
    if not found:
        return
    u, reader = found[0]
    name, op = e.names[u.out], u.out.op.name
    yield e.finding(
        NAME,
        BROKEN,
        f"{plural(len(found), 'logit')}, such as {e.called(u.out)}",
        f"{name} = {brief(e.value(u.out))}, of the weighted sum {brief(e.value(u.z))}; {e.called(reader)} takes it "
        f"as a logit, and {op} never gives a negative one",
        "a logit below 0 says that something is less likely than not, and these end at 0: sigmoid(0) = 1/2 is the "
        f"surest no. Where the sum is below 0 the slope of {op} is {brief(u.slope) if e.value(u.z) < 0 else 'small'}, "
        "and the sample teaches nothing",
        f'no activation after the last layer: MLP(..., output="linear"), not {op}; the loss has its own',
        u.out,
        {"logits": len(found)},
        dict.fromkeys(c.name for c in output_units(e)),
    )


def out_of_reach(e: Evidence) -> Findings:
    """Targets of a difference that lie where the last activation cannot go."""
    found: list[tuple[float, Use, float]] = []
    count = 0
    for u in _bent(e):
        low, high = RANGES[u.out.op]
        for n in e.readers.get(u.out, []):
            others = [p for p in n.parents if p is not u.out and not p.parents and p not in e.trainable]
            if n.op is ops.sub and n not in e.feeding and others:
                count, t = count + 1, e.value(others[0])
                if beyond := max(low - t, t - high, 0.0):
                    found.append((beyond, u, t))
    if not found or not (how := severity("out of reach", len(found) / count)):
        return
    beyond, u, t = max(found, key=lambda f: f[0])
    low, high = RANGES[u.out.op]
    yield e.finding(
        "labels do not fit the outputs",
        how,
        f"{len(found)} of {plural(count, 'target')}, for {e.called(u.out)}",
        f"a target is {brief(t)}, and {u.out.op.name} gives numbers from {brief(low)} to {brief(high)} only: the "
        f"error there is {brief(beyond)} at least",
        "the loss pulls the output on beyond its range for ever, and what it reaches is the flat end of the "
        f"activation, where the slope is 0: here it is {brief(u.slope)}",
        'no activation after the last layer: MLP(..., output="linear"); or targets that are scaled into its range',
        u.out,
        {"share": len(found) / count, "beyond": beyond},
        dict.fromkeys(c.name for c in output_units(e)),
    )
