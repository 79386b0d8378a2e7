"""δ times x, each with each

    z = W x        a = f(z)        s = u · a

W is a matrix, x and u are vectors, f is applied to each number, and s is one number. With δ = ds/dz, which is
u[i] · f'(z[i]) for every i,

    ds/dW[i][j] = δ[i] · x[j]            the outer product of δ and x
    ds/dx[j] = Σ over i of W[i][j] · δ[i]

Write δ, ds/dW and ds/dx with lists; f is tanh. W is a list of rows.
"""

import math


def gradients(W, x, u):
    """δ, ds/dW and ds/dx, where s = u · tanh(W x)."""
    z = [sum(w * v for w, v in zip(row, x)) for row in W]
    a = [math.tanh(v) for v in z]
    # TODO
    # [
    delta = [ui * (1 - ai * ai) for ui, ai in zip(u, a)]
    dW = [[d * xj for xj in x] for d in delta]
    dx = [sum(d * row[j] for d, row in zip(delta, W)) for j in range(len(x))]
    return delta, dW, dx
    # ]


# =====
from tinygrad_edu.learn import Query


def score(their, W, x, u):
    delta, dW, dx = their.gradients([list(row) for row in W], list(x), list(u))
    return {"delta": delta, "ds/dW": dW, "ds/dx": dx}


def draw(rng):
    number = lambda: rng.uniform(-1, 1)
    return [[number() for _ in range(4)] for _ in range(3)], [number() for _ in range(4)], [number() for _ in range(3)]


HINTS = (
    "W[i][j] is used once: it multiplies x[j] and goes into z[i]. x[j] is used in every z[i].",
    "δ[i] = u[i] (1 - a[i]²);  dW[i][j] = δ[i] x[j];  dx[j] = Σ W[i][j] δ[i]",
    "delta = [ui * (1 - ai * ai) for ui, ai in zip(u, a)]\ndW = [[d * xj for xj in x] for d in delta]\n"
    "dx = [sum(d * row[j] for d, row in zip(delta, W)) for j in range(len(x))]",
)
EDGES = (
    ([[-1.5]], [0.5], [2.0]),
    ([[1.0, 1.0, 0.0]], [1.0, 1.0, -2.0], [-3.0]),
    ([[0.5], [0.5], [0.0], [-0.5], [2.0], [1.0]], [0.25], [1.0, 1.0, 2.0, 0.0, 1.0, -1.0]),
)
QUERIES = (Query(score, draw, also=EDGES),)
_start = "delta = [ui * (1 - ai * ai) for ui, ai in zip(u, a)]\n"
_dW = "dW = [[d * xj for xj in x] for d in delta]\n"
_dx = "dx = [sum(d * row[j] for d, row in zip(delta, W)) for j in range(len(x))]\n"
_end = "return delta, dW, dx"
WRONG = {
    "transposed": _start + "dW = [[d * xj for d in delta] for xj in x]\n" + _dx + _end,
    "input used for output": "delta = [ui * (1 - v * v) for ui, v in zip(u, z)]\n" + _dW + _dx + _end,
    "forgot upstream": "delta = [1 - ai * ai for ai in a]\n" + _dW + _dx + _end,
    "forgot local": "delta = list(u)\n" + _dW + _dx + _end,
    "sigmoid for tanh": "delta = [ui * ai * (1 - ai) for ui, ai in zip(u, a)]\n" + _dW + _dx + _end,
    "plus in the slope": "delta = [ui * (1 + ai * ai) for ui, ai in zip(u, a)]\n" + _dW + _dx + _end,
    "each with its own": _start + "dW = [d * xj for d, xj in zip(delta, x)]\n" + _dx + _end,
    "W for x": _start + "dW = [[d * w for w in row] for d, row in zip(delta, W)]\n" + _dx + _end,
    "dx without delta": _start + _dW + "dx = [sum(column) for column in zip(*W)]\n" + _end,
    "dx from the first row": _start + _dW + "dx = [delta[0] * w for w in W[0]]\n" + _end,
    "the output for x": _start + "dW = [[d * ai for ai in [*a, 0.0]] for d in delta]\n" + _dx + _end,
}  # fmt: skip
SAID = {
    "input used for output": "the slope of tanh is 1 - a², with its output a; here it was filled in with its input z",
    "forgot local": "it is u as it is: times the slope of tanh, 1 - a²",
    "sigmoid for tanh": "the slope of tanh is 1 - a², and a(1 - a) is the sigmoid's",
    "plus in the slope": "the slope of tanh is 1 - a², with a minus: it is flat where a is 1",
    "each with its own": "each δ meets each x: that is a matrix, a row for each δ and a column for each x",
    "W for x": "W multiplies x, so its gradient has x in it, and not W itself",
    "dx without delta": "what goes back over W[i][j] is W[i][j] · δ[i]: the δ is missing",
    "dx from the first row": "x[j] is used in every row of W, and what comes back adds up",
    "the output for x": "W multiplies x, so its gradient has x in it, and not the output",
}
RIGHT = (
    """
        delta = []
        for i in range(len(u)):
            delta.append(u[i] / math.cosh(z[i]) ** 2)
        dW = [[0.0] * len(x) for _ in u]
        dx = [0.0] * len(x)
        for i in range(len(u)):
            for j in range(len(x)):
                dW[i][j] = x[j] * delta[i]
                dx[j] += W[i][j] * delta[i]
        return delta, dW, dx
    """,
    _start + "dW = [[xj * d for xj in x] for d in delta]\n"
    "dx = [sum(w * d for w, d in zip(column, delta)) for column in zip(*W)]\n" + _end,
)
