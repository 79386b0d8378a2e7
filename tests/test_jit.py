"""Record once, replay many: the same numbers, to the last bit, and no answer baked in."""

import random
import re
from importlib.util import find_spec

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, grad, losses, nn, no_grad, ops, optim
from tinygrad_edu import functional as F
from tinygrad_edu.replay import RecordingError, jit
from tinygrad_edu.strategies import programs


def leaves_of(xs):
    return [Value(x, label=f"x{i}") for i, x in enumerate(xs)]


BACKENDS = [
    "python",
    pytest.param("native", marks=pytest.mark.skipif(not find_spec("numba"), reason="the native backend needs Numba")),
]


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=200)
@given(program=programs())
def test_a_replay_is_eager_bit_for_bit(backend, program):
    eager, given_ = leaves_of(program.inputs), leaves_of(program.inputs)
    y = program(*eager)
    if not isinstance(y, Value):
        return
    y.backward()
    f = jit(program, backend=backend)
    rounded = backend == "native" and re.search(
        "hypot|atan2|asinh", program.source
    )  # Numba's hypot is an ulp away from Python's
    for _ in range(2):
        for v in given_:
            v.grad = 0.0
        z = f(*given_)
        z.backward()
        if rounded:
            assert [z.data, *[v.grad for v in given_]] == pytest.approx([y.data, *[v.grad for v in eager]], rel=1e-9)
        else:
            assert [z.data, *[v.grad for v in given_]] == [y.data, *[v.grad for v in eager]]
    assert len(f.recordings) == 1


def test_other_numbers_are_replayed_not_baked():
    w = Value(0.5, label="w")
    f = jit(lambda x, y: (w * x).tanh() - y / x)
    assert f(1.0, 2.0).data == ((w * 1.0).tanh() - 2.0 / Value(1.0)).data
    w.data = -1.5
    assert f(3.0, -2.0).data == ((w * 3.0).tanh() - Value(-2.0) / 3.0).data and len(f.recordings) == 1


def test_training_through_replays_is_training():
    def train(wrap):
        model = nn.MLP(2, [4, 1], activation="tanh", seed=3)
        loss = wrap(lambda x, y: (model(x) - y) ** 2)
        sgd = optim.SGD(model.parameters(), lr=0.1)
        rng = random.Random(0)
        for _ in range(30):
            x = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
            sgd.zero_grad()
            loss(x, x[0] * x[1]).backward()
            sgd.step()
        return [p.data for p in model.parameters()]

    assert train(jit) == train(lambda f: f)


def test_backward_twice_adds_twice_and_a_replay_is_part_of_a_graph():
    w = Value(2.0, label="w")
    f = jit(lambda x: w * x * x)
    L = f(3.0) + f(1.0) * 10
    L.backward()
    assert (L.data, w.grad) == (38.0, 19.0)
    L.backward()
    assert w.grad == 38.0


def test_gradients_flow_to_the_values_that_were_passed():
    a, b = Value(2.0), Value(5.0)
    f = jit(lambda xs, k: xs[0] * xs[1] + k)
    f([a, b], 1.0).backward()
    assert (a.grad, b.grad) == (5.0, 2.0)
    f([a, a], 1.0).backward()
    assert a.grad == 5.0 + 4.0


def test_a_replay_can_be_differentiated_again():
    x = Value(0.3)
    f = jit(lambda v: v.tanh() * v)
    d = grad(f(x), x)[0]
    [d2] = grad(d, x)
    e = grad(x.tanh() * x, x)[0]
    assert d.data == e.data and d2.data == grad(e, x)[0].data


def test_without_recording_a_replay_has_no_past():
    w = Value(2.0)
    f = jit(lambda x: w * x)
    f(1.0)
    with no_grad():
        assert f(4.0).parents == () and f(4.0).data == 8.0


def test_another_structure_is_recorded_beside_the_first():
    f = jit(lambda xs, how="sum": F.sum(xs) if how == "sum" else F.mean(xs))
    w = Value(1.0)
    assert [f([w, 2.0]).data, f([w, 2.0, 3.0]).data, f([w, 2.0], "mean").data, f((w, 2.0)).data] == [3.0, 6.0, 1.5, 3.0]
    assert len(f.recordings) == 4
    f([w, 5.0])
    assert len(f.recordings) == 4


def test_arguments_may_be_given_by_name():
    def f(x, power=2, *, scale=1.0):
        return x * power * scale

    g = jit(f)
    assert g(Value(3.0), power=4).data == g(x=Value(3.0), power=4).data == 12.0 and len(g.recordings) == 1
    with pytest.raises(TypeError, match="only be given by name"):
        g(1.0, scale=2.0)
    with pytest.raises(TypeError, match="unexpected keyword"):
        g(1.0, pow=3)


