"""Where everything in a drawing stands: a `Plan`; and what a layout is, so that `draw` can be given another one.

A layout is a function of five things: the parents of each node, nodes in topological order; the sizes of the nodes; the
frames around each, the outermost first; the direction, LR, TB, RL or BT; and the room to leave between layers.

    >>> def row(parents, sizes, frames=(), direction="LR", beside=40.0):
    ...     "All nodes in a row; edges are arcs above it."
    ...     spots, routes, x, high = [], [], 0.0, 100.0
    ...     for width, height in sizes:
    ...         spots.append((x + width / 2, high))
    ...         x += width + beside
    ...     for n, ps in enumerate(parents):
    ...         (u, v), (w, h) = spots[n], sizes[n]
    ...         starts = [(spots[p][0], spots[p][1] - sizes[p][1] / 2) for p in ps]
    ...         routes.append([[a, (a[0], 0.0), (u, 0.0), (u, v - h / 2)] for a in starts])
    ...     return Plan(spots, routes, {}, (x - beside, high + max(h for _, h in sizes) / 2))
    >>> from tinygrad_edu import Value, draw
    >>> L = Value(2.0, "a") * Value(3.0, "b")
    >>> draw(L, layout=row)
    <Drawing: 3 nodes, 2 edges; .save("graph.svg") writes it, also .png, .pdf, .dot>

`placement.layout` is ours.  One that asks another program, or draws in a circle, has the same form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from .errors import UserError

Key = Hashable
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, width, height


class Plan(NamedTuple):
    """Where all stands: the middle of each node, the ways of its edges (start,
    then three points a curve), the frames.
    """

    spots: list[Point]
    routes: list[list[list[Point]]]  # routes[n][i] comes from parent i of node n
    boxes: dict[tuple[Key, ...], Box]
    size: Point


Layout = Callable[[Sequence[Sequence[int]], Sequence[Point], Sequence[tuple[Key, ...]], str, float], Plan]


def checked_plan(plan: Any, parents: Sequence[Sequence[int]], sizes: Sequence[Point]) -> Plan:
    """The plan that somebody's layout made, as a Plan, if it can be drawn.

    Raises UserError with what is missing: a place for each node, a way for each edge, a frame's sides, or room.

    >>> checked_plan(Plan([(5.0, 5.0)], [[]], {}, (10.0, 10.0)), [()], [(10.0, 20.0)])
    Traceback (most recent call last):
    tinygrad_edu.errors.UserError: the layout puts node 0, which is 10 x 20, at (5, 5), outside of its size 10 x 10
    """
    if not isinstance(plan, tuple) or len(plan) != 4:
        raise UserError(f"a layout returns a Plan, (spots, routes, boxes, size), not {plan!r:.80}")
    spots, routes, boxes, size = plan
    if not _are_points(spots) or len(spots) != len(parents):
        raise UserError(f"a layout gives the middle (x, y) of each of the {len(parents)} nodes, got {spots!r:.80}")
    if not _are_points([size]):
        raise UserError(f"a layout gives the size (width, height) of it all, got {size!r:.80}")
    for n, ((x, y), (w, h)) in enumerate(zip(spots, sizes)):
        if min(x - w / 2, y - h / 2) < -0.5 or x + w / 2 > size[0] + 0.5 or y + h / 2 > size[1] + 0.5:
            raise UserError(f"the layout puts node {n}, which is {w:g} x {h:g}, at ({x:g}, {y:g}), "
                            f"outside of its size {size[0]:g} x {size[1]:g}")  # fmt: skip
    counts = [len(ways) if isinstance(ways, (list, tuple)) else -1 for ways in routes or ()]
    if counts != [len(ps) for ps in parents]:
        raise UserError(f"a layout gives each node a list of ways, one from each parent, got {routes!r:.80}")
    for n, ways in enumerate(routes):
        for p, way in zip(parents[n], ways):
            if not _are_points(way) or len(way) < 4 or len(way) % 3 != 1:
                raise UserError(f"the way from node {p} to node {n} is a start, then three points (x, y) for each "
                                f"curve, two to steer it and its end; got {way!r:.80}")  # fmt: skip
    if not isinstance(boxes, Mapping) or not _are_points(list(boxes.values()), 4):
        raise UserError(f"a layout gives a dict of frames, each (left, top, width, height), got {boxes!r:.80}")
    return Plan(spots, routes, dict(boxes), size)


def _are_points(points: Any, size: int = 2) -> bool:
    """Whether these are a list of pairs of finite numbers, or of so many."""
    return isinstance(points, (list, tuple)) and all(
        isinstance(p, tuple) and len(p) == size and all(isinstance(x, (int, float)) and math.isfinite(x) for x in p)
        for p in points
    )
