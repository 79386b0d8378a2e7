"""Trained with gradients written by hand: the two formulas as layers, a hidden layer of 200 units, and five of 100."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import plot
from .. import Run
from .bigrams import LETTERS
from .byhand import EPS, fused_batchnorm, fused_cross_entropy
from .network import (
    HIDDEN,
    PAST,
    SATURATED,
    SPREAD,
    WIDTH,
    Names,
    generator,
    invented,
    learning,
    score,
    smoothed,
    surprise,
)

Array = npt.NDArray[Any]
RATE = 0.1


class Layer:
    """What `forward` computes, and how `backward` hands a gradient on; `grads` are those of `params`, in order."""

    params: list[Array]
    grads: list[Array]

    def __init__(self, *params: Array) -> None:
        self.params, self.grads = list(params), [np.zeros_like(p) for p in params]

    def forward(self, x: Array, training: bool) -> Array:
        """The outputs for a batch of inputs."""
        raise NotImplementedError

    def backward(self, d: Array) -> Array:
        """d(loss)/d(inputs) of the batch that went forward last, for d = d(loss)/d(outputs)."""
        raise NotImplementedError


class Embedding(Layer):
    """A row of numbers for each letter, and the rows of all letters side by side."""

    def forward(self, x: Array, training: bool) -> Array:
        self.letters = x
        return self.params[0][x].reshape(len(x), -1)

    def backward(self, d: Array) -> Array:
        self.grads[0] = np.zeros_like(self.params[0])
        np.add.at(self.grads[0], self.letters, d.reshape(*self.letters.shape, -1))
        return d


class Linear(Layer):
    """x @ W, and + b if there is one."""

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        y: Array = sum(self.params[1:], x @ self.params[0])
        return y

    def backward(self, d: Array) -> Array:
        self.grads = [self.x.T @ d, *[d.sum(0)] * (len(self.params) - 1)]
        return d @ self.params[0].T


class BatchNorm(Layer):
    """Gain times what has the mean 0 and the spread 1, plus bias.

    In training mean and spread are those of the batch; afterwards those of the large batch that went through `settle`.
    """

    def forward(self, x: Array, training: bool) -> Array:
        gain, bias = self.params
        if training:
            self.mean = x.mean(0)
        away = x - self.mean
        if training:
            self.inverse = ((away * away).sum(0) / (len(x) - 1) + EPS) ** -0.5
        self.raw = away * self.inverse
        y: Array = gain * self.raw + bias
        return y

    def backward(self, d: Array) -> Array:
        self.grads = [(self.raw * d).sum(0), d.sum(0)]
        return fused_batchnorm(d, self.params[0], self.raw, self.inverse)


class Tanh(Layer):
    """tanh, whose slope is 1 - tanh²."""

    def forward(self, x: Array, training: bool) -> Array:
        self.y = np.tanh(x)
        return self.y

    def backward(self, d: Array) -> Array:
        return d * (1.0 - self.y**2)


class Network:
    """Layers in a row, and the surprise at what follows; no engine in sight."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers

    def size(self) -> int:
        """How many parameters there are."""
        return sum(p.size for layer in self.layers for p in layer.params)

    def logits(self, X: Array, training: bool = False) -> Array:
        """What the layers make of a batch."""
        for layer in self.layers:
            X = layer.forward(X, training)
        return X

    def tanhs(self) -> list[Array]:
        """The outputs of each tanh for the batch that went forward last."""
        return [layer.y for layer in self.layers if isinstance(layer, Tanh)]

    def read(self, X: Array) -> tuple[Array, Array]:
        """The last hidden values and the logits, outside of training."""
        logits = self.logits(X)
        return self.tanhs()[-1], logits

    def step(self, X: Array, Y: Array, rate: float) -> float:
        """One step of gradient descent on a batch; the loss before it."""
        logits = self.logits(X, training=True)
        d = fused_cross_entropy(logits, Y)
        for layer in reversed(self.layers):
            d = layer.backward(d)
        for layer in self.layers:
            for p, g in zip(layer.params, layer.grads):
                p -= rate * g
        return surprise(logits, Y)

    def settle(self, X: Array) -> None:
        """Give batch normalisation its mean and spread for good: those of many training examples."""
        self.logits(X, training=True)


