"""What is said aloud is what is computed: totals, sums, paths and their numbers, on any graph.

The lecture's neuron, and one of its gradients, word for word:

    >>> from tinygrad_edu.figures.__main__ import neuron
    >>> from tinygrad_edu.explanation import explain
    >>> o = neuron()
    >>> explain(o)
    o = tanh(n) = 0.7071: 10 nodes, 9 edges
    <BLANKLINE>
    Forward: every node from its inputs.
      x1 = 2, w1 = -3, x2 = 0, w2 = 1, b = 6.881
    <BLANKLINE>
      x1*w1          = x1 * w1              = -6
      x2*w2          = x2 * w2              = 0
      x1*w1 + x2*w2  = (x1*w1) + (x2*w2)    = -6
      n              = (x1*w1 + x2*w2) + b  = 0.8814
      o              = tanh(n)              = 0.7071
    <BLANKLINE>
    Backward: o.grad starts at 1, and each edge hands on upstream × local:
      edge                   local gradient  upstream × local = contribution
      o → n                  1 - o * o              1 ×   0.5 = 0.5
      n → x1*w1 + x2*w2      1                    0.5 ×     1 = 0.5
      n → b                  1                    0.5 ×     1 = 0.5
      x1*w1 + x2*w2 → x1*w1  1                    0.5 ×     1 = 0.5
      x1*w1 + x2*w2 → x2*w2  1                    0.5 ×     1 = 0.5
      x2*w2 → x2             w2                   0.5 ×     1 = 0.5
      x2*w2 → w2             x2                   0.5 ×     0 = 0
      x1*w1 → x1             w1                   0.5 ×    -3 = -1.5
      x1*w1 → w1             x1                   0.5 ×     2 = 1
    <BLANKLINE>
    The gradients:
      do/dx1 = -1.5, do/dw1 = 1, do/dx2 = 0.5, do/dw2 = 0, do/db = 0.5
    >>> explain(o, of="w1")
    Why is do/dw1 = 1?
    <BLANKLINE>
    w1 = -3 is used once. The node that uses it hands it upstream × local, where
    upstream is do/d(that node):
      used in          local gradient  upstream × local = contribution
      x1*w1 = x1 * w1  x1                   0.5 ×     2 = 1
    <BLANKLINE>
    1 path leads from w1 to o; the product of its local gradients is the gradient:
      w1 → x1*w1 → x1*w1 + x2*w2 → n → o
        x1 · 1 · 1 · (1 - o * o)
        = 2 · 1 · 1 · 0.5 = 1
"""

import collections
import functools
import math
import operator
import random
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, nn, ops, topological
from tinygrad_edu.explanation import explain
from tinygrad_edu.expression import parse
from tinygrad_edu.figures.__main__ import neuron
from tinygrad_edu.paths import counts
from tinygrad_edu.strategies import programs


def same(a, b):
    return a == b or (a != a and b != b)


def built(text, **numbers):
    L, values = parse(text)(**numbers)
    return L, values


def every_path(root, x):
    """All paths from x to the root as lists of (node, place), by walking each: the brute force."""
    if root is x:
        return [[]]
    return [[*rest, (root, i)] for i, p in enumerate(root.parents) for rest in every_path(p, x)]


def product(path):
    return functools.reduce(lambda g, step: step[0].local_grads()[step[1]] * g, reversed(path), 1.0)


def random_graph(rng, inner):
    nodes = [Value(rng.uniform(-2, 2), label="x"), Value(rng.uniform(-2, 2), label="y")]
    for _ in range(inner):
        a, b = rng.choices(nodes, k=2)
        nodes.append(rng.choice([lambda: a * b, lambda: a + b, lambda: a - b, lambda: a.tanh(), lambda: a * a])())
    return nodes[-1], nodes[0]


# On any program


@settings(max_examples=300, deadline=None)
@given(programs())
def test_the_totals_are_the_gradients(p):
    xs = [Value(x, label=f"x{i}") for i, x in enumerate(p.inputs)]
    L = p(*xs)
    whole = explain(L)
    assert all(n.grad == 0.0 for n in topological(L))  # explaining changes nothing
    L.backward()
    assert whole.totals == {n: n.grad for n in topological(L)}
    x = xs[-1]
    if x in whole.totals:
        assert (
            explain(L, of=x).total
            == x.grad
            == functools.reduce(operator.add, [e.contribution for e in explain(L, of=x).uses] or [1.0])
        )


