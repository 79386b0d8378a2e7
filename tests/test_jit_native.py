"""The native backend gives the engine's numbers: the machine, compiled and as plain Python, against eager graphs."""

from __future__ import annotations

import itertools
import math
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")
pytest.importorskip("numba")

from tinygrad_edu import Value, functional, ops  # noqa: E402
from tinygrad_edu.nn import MLP  # noqa: E402
from tinygrad_edu.replay import backends, binary, kernel, native_backend  # noqa: E402
from tinygrad_edu.replay.native_backend import Native  # noqa: E402
from tinygrad_edu.replay.record import record  # noqa: E402
from tinygrad_edu.replay.trace import OPTIMISATIONS, trace  # noqa: E402
from tinygrad_edu.strategies import Program, programs  # noqa: E402

inf, nan = math.inf, math.nan
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 20.0, -40.0, 1e16, 5e-324, 1e300, -1e300, 710.0, -750.0, inf, -inf, nan]
ROWS = [*ops.TABLE.values(), *map(ops.power, (2, -1, 0.5, 0, 1, 3.7, -2.5)), ops.leaky_relu(0.2), ops.clip(-2.0, 0.5)]
# Python's hypot is its own, more careful than the C library's: 1 ulp here, and up to 3 in what divides by it.
ULPS = {"hypot": 1.0, "atan2": 3.0, "asinh": 2.0}
ALL = frozenset(OPTIMISATIONS)


def ulps(a: float, b: float) -> float:
    """How far apart two floats are, in units of the last place; nan is nan, 0.0 is not -0.0."""
    if a != a or b != b:
        return 0.0 if a != a and b != b else inf
    if a == b:
        return 0.0 if math.copysign(1.0, a) == math.copysign(1.0, b) else inf
    return inf if math.isinf(a) or math.isinf(b) else abs(a - b) / math.ulp(max(abs(a), abs(b)))


def eager(f, xs, parameters=()):
    """The engine's value, and its gradients of the inputs and of the parameters."""
    for p in parameters:
        p.grad = 0.0
    vs = [Value(x) for x in xs]
    y = f(*vs)
    y.backward()
    return y.data, [v.grad for v in vs], [p.grad for p in parameters]


def recorded(f, xs, asked=None, optimise=ALL):
    """The recording and its program, with the gradients of what is `asked` of it, of all leaves if None."""
    r = record(f, list(xs), lambda leaves: leaves, "dead" in optimise)
    return r, trace(r, [*r.inputs, *r.parameters] if asked is None else asked(r), optimise)


def native(f, xs, asked=None, **more):
    r, passes = recorded(f, xs, asked)
    return r, Native(passes, **more)


def column(xs):
    return np.array(xs, float).reshape(-1, 1)


def count(op):
    return 5 if op is ops.dot else 3 if ... in op.domain else len(op.domain)


def points(op, n):
    rng = random.Random(1)
    some = [tuple(rng.choice(EDGES) for _ in range(n)) for _ in range(150)]
    all_edges = list(itertools.product(EDGES, repeat=n)) if n < 3 else some
    return all_edges + [tuple(rng.gauss(0.3, 2) for _ in range(n)) for _ in range(100)]


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_row_is_the_engines_at_edges_and_elsewhere_in_one_lane_and_in_many(op):
    n = count(op)
    pts = points(op, n)
    _, c = native(op, [1.5 if op is ops.acosh else 0.6] * n)
    [values], _, dX = c.value_and_grads([], np.array(pts).T, inputs=True)
    for i, xs in enumerate(pts):
        y, grads, _ = eager(op, xs)
        [value], _, dx = c.value_and_grads([], column(xs), inputs=True)
        assert ulps(value[0], values[i]) == 0 and all(ulps(a, b) == 0 for a, b in zip(dx[:, 0], dX[:, i])), xs
        assert ulps(y, value[0]) <= ULPS.get(op.name, 0) * (op is ops.hypot), xs
        assert all(ulps(a, b) <= ULPS.get(op.name, 0) for a, b in zip(grads, dx[:, 0])), xs


