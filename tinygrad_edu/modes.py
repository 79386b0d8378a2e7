"""What may be switched on around a computation: `no_grad()` and `anomalies("raise")`.

Both are context managers, usable as decorators, and belong to the thread (or task) that entered them:
another thread goes on recording.  The engine asks one question per node, `if watching`, which is an empty
list, and so almost free, as long as nobody anywhere is inside such a block.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .ieee import inf, isfinite

watching: list[object] = []  # one entry per open block, in any thread
_recording: ContextVar[bool] = ContextVar("recording", default=True)
_strict: ContextVar[bool] = ContextVar("strict", default=False)
recorders: list[Any] = []  # one per function that is being recorded, in any thread: see `replay.guard`


@contextmanager
def _block(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    before, entry = variable.get(), object()
    try:  # a Ctrl-C may land on any line
        watching.append(entry)
        variable.set(value)
        yield
    finally:
        variable.set(before)
        if entry in watching:
            watching.remove(entry)


def no_grad() -> Any:
    """Inside, results have no parents: numbers are computed and nothing is remembered.

    >>> from tinygrad_edu import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y, y.parents
    (Value(9.0), ())
    """
    return _block(_recording, False)


def anomalies(what: str) -> Any:
    """`anomalies("raise")`: the first value or gradient that is not finite becomes a FloatingPointError.

    The error names the operation, its inputs with their labels, and where the operation is defined.
    `anomalies("ignore")`, the default everywhere else, lets inf and nan flow as IEEE 754 has it.

    >>> from tinygrad_edu import Value
    >>> with anomalies("raise"):
    ...     Value(-2.0, label="p").log()
    Traceback (most recent call last):
    FloatingPointError: log(p) = nan: log is defined on (0, inf); its input is p = -2.0
    """
    if what not in ("raise", "ignore"):
        raise ValueError(f"anomalies takes 'raise' or 'ignore', got {what!r}")
    return _block(_strict, what == "raise")


class RecordingError(TypeError):
    """While a function is recorded, it asked for something that every replay would repeat: a number that depends on its inputs, or chance.

    Whoever records the function remembers it, and raises it again should the function go on regardless.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        who = recorder()
        if who is not None and who.refusal is None:
            who.refusal = self


def remembering() -> Any:
    """Inside, results have parents, also under a `no_grad()` around it."""
    return _block(_recording, True)


def recorder() -> Any:
    """Who records what this thread does, or None."""
    for one in recorders:
        if one.mine():
            return one
    return None


def listened() -> bool:
    """Whether a function is being recorded here."""
    return recorder() is not None


def hear(v: Any) -> None:
    """Tell whoever records here, or what it was computed from, that a Value was made."""
    for one in recorders:
        if one.mine() or one.handed_out(v.parents):
            one.hear(v)
            return


@contextmanager
def collector_resting() -> Iterator[None]:
    """Without Python's cyclic collector, which would visit every node again and again; then as it was before."""
    enabled = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if enabled:
            gc.enable()


def recording() -> bool:
    """Whether results remember their parents here."""
    return _recording.get()


def strict() -> bool:
    """Whether a value or gradient that is not finite is an error here."""
    return _strict.get()


def interval(bounds: Any) -> str:
    """An interval as people write it.

    >>> interval((0.0, inf)), interval((-1.0, 1.0))
    ('(0, inf)', '(-1, 1)')
    """
    return f"({bounds[0]:g}, {bounds[1]:g})"


def check_value(y: float, op: Any, parents: Any) -> None:
    """Raise FloatingPointError if an operation's result is not finite."""
    if isfinite(y):
        return
    names = [p.label or f"{p.data!r}" for p in parents]
    told = [f"{p.label} = {p.data!r}" for p in parents if p.label]
    where = [interval(d) for d in op.domain if d is not ... and d != (-inf, inf)]
    raise FloatingPointError(
        f"{op.name}({', '.join(names[:4])}{', ...' if len(names) > 4 else ''}) = {y}"
        + (f": {op.name} is defined on {' and '.join(where)}" if where else "")
        + (f"; its input{'s are' if len(told) > 1 else ' is'} {', '.join(told[:4])}" if told else ""))  # fmt: skip


def check_gradient(node: Any, g: float, root: Any) -> None:
    """Raise FloatingPointError if a node's gradient is not finite."""
    if not isfinite(g):
        raise FloatingPointError(
            f"the gradient of {root.label or root.op.name!r} with respect to {node.label or node.op.name!r} (value {node.data!r}) "
            f"is {g}: no .grad was changed. Look at the local gradients of what it feeds, with .local_grads()")  # fmt: skip