@settings(max_examples=100, deadline=None)
@given(programs())
def test_every_program_can_be_said_in_text_and_in_markdown(p):
    xs = [Value(x, label=f"x{i}") for i, x in enumerate(p.inputs)]
    L = p(*xs)
    shown = [explain(L), *[explain(L, of=x) for x in xs if x in topological(L)]]
    for one in shown:
        assert str(one) == repr(one) and "None" not in str(one)
        assert one._repr_markdown_().count("$") % 2 == 0
        tables = [line.count("|") for line in one._repr_markdown_().splitlines() if line.startswith("|")]
        assert set(tables) <= {4, 5}


def test_paths_are_counted_and_ranked_as_if_all_were_walked():
    rng = random.Random(0)
    for _ in range(60):
        L, x = random_graph(rng, 8)
        found = every_path(L, x)
        if not found:
            continue
        why = explain(L, of=x, max_paths=10**6)
        assert why.count == len(found) == sum(path.ways for path in why.paths) == counts(L)[x]
        products = sorted(map(product, found), key=abs, reverse=True)
        listed = [path.product for path in why.paths for _ in range(path.ways)]
        assert sorted(map(abs, listed)) == sorted(map(abs, products))
        assert [abs(p) for p in listed] == pytest.approx([abs(p) for p in products], rel=1e-12, abs=1e-300)
        assert math.fsum(listed) == pytest.approx(why.total, rel=1e-9, abs=1e-12)
        few = explain(L, of=x, max_paths=3).paths
        assert [p.product for p in few] == [p.product for p in why.paths[:3]]


def test_a_path_leads_from_the_node_to_the_root():
    rng = random.Random(1)
    L, x = random_graph(rng, 12)
    for path in explain(L, of=x).paths:
        assert path.nodes[0] is x and path.nodes[-1] is L
        assert all(a in b.parents for a, b in zip(path.nodes, path.nodes[1:]))


def test_of_what_is_asked_may_stand_without_its_word():
    w = Value(2.0, label="w")
    L = w * 3
    L.backward()
    assert str(L.explain(w)) == str(L.explain("w")) == str(L.explain(of=w))


@pytest.mark.parametrize("n", [1, 20, 1000])
def test_doublings_have_two_to_the_n_paths(n):
    x = v = Value(1.0, label="x")
    for _ in range(n):
        v = v + v
    why = explain(v, of=x)
    assert why.count == 2**n and why.total == 2.0**n
    assert [(p.product, p.ways) for p in why.paths] == [(1.0, 2**n)]
    assert str(why)


def test_twenty_doublings_are_said_exactly():
    x = v = Value(1.0, label="x")
    for _ in range(20):
        v = v + v
    assert "= 1048576?" in str(explain(v, of=x)) and "1,048,576 paths lead from x" in str(explain(v, of=x))


# Published numbers

PUBLISHED = [
    ("f = (x+y)*z", {"x": -2, "y": 5, "z": -4}, {"f": -12, "x": -4, "y": -4, "z": 3}),
    ("f = (x+y)*maximum(y,z)", {"x": 1, "y": 2, "z": 0}, {"f": 6, "x": 2, "y": 5, "z": 0}),
    ("f = 2*(x*y + maximum(z,w))", {"x": 3, "y": -4, "z": 2, "w": -1}, {"f": -20, "x": -8, "y": 6, "z": 2, "w": 0}),
    ("f = sigmoid(w0*x0 + w1*x1 + w2)", {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3},
     {"f": .7310585786, "x0": .3932238665, "x1": -.5898357998, "w0": -.1966119333, "w1": -.3932238665,
      "w2": .1966119333}),
    ("f = (x+sigmoid(y))/(sigmoid(x)+(x+y)**2)", {"x": 3, "y": -4},
     {"f": 1.5456448841, "x": 2.0595697956, "y": 1.5922327515}),
]  # fmt: skip


