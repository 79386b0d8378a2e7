"""Straight through, and what it costs

A coin lets no gradient pass. Some let one pass all the same: forward, the outcome b as it fell; backward, as if b had
been p itself, with a slope of 1. It is one line, and it is wrong: b does not move with p. How wrong?

Write the line: a Value whose number is b and whose gradient goes on to p unchanged. Then the bias: what such gradients
are on average, over both outcomes, less the true gradient of the expected cost. f is the cost and slope its slope, and
both can be asked at 0 and at 1.
"""


def through(p, b):
    """A Value with the number b; p is a Value, and gets all of the gradient that arrives."""
    # TODO
    # [
    return p + (b - p).detach()
    # ]


def bias(f, slope, p):
    """The mean of the straight-through gradient, less the gradient of the expected cost; p is a plain number."""
    # TODO
    # [
    average = p * slope(1) + (1 - p) * slope(0)
    return average - (f(1) - f(0))
    # ]


# =====
from tinygrad_edu.learn import Query


def line(their, p, factor):
    from tinygrad_edu import Value
    from tinygrad_edu.engine import topological

    answer = {}
    for b in (0, 1):
        v = Value(p, "p")
        out = their.through(v, b)
        answer[f"b = {b}: a way leads to p"] = isinstance(out, Value) and any(n is v for n in topological(out))
        answer[f"b = {b}: p is left as it was"] = v.data == p
        if isinstance(out, Value):
            (factor * out).backward()
        answer[f"b = {b}: the number"], answer[f"b = {b}: dL/dp"] = float(out), v.grad
    return answer


def biases(their, p, a, c):
    linear = their.bias(lambda b: a * b + c, lambda b: a, p)
    square = their.bias(lambda b: (b - c) ** 2, lambda b: 2 * (b - c), p)
    cube = their.bias(lambda b: a * b**3 - c * b, lambda b: 3 * a * b**2 - c, p)
    return {"of a straight line": float(linear), "of a square": float(square), "of a cube": float(cube)}


HINTS = (
    "p minus p is 0, whatever p is. What if only one of the two has a gradient?",
    "through = p + (b - p), with the second part detached;  bias = p·f'(1) + (1 - p)·f'(0) - (f(1) - f(0))",
    "return p + (b - p).detach()\naverage = p * slope(1) + (1 - p) * slope(0)\nreturn average - (f(1) - f(0))",
)
QUERIES = (
    Query(
        line,
        lambda rng: (round(rng.uniform(0.15, 0.4), 3), rng.choice([-1, 1]) * rng.uniform(0.5, 2)),
        also=((0.8, 3.0), (0.5, -1.0)),
    ),
    Query(
        biases,
        lambda rng: (round(rng.uniform(0.15, 0.4), 3), rng.uniform(0.5, 2), rng.uniform(0.3, 0.9)),
        also=((0.8, -1.5, -0.5), (0.5, 1.0, 0.0)),
    ),
)
WRONG = {
    "no way to p": ("from tinygrad_edu import Value\n\nreturn Value(b)", None),
    "nothing detached": ("return p + (b - p)", None),
    "the probability itself": ("return p + 0.0", None),
    "p overwritten": ("p.data = float(b)\nreturn p", None),
    "the wrong one detached": ("return p.detach() + b", None),
    "only the difference": ("return (b - p).detach()", None),
    "p less b": ("return p + (p - b).detach()", None),
    "times the outcome": ("return p * b", None),
    "missing minus": ("return (p + b).detach() - p", None),
    "the other way round": (None, "return f(1) - f(0) - (p * slope(1) + (1 - p) * slope(0))"),
    "not weighed": (None, "return (slope(1) + slope(0)) / 2 - (f(1) - f(0))"),
    "of one outcome": (None, "return slope(1) - (f(1) - f(0))"),
    "at the probability": (None, "return slope(p) - (f(1) - f(0))"),
    "the average alone": (None, "return p * slope(1) + (1 - p) * slope(0)"),
    "from the expected cost": (None, "return p * slope(1) + (1 - p) * slope(0) - (p * f(1) + (1 - p) * f(0))"),
}
SAID = {
    "nothing detached": "p - p has the gradient 1 - 1 = 0: one of the two must be without a gradient",
    "no way to p": "its number is right, and no gradient gets from it to p: p itself has to be in the formula",
    "the probability itself": "its number should be the outcome, and not p",
    "p overwritten": "p itself has changed: the next toss would be of another coin. Make a new Value",
    "the wrong one detached": "p is what the gradient has to reach: it is b - p that is detached",
    "only the difference": "its number is b - p: p has to be added, with its gradient",
    "p less b": "p + (p - b) is no b: turn the difference round",
    "times the outcome": "its number should be b; and if b is 0, no gradient passes a product with it",
    "missing minus": "the number and the gradient have turned their sign: p + ..., and the rest detached",
    "the other way round": "the bias is what the estimate is on average, less what is true",
    "not weighed": "the outcomes are not equally likely: 1 comes with probability p, 0 with 1 - p",
    "of one outcome": "b may be 0 as well: weigh both",
    "at the probability": "the slope is asked where the coin has fallen, at 0 or at 1",
    "the average alone": "that is what it gives on average; take off what it should give",
    "from the expected cost": "take off the gradient of the expected cost, f(1) - f(0), and not the cost",
}
RIGHT = (
    (
        "return p + (b - p.data)",
        "exact = f(1) - f(0)\nreturn p * (slope(1) - exact) + (1 - p) * (slope(0) - exact)",
    ),
    (
        "return b + (p - p.data)",
        "return slope(0) + p * (slope(1) - slope(0)) + f(0) - f(1)",
    ),
)
