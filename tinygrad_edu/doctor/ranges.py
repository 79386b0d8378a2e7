"""What the last activation can give, against what the loss reads it as: logits of one sign, targets out of reach."""

from __future__ import annotations

import math

from .. import ops
from ..engine import Value
from ..words import number, plural
from .agreement import NAME
from .evidence import Evidence, Use
from .findings import Findings
from .limits import BROKEN, severity
from .outputs import outputs

RANGES = {ops.relu: (0.0, math.inf), ops.sigmoid: (0.0, 1.0), ops.tanh: (-1.0, 1.0), ops.softsign: (-1.0, 1.0)}


def _bent(e: Evidence) -> list[Use]:
    """The outputs whose last activation has a range."""
    return [u for c in outputs(e) for u in c.uses if u.bend is not None and u.bend is u.out and u.bend.op in RANGES]


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
        f"{name} = {number(e.value(u.out))}, of the weighted sum {number(e.value(u.z))}; {e.called(reader)} takes it "
        f"as a logit, and {op} never gives a negative one",
        "a logit below 0 says that something is less likely than not, and these end at 0: sigmoid(0) = 1/2 is the "
        f"surest no. Where the sum is below 0 the slope of {op} is {number(u.slope) if e.value(u.z) < 0 else 'small'}, "
        "and the sample teaches nothing",
        f'no activation after the last layer: MLP(..., output="linear"), not {op}; the loss has its own',
        u.out,
        {"logits": len(found)},
        dict.fromkeys(c.name for c in outputs(e)),
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
        f"a target is {number(t)}, and {u.out.op.name} gives numbers from {number(low)} to {number(high)} only: the "
        f"error there is {number(beyond)} at least",
        "the loss pulls the output on beyond its range for ever, and what it reaches is the flat end of the "
        f"activation, where the slope is 0: here it is {number(u.slope)}",
        'no activation after the last layer: MLP(..., output="linear"); or targets that are scaled into its range',
        u.out,
        {"share": len(found) / count, "beyond": beyond},
        dict.fromkeys(c.name for c in outputs(e)),
    )
