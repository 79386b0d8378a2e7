"""Yes or no, from one logit

For two classes one number is enough: s = 1 / (1 + exp(-z)) is the probability of "yes". With y = 1 for yes and y = 0
for no, the loss is

    L = -(y · log s + (1 - y) · log(1 - s)) = log(1 + exp(z)) - y · z

The middle one takes log(0) when the network is sure; the right one does not, if it is written so that exp never gets a
large number: log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)), and math.log1p(e) is log(1 + e), exact for a small e.

Write the loss and dL/dz, for any z.
"""

import math


def loss(z, y):
    """Binary cross-entropy from a logit."""
    # TODO
    # [
    return max(z, 0.0) + math.log1p(math.exp(-abs(z))) - y * z
    # ]


def gradient(z, y):
    """dL/dz."""
    # TODO: as simple as cross-entropy's, and without an exp of a large number
    # [
    e = math.exp(-abs(z))
    s = 1 / (1 + e) if z >= 0 else e / (1 + e)
    return s - y
    # ]


# =====
from tinygrad_edu.learn import Query


def moderate(their, z):
    told = {}
    for y in (1, 0):
        told |= {f"L, if y = {y}": their.loss(z, y), f"dL/dz, if y = {y}": their.gradient(z, y)}
    return told


def sure(their, z):
    told = {}
    for y in (1, 0):
        told |= {f"L, if y = {y}": their.loss(z, y), f"dL/dz, if y = {y}": their.gradient(z, y)}
    return told


HINTS = (
    "What is the slope of log(1 + exp(z))? It is the sigmoid of z.",
    "L = max(z, 0) + log1p(exp(-|z|)) - y·z;   dL/dz = s - y",
    "return max(z, 0.0) + math.log1p(math.exp(-abs(z))) - y * z\n"
    "e = math.exp(-abs(z))\ns = 1 / (1 + e) if z >= 0 else e / (1 + e)\nreturn s - y",
)
QUERIES = (
    Query(moderate, lambda rng: (rng.uniform(0.2, 3),), trials=2, also=((0.0,), (12.0,), (25.0,))),
    Query(moderate, lambda rng: (rng.uniform(-3, -0.2),), trials=2, also=((-1e-3,), (-12.0,))),
    Query(sure, lambda rng: (rng.uniform(800, 900),), trials=1),
    Query(sure, lambda rng: (rng.uniform(-900, -800),), trials=1),
)
_s = "e = math.exp(-abs(z))\ns = 1 / (1 + e) if z >= 0 else e / (1 + e)\n"
WRONG = {
    "it overflows": ("return math.log(1 + math.exp(z)) - y * z", "return 1 / (1 + math.exp(-z)) - y"),
    "log of 0": (_s + "return -(y * math.log(s) + (1 - y) * math.log(1 - s))", None),
    "plus for minus": ("return max(z, 0.0) + math.log1p(math.exp(-abs(z))) + y * z", None),
    "for no only": ("return max(z, 0.0) + math.log1p(math.exp(-abs(z)))", None),
    "always the size of z": ("return abs(z) + math.log1p(math.exp(-abs(z))) - y * z", None),
    "the sigmoid of the size": (None, "return 1 / (1 + math.exp(-abs(z))) - y"),
    "tanh for the sigmoid": (None, "return math.tanh(z) - y"),
    "the slope of the sigmoid": (None, _s + "return s * (1 - s)"),
    "missing minus": (None, _s + "return y - s"),
    "the slope of the sigmoid as well": (None, _s + "return (s - y) * s * (1 - s)"),
    "for yes only": (_s + "return -y * z + max(z, 0.0) * y + y * math.log1p(e)", None),
    "minus and plus for 0 and 1": (None, _s + "return s - (2 * y - 1)"),
}
SAID = {
    "it overflows": "exp of a large number is more than a float can hold: write it with exp(-|z|)",
    "log of 0": "when the network is sure, a probability is 0 or 1, and there is no log of 0",
    "the slope of the sigmoid as well": "s (1 - s) is in it, and cancels with the slope of the log: s - y is all",
    "plus for minus": "y · z is taken away: if the answer is yes, a large z costs nothing",
    "for no only": "that is the loss where y is 0: y · z is still to be taken away",
    "always the size of z": "where z is below 0, max(z, 0) is 0, and what exp gets is -|z|, below 0 too",
    "the sigmoid of the size": "that is the sigmoid of |z|: where z is below 0 it is e / (1 + e), with e = exp(-|z|)",
    "tanh for the sigmoid": "tanh goes from -1 to 1, and a probability from 0 to 1: that is the sigmoid",
    "the slope of the sigmoid": "that is how s moves with z; of the loss all of it becomes s - y",
    "for yes only": "if y is 0 the loss is log(1 + exp(z)), and not 0",
    "minus and plus for 0 and 1": "y is 0 or 1 here, not -1 or 1",
}
RIGHT = (
    ("if z > 0:\n    return (1 - y) * z + math.log1p(math.exp(-z))\nreturn math.log1p(math.exp(z)) - y * z",
     "return 0.5 * (1 + math.tanh(z / 2)) - y"),
    ("sign = 1 if y else -1\nm = -sign * z\nreturn max(m, 0.0) + math.log1p(math.exp(-abs(m)))",
     "e = math.exp(-abs(z))\nreturn (1 - y) - e / (1 + e) if z >= 0 else e / (1 + e) - y"),
)  # fmt: skip
