"""The command line as a newcomer meets it: what it prints, what it writes, and how it says no."""

import csv
import json
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET

import pytest

from tinygrad_edu import nn, render
from tinygrad_edu.cli import main, training


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder; gives (status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*argv):
        try:
            status = main([str(a) for a in argv])
        except SystemExit as stop:
            status = stop.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def is_svg(path):
    return ET.parse(path).getroot().tag.endswith("svg")


def test_grad_prints_the_value_and_every_gradient(run):
    status, out, err = run("grad", "e = a*b; d = e + c; L = d*f", "a=2", "b=-3", "c=10", "f=-2")
    rows = dict((line.split()[0], line.split()[1:]) for line in out.splitlines()[3:])
    assert status == 0 and err == "" and out.startswith("L = -8\n")
    assert rows == {
        "a": ["2", "6"],
        "b": ["-3", "-4"],
        "c": ["10", "-2"],
        "f": ["-2", "4"],
        "e": ["-6", "-2"],
        "d": ["4", "-2"],
    }


def test_grad_draws(run, tmp_path):
    status, out, _ = run("grad", "tanh(a*b + c)", "a=2", "b=-3", "c=10", "--svg", "graph.svg")
    assert status == 0 and "wrote graph.svg" in out and is_svg(tmp_path / "graph.svg")


def test_grad_of_no_names_is_a_calculator(run):
    assert run("grad", "2**-1 + log(0)") == (0, "2**-1 + log(0) = -inf\n", "")


def test_an_expression_may_begin_with_a_minus_and_a_number_be_a_formula(run):
    status, out, err = run("grad", "-x*y", "x=1/2", "y=pi")
    assert status == 0 and err == "" and out.startswith("-x*y = -1.570796327\n")


def test_check_compares_every_gradient_and_every_rule(run):
    status, out, _ = run("check", "L = relu(a*b) + tanh(c)", "a=2", "b=0", "c=10")
    assert status == 0 and "a is " not in out and "b is at the kink of relu(0)" in out and "its rules: " in out
    status, out, _ = run("check", "-x*y", "x=2", "y=3", "--order", "2")
    assert status == 0 and "4 happy" in out and out.splitlines()[1].startswith("x, ")


def test_check_shows_the_errors_of_steps_and_draws_them(run, tmp_path):
    status, out, _ = run("check", "exp(w*x)", "w=1", "x=0.5", "--steps", "w", "--svg", "steps.svg")
    assert status == 0 and "Best: h = 1e-05" in out and "wrote steps.svg" in out and is_svg(tmp_path / "steps.svg")


def test_grad_explains_and_writes_the_passes_out(run):
    status, out, _ = run("grad", "w*x + w**2", "w=3", "x=2", "--explain", "w")
    assert status == 0 and "Why is" in out and "2 + 6 = 8" in out.replace("6 + 2", "2 + 6")
    status, out, _ = run("grad", "w*x + w**2", "w=3", "x=2", "--source", "python")
    scope = {}
    exec(out, scope)
    assert status == 0 and scope["dw"] == 8.0


def test_page_and_order_answer(run, tmp_path):
    status, out, _ = run("page", "tanh(a*b)", "a=2", "b=-3", "-o", "p.html")
    assert status == 0 and "wrote p.html" in out and "</html>" in (tmp_path / "p.html").read_text()
    status, out, _ = run("order", "h = x**2; L = h + h**2", "x=3")
    assert status == 0 and "depth first goes wrong at h" in out
    assert run("order")[0] == 0


def test_the_grad_command_says_what_explain_says_of_a_nan(run):
    status, out, _ = run("grad", "L = log(a)", "a=-1")
    assert status == 0 and "L = log(a) = nan begins here, with a = -1: log is defined on (0, inf)." in out
    assert "begins" not in run("grad", "L = log(a)", "a=1")[1]


def test_a_check_is_of_the_point_and_of_the_name_that_were_given(run):
    _, out, _ = run("check", "e = a*b; L = (e + c) * f", "a=2", "b=-3", "c=10", "f=-2")
    assert "L = -8: 4 happy" in out
    _, out, _ = run("check", "M = e * pi", "e=1")  # a constant that was given a number
    assert "M = 3.141592654: 1 happy" in out


