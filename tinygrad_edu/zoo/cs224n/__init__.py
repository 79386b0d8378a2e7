"""CS224n: backpropagation as matrix calculus, and a network that finds the names in sentences.

A course on language needs three things of backpropagation. First, why it walks a graph backwards and visits each node
once: a node that is used twice is reached in two ways, after twenty doublings in a million, and whoever follows the
ways one by one is never done. Second, its gradients as formulas for vectors and matrices, since nobody derives the
slope of each of 160 weights: for a score s = u·f(z), z = Wx + b, they are (' transposes, ∘ goes entry by entry)

    delta = u ∘ f'(z)    ds/db = delta    ds/dW = delta x'    ds/dx = W' delta

each laid out in the shape of what it is the gradient of, so that an update is a subtraction. Third, what becomes of
ds/dx: x is made of word vectors, five of them end to end, and its gradient flows on into these. So the words
themselves are learned.

That is then put to work: is the word in the middle of a window of five part of a person's name, a place's, an
organisation's, another name, or of none? The network is judged on sentences that it has not seen, most of whose names
it has not seen either.

Read its rooms in this order: here the graph, `window` the formulas, `sentences` what is learned from, `tagger` what
learns it.

Sources: C. Manning and R. Socher, Stanford CS224n, lectures 3 to 5 and assignment 1 (2017), after R. Collobert and
J. Weston (2008). The course learns from newspapers (CoNLL 2003); the sentences here were written for this page, so
that its scores are nobody's but its own.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ... import ops
from ...engine import Value, chain_rule, topological
from ...figures import draw
from .. import Run
from . import sentences, tagger, window


def main(run: Run) -> None:
    """The graph, the formulas, the names."""
    learned, held = sentences.sentences(run.data)
    circuit(run)
    doubling(run)
    window.shapes(run)
    window.twice(run)
    window.checked(run)
    window.margin(run)
    tagger.names(run, learned, held)


def circuit(run: Run) -> None:
    """The lecture's first graph: three operations, one of which is a switch."""
    run.section("A graph, forward and backward: (x + y) · max(y, z)")
    x, y, z = Value(1.0, "x"), Value(2.0, "y"), Value(0.0, "z")
    f = (x + y) * ops.maximum(y, z)
    f.label = "f"
    f.backward()
    run.compare("f = (x + y) · max(y, z) at 1, 2, 0", f.data, 6.0)
    run.gradients("df/d{}", {x: 2.0, y: 5.0, z: 0.0})
    run.say(
        "The sum hands on what it gets, max hands it to the larger input alone, the product swaps its inputs. "
        "y is used twice: 2 by way of the sum and 3 by way of max make 5."
    )
    run.picture("circuit", draw(f), "the lecture's graph: values forward, gradients backward, and the two ways to y")


def doubled(times: int) -> tuple[Value, Value]:
    """A number, and what x = x + x makes of it after so many times."""
    x = first = Value(1.0)
    for _ in range(times):
        x = x + x
    return first, x


def walked(root: Value) -> dict[Value, int]:
    """How often each node is visited by whoever follows every way back on its own, as the chain rule first reads."""
    visits = Counter[Value]()
    todo = [root]
    while todo:
        node = todo.pop()
        visits[node] += 1
        todo += node.parents
    return visits


def doubling(run: Run) -> None:
    """Why the order matters: a node hands on its gradient once, when all of it has arrived."""
    run.section("Why each node is visited once: x = x + x, twenty times")
    first, last = doubled(20)
    order = topological(last)
    last.backward()
    run.compare("x = x + x, 20 times: nodes", len({*order}), 21)
    run.compare("x = x + x, 20 times: visits, in topological order", len(order), 21)
    run.compare("x = x + x, 20 times: gradient", first.grad, 1_048_576.0, form=",.0f")
    rows: list[list[Any]] = []
    for times in (1, 2, 3, 4, 8, 12):
        first, last = doubled(times)
        visits, gradient = walked(last), chain_rule(last, 1.0, lambda node: (1.0, 1.0))[first]
        rows.append([times, len(topological(last)), visits[first], sum(visits.values()), int(gradient)])
    run.table(["times", "visits in order", "way by way: of x", "of all nodes", "gradient"], rows)
    run.say(
        "Way by way, x is visited 2ⁿ times and all nodes together 2ⁿ⁺¹ - 1 times; at n = 20 that "
        "would be 1,048,576 and 2,097,151, for the number that 21 visits find. The gradient counts the ways because "
        "each local gradient is 1 here. A network of 20 layers in which everything is used twice has as many."
    )
