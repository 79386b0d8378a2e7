"""Values and local gradients within a few ulps of the truth, over the whole domain: every row against mpmath.

The truth for each row is written here a second time, in another form where there is one, and computed with
hundreds of digits.  An error is counted in ulps of the truth plus, because a float x stands for all the
numbers that round to it, in what half an ulp of x changes: conditioning is not the row's fault.
"""

import math
import random

import pytest

from tinygrad_edu import Value, ops
from tinygrad_edu.check import intervals

mp = pytest.importorskip("mpmath")
mp.mp.prec = 2400  # tanh' at 350 is 1 - (1 - 1e-304)

one, two, half = mp.mpf(1), mp.mpf(2), mp.mpf(1) / 2


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def normal(x):  # the Gaussian bell curve
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def step(x, at_zero=0):
    return one if x > 0 else one * at_zero if x == 0 else 0 * one


SELU, ALPHA = mp.mpf(1.0507009873554805), mp.mpf(1.6732632423543772)


def root3(x):
    return mp.cbrt(x) if x > 0 else -mp.cbrt(-x)


def mish_slope(x):
    t = mp.tanh(mp.log1p(mp.exp(x)))
    return t + x * (1 - t * t) * sigmoid(x)


def sinc_slope(x):
    return (mp.cos(mp.pi * x) - mp.sinc(mp.pi * x)) / x if abs(x) > 1e-50 else -(mp.pi**2) * x / 3


def inner(x):
    return mp.sqrt(8 / mp.pi) * (x + mp.mpf(0.044715) * x**3)


def gelu_tanh_slope(x):
    s = sigmoid(inner(x))
    return s + x * s * (1 - s) * mp.sqrt(8 / mp.pi) * (1 + 3 * mp.mpf(0.044715) * x * x)


def erfinv(x):
    y = mp.erfinv(x) if mp.mp.prec < 300 else mp.mpf(ops.erfinv(float(x)))
    for _ in range(10):  # Newton's steps from 16 digits to all
        y -= (mp.erf(y) - x) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
    return y


def softmax(*xs):
    total = mp.fsum(map(mp.exp, xs))
    return [mp.exp(x) / total for x in xs]


def split(xs):  # of dot: weights, inputs, bias
    n = len(xs) // 2
    return xs[:n], xs[n : 2 * n], xs[2 * n :]


