"""What every row does at the edges of the floats: zeros of both signs, the tiny, the huge, infinities, nan, kinks.

Where Python would raise or turn complex, the rows follow IEEE 754; a nan is never hidden.
"""

import itertools
import math
from math import inf, isnan, nan, pi

import pytest

from tinygrad_edu import Value, ops
from tinygrad_edu.functional import logsumexp, softmax
from tinygrad_edu.ops import clip, leaky_relu, power

M = 1.7976931348623157e308  # the largest float

ROWS = [*ops.TABLE.values(), power(-1), power(0.5), power(2.5), power(0), leaky_relu(0.2), clip(0.0, 2.0)]
every_row = pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)

s, t, h = 5e-324, 1e-300, 1e300  # the smallest float, a tiny one, a huge one
EDGES = [0.0, -0.0, s, -s, t, -t, h, -h, inf, -inf]
EVERYWHERE = [*EDGES, 1.0, -1.0, 0.5, -2.0, 2.0, 1e16, nan]
ROOT_S, L, A, LN2, P, G = 2.0**-537, math.log(1e300), math.asinh(1e300), math.log(2), pi / 2, 2 / math.sqrt(pi)
LN10, CBRT_S, SINC2, SELU = math.log(10), 2.0**-358, pi**2 / 3, 1.0507009873554805 * 1.6732632423543772
SIN, COS = -0.8178819121159085, -0.5753861119575491  # of 1e300