@pytest.mark.parametrize("text, numbers, expected", PUBLISHED)
def test_published_gradients(text, numbers, expected):
    L, values = built(text, **numbers)
    whole = explain(L)
    for name, number in expected.items():
        got = L.data if name == "f" else whole.totals[values[name]]
        assert got == pytest.approx(number, abs=1e-10)
        if name != "f":
            assert explain(L, of=name).total == got
            short = explain(L, of=name)
            assert f"df/d{name} = " in str(short) and f"df/d{name} = " in str(whole)


def test_sums_are_said_where_paths_meet():
    L, _ = built(
        "p = w*x; z = p + b; h = tanh(z); e = h - y; s = e**2; q = w**2; r = l*q; L = s + r",
        w=-0.5,
        x=2,
        b=0.8,
        y=1,
        l=0.1,
    )
    assert "    w.grad: -0.1 + (-4.603) = -4.703: w is used twice, gradients add" in str(explain(L)).splitlines()
    assert "Gradients add where paths meet: -0.1 + (-4.603) = -4.703" in str(explain(L, of="w"))
    assert "-2.301 ×      2 = -4.603" in str(explain(L))


def test_a_name_in_a_product_has_its_parentheses():
    total = Value(3.0, label="a + b")
    text = str(explain(total * 2.0 * -1.0))
    assert "(a + b) * 2" in text and "* (-1)" in text


@pytest.mark.parametrize("row", [op for op in ops.TABLE.values() if ... not in op.domain], ids=lambda op: op.name)
def test_every_row_can_be_explained(row):
    xs = [Value(0.3 + 0.1 * i, label=f"x{i}") for i in range(len(row.domain))]
    L = row(*xs)
    for one in (explain(L), explain(L, of=xs[0])):
        assert row.name.split("(")[0].replace("power", "**")[:2] in str(one) or row.symbol in str(one)
        assert "$" in one._repr_markdown_()


# Names


def test_nodes_without_a_label_are_numbered_and_constants_are_numbers():
    a = Value(2.0, label="a")
    text = str(explain((a * 3.0).tanh() + 1.5))
    assert "v1  = a * 3" in text and "v2  = tanh(v1)" in text and "v3  = v2 + 1.5" in text
    assert "2 edges to constants without a label are not shown." in text


def test_what_somebody_made_has_a_gradient_and_a_number_in_a_formula_has_none():
    text = str(explain(Value(2.0) * Value(2.0) + 10 + Value(1.0, label="x")))
    assert "v3  = v1 * v2  = 4" in text and "v4  = v3 + 10" in text
    assert "dv5/dv1 = 2, dv5/dv2 = 2, dv5/dx = 1" in text


def test_a_node_without_a_label_is_called_as_the_variable_that_holds_it():
    a, xs = Value(2.0), [Value(3.0), Value(4.0)]
    b = Value(5.0, label="b")
    h = a * xs[0] + xs[1]
    L = h * b
    for text in (str(explain(L)), L.explain(of=h)._repr_markdown_(), L.source(), L.source("latex")):
        assert "h" in text and "L" in text
    whole = explain(L)
    assert [whole.names[n] for n in whole.walk.order] == ["a", "xs[0]", "v1", "xs[1]", "h", "b", "L"]
    assert explain(L, of="xs[1]").x is xs[1] and "dxs_0" in L.source()
    assert [n.label for n in whole.walk.order] == ["", "", "", "", "", "b", ""]  # nothing is written down
    same = h  # noqa: F841  two names are none
    assert explain(L).names[h] == "v2"
    b.label = "a"
    assert explain(L).names[a] == "v1"  # nor is a name given that somebody else has as a label


def test_every_reader_tells_two_nodes_with_one_label_apart_in_the_same_way():
    a, b, taken = Value(1.0, label="x"), Value(2.0, label="x"), Value(5.0, label="x_2")
    L = a * b + taken
    names = explain(L).names
    assert [names[n] for n in (a, b, taken)] == ["x", "x_3", "x_2"] and {"dx", "dx_3", "dx_2"} <= set(
        re.findall(r"\w+", L.source())
    )
    other = Value(1.0, label="x2")
    M = L * other
    latex = M.source("latex")
    defined = re.findall(r"partial M}{\\partial (.*?)} &=", latex)
    assert len(set(defined)) == len(defined) == 6


