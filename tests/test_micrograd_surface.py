"""Code written for micrograd, and the numbers of the lecture that builds it, with only the import line changed."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import topological
from tinygrad_edu.engine import Value
from tinygrad_edu.nn import MLP, Layer, Module, Neuron


def readme(Value):
    """The example in micrograd's README."""
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g, a, b


def test_the_readme_prints_what_it_says():
    g, a, b = readme(Value)
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert (f"{a.grad:.4f}", f"{b.grad:.4f}") == ("138.8338", "645.5773")


# Each row: a function of Values, where it is taken, its value there, its gradient there.
def parabola(x):
    return 3 * x**2 - 4 * x + 5


def first_graph(a, b, c, f):
    return (a * b + c) * f


def neuron(x1, x2, w1, w2, b):
    return (x1 * w1 + x2 * w2 + b).tanh()


def neuron_out_of_exponentials(x1, x2, w1, w2, b):
    e = (2 * (x1 * w1 + x2 * w2 + b)).exp()
    return (e - 1) / (e + 1)


def a_node_used_twice(a):
    return a + a


def two_nodes_used_twice(a, b):
    return (a * b) * (a + b)


def exercise(a, b, c):
    return -(a**3) + (3 * b).sin() - 1.0 / c + b**2.5 - a**0.5


def likelihood(*logits):
    counts = [logit.exp() for logit in logits]
    return -(counts[3] / sum(counts)).log()


BIAS = 6.8813735870195432
LECTURE = [
    (parabola, (3.0,), 20.0, (14.0,)),
    (parabola, (2 / 3,), 11 / 3, (0.0,)),
    (first_graph, (2.0, -3.0, 10.0, -2.0), -8.0, (6.0, -4.0, -2.0, 4.0)),
    (neuron, (2.0, 0.0, -3.0, 1.0, BIAS), 0.70710678, (-1.5, 0.5, 1.0, 0.0, 0.5)),
    (neuron_out_of_exponentials, (2.0, 0.0, -3.0, 1.0, BIAS), 0.70710678, (-1.5, 0.5, 1.0, 0.0, 0.5)),
    (a_node_used_twice, (3.0,), 6.0, (2.0,)),
    (two_nodes_used_twice, (-2.0, 3.0), -6.0, (-3.0, -8.0)),
    (exercise, (2.0, 3.0, 4.0), 6.336362190988558, (-12.353553390593273, 10.25699027111255, 0.0625)),
    (likelihood, (0.0, 3.0, -2.0, 1.0), 2.1755153626167147, (0.0417725705, 0.8390245075, 0.0056533027, -0.8864503806)),
]


@pytest.mark.parametrize("f, at, value, gradient", LECTURE, ids=[f"{row[0].__name__}{row[1]}" for row in LECTURE])
def test_the_lecture_finds_its_numbers(f, at, value, gradient):
    xs = [Value(x) for x in at]
    y = f(*xs)
    assert y.data == pytest.approx(value, rel=1e-8)
    y.backward()
    assert [x.grad for x in xs] == pytest.approx(gradient, rel=1e-8, abs=1e-9)


def test_a_step_along_the_gradient_raises_the_lectures_output():
    leaves = [Value(x) for x in (2.0, -3.0, 10.0, -2.0)]
    first_graph(*leaves).backward()
    for leaf in leaves:
        leaf.data += 0.01 * leaf.grad
    assert first_graph(*leaves).data == pytest.approx(-7.286496, abs=1e-12)


def test_prev_and_op_are_there_for_drawing_code():
    a, b = Value(2.0, label="a"), Value(-3.0)
    c = a * b
    assert c._prev == {a, b} and (a * a)._prev == {a} and a._prev == set()
    written = {a + b: "+", c: "*", a**2: "**2", a.tanh(): "tanh", a: ""}
    assert {v._op for v in written} == set(written.values())
    assert all(v._op == op for v, op in written.items())


