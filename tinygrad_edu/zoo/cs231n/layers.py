"""The layers of the assignments, forward and backward by hand in NumPy, to compare yours with: the names and shapes
are the course's.

`out, cache = X_forward(...)`, and `X_backward(dout, cache)` takes the gradient of the loss by `out` and returns those
by the inputs, in their order; a loss returns itself and its gradient at once.  Three sentences are enough for all of
them.  A gradient has the shape of what it belongs to.  What was broadcast forward is summed backward, because whatever
is used often receives often.  And where the derivative is known on paper, it may be shorter than the walk back through
the stages: `batchnorm_backward` and `batchnorm_backward_alt`.

>>> out, cache = affine_forward(np.ones((2, 3)), np.full((3, 1), 0.5), np.zeros(1))
>>> dx, dw, db = affine_backward(np.ones((2, 1)), cache)
>>> dx.shape, dw.shape, db
((2, 3), (3, 1), array([2.]))

`check`, beside this file, compares a function of yours with the scalar engine; the essay does so with all of these.
"""

from __future__ import annotations

from typing import Any

from .arrays import Array, Whole, np

Settings = dict[str, Any]
Cached = tuple[Array, Any]  # an output, and what the way back needs
Three = tuple[Array, Array, Array]

# Linear, and what bends it


def affine_forward(x: Array, w: Array, b: Array) -> Cached:
    """x·w + b: x (N, d1, ..., dk), each sample flattened to D numbers; w (D, M), b (M,); out (N, M)."""
    return x.reshape(len(x), -1) @ w + b, (x, w)


def affine_backward(dout: Array, cache: Any) -> Three:
    """dx (N, d1, ..., dk), dw (D, M), db (M,).

    The shapes leave but one way to multiply; and b served all N samples, so db is a sum over them.
    """
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def relu_forward(x: Array) -> tuple[Array, Array]:
    """max(0, x), of any shape."""
    return np.maximum(0.0, x), x


def relu_backward(dout: Array, cache: Array) -> Array:
    """dout where x was above 0, and 0 elsewhere; at 0 itself, where it bends, 0 too."""
    return np.where(cache > 0, dout, 0.0)


def sigmoid_forward(x: Array) -> tuple[Array, Array]:
    """1 / (1 + e^-x), of any shape, written with tanh, which does not overflow."""
    out = 0.5 * (1.0 + np.tanh(0.5 * x))
    return out, out


def sigmoid_backward(dout: Array, cache: Array) -> Array:
    """dout · s · (1 - s): the output is all that it takes."""
    return dout * cache * (1.0 - cache)


# Losses: the mean over N samples, and its gradient by the scores


def softmax_loss(x: Array, y: Whole) -> tuple[float, Array]:
    """The mean of -log softmax(x)[y] for scores x (N, C) and classes y (N,); dx is (p - y) / N, y as ones and zeros."""
    n = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)  # the same probabilities, and no exponential is above 1
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(logs)
    dx[n, y] -= 1.0
    return float(-logs[n, y].mean()), dx / len(x)


def svm_loss(x: Array, y: Whole) -> tuple[float, Array]:
    """The mean over samples of the sum, over wrong classes j, of max(0, x[j] - x[y] + 1), for x (N, C) and y (N,).

    Each margin that is above 0 pulls its class down by 1/N, and lifts the right one by as much.
    """
    n = np.arange(len(x))
    margins = np.maximum(0.0, x - x[n, y][:, None] + 1.0)
    margins[n, y] = 0.0
    dx = (margins > 0).astype(float)
    dx[n, y] = -dx.sum(axis=1)
    return float(margins.sum() / len(x)), dx / len(x)


# Normalisation: one idea, over four choices of what is taken together


def batchnorm_forward(x: Array, gamma: Array, beta: Array, bn_param: Settings) -> Cached:
    """gamma · (x - mean) / sqrt(variance + eps) + beta, each column of x (N, D) by itself; gamma and beta (D,).

    `bn_param` is {"mode": "train"} or "test", and may have "eps" (1e-5) and "momentum" (0.9).  In training the mean and
    variance are the batch's, and "running_mean" and "running_var" in it follow them, momentum · old + (1 - momentum) ·
    new; tests use those.
    """
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    variance = bn_param.get("running_var", np.zeros(x.shape[1]))
    if not _training(bn_param):
        return gamma * (x - mean) / np.sqrt(variance + eps) + beta, None
    # In stages, each with a name, so that the way back can take them one by one.
    mu = x.mean(axis=0)
    away = x - mu
    var = (away**2).mean(axis=0)
    std = np.sqrt(var + eps)
    x_hat = away / std
    bn_param["running_mean"] = momentum * mean + (1 - momentum) * mu
    bn_param["running_var"] = momentum * variance + (1 - momentum) * var
    return gamma * x_hat + beta, (x_hat, away, std, gamma)


