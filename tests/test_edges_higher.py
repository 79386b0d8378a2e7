"""Where digits are lost and infinities appear: every row on a grid of edges, and slopes of slopes, against mpmath;
replays there too.
"""

import itertools
import json
import math
import shutil
import subprocess
from math import inf, isnan, nan

import pytest

from tinygrad_edu import Value, grad, jit, losses, ops
from tinygrad_edu.languages import JAVASCRIPT
from tinygrad_edu.text import name

mp = pytest.importorskip("mpmath")
truths = pytest.importorskip("tests.test_accuracy" if __package__ else "test_accuracy")

M, TINY, NORMAL = 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308
SIZES = [
    0.0,
    TINY,
    1e-310,
    NORMAL,
    1e-300,
    1e-160,
    1e-17,
    1e-8,
    0.5,
    math.nextafter(1, 0),
    1.0,
    2.0,
    37.0,
    709.0,
    1e8,
    1e154,
    1e300,
    M / 2,
    M,
]
GRID = [s * x for x in SIZES for s in (1, -1)]
PAIRS = [
    *itertools.product([s * x for x in (0.0, TINY, 1e-300, 1e-8, 0.5, 1.0, 3.0, 1e155, M) for s in (1, -1)], repeat=2)
]
# Where the truth has a limit, a cut or hundreds of thousands of digits: test_edges has a table of these.
ELSEWHERE = {
    "pow",
    "atan2",
    "xlogy",
    "sin",
    "cos",
    "tan",
    "sinc",
    "erfinv",
    "lgamma",
    "digamma",
    "polygamma(1)",
    "where",
    "sum",
    "dot",
    "logsumexp",
}


def near(got, truth, rel=1e-13):
    return got == truth or isnan(got) and isnan(truth) or abs(got - truth) <= rel * abs(truth) + NORMAL


def exactly(rule, xs):
    """What mpmath says, as floats; None where it has nothing to say."""
    try:
        with mp.workprec(1300 * len(xs)):  # 1e155 / 1e-300 has 1500 binary digits
            found = rule(*map(mp.mpf, xs))
        return [*map(float, found)] if isinstance(found, list) else [float(found)]
    except (ArithmeticError, ValueError, TypeError):
        return None


@pytest.mark.parametrize("op", [op for op in ops.TABLE.values() if op.name not in ELSEWHERE], ids=lambda op: op.name)
def test_values_and_slopes_on_the_grid(op):
    value, slopes = truths.TRUTH[op.name]
    seen = 0
    for xs in PAIRS if len(op.domain) == 2 else [(x,) for x in GRID]:
        if all(lo <= x <= hi for x, (lo, hi) in zip(xs, op.domain)) and (op.name != "gelu_tanh" or abs(xs[0]) < 1e3):
            y = op(*xs)
            found = [[float(y)], [*map(float, op.slopes(y, *xs))]]
            for got, truth in zip(found, (exactly(value, xs), exactly(slopes, xs))):
                for g, t in zip(got, truth or ()):
                    assert near(g, t), (xs, got, truth)
                    seen += 1
    assert seen > 8


def orders(f, x, n):
    x = Value(x)
    y, found = f(x), []
    for _ in range(n):
        [y] = grad(y, x)
        found.append(y.data)
    return found


