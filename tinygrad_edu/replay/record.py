"""Record once: what a function computed, as a graph whose leaves are known: inputs, parameters, constants.

The function runs eagerly, on ordinary numbers.  Whatever it is given becomes a `Traced` Value, and so does
whatever is computed from one; asking such a Value for its number, which would bake one run's answer into the
recording, is an error that names the line.  Then it runs once more, with the parameters that were found guarded in the
same way; what differs between the two runs was drawn at random, or remembered from call to call, and is an error too.
"""

from __future__ import annotations

import functools
import random
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import modes
from ..engine import Value
from ..ieee import number
from ..modes import RecordingError
from .structure import array_of, flat

ALLOWED = ("tinygrad_edu.engine", "tinygrad_edu.modes", "tinygrad_edu.ops", __name__)
_data_of, _grad_of, _numbers_of = (Value.__dict__[name] for name in ("data", "grad", "numbers"))


def _guard(slot: Any, asked: str) -> property:
    """An attribute that only the engine may read while a function is recorded."""

    def read(self: Value) -> Any:
        frame = sys._getframe(1)
        if frame.f_globals.get("__name__") not in ALLOWED and modes.listened():
            raise _baked(self, frame, asked)
        return slot.__get__(self)

    return property(read, slot.__set__)


def _refused(name: str, asked: str) -> Any:
    """A method that nobody may call while a function is recorded; other threads may."""
    plain = getattr(Value, name, None)

    def method(self: Value, *args: Any) -> Any:
        if modes.listened() or plain is None:
            raise _baked(self, sys._getframe(1), asked)
        return plain(self, *args)

    return method


class Guarded(Value):
    """A Value that changes from replay to replay: its number, now, is nobody's business."""

    __slots__ = ()
    data = _guard(_data_of, ".data")
    grad = _guard(_grad_of, ".grad")
    numbers = _guard(_numbers_of, ".numbers")
    __index__ = _refused("__index__", "a whole number (a range, an index)")
    detach = _refused("detach", "detach()")
    backward = _refused("backward", "backward()")
    local_grads = _refused("local_grads", "local_grads()")
    zero_grad = _refused("zero_grad", "zero_grad()")
    __hash__ = Value.__hash__

    def __eq__(self, other: object) -> bool:
        """Between parameters, whether they are one; with a number, or of what depends on inputs, nobody can say."""
        if modes.listened() and (isinstance(other, Traced) or isinstance(self, Traced) and isinstance(other, Value) or other is self
                                 or not isinstance(other, Value) and hasattr(other, "__float__")):  # fmt: skip
            raise _baked(self, sys._getframe(1), "== or !=")
        return self is other

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:  # type: ignore[override]
        """Arrays of numbers are arrays of Values in here, and a number that goes with them is a Value."""
        return getattr(ufunc, method)(*[array_of([v], ()) if isinstance(v, Value) else v for v in inputs], **named)

    def __repr__(self) -> str:
        return f"Value({_data_of.__get__(self)!r}{f', label={self.label!r}' if self.label else ''})"


def _beside_arrays(name: str) -> Any:
    method = getattr(Value, name)
    return lambda self, other: NotImplemented if getattr(other, "ndim", 0) else method(self, other)


for _name in ("add", "sub", "mul", "truediv", "pow"):
    for _dunder in (f"__{_name}__", f"__r{_name}__"):
        setattr(Guarded, _dunder, _beside_arrays(_dunder))


class Traced(Guarded):
    """A Value that depends on the inputs of the function that is being recorded."""

    __slots__ = ()


class Given(Traced):
    """One that was given as a plain number, which is found in a set or a dict by what it is."""

    __slots__ = ()

    def __hash__(self) -> int:
        frame = sys._getframe(1)
        if modes.listened() and not frame.f_globals.get("__name__", "").startswith("tinygrad_edu."):
            raise _baked(self, frame, "looking it up in a set or dict")
        return Value.__hash__(self)

    __eq__ = Guarded.__eq__


