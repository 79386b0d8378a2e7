"""A recording printed as functions: the engine's bits, whatever is left out of them."""

import itertools
import struct

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, ops
from tinygrad_edu import functional as F
from tinygrad_edu.engine import chain_rule
from tinygrad_edu.jit.passes import OPTIMISATIONS
from tinygrad_edu.jit.printing import Printed
from tinygrad_edu.jit.record import record
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


OUTSIDE = [(ops.log, -1.0), (ops.log, 0.0), (ops.log1p, -2.0), (ops.atanh, 1.5), (ops.sqrt, -1.0), (ops.asin, 2.0), (ops.acosh, 0.5),
           (ops.power(0.5), -2.0)]


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
    assert p.value_and_grads((0.5, 0.75))[1] == tuple(chain_rule(f(0.5), 1.0, lambda n: n.op.slopes(*n.numbers))[a] for _ in range(1))
