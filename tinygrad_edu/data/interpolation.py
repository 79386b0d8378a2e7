"""Pictures in another size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from ..errors import UserError


def resized(picture: Sequence[float], size: int | tuple[int, int], columns: int | None = None) -> list[float]:
    """A picture, its numbers row by row, in another size: `size` rows and columns, or (rows, columns).

    Each new pixel is mixed out of the four old ones around its centre, the nearer the more ("bilinear", with the edges
    of both pictures on each other); to shrink a picture far, halve it first.  `columns` is the old picture's width: it
    is square if none is given.  Raises UserError, a ValueError, if it cannot be.

    >>> resized([0.0, 1.0, 2.0, 3.0], (2, 4))
    [0.0, 0.25, 0.75, 1.0, 2.0, 2.25, 2.75, 3.0]
    """
    high, wide = (size, size) if isinstance(size, int) else size
    width = columns or math.isqrt(len(picture))
    if not picture or not width or len(picture) % width or columns is None and width * width != len(picture):
        shape = f"rows of {columns}" if columns else "square shape"
        raise UserError(
            f"a picture of {len(picture)} numbers has no {shape}: columns= says how many numbers are a row of it"
        )
    if high < 1 or wide < 1:
        raise UserError(f"size is how many rows and columns to have, from 1 up, got {size!r}")
    across, down = _mixed(width, wide), _mixed(len(picture) // width, high)
    rows = [picture[i : i + width] for i in range(0, len(picture), width)]
    rows = [[a * row[i] + b * row[j] for a, i, b, j in across] for row in rows]
    return [a * x + b * y for a, i, b, j in down for x, y in zip(rows[i], rows[j])]


@lru_cache(maxsize=64)
def _mixed(old: int, new: int) -> list[tuple[float, int, float, int]]:
    """For each of `new` places along an edge: the two of `old` around it, each after its share."""
    found = []
    for k in range(new):
        place = min(max((k + 0.5) * old / new - 0.5, 0.0), old - 1.0)
        near = min(int(place), max(old - 2, 0))
        found.append((1.0 - (place - near), near, place - near, min(near + 1, old - 1)))
    return found
