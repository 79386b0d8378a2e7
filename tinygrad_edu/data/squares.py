"""The six sets of points in the unit square that minitorch's exercises train on,
from one that a line separates to a spiral.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from ..errors import UserError, meant
from .samples import Split
from .shapes import check_points

SETS: dict[str, Callable[[float, float], bool]] = {
    "simple": lambda x, y: x < 0.5,
    "diag": lambda x, y: x + y < 0.5,
    "split": lambda x, y: x < 0.2 or x > 0.8,
    "xor": lambda x, y: (x < 0.5) != (y < 0.5),
    "circle": lambda x, y: (x - 0.5) ** 2 + (y - 0.5) ** 2 > 0.1,
}


def minitorch(name: str, n: int = 50, seed: int = 0) -> Split:
    """n points of the unit square, evenly drawn, of class 1 where the set's rule says so: "simple" left of the middle,
    "diag" below a diagonal, "split" outside of a band, "xor" in two opposite quarters, "circle" outside of a circle of
    area 0.314; "spiral" has two arms of n // 2 points each, one a quarter turn from the other.

    Raises UserError for another name, ValueError unless n >= 1 (spiral: n >= 2).
    Source: minitorch's `datasets`, by Sasha Rush.

    >>> X, y = minitorch("xor", 200)
    >>> y == [int((a < 0.5) != (b < 0.5)) for a, b in X]
    True
    >>> minitorch("spiral", 4).y
    [0, 0, 1, 1]
    """
    check_points(n)
    if name == "spiral":
        if n < 2:
            raise ValueError(f"a spiral has two arms, and so at least 2 points, got {n}")
        ts = [10.0 * i / (n // 2) for i in range(5, 5 + n // 2)]
        arm = [(t * math.cos(t) / 20, t * math.sin(t) / 20) for t in ts]
        X = [[0.5 + a, 0.5 + b] for a, b in arm] + [[0.5 + b, 0.5 - a] for a, b in arm]
        y = [0] * len(arm) + [1] * len(arm)
    elif name in SETS:
        rng = random.Random(seed)
        X = [[rng.random(), rng.random()] for _ in range(n)]
        y = [int(SETS[name](*x)) for x in X]
    else:
        raise UserError(
            f"minitorch has no set {name!r}{meant(name, [*SETS, 'spiral'])} (there are {', '.join(SETS)}, spiral)"
        )
    return Split(X, y, name=name, features=["x1", "x2"], target="class", classes=range(2))