def latex_is_balanced(text):
    return text.count("{") - text.count("\\{") == text.count("}") - text.count("\\}")


UNSAFE = ["\n\n<img src=x onerror=alert(1)>\n\n", "\ud800", "$x$", "`code`", "<script>alert(1)</script>",
          "\x1b[31mred\x1b[0m", "a|b", "\\frac{", "100%", "&amp;", "]]>", "\u202eabc", "**bold**", "_x_", "😀",
          "👩\u200d💻", "lambda", "lam", "x" * 100_000]  # fmt: skip


@pytest.mark.parametrize("label", UNSAFE, ids=lambda s: ascii(s)[:20])
def test_any_label_is_safe_in_every_text(label):
    x, w = Value(2.0, label=label), Value(3.0, label="w")
    L = x * w + x
    for text in (str(explain(L)), str(explain(L, of=x)), L.source(), L.source("numpy"), str(L.order_lab())):
        text.encode()
        assert all(c.isprintable() or c in "\n\u200d" for c in text) and max(map(len, text.splitlines())) < 600
    for text in (explain(L)._repr_markdown_(), explain(L, of=x)._repr_markdown_(), L.source("latex")._repr_markdown_()):
        text.encode()
        assert not re.search(r"\n\n<|<img|<script|\x1b", text) and text.count("$") % 2 == 0 and "`code" not in text
    assert latex_is_balanced(L.source("latex"))
    scope = {}
    exec(L.source(), scope)
    assert sorted(v for k, v in scope.items() if k.startswith("d") and isinstance(v, float)) == [1.0, 1.0, 2.0, 4.0]


def test_a_number_that_is_taken_is_not_given_twice():
    c = Value(3.0, label="v1")
    assert "v2  = v1 * v1" in str(explain(c * c))


def test_two_nodes_with_one_label_are_told_apart():
    a, b, taken = Value(1.0, label="x"), Value(2.0, label="x"), Value(5.0, label="x_2")
    L = a * b + taken
    assert "x * x_3" in str(explain(L))
    assert explain(L, of="x_3").x is b and explain(L, of="x_2").x is taken
    with pytest.raises(
        ValueError, match=r"2 nodes are labelled 'x'; here they are called x, x_3: give explain the Value itself"
    ):
        explain(L, of="x")


def test_a_numbered_node_can_be_asked_for():
    x = Value(2.0, label="x")
    assert explain(x * x + x, of="v1").total == 1.0


def test_a_constant_can_be_asked_for():
    x, c = Value(2.0, label="x"), Value(5.0)
    why = explain(x * c, of=c)
    assert why.total == 2.0 and "v1 = x * c" in str(why)


# Large graphs


def test_of_a_long_graph_the_nodes_nearest_to_the_root_are_shown():
    x = v = Value(0.5, label="x")
    for _ in range(5_000):
        v = (v * 1.001).tanh() + x * 1e-6
    whole = explain(v, max_nodes=10)
    text = str(whole)
    assert (
        len(whole.shown) == 10 and f"… {whole.hidden:,} more; v.explain(of=x)" in text and len(text.splitlines()) < 50
    )
    assert len(whole.totals) == 10 + whole.hidden == len(topological(v))
    assert "x is used 5,001 times" in text
    why = explain(v, of=x)
    assert why.count == 5_001 and len(str(why).splitlines()) < 60 and why.total == whole.totals[x]
    assert max(map(len, str(why).splitlines())) <= 80


def test_a_neuron_with_many_inputs_stays_on_its_line():
    model = nn.MLP(40, [1], seed=0)
    L = model([0.1] * 40)
    assert "= dot(l0.n0.w[0], … 80 more)" in str(explain(L, max_nodes=500))


def test_ten_thousand_inputs_are_no_problem():
    xs = [Value(1.0, label=f"x{i}") for i in range(10_000)]
    L = ops.sum(*xs)
    assert "= sum(x0, … 9,999 more) = 10000" in str(explain(L)) and "L = sum(x0" in str(explain(L, of="x7"))
    assert explain(L)._repr_markdown_() and explain(ops.dot(*xs), of="x7")._repr_markdown_()


