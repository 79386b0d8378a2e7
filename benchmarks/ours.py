"""The programs of `benchmarks.replay` for our own engine, eager and replayed,
and where the others get their numbers from.

A program is what `benchmarks.peers` says it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu import Value, functional, jit, losses, optim, pack
from tinygrad_edu.data import digits
from tinygrad_edu.nn import MLP
from tinygrad_edu.replay.native_backend import Native
from tinygrad_edu.replay.record import record
from tinygrad_edu.replay.trace import trace
from tinygrad_edu.zoo import microgpt as essay

from .peers.w1 import repeated
from .workloads import moons

RATE = 1e-9  # so small that every round computes with about the same numbers


def given(model: Any, theta: list[float]) -> list[Value]:
    """A model's parameters, with these numbers in them."""
    ps: list[Value] = model.parameters()
    for p, x in zip(ps, theta, strict=True):
        p.data = x
    return ps


def on_values(ps: list[Value], loss: Callable[[], Value], optimizer: Any) -> Any:
    """Training through Values: zero_grad, backward, step."""

    def both() -> Value:
        optimizer.zero_grad()
        y = loss()
        y.backward()
        return y

    def step() -> float:
        y = both()
        optimizer.step()
        return y.data

    return lambda: (both().data, [p.grad for p in ps]), repeated(step), lambda: [p.data for p in ps]


def on_arrays(theta: Any, both: Callable[[], tuple[float, Any]], optimizer: Any) -> Any:
    """Training on one flat array: value_and_grad, step."""

    def gradient() -> Any:
        loss, slopes = both()
        return loss, list(slopes)

    def step() -> float:
        loss, slopes = both()
        optimizer.step(slopes)
        return loss

    return gradient, repeated(step), lambda: [*theta]


# W1: micrograd's demo


def w1_problem(lanes: int = 100) -> dict[str, Any]:
    X, Y = moons(random.Random(1337), lanes)
    random.seed(1337)
    theta = [p.data for p in MLP(2, [16, 16, 1]).parameters()]
    return {"theta": theta, "X": X, "Y": Y, "sizes": [2, 16, 16, 1], "rate": RATE, "l2": 1e-4}


def w1_sample(problem: dict[str, Any]) -> Any:
    """The parameters, and the loss of one point: the mean of that over points is the loss of the batch."""
    model = MLP(2, [16, 16, 1])
    ps = given(model, problem["theta"])
    return ps, lambda x, y: (1 + -y * model(x)).relu() + problem["l2"] * functional.dot(ps, ps)


def w1_eager(problem: dict[str, Any], expand: bool = False) -> Any:
    """The graph of all points, built anew at every step; the penalty once, not once per point."""
    model = MLP(2, [16, 16, 1], expand=expand)
    ps = given(model, problem["theta"])

    def loss() -> Value:
        parts = [(1 + -y * model(x)).relu() for x, y in zip(problem["X"], problem["Y"])]
        if expand:
            penalty = problem["l2"] * sum(p * p for p in ps)
            return sum(parts) * (1.0 / len(parts)) + penalty  # type: ignore[return-value]
        return functional.mean(parts) + problem["l2"] * functional.dot(ps, ps)

    return on_values(ps, loss, optim.SGD(ps, problem["rate"]))


def w1_values(problem: dict[str, Any], backend: str = "native") -> Any:
    ps, sample = w1_sample(problem)
    f, X, Y = jit(sample, backend), np.array(problem["X"]), np.array(problem["Y"], float)
    return on_values(ps, lambda: f.mean(X, Y), optim.SGD(ps, problem["rate"]))


def w1_flat(problem: dict[str, Any], backend: str = "native") -> Any:
    ps, sample = w1_sample(problem)
    f, theta, X, Y = jit(sample, backend), pack(ps), np.array(problem["X"]), np.array(problem["Y"], float)
    return on_arrays(theta, lambda: f.value_and_grad(theta, X, Y), optim.SGD(theta, problem["rate"]))


def w1_kernel(problem: dict[str, Any]) -> Any:
    """The compiled kernel without what is around it."""
    ps, sample = w1_sample(problem)
    r = record(sample, [*problem["X"][0], problem["Y"][0]], lambda leaves: (leaves[:2], leaves[2]))
    where = [r.originals.index(p) for p in ps]  # a recording lists parameters as it meets them
    back = [where.index(i) for i in range(len(where))]
    run, lanes = Native(trace(r)).value_and_grads, len(problem["Y"])
    theta, X = np.array(problem["theta"])[back], np.vstack([np.array(problem["X"]).T, problem["Y"]])

    def gradient() -> Any:
        values, slopes, _ = run(theta, X, 1.0 / lanes)
        return values.mean(), slopes[where].tolist()

    def step() -> float:
        nonlocal theta
        values, slopes, _ = run(theta, X, 1.0 / lanes)
        theta = theta - problem["rate"] * slopes
        return float(values.mean())

    return gradient, repeated(step), lambda: theta[where].tolist()


