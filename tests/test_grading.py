"""Grading: what holds earns its points, what does not is named, and nothing depends on who else hands something in."""

import inspect
import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tinygrad_edu import Value, ops
from tinygrad_edu.cli import main
from tinygrad_edu.errors import UserError
from tinygrad_edu.grading import Result, Rubric, Submission, Task, grade, submissions
from tinygrad_edu.grading.classes import PROBE, _settled
from tinygrad_edu.grading.differences import FORMS, drawn, kinds_of
from tinygrad_edu.grading.engines import wrong_engines
from tinygrad_edu.grading.export import as_csv, summary
from tinygrad_edu.grading.formulas import PROPERTIES, exam
from tinygrad_edu.grading.ottergrader import otter
from tinygrad_edu.grading.rubric import OPTIONS
from tinygrad_edu.grading.run import graded
from tinygrad_edu.grading.submission import by_cell
from tinygrad_edu.grading.tasks import KINDS, ready
from tinygrad_edu.learn import exercise
from tinygrad_edu.learn.sandbox import Here
from tinygrad_edu.learn.verdict import compared

DEMOS = Path(__file__).parent.parent / "demos"
ENGINE = exercise("value")
LINEAR = (DEMOS / "homework_reference.py").read_text()
RIGHT_LAYER = (DEMOS / "homework" / "ada" / "layer.py").read_text()


def asked(task, text, seed=1, name="work.py"):
    """The parts of one task, of a file."""
    ready(Rubric("", (task,)))
    return KINDS[task.kind](task, Submission("ada", {name: text}), seed)


def lost(parts):
    return {part.name for part in parts if not part}


def engine(**options):
    return Task("engine", "value", 16.0, options)


# ------------------------------------------------------------------------------------------------ a student's engine

TITLES = {key: one.title for key, one in PROPERTIES.items()}
BASIC = {TITLES[key] for key in ("products", "numbers", "differences", "powers", "division")}
FUNCTIONS = {"tanh", "relu", "exp"}  # which are asked inside of a formula too
SHARED = {TITLES[key] for key in ("forks", "losses", "twice", "orders", "diamonds", "chains")}
# What of an engine with one mistake does not hold: the rest of its points stay.
LOST = {
    "= for +=": SHARED,
    "old gradients are handed on": {TITLES["twice"]},
    "begins anew": {TITLES["losses"], TITLES["twice"]},
    "input used for output": {"tanh"},
    "relu lets all through": {"relu"},
    "forgot local": BASIC | SHARED | {"tanh", "relu", "exp", "log"},
    "factor of the power forgotten": {TITLES["powers"], TITLES["division"]},
    "the power stays": {TITLES["powers"], TITLES["division"]},
    "stops after one step": SHARED | FUNCTIONS | {TITLES[key] for key in ("products", "differences", "division")},
}


@pytest.mark.parametrize("k", range(len(ENGINE.right)))
def test_every_right_engine_has_all_points(k):
    parts = asked(engine(), ENGINE.variant(ENGINE.right[k]), seed=k)
    assert not lost(parts) and sum(p.points for p in parts) == pytest.approx(16.0)


@pytest.mark.parametrize("mistake", LOST)
def test_an_engine_with_one_mistake_loses_what_it_breaks_and_is_told_its_name(mistake):
    parts = asked(engine(), ENGINE.variant(dict(ENGINE.wrong, **dict(more()))[mistake]), seed=len(mistake))
    assert lost(parts) == LOST[mistake]
    assert mistake in {part.mistake for part in parts if not part}
    assert sum(p.of for p in parts) == pytest.approx(16.0)


def more():
    from tinygrad_edu.grading.engines import MORE

    return MORE


def test_every_engine_that_is_known_to_be_wrong_loses_points():
    for name, _ in wrong_engines():
        body = dict(ENGINE.wrong, **dict(more()))[name]
        assert lost(asked(engine(parts={k: 1 for k in ("products", "powers", "functions", "forks", "twice", "orders")}),
                          ENGINE.variant(body))), name  # fmt: skip


def test_micrograd_has_all_points_but_for_what_it_leaves_out():
    text = inspect.getsource(pytest.importorskip("micrograd.engine"))
    assert lost(asked(engine(), text)) == {"tanh", "exp", "log", TITLES["twice"]}
    parts = {key: one.weight for key, one in PROPERTIES.items() if key != "twice"}
    assert not lost(asked(engine(functions=["relu"], parts=parts), text))


def test_names_are_the_rubrics():
    text = ENGINE.solution
    for ours, theirs in {
        "Value": "Var",
        "data": "number",
        "grad": "slope",
        "backward": "walk",
        "tanh": "squash",
    }.items():
        text = re.sub(rf"(?<!math\.)\b{ours}\b", theirs, text)
    names = {"class": "Var", "data": "number", "grad": "slope", "backward": "walk"}
    parts = asked(engine(**names, functions={"tanh": "squash", "relu": "relu"}), text)
    assert not lost(parts)
    assert {part.said for part in asked(engine(), text)} == {"There is no Value in work.py."}


