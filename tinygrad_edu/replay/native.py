"""The native backend: a tape, run by the machine as Numba compiles it.

Numba is looked for when the first tape is compiled, not before; `binary` keeps what it makes.
One compilation serves every graph.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import struct
from collections.abc import Callable, Sequence
from ctypes import addressof, c_char, c_void_p
from typing import Any

import numpy as np

from ..extras import MissingPackage, install
from . import binary, blocks, kernel
from .tape import Tape

CHUNK = 1_000_000  # multiplications, about: less work than that is not worth a thread
MOST_CHUNKS = 16
FLOAT = np.dtype(np.float64)

Bind = Callable[
    [str, Sequence[Any]], Callable[..., Any]
]  # one of `binary.FUNCTIONS`, with its first arguments in place


def machine_code() -> Bind:
    """The compiled machine.  Raises ImportError without Numba."""
    if importlib.util.find_spec("numba") is None:
        raise MissingPackage(f'the native backend needs Numba: {install("jit")}, or use backend="python"')
    return _Call


def plain_code() -> Bind:
    """The same machine as plain Python: slow, for looking at."""
    return lambda name, arrays: functools.partial(binary.FUNCTIONS[name], *arrays)


_bytes_of: Any = (c_char * 0).from_buffer  # its address is the array's, and found faster than array.ctypes.data


class _Call:
    """One of the machine's functions, compiled, with arrays for its first arguments.  For one call at a time.

    An array goes as the words that `lowering` reads: its address and its shape.
    """

    def __init__(self, name: str, arrays: Sequence[Any]) -> None:
        self.function = binary.function(name)
        words = [w for a in arrays for w in (a.ctypes.data, *a.shape)]
        self.kept, self.offset = arrays, 8 * len(words)
        table: Any = np.array([*words, *[0] * 20])
        self.table = memoryview(table)
        self.addresses = [c_void_p(table.ctypes.data + 8 * i) for i in (table.size - 2, table.size - 1, 0)]

    def __call__(self, theta: Any, X: Any, values: Any, dtheta: Any, dX: Any, seed: float, gradients: bool,
                 first: int = 0, last: int = 0, stage: int = 0) -> None:  # fmt: skip
        _PACK(self.table, self.offset, addressof(_bytes_of(theta)), theta.size, addressof(_bytes_of(X)), *X.shape,
              addressof(_bytes_of(values)), *values.shape, addressof(_bytes_of(dtheta)), dtheta.size,
              addressof(_bytes_of(dX)) if dX.size else 0, *dX.shape, seed, gradients, first, last, stage)  # fmt: skip
        self.function(*self.addresses)


_PACK = struct.Struct("qq qqq qqq qq qqq d qqqq").pack_into


class _Scratch:
    """Room to work in for one call at a time, and the machine at work there."""

    def __init__(self, tape: Tape, code: Bind, single: bool) -> None:
        self.v, self.g = tape.start.copy(), np.zeros(tape.slots)
        plan = tape.single_plan if single else tape.lanes_plan
        arrays = [tape.code, plan, tape.lists, tape.to, self.v, self.g]
        if not single:
            rows = tape.rows + tape.spread_rows
            arrays += [_aligned(rows, tape.width), _aligned(rows, tape.width), _aligned(tape.sum_rows, 8)]
        self.run = code("single" if single else "lanes", arrays)


def _aligned(rows: int, width: int) -> Any:
    """Zeros from a multiple of 64 bytes on, so that no strip lies across two cache lines."""
    room = np.zeros(rows * width + 8)
    start = -room.ctypes.data % 64 // 8
    return room[start : start + rows * width].reshape(rows, width)


def _plain(a: Any) -> Any:
    """An array of float64 as the machine reads them: in order, in this processor's bytes, at a multiple of eight."""
    return a if type(a) is np.ndarray and a.dtype == FLOAT and a.flags.carray else np.array(a, FLOAT, order="C")


