"""What a model and its samples are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ieee import isfinite
from ..positions import by_position

Model = Callable[[Any], Any]
Data = tuple[Sequence[Any], Sequence[Any]]  # X, y


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
