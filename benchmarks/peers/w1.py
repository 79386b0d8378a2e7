"""One training step of micrograd's demo, written for each peer as its own users would write it when they want it fast.

100 points through an MLP 2-16-16-1, hinge loss and L2, backward, one step of gradient descent.  `theta` lists a layer
neuron by neuron, weights before bias, so that a layer is a matrix of one row per neuron whose last column is the bias.
"""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np


def cut(theta: Any, sizes: list[int]) -> list[Any]:
    """One matrix per layer, as views."""
    layers, start = [], 0
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers.append(theta[start : start + n_out * (n_in + 1)].reshape(n_out, n_in + 1))
        start += n_out * (n_in + 1)
    return layers


def split(theta: Any, sizes: list[int]) -> list[Any]:
    """Weights and bias of each layer, apart and copied."""
    return [part for A in cut(theta, sizes) for part in (A[:, :-1].copy(), A[:, -1].copy())]


def joined(parts: list[Any]) -> list[float]:
    """The opposite: what belongs to W, b, W, b, ... in the order of theta."""
    return np.concatenate(
        [np.column_stack([np.asarray(W), np.asarray(b)]).ravel() for W, b in zip(parts[::2], parts[1::2])]
    ).tolist()


def repeated(step: Any) -> Any:
    def run(n: int) -> None:
        for _ in range(n):
            step()

    return run


def arrays(problem: Any) -> tuple[Any, Any, Any]:
    return tuple(np.array(problem[name], float) for name in ("theta", "X", "Y"))


def numpy(problem: Any) -> Any:
    """By hand: the backward pass is written out, and results go into arrays that are there already."""
    theta, X, Y = arrays(problem)
    sizes, rate, l2, n = problem["sizes"], problem["rate"], problem["l2"], len(Y)
    W1, b1, W2, b2, W3, b3 = weights = split(theta, sizes)
    b1, b2 = b1[:, None], b2[:, None]  # the same memory, as columns
    x = np.ascontiguousarray(X.T)
    a1, a2, g1, g2 = [np.empty((16, n)) for _ in range(4)]

    def both() -> tuple[float, list[Any]]:
        np.dot(W1, x, out=a1)
        np.add(a1, b1, out=a1)
        np.maximum(a1, 0.0, out=a1)
        np.dot(W2, a1, out=a2)
        np.add(a2, b2, out=a2)
        np.maximum(a2, 0.0, out=a2)
        s = np.dot(W3, a2)
        s += b3
        margin = 1.0 - Y * s
        loss = np.maximum(margin, 0.0).sum() / n
        for p in weights:
            flat = p.ravel()
            loss += l2 * flat.dot(flat)
        g3 = (margin > 0.0) * (Y * (-1.0 / n))
        dW3, db3 = g3.dot(a2.T), g3.sum(1)
        np.dot(W3.T, g3, out=g2)
        np.multiply(g2, a2 > 0.0, out=g2)
        dW2, db2 = g2.dot(a1.T), g2.sum(1)
        np.dot(W2.T, g2, out=g1)
        np.multiply(g1, a1 > 0.0, out=g1)
        return loss, [g1.dot(x.T), g1.sum(1), dW2, db2, dW3, db3]

    def gradient() -> Any:
        loss, slopes = both()
        return float(loss), joined([d + 2 * l2 * p for p, d in zip(weights, slopes)])

    def step() -> float:
        loss, slopes = both()
        for p, d in zip(weights, slopes):
            p -= rate * (d + 2 * l2 * p)
        return float(loss)

    return gradient, repeated(step), lambda: joined(weights)


def numpy_flat(problem: Any) -> Any:
    """By hand, and with fewer calls: biases are a column of the weights, all parameters one array,
    all gradients another.
    """
    theta, X, Y = arrays(problem)
    sizes, rate, l2, n = problem["sizes"], problem["rate"], problem["l2"], len(Y)
    slopes = np.empty_like(theta)
    (A1, A2, A3), (D1, D2, D3) = cut(theta, sizes), cut(slopes, sizes)
    W2, W3 = A2[:, :-1].T, A3[:, :-1].T
    x, h1, h2 = np.ones((3, n)), np.ones((17, n)), np.ones((17, n))  # the last rows stay 1
    x[:2] = X.T
    a1, a2, g1, g2 = h1[:16], h2[:16], np.empty((16, n)), np.empty((16, n))
    xT, h1T, h2T, pull = x.T, h1.T, h2.T, Y * (-1.0 / n)

    def both() -> float:
        np.dot(A1, x, out=g1)
        np.maximum(g1, 0.0, out=a1)
        np.dot(A2, h1, out=g1)
        np.maximum(g1, 0.0, out=a2)
        margin = 1.0 - Y * np.dot(A3, h2)
        g3 = (margin > 0.0) * pull
        np.dot(g3, h2T, out=D3)
        np.dot(W3, g3, out=g2)
        np.multiply(g2, a2 > 0.0, out=g2)
        np.dot(g2, h1T, out=D2)
        np.dot(W2, g2, out=g1)
        np.multiply(g1, a1 > 0.0, out=g1)
        np.dot(g1, xT, out=D1)
        np.add(slopes, (2 * l2) * theta, out=slopes)
        return float(np.maximum(margin, 0.0).sum()) / n + l2 * float(theta.dot(theta))

    def step() -> float:
        nonlocal theta
        loss = both()
        theta -= rate * slopes
        return loss

    return lambda: (both(), slopes.tolist()), repeated(step), theta.tolist


