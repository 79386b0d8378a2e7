"""The training loop: it is the loop one would write by hand, and nothing that ends it
early leaves anything half done.
"""

import gc
import io
import json
import math
import random
import signal
import sys
import threading
from array import array

import pytest

from tinygrad_edu import Value, anomalies, data, jit, losses, no_grad, optim, train
from tinygrad_edu import functional as F
from tinygrad_edu.nn import MLP, Dropout, Linear, Sequential
from tinygrad_edu.train import History, accuracy, confusion, fit, outputs, predict, progress

LINE_X, LINE_Y = [[float(i)] for i in range(-3, 5)], [2.0 * i + 1.0 for i in range(-3, 5)]


class Line(Linear):
    """w*x + b, beginning at 0."""

    def __init__(self):
        super().__init__(1, 1, init="zeros")

    def __call__(self, x):
        return super().__call__(x)[0]


def numbers(model):
    return [p.data for p in model.parameters()]


def train_line(model, lr=0.05, **more):
    arguments = {
        "loss": losses.mse,
        "optimizer": optim.SGD(model.parameters(), lr),
        "progress": False,
        "epochs": 5,
        "batch_size": 3,
    }
    return fit(model, LINE_X, LINE_Y, **{**arguments, **more})


def test_fit_is_the_loop_one_writes_by_hand():
    ours, theirs = Line(), Line()
    history = train_line(ours, epochs=3, seed=7)
    rng, optimizer, means = random.Random(7), optim.SGD(theirs.parameters(), 0.05), []
    for _ in range(3):
        lost = 0.0
        for batch in data.batches(8, 3, rng):
            optimizer.zero_grad()
            loss = F.mean([losses.mse(theirs(LINE_X[i]), LINE_Y[i]) for i in batch])
            loss.backward()
            optimizer.step()
            lost += loss.data * len(batch)
        means.append(lost / 8)
    assert numbers(ours) == numbers(theirs) and history.losses == means
    assert (history.steps, history.accuracies, len(history.seconds), history.interrupted) == (9, [], 3, False)


def test_a_line_is_found():
    model = Line()
    train_line(model, epochs=200)
    assert numbers(model) == pytest.approx([2.0, 1.0])
    assert outputs(model, [[10.0]]) == predict(model, [[10.0]]) == [pytest.approx(21.0)]


def test_a_seed_decides_the_order():
    def result(seed):
        model = Line()
        train_line(model, seed=seed)
        return numbers(model)

    assert result(1) == result(1) != result(2)


@pytest.mark.parametrize("kind", ["classes", "signs"])
def test_moons_are_learned(kind):
    X, y = data.moons(60, noise=0.1)
    if kind == "signs":
        model, loss, y = MLP(2, [10, 1], activation="tanh", seed=1), losses.hinge, [2 * c - 1 for c in y]
    else:
        model, loss = MLP(2, [10, 2], activation="tanh", seed=1), losses.cross_entropy
    part = data.split(X, y, seed=3)
    history = fit(model, part.X_train, part.y_train, loss=loss, optimizer=optim.Adam(model.parameters(), 0.1),
                  epochs=60, batch_size=8, test=(part.X_test, part.y_test), progress=False)  # fmt: skip
    assert history.accuracies[-1] > 0.95 and accuracy(model, X, y) > 0.95
    assert history.test_accuracies[-1] == accuracy(model, part.X_test, part.y_test)
    targets = [int(c > 0) for c in y]
    matrix = confusion(model, X, y)
    assert [sum(row) for row in matrix] == [targets.count(0), targets.count(1)]
    assert matrix[0][0] + matrix[1][1] == round(accuracy(model, X, y) * len(y))
    assert {len(column) for column in (history.losses, history.accuracies, history.test_losses, history.seconds)} == {
        60
    }
    assert History(**json.loads(json.dumps(history.to_dict()))) == history


