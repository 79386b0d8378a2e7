"""Deltas, one layer back

A hidden unit j feeds every unit i of the next layer over the weight W[i][j]. So its output gets something back from
each of them, and its delta is

    δ_hidden[j] = (Σ over i of W[i][j] · δ[i]) · f'(z[j])

W is a list of rows, one for each unit of the *next* layer; delta are its deltas, and a the outputs of the hidden units,
which are tanh.
"""


def hidden(W, delta, a):
    """The deltas of the hidden units."""
    # TODO
    # [
    return [sum(row[j] * d for row, d in zip(W, delta)) * (1 - a[j] ** 2) for j in range(len(a))]
    # ]


# =====
from tinygrad_edu.learn import Query


def back(their, W, delta, a):
    return {"deltas": their.hidden([list(row) for row in W], list(delta), list(a))}


def draw(rng):
    W = [[rng.uniform(-1, 1) for _ in range(3)] for _ in range(2)]
    return W, [rng.uniform(-1, 1) for _ in range(2)], [rng.uniform(-0.9, 0.9) for _ in range(3)]


HINTS = (
    "Which weights lead away from hidden unit j? One in every row of W, in column j.",
    "δ_hidden[j] = (column j of W, times delta, summed) · (1 - a[j]²)",
    "return [sum(row[j] * d for row, d in zip(W, delta)) * (1 - a[j] ** 2) for j in range(len(a))]",
)
EDGES = (
    ([[-1.5]], [2.0], [0.5]),
    (
        [[1.0, 1.0], [1.0, 0.0], [2.0, 3.0], [1.0, -20.0], [0.0, 0.5], [1.0, 1.0]],
        [2.0, 2.0, 0.0, 0.5, -4.0, -1.0],
        [0.5, 0.5],
    ),
    ([[1.0, -2.0, 0.5, 3.0]], [-1.5], [0.0, 0.1, -0.1, 0.9]),
)
QUERIES = (Query(back, draw, also=EDGES),)
WRONG = {
    "forgot local": "return [sum(row[j] * d for row, d in zip(W, delta)) for j in range(len(a))]",
    "rows for columns": "rows = [sum(w * d for w, d in zip(row, delta)) for row in W]\n"
    "return [rows[j % len(W)] * (1 - a[j] ** 2) for j in range(len(a))]",
    "sigmoid for tanh": "return [sum(row[j] * d for row, d in zip(W, delta)) * v * (1 - v) for j, v in enumerate(a)]",
    "1 - a": "return [sum(row[j] * d for row, d in zip(W, delta)) * (1 - a[j]) for j in range(len(a))]",
    "times the output": "return [sum(row[j] * d for row, d in zip(W, delta)) * a[j] for j in range(len(a))]",
    "= for +=": "return [W[-1][j] * delta[-1] * (1 - a[j] ** 2) for j in range(len(a))]",
    "sums multiplied": "return [sum(row[j] for row in W) * sum(delta) * (1 - a[j] ** 2) for j in range(len(a))]",
    "never begun anew": """
        found, total = [], 0.0
        for j in range(len(a)):
            for row, d in zip(W, delta):
                total += row[j] * d
            found.append(total * (1 - a[j] ** 2))
        return found
    """,
    "one unit only": "return [W[0][j] * delta[0] * (1 - a[j] ** 2) for j in range(len(a))]",
    "forgot upstream": "return [sum(row[j] for row in W) * (1 - a[j] ** 2) for j in range(len(a))]",
}
SAID = {
    "forgot local": "what comes back is right: times the slope of tanh, 1 - a²",
    "rows for columns": "a row of W has the weights that lead *into* a unit of the next layer: take a column, "
    "those that lead away from unit j",
    "sigmoid for tanh": "the hidden units are tanh, whose slope is 1 - a²",
    "1 - a": "the slope of tanh is 1 - a²: the output is squared",
    "times the output": "the slope of tanh is 1 - a², and not the output itself",
    "= for +=": "that is what comes back from the last unit alone: all of them add up",
    "sums multiplied": "each weight meets the delta of its own row: multiply first, then add",
    "never begun anew": "the sum of one unit goes on into the next: each begins with 0",
    "one unit only": "unit j feeds every unit of the next layer: what comes back from all of them adds up",
}
RIGHT = (
    """
        found = []
        for j in range(len(a)):
            arriving = 0.0
            for i in range(len(delta)):
                arriving += delta[i] * W[i][j]
            found.append(arriving - arriving * a[j] * a[j])
        return found
    """,
    "return [(1 - v * v) * sum(w * d for w, d in zip(column, delta)) for column, v in zip(zip(*W), a)]",
)
