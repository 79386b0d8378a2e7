"""A formula typed by a person becomes a graph, or an error that says what to write."""

import ast
import math

import pytest

from tinygrad_edu import expression, ops
from tinygrad_edu.expression import ExpressionError, parse


@pytest.mark.parametrize(
    ("text", "numbers", "expected"),
    [
        ("tanh(a*b + c)", {"a": 2, "b": -3, "c": 10}, math.tanh(4)),
        ("a - (b - c) - -1", {"a": 1, "b": 2, "c": 4}, 4.0),
        ("-a**2", {"a": 3}, -9.0),
        ("2**-a", {"a": 1}, 0.5),
        ("a**-2 + a**0.5", {"a": 4}, 2.0625),
        ("a / 0", {"a": 1}, math.inf),
        ("leaky_relu(a, 0.1) + clip(a, -1, 1) + power(a, 3)", {"a": -2}, -0.2 - 1 - 8),
        ("where(a > b, a, b) + maximum(a, b) + minimum(a, b)", {"a": 1, "b": 5}, 11.0),
        ("where(a < b, a, b)", {"a": 1, "b": 5}, 1.0),
        ("sum(a, b, 3) + dot(a, b, 2, 10) + logsumexp(0, 0)", {"a": 1, "b": 2}, 28 + math.log(2)),
        ("sin(pi / 2) + log(e)", {}, 2.0),
        ("(a−b)² × √c₁ ÷ 2 − √(c₁)", {"a": 2, "b": 5, "c1": 4}, 7.0),
        ("x² + x⁻¹·3", {"x": 3}, 10.0),
        ("np.exp(a) * math.log(a) - torch.tanh(a)", {"a": 1}, -math.tanh(1)),
        ("self*2 + lambda + print + in + class", {"self": 3, "lambda": 2, "print": 1, "in": 5, "class": 0}, 14.0),
        ("  s = a*b\n  s + 1  ", {"a": 2, "b": 3}, 7.0),
        ("e = a*b; d = e + c; L = d * f", {"a": 2, "b": -3, "c": 10, "f": -2}, -8.0),
    ],
)
def test_a_formula_computes_what_it_says(text, numbers, expected):
    assert parse(text)(**numbers)[0].data == pytest.approx(expected, rel=1e-15)


def test_names_come_in_order_of_appearance_and_each_is_one_node():
    program = parse("b*a + b*c")
    L, values = program(a=2, b=3, c=4)
    L.backward()
    assert program.names == ("b", "a", "c") and {n: v.grad for n, v in values.items()} == {"b": 6, "a": 3, "c": 3}


def test_steps_are_labelled_and_can_be_used_again():
    L, values = parse("s = a + a; t = s * s; s = t + 1")(a=1)
    assert L.label == "s" and values["s"] is L and values["t"].label == "t" and L.data == 5.0


def test_a_second_name_keeps_the_first():
    _, values = parse("b = a; c = b * 2")(a=3)
    assert values["a"].label == "a" and values["b"].label == "b" and values["c"].data == 6


