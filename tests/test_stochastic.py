"""Random choices: distributions are what the textbooks say, and every estimate meets the exact gradient."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, grad, gradcheck, jit, ops
from tinygrad_edu import stochastic as S
from tinygrad_edu.stochastic.substitution import Influence, choices, substituted
from tinygrad_edu.tracing import RecordingError

FINITE = {
    "bernoulli": (S.Bernoulli, (0.3,)),
    "bernoulli by logit": (lambda z: S.Bernoulli(logit=z), (-0.8,)),
    "categorical": (lambda a: S.Categorical([a / 2, 1 - a, a / 2]), (0.6,)),
    "categorical by logits": (lambda a, b: S.Categorical(logits=[a, b, 0.5]), (0.2, -1.0)),
    "binomial": (lambda p: S.Binomial(5, p), (0.35,)),
}
COUNTS = {"poisson": (S.Poisson, (2.5,)), "geometric": (S.Geometric, (0.4,))}
LINES = {
    "normal": (S.Normal, (0.7, 1.3)), "uniform": (S.Uniform, (-1.0, 2.0)), "exponential": (S.Exponential, (0.7,)),
    "gumbel": (S.Gumbel, (0.5, 0.8)),
}  # fmt: skip
ALL = {**FINITE, **COUNTS, **LINES}
SPAN = {"normal": (-12, 13), "uniform": (-1, 2), "exponential": (0, 60), "gumbel": (-4, 40)}


def weighed(name, f):
    """The expected f(x), by adding up or by integration (midpoints)."""
    make, args = ALL[name]
    d = make(*args)
    if name in LINES:
        low, high = SPAN[name]
        n = 15_000
        xs = [low + (high - low) * (k + 0.5) / n for k in range(n)]
        return math.fsum(math.exp(d.log_prob(x)) * f(x) for x in xs) * (high - low) / n
    xs = [x for x, _ in d.outcomes()] if name in FINITE else range(120)
    return math.fsum(math.exp(d.log_prob(float(x))) * f(float(x)) for x in xs)


@pytest.mark.parametrize("name", ALL)
def test_a_distribution_adds_up_to_one_and_has_its_mean_and_its_entropy(name):
    make, args = ALL[name]
    d = make(*args)
    assert weighed(name, lambda x: 1.0) == pytest.approx(1, abs=1e-6)
    assert weighed(name, lambda x: x) == pytest.approx(float(d.mean), rel=1e-5)
    assert weighed(name, lambda x: -d.log_prob(x)) == pytest.approx(float(d.entropy()), rel=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_a_divergence_is_the_expected_difference_of_logarithms(name):
    make, args = ALL[name]
    d = make(*args)
    other = make(args[0] - 0.1, *[a + 0.2 for a in args[1:]])
    if name != "uniform":  # its support must lie inside
        assert weighed(name, lambda x: d.log_prob(x) - other.log_prob(x)) == pytest.approx(float(d.kl(other)), rel=1e-4)
    assert float(d.kl(make(*args))) == pytest.approx(0, abs=1e-12)
    assert float(S.Uniform(0.0, 1.0).kl(S.Uniform(-1.0, 3.0))) == pytest.approx(math.log(4))
    with pytest.raises(TypeError, match="divergence"):
        d.kl(S.Normal(0.0, 1.0) if name != "normal" else S.Exponential(1.0))


@pytest.mark.parametrize("name", ALL)
def test_samples_fall_where_the_distribution_says(name):
    make, args = ALL[name]
    d, rng, n = make(*args), random.Random(7), 4000
    xs = [d.sample(rng).data for _ in range(n)]
    assert xs[:5] == [make(*args).sample(random.Random(7)).data] + xs[1:5]  # a seed is a seed
    spread = math.sqrt(float(d.variance))
    assert spread**2 == pytest.approx(weighed(name, lambda x: x * x) - float(d.mean) ** 2, rel=1e-5)
    assert math.fsum(xs) / n == pytest.approx(float(d.mean), abs=4.5 * spread / math.sqrt(n))
    at = sorted(xs)[n // 3]
    below = weighed(name, lambda x: 1.0 * (x <= at))
    assert sum(x <= at for x in xs) / n == pytest.approx(below, abs=4.5 / 2 / math.sqrt(n) + 1e-3)


@pytest.mark.parametrize("name", ALL)
def test_log_prob_entropy_and_divergence_have_the_gradients_of_differences(name):
    make, args = ALL[name]
    x = 0.3 if name in LINES else 1.0
    assert gradcheck(lambda *a: make(*a).log_prob(x) + 0.0 * a[0], *args)
    assert gradcheck(lambda *a: make(*a).entropy() + 0.0 * a[0], *args)
    assert gradcheck(lambda *a: make(*a).mean + 3.0 * make(*a).variance + 0.0 * a[0], *args)
    if name != "uniform":
        assert gradcheck(lambda *a: make(*a).kl(make(*[b + 0.1 for b in args])), *args)


@pytest.mark.parametrize("name", LINES)
def test_a_path_is_the_sample_as_a_function_of_its_parameters(name):
    make, args = LINES[name]
    values = [Value(a) for a in args]
    one, other = make(*values).sample(noise=0.4), make(*values).rsample(noise=0.4)
    assert one.data == pytest.approx(other.data, rel=1e-15)
    assert gradcheck(lambda *a: make(*a).rsample(noise=0.4), *args)
    one.backward()
    assert all(v.grad == 0 for v in values)


# Estimators


def random_graph(seed):
    """Two parameters and a cost, or several, of up to six discrete choices, with deterministic parts between them."""
    plan = random.Random(seed)
    parameters = [Value(plan.uniform(-1, 1), label=f"t{i}") for i in range(3)]
    count = plan.randint(1, 6)
    kinds = [plan.choice("bbcpn") if i == 0 else plan.choice("bp") for i in range(count)]
    recipe = [(kinds[i], plan.randrange(3), plan.uniform(-1, 1), plan.random()) for i in range(count)]
    joins = [[j for j in range(min(i, count)) if plan.random() < 0.5] for i in range(count + 3)]

    def cost(rng):
        made = []
        for (kind, t, a, share), before in zip(recipe, joins):
            z = parameters[t] + a + sum((made[j] * (parameters[(t + 1) % 3] + share) for j in before), 0.0)
            if kind == "c":
                d = S.Categorical(logits=[z, z * a, 0.3])
            elif kind == "n":
                d = S.Binomial(2, z.sigmoid())
            else:
                d = S.Bernoulli(z.sigmoid()) if kind == "p" else S.Bernoulli(logit=z)
            made.append(d.sample(rng))
        costs = [made[-1] * parameters[0] + (parameters[1] - made[0]) ** 2]
        for k, before in enumerate(joins[count:]):
            costs.append(sum((made[j] * (j + 0.5) for j in before), parameters[k]).tanh() * (1 + parameters[2] ** 2))
        return costs if seed % 2 else sum(costs, 0.0)

    return parameters, cost


def exact(parameters, cost):
    return [g.data for g in grad(S.expected(cost), *parameters)]


def weighted(parameters, cost, **how):
    """The mean gradient of the surrogate loss over all outcomes, and the mean of its square."""
    mean, square, total = [0.0] * 3, [0.0] * 3, 0.0
    for p, costs in S.outcomes(cost):
        g = [d.data for d in grad(S.surrogate(costs, **how), *parameters)]
        mean, square = ([m + p * d**k for m, d in zip(moment, g)] for k, moment in ((1, mean), (2, square)))
        total += p
    assert total == pytest.approx(1, abs=1e-12)
    return mean, square


@pytest.mark.parametrize("seed", range(50))
def test_the_surrogate_loss_meets_the_exact_gradient_over_all_outcomes(seed):
    parameters, cost = random_graph(seed)
    want = exact(parameters, cost)
    how = [{}, {"estimator": S.Score(3.7)}, {"order": 2}, {"estimator": S.Score(-2.0), "order": 2}]
    for _, costs in itertools.islice(S.outcomes(cost), 1):  # no choice is left: each sample gives the exact gradient
        found = grad(S.surrogate(costs, estimator=S.Enumerate()), *parameters)
        assert [g.data for g in found] == pytest.approx(want, abs=1e-12)
    for one in how[seed % 2 :: 2]:
        assert weighted(parameters, cost, **one)[0] == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("seed", range(0, 50, 5))
def test_a_baseline_changes_the_variance_and_never_the_mean(seed):
    parameters, cost = random_graph(seed)
    want, (mean, square) = exact(parameters, cost), weighted(parameters, cost)
    moved, other = weighted(parameters, cost, estimator=S.Score(10.0))
    assert mean == pytest.approx(want, abs=1e-12) and moved == pytest.approx(want, abs=1e-11)
    assert any(abs(a - b) > 1e-3 for a, b in zip(square, other)) or max(map(abs, square)) == 0


@pytest.mark.parametrize("seed", range(0, 24, 3))
def test_of_order_two_the_second_derivative_is_exact_as_well(seed):
    parameters, cost = random_graph(seed)
    [want] = grad(grad(S.expected(cost), parameters[0])[0], parameters[1])
    found = 0.0
    for p, costs in S.outcomes(cost):
        [g] = grad(S.surrogate(costs, order=2, estimator=S.Score(0.7)), parameters[0])
        found += p * grad(g, parameters[1])[0].data
    assert found == pytest.approx(want.data, abs=1e-11)


def test_the_second_derivative_of_one_choice_is_minus_four_and_the_plain_loss_refuses_it():
    t = Value(0.3)

    def cost(rng):
        x = S.Bernoulli(t).sample(rng)
        return x * (1 - t) + (1 - x) * (1 + t)

    second = 0.0
    for p, c in S.outcomes(cost):
        second += p * grad(grad(S.surrogate(c, order=2), t)[0], t)[0].data
        with pytest.raises(RuntimeError, match="order=2"):
            grad(grad(S.surrogate(c), t)[0], t)
    assert second == pytest.approx(-4, abs=1e-12)


def test_a_gradient_from_samples_lies_within_its_standard_error():
    """Continuous choices too: scored, pathwise, and by measure."""
    m = Value(0.4)
    ways = {
        "score": lambda rng: S.Normal(m, 1.0).sample(rng),
        "path": lambda rng: S.Normal(m, 1.0).rsample(rng),
        "measure": lambda rng: S.Normal(m, 1.0).sample(rng, estimator=S.MeasureValued()),
    }
    for way in ways.values():
        rng, found = random.Random(3), []
        for _ in range(800):
            x = way(rng)
            b = S.Bernoulli(logit=x * m).sample(rng)
            found.append(grad(S.surrogate((b - x) ** 2), m)[0].data)
        mean = math.fsum(found) / len(found)
        error = math.dist(found, [mean] * len(found)) / len(found)
        # E[(b - x)²] with b ~ Bernoulli(σ(xm)), by integration over x
        want = _expected_slope(0.4)
        assert abs(mean - want) < 5.5 * error, (mean, want, error)


def _expected_slope(m):
    def expectation(m):
        n, total = 4000, 0.0
        for k in range(n):
            z = -8 + 16 * (k + 0.5) / n
            x, w = m + z, math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * 16 / n
            p = 1 / (1 + math.exp(-x * m))
            total += w * (p * (1 - x) ** 2 + (1 - p) * x * x)
        return total

    return (expectation(m + 1e-4) - expectation(m - 1e-4)) / 2e-4


@pytest.mark.parametrize("estimator", [S.Enumerate(), S.MeasureValued(), S.StraightThrough(), S.Score(1.0)], ids=repr)
def test_whichever_way_a_choice_goes_those_before_it_are_scored_by_its_costs(estimator):
    t, w = Value(0.2), Value(-0.7)

    def cost(rng):
        a = S.Bernoulli(logit=t).sample(rng)
        b = S.Bernoulli(logit=w * a).sample(rng, estimator=estimator)
        return (b - 0.45) ** 2

    [want] = grad(S.expected(cost), t)
    found = [p * grad(S.surrogate(c), t)[0].data for p, c in S.outcomes(cost)]
    assert math.fsum(found) == pytest.approx(want.data, abs=1e-12)


def test_the_published_expectations():
    p = Value(0.6)

    def cost(rng):
        b = S.Binomial(10, p).sample(rng)
        return p * (1 - p) * (2 * b + 3 * S.Bernoulli(p).sample(rng)) * b

    e = S.expected(cost)
    assert (e.data, grad(e, p)[0].data) == pytest.approx((21.024, 47.76), rel=1e-12)
    t1, t2, w = Value(0.0), Value(0.0), Value(1.0)

    def join(rng, aim=None):
        b1 = S.Bernoulli(logit=t1).sample(rng)
        b2 = S.Bernoulli(logit=t2 + w * b1).sample(rng)
        return (b1 - b2) ** 2 if aim is None else (b2 - aim) ** 2

    e = S.expected(join)
    assert [e.data, *[g.data for g in grad(e, t1, t2, w)]] == pytest.approx(
        [0.3844707107, -0.0577646447, 0.0266940334, -0.0983059666], abs=1e-10
    )
    e = S.expected(lambda rng: join(rng, 0.45))
    assert [e.data, *[g.data for g in grad(e, t1, t2, w)]] == pytest.approx(
        [0.2640529, 0.00577646, 0.02233060, 0.00983060], abs=1e-7
    )
    w.data = 0.0
    assert grad(S.expected(join), w)[0].data == pytest.approx(-0.125)


def test_antithetic_and_leave_one_out_samples_keep_the_mean_and_reduce_the_variance():
    t = Value(0.3, label="t")

    def cost(rng):
        return (S.Bernoulli(t).sample(rng) + S.Bernoulli(t).sample(rng) - 0.4) ** 2

    [want] = grad(S.expected(cost), t)
    spread = {}
    for name, how in {"plain": {}, "antithetic": {"antithetic": True}, "one out": {"leave_one_out": True}}.items():
        rng = random.Random(11)
        column = [grad(S.estimate(cost, rng, 4, **how), t)[0].data for _ in range(120)]
        mean = math.fsum(column) / len(column)
        spread[name] = math.dist(column, [mean] * len(column)) / math.sqrt(len(column))
        assert abs(mean - want.data) < 5.5 * spread[name] / math.sqrt(len(column)), name
    assert spread["one out"] < spread["plain"] and spread["antithetic"] < spread["plain"]


@given(st.floats(-3, 3), st.floats(-3, 3))
@settings(max_examples=30)
def test_without_a_choice_the_surrogate_loss_is_the_cost(a, b):
    x, y = Value(a), Value(b)
    cost = (x * y).tanh() + x
    loss = S.surrogate([cost, x * 2.0])
    assert loss.data == cost.data + 2 * a
    assert [g.data for g in grad(loss, x, y)] == [g.data for g in grad(cost + x * 2.0, x, y)]


@pytest.mark.parametrize("seed", range(6))
def test_a_substituted_graph_is_the_graph_that_the_other_outcome_would_have_made(seed):
    parameters, cost = random_graph(2 * seed + 1)
    costs = cost(random.Random(seed))
    picked = choices(costs)
    assert substituted(costs, {}) == costs  # nothing changes: the same Values
    for c in picked:
        again = substituted(costs, {c: Value(c.data)})
        assert [a.data for a in again] == [b.data for b in costs]
        assert len(choices(again)) == len(picked) - 1
        for d in choices(again):
            for p in d.distribution.parameters:
                assert not isinstance(p, Value) or p in d.parents  # it reads what its node reads


@pytest.mark.parametrize("seed", range(6))
def test_costs_that_have_no_choice_in_common_are_told_apart_and_no_others(seed):
    costs = [term for k in range(3) for term in S.surrogate(random_graph(6 * k + seed)[1](random.Random(k))).parents]
    parts = Influence(costs).apart()
    assert sorted(map(id, itertools.chain(*parts))) == sorted(map(id, costs))
    for those, others in itertools.combinations(parts, 2):
        assert not {*choices(those)} & {*choices(others)}
    for those in parts:  # from one of them all are reached
        reached, left = {*choices(those[:1])}, those[1:]
        while meet := [c for c in left if reached & {*choices([c])}]:
            reached, left = reached.union(choices(meet)), [c for c in left if c not in meet]
        assert not left


def test_an_estimator_is_asked_about_the_costs_that_hang_together_with_its_choice():
    asked = []

    class Asked(S.Enumerate):
        def rewrite(self, choice, costs):
            asked.append(len(costs))
            return super().rewrite(choice, costs)

    t, rng = Value(0.3), random.Random(0)
    made = [S.Bernoulli(t).sample(rng, estimator=Asked()) for _ in range(6)]
    S.surrogate([*[b * 2.0 for b in made], made[0] * made[1]])
    assert asked[:5] == [1, 1, 1, 1, 3] and len(asked) == 6


def test_baselines_that_learn_come_to_the_expected_cost():
    from tinygrad_edu import nn, optim

    t = Value(0.0)
    mean = S.RunningMean(0.9)
    model = nn.Linear(2, 1, seed=0)
    learned = S.LearnedBaseline(model, optim.SGD(model.parameters(), lr=0.05))
    rng = random.Random(0)
    for _ in range(400):
        a = S.Bernoulli(logit=t).sample(rng, estimator=S.Score(mean))
        b = S.Bernoulli(logit=t + a).sample(rng, estimator=S.Score(learned))
        S.surrogate([10 + a, 5 * a + b])
    # 10 + a is taken apart: the choice has no part in the 10
    assert mean(None) == pytest.approx(0.5 + 2.5 + 0.6155, abs=2.0)
    for a in (0.0, 1.0):
        guess = model([float(t.data + a), a])[0].data
        assert guess == pytest.approx(1 / (1 + math.exp(-a)), abs=0.15)  # 5 * a is no doing of b's


# What is refused

BAD = {
    "a probability above 1": (lambda: S.Bernoulli(1.2), "must lie in \\[0, 1\\], got 1.2"),
    "a labelled one": (lambda: S.Bernoulli(Value(-0.1, label="p")), "\\(p\\) must lie"),
    "both": (lambda: S.Bernoulli(0.5, logit=0.0), "one of them"),
    "neither": (lambda: S.Categorical(), "one of them"),
    "one class": (lambda: S.Categorical([1.0]), "two or more"),
    "probabilities that make 1.1": (lambda: S.Categorical([0.6, 0.5]), "add up to 1"),
    "a negative scale": (lambda: S.Normal(0.0, -1.0), "must lie in \\(0, inf\\), got -1"),
    "a scale of 0": (lambda: S.Normal(0.0, 0.0), "got 0"),
    "a nan": (lambda: S.Poisson(math.nan), "got nan"),
    "half a try": (lambda: S.Binomial(2.5, 0.5), "whole number"),
    "an interval backwards": (lambda: S.Uniform(1.0, 0.0), "high - low"),
    "no generator": (lambda: S.Bernoulli(0.5).sample(), "random.Random\\(0\\), or a seed"),
    "a path of jumps": (lambda: S.Bernoulli(0.5).rsample(0), "Relaxed"),
    "a path of many jumps": (lambda: S.Categorical([0.5, 0.5]).rsample(0), "gumbel_softmax"),
    "no such outcome": (lambda: S.Bernoulli(0.5).log_prob(0.5), "no outcome"),
    "an outcome too many": (lambda: S.Categorical([0.5, 0.5]).log_prob(2), "from 0 to 1"),
    "no end of outcomes": (lambda: S.expected(lambda rng: S.Poisson(1.0).sample(rng)), "cannot be enumerated"),
    "a line of outcomes": (lambda: S.expected(lambda rng: S.Normal().sample(rng)), "pathwise"),
    "too many": (
        lambda: S.expected(lambda rng: sum(S.Bernoulli(0.5).sample(rng) for _ in range(17))),
        "131,072 outcomes, and 65,536",
    ),
    "a score of a Uniform": (lambda: S.surrogate(S.Uniform(Value(0.0), 1.0).sample(0) ** 2), "pathwise"),
    "no cost": (lambda: S.surrogate([]), "takes the costs"),
    "a number": (lambda: S.surrogate(3.0), "takes the costs"),
    "order 2 of a measure": (
        lambda: S.surrogate(S.Bernoulli(Value(0.5)).sample(0) ** 2, estimator=S.MeasureValued(), order=2),
        "Score or Enumerate",
    ),
    "a measure of a Geometric": (
        lambda: S.surrogate(S.Geometric(Value(0.5)).sample(0) ** 2, estimator=S.MeasureValued()), "knows Bernoulli",
    ),
    "a list for a number": (lambda: S.Normal([0.0, 1.0], 1.0), "a number is needed here, not list"),
    "text for a probability": (lambda: S.Bernoulli("0.3"), "without quotes"),
    "a number for a list": (lambda: S.Categorical(0.5), "takes a list of probabilities"),
    "noise beyond its range": (lambda: S.Bernoulli(0.5).sample(noise=1.2), "must lie in \\[0, 1\\), got 1.2"),
    "noise twice": (lambda: S.Normal().sample(0, noise=0.1), "one of them"),
    "an estimator by name": (lambda: S.Normal().sample(0, estimator="score"), "such as Score\\(\\).*got 'score'"),
    "its class": (lambda: S.surrogate(S.Normal().sample(0), estimator=S.Critic), "write Critic\\(...\\)"),
    "a baseline by name": (lambda: S.Score("mean"), "a number is needed here"),
    "a baseline's class": (lambda: S.Score(S.RunningMean), "Score\\(RunningMean\\(...\\)\\)"),
    "a baseline that knows the choice": (
        lambda: S.surrogate(S.Bernoulli(Value(0.5)).sample(0) * 3.0, estimator=S.Score(lambda b: 2 * b)),
        "Bernoulli\\(0.5\\) is computed from what was chosen",
    ),
    "no temperature": (lambda: S.Relaxed(0.0), "must lie in \\(0, inf\\)"),
    "REBAR without a generator": (lambda: S.Rebar(None), "Rebar needs a generator"),
    "order 3": (lambda: S.surrogate(Value(1.0), order=3), "2 for every order"),
    "a reward": (lambda: S.surrogate([Value(1.0), -1.0]), "reply\\(number, choice\\)"),
    "a word from the world": (lambda: S.reply("x", Value(1.0)), "a number is needed here"),
    "no function": (lambda: S.expected(Value(1.0)), "takes a function of a generator"),
    "no function to sample": (lambda: S.estimate(Value(1.0), 0), "takes a function of a generator"),
    "other dice": (lambda: S.expected(lambda rng: rng.random()), "those of rng.random have no end"),
    "a path to enumerate": (lambda: S.expected(lambda rng: S.Normal().rsample(rng)), "have no end"),
    "another generator": (lambda: S.expected(lambda rng: S.Bernoulli(0.5).sample(0)), "pass it on, .sample\\(rng\\)"),
    "a Q-function for all": (lambda: S.Critic(S.Table(1)), "lambda size: Linear"),
    "no Q-function": (lambda: S.Critic(3), "Critic takes what makes a Q-function"),
    "a lesson of a number": (lambda: S.Critic().learn(3.0), "a critic takes the costs"),
    "the critic set of no choice": (lambda: S.critic_set(Value(1.0), Value(1.0)), "asks of a random choice"),
    "a function for its cost": (lambda: S.surrogate(lambda rng: Value(1.0)), "estimate\\(f, rng\\), which runs it"),
    "one sample to leave out": (lambda: S.estimate(lambda rng: Value(1.0), 0, 1, leave_one_out=True), "two or more"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_with_what_to_use_instead(what):
    wrong, words = BAD[what]
    with pytest.raises((TypeError, ValueError), match=words):
        wrong()


def test_a_sample_without_noise_cannot_be_recorded_and_with_noise_it_can():
    t = Value(0.3)
    with pytest.raises(RecordingError, match="noise=u"):
        jit(lambda x: S.Bernoulli(t).sample(random.Random(0)) * x)(1.0)

    def loss(u, z):
        b = S.Bernoulli(t).sample(noise=u)
        x = S.Normal(b, 0.5).rsample(noise=z)
        return S.surrogate((x - t) ** 2)

    recorded = jit(loss, backend="python")
    for u, z in itertools.product((0.1, 0.29, 0.31, 0.9), (-1.0, 0.5)):
        assert recorded(u, z).data == loss(u, z).data
        assert grad(recorded(u, z), t)[0].data == pytest.approx(grad(loss(u, z), t)[0].data, rel=1e-14)


def test_a_surrogate_of_choices_that_other_parameters_made_is_refused_and_one_built_before_stays_right():
    t, w = Value(0.3, label="t"), Value(2.0)
    b = S.Bernoulli(t).sample(noise=0.1)
    c = S.Normal(w * b, 1.0).sample(noise=0.5)
    loss = S.surrogate(b * c)
    t.data, w.data = 0.6, 1.0
    loss.backward()
    assert (t.grad, w.grad) == pytest.approx((2.5 / 0.3, 0.5 * 2.5))  # as they were
    for estimator in (S.Score(), S.Enumerate(), S.Critic()):
        with pytest.raises(ValueError, match=r"t was 0.3 when a choice was drawn from Bernoulli\(t\), and is 0.6 now"):
            S.surrogate(b * c, estimator=estimator)


def test_an_expectation_is_taken_given_the_choices_that_were_made_before():
    t = Value(0.3)
    a = S.Bernoulli(t).sample(noise=0.1)
    assert S.expected(lambda rng: a + S.Bernoulli(t).sample(rng)).data == pytest.approx(1.3)
    assert S.expected(lambda rng: a + 1).data == 2.0 and S.expected(lambda rng: 1.0).data == 1.0
    S.surrogate(S.expected(lambda rng: a * S.Bernoulli(t).sample(rng))).backward()
    assert t.grad == pytest.approx(1 + 0.3 / 0.3)


def test_numpys_generators_draw_too():
    np = pytest.importorskip("numpy")
    for rng in (np.random.default_rng(0), np.random.RandomState(0)):
        xs = [S.Normal(1.0, 0.5).sample(rng).data for _ in range(400)]
        assert math.fsum(xs) / 400 == pytest.approx(1, abs=5.5 * 0.5 / 20) and len({*xs}) == 400
        assert S.Bernoulli(0.5).sample(rng).data in (0.0, 1.0)


def test_nothing_passes_a_choice_but_the_graph_knows_what_it_depends_on():
    t = Value(0.3)
    b = S.Bernoulli(t).sample(1)
    assert t in b.parents and b.local_grads() == (0.0, 0.0)
    cost = (b - 0.45) ** 2
    cost.backward()
    assert t.grad == 0 and b.grad == 2 * (b.data - 0.45)
    assert ops.TABLE.get("hold") is None  # the rows of chance stand in no table


def test_a_reply_of_the_world_is_a_cost_of_the_choices_before_it_and_of_no_other():
    t = Value(0.2)
    for seed in range(8):
        rng, t.grad = random.Random(seed), 0.0
        a, b = (S.Bernoulli(logit=t).sample(rng) for _ in range(2))
        state = S.reply(3.0 - a.data, a)
        later = S.reply(state.data * (1 + b.data), state, b)
        S.surrogate([state, later]).backward()
        score = [c.data - 1 / (1 + math.exp(-0.2)) for c in (a, b)]
        assert t.grad == pytest.approx(score[0] * (state.data + later.data) + score[1] * later.data)
        for estimator in (S.Enumerate(), S.MeasureValued()):
            with pytest.raises(ValueError, match="asked"):
                S.surrogate(S.reply(1.0, S.Bernoulli(0.5).sample(rng, estimator=estimator)))
    with pytest.raises(TypeError, match="choices"):
        S.reply(1.0)


def test_a_cost_that_is_added_to_itself_is_taken_apart_in_one_pass():
    t = Value(0.3)
    b = cost = S.Bernoulli(t).sample(noise=0.1)
    for _ in range(60):  # 2**60 ways from the cost to the choice
        cost = cost + cost
    S.surrogate([cost, 3 * b - b / 2]).backward()
    assert t.grad == pytest.approx((2.0**60 + 2.5) / 0.3)