def test_digits_are_learned_from_400_of_them():
    d = data.digits()
    model = MLP(64, [16, 10], init="he", seed=0)
    fit(model, d.X_train[:400], d.y_train[:400], loss=losses.cross_entropy,
        optimizer=optim.Adam(model.parameters(), 0.03), epochs=2, batch_size=10, progress=False)  # fmt: skip
    assert accuracy(model, d.X_test, d.y_test) > 0.8


# Validation


def noisy(n, seed=0):
    """Numbers that a model can learn by heart, and a line that it cannot see through them."""
    rng = random.Random(seed)
    X = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(n)]
    return X, [x[0] + rng.gauss(0, 0.5) for x in X]


@pytest.mark.parametrize("backend", ["eager", "python"])
@pytest.mark.parametrize("validation", ["pair", 8, 0.4])
def test_patience_ends_training_and_leaves_the_best_model(backend, validation):
    X, y = noisy(20)
    apart, seen = noisy(30, seed=1), []
    model = MLP(2, [8, 1], activation="tanh", seed=0)
    history = fit(model, X, y, loss=losses.mse, optimizer=optim.Adam(model.parameters(), 0.05), epochs=300,
                  batch_size=4, test=apart, validation=apart if validation == "pair" else validation, patience=5,
                  progress=seen.append, backend=backend)  # fmt: skip
    assert (
        len(history.losses) == history.best + 5 < 300
        and "5 epochs" in history.stopped
        and f"epoch {history.best}" in history.stopped
    )
    assert history.validation_losses[history.best - 1] == min(history.validation_losses)
    assert seen[-1].validation_loss == history.validation_losses[-2] and len(history.test_losses) == len(history.losses)
    now = losses.mse(outputs(model, apart[0]), apart[1])
    assert now == pytest.approx(history.test_losses[history.best - 1]) and now != pytest.approx(history.test_losses[-1])


def test_ctrl_c_with_patience_leaves_the_best_model_too():
    X, y = noisy(20)
    model, kept = MLP(2, [8, 1], activation="tanh", seed=0), []

    def stop(progress):
        kept.append(numbers(model))
        if progress.epoch == 4:
            raise KeyboardInterrupt

    history = fit(model, X, y, loss=losses.mse, optimizer=optim.SGD(model.parameters(), 0.5), epochs=9, batch_size=20,
                  patience=9, validation=noisy(9, seed=2), progress=stop)  # fmt: skip
    assert history.interrupted and numbers(model) == kept[history.best - 1]


def test_a_validation_share_takes_from_every_class_and_is_not_learned_from():
    seen = set()

    def loss(output, target):
        seen.add(target)
        return output * 0.0

    y, model = [0] * 18 + [1] * 2, Line()
    history = fit(model, [[float(i)] for i in range(20)], y, loss=loss, optimizer=optim.SGD(model.parameters(), 0.1),
                  validation=10, epochs=1, batch_size=1, progress=False, backend="eager")  # fmt: skip
    assert history.steps == 10 and seen == {0, 1} and len(history.validation_accuracies) == 1
    fit(
        model,
        [[0.0], [1.0], [2.0]],
        [0, 1, 2],
        loss=loss,
        optimizer=optim.SGD(model.parameters(), 0.1),
        validation=1,
        progress=False,
    )


def test_training_goes_on_with_the_same_optimizer():
    one, two = Line(), Line()
    optimizer = optim.Adam(one.parameters(), 0.05)
    for seed in 1, 2:
        train_line(one, optimizer=optimizer, epochs=1, batch_size=8, seed=seed)
    train_line(two, optimizer=optim.Adam(two.parameters(), 0.05), epochs=2, batch_size=8)
    assert numbers(one) == pytest.approx(numbers(two), rel=1e-12)


