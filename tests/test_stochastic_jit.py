"""Recorded functions with noise as inputs: every replay draws what the eager engine would have drawn from it."""

import math
import random
from importlib.util import find_spec

import pytest

from tinygrad_edu import RecordingError, Value, draw, explain, functional, grad, jit
from tinygrad_edu.engine import topological
from tinygrad_edu.opening import opened
from tinygrad_edu.stochastic import (
    Bernoulli,
    Categorical,
    Enumerate,
    Exponential,
    Geometric,
    Gumbel,
    LearnedBaseline,
    MeasureValued,
    Normal,
    Pathwise,
    Poisson,
    Rebar,
    Relaxed,
    RunningMean,
    Score,
    StraightThrough,
    Uniform,
    estimate,
    expected,
    gumbel_softmax,
    surrogate,
)

NOISE = (0.11, 0.37, 0.52, 0.82)
BACKENDS = ["python"]
BACKENDS += ["numpy"] * (find_spec("numpy") is not None) + ["native"] * (find_spec("numba") is not None)

DRAWN = {
    "bernoulli": lambda t, s, n: Bernoulli(t.sigmoid()).sample(noise=n),
    "logit": lambda t, s, n: Bernoulli(logit=t).sample(noise=n),
    "categorical": lambda t, s, n: Categorical(functional.softmax([t, s, t * s])).sample(noise=n),
    "logits": lambda t, s, n: Categorical(logits=[t, s, t * s]).sample(noise=n),
    "geometric": lambda t, s, n: Geometric(t.sigmoid()).sample(noise=n),
    "normal": lambda t, s, n: Normal(t, s.exp()).sample(noise=n),
    "exponential": lambda t, s, n: Exponential(t.exp()).sample(noise=n),
    "gumbel": lambda t, s, n: Gumbel(t, s.exp()).sample(noise=n),
}
PATHS = {
    "normal": lambda t, s, n: Normal(t, s.exp()).rsample(noise=n),
    "uniform": lambda t, s, n: Uniform(t, t + s.exp()).rsample(noise=n),
    "exponential": lambda t, s, n: Exponential(t.exp()).rsample(noise=n),
    "gumbel": lambda t, s, n: Gumbel(t, s.exp()).rsample(noise=n),
    "softmax": lambda t, s, n: gumbel_softmax([t, s], 0.5, noise=[n, 1 - n])[1],
    "hard": lambda t, s, n: gumbel_softmax([t, s], 0.5, noise=[n, 1 - n], hard=True)[1],
}
FORMS = {
    "score": lambda cost: surrogate(cost),
    "baseline": lambda cost: surrogate(cost, estimator=Score(0.7)),
    "every order": lambda cost: surrogate(cost, order=2),
}
OF_A_COIN = {
    "enumerated": lambda cost: surrogate(cost, estimator=Enumerate()),
    "straight through": lambda cost: surrogate(cost, estimator=StraightThrough()),
    "relaxed": lambda cost: surrogate(cost, estimator=Relaxed()),
}
CASES = {
    **{f"{name}, {form}": (DRAWN[name], FORMS[form]) for name in DRAWN for form in FORMS},
    **{f"{name}, {form}": (DRAWN[name], OF_A_COIN[form]) for name in ("bernoulli", "logit") for form in OF_A_COIN},
    **{f"{name}, pathwise": (PATHS[name], lambda cost: cost) for name in PATHS},
    "categorical, enumerated": (DRAWN["categorical"], OF_A_COIN["enumerated"]),
    "a choice made again": (
        lambda t, s, n: Bernoulli(logit=s * Normal(t, s.exp()).sample(noise=1.0 * n, estimator=Pathwise())).sample(
            noise=n
        ),
        FORMS["score"],
    ),
}


def losses(case):
    """The loss as a function of noise, its two parameters, and what an eager backward pass gives for some noise."""
    draw, form = CASES[case]
    t, s = Value(0.3, label="t"), Value(0.2, label="s")
    return (lambda n: form((draw(t, s, n) - s) ** 2)), t, s


def passed(loss, t, s, noise):
    found = []
    for n in noise:
        t.grad = s.grad = 0.0
        y = loss(n)
        y.backward()
        found += [y.data, t.grad, s.grad]
    return found


def close(ours, theirs, ulps):
    return all(abs(a - b) <= ulps * math.ulp(max(abs(a), abs(b), 1e-3)) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES)
def test_a_replay_draws_and_differentiates_as_the_eager_engine_does(case, backend):
    loss, t, s = losses(case)
    eager, replayed = passed(loss, t, s, NOISE), passed(jit(loss, backend=backend), t, s, NOISE)
    assert eager == replayed if backend == "python" else close(eager, replayed, 8)


