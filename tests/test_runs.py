"""A recorded training stays the same; its frames are what the steps saw, its programs what the engine computes."""

import base64
import copy
import json
import pickle
import random
import re
import shutil
import struct
import subprocess

import pytest

from tests.test_train_replayed import BACKENDS
from tinygrad_edu import Value, data, losses, nn, optim
from tinygrad_edu.cli import main
from tinygrad_edu.doctor import diagnose
from tinygrad_edu.errors import UserError
from tinygrad_edu.replay.program import Program
from tinygrad_edu.runs import RunRecorder, viewer
from tinygrad_edu.runs.network import matrices, network
from tinygrad_edu.train import fit

X, CLASSES = data.moons(30, noise=0.1, seed=3)
TASKS = {
    "classes": (lambda: nn.MLP(2, [5, 2], activation="tanh", seed=1), losses.cross_entropy, CLASSES),
    "signs": (lambda: nn.MLP(2, [4, 3, 1], seed=1), losses.hinge, [2 * k - 1 for k in CLASSES]),
    "numbers": (lambda: nn.MLP(2, [4, 1], activation="gelu", seed=1, expand=True), losses.mse, [a * b for a, b in X]),
    "rows": (lambda: nn.MLP(2, [4, 2], activation="sigmoid", seed=1), losses.mse, [[a, -b] for a, b in X]),
    "places": (lambda: nn.MLP(2, [4, 1], output="tanh", seed=1), lambda out, t: (out - [-1, 1][t]) ** 2, CLASSES),
    "normed": (lambda: nn.Sequential(nn.Linear(2, 3, seed=1), nn.LayerNorm(3), nn.Linear(3, 2, seed=2)),
               losses.cross_entropy, CLASSES),
}  # fmt: skip


def trained(task="signs", record=None, backend="eager", **options):
    make, loss, y = TASKS[task]
    model = make()
    arguments = {"epochs": 4, "batch_size": 8, "progress": False, "optimizer": "adam", "lr": 0.05, **options}
    history = fit(model, X, y, loss=loss, backend=backend, record=record, **arguments)
    return history, model


@pytest.mark.parametrize("backend", ["eager", *BACKENDS])
@pytest.mark.parametrize("task", ["classes", "signs"])
def test_a_recorded_training_is_the_training_to_the_last_bit(task, backend):
    more = {"validation": 0.2, "patience": 3}
    random.seed(5)
    plain, model = trained(task, backend=backend, **more)
    after = random.random()
    random.seed(5)
    history, twin = trained(task, record=True, backend=backend, **more)
    assert random.random() == after
    assert [p.data for p in twin.parameters()] == [p.data for p in model.parameters()]
    assert [p.grad for p in twin.parameters()] == [p.grad for p in model.parameters()]
    assert {**history.to_dict(), "seconds": 0} == {**plain.to_dict(), "seconds": 0} and history.backend == plain.backend


def test_chance_in_a_model_is_drawn_as_without_a_recorder():
    def run(record):
        model = nn.Sequential(nn.Linear(2, 6, seed=1), nn.Dropout(0.5, seed=3), nn.Linear(6, 1, seed=2))
        fit(model, X, CLASSES, loss=lambda out, t: (out[0] - t) ** 2, optimizer="sgd", lr=0.1, epochs=2, record=record,
            progress=False)  # fmt: skip
        return [p.data for p in model.parameters()]

    assert run(True) == run(None)


