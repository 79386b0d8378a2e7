"""Rules of one's own on trial, before they are differentiated: are they made of rows, or can only numbers run them?

>>> import math
>>> from tinygrad_edu import ops
>>> rules = {"rows": lambda y, x: (ops.cos(x),), "numbers": lambda y, x: (math.cos(x),)}
>>> {name: can_be_differentiated(Op("sine", ops.sin.forward, rule)(Value(0.5))) for name, rule in rules.items()}
{'rows': True, 'numbers': False}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from . import modes, ops, tracing
from .engine import Value, topological
from .graphs import rebuilt
from .ops import Op


class _Trial(Value):
    """What a rule of one's own is tried on: it may be compared and calculated with, but not asked for its number."""

    __slots__ = ()

    def _asked(self, *_: Any) -> Any:
        raise TypeError("it asks for a number")

    data = grad = numbers = local_grads = property(_asked)
    detach = backward = __float__ = __int__ = __round__ = __format__ = __repr__ = _asked  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return self._data != 0.0


def _compared(name: str) -> Callable[[_Trial, Any], Any]:
    test = getattr(float, name)
    return lambda self, other: test(self._data, other._data if isinstance(other, Value) else other)


def _tried(name: str) -> Callable[..., Any]:
    """What is calculated in a trial is on trial too."""
    plain = getattr(Value, name)

    def method(self: _Trial, *args: Any) -> Any:
        result = plain(self, *args)
        if isinstance(result, Value):
            result.__class__ = _Trial
        return result

    return method


for _name in ("__lt__", "__le__", "__gt__", "__ge__"):
    setattr(_Trial, _name, _compared(_name))
for _name in ("add", "sub", "mul", "truediv", "pow"):
    for _dunder in (f"__{_name}__", f"__r{_name}__"):
        setattr(_Trial, _dunder, _tried(_dunder))
for _name in ("__neg__", "__abs__", "__apply__"):
    setattr(_Trial, _name, _tried(_name))


def can_be_differentiated(node: Value) -> bool:
    """Whether a row's rule is made of rows where it was used: it gives the same as with numbers,
    and never asks for one.
    """
    op, trial = node.op, [Value(x) for x in node.numbers]
    try:
        with modes.remembering(), modes.anomalies("ignore"):
            for v in trial:
                v.__class__ = _Trial
            ds = op.partials(*trial)
            here = zip(op.slopes(*node.numbers), [d._data if isinstance(d, Value) else float(d) for d in ds])
            return all(a == b or a != a or math.isclose(a, b, rel_tol=1e-6) for a, b in here) and any(
                _holds(node, trial, ds, step) for step in (1e-3, -1e-3)
            )
    except Exception:  # whatever a rule that expects floats may raise
        return False


def _nearby(node: Value, step: float) -> list[float]:
    """The inputs of a node, moved a little."""
    return [x + step * max(abs(x), 1e-2) for x in node.numbers[1:]]


def _holds(node: Value, trial: Sequence[Value], ds: Sequence[Any], step: float) -> bool:
    """Whether what a rule made of `trial` is its formula at another point too, unless it takes another branch there.

    A rule may have mixed in what its forward stored, or what it computed under `no_grad()`:
    these change with the inputs, unsaid.
    """
    op, near = node.op, _nearby(node, step)
    try:
        y = op.forward(*near)
        slopes = op.slopes(y, *near)
        op.forward(*node.numbers[1:])  # what it stores is what it stored
    except Exception:  # its formula may end here
        return True
    order = topological(tuple([d for d in ds if isinstance(d, Value)]))
    known = rebuilt(order, dict(zip(trial, (y, *near))), lambda n, xs: n.op.forward(*xs) if xs else n._data)
    found = [known[d] if isinstance(d, Value) else d for d in ds]
    return all(a == b or a != a or b != b or math.isclose(a, b, rel_tol=1e-9) for a, b in zip(slopes, found))


def check_memory(node: Value) -> None:
    """Raise RecordingError if the local gradients of a row of one's own depend on what its forward stored,
    not on its output and inputs alone.
    """
    op = node.op
    if not op.own or not node.numbers:
        return
    _, *xs = node.numbers
    try:
        op.forward(*xs)
        now = op.slopes(*node.numbers)
        op.forward(*_nearby(node, 1e-3))
        later = op.slopes(*node.numbers)
        op.forward(*xs)
    except Exception:  # which has its place elsewhere
        return
    if any(a != b and (a == a or b == b) for a, b in zip(now, later)):
        raise tracing.RecordingError(
            f"the partials of the row {op.name!r} use what its forward stored, which may be another node's when "
            "gradients flow: make them of its output and inputs alone"
        )


def slope_row(op: Op, i: int) -> Op:
    """A local gradient of a row whose rule only numbers can run: a number that depends on the inputs, who knows how."""

    def partials(d: Any, y: Any, *xs: Any) -> Any:
        raise TypeError(
            f"the row {op.name!r} cannot be differentiated twice: its partials ask for plain numbers, "
            "as math.cos(x), float(x) or x.data do. Make them of rows, such as ops.cos(x), "
            "and it has derivatives of every order"
        )

    return Op(f"partial {i} of {op.name}", lambda y, *xs: op.slopes(y, *xs)[i], partials, domain=(ops.REAL, *op.domain))
