"""A recording printed as functions: the engine's bits, whatever is left out of them."""

import itertools
import struct

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, nn, ops
from tinygrad_edu import functional as F
from tinygrad_edu.engine import chain_rule
from tinygrad_edu.replay.batching import Batch
from tinygrad_edu.replay.printing import Printed
from tinygrad_edu.replay.record import record
from tinygrad_edu.replay.trace import OPTIMISATIONS
from tinygrad_edu.strategies import programs


def recorded(f, xs, dead=True):
    return record(f, list(xs), lambda leaves: leaves, dead)


def eager(f, xs, seed=1.0):
    leaves = [Value(x) for x in xs]
    y = f(*leaves)
    totals = chain_rule(y, seed, lambda n: n.op.slopes(*n.numbers)) if isinstance(y, Value) else {}
    return float(getattr(y, "data", y)), tuple(totals.get(v, 0.0) for v in leaves)


def bits(xs):
    return [struct.pack("d", x) if x == x else "nan" for x in xs]


SUBSETS = [frozenset(s) for n in range(5) for s in itertools.combinations(OPTIMISATIONS, n)]


@settings(max_examples=100)
@given(programs())
def test_no_optimisation_changes_a_bit(program):
    xs = program.inputs
    y, grads = eager(program, xs)
    if not isinstance(program(*map(Value, xs)), Value):
        return
    for optimise in SUBSETS:
        r = recorded(program, xs, "dead" in optimise)
        p = Printed(r, r.inputs, optimise=optimise)
        assert bits(p.value(xs)) == bits([y]) and p.value(xs) == p.value_and_grads(xs)[0]
        assert p.value_and_grads(xs)[1] == grads and p.value_and_grads(xs, 0.3)[1] == eager(program, xs, 0.3)[1]


def test_every_optimisation_leaves_something_out():
    def f(x, u):
        x.exp()
        t = Value(2.0, label="two").tanh() * x
        return t * t.cos() + t.cos() + u

    def lines(optimise):
        r = recorded(f, [0.5, 0.7], "dead" in optimise)
        p = Printed(r, r.inputs[:1], optimise=optimise)
        assert p.value_and_grads((0.25, 2.0)) == ((eager(f, [0.25, 2.0])[0],), eager(f, [0.25, 2.0])[1][:1])
        return p.text

    everything = lines(frozenset(OPTIMISATIONS))
    for o in OPTIMISATIONS:
        assert len(lines(frozenset(OPTIMISATIONS) - {o})) > len(everything), o


def test_a_recording_returns_all_its_outputs_and_differentiates_the_first():
    w = Value(3.0, label="w")
    r = recorded(lambda x: [w * x, x, (w * 2, Value(7.0) * 2)], [5.0])
    p = Printed(r, [*r.inputs, *r.parameters])
    assert p.value((5.0, 3.0)) == (15.0, 5.0, 6.0, 14.0)
    assert p.value_and_grads((2.0, 4.0), 10.0) == ((8.0, 2.0, 8.0, 14.0), (40.0, 20.0))


@pytest.mark.parametrize("n", [49, 50, 51, 100, 101, 3000])
def test_sums_of_any_length_are_printed(n):
    def f(*xs):
        return F.sum(xs) * F.dot(xs, xs[::-1], xs[0]) + F.logsumexp(xs)

    xs = tuple(0.1 * (i % 7) - 0.2 for i in range(n))
    r = recorded(f, xs)
    assert Printed(r, r.inputs).value_and_grads(xs) == ((eager(f, xs)[0],), eager(f, xs)[1])


OUTSIDE = [
    (ops.log, -1.0),
    (ops.log, 0.0),
    (ops.log1p, -2.0),
    (ops.atanh, 1.5),
    (ops.sqrt, -1.0),
    (ops.asin, 2.0),
    (ops.acosh, 0.5),
    (ops.power(0.5), -2.0),
]


@pytest.mark.parametrize(("op", "x"), OUTSIDE, ids=lambda v: getattr(v, "name", v))
def test_outside_its_domain_a_row_has_no_slope(op, x):
    r = recorded(op, [0.5 if op is not ops.acosh else 1.5])
    y, grads = eager(op, [x])
    p = Printed(r, r.inputs)
    assert bits(p.value((x,))) == bits([y]) and bits(p.value_and_grads((x,))[1]) == bits(grads)


