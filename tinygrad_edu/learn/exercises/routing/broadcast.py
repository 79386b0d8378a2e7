"""What was spread comes back summed

    y[s][i] = x[s][i] + b[i]

The same bias is added to every sample s: each b[i] is used as often as there are samples. What is used often gets a
gradient from each use, and they add up; so a bias is not handed a whole matrix, but the sums of its columns.

The same with one number for all, y[s][i] = c · x[s][i]: write the gradients of x, b and c.
"""


def added(upstream):
    """y = x + b: (dL/dx, dL/db), where upstream is dL/dy, a list of rows."""
    # TODO
    # [
    return [list(row) for row in upstream], [sum(column) for column in zip(*upstream)]
    # ]


def scaled(upstream, c, x):
    """y = c * x, c one number: (dL/dc, dL/dx)."""
    # TODO
    # [
    dc = sum(g * v for gs, row in zip(upstream, x) for g, v in zip(gs, row))
    return dc, [[g * c for g in gs] for gs in upstream]
    # ]


# =====
from tinygrad_edu.learn import Query


def bias(their, upstream):
    dx, db = their.added([list(row) for row in upstream])
    return {"dL/db": db, "dL/dx": dx}


def scale(their, upstream, c, x):
    dc, dx = their.scaled([list(row) for row in upstream], c, [list(row) for row in x])
    return {"dL/dc": dc, "dL/dx": dx}


def matrix(rng, rows=4, columns=3):
    return [[rng.uniform(-2, 2) for _ in range(columns)] for _ in range(rows)]


HINTS = (
    "b[i] is in y[0][i], y[1][i], y[2][i], ... : what arrives at all of them belongs to it.",
    "dL/db[i] = Σ over s of upstream[s][i];  dL/dc = Σ over s and i of upstream[s][i] · x[s][i]",
    "return upstream, [sum(column) for column in zip(*upstream)]\n"
    "dc = sum(g * v for gs, row in zip(upstream, x) for g, v in zip(gs, row))",
)
QUERIES = (
    Query(
        bias,
        lambda rng: (matrix(rng),),
        also=(([[-1.5]],), ([[1.0, 2.0]],), ([[1.0], [1.0], [0.0], [2.0], [3.0], [30.0]],)),
    ),
    Query(
        scale,
        lambda rng: (matrix(rng), rng.choice([-1, 1]) * rng.uniform(0.5, 2), matrix(rng)),
        also=(([[-1.5]], -0.5, [[2.0]]), ([[1.0, 2.0]], 0.0, [[3.0, 3.0]]), ([[2], [2]], 3, [[5], [5]])),
    ),
)
WRONG = {
    "forgot to sum": ("return upstream, upstream", None),
    "wrong axis summed": ("return upstream, [sum(row) for row in upstream]", None),
    "sum for mean, turned": ("return upstream, [sum(column) / len(upstream) for column in zip(*upstream)]", None),
    "in the other order": ("return [sum(column) for column in zip(*upstream)], upstream", None),
    "transposed": ("return upstream, list(zip(*upstream))", None),
    "each for itself": (
        None,
        "return [[g * v for g, v in zip(gs, row)] for gs, row in zip(upstream, x)], "
        "[[g * c for g in gs] for gs in upstream]",
    ),
    "the last only": (
        None,
        "for gs, row in zip(upstream, x):\n    for g, v in zip(gs, row):\n        dc = g * v\n"
        "return dc, [[g * c for g in gs] for gs in upstream]",
    ),
    "forgot upstream": (None, "return sum(map(sum, x)), [[c for v in row] for row in x]"),
    "forgot local": (None, "return sum(map(sum, upstream)), [[g * c for g in gs] for gs in upstream]"),
    "one row only": ("return upstream, list(upstream[0])", None),
}
SAID = {
    "sum for mean, turned": "what arrives over several uses adds up; it is not averaged",
    "in the other order": "first dL/dx, then dL/db",
    "transposed": "db has as many numbers as b: turned is not summed",
    "each for itself": "c is one number, used everywhere: what all places give adds up to one number",
    "the last only": "each place's part replaces the one before it: they add up, +=",
    "one row only": "that is what the first sample hands back: the others use the bias too",
}
RIGHT = (
    ("db = [0.0] * len(upstream[0])\nfor row in upstream:\n    db = [a + g for a, g in zip(db, row)]\n"
     "return upstream, db",
     "dc = 0.0\nfor s in range(len(x)):\n    for i in range(len(x[s])):\n        dc += x[s][i] * upstream[s][i]\n"
     "return dc, [[c * g for g in row] for row in upstream]"),
    ("return tuple(upstream), tuple(map(sum, zip(*upstream)))", None),
)  # fmt: skip
