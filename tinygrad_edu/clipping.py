"""Gradients that are too long, cut: between `backward()` and `step()`, as `optim.clip_by_norm` and `clip_by_value`."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, MutableSequence
from typing import Any

from .engine import Value
from .ieee import number
from .parameters import Packed, is_flat, listed, stored, write


def clip_by_norm(parameters: Iterable[Value] | MutableSequence[float], max_norm: float) -> float:
    """Scale all gradients together so that their Euclidean norm is at most `max_norm`; returns the norm before.

    They are those of some Values, or the numbers of one flat array.  The direction stays (Pascanu, Mikolov & Bengio
    2013).  An infinite gradient makes the others 0 and itself nan; a norm of nan changes nothing.
    Raises ValueError unless max_norm is above 0.

    >>> p, q = Value(0.0), Value(0.0)
    >>> p.grad, q.grad = 30.0, 40.0
    >>> clip_by_norm([p, q], 5.0), p.grad, q.grad
    (50.0, 3.0, 4.0)
    """
    grads, put = _gradients(parameters)
    if not number(max_norm) > 0:
        raise ValueError(f"max_norm must be above 0, got {max_norm!r}")
    norm = math.nan if any(map(math.isnan, grads)) else math.hypot(*grads)
    if norm > max_norm:
        scale = number(max_norm) / norm
        put([g * scale for g in grads])
    return norm


def _gradients(parameters: Any) -> tuple[list[float], Callable[[list[float]], None]]:
    """The gradients of some parameters, or those in a flat array; and how to put others in their place."""
    if isinstance(parameters, Packed):
        raise TypeError("packed parameters have no gradients: clip the gradient that value_and_grad gives")
    if not is_flat(parameters):
        ps = listed(parameters)
        return stored("grad", ps), lambda grads: write("grad", ps, grads)

    def put(grads: list[float]) -> None:
        parameters[:] = array("d", grads) if hasattr(parameters, "typecode") else grads

    return parameters.tolist(), put


def clip_by_value(parameters: Iterable[Value] | MutableSequence[float], limit: float) -> int:
    """Move every gradient that is beyond ±limit to ±limit; returns how many were.  nan stays nan.

    For Values or a flat array.
    Raises ValueError unless limit is above 0.

    >>> p = Value(0.0)
    >>> p.grad = -30.0
    >>> clip_by_value([p], 1), p.grad
    (1, -1.0)
    """
    (grads, put), hi = _gradients(parameters), number(limit)
    if not hi > 0:
        raise ValueError(f"limit must be above 0, got {limit!r}")
    put([-hi if g < -hi else hi if g > hi else g for g in grads])
    return len([g for g in grads if abs(g) > hi])
