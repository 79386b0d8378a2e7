"""What is true of every row is said once and holds for all of them, also for one that is added while the tests run."""

import math
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu
from tinygrad_edu import Op, Value, functional, grad, ops, text
from tinygrad_edu.check import gradcheck, intervals
from tinygrad_edu.ops import clip, leaky_relu, power
from tinygrad_edu.strategies import inputs

OTHER_PARAMETERS = [power(-1), power(0.5), power(2.5), power(0), power(1), power(2), power(-2.5),
                    leaky_relu(0.2), leaky_relu(0.0), clip(0.0, 2.0), clip(-0.25, 3.5), clip(0.5, None),
                    clip(None, 0.5)]  # fmt: skip
ROWS = [*ops.TABLE.values(), *OTHER_PARAMETERS]

every_row = pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
quickly = settings(max_examples=12, deadline=None)


def close(a, b, digits=10):
    return math.isclose(a, b, rel_tol=10.0**-digits, abs_tol=10.0**-digits)


def values(xs):
    return [Value(x) for x in xs]


def somewhere(op, n):
    """n numbers in the row's domain."""
    return [max(lo, 0.0) + 0.5 + i / 16 for i, (lo, _) in enumerate(intervals(op, n))]


# The theorems, each about one row at one point.


def partials_are_slopes(op, xs):
    report = gradcheck(op, *xs)
    assert report, f"\n{report}"
    assert {row.verdict for row in report.rows} <= {"happy", "acceptable"}, f"\n{report}"


def partials_of_partials_are_slopes(op, xs):
    for i in range(len(xs)):
        report = gradcheck(lambda *vs, i=i: grad(op(*vs), *vs)[i], *xs)
        assert report, f"\nd{op.name}/d(input {i}), differentiated again:\n{report}"


def mixed_partials_are_symmetric(op, xs):
    vs = values(xs)
    hessian = [[d.data for d in grad(g, *vs)] for g in grad(op(*vs), *vs)]
    for i in range(len(xs)):
        for j in range(i):
            assert close(hessian[i][j], hessian[j][i]), (i, j)


def grad_is_backward(op, xs):
    vs = values(xs)
    y = op(*vs)
    gs = [g.data for g in grad(y, *vs)]
    y.backward()
    assert gs == [v.grad for v in vs]


def a_fused_rule_is_the_chain_rule_through_its_parts(op, xs):
    if op.parts:
        vs, us = values(xs), values(xs)
        whole, parts = op(*vs), op.parts(*us)
        assert close(whole.data, parts.data)
        whole.backward()
        parts.backward()
        for v, u in zip(vs, us):
            assert close(v.grad, u.grad)


def textbook_partials_are_the_partials(op, xs):
    if op.textbook and not (op is ops.sinc and abs(xs[0]) < 1e-3):  # whose book has no digits there
        y = op(*xs)
        for book, ours in zip(op.textbook(y, *xs), op.slopes(y, *xs), strict=True):
            assert close(book, ours, digits=9)


def numbers_and_values_agree(op, xs):
    y = op(*xs)
    assert type(y) is float
    assert op(*values(xs)).data == y
    assert op(Value(xs[0]), *xs[1:]).data == y


THEOREMS = [partials_are_slopes, partials_of_partials_are_slopes, mixed_partials_are_symmetric, grad_is_backward,
            a_fused_rule_is_the_chain_rule_through_its_parts, textbook_partials_are_the_partials,
            numbers_and_values_agree]  # fmt: skip


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.__name__)
@every_row
def test_of_every_row(op, theorem):
    holds(theorem, op)


@every_row
def test_a_rule_gives_one_partial_per_input(op):
    n = len([d for d in op.domain if d is not ...])
    for extra in range(3 if ... in op.domain else 1):
        xs = somewhere(op, n + extra)
        assert len(op.partials(op(*xs), *xs)) == n + extra


ANYWHERE = st.floats() | st.sampled_from([0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, 5e-324, -1e308])


def outcome(rule, *xs):
    """Numbers to the last bit and the sign of zero, or the kind of the error."""
    try:
        return repr(rule(*xs))
    except ArithmeticError as e:
        return type(e)


@every_row
def test_a_rule_among_bare_functions_computes_what_it_computes_among_rows(op):
    """Anywhere, also outside of the domain: the same bits, or the same error."""
    n = len([d for d in op.domain if d is not ...]) + 2 * (... in op.domain)

    @quickly
    @given(st.lists(ANYWHERE, min_size=n, max_size=n))
    def same(xs):
        y = op(*xs)
        assert outcome(op.bare, y, *xs) == outcome(op.partials, y, *xs)
        if getattr(op.forward, "__code__", None) is getattr(
            op.parts, "__code__", ""
        ):  # a fused row, which is its parts
            assert outcome(op.forward, *xs) == outcome(op.parts, *xs)

    same()


def holds(theorem, op):
    """Try a theorem at points all over a row's domain."""
    quickly(given(inputs(op, most=4))(lambda xs: theorem(op, xs)))()