# What the .grad holds


def test_the_stored_gradient_is_compared():
    L, values = built("L = x*x", x=3)
    assert "No .grad is stored yet: L.backward()" in str(explain(L)) and "x.grad is still 0" in str(explain(L, of="x"))
    L.backward()
    assert ".grad" not in str(explain(L)).split("gradients:")[1] and "x.grad" not in str(explain(L, of="x"))
    L.backward()
    assert "x.grad holds 12, twice this total, as after 2 backward passes" in str(explain(L, of="x"))
    assert explain(L, of="x").total == 6.0
    values["x"].grad += 0.5
    assert "x.grad holds 12.5, not 6: other backward passes" in str(explain(L, of="x"))
    assert values["x"].grad == 12.5


def test_a_changed_input_is_told():
    x = Value(2.0, label="x")
    L = x * x
    x.data = 7.0
    assert "x.data is 7 now; L was computed with 2" in str(explain(L)) and explain(L, of=x).total == 4.0
    e = 2.0 * Value(3.0, label="a")
    e.label = "e"
    L = e + 1.0
    e.data = 50.0  # also of what was computed on the way: a picture shows this number
    assert "e.data is 50 now; L was computed with 6, and its gradients belong to that." in str(explain(L))


# inf and nan

ALARMS = [
    ("L = log(x)*y", {"x": 0, "y": 0}, ["v1 = log(x) = -inf begins here, with x = 0: log is defined on (0, inf)",
                                        "The slope 1 / x of v1 = log(x) is inf at x = 0",
                                        "0 × inf = nan on the edge v1 → x"]),
    ("L = log(p)", {"p": -2}, ["L = log(p) = nan begins here, with p = -2",
                               "The slope 1 / p of L = log(p) is nan at p = -2"]),
    ("L = 1/a", {"a": 0}, ["The slope 1 / a of L = 1 / a is inf at a = 0"]),
    ("L = b/a", {"a": 0, "b": 2}, ["of L = b / a is inf at b = 2, a = 0"]),
    ("L = exp(x) - exp(y)", {"x": 1000, "y": 999},
     ["v1 = exp(x) = inf begins here", "L = v1 - v2 = nan begins here, with v1 = inf, v2 = inf"]),
    ("L = x*1e200*(x*1e200)", {"x": 3}, ["= inf begins here"]),
    ("L = sqrt(x)*y - sqrt(x)*y", {"x": 0, "y": 1}, ["infinities of opposite sign do not cancel"]),
]  # fmt: skip


@pytest.mark.parametrize("text, numbers, said", ALARMS)
def test_it_is_said_where_inf_and_nan_begin(text, numbers, said):
    L, values = built(text, **numbers)
    L.backward()
    told = " ".join(str(explain(L)).split())
    assert all(s in told for s in said), told
    for name, v in values.items():
        if v is not L:
            assert same(explain(L, of=name).total, v.grad)
    assert "begins" not in str(explain(built("L = x*x", x=2)[0]))


def test_a_nan_factor_is_a_path_too():
    L, _ = built("L = log(x)*y + x", x=0, y=0)
    why = explain(L, of="x")
    assert why.count == 2 and math.isnan(why.paths[0].product) and why.paths[1].product == 1.0


# Shapes