def test_functions_may_stand_beside_the_class():
    text = ENGINE.solution.replace("    def relu", "    def _relu") + "\n\ndef relu(x):\n    return x._relu()\n"
    assert not lost(asked(engine(), text))
    parts = asked(engine(), text.replace("\ndef relu", "\ndef rectify"))
    assert lost(parts) == {"relu"} and "has no relu()" in next(p.said for p in parts if not p)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_function_of_one_number_may_be_asked_for_and_what_is_right_is_our_gradient(seed):
    names = [n for n, op in ops.TABLE.items() if n.isidentifier() and len(op.domain) == 1 and ... not in op.domain]
    task = engine(functions=names)
    ready(Rubric("", (task,)))
    their = SimpleNamespace(Value=Value, **{name: ops.TABLE[name] for name in names})
    told = {**{key: task.option(key) for key in ("class", "data", "grad", "backward")},
            "functions": {name: name for name in names}}  # fmt: skip
    for key, one, _ in exam(task):
        for steps in one.draw(random.Random(f"{key} {seed}"), task):
            numbers, right = _settled(steps, random.Random(f"{steps} {seed}"), seed)
            answer = Here(their).call(
                PROBE, "probe", told, numbers, steps.lines, steps.roots, steps.results, steps.asked
            )
            assert not answer.error and not compared(answer.value, right, 1e-7), steps.text


def test_gradients_inside_of_the_graph_are_asked_for_only_if_they_are_to_be_kept():
    text = ENGINE.solution.replace("node.grad += arriving[node]", "node.grad += 0 if node.parents else arriving[node]")
    assert lost(asked(engine(), text)) == {TITLES["forks"], TITLES["orders"]}
    assert not lost(asked(engine(intermediate=False), text))


SEEN = {
    "x = 1": "There is no Value in work.py.",
    "class Value(:": "Line 1, `class Value(:`: SyntaxError",
    "class Value: pass": "Value() takes no arguments",
    "from tinygrad_edu import Value": "this is to be written without tinygrad_edu",
    "import torch": "torch",
    "raise NotImplementedError": "still to be written",
    "import sys; sys.exit()": "ends the program",
    "1 / 0": "ZeroDivisionError",
    "": "There is no Value in work.py.",
    "class Value:\n    def __init__(self, x): self.data = str(x)\n    grad = 0\n    def backward(self): pass\n"
    "    def __add__(self, o): return self": "where a number is asked for",
    "class Value:\n    def __init__(self, x): self.data = x\n    def __add__(self, o): pass": "a + b gives None",
    "class Value:\n    grad = 0\n    def __init__(self, x): self.data = x\n    def backward(self): pass\n"
    "    def __add__(self, o): return Value(o.data)": "The result of `a + b` is wrong",
}


@pytest.mark.parametrize("text", SEEN, ids=SEEN.values())
def test_what_cannot_be_asked_has_no_points_and_a_sentence(text):
    parts = asked(engine(parts={"products": 1, "forks": 3}), text)
    assert sum(p.points for p in parts) == 0 and SEEN[text] in parts[0].said


def test_a_loop_costs_its_part_and_a_limit_of_time():
    text = ENGINE.solution.replace("def __pow__(self, n):", "def __pow__(self, n):\n        while True: pass")
    parts = asked(engine(seconds=0.3, parts={"products": 1, "powers": 1, "forks": 1}), text)
    assert lost(parts) == {"powers"} and "no answer after 0.3 seconds" in parts[1].said


def test_numbers_are_hidden_unless_the_rubric_says_otherwise():
    text = ENGINE.variant(ENGINE.wrong["= for +="])
    parts = {"forks": 1, "orders": 1, "twice": 1}
    assert not [part.said for part in asked(engine(parts=parts), text) if re.search(r"\d\.\d\d", part.said)]
    told = asked(engine(parts=parts, answers=True), text)
    assert all(re.search(r"is -?\d\S* and should be -?\d\S*, for a = -?\d\.\d", part.said) for part in told)


def test_a_seed_gives_the_same_again_and_another_gives_other_numbers():
    text = ENGINE.variant(ENGINE.wrong["swapped arguments"])
    once, again, other = [asked(engine(parts={"forks": 1}, answers=True), text, seed) for seed in (1, 1, 2)]
    assert once == again != other


# ----------------------------------------------------------------------------------------- hand-written gradients


