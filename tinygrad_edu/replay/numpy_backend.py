"""The NumPy backend: a program over many lanes, one call for each vector step, on rows that stay where they are.

A sample is a lane.  The calls are made ready once for each number of lanes: a function, and the slices of two tables
that it reads and writes.  A replay fills in the numbers and makes the calls.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .. import ops
from ..exact import exact, is_builtin
from ..languages import LANES, Language
from ..ops import Op
from ..text import Expr
from .passes import total
from .python_backend import Python
from .trace import Passes
from .vectors import MANY, PRODUCTS, SINGLE, Vector, Vectors, layer, outer, spread

BLOCK = 1 << 22  # bytes of rows: memory stays bounded, and calls are few
LEAST = 32  # lanes in a block, if there are as many
ROOMS = 4  # numbers of lanes for which calls are kept ready
ULPS = 4  # between one of NumPy's functions and Python's


class NumPy:
    """A recording that runs over arrays.  Calls from several threads are safe.

    One lane is run as plain Python, and gives the engine's bits.  So does every lane of many in + - * /, sqrt, abs,
    relu, maximum, where, erf, erfc, sum and whatever is made of them.  NumPy's exp, tanh, power, ... round in their own
    way: over 100,000 points each was at most 1 ulp away from Python's, and sinh, tanh, acosh and atanh at most 2 (on
    x86-64 with AVX-512); `ULPS`, which the tests ask for, leaves room for other processors.  Sums over lanes, and dots
    whose weights are the same in all lanes, are NumPy's matrix products, which add up in an order of their own.

    >>> from ..engine import Value
    >>> from .record import record
    >>> from .trace import trace
    >>> w = Value(3.0, label="w")
    >>> r = record(lambda x: w * x + 1, [2.0], lambda leaves: leaves)
    >>> passes = trace(r, [*r.parameters, *r.inputs])
    >>> values, dtheta, dX = NumPy(passes).value_and_grads([3.0], [[1.0, 2.0]], inputs=True)
    >>> values.tolist(), dtheta.tolist(), dX.tolist()
    ([[4.0, 7.0]], [3.0], [[3.0, 3.0]])
    """

    def __init__(self, passes: Passes) -> None:
        self.passes = passes
        self.library: Any = np  # whose functions are used; tests lend Python's, and the engine's order of additions
        self.direct, self.sorted = direct(np), in_any_order

    @functools.cached_property
    def both(self) -> Lanes:
        """Both passes."""
        return Lanes(self.passes, self)

    @functools.cached_property
    def values(self) -> Lanes:
        """The values alone."""
        return Lanes(self.passes.forward, self)

    @functools.cached_property
    def python(self) -> Python:
        """For one lane: one number gains nothing from arrays."""
        return Python(self.passes)

    @property
    def nbytes(self) -> int:
        """What is kept: code for one lane, and the rows of both tables for many."""
        return sum([self.__dict__[name].nbytes for name in ("python", "both", "values") if name in self.__dict__])

    def run(self, theta: Any, X: Any) -> Any:
        """Values float64[outputs, lanes] for theta float64[parameters] and X float64[inputs, lanes].

        Raises ValueError for other shapes.
        """
        theta, X = shaped(self.passes.inputs, self.passes.parameters, theta, X)
        if X.shape[1] == 1:
            return np.array(self.python.run(theta.tolist(), X.T.tolist()))
        return self.values(theta, X, 1.0, False)[0]

    def value_and_grads(self, theta: Any, X: Any, seed: float = 1.0, inputs: bool = False) -> tuple[Any, Any, Any]:
        """(values[outputs, lanes], dtheta[parameters], dX[inputs, lanes] or None):
        gradients of seed * the sum of the first output.

        Gradients that nobody wanted are 0.  Raises ValueError for other shapes.
        """
        theta, X = shaped(self.passes.inputs, self.passes.parameters, theta, X)
        if X.shape[1] == 1:
            ys, dtheta, dX = self.python.value_and_grads(theta.tolist(), X.T.tolist(), float(seed), inputs)
            return np.array(ys), np.array(dtheta, float) + 0.0, np.array(dX).reshape(-1, 1) if inputs else None
        return self.both(theta, X, seed, inputs)

    def function(self, row: Op) -> Any:
        """What computes a row on arrays; its last argument is where the result goes."""
        return self.direct.get(row) or _into(row, self.library)


class Lanes:
    """A program for many lanes, block by block: gradients of parameters are added up over blocks as over lanes."""

    def __init__(self, passes: Passes, backend: NumPy) -> None:
        _, self.inputs, self.parameters, count = passes
        self.backend, self.vectors = backend, Vectors.of(passes)
        places = [self.vectors.place[i] for i in self.vectors.program.outputs]
        self.values, self.dX = places[:count], places[count : count + self.inputs]
        self.dtheta = np.array([row for _, row in places[count + self.inputs :]], int)
        self.width = max(LEAST, BLOCK // (8 * self.vectors.size[MANY] + 1))
        self.free: dict[int, list[Room]] = {}  # for so many lanes, each for one call at a time

    @property
    def nbytes(self) -> int:
        return sum([room.nbytes for rooms in [*self.free.values()] for room in rooms])

    def __call__(self, theta: Any, X: Any, seed: float, inputs: bool) -> tuple[Any, Any, Any]:
        lanes, n = X.shape[1], self.parameters
        ys, dtheta = np.empty((len(self.values), lanes)), np.zeros(len(self.dtheta))
        dX: Any = np.empty(X.shape) if inputs else None
        blocks = -(-lanes // self.width)
        for begin, end in pairwise([lanes * k // blocks for k in range(blocks + 1)] if blocks else [0]):
            room = self._room(end - begin)
            single, many = room.tables
            single[:n, 0], single[n], single[n + 1], many[: self.inputs] = theta, seed, end - begin, X[:, begin:end]
            with np.errstate(all="ignore"):
                for f, args in room.calls:
                    f(*args)
            dtheta += room.dtheta[:, 0]
            for out, places in ((ys, self.values), (dX, self.dX)):
                for k, (table, row) in enumerate(places if out is not None else ()):
                    out[k, begin:end] = room.tables[table][row]
            self.free.setdefault(end - begin, []).append(room)
        return ys, dtheta, dX

    def _room(self, width: int) -> Room:
        with suppress(KeyError, IndexError):
            return self.free[width].pop()
        if len(self.free) >= ROOMS:
            self.free.pop(list(self.free)[0], None)
        return Room(self, width)


class Room:
    """Both tables, and the calls that are made on them."""

    def __init__(self, lanes: Lanes, width: int) -> None:
        v, self.backend = lanes.vectors, lanes.backend
        self.tables = np.zeros((v.size[SINGLE], 1)), np.zeros((v.size[MANY], width))
        for i, x in v.program.constants.items():
            self.tables[SINGLE][v.place[i][1]] = x
        self.calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        for code in v.code:
            for step in code:
                self._call(step)
        self.dtheta = self._rows(SINGLE, lanes.dtheta)

    @property
    def nbytes(self) -> int:
        return sum([table.nbytes for table in self.tables])

    def _call(self, v: Vector) -> None:
        given = self.backend.sorted(v.args) if v.row is layer else v.args
        args = [self._rows(table, rows, v.row not in PRODUCTS) for table, rows in given]
        out = self.tables[v.table][v.out[0] : v.out[-1] + 1]
        if v.row is layer:
            args[0] = args[0][:, :, 0]
        elif v.row is outer:
            args[1], out = args[1].T, out.reshape(len(args[0]), len(args[1]))
        elif v.row is total:
            args, out = [*args, np.ones(args[0].shape[1])], out[:, 0]
        self.calls.append((self.backend.function(v.row), (*args, out)))

    def _rows(self, which: int, rows: Any, broadcasts: bool = False) -> Any:
        """Rows of a table: a view if they lie so, else room for them, and a call that fetches them."""
        table = self.tables[which]
        if broadcasts and rows.ndim == 1 and (rows == rows[0]).all():
            return table[rows[0] : rows[0] + 1]
        view = window(table, rows)
        if view is None:
            view = np.empty((*rows.shape, table.shape[1]))
            self.calls.append((np.take, (table, rows, 0, view, "clip")))
        return view


def in_any_order(args: Any) -> Any:
    """A layer's arguments, inputs in the order of their rows: a matrix product adds up as it likes."""
    (one, weights), (other, inputs), *bias = args
    order = np.argsort(inputs)
    return (one, weights[:, order]), (other, inputs[order]), *bias


