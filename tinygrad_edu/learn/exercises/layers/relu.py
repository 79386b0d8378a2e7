"""ReLU, and what is shut

    out = max(0, x)        of every number of an array

Where x is above 0 the slope is 1 and everything passes; below 0 it is 0, and nothing does. A unit whose x is below 0
for every sample is dead: its column of dL/dx is 0, and what is before it learns nothing from this batch. At 0 itself
either slope will do, and no x is 0 here.

Arrays are shared: others still need x and dout, so neither may be changed. Return new ones. x has any shape.
"""

import numpy as np


def forward(x):
    """out, in the shape of x."""
    # TODO
    # [
    return np.maximum(0.0, x)
    # ]


def backward(dout, x):
    """dL/dx, in the shape of x; dout is dL/dout."""
    # TODO
    # [
    return np.where(x > 0, dout, 0.0)
    # ]


# =====
from tinygrad_edu.learn import Query


def kept(their, x):
    given = np.array(x)
    return {"out": their.forward(given), "x is as it was": given.tolist() == x}


def handed_on(their, dout, x):
    arriving, given = np.array(dout), np.array(x)
    dx = their.backward(arriving, given)
    return {"dx": dx, "dout is as it was": arriving.tolist() == dout, "x is as it was": given.tolist() == x}


def draw(rng):
    number = lambda: rng.choice([-1, 1]) * rng.uniform(0.2, 2)
    x, dout = ([[number() for _ in range(3)] for _ in range(4)] for _ in range(2))
    dead = rng.randrange(3)
    for row in x:
        row[dead] = -abs(row[dead])
    return dout, x


def draw_deep(rng):
    number = lambda: rng.choice([-1, 1]) * rng.uniform(0.2, 2)
    x, dout = ([[[number() for _ in range(2)] for _ in range(3)] for _ in range(2)] for _ in range(2))
    return dout, x


NEEDS = ("numpy",)
HINTS = (
    "Which numbers of x let something pass? x > 0 is an array of True and False, in the shape of x.",
    "dx = dout where x > 0, and 0 elsewhere",
    "return np.maximum(0.0, x)\nreturn np.where(x > 0, dout, 0.0)",
)
QUERIES = (
    Query(kept, lambda rng: draw(rng)[1:], also=(([-1e-6, 2e-6, 30.0, -30.0],), ([[-1.0]],))),
    Query(handed_on, draw, also=(([1.0, -2.0, 0.0, 0.5], [-1e-6, 2e-6, 30.0, 0.02]), ([[3.0]], [[-1.0]]))),
    Query(handed_on, draw_deep, trials=1),
)
WRONG = {
    "changed in place": ("x[x < 0] = 0\nreturn x", "dout[x < 0] = 0\nreturn dout"),
    "the size of it": ("return np.abs(x)", None),
    "forgot upstream": (None, "return np.where(x > 0, 1.0, 0.0)"),
    "forgot local": (None, "return dout.copy()"),
    "other side of a kink": (None, "return np.where(x < 0, dout, 0.0)"),
    "asked of what arrives": (None, "return np.where(dout > 0, dout, 0.0)"),
    "times the output": (None, "return dout * np.maximum(0.0, x)"),
}
SAID = {
    "changed in place": "others still need the array that came in, and here it was changed: make a new one",
    "the size of it": "below 0 it is 0, and not the number without its minus",
    "forgot local": "it is what arrives, handed on as it is: where x is below 0 nothing passes",
    "asked of what arrives": "whether something passes is decided by x, and not by the gradient that arrives",
    "times the output": "the slope above 0 is 1, and not the output itself",
}
RIGHT = (
    ("return x * (x > 0)", "return dout * (x > 0)"),
    (
        "out = x.copy()\nout[out < 0] = 0\nreturn out",
        """
            dx = np.zeros_like(dout)
            for place in np.ndindex(x.shape):
                if forward(x)[place] > 0:
                    dx[place] = dout[place]
            return dx
        """,
    ),
    ("return (np.abs(x) + x) / 2", "return dout * (np.sign(x) + 1) / 2"),
)
