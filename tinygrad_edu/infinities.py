"""The first value and the first gradient that are not finite, in words: what `anomalies` says, and `diagnose` too.

>>> from tinygrad_edu import Value
>>> value_told(Value(-2.0, label="p").log())
'log(p) = nan: log is defined on (0, inf); its input is p = -2.0'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from . import callsites
from .ieee import inf, isfinite


class FirstEdge(NamedTuple):
    """The edge from a node to one of its parents, on which a finite gradient becomes inf or nan."""

    node: Any
    place: int  # which of its parents
    upstream: float
    local: float
    before: float  # what had come to the parent on other edges


def first_edge(
    order: Sequence[Any], totals: Mapping[Any, float], slopes: Callable[[Any], Iterable[float]]
) -> FirstEdge | None:
    """The first edge of the backward pass that makes nan or inf of a finite gradient; None if there is none.

    `order` has parents before children, `totals` are the gradients, `slopes(node)` the local ones.
    """
    sums: dict[Any, float] = {}
    for n in reversed(order):
        if not n.parents or not isfinite(up := totals[n]):
            continue
        for i, (p, d) in enumerate(zip(n.parents, slopes(n))):
            before = sums.get(p, 0.0)
            sums[p] = before + d * up
            if not isfinite(sums[p]) and isfinite(before):
                return FirstEdge(n, i, float(up), float(d), float(before))
    return None


def interval(bounds: Any) -> str:
    """An interval as people write it.

    >>> interval((0.0, inf)), interval((-1.0, 1.0))
    ('(0, inf)', '(-1, 1)')
    """
    return f"({bounds[0]:g}, {bounds[1]:g})"


def value_told(v: Any) -> str:
    """A result that is not finite: the operation, its inputs, where it is defined, and the line that made it."""
    told = dict.fromkeys(f"{p.label} = {p.data!r}" for p in v.parents if p.label)
    where = [interval(d) for d in v.op.domain if d is not ... and d != (-inf, inf)]
    return (
        f"{_formula(v)} = {v.data}"
        + (f": {v.op.name} is defined on {' and '.join(where)}" if where else "")
        + (f"; its input{'s are' if len(told) > 1 else ' is'} {', '.join([*told][:4])}" if told else "")
        + (f"; {line}" if (line := callsites.told(v)) else "")
    )


def gradient_told(order: Sequence[Any], totals: Mapping[Any, float]) -> str:
    """A gradient that is not finite: the edge on which it becomes so, and the line that made the node at its end."""
    whose = f" of {order[-1].label}" if order[-1].label else ""
    edge = first_edge(order, totals, lambda n: n.op.slopes(*n.numbers))
    if edge is None:  # it began so: backward(inf)
        bad = next(n for n in reversed(order) if not isfinite(totals[n]))
        return f"the gradient{whose} with respect to {_called(bad)} is {float(totals[bad])}"
    n, i, up, d, before = edge
    p, x, name = n.parents[i], n.numbers[1 + i], _called(n)
    line = callsites.told(n)
    return (
        f"the gradient{whose} stops being finite at {_called(p)}"
        + (f" (value {x!r})" if p.label or p.parents else "")
        + f": {f'{name} = ' if n.label else ''}{_formula(n)} hands it upstream × local = {up:g} × {d:g} = {up * d:g}"
        + (f", which is added to {before:g}" if isfinite(up * d) else "")
        + (f"; {name} was made {line}" if line else "")
    )


def _called(v: Any) -> str:
    return v.label or (_formula(v) if v.parents else f"{v.data!r}")


def _formula(v: Any) -> str:
    """A node as its row and what it reads; what has no name is a number."""
    names = [p.label or f"{p.data!r}" for p in v.parents]
    return f"{v.op.name}({', '.join(names[:4])}{', ...' if len(names) > 4 else ''})"
