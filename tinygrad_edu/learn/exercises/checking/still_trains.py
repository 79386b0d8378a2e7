"""Wrong, and it still trains

This network learns: its loss falls, from step to step. And yet one of its local gradients is wrong, as somebody's often
is: training goes on, only slower and to a worse place, and nobody looks. A falling loss is no proof of a gradient.

Which rule is it? Compare each with differences, at a few numbers, and then put it right: RULES has for every operation
its function, and its local gradients by input.
"""

import math


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


# TODO: find the rule that is wrong, and write it right
RULES = {
    "mul": (lambda a, b: a * b, lambda a, b: (b, a)),
    "add": (lambda a, b: a + b, lambda a, b: (1.0, 1.0)),
    "tanh": (lambda x: math.tanh(x), lambda x: (1 - math.tanh(x) ** 2,)),
    # [
    "sigmoid": (sigmoid, lambda x: (sigmoid(x) * (1 - sigmoid(x)),)),
    "softplus": (lambda x: math.log1p(math.exp(x)), lambda x: (sigmoid(x),)),
    "square": (lambda x: x * x, lambda x: (2 * x,)),
    # | "sigmoid": (sigmoid, lambda x: (sigmoid(x) * (1 - sigmoid(x)),)),
    # | "softplus": (lambda x: math.log1p(math.exp(x)), lambda x: (sigmoid(x) * (1 - sigmoid(x)),)),
    # | "square": (lambda x: x * x, lambda x: (2 * x,)),
    # ]
}


# =====
from tinygrad_edu.learn import Query


def rules(their, x, y):
    found = {}
    for name, arity in (("mul", 2), ("add", 2), ("tanh", 1), ("sigmoid", 1), ("softplus", 1), ("square", 1)):
        forward, local = their.RULES[name]
        args = (x, y)[:arity]
        found[f"{name}: its value"] = forward(*args)
        found[f"{name}: its local gradients"] = list(local(*args))
    return found


HINTS = (
    "For each rule and each of its inputs: push the input by 1e-6 to both sides. Is the slope what the rule says?",
    "d log(1 + exp x) / dx = exp x / (1 + exp x), which is the sigmoid of x",
    '"softplus": (lambda x: math.log1p(math.exp(x)), lambda x: (sigmoid(x),)),',
)
QUERIES = (
    Query(
        rules,
        lambda rng: (rng.choice([-1, 1]) * rng.uniform(0.3, 2), rng.uniform(0.5, 2)),
        also=((-1.5, -0.5), (0.0, 0.0), (4.0, 2.0)),
    ),
)
_rows = {
    "sigmoid": '"sigmoid": (sigmoid, lambda x: ({},)),',
    "softplus": '"softplus": (lambda x: math.log1p(math.exp(x)), lambda x: ({},)),',
    "square": '"square": (lambda x: x * x, lambda x: ({},)),',
}


def _with(**slopes):
    slopes = {"sigmoid": "sigmoid(x) * (1 - sigmoid(x))", "softplus": "sigmoid(x)", "square": "2 * x"} | slopes
    return "\n".join(row.format(slopes[name]) for name, row in _rows.items())


WRONG = {
    "nothing is mended": _with(softplus="sigmoid(x) * (1 - sigmoid(x))"),
    "the sigmoid was right": _with(sigmoid="sigmoid(x)", softplus="sigmoid(x) * (1 - sigmoid(x))"),
    "missing minus": _with(softplus="sigmoid(-x)"),
    "the square was right": _with(square="x", softplus="sigmoid(x) * (1 - sigmoid(x))"),
    "it overflows": _with(softplus="math.exp(x)"),
}
SAID = {
    "nothing is mended": "softplus is log(1 + exp x), and its slope is not that of the sigmoid",
    "the sigmoid was right": "the sigmoid's rule was right; put it back, and look at the others",
    "missing minus": "at a large x softplus rises as x does, with the slope 1: sigmoid(x), and not sigmoid(-x)",
    "the square was right": "the square's rule was right; put it back, and look at the others",
    "it overflows": "divide: exp x / (1 + exp x)",
}
RIGHT = (
    _with(softplus="math.exp(x) / (1 + math.exp(x))"),
    _with(softplus="1 / (1 + math.exp(-x))", sigmoid="math.exp(-x) * sigmoid(x) ** 2", square="x + x"),
)
