"""A training that is replayed is the training: the same losses, outputs and parameters, up to the rounding of sums."""

import random
import signal

import pytest

from tinygrad_edu import Value, data, losses, nn, ops, optim
from tinygrad_edu.train import fit

BACKENDS = ["python"]
for backend, module in (("numpy", "numpy"), ("native", "numba")):
    try:
        __import__(module)
        BACKENDS.append(backend)
    except ImportError:
        pass


def train(backend, loss=losses.cross_entropy, outputs=2, y=None, make=None, **options):
    X, classes = data.moons(40, noise=0.1, seed=3)
    model = make() if make else nn.MLP(2, [6, outputs] if outputs > 1 else [6, 1], activation="tanh", seed=1)
    optimizer = optim.Adam(model.parameters(), 0.05)
    y = classes if y is None else y(X, classes)
    arguments = {"epochs": 3, "batch_size": 7, "test": (X[:9], y[:9]), "progress": False, **options}
    history = fit(model, X, y, loss=loss, optimizer=optimizer, backend=backend, **arguments)
    return history, [p.data for p in model.parameters()]


TASKS = {
    "classes": {},
    "signs": {"loss": losses.hinge, "outputs": 1, "y": lambda X, c: [2 * k - 1 for k in c]},
    "numbers": {"loss": losses.mse, "outputs": 1, "y": lambda X, c: [x[0] * x[1] for x in X]},
    "whole numbers": {"loss": losses.mse, "outputs": 1, "y": lambda X, c: list(range(40))},
    "rows": {"loss": losses.mse, "outputs": 2, "y": lambda X, c: [[x[0], -x[1]] for x in X]},
    "probabilities": {"loss": losses.binary_cross_entropy_with_logits, "outputs": 1},
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("task", TASKS)
def test_replayed_training_is_training(backend, task):
    eager, by_hand = train("eager", **TASKS[task])
    history, numbers = train(backend, **TASKS[task])
    assert (eager.backend, history.backend) == ("eager", backend)
    assert numbers == pytest.approx(by_hand, rel=1e-9, abs=1e-12)
    assert history.losses == pytest.approx(eager.losses, rel=1e-10) and history.test_losses == pytest.approx(eager.test_losses, rel=1e-9)
    assert (history.accuracies, history.test_accuracies, history.steps) == (eager.accuracies, eager.test_accuracies, eager.steps)
    assert repr(eager).count("backend") == 0 and f"{backend} backend" in repr(history)


class Jumpy(nn.MLP):
    """Its own source of chance, which nobody else knows."""

    def __init__(self):
        super().__init__(2, [4, 2], seed=0)
        self.rng = random.Random(5)

    def __call__(self, x):
        return super().__call__([v * self.rng.uniform(0.9, 1.1) for v in x])


class Choosy(nn.MLP):
    """Looks at its numbers."""

    def __init__(self):
        super().__init__(2, [4, 2], seed=0)

    def __call__(self, x):
        return super().__call__(x if x[0] > 0 else [-v for v in x])


NOT_RECORDABLE = {
    "dropout": (lambda: nn.Sequential(nn.Linear(2, 6), ops.tanh, nn.Dropout(0.2, seed=1), nn.Linear(6, 2), name="net"), "draws new random numbers"),
    "chance": (Jumpy, "does something else at every call"),
    "a choice": (Choosy, "a comparison of a Value that depends on the inputs"),
}


@pytest.mark.parametrize("which", NOT_RECORDABLE)
def test_what_cannot_be_recorded_is_trained_eagerly_and_says_why(which):
    make, why = NOT_RECORDABLE[which]
    history, _ = train("auto", make=make)
    assert history.backend.startswith("eager: ") and why in history.backend
    with pytest.raises(TypeError, match=why):
        train("python", make=make)
    assert history.steps == 18


def test_anomalies_are_watched_for_node_by_node():
    assert train("auto", anomalies="raise")[0].backend == "eager"


def test_targets_beyond_number_are_trained_eagerly():
    def pick(output, target):
        return output[target % 2] ** 2

    history, _ = train("auto", loss=pick, y=lambda X, c: list(range(40)))
    assert history.backend in BACKENDS
    X, many = [[float(i)] for i in range(80)], list(range(80))
    w = Value(0.1)
    history = fit(lambda x: [w * x[0], w], X, many, loss=pick, optimizer=optim.SGD([w], 0.0), epochs=1, accuracy=False, progress=False)
    assert history.backend.startswith("eager: there are 80 different targets")


def test_samples_that_are_values_are_trained_eagerly():
    w = Value(0.5)
    table = [Value(1.0), Value(2.0)]
    history = fit(lambda x: w * x[0], [[v] for v in table], [1.0, 2.0], loss=losses.mse, optimizer=optim.SGD([w, *table], 0.1), progress=False)
    assert history.backend.startswith("eager: samples hold Values") and table[0].data != 1.0


def test_a_gradient_that_was_there_is_added_to():
    class Lazy(optim.SGD):
        def zero_grad(self):
            pass

    def gradients(backend):
        w = Value(0.5)
        fit(lambda x: w * x[0], [[1.0], [2.0]], [1.0, 5.0], loss=losses.mse, optimizer=Lazy([w], 0.01), epochs=3, progress=False, backend=backend)
        return w.data, w.grad

    assert gradients("python") == pytest.approx(gradients("eager"))


def test_an_unknown_backend_is_refused_before_anything_changes():
    with pytest.raises(ValueError, match="backend is one of eager, auto, python, numpy, native, jax, got 'cuda'"):
        train("cuda")


def test_ctrl_c_while_replaying_keeps_whole_steps():
    def stop(progress):
        if progress.step == 4:
            signal.raise_signal(signal.SIGINT)

    history, numbers = train("python", progress=stop)
    assert history.interrupted and history.steps == 4
    assert numbers == pytest.approx(train("eager", progress=stop)[1])
