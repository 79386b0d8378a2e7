"""A program over arrays: every lane is the engine, to the bit where NumPy's functions are Python's."""

import functools
import math
import random
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings

np = pytest.importorskip("numpy")

from tinygrad_edu import Value, ieee, jit, nn, ops  # noqa: E402
from tinygrad_edu.engine import chain_rule  # noqa: E402
from tinygrad_edu.replay import numpy_backend  # noqa: E402
from tinygrad_edu.replay.numpy_backend import ULPS, NumPy, direct  # noqa: E402
from tinygrad_edu.replay.record import record  # noqa: E402
from tinygrad_edu.replay.trace import OPTIMISATIONS, trace  # noqa: E402
from tinygrad_edu.replay.vectors import layer  # noqa: E402
from tinygrad_edu.strategies import programs  # noqa: E402

inf, nan = math.inf, math.nan
FUNCTIONS = (
    "exp expm1 log log1p sqrt sin cos tan asin acos atan atan2 hypot sinh cosh asinh acosh atanh tanh "
    "pow exp2 log2 log10 cbrt"
).split()


def recorded(f, xs, optimise=frozenset(OPTIMISATIONS)):
    return record(f, list(xs), lambda leaves: leaves, "dead" in optimise)


def arrays(r, wanted, optimise=frozenset(OPTIMISATIONS)):
    return NumPy(trace(r, wanted, optimise))


def eager(f, xs, parameters=(), seed=1.0):
    leaves = [Value(x) for x in xs]
    y = f(*leaves)
    totals = chain_rule(y, seed, lambda n: n.op.slopes(*n.numbers)) if isinstance(y, Value) else {}
    return float(getattr(y, "data", y)), [totals.get(v, 0.0) for v in leaves], [totals.get(v, 0.0) for v in parameters]


def bits(xs):
    return [struct.pack("d", x) if x == x else "nan" for x in map(float, xs)]


class ExactNumPy:
    """NumPy, with Python's elementary functions, one number at a time."""

    def __init__(self):
        for name in [*FUNCTIONS, "power"]:
            word = name.replace("a", "arc", 1) if name[0] == "a" else name
            f, n = getattr(ieee, name, None) or getattr(math, name), 2 if name in ("atan2", "hypot", "power") else 1
            setattr(self, word, functools.partial(self.computed, np.frompyfunc(f, n, 1), n))

    @staticmethod
    def computed(each, n, *xs):
        y = np.float64(each(*[np.float64(x) if np.ndim(x) == 0 else x for x in xs[:n]]))
        return np.copyto(xs[n], y) if len(xs) > n else y

    def __getattr__(self, name):
        return getattr(np, name)


def in_order(w, x, *rest):
    """A layer whose sums go from the bias and the first weight to the last, as the engine's."""
    *bias, out = rest
    terms = [*bias, *[w[:, k, None] * x[k] for k in range(len(x))]]
    out[...] = functools.reduce(lambda a, b: a + b, terms)


def exact(backend):
    backend.library = ExactNumPy()
    backend.direct, backend.sorted = direct(backend.library) | {layer: in_order}, lambda args: args
    return backend


@settings(max_examples=100)
@given(programs())
def test_with_pythons_functions_every_lane_is_the_engine_bit_for_bit(program):
    if not isinstance(program(*map(Value, program.inputs)), Value):
        return
    for optimise in (frozenset(OPTIMISATIONS), frozenset()):
        r = recorded(program, program.inputs, optimise)
        # Other lanes are anywhere: outside domains, on kinks, at infinity.
        columns = [program.inputs, *[[x * k for x in program.inputs] for k in (0.0, -1.0, 3.0, 1e3, inf)]]
        lanes = exact(arrays(r, r.inputs, optimise))
        values, _, dX = lanes.value_and_grads([], np.array(columns).T, 0.7, True)
        for i, xs in enumerate(columns):
            y, grads, _ = eager(program, xs, seed=0.7)
            behind = "where" in program.source and any(
                d != d for d in dX[:, i]
            )  # a branch not taken: Recording asks the engine then
            assert bits(values[:, i]) == bits([y]) and (bits(dX[:, i]) == bits(grads) or behind), xs