def test_a_matrix_has_its_gradient_in_its_own_shape():
    W = [[Value(i + 2.0 * j - 1, label=f"w{i}{j}") for j in range(3)] for i in range(2)]
    b = (Value(0.5, label="b0"), Value(-0.5, label="b1"))
    x, u = [Value(0.3), Value(-2.0), Value(1.1)], [Value(1.5), Value(-0.7)]
    z = [sum((w * v for w, v in zip(row, x)), bias) for row, bias in zip(W, b)]
    s = sum(ui * zi.tanh() for ui, zi in zip(u, z))
    s.backward()
    shown = explain(s, of=W)
    assert shown.grads == [[w.grad for w in row] for row in W] and shown.values == [[w.data for w in row] for row in W]
    delta, inputs = shown.outer
    assert delta == [bi.grad for bi in b] and inputs == [
        v.data for v in x
    ]  # CS224n: the gradient of W is delta times x transposed
    assert all(d * v == w.grad for d, row in zip(delta, W) for v, w in zip(inputs, row))
    assert "2×3" in str(shown) and "outer product" in str(shown) and "\\begin{bmatrix}" in shown._repr_markdown_()
    both = explain(s, of=[W, b])
    assert both.grads == [[[w.grad for w in row] for row in W], tuple(bi.grad for bi in b)] and both.outer is None
    assert explain(s, of=[["w00"], ["w10", "w11"]]).grads == [[W[0][0].grad], [W[1][0].grad, W[1][1].grad]]


def test_parameters_in_any_container_have_their_gradients_in_the_same():
    Pair = collections.namedtuple("Pair", "w b")
    w, b = [Value(1.0, label="w0"), Value(-2.0, label="w1")], Value(0.5, label="b")
    L = (w[0] * 0.3 + w[1] * 0.7 + b).tanh()
    L.backward()
    assert explain(L, of={"w": w, "b": b}).grads == {"w": [w[0].grad, w[1].grad], "b": b.grad}
    assert explain(L, of=Pair(w, "b")).grads == Pair([w[0].grad, w[1].grad], b.grad)
    assert "in the shape of the parameters: 3 numbers in 2 parts" in str(explain(L, of=Pair(w, b))).replace("\n", " ")


def test_weights_that_are_used_twice_are_no_outer_product():
    W = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    L = sum(w * w for row in W for w in row)
    assert explain(L, of=W).outer is None and explain(L, of=W).grads == [[2.0, 4.0], [6.0, 8.0]]


def test_an_unused_entry_of_a_matrix_has_gradient_0():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    shown = explain(a * a, of=[a, b])
    assert shown.grads == [4.0, 0.0] and "b: not used by v1, so the gradient is 0." in str(shown)


# Mistakes

x, unused = Value(2.0, label="x"), Value(3.0, label="u")
L = x * x
MISTAKES = [
    (lambda: explain(3.0), TypeError, "explain takes one Value, not float 3.0"),
    (lambda: explain([L]), TypeError, "one of them, or their sum"),
    (lambda: explain(L.detach()), RuntimeError, "detach"),
    (
        lambda: explain(L, of=3),
        TypeError,
        "of must be a Value, the label of one, a module, or lists of Values, not int 3",
    ),
    (lambda: explain(L, of=unused), ValueError, "L was not computed from u, so its gradient is 0 .* it depends on x"),
    (lambda: explain(L, of=Value(2.0, label="x")), ValueError, "another Value that is labelled 'x' was"),
    (lambda: explain(L, of="X"), ValueError, "nothing that L was computed from is called 'X': there is x"),
    (lambda: explain(L, of=[]), ValueError, "empty list"),
    (lambda: explain(L, of=[unused]), ValueError, "not computed from u"),
    (lambda: explain(L, of=[x, "q"]), ValueError, "called 'q'"),
    (lambda: explain(L, max_nodes=0), ValueError, "max_nodes must be a whole number from 1 upwards, got 0"),
    (lambda: explain(L, of=x, max_paths=1.5), ValueError, "max_paths must be"),
]


@pytest.mark.parametrize("mistake, kind, says", MISTAKES)
def test_mistakes_are_told(mistake, kind, says):
    with pytest.raises(kind, match=says):
        mistake()


def test_a_leaf_and_the_root_itself():
    assert "1 node, 0 edges" in str(explain(x))
    why = explain(L, of=L)
    assert why.total == 1.0 and why.count == 1 and "where the backward pass starts" in str(why)


# Markdown


def test_a_bar_in_a_formula_does_not_end_its_cell():
    a = Value(-2.0, label="a")
    for line in explain(abs(a) * a)._repr_markdown_().splitlines():
        if line.startswith("|"):
            assert line.count("|") in (4, 5)
    assert "\\vert a\\vert" in explain(abs(a) * a)._repr_markdown_()


