"""A training that is replayed is the training: the same losses, outputs and parameters, up to the rounding of sums."""

import array
import random
import signal
import sys
import types
import warnings
from importlib.util import find_spec

import pytest

from tinygrad_edu import Value, data, functional, losses, nn, ops, optim
from tinygrad_edu.replay import RecordingError
from tinygrad_edu.train import fit, replays

BACKENDS = ["python", *["numpy"] * bool(find_spec("numpy")), *["native"] * bool(find_spec("numba"))]


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
    assert history.losses == pytest.approx(eager.losses, rel=1e-10) and history.test_losses == pytest.approx(
        eager.test_losses, rel=1e-9
    )
    assert (history.accuracies, history.test_accuracies, history.steps) == (
        eager.accuracies,
        eager.test_accuracies,
        eager.steps,
    )
    assert repr(eager).count("backend") == 0 and f"{backend} backend" in repr(history)


LOSSES = {
    "a sign": lambda out, t: (out - (2 * t - 1)) ** 2,
    "a place in a list": lambda out, t: (out - [-1, 1][t]) ** 2,
    "nothing for a class": lambda out, t: (out - 1) ** 2 if t in (1,) else Value(0.0),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("which", LOSSES)
def test_samples_of_several_lengths_are_replayed_length_by_length(which, backend):
    X, y = [[(-1.5) ** (i + k % 5) for i in range(1 + k % 3)] for k in range(23)], [k % 2 for k in range(23)]

    def trained(backend):
        w = [Value(0.3), Value(-0.2), Value(0.1)]
        history = fit(lambda x: functional.dot(w[: len(x)], x), X, y, loss=LOSSES[which], epochs=2, batch_size=5,
                      optimizer=optim.Adam(w, 0.1), progress=False, test=(X[:7], y[:7]), backend=backend)  # fmt: skip
        numbers = [*history.losses, *history.test_losses, *[p.data for p in w]]
        return history.backend, numbers, history.accuracies, history.test_accuracies

    (_, by_hand, *right), (replayed, numbers, *also) = trained("eager"), trained(backend)
    assert replayed == backend and numbers == pytest.approx(by_hand, rel=1e-9) and also == right


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
    "dropout": (
        lambda: nn.Sequential(nn.Linear(2, 6), ops.tanh, nn.Dropout(0.2, seed=1), nn.Linear(6, 2), name="net"),
        "draws new random numbers",
    ),
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
    history = fit(
        lambda x: [w * x[0], w],
        X,
        many,
        loss=pick,
        optimizer=optim.SGD([w], 0.0),
        epochs=1,
        accuracy=False,
        progress=False,
    )
    assert history.backend.startswith("eager: there are 80 different targets")


def test_samples_that_are_values_are_trained_eagerly():
    w = Value(0.5)
    table = [Value(1.0), Value(2.0)]
    history = fit(
        lambda x: w * x[0],
        [[v] for v in table],
        [1.0, 2.0],
        loss=losses.mse,
        optimizer=optim.SGD([w, *table], 0.1),
        progress=False,
    )
    assert history.backend.startswith("eager: samples hold Values") and table[0].data != 1.0


def test_a_gradient_that_was_there_is_added_to():
    class Lazy(optim.SGD):
        def zero_grad(self):
            pass

    def gradients(backend):
        w = Value(0.5)
        fit(
            lambda x: w * x[0],
            [[1.0], [2.0]],
            [1.0, 5.0],
            loss=losses.mse,
            optimizer=Lazy([w], 0.01),
            epochs=3,
            progress=False,
            backend=backend,
        )
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


# The net below replays: they are compared with the model


def both(make, **options):
    """A training with "auto" and one that is eager: two histories, and two lists of parameters."""
    found = []
    for backend in "auto", "eager":
        model, w, optimizer = make()
        arguments = {"loss": losses.mse, "epochs": 3, "batch_size": 2, "progress": False, "accuracy": False, **options}
        history = fit(model, LINE_X, [2.0, 4.0, 6.0], optimizer=optimizer, backend=backend, **arguments)
        found.append((history, [p.data for p in w]))
    return found


LINE_X = [[1.0], [2.0], [3.0]]


def refused(make, **options):
    model, w, optimizer = make()
    with pytest.raises(RecordingError, match="gives another result"):
        fit(
            model,
            LINE_X,
            [2.0, 4.0, 6.0],
            loss=losses.mse,
            optimizer=optimizer,
            progress=False,
            backend="python",
            **options,
        )
    return [p.data for p in w]


def test_a_model_that_is_another_one_when_recorded_is_trained_eagerly():
    def make():
        w = Value(0.5)
        return (lambda x: w * x[0] if isinstance(x[0], float) else w), [w], optim.SGD([w], 0.01)

    (auto, numbers), (eager, by_hand) = both(make)
    assert auto.backend.startswith("eager: recorded, the function gives another result: ")
    assert auto.losses == eager.losses and numbers == by_hand
    assert refused(make) == [0.5]


def test_a_model_that_is_another_one_in_use_is_trained_eagerly():
    class Halved(nn.Linear):
        def __call__(self, x):
            return super().__call__(x)[0] * (1.0 if self.training or not isinstance(x[0], float) else 0.5)

    def make():
        model = Halved(1, 1, seed=0)
        return model, model.parameters(), optim.SGD(model.parameters(), 0.01)

    (auto, numbers), (eager, by_hand) = both(make, test=(LINE_X, [2.0, 4.0, 6.0]))
    assert auto.backend.startswith("eager: recorded, the function gives another result: ")
    assert (auto.losses, auto.test_losses, numbers) == (eager.losses, eager.test_losses, by_hand)
    history, _ = both(make)[0]  # in training it is not
    assert history.backend in BACKENDS


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_with_modes_is_recorded_in_each(backend):
    class Careful(nn.MLP):
        def __call__(self, x):
            return [v * (1.0 if self.training else 0.5) for v in super().__call__(x)]

    make = lambda: Careful(2, [4, 2], seed=0)
    (eager, _), (history, _) = train("eager", make=make), train(backend, make=make)
    assert history.backend == backend
    assert history.losses == pytest.approx(eager.losses, rel=1e-10) and history.test_losses == pytest.approx(
        eager.test_losses, rel=1e-10
    )


@pytest.mark.parametrize("options", [{}, {"batch_size": 3, "test": (LINE_X, [2.0, 4.0, 6.0])}])
def test_a_model_that_changes_with_the_parameters_goes_on_eagerly(options):
    def make():
        w, factor = Value(0.5), [1.0]

        class Growing(optim.SGD):
            def step(self):
                super().step()
                factor[0] *= 1.5

        return (lambda x: w * x[0] * factor[0]), [w], Growing([w], 0.01)

    with pytest.warns(RuntimeWarning, match="from step 2 on, fit goes on eagerly") as told:
        (auto, numbers), (eager, by_hand) = both(make, **options)
    assert told[0].filename == __file__
    assert auto.backend == "eager: replayed, the model gives another result"
    assert auto.losses == pytest.approx(eager.losses, rel=1e-12) and auto.test_losses == pytest.approx(
        eager.test_losses, rel=1e-12
    )
    assert numbers == pytest.approx(by_hand, rel=1e-12)
    assert refused(make, **options) != [0.5]


def test_a_model_of_what_was_computed_outside_of_it_is_trained_eagerly():
    def make():
        w = Value(0.5)
        twice = 2 * w
        return (lambda x: twice * x[0]), [w], optim.SGD([w], 0.01)

    (auto, numbers), (eager, by_hand) = both(make)
    assert "was computed outside of it" in auto.backend and (auto.losses, numbers) == (eager.losses, by_hand)


def test_a_result_that_is_not_a_number_agrees_with_itself():
    w = Value(-1.0)
    history = fit(lambda x: (w * x[0]).log(), LINE_X, [0.0] * 3, loss=losses.mse, optimizer=optim.SGD([w], 0.1),
                  progress=False, stop_on_nan=False, epochs=1, backend="python")  # fmt: skip
    assert history.backend == "python" and history.losses[0] != history.losses[0]


# Chance


class Skipping(nn.MLP):
    """Stochastic depth: now and then without its last step; the stream of chance is its own, and hidden."""

    def __init__(self, seed):
        super().__init__(2, [4, 2], seed=0)
        self._draw = random.Random(seed).random

    def __call__(self, x):
        out = super().__call__(x)
        return [v.tanh() for v in out] if self._draw() < 0.9 else out


def test_rare_chance_is_found():
    assert [
        train("auto", make=lambda seed=seed: Skipping(seed), epochs=1, test=None)[0].backend[:6] for seed in range(30)
    ] == ["eager:"] * 30


class Noisy(nn.MLP):
    def __init__(self, draw):
        super().__init__(2, [4, 2], seed=0)
        self.draw = draw

    def __call__(self, x):
        return super().__call__([v + self.draw(-0.1, 0.1) for v in x])


def test_chance_goes_on_as_if_nothing_had_been_tried():
    def kept(backend, make):
        random.seed(11)
        history, numbers = train(backend, make=make)
        return history.losses, numbers, random.random()

    for make in (lambda: Noisy(random.uniform)), Jumpy, NOT_RECORDABLE["dropout"][0]:
        assert kept("auto", make) == kept("eager", make)
    quiet = lambda: nn.MLP(2, [4, 2], seed=0)
    assert kept("auto", quiet)[2] == kept("eager", quiet)[2]


def test_chance_of_numpy_goes_on_too():
    np = pytest.importorskip("numpy")

    def kept(backend):
        np.random.seed(11)
        return train(backend, make=lambda: Noisy(np.random.uniform))[0].losses

    assert kept("auto") == kept("eager")


# Many classes, and the test part


def looking(output, target):
    """A loss that looks at its target, so that each class is recorded."""
    return losses.cross_entropy(output, int(target))


class Table(nn.Module):
    """A score for each class."""

    def __init__(self, classes):
        self.w = [Value(0.01 * k) for k in range(classes)]

    def __call__(self, x):
        return [w * x[0] for w in self.w]


def test_what_is_recorded_stays_recorded_for_every_epoch():
    model, asked, y, count = Table(12), [], [*range(12)] * 2, [0]

    def counting(frame, event, arg):  # a counter inside the model would be something that replays do not repeat
        count[0] += event == "call" and frame.f_code is Table.__call__.__code__

    sys.setprofile(counting)
    try:
        history = fit(model, [[float(k)] for k in range(24)], y, loss=looking,
                      optimizer=optim.SGD(model.parameters(), 0.01), epochs=3, batch_size=2,
                      test=([[1.0]] * 12, y[:12]), progress=lambda p: asked.append(count[0]))  # fmt: skip
    finally:
        sys.setprofile(None)
    assert history.backend in BACKENDS
    per_epoch = 4  # one sample at the first two steps and at the last, and one of the test part
    assert (
        asked[0] < asked[1] == asked[8] and asked[-1] <= asked[1] + per_epoch * 3
    )  # some more once parameters have moved


def test_a_model_or_a_loss_that_changes_by_epoch_is_noticed():
    def annealed():
        beta = {"b": 0.0}
        loss = lambda out, t: (
            losses.mse(out, t) + beta["b"] * (out * out if isinstance(out, Value) else out[0] * out[0])
        )
        return None, loss, lambda p: beta.update(b=0.3 * (p.epoch - 1))

    def cooled():
        class Warm(nn.MLP):
            def __init__(self):
                super().__init__(2, [4, 1], seed=0)
                self._t = 1.0

            def __call__(self, x):
                return super().__call__(x) * self._t

        made = []
        make = lambda: made.append(Warm()) or made[-1]
        return make, losses.mse, lambda p: setattr(made[-1], "_t", 1.0 if p.epoch < 2 else 0.5)

    for way in annealed, cooled:
        runs = []
        for backend in "auto", "eager":
            make, loss, progress = way()
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                runs.append(
                    train(
                        backend,
                        loss=loss,
                        make=make,
                        outputs=1,
                        y=lambda X, c: [x[0] * x[1] for x in X],
                        progress=progress,
                    )
                )
            assert [w.category for w in told] == [RuntimeWarning] * (backend == "auto")
        (auto, numbers), (eager, by_hand) = runs
        assert auto.backend == "eager: replayed, the model gives another result" and numbers == pytest.approx(
            by_hand
        ), way


class Slotted:
    __slots__ = ("t",)


def outside():
    """What a loss may look up: where it is, and how somebody else changes it."""
    weights, table, here = {"b": 0.0}, [0.0, [1.0, 0.0]], types.SimpleNamespace(b=0.0)
    slotted, kept, row = Slotted(), types.ModuleType("configuration"), array.array("d", [0.0])
    slotted.t = kept.b = LOOKED_UP.t = 0.0
    yield "a dict", (lambda t: weights["b"]), lambda b: weights.update(b=b)
    yield "a list in a list", (lambda t: table[1][1]), lambda b: table[1].__setitem__(1, b)
    yield "an attribute", (lambda t: here.b), lambda b: setattr(here, "b", b)
    yield "a slot", (lambda t: slotted.t), lambda b: setattr(slotted, "t", b)
    yield "a class", (lambda t: LOOKED_UP.t), lambda b: setattr(LOOKED_UP, "t", b)
    yield "a module", (lambda t: kept.b), lambda b: setattr(kept, "b", b)
    yield "a row", (lambda t: row[0]), lambda b: row.__setitem__(0, b)
    yield "for one class alone", (lambda t: {1: here.b}.get(t, 0.0)), lambda b: setattr(here, "b", b)
    yield "a global", (lambda t: GLOBAL), lambda b: globals().update(GLOBAL=b)


LOOKED_UP, GLOBAL = type("Looked", (), {"t": 0.0}), 0.0


@pytest.mark.parametrize("at", [1, 3, 4, 11])
@pytest.mark.parametrize("which", range(9))
def test_what_changes_outside_of_a_loss_is_seen_before_the_next_step_wherever_it_is(which, at):
    runs = []
    for backend in "auto", "eager":
        _, look, change = [*outside()][which]
        change(0.0)
        loss = lambda out, t: losses.cross_entropy(out, t) + look(t) * out[0] * out[0]
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            runs.append(train(backend, loss=loss, progress=lambda p: change(0.5) if p.step == at else None))
        assert len(told) == (backend == "auto"), which
        assert not told or f"from step {at + 1} on, fit goes on eagerly" in str(told[0].message)
    (auto, numbers), (eager, by_hand) = runs
    assert auto.backend.startswith("eager: ") and numbers == pytest.approx(by_hand, rel=1e-9)
    assert auto.test_losses == pytest.approx(eager.test_losses, rel=1e-9)


def test_what_changes_outside_and_makes_no_difference_leaves_the_replays_alone():
    notes = {"step": 0}
    loss = lambda out, t: losses.cross_entropy(out, t) * (1.0 if notes["step"] >= 0 else 2.0)
    compared, plain = [], replays.Replays.agree
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replays.Replays, "agree", lambda self: compared.append(1) or plain(self))
        history, numbers = train("auto", loss=loss, progress=lambda p: notes.update(step=p.step), epochs=12)
    assert history.backend in BACKENDS and history.steps == 72
    assert numbers == pytest.approx(train("eager", loss=loss, epochs=12)[1], rel=1e-9)
    assert len(compared) <= 2 * (2 + replays.OFTEN + 4)  # both parts; then at the 16th, the 32nd, the 64th