def test_the_machine_as_plain_python_gives_the_same_bits():
    """Every row is there; sums over lanes too are the same, whatever a processor does at once."""
    w = Value(0.6)
    low = lambda op, x: x + 1.0 if op is ops.acosh else x
    own = lambda x: [op(*[low(op, x), w, x * w, w, x][: count(op)]) for op in ROWS if op.name not in ULPS]
    f = lambda x, y: functional.sum([*own(x), *own(w), functional.dot([w, x], [y, y], bias=w), (x * w).exp2()])
    r, passes = recorded(f, [0.3, 0.2])
    X = np.random.default_rng(0).uniform(0.1, 0.9, (2, 50))
    for lanes in (1, 50):
        compiled, plain = Native(passes), Native(passes, native_backend.plainly)
        with np.errstate(all="ignore"):
            for a, b in zip(compiled.value_and_grads([0.6], X[:, :lanes], 0.5, True),
                            plain.value_and_grads([0.6], X[:, :lanes], 0.5, True)):  # fmt: skip
                assert a.tobytes() == b.tobytes()
        assert np.isfinite(a).all()


def network(sizes=(3, [5, 4, 1])):
    random.seed(4)
    model = MLP(*sizes)
    ps = model.parameters()

    def loss(*xs):
        y = model(list(xs[:-1]))
        y = y[0] if isinstance(y, list) else y
        return (1 - y * xs[-1]).relu() + 0.01 * functional.dot(ps, ps)

    return loss, ps


@pytest.mark.parametrize("expanded", [False, True])
@pytest.mark.parametrize("lanes", [1, 2, 8, 9, 33, 300, 1100])
def test_lanes_give_the_engines_values_and_the_sum_of_its_gradients(lanes, expanded):
    loss, ps = network()
    if expanded:
        w, fused = ps[:3], loss

        def loss(*xs):
            return fused(*xs) + (w[0] * xs[0] + w[1] * xs[1] + w[2]).tanh() / (1.5 + w[2] * w[2])

    X = np.random.default_rng(lanes).normal(size=(4, lanes))
    r, c = native(loss, list(X[:, 0]))
    theta = np.array([p.data for p in r.parameters])
    [values], dtheta, dX = c.value_and_grads(theta, X, inputs=True)
    total = np.zeros(len(theta))
    for i in range(lanes):
        y, dx, dp = eager(loss, X[:, i].tolist(), r.originals)
        assert y == values[i] and dx == dX[:, i].tolist()
        total += dp
    assert (c.run(theta, X) == values).all()
    if lanes == 1:
        assert total.tolist() == dtheta.tolist()
    assert np.allclose(total, dtheta, rtol=1e-11, atol=1e-12)


def test_new_parameters_are_read_at_every_call_and_the_seed_scales():
    loss, ps = network()
    X = np.random.default_rng(0).normal(size=(4, 21))
    r, c = native(loss, list(X[:, 0]))
    theta = np.array([p.data for p in r.parameters])
    before = c.value_and_grads(theta, X)
    for p in ps:
        p.data *= 0.5
    [values], dtheta, dX = c.value_and_grads(theta * 0.5, X, seed=0.25)
    assert dX is None
    sums = [eager(loss, X[:, i].tolist(), r.originals) for i in range(21)]
    assert values.tolist() == [s[0] for s in sums] and (values != before[0]).any()
    assert np.allclose(dtheta, 0.25 * np.sum([s[2] for s in sums], axis=0), rtol=1e-12)


def test_an_infinite_lane_stays_where_it_is_and_padding_adds_nothing():
    w = Value(2.0)
    _, c = native(lambda x: 1 / (w * x), [1.0])
    X = np.array([[1.0, 2.0, 4.0, 0.0, 5.0, 1.0, 1.0, 2.0, 3.0, 0.5, 8.0]])
    [values], dtheta, dX = c.value_and_grads([2.0], X, inputs=True)
    assert values[3] == inf and np.isfinite(np.delete(values, 3)).all() and np.isfinite(np.delete(dX[0], 3)).all()
    finite = np.delete(X, 3, axis=1)
    _, dtheta, _ = c.value_and_grads([2.0], np.append(finite, [[0.25]], axis=1))
    assert np.isclose(dtheta[0], -0.25 * np.sum(1 / np.append(finite, 0.25)), rtol=1e-14)


