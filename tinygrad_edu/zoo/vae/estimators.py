"""Ways to the gradient of the eight bits: each a loss whose value is a bound, drawn or exact.

All are of one network, and all but `by_exact` look at draws; what differs is how a draw becomes a gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ... import functional as F
from ... import ops
from ...engine import Value
from ...stochastic import Relaxed, Score, StraightThrough, surrogate
from ...stochastic.rows import hold
from .models import Bits, Pixels, of_pixels


class Estimator(NamedTuple):
    """A way to the gradient: `loss(model, x, *noise)`, how many draws of noise, what it needs besides, and the range
    that others found.
    """

    loss: Callable[..., Value]
    draws: int
    published: tuple[float, float] | None = None
    mean: bool = False  # whether it takes the running mean of the costs
    guesses: Callable[[int], int] = lambda count: 0  # what its critic says


def by_exact(model: Bits, x: Pixels) -> Value:
    """No estimate."""
    return model.exact(x)


def by_score(model: Bits, x: Pixels, u: Sequence[float]) -> Value:
    """d(log q) × cost."""
    return surrogate(model.cost(x, u))


def by_mean(model: Bits, x: Pixels, u: Sequence[float], mean: float) -> Value:
    """d(log q) × (cost - mean of the costs so far)."""
    return surrogate(model.cost(x, u), estimator=Score(mean))


def by_critic(model: Bits, x: Pixels, u: Sequence[float]) -> Value:
    """d(log q) × (cost - what a linear critic expects of this picture), which learns by least squares."""
    cost, guess = model.cost(x, u), 10 * model.critic(x)[0]  # type: ignore[misc]
    error = ops.square(hold(cost) - guess)
    return surrogate(cost, estimator=Score(guess)) + error - hold(error)  # type: ignore[no-any-return]


def by_other(model: Bits, x: Pixels, u: Sequence[float], v: Sequence[float]) -> Value:
    """d(log q) × (cost - cost of another draw), for both of two draws."""
    a, b = model.cost(x, u), model.cost(x, v)
    return (surrogate(a, estimator=Score(b)) + surrogate(b, estimator=Score(a))) / 2


def by_q(model: Bits, x: Pixels, u: Sequence[float]) -> Value:
    """Backprop-Q: a critic learns the cost as a function of the bits, c + Σ g z; at the mean of z it has a gradient.

    With this Q the learning signal of a bit is g × dp: what the critic thinks that the bit costs.  The best Q of this
    form has the exact gradient; until it is learned there is a bias.
    """
    c, *g = model.critic(x)  # type: ignore[misc]
    q = model.hidden(x)
    z = [one.sample(noise=n) for one, n in zip(q, u)]
    cost = of_pixels(model.decoder(z), x)
    error = ops.square(hold(cost) - 10 * c - F.dot(g, [v - hold(one.p) for v, one in zip(z, q)]))
    learned = F.dot([hold(slope) for slope in g], [one.p - hold(one.p) for one in q])
    return cost + model.kl(q) + learned + error - hold(error)  # type: ignore[no-any-return]


def by_relaxing(model: Bits, x: Pixels, u: Sequence[float]) -> Value:
    """Numbers between 0 and 1 in the place of bits, from the same noise (Gumbel's, of two classes)."""
    return surrogate(model.cost(x, u, closed=True), estimator=Relaxed(0.5))


def straight_through(model: Bits, x: Pixels, u: Sequence[float]) -> Value:
    """Bits, and the gradient as if each were its probability."""
    return surrogate(model.cost(x, u, closed=True), estimator=StraightThrough())


ESTIMATORS = {
    "exact gradient": Estimator(by_exact, 0, (19.85, 19.93)),
    "leave one out": Estimator(by_other, 2, (20.05, 20.08)),
    "moving average": Estimator(by_mean, 1, (20.90, 21.41), mean=True),
    "no baseline": Estimator(by_score, 1, (22.84, 23.20)),
    "learned baseline": Estimator(by_critic, 1, guesses=lambda count: 1),
    "learned Q": Estimator(by_q, 1, guesses=lambda count: 1 + count),
    "relaxed": Estimator(by_relaxing, 1),
    "straight through": Estimator(straight_through, 1),
}
