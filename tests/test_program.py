"""Both passes of a recording as one program: evaluated forwards, it gives the engine's bits, gradients included."""

import functools
import math
import random

import pytest
from hypothesis import given, settings
from test_jit_programs import draw, number, run

from tinygrad_edu import Op, Value, grad, ops
from tinygrad_edu import functional as F
from tinygrad_edu.engine import chain_rule
from tinygrad_edu.replay.passes import alive, dots, forward_only, totals
from tinygrad_edu.replay.program import Program, Term
from tinygrad_edu.replay.record import record
from tinygrad_edu.replay.trace import OPTIMISATIONS, trace
from tinygrad_edu.strategies import programs

inf, nan = math.inf, math.nan
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -20.0, 40.0, 710.0, 1e308, -1e308, 1e-300, 5e-324, inf, -inf, nan]
ROWS = [*ops.TABLE.values(), *map(ops.power, (0, 1, 2, -1, 0.5, 2.5)), ops.leaky_relu(0.2), ops.clip(0.0, 2.0)]


def bits(xs):
    return [repr(float(x)) for x in xs]


def recorded(f, xs, dead=True):
    return record(f, [Value(x) for x in xs], lambda leaves: leaves, dead)


def eager(f, xs, parameters=(), seed=1.0):
    """The value, and the gradients of the inputs and of the parameters, as the engine finds them."""
    leaves = [Value(x) for x in xs]
    y = f(*leaves)
    totals = chain_rule(y, seed, lambda n: n.op.slopes(*n.numbers))
    return bits([y.data, *[totals.get(v, 0.0) + 0.0 for v in [*leaves, *parameters]]])


def evaluated(passes, *given):
    """The reference: the program filled with numbers."""
    y, *ds = passes.program(*given)
    return bits([y, *[d + 0.0 for d in ds]])


def behind(found, expected):
    """Whether they agree, but for what a branch that was not taken hands on: there a replay asks the engine."""
    return found[0] == expected[0] and all(a == b or a == "nan" for a, b in zip(found, expected))


@settings(max_examples=150)
@given(programs())
def test_a_random_program_has_the_engines_bits(program):
    if not isinstance(program(*map(Value, program.inputs)), Value):
        return
    w = Value(0.75, "w")

    def f(*xs):
        return program(*xs) * w + program(*xs[:-1], xs[-1] * w)

    for optimise in (frozenset(OPTIMISATIONS), frozenset()):
        r = recorded(f, program.inputs, "dead" in optimise)
        passes = trace(r, [*r.inputs, *r.parameters], optimise)
        for k in (1.0, -1.0, 1e3, inf):
            xs = [x * k for x in program.inputs]
            found, expected = evaluated(passes, *xs, w.data, 0.7), eager(f, xs, [w], 0.7)
            assert found == expected or ("where" in program.source and behind(found, expected)), xs
            for shorter in (alive(passes.program), dots(passes.program)):
                assert evaluated(passes._replace(program=shorter), *xs, w.data, 0.7) == found
            assert bits(forward_only(passes.program, 1)(*xs, w.data, nan)) == found[:1]


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_row_has_the_engines_bits_at_its_edges(op):
    n, rng, w = 4 if ... in op.domain else len(op.domain), random.Random(0), Value(1.0, "w")
    xs = [1.5] * n
    for f in (op, lambda *xs: op(*xs[1:], w) * xs[0]):
        passes = trace(r := recorded(f, xs), [*r.inputs, *r.parameters])
        for x in [*[[x] * n for x in EDGES], *[[rng.choice(EDGES) for _ in range(n)] for _ in range(30 * (n > 1))]]:
            w.data = x[0]
            parameters = [w] if r.parameters else []
            found, expected = evaluated(passes, *x, *[w.data] * len(parameters), 1.0), eager(f, x, parameters)
            assert found == expected or ("where" in op.name and behind(found, expected)), x