def test_only_gradients_that_are_asked_for_are_computed():
    loss, _ = network()
    X = np.random.default_rng(0).normal(size=(4, 30))
    r, every = native(loss, list(X[:, 0]))
    theta = np.array([p.data for p in r.parameters])
    _, dtheta, dX = every.value_and_grads(theta, X, inputs=True)
    _, some = native(loss, list(X[:, 0]), asked=lambda r: [r.parameters[i] for i in (0, 7, 20)] + [r.inputs[1]])
    for lanes in (30, 1):
        _, full, full_X = every.value_and_grads(theta, X[:, :lanes], inputs=True)
        _, part, part_X = some.value_and_grads(theta, X[:, :lanes], inputs=True)
        asked = np.isin(np.arange(len(theta)), (0, 7, 20))
        assert (part[asked] == full[asked]).all() and (part[~asked] == 0).all()
        assert (part_X[1] == full_X[1]).all() and (part_X[[0, 2, 3]] == 0).all()
    _, inputs_only = native(loss, list(X[:, 0]), asked=lambda r: r.inputs)
    assert (inputs_only.value_and_grads(theta, X, inputs=True)[2] == dX).all()
    assert inputs_only.code(False).work < every.code(False).work


@pytest.mark.parametrize(
    "f",
    [
        lambda w, x: w * 3.0,  # no lane in the result
        lambda w, x: x,
        lambda w, x: functional.dot([w, w], [x, x], bias=w) if False else ops.dot(w, w, x, x, w),
        lambda w, x: ops.dot(x, x, x, x),
        lambda w, x: ops.dot(x, x * 2.0, w, w, w) + ops.dot(w, w, x, x * 2.0),
        lambda w, x: ops.dot(w, x, x, w),
        lambda w, x: ops.dot(w, 2.0, x, x, x),
        lambda w, x: x * w + x / w - w * w,
        lambda w, x: ops.where(ops.greater(x, w), x * w, w),
        lambda w, x: ops.logsumexp(x, w, w * x),
        lambda w, x: ops.sum(x, w, x, w * w),
    ],
)
def test_shapes_of_graphs_that_are_easily_got_wrong(f):
    w = Value(0.7)
    X = np.random.default_rng(3).normal(size=(1, 45))
    _, c = native(lambda x: f(w, x), [0.3])
    gives = [(w.data, [eager(lambda x: f(w, x), [x], [w])]) for x in X[0]]
    if not c.passes.parameters:
        gives = [(d, [(y, dx, [])]) for d, [(y, dx, _)] in gives]
    theta = [0.7][: c.passes.parameters]
    [values], dtheta, dX = c.value_and_grads(theta, X, inputs=True)
    assert values.tolist() == [g[1][0][0] for g in gives] and dX[0].tolist() == [g[1][0][1][0] for g in gives]
    assert np.allclose(dtheta, np.sum([g[1][0][2] for g in gives], axis=0), rtol=1e-12)
    y, dx, dw = gives[0][1][0]
    one = c.value_and_grads(theta, X[:, :1], inputs=True)
    assert (one[0][0, 0], one[2][0, 0], one[1].tolist()) == (y, dx[0], dw)


def test_weights_that_several_dots_share_get_the_sum_in_the_engines_order():
    ws = [Value(random.Random(i).gauss(0, 1)) for i in range(3)]

    def f(*xs):
        a = ops.dot(*ws, *xs)
        b = ops.dot(*ws, *[x * 0.7 for x in xs], ws[0])
        c = ops.dot(*ws, *xs, ws[1])
        return a * b + (c * xs[0]).tanh() * a

    xs = [0.3, -1.2, 0.8]
    y, dx, dp = eager(f, xs, ws)
    r, c = native(f, xs)
    [values], dtheta, dX = c.value_and_grads([w.data for w in r.originals], column(xs), inputs=True)
    assert (
        y == values[0]
        and dx == dX[:, 0].tolist()
        and [o.grad for o in r.originals] == dtheta.tolist() == [dp[ws.index(o)] for o in r.originals]
    )
    [many], _, dXs = c.value_and_grads([w.data for w in r.originals], np.repeat(column(xs), 40, axis=1), inputs=True)
    assert set(many.tolist()) == {y} and all(set(row) == {d} for row, d in zip(dXs.tolist(), dx))