@pytest.mark.parametrize("label", ["seed", "leaves", "value", "np", "x_t1", "x_t2", "divide"])
def test_no_label_meets_a_name_of_the_text(label):
    a = Value(0.25, label=label)

    def f(v):
        x = a * v
        x.label = "x"
        return F.logsumexp([x, a, v]) * a

    r = recorded(f, [0.5])
    a.data = 0.75
    p = Printed(r, r.parameters)
    assert p.value_and_grads((0.5, 0.75))[1] == tuple(
        chain_rule(f(0.5), 1.0, lambda n: n.op.slopes(*n.numbers))[a] for _ in range(1)
    )


# Many samples in one function


@settings(max_examples=300)
@given(programs())
def test_a_batch_has_the_bits_of_each_sample(program):
    if not isinstance(program(*map(Value, program.inputs)), Value):
        return
    samples = [tuple(x * k for x in program.inputs) for k in (1.0, 0.0, -1.0, 3.0, 1e3, float("inf"))]
    for optimise in (frozenset(OPTIMISATIONS), frozenset()):
        r = recorded(program, program.inputs, "dead" in optimise)
        values, dtheta, dinputs = Batch(r, r.inputs, optimise).run([], samples, 0.7)
        assert dtheta == () and len(values) == len(dinputs) == len(samples)
        for xs, ys, ds in zip(samples, values, dinputs):
            y, grads = eager(program, xs, 0.7)
            behind = "where" in program.source and any(
                d != d for d in ds
            )  # a branch not taken: Recording asks the engine then
            assert bits(ys) == bits([y]) and (bits(ds) == bits(grads) or behind), xs


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_a_batch_is_the_engines_sum_over_samples_to_the_bit(activation, expand):
    model = nn.MLP(2, [4, 3, 1], activation=activation, expand=expand, seed=2)
    w = model.parameters()[0]
    samples = [(0.1 * i, 0.7 - 0.2 * i) for i in range(9)]

    def f(x, u, penalty):
        return penalty() / (1 + x * x) + (1 - model([x, u]) * u).relu() + w * x * w

    built = []

    def once():  # what depends on parameters alone: built once and first here, found by the recording
        if not built:
            built.append((F.dot(model.parameters()[:4], model.parameters()[:4]) + 1).sqrt())
        return built[0]

    total = F.sum([f(x, u, once) for x, u in samples])
    total.backward(0.7)
    r = recorded(
        lambda x, u: f(x, u, lambda: (F.dot(model.parameters()[:4], model.parameters()[:4]) + 1).sqrt()), samples[0]
    )
    values, dtheta, dinputs = Batch(r, [*r.parameters, *r.inputs]).run([p.data for p in r.originals], samples, 0.7)
    assert F.sum([v for (v,) in values]) == total.data and len(dinputs) == 9
    assert dtheta == tuple(p.grad for p in r.originals)


def test_a_batch_of_nothing_of_constants_and_of_leaves():
    w = Value(3.0, label="w")
    r = recorded(lambda x: [w, x, Value(2.0) * 3, w * 2], [1.0])
    b = Batch(r, [r.parameters[0], r.inputs[0]])
    assert b.run([5.0], []) == ([], (0.0,), [])
    assert b.run([5.0], [(1.0,), (4.0,)]) == ([(5.0, 1.0, 6.0, 10.0), (5.0, 4.0, 6.0, 10.0)], (2.0,), [(0.0,), (0.0,)])


@pytest.mark.parametrize("n", [51, 3000])
def test_a_batch_prints_sums_of_any_length(n):
    def f(*xs):
        return -(F.sum(xs) * 2 + F.dot(xs, xs) + F.logsumexp(xs))

    xs = tuple(0.1 * (i % 7) - 0.2 for i in range(n))
    r = recorded(f, xs)
    values, _, [d] = Batch(r, r.inputs).run([], [xs])
    assert (values[0][0], list(d)) == (eager(f, xs)[0], list(eager(f, xs)[1]))


@pytest.mark.parametrize("label", ["seed", "theta", "samples", "outputs", "sample", "nan", "batch", "divide"])
def test_no_label_meets_a_name_of_the_batch(label):
    a = Value(0.25, label=label)
    r = recorded(lambda v: a * v / (a + v), [0.5])
    [one] = Batch(r, r.parameters).run([0.75], [(0.5,)])[1]
    assert one == Printed(r, r.parameters).value_and_grads((0.5, 0.75))[1][0]


def test_a_shared_value_that_the_backward_pass_asks_for_is_there():
    def f(a):
        return a.exp() + a.exp().tanh() + a.exp().elu()

    r = recorded(f, [0.5])
    values, _, [d] = Batch(r, r.inputs).run([], [(0.25,)])
    assert (values[0][0], d) == (eager(f, [0.25])[0], eager(f, [0.25])[1])
