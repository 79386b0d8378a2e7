"""A Value among other things: comparing, printing and converting it, NumPy, and micrograd's names.

A Value may stand where a float stands.  All that needs only its `.data` is here, so that the engine next
door is about derivatives alone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from .ieee import number


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[Any, object], bool]:
    """A comparison by data with another Value or number; for anything else Python names both types."""

    def compare(self: Any, other: Any) -> bool:
        if isinstance(other, FloatLike):
            return test(self.data, other.data)
        return test(self.data, number(other)) if hasattr(other, "__float__") else NotImplemented

    return compare


def assigned(v: Any, name: str, x: Any) -> float:
    """The float of what was assigned to a Value's `.data` or `.grad`.  Raises TypeError, which says whose, for what is no number."""
    try:
        return number(x)
    except TypeError as e:
        hint = (
            "its number is its .data, and an update is written p.data -= lr * g.data" if isinstance(x, FloatLike) else e
        )
        raise TypeError(
            f"the .{name} of {v.label or 'a Value'} cannot be {type(x).__name__} {x!r:.80}: {hint}"
        ) from None


class FloatLike:
    """What a float does besides arithmetic.  `==` and `hash` stay identity: nodes live in sets and dicts.

    >>> from tinygrad_edu import Value
    >>> v = Value(2.5, label="v")
    >>> v > 2, float(v), int(v), round(v), f"{v:.3f}", max(v, Value(1)) is v
    (True, 2.5, 2, 2, '2.500', True)
    """

    __slots__ = ()
    __array_ufunc__ = None  # np.float64(3) * v asks v what to do, instead of making an array

    data: float
    grad: float
    label: str
    parents: tuple[Any, ...]
    op: Any

    __lt__ = _compared(operator.lt)
    __le__ = _compared(operator.le)
    __gt__ = _compared(operator.gt)
    __ge__ = _compared(operator.ge)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __float__(self) -> float:
        return float(self.data)

    def __int__(self) -> int:
        return int(self.data)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.data, digits)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)

    def __repr__(self) -> str:
        grad = f", grad={self.grad!r}" if self.grad else ""
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}({self.data!r}{grad}{label})"

    @property
    def _prev(self) -> set[Any]:
        """micrograd's name for the parents."""
        return set(self.parents)

    @property
    def _op(self) -> str:
        """micrograd's name for the operation: '+', '*', '**2', 'tanh'; '' for a leaf."""
        return (self.op.symbol or self.op.name) if self.parents else ""
