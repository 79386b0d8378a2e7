"""`tinygrad-edu doctor`: a saved model is examined on the data that it knows, and a program can ask what came out."""

import json
import random

import pytest

from tinygrad_edu import nn
from tinygrad_edu.cli import main


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder; gives (status, stdout)."""
    monkeypatch.chdir(tmp_path)

    def run(*argv):
        status = main([str(a) for a in argv])
        out, err = capsys.readouterr()
        assert err == ""
        return status, out

    return run


def write_flowers(path, rows=30):
    rng = random.Random(0)
    lines = [
        f"{rng.gauss(a, 0.5):.3f},{rng.gauss(b, 0.5):.3f},{kind}"
        for kind, a, b in (("rose", 1, 5), ("iris", 4, 1), ("lily", 8, 7))
        for _ in range(rows)
    ]
    path.write_text("\n".join(["width,height,kind", *lines]) + "\n")


def spoiled(path, change):
    """The saved model with other weights, and the notes that it had."""
    model, notes = nn.load(path), nn.read(path)["extra"]
    change(model)
    model.save(path, extra=notes)


def test_a_model_that_learns_is_healthy_on_the_data_that_it_knows(run):
    run("train", "moons", "--quiet", "--activation", "tanh", "--epochs", "5", "--save", "m.json")
    status, out = run("doctor", "m.json")
    assert status == 0 and out.startswith("m.json on moons: cross_entropy of 100 of 100 samples\n\nloss = ")
    assert "nothing found" in out and run("doctor", "m.json", "moons") == (status, out)
    status, out = run("doctor", "m.json", "--svg", "none.svg", "--samples", "20")
    assert status == 0 and "20 of 100 samples" in out and "none.svg is not drawn: nothing was found" in out


def test_what_is_broken_is_told_drawn_and_written_and_is_the_status(run, tmp_path):
    run("train", "moons", "--quiet", "--epochs", "1", "--save", "m.json")

    def kill(model):
        for neuron in model.layers[1].neurons:
            neuron.b.data = -1000.0

    spoiled("m.json", kill)
    status, out = run("doctor", "m.json", "--json", "found.json", "--svg", "culprit.svg")
    assert status == 1 and "dead units" in out and out.endswith("wrote found.json\nwrote culprit.svg\n")
    told = json.loads((tmp_path / "found.json").read_text())
    assert told["samples"] == 100 and "dead units" in [f["what"] for f in told["diagnosis"]["findings"]]
    assert (tmp_path / "culprit.svg").read_text().startswith("<svg")
    assert "findings[0]" not in out and "--svg FILE.svg" in run("doctor", "m.json")[1]


@pytest.mark.parametrize(
    "target, loss, options",
    [("kind", "cross_entropy", []), ("kind", "hinge", ["--loss", "hinge"]), ("width", "mse", [])],
)
def test_a_file_is_prepared_as_it_was_when_the_model_was_trained(run, tmp_path, target, loss, options):
    write_flowers(tmp_path / "flowers.csv")
    run("train", "flowers.csv", "--target", target, "--quiet", "--epochs", "3", "--activation", "tanh",
        "--save", "m.json")  # fmt: skip
    assert run("doctor", "m.json", "flowers.csv", *options)[1].startswith(
        f"m.json on flowers.csv: {loss} of 90 of 90 samples"
    )
    (tmp_path / "other.csv").write_text("kind;width;id;height\nrose;1,5;a;5\nlily;8;b;7,25\n")
    how = ["--decimal", ",", "--delimiter", ";", "--target", target, *options]
    status, out = run("doctor", "m.json", "other.csv", *how)
    assert status == 0 and f"{loss} of 2 of 2 samples" in out


def test_a_training_that_is_watched_learns_the_same_and_ends_with_the_report(run, tmp_path):
    write_flowers(tmp_path / "flowers.csv")
    how = ["train", "flowers.csv", "--target", "kind", "--quiet", "--epochs", "3", "--activation", "tanh"]
    _, plain = run(*how, "--save", "plain.json")
    status, out = run(*how, "--save", "watched.json", "--doctor")
    verdict, report = out.split("\n\n", 1)
    assert (
        status == 0 and verdict.splitlines()[-1] == plain.splitlines()[-1] and report.startswith("training of 15 steps")
    )
    one, other = (nn.load(path).parameters() for path in ("plain.json", "watched.json"))
    assert [p.data for p in one] == [p.data for p in other]


def test_what_a_training_suffers_from_is_told_with_the_command_that_draws_it(run):
    deep = ["train", "moons", "--quiet", "--epochs", "10", "--activation", "sigmoid", "--hidden", "8,8,8,8,8,8"]
    status, out = run(*deep, "--optimizer", "sgd", "--doctor", "--save", "m.json")
    assert status == 0 and "broken: vanishing gradient, told at step" in out
    command = out.splitlines()[-1].partition("To draw it: tinygrad-edu ")[2].split()
    status, out = run(*command)
    assert status == 1 and "vanishing gradient" in out and out.endswith("wrote FILE.svg\n")


def test_the_zoo_is_watched_on_the_screen_and_not_on_the_page(run, capsys, tmp_path):
    def page(folder):
        return [line for line in (tmp_path / folder / "scratch.md").read_text().splitlines() if " s " not in line]

    assert main(["zoo", "scratch", "--small", "--out", "plain"]) == 0
    plain = capsys.readouterr().out
    assert main(["zoo", "scratch", "--small", "--out", "watched", "--doctor"]) == 0
    out = capsys.readouterr().out
    assert page("plain") == page("watched") and "What the doctor says" not in plain
    told = out.partition("What the doctor says\n")[2]
    assert "1 of 2: training of 5 steps: 1 broken." in told and "identical units" in told
