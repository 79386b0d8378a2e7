"""Batch normalisation, stage by stage

Each column of x, N × D, is brought to mean 0 and spread 1, then scaled by gamma and moved by beta. It looks hard on
paper, and is not if it is read as a program: forward is a list of small stages, each with a name. Go back through them,
the last first, and give every name its gradient, in its shape: dmu is dL/dmu, and so on.

Watch for two things. What was used twice gets the sum of two gradients: away is in var and in x_hat, x is in mu and in
away. And what was one number for a whole column, such as mu or std, gets the sum over the column.

Replace each ... by what it is, from the top, and check in between: the first that is missing or wrong is told.
"""

import numpy as np


def forward(x, gamma, beta, eps=1e-5):
    """All stages, by name."""
    mu = x.mean(axis=0)
    away = x - mu
    var = (away**2).mean(axis=0)
    std = np.sqrt(var + eps)
    x_hat = away / std
    out = gamma * x_hat + beta
    return mu, away, var, std, x_hat, out


def backward(dout, x, gamma, beta):
    """The gradient of every stage, by name."""
    mu, away, var, std, x_hat, out = forward(x, gamma, beta)
    N = len(x)
    # TODO
    # [
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    dstd = (-dx_hat * away / std**2).sum(axis=0)
    dvar = dstd / (2 * std)
    daway = dx_hat / std + dvar * 2 * away / N
    dmu = -daway.sum(axis=0)
    dx = daway + dmu / N
    # | dbeta = ...
    # | dgamma = ...
    # | dx_hat = ...
    # | dstd = ...
    # | dvar = ...
    # | daway = ...
    # | dmu = ...
    # | dx = ...
    # ]
    first = {"dbeta": dbeta, "dgamma": dgamma, "dx_hat": dx_hat, "dstd": dstd}
    return {**first, "dvar": dvar, "daway": daway, "dmu": dmu, "dx": dx}


# =====
import random

from tinygrad_edu.learn import Query


def stages(their, dout, x, gamma, beta):
    return their.backward(*map(np.array, (dout, x, gamma, beta)))


def draw(rng, N=None, D=3):
    N = N or rng.choice([4, 5, 6])
    matrix = lambda: [[rng.uniform(-2, 2) for _ in range(D)] for _ in range(N)]
    return matrix(), matrix(), [rng.uniform(0.5, 2) for _ in range(D)], [rng.uniform(-1, 1) for _ in range(D)]


NEEDS = ("numpy",)
HINTS = (
    "Take one line of forward, forget the others, and ask what each name on its right side gets from what is on its "
    "left. std is in the line x_hat = away / std, whose slope by std is -away / std².",
    "dbeta = Σ dout;   dgamma = Σ dout · x_hat;   dx_hat = dout · gamma;   dstd = Σ -dx_hat · away / std²;   "
    "dvar = dstd / (2 std);   daway = dx_hat / std + dvar · 2 away / N;   dmu = -Σ daway;   dx = daway + dmu / N;   "
    "every Σ over the column",
    "dbeta = dout.sum(axis=0)\ndgamma = (dout * x_hat).sum(axis=0)\ndx_hat = dout * gamma\n"
    "dstd = (-dx_hat * away / std**2).sum(axis=0)\ndvar = dstd / (2 * std)\n"
    "daway = dx_hat / std + dvar * 2 * away / N\ndmu = -daway.sum(axis=0)\ndx = daway + dmu / N",
)
QUERIES = (Query(stages, draw, also=(draw(random.Random(1), 2, 1), draw(random.Random(2), 8, 5))),)


def _way(**changed):
    lines = {
        "dbeta": "dout.sum(axis=0)",
        "dgamma": "(dout * x_hat).sum(axis=0)",
        "dx_hat": "dout * gamma",
        "dstd": "(-dx_hat * away / std**2).sum(axis=0)",
        "dvar": "dstd / (2 * std)",
        "daway": "dx_hat / std + dvar * 2 * away / N",
        "dmu": "-daway.sum(axis=0)",
        "dx": "daway + dmu / N",
    } | changed
    return "\n".join(f"{name} = {line}" for name, line in lines.items())


