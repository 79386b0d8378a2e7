"""A neuron of Values

A neuron weighs its inputs, adds its bias, and squashes what comes out:

    o = tanh(w[0] * x[0] + w[1] * x[1] + ... + b)

w and b are Values, made once and kept: they are the parameters, which training moves. The inputs may be plain numbers.
Value is the package's own.
"""

import random

from tinygrad_edu import Value


class Neuron:
    """A weighted sum through tanh."""

    def __init__(self, inputs, rng=random):
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(0.0)

    def __call__(self, x):
        # TODO: the weighted sum, with the bias, through tanh
        # [
        total = self.b
        for w, xi in zip(self.w, x):
            total = total + w * xi
        return total.tanh()
        # ]

    def parameters(self):
        # TODO: a list with every Value that training should move
        # [
        return [*self.w, self.b]
        # ]


# =====
from tinygrad_edu.learn import Query


def output(their, seed, xs):
    neuron = their.Neuron(len(xs), random.Random(seed))
    neuron.b.data = 0.25
    o = neuron(list(xs))
    o.backward()
    found = {"o": o.data, "o of the same inputs again": neuron(list(xs)).data, "do/db": neuron.b.grad}
    return found | {f"do/dw[{i}]": w.grad for i, w in enumerate(neuron.w)}


def parameters(their, seed, xs):
    neuron = their.Neuron(len(xs), random.Random(seed))
    ps = neuron.parameters()
    return {
        "number of parameters": len(ps),
        "number of parameters, asked again": len(neuron.parameters()),
        "they are the neuron's own": {id(p) for p in ps} == {id(v) for v in [*neuron.w, neuron.b]},
    }


def draw(rng):
    return rng.randint(0, 99), [rng.uniform(-1, 1) for _ in range(rng.randint(2, 4))]


HINTS = (
    "Begin with the bias and add w * x for each pair. Which Values did __init__ make?",
    "n = b + Σ w[i] · x[i];  o = n.tanh();  parameters: all of w, and b",
    "total = self.b\nfor w, xi in zip(self.w, x):\n    total = total + w * xi\nreturn total.tanh()\n"
    "return [*self.w, self.b]",
)
EDGES = ((5, [-0.5]), (6, [0.0, 0.7, 0.7, 0.0, 2.0]))
QUERIES = (Query(output, draw, also=EDGES), Query(parameters, draw, also=EDGES))
_sum = "total = {}\nfor w, xi in zip(self.w, x):\n    total = total + {}\nreturn {}"
WRONG = {
    "the bias is missing": (_sum.format("Value(0.0)", "w * xi", "total.tanh()"), None),
    "not squashed": (_sum.format("self.b", "w * xi", "total"), None),
    "disconnected": (_sum.format("self.b", "w.data * xi", "total.tanh()"), None),
    "each term squashed": (_sum.format("self.b", "(w * xi).tanh()", "total"), None),
    "the bias in each term": (_sum.format("Value(0.0)", "w * xi + self.b", "total.tanh()"), None),
    "appended": (None, "self.w.append(self.b)\nreturn self.w"),
    "the bias is no parameter": (None, "return self.w"),
    "new Values": (None, "return [Value(p.data) for p in [*self.w, self.b]]"),
    "the bias is not squashed": (_sum.format("Value(0.0)", "w * xi", "total.tanh() + self.b"), None),
    "a list in the list": (None, "return [self.w, self.b]"),
}
SAID = {
    "the bias is missing": "the bias is not in the sum",
    "not squashed": "the sum is right, but for tanh: .tanh() at the end",
    "disconnected": "the weights went in as plain numbers, .data: no gradient can come back to them",
    "each term squashed": "the whole sum goes through tanh, once, and not each term",
    "the bias in each term": "the bias is added once, to the sum of all terms, and not to each of them",
    "appended": "self.w itself has become longer, by the bias: a new list is asked for, [*self.w, self.b]",
    "the bias is no parameter": "training moves the bias as well: it belongs into the list",
    "new Values": "the list holds copies: training would move them, and the neuron would not notice",
    "the bias is not squashed": "the bias belongs into the sum, before tanh",
    "a list in the list": "self.w is a list itself: one list with all Values is asked for, [*self.w, self.b]",
}
RIGHT = (
    ("return (sum(w * xi for w, xi in zip(self.w, x)) + self.b).tanh()", "return self.w + [self.b]"),
    ("n = self.b\nfor i in range(len(x)):\n    n += self.w[i] * x[i]\nreturn n.tanh()", "return [self.b] + self.w"),
)
