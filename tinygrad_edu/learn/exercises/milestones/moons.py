"""Two moons, to the published losses

micrograd's demo: a network of two hidden layers with 16 neurons each learns to tell two moons apart. With the same
points and the same first weights, your Value has to come to the losses that the demo shows.

Write the rest of it:

- the network: every neuron is relu(w · x + b), but the output, which is not bent;
- the loss, of two parts. The margin: the mean over the points of relu(1 - sign · score), which asks each score to be on
  its side of 0, and 1 away from it. The penalty: 0.0001 times the sum of all parameters, squared, which keeps the
  weights small.

The check takes two steps, which are some seconds; `python 04_moons.py` takes a hundred.
"""

import random

from value import Value

from tinygrad_edu import data


class Neuron:
    """The numbers of one neuron: a weight for each input, and a bias."""

    def __init__(self, inputs):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(0.0)


class Network:
    """Layers of neurons: self.layers is a list of lists."""

    def __init__(self, sizes=(2, 16, 16, 1)):
        self.layers = [[Neuron(inputs) for _ in range(size)] for inputs, size in zip(sizes, sizes[1:])]

    def __call__(self, x):
        # TODO: the score of a point, one Value
        # [
        for layer in self.layers:
            x = [sum((w * xi for w, xi in zip(n.w, x)), n.b) for n in layer]
            if layer is not self.layers[-1]:
                x = [v.relu() for v in x]
        return x[0]
        # ]

    def parameters(self):
        return [p for layer in self.layers for n in layer for p in (*n.w, n.b)]


def loss(network, points, signs):
    """The margin and the penalty, one Value; a sign is 1 or -1."""
    # TODO
    # [
    margin = sum((1 - sign * network(x)).relu() for x, sign in zip(points, signs)) / len(points)
    return margin + 1e-4 * sum(p * p for p in network.parameters())
    # ]


def train(network, points, signs, steps):
    """The loss before each step of gradient descent, with a rate that falls from 1 to 0.1 in a hundred steps."""
    for k in range(steps):
        now = loss(network, points, signs)
        for p in network.parameters():
            p.grad = 0.0
        now.backward()
        for p in network.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        yield now.data


def demo():
    """The points, their signs, and the network, as the demo has them."""
    points, classes = data.moons(n=100, noise=0.1, seed=1337)
    random.seed(1337)
    return Network(), points, [2 * c - 1 for c in classes]


if __name__ == "__main__":
    network, points, signs = demo()
    for k, now in enumerate(train(network, points, signs, 100)):
        right = sum((network(x).data > 0) == (sign > 0) for x, sign in zip(points, signs))
        print(f"step {k} loss {now}, {right} of 100 on their side")


# =====
from tinygrad_edu.learn import Query


def score(their, seed, x):
    random.seed(seed)
    network = their.Network((2, 3, 4, 1))
    out = network(list(x))
    out.backward()
    first, last = network.layers[0][0], network.layers[-1][0]
    return {"score": out.data, "ds/db of the output": last.b.grad, "ds/dw[1] of the output": last.w[1].grad,
            "ds/db of a first neuron": first.b.grad, "ds/dw[0] of a first neuron": first.w[0].grad}  # fmt: skip


def whole_loss(their, seed, points, signs):
    random.seed(seed)
    network = their.Network((2, 4, 3, 1))
    for p in network.parameters():
        p.data *= 2
    now = their.loss(network, [list(x) for x in points], list(signs))
    now.backward()
    last = network.layers[-1][0]
    return {"loss": now.data, "dL/db of the output": last.b.grad, "dL/dw[0] of the output": last.w[0].grad,
            "dL/dw[0] of a first neuron": network.layers[0][0].w[0].grad}  # fmt: skip


def moons(their, steps):
    network, points, signs = their.demo()
    return {f"loss before step {k}": x for k, x in enumerate(their.train(network, points, signs, steps), 1)}


def point(rng):
    return [rng.uniform(-2, 2), rng.uniform(-2, 2)]


def draw(rng):
    n = rng.randint(4, 6)
    return rng.randint(0, 99), [point(rng) for _ in range(n)], [rng.choice([-1, 1]) for _ in range(n)]


HINTS = (
    "What a layer says is a list, and the next layer's x. Which layer is the last one?",
    "n.b + Σ w · x, then relu but for the last layer;  Σ relu(1 - sign · score) / n + 0.0001 · Σ p²",
    "for layer in self.layers:\n    x = [sum((w * xi for w, xi in zip(n.w, x)), n.b) for n in layer]\n"
    "    if layer is not self.layers[-1]:\n        x = [v.relu() for v in x]\nreturn x[0]\n\n"
    "margin = sum((1 - sign * network(x)).relu() for x, sign in zip(points, signs)) / len(points)\n"
    "return margin + 1e-4 * sum(p * p for p in network.parameters())",
)
PUBLISHED = {"loss before step 1": 0.8958441028683222, "loss before step 2": 1.7235905336972022}
QUERIES = (
    Query(score, lambda rng: (rng.randint(0, 99), point(rng)), trials=4),
    Query(whole_loss, draw),
    Query(moons, lambda rng: (2,), known=PUBLISHED, long=120.0),
)


