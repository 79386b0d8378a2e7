"""Dividing data up: into a part to learn from and a part to test on, into minibatches; and bringing it to one scale."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple


class Split(NamedTuple):
    """Samples to learn from and samples to test on."""

    X_train: list[list[float]]
    y_train: list[Any]
    X_test: list[list[float]]
    y_test: list[Any]


def split(X: Sequence[list[float]], y: Sequence[Any], test: float = 0.2, seed: int = 0, stratify: bool = True) -> Split:
    """Some samples to learn from, the others to test on, both in random order.

    `test` is how many to test on, or their share of all, rounded up.  With `stratify`, each class (whole numbers or
    text in `y`) gets its share of both parts, and at least one sample to learn from; numbers are drawn freely.
    Raises ValueError if there is nothing to divide, or a class cannot be in both parts.

    >>> X_train, y_train, X_test, y_test = split([[float(i)] for i in range(10)], [0, 1] * 5, test=4)
    >>> y_test.count(0), y_test.count(1), len(X_train)
    (2, 2, 6)
    """
    n = len(X)
    if n != len(y):
        raise ValueError(f"split needs one target per sample, got {n} samples and {len(y)} targets")
    count = test if isinstance(test, int) else math.ceil(test * n - 1e-9) if 0 < test < 1 else 0
    if not 0 < count < n:
        raise ValueError(
            f"split needs a test part of 1 to {n - 1} of the {n} samples, as a number or a share such as 0.2, got {test!r}"
        )
    rng = random.Random(seed)
    groups: dict[Any, list[int]] = {}
    for i, target in enumerate(y):
        groups.setdefault(target if stratify and isinstance(target, (Integral, str)) else None, []).append(i)
    takes = _shares([len(g) for g in groups.values()], count)
    if takes is None:
        raise ValueError(f"cannot test on {count} of {n} samples in {len(groups)} classes and keep one of each class to learn from: "
                         "lower test, merge rare classes, or pass stratify=False")  # fmt: skip
    train: list[int] = []
    tested: list[int] = []
    for group, take in zip(groups.values(), takes):
        rng.shuffle(group)
        tested += group[:take]
        train += group[take:]
    rng.shuffle(train)
    rng.shuffle(tested)
    return Split([X[i] for i in train], [y[i] for i in train], [X[i] for i in tested], [y[i] for i in tested])


def _shares(sizes: list[int], count: int) -> list[int] | None:
    """`count` dealt out in proportion to sizes, the largest fractions rounded up; never a whole group, else None."""
    if count > sum(sizes) - len(sizes):
        return None
    exact = [count * s / sum(sizes) for s in sizes]
    shares = [min(int(e), s - 1) for e, s in zip(exact, sizes)]
    while (missing := count - sum(shares)) > 0:
        room = [i for i, s in enumerate(sizes) if shares[i] < s - 1]
        for i in sorted(room, key=lambda i: shares[i] - exact[i])[:missing]:
            shares[i] += 1
    return shares


def batches(n: int, size: int, seed: int | random.Random | None = 0) -> Iterator[list[int]]:
    """The numbers 0 to n - 1 in random order, `size` at a time; the last batch may be smaller.

    A seed gives the same order each time; a `random.Random` goes on drawing, so that each epoch has its own;
    None keeps the order.  Raises ValueError unless size >= 1.

    >>> list(batches(5, 2, seed=None))
    [[0, 1], [2, 3], [4]]
    """
    if size < 1:
        raise ValueError(f"a batch has at least one sample, got size={size}")
    order = list(range(n))
    if seed is not None:
        (seed if isinstance(seed, random.Random) else random.Random(seed)).shuffle(order)
    return (order[i : i + size] for i in range(0, n, size))


@dataclass(frozen=True)
class Standardizer:
    """Brings each column to mean 0 and standard deviation 1, with the numbers of the data it was made from.

    Make it from the training part alone, then apply it to both.  A constant column becomes 0.

    >>> scale = Standardizer.of([[1.0, 7.0], [3.0, 7.0]])
    >>> scale([[1.0, 7.0], [5.0, 7.0]])
    [[-1.0, 0.0], [3.0, 0.0]]
    >>> Standardizer.from_dict(scale.to_dict()) == scale
    True
    """

    means: tuple[float, ...]
    stds: tuple[float, ...]

    @classmethod
    def of(cls, X: Sequence[Sequence[float]]) -> Standardizer:
        """The means and standard deviations of the columns of X.  Raises ValueError if X is empty or ragged."""
        if not X or len({len(x) for x in X}) > 1:
            raise ValueError("a Standardizer is made from at least one sample, and all of the same length, "
                             f"got {len(X)} samples of lengths {sorted({len(x) for x in X})}")  # fmt: skip
        means, stds = [], []
        for column in zip(*X):
            n, constant = len(column), min(column) == max(column)
            mean = column[0] if constant else math.fsum(v / n for v in column)
            means.append(float(mean))
            stds.append(
                1.0 if constant else math.hypot(*[v - mean for v in column]) / math.sqrt(n)
            )  # hypot never overflows
        return cls(tuple(means), tuple(stds))

    def __call__(self, X: Sequence[Sequence[float]]) -> list[list[float]]:
        """The samples, standardized.  Raises ValueError if one has another number of columns."""
        for i, x in enumerate(X):
            if len(x) != len(self.means):
                raise ValueError(f"this Standardizer has seen {len(self.means)} columns, sample {i} has {len(x)}")
        return [[(v - m) / s for v, m, s in zip(x, self.means, self.stds)] for x in X]

    def to_dict(self) -> dict[str, list[float]]:
        """The numbers, ready for JSON."""
        return {"means": list(self.means), "stds": list(self.stds)}

    @classmethod
    def from_dict(cls, numbers: Mapping[str, Sequence[float]]) -> Standardizer:
        """The Standardizer that `to_dict` wrote down.  Raises ValueError if it is none."""
        try:
            means, stds = (tuple(map(float, numbers[key])) for key in ("means", "stds"))
        except (KeyError, TypeError) as e:
            raise ValueError(f"a Standardizer is written as {{'means': [...], 'stds': [...]}}, got {numbers!r}") from e
        if len(means) != len(stds) or not all(s > 0 for s in stds):
            raise ValueError(f"a Standardizer has one mean and one positive std per column, got {numbers!r}")
        return cls(means, stds)