@pytest.mark.parametrize("command", ["demo", "grad", "check", "doctor", "page", "order", "ops"])
def test_the_help_of_a_command_says_what_it_is_for_with_an_example(run, command):
    status, out, _ = run(command, "--help")
    assert status == 0 and f"  tinygrad-edu {command}" in out and max(map(len, out.splitlines())) <= 100


def test_help_is_a_word_too(run):
    assert run("help") == run("--help") and run("help", "grad") == run("grad", "--help") and run("help")[0] == 0


def test_a_warning_is_a_line_without_a_place_in_our_source(run):
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        status, _, err = run("train", "moons", "--lr", "1e300", "--epochs", "3", "--quiet")
    assert status == 0 and err.startswith("tinygrad-edu: training stopped at epoch") and err.count("\n") == 1


def test_ops_prints_the_rows_that_are_asked_for(run):
    _, out, _ = run("ops", "tanh", "*", "ln")
    assert [line.split()[1] for line in out.splitlines()[2:]] == ["tanh", "mul", "log"]


def test_ops_prints_the_table(run):
    status, out, _ = run("ops")
    assert status == 0 and "| tanh" in out and "`1 - y * y`" in out


def write_csv(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)


def flowers(n, seed=1):
    """Three kinds in two measurements, well apart."""
    rng = random.Random(seed)
    kinds = {"rose": (1.0, 5.0), "iris": (4.0, 1.0), "lily": (8.0, 7.0)}
    return [
        [f"{rng.gauss(a, 0.6):.3f}", f"{1000 * rng.gauss(b, 0.6):.1f}", kind]
        for kind, (a, b) in kinds.items()
        for _ in range(n)
    ]


def test_train_and_predict_with_classes(run, tmp_path):
    write_csv("flowers.csv", [["width", "height", "kind"], *flowers(30)])
    write_csv("new.csv", [["height", "width"], [7000, 8], [5000, 1], [1000, 4]])
    status, out, err = run(
        "train", "flowers.csv", "--target", "kind", "--epochs", "20", "--save", "m.json", "--plot", "b.svg", "--quiet"
    )
    assert status == 0 and err == "" and "72 samples to train, 18 to test, 2 features, 3 classes" in out
    assert float(re.search(r"([\d.]+)% test", out)[1]) >= 95 and is_svg(tmp_path / "b.svg")
    status, out, err = run("predict", "m.json", "new.csv")
    lines = list(csv.reader(out.splitlines()))
    assert (
        status == 0
        and lines[0] == ["kind", "probability"]
        and [row[0] for row in lines[1:]] == ["lily", "rose", "iris"]
    )
    assert all(0.5 < float(row[1]) <= 1 for row in lines[1:])


def test_train_and_predict_a_number(run, tmp_path):
    rng = random.Random(0)
    points = [(rng.uniform(0, 10), rng.uniform(-1, 1)) for _ in range(120)]
    write_csv(
        "line.csv", [["a", "b", "price"], *[[f"{a:.4f}", f"{b:.4f}", f"{100 + 20 * a - 5 * b:.4f}"] for a, b in points]]
    )
    write_csv("new.csv", [["a", "b"], [5, 0], [2, 1]])
    status, out, _ = run("train", "line.csv", "--target", "price", "--hidden", "0", "--epochs", "40", "--lr", "0.05",
                         "--save", "m.json", "--plot", "loss.svg", "--quiet")  # fmt: skip
    assert status == 0 and float(re.search(r"price: ([\d.]+) train", out)[1]) < 1 and is_svg(tmp_path / "loss.svg")
    _, out, _ = run("predict", "m.json", "new.csv")
    assert [float(x) for x in out.splitlines()[1:]] == pytest.approx([200, 135], abs=2)


