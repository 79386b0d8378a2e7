"""A recurrent step, and many of them

    next_h = tanh(x Wx + h Wh + b)        x is N × D, h and next_h are N × H

A recurrent network reads a sequence with one step: the state h goes in, and next_h comes out and is the h of the next
step. Backward through one step, you know every part: first da, through the tanh; then two affine layers that meet in a.

Backward through time is the same, step after step, the last first. Two things add up. A state is used by the loss and
by the next step: so dh[t], which arrives from the loss, and what step t + 1 hands back. And the weights are used in
every step: what all steps give.
"""

import numpy as np


def step(x, h, Wx, Wh, b):
    """The next state."""
    return np.tanh(x @ Wx + h @ Wh + b)


def step_backward(dnext_h, next_h, x, h, Wx, Wh):
    """da, where a is what goes into tanh; db, dWh, dWx, dh and dx."""
    # TODO
    # [
    da = dnext_h * (1 - next_h**2)
    db = da.sum(axis=0)
    dWh = h.T @ da
    dWx = x.T @ da
    dh = da @ Wh.T
    dx = da @ Wx.T
    # | da = ...
    # | db = ...
    # | dWh = ...
    # | dWx = ...
    # | dh = ...
    # | dx = ...
    # ]
    return {"da": da, "db": db, "dWh": dWh, "dWx": dWx, "dh": dh, "dx": dx}


def backward(dh, xs, h0, Wx, Wh, b):
    """Through all steps: db, dWh and dWx, summed over time, and dh0. dh[t] arrives from the loss at the state hs[t]."""
    hs = []
    for x in xs:
        hs.append(step(x, hs[-1] if hs else h0, Wx, Wh, b))
    db, dWh, dWx = np.zeros_like(b), np.zeros_like(Wh), np.zeros_like(Wx)
    # TODO: from the last step to the first, with step_backward
    # [
    back = np.zeros_like(h0)
    for t in reversed(range(len(xs))):
        found = step_backward(dh[t] + back, hs[t], xs[t], hs[t - 1] if t else h0, Wx, Wh)
        db += found["db"]
        dWh += found["dWh"]
        dWx += found["dWx"]
        back = found["dh"]
    dh0 = back
    # | dh0 = ...
    # | raise NotImplementedError("still to be written")
    # ]
    return {"dh0": dh0, "db": db, "dWh": dWh, "dWx": dWx}


# =====
import random

from tinygrad_edu.learn import Query


def one_step(their, dnext_h, x, h, Wx, Wh, b):
    dnext_h, x, h, Wx, Wh, b = map(np.array, (dnext_h, x, h, Wx, Wh, b))
    return their.step_backward(dnext_h, np.tanh(x @ Wx + h @ Wh + b), x, h, Wx, Wh)


def through_time(their, dh, xs, h0, Wx, Wh, b):
    return their.backward(*map(np.array, (dh, xs, h0, Wx, Wh, b)))


def array(rng, *shape):
    return [array(rng, *shape[1:]) for _ in range(shape[0])] if shape else rng.uniform(-1, 1)


def draw(rng, N=None, D=2, H=3):
    N = N or rng.choice([2, 4, 5])
    return tuple(array(rng, *shape) for shape in ((N, H), (N, D), (N, H), (D, H), (H, H), (H,)))


def draw_time(rng, T=None, N=2, D=2, H=3):
    T = T or rng.choice([3, 4])
    return tuple(array(rng, *shape) for shape in ((T, N, H), (T, N, D), (N, H), (D, H), (H, H), (H,)))


NEEDS = ("numpy",)
HINTS = (
    "The slope of tanh is 1 - output². After it there are two affine layers, x Wx and h Wh, that get the same da. "
    "In time: what is the whole gradient of the state hs[t]?",
    "da = dnext_h · (1 - next_h²);   db = Σ da;   dWh = hᵀ da;   dWx = xᵀ da;   dh = da Whᵀ;   dx = da Wxᵀ;   "
    "in time, dnext_h = dh[t] + what step t + 1 gave as its dh",
    "da = dnext_h * (1 - next_h**2)\ndb = da.sum(axis=0)\ndWh = h.T @ da\ndWx = x.T @ da\ndh = da @ Wh.T\n"
    "dx = da @ Wx.T\nback = np.zeros_like(h0)\nfor t in reversed(range(len(xs))):\n"
    "    found = step_backward(dh[t] + back, hs[t], xs[t], hs[t - 1] if t else h0, Wx, Wh)\n"
    '    db += found["db"]\n    dWh += found["dWh"]\n    dWx += found["dWx"]\n    back = found["dh"]\ndh0 = back',
)
QUERIES = (
    Query(one_step, draw, also=(draw(random.Random(1), 1, 1, 1), draw(random.Random(2), 1, 4, 2))),
    Query(
        through_time, draw_time, also=(draw_time(random.Random(1), 1, 1, 1, 1), draw_time(random.Random(2), 7, 1, 4, 2))
    ),
)


def _step(**changed):
    lines = {"da": "dnext_h * (1 - next_h**2)", "db": "da.sum(axis=0)", "dWh": "h.T @ da", "dWx": "x.T @ da",
             "dh": "da @ Wh.T", "dx": "da @ Wx.T"} | changed  # fmt: skip
    return "\n".join(f"{name} = {line}" for name, line in lines.items()), None