def w1_apart(problem: dict[str, Any], backend: str, flat: bool) -> Any:
    """One node for each multiplication and each addition.

    The penalty is a recording of its own, so as not to be computed for each point.
    """
    model = MLP(2, [16, 16, 1], expand=True)
    ps, X, Y = given(model, problem["theta"]), problem["X"], problem["Y"]
    f = jit(lambda x, y: (1 + -y * model(x)).relu(), backend)
    penalty = jit(lambda l2: l2 * sum(p * p for p in ps), backend)
    if not flat:
        return on_values(ps, lambda: f.mean(X, Y) + penalty(problem["l2"]), optim.SGD(ps, problem["rate"]))
    theta = pack(ps)

    def both() -> tuple[float, Any]:
        (loss, slopes), (more, weights) = f.value_and_grad(theta, X, Y), penalty.value_and_grad(theta, [problem["l2"]])
        return loss + more, [a + b for a, b in zip(slopes, weights)]

    return on_arrays(theta, both, optim.SGD(theta, problem["rate"]))


# W4: one microgpt step


def w4_problem() -> dict[str, Any]:
    model = gpt()
    return {"theta": [p.data for p in model.parameters()], "name": "isabella", "rate": 1e-6}


def gpt() -> Any:
    return essay.GPT("abcdefghijklmnopqrstuvwxyz").initialised(random.Random(42))


def w4_eager(problem: dict[str, Any]) -> Any:
    model = gpt()
    ps = given(model, problem["theta"])
    adam = optim.Adam(ps, problem["rate"], betas=(0.85, 0.99))
    return on_values(ps, lambda: model.loss(*model.arguments(problem["name"])), adam)


def w4_replayed(problem: dict[str, Any]) -> Any:
    """As `zoo/microgpt.py` trains."""
    model = gpt()
    theta = pack(given(model, problem["theta"]))
    f, adam = jit(model.loss, "native"), optim.Adam(theta, problem["rate"], betas=(0.85, 0.99))

    def both() -> Any:
        rows, targets = model.arguments(problem["name"])
        return f.value_and_grad(theta, [rows], [targets])

    return on_arrays(theta, both, adam)


# Digits: an MLP of 64-32-10


def digits_problem() -> dict[str, Any]:
    data = digits()
    random.seed(7)
    theta = [p.data for p in MLP(64, [32, 10]).parameters()]
    return {"theta": theta, "X": data.X_train, "Y": data.y_train, "rate": RATE}


def hot(y: int) -> list[float]:
    return [float(k == y) for k in range(10)]


def digits_eager(problem: dict[str, Any]) -> Any:
    model = MLP(64, [32, 10])
    ps = given(model, problem["theta"])
    X, Y = problem["X"][:100], problem["Y"][:100]
    return on_values(ps, lambda: losses.cross_entropy([model(x) for x in X], Y), optim.SGD(ps, problem["rate"]))


def digits_batches(problem: dict[str, Any], batches: int, values: bool = False) -> Any:
    """That many batches of 100 are one step; the last of the epoch's 15 has 37."""
    model = MLP(64, [32, 10])
    ps = given(model, problem["theta"])

    def sample(x: Any, target: Any) -> Value:
        scores = model(x)
        return functional.logsumexp(scores) - functional.dot(scores, target)

    f, X, Y = jit(sample, "native"), np.array(problem["X"]), np.array([hot(y) for y in problem["Y"]])
    if values:
        return on_values(ps, lambda: f.mean(X[:100], Y[:100]), optim.SGD(ps, problem["rate"]))
    theta = pack(ps)
    sgd = optim.SGD(theta, problem["rate"])

    def step() -> float:
        for i in range(batches):
            loss, slopes = f.value_and_grad(theta, X[100 * i : 100 * (i + 1)], Y[100 * i : 100 * (i + 1)])
            sgd.step(slopes)
        return float(loss)

    gradient, _, parameters = on_arrays(theta, lambda: f.value_and_grad(theta, X[:100], Y[:100]), sgd)
    return gradient, repeated(step), parameters