@settings(max_examples=100)
@given(programs())
def test_numpys_own_functions_agree_closely(program):
    r = recorded(program, program.inputs)
    y, grads, _ = eager(program, program.inputs)
    values, _, dX = arrays(r, r.inputs).value_and_grads(
        [], np.repeat(np.array([program.inputs]).T, 5, axis=1), inputs=True
    )
    assert np.allclose(values, y, rtol=1e-11, atol=1e-13) and np.allclose(dX.T, grads, rtol=1e-9, atol=1e-9)


EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    20.0,
    -20.0,
    40.0,
    -40.0,
    710.0,
    -800.0,
    1e200,
    -1e200,
    5e-324,
    inf,
    -inf,
    nan,
]
ROWS = [
    *ops.TABLE.values(),
    *map(ops.power, (0, 1, 2, -1, -2, 0.5, -0.5, 2.5, inf, -inf, 1e15)),
    ops.leaky_relu(0.2),
    ops.clip(0.0, 2.0),
]


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_row_is_the_engines_at_its_edges(op):
    n = 4 if ... in op.domain else len(op.domain)
    rng = random.Random(0)
    columns = [[x] * n for x in EDGES] + [[rng.choice(EDGES) for _ in range(n)] for _ in range(100 * (n > 1))]
    r = recorded(op, [1.5] * n)
    close = arrays(r, r.inputs).value_and_grads([], np.array(columns).T, inputs=True)
    values, _, dX = exact(arrays(r, r.inputs)).value_and_grads([], np.array(columns).T, inputs=True)
    for i, xs in enumerate(columns):
        y, grads, _ = eager(op, xs)
        assert bits(values[:, i]) == bits([y]) and bits(dX[:, i]) == bits(grads), xs
        assert np.allclose(close[0][:, i], y, rtol=1e-12, atol=0, equal_nan=True), xs
        assert np.allclose(close[2][:, i], grads, rtol=1e-12, atol=1e-320, equal_nan=True), xs


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_one_lane_has_the_engines_bits(op):
    n = 4 if ... in op.domain else len(op.domain)
    r = recorded(op, [1.5] * n)
    lanes = arrays(r, r.inputs)
    for x in EDGES:
        values, _, dX = lanes.value_and_grads([], [[x]] * n, inputs=True)
        y, grads, _ = eager(op, [x] * n)
        assert bits(values[:, 0]) == bits([y]) and bits(dX[:, 0]) == bits(grads)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_library_function_is_within_the_stated_ulps(name):
    op, rng = ops.TABLE[name], np.random.default_rng(0)
    xs = []
    for lo, hi in [(d if d is not ... else ops.REAL) for d in op.domain]:
        lo, hi = max(lo, -300.0), min(hi, 300.0)
        small = 10 ** rng.uniform(-12, 2, 2000) * rng.choice([1, -1] if lo < 0 else [1], 2000)
        xs.append(rng.permutation(np.concatenate([rng.uniform(lo, hi, 2000), np.clip(small, lo, hi)])))
    r = recorded(op, [1.5 if name == "acosh" else 0.5] * len(xs))
    got = arrays(r, []).run([], xs)[0]
    expected = np.array([op.forward(*x) for x in zip(*[x.tolist() for x in xs])])
    far = np.abs(got.view(np.int64) - expected.view(np.int64))
    assert far[np.isfinite(expected)].max() <= ULPS and np.array_equal(np.isfinite(got), np.isfinite(expected))


def network():
    model = nn.MLP(2, [4, 3, 1], seed=4)
    w = model.parameters()[0]
    return model.parameters(), lambda x, u, y: [
        (1 - y * model([x, u])).relu() + (w * w + 1).sqrt() * 0.1,
        model([x, u]),
    ]


@pytest.mark.parametrize("lanes", [0, 1, 2, 7, 100])
def test_lanes_give_the_engines_values_and_add_up_whatever_the_blocks(lanes, monkeypatch):
    monkeypatch.setattr(numpy_backend, "BLOCK", 0)
    monkeypatch.setattr(numpy_backend, "LEAST", 33)
    ps, f = network()
    X = np.random.default_rng(0).normal(size=(3, lanes))
    r = recorded(f, [0.1, 0.2, 1.0])
    theta = [p.data for p in r.originals]
    n = exact(arrays(r, [*r.parameters, *r.inputs]))
    for _ in range(2):  # nothing is left over from the call before
        values, dtheta, dX = n.value_and_grads(theta, X, 0.5, True)
        total = [0.0] * len(theta)
        for i in range(lanes):
            y, dx, dp = eager(lambda *xs: f(*xs)[0], X[:, i].tolist(), r.originals, 0.5)
            assert values[:, i].tolist() == [y, f(*X[:, i].tolist())[1].data] and dX[:, i].tolist() == dx
            total = [a + b for a, b in zip(total, dp)]
        assert np.allclose(dtheta, total, rtol=1e-13, atol=1e-13)
        assert np.array_equal(exact(arrays(r, [])).run(theta, X), values) and np.array_equal(n.run(theta, X), values)