# At EDGES, for each row with one input: its values, its slopes.
TABLE = {
    "neg": ([-0.0, 0, -s, s, -t, t, -h, h, -inf, inf],
            [-1] * 10),
    "power(3)": ([0, -0.0, 0, -0.0, 0, -0.0, inf, -inf, inf, -inf],
                 [0, 0, 0, 0, 0, 0, inf, inf, inf, inf]),
    "power(-1)": ([inf, -inf, inf, -inf, h, -h, t, -t, 0, -0.0],
                  [-inf, -inf, -inf, -inf, -inf, -inf, 0, 0, 0, 0]),
    "power(0.5)": ([0, 0, ROOT_S, nan, 1e-150, nan, 1e150, nan, inf, inf],
                   [inf, inf, 0.5 / ROOT_S, nan, 5e149, nan, 5e-151, nan, 0, 0]),
    "power(2.5)": ([0, 0, 0, nan, 0, nan, inf, nan, inf, inf],
                   [0, 0, 0, nan, 0, nan, inf, nan, inf, inf]),
    "power(0)": ([1] * 10,
                 [0] * 10),
    "exp": ([1, 1, 1, 1, 1, 1, inf, 0, inf, 0],
            [1, 1, 1, 1, 1, 1, inf, 0, inf, 0]),
    "expm1": ([0, -0.0, s, -s, t, -t, inf, -1, inf, -1],
              [1, 1, 1, 1, 1, 1, inf, 0, inf, 0]),
    "log": ([-inf, -inf, -744.4400719213812, nan, -L, nan, L, nan, inf, nan],
            [inf, -inf, inf, nan, h, nan, t, nan, 0, nan]),
    "log1p": ([0, -0.0, s, -s, t, -t, L, nan, inf, nan],
              [1, 1, 1, 1, 1, 1, t, nan, 0, nan]),
    "sqrt": ([0, -0.0, ROOT_S, nan, 1e-150, nan, 1e150, nan, inf, nan],
             [inf, -inf, 0.5 / ROOT_S, nan, 5e149, nan, 5e-151, nan, 0, nan]),
    "sin": ([0, -0.0, s, -s, t, -t, SIN, -SIN, nan, nan],
            [1, 1, 1, 1, 1, 1, COS, COS, nan, nan]),
    "cos": ([1, 1, 1, 1, 1, 1, COS, COS, nan, nan],
            [0, 0, -s, s, -t, t, -SIN, SIN, nan, nan]),
    "tan": ([0, -0.0, s, -s, t, -t, SIN / COS, -SIN / COS, nan, nan],
            [1, 1, 1, 1, 1, 1, 1 / COS**2, 1 / COS**2, nan, nan]),
    "asin": ([0, -0.0, s, -s, t, -t, nan, nan, nan, nan],
             [1, 1, 1, 1, 1, 1, nan, nan, nan, nan]),
    "acos": ([P, P, P, P, P, P, nan, nan, nan, nan],
             [-1, -1, -1, -1, -1, -1, nan, nan, nan, nan]),
    "atan": ([0, -0.0, s, -s, t, -t, P, -P, P, -P],
             [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
    "sinh": ([0, -0.0, s, -s, t, -t, inf, -inf, inf, -inf],
             [1, 1, 1, 1, 1, 1, inf, inf, inf, inf]),
    "cosh": ([1, 1, 1, 1, 1, 1, inf, inf, inf, inf],
             [0, 0, s, -s, t, -t, inf, -inf, inf, -inf]),
    "asinh": ([0, -0.0, s, -s, t, -t, A, -A, inf, -inf],
              [1, 1, 1, 1, 1, 1, t, t, 0, 0]),
    "acosh": ([nan, nan, nan, nan, nan, nan, A, nan, inf, nan],
              [nan, nan, nan, nan, nan, nan, t, nan, 0, nan]),
    "atanh": ([0, -0.0, s, -s, t, -t, nan, nan, nan, nan],
              [1, 1, 1, 1, 1, 1, nan, nan, nan, nan]),
    "tanh": ([0, -0.0, s, -s, t, -t, 1, -1, 1, -1],
             [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
    "sigmoid": ([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0],
                [0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0]),
    "softplus": ([LN2, LN2, LN2, LN2, LN2, LN2, h, 0, inf, 0],
                 [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0]),
    "relu": ([0, 0, s, 0, t, 0, h, 0, inf, 0],
             [0, 0, 1, 0, 1, 0, 1, 0, 1, 0]),
    "leaky_relu(0.01)": ([0, 0, s, 0, t, -1e-302, h, -1e298, inf, -inf],
                         [0.01, 0.01, 1, 0.01, 1, 0.01, 1, 0.01, 1, 0.01]),
    "leaky_relu(0.2)": ([0, 0, s, 0, t, -2e-301, h, -2e299, inf, -inf],
                        [0.2, 0.2, 1, 0.2, 1, 0.2, 1, 0.2, 1, 0.2]),
    "elu": ([0, 0, s, -s, t, -t, h, -1, inf, -1],
            [1, 1, 1, 1, 1, 1, 1, 0, 1, 0]),
    "silu": ([0, -0.0, 0, -0.0, t / 2, -t / 2, h, -0.0, inf, nan],  # inf * 0 is nan, as in IEEE
             [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 0, nan, nan]),
    "gelu": ([0, -0.0, 0, -0.0, t / 2, -t / 2, h, -0.0, inf, nan],
             [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 0, nan, nan]),
    "erf": ([0, -0.0, s, -s, G * t, -G * t, 1, -1, 1, -1],
            [G, G, G, G, G, G, 0, 0, 0, 0]),
    "erfc": ([1, 1, 1, 1, 1, 1, 0, 2, 0, 2],
             [-G, -G, -G, -G, -G, -G, 0, 0, 0, 0]),
    "abs": ([0, 0, s, s, t, t, h, h, inf, inf],
            [0, 0, 1, -1, 1, -1, 1, -1, 1, -1]),
    "square": ([0, 0, 0, 0, 0, 0, inf, inf, inf, inf],
               [0, 0, 2 * s, -2 * s, 2 * t, -2 * t, 2 * h, -2 * h, inf, -inf]),
    "reciprocal": ([inf, -inf, inf, -inf, h, -h, t, -t, 0, -0.0],
                   [-inf, -inf, -inf, -inf, -inf, -inf, 0, 0, 0, 0]),
    "cbrt": ([0, -0.0, CBRT_S, -CBRT_S, 1e-100, -1e-100, 1e100, -1e100, inf, -inf],
             [inf, inf, CBRT_S / s / 3, CBRT_S / s / 3, 1e200 / 3, 1e200 / 3, 1e-200 / 3, 1e-200 / 3, 0, 0]),
    "rsqrt": ([inf, -inf, 1 / ROOT_S, nan, 1e150, nan, 1e-150, nan, 0, nan],
              [-inf, -inf, -inf, nan, -inf, nan, 0, nan, 0, nan]),
    "exp2": ([1, 1, 1, 1, 1, 1, inf, 0, inf, 0],
             [LN2, LN2, LN2, LN2, LN2, LN2, inf, 0, inf, 0]),
    "log2": ([-inf, -inf, -1074, nan, math.log2(t), nan, math.log2(h), nan, inf, nan],
             [inf, -inf, inf, nan, h / LN2, nan, t / LN2, nan, 0, nan]),
    "log10": ([-inf, -inf, math.log10(s), nan, -300, nan, 300, nan, inf, nan],
              [inf, -inf, inf, nan, h / LN10, nan, t / LN10, nan, 0, nan]),
    "sinc": ([1, 1, 1, 1, 1, 1, math.sin(pi * h) / pi / h, math.sin(pi * h) / pi / h, nan, nan],
             [0, 0, -3 * s, 3 * s, -SINC2 * t, SINC2 * t, math.cos(pi * h) / h, -math.cos(pi * h) / h, nan, nan]),
    "logit": ([-inf, -inf, -744.4400719213812, nan, -L, nan, nan, nan, nan, nan],
              [inf, -inf, inf, nan, h, nan, nan, nan, nan, nan]),
    "logsigmoid": ([-LN2, -LN2, -LN2, -LN2, -LN2, -LN2, -0.0, -h, -0.0, -inf],
                   [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 1, 0, 1]),
    "softsign": ([0, -0.0, s, -s, t, -t, 1, -1, nan, nan],
                 [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
    "relu6": ([0, 0, s, 0, t, 0, 6, 0, 6, 0],
              [0, 0, 1, 0, 1, 0, 0, 0, 0, 0]),
    "hardtanh": ([0, -0.0, s, -s, t, -t, 1, -1, 1, -1],
                 [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
    "hardsigmoid": ([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0],
                    [1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 0, 0, 0, 0]),
    "hardswish": ([0, -0.0, 0, -0.0, t / 2, -t / 2, h, -0.0, inf, nan],
                  [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 0, nan, nan]),
    "selu": ([0, 0, s, -2 * s, 1.0507009873554805 * t, -SELU * t, 1.0507009873554805 * h, -SELU, inf, -SELU],
             [SELU, SELU, 1.0507009873554805, SELU, 1.0507009873554805, SELU, 1.0507009873554805, 0, 1.0507009873554805,
              0]),
    "mish": ([0, -0.0, s, -s, 0.6 * t, -0.6 * t, h, -0.0, inf, nan],
             [0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 1, 0, nan, nan]),
    "gelu_tanh": ([0, -0.0, 0, -0.0, t / 2, -t / 2, h, -0.0, inf, nan],
                  [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 0, nan, nan]),
    "erfinv": ([0, -0.0, s, -s, t / G, -t / G, nan, nan, nan, nan],
               [1 / G, 1 / G, 1 / G, 1 / G, 1 / G, 1 / G, nan, nan, nan, nan]),
    "lgamma": ([inf, inf, 744.4400719213812, 744.4400719213812, L, L, h * (L - 1), inf, inf, inf],
               [-inf, inf, -inf, inf, -h, h, L, nan, inf, nan]),
    "digamma": ([-inf, inf, -inf, inf, -h, h, L, nan, inf, nan],
                [inf, inf, inf, inf, inf, inf, t, inf, 0, inf]),
    "polygamma(1)": ([inf, inf, inf, inf, inf, inf, t, inf, 0, inf],
                     [nan, nan, -inf, inf, -inf, inf, 0, nan, 0, nan]),
    "sign": ([0, 0, 1, -1, 1, -1, 1, -1, 1, -1],
             [0] * 10),
    "floor": ([0, -0.0, 0, -1, 0, -1, h, -h, inf, -inf],
              [0] * 10),
    "ceil": ([0, -0.0, 1, -0.0, 1, -0.0, h, -h, inf, -inf],
             [0] * 10),
    "trunc": ([0, -0.0, 0, -0.0, 0, -0.0, h, -h, inf, -inf],
              [0] * 10),
    "round": ([0, -0.0, 0, -0.0, 0, -0.0, h, -h, inf, -inf],
              [0] * 10),
    "clip(-1, 1)": ([0, -0.0, s, -s, t, -t, 1, -1, 1, -1],
                    [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
    "clip(0, 2)": ([0, 0, s, 0, t, 0, 2, 0, 2, 0],
                   [1, 1, 1, 0, 1, 0, 0, 0, 0, 0]),
}  # fmt: skip


def same(got, expected, sign=True):
    """Equal to the last digit but one or two; a nan equals a nan, and a zero has the right sign."""
    if isnan(expected) or isnan(got):
        return isnan(expected) and isnan(got)
    if got == 0 == expected and sign:
        return math.copysign(1, got) == math.copysign(1, expected)
    return math.isclose(got, expected, rel_tol=1e-15)


def through_values(op, *xs):
    """What a user sees: the data of the result and the .grad of each input."""
    vs = [Value(x) for x in xs]
    y = op(*vs)
    y.backward()
    return y.data, [v.grad for v in vs]


def count(op):
    return 2 if ... in op.domain else len(op.domain)


def everywhere(op):
    some = EVERYWHERE if count(op) < 3 else [0.0, -0.0, s, h, -1.0, inf, -inf, nan]
    return itertools.product(some, repeat=count(op))


@pytest.mark.parametrize("op", [op for op in ROWS if count(op) == 1], ids=lambda op: op.name)
@pytest.mark.parametrize("i", range(len(EDGES)), ids=map(repr, EDGES))
def test_the_table(op, i):
    y, (d,) = through_values(op, EDGES[i])
    values, slopes = TABLE[op.name]
    assert same(y, values[i], sign=not op.name.startswith("leaky")), (y, values[i])
    assert same(d, slopes[i], sign=False), (d, slopes[i])


def test_the_table_has_every_row_with_one_input():
    rows = {op.name for op in ROWS if count(op) == 1}
    missing = sorted(rows - set(TABLE))
    assert not missing, f"add to TABLE, in tests/test_edges.py, the ten values and the ten slopes at EDGES: {missing}"
    assert not set(TABLE) - rows, "TABLE, in tests/test_edges.py, speaks of rows that are gone"
    assert {op.name for op in ROWS} >= set(ops.TABLE)


@every_row
def test_a_row_never_raises_and_gives_floats_and_so_does_backward(op):
    for xs in everywhere(op):
        y, ds = through_values(op, *xs)
        assert type(y) is float and len(ds) == len(xs) and all(type(d) is float for d in ds), xs
        assert same(op(*xs), y), xs


NAN_IS_NO_ANSWER = {  # where the other inputs alone decide, as in C, or the nan is on the branch not taken
    "pow": lambda a, b: a == 1 or b == 0,
    "hypot": lambda a, b: math.isinf(a) or math.isinf(b),
    "where": lambda c, f, g: isnan(c) or not isnan(f if c else g),
    "power(0)": lambda x: True,
}


@every_row
def test_a_nan_goes_through(op):
    for xs in everywhere(op):
        if any(map(isnan, xs)) and not NAN_IS_NO_ANSWER.get(op.name, lambda *xs: False)(*xs):
            assert isnan(op(*xs)), xs


@every_row
def test_a_nan_goes_through_the_slopes_that_depend_on_it(op):
    steps = ("sign", "floor", "ceil", "trunc", "round")  # flat whatever the input
    if count(op) == 1 and op.name not in ("neg", "power(0)", *steps):
        assert isnan(through_values(op, nan)[1][0])


@every_row
def test_outside_the_domain_value_and_slope_are_nan(op):
    lo, hi = op.domain[0]
    for x in [x for x in (lo - 0.5, hi + 0.5) if math.isfinite(x) and count(op) == 1]:
        assert through_values(op, x)[0] is not None and all(
            map(isnan, [through_values(op, x)[0], *through_values(op, x)[1]])
        )


@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "divide", "power", "hypot", "arctan2", "maximum", "minimum"]
)
def test_two_inputs_give_what_numpy_gives(name):
    np = pytest.importorskip("numpy")
    short = {"subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow", "arctan2": "atan2"}.get(name, name)
    with np.errstate(all="ignore"):
        for a, b in everywhere(ops.add):
            if name == "power" and b == 0.5 and not a > 0:
                continue  # NumPy takes the square root there, and IEEE's pow(-0, 0.5) is 0 and pow(-inf, 0.5) is inf
            expected = float(getattr(np, name)(np.float64(a), np.float64(b)))
            tie = a == 0 == b and name in ("maximum", "minimum")  # NumPy itself does not say which zero
            assert same(ops.TABLE[short](a, b), expected, sign=not tie), (a, b)


# Kinks, powers and infinities, as a user meets them.  (row, inputs, value, gradient of each input)
SPOTS = [
    # Kinks.
    (ops.relu, (0.0,), 0, [0]),
    (ops.relu, (nan,), nan, [nan]),
    (ops.abs, (0.0,), 0, [0]),
    (ops.maximum, (2.0, 2.0), 2, [0.5, 0.5]),
    (ops.minimum, (2.0, 2.0), 2, [0.5, 0.5]),
    (ops.maximum, (3.0, 2.0), 3, [1, 0]),
    (ops.minimum, (3.0, 2.0), 2, [0, 1]),
    (ops.maximum, (nan, 2.0), nan, [nan, nan]),
    (ops.minimum, (2.0, nan), nan, [nan, nan]),
    (ops.maximum, (inf, inf), inf, [0.5, 0.5]),
    (ops.maximum, (-inf, 0.0), 0, [0, 1]),
    (clip(-1, 1), (1.0,), 1, [1]),
    (clip(-1, 1), (-1.0,), -1, [1]),
    (clip(-1, 1), (1.0000001,), 1, [0]),
    (clip(-1, 1), (-5.0,), -1, [0]),
    (clip(-1, 1), (nan,), nan, [nan]),
    (ops.where, (1.0, 2.0, inf), 2, [0, 1, 0]),
    (ops.where, (0.0, nan, 3.0), 3, [0, 0, 1]),
    (ops.where, (-0.0, 2.0, 3.0), 3, [0, 0, 1]),
    (ops.greater, (2.0, 1.0), 1, [0, 0]),
    (ops.greater, (1.0, 1.0), 0, [0, 0]),
    (ops.greater, (inf, -inf), 1, [0, 0]),
    (ops.greater, (nan, 1.0), nan, [0, 0]),
    (ops.less, (2.0, 2.0), 0, [0, 0]),
    (ops.less_equal, (2.0, 2.0), 1, [0, 0]),
    (ops.greater_equal, (2.0, 3.0), 0, [0, 0]),
    (ops.equal, (2.0, 2.0), 1, [0, 0]),
    (ops.equal, (nan, nan), nan, [0, 0]),
    # Whole numbers.
    (ops.mod, (7.0, 3.0), 1, [1, -2]),
    (ops.mod, (-7.0, 3.0), 2, [1, 3]),
    (ops.mod, (7.0, -3.0), -2, [1, 3]),
    (ops.mod, (1.0, 0.1), 0.09999999999999995, [1, -9]),
    (ops.mod, (1.0, 0.0), nan, [1, -inf]),
    (ops.mod, (-5.0, inf), inf, [1, 1]),
    (ops.floor_divide, (-7.0, 2.0), -4, [0, 0]),
    (ops.floor_divide, (1.0, 0.0), inf, [0, 0]),
    (ops.round, (2.5,), 2, [0]),
    (ops.round, (-0.5,), -0.0, [0]),
    (ops.floor, (-2.5,), -3, [0]),
    (ops.ceil, (2.0000001,), 3, [0]),
    (ops.trunc, (-2.9,), -2, [0]),
    (ops.sign, (-0.0,), 0, [0]),
    # Probabilities.
    (ops.xlogy, (0.0, 0.0), 0, [-inf, 0]),
    (ops.xlogy, (0.0, 0.5), -0.0, [-LN2, 0]),
    (ops.xlogy, (2.0, 0.0), -inf, [-inf, inf]),
    (ops.xlogy, (0.0, nan), nan, [nan, nan]),
    (ops.logit, (0.5,), 0, [4]),
    (ops.logit, (0.0,), -inf, [inf]),
    (ops.logit, (1.0,), inf, [inf]),
    (ops.logit, (1.5,), nan, [nan]),
    (ops.erfinv, (1.0,), inf, [inf]),
    (ops.lgamma, (1.0,), 0, [-0.5772156649015329]),
    (ops.lgamma, (-1.0,), inf, [nan]),
    (ops.lgamma, (3.0,), LN2, [0.9227843350984671]),
    (ops.digamma, (1.0,), -0.5772156649015329, [pi**2 / 6]),
    (ops.logsigmoid, (-1000.0,), -1000, [1]),
    (ops.relu6, (6.0,), 6, [0]),
    (ops.hardtanh, (-1.0,), -1, [0]),
    # Powers.
    (ops.pow, (0.0, 0.0), 1, [0, 0]),
    (ops.pow, (0.0, 2.0), 0, [0, 0]),
    (ops.pow, (0.0, 0.5), 0, [inf, 0]),
    (ops.pow, (0.0, 1.0), 0, [1, 0]),
    (ops.pow, (0.0, -1.0), inf, [-inf, -inf]),
    (ops.pow, (-2.0, 3.0), -8, [12, nan]),
    (ops.pow, (-2.0, 0.5), nan, [nan, nan]),
    (ops.pow, (2.0, 3.0), 8, [12, 8 * LN2]),
    (ops.pow, (2.0, 0.0), 1, [0, LN2]),
    (ops.pow, (10.0, 400.0), inf, [inf, inf]),
    (ops.pow, (inf, 0.0), 1, [0, inf]),
    (power(2), (-3.0,), 9, [-6]),
    (power(3), (-2.0,), -8, [12]),
    (power(0), (0.0,), 1, [0]),
    (power(1), (0.0,), 0, [1]),
    (power(-1), (0.0,), inf, [-inf]),
    (power(0.5), (0.0,), 0, [inf]),
    (power(0.5), (-2.0,), nan, [nan]),
    (power(400), (10.0,), inf, [inf]),
    # IEEE instead of exceptions.
    (ops.div, (1.0, 0.0), inf, [inf, -inf]),
    (ops.div, (1.0, -0.0), -inf, [-inf, -inf]),
    (ops.div, (-1.0, 0.0), -inf, [inf, inf]),
    (ops.div, (0.0, 0.0), nan, [inf, nan]),
    (ops.div, (1.0, inf), 0, [0, 0]),
    (ops.div, (inf, inf), nan, [0, nan]),
    (ops.div, (h, t), inf, [h, -inf]),
    (ops.mul, (inf, 0.0), nan, [0, inf]),
    (ops.mul, (h, h), inf, [h, h]),
    (ops.sub, (inf, inf), nan, [1, -1]),
    (ops.log, (0.0,), -inf, [inf]),
    (ops.log, (-1.0,), nan, [nan]),
    (ops.sqrt, (0.0,), 0, [inf]),
    (ops.sqrt, (-1.0,), nan, [nan]),
    (ops.exp, (710.0,), inf, [inf]),
    (ops.exp, (-800.0,), 0, [0]),
    (ops.tanh, (1000.0,), 1, [0]),
    (ops.sigmoid, (-1000.0,), 0, [0]),
    (ops.sigmoid, (-40.0,), 4.248354255291589e-18, [4.248354255291589e-18]),
    (ops.sigmoid, (40.0,), 1, [4.248354255291589e-18]),
    (ops.softplus, (1000.0,), 1000, [1]),
    (ops.softplus, (-1000.0,), 0, [0]),
    (ops.log1p, (-1.0,), -inf, [inf]),
    (ops.asin, (1.0,), P, [inf]),
    (ops.acos, (-1.0,), pi, [-inf]),
    (ops.acosh, (1.0,), 0, [inf]),
    (ops.atanh, (1.0,), inf, [inf]),
    (ops.atanh, (-1.0,), -inf, [inf]),
    (ops.expm1, (-inf,), -1, [0]),
    (ops.atan2, (0.0, 1.0), 0, [1, 0]),
    (ops.atan2, (1.0, 0.0), P, [0, -1]),
    (ops.atan2, (-1.0, 0.0), -P, [0, 1]),
    (ops.atan2, (0.0, -1.0), pi, [-1, 0]),
    (ops.atan2, (-0.0, -1.0), -pi, [-1, 0]),
    (ops.atan2, (h, h), pi / 4, [5e-301, -5e-301]),
    (ops.atan2, (t, t), pi / 4, [5e299, -5e299]),
    (ops.hypot, (0.0, 3.0), 3, [0, 1]),
    (ops.hypot, (h, 0.0), h, [1, 0]),
    (ops.hypot, (3 * t, 4 * t), 5 * t, [0.6, 0.8]),
    (ops.hypot, (0.0, 0.0), 0, [nan, nan]),
    (ops.hypot, (M, M), inf, [0.5**0.5, 0.5**0.5]),
    (ops.hypot, (M, -M), inf, [0.5**0.5, -(0.5**0.5)]),
    (ops.hypot, (5e-324, -5e-324), 5e-324, [0.5**0.5, -(0.5**0.5)]),
    (ops.pow, (5e-324, 0.0), 1, [0, math.log(5e-324)]),
    (ops.pow, (5e-324, -0.0), 1, [0, math.log(5e-324)]),
    (ops.pow, (-5e-324, 0.0), 1, [0, nan]),
    (ops.pow, (-3.0, 0.0), 1, [0, nan]),
    (ops.pow, (inf, 0.0), 1, [0, inf]),
    (ops.xlogy, (0.0, inf), 0, [inf, 0]),
    (ops.xlogy, (-0.0, 0.0), 0, [-inf, 0]),
    (ops.xlogy, (0.0, nan), nan, [nan, nan]),
    (ops.gelu, (M,), M, [1]),
    (ops.gelu, (2.0**1023,), 2.0**1023, [1]),
    (ops.gelu, (-M,), -0.0, [0]),
    (ops.gelu_tanh, (M,), M, [1]),
    # Any number of inputs.
    (ops.sum, (inf, -inf), nan, [1, 1]),
    (ops.sum, (-0.0, -0.0), -0.0, [1, 1]),
    (ops.dot, (inf, 0.0), nan, [0, inf]),
    (ops.dot, (2.0, 3.0, 5.0), 11, [3, 2, 1]),
    (ops.logsumexp, (5.0,), 5, [1]),
    (ops.logsumexp, (0.0, 0.0), LN2, [0.5, 0.5]),
    (ops.logsumexp, (1000.0, 1000.0), 1000 + LN2, [0.5, 0.5]),
    (ops.logsumexp, (h, h), h, [0.5, 0.5]),
    (ops.logsumexp, (1000.0, -1000.0), 1000, [1, 0]),
    (ops.logsumexp, (-inf, 0.0), 0, [0, 1]),
    (ops.logsumexp, (-1000.0, -1000.0), LN2 - 1000, [0.5, 0.5]),
    (ops.logsumexp, (inf, 0.0), inf, [nan, nan]),
    (ops.logsumexp, (-inf, -inf), -inf, [nan, nan]),
    (ops.logsumexp, (nan, 0.0), nan, [nan, nan]),
]


@pytest.mark.parametrize("op, xs, y, ds", SPOTS, ids=lambda a: getattr(a, "name", None) or repr(a))
def test_the_spots(op, xs, y, ds):
    got, grads = through_values(op, *xs)
    assert same(got, y), got
    assert all(same(g, d, sign=False) for g, d in zip(grads, ds, strict=True)), grads


@pytest.mark.parametrize(
    "f, x, y, d",
    [
        (lambda x: 1 / x, 0.0, inf, -inf),
        (lambda x: 0 / x, 0.0, nan, nan),
        (lambda x: x**-1, 0.0, inf, -inf),
        (lambda x: x**0, 0.0, 1, 0),
        (lambda x: x**0.5, -2.0, nan, nan),
        (lambda x: 2**x, 3.0, 8, 8 * LN2),
        (lambda x: 10.0**x, 400.0, inf, inf),
        (lambda x: 0.0**x, 0.0, 1, 0),
        (lambda x: 0.0**x, 2.0, 0, 0),
        (lambda x: x / 1e-300, 1e300, inf, h),
        (lambda x: 1e-300 / x, 1e300, 0, 0),
        (lambda x: 0 * (1 / x), 0.0, nan, nan),
        (lambda x: ops.where(1.0, x, 1 / x), 0.0, 0, 1),  # what is behind the branch not taken passes on nothing
        (lambda x: ops.where(0.0, x.log(), x * x), -1.0, 1, -2),
    ],
)
def test_operators_follow_ieee(f, x, y, d):
    got, (slope,) = through_values(f, x)
    assert same(got, y) and same(slope, d, sign=False), (got, slope)


def test_the_branch_not_taken_receives_exactly_zero():
    for bad in (inf, -inf, nan, h):
        x, z = Value(2.0), Value(bad)
        (3 * ops.where(1.0, x, z) + ops.where(0.0, z, x)).backward()
        assert (x.grad, z.grad) == (4.0, 0.0)


def test_softmax_and_logsumexp_of_masked_scores():
    scores = [Value(1.0), Value(-inf), Value(1.0)]
    ps = softmax(scores)
    assert [p.data for p in ps] == pytest.approx([0.5, 0.0, 0.5], abs=1e-15) and ps[1].data == 0
    logsumexp(scores).backward()
    assert [v.grad for v in scores] == [0.5, 0.0, 0.5]
