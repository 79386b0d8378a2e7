"""A doctor at a training tells a fault that is planted, once, and says nothing of a training that goes well."""

import math
import random
import warnings

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


# What is told, when, and for how long


def sine(n=40):
    rng = random.Random(0)
    xs = [[rng.uniform(-2, 2)] for _ in range(n)]
    return xs, [math.sin(2 * x[0]) for x in xs]


class Clipped:
    """Gradient clipping, as people write it."""

    def __init__(self, ps):
        self.inner, self.parameters = optim.SGD(ps, lr=0.3), ps

    def zero_grad(self):
        self.inner.zero_grad()

    def step(self):
        optim.clip_by_norm(self.parameters, 0.2)
        self.inner.step()


HEALTHY = {
    "sgd": lambda ps: optim.SGD(ps, lr=0.1),
    "momentum": lambda ps: optim.SGD(ps, lr=0.02, momentum=0.9),
    "adam": lambda ps: optim.Adam(ps, lr=0.01),
    "slow adam": lambda ps: optim.Adam(ps, lr=0.001),
    "weight decay": lambda ps: optim.AdamW(ps, lr=0.01, weight_decay=0.01),
    "to 0 at the end": lambda ps: optim.SGD(ps, lr=optim.linear(0.2, steps=100)),
    "cosine": lambda ps: optim.Adam(ps, lr=optim.cosine(0.02, steps=100)),
    "clipped": Clipped,
}
TASKS = {
    "classification": (lambda: data.moons(40, seed=1, noise=0.1), 2, BCE),
    "svm": (lambda: (X, [2 * t - 1 for t in y]), 2, losses.hinge),
    "regression": (sine, 1, losses.mse),
}


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("optimizer", HEALTHY)
@pytest.mark.parametrize("task", TASKS)
def test_of_a_training_that_goes_well_nothing_is_told(task, optimizer, activation):
    make, inputs, loss = TASKS[task]
    xs, ys = make()
    init = "he" if activation == "relu" else "xavier"
    model = nn.MLP(inputs, [8, 8, 1], activation=activation, init=init, seed=0)
    watch = diagnose.watch(model)
    fit(model, xs, ys, loss=loss, optimizer=HEALTHY[optimizer](model.parameters()), epochs=60, batch_size=20,
        progress=False, watch=watch)  # fmt: skip
    assert watch.report(), watch.report()
    assert watch.looks[:3] == [0, 10, 100] or watch.steps <= 100
    assert not watch._mended


def test_a_trained_model_that_is_trained_on_is_healthy():
    model = network(8, 1)
    trained(model, optim.Adam(model.parameters(), lr=0.05), epochs=60, backend="auto")
    watch = diagnose.watch(model)
    trained(model, optim.Adam(model.parameters(), lr=0.001), watch, epochs=60, backend="auto")
    assert watch.report(), watch.report()


def test_what_is_mended_ends_after_two_looks_without_it_and_is_told_again_if_it_comes_again():
    loop = Loop()
    loop.optimizer, loop.watch = loop.make(loop.parameters()), diagnose.watch(loop.model)
    told, standing = [], []
    for step in range(25):
        loop.loss = loop.compute()
        if not (step < 3 or 12 < step):
            loop.zero()
        loop.backward()
        loop.step()
        told += [f.step for f in loop.watch(loop.loss)]
        standing.append([f.what for f in loop.watch.findings])
    assert told == [1, 20]  # looks at numbers are at 0, 1, 2, 5, 10, 20
    assert standing[5] == ["gradients added up"] and standing[10] == [] and standing[20] == ["gradients added up"]
    assert "told at step 1, gone by step 10" in str(loop.watch.report())


def test_the_same_training_is_told_the_same():
    def told():
        model = network(8, 1)
        watch = diagnose.watch(model)
        trained(model, optim.SGD(model.parameters(), lr=3000.0), watch, backend="python", epochs=30)
        return str(watch.report()), watch.looks

    assert told() == told()