def test_numbers_of_lanes_follow_each_other_as_they_like():
    ps, f = network()
    r = recorded(f, [0.1, 0.2, 1.0])
    theta, n = [p.data for p in r.originals], arrays(r, [*r.parameters, *r.inputs])
    for lanes in (5, 3, 5, 1, 8, 0, 2, 9, 4, 5):
        X = np.random.default_rng(lanes).normal(size=(3, lanes))
        for a, b in zip(
            n.value_and_grads(theta, X, 1.0, True),
            arrays(r, [*r.parameters, *r.inputs]).value_and_grads(theta, X, 1.0, True),
        ):
            assert np.array_equal(a, b)
    assert len(n.both.free) <= numpy_backend.ROOMS and all(len(rooms) == 1 for rooms in n.both.free.values())


def test_threads_have_rooms_of_their_own():
    ps, f = network()
    r = recorded(f, [0.1, 0.2, 1.0])
    theta, n = [p.data for p in r.originals], arrays(r, [*r.parameters, *r.inputs])
    Xs = [np.random.default_rng(i).normal(size=(3, 40)) for i in range(4)]
    alone = [n.value_and_grads(theta, X, 1.0, True) for X in Xs]

    def again(i):
        return all(np.array_equal(a, b) for _ in range(50)
                   for a, b in zip(n.value_and_grads(theta, Xs[i], 1.0, True), alone[i]))  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(again, range(4)))


def test_gradients_that_nobody_wanted_are_0():
    a, b = Value(2.0), Value(3.0)
    r = recorded(lambda x, u: a * x + b * u, [1.0, 2.0])
    lanes = arrays(r, [r.inputs[1], r.parameters[0]])
    _, dtheta, dX = lanes.value_and_grads([2.0, 3.0], [[1.0, 2.0], [5.0, 6.0]], inputs=True)
    assert dtheta.tolist() == [3.0, 0.0] and dX.tolist() == [[0.0, 0.0], [3.0, 3.0]]


def test_no_weight_hides_an_infinite_lane():
    """BLAS takes a matrix of one 0 for a reason to read no further."""
    w = Value(0.0)
    got = jit(lambda a: ops.dot(w, a), backend="numpy").map([inf, 1.0, nan])
    assert bits(got) == bits([nan, 0.0, nan])


def test_dividing_by_a_constant_zero_is_ieee_over_lanes_too():
    r = recorded(lambda x: x / 0.0 + Value(2.0) / 0.0 - ops.pow(0.0, x), [1.0])
    for optimise in (frozenset(OPTIMISATIONS), frozenset()):
        assert arrays(r, r.inputs, optimise).run([], [[1.0, 2.0]]).tolist() == [[inf, inf]]


@pytest.mark.parametrize("x", [-0.0, -inf, 4.0])
def test_the_power_of_a_parameter_is_the_engines_too(x):
    w = Value(2.0)
    r = recorded(lambda u: w**0.5 + 0.0 * u, [1.0])
    values, dtheta, _ = arrays(r, r.parameters).value_and_grads([x], [[1.0, 2.0]])
    w.data = x
    y, _, [dw] = eager(lambda u: w**0.5 + 0.0 * u, [1.0], [w])
    assert bits(values[0]) == bits([y, y]) and bits(dtheta) == bits([dw + dw])


@pytest.mark.parametrize(("theta", "X"), [([1.0], [[1.0]]), ([], [1.0]), ([], [[1.0], [2.0]])])
def test_wrong_shapes_are_named(theta, X):
    r = recorded(lambda x: x * 2, [1.0])
    with pytest.raises(ValueError, match=r"theta of shape \(0,\) and X of shape \(1, lanes\), got"):
        arrays(r, r.inputs).run(theta, X)


def test_numbers_longer_than_floats_are_arguments_as_floats():
    f = jit(lambda a, b: a * b[0] + b[1], "python")
    third = np.longdouble(1) / 3
    for _ in range(2):
        assert f(third, np.array([third, 2], np.longdouble)).data == (1 / 3) * (1 / 3) + 2.0
