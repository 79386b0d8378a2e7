"""A program printed as Python: the engine's bits for one sample, and a loop for many."""

import itertools
import struct

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, nn, ops
from tinygrad_edu import functional as F
from tinygrad_edu.engine import chain_rule
from tinygrad_edu.replay.passes import alive, steps
from tinygrad_edu.replay.python_backend import Python
from tinygrad_edu.replay.record import record
from tinygrad_edu.replay.trace import OPTIMISATIONS, trace
from tinygrad_edu.strategies import programs


def recorded(f, xs, dead=True):
    return record(f, list(xs), lambda leaves: leaves, dead)


def printed(r, wanted=None, optimise=frozenset(OPTIMISATIONS)):
    return Python(trace(r, [*r.inputs, *r.parameters] if wanted is None else wanted, optimise))


def one(p, xs, seed=1.0):
    """The values, and the gradients of all leaves, inputs first, for one sample."""
    return p.both(xs, seed)


def eager(f, xs, seed=1.0):
    leaves = [Value(x) for x in xs]
    y = f(*leaves)
    totals = chain_rule(y, seed, lambda n: n.op.slopes(*n.numbers)) if isinstance(y, Value) else {}
    return float(getattr(y, "data", y)), tuple(totals.get(v, 0.0) for v in leaves)


def bits(xs):
    return [struct.pack("d", x + 0.0) if x == x else "nan" for x in xs]


SUBSETS = [frozenset(s) for n in range(5) for s in itertools.combinations(OPTIMISATIONS, n)]


@settings(max_examples=50)
@given(programs())
def test_no_optimisation_changes_a_bit(program):
    xs = program.inputs
    y, grads = eager(program, xs)
    if not isinstance(program(*map(Value, xs)), Value):
        return
    for optimise in SUBSETS:
        p = printed(recorded(program, xs, "dead" in optimise), optimise=optimise)
        assert bits(p.value(xs)) == bits([y]) and p.value(xs) == one(p, xs)[0]
        assert one(p, xs)[1] == grads and one(p, xs, 0.3)[1] == eager(program, xs, 0.3)[1]


def test_every_optimisation_leaves_something_out():
    def f(x, u):
        x.exp()
        t = Value(2.0, label="two").tanh() * x
        return t * t.cos() + t.cos() + u.exp()

    def count(optimise):
        r = recorded(f, [0.5, 0.7], "dead" in optimise)
        p = printed(r, r.inputs[:1], optimise)
        assert one(p, (0.25, 2.0)) == ((eager(f, [0.25, 2.0])[0],), (eager(f, [0.25, 2.0])[1][0], 0.0))
        return steps(alive(p.passes.program))

    everything = count(frozenset(OPTIMISATIONS))
    for o in OPTIMISATIONS:
        assert count(frozenset(OPTIMISATIONS) - {o}) > everything, o


def test_a_recording_returns_all_its_outputs_and_differentiates_the_first():
    w = Value(3.0, label="w")
    p = printed(recorded(lambda x: [w * x, x, (w * 2, Value(7.0) * 2)], [5.0]))
    assert p.value((5.0, 3.0)) == (15.0, 5.0, 6.0, 14.0)
    assert one(p, (2.0, 4.0), 10.0) == ((8.0, 2.0, 8.0, 14.0), (40.0, 20.0))


def test_the_text_is_what_one_would_write():
    w, b, x = Value(0.5, label="w"), Value(-0.25, label="b"), Value(2.0, label="x")

    def loss(x, y):
        h = (w * x + b).tanh()
        h.label = "h"
        return (h - y) ** 2

    p = printed(recorded(loss, [x, 1.0]))
    assert (
        p.text.partition("def value(")[2]
        == """leaves):
    x, x1, w, b = leaves
    h = tanh(w * x + b)
    v1 = power(h - x1, 2)
    return (v1,)


def value_and_grads(leaves, seed=1.0):
    x, x1, w, b = leaves
    v1 = w * x + b
    h = tanh(v1)
    v2 = h - x1
    v3 = power(v2, 2)

    dh = 2.0 * v2 * seed
    db = 4.0 * bell(2.0 * v1) * dh
    dx = w * db
    dx1 = -1.0 * dh
    dw = x * db
    return (v3,), (dx, dx1, dw, db,)
"""
    )


@pytest.mark.parametrize("n", [49, 50, 51, 100, 101, 3000])
def test_sums_of_any_length_are_printed(n):
    def f(*xs):
        return F.sum(xs) * F.dot(xs, xs[::-1], xs[0]) + F.logsumexp(xs)

    xs = tuple(0.1 * (i % 7) - 0.2 for i in range(n))
    p, expected = printed(recorded(f, xs)), eager(f, xs)
    assert one(p, xs) == ((expected[0],), expected[1])
    values, _, dX = p.value_and_grads([], [xs, xs], 1.0, True)
    assert values == [[expected[0]] * 2] and [d[1] for d in dX] == list(expected[1])


