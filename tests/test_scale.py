"""A million nodes: nothing recurses, nothing is kept, and a graph goes when the last name for it goes.

Memory is counted by `tracemalloc`: every byte that Python's allocator handed out and has not got back, so all that a
graph owns: its nodes, their tuples, their numbers.  The engine in C keeps nodes in room of its own, and says how many.
"""

import copy
import gc
import math
import pickle
import random
import tracemalloc

import pytest

from tinygrad_edu import Value, compiled, grad, topological, value_and_grad
from tinygrad_edu import functional as F
from tinygrad_edu.nn import MLP
from tinygrad_edu.twin import extension

MILLION, MANY = 1_000_000, 100_000


@pytest.fixture
def no_collector():
    """Python's cyclic collector is off, and no old garbage is left for it: our graphs free themselves."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def traced(no_collector):
    """Bytes allocated since the last call, or since the start; the collector is off."""
    a_node = Value.__basicsize__ + 16  # 16: the collector's

    def owned():
        nodes = extension.alive() * a_node if compiled else 0
        return tracemalloc.get_traced_memory()[0] + nodes

    tracemalloc.start()
    level = owned()
    yield lambda: owned() - level
    tracemalloc.stop()


def product(factor, n):
    """factor ** n, one multiplication at a time: a chain of n nodes on one leaf."""
    v = factor
    for _ in range(n - 1):
        v = v * factor
    return v


def test_a_node_takes_at_most_250_bytes(traced):
    """Forward: node, tuple of parents, tuple of numbers, the number.

    After backward(): one more float, its gradient.
    """
    n = 100_000
    leaf = Value(1 + 1e-9)
    root = product(leaf, n + 1)
    forward = traced() / n
    assert forward <= (130 if compiled else 250)
    root.backward()
    assert traced() / n <= forward + 24 + 4  # 4: what Python keeps for later, spread over the nodes


def test_what_hangs_on_one_value_makes_no_other_larger(traced):
    def size(n=10_000):
        before = traced()
        values = [Value(0.5) * 2.0 for _ in range(n)]
        return (traced() - before) / len(values)

    size()
    bare, v = size(), Value(1.0, "x")
    for name in "abcdefgh":
        setattr(v, name, [])
    assert size() <= bare + 4 and v.h == []


def test_a_dropped_graph_is_freed_at_once_without_the_collector(traced):
    leaf = Value(1 + 1e-9)
    root = product(leaf, 100_000)
    root.backward()
    held = traced()
    assert held > 100_000 * 100
    del root
    assert traced() < held / 50  # Python keeps up to 2,000 tuples of each length for later, which is not the graph
    assert gc.collect() == 0


def test_training_does_not_grow_without_the_collector(traced):
    rng = random.Random(0)
    points = [([rng.gauss(0, 1), rng.gauss(0, 1)], rng.choice((-1, 1))) for _ in range(8)]
    model = MLP(2, [6, 1], seed=0)

    def step():
        loss = F.mean([(1 - label * model(point)).relu() for point, label in points])
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.01 * p.grad
        return loss.data

    losses = [step() for _ in range(20)]
    level = traced()
    losses += [step() for _ in range(200)]
    graph = 8 * 14 * 300  # bytes of one step's graph, roughly: a leak of one graph per step would be 200 of these
    assert traced() - level < graph
    assert losses[-1] < losses[0]


def an_expression():
    x = Value(0.5)
    return (x.tanh() * x + x**3) / (x - 2)


def a_fused_neuron():
    xs = [Value(float(i)) for i in range(10)]
    return F.dot(xs, xs, bias=xs[0]).relu()


def a_network():
    return MLP(3, [4, 1], seed=0)([1.0, 2.0, 3.0])


def an_expanded_network():
    return MLP(3, [4, 1], seed=0, expand=True)([1.0, 2.0, 3.0])


def a_softmax():
    return F.sum(F.softmax([Value(1.0), Value(2.0), Value(-math.pi)]))


def a_gradient_of_a_gradient():
    x = Value(0.5)
    return grad(grad(x.tanh() * x, x)[0], x)[0]


def a_function_with_its_gradient():
    return value_and_grad(lambda x, y: x * y)(2.0, 3.0)[0]


def a_copy():
    return copy.deepcopy(an_expression())


def a_pickled_graph():
    return pickle.loads(pickle.dumps(an_expression()))


@pytest.mark.parametrize("build", [an_expression, a_fused_neuron, a_network, an_expanded_network, a_softmax,
                                   a_gradient_of_a_gradient, a_function_with_its_gradient, a_copy, a_pickled_graph],
                         ids=lambda f: f.__name__)  # fmt: skip
def test_there_are_no_reference_cycles(build, no_collector):
    build().backward()  # the first time may import, or fill a cache
    gc.collect()
    root = build()
    root.backward()
    root.zero_grad()
    del root
    assert gc.collect() == 0


# A million nodes, made with the collector on.  What follows is as deep or as wide as a tenth of them:
# a hundred times as deep as Python recurses.


def test_a_million_multiplications_have_a_value_and_a_gradient():
    leaf = Value(1 + 1e-9)
    root = product(leaf, MILLION + 1)
    root.backward()
    assert root.data == pytest.approx((1 + 1e-9) ** (MILLION + 1), rel=1e-9)
    assert leaf.grad == pytest.approx((MILLION + 1) * (1 + 1e-9) ** MILLION, rel=1e-9)
    assert len(topological(root)) == MILLION + 1
    del root  # a million levels deep: this returns, or the process dies


@pytest.fixture(scope="module")
def chain():
    """A long chain of multiplications and its leaf, after backward(). Shared: leave it as it is."""
    leaf = Value(1 + 1e-9, label="leaf")
    root = product(leaf, MANY + 1)
    root.backward()
    return root, leaf


def same_graph(a, b):
    """Whether two graphs have the same shape and numbers, without a node in common."""
    left, right = topological(a), topological(b)
    place = {node: i for i, node in enumerate(left)}
    twin = {node: i for i, node in enumerate(right)}
    return (len(left) == len(right) and place.keys().isdisjoint(twin)
            and all((m.data, m.grad, m.op, m.numbers, m.label) == (n.data, n.grad, n.op, n.numbers, n.label)
                    and [place[p] for p in m.parents] == [twin[p] for p in n.parents]
                    for m, n in zip(left, right)))  # fmt: skip


def test_a_long_chain_is_deeply_copied_and_the_copy_is_deleted(chain, no_collector):
    root, leaf = chain
    assert copy.copy(root).parents == root.parents
    twin = copy.deepcopy(root)
    assert same_graph(root, twin)
    del twin
    assert root.parents[1] is leaf


def test_a_long_chain_is_pickled_and_unpickled(chain, no_collector):
    root, leaf = chain
    twin, its_leaf = pickle.loads(pickle.dumps([root, leaf]))
    assert same_graph(root, twin)
    assert twin.parents[1] is its_leaf  # one node before, one node after


def test_many_terms_are_added_one_by_one(no_collector):
    terms = [Value(0.5) for _ in range(MANY)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    assert total.data == MANY / 2
    total.backward()
    assert all(term.grad == 1.0 for term in terms)
    del terms, term
    del total  # all of it at once


def test_many_terms_are_added_as_one_node(no_collector):
    terms = [Value(0.5) for _ in range(MANY)]
    total = F.sum(terms)
    assert total.data == MANY / 2 and len(total.parents) == MANY
    total.backward()
    assert all(term.grad == 1.0 for term in terms)
    for twin in (copy.deepcopy(total), pickle.loads(pickle.dumps(total))):
        assert same_graph(total, twin)
    del terms, total, twin