WRONG = {
    "wrong axis summed": _way(dbeta="dout.sum(axis=1)"),
    "forgot to sum": _way(dgamma="dout * x_hat"),
    "output used for input": _way(dgamma="(dout * out).sum(axis=0)"),
    "before it was normalised": _way(dgamma="(dout * x).sum(axis=0)"),
    "before it was divided": _way(dgamma="(dout * away).sum(axis=0)"),
    "forgot local": _way(dx_hat="dout"),
    "missing minus": _way(dstd="(dx_hat * away / std**2).sum(axis=0)"),
    "std once": _way(dstd="(-dx_hat * away / std).sum(axis=0)"),
    "factor 2": _way(dvar="dstd / std"),
    "forgot upstream": _way(dvar="1 / (2 * std)"),
    "forgot to add at the fork": _way(daway="dx_hat / std"),
    "the way over x_hat is missing": _way(daway="dvar * 2 * away / N"),
    "taken away, not added": _way(daway="dx_hat / std - dvar * 2 * away / N"),
    "sum for mean": _way(daway="dx_hat / std + dvar * 2 * away"),
    "the 2 of the square": _way(daway="dx_hat / std + dvar * away / N"),
    "mu without its minus": _way(dmu="daway.sum(axis=0)"),
    "the mean hands nothing on": _way(dx="daway"),
    "the mean takes away": _way(dx="daway - dmu / N"),
    "the mean hands on too much": _way(dx="daway + dmu"),
}
SAID = {
    "output used for input": "gamma multiplies x_hat, and not out: its local gradient is x_hat",
    "before it was normalised": "gamma multiplies x_hat, and not x: its local gradient is x_hat",
    "before it was divided": "gamma multiplies x_hat, and not away: its local gradient is x_hat",
    "forgot local": "x_hat was multiplied by gamma: so is what it gets",
    "missing minus": "the larger std is, the smaller is away / std: its slope by std is -away / std²",
    "std once": "the slope of away / std by std is -away / std²: std is squared there",
    "factor 2": "the slope of a square root is 1 / (2 · root), and the 2 is missing",
    "forgot upstream": "that is the local gradient of the square root alone: times dstd",
    "forgot to add at the fork": "away was used twice, in x_hat and in var, and gets something from both; here one of "
    "them is missing",
    "the way over x_hat is missing": "away was used twice, in x_hat and in var, and gets something from both: that of "
    "x_hat is missing",
    "taken away, not added": "away was used twice, and what it gets from both adds up: the minus is in dvar already",
    "sum for mean": "var is a mean over N numbers: the slope of each is divided by N",
    "the 2 of the square": "the slope of away² is 2 · away",
    "mu without its minus": "away = x - mu: what mu gets has a minus",
    "the mean hands nothing on": "x was used twice, in away and in mu, and gets something from both: that of mu is "
    "missing",
    "the mean takes away": "what x gets over away and over mu adds up: the minus is in dmu already",
    "the mean hands on too much": "mu is a mean over N numbers: each gets dmu divided by N",
}
RIGHT = (
    """
        dbeta, dgamma, dstd, dmu = np.zeros((4, x.shape[1]))
        for n in range(N):
            dbeta += dout[n]
            dgamma += dout[n] * x_hat[n]
        dx_hat = np.array([row * gamma for row in dout])
        for n in range(N):
            dstd -= dx_hat[n] * x_hat[n] / std
        dvar = 0.5 * dstd / np.sqrt(var + 1e-5)
        daway, dx = np.empty_like(x), np.empty_like(x)
        for n in range(N):
            daway[n] = dx_hat[n] / std + 2 / N * dvar * away[n]
            dmu -= daway[n]
        for n in range(N):
            dx[n] = daway[n] + dmu / N
    """,
    """
        ones = np.ones(N)
        dbeta, dgamma = ones @ dout, np.einsum("nd,nd->d", x_hat, dout)
        dx_hat = gamma * dout
        inverse = 1 / std
        dstd = -(ones @ (away * dx_hat)) * inverse**2
        dvar = dstd * inverse * 0.5
        daway = inverse * dx_hat
        daway += 2 * away * dvar / N
        dmu = -(dx_hat * inverse).sum(axis=0)
        dx = daway - daway.mean(axis=0)
    """,
)