@pytest.mark.parametrize("classes, tested, replayed", [(6, range(6), True), (6, range(7), False), (7, range(3), False)])
def test_targets_are_counted_in_both_parts(classes, tested, replayed, monkeypatch):
    monkeypatch.setattr(replays, "LIMIT", 6)
    model = Table(8)
    history = fit(model, [[1.0]] * classes, range(classes), loss=looking, optimizer=optim.SGD(model.parameters(), 0.01),
                  epochs=1, test=([[1.0]] * len(tested), tested), progress=False)  # fmt: skip
    assert (
        history.backend in BACKENDS if replayed else history.backend.startswith("eager: there are 7 different targets")
    )
    assert len(history.test_losses) == 1


def test_a_test_part_that_cannot_be_recorded_is_found_before_the_first_step():
    class Sharp(nn.MLP):
        def __call__(self, x):
            out = super().__call__(x)
            return out if self.training else [float(v > 0) * v for v in out]

    history, _ = train("auto", make=lambda: Sharp(2, [4, 2], seed=0))
    assert "a comparison" in history.backend and len(history.test_losses) == 3
    model = Sharp(2, [4, 2], seed=0)
    before = [p.data for p in model.parameters()]
    with pytest.raises(RecordingError, match="a comparison"):
        fit(model, [[1.0, 2.0]], [0], loss=losses.cross_entropy, optimizer=optim.SGD(model.parameters(), 0.1),
            test=([[1.0, 2.0]], [0]), progress=False, backend="python")  # fmt: skip
    assert [p.data for p in model.parameters()] == before and all(m.training for m in model.modules())