def test_tables_are_learned_from_by_position():
    pd, np = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    order = [3, 7, 0, 5, 1, 6, 2, 4]
    frame = pd.DataFrame({"a": np.arange(8) / 8}).iloc[order]
    y = 3 * frame["a"] + 1

    def weights(X, y):
        model = Line()
        fit(model, X, y, loss=losses.mse, optimizer=optim.SGD(model.parameters(), 0.05), epochs=5, batch_size=3,
            validation=(X, y), progress=False)  # fmt: skip
        return numbers(model), outputs(model, X), train.r_squared(model, X, y)

    plain = weights(frame.to_numpy().tolist(), y.tolist())
    model = Line()
    assert jit(model, backend="python").map(frame) == outputs(model, frame.to_numpy().tolist())
    assert weights(frame, y) == weights(frame.to_numpy(), y) == weights(frame, y.to_frame()) == plain
    with pytest.raises(TypeError, match="column 'b' holds str 'x' in row 0"):
        weights(frame.assign(b="x"), y)


def test_a_history_is_written_as_a_table_or_as_json(tmp_path):
    history = History([2.0, 0.5], [0.1, 0.9], [], [], [1.0, 2.0], steps=10, validation_losses=[1.0, math.nan], best=1)
    for _ in range(2):  # also over itself
        assert history.save(tmp_path / "h.csv").read_text().splitlines() == [
            "epoch,losses,accuracies,seconds,validation_losses", "1,2.0,0.1,1.0,1.0", "2,0.5,0.9,2.0,nan"]  # fmt: skip
        saved = json.loads(history.save(tmp_path / "h.json").read_text())["history"]
    assert saved["losses"] == [2.0, 0.5] and saved["validation_losses"] == [1.0, None] and saved["best"] == 1
    (tmp_path / "h.csv").write_text("my,own\n")
    with pytest.raises(FileExistsError):
        history.save(tmp_path / "h.csv")
    with pytest.raises(ValueError, match=r"\.csv or \.json"):
        history.save(tmp_path / "h.txt")
    assert "validation loss nan" in repr(history)


# Ctrl-C


class Interrupting(optim.SGD):
    """Is interrupted in the middle of its n-th update."""

    def __init__(self, parameters, lr, n):
        super().__init__(parameters, lr)
        self.n = n

    def step(self):
        first, second = self.parameters
        first.data -= 0.05 * first.grad
        self.n -= 1
        if not self.n:
            signal.raise_signal(signal.SIGINT)
        second.data -= 0.05 * second.grad


def after(steps, **options):
    """The parameters after so many steps, without an interruption."""
    model, seen = Line(), []

    def stop(progress):
        seen.append(numbers(model))
        if len(seen) == steps:
            raise KeyboardInterrupt

    assert train_line(model, progress=stop, **options).interrupted
    return seen[-1]


def test_ctrl_c_in_an_update_waits_until_it_is_finished():
    model, before = Line(), signal.getsignal(signal.SIGINT)
    history = train_line(model, optimizer=Interrupting(model.parameters(), 0.05, 4))
    assert history.interrupted and history.steps == 4 and numbers(model) == after(4)
    assert len(history.losses) == 1  # three batches make an epoch
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("where", ["model", "loss", "backward"])
def test_ctrl_c_elsewhere_drops_the_step(where):
    model, calls = Line(), []

    def interrupt(place):
        calls.append(place)
        if calls.count(where) == 14:  # in the fifth batch, after 3 + 3 + 2 + 3 samples
            signal.raise_signal(signal.SIGINT)

    def watched_loss(output, target):
        interrupt("loss")
        for _ in range(14 * (where == "backward" and calls.count("loss") == 14)):
            interrupt("backward")
        return losses.mse(output, target)

    def watched_model(x):
        interrupt("model")
        return model(x)

    history = fit(watched_model, LINE_X, LINE_Y, loss=watched_loss, optimizer=optim.SGD(model.parameters(), 0.05),
                  epochs=5, batch_size=3, progress=False, backend="eager")  # fmt: skip
    assert history.interrupted and history.steps == 4 and numbers(model) == after(4, backend="eager")


