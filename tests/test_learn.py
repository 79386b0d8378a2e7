"""The exercises: each is sound, and what a learner types in the folder does what it says."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.learn import assess, chapters, exercise
from tinygrad_edu.learn.author import examined
from tinygrad_edu.learn.course import exercise_names
from tinygrad_edu.learn.folder import Folder
from tinygrad_edu.learn.sandbox import Sandbox


@pytest.fixture(scope="module")
def boxes():
    """A process for all exercises that need the same: to start one takes longer than to ask."""
    with ExitStack() as stack:
        yield cache(lambda needs, seconds: stack.enter_context(Sandbox(needs=needs, seconds=seconds)))


@pytest.mark.parametrize("name", exercise_names())
def test_an_exercise_is_sound(name, boxes):
    """The starter fails and holds no answer, the solution and other right answers pass, each planted mistake is known
    by its name, and small changes to the solution are found out.
    """
    one = exercise(name)
    assert examined(one, boxes(one.needs, one.seconds)) == []


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


@pytest.mark.parametrize("kept", [(), ("memory", "files")])
def test_a_system_that_cannot_limit_memory_says_so(kept, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tinygrad_edu.cli.learning.limits", lambda: kept)
    assert main(["learn", "start", str(tmp_path / "course")]) == 0
    assert ("none of memory" in capsys.readouterr().out) == (not kept)


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


WRITTEN = {
    "tabs": lambda text: text.replace("    ", "\t").encode(),
    "lines of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "lines of an old Mac": lambda text: text.replace("\n", "\r").encode(),
    "a BOM": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16, as PowerShell writes": lambda text: text.encode("utf-16"),
    "Latin-1": lambda text: f"# café\n{text}".encode("latin-1"),
    "an encoding of its own": lambda text: f"# -*- coding: cp1252 -*-\n# café\n{text}".encode("cp1252"),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_an_answer_is_read_whatever_it_was_written_with(course, capsys, how):
    course.path(exercise("parabola")).write_bytes(WRITTEN[how](exercise("parabola").solution.replace("²", "2")))
    assert main(["learn"]) == 0


def test_a_file_is_found_by_its_name_wherever_it_lies(course, capsys, monkeypatch):
    path = course.path(exercise("parabola"))
    solve(course, "parabola")
    for place in ("01_slopes/7_parabola.py", "01_slopes/parabola.py", "parabola.py", "elsewhere/01_parabola.py"):
        (Path.cwd() / place).parent.mkdir(exist_ok=True)
        path = path.rename(Path.cwd() / place)
        assert main(["learn", "check", "parabola"]) == 0
    path.unlink()
    capsys.readouterr()
    assert main(["learn", "check", "parabola"]) == 2
    assert capsys.readouterr().err.endswith("is not there: `tinygrad-edu learn reset parabola` writes it anew\n")
    assert main(["learn", "reset", "parabola"]) == 0 and main(["learn", "check", "parabola"]) == 1


@pytest.mark.parametrize("name", ["product", "chains/product", "02_chains/01_product.py", "02_chains\\01_product.py"])
def test_an_exercise_is_called_by_its_name_or_that_of_its_file(course, capsys, name):
    assert main(["learn", "check", name]) == 1
    assert "edge by edge" in capsys.readouterr().out


def test_a_chapter_and_a_slip_of_the_pen_are_told_what_there_is(course, capsys):
    assert main(["learn", "check", "slopes"]) == 2 and "say one of parabola, step_size" in capsys.readouterr().err
    assert main(["learn", "check", "parabla"]) == 2 and "did you mean 'parabola'? `" in capsys.readouterr().err


def test_hints_and_more_are_offered_for_the_exercise_that_was_checked(course, capsys):
    assert main(["learn"]) == 1 and "learn hint\n" in capsys.readouterr().out
    one, both = exercise("kinks"), "return float(a >= b), float(b >= a)"
    course.path(one).write_text(one.variant(("return 0.0 if x > 0 else 1.0", None, both)))
    assert main(["learn", "check", "kinks"]) == 1
    assert "learn hint kinks\n" in (said := capsys.readouterr().out) and "learn check kinks --all)" in said


def test_one_mistake_in_all_questions_is_told_as_one(course, capsys):
    path = course.path(exercise("parabola"))
    path.write_text("def slope(f, x, h=1e-5):\n    return (f(x + h) - f(x - h)) / h\n")
    assert main(["learn"]) == 1 and "There is more" not in capsys.readouterr().out


def test_the_solution_without_a_name_is_that_of_what_was_passed_last(course, capsys):
    solve(course, "parabola")
    main(["learn"])
    capsys.readouterr()
    assert main(["learn", "solution"]) == 0 and capsys.readouterr().out == exercise("parabola").solution
    assert main(["learn", "solution", "--reveal"]) == 0 and capsys.readouterr().out == exercise("step_size").solution


def test_where_nobody_may_write_an_answer_is_checked_all_the_same(course, capsys, monkeypatch):
    def refuse(path, *more, **named):
        raise PermissionError(13, "this file may not be changed", str(path))

    solve(course, "parabola")
    monkeypatch.setattr("tinygrad_edu.files.write", refuse)
    assert main(["learn"]) == 0
    assert "could not be kept: this file may not be changed" in capsys.readouterr().err
    assert main(["learn", "check", "product"]) == 1


def test_what_a_file_prints_is_shown_in_part_and_moves_no_cursor(course, capsys):
    solution = exercise("parabola").solution
    course.path(exercise("parabola")).write_text(f"print('\\x1b[2J\\a' + 'x\\n' * 10**6)\n{solution}")
    assert main(["learn"]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said and "\a" not in said and said.count("  x\n") < 40 and "  ...\n" in said


def test_a_folder_above_the_exercises_says_which_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["learn", "start", "my course"])
    assert '  cd "my course"\n' in capsys.readouterr().out
    assert main(["learn"]) == 2 and 'cd "my course"' in capsys.readouterr().err
    monkeypatch.chdir(tmp_path / "my course" / "01_slopes")
    assert main(["learn"]) == 1


@pytest.mark.parametrize("notes", ['{"passed": {"parabola": 3}}', '{"tries": {"parabola": "many"}}', "{", ""])
def test_notes_that_are_not_ours_are_one_line(course, capsys, notes):
    (Path.cwd() / ".learn.json").write_text(notes)
    assert main(["learn"]) == 2 and "remove it to begin anew" in capsys.readouterr().err


def test_notes_of_an_older_course_are_taken_as_they_are(course, capsys):
    (Path.cwd() / ".learn.json").write_text('{"passed": {"gone": "2025-01-01T00:00:00"}}')
    assert main(["learn", "status"]) == 0 and "0 of " in capsys.readouterr().out
    assert main(["learn", "solution"]) == 2


def test_no_answer_that_was_not_tried_is_shown_where_the_numbers_are_always_the_same():
    verdict = assess(exercise("product"), exercise("product").starter.replace("dL_de = ...", "dL_de = 4"))
    rows = [line.split() for line in str(verdict).splitlines() if line.startswith("  dL/d")]
    assert rows[0][:3] == ["dL/de", "4", "-2"] and all(row[1:] == ["...", "wrong"] for row in rows[1:])


def test_true_and_false_are_the_slopes_one_and_zero():
    bodies = ("return x > 0", "return 1 if x > 0 else -1", "return (a >= b, a < b)")
    assert assess(exercise("kinks"), exercise("kinks").variant(bodies))


def test_of_two_mistakes_the_first_is_known_by_its_number():
    bodies = ("return a, b", "return 1.0, -1.0", "return b, a", "return 1 / b, a / b**2")
    assert assess(exercise("arithmetic"), exercise("arithmetic").variant(bodies)).first.mistake == "the inputs of a sum"


def test_an_answer_of_another_form_says_whose_and_which():
    bodies = (None, None, "return 1.0 if a > b else 0.0")
    said = str(assess(exercise("kinks"), exercise("kinks").variant(bodies)))
    assert "What maximum gives cannot be used" in said
    said = str(assess(exercise("arithmetic"), exercise("arithmetic").variant("return 2.0")))
    assert said.startswith("add: it is one number and should be 2 of them: dy/da, dy/db")


def test_what_differs_in_its_last_digits_is_shown_with_all_of_them():
    wrong = "exps = [z.exp() for z in logits]\nreturn -(exps[k] / sum(exps) + 1e-9).log()"
    said = str(assess(exercise("unsure"), exercise("unsure").variant(wrong)))
    mine, right = said.split(" is ")[1].partition(",")[0].split(" and should be ")
    assert mine != right and mine[:6] == right[:6] and "but for the last digits" in said


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
