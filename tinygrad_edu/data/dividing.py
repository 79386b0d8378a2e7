"""Dividing data up: into a part to learn from and a part to test on, into minibatches; and bringing it to one scale."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from ..errors import UserError
from ..positions import by_position
from ..streams import short
from .samples import Split, class_label, classes_of

THEIRS = {"test_size": "test", "random_state": "seed", "train_size": "test", "shuffle": "stratify"}


def split(X: Any, y: Any = None, test: float = 0.2, seed: int = 0, stratify: bool = True, **theirs: Any) -> Split:
    """Some samples to learn from, the others to test on, both in random order: X_train, y_train, X_test, y_test.

    `test` is how many to test on, or their share of all, rounded up.  With `stratify`, each class (text, bools, or
    whole numbers in `y` that come back) gets its share of both parts, and at least one sample to learn from;
    numbers are drawn freely.
    X and y are lists, arrays, or tables and columns of pandas, taken by position; or X is a Split and y left out.
    Raises ValueError if there is nothing to divide, or a class cannot be in both parts.

    >>> X_train, y_train, X_test, y_test = split([[float(i)] for i in range(10)], [0, 1] * 5, test=4)
    >>> y_test.count(0), y_test.count(1), len(X_train)
    (2, 2, 6)
    >>> split(X_train, y_train, test=0.5)
    <3 to learn from, 3 to test on, 1 number each, 2 classes, 0, 1>
    """
    if theirs:
        ours = ", ".join(
            f"{name}= is called {THEIRS[name]}=" for name in theirs if name in THEIRS and name != "shuffle"
        )
        raise TypeError(
            "split takes X, y, test=0.2, seed=0 and stratify=True, and gives X_train, y_train, X_test, y_test, "
            f"in this order; it has no {', '.join(theirs)}{': ' * bool(ours)}{ours}"
        )
    given = X if isinstance(X, Split) else None
    if given is not None and y is None:
        X, y = given.X, given.y
    elif y is None:
        raise TypeError("split needs the targets too: split(X, y)")
    X, y = by_position(X, "the samples of split"), by_position(y, "the targets of split", targets=True)
    n = len(X)
    if (
        bad := next((i for i, t in enumerate(y) if t is None or isinstance(t, float) and math.isnan(t)), None)
    ) is not None:
        raise UserError(f"the target of sample {bad} is missing ({y[bad]}): leave the sample out, or fill it in")
    if n != len(y):
        raise ValueError(f"split needs one target per sample, got {n} samples and {len(y)} targets")
    whole = isinstance(test, Integral) and not isinstance(test, bool)
    count = (
        int(test)
        if whole
        else math.ceil(test * n - 1e-9)
        if isinstance(test, (float, Integral)) and 0 < test < 1
        else 0
    )
    if n < 2:
        raise UserError(f"split needs a sample to learn from and one to test on, got {n}")
    if not 0 < count < n:
        raise UserError(
            f"split needs a test part of 1 to {n - 1} of the {n} samples, as a number or a share such as 0.2, "
            f"got {test!r}"
        )
    if not isinstance(stratify, (bool, Integral)) and [*map(class_label, stratify)] != [*map(class_label, y)]:
        raise TypeError("stratify is True or False: it is the classes in y that get their shares")
    rng = random.Random(seed)
    groups: dict[Any, list[int]] = {}
    by_class = stratify is not False and (bool(given is not None and given.classes) or _come_back(y))
    for i, target in enumerate(y):
        groups.setdefault(class_label(target) if by_class else None, []).append(i)
    takes = _shares([len(g) for g in groups.values()], count)
    if takes is None:
        raise UserError(
            f"cannot test on {count} of {n} samples in {len(groups)} classes and keep one of each class to learn from: "
            "lower test, merge rare classes, or pass stratify=False"
        )
    train: list[int] = []
    tested: list[int] = []
    for group, take in zip(groups.values(), takes):
        rng.shuffle(group)
        tested += group[:take]
        train += group[take:]
    rng.shuffle(train)
    rng.shuffle(tested)
    parts = [X[i] for i in train], [y[i] for i in train], [X[i] for i in tested], [y[i] for i in tested]
    return given.but(*parts) if given is not None else Split(*parts, classes=classes_of(y))


def _come_back(y: Sequence[Any]) -> bool:
    """Whether targets are classes: text, bools, or whole numbers that are two, or on two samples on average."""
    found = {class_label(t) for t in y}
    return None not in found and (all(isinstance(c, str) for c in found) or len(found) <= max(2, len(y) / 2))


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
    None keeps the order.  Raises ValueError unless size >= 1, TypeError for samples in place of their number.

    >>> list(batches(5, 2, seed=None))
    [[0, 1], [2, 3], [4]]
    """
    try:
        n, size = operator.index(n), operator.index(size)
    except TypeError:
        raise TypeError(
            "batches takes two whole numbers, of samples and of those in a batch, got "
            f"{short(repr(n))} and {short(repr(size))}: "
            "write for chosen in batches(len(X), 8): rows = [X[i] for i in chosen]"
        ) from None
    if size < 1:
        raise ValueError(f"a batch has at least one sample, got size={size}")
    order = list(range(n))
    if seed is not None:
        (seed if isinstance(seed, random.Random) else random.Random(seed)).shuffle(order)
    return (order[i : i + size] for i in range(0, n, size))


