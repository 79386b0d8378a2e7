"""How small a step?

A long step is wrong because the function bends on the way. A very short one is wrong as well: f(x + h) and f(x - h) are
then nearly the same number, a float has sixteen digits, and subtracting leaves hardly one of them.

Try steps of 0.1, 0.01, 0.001, ... 1e-15 for f at x, compare each slope with the right one, which is given, and return
the step whose slope is nearest.
"""


def best_step(f, x, right):
    """The step, of 1e-1, 1e-2, ... 1e-15, whose slope of f at x is nearest to the right one."""
    steps = [10.0**-k for k in range(1, 16)]
    # TODO: the slope for each step, and of which step it is nearest to the right one
    # [
    return min(steps, key=lambda h: abs((f(x + h) - f(x - h)) / (2 * h) - right))
    # ]


# =====
import math

from tinygrad_edu.learn import Query


def exponential(their, x):
    return {"h": their.best_step(math.exp, x, math.exp(x))}


def wave(their, k, x):
    return {"h": their.best_step(lambda t: math.sin(k * t), x / k, k * math.cos(x))}


def judge(theirs, right, *drawn):
    h = theirs["h"]
    if not any(math.isclose(h, 10.0**-k) for k in range(1, 16)):
        return f"{h:.6g} is none of the steps 0.1, 0.01, ... 1e-15"
    if not right["h"] / 11 < h < right["h"] * 11:  # the neighbours depend on how sums are rounded
        return f"a step of {h:.0e} is not the best: with {right['h']:.0e} the slope is nearer to the right one"
    return ""


HINTS = (
    "For each step: the slope that it gives, and how far that is from the right one. Of which is this smallest?",
    "error(h) = |(f(x + h) - f(x - h)) / (2h) - right|",
    "return min(steps, key=lambda h: abs((f(x + h) - f(x - h)) / (2 * h) - right))",
)
QUERIES = (
    Query(exponential, lambda rng: (rng.uniform(0, 2),), judge=judge, within=0),
    Query(wave, lambda rng: (200.0, rng.uniform(0.3, 1.2)), judge=judge, within=0),
    Query(wave, lambda rng: (1e6, rng.uniform(0.3, 1.2)), judge=judge, within=0),
    Query(wave, lambda rng: (0.005, rng.uniform(0.3, 1.2)), judge=judge, within=0),
)
WRONG = {
    "the shortest": "return min(steps)",
    "the longest": "return max(steps)",
    "without the size": "return min(steps, key=lambda h: (f(x + h) - f(x - h)) / (2 * h) - right)",
    "the slope, not the step": "slopes = [(f(x + h) - f(x - h)) / (2 * h) for h in steps]\n"
    "return min(slopes, key=lambda s: abs(s - right))",
    "one step for all": "return 1e-5",
    "the error, not the step": "return min(abs((f(x + h) - f(x - h)) / (2 * h) - right) for h in steps)",
    "the place, not the step": "errors = [abs((f(x + h) - f(x - h)) / (2 * h) - right) for h in steps]\n"
    "return errors.index(min(errors))",
    "a step to one side": "return min(steps, key=lambda h: abs((f(x + h) - f(x)) / h - right))",
}
SAID = {
    "the shortest": "shorter is not always better: below some step what is left after subtracting is rounding",
    "the longest": "a long step sees how f bends: shorter ones are nearer, up to a point",
    "without the size": "an error may be below 0 as well: it is its size that counts, abs(...)",
    "the slope, not the step": "that is a slope: the step which gives it is asked for",
    "one step for all": "which step is best is not the same for every function: one that bends much wants shorter ones",
    "the error, not the step": "that is the smallest error: the step which has it is asked for",
    "the place, not the step": "that is its place in the list: steps[place] is the step",
    "a step to one side": "a step to one side alone is less exact: h to each side, as in the exercise before",
}
RIGHT = (
    "errors = []\nfor h in steps:\n    errors.append(abs((f(x + h) - f(x - h)) / (2 * h) - right))\n"
    "return steps[errors.index(min(errors))]",
    "best, least = None, float('inf')\nfor h in reversed(steps):\n"
    "    error = ((f(x + h) - f(x - h)) / (h + h) - right) ** 2\n"
    "    if error < least:\n        best, least = h, error\n"
    "return best",
)
