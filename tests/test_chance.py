"""Random choices as readers see them: round, named after their distribution, with a score where no gradient passes."""

import copy
import itertools
import pickle
import random
import re
from html import unescape

import pytest

from tinygrad_edu import Op, Value, diagnose, draw, explain, gradcheck, page, source
from tinygrad_edu import stochastic as S
from tinygrad_edu.chance import slopes
from tinygrad_edu.figures import canvas
from tinygrad_edu.nn import MLP
from tinygrad_edu.picture import Picture, width_of
from tinygrad_edu.stochastic import (
    Bernoulli,
    Binomial,
    Categorical,
    Exponential,
    Geometric,
    Gumbel,
    Normal,
    Poisson,
    Score,
    surrogate,
)

CHOICES = {
    "bernoulli": lambda p: Bernoulli(p),
    "logit": lambda p: Bernoulli(logit=p),
    "categorical": lambda p: Categorical([p, 1 - p]),
    "logits": lambda p: Categorical(logits=[p, 0.0, -p]),
    "binomial": lambda p: Binomial(4, p),
    "poisson": lambda p: Poisson(p),
    "geometric": lambda p: Geometric(p),
    "normal": lambda p: Normal(p, 2.0),
    "exponential": lambda p: Exponential(p),
    "gumbel": lambda p: Gumbel(p, 1.5),
}
PATHS = {name: CHOICES[name] for name in ("normal", "exponential", "gumbel")}
every_choice = pytest.mark.parametrize("of", CHOICES.values(), ids=CHOICES)
every_path = pytest.mark.parametrize("of", PATHS.values(), ids=PATHS)


def drawn(of, noise=0.4, path=False):
    p = Value(0.3, label="p")
    x = of(p).rsample(noise=noise) if path else of(p).sample(noise=noise)
    x.label = "x"
    cost = (x - 0.45) ** 2
    cost.label = "cost"
    return p, x, cost


def edges(drawing):
    """(tail, head) -> its attributes, of the DOT text."""
    found = re.findall(r"\t(\w+) -> (\w+) \[(.*)\]", drawing.source)
    return {(tail, head): unescape(rest) for tail, head, rest in found}


def card(drawing, word):
    [line] = [n for n in drawing.source.splitlines() if re.search(rf'tooltip="{re.escape(word)}', unescape(n))]
    return unescape(line)


@every_choice
def test_a_choice_is_round_and_a_score_goes_where_no_gradient_does(of):
    _, x, cost = drawn(of)
    picture = draw(cost)
    line = card(picture, f"x ~ {type(x.distribution).__name__}(")
    assert "shape=ellipse" in line
    node = line.split()[0]
    into = {tail: said for (tail, head), said in edges(picture).items() if head == node}
    assert all("style=dashed" in said for said in into.values())
    assert sum("score" in said for said in into.values()) == len(x.parents) - 1  # all but the noise
    svg = picture.svg()
    assert f">~ {type(x.distribution).__name__}<" in svg
    assert "noise 0.4" in svg


@every_choice
def test_the_score_on_an_edge_is_the_slope_of_the_log_probability(of):
    p, x, _ = drawn(of)
    leaves = [Value(v) for v in x.numbers[1:-1]]
    x.distribution.on(leaves).log_prob(x.data).backward()
    assert slopes(x) == tuple(v.grad for v in leaves)
    assert p.grad == 0.0
    written = [s for s in edges(draw(x)).values() if "score" in s]
    assert len(written) == len(leaves)


