"""What others may change of a function between its calls: plain things that it reaches, compared in an instant.

A replay goes on with what was there when it was recorded.  Whoever trains asks before each step whether a weight in a
dict, a temperature on a model or a global is another one now; only then is it worth the time to compute anew.

>>> def loss_of(weight):
...     return lambda x: weight["b"] * x
>>> weight = {"b": 0.0}
>>> outside = Outside(loss_of(weight))
>>> outside.moved(), weight.update(b=0.5), outside.moved(), outside.moved()
(False, None, True, False)
"""

from __future__ import annotations

import array
import collections
import types
from collections.abc import Callable
from typing import Any

from ..engine import Value
from .bytecode import names_in
from .state import Path, State, library

SMALL = 1 << 16  # of an array that is compared at every step, in bytes


class _Places(State):
    """A walk that notes how to read each place where others may put something."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.reads: list[Callable[[], Any]] = []
        super().__init__(f)

    def _inside(self, path: Path, x: Any) -> None:
        if isinstance(x, dict):
            self.reads.append(lambda: {**x})
        elif isinstance(x, (list, set, collections.deque)) and not {*map(type, x)} <= {Value}:
            self.reads.append(lambda: [*x])
        elif isinstance(x, (bytearray, array.array)) or hasattr(type(x), "dtype") and x.nbytes <= SMALL:
            self.reads.append(lambda: bytes(x) if isinstance(x, bytearray) else x.tobytes())
        elif isinstance(x, type) and not library(x.__module__.partition(".")[0]):
            self.reads.append(lambda: {**vars(x)})
        super()._inside(path, x)

    def _rows(self, path: Path, x: Any) -> None:
        if not isinstance(x, type) and getattr(x, "__dict__", None):
            self.reads.append(lambda: {**x.__dict__})
        super()._rows(path, x)

    def _attributes(self, path: Path, x: Any) -> None:
        if names := self._known[type(x)]:
            self.reads.append(lambda: [getattr(x, name, None) for name in names])
        super()._attributes(path, x)

    def _function(self, path: Path, x: Any) -> None:
        super()._function(path, x)
        if isinstance(x, types.FunctionType):
            cells, there, names = x.__closure__ or (), x.__globals__, names_in(x.__code__)
            named = [name for name in names if name in there]
            self.reads.append(lambda: [x.__defaults__, x.__kwdefaults__, *map(there.get, named)])
            self.reads += [lambda cell=cell: cell.cell_contents for cell in cells]  # type: ignore[misc]

    def _named(self, name: str, found: Any, names: set[str]) -> None:
        super()._named(name, found, names)
        if isinstance(found, types.ModuleType) and (named := names & {*vars(found)}):
            self.reads.append(lambda: [*map(vars(found).get, named)])


class Outside:
    """The places of a function, and what was there when last asked."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.reads = _Places(f).reads
        self.seen = self._now()

    def _now(self) -> list[Any]:
        found = []
        for read in self.reads:
            try:
                found.append(read())
            except Exception:  # a cell that is empty now, a set that another thread changes
                found.append(None)
        return found

    def moved(self) -> bool:
        """Whether anything is different from what it was when last asked."""
        before, self.seen = self.seen, self._now()
        try:
            return before != self.seen  # what is the same object is equal, without being asked
        except Exception:  # two arrays in the place of one, which have no single answer
            return True