def window(table: Any, rows: Any) -> Any:
    """These rows of a table as a view of it, if they lie in equal steps, else None.

    >>> window(np.arange(8.0).reshape(8, 1), np.array([[0, 1], [4, 5]])).tolist()
    [[[0.0], [1.0]], [[4.0], [5.0]]]
    """
    if not rows.size:
        return None
    steps = []
    for axis in range(rows.ndim):
        d = np.diff(rows, axis=axis)
        step = int(d.flat[0]) if d.size else 0
        if (d != step).any() or (axis and step < 1 < rows.shape[1]):  # NumPy may turn such an axis, and add backwards
            return None
        steps.append(step * table.strides[0])
    return as_strided(table[int(rows.flat[0]) :], (*rows.shape, *table.shape[1:]), (*steps, *table.strides[1:]))


# Rows on arrays


def direct(np: Any) -> dict[Op, Any]:
    """The rows that need no text: those that NumPy has, and those with any number of inputs, along the second axis."""

    def relu(x: Any, out: Any) -> None:
        np.maximum(x, 0.0, out=out)
        np.add(out, 0.0, out)  # -0.0 becomes 0.0

    def greater(a: Any, b: Any, out: Any) -> None:
        np.greater(a, b, out)
        if _has_nan(a) or _has_nan(b):
            np.copyto(out, np.nan, where=np.isnan(a) | np.isnan(b))

    def add_up(x: Any, out: Any) -> None:
        if x.shape[2] == 1:  # where `reduce` would add in pairs
            out[...] = np.add.accumulate(x, 1)[:, -1]
        else:
            np.add.reduce(x, 1, None, out, False, -0.0)  # to which nothing is added, not even a sign

    def dot(w: Any, x: Any, *rest: Any) -> None:
        *bias, out = rest  # the sum starts with it
        if w.shape[1] > 3:
            products = np.empty((len(w), len(bias) + w.shape[1], w.shape[2]))
            np.multiply(w, x, products[:, len(bias) :])
            for b in bias:
                products[:, 0] = b
            return add_up(products, out)
        np.multiply(w[:, 0], x[:, 0], out)
        for b in bias:
            np.add(b, out, out)
        for k in range(1, w.shape[1]):
            np.add(out, np.multiply(w[:, k], x[:, k]), out)
        return None

    def logsumexp(x: Any, out: Any) -> None:
        top = np.maximum.reduce(x, 1)
        rest, first = np.exp(x - top[:, None]), x == top[:, None]
        finite = math.isfinite(np.add.reduce(top, None))
        if not finite or np.count_nonzero(first) != top.size:  # of several that are largest, one
            first = np.arange(x.shape[1])[:, None] == x.argmax(1)[:, None]
        np.copyto(rest, 0.0, where=first)
        add_up(rest, out)
        np.add(top, np.log1p(out), out)
        if not finite:
            np.copyto(out, top, where=np.isinf(top))

    def dense(w: Any, x: Any, *rest: Any) -> None:
        *bias, out = rest
        np.multiply(w, x, out) if w.size == 1 else w.dot(x, out)  # of one number, BLAS says 0 * inf is 0
        for b in bias:
            np.add(out, b, out)

    return {ops.add: np.add, ops.sub: np.subtract, ops.mul: np.multiply, ops.div: np.divide, ops.neg: np.negative,
            ops.abs: np.abs, ops.sqrt: np.sqrt, ops.exp: np.exp, ops.log: np.log, ops.tanh: np.tanh, ops.relu: relu,
            ops.greater: greater, ops.sum: add_up, ops.dot: dot,
            ops.logsumexp: logsumexp, layer: dense, outer: np.ndarray.dot, total: np.ndarray.dot,
            spread: lambda x, out: np.copyto(out, x)}  # fmt: skip


