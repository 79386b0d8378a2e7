"""Whether anything has been learned: what the outputs say of the targets, whatever the loss is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..modes import no_grad
from ..trees import flatten
from ..usage import chance_kept, chosen, mode
from .limits import ASKED

FEW = 8  # samples: of fewer, nothing follows


def explained(model: Any, X: Any, y: Any) -> tuple[float, int] | None:
    """The share of the targets' variance that a model's outputs explain (the square of their correlation; of several
    outputs, the mean), and how many samples were asked; None where outputs and targets cannot be compared.

    >>> from tinygrad_edu import Value
    >>> xs = [[i / 10] for i in range(20)]
    >>> share, asked = explained(lambda x: Value(3.0) * x[0], xs, [x for [x] in xs])
    >>> round(share, 6), asked
    (1.0, 20)
    """
    some = chosen(len(X), ASKED)
    if not callable(model) or len(some) < FEW:
        return None
    try:
        with no_grad(), chance_kept(model), mode(model, training=False):
            outputs = [_row(model(X[i])) for i in some]
        targets = [_row(y[i]) for i in some]
    except Exception:  # a model that takes something else than one sample
        return None
    width = len(outputs[0])
    if any(len(row) != width for row in outputs) or any(len(t) != len(targets[0]) for t in targets):
        return None
    if width > 1 and len(targets[0]) == 1 and all(t[0] in range(width) for t in targets):
        targets = [[float(t[0] == c) for c in range(width)] for t in targets]
        outputs = [[x - math.fsum(row) / width for x in row] for row in outputs]
    if len(targets[0]) != width or not all(map(math.isfinite, [x for row in outputs for x in row])):
        return None
    shares = [_share(a, b) for a, b in zip(zip(*outputs), zip(*targets)) if len(set(b)) > 1]
    return (math.fsum(shares) / len(shares), len(some)) if shares else None


def _row(x: Any) -> list[float]:
    return list(map(float, flatten(x)))


def _share(xs: Sequence[float], ys: Sequence[float]) -> float:
    n = len(xs)
    a, b = ([v - math.fsum(vs) / n for v in vs] for vs in (xs, ys))
    large = max(map(abs, xs))
    sizes = math.hypot(*a), math.hypot(*b)
    if not sizes[1] or sizes[0] <= 1e-12 * large * math.sqrt(n):
        return 0.0
    return (math.fsum(p * q for p, q in zip(a, b)) / sizes[0] / sizes[1]) ** 2