def test_with_jax_too_to_twelve_digits():
    pytest.importorskip("jax")
    for case in ("logit, baseline", "normal, pathwise"):
        loss, t, s = losses(case)
        eager, replayed = passed(loss, t, s, NOISE), passed(jit(loss, backend="jax"), t, s, NOISE)
        assert replayed == pytest.approx(eager, rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_gives_the_mean_of_its_samples(backend):
    loss, t, s = losses("logit, score")
    eager = passed(loss, t, s, NOISE)
    t.grad = s.grad = 0.0
    batch = jit(loss, backend=backend).mean(list(NOISE))
    batch.backward()
    assert [batch.data, t.grad, s.grad] == pytest.approx([sum(eager[i::3]) / len(NOISE) for i in range(3)], rel=1e-14)


def test_leave_one_out_is_recorded_as_a_baseline_computed_in_the_graph():
    t = Value(0.3, label="t")

    def cost(u):
        return (Bernoulli(logit=t).sample(noise=u) - 0.45) ** 2

    def loss(u, v):
        noise = iter((u, v))
        return estimate(lambda rng: cost(next(noise)), 0, 2, leave_one_out=True)

    def by_hand(u, v):
        a, b, p = cost(u).data, cost(v).data, t.sigmoid().data
        return ((a - b) * ((u < p) - p) + (b - a) * ((v < p) - p)) / 2

    recorded = jit(loss, backend="python")
    for u, v in ((0.1, 0.9), (0.9, 0.2), (0.1, 0.2)):
        t.grad = 0.0
        recorded(u, v).backward()
        assert t.grad == pytest.approx(by_hand(u, v), abs=1e-15)


def test_a_baseline_may_be_an_input_and_learn_outside():
    t, mean, rng = Value(0.3, label="t"), RunningMean(), random.Random(1)
    recorded = jit(
        lambda u, b: surrogate((Bernoulli(logit=t).sample(noise=u) - 0.45) ** 2, estimator=Score(b)), backend="python"
    )
    for _ in range(5):
        u, b = rng.random(), mean(None)
        t.grad = 0.0
        loss = recorded(u, b)
        loss.backward()
        p = t.sigmoid().data
        assert t.grad == pytest.approx((loss.data - b) * ((u < p) - p), abs=1e-15)
        mean.seen(None, loss.data)
    assert 0 < mean(None) < 1


def test_what_was_recorded_is_opened_with_its_choices_and_none_of_them_goes_unscored():
    t, w = Value(0.3, label="t"), Value(2.0, label="w")

    def cost(u, z):
        b = Bernoulli(t).sample(noise=u)
        x = Normal(b * w, 0.5).rsample(noise=z)
        b.label, x.label = "b", "x"
        return (x - t) ** 2

    scored = jit(lambda u, z: surrogate(cost(u, z)), backend="python")(0.1, 0.5)
    scored.backward()
    told = " ".join(str(explain(opened(scored))).split())
    assert "b = 1 was drawn from Bernoulli(t)" in told and "hands t the score × the cost: d(log p(b))/dt ×" in told
    assert "pathwise" in told and "What t should get" not in told
    assert ">~ Bernoulli<" in draw(scored, opened=True).svg()
    plain = jit(cost, backend="python")
    for y in (plain(0.1, 0.5), plain.mean([0.1, 0.2], [0.5, 0.5]), Bernoulli(t).sample(0) * plain(0.1, 0.5)):
        with pytest.raises(ValueError, match=r"from Bernoulli\(t\), .* record the surrogate loss"):
            surrogate(y)
    after = Bernoulli(scored * 0.1).sample(noise=0.05)  # drawn from what was replayed
    [again] = [n for n in topological(opened(after * 2.0)) if getattr(n, "noise", None) is after.noise]
    assert again.distribution.parameters[0] is again.parents[0] is not after.parents[0]


T = Value(0.3)
REFUSED = {
    "a generator": (lambda x: Bernoulli(T).sample(random.Random(0)) * x, "give it as noise=u"),
    "a seed": (lambda x: Normal(T, 1.0).rsample(0) * x, "give it as noise=u"),
    "neither": (lambda x: Exponential(T).rsample() * x, "give it as noise=u"),
    "a mean that runs": (
        lambda u: surrogate(Bernoulli(T).sample(noise=u), estimator=Score(RunningMean())),
        r"an input of the recorded function, Score\(b\)",
    ),
    "a baseline that learns": (
        lambda u: surrogate(Bernoulli(T).sample(noise=u), estimator=Score(LearnedBaseline(sum, None))),
        "let it learn outside",
    ),
    "differences": (
        lambda u: surrogate(Bernoulli(T).sample(noise=u), estimator=MeasureValued()),
        "MeasureValued reads the numbers of costs.*take Score",
    ),
    "noise of its own": (
        lambda u: surrogate(Bernoulli(T).sample(noise=u), estimator=Rebar(random.Random(0))),
        "Rebar reads the numbers of costs.*take Score",
    ),
    "a factorial": (lambda u: surrogate(Poisson(T).sample(noise=u)), "run it eagerly"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_replay_would_repeat_is_one_error_that_says_what_to_do(what):
    wrong, words = REFUSED[what]
    with pytest.raises(RecordingError, match=words):
        jit(wrong, backend="python")(0.4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_cannot_happen_and_would_cost_infinity_is_left_out_of_a_replay_too(backend):
    p = Value(0.25)
    cost = lambda rng: -Bernoulli(p).sample(rng).log()
    f = jit(lambda x: expected(cost) * x, backend)
    assert f(1.0).data == math.inf
    p.data = 1.0
    by_hand, replayed = expected(cost) * 2.0, f(2.0)
    assert replayed.data == by_hand.data == 0.0
    assert grad(replayed, p)[0].data == grad(by_hand, p)[0].data
    replayed.backward()
    assert p.grad == grad(by_hand, p)[0].data == 0.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_cannot_happen_and_costs_a_number_still_has_a_slope(backend):
    p = Value(0.0)
    f = jit(lambda x: expected(lambda rng: (Bernoulli(p).sample(rng) - x) ** 2), backend)
    y = f(0.25)
    y.backward()
    assert (y.data, p.grad) == (0.0625, 0.5)
