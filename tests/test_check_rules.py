"""Each node's own rule is checked where it was used: a wrong one is found and named, wherever it stands,
and a right one never accused.
"""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Op, Value, gradcheck, jit, nn, ops
from tinygrad_edu.check import Partial
from tinygrad_edu.check.rules import partials_of, rules
from tinygrad_edu.strategies import admits, inputs, rows

SMOOTH = [ops.add, ops.sub, ops.mul, ops.tanh, ops.sigmoid, ops.sin, ops.softplus, ops.atan, ops.gelu, ops.relu]
FAULTS = {
    "the sign is turned": lambda d: -d,
    "2 times what it should be": lambda d: 2 * d,
    "too much": lambda d: d + 1 + abs(d) / 2,
}


def planted(op, i, fault):
    """The row with partial `i` gone wrong."""

    def partials(y, *xs):
        return tuple([fault(d) if k == i else d for k, d in enumerate(op.partials(y, *xs))])

    return Op(op.name, op.forward, partials, op.symbol, op.domain, op.kink)


def program(op, xs, seed, size=50):
    """A random graph of `size` nodes on three inputs, in which `op` sees the numbers xs: the node called bad."""
    rng = random.Random(seed)
    leaves = [Value(x, label=f"x{i}") for i, x in enumerate((0.3, -0.7, 1.1))]
    nodes = [*leaves]

    def grow(until):
        while len(nodes) < until:
            row = rng.choice(SMOOTH)
            among = rng.sample(nodes[-12:], len(row.domain))
            if admits(row, *among) and abs(row(*among)) < 8:
                nodes.append(row(*among))

    grow(rng.randint(10, size // 2))
    bad = op(*[rng.choice(nodes) * 0.0 + x for x in xs])
    bad.label = "bad"
    nodes.append(bad / max(1.0, abs(bad.data)))
    grow(size)
    return ops.sum(*leaves, *nodes[-12:]) + nodes[-1] * bad, leaves


@settings(max_examples=50, deadline=None)
@given(rows(), st.data(), st.integers(0, 99))
def test_a_wrong_partial_in_any_row_is_found_and_named_in_a_program_of_50_nodes(op, data, seed):
    xs = data.draw(inputs(op))
    i, words = data.draw(st.integers(0, len(xs) - 1)), data.draw(st.sampled_from([*FAULTS]))
    right = op.slopes(op(*xs), *xs)[i]
    if abs(right) < 1e-3:  # nothing times 2 is nothing
        words = "too much"
    fault = FAULTS[words]
    root, leaves = program(planted(op, i, fault), xs, seed)
    report = gradcheck(root, *leaves)
    assert not report
    [found] = report.wrong_rules
    assert (found.row, found.node, found.input) == (op.name, "bad", i)
    assert found.analytic == pytest.approx(fault(right), rel=1e-9)
    assert found.numeric == pytest.approx(right, rel=1e-4, abs=1e-6)
    assert f"wrong rule: {op.name}(" in str(report) and (words in str(found) or fault is FAULTS["too much"])
    root, leaves = program(op, xs, seed)
    assert not gradcheck(root, *leaves).wrong_rules


@pytest.mark.parametrize("op", ops.TABLE.values(), ids=lambda op: op.name)
def test_a_wrong_partial_of_every_row_and_every_input_is_found(op):
    rng = random.Random(op.name)
    n = len([d for d in op.domain if d is not ...]) + (... in op.domain)
    while True:
        xs = [rng.choice([-1, 1]) * rng.uniform(0.2, 3.0) for _ in range(n)]
        if admits(op, *xs):
            break
    assert all(partials_of(op, xs))
    for i in range(n):
        for fault in FAULTS.values():
            d = op.slopes(op(*xs), *xs)[i]
            found = [p.input for p in partials_of(planted(op, i, fault), xs) if not p]
            assert found == ([i] if abs(fault(d) - d) > 1e-6 else [])


def test_a_wrong_rule_that_no_input_feels_is_found_all_the_same():
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (2 * x * x,))
    report = gradcheck(lambda x: x + 0.0 * cube(x), 2.0)
    assert report.rows[0].verdict == "happy" and not report
    assert [(p.row, p.input) for p in report.wrong_rules] == [("cube", 0)]


def test_an_input_that_the_wrong_rule_cannot_reach_is_not_blamed_on_it():
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (2 * x * x,))
    report = gradcheck(lambda x, y: cube(x) + y * float(y), 2.0, 3.0)
    assert [row.verdict for row in report.rows] == ["wrong", "wrong"]
    assert "cube" in report.rows[0].hint and "the graph is cut" in report.rows[1].hint


def test_rules_inside_a_replay_are_checked_too():
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (2 * x * x,))
    f = jit(lambda x, y: cube(x) * y, backend="python")
    report = gradcheck(f, 0.5, 1.5)
    assert {p.row for p in report.wrong_rules} >= {"cube"}
    assert gradcheck(jit(lambda x, y: ops.tanh(x) * y, backend="python"), 0.5, 1.5)


def test_of_a_large_graph_every_row_is_checked_and_the_rest_is_drawn_with_the_seed():
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (2 * x * x,))
    x = Value(0.5, label="x")
    y = cube(x)
    for _ in range(3000):
        y = y * 1.0001
    found = rules(y, most=100)
    assert 98 <= len(found) <= 102 and [p.row for p in found if not p] == ["cube"]
    assert found == rules(y, most=100) and found != rules(y, most=100, seed=1)
    assert [p.place for p in found] == sorted(p.place for p in found)
    assert found[0].place[1] == 3000 * 2 + 2


def test_the_rules_of_a_network_are_right():
    model = nn.MLP(3, [4, 4, 1], activation="gelu", seed=0)
    loss = (model([0.5, -1.0, 2.0]) - 1) ** 2
    report = gradcheck(loss, *model.parameters())
    assert report and len(report.rules) > 60 and all(type(p) is Partial for p in report.rules)