def tangle(seed):
    """A random graph of additions and multiplications, many of them chains, whose nodes are used again and again."""
    rng = random.Random(seed)
    ws = [Value(rng.gauss(0, 1)) for _ in range(3)]

    def f(*xs):
        rng.seed(seed)
        nodes = [*ws, *xs]
        for _ in range(rng.randint(1, 12)):
            total = rng.choice(nodes[-6:])
            for _ in range(rng.randint(1, 4)):
                product = rng.choice(nodes) * rng.choice(nodes[-5:])
                total = total + product if rng.random() < 0.7 else product + total
                if rng.random() < 0.2:
                    nodes.append(rng.choice((product, total)).tanh())
            nodes.append(total * 0.5 if rng.random() < 0.5 else total.tanh())
        return nodes[-1] + nodes[-2] * nodes[-3] * nodes[rng.randrange(len(nodes))]

    return f, ws, [rng.gauss(0, 1) for _ in range(3)]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**9))
def test_chains_of_multiply_and_add_become_dots_without_changing_a_bit(seed):
    f, ws, xs = tangle(seed)
    y, dx, _ = eager(f, xs, ws)
    r, c = native(f, xs)
    dw, theta = [w.grad for w in r.originals], [w.data for w in r.originals]
    [value], dtheta, dX = c.value_and_grads(theta, column(xs), inputs=True)
    [many], _, dXs = c.value_and_grads(theta, np.repeat(column(xs), 43, axis=1), inputs=True)
    assert [ulps(a, b) for a, b in zip([y, *dx, *dw], [value[0], *dX[:, 0], *dtheta])] == [0] * (4 + len(dw))
    assert all(ulps(y, v) == 0 for v in many) and all(ulps(a, b) == 0 for row, b in zip(dXs, dx) for a in row)


def test_a_neuron_written_out_has_as_few_steps_as_a_fused_one():
    ws = [Value(0.1 * i) for i in range(5)]
    written = lambda *xs: (((ws[4] + ws[0] * xs[0]) + xs[1] * ws[1]) + ws[2] * xs[2] + ws[3] * xs[3]).tanh()
    fused = lambda *xs: ops.dot(*ws[:4], *xs, ws[4]).tanh()
    long, short = (native(f, [0.5] * 4)[1].code(True).arrays[0] for f in (written, fused))
    assert len(long) == len(short)


@settings(deadline=None, max_examples=40)
@given(programs())
def test_every_optimisation_can_be_switched_off_without_changing_a_bit(program: Program):
    xs, w = list(program.inputs), Value(0.75)

    def f(*leaves):
        """Everything twice, and some of it for nothing."""
        y, again = program(*leaves), program(*leaves)
        y.exp()
        return [y * w + again * (Value(2.0).log() * 3.0), again]

    ws = [Value(x) for x in xs]
    y = f(*ws)[0]
    y.backward()
    rounded = any(f"{name}(" in program.source for name in ULPS)
    for optimise in [ALL, *[ALL - {name} for name in OPTIMISATIONS], frozenset()]:
        c = Native(recorded(f, xs, optimise=optimise)[1])
        [value, again], dtheta, dX = c.value_and_grads([0.75], column(xs), inputs=True)
        [many, _], _, dXs = c.value_and_grads([0.75], np.repeat(column(xs), 9, axis=1), inputs=True)
        if optimise == ALL and rounded:
            first = value, again, dtheta, dX, many, dXs
        elif rounded:
            assert all(
                np.array_equal(a, b, equal_nan=True) for a, b in zip(first, (value, again, dtheta, dX, many, dXs))
            )
        else:
            assert [
                ulps(a, b) for a, b in zip([y.data, w.grad, *[v.grad for v in ws]], [value[0], dtheta[0], *dX[:, 0]])
            ] == [0] * (2 + len(ws))
            assert all(ulps(y.data, v) == 0 for v in many) and all(
                ulps(v.grad, d) == 0 for v, row in zip(ws, dXs) for d in row
            )


