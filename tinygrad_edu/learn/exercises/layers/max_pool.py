"""Max pooling

out[n, c, i, j] is the largest number of a window of image n, channel c. The largest was taken, so it gets all that
arrives, and the others in the window get nothing. Windows may overlap, and then a number can be the largest in several
of them, and gets something from each.

If several numbers of a window are the largest, give what arrives to one of them, or share it among them.
"""

import numpy as np


def forward(x, size, stride):
    """The largest number of each window, size × size, of x, N × C × H × W."""
    N, C, H, W = x.shape
    out = np.zeros((N, C, 1 + (H - size) // stride, 1 + (W - size) // stride))
    for n, c, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        out[n, c, i, j] = x[n, c, top : top + size, left : left + size].max()
    return out


def backward(dout, x, size, stride):
    """dL/dx, in the shape of x."""
    dx = np.zeros_like(x)
    # TODO
    # [
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + size, left : left + size]
        k, m = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + k, left + m] += dout[n, c, i, j]
    # ]
    return dx


# =====
import random

from tinygrad_edu.learn import Query


def apart(their, dout, x, size, stride):
    return {"dx": their.backward(np.array(dout), np.array(x), size, stride)}


def overlapping(their, dout, x, size, stride):
    return {"dx": their.backward(np.array(dout), np.array(x), size, stride)}


def ties(their, dout, x, size, stride):
    return {"dx": np.array(their.backward(np.array(dout), np.array(x), size, stride), float)}


def judge(theirs, right, dout, x, size, stride):
    dx = theirs["dx"][0][0]
    for i, row in enumerate(dout[0][0]):
        for j, g in enumerate(row):
            places = [(i * stride + k, j * stride + m) for k in range(size) for m in range(size)]
            largest = max(x[0][0][k][m] for k, m in places)
            window = f"the window with its corner at row {i * stride}, column {j * stride}"
            for k, m in places:
                if x[0][0][k][m] < largest and dx[k][m]:
                    return f"in {window}, {x[0][0][k][m]:g} is not the largest, and gets {dx[k][m]:.4g}, not 0"
                if not min(0, g) - 1e-9 <= dx[k][m] <= max(0, g) + 1e-9:
                    return f"in {window}, each of the largest gets something from 0 to {g:.4g}, not {dx[k][m]:.4g}"
            if abs(sum(dx[k][m] for k, m in places) - g) > 1e-9:
                total = sum(dx[k][m] for k, m in places)
                return f"in {window}, the largest get {total:.4g} together, and {g:.4g} arrives"
    return ""


def array(rng, *shape):
    return [array(rng, *shape[1:]) for _ in range(shape[0])] if shape else rng.uniform(-2, 2)


def draw(rng):
    return array(rng, 2, 2, 2, 3), array(rng, 2, 2, 4, 6), 2, 2


def draw_overlapping(rng):
    x = array(rng, 1, 2, 5, 7)
    for image in x[0]:
        image[2][2], image[2][4] = 3.0 + rng.random(), 4.0 + rng.random()
    return array(rng, 1, 2, 2, 3), x, 3, 2


def draw_ties(rng):
    return array(rng, 1, 1, 2, 2), [[[[rng.choice([0.0, 0.0, 1.0, 2.0]) for _ in range(4)] for _ in range(4)]]], 2, 2


NEEDS = ("numpy",)
HINTS = (
    "For each window, find where its largest number is. What arrives at the window is added there.",
    "dx at the place of the window's largest number += dout[n, c, i, j]",
    "for n, c, i, j in np.ndindex(dout.shape):\n    top, left = i * stride, j * stride\n"
    "    window = x[n, c, top : top + size, left : left + size]\n"
    "    k, m = np.unravel_index(window.argmax(), window.shape)\n"
    "    dx[n, c, top + k, left + m] += dout[n, c, i, j]",
)
WIDE = array(random.Random(1), 1, 1, 2, 2), array(random.Random(2), 1, 1, 5, 5), 2, 3  # some are in no window
QUERIES = (
    Query(apart, draw, trials=2, also=(([[[[-2.0]]]], [[[[-3.0, -1.0], [-4.0, -1.5]]]], 2, 2), WIDE)),
    Query(overlapping, draw_overlapping, trials=2),
    Query(ties, draw_ties, trials=4, judge=judge),
)


def _loop(put="dx[n, c, top + k, left + m] += g", at="i * stride, j * stride", best="window.argmax()"):
    return f"""
        for n, c, i, j in np.ndindex(dout.shape):
            top, left = {at}
            window = x[n, c, top : top + size, left : left + size]
            k, m = np.unravel_index({best}, window.shape)
            g = dout[n, c, i, j]
            {put}
    """


_place = "dx[n, c, top : top + size, left : left + size]"
WRONG = {
    "= for +=": _loop("dx[n, c, top + k, left + m] = g"),
    "forgot upstream": _loop("dx[n, c, top + k, left + m] += 1.0"),
    "all of them": _loop(f"{_place} += g"),
    "shared by all": _loop(f"{_place} += g / size**2"),
    "the whole to each at a tie": _loop(f"{_place} += g * (window == window.max())"),
    "times the number": _loop("dx[n, c, top + k, left + m] += g * window.max()"),
    "the smallest": _loop(best="window.argmin()"),
    "the stride is missing": _loop(at="i, j"),
    "the corner of the window": _loop("dx[n, c, top, left] += g"),
    "the place without its stride": _loop("dx[n, c, i + k, j + m] += g"),
    "the place in the window": _loop("dx[n, c, k, m] += g"),
}
SAID = {
    "= for +=": "where windows overlap, a number can be the largest in several: what they hand it adds up",
    "all of them": "the max does not notice when one of the others moves: they get 0",
    "shared by all": "it is shared among all of the window: only the largest gets something",
    "the whole to each at a tie": "at a tie each gets the whole: together they should get what arrives, no more",
    "times the number": "the local gradient of max is 1 at the largest, not the number itself",
    "the smallest": "the largest gets it, not the smallest",
    "the stride is missing": "the window of place (i, j) begins at i · stride and j · stride",
    "the corner of the window": "it went to the first number of each window: find where the largest is",
    "the place without its stride": "k and m are counted from the window's corner, which is at top and left",
    "the place in the window": "k and m are counted inside the window, which begins at top and left: add them",
}
RIGHT = (
    """
        for n, c, i, j in np.ndindex(dout.shape):
            place = n, c, slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
            largest = x[place] == x[place].max()
            dx[place] += dout[n, c, i, j] * largest / largest.sum()
    """,
    """
        for n in range(x.shape[0]):
            for c in range(x.shape[1]):
                for i in range(dout.shape[2]):
                    for j in range(dout.shape[3]):
                        best = None
                        for k in range(i * stride, i * stride + size):
                            for m in range(j * stride, j * stride + size):
                                if best is None or x[n, c, k, m] >= x[n, c][best]:
                                    best = k, m
                        dx[n, c][best] += dout[n, c, i, j]
    """,
    """
        windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
        k, m = np.divmod(windows.reshape(*dout.shape, -1).argmax(-1), size)
        n, c, i, j = np.indices(dout.shape)
        np.add.at(dx, (n, c, i * stride + k, j * stride + m), dout)
    """,
)
