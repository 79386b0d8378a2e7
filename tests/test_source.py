"""The backward pass written out runs by itself, and gives what the engine gives."""

import json
import math
import re
import shutil
import subprocess
import warnings
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, ops, topological
from tinygrad_edu.engine import chain_rule
from tinygrad_edu.expression import parse
from tinygrad_edu.languages import CAREFUL, JAVASCRIPT, LATEX, NUMPY, PYTHON, kind
from tinygrad_edu.sourcecode import names_of, source
from tinygrad_edu.strategies import inputs, programs
from tinygrad_edu.text import input_names, name

NAMES = "abcdefgh"


def built(program):
    leaves = [Value(x, label=NAMES[i]) for i, x in enumerate(program.inputs)]
    return program(*leaves)


def of_engine(root):
    """Every named number of both passes, by the name it has in the text."""
    order = topological(root)
    totals = chain_rule(root, 1.0, lambda n: n.op.slopes(*n.numbers))
    names = names_of(order, held={root: "root"})
    return {names[n]: n.data for n in names} | {f"d{names[n]}": totals[n] for n in names}


def run(text):
    scope = {}
    exec(compile(text, "source", "exec"), scope)
    return scope


def same(a, b):
    return a == b or (a != a and b != b)


@settings(max_examples=300)
@given(programs())
def test_python_source_is_the_engine_bit_for_bit(program):
    root = built(program)
    if not isinstance(root, Value):
        return
    scope = run(source(root, exact=True))
    for variable, number in of_engine(root).items():
        assert same(scope[variable], number), (variable, program)


@settings(max_examples=100)
@given(programs())
def test_numpy_source_agrees_for_numbers_and_element_by_element(program):
    np = pytest.importorskip("numpy")
    root = built(program)
    text = source(root, "numpy", exact=True)
    three = re.sub(r"np\.asarray\((.*)\)", r"np.full(3, \1)", text)
    with np.errstate(all="ignore"):
        one, many = run(text), run(three)
    for variable, number in of_engine(root).items():
        assert one[variable] == pytest.approx(number, rel=1e-12, abs=1e-300)
        assert np.allclose(many[variable], number, rtol=1e-12, atol=1e-300)


def test_numpy_gradients_do_not_share_memory():
    np = pytest.importorskip("numpy")
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    scope = run(re.sub(r"np\.asarray\((.*)\)", r"np.full(3, \1)", source((a + b) + a * b, "numpy")))
    assert np.array_equal(scope["da"], np.full(3, 4.0)) and np.array_equal(scope["db"], np.full(3, 3.0))


AWKWARD = [
    ("log(x) + 1/x", {"x": 0.0}),
    ("(x - 1)**-1 * sqrt(x)", {"x": 1.0}),
    ("x**0.5 + pow(x, y)", {"x": -2.0, "y": 0.5}),
    ("exp(x) * 10", {"x": 1000.0}),
    ("sin(x) + cos(x)", {"x": math.inf}),
    ("relu(x) + abs(x) + maximum(x, y)", {"x": math.nan, "y": 1.0}),
    ("pow(x, y)", {"x": 0.0, "y": 0.0}),
    ("x**-1 + x**3", {"x": -0.0}),
    ("atan2(x, y)", {"x": 1.0, "y": 0.0}),
    ("logsumexp(x, y)", {"x": math.inf, "y": 0.0}),
    ("cosh(x)", {"x": 1000.0}),
    ("atanh(x) + acosh(x)", {"x": 1.0}),
]


@pytest.mark.parametrize(("text", "numbers"), AWKWARD)
def test_where_python_would_raise_the_source_follows_ieee(text, numbers):
    root, _ = parse(text)(**numbers)
    scope = run(source(root))
    assert all(same(scope[v], x) for v, x in of_engine(root).items())


def test_paths_that_meet_are_added_and_say_so():
    w, x = Value(-0.5, label="w"), Value(2.0, label="x")
    text = source((w * x) + w**2)
    assert re.search(r"dw \+= .*# w is used twice: gradients add where paths meet", text)


