"""Distributions over whole numbers: their samples jump, and the score function or an enumeration finds their gradient.

>>> Bernoulli(0.25).log_prob(1), Categorical([0.5, 0.25, 0.25]).mean
(-1.3862943611198906, 0.75)

The formulas are those of the textbooks (Bishop, "Pattern Recognition and Machine Learning", appendix B), made of rows.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from .. import functional as F
from .. import ops, tracing
from ..engine import Value
from ..errors import UserError
from . import rows
from .distributions import Distribution, in_range, known_float, no_nan, one_of, positive, probability, weighed, whole

MANY = 1e3  # from here on the series of a Poisson's entropy is exact to rounding


class Bernoulli(Distribution):
    """1 with probability p, else 0: Bernoulli(p), or Bernoulli(logit=z) with p = sigmoid(z).

    >>> Bernoulli(0.25).log_prob(1), Bernoulli(0.5).entropy()
    (-1.3862943611198906, 0.6931471805599453)
    """

    instead = ", or estimator=Relaxed()"

    def __init__(self, p: Any = None, *, logit: Any = None) -> None:
        self.by_logit = one_of(p, logit, "p", "logit")
        super().__init__(
            no_nan("the logit of a Bernoulli", logit)
            if self.by_logit
            else probability("the probability of a Bernoulli", p)
        )
        self.row, self.first = (rows.logit_coin, "logit=") if self.by_logit else (rows.coin, "")

    @property
    def p(self) -> Any:
        """The probability of a 1."""
        return ops.sigmoid(self.parameters[0]) if self.by_logit else self.parameters[0]

    @property
    def mean(self) -> Any:
        return self.p

    @property
    def variance(self) -> Any:
        [a] = self.parameters
        return ops.sigmoid(a) * ops.sigmoid(-a) if self.by_logit else a * (1 - a)

    def log_prob(self, x: Any) -> Any:
        [a] = self.parameters
        yes, no = (ops.logsigmoid(a), ops.logsigmoid(-a)) if self.by_logit else (ops.log(a), ops.log1p(-a))
        return ops.where(whole(self, x, 0, 1), yes, no)

    def entropy(self) -> Any:
        if self.by_logit:  # where p is 0, its logarithm is a number all the same
            return super().entropy()
        p = self.p
        return -(ops.xlogy(p, p) + ops.xlogy(1 - p, 1 - p))

    def outcomes(self) -> list[tuple[float, Any]]:
        return [(1.0, self.p), (0.0, 1 - self.p)]


class Categorical(Distribution):
    """The index k with probability p[k]: Categorical(ps), or Categorical(logits=zs) with p = softmax(zs).

    >>> [round(Categorical(logits=[0.0, 1.0]).log_prob(k), 4) for k in range(2)]
    [-1.3133, -0.3133]
    """

    instead = ", or gumbel_softmax, a soft choice with gradients"

    def __init__(self, ps: Any = None, *, logits: Any = None) -> None:
        self.by_logit = one_of(ps, logits, "ps", "logits")
        given = logits if self.by_logit else ps
        if isinstance(given, (Value, str)) or not hasattr(given, "__iter__"):
            raise TypeError(
                f"a Categorical takes a list of {'logits' if self.by_logit else 'probabilities'}, got {given!r}"
            )
        given = list(given)
        if len(given) < 2:
            raise UserError(f"a Categorical chooses between two or more, got {len(given)}")
        super().__init__(*given)
        self.row = rows.logit_choice if self.by_logit else rows.choice
        if tracing.active():
            return
        if self.by_logit:
            seen = [float(no_nan(f"logit {k} of a Categorical", z)) for k, z in enumerate(self.parameters)]
            if not -math.inf < max(seen) < math.inf:
                raise UserError(f"the largest logit of a Categorical must be finite, got {max(seen):g}")
        else:
            for k, p in enumerate(given):
                in_range(f"probability {k} of a Categorical", p, 0.0, 1.0, ": or give logits=")
            if abs(math.fsum(map(float, given)) - 1) > 1e-9:
                raise UserError(
                    f"the probabilities of a Categorical must add up to 1, these make {math.fsum(map(float, given)):g}"
                    ": take functional.softmax, or give logits="
                )

    def told(self, name: Callable[[Any], str]) -> str:
        return f"Categorical({'logits=' * self.by_logit}[{', '.join(map(name, self.parameters))}])"

    @property
    def ps(self) -> list[Any]:
        """The probability of each index."""
        return F.softmax(self.parameters) if self.by_logit else list(self.parameters)

    @property
    def mean(self) -> Any:
        return F.sum([k * p for k, p in enumerate(self.ps)])

    @property
    def variance(self) -> Any:
        mean = self.mean
        return F.sum([p * ops.square(k - mean) for k, p in enumerate(self.ps)])

    def log_prob(self, x: Any) -> Any:
        x = whole(self, x, 0, len(self.parameters) - 1)
        if isinstance(x, Value) and tracing.active():
            return F.sum([ops.where(ops.equal(x, float(k)), log, 0.0) for k, log in enumerate(self._logs())])
        k = int(float(x))
        return self._logs()[k] if self.by_logit else ops.log(self.parameters[k])

    def _logs(self) -> list[Any]:
        return F.log_softmax(self.parameters) if self.by_logit else [ops.log(p) for p in self.parameters]

    def entropy(self) -> Any:
        if self.by_logit:
            return -F.sum([weighed(p, log) for p, log in zip(self.ps, self._logs())])
        return -F.sum([ops.xlogy(p, p) for p in self.ps])

    def _kl(self, other: Any) -> Any:
        logs = zip(self.ps, self._logs(), other._logs())
        return F.sum([weighed(p, log - there, self._nothing(p)) for p, log, there in logs])

    def outcomes(self) -> list[tuple[float, Any]]:
        return [(float(k), p) for k, p in enumerate(self.ps)]

    def _alike(self, other: Any) -> bool:
        return len(self.parameters) == len(other.parameters)


class Binomial(Distribution):
    """How many of n tries, each with probability p, come out: n from 1 to 1000.

    >>> Binomial(10, 0.6).mean, round(Binomial(2, 0.5).log_prob(1), 4)
    (6.0, -0.6931)
    """

    def __init__(self, n: int, p: Any) -> None:
        if not hasattr(n, "__index__") or isinstance(n, bool) or not 1 <= n <= 1000:
            raise UserError(f"Binomial(n, p) counts n tries, a whole number from 1 to 1000, got {n!r}")
        super().__init__(probability("the probability of a Binomial", p))
        self.n = n = operator.index(n)
        self.row, self.first = rows.binomial(n), f"{n}, "

    @property
    def mean(self) -> Any:
        return self.n * self.parameters[0]

    @property
    def variance(self) -> Any:
        return self.mean * (1 - self.parameters[0])

    def log_prob(self, x: Any) -> Any:
        k, [p] = known_float(whole(self, x, 0, self.n)), self.parameters
        ways = math.lgamma(self.n + 1) - math.lgamma(k + 1) - math.lgamma(self.n - k + 1)
        return ways + ops.xlogy(k, p) + ops.xlogy(self.n - k, 1 - p)

    def outcomes(self) -> list[tuple[float, Any]]:
        [p] = self.parameters
        return [(float(k), math.comb(self.n, k) * ops.power(k)(p) * ops.power(self.n - k)(1 - p))
                for k in range(self.n + 1)]  # fmt: skip

    def entropy(self) -> Any:
        """That of n coins, less what their order would tell."""
        told = [p * math.log(math.comb(self.n, int(k))) for k, p in self.outcomes()[1:-1]]
        return self.n * Bernoulli(self.parameters[0]).entropy() - F.sum(told)

    def _kl(self, other: Any) -> Any:
        return self.n * Bernoulli(self.parameters[0]).kl(Bernoulli(other.parameters[0]))

    def _alike(self, other: Any) -> bool:
        return bool(self.n == other.n)


class Poisson(Distribution):
    """How often something happens that happens `rate` times on the average.

    >>> Poisson(2.0).log_prob(0), Poisson(2.0).mean
    (-2.0, 2.0)
    """

    row = rows.poisson

    def __init__(self, rate: Any) -> None:
        super().__init__(positive("the rate of a Poisson", rate))
        in_range("the rate of a Poisson", rate, 0.0, 1e8, ": of more take Normal(rate, sqrt(rate)), which is as good")

    @property
    def mean(self) -> Any:
        return self.parameters[0]

    variance = mean

    def log_prob(self, x: Any) -> Any:
        k, [rate] = known_float(whole(self, x, 0, math.inf)), self.parameters
        return ops.xlogy(k, rate) - rate - math.lgamma(k + 1)

    def entropy(self) -> Any:
        """All of it but what lies beyond 12 standard deviations, less than 1e-20; of a large rate, its series."""
        [a] = self.parameters
        if (rate := known_float(a)) > MANY:
            r = ops.div(1.0, a)
            return ops.log(2 * math.pi * math.e * a) / 2 - r / 12 - r * r / 24 - 19 * r * r * r / 360
        logs = [self.log_prob(k) for k in range(int(rate + 12 * math.sqrt(rate)) + 25)]
        return -F.sum([ops.exp(log) * log for log in logs])

    def _kl(self, other: Any) -> Any:
        [a], [b] = self.parameters, other.parameters
        return ops.xlogy(a, a / b) + b - a


class Geometric(Distribution):
    """How many failures (0, 1, 2, ...) come before the first success, which has probability p in each try.

    >>> Geometric(0.25).mean, round(Geometric(0.5).log_prob(1), 4)
    (3.0, -1.3863)
    """

    row = rows.geometric

    def __init__(self, p: Any) -> None:
        super().__init__(probability("the probability of a Geometric", p))
        if not tracing.active() and not float(p):
            raise UserError("the probability of a Geometric must be above 0: at 0 the first success never comes")

    @property
    def mean(self) -> Any:
        return (1 - self.parameters[0]) / self.parameters[0]

    @property
    def variance(self) -> Any:
        return self.mean / self.parameters[0]

    def log_prob(self, x: Any) -> Any:
        [p] = self.parameters
        x = whole(self, x, 0, math.inf)
        return ops.log(p) + ops.where(x, x * ops.log1p(-p), 0.0)

    def entropy(self) -> Any:
        [p] = self.parameters
        return -ops.log(p) - ops.where(1 - p, (1 - p) * ops.log1p(-p), ops.xlogy(1 - p, 1 - p)) / p

    def _kl(self, other: Any) -> Any:
        [p], [q] = self.parameters, other.parameters
        return Bernoulli(p).kl(Bernoulli(q)) / p
