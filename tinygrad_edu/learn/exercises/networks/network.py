"""Layers, and layers of layers

A layer is several neurons that see the same inputs; its output is a list. A network is layers in a row: what one gives
is what the next gets. MLP(3, [4, 2]) has 3 inputs, a layer of 4 neurons with 3 weights each, and one of 2 neurons with
4 weights each.
"""

import random

from tinygrad_edu import Value


class Neuron:
    """A weighted sum through tanh."""

    def __init__(self, inputs, rng=random):
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(rng.uniform(-1, 1))

    def __call__(self, x):
        return (sum(w * xi for w, xi in zip(self.w, x)) + self.b).tanh()

    def parameters(self):
        return [*self.w, self.b]


class Layer:
    """Neurons side by side."""

    def __init__(self, inputs, outputs, rng=random):
        self.neurons = [Neuron(inputs, rng) for _ in range(outputs)]

    def __call__(self, x):
        # TODO: a list with what each neuron says
        # [
        return [neuron(x) for neuron in self.neurons]
        # ]

    def parameters(self):
        # TODO: one list, with those of all neurons
        # [
        return [p for neuron in self.neurons for p in neuron.parameters()]
        # ]


class MLP:
    """Layers in a row: sizes are the outputs of each."""

    def __init__(self, inputs, sizes, rng=random):
        # TODO: self.layers; what goes into a layer is what comes out of the one before
        # [
        ends = [inputs, *sizes]
        self.layers = [Layer(a, b, rng) for a, b in zip(ends, ends[1:])]
        # ]

    def __call__(self, x):
        # TODO: through all layers
        # [
        for layer in self.layers:
            x = layer(x)
        return x
        # ]

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


# =====
from tinygrad_edu.learn import Query


def layer(their, seed, xs, outputs):
    one = their.Layer(len(xs), outputs, random.Random(seed))
    out = one(list(xs))
    return {"outputs": [o.data for o in out], "number of parameters": len(one.parameters())}


def mlp(their, seed, xs, sizes):
    rng = random.Random(seed)
    model = their.MLP(len(xs), list(sizes), rng)
    drawn = rng.getstate() != random.Random(seed).getstate()
    out = model(list(xs))
    out[0].backward()
    weights = {f"weights of a neuron in layer {i}": len(one.neurons[0].w) for i, one in enumerate(model.layers)}
    steep = sum(p.grad**2 for one in model.layers for n in one.neurons for p in [*n.w, n.b])
    return {
        "layers": len(model.layers),
        **weights,
        "rng was handed on to the layers, and has drawn their weights": drawn,
        "outputs": [o.data for o in out],
        "number of parameters": len(model.parameters()),
        "sum of squared gradients": steep,
    }


def draw(rng):
    return rng.randint(0, 99), [rng.uniform(-1, 1) for _ in range(3)], rng.randint(2, 4)


def draw_mlp(rng):
    return rng.randint(0, 99), [rng.uniform(-1, 1) for _ in range(3)], [4, rng.randint(3, 5), 2]


HINTS = (
    "A layer asks each of its neurons the same. A network hands the answer of one layer to the next.",
    "sizes of the layers, inputs first: [inputs, *sizes]; each layer goes from one of them to the next",
    "return [neuron(x) for neuron in self.neurons]\n"
    "return [p for neuron in self.neurons for p in neuron.parameters()]\n"
    "ends = [inputs, *sizes]\nself.layers = [Layer(a, b, rng) for a, b in zip(ends, ends[1:])]\n"
    "for layer in self.layers:\n    x = layer(x)\nreturn x",
)
QUERIES = (
    Query(layer, draw, also=((5, [0.5], 1), (6, [0.3, -0.2], 5))),
    Query(mlp, draw_mlp, also=((5, [0.5], [1]), (6, [0.3, -0.2], [2, 3, 3, 1]), (7, [0.1, 0.4, 0.9], [2]))),
)
WRONG = {
    "every layer sees the inputs": (None, None, "self.layers = [Layer(inputs, n, rng) for n in sizes]",
                                    "for layer in self.layers:\n    x = (layer(x) * 3)[:3]\nreturn x"),
    "every layer asked the same": (
        None, None, None, "out = x\nfor layer in self.layers:\n"
        "    out = layer(x[:1] * len(layer.neurons[0].w))\nreturn out"),
    "the last layer is left out": (None, None, "ends = [inputs, *sizes]\n"
                                   "self.layers = [Layer(a, b, rng) for a, b in zip(ends[:-1], ends[1:-1])]"),
    "what came out is lost": (None, None, None, "for layer in self.layers:\n    layer(x)\nreturn x"),
    "the first neuron alone": ("return self.neurons[0](x)", None, None, None),
    "a list of what all layers say": (None, None, None, "return [layer(x) for layer in self.layers]"),
    "lists in a list": (None, "return [neuron.parameters() for neuron in self.neurons]"),
    "one neuron only": ("return [self.neurons[0](x)]", None, None, None),
    "the same inputs for all": (None, None, "self.layers = [Layer(inputs, n, rng) for n in sizes]", None),
}  # fmt: skip
SAID = {
    "every layer sees the inputs": "each layer should have as many weights as the layer before it has outputs",
    "every layer asked the same": "each layer should get what the one before it gave, not the inputs again",
    "the last layer is left out": "there is a layer too few: as many as there are sizes",
    "what came out is lost": "what a layer gives is what the next one gets: x = layer(x)",
    "the first neuron alone": "a list is asked for, with what every neuron says",
    "a list of what all layers say": "one layer after the other: what one gives is what the next one gets",
    "lists in a list": "parameters() gives a list for each neuron: one list with all of them is asked for",
    "one neuron only": "every neuron of the layer gives one output",
    "the same inputs for all": "each layer should have as many weights as the layer before it has outputs",
}
RIGHT = (
    ("return list(map(lambda n: n(x), self.neurons))", "return sum([n.parameters() for n in self.neurons], [])",
     "self.layers = []\nfor size in sizes:\n    self.layers.append(Layer(inputs, size, rng))\n    inputs = size", None),
    ("out = []\nfor n in self.neurons:\n    out.append(n(x))\nreturn out",
     "found = []\nfor n in self.neurons:\n    found.extend(n.parameters())\nreturn found",
     None, "import functools\nreturn functools.reduce(lambda v, layer: layer(v), self.layers, x)"),
)  # fmt: skip
