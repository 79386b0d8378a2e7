"""How a training goes, by its losses alone: does it diverge, does it stand still, does it overfit?

>>> course = Course()
>>> for step in range(40):
...     full = course.add(0.5 if step < 20 else 5.0)
>>> course.rises()
10.0
"""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean

from .limits import CLEARS, LIMITS, WINDOW

ENOUGH = 8  # samples: the loss of fewer is a matter of luck
FAR = 0.5  # of the loss at the start: one that is smaller has learned a lot, and may well jump


class Course:
    """The losses so far: `first`, the mean at the `start`, the `best` mean over a window, the `recent` one.

    `tests` are (step, loss on samples that are not learned from, loss in training at that time).
    """

    def __init__(self) -> None:
        self.steps, self.samples = 0, 1  # samples: in the first batch
        self.first = self.last = self.start = self.best = self.recent = math.nan
        self.window: list[float] = []
        self.least: deque[float] = deque(maxlen=2)
        self.tests: list[tuple[int, float, float]] = []

    def add(self, loss: float) -> bool:
        """One step; whether a window is full now."""
        if not self.steps:
            self.first = self.best = self.start = self.recent = loss
        self.steps, self.last = self.steps + 1, loss
        self.window.append(loss)
        if len(self.window) < WINDOW:
            return False
        self.recent = math.fsum(x / WINDOW for x in self.window) if all(map(math.isfinite, self.window)) else math.inf
        if self.steps == WINDOW:
            self.start = self.best = min(self.first, self.recent) if self.samples >= ENOUGH else self.recent
        self.best = min(self.best, self.recent)
        self.least.append(min(self.window) if math.isfinite(self.recent) else math.inf)
        self.window.clear()
        return True

    @property
    def now(self) -> float:
        """The mean of the last steps."""
        latest = self.window or [self.recent]
        return fmean(latest) if all(map(math.isfinite, latest)) else math.inf

    def rises(self) -> float:
        """How many times its best the loss is, at the least, over two windows; 0.0 if it is not worth a word."""
        least = min(self.least, default=0.0)
        if len(self.least) < 2 or self.best <= 0 or least < FAR * self.start:
            return 0.0
        return least / self.best

    def falls(self) -> bool:
        """Whether the loss has ever been lower by a share that counts than it was at the start."""
        return not self.best > (1 - LIMITS["falls"].look) * self.start

    def goes_well(self) -> bool:
        """Whether the loss has come down by half."""
        return self.best < LIMITS["goes well"].look * self.start

    def tested(self, loss: float) -> None:
        """A loss on samples that are not learned from, at this step."""
        self.tests.append((self.steps - 1, loss, self.recent if self.steps >= WINDOW else self.now))

    def overfits(self, stands: bool) -> tuple[float, float] | None:
        """How much the test loss is above its best, and the loss in training below what it was then."""
        step, best, then = min(self.tests, key=lambda t: t[1])
        _, test, train = self.tests[-1]
        if not (best > 0 and then > 0):
            return None
        up, down = test / best, train / then
        limit = CLEARS["overfitting"] if stands else LIMITS["overfitting"].look
        return (up, down) if up > limit and down < LIMITS["training went on"].look else None