# name: (value, local gradients), in arithmetic that does not round.
TRUTH = {
    "add": (lambda a, b: a + b, lambda a, b: [one, one]),
    "sub": (lambda a, b: a - b, lambda a, b: [one, -one]),
    "mul": (lambda a, b: a * b, lambda a, b: [b, a]),
    "div": (lambda a, b: a / b, lambda a, b: [1 / b, -a / b / b]),
    "neg": (lambda x: -x, lambda x: [-one]),
    "power(3)": (lambda x: x**3, lambda x: [3 * x * x]),
    "power(2)": (lambda x: x**2, lambda x: [2 * x]),
    "power(-1)": (lambda x: 1 / x, lambda x: [-1 / x / x]),
    "power(0.5)": (mp.sqrt, lambda x: [half / mp.sqrt(x)]),
    "power(2.5)": (lambda x: x * x * mp.sqrt(x), lambda x: [x * mp.sqrt(x) * 5 / 2]),
    "power(0)": (lambda x: one, lambda x: [0 * one]),
    "pow": (lambda a, b: a**b, lambda a, b: [b * a ** (b - 1), a**b * mp.log(a)]),
    "exp": (mp.exp, lambda x: [mp.exp(x)]),
    "expm1": (mp.expm1, lambda x: [mp.exp(x)]),
    "log": (mp.log, lambda x: [1 / x]),
    "log1p": (mp.log1p, lambda x: [1 / (1 + x)]),
    "sqrt": (mp.sqrt, lambda x: [half / mp.sqrt(x)]),
    "sin": (mp.sin, lambda x: [mp.cos(x)]),
    "cos": (mp.cos, lambda x: [-mp.sin(x)]),
    "tan": (mp.tan, lambda x: [mp.sec(x) ** 2]),
    "asin": (mp.asin, lambda x: [1 / mp.sqrt(1 - x * x)]),
    "acos": (mp.acos, lambda x: [-1 / mp.sqrt(1 - x * x)]),
    "atan": (mp.atan, lambda x: [1 / (1 + x * x)]),
    "atan2": (mp.atan2, lambda y, x: [x / (x * x + y * y), -y / (x * x + y * y)]),
    "hypot": (mp.hypot, lambda a, b: [a / mp.hypot(a, b), b / mp.hypot(a, b)]),
    "sinh": (mp.sinh, lambda x: [mp.cosh(x)]),
    "cosh": (mp.cosh, lambda x: [mp.sinh(x)]),
    "asinh": (mp.asinh, lambda x: [1 / mp.sqrt(1 + x * x)]),
    "acosh": (mp.acosh, lambda x: [1 / mp.sqrt(x * x - 1)]),
    "atanh": (mp.atanh, lambda x: [1 / (1 - x * x)]),
    "tanh": (mp.tanh, lambda x: [mp.sech(x) ** 2]),
    "sigmoid": (sigmoid, lambda x: [sigmoid(x) * sigmoid(-x)]),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), lambda x: [sigmoid(x)]),
    "relu": (lambda x: max(x, 0 * x), lambda x: [step(x)]),
    "leaky_relu(0.01)": (lambda x: max(x, 0.01 * x), lambda x: [one if x > 0 else mp.mpf(0.01)]),
    "leaky_relu(0.2)": (lambda x: max(x, 0.2 * x), lambda x: [one if x > 0 else mp.mpf(0.2)]),
    "elu": (lambda x: x if x > 0 else mp.expm1(x), lambda x: [one if x > 0 else mp.exp(x)]),
    "silu": (lambda x: x * sigmoid(x), lambda x: [sigmoid(x) * (1 + x * sigmoid(-x))]),
    "gelu": (lambda x: x * cdf(x), lambda x: [cdf(x) + x * normal(x)]),
    "erf": (mp.erf, lambda x: [2 / mp.sqrt(mp.pi) * mp.exp(-x * x)]),
    "erfc": (mp.erfc, lambda x: [-2 / mp.sqrt(mp.pi) * mp.exp(-x * x)]),
    "abs": (abs, lambda x: [step(x) - step(-x)]),
    "maximum": (max, lambda a, b: [step(a - b, half), step(b - a, half)]),
    "minimum": (min, lambda a, b: [step(b - a, half), step(a - b, half)]),
    "clip(-1, 1)": (lambda x: min(max(x, -one), one), lambda x: [step(1 - abs(x), 1)]),
    "clip(0, 2)": (lambda x: min(max(x, 0 * one), two), lambda x: [step(1 - abs(x - 1), 1)]),
    "square": (lambda x: x * x, lambda x: [2 * x]),
    "reciprocal": (lambda x: 1 / x, lambda x: [-1 / x / x]),
    "cbrt": (lambda x: root3(x), lambda x: [1 / (3 * root3(x) ** 2)]),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), lambda x: [-half / mp.sqrt(x) / x]),
    "exp2": (lambda x: two**x, lambda x: [two**x * mp.ln2]),
    "log2": (lambda x: mp.log(x) / mp.ln2, lambda x: [1 / (x * mp.ln2)]),
    "log10": (mp.log10, lambda x: [1 / (x * mp.ln10)]),
    "xlogy": (lambda a, b: a * mp.log(b), lambda a, b: [mp.log(b), a / b]),
    "sinc": (lambda x: mp.sinc(mp.pi * x), lambda x: [sinc_slope(x)]),
    "logit": (lambda x: mp.log(x / (1 - x)), lambda x: [1 / (x * (1 - x))]),
    "logsigmoid": (lambda x: -mp.log1p(mp.exp(-x)), lambda x: [sigmoid(-x)]),
    "softsign": (lambda x: x / (1 + abs(x)), lambda x: [1 / (1 + abs(x)) ** 2]),
    "relu6": (lambda x: min(max(x, 0 * x), 6 * one), lambda x: [step(x) * step(6 - x)]),
    "hardtanh": (lambda x: min(max(x, -one), one), lambda x: [step(1 - abs(x))]),
    "hardsigmoid": (lambda x: min(max(x + 3, 0 * x), 6 * one) / 6, lambda x: [step(3 - abs(x)) / 6]),
    "hardswish": (
        lambda x: x * min(max(x + 3, 0 * x), 6 * one) / 6,
        lambda x: [x * step(3 - abs(x)) / 6 + min(max(x + 3, 0 * x), 6 * one) / 6],
    ),
    "selu": (
        lambda x: SELU * (x if x > 0 else ALPHA * mp.expm1(x)),
        lambda x: [SELU * (one if x > 0 else ALPHA * mp.exp(x))],
    ),
    "mish": (lambda x: x * mp.tanh(mp.log1p(mp.exp(x))), lambda x: [mish_slope(x)]),
    "gelu_tanh": (lambda x: x * sigmoid(inner(x)), lambda x: [gelu_tanh_slope(x)]),
    "erfinv": (lambda x: erfinv(x), lambda x: [mp.sqrt(mp.pi) / 2 * mp.exp(erfinv(x) ** 2)]),
    "lgamma": (
        lambda x: mp.log(abs(mp.gamma(x))) if abs(x) < 100 else mp.re(mp.loggamma(x)),
        lambda x: [mp.digamma(x)],
    ),
    "digamma": (mp.digamma, lambda x: [mp.psi(1, x)]),
    "polygamma(1)": (lambda x: mp.psi(1, x), lambda x: [mp.psi(2, x)]),
    "polygamma(4)": (lambda x: mp.psi(4, x), lambda x: [mp.psi(5, x)]),
    "sign": (lambda x: step(x) - step(-x), lambda x: [0 * x]),
    "floor": (mp.floor, lambda x: [0 * x]),
    "ceil": (mp.ceil, lambda x: [0 * x]),
    "trunc": (lambda x: mp.sign(x) * mp.floor(abs(x)), lambda x: [0 * x]),
    "round": (mp.nint, lambda x: [0 * x]),
    "mod": (lambda a, b: a - b * mp.floor(a / b), lambda a, b: [one, -mp.floor(a / b)]),
    "floor_divide": (lambda a, b: mp.floor(a / b), lambda a, b: [0 * a, 0 * b]),
    "less": (lambda a, b: step(b - a), lambda a, b: [0 * a, 0 * b]),
    "less_equal": (lambda a, b: 1 - step(a - b), lambda a, b: [0 * a, 0 * b]),
    "greater_equal": (lambda a, b: 1 - step(b - a), lambda a, b: [0 * a, 0 * b]),
    "equal": (lambda a, b: one * (a == b), lambda a, b: [0 * a, 0 * b]),
    "where": (lambda c, f, g: f if c else g, lambda c, f, g: [0 * one, one * bool(c), one * (not c)]),
    "greater": (lambda a, b: step(a - b), lambda a, b: [0 * one, 0 * one]),
    "sum": (lambda *xs: mp.fsum(xs), lambda *xs: [one] * len(xs)),
    "dot": (
        lambda *xs: mp.fdot(*split(xs)[:2]) + mp.fsum(split(xs)[2]),
        lambda *xs: [*split(xs)[1], *split(xs)[0], *[one] * (len(xs) % 2)],
    ),
    "logsumexp": (lambda *xs: mp.log(mp.fsum(map(mp.exp, xs))), softmax),
}


