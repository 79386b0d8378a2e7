"""The checker inside of one Python, as in a browser: it says what the sandbox says, and nothing is spoiled for the next
answer.
"""

import base64
import builtins
import io
import math
import random
import signal
import sys
import zipfile

import pytest

from tinygrad_edu import Value
from tinygrad_edu.learn import assess, exercise
from tinygrad_edu.learn.inside import Inside, limit, shallow
from tinygrad_edu.learn.sandbox import Sandbox
from tinygrad_edu.playground import lessons

# What is told is the same as from a process of its own: one exercise of each kind, and how its text is changed.
NAMES = ("parabola", "product", "kinks", "contributions", "softmax", "unit")
UNTIDY = {
    "recursion": "def f():\n    return f()\nf()",
    "an end": "import sys\nsys.exit()",
    "a question": "input()",
    "no Python": "def f(:",
    "a name": "cos(1)",
    "too much text": "print('x' * 10**6)\n1 / 0",
    "nothing": "",
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seconds=0.3) as box:
        yield box


def told(verdict):
    return [(str(remark), remark.line, remark.mistake) for remark in verdict.remarks], verdict.printed


@pytest.mark.parametrize("name", NAMES)
def test_of_every_planted_mistake_the_same_is_told_as_in_a_process(name, sandbox):
    one = exercise(name)
    texts = [one.starter, one.solution, *map(one.variant, one.wrong.values())][:7]
    for text in texts:
        assert told(assess(one, text, box=Inside(), brief=True)) == told(assess(one, text, box=sandbox, brief=True))


@pytest.mark.parametrize("code", UNTIDY.values(), ids=UNTIDY)
def test_whatever_code_does_the_same_is_told_as_in_a_process(code, sandbox):
    one = exercise("parabola")
    assert told(assess(one, code, box=Inside(seconds=0.3))) == told(assess(one, code, box=sandbox))


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="here only the end of the process ends a loop")
@pytest.mark.parametrize("caught", ["Exception", "BaseException"])
def test_an_endless_loop_ends_as_a_remark_whatever_it_catches(caught):
    loop = f"    try:\n        while True:\n            x = 1\n    except {caught}:\n        pass\n"
    code = f"for _ in range(2):\n{loop}while True:\n    x = 2"
    verdict = assess(exercise("parabola"), code, box=Inside(seconds=0.1))
    assert verdict.first.line >= 3 and "no answer after 0.1 seconds" in str(verdict) and "loop" in str(verdict)


SPOILING = {
    "a function of math": "import math\nmath.sin = math.exp = lambda x: 0.0",
    "a builtin": "import builtins\nbuiltins.sum = builtins.abs = lambda *x: 0.0",
    "a new builtin": "import builtins\nbuiltins.mine = 1",
    "the engine": "from tinygrad_edu import Value\nValue.backward = Value.__add__ = lambda *a: 0",
    "the checker": "from tinygrad_edu.learn import verdict\nverdict.compared = lambda *a: []",
    "modules": "import sys\nsys.modules['math'] = sys.modules['json'] = None",
    "a limit": "import sys\nsys.setrecursionlimit(300)",
    "streams": "import sys\nsys.stdout = sys.stdin = None",
    "chance": "import random\nrandom.seed(1)",
}


@pytest.mark.parametrize("code", SPOILING.values(), ids=SPOILING)
def test_what_an_answer_writes_over_is_put_back(code):
    before = random.getstate(), sys.getrecursionlimit(), sys.stdout, dict(sys.modules), dict(vars(builtins))
    methods, one = dict(vars(Value)), exercise("parabola")
    assess(one, code, box=Inside())
    assert (random.getstate(), sys.getrecursionlimit(), sys.stdout) == before[:3]
    assert before[3].items() <= sys.modules.items() and vars(builtins) == before[4] and vars(Value) == methods
    assert math.sin(1.0) and assess(one, one.solution, box=Inside()) and not assess(one, one.starter, box=Inside())


def test_what_is_written_over_makes_no_wrong_answer_right():
    wrong = "import math\nmath.sin = math.cos = lambda x: 0.0\ndef slope(f, x, h=1e-5):\n    return 0.0"
    assert not assess(exercise("parabola"), wrong, box=Inside())


