"""The ends of what a distribution may be, and what is none: numbers without nan, or one error that teaches."""

import copy
import math
import pickle
import random
from importlib.util import find_spec

import pytest

from tinygrad_edu import Value, grad, gradcheck
from tinygrad_edu import stochastic as S
from tinygrad_edu.engine import topological

INF = math.inf
LOG2 = math.log(2)
KNOWN = {
    "a coin that never falls": (lambda: S.Bernoulli(0.0).kl(S.Bernoulli(0.5)), LOG2),
    "a coin that always falls": (lambda: S.Bernoulli(1.0).kl(S.Bernoulli(1.0)), 0.0),
    "what cannot happen there": (lambda: S.Bernoulli(0.5).kl(S.Bernoulli(0.0)), INF),
    "certainty by a logit": (lambda: S.Bernoulli(logit=-INF).kl(S.Bernoulli(logit=0.0)), LOG2),
    "logits far out": (lambda: S.Bernoulli(logit=800.0).kl(S.Bernoulli(logit=-800.0)), 800.0),
    "a masked class": (lambda: S.Categorical(logits=[0.0, -INF]).kl(S.Categorical([0.5, 0.5])), LOG2),
    "its entropy": (lambda: S.Categorical(logits=[0.0, -INF]).entropy(), 0.0),
    "tries in vain": (lambda: S.Binomial(3, 0.0).entropy(), 0.0),
    "tries in vain there": (lambda: S.Binomial(3, 0.0).kl(S.Binomial(3, 0.5)), 3 * LOG2),
    "no failure": (lambda: S.Geometric(1.0).log_prob(0), 0.0),
    "no failure there": (lambda: S.Geometric(1.0).kl(S.Geometric(0.5)), LOG2),
    "a rare success": (lambda: S.Geometric(1e-17).entropy(), 1 + 17 * math.log(10)),
    "the largest noise": (lambda: S.Gumbel().sample(noise=0.0).data, -INF),
    "a large rate": (lambda: S.Poisson(1e6).entropy(), math.log(2 * math.pi * math.e * 1e6) / 2 - 1 / 12e6),
}


@pytest.mark.parametrize("what", KNOWN)
def test_at_its_ends_a_distribution_is_what_it_comes_to(what):
    f, want = KNOWN[what]
    assert float(f()) == pytest.approx(want, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("end", [0.0, 1.0])
@pytest.mark.parametrize(
    "make", [S.Bernoulli, lambda p: S.Binomial(3, p), lambda p: S.Categorical([p, 1 - p]), S.Geometric]
)
def test_where_a_probability_ends_entropy_and_divergence_are_infinitely_steep_as_they_are_near_it(make, end):
    if make is S.Geometric and not end:
        return
    other = make(0.4)
    for f in (lambda of: of.entropy(), lambda of: of.kl(other)):
        at, near = Value(end), Value(abs(end - 1e-15))
        [steep], [less] = grad(f(make(at)), at), grad(f(make(near)), near)
        assert steep.data == math.copysign(INF, less.data) and abs(less.data) > 20
        assert f(make(at)).data == pytest.approx(f(make(near)).data, abs=1e-12)


def test_what_cannot_happen_costs_nothing_whatever_it_would_cost():
    p = Value(0.0)

    def cost(rng, how=None):
        b = S.Bernoulli(p).sample(rng, estimator=how)
        return 2.0 - (1 - b).log() + 3.0 * S.Bernoulli(0.5).sample(rng)

    assert S.expected(cost).data == 3.5
    assert S.surrogate(cost(random.Random(0), S.Enumerate())).data in (2.0, 5.0)
    p.data = 0.5
    assert S.expected(cost).data == INF
    with pytest.raises(TypeError, match="a number is needed here, not NoneType"):
        S.expected(lambda rng: None)


@pytest.mark.parametrize("far", [800.0, INF])
def test_a_choice_that_is_certain_by_its_logits_has_slopes_of_zero(far):
    for one in (far, -far):
        z = Value(one)
        of = S.Bernoulli(logit=z)
        for y in (of.entropy(), of.kl(S.Bernoulli(0.5)), S.surrogate(of.sample(0) * 2.0)):
            assert grad(y, z)[0].data == 0
    zs = [Value(0.5), Value(-far), Value(0.25)]
    of, small = S.Categorical(logits=zs), S.Categorical(logits=zs[::2])
    for f in (lambda d: d.entropy(), lambda d: d.kl(S.Categorical([1 / len(d.parameters)] * len(d.parameters)))):
        found, want = grad(f(of), *zs), grad(f(small), *zs[::2])
        assert [g.data for g in found] == pytest.approx([want[0].data, 0.0, want[1].data], abs=1e-15)


def test_the_entropy_of_a_poisson_is_one_function_on_both_sides_of_its_series():
    [below], [above] = ([S.Poisson(rate).entropy()] for rate in (1000.0, math.nextafter(1000.0, INF)))
    assert above == pytest.approx(below, rel=1e-12)
    slopes = []
    for x in (999.999, 1000.001):
        rate = Value(x)
        slopes.append(grad(S.Poisson(rate).entropy(), rate)[0].data)
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-5)