def _forward(total="sum((w * xi for w, xi in zip(n.w, x)), n.b)", bend="if layer is not self.layers[-1]:"):
    return (f"for layer in self.layers:\n    x = [{total} for n in layer]\n    {bend}\n"
            "        x = [v.relu() for v in x]\nreturn x[0]")  # fmt: skip


def _loss(margin="(1 - sign * network(x)).relu()", mean=" / len(points)", penalty="p * p"):
    return (f"margin = sum({margin} for x, sign in zip(points, signs)){mean}\n"
            f"return margin + 1e-4 * sum({penalty} for p in network.parameters())")  # fmt: skip


WRONG = {
    "the output is bent": (_forward(bend="if True:"), None),
    "nothing is bent": (_forward(bend="if False:"), None),
    "the bias is missing": (_forward("sum(w * xi for w, xi in zip(n.w, x))"), None),
    "tanh for relu": (_forward().replace("relu", "tanh"), None),
    "the output is missing": (
        "for layer in self.layers[:-1]:\n"
        "    x = [sum((w * xi for w, xi in zip(n.w, x)), n.b).relu() for n in layer]\nreturn x[0]",
        None,
    ),
    "sum for mean": (None, _loss(mean="")),
    "the 1 is missing": (None, _loss("(-sign * network(x)).relu()")),
    "the 1 stands elsewhere": (None, _loss("(sign * network(x)).relu()")),
    "the penalty is averaged": (None, _loss(penalty="p * p / len(network.parameters())")),
    "the penalty is subtracted": (None, _loss(penalty="-p * p")),
    "no penalty": (None, _loss(penalty="0 * p")),
    "the penalty's square": (None, _loss(penalty="p")),
    "the penalty is cut off": (None, _loss(penalty="p.data ** 2")),
    "missing minus": (None, _loss("(1 + sign * network(x)).relu()")),
    "the margin is not cut": (None, _loss("(1 - sign * network(x))")),
}
SAID = {
    "the output is bent": "the output is not bent: with relu no score could be below 0",
    "nothing is bent": "nothing is bent: without relu all layers together are one line",
    "the bias is missing": "the bias is not in the sum",
    "tanh for relu": "it is relu that bends here, not tanh",
    "the output is missing": "the last layer is left out: what is returned is what a hidden neuron says",
    "the 1 is missing": "the 1 is missing: a score should be 1 away from 0, so it is relu(1 - sign · score)",
    "the 1 stands elsewhere": "it grows where sign and score agree: it is relu(1 - sign · score)",
    "the penalty is averaged": "the penalty is a sum over all parameters, and no mean",
    "the penalty is subtracted": "the penalty is added: large weights should cost something",
    "no penalty": "the penalty is missing, or it is 0",
    "the penalty's square": "the parameters are added as they are: each is squared first",
    "the penalty is cut off": "the penalty is a plain number, made of .data: no gradient comes from it",
    "missing minus": "the sign is turned: it is 1 - sign · score, which is small where the two agree",
    "the margin is not cut": "relu is missing around 1 - sign · score: what is far enough on its side costs nothing",
}
RIGHT = (
    ("""
        for k, layer in enumerate(self.layers, 1):
            out = []
            for n in layer:
                total = n.b
                for w, xi in zip(n.w, x):
                    total = total + w * xi
                out.append(total.relu() if k < len(self.layers) else total)
            x = out
        return x[0]
    """, """
        total = Value(0.0)
        for x, sign in zip(points, signs):
            total = total + (network(x) * -sign + 1).relu() / len(points)
        for p in network.parameters():
            total = total + 0.0001 * p**2
        return total
    """),
    ("*inner, [last] = self.layers\nfor layer in inner:\n"
     "    x = [(sum(w * xi for w, xi in zip(n.w, x)) + n.b).relu() for n in layer]\n"
     "return last.b + sum(w * xi for w, xi in zip(last.w, x))",
     "lacks = [1 - sign * network(x) for x, sign in zip(points, signs)]\n"
     "margin = sum(v for v in lacks if v.data > 0) * (1 / len(points))\n"
     "return margin + sum(p**2 for p in network.parameters()) * 1e-4"),
)  # fmt: skip
