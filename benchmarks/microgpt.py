"""The microgpt algorithm, for any engine: a GPT of 4,192 scalars that learns to spell names.

Andrej Karpathy's microgpt puts an autodiff engine, a transformer and Adam on one page.  This is the same
algorithm in our own words with the engine left open: give it a `Value` class that has + * / ** and exp, log,
relu and backward(), and it trains.  Two engines that are both right show the same losses.

One step on one name: BOS, its letters, BOS again.  Each position reads its token and predicts the next.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

WIDTH, HEADS, BLOCK = 16, 4, 16  # numbers per token, attention heads, longest text
LETTERS = "abcdefghijklmnopqrstuvwxyz"
BOS = len(LETTERS)  # the 27th token stands at both ends of a name
STEPS = 1000  # the learning rate falls to zero over this many

Vector = list[Any]


def multiply_and_add(ws: Sequence[Any], xs: Sequence[Any]) -> Any:
    """w1*x1 + ... + wn*xn, one node per multiply and one per add."""
    return sum(w * x for w, x in zip(ws, xs))


def softmax(xs: Sequence[Any]) -> Vector:
    """Probabilities in proportion to exp(x); the largest is taken off as a plain number, so that nothing overflows."""
    top = max(x.data for x in xs)
    es = [(x - top).exp() for x in xs]
    total = sum(es)
    return [e / total for e in es]


class MicroGPT:
    """The model: tokens in, loss out.

    `value` makes a scalar of the engine from a float, `rng` draws the weights, and `dot` multiplies and adds two
    vectors: node for node, unless an engine has something shorter.
    """

    def __init__(
        self, value: Callable[[float], Any], rng: random.Random, dot: Callable[..., Any] = multiply_and_add
    ) -> None:
        def matrix(rows: int, columns: int = WIDTH) -> list[Vector]:
            return [[value(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.dot = dot
        self.token, self.place, self.head = matrix(BOS + 1), matrix(BLOCK), matrix(BOS + 1)
        self.query, self.key, self.value, self.out = [matrix(WIDTH) for _ in range(4)]
        self.up, self.down = matrix(4 * WIDTH), matrix(WIDTH, 4 * WIDTH)

    def parameters(self) -> list[Any]:
        matrices = (self.token, self.place, self.head, self.query, self.key, self.value, self.out, self.up, self.down)
        return [p for matrix in matrices for row in matrix for p in row]

    def linear(self, matrix: list[Vector], x: Vector) -> Vector:
        return [self.dot(row, x) for row in matrix]

    def rmsnorm(self, x: Vector) -> Vector:
        """x scaled to a root mean square of 1."""
        scale = (self.dot(x, x) / len(x) + 1e-5) ** -0.5
        return [xi * scale for xi in x]

    def attend(self, x: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
        """What each head reads from the positions so far; `keys` and `values` grow by this one."""
        query = self.linear(self.query, x)
        keys.append(self.linear(self.key, x))
        values.append(self.linear(self.value, x))
        size = WIDTH // HEADS
        read: Vector = []
        for part in [slice(h * size, (h + 1) * size) for h in range(HEADS)]:
            weights = softmax([self.dot(query[part], key[part]) / size**0.5 for key in keys])
            read += [self.dot(weights, column) for column in zip(*[v[part] for v in values])]
        return self.linear(self.out, read)

    def logits(self, token: int, place: int, keys: list[Vector], values: list[Vector]) -> Vector:
        """How much the model expects each token after this one."""
        x = self.rmsnorm([t + p for t, p in zip(self.token[token], self.place[place])])
        x = [a + b for a, b in zip(self.attend(self.rmsnorm(x), keys, values), x)]
        hidden = [h.relu() for h in self.linear(self.up, self.rmsnorm(x))]
        x = [a + b for a, b in zip(self.linear(self.down, hidden), x)]
        return self.linear(self.head, x)

    def loss(self, name: str) -> Any:
        """The mean over positions of -log(probability of the token that came next)."""
        tokens = [BOS, *map(LETTERS.index, name), BOS][: BLOCK + 1]
        keys: list[Vector] = []
        values: list[Vector] = []
        losses = []
        for place, (token, target) in enumerate(zip(tokens, tokens[1:])):
            losses.append(-softmax(self.logits(token, place, keys, values))[target].log())
        return sum(losses) / len(losses)


class Adam:
    """Adam with bias correction, and a learning rate that falls linearly to zero."""

    def __init__(self, parameters: list[Any]) -> None:
        self.parameters = parameters
        self.steps = 0
        self.mean = [0.0] * len(parameters)
        self.square = [0.0] * len(parameters)

    def step(self) -> None:
        """One update from the gradients, which it then sets to zero."""
        rate = 0.01 * (1 - self.steps / STEPS)
        self.steps += 1
        b1, b2 = 0.85, 0.99
        for i, p in enumerate(self.parameters):
            self.mean[i] = b1 * self.mean[i] + (1 - b1) * p.grad
            self.square[i] = b2 * self.square[i] + (1 - b2) * p.grad**2
            mean, square = self.mean[i] / (1 - b1**self.steps), self.square[i] / (1 - b2**self.steps)
            p.data -= rate * mean / (square**0.5 + 1e-8)
            p.grad = 0.0


def train(model: MicroGPT, names: Sequence[str]) -> Iterator[float]:
    """One step per name; the loss before each."""
    adam = Adam(model.parameters())
    for name in names:
        loss = model.loss(name)
        loss.backward()
        adam.step()
        yield loss.data