def scalars(value: Any, relu: Any = lambda v: v.relu()) -> Any:
    """The program for an engine of scalars: one node for each multiplication and each addition,
    as in micrograd's demo.
    """

    def program(problem: Any) -> Any:
        sizes, rate, l2 = problem["sizes"], problem["rate"], problem["l2"]
        theta = [value(t) for t in problem["theta"]]

        def build() -> Any:
            losses = []
            for x, y in zip(problem["X"], problem["Y"]):
                at, layer = 0, [value(xi) for xi in x]
                for n_in, n_out in zip(sizes, sizes[1:]):
                    ends = range(at, at + n_out * (n_in + 1), n_in + 1)
                    layer = [sum((w * h for w, h in zip(theta[i:], layer)), theta[i + n_in]) for i in ends]
                    layer = layer if n_out == 1 else [relu(h) for h in layer]
                    at += n_out * (n_in + 1)
                losses.append(relu(1 + -y * layer[0]))
            return sum(losses) * (1.0 / len(losses)) + l2 * sum(t * t for t in theta)

        def both() -> Any:
            for t in theta:
                t.grad = 0.0
            loss = build()
            loss.backward()
            return loss

        def step() -> float:
            loss = both()
            for t in theta:
                t.data -= rate * t.grad
            return float(loss.data)

        return lambda: (both().data, [t.grad for t in theta]), repeated(step), lambda: [t.data for t in theta]

    return program


def micrograd(problem: Any) -> Any:
    from micrograd.engine import Value

    return scalars(Value)(problem)


def microgpt_engine(problem: Any) -> Any:
    from .microgpt_engine import Value

    return scalars(Value)(problem)


@functools.cache
def _scratch() -> Any:
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # it goes when this process ends


def scratch() -> Path:
    """A folder for what is compiled."""
    return Path(_scratch().name)


def _compiler() -> str | None:
    return next(filter(shutil.which, ("cc", "gcc", "clang")), None)


def compiler_version() -> str:
    """The last word of the compiler's first line; blank without one."""
    if _compiler() is None:
        return ""
    return (
        subprocess.run([str(_compiler()), "--version"], capture_output=True, text=True, check=False)
        .stdout.splitlines()[0]
        .split()[-1]
    )


def library(source: Path, flags: list[str]) -> str:
    """The shared library that the C compiler makes of a file.  Raises RuntimeError without one."""
    compiler = _compiler()
    if compiler is None:
        raise RuntimeError("needs a C compiler (cc), and there is none")
    target = str(scratch() / "compiled.so")
    subprocess.run(
        [compiler, "-O3", "-march=native", *flags, "-shared", "-fPIC", str(source), "-o", target, "-lm"], check=True
    )
    return target


def _c(problem: Any, source: str, flags: list[str]) -> Any:
    theta, X, Y = arrays(problem)
    n, slope = len(Y), np.zeros_like(theta)
    compiled = ctypes.CDLL(library(Path(__file__).with_name(source), flags))
    compiled.value_and_gradient.restype = ctypes.c_double
    at = [a.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for a in (theta, X, Y, slope)]
    l2, rate = ctypes.c_double(problem["l2"]), ctypes.c_double(problem["rate"])
    return (lambda: (compiled.value_and_gradient(*at, n, l2), slope.tolist()),
            lambda steps: compiled.train(*at, n, l2, rate, steps), theta.tolist)  # fmt: skip


def c(problem: Any) -> Any:
    return _c(problem, "w1.c", [])


def c_fast_math(problem: Any) -> Any:
    return _c(problem, "w1_layers.c", ["-ffast-math"])
