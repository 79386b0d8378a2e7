"""What is true of the chain rule on any graph: random programs with shared subexpressions and reused inputs."""

import json
import math
import os
import re
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, grad, no_grad, ops, topological
from tinygrad_edu.check import gradcheck
from tinygrad_edu.strategies import Program, programs, rows
from tinygrad_edu.text import name, write

quickly = settings(max_examples=100, deadline=None)


def built(p):
    """A fresh graph: its result and its inputs."""
    xs = [Value(x) for x in p.inputs]
    return p(*xs), xs


def gradient(p):
    y, xs = built(p)
    y.backward()
    return [x.grad for x in xs]


@quickly
@given(programs())
def test_backward_is_the_slope_of_the_program(p):
    report = gradcheck(p, *p.inputs)
    assert report, f"\n{report}"
    assert [row.analytic for row in report.rows] == gradient(p)


@quickly
@given(programs())
def test_grad_is_backward(p):
    y, xs = built(p)
    assert [d.data for d in grad(y, *xs)] == gradient(p)


@quickly
@given(programs())
def test_backward_is_the_chain_rule_from_the_other_end(p):
    """Forwards, one input at a time: a nudge of the input goes through every node, as dual numbers do it."""
    for i, reverse in enumerate(gradient(p)):
        y, xs = built(p)
        nudge, size = dict.fromkeys(xs, (0.0, 0.0)), {}
        nudge[xs[i]] = (1.0, 1.0)
        for node in topological(y):
            if node.parents:
                terms = [(d * nudge[q][0], abs(d) * nudge[q][1]) for d, q in zip(node.local_grads(), node.parents)]
                nudge[node] = (math.fsum(a for a, _ in terms), math.fsum(b for _, b in terms))
            else:
                nudge.setdefault(node, (0.0, 0.0))
        forward, size = nudge[y]  # size: what could have cancelled on the way
        assert math.isclose(forward, reverse, rel_tol=1e-12, abs_tol=1e-13 * size)


@settings(max_examples=30, deadline=None)
@given(programs(most_inputs=2, most_steps=4))
def test_the_hessian_is_symmetric_and_is_the_slope_of_the_gradient(p):
    y, xs = built(p)
    hessian = [[d.data for d in grad(g, *xs)] for g in grad(y, *xs)]
    scale = max(1.0, *[abs(d) for row in hessian for d in row])
    for i in range(len(xs)):
        for j in range(i):
            assert math.isclose(hessian[i][j], hessian[j][i], rel_tol=1e-9, abs_tol=1e-9 * scale)
        report = gradcheck(lambda *vs, i=i: grad(p(*vs), *vs)[i], *p.inputs)
        assert report, f"\n{report}"


@quickly
@given(programs())
def test_numbers_and_values_give_the_same_bits(p):
    y, xs = built(p)
    assert y.data == p(*p.inputs)
    with no_grad():
        assert p(*xs).data == y.data


@quickly
@given(programs())
def test_two_builds_give_the_same_bits(p):
    assert list(map(float.hex, gradient(p))) == list(map(float.hex, gradient(p)))


@quickly
@given(programs())
def test_backward_twice_adds_twice(p):
    y, xs = built(p)
    y.backward()
    once = [node.grad for node in topological(y)]
    y.backward()
    assert [node.grad for node in topological(y)] == [2 * g for g in once]


@quickly
@given(programs(), st.sampled_from((-2.0, 0.5, 4.0)))
def test_the_gradient_is_linear_in_the_seed(p, seed):
    y, xs = built(p)
    y.backward(seed)
    assert [x.grad for x in xs] == [seed * g for g in gradient(p)]  # powers of two: exactly


EVERY_PROCESS = """
import json, sys
from tinygrad_edu import Value
from tinygrad_edu.strategies import Program
for source, inputs in json.load(sys.stdin):
    xs = [Value(x) for x in inputs]
    Program(source, tuple(inputs))(*xs).backward()
    print([x.grad.hex() for x in xs])
"""


def some_programs(n):
    """The same n programs every time."""
    found = []
    settings(max_examples=n, derandomize=True, database=None, deadline=None)(
        given(programs())(lambda p: found.append(p))
    )()
    return found


def test_every_process_gives_the_same_bits():
    some = some_programs(60)
    given_in = json.dumps([(p.source, p.inputs) for p in some])

    def answer(seed):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", EVERY_PROCESS], input=given_in, env=environment, text=True, capture_output=True
        )
        assert run.returncode == 0, run.stderr
        return run.stdout.splitlines()

    assert answer("1") == answer("2") == [repr([g.hex() for g in gradient(p)]) for p in some]


def test_programs_share_reuse_and_mix_in_constants():
    some = some_programs(300)
    sources = "\n".join(p.source for p in some)
    assert re.search(r"= [\d.]+ [-*/+] \w", sources) and re.search(
        r"= \w+ [-*/+] [\d.(]", sources
    )  # constants on both sides
    assert any(p.source.count("v1") > 2 for p in some)  # a subexpression used twice
    assert any(p.source.count("a,") + p.source.count("a)") > 3 for p in some)  # an input used again and again
    seen = {node.op.name.split("(")[0] for p in some for node in topological(built(p)[0])}
    missing = {op.name.split("(")[0] for op in ops.TABLE.values()} - seen
    assert len(missing) < len(ops.TABLE) / 3, missing  # rows over a narrow domain come up less often
    assert all(len(p.inputs) in (1, 2, 3) for p in some) and {len(p.inputs) for p in some} == {1, 2, 3}


@quickly
@given(programs())
def test_what_a_program_shows_is_what_runs(p):
    *source, call = repr(p).splitlines()
    assert "\n".join(source) == p.source and call.startswith("f(")
    assert eval(call, {"f": Program("\n".join(source), p.inputs)}) == p(*p.inputs)
    names = [name(x) for x in "abc"[: len(p.inputs)]]
    assert isinstance(write(p(*names)), str)


@quickly
@given(programs())
def test_every_step_of_a_program_is_finite_and_away_from_kinks(p):
    y, _ = built(p)
    for node in topological(y):
        assert math.isfinite(node.data)
        assert not node.parents or abs(node.op.kink(*node.numbers[1:])) > 0.01


@given(rows())
@settings(max_examples=20)
def test_rows_draws_from_the_table(op):
    assert ops.TABLE[op.name] is op
