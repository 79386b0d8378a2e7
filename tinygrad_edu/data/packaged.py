"""What comes with the package: the UCI 8 x 8 handwritten digits, 1,797 of them (E. Alpaydin and C. Kaynak, 1998; see
digits.ATTRIBUTION.txt), and first names, 32,033 of them: what character models learn to spell (names.ATTRIBUTION.txt).
"""

from __future__ import annotations

import csv
import gzip
from importlib.resources import files

from .dividing import split
from .samples import Split


def digits(seed: int = 0) -> Split:
    """Handwritten digits: 1,437 to learn from, 360 to test on, each digit with the same share of both.

    A sample is 64 numbers from 0.0 (paper) to 1.0 (ink), row by row; its class is the digit.

    >>> data = digits()
    >>> len(data.X_train), len(data.X_test), data.y_test.count(7)
    (1437, 360, 36)
    >>> data
    <digits: 1,437 to learn from, 360 to test on, 64 numbers each, digit: 10 classes, 0 to 9>
    >>> data.y_test[0]
    8
    >>> for row in range(0, 64, 8):
    ...     print("|" + "".join(" .:oO@"[round(5 * v)] for v in data.X_test[0][row : row + 8]) + "|")
    |  .O@O. |
    | .@:.O. |
    | :@: @  |
    | .@@Oo  |
    |   o@o  |
    |  .O.O: |
    |  oo.O: |
    |  .@@o  |
    """
    X, y = [], []
    for *pixels, digit in csv.reader(_text("digits.csv.gz").splitlines()):
        X.append([float(p) / 16.0 for p in pixels])
        y.append(int(digit))
    names = [f"pixel {i // 8},{i % 8}" for i in range(64)]
    return split(
        Split(X, y, name="digits", features=names, target="digit", classes=range(10), image=8), test=360, seed=seed
    )


def names() -> list[str]:
    """The first names of makemore and microgpt, most frequent first, in lower case letters a to z.

    >>> len(names()), names()[:3], max(map(len, names()))
    (32033, ['emma', 'olivia', 'ava'], 15)
    >>> sum(len(name) + 1 for name in names())      # bigrams, with one sign for both ends
    228146
    """
    return _text("names.txt.gz").split()


def _text(name: str) -> str:
    return gzip.decompress(files("tinygrad_edu.data").joinpath(name).read_bytes()).decode("ascii")