def test_train_is_reproducible(run, tmp_path):
    for name in ("one", "two"):
        run("train", "moons", "--epochs", "2", "--hidden", "4", "--seed", "3", "--save", f"{name}.json", "--quiet")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert len(nn.load("one.json").parameters()) == 2 * 4 + 4 + 4 * 2 + 2


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([["a", "b"], ["1", "x"], ["", "y"]], "bad.csv, line 3: column 'a' is missing"),
        ([["a", "b"], ["1", "x"], ["two", "y"]], "bad.csv, line 3: column 'a' is 'two'"),
        ([["a", "c"], ["1", "x"], ["2", "y"]], "no column is named 'b'"),
    ],
)
def test_a_bad_cell_is_named_with_line_and_column(run, cells, says):
    write_csv("bad.csv", cells)
    status, _, err = run("train", "bad.csv", "--target", "b")
    assert status == 2 and says in err and err.count("\n") == 1


def test_a_csv_without_target_lists_its_columns(run):
    write_csv("f.csv", [["a", "b"], [1, 2], [3, 4]])
    status, _, err = run("train", "f.csv")
    assert status == 2 and "which column of f.csv is to be predicted? Add --target COLUMN: a, b" in err


def test_predict_refuses_a_model_that_names_no_columns(run):
    nn.MLP(2, [1], seed=0).save("plain.json")
    write_csv("f.csv", [["a", "b"], [1, 2]])
    status, _, err = run("predict", "plain.json", "f.csv")
    assert status == 2 and "does not say which columns it reads" in err


def orders(path, n=60, header="id;weight;colour;price"):
    """A European file: semicolons, decimal commas, words, an id, and a cell that is missing now and then."""
    rng, lines = random.Random(0), []
    for i in range(n):
        weight, colour = rng.uniform(1, 9), rng.choice(["red", "blue"])
        price = 1000 * weight + 500 * (colour == "red")
        lines.append(f"n{i};{'' if i % 20 == 7 else f'{weight:.2f}'};{colour};{price:.1f}".replace(".", ","))
    path.write_text("\n".join([header, *lines]) + "\n")


def test_a_file_as_people_have_it_is_learned_and_predicted(run, tmp_path):
    orders(tmp_path / "o.csv")
    train = ["train", "o.csv", "--target", "price", "--quiet", "--epochs", "40", "--batch", "4"]
    assert (
        "column 'id'" in run(*train, "--missing", "mean")[2] and "with --text id" in run(*train, "--missing", "mean")[2]
    )
    assert "say --missing drop" in run(*train, "--ignore", "id")[2]
    status, out, err = run(*train, "--ignore", "id", "--missing", "mean", "--validation", "0.1", "--patience", "6",
                           "--optimizer", "adamw", "--weight-decay", "0.001", "--schedule", "cosine", "--loss", "huber",
                           "--save", "m.json", "--history", "h.csv", "--plot", "l.svg", "--test", "0.25")  # fmt: skip
    assert status == 0 and err == "" and "40 samples to train, 5 to validate, 15 to test, 3 features" in out
    assert "colour is text" in out and "standard deviations of price" in out and is_svg(tmp_path / "l.svg")
    error, naive = re.search(r"price: ([\d,.]+) train, [\d,.]+ test \(always saying the mean: ([\d,]+)\)", out).groups()
    assert (
        float(error.replace(",", "")) < float(naive.replace(",", "")) / 2
        and float(re.search(r"R²: ([\d.]+) train", out)[1]) > 0.8
    )
    with open("h.csv") as file:
        assert next(csv.reader(file))[:2] == ["epoch", "losses"]
    (tmp_path / "new.csv").write_text("colour,id,weight,price\nred,a,2.5,3000\nblue,b,,5000\nred,c,8,8500\n")
    status, out, err = run("predict", "m.json", "new.csv", "--keep", "id")
    rows = list(csv.reader(out.splitlines()))
    assert (
        status == 0
        and rows[0] == ["id", "price"]
        and [row[0] for row in rows[1:]] == ["a", "b", "c"]
        and err.startswith("R²: 0.")
    )
    assert float(rows[1][1]) == pytest.approx(3000, abs=900) and float(rows[3][1]) == pytest.approx(8500, abs=1500)
    for word in "wrote", "replaced":
        status, out, _ = run("predict", "m.json", "new.csv", "--keep", "id,price", "-o", "p.csv", "--missing", "drop")
        assert status == 0 and f"{word} p.csv: 2 predictions" in out and "1 of 3 lines" in out
    with open("p.csv") as file:
        assert [row[:3] for row in csv.reader(file)][2] == ["b", "5000", ""]
    (tmp_path / "new.csv").write_text("colour,weight\ngreen,2.5\n")
    status, out, err = run("predict", "m.json", "new.csv", "-o", "p.csv")
    assert (
        status == 2
        and "new.csv, line 2: column 'colour' is 'green'" in err
        and (tmp_path / "p.csv").read_text().count("\n") == 4
    )
    (tmp_path / "mine.csv").write_text("my own\n")
    (tmp_path / "new.csv").write_text("colour,weight\nred,2.5\n")
    assert (
        run("predict", "m.json", "new.csv", "-o", "mine.csv")[0] == 2
        and (tmp_path / "mine.csv").read_text() == "my own\n"
    )


