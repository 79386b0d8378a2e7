"""Code written for micrograd, and the numbers of the lecture that builds it, with only the import line changed."""

import copy
import math
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import optim, topological
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


# Side by side.  A program is a list of instructions on the values so far; both engines run the same one.
# relu bends away from zero and no value grows large, so that the last bit, which may differ, stays the last bit.
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
        outcomes.append((score.data, [(p.data, p.grad) for p in model.parameters()]))
    (ours, our_parameters), (its, its_parameters) = outcomes
    assert ours == pytest.approx(its, rel=1e-12)
    for (data, gradient), (expected, expected_gradient) in zip(our_parameters, its_parameters):
        assert data == expected and math.isclose(gradient, expected_gradient, rel_tol=1e-9, abs_tol=1e-12)


# Nodes made by hand, as micrograd and microgpt make them.


def by_closure(name, f, *slopes):
    """An operation as micrograd writes it: a node, then its backward step."""

    def operation(*xs):
        out = Value(f(*[x.data for x in xs]), xs, name)

        def _backward():
            for x, slope in zip(xs, slopes):
                x.grad += slope(*[x.data for x in xs]) * out.grad

        out._backward = _backward
        return out

    return operation


def by_numbers(name, f, *slopes):
    """The same as microgpt writes it: with its local gradients."""
    numbers = lambda xs: [x.data for x in xs]
    return lambda *xs: Value(f(*numbers(xs)), xs, tuple(slope(*numbers(xs)) for slope in slopes))


OPERATIONS = {  # name: the function, its slopes, ours
    "+": (lambda a, b: a + b, (lambda a, b: 1.0, lambda a, b: 1.0), lambda a, b: a + b),
    "*": (lambda a, b: a * b, (lambda a, b: b, lambda a, b: a), lambda a, b: a * b),
    "**2": (lambda a: a**2, (lambda a: 2 * a,), lambda a: a**2),
    "tanh": (math.tanh, (lambda a: 1 - math.tanh(a) ** 2,), lambda a: a.tanh()),
    "ReLU": (lambda a: max(0.0, a), (lambda a: float(a > 0),), lambda a: a.relu()),
}
steps = st.lists(st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 9), st.integers(0, 9)), max_size=8)


@pytest.mark.parametrize("make", [by_closure, by_numbers])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=3), steps)
def test_a_node_made_by_hand_is_a_node(make, numbers, program):
    """Random programs out of such nodes and ours, with nodes used twice, find the gradients of ours alone."""
    outcomes = []
    for pick in (0, 1):
        leaves = [Value(x) for x in numbers]
        values = list(leaves)
        for k, (name, i, j) in enumerate(program):
            f, slopes, ours = OPERATIONS[name]
            xs = [values[i % len(values)], values[j % len(values)]][: len(slopes)]
            values.append(ours(*xs) if pick or k % 3 == 2 else make(name, f, *slopes)(*xs))
        root = sum(v * 0.25 for v in values)
        root.backward()
        outcomes.append([root.data, *[v.grad for v in leaves]])
    assert outcomes[0] == pytest.approx(outcomes[1], rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("root", [lambda: readme(Value)[0], lambda: neuron(*map(Value, (2.0, 0.0, -3.0, 1.0, BIAS)))])
def test_a_backward_pass_may_be_made_by_hand(root):
    """`o.grad = 1`, then every node's `_backward` from the root to the leaves."""
    ours, by_steps = root(), root()
    ours.backward()
    by_steps.grad = 1.0
    for node in reversed(by_steps.topo()):
        node._backward()
    for a, b in zip(ours.topo(), by_steps.topo(), strict=True):
        assert a.grad == b.grad and a.data == b.data
        assert a._children == a.parents and len(a._local_grads) == len(a.parents)


def test_each_form_of_the_constructor():
    a, b = Value(2.0, "a"), Value(3.0, label="b")
    for v in (
        Value(6.0, (a, b), "*"),
        Value(6.0, _children=(a, b), _op="*"),
        Value(6.0, (a, b), "*", "c"),
        Value(6.0, [a, b], "*", label="c"),
    ):
        assert v._prev == {a, b} and v._op == "*" and v.label in ("", "c") and v.parents == (a, b)
    for v in (
        Value(6.0, (a, b), (3.0, 2.0)),
        Value(6.0, children=(a, b), local_grads=[3, 2]),
        Value(6.0, (a, b), (3, 2), label="c"),
    ):
        assert v._local_grads == (3.0, 2.0) and v._children == (a, b)
    for v in (Value(1.0, ()), Value(1.0, (), ""), Value(1.0, (), ()), Value(1.0, None), Value(1.0, label=None)):
        assert v.parents == () and v.label == "" and v._op == "" and v._backward() is None
    with Value.no_grad():
        assert Value(6.0, (a, b), (3.0, 2.0)).parents == ()


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda a: Value(1.0, 3), "neither a label, which is text, nor a tuple of children"),
        (lambda a: Value(1.0, a), "neither a label"),
        (lambda a: Value(1.0, label=3), "write label='3'"),
        (lambda a: Value(1.0, (3.0,)), "nor a tuple of children, which are Values"),
        (lambda a: Value(1.0, (a,), (1.0, 2.0)), "1 children, and .* nor one local gradient for each"),
        (lambda a: Value(1.0, (a, a), 1.0), "2 children"),
        (lambda a: Value(1.0, "x", (1.0,)), "0 children"),
        (lambda a: Value(1.0, (a,), ("x",)), "a number is needed"),
        (lambda a: Value(1.0, lable="x"), "no argument 'lable'.*Value\\(data, label\\)"),
    ],
)
def test_what_the_constructor_cannot_take_it_refuses(make, says):
    with pytest.raises(TypeError, match=says):
        make(Value(2.0))


