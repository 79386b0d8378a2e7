"""Classes made of clouds at the corners of a cube in many dimensions, hidden among numbers that say nothing."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from .legacy import RandomState
from .samples import Split
from .shapes import check_points


def classification(
    n: int = 100,
    features: int = 20,
    informative: int = 2,
    redundant: int = 2,
    classes: int = 2,
    clusters: int = 2,
    flip: float = 0.01,
    separation: float = 1.0,
    seed: int = 0,
) -> Split:
    """n samples of a made-up problem, the numbers of scikit-learn's `make_classification` with its other defaults.

    Each class has `clusters` clouds, each around its own corner of the cube from -`separation` to `separation` in
    `informative` dimensions and stretched at random; `redundant` features mix those, the rest is noise; a share `flip`
    of the targets is drawn anew; columns and rows are shuffled.  Raises ValueError if counts do not fit together.

    Source of the recipe: I. Guyon, "Design of experiments for the NIPS 2003 variable selection benchmark",
    as scikit-learn has it.

    >>> X, y = classification(1000, informative=15, redundant=3, seed=42)
    >>> len(X), len(X[0]), [round(v, 6) for v in X[0][:2]], y[:6]
    (1000, 20, [5.218087, -3.737077], [1, 0, 1, 1, 1, 0])
    """
    check_points(n)
    corners, noise = classes * clusters, features - informative - redundant
    if (
        min(informative, classes, clusters) < 1
        or redundant < 0
        or noise < 0
        or not 0 <= flip <= 1
        or not 1 <= informative <= 30
    ):
        raise ValueError(
            f"{features} features are informative (1 to 30), redundant and others, flip is a share, "
            f"and counts are at least 1; got {informative} informative, {redundant} redundant, "
            f"{classes} classes of {clusters}, flip={flip}"
        )
    if corners > 2**informative:
        raise ValueError(
            f"{corners} clouds need a corner each, and a cube of {informative} dimensions has {2**informative}: "
            "raise informative"
        )
    draw = RandomState(seed)
    places = _some(corners, 2**informative, draw)
    X = [[draw.normal() for _ in range(informative)] for _ in range(n)]
    sizes = [n // classes // clusters + (k < n - corners * (n // classes // clusters)) for k in range(corners)]
    y, start = [k % classes for k, size in enumerate(sizes) for _ in range(size)], 0
    for place, size in zip(places, sizes):
        corner = [separation * (2 * (place >> bit & 1) - 1) for bit in reversed(range(informative))]
        stretch = _square(draw, informative, informative)
        for i in range(start, start + size):
            X[i] = [v + c for v, c in zip(_times(X[i], stretch), corner)]
        start += size
    mix = _square(draw, informative, redundant)
    X = [[*x, *_times(x, mix)] for x in X]
    for x in X:
        x += [draw.normal() for _ in range(noise)]
    flipped = [i for i, u in enumerate([draw.uniform() for _ in range(n)]) if u < flip]
    for i in flipped:
        y[i] = draw.below(classes)
    rows, columns = draw.permutation(n), draw.permutation(features)
    X = [[X[i][j] for j in columns] for i in rows]
    names = [f"x{j}" for j in range(features)]
    return Split(X, [y[i] for i in rows], name="classification", features=names, target="class", classes=range(classes))


def _square(draw: RandomState, rows: int, columns: int) -> list[tuple[float, ...]]:
    """The columns of a matrix of numbers from -1 to 1, drawn row by row."""
    drawn = [[2 * draw.uniform() - 1 for _ in range(columns)] for _ in range(rows)]
    return list(zip(*drawn))


def _times(x: Sequence[float], columns: Sequence[Sequence[float]]) -> list[float]:
    """A row times a matrix."""
    return [sum(map(operator.mul, x, column)) for column in columns]


def _some(k: int, n: int, draw: RandomState) -> list[int]:
    """k different numbers below n, as scikit-learn draws them: few of many are drawn until they differ,
    more are shuffled.
    """
    if n == k:
        return list(range(n))
    if k > 0.01 * n:
        return draw.permutation(n)[:k]
    found: list[int] = []
    while len(found) < k:
        if (place := draw.below(n)) not in found:
            found.append(place)
    return found
