"""One or the other, not both

A single neuron divides the plane by a line, and no line separates the corners where exclusive or says yes, (0, 1) and
(1, 0), from the other two. For years nobody knew how to train the layer in between that can.

Write the network: the hidden neurons, each tanh(w · x + b), and the output, which weighs what they say and is not
squashed. Above 0 it means yes.

Write its loss, the mean over the samples of log(1 + exp(-sign · output)), where sign is 1 for yes and -1 for no: it is
small where output and sign agree and the output is far from 0. `sample[0]` is x, `sample[1]` its sign.
"""

import random

from value import Value

CORNERS = [([0.0, 0.0], -1), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], -1)]


class Neuron:
    """The numbers of one neuron: a weight for each input, and a bias."""

    def __init__(self, inputs, rng):
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(rng.uniform(-1, 1))


class Network:
    """Hidden neurons in a list, and one output neuron."""

    def __init__(self, hidden=4, rng=random):
        self.hidden = [Neuron(2, rng) for _ in range(hidden)]
        self.last = Neuron(hidden, rng)

    def __call__(self, x):
        # TODO: what self.hidden says of x, then what self.last makes of that; one Value
        # [
        h = [(sum(w * xi for w, xi in zip(n.w, x)) + n.b).tanh() for n in self.hidden]
        return sum(w * hi for w, hi in zip(self.last.w, h)) + self.last.b
        # ]

    def parameters(self):
        return [p for n in (*self.hidden, self.last) for p in (*n.w, n.b)]


def loss(network, samples):
    """The mean of log(1 + exp(-sign · output)), a Value."""
    # TODO
    # [
    return sum((1 + (-sign * network(x)).exp()).log() for x, sign in samples) / len(samples)
    # ]


def train(network, samples, steps, lr=1.0):
    """Gradient descent; the losses before each step."""
    seen = []
    for _ in range(steps):
        now = loss(network, samples)
        for p in network.parameters():
            p.grad = 0.0
        now.backward()
        for p in network.parameters():
            p.data -= lr * p.grad
        seen.append(now.data)
    return seen


if __name__ == "__main__":
    network = Network(rng=random.Random(3))
    seen = train(network, CORNERS, 200)
    print(f"loss {seen[0]:.4f} before, {seen[-1]:.4f} after {len(seen)} steps")
    for x, sign in CORNERS:
        print(x, "yes" if network(x).data > 0 else "no ", "should be", "yes" if sign > 0 else "no")


# =====
from tinygrad_edu.learn import Query


def output(their, seed, x):
    network = their.Network(3, random.Random(seed))
    o = network(list(x))
    o.backward()
    found = {"output": o.data, "do/db of the output neuron": network.last.b.grad}
    found |= {f"do/dw[{k}] of the output neuron": w.grad for k, w in enumerate(network.last.w)}
    one = network.hidden[0]
    return found | {"do/db of a hidden neuron": one.b.grad, "do/dw[1] of a hidden neuron": one.w[1].grad}


def surprise(their, seed, points):
    network = their.Network(3, random.Random(seed))
    now = their.loss(network, [(list(x), sign) for x, sign in points])
    now.backward()
    return {"loss": now.data, "dL/db of the output neuron": network.last.b.grad,
            "dL/dw[0] of a hidden neuron": network.hidden[0].w[0].grad}  # fmt: skip


def exclusive_or(their, steps):
    network = their.Network(rng=random.Random(3))
    seen = their.train(network, their.CORNERS, steps)
    right = sum((network(x).data > 0) == (sign > 0) for x, sign in their.CORNERS)
    return {"corners on their side": right, "loss below 0.02": seen[-1] < 0.02}


def point(rng):
    return [rng.uniform(-1, 1), rng.uniform(-1, 1)]


