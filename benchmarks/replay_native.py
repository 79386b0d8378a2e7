"""What a replayed step costs: `python -m benchmarks.replay_native`.

The peers are timed in the same rounds, one after the other, so that a busy machine slows all of them; a line shows the median
and the smallest time of one step, and the ratio of medians to hand-written NumPy.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # these matrices are too small for more

import numpy as np  # noqa: E402

from tinygrad_edu import functional, ops  # noqa: E402
from tinygrad_edu.engine import Value  # noqa: E402
from tinygrad_edu.jit import native  # noqa: E402
from tinygrad_edu.jit.record import Record, record  # noqa: E402
from tinygrad_edu.jit.tape import Tape  # noqa: E402
from tinygrad_edu.nn import MLP  # noqa: E402


def interleaved(steps: dict[str, Callable[[], Any]], seconds: float = 4.0) -> dict[str, list[float]]:
    """Seconds per step, round by round."""
    repeats = {}
    for name, step in steps.items():
        step()
        begin = time.perf_counter()
        step()
        repeats[name] = max(1, int(0.005 / (time.perf_counter() - begin)))
    times: dict[str, list[float]] = {name: [] for name in steps}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, step in steps.items():
            begin = time.perf_counter()
            for _ in range(repeats[name]):
                step()
            times[name].append((time.perf_counter() - begin) / repeats[name])
    return times


def show(title: str, times: dict[str, list[float]], base: str) -> None:
    print(title)
    for name, ts in times.items():
        print(f"  {name:32} median {median(ts) * 1e3:9.4f} ms   least {min(ts) * 1e3:9.4f} ms   {median(ts) / median(times[base]):7.3f} x")


def moons(count: int) -> tuple[Any, Any]:
    """Two half circles; the labels are 1 and -1."""
    rng = np.random.default_rng(1)
    angle = np.pi * (np.arange(count) // 2) / (count // 2 - 1)
    label = 1.0 - 2 * (np.arange(count) % 2)
    X = np.where(label > 0, [np.cos(angle), np.sin(angle)], [1 - np.cos(angle), 0.5 - np.sin(angle)])
    return X + rng.normal(0, 0.1, X.shape), label


def one_output(model: Any, xs: list[Any]) -> Any:
    y = model(xs)
    return y[0] if isinstance(y, list) else y


def w1(lanes: int = 100) -> dict[str, Callable[[], Any]]:
    """micrograd's demo: MLP 2-16-16-1, hinge loss, L2; forward, backward, one step of gradient descent."""
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    ps = model.parameters()

    def loss(x: Any, y: Any, label: Any) -> Any:
        return (1 + -label * one_output(model, [x, y])).relu() + 1e-4 * functional.dot(ps, ps)

    X, label = moons(lanes)
    inputs = np.vstack([X, label])
    r = record(loss, list(map(float, inputs[:, 0])), lambda leaves: leaves)
    run = native.compiled(Tape(r, r.parameters)).value_and_grads
    theta = np.array([p.data for p in r.parameters])
    layers = [(np.array([[w.data for w in n.w] for n in layer.neurons]), np.array([n.b.data for n in layer.neurons])) for layer in model.layers]

    def native_step() -> float:
        nonlocal theta
        [values], dtheta, _ = run(theta, inputs, 1.0 / lanes)
        theta = theta - 1e-9 * dtheta  # a small step, so that every round computes with about the same numbers
        return float(values.mean())

    def eager_step() -> None:
        mean = functional.mean([loss(*xs) for xs in inputs.T.tolist()])
        mean.backward()
        for p in ps:
            p.grad = 0.0

    (W1, b1), (W2, b2), (W3, b3) = [(W.copy(), b[:, None].copy()) for W, b in layers]
    weights = [W1, b1, W2, b2, W3, b3]
    a1, a2 = np.empty((16, lanes)), np.empty((16, lanes))
    g1, g2 = np.empty((16, lanes)), np.empty((16, lanes))

    def numpy_step() -> float:
        """By hand: results go into arrays that are there already."""
        np.dot(W1, X, out=a1)
        np.add(a1, b1, out=a1)
        np.maximum(a1, 0.0, out=a1)
        np.dot(W2, a1, out=a2)
        np.add(a2, b2, out=a2)
        np.maximum(a2, 0.0, out=a2)
        s = np.dot(W3, a2)
        s += b3
        margin = 1.0 - label * s
        value = np.maximum(margin, 0.0).sum() / lanes
        for p in weights:
            flat = p.ravel()
            value += 1e-4 * flat.dot(flat)
        g3 = (margin > 0.0) * (label * (-1.0 / lanes))
        dW3, db3 = g3.dot(a2.T), g3.sum()
        np.dot(W3.T, g3, out=g2)
        np.multiply(g2, a2 > 0.0, out=g2)
        dW2, db2 = g2.dot(a1.T), g2.sum(1, keepdims=True)
        np.dot(W2.T, g2, out=g1)
        np.multiply(g1, a1 > 0.0, out=g1)
        dW1, db1 = g1.dot(X.T), g1.sum(1, keepdims=True)
        for p, d in zip(weights, (dW1, db1, dW2, db2, dW3, db3)):
            p -= 1e-9 * (d + 2e-4 * p)
        return float(value)

    assert abs(numpy_step() - native_step()) < 1e-12
    return {"hand-written NumPy": numpy_step, "native, lanes": native_step, "our eager engine": eager_step}


