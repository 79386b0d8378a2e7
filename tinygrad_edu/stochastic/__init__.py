"""Stochastic computation graphs: gradients through random choices.

>>> from tinygrad_edu import Value
>>> t = Value(0.3, label="t")
>>> def cost(rng):
...     b = Bernoulli(t).sample(rng)
...     return (b - 0.45) ** 2
>>> expected(cost).backward()
>>> round(t.grad, 12)
0.1

Read `distributions`, `discrete`, `continuous` (a sample is a Value), `enumeration` (what is exact), `surrogates` (one
loss, whose gradient is right on the average), `estimators` (how each choice finds its own), `separation` and `critics`
(learned costs in the place of sampled ones), `comparison` (which of them to take).
"""

from .. import signposts
from .comparison import compare_estimators
from .continuous import Exponential, Gumbel, Normal, Uniform, gumbel_softmax
from .critics import Critic
from .discrete import Bernoulli, Binomial, Categorical, Geometric, Poisson
from .distributions import Distribution
from .enumeration import expected, outcomes
from .estimators import (
    Enumerate,
    LearnedBaseline,
    MeasureValued,
    Pathwise,
    Rebar,
    Relaxed,
    RunningMean,
    Score,
    StraightThrough,
)
from .qfunctions import Linear, Network, Table
from .replies import lookup, reply
from .separation import critic_set
from .surrogates import estimate, surrogate

__all__ = [
    "Bernoulli", "Binomial", "Categorical", "Critic", "Distribution", "Enumerate", "Exponential", "Geometric",
    "Gumbel", "LearnedBaseline", "Linear", "MeasureValued", "Network", "Normal", "Pathwise", "Poisson", "Rebar",
    "Relaxed", "RunningMean", "Score", "StraightThrough", "Table", "Uniform", "compare_estimators", "critic_set",
    "estimate", "expected", "gumbel_softmax", "lookup", "outcomes", "reply", "surrogate",
]  # fmt: skip
signposts.put_up(__name__)