def _has_nan(x: Any) -> bool:
    flat = x.ravel()  # whose squares add up to inf at worst, and to nan only where there is one
    return math.isnan(flat.dot(flat) if x.size > 1 else x.item())


@functools.lru_cache(maxsize=1024)
def _into(row: Op, library: Any) -> Any:
    """A row's text in NumPy; a row that only numbers can run, number by number."""
    rule = by_text(row, LANES, np=library) if is_builtin(row) else lanewise(row.forward)

    def over(*given: Any) -> None:
        *xs, out = given
        out[...] = rule(*(np.moveaxis(xs[0], 1, 0) if ... in row.domain else xs))

    return over


def by_text(row: Op, language: Language, **names: Any) -> Any:
    """The function that a row's text in some language is."""
    xs = [exact(f"x{i}") for i in range(len(row.domain))]
    speech, scope, e = language.fresh(), {"inf": math.inf, "nan": math.nan}, Expr(row, tuple(xs))
    exec(f"{speech.prelude([e])}\nf = lambda {', '.join(map(str, xs))}: {speech.write(e)}", scope)
    scope.update(names)
    return scope["f"]


def lanewise(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A rule that takes numbers, over arrays: lane by lane.

    >>> lanewise(lambda a, b: a - b)(np.array([1.0, 2.0]), 3.0).tolist()
    [-2.0, -1.0]
    """

    def over(*arrays: Any) -> Any:
        lanes = np.broadcast_arrays(*arrays)
        results = np.array([rule(*xs) for xs in zip(*[np.ravel(a).tolist() for a in lanes])], float)
        return results.reshape(lanes[0].shape)

    return over


def shaped(inputs: int, parameters: int, theta: Any, X: Any) -> tuple[Any, Any]:
    """Both as float64 of the recording's shapes.  Raises ValueError for others."""
    theta, X = np.asarray(theta, np.float64), np.asarray(X, np.float64)
    if theta.shape != (parameters,) or X.ndim != 2 or X.shape[0] != inputs:
        raise ValueError(
            f"this recording takes theta of shape ({parameters},) and X of shape ({inputs}, "
            f"lanes), got {theta.shape} and {X.shape}"
        )
    return theta, X
