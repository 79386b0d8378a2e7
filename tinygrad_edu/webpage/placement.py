"""Where each node of a graph stands, without Graphviz: layers from left to right, few crossings, short edges.

The classic four moves of a layered drawing: a layer for each node (the longest path to it), a way through the
layers for each edge that skips some, an order within each layer (each node near the middle of its neighbours),
and heights (as near to its neighbours as the order allows).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence

HEIGHT, GAP, BESIDE, LANE = 64, 20, 72, 16  # of a card, between cards, between layers, of an edge that passes by
SWEEPS = 12

Parents = Sequence[tuple[int, ...]]
Spot = tuple[int, int]  # (node, layer): the node itself in its own layer, its edge passing by in a later one


def layers(parents: Parents) -> list[int]:
    """The layer of each node, which come in topological order: the longest path to it, and leaves beside their first use.

    >>> layers([(), (), (0, 1), (), (2, 3)])  # a, b, a*b, c, a*b + c
    [0, 0, 1, 1, 2]
    """
    layer = [0] * len(parents)
    first: dict[int, int] = {}
    for n, ps in enumerate(parents):
        layer[n] = max((layer[p] + 1 for p in ps), default=0)
        for p in ps:
            first[p] = min(layer[n], first.get(p, layer[n]))
    return [layer[n] if ps else max(first.get(n, 0) - 1, 0) for n, ps in enumerate(parents)]


def layout(parents: Parents, width: int) -> tuple[list[tuple[float, float]], list[list[str]]]:
    """The middle of each node's card, and for each node one SVG path per parent.  Cards are `width` wide.

    >>> layout([(), (), (0, 1)], 100)
    ([(50.0, 32.0), (50.0, 116.0), (222.0, 74.0)], [[], [], ['M100,32C136,32 136,67 172,67', 'M100,116C136,116 136,81 172,81']])
    """
    layer = layers(parents)
    last = layer[:]
    for n, ps in enumerate(parents):
        for p in ps:
            last[p] = max(last[p], layer[n] - 1)
    left: dict[Spot, list[Spot]] = {
        (n, k): [(n, k - 1)] for n in range(len(parents)) for k in range(layer[n] + 1, last[n] + 1)
    }
    left |= {(n, layer[n]): [(p, layer[n] - 1) for p in ps] for n, ps in enumerate(parents)}
    right: dict[Spot, list[Spot]] = {s: [] for s in left}
    for s, before in left.items():
        for b in before:
            right[b].append(s)
    rows: list[list[Spot]] = [[] for _ in range(max(layer) + 1)]
    for s in _from_the_root(left, (len(parents) - 1, layer[-1])):
        rows[s[1]].append(s)  # the first input above the second, as far as it goes
    rows = _uncrossed(rows, left, right)
    y = _heights(rows, left, right, layer)

    spot = [(layer[n] * (width + BESIDE) + width / 2, y[n, layer[n]]) for n in range(len(parents))]
    routes = []
    for n, ps in enumerate(parents):
        step = min(14.0, (HEIGHT - 14) / max(len(ps), 1))
        ports = [spot[n][1] + (i - (len(ps) - 1) / 2) * step for i in range(len(ps))]
        routes.append([_route(p, layer[p], layer[n], y, port, width) for p, port in zip(ps, ports)])
    return spot, routes


def _from_the_root(left: dict[Spot, list[Spot]], root: Spot) -> list[Spot]:
    """Every spot, a node before its inputs and an input with all its own before the next."""
    found, stack = {}, [root]
    while stack:
        s = stack.pop()
        if s not in found:
            found[s] = True
            stack.extend(reversed(left[s]))
    return list(found)


def _uncrossed(rows: list[list[Spot]], left: dict[Spot, list[Spot]], right: dict[Spot, list[Spot]]) -> list[list[Spot]]:
    """The layers with their spots in the order, of those tried, that has the fewest crossings."""
    best, fewest = rows, _crossings(rows, left)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        rows = [row[:] for row in rows]
        beside = right if sweep % 2 else left
        for k in reversed(range(len(rows))) if sweep % 2 else range(len(rows)):
            place = {s: i for row in rows[max(k - 1, 0) : k + 2] for i, s in enumerate(row)}
            rows[k].sort(key=lambda s: _mean([place[t] for t in beside[s]], place[s]))
        crossings = _crossings(rows, left)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _crossings(rows: list[list[Spot]], left: dict[Spot, list[Spot]]) -> int:
    """How many pairs of edges cross between neighbouring layers."""
    count = 0
    for before, row in zip(rows, rows[1:]):
        place = {s: i for i, s in enumerate(before)}
        seen: list[int] = []
        for s in row:
            ends = sorted(place[t] for t in left[s])
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _heights(
    rows: list[list[Spot]], left: dict[Spot, list[Spot]], right: dict[Spot, list[Spot]], layer: list[int]
) -> dict[Spot, float]:
    """How far down each spot stands: near the mean of its neighbours, cards never on each other; the top one at 32."""

    def room(a: Spot, b: Spot) -> float:
        return sum((HEIGHT if layer[n] == k else LANE) / 2 for n, k in (a, b)) + GAP

    y: dict[Spot, float] = {}
    for row in rows:
        for above, s in zip([None, *row], row):
            y[s] = y[above] + room(above, s) if above else 0.0
    for sweep in range(SWEEPS):
        for k in reversed(range(len(rows))) if sweep % 2 else range(len(rows)):
            row = rows[k]
            down = [0.0]  # what the spots above take, so that what is left to find only has to rise
            for a, b in zip(row, row[1:]):
                down.append(down[-1] + room(a, b))
            wish = [_mean([y[t] for t in left[s] + right[s]], y[s]) - d for s, d in zip(row, down)]
            y.update({s: w + d for s, w, d in zip(row, _rising(wish), down)})
    top = min(y.values())
    return {s: round(v - top + HEIGHT / 2, 1) for s, v in y.items()}


def _rising(wish: list[float]) -> list[float]:
    """The numbers nearest to `wish`, by least squares, that never fall: neighbours that would are pooled.

    >>> _rising([1.0, 5.0, 3.0, 6.0])
    [1.0, 4.0, 4.0, 6.0]
    """
    pools: list[tuple[float, int]] = []
    for w in wish:
        pool = (w, 1)
        while pools and pools[-1][0] > pool[0]:
            (a, m), (b, n) = pools.pop(), pool
            pool = ((a * m + b * n) / (m + n), m + n)
        pools.append(pool)
    return [mean for mean, size in pools for _ in range(size)]


def _route(p: int, start: int, end: int, y: dict[Spot, float], port: float, width: int) -> str:
    """The SVG path from the right of card `p`, level through the layers between, to `port` on the left of a card."""
    column = width + BESIDE
    path = f"M{start * column + width},{y[p, start]:g}"
    here = y[p, start]
    for k in range(start + 1, end + 1):
        there = port if k == end else y[p, k]
        middle = k * column - BESIDE / 2
        path += f"C{middle:g},{here:g} {middle:g},{there:g} {k * column},{there:g}" + (
            f"H{k * column + width}" if k < end else ""
        )
        here = there
    return path


def _mean(xs: Sequence[float], otherwise: float) -> float:
    return sum(xs) / len(xs) if xs else otherwise