def test_formulas_in_a_notebook_are_latex():
    shown = explain(neuron())._repr_markdown_()
    assert "$\\frac{\\partial o}{\\partial n} = 1 - o \\cdot o$" in shown and "$1 \\cdot 0.5 = 0.5$" in shown
    path = explain(neuron(), of="b")._repr_markdown_()
    assert "$$\\frac{\\partial n}{\\partial b} \\frac{\\partial o}{\\partial n} = 1 \\cdot 0.5 = 0.5$$" in path
    for text in re.findall(r"\$([^$]+)\$", shown):
        assert text.count("{") == text.count("}")


def test_a_name_that_is_part_of_a_word_is_no_trouble():
    a = Value(2.0, label="a")
    assert (
        "2 paths lead from $a$ to $v_{1}$; the products along them add up to the gradient"
        in explain(a * a, of=a)._repr_markdown_()
    )
    v = a
    for _ in range(30):
        v = v.tanh()
    assert "\\cdots \\frac" in explain(v, of=a)._repr_markdown_()


@pytest.mark.parametrize("label", ["$v", "a_b", "x|y", "{a}", "50%", "#1", "a\\b", "w^2", "a b"])
def test_a_label_cannot_break_a_formula(label):
    v = Value(2.0, label=label)
    for one in (explain(v * v), explain(v * v, of=v)):
        text = re.sub(r"\\.", "", one._repr_markdown_())
        assert text.count("$") % 2 == 0 and text.count("{") == text.count("}")
        assert not [formula for formula in re.findall(r"\$([^$]*)\$", text) if re.search("[#%&]", formula)]


