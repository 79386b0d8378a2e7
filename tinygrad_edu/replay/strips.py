"""Eight lanes at once: what the compiled kernel keeps in one vector register, here as a NumPy array of eight numbers.

`native` teaches Numba to turn each of these into one instruction; uncompiled they run as they stand.
"""

from __future__ import annotations

from typing import Any

WIDTH = 8


def load(table: Any, row: int, lane: int) -> Any:
    """Eight neighbours of a row, from `lane` on."""
    return table[row, lane : lane + WIDTH].copy()


def store(table: Any, row: int, lane: int, strip: Any) -> None:
    """Put eight numbers into a row, from `lane` on."""
    table[row, lane : lane + WIDTH] = strip


def spread(x: float) -> Any:
    """The same number in all eight lanes."""
    return x
