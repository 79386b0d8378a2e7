"""The exercises: each is sound, and what a learner types in the folder does what it says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.learn import chapters, exercise
from tinygrad_edu.learn.author import examined
from tinygrad_edu.learn.course import exercise_names
from tinygrad_edu.learn.folder import Folder


@pytest.mark.parametrize("name", exercise_names())
def test_an_exercise_is_sound(name):
    """The starter fails and holds no answer, the solution and other right answers pass, each planted mistake is known
    by its name, and small changes to the solution are found out.
    """
    assert examined(exercise(name)) == []


def test_names_of_exercises_are_told_apart():
    assert len({*exercise_names()}) == len(exercise_names()) and all(c.title for c in chapters())


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["learn", "start", "course"]) == 0
    monkeypatch.chdir(tmp_path / "course")
    return Folder.find()


def solve(here, name):
    here.path(exercise(name)).write_text(exercise(name).solution)


def test_what_is_right_leads_to_the_next(course, capsys):
    assert main(["learn"]) == 1 and "still to be" in capsys.readouterr().out
    solve(course, "parabola")
    assert main(["learn"]) == 0
    assert "Right. 1 of" in (said := capsys.readouterr().out) and "Next:" in said
    assert main(["learn", "solution", "parabola"]) == 0
    assert capsys.readouterr().out == exercise("parabola").solution
    assert json.loads((Path.cwd() / ".learn.json").read_text())["passed"]["parabola"]


def test_hints_become_plainer_and_the_solution_waits(course, capsys):
    for level in (1, 2, 3, 3):
        main(["learn", "hint"])
        assert f"hint {level} of 3" in capsys.readouterr().out
    assert main(["learn", "solution"]) == 2 and "--reveal" in capsys.readouterr().err
    assert main(["learn", "solution", "--reveal"]) == 0


def test_a_reset_keeps_what_was_written(course, capsys):
    solve(course, "parabola")
    main(["learn"])
    assert main(["learn", "reset", "parabola"]) == 0
    assert "yours is in" in capsys.readouterr().out
    path = course.path(exercise("parabola"))
    assert path.read_text() == exercise("parabola").starter
    assert path.with_suffix(".1.bak").read_text() == exercise("parabola").solution
    assert main(["learn"]) == 1


def test_a_folder_that_was_begun_is_completed_and_not_changed(course, capsys):
    path = course.path(exercise("parabola"))
    path.write_text("mine = 1\n")
    course.path(exercise("product")).unlink()
    assert main(["learn", "start", "."]) == 0
    assert path.read_text() == "mine = 1\n" and course.path(exercise("product")).exists()


def test_the_status_is_json(course, capsys):
    capsys.readouterr()
    assert main(["learn", "status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["passed"] == 0 and status["of"] == len(exercise_names()) and status["next"] == exercise_names()[0]


def test_where_there_are_no_exercises_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for words in (["learn"], ["learn", "hint"], ["learn", "list"], ["learn", "status"]):
        assert main(words) == 2
        assert "learn start course" in capsys.readouterr().err
    (tmp_path / ".learn.json").write_text("[]")
    assert main(["learn"]) == 2 and "remove it" in capsys.readouterr().err


def test_watch_goes_on_when_a_file_is_saved(course):
    path = course.path(exercise("parabola"))
    command = [sys.executable, "-u", "-m", "tinygrad_edu", "learn", "watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as watching:
        said = [watching.stdout.readline()]
        while "hint" not in said[-1]:
            said.append(watching.stdout.readline())
        path.write_text(exercise("parabola").solution)
        while "Right" not in said[-1]:
            said.append(watching.stdout.readline())
        watching.kill()


def test_without_numpy_the_course_is_there_and_says_what_needs_it(tmp_path, monkeypatch, capsys):
    """What an exercise needs is asked of its text: nothing is imported before it is checked."""
    monkeypatch.chdir(tmp_path)
    code = "import sys\nsys.modules['numpy'] = None\nfrom tinygrad_edu.cli import main\n"
    code += "for words in (['start', '.'], ['list'], ['status'], ['hint', 'affine'], ['check', 'affine']):\n"
    code += "    print(main(['learn', *words]))\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.stderr == "" and "pip install numpy" in done.stdout and done.stdout.rstrip().endswith("1")


HOSTILE = {
    "while True:\n    pass": "Timeout",
    "import sys\nsys.exit(0)": "SystemExit",
    "import os\nos._exit(0)": "Died",
    "import ctypes\nctypes.string_at(0)": "Died",
    "def f():\n    return f()\nf()": "RecursionError",
    "open('/tmp/elsewhere', 'w')": "PermissionError",
    "import os\nos.remove(__file__)": "PermissionError",
    "import os\nos.kill(os.getppid(), 9)": "PermissionError",
    "import subprocess\nsubprocess.run(['true'])": "PermissionError",
    "from tinygrad_edu.learn import exercise": "PermissionError",
    "x = [0] * 10**12": "MemoryError",
    "input()": "EOFError",
    "def f(:": "SyntaxError",
}


@pytest.mark.parametrize("code", HOSTILE, ids=HOSTILE.values())
def test_whatever_code_does_it_ends_as_a_remark(code, tmp_path):
    from tinygrad_edu.learn.sandbox import Sandbox

    with Sandbox(seconds=0.5) as box:
        assert box.load(code, str(tmp_path / "mine.py")).error == HOSTILE[code]
        assert box.load("x = 1").value == ["x"]


def test_prints_and_forged_answers_change_nothing():
    one = exercise("parabola")
    forged = (
        "import os, json\nfor fd in range(3, 9):\n    try:\n        os.write(fd, b'{\"value\": {}}\\n' * 9)\n"
        "    except OSError:\n        pass\nprint('passed: all right')\ndef slope(f, x, h=1): return 0.0\n"
    )
    from tinygrad_edu.learn import assess

    assert not assess(one, forged)


def test_what_was_loaded_is_there_again_after_a_crash():
    from tinygrad_edu.learn.sandbox import Sandbox

    with Sandbox(seconds=0.5, modules={"other.py": "three = 3\n", "math.py": "pi = 4"}) as box:
        box.load("class Value:\n    data = 2", "value.py")
        box.load("import math, os, other\nfrom value import Value\ndef f(): return Value.data * other.three")
        probe = "def probe(their, code):\n    exec(code)\n    return their.f(), int(their.math.pi)"
        assert box.call(probe, "probe", "their.os._exit(3)").error == "Died"
        assert box.call(probe, "probe", "while True: pass").error == "Timeout"
        assert box.call(probe, "probe", "pass").value == [6, 3]


def test_questions_have_a_limit_of_time_together():
    from tinygrad_edu.learn.sandbox import Sandbox

    with Sandbox(seconds=0.3, total=0.5) as box:
        box.load("x = 1")
        said = [box.call("def probe(their):\n    while True: pass", "probe") for _ in range(3)]
    assert all(a.error == "Timeout" for a in said) and "no time is left" in said[-1].text
