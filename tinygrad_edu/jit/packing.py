"""Parameters as one flat array, for those who want the last microsecond: `pack` and `unpack`.

    >>> from tinygrad_edu import Value
    >>> w, b = Value(0.5), Value(-1.0)
    >>> theta = pack([w, b])
    >>> theta[0] = 2.0
    >>> w.data, unpack(theta), w.data
    (0.5, [Value(2.0), Value(-1.0)], 2.0)

The array remembers whose numbers it holds, so that no order of parameters can be mistaken for another.
"""

from __future__ import annotations

import functools
import importlib.util
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from ..engine import Value


def pack(parameters: Iterable[Value]) -> Any:
    """The numbers of some Values, each once, as a flat float64 array with `.parameters`, the Values: a NumPy array, or an `array` without NumPy.

    Raises TypeError for what is no list of Values, ValueError for an empty one.
    """
    return _kind()(_given(parameters))


def unpack(theta: Any, parameters: Iterable[Value] | None = None) -> list[Value]:
    """Write an array's numbers into its parameters, or into others, and return those.  Raises ValueError, and writes nothing, if they do not fit."""
    if parameters is None and getattr(theta, "parameters", None) is None:
        raise ValueError("this array does not say whose numbers it holds: write unpack(theta, parameters)")
    ps = list(theta.parameters) if parameters is None else _given(parameters)
    numbers = [float(x) for x in theta]
    if len(numbers) != len(ps):
        raise ValueError(f"{len(numbers)} numbers do not fit {len(ps)} parameters")
    for p, x in zip(ps, numbers):
        p.data = x
    return ps


def _given(parameters: Iterable[Value]) -> list[Value]:
    if hasattr(parameters, "parameters"):
        raise TypeError(f"pass the parameters themselves, as in model.parameters(), not the {type(parameters).__name__}")
    ps = list(dict.fromkeys(parameters))
    wrong = [p for p in ps if not isinstance(p, Value)]
    if wrong:
        raise TypeError(f"parameters are a list of Values, as in model.parameters(), got {type(wrong[0]).__name__} {wrong[0]!r}")
    if not ps:
        raise ValueError("there are no parameters to pack: the list is empty (a generator may have been used up)")
    return ps


class PlainTheta(array):  # type: ignore[type-arg]
    """Parameters as an `array` of doubles."""

    parameters: tuple[Value, ...]

    def __new__(cls, ps: Sequence[Value]) -> PlainTheta:
        theta: Any = super().__new__(cls, "d", [p.data for p in ps])
        theta.parameters = tuple(ps)
        return theta  # type: ignore[no-any-return]


@functools.cache
def _kind() -> Any:
    """The class of packed arrays: NumPy's, if there is NumPy."""
    if importlib.util.find_spec("numpy") is None:
        return PlainTheta
    import numpy as np

    class Theta(np.ndarray):
        """Parameters as a NumPy array; what is computed from it holds the same parameters' numbers, if it has the same shape."""

        parameters: tuple[Value, ...] | None

        def __new__(cls, ps: Sequence[Value]) -> Theta:
            theta = np.array([p.data for p in ps], float).view(cls)
            theta.parameters = tuple(ps)
            return theta

        def __array_finalize__(self, origin: Any) -> None:
            parameters = getattr(origin, "parameters", None)
            self.parameters = parameters if parameters is not None and self.shape == (len(parameters),) else None

        def __repr__(self) -> str:
            return f"Theta of {self.size} numbers: {np.array2string(np.asarray(self), threshold=6)}"

    return Theta