def test_the_lectures_trace_finds_every_node_and_edge():
    def trace(root):
        nodes, edges = set(), set()

        def build(v):
            if v not in nodes:
                nodes.add(v)
                for child in v._prev:
                    edges.add((child, v))
                    build(child)

        build(root)
        return nodes, edges

    root, _, _ = readme(Value)
    nodes, edges = trace(root)
    assert nodes == set(topological(root))
    assert edges == {(p, v) for v in nodes for p in v.parents}


@pytest.mark.parametrize("module, count", [(Neuron(3), 4), (Layer(3, 2), 8), (MLP(2, [16, 16, 1]), 337)])
def test_modules_are_used_as_in_micrograd(module, count):
    assert isinstance(module, Module) and len(module.parameters()) == count
    out = module([1.0, -2.0, 3.0][: 2 if isinstance(module, MLP) else 3])
    for y in out if isinstance(out, list) else [out]:
        (y * y + 1).backward()
    for p in module.parameters():
        p.data -= 0.01 * p.grad
    module.zero_grad()
    assert all(p.grad == 0 for p in module.parameters())


def test_the_demos_loss_goes_down():
    rng = random.Random(1337)
    points = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(12)]
    labels = [1 if x * y > 0 else -1 for x, y in points]
    random.seed(1337)
    model = MLP(2, [8, 1])
    losses = []
    for _ in range(20):
        inputs = [list(map(Value, point)) for point in points]
        scores = list(map(model, inputs))
        hinge = [(1 + -label * score).relu() for label, score in zip(labels, scores)]
        loss = sum(hinge) * (1.0 / len(hinge)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        losses.append(loss.data)
    assert losses[-1] < losses[0] / 2


# Side by side.  A program is a list of instructions on the values so far; both engines run the same one.  relu bends away
# from zero and no value grows large, so that the last bit, which may differ, stays the last bit.
STEPS = {
    "add": lambda a, b, n: a + b,
    "sub": lambda a, b, n: a - b,
    "mul": lambda a, b, n: a * b,
    "neg": lambda a, b, n: -a,
    "twice": lambda a, b, n: a + a,
    "square": lambda a, b, n: a**2,
    "cube": lambda a, b, n: a**3,
    "div": lambda a, b, n: a / (b**2 + 1.5),
    "relu": lambda a, b, n: (a + 0.123456789).relu(),
    "number on the left": lambda a, b, n: n - a,
    "number on the right": lambda a, b, n: a * n,
    "number over": lambda a, b, n: n / (a**2 + 2.5),
}
instructions = st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 99), st.integers(0, 99), st.floats(-2, 2))
programs = st.lists(instructions, min_size=1, max_size=15)


def run(Value, inputs, program):
    """Every value that a program computes, and the gradient of the last one."""
    leaves = [Value(x) for x in inputs]
    values = list(leaves)
    for name, i, j, n in program:
        v = STEPS[name](values[i % len(values)], values[j % len(values)], n)
        values.append(v if abs(v.data) < 10 else v * 0.01)
    values[-1].backward()
    return [v.data for v in values], [leaf.grad for leaf in leaves]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=4), programs)
def test_both_engines_agree(inputs, program):
    micrograd = pytest.importorskip("micrograd.engine")
    for ours, theirs in zip(run(Value, inputs, program), run(micrograd.Value, inputs, program)):
        assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-7)


def test_both_engines_draw_the_same_networks():
    """The same seed, the same weights, the same scores, the same gradients."""
    theirs = pytest.importorskip("micrograd.nn")
    outcomes = []
    for mlp in (MLP, theirs.MLP):
        random.seed(1337)
        model = mlp(2, [16, 16, 1])
        score = model([0.5, -1.5])
        score.backward()
        outcomes.append((score.data, [(p.data, p.grad) for p in model.parameters()], repr(model)))
    (ours, our_parameters, our_repr), (its, its_parameters, its_repr) = outcomes
    assert ours == pytest.approx(its, rel=1e-12) and our_repr == its_repr
    for (data, gradient), (expected, expected_gradient) in zip(our_parameters, its_parameters):
        assert data == expected and math.isclose(gradient, expected_gradient, rel_tol=1e-9, abs_tol=1e-12)
