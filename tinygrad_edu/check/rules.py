"""The rows one by one: each node's own partials beside differences of its own forward rule, its parents held fixed.

What the chain rule makes of the partials is not in it, and so a wrong one cannot hide behind others, nor blame them.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import cast

from ..chance import is_held
from ..engine import Value, topological
from ..ieee import isfinite
from ..names import Names
from ..opening import opened
from ..ops import Op
from .probes import EPS, RowProbe, application
from .report import Partial
from .slopes import judge, line_through

MOST = 1000  # partials that are checked while nothing is wrong


def partials_of(op: Op, xs: Sequence[float]) -> Iterator[Partial]:
    """Each partial of a row at some numbers, compared.

    >>> wrong = Op("cube", lambda x: x * x * x, lambda y, x: (2 * x * x,))
    >>> [(p.analytic, p.numeric, bool(p)) for p in partials_of(wrong, [0.5])]
    [(0.5, 0.75, False)]
    """
    center = RowProbe(op, xs)
    slopes = [*map(float, op.slopes(center.y, *xs))]
    felt = [abs(d * x) for d, x in zip(slopes, xs)]  # the terms of a sum round, however small it is
    center.rounding = max(center.rounding, EPS * max([f for f in felt if isfinite(f)], default=0.0))
    for i, (d, x) in enumerate(zip(slopes, xs)):
        line = line_through(lambda at: RowProbe(op, at), xs, i)
        yield cast(Partial, judge(op.name, d, line, x, center, kind=Partial, row=op.name, input=i))


def rules(root: Value, most: int | None = MOST, seed: int = 0) -> list[Partial]:
    """The partials of every node that leads to `root`, parents first, also of those inside what was replayed.

    If there are more than `most`, of every row the first node, and others drawn with the seed.  What saw no finite
    numbers is left out; nodes that saw the same numbers are computed once.
    """
    order = topological(root)
    inside = opened(root)
    if inside is not root:
        order += [n for n in topological(inside) if n not in {*order}]
    names = Names(order).full
    places = [(i, n) for i, n in enumerate(order, 1) if n.parents and not is_held(n) and all(map(isfinite, n.numbers))]
    if most is not None and sum([len(n.parents) for _, n in places]) > most:
        places = _some(places, most, seed)
    known: dict[tuple[Op, tuple[float, ...]], list[Partial]] = {}
    found = []
    for i, n in places:
        key = (n.op, n.numbers)
        if key not in known:
            known[key] = [*partials_of(n.op, n.numbers[1:])]
        where = application(n) + ("" if n.label else f" at {names[n]}")
        found += [replace(p, name=where, node=names[n], place=(i, len(order))) for p in known[key]]
    return found


def _some(places: list[tuple[int, Value]], most: int, seed: int) -> list[tuple[int, Value]]:
    """One node of every row, and then whichever are drawn, until they have `most` parents."""
    first = {n.op.name: i for i, n in reversed(places)}
    drawn = random.Random(seed).sample(places, len(places))
    drawn.sort(key=lambda p: first[p[1].op.name] != p[0])
    until = [*accumulate(len(n.parents) for _, n in drawn)]
    return sorted(drawn[: max(len(first), bisect(until, most))], key=lambda p: p[0])
