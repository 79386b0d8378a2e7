"""What a gradient is good for

The gradient says in which direction f rises, and how steeply. Move every number a little along it, x + rate · slope,
and f becomes larger; move against it, and f becomes smaller. By how much? For a small rate, by the rate times the sum
of all squared slopes: each number contributes its slope twice, once because it moved by it and once because f answers.

Write the move downhill, and the change that it promises (a number below 0).
"""


def downhill(xs, slopes, rate):
    """The numbers after one step against their slopes."""
    # TODO: a new list
    # [
    return [x - rate * s for x, s in zip(xs, slopes)]
    # ]


def promised(slopes, rate):
    """How much f should change in that step, as far as its slopes can tell."""
    # TODO
    # [
    return -rate * sum(s * s for s in slopes)
    # ]


# =====
from tinygrad_edu.learn import Query


def step(their, xs, slopes, rate):
    given = list(xs)
    found = their.downhill(given, list(slopes), rate)
    return {"downhill": found, "promised": their.promised(list(slopes), rate), "xs is as it was": given == list(xs)}


def draw(rng):
    n = rng.randint(2, 4)
    return [rng.uniform(-2, 2) for _ in range(n)], [rng.uniform(-3, 3) for _ in range(n)], rng.choice([0.01, 0.1])


HINTS = (
    "Each number moves by rate · its slope, against it. f answers to each move with slope · move.",
    "new x = x - rate · slope;   change = Σ slope · (-rate · slope) = -rate · Σ slope²",
    "return [x - rate * s for x, s in zip(xs, slopes)]\nreturn -rate * sum(s * s for s in slopes)",
)
QUERIES = (
    Query(step, draw, also=(([1.5], [-2.0], 0.1), ([1.0, 1.0, 1.0, 0.0, 2.0], [2.0, -2.0, 2.0, 0.0, 30.0], 0.01))),
)
WRONG = {
    "uphill": ("return [x + rate * s for x, s in zip(xs, slopes)]", "return -rate * sum(s * s for s in slopes)"),
    "missing minus": (None, "return rate * sum(s * s for s in slopes)"),
    "not squared": (None, "return -rate * sum(slopes)"),
    "squared sum": (None, "return -rate * sum(slopes) ** 2"),
    "forgot the rate": ("return [x - s for x, s in zip(xs, slopes)]", None),
    "in place": ("for i in range(len(xs)):\n    xs[i] -= rate * slopes[i]\nreturn xs", None),
    "forgot to sum": (None, "return [-rate * s * s for s in slopes]"),
    "the first only": (None, "for s in slopes:\n    return -rate * s * s"),
}
SAID = {
    "uphill": "x + rate · slope makes f larger: against the slope is downhill",
    "not squared": "a number that moves by -rate · slope changes f by slope · (-rate · slope): the slope counts twice",
    "squared sum": "each slope is squared, and then they are added: not the other way round",
    "forgot the rate": "the step is the whole slope: rate says how much of it",
    "forgot to sum": "one number is asked for: the sum of what all slopes give",
    "the first only": "return ends the loop in its first round: add up first, and return below the loop",
    "in place": "the numbers are right, but the list that was given has changed: make a new one",
}
RIGHT = (
    ("fresh = []\nfor i in range(len(xs)):\n    fresh.append(xs[i] + -rate * slopes[i])\nreturn fresh", None),
    (None, "change = 0.0\nfor s in slopes:\n    change += s * (-rate * s)\nreturn change"),
)