def test_recording_at_every_call_warns():
    f = jit(lambda xs: F.sum(xs))
    with pytest.warns(RuntimeWarning, match="it records at almost every call"):
        for n in range(1, 70):
            f([1.0] * n + [Value(1.0)])
    assert len(f.recordings) == f.limit == 64
    assert (
        repr([*f.recordings.values()][-1])
        == f"<recording: 70 inputs, 0 parameters, 1 steps, {f.backend} backend, 1 call>"
    )


BAKED = [
    ("a comparison", lambda x: x if x > 0 else -x),
    ("bool", lambda x: x and x * 2),
    ("float", lambda x: x * float(x)),
    ("int", lambda x: x * int(x)),
    ("round", lambda x: x * round(x)),
    ("format", lambda x: x * len(f"{x:.3f}")),
    ("a whole number", lambda x: F.sum([x for _ in range(x)])),
    ("a whole number", lambda x: x * [1.0, 2.0][x]),
    (".data", lambda x: x * x.data),
    ("detach", lambda x: x * x.detach()),
    ("a comparison", lambda x: max(x, x * 2)),
]


@pytest.mark.parametrize(("asked", "f"), BAKED, ids=[a for a, _ in BAKED])
def test_a_number_that_would_be_baked_in_is_an_error_with_its_line(asked, f):
    with pytest.raises(RecordingError, match=rf"test_jit\.py, line \d+: {asked}"):
        jit(f)(1.5)
    assert jit(lambda x: ops.where(ops.greater(x, 0.0), x, -x))(-1.5).data == 1.5


def test_a_failed_recording_leaves_nothing_behind():
    f = jit(lambda x: x * float(x))
    with pytest.raises(RecordingError):
        f(1.0)
    assert not f.recordings and Value(1.0).tanh().parents


def test_no_grad_inside_is_refused():
    def f(x):
        with no_grad():
            y = x * 2
        return x * y

    with pytest.raises(RecordingError, match=r"no_grad\(\) while recording"):
        jit(f)(1.0)


def test_what_returns_no_value_is_refused():
    for f, got in (
        (lambda x: 3.0, "float 3.0"),
        (lambda x: [x, 1], "float 1.0"),
        (lambda x: None, "none: is there a `return`"),
    ):
        with pytest.raises(TypeError, match=f"returns a Value, or Values in lists, got .*{got}"):
            jit(f)(1.0)


def test_constants_are_folded_and_equal_lines_computed_once():
    w = Value(2.0, label="w")
    f = jit(lambda x: (w * x) + (w * x) * (Value(3.0) * 4))
    assert f(1.0).data == 26.0
    forward = f.source.partition("def value_and_grads")[0]
    assert forward.count("w * ") == 1 and "12.0" in forward


def test_arguments_without_a_label_are_x1_x2_in_the_source():
    w, x1 = Value(2.0, label="w"), Value(3.0, label="x1")
    f = jit(lambda a, b: w * a * x1 + b)
    assert f(1.0, 5.0).data == 11.0
    assert "x2, x3, w, x1 = leaves" in f.source and "w * x2" in f.source and "unused" not in f.source


def test_only_the_gradients_that_are_asked_for_are_computed():
    f = jit(lambda a, b: a * (b * b))
    f(Value(1.0), 2.0)
    backward = f.source.partition("def value_and_grads")[2]
    assert backward.count("\n    d") == 1 and "return (v2,), (dx1, 0.0,)" in backward


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_is_the_sum_over_its_samples(backend):
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    f = jit(lambda x, y: (model(x) - y) ** 2, backend=backend)
    X, Y = [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]], [1.0, -1.0, 0.0]
    total = f.sum(X, Y)
    total.backward()
    replayed = [p.grad for p in model.parameters()]
    model.zero_grad()
    eager = F.sum([(model(x) - y) ** 2 for x, y in zip(X, Y)])
    eager.backward()
    assert total.data == pytest.approx(eager.data, rel=1e-15) and replayed == pytest.approx(
        [p.grad for p in model.parameters()], rel=1e-13
    )
    assert f.mean(X, Y).data == pytest.approx(eager.data / 3, rel=1e-15)
    assert f.map(X, Y) == [f(x, y).data for x, y in zip(X, Y)] and len(f.recordings) == 1


def test_a_batch_must_fit_together():
    f = jit(lambda x, y: Value(1.0) * x * y)
    with pytest.raises(ValueError, match="equally long, got lengths 1, 2"):
        f.sum([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="at least one sample"):
        f.mean([], [])


def test_losses_and_layers_record():
    model = nn.MLP(3, [4, 3], seed=0)
    f = jit(lambda x: losses.cross_entropy(model(x), 1))
    y, z = f([1.0, 2.0, 3.0]), losses.cross_entropy(model([1.0, 2.0, 3.0]), 1)
    y.backward()
    mine = [p.grad for p in model.parameters()]
    model.zero_grad()
    z.backward()
    assert y.data == z.data and mine == [p.grad for p in model.parameters()]


def test_jit_of_no_function_says_what_to_write():
    with pytest.raises(TypeError, match=r"@jit above its def"):
        jit(3.0)
