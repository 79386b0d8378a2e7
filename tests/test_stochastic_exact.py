"""No bias, without sampling: noise matters by the side of a threshold that it lies on, and sides can be added up."""

import itertools
import math
import random

import pytest

from tests.test_stochastic import ALL, FINITE, LINES, exact, random_graph
from tinygrad_edu import Value, grad
from tinygrad_edu import functional as F
from tinygrad_edu import stochastic as S
from tinygrad_edu.stochastic.surrogates import Mirror


class Told:
    """A generator that gives the numbers it was told."""

    def __init__(self, *numbers):
        self.numbers = iter(numbers)

    def random(self):
        return next(self.numbers)

    def gauss(self, mean, std):
        return mean + std * next(self.numbers)


def sides(*thresholds):
    """The middle of each interval between some thresholds in [0, 1], and its width."""
    ends = [0.0, *sorted({t for t in thresholds if 0 < t < 1}), 1.0]
    return [((a + b) / 2, b - a) for a, b in itertools.pairwise(ends)]


def mean_over(axes, f):
    """The mean of a list of numbers, f(noise), over noise on every side of its thresholds."""
    found = [(math.prod(w for _, w in cell), f([u for u, _ in cell])) for cell in itertools.product(*axes)]
    return [math.fsum(p * xs[i] for p, xs in found) for i in range(len(found[0][1]))]


def gradient(loss, parameters):
    return [g.data for g in grad(loss, *parameters)]


def coins(seed, ways):
    """Up to three coins that depend on each other, each with an estimator of its own."""
    plan = random.Random(seed)
    n, parameters = plan.randint(2, 3), [Value(plan.uniform(-1, 1)) for _ in range(3)]
    weights = [[plan.uniform(-1.5, 1.5) * (plan.random() < 0.7) for _ in range(i)] for i in range(n)]
    by_logit, estimators = [plan.random() < 0.5 for _ in range(n)], [plan.choice(ways) for _ in range(n)]

    def cost(draw, asked=None):
        made = []
        for i, row in enumerate(weights):
            z = parameters[i % 3] + sum(w * (1 + parameters[(i + 1) % 3]) * b for w, b in zip(row, made) if w)
            of = S.Bernoulli(logit=z) if by_logit[i] else S.Bernoulli(z.sigmoid())
            made.append(draw(i, of, estimators[i]))
            if asked is not None:
                asked[i].add(float(of.p))
        rest = F.sum([(j + 0.7) * b for j, b in enumerate(made)])
        costs = [(made[-1] - made[0]) ** 2 * parameters[0], (rest + parameters[1]).tanh() * 2, made[0] * parameters[2]]
        return costs if seed % 2 else F.sum(costs)

    asked = [set() for _ in range(n)]
    for bits in itertools.product((0.0, 1.0), repeat=n):
        cost(lambda i, of, how, bits=bits: Value(bits[i]), asked)
    return parameters, cost, [sides(*thresholds) for thresholds in asked]


WAYS = [S.Score(), S.Score(0.8), S.Enumerate(), S.MeasureValued()]


@pytest.mark.parametrize("seed", range(30))
def test_estimators_of_single_choices_mix_and_stay_unbiased(seed):
    order = 1 + seed % 3 // 2
    parameters, cost, axes = coins(seed, WAYS[: 5 - order])

    def estimate(noise):
        costs = cost(lambda i, of, how: of.sample(noise=noise[i], estimator=how))
        return gradient(S.surrogate(costs, order=order), parameters)

    want = exact(parameters, lambda rng: cost(lambda i, of, how: of.sample(rng)))
    assert mean_over(axes, estimate) == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("how", WAYS, ids=repr)
def test_leaving_one_out_is_unbiased_also_beside_other_estimators(how):
    t = Value(0.3)

    def cost(rng):
        a = S.Bernoulli(t).sample(rng, estimator=None if "decide" in dir(rng) else how)
        return (a - S.Bernoulli(logit=3 * t * a).sample(rng)) ** 2

    run = [sides(0.3), sides(0.5, 1 / (1 + math.exp(-0.9)))]
    found = mean_over(run * 2, lambda noise: gradient(S.estimate(cost, Told(*noise), 2, leave_one_out=True), [t]))
    assert found == pytest.approx(exact([t], cost), abs=1e-12)