@dataclass(frozen=True)
class Standardizer:
    """Brings each column to mean 0 and standard deviation 1, with the numbers of the data it was made from.

    Make it from the training part alone, then apply it to both.
    A column that is constant, but for rounding, becomes 0.

    >>> scale = Standardizer.of([[1.0, 7.0], [3.0, 7.0]])
    >>> scale([[1.0, 7.0], [5.0, 7.0]])
    [[-1.0, 0.0], [3.0, 0.0]]
    >>> Standardizer.from_dict(scale.to_dict()) == scale
    True
    """

    means: tuple[float, ...]
    stds: tuple[float, ...]

    @classmethod
    def of(cls, X: Any) -> Standardizer:
        """The means and standard deviations of the columns of X: lists, an array or a table of numbers.

        Raises ValueError if X is empty, ragged, or holds what is not finite, or lies too far apart.
        """
        rows = _rows(X)
        if not rows or len({len(x) for x in rows}) > 1:
            raise ValueError("a Standardizer is made from at least one sample, and all of the same length, "
                             f"got {len(rows)} samples of lengths {sorted({len(x) for x in rows})}")  # fmt: skip
        means, stds = [], []
        for j, column in enumerate(zip(*rows)):
            if bad := next((v for v in column if not math.isfinite(v)), None):
                raise ValueError(
                    f"a Standardizer is made from finite numbers, got {bad} in column {j} of sample {column.index(bad)}"
                )
            n, constant = len(column), hardly_varies(column)
            mean = column[0] if constant else math.fsum(v / n for v in column)
            means.append(mean)
            spread = math.hypot(*[v - mean for v in column]) / math.sqrt(n)  # hypot squares nothing that overflows
            if not math.isfinite(spread):
                raise UserError(
                    f"column {j} goes from {min(column):g} to {max(column):g}, farther than floats reach: "
                    "divide it by some number first"
                )
            stds.append(spread if spread and not constant else max(1.0, abs(mean)) if spread else 1.0)
        return cls(tuple(means), tuple(stds))

    def __call__(self, X: Any) -> list[list[float]]:
        """The samples, standardized.  Raises ValueError if one has another number of columns."""
        rows = _rows(X)
        for i, x in enumerate(rows):
            if len(x) != len(self.means):
                raise ValueError(f"this Standardizer has seen {len(self.means)} columns, sample {i} has {len(x)}")
        return [[(v - m) / s for v, m, s in zip(x, self.means, self.stds)] for x in rows]

    def to_dict(self) -> dict[str, list[float]]:
        """The numbers, ready for JSON."""
        return {"means": list(self.means), "stds": list(self.stds)}

    @classmethod
    def from_dict(cls, numbers: Mapping[str, Sequence[float]]) -> Standardizer:
        """The Standardizer that `to_dict` wrote down.  Raises ValueError if it is none."""
        try:
            means, stds = (tuple(map(float, numbers[key])) for key in ("means", "stds"))
        except (KeyError, TypeError) as e:
            raise ValueError(
                f"a Standardizer is written as {{'means': [...], 'stds': [...]}}, got {numbers!r:.200}"
            ) from e
        if len(means) != len(stds) or not all(0 < s < math.inf for s in stds) or not all(map(math.isfinite, means)):
            raise ValueError(f"a Standardizer has one mean and one positive std per column, got {numbers!r:.200}")
        return cls(means, stds)


def hardly_varies(column: Sequence[float]) -> bool:
    """Whether numbers differ by no more than what rounding leaves:
    0.3 and 0.1 + 0.2 are one number, written by two sums.

    32 units in the last place; whole numbers up to 2**53 are exact, and differ if they do.

    >>> hardly_varies([0.3, 0.1 + 0.2]), hardly_varies([1.0, 1.0 + 1e-12]), hardly_varies([1e15, 1e15 + 1])
    (True, False, False)
    """
    low, high = min(column), max(column)
    if high - low > 32 * math.ulp(max(abs(low), abs(high))):
        return False
    return low == high or max(-low, high) > 2**53 or not all(v.is_integer() for v in column)


def _rows(X: Any) -> list[list[float]]:
    """Rows of floats.  Raises TypeError if samples are no rows of numbers."""
    X = by_position(X, "the samples of a Standardizer")
    try:
        rows = [[float(v) for v in x] for x in X]
    except (TypeError, ValueError) as e:
        raise TypeError(f"a Standardizer takes samples that are rows of numbers, [[1.0, 2.0], ...]: {e}") from None
    if text := next((v for x in X for v in x if isinstance(v, str)), None):
        raise TypeError(
            f"a Standardizer takes samples that are rows of numbers, got the text {text!r:.40}: float({text!r:.40})"
        )
    return rows
