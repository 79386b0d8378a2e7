"""How wrong a model is, as one Value to call `backward()` on.

    >>> from tinygrad_edu import Value
    >>> logits = [Value(0.0), Value(3.0), Value(-2.0), Value(1.0)]
    >>> loss = cross_entropy(logits, 3)
    >>> loss.backward()
    >>> loss.data, [round(z.grad, 10) for z in logits]
    (2.1755153626167147, [0.0417725705, 0.8390245075, 0.0056533027, -0.8864503806])

Each takes Values or numbers, one sample or a batch (then it returns the mean), and stays finite wherever the true
value is: what comes from logits never overflows.  A loss of numbers alone is a number.  A target may be an argument of a
function that is recorded (see `jit`): then nobody can check it, and a class that does not exist makes the loss nan.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

from . import modes, ops
from .engine import Value
from .functional import mean
from .ieee import number

__all__ = ["binary_cross_entropy_with_logits", "cross_entropy", "hinge", "huber", "l2", "mse", "multiclass_hinge"]


def _several(x: Any) -> bool:
    return hasattr(x, "__len__") and not isinstance(x, str)


def _pairs(predictions: Any, targets: Any, who: str) -> list[tuple[Any, Any]]:
    """Predictions with their targets, through nested lists; single numbers are one pair.  Raises ValueError if they do not match."""
    if not _several(predictions) and not _several(targets):
        return [(predictions, targets)]
    if not _several(predictions) or not _several(targets) or len(predictions) != len(targets):
        got = [f"{len(x)}" if _several(x) else f"a single number ({x!r})" for x in (predictions, targets)]
        raise ValueError(
            f"{who} needs one target per prediction, got {got[0]} for the predictions and {got[1]} for the targets"
        )
    if not len(predictions):
        raise ValueError(f"{who} needs at least one prediction, got none")
    return [pair for p, t in zip(predictions, targets) for pair in _pairs(p, t, who)]


def _is_recorded(target: Any) -> bool:
    """Whether a target is an argument of a function that is being recorded: then it has no number to look at."""
    return isinstance(target, Value) and modes.listened()


def _plain(target: Any) -> float:
    return target.data if isinstance(target, Value) else number(target)


def _is(target: Any, k: int) -> Any:
    """1 if a recorded target is class k, else 0."""
    return ops.greater(1e-9, abs(target - float(k)))


def _right(scores: list[Any], target: Any) -> Any:
    """The score of the right class; nan for a recorded target that is none."""
    if isinstance(target, int):
        return scores[target]
    score, exists = scores[0], _is(target, 0)
    for k, s in enumerate(scores[1:], 1):
        score, exists = ops.where(_is(target, k), s, score), exists + _is(target, k)
    return ops.where(exists, score, math.nan)


def mse(predictions: Any, targets: Any) -> Any:
    """The mean of (prediction - target)².  Raises ValueError if the lengths differ.

    >>> mse([Value(1.0), 2.0], [0.0, 4.0])
    Value(2.5)
    """
    away = [p - t for p, t in _pairs(predictions, targets, "mse")]
    return ops.dot(*away, *away) / len(away)


def huber(predictions: Any, targets: Any, delta: float = 1.0) -> Any:
    """The mean of d²/2 where |d| <= delta, and delta * (|d| - delta/2) beyond, d = prediction - target (Huber 1964).

    Its slope is d clipped to ±delta: a large error pulls, but with limited force; a clipped error would not pull at all.
    Raises ValueError if the lengths differ or delta is not above 0.

    >>> q = Value(-5.0)
    >>> loss = huber(q, 0.0)
    >>> loss.backward()
    >>> loss.data, q.grad
    (4.5, -1.0)
    """
    if not number(delta) > 0:
        raise ValueError(f"huber needs a delta above 0, where the parabola becomes a line, got {delta!r}")
    clip = ops.clip(-float(delta), float(delta))
    away = [p - t for p, t in _pairs(predictions, targets, "huber")]
    return mean([c * (d - 0.5 * c) for d, c in zip(away, map(clip, away))])


def binary_cross_entropy_with_logits(logits: Any, targets: Any) -> Any:
    """The mean of -t*log(p) - (1-t)*log(1-p), p = sigmoid(logit), for targets t from 0 to 1; accurate in both tails.

    Computed as t*softplus(-z) + (1-t)*softplus(z): no difference of large numbers.
    Raises ValueError if the lengths differ or a target is outside [0, 1].

    >>> binary_cross_entropy_with_logits([1000.0, -1000.0, -40.0], [1, 1, 0]) == (0.0 + 1000.0 + ops.exp(-40.0)) / 3
    True
    """
    losses = []
    for i, (z, t) in enumerate(_pairs(logits, targets, "binary_cross_entropy_with_logits")):
        p = 0.5 if _is_recorded(t) else _plain(t)
        if not 0 <= p <= 1:
            raise ValueError(f"binary_cross_entropy_with_logits needs targets from 0 to 1, got {p:g} at {i}"
                             + (": (t + 1) / 2 turns -1 and 1 into 0 and 1" if p == -1 else ""))  # fmt: skip
        if isinstance(t, Value) or 0 < p < 1:
            losses.append(t * ops.softplus(-z) + (1 - t) * ops.softplus(z))
        else:
            losses.append(ops.softplus(-z if p else z))
    return mean(losses)


def _classified(scores: Any, targets: Any, who: str, loss: Callable[[list[Any], Any], Any]) -> Any:
    """`loss(scores, class)` of one sample, or its mean over a batch; classes that do not exist are named."""
    if not _several(scores) or not len(scores):
        raise ValueError(f"{who} needs a list with one score per class, got {scores!r}")
    batch = _several(scores[0])
    if batch and not (_several(targets) and len(targets) == len(scores)):
        got = f"{len(targets)} targets" if _several(targets) else f"the target {targets!r}"
        raise ValueError(f"{who} needs one target class per sample, got {len(scores)} samples and {got}")
    losses = []
    for i, (row, target) in enumerate(zip(scores, targets) if batch else [(scores, targets)]):
        where, n = (f" for sample {i}" if batch else ""), len(row) if _several(row) else 0
        if not n:
            raise ValueError(f"{who} needs a list with one score per class, got {row!r}{where}")
        if _is_recorded(target):
            losses.append(loss(list(row), target))
            continue
        if isinstance(target, Value) and target.data.is_integer():
            target = int(target.data)
        if not hasattr(target, "__index__"):
            hint = ": pass the index of the 1" if _several(target) else ": number the classes 0, 1, 2, ..."
            raise TypeError(
                f"{who} needs the number of the right class, got {type(target).__name__} {target!r}{where}{hint}"
            )
        k = operator.index(target)
        if not 0 <= k < n:
            raise ValueError(
                f"{who} got the target class {k}{where}, but there are {n} scores: classes are 0 to {n - 1}"
            )
        losses.append(loss(list(row), k))
    return mean(losses) if batch else losses[0]


def cross_entropy(logits: Any, target: Any) -> Any:
    """-log(softmax(logits)[target]) = logsumexp(logits) - logits[target]; the mean over a batch of logits and targets.

    A target is the number of the right class.  Raises ValueError for a class that does not exist, TypeError for no number.

    >>> cross_entropy([1000.0, -1000.0], 1), cross_entropy([[0.0, 0.0], [0.0, 0.0]], [0, 1])
    (2000.0, 0.6931471805599453)
    """
    return _classified(logits, target, "cross_entropy", lambda zs, k: ops.logsumexp(*zs) - _right(zs, k))


def multiclass_hinge(scores: Any, target: Any, margin: float = 1.0) -> Any:
    """The sum over the wrong classes j of max(0, s_j - s_right + margin), as in CS231n (Weston & Watkins 1999); the mean over a batch.

    Raises ValueError for a class that does not exist, TypeError for no number.

    >>> multiclass_hinge([Value(3.2), 5.1, -1.7], 0)
    Value(2.8999999999999995)
    """
    margin = number(margin)

    def loss(scores: list[Any], k: Any) -> Any:
        right = _right(scores, k)
        over = [ops.relu(s - right + margin) if isinstance(k, int) else ops.where(_is(k, j), 0.0, ops.relu(s - right + margin))
                for j, s in enumerate(scores) if not isinstance(k, int) or j != k]  # fmt: skip
        return ops.sum(*over) if over else 0.0 * right

    return _classified(scores, target, "multiclass_hinge", loss)


def hinge(scores: Any, targets: Any, margin: float = 1.0) -> Any:
    """The mean of max(0, margin - target * score) for targets -1 and 1: micrograd's "max-margin" loss.

    Raises ValueError if the lengths differ or a target is neither -1 nor 1.

    >>> hinge([Value(0.5), Value(2.0)], [1, -1])
    Value(1.75)
    """
    margin, losses = number(margin), []
    for i, (s, t) in enumerate(_pairs(scores, targets, "hinge")):
        y = 1.0 if _is_recorded(t) else _plain(t)
        if y not in (-1.0, 1.0):
            raise ValueError(
                f"hinge needs targets -1 or 1, got {y:g} at {i}"
                + ("; 2*y - 1 turns 0 and 1 into -1 and 1" if y == 0 else "")
            )
        losses.append(ops.relu(ops.dot(-t if _is_recorded(t) else -y, s, margin)))  # margin + -y * s as one node
    return ops.sum(*losses) * (1.0 / len(losses))  # in micrograd's order, to the bit


def l2(parameters: Iterable[Any], alpha: float = 1e-4) -> Any:
    """alpha * (p1² + ... + pn²) as one sum: add it to a loss to keep the parameters small.  Raises ValueError if there are none.

    >>> l2([Value(3.0), Value(4.0)], alpha=0.5)
    Value(12.5)
    """
    if not hasattr(parameters, "__iter__"):
        raise TypeError(f"l2 needs parameters, as in l2(model.parameters()), got {type(parameters).__name__}")
    ps = tuple(parameters)
    if not ps:
        raise ValueError("l2 needs at least one parameter, got none")
    return number(alpha) * ops.dot(*ps, *ps)