@pytest.mark.parametrize("name, start", [("b.png", b"\x89PNG"), ("b.pdf", b"%PDF")])
def test_a_plot_is_refused_before_training_or_drawn_after_it(run, tmp_path, monkeypatch, name, start):
    command = ["train", "moons", "--quiet", "--epochs", "1", "--plot", name]
    if render.renderer():
        assert run(*command)[0] == 0 and (tmp_path / name).read_bytes().startswith(start)
        (tmp_path / name).unlink()
    monkeypatch.setattr(render, "renderer", lambda: None)
    monkeypatch.setitem(sys.modules, "svglib.svglib", None)
    status, out, err = run(*command)
    assert status == 2 and out == "" and "an .svg" in err and "pip install" in err
    assert list(tmp_path.iterdir()) == []


def test_the_page_of_commands_trains_and_predicts(run, tmp_path):
    page = (pathlib.Path(__file__).parent.parent / "docs" / "command-line.md").read_text("utf-8")
    rows = [[f"no. {i}", *row] for i, row in enumerate(flowers(20))]
    write_csv("measurements.csv", [["id", "width", "height", "species"], *rows])
    write_csv("new.csv", [["id", "height", "width"], ["a", 7000, 8], ["b", 1000, 4]])
    lines = re.findall(r"^tinygrad-edu ((?:train|predict) .*)", page, re.MULTILINE)
    for line in lines:
        status, out, err = run(*shlex.split(line), *["--quiet"] * line.startswith("train"))
        assert status == 0 and err == "", err
    assert len(lines) == 4 and is_svg(tmp_path / "boundary.svg")
    with open("predictions.csv") as file:
        assert [row[:2] for row in csv.reader(file)] == [["id", "species"], ["a", "lily"], ["b", "iris"]]


def test_training_is_resumed_where_it_was_left(run, tmp_path):
    write_csv("f.csv", [["width", "height", "kind"], *flowers(20)])
    common = ["train", "f.csv", "--quiet", "--epochs", "3"]
    first = run(*common, "--target", "kind", "--save", "m.json", "--test", "0.3", "--seed", "5")[1]
    before = nn.load("m.json").state_dict()
    status, out, _ = run(*common, "--resume", "m.json", "--save", "m.json")
    assert (
        status == 0
        and "42 samples to train, 18 to test" in first
        and "42 samples to train, 18 to test" in out
        and "replaced m.json" in out
    )
    assert nn.load("m.json").state_dict() != before and nn.read("m.json")["extra"]["seed"] == 5
    for more, says in [
        (["--hidden", "4"], "has its own"),
        (["--test", "0.2"], "tested on 30%"),
        (["--target", "width"], "predicts 'kind', not 'width'"),
    ]:
        status, out, err = run(*common, "--resume", "m.json", *more)
        assert status == 2 and says in err and err.count("\n") == 1
    write_csv("f.csv", [["width", "height", "kind"], [1, 2, "tulip"], *flowers(20)])
    status, _, err = run(*common, "--resume", "m.json")
    assert status == 2 and "f.csv, line 2: 'kind' is missing, or no class that m.json knows" in err
    assert "has learned f.csv, which is not moons" in run("train", "moons", "--resume", "m.json")[2]


