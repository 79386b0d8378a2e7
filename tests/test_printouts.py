"""What is printed out of the rows is what the rows say now, in every place where it is kept;
editors see what Python has.
"""

import ast
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_edu
from tinygrad_edu import Op, Value, ops, printouts, register, text
from tinygrad_edu.protocol import FloatLike

ROOT = Path(__file__).parent.parent
PRINTED = [path.relative_to(ROOT) for path in printouts.printouts()]


@pytest.mark.parametrize("path", PRINTED, ids=str)
def test_what_is_printed_out_of_the_rows_is_what_they_say(path):
    assert (ROOT / path).read_text("utf-8") == printouts.printouts()[ROOT / path], f"run: {printouts.COMMAND}"


def run(folder, *arguments):
    return subprocess.run([sys.executable, "-m", "tinygrad_edu.ops", *arguments], capture_output=True, text=True,
                          cwd=folder, env={**os.environ, "PYTHONPATH": str(folder),
                                           "PYTHONDONTWRITEBYTECODE": "1"})  # fmt: skip


def test_one_command_renews_every_printed_file_in_a_checkout_and_nothing_elsewhere(tmp_path):
    shutil.copytree(ROOT / "tinygrad_edu", tmp_path / "tinygrad_edu", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for path in PRINTED:  # one line of each says something else
        with_another_line = (
            (tmp_path / path).read_text("utf-8").replace("tanh", "than", 3).replace("tinygrad_edu`.", "?", 1)
        )
        (tmp_path / path).write_text(with_another_line, "utf-8")
        assert with_another_line != (ROOT / path).read_text("utf-8")
    first, second = run(tmp_path, "--write"), run(tmp_path, "--write")
    assert (first.returncode, first.stdout.count("renewed"), second.stdout.count("renewed")) == (0, len(PRINTED), 0), (
        first.stderr
    )
    assert all((tmp_path / path).read_text("utf-8") == (ROOT / path).read_text("utf-8") for path in PRINTED)
    shutil.rmtree(tmp_path / "docs")
    (tmp_path / "tinygrad_edu" / "methods.pyi").write_text("old")
    installed = run(tmp_path, "--write")
    assert installed.returncode == 1 and "checkout" in installed.stderr and "Traceback" not in installed.stderr
    assert (tmp_path / "tinygrad_edu" / "methods.pyi").read_text() == "old"


@pytest.mark.parametrize("arguments", [["--wirte"], ["--write", "now"], ["tanh"]])
def test_another_argument_is_named(arguments):
    with pytest.raises(SystemExit, match=arguments[-1]):
        printouts.main(arguments)


def names_in_stubs():
    [methods] = [x for x in ast.parse(printouts.stubs()).body if isinstance(x, ast.ClassDef)]
    named = {x.name for x in methods.body if isinstance(x, ast.FunctionDef)}
    named |= {t.id for x in methods.body if isinstance(x, ast.Assign) for t in x.targets}
    return named | {x.target.id for x in methods.body if isinstance(x, ast.AnnAssign)}


def test_editors_see_every_method_and_only_those():
    written = {
        name for kind in (Value, FloatLike) for name in vars(kind) if not name.startswith("__") and hasattr(kind, name)
    }
    written -= {name for kind in (Value, FloatLike) for name in _defined_in_the_text(kind)}
    operators = {name for name in names_in_stubs() if name.startswith("__")}
    assert written == names_in_stubs() - operators and operators < vars(Value).keys()


def _defined_in_the_text(kind):
    """What the class statement itself says."""
    module = ast.parse(Path(sys.modules[kind.__module__].__file__).read_text("utf-8"))
    [body] = [x.body for x in module.body if isinstance(x, ast.ClassDef) and x.name == kind.__name__]
    for x in body:
        if isinstance(x, ast.FunctionDef):
            yield x.name
        elif isinstance(x, (ast.Assign, ast.AnnAssign)):
            for target in ast.walk(x):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    yield target.id


METHODS = [op for op in ops.TABLE.values() if op.name.isidentifier() and ... not in op.domain]


@pytest.mark.parametrize("op", METHODS, ids=lambda op: op.name)
def test_help_on_a_method_says_its_row(op):
    doc, (output, inputs) = getattr(Value, op.name).__doc__, text.input_names(op)
    assert f"{output} = {text.write(text.value(op, *inputs))}\n" in doc
    for x, slope in zip(inputs, text.local_gradients(op, output, *inputs)):
        assert f"d{output}/d{x} = {text.write(slope)}\n" in doc
    assert ("computed" in doc) == (op.textbook is not None) and "domain: " in doc
    assert getattr(Value, op.name).__name__ == op.name and op.name in dir(Value)


@pytest.mark.parametrize("rule", [lambda y, x: (2 * x,), lambda y, x: (2.0 if x > 0 else 1.0,), lambda y, x: (x.real,)])
def test_a_row_of_ones_own_is_a_method_with_help_whatever_its_rule_does_with_names(rule):
    register(Op("of_ones_own", lambda x: x * x, rule))
    try:
        assert "of_ones_own" in Value.of_ones_own.__doc__ and "of_ones_own" in dir(Value)
        assert Value(3.0).of_ones_own().data == 9.0
    finally:
        del ops.TABLE["of_ones_own"], Value.of_ones_own


TYPED = """
from typing import assert_type

from tinygrad_edu import Value, diagnose, draw, explain, functional, grad, jit, losses, nn, page, source
from tinygrad_edu.doctor import Diagnosis, Finding, Watch
from tinygrad_edu.explanation import Overview, Shaped, Single, Whole
from tinygrad_edu.figures import Drawing
from tinygrad_edu.order import OrderLab
from tinygrad_edu.sourcecode import Source
from tinygrad_edu.webpage import Page

a = Value(1.0)
assert_type(a + 1, Value)
assert_type(2 / a, Value)
assert_type(-abs(a) ** 2, Value)
assert_type(a.data, float)
assert_type(a.grad, float)
assert_type(a.parents, tuple[Value, ...])
{methods}
assert_type(a.draw(view="cards"), Drawing)
assert_type(draw(a), Drawing)
assert_type(a.page(), Page)
assert_type(page(a), Page)
assert_type(a.source("numpy"), Source)
assert_type(source(a), Source)
assert_type(a.order_lab(), OrderLab)
assert_type(a.explain(), Whole)
assert_type(a.explain(of=a), Single)
assert_type(explain(a, of="w"), Single | Overview | Shaped)
assert_type(a.explain(of=nn.Linear(2, 3)), Overview | Shaped)
assert_type(a.explain(of=[[a], [a]]), Shaped)
assert_type(grad(a, a), list[Value])
assert_type(nn.Neuron(2)([1, 2]), Value)
assert_type(nn.Linear(2, 3)([1, 2]), list[Value])
assert_type(losses.mse([a], [1.0]), Value)
assert_type(losses.cross_entropy([[a, a]], [1], reduction="sum"), Value)
assert_type(losses.l2([a]), Value)
assert_type(diagnose(a), Diagnosis)
assert_type(diagnose.watch(nn.Linear(2, 3)), Watch)
assert_type(diagnose.watch(nn.Linear(2, 3), data=([1.0], [2.0]))(a), list[Finding])
diagnose.wacth(a)  # type: ignore[attr-defined]
each: list[Value] = losses.mse([a], [1.0], reduction="none")
with Value.no_grad():
    a._backward()

a.tahn()  # type: ignore[attr-defined]
functional.tahn(a)  # type: ignore[attr-defined]
a.labell  # type: ignore[attr-defined]
a.tanh(1)  # type: ignore[call-arg]
a.maximum()  # type: ignore[call-arg]
a.maximum("x")  # type: ignore[arg-type]
a.draw(veiw="cards")  # type: ignore[call-arg]
a.draw().sav("x.svg")  # type: ignore[attr-defined]

@jit
def loss(x: float, y: float) -> Value:
    return (a * x - y) ** 2

@jit(backend="python")
def both(x: float) -> tuple[Value, Value]:
    return a * x, a

class Model:
    @jit
    def loss(self, x: float) -> Value:
        return a * x

assert_type(loss(1.0, 2.0), Value)
assert_type(loss.mean([1.0], [2.0]), Value)
assert_type(both(1.0), tuple[Value, Value])
assert_type(Model().loss(1.0), Value)
assert_type(loss.source, Source)
loss(1.0)  # type: ignore[call-arg]
loss.maen([1.0], [2.0])  # type: ignore[attr-defined]
"""


def test_a_type_checker_knows_every_method_and_what_it_gives_and_refuses_a_misspelt_one(tmp_path):
    """What must be an error carries a `type: ignore`, which --strict refuses where there is none."""
    pytest.importorskip("mypy.api")
    calls = [f"a.{op.name}({', '.join('a2'[i % 2] for i in range(len(op.domain) - 1))})" for op in METHODS]
    calls += ["a.power(2)", "a.leaky_relu()", "a.leaky_relu(0.1)", "a.clip(-1, None)", "a.polygamma(1)", "a.arctan2(2)"]
    for op in METHODS:
        calls += [
            f"functional.{op.name}({', '.join('2a'[i == k] for i in range(len(op.domain)))})"
            for k in range(len(op.domain))
        ]
    methods = [f"assert_type({call}, Value)" for call in calls]
    methods += [f"assert_type(functional.{op.name}({', '.join('2' for _ in op.domain)}), float)" for op in METHODS]
    (tmp_path / "typed.py").write_text(TYPED.replace("{methods}", "\n".join(methods)))
    # a process of its own: mypy changes the collector and the recursion limit of whoever calls it
    options = ["--strict", "--config-file=", f"--cache-dir={tmp_path}", str(tmp_path / "typed.py")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout


def test_every_name_in_the_contents_resolves_and_every_public_name_is_in_them():
    page = (ROOT / "docs" / "contents.md").read_text("utf-8")
    known = {name: getattr(tinygrad_edu, name) for name in tinygrad_edu.__all__}
    listed = re.findall(r"^\| `(?!tinygrad-edu)([\w.]+)", page, re.M)
    for name in listed:
        thing = eval(name, dict(known))
        assert callable(thing) and thing.__doc__, name
    rooms = {
        "": tinygrad_edu,
        **{f"{room}.": known[room] for room in ("nn", "losses", "optim", "train", "data", "plot")},
    }
    for prefix, room in rooms.items():
        for name in room.__all__:
            thing = getattr(room, name)
            if isinstance(thing, type(tinygrad_edu)) or not getattr(thing, "__name__", "") == name:
                continue  # a room, or a name for a type
            assert f"{prefix}{name}" in listed, name
    for name in inspect.signature(tinygrad_edu.fit).parameters:
        assert re.search(rf"\b{name}\b", page)
    shown = subprocess.run(
        [sys.executable, "-m", "tinygrad_edu", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert re.findall(r"^\| `tinygrad-edu (\w+)`", page, re.M) == re.findall(r"^    (\w+) ", shown, re.M)
    assert "docs/contents.md" in (ROOT / "README.md").read_text("utf-8")


def test_the_first_picture_of_the_readme_is_what_its_first_code_draws(tmp_path):
    """To renew it: picture.save("docs/neuron.svg"), in that code.

    Where they rest on digits, words for a mouse may differ.
    """
    [first, *_] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    scope = {}
    exec("\n".join(line[4:] for line in first.splitlines() if line.startswith(">>> ")), scope)
    drawn = scope["picture"].save(tmp_path / "neuron.svg").read_text("utf-8")
    kept = (ROOT / "docs" / "neuron.svg").read_text("utf-8")
    titles = re.compile("<title>.*?</title>", re.S)
    assert titles.sub("", drawn) == titles.sub("", kept)
