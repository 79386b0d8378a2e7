"""Parts of the loss that keep weights small: whether they do, and whether they leave anything to learn.

>>> w = [Value(3.0, label="w0"), Value(-4.0, label="w1")]
>>> loss = (w[0] * 2.0 + w[1] - 1.0) ** 2 + 0.1 * (w[0] ** 2 + w[1] ** 2)
>>> sorted(round(p.size, 6) for p in penalties(Evidence(loss)))
[0.9, 1.6]
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .. import ops
from ..engine import Value, chain_rule
from ..names import is_constant
from ..words import brief, plural
from .evidence import Evidence, found_once
from .findings import Findings
from .limits import BROKEN, severity
from .outputs import judged, learned, terms


class Penalty(NamedTuple):
    """One part of the loss that grows with the size of some weights, and with nothing else."""

    node: Value
    coefficient: float
    size: float
    weights: frozenset[Value]


NOBODY: frozenset[Value] = frozenset()


@found_once
def penalties(e: Evidence) -> list[Penalty]:
    """The parts of the loss that are made of squares or sizes of weights alone; none if no outputs are judged."""
    parts = terms(e) if judged(e) else []
    return [Penalty(n, c, c * e.value(n), ws) for c, n in parts if (ws := _of(e, n))]


def _of(e: Evidence, n: Value) -> frozenset[Value]:
    """The weights of which a node is a square, a size, or a sum of such; none if it is anything else."""
    if n.op in (ops.square, ops.abs) or (n.op.recipe[:1] == (ops.power,) and n.op.recipe[1][0] % 2 == 0):
        return _or_weight(e, n.parents[0])
    if n.op is ops.mul:
        factors = _factors(n)
        rest = [f for f in factors if f.parents or f in e.trainable]  # but for numbers that are held fixed
        twice = [f for f in rest if factors.count(f) == 2]
        others = [f for f in rest if f not in twice and f.parents]
        if twice and not others:
            return _or_weight(e, twice[0])
        return _of(e, others[0]) if len(others) == 1 and not twice else NOBODY
    if n.op is ops.dot:
        k = len(n.parents) // 2
        same = not len(n.parents) % 2 and n.parents[:k] == n.parents[k:]
        return frozenset(n.parents[:k]) if same and e.trainable.issuperset(n.parents) else NOBODY
    if n.op in (ops.add, ops.sum):
        parts = [_of(e, p) for p in n.parents if p.parents or e.value(p)]
        return frozenset().union(*parts) if parts and all(parts) else NOBODY
    return _of(e, n.parents[0]) if n.op is ops.sqrt else NOBODY


def _or_weight(e: Evidence, n: Value) -> frozenset[Value]:
    return frozenset([n]) if n in e.trainable else _of(e, n) if n.parents else NOBODY


def _factors(n: Value) -> list[Value]:
    """What a product multiplies, also one after the other."""
    found: list[Value] = []
    stack = [n]
    while stack:
        n = stack.pop()
        if n.op is ops.mul and len(found) + len(stack) < 8:
            stack += n.parents
        elif not is_constant(n):
            found.append(n)
    return found


def _pull(e: Evidence, parts: list[Penalty]) -> dict[Value, float]:
    """The gradient that these parts alone give each of their weights."""
    together = Value(0.0)
    together.parents = tuple([p.node for p in parts])
    coefficients = [p.coefficient for p in parts]
    totals = chain_rule(together, 1.0, lambda n: coefficients if n is together else e.slopes[n])
    return {w: float(totals.get(w, 0.0)) for part in parts for w in part.weights}


def lowered(e: Evidence) -> Findings:
    """A penalty with the wrong sign: the larger the weights, the smaller the loss."""
    wrong = [p for p in penalties(e) if p.size < 0]
    if not wrong:
        return
    pull = _pull(e, wrong)
    w = max(pull, key=lambda w: abs(pull[w]))
    along = math.fsum(e.value(w) * d for w, d in pull.items())
    yield e.finding(
        "regularisation lowers the loss",
        BROKEN,
        f"{plural(len(wrong), 'part')} of the loss, of {plural(len(pull), 'weight')}, such as "
        f"{e.called(wrong[0].node)}",
        f"{'it takes' if len(wrong) == 1 else 'they take'} {brief(-sum(p.size for p in wrong))} off the loss; w · "
        f"d(penalty)/dw adds up to {brief(along)}",
        f"a step against the gradient moves {e.names.term(w)} = {brief(e.value(w))} by -rate × {brief(pull[w])}, "
        "away from 0, and the more the larger it is. A sum of k-th powers has w · d/dw = k times itself, so this "
        "number is positive for every penalty that keeps weights small. Here the loss has no lowest point",
        "add the penalty, do not subtract it: loss + losses.l2(model.parameters(), alpha=1e-4) with alpha above 0. "
        "CS231n: to add regularisation must make the loss larger",
        wrong[0].node,
        {"penalty": sum(p.size for p in wrong), "along": along},
        [e.names.term(w) for w in list(pull)[:20]],
    )


def outweighs(e: Evidence) -> Findings:
    """A penalty that pulls at the weights far more than the data do, and is far larger than the rest of the loss.

    That it pulls as much is no fault: wherever training has come to rest, the two are equal and opposite.
    """
    parts = [p for p in penalties(e) if p.size > 0]
    if not parts:
        return
    pull = _pull(e, parts)
    ours = math.hypot(*pull.values())
    theirs = math.hypot(*[float(e.totals.get(w, 0.0)) - d for w, d in pull.items()])
    penalty = sum(p.size for p in parts)
    rest = e.value(e.root) - penalty
    ratio = min(ours / theirs if theirs else math.inf, penalty / rest if rest > 0 else math.inf)
    if not (how := severity("penalty", ratio)) or learned(e):
        return
    w = max(pull, key=lambda w: abs(pull[w]))
    yield e.finding(
        "regularisation outweighs the data",
        how,
        f"{plural(len(parts), 'part')} of the loss, of {plural(len(pull), 'weight')}, such as "
        f"{e.called(parts[0].node)}",
        f"the penalty is {brief(penalty)} and the rest of the loss {brief(rest)}; its gradient over these weights "
        f"has the length {brief(ours)}, that of the rest {brief(theirs)}",
        f"gradients add: of d(loss)/d({e.names.term(w)}) = {brief(e.totals[w])}, {brief(pull[w])} come from the "
        f"penalty and {brief(float(e.totals[w]) - pull[w])} from the data. The steps go to 0, whatever the data say",
        "a smaller alpha: losses.l2(model.parameters(), alpha=1e-4), or 1e-3. CS231n: first without regularisation, "
        "until twenty samples are learned by heart; then as much as makes the loss a little larger",
        parts[0].node,
        {"penalty": penalty, "rest": rest, "ratio": ratio},
        [e.names.term(w) for w in list(pull)[:20]],
    )