@pytest.mark.parametrize("shape", ["moons", "circles", "spirals", "blobs", "xor"])
def test_every_shape_is_learned_and_drawn(run, tmp_path, shape):
    status, out, _ = run("train", shape, "--quiet", "--epochs", "2", "--plot", "b.svg", "--save", "m.json")
    assert status == 0 and "80 samples to train" in out.replace("240", "80") and is_svg(tmp_path / "b.svg")
    assert run("train", shape, "--quiet", "--epochs", "1", "--resume", "m.json")[0] == 0


def test_every_optimizer_and_schedule_learns(run):
    for optimizer, schedule in zip(training.OPTIMIZERS, training.SCHEDULES):
        status, out, err = run(
            "train", "moons", "--quiet", "--optimizer", optimizer, "--schedule", schedule, "--weight-decay", "0.001"
        )
        assert status == 0 and err == "" and float(re.search(r"([\d.]+)% train", out)[1]) > 85, (optimizer, schedule)


def test_class_weights_and_smoothed_labels_change_what_is_learned(run, tmp_path):
    write_csv("f.csv", [["width", "height", "kind"], *flowers(30)[:40]])
    states = []
    for more in (
        [],
        ["--class-weights", "balanced"],
        ["--class-weights", "iris=3"],
        ["--label-smoothing", "0.2"],
        ["--loss", "hinge"],
    ):
        status, out, err = run(
            "train", "f.csv", "--target", "kind", "--quiet", "--epochs", "2", "--save", "m.json", *more
        )
        states.append(str(nn.load("m.json").state_dict()))
        assert status == 0 and err == "" and ("eager backend" not in out)
    assert len({*states}) == 5


def test_advice_about_a_file_names_options_that_there_are(run, tmp_path):
    (tmp_path / "f.csv").write_text("5.1,3.5,rose\n4.9,3.0,lily\n")
    for more in [], ["--target", "rose"]:
        status, out, err = run("train", "f.csv", *more)
        assert status == 2 and "--header no" in err and "header=" not in err and err.rstrip().endswith("to be removed")
    assert "column 1, column 2, column 3" in run("train", "f.csv", "--header", "no")[2]
    (tmp_path / "f.csv").write_bytes("a,y\n1,caf\xe9\n2,th\xe9\n".encode("cp1252"))
    assert (
        "--encoding cp1252" in run("train", "f.csv")[2] and "a, y" in run("train", "f.csv", "--encoding", "cp1252")[2]
    )


def test_what_a_number_is_taken_for_is_told(run, tmp_path):
    write_csv("f.csv", [["a", "y"], *[[i, i % 3] for i in range(30)]])
    status, out, _ = run("train", "f.csv", "--target", "y", "--quiet", "--epochs", "1")
    assert status == 0 and "y is taken as 3 classes" in out and "--kind number" in out
    assert "the number 'y'" in run("train", "f.csv", "--target", "y", "--quiet", "--epochs", "1", "--kind", "number")[1]


def test_an_impatient_ctrl_c_loses_nothing(run, monkeypatch, tmp_path):
    def interrupt(*args, **more):
        raise KeyboardInterrupt

    for place, word in ("tinygrad_edu.cli.training._verdict", "wrote"), ("tinygrad_edu.train.fit", "replaced"):
        monkeypatch.setattr(place, interrupt)
        status, out, err = run("train", "moons", "--quiet", "--epochs", "1", "--save", "m.json")
        assert status == 130 and f"{word} m.json" in out and nn.load("m.json")


def test_nothing_of_others_is_overwritten(run, tmp_path):
    for option, name in ("--save", "a.json"), ("--plot", "a.svg"):
        (tmp_path / name).write_text("my own")
        status, out, err = run("train", "moons", "--quiet", "--epochs", "1", option, name)
        assert status == 2 and out == "" and "did not write it" in err and (tmp_path / name).read_text() == "my own"


