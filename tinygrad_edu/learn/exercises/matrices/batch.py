"""All samples at once

    y = x W + b        L = the mean over all samples of what y costs

x has a row for each sample, and y too. W and b are used by every sample, and get from each a gradient, which add up.
upstream is dL/dy, a row for each sample; if L is a mean, 1/n is in it already. So nothing is divided here.

Write dL/dW, dL/db and dL/dx with lists of rows.
"""


def gradients(x, W, upstream):
    """dL/dW, dL/db and dL/dx."""
    # TODO
    # [
    dW = [[sum(row[i] * g[j] for row, g in zip(x, upstream)) for j in range(len(W[0]))] for i in range(len(W))]
    db = [sum(column) for column in zip(*upstream)]
    dx = [[sum(w * gj for w, gj in zip(row, g)) for row in W] for g in upstream]
    return dW, db, dx
    # ]


# =====
from tinygrad_edu.learn import Query


def affine(their, x, W, upstream):
    dW, db, dx = their.gradients(x, W, upstream)
    return {"dL/dW": dW, "dL/db": db, "dL/dx": dx}


def draw(rng):
    matrix = lambda n, m: [[rng.uniform(-1, 1) for _ in range(m)] for _ in range(n)]
    return matrix(5, 3), matrix(3, 2), matrix(5, 2)


HINTS = (
    "W[i][j] multiplies x[s][i] for every sample s, and goes into y[s][j]. Sum over the samples.",
    "dW[i][j] = Σ over s of x[s][i] · g[s][j];  db[j] = Σ over s of g[s][j];  dx[s][i] = Σ over j of g[s][j] · W[i][j]",
    "dW = [[sum(row[i] * g[j] for row, g in zip(x, upstream)) for j in range(len(W[0]))] for i in range(len(W))]\n"
    "db = [sum(column) for column in zip(*upstream)]\n"
    "dx = [[sum(w * gj for w, gj in zip(row, g)) for row in W] for g in upstream]",
)
EDGES = (
    ([[-1.5]], [[2.0]], [[0.5]]),
    ([[1.0, 2.0, 30.0]], [[1.0], [1.0], [0.0]], [[-3.0]]),
    (
        [[1.0], [1.0], [0.0], [2.0], [1.0], [3.0]],
        [[1.0, 2.0]],
        [[1.0, 1.0], [1.0, 1.0], [2.0, 0.0], [0.0, 4.0], [5.0, 1.0], [1.0, 1.0]],
    ),
)
QUERIES = (Query(affine, draw, also=EDGES),)
_dW = "dW = [[sum(row[i] * g[j] for row, g in zip(x, upstream)) for j in range(len(W[0]))] for i in range(len(W))]\n"
_db = "db = [sum(column) for column in zip(*upstream)]\n"
_dx = "dx = [[sum(w * gj for w, gj in zip(row, g)) for row in W] for g in upstream]\n"
_end = "return dW, db, dx"
WRONG = {
    "transposed": _dW + "dW = [list(column) for column in zip(*dW)]\n" + _db + _dx + _end,
    "wrong axis summed": _dW + "db = [sum(row) for row in upstream]\n" + _dx + _end,
    "forgot to sum": _dW + "db = upstream\n" + _dx + _end,
    "averaged twice": _dW + _db + _dx + "n = len(x)\n"
    "return [[v / n for v in row] for row in dW], [v / n for v in db], dx",
    "the last sample only": "for row, g in zip(x, upstream):\n    dW = [[v * gj for gj in g] for v in row]\n"
    "    db = g\n"
    + _dx + _end,
    "sums multiplied": "dW = [[sum(column) * sum(gs) for gs in zip(*upstream)] for column in zip(*x)]\n"
    + _db + _dx + _end,
    "one row for all": """
        dW = [[0.0] * len(W[0])] * len(W)
        for row, g in zip(x, upstream):
            for i in range(len(W)):
                for j in range(len(W[0])):
                    dW[i][j] += row[i] * g[j]
    """ + _db.replace("db", "        db") + _dx.replace("dx =", "        dx =") + "        " + _end,
    "W not turned": _dW + _db + "dx = [[sum(W[j][i] * g[j] for j in range(len(g))) for i in range(len(W[0]))] "
    "for g in upstream]\n" + _end,
}  # fmt: skip
SAID = {
    "averaged twice": "1/n is in what arrives already: the mean is taken once, in the loss",
    "the last sample only": "each sample's part replaces the one before it: they add up",
    "sums multiplied": "multiply sample by sample, and then add: a product of sums is another number",
    "one row for all": "[[0.0] * m] * n is the same row n times, and adding to one adds to all: make each anew",
    "W not turned": "dL/dx has a number for each input: W has to be turned, each row of it meets what arrives",
}
RIGHT = (
    """
        dW = [[0.0] * len(W[0]) for _ in W]
        db = [0.0] * len(W[0])
        dx = []
        for row, g in zip(x, upstream):
            for j, gj in enumerate(g):
                db[j] += gj
                for i, v in enumerate(row):
                    dW[i][j] += v * gj
            dx.append([sum(W[i][j] * g[j] for j in range(len(g))) for i in range(len(W))])
        return dW, db, dx
    """,
    """
        def product(a, b):
            return [[sum(p * q for p, q in zip(row, column)) for column in zip(*b)] for row in a]

        def turned(a):
            return [list(column) for column in zip(*a)]

        return product(turned(x), upstream), product([[1.0] * len(x)], upstream)[0], product(upstream, turned(W))
    """,
)
