"""Coming from micrograd or microgpt: the names that code written for them uses (and PyTorch's `loss.item()`).

micrograd makes a node by hand and then tells it its backward step; microgpt hands it its local gradients:

>>> def doubled(a):
...     out = Value(2 * a.data, (a,), "doubled")
...     def _backward():
...         a.grad += 2 * out.grad
...     out._backward = _backward
...     return out
>>> a = Value(3.0)
>>> (doubled(a) * Value(6.0, (a,), (2.0,))).backward()  # both are 2 * a
>>> a.grad
24.0

Either way the node gets a row of its own, whose local gradients are those numbers: `backward()`, `draw` and `explain`
go through it as through any other.
How it depends on its inputs otherwise nobody has said, so it has no second derivative and no replay.

Attributes of one's own hang on a node as on any object, and copies and pickles keep them:

>>> p = Value(3.0)
>>> p.m = 0.0
>>> (p * p).backward()
>>> p.m = 0.9 * p.m + 0.1 * p.grad
>>> round(p.m, 6)
0.6
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import CellType
from typing import Any

from . import modes, ops
from .engine import Value, topological
from .ieee import number
from .ops import REAL, Op
from .protocol import FloatLike

ALLOWED = (
    "write Value(data, label), or Value(data, children, op) as in micrograd, or Value(data, children, "
    "local_grads) as in microgpt, with one local gradient for each child"
)
SYMBOLS = {op.symbol: op.name for op in ops.TABLE.values() if len(op.domain) == 2 and op.symbol}


def _made_by_hand(
    v: Value, second: Any = "", third: Any = "", fourth: Any = "", *, label: Any = "", **named: Any
) -> None:
    """What `Value.__init__` does with anything but a number and a label by its name."""
    text, children = (second, ()) if isinstance(second, (str, type(None))) else (fourth, second)
    for name in ("children", "_children"):
        children = named.pop(name, children)
    for name in ("op", "_op", "local_grads", "_local_grads"):
        third = named.pop(name, third)
    label = label or text or ""
    if not isinstance(label, str):
        raise TypeError(f"a label is text, not {type(label).__name__} {label!r}: write label={str(label)!r}")
    if named or not isinstance(children, (tuple, list, set)) or not all(isinstance(c, Value) for c in children):
        what = (f"Value() has no argument {next(iter(named))!r}" if named
                else f"{children!r} is neither a label, which is text, nor a tuple of children, "
                     "which are Values")  # fmt: skip
        raise TypeError(f"{what}: {ALLOWED}")
    v.label, told = str(label), isinstance(third, (tuple, list))
    if not (told or isinstance(third, str)) or (told and len(third) != len(children)):
        raise TypeError(
            f"Value({v.data!r}, ...) has {len(children)} children, and {third!r} is neither the name of an operation "
            f"nor one local gradient for each of them: {ALLOWED}"
        )
    if children and modes.recording():
        v.parents, v.numbers = tuple(children), (v.data, *[c.data for c in children])
        v.op = handmade("" if told else third, tuple(map(number, third)) if told else None, len(children))
    elif children:
        v.op = ops.detached


def _told_when_made(v: Value, x: Any) -> None:
    raise AttributeError(f"what a Value was computed from is told when it is made: {ALLOWED}")


def handmade(text: str, local_grads: Sequence[float] | None, n: int, step: Callable[..., Any] | None = None) -> Op:
    """The row of one node with n inputs: its local gradients are these numbers, or what `step(y, *xs)` finds."""

    def partials(y: Any, *xs: Any) -> Any:
        if not isinstance(y, float):
            raise TypeError(f"{called!r} is a row made by hand: only its numbers are known, not a formula; "
                            "for more, make it of rows, or register an Op")  # fmt: skip
        if local_grads is None and step is None:
            raise RuntimeError(
                f"a Value made by hand, Value({y!r}, children, {text!r}), has not been told how "
                "gradients flow through it: assign its _backward, as in micrograd, or give its local gradients, "
                "Value(data, children, local_grads)"
            )
        return local_grads if step is None else step()

    def forward(*xs: Any) -> float:
        raise TypeError(
            f"{called!r} is a row made by hand, whose number was computed outside: it cannot be computed again; "
            "make it of rows, or register an Op"
        )

    power = n == 1 and text.startswith("**")
    called = f"power({text[2:]})" if power else SYMBOLS.get(text, text) if n == 2 else text or "by hand"
    op = Op(called or "by hand", forward, partials, text if power or (n == 2 and text in SYMBOLS) else "", (REAL,) * n,
            recipe=(handmade, (text, local_grads, n)))  # fmt: skip
    object.__setattr__(op, "own", True)  # the rule is somebody's: first derivatives are its numbers
    return op


def _step(v: Value) -> Callable[[], None]:
    """micrograd's: add what this node's gradient contributes to its parents' gradients.  A leaf contributes nothing."""

    def _backward() -> None:
        for p, d in zip(v.parents, v.local_grads()):
            p.grad += d * v.grad

    return _backward


