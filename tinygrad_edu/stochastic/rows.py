"""The rows of chance: what a random choice makes of its parameters and of noise, and what a gradient may not pass.

Noise is an input like any other, so that a graph with random choices can be computed again, and recorded.  A choice is
flat wherever it has a slope: its local gradients are 0, and backpropagation stops there.

>>> coin(0.3, 0.29), coin(0.3, 0.31), hold(2.0)
(1.0, 0.0, 2.0)
"""

from __future__ import annotations

import functools
import math
from typing import Any

from .. import ieee, ops
from ..ops import REAL, Op


def random_row(name: str) -> Op:
    """A row by its name in here: what a pickle asks for."""
    return globals()[name]  # type: ignore[no-any-return]


# The same number, and no gradient: at every order.
hold = Op("hold", lambda x: x, lambda y, x: (0.0,), recipe=(random_row, ("hold",)))


def _spent(d: Any, advantage: Any, logp: Any) -> Any:
    raise RuntimeError(
        "this surrogate loss is good for one derivative: its gradient is the unbiased estimate, but the gradient of "
        "that gradient would leave out the score times the score. Build it with surrogate(costs, order=2)"
    )


# `score` adds nothing to a loss but its gradient, advantage * d(log p); `spent` is that advantage after one derivative.
spent = Op("spent", lambda advantage, logp: advantage, _spent, domain=(REAL, REAL), parts=lambda a, logp: hold(a),
           recipe=(random_row, ("spent",)))  # fmt: skip
score = Op("score", lambda logp, advantage: 0.0, lambda y, logp, advantage: (spent(advantage, logp), 0.0),
           domain=(REAL, REAL), parts=lambda logp, advantage: (logp - hold(logp)) * hold(advantage),
           textbook=lambda y, logp, advantage: (advantage, 0.0), recipe=(random_row, ("score",)))  # fmt: skip


def _flat(y: float, *xs: float) -> tuple[float, ...]:
    return (0.0,) * len(xs)


coin = Op("~ bernoulli", lambda p, u: 1.0 * (u < p), _flat, domain=(REAL, REAL), parts=lambda p, u: ops.less(u, p),
          recipe=(random_row, ("coin",)))  # fmt: skip
logit_coin = Op("~ bernoulli", lambda z, u: 1.0 * (u < ieee.sigmoid(z)), _flat, domain=(REAL, REAL),
                parts=lambda z, u: ops.less(u, ops.sigmoid(z)), recipe=(random_row, ("logit_coin",)))  # fmt: skip


def _choose(*ps: float) -> float:
    *ps_, u = ps
    total = 0.0
    for k, p in enumerate(ps_):
        total += p
        if u < total:
            return float(k)
    return float(max(k for k, p in enumerate(ps_) if p))  # probabilities that add up to a little less than 1


def _choice(*ps: Any) -> Any:
    """How many of the sums p0, p0 + p1, ... the noise has passed."""
    *ps_, u = ps
    total, k = ps_[0], ops.greater_equal(u, ps_[0])
    for p in ps_[1:-1]:
        total = total + p
        k = k + ops.greater_equal(u, total)
    return k


choice = Op("~ categorical", _choose, _flat, domain=(REAL, REAL, ...), parts=_choice, recipe=(random_row, ("choice",)))


def _softmax(zs: Any) -> list[float]:
    top = ieee.logsumexp(*zs)
    return [ieee.exp(z - top) for z in zs]


def _logit_choice(*zs: Any) -> Any:
    *zs_, u = zs
    top = ops.logsumexp(*zs_)
    return _choice(*[ops.exp(z - top) for z in zs_], u)


logit_choice = Op("~ categorical", lambda *zs: _choose(*_softmax(zs[:-1]), zs[-1]), _flat, domain=(REAL, REAL, ...),
                  parts=_logit_choice, recipe=(random_row, ("logit_choice",)))  # fmt: skip


def _wait(p: float, u: float) -> float:
    """How many failures come before the first success: the smallest k with 1 - (1 - p)^(k + 1) > u."""
    return 0.0 if p >= 1 else float(math.floor(math.log1p(-u) / math.log1p(-p))) if p > 0 else ieee.inf


geometric = Op("~ geometric", _wait, _flat, domain=(REAL, REAL),
               parts=lambda p, u: ops.floor(ops.log1p(-u) / ops.log1p(-p)),
               recipe=(random_row, ("geometric",)))  # fmt: skip


@functools.cache
def binomial(n: int) -> Op:
    """The row of Binomial(n, p): the smallest k that as much probability lies at or below as the noise says."""

    def quantile(p: float, u: float) -> float:
        for k in range(n):
            u -= math.comb(n, k) * p**k * (1 - p) ** (n - k)
            if u < 0:
                return float(k)
        return float(n if p else 0)

    return Op(f"~ binomial({n})", quantile, _flat, domain=(REAL, REAL), recipe=(binomial, (n,)))


def _poisson(rate: float, u: float) -> float:
    k = max(0, int(rate - 12 * math.sqrt(rate)))  # less than 1e-30 lies below
    while (u := u - (p := math.exp(k * math.log(rate) - rate - math.lgamma(k + 1)))) >= 0 and (p or k < rate):
        k += 1
    return float(k)


poisson = Op("~ poisson", _poisson, _flat, domain=(REAL, REAL), recipe=(random_row, ("poisson",)))
normal = Op("~ normal", lambda m, s, z: m + s * z, _flat, domain=(REAL,) * 3, parts=lambda m, s, z: hold(m + s * z),
            recipe=(random_row, ("normal",)))  # fmt: skip
uniform = Op("~ uniform", lambda a, b, u: a + (b - a) * u, _flat, domain=(REAL,) * 3,
             parts=lambda a, b, u: hold(a + (b - a) * u), recipe=(random_row, ("uniform",)))  # fmt: skip
exponential = Op("~ exponential", lambda r, u: ieee.divide(-math.log1p(-u), r), _flat, domain=(REAL, REAL),
                 parts=lambda r, u: hold(-ops.log1p(-u) / r), recipe=(random_row, ("exponential",)))  # fmt: skip
gumbel = Op("~ gumbel", lambda m, s, u: m - s * ieee.log(-ieee.log(u)), _flat, domain=(REAL,) * 3,
            parts=lambda m, s, u: hold(m - s * ops.log(-ops.log(u))), recipe=(random_row, ("gumbel",)))  # fmt: skip