# The second and third derivative, in forms that do not cancel.
HIGHER = {
    "tanh": (lambda x: -2 * mp.tanh(x) * mp.sech(x) ** 2,
             lambda x: mp.sech(x) ** 2 * (4 * mp.tanh(x) ** 2 - 2 * mp.sech(x) ** 2)),
    "sigmoid": (lambda x: -mp.sech(x / 2) ** 2 * mp.tanh(x / 2) / 4,
                lambda x: mp.sech(x / 2) ** 2 * (2 * mp.tanh(x / 2) ** 2 - mp.sech(x / 2) ** 2) / 8),
    "softplus": (lambda x: mp.sech(x / 2) ** 2 / 4, lambda x: -mp.sech(x / 2) ** 2 * mp.tanh(x / 2) / 4),
    "logsigmoid": (lambda x: -mp.sech(x / 2) ** 2 / 4, lambda x: mp.sech(x / 2) ** 2 * mp.tanh(x / 2) / 4),
    "asin": (lambda x: x / (1 - x * x) ** 1.5, lambda x: (1 + 2 * x * x) / (1 - x * x) ** 2.5),
    "acos": (lambda x: -x / (1 - x * x) ** 1.5, lambda x: -(1 + 2 * x * x) / (1 - x * x) ** 2.5),
    "atanh": (lambda x: 2 * x / (1 - x * x) ** 2, lambda x: (2 + 6 * x * x) / (1 - x * x) ** 3),
    "atan": (lambda x: -2 * x / (1 + x * x) ** 2, lambda x: (6 * x * x - 2) / (1 + x * x) ** 3),
    "asinh": (lambda x: -x / (1 + x * x) ** 1.5, lambda x: (2 * x * x - 1) / (1 + x * x) ** 2.5),
    "acosh": (lambda x: -x / (x * x - 1) ** 1.5, lambda x: (2 * x * x + 1) / (x * x - 1) ** 2.5),
    "logit": (lambda x: (2 * x - 1) / (x * (1 - x)) ** 2, lambda x: 2 / x**3 + 2 / (1 - x) ** 3),
}  # fmt: skip
SMALL = [s * x for x in (TINY, 1e-310, 1e-300, 1e-160, 1e-17, 1e-12, 1e-8, 1e-3, 0.3, 0.9, 0.999999) for s in (1, -1)]


@pytest.mark.parametrize("row", HIGHER)
def test_slopes_of_slopes_keep_their_digits(row):
    lo, hi = ops.TABLE[row].domain[0]
    points = [1 + abs(x) for x in SMALL if 1 + abs(x) > 1] if row == "acosh" else [x for x in SMALL if lo < x < hi]
    for x in points:
        found = orders(ops.TABLE[row], x, 3)[1:]
        for got, rule in zip(found, HIGHER[row]):
            [truth] = exactly(rule, (x,))
            assert near(got, truth, rel=3e-14), (x, got, truth)


@pytest.mark.parametrize("row, x, expected", [
    ("asin", 1.0, [inf, inf]), ("asin", -1.0, [inf, -inf]), ("acos", 1.0, [-inf, -inf]), ("acos", -1.0, [-inf, inf]),
    ("atanh", 1.0, [inf, inf]), ("atanh", -1.0, [inf, -inf]), ("acosh", 1.0, [inf, -inf]), ("acosh", inf, [0, 0]),
    ("sqrt", 0.0, [inf, -inf]), ("log", 0.0, [inf, -inf]), ("log1p", -1.0, [inf, -inf]), ("logit", 0.0, [inf, -inf]),
    ("logit", 1.0, [inf, inf]), ("rsqrt", 0.0, [-inf, inf]), ("cbrt", inf, [0, 0]), ("tanh", inf, [0, 0]),
    ("tanh", -800.0, [0, 0]), ("sigmoid", -inf, [0, 0]), ("gelu", 1e300, [1, 0]), ("gelu", -1e300, [0, 0]),
    ("gelu_tanh", 1e300, [1, 0, 0]), ("gelu_tanh", -1e300, [0, 0, 0])])  # fmt: skip
def test_the_ends_of_a_domain(row, x, expected):
    assert orders(ops.TABLE[row], x, len(expected)) == expected


@pytest.mark.parametrize("a, b, hessian", [
    (0.0, 2.0, [2, 0, 0, 0]), (0.0, 3.0, [0, 0, 0, 0]), (0.0, 0.0, [0, 0, 0, 0]),
    (2.0, 0.0, [0, 0.5, 0.5, math.log(2) ** 2]),
    (3.0, 2.0, [2, 3 * (1 + 2 * math.log(3)), 3 * (1 + 2 * math.log(3)), 9 * math.log(3) ** 2]),
    (-2.0, 2.0, [2, nan, nan, nan])])  # fmt: skip
def test_the_second_derivatives_of_a_power(a, b, hessian):
    a, b = Value(a), Value(b)
    found = [h.data for g in grad(a**b, a, b) for h in grad(g, a, b)]
    assert found == pytest.approx(hessian, rel=1e-14, abs=0, nan_ok=True)