def test_gradients_are_written_as_books_write_them_unless_every_bit_is_asked_for():
    n = Value(0.5, label="n")
    assert "dn = (1 - v1 * v1) * dv1  # tanh" in source(n.tanh())
    exact = "dn = 4.0 * bell(2 * n) * dv1  # tanh"
    assert f"{exact}, in books 1 - v1 * v1" in source(n.tanh(), exact=True)
    far = Value(20.0, label="n").tanh()
    far.label = "v1"  # where 1 - v1 * v1 has no digit left
    assert f"{exact}; the books' 1 - v1 * v1 is off at these numbers" in source(far)
    assert run(source(far))["dn"] == far.local_grads()[0] != 1 - far.data**2


@settings(max_examples=300, deadline=None)
@given(programs())
def test_the_books_form_gives_the_gradients_to_nine_digits(program):
    root = built(program)
    if not isinstance(root, Value):
        return
    order = topological(root)
    sizes = chain_rule(
        root, 1.0, lambda n: [abs(d) for d in n.op.slopes(*n.numbers)]
    )  # the same sums without cancellation
    scope, names = run(source(root)), names_of(order, held={root: "root"})
    for n, exact in chain_rule(root, 1.0, lambda n: n.op.slopes(*n.numbers)).items():
        if n in names:
            found = scope[f"d{names[n]}"]
            assert same(found, exact) or abs(found - exact) <= 1e-9 * sizes[n], (names[n], program)


BOOKS = [op for op in ops.TABLE.values() if op.textbook]


@pytest.mark.parametrize("op", BOOKS, ids=lambda op: op.name)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_row_as_in_books_has_the_rows_gradients_in_every_language(op, data):
    xs = data.draw(inputs(op))
    root = op(*[Value(x, label=f"i{k}") for k, x in enumerate(xs)])
    expected = root.local_grads()
    for language in ("python", *["numpy"] * bool(find_spec("numpy"))):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scope = run(source(root, language))
        for k, d in enumerate(expected):
            assert same(float(scope[f"di{k}"]), d) or math.isclose(scope[f"di{k}"], d, rel_tol=1e-9, abs_tol=1e-300)


@pytest.mark.parametrize(
    "label",
    ["lambda", "x 1", "x*w", "3rd", "np", "tanh", "d", "mlp.layers.0.neurons.3.w[1]", "λ", "…", "a\nb", "import os"],
)
def test_any_label_becomes_a_name(label):
    x = Value(0.5, label=label)
    root = x * x
    scope = run(source(root))
    [leaf, *_] = names_of(topological(root)).values()
    assert leaf.isidentifier() and scope[leaf] == 0.5 and scope[f"d{leaf}"] == 1.0


def test_names_never_meet():
    labels = ["x", "dx", "x", "v1", "", "d", "ddx"]
    leaves = [Value(float(i + 1), label=label or "") for i, label in enumerate(labels)]
    root = leaves[0] * leaves[1]
    for v in leaves[2:]:
        root = root * v
    names = list(names_of(topological(root), held={root: "root"}).values())
    assert len({*names, *[f"d{n}" for n in names]}) == 2 * len(names)
    assert run(source(root))[names[-1]] == root.data


def test_leaves_without_labels_are_numbers_unless_all_are():
    x = Value(2.0, label="x")
    assert "v1 = x * -3.0" not in source(x * -3) and "x * (-3.0)" in source(x * -3)
    assert source(Value(2.0) * Value(3.0)).startswith("# forward pass\nv1 = 2.0\nv2 = 3.0\nv3 = v1 * v2")


def test_source_refuses_what_it_cannot_write():
    with pytest.raises(TypeError, match="one Value"):
        source([Value(1.0)])
    with pytest.raises(ValueError, match="python, numpy, javascript, latex, not 'fortran'"):
        source(Value(1.0), "fortran")
    x = Value(1.0, label="x")
    root = x
    for _ in range(20_001):
        root = root + 1
    with pytest.raises(ValueError, match="at most 20,000"):
        source(root)


def test_a_text_shows_itself_and_is_a_string():
    text = source(Value(1.0, label="x") * 2)
    assert repr(text) == str(text) and text._repr_markdown_().startswith("```python\n")
    assert source(Value(1.0, label="x") * 2, "latex")._repr_markdown_().startswith("$$\n\\begin{aligned}")


# The languages, row by row

EVERY = [*ops.TABLE.values(), ops.power(-1), ops.power(2.5), ops.power(0), ops.leaky_relu(0.2), ops.clip(0.0, 2.0)]
each = pytest.mark.parametrize("op", EVERY, ids=lambda op: op.name)


