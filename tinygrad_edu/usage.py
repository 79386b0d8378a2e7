"""A model in use: in which mode it is, and which random numbers it draws; both as they were before, afterwards.

>>> import random
>>> with chance_kept(None):
...     first = random.random()
>>> first == random.random()
True
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def mode(model: Any, training: bool) -> Iterator[None]:
    """A model's modules in training or in use (Dropout knows the difference), then as they were before."""
    modules = model.modules() if hasattr(model, "modules") else []
    before = [module.training for module in modules]
    try:
        for module in modules:
            module.training = training
        yield
    finally:
        for module, was in zip(modules, before):
            module.training = was


@contextmanager
def chance_kept(model: Any) -> Iterator[None]:
    """Random numbers that are drawn in here are drawn again later:
    from the global streams, and from those that a model keeps.
    """
    keepers = [
        vars(keeper)
        for keeper in (model.modules() if hasattr(model, "modules") else [model])
        if hasattr(keeper, "__dict__")
    ]
    own = {
        id(s): s
        for keeper in keepers
        for s in keeper.values()
        if isinstance(s, random.Random) and not isinstance(s, random.SystemRandom)
    }
    streams: list[Any] = [random, *own.values()]
    before = [(s.setstate, s.getstate()) for s in streams]
    if "numpy.random" in sys.modules:
        numpy_random: Any = sys.modules["numpy.random"]
        before.append((numpy_random.set_state, numpy_random.get_state()))
    try:
        yield
    finally:
        for put, state in before:
            put(state)


def subset(n: int, most: int, losses: Sequence[float] | None = None) -> list[int]:
    """Places of some of n samples, the same every time: by lot, or evenly among their losses from small to large.

    Every third may be all of one class; and of a few by lot all may be right where most are wrong, so that where losses
    are known, the mean of those chosen is near the mean of all.

    >>> subset(3, 5), subset(1000, 5)
    ([0, 1, 2], [394, 430, 776, 864, 911])
    >>> subset(6, 2, [0.0, 9.0, 0.1, 8.0, 0.2, 7.0])
    [2, 3]
    """
    most = min(n, most)
    if losses is None:
        return sorted(random.Random(0).sample(range(n), most))
    ranked = sorted(range(n), key=lambda i: losses[i])
    return sorted(ranked[(2 * j + 1) * n // (2 * most)] for j in range(most))
