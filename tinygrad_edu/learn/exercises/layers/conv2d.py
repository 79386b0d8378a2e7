"""A convolution, window by window

A filter w[f], C × HH × WW, is laid over every place of an image; the numbers below it are multiplied by it and added up
to one number of out. `forward` does this with loops: n is the image, f the filter, (i, j) the place, and x has got a
border of zeros, pad wide.

out[n, f, i, j] is a small dot product, of which you know both gradients. Only, one filter serves every place, and one
number of the image lies in several windows: so what they get adds up. Go through the same loops, and add to db, dw and
dpadded, the gradient of the image with its border; dx is that without the border.
"""

import numpy as np


def forward(x, w, b, stride, pad):
    """out: images x, N × C × H × W, under the filters w, F × C × HH × WW, each with a bias in b."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    (N, C, H, W), (F, C, HH, WW) = padded.shape, w.shape
    out = np.zeros((N, F, 1 + (H - HH) // stride, 1 + (W - WW) // stride))
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        window = padded[n, :, top : top + HH, left : left + WW]
        out[n, f, i, j] = (window * w[f]).sum() + b[f]
    return out


def backward(dout, x, w, b, stride, pad):
    """db, dw, dpadded and dx."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    (N, C, H, W), (F, C, HH, WW) = padded.shape, w.shape
    db, dw, dpadded = np.zeros_like(b), np.zeros_like(w), np.zeros_like(padded)
    # TODO: the loops, and then dx
    # [
    for n, f, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        db[f] += dout[n, f, i, j]
        dw[f] += dout[n, f, i, j] * padded[n, :, top : top + HH, left : left + WW]
        dpadded[n, :, top : top + HH, left : left + WW] += dout[n, f, i, j] * w[f]
    dx = dpadded[:, :, pad : H - pad, pad : W - pad]
    # | dx = ...
    # | raise NotImplementedError("still to be written")
    # ]
    return {"db": db, "dw": dw, "dpadded": dpadded, "dx": dx}


# =====
import random

from tinygrad_edu.learn import Query


def images(their, dout, x, w, b, stride, pad):
    return their.backward(*map(np.array, (dout, x, w, b)), stride, pad)


def draw(rng, pad=1):
    def array(*shape):
        return [array(*shape[1:]) for _ in range(shape[0])] if shape else rng.uniform(-1, 1)

    if pad != 1:  # no border, or a wide one; one image, one filter
        return array(1, 1, 2 + pad, 2 + pad), array(1, 1, 4, 4), array(1, 1, 2, 2), array(1), 2 - pad // 2, pad
    stride = rng.choice([1, 2])
    out = (2, 3, 3, 2) if stride == 2 else (2, 3, 5, 3)
    return array(*out), array(2, 2, 5, 3), array(3, 2, 3, 3), array(3), stride, 1


NEEDS = ("numpy",)
HINTS = (
    "out[n, f, i, j] = Σ window · w[f] + b[f]. What does one number of out hand to w[f], to the window, and to b[f]?",
    "db[f] += dout[n, f, i, j];   dw[f] += dout[n, f, i, j] · window;   "
    "dpadded, where the window lies, += dout[n, f, i, j] · w[f];   dx is dpadded without the border",
    "db[f] += dout[n, f, i, j]\ndw[f] += dout[n, f, i, j] * padded[n, :, top : top + HH, left : left + WW]\n"
    "dpadded[n, :, top : top + HH, left : left + WW] += dout[n, f, i, j] * w[f]\n"
    "dx = dpadded[:, :, pad : H - pad, pad : W - pad]",
)
QUERIES = (Query(images, draw, also=(draw(random.Random(1), 0), draw(random.Random(2), 2))),)


def _loop(
    db="db[f] += g",
    dw="dw[f] += g * padded[n, :, top : top + HH, left : left + WW]",
    dx="dpadded[n, :, top : top + HH, left : left + WW] += g * w[f]",
    g="dout[n, f, i, j]",
    at="i * stride, j * stride",
    end="dpadded[:, :, pad : H - pad, pad : W - pad]",
    more="",
):
    return f"""
        for n, f, i, j in np.ndindex(dout.shape):
            top, left = {at}
            g = {g}
            {db}
            {dw}
            {dx}
        dx = {end}
        {more}
    """


