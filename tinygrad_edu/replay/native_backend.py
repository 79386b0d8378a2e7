"""The native backend: a program as numbers for the machine, one lane as it stands, many lanes as vector steps.

The machine is compiled by Numba once, for all programs, when it is first needed; `binary` keeps what it makes.
"""

from __future__ import annotations

import functools
import itertools
import os
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
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
from .vectors import MANY, SINGLE, Vector, Vectors, layer, outer

CHUNK = 1_000_000  # multiplications, about: less work than that is not worth a thread
MOST_CHUNKS = 16
CACHE = 512 * 1024  # bytes of a block's rows: what is larger does not stay close to the processor
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
        self._made: dict[tuple[bool, bool], One] = {}

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
        return self._call(theta, X, seed, True, inputs)

    def _call(self, theta: Any, X: Any, seed: float, gradients: bool, inputs: bool) -> tuple[Any, Any, Any]:
        passes = self.passes
        theta, X = _plain(theta), _plain(X)
        if theta.shape != (passes.parameters,) or X.ndim != 2 or X.shape[0] != passes.inputs:
            raise ValueError(
                f"this recording takes theta of shape ({passes.parameters},) and X of shape ({passes.inputs}, lanes), "
                f"got {theta.shape} and {X.shape}"
            )
        lanes = X.shape[1]
        ys, dtheta = np.empty((passes.values, lanes)), np.empty(passes.parameters if gradients else 0)
        dX = np.empty((passes.inputs, lanes)) if inputs else NO_ROWS
        self.of(lanes == 1, gradients)(theta, X, float(seed), ys, dtheta, dX)
        return ys, dtheta, dX if inputs else None

    def of(self, alone: bool, gradients: bool = True) -> One:
        """What runs one lane, or many: both passes, or the values alone."""
        found = self._made.get((alone, gradients))
        if not found:
            passes = self.passes
            if not gradients:
                passes = passes.forward
            found = One(passes, self.bind) if alone else Lanes(passes, self.bind, self.threads)
            self._made[alone, gradients] = found
        return found


NO_ROWS = np.empty((0, 0))


def _plain(a: Any) -> Any:
    """An array of float64 as the machine reads them: in order, in this processor's bytes, at a multiple of eight."""
    return a if type(a) is np.ndarray and a.dtype is FLOAT and a.flags.carray else np.array(a, FLOAT, order="C")


class Numbers:
    """Steps as the machine's numbers.  `lists`: arguments; `own`: slots behind the others, for the numbers that belong
    to rows, as to power(3).
    """

    def __init__(self, slots: int) -> None:
        self.lists, self.slots, self.own = array("i", [0]), slots, dict[float, int]()

    def _own(self, row: Op) -> int:
        return self.own.setdefault(float(row.recipe[1][0]), self.slots + len(self.own))

    def steps(self, some: Iterable[tuple[Op, int, Sequence[int]]]) -> Any:
        """int32[steps, 4] of rows, slots and arguments."""
        found, lists, codes = array("i"), self.lists, dict[Op, int]()
        for row, out, args in some:
            op = codes[row] if row in codes else codes.setdefault(row, row_code(row))
            if op >= kernel.FIRST_MANY:
                found.extend((op, out, len(lists), len(args)))
                lists.extend(args)
            else:
                found.extend((op, out, args[0], self._own(row) if row.recipe else args[-1]))
        return np.array(found, np.int32).reshape(-1, 4)

    def vectors(self, some: Iterable[Vector]) -> Any:
        """int32[vector steps, 6]; sums over lanes are numbered."""
        found, summed = list[tuple[int, ...]](), 0
        for v in some:
            op, n, out, *args = self._vector(v)
            found.append((op, n, summed if v.table == SINGLE else out, *args))
            summed += n * (v.table == SINGLE)
        return np.array(found, np.int32).reshape(-1, 6)

    def _vector(self, v: Vector) -> tuple[int, ...]:
        rows = [rows for _, rows in v.args]
        if v.row is layer:
            bias = rows[2] if len(rows) > 2 else np.full(len(v.out), -1)
            args = [self._listed(rows[1]), self._listed(np.column_stack([bias, rows[0]])), len(rows[1])]
        elif v.row is outer:
            args = [*map(self._listed, rows), len(rows[1])]
        elif ... in v.row.domain:
            args = [self._listed(whole := np.column_stack(rows)), whole.shape[1]]
        else:
            args = [*map(self._listed, rows), *map(self._own, [v.row] * bool(v.row.recipe))]
        return (row_code(v.row), len(v.out), v.out[0], *args, 0, 0)[:6]

    def _listed(self, rows: Any) -> int:
        self.lists.extend(np.ravel(rows).tolist())
        return len(self.lists) - np.size(rows)

    def start(self, constants: Iterable[tuple[int, float]]) -> Any:
        """All slots, with what is known of them."""
        v = np.zeros(self.slots + len(self.own))
        for slot, x in (*constants, *((slot, x) for x, slot in self.own.items())):
            v[slot] = x
        return v


def _one_by_one(v: Vector) -> Iterator[tuple[Op, int, Sequence[int]]]:
    """The steps that a vector step stands for."""
    return zip(itertools.repeat(v.row), v.out, np.column_stack([rows for _, rows in v.args]).tolist())


