"""What is written down is what is meant: a formula, read back by Python, gives the number that the rows give."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, functional, ops, register
from tinygrad_edu.check import intervals
from tinygrad_edu.ops import Op
from tinygrad_edu.text import input_names, local_gradients, name, table, value, write

ROOM = {
    **{n: op for n, op in ops.TABLE.items() if n.isidentifier()},
    **{n: getattr(functional, n) for n in ops.FACTORIES},
}
INFIX = [ops.add, ops.sub, ops.mul, ops.div, ops.pow, ops.greater]
ONE = [ops.neg, ops.abs, ops.tanh, ops.relu, ops.sin, ops.power(2), ops.power(3), ops.power(-1), ops.power(0.5),
       ops.power(-1.5), ops.power(1), ops.power(0), ops.clip(-1.0, 1.0), ops.clip(-0.5, 2.0),
       ops.leaky_relu(0.01)]  # fmt: skip
MANY = [ops.sum, ops.dot, ops.logsumexp, ops.maximum, ops.where]

constants = st.sampled_from([0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -1.5, 1e-05, 3e20])  # six digits are enough for them


def grown(kids):
    return st.one_of(
        st.tuples(st.sampled_from(INFIX), kids, kids),
        st.tuples(st.sampled_from(INFIX), kids, kids),
        st.tuples(st.sampled_from(INFIX), constants, kids),
        st.tuples(st.sampled_from(INFIX), kids, constants),
        st.tuples(st.sampled_from(ONE), kids),
        st.tuples(st.sampled_from(MANY), kids, kids, kids).map(lambda t: t[:3] if t[0] is ops.maximum else t),
    )


trees = st.recursive(st.sampled_from("abc"), grown, max_leaves=12)


def filled(tree, leaves):
    """A tree of rows, filled in with numbers, Values or names.

    What names leave constant is written with six digits, and must have no more.
    """
    if isinstance(tree, str):
        return leaves[tree]
    if isinstance(tree, float):
        return tree
    op, *kids = tree
    result = op(*[filled(k, leaves) for k in kids])
    if isinstance(result, float) and not isinstance(leaves["a"], float):
        assume(float(f"{result:.6g}") == result)
    if isinstance(result, float):
        assume(abs(result) < 1e250)  # inf and nan do not survive 0 * x = 0
    return result


def read(text, leaves):
    return float(eval(text, dict(ROOM), leaves))


@settings(max_examples=400, deadline=None)
@given(trees, st.tuples(*[st.sampled_from([0.75, -1.25, 2.5, 3.0, -0.5])] * 3))
def test_a_formula_read_back_is_the_same_number(tree, xs):
    numbers = dict(zip("abc", xs))
    expected = filled(tree, numbers)
    text = write(filled(tree, {n: name(n) for n in "abc"}))
    assert read(text, {n: Value(x) for n, x in numbers.items()}) == expected, text


@pytest.mark.parametrize(
    "f, text",
    [
        (lambda a, b, c: a - (b - c), "a - (b - c)"),
        (lambda a, b, c: a - b - c, "a - b - c"),
        (lambda a, b, c: a / (b * c), "a / (b * c)"),
        (lambda a, b, c: a / b / c, "a / b / c"),
        (lambda a, b, c: a * (b + c), "a * (b + c)"),
        (lambda a, b, c: a * -b, "a * (-b)"),
        (lambda a, b, c: -(a**2), "-a ** 2"),
        (lambda a, b, c: (-a) ** 2, "(-a) ** 2"),
        (lambda a, b, c: (a**b) ** c, "(a ** b) ** c"),
        (lambda a, b, c: a ** (b**c), "a ** b ** c"),
        (lambda a, b, c: a**-1, "a ** (-1)"),
        (lambda a, b, c: (a**2) ** 3, "(a ** 2) ** 3"),
        (lambda a, b, c: ops.pow(-2.0, a), "(-2) ** a"),
        (lambda a, b, c: -(a + b), "-(a + b)"),
        (lambda a, b, c: a - -1.0, "a + 1"),
        (lambda a, b, c: 0 - a, "-a"),
        (lambda a, b, c: ops.clip(-1.0, 1.0)(a + b), "clip(a + b, -1, 1)"),
        (lambda a, b, c: ops.greater(ops.greater(a, b), c), "(a > b) > c"),
        (lambda a, b, c: ops.greater(a, ops.greater(b, c)), "a > (b > c)"),
        (lambda a, b, c: 1 - ops.greater(a, b), "1 - (a > b)"),
    ],
)
def test_parentheses_where_they_are_needed_and_nowhere_else(f, text):
    assert write(f(*map(name, "abc"))) == text


@pytest.mark.parametrize("op", ops.TABLE.values(), ids=lambda op: op.name)
def test_the_table_tells_the_truth(op):
    """The value and the local gradients that the README shows, read back, are what the row computes."""
    output, names = input_names(op)
    for at in (0.3, 0.7):
        xs = [max(lo, 0.0) + at + i / 16 for i, (lo, _) in enumerate(intervals(op, len(names)))]
        y = op(*xs)
        leaves = {output: Value(y), **{n: Value(x) for n, x in zip(names, xs)}}
        if op.name not in ("atan2",):  # its output is called t, because y is an input
            assert output not in names
        assert math.isclose(read(write(value(op, *names)), leaves), y, rel_tol=1e-5)
        for formula, d in zip(local_gradients(op, output, *names), op.slopes(y, *xs), strict=True):
            assert math.isclose(read(write(formula), leaves), d, rel_tol=1e-5, abs_tol=1e-12), write(formula)


def test_a_row_whose_rule_branches_is_explained_without_its_formula():
    op = register(Op("branchy", lambda x: x if x > 0 else 0.0, lambda y, x: (1.0 if x > 0 else 0.0,)))
    try:
        y = op(Value(2.0, label="x")) * 3.0
        y.backward()
        assert "/dx" in str(y.explain()) and "| branchy" in table() and y.draw().nodes == 4
    finally:
        del ops.TABLE["branchy"], Value.branchy