def _time(arriving="dh[t] + back", steps="reversed(range(len(xs)))", before="hs[t - 1] if t else h0", put="+=",
          kept='found["dh"]', end="", dh0="back"):  # fmt: skip
    return (
        None,
        f"""
        back = np.zeros_like(h0)
        for t in {steps}:
            found = step_backward({arriving}, hs[t], xs[t], {before}, Wx, Wh)
            db {put} found["db"]
            dWh {put} found["dWh"]
            dWx {put} found["dWx"]
            back = {kept}
        dh0 = {dh0}
        {end}
    """,
    )


WRONG = {
    "forgot local": _step(da="dnext_h"),
    "forgot upstream": _step(da="1 - next_h**2"),
    "input used for output": _step(da="dnext_h * (1 - h**2)"),
    "sigmoid for tanh": _step(da="dnext_h * next_h * (1 - next_h)"),
    "times the output": _step(da="dnext_h * next_h"),
    "the tanh once more": _step(da="dnext_h * (1 - np.tanh(next_h) ** 2)"),
    "wrong axis summed": _step(db="da.sum(axis=1)"),
    "forgot to sum": _step(db="da"),
    "output used for input": _step(dWh="next_h.T @ da"),
    "transposed": _step(dWh="da.T @ h"),
    "Wh not turned": _step(dh="da @ Wh"),
    "the tanh is left out": _step(
        db="dnext_h.sum(axis=0)", dWh="h.T @ dnext_h", dWx="x.T @ dnext_h", dh="dnext_h @ Wh.T", dx="dnext_h @ Wx.T"
    ),
    "= for +=": _time(put="="),
    "forgot to add at the fork": _time(arriving="dh[t]"),
    "the last state's loss alone": _time(arriving="back if t < len(xs) - 1 else dh[t]"),
    "order reversed": _time(steps="range(len(xs))"),
    "the state after, not before": _time(before="hs[t]"),
    "the last state for h0": _time(before="hs[t - 1]"),
    "h0 in every step": _time(before="h0"),
    "averaged": _time(end="db, dWh, dWx = (d / len(xs) for d in (db, dWh, dWx))"),
    "the loss once more": _time(dh0="back + dh[0]"),
}
SAID = {
    "forgot local": "the slope of tanh is missing: times 1 - next_h²",
    "forgot upstream": "that is the slope of tanh alone: times dnext_h, which arrives",
    "input used for output": "the slope of tanh is 1 - output², and the output of this step is next_h, not h",
    "sigmoid for tanh": "next_h (1 - next_h) is the slope of the sigmoid, and that of tanh is 1 - next_h²",
    "times the output": "the slope of tanh is 1 - next_h², and not next_h itself",
    "the tanh once more": "next_h is the tanh already: its slope is 1 - next_h²",
    "output used for input": "Wh multiplied h, the state that came in, and not next_h",
    "Wh not turned": "dh = da Whᵀ: what arrives goes back over W turned, and Wh is square, so its shape does not tell",
    "the tanh is left out": "a is before the tanh, and all that made a gets its part of da, not of dnext_h",
    "= for +=": "the weights are used in every step: what all steps give adds up, and here one overwrites the others",
    "forgot to add at the fork": "a state is used twice, by the loss and by the next step: dh[t] and what step t + 1 "
    "hands back add up",
    "the last state's loss alone": "every state has something from the loss: dh[t] is added at each step",
    "order reversed": "the last step comes first: what it hands back is part of what the step before it gets",
    "the state after, not before": "the state that went into step t is hs[t - 1], and h0 into the first",
    "the last state for h0": "hs[-1] is the last state: what goes into the first step is h0",
    "h0 in every step": "the state that went into step t is hs[t - 1], and h0 only into the first",
    "averaged": "what all steps give adds up; it is not averaged",
    "the loss once more": "dh[0] belongs to hs[0], the state after the first step; h0 gets what that step hands back",
}
RIGHT = (
    (
        """
            da, db, dWh, dWx = dnext_h * (1 - next_h) * (1 + next_h), 0, np.zeros_like(Wh), np.zeros_like(Wx)
            for n in range(len(x)):
                db = db + da[n]
                dWh += np.outer(h[n], da[n])
                dWx += np.outer(x[n], da[n])
            dh = np.array([Wh @ row for row in da])
            dx = np.array([Wx @ row for row in da])
        """,
        """
            before = [h0, *hs]
            steps, back = [], 0
            for t in range(len(xs) - 1, -1, -1):
                steps.append(step_backward(back + dh[t], hs[t], xs[t], before[t], Wx, Wh))
                back = steps[-1]["dh"]
            db = sum(s["db"] for s in steps)
            dWh = sum(s["dWh"] for s in steps)
            dWx = sum(s["dWx"] for s in steps)
            dh0 = steps[-1]["dh"]
        """,
    ),
    (
        None,
        """
            def back(t):
                if t == len(xs):
                    return np.zeros_like(h0)
                found = step_backward(dh[t] + back(t + 1), hs[t], xs[t], hs[t - 1] if t else h0, Wx, Wh)
                db[:] += found["db"]
                dWh[:] += found["dWh"]
                dWx[:] += found["dWx"]
                return found["dh"]

            dh0 = back(0)
        """,
    ),
)
