"""How well scores rank the samples of one class above those of the other, wherever the line between them is drawn."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from ..errors import UserError
from ..positions import check_data
from .metrics import alone, outputs
from .samples import Model


def roc(model: Model, X: Any, y: Any) -> tuple[list[float], list[float]]:
    """The ROC curve of a model of one score: the share of the others that are taken for class 1,
    and the share of class 1 found.

    From (0, 0), where nothing is taken for class 1, to (1, 1), one point for each different score.
    Class 1 is a target above 0.
    Raises UserError if there are more scores than one, if one is nan, or if one of the classes is missing.

    >>> roc(lambda x: x[0], [[0.1], [0.4], [0.35], [0.8]], [0, 0, 1, 1])
    ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    """
    X, y = check_data("X and y", X, y)
    scores = [alone(out) for out in outputs(model, X)]
    if wrong := next((s for s in scores if isinstance(s, list) or s != s), None):
        told = "a score that is nan" if wrong != wrong else f"{len(wrong)} scores"
        raise UserError(f"a ranking is made by one number for each sample, and this model gives {told}")
    ones = [bool(t > 0) for t in y]
    if len(set(ones)) < 2:
        raise UserError("a ranking compares two classes, and all targets here are of one")
    false, true, n = [0], [0], sum(ones)
    for _, same in groupby(sorted(zip(scores, ones), reverse=True), key=lambda pair: pair[0]):
        found = [one for _, one in same]
        true.append(true[-1] + sum(found))
        false.append(false[-1] + len(found) - sum(found))
    return [k / (len(ones) - n) for k in false], [k / n for k in true]


def auc(model: Model, X: Any, y: Any) -> float:
    """The area under that curve: how often a sample of class 1 has a higher score than one of the other,
    a tie counting half.

    1 if all have, 0.5 for scores that say nothing.  Raises as `roc` does.

    >>> auc(lambda x: x[0], [[0.1], [0.4], [0.35], [0.8]], [0, 0, 1, 1])
    0.75
    """
    across, up = roc(model, X, y)
    return sum((b - a) * (c + d) / 2 for a, b, c, d in zip(across, across[1:], up, up[1:]))
