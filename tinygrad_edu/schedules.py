"""How far a parameter moves, as time goes by: functions from the number of steps taken so far to a learning rate.

>>> schedule = cosine(1.0, steps=10, warmup=2)
>>> [round(schedule(k), 2) for k in (0, 1, 6, 10)]
[0.5, 1.0, 0.5, 0.0]
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from .ieee import number

Schedule = Callable[[int], float]


def between(x: Any, what: str, hi: float = math.inf) -> float:
    """A setting as a float.  Raises TypeError for no number, ValueError unless 0 <= x < hi."""
    try:
        setting = number(x)
    except TypeError as error:
        raise TypeError(f"{what} must be a number: {error}") from None
    if not 0 <= setting < hi:
        raise ValueError(
            f"{what} must be at least 0 and " + (f"below {hi:g}" if hi < math.inf else "finite") + f", got {x!r}"
        )
    return setting


def constant(lr: float) -> Schedule:
    """Always the same.

    >>> constant(0.1)(999)
    0.1
    """
    lr = between(lr, "lr")
    return lambda step: lr


def linear(lr: float, steps: int, end: float = 0.0) -> Schedule:
    """From `lr` straight down (or up) to `end` after `steps` steps, then `end`.

    >>> [linear(1.0, 100, end=0.1)(k) for k in (0, 50, 100, 200)]  # micrograd's demo: 1.0 - 0.9*k/100
    [1.0, 0.55, 0.1, 0.1]
    """
    lr, end, steps = between(lr, "lr"), between(end, "end"), _count(steps, "steps")
    return lambda step: lr + (end - lr) * step / steps if step < steps else end


def cosine(lr: float, steps: int, warmup: int = 0, end: float = 0.0) -> Schedule:
    """Up in a straight line to `lr` during `warmup` steps, then down to `end` along half a
    cosine (Loshchilov & Hutter 2017).

    `steps` counts the warm-up too.  The first step already moves: its rate is lr / warmup.

    >>> [round(cosine(1.0, 12, warmup=2)(k), 4) for k in (0, 1, 2, 7, 12, 99)]
    [0.5, 1.0, 1.0, 0.5, 0.0, 0.0]
    """
    lr, end, steps = between(lr, "lr"), between(end, "end"), _count(steps, "steps")
    if warmup and _count(warmup, "warmup") >= steps:
        raise ValueError(f"warmup must be shorter than all {steps} steps, got {warmup}")

    def rate(step: int) -> float:
        if step < warmup:
            return lr * (step + 1) / warmup
        if step >= steps:
            return end
        return end + (lr - end) * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2

    return rate


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """`lr`, multiplied by `factor` after each `every` steps.

    >>> [step_decay(1.0, every=10, factor=0.5)(k) for k in (0, 9, 10, 25)]
    [1.0, 1.0, 0.5, 0.25]
    """
    lr, every, factor = between(lr, "lr"), _count(every, "every"), between(factor, "factor")
    return lambda step: lr * factor ** (step // every)


def exponential(lr: float, factor: float) -> Schedule:
    """`lr`, multiplied by `factor` after each step.

    >>> exponential(1.0, 0.5)(3)
    0.125
    """
    return step_decay(lr, 1, factor)


def _count(n: Any, what: str) -> int:
    """A number of steps.  Raises ValueError unless it is a whole number of at least 1."""
    if not hasattr(n, "__index__") or n < 1:
        raise ValueError(f"{what} must be a whole number of at least 1, got {n!r}")
    return operator.index(n)