def test_a_run_is_not_the_baseline_of_its_own_mirror():
    t = Value(0.3)
    cost = lambda rng: (S.Bernoulli(t).sample(rng) - 0.4) ** 2  # noqa: E731
    for how in ({"leave_one_out": True}, {}):
        found = mean_over(
            [sides(0.3, 0.7)] * 2, lambda us: gradient(S.estimate(cost, Told(*us), 4, antithetic=True, **how), [t])
        )
        assert found == pytest.approx([0.2], abs=1e-12)
        assert S.expected(lambda rng: S.estimate(cost, rng, 4, antithetic=True, **how)).data == pytest.approx(0.22)
    with pytest.raises(ValueError, match="pairs"):
        S.estimate(cost, 0, 2, antithetic=True, leave_one_out=True)


def test_each_kind_of_noise_has_its_own_mirror():
    mirror = Mirror(Told(0.25, 1.5, 0.9))
    assert [mirror.random(), mirror.gauss(0.0, 1.0)] == [0.25, 1.5]
    mirror.turn()
    assert [mirror.gauss(1.0, 2.0), mirror.random(), mirror.random()] == [-2.0, 0.75, 0.9]
    assert Mirror(random.Random(0)).choice("ab") == random.Random(0).choice("ab")  # has none, and is drawn anew


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("before", [[], [2.0]])
def test_choices_that_share_a_baseline_that_learns_do_not_tell_each_other_what_they_cost(order, before):
    t, found = Value(0.3), 0.0
    cost = lambda rng: (S.Bernoulli(t).sample(rng) + 2 * S.Bernoulli(t).sample(rng) - 0.4) ** 2  # noqa: E731
    for p, costs in S.outcomes(cost):
        mean = S.RunningMean(0.5)
        for x in before:
            mean.seen(None, x)
        found += p * gradient(S.surrogate(costs, estimator=S.Score(mean), order=order), [t])[0]
        assert mean(None) != (before or [0.0])[0]  # it has learned
    assert found == pytest.approx(exact([t], cost)[0], abs=1e-12)


def smooth(a, b, n):
    """Places between a and b, few of them at the ends, where logarithms are; and their weights."""
    xs = [(k + 0.5) / n for k in range(n)]
    return [(a + (b - a) * x**3 * (10 - 15 * x + 6 * x * x), (b - a) * 30 * (x * (1 - x)) ** 2 / n) for x in xs]


@pytest.mark.parametrize("how", [(0.5,), (1.0, 0.3), (0.3, 1.0, lambda y: 3 * y * y)], ids=["plain", "scaled", "RELAX"])
def test_rebar_is_unbiased_and_has_less_variance_than_the_plain_score(how):
    t, w = Value(0.35), Value(0.7)
    cost = lambda b: (b + w).exp() + b * t  # noqa: E731

    def sample(u, v):
        b = S.Bernoulli(t).sample(noise=u, estimator=S.Rebar(Told(v), *how))
        found = gradient(S.surrogate(cost(b)), [t, w])
        return [*found, found[0] ** 2]

    axes = [[*smooth(0, 0.35, 12), *smooth(0.35, 1, 12)], smooth(0, 1, 12)]
    *found, square = mean_over(axes, lambda noise: sample(*noise))
    want = exact([t, w], lambda rng: cost(S.Bernoulli(t).sample(rng)))
    assert found == pytest.approx(want, abs=1e-3)
    scored = [(p, gradient(S.surrogate(cost(S.Bernoulli(t).sample(noise=u))), [t])[0]) for u, p in sides(0.35)]
    assert square < math.fsum(p * g * g for p, g in scored)


class Measured(S.MeasureValued):
    """Measure-valued, where a choice is a coin."""

    def rewrite(self, choice, costs):
        how = super() if isinstance(choice.distribution, S.Bernoulli) else S.Enumerate()
        return how.rewrite(choice, costs)