def test_threads_change_no_bit_and_may_call_at_once(monkeypatch):
    monkeypatch.setattr(native_backend, "CHUNK", 5_000)
    loss, _ = network()
    X = np.random.default_rng(0).normal(size=(4, 1003))
    r, passes = recorded(loss, X[:, 0])
    theta = np.array([p.data for p in r.parameters])
    results = [Native(passes, threads=n).value_and_grads(theta, X, inputs=True) for n in (1, 2, 3)]
    for values, dtheta, dX in results[1:]:
        assert (values == results[0][0]).all() and (dtheta == results[0][1]).all() and (dX == results[0][2]).all()
    c, wrong = Native(passes, threads=2), []
    assert len(c.code(False).chunks(1003)) > 3

    def call(k):
        for _ in range(30):
            _, dtheta, _ = c.value_and_grads(theta * k, X[:, : 500 + k])
            if not (dtheta == expected[k]).all():
                wrong.append(k)

    expected = {k: c.value_and_grads(theta * k, X[:, : 500 + k])[1] for k in (1, 2, 3, 4)}
    threads = [threading.Thread(target=call, args=(k,)) for k in expected]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


@settings(deadline=None, max_examples=40)
@given(programs(), st.integers(0, 10**9))
def test_several_outputs_are_the_engines_and_gradients_flow_from_the_first(program: Program, seed: int):
    xs, w = list(program.inputs), Value(0.75)

    def f(*leaves):
        y = program(*leaves) * w
        given = {*map(id, leaves), id(w)}  # whose past a recorded function cannot ask for
        made = [v for v in y.parents if id(v) not in given]
        rng, near = random.Random(seed), [y, *y.parents, *leaves, *[p for v in made for p in v.parents]]
        others = [rng.choice(near) for _ in range(rng.randint(0, 3))] + rng.sample(
            [w, w * 2.0, Value(-0.0), (y * w).exp(), leaves[0], y], 3
        )
        return [y, *others]

    vs = [Value(x) for x in xs]
    ys = f(*vs)
    ys[0].backward()
    _, c = native(f, list(map(Value, xs)))
    rounded = any(f"{name}(" in program.source for name in ULPS)
    for lanes in (1, 13):
        X = np.repeat(column(xs), lanes, axis=1)
        values, dtheta, dX = c.value_and_grads([0.75], X, inputs=True)
        assert values.shape == (len(ys), lanes) and np.array_equal(c.run([0.75], X), values, equal_nan=True)
        if rounded:
            assert np.allclose(values.T, [y.data for y in ys], rtol=1e-9, atol=1e-9, equal_nan=True)
        else:
            assert all(ulps(y.data, z) == 0 for y, row in zip(ys, values) for z in row)
            assert all(ulps(v.grad, d) == 0 for v, row in zip(vs, dX) for d in row)
            assert lanes > 1 or ulps(w.grad, dtheta[0]) == 0


@pytest.mark.parametrize("lanes", [1, 9])
@pytest.mark.parametrize("optimise", [ALL, frozenset()])
def test_a_pole_beside_the_root_gives_no_nan(lanes, optimise):
    """An output that is no root gets no gradient, and -0.0 from above times an infinite slope would be nan;
    so with dead nodes.
    """
    w = Value(4.0)

    def f(x):
        1 / (x * w)
        return [x + w, w.log(), (x * w).log(), 1 / x]

    c = Native(recorded(f, [0.0], optimise=optimise)[1])
    values, dtheta, dX = c.value_and_grads([0.0], np.zeros((1, lanes)), inputs=True)
    assert values.tolist() == [[0.0] * lanes, [-inf] * lanes, [-inf] * lanes, [inf] * lanes]
    assert dtheta.tolist() == [lanes] and dX.tolist() == [[1.0] * lanes]


def test_a_root_that_nobody_asks_about_gives_no_gradient():
    w, v = Value(2.0), Value(3.0)
    for f in (lambda x: [w, v * x], lambda x: [x, v, w], lambda x: [w * w + x, v], lambda x: [Value(5.0), v, w]):
        r, c = native(f, [1.5], lambda r: [p for p, own in zip(r.parameters, r.originals) if own is v])
        for lanes in (1, 9):
            values, dtheta, dX = c.value_and_grads([p.data for p in r.originals], np.full((1, lanes), 1.5), inputs=True)
            assert values[:, -1].tolist() == [float(y) for y in f(1.5)]
            assert not dtheta.any() and not dX.any()


