"""Parameters as one flat array, for those who want the last microsecond: `pack` and `unpack`.

    >>> from tinygrad_edu import Value
    >>> w, b = Value(0.5), Value(-1.0)
    >>> theta = pack([w, b])
    >>> theta[0] = 2.0
    >>> w.data, unpack(theta), w.data
    (0.5, [Value(2.0), Value(-1.0)], 2.0)

The array remembers whose numbers it holds, so that no order of parameters can be mistaken for another: so do its
copies, and what is computed from it number by number.  What is cut out of it, or sorted, does not.
"""

from __future__ import annotations

import functools
import importlib.util
import operator
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from .. import modes, tracing
from ..engine import Value
from ..functional import mean
from ..parameters import listed, write
from .recording import Recording
from .structure import Batch


def pack(parameters: Iterable[Value]) -> Any:
    """The numbers of some Values, each once, as a flat float64 array with `.parameters`, the Values:
    a NumPy array, or an `array` without NumPy.

    Raises TypeError for what is no list of Values, ValueError for an empty one and for Values
    that were computed from others.
    """
    ps = listed(parameters)
    return _kind()([p.data for p in ps], tuple(ps))


def unpack(theta: Any, parameters: Iterable[Value] | None = None) -> list[Value]:
    """Write an array's numbers into its parameters, or into others, and return those.

    Raises TypeError for what is no flat array or list of numbers, ValueError if it does not fit; then nothing is
    written, nor is anything half written when a Ctrl-C arrives.
    """
    count = length(theta)
    ps = getattr(theta, "parameters", None) if parameters is None else listed(parameters)
    if ps is None:
        raise ValueError("this array does not say whose numbers it holds: write unpack(theta, parameters)")
    if count != len(ps):
        raise ValueError(f"{count} numbers do not fit {len(ps)} parameters")
    ps = list(ps)
    numbers = array("d", theta).tolist()
    if tracing.active():  # the first of them says why not
        ps[0].data = numbers[0]
    write("data", ps, numbers)
    return ps


def length(theta: Any) -> int:
    """How many numbers a flat array holds.  Raises TypeError for anything else."""
    kind = getattr(getattr(theta, "dtype", None), "kind", "f")
    in_order = hasattr(theta, "__len__") and not isinstance(theta, (str, bytes, bytearray, Set, Mapping))
    if not in_order or getattr(theta, "ndim", 1) != 1 or kind not in "fiub":
        got = " ".join(repr(theta).split())
        raise TypeError(
            f"theta is one row of real numbers, such as pack(parameters) makes, got {type(theta).__name__} {got:.80}"
        )
    return len(theta)


class PlainTheta(array):  # type: ignore[type-arg]
    """Parameters as an `array` of doubles."""

    parameters: tuple[Value, ...] | None

    def __new__(cls, numbers: Sequence[float], parameters: tuple[Value, ...] | None) -> PlainTheta:
        theta: Any = super().__new__(cls, "d", numbers)
        theta.parameters = parameters
        return theta  # type: ignore[no-any-return]

    def __copy__(self) -> PlainTheta:
        return PlainTheta(self, self.parameters)

    def __deepcopy__(self, memo: Any) -> PlainTheta:
        return self.__copy__()

    def __getitem__(self, key: Any) -> Any:
        return self.__copy__() if _full(key, len(self)) else super().__getitem__(key)

    def reverse(self) -> None:
        """As an `array` does: these are no parameters any more."""
        self.parameters = None
        super().reverse()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return array("d", self).__reduce_ex__(protocol)


def _full(key: Any, n: int) -> bool:
    """Whether a key is a slice that takes all, in order."""
    return type(key) is slice and key.indices(n) == (0, n, 1)


@functools.cache
def _kind() -> Any:
    """The class of packed arrays: NumPy's, if there is NumPy."""
    if importlib.util.find_spec("numpy") is None:
        return PlainTheta
    import numpy as np

    class Theta(np.ndarray):
        """Parameters as a NumPy array.

        NumPy makes arrays of this class, without parameters, of whatever is cut out of it.
        Pickled, it is a plain array: its parameters belong to this process.
        """

        parameters: tuple[Value, ...] | None = None

        def __new__(cls, numbers: Sequence[float], parameters: tuple[Value, ...]) -> Theta:
            return cls._of(np.array(numbers, float), parameters)

        @classmethod
        def _of(cls, numbers: Any, parameters: tuple[Value, ...] | None) -> Theta:
            theta: Theta = numbers.view(cls)
            theta.parameters = parameters
            return theta

        def __array_wrap__(self, result: Any, context: Any = None, return_scalar: bool = False) -> Any:
            """What a ufunc computed number by number has the parameters of what it was computed from;
            sums, products of matrices, ... have none.
            """
            if result is self:  # theta -= ...
                return self
            if result.ndim == 0:
                return result[()]
            mine = self.parameters
            if (mine is None or context is None or context[0].signature or result.shape != self.shape
                or result.dtype != float
                    or any(getattr(x, "parameters", None) not in (None, mine) for x in context[1])):  # fmt: skip
                return result
            return self._of(result, mine)

        def __getitem__(self, key: Any) -> Any:
            found = super().__getitem__(key)
            return self._of(found, self.parameters) if _full(key, len(self)) else found

        def copy(self, order: Any = "C") -> Theta:
            """The same numbers of the same parameters, in memory of their own."""
            return self._of(super().copy(order), self.parameters)

        def __copy__(self) -> Theta:
            return self.copy()

        def __deepcopy__(self, memo: Any) -> Theta:
            return self.copy()

        def sort(self, *args: Any, **named: Any) -> None:
            """As NumPy does: these are no parameters any more."""
            self.parameters = None
            super().sort(*args, **named)

        def partition(self, *args: Any, **named: Any) -> None:
            """As NumPy does: these are no parameters any more."""
            self.parameters = None
            super().partition(*args, **named)

        def __reduce_ex__(self, protocol: Any) -> Any:
            return np.array(self).__reduce_ex__(protocol)

        def __repr__(self) -> str:
            return f"Theta of {self.size} numbers: {np.array2string(np.asarray(self), threshold=6)}"

    return Theta


