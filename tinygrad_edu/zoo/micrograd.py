"""micrograd, and the lecture that builds it: from what a derivative is to a network that tells two moons apart.

A derivative says how much an output moves when an input does.  `backward()` finds the derivative of one number by every
number that it was computed from, by walking the graph of the computation from its end to its beginning: each node hands
its own gradient on to its parents, times how much it moves with them, and what arrives over several ways adds up.  That
is all there is to it; the rest of this page uses it, on a parabola, an expression, a neuron,
a function of three inputs, a softmax, and on two networks.

Sources: Andrej Karpathy, micrograd (2020), and "The spelled-out intro to neural networks and backpropagation: building
micrograd" (2022) with its exercises.
Expected numbers are those that lecture and notebooks show, or that follow from their definitions.
"""

from __future__ import annotations

import random
from typing import Any

from .. import data, losses, optim, plot
from .. import functional as F
from ..engine import Value
from ..figures import draw
from ..modes import no_grad
from ..nn import MLP
from ..replay import jit
from . import Run

TINY = 1e-12  # sums may be added in another order than the source adds them


def main(run: Run) -> None:
    """The whole walk."""
    derivative(run)
    expression(run)
    neuron(run)
    used_twice(run)
    readme(run)
    exercises(run)
    first_network(run)
    moons(run)


def derivative(run: Run) -> None:
    """What a derivative is: the slope of a parabola, by a small step and by backward()."""
    run.section("A derivative is a slope")

    def f(x: Any) -> Any:
        return 3 * x**2 - 4 * x + 5

    h, x, flat = 1e-6, Value(3.0), Value(2 / 3)
    f(x).backward()
    f(flat).backward()
    run.compare("f(3), f(x) = 3x² - 4x + 5", f(3.0), 20.0)
    run.compare("its slope at 3, (f(3+h) - f(3-h)) / 2h", (f(3.0 + h) - f(3.0 - h)) / (2 * h), 14.0, within=1e-6)
    run.compare("its slope at 3, by backward()", x.grad, 14.0)
    run.compare("its slope at 2/3, the bottom", flat.grad, 0.0, within=TINY)
    run.say(
        "A small step, up and down, gives the slope nearly; backward() gives it exactly, by 6x - 4, which nobody has "
        "told it: it knows the slopes of +, * and **, and the chain rule. Below 2/3 the slope is negative, above "
        "positive, and at the bottom a small step changes nothing."
    )


def expression(run: Run) -> None:
    """L = (a*b + c) * f, its gradients, and one step uphill."""
    run.section("The chain rule, edge by edge: L = (a*b + c) * f")
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Value(-2.0, "f")
    L = (a * b + c) * f
    L.label = "L"
    L.backward()
    run.compare("L", L.data, -8.0)
    run.gradients("dL/d{}", {a: 6.0, b: -4.0, c: -2.0, f: 4.0})
    steepness = sum(v.grad**2 for v in (a, b, c, f))
    for v in (a, b, c, f):
        v.data += 0.01 * v.grad
    run.compare("L after += 0.01 * grad on its leaves", ((a * b + c) * f).data, -7.286496, within=TINY)
    run.say(
        "dL/da is b * f: what a meets on its way to L, multiplied. Along the gradient L rises; a step of 0.01 of it "
        f"should lift L by 0.01 times the sum of the squared slopes, {0.01 * steepness:.2f}, and does so but for the "
        "bend of L on the way. To make L smaller, as in training, one goes the other way: -= in place of +=."
    )


def neuron(run: Run) -> None:
    """A neuron, with tanh as one node and with tanh taken apart into exponentials: the same gradients."""
    run.section("A neuron, with tanh whole and taken apart")
    for form in ("tanh", "exp"):
        x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
        w1, w2 = Value(-3.0, "w1"), Value(1.0, "w2")
        b = Value(6.8813735870195432, "b")
        n = x1 * w1 + x2 * w2 + b
        e = (2 * n).exp()
        o = n.tanh() if form == "tanh" else (e - 1) / (e + 1)
        n.label, o.label = "n", "o"
        o.backward()
        run.compare(f"its output, {form} form", o.data, 0.5**0.5, within=TINY)
        run.gradients(f"do/d{{}}, {form} form", {x1: -1.5, w1: 1.0, x2: 0.5, w2: 0.0, b: 0.5}, within=TINY)
        if form == "tanh":
            run.picture(
                "neuron", draw(o), "a neuron: every node with its value and gradient, every edge with its local one"
            )

    run.say(
        "How fine an operation is cut is a matter of taste, as long as its local gradient is known: tanh in one piece, "
        "1 - o², or exp, +, - and / one by one. w2 has the gradient 0 because what it weighs, x2, is 0 now: "
        "no w2 would change the output."
    )


def used_twice(run: Run) -> None:
    """The bug that everybody writes once: a gradient that overwrites instead of adding."""
    run.section("What is used twice receives twice")
    a = Value(3.0)
    (a + a).backward()
    run.compare("db/da, b = a + a", a.grad, 2.0)
    a, b = Value(-2.0), Value(3.0)
    f = (a * b) * (a + b)
    f.backward()
    run.compare("f = (a*b) * (a+b)", f.data, -6.0)
    run.compare("df/da", a.grad, -3.0)
    run.compare("df/db", b.grad, -8.0)
    run.say(
        "If what arrives replaced what is there, db/da would be 1. It is added, and so .grad has to be set back to 0 "
        "before the next step of a training."
    )