def test_a_hundred_random_programs_on_any_numbers():
    rng = random.Random(0)
    for _ in range(100):
        drawn = draw(rng)
        f = functools.partial(lambda drawn, *xs: F.sum([Value(0.0), run(drawn, xs)]), drawn)
        xs = [number(rng) for _ in range(drawn[0])]
        passes = trace(r := recorded(f, xs), r.inputs)
        for _ in range(3):
            found, expected = evaluated(passes, *xs, 1.0), eager(f, xs)
            assert found == expected or behind(found, expected), (drawn, xs)
            xs = [number(rng) for _ in xs]


def test_what_only_numbers_can_run_is_one_step_and_one_for_each_slope():
    own = Op("leaky", lambda x: x if x > 0 else 0.1 * x, lambda y, x: (1.0 if x > 0 else 0.1,))
    passes = trace(r := recorded(lambda x: own(x * 2) * x, [3.0]), r.inputs)
    for x in (3.0, -3.0):
        assert evaluated(passes, x, 1.0) == eager(lambda x: own(x * 2) * x, [x])
    assert [row.name for row in passes.program.rows].count("leaky") == 1


def test_a_row_of_ones_own_that_can_be_written_is_written_out():
    own = Op("saddle", lambda a, b: a * a - b, lambda y, a, b: (2 * a, -1.0), domain=(ops.REAL, ops.REAL))
    passes = trace(r := recorded(lambda x, y: own(x, y) * x, [3.0, 0.5]), r.inputs)
    assert not {"saddle"} & {row.name for row in passes.program.rows}


def test_equal_steps_are_written_once_and_constants_are_folded_unless_switched_off():
    w = Value(0.5)

    def f(x):
        x.exp().tanh()  # nobody needs it
        return (x * 2 + ops.exp(Value(1.0))) * (x * 2 + ops.exp(Value(1.0))) * w.exp()

    sizes = {}
    for off in ((), ("fold",), ("share",), ("wanted",), ("dead",)):
        r = recorded(f, [3.0], "dead" not in off)
        sizes[off] = len(alive(trace(r, r.inputs, frozenset(OPTIMISATIONS) - {*off}).program))
    for off in ("fold", "share", "wanted", "dead"):
        assert sizes[off,] > sizes[()], off


def test_a_program_of_values_is_a_graph_and_its_gradients_can_be_differentiated():
    passes = trace(r := recorded(lambda x: x * x * x, [2.0]), r.inputs)
    x = Value(2.0)
    y, dx = passes.program(x, Value(1.0))
    assert (y.data, dx.data, grad(dx, x)[0].data) == (8.0, 12.0, 12.0)


def test_a_program_of_terms_is_written_into_another():
    inner = trace(r := recorded(lambda x: x.tanh() * x, [2.0]), r.inputs).program
    outer = Program()
    x, seed = outer.given(2)
    y, dx = inner(x + 1.0, seed)
    outer.outputs = [(y * dx).slot]
    a, b = inner(1.5, 1.0)
    assert outer(0.5, 1.0) == [a * b]


def test_nobody_can_ask_a_term_for_its_number():
    x = Program().given(1)[0]
    for ask in (bool, lambda t: t == 1.0, lambda t: t if t else 0.0):
        with pytest.raises(TypeError, match="neither true nor false.*where"):
            ask(x)
    assert isinstance(2.0**x, Term) and isinstance(abs(-x), Term)


def test_gradients_that_nobody_wants_are_no_steps():
    w = Value(0.5, "w")
    r = recorded(lambda x: (x.exp() * w).tanh(), [1.0])
    some, all_of_them = trace(r).program, trace(r, [*r.inputs, *r.parameters]).program
    assert len(alive(some)) < len(alive(all_of_them))


@settings(max_examples=60)
@given(programs())
def test_totals_of_one_lane_are_its_gradients(program):
    """What a sum over lanes is put together from; of several lanes the evaluators show it."""
    if not isinstance(program(*map(Value, program.inputs)), Value):
        return
    w = Value(0.75, "w")
    r = recorded(lambda *xs: program(*xs) * w + program(*xs[:-1], w) + w * w, program.inputs)
    passes = trace(r, r.parameters)
    summed = totals(passes.program, range(passes.inputs), passes.summed)
    found, expected = summed(*program.inputs, 0.75, 1.0, 1.0), passes.program(*program.inputs, 0.75, 1.0)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)
