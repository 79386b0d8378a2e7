"""The curves that bend: tanh, sigmoid, sin, cos

tanh and the sigmoid, 1 / (1 + exp(-x)), squash every number into a narrow range; far out they are flat, and hand on
nearly nothing. Both slopes are written with the output alone. That is why backpropagation keeps outputs.
"""

import math


def tanh(x, y):
    """y = math.tanh(x): dy/dx."""
    # TODO
    # [
    return 1 - y * y
    # ]


def sigmoid(x, y):
    """y = 1 / (1 + math.exp(-x)): dy/dx."""
    # TODO
    # [
    return y * (1 - y)
    # ]


def sine(x, y):
    """y = math.sin(x): dy/dx."""
    # TODO
    # [
    return math.cos(x)
    # ]


def cosine(x, y):
    """y = math.cos(x): dy/dx."""
    # TODO
    # [
    return -math.sin(x)
    # ]


# =====
from tinygrad_edu.learn import Query


def slopes(their, x):
    return {
        "d(tanh x)/dx": their.tanh(x, math.tanh(x)),
        "d(sigmoid x)/dx": their.sigmoid(x, 1 / (1 + math.exp(-x))),
        "d(sin x)/dx": their.sine(x, math.sin(x)),
        "d(cos x)/dx": their.cosine(x, math.cos(x)),
    }


HINTS = (
    "At x = 0 tanh has the slope 1 and the output 0; far out it has the slope 0 and the output 1 or -1.",
    "tanh: 1 - y²;  sigmoid: y(1 - y);  sin: cos x;  cos: -sin x",
    "return 1 - y * y\nreturn y * (1 - y)\nreturn math.cos(x)\nreturn -math.sin(x)",
)
QUERIES = (Query(slopes, lambda rng: (rng.choice([-1, 1]) * rng.uniform(0.2, 2.5),), also=((0.0,), (-9.0,), (9.0,))),)
WRONG = {
    "input used for output": "return 1 - x * x",
    "the square is missing": "return 1 - y",
    "tanh of the output": "return 1 - math.tanh(y) ** 2",
    "the sigmoid itself": (None, "return y"),
    "the sine itself": (None, None, "return math.sin(x)"),
    "the cosine without a turn": (None, None, None, "return -math.cos(x)"),
    "one factor of the sigmoid": (None, "return 1 - y"),
    "sigmoid as tanh": (None, "return 1 - y * y"),
    "missing minus": (None, None, None, "return math.sin(x)"),
    "the sigmoid of the output": (None, "s = 1 / (1 + math.exp(-y))\nreturn s * (1 - s)"),
    "brackets of the sigmoid": (None, "return y * 1 - y"),
    "the input of the sigmoid": (None, "return x * (1 - x)"),
    "the cosine of the output": (None, None, "return math.cos(y)"),
}
SAID = {
    "the square is missing": "the slope of tanh is 1 - y², with a square",
    "tanh of the output": "y is the tanh already: 1 - y², and not the tanh once more",
    "the sigmoid itself": "that is the sigmoid; its slope has two factors, y and 1 - y",
    "the sine itself": "that is the sine; its slope is where it was a quarter of a turn before, the cosine",
    "the cosine without a turn": "the slope of cos is -sin x",
    "one factor of the sigmoid": "that is one factor of two: the slope of the sigmoid is y (1 - y)",
    "sigmoid as tanh": "that is the rule of tanh: a sigmoid lies between 0 and 1, and its slope is y (1 - y)",
    "the sigmoid of the output": "y is the sigmoid already: y (1 - y), and not the sigmoid once more",
    "brackets of the sigmoid": "* comes before -: y * (1 - y), with brackets",
    "the input of the sigmoid": "y (1 - y) wants the output y; here it was filled in with the input x",
    "the cosine of the output": "the slope of sin is taken where sin was used, at x: y is what came out of it",
}
RIGHT = (
    ("return 1 / math.cosh(x) ** 2", "return math.exp(-x) / (1 + math.exp(-x)) ** 2", None, None),
    (
        "return (1 - y) * (1 + y)",
        "return y - y**2",
        "return math.sin(x + math.pi / 2)",
        "return math.cos(x + math.pi / 2)",
    ),
)
