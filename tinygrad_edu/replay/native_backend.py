"""The native backend: a program as numbers for the machine, one lane as it stands, many lanes as vector steps.

The machine is compiled by Numba once, for all programs, when it is first needed; `binary` keeps what it makes.
"""

from __future__ import annotations

import functools
import itertools
import os
import struct
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from ctypes import addressof, c_char, c_void_p
from typing import Any

import numpy as np

from .. import collector, ops
from ..ops import Op
from . import binary, kernel, machine
from .kernel import row_code
from .machine import ALL, ONE, REST, SHARE
from .passes import AFTER, BEFORE, INSIDE, alive, dots, total
from .trace import Passes
from .vectors import MANY, SINGLE, Vector, Vectors, layer, outer, spread

CHUNK = 1_000_000  # multiplications, about: less work than that is not worth a thread
MOST_CHUNKS = 16
CACHE = 256 * 1024  # bytes of a block's rows: what is larger does not stay close to the processor
FLOAT = np.dtype(np.float64)
CHEAP = {ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.greater, ops.relu, outer, total}

Bind = Callable[[Sequence[Any]], Callable[..., Any]]  # gives `machine.run` with its first arguments in place
_bytes_of: Any = (c_char * 0).from_buffer  # its address is the array's, and found faster than array.ctypes.data