@pytest.mark.parametrize("rate", [0.3, 150.0, 1e5])
def test_a_poisson_counts_up_to_where_the_noise_lies(rate):
    """By the normal distribution, with the half that a count is wide and the skew that it has (Cornish and Fisher)."""
    for z in (-3.0, -1.0, 0.0, 2.0):
        k = S.Poisson(rate).sample(noise=math.erfc(-z / math.sqrt(2)) / 2).data
        assert abs(k - (rate + z * math.sqrt(rate) + (z * z - 1) / 6)) <= 1.0 + abs(z**3) / 12 / math.sqrt(rate)


BAD = {
    "a nan for a mean": (lambda: S.Normal(math.nan, 1.0), "mean of a Normal must lie in \\(-inf, inf\\), got nan"),
    "no end": (lambda: S.Uniform(-INF, 0.0), "low end of a Uniform"),
    "a nan for a logit": (lambda: S.Bernoulli(logit=Value(math.nan)), "nothing to choose by"),
    "a nan among logits": (lambda: S.Categorical(logits=[0.0, math.nan]), "logit 1 of a Categorical is nan"),
    "nothing allowed": (lambda: S.Categorical(logits=[-INF, -INF]), "must be finite"),
    "no list": (lambda: S.Categorical(5), "takes a list"),
    "no success": (lambda: S.Geometric(0.0), "never comes"),
    "too many to count": (lambda: S.Poisson(1e9), "Normal\\(rate, sqrt\\(rate\\)\\)"),
    "noise of a die": (lambda: S.Exponential(1.0).sample(noise=6), "of an Exponential must lie in \\[0, 1\\), got 6"),
    "noise that is nan": (lambda: S.Normal().rsample(noise=math.nan), "must lie in \\(-inf, inf\\), got nan"),
    "a number as generator": (lambda: S.Normal().sample(0.5), "or a seed; got 0.5"),
    "yes": (lambda: S.gumbel_softmax([0.0, 1.0], 0.5, True), "or a seed; got True"),
    "noise for one": (lambda: S.gumbel_softmax([0.0, 1.0], 0.5, noise=[0.1]), "2 logits, 1 noises"),
    "a surrogate of a surrogate": (lambda: S.surrogate(S.surrogate(b()) / 2), "scored twice"),
    "one of every order": (lambda: S.estimate(lambda rng: S.surrogate(b(rng), order=2), 0), "scored twice"),
    "one noise for two": (lambda: S.surrogate(twins(lambda x, y: x * y)), "the first from Bernoulli.* same noise"),
    "half a run": (lambda: S.estimate(lambda rng: b(), 0, 2.5), "samples=2.5"),
    "nothing to pay": (lambda: S.estimate(lambda rng: None, 0), "takes the costs"),
    "a scale that would get nothing": (
        lambda: S.surrogate(S.Normal(0.0, Value(1.0)).sample(0), estimator=S.MeasureValued()), "whose std is a number"),
    "a loop without end": (lambda: S.expected(falling(None)), "does it end"),
    "PyTorch's names": (lambda: S.Normal(loc=0.0, scale=1.0), "Normal takes mean and std, not loc, scale"),
    "PyTorch's name for p": (lambda: S.Bernoulli(probs=0.5), "Bernoulli takes p and logit, not probs"),
    "PyTorch's name for n": (lambda: S.Binomial(total_count=3, p=0.5), "Binomial takes n and p, not total_count"),
}  # fmt: skip


def b(rng=0):
    return 2.0 * S.Bernoulli(Value(0.5)).sample(rng)


class Twice(S.Normal):
    """One of somebody's own, with names of its own."""

    def __init__(self, **named):
        super().__init__(2 * named["middle"], named["width"])


def test_a_distribution_of_ones_own_may_have_names_of_its_own():
    assert repr(Twice(middle=1.0, width=3.0)) == "Twice(2, 3)"
    assert copy.copy(Twice(middle=1.0, width=3.0)).variance == 9.0


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_is_one_error_that_teaches(what):
    wrong, words = BAD[what]
    with pytest.raises((TypeError, ValueError), match=words):
        wrong()


