"""Batches and flat parameters: whatever holds the samples, whatever holds the parameters, the numbers are the same."""

import array
import copy
import math
import pickle
import random
import sys
import threading
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import RecordingError, Value, grad, jit, nn, no_grad, ops, optim, pack, topological, unpack
from tinygrad_edu import functional as F
from tinygrad_edu.opening import opened
from tinygrad_edu.replay.recording import Recording
from tinygrad_edu.replay.trace import OPTIMISATIONS
from tinygrad_edu.strategies import programs

np = pytest.importorskip("numpy")
BACKENDS = [
    "python",
    "numpy",
    pytest.param("native", marks=pytest.mark.skipif(not find_spec("numba"), reason="the native backend needs Numba")),
]
X, Y = [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6]], [1.0, -1.0, 0.0]


def squared(model):
    return lambda x, y: (model(x) - y) ** 2


def small():
    return nn.MLP(2, [3, 1], activation="tanh", seed=1)


def eager_mean(model):
    model.zero_grad()
    mean = F.mean([squared(model)(x, y) for x, y in zip(X, Y)])
    mean.backward()
    return mean.data, [p.grad for p in model.parameters()]


HOLDERS = {  # a batch, and the same as plain lists
    "lists": lambda: (X, Y, X, Y),
    "tuples": lambda: ([tuple(x) for x in X], tuple(Y), X, Y),
    "generators": lambda: (iter(X), iter(Y), X, Y),
    "arrays": lambda: (np.array(X), np.array(Y), X, Y),
    "whole numbers": lambda: (np.array([[1, 2], [3, 4], [5, 6]]), [1, 2, 3], [[1, 2], [3, 4], [5, 6]], [1, 2, 3]),
    "floats of 32 bits": lambda: (np.array(X, np.float32), Y, np.array(X, np.float32).tolist(), Y),
    "every second row": lambda: (np.repeat(np.array(X), 2, axis=0)[::2], array.array("d", Y), X, Y),
    "memoryviews": lambda: (memoryview(np.array(X)), memoryview(array.array("d", Y)), X, Y),
    "rows that are arrays": lambda: ([np.array(x) for x in X], Y, X, Y),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("held", HOLDERS)
def test_a_batch_may_be_held_in_anything(backend, held):
    model = small()
    xs, ys, plain_x, plain_y = HOLDERS[held]()
    L = jit(squared(model), backend).mean(xs, ys)
    L.backward()
    mine = [p.grad for p in model.parameters()]
    model.zero_grad()
    E = F.mean([squared(model)(x, y) for x, y in zip(plain_x, plain_y)])
    E.backward()
    theirs = [p.grad for p in model.parameters()]
    # Lanes add up in their own order, and NumPy has its own tanh.
    assert L.data == pytest.approx(E.data, rel=1e-14) and mine == pytest.approx(theirs, rel=1e-12)


def test_arrays_stay_arrays_inside():
    w = Value(3.0)
    f = jit(lambda x, k: F.sum(x * k + x) * w)
    rows, ks = np.array(X), np.array(Y)
    assert (
        f.map(rows, ks)
        == [f(x, k).data for x, k in zip(rows, ks)]
        == [float((x * k + x).sum()) * 3.0 for x, k in zip(rows, ks)]
    )
    assert len(f.recordings) == 1
    first = jit(lambda a, b: w * (2 * a + b)[0] - (a.sum() / b.size) * np.tanh(b[1]))
    a, b = np.array([1.0, 2.0]), np.array([10.0, 20.0])
    assert first(a, b).data == 3.0 * 12.0 - 1.5 * math.tanh(20.0)
    with pytest.raises(TypeError):
        f.map(X, Y)  # a list times a number


def test_a_function_of_lists_maps_to_lists():
    model = nn.MLP(2, [3, 2], seed=4)
    f = jit(lambda x: {"scores": model(x), "sum": F.sum(model(x))}, "python")
    [first, *_] = f.map(X)
    assert first["scores"] == [v.data for v in model(X[0])] and first["sum"] == sum(first["scores"], 0.0)
    assert f.map([]) == []
    with no_grad():
        assert f(X[0])["sum"].data == first["sum"]
    with pytest.raises(TypeError, match="returns a dict of 3 Values, and gradients start from one"):
        f(X[0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_values_in_a_batch_get_their_gradients(backend):
    table = [Value(0.5), Value(-1.0), Value(2.0)]
    w = Value(3.0)
    f = jit(lambda e, x: (w * e * x).tanh(), backend)
    rows, xs = [table[2], table[0], table[2]], [0.1, 0.2, 0.3]
    f.mean(rows, xs).backward()
    mine = [v.grad for v in [w, *table]]
    for v in [w, *table]:
        v.grad = 0.0
    F.mean([(w * e * x).tanh() for e, x in zip(rows, xs)]).backward()
    assert mine == pytest.approx([v.grad for v in [w, *table]], rel=1e-14) and table[1].grad == 0.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_can_be_differentiated_again(backend):
    w = Value(0.7)
    f = jit(lambda x: (w * x).tanh() * w, backend)
    [d] = grad(f.mean([0.5, -2.0]), w)
    [e] = grad(F.mean([(w * x).tanh() * w for x in (0.5, -2.0)]), w)
    assert d.data == pytest.approx(e.data, rel=1e-14) and grad(d, w)[0].data == pytest.approx(
        grad(e, w)[0].data, rel=1e-14
    )


def test_a_value_that_is_passed_twice_has_both_gradients_also_the_second_time():
    a = Value(3.0)
    [d] = grad(jit(lambda x, y: x * x * y)(a, a), a)
    assert (d.data, grad(d, a)[0].data) == (27.0, 18.0)


def test_a_recorded_function_may_use_another():
    w = Value(0.5)
    g = jit(lambda x: (w * x).tanh())
    f = jit(lambda x: g(x) * g(x) + g.mean([x, 1.0]), "python")
    t, one = (w * 2.0).tanh().data, (w * 1.0).tanh().data
    assert f(2.0).data == t * t + (t + one) / 2 and not g.recordings


# Flat parameters


@pytest.mark.parametrize("backend", BACKENDS)
def test_flat_gradients_are_the_gradients(backend):
    model = small()
    value, grads = eager_mean(model)
    f = jit(squared(model), backend)
    for order in (model.parameters(), model.parameters()[::-1]):
        theta = pack(order)
        loss, gradient = f.value_and_grad(theta, X, Y)
        assert type(loss) is float and loss == pytest.approx(value, rel=1e-14)
        assert list(gradient) == pytest.approx([grads[model.parameters().index(p)] for p in order], rel=1e-12)
    theta.array = theta.array * 2
    assert f.value_and_grad(theta, X, Y)[0] != pytest.approx(value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_values_among_the_samples_have_their_numbers_in_theta(backend):
    table, w, stranger = [Value(0.5), Value(-1.0), Value(2.0)], Value(3.0), Value(0.25)
    f = jit(lambda e, x: ((w * e[0] + e[1] * stranger) * x).tanh(), backend)
    rows, xs = [[table[2], table[0]], [table[2], table[2]], [stranger, table[1]]], [0.1, 0.2, 0.3]
    theta = pack([*table, w])
    theta.array[0] = 0.75
    loss, gradient = f.value_and_grad(theta, rows, xs)
    table[0].data = 0.75
    L = F.mean([((w * e[0] + e[1] * stranger) * x).tanh() for e, x in zip(rows, xs)])
    L.backward()
    assert loss == pytest.approx(L.data, rel=1e-14) and list(gradient) == pytest.approx(
        [v.grad for v in [*table, w]], rel=1e-14
    )


def test_what_theta_does_not_hold_is_read_where_it_is():
    w, scale, unused = Value(3.0), Value(2.0), Value(9.0)
    f = jit(lambda x: w * x * scale)
    theta = pack([unused, w])
    assert f.value_and_grad(theta, [1.0])[0] == 6.0
    scale.data = 10.0
    loss, gradient = f.value_and_grad(theta, [1.0])
    assert loss == 30.0 and list(gradient) == [0.0, 10.0]


def test_an_array_without_names_needs_an_order():
    a, b = Value(2.0), Value(5.0)
    with pytest.raises(ValueError, match=r"make it with theta = pack\(parameters\)"):
        jit(lambda x: a * x - b).value_and_grad(np.array([1.0, 2.0]), [1.0])
    f = jit(lambda x: a * x - b, parameters=[b, a])
    assert f.value_and_grad(np.array([1.0, 2.0]), [3.0])[0] == 5.0
    with pytest.raises(ValueError, match="theta holds 3 numbers, but there are 2 parameters"):
        f.value_and_grad(np.zeros(3), [3.0])


def test_packed_and_unpacked_again_nothing_has_changed():
    ps = small().parameters()
    before = [p.data for p in ps]
    theta = pack(ps)
    assert theta.array.dtype == np.float64 and theta.parameters == tuple(ps)
    theta.array += 1.0
    assert [p.data for p in ps] == before
    assert unpack(theta) == ps and [p.data for p in ps] == [x + 1.0 for x in before]
    others = [Value(0.0) for _ in ps]
    assert [p.data for p in unpack(theta, others)] == [p.data for p in ps]
    for wrong in (theta.array[1:], [*theta]):
        with pytest.raises(ValueError, match="does not say whose"):
            unpack(wrong)
    with pytest.raises(ValueError, match="do not fit"):
        unpack(theta, others[1:])
    with pytest.raises(TypeError, match="pass the parameters themselves"):
        pack(small())


OPTIMIZERS = {
    "sgd": lambda ps: optim.SGD(ps, lr=0.1),
    "momentum": lambda ps: optim.SGD(ps, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda ps: optim.Adam(ps, lr=optim.linear(0.1, steps=20), betas=(0.85, 0.99), weight_decay=0.1),
    "adamw": lambda ps: optim.AdamW(ps, lr=0.01),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("count", [3, 100])
def test_an_optimizer_moves_arrays_as_it_moves_values(make, count):
    rng = random.Random(count)
    start = [rng.gauss(0, 1) for _ in range(count)]
    ps, theta, plain = [Value(x) for x in start], np.array(start), array.array("d", start)
    optimizers = [make(ps), make(theta), make(plain)]
    for step in range(12):
        g = [rng.gauss(0, 1) * 10.0 ** rng.uniform(-200, 100 if step % 3 else 2) for _ in ps]
        for p, x in zip(ps, g):
            p.grad = x
        optimizers[0].step()
        optimizers[1].step(np.array(g))
        optimizers[2].step(g)
        assert [p.data for p in ps] == theta.tolist() == list(plain)
    assert optimizers[0].state_dict() == optimizers[1].state_dict() == optimizers[2].state_dict()
    fresh = make(theta)
    fresh.load_state_dict(optimizers[0].state_dict())
    fresh.step(np.ones(count))


def test_flat_gradients_are_clipped_in_place():
    for g in (np.array([30.0, 40.0]), array.array("d", [30.0, 40.0])):
        assert optim.clip_by_norm(g, 5.0) == 50.0 and list(g) == [3.0, 4.0]
        assert optim.clip_by_value(g, 3.5) == 1 and list(g) == [3.0, 3.5]


def test_a_flat_optimizer_says_what_it_needs():
    with pytest.raises(TypeError, match=r"is given: step\(gradient\)"):
        optim.SGD(np.zeros(2), 0.1).step()
    with pytest.raises(TypeError, match=r"in \.grad"):
        optim.SGD([Value(1.0)], 0.1).step([1.0])
    with pytest.raises(ValueError, match="2 parameters, but the gradient has 3 numbers"):
        optim.SGD(np.zeros(2), 0.1).step(np.zeros(3))
    with pytest.raises(TypeError, match="float64 in one row"):
        optim.SGD(np.zeros((2, 2)), 0.1)
    with pytest.raises(TypeError, match="float64 in one row"):
        optim.SGD(np.zeros(2, np.float32), 0.1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_flat_training_is_training(backend):
    def through_values():
        model = small()
        f, sgd = jit(squared(model), backend), optim.Adam(model.parameters(), lr=0.05)
        for _ in range(20):
            sgd.zero_grad()
            f.mean(X, Y).backward()
            sgd.step()
        return [p.data for p in model.parameters()]

    model = small()
    theta, f = pack(model.parameters()), jit(squared(model), backend)
    adam = optim.Adam(theta, lr=0.05)
    for _ in range(20):
        adam.step(f.value_and_grad(theta, X, Y)[1])
    assert [*theta] == pytest.approx(through_values(), rel=1e-9)


# What a recording says of itself, and what can be switched off


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=100)
@given(program=programs(), off=st.sampled_from([*[(o,) for o in OPTIMISATIONS], OPTIMISATIONS]))
def test_no_optimisation_changes_a_bit(backend, program, off):
    def bits(optimise):
        leaves = [Value(x) for x in program.inputs]
        y = jit(program, backend, optimise=optimise)(*leaves)
        y.backward()
        return [repr(v) for v in [y.data, *[v.grad for v in leaves]]]

    if isinstance(program(*[Value(x) for x in program.inputs]), Value):
        assert bits(True) == bits([o for o in OPTIMISATIONS if o not in off])


@pytest.mark.parametrize("backend", BACKENDS)
def test_statistics_tell_what_each_optimisation_saves(backend):
    w = Value(2.0)

    def f(x, y):
        x * 3.0  # for nothing
        constant = Value(3.0).exp() * 2.0
        return (w * x).tanh() + (w * x).tanh() * constant + y.exp() * 0.0

    def stats(optimise):
        g = jit(f, backend, optimise=optimise)
        assert g(1.0, 2.0).data == f(Value(1.0), Value(2.0)).data
        return g.stats

    every, none = stats(True), stats(False)
    assert (every.recorded, every.alive, none.alive) == (19, 17, 19) and every.nbytes > 0 and every.calls == 1
    assert (every.forward, none.forward) == (7, 12) and every.both < none.both
    assert "steps with the gradients" in repr(every) and f"{backend} backend" in repr(every)
    with pytest.raises(ValueError, match="optimise is True, False, or some of dead, fold, share, wanted"):
        jit(f, optimise=["fast-math"])


def test_a_replayed_node_opens_into_what_was_recorded():
    w, b = Value(0.5, label="w"), Value(-0.25, label="b")
    f = jit(lambda x: (w * x + b).tanh())
    for L, eager in (
        (f(2.0), (w * 2.0 + b).tanh()),
        (f.mean([2.0, 3.0]), F.mean([(w * x + b).tanh() for x in (2.0, 3.0)])),
    ):
        total, other = L * L, eager * eager
        w.grad = b.grad = 0.0
        total.backward()
        kept = w.grad
        seen = opened(total)
        inner = [(n.op.name, n.data) for n in topological(seen)]
        assert sorted(inner) == sorted((n.op.name, n.data) for n in topological(other))
        assert w in topological(seen) and w.grad == kept
        other.backward()
        mine, theirs = ([(n.grad, n.data) for n in topological(y) if n.op.name == "tanh"] for y in (seen, other))
        assert mine == theirs
        assert total.draw(opened=True).nodes == len(inner) > total.draw().nodes
        scope = {}
        exec(total.source(), scope)
        assert scope["dw"] == pytest.approx(kept, rel=1e-14) and kept == pytest.approx(w.grad / 2, rel=1e-14)


def test_a_replayed_network_is_drawn_as_the_network():
    model = small()
    loss = squared(model)
    for L, eager in (
        (jit(loss)(X[0], Y[0]), loss(X[0], Y[0])),
        (jit(loss).mean(X, Y), F.mean([loss(x, y) for x, y in zip(X, Y)])),
    ):
        ours, theirs = L.draw(view="modules"), eager.draw(view="modules")
        assert (ours.nodes, ours.edges) == (theirs.nodes, theirs.edges)


def test_a_replayed_node_is_copied_but_pickled_only_when_opened():
    w = Value(0.5)
    y = jit(lambda x: (w * x).tanh())(2.0) * 3.0
    twin = copy.deepcopy(y)
    twin.backward()
    assert twin.data == y.data and w.grad == 0.0
    with pytest.raises(TypeError, match=r"pickle opened\(v\)"):
        pickle.dumps(y)
    assert pickle.loads(pickle.dumps(opened(y))).data == y.data


def test_a_decorator_takes_options():
    @jit(backend="python")
    def double(x):
        """Twice."""
        return x * 2.0

    assert (
        double(Value(3.0)).data == 6.0
        and double.__doc__ == "Twice."
        and repr(double) == "<jit double: python backend, 1 recorded>"
    )
    assert "(auto)" in repr(jit(lambda x: x))
    with pytest.raises(ValueError, match="backend is one of auto, python, numpy, native, jax"):
        jit(double, "fortran")


def test_chance_is_not_recorded():
    with pytest.raises(RecordingError, match="does something else at every call: random numbers"):
        jit(lambda x: x * random.random())(1.0)
    dropout = nn.Dropout(0.5, seed=1)
    with pytest.raises(RecordingError, match=r"record the model after eval\(\)"):
        jit(lambda x: dropout([x * 2.0])[0])(1.0)
    dropout.eval()
    assert jit(lambda x: dropout([x * 2.0])[0])(1.0).data == 2.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_threads_that_call_one_function_get_what_one_alone_gets(backend):
    model = small()
    f = jit(squared(model), backend)
    rng = random.Random(5)
    batches = [
        ([[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(n)], [rng.gauss(0, 1) for _ in range(n)])
        for n in (1, 5, 40, 100)
    ]
    theta, alone = pack(model.parameters()), jit(squared(model), backend)
    expected = [(loss, list(g)) for loss, g in (alone.value_and_grad(theta, *b) for b in batches)]
    wrong, gate = [], threading.Barrier(4)

    def work():
        gate.wait()
        for k in range(60):
            i = k % 4
            loss, g = f.value_and_grad(theta, *batches[i])
            if (loss, list(g)) != expected[i] or [x for x in f.map(*batches[i])] != alone.map(*batches[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong and len(f.recordings) == 1


def test_two_threads_can_record_at_once():
    made = []

    def work(k):
        w = Value(float(k))
        f = jit(lambda x: F.sum([w * x * float(i) for i in range(300)]), "python")
        made.append((f(2.0).data, w.data * 2.0 * sum(range(300)), len(f.f(2.0).parents)))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(made) == 6 and all(a == b for a, b, _ in made)


WRONG = [[1.0], [1.0, 2.0, 3.0], [1.0, "2"], [1.0, None], {1.0: 0, 2.0: 0}, {1.0, 2.0}, "12", b"12", [[1.0, 2.0]], 1.0]
WRONG += [np.ones((2, 1)), np.array([1j, 2]), np.array(["1", "2"]), iter([1.0, 2.0])]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda w: str(w).split(" at 0x")[0])
def test_what_does_not_fit_is_not_unpacked_at_all(wrong):
    ps = [Value(5.0), Value(6.0)]
    with pytest.raises((TypeError, ValueError)):
        unpack(wrong, ps)
    assert [p.data for p in ps] == [5.0, 6.0]


def test_interrupted_at_any_line_all_numbers_are_unpacked_or_none():
    ps, done, moment = [Value(0.0) for _ in range(50)], False, 0
    while not done:
        moment, left = moment + 1, [moment + 1]

        def at(frame, event, argument):
            if frame.f_globals.get("__name__", "").startswith("tinygrad_edu") and event == "line":
                left[0] -= 1
                if not left[0]:
                    raise KeyboardInterrupt
            return at

        sys.settrace(at)
        try:
            unpack([1.0] * 50, ps)
            done = True
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        assert len({p.data for p in ps}) == 1
    assert ps[0].data == 1.0 and moment > 10


def test_nothing_is_unpacked_while_a_function_is_recorded():
    w = Value(1.0)
    theta = pack([w])
    with pytest.raises(RecordingError, match="assigning .data"):
        jit(lambda x: unpack(theta)[0] * x)(2.0)


@pytest.mark.parametrize("lost", [[], [3], [0, 99], [*range(40, 60)], [*range(100)]])
@pytest.mark.parametrize("backend", BACKENDS)
def test_of_a_batch_only_the_samples_whose_other_branch_is_nan_are_built_anew(backend, lost, monkeypatch):
    """The slope of a root below 0, in the branch that is not taken."""
    w, v = Value(0.7), [Value(-float(i) if i in lost else 1.0 + i) for i in range(100)]
    root = lambda x: ops.where(ops.greater(x, 0.0), (w * x).sqrt(), w * x)
    F.mean([root(x) for x in v]).backward()
    by_hand = [w.grad, *[x.grad for x in v]]
    for x in (w, *v):
        x.grad = 0.0
    built, plain = [], Recording._eager
    monkeypatch.setattr(Recording, "_eager", lambda self, theta, batch, *rest: built.append(batch.lanes)
                        or plain(self, theta, batch, *rest))  # fmt: skip
    jit(root, backend).mean(v).backward()
    assert [w.grad, *[x.grad for x in v]] == pytest.approx(by_hand, rel=1e-12, nan_ok=True)
    assert built == [1] * len(lost)
