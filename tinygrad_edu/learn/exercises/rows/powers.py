"""Powers, exp and log

Each of these has one input, so one local gradient. Some are said most simply by the output y, which is there already
when the slope is asked for: exp is its own slope.
"""

import math


def power(x, n):
    """y = x ** n, where n is a plain number: dy/dx."""
    # TODO
    # [
    return n * x ** (n - 1)
    # ]


def root(x, y):
    """y = math.sqrt(x): dy/dx. x or y, whichever you like."""
    # TODO
    # [
    return 0.5 / y
    # ]


def exponential(x, y):
    """y = math.exp(x): dy/dx."""
    # TODO
    # [
    return y
    # ]


def logarithm(x, y):
    """y = math.log(x): dy/dx."""
    # TODO
    # [
    return 1 / x
    # ]


# =====
from tinygrad_edu.learn import Query


def slopes(their, x, n):
    return {
        f"d(x**{n})/dx": their.power(x, n),
        "d(sqrt x)/dx": their.root(x, math.sqrt(x)),
        "d(exp x)/dx": their.exponential(x, math.exp(x)),
        "d(log x)/dx": their.logarithm(x, math.log(x)),
    }


HINTS = (
    "A root is a power too, x to the power ½. exp grows as fast as it is large. log is what exp undoes.",
    "n · x to the power n-1;  1 / (2√x);  exp x;  1/x",
    "return n * x ** (n - 1)\nreturn 0.5 / y\nreturn y\nreturn 1 / x",
)


def any_power(their, x, n):
    return {f"d(x**{n})/dx": their.power(x, n)}


QUERIES = (
    Query(slopes, lambda rng: (rng.uniform(0.3, 3), rng.choice([-2, -1, 2, 3, 4])), also=((0.05, 2), (25.0, -1))),
    Query(any_power, lambda rng: (rng.uniform(-3, -0.3), rng.choice([-3, -2, 2, 3, 4])),
          also=((-1.5, 2), (1.7, 2.5), (0.6, -0.5), (2.0, 1), (-2.0, 0))),
)  # fmt: skip
WRONG = {
    "the power stays": "return n * x**n",
    "forgot the factor": "return x ** (n - 1)",
    "input used for output": (None, None, "return x"),
    "output used for input": (None, None, None, "return 1 / y"),
    "factor 2": (None, "return 1 / y"),
    "a rule for powers used for exp": (None, None, "return x * math.exp(x - 1)"),
    "brackets around the power": "return n * x**n - 1",
    "the factor is one less": "return (n - 1) * x**n",
    "n less 1 in front": "return (n - 1) * x ** (n - 1)",
    "under the root": (None, "return 1 / (2 * x)"),
    "exp of the output": (None, None, "return math.exp(y)"),
    "the log itself": (None, None, None, "return math.log(x)"),
    "brackets below the line": (None, "return 1 / 2 * y"),
    "the sign of a falling power": (None, "return -0.5 / y"),
    "exp times its input": (None, None, "return x * y"),
}
SAID = {
    "the power stays": "the slope of x**n is n times x to the power n - 1: one less than n",
    "forgot the factor": "the n comes down in front: n times x to the power n - 1",
    "a rule for powers used for exp": "in exp x the x is above: the rule of powers, with n above, does not fit it",
    "brackets around the power": "** comes before -: x ** (n - 1), with brackets",
    "the factor is one less": "the other way round: n stays in front, and the power is one less",
    "n less 1 in front": "n comes down as it is, and only the power becomes one less",
    "under the root": "below the line stands twice the root, y, and not what is under it",
    "exp of the output": "y is exp x already, and exp is its own slope: y",
    "the log itself": "that is log itself: its slope is 1/x",
    "brackets below the line": "1 / 2 * y is y/2: the whole product goes below the line, 1 / (2 * y)",
    "the sign of a falling power": "a root grows with x, so its slope is above 0: the power is negative, and the "
    "factor is not",
    "exp times its input": "exp is its own slope: y alone, and nothing besides",
}
RIGHT = (
    ("return n * x**n / x", "return 0.5 * x**-0.5", "return math.exp(x)", "return x**-1"),
    ("return n * math.pow(x, n - 1)", "return 1 / (2 * math.sqrt(x))", None, "return math.exp(-y)"),
)
