"""What a model and its samples are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

from ..ieee import isfinite
from ..positions import by_position

Model = Callable[[Any], Any]
Data = tuple[Sequence[Any], Sequence[Any]]  # X, y


def are_classes(y: Sequence[Any]) -> bool:
    """Whether targets are classes: whole numbers, bools, or -1.0 and 1.0.

    >>> are_classes([0, 1, 2]), are_classes([True, -1.0]), are_classes([0.5]), are_classes([[0, 1], [1, 0]])
    (True, True, False, False)
    """
    plain = (target.tolist() if hasattr(target, "tolist") else target for target in y)  # of NumPy's
    return all(isinstance(target, Integral) or target in (-1.0, 1.0) for target in plain)


def check_data(what: str, X: Any, y: Any) -> tuple[Any, Any]:
    """Samples and targets by position.

    Raises TypeError or ValueError unless there are samples, and a target for each.
    """
    X, y = by_position(X, what), by_position(y, what, targets=True)
    if not len(X) or len(X) != len(y):
        hint = "; split gives X_train, y_train, X_test, y_test, in this order" if len(X) and len(y) else ""
        raise ValueError(
            f"{what} hold one target per sample, and at least one sample, got {len(X)} samples and "
            f"{len(y)} targets{hint}"
        )
    return X, y


def all_finite(sample: Any) -> bool:
    """Whether all numbers of a sample are, as far as it is one or a list of them."""
    if hasattr(sample, "tolist"):
        sample = sample.tolist()
    if isinstance(sample, (list, tuple)):
        return all(map(all_finite, sample))
    return not isinstance(sample, float) or isfinite(sample)