@every_choice
def test_numbers_on_edges_are_not_written_over_each_other_nor_over_a_choice(of, monkeypatch):
    spots, ovals, text, oval = [], [], Picture.text, canvas.oval

    def seen(picture, x, y, said, size=11.0, *args, **how):
        if said.startswith(("score", "×")):
            spots.append((x, y, x + width_of(said, size), size))
        text(picture, x, y, said, size, *args, **how)

    def rounded(middle, width, height, *rest, **how):
        ovals.append((middle[0] - width / 2, middle[1] - height / 2, middle[0] + width / 2, middle[1] + height / 2))
        return oval(middle, width, height, *rest, **how)

    monkeypatch.setattr(Picture, "text", seen)
    monkeypatch.setattr(canvas, "oval", rounded)
    assert draw(surrogate(drawn(of)[2]), view="cards").svg() and len(spots) > 8
    for (a, y, b, size), (c, v, d, _) in itertools.combinations(spots, 2):
        assert b <= c or d <= a or abs(y - v) >= 0.8 * size
    for a, y, b, _ in spots:  # nor over a choice
        assert not any(a < right and left < b and top < y < bottom for left, top, right, bottom in ovals)


@every_path
def test_gradients_pass_what_is_drawn_along_a_path(of):
    p, x, cost = drawn(of, path=True)
    cost.backward()
    assert p.grad == pytest.approx(slopes(x)[0] * 2 * (x.data - 0.45), rel=1e-14)
    picture = draw(cost)
    assert "shape=ellipse" in card(picture, f"x ~ {type(x.distribution).__name__}(")
    assert "score" not in picture.source
    assert "pathwise: it is" in said(cost) and "no gradient passes" not in said(cost)


@every_choice
def test_explain_says_that_a_score_stands_in_for_the_gradient_and_its_size(of):
    p, x, cost = drawn(of)
    assert "no gradient passes. What" in said(cost)
    loss = surrogate(cost)
    assert f"d(log p(x))/d{explain(loss).names.term(x.parents[0])} ×" in said(loss)
    loss.backward()
    assert p.grad == pytest.approx(sum(d * cost.data * s for d, s in zip(slopes(x), chained(x, p))), abs=1e-12)


def said(loss):
    return " ".join(str(explain(loss)).split())


def chained(x, p):
    """d(parameter) / dp for each parameter."""
    found = []
    for q in x.parents[:-1]:
        before, p.grad = p.grad, 0.0
        q.backward()
        found.append(p.grad)
        p.grad = before
    return found


def test_with_a_baseline_the_explanation_names_what_is_left_of_the_cost():
    p = Value(0.25, label="p")
    b = Bernoulli(p).sample(noise=0.1)
    b.label = "b"
    told = said(surrogate(3 * b, estimator=Score(1.0)))
    assert "the score × the cost less its baseline: d(log p(b))/dp × 2 = 4 × 2 = 8." in told


DRAWN = "b = 1 was drawn from Bernoulli(p)"
STAND_INS = {
    "enumerated": (S.Enumerate(), 1, "b = 1, b_2 = 0 stand in the place of a choice from Bernoulli(p)", "p gets the"),
    "relaxed": (S.Relaxed(), 1, "b = 0.9 stands in the place of", "they are biased"),
    "measure-valued": (S.MeasureValued(), 1, DRAWN, "hands p the difference of the costs at two outcomes"),
    "straight through": (S.StraightThrough(), 1, DRAWN, "straight through: they are biased"),
    "rebar": (S.Rebar(0), 1, DRAWN, "(REBAR)"),
    "dice": (Score(), 2, DRAWN, "a factor of the cost that is 1"),
    "critic": (S.Critic(), 1, DRAWN, "hands p the score × what its Q expects"),
    "all outcomes": (S.Critic(all_outcomes=True), 1, DRAWN, "what Q expects of each outcome"),
}


@pytest.mark.parametrize("name", STAND_INS)
def test_whatever_the_estimator_readers_say_what_passes_and_the_doctor_finds_nothing(name):
    estimator, order, begins, how = STAND_INS[name]
    p = Value(0.25, label="p")
    b = Bernoulli(p).sample(noise=0.1)
    b.label = "b"
    loss = surrogate((b - 0.45) ** 2, estimator=estimator, order=order)
    assert begins in said(loss) and how in said(loss) and "stochastic.surrogate(cost)" not in said(loss)
    assert not diagnose(loss).findings
    assert ("shape=ellipse" in draw(loss).source) == (begins == DRAWN)


