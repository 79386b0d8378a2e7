"""The essay's moments are those of sums over outcomes, and its network learns where to look."""

import math
import random

import pytest

from tinygrad_edu import Value
from tinygrad_edu.stochastic import Bernoulli, Categorical, Enumerate, Normal
from tinygrad_edu.zoo import stochastic


def test_moments_over_noise_are_those_of_the_bell_curve():
    m = Value(0.0)
    for power in (1, 2, 3):
        mean, variance = stochastic.over_noise(lambda z, power=power: m + Normal(m, 1.0).rsample(noise=z) ** power, m)
        slope = [z for z in (1.0, 0.0, 3.0)]  # E d(z^power)/dz: 1, 0, 3
        assert mean == pytest.approx(1 + slope[power - 1], abs=1e-9)
        assert variance == pytest.approx((0.0, 4.0, 18.0)[power - 1], abs=1e-9)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_moments_over_outcomes_are_those_of_the_score(p):
    t = Value(p)
    mean, variance = stochastic.over_outcomes(lambda rng: 2 + 3 * Bernoulli(t).sample(rng), t)
    assert mean == pytest.approx(3) and variance == pytest.approx(9 * (1 / p - 1))


def test_a_looker_reads_what_stands_where_it_looks_and_nothing_else():
    model, rng = stochastic.Looker(3, 0), random.Random(0)
    hint, letters = [0.0, 1.0, 0.0], [1.0, -1.0, 5.0]
    answers = {round(model(hint, letters, rng, None).data, 9) for _ in range(60)}
    assert answers == {round(model.what([x])[0].data, 9) for x in letters}
    ps = Categorical(logits=model.where(hint)).ps
    assert math.isclose(sum(p.data for p in ps), 1)
    assert model(hint, letters, rng, Enumerate()).parents
