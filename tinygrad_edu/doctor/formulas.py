"""Formulas that lose digits or overflow at these numbers, with the row to use instead; a softmax or sigmoid too many.

What is looked for is a formula and a number: log(sigmoid(x)) is right as long as sigmoid(x) is far from 0, and then
nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .. import ops
from ..engine import Value
from ..words import brief, plural
from .evidence import Evidence
from .findings import Findings
from .limits import BROKEN, LOOK, severity

EPS = 2.0**-53


class Recipe(NamedTuple):
    """A formula that is right on paper: which nodes are one, which limit judges it, and what to write instead."""

    what: str
    number: Callable[[Value], float | None]  # what to judge, None if the node is no such formula
    limit: str
    why: str
    advice: str


def _log(n: Value) -> Value | None:
    """What a logarithm is taken of."""
    return n.parents[0] if n.op in (ops.log, ops.log2, ops.log10) else None


def _log_of_sigmoid(n: Value) -> float | None:
    p = _log(n)
    return p.numbers[0] if p is not None and p.op is ops.sigmoid else None


def _rest(n: Value) -> Value | None:
    """The p of log(1 - p), also as log1p(-p)."""
    p = _log(n)
    if p is not None and p.op is ops.sub and not p.parents[0].parents and p.parents[0].data == 1:
        return p.parents[1]
    return n.parents[0].parents[0] if n.op is ops.log1p and n.parents[0].op is ops.neg else None


def _log_of_rest(n: Value) -> float | None:
    p = _rest(n)
    return 1 - p.numbers[0] if p is not None and p.op is ops.sigmoid else None


def is_share(p: Value) -> bool:
    """Whether a node is written like a probability of a softmax: exp(x) / sum, or exp(x - logsumexp)."""
    if p.op is ops.div:
        return p.parents[0].op is ops.exp
    return p.op is ops.exp and p.parents[0].op is ops.sub and p.parents[0].parents[1].op is ops.logsumexp


def _log_of_softmax(n: Value) -> float | None:
    p = _log(n)
    return p.numbers[0] if p is not None and is_share(p) else None


def _log_of_one_and_exp(n: Value) -> float | None:
    p = _log(n)
    if n.op is ops.log1p:
        inner = n.parents[0]
    elif p is not None and p.op is ops.add:
        one, inner = p.parents if not p.parents[0].parents else p.parents[::-1]
        if one.parents or one.data != 1:
            return None
    else:
        return None
    return inner.numbers[1] if inner.op is ops.exp else None


def _exponent(n: Value) -> float | None:
    return n.numbers[1] if n.op in (ops.exp, ops.expm1) else None


RECIPES = [
    Recipe(
        "log(sigmoid(x))",
        _log_of_sigmoid,
        "small probability",
        "sigmoid(x) is exp(x) for very negative x, and below 5e-324 it is 0; its logarithm is then -inf, though "
        "log(sigmoid(x)) is about x",
        "x.logsigmoid(), or losses.binary_cross_entropy_with_logits on x itself",
    ),
    Recipe(
        "log(1 - sigmoid(x))",
        _log_of_rest,
        "rounded probability",
        "near 1 a float knows steps of 1.1e-16 only, so 1 - sigmoid(x) has lost its digits, and beyond x = 37 "
        "it is 0, with logarithm -inf",
        "(-x).logsigmoid(), for 1 - sigmoid(x) is sigmoid(-x); or losses.binary_cross_entropy_with_logits on x itself",
    ),
    Recipe(
        "log(softmax(x))",
        _log_of_softmax,
        "small probability",
        "a probability below 5e-324 is 0 and its logarithm -inf, though log(softmax(x)) = x - logsumexp(x) is "
        "an ordinary number",
        "functional.log_softmax(xs), or losses.cross_entropy(xs, target), which take the logits",
    ),
    Recipe(
        "log(1 + exp(x))",
        _log_of_one_and_exp,
        "exponent",
        "exp(x) is inf beyond x = 709.78, though log(1 + exp(x)) is about x there",
        "x.softplus()",
    ),
    Recipe(
        "exp of a large number",
        _exponent,
        "exponent",
        "exp(x) is larger than any float beyond x = 709.78, and its slope is exp(x) as well",
        "subtract the largest first: functional.softmax and logsumexp do; or scale what goes in",
    ),
]


def unstable(e: Evidence) -> Findings:
    """Formulas of `RECIPES` at numbers where they lose digits, or soon will."""
    told: set[Value] = set()
    for r in RECIPES:
        found: list[tuple[float, Value, str]] = []
        for n in e.order:
            if n.parents and n not in told and (x := r.number(n)) is not None and (how := severity(r.limit, x)):
                found.append((x, n, how))
        if not found:
            continue
        told.update(p for _, n, _ in found for p in (n, *n.parents, *(q for p in n.parents for q in p.parents)))
        x, n, how = next((f for f in found if f[2] == BROKEN), found[0])
        yield e.finding(
            f"unstable formula: {r.what}",
            how,
            f"{plural(len(found), 'place')}, such as {e.called(n)}",
            f"{e.names[n]} = {brief(e.value(n))}, of "
            + ", ".join(f"{e.called(p)} = {brief(e.value(p))}" for p in n.parents[:2]),
            r.why,
            r.advice,
            n,
            {"number": x, "places": len(found)},
            [m for _, m, _ in found],
        )


def cancelled(e: Evidence) -> Findings:
    """Differences of nearly equal numbers, where what rounding does to them can be seen in the loss."""
    worst: tuple[float, float, Value] | None = None
    count = 0
    for n in e.order:
        if n.op is not ops.sub and n.op is not ops.add:
            continue
        y, a, b = n.numbers
        large = max(abs(a), abs(b))
        if not y or not math.isfinite(large) or not all(p.parents for p in n.parents):
            continue  # from equal numbers nothing is left, and nothing wrong; what was typed in is exact
        lost = math.log10(large / abs(y))
        if lost < 4:
            continue
        share = abs(e.totals[n]) * EPS * large / abs(e.root.data) if e.root.data else 0.0
        if severity("digits lost", lost) and severity("error in the loss", share):
            count += 1
            if worst is None or share > worst[0]:
                worst = share, lost, n
    if worst is None:
        return
    share, lost, n = worst
    y, a, b = n.numbers
    error, root = EPS * max(abs(a), abs(b)), e.names[e.root]
    yield e.finding(
        "difference of nearly equal numbers",
        severity("error in the loss", share),
        f"{plural(count, 'place')}, such as {e.called(n)}",
        f"{brief(a)} and {brief(b)} agree in their first {lost:.0f} digits, of the 16 that a float has; "
        f"{16 - lost:.0f} are left in {brief(y)}",
        f"each of the two is rounded, by up to {brief(error)}, and the difference keeps that error. It changes {root} "
        f"by {brief(share)} of itself: the size of d({root})/d({e.names[n]}) is {brief(abs(e.totals[n]))}",
        "a form without the difference: expm1(x) for exp(x) - 1, log1p(x) for log(1 + x), (a - b) * (a + b) for "
        "a² - b², the mean of (x - mean)² for a variance, (-x).sigmoid() for 1 - sigmoid(x)",
        n,
        {"digits lost": lost, "share": share, "places": count},
    )


def _softmaxes(e: Evidence) -> Iterator[tuple[Value, list[Value]]]:
    """Every softmax, or logsumexp, with its logits: a node where it can be seen, and what goes in."""
    sums: dict[Value, Value] = {}
    for n in e.order:
        if n.op is ops.logsumexp:
            yield n, list(n.parents)
        elif n.op is ops.div and n.parents[0].op is ops.exp:
            sums.setdefault(n.parents[1], n)
    for total, n in sums.items():
        terms = list(_terms(total))
        if len(terms) > 1 and all(t.op is ops.exp for t in terms):
            yield n, [t.parents[0] for t in terms]


def _terms(total: Value) -> Iterator[Value]:
    """What a sum adds up, also one after the other; Python's sum() begins with a plain 0."""
    stack = [total]
    while stack:
        n = stack.pop()
        if n.op is ops.add or n.op is ops.sum:
            stack += n.parents
        elif n.parents or n.data:
            yield n