def layer(**options):
    shapes = {"x": [3, 4], "w": [4, 2], "b": [2]}
    given = {"forward": "linear", "backward": "linear_backward", "inputs": shapes, "trials": 2}
    return Task("layer", "backward", 6.0, given | options)


@pytest.fixture
def reference(tmp_path):
    (tmp_path / "reference.py").write_text(LINEAR)
    return str(tmp_path / "reference.py")


def test_right_gradients_have_all_points_with_the_teachers_forward_pass_or_their_own(reference):
    assert not lost(asked(layer(reference=reference), RIGHT_LAYER))
    assert not lost(asked(layer(), LINEAR + RIGHT_LAYER))


BROKEN = {
    ("sum(column) for", "-sum(column) for"): ("db", "missing minus"),
    ("zip(row, column)", "zip(row, column)"): (None, ""),
    ("[[sum(row[i] * gs[j]", "[[2 * sum(row[i] * gs[j]"): ("dw", "factor 2"),
    ("[[sum(row[i] * gs[j]", "[[sum(row[i] * gs[j] / 3"): ("dw", "averaged twice"),
    ("[[sum(g * weight for", "[[sum(weight for"): ("dx", ""),
    ("dx, dw, db\n", "dx, [list(c) for c in zip(*dw)], db\n"): ("dw", "transposed"),
    ("dx, dw, db\n", "dx, dw, upstream\n"): ("db", "forgot to sum"),
    ("dx, dw, db\n", "dx, dw, None\n"): ("db", "nothing returned"),
    ("dx, dw, db\n", "dx, dw, [0.0, 0.0]\n"): ("db", "disconnected"),
}


@pytest.mark.parametrize("change", BROKEN, ids=lambda pair: pair[1])
def test_a_wrong_gradient_loses_its_part_alone_and_is_told_what_happened(change, reference):
    name, mistake = BROKEN[change]
    parts = asked(layer(reference=reference), RIGHT_LAYER.replace(*change))
    assert lost(parts) == ({name} if name else set())
    assert [part.mistake for part in parts if not part] == ([mistake] if name else [])


WHOLE = {
    "dx, dw, db\n": ("dx, dw\n", "gives 2 gradients"),
    "dx, dw, db": ("dx, dw, 'db'", "the text 'db'"),
    "return": ("raise ValueError('no')\n    return", "ValueError: no"),
    "def linear_backward": ("def backward", "There is no linear_backward"),
}


@pytest.mark.parametrize("old", WHOLE)
def test_what_gives_no_gradients_has_no_points(old, reference):
    fresh, said = WHOLE[old]
    parts = asked(layer(reference=reference), RIGHT_LAYER.replace(old, fresh))
    assert len(lost(parts)) == 3 and said in parts[0].said


SCALED = "def double(x):\n    return [2.0 * v for v in x]{}\n\n"
CALLS = {
    "upstream, inputs": SCALED.format("") + "def back(upstream, x):\n    return [2.0 * u for u in upstream]",
    "inputs, upstream": SCALED.format("") + "def back(x, upstream):\n    return ([2.0 * u for u in upstream],)",
    "upstream, cache": SCALED.format(", 2.0") + "def back(upstream, cache):\n    return [cache * u for u in upstream]",
    "inputs": "def double(x):\n    return sum(v * v for v in x)\n\ndef back(x):\n    return {'x': [2 * v for v in x]}",
    "loss and gradients": "def double(x):\n    return sum(v * v for v in x), [2 * v for v in x]",
}


@pytest.mark.parametrize("call", CALLS)
def test_a_backward_pass_is_called_as_the_rubric_says(call):
    task = Task(
        "double", "backward", 1.0, {"forward": "double", "backward": "back", "call": call, "inputs": {"x": [3]}}
    )
    assert not lost(asked(task, CALLS[call]))
    assert lost(asked(task, re.sub(r"(\[2 \*|\[2\.0 \* u|cache \*)", r"\1 2 *", CALLS[call]))) == {"dx"}


def test_a_forward_pass_that_depends_on_nothing_earns_nothing():
    text = "def forward(x): return 0.0\ndef backward(u, x): return [0.0] * 3"
    [part] = asked(Task("constant", "backward", 1.0, {"inputs": {"x": [3]}}), text)
    assert not part and "does not depend on x" in part.said


def test_a_forward_pass_that_is_random_is_said_to_be():
    text = "import random\ndef forward(x): return random.random() * x\ndef backward(u, x): return u"
    [part] = asked(Task("noise", "backward", 1.0, {"inputs": {"x": []}}), text)
    assert not part and "is it random" in part.said


