"""Where the number of an edge stands: beside its curve, on no card and no other number, and on a line only if it must.

>>> level = [(0.0, 50.0), (30.0, 50.0), (70.0, 50.0), (100.0, 50.0)]
>>> Captions([], [level]).place("×2", 11.0, level, 0.5)
(43.8, 45.0)
>>> Captions([(40.0, 30.0, 60.0, 48.0)], [level]).place("×2", 11.0, level, 0.5)[1] > 50
True
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..picture import width_of
from ..plans import Point

STEP, CELL = 4.0, 32.0  # between the points that stand for a curve, and the side of the squares they are kept in
TALL, CLEAR = 0.74, 1.5  # of a digit, for each unit of its size; and how near a line may come
CARD, NUMBER, LINE, SHARED = 100.0, 40.0, 6.0, 9.0  # what it costs to stand on these, or beside a way that edges share
EDGE, TOUCHED = 3.0, 2.0  # how near a card is too near, and what that costs
SHARES = (0.5, 0.35, 0.65, 0.22, 0.78, 0.12, 0.88)  # of a curve, where a number is tried
MOST = 50_000  # such points: of a drawing that no screen shows as a whole, they are further apart
NEAR = 20.0  # how far above or below its curve a number may stand
PIECES = 4  # of the last curves of an edge: further back it may still be another's

Area = tuple[float, float, float, float]  # left, top, right, bottom


class Captions:
    """The numbers of the edges of one drawing, placed one after the other."""

    def __init__(self, cards: Sequence[Area], routes: Sequence[Sequence[Point]]) -> None:
        self.taken: dict[Point, list[tuple[Area, float]]] = defaultdict(list)
        self.points: dict[Point, list[tuple[float, float, int]]] = defaultdict(list)
        for card in cards:
            self._keep(card, CARD)
            self._keep((card[0] - EDGE, card[1] - EDGE, card[2] + EDGE, card[3] + EDGE), TOUCHED)
        drawn = [
            (i, curve, math.dist(curve[0], curve[-1])) for i, route in enumerate(routes) for curve in pieces(route)
        ]
        step = max(STEP, sum(long for _, _, long in drawn) / MOST)
        for i, curve, long in drawn:
            n = math.ceil(long / step) + 1
            for x, y in (on_curve(curve, k / n) for k in range(n + 1)):
                self.points[x // CELL, y // CELL].append((x, y, i))
        self.routes = {id(route): i for i, route in enumerate(routes)}

    def place(self, said: str, size: float, route: Sequence[Point], share: float, bold: bool = False) -> Point:
        """Where words begin that belong to one of the routes: best so far along its last curve, above it."""
        wide, own = length(said, size, bold), self.routes[id(route)]
        deep = 0.2 * size * ("_" in said)  # a blank to be filled in
        best, least, first = (0.0, 0.0), math.inf, None
        for anchor, (x, y) in _places(route, share, wide, size):
            first = first or (x, y)
            area = x, y - TALL * size, x + wide, y + deep
            cost = self._cost(area, own, anchor) + 0.02 * math.dist(first, (x, y))
            if cost < least:
                best, least = (x, y), cost
            if least == 0.0:
                break
        self._keep((best[0], best[1] - TALL * size, best[0] + wide, best[1] + deep), NUMBER)
        return round(best[0], 1), round(best[1], 1)

    def _keep(self, area: Area, worth: float) -> None:
        for cell in _cells(area):
            self.taken[cell].append((area, worth))

    def _cost(self, area: Area, own: int, anchor: Point) -> float:
        left, top, right, bottom = area
        over, crossed, shared = set[tuple[Area, float]](), set[int](), False
        for cell in _cells((left - CLEAR, top - CLEAR, right + CLEAR, bottom + CLEAR)):
            over.update(t for t in self.taken[cell] if _meet(t[0], area)) if cell in self.taken else None
            for x, y, i in self.points.get(cell, ()):
                if left - CLEAR < x < right + CLEAR and top - CLEAR < y < bottom + CLEAR:
                    crossed.add(i)
        for x, y, i in self.points.get((anchor[0] // CELL, anchor[1] // CELL), ()):
            shared = shared or (i != own and abs(x - anchor[0]) + abs(y - anchor[1]) < STEP)
        outside = CARD * (left < 0 or top < 0)
        return sum(worth for _, worth in over) + LINE * len(crossed) + SHARED * shared + outside


def length(said: str, size: float, bold: bool = False) -> float:
    """How long the number of an edge is."""
    return width_of(said, size) * (1.08 if bold else 1.0)


def pieces(route: Sequence[Point]) -> list[tuple[Point, ...]]:
    """The curves of a route, those of no length left out."""
    several = [tuple(route[i : i + 4]) for i in range(0, len(route) - 3, 3)]
    return [c for c in several if c[0] != c[-1]]


def on_curve(curve: Sequence[Point], s: float) -> Point:
    """The point at a share of a curve."""
    a, b, c, d = curve
    u = 1 - s
    x, y = (u**3 * a[i] + 3 * u * u * s * b[i] + 3 * u * s * s * c[i] + s**3 * d[i] for i in (0, 1))
    return x, y


def _places(route: Sequence[Point], share: float, wide: float, size: float) -> Iterator[tuple[Point, Point]]:
    """Points of a route, the best first, and where words that stand beside them begin."""
    for curve in pieces(route)[: -PIECES - 1 : -1]:
        a, d = curve[0], curve[-1]
        slant, high, low = (d[1] - a[1]) / max(abs(d[0] - a[0]), 1.0), min(a[1], d[1]), max(a[1], d[1])
        for s in (share, *SHARES):
            x, y = on_curve(curve, s)
            middle = x - wide / 2
            above, right, left, under = (middle, y - 5), (x + 5, y - 2), (x - 4 - wide, y - 2), 4 + TALL * size
            first = right if slant > 0.25 else left if slant < -0.25 else above  # beside a curve that falls or rises
            beyond = [(middle, y + dy) for dy in (high - 5 - y, low - y + under) if abs(dy) < NEAR]  # all of the curve
            for place in dict.fromkeys((first, above, right, left, (middle, y + under), *beyond)):
                yield (x, y), place


def _cells(area: Area) -> Iterator[Point]:
    left, top, right, bottom = (v // CELL for v in area)
    for i in range(int(left), int(right) + 1):
        for j in range(int(top), int(bottom) + 1):
            yield i, j


def _meet(a: Area, b: Area) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
