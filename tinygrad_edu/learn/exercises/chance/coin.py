"""A coin has no slope, and its mean has

A program tosses a coin: b is 1 with probability p and 0 otherwise, and then it costs f(b). No gradient passes the coin,
for b is 0 or 1 and nothing between. But what it costs on average, over both outcomes and as often as each comes up, is
smooth in p.

A network does not give p but a logit z, with p = 1 / (1 + exp(-z)). Write the expected cost, and its gradient by p and
by z. All of it is exact: nothing is tossed here.
"""

import math


def expected(f, p):
    """The expected cost, for a cost f that can be asked at 0 and at 1."""
    # TODO
    # [
    return p * f(1) + (1 - p) * f(0)
    # ]


def by_probability(f, p):
    """d expected / dp."""
    # TODO
    # [
    return f(1) - f(0)
    # ]


def by_logit(f, z):
    """d expected / dz, where p is the sigmoid of z."""
    # TODO: one more link in the chain
    # [
    p = 1 / (1 + math.exp(-z))
    return (f(1) - f(0)) * p * (1 - p)
    # ]


# =====
from tinygrad_edu.learn import Query


def numbers(their, a, c, z):
    def f(b):
        return a * (b - c) ** 2 + b**3

    p = 1 / (1 + math.exp(-z))
    return {
        "expected": float(their.expected(f, p)),
        "d expected / dp": float(their.by_probability(f, p)),
        "d expected / dz": float(their.by_logit(f, z)),
    }


HINTS = (
    "Two outcomes: what does each cost, and how often does it come up?",
    "E = p·f(1) + (1 - p)·f(0), a straight line in p; and dp/dz = p (1 - p)",
    "return p * f(1) + (1 - p) * f(0)\nreturn f(1) - f(0)\n"
    "p = 1 / (1 + math.exp(-z))\nreturn (f(1) - f(0)) * p * (1 - p)",
)
QUERIES = (
    Query(
        numbers,
        lambda rng: (rng.uniform(1, 3), rng.uniform(-1, 1), rng.choice([-1, 1]) * rng.uniform(0.3, 2)),
        trials=4,
        also=((-2.0, 3.0, 0.0), (1.0, 0.5, -6.0), (1.0, 0.5, 6.0)),
    ),
)
_p = "p = 1 / (1 + math.exp(-z))\n"
WRONG = {
    "the cost of the mean": ("return f(p)", None, None),
    "the mean of both, unweighed": ("return (f(0) + f(1)) / 2", None, None),
    "the outcomes exchanged": ("return (1 - p) * f(1) + p * f(0)", None, None),
    "one weight for both": ("return p * (f(1) + f(0))", None, None),
    "0 not weighed": ("return f(0) + p * f(1)", None, None),
    "times the probability": (None, "return p * (f(1) - f(0))", None),
    "half of the slope": (None, None, _p + "return (f(1) - f(0)) * p"),
    "missing minus": (None, "return f(0) - f(1)", None),
    "weighed once more": (None, "return p * f(1) - (1 - p) * f(0)", None),
    "both added": (None, "return f(1) + f(0)", None),
    "forgot local": (None, None, "return f(1) - f(0)"),
    "the logit for the probability": (None, None, "return (f(1) - f(0)) * z * (1 - z)"),
    "forgot upstream": (None, None, _p + "return p * (1 - p)"),
}
SAID = {
    "the cost of the mean": "f(p) is what the average outcome would cost, if there were one; asked is the average of "
    "what the outcomes cost",
    "the mean of both, unweighed": "the outcomes are not equally likely: 1 comes with probability p, 0 with 1 - p",
    "the outcomes exchanged": "1 comes with probability p",
    "one weight for both": "1 comes with probability p, but 0 with 1 - p",
    "0 not weighed": "0 comes with probability 1 - p: its cost is weighed as well",
    "times the probability": "the slope of p · f(1) is f(1): the weight itself is gone",
    "half of the slope": "the slope of the sigmoid has two factors, p and 1 - p",
    "weighed once more": "the weights p and 1 - p are what is differentiated: their slopes are 1 and -1",
    "both added": "the weight of f(0) is 1 - p, and its slope is -1",
    "forgot local": "that is the gradient by p; from p to z there is the slope of the sigmoid",
    "the logit for the probability": "the slope of the sigmoid is s (1 - s), of its output, and not of z",
    "forgot upstream": "that is dp/dz alone: times what p has as its gradient",
}
RIGHT = (
    (
        "weights = {0: 1 - p, 1: p}\nreturn sum(weight * f(b) for b, weight in weights.items())",
        "return -f(0) + f(1)",
        "e = math.exp(-abs(z))\nreturn by_probability(f, z) * e / (1 + e) ** 2",
    ),
    (
        "return f(0) + p * (f(1) - f(0))",
        "return (expected(f, 1.0) - expected(f, 0.0)) / 1.0",
        "from tinygrad_edu import Value\n\nv = Value(z)\nexpected(f, v.sigmoid()).backward()\nreturn v.grad",
    ),
)