def test_the_students_forward_pass_is_compared_where_it_is_asked_for(tmp_path):
    (tmp_path / "reference.py").write_text("def loss(x, y):\n    return x[y] ** 2")
    options = {"forward": "loss", "call": "loss and gradients", "inputs": {"x": [4], "y": {"classes": 4}},
               "reference": str(tmp_path / "reference.py")}  # fmt: skip
    right = "def loss(x, y):\n    return x[y] ** 2, [2 * v * (i == y) for i, v in enumerate(x)]"
    assert not lost(asked(Task("loss", "backward", 2.0, options), right))
    parts = asked(Task("loss", "backward", 2.0, options), right.replace("x[y] ** 2", "2 * x[y] ** 2"))
    assert lost(parts) == {"loss"} and [part.points for part in parts] == [0.0, 1.0]


def test_arrays_are_numpys():
    pytest.importorskip("numpy")
    text = (
        "import numpy as np\ndef forward(x, w):\n    assert x.dtype == float\n    return np.maximum(x @ w, 0)\n"
        "def backward(d, x, w):\n    d = d * (x @ w > 0)\n    return d @ w.T, x.T @ d\n"
    )
    task = Task("relu", "backward", 2.0, {"arrays": True, "inputs": {"x": [3, 4], "w": [4, 2]}})
    assert not lost(asked(task, text))
    assert lost(asked(task, text.replace("d * (x @ w > 0)", "d"))) == {"dx", "dw"}


# -------------------------------------------------------------------------------------------------- exercises


def test_an_exercise_is_all_or_nothing_or_a_share_for_each_query():
    name, one = "value", ENGINE
    [right] = asked(Task(name, "exercise", 3.0), one.solution)
    assert right and right.points == 3.0
    wrong = [asked(Task(name, "exercise", 3.0, {"share": share}), one.variant(body))[0]
             for share in (False, True) for body in one.wrong.values()]  # fmt: skip
    assert {part.points for part in wrong[: len(one.wrong)]} == {0.0}
    assert any(0 < part.points < 3 for part in wrong[len(one.wrong) :])
    [crash] = asked(Task(name, "exercise", 3.0, {"share": True}), "1 / 0")
    assert crash.points == 0 and "ZeroDivisionError" in crash.said


def test_a_folder_of_the_course_is_graded_with_the_learners_own_engine(tmp_path):
    assert main(["learn", "start", str(tmp_path / "class" / "ada")]) == 0
    for name in ("parabola", "product"):
        path = next((tmp_path / "class" / "ada").rglob(f"*_{name}.py"))
        path.write_text(exercise(name).solution)
    [ada] = grade(tmp_path / "class", Rubric.course(["parabola", "product", "fork"]))
    assert [part.points for part in ada.parts] == [1.0, 1.0, 0.0] and "as it was at first" in ada.parts[2].said


def own_exercise(folder):
    """An exercise of the teacher's, and a rubric beside it."""
    ours = exercise("parabola").file
    (folder / "steep.py").write_text(ours.read_text("utf-8").replace("slope(", "steepness("), "utf-8")
    (folder / "own.toml").write_text("[[task]]\nkind = 'exercise'\nexercise = 'steep.py'\npoints = 4\nshare = true\n")
    return Rubric.read(folder / "own.toml")


def test_an_exercise_of_the_teachers_own_is_graded_as_one_of_the_course(tmp_path):
    rubric, handed_in = own_exercise(tmp_path), tmp_path / "class"
    handed_in.mkdir()
    right = "def steepness(f, x, h=1e-5):\n    return (f(x + h) - f(x - h)) / (2 * h)\n"
    (handed_in / "ada.py").write_text(right)
    (handed_in / "ben.py").write_text(right.replace("(2 * h)", "2 * h"))
    (handed_in / "eve.py").write_text(f"print(open({str(tmp_path / 'steep.py')!r}).read())\n{right}")
    ada, ben, eve = grade(handed_in, rubric)
    assert (ada.points, ada.of, ben.points, eve.points) == (4.0, 4.0, 0.0, 0.0)
    otter(rubric, tmp_path / "otter")
    assert (tmp_path / "otter" / "files" / "steep.py").read_text("utf-8") == (tmp_path / "steep.py").read_text("utf-8")
    assert "'exercise': 'steep.py'" in (tmp_path / "otter" / "tests" / "steep.py").read_text("utf-8")
    assert ada.parts[0].task == "steep" and ben.parts[0].mistake == "brackets around the run"
    assert "SOLUTION" not in eve.parts[0].said and "RIGHT" not in str(eve.parts)


def test_what_a_student_gets_of_an_exercise_is_written_without_its_solution(tmp_path, capsys):
    own_exercise(tmp_path)
    argv = ["learn", "author", str(tmp_path / "steep.py"), "--out", str(tmp_path / "handout")]
    assert main(argv) == 0
    text = (tmp_path / "handout" / "steep.py").read_text("utf-8")
    assert "TODO" in text and "2 * h" not in text and "RIGHT" not in text
    capsys.readouterr()
    assert main(argv) == 0 and capsys.readouterr().out.endswith("steep.py is there already\n")
    (tmp_path / "handout" / "steep.py").write_text(answer := text + "# mine\n", "utf-8")
    assert main(argv) == 2 and "perhaps an answer" in capsys.readouterr().err
    assert (tmp_path / "handout" / "steep.py").read_text("utf-8") == answer


