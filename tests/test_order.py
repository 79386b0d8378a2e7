"""Only one order is right on every graph; where the others fail, with their numbers."""

import argparse
import itertools
import math
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, topological
from tinygrad_edu.cli import orders
from tinygrad_edu.expression import ExpressionError
from tinygrad_edu.order import MOST_VISITS, STRATEGIES, classic, doublings, order_lab, smallest
from tinygrad_edu.strategies import programs

WRONG = ("recursive", "depth first", "breadth first")


def small_graphs(n):
    """Every graph of n nodes in which each has up to two inputs, all lead to the last,
    and the numbers are in general position.
    """
    choices = [[(), *((i,) for i in range(k)), *itertools.product(range(k), repeat=2)] for k in range(n)]
    for shape in itertools.product(*choices):
        if len({i for inputs in shape for i in inputs}) < n - 1:
            continue
        nodes = []
        for k, inputs in enumerate(shape):
            given = [nodes[i] for i in inputs]
            v = Value(1.3 + k / 7) if not given else given[0] ** 2 if len(given) == 1 else given[0] * given[1]
            nodes.append(v)
        if len(topological(nodes[-1])) == n:
            yield nodes[-1], sum(map(len, shape))


@pytest.mark.parametrize("strategy", WRONG)
def test_no_smaller_graph_fails(strategy):
    failing = [
        (n, edges)
        for n in range(1, 5)
        for root, edges in small_graphs(n)
        if order_lab(root).runs[strategy].result == "wrong"
    ]
    root = smallest(strategy)
    size = (len(topological(root)), sum(len(n.parents) for n in topological(root)))
    assert order_lab(root).runs[strategy].result == "wrong" and min(failing) == size


def test_topological_order_and_every_path_are_right_on_every_small_graph():
    for n in range(1, 5):
        for root, _ in small_graphs(n):
            lab = order_lab(root)
            assert lab.runs["topological"].result == lab.runs["every path"].result == "right"
            root.backward()
            assert lab.runs["topological"].grads == {v: v.grad for v in topological(root)}


# Strategy, graph: dL/dx right and as the strategy has it, the first node that goes wrong,
# what it passes on, what is due.
KNOWN = [
    ("depth first", smallest("depth first"), 36.0, 4.0, "h", 1.0, 9.0),
    ("breadth first", smallest("breadth first"), 36.0, 4.0, "h", 1.0, 9.0),
    ("recursive", smallest("depth first"), 36.0, 40.0, "h", 9.0, 8.0),
    ("recursive", smallest("recursive"), 32.0, 48.0, "h", 8.0, 4.0),
]


@pytest.mark.parametrize("strategy, root, right, got, where, passed, due", KNOWN)
def test_known_wrong_numbers(strategy, root, right, got, where, passed, due):
    lab = order_lab(root)
    run, [x] = lab.runs[strategy], lab.leaves
    assert (run.result, run.grads[x], run.wrong.label, run.passed, run.due) == ("wrong", got, where, passed, due)
    assert lab.totals[x] == right and run.misses == [x]
    assert f"{strategy} goes wrong at h" in str(lab) and "✗" in str(lab)


def test_twenty_doublings_take_21_visits_or_two_million():
    lab = order_lab(doublings(20))
    [x] = lab.leaves
    assert (lab.nodes, lab.paths, lab.totals[x]) == (21, 2**20, 1048576.0)
    assert {name: run.visits for name, run in lab.runs.items()} == {
        "topological": 21, "every path": 2**21 - 1, "recursive": 2**21 - 1, "depth first": 21,
        "breadth first": 21}  # fmt: skip
    assert lab.runs["every path"].grads is None and lab.runs["every path"].result == "stopped"
    assert "stopped after 100,000 visits" in str(lab)


def test_a_thousand_doublings_are_counted_without_being_walked():
    lab = order_lab(doublings(1000))
    assert lab.paths == 2**1000 and lab.runs["recursive"].visits == 2**1001 - 1
    assert "about 1.0715e301 paths" in " ".join(str(lab).split())


def test_the_visits_are_those_that_were_made():
    rng = random.Random(0)
    for _ in range(50):
        nodes = [Value(rng.uniform(-2, 2)) for _ in range(2)]
        for _ in range(9):
            a, b = rng.choices(nodes, k=2)
            nodes.append(a * b + a)
        lab = order_lab(nodes[-1])

        def visit(n):
            return 1 + sum(visit(p) for p in n.parents)

        if lab.runs["every path"].visits < MOST_VISITS:
            assert lab.runs["every path"].visits == visit(nodes[-1])
            assert lab.runs["every path"].result == "right"
        assert {name: run.visits for name, run in lab.runs.items() if "first" in name} == dict.fromkeys(
            WRONG[1:], lab.nodes
        )