SAMPLED = [
    {"estimator": S.Score(0.0)}, {"estimator": S.Score(0.7)}, {"estimator": S.Score(S.RunningMean())},
    {"estimator": Measured()}, {"samples": 2, "leave_one_out": True}, {"samples": 2, "antithetic": True},
]  # fmt: skip


@pytest.mark.parametrize("seed", range(50))
def test_samples_of_random_graphs_have_the_exact_mean_within_five_and_a_half_standard_errors(seed):
    parameters, cost = random_graph(seed)
    how, rng = SAMPLED[seed % 6], random.Random(seed)
    columns = zip(*[gradient(S.estimate(cost, rng, **how), parameters) for _ in range(40 // how.get("samples", 1))])
    for want, column in zip(exact(parameters, cost), columns, strict=True):
        mean = math.fsum(column) / len(column)
        assert abs(mean - want) <= 5.5 * math.dist(column, [mean] * len(column)) / len(column) + 1e-12


def test_a_score_needs_no_more_than_it_has():
    t = Value(0.4)
    u = S.Uniform(0.0, 1.0).sample(noise=0.25)  # its ends are numbers: nothing is to be scored
    assert gradient(S.surrogate(u * t), [t]) == [0.25]
    b = S.Bernoulli(t).sample(noise=0.1)
    assert gradient(S.surrogate([b, b]), [t]) == [2 / 0.4]


def places(name, n=100):
    """Noise with its weights: for a line a grid on it, for counts the middle of what makes each of them."""
    of = ALL[name][0](*ALL[name][1])
    if name == "normal":
        zs = [-9 + 18 * (k + 0.5) / n for k in range(n)]
        return [(z, math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * 18 / n) for z in zs]
    if name in LINES:  # few steps, and short ones, at the ends
        xs = [(k + 0.5) / n for k in range(n)]
        return [(x**4 * (35 - 84 * x + 70 * x**2 - 20 * x**3), 140 * (x * (1 - x)) ** 3 / n) for x in xs]
    chances = [p for _, p in of.outcomes()] if name in FINITE else [math.exp(of.log_prob(k)) for k in range(60)]
    ends = [0.0, *itertools.accumulate(chances)]
    return [(min((a + b) / 2, 1 - 2**-53), p) for a, b, p in zip(ends, ends[1:], chances)]


FITS = {"Score": {*ALL} - {"uniform"}, "MeasureValued": {"bernoulli", "bernoulli by logit", "poisson"},
        "Enumerate": {*FINITE}, "Pathwise": {*LINES}}  # fmt: skip


@pytest.mark.parametrize("how", [S.Score(0.7), S.MeasureValued(), S.Enumerate(), S.Pathwise()], ids=repr)
@pytest.mark.parametrize("name", ALL)
def test_an_estimator_meets_the_slope_of_the_expectation_or_is_refused(name, how):
    make, args = ALL[name]
    parameters, noise = [Value(a) for a in args], places(name)
    cost = lambda x: (x * 0.7 - 0.2).sin() + x * 0.3  # noqa: E731

    def expected(*numbers):
        """By the same noise, moved with the parameters, or by the same outcomes with other probabilities."""
        if name in LINES:
            return math.fsum(w * cost(make(*numbers).sample(noise=z)).data for z, w in noise)
        outcomes = [make(*args).sample(noise=z) for z, _ in noise]
        return math.fsum(math.exp(make(*numbers).log_prob(x.data)) * cost(x).data for x in outcomes)

    def loss(z):
        return S.surrogate(cost(make(*parameters).sample(noise=z)), estimator=how)

    if name not in FITS[type(how).__name__]:
        with pytest.raises(ValueError, match="[Tt]ake|cannot be enumerated"):
            loss(0.5)
        return
    runs, h = [(w, loss(z)) for z, w in noise], 1e-4
    for i, p in enumerate(parameters):
        above, below = ([a + s * h * (i == j) for j, a in enumerate(args)] for s in (1, -1))
        found = math.fsum(w * grad(y, p)[0].data for w, y in runs)
        assert found == pytest.approx((expected(*above) - expected(*below)) / (2 * h), abs=2e-5)
