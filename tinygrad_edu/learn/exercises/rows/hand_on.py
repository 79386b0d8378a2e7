"""Upstream times local

Now an operation in a graph. From above arrives dL/dy, how much the loss changes with its output: the upstream gradient.
Each input is handed its part of it:

    dL/d(input) = upstream · dy/d(input)

Write it for a product, for tanh, and for any operation whose local gradients are given in a list.
"""


def product(upstream, a, b):
    """y = a * b: (dL/da, dL/db)."""
    # TODO
    # [
    return upstream * b, upstream * a
    # ]


def tanh(upstream, y):
    """y = tanh(x), of which y is given: dL/dx."""
    # TODO
    # [
    return upstream * (1 - y * y)
    # ]


def hand_on(upstream, local_grads):
    """What each input is handed, in a list."""
    # TODO
    # [
    return [upstream * d for d in local_grads]
    # ]


# =====
import math

from tinygrad_edu.learn import Query


def handed(their, upstream, a, b, local_grads):
    da, db = their.product(upstream, a, b)
    return {
        "dL/da of a product": da,
        "dL/db of a product": db,
        "dL/dx of tanh": their.tanh(upstream, math.tanh(a)),
        "handed on": list(their.hand_on(upstream, list(local_grads))),
    }


def draw(rng):
    g, a, b = (rng.choice([-1, 1]) * rng.uniform(0.5, 2.5) for _ in range(3))
    return g, a, b, [rng.uniform(-2, 2) for _ in range(rng.randint(1, 4))]


HINTS = (
    "If L changes by 3 for each unit of y, and y by 2 for each unit of x, by how much does L change for a unit of x?",
    "upstream · b and upstream · a;  upstream · (1 - y²);  upstream · d for every local gradient d",
    "return upstream * b, upstream * a\nreturn upstream * (1 - y * y)\nreturn [upstream * d for d in local_grads]",
)
QUERIES = (
    Query(handed, draw, also=((-1.5, 0.0, -2.0, [-0.5]), (2.0, -0.3, 1.0, []), (0.5, 3.0, 0.05, [2, 2, 0, -1, 2]))),
)
WRONG = {
    "forgot upstream": ("return b, a", "return 1 - y * y", "return list(local_grads)"),
    "forgot local": ("return upstream, upstream", "return upstream", "return [upstream for d in local_grads]"),
    "swapped arguments": ("return upstream * a, upstream * b", None, None),
    "added, not multiplied": ("return upstream + b, upstream + a", None, "return [upstream + d for d in local_grads]"),
    "one number for all": (None, None, "return [upstream * sum(local_grads)] * len(local_grads)"),
    "brackets around the local gradient": (None, "return upstream * 1 - y**2", None),
    "tanh of the output": (None, "import math\n\nreturn upstream * (1 - math.tanh(y) ** 2)", None),
    "the square is missing": (None, "return upstream * (1 - y)", None),
    "tanh as sigmoid": (None, "return upstream * y * (1 - y)", None),
    "the first one alone": (None, None, "for d in local_grads:\n    return [upstream * d]"),
    "handed from one to the next": (
        None,
        None,
        "found = []\nfor d in local_grads:\n    upstream *= d\n    found.append(upstream)\nreturn found",
    ),
    "added up": (None, None, "return sum(upstream * d for d in local_grads)"),
}
SAID = {
    "added, not multiplied": "along an edge one multiplies: upstream · local",
    "one number for all": "each input gets upstream times its own local gradient",
    "brackets around the local gradient": "* comes before -: upstream * (1 - y**2), with brackets",
    "tanh of the output": "y is the tanh already: 1 - y², and not the tanh once more",
    "the square is missing": "the slope of tanh is 1 - y², with a square",
    "tanh as sigmoid": "that is the rule of the sigmoid: tanh has 1 - y²",
    "the first one alone": "return stands in the loop, and ends it at the first input",
    "handed from one to the next": "upstream changes in the loop: each input is handed its part of what arrived",
    "added up": "each input is handed its own part: a list, and no sum of it",
}
RIGHT = (
    ("return b * upstream, a * upstream", "return upstream - upstream * y**2", "found = []\nfor d in local_grads:\n"
     "    found.append(d * upstream)\nreturn found"),
    ("return [upstream * x for x in (b, a)]", None, "return tuple(d * upstream for d in local_grads)"),
)  # fmt: skip
