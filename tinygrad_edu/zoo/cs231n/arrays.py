"""NumPy for the rooms that need it, or the words that say how to get it."""

from __future__ import annotations

from ...extras import MissingPackage, install

try:
    import numpy as np
    from numpy.typing import NDArray
except ModuleNotFoundError as absent:
    raise MissingPackage(f"these layers are NumPy by hand: {install('numpy')}") from absent

__all__ = ["Array", "Whole", "np"]
Array = NDArray[np.float64]
Whole = NDArray[np.int_]