@pytest.mark.parametrize("backend", ["eager", "python"])
def test_the_first_number_that_is_not_finite_is_told_at_its_step(backend):
    model = nn.Linear(1, 1, seed=0)
    for p, x in zip(model.parameters(), (1.0, 0.0)):
        p.data = x
    watch = diagnose.watch(model)
    with pytest.warns(RuntimeWarning, match="training stopped"):
        fit(model, [[1.0], [2.0], [-1.0], [3.0]], [0.0] * 4, loss=lambda out, t: out[0].log(), batch_size=1, epochs=1,
            optimizer=optim.SGD(model.parameters(), lr=0.0), watch=watch, progress=False, backend=backend)  # fmt: skip
    [finding] = watch.findings
    assert finding.what == "nan begins here" and finding.step == watch.steps - 1 and "log" in finding.where


def test_a_test_loss_that_rises_while_training_goes_on_is_overfitting_and_one_that_falls_is_not():
    for rises in (False, True):
        model, told = network(), []
        watch = diagnose.watch(model, data=(X, y))
        for step in range(40):
            told += watch(1.0 / (step + 1))
            told += watch(1.0 / (step + 1.5), test=0.5 + 0.02 * step if rises else 1 / (step + 1))
        assert [f.what for f in told] == ["overfitting"] * rises
        assert ("test" in watch.report().numbers) or rises


def test_a_test_loss_told_of_the_same_step_is_no_step():
    loop = Loop()
    watch = diagnose.watch(loop.model)
    loss = loop.compute()
    watch(loss)
    watch(loss, test=0.3)
    assert watch.steps == 1 and watch.report().numbers["test"].startswith("0.3")


def test_inputs_that_say_nothing_are_told_where_the_data_are_known():
    rng = random.Random(0)
    noise = [[rng.gauss(0, 1)] for _ in range(400)]
    labels = [float(i % 2) for i in range(400)]
    for xs, expected in ((noise, True), ([[t + 0.1 * x[0]] for x, t in zip(noise, labels)], False)):
        model = nn.MLP(1, [4, 1], activation="tanh", init="xavier", seed=0)
        watch = diagnose.watch(model)
        fit(model, xs, labels, loss=losses.mse, optimizer=optim.SGD(model.parameters(), lr=0.05), epochs=13,
            batch_size=20, progress=False, watch=watch)  # fmt: skip
        assert ("learns nothing from the inputs" in [f.what for f in watch.findings]) == expected, watch.report()


def test_a_loss_in_numbers_alone_is_followed():
    model, told = network(), []
    watch = diagnose.watch(model)
    for step in range(60):
        told += watch(1.0 if step < 20 else 1.0 * 2 ** (step - 20))
    assert [f.what for f in told] == ["loss diverges"]


@pytest.mark.parametrize("end", [math.nan, math.inf])
def test_a_loss_that_is_no_finite_number_is_told_though_nothing_but_numbers_are_known(end):
    watch = diagnose.watch(network())
    told = [f for step in range(60) for f in watch(1.0 if step < 15 else end)]
    assert [f.what for f in told] == ["loss diverges"]
    assert f"it is {end}, and was 1 at best" in told[0].seen
    assert "numbers alone" in watch.report().numbers["looked at"]