ROWS = [*ops.TABLE.values(), ops.power(2), ops.power(-1), ops.power(0.5), ops.power(2.5), ops.power(0),
        ops.leaky_relu(0.2), ops.clip(0.0, 2.0), ops.polygamma(4)]  # fmt: skip
every_row = pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)

SMALLEST = mp.mpf(2) ** -1022  # below this, floats run out of digits
EPS = mp.mpf(2) ** -52
FAR = {"sin": 1e6, "cos": 1e6, "tan": 1e6, "pow": 1e20, "exp": 1e4, "expm1": 1e4, "sinh": 1e4, "cosh": 1e4, "tanh": 1e3,
       "sigmoid": 1e3, "softplus": 1e3, "elu": 1e3, "silu": 1e3, "logsumexp": 1e3, "exp2": 1e4, "mish": 700,
       "gelu_tanh": 20, "selu": 1e3, "logsigmoid": 1e3, "sinc": 1e6, "lgamma": 1e3, "digamma": 1e3, "polygamma(1)": 30,
       "polygamma(4)": 30, "floor_divide": 1e6, "mod": 1e6, "erf": 40, "erfc": 40,
       "gelu": 60}  # fmt: skip  # beyond: test_edges


def test_every_row_has_a_truth():
    missing = [op.name for op in ROWS if op.name not in TRUTH]
    assert not missing, (
        f"add to TRUTH, in tests/test_accuracy.py: its value and its local gradients, with mpmath: {missing}"
    )
    assert not set(TRUTH) - {op.name for op in ROWS}, "TRUTH, in tests/test_accuracy.py, speaks of rows that are gone"


def apart(got, truth, slack=0):
    """How many ulps a float is from the truth, after what the slack excuses."""
    if math.isinf(got):
        return 0.0 if truth * int(math.copysign(1, got)) >= mp.mpf(2) ** 1024 * (1 - EPS / 4) else math.inf
    ulp = math.ulp(float(min(abs(truth), mp.mpf(1.7e308))))
    return float(max(abs(mp.mpf(got) - truth) - slack - SMALLEST, 0) / ulp)


