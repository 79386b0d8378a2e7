"""A gradient that vanishes: many sigmoids in a row.

The slope of a sigmoid is s (1 - s), and that is a quarter at most. What goes back through a layer is multiplied by such
a slope, and by a weight; so of a gradient that goes back through n layers of them, a quarter to the power of n is left.
The last layers learn, the first ones hardly move, and it looks as if the network were too small or the data too hard.
Nothing is wrong with any single layer: each local gradient is right, and it is their product that leaks away.

The cure is an activation whose slope reaches 1, and weights that are drawn so that slope times weights stays near 1.

Sources: S. Hochreiter (1991); Andrej Karpathy, "Yes you should understand backprop" (2016); X. Glorot and Y. Bengio,
"Understanding the difficulty of training deep feedforward neural networks" (2010).
"""

from __future__ import annotations

import math
from typing import Any

from ... import data, losses, nn, optim
from ...doctor.evidence import rms
from ...engine import Value
from .. import Run, rnn

DEPTH = 8
POINTS, SIDES = data.moons(20, noise=0.1, seed=0)
ANSWERS = [float(side > 0) for side in SIDES]


def main(run: Run) -> None:
    """The chain, a network of such chains, what the doctor says, and the cure."""
    rnn.sigmoids(run, "A chain of sigmoids")
    slopes = [z.sigmoid().local_grads()[0] for z in map(Value, (k / 100 for k in range(-600, 601)))]
    run.compare("the largest slope of a sigmoid, of 1,201 places", max(slopes), 0.25)
    run.section("One sigmoid that is far out")
    rnn.saturated(run)

    run.section(f"{DEPTH} layers of sigmoids")
    run.code(
        "model = " + repr(deep(run.seed)) + "\nloss = " + "the mean of binary_cross_entropy_with_logits, 20 points"
    )
    steps = 4 if run.small else 180
    failed, first = learn(run, deep(run.seed), steps)
    mended, second = learn(run, mended_deep(run.seed), steps)
    run.table(
        ["layer", "size of its weights' gradient, sigmoid", "the same, mended"],
        [[k + 1, f"{a:.3g}", f"{b:.3g}"] for k, (a, b) in enumerate(zip(first, second))],
    )
    if failed and mended:
        run.say(
            f"After {steps} steps of the same optimizer the loss of the sigmoids is {failed[-1]:.4f}; to answer one "
            f"half to everything has {math.log(2):.4f}. The loss of the mended network is {mended[-1]:.4f}."
        )

    run.section("What the doctor says")
    run.examine(loss_of, deep(run.seed), POINTS)

    run.section("The change")
    run.change(deep, mended_deep)
    run.section("What the doctor says then")
    run.examine(loss_of, mended_deep(run.seed), POINTS)

    depths = range(1, DEPTH + 1)
    run.curves(
        "depth",
        {"sigmoid": first, "mended": second},
        "how much of the gradient is left for the first layers",
        depths,
        log=True,
        xlabel="layer",
        title="the gradient of each layer",
        ylabel="size of its weights' gradient",
    )
    if failed and mended:
        run.curves(
            "loss",
            {"sigmoid": failed, "mended": mended},
            "what that does to learning",
            title="learning two moons",
            ylabel="loss",
            marks={"one half": math.log(2)},
        )


# The program, as it fails and as it does not


def deep(seed: int) -> nn.MLP:
    """Seven hidden layers, and one output."""
    return nn.MLP(2, [8] * (DEPTH - 1) + [1], activation="sigmoid", seed=seed)


def mended_deep(seed: int) -> nn.MLP:
    """The same, of tanh, whose slope is 1 in the middle, and with weights drawn to fit."""
    return nn.MLP(2, [8] * (DEPTH - 1) + [1], activation="tanh", init="xavier", seed=seed)


def loss_of(model: Any) -> Value:
    """How wrong a network is about the moons."""
    loss = losses.binary_cross_entropy_with_logits([model(x) for x in POINTS], ANSWERS)
    loss.label = "loss"
    return loss


def learn(run: Run, model: Any, steps: int) -> tuple[list[float], list[float]]:
    """Train it; its losses, and for each layer the size of its weights' gradient before the first step."""
    loss_of(model).backward()
    sizes = [rms(p.grad for p in layer.parameters()) for layer in model.layers]
    return run.descend(steps, lambda: loss_of(model), optim.SGD(model.parameters(), lr=0.1)), sizes
