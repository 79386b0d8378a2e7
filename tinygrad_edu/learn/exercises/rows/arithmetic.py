"""The slopes of +, -, * and /

An operation knows nothing of the graph it stands in. All that it has to know is how its output moves with each of its
inputs, while the others are held: its local gradients.

Write them for each operation, one for each input, in the order of the inputs.
"""


def add(a, b):
    """y = a + b: (dy/da, dy/db)."""
    # TODO
    # [
    return 1.0, 1.0
    # ]


def subtract(a, b):
    """y = a - b: (dy/da, dy/db)."""
    # TODO
    # [
    return 1.0, -1.0
    # ]


def multiply(a, b):
    """y = a * b: (dy/da, dy/db)."""
    # TODO
    # [
    return b, a
    # ]


def divide(a, b):
    """y = a / b: (dy/da, dy/db)."""
    # TODO
    # [
    return 1 / b, -a / b**2
    # ]


# =====
from tinygrad_edu.learn import Query


def local(their, a, b):
    found = {}
    for name in ("add", "subtract", "multiply", "divide"):
        slopes = getattr(their, name)(a, b)
        pair = hasattr(slopes, "__len__") and not isinstance(slopes, dict) and len(slopes) == 2
        found[name] = {"dy/da": slopes[0], "dy/db": slopes[1]} if pair else slopes
    return found


def draw(rng):
    return rng.choice([-1, 1]) * rng.uniform(0.5, 3), rng.choice([-1, 1]) * rng.uniform(0.5, 3)


HINTS = (
    "Hold b, and push a by a little: a + b moves as much, a * b moves b times as much. Then hold a.",
    "sum: 1, 1;  difference: 1, -1;  product: b, a;  quotient a/b: 1/b, and -a/b², for a/b = a · b to the power -1",
    "return 1.0, 1.0\nreturn 1.0, -1.0\nreturn b, a\nreturn 1 / b, -a / b**2",
)
QUERIES = (Query(local, draw, also=((0.01, -2.0), (-40.0, 0.05), (3, 2), (-1.5, -1.5))),)
WRONG = {
    "swapped arguments": (None, None, "return a, b"),
    "missing minus": (None, None, None, "return 1 / b, a / b**2"),
    "a difference is no sum": (None, "return 1.0, 1.0"),
    "the square is missing": (None, None, None, "return 1 / b, -a / b"),
    "integer division": (None, None, None, "return 1 // b, -a // b**2"),
    "the inputs of a sum": ("return a, b", None, None, None),
    "the numerator is missing": (None, None, None, "return 1 / b, -1 / b**2"),
    "twice, not squared": (None, None, None, "return 1 / b, -a / b * 2"),
    "the denominator itself": (None, None, None, "return b, -a / b**2"),
}
SAID = {
    "a difference is no sum": "if b grows, a - b becomes smaller: its slope by b is below 0",
    "the square is missing": "a / b moves with b by -a / b², with a square",
    "swapped arguments": "they are exchanged: a * b moves b times as much as a does",
    "the inputs of a sum": "how much moves a + b if a moves by 1? By 1, whatever a and b are",
    "the numerator is missing": "1/b has the slope -1/b², and a / b is a times that",
    "twice, not squared": "* is no power: the square of b is b**2, and a / b moves with b by -a / b**2",
    "the denominator itself": "a / b is a times 1/b, so it moves 1/b as much as a does",
}
RIGHT = (
    ("return (1, 1)", "return [1, -1]", "return (b, a)", "y = a / b\nreturn 1 / b, -y / b"),
    (None, None, None, "return b**-1, -a * b**-2"),
)
