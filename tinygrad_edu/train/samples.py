"""What a model and its samples are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ieee import isfinite

Model = Callable[[Any], Any]
Data = tuple[Sequence[Any], Sequence[Any]]  # X, y


def all_finite(sample: Any) -> bool:
    """Whether all numbers of a sample are, as far as it is one or a list of them."""
    if hasattr(sample, "tolist"):
        sample = sample.tolist()
    if isinstance(sample, (list, tuple)):
        return all(map(all_finite, sample))
    return not isinstance(sample, float) or isfinite(sample)