class Room:
    """Numbers to work on, for one call at a time, and the machine at work there."""

    def __init__(self, bind: Bind, program: Sequence[Any], numbers: Any) -> None:
        self.bind, self.program, self.numbers, self.lanes = bind, program, numbers, -1

    def rows(self, rows: int, width: int, sums: int, lanes: int) -> Room:
        """Rows for blocks of so many lanes, from the beginning of a cache line on."""
        memory = np.zeros(rows * width + 8)
        first = -memory.ctypes.data % 64 // 8
        V = memory[first : first + rows * width]
        self.lanes, self.sums, self.memory = lanes, np.empty((sums, 8)), memory
        self.run = self.bind([*self.program, self.numbers, self.sums, V.reshape(rows, width),
                              V.reshape(rows, width // 8, 8)])  # fmt: skip
        return self

    @property
    def nbytes(self) -> int:
        return int(self.numbers.nbytes + self.sums.nbytes + self.memory.nbytes)


class One:
    """A program for one lane."""

    size, sums = 0, 0

    @collector.paused()
    def __init__(self, passes: Passes, bind: Bind) -> None:
        p = dots(passes.program)
        numbers = Numbers(len(p))
        steps = numbers.steps((row, i, args) for i, (row, args) in enumerate(zip(p.rows, p.args)) if args)
        self._set(bind, numbers, p.constants.items(), steps, np.empty((0, 6)), np.empty((0, 4)),
                  [(SINGLE, i) for i in p.outputs], [])  # fmt: skip

    def _set(self, bind: Bind, numbers: Numbers, constants: Iterable[tuple[int, float]], before: Any, code: Any,
             after: Any, places: Any, sums: Any) -> None:  # fmt: skip
        self.program = [np.array(a, np.int32) for a in (before, code, after, numbers.lists, places, sums)]
        self.bind, self.start, self.free = bind, numbers.start(constants), list[Room]()

    @property
    def nbytes(self) -> int:
        """What is kept."""
        return int(sum([a.nbytes for a in (*self.program, self.start, *self.free)]))

    def room(self) -> Room:
        """One that nobody works in."""
        with suppress(IndexError):
            return self.free.pop()
        return Room(self.bind, self.program, self.start.copy())

    def wide(self, lanes: int) -> Room:
        """One for so many lanes, in blocks: all about equally wide, and of an odd number of cache lines, so that rows
        do not lie in each other's way.
        """
        room = self.room()
        if room.lanes != lanes:
            blocks = -(-lanes // max(32, min(512, CACHE // (8 * self.size or 1)))) or 1
            room.rows(self.size, 8 * (-(-lanes // (8 * blocks)) | 1), self.sums, lanes)
        return room

    def __call__(self, *args: Any) -> None:
        room = self.wide(1)
        room.run(*args, 0, 1, ONE)
        self.free.append(room)


class Lanes(One):
    """A program for many lanes, in blocks; much work is shared among threads."""

    def __init__(self, passes: Passes, bind: Bind, threads: int) -> None:
        self.threads, v = threads, Vectors.of(passes, broadcasts=False)
        numbers = Numbers(v.size[SINGLE])
        before, after = (numbers.steps(itertools.chain.from_iterable(map(_one_by_one, v.code[phase])))
                         for phase in (BEFORE, AFTER))  # fmt: skip
        sums = [r for step in v.code[INSIDE] if step.table == SINGLE for r in step.out]
        self.size, self.sums, self.work = v.size[MANY], len(sums), sum(map(_cost, v.code[INSIDE]))
        self._set(bind, numbers, ((v.place[i][1], x) for i, x in v.program.constants.items()), before,
                  numbers.vectors(v.code[INSIDE]), after, [v.place[i] for i in v.program.outputs], sums)  # fmt: skip

    def __call__(self, *args: Any) -> None:
        lanes = args[1].shape[1]
        if self.work * lanes < 2 * CHUNK:
            room = self.wide(lanes)
            room.run(*args, 0, lanes, ALL)
            self.free.append(room)
            return
        ends = self.chunks(lanes)
        rooms = [self.wide(ends[1]) for _ in ends[1:]]

        def part(i: int) -> None:
            rooms[i].run(*args, ends[i], ends[i + 1], SHARE)

        everywhere = map if self.threads == 1 else _pool(self.threads).map
        list(everywhere(part, range(len(rooms))))
        for other in rooms[1:]:
            rooms[0].sums += other.sums
        rooms[0].run(*args, 0, 0, REST)
        self.free.extend(rooms)

    def chunks(self, lanes: int) -> list[int]:
        """Where to cut the lanes: by the work alone, so that the same lanes give the same bits on any machine."""
        size = -(-lanes // (8 * min(MOST_CHUNKS, self.work * lanes // CHUNK))) * 8
        return [*range(0, lanes, size), lanes]


def _cost(v: Vector) -> int:
    """How many multiplications a vector step takes for each lane, roughly."""
    if v.row is layer or ... in v.row.domain:
        return int(sum([rows.size for _, rows in v.args]))
    return len(v.out) * (1 if v.row in CHEAP else 10)


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def _pool(threads: int) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(threads, "tinygrad-edu")


if hasattr(os, "register_at_fork"):  # a child has its parent's pool, and none of the threads in it
    os.register_at_fork(after_in_child=_pool.cache_clear)