def batchnorm_backward(dout: Array, cache: Any) -> Three:
    """dx (N, D), dgamma (D,), dbeta (D,), stage by stage: the forward pass read from its last line to its first."""
    x_hat, away, std, gamma = cache
    N = len(dout)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    daway = dx_hat / std  # x_hat = away / std ...
    dstd = (dx_hat * -away / std**2).sum(axis=0)  # ... whose std served the whole column
    dvar = dstd / (2 * std)
    daway = daway + dvar * 2 * away / N  # the second use of away: it adds
    dmu = -daway.sum(axis=0)
    return daway + dmu / N, dgamma, dbeta  # x was used twice as well: in away, and in the mean


def batchnorm_backward_alt(dout: Array, cache: Any) -> Three:
    """The same on paper, in one line: dx_hat without its mean and without its part along x_hat, divided by std."""
    x_hat, _, std, gamma = cache
    return _standard_backward(dout * gamma, x_hat, std, 0), (dout * x_hat).sum(axis=0), dout.sum(axis=0)


def layernorm_forward(x: Array, gamma: Array, beta: Array, ln_param: Settings) -> Cached:
    """batchnorm_forward turned by 90 degrees: each row of x (N, D) by itself, in training and tests alike; gamma and
    beta (D,).
    """
    x_hat, std = _standard(x, 1, ln_param.get("eps", 1e-5))
    return gamma * x_hat + beta, (x_hat, std, gamma)


def layernorm_backward(dout: Array, cache: Any) -> Three:
    """dx (N, D), dgamma (D,), dbeta (D,).  gamma belongs to a column, the mean to a row: so its sum goes the other
    way.
    """
    x_hat, std, gamma = cache
    return _standard_backward(dout * gamma, x_hat, std, 1), (dout * x_hat).sum(axis=0), dout.sum(axis=0)


def spatial_batchnorm_forward(x: Array, gamma: Array, beta: Array, bn_param: Settings) -> Cached:
    """batchnorm_forward of maps x (N, C, H, W), each channel by itself: every pixel of every image counts as a
    sample.
    """
    out, cache = batchnorm_forward(_pixels(x), gamma, beta, bn_param)
    return _maps(out, x.shape), cache


def spatial_batchnorm_backward(dout: Array, cache: Any) -> Three:
    """dx (N, C, H, W), dgamma (C,), dbeta (C,)."""
    dx, dgamma, dbeta = batchnorm_backward_alt(_pixels(dout), cache)
    return _maps(dx, dout.shape), dgamma, dbeta


def spatial_groupnorm_forward(x: Array, gamma: Array, beta: Array, G: int, gn_param: Settings) -> Cached:
    """Layer normalisation of G groups of neighbouring channels, each by itself: x (N, C, H, W); gamma and beta (1,
    C, 1, 1) or (C,).
    """
    N, C, H, W = x.shape
    if C % G:
        raise ValueError(f"{C} channels cannot be divided into {G} groups of one size")
    x_hat, std = _standard(x.reshape(N * G, -1), 1, gn_param.get("eps", 1e-5))
    x_hat = x_hat.reshape(x.shape)
    return gamma.reshape(1, C, 1, 1) * x_hat + beta.reshape(1, C, 1, 1), (x_hat, std, gamma, G)


def spatial_groupnorm_backward(dout: Array, cache: Any) -> Three:
    """dx (N, C, H, W), and dgamma, dbeta in the shape of gamma."""
    x_hat, std, gamma, G = cache
    N, C, H, W = dout.shape
    dx_hat = dout * gamma.reshape(1, C, 1, 1)
    dx = _standard_backward(dx_hat.reshape(N * G, -1), x_hat.reshape(N * G, -1), std, 1)
    sums = (dout * x_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    return dx.reshape(dout.shape), sums[0].reshape(gamma.shape), sums[1].reshape(gamma.shape)


def _standard(x: Array, axis: int, eps: float) -> tuple[Array, Array]:
    """x with mean 0 and spread 1 along an axis, and the spread that it had."""
    std = np.sqrt(x.var(axis=axis, keepdims=True) + eps)
    return (x - x.mean(axis=axis, keepdims=True)) / std, std


def _standard_backward(dx_hat: Array, x_hat: Array, std: Array, axis: int) -> Array:
    along = x_hat * (dx_hat * x_hat).mean(axis=axis, keepdims=True)
    dx: Array = (dx_hat - dx_hat.mean(axis=axis, keepdims=True) - along) / std
    return dx


def _pixels(x: Array) -> Array:
    """(N, C, H, W) as (N·H·W, C)."""
    return x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])


def _maps(rows: Array, shape: tuple[int, ...]) -> Array:
    """(N·H·W, C) as (N, C, H, W)."""
    N, C, H, W = shape
    return rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)