# The gradient of the mean of a recorded function over samples, for parameters in a flat array


def flat_gradient(
    recording: Recording, theta: Any, samples: Batch, index: dict[Value, int], at: Any
) -> tuple[float, Any]:
    """Replayed.  `index`: places of Values in theta; `at`: of the recording's parameters, see `Recording.places`."""
    return (_arrays if recording.columns else _lists)(recording, theta, samples, index, at)


def _lists(
    recording: Recording, theta: Any, samples: Batch, index: dict[Value, int], at: list[int] | None
) -> tuple[float, Any]:
    numbers = array("d", theta).tolist()
    own = numbers if at is None else [numbers[k] if k >= 0 else p.data for k, p in zip(at, recording.record.originals)]
    values, dtheta, dX = recording.value_and_grads(
        own, samples, 1.0 / samples.lanes, lambda v: numbers[index[v]] if v in index else v.data
    )
    grads = [0.0] * len(numbers)
    for k, g in zip(range(len(numbers)) if at is None else at, dtheta):
        if k >= 0:
            grads[k] += g
    for k, g in _passed(recording, samples, index, dX):
        grads[k] += g
    return functools.reduce(operator.add, _floats(values[0])) / samples.lanes, _alike(theta, grads)


def _arrays(recording: Recording, theta: Any, samples: Batch, index: dict[Value, int], at: Any) -> tuple[float, Any]:
    import numpy as np

    theta = np.asarray(theta, float)
    own = theta if at is None else theta[at]
    if at is not None and (at < 0).any():
        own[at < 0] = [p.data for p, k in zip(recording.record.originals, at) if k < 0]
    values, dtheta, dX = recording.value_and_grads(
        own, samples, 1.0 / samples.lanes, lambda v: theta[index[v]] if v in index else v.data
    )
    if at is not None:
        inside = at >= 0
        gradient = np.zeros(len(theta))
        gradient[at[inside]] = dtheta[inside]
        dtheta = gradient
    if recording.asked:
        found = list(_passed(recording, samples, index, dX))
        np.add.at(dtheta, [k for k, _ in found], [g for _, g in found])
    return float(np.add.accumulate(values[0])[-1]) / samples.lanes, dtheta


def _passed(recording: Recording, samples: Batch, index: dict[Value, int], dX: Any) -> Iterator[tuple[int, float]]:
    """Places in theta of the Values that were passed, each with its gradient."""
    for i in recording.asked:
        for row, g in zip(samples.rows, _floats(dX[i])):
            if row[i] in index:
                yield index[row[i]], g


def named_gradient(recording: Recording, theta: Any, samples: Batch, order: Sequence[Value]) -> tuple[float, Any]:
    """The same on Values, node by node, so that an anomaly is named."""
    twins = {p: Value(x, p.label) for p, x in zip(order, array("d", theta))}

    def twin(v: Any) -> Value:
        return twins.setdefault(v, Value(v.data, v.label)) if isinstance(v, Value) else Value(v)

    own = list(map(twin, recording.record.originals))
    with modes.remembering():
        rows = [list(map(twin, row)) for row in samples.rows]
        y = mean([recording.again([*row, *own], row) for row in rows])
        y.backward()
    return y.data, _alike(theta, [twins[p].grad for p in order])


def _alike(theta: Any, grads: list[float]) -> Any:
    """Gradients in the kind of array that theta is."""
    if not hasattr(theta, "dtype"):
        return array("d", grads)
    import numpy as np

    return np.array(grads)


def _floats(numbers: Any) -> list[float]:
    """A row of numbers as floats."""
    return numbers.tolist() if hasattr(numbers, "tolist") else list(numbers)


def _sum(numbers: Any) -> float:
    """From left to right, as the engine adds."""
    return functools.reduce(operator.add, _floats(numbers))