def test_the_learners_own_engine_is_used_and_told_apart_from_the_exercise():
    value = exercise("value").solution
    one = exercise("lecture")
    assert assess(one, one.solution, box=Inside(), value=value)
    wrong = value.replace("1 - t * t,", "1 - t,")
    assert wrong != value
    verdict = assess(one, one.solution, box=Inside(), value=wrong)
    assert str(verdict).startswith("With our Value in place of yours") and "value" not in sys.modules


def test_the_line_of_an_error_is_that_of_the_learners_file_and_of_no_other():
    lines = exercise("lecture").solution.splitlines()
    text = "\n".join([*lines[:-1], lines[-1], "1 / 0"])
    assert assess(exercise("lecture"), text, box=Inside()).first.line == len(lines) + 1
    engine = f"{exercise('value').solution}\n1 / 0\n"
    assert assess(exercise("lecture"), exercise("lecture").solution, box=Inside(), value=engine).first.line == 0


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="there is no alarm on this system")
def test_a_limit_of_time_leaves_nothing_behind():
    before = signal.getsignal(signal.SIGALRM)
    with limit(5), limit(0.01):
        pass
    assert signal.getsignal(signal.SIGALRM) == before and signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_in_a_browser_functions_call_each_other_only_so_deep(monkeypatch):
    monkeypatch.setattr("tinygrad_edu.learn.inside.BROWSER", True)
    before = sys.getrecursionlimit()
    with shallow():
        assert sys.getrecursionlimit() < before or before < 500
    assert sys.getrecursionlimit() == before


def test_a_folder_that_was_packed_is_one_of_the_command_line_and_comes_back(tmp_path):
    from tinygrad_edu.learn.folder import Folder

    texts = {"parabola": lessons.solution("parabola"), "product": "a = 1  # é\n"}
    notes = {"passed": {"parabola": "2026-01-02T03:04:05"}, "hints": {"nudge": 2}, "tries": {"nudge": 1}, "begun": {}}
    packed = lessons.zipped(texts, notes)
    assert lessons.unzipped(packed) == {"texts": texts, "notes": notes}
    zipfile.ZipFile(io.BytesIO(base64.b64decode(packed))).extractall(tmp_path)
    here = Folder.find(tmp_path / "course")
    assert here.check(exercise("parabola")) and here.current().name == "step_size"


def zip_of(*names, method=None, flag=0):
    """A zip with files of these names, in base64; or one that says of its first that it is packed in another way."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as out:
        for name in names:
            out.writestr(name, "{}")
    packed = bytearray(raw.getvalue())
    for start, mark in ((0, 6), (packed.find(b"PK\x01\x02"), 8)):  # its own head, and its row in the list of all
        packed[start + mark] |= flag
        packed[start + mark + 2] = packed[start + mark + 2] if method is None else method
    return base64.b64encode(packed).decode()


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        ("", "no zip"), ("bm8gemlw", "no zip"), ("!", "no zip"), (zip_of("a", "a/b"), "no zip"),
        (zip_of("a" * 300), "no zip"), (zip_of(".learn.json", flag=1), "no zip"),
        (zip_of(".learn.json", method=99), "no zip"), (zip_of(".learn.json/a"), "there is no .learn.json"),
    ],
    ids="nothing text letters twice long password method folder".split(),
)  # fmt: skip
def test_what_is_no_folder_is_told(packed, said):
    from tinygrad_edu.errors import UserError

    with pytest.raises(UserError, match=said):
        lessons.unzipped(packed)


@pytest.mark.parametrize("level", range(1, 6))
def test_what_is_asked_by_hand_is_found_by_its_own_hints(level):
    one = lessons.puzzle(level, 7)
    for name in one["blanks"]:
        formula = lessons.hint(level, 7, name, 2).split(" = ")[-1].replace("×", "*").replace("(...)", "")
        assert lessons.solved(level, 7, name, formula)["right"], formula
    assert lessons.puzzle(level, 7, one["blanks"])["svg"] != one["svg"]