class Compiled:
    """`machine.run`, compiled, with arrays for its first arguments.  For one call at a time.

    An array goes as the words that `lowering` reads: its address and its shape.
    """

    def __init__(self, arrays: Sequence[Any]) -> None:
        self.function = binary.function("run")
        words = [w for a in arrays for w in (a.ctypes.data, *a.shape)]
        self.kept, self.offset = arrays, 8 * len(words)
        table: Any = np.array([*words, *[0] * (_GIVEN.size // 8 + 2)])
        self.table = memoryview(table)
        self.addresses = [c_void_p(table.ctypes.data + 8 * i) for i in (table.size - 2, table.size - 1, 0)]

    def __call__(self, theta: Any, X: Any, seed: float, values: Any, dtheta: Any, dX: Any,
                 first: int, last: int, stage: int) -> None:  # fmt: skip
        _GIVEN.pack_into(
            self.table, self.offset, addressof(_bytes_of(theta)), theta.size, addressof(_bytes_of(X)), *X.shape, seed,
            addressof(_bytes_of(values)), *values.shape, addressof(_bytes_of(dtheta)), dtheta.size,
            addressof(_bytes_of(dX)) if dX.size else 0, *dX.shape, first, last, stage,
        )  # fmt: skip
        self.function(*self.addresses)


_GIVEN = struct.Struct("qq qqq d qqq qq qqq qqq")


def plainly(arrays: Sequence[Any]) -> Callable[..., Any]:
    """The same as plain Python: slow, for looking at."""
    return functools.partial(machine.run, *arrays)


class Native:
    """A program that runs in the machine.  Calls from several threads are safe: each takes a room of its own.

    With one lane every bit is the engine's.  With more, so are values and gradients of inputs; those of parameters are
    added up in an order of their own, which depends on the number of lanes, and not on threads or the processor.
    """

    def __init__(self, passes: Passes, bind: Bind = Compiled, threads: int | None = None) -> None:
        self.passes, self.bind, self.threads = passes, bind, threads or _processors()
        if not all(map(kernel.known, {*passes.program.rows})):
            for row in {*alive(passes.program).rows} - {ops.leaf}:
                row_code(row)
        self._made: dict[tuple[bool, bool], Numbers] = {}

    @property
    def nbytes(self) -> int:
        """What is kept: the machine's numbers, and the rooms that calls work in."""
        return sum([made.nbytes for made in self._made.values()])

    def run(self, theta: Any, X: Any) -> Any:
        """The values, float64[outputs, lanes], from theta, float64[parameters], and X, float64[inputs, lanes]."""
        return self._call(theta, X, 1.0, False, False)[0]

    def value_and_grads(self, theta: Any, X: Any, seed: float = 1.0, inputs: bool = False) -> tuple[Any, Any, Any]:
        """(values[outputs, lanes], dtheta[parameters], dX[inputs, lanes] or None):
        gradients of seed * the sum of the first output.  Gradients that nobody wanted are 0.
        """
        return self._call(theta, X, float(seed), True, inputs)

    def _call(self, theta: Any, X: Any, seed: float, gradients: bool, inputs: bool) -> tuple[Any, Any, Any]:
        _, rows, parameters, count = self.passes
        theta, X = _plain(theta), _plain(X)
        if theta.shape != (parameters,) or X.ndim != 2 or X.shape[0] != rows:
            raise ValueError(
                f"this recording takes theta of shape ({parameters},) and X of shape ({rows}, lanes), "
                f"got {theta.shape} and {X.shape}"
            )
        lanes = X.shape[1]
        ys, dtheta = np.empty((count, lanes)), np.empty(parameters if gradients else 0)
        dX = np.empty((rows, lanes)) if inputs else NO_ROWS
        code = self._made.get((lanes == 1, gradients)) or self.code(lanes == 1, gradients)
        if code.work * lanes < 2 * CHUNK or lanes == 1:
            room = self._room(code, lanes)
            room.run(theta, X, seed, ys, dtheta, dX, 0, lanes, ONE if lanes == 1 else ALL)
            code.free.append(room)
        else:
            self._share(code, (theta, X, seed, ys, dtheta, dX), code.chunks(lanes))
        return ys, dtheta, dX if inputs else None

    def code(self, single: bool, gradients: bool = True) -> Numbers:
        """What runs one lane, or many: both passes, or the values alone."""
        passes = self.passes if gradients else self.passes.forward
        found = self._made[single, gradients] = _one(passes) if single else _many(passes)
        return found

    def _room(self, code: Numbers, lanes: int) -> Room:
        """Where nobody works, with rows for blocks of so many lanes."""
        try:
            room = code.free.pop()
        except IndexError:
            room = Room(code)
        if room.lanes != lanes:
            room.widen(lanes, self.bind)
        return room

    def _share(self, code: Numbers, args: tuple[Any, ...], ends: list[int]) -> None:
        """Chunks of lanes, on several threads."""

        def part(i: int) -> Any:
            room = self._room(code, ends[1])
            room.run(*args, ends[i], ends[i + 1], SHARE)
            sums = room.numbers[code.sums]
            code.free.append(room)
            return sums

        chunks = range(len(ends) - 1)
        found = list(map(part, chunks) if self.threads == 1 else _pool(self.threads).map(part, chunks))
        room = self._room(code, ends[1])
        room.numbers[code.sums] = functools.reduce(np.add, found)
        room.run(*args, 0, 0, REST)
        code.free.append(room)


NO_ROWS = np.empty((0, 0))


def _plain(a: Any) -> Any:
    """An array of float64 as the machine reads them: in order, in this processor's bytes, at a multiple of eight."""
    return a if type(a) is np.ndarray and a.dtype is FLOAT and a.flags.carray else np.array(a, FLOAT, order="C")


class Room:
    """Numbers to work on, for one call at a time, and the machine at work there."""

    def __init__(self, code: Numbers) -> None:
        self.code, self.numbers = code, code.start.copy()
        self.lanes, self.memory = -1, np.empty(0)

    def widen(self, lanes: int, bind: Bind) -> None:
        """Rows for so many lanes, in blocks: about equally wide ones, and of an odd number of cache lines, so that rows
        do not lie in each other's way.
        """
        rows = self.code.rows
        blocks = -(-lanes // max(32, min(512, CACHE // (8 * rows or 1)))) or 1
        lines = -(-lanes // (8 * blocks)) | 1
        self.lanes, self.memory = lanes, np.zeros(8 * rows * lines + 8)
        first = -self.memory.ctypes.data % 64 // 8  # where a cache line begins
        V = self.memory[first : first + 8 * rows * lines]
        self.run = bind([*self.code.arrays, self.numbers, np.empty(8), V.reshape(rows, -1 if rows else 8),
                         V.reshape(rows, lines, 8)])  # fmt: skip

    @property
    def nbytes(self) -> int:
        return int(self.numbers.nbytes + self.memory.nbytes)


class Numbers:
    """A program in the machine's numbers, and the rooms that are free.

    Arguments of steps stand in `lists`; numbers that belong to rows, as to power(3), in slots behind the others.
    `rows`: how many rows of lanes there are; `work`: multiplications for each lane, about; `sums`: slots of what adds
    up over lanes.
    """

    def __init__(self, slots: int) -> None:
        self.lists, self.slots = array("i"), slots
        self.rows, self.work, self.sums = 0, 0, list[int]()
        self.free: list[Room] = []
        self._numbers: dict[str, int] = {}

    def finish(self, constants: Iterable[tuple[int, float]], before: Any, places: Any, code: Any = (), after: Any = (),
               spread: Any = ()) -> Numbers:  # fmt: skip
        """All arrays, and all slots with what is known of them."""
        shapes = (before, 4), (code, 6), (after, 4), (self.lists, 0), (places, 2), (self.sums, 0), (spread, 2)
        self.arrays = [np.array(a, np.int32).reshape((-1, n) if n else -1) for a, n in shapes]
        self.start = np.zeros(self.slots + len(self._numbers))
        for slot, x in (*constants, *[(slot, float(text)) for text, slot in self._numbers.items()]):
            self.start[slot] = x
        del self.lists
        return self

    @property
    def nbytes(self) -> int:
        """What is kept."""
        return int(sum([a.nbytes for a in (*self.arrays, self.start, *self.free)]))

    def chunks(self, lanes: int) -> list[int]:
        """Where to cut the lanes: by the work alone, so that the same lanes give the same bits on any machine."""
        size = -(-lanes // (8 * min(MOST_CHUNKS, self.work * lanes // CHUNK))) * 8
        return [*range(0, lanes, size), lanes]

    def steps(self, some: Iterable[tuple[Op, int, Sequence[int]]]) -> array[int]:
        """Of rows, slots and arguments: four numbers each."""
        found, lists, codes = array("i"), self.lists, dict[Op, int]()
        for row, out, args in some:
            op = codes[row] if row in codes else codes.setdefault(row, row_code(row))
            if op >= kernel.FIRST_MANY:
                found.extend((op, out, len(lists), len(args)))
                lists.extend(args)
            else:
                found.extend((op, out, args[0], self._number(row.recipe[1][0]) if row.recipe else args[-1]))
        return found

    def singles(self, some: Iterable[Vector]) -> array[int]:
        """The steps that vector steps of single numbers stand for; alike sums and products go together."""
        found = array("i")
        for v in some:
            if v.row in TOGETHER:
                found.extend((TOGETHER[v.row], v.out[0], self._listed(np.stack([r for _, r in v.args])), len(v.out)))
            else:
                args = np.column_stack([rows for _, rows in v.args]).tolist()
                found += self.steps(zip(itertools.repeat(v.row), v.out, args))
        return found

    def vectors(self, some: Iterable[Vector], to: Any) -> list[tuple[int, ...]]:
        """Six numbers each.  `to`: where rows go."""
        found = []
        for v in some:
            rows = [to[rows] if table == MANY else rows for table, rows in v.args]
            out = to[v.out[0]] if v.table == MANY else v.out[0]
            self.sums += v.out if v.table == SINGLE else ()
            if v.row is layer:
                bias = rows[2] if len(rows) > 2 else np.full(len(v.out), self._number(-0.0))  # adds nothing
                args = [self._listed(rows[1]), self._listed(np.column_stack([bias, rows[0]])), len(rows[1])]
            elif v.row is outer:
                args = [*map(self._listed, rows), len(rows[1])]
            elif ... in v.row.domain:
                args = [self._listed(whole := np.column_stack(rows)), whole.shape[1]]
            else:
                args = list(map(self._listed, rows))
                args += [self._number(x) for x in v.row.recipe[1]] if v.row.recipe else []
            found.append((row_code(v.row), len(v.out), out, *args, 0, 0)[:6])
            self.work += int(sum([r.size for r in rows])) if v.row is layer else len(v.out) * (v.row in CHEAP or 10)
        return found

    def _listed(self, rows: Any) -> int:
        self.lists.extend(np.ravel(rows).tolist())
        return len(self.lists) - np.size(rows)

    def _number(self, x: float) -> int:
        """A slot with this number: 0.0 and -0.0 are two."""
        return self._numbers.setdefault(repr(float(x)), self.slots + len(self._numbers))


TOGETHER = {ops.mul: kernel.PRODUCTS, ops.add: kernel.SUMS}


@collector.paused()
def _one(passes: Passes) -> Numbers:
    """For one lane."""
    p = dots(passes.program)
    code = Numbers(len(p))
    steps = code.steps((row, i, args) for i, (row, args) in enumerate(zip(p.rows, p.args)) if args)
    return code.finish(p.constants.items(), steps, [(SINGLE, i) for i in p.outputs])


def _many(passes: Passes) -> Numbers:
    """For many lanes."""
    v = Vectors.of(passes, broadcasts=False)
    code = Numbers(v.size[SINGLE])
    before, after = code.singles(v.code[BEFORE]), code.singles(v.code[AFTER])
    inside, to, code.rows = _shared(v)
    places = [(t, to[row] if t == MANY else row) for t, row in (v.place[i] for i in v.program.outputs)]
    spreads = [(step.args[0][1][0], to[step.out[0]]) for step in v.code[INSIDE] if step.row is spread]
    constants = [(v.place[i][1], x) for i, x in v.program.constants.items()]
    return code.finish(constants, before, places, code.vectors(inside, to), after, spreads)


def _shared(v: Vectors) -> tuple[list[Vector], Any, int]:
    """The vector steps inside, and where their rows go: rows are used again when nobody needs what is in them, so that
    they stay close to the processor; and how many there are then.
    """
    inside, always = list[Vector](), [row for i in range(v.program.inputs) for t, row in [v.place[i]] if t == MANY]
    for step in v.code[INSIDE]:
        always.extend(step.out) if step.row is spread else inside.append(step)
    last = np.zeros(v.size[MANY], int)  # the step that needs a row last
    for i, step in enumerate(inside):
        for table, rows in ((step.table, np.array(step.out)), *step.args):
            if table == MANY:
                last[rows] = i
    last[[row for t, row in (v.place[i] for i in v.program.outputs) if t == MANY]] = len(inside)
    to, used, ending = np.zeros(v.size[MANY], int), bytearray(b"\1" * len(always)), defaultdict[int, list[slice]](list)
    to[always] = range(len(always))
    for i, step in enumerate(inside):
        if step.table == MANY:
            rows, n = slice(step.out[0], step.out[-1] + 1), len(step.out)
            at = used.find(bytes(n))
            at = len(used.rstrip(b"\0")) if at < 0 else at
            used[at : at + n] = b"\1" * n
            to[rows] = range(at, at + n)
            ending[last[rows].max()].append(slice(at, at + n))
        for gone in ending.pop(i, ()):
            used[gone] = bytes(gone.stop - gone.start)
    return inside, to, len(used)


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def _pool(threads: int) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(threads, "tinygrad-edu")


if hasattr(os, "register_at_fork"):  # a child has its parent's pool, and none of the threads in it
    os.register_at_fork(after_in_child=_pool.cache_clear)
