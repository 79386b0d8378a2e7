"""A gradient that explodes: the same weights, fifty times.

A recurrent network goes through the same weights at every step of time, and so does the gradient on its way back. A
factor that is a little above one becomes 1.1 to the power of 50, which is 117, and 2 to the power of 50 is beyond a
quadrillion. One step of the optimizer along such a gradient throws the weights so far away that everything that was
learned is gone, and often the numbers themselves: inf, and then nan.

Against the long step there is a bound: scale the gradient down when it is too long, and only then (clipping by norm).
Its direction stays. But the bound changes the step and not the growth; the early steps of time still drown all others.
Against the growth itself helps an activation that does not pass on everything, and weights that begin near one.

Sources: Y. Bengio, P. Simard and P. Frasconi (1994); R. Pascanu, T. Mikolov and Y. Bengio (2013) for clipping; Andrej
Karpathy, "Yes you should understand backprop" (2016) for the table of powers.
"""

from __future__ import annotations

import math
import random
from statistics import fmean

from ... import losses
from ...engine import Value
from .. import Run, rnn


def main(run: Run) -> None:
    """One unit, a network that is to remember, what the doctor says, and the cure."""
    rnn.one_unit(run)

    run.section(f"A network that is to remember what came first, {rnn.STEPS} steps ago")
    steps = 5 if run.small else 300
    before, after = over_time(begun_badly(run.seed)), over_time(begun_well(run.seed))
    curves, rows = {}, []
    trained = {"failed": failed, "clipped only": clipped_only, "mended": mended}
    for name, training in trained.items():
        seen, lengths = training(run, steps)
        if not seen:
            return
        curves[name] = seen
        finite = sum(map(math.isfinite, seen))
        end = fmean(seen[-50:])
        rows.append([name, f"{lengths[0]:.2g}", f"{seen[0]:.2g}", f"{end:.2g}", finite])
    run.table(["training", "length of the first gradient", "first loss", "last 50", "steps with a finite loss"], rows)
    run.compare("loss of the mended one, last 50 steps", end, 0.0, within=(0.0, 0.01), form=".2g", whole=True)
    run.say(
        "To say always 0 has a loss of 1. The first gradient is longer than any step should be. Clipped, it keeps the "
        f"numbers finite, and after {steps} steps the loss is {curves['clipped only'][-1]:.2g}: the bound alone "
        "has not made it remember."
    )

    run.section("What the doctor says")
    run.examine(loss_of, begun_badly(run.seed))
    run.section("The change")
    run.say("In how the weights begin:")
    run.change(begun_badly, begun_well)
    run.say("And in how it is trained; clip=1.0 is optim.clip_by_norm(gradient, 1.0) before each step:")
    run.change(failed, mended)
    run.section("What the doctor says then")
    run.examine(loss_of, begun_well(run.seed))

    lines = {"relu, begun at 1.2": before[::-1], "tanh, begun at 1": after[::-1]}
    run.curves(
        "time",
        lines,
        "what is left, or has become, of the gradient on its way back",
        range(rnn.STEPS),
        title="the gradient of each state",
        log=True,
        xlabel="steps back",
        ylabel="size of d loss / d state",
    )
    run.curves(
        "loss",
        curves,
        "one step along an exploded gradient ends it; clipped steps go on",
        title=f"remembering for {rnn.STEPS} steps",
        ylabel="squared error",
        log=True,
        marks={"always 0": 1.0},
    )


# The program, as it fails and as it does not


def begun_badly(seed: int) -> rnn.Memory:
    """Eight relus that hand their state on times 1.2."""
    return rnn.Memory("relu", 1.2, seed)


def begun_well(seed: int) -> rnn.Memory:
    """Eight tanhs that hand it on as it is."""
    return rnn.Memory("tanh", 1.0, seed)


def failed(run: Run, steps: int) -> tuple[list[float], list[float]]:
    """Trained without a bound."""
    return rnn.remember(run, begun_badly(run.seed), clip=None, steps=steps)


def clipped_only(run: Run, steps: int) -> tuple[list[float], list[float]]:
    """The same network, with a bound."""
    return rnn.remember(run, begun_badly(run.seed), clip=1.0, steps=steps)


def mended(run: Run, steps: int) -> tuple[list[float], list[float]]:
    """The other network, with a bound."""
    return rnn.remember(run, begun_well(run.seed), clip=1.0, steps=steps)


def sequences(count: int = 4) -> tuple[list[list[float]], list[float]]:
    """A number that is to be remembered, and noise."""
    rng = random.Random(0)
    first = [rng.choice((-1.0, 1.0)) for _ in range(count)]
    return [[one, *(rng.gauss(0, 0.1) for _ in range(rnn.STEPS - 1))] for one in first], first


def loss_of(model: rnn.Memory) -> Value:
    """How badly it remembers four of them."""
    many, first = sequences()
    loss = losses.mse([model.answer(model.rnn([[x] for x in xs])[1])[0] for xs in many], first)
    loss.label = "loss"
    return loss


def over_time(model: rnn.Memory) -> list[float]:
    """The size of the gradient that each state gets, the first one first."""
    [xs, *_], [wanted, *_] = sequences()
    states, last = model.rnn([[x] for x in xs])
    ((model.answer(last)[0] - wanted) ** 2).backward()
    return [math.hypot(*(h.grad for h in state)) for state in states]