@pytest.mark.parametrize("backend", ["eager", *BACKENDS])
def test_a_frame_has_the_parameters_before_a_step_and_the_gradient_that_it_follows(backend):
    make, loss, y = TASKS["signs"]
    model, seen = make(), []

    class Spy(optim.Adam):
        def step(self):
            seen.append(([p.data for p in self.parameters], [p.grad for p in self.parameters]))
            super().step()

    history = fit(model, X, y, loss=loss, optimizer=Spy(model.parameters(), 0.05), epochs=3, batch_size=8, record=True,
                  progress=False, backend=backend)  # fmt: skip
    *frames, last = history.recorder.frames
    assert [(f.step, f.weights.tolist(), f.gradients.tolist()) for f in frames] == [(i, *s) for i, s in enumerate(seen)]
    assert [f.epoch for f in frames] == [1 + i // 4 for i in range(12)]
    assert last.step == 12 and last.gradients is None and last.weights.tolist() == [p.data for p in model.parameters()]
    assert [e["loss"] for e in history.recorder.epochs] == history.losses
    assert [e["accuracy"] for e in history.recorder.epochs] == history.accuracies
    sizes = [8, 8, 8, 6]
    for k, epoch in enumerate(history.recorder.epochs):
        batches = frames[4 * k : 4 * k + 4]
        assert epoch["step"] == 4 * k + 4
        assert sum(f.loss * n for f, n in zip(batches, sizes)) / 30 == pytest.approx(epoch["loss"])
        assert sum(f.accuracy * n for f, n in zip(batches, sizes)) / 30 == pytest.approx(epoch["accuracy"])


@pytest.mark.parametrize("known", [True, False], ids=["planned", "unplanned"])
@pytest.mark.parametrize("steps, most", [(1, 20), (19, 20), (20, 20), (200, 20), (3000, 20), (3000, 2), (777, 61)])
def test_at_most_so_many_frames_are_kept_the_first_and_the_last_among_them_and_the_earlier_the_denser(
    steps, most, known
):
    w = Value(0.0)
    recorder = RunRecorder(lambda x: w * x, [1.0], [1.0], losses.mse, parameters=[w], most=most)
    if known:
        recorder.expect(steps)
    largest = 0
    for i in range(steps):
        recorder(0.5)
        w.data = float(i + 1)
        largest = max(largest, len(recorder.frames))
    recorder.close()
    at = [f.step for f in recorder.frames]
    assert largest <= most + 1 and len(at) <= most + 1 and at[0] == 0 and at[-1] == steps and at == sorted({*at})
    assert all(f.weights[0] == f.step for f in recorder.frames)
    assert steps > most or len(at) == steps + 1
    if known and steps > most > 10:
        gaps = [b - a for a, b in zip(at, at[1:-1])]
        assert len(at) > 0.6 * most and max(gaps[: len(gaps) // 3]) < max(gaps[2 * len(gaps) // 3 :])
        assert max(gaps) < 3 * steps / most


def test_a_training_that_goes_on_goes_on_in_its_recorder():
    make, loss, y = TASKS["signs"]
    model, recorder = (m := make()), RunRecorder(m, X, y, loss)
    for _ in range(2):
        history = fit(model, X, y, loss=loss, optimizer="adam", epochs=2, batch_size=8, record=recorder, progress=False)
    assert [f.step for f in recorder.frames] == list(range(17)) and recorder.frames[8].gradients is not None
    assert [e["step"] for e in recorder.epochs] == [4, 8, 12, 16] and history.recorder is recorder


def by_program(found, x, w, target=None, place=0):
    """What the programs of a page make of a sample: z, a, outputs, loss, dz, da, slopes."""
    forward, both, heads = found["_programs"]
    m, e, k = len(found["units"]), found["programs"]["others"], found["outputs"]

    def given(name):
        return [w[i] for i in found["programs"][name]["parameters"]]

    out = forward(*x, *given("forward"), *[0.0] * k)[2 * m + e :]
    head = found["programs"]["heads"][found["programs"]["head"][place]]
    loss, *dout = heads[found["programs"]["head"][place]](
        *out, *(target if head["targets"] else []), *[w[i] for i in head["parameters"]], 1.0
    )
    all = both(*x, *given("both"), *dout)
    names, sizes = ("z", "a", "other", "out", "dz", "da", "slope"), (m, m, e, k, m, m, m)
    found, at = {"loss": loss}, 0
    for name, size in zip(names, sizes):
        found[name], at = all[at : at + size], at + size
    return found


@pytest.fixture
def programs(monkeypatch):
    """`network`, with the programs themselves beside what is written down of them."""
    from tinygrad_edu.webpage import programs as rows

    kept = []
    plain = rows.RowTable.__call__

    def call(self, program: Program):
        kept.append(program)
        return plain(self, program)

    monkeypatch.setattr(rows.RowTable, "__call__", call)

    def found(*args):
        kept.clear()
        made = network(*args)
        if made["programs"]:
            forward, both, *heads = kept
            made["_programs"] = forward, both, heads
        return made

    return found


@pytest.mark.parametrize("task", TASKS)
def test_the_programs_are_the_engine_unit_by_unit(task, programs):
    make, loss, y = TASKS[task]
    model = make()
    found = programs(model, X, y, loss, model.parameters())
    assert found["why"] == "" and len(found["samples"]["places"]) == 30
    rng = random.Random(1)
    for p in model.parameters():
        p.data += rng.gauss(0, 0.3)  # at other numbers than those of the recording
    w = [p.data for p in model.parameters()]
    for i in (0, 7, 29):
        for p in model.parameters():
            p.grad = 0.0
        value = loss(model(X[i]), y[i])
        value.backward()
        seen = by_program(found, X[i], w, found["samples"]["y"][i], i)
        assert seen["loss"] == pytest.approx(value.data, rel=1e-12)
        for unit, z, a, dz, da, slope in zip(found["units"], *[seen[n] for n in ("z", "a", "dz", "da", "slope")]):
            terms = {0: X[i], 1: seen["a"], 2: seen["other"]}
            inputs = [terms[kind][j] for kind, j in unit["inputs"]]
            total = sum(w[p] * x for p, x in zip(unit["weights"], inputs)) + (
                w[unit["bias"]] if unit["bias"] >= 0 else 0
            )
            assert z == pytest.approx(total, rel=1e-9, abs=1e-12)
            assert dz == pytest.approx(da * slope, rel=1e-9, abs=1e-12) and (unit["formula"] != "z" or a == z)
            for p, x in zip(unit["weights"], inputs):
                assert model.parameters()[p].grad == pytest.approx(dz * x, rel=1e-9, abs=1e-12)
            if unit["bias"] >= 0:
                assert model.parameters()[unit["bias"]].grad == pytest.approx(dz, rel=1e-9, abs=1e-12)


def test_layers_units_and_matrices_are_those_of_the_model():
    model = nn.MLP(2, [5, 3, 1], seed=1)
    found = network(model, X, TASKS["signs"][2], losses.hinge, model.parameters())
    assert [(layer["title"], len(layer["units"])) for layer in found["layers"]] == [
        ("layer 0", 5),
        ("layer 1", 3),
        ("layer 2", 1),
    ]
    assert [(m["rows"], m["cols"]) for m in found["matrices"]] == [(5, 2), (5, 1), (3, 5), (3, 1), (1, 3), (1, 1)]
    places = [i for m in found["matrices"] for a, n in zip(m["at"][::2], m["at"][1::2]) for i in range(a, a + n)]
    assert sorted(places) == list(range(len(model.parameters())))
    first, labels = found["matrices"][0], [p.label for p in model.parameters()]
    ordered = [labels[i] for a, n in zip(first["at"][::2], first["at"][1::2]) for i in range(a, a + n)]
    assert ordered == [f"mlp.layers.0.neurons.{i}.w[{j}]" for i in range(5) for j in range(2)]


def test_parameters_of_any_shape_and_without_a_name_are_some_matrix():
    conv = nn.Conv2d(1, 2, 3, seed=1) if hasattr(nn, "Conv2d") else nn.Linear(2, 2)
    for some in (conv.parameters(), [Value(1.0), Value(2.0)], [Value(1.0, label="w"), Value(2.0, label="w")]):
        found = matrices(some)
        assert sum(m["rows"] * m["cols"] for m in found) == len(some)


class Strange:
    """A model that looks at its input: nothing of it can be computed in a page."""

    def __init__(self):
        self.w = [Value(0.5, label="strange.w[0]"), Value(-0.5, label="strange.w[1]")]

    def parameters(self):
        return self.w

    def __call__(self, x):
        return self.w[0] * x[0] if float(x[0]) > 0 else self.w[1] * x[1]


class Embedding(Strange):
    def __call__(self, x):
        return self.w[int(x[0]) % 2] * 2.0


class Average(nn.Module):
    """A model with a number beside its parameters that changes while it learns."""

    def __init__(self):
        self.line, self.mean, self.name = nn.Linear(2, 1, seed=1), 0.0, "average"

    def __call__(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x[0]
        return self.line([x[0] - self.mean, x[1]])[0]


@pytest.mark.parametrize("make, why", [(Strange, "float()"), (Embedding, "int()"), (Average, "beside its parameters")])
def test_what_cannot_be_computed_in_a_page_is_said_and_all_else_is_shown(make, why):
    model = make()
    history = fit(model, X, [a for a, _ in X], loss="mse", optimizer="sgd", lr=0.01, epochs=2, record=True,
                  progress=False, backend="eager")  # fmt: skip
    told = json.dumps(history.recorder.structure)
    assert history.recorder.structure["programs"] is None and why in history.recorder.structure["why"], told
    assert history.recorder.structure["matrices"] and len(history.recorder.frames) == 3 and history.page().html


def numbers(page):
    """The data of a page, and its frames as numbers."""
    [text] = re.findall(r"^const DATA = (.*);$", page.html, re.M)
    told = json.loads(text)
    size = {64: "d", 32: "f"}[told["frames"]["bits"]]
    raw = {name: base64.b64decode(told["frames"][name]) for name in ("weights", "gradients")}
    return told, {name: struct.unpack(f"<{len(b) // struct.calcsize(size)}{size}", b) for name, b in raw.items()}


def test_a_page_of_200_steps_of_a_network_with_two_hidden_layers_of_16_has_less_than_2_megabytes():
    X, y = data.moons(100, noise=0.1, seed=1)
    model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1)
    history = fit(model, X, [2 * k - 1 for k in y], loss="hinge", optimizer="adam", epochs=20, batch_size=10,
                  record=True, progress=False)  # fmt: skip
    page = history.page()
    told, packed = numbers(page)
    assert len(page.html.encode()) < 2_000_000 and told["frames"]["bits"] == 64 and told["steps"] == 200
    assert len(told["frames"]["step"]) == 201 and told["frames"]["without"] == [200]
    frames = history.recorder.frames
    assert packed["weights"] == tuple(x for f in frames for x in f.weights)
    assert packed["gradients"] == tuple(x for f in frames[:-1] for x in f.gradients)
    assert not re.search(r"https?://(?!www\.w3\.org/)", page.html)


def test_a_large_model_has_fewer_frames_in_fewer_digits():
    w = [Value(0.001 * i) for i in range(6_000)]
    recorder = RunRecorder(lambda x: w[0] * x, [1.0], [1.0], losses.mse, parameters=w)
    recorder.expect(300)
    for _ in range(300):
        recorder(1.0)
    told, packed = numbers(recorder.page())
    assert 100 < len(recorder.frames) <= 168 and told["frames"]["bits"] == 32
    assert packed["weights"][:50] == pytest.approx([v.data for v in w[:50]], rel=1e-6)


def test_a_page_is_written_when_the_training_ends_also_after_ctrl_c(tmp_path):
    def interrupted(progress):
        if progress.step == 6:
            raise KeyboardInterrupt

    history, model = trained(record=tmp_path / "run.html", progress=interrupted)
    assert history.interrupted and (tmp_path / "run.html").read_text().startswith("<!doctype html>")
    told, packed = numbers(history.page())
    assert told["steps"] == 6 and packed["weights"][-len(model.parameters()) :] == tuple(
        p.data for p in model.parameters()
    )


def test_the_command_line_names_inputs_and_classes(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i % 7},{i % 5},{'rose' if i % 7 > i % 5 else 'iris'}\n" for i in range(60))
    (tmp_path / "flowers.csv").write_text(f"width,height,kind\n{rows}")
    command = "train flowers.csv --target kind --hidden 3 --epochs 2 --backend eager --quiet --record run.html"
    assert main(command.split()) == 0 and "wrote run.html: 7 frames of 6 steps" in capsys.readouterr().out
    assert main(command.split()) == 0 and "replaced run.html" in capsys.readouterr().out
    [text] = re.findall(r"^const DATA = (.*);$", (tmp_path / "run.html").read_text(), re.M)
    told = json.loads(text)
    assert (told["names"], told["kinds"], told["classes"]) == (["width", "height"], ["iris", "rose"], True)


def test_a_model_without_names_is_computed_though_it_has_no_units():
    w = [Value(0.5), Value(-0.5)]
    found = network(lambda x: w[0] * x[0] + w[1] * x[1], X, CLASSES, losses.mse, w)
    assert found["why"] == "" and found["programs"] and found["units"] == []


def test_where_a_page_cannot_be_written_nothing_is_trained(tmp_path):
    (tmp_path / "mine.html").write_text("notes")
    for record, error, told in [(tmp_path / "run.txt", UserError, "must end in .html"),
                                (tmp_path / "no" / "run.html", FileNotFoundError, "no such folder"),
                                (tmp_path / "mine.html", FileExistsError, "did not write it"),
                                (3, TypeError, "record is the name of a page")]:  # fmt: skip
        make, loss, y = TASKS["signs"]
        model = make()
        before = [p.data for p in model.parameters()]
        with pytest.raises(error, match=told):
            fit(model, X, y, loss=loss, optimizer="adam", record=record, progress=False)
        assert [p.data for p in model.parameters()] == before
    with pytest.raises(ValueError, match="another model"):
        fit(model, X, y, loss=loss, optimizer="adam", progress=False, record=RunRecorder(make(), X, y, loss))
    with pytest.raises(ValueError, match="another loss"):
        fit(model, X, y, loss=loss, optimizer="adam", progress=False, record=RunRecorder(model, X, y, losses.mae))


def test_what_cannot_be_recorded_is_told_before_anything_is_trained():
    make, loss, y = TASKS["signs"]
    for given, error, told in [((X, y[1:], loss), ValueError, "one target per sample"),
                               (([], [], loss), ValueError, "at least one sample"),
                               ((X, y, "hinge"), TypeError, "loss is a function")]:  # fmt: skip
        with pytest.raises(error, match=told):
            RunRecorder(make(), *given)
    with pytest.raises(TypeError, match="parameters are Values, got float 0.5"):
        RunRecorder(make(), X, y, loss, parameters=[0.5])
    with pytest.raises(TypeError, match="the title of a page is a text, got int 3"):
        RunRecorder(make(), X, y, loss).page(3)


def test_a_history_without_a_recorder_says_how_to_have_one_and_one_with_it_is_saved_as_before(tmp_path):
    plain, _ = trained()
    with pytest.raises(UserError, match="record=True"):
        plain.page()
    history, _ = trained(record=True)
    assert "RunPage: 17 frames of 16 steps" in repr(history.page()) and "<iframe" in history.page()._repr_html_()
    for twin in (pickle.loads(pickle.dumps(history)), copy.deepcopy(history), type(history)(**history.to_dict())):
        assert twin == history and twin.recorder is None
    assert "recorder" not in history.save(tmp_path / "h.json").read_text()


def test_no_steps_are_a_page_of_one_frame():
    history, model = trained(record=True, epochs=0)
    assert [f.step for f in history.recorder.frames] == [0] and "1 frame" in repr(history.page())


def test_what_the_doctor_tells_stands_at_the_step_at_which_it_was_told():
    X, y = data.moons(60, noise=0.15, seed=1)
    model = nn.MLP(2, [6, 6, 2], seed=1)
    for neuron in model.layers[1].neurons:
        neuron.b.data = -6.0
    watch = diagnose.watch(model)
    history = fit(model, X, y, loss="cross_entropy", optimizer="sgd", lr=0.1, epochs=5, batch_size=10, record=True,
                  watch=watch, progress=False)  # fmt: skip
    told = {(f["what"], f["step"]) for f in history.recorder.findings}
    assert told and {(f.what, f.step) for f in watch.findings} <= told


def test_a_step_that_was_not_taken_is_the_last_frame_with_its_gradient():
    make, loss, y = TASKS["numbers"]
    model = make()
    with pytest.warns(RuntimeWarning, match="not taken"):
        history = fit(model, X, y, loss=lambda out, t: out * 1e200 * out * 1e200, optimizer="sgd", lr=1.0, epochs=2,
                      record=True, progress=False, backend="eager")  # fmt: skip
    [frame] = history.recorder.frames
    assert frame.step == 0 and frame.loss == float("inf") and history.page().html


@pytest.mark.skipif(not shutil.which("node"), reason="no node to read scripts with")
def test_the_viewer_is_one_classic_script_with_one_name(tmp_path):
    text = viewer()["run.js"] + "\nif (typeof showRun !== 'function' || typeof runNetwork !== 'undefined') throw 1;"
    (tmp_path / "run.js").write_text(text)
    done = subprocess.run(["node", tmp_path / "run.js"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
