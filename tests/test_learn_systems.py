"""The zoo on somebody's own Value: its numbers beside ours and the published ones; what is no Value is one line."""

from pathlib import Path

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.errors import UserError
from tinygrad_edu.learn import exercise
from tinygrad_edu.learn.systems import run_on
from tinygrad_edu.zoo import SYSTEMS

VALUE = exercise("value").solution
PEER = Path(__file__).parent.parent / "benchmarks/peers/microgpt_engine.py"


def asked(tmp_path, text, name="micrograd", *more):
    path = tmp_path / "mine.py"
    path.write_text(text)
    return main(["zoo", name, "--learner", str(path), "--small", *more])


def test_the_exercises_value_meets_what_it_can_compute(tmp_path, capsys):
    assert asked(tmp_path, VALUE) == 0
    told = capsys.readouterr().out
    assert "0.8958441  0.8958441  0.8958441" in told and "A step takes" in told
    assert "needs sin" in told and "31 of 31 published numbers met; not run for want of sin" in told
    assert asked(tmp_path, VALUE, "perceptron") == 0 and "2 of 2 published" in capsys.readouterr().out


def test_an_engine_of_another_design_runs_microgpt(capsys):
    assert main(["zoo", "microgpt", "--learner", str(PEER), "--small"]) == 0
    assert "loss of step 1  3.365967  3.365967      3.366" in capsys.readouterr().out


def test_a_wrong_engine_meets_less_and_the_status_says_so(tmp_path, capsys):
    wrong = VALUE.replace("arriving[parent] += local", "arriving[parent] = local")
    assert wrong != VALUE and asked(tmp_path, wrong) == 1
    told = capsys.readouterr().out
    assert "L                                            -8" in told
    assert "d(x + x)/dx             1" in told and "d(x + x)/dx, df/da" in told[told.index("NOT MET: ") :]


ONE_LINE = {
    "x = 1": "no class Value (there is x)",
    "": "no class Value (there is nothing in it)",
    "def f(:": "Line 1 of your Value, `def f(:`: SyntaxError",
    "import sys\nsys.exit(0)": "Line 2 of your Value, `sys.exit(0)`: it ends the program",
    "class Value:\n    pass": "TypeError",
    VALUE.replace("node.grad += arriving[node]", "pass").replace("self.grad = 0.0", "pass"): "grad",
    exercise("value").starter: "still to be written",
    "import subprocess\nsubprocess.run(['true'])": "PermissionError",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
}


@pytest.mark.parametrize("text", ONE_LINE, ids=[*map(str, range(len(ONE_LINE)))])
def test_a_file_without_an_engine_is_one_line(text, tmp_path, capsys):
    assert asked(tmp_path, text) == 2
    said = capsys.readouterr()
    assert not said.out and said.err.count("\n") == 1 and ONE_LINE[text] in said.err and "mine.py" in said.err


def test_an_engine_that_never_ends_is_one_line(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(VALUE + "\n\nwhile True:\n    pass\n")
    with pytest.raises(UserError, match="no answer after 0.5 seconds"):
        run_on("micrograd", path, show=None, seconds=0.5)
    path.write_text(VALUE.replace("e = math.exp(self.data)", "while True:\n            pass"))
    with pytest.raises(UserError, match="A neuron.*no answer after 0.5 seconds"):
        run_on("micrograd", path, show=None, seconds=0.5)


def test_an_engine_that_lacks_all_that_is_needed_is_one_line(tmp_path, capsys):
    assert asked(tmp_path, VALUE.replace("def log", "def ln"), "microgpt") == 2
    assert "its Value has no log: nothing of microgpt can be computed" in capsys.readouterr().err


def test_what_needs_more_than_a_value_is_told_with_what_does_not(tmp_path, capsys):
    for one in SYSTEMS:
        if one.name not in ("micrograd", "perceptron", "microgpt"):
            assert asked(tmp_path, VALUE, one.name) == 2
            assert "micrograd, perceptron and microgpt" in capsys.readouterr().err
    assert asked(tmp_path, VALUE, "microgrd") == 2 and "did you mean 'micrograd'" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--seed", "3"], ["--epochs", "2"], ["--all"], ["--out", "here"], ["--doctor"],
                                  ["--backend", "python"]])  # fmt: skip
def test_what_would_make_it_another_run_is_refused(more, tmp_path, capsys):
    assert asked(tmp_path, VALUE, "micrograd", *more) == 2
    assert f"leave {more[0]} out" in capsys.readouterr().err


def test_a_learner_needs_a_system_and_a_file(tmp_path, capsys):
    assert main(["zoo", "--learner", "mine.py"]) == 2 and "goes with the name" in capsys.readouterr().err
    assert main(["zoo", "micrograd", "--learner", str(tmp_path / "no.py")]) == 2
    assert "no.py" in capsys.readouterr().err