def test_small_steps_are_right_where_everything_is_learned():
    model = network(8, 1)
    sgd = optim.Adam(model.parameters(), lr=0.05)
    watch = None
    for step in range(300 + 60):
        if step == 300:
            sgd, watch = optim.SGD(model.parameters(), lr=1e-3), diagnose.watch(model, (X, y))
        loss = BCE([model(x) for x in X], y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        assert watch is None or watch(loss) == []


def test_accumulated_gradients_are_meant():
    loop = Loop()
    sgd, watch, told = optim.SGD(loop.parameters(), lr=0.1), diagnose.watch(loop.model), []
    for step in range(60):
        if step % 4 == 0:
            sgd.zero_grad()
        some = random.Random(step).sample(range(len(X)), 5)
        loss = BCE([loop.model(X[i]) for i in some], [y[i] for i in some])
        loss.backward()
        if step % 4 == 3:
            sgd.step()
        told += watch(loss)
    assert told == []


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_step_made_of_several_losses_may_climb_that_of_one(momentum):
    points, kinds = data.moons(48, seed=0)
    model = network(8, 1)
    sgd, watch = optim.SGD(model.parameters(), lr=0.2, momentum=momentum), diagnose.watch(model)
    told = []
    for _ in range(60):
        sgd.zero_grad()
        for k in range(0, 48, 12):
            loss = BCE([model(x) for x in points[k : k + 12]], [int(t > 0) for t in kinds[k : k + 12]]) / 4
            loss.backward()
        sgd.step()
        told += watch(loss)
    assert told == []


@pytest.mark.parametrize("kind", ["list", "numpy", "pandas"])
def test_data_may_be_lists_arrays_and_tables(kind):
    pairs = {"list": lambda: [X, y]}
    if kind == "numpy":
        np = pytest.importorskip("numpy")
        pairs[kind] = lambda: (np.array(X), np.array(y))
    if kind == "pandas":
        pd = pytest.importorskip("pandas")
        pairs[kind] = lambda: (pd.DataFrame(X, columns=["a", "b"]), pd.Series(y))
    model = network(8, 1, activation="relu")
    for n in model.layers[0].neurons:  # so that it is asked for all data
        n.b.data = -500.0
    watch = diagnose.watch(model, pairs[kind]())
    watch(BCE([model(x) for x in X], y))
    assert watch.report().named("dead units") or "dead units" in str(watch.report())
    assert kind == "list" or diagnose(BCE([model(x) for x in X], y), model, pairs[kind]()).named("dead units")


@pytest.mark.parametrize("bad", [(5, 6), ([], []), (X,), (X, y[:3]), 5])
def test_data_that_are_no_samples_with_targets_are_refused(bad):
    with pytest.raises(ValueError, match=r"samples and their targets, \(X, y\)"):
        diagnose.watch(network(), bad)


def test_a_report_says_what_was_looked_at():
    loop = Loop(steps=15)
    assert "Call watch(loss)" in str(diagnose.watch(loop.model).report())
    assert loop.run() == []
    report = loop.watch.report()
    assert report and {"graph", "loss", "update : weight", "looked at"} <= set(report.numbers)
    assert "0, 10, 14" in report.numbers["looked at"] and str(loop.watch.report()) == str(report)
    found = NoZero()
    found.run()
    d = found.watch.report()
    [finding] = d.named("gradients added up")
    assert "at step 1" in str(d) and finding.to_dict()["step"] == 1 and "at step 1" in finding._repr_markdown_()
    assert finding.draw().svg and str(finding.explain())


class Stops(Loop):
    """From step 7 on, backward is forgotten."""

    def backward(self):
        if self.watch.steps < 7:
            super().backward()


class ZeroLast(Loop):
    """The same order of things, begun elsewhere: the watch never sees a gradient, and nothing is wrong."""

    def zero(self):
        pass

    def step(self):
        super().step()
        self.optimizer.zero_grad()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_gradients_that_stay_0_are_stale_at_the_second_look_unless_they_were_used_before(optimizer):
    for early in (False, True):
        assert Stops(optimizer, early=early, steps=25).run() == [("stale gradients", 20)]
    assert ZeroLast(optimizer, steps=25).run() == []


def test_a_sound_start_that_overshoots_once_is_not_told_and_a_huge_rate_is():
    for rate, expected in ((0.1, False), (100.0, True)):
        model = nn.MLP(1, [16, 1], activation="gelu", init="he", seed=5)
        watch = diagnose.watch(model)
        xs, ys = sine()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit(model, xs, ys, loss=losses.mse, optimizer=optim.SGD(model.parameters(), lr=rate), epochs=10,
                batch_size=20, progress=False, watch=watch, backend="python")  # fmt: skip
        assert ("updates too large" in [f.what for f in watch.findings]) == expected, watch.report()
