"""Layer normalisation: the other way round

Now each *row* of x, N × D, is brought to mean 0 and spread 1: a sample by itself, whatever else is in the batch. gamma
and beta still belong to the columns. So two kinds of sums run across each other: what is shared by a row is summed over
the row, and what is shared by a column over the column.

In forward, keepdims=True keeps mu and std as columns, N × 1, so that they fit to x. Write the gradients of beta, gamma,
x_hat and x, in stages or in one line: on paper the stages of batch normalisation become

    dx = (dx_hat less its mean, less x_hat times the mean of dx_hat · x_hat) / std        means over what was normalised
"""

import numpy as np


def forward(x, gamma, beta, eps=1e-5):
    """x_hat, std and out."""
    mu = x.mean(axis=1, keepdims=True)
    std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    x_hat = (x - mu) / std
    return x_hat, std, gamma * x_hat + beta


def backward(dout, x, gamma, beta):
    """dbeta, dgamma, dx_hat and dx."""
    x_hat, std, out = forward(x, gamma, beta)
    # TODO
    # [
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    along = x_hat * (dx_hat * x_hat).mean(axis=1, keepdims=True)
    dx = (dx_hat - dx_hat.mean(axis=1, keepdims=True) - along) / std
    # | dbeta = ...
    # | dgamma = ...
    # | dx_hat = ...
    # | dx = ...
    # ]
    return {"dbeta": dbeta, "dgamma": dgamma, "dx_hat": dx_hat, "dx": dx}


# =====
import random

from tinygrad_edu.learn import Query


def rows(their, dout, x, gamma, beta):
    return their.backward(*map(np.array, (dout, x, gamma, beta)))


def draw(rng, N=None, D=4):
    N = N or rng.choice([2, 3, 5])
    matrix = lambda: [[rng.uniform(-2, 2) for _ in range(D)] for _ in range(N)]
    return matrix(), matrix(), [rng.uniform(0.5, 2) for _ in range(D)], [rng.uniform(-1, 1) for _ in range(D)]


NEEDS = ("numpy",)
HINTS = (
    "beta and gamma: as before. For dx, ask of each name what it was shared by: mu and std by a row.",
    "dbeta = Σ dout and dgamma = Σ dout · x_hat over the columns;   dx_hat = dout · gamma;   "
    "dx = (dx_hat - mean(dx_hat) - x_hat · mean(dx_hat · x_hat)) / std, means over each row: axis=1, keepdims=True",
    "dbeta = dout.sum(axis=0)\ndgamma = (dout * x_hat).sum(axis=0)\ndx_hat = dout * gamma\n"
    "along = x_hat * (dx_hat * x_hat).mean(axis=1, keepdims=True)\n"
    "dx = (dx_hat - dx_hat.mean(axis=1, keepdims=True) - along) / std",
)
QUERIES = (Query(rows, draw, trials=4, also=(draw(random.Random(1), 1, 2), draw(random.Random(2), 7, 5))),)
_params = "dbeta = dout.sum(axis=0)\ndgamma = (dout * x_hat).sum(axis=0)\n"
_mean = ".mean(axis=1, keepdims=True)"


def _dx(line, hat="dout * gamma"):
    return f"{_params}dx_hat = {hat}\ndx = {line}\n"


_all = f"(dx_hat - dx_hat{_mean} - x_hat * (dx_hat * x_hat){_mean}) / std"
WRONG = {
    "wrong axis summed": "dbeta = dout.sum(axis=1)\ndgamma = (dout * x_hat).sum(axis=1)\n"
    f"dx_hat = dout * gamma\ndx = {_all}",
    "forgot to sum": f"dbeta, dgamma = dout, dout * x_hat\ndx_hat = dout * gamma\ndx = {_all}",
    "averaged twice": f"dbeta, dgamma = dout.mean(axis=0), (dout * x_hat).mean(axis=0)\n"
    f"dx_hat = dout * gamma\ndx = {_all}",
    "forgot local": _dx(_all, "dout"),
    "means of the batch": _dx("(dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0)) / std"),
    "mu is a constant": _dx(f"(dx_hat - x_hat * (dx_hat * x_hat){_mean}) / std"),
    "std is a constant": _dx(f"(dx_hat - dx_hat{_mean}) / std"),
    "both are constants": _dx("dx_hat / std"),
    "not divided": _dx(_all.removesuffix(" / std")),
    "sum for mean": _dx(_all.replace("mean(", "sum(")),
    "means over everything": _dx("(dx_hat - dx_hat.mean() - x_hat * (dx_hat * x_hat).mean()) / std"),
    "x_hat once": _dx(f"(dx_hat - dx_hat{_mean} - (dx_hat * x_hat){_mean}) / std"),
    "output used for input": _dx(_all).replace("dout * x_hat", "dout * out"),
    "added along x_hat": _dx(f"(dx_hat - dx_hat{_mean} + x_hat * (dx_hat * x_hat){_mean}) / std"),
}
SAID = {
    "wrong axis summed": "gamma and beta belong to a column, and were used for every row: sum over the rows, axis=0",
    "averaged twice": "what arrives at gamma and beta over all rows adds up; it is not averaged",
    "forgot local": "x_hat was multiplied by gamma: so is what it gets",
    "means of the batch": "here each row was normalised by itself: the means in dx are over the row, axis=1",
    "mu is a constant": "x reaches out over mu as well, and that way is missing: dx_hat less its mean",
    "std is a constant": "x reaches out over std as well, and that way is missing: less x_hat · mean(dx_hat · x_hat)",
    "both are constants": "x reaches out over mu and over std as well: those two ways are missing",
    "not divided": "x_hat = (x - mu) / std: everything is divided by std",
    "sum for mean": "mu and the variance are means over D numbers: so are the two in dx",
    "means over everything": "each row was normalised by itself: the means in dx are over the row, axis=1",
    "x_hat once": "the part along x_hat is x_hat times the mean of dx_hat · x_hat: there are two x_hat in it",
    "output used for input": "gamma multiplies x_hat, and not out: its local gradient is x_hat",
    "added along x_hat": "the part along x_hat is taken away: the more x is spread, the larger is std",
}
RIGHT = (
    """
        dbeta, dgamma = np.zeros_like(beta), np.zeros_like(gamma)
        dx_hat, dx = np.zeros_like(x), np.zeros_like(x)
        for n in range(len(x)):
            dbeta += dout[n]
            dgamma += dout[n] * x_hat[n]
            dx_hat[n] = g = gamma * dout[n]
            dx[n] = (g - g.mean() - x_hat[n] * (g * x_hat[n]).mean()) / std[n, 0]
    """,
    """
        dbeta, dgamma = dout.sum(0), (x_hat * dout).sum(0)
        dx_hat = gamma * dout
        away, D = x_hat * std, x.shape[1]
        dstd = (-dx_hat * away).sum(1, keepdims=True) / std**2
        daway = dx_hat / std + dstd / std * away / D
        dx = daway - daway.sum(1, keepdims=True) / D
    """,
)
