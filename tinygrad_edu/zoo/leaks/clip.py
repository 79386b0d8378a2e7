"""A clip that cuts the gradient: an error that is clipped before it is squared.

A Q-learner compares what it expects with what has happened; the difference is delta. A single large delta, squared,
gives a gradient that shakes everything, and so programs of many clipped it first:

    loss = clip(delta, -1, 1) ** 2

The slope of clip is 1 between its bounds, and 0 beyond. By the chain rule the gradient is multiplied by that 0: the
learner learns nothing from exactly those samples about which it is most wrong. What was meant is to clip the gradient
and not the error, and there is a loss whose gradient is the clipped error: Huber's. Where errors are small all of them
agree, and so nobody notices.

Source: Andrej Karpathy, "Yes you should understand backprop" (2016). The code that it criticises has no ½ before the
square. Here every loss has one: then all gradients are delta itself between -1 and 1, and can be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from math import hypot, sqrt

from ... import functional as F
from ... import losses, nn, optim
from ...engine import Value
from .. import Run, dqn

# What a step down is worth, along the edge of the cliff that the essay on deep Q-learning walks: at its left end it
# leads to the start, from where the best way costs 13; at its right end to the goal; in between it is a fall, for -100,
# and begins again at the start.  A cell is its column, and whether the cliff is below it.
CELLS = [[k / 11, float(0 < k < 11)] for k in range(12)]
WORTH = [-14.0, *[-113.0] * 10, -1.0]


def main(run: Run) -> None:
    """The three gradients, a network that learns with each, what the doctor says, and the cure."""
    dqn.gradients(run)

    run.section("A network that learns what a step down is worth, along the cliff")
    steps = 40 if run.small else 400
    wrong, pulls, rows = {}, {}, []
    for name, function in (("clipped, then squared", clipped_loss), ("Huber", mended_loss)):
        errors, sizes = learn(run, function, steps)
        if not errors:
            return
        wrong[name], pulls[name] = errors, sizes
        rows.append([name, f"{sizes[0]:.3g}", f"{errors[0]:.1f}", f"{errors[-1]:.1f}"])
    run.table(["loss", "size of its first gradient by Q", "error at first", f"after {steps} steps"], rows)
    run.say(
        "Each of the twelve samples pulls at the first network with 0, and at the other with 1, however wrong it is: "
        f"√12 = {sqrt(12):.3g} in all."
    )

    run.section("What the doctor says")
    model = network(run.seed)
    run.examine(lambda model: clipped_loss(expected(model)), model)
    run.section("The change")
    run.change(clipped_loss, mended_loss)
    run.section("What the doctor says then")
    run.examine(lambda model: mended_loss(expected(model)), model)
    run.curves(
        "error",
        wrong,
        "a clipped error moves nothing; a clipped gradient moves with limited force",
        title="learning what a step down is worth",
        log=True,
        ylabel="error, root of the mean square",
    )


# The program, as it fails and as it does not


def network(seed: int) -> nn.MLP:
    """Eight units that read where one stands."""
    return nn.MLP(2, [8, 1], activation="tanh", init="xavier", seed=seed)


def expected(model: nn.MLP) -> list[Value]:
    """What a network says of each cell, in hundreds."""
    return [100 * model(cell) for cell in CELLS]


def clipped_loss(expectations: list[Value]) -> Value:
    """What the programs of many computed."""
    deltas = [q - worth for q, worth in zip(expectations, WORTH)]
    loss: Value = F.sum([0.5 * delta.clip(-1, 1) ** 2 for delta in deltas])
    return loss


def mended_loss(expectations: list[Value]) -> Value:
    """What they meant."""
    deltas = [q - worth for q, worth in zip(expectations, WORTH)]
    loss: Value = F.sum([losses.huber(delta, 0.0) for delta in deltas])
    return loss


def learn(run: Run, loss: Callable[[list[Value]], Value], steps: int) -> tuple[list[float], list[float]]:
    """Train a network with a loss: how wrong it is before each step, and the size of the gradient by what it says."""
    model, errors, sizes = network(run.seed), list[float](), list[float]()

    def step(_: int) -> str:
        said = expected(model)
        adam.zero_grad()
        loss(said).backward()
        errors.append(hypot(*(q.data - worth for q, worth in zip(said, WORTH))) / sqrt(len(WORTH)))
        sizes.append(hypot(*(q.grad for q in said)))
        adam.step()
        return f"error {errors[-1]:.3g}"

    adam = optim.Adam(model.parameters(), lr=0.02)
    run.repeat(steps, step)
    return errors, sizes