def test_every_row_with_a_name_can_be_typed():
    for op in ops.TABLE.values():
        if op.name.isidentifier():
            inputs = ["0.5" if op.domain[0] != (1.0, math.inf) else "1.5" for d in op.domain if d is not ...]
            assert parse(f"{op.name}({', '.join(inputs)})")()[0].op in (op, ops.leaf)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the expression is empty"),
        ("a +", "cannot read 'a .*' at column"),
        ("a^2", r"'\^' at column 2: a power is written a \*\* b"),
        ("y = (α)^2 + β^3", r"'\^' at column 8: "),
        ("in^2 + lambda", r"'\^' at column 3: "),
        ("in + tnah(β)", r"'tnah\(β\)' at column 6: there is no function 'tnah', did you mean 'tanh'"),
        ("2 + 3e-5x", "at column 9: between two factors write"),
        ("1 + sin x", r"at column 5: write sin\(x\)"),
        ("1 + |x|", r"at column 5: write abs\(x\)"),
        ("sin²(x)", r"write sin\(\.\.\.\)\*\*2"),
        ("x(y + 1)", r"there is no function 'x'; `ops` lists them all; if x is a factor, write x \* "),
        ("1,5*x", "write a decimal point in place of the comma"),
        ("a, b", "between steps write ;"),
        ("a *", "at column 4: something is missing at its end"),
        ("a ? b", r"at column 3: \? is not expected here"),
        ("x'", "at column 2: a quotation mark means nothing here"),
        ("2 * tnah(a)", "at column 5: there is no function 'tnah', did you mean 'tanh'"),
        ("frobnicate(a)", "there is no function 'frobnicate'; `ops` lists them all"),
        ("tanh(a, b)", "tanh takes 1 input, got 2"),
        ("atan2(a)", "atan2 takes 2 inputs, got 1"),
        ("dot(a)", "dot takes 2 or more inputs, got 1"),
        ("clip(a, b, 1)", "the parameters of clip are plain numbers"),
        ("clip(a)", "clip takes 3 inputs, got 1"),
        ("leaky_relu()", "leaky_relu takes 1 or 2 inputs, got 0"),
        ("__import__('os').system('x')", "cannot read"),
        ("a.b", "cannot read 'a.b'"),
        ("[a]", "cannot read"),
        ("lambda: 1", "cannot read"),
        ("tanh(x=1)", "cannot read"),
        ("tanh(*a)", "cannot read"),
        ("a < b < c", "cannot read"),
        ("'a'", "cannot read"),
        ("b + clip(a, 1, 0)", r"cannot read 'clip\(a, 1, 0\)' at column 5: clip\(lo, hi\) needs lo <= hi"),
        ("polygamma(a, 2.5)", "at column 1: polygamma.n. is the n-th derivative"),
        ("2 * a**-" + "9" * 400, "at column 9: this int is too large for a float"),
        ("leaky_relu(a, " + "9" * 400 + ")", "at column 15: this int is too large for a float"),
        ("9" * 5000 + " * a", "write it as in 1e300"),
        ("True", "write 1 or 0"),
        ("import os", "only formulas and `name = formula`"),
        ("a, b = 1, 2", "only formulas"),
        ("+".join(["a"] * 100_000), "(nested too deeply|read in a browser).*name parts of it"),
    ],
    ids=lambda x: x[:20],
)
def test_what_cannot_be_read_is_an_error_that_says_where(text, says):
    with pytest.raises(ExpressionError, match=says):
        parse(text)


SHAPES = {
    "a sum": "a{}".format, "signs": "{}a".format, "parentheses": "({}a)".format, "a call": "tanh({}a)".format,
    "lines in parentheses": "(a\n{}\n+ a)".format, "what is quoted": "';' + a{}".format,
    "lines that go on": "a + \\\n a{}".format, "the last step": "b = a; b{}".format,
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sign", ["+a", "**-a", ";a", "\n+ a", " if a else a", ".a", "+\\\na", "+ ';' + a"])
def test_no_tree_is_deeper_than_what_was_counted_in_its_longest_step(shape, sign):
    for n in (1, 5, 30):
        text = expression.as_typed(SHAPES[shape](sign * n))
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        deepest, here = 0, list(ast.iter_child_nodes(tree))
        while here := [below for x in here for below in ast.iter_child_nodes(x) if isinstance(below, ast.expr)]:
            deepest += 1
        assert deepest <= expression._longest(text)


@pytest.mark.parametrize("text", ["+".join("a" * 500), "-" * 500 + "a", "(" * 150 + "a" + "+a)" * 150])
def test_in_a_browser_a_long_step_is_refused_and_many_short_ones_are_read(text, monkeypatch):
    monkeypatch.setattr(expression, "LONGEST", 400)
    with pytest.raises(ExpressionError, match="one step has too many names, numbers and signs.*: [0-9,]+, and 400 can"):
        parse(text)
    many = "s0 = a; " + "; ".join(f"s{i + 1} = s{i} + a" for i in range(1500))
    assert parse(many)(a=2.0)[0].data == 3002.0


def test_numbers_and_names_must_match():
    program = parse("a * b")
    with pytest.raises(ExpressionError, match="b has no value: add b=NUMBER"):
        program(a=1)
    with pytest.raises(ExpressionError, match="c is not in 'a \\* b', whose names are a, b"):
        program(a=1, b=2, c=3)
