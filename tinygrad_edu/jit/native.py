"""The native backend: a tape, run by the machine as Numba compiles it.

Numba is looked for when the first tape is compiled, not before.  Its output is kept on disk, beside the package or in the
user's cache (`NUMBA_CACHE_DIR` chooses), written to a temporary file and then renamed: no half-written file is ever read.
One compilation serves every graph.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import ieee
from .generate import CODES
from .tape import Tape

CHUNK = 1_000_000  # multiplications, about: less work than that is not worth a thread
MOST_CHUNKS = 16


def available() -> bool:
    """Whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


@functools.cache
def _load() -> SimpleNamespace:
    try:
        import numba  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as e:
        raise ImportError('the native backend needs Numba: pip install "tinygrad-edu[jit]", or use backend="python"') from e
    from . import blocks, lowering, machine

    lowering.teach()
    options: Any = {"nogil": True, "cache": True, "error_model": "numpy"}
    compiled_from = _digest()

    def make(f: Any) -> Any:
        dispatcher = numba.njit(**options)(f)
        # Numba only asks whether the file itself has changed; what it calls lies in others too.
        files = dispatcher._cache._cache_file
        files._source_stamp = (files._source_stamp, compiled_from)
        return dispatcher

    return SimpleNamespace(single=make(machine.single), lanes=make(blocks.lanes), through=make(blocks.through_invariants))


def _digest() -> str:
    """A number for the text of everything that is compiled."""
    from . import blocks, kernel, lowering, machine, strips

    digest = hashlib.sha256()
    for module in (ieee, blocks, kernel, lowering, machine, strips):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


_loading = threading.Lock()


def machine_code() -> SimpleNamespace:
    """The compiled machine.  Raises ImportError without Numba."""
    with _loading:
        return _load()


def plain_code() -> SimpleNamespace:
    """The same machine as plain Python: slow, for looking at."""
    from . import blocks, machine

    return SimpleNamespace(single=machine.single, lanes=blocks.lanes, through=blocks.through_invariants)


class _Scratch:
    """Room to work in for one call at a time."""

    def __init__(self, tape: Tape, single: bool) -> None:
        self.v, self.g = tape.start.copy(), np.zeros(tape.slots)
        if not single:
            self.V = _aligned(tape.rows + tape.spread_rows, tape.width)
            self.G = _aligned(tape.rows + tape.spread_rows, tape.width)
            self.A = _aligned(tape.sum_rows, 8)


def _aligned(rows: int, width: int) -> Any:
    """Zeros from a multiple of 64 bytes on, so that no strip lies across two cache lines."""
    room = np.zeros(rows * width + 8)
    start = -room.ctypes.data % 64 // 8
    return room[start : start + rows * width].reshape(rows, width)


