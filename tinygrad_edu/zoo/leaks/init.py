"""A bad beginning: initial weights that are too large, too small, or all the same.

A layer of n inputs adds up n products. If each weight has size s, the sum has the size of the inputs times s √n: so a
weight of 1 is large for sixteen inputs, and what is right depends on n. Through many layers the factor is taken to the
power of their number, for the signal on its way forward and for the gradient on its way back.

Too large, and tanh saturates: it is near ±1 everywhere, its slope near 0, and little comes back. Too small, and signal
and gradient shrink from layer to layer until nothing is left. All the same, and all units of a layer compute the same,
get the same gradient, and stay one unit for ever.

The cure is s = 1 / √n, or near it: init="xavier" for tanh, "he" for relu, which closes half of the time.

Sources: X. Glorot and Y. Bengio (2010); K. He, X. Zhang, S. Ren and J. Sun (2015); Andrej Karpathy, "Building makemore,
part 3: activations and gradients, batch normalisation" (2022), for the share of tanh beyond ±0.97.
"""

from __future__ import annotations

import math
import random

from ... import nn
from ...doctor.evidence import rms
from ...engine import Value
from .. import Run
from .vanishing import POINTS, loss_of

DEPTH, SATURATED = 6, 0.97


def main(run: Run) -> None:
    """How a signal goes forward and a gradient back, from five beginnings; what the doctor says; the cure."""
    run.section(f"A signal through {DEPTH - 1} layers of tanh, and a gradient back")
    begun = {"too large": too_large, "too small": too_small, "all the same": all_the_same, "mended": mended,
             "gain of 5/3": with_a_gain}  # fmt: skip
    sizes, gradients, flat = {}, {}, {}
    for name, begin in begun.items():
        model = begin(run.seed)
        outputs = hidden(model)
        sizes[name] = [rms(layer) for layer in outputs]
        flat[name] = [sum(abs(h) > SATURATED for h in layer) / len(layer) for layer in outputs]
        loss_of(model).backward()
        gradients[name] = [rms(p.grad for p in layer.parameters()) for layer in model.layers]
    header = ["size of tanh", *(f"layer {k}" for k in range(1, DEPTH))]
    run.table(header, [[name, *(f"{s:.2g}" for s in row)] for name, row in sizes.items()])
    header[0] = f"beyond ±{SATURATED}"
    run.table(header, [[name, *(f"{share:.0%}" for share in row)] for name, row in flat.items()])
    there = "there the network of makemore, with batch normalisation, after 1,000 steps; here at the start"
    deep = flat["gain of 5/3"][1:]
    run.compare(f"gain of 5/3: tanh beyond ±{SATURATED}, mean of layers 2 to {DEPTH - 1}", sum(deep) / len(deep), 0.028,
                form=".1%", unlike=there)  # fmt: skip
    run.compare("all the same: units of the last hidden layer that differ", distinct(all_the_same(run.seed)), 1)
    run.compare("mended: units of the last hidden layer that differ", distinct(mended(run.seed)), 16)
    run.say(
        "A gain of 5/3 makes up for what tanh squeezes, and keeps the size of the signal through any number of layers; "
        "it is paid for with a few saturated units. Without it the signal shrinks slowly, which six layers bear."
    )

    for name in ("too large", "too small", "all the same"):
        run.section(f"What the doctor says: weights that are {name}")
        if name == "too large":
            run.say(
                "Two things at once, which the lecture mends one after the other: outputs that are confidently wrong, "
                "and layers in which tanh is flat."
            )
        run.examine(loss_of, begun[name](run.seed))
        run.change(begun[name], mended)
    run.section("What the doctor says then")
    run.examine(loss_of, mended(run.seed))

    run.curves(
        "signal",
        sizes,
        "how large the outputs of a layer are, from five beginnings",
        range(1, DEPTH),
        title="the signal, layer by layer",
        xlabel="hidden layer",
        ylabel="size of tanh",
        log=True,
    )
    run.curves(
        "gradient",
        gradients,
        "what is left of the gradient on its way back to the first layer",
        range(1, DEPTH + 1),
        title="the gradient of each layer",
        log=True,
        xlabel="layer",
        ylabel="size of its weights' gradient",
    )


# The program, as it fails and as it does not


def too_large(seed: int) -> nn.MLP:
    """Weights of size 3."""
    return nn.MLP(2, [16] * (DEPTH - 1) + [1], activation="tanh", init=lambda rng, n, m: rng.gauss(0, 3), seed=seed)


def too_small(seed: int) -> nn.MLP:
    """Weights of size 0.01."""
    return nn.MLP(2, [16] * (DEPTH - 1) + [1], activation="tanh", init=lambda rng, n, m: rng.gauss(0, 0.01), seed=seed)


def all_the_same(seed: int) -> nn.MLP:
    """Weights of 0.1."""
    return nn.MLP(2, [16] * (DEPTH - 1) + [1], activation="tanh", init=lambda rng, n, m: 0.1, seed=seed)


def mended(seed: int) -> nn.MLP:
    """Weights drawn so that the size of the signal is nearly kept."""
    return nn.MLP(2, [16] * (DEPTH - 1) + [1], activation="tanh", init="xavier", seed=seed)


def with_a_gain(seed: int) -> nn.MLP:
    """Weights that are larger by as much as tanh makes signals smaller."""

    def drawn(rng: random.Random, inputs: int, units: int) -> float:
        return rng.gauss(0, 5 / 3 / math.sqrt(inputs))

    return nn.MLP(2, [16] * (DEPTH - 1) + [1], activation="tanh", init=drawn, seed=seed)


def hidden(model: nn.MLP) -> list[list[float]]:
    """What the units of each hidden layer give, for all points."""
    signals: list[list[Value]] = [[Value(v) for v in x] for x in POINTS]
    outputs = []
    for layer in model.layers[:-1]:
        signals = [layer(x) for x in signals]
        outputs.append([h.data for x in signals for h in x])
    return outputs


def distinct(model: nn.MLP) -> int:
    """How many units of the last hidden layer are unlike all others."""
    last, n = hidden(model)[-1], len(model.layers[-2].neurons)
    return len({tuple(last[k::n]) for k in range(n)})
