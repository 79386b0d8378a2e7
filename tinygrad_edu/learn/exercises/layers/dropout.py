"""Dropout

In training, each number stays with probability p and is 0 otherwise: so no unit can rely on another. What stays is
divided by p, so that on the average as much comes out as went in; then nothing is left to do when the network is used
("inverted" dropout). mask has the shape of x, 1 for what stays and 0 for what is dropped.

Write what comes out in training, what comes out when the network is used, and dL/dx of the training: what was dropped
had no influence, and what was enlarged had more.
"""

import numpy as np


def forward(x, mask, p):
    """What comes out in training."""
    # TODO
    # [
    return x * mask / p
    # ]


def used(x, p):
    """What comes out when the network is used, and nothing is dropped."""
    # TODO
    # [
    return x
    # ]


def backward(dout, mask, p):
    """dL/dx, of the training."""
    # TODO
    # [
    return dout * mask / p
    # ]


# =====
from tinygrad_edu.learn import Query


def training(their, x, mask, p):
    return {"out": their.forward(np.array(x), np.array(mask), p)}


def use(their, x, p):
    return {"out, when it is used": their.used(np.array(x), p)}


def gradient(their, dout, mask, p):
    return {"dx": their.backward(np.array(dout), np.array(mask), p)}


def draw(rng):
    x = [[rng.uniform(-2, 2) for _ in range(4)] for _ in range(3)]
    mask = [[float((i + j + rng.randrange(2)) % 3 > 0) for j in range(4)] for i in range(3)]
    return x, mask, rng.choice([0.6, 0.7, 0.75, 0.8])


NEEDS = ("numpy",)
HINTS = (
    "Every number is multiplied by one number: 0 if it is dropped, 1/p if it stays. What is the slope of that?",
    "out = x · mask / p;   when it is used: x;   dx = dout · mask / p",
    "return x * mask / p\nreturn x\nreturn dout * mask / p",
)
EDGES = (([[-1.5]], [[1.0]], 0.5), ([[0.5, 0.5, 0.0, 30.0, 0.5, 0.5]], [[0.0, 1.0, 1.0, 1.0, 0.0, 1.0]], 0.9))
QUERIES = (
    Query(training, draw, also=EDGES),
    Query(use, lambda rng: draw(rng)[::2], also=tuple(edge[::2] for edge in EDGES)),
    Query(gradient, draw, also=EDGES),
)
WRONG = {
    "not enlarged": ("return x * mask", None, "return dout * mask"),
    "divided by what is dropped": ("return x * mask / (1 - p)", None, "return dout * mask / (1 - p)"),
    "smaller in use": (None, "return x * p", None),
    "larger in use": (None, "return x / p", None),
    "forgot upstream": (None, None, "return mask / p"),
    "the mask is missing": (None, None, "return dout / p"),
    "forgot local": (None, None, "return dout"),
    "the others dropped": ("return x * (1 - mask) / p", None, "return dout * (1 - mask) / p"),
    "multiplied by p": ("return x * mask * p", None, "return dout * mask * p"),
}
SAID = {
    "not enlarged": "what stays is to be divided by p, so that on the average as much comes out as went in",
    "divided by what is dropped": "p is the probability to stay, and 1 - p that to be dropped: divide by p",
    "smaller in use": "dividing by p in training has seen to that already: nothing is left to do",
    "larger in use": "what stays is divided by p in training alone: nothing is left to do when it is used",
    "the mask is missing": "what was dropped had no influence, so its gradient is 0: times the mask",
    "forgot local": "it is what arrives, handed on as it is: times the mask, divided by p",
    "the others dropped": "1 in the mask is for what stays, and 0 for what is dropped",
    "multiplied by p": "what stays is divided by p, so that it becomes larger, not smaller",
}
RIGHT = (
    ("return np.where(mask > 0, x / p, 0.0)", "return 1.0 * x", "return np.where(mask > 0, dout / p, 0.0)"),
    (
        "out = x.copy()\nout[mask == 0] = 0\nreturn out / p",
        None,
        """
            dx = np.zeros(dout.shape)
            for i in range(dout.shape[0]):
                for j in range(dout.shape[1]):
                    if mask[i, j]:
                        dx[i, j] = dout[i, j] / p
            return dx
        """,
    ),
)
