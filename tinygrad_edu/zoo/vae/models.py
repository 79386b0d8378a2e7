"""The two autoencoders: what is hidden are two numbers, or bits.

>>> len(Gaussian(0).parameters()), len(Bits(8, 0).parameters())
(4420, 1104)
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from ... import functional as F
from ... import nn, ops
from ...engine import Value
from ...stochastic import Bernoulli, Normal

Pixels = list[float]


def begun(network: nn.Module, rng: random.Random) -> Any:
    """A network with weights and biases drawn evenly from -1/√n to 1/√n for n inputs, as PyTorch begins."""
    for neuron in [m for m in network.modules() if isinstance(m, nn.Neuron)]:
        for p in neuron.parameters():
            p.data = rng.uniform(-1.0, 1.0) / math.sqrt(neuron.nin)
    return network


def of_pixels(logits: Sequence[Value], x: Pixels) -> Value:
    """-log p(x|z): the decoder's outputs are the logits of the pixels."""
    return F.sum([ops.softplus(a) - v * a for a, v in zip(logits, x)])  # type: ignore[no-any-return]


class Gaussian(nn.Module):
    """Two hidden numbers: an encoder 64-32-(2+2), a decoder 2-32-64.  Called, it gives the bound, by the path."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.encoder = begun(nn.MLP(64, [32, 4], activation="tanh", name="encoder"), rng)
        self.decoder = begun(nn.MLP(2, [32, 64], activation="tanh", name="decoder"), rng)

    def hidden(self, x: Pixels) -> list[Normal]:
        """q(z|x): the encoder says the means, and the logarithms of the variances."""
        m, n, v, w = self.encoder(x)
        return [Normal(m, F.exp(v / 2)), Normal(n, F.exp(w / 2))]

    def __call__(self, x: Pixels, noise: Sequence[float]) -> Value:
        q = self.hidden(x)
        z = [one.rsample(noise=n) for one, n in zip(q, noise)]
        return of_pixels(self.decoder(z), x) + F.sum([one.kl(Normal(0.0, 1.0)) for one in q])  # type: ignore[no-any-return]


class Bits(nn.Module):
    """Hidden bits: an encoder and a decoder with one layer each, and how frequent each bit is.

    `guesses` is what a critic says of a picture, where an estimator has one.
    """

    def __init__(self, count: int, seed: int, guesses: int = 0) -> None:
        rng = random.Random(seed)
        self.encoder = begun(nn.Linear(64, count, name="encoder"), rng)
        self.decoder = begun(nn.Linear(count, 64, name="decoder"), rng)
        self.prior = [Value(0.0, label=f"prior[{i}]") for i in range(count)]
        self.critic = nn.Linear(64, guesses, init="zeros", name="critic") if guesses else None

    def hidden(self, x: Pixels) -> list[Bernoulli]:
        """q(z|x): a coin for each bit."""
        return [Bernoulli(logit=a) for a in self.encoder(x)]

    def kl(self, q: Sequence[Bernoulli]) -> Value:
        """What the bits themselves take."""
        return F.sum([one.kl(Bernoulli(logit=b)) for one, b in zip(q, self.prior)])  # type: ignore[no-any-return]

    def cost(self, x: Pixels, noise: Sequence[float], estimator: Any = None, closed: bool = False) -> Value:
        """The bound for one draw of the bits: its expectation is the bound.

        What the bits take is that of the draw, or, `closed`, its expectation.
        """
        q = self.hidden(x)
        z = [one.sample(noise=u, estimator=estimator) for one, u in zip(q, noise)]
        if closed:
            return of_pixels(self.decoder(z), x) + self.kl(q)
        bits = [one.log_prob(v) - Bernoulli(logit=b).log_prob(v) for one, v, b in zip(q, z, self.prior)]
        return of_pixels(self.decoder(z), x) + F.sum(bits)  # type: ignore[no-any-return]

    def exact(self, x: Pixels) -> Value:
        """The bound itself: every state of the bits, weighed by its probability.

        Nearly all of the work is the softplus of each pixel in each state, and no picture is needed for it: recorded,
        it is done once for a whole batch.  The other half of -log p(x|z) is linear in z: the mean of z is enough.
        """
        logits, weights = [[n.b for n in self.decoder.neurons]], [1.0]
        for i, one in enumerate(q := self.hidden(x)):
            column = [n.w[i] for n in self.decoder.neurons]
            logits += [[a + w for a, w in zip(row, column)] for row in logits]
            no = ops.sigmoid(-one.parameters[0])
            weights = [w * no for w in weights] + [w * one.p for w in weights]
        each = [F.sum([ops.softplus(a) for a in row]) for row in logits]
        inked = F.sum([v * a for v, a in zip(x, self.decoder([one.p for one in q]))])
        return F.dot(weights, each) - inked + self.kl(q)  # type: ignore[no-any-return]