class Compiled:
    """A tape that runs.  Calls from several threads are safe: each takes scratch room of its own."""

    @classmethod
    def of(cls, recording: Any) -> Compiled:
        return compiled(Tape(recording.record, recording.wanted, recording.optimise))

    @property
    def nbytes(self) -> int:
        """What is kept: arrays."""
        return self.tape.nbytes

    def __init__(self, tape: Tape, code: Bind, threads: int | None = None) -> None:
        self.tape, self.code = tape, code
        self.threads = threads or _processors()
        self.work = sum(int(n) for n in _cost(tape))
        self._free: tuple[list[_Scratch], list[_Scratch]] = ([], [])
        self._nothing, self._no_rows = np.empty(0), np.empty((0, 0))

    def run(self, theta: Any, X: Any) -> Any:
        """The values, float64[outputs, lanes], from theta, float64[parameters], and X, float64[inputs, lanes]."""
        return self._call(theta, X, 1.0, False, False)[0]

    def value_and_grads(self, theta: Any, X: Any, seed: float = 1.0, inputs: bool = False) -> tuple[Any, Any, Any]:
        """(values[outputs, lanes], dtheta[parameters], dX[inputs, lanes] or None):
        gradients of seed * the sum of the root's values.

        Gradients that the tape was not asked for are 0.  With one lane every bit is the engine's; with more, `dtheta`
        adds up lanes in an order of its own, which depends on the number of lanes and not on the number of threads.
        """
        values, dtheta, dX = self._call(theta, X, float(seed), True, inputs)
        return values, dtheta, dX if inputs else None

    def _call(self, theta: Any, X: Any, seed: float, gradients: bool, inputs: bool) -> tuple[Any, Any, Any]:
        tape = self.tape
        theta, X = _plain(theta), _plain(X)
        if theta.shape != (tape.parameters,) or X.ndim != 2 or X.shape[0] != tape.inputs:
            raise ValueError(
                f"this recording takes theta of shape ({tape.parameters},) and X of shape ({tape.inputs}, lanes), "
                f"got {theta.shape} and {X.shape}"
            )
        lanes = X.shape[1]
        values = np.empty((tape.outputs, lanes))
        dtheta = np.empty(tape.parameters) if gradients else self._nothing
        dX = np.empty((tape.inputs, lanes)) if inputs else self._no_rows
        args = (theta, X, values, dtheta, dX, seed if tape.reaches else -0.0, gradients)
        single = lanes == 1
        room = self._room(single)
        if single:
            room.run(*args)
        elif self.work * lanes < 2 * CHUNK:
            room.run(*args, 0, lanes, blocks.ALL)
        else:
            self._share(room, args, self._chunks(lanes))
        self._free[single].append(room)
        return values, dtheta, dX

    def _share(self, room: _Scratch, args: tuple[Any, ...], ends: list[int]) -> None:
        """Chunks of lanes, one room for each, on several threads."""
        rooms = [room, *[self._room(False) for _ in ends[2:]]]

        def part(i: int) -> None:
            rooms[i].run(*args, ends[i], ends[i + 1], blocks.SHARE)

        if self.threads == 1:
            for i in range(len(rooms)):
                part(i)
        else:
            list(_pool(self.threads).map(part, range(len(rooms))))
        if args[-1]:
            for other in rooms[1:]:
                room.g += other.g
            room.run(*args, 0, 0, blocks.REST)
        self._free[False].extend(rooms[1:])

    def _room(self, single: bool) -> _Scratch:
        try:
            return self._free[single].pop()
        except IndexError:
            return _Scratch(self.tape, self.code, single)

    def _chunks(self, lanes: int) -> list[int]:
        """Where to cut the lanes: by the work alone, so that the same lanes give the same bits on any machine."""
        count = min(MOST_CHUNKS, self.work * lanes // CHUNK)
        size = -(-lanes // (count * self.tape.width)) * self.tape.width
        return [*range(0, lanes, size), lanes]


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cost(tape: Tape) -> Any:
    """Roughly how many multiplications each instruction for a lane takes, forwards and backwards."""
    code = tape.code
    for i in range(tape.lanes_plan[4], tape.lanes_plan[7]):
        op, _, _, count, neurons, _ = code[i]
        yield count * neurons if op == kernel.DENSE else count if op >= kernel.FIRST_MANY else 4


@functools.cache
def _pool(threads: int) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(threads, "tinygrad-edu")


if hasattr(os, "register_at_fork"):  # a child has its parent's pool, and none of the threads in it
    os.register_at_fork(after_in_child=_pool.cache_clear)


def compiled(tape: Tape, threads: int | None = None) -> Compiled:
    """A tape, ready to run on `threads` threads, as many as there are processors if None.

    Raises ImportError without Numba.
    """
    return Compiled(tape, machine_code(), threads)