CHOOSING = {
    "a weight by class": lambda out, t: {0: 1.0, 1: 3.0}[t] * losses.cross_entropy(out, t),
    "a place in a list": lambda out, t: losses.cross_entropy(out, [1, 0].index(t)),
    "one of some": lambda out, t: out[0] * out[0] if t in (1, 2) else out[1] * out[1],
    "a method of whole numbers": lambda out, t: losses.cross_entropy(out, t.bit_length()),
}
WRONG = {
    "a class that is none": (losses.cross_entropy, 2, 7, ValueError),
    "half a class": (losses.cross_entropy, 2, 0.5, TypeError),
    "a probability above 1": (losses.binary_cross_entropy_with_logits, 1, 1.5, ValueError),
    "a sign that is none": (losses.hinge, 1, 0, ValueError),
}


@pytest.mark.parametrize("which", CHOOSING)
def test_a_target_that_chooses_has_recordings_of_its_own(which):
    eager, by_hand = train("eager", loss=CHOOSING[which])
    history, numbers = train("python", loss=CHOOSING[which])
    assert history.backend == "python"
    assert numbers == pytest.approx(by_hand, rel=1e-9) and history.losses == pytest.approx(eager.losses, rel=1e-10)


@pytest.mark.parametrize("where", ["train", "test"])
@pytest.mark.parametrize("which", WRONG)
def test_one_wrong_target_is_refused_as_it_is_without_replays(which, where):
    loss, outputs, wrong, error = WRONG[which]
    X, good = [[float(k), 1.0] for k in range(40)], [1] * 40
    bad = [*good[:30], wrong, *good[31:]]
    told = []
    for backend in "eager", "auto", "python":
        model = nn.MLP(2, [3, outputs], seed=0)
        with pytest.raises(error) as raised:
            fit(model, X, bad if where == "train" else good, loss=loss, optimizer=optim.SGD(model.parameters(), 0.01),
                progress=False, test=(X, bad if where == "test" else good), accuracy=False,
                backend=backend)  # fmt: skip
        told.append(str(raised.value))
    assert len({*told}) == 1


