"""What a model and its samples are, and the modes that a model is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any

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


@contextmanager
def mode(model: Model, training: bool) -> Iterator[None]:
    """A model's modules in training or in use (Dropout knows the difference), then as they were before."""
    modules = model.modules() if hasattr(model, "modules") else []
    before = [module.training for module in modules]
    try:
        for module in modules:
            module.training = training
        yield
    finally:
        for module, was in zip(modules, before):
            module.training = was
