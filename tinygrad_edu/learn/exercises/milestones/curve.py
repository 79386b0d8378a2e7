"""Twenty points on a curve

A network of one input, some hidden neurons with tanh and one output is to go through 20 points of a sine. It is given;
its numbers are Values, of your own class. Write what makes it learn:

- loss: the mean over all points of (what the network says - y) squared, as a Value;
- step: one step of gradient descent. It returns the loss before the step, as a plain number.

`python 02_curve.py` then draws the curve with letters, before and after.
"""

import math
import random

from value import Value


class Network:
    """One number in, hidden neurons with tanh, one number out."""

    def __init__(self, hidden=8, rng=random):
        self.w = [Value(rng.uniform(-2, 2)) for _ in range(hidden)]
        self.b = [Value(rng.uniform(-2, 2)) for _ in range(hidden)]
        self.v = [Value(rng.uniform(-0.5, 0.5)) for _ in range(hidden)]
        self.c = Value(0.0)

    def __call__(self, x):
        return sum(((w * x + b).tanh() * v for w, b, v in zip(self.w, self.b, self.v)), self.c)

    def parameters(self):
        return [*self.w, *self.b, *self.v, self.c]


def loss(network, xs, ys):
    """The mean of the squared errors, a Value."""
    # TODO
    # [
    return sum((network(x) - y) ** 2 for x, y in zip(xs, ys)) / len(xs)
    # ]


def step(network, xs, ys, lr):
    """Move every parameter by lr times its gradient, downhill; return the loss before, a number."""
    # TODO
    # [
    now = loss(network, xs, ys)
    for p in network.parameters():
        p.grad = 0.0
    now.backward()
    for p in network.parameters():
        p.data -= lr * p.grad
    return now.data
    # ]


def points():
    """Twenty points of a sine."""
    xs = [6 * k / 19 - 3 for k in range(20)]
    return xs, [math.sin(x) for x in xs]


def drawn(network):
    """A picture of letters: the points are *, the network is -, where both are one is o."""
    xs, ys = points()
    rows = [[" "] * len(xs) for _ in range(13)]
    for k, (x, y) in enumerate(zip(xs, ys)):
        there, here = (min(12, max(0, round(6 - 5 * v))) for v in (y, network(x).data))
        rows[there][k] = "*"
        rows[here][k] = "o" if here == there else "-"
    return "\n".join(" ".join(row) for row in rows)


if __name__ == "__main__":
    network, (xs, ys) = Network(rng=random.Random(1)), points()
    print(drawn(network), "\n")
    for k in range(500):
        now = step(network, xs, ys, 0.1)
        if k % 100 == 0:
            print(f"step {k}: loss {now:.5f}")
    print(f"\n{drawn(network)}")


# =====
from tinygrad_edu.learn import Query


def first_loss(their, seed, xs):
    network = their.Network(3, random.Random(seed))
    now = their.loss(network, list(xs), [math.sin(x) for x in xs])
    now.backward()
    found = {"loss": now.data, "dL/dc": network.c.grad}
    return found | {f"dL/d{k}[0]": getattr(network, k)[0].grad for k in ("v", "w", "b")}


def three_steps(their, seed, xs, lr):
    network = their.Network(3, random.Random(seed))
    found = {}
    for k in (1, 2, 3):
        now = their.step(network, list(xs), [math.sin(x) for x in xs], lr)
        found |= {f"loss before step {k}": now, f"c after step {k}": network.c.data, f"w[0] after step {k}":
                  network.w[0].data}  # fmt: skip
    return found


def curve(their, steps):
    network, (xs, ys) = their.Network(rng=random.Random(1)), their.points()
    seen = [their.step(network, xs, ys, 0.1) for _ in range(steps)]
    return {"points": len(seen) and len(xs), "mean square below 0.005": seen[-1] < 0.005}


def draw(rng):
    return rng.randint(0, 99), [rng.uniform(-3, 3) for _ in range(rng.randint(4, 6))]


