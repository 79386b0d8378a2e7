"""How it learns: one pattern at a time, in the same order in each pass, a step down the mean squared error."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from statistics import fmean
from typing import Any, NamedTuple

from ... import losses, optim
from ...engine import Value
from ...modes import no_grad
from ...parameters import pack, unpack
from ...replay import jit
from ...replay.backends import best
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


class Recipe(NamedTuple):
    """What is to become small, what moves the parameters, what stands for a digit, and how a pattern is shown."""

    loss: Callable[..., Value]  # of the network, what it is shown, and what stands for the digit
    optimizer: Callable[[Any], optim.Optimizer]
    aim: Callable[[int], Any] = target
    show: Callable[[list[float], random.Random], tuple[Any, ...]] = lambda pixels, rng: (pixels,)


PAPER = Recipe(lambda net, x, t: losses.mse(net(x), t), lambda parameters: optim.SGD(parameters, lr=RATE))


def has_kernel(run: Run) -> bool:
    """Whether steps are compiled: a pass over 1,437 patterns takes less than a second then, and otherwise 15."""
    return (best() if run.backend == "auto" else run.backend) in ("native", "jax")


def learn(
    run: Run, net: Net, seen: Patterns, epochs: int, recipe: Recipe = PAPER, every: int = 1
) -> tuple[list[Pass], Outputs]:
    """So many passes: what every `every`-th of them came to, and what says the network's outputs for many patterns."""
    X, aims, n = seen.X_train, [recipe.aim(digit) for digit in seen.y_train], len(seen.X_train)
    step, outputs = steps(run, net, recipe)
    passes: list[Pass] = []
    rng = random.Random(run.seed)

    def pattern(k: int) -> str:
        step(*recipe.show(X[k % n], rng), aims[k % n])
        if (k + 1) % (n * every) == 0:
            passes.append(Pass(*scores(outputs(X), seen.y_train), *scores(outputs(seen.X_test), seen.y_test)))
        words = f", errors {passes[-1].error:.2%}, test errors {passes[-1].test_error:.2%}" if passes else ""
        return f"pass {k // n + 1}{words}"

    run.repeat(epochs * n, pattern, "pattern")
    outputs([])  # the network has what was learned, also if a pass was interrupted
    return passes, outputs


def steps(run: Run, net: Net, recipe: Recipe = PAPER) -> tuple[Callable[..., object], Outputs]:
    """What learns a pattern, and what says the outputs for many: replayed on flat arrays, or built anew each time."""
    if run.backend == "eager" or run.small and run.backend == "auto":  # to record costs as much as some fifty patterns
        optimizer = recipe.optimizer(net.parameters())

        def build(*pattern: Any) -> None:
            loss = recipe.loss(net, *pattern)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        def answers(X: Any) -> list[Any]:
            with no_grad():
                return [[y.data for y in net(x)] for x in X]

        return build, answers

    loss, says = jit(partial(recipe.loss, net), backend=run.backend), jit(net, backend=run.backend)
    theta = pack(net.parameters())
    flat = recipe.optimizer(theta)

    def replay(*pattern: Any) -> None:
        flat.step(loss.value_and_grad(theta, *([part] for part in pattern))[1])

    def replayed_answers(X: Any) -> list[Any]:
        unpack(theta)
        return says.map(X)

    return replay, replayed_answers


def scores(outputs: list[Any], digits: list[int]) -> tuple[float, float]:
    """The mean squared error, and the share of patterns whose largest output is not their digit's."""
    squares = [(y - t) ** 2 for out, digit in zip(outputs, digits) for y, t in zip(out, target(digit))]
    wrong = sum(read(out) != digit for out, digit in zip(outputs, digits))
    return fmean(squares), wrong / len(digits)
