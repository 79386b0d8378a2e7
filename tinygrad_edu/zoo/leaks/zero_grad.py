"""A gradient that is never forgotten: training without zero_grad.

backward() adds to .grad, and has to: a number that is used in two places gets a gradient from each, and where paths
meet gradients add. But it cannot know that a new step has begun. Who does not set .grad to 0 in between walks along the
sum of all gradients so far: those of places where the parameters are no more.

On a slope that stays the same the steps grow and grow, the k-th is k times the first. In a valley it is a ball without
friction: it runs through the bottom and up the other side, for ever. It is momentum, with a factor of 1. The loss falls
at first, on an easy problem it may even end low, and so nobody looks.

Sources: Andrej Karpathy, "The spelled-out intro to neural networks and backpropagation: building micrograd" (2022), in
which the network is trained like this at first, and which calls it one of the most common mistakes. What is called
published is what the sums give.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ... import losses, nn, optim
from ...doctor import Diagnosis, diagnose
from ...doctor.evidence import rms
from ...engine import Value
from .. import Run

POINTS = [k / 6 for k in range(-6, 7)]
WANTED = [math.sin(3 * x) for x in POINTS]
Step = Callable[[Value, optim.SGD], None]


def main(run: Run) -> None:
    """A slope, a valley, a network; what the doctor says who watched it; the cure."""
    run.section("A slope that stays the same, and a valley")
    sums(run)

    run.section("A network that learns a sine")
    steps = 12 if run.small else 300
    trained = {name: learn(run, step, steps) for name, step in (("forgotten", forgetful), ("mended", mended))}
    if not all(seen for seen, _, _ in trained.values()):
        return
    rows = [
        [name, *(f"{sizes[k]:.3g}" for k in (0, 4, 9, -1)), f"{seen[-1]:.3g}", f"{max(seen[len(seen) // 2 :]):.3g}"]
        for name, (seen, sizes, _) in trained.items()
    ]
    run.table(["zero_grad", ".grad at step 1", "5", "10", str(steps), "last loss", "largest loss, second half"], rows)

    run.say(
        "What was forgotten runs past every place that is good, as a ball does: its loss falls and rises again. Look "
        "at the picture, and not at a single loss."
    )

    run.section("What the doctor says")
    run.say("Of one gradient nothing can be seen, so this doctor watches: `watch = diagnose.watch(model)`, and "
            "`watch(loss)` after each step. At the end, `watch.report()`:")  # fmt: skip
    run.diagnosis(trained["forgotten"][2])
    run.section("The change")
    run.change(forgetful, mended)
    run.section("What the doctor says then")
    run.diagnosis(trained["mended"][2])
    for i, kind, caption, title, label in (
        (1, "size", "a sum of all gradients, and a gradient", "what the optimizer takes for the gradient",
         "size of .grad"),
        (0, "loss", "what that does to learning", "learning a sine", "loss"),
    ):  # fmt: skip
        lines = {name: found[i] for name, found in trained.items()}
        run.curves(kind, lines, caption, log=True, title=title, ylabel=label)


# The program, as it fails and as it does not


def forgetful(loss: Value, optimizer: optim.SGD) -> None:
    """A step of a training that never forgets."""
    loss.backward()
    optimizer.step()


def mended(loss: Value, optimizer: optim.SGD) -> None:
    """A step that begins with an empty .grad."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def walk(step: Step, function: Callable[[Value], Value], steps: int) -> list[float]:
    """Where one number goes from 1, with a learning rate of 0.1."""
    w = Value(1.0, label="w")
    sgd, places = optim.SGD([w], lr=0.1), [w.data]
    for _ in range(steps):
        step(function(w), sgd)
        places.append(w.data)
    return places


def sums(run: Run) -> None:
    """Ten steps down a straight line, and a hundred in a parabola."""
    line, valley = (lambda w: w * 1.0), (lambda w: w * w)
    for name, step, way in (("forgotten", forgetful, 5.5), ("mended", mended, 1.0)):
        places = walk(step, line, 10)
        what = f"{name}: the way of ten steps of 0.1 down a slope of 1"
        run.compare(what, places[0] - places[-1], way, within=1e-12)
    rows = []
    for name, step in (("forgotten", forgetful), ("mended", mended)):
        places = walk(step, valley, 100)
        rows.append([name, *(f"{places[k]:.3g}" for k in (5, 10, 20, 50, 100)), f"{max(map(abs, places[80:])):.2g}"])
        if name == "mended":
            run.compare("mended: w after 100 steps in the valley w², 0.8 to the power of 100", places[-1], 0.8**100,
                        within=1e-20, form=".4g")  # fmt: skip
    run.table(["w in the valley w²", *(f"after {k}" for k in (5, 10, 20, 50, 100)), "farthest, of the last 20"], rows)
    run.say("0.1 + 0.2 + … + 1.0 = 5.5: the tenth step is ten times the first. In the valley it never comes to rest.")


def learn(run: Run, step: Step, steps: int) -> tuple[list[float], list[float], Diagnosis]:
    """Train a network, with a doctor who watches: the losses, the sizes of what is in .grad, and the report."""
    model = nn.MLP(1, [8, 1], activation="tanh", init="xavier", seed=run.seed)
    optimizer, watch = optim.SGD(model.parameters(), lr=0.2), diagnose.watch(model)
    seen: list[float] = []
    sizes: list[float] = []

    def one(_: int) -> Any:
        loss = losses.mse([model([x]) for x in POINTS], WANTED)
        loss.label = "loss"
        step(loss, optimizer)
        watch(loss)
        seen.append(loss.data)
        sizes.append(rms(p.grad for p in model.parameters()))
        return f"loss {loss.data:.4f}"

    run.repeat(steps, one)
    return seen, sizes, watch.report()
