"""Softmax and cross-entropy, of a batch

    p = softmax of each row of x        L = the mean over the rows n of -log p[n, y[n]]

x is N × C: a score for each class, a row for each sample; y has the right class of each sample. It is what you have
written for one sample, for all of them at once. The mean is taken here, so 1/N has its place here as well.

Scores may be large: take the largest out of each row first. keepdims=True leaves a column that fits to rows:
x.max(axis=1, keepdims=True) is N × 1. x[np.arange(N), y] is one number of each row: x[0, y[0]], x[1, y[1]], ...
"""

import numpy as np


def probabilities(x):
    """p, N × C: each row adds up to 1."""
    # TODO
    # [
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
    # ]


def loss(x, y):
    """L, one number. Never the log of 0, however sure the network is."""
    # TODO
    # [
    shifted = x - x.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(x)), y])
    # ]


def gradient(x, y):
    """dL/dx, N × C."""
    # TODO
    # [
    dx = probabilities(x)
    dx[np.arange(len(x)), y] -= 1
    return dx / len(x)
    # ]


# =====
from tinygrad_edu.learn import Query


def moderate(their, x, y):
    x, y = np.array(x), np.array(y)
    return {"p": their.probabilities(x.copy()), "L": their.loss(x.copy(), y), "dL/dx": their.gradient(x.copy(), y)}


def huge(their, x, y):
    np.seterr(all="ignore")  # what overflows is told by the nan in it
    x, y = np.array(x), np.array(y)
    return {"p": their.probabilities(x.copy()), "L": their.loss(x.copy(), y), "dL/dx": their.gradient(x.copy(), y)}


def draw(rng):
    N = rng.choice([4, 5, 6])
    return [[rng.uniform(-2, 2) for _ in range(3)] for _ in range(N)], [n % 2 for n in range(N - 1)] + [2]


def draw_huge(rng):
    up, down = rng.uniform(900, 1000), rng.uniform(-1000, -900)
    return [[up, 0.0, 1.0], [down, down - 1, down + 1], [0.0, down, 2.0], [up, up - 2, up + 1]], [1, 0, 1, 2]


