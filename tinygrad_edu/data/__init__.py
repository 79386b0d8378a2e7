"""Data to learn from: points in the plane, handwritten digits, your own CSV file, and how to divide it up.

    >>> X, y = moons(n=100, noise=0.1, seed=1337)
    >>> X[0], y[0]
    ([1.1221146075409685, 0.08147717341718697], 0)
    >>> moons()
    <moons: 100 samples of 2 numbers, class: 2 classes, 0, 1>
    >>> digits().X_test[0] == digits().X[1437]
    True

Plain Python: every function takes a seed and returns a `Split` of lists, `X` with one row of numbers per sample and `y`
with one class or number per sample, whole and in two parts.  What is in here knows nothing of Values.
"""

from .. import signposts
from ..positions import by_position
from .clusters import classification
from .csvfile import columns, read_csv
from .dividing import Standardizer, batches, split
from .idxfile import read_idx
from .interpolation import resized
from .packaged import digits, names
from .preparation import Preparation
from .samples import Split
from .shapes import blobs, circles, minitorch, moons, sine, spirals, xor

__all__ = [
    "Preparation", "Split", "Standardizer", "batches", "blobs", "by_position", "circles", "classification", "columns",
    "digits", "minitorch", "moons", "names", "read_csv", "read_idx", "resized", "sine",
    "spirals", "split", "xor",
]  # fmt: skip
signposts.put_up(__name__)