def twins(cost, u=0.2):
    """A cost of two choices from the same noise."""
    u, p = Value(u), Value(0.3)
    return cost(S.Bernoulli(p).sample(noise=u), S.Bernoulli(p * p).sample(noise=u))


def test_choices_of_one_noise_may_cost_apart_as_a_difference_of_two_policies_does():
    """The noise that both have in common makes the difference of costs small, and changes no gradient."""
    found = 0.0
    for u, width in ((0.05, 0.09), (0.2, 0.21), (0.6, 0.7)):
        loss = S.surrogate(twins(lambda x, y: 3 * x - 2 * y, u))
        [p] = [n for n in topological(loss) if not n.parents and n.data == 0.3]
        found += width * grad(loss, p)[0].data
    assert found == pytest.approx(3 - 2 * 2 * 0.3, abs=1e-12)


def falling(most, p=0.3):
    """How often a coin falls before it does not."""

    def f(rng):
        n = 0
        while n != most and S.Bernoulli(p).sample(rng).data:
            n += 1
        return float(n)

    return f


@pytest.mark.parametrize("turned", [False, True])
def test_outcomes_are_counted_as_they_are_not_as_the_longest_run_has_them(turned):
    """Thirty coins in a row have 2**30 outcomes; here the first that does not fall is the last, and there are 31."""
    p = 0.7 if turned else 0.3
    assert S.expected(falling(30, p)).data == pytest.approx(p * (1 - p**30) / (1 - p), rel=1e-12)
    assert sum(1 for _ in S.outcomes(falling(30, p))) == 31


def test_a_soft_choice_has_a_slope_for_each_logit_and_hardened_falls_as_its_logits_say():
    zs, n = [0.5, -0.3], 24
    grid = [[(i + 0.5) / n, (j + 0.5) / n] for i in range(n) for j in range(n)]
    first = [S.gumbel_softmax(zs, 0.7, noise=us, hard=True)[0].data for us in grid]
    assert sum(first) / n**2 == pytest.approx(1 / (1 + math.exp(-0.8)), abs=1 / n)
    assert gradcheck(lambda *z: S.gumbel_softmax(z, 0.7, noise=grid[50])[0], *zs)
    z = [Value(x) for x in zs]
    soft, hard = (grad(S.gumbel_softmax(z, 0.7, noise=grid[50], hard=h)[0], *z) for h in (False, True))
    assert [g.data for g in soft] == [g.data for g in hard] != [0.0, 0.0]


def test_a_hard_choice_is_one_choice():
    for logits, temperature in (([1.0, 2.0, 3.0], 1e300), ([1e20, 1e20, 0.0], 1.0), ([0.0, 1.0, 2.0], 1e-300)):
        for seed in range(3):
            chosen = [y.data for y in S.gumbel_softmax(logits, temperature, seed, hard=True)]
            assert sorted(chosen) == [0.0, 0.0, 1.0]


@pytest.mark.skipif(not find_spec("numpy"), reason="NumPy is not installed")
def test_numbers_and_generators_of_numpy_will_do():
    import numpy as np

    for make in (S.Normal, S.Exponential, lambda: S.Binomial(np.int64(3), np.float64(0.5))):
        ours = [make().sample(np.random.default_rng(3)).data for _ in range(2)]
        assert ours[0] == ours[1] and make().sample(np.int64(3)).data == make().sample(3).data
    for cost in (lambda rng: S.Normal(Value(1.0)).rsample(rng) * 2, b):
        for rng in (np.random.default_rng(0), np.random.RandomState(0)):
            S.estimate(cost, rng, 2, antithetic=True)
            S.compare_estimators(cost, [Value(0.5)], {"score": S.Score()}, samples=3, rng=rng)


def test_losses_with_replies_and_critics_are_copied_and_kept():
    of = S.Bernoulli(Value(0.4)).sample(0)
    for cost in (S.surrogate(S.reply(3.0, of)), S.surrogate(of * 2.0, estimator=S.Critic())):
        assert pickle.loads(pickle.dumps(cost)).data == copy.deepcopy(cost).data == cost.data


def test_a_memory_is_replayed_by_a_seed():
    def learned(rng):
        critic, draw = S.Critic(memory=20), random.Random(1)
        for _ in range(20):
            critic.remember(b(draw))
        critic.replay(rng, 30)
        return critic.q["choice 1"].values, critic.q["choice 1"]._weights

    assert learned(4) == learned(random.Random(4)) != learned(5)