def test_a_node_that_was_told_no_slope_says_so_and_changes_nothing():
    a = Value(2.0)
    out = Value(4.0, (a,), "square")
    with pytest.raises(RuntimeError, match=r"'square'.*assign its _backward"):
        (out * a).backward()
    assert a.grad == 0


def test_a_step_with_a_parent_twice_sees_finite_gradients_and_may_write_that_of_one_it_has_once():
    a, b = Value(3.0), Value(2.0)
    out = Value(11.0, (a, a, b), "f")

    def step():
        assert math.isfinite(a.grad)
        a.grad += 6.0 * out.grad
        b.grad = out.grad

    out._backward = step
    out.backward()
    assert (a.grad, b.grad) == (6.0, 1.0)


def test_a_step_that_writes_over_the_gradient_of_a_parent_it_has_twice_is_refused():
    a = Value(3.0)
    out = Value(a.data * a.data, (a, a), "*")

    def overwritten():
        a.grad = a.data * out.grad
        a.grad = a.data * out.grad

    def added():
        a.grad += a.data * out.grad
        a.grad += a.data * out.grad

    out._backward = overwritten
    with pytest.raises(ValueError, match=r"writes over the gradient of a parent that it has twice: it must add"):
        out.backward()
    assert a.grad == 0
    out._backward = added
    out.backward()
    assert a.grad == 6.0


def test_a_step_that_is_not_upstream_times_local_is_refused_and_one_that_fails_changes_nothing():
    a = Value(2.0)
    out = Value(4.0, (a,))
    out._backward = lambda: setattr(a, "grad", a.grad + min(out.grad, 1.5) - 0.5)
    with pytest.raises(ValueError, match="upstream times local"):
        (out + a).backward()
    out._backward = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        (out + a).backward()
    assert a.grad == out.grad == 0
    with pytest.raises(TypeError, match="_backward is a function"):
        out._backward = 3


def test_nodes_made_by_hand_are_drawn_explained_copied_and_pickled():
    a = Value(3.0, "a")
    y = Value(9.0, (a, a), (3.0, 3.0)) + Value(6.0, (a,), (2.0,))
    y.label = "L"
    y.backward()
    assert a.grad == 8.0 and y.draw().nodes and "dy" not in str(y.explain(of=a)) and "8" in str(y.explain(of=a))
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        twin.zero_grad()
        twin.backward()
        assert [n.grad for n in twin.topo()] == [n.grad for n in y.topo()]


class Parameter(Value):
    pass


@pytest.mark.parametrize("kind", [Value, Parameter])
def test_attributes_of_ones_own_hang_on_any_node_as_on_any_object(kind):
    p = kind(1.5)
    y = p * p
    p.m, p.v, y._vis_color = 0.0, [], "red"
    y.backward()
    p.m = 0.9 * p.m + 0.1 * p.grad
    p.v.append(p)
    assert (p.m, p.v, y._vis_color, p.grad, type(y)) == (pytest.approx(0.3), [p], "red", 3.0, Value)
    assert {"m", "v"} <= {*dir(p)} and repr(p) == f"{kind.__name__}(1.5, grad=3.0)" and not hasattr(y, "m")
    del p.m
    for name in ("m", "M", "_vis_color"):
        with pytest.raises(AttributeError, match=f"has no attribute {name!r}"):
            getattr(p, name)