# What a row owes its users besides numbers.


def is_written_everywhere(op):
    """Its text, its line in the table, its method on Value and its function."""
    output, names = text.input_names(op)
    assert all(name in text.write(text.value(op, *names)) for name in names if op.name != "power(0)")
    formulas = [text.write(d) for d in text.local_gradients(op, output, *names)]
    assert len(formulas) == len(names) and all(formulas)
    assert all(f.count("(") == f.count(")") for f in formulas)
    if op.name in ops.TABLE:
        assert f"\n| {op.name} " in text.table()
    bare, n = op.name.split("(")[0], len([d for d in op.domain if d is not ...])
    xs = somewhere(op, 4 if ... in op.domain else n)
    y = op(*xs)
    if bare in ops.FACTORIES:
        assert getattr(Value(xs[0]), bare)(*op.recipe[1]).data == y
        assert getattr(functional, bare)(xs[0], *op.recipe[1]) == y
    elif ... in op.domain:
        f = getattr(functional, bare)
        assert (f(xs[:2], xs[2:]) if bare == "dot" else f(xs)) == y
    else:
        assert getattr(Value(xs[0]), bare)(*xs[1:]).data == y
        assert getattr(functional, bare)(*xs) == y
        assert bare in dir(functional)


@every_row
def test_every_row_has_a_text_a_line_in_the_table_a_method_and_a_function(op):
    is_written_everywhere(op)


def pickles(op):
    assert pickle.loads(pickle.dumps(op)) is op or op.recipe
    twin = pickle.loads(pickle.dumps(op))
    xs = somewhere(op, len([d for d in op.domain if d is not ...]))
    assert twin.name == op.name and twin(*xs) == op(*xs)


@every_row
def test_rows_pickle(op):
    pickles(op)


def test_leaves_and_detached_nodes_pickle_too():
    assert pickle.loads(pickle.dumps([ops.leaf, ops.detached])) == [ops.leaf, ops.detached]


NEW_ROWS = [
    Op("mush", lambda x: x * ops.tanh(ops.softplus(x)),
       lambda y, x: (ops.tanh(ops.softplus(x)) + x * (1 - ops.tanh(ops.softplus(x)) ** 2) * ops.sigmoid(x),),
       parts=lambda x: x * ops.tanh(ops.softplus(x))),
    Op("xlogb", lambda a, b: a * ops.log(b), lambda y, a, b: (ops.log(b), a / b), domain=(ops.REAL, ops.POSITIVE)),
    Op("ramp3", lambda x: ops.relu(x) * x * x, lambda y, x: (3 * x * ops.relu(x),), kink=lambda x: x),
]  # fmt: skip


@pytest.mark.parametrize("op", NEW_ROWS, ids=lambda op: op.name)
def test_a_row_added_at_run_time_gets_all_of_this(op):
    before = text.table()
    tinygrad_edu.register(op)
    try:
        for theorem in THEOREMS:
            holds(theorem, op)
        is_written_everywhere(op)
        pickles(op)
    finally:
        del ops.TABLE[op.name]
        delattr(Value, op.name)
    assert text.table() == before
    assert not hasattr(functional, op.name)


@pytest.mark.parametrize(
    "family, n", [(clip, (-1, 2)), (leaky_relu, (2,)), (ops.polygamma, (2,))], ids=lambda x: getattr(x, "__name__", "")
)
def test_a_parameter_is_a_number_of_any_kind_and_its_row_is_made_once(family, n):
    np = pytest.importorskip("numpy")
    for kind in (int, float, Fraction, Decimal, np.float32, np.int8, np.array):
        assert family(*map(kind, n)) is family(*n)
    assert family(*n[:-1], True) is family(*n[:-1], 1)
    for wrong in (
        np.complex64(2),
        2j,
        Decimal("sNaN"),
        "2",
        [2],
        np.array([2]),
        Value(2.0),
    ):  # np.complex64(2) == 2, of equal hash
        with pytest.raises(TypeError, match="number"):
            family(*n[:-1], wrong)


def test_the_theorems_see_a_wrong_partial():
    wrong = Op("wrong", lambda x: x * x * x, lambda y, x: (2.999 * x * x,))
    with pytest.raises(AssertionError, match="suspicious"):
        partials_are_slopes(wrong, (0.5,))
    with pytest.raises(TypeError, match="'lost' cannot be differentiated twice"):
        partials_of_partials_are_slopes(Op("lost", lambda x: x * x * x, lambda y, x: (3 * x * float(x),)), (0.5,))


def test_every_row_of_the_table_is_here():
    assert {op.name for op in ROWS} >= set(ops.TABLE)


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_inputs_lie_inside_the_domain_and_away_from_kinks(data):
    op = data.draw(st.sampled_from(ROWS))
    xs = data.draw(inputs(op))
    assert math.isfinite(op(*xs)) and op.kink(*xs) != 0
    assert 1 <= len(xs) <= 6 and all(type(x) is float for x in xs)
