"""The milestones: what a learner has written runs them, and is told from what the engine under it does wrong."""

import subprocess
import sys

import pytest

from tinygrad_edu.learn import assess, exercise
from tinygrad_edu.learn.folder import Folder
from tinygrad_edu.learn.sandbox import Sandbox
from tinygrad_edu.zoo import microgpt

VALUE = exercise("value").solution


@pytest.fixture
def course(tmp_path):
    return Folder.start(tmp_path / "course")


def solve(here, name, text=None):
    one = exercise(name)
    here.path(one).write_text(text or one.solution)
    return here.check(one)


def test_the_engine_lies_beside_what_builds_on_it_which_then_runs_by_itself(course):
    room = course.path(exercise("lecture")).parent
    assert solve(course, "value") and (room / "value.py").read_text().endswith(VALUE)
    assert solve(course, "lecture")
    ran = subprocess.run(
        [sys.executable, course.path(exercise("lecture"))], capture_output=True, text=True, cwd=course.root
    )
    assert ran.stdout.splitlines()[0] == "neuron: o = 0.7071, do/dw1 = 1.0000, do/dx1 = -1.5000"
    assert solve(course, "value", VALUE + "# now with a remark\n")
    assert (room / "value.py").read_text().endswith("# now with a remark\n")


def test_a_file_of_that_name_that_is_no_copy_stays(course):
    mine = course.path(exercise("lecture")).parent / "value.py"
    mine.write_text("mine = 1\n")
    assert solve(course, "value") and mine.read_text() == "mine = 1\n"


def test_what_builds_on_an_engine_waits_for_it(course):
    verdict = solve(course, "lecture")
    assert not verdict and "learn check value" in str(verdict) and not course.passed(exercise("lecture"))
    course.path(exercise("value")).write_text(VALUE)
    assert course.check(exercise("lecture")) and course.passed(exercise("value"))


@pytest.mark.parametrize("old, new, told", [
    ("1 - t * t,", "1 - t,", "do/dx1"),
    ("math.exp(self.data)", "math.expp(self.data)", "of your Value, `e = math.expp(self.data)`"),
])  # fmt: skip
def test_a_mistake_in_the_engine_is_not_told_as_one_of_the_milestone(course, old, new, told):
    assert solve(course, "value")
    course.path(exercise("value")).write_text(VALUE.replace(old, new))
    verdict = solve(course, "lecture")
    assert str(verdict).startswith("With our Value in place of yours this is right") and told in str(verdict)
    assert len(verdict.remarks) <= verdict.asked
    wrong = exercise("lecture").variant("return (x1 * w1 + x2 * w2).tanh()")
    assert "With our Value" not in str(solve(course, "lecture", wrong))


@pytest.mark.parametrize("name", ["lecture", "curve", "exclusive_or", "moons"])
def test_what_takes_long_is_asked_of_a_learner(name):
    """The solution comes to the published numbers on the learner's own engine."""
    one = exercise(name)
    assert assess(one, one.solution, value=VALUE)


def test_microgpts_first_loss_is_the_published_one():
    their, [*_, query] = exercise("microgpt").module, exercise("microgpt").queries
    [first] = query.function(their, 1).values()
    assert first == pytest.approx(microgpt.LOSSES[0], abs=5.1e-5)
    assert tuple(query.known.values()) == microgpt.LOSSES


def test_what_takes_long_waits_until_the_rest_is_right():
    one = exercise("moons")
    verdict = assess(one, one.variant("return x[0]"))
    assert verdict.remarks and not [r for r in verdict.remarks if "loss before step" in str(r)]


def test_a_hanging_engine_is_told_with_its_line():
    one = exercise("lecture")
    hangs = VALUE.replace("t = math.tanh(self.data)", "while True:\n            pass")
    line = hangs[: hangs.index("while True")].count("\n") + 1
    with Sandbox(seconds=0.5) as box:
        verdict = assess(one, one.solution, value=hangs, box=box)
    assert f"Line {line} of your Value" in str(verdict) or f"Line {line + 1} of your Value" in str(verdict)


def test_an_engine_that_searches_a_list_is_found_before_the_milestones():
    """It is right, and forever busy with a graph of the size of the moons'."""
    one = exercise("value")
    slow = VALUE.replace("order, seen, stack = [], set(),", "order, seen, stack = [], [],").replace(
        "seen.add(node)", "seen.append(node)"
    )
    assert slow != VALUE and assess(one, slow, brief=True) and assess(one, VALUE)
    [*_, query] = one.queries
    assert query.function.__name__ == "many_nodes" and query.long
    with Sandbox() as box:
        box.load(slow, "value.py")
        answer = box.call(query.source, "many_nodes", 2**15, seconds=0.6)
    assert answer.error == "Timeout" and answer.file == "value.py"


def test_what_shows_only_in_the_long_run_is_not_put_on_the_engine():
    one = exercise("exclusive_or")
    assert "With our Value" not in str(assess(one, one.solution.replace("lr=1.0", "lr=0.0"), value=VALUE))
