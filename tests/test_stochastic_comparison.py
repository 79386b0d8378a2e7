"""Estimators beside each other: the published variances, biases that are seen, and what is refused."""

import math
import random

import pytest

from tinygrad_edu import Value, grad
from tinygrad_edu import stochastic as S
from tinygrad_edu.errors import UserError


def named(found):
    return {row.name: row for row in found.rows}


def test_the_variances_of_a_square_under_a_normal():
    """x ~ N(1.5, 1), cost x²: 51.5625 scored, 28 with its mean as baseline, 24 with the best one, 4 on the path."""
    m = Value(1.5, label="mu")
    found = S.compare_estimators(
        lambda rng: S.Normal(m, 1.0).sample(rng) ** 2, [m],
        {"score": S.Score(), "mean": S.Score(3.25), "best": S.Score(5.25), "path": S.Pathwise()},
        samples=4000, rng=4, exact=[3.0])  # fmt: skip
    rows = named(found)
    want = {"score": 51.5625, "mean": 28.0, "best": 24.0, "path": 4.0}
    assert {k: rows[k].variance[0] for k in want} == pytest.approx(want, rel=0.05)
    assert {row.verdict for row in found.rows} == {"no bias seen"}
    for row in found.rows:
        assert row.error[0] == pytest.approx(math.sqrt(row.variance[0] / 4000)) and row.samples == 4000


def test_the_variances_behind_a_deterministic_part():
    """(a + b) e² with e ~ N(b + c, 1): 16 on the path, 725.18 scored, 285.53 with its mean as baseline."""
    a, b, c = (Value(x, label=n) for x, n in ((5.0, "a"), (-3.0, "b"), (0.23, "c")))
    found = S.compare_estimators(
        lambda rng: (a + b) * S.Normal(b + c, 1.0).sample(rng) ** 2, [c],
        {"path": S.Pathwise(), "score": S.Score(), "mean": S.Score(2 * (2.77**2 + 1))},
        samples=4000, rng=3, exact=[-11.08])  # fmt: skip
    want = {"path": 16.0, "score": 725.18, "mean": 285.53}
    assert {k: row.variance[0] for k, row in named(found).items()} == pytest.approx(want, rel=0.05)


@pytest.mark.parametrize("at, cost, gradient, plain, mean, apart",
                         [(0.0, 0.7605, -0.0450, 0.43842, 0.00465, 0.048213),
                          (-4.0, 0.847262, -0.00317929, 0.0335568, 0.000712633, 0.00277857)])  # fmt: skip
def test_the_variances_of_three_coins_are_exact(at, cost, gradient, plain, mean, apart):
    n = Value(at, label="eta")

    def parts(rng):
        return [(S.Bernoulli(logit=n).sample(rng) - p) ** 2 for p in (0.6, 0.51, 0.48)]

    def whole(rng):
        return sum(parts(rng)).exp().log()  # nothing that could be taken apart

    ways = {"plain": S.Score(), "mean": S.Score(S.expected(parts).data)}
    rows = named(S.compare_estimators(whole, [n], ways)) | {
        "apart": S.compare_estimators(lambda rng: sum(parts(rng)), [n], {"apart": S.Score()}).rows[0]
    }
    want = {"plain": plain, "mean": mean, "apart": apart}
    assert S.expected(parts).data == pytest.approx(cost, abs=5e-7)
    for name, row in rows.items():
        assert row.mean[0] == pytest.approx(gradient, rel=1e-5) and row.bias[0] == pytest.approx(0, abs=1e-12)
        assert row.variance[0] == pytest.approx(want[name], rel=1e-4)
        assert (row.samples, row.error, row.verdict) == (0, [0.0], "no bias seen")


@pytest.mark.parametrize("make", [S.Normal, S.Uniform, lambda a, b: S.Exponential(a), S.Gumbel])
def test_a_path_taken_later_is_the_path_taken_at_once(make):
    a, b = Value(0.7), Value(1.9)
    for noise in (0.2, 0.8):
        later = S.surrogate(make(a, b).sample(noise=noise) ** 3 * a, estimator=S.Pathwise())
        once = make(a, b).rsample(noise=noise) ** 3 * a
        assert later.data == once.data
        assert [g.data for g in grad(later, a, b)] == [g.data for g in grad(once, a, b)]


def coins(t):
    return lambda rng: (S.Bernoulli(t).sample(rng) - 0.45) ** 2 * (1 + S.Bernoulli(t).sample(rng))


