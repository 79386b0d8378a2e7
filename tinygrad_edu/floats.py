"""What a float may be in a backward pass: one that goes on where Python would raise, an absolute zero, an empty sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .ieee import divide


class Float(float):
    """A float whose division follows IEEE 754, for rules that would raise on a plain one.

    >>> 1 / Float(0.0), -1 / (Float(1e-300) * 1e-300)
    (inf, -inf)
    """

    __slots__ = ()

    def __apply__(self, op: Any, args: tuple[Any, ...]) -> Float:
        return Float(op.forward(*args))


class Nothing(float):
    """An absolute zero: what a branch that was not taken passes on.

    Times inf or nan it is still 0, with the sign that it would have.

    >>> from math import inf, nan
    >>> nothing * inf, nan * nothing + 2.0, nothing
    (0.0, 2.0, 0.0)
    """

    __slots__ = ()

    def __apply__(self, op: Any, args: tuple[Any, ...]) -> Any:
        return op.forward(*args)

    def __mul__(self, g: float) -> float:
        product = float(self) * g
        return Nothing(product if product == 0 else 0.0)

    def __add__(self, g: float) -> float:
        total = float(self) + float(g)
        return Nothing(total) if type(g) is Nothing or g is untouched else total

    def __neg__(self) -> float:
        return Nothing(-float(self))

    def __abs__(self) -> float:
        return nothing

    __rmul__, __radd__ = __mul__, __add__


nothing = Nothing(0.0)


class Empty:
    """A sum before there is anything in it: numbers, Values and formulas can be added.

    >>> Empty() + nothing is nothing
    True
    """

    def __add__(self, g: Any) -> Any:
        return g


empty, untouched = Empty(), -0.0  # the same for floats alone, which is faster: -0.0 + g is g, to the last bit


def _closed(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *xs: Float(f(*xs))


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "neg", "abs"):
    setattr(Float, f"__{_name}__", _closed(getattr(float, f"__{_name}__")))
for _name, _divide in {"truediv": divide, "rtruediv": lambda b, a: divide(a, b)}.items():
    setattr(Float, f"__{_name}__", _closed(lambda a, b, divide=_divide: divide(float(a), float(b))))