class Watched(Guarded):
    """A parameter of the function that is being recorded."""

    __slots__ = ()


for _class in (Guarded, Traced, Given, Watched):
    _class.__name__ = "Value"  # as Python's own messages name it


def _place(frame: Any) -> str:
    """The line of the user's code that led here."""
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("tinygrad_edu."):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}, line {frame.f_lineno}"


def _baked(v: Value, frame: Any, asked: str) -> RecordingError:
    asked = {"__bool__": "bool()", "__float__": "float()", "__int__": "int()", "__round__": "round()", "__format__": "format()",
             "compare": "a comparison"}.get(frame.f_code.co_name, asked)  # fmt: skip
    what = "parameter" if isinstance(v, Watched) else "Value that depends on the inputs"
    return RecordingError(
        f"{_place(frame)}: {asked} of a {what}, while recording: this run's answer would be baked into every "
        "replay. Use where(greater(x, 0), a, b), maximum or minimum for a choice; a count or an index that is always the same stands in the "
        "function; pass a row of a table, not its number; whatever else must be a plain number is computed before and passed as an argument"
    )


class Record:
    """The graph that a function built, on nodes of our own.

    `order`: its nodes, parents first; `inputs` and `parameters`: the leaves that change; `originals`: the user's own parameters,
    in the order of `parameters`; `outputs`: what the function returned, of which the first is the `root` of backward passes;
    `shape`: how outputs lie in lists (see `structure`); `made`: how many nodes there were when it was recorded.
    """

    def __init__(self, order: list[Value], inputs: list[Value], parameters: list[Value], originals: list[Value],
                 outputs: list[Value], shape: Any, made: int) -> None:  # fmt: skip
        self.order, self.inputs, self.parameters, self.originals = order, inputs, parameters, originals
        self.outputs, self.root, self.shape, self.made = outputs, outputs[0], shape, made

    def sort(self, order: Sequence[Value]) -> None:
        """Put the parameters in the order of the user's own; those that are not in it come last."""
        place = {p: i for i, p in enumerate(order)}
        pairs = sorted(zip(self.originals, self.parameters), key=lambda pair: place.get(pair[0], len(place)))
        self.originals, self.parameters = [p for p, _ in pairs], [p for _, p in pairs]


_set_class: Any = object.__dict__["__class__"].__set__


@functools.cache
def _watched(kind: type[Value]) -> type[Value]:
    """Watched, for Values of this class."""
    return Watched if kind is Value else type("Value", (Watched, kind), {"__slots__": ()})


class _Run:
    """One run of a function: what it was given, what it made, what it returned."""

    def __init__(
        self,
        f: Callable[..., Any],
        leaves: Sequence[Any],
        rebuild: Callable[[Sequence[Any]], Any],
        watched: Iterable[Value],
    ) -> None:
        self.made: list[Value] = []
        self.traced = [
            Value(leaf.data, leaf.label) if isinstance(leaf, Value) else Value(number(leaf)) for leaf in leaves
        ]
        guarded = list(dict.fromkeys(watched))
        kinds = list(map(type, guarded))
        try:
            for t, leaf in zip(self.traced, leaves):
                t.__class__ = Traced if isinstance(leaf, Value) else Given
            for p, kind in zip(guarded, kinds):
                _set_class(p, _watched(kind))
            with modes.listening(self.hear):
                self.shape, self.outputs = flat(f(*rebuild(self.traced)))
        finally:
            mine = [*self.traced, *[v for v in self.made if isinstance(v, Guarded)]]
            # in one call into C, where no Ctrl-C can land half-way
            deque(map(_set_class, [*mine, *guarded], [*[Value] * len(mine), *kinds]), maxlen=0)
        if not self.outputs or not all(isinstance(y, Value) for y in self.outputs):
            got = next(
                (f"{type(y).__name__} {y!r}" for y in self.outputs if not isinstance(y, Value)),
                "none: is there a `return`?",
            )
            raise TypeError(f"a recorded function returns a Value, or Values in lists, got {got}")
        self.known = {*self.traced, *self.made}
        used = [*[p for v in self.made for p in v.parents], *self.outputs]
        self.outside = dict.fromkeys([v for v in used if v not in self.known])

    def hear(self, v: Value) -> None:
        """A Value is made."""
        self.made.append(v)
        if not v.parents:
            return
        if not modes.recording():
            raise RecordingError(
                f"{_place(sys._getframe(3))}: no_grad() while recording: what is computed inside would not be replayed"
            )
        if any(isinstance(p, Traced) for p in v.parents):
            v.__class__ = Traced

    def steps(self) -> list[Any]:
        """What it did, for comparing two runs."""
        place = {v: i for i, v in enumerate([*self.traced, *self.made])}
        return [
            (v.op.name, *[place.get(p, p) for p in v.parents], *([] if v.parents else [repr(v.data)]))
            for v in self.made
        ]

    def order(self, root: Value) -> list[Value]:
        """As `topological`, down to what was there before."""
        order: list[Value] = []
        seen, stack = {root}, [(root, iter(root.parents if root in self.known else ()))]
        while stack:
            node, parents = stack[-1]
            for p in parents:
                if p not in seen:
                    seen.add(p)
                    stack.append((p, iter(p.parents if p in self.known else ())))
                    break
            else:
                order.append(node)
                stack.pop()
        return order


