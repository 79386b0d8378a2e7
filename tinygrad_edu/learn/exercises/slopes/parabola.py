"""A slope is a rise over a run

How steep is a function f at x? Go a small step h to the right and as small a step to the left, and look how much f has
risen between the two. The rise over the run is the slope: how much f changes for each unit that x changes.

Write it for any f: f is a function, so f(x + h) is a number.
"""


def slope(f, x, h=1e-5):
    """The slope of f at x, by a step of h to each side."""
    # TODO: the rise between x - h and x + h, over the run between them
    # [
    return (f(x + h) - f(x - h)) / (2 * h)
    # ]


# =====
import math

from tinygrad_edu.learn import Query


def parabola(their, x):
    return {"slope of 3x² - 4x + 5": their.slope(lambda t: 3 * t * t - 4 * t + 5, x)}


def sine(their, x):
    return {"slope of sin": their.slope(math.sin, x)}


HINTS = (
    "A straight line through (x - h, f(x - h)) and (x + h, f(x + h)): how far does it rise, and how far does it run?",
    "slope = (f(x + h) - f(x - h)) / (how far x + h is from x - h)",
    "return (f(x + h) - f(x - h)) / (2 * h)",
)


def wide(their, x, h):
    return {"slope of x³ by a wide step": their.slope(lambda t: t**3, x, h)}


QUERIES = (
    Query(parabola, lambda rng: (rng.uniform(-3, 3),), within=1e-7, also=((0.0,),)),
    Query(sine, lambda rng: (rng.uniform(-3, 3),), within=1e-7, also=((3.0,),)),
    Query(wide, lambda rng: (rng.uniform(-3, 3), rng.uniform(0.1, 0.5))),
)
WRONG = {
    "factor 2": "return (f(x + h) - f(x - h)) / h",
    "missing minus": "return (f(x - h) - f(x + h)) / (2 * h)",
    "forgot the run": "return f(x + h) - f(x - h)",
    "brackets around the run": "return (f(x + h) - f(x - h)) / 2 * h",
    "brackets around the rise": "return f(x + h) - f(x - h) / (2 * h)",
    "no brackets": "return f(x + h) - f(x - h) / 2 * h",
    "the formula of one function": "return 2 * x",
    "a step to one side": "return (f(x + h) - f(x)) / h",
    "a step to the left alone": "return (f(x) - f(x - h)) / h",
    "a step of its own": "h = 1e-6\nreturn (f(x + h) - f(x - h)) / (2 * h)",
}
SAID = {
    "forgot the run": "it is the rise alone: divide by how far x + h is from x - h",
    "brackets around the run": "a / 2 * h is (a / 2) * h: the whole run goes below the line, / (2 * h)",
    "brackets around the rise": "/ comes before -: the whole rise goes above the line, (f(x + h) - f(x - h))",
    "no brackets": "/ and * come before -: brackets around the rise, and around the run",
    "the formula of one function": "that is the slope of x²: f may be any function, so ask f for its numbers",
    "a step to one side": "one of the steps is missing: h to the right, and h to the left",
    "a step to the left alone": "one of the steps is missing: h to the right, and h to the left",
    "a step of its own": "h is given, and any h may be asked for: step by that",
}
RIGHT = (
    "return ((f(x + h) - f(x)) / h + (f(x) - f(x - h)) / h) / 2",
    "left, right = x - h, x + h\nreturn (f(right) - f(left)) / (right - left)",
)