def test_what_many_tasks_lack_is_said_once():
    files = {"parabola.py": exercise("parabola").solution, "notes.py": "x = 1"}
    report = graded(Submission("ada", files), Rubric.course(), 1).markdown()
    assert report.count(
        "\n- **"
    ) == 1 and "more parts.** It was not handed in; there are notes.py, parabola.py" in report.replace("\\", "")


@pytest.mark.parametrize("first", ["while True: pass", "import os\nos._exit(1)", "raise ValueError", "def f(:"])
def test_a_task_that_ends_badly_costs_the_next_nothing(first):
    rubric = Rubric.of({"seconds": 0.4, "task": [{"kind": "exercise", "name": n} for n in ("parabola", "product")]})
    files = {"parabola.py": first, "product.py": exercise("product").solution}
    assert [part.points for part in graded(Submission("ada", files), rubric, 1).parts] == [0.0, 1.0]


# ------------------------------------------------------------------------------------------------ what is handed in

SLOPE = exercise("parabola").solution
NOTEBOOK = {"cells": [{"cell_type": "markdown", "source": "# Slopes"},
                      {"cell_type": "code", "source": ["%matplotlib inline\n", "!pip install numpy\n"]},
                      {"cell_type": "code", "source": "%%bash\nls"},
                      {"cell_type": "code", "source": "this is no Python"},
                      {"cell_type": "code", "source": ["def slope(f, x, h=1e-5):\n",
                                                       "    return (f(x + h) - f(x - h)) / (2 * h)"]}]}  # fmt: skip
HANDED_IN = {
    "plain": ({"parabola.py": SLOPE}, 1, ""),
    "numbered": ({"01_parabola.py": SLOPE, "notes.py": "x = 1"}, 1, ""),
    "deeper": ({"homework/week 1/parabola.py": SLOPE}, 1, ""),
    "bom": ({"parabola.py": b"\xef\xbb\xbf" + SLOPE.encode()}, 1, ""),
    "utf-16": ({"parabola.py": SLOPE.encode("utf-16")}, 1, ""),
    "cp1252": ({"parabola.py": "# Müller\n".encode("cp1252") + SLOPE.encode("cp1252", "replace")}, 1, "Windows-1252"),
    "latin-1": (
        {"parabola.py": "# coding: latin-1\n# Müller\n".encode("latin-1") + SLOPE.encode("latin-1", "replace")},
        1,
        "",
    ),
    "old Mac": ({"parabola.py": SLOPE.replace("\n", "\r")}, 1, ""),
    "renamed": ({"homework.py": SLOPE}, 1, ""),
    "one of two": ({"homework.py": SLOPE, "other.py": "x = 1"}, 1, "homework.py was taken, which defines slope"),
    "a pair": ({"a.py": SLOPE, "b.py": SLOPE}, 0, "a.py, b.py all define slope"),
    "other names": ({"a.py": "x = 1", "b.py": "y = 1"}, 0, "It was not handed in; there are a.py, b.py"),
    "notebook": ({"slopes.ipynb": json.dumps(NOTEBOOK)}, 1, "cell 3"),
    "notebook that fails": (
        {
            "slopes.ipynb": json.dumps(
                {"cells": [*NOTEBOOK["cells"], {"cell_type": "code", "source": "x = 1\ny = undefined"}]}
            )
        },
        0,
        "Cell 5, line 2",
    ),  # fmt: skip
    "broken notebook": ({"slopes.ipynb": "{"}, 0, "no notebook that could be read"),
    "nothing": ({}, 0, "Nothing was handed in"),
    "something else": ({"parabola.docx": b"PK"}, 0, "Nothing was handed in"),
    "archive": ({"work.zip": b"PK"}, 0, "is an archive"),
    "syntax error": ({"parabola.py": "def slope(f, x:\n    return 1"}, 0, "SyntaxError"),
    "zeros": ({"parabola.py": b"\0" * 100}, 0, "null byte"),
    "large": ({"parabola.py": "#" * (2**20 + 1)}, 0, "larger than a megabyte"),
    "two modules": ({"parabola.py": "from tools import slope", "tools.py": SLOPE}, 1, ""),
}


