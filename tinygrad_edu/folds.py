"""A long drawing in rows, as a text has lines: what is too wide to be read goes on below, at the left.

The layers of a plan stay as they are; it is cut between them, at few edges, and each edge that is cut runs back to the
next row like the carriage of a typewriter: around the end of its row, between the two, and in again from the left.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from .plans import Box, Plan, Point

LANE, TURN = 11.0, 9.0  # between lines that run back, and the radius of their corners
AFTER, BEFORE, BETWEEN = (
    14.0,
    46.0,
    18.0,
)  # room for a line to turn: at the end of a row, at its start, above it and below
WIDEST = 90.0  # room at the start of a row at most
NEAR = 1.0  # of what stands at the same place; places are rounded, and layers are further apart


class _Row(NamedTuple):
    """A piece of the drawing: from where to where it goes, and what of it stands highest and lowest."""

    start: float
    end: float
    top: float
    bottom: float


def folded(plan: Plan, parents: Sequence[Sequence[int]], sizes: Sequence[Point], most: float, direction: str = "LR",
           words: float = 0.0) -> Plan:  # fmt: skip
    """The plan in as few rows as are about `most` wide at most, where cards and frames allow it;
    as it is if it flows up or down.  An edge that begins a row has room for `words` so wide.

    >>> from .placement import layout
    >>> chain, sizes = [(), (0,), (1,), (2,)], [(100.0, 64.0)] * 4
    >>> plan = layout(chain, sizes)
    >>> folded(plan, chain, sizes, 400).spots
    [(107.0, 32.0), (271.0, 32.0), (107.0, 132.0), (271.0, 132.0)]
    >>> folded(plan, chain, sizes, 1000) is plan
    True
    """
    if plan.size[0] <= most or direction not in ("LR", "RL"):
        return plan
    before = min(max(BEFORE, words + 4), WIDEST)
    if direction == "RL":
        return _mirrored(_folded(_mirrored(plan), parents, sizes, most, before))
    return _folded(plan, parents, sizes, most, before)


def _folded(plan: Plan, parents: Sequence[Sequence[int]], sizes: Sequence[Point], most: float, before: float) -> Plan:
    layers = _layers(plan, sizes)
    ends = [end for _, end in layers]
    sources = [set[int]() for _ in layers]  # the nodes whose edges run past the end of each layer
    for n, ps in enumerate(parents):
        for p, route in zip(ps, plan.routes[n]):
            for k in range(bisect_left(ends, route[0][0] - NEAR), bisect_left(ends, route[-1][0] - NEAR)):
                sources[k].add(p)
    cuts = _cuts(layers, [len(s) for s in sources], most, before)
    if not cuts:
        return plan
    rows, firsts = [], [0, *[k + 1 for k in cuts]]
    lows = [layers[k][0] for k in firsts]
    marks = [*[(x - w / 2, y - h / 2, y + h / 2) for (x, y), (w, h) in zip(plan.spots, sizes)],
             *[(x, y, y + h) for x, y, _, h in plan.boxes.values()],
             *[(x, y, y) for ways in plan.routes for way in ways for x, y in way]]  # fmt: skip
    for start, end in zip(lows, [*[ends[k] for k in cuts], ends[-1]]):
        inside = [(top, bottom) for x, top, bottom in marks if start - NEAR <= x <= end + NEAR]
        rows.append(_Row(start, end, min(t for t, _ in inside), max(b for _, b in inside)))

    # The highest line at the end of a row is the outermost there, the lowest below it,
    # and the innermost at the next start.
    lanes: list[dict[int, int]] = []
    for k, row in zip(cuts, rows):
        heights = {p: _at(route, row.end) for n, ps in enumerate(parents) for p, route in zip(ps, plan.routes[n])
                   if p in sources[k]
                   and route[0][0] <= row.end + NEAR and route[-1][0] > row.end + NEAR}  # fmt: skip
        lanes.append({p: i for i, p in enumerate(sorted(heights, key=lambda p: (heights[p], p)))})
    left = before + LANE * max(len(by) for by in lanes)
    shifts, below = [], 0.0
    for row, by in zip(rows, [*lanes, {}]):
        shifts.append((left - row.start, below - row.top))
        below += row.bottom - row.top + 2 * BETWEEN + LANE * max(len(by) - 1, 0)

    def moved(p: Point, r: int) -> Point:
        return round(p[0] + shifts[r][0], 1), round(p[1] + shifts[r][1], 1)

    def row_of(x: float) -> int:
        return bisect_right(lows, x + NEAR) - 1

    def run(p: int, route: list[Point]) -> list[Point]:
        first, last = row_of(route[0][0]), row_of(route[-1][0])
        way: list[Point] = []
        for r in range(first, last + 1):
            piece = [
                moved(q, r)
                for q in route
                if (r == first or q[0] >= rows[r].start - NEAR) and (r == last or q[0] <= rows[r].end + NEAR)
            ]
            if way:
                i, n, end = lanes[r - 1][p], len(lanes[r - 1]), left + rows[r - 1].end - rows[r - 1].start
                foot = rows[r - 1].bottom + shifts[r - 1][1] + BETWEEN + LANE * (n - 1 - i)
                way += _back(way[-1], piece[0], end + AFTER + LANE * (n - 1 - i), foot, left - before - LANE * i)
            way += piece[bool(way) :]
        return way

    routes = [[run(p, route) for p, route in zip(ps, plan.routes[n])] for n, ps in enumerate(parents)]
    spots = [moved(spot, row_of(spot[0])) for spot in plan.spots]
    boxes: dict[tuple[object, ...], Box] = {
        k: (*moved((x, y), row_of(x)), w, h) for k, (x, y, w, h) in plan.boxes.items()
    }
    wide = max(
        left + row.end - row.start + (AFTER + LANE * len(by) if by else 0.0) for row, by in zip(rows, [*lanes, {}])
    )
    return Plan(spots, routes, boxes, (wide, below - 2 * BETWEEN))


def _layers(plan: Plan, sizes: Sequence[Point]) -> list[tuple[float, float]]:
    """From where to where each layer goes: what stands above each other, with the frames around it."""
    taken = [(x - w / 2, x + w / 2) for (x, _), (w, _) in zip(plan.spots, sizes)]
    layers: list[tuple[float, float]] = []
    for start, end in sorted([*taken, *[(x, x + w) for x, _, w, _ in plan.boxes.values()]]):
        if layers and start < layers[-1][1] + NEAR:
            layers[-1] = layers[-1][0], max(end, layers[-1][1])
        else:
            layers.append((start, end))
    return layers


def _cuts(layers: Sequence[tuple[float, float]], crossing: Sequence[int], most: float, before: float) -> list[int]:
    """The layers after which a row ends: as few rows as may be, then few edges cut, then rows as long as each other."""
    best: list[tuple[tuple[float, ...], int]] = [
        ((0.0, 0.0, 0.0), 0)
    ]  # of the layers before: what it costs, where the last row starts
    for k in range(len(layers)):
        tried = []
        for first in range(k, -1, -1):
            cut = crossing[first - 1] if first else 0
            wide = layers[k][1] - layers[first][0]
            lines = crossing[k] if k + 1 < len(layers) else 0
            around = before + LANE * max(cut, lines) + (AFTER + LANE * lines if lines else 0.0)
            if wide + around > most and first < k:
                break
            rows, cost, squares = best[first][0]
            tried.append(((rows + 1, cost + cut, squares + wide * wide), first))
        best.append(min(tried))
    cuts, k = [], len(layers)
    while (k := best[k][1]) > 0:
        cuts.append(k - 1)
    return cuts[::-1]


def _at(route: Sequence[Point], x: float) -> float:
    """How far down a route is where a layer ends: it has a point there."""
    return next(q[1] for q in reversed(route) if q[0] <= x + NEAR)


def _back(a: Point, b: Point, right: float, foot: float, left: float) -> list[Point]:
    """From the end of one row to the start of the next, around four corners: three points for each curve."""
    way = [a]

    def straight(p: Point) -> None:
        way.extend([way[-1], p, p])

    def turn(corner: Point, end: Point) -> None:
        (x, y), (u, v), k = way[-1], end, 0.55
        way.extend(
            [
                (x + k * (corner[0] - x), y + k * (corner[1] - y)),
                (u + k * (corner[0] - u), v + k * (corner[1] - v)),
                end,
            ]
        )

    straight((right - TURN, a[1]))
    turn((right, a[1]), (right, a[1] + TURN))
    straight((right, foot - TURN))
    turn((right, foot), (right - TURN, foot))
    straight((left + TURN, foot))
    turn((left, foot), (left, foot + TURN))
    straight((left, b[1] - TURN))
    turn((left, b[1]), (left + TURN, b[1]))
    straight(b)
    return [(round(x, 1), round(y, 1)) for x, y in way[1:]]


def _mirrored(plan: Plan) -> Plan:
    """The same from right to left."""
    wide = plan.size[0]

    def over(p: Point) -> Point:
        return round(wide - p[0], 1), p[1]

    return Plan([over(p) for p in plan.spots], [[[over(p) for p in way] for way in ways] for ways in plan.routes],
                {k: (round(wide - x - w, 1), y, w, h) for k, (x, y, w, h) in plan.boxes.items()},
                plan.size)  # fmt: skip
