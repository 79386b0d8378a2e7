"""Data to learn from: points in the plane, handwritten digits, your own CSV file, and how to divide it up.

    >>> X, y = moons(n=100, noise=0.1, seed=1337)
    >>> X[0], y[0]
    ([1.1221146075409685, 0.08147717341718697], 0)

Plain Python: every generator takes a seed and returns lists, `X` with one row of numbers per sample and `y`
with one class or number per sample.  What is in here knows nothing of Values.
"""

from .csvfile import Table, columns, read_csv
from .dividing import Split, Standardizer, batches, split
from .handwriting import digits
from .shapes import blobs, circles, moons, spirals, xor

__all__ = [
    "Split", "Standardizer", "Table", "batches", "blobs", "circles", "columns", "digits", "moons", "read_csv", "spirals", "split", "xor",
]  # fmt: skip
