"""Losses whose target is an argument of a recording: the same numbers and gradients, one recording for all targets."""

from functools import partial

import pytest

from tinygrad_edu import Value, jit, losses, nn
from tinygrad_edu import functional as F

X = [[0.5, -1.0], [2.0, 0.25], [-1.0, 0.0], [0.1, 0.9]]
CASES = {
    "cross_entropy": (losses.cross_entropy, 3, [0, 2, 1, 2]),
    "multiclass_hinge": (losses.multiclass_hinge, 3, [0, 2, 1, 2]),
    "hinge": (losses.hinge, 1, [1, -1, 1, -1]),
    "binary_cross_entropy_with_logits": (losses.binary_cross_entropy_with_logits, 1, [1, 0, 0.25, 1]),
    "cross_entropy, weighed": (
        partial(losses.cross_entropy, weight=[0.5, 2.0, 1.0], label_smoothing=0.2),
        3,
        [0, 2, 1, 2],
    ),
    "cross_entropy of shares": (losses.cross_entropy, 2, [[0.25, 0.75], [1.0, 0.0], [0.5, 0.5], [0.125, 0.875]]),
    "nll": (losses.nll, 3, [0, 2, 1, 2]),
    "mae": (losses.mae, 1, [0.5, -2.0, 0.0, 1.0]),
    "mse": (losses.mse, 1, [0.5, -2.0, 0.0, 1.0]),
    "huber": (losses.huber, 1, [0.5, -20.0, 0.0, 1.0]),
}


@pytest.mark.parametrize("backend", ["python", "auto"])
@pytest.mark.parametrize("which", CASES)
def test_a_recorded_target_is_a_target(which, backend):
    loss, outputs, targets = CASES[which]
    model = nn.MLP(2, [5, outputs], activation="tanh", seed=3)
    f = jit(lambda x, t: loss(model(x), t), backend)
    mean = f.mean(X, targets)
    mean.backward()
    mine = [p.grad for p in model.parameters()]
    model.zero_grad()
    eager = F.mean([loss(model(x), t) for x, t in zip(X, targets)])
    eager.backward()
    assert mean.data == pytest.approx(eager.data, rel=1e-14) and mine == pytest.approx(
        [p.grad for p in model.parameters()], rel=1e-12, abs=1e-17
    )
    assert len(f.recordings) == 1


@pytest.mark.parametrize("loss", [losses.cross_entropy, losses.multiclass_hinge])
def test_a_recorded_class_that_does_not_exist_is_nan(loss):
    z = [Value(1.0), Value(2.0)]
    f = jit(lambda k: loss(z, k))
    assert [y != y for y in f.map([0, 1, 2, -1])] == [False, False, True, True]
