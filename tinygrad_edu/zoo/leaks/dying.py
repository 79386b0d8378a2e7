"""Units that die: a relu that a large step has pushed where no sample opens it.

The slope of a relu is 1 where it is open and 0 where it is closed. A unit that is closed on one sample learns from the
others. A unit that is closed on all of them gets 0 × upstream from each: its weights have no gradient, and no step
moves them. While its inputs stay what they are, nothing will ever open it again. It is dead, and it does not show: the
network goes on with those that are left.

Units die when a single step is so long that it throws a bias, or the weights, far to the closed side. So it is the
learning rate that kills; and a relu with a small slope where it is closed, leaky_relu, cannot be killed at all.

Sources: the notes of Stanford's CS231n, which warn of as much as 40 % dead units at a learning rate that is too high;
Andrej Karpathy, "Yes you should understand backprop" (2016).
"""

from __future__ import annotations

from collections.abc import Callable

from ... import nn, optim, plot
from ...engine import Value
from .. import Run, rnn
from .vanishing import POINTS, loss_of


def main(run: Run) -> None:
    """One dead unit, how many die at which learning rate, what the doctor says, and the cure."""
    run.section("One unit with a bias of -10")
    rnn.dead(run)

    run.section("Three learning rates, and a relu that leaks")
    steps = 6 if run.small else 60
    tried: dict[str, tuple[nn.MLP, Callable[[nn.MLP], optim.SGD]]] = {
        "relu, 10": (network("relu", run.seed), far_too_fast),
        "relu, 3": (network("relu", run.seed), lambda model: optim.SGD(model.parameters(), lr=3.0)),
        "relu, 0.3": (network("relu", run.seed), mended),
        "leaky_relu, 3": (network("leaky_relu", run.seed), lambda model: optim.SGD(model.parameters(), lr=3.0)),
    }
    curves, rows = {}, []
    for name, (model, optimizer) in tried.items():
        seen, dead = learn(run, model, optimizer(model), steps)
        if not seen:
            return
        curves[name] = [100 * share for share in dead]
        rows.append([name, f"{seen[0]:.3f}", f"{seen[-1]:.3f}", f"{dead[-1]:.0%}"])
        if name in ("relu, 10", "leaky_relu, 3"):
            published, spread = (0.4, (0.4, 1.0)) if name == "relu, 10" else (0.0, 0.0)
            run.compare(f"{name}: units that are dead", dead[-1], published, within=spread, form=".0%")
    run.table(["activation, learning rate", "loss at first", f"after {steps} steps", "units that no point opens"], rows)
    run.say(
        "The first few steps kill, and few units wake again: none of the first layer, for its inputs stay what they "
        "are; in the second, one whose inputs change. A rate of 0.3 kills hardly any, and a leaky relu lives "
        "through a rate that is too high."
    )

    run.section("What the doctor says")
    run.say("Of the network of relus that has learned with a rate of 10:")
    run.examine(loss_of, tried["relu, 10"][0], POINTS)
    run.section("The change")
    run.change(far_too_fast, mended)
    run.say("The dead ones stay dead: it has to begin anew.")
    run.section("What the doctor says then")
    run.examine(loss_of, tried["relu, 0.3"][0], POINTS)
    drawn = plot.curves(curves, range(steps + 1), title="units that no point opens", ylabel="%", log=False)
    run.picture("share", drawn, "steps that are too long kill relus, and they stay dead; the rate stands at each line")


# The program, as it fails and as it does not


def network(activation: str, seed: int) -> nn.MLP:
    """Two hidden layers of sixteen."""
    return nn.MLP(2, [16, 16, 1], activation=activation, init="he", seed=seed)


def far_too_fast(model: nn.MLP) -> optim.SGD:
    """The optimizer that kills."""
    return optim.SGD(model.parameters(), lr=10.0)


def mended(model: nn.MLP) -> optim.SGD:
    """The one that does not."""
    return optim.SGD(model.parameters(), lr=0.3)


def learn(run: Run, model: nn.MLP, optimizer: optim.SGD, steps: int) -> tuple[list[float], list[float]]:
    """Train it; the losses, and the share of its hidden units that are dead, before the first step and after each."""
    dead: list[float] = []

    def loss() -> Value:
        dead.append(share_dead(model))
        return loss_of(model)

    seen = run.descend(steps, loss, optimizer)
    return seen, [*dead[: len(seen)], share_dead(model)]


def share_dead(model: nn.MLP) -> float:
    """The share of hidden units that give 0 for every point."""
    opened = [False] * sum(len(layer.neurons) for layer in model.layers[:-1])
    for x in POINTS:
        hidden, outputs = x, []
        for layer in model.layers[:-1]:
            hidden = layer(hidden)
            outputs += hidden
        opened = [before or h.data != 0 for before, h in zip(opened, outputs)]
    return opened.count(False) / len(opened)