def readme(run: Run) -> None:
    """The expression in micrograd's README: two leaves, used again and again, and names that are given to new nodes."""
    run.section("micrograd's README")
    a, b = Value(-4.0), Value(2.0)
    c, d = a + b, a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    for what, ours, published in (("g", g.data, 24.7041), ("dg/da", a.grad, 138.8338), ("dg/db", b.grad, 645.5773)):
        run.compare(what, ours, published, within=5e-5, form=".4f")


def exercises(run: Run) -> None:
    """The exercise notebook: a function of three inputs, and softmax with its loss."""
    run.section("The exercises")
    a, b, c = Value(2.0, "a"), Value(3.0, "b"), Value(4.0, "c")
    f = -(a**3) + (3 * b).sin() - 1 / c + b**2.5 - a**0.5
    f.backward()
    run.compare("-a³ + sin(3b) - 1/c + b^2.5 - a^0.5", f.data, 6.336362190988558, within=TINY)
    run.gradients("its d/d{}", {a: -12.353553390593273, b: 10.25699027111255, c: 0.0625}, within=TINY)
    logits = [Value(x) for x in (0.0, 3.0, -2.0, 1.0)]
    loss = -F.softmax(logits)[3].log()
    loss.backward()
    run.compare("-log softmax([0, 3, -2, 1])[3]", loss.data, 2.1755153626167147, within=TINY)
    for i, expected in enumerate((0.0417725705, 0.8390245075, 0.0056533027, -0.8864503806)):
        run.compare(f"its d/dlogit {i}", logits[i].grad, expected, within=5e-11)
    run.say(
        "Those are the probabilities, less 1 at the one that was wanted: they add up to 0, as "
        "much pull up as push down."
    )


def first_network(run: Run) -> None:
    """The lecture's MLP on its four examples; its weights were drawn without a seed,
    so what counts is that it learns them.
    """
    run.section("A first network, four examples")
    random.seed(0)
    model = MLP(3, [4, 4, 1], activation="tanh", output="tanh")
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]

    def loss_now() -> Any:
        return F.sum([(model(x) - y) ** 2 for x, y in zip(xs, ys)])

    run.descend(200, loss_now, optim.SGD(model.parameters(), lr=0.05))
    run.compare("parameters of MLP(3, [4, 4, 1])", len(model.parameters()), 41)
    run.say("A neuron has a weight for each input and a bias: 4 * (3 + 1) + 4 * (4 + 1) + 1 * (4 + 1) = 41.")
    right = sum((model(x) > 0) == (y > 0) for x, y in zip(xs, ys))
    run.compare("examples on their side after 200 steps", right, 4, whole=run.interrupted)
    run.compare("the loss after 200 steps", loss_now().data, 0.0, within=0.05, form=".4f", whole=run.interrupted)


def moons(run: Run) -> None:
    """micrograd's demo: 100 points, an MLP 2-16-16-1, the max-margin loss;
    one sample is recorded, and replayed for each point.
    """
    run.section("Two moons")
    X, y = data.moons(n=100, noise=0.1, seed=run.seed)  # as sklearn's make_moons gives them after np.random.seed(1337)
    signs = [2 * k - 1 for k in y]
    random.seed(run.seed)
    model = MLP(2, [16, 16, 1])
    run.compare("parameters of MLP(2, [16, 16, 1])", len(model.parameters()), 337)

    if run.backend == "eager":

        def score_losses() -> Value:
            return losses.hinge([model(x) for x in X], signs)
    else:
        one = jit(lambda x, sign: (1 - sign * model(x)).relu(), backend=run.backend)

        def score_losses() -> Value:
            return one.mean(X, signs)

    rate = optim.linear(1.0, steps=100, end=0.1)
    sgd = optim.SGD(model.parameters(), lr=rate)
    seen = run.descend(run.steps(20), lambda: score_losses() + losses.l2(model.parameters(), 1e-4), sgd)
    published = (0.8958441028683222, 1.7235905336972022)
    for k, (ours, theirs) in enumerate(zip(seen, published)):
        run.compare(f"loss before step {k + 1}", ours, theirs, within=TINY, form=".15f", whole=True)
    with no_grad():
        right = sum((model(x) > 0) == (sign > 0) for x, sign in zip(X, signs))
    run.compare("points of 100 on their side at the end", right, 100, whole=True)
    if seen:
        run.say(
            "337 is 16 * (2 + 1) + 16 * (16 + 1) + 1 * (16 + 1). Why may the loss rise at first? A step is the "
            f"gradient times a rate of {rate(0):g}, which is bold: the slope tells the truth only nearby, and the "
            f"first step leaps beyond. By the last one the rate is {rate(len(seen) - 1):.2g}, the loss {seen[-1]:.4f}."
        )
        run.curves(
            "loss",
            {"loss": seen},
            "the loss, step by step",
            title="loss on two moons",
            ylabel="max-margin loss + 1e-4 l2",
        )
    run.picture("moons", plot.decision_boundary(model, X, signs), "which side of the plane belongs to which moon")