HINTS = (
    "First the list of what the hidden neurons say, each of both inputs; the output weighs that list, not x.",
    "h[k] = (Σ w · x + b).tanh();  output = Σ last.w · h + last.b;  loss = Σ (1 + (-sign * output).exp()).log() / n",
    "h = [(sum(w * xi for w, xi in zip(n.w, x)) + n.b).tanh() for n in self.hidden]\n"
    "return sum(w * hi for w, hi in zip(self.last.w, h)) + self.last.b\n\n"
    "return sum((1 + (-sign * network(x)).exp()).log() for x, sign in samples) / len(samples)",
)
QUERIES = (
    Query(output, lambda rng: (rng.randint(0, 99), point(rng))),
    Query(surprise, lambda rng: (rng.randint(0, 99), [(point(rng), rng.choice([-1, 1])) for _ in range(3)])),
    Query(exclusive_or, lambda rng: (200,), known={"corners on their side": 4, "loss below 0.02": True}, long=60.0),
)


def _forward(hidden="(sum(w * xi for w, xi in zip(n.w, x)) + n.b).tanh()",
             out="sum(w * hi for w, hi in zip(self.last.w, h)) + self.last.b"):  # fmt: skip
    return f"h = [{hidden} for n in self.hidden]\nreturn {out}"


_loss = "return sum({} for x, sign in samples){}"
WRONG = {
    "not squashed": (_forward("sum(w * xi for w, xi in zip(n.w, x)) + n.b"), None),
    "the output is squashed": (
        _forward(out="(sum(w * hi for w, hi in zip(self.last.w, h)) + self.last.b).tanh()"),
        None,
    ),
    "the bias is missing": (_forward("sum(w * xi for w, xi in zip(n.w, x)).tanh()"), None),
    "the output's bias is missing": (_forward(out="sum(w * hi for w, hi in zip(self.last.w, h))"), None),
    "the output sees the inputs": (_forward(out="sum(w * xi for w, xi in zip(self.last.w, x)) + self.last.b"), None),
    "missing minus": (None, _loss.format("(1 + (sign * network(x)).exp()).log()", " / len(samples)")),
    "sum for mean": (None, _loss.format("(1 + (-sign * network(x)).exp()).log()", "")),
    "divided by 4": (None, _loss.format("(1 + (-sign * network(x)).exp()).log()", " / 4")),
    "forgot the log": (None, _loss.format("(1 + (-sign * network(x)).exp())", " / len(samples)")),
    "the 1 is missing": (None, _loss.format("(-sign * network(x)).exp().log()", " / len(samples)")),
    "the sign is ignored": (None, _loss.format("(1 + (-network(x)).exp()).log()", " / len(samples)")),
}
SAID = {
    "not squashed": "the hidden neurons are not squashed: without tanh two layers are one line again",
    "the output is squashed": "the output is not squashed: the loss takes it as it is",
    "the bias is missing": "the bias of the hidden neurons is not in the sum",
    "the output's bias is missing": "the bias of the output, self.last.b, is not in the sum",
    "divided by 4": "there are 4 corners, but it may be asked about other samples: len(samples) of them",
    "forgot the log": "log is missing around 1 + exp(-sign · output)",
    "the 1 is missing": "inside of log there is 1 + exp(-sign · output): without the 1, log and exp undo each other",
    "the output sees the inputs": "the output neuron weighs what the hidden neurons say, and not x",
    "missing minus": "the sign is turned: it is exp(-sign · output), which is small where the two agree",
    "the sign is ignored": "sign is not used: it says to which side the output should go",
}
RIGHT = (
    ("""
        said = []
        for n in self.hidden:
            total = n.b
            for w, xi in zip(n.w, x):
                total = total + w * xi
            said.append(total.tanh())
        out = self.last.b
        for w, s in zip(self.last.w, said):
            out = out + w * s
        return out
    """, "all_of = [(1 + (network(s[0]) * -s[1]).exp()).log() for s in samples]\nreturn sum(all_of) / len(all_of)"),
    ("out = self.last.b\nfor v, n in zip(self.last.w, self.hidden):\n"
     "    out = out + v * (n.w[0] * x[0] + n.w[1] * x[1] + n.b).tanh()\nreturn out",
     "total = Value(0.0)\nfor x, sign in samples:\n    p = 1 / (1 + (-sign * network(x)).exp())\n"
     "    total = total - p.log()\nreturn total / len(samples)"),
)  # fmt: skip
