"""A recording under JAX: the engine's numbers to 1e-12, compiled, sharded over whatever devices there are."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")

from tinygrad_edu import Value, losses, nn, ops  # noqa: E402
from tinygrad_edu import functional as F  # noqa: E402
from tinygrad_edu.engine import chain_rule  # noqa: E402
from tinygrad_edu.replay import jax_backend  # noqa: E402
from tinygrad_edu.replay.numpy_backend import NumPy  # noqa: E402
from tinygrad_edu.replay.record import record  # noqa: E402
from tinygrad_edu.replay.trace import trace  # noqa: E402
from tinygrad_edu.strategies import programs  # noqa: E402

needs_jax = pytest.mark.skipif(not find_spec("jax"), reason="the jax backend needs JAX")


def recorded(f, xs):
    return record(f, list(xs), lambda leaves: leaves)


def made(backend, r, wanted):
    return backend(trace(r, wanted))


def eager(f, xs):
    leaves = [Value(x) for x in xs]
    y = f(*leaves)
    totals = chain_rule(y, 1.0, lambda n: n.op.slopes(*n.numbers)) if isinstance(y, Value) else {}
    return np.array([float(getattr(y, "data", y)), *[totals.get(v, 0.0) for v in leaves]])


@needs_jax
@settings(max_examples=2)
@given(many=st.lists(programs(), min_size=10, max_size=10))
def test_random_programs_agree_to_1e_12(many):
    starts = [sum(len(p.inputs) for p in many[:k]) for k in range(len(many) + 1)]

    def every(*xs):  # one compilation for all of them
        ys = [p(*xs[i : i + len(p.inputs)]) for p, i in zip(many, starts)]
        return [F.sum([xs[0] * 0.0, *ys]), *[y + 0.0 * xs[0] for y in ys]]

    xs = [x for p in many for x in p.inputs]
    r = recorded(every, xs)
    values, _, dX = made(jax_backend.Jax, r, r.inputs).value_and_grads([], np.array([xs, xs, xs]).T, inputs=True)
    for k, p in enumerate(many):
        right = eager(p, p.inputs)
        # What moves when the inputs move in their 14th digit is not known better than that.
        unsure = np.abs(eager(p, [x * (1 + 1e-13) + 1e-15 for x in p.inputs]) - right)
        got = np.concatenate([values[1 + k : 2 + k], dX[starts[k] : starts[k + 1]]])
        assert (np.abs(got - right[:, None]) <= (1e-12 * (1 + np.abs(right)) + 30 * unsure)[:, None]).all(), p


@needs_jax
def test_every_row_agrees_inside_its_domain_and_ends_as_the_engine_does():
    rows = [*ops.TABLE.values(), *map(ops.power, (0, 1, 2, -1, 0.5, 2.5)), ops.leaky_relu(0.2)]
    counts = [5 if ... in op.domain else len(op.domain) for op in rows]
    starts = [sum(counts[:k]) for k in range(len(rows) + 1)]

    def every(*xs):
        ys = [op(*xs[i : i + n]) for op, i, n in zip(rows, starts, counts)]
        return [F.sum(ys), *ys]

    r = recorded(every, [1.5] * sum(counts))
    points = [0.3, -0.7, 1.0, 1.7, -2.0, 0.0, 3.0, 30.0, -30.0, 800.0, -800.0, float("inf"), float("nan")]
    X = np.array([[x if k % 2 == 0 else x / 2 - 0.1 for x in points] for n in counts for k in range(n)])
    j = made(jax_backend.Jax, r, r.inputs)
    values, _, dX = j.value_and_grads([], X, inputs=True)
    for k, op in enumerate(rows):
        for lane in range(len(points)):
            xs = X[starts[k] : starts[k + 1], lane].tolist()
            right = eager(op, xs)
            if "gamma" in op.name and not (abs(xs[0]) < 100 and xs[0] % 1):
                continue  # at their zeros and poles, and at inf, JAX's own end otherwise
            assert np.allclose(values[1 + k, lane], right[0], rtol=1e-12, atol=1e-300, equal_nan=True), (op, xs)
            assert np.allclose(
                dX[starts[k] : starts[k + 1], lane], right[1:], rtol=1e-12, atol=1e-300, equal_nan=True
            ), (op, xs)


def classifier():
    model = nn.MLP(3, [5, 4], activation="tanh", seed=0)
    ps = model.parameters()
    shared = ps[2]
    f = lambda a, b, c: (
        losses.cross_entropy(model([a, b, c]), 1) + 0.01 * F.dot(ps, ps) + shared.exp() * a + F.sum(ps[3:9]) * b
    )  # noqa: E731
    return recorded(f, [0.1, 0.2, 0.3])


@needs_jax
@pytest.mark.parametrize("wanted", ["all", "some"])
def test_rows_that_share_and_overlap_have_the_gradients_of_numpy(wanted):
    r = classifier()
    theta, X = [p.data for p in r.originals], np.random.default_rng(0).normal(size=(3, 9))
    asked = [*r.inputs, *r.parameters] if wanted == "all" else [r.inputs[1], *r.parameters[3:20:2]]
    j, n = (made(backend, r, asked) for backend in (jax_backend.Jax, NumPy))
    for a, b in zip(j.value_and_grads(theta, X, 0.3, True), n.value_and_grads(theta, X, 0.3, True)):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-14)
    assert (j.value_and_grads(theta, X)[1] != 0).sum() == (n.value_and_grads(theta, X)[1] != 0).sum()
    assert np.allclose(j.run(theta, X), n.run(theta, X), rtol=1e-12) and j.run(theta, X[:, :0]).shape == (1, 0)


@needs_jax
def test_leaves_and_constants_may_be_the_result():
    ws = [Value(0.5 + i) for i in range(8)]
    r = recorded(lambda v: F.sum([w * v for w in ws]) * F.dot(ws, ws), [0.5])
    theta = [w.data for w in r.originals]
    a, b = (
        made(backend, r, r.parameters).value_and_grads(theta, [[1.0, 2.0]])[1] for backend in (jax_backend.Jax, NumPy)
    )
    assert np.allclose(a, b, rtol=1e-12)
    r = recorded(lambda v, u: [v, u, Value(7.0)], [0.5, 1.0])
    values, _, dX = made(jax_backend.Jax, r, r.inputs).value_and_grads([], [[1.0, 2.0], [3.0, 4.0]], 5.0, True)
    assert values.tolist() == [[1, 2], [3, 4], [7, 7]] and dX.tolist() == [[5, 5], [0, 0]]


@needs_jax
def test_the_users_own_precision_stays_what_it_was():
    import jax.numpy as jnp

    r = recorded(lambda v: v * v, [0.5])
    before = jnp.asarray(0.1).dtype
    assert made(jax_backend.Jax, r, r.inputs).run([], [[0.1]])[0, 0] == 0.1 * 0.1
    assert before == jnp.asarray(0.1).dtype == jnp.float32 and (jnp.ones(3) * 0.1).sum().dtype == jnp.float32


TWO = """
import jax, numpy as np
from tinygrad_edu import Value, ops
from tinygrad_edu.replay import jax_backend
from tinygrad_edu.replay.numpy_backend import NumPy
from tinygrad_edu.replay.record import record
from tinygrad_edu.replay.trace import trace

