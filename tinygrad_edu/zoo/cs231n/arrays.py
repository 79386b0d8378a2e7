"""NumPy for the rooms that need it, or the words that say how to get it."""

from __future__ import annotations

from ... import extras

try:
    import numpy as np
    from numpy.typing import NDArray
except ModuleNotFoundError as absent:
    raise ModuleNotFoundError(f"these layers are NumPy by hand: {extras.install('numpy')}", name="numpy") from absent

__all__ = ["Array", "Whole", "np"]
Array = NDArray[np.float64]
Whole = NDArray[np.int_]
