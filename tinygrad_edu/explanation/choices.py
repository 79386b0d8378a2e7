"""What passes a random choice, and how: a score, or, along a path, the gradient.

>>> from tinygrad_edu.stochastic import Bernoulli, surrogate
>>> from tinygrad_edu.words import sentence
>>> p = Value(0.25, label="p")
>>> b = Bernoulli(p).sample(noise=0.1)
>>> b.label = "b"
>>> walk = Walk(surrogate(3 * b))
>>> [told] = choice_notes(walk, walk.order)
>>> print("\\n".join(sentence(told)))
b = 1 was drawn from Bernoulli(p): its local gradient is 0, and no gradient
passes. The surrogate loss hands p the score × the cost: d(log p(b))/dp × 3 = 4
× 3 = 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from .. import chance, ops
from ..blocks import joined
from ..engine import Value
from ..words import brief, elided, plural
from .walk import Walk

MOST = 4


def choice_notes(walk: Walk, nodes: Iterable[Value]) -> list[str]:
    """A sentence or two on each random choice among some nodes; of many, on the first."""
    scores = {c: n for n in walk.order if (c := getattr(n, "scores", None)) is not None}
    carried: dict[Value, str] = {c: vars(n)["said"] for n in walk.order for c in getattr(n, "carries", ())}
    found: dict[Any, Callable[[], str]] = {}
    for n in nodes:
        if chance.is_choice(n):
            said = carried.get(n, getattr(n, "said", ""))
            found[n] = partial(_path, walk, n) if chance.passes(n) else partial(_score, walk, n, scores.get(n), said)
        elif hasattr(n, "stands_for"):  # several may stand for one choice, in the order of its outcomes
            others = [m for m in walk.order if getattr(m, "stands_for", None) is n.stands_for]
            found.setdefault(n.stands_for, partial(_in_place, walk, others))
    more = len(found) - MOST
    told = [tell() for tell in [*found.values()][:MOST]]
    return [*told, *[f"… and {plural(more, 'more random choice')}."] * (more > 0)]


def _in_place(walk: Walk, nodes: list[Value]) -> str:
    names = ", ".join(elided(nodes, MOST, lambda n: f"{walk.names[n]} = {brief(walk.value(n))}"))
    of: Any = nodes[0].stands_for  # type: ignore[attr-defined]
    ps = [p for p in of.parameters if isinstance(p, Value) and p in walk.names]
    who = walk.names[ps[0]] if len(ps) == 1 else "each parameter"
    return (
        f"{names} {'stand' if len(nodes) > 1 else 'stands'} in the place of a choice from {walk.names.told(of)}: "
        f"{nodes[0].said.format(who)}."  # type: ignore[attr-defined]
    )


def _drawn(walk: Walk, n: Value) -> str:
    return f"{walk.names[n]} = {brief(walk.value(n))} was drawn from {walk.names.drawn(n)}"


def _slopes(walk: Walk, n: Value) -> list[tuple[str, float]]:
    """The parameters that are nodes to talk about, each with what moves with it."""
    return [
        (walk.names.term(p), d)
        for p, d in zip(chance.of(n).parameters, chance.slopes(n))
        if isinstance(p, Value) and p in walk.names
    ]


def _path(walk: Walk, n: Value) -> str:
    name = walk.names.term(n)
    ways = ", ".join([f"d{name}/d{p} = {brief(d)}" for p, d in _slopes(walk, n)])
    formula = (chance.of(n).path.__doc__ or "").strip(" .")
    return (
        f"{_drawn(walk, n)}, pathwise: it is {formula}, and the noise is "
        f"{brief(walk.value(n.noise))}. " + (f"So gradients pass: {ways}." if ways else "So gradients pass.")  # type: ignore[attr-defined]
    )


def _score(walk: Walk, n: Value, score: Value | None, said: str) -> str:
    told, slopes = f"{_drawn(walk, n)}: its local gradient is 0, and no gradient passes.", _slopes(walk, n)
    if not slopes:
        return told
    each = "each parameter" if len(slopes) > 1 else slopes[0][0]
    if score is None and said:
        return f"{told} {said.format(each)}"
    if score is None:
        return f"{told} What {each} should get is the score × the cost: stochastic.surrogate(cost) hands it on."
    weight = score.parents[1].op
    cost = (
        "what its Q expects"
        if weight.name.startswith("Q ")
        else "the cost" + " less its baseline" * (weight is ops.sub)
    )
    factors = [score.numbers[2], *[g for g in [walk.totals[score]] if g != 1]]
    name = walk.names.term(n)
    ways = [
        f"d(log p({name}))/d{p} × {joined(factors, '×')} = {joined([d, *factors], '×')} = "
        f"{brief(d * score.numbers[2] * walk.totals[score])}"
        for p, d in slopes
    ]
    return f"{told} The surrogate loss hands {each} the score × {cost}: {'; '.join(ways)}."