class Numeric(nn.MLP):
    """Reads a parameter of its own as a number."""

    def __init__(self):
        super().__init__(2, [4, 2], seed=0)
        self.scale = Value(1.5, label="scale")

    def parameters(self):
        return [*super().parameters(), self.scale]

    def __call__(self, x):
        return [z * self.scale.data for z in super().__call__(x)]


def test_a_parameter_that_is_read_as_a_number_is_found():
    history, numbers = train("auto", make=Numeric)
    assert history.backend.startswith("eager: ") and ".data of a parameter" in history.backend
    assert numbers == train("eager", make=Numeric)[1]


def test_what_a_loss_looks_up_about_a_class_is_found():
    def weighted(output, target):
        return losses.cross_entropy(output, target) * {1: 5.0}.get(target, 1.0)

    y = {"y": lambda X, c: [0] * 34 + [1] * 6}
    assert train("auto", loss=weighted, **y)[0].losses == pytest.approx(train("eager", loss=weighted, **y)[0].losses)


def test_targets_that_no_replay_can_stand_for_are_named_and_left_to_eager():
    X, y = [[1.0, 2.0]] * 4, [[0.0]] * 4
    train = lambda backend: fit(
        nn.MLP(2, [1], seed=0), X, y, loss="mse", optimizer="sgd", lr=0.1, epochs=1, backend=backend
    )
    with pytest.raises(ValueError, match="mse needs one target per prediction"):
        train("auto")
    with pytest.raises(RecordingError, match="list .0.0. is no number or class"):
        train("python")
