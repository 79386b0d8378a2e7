"""Using a model: what it makes of each sample, and how often it is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any

from ..modes import no_grad

Model = Callable[[Any], Any]
Data = tuple[Sequence[Any], Sequence[Any]]  # X, y


def outputs(model: Model, X: Sequence[Any]) -> list[Any]:
    """What the model makes of each sample, as plain numbers: a float, or a list of floats.  Nothing is remembered for backward.

    >>> from tinygrad_edu import Value
    >>> outputs(lambda x: [x[0], Value(2.0)], [[1.0], [3.0]])
    [[1.0, 2.0], [3.0, 2.0]]
    """
    with no_grad(), mode(model, training=False):
        return [[float(v) for v in out] if isinstance(out, (list, tuple)) else float(out) for out in map(model, X)]


def predict(model: Model, X: Sequence[Any]) -> list[Any]:
    """The class of each sample, if the model gives one score per class; else its number (whose sign may be a class).

    >>> predict(lambda x: [x[0], 2.0], [[1.0], [3.0]])
    [1, 0]
    """
    return [_largest(out) if isinstance(out, list) else out for out in outputs(model, X)]


def right(output: Any, target: Any) -> bool:
    """Whether an output is right about a class: of a list, the largest is at the target; of one number, the sign.

    A single output is a score, and says class 1 above zero, class 0 or -1 below.

    >>> right([0.1, 0.7], 1), right(-0.3, -1), right(-0.3, 0), right(-0.3, 1)
    (True, True, True, False)
    """
    return bool(_largest(output) == target if isinstance(output, (list, tuple)) else (output > 0) == (target > 0))


def accuracy(model: Model, X: Sequence[Any], y: Sequence[Any]) -> float:
    """The share of samples, 0 to 1, that the model is right about.  Raises ValueError if there are none."""
    check_data("X and y", X, y)
    return hits_of(outputs(model, X), y) / len(y)


def confusion(model: Model, X: Sequence[Any], y: Sequence[Any]) -> list[list[int]]:
    """How often each class, a row, was taken for each class, a column; -1 or 0 comes before 1 for a model with one output.

    >>> confusion(lambda x: x[0], [[-2.0], [1.0], [3.0]], [-1, -1, 1])
    [[1, 1], [0, 1]]
    """
    check_data("X and y", X, y)
    found = [out if isinstance(out, list) else [0.0, out] for out in outputs(model, X)]
    places = [int(target > 0) if len(out) == 2 else target for out, target in zip(found, y)]
    size = len(found[0])
    matrix = [[0] * size for _ in range(size)]
    for row, out in zip(places, found):
        matrix[row][_largest(out)] += 1
    return matrix


def _largest(scores: Sequence[Any]) -> int:
    """The position of the largest, the first of several."""
    return max(range(len(scores)), key=scores.__getitem__)


def hits_of(outputs: Sequence[Any], y: Sequence[Any]) -> int:
    return [right(output, target) for output, target in zip(outputs, y)].count(True)


def are_classes(y: Sequence[Any]) -> bool:
    """Whether targets are classes: whole numbers, bools, or -1.0 and 1.0.

    >>> are_classes([0, 1, 2]), are_classes([True, -1.0]), are_classes([0.5]), are_classes([[0, 1], [1, 0]])
    (True, True, False, False)
    """
    plain = (target.tolist() if hasattr(target, "tolist") else target for target in y)  # of NumPy's
    return all(isinstance(target, Integral) or target in (-1.0, 1.0) for target in plain)


def check_data(what: str, X: Sequence[Any], y: Sequence[Any]) -> None:
    """Raise TypeError or ValueError unless there are samples, and a target for each."""
    for part in X, y:
        if not (hasattr(part, "__len__") and hasattr(part, "__getitem__")):
            raise TypeError(
                f"{what} are lists or arrays, because they are read more than once, got a {type(part).__name__}: make it a list first"
            )
    if not len(X) or len(X) != len(y):
        raise ValueError(
            f"{what} hold one target per sample, and at least one sample, got {len(X)} samples and {len(y)} targets"
        )


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
