"""Distributions over the line: their samples move as the parameters move, and gradients pass (`.rsample`).

>>> Normal(0.0, 2.0).log_prob(1.0), Normal(0.0, 2.0).kl(Normal(0.0, 2.0))
(-1.737085713764618, 0.0)

The formulas are those of the textbooks (Bishop, "Pattern Recognition and Machine Learning", appendix B), made of rows.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from .. import functional as F
from .. import ops, tracing
from ..engine import Value
from ..errors import UserError
from . import rows
from .discrete import Categorical
from .distributions import EULER, Distribution, finite, gauss, generator, in_range, positive


class Normal(Distribution):
    """The bell curve around `mean`, with standard deviation `std`.

    >>> round(Normal(0.0, 1.0).entropy(), 6), Normal(0.0, 1.0).kl(Normal(1.0, 1.0))
    (1.418939, 0.5)
    """

    row, discrete, noise = rows.normal, False, (-math.inf, math.inf)

    def __init__(self, mean: Any = 0.0, std: Any = 1.0) -> None:
        super().__init__(finite("the mean of a Normal", mean), positive("the standard deviation of a Normal", std))

    @staticmethod
    def path(mean: Any, std: Any, z: Any) -> Any:
        """mean + std * z."""
        return mean + std * z

    def _drawn(self, rng: Any) -> float:
        return gauss(rng)

    @property
    def mean(self) -> Any:
        return self.parameters[0]

    @property
    def std(self) -> Any:
        """The standard deviation."""
        return self.parameters[1]

    @property
    def variance(self) -> Any:
        return ops.square(self.std)

    def log_prob(self, x: Any) -> Any:
        mean, std = self.parameters
        return -0.5 * ops.square((x - mean) / std) - ops.log(std) - math.log(2 * math.pi) / 2

    def entropy(self) -> Any:
        return ops.log(self.std) + math.log(2 * math.pi * math.e) / 2

    def _kl(self, other: Any) -> Any:
        (m, s), (n, t) = self.parameters, other.parameters
        return ops.log(t / s) + (ops.square(s / t) + ops.square((m - n) / t) - 1) / 2


class Uniform(Distribution):
    """Any number from low to high alike.

    >>> Uniform(0.0, 2.0).mean, round(Uniform(0.0, 2.0).entropy(), 4)
    (1.0, 0.6931)
    """

    row, discrete = rows.uniform, False

    def __init__(self, low: Any = 0.0, high: Any = 1.0) -> None:
        super().__init__(finite("the low end of a Uniform", low), finite("the high end of a Uniform", high))
        in_range("high - low of a Uniform", high - low, 0.0, math.inf)

    @staticmethod
    def path(low: Any, high: Any, u: Any) -> Any:
        """low + (high - low) * u."""
        return low + (high - low) * u

    @property
    def mean(self) -> Any:
        return (self.parameters[0] + self.parameters[1]) / 2

    @property
    def variance(self) -> Any:
        return ops.square(self.parameters[1] - self.parameters[0]) / 12

    def log_prob(self, x: Any) -> Any:
        low, high = self.parameters
        inside = ops.greater_equal(x, low) * ops.greater_equal(high, x)
        return ops.where(inside, -ops.log(high - low), -math.inf)

    def entropy(self) -> Any:
        return ops.log(self.parameters[1] - self.parameters[0])

    def _kl(self, other: Any) -> Any:
        (a, b), (c, d) = self.parameters, other.parameters
        inside = ops.greater_equal(a, c) * ops.greater_equal(d, b)
        return ops.where(inside, ops.log((d - c) / (b - a)), math.inf)


class Exponential(Distribution):
    """How long one waits for what happens `rate` times in a unit of time.

    >>> Exponential(2.0).mean, Exponential(2.0).log_prob(0.0)
    (0.5, 0.6931471805599453)
    """

    row, discrete = rows.exponential, False

    def __init__(self, rate: Any = 1.0) -> None:
        super().__init__(positive("the rate of an Exponential", rate))

    @staticmethod
    def path(rate: Any, u: Any) -> Any:
        """-log(1 - u) / rate."""
        return -ops.log1p(-u) / rate

    @property
    def mean(self) -> Any:
        return ops.div(1.0, self.parameters[0])

    @property
    def variance(self) -> Any:
        return ops.square(self.mean)

    def log_prob(self, x: Any) -> Any:
        [rate] = self.parameters
        return ops.where(ops.greater_equal(x, 0.0), ops.log(rate) - rate * x, -math.inf)

    def entropy(self) -> Any:
        return 1 - ops.log(self.parameters[0])

    def _kl(self, other: Any) -> Any:
        [a], [b] = self.parameters, other.parameters
        return ops.log(a / b) + b / a - 1


class Gumbel(Distribution):
    """The largest of many: location - scale * log(-log(u)).  Of noise like this `gumbel_softmax` is made.

    >>> round(Gumbel(0.0, 1.0).mean, 4)
    0.5772
    """

    row, discrete = rows.gumbel, False

    def __init__(self, location: Any = 0.0, scale: Any = 1.0) -> None:
        super().__init__(finite("the location of a Gumbel", location), positive("the scale of a Gumbel", scale))

    @staticmethod
    def path(location: Any, scale: Any, u: Any) -> Any:
        """location - scale * log(-log(u))."""
        return location - scale * ops.log(-ops.log(u))

    def _drawn(self, rng: Any) -> float:
        return float(rng.random()) or math.ulp(0.0)  # log(0) is no number

    @property
    def mean(self) -> Any:
        return self.parameters[0] + EULER * self.parameters[1]

    @property
    def variance(self) -> Any:
        return ops.square(math.pi * self.parameters[1]) / 6

    def log_prob(self, x: Any) -> Any:
        location, scale = self.parameters
        z = (x - location) / scale
        return -(z + ops.exp(-z)) - ops.log(scale)

    def entropy(self) -> Any:
        return ops.log(self.parameters[1]) + EULER + 1

    def _kl(self, other: Any) -> Any:
        (m, s), (n, t) = self.parameters, other.parameters
        ratio = s / t
        return ops.log(t / s) + EULER * (ratio - 1) + ops.exp((n - m) / t + ops.lgamma(ratio + 1)) - 1 + (m - n) / t


def gumbel_softmax(logits: Sequence[Any], temperature: float, rng: Any = None, *, noise: Any = None,
                   hard: bool = False) -> list[Value]:  # fmt: skip
    """A choice between logits that gradients pass: softmax((logits + Gumbel noise) / temperature).

    The colder, the nearer to a choice of one, and the steeper its slopes.  `hard` makes it one, 1.0 and 0.0, with the
    gradients of the soft one (straight through).  Both are biased.  Source: Jang, Gu, Poole 2017; Maddison, Mnih, Teh
    2017.

    >>> [round(y.data, 3) for y in gumbel_softmax([0.0, 1.0], 0.5, 0)]
    [0.267, 0.733]
    """
    positive("the temperature", temperature)
    of, standard = Categorical(logits=logits).parameters, Gumbel(0.0, 1.0)
    if noise is None:  # one generator for all of them, also that of a seed
        rng, noise = rng if tracing.active() else generator(rng, "gumbel_softmax"), [None] * len(of)
    if len(noise) != len(of):
        raise UserError(f"gumbel_softmax takes a noise for each logit: {len(of)} logits, {len(noise)} noises")
    scores = [z + standard.rsample(rng, noise=u) for z, u in zip(of, noise)]
    soft = F.softmax([z / temperature for z in scores])
    if not hard:
        return soft
    top = functools.reduce(ops.maximum, scores)
    found, left = [], 1.0
    for y, z in zip(soft, scores):  # one alone, also where several are the largest
        chosen = rows.hold(ops.greater_equal(z, top) * left)
        left = left - chosen
        found.append(y + rows.hold(chosen - y))
    return found