def digits() -> dict[str, Callable[[], Any]]:
    """MLP 64-32-10, cross-entropy, batches of 100; one epoch of 1,437 samples."""
    random.seed(7)
    model = MLP(64, [32, 10])
    rng = np.random.default_rng(2)
    X, labels = rng.integers(0, 17, (64, 1437)) / 16.0, rng.integers(0, 10, 1437)
    hot = np.eye(10)[:, labels]

    def loss(*leaves: Any) -> Any:
        scores = model(list(leaves[:64]))
        return ops.logsumexp(*scores) - functional.dot(scores, list(leaves[64:]))

    inputs = np.vstack([X, hot])
    r = record(loss, list(map(float, inputs[:, 0])), lambda leaves: leaves)
    run = native.compiled(Tape(r, r.parameters)).value_and_grads
    theta = np.array([p.data for p in r.parameters])
    batches = [np.ascontiguousarray(inputs[:, i : i + 100]) for i in range(0, 1437, 100)]

    def epoch() -> None:
        nonlocal theta
        for batch in batches:
            _, dtheta, _ = run(theta, batch, 1.0 / batch.shape[1])
            theta = theta - 1e-9 * dtheta

    def eager_batch() -> None:
        functional.mean([loss(*xs) for xs in batches[0].T.tolist()]).backward()

    def one_batch() -> None:
        run(theta, batches[0], 0.01)

    return {"native, one batch": one_batch, "native, an epoch of 1,437": epoch, "our eager engine, one batch": eager_batch}


def long_graph(nodes: int) -> tuple[Record, dict[str, Callable[[], Any]]]:
    """Multiply and add, one lane: what a microgpt step is made of when every multiplication is its own node."""
    rng = random.Random(3)
    ps = [Value(rng.gauss(0, 0.3)) for _ in range(4192)]

    def f(*xs: Any) -> Any:
        layer, taken = list(xs), 0
        while True:
            fresh = []
            for _ in range(16):
                total = None
                for x in layer:
                    product = ps[taken // 2 % 4192] * x
                    total = product if total is None else total + product
                    taken += 2
                fresh.append(total * 0.9)
            layer = fresh
            if taken > nodes:
                return functional.sum(layer)

    r = record(f, [rng.gauss(0, 1) for _ in range(16)], lambda leaves: leaves)
    c = native.compiled(Tape(r, r.parameters))
    theta, X = np.array([p.data for p in r.parameters]), np.array([[x.data] for x in r.inputs])
    return r, {"native, one lane": lambda: c.value_and_grads(theta, X), "native, one lane, forward": lambda: c.run(theta, X)}


def main() -> None:
    which = sys.argv[1:] or ["w1", "digits", "long", "curve"]
    if "w1" in which:
        show("W1: forward, backward, update; 100 points", interleaved(w1()), "hand-written NumPy")
    if "digits" in which:
        show("digits, MLP 64-32-10", interleaved(digits()), "our eager engine, one batch")
    if "long" in which:
        r, steps = long_graph(60_000)
        times = interleaved(steps, 3.0)
        show(f"one lane, {len(r.order):,} nodes, {len(r.parameters):,} parameters", times, "native, one lane")
        print(f"  {median(times['native, one lane']) / len(r.order) * 1e9:.2f} ns per node")
    if "curve" in which:
        print("growth: time per node and lane")
        for lanes in (100, 1_000, 10_000, 100_000):
            step = w1(lanes)["native, lanes"]
            ts = interleaved({"": step}, 1.0)[""]
            print(f"  W1 at {lanes:>9,} lanes {median(ts) * 1e3:10.3f} ms   {median(ts) / lanes * 1e9:8.1f} ns per lane")
        for nodes in (10_000, 100_000, 1_000_000):
            r, steps = long_graph(nodes)
            ts = interleaved({"": steps["native, one lane"]}, 1.0)[""]
            print(f"  one lane, {len(r.order):>9,} nodes {median(ts) * 1e3:9.3f} ms   {median(ts) / len(r.order) * 1e9:8.2f} ns per node")


if __name__ == "__main__":
    main()
