"""A formula, taken apart

    f = 1 / (1 + exp(-(w · x + b)))

looks hard to differentiate. It is not, if it is cut into steps that are easy each:

    p = w * x        s = p + b        m = -s        e = exp(m)        d = 1 + e        f = 1 / d

The forward pass is written. Write the backward pass, from the last line to the first: one line for each of its lines.
dz is the name of df/dz, for every z.
"""

import math


def gradients(w, x, b):
    """df/dz for every z on the way."""
    p = w * x
    s = p + b
    m = -s
    e = math.exp(m)
    d = 1 + e
    f = 1 / d
    # TODO: dd, de, dm, ds, dp, db, dw, dx, in this order
    # [
    dd = -1 / d**2
    de = dd
    dm = de * e
    ds = -dm
    dp = ds
    db = ds
    dw = dp * x
    dx = dp * w
    # | dd = ...
    # | de = ...
    # | dm = ...
    # | ds = ...
    # | dp = ...
    # | db = ...
    # | dw = ...
    # | dx = ...
    # ]
    return {"f": f, "dd": dd, "de": de, "dm": dm, "ds": ds, "dp": dp, "db": db, "dw": dw, "dx": dx}


# =====
from tinygrad_edu.learn import Query


def stages(their, w, x, b):
    return their.gradients(w, x, b)


HINTS = (
    "Each forward line has a backward line: what it handed forward comes back, times the local gradient of that line.",
    "1/d: -1/d²;  1 + e: 1;  exp(m): e;  -s: -1;  p + b: 1, 1;  w * x: x, w",
    "dd = -1 / d**2;  de = dd;  dm = de * e;  ds = -dm;  dp = ds;  db = ds;  dw = dp * x;  dx = dp * w",
)
QUERIES = (Query(stages, lambda rng: tuple(rng.choice([-1, 1]) * rng.uniform(0.3, 1.5) for _ in range(3)),
                 also=((-0.7, 0.4, 0.3), (0.6, -1.2, -0.9), (0.0, 0.0, 0.0), (4.0, 2.0, 1.0))),)  # fmt: skip


def _lines(**changed):
    lines = {"dd": "-1 / d**2", "de": "dd", "dm": "de * e", "ds": "-dm", "dp": "ds", "db": "ds", "dw": "dp * x",
             "dx": "dp * w"}  # fmt: skip
    return "\n".join(f"{name} = {text}" for name, text in (lines | changed).items())


WRONG = {
    "missing minus": _lines(ds="dm"),
    "missing minus in 1/d": _lines(dd="1 / d**2"),
    "input used for output": _lines(dm="de * m"),
    "forgot upstream": _lines(dm="e"),
    "swapped arguments": _lines(dw="dp * w", dx="dp * x"),
    "the square is missing": _lines(dd="-1 / d"),
    "the 1 is handed on": _lines(de="dd * e"),
}
SAID = {
    "missing minus": "m = -s turns the sign, and its backward line does too: ds = -dm",
    "missing minus in 1/d": "1/d becomes smaller when d grows: its slope is -1/d², with a minus",
    "input used for output": "exp is its own slope: times its output e, not times its input m",
    "the square is missing": "the slope of 1/d is -1/d², with a square",
    "the 1 is handed on": "d = 1 + e moves exactly as e does: de = dd",
}
RIGHT = (
    _lines(dd="-f * f", dm="e * dd", ds="dm * -1"),
    "ds = f * (1 - f)\ndm = -ds\nde = dm / e\ndd = de\ndp = db = ds\ndw, dx = ds * x, ds * w",
)
