"""What 33 years have added, one after the other, to a network of the same size: loss, optimizer, shifts, dropout."""

from __future__ import annotations

import random

from ... import losses, nn, optim
from ...extras import install
from .. import Run
from .network import Net
from .patterns import SIDE, Patterns
from .saturation import BOUNDS
from .training import Recipe, has_kernel, learn

DROPPED = 0.25  # of the units of H3


def modern(seed: int, activation: nn.choices.Activation = "tanh") -> Net:
    """The network of the re-run, whose outputs are scores of any size."""
    net = Net(seed, activation, BOUNDS["±2.4/√n, its re-run's"], "modern")
    net.output = nn.Layer(30, 10, activation="linear", init=net.init, seed=random.Random(seed))
    return net


def shifted(pixels: list[float], rng: random.Random) -> list[float]:
    """A pattern moved by a pixel, up or down and left or right, or not; what comes in is paper."""
    up, left = rng.randint(-1, 1), rng.randint(-1, 1)
    inside = range(SIDE)
    return [pixels[r * SIDE + c] if r in inside and c in inside else -1.0
            for r in range(up, SIDE + up) for c in range(left, SIDE + left)]  # fmt: skip


def kept(rng: random.Random) -> list[float]:
    """A factor for each unit of H3: 0 for those that are left out, and for others so much that sums stay as large."""
    return [0.0 if rng.random() < DROPPED else 1 / (1 - DROPPED) for _ in range(30)]


SOFTMAX = Recipe(
    lambda net, x, digit: losses.cross_entropy(net(x), digit),
    lambda parameters: optim.SGD(parameters, lr=0.01),
    aim=lambda digit: digit,
)
ADAMW = SOFTMAX._replace(optimizer=lambda parameters: optim.AdamW(parameters, lr=3e-4))
SHIFTED = ADAMW._replace(show=lambda pixels, rng: (shifted(pixels, rng),))
DROPOUT = SHIFTED._replace(
    loss=lambda net, x, keep, digit: losses.cross_entropy(net(x, keep), digit),
    show=lambda pixels, rng: (shifted(pixels, rng), kept(rng)),
)
CHANGES = [  # what is new, how it learns, its curve, passes, and the published errors on the test patterns
    ("softmax and cross-entropy", SOFTMAX, "tanh", 23, 0.0438),
    ("and AdamW", ADAMW, "tanh", 23, 0.0359),
    ("and patterns shifted by a pixel", SHIFTED, "tanh", 60, 0.0219),
    ("and dropout, with relu", DROPOUT, "relu", 80, 0.0159),
]


def modernise(run: Run, seen: Patterns) -> None:
    """Each change on top of those before it."""
    run.section("The same size, 33 years later")
    if not has_kernel(run) and not run.small:
        run.say(
            f"Here four more trainings follow, of 186 passes together, if there is a kernel for them: {install('jit')}."
        )
        return
    run.say(
        "The network of 2022 has as many parameters. Each line is trained anew, with all changes of the lines above it."
    )
    if run.small:
        seen = seen._replace(X_train=seen.X_train[:1], y_train=seen.y_train[:1])
    for name, recipe, activation, published_passes, published in CHANGES:
        epochs = 1 if run.small else max(1, round(published_passes * run.epochs / 23))
        passes, _ = learn(run, modern(run.seed, activation), seen, epochs, recipe, every=epochs)
        if passes:
            run.compare(
                f"test errors, {name}",
                passes[-1].test_error,
                published,
                form=".2%",
                unlike="7,291 digits of MNIST there",
            )
