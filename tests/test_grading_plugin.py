"""pytest grades a submission: each part of the rubric is a test; points stand in the last lines and in JUnit's file."""

import xml.etree.ElementTree as ElementTree

import pytest

from tests.classroom import RIGHT, changed

pytest_plugins = ("pytester",)

RUBRIC = """
[[task]]
name = "engine"
kind = "value"
points = 4
parts = { products = 1, forks = 3 }

[[task]]
name = "parabola"
kind = "exercise"
points = 2
"""
HALF = changed("totals.get(parent, 0.0) + d", "d")  # a fork is overwritten
GRADE = ("-p", "tinygrad_edu.grading.plugin", "--disable-plugin-autoload", "-p", "no:cacheprovider")


@pytest.fixture
def room(pytester):
    pytester.makefile(".toml", homework=RUBRIC)
    pytester.makepyfile(
        ada=RIGHT + "\ndef slope(f, x, h=1e-5):\n    return (f(x + h) - f(x - h)) / (2 * h)\n", ben=HALF
    )
    pytester.makepyfile(test_other="def test_other(): pass")
    return pytester


def graded(room, student, *options):
    return room.runpytest_inprocess(*GRADE, "--submission", student, "--rubric", "homework.toml", *options)


def test_every_part_is_a_test_and_the_points_are_added_up(room):
    run = graded(room, "ada.py", "-v")
    run.assert_outcomes(passed=3)
    run.stdout.fnmatch_lines(["*homework.toml::engine::a fork adds PASSED*", "*= 6 of 6 points =*"])


def test_a_part_that_fails_tells_what_a_student_is_told_and_no_traceback(room):
    run = graded(room, "ben.py", "--hidden-seed", "3", "-rf", "--junitxml", "junit.xml")
    run.assert_outcomes(passed=1, failed=2)
    run.stdout.fnmatch_lines(["engine: a fork adds: 0 of 3 points", "*gradient of*is wrong*", "*= 1 of 6 points =*",
                              "the same hidden numbers: --hidden-seed 3"])  # fmt: skip
    assert "Traceback" not in run.stdout.str() and "plugin.py" not in run.stdout.str()
    cases = {case.get("name"): case for case in ElementTree.parse(room.path / "junit.xml").iter("testcase")}
    assert {case.get("classname") for case in cases.values()} == {"homework.toml.engine", "homework.toml.parabola"}
    told = {p.get("name"): p.get("value") for p in cases["a fork adds"].iter("property")}
    assert (told["points"], told["of"]) == ("0.0", "3.0") and told["mistake"]


def test_named_test_files_are_run_as_well_and_without_a_submission_nothing_is_graded(room):
    graded(room, "ada.py", "test_other.py").assert_outcomes(passed=4)
    run = room.runpytest_inprocess(*GRADE)
    run.assert_outcomes(passed=1)
    assert "of 6 points" not in run.stdout.str()


def test_a_folder_is_a_submission_and_workers_ask_the_same(room):
    (room.path / "carl").mkdir()
    (room.path / "carl" / "engine.py").write_text(RIGHT)
    run = graded(room, "carl", "-p", "xdist", "-n", "1")
    run.assert_outcomes(passed=2, failed=1)
    run.stdout.fnmatch_lines(["*= 4 of 6 points =*"])


@pytest.mark.parametrize(
    "options, said",
    [
        (["--submission", "ada.py"], "--rubric FILE.toml is missing"),
        (["--rubric", "homework.toml"], "--submission PATH is missing"),
        (["--submission", "nobody.py", "--rubric", "homework.toml"], "no such file or folder"),
        (["--submission", "ada.py", "--rubric", "none.toml"], "no such file"),
        (["--submission", "ada.py", "--rubric", "ada.py"], "is no TOML"),
    ],
)
def test_what_is_missing_is_said_on_one_line(room, options, said):
    run = room.runpytest_inprocess(*GRADE, *options)
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    assert said in run.stderr.str() and run.stderr.str().strip().count("\n") == 0