def errors(op, *xs, digits=400, excuse=1):
    """The errors of the value and of each local gradient at one point, in ulps after
    conditioning (excuse=0: before).
    """
    value, partials = TRUTH[op.name]
    with mp.workprec(digits * 3):
        exact = [mp.mpf(x) for x in xs]
        y, ds = value(*exact), partials(*exact)
        found = op.slopes(op(*xs), *xs)
        yield apart(op(*xs), y, excuse * EPS * mp.fsum(abs(x * d) for x, d in zip(exact, ds)))
        for i, (d, exact_d) in enumerate(zip(found, ds, strict=True)):
            nudged = 0
            for j, x in enumerate(exact):  # |x * d(partial)/dx|, by a difference with a tiny step
                there = [*exact[:j], x * (1 + mp.mpf(2) ** -200), *exact[j + 1 :]]
                nudged += abs(partials(*there)[i] - exact_d) * mp.mpf(2) ** 200
            if op.name == "pow":  # b - 1 is rounded once, and ln(a) multiplies it
                nudged += abs(exact_d * mp.log(exact[0]))
            yield apart(d, exact_d, excuse * EPS * nudged)


def a_float(rng, far):
    """Floats as they occur: ordinary ones, tiny and huge ones, and those next to 1."""
    way = rng.random()
    sign = rng.choice((-1, 1))
    if way < 0.4:
        return rng.uniform(-5, 5)
    if way < 0.6:
        return rng.uniform(-1, 1) * min(far, 1000)
    if way < 0.9:
        return sign * 10 ** rng.uniform(-300, min(math.log10(far), 300))
    return sign * (1 + rng.choice((-1, 1)) * 10 ** rng.uniform(-16, -1))


def points(op, n):
    """n random points inside a row's domain."""
    rng = random.Random(op.name)
    while n:
        k = rng.randint(2, 5) if ... in op.domain else len(op.domain)
        xs = [a_float(rng, FAR.get(op.name, 1e300)) for _ in range(k)]
        if op.name == "lgamma" and xs[0] < 0 and abs(op(*xs)) < 1:
            continue  # at its zeros below 0 it has the digits of what it is a difference of
        if op.name == "acosh":
            xs = [1 + abs(xs[0])]
        if k > 1 and rng.random() < 0.2:
            xs[1] = xs[0] * (1 + rng.uniform(-1e-8, 1e-8))
        if all(lo < x < hi for x, (lo, hi) in zip(xs, intervals(op, k))):
            n -= 1
            yield xs


@every_row
def test_values_and_slopes_are_within_four_ulps(op):
    for xs in points(op, 60):
        assert max(errors(op, *xs)) <= 4, (xs, list(errors(op, *xs)))


# The spots where the obvious formula, or another library, loses digits.
HARD = [
    ("div", [(1e300, 1e-5), (1e-300, 1e5), (1e300, 3e299), (3e-300, 7e-300), (1.0, 1e300), (1e300, 1e300), (1.0, 3.0)]),
    ("softplus", [(20.0,), (20.5,), (22.0,), (30.0,), (36.7,), (-40.0,), (-700.0,)]),
    ("gelu", [(-10.0,), (-5.0,), (-20.0,), (-37.0,), (-0.7517915246935645,), (10.0,), (1e-300,)]),
    ("silu", [(-1.2784645427610738,), (-30.0,), (-700.0,), (40.0,), (1e-300,)]),
    ("asin", [(1 - 1e-8,), (1e-8 - 1,), (1 - 2**-53,), (2**-52 - 1,), (1e-300,)]),
    ("acos", [(1 - 1e-8,), (1e-8 - 1,), (1 - 2**-53,), (2**-52 - 1,)]),
    ("atanh", [(1 - 1e-8,), (1e-8 - 1,), (1 - 2**-53,), (2**-52 - 1,), (1e-300,)]),
    ("acosh", [(1 + 1e-8,), (1 + 2**-52,), (1e300,)]),
    ("sinh", [(710.0,), (-710.0,), (710.4,), (1e-300,)]),
    ("cosh", [(710.0,), (-710.0,), (710.4,), (1e-300,)]),
    ("tanh", [(5.0,), (10.0,), (19.0,), (-30.0,), (100.0,), (350.0,), (1e-300,), (0.01,)]),
    ("sigmoid", [(-40.0,), (40.0,), (-700.0,), (36.8,)]),
    ("log1p", [(1e-300,), (-1e-300,), (1e-17,), (-1 + 2**-53,), (1e300,)]),
    ("expm1", [(1e-300,), (-1e-300,), (1e-17,), (-40.0,), (700.0,)]),
    ("elu", [(-1e-300,), (-1e-17,), (-40.0,)]),
    ("logsumexp", [(1.0, 1.0), (0.0, -40.0), (-40.0, 0.0, -40.0), (1000.0, 1000.0), (-1000.0, -1000.0), (700.0, -700.0),
                   (1e-300, -45.0)]),
    ("atan2", [(1e200, 1e200), (1e-200, 1e-200), (1e155, -1.0), (1.0, 1e-300), (1e-300, 1.0)]),
    ("hypot", [(1e200, 1e200), (1e-200, 1e-200), (1e300, 1.0)]),
    ("asinh", [(1e-300,), (1e200,), (-1e-9,), (-1e10,)]),
    ("tan", [(1.5707963267948966,), (1.57,), (1e-300,), (3.141592653589793,)]),
    ("erfc", [(26.0,), (10.0,), (-5.0,)]),
    ("power(3)", [(1e-100,), (1e102,), (-7.0,)]),
    ("power(-1)", [(1e300,), (1e-300,), (3.0,)]),
    ("pow", [(1 + 1e-10, 1e10), (2.0, 1000.0), (1e-300, 0.5), (0.3, -2.0), (2.0, 1e-300)]),
]  # fmt: skip