def test_a_value_without_a_label_has_an_empty_one():
    v = Value(1.0, "v")
    del v.label
    assert v.label == (v * 2).label == Value(1.0, label="").label == "" and "label" not in repr(v)


def adam(parameters, step, lr=0.01, b1=0.85, b2=0.99):
    """One step of microgpt's optimizer, with its memory on the parameters."""
    for p in parameters:
        p.m, p.v = b1 * getattr(p, "m", 0.0) + (1 - b1) * p.grad, b2 * getattr(p, "v", 0.0) + (1 - b2) * p.grad**2
        p.data -= lr * (p.m / (1 - b1**step)) / ((p.v / (1 - b2**step)) ** 0.5 + 1e-8)
        p.grad = 0.0


def test_an_optimizer_may_keep_its_memory_on_the_parameters():
    one, other = MLP(2, [4, 1], seed=0), MLP(2, [4, 1], seed=0)
    ours = optim.Adam(other.parameters(), lr=0.01, betas=(0.85, 0.99))
    for step in range(1, 6):
        for model in (one, other):
            (model([0.5, -1.0]) - 1).square().backward()
        adam(one.parameters(), step)
        ours.step()
        ours.zero_grad()
    assert [p.data for p in one.parameters()] == pytest.approx([p.data for p in other.parameters()], rel=1e-12)


@pytest.mark.parametrize("name, x", [("_prev", set()), ("_op", "+"), ("_children", ()), ("_local_grads", (1.0,))])
def test_what_a_value_was_computed_from_is_not_told_afterwards(name, x):
    for v in (Value(2.0), Value(2.0) * 3):
        before = v.parents, v.op, v.local_grads()
        with pytest.raises(AttributeError, match=r"told when it is made: .*Value\(data, children, op\)"):
            setattr(v, name, x)
        assert (v.parents, v.op, v.local_grads()) == before


def _handmade(make_step):
    a, b = Value(3.0, "a"), Value(2.0, "b")
    out = Value(a.data * b.data, (a,), "mine")
    out._backward = make_step(a, b, out)
    return a, b, out


def _add_to_both(a, b, out):
    def step():
        a.grad += b.data * out.grad
        b.grad += a.data * out.grad

    return step


def _add_to_a_list(a, b, out):
    xs = [a, b]

    def step():
        for x in xs:
            x.grad += 2.0 * out.grad

    return step


@pytest.mark.parametrize("make_step, told", [
    (_add_to_both, r"_backward of Value\(6\.0, grad=5\.0\) adds to the gradient of b, which is none of its 1 children"),
    (_add_to_a_list, "adds to the gradient of b, which is none of its 1 children: name it among them"),
    (lambda a, b, out: lambda: (b.data * out.grad,), r"returns \(2\.0,\) and adds nothing to a gradient: it must add"),
    (lambda a, b, out: lambda: b.data * out.grad, "returns 2.0 and adds nothing to a gradient: it must add"),
])  # fmt: skip
def test_a_step_that_would_lose_a_gradient_is_told_so_and_changes_none(make_step, told):
    a, b, out = _handmade(make_step)
    a.grad = b.grad = out.grad = 5.0
    with pytest.raises(ValueError, match=told):
        (out * 2.0).backward()
    assert (a.grad, b.grad, out.grad) == (5.0, 5.0, 5.0)


def test_a_step_may_be_written_in_one_line_return_what_it_likes_and_use_other_values_numbers():
    for step in (
        lambda a, b, out: lambda: (setattr(a, "grad", a.grad + b.data * out.grad), out.grad),
        lambda a, b, out: lambda: setattr(a, "grad", a.grad + b.data * out.grad),
        lambda a, b, out: lambda: a.__setattr__("grad", a.grad + [b][0].data * out.grad),
    ):
        a, b, out = _handmade(step)
        (out * 2.0).backward()
        assert (a.grad, b.grad) == (4.0, 0.0)
    a, b, out = _handmade(lambda a, b, out: lambda: 0.0)  # flat
    out.backward()
    assert (a.grad, b.grad) == (0.0, 0.0)
