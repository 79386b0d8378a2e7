"""What a function keeps from call to call: counters, streams of random numbers, iterators, lists that grow.

A replay does not run the function, so nothing of this would move on.  Here it is looked up where Python keeps it: in closures, globals,
defaults and attributes, in what those hold, and in the functions that are called from there.  What lies outside of Python's own memory, a
clock, a file, another process, cannot be seen.
"""

from __future__ import annotations

import array
import collections
import contextvars
import enum
import functools
import gc
import itertools
import operator
import queue
import random
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from ..engine import Value

MOST = 10_000  # things that are looked at
_PLAIN = {int, bool, str, bytes, type(None)}
_NUMBERS = {float, complex, range, slice}
_LIBRARY = {*sys.stdlib_module_names, "numpy", "tinygrad_edu"} - {"__main__"}
_KEEPERS = {
    "collections",
    "types",
    "builtins",
    "tinygrad_edu",
    "dataclasses",
}  # whose objects hold what users put there
_CODE = (types.FunctionType, types.MethodType, types.BuiltinMethodType, functools.partial)


def _root(x: Any) -> str:
    """The package that a class or function is from."""
    return str(getattr(x, "__module__", None) or "").partition(".")[0]


@functools.cache
def _library(root: str) -> bool:
    """Whether a package is somebody else's."""
    file = getattr(sys.modules.get(root), "__file__", None) or ""
    return root in _LIBRARY or "site-packages" in file or "dist-packages" in file