def _set_step(v: Value, step: Callable[[], Any]) -> None:
    """From now on the local gradients of this node are what `step` adds to its parents' gradients when its own is 1."""
    if not callable(step):
        raise TypeError(f"a _backward is a function without arguments, not {type(step).__name__} {step!r}")
    if not v.parents:  # micrograd gives leaves one that does nothing
        return

    def found() -> tuple[float, ...]:
        once, twice = _added(v, step, 1.0), _added(v, step, -2.0)
        for p in once:
            if once[p] * -2.0 != twice[p] and once[p] == once[p]:
                raise ValueError(
                    f"the _backward of {v!r} adds {once[p]!r} to a parent's gradient for an upstream gradient of 1, "
                    f"and {twice[p]!r} for -2: it must add upstream times local, p.grad += local * out.grad"
                )
        if len(once) < len(v.parents):  # a parent twice: what writes over the gradient loses the first part
            kept = _added(v, step, 1.0, start=1.0 + max(map(abs, once.values())))
            if any(kept[p] == once[p] and math.isfinite(once[p]) and v.parents.count(p) > 1 for p in once):
                raise ValueError(
                    f"the _backward of {v!r} writes over the gradient of a parent that it has twice: it must add, "
                    "p.grad += local * out.grad"
                )
        return tuple(
            [once.pop(p, 0.0) for p in v.parents]
        )  # a parent that is there twice got everything the first time

    v.op = handmade(FloatLike._op.__get__(v), None, len(v.parents), found)


def _added(v: Value, step: Callable[[], Any], upstream: float, start: float = 0.0) -> dict[Value, float]:
    """The gradients of a node's parents, which begin at `start`, after a backward step; then all are as before.

    Raises ValueError if it adds to a Value that is no parent, or returns what it should have added.
    """
    cells = [c.cell_contents for c in getattr(step, "__closure__", None) or () if c != CellType()]
    used = [x for c in cells for x in (c if isinstance(c, (list, tuple)) else [c]) if isinstance(x, Value)]
    before, called = {n: n.grad for n in (v, *v.parents, *used)}, repr(v)
    try:
        for n in before:
            n.grad = start if n in v.parents else 0.0
        v.grad = upstream
        returned = step()
        strange = [n for n in before if n.grad and n is not v and n not in v.parents]
        if strange:
            raise ValueError(
                f"the _backward of {called} adds to the gradient of {strange[0].label or 'a Value'}, which is none of "
                f"its {len(v.parents)} children: name it among them, Value(data, children, op)"
            )
        added = {p: p.grad for p in v.parents}
        numbers = [x for x in (returned if isinstance(returned, (tuple, list)) else [returned]) if type(x) is float]
        if any(numbers) and not any(added.values()):
            raise ValueError(
                f"the _backward of {called} returns {returned!r:.80} and adds nothing to a gradient: it must add, "
                "p.grad += local * out.grad"
            )
        return added
    finally:
        for n, g in before.items():
            n.grad = g


_NAMES: dict[str, Any] = {
    "_made_by_hand": _made_by_hand,
    "_backward": property(_step, _set_step),
    "_prev": FloatLike._prev.setter(_told_when_made),  # type: ignore[attr-defined]
    "_op": FloatLike._op.setter(_told_when_made),  # type: ignore[attr-defined]
    "_children": property(lambda v: v.parents, _told_when_made, doc="microgpt's name for the parents."),
    "_local_grads": property(
        lambda v: v.local_grads() if v.parents else (), _told_when_made, doc="microgpt's: one number for each parent."
    ),
    "item": lambda v: v.data,
    "topo": topological,
    "no_grad": staticmethod(modes.no_grad),
}
for _name, _meaning in _NAMES.items():
    setattr(Value, _name, _meaning)
