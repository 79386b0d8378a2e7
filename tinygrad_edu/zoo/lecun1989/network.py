"""The network itself: 1,000 units in four layers, each a weighted sum that is bent by the same curve."""

from __future__ import annotations

import random
from typing import Any

from ... import nn
from ...engine import Value
from .patterns import SIDE

# The maps of H1 that each map of H2 reads, eight of twelve.
READS = [[*range(8)]] * 4 + [[*range(4, 12)]] * 4 + [[*range(4), *range(8, 12)]] * 4


def squash(a: Value) -> Value:
    """1.7159 tanh(2a/3), which is ±1 at ±1: a unit can reach its target of ±1 where the curve still has a slope."""
    return 1.7159 * (2 / 3 * a).tanh()


class Net(nn.Module):
    """Two layers of maps, H1 and H2, whose weights are shared; H3, and an output for each digit, whose are not.

    A window of 5 x 5 goes over the picture in steps of 2, so that a map has half its height and width; around it there
    is paper, -1.  Each unit has a bias of its own.  Weights begin between ±2.4 / (inputs of a unit), as the paper says;
    its re-run of 2022 took ±2.4 / sqrt(inputs).  Biases begin at 0, and at -1 in the outputs: nine of ten are to be -1.
    """

    def __init__(
        self,
        seed: int,
        activation: nn.choices.Activation = squash,
        init: nn.choices.Init = "lecun89",
        name: str = "net",
    ) -> None:
        self.seed, self.activation, self.init, self.name = seed, activation, init, name
        rng = random.Random(seed)
        maps: dict[str, Any] = {"stride": 2, "padding": 2, "pad_value": -1.0, "bias": "unit"}
        units: dict[str, Any] = {"activation": activation, "init": init, "seed": rng}
        self.h1 = nn.Conv2d(1, 12, 5, size=16, **maps, **units)
        self.h2 = nn.Conv2d(12, 12, 5, size=8, table=READS, **maps, **units)
        self.h3 = nn.Layer(12 * 4 * 4, 30, **units)
        self.output = nn.Layer(30, 10, **units)
        for path, parameter in self.output.named_parameters():
            if path.endswith(".b"):
                parameter.data = -1.0

    def layers(self, pixels: Any, keep: Any = None) -> list[list[Value]]:
        """What each unit of H1, H2, H3 and the output says, layer by layer; `keep` has a factor for each unit of H3."""
        h1 = self.h1([pixels[i : i + SIDE] for i in range(0, SIDE * SIDE, SIDE)])
        h2 = self.h2(h1)
        h3 = self.h3(flat(h2))
        if keep is not None:
            h3 = [h * k for h, k in zip(h3, keep)]
        return [flat(h1), flat(h2), h3, self.output(h3)]

    def __call__(self, pixels: Any, keep: Any = None) -> list[Value]:
        return self.layers(pixels, keep)[-1]


def flat(maps: Any) -> list[Value]:
    """The units of some maps, map by map and row by row."""
    return [unit for rows in maps for row in rows for unit in row]


def target(digit: int) -> list[float]:
    """What the ten outputs are to say: 1 for the digit, -1 for the others."""
    return [1.0 if k == digit else -1.0 for k in range(10)]


def read(outputs: list[float]) -> int:
    """The digit that the outputs say."""
    return max(range(10), key=outputs.__getitem__)