def test_ctrl_c_in_the_test_part_keeps_the_epoch_out_and_the_parameters_in():
    model = Line()

    def loss(output, target):
        if target == "test":
            raise KeyboardInterrupt
        return losses.mse(output, target)

    history = train_line(model, loss=loss, test=([[1.0]], ["test"]), backend="eager")
    assert (
        history.interrupted
        and history.losses == []
        and history.steps == 3
        and numbers(model) == after(3, backend="eager")
    )
    recording = train_line(
        again := Line(), loss=loss, test=([[1.0]], ["test"])
    )  # while it is recorded, before the first step
    assert recording.interrupted and recording.losses == [] and recording.steps == 0 and numbers(again) == [0.0, 0.0]


def test_another_handler_of_ctrl_c_is_asked_too():
    model, asked = Line(), []
    before = signal.signal(signal.SIGINT, lambda *_: asked.append(numbers(model)))
    try:
        history = train_line(model, epochs=2, optimizer=Interrupting(model.parameters(), 0.05, 4))
    finally:
        signal.signal(signal.SIGINT, before)
    assert asked == [after(4)] and history.steps == 6 and not history.interrupted


def test_a_thread_can_train():
    models = [Line() for _ in range(3)]
    threads = [threading.Thread(target=train_line, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    train_line(alone := Line())
    assert all(numbers(model) == numbers(alone) for model in models)


# Python's cyclic collector


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("ending", [None, KeyboardInterrupt, ZeroDivisionError])
def test_the_collector_rests_and_is_as_before_whatever_happens(enabled, ending):
    def watch(progress):
        assert not gc.isenabled()
        if ending:
            raise ending

    was = gc.isenabled()
    try:
        gc.enable() if enabled else gc.disable()
        if ending is ZeroDivisionError:
            with pytest.raises(ZeroDivisionError):
                train_line(Line(), progress=watch)
        else:
            train_line(Line(), progress=watch)
        assert gc.isenabled() == enabled
    finally:
        gc.enable() if was else gc.disable()


def test_graphs_free_themselves_while_the_collector_rests():
    alive = []
    count = lambda progress: alive.append(sum(1 for thing in gc.get_objects() if type(thing) is Value))
    train_line(Line(), batch_size=8, epochs=8, progress=count)
    assert alive[1] == alive[-1]


# What goes wrong


def test_a_loss_that_explodes_stops_before_it_reaches_the_parameters():
    model = Line()
    with pytest.warns(RuntimeWarning, match=r"stopped at epoch \d+, step \d+: .* became .*smaller learning rate"):
        history = train_line(model, lr=1e6, epochs=100)
    assert history.stopped and not history.interrupted and history.steps < 100
    assert all(map(math.isfinite, numbers(model)))


@pytest.mark.parametrize("where", ["X", "y"])
def test_a_sample_that_is_missing_is_named(where):
    given = {"X": [[0.5], [1.0], [2.0]], "y": [1.0, 2.0, 3.0]}
    given[where][1] = [math.nan] if where == "X" else math.nan
    model = Line()
    with pytest.warns(RuntimeWarning, match="loss became nan .sample 1 or its target is not finite"):
        fit(model, **given, loss=losses.mse, optimizer=optim.SGD(model.parameters(), 0.1), progress=False)


def test_a_gradient_that_explodes_stops_too():
    model = Line()
    with pytest.warns(
        RuntimeWarning, match=r"step 1: the gradient of linear.neurons.0.\S+ became nan; this step was not taken"
    ):
        train_line(model, loss=lambda output, target: (output * output).sqrt() * 1.0)
    assert numbers(model) == [0.0, 0.0]


def test_an_explosion_can_be_watched():
    model = Line()
    history = train_line(model, lr=1e6, epochs=100, stop_on_nan=False)
    assert len(history.losses) == 100 and not history.stopped and not all(map(math.isfinite, numbers(model)))


def test_anomalies_raise_where_they_begin():
    loss = lambda output, target: (output - 1e3).log()
    with pytest.raises(FloatingPointError, match="log"):
        train_line(Line(), loss=loss, anomalies="raise")
    with anomalies("raise"), pytest.raises(FloatingPointError, match="log"):  # a block around fit counts
        train_line(Line(), loss=loss)
    with anomalies("raise"), pytest.warns(RuntimeWarning, match="loss became nan"):
        train_line(Line(), loss=loss, anomalies="ignore")


WRONG = [
    ({"X": []}, ValueError, "8 targets"),
    ({"X": LINE_X[1:]}, ValueError, "7 samples and 8 targets"),
    ({"test": ([[1.0]], [])}, ValueError, r"test=\(X, y\)"),
    ({"test": data.digits()}, TypeError, r"test is a pair \(X, y\).* of 4"),
    ({"validation": ([[1.0]], [])}, ValueError, r"validation=\(X, y\)"),
    ({"validation": 1.0}, ValueError, r"validation is a pair \(X, y\), or how many of the 8 samples"),
    ({"validation": 8}, ValueError, "how many of the 8 samples to set apart, 1 to 7"),
    ({"validation": "half"}, TypeError, r"validation is a pair \(X, y\)"),
    ({"patience": 3}, ValueError, "say what to validate on, validation=0.1"),
    ({"patience": 0, "validation": 0.5}, ValueError, "patience is how many epochs"),
    ({"X": {1.0, 2.0}}, TypeError, "got a set .a set has no order."),
    ({"X": {"a": LINE_X}}, TypeError, "got a dict"),
    ({"optimizer": optim.SGD(Line().parameters(), 0.1)}, ValueError, "moves none of this model's 2 parameters"),
    ({"epochs": -1}, ValueError, "epochs is a whole number"),
    ({"epochs": 1.5}, ValueError, "epochs is a whole number"),
    ({"batch_size": 0}, ValueError, "at least one sample"),
    ({"batch_size": 4.5}, ValueError, r"batch_size is a whole number, 1 or more, got 4\.5"),
    ({"X": (x for x in LINE_X)}, TypeError, "X and y are lists or arrays, .* got a generator: make it a list first"),
    ({"test": [[1.0]]}, TypeError, r"test is a pair \(X, y\)"),
    ({"optimizer": optim.SGD(array("d", [0.0, 0.0]), 0.1)}, TypeError, r"make it from model\.parameters\(\)"),
    ({"loss": lambda output, target: [output, output * output]}, TypeError, "a loss returns a Value"),
    (
        {"loss": lambda output, target: [output, output * output], "backend": "python"},
        TypeError,
        "a loss returns a Value",
    ),
    (
        {"backend": "python", "anomalies": "raise"},
        ValueError,
        "anomalies='raise' looks at every node.*use backend='eager', or 'auto'",
    ),
    ({"optimizer": optim.Adam}, TypeError, r"optim\.Adam\(model\.parameters\(\)\), or named: this is the class"),
    ({"optimizer": 3}, TypeError, r"optimizer must be made for the parameters, as in optim\.Adam"),
    ({"loss": 3}, TypeError, r"loss must be a function such as losses\.mse"),
    ({"loss": lambda output, target: output.data}, TypeError, "a loss returns a Value"),
    ({"loss": lambda output, target: None}, TypeError, r"a loss returns a Value.* got None: is its return missing\?"),
    ({"anomalies": "raises"}, ValueError, "'raise', 'warn' or 'ignore'"),
]


@pytest.mark.parametrize("wrong, error, message", WRONG)
def test_wrong_arguments_are_refused_and_nothing_has_changed(wrong, error, message):
    model = Line()
    given = {
        "X": LINE_X,
        "loss": losses.mse,
        "optimizer": optim.SGD(model.parameters(), 0.1),
        "progress": False,
        **wrong,
    }
    with pytest.raises(error, match=message):
        fit(model, given.pop("X"), LINE_Y, **given)
    assert numbers(model) == [0.0, 0.0]


@pytest.mark.parametrize("backend", ["eager", "auto", "python"])
def test_nothing_is_learned_under_no_grad_and_fit_says_so(backend):
    model = Line()
    with no_grad(), pytest.raises(RuntimeError, match=r"no_grad\(\)"):
        train_line(model, backend=backend)
    with anomalies("raise"):
        if backend == "python":
            with pytest.raises(ValueError, match="looks at every node"):
                train_line(model, backend=backend)
    assert numbers(model) == [0.0, 0.0]


def test_no_epoch_is_no_training():
    history = train_line(model := Line(), epochs=0)
    assert history == History() and numbers(model) == [0.0, 0.0]


# Progress


def test_progress_is_told_after_each_step():
    told = []
    train_line(Line(), progress=told.append, epochs=2)
    assert [(p.epoch, p.step) for p in told] == [(1, 1), (1, 2), (1, 3), (2, 4), (2, 5), (2, 6)]
    assert all(p.epochs == 2 and p.steps == 6 and p.accuracy is None for p in told) and told[-1].seconds_left == 0.0


class Full(io.StringIO):
    def write(self, text):
        raise OSError("no space left")


class Closed(io.StringIO):
    def write(self, text):
        raise ValueError("I/O operation on closed file")


@pytest.mark.parametrize("stream", [Full(), Closed(), None])
def test_a_stream_that_takes_nothing_does_not_end_the_training(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    assert len(train_line(Line(), progress=True).losses) == 5


@pytest.mark.parametrize("kernel", ["ipykernel.iostream", "pyodide_kernel.display"])
def test_in_a_notebook_progress_is_on_stdout(monkeypatch, kernel):
    written = []
    known = {"write": lambda self, text: written.append(text), "flush": lambda self: None, "isatty": lambda self: False}
    monkeypatch.setattr(sys, "stdout", type("OutStream", (), {"__module__": kernel, **known})())
    train_line(Line(), progress=True)
    assert "".join(written).startswith("\repoch 5/5")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_line_of_an_epoch_ends_with_its_own_test(monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    monkeypatch.setattr(progress.time, "monotonic", iter(range(1000)).__next__)
    X, y = [[-1.0], [1.0]] * 3, [0, 1] * 3
    w = Value(-1.0)
    history = fit(lambda x: w * x[0], X, y, loss=lambda s, t: F.softplus(-s if t else s),
                  optimizer=optim.SGD([w], lr=2.0), epochs=1, batch_size=6, test=(X, y))  # fmt: skip
    last = stream.getvalue().split("\r")[-1]
    assert f"test {100 * history.test_accuracies[-1]:.1f} %" in last


def test_on_a_terminal_the_line_rewrites_itself(monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    monkeypatch.setattr(progress.time, "monotonic", iter(range(1000)).__next__)
    train_line(Line(), progress=True, epochs=2)
    written = stream.getvalue()
    assert (
        written.count("\n") == 1 and written.endswith("\n") and written.count("\r") == 6 + 2
    )  # steps, and epochs once they are tested
    last = written.split("\r")[-1]
    assert last.startswith("epoch 2/2  loss ") and " steps/s  0:00 left" in last
    assert all(len(line) < 80 for line in written.split("\r"))


def test_elsewhere_a_line_is_added_now_and_then(capsys):
    train_line(Line(), progress=True, epochs=2)
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("epoch 2/2  loss ")
    train_line(Line(), progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_history_says_how_it_went():
    assert repr(History()) == "<History: 0 epochs, 0 steps>"
    told = repr(History([2.0, 0.5], [0.1, 0.9], [2.1, 0.75], [0.1, 0.875], [1.0, 2.0], steps=10, interrupted=True))
    assert (
        told
        == "<History: 2 epochs, 10 steps, loss 0.5, test loss 0.75, accuracy 90.00 %, test accuracy 87.50 %, 2.0 s, "
        "interrupted>"
    )


# Using a model


def test_dropout_drops_in_training_alone_and_modes_are_as_before():
    model = Sequential(Linear(2, 8, seed=0), Dropout(0.5, seed=0), Linear(8, 2, seed=1))
    model.eval()
    modes = []
    fit(model, [[1.0, 2.0], [2.0, 1.0]], [0, 1], loss=losses.cross_entropy,
        optimizer=optim.SGD(model.parameters(), 0.1), epochs=2,
        test=([[1.0, 2.0]], [0]), progress=lambda progress: modes.append(model.training))  # fmt: skip
    assert modes == [True, True] and not any(module.training for module in model.modules())
    model.train()
    assert outputs(model, [[1.0, 2.0]]) == outputs(model, [[1.0, 2.0]]) and all(
        module.training for module in model.modules()
    )


def test_outputs_remember_nothing():
    w = Value(2.0)
    seen = []
    outputs(lambda x: seen.append(w * x[0]) or seen[-1], [[3.0]])
    assert seen[0].data == 6.0 and seen[0].parents == ()


@pytest.mark.parametrize("output, target, verdict", [
    ([1.0, 2.0, 2.0], 1, True), ([1.0, 2.0, 2.0], 2, False), ((0.0, -1.0), 0, True), (0.0, -1, True), (0.0, 1, False),
    (1e-9, 1, True), ([2.0], 1, True), ([-2.0], 0, True), ([-2.0], 1, False), ([0.0, 1.0], 1.0, True),
    (Value(-1.0), 0, True), ([Value(-1.0), Value(-2.0)], 0, True), ([math.nan, 1.0], 1, False),
])  # fmt: skip
def test_right_is_the_largest_score_or_the_sign(output, target, verdict):
    assert train.right(output, target) is verdict


def test_accuracy_is_kept_for_classes_unless_told_otherwise():
    np = pytest.importorskip("numpy")
    for y, more, kept in [
        ([0, 1], {}, True), ([-1.0, 1.0], {}, True), ([True, False], {}, True), ([0.5, 1.0], {}, False),
        ([0, 1], {"accuracy": False}, False), (np.array([0, 1]), {}, True), (np.array([False, True]), {}, True),
        (np.array([[0], [1]]), {}, False), (np.array([0.5, 1.0]), {}, False),
    ]:  # fmt: skip
        model = Line()
        history = fit(model, [[-1.0], [1.0]], y, loss=lambda output, target: output * output,
                      optimizer=optim.SGD(model.parameters(), 0.1), progress=False, **more)  # fmt: skip
        assert bool(history.accuracies) == kept


def test_classes_never_seen_have_empty_rows_in_the_confusion_matrix():
    assert confusion(lambda x: x, [[0.0, 1.0, 0.0], [5.0, 1.0, 0.0]], [1, 1]) == [[0, 0, 0], [1, 1, 0], [0, 0, 0]]
    for function in accuracy, confusion:
        with pytest.raises(ValueError, match="at least one sample"):
            function(lambda x: x, [], [])


def test_models_of_many_samples_are_replayed_and_those_that_cannot_be_are_asked_one_by_one(monkeypatch):
    model, X = MLP(3, [30, 30, 2], activation="tanh", seed=0), [[i / 500, 1.0, -i / 250] for i in range(500)]
    now = [[float(v) for v in model(x)] for x in X]
    assert [v for out in outputs(model, X) for v in out] == pytest.approx([v for out in now for v in out], rel=1e-12)
    called = []
    monkeypatch.setattr(MLP, "__call__", lambda self, x, call=MLP.__call__: called.append(x) or call(self, x))
    outputs(model, X)
    assert len(called) < 50

    class Chosen(MLP):  # looks at numbers
        def __call__(self, x):
            return super().__call__(x if float(x[0]) > 0.5 else x[::-1])

    chosen = Chosen(3, [30, 30, 2], activation="tanh", seed=0)
    assert outputs(chosen, X) == [[float(v) for v in chosen(x)] for x in X]
    with pytest.raises(ValueError, match="3 inputs"):
        outputs(model, [x[:2] for x in X])


def test_r_squared_compares_with_the_mean():
    X, y = [[1.0], [2.0], [4.0]], [1.0, 2.0, 4.5]
    assert train.r_squared(lambda x: [7.5 / 3], X, y) == pytest.approx(0.0)
    assert train.r_squared(lambda x: y[X.index(x)], X, y) == 1.0 and train.r_squared(lambda x: -x[0], X, y) < 0
    for model, targets in (lambda x: x[0], [2.0] * 3), (lambda x: [x[0]] * 2, y):
        with pytest.raises(ValueError, match="r_squared"):
            train.r_squared(model, X, targets)


def test_metrics_of_classes_refuse_what_is_no_class():
    score = lambda x: [x[0]]
    assert accuracy(score, [[-1.0], [2.0]], [0.0, 1.0]) == 1.0 and predict(score, [[3.0]]) == [3.0]
    assert confusion(score, [[-1.0], [2.0]], [False, True]) == [[1, 0], [0, 1]]
    for metric in accuracy, confusion:
        with pytest.raises(TypeError, match="number them"):
            metric(score, [[1.0]], ["cat"])
        with pytest.raises(ValueError, match="r_squared"):
            metric(score, [[1.0]], [0.25])
    with pytest.raises(ValueError, match="classes are 0 to 2.*from 1 to 5"):
        confusion(lambda x: [1.0, 2.0, 3.0], [[1.0]] * 2, [1, 5])


def test_a_model_without_return_is_told_so():
    class Silent(MLP):
        def __call__(self, x):
            super().__call__(x)

    with pytest.raises(TypeError, match=r"the model gives None for a sample: is the return of its __call__ missing\?"):
        fit(Silent(1, [1]), [[1.0]], [1.0], loss="mse", optimizer="adam")


@pytest.mark.parametrize(
    ("name", "kind"), [("sgd", optim.SGD), ("Adam", optim.Adam), ("adamw", optim.AdamW), ("rmsprop", optim.RMSProp)]
)
def test_loss_and_optimizer_may_be_named(name, kind):
    X, y = [[0.5, -1.0], [1.0, 2.0]], [0, 1]
    models = [MLP(2, [3, 2], seed=0) for _ in range(2)]
    options = {"epochs": 3, "progress": False, "backend": "eager"}
    fit(models[0], X, y, loss="cross_entropy", optimizer=name, lr=0.05, **options)
    fit(models[1], X, y, loss=losses.cross_entropy, optimizer=kind(models[1].parameters(), lr=0.05), **options)
    assert models[0].state_dict() == models[1].state_dict() != MLP(2, [3, 2], seed=0).state_dict()


def test_a_name_that_nothing_has_is_refused_before_anything_is_changed():
    model = MLP(1, [1], seed=0)
    right = {"loss": "mse", "optimizer": "adam", "progress": False}
    for change, message in (
        ({"loss": "l2"}, "there is no loss 'l2': choose one of .*cross_entropy"),
        ({"optimizer": "adm"}, "there is no optimizer 'adm', did you mean 'adam'. choose one of sgd, adam"),
        ({"optimizer": "sgd"}, "needs a learning rate: pass lr=0.1"),
        ({"lr": -1}, "lr, the learning rate, must be at least 0"),
        ({"lr": 0.1, "optimizer": optim.Adam(model.parameters())}, "has a learning rate of its own"),
    ):
        with pytest.raises(ValueError, match=message):
            fit(model, [[1.0]], [1.0], **{**right, **change})
    with pytest.raises(TypeError, match=r"the model comes first: fit\(model, X, y"):
        fit([[0.0, 1.0]], [1], MLP(2, [1]), loss="mse", optimizer="adam")
    with pytest.raises(TypeError, match=r"moves model\.parameters\(\), which .* does not have"):
        fit(lambda x: model(x), [[1.0]], [1.0], **right)
