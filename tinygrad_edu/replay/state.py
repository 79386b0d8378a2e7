"""What a function keeps from call to call: counters, streams of random numbers, iterators, lists that grow.

A replay does not run the function, so nothing of this would move on.  Here it is looked up where Python keeps it: in
closures, globals, defaults and attributes, in what those hold, and in the functions that are called from there.  What
lies outside of Python's own memory, a clock, a file, another process, cannot be seen.
"""

from __future__ import annotations

import collections
import contextvars
import dis
import enum
import functools
import gc
import itertools
import operator
import random
import sys
import threading
import types
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .. import callsites
from ..engine import Value
from .bytecode import asks_for_types, identities, inner, names_in, reaches_all

MOST = 10_000  # things that are looked at
_PLAIN = {int, bool, str, bytes, type(None)}
_KEYS = {*_PLAIN, float}
_NUMBERS = {float, complex, range, slice}
_LIBRARY = {*sys.stdlib_module_names, "numpy", "tinygrad_edu"} - {"__main__"}
_KEEPERS = {
    "collections",
    "types",
    "builtins",
    "tinygrad_edu",
    "dataclasses",
}  # whose objects hold what users put there
_TOLD = {"fractions", "decimal", "datetime", "uuid", "pathlib"}  # whose objects are what their text says
_CODE = (types.FunctionType, types.MethodType, types.BuiltinMethodType, functools.partial)


def _root(x: Any) -> str:
    """The package that a class or function is from."""
    return str(getattr(x, "__module__", None) or "").partition(".")[0]


@functools.cache
def library(root: str) -> bool:
    """Whether a package is somebody else's; what is run is not, though a notebook's or a test's starter may be."""
    if root == "__main__":
        return False
    file = getattr(sys.modules.get(root), "__file__", None) or ""
    return root in _LIBRARY or "site-packages" in file or "dist-packages" in file


Path = tuple[Any, str] | None  # where something is found: the path of what holds it, and the rest


def _told(path: Path) -> str:
    pieces: list[str] = []
    while path is not None:
        path, piece = path
        pieces.append(piece)
    return "".join(reversed(pieces))


def _slots(kind: type) -> tuple[str, ...]:
    """The attributes that a class keeps outside of __dict__."""
    found = [getattr(base, "__slots__", ()) for base in kind.__mro__]
    return tuple([name for names in found if isinstance(names, (list, tuple)) for name in names])


def _has_bytes(x: Any) -> bool:
    """Whether something is numbers or bytes, one behind the other: an array, a file in memory, a number in C."""
    try:
        memoryview(x).release()
    except (TypeError, ValueError, BufferError):
        return False
    return True


def _wraps(x: Any) -> bool:
    """Whether something stands for a function; it is not asked itself, for it may answer to any name."""
    if "__wrapped__" in (getattr(type(x), "__dict__", None) and getattr(x, "__dict__", None) or ()):
        return True
    return type(x).__module__ == "functools" and hasattr(x, "__wrapped__")  # singledispatchmethod, from Python 3.14 on


class Identity:
    """What `is` and `id` can tell a function about the Values that it is given:
    which of those that it reaches they are, and which are one.
    """

    def __init__(self, asked: set[str], held: Iterable[Value]) -> None:
        self.all = "id" in asked
        self.held = {id(v): v for v in held}

    def of(self, values: Sequence[Value]) -> tuple[int, ...]:
        """The same for two rows of Values if the function cannot tell them apart."""
        if self.all:
            return tuple(map(id, values))
        seen: dict[int, int] = {}
        return tuple([key if key in self.held else seen.setdefault(key, -i) for i, key in enumerate(map(id, values))])