DAMAGES = {
    "more classes": {"classes": ["0", "1", "2"]}, "no classes": {"classes": []},
    "a class twice": {"classes": ["0", "0"]}, "an object": {"classes": {"0": 1}}, "numbers": {"classes": [0, 1]},
    "nested": {"features": [["x"], "y"]}, "no features": {"features": []},
    "one more feature": {"features": ["x", "y", "z"]}, "text": {"features": "xy"}, "no target": {"target": None},
    "scale": {"scale": {"means": [1.0]}},
    "short scale": {"scale": {"means": [1.0], "stds": [1.0]}},
    "infinite": {"scale": {"means": [{"$float": "inf"}, 0.0], "stds": [1.0, 1.0]}}, "list": {"scale": [1]},
    "preparation": {"preparation": {"columns": 3}}, "seed": {"seed": "x"}, "test": {"test": 7},
    "prepared": {"preparation": {"columns": [], "target": "class", "classes": [], "numeral": [".", ""], "missing": None,
                                 "header": True}},
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_model_is_told_in_a_line(run, tmp_path, damage):
    run("train", "moons", "--quiet", "--epochs", "1", "--hidden", "2", "--save", "m.json")
    model = json.loads((tmp_path / "m.json").read_text())
    write_csv("f.csv", [["x", "y"], [1, 2]])
    assert run("predict", "m.json", "f.csv")[0] == 0
    (tmp_path / "m.json").write_text(json.dumps({**model, "extra": {**model["extra"], **damage}}))
    for command in ["predict", "m.json", "f.csv"], ["train", "moons", "--quiet", "--resume", "m.json"]:
        status, out, err = run(*command)
        assert status == 2 and out == "" and err.count("\n") == 1 and "m.json" in err, err


def test_a_header_cannot_command_the_terminal(run, tmp_path):
    (tmp_path / "f.csv").write_text("a\x1b[31m,b\n1,2\n3,4\n")
    for target in "zz", "b":
        status, out, err = run("train", "f.csv", "--target", target, "--quiet", "--epochs", "1")
        assert "\x1b" not in out + err
    (tmp_path / "wide.csv").write_text(",".join(f"c{i}" for i in range(2000)) + "\n" + ",".join(["1"] * 2000) + "\n")
    for more in ["--target", "zz"], []:
        assert len(run("train", "wide.csv", *more)[2]) < 400


def test_demo_explains_draws_and_learns_to_read_digits(run, tmp_path):
    """The promise of the first screen, with its own defaults: at least 95 % on digits it has not seen."""
    status, out, err = run("demo")
    assert status == 0 and re.search(r"o → n +1 - o \* o +1 × +0.5 = 0.5", out) and "do/dx1 = -1.5" in out
    assert float(re.search(r"([\d.]+)% test", out)[1]) >= 95.0
    assert all(is_svg(tmp_path / "demo" / name) for name in ("neuron.svg", "loss.svg", "confusion.svg"))
    assert (
        (tmp_path / "demo" / "neuron.html").exists()
        and "Next" in out
        and [p.name for p in tmp_path.iterdir()] == ["demo"]
    )
    assert "epoch" in err and "steps/s" in err and "left" in err


def test_both_names_of_the_program_work():
    for command in (
        [sys.executable, "-m", "tinygrad_edu"],
        [os.path.join(os.path.dirname(sys.executable), "tinygrad-edu")],
    ):
        run = subprocess.run([*command, "grad", "a*a", "a=3"], capture_output=True, text=True, check=True)
        assert run.stdout.startswith("a*a = 9\n")
        run = subprocess.run([*command, "grad", "a*"], capture_output=True, text=True)
        assert run.returncode == 2 and run.stderr.count("\n") == 1


def test_a_closed_pipe_is_no_error():
    run = subprocess.run(
        f"{sys.executable} -m tinygrad_edu ops | head -n 1", shell=True, capture_output=True, text=True
    )
    assert run.stderr == "" and run.stdout.startswith("| name")


def test_a_saved_model_is_json_that_a_person_can_read(run):
    run("train", "circles", "--epochs", "1", "--hidden", "2", "--save", "m.json", "--quiet")
    with open("m.json") as file:
        model = json.load(file)
    assert model["extra"]["features"] == ["x", "y"] and "layers.0.neurons.0.w[0]" in str(model["state"])


def test_grad_checks_what_it_computes_if_asked(capsys):
    assert main(["grad", "L = (a*b)**2", "a=2", "b=-3", "--check"]) == 0
    out = capsys.readouterr().out
    assert "L = " in out and "happy" in out
