"""The NumPy backend: the same text over arrays, one number for each sample in every name.

A sample is a lane.  An input is an array with one number per lane, a parameter is one number for all lanes, and a line
such as `v3 = w * x + b` computes all lanes at once.
"""

from __future__ import annotations

import functools
import marshal
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine import Value
from ..languages import LANES
from .printing import Printed
from .record import Record
from .trace import OPTIMISATIONS

BLOCK = 2048  # lanes at once: the numbers of a few lines then fit into the cache, and memory stays bounded
ULPS = 4  # between one of NumPy's functions and Python's


class NumPy:
    """A recording that runs over arrays.  Calls from several threads are safe.

    One lane is run as plain Python, and gives the engine's bits.  So do many lanes in + - * /, sqrt, abs, relu,
    maximum, where, erf, erfc, sum, dot and whatever is made of them.  NumPy's exp, tanh, power, ... round in their own
    way: over 100,000 points each was at most 1 ulp away from Python's, and sinh, tanh, acosh and atanh at most 2 (on
    x86-64 with AVX-512); `ULPS`, which the tests ask for, leaves room for other processors.

    >>> from .record import record
    >>> w = Value(3.0, label="w")
    >>> r = record(lambda x: w * x + 1, [2.0], lambda leaves: leaves)
    >>> values, dtheta, dX = NumPy(r, [*r.parameters, *r.inputs]).value_and_grads([3.0], [[1.0, 2.0]], inputs=True)
    >>> values.tolist(), dtheta.tolist(), dX.tolist()
    ([[4.0, 7.0]], [3.0], [[3.0, 3.0]])
    """

    @classmethod
    def of(cls, recording: Any) -> NumPy:
        return cls(recording.record, recording.wanted, recording.optimise)

    @property
    def nbytes(self) -> int:
        """What is kept: code."""
        return len(marshal.dumps([self.printed.value.__code__, self.printed.value_and_grads.__code__]))

    def __init__(
        self, record: Record, wanted: Sequence[Value], optimise: frozenset[str] = frozenset(OPTIMISATIONS)
    ) -> None:
        self.record, self.wanted, self.optimise = record, list(wanted), optimise
        place = {n: i for i, n in enumerate([*record.inputs, *record.parameters])}
        self.places = [place[n] for n in self.wanted]  # inputs first, then parameters
        self.inputs, self.parameters = len(record.inputs), len(record.parameters)

    @functools.cached_property
    def printed(self) -> Printed:
        """The text over arrays, and its functions."""
        return Printed(self.record, self.wanted, LANES, self.optimise, lanewise, inf=math.inf, nan=math.nan)

    @functools.cached_property
    def single(self) -> Printed:
        """The text for one lane: one number gains nothing from arrays."""
        return Printed(self.record, self.wanted, optimise=self.optimise)

    def run(self, theta: Any, X: Any) -> Any:
        """Values float64[outputs, lanes] for theta float64[parameters] and X float64[inputs, lanes].

        Raises ValueError for other shapes.
        """
        return self._call(theta, X, 1.0, False, False)[0]

    def value_and_grads(self, theta: Any, X: Any, seed: float = 1.0, inputs: bool = False) -> tuple[Any, Any, Any]:
        """(values[outputs, lanes], dtheta[parameters], dX[inputs, lanes] or None):
        gradients of seed * the sum of the first output.

        Gradients that nobody wanted are 0.  `dtheta` adds up the gradients of the lanes from the last to the first, as
        the engine does.  Raises ValueError for other shapes.
        """
        return self._call(theta, X, seed, True, inputs)

    def _call(self, theta: Any, X: Any, seed: float, gradients: bool, inputs: bool) -> tuple[Any, Any, Any]:
        theta, X = shaped(self.record, theta, X)
        lanes = X.shape[1]
        values = np.empty((len(self.record.outputs), lanes))
        total = np.full(self.inputs + self.parameters, -0.0)  # the one number that changes nothing when it is added
        dX = np.zeros((self.inputs, lanes)) if gradients and inputs else None
        with np.errstate(all="ignore"):
            for end in range(lanes, 0, -BLOCK):
                now = slice(max(0, end - BLOCK), end)
                self._block(
                    theta, X[:, now], seed, values[:, now], total, None if dX is None else dX[:, now], gradients
                )
        return values, total[self.inputs :] + 0.0 if gradients else None, dX

    def _block(self, theta: Any, X: Any, seed: float, values: Any, total: Any, dX: Any, gradients: bool) -> None:
        """Some lanes: writes into `values` and `dX`, adds to `total`."""
        lanes = X.shape[1]
        printed, leaves = (
            (self.single, (*X[:, 0].tolist(), *theta.tolist())) if lanes == 1 else (self.printed, (*X, *theta))
        )
        seed = float(seed) if lanes == 1 else np.float64(seed)
        outputs, grads = printed.value_and_grads(leaves, seed) if gradients else (printed.value(leaves), ())
        for i, y in enumerate(outputs):
            values[i] = y
        theirs = [(i, g) for i, g in zip(self.places, grads) if i >= self.inputs]
        for i, g in zip(self.places, grads):
            if dX is not None and i < self.inputs:
                dX[i] = g
        if theirs:
            columns = np.empty((1 + lanes, len(theirs)))
            columns[0] = total[[i for i, _ in theirs]]
            for j, (_, g) in enumerate(theirs):
                columns[1:, j] = g if lanes == 1 or not np.ndim(g) else g[::-1]
            total[[i for i, _ in theirs]] = np.add.accumulate(columns)[-1]  # in this order: np.sum has one of its own


def lanewise(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule that takes numbers, over arrays: lane by lane, an array of what it returns, or several,
    if that is a tuple.

    >>> lanewise(lambda a, b: (a - b, a * b))(np.array([1.0, 2.0]), 3.0).tolist()
    [[-2.0, -1.0], [3.0, 6.0]]
    """

    def over(*arrays: Any) -> Any:
        lanes = np.broadcast_arrays(*arrays)
        results = np.array([rule(*xs) for xs in zip(*[np.ravel(a).tolist() for a in lanes])], float)
        return results.T.reshape(results.shape[1:] + lanes[0].shape)

    return over


def shaped(record: Record, theta: Any, X: Any) -> tuple[Any, Any]:
    """Both as float64 of the recording's shapes.  Raises ValueError for others."""
    theta, X = np.asarray(theta, np.float64), np.asarray(X, np.float64)
    if theta.shape != (len(record.parameters),) or X.ndim != 2 or X.shape[0] != len(record.inputs):
        raise ValueError(
            f"this recording takes theta of shape ({len(record.parameters)},) and X of shape ({len(record.inputs)}, "
            f"lanes), got {theta.shape} and {X.shape}"
        )
    return theta, X