def test_arrays_of_the_wrong_shape_are_named():
    _, c = native(lambda x: x * Value(2.0), [1.0])
    with pytest.raises(ValueError, match=r"X of shape \(1, lanes\), got .*\(2, 3\)"):
        c.run([], np.ones((2, 3)))


def test_arrays_may_lie_in_memory_as_they_like_and_are_only_read():
    w = Value(0.5)
    _, c = native(lambda x, y: (x * w).tanh() * y, [1.0, 2.0])
    X = np.arange(1.0, 25.0).reshape(2, 12)
    values, dtheta, dX = c.value_and_grads([0.5], X, inputs=True)
    frozen, odd = X.copy(), np.frombuffer(b"?" + X.tobytes(), np.uint8)[1:].view(np.float64).reshape(2, 12)
    frozen.flags.writeable = False
    others = [X.astype(np.float32), X.astype(">f8"), X.astype(int), X.tolist()]
    for same in (frozen, odd, np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], *others):
        again = c.value_and_grads(np.float64([0.5]), same, inputs=True)
        assert (again[0] == values).all() and (again[1] == dtheta).all() and (again[2] == dX).all()
    assert (frozen == X).all()


def test_no_lanes_give_no_values_and_no_gradients():
    w = Value(2.0)
    _, c = native(lambda x: x * w, [1.0])
    [values], dtheta, _ = c.value_and_grads([2.0], np.empty((1, 0)))
    assert values.shape == (0,) and dtheta.tolist() == [0.0]


def test_without_numba_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "numba" else name)
    with pytest.raises(ImportError) as error:
        backends.resolved("native")
    assert str(error.value) == 'the native backend needs Numba: pip install numba numpy, or use backend="auto"'


FRESH = """
import ctypes, sys
import numpy as np
from tinygrad_edu.replay import binary
def double(v):
    v[0] *= 2.0
binary.FUNCTIONS["run"] = double  # which is compiled sooner
v = np.array([3.0])
table = np.array([v.ctypes.data, 1, 0, 0])
binary.function("run")(*[ctypes.c_void_p(table.ctypes.data + 8 * i) for i in (2, 3, 0)])
assert v[0] == 6.0
print("numba" in sys.modules)
"""
KILLED = """
import os
from tinygrad_edu.replay import binary
os.replace = lambda *names: os.kill(os.getpid(), 9)
binary._keep("run", "f", b"code")
"""


def fresh(folder, program=FRESH):
    """A process of its own, which has that folder for a cache."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)


def compiles(folder):
    """Whether a process has to compile, and then gets its number right."""
    with fresh(folder) as process:
        said = process.communicate()[0].split()
    assert process.returncode == 0
    return said[-1] == "True"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What is kept after one process was killed before its file had its name, and one was not."""
    folder = tmp_path_factory.mktemp("cache")
    with fresh(folder, KILLED) as process:
        process.wait()
    assert process.returncode and [f.suffix for f in folder.iterdir()] == [".tmp"]
    assert compiles(folder)
    return folder


def test_a_killed_process_leaves_nothing_that_another_would_read(cache):
    [_] = cache.iterdir()
    assert not compiles(cache)


def test_an_interrupt_waits_until_a_compilation_is_over(monkeypatch):
    from tinygrad_edu.replay import lowering

    done = []

    def compiled(f):
        signal.raise_signal(signal.SIGINT)
        done.append(f)
        return "f", b"", None

    monkeypatch.setattr(lowering, "compiled", compiled)
    monkeypatch.setattr(binary, "_kept", lambda name: None)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            binary._function.__wrapped__("run")
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == [binary.FUNCTIONS["run"]]