def micrograd_without_the_sort(root):
    """What people write first: add to each input's gradient, then recurse into it."""
    grads = dict.fromkeys(topological(root), 0.0)
    grads[root] = 1.0

    def backward(node):
        for p, d in zip(node.parents, node.local_grads() if node.parents else ()):
            grads[p] += d * grads[node]
            backward(p)

    backward(root)
    return grads


@settings(max_examples=150, deadline=None)
@given(programs())
def test_each_strategy_is_what_it_says(p):
    xs = [Value(x, label=f"x{i}") for i, x in enumerate(p.inputs)]
    L = p(*xs)
    lab = order_lab(L)
    assert all(n.grad == 0.0 for n in topological(L))
    recursive = micrograd_without_the_sort(L)
    assert all(
        math.isclose(lab.runs["recursive"].grads[n], g, rel_tol=1e-9, abs_tol=1e-9) for n, g in recursive.items()
    )
    for run in lab.runs.values():
        assert (run.result in ("wrong", "lucky")) == (run.wrong is not None), run
        if run.result == "right":
            assert all(math.isclose(run.grads[n], lab.totals[n], rel_tol=1e-9, abs_tol=1e-9) for n in lab.leaves)
    L.backward()
    assert lab.totals == {n: n.grad for n in topological(L)}
    assert str(lab) == repr(lab) and lab._repr_markdown_().count("| ---") >= 4


def test_a_missing_zero_is_luck():
    x = Value(2.0, label="x")
    h = x**2
    lab = order_lab(h + h * 0.0)
    assert lab.runs["depth first"].result == "lucky" and "lucky" in str(lab)


def test_a_large_graph_is_no_problem():
    v = Value(0.5, label="x")
    for _ in range(3000):
        v = v + v.tanh() * 0.5
    lab = order_lab(v)
    assert lab.runs["depth first"].result == "wrong" and lab.runs["every path"].result == "stopped"


def test_a_tiny_gradient_is_wrong_too():
    x = Value(1e-30, label="x")
    h = x * x
    assert order_lab(h + h.tanh() * 0.5).runs["depth first"].result == "wrong"


def test_inf_and_nan_are_walked_too():
    x = Value(0.0, label="x")
    lab = order_lab(x.log() * x + 1 / x)
    assert math.isnan(lab.totals[x]) and "nan" in str(lab)


def test_where_every_order_is_right_it_says_so():
    lab = order_lab(Value(2.0) * Value(3.0))
    assert "every order is right" in " ".join(str(lab).split())
    *_, imported, call = str(lab).splitlines()  # what it says to paste runs as it is, and shows an order that is wrong
    scope = {}
    exec(imported, scope)
    assert eval(call, scope).runs["depth first"].result == "wrong"
    assert f"```python\n{imported}\n{call}\n```" in lab._repr_markdown_()


def test_many_leaves_are_not_all_listed():
    leaves = [Value(1.0, label=f"x{i}") for i in range(30)]
    h = leaves[29] ** 2
    L = h + h**2
    for x in leaves[:29]:
        L = L + x
    text = str(order_lab(L))
    assert "… 18 more leaves" in text and text.index("x29") < text.index("x0 ")  # those that go wrong come first


MISTAKES = [
    (lambda: order_lab(3), TypeError, "order_lab takes one Value"),
    (lambda: order_lab(Value(2.0).detach()), RuntimeError, "detach"),
    (lambda: smallest("topological"), ValueError, "right on every graph"),
    (lambda: smallest("by feel"), ValueError, "there is topological, every path"),
]


@pytest.mark.parametrize("mistake, kind, says", MISTAKES)
def test_mistakes_are_told(mistake, kind, says):
    with pytest.raises(kind, match=says):
        mistake()


def test_every_strategy_is_run():
    assert set(order_lab(smallest("recursive")).runs) == set(STRATEGIES)


def run_order(*typed):
    parser = argparse.ArgumentParser()
    orders.add_commands(parser.add_subparsers())
    arguments = parser.parse_args(["order", *typed])
    return arguments.run(arguments)


def test_the_command_shows_a_formula_or_the_classics(capsys):
    assert run_order("h = x**2; g = h**2; L = h + g", "x=2") == 0
    assert capsys.readouterr().out == f"{order_lab(smallest('depth first'))}\n"
    assert run_order() == 0
    assert capsys.readouterr().out == "\n\n\n".join(classic()) + "\n"


@pytest.mark.parametrize(
    "typed, says", [(("x*x", "x=2", "x=3"), "a name was given twice"), (("x*x",), "x has no value: add x=NUMBER")]
)
def test_the_command_refuses_what_it_cannot_read(typed, says):
    with pytest.raises(ExpressionError, match=says):
        run_order(*typed)


def test_python_m_order_shows_the_classics():
    run = subprocess.run(
        [sys.executable, "-m", "tinygrad_edu.order"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert run.stdout == "\n\n\n".join(classic()) + "\n" and run.stderr == ""