@pytest.mark.parametrize("backend", ["python", "numpy", "native"])
@pytest.mark.parametrize("row, xs", [
    ("pow", (TINY, 0.0)), ("pow", (-2.0, 0.0)), ("hypot", (M, M)), ("hypot", (TINY, TINY)), ("xlogy", (0.0, inf)),
    ("xlogy", (0.0, 0.5)), ("gelu", (M,)), ("gelu_tanh", (-M,)), ("acosh", (1.0,)), ("asin", (1.0,)),
    ("tanh", (400.0,)), ("sigmoid", (-745.0,)), ("logit", (0.0,)), ("softsign", (inf,)), ("digamma", (0.0,)),
    ("mod", (-7.0, 3.0)), ("floor_divide", (7.0, -2.0)), ("round", (2.5,))])  # fmt: skip
def test_replays_do_as_the_engine_does(backend, row, xs):
    pytest.importorskip("numba" if backend == "native" else "numpy")
    op, vs = ops.TABLE[row], [*map(Value, xs)]
    y = op(*vs)
    y.backward()
    x = [*map(Value, xs)]
    replay = jit(lambda *args: op(*args), backend=backend)
    for _ in range(2):
        for v in x:
            v.grad = 0.0
        out = replay(*x)
        out.backward()
    assert [out.data, *[v.grad for v in x]] == pytest.approx(
        [y.data, *[v.grad for v in vs]], rel=1e-14, abs=0, nan_ok=True
    )


@pytest.mark.parametrize(
    "z, t, loss", [(inf, 1.0, 0), (-inf, 0.0, 0), (inf, 0.0, inf), (-inf, 1.0, inf), (800.0, 1.0, 0), (nan, 1.0, nan)]
)
def test_infinite_logits_cost_nothing_on_the_right_side_also_recorded(z, t, loss):
    entropy = jit(lambda z, t: losses.binary_cross_entropy_with_logits(z, t))
    for _ in range(2):
        x = Value(z)
        entropy(x, t).backward()
        assert entropy(z, t).data == pytest.approx(loss, nan_ok=True)
        assert x.grad == pytest.approx({0: 0, inf: math.copysign(1, z)}.get(loss, nan), nan_ok=True)


def test_a_node_made_by_hand_has_a_first_derivative_and_no_second():
    a = Value(3.0)
    square = Value(9.0, (a,), (6.0,))
    [slope] = grad(square * a, a)
    assert slope.data == 27
    with pytest.raises(TypeError, match="'by hand' cannot be differentiated twice"):
        grad(slope, a)
    with pytest.raises(RuntimeError, match="assign its _backward"):
        grad(Value(9.0, (a,), "square"), a)


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js: apt install nodejs")
def test_every_row_of_one_input_in_javascript_at_many_points():
    """Values and slopes; what is near the largest or the smallest floats JavaScript's own functions decide."""
    points = [
        -40.0,
        -6.0,
        -2.5,
        -1.3,
        -0.999,
        -0.5,
        -1e-8,
        0.0,
        1e-8,
        0.25,
        0.5,
        0.999,
        1.0,
        1.3,
        1.5,
        2.5,
        3.5,
        7.0,
        40.0,
    ]
    x, everything, lines, expected = name("x"), [], [], []
    for op in ops.TABLE.values():
        if len(op.domain) == 1 and ... not in op.domain:
            lo, hi = op.domain[0]
            formulas = [op(x), *op.partials(op(x), x)]
            everything += formulas
            for at in points:
                if lo < at < hi and (at != 0 or op.kink(at)):
                    values = [op(at), *op.slopes(op(at), at)]
                    texts = ", ".join(JAVASCRIPT.write(f) for f in formulas)
                    lines.append(f"((x) => [{texts}].map(v => Number.isFinite(+v) ? +v : String(v)))({at})")
                    expected.append((op.name, at, [*map(float, values)]))
    script = f"{JAVASCRIPT.prelude(everything)}\nconsole.log(JSON.stringify([{', '.join(lines)}]))"
    out = json.loads(subprocess.run(["node", "-"], input=script, capture_output=True, text=True, check=True).stdout)
    wrong = []
    for (row, at, values), found in zip(expected, out):
        numbers = [float(str(v).replace("Infinity", "inf")) for v in found]
        if numbers != pytest.approx(values, rel=1e-9, abs=1e-14, nan_ok=True):
            wrong.append((row, at, numbers, values))
    assert not wrong
