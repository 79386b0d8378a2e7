"""What losses are given: predictions with their targets, one sample or a batch, checked;
a target may be an argument of a recording.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from . import ops, tracing
from .engine import Value
from .ieee import number
from .trees import number_at


def several(x: Any) -> bool:
    return type(x) is list or (hasattr(x, "__len__") and not isinstance(x, str) and getattr(x, "ndim", 1) != 0)


def pairs(predictions: Any, targets: Any, who: str) -> list[tuple[Any, Any]]:
    """Predictions with their targets, through nested lists; single numbers are one pair.

    Raises ValueError if they do not match.
    """
    for x, what in ((predictions, "predictions"), (targets, "targets")):
        keyed = type(x) is not list and hasattr(x, "keys") and not hasattr(x, "dtype")  # a dict, a table
        if keyed or (type(x) is not list and hasattr(x, "__iter__") and not several(x)):
            if getattr(x, "ndim", 1):  # an array around one number says that it can be gone through
                way = "d.to_numpy()" if hasattr(x, "to_numpy") else "list(d.values())" if keyed else "list(...)"
                seen = " ".join(repr(x).split())  # a table on one line
                raise TypeError(
                    f"{who} needs its {what} in a list, got {type(x).__name__} {seen:.80}: make it one, {way}"
                )
    if not several(predictions) and not several(targets):
        for x, what in ((predictions, "prediction"), (targets, "target")):
            if type(x) is not float and not isinstance(x, Value):
                number_at(f"a {what} for {who}", x)
        return [(predictions, targets)]
    if not several(predictions) or not several(targets) or len(predictions) != len(targets):
        got = [f"{len(x)}" if several(x) else f"a single number ({x!r})" for x in (predictions, targets)]
        raise ValueError(
            f"{who} needs one target per prediction, got {got[0]} for the predictions and {got[1]} for the targets"
        )
    if not len(predictions):
        raise ValueError(f"{who} needs at least one prediction, got none")
    return [pair for p, t in zip(predictions, targets) for pair in pairs(p, t, who)]


def is_recorded(target: Any) -> bool:
    """Whether a target is an argument of a function that is being recorded: then it has no number to look at."""
    return isinstance(target, Value) and tracing.active()


def as_float(target: Any) -> float:
    return target.data if isinstance(target, Value) else number(target)


def is_class(target: Any, k: int) -> Any:
    """1 if a recorded target is class k, else 0."""
    return ops.greater(1e-9, abs(target - float(k)))


def score_of(scores: list[Any], target: Any) -> Any:
    """The score of the right class; nan for a recorded target that is none."""
    if isinstance(target, int):
        return scores[target]
    score, exists = scores[0], is_class(target, 0)
    for k, s in enumerate(scores[1:], 1):
        score, exists = ops.where(is_class(target, k), s, score), exists + is_class(target, k)
    return ops.where(exists, score, math.nan)


def with_shares(predictions: Any, targets: Any, who: str) -> Iterator[tuple[Any, Any, float]]:
    """Predictions with targets from 0 to 1, and what can be known of these while nobody records: else 0.5."""
    for i, (x, t) in enumerate(pairs(predictions, targets, who)):
        p = 0.5 if is_recorded(t) else as_float(t)
        if not 0 <= p <= 1:
            hint = ": (t + 1) / 2 turns -1 and 1 into 0 and 1" if p == -1 else ""
            raise ValueError(f"{who} needs targets from 0 to 1, got {p:g} at {i}{hint}")
        yield x, t, p


def check_probability(p: Any, who: str) -> None:
    if not is_recorded(p) and not 0 <= as_float(p) <= 1 + 1e-9:
        raise ValueError(f"{who} needs probabilities from 0 to 1, got {as_float(p):g}: logits have a loss of their "
                         "own, cross_entropy or binary_cross_entropy_with_logits")  # fmt: skip


def samples(scores: Any, targets: Any, who: str) -> Iterator[tuple[list[Any], Any, str]]:
    """The scores of each sample, its target, and how to call it.  Raises ValueError if they do not match."""
    if not several(scores) or not len(scores):
        one = who == "cross_entropy" and not several(scores)
        hint = ": a model with one output and classes 0 and 1 has binary_cross_entropy_with_logits" if one else ""
        raise ValueError(f"{who} needs a list with one score per class, got {scores!r}{hint}")
    batch = several(scores[0])
    if batch and not (several(targets) and len(targets) == len(scores)):
        got = f"{len(targets)} targets" if several(targets) else f"the target {targets!r}"
        raise ValueError(f"{who} needs one target class per sample, got {len(scores)} samples and {got}")
    for i, (row, target) in enumerate(zip(scores, targets) if batch else [(scores, targets)]):
        where = f" for sample {i}" if batch else ""
        if not several(row) or not len(row):
            raise ValueError(f"{who} needs a list with one score per class, got {row!r}{where}")
        yield list(row), target, where


def class_of(target: Any, n: int, who: str, where: str) -> Any:
    """The number of the right class: a whole number of any kind, or a target that is recorded."""
    if is_recorded(target):
        return target
    try:
        k = target if type(target) is int else as_float(target)
    except (TypeError, OverflowError):
        k = math.nan
    if k != k or k % 1:
        raise TypeError(
            f"{who} needs the number of the right class, got {type(target).__name__} {target!r:.80}{where}: "
            "number the classes 0, 1, 2, ..."
        )
    if not 0 <= k < n:
        raise ValueError(
            f"{who} got the target class {str(int(k)):.80}{where}, but there are {n} scores: classes are 0 to {n - 1}"
        )
    return int(k)


def shares_of(target: Any, n: int, who: str, where: str) -> list[Any]:
    """A target that is a share for each class.  Raises ValueError unless there are n shares that make 1."""
    shares = list(target)
    if len(shares) != n:
        raise ValueError(
            f"{who} got a target of {len(shares)} shares{where}, but there are {n} scores: the "
            "target of a sample is the number of its class, or a share for each"
        )
    known = [0.0 if is_recorded(t) else as_float(t) for t in shares]
    if not any(map(is_recorded, shares)) and not (min(known) >= 0 and abs(math.fsum(known) - 1) < 1e-6):
        raise ValueError(
            f"{who} got a target of shares {known}{where} that make {math.fsum(known):g}: they are "
            "at least 0 and make 1, or the target is the number of the right class"
        )
    return shares
