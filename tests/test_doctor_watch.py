"""A doctor at a training tells a fault that is planted, once, and says nothing of a training that goes well."""

import random

import pytest

from tinygrad_edu import Value, data, diagnose, fit, jit, losses, nn, optim

X, y = data.moons(20, seed=0)
BCE = losses.binary_cross_entropy_with_logits


def network(*sizes, activation="tanh", seed=0):
    return nn.MLP(2, list(sizes) or [4, 1], activation=activation, init="xavier", seed=seed)


OPTIMIZERS = {
    "sgd": lambda ps: optim.SGD(ps, lr=0.5),
    "momentum": lambda ps: optim.SGD(ps, lr=0.1, momentum=0.9),
    "adam": lambda ps: optim.Adam(ps, lr=0.02),
}


class Loop:
    """A training by hand; a subclass does one thing wrong."""

    def __init__(self, optimizer="sgd", jitted=False, early=False, steps=12, seed=0):
        self.model = network(seed=seed)
        self.make, self.jitted, self.early, self.steps = OPTIMIZERS[optimizer], jitted, early, steps
        self.loss_of = jit(lambda x, t: BCE(self.model(x), t), backend="python")

    def parameters(self):
        return self.model.parameters()

    def compute(self):
        return self.loss_of.mean(X, y) if self.jitted else BCE([self.model(x) for x in X], y)

    def zero(self):
        self.optimizer.zero_grad()

    def backward(self):
        self.loss.backward()

    def step(self):
        self.optimizer.step()

    def run(self):
        """(what, step) of all that is told, in this order."""
        self.optimizer, self.watch = self.make(self.parameters()), diagnose.watch(self.model)
        told = []
        for _ in range(self.steps):
            self.loss = self.compute()
            self.zero()
            self.backward()
            told += self.watch(self.loss) if self.early else []
            self.step()
            told += [] if self.early else self.watch(self.loss)
        return [(f.what, f.step) for f in told]


class NoZero(Loop):
    def zero(self):
        pass


class NoBackward(Loop):
    def backward(self):
        pass


class OldGraph(Loop):
    def backward(self):
        self.old = getattr(self, "old", self.loss)
        self.old.backward()


class OldLoss(Loop):
    def compute(self):
        return getattr(self, "loss", None) or super().compute()


class NoStep(Loop):
    def step(self):
        pass


class LastLayerOnly(Loop):
    def parameters(self):
        return self.model.layers[1].parameters()


class AnotherModel(Loop):
    def parameters(self):
        return network().parameters()


class Uphill(Loop):
    def backward(self):
        (-self.loss).backward()


FAULTS = {
    NoZero: "gradients added up",
    NoBackward: "stale gradients",
    OldGraph: "stale gradients",
    OldLoss: "stale gradients",
    NoStep: "no update",
    LastLayerOnly: "no update",
    AnotherModel: "no update",
    Uphill: "update in the wrong direction",
}


@pytest.mark.parametrize("early", [False, True], ids=["after the step", "before it"])
@pytest.mark.parametrize("jitted", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("fault", [Loop, *FAULTS], ids=lambda kind: kind.__name__)
def test_a_fault_in_a_loop_is_told_once_within_ten_steps(fault, optimizer, jitted, early):
    told = fault(optimizer, jitted, early).run()
    if fault is Loop:
        assert told == []
    else:
        [(_, step)] = [t for t in told if t[0] == FAULTS[fault]]
        assert told[0][0] == FAULTS[fault] and step <= 10


class NoZeroGrad(optim.SGD):
    def zero_grad(self):
        pass


class Ascent(optim.SGD):
    def update(self, lr, data, grads):
        return super().update(-lr, data, grads)


IN_FIT = {
    "gradients added up": lambda ps: NoZeroGrad(ps, lr=0.3),
    "update in the wrong direction": lambda ps: Ascent(ps, lr=0.3),
    "updates too small": lambda ps: optim.SGD(ps, lr=1e-5),
    "loss diverges": lambda ps: optim.SGD(ps, lr=3000.0),
    "no update": lambda ps: optim.SGD(ps, lr=0.0),
}


def trained(model, optimizer, watch=None, **more):
    settings = {"epochs": 20, "batch_size": 10, "progress": False, "backend": "eager", "loss": BCE} | more
    return fit(model, X, y, optimizer=optimizer, watch=watch, **settings)


@pytest.mark.parametrize("backend", ["eager", "python"])
@pytest.mark.parametrize("what", IN_FIT)
def test_a_faulty_optimizer_is_told_in_fit(what, backend):
    model = network()
    watch = diagnose.watch(model)
    trained(model, IN_FIT[what](model.parameters()), watch, backend=backend, epochs=26)
    assert what in [f.what for f in watch.findings], watch.report()


@pytest.mark.parametrize("backend", ["eager", "python", "native"])
def test_a_watched_training_is_the_same_to_the_last_bit_dropout_included(backend):
    if backend == "native":
        pytest.importorskip("numba")
    numbers = []
    for watched in (False, True):
        random.seed(1)
        parts = [network(4, 4), nn.Dropout(0.3, seed=5)] if backend == "eager" else [network(4, 4)]
        model = nn.Sequential(*parts, nn.Linear(4, 1, seed=2, name="out"))
        watch = diagnose.watch(model) if watched else None
        trained(model, optim.Adam(model.parameters(), lr=0.02), watch, backend=backend, epochs=5,
                loss=lambda out, t: BCE(out[0], t))  # fmt: skip
        numbers.append(([p.data for p in model.parameters()], [p.grad for p in model.parameters()], random.random()))
    assert numbers[0] == numbers[1]


def test_a_loss_that_is_no_number_is_refused():
    watch = diagnose.watch(network())
    for wrong in ((Value(1.0), 2), [1.0], "0.5", None, {}):
        with pytest.raises(TypeError, match="watch takes one loss, a Value or a number"):
            watch(wrong)
    assert watch.steps == 0 and watch(0.5) == [] and watch(Value(0.5)) == []


def test_a_watch_over_another_model_is_refused():
    one, other = network(), network()
    with pytest.raises(ValueError, match="another model"):
        trained(one, optim.SGD(one.parameters(), lr=0.1), diagnose.watch(other))
    with pytest.raises(TypeError, match="diagnose.watch"):
        trained(one, optim.SGD(one.parameters(), lr=0.1), diagnose)