def test_gradcheck_takes_no_estimate_for_a_slope():
    f = lambda p, **how: surrogate((Bernoulli(p).sample(noise=0.1) - 0.45) ** 2, **how)  # noqa: E731
    for how in ({}, {"order": 2}, {"estimator": S.StraightThrough()}, {"estimator": S.Rebar(0)}):
        with pytest.raises(ValueError, match=r"differences say nothing. Check what it estimates, stochastic.exp"):
            gradcheck(lambda p, how=how: f(p, **how), 0.25)
    with pytest.raises(ValueError, match=r"~ normal\(p, 2, 0.9417.*\) is not the slope"):
        gradcheck(
            lambda p: (
                Normal(
                    p,
                    2.0,
                ).sample(0)
                ** 2
            ),
            0.25,
        )
    own = Op("score", lambda x: x * x, lambda y, x: (2 * x,))  # no relation
    assert gradcheck(lambda p: f(p, estimator=S.Relaxed()) + own(p), 0.25)
    assert gradcheck(lambda p: S.expected(lambda rng: (Bernoulli(p).sample(rng) - 0.45) ** 2), 0.25)


def test_a_path_taken_later_is_told_and_drawn_as_one():
    p = Value(0.25, label="p")
    loss = surrogate(Normal(p, 2.0).sample(0, estimator=S.Pathwise()) ** 2)
    assert "pathwise: it is mean + std * z" in said(loss) and "shape=ellipse" in draw(loss).source


def network(cost_of):
    """Three samples through an encoder, two random bits, a decoder."""
    rng = random.Random(0)
    enc, dec = MLP(4, [3, 2], activation="tanh", seed=1), MLP(2, [3, 4], activation="tanh", seed=2, name="dec")
    costs = []
    for x in ([0, 1, 0, 1], [1, 1, 0, 0], [0, 0, 0, 1]):
        bits = [Bernoulli(logit=h).sample(rng) for h in enc(x)]
        costs += [-Bernoulli(logit=y).log_prob(v) for y, v in zip(dec(bits), x)]
    loss = cost_of(costs)
    loss.label = "loss"
    return enc, dec, loss


class Both:
    def __init__(self, *models):
        self.models = models

    def parameters(self):
        return [p for m in self.models for p in m.parameters()]


@pytest.mark.parametrize("order", [1, 2])
def test_the_doctor_finds_nothing_wrong_with_a_surrogate_and_no_unit_closed(order):
    enc, dec, loss = network(lambda costs: surrogate(costs, order=order))
    assert not diagnose(loss, Both(enc, dec)).findings
    assert "are closed" not in said(loss) and "is closed" not in said(loss)


def test_of_a_cost_without_its_surrogate_the_doctor_says_what_stands_in_the_way():
    enc, dec, cost = network(lambda costs: sum(costs))
    [found] = diagnose(cost, Both(enc, dec)).findings
    assert found.what == "chance in the way" and "surrogate" in found.advice
    assert found.numbers["choices"] == 6 and found.numbers["parameters"] <= len(enc.parameters())


@every_choice
def test_every_reader_takes_a_graph_with_a_choice(of):
    _, _, cost = drawn(of)
    for loss in (cost, surrogate(cost)):
        assert page(loss).html and explain(loss)._repr_markdown_() and draw(loss, view="cards").svg()
        if not isinstance(cost.parents[0].parents[0].distribution, (Poisson, Binomial)):  # rows without parts
            assert source(loss) and source(loss, "numpy")
            assert "cannot be written" not in page(loss).html  # on the page it is drawn again, of other noise
    assert '"name":"noise"' in page(cost).html


@every_choice
def test_copies_and_pickles_keep_the_distribution(of):
    _, x, cost = drawn(of)
    for twin in (copy.deepcopy(cost), pickle.loads(pickle.dumps(cost))):
        [y] = [n for n in twin.parents[0].parents if hasattr(n, "distribution")]
        assert y is not x and repr(y.distribution) == repr(x.distribution) and y.noise is y.parents[-1]
        assert surrogate(twin).data == cost.data
