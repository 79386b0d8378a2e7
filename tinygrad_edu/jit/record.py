"""Record once: what a function computed, as a graph whose leaves are known: inputs, parameters, constants.

The function runs once, eagerly, on ordinary numbers.  Whatever it is given becomes a `Traced` Value, and so does
whatever is computed from one; asking such a Value for its number, which would bake one run's answer into the
recording, is an error that names the line.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from .. import modes, ops
from ..engine import Value, topological
from ..ieee import number

ALLOWED = ("tinygrad_edu.engine", "tinygrad_edu.modes", "tinygrad_edu.ops", __name__)
_data_of = Value.__dict__["data"]


class RecordingError(TypeError):
    """The function asked a Value that depends on its inputs for its number while it was recorded."""


class Traced(Value):
    """A Value that depends on the inputs of the function that is being recorded."""

    __slots__ = ()

    @property
    def data(self) -> float:  # type: ignore[override]
        frame = sys._getframe(1)
        if frame.f_globals.get("__name__") not in ALLOWED:
            raise _baked(frame)
        return _data_of.__get__(self)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"Traced({_data_of.__get__(self)!r}{f', label={self.label!r}' if self.label else ''})"

    def detach(self) -> Value:
        raise RecordingError(f"{_place(sys._getframe(1))}: detach() while recording: the recording would keep this run's number; "
                             "pass the detached number as an argument")  # fmt: skip


def _place(frame: Any) -> str:
    """The line of the user's code that led here."""
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("tinygrad_edu."):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}, line {frame.f_lineno}"


def _baked(frame: Any) -> RecordingError:
    asked = {"__bool__": "bool()", "__float__": "float()", "__int__": "int()", "__round__": "round()", "__format__": "format()",
             "compare": "a comparison"}.get(frame.f_code.co_name, ".data")  # fmt: skip
    return RecordingError(
        f"{_place(frame)}: {asked} of a Value that depends on the inputs, while recording: this run's answer would be baked into every replay. "
        "Use where(greater(x, 0), a, b), maximum or minimum for a choice; pass what must be a plain number as an argument"
    )


class Record:
    """The graph that a function built: `order` its nodes, parents first; `inputs` and `parameters` the leaves that change."""

    def __init__(self, order: list[Value], inputs: list[Value], parameters: list[Value], originals: list[Value]) -> None:
        self.order, self.inputs, self.parameters = order, inputs, parameters
        self.originals = originals  # the user's own parameters, in the order of `parameters`
        self.root = order[-1]


def record(f: Callable[..., Any], leaves: Sequence[Any], rebuild: Callable[[Sequence[Any]], Any]) -> Record:
    """Run `f(*rebuild(traced leaves))` once and keep the graph.  Raises RecordingError, TypeError."""
    born: dict[Value, None] = {}

    def hear(v: Value) -> None:
        if any(type(p) is Traced for p in v.parents):
            if not modes.recording():
                raise RecordingError(f"{_place(sys._getframe(2))}: no_grad() while recording: what is computed inside would not be replayed")
            v.__class__ = Traced
        elif not v.parents:
            born[v] = None

    traced = []
    for leaf in leaves:
        t = Value(leaf.data if isinstance(leaf, Value) else number(leaf), leaf.label if isinstance(leaf, Value) else "")
        t.__class__ = Traced
        traced.append(t)
    with modes.listening(hear):
        root = f(*rebuild(traced))
    if not isinstance(root, Value):
        raise TypeError(f"a recorded function returns one Value, got {type(root).__name__} {root!r}")
    return _copied(root, traced, born)


def _copied(root: Value, traced: list[Value], born: dict[Value, None]) -> Record:
    """The graph on nodes of our own, so that the user's Values are neither kept alive (but for parameters) nor changed."""
    twin: dict[Value, Value] = {}
    parameters: list[Value] = []
    originals: list[Value] = []
    order: list[Value] = []
    known = set(traced)
    for t in traced:
        twin[t] = Value(_data_of.__get__(t), t.label)
    for n in topological(root):
        if n in known:
            order.append(twin[n])
            continue
        v = Value(_data_of.__get__(n), n.label)
        v.op, v.numbers = n.op, n.numbers
        v.parents = tuple([twin[p] for p in n.parents])
        twin[n] = v
        order.append(v)
        if not n.parents and n not in born and n.op is not ops.detached:
            parameters.append(v)
            originals.append(n)
    return Record(order, [twin[t] for t in traced], parameters, originals)
