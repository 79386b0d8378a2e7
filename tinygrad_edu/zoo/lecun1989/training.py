"""How it learns: one pattern at a time, in the same order in each pass, a step down the gradient of the mean squared error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ... import losses, optim
from ...modes import no_grad
from ...replay import jit, pack, unpack
from .. import Run
from .network import Net, read, target
from .patterns import Patterns

RATE = 0.03
Outputs = Callable[[list[list[float]]], list[Any]]  # of patterns: ten numbers for each


class Pass(NamedTuple):
    """Loss and share of errors after a pass, on the patterns to learn from and on those to test on."""

    loss: float
    error: float
    test_loss: float
    test_error: float


def learn(run: Run, net: Net, seen: Patterns, epochs: int) -> tuple[list[Pass], Outputs]:
    """So many passes: what each of them came to, and the function that says a network's outputs for many patterns."""
    X, targets, n = seen.X_train, [target(digit) for digit in seen.y_train], len(seen.X_train)
    step, outputs = steps(run, net)
    passes: list[Pass] = []

    def pattern(k: int) -> str:
        step(X[k % n], targets[k % n])
        if (k + 1) % n == 0:
            passes.append(Pass(*scores(outputs(X), seen.y_train), *scores(outputs(seen.X_test), seen.y_test)))
        words = (
            f"; pass {len(passes)}: error {passes[-1].error:.2%}, test {passes[-1].test_error:.2%}" if passes else ""
        )
        return f"of {n:,} in a pass{words}"

    run.repeat(epochs * n, pattern, "pattern")
    outputs([])  # the network has what was learned, also if a pass was interrupted
    return passes, outputs


def steps(run: Run, net: Net) -> tuple[Callable[[Any, Any], object], Outputs]:
    """What learns a pattern, and what says the outputs for many: replayed on flat arrays, or built anew each time."""
    if run.backend == "eager" or run.small and run.backend == "auto":  # to record costs as much as some fifty patterns
        sgd = optim.SGD(net.parameters(), lr=RATE)

        def build(x: Any, t: Any) -> None:
            loss = losses.mse(net(x), t)
            sgd.zero_grad()
            loss.backward()
            sgd.step()

        def read(X: Any) -> list[Any]:
            with no_grad():
                return [[y.data for y in net(x)] for x in X]

        return build, read

    loss = jit(lambda x, t: losses.mse(net(x), t), backend=run.backend)
    says = jit(net, backend=run.backend)
    theta = pack(net.parameters())
    flat_sgd = optim.SGD(theta, lr=RATE)

    def replay(x: Any, t: Any) -> None:
        flat_sgd.step(loss.value_and_grad(theta, [x], [t])[1])

    def answers(X: Any) -> list[Any]:
        unpack(theta)
        return says.map(X)

    return replay, answers


def scores(outputs: list[Any], digits: list[int]) -> tuple[float, float]:
    """The mean squared error, and the share of patterns whose largest output is not their digit's."""
    squares = [(y - t) ** 2 for out, digit in zip(outputs, digits) for y, t in zip(out, target(digit))]
    wrong = sum(read(out) != digit for out, digit in zip(outputs, digits))
    return math.fsum(squares) / len(squares), wrong / len(digits)