def twice(e: Evidence) -> Findings:
    """A softmax of what is a softmax already; a sigmoid, or a loss that takes logits, of what is a sigmoid already."""
    soft = [
        (n, xs)
        for n, xs in _softmaxes(e)
        if len(xs) > 1 and all(map(is_share, xs)) and abs(math.fsum(map(e.value, xs)) - 1) < 1e-6
    ]
    if soft:
        n, xs = soft[0]
        top = max(map(e.value, xs))
        best = math.exp(1) / (math.exp(1) + len(xs) - 1)
        yield e.finding(
            "softmax of a softmax",
            BROKEN,
            f"{plural(len(soft), 'place')}, such as {e.names[n]} = {n.op.name} of {e.names[xs[0]]}, …",
            f"the {len(xs)} numbers that go in lie between 0 and 1 and make 1 (the largest is {brief(top)}): they "
            "are probabilities already",
            "logits may be any numbers, but these are at most 1 apart: the largest probability that can come out "
            f"is e / (e + {len(xs) - 1}) = {brief(best)}, "
            f"and the loss stays above {brief(-math.log(best))} however well the network learns",
            "losses.cross_entropy takes the logits: leave the softmax out of the model; or take "
            "losses.categorical_cross_entropy on its probabilities",
            n,
            {"places": len(soft), "largest": best},
        )
    bent = (ops.sigmoid, ops.softplus, ops.logsigmoid)
    two = [
        (n, x)
        for n in e.order
        if n.op in bent
        and (x := n.parents[0].parents[0] if n.parents[0].op is ops.neg else n.parents[0]).op is ops.sigmoid
    ]
    if two:
        n, x = two[0]
        yield e.finding(
            "sigmoid of a sigmoid",
            BROKEN,
            f"{plural(len(two), 'place')}, such as {e.called(n)}, where {e.called(x)}",
            f"what goes in is {brief(e.value(x))}, a probability already; between 0 and 1 a sigmoid goes from 0.5 "
            "to 0.731 only",
            f"the two slopes are multiplied, {brief(e.slopes[x][0])} × {brief(e.slopes[n][0])} here and at "
            "most 1/4 × 1/4, and a confident no can never come out",
            "losses.binary_cross_entropy_with_logits takes the logit: leave the sigmoid out of the model; or take "
            "losses.binary_cross_entropy on its output",
            n,
            {"places": len(two)},
        )


