"""The surrogate loss: its value is the cost, and its `backward()` leaves an unbiased gradient of the expected cost.

>>> import random
>>> from tinygrad_edu.stochastic import Bernoulli
>>> t, rng = Value(0.3, label="t"), random.Random(0)
>>> for _ in range(4000):
...     b = Bernoulli(t).sample(rng)
...     surrogate((b - 0.45) ** 2).backward()
>>> abs(t.grad / 4000 - 0.1) < 0.05  # the exact one is 0.1
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import chance, ops, tracing
from .. import functional as F
from ..engine import Value, topological
from ..errors import UserError
from .distributions import gauss, generator, sampled, usable
from .estimators import Score, log_probability
from .rows import hold, score
from .substitution import Influence, choices, costs_of, substituted, terms_of

PLAIN = Score()
DICE = "The surrogate loss hands {} the score × the cost, by a factor of the cost that is 1: exp(logp - hold(logp))."


def surrogate(costs: Any, *, estimator: Any = None, order: int = 1) -> Value:
    """A loss that has the value of the costs, and as gradient an unbiased estimate of that of their expectation.

    `costs` are Values, one or many, computed from random choices (`.sample(rng)`), which may depend on earlier ones;
    whatever is deterministic between them is differentiated as ever.  A choice is scored by those terms of the costs
    alone that it influences; the graph knows which, and `reply(reward, choice)` tells it of a number that the world
    gives back.  `estimator` is taken for choices that name none.

    With `order=1` the loss is good for one derivative, and refuses a second; `order=2` is good for every order, by the
    factor exp(t - hold(t)), where t is the log-probability of all choices that a cost depends on (DiCE, Foerster et al.
    2018; its baseline: Mao et al. 2019).
    Raises TypeError for what is no Value; UserError where a choice has no such gradient.

    >>> x = Value(1.5, label="x")
    >>> surrogate(x * x).parents == (x * x).parents  # without a choice it is the cost
    True
    """
    if order not in (1, 2):
        raise UserError(f"order={order!r}: 1 is good for one derivative, 2 for every order")
    given, default = costs_of(costs, "surrogate"), usable(estimator) or PLAIN
    whole = topological(tuple(given))
    _inside({n.op for n in whole})
    made = [n for n in whole if chance.is_drawn(n)]
    if not made:
        return given[0] if len(given) == 1 else ops.sum(*given)
    if not chance.scored(whole).isdisjoint(made):
        raise UserError(
            "this is a surrogate loss, or made of one, and its choices would be scored twice: a mean of such losses "
            "is a loss, .backward() is all that it needs; or give the costs of all of them to one surrogate"
        )
    _unmoved(made)
    costs = [term for cost in given for term in terms_of(cost)]
    _apart(made, costs)
    judged: dict[Any, list[Value]] = {}
    for n in (now := choices(costs)):
        if (critic := getattr(_estimator(n, default), "judge", None)) is not None:
            judged.setdefault(critic, []).append(n)
    if judged:  # a critic sees the graph as it was made
        if order != 1:
            raise UserError("a critic gives first derivatives: with order=2 take Score or Enumerate")
        costs = [*costs, *[signal for critic, own in judged.items() for signal in critic.signals(costs, own)]]
        now = choices(costs)
    settled = {c for own in judged.values() for c in own}
    if any(_rewrites(c, default) for c in now if c not in settled):
        costs = substituted(costs, {}, settled) if settled else costs
        costs = [t for those in Influence(costs).apart() for t in _rewritten(those, default, order)]
    known = Influence(costs)
    scored = [c for c in known.choices if isinstance(_estimator(c, default), Score)]
    logps = {c: log_probability(c) for c in scored}
    if order == 1:
        total = [*costs, *_scores(scored, logps, known, default)]
    else:
        total = _of_every_order(scored, logps, known, default)
    if not tracing.active():  # only now: what a baseline hears of one choice may depend on the others
        for c in scored:
            if below := [cost.data for cost in costs if known.of(c, cost)]:
                _estimator(c, default).learn(c, math.fsum(below))
    return ops.sum(*total)  # type: ignore[no-any-return]


def _inside(rows: Iterable[Any]) -> None:
    """Raise UserError if a choice lies inside of a recording."""
    for op in rows:
        if of := getattr(op, "unscored", ""):
            raise UserError(
                f"in {op.name!r} a choice was recorded, from {of}, which nobody can score from outside: record the "
                "surrogate loss, jit(lambda u: surrogate(cost(u)))"
            )


def _estimator(choice: Value, default: Any) -> Any:
    return choice.estimator or default  # type: ignore[attr-defined]


def _of_every_order(scored: Sequence[Value], logps: dict[Value, Any], known: Influence, default: Any) -> list[Value]:
    total = [_magic({c: logps[c] for c in scored if known.of(c, cost)}) * cost for cost in known.roots]
    for c in scored:
        base = _estimator(c, default).expects(c)
        if isinstance(base, Value) or base:
            before = {b: logps[b] for b in scored if b is not c and known.of(b, c)}
            total.append((_magic(before) - _magic({**before, c: logps[c]})) * base)
    return total


def _apart(made: Sequence[Value], costs: Sequence[Value]) -> None:
    """Raise UserError if choices of one noise meet in a cost: their probability is not the product of their own."""
    twins: dict[int, list[Value]] = {}
    for c in made:
        twins.setdefault(id(c.noise), []).append(c)  # type: ignore[attr-defined]
    for cs in twins.values():
        if len(cs) > 1 and any(map(chance.stops, cs)):
            known = Influence(costs)
            if any(sum(c in known.choices and known.of(c, cost) for c in cs) > 1 for cost in costs):
                raise UserError(
                    f"{len(cs)} choices, the first from {chance.of(cs[0])!r}, are made of the same noise and meet in a "
                    "cost: they depend on each other, which no score knows of. Give each a noise of its own"
                )


def _unmoved(made: Sequence[Value]) -> None:
    """Raise UserError if parameters have changed since a choice was drawn: its score would be that of another one."""
    if tracing.active():
        return
    for c in made:
        for p, then in zip(c.distribution.parameters, c.numbers[1:]):  # type: ignore[attr-defined]
            if isinstance(p, Value) and p.data != then == then and c.estimator != "pathwise":  # type: ignore[attr-defined]
                raise UserError(
                    f"{p.label or 'a parameter'} was {then:.6g} when {c.label or 'a choice'} was drawn from "
                    f"{c.distribution!r}, and is {p.data:.6g} now: build the surrogate loss before parameters move"  # type: ignore[attr-defined]
                )


def _rewrites(choice: Value, default: Any) -> bool:
    found = _estimator(choice, default)
    return found != "pathwise" and not isinstance(found, Score)


def _rewritten(costs: list[Value], default: Any, order: int) -> list[Value]:
    """Costs in which all choices that are left are scored."""
    while (c := next((c for c in choices(costs) if _rewrites(c, default)), None)) is not None:
        if order != 1 and not _estimator(c, default).exact:
            raise UserError(f"{_estimator(c, default)!r} gives first derivatives: with order=2 take Score or Enumerate")
        costs = [t for cost in _estimator(c, default).rewrite(c, costs) for t in terms_of(cost)]
    return costs


def _magic(logps: dict[Value, Any]) -> Any:
    """1, with the derivatives of the probability, divided by it."""
    total = F.sum([*logps.values()])
    if not isinstance(total, Value):
        return 1.0
    y = ops.exp(total - hold(total))
    vars(y).update(carries=tuple(logps), said=DICE)  # for readers
    return y


def _scores(scored: Iterable[Value], logps: dict[Value, Any], known: Influence, default: Any) -> list[Value]:
    found = []
    for c in scored:
        below = [cost for cost in known.roots if known.of(c, cost)]
        if not below or not isinstance(logps[c], Value):
            continue
        paid, base = below[0] if len(below) == 1 else F.sum(below), _estimator(c, default).expects(c)
        found.append(score(logps[c], paid - base if isinstance(base, Value) or base else paid))
        vars(found[-1])["scores"] = c  # for readers, which say what it hands to whom
    return found


class Mirror:
    """A generator whose second half is the mirror of its first: 1 - u for u, -z for z.

    Each kind has its own mirror: a second run that chooses otherwise may ask for them in another order.
    """

    def __init__(self, rng: Any) -> None:
        self.rng = rng
        self.drawn: dict[str, list[float]] = {"random": [], "gauss": []}
        self.back: dict[str, list[float]] = {"random": [], "gauss": []}

    def __getattr__(self, name: str) -> Any:
        if name == "rng" or name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.rng, name)  # what has no mirror is drawn anew

    def turn(self) -> None:
        """From now on, the mirror of what was drawn."""
        self.back = {kind: xs[::-1] for kind, xs in self.drawn.items()}

    def random(self) -> float:
        """A number from [0, 1)."""
        return self._next("random", self.rng.random, lambda u: min(1 - u, 1 - 2**-53))

    def gauss(self, mean: float, std: float) -> float:
        """A number with mean 0 and variance 1."""
        return mean + std * self._next("gauss", lambda: gauss(self.rng), lambda z: -z)

    def _next(self, kind: str, draw: Callable[[], float], mirrored: Callable[[float], float]) -> float:
        x = mirrored(self.back[kind].pop()) if self.back[kind] else draw()
        self.drawn[kind].append(x)
        return x


def estimate(f: Callable[[Any], Any], rng: Any, samples: int = 1, *, estimator: Any = None, order: int = 1,
             antithetic: bool = False, leave_one_out: bool = False) -> Value:  # fmt: skip
    """The mean surrogate loss of several runs of f(rng), which returns a cost or a list of costs.

    `antithetic` runs come in pairs, the second with mirrored noise (1 - u for u): what is odd in it cancels.  With
    `leave_one_out` the baseline of each choice is what it cost in the runs that do not share its noise, on the
    average (Kool, van Hoof, Welling 2019); runs must then make the same choices in the same order.

    >>> from tinygrad_edu.stochastic import Normal
    >>> m = Value(1.5)
    >>> estimate(lambda rng: Normal(m, 1.0).rsample(rng) ** 2, 0, 2, antithetic=True).backward()
    >>> m.grad  # the noise has cancelled
    3.0
    """
    own = 2 if antithetic else 1  # how many runs share their noise
    if not isinstance(samples, int) or samples < own or samples % own or (leave_one_out and samples < 2 * own):
        raise UserError(
            f"samples={samples!r}: estimate takes a whole number of runs, of pairs if they are antithetic, two or more "
            "of them to leave one out"
        )
    if leave_one_out and order != 1:
        raise UserError("leave_one_out is for first derivatives: with order=2 leave it out")
    mirror = Mirror(rng := generator(rng, "estimate"))
    runs: list[list[Value]] = []
    for k in range(samples):
        if antithetic:
            mirror.turn() if k % 2 else mirror.__init__(rng)  # type: ignore[misc]
        runs.append(costs_of(sampled(f, "estimate")(mirror if antithetic else rng), "estimate"))
    if leave_one_out:
        return _left_out(runs, usable(estimator) or PLAIN, own)
    return F.mean([surrogate(costs, estimator=estimator, order=order) for costs in runs])  # type: ignore


def _left_out(runs: Sequence[list[Value]], default: Any, own: int) -> Value:
    """The mean loss of runs, where the baseline of a choice is what it cost in those that do not share its noise."""
    scored = [[c for c in choices(costs) if isinstance(_estimator(c, default), Score)] for costs in runs]
    if len(counts := {len(cs) for cs in scored}) > 1:
        raise UserError(f"leave_one_out compares runs that make the same choices, and these made {sorted(counts)}")
    paid = []
    for cs, costs in zip(scored, runs):
        known = Influence([t for cost in costs for t in terms_of(cost)])
        terms = [t if tracing.active() else t.data for t in known.roots]
        paid.append([F.sum([x for t, x in zip(known.roots, terms) if known.of(c, t)]) for c in cs])
    losses = []
    for k, costs in enumerate(runs):
        before = [c.estimator for c in scored[k]]  # type: ignore[attr-defined]
        try:
            for i, c in enumerate(scored[k]):  # an attribute, which goes with a choice that another estimator rewrites
                others = [row[i] for j, row in enumerate(paid) if j // own != k // own]
                vars(c)["estimator"] = Score(F.mean(others))
            losses.append(surrogate(costs, estimator=default))
        finally:
            for c, how in zip(scored[k], before):
                vars(c)["estimator"] = how
    return F.mean(losses)  # type: ignore[no-any-return]
