"""Record once: what a function computed, as a graph whose leaves are known: inputs, parameters, constants.

The function runs once, eagerly, on ordinary numbers.  Whatever it is given becomes a `Traced` Value, and so does
whatever is computed from one; asking such a Value for its number, which would bake one run's answer into the
recording, is an error that names the line.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .. import modes, ops
from ..engine import Value, topological
from ..ieee import number
from ..modes import RecordingError
from .structure import flat

ALLOWED = ("tinygrad_edu.engine", "tinygrad_edu.modes", "tinygrad_edu.ops", __name__)
_data_of = Value.__dict__["data"]


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

    def __index__(self) -> int:
        raise _baked(sys._getframe(0))

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
             "compare": "a comparison",
             "__index__": "a whole number (a range, an index)"}.get(frame.f_code.co_name, ".data")  # fmt: skip
    return RecordingError(
        f"{_place(frame)}: {asked} of a Value that depends on the inputs, while recording: this run's answer would be baked into every replay. "
        "Use where(greater(x, 0), a, b), maximum or minimum for a choice; a count or an index that is always the same stands in the function, "
        "and whatever else must be a plain number is computed before and passed as an argument"
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


def record(f: Callable[..., Any], leaves: Sequence[Any], rebuild: Callable[[Sequence[Any]], Any], dead: bool = True) -> Record:
    """Run `f(*rebuild(traced leaves))` once and keep the graph, unless `dead` is False without the nodes that nothing depends on.

    Raises RecordingError; TypeError if `f` returns anything but Values, alone or in lists and tuples.
    """
    born: dict[Value, None] = {}
    made: list[Value] = []

    def hear(v: Value) -> None:
        made.append(v)
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
    chance = random.getstate()
    with modes.listening(hear):
        shape, outputs = flat(f(*rebuild(traced)))
    if random.getstate() != chance:
        raise RecordingError("the function drew random numbers while it was recorded, and every replay would use the same ones: "
                             "pass them as arguments")  # fmt: skip
    if not outputs or not all(isinstance(y, Value) for y in outputs):
        got = next((y for y in outputs if not isinstance(y, Value)), "nothing of the kind")
        raise TypeError(f"a recorded function returns a Value, or Values in lists, got {type(got).__name__} {got!r}")
    return _copied(outputs, shape, traced, born, made, dead)


def _copied(outputs: list[Value], shape: Any, traced: list[Value], born: dict[Value, None], made: list[Value], dead: bool) -> Record:
    """The graph on nodes of our own, so that the user's Values are neither kept alive (but for parameters) nor changed."""
    twin: dict[Value, Value] = {}
    parameters: list[Value] = []
    originals: list[Value] = []
    order: list[Value] = []
    for t in traced:
        twin[t] = Value(_data_of.__get__(t), t.label)
    placed: set[Value] = set()
    for root in [*outputs, *(() if dead else made)]:
        for n in topological(root) if root not in placed else ():
            if n in placed:
                continue
            placed.add(n)
            if n in twin:
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
    return Record(order, [twin[t] for t in traced], parameters, originals, [twin[n] for n in outputs], shape,
                  len(made) + len(traced) + len(parameters))  # fmt: skip
