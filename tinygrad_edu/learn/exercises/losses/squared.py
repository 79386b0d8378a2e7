"""Squared error

    L = ((p1 - y1)² + (p2 - y2)² + ... + (pn - yn)²) / n

How far predictions are from what was wanted, squared, on the average. Write it, and its gradient: one number for each
prediction, which says how the loss changes if that prediction grows.
"""


def loss(predictions, targets):
    """The mean of the squared errors."""
    # TODO
    # [
    return sum((p - y) ** 2 for p, y in zip(predictions, targets)) / len(targets)
    # ]


def gradient(predictions, targets):
    """dL/dp for each prediction p, in a list."""
    # TODO
    # [
    n = len(targets)
    return [2 * (p - y) / n for p, y in zip(predictions, targets)]
    # ]


# =====
from tinygrad_edu.learn import Query


def both(their, predictions, targets):
    return {"L": their.loss(predictions, targets), "dL/dp": list(their.gradient(predictions, targets))}


def draw(rng):
    n = rng.randint(3, 5)
    return [rng.uniform(-2, 2) for _ in range(n)], [rng.uniform(-2, 2) for _ in range(n)]


HINTS = (
    "Only one term of the sum contains a given prediction. What is the slope of its square?",
    "dL/dp = 2 (p - y) / n",
    "return sum((p - y) ** 2 for p, y in zip(predictions, targets)) / len(targets)\n"
    "return [2 * (p - y) / len(targets) for p, y in zip(predictions, targets)]",
)
QUERIES = (
    Query(
        both,
        draw,
        also=(
            ([1.5], [-0.5]),
            ([3, 1], [1, 4]),
            ([0.5, 0.5, 0.0, 30.0, 0.5, 1.0, 2.0], [0.5, 2.0, 2.0, 1.0, 2.0, 0.0, 2.0]),
        ),
    ),
)
WRONG = {
    "missing minus": (None, "return [2 * (y - p) / len(targets) for p, y in zip(predictions, targets)]"),
    "factor 1/2": (None, "return [(p - y) / len(targets) for p, y in zip(predictions, targets)]"),
    "sum for mean": (None, "return [2 * (p - y) for p, y in zip(predictions, targets)]"),
    "averaged twice": (None, "n = len(targets)\nreturn [2 * (p - y) / n / n for p, y in zip(predictions, targets)]"),
    "integer division": ("return sum((p - y) ** 2 for p, y in zip(predictions, targets)) // len(targets)", None),
    "not squared": ("return sum(p - y for p, y in zip(predictions, targets)) / len(targets)", None),
    "the mean, squared": ("return (sum(p - y for p, y in zip(predictions, targets)) / len(targets)) ** 2", None),
    "the sum, squared": ("return sum(p - y for p, y in zip(predictions, targets)) ** 2 / len(targets)", None),
    "the root of it": (
        "return (sum((p - y) ** 2 for p, y in zip(predictions, targets)) / len(targets)) ** 0.5",
        None,
    ),
    "the loss of the first": ("for p, y in zip(predictions, targets):\n    return (p - y) ** 2 / len(targets)", None),
    "how far, not squared": ("return sum(abs(p - y) for p, y in zip(predictions, targets)) / len(targets)", None),
    "the loss of each": (None, "return [(p - y) ** 2 / len(targets) for p, y in zip(predictions, targets)]"),
    "the first only": (None, "for p, y in zip(predictions, targets):\n    return [2 * (p - y) / len(targets)]"),
    "the sum, twice": (
        "return sum((p - y) ** 2 for p, y in zip(predictions, targets))",
        "return [2 * (p - y) for p, y in zip(predictions, targets)]",
    ),
    "the sum of all": (None, "return sum(2 * (p - y) / len(targets) for p, y in zip(predictions, targets))"),
}
SAID = {
    "not squared": "errors above and below cancel here: each is squared, and then they are added",
    "the mean, squared": "errors above and below cancel in the mean: square each one first",
    "the sum, squared": "errors above and below cancel in the sum: square each one first",
    "the root of it": "that is the root of the loss: the mean itself is asked for",
    "the loss of the first": "return ends the loop in its first round: add up first, and return below the loop",
    "how far, not squared": "that is how far they are, and each is to be squared: (p - y) ** 2",
    "the loss of each": "that is what each of them costs; its slope by p is 2 (p - y) / n",
    "the first only": "return ends the loop in its first round: gather all in a list, and return that",
    "the sum, twice": "it is the sum where the mean is asked for: divide by how many there are, in the loss and in "
    "its gradient",
    "the sum of all": "each prediction has a gradient of its own: a list, and no sum of it",
}
RIGHT = (
    ("n, total = len(targets), 0.0\nfor i in range(n):\n    total += (targets[i] - predictions[i]) ** 2 / n\n"
     "return total",
     "scale = 2 / len(targets)\nreturn [scale * (p - y) for p, y in zip(predictions, targets)]"),
    (None, "return tuple(-2 / len(targets) * (y - p) for p, y in zip(predictions, targets))"),
)  # fmt: skip