def _training(settings: Settings) -> bool:
    mode = settings.get("mode")
    if mode not in ("train", "test"):
        raise ValueError(f'mode is "train" or "test", got {mode!r}')
    return bool(mode == "train")


# Dropout


def dropout_forward(x: Array, dropout_param: Settings) -> Cached:
    """Inverted dropout of x, of any shape: in training each number stays with probability p, divided by p, and is 0
    otherwise.

    `dropout_param` has "mode" ("train" or "test") and "p", the probability to stay, and may have a "seed", which fixes
    the mask, so that gradients can be checked.  Tests leave x alone: dividing in training has kept the expected value.
    """
    p = dropout_param["p"]
    if not 0 < p <= 1:
        raise ValueError(f"p, the probability that a number stays, is above 0 and at most 1, got {p!r}")
    if not _training(dropout_param):
        return x, None
    mask = (np.random.RandomState(dropout_param.get("seed")).rand(*x.shape) < p) / p
    return x * mask, mask


def dropout_backward(dout: Array, cache: Any) -> Array:
    """dout through the same mask: what was dropped has no influence, what was enlarged has more."""
    dx: Array = dout if cache is None else dout * cache
    return dx


# Images


def conv_forward_naive(x: Array, w: Array, b: Array, conv_param: Settings) -> Cached:
    """F filters over C maps: x (N, C, H, W), w (F, C, HH, WW), b (F,); out (N, F, H', W'), H' = 1 + (H + 2·pad - HH)
    / stride.

    `conv_param` has "stride" and "pad", the width of the border of zeros.  Raises ValueError if the windows do not come
    out even.
    """
    stride, pad = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = _windows(padded, w.shape[2:], stride)
    out = np.einsum("nchwij,fcij->nfhw", windows, w, optimize=True) + b.reshape(-1, 1, 1)
    return out, (padded.shape, windows, w, stride, pad)


def conv_backward_naive(dout: Array, cache: Any) -> Three:
    """dx (N, C, H, W), dw (F, C, HH, WW), db (F,).

    One filter served every window: its gradient is the sum over all of them.  One pixel lies in several windows: so is
    its own.
    """
    shape, windows, w, stride, pad = cache
    dw = np.einsum("nfhw,nchwij->fcij", dout, windows, optimize=True)
    dpadded = np.zeros(shape)
    for i, j, corner in _corners(dpadded, windows.shape, stride):
        corner += np.einsum("nfhw,fc->nchw", dout, w[:, :, i, j], optimize=True)
    return dpadded[:, :, pad : shape[2] - pad, pad : shape[3] - pad], dw, dout.sum(axis=(0, 2, 3))


def max_pool_forward_naive(x: Array, pool_param: Settings) -> Cached:
    """The largest number of each window of x (N, C, H, W): `pool_param` has "pool_height", "pool_width" and
    "stride".
    """
    windows = _windows(x, (pool_param["pool_height"], pool_param["pool_width"]), pool_param["stride"])
    return windows.max(axis=(4, 5)), (x.shape, windows, pool_param["stride"])


def max_pool_backward_naive(dout: Array, cache: Any) -> Array:
    """dx (N, C, H, W): a gradient goes to the number that won its window, at a tie to the first of them."""
    shape, windows, stride = cache
    winner = windows.reshape(*dout.shape, -1).argmax(axis=-1)
    dx = np.zeros(shape)
    for i, j, corner in _corners(dx, windows.shape, stride):
        corner += np.where(winner == i * windows.shape[5] + j, dout, 0.0)
    return dx


def _windows(x: Array, size: Any, stride: int) -> Any:
    """A view of x (N, C, H, W) as all its windows: (N, C, H', W', height, width).  Raises ValueError if they do not
    come out even.
    """
    (H, W), (h, w) = x.shape[2:], size
    if H < h or W < w or (H - h) % stride or (W - w) % stride:
        raise ValueError(f"windows of {h} x {w} with stride {stride} do not come out even on maps of {H} x {W}")
    return np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))[:, :, ::stride, ::stride]


def _corners(x: Array, windows: tuple[int, ...], stride: int) -> Any:
    """(i, j, a view of the pixels of x that are at row i, column j of their window), for each place in a window."""
    _, _, down, across, height, width = windows
    for i in range(height):
        for j in range(width):
            yield i, j, x[:, :, i : i + stride * down : stride, j : j + stride * across : stride]


# Time


def rnn_step_forward(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array) -> Cached:
    """tanh(x·Wx + prev_h·Wh + b): x (N, D), prev_h (N, H), Wx (D, H), Wh (H, H), b (H,); the next state (N, H)."""
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """dx (N, D), dprev_h (N, H), dWx (D, H), dWh (H, H), db (H,): two affine layers that meet before one tanh."""
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1.0 - next_h**2)
    return da @ Wx.T, da @ Wh.T, x.T @ da, prev_h.T @ da, da.sum(axis=0)
