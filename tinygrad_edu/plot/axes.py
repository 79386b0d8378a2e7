"""Axes: where numbers are drawn, and round ticks beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass

BLUE, ORANGE, PURPLE = "#5292da", "#e38b4b", "#5f3793"
CLASSES = [BLUE, ORANGE, PURPLE, "#3f9a6b", "#c94f7c", "#8a6d3b", "#3aa6b9", "#7d8895", "#a3b42c", "#1b2430"]


@dataclass(frozen=True)
class Frame:
    """Where the numbers from x[0] to x[1] and from y[0] to y[1] are drawn."""

    corner: tuple[float, float]  # upper left
    size: tuple[float, float]
    x: tuple[float, float]
    y: tuple[float, float]
    log: bool = False  # whether y is on a logarithmic scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place of a point."""
        low, high = self.y
        if self.log:
            low, high, y = math.log(low), math.log(high), math.log(y)
        right, up = (x - self.x[0]) / (self.x[1] - self.x[0]), (y - low) / (high - low)
        return self.corner[0] + self.size[0] * right, self.corner[1] + self.size[1] * (1 - up)


def axis(lo: float, hi: float, most: float | None = None) -> tuple[float, float, list[float]]:
    """Where an axis begins and ends, and its round ticks, 1, 2 or 5 times a power of ten apart.

    >>> axis(0.0, 0.87)
    (0.0, 1.0, [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0])
    """
    if hi - lo < 1e-300:  # one number
        wide = 1.0 if abs(hi) < 1e15 else abs(hi)
        lo, hi = (lo, hi + wide) if most is None or hi + wide <= most else (hi - wide, hi)
    rough = (hi - lo) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999999)
    first, last = math.floor(lo / step + 1e-9), math.ceil(hi / step - 1e-9)
    ticks = [i * step for i in range(first, last + 1)]
    return ticks[0], ticks[-1], ticks


def log_axis(lo: float, hi: float) -> tuple[float, float, list[float]]:
    """The same for a logarithmic scale: 1, 2, 5, 10, 20, ... or, over many powers of ten, fewer of them.

    >>> log_axis(0.013, 2.1)
    (0.01, 5.0, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0])
    """
    first, last = math.floor(math.log10(lo)), math.ceil(math.log10(hi))
    every = max(1, math.ceil((last - first) / 7))
    ticks = [
        float(f"{m}e{p}") for p in range(first, last + 1, every) for m in ((1, 2, 5) if last - first <= 3 else (1,))
    ]
    start = max(t for t in ticks if t <= lo * (1 + 1e-9))
    stop = min((t for t in ticks if t >= hi * (1 - 1e-9)), default=10.0**last * 10 ** (every - 1))
    return start, stop, [t for t in ticks if start <= t <= stop]