def test_a_name_that_is_nearly_right_is_named():
    said = Submission("ada", {"a.py": "class Valeu: pass", "b.py": "x = 1"}).find("engine.py", ["Value"])[1]
    assert said.endswith("none of them defines Value, did you mean 'Valeu'?")


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    root = tmp_path_factory.mktemp("class")
    for student, (files, _, _) in HANDED_IN.items():
        (root / student).mkdir()
        for name, content in files.items():
            path = root / student / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (root / "alone.py").write_text(SLOPE)
    (root / "plain" / "__pycache__").mkdir()
    (root / "plain" / "__pycache__" / "parabola.py").write_text("x = 1")
    (root / "grades.xlsx").write_bytes(b"PK")
    (root / ".git").mkdir()
    results = grade(root, Rubric.course(["parabola"]))
    return {result.student: result for result in results}


def test_who_hands_in_what_is_read_off_the_folder(handed_in):
    assert {*handed_in} == {*HANDED_IN, "alone"} and handed_in["alone"].points == 1


@pytest.mark.parametrize("student", HANDED_IN)
def test_a_submission_is_graded_however_it_was_written(student, handed_in):
    _, points, said = HANDED_IN[student]
    assert handed_in[student].points == points and said in handed_in[student].markdown().replace("\\", "")


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_out_of_a_submission_are_not_followed(tmp_path):
    (tmp_path / "class" / "eve").mkdir(parents=True)
    (tmp_path / "solution.py").write_text(SLOPE)
    (tmp_path / "class" / "eve" / "parabola.py").symlink_to(tmp_path / "solution.py")
    (tmp_path / "class" / "eve" / "more").symlink_to(tmp_path)
    [eve] = submissions(tmp_path / "class")
    assert not eve.files and "link" in eve.notes[0]


@pytest.mark.parametrize("place, said", [("nowhere", "there is no such folder"), ("empty", "has no submissions"),
                                         ("file.py", "is no folder")])  # fmt: skip
