"""The whole pass, by deltas

layers is a list of (W, b), the first layer first; every unit is tanh, and L = Σ ½(a - y)² over the outputs. Go forward,
and keep every layer's output. Then go back: the deltas of the last layer, and from each layer's deltas those of the one
before it. On the way, for each layer,

    dL/dW[i][j] = δ[i] · (what came into the layer)[j]        dL/db[i] = δ[i]

Return a list with (dW, db) for each layer, the first layer first.
"""

import math


def forward(layers, x):
    """The outputs of all layers, the inputs first."""
    outputs = [list(x)]
    for W, b in layers:
        outputs.append([math.tanh(sum(w * v for w, v in zip(row, outputs[-1])) + c) for row, c in zip(W, b)])
    return outputs


def gradients(layers, x, y):
    """(dW, db) for each layer."""
    outputs = forward(layers, x)
    # TODO
    # [
    delta = [(a - t) * (1 - a * a) for a, t in zip(outputs[-1], y)]
    found = []
    for k in reversed(range(len(layers))):
        W, came = layers[k][0], outputs[k]
        found.insert(0, ([[d * v for v in came] for d in delta], delta))
        if k:
            delta = [sum(row[j] * d for row, d in zip(W, delta)) * (1 - came[j] ** 2) for j in range(len(came))]
    return found
    # ]


# =====
from tinygrad_edu.learn import Query


def network(their, layers, x, y):
    found = their.gradients(layers, list(x), list(y))
    named = {}
    for k in reversed(range(len(layers))):
        dW, db = found[k]
        named[f"layer {k + 1}, dL/db"] = db
        named[f"layer {k + 1}, dL/dW"] = dW
    return named


def draw(rng):
    sizes = [3, 4, 2]
    layers = [
        ([[rng.uniform(-1, 1) for _ in range(n)] for _ in range(m)], [rng.uniform(-1, 1) for _ in range(m)])
        for n, m in zip(sizes, sizes[1:])
    ]
    return layers, [rng.uniform(-1, 1) for _ in range(3)], [rng.uniform(-1, 1) for _ in range(2)]


HINTS = (
    "Use the two exercises before: the delta of the last layer, then one layer back, until the first.",
    "δ = (a - y)(1 - a²);   dW = δ · what came in, each with each;   db = δ;   δ of the layer before = (Wᵀ δ)(1 - a²)",
    "delta = [(a - t) * (1 - a * a) for a, t in zip(outputs[-1], y)]\nfound = []\n"
    "for k in reversed(range(len(layers))):\n    W, came = layers[k][0], outputs[k]\n"
    "    found.insert(0, ([[d * v for v in came] for d in delta], delta))\n"
    "    delta = [sum(row[j] * d for row, d in zip(W, delta)) * (1 - came[j] ** 2) for j in range(len(came))]\n"
    "return found",
)
EDGES = (
    ([([[-1.5]], [0.5])], [0.5], [2.0]),
    (
        [([[0.5, -0.25]], [0.0]), ([[1.0], [2.0]], [0.5, 0.5]), ([[1.0, -1.0]], [-1.5]), ([[2.0]], [0.0])],
        [1.0, 1.0],
        [0.5],
    ),
)
QUERIES = (Query(network, draw, also=EDGES),)


def _pass(
    first="(a - t) * (1 - a * a)",
    came="outputs[k]",
    dW="[[d * v for v in came] for d in delta]",
    back="sum(row[j] * d for row, d in zip(W, delta)) * (1 - outputs[k][j] ** 2)",
    put="insert(0, ",
):
    return f"""
        delta = [{first} for a, t in zip(outputs[-1], y)]
        found = []
        for k in reversed(range(len(layers))):
            W, came = layers[k][0], {came}
            found.{put}({dW}, delta))
            if k:
                delta = [{back} for j in range(len(outputs[k]))]
        return found
    """


WRONG = {
    "missing minus": _pass(first="(t - a) * (1 - a * a)"),
    "forgot local": _pass(first="(a - t)"),
    "no slope in the hidden layer": _pass(back="sum(row[j] * d for row, d in zip(W, delta))"),
    "order reversed": _pass(put="append("),
    "the output for what came in": _pass(came="(outputs[k + 1] * 3)[: len(outputs[k])]"),
    "sigmoid for tanh": _pass(first="(a - t) * a * (1 - a)"),
    "the loss for its slope": _pass(first="(a - t) ** 2 / 2 * (1 - a * a)"),
    "without what came in": _pass(dW="[[d for v in came] for d in delta]"),
    "transposed": _pass(dW="[[d * v for d in delta] for v in came]"),
    "the hidden layer without delta": _pass(back="sum(row[j] for row in W) * (1 - outputs[k][j] ** 2)"),
    "the output for the slope": _pass(back="sum(row[j] * d for row, d in zip(W, delta)) * outputs[k][j]"),
    "one unit only": _pass(back="W[0][j] * delta[0] * (1 - outputs[k][j] ** 2)"),
    "factor 2": _pass(first="2 * (a - t) * (1 - a * a)"),
}
SAID = {
    "forgot local": "the last layer's deltas lack the slope of tanh, 1 - a²",
    "no slope in the hidden layer": "the hidden layer's deltas lack the slope of tanh, 1 - a²",
    "order reversed": "the layers are in the order of the walk back: the first layer comes first",
    "the output for what came in": "a weight's gradient is δ times what came *into* its layer, not what came out",
    "sigmoid for tanh": "the units are tanh, whose slope is 1 - a²; a (1 - a) is the sigmoid's",
    "the loss for its slope": "½(a - y)² is what the output costs: its slope is a - y",
    "without what came in": "dL/dW[i][j] is δ[i] times what came into the layer at j",
    "the hidden layer without delta": "what goes back over W[i][j] is W[i][j] · δ[i]: the δ is missing",
    "the output for the slope": "the slope of tanh is 1 - a², and not a itself",
    "one unit only": "a hidden unit feeds every unit of the next layer: what comes back from all of them adds up",
    "factor 2": "the ½ in the loss takes the 2 of the square away",
}
RIGHT = (
    """
        arriving = [a - t for a, t in zip(outputs[-1], y)]
        found = [None] * len(layers)
        for k in range(len(layers) - 1, -1, -1):
            W, b = layers[k]
            delta = [g * (1 - a * a) for g, a in zip(arriving, outputs[k + 1])]
            found[k] = [[outputs[k][j] * d for j in range(len(outputs[k]))] for d in delta], delta
            arriving = [sum(w * d for w, d in zip(column, delta)) for column in zip(*W)]
        return found
    """,
    """
        def back(k, delta):
            W, came = layers[k][0], outputs[k]
            here = ([[d * v for v in came] for d in delta], delta)
            if k == 0:
                return [here]
            before = [sum(W[i][j] * delta[i] for i in range(len(W))) * (1 - came[j] ** 2) for j in range(len(came))]
            return back(k - 1, before) + [here]

        return back(len(layers) - 1, [(a - t) * (1 - a) * (1 + a) for a, t in zip(outputs[-1], y)])
    """,
)
