"""What is written for others has the form that they document: Gradescope's results.json and otter-grader's tests."""

import json
import math
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.errors import UserError
from tinygrad_edu.grading import Part, Result, Rubric
from tinygrad_edu.grading.export import gradescope
from tinygrad_edu.grading.ottergrader import Asked, otter
from tinygrad_edu.grading.run import graded
from tinygrad_edu.grading.submission import handed_in
from tinygrad_edu.grading.tasks import promised

DEMOS = Path(__file__).parent.parent / "demos"
RUBRIC = Rubric.read(DEMOS / "homework.toml")
NUMBER, FORMATS = (int, float), {"text", "html", "simple_format", "md", "ansi"}
VISIBLE = {"hidden", "after_due_date", "after_published", "visible"}

# The fields of results.json, as gradescope-autograders.readthedocs.io/en/latest/specs/ has them: types, or the values.
ALL = {"score": NUMBER, "execution_time": NUMBER, "output": str, "output_format": FORMATS,
       "test_output_format": FORMATS, "test_name_format": FORMATS, "visibility": VISIBLE, "stdout_visibility": VISIBLE,
       "extra_data": dict, "tests": list, "leaderboard": list}  # fmt: skip
ONE = {"score": NUMBER, "max_score": NUMBER, "status": {"passed", "failed"}, "name": str, "name_format": FORMATS,
       "number": str, "output": str, "output_format": FORMATS, "tags": list, "visibility": VISIBLE,
       "extra_data": dict}  # fmt: skip


def documented(told, fields):
    for key, value in told.items():
        allowed = fields[key]
        assert value in allowed if isinstance(allowed, set) else isinstance(value, allowed), (key, value)
        assert not isinstance(value, bool) and (not isinstance(value, float) or math.isfinite(value))


def check_gradescope(told):
    documented(told, ALL)
    for test in told["tests"]:
        documented(test, ONE)
        assert 0 <= test["score"] <= test["max_score"]
        assert (test["status"] == "passed") == (test["score"] == test["max_score"])
    assert told["score"] == pytest.approx(sum(test["score"] for test in told["tests"]))


def test_results_for_gradescope_have_its_documented_fields_and_no_others(tmp_path, capsys):
    options = [
        "--rubric",
        str(DEMOS / "homework.toml"),
        "--out",
        str(tmp_path / "graded"),
        "--gradescope",
        "--seed",
        "1",
    ]
    assert main(["grade", str(DEMOS / "homework"), *options]) == 0
    for student in ("ada", "ben"):
        told = json.loads((tmp_path / "graded" / "gradescope" / f"{student}.json").read_text())
        check_gradescope(told)
        assert [test["name"] for test in told["tests"]][-1] == "parabola"
    assert sum(test["max_score"] for test in told["tests"]) == pytest.approx(RUBRIC.points)


def test_whatever_was_said_results_for_gradescope_are_json():
    parts = (Part("a", 1 / 3, 2 / 3, 'x\0\x1b[31m"<b>\ud800'), Part("b", 2.0, 2.0), Part("c", 0.0, 0.1, "é" * 10**5))
    told = json.loads(json.dumps(gradescope(Result("x", parts, ("a note",)))))
    check_gradescope({**told, "tests": [{**t, "output": str(t["output"])} for t in told["tests"]]})


class Decorator:
    """What the documentation says of otter.test_files.test_case: it keeps these, and calls with what is asked for."""

    def __init__(self, name=None, points=None, hidden=False, success_message=None, failure_message=None):
        self.name, self.points, self.hidden = name, points, hidden

    def __call__(self, function):
        self.function = function
        return self


@pytest.fixture
def tests_of(tmp_path, monkeypatch):
    """The rubric for otter, each file run as otter does, without the student's names."""
    fake = ModuleType("otter.test_files")
    fake.test_case = Decorator
    monkeypatch.setitem(sys.modules, "otter", ModuleType("otter"))
    monkeypatch.setitem(sys.modules, "otter.test_files", fake)
    otter(RUBRIC, tmp_path)
    monkeypatch.chdir(tmp_path / "files")  # where otter puts what tests need

    def run(name):
        env = {}
        exec(compile((tmp_path / "tests" / f"{name}.py").read_text(), name, "exec"), env)
        return env

    return run


@pytest.mark.parametrize("task", RUBRIC.tasks, ids=lambda task: task.name)
def test_a_task_for_otter_has_its_name_its_points_and_a_case_for_each_part(task, tests_of):
    env = tests_of(task.name)
    cases = [case for case in env.values() if isinstance(case, Decorator)]
    assert env["OK_FORMAT"] is False and env["name"] == task.name and env["points"] == task.points
    assert [case.points for case in cases] == [*promised(task).values()] and not any(case.hidden for case in cases)
    assert len({case.name for case in cases}) == len(cases)


@pytest.mark.parametrize("student", ["ada", "ben"])
def test_in_a_notebook_the_same_parts_fail_for_the_same_reason(student, tests_of):
    notebook = {}
    for file in sorted((DEMOS / "homework" / student).glob("*.py")):
        exec(file.read_text(), notebook)
    result = graded(handed_in(DEMOS / "homework" / student), RUBRIC, 7)
    expected = {part.title: part.mistake for part in result.parts if not part}
    failed = {}
    for task in RUBRIC.tasks:
        env = tests_of(task.name)
        for case in [case for case in env.values() if isinstance(case, Decorator)]:
            try:
                case.function(notebook)
            except AssertionError as error:
                assert str(error)
                failed[case.name] = env["asked"].parts[case.name.removeprefix(f"{task.name}: ")].mistake
    assert failed == expected


def test_a_notebook_that_defines_nothing_fails_in_every_part(tests_of):
    for task in RUBRIC.tasks:
        for case in tests_of(task.name).values():
            if isinstance(case, Decorator):
                with pytest.raises(AssertionError, match="."):
                    case.function({"x": 1})


def test_test_files_are_written_again_and_replace_nobody_elses(tmp_path, capsys):
    command = ["grade", "--rubric", str(DEMOS / "homework.toml"), "--otter", str(tmp_path / "otter")]
    assert main(command) == 0 and "README.md" in capsys.readouterr().out
    assert main(command) == 0
    (tmp_path / "otter" / "tests" / "layer.py").write_text("mine = 1\n")
    assert main(command) == 2
    assert (tmp_path / "otter" / "tests" / "layer.py").read_text() == "mine = 1\n"


@pytest.mark.parametrize("words", [["grade"], ["grade", "--otter", "x"], ["grade", "y", "--otter", "x"]])
def test_what_is_missing_is_one_line(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert capsys.readouterr().err.strip().count("\n") <= 1 and not [*tmp_path.iterdir()]


def test_a_rubric_that_is_not_ready_is_not_written(tmp_path):
    rubric = Rubric.of({"task": [{"name": "engine", "kind": "value", "parts": {"fork": 1}}]})
    with pytest.raises(UserError, match="forks"):
        otter(rubric, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_names_that_look_alike_are_files_of_their_own(tmp_path):
    tasks = [{"name": name, "kind": "exercise", "exercise": "parabola"} for name in ("a b", "a-b")]
    assert len({*otter(Rubric.of({"task": tasks}), tmp_path)}) == 3


def test_what_a_notebook_has_not_defined_is_told_by_its_name_under_otter():
    with pytest.raises(AssertionError, match="There is no slope in your file"):
        Asked({"kind": "exercise", "name": "parabola"})({}, "parabola")