def test_a_folder_without_submissions_is_one_line(place, said, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.py").write_text("x = 1")
    assert main(["grade", str(tmp_path / place)]) == 2
    assert said in (error := capsys.readouterr().err) and error.count("\n") == 1


def test_the_folder_of_one_student_is_not_graded_as_a_class_of_its_files(tmp_path, capsys):
    rubric = Path(__file__).parent.parent / "demos" / "homework.toml"
    for argv in [str(rubric.parent / "homework" / "ada"), "--rubric", str(rubric)], [str(tmp_path / "course")]:
        assert len(argv) > 1 or main(["learn", "start", *argv]) == 0
        assert main(["grade", *argv]) == 2 and "is what one student has handed in" in capsys.readouterr().err
    (tmp_path / "ada").mkdir()
    for name in ("parabola", "nudge"):  # where the rubric names no file, the name of the exercise is that of the file
        (tmp_path / "ada" / f"{name}.py").write_text("x = 1")
    tasks = Rubric.of({"task": [{"name": "a", "kind": "exercise", "exercise": "parabola"},
                                {"name": "nudge", "kind": "exercise"}]})  # fmt: skip
    with pytest.raises(UserError, match="is what one student has handed in"):
        grade(tmp_path / "ada", tasks)


def test_one_submission_reads_neither_another_nor_the_rubric(tmp_path):
    place = tmp_path / "class"
    (place / "ada").mkdir(parents=True)
    (place / "ada" / "parabola.py").write_text(SLOPE)
    (tmp_path / "rubric.toml").write_text('[[task]]\nkind = "exercise"\nname = "parabola"')
    for student, code in {"eve": f"exec(open({str(place / 'ada' / 'parabola.py')!r}).read())",
                          "mallory": f"open({str(tmp_path / 'rubric.toml')!r})",
                          "trudy": f"import os\nos.listdir({str(place)!r})"}.items():  # fmt: skip
        (place / f"{student}.py").write_text(code)
    found = {r.student: r for r in grade(place, Rubric.read(tmp_path / "rubric.toml"))}
    assert {name: r.points for name, r in found.items()} == {"ada": 1, "eve": 0, "mallory": 0, "trudy": 0}
    assert all("PermissionError" in r.parts[0].said for name, r in found.items() if name != "ada")


def test_where_this_program_fails_the_teacher_is_told_and_the_class_goes_on(monkeypatch):
    monkeypatch.setitem(KINDS, "value", lambda *_: 1 / 0)
    rubric = Rubric("", (engine(), Task("parabola", "exercise", 1.0)))
    result = graded(Submission("ada", {"a.py": SLOPE}), rubric, 1)
    assert [part.mistake for part in result.parts] == ["to be graded by hand"] * 2 and result.of == 17


# -------------------------------------------------------------------------------------------------- rubrics

TASK = '[[task]]\nname = "e"\nkind = "value"\n'
LAYER = '[[task]]\nname = "l"\nkind = "backward"\n'
UNREAD = {
    "": "there is no task",
    "title = 3\n" + TASK: "title is 3, and should be a text",
    "tilte = 'x'\n" + TASK: "there is no 'tilte' here, did you mean 'title'?",
    "[[task]\n": "is no TOML",
    "[task]\nkind = 'value'": "in two brackets",
    "[task]\nkind = 'value'\n[task]\nkind = 'value'": "in two brackets",
    "[[task]]\nkind = 'value'": "it has no name",
    "[[task]]\nname = 'e'": "it has no kind",
    "[[task]]\nname = 'e'\nkind = 'vlaue'": "did you mean 'value'?",
    TASK + TASK: "two tasks are called 'e'",
    TASK + "points = 0": "points is 0",
    TASK + "points = true": "points is True",
    TASK + "functions = ['tahn']": "did you mean 'tanh'?",
    TASK + "parts = {fork = 1}": "did you mean 'forks'?",
    TASK + "parts = {forks = 0}": "the part forks weighs 0",
    TASK + "parts = {functions = 1}\nfunctions = []": "it asks nothing",
    TASK + "trials = 0": "trials is 0",
    TASK + "tolerance = 1e-12": "tolerance is 1e-12",
    TASK + "seconds = 1000": "seconds is 1000",
    TASK + "long = 1": "long is 1",
    "seconds = -1\n" + TASK: "seconds is -1",
    "seed = -1\n" + TASK: "seed is -1",
    "[[task]]\nname = 'parabla'\nkind = 'exercise'": "did you mean 'parabola'?",
    "[[task]]\nexercise = 'mine.py'\nkind = 'exercise'": "there is no such file in",
    "[[task]]\nexercise = 'ours.py'\nkind = 'exercise'": "has no HINTS, QUERIES, WRONG, RIGHT",
    "[[task]]\nname = 'e'\nkind = ['value']": "there is no kind ['value']",
    TASK + "functions = [1]": "functions is [1], and should hold texts",
    TASK + "functions = {tanh = ''}": "and should hold texts",
    TASK + "without = [1]": "without is [1], and should hold texts",
    TASK + "class = 'My Value'": "class is 'My Value', and should be a name as Python has them",
    LAYER + "inputs = {x = [2]}\nforward = 'f()'": "forward is 'f()', and should be a name",
    LAYER + "inputs = {x = {shape = [2], from = 3, to = 1}}": "x is drawn from 3 to 1: two numbers",
    LAYER + "inputs = {x = {shape = [2], to = nan}}": "x is drawn from -2.0 to nan",
    LAYER + "inputs = {x = [2], y = {classes = 0}}": "the classes of y are 0",
    LAYER: "it has no inputs",
    LAYER + "inputs = {x = 3}": "write its shape",
    LAYER + "inputs = {x = [0]}": "a list of sizes",
    LAYER + "inputs = {x = [2]}\ncall = 'inputs, upsteam'": "did you mean 'inputs, upstream'?",
    LAYER + "inputs = {x = [2]}\nreference = 'none.py'": "none.py",
    LAYER + "inputs = {x = [2]}\nreference = 'ours.py'\nforward = 'f'": "has no function f",
    LAYER + "inputs = {x = [2]}\nreference = 'ours.py'\nforward = 'g'": "ZeroDivisionError",
}


def test_lines_of_the_value_that_an_exercise_brings_are_in_no_cell():
    assert by_cell("Line 2 of your Value fails.", "# cell 1\nx = 1\n") == "Line 2 of your Value fails."


def test_an_input_drawn_from_a_number_to_itself_is_that_number():
    inputs = {"x": {"shape": [2], "from": 3, "to": 3}}
    [task] = Rubric.of({"task": [{"name": "f", "kind": "backward", "inputs": inputs}]}).tasks
    assert drawn(kinds_of(task)["x"], random.Random(0)) == [3.0, 3.0]


@pytest.mark.parametrize("text", UNREAD, ids=UNREAD.values())
def test_a_rubric_that_cannot_be_used_is_one_line_before_anything_is_run(text, tmp_path, capsys):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text("x = 1")
    (tmp_path / "ours.py").write_text("def g(x):\n    return 1 / 0")
    (tmp_path / "rubric.toml").write_text(text)
    assert main(["grade", str(tmp_path / "class"), "--rubric", str(tmp_path / "rubric.toml")]) == 2
    said = capsys.readouterr()
    assert UNREAD[text] in said.err and said.err.count("\n") == 1 and not said.out


def test_the_manual_names_every_option_and_part_and_its_weight():
    text = (DEMOS.parent / "docs" / "grading.md").read_text()
    for kind, options in OPTIONS.items():
        section = text.partition(f'### `kind = "{kind}"`')[2].partition("###")[0]
        assert not [name for name in options if f"`{name}`" not in section], kind
    assert not [key for key, one in PROPERTIES.items() if f"| `{key}` | {one.weight:g} |" not in text]
    assert all(f'"{call}"' in text for call in FORMS)


def test_a_rubric_of_the_course_has_every_exercise():
    from tinygrad_edu.learn.course import exercise_names

    assert [task.name for task in Rubric.course().tasks] == exercise_names()
    with pytest.raises(UserError, match="did you mean 'parabola'"):
        Rubric.course(["parabla"])


# -------------------------------------------------------------------------------------------------- the whole way


@pytest.fixture
def homework(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return ["grade", str(DEMOS / "homework"), "--rubric", str(DEMOS / "homework.toml"), "--out", "graded"]


def test_the_homework_of_the_demos_is_graded_and_reported(homework, capsys):
    assert main([*homework, "--gradescope", "--seed", "7"]) == 0
    assert "mean 15 of 22 points; seed 7" in capsys.readouterr().out
    ada, ben = [Path(f"graded/reports/{name}.md").read_text() for name in ("ada", "ben")]
    assert "22 of 22" in ada and "What to look at" not in ada
    assert "8 of 22" in ben and "the second use overwrites the first" in ben and "it is transposed" in ben
    assert "7" not in re.findall(r"seed (\d+)", ada + ben)
    told = json.loads(Path("graded/gradescope/ben.json").read_text())
    assert told["score"] == 8 == sum(test["score"] for test in told["tests"])
    assert "--seed 7" in (text := Path("graded/summary.md").read_text()) and "| = for += | 1 | ben |" in text
    assert Path("graded/summary.csv").read_text().splitlines()[1:] == ["ada,22,14,6,2", "ben,8,6,2,0"]
    data = json.loads(Path("graded/results.json").read_text())
    assert data["seed"] == 7 and [s["points"] for s in data["students"]] == [22, 8]
    before = {path: path.read_bytes() for path in Path("graded").rglob("*") if path.is_file()}
    assert main([*homework, "--gradescope", "--seed", "7"]) == 0
    assert before == {path: path.read_bytes() for path in Path("graded").rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["summary.md", "summary.csv", "results.json", "reports/ada.md"])
def test_what_is_not_ours_is_refused_before_anything_is_run(name, homework, capsys):
    path = Path("graded") / name
    path.parent.mkdir(parents=True)
    path.write_text("something of the teacher's own\n")
    assert main(homework) == 2
    said = capsys.readouterr()
    assert "tinygrad_edu did not write it" in said.err and not said.out
    assert path.read_text() == "something of the teacher's own\n"


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send")
def test_what_is_graded_stays_after_ctrl_c(tmp_path):
    place = tmp_path / "class"
    place.mkdir()
    (place / "ada.py").write_text(SLOPE)
    (place / "ben.py").write_text("import time\ntime.sleep(60)")
    (tmp_path / "rubric.toml").write_text('seconds = 90\n[[task]]\nkind = "exercise"\nname = "parabola"')
    command = [sys.executable, "-m", "tinygrad_edu", "grade", str(place), "--rubric", str(tmp_path / "rubric.toml"),
               "--out", str(tmp_path / "graded")]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert "1 of 2: ada, 1 of 1" in run.stdout.readline()
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=30)
    assert run.returncode == 130 and said == "tinygrad-edu: interrupted\n"
    assert "1 of 2 students" in (tmp_path / "graded" / "summary.md").read_text()
    assert [p.name for p in (tmp_path / "graded" / "reports").iterdir()] == ["ada.md"]


def test_reports_are_markdown_whatever_the_students_code_says():
    text = "raise ValueError('<b> | `x` [a](b) *c*\\n```\\n# 20 of 20')"
    rubric = Rubric("", (engine(parts={"forks": 1}),))
    report = graded(Submission("eve_*", {"a.py": text}), rubric, 1).markdown()
    assert (
        report.startswith("# eve\\_\\*: 0 of 16")
        and "\n# 20" not in report
        and "<b>" not in re.sub("```.*", "", report, flags=re.S)
    )


def test_a_summary_counts_students_and_not_parts():
    rubric = Rubric("Week 1", (engine(parts={"forks": 1, "orders": 1}),))
    texts = {"ada": ENGINE.solution, "ben": ENGINE.variant(ENGINE.wrong["= for +="]), "cy": ""}
    results = [graded(Submission(name, {"a.py": text}), rubric, 1) for name, text in texts.items()]
    told = summary(results, rubric, 1)
    assert "| = for += | 1 | ben |" in told and "| engine: a fork adds | 2 of 3 |" in told
    assert as_csv(results, rubric).splitlines()[1:] == ["ada,16,16", "ben,0,0", "cy,0,0"]
    assert "2 of 3 students" in summary(results[:2], rubric, 1, of=3)
    assert isinstance(results[0], Result)