def test_code_that_is_damaged_or_was_made_from_other_text_is_compiled_again(cache, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache))
    monkeypatch.setattr(binary, "_stamp", binary._stamp.__wrapped__)
    [file] = cache.iterdir()
    whole, damaged = file.read_bytes(), bytearray(file.read_bytes())
    kept = binary._kept("run")
    assert kept and not binary._kept("other")
    changed = tmp_path / "machine.py"
    changed.write_text(Path(binary.machine.__file__).read_text() + "# a remark")
    with monkeypatch.context() as other:
        other.setattr(binary.machine, "__file__", str(changed))
        assert not binary._kept("run")
    damaged[len(damaged) // 2] ^= 1
    for content in (b"", whole[:20], whole[: len(whole) // 2], damaged):
        file.write_bytes(content)
        assert not binary._kept("run")
    binary._keep("run", *kept)
    assert file.read_bytes() == whole and not compiles(cache)


def test_a_folder_that_takes_no_files_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "folder"))
    binary._keep("run", "f", b"code")
    assert binary._kept("run") is None
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "new" / "folder"))
    binary._keep("run", "f", b"co\nde")
    assert binary._kept("run") == ("f", b"co\nde")


posix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="owners and permissions of POSIX")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder, and the file in it that keeps some code."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    binary._keep("run", "f", b"code")
    assert binary._kept("run") == ("f", b"code")
    [file] = (tmp_path / "cache").iterdir()
    return file


@posix
@pytest.mark.parametrize("mode", [0o666, 0o602, 0o646, 0o777])
def test_code_that_others_may_write_is_not_run(mode, kept):
    kept.chmod(mode)
    assert binary._kept("run") is None
    binary._keep("run", "f", b"code")
    assert binary._kept("run") == ("f", b"code") and not kept.stat().st_mode & 0o022


@posix
@pytest.mark.parametrize("mode", [0o1777, 0o777, 0o703, 0o757])
def test_a_folder_that_others_may_write_to_is_left_alone(mode, kept):
    kept.parent.chmod(mode)
    assert binary._kept("run") is None
    kept.unlink()
    binary._keep("run", "f", b"code")
    assert not [*kept.parent.iterdir()]


@posix
@pytest.mark.parametrize(
    ("uid", "gid", "mode", "safe"),
    [(0, 0, 0o755, True), (1000, 1000, 0o755, True), (1000, 1000, 0o775, True), (1000, 50, 0o755, True),
     (1000, 50, 0o775, False), (12345, 12345, 0o755, False), (12345, 1000, 0o755, False), (0, 50, 0o775, False),
     (1000, 1000, 0o757, False), (0, 0, 0o1777, False)],
)  # fmt: skip
def test_what_belongs_to_others_is_not_safe(uid, gid, mode, safe, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    here = os.stat(binary.__file__)
    if here.st_uid != 12345:
        assert binary._is_safe(os.stat_result((mode, 1, 1, 1, uid, gid, 1, 1, 1, 1))) == safe


def test_code_under_another_name_is_not_run(kept):
    kept.rename(kept.with_name(binary._file("other")))
    assert binary._kept("other") is None


def test_what_is_no_file_in_its_place_is_no_error(kept):
    kept.unlink()
    kept.mkdir()
    assert binary._kept("run") is None
    binary._keep("run", "f", b"code")
    assert kept.is_dir()


@posix
def test_who_may_read_the_program_may_read_its_code(kept):
    assert kept.stat().st_mode & 0o777 == os.stat(binary.__file__).st_mode & 0o644 | 0o600


@posix
@pytest.mark.parametrize("home", [None, "/nonexistent"])
def test_somebody_without_a_home_has_no_cache_there(home, monkeypatch):
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.delenv(name, raising=False)
    if home:
        monkeypatch.setenv("HOME", home)
    else:
        monkeypatch.setattr("pwd.getpwuid", lambda uid: {}[uid])
    assert [*binary._folders()] == [Path(binary.__file__).parent / "__pycache__"]


def test_code_that_cannot_be_linked_is_no_error():
    assert binary._linked("nothing", "f", b"no object file") is None


def test_a_row_and_its_number_are_the_same_function():
    xs = {len(op.domain): [0.3, 0.6][: len(op.domain)] for op in ROWS}
    for op, number in kernel.CODES.items():
        if isinstance(op, ops.Op) and number < kernel.FIRST_MANY:
            f = kernel.binary if number < kernel.FIRST_UNARY else kernel.unary
            assert repr(f(number, *xs[len(op.domain)])) == repr(op(*xs[len(op.domain)]))
