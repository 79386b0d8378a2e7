"""A chain of any length

    y = f3(f2(f1(x)))

steps is a list of pairs: a function, and its slope as a function, in the order in which they are applied. Compute the
output, and dy/dx.

Careful: each slope is taken where its function was used. f2's slope is asked for at f1(x), not at x, nor at the end.
"""


def chain(x, steps):
    """The output, and its derivative by x."""
    # TODO: go forward, and multiply slopes on the way (or go forward, and then back)
    # [
    slope = 1.0
    for f, df in steps:
        slope *= df(x)
        x = f(x)
    return x, slope
    # ]


# =====
from tinygrad_edu.learn import Query


def chained(their, x, names):
    import math

    known = {
        "sin": (math.sin, math.cos),
        "square": (lambda v: v * v, lambda v: 2 * v),
        "exp": (math.exp, math.exp),
        "half": (lambda v: v / 2, lambda v: 0.5),
        "tanh": (math.tanh, lambda v: 1 - math.tanh(v) ** 2),
    }
    found = their.chain(x, [known[name] for name in names])
    return {"y": found[0], "dy/dx": found[1]}


def draw(rng):
    names = ["sin", "square", "exp", "half", "tanh"]
    return rng.choice([-1, 1]) * rng.uniform(0.3, 1.2), rng.sample(names, rng.randint(3, 5))


HINTS = (
    "Walk through the steps with the number: before a step changes it, it is where that step's slope is asked for.",
    "dy/dx = f3'(f2(f1(x))) · f2'(f1(x)) · f1'(x)",
    "slope = 1.0\nfor f, df in steps:\n    slope *= df(x)\n    x = f(x)\nreturn x, slope",
)
EDGES = ((-0.8, ["square"]), (0.5, ["sin", "sin"]), (3.0, ["half", "square", "tanh", "exp", "sin", "half"]))
QUERIES = (
    Query(chained, draw, trials=4, within=1e-12, also=EDGES),
    Query(chained, lambda rng: (0.7, []), trials=1),
)
WRONG = {
    "output used for input": "slope = 1.0\nfor f, df in steps:\n    x = f(x)\n    slope *= df(x)\nreturn x, slope",
    "all slopes at x": "slope, y = 1.0, x\nfor f, df in steps:\n    slope *= df(x)\n    y = f(y)\nreturn y, slope",
    "added, not multiplied": "slope = 0.0\nfor f, df in steps:\n    slope += df(x)\n    x = f(x)\nreturn x, slope",
    "order reversed": "slope = 1.0\nfor f, df in steps[::-1]:\n    slope *= df(x)\n    x = f(x)\nreturn x, slope",
    "the last slope only": "slope = 1.0\nfor f, df in steps:\n    slope = df(x)\n    x = f(x)\nreturn x, slope",
    "the first step only": "slope = 1.0\nfor f, df in steps:\n    slope *= df(x)\n    x = f(x)\n    return x, slope",
    "the pair turned round": "slope = 1.0\nfor df, f in steps:\n    slope *= df(x)\n    x = f(x)\nreturn x, slope",
}
SAID = {
    "output used for input": "the slope of each step is asked for at its output: take it before x changes",
    "all slopes at x": "every slope is asked for at the first x: f2 was used at f1(x), so its slope belongs there",
    "added, not multiplied": "along a chain one multiplies: slopes add only where ways meet",
    "order reversed": "the functions are applied from the last to the first: the first in the list comes first",
    "the first step only": "return ends the loop in its first round: set it in less",
    "the pair turned round": "in each pair the function comes first, and then its slope",
    "the last slope only": "the slope is set anew at every step: multiply it by what is there",
}
RIGHT = (
    """
        seen = [x]
        for f, _ in steps:
            seen.append(f(seen[-1]))
        upstream = 1.0
        for (_, df), at in zip(reversed(steps), reversed(seen[:-1])):
            upstream = upstream * df(at)
        return seen[-1], upstream
    """,
    """
        if not steps:
            return x, 1.0
        (f, df), *rest = steps
        y, slope = chain(f(x), rest)
        return y, slope * df(x)
    """,
)