WRONG = {
    "= for +=": _loop(
        db="db[f] = g",
        dw="dw[f] = g * padded[n, :, top : top + HH, left : left + WW]",
        dx="dpadded[n, :, top : top + HH, left : left + WW] = g * w[f]",
    ),
    "each window overwrites the one before": _loop(dx="dpadded[n, :, top : top + HH, left : left + WW] = g * w[f]"),
    "wrong axis summed": _loop(db="pass", more="db = dout.sum(axis=(0, 1, 2))"),
    "forgot upstream": _loop(g="1.0"),
    "the bias gets nothing": _loop(db="pass"),
    "the stride is missing": _loop(at="i, j"),
    "the border is still there": _loop(end="dpadded"),
    "nothing left where there is no border": _loop(end="dpadded[:, :, pad:-pad, pad:-pad]"),
    "one border only": _loop(end="dpadded[:, :, pad:, pad:]"),
    "the first corner": _loop(end="dpadded[:, :, : x.shape[2], : x.shape[3]]"),
    "the filter is turned": _loop(dx="dpadded[n, :, top : top + HH, left : left + WW] += g * w[f, :, ::-1, ::-1]"),
    "swapped arguments": _loop(
        dw="dw[f] += g * w[f]",
        dx="dpadded[n, :, top : top + HH, left : left + WW] += g * padded[n, :, top : top + HH, left : left + WW]",
    ),
    "averaged": _loop(end="dpadded[:, :, pad : H - pad, pad : W - pad]", g="dout[n, f, i, j] / len(x)"),
}
SAID = {
    "nothing left where there is no border": "a pad of 0 is asked for as well, and a[0:-0] is empty, for -0 is 0: say "
    "where it ends, pad : H - pad",
    "= for +=": "one filter serves every place, and one number lies in several windows: what they get adds up, and "
    "here the last one overwrites the others",
    "each window overwrites the one before": "a number lies in several windows, and gets something from each: +=",
    "wrong axis summed": "b[f] belongs to filter f: sum over images and places, axis=(0, 2, 3), not over filters",
    "forgot upstream": "that is the local gradient alone: times dout[n, f, i, j], which arrives there",
    "the bias gets nothing": "b[f] was added at every place, and gets what arrives at all of them",
    "the stride is missing": "the window of place (i, j) begins at i · stride and j · stride",
    "the border is still there": "dx is dpadded without the border of zeros, in the shape of x",
    "one border only": "the border is on all four sides: it ends at H - pad and W - pad",
    "the first corner": "the border is on all four sides: dx begins at row pad and column pad of dpadded",
    "the filter is turned": "each number of the window was multiplied by the number of w that lay over it, and gets it "
    "back as its gradient: nothing is turned here",
    "swapped arguments": "each factor's gradient is the other one: the filter gets the window, the window the filter",
    "averaged": "if L is a mean, 1/N is in dout already: nothing is divided here",
}
RIGHT = (
    """
        for n in range(N):
            for i in reversed(range(dout.shape[2])):
                for j in reversed(range(dout.shape[3])):
                    place = n, slice(None), slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
                    for f in range(F):
                        dw[f] += padded[place] * dout[n, f, i, j]
                        dpadded[place] += w[f] * dout[n, f, i, j]
        db = dout.sum(axis=(0, 2, 3))
        dx = dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]].copy()
    """,
    """
        db, (down, across) = np.einsum("nfij->f", dout), dout.shape[2:]
        for k in range(HH):
            for m in range(WW):
                rows, columns = slice(k, k + stride * down, stride), slice(m, m + stride * across, stride)
                dw[:, :, k, m] = np.einsum("nfij,ncij->fc", dout, padded[:, :, rows, columns])
                dpadded[:, :, rows, columns] += np.einsum("nfij,fc->ncij", dout, w[:, :, k, m])
        dx = dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
    """,
)