class Compiled:
    """A tape that runs.  Calls from several threads are safe: each takes scratch room of its own."""

    def __init__(self, tape: Tape, code: SimpleNamespace, threads: int | None = None) -> None:
        self.tape, self.code = tape, code
        self.threads = threads or _processors()
        self.work = sum(int(n) for n in _cost(tape))
        self._free: tuple[list[_Scratch], list[_Scratch]] = ([], [])
        self._arrays = (tape.code, tape.lanes_plan, tape.lists, tape.to)
        self._nothing = np.empty((0, 0))

    def run(self, theta: Any, X: Any) -> Any:
        """The values, float64[outputs, lanes], from theta, float64[parameters], and X, float64[inputs, lanes]."""
        return self._call(theta, X, 1.0, False, False)[0]

    def value_and_grads(self, theta: Any, X: Any, seed: float = 1.0, inputs: bool = False) -> tuple[Any, Any, Any]:
        """(values[outputs, lanes], dtheta[parameters], dX[inputs, lanes] or None): gradients of seed * the sum of the root's values.

        Gradients that the tape was not asked for are 0.  With one lane every bit is the engine's; with more, `dtheta` adds
        up lanes in an order of its own, which depends on the number of lanes and not on the number of threads.
        """
        return self._call(theta, X, seed, True, inputs)

    def _call(self, theta: Any, X: Any, seed: float, gradients: bool, inputs: bool) -> tuple[Any, Any, Any]:
        tape = self.tape
        theta = np.ascontiguousarray(theta, np.float64)
        X = np.ascontiguousarray(X, np.float64)
        if theta.shape != (tape.parameters,) or X.ndim != 2 or X.shape[0] != tape.inputs:
            raise ValueError(f"this recording takes theta of shape ({tape.parameters},) and X of shape ({tape.inputs}, lanes), "
                             f"got {theta.shape} and {X.shape}")  # fmt: skip
        lanes = X.shape[1]
        seed = float(seed) if tape.reaches else -0.0
        if lanes == 1:
            return self._single(theta, X, seed, gradients, inputs)
        values = np.empty((tape.outputs, lanes))
        dX = np.empty((tape.inputs, lanes)) if gradients and inputs else self._nothing
        ends = self._chunks(lanes)
        rooms = [self._room(False) for _ in ends[1:]]

        def part(i: int) -> None:
            s = rooms[i]
            self.code.lanes(*self._arrays, s.v, s.g, s.V, s.G, s.A, theta, X, ends[i], ends[i + 1], values, dX, seed, gradients,
                            len(rooms) == 1)  # fmt: skip

        if len(rooms) == 1 or self.threads == 1:
            for i in range(len(rooms)):
                part(i)
        else:
            list(_pool(self.threads).map(part, range(len(rooms))))
        dtheta = None
        if gradients:
            s = rooms[0]
            for other in rooms[1:]:
                s.g += other.g
            if len(rooms) > 1:
                self.code.through(*self._arrays, s.v, s.g)
            dtheta = s.g[: tape.parameters] + 0.0
        self._free[0].extend(rooms)
        return values, dtheta, dX if gradients and inputs else None

    def _single(self, theta: Any, X: Any, seed: float, gradients: bool, inputs: bool) -> tuple[Any, Any, Any]:
        tape = self.tape
        s = self._room(True)
        values = np.empty((tape.outputs, 1))
        self.code.single(tape.code, tape.single_plan, tape.lists, tape.to, s.v, s.g, theta, X, values, seed, gradients)
        dtheta = dX = None
        if gradients:
            dtheta = s.g[: tape.parameters] + 0.0
            if inputs:
                dX = s.g[tape.parameters : tape.parameters + tape.inputs].reshape(-1, 1) + 0.0
        self._free[1].append(s)
        return values, dtheta, dX

    def _room(self, single: bool) -> _Scratch:
        try:
            return self._free[single].pop()
        except IndexError:
            return _Scratch(self.tape, single)

    def _chunks(self, lanes: int) -> list[int]:
        """Where to cut the lanes: by the work alone, so that the same lanes give the same bits on any machine."""
        count = max(1, min(MOST_CHUNKS, self.work * lanes // CHUNK))
        size = -(-lanes // count)
        size = -(-size // self.tape.width) * self.tape.width if count > 1 else size
        return [*range(0, lanes, size), lanes] if lanes else [0, 0]


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cost(tape: Tape) -> Any:
    """Roughly how many multiplications each instruction for a lane takes, forwards and backwards."""
    code = tape.code
    for i in range(tape.lanes_plan[4], tape.lanes_plan[7]):
        op, _, _, count, neurons, _ = code[i]
        yield count * neurons if op == CODES["dense"] else count if op >= CODES["where"] else 4


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "tinygrad-edu")


def compiled(tape: Tape, threads: int | None = None) -> Compiled:
    """A tape, ready to run on `threads` threads, as many as there are processors if None.  Raises ImportError without Numba."""
    return Compiled(tape, machine_code(), threads)