jax_backend.BLOCK = 4
w = [Value(0.5, label="w"), Value(-2.0, label="u"), Value(0.25, label="t")]
r = record(lambda a, b: (w[0] * a + w[1]).tanh() / b + w[2] * b, [1.0, 2.0], lambda leaves: leaves)
theta = [v.data for v in r.originals]
passes = trace(r, [*r.inputs, *r.parameters])
j, n = jax_backend.Jax(passes), NumPy(passes)
for lanes in (1, 2, 5, 7, 8, 9, 21):
    X = np.random.default_rng(lanes).normal(size=(2, lanes))
    for a, b in zip(j.value_and_grads(theta, X, 0.5, True), n.value_and_grads(theta, X, 0.5, True)):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-14), lanes
    assert np.allclose(j.run(theta, X), n.run(theta, X), rtol=1e-12), lanes
X[:, -1] = 1.0, 0.0  # the lane that padding copies divides by zero: one infinity, not two of them that make a nan
a, b = (k.value_and_grads(theta, X)[1] for k in (j, n))
assert np.array_equal(np.isnan(a), np.isnan(b)) and np.isinf(a).any(), (a, b)
with jax_backend._double(jax):
    (now, part, padded), *_ = j._blocks(X)
    ran = j.both(np.array(theta), part, 1.0, 8.0, inputs=True, padded=padded)
    shards = [[s.device.id for s in a.addressable_shards if s.data.shape[1] == 4] for a in (part, ran[0], ran[2])]
print(len(jax.devices()), shards)
"""


@needs_jax
def test_lanes_are_sharded_over_all_devices_odd_numbers_of_them_too():
    env = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    run = subprocess.run([sys.executable, "-W", "error", "-c", TWO], capture_output=True, text=True, env=env)
    assert run.stdout == "2 [[0, 1], [0, 1], [0, 1]]\n", run.stderr


def test_without_jax_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    r = recorded(lambda v: v * v, [0.5])
    with pytest.raises(ImportError, match=r'pip install jax numpy, or use backend="numpy"'):
        made(jax_backend.Jax, r, r.inputs)
