"""How good a model is: what it makes of each sample, and how often, or how nearly, that is right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..data.dividing import hardly_varies
from ..data.samples import class_label
from ..errors import UserError
from ..modes import no_grad
from ..positions import by_position, check_data
from ..replay import jit
from ..replay.backends import installed
from ..replay.byhand import close
from ..usage import chance_kept, mode
from .samples import Model

WORTH = 200_000  # multiplications, about: for less, a model is not recorded
LARGE = 5_000  # parameters, from which on printed source is slow to compile


def outputs(model: Model, X: Any) -> list[Any]:
    """What the model makes of each sample, as plain numbers: a float, or a list of floats.

    Nothing is remembered for backward.
    For many samples the model is recorded and replayed (see `jit`), where it can be,
    and compared with itself on some of them.

    >>> from tinygrad_edu import Value
    >>> outputs(lambda x: [x[0], Value(2.0)], [[1.0], [3.0]])
    [[1.0, 2.0], [3.0, 2.0]]
    """
    X = by_position(X, "samples")
    with mode(model, training=False):
        many = len(X) * len(model.parameters()) if hasattr(model, "parameters") else 0
        found = _replayed(model, X, many) if len(X) > 99 and many > WORTH else None
        return _eager(model, X) if found is None else found


def _eager(model: Model, X: Any) -> list[Any]:
    with no_grad():
        return [[float(v) for v in out] if isinstance(out, (list, tuple)) else float(out) for out in map(model, X)]


def _replayed(model: Model, X: Any, many: int) -> list[Any] | None:
    """The same, replayed; None if that cannot be, or gives something else."""
    backend = "auto" if many > LARGE * len(X) else "numpy" if installed("numpy") else "python"
    try:
        with chance_kept(model):
            found = jit(model, backend=backend).map(X)
            some = {*range(0, len(X), len(X) // 8), len(X) - 1}
            now, then = _eager(model, [X[i] for i in some]), [found[i] for i in some]
            found = [list(out) if isinstance(out, tuple) else out for out in found]
            same = [
                close(*[out if isinstance(out, (list, tuple)) else [out] for out in pair]) for pair in zip(now, then)
            ]
            return found if all(same) else None
    except Exception:  # whatever it is, the model itself says it better
        return None


def predict(model: Model, X: Any) -> list[Any]:
    """The class of each sample, if the model gives one score per class; else its number (whose sign may be a class).

    >>> predict(lambda x: [x[0], 2.0], [[1.0], [3.0]])
    [1, 0]
    """
    return [_largest(out) if isinstance(out, list) else out for out in map(alone, outputs(model, X))]


def right(output: Any, target: Any) -> bool:
    """Whether an output is right about a class: of a list, the largest is at the target; of one number, the sign.

    A single output is a score, and says class 1 above zero, class 0 or -1 below.

    >>> right([0.1, 0.7], 1), right(-0.3, -1), right(-0.3, 0), right([-0.3], 1)
    (True, True, True, False)
    """
    output = alone(output)
    return bool(_largest(output) == target if isinstance(output, (list, tuple)) else (output > 0) == (target > 0))


def accuracy(model: Model, X: Any, y: Any) -> float:
    """The share of samples, 0 to 1, that the model is right about.

    Raises ValueError if there are none, or targets are no classes.
    """
    X, y = check_data("X and y", X, y)
    _check_classes(y, "accuracy")
    return hits_of(outputs(model, X), y) / len(y)


def r_squared(model: Model, X: Any, y: Any) -> float:
    """How much better a model of a number is than the mean of `y`:
    1 if it is always right, 0 if no better, below 0 if worse.

    1 - (sum of squared errors) / (sum of squared distances from the mean).

    >>> r_squared(lambda x: 2 * x[0], [[1.0], [2.0], [3.0]], [2.0, 4.0, 7.0])
    0.9210526315789473
    """
    X, y = check_data("X and y", X, y)
    found = [alone(out) for out in outputs(model, X)]
    if wrong := next((out for out in found if isinstance(out, list)), None):
        raise UserError(f"r_squared judges models of one number, and this one gives {len(wrong)}")
    targets = [float(t) for t in y]
    if hardly_varies(targets):
        raise UserError("r_squared compares with the mean of the targets, and these are all the same")
    mean = math.fsum(t / len(y) for t in targets)
    share = math.dist(found, targets) / math.dist([mean] * len(y), targets)  # no square of it that could overflow
    return 1.0 - share * share


def confusion(model: Model, X: Any, y: Any) -> list[list[int]]:
    """How often each class, a row, was taken for each class, a column;
    -1 or 0 comes before 1 for a model with one output.

    >>> confusion(lambda x: x[0], [[-2.0], [1.0], [3.0]], [-1, -1, 1])
    [[1, 1], [0, 1]]
    """
    X, y = check_data("X and y", X, y)
    _check_classes(y, "confusion")
    found = [out if isinstance(out, list) else [0.0, out] for out in map(alone, outputs(model, X))]
    places = [int(target > 0) if len(out) == 2 else int(target) for out, target in zip(found, y)]
    size = len(found[0])
    if not all(0 <= row < size for row in places):
        raise UserError(
            f"the model gives {size} scores, so that classes are 0 to {size - 1}, and there are targets from "
            f"{min(places)} to {max(places)}"
        )
    matrix = [[0] * size for _ in range(size)]
    for row, out in zip(places, found):
        matrix[row][_largest(out)] += 1
    return matrix


def alone(output: Any) -> Any:
    """A single score without the list that a layer of one neuron puts it in."""
    return output[0] if isinstance(output, (list, tuple)) and len(output) == 1 else output


def hits_of(outputs: Sequence[Any], y: Sequence[Any]) -> int:
    """How many outputs are right."""
    return [right(output, target) for output, target in zip(outputs, y)].count(True)


def _check_classes(y: Sequence[Any], who: str) -> None:
    """Raise unless targets are classes by number: text would never be equal to one, and a number only by chance."""
    for t in y:
        if isinstance(t, str):
            raise TypeError(
                f"{who} counts classes by number, got {t!r:.40}: number them, as y = [classes.index(t) for t in y] does"
            )
        if class_label(t) is None:
            raise UserError(
                f"{who} is for classes, and {t!r:.40} is a number: r_squared says how near a model of numbers comes"
            )


def _largest(scores: Sequence[Any]) -> int:
    """The position of the largest, the first of several."""
    return max(range(len(scores)), key=scores.__getitem__)