_one_at_a_time = threading.RLock()  # parameters are guarded for everybody


def record(f: Callable[..., Any], leaves: Sequence[Any], rebuild: Callable[[Sequence[Any]], Any], dead: bool = True,
           known: Sequence[Value] = ()) -> Record:  # fmt: skip
    """Run `f(*rebuild(traced leaves))` and keep the graph, unless `dead` is False without the nodes that nothing depends on.

    A parameter is whatever Value `f` uses that it neither was given nor made; `known` are some that it may use as numbers only.
    Raises RecordingError; TypeError if `f` returns anything but Values, alone or in lists and tuples.
    """
    with _one_at_a_time:
        chance = _chance()
        last = _Run(f, leaves, rebuild, known)
        for _ in range(2):  # a parameter may have been made at the first
            before, steps = _chance(), last.steps()
            last = _Run(f, leaves, rebuild, [*last.outside, *known])
            if last.steps() == steps and (
                _chance() == before or threading.active_count() > 1
            ):  # others may have drawn numbers
                return _copied(last, dead)
        if threading.active_count() == 1:
            random.setstate(chance[0])
    raise RecordingError("the function does something else at every call: random numbers, counters and whatever else changes are passed as "
                         "arguments, because every replay would use those of the recording")  # fmt: skip


def _chance() -> tuple[Any, Any]:
    """Where the global streams of random numbers are."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is None:
        return random.getstate(), None
    name, key, *rest = numpy_random.get_state()
    return random.getstate(), (name, key.tobytes(), *rest)


def _copied(run: _Run, dead: bool) -> Record:
    """The graph on nodes of our own, so that the user's Values are neither kept alive (but for parameters) nor changed."""
    twin = {t: Value(t.data, t.label) for t in run.traced}
    parameters: list[Value] = []
    originals: list[Value] = []
    order: list[Value] = []
    placed: set[Value] = set()
    for root in [*run.outputs, *(() if dead else run.made)]:
        for n in run.order(root) if root not in placed else ():
            if n in placed:
                continue
            placed.add(n)
            if n not in twin:
                v = twin[n] = Value(n.data, n.label)
                if n not in run.known:
                    parameters.append(v)
                    originals.append(n)
                else:
                    v.op, v.numbers = n.op, n.numbers
                    v.parents = tuple([twin[p] for p in n.parents])
            order.append(twin[n])
    made = len(run.made) + len(run.traced) + len(parameters)
    return Record(
        order, [twin[t] for t in run.traced], parameters, originals, [twin[n] for n in run.outputs], run.shape, made
    )
