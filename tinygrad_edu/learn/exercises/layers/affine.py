"""An affine layer

    out = x W + b        x is N × D, W is D × M, b has M numbers, out is N × M

What most layers begin with, for N samples at once. From here on it is NumPy: x @ W is the product of two matrices, W.T
the matrix turned, and x.sum(axis=0) the sum over the rows, one number for each column. dout is dL/dout, in the shape of
out; if L is a mean over the samples, 1/N is in it already.

Write the layer and the gradients of x, W and b, each in the shape of what it belongs to. Then let the layer take a step
of gradient descent: W and b are changed in place, and dL/dx is returned, for the layer below.
"""

import numpy as np


def forward(x, W, b):
    """out, N × M."""
    # TODO
    # [
    return x @ W + b
    # ]


def backward(dout, x, W, b):
    """dx, dW and db."""
    # TODO
    # [
    dx = dout @ W.T
    dW = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dW, db
    # ]


def step(dout, x, W, b, lr):
    """Take lr times its gradient from W, and from b, in place; return dx, of the W that out was computed with."""
    # TODO
    # [
    dx, dW, db = backward(dout, x, W, b)
    W -= lr * dW
    b -= lr * db
    return dx
    # ]


# =====
import random

from tinygrad_edu.learn import Query


def layer(their, x, W, b):
    return {"out": their.forward(*map(np.array, (x, W, b)))}


def gradients(their, dout, x, W, b):
    dx, dW, db = their.backward(*map(np.array, (dout, x, W, b)))
    return {"db": db, "dW": dW, "dx": dx}


def stepped(their, dout, x, W, b, lr):
    dout, x, W, b = map(np.array, (dout, x, W, b))
    dx = their.step(dout, x, W, b, lr)
    return {"dx": dx, "W after the step": W, "b after the step": b}


def draw(rng, n=None, d=3, m=2):
    N = n or rng.choice([4, 5, 6])
    matrix = lambda n, m: [[rng.uniform(-1, 1) for _ in range(m)] for _ in range(n)]
    return matrix(N, m), matrix(N, d), matrix(d, m), matrix(1, m)[0]


ONE, WIDE = draw(random.Random(1), 1, 1, 1), draw(random.Random(2), 1, 2, 7)  # a single sample


NEEDS = ("numpy",)
HINTS = (
    "The shapes tell which product it can be: from dout, N × M, and W, D × M, to dx, N × D. b was added to every row.",
    "dx = dout Wᵀ;   dW = xᵀ dout;   db = the sum of the rows of dout;   first all gradients, then the step",
    "return x @ W + b\ndx, dW, db = dout @ W.T, x.T @ dout, dout.sum(axis=0)\n"
    "dx, dW, db = backward(dout, x, W, b)\nW -= lr * dW\nb -= lr * db",
)
QUERIES = (
    Query(layer, lambda rng: draw(rng)[1:], also=(ONE[1:], WIDE[1:])),
    Query(gradients, draw, also=(ONE, WIDE)),
    Query(stepped, lambda rng: (*draw(rng), rng.uniform(0.1, 0.5)), also=((*ONE, 1.0), (*WIDE, 0.01))),
)
_step = "dx, dW, db = backward(dout, x, W, b)\n"
WRONG = {
    "the bias is missing": ("return x @ W", None, None),
    "transposed": (None, "return dout @ W.T, dout.T @ x, dout.sum(axis=0)", None),
    "wrong axis summed": (None, "return dout @ W.T, x.T @ dout, dout.sum(axis=1)", None),
    "forgot to sum": (None, "return dout @ W.T, x.T @ dout, dout", None),
    "averaged twice": (None, "N = len(x)\nreturn dout @ W.T, x.T @ dout / N, dout.sum(axis=0) / N", None),
    "forgot upstream": (None, "g = np.ones_like(dout)\nreturn g @ W.T, x.T @ g, g.sum(axis=0)", None),
    "one sample only": (None, "return dout @ W.T, np.outer(x[-1], dout[-1]), dout[-1]", None),
    "updated weight used": (None, None, "W -= lr * (x.T @ dout)\nb -= lr * dout.sum(axis=0)\nreturn dout @ W.T"),
    "a new array": (None, None, _step + "W = W - lr * dW\nb = b - lr * db\nreturn dx"),
    "up the slope": (None, None, _step + "W += lr * dW\nb += lr * db\nreturn dx"),
    "the whole gradient": (None, None, _step + "W -= dW\nb -= db\nreturn dx"),
    "the bias stays": (None, None, _step + "W -= lr * dW\nreturn dx"),
}
SAID = {
    "the bias is missing": "b is to be added to every row",
    "averaged twice": "1/N is in what arrives already: the mean is taken once, in the loss",
    "updated weight used": "dx is to be computed with the W that out was computed with, and here W had been changed "
    "already: first dx, then the step",
    "a new array": "the W of the layer is as it was: W -= ... changes it in place, and W = W - ... makes another one",
    "up the slope": "the gradient shows where the loss grows: take it away, do not add it",
    "the whole gradient": "only lr times the gradient is taken away",
    "the bias stays": "b takes a step as well",
}
RIGHT = (
    (
        "return np.array([[sum(row * column) + c for column, c in zip(W.T, b)] for row in x])",
        """
            dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
            for n in range(x.shape[0]):
                for j in range(W.shape[1]):
                    db[j] += dout[n, j]
                    for i in range(W.shape[0]):
                        dW[i, j] += x[n, i] * dout[n, j]
                        dx[n, i] += W[i, j] * dout[n, j]
            return dx, dW, db
        """,
        "dx = dout @ W.T\nb[:] = b - lr * dout.sum(axis=0)\nW[:] = W - lr * np.tensordot(x, dout, (0, 0))\nreturn dx",
    ),
    (
        "return np.einsum('ni,ij->nj', x, W) + b.reshape(1, -1)",
        "return (W @ dout.T).T, (dout.T @ x).T, np.ones(len(x)) @ dout",
        "kept = W.copy()\nW -= lr * x.T @ dout\nb -= lr * dout.sum(0)\nreturn dout @ kept.T",
    ),
)
