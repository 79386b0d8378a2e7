"""`value_and_grad(..., aux=True)`: what a function returns beside its loss, as plain numbers in its structure."""

import math

import pytest

from tinygrad_edu import Value, anomalies, jit, nn, no_grad, pack
from tinygrad_edu.replay.backends import BACKENDS, installed

np = pytest.importorskip("numpy")

BACKENDS = [backend for backend in BACKENDS if installed(backend)]
X, Y = [[0.5, -1.0], [2.0, 0.25], [-1.0, 0.0]], [1.0, -1.0, 0.5]


def both(model):
    def loss(x, y):
        out = model(x)
        return (out - y) ** 2, {"out": out, "twice": [out * 2, x[0]], "kind": "mean"}

    return loss


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def test_the_loss_and_its_gradient_are_those_without_aux(backend):
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    f, theta = both(model), pack(model.parameters())
    (loss, aux), gradient = jit(f, backend).value_and_grad(theta, X, Y, aux=True)
    alone = jit(lambda x, y: f(x, y)[0], backend).value_and_grad(theta, X, Y)
    assert loss == alone[0] and gradient.tolist() == alone[1].tolist()
    with no_grad():
        outs = [model(x).data for x in X]
    assert [a["out"] for a in aux] == pytest.approx(outs, rel=1e-12)
    assert aux == [{"out": a["out"], "twice": [2 * a["out"], x[0]], "kind": "mean"} for a, x in zip(aux, X)]
    assert aux == [a for _, a in jit(f, backend).map(X, Y)]


def test_under_anomalies_aux_is_the_same_and_the_first_bad_number_is_named(backend):
    w = Value(2.0, label="w")
    f, theta = jit(lambda x: (w / ((e := x.exp()) + 1), (e, "exp")), backend), pack([w])
    replayed = f.value_and_grad(theta, [1.0, -2.0], aux=True)
    with anomalies("raise"), no_grad():
        (loss, aux), gradient = f.value_and_grad(theta, [1.0, -2.0], aux=True)
        assert [kind for _, kind in aux] == ["exp", "exp"]
        assert [loss, *[e for e, _ in aux], *gradient] == pytest.approx(
            [replayed[0][0], *[e for e, _ in replayed[0][1]], *replayed[1]], rel=1e-12
        )
        with pytest.raises(FloatingPointError, match=r"exp\(1000\.0\) = inf"):
            f.value_and_grad(theta, [1000.0], aux=True)


def test_values_among_the_samples_are_told_by_the_numbers_in_theta(backend):
    table, stranger = [Value(0.5), Value(-1.0)], Value(0.25)
    f, theta = jit(lambda e, x: (e * e * x, [e * x, e]), backend), pack(table)
    theta.array[1] = 3.0  # the Value itself stays at -1
    (loss, aux), gradient = f.value_and_grad(theta, [table[1], table[0], stranger], [1.0, 2.0, 4.0], aux=True)
    assert aux == [[3.0, 3.0], [1.0, 0.5], [1.0, 0.25]] and loss == pytest.approx((9 + 0.5 + 0.25) / 3)
    assert gradient.tolist() == pytest.approx([2 * 0.5 * 2 / 3, 2 * 3 / 3])


ANYTHING = {
    "a number": (lambda x: (x * x, 3), 3.0),
    "nothing": (lambda x: (x * x, None), None),
    "text": (lambda x: (x * x, "a"), "a"),
    "no leaves": (lambda x: (x * x, []), []),
    "an array": (lambda x: (x * x, np.array([x, 1.0])), [2.0, 1.0]),
    "itself": (lambda x: (y := x * x, y), 4.0),
    "what the loss does not use": (lambda x: (x * x, (x - 2).log()), -math.inf),
}


@pytest.mark.parametrize("what", ANYTHING)
def test_anything_may_stand_beside_the_loss(what):
    f, told = ANYTHING[what]
    w = Value(1.0)
    g = jit(lambda x: f(w * x), "python")
    for switch in ("ignore", "warn") if what != "what the loss does not use" else ("ignore",):
        with anomalies(switch):
            (loss, aux), gradient = g.value_and_grad(pack([w]), [2.0, 2.0], aux=True)
        aux = [a.tolist() if hasattr(a, "tolist") else a for a in aux]
        assert (loss, aux, [*gradient]) == (4.0, [told, told], [8.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x,
        lambda x: [x, x],
        lambda x: (x, x, x),
        lambda x: ([x], x),
        lambda x: {"loss": x, "aux": x},
        lambda x: (x,),
    ],
)
def test_what_is_no_loss_with_something_beside_it_is_refused(f):
    w = Value(2.0)
    with pytest.raises(TypeError, match=r"with aux=True <lambda> returns a pair \(loss, anything\) whose loss is one"):
        jit(lambda x: f(w * x), "python").value_and_grad(pack([w]), [1.0], aux=True)


def test_without_aux_a_pair_is_refused_and_the_way_told():
    w = Value(2.0)
    with pytest.raises(TypeError, match=r"value_and_grad\(\.\.\., aux=True\) takes a pair"):
        jit(lambda x: (w * x, x)).value_and_grad(pack([w]), [1.0])


def test_recorded_ahead_a_function_says_what_it_depends_on(backend):
    w, b = Value(2.0), Value(1.0)
    f = jit(lambda x, y: (w * x + b - y) ** 2, backend)
    assert f.record(X[0], Y[:2]) == (w, b) and len(f.recordings) == 1
    assert f.value_and_grad(pack([w, b]), X[0], Y[:2])[0] >= 0 and len(f.recordings) == 1
    assert jit(lambda x: x * x).record([1.0]) == ()