def draw_step(rng):
    return (*draw(rng), rng.choice([0.05, 0.1, 0.2]))


HINTS = (
    "It is the loop of training.py, for your own Value: the loss, gradients to 0, backward(), and the step.",
    "loss = Σ (network(x) - y)² / n;  p.grad = 0;  backward();  p.data -= lr · p.grad;  return the loss's .data",
    "return sum((network(x) - y) ** 2 for x, y in zip(xs, ys)) / len(xs)\n\nnow = loss(network, xs, ys)\n"
    "for p in network.parameters():\n    p.grad = 0.0\nnow.backward()\nfor p in network.parameters():\n"
    "    p.data -= lr * p.grad\nreturn now.data",
)
QUERIES = (
    Query(first_loss, draw, also=((5, [1.0, 1.0, -0.5]), (6, [0.5]))),
    Query(three_steps, draw_step, trials=2),
    Query(curve, lambda rng: (500,), known={"points": 20, "mean square below 0.005": True}, long=60.0),
)


def _step(zero="p.grad = 0.0", move="p.data -= lr * p.grad", back="now.data"):
    return (f"now = loss(network, xs, ys)\nfor p in network.parameters():\n    {zero}\nnow.backward()\n"
            f"for p in network.parameters():\n    {move}\nreturn {back}")  # fmt: skip


WRONG = {
    "sum for mean": ("return sum((network(x) - y) ** 2 for x, y in zip(xs, ys))", None),
    "forgot the square": ("return sum(network(x) - y for x, y in zip(xs, ys)) / len(xs)", None),
    "the last one only": ("for x, y in zip(xs, ys):\n    total = (network(x) - y) ** 2\nreturn total / len(xs)", None),
    "the square of the mean": ("return (sum(network(x) - y for x, y in zip(xs, ys)) / len(xs)) ** 2", None),
    "forgot zero_grad": (None, _step(zero="pass")),
    "uphill": (None, _step(move="p.data += lr * p.grad")),
    "nothing moves": (None, _step(move="p = p - lr * p.grad")),
    "forgot the rate": (None, _step(move="p.data -= p.grad")),
    "the loss afterwards": (None, _step(back="loss(network, xs, ys).data")),
    "disconnected": ("return sum((Value(network(x).data) - y) ** 2 for x, y in zip(xs, ys)) / len(xs)", None),
}
SAID = {
    "the last one only": "only the last error is left of them: add them up, in a total that begins with 0",
    "the square of the mean": "the mean was squared: square each error, then take the mean",
    "forgot the square": "each error is squared: errors to both sides would cancel each other",
    "disconnected": "it was computed with plain numbers, .data: no gradient can come back",
    "uphill": "it walks along the gradient, where the loss rises: a step to a smaller loss goes against it",
    "nothing moves": "the parameters stay where they are. p = p - ... gives the name p to a new node: change p.data. "
    "Or the steps come before backward(), or after the gradients were set to 0",
    "forgot the rate": "the step is the whole gradient: lr says how much of it",
    "the loss afterwards": "it is the loss after the step; the one before it is asked for, which is there already",
}
RIGHT = (
    ("total = Value(0.0)\nfor x, y in zip(xs, ys):\n    total = total + (y - network(x)) ** 2\nreturn total / len(xs)",
     "for p in network.parameters():\n    p.grad = 0.0\nnow = loss(network, xs, ys)\nnow.backward()\n"
     "for p in network.parameters():\n    p.data = p.data - lr * p.grad\nreturn now.data"),
    ("errors = [network(x) - y for x, y in zip(xs, ys)]\nreturn sum(e * e for e in errors) * (1 / len(errors))",
     "ps = network.parameters()\nbefore = [p.grad for p in ps]\nnow = loss(network, xs, ys)\nnow.backward()\n"
     "for p, g in zip(ps, before):\n    p.data -= lr * (p.grad - g)\nreturn now.data"),
)  # fmt: skip