def _choices(p: Value) -> set[Value]:
    """What a node may be: itself, or what a where, as of an index that was recorded, chooses from."""
    found, stack = set(), [p]
    while stack:
        n = stack.pop()
        if n not in found:
            found.add(n)
            stack += n.parents[1:] if n.op is ops.where else ()
    return found


def no_probability(e: Evidence) -> Findings:
    """log(p) and log(1 - p), of one p that nothing keeps between 0 and 1."""
    logs: dict[Value, Value] = {}
    rest: dict[Value, Value] = {}
    for n in e.order:
        if (p := _log(n)) is not None:
            logs[p] = n
        if (p := _rest(n)) is not None:
            rest[p] = n
    free = {
        p: n
        for p, n in (rest | logs).items()
        if p in e.learning and p.parents and p.op in (ops.dot, ops.add, ops.sum, ops.mul, ops.tanh, ops.relu)
    }
    free = {p: n for p, n in free.items() if (p in rest) or any(q.op is p.op for q in rest)} if rest else {}
    raw = {u.z for c in e.cells if c.weights and not c.hidden for u in c.uses if u.out is u.z}
    free |= {p: n for p, n in logs.items() if not raw.isdisjoint(_choices(p))}
    if not free:
        return
    p, n = min(free.items(), key=lambda found: e.value(found[0]))
    yield e.finding(
        "log of what is no probability",
        BROKEN if not 0 < e.value(p) < 1 else LOOK,
        f"{plural(len(free), 'place')}, such as {e.called(n)}, where {e.called(p)}",
        f"{e.names[p]} = {brief(e.value(p))} now, and nothing keeps it between 0 and 1: {p.op.name} can give any "
        "number",
        "cross-entropy is log(p) or log(1 - p), defined for 0 < p < 1 only; as p leaves that interval, the slope "
        "1 / p grows without bound and then the loss is nan",
        "losses.binary_cross_entropy_with_logits, which takes any number as a logit; or p.sigmoid() before the "
        "logarithm",
        p,
        {"value": e.value(p), "places": len(free)},
    )
