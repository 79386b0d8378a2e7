"""What a function may not ask of Values while it is recorded, because a replay would not ask again.

A function may look at the numbers that it made itself of plain numbers: they are the same in every replay.  Of every
other Value, whatever it was given, what it computes from that, and all that is there without it (parameters first of
all), the number, the gradient, the text, the label and the past may change from call to call.  So the class `Value`
itself is guarded while anything is recorded: reading or writing raises RecordingError, in the recorded function's
thread, in the threads that it starts and in the workers that it sends to; other threads go on undisturbed.  Attributes
that somebody hangs on a Value may not be written either, and are read as all else that a function keeps (see `state`).
The guards ask, each time, who is recording: one that was left standing by a Ctrl-C would refuse nothing.
"""

from __future__ import annotations

import functools
import itertools
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from .. import modes, ops, tracing
from ..engine import Node, Value, _node
from ..rules import computed
from ..tracing import RecordingError, recorders
from . import entropy
from .refusals import complaint, place
from .structure import array_of

_ENGINE = vars(sys.modules[Value.__module__])
TRUSTED = {
    f"tinygrad_edu.{room}" for room in ("derivatives", "engine", "modes", "ops", "replay.guard", "tracing", "trials")
}
DOORS = ("tinygrad_edu.protocol", "tinygrad_edu.micrograd")  # what stands there was asked for by others
CONSTANT, NUMBER, NODE, PASSED, PRESENT = (
    "constant",  # made of plain numbers inside
    "Value that depends on the inputs",  # given as a number, or computed from those: in an eager call, a float
    "Value that depends on inputs or parameters",
    "Value that was passed",
    "parameter",  # whatever else was there before
)
KEPT = {CONSTANT, NUMBER, NODE}  # made inside, with labels of their own
READ = {
    "data": {CONSTANT},
    "grad": {CONSTANT},
    "numbers": {CONSTANT},
    "parents": {CONSTANT, NODE},
    "op": {CONSTANT, NODE},
}
WRITTEN: dict[str, set[str]] = {"grad": {CONSTANT}, "label": KEPT}
NUMBERS = {"data", "grad", "numbers"}


