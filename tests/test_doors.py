"""The work of a door grows with the graph and no faster: twice the nodes, labels, samples or inputs, twice the lines.

Work is counted, not timed: the lines of this package that Python runs, a turn of a comprehension for one.
"""

import sys

import pytest

import tinygrad_edu
from tinygrad_edu import Value, diagnose, draw, explain, grad, jit, losses, order_lab, source, topological
from tinygrad_edu import functional as F
from tinygrad_edu.expression import parse
from tinygrad_edu.nn import MLP

HERE = tinygrad_edu.__path__[0]


def chain(n):
    v = Value(0.5, "x")
    for _ in range(n):
        v = v.tanh()
    return v


def alike(n):
    """Leaves that have one label."""
    return F.sum([Value(0.1, "x").tanh() for _ in range(n)])


def terms(n):
    xs = [Value(0.1, f"x{i}") for i in range(n)]
    total = xs[0]
    for x in xs[1:]:
        total = total + x * x
    return total


def samples(n):
    model = MLP(2, [3, 1], seed=0)
    return losses.mse([model([0.1 * (i % 7), 0.3]) for i in range(n)], [0.5] * n)


def layers(n):
    return (MLP(2, [2] * (n // 2) + [1], seed=0)([0.1, 0.2]) - 1) ** 2


def inputs(n):
    return (MLP(n, [2, 1], seed=0)([0.1] * n) - 1) ** 2


GRAPHS = [chain, alike, terms, samples, layers, inputs]
DOORS = {
    "topological": topological, "backward": Value.backward, "grad": lambda L: grad(L, topological(L)[0]),
    "explain": lambda L: str(explain(L)), "explain of a leaf": lambda L: str(explain(L, of=topological(L)[0])),
    "python": lambda L: str(source(L)), "numpy": lambda L: str(source(L, "numpy")),
    "javascript": lambda L: str(source(L, "javascript")), "latex": lambda L: str(source(L, "latex")),
    "draw": lambda L: draw(L).picture.svg(), "diagnose": lambda L: str(diagnose(L)),
    "order": lambda L: str(order_lab(L)),
}  # fmt: skip


def work(f, *args):
    """How many lines of this package run."""
    count = 0

    def at(frame, event, arg):
        nonlocal count
        if not frame.f_code.co_filename.startswith(HERE):
            return None
        count += event == "line"
        return at

    before = sys.gettrace()
    sys.settrace(at)
    try:
        f(*args)
    finally:
        sys.settrace(before)
    return count


def grows(f, made, n=16):
    """How much more work twice as large a thing is, once what is always done is not counted."""
    f(made(4))  # what is done once
    small, middle, large = (work(f, made(k)) for k in (n, 2 * n, 4 * n))
    return (large - middle) / max(middle - small, 200)


def test_work_that_is_quadratic_is_seen():
    def pairs(root):
        return [str(source(v)) for v in topological(root)]

    assert grows(pairs, chain) > 3 and grows(lambda root: str(source(root)), chain) < 2.6


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("door", DOORS)
def test_twice_the_graph_is_twice_the_work(door, graph):
    def made(n):
        root = graph(n)
        root.label = "L"
        root.backward()
        return root

    assert grows(DOORS[door], made) < 2.7


@pytest.mark.parametrize("backend", ["python", "numpy"])
@pytest.mark.parametrize("f", [
    lambda xs: F.sum([x * x for x in xs]), lambda xs: F.dot(xs, xs),
    lambda xs: F.sum([Value(0.1, "w") * x for x in xs])], ids=["arguments", "dot", "one label"])  # fmt: skip
def test_twice_the_inputs_are_twice_the_work_of_a_recording(f, backend):
    if backend == "numpy":
        pytest.importorskip("numpy")
    assert grows(lambda xs: jit(f, backend=backend)(xs), lambda n: [0.1] * n) < 2.7


@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_parameters_of_one_label_are_named_in_one_go(backend):
    if backend == "numpy":
        pytest.importorskip("numpy")

    def first_call(ws):
        jit(lambda x: F.sum([w * x for w in ws]), backend=backend)(1.0).backward()

    assert grows(first_call, lambda n: [Value(0.1, "w") for _ in range(n)], 240) < 2.7


def test_twice_the_names_of_a_formula_are_twice_the_work():
    def read(names):
        parse(f"sum({', '.join(names)})")(**dict.fromkeys(names, 1.0))

    assert grows(read, lambda n: [f"a{i}" for i in range(n)]) < 2.7
