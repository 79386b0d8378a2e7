"""microgpt's published losses, from our Value: a transformer, its backward pass and Adam, right to every printed digit."""

import random

import pytest

from benchmarks.microgpt import MicroGPT, multiply_and_add, train
from tinygrad_edu import Value, no_grad, topological
from tinygrad_edu import functional as F

# The losses of the first 13 steps that microgpt prints, and the names that it takes them on: the first 13 of makemore's
# 32,033 after random.seed(42) and random.shuffle.  Shuffling draws the same numbers whatever is shuffled, so that the
# weights, which are drawn next, can be had without the file.
LOSSES = {
    "yuheng": "3.3660", "diondre": "3.4243", "xavien": "3.1778", "jori": "3.0664", "juanluis": "3.2209", "erandi": "2.9452",
    "phia": "3.2894", "samatha": "3.3245", "phoenix": "2.8990", "emmelynn": "3.2229", "hollan": "2.7964", "hollis": "2.9345",
    "callalily": "3.0544"}  # fmt: skip


def after_the_shuffle() -> random.Random:
    rng = random.Random(42)
    rng.shuffle(list(range(32033)))
    return rng


def test_it_has_the_parameters_of_microgpt():
    parameters = MicroGPT(Value, after_the_shuffle()).parameters()
    assert len(parameters) == len(set(parameters)) == 4192


@pytest.mark.parametrize("dot", [multiply_and_add, F.dot], ids=["node for node", "fused dot"])
def test_its_losses_are_the_published_ones(dot):
    losses = train(MicroGPT(Value, after_the_shuffle(), dot), list(LOSSES))
    assert [f"{loss:.4f}" for loss in losses] == list(LOSSES.values())


def test_a_fused_dot_gives_the_gradients_of_its_multiplies_and_adds():
    models = [MicroGPT(Value, after_the_shuffle(), dot) for dot in (multiply_and_add, F.dot)]
    for model in models:
        model.loss("samatha").backward()
    for p, q in zip(*[model.parameters() for model in models]):
        assert p.grad == pytest.approx(q.grad, rel=1e-9, abs=1e-15)


def test_every_parameter_that_a_name_reaches_has_a_gradient():
    model = MicroGPT(Value, after_the_shuffle())
    model.loss("ab").backward()
    used = {row for row, weights in enumerate(model.token) if all(w.grad for w in weights)}
    assert used == {0, 1, 26}  # a, b and BOS were read; the other letters' embeddings were not
    assert all(w.grad for row in model.head for w in row)  # every letter was a possible answer
    assert not any(w.grad for row in model.place[3:] for w in row)


def test_fusing_the_dots_leaves_an_eighth_of_the_nodes():
    plain, fused = [len(topological(MicroGPT(Value, after_the_shuffle(), dot).loss("isabella"))) for dot in (multiply_and_add, F.dot)]
    assert plain > 7 * fused


def test_its_gradients_are_the_slopes_of_the_loss():
    model = MicroGPT(Value, after_the_shuffle())
    model.loss("yuheng").backward()
    for matrix in (model.token, model.place, model.head, model.query, model.key, model.value, model.out, model.up, model.down):
        p = max((p for row in matrix for p in row), key=lambda p: abs(p.grad))
        before, h, losses = p.data, 1e-4, []
        with no_grad():
            for p.data in (before + h, before - h):
                losses.append(model.loss("yuheng").data)
        p.data = before
        assert (losses[0] - losses[1]) / (2 * h) == pytest.approx(p.grad, rel=1e-5)