def written(op, xs):
    """The row and its local gradients as expressions, and what their names stand for."""
    words = [f"i{k}" for k in range(len(xs))]
    y = op.forward(*xs)
    expressions = [op(*map(name, words)), *op.partials(name("out"), *map(name, words))]
    return expressions, {**dict(zip(words, xs)), "out": y}, [y, *op.slopes(y, *xs)]


@each
@pytest.mark.parametrize("speech", [PYTHON, CAREFUL], ids=["plain", "careful"])
@settings(max_examples=20)
@given(data=st.data())
def test_a_row_in_python_is_the_row_bit_for_bit(op, speech, data):
    expressions, scope, expected = written(op, data.draw(inputs(op)))
    exec(speech.prelude(expressions), scope)
    assert [eval(speech.write(e), scope) for e in expressions] == expected


@each
@settings(max_examples=10)
@given(data=st.data())
def test_a_row_in_numpy_is_the_row(op, data):
    pytest.importorskip("numpy")
    expressions, scope, expected = written(op, data.draw(inputs(op)))
    exec(NUMPY.prelude(expressions), scope)
    assert [float(eval(NUMPY.write(e), scope)) for e in expressions] == pytest.approx(expected, rel=1e-12, abs=1e-15)


def sample(op):
    _, words = input_names(op)
    return tuple(
        [1.3, 1.7, 1.2, 1.4, 1.6][: len(words)]
        if op.domain[0] == (1.0, math.inf)
        else [0.3, 0.7, 0.2, 0.4, 0.6][: len(words)]
    )


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js: apt install nodejs")
def test_every_row_in_javascript_is_the_row():
    lines, expected, everything = [], [], []
    for op in EVERY:
        expressions, scope, numbers = written(op, sample(op))
        everything += expressions
        constants = ", ".join(f"{k} = {JAVASCRIPT.number(v)}" for k, v in scope.items())
        lines.append(
            f"(() => {{ const {constants}; return [{', '.join(map(JAVASCRIPT.write, expressions))}].map(Number); }})()"
        )
        expected += numbers
    for x in (-6.0, -3.0, -1.9, -0.1, 0.4, 1.9, 2.1, 3.0, 5.0):
        everything += [ops.erf(name("x")), ops.erfc(name("x"))]
        lines.append(f"[erf({x}), erfc({x})]")
        expected += [math.erf(x), math.erfc(x)]
    script = f"{JAVASCRIPT.prelude(everything)}\nconsole.log(JSON.stringify([{', '.join(lines)}].flat()))"
    out = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout
    assert json.loads(out) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js: apt install nodejs")
def test_javascript_source_runs():
    root, _ = parse("o = tanh(w*x + b); L = (o - y)**2 + logsumexp(o, w)")(w=-0.5, x=2, b=0.8, y=1)
    text = source(root, "javascript")
    script = f"{text}\nconsole.log(JSON.stringify([L, d_w, d_x, d_b, d_y, o, d_o]))"
    out = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout
    numbers = of_engine(root)
    assert json.loads(out) == pytest.approx([numbers[v] for v in ("L", "dw", "dx", "db", "dy", "o", "do")], rel=1e-12)


@each
def test_a_row_in_latex_has_balanced_braces(op):
    expressions, _, _ = written(op, sample(op))
    for e in expressions:
        text, depth = LATEX.write(e), 0
        for c in text:
            depth += (c == "{") - (c == "}")
            assert depth >= 0
        assert depth == 0 and text and kind(op)


def test_latex_writes_both_passes():
    root, _ = parse("o = tanh(w1*x + b); L = (o - y)**2 + lam*w1**2")(w1=-0.5, x=2, b=0.8, y=1, lam=0.1)
    text = source(root, "latex")
    assert (
        r"o &= \tanh(" in text
        and r"\frac{\partial L}{\partial w_{1}} &= " in text
        and r"\lambda" in text
        and r"(1 - o \cdot o)" in text
    )


@settings(max_examples=50)
@given(programs())
def test_a_gradient_in_latex_is_made_of_those_above_it(program):
    root = built(program)
    if not isinstance(root, Value):
        return
    seen = set()
    for line in re.findall(r"^\\frac.*", source(root, "latex"), re.M):
        new, *used = re.findall(r"\\partial (\S+)\}(?: |$)", line)
        assert new not in seen and seen.issuperset(used), line
        seen.add(new)
    assert len(seen) >= bool(root.parents)
