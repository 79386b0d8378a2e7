"""The perceptron, what it cannot do, and the hidden layer that can.

A perceptron adds up its inputs, each times a weight, and says yes if the sum is above zero:
it draws a line through the plane.
Rosenblatt's rule (1957) learns such a line from its own mistakes:
after each, the weights move by the input, towards it or away from it.
Wherever a line exists, the rule finds one.  Minsky and Papert (1969) asked where none exists; exclusive or, "one or the
other, not both", became the famous answer, and the field went quiet.  The way out is a layer of neurons in between, and
what was missing was a way to train it: how much is a neuron that nobody tells what to do to blame for the mistake?  The
chain rule says how much (Rumelhart, Hinton and Williams, 1986), if the yes or no is made a smooth step,
which has a slope.

The six sets at the end are those of minitorch's exercises: a line beside a small network,
on points that need more and more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from .. import data, losses, nn, optim, plot, train
from .. import functional as F
from . import Run

CORNERS = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
SETS = ("simple", "diag", "split", "xor", "circle", "spiral")
Weights = tuple[float, float, float]


def main(run: Run) -> None:
    """From the rule that learns lines to the network that learns a spiral."""
    lines(run)
    no_line(run)
    blame(run)
    hidden_layer(run)
    six_sets(run)


# Rosenblatt's rule


def says(w: Sequence[float], x: Sequence[float]) -> int:
    """Which side of the line x is on."""
    return int(w[0] * x[0] + w[1] * x[1] + w[2] > 0)


def rosenblatt(X: Sequence[Sequence[float]], y: Sequence[int], passes: int = 100) -> tuple[Weights, int]:
    """Weights after each mistake has moved them by its input, and in which pass there was none;
    0 if there always was one.
    """
    a, b, c = 0.0, 0.0, 0.0
    for k in range(1, passes + 1):
        mistakes = 0
        for x, target in zip(X, y):
            blame = target - says((a, b, c), x)  # 1 if it should have said yes, -1 if no, 0 if it was right
            a, b, c = a + blame * x[0], b + blame * x[1], c + blame
            mistakes += abs(blame)
        if not mistakes:
            return (a, b, c), k
    return (a, b, c), 0


def right(w: Sequence[float], y: Sequence[int]) -> int:
    """How many of the four corners are on their side."""
    return sum(says(w, x) == target for x, target in zip(CORNERS, y))


def lines(run: Run) -> None:
    """AND and OR are lines; of the sixteen questions about two inputs, fourteen are."""
    run.section("A line, learned from mistakes")
    for name, y in (("and", (0, 0, 0, 1)), ("or", (0, 1, 1, 1)), ("exclusive or", (0, 1, 1, 0))):
        w, k = rosenblatt(CORNERS, y)
        run.say(f"{name}: " + (f"no mistake in pass {k}, with weights {w[0]:g} and {w[1]:g}, threshold {0 - w[2]:g}"
                               if k else
                "a mistake in each of 100 passes; the rule goes round in circles"))  # fmt: skip
        if k:
            run.compare(f"{name}: corners on their side", right(w, y), 4)
    found = [y for y in product((0, 1), repeat=4) if rosenblatt(CORNERS, y)[1]]
    run.compare("of 16 questions about two inputs, those a line answers", len(found), 14)
    others = sorted(set(product((0, 1), repeat=4)) - set(found))
    run.compare("the two others, as answers at 00, 01, 10, 11", str(others), str([(0, 1, 1, 0), (1, 0, 0, 1)]))


def no_line(run: Run) -> None:
    """Why exclusive or is none of them."""
    run.section("No line answers exclusive or")
    run.say("A line says yes to the points x, y where a x + b y + c > 0. Of the corners it would have to say:")
    run.code("at 0,0:  c <= 0                at 1,0:  a + c > 0\n"
             "at 0,1:  b + c > 0             at 1,1:  a + b + c <= 0\n"
             "the two > add up to a + b + 2c > 0; the two <= to a + b + 2c <= 0: not both")  # fmt: skip
    steps = [k / 4 for k in range(-8, 9)]
    best = max(right(w, (0, 1, 1, 0)) for w in product(steps, repeat=3))
    run.say(f"Three of the four can be had, four cannot: {len(steps) ** 3:,} lines were tried as well.")
    run.compare("corners of exclusive or, the best of all lines", best, 3)


# A hidden layer


def blame(run: Run) -> None:
    """How much a hidden neuron, which nobody tells what to say, is to blame for a mistake."""
    run.section("How much is a hidden neuron to blame?")
    net, corner, target = nn.MLP(2, [2, 1], activation="tanh", seed=run.seed), [0.0, 1.0], 1.0
    hidden, [output] = (layer.neurons for layer in net.layers)
    sums = [F.dot(neuron.w, corner) + neuron.b for neuron in hidden]
    says = [z.tanh() for z in sums]
    logit = F.dot(output.w, says) + output.b
    losses.binary_cross_entropy_with_logits([logit], [target]).backward()
    p = logit.sigmoid().data
    run.say(
        f"Nobody tells a hidden neuron what to say. At the corner 0,1 of exclusive or the output says {p:.3f} and "
        f"should say 1: it is {p - target:.3f} wrong. A hidden neuron gets its part of that, times its weight to the "
        "output, times the slope of its own smooth step, 1 - h²:"
    )
    by_hand = [(p - target) * w.data * (1 - h.data**2) for w, h in zip(output.w, says)]
    rows = [[k, *[f"{v:+.4f}" for v in (h.data, w.data, 1 - h.data**2, part, z.grad)]]
            for k, (h, w, part, z) in enumerate(zip(says, output.w, by_hand, sums), 1)]  # fmt: skip
    run.table(["hidden neuron", "says h", "its weight", "1 - h²", "wrong x weight x slope", "backward()"], rows)
    apart = max(abs(part - z.grad) for part, z in zip(by_hand, sums))
    run.compare("blame by hand less what backward() says, largest", apart, 0.0, within=1e-15)


def hidden_layer(run: Run) -> None:
    """Two hidden neurons are enough, if the weights they begin with let them find it;
    with more neurons nearly all find it.
    """
    run.section("A hidden layer, by backpropagation")
    seeds, table, best, solved = (1 if run.small else 20), [], 0, None
    for hidden in (2, 4, 8):
        found, model = 0, None
        for seed in range(run.seed, run.seed + seeds):
            model = nn.MLP(2, [hidden, 1], activation="tanh", seed=seed)
            run.fit(model, CORNERS, (0, 1, 1, 0), loss=losses.binary_cross_entropy_with_logits, epochs=150,
                    batch_size=4, optimizer=optim.Adam(model.parameters(), lr=0.1), progress=False,
                    backend="eager")  # fmt: skip
            hits = round(4 * train.accuracy(model, CORNERS, (0, 1, 1, 0)))
            best, found = max(best, hits), found + (hits == 4)
            solved = solved or (model if hits == 4 else None)
        table.append([hidden, len(model.parameters()) if model else 0, f"{found} of {seeds}"])
    run.table(["hidden neurons", "parameters", "first weights that led to 4 of 4"], table)
    run.compare("corners of exclusive or, with a hidden layer", best, 4, whole=run.interrupted)
    if solved is not None:
        answers = [(x, [h.data for h in solved.layers[0](x)], solved(x).sigmoid().data) for x in CORNERS]
        neurons = [f"neuron {k}" for k in range(1, len(answers[0][1]) + 1)]
        rows = [[f"{x[0]:.0f},{x[1]:.0f}", *[f"{h:+.2f}" for h in hs], f"{p:.2f}"] for x, hs, p in answers]
        run.table(["corner", *neurons, "output"], rows)
    run.say(
        "Two neurons draw two lines, and the output asks whether a point lies between them. "
        "From some first weights both lines end on the same side, where the slope that would part them is zero; "
        "spare neurons make that unlikely."
    )


# The six sets


def moved(x: Sequence[float]) -> list[float]:
    """A point of the unit square as one around 0: a neuron that sees only numbers above 0
    turns its line about a corner.
    """
    return [6 * v - 3 for v in x]


def learned(run: Run, name: str, hidden: list[int]) -> tuple[Any, float]:
    """A network for one set, and its share of points on their side; without hidden neurons it is a line."""
    X, y = points(run, name)
    model = nn.MLP(2, [*hidden, 1], activation="tanh", seed=run.seed)
    run.fit(model, [moved(x) for x in X], y, loss=losses.binary_cross_entropy_with_logits, batch_size=20,
            epochs=run.steps(10), optimizer=optim.Adam(model.parameters(), lr=0.03), progress=False)  # fmt: skip
    return lambda x: model(moved(x)), train.accuracy(model, [moved(x) for x in X], y)


def points(run: Run, name: str) -> data.Split:
    """One of the sets."""
    return data.minitorch(name, 60 if run.small else 200, seed=run.seed)


def six_sets(run: Run) -> None:
    """What a line can do, and what a network of two hidden layers can."""
    run.section("Six sets of points")
    table = []
    for name in ("diag", "xor") if run.small else SETS:
        line, share = learned(run, name, [])
        network, more = learned(run, name, [16, 16])
        X, y = points(run, name)
        table.append([name, f"{max(y.count(0), y.count(1)) / len(y):.1%}", f"{share:.1%}", f"{more:.1%}"])
        if name in ("diag", "xor"):
            run.picture(
                f"{name}-line",
                plot.decision_boundary(line, X, y, grid=8 if run.small else 32),
                f"{name}: what a line makes of it",
            )
        run.picture(
            name, plot.decision_boundary(network, X, y, grid=8 if run.small else 40), f"{name}: two hidden layers of 16"
        )
    run.table(["set", "always the larger class", "a line", "network 2-16-16-1"], table)
    run.say(
        "Where a line does it, a network gains next to nothing. Elsewhere it needs as many bends as the set has: "
        "one for each side of a band, at least three to close around a circle, many for a spiral."
    )