class State:
    """Everything that a function reaches and may change, and where it is found;
    and whether it may draw from the global streams.

    `identity` is None if the function never asks which Value it is given; `types` says whether it may ask for types.

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
        self.found: list[Any] = []
        self.paths: list[Path] = []
        self.draws = False
        self.types = False  # whether it may ask for types
        self.inner: set[int] = set()  # by id: the code of functions that it makes when it is called
        self._asked: set[str] = set()
        self._values: list[Iterable[Value]] = []
        self._seen: dict[int, Any] = {}
        self._known: dict[type, tuple[str, ...]] = {}  # slots of objects that are nothing but their attributes
        self._todo: collections.deque[tuple[Path, Any]] = collections.deque([(None, f)])
        with _looking, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while self._todo and len(self._seen) < MOST:
                self._look(*self._todo.popleft())
        self.draws |= bool(self._todo)
        self.identity = Identity(self._asked, itertools.chain.from_iterable(self._values)) if self._asked else None
        del self._seen, self._values, self._known, self._todo

    def changed(self, later: State) -> str | None:
        """Where something is different later."""
        if self.found == later.found:
            return None
        fewer, more = sorted((self, later), key=lambda state: len(state.found))
        at = next((i for i, (a, b) in enumerate(zip(fewer.found, more.found)) if a != b), len(fewer.found))
        notes = [state.found[at] for state in (fewer, more) if at < len(state.found)]
        path = more.paths[at]
        if len(notes) == 2 and all(isinstance(note, dict) for note in notes):
            one, other = notes
            path = path, f".{next(name for name in [*one, *other] if one.get(name, self) != other.get(name, self))}"
        return _told(path)

    def _look(self, path: Path, x: Any) -> None:
        kind = type(x)
        if kind in _PLAIN:
            self._note(path, x)
        elif kind in _NUMBERS:
            self._note(path, repr(x))
        elif isinstance(x, Value):
            self._values.append((x,))
            self._hanging(path, x)
        elif id(x) not in self._seen and kind is not types.ModuleType:
            self._seen[id(x)] = x
            try:
                if kind in self._known and not _wraps(x):
                    self._attributes(path, x)
                else:
                    self._inside(path, x)
            except Exception:  # something that does not like to be looked at
                return

    def _note(self, path: Path, what: Any) -> None:
        self.found.append(what)
        self.paths.append(path)

    def _more(self, path: Path, x: Any) -> None:
        self._todo.append((path, x))

    def _inside(self, path: Path, x: Any) -> None:
        kind = type(x)
        if isinstance(x, dict):
            self._rows(path, x)
            self._note(path, (len(x), *[k for k in x if type(k) in _KEYS]))
            self._keys(path, x)
            for k, v in x.items():
                self._more((path, f"[{k!r}]" if type(k) in _PLAIN else f"[{type(k).__name__}]"), v)
        elif isinstance(x, (list, tuple, collections.deque)):
            kinds = {*map(type, x)}
            if kinds <= _PLAIN | _NUMBERS and len(x) > 16:
                self._note(path, (len(x), hash(repr(x))))
            else:
                self._note(path, len(x))
                if kinds == {Value}:
                    self._values.append(x)
                    for i, v in enumerate(x):
                        self._hanging((path, f"[{i}]"), v)
                else:
                    self._todo.extend([((path, f"[{i}]"), v) for i, v in enumerate(x)])
            self._rows(path, x)
        elif isinstance(x, (set, frozenset)):
            self._note(path, (len(x), {k for k in x if type(k) in _KEYS}))
            self._keys(path, x)
        elif hasattr(kind, "dtype") or hasattr(kind, "__array__"):
            self._numbers(path, x)
        elif isinstance(x, _CODE) or _wraps(x):
            self._note(path, getattr(x, "__code__", type(x).__qualname__))
            self._function(path, x)
        elif isinstance(x, random.Random):
            self.draws |= x is _GLOBAL
            self._note(path, None if x is _GLOBAL or isinstance(x, random.SystemRandom) else hash(x.getstate()))
        elif hasattr(kind, "bit_generator") or hasattr(kind, "get_state"):  # NumPy's
            numpy_random: Any = sys.modules.get("numpy.random")
            same = numpy_random is not None and x is numpy_random.mtrand._rand
            self.draws |= same
            self._note(
                path, None if same else repr(x.bit_generator.state if hasattr(x, "bit_generator") else x.get_state())
            )
        elif _root(kind) == "numpy" and hasattr(kind, "state"):  # what its streams are made of
            self._note(path, repr(x.state))
        elif isinstance(x, type):
            self._note(path, f"{x.__module__}.{x.__qualname__}")
            if kind is not type:
                self._more((None, kind.__name__), kind)
            if not library(_root(x)):
                for name, v in vars(x).items():
                    if not name.startswith("__") or name == "__call__":
                        self._more((None, f"{x.__name__}.{name}"), getattr(v, "__func__", v))
        elif isinstance(x, contextvars.ContextVar):
            self._more(path, x.get(None))
        elif hasattr(kind, "qsize"):
            self._note(path, x.qsize())
        elif hasattr(kind, "get_obj"):  # shared with other processes
            self._more(path, x.get_obj())
        elif isinstance(x, threading.Event):
            self._note(path, x.is_set())
        elif isinstance(x, threading.Semaphore):
            self._note(path, vars(x)["_value"])
        elif isinstance(x, weakref.ref):
            self._more(path, x())
        elif isinstance(x, enum.Enum):
            self._note(path, (kind.__qualname__, x.name))
            self._rows(path, x)
        elif _root(kind) in _TOLD:
            self._note(path, repr(x))
        elif hasattr(kind, "getvalue") and hasattr(kind, "tell"):
            self._note(path, (x.tell(), len(x.getvalue())))
        elif hasattr(kind, "__next__"):
            self._iterator(path, x)
        elif _has_bytes(x):
            self._numbers(path, x)
        elif isinstance(x, Mapping) and library(_root(kind)):
            self._more(path, dict(x))
        elif _root(kind) in _KEEPERS or not library(_root(kind)) or isinstance(x, threading.local):
            if isinstance(x, BaseException):
                self._more((path, ".args"), x.args)
            else:
                self._known[kind] = _slots(kind)
            if not kind.__module__.startswith("tinygrad_edu.replay"):
                for base in kind.__mro__:
                    self._more((None, base.__name__), base)
            self._attributes(path, x)

    def _keys(self, path: Path, x: Iterable[Any]) -> None:
        """What is looked up in a dict or a set."""
        self._values.append([k for k in x if isinstance(k, Value)])
        self._todo.extend([((path, "[...]"), k) for k in x if isinstance(k, (tuple, frozenset))])

    def _attributes(self, path: Path, x: Any) -> None:
        """Of something that is nothing but its attributes."""
        self._note(path, type(x).__qualname__)
        self._rows(path, x)
        for name in self._known[type(x)]:
            if hasattr(x, name):
                self._more((path, f".{name}"), getattr(x, name))

    def _hanging(self, path: Path, v: Value) -> None:
        """What somebody keeps on a Value; its label has a guard of its own."""
        if vars(v).keys() - {"label", callsites.ATTRIBUTE} and id(v) not in self._seen:
            self._seen[id(v)] = v
            self._rows(path, v)

    def _rows(self, path: Path, x: Any) -> None:
        found = getattr(x, "__dict__", None)
        if not found or isinstance(x, type):
            return
        plain = {}  # one note for all of them
        for name, v in [*found.items()]:
            if type(v) in _PLAIN:
                plain[name] = v
            elif name not in ("__wrapped__", callsites.ATTRIBUTE):
                self._todo.append(((path, f".{name}"), v))
        self._note(path, plain)

    def _numbers(self, path: Path, x: Any) -> None:
        table = x if _has_bytes(x) else x.__array__()
        if str(getattr(table, "dtype", "")) == "object":
            self._more(path, table.tolist())
            return
        rows = memoryview(table)
        if rows.nbytes < 1 << 22 or not rows.c_contiguous:
            self._note(path, hash(rows.tobytes()))
        else:  # a few of very many
            bits = rows.cast("B")
            self._note(path, hash(bits[:: rows.nbytes // MOST].tobytes() + bits[: 1 << 16].tobytes()))

    def _function(self, path: Path, x: Any) -> None:
        """What a function sees: what it closes over, its defaults and attributes, the globals that it names."""
        if isinstance(x, functools.partial):
            self._more(path, [x.func, x.args, x.keywords])
            return
        if _wraps(x):
            self.types |= hasattr(x, "dispatch") or hasattr(x, "_dispatch")  # by functools.singledispatch
            self._more(path, x.__wrapped__)
            if hasattr(x, "cache_info"):  # by functools.cache: what it gives out again
                self._more(path, [kept for kept in gc.get_referents(x) if kept is not x.__dict__])
        if isinstance(x, (types.MethodType, types.BuiltinMethodType)):
            self._more(path or (None, "self"), x.__self__)
            self._more(path, getattr(x, "__func__", None))
            return
        if not isinstance(x, types.FunctionType):
            return
        if library(_root(x)):
            self.draws |= _root(x) == "random"
            if _root(x) != "tinygrad_edu" or not x.__closure__:
                return
        names, bound = {*names_in(x.__code__)}, x.__globals__
        closed = {
            name: cell.cell_contents
            for name, cell in zip(x.__code__.co_freevars, x.__closure__ or ())
            if cell != _EMPTY
        }
        for name, found in closed.items():
            self._named(name, found, names)
        self._more((None, f"defaults of {x.__name__}"), [x.__defaults__, x.__kwdefaults__])
        self._rows((None, x.__name__), x)
        if library(_root(x)):
            return
        self.draws |= "random" in names
        self._asked |= identities(x.__code__)
        self.inner.update(map(id, inner(x.__code__)))
        self.types |= asks_for_types(x.__code__, names)
        for name in sorted({*bound} if reaches_all(x.__code__, names) else names & {*bound}):
            self._named(name, bound[name], names)
        for name in sorted(name for name in names if name in sys.modules and name not in bound):  # imported inside
            self._named(name, sys.modules[name], names)

    def _named(self, name: str, found: Any, names: set[str]) -> None:
        """What a function calls by a name; of a module, what it names there: plain things, if it is somebody else's."""
        if not isinstance(found, types.ModuleType):
            self._more((None, name), found)
            return
        theirs = library(found.__name__.partition(".")[0])
        for asked in sorted(names & {*vars(found)}):
            what = vars(found)[asked]
            if not theirs or type(what) in _KEYS or isinstance(what, (Mapping, list, collections.deque)):
                self._more((None, f"{name}.{asked}"), what)

    def _iterator(self, path: Path, x: Any) -> None:
        """How far it has come."""
        if isinstance(x, types.GeneratorType):
            in_a_loop = x.gi_suspended and _LOOP in x.gi_code.co_code[::2]
            # From Python 3.15 on nobody can see how far a loop in it has come: never as far as before.
            unseen = in_a_loop and sys.version_info >= (3, 15)
            self._note(path, object() if unseen else x.gi_frame and x.gi_frame.f_lasti)
        elif isinstance(x, itertools.count):
            self._note(path, repr(x))
        else:
            self._note(path, operator.length_hint(x, -1))
            try:
                self._more((path, "."), x.__reduce__()[1:])
            except TypeError:
                pass
        for i, held in enumerate(gc.get_referents(x)):
            if not isinstance(held, (type, types.FrameType, types.CodeType)) and (
                type(held) in _PLAIN | _NUMBERS
                or hasattr(type(held), "__next__")
                or isinstance(held, (list, dict, set, tuple))
            ):
                self._more((path, f"({i})"), held)


_GLOBAL = random.random.__self__  # type: ignore[attr-defined]
_EMPTY = types.CellType()
_LOOP = dis.opmap["FOR_ITER"]
_looking = threading.RLock()  # warnings are silenced in all threads, and come back in the order in which they went