def train(run: Run, network: Network, names: Names, steps: int, stream: str) -> list[float]:
    """The losses of some steps, at a rate of .1, in the second half of .01; then batch normalisation is settled."""
    draw, seen = names.batches(stream), list[float]()

    def step(k: int) -> str:
        seen.append(network.step(*draw(), RATE if 2 * k < steps else RATE / 10))
        return f"loss {seen[-1]:.4f}"

    run.repeat(steps, step)
    network.settle(names.train[0][:: max(1, len(names.train[0]) // 20_000)])
    return seen


def one_hidden(seed: int) -> Network:
    """The MLP with batch normalisation: 12,297 parameters."""
    normal, letters = generator(seed, "layers").standard_normal, len(LETTERS)
    fan = PAST * WIDTH
    return Network([
        Embedding(normal((letters, WIDTH))), Linear(normal((fan, HIDDEN)) * (5 / 3) / fan**0.5, normal(HIDDEN) * 0.1),
        BatchNorm(np.ones(HIDDEN), np.zeros(HIDDEN)), Tanh(),
        Linear(normal((HIDDEN, letters)) * 0.1, normal(letters) * 0.1),
    ])  # fmt: skip


def five_hidden(seed: int, gain: float = 1.0, normed: bool = True, hidden: int = 100) -> Network:
    """Five hidden layers of tanh, weights scaled by gain / √inputs; with batch normalisation 47,024 parameters."""
    normal, letters = generator(seed, "layers").standard_normal, len(LETTERS)
    sizes = [PAST * WIDTH, *[hidden] * 5, letters]
    layers: list[Layer] = [Embedding(normal((letters, WIDTH)))]
    for k, (fan, out) in enumerate(zip(sizes, sizes[1:])):
        last = k == len(sizes) - 2
        layers.append(Linear(normal((fan, out)) * (1.0 if last else gain) / fan**0.5))
        layers += [BatchNorm(np.full(out, 0.1 if last else 1.0), np.zeros(out))] if normed else []
        layers += [] if last else [Tanh()]
    return Network(layers)


# The essay


def without_an_engine(run: Run, names: Names, steps: int) -> None:
    """The MLP with batch normalisation, trained with gradients by hand alone: for a rung of the ladder, and on."""
    run.section("Trained without an engine")
    rung = max(1, steps // 10)
    for which, count, published in (
        ("batch normalisation", rung, {"train": 2.0668, "dev": 2.1048}),
        ("gradients by hand", steps, {"train": 2.0705, "dev": 2.1099}),
    ):
        network = one_hidden(run.seed)
        seen = train(run, network, names, count, which)
        unlike = f"{len(seen):,} steps here, 200,000 there" if which == "batch normalisation" else ""
        for part, examples in names.judged.items():
            what, reached = f"{which}: loss on {part}", score(network.read, examples)
            run.compare(what, reached, published[part], within=SPREAD, form=".4f", whole=True, unlike=unlike)
    run.compare("parameters of the network with batch normalisation, 200 units", network.size(), 12_297)
    run.say(
        f"{2 * HIDDEN} more than the MLP: a gain and a bias for each unit. "
        f"The first two are the last rung of the ladder, {rung:,} steps like the others; the next two were reached "
        f"with {len(seen):,}. With one hidden layer batch normalisation gains nothing over a scaled initialisation, "
        "nor does it in the published ladder; it pays where layers stand on one another, as below."
    )
    if seen:
        x, means = smoothed(seen)
        drawn = learning({"batches, averaged": means}, x, "trained with gradients by hand")
        run.picture("byhand", drawn, "the loss of the network that was trained without an engine")
    run.say(f"Names that it makes up: {invented(network.read, random.Random(run.seed), 12)}.")


BEGINNINGS = (("gain 1/2", 0.5, False), ("gain 1", 1.0, False), ("gain 5/3", 5 / 3, False), ("gain 3", 3.0, False),
              ("batch normalisation", 1.0, True))  # fmt: skip


def deep(run: Run, names: Names) -> None:
    """Five hidden layers: how far a signal comes at the start, and how batch normalisation keeps it alive."""
    run.section("Five layers deep")
    many = names.train[0][:: len(names.train[0]) // 2000]
    rows = []
    for name, gain, normed in BEGINNINGS:
        network = five_hidden(run.seed, gain, normed)
        network.settle(many)
        rows.append([name, *[f"{y.std():.2f}, {beyond(y):.1%}" for y in network.tanhs()]])
    run.say(
        f"Before training, the spread of each layer's tanh, and the share of it beyond ±{SATURATED}, by the gain "
        "of the weights:"
    )
    run.table(["weights", *[f"layer {k}" for k in range(1, 6)]], rows)
    run.say(
        "Too low a gain, and the signal fades from layer to layer, and the gradient with it on its way back; too "
        "high, and tanh saturates. 5/3 just makes up for what tanh squeezes. Batch normalisation asks for no "
        "such care."
    )
    network, draw, seen = five_hidden(run.seed), names.batches("deep"), list[float]()
    linear = [layer for layer in network.layers if isinstance(layer, Linear)]
    ratios: dict[str, list[float]] = {f"layer {k}": [] for k in range(1, len(linear) + 1)}

    def step(_: int) -> str:
        seen.append(network.step(*draw(), RATE))
        for kept, layer in zip(ratios.values(), linear):
            kept.append(float(RATE * layer.grads[0].std() / layer.params[0].std()))
        return f"loss {seen[-1]:.4f}"

    network.logits(draw()[0], training=True)
    run.repeat(5 if run.small else 1000, step)
    run.compare("parameters of the deep network", network.size(), 47_024)
    shares = [
        beyond(y) for y in network.tanhs()
    ]  # of the last batch; with five seeds from 1.4 to 2.0 and from 2.8 to 4.0 %
    for which, share, published, within in (("least", min(shares), 0.017, 0.004), ("most", max(shares), 0.028, 0.012)):
        what = f"tanh beyond ±{SATURATED} after 1,000 steps, the {which} of five layers"
        run.compare(what, share, published, within=within, form=".2%", whole=True)
    if seen:
        typical = sorted(sum(ratios.values(), []))[3 * len(seen)]
        run.compare("update : data, a rule of thumb to a factor of ten", typical, 1e-3, within=(1e-4, 1e-2), form=".1e")
        x, _ = smoothed(seen)
        means = {name: smoothed(kept)[1] for name, kept in ratios.items()}
        drawn = plot.curves(
            means,
            x,
            title="how far weights move in a step",
            ylabel="spread of the update / spread of the weights",
            log=True,
            marks={"rule of thumb": 1e-3},
        )
        run.picture("updates", drawn, f"update : data of the six weight matrices at a rate of {RATE}")
        run.say(
            "All layers move at about the same pace, which is what a healthy start looks like; one that lagged "
            f"would show. At a rate of {RATE / 100} they would all learn a hundred times too slowly, far below "
            "the rule of thumb."
        )


def beyond(y: Array) -> float:
    """The share of tanh outputs that are saturated."""
    return float((abs(y) > SATURATED).mean())