def test_python_m_explain_explains_the_neuron():
    run = subprocess.run(
        [sys.executable, "-m", "tinygrad_edu.explanation"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert run.stdout == f"{explain(neuron())}\n\n{explain(neuron(), of='w1')}\n" and run.stderr == ""


# Networks


def hinge(model, samples, targets):
    L = sum((1 - t * model(x)).relu() for x, t in zip(samples, targets)) / len(samples)
    L.label = "loss"
    return L


SAMPLES, TARGETS = [[0.5, -1.0], [2.0, 0.25], [-1.0, 0.0], [0.3, 0.9]], [1, -1, 1, -1]


@pytest.mark.parametrize("expand", [False, True])
def test_a_network_is_told_by_layers_samples_and_neurons_and_their_numbers_are_the_gradients(expand):
    model = nn.MLP(2, [8, 8, 1], seed=0, expand=expand)
    L = hinge(model, SAMPLES, TARGETS)
    L.backward()
    network = explain(L).network
    assert [layer.name for layer in network.layers] == [f"mlp.layers.{i}" for i in (2, 1, 0)]
    assert network.samples == 4 and [len(layer.neurons) for layer in network.layers] == [1, 8, 8]
    for layer, module in zip(network.layers, reversed(model.layers)):
        assert set(layer.parameters) == set(module.parameters())
        for shown, n in zip(layer.neurons, module.neurons):
            assert shown.parameters == [*n.w, n.b] and len(shown.uses) == 4
            closed = sum(not n(list(x)).data for x in sees(model, module))
            assert shown.closed == (closed if module is not model.layers[-1] else 0)
    [last] = network.layers[0].neurons
    assert [u.out.data for u in last.uses] == [model(x).data for x in SAMPLES]  # numbered as they were given
    text = str(explain(L))
    assert "Layer by layer, from loss back" in text and "Sample by sample" in text
    assert len(text.splitlines()) < 45 and max(map(len, text.splitlines())) <= 80
    biases = [n.b for layer in model.layers for n in layer.neurons]
    top = max([p for p in model.parameters() if p not in biases], key=lambda p: abs(p.grad))
    assert re.search(rf"{re.escape(top.label)} +\S+ +{top.grad:.4g}\b", text)
    for n in (n for module in model.layers for n in module.neurons):
        shown = " ".join(str(explain(L, of=n)).split())
        assert all(f"{explain(L, of=p).total:.4g} " in shown for p in n.parameters())


def sees(model, module):
    """What a layer of a model reads, sample by sample."""
    for x in SAMPLES:
        for layer in model.layers:
            if layer is module:
                yield [float(v) for v in x]
                break
            x = layer(x) if isinstance(layer(x), list) else [layer(x)]


def test_a_module_can_be_asked_for_by_itself_or_by_its_name():
    model = nn.MLP(2, [8, 8, 1], seed=0)
    L = hinge(model, SAMPLES, TARGETS)
    for part, name, said in [(model, "mlp", "3 layers, 17 neurons"),
                             (model.layers[1], "mlp.layers.1", "8 neurons, 72 parameters"),
                             (model.layers[1].neurons[3], "mlp.layers.1.neurons.3", "9 parameters")]:  # fmt: skip
        told = explain(L, of=part)
        assert str(told) == str(explain(L, of=name)) and said in str(told)
        assert ("Neuron by neuron: the size" in str(told)) == (part is model.layers[1])
        assert max(map(len, str(told).splitlines())) <= 80
        tables = [line.count("|") for line in told._repr_markdown_().splitlines() if line.startswith("|")]
        assert tables and min(tables) >= 3


def test_what_the_explanation_says_to_write_can_be_written():
    loss = hinge(nn.MLP(2, [8, 8, 1], seed=0), SAMPLES, TARGETS)
    calls = re.findall(r"^  (loss\.explain\(.*\))  ", str(loss.explain()), re.M)
    assert len(calls) == 4
    for call in calls:
        assert len(str(eval(call, {"loss": loss})).splitlines()) > 10


def test_dead_neurons_a_dead_layer_and_a_gradient_that_vanishes_are_told():
    dead = nn.MLP(2, [4, 4, 1], seed=0)
    for n in dead.layers[1].neurons[:3]:
        n.b.data = -100.0
    told = " ".join(str(explain(hinge(dead, SAMPLES, TARGETS))).split())
    assert "are closed on every sample: no gradient for the weights of" in told and "mlp.layers.1.neurons.2" in told
    assert "All of" not in told
    dead.layers[1].neurons[3].b.data = -100.0
    assert "All of mlp.layers.1 is closed" in " ".join(str(explain(hinge(dead, SAMPLES, TARGETS))).split())
    deep = nn.MLP(2, [8] * 9 + [1], activation="sigmoid", seed=0)
    assert re.search(r"What reaches mlp.layers.0 is [\d,]+ times smaller .* the gradient vanishes",
                     " ".join(str(explain(hinge(deep, SAMPLES, TARGETS))).split()))  # fmt: skip


def test_a_module_without_neurons_has_its_gradients_in_a_list_and_a_module_that_was_not_used_is_refused():
    model = nn.Sequential(nn.Linear(3, 6, seed=0), nn.Embedding(4, 3, seed=1), name="net")
    table = model.steps[1]
    L = sum(v * v for v in model.steps[0](table(2)))
    assert explain(L, of=table).of == [p for p in table.parameters() if p in explain(L).totals]
    with pytest.raises(ValueError, match="none of the 24 parameters of .* made anew"):
        explain(L, of=nn.Linear(3, 6, seed=0))
    with pytest.raises(ValueError, match="is called 'net.steps.7'"):
        explain(L, of="net.steps.7")


def test_names_of_modules_are_short_and_both_names_can_be_asked_for():
    model = nn.MLP(2, [2, 1], seed=1)
    L = sum(n([1.0, 2.0]) for n in model.layers[0].neurons) ** 2
    assert explain(L).network is None
    assert "l0.n1.w[0]" in str(explain(L)) and "is short for mlp.layers.0.neurons" in str(explain(L))
    assert (
        explain(L, of="l0.n1.w[0]").x
        is explain(L, of="mlp.layers.0.neurons.1.w[0]").x
        is model.layers[0].neurons[1].w[0]
    )


@settings(max_examples=60, deadline=None)
@given(programs())
def test_no_line_is_longer_than_a_terminal(p):
    xs = [Value(x, label=f"x{i}") for i, x in enumerate(p.inputs)]
    L = p(*xs)
    for one in (explain(L), *[explain(L, of=x) for x in xs if x in topological(L)], L.order_lab()):
        assert max(map(len, str(one).splitlines())) <= 80