OUTSIDE = [
    (ops.log, -1.0), (ops.log, 0.0), (ops.log1p, -2.0), (ops.atanh, 1.5), (ops.sqrt, -1.0), (ops.asin, 2.0),
    (ops.acosh, 0.5), (ops.power(0.5), -2.0),
]  # fmt: skip


@pytest.mark.parametrize(("op", "x"), OUTSIDE, ids=lambda v: getattr(v, "name", v))
def test_outside_its_domain_a_row_has_no_slope(op, x):
    y, grads = eager(op, [x])
    p = printed(recorded(op, [0.5 if op is not ops.acosh else 1.5]))
    assert bits(p.value((x,))) == bits([y]) and bits(one(p, (x,))[1]) == bits(grads)


WORDS = "seed leaves value np v1 dx divide theta samples sample nan batch lanes ys dxs math tanh lambda".split()


@pytest.mark.parametrize("label", WORDS)
def test_no_label_meets_a_name_of_the_text(label):
    a = Value(0.25, label=label)

    def f(v):
        x = a * v
        x.label = "x"
        return F.logsumexp([x, a, v]) * a / (a + v).tanh()

    r = recorded(f, [0.5])
    a.data = 0.75
    p = printed(r, r.parameters)
    expected = chain_rule(f(Value(0.5)), 1.0, lambda n: n.op.slopes(*n.numbers))[a]
    assert one(p, (0.5, 0.75))[1] == (0.0, expected)
    assert p.value_and_grads([0.75], [(0.5,)] * 2, 1.0, False)[1] == pytest.approx([2 * expected], rel=1e-14)


# Many samples in one function


@settings(max_examples=150)
@given(programs())
def test_a_batch_has_the_bits_of_each_sample(program):
    if not isinstance(program(*map(Value, program.inputs)), Value):
        return
    samples = [tuple(x * k for x in program.inputs) for k in (1.0, 0.0, -1.0, 3.0, 1e3, float("inf"))]
    for optimise in (frozenset(OPTIMISATIONS), frozenset()):
        p = printed(recorded(program, program.inputs, "dead" in optimise), optimise=optimise)
        [values], dtheta, dX = p.value_and_grads([], samples, 0.7, True)
        assert dtheta == []
        for k, xs in enumerate(samples):
            (y, grads), ds = eager(program, xs, 0.7), [d[k] for d in dX]
            behind = "where" in program.source and any(
                d != d for d in ds
            )  # a branch not taken: Recording asks the engine
            assert bits([values[k]]) == bits([y]) and (bits(ds) == bits(grads) or behind), xs


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_a_batch_is_the_engines_sum_over_samples(activation, expand):
    model = nn.MLP(2, [4, 3, 1], activation=activation, expand=expand, seed=2)
    w = model.parameters()[0]
    samples = [(0.1 * i, 0.7 - 0.2 * i) for i in range(9)]

    def f(x, u):
        penalty = (F.dot(model.parameters()[:4], model.parameters()[:4]) + 1).sqrt()
        return penalty / (1 + x * x) + (1 - model([x, u]) * u).relu() + w * x * w

    total = F.sum([f(x, u) for x, u in samples])
    total.backward(0.7)
    r = recorded(f, samples[0])
    [values], dtheta, _ = printed(r).value_and_grads([p.data for p in r.originals], samples, 0.7, True)
    assert F.sum([Value(v) for v in values]).data == total.data
    assert dtheta == pytest.approx([p.grad for p in r.originals], rel=1e-13, abs=1e-15)


def test_what_depends_on_parameters_alone_is_computed_once():
    w = Value(3.0, label="w")
    p = printed(recorded(lambda x: w.exp().sin() * x, [1.0]))
    before, loop = p.loop_text.split("for sample in samples:")
    inside = "".join(line for line in loop.splitlines(True) if line.startswith("        "))
    assert "sin(" in before and "sin(" not in inside and "cos(" not in inside
    assert p.value_and_grads([0.5], [(1.0,), (2.0,)], 1.0, False)[1] == [
        pytest.approx(3 * eager(lambda w: w.exp().sin(), [0.5])[1][0])
    ]


def test_a_batch_of_constants_and_of_leaves():
    w = Value(3.0, label="w")
    p = printed(recorded(lambda x: [w, x, Value(2.0) * 3, w * 2], [1.0]))
    expected = [[5.0, 5.0], [1.0, 4.0], [6.0, 6.0], [10.0, 10.0]], [2.0], [[0.0, 0.0]]
    assert p.value_and_grads([5.0], [(1.0,), (4.0,)], 1.0, True) == expected