NEEDS = ("numpy",)
HINTS = (
    "Each row is a sample of its own. What was the gradient of one sample? And which factor has the mean?",
    "p = e / Σ e, with e = exp(x - the row's largest);   dL/dx = (p - 1 at the right class) / N",
    "e = np.exp(x - x.max(axis=1, keepdims=True))\nreturn e / e.sum(axis=1, keepdims=True)\n"
    "shifted = x - x.max(axis=1, keepdims=True)\n"
    "return np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(x)), y])\n"
    "dx = probabilities(x)\ndx[np.arange(len(x)), y] -= 1\nreturn dx / len(x)",
)
EDGES = (
    ([[0.5, -1.0]], [1]),
    ([[1.0, 1.0, 0.0, 1.0, 2.0, -3.0, 0.0], [0.0] * 7], [0, 6]),
    ([[3.0, 1.0], [3.0, 1.0], [0.0, 0.1], [-1.0, -2.0], [5.0, 1.0], [2.0, 2.0], [7.0, -7.0]], [0, 0, 0, 0, 0, 0, 0]),
)
QUERIES = (Query(moderate, draw, also=EDGES), Query(huge, draw_huge, trials=1, also=(([[-2e4, -2e4]], [1]),)))
_loss = "s = x - x.max(axis=1, keepdims=True)\nL = np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(x)), y]\n"
WRONG = {
    "it overflows": ("e = np.exp(x)\nreturn e / e.sum(axis=1, keepdims=True)", None, None),
    "the largest of the batch": ("e = np.exp(x - x.max())\nreturn e / e.sum(axis=1, keepdims=True)", None, None),
    "wrong axis summed": ("e = np.exp(x - x.max(axis=1, keepdims=True))\nreturn e / e.sum(axis=0)", None, None),
    "each column for itself": ("e = np.exp(x - x.max(axis=0))\nreturn e / e.sum(axis=0)", None, None),
    "all in one": ("e = np.exp(x - x.max())\nreturn e / e.sum()", None, None),
    "not divided": ("return np.exp(x - x.max(axis=1, keepdims=True))", None, None),
    "over the whole batch": ("e = np.exp(x - x.max(axis=1, keepdims=True))\nreturn e / e.sum()", None, None),
    "the loss is a sum": (None, _loss + "return L.sum()", None),
    "log of 0": (None, "return -np.log(probabilities(x)[np.arange(len(x)), y]).mean()", None),
    "the largest is not given back": (
        None,
        "s = x - x.max(axis=1, keepdims=True)\n"
        "return np.mean(np.log(np.exp(s).sum(axis=1)) - x[np.arange(len(x)), y])",
        None,
    ),
    "sum for mean": (None, None, "dx = probabilities(x)\ndx[np.arange(len(x)), y] -= 1\nreturn dx"),
    "averaged twice": (
        None, None, "N = len(x)\ndx = probabilities(x) / N\ndx[np.arange(N), y] -= 1 / N\nreturn dx / N",
    ),
    "missing minus": (None, None, "dx = -probabilities(x)\ndx[np.arange(len(x)), y] += 1\nreturn dx / len(x)"),
    "one too few": (None, None, "return probabilities(x) / len(x)"),
    "columns for places": (None, None, "dx = probabilities(x)\ndx[:, y] -= 1\nreturn dx / len(x)"),
    "rows for places": (None, None, "dx = probabilities(x)\ndx[y] -= 1\nreturn dx / len(x)"),
    "the right one only": (
        None, None, "n = np.arange(len(x))\ndx = np.zeros_like(x)\ndx[n, y] = probabilities(x)[n, y] - 1\n"
        "return dx / len(x)",
    ),
    "set, not subtracted": (None, None, "dx = probabilities(x)\ndx[np.arange(len(x)), y] = -1\nreturn dx / len(x)"),
    "1 is not divided": (None, None, "dx = probabilities(x) / len(x)\ndx[np.arange(len(x)), y] -= 1\nreturn dx"),
}  # fmt: skip
SAID = {
    "it overflows": "exp of a large number is more than a float can hold: subtract each row's largest first",
    "the largest of the batch": "a row far below another one loses all its digits: subtract the largest of its own",
    "wrong axis summed": "a row is a sample, and its probabilities add up to 1: sum over axis 1, with keepdims=True",
    "each column for itself": "a row is a sample, and its probabilities add up to 1: take axis 1, with keepdims=True",
    "all in one": "each row adds up to 1, not the whole batch: sum over axis 1",
    "not divided": "a row's probabilities add up to 1: divide by the sum of the row",
    "over the whole batch": "each row adds up to 1, not the whole batch: sum over axis 1",
    "the loss is a sum": "L is the mean over the samples, and this is the sum",
    "log of 0": "a probability may become 0, and then there is no log: take log(Σ exp) - the right one's score",
    "the largest is not given back": "the largest was taken out of the sum: it must be out of the right score as well",
    "sum for mean": "L is the mean over N samples: dL/dx is divided by N as well",
    "one too few": "those are the probabilities, divided: at the right class 1 is to be subtracted first",
    "columns for places": "dx[:, y] is these columns in every row: dx[np.arange(N), y] is one place in each row",
    "rows for places": "dx[y] is the rows of these numbers: dx[np.arange(N), y] is one place in each row",
    "the right one only": "all scores are in the sum, so all have a slope: p, less 1 at the right class",
    "set, not subtracted": "at the right class 1 is subtracted from p: -= and not =",
    "1 is not divided": "the 1 at the right class belongs into the mean too: subtract it, then divide",
}
RIGHT = (
    (
        """
            p = np.zeros_like(x)
            for n in range(len(x)):
                for c in range(x.shape[1]):
                    p[n, c] = 1 / np.exp(np.minimum(x[n] - x[n, c], 700)).sum()
            return p
        """,
        """
            total = 0.0
            for row, k in zip(x, y):
                total += np.log(np.exp(row - row.max()).sum()) + row.max() - row[k]
            return total / len(x)
        """,
        """
            dx = probabilities(x)
            for n, k in enumerate(y):
                dx[n, k] -= 1.0
            return dx / x.shape[0]
        """,
    ),
    (
        None,
        "return np.logaddexp.reduce(x - x[np.arange(len(x)), y][:, None], axis=1).mean()",
        "return (probabilities(x) - np.eye(x.shape[1])[y]) / len(y)",
    ),
)
