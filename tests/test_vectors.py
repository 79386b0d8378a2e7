"""Vector steps: what a program computes one step after the other, for many lanes and for neighbours at once."""

import math
import random

import pytest
from hypothesis import given, settings
from test_program import ROWS, bits

np = pytest.importorskip("numpy")

from tinygrad_edu import Value, nn, ops  # noqa: E402
from tinygrad_edu import functional as F  # noqa: E402
from tinygrad_edu.replay.record import record  # noqa: E402
from tinygrad_edu.replay.trace import trace  # noqa: E402
from tinygrad_edu.replay.vectors import MANY, SINGLE, Vectors, layer, outer, spread, total  # noqa: E402
from tinygrad_edu.strategies import programs  # noqa: E402


def traced(f, xs):
    r = record(f, list(xs), lambda leaves: leaves)
    return r, trace(r, [*r.inputs, *r.parameters])


def computed(v, theta, X, seed):
    """What vector steps say, one number after the other: the outputs, each with one number for each lane."""
    lanes = len(X[0])
    tables = [[[x] for x in (*theta, seed, float(lanes), *v.program.constants.values())], [list(x) for x in X]]
    for table in (SINGLE, MANY):
        tables[table] += [None] * (v.size[table] - len(tables[table]))
    for step in sum(v.code, []):
        args = [[tables[t][r] for r in rows.ravel()] for t, rows in step.args]
        if step.row is outer:
            ups, xs = args
            results = [[math.fsum(a * b for a, b in zip(up, x))] for up in ups for x in xs]
        elif step.row is total:
            results = [[math.fsum(x)] for x in args[0]]
        else:
            many = ... in step.row.domain
            if step.row is layer:
                n = len(args[1])
                given = [(*args[0][i * n : (i + 1) * n], *args[1], *[b[i] for b in args[2:]])
                         for i in range(len(step.out))]  # fmt: skip
            else:
                given = [[a for xs, (_, r) in zip(args, step.args) for a in (xs[i * r[0].size :][: r[0].size] if many
                          else [xs[i]])] for i in range(len(step.out))]  # fmt: skip
            width = lanes if step.table == MANY else 1
            f = (lambda x: x) if step.row is spread else ops.dot.forward if step.row is layer else step.row.forward
            results = [[f(*[a[k if len(a) > 1 else 0] for a in xs]) for k in range(width)] for xs in given]
        for row, result in zip(step.out, results):
            assert tables[step.table][row] is None, "a row is written once"
            tables[step.table][row] = result
    places = [v.place[i] for i in v.program.outputs]
    return [(tables[t][r] * lanes)[:lanes] if t == SINGLE else tables[t][r] for t, r in places]


def agree(f, columns, w, seed=0.7):
    """Values and gradients of inputs have the program's bits in each lane; gradients of parameters are their sum."""
    r, passes = traced(f, columns[0])
    theta = [p.data for p in r.originals]
    each = [passes.program(*xs, *theta, seed) for xs in columns]
    summed = passes.summed.start
    for broadcasts in (True, False):
        found = computed(Vectors.of(passes, broadcasts=broadcasts), theta, list(zip(*columns)), seed)
        for lane, expected in enumerate(each):
            assert bits([row[lane] for row in found[:summed]]) == bits(expected[:summed]), columns[lane]
        for k in passes.summed:
            parts = [e[k] for e in each]
            if all(map(math.isfinite, parts)) and max(map(abs, parts)) < 1e100:
                assert found[k][0] == pytest.approx(math.fsum(parts), rel=1e-9, abs=1e-9 * max(map(abs, parts)))


@settings(max_examples=30)
@given(programs())
def test_in_every_lane_vector_steps_are_the_steps_of_the_program(program):
    if not isinstance(program(*map(Value, program.inputs)), Value):
        return
    w = Value(0.75, "w")
    columns = [program.inputs, *[[x * k for x in program.inputs] for k in (-1.0, 3.0)]]
    agree(lambda *xs: program(*xs) * w + program(*xs[:-1], w) + program(*xs[:-1], xs[-1] * w), columns, w)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_every_row_stands_side_by_side_with_itself(op):
    n, rng, w = 4 if ... in op.domain else len(op.domain), random.Random(0), Value(0.6, "w")
    f = lambda *xs: op(*xs) * w + op(*xs[1:], w) * op(w, *xs[1:]) * F.sum([op(*[w] * n), op(*[x * w for x in xs])])
    agree(f, [[rng.uniform(0.1, 0.9) for _ in range(n)] for _ in range(3)], w)


def test_a_network_is_a_few_vector_steps_and_their_arguments_are_slices():
    model = nn.MLP(2, [16, 16, 1], seed=0)
    ps = model.parameters()
    f = lambda a, b, y: (1 - y * model([a, b])).relu() + 1e-4 * F.dot(ps, ps)
    _, passes = traced(f, [0.5, -0.5, 1.0])
    v = Vectors.of(passes)
    assert len(v.program) > 1400 and sum(map(len, v.code)) < 50
    rows = [r for step in sum(v.code, []) for _, r in step.args]
    flat = [r for r in rows if not np.diff(r.ravel(), 2).any()]
    assert len(flat) > 0.8 * len(rows)
    assert [s.row for s in v.code[1]].count(outer) == 3 and [s.row for s in v.code[1]].count(layer) == 5


def test_short_dots_of_different_rows_go_side_by_side():
    w, b = [Value(0.5), Value(-1.0)], Value(2.0)
    _, passes = traced(lambda *xs: F.sum([F.dot(w, xs[i : i + 2], bias=b).tanh() for i in range(5)]), [0.1] * 6)
    v = Vectors.of(passes)
    assert layer not in [step.row for step in v.code[1]][:6] and ops.dot in [step.row for step in v.code[1]]


def test_gains_of_their_own_are_multiplied_together_and_added_up_together():
    gains = [Value(0.5 + i) for i in range(6)]
    _, passes = traced(lambda *xs: F.sum([(g * x).tanh() for g, x in zip(gains, xs)]), [0.1] * 6)
    rows = [step.row for step in Vectors.of(passes).code[1]]
    assert outer not in rows and rows.count(total) == 1


def test_what_nobody_asks_for_is_computed_all_the_same_where_it_is_kept():
    r = record(lambda x: [x * 2, x.exp().tanh()][0], [0.5], lambda leaves: leaves, False)
    passes = trace(r, r.inputs, frozenset({"fold", "share"}))
    assert {ops.exp, ops.tanh} <= {step.row for step in Vectors.of(passes).code[1]}