EXCUSED = {"gelu", "silu"}  # far out gelu squares x; both have a slope of 0 where they turn


@pytest.mark.parametrize("name, xs", [(name, xs) for name, spots in HARD for xs in spots])
def test_the_hard_spots(name, xs):
    [op] = [op for op in ROWS if op.name == name]
    found = list(errors(op, *xs, digits=500, excuse=name in EXCUSED))
    assert max(found) <= 4, found


NAIVE = [  # a formula from a book or another library, and where it loses its digits
    ("tanh", (12.0,), {"partials": ops.tanh.textbook}),
    ("sigmoid", (33.0,), {"partials": ops.sigmoid.textbook}),
    ("asin", (1 - 1e-10,), {"partials": ops.asin.textbook}),
    ("atanh", (1e-10 - 1,), {"partials": ops.atanh.textbook}),
    ("acosh", (1 + 1e-10,), {"partials": ops.acosh.textbook}),
    ("softplus", (22.0,), {"forward": lambda x: x if x > 20 else math.log1p(math.exp(x))}),
    ("gelu", (-6.0,), {"forward": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2}),
    ("log1p", (1e-10,), {"forward": lambda x: math.log(1 + x)}),
    ("expm1", (1e-10,), {"forward": lambda x: math.exp(x) - 1}),
    ("div", (3e300, 7e-5), {"forward": lambda a, b: a * b**-1 * (1 + 1e-15)}),
    ("logsumexp", (0.0, -30.0), {"forward": lambda *xs: math.log(math.fsum(map(math.exp, xs)))}),
]


@pytest.mark.parametrize("name, xs, change", NAIVE, ids=[n[0] for n in NAIVE])
def test_the_measure_sees_a_naive_formula(name, xs, change):
    row = ops.TABLE[name]
    naive = ops.Op(**{"name": name, "forward": row.forward, "partials": row.partials, "domain": row.domain, **change})
    assert max(errors(naive, *xs, excuse=0)) > 4


def test_the_numbers_that_others_get_wrong():
    assert 1e300 / Value(1e300) > 0.9999999999999999 and (Value(3e-300) / 7e-300).data == 3e-300 / 7e-300
    assert Value(22.0).softplus().data == 22.00000000027895  # switching to x at 20 gives 22
    assert math.isclose(Value(-10.0).gelu().data, -7.61985302416e-23, rel_tol=1e-11)  # 1 + erf gives 0
    assert math.isclose(Value(710.0).cosh().data, 1.1169973830808556e308, rel_tol=1e-13)
    x = Value(30.0)
    x.tanh().backward()
    assert math.isclose(x.grad, 4 * math.exp(-60), rel_tol=1e-14)  # 1 - t * t gives 0
    x = Value(math.nextafter(1.0, 0.0))
    x.asin().backward()
    assert math.isclose(x.grad, 2.0**26, rel_tol=1e-15)  # 1 / sqrt(1 - x * x)


@pytest.mark.parametrize(
    "name",
    [
        "expm1",
        "log1p",
        "sin",
        "tan",
        "asin",
        "atan",
        "sinh",
        "asinh",
        "atanh",
        "tanh",
        "erf",
        "sqrt",
        "neg",
        "power(3)",
    ],
)
def test_the_sign_of_zero_is_kept(name):
    minus = ops.TABLE[name](-0.0)
    assert minus == 0 and math.copysign(1, minus) == (1 if name == "neg" else -1)