def test_without_names_all_that_fit_are_compared_and_the_biased_ones_are_called_so():
    t = Value(0.3, label="t")
    found = S.compare_estimators(coins(t), [t], samples=800)
    rows = named(found)
    assert {k for k, row in rows.items() if row.verdict == "biased"} == {"straight through", "relaxed"}
    assert rows["enumerated"].variance == pytest.approx([0.0]) and rows["enumerated"].samples == 0
    assert "pathwise" not in rows and any("without pathwise" in note for note in found.notes)
    line = lambda name: next(line for line in str(found).splitlines() if line.strip().startswith(name))  # noqa: E731
    assert line("straight through").endswith("biased") and "exact" in line("score function")
    marked = found._repr_markdown_().splitlines()
    assert marked[0].startswith("| estimator |") and len({line.count("|") for line in marked[: len(rows) + 2]}) == 1


def test_a_sampled_row_and_an_exact_one_say_the_same():
    t = Value(0.3, label="t")
    few = S.compare_estimators(coins(t), [t], {"score": S.Score()}, samples=3, rng=0).rows[0]
    many = S.compare_estimators(coins(t), [t], {"score": S.Score()}, samples=4).rows[0]  # there are 4 outcomes
    assert S.compare_estimators(coins(t), t, [S.Score()], exact=few.mean[0] - few.bias[0]).rows[0].mean == many.mean
    drawn = S.compare_estimators(
        coins(t), [t], {"own": lambda rng: S.surrogate(coins(t)(rng))}, samples=4000, rng=1).rows[0]  # fmt: skip
    assert (few.samples, many.samples, drawn.samples) == (3, 0, 4000)
    assert drawn.variance == pytest.approx(many.variance, rel=0.08)
    assert abs(drawn.bias[0]) < 5.5 * drawn.error[0] and drawn.nodes >= many.nodes > 4


def test_a_critic_is_compared_by_its_outcomes_and_a_wrong_one_is_called_biased():
    t = Value(0.3, label="t")
    right = S.Critic(all_outcomes=True)
    for p, costs in S.outcomes(coins(t)):
        right.learn(costs, weight=p)
    rows = named(S.compare_estimators(coins(t), [t], {"right": right, "new": S.Critic()}))
    assert rows["right"].verdict == "no bias seen" and rows["new"].verdict == "biased"


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_comparison_is_drawn_for_any_number_of_parameters(count, tmp_path):
    ts = [Value(0.2 + 0.1 * k, label=f"t{k}") for k in range(count)]
    found = S.compare_estimators(
        lambda rng: sum((S.Bernoulli(t).sample(rng) - 0.45) ** 2 for t in ts), ts,
        {"score": S.Score(), "<straight>": S.StraightThrough(), "all": S.Enumerate()}, samples=70)  # fmt: skip
    found.plot(tmp_path / "estimators.svg")
    text = (tmp_path / "estimators.svg").read_text()
    assert "&lt;straight&gt;" in text and "none" in text and text.count("<circle") == 3
    lines = str(found).splitlines()
    assert len(lines) == 1 + 3 * (count if count <= 4 else 1) + 1


def test_what_cannot_be_compared_is_refused():
    t = Value(0.3)
    for wrong, words in (
        (lambda: S.compare_estimators(coins(t), [t], samples=1), "two samples"),
        (lambda: S.compare_estimators(coins(t), [t], exact=[1.0, 2.0]), "exact= has 2"),
        (lambda: S.compare_estimators(coins(t)(random.Random(0)), [t]), "a function of a generator"),
        (lambda: S.compare_estimators(lambda rng: 1.0, [t]), "reply"),
        (lambda: S.compare_estimators(coins(t), [t], rng="a"), "or a seed"),
        (lambda: S.compare_estimators(coins(t), [t], {"score": "score"}), "takes an estimator"),
        (lambda: S.compare_estimators(coins(t), [t], [S.Score]), "the class Score"),
        (lambda: S.compare_estimators(coins(t), [t], {"path": S.Pathwise()}), "take Score or Enumerate"),
    ):
        with pytest.raises((UserError, TypeError), match=words):
            wrong()
    unknown = S.compare_estimators(
        lambda rng: S.Normal(t, 1.0).sample(rng) ** 2, [t], {"score": S.Score()}, samples=9)  # fmt: skip
    assert math.isnan(unknown.rows[0].bias[0]) and not unknown.rows[0].verdict and "exact=[...]" in str(unknown)
    unknown.plot()