class Recorder:
    """A function that is being recorded: whose threads belong to it, and what it made in this run.

    `refusal` is the first RecordingError that it caused, which counts even if the function caught it.
    """

    def __init__(self) -> None:
        self.thread = get_ident()
        self.started: list[threading.Thread] = []
        self.unnamed = {*sys._current_frames()}  # threads that may be no `Thread`
        self.helping: list[threading.Thread] = []
        self.refusal: RecordingError | None = None
        self.inner: set[int] = set()  # by id: code inside the function, which it may have handed to other threads
        self.begin((), False)

    def begin(self, inputs: Sequence[tuple[Value, str]], handed: bool) -> None:
        """A run begins, on these; `handed` says that nobody else has them."""
        self.inputs, self.handed = inputs, handed
        self.made: list[Value] = []
        self.drew = False  # chance that belongs to no stream: see `entropy`
        self._kinds = {id(v): kind for v, kind in inputs}
        self._sorted = 0

    def mine(self) -> bool:
        """Whether this thread works for the function."""
        if get_ident() == self.thread:
            return True
        me = threading.current_thread()
        if isinstance(me, threading._DummyThread):  # not started by a `Thread`
            return get_ident() not in self.unnamed
        return any(t is me for t in self.started) or any(t is me for t in self.helping)

    def lent(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Some work for a thread that was there before, and that belongs to the function as long as it does it."""

        def working(*args: Any, **named: Any) -> Any:
            me = threading.current_thread()
            self.helping.append(me)
            try:
                return work(*args, **named)
            finally:
                self.helping.remove(me)

        return working

    def hear(self, v: Value) -> None:
        """A Value is made."""
        self.made.append(v)
        if not modes.recording() and self.kind(v) is not CONSTANT:
            raise RecordingError(
                f"{place(sys._getframe(1))}: no_grad() while recording: what is computed inside would not be replayed"
            )

    def kind(self, v: Value) -> str:
        """What a Value is to the function."""
        kinds, end = self._kinds, len(self.made)
        for n in self.made[self._sorted : end]:
            of = {kinds.get(id(p), PRESENT) for p in _parents_of(n)}
            kinds[id(n)] = CONSTANT if of <= {CONSTANT} else NUMBER if of <= {CONSTANT, NUMBER} else NODE
        self._sorted = end
        return kinds.get(id(v), PRESENT)

    def handed_on(self, frame: Any) -> Any:
        """Where, if anywhere, a thread that is not ours runs a function that ours has made; it goes on undisturbed."""
        while frame is not None and id(frame.f_code) not in self.inner:
            frame = frame.f_back
        return frame

    def handed_out(self, values: Sequence[Value]) -> bool:
        """Whether a thread that is not ours has got one of these from the function."""
        return any(self.kind(v) is not PRESENT and (self.handed or self.kind(v) is not PASSED) for v in values)


@contextmanager
def guarded(recorder: Recorder) -> Iterator[None]:
    """Inside, a function is run and recorded."""
    try:
        try:
            with _changing:
                recorders.append(recorder)
                modes.watching.append(recorder)
                _put(1)
            with modes.remembering():
                yield
        finally:
            released(recorder)
    finally:
        released(recorder)  # a Ctrl-C may have landed in the line before


def released(recorder: Recorder) -> None:
    """The function is recorded, or will not be; said twice is no error."""
    with _changing:
        for kept in recorders, modes.watching:
            if recorder in kept:
                kept.remove(recorder)
        if not recorders:
            _put(0)


_changing = threading.RLock()


def _put(which: int) -> None:
    """All guards, or what was there before them."""
    others = [made() for room, made in _LATER.items() if room in sys.modules]  # which take long to load
    for owner, name, *both in itertools.chain(_GUARDS, *others):
        if both[which] is not None:
            setattr(owner, name, both[which])
        elif name in vars(owner):
            delattr(owner, name)


def _asked(v: Value, allowed: set[str]) -> str | None:
    """What a Value is to those who record it, if that is none of the allowed."""
    for r in tuple(recorders):
        if r.mine() or r.handed_out([v]):
            kind: str = r.kind(v)
            return None if kind in allowed else kind
    for r in tuple(recorders):
        if r.inner and (frame := r.handed_on(sys._getframe(2))) and (kind := r.kind(v)) not in allowed:
            r.refusal = r.refusal or RecordingError(complaint(kind, frame, "what another thread was asked", False))
    return None


def _walks(frame: Any) -> bool:
    """Whether this is the engine's walk along a graph, for whoever called it."""
    return frame.f_globals is _ENGINE and frame.f_code.co_name == "topological"


def _ours(frame: Any) -> bool:
    """Whether the package itself asks, for an error message or a walk of its own."""
    module: str = frame.f_globals.get("__name__", "")
    if _walks(frame):
        return _ours(frame.f_back)
    return module.startswith("tinygrad_edu.") and module not in DOORS


def _attribute(name: str) -> property:
    """A slot, a property over one, or the label, which lies among a node's own attributes."""
    plain, asked = getattr(Value, name), {"_data": "data", "_grad": "grad"}.get(name, name)
    get, put = (plain.__get__, plain.__set__) if name != "label" else (_label_of, _put_label)
    may_read, may_write = READ.get(asked, KEPT), WRITTEN.get(asked, set())
    numbers, getframe = asked in NUMBERS, sys._getframe

    def read(self: Value) -> Any:
        frame = getframe(1)
        if numbers and frame.f_globals is _ENGINE:  # nearly always
            return get(self)
        if frame.f_globals.get("__name__") not in TRUSTED or not numbers and _walks(frame):
            kind = _asked(self, may_read)
            if kind and (numbers or not _ours(frame)):
                raise _baked(kind, frame, f".{asked}")
        return get(self)

    def write(self: Value, x: Any) -> None:
        frame = getframe(1)
        if frame.f_code in _HANDING_ON:
            frame = frame.f_back or frame
        if frame.f_globals is _ENGINE:
            put(self, x)
            return
        module = frame.f_globals.get("__name__")
        if module not in TRUSTED and not (
            name == "label" and module == "tinygrad_edu.micrograd"
        ):  # while it is being made
            kind = _asked(self, may_write)
            if kind:
                raise _baked(kind, frame, f".{asked}", written=True)
        put(self, x)

    return property(read, write)


def _label_of(v: Value) -> str:
    label: str = vars(v).get("label", "")
    return label


def _put_label(v: Value, label: str) -> None:
    vars(v)["label"] = label


_PUT = [vars(Node)[name].__set__ for name in ("_data", "_grad", "parents", "op", "numbers")]


def _made(data: float, parents: tuple[Value, ...], op: ops.Op, numbers: tuple[float, ...]) -> Value:
    """The engine's `_node`, past the guards: they would take longer than all the rest of a recording."""
    v = object.__new__(Value)
    for put, x in zip(_PUT, (data if type(data) is float else computed(op.name, data), 0.0, parents, op, numbers)):
        put(v, x)
    modes.made(v)
    return v


_HANDING_ON: set[Any] = set()  # the code of our own `__setattr__`, which stands between a property and who asks


def _own(name: str) -> Any:
    """Setting and deleting: what has no guard of its own is an attribute that somebody hangs on a node."""
    plain = getattr(Value, name)

    def change(self: Value, attribute: str, *x: Any) -> None:
        if attribute not in _ATTRIBUTES and hasattr(self, "_data"):  # if not, a class of one's own is about to make it
            kind = _asked(self, {CONSTANT})
            if kind:
                raise _baked(kind, sys._getframe(1), f".{attribute}", written=True)
        plain(self, attribute, *x)

    _HANDING_ON.add(change.__code__)
    return change


def _method(name: str, asked: str, allowed: set[str] | None = None, ours: bool = False) -> Any:
    """A method."""
    plain = getattr(Value, name, None)

    def method(self: Value, *args: Any) -> Any:
        kind = _asked(self, allowed or {CONSTANT})
        if kind and not (ours and _ours(sys._getframe(1))):
            raise _baked(kind, sys._getframe(1), asked)
        if plain is None:
            raise TypeError(f"{name} of a Value")
        return plain(self, *args)

    return method


def _repr(self: Value) -> str:
    """Without its number where a message of our own names it."""
    kind = _asked(self, {CONSTANT})
    if kind is None:
        return _plain_repr(self)
    if not _ours(sys._getframe(1)):
        raise _baked(kind, sys._getframe(1), "the text (print, str, repr)")
    label = _label_of(self)
    return f"Value(...{f', label={label!r}' if label else ''})"


def _local_grads(self: Value) -> Any:
    kind = _asked(self, {CONSTANT})
    if kind:
        raise _baked(kind, sys._getframe(1), "local_grads()")
    return _plain_local_grads(self)


def _eq(self: Value, other: object) -> Any:
    """Between parameters and what was made inside, whether they are one; of what was given, nobody can say."""
    for v in (self, other) if isinstance(other, Value) else (self,):
        kind = _asked(
            v, {CONSTANT, NODE, PRESENT} if isinstance(other, Value) or not hasattr(other, "__float__") else {CONSTANT}
        )
        if kind:
            raise _baked(kind, sys._getframe(1), "== or !=")
    return self is other


def _ufunc(self: Value, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
    """Arrays of numbers are arrays of Values in here, and a number that goes with them is a Value."""
    return getattr(ufunc, method)(*[array_of([v], ()) if isinstance(v, Value) else v for v in inputs], **named)


def _beside_arrays(name: str) -> Any:
    method = getattr(Value, name)
    return lambda self, other: NotImplemented if getattr(other, "ndim", 0) else method(self, other)


def _start(self: threading.Thread) -> None:
    """A thread that the function starts works for it."""
    if who := tracing.recorder():
        who.started.append(self)
    _plain_start(self)


def _lending(method: Any) -> Any:
    """Threads that were there before work for the function while they do what it gives them."""

    @functools.wraps(method)
    def give(self: Any, work: Any, /, *args: Any, **named: Any) -> Any:
        who = tracing.recorder()
        in_threads = not hasattr(self, "_pool") or isinstance(self, sys.modules["multiprocessing.pool"].ThreadPool)
        return method(self, who.lent(work) if who and in_threads else work, *args, **named)

    return give


@functools.cache
def _executors() -> Any:
    pool: Any = sys.modules["concurrent.futures.thread"].ThreadPoolExecutor
    return [(pool, "submit", pool.submit, _lending(pool.submit))]


@functools.cache
def _pools() -> Any:
    pool: Any = sys.modules["multiprocessing.pool"].Pool
    plain = [(name, vars(pool)[name]) for name in ("apply_async", "_map_async", "imap", "imap_unordered")]
    return [(pool, name, method, _lending(method)) for name, method in plain]


_LATER = {"concurrent.futures.thread": _executors, "multiprocessing.pool": _pools}
_plain_repr, _plain_local_grads = Value.__repr__, Value.local_grads
_plain_start = threading.Thread.start
_parents_of = Value.parents.__get__  # type: ignore[attr-defined]
_ATTRIBUTES = {*Node.__slots__, "data", "grad", "label"} - {"__dict__"}  # which cannot be guarded
_NEW: dict[str, Any] = {
    **{name: _attribute(name) for name in _ATTRIBUTES},
    "__setattr__": _own("__setattr__"),
    "__delattr__": _own("__delattr__"),
    "__hash__": _method("__hash__", "looking it up in a set or dict", {CONSTANT, NODE, PRESENT}, ours=True),
    "__format__": _method("__format__", "format(), or an f-string,", ours=True),
    "__index__": _method("__index__", "a whole number (a range, an index)"),
    "detach": _method("detach", "detach()"),
    "backward": _method("backward", "backward()"),
    "zero_grad": _method("zero_grad", "zero_grad()"),
    "local_grads": _local_grads,
    "__repr__": _repr,
    "__eq__": _eq,
    "__array_ufunc__": _ufunc,
    **{f"__{r}{name}__": _beside_arrays(f"__{r}{name}__") for name in ("add", "sub", "mul", "truediv", "pow")
       for r in ("", "r")},
}  # fmt: skip
_GUARDS: list[Any] = [
    *[(Value, name, vars(Value).get(name), new) for name, new in _NEW.items()],
    (threading.Thread, "start", _plain_start, _start),
    (sys.modules[Value.__module__], "_node", _node, _made),
    *entropy.GUARDS,
]


def _baked(kind: str, frame: Any, asked: str, written: bool = False) -> RecordingError:
    error = RecordingError(complaint(kind, frame, asked, written))
    if not tracing.active():  # another thread, which the function has handed something to
        for r in tuple(recorders):
            r.refusal = r.refusal or error
    return error