def _names(code: types.CodeType) -> Iterator[str]:
    """The globals and attributes that a function and the functions inside it may look up."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)


class State:
    """Everything that a function reaches and may change, by where it is found; and whether it may draw from the global streams.

    >>> def counter(n=0):
    ...     def f(x):
    ...         nonlocal n
    ...         n += 1
    ...         return n * x
    ...     return f
    >>> f = counter()
    >>> before = State(f)
    >>> f(1.0), before.changed(State(f))
    (1.0, 'n')
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        self.found: dict[str, Any] = {}
        self.draws = False
        self._seen: dict[int, Any] = {}
        self._todo: collections.deque[tuple[str, Any]] = collections.deque([("", f)])
        with _looking, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while self._todo and len(self._seen) < MOST:
                self._look(*self._todo.popleft())
        self.draws |= bool(self._todo)
        self._seen.clear()

    def changed(self, later: State) -> str | None:
        """Where something is different later."""
        if self.found == later.found:
            return None
        paths = [*self.found, *later.found]
        return next((p for p in paths if self.found.get(p, self) != later.found.get(p, self)), None)

    def _look(self, path: str, x: Any) -> None:
        kind = type(x)
        if kind in _PLAIN:
            self._note(path, x)
        elif kind in _NUMBERS:
            self._note(path, repr(x))
        elif id(x) not in self._seen and not isinstance(x, (Value, types.ModuleType)):
            self._seen[id(x)] = x
            try:
                self._inside(path, x)
            except Exception:  # something that does not like to be looked at
                return

    def _note(self, path: str, what: Any) -> None:
        while path in self.found:
            path += "'"
        self.found[path] = what

    def _more(self, path: str, x: Any) -> None:
        self._todo.append((path, x))

    def _inside(self, path: str, x: Any) -> None:
        if isinstance(x, dict):
            self._rows(path, x)
            self._note(path, (len(x), *[k for k in x if type(k) in _PLAIN]))
            for k, v in x.items():
                self._more(f"{path}[{k!r}]" if type(k) in _PLAIN else f"{path}[{type(k).__name__}]", v)
        elif isinstance(x, (list, tuple, collections.deque)):
            kinds = {*map(type, x)}
            if kinds <= _PLAIN | _NUMBERS and len(x) > 16:
                self._note(path, (len(x), hash(repr(x))))
            else:
                self._note(path, len(x))
                for i, v in enumerate(x if kinds - {Value} else ()):
                    self._more(f"{path}[{i}]", v)
            self._rows(path, x)
        elif isinstance(x, (set, frozenset)):
            self._note(path, (len(x), {k for k in x if type(k) in _PLAIN}))
        elif isinstance(x, (bytearray, array.array, memoryview)) or hasattr(x, "dtype"):
            self._numbers(path, x)
        elif isinstance(x, _CODE) or hasattr(x, "__wrapped__"):
            self._function(path, x)
        elif isinstance(x, random.Random):
            self.draws |= x is _GLOBAL
            self._note(path, None if x is _GLOBAL or isinstance(x, random.SystemRandom) else hash(x.getstate()))
        elif hasattr(x, "bit_generator") or hasattr(x, "get_state"):  # NumPy's
            numpy_random: Any = sys.modules.get("numpy.random")
            same = numpy_random is not None and x is numpy_random.mtrand._rand
            self.draws |= same
            self._note(
                path, None if same else repr(x.bit_generator.state if hasattr(x, "bit_generator") else x.get_state())
            )
        elif isinstance(x, type):
            if not _library(_root(x)):
                for name, v in vars(x).items():
                    if not name.startswith("__") or name == "__call__":
                        self._more(f"{x.__name__}.{name}", getattr(v, "__func__", v))
        elif isinstance(x, contextvars.ContextVar):
            self._more(path, x.get(None))
        elif isinstance(x, (queue.Queue, queue.SimpleQueue)):
            self._note(path, x.qsize())
        elif isinstance(x, threading.Event):
            self._note(path, x.is_set())
        elif hasattr(x, "getvalue") and hasattr(x, "tell"):
            self._note(path, (x.tell(), len(x.getvalue())))
        elif hasattr(type(x), "__next__"):
            self._iterator(path, x)
        elif not isinstance(x, enum.Enum) and (
            _root(type(x)) in _KEEPERS or not _library(_root(type(x))) or isinstance(x, threading.local)
        ):
            self._rows(path, x)
            if type(x).__module__.startswith("tinygrad_edu.replay"):
                return
            for base in type(x).__mro__:
                for name in (
                    getattr(base, "__slots__", ()) if isinstance(getattr(base, "__slots__", ()), (list, tuple)) else ()
                ):
                    if hasattr(x, name):
                        self._more(f"{path}.{name}", getattr(x, name))
                self._more(base.__name__, base)

    def _rows(self, path: str, x: Any) -> None:
        """Attributes."""
        for name, v in [*getattr(x, "__dict__", {}).items()] if not isinstance(x, type) else ():
            if name != "__wrapped__":
                self._more(f"{path}.{name}", v)

    def _numbers(self, path: str, x: Any) -> None:
        if str(getattr(x, "dtype", "")) == "object":
            self._more(path, x.tolist())
        elif memoryview(x).nbytes < 1 << 22:
            self._note(path, hash(bytes(x) if isinstance(x, bytearray) else x.tobytes()))

    def _function(self, path: str, x: Any) -> None:
        """What a function sees: what it closes over, its defaults and attributes, the globals that it names."""
        if isinstance(x, functools.partial):
            self._more(path, [x.func, x.args, x.keywords])
            return
        if hasattr(x, "__wrapped__"):
            self._more(path, x.__wrapped__)
        if isinstance(x, (types.MethodType, types.BuiltinMethodType)):
            self._more(path or "self", x.__self__)
            self._more(path, getattr(x, "__func__", None))
            return
        if not isinstance(x, types.FunctionType):
            return
        if _library(_root(x)):
            self.draws |= _root(x) == "random"
            if _root(x) != "tinygrad_edu" or not x.__closure__:
                return
        for name, cell in zip(x.__code__.co_freevars, x.__closure__ or ()):
            if cell != _EMPTY:
                self._more(name, cell.cell_contents)
        self._more(f"defaults of {x.__name__}", [x.__defaults__, x.__kwdefaults__])
        self._rows(x.__name__, x)
        if _library(_root(x)):
            return
        names = {*_names(x.__code__)}
        self.draws |= "random" in names
        for name in sorted(names & {*x.__globals__}):
            found = x.__globals__[name]
            if isinstance(found, types.ModuleType):
                if not _library(found.__name__.partition(".")[0]):
                    for inner in sorted(names & {*vars(found)}):
                        self._more(f"{name}.{inner}", vars(found)[inner])
            else:
                self._more(name, found)

    def _iterator(self, path: str, x: Any) -> None:
        """How far it has come."""
        if isinstance(x, types.GeneratorType):
            self._note(path, x.gi_frame and x.gi_frame.f_lasti)
        elif isinstance(x, itertools.count):
            self._note(path, repr(x))
        else:
            self._note(path, operator.length_hint(x, -1))
            try:
                self._more(path + ".", x.__reduce__()[1:])
            except TypeError:
                pass
        for i, inner in enumerate(gc.get_referents(x)):
            if not isinstance(inner, (type, types.FrameType, types.CodeType)) and (
                type(inner) in _PLAIN | _NUMBERS
                or hasattr(type(inner), "__next__")
                or isinstance(inner, (list, dict, set, tuple))
            ):
                self._more(f"{path}({i})", inner)


_GLOBAL = random.random.__self__  # type: ignore[attr-defined]
_EMPTY = types.CellType()
_looking = threading.RLock()  # warnings are silenced in all threads, and come back in the order in which they went
