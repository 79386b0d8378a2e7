"""Where each node of a graph stands, without Graphviz: layers from left to right, few crossings, short edges, frames.

The classic four moves of a layered drawing: a layer for each node (the longest path to it), a way through the
layers for each edge that skips some, an order within each layer (each node near the middle of its neighbours),
and heights (as near to its neighbours as the order allows).  A frame is placed first, for itself, with a door for
each edge that comes in or goes out; then it stands in what surrounds it like one large node.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from .plans import Box, Key, Plan, Point

GAP, BESIDE, LANE = 20.0, 64.0, 16.0  # between cards, between layers, of an edge that passes by
PAD, TITLE = 12.0, 16.0  # inside a frame, and above that for its name
SWEEPS = 12
STEEP = 160.0  # how much further apart at most
FAN = 14.0  # between edges that end at one card
LONG = 3  # layers that edges cross on the average: more, and products stand beside their sums, not all in one column


def layout(
    parents: Sequence[Sequence[int]],
    sizes: Sequence[Point],
    frames: Sequence[tuple[Key, ...]] = (),
    direction: str = "LR",
    beside: float = BESIDE,
) -> Plan:
    """The plan of a graph whose nodes come in topological order, each of a size (width, height).

    `frames[n]` are the frames around node n, the outermost first; frames that would stand in a circle are left out.
    `direction` is LR, TB, RL or BT, as in Graphviz; `beside` is the room between layers.

    >>> plan = layout([(), (), (0, 1)], [(100, 64)] * 3)
    >>> plan.spots, [path(route) for route in plan.routes[2]]
    ([(50.0, 32.0), (50.0, 116.0), (214.0, 74.0)], ['M100,32C132,32 132,67 164,67', 'M100,116C132,116 132,81 164,81'])
    """
    upright = direction in ("TB", "BT")
    turned = [(h, w) if upright else (w, h) for w, h in sizes]
    try:
        whole = _Block(parents, turned, list(frames) or [()] * len(parents), (), upright, beside)
    except ValueError:
        whole = _Block(parents, turned, [()] * len(parents), (), upright, beside)
    whole.settle((0.0, 0.0))
    long, wide = whole.size

    def point(p: Point) -> Point:
        along, across = (long - p[0] if direction in ("RL", "BT") else p[0]), p[1]
        return (round(across, 1), round(along, 1)) if upright else (round(along, 1), round(across, 1))

    def box(corner: Point, size: Point) -> Box:
        (a, b), (c, d) = point(corner), point((corner[0] + size[0], corner[1] + size[1]))
        return min(a, c), min(b, d), abs(c - a), abs(d - b)

    spots, boxes = whole.found()
    routes = [[[point(p) for p in whole.route(p, n, i)] for i, p in enumerate(ps)] for n, ps in enumerate(parents)]
    return Plan([point(spots[n]) for n in range(len(parents))], routes,
                {frame: box(*where) for frame, where in boxes.items()},
                (wide, long) if upright else (long, wide))  # fmt: skip


def path(route: Sequence[Point]) -> str:
    """A route as the `d` of an SVG path."""
    text, here = f"M{route[0][0]:g},{route[0][1]:g}", route[0]
    for a, b, end in zip(route[1::3], route[2::3], route[3::3]):
        if end != here:
            level = {here[1], a[1], b[1], end[1]}
            text += f"H{end[0]:g}" if len(level) == 1 else f"C{a[0]:g},{a[1]:g} {b[0]:g},{b[1]:g} {end[0]:g},{end[1]:g}"
        here = end
    return text


class _Block:
    """What stands in one frame, or in none: nodes, smaller frames, and doors to what surrounds it."""

    def __init__(self, parents: Sequence[Sequence[int]], sizes: Sequence[Point], frames: list[tuple[Key, ...]],
                 frame: tuple[Key, ...], upright: bool, beside: float) -> None:  # fmt: skip
        self.frame, self.frames, depth = frame, frames, len(frame)
        self.size: Point
        inside = [n for n in range(len(parents)) if frames[n][:depth] == frame]
        members = set(inside)
        self.inner = {k: _Block(parents, sizes, frames, (*frame, k), upright, beside)
                      for k in dict.fromkeys(frames[n][depth] for n in inside if len(frames[n]) > depth)}  # fmt: skip
        wires: dict[tuple[Key, int, Key, int], _Wire] = {}
        ins: dict[int, Key] = {}
        outs: dict[int, Key] = {}
        for n, ps in enumerate(parents):
            step = min(FAN, (sizes[n][1] - FAN) / max(len(ps), 1))
            for i, p in enumerate(ps):
                if p not in members and n not in members:
                    continue
                tail = self.vertex(p) if p in members else ins.setdefault(p, ("in", p))
                head = self.vertex(n) if n in members else outs.setdefault(p, ("out", p))
                if tail == head:
                    continue  # inside a smaller frame
                slot = i if head == n else 0
                arrives = (i - (len(ps) - 1) / 2) * step if head == n else self.door(head, p, "in")
                wires[tail, p, head, slot] = _Wire(tail, p, self.door(tail, p, "out"), head, arrives)
        keys = _sorted([*ins.values(), *dict.fromkeys(map(self.vertex, inside)), *outs.values()], list(wires.values()))
        size = {
            k: self.inner[k].size if k in self.inner else sizes[k] if isinstance(k, int) else (0.0, 0.0) for k in keys
        }
        spots, ways, (long, wide) = _Layers(
            keys, size, list(wires.values()), set(ins.values()), set(outs.values()), beside
        ).done()
        before, above = (PAD + TITLE, PAD) if upright else (PAD, PAD + TITLE)
        if not frame:
            before = above = 0.0
        self.spots = {k: (x + before, y + above) for k, (x, y) in spots.items()}
        self.ways = {key: [(x + before, y + above) for x, y in way] for key, way in zip(wires, ways)}
        self.size = (long + before + PAD * bool(frame), wide + above + PAD * bool(frame))
        if frame:  # the doors are in the walls
            self.ways = {(t, p, h, i): _stretched(way, 0.0 if t == ("in", p) else None,
                                                  self.size[0] if h == ("out", p) else None)
                         for (t, p, h, i), way in self.ways.items()}  # fmt: skip
        self.sizes = size

    def vertex(self, n: int) -> Key:
        """What stands for a node in here: itself, or the frame that it is in."""
        depth = len(self.frame)
        return self.frames[n][depth] if len(self.frames[n]) > depth else n

    def door(self, key: Key, source: int, way: str) -> float:
        """How far below the middle of a vertex the edges of a node leave it, or come in."""
        block = self.inner.get(key)
        return block.spots[way, source][1] - block.size[1] / 2 if block else 0.0

    def settle(self, corner: Point) -> None:
        """Learn where this block is, and tell the smaller ones."""
        self.corner = corner
        for k, block in self.inner.items():
            (x, y), (w, h) = self.spots[k], block.size
            block.settle((corner[0] + x - w / 2, corner[1] + y - h / 2))

    def found(self) -> tuple[dict[int, Point], dict[tuple[Key, ...], tuple[Point, Point]]]:
        """Where every node and every frame is."""
        spots = {k: self.moved([p])[0] for k, p in self.spots.items() if isinstance(k, int)}
        boxes = {self.frame: (self.corner, self.size)} if self.frame else {}
        for block in self.inner.values():
            more = block.found()
            spots |= more[0]
            boxes |= more[1]
        return spots, boxes

    def moved(self, points: list[Point]) -> list[Point]:
        return [(x + self.corner[0], y + self.corner[1]) for x, y in points]

    def route(self, p: int, n: int, i: int) -> list[Point]:
        """The way from node p to node n, out of its frames and into the other's."""
        tail, head = self.vertex(p), self.vertex(n)
        if tail == head:
            return self.inner[tail].route(p, n, i)
        before = self.inner[tail].leave(p) if tail in self.inner else []
        after = self.inner[head].enter(p, n, i) if head in self.inner else []
        return _joined(before, self.moved(self.ways[tail, p, head, i if head == n else 0]), after)

    def leave(self, p: int) -> list[Point]:
        tail = self.vertex(p)
        before = self.inner[tail].leave(p) if tail in self.inner else []
        return _joined(before, self.moved(self.ways[tail, p, ("out", p), 0]))

    def enter(self, p: int, n: int, i: int) -> list[Point]:
        head = self.vertex(n)
        after = self.inner[head].enter(p, n, i) if head in self.inner else []
        return _joined(self.moved(self.ways[("in", p), p, head, i if head == n else 0]), after)


def _joined(*ways: list[Point]) -> list[Point]:
    """Ways that go on where the last one ended, as one."""
    done: list[Point] = []
    for way in ways:
        done += way[1:] if done else way
    return done


def _stretched(way: list[Point], start: float | None, end: float | None) -> list[Point]:
    """A way with a straight piece before or after it, as far as the walls."""
    if start is not None:
        p = (start, way[0][1])
        way = [p, p, way[0], *way]
    if end is not None:
        p = (end, way[-1][1])
        way = [*way, way[-1], p, p]
    return way


@dataclass(frozen=True)
class _Wire:
    """An edge between two vertices of one block, and how far below their middles it leaves and arrives."""

    tail: Key
    source: int  # the node whose number it carries: edges that carry the same may share a way
    leaves: float
    head: Key
    arrives: float


def _sorted(keys: list[Key], wires: list[_Wire]) -> list[Key]:
    """The vertices in topological order, otherwise as they came.  Raises ValueError if they stand in a circle."""
    inputs: dict[Key, dict[Key, None]] = {k: {} for k in keys}
    for w in wires:
        inputs[w.head][w.tail] = None
    done: dict[Key, bool] = {}
    for key in keys:
        stack = [key]
        while stack:
            k = stack[-1]
            if done.get(k):
                stack.pop()
            elif missing := [t for t in inputs[k] if not done.get(t)]:
                if k in done:
                    raise ValueError("frames in a circle")
                done[k] = False
                stack += reversed(missing)
            else:
                done.pop(k, None)
                done[k] = True
                stack.pop()
    return list(done)


Ports = list[tuple["Spot", float, float]]  # where edges lead, and how far below the middles there and here
Spot = tuple[Key, int]  # a vertex in its layer, or a wire that passes by, ("by", tail, source), in a later one


@dataclass
class _Layers:
    """The layered drawing of one block."""

    keys: list[Key]
    sizes: dict[Key, Point]
    wires: list[_Wire]
    early: set[Key]
    late: set[Key]
    beside: float
    layer: dict[Key, int] = field(init=False)

    def __post_init__(self) -> None:
        self.layer = dict.fromkeys(self.keys, 0)
        into, uses = defaultdict[Key, set[Key]](set), defaultdict[Key, set[Key]](set)
        for w in self.wires:
            into[w.head].add(w.tail)
            uses[w.tail].add(w.head)
        for k in self.keys:
            self.layer[k] = max((self.layer[t] + 1 for t in into[k]), default=0)
        free = {k for k in self.keys if not into[k] and k not in self.early}
        self._pull(free, uses)
        ends = {t: max(self.layer[h] for h in heads) for t, heads in uses.items() if heads}
        if sum(end - self.layer[t] for t, end in ends.items()) > LONG * len(self.keys):
            hanging = {*free}
            for k in self.keys:  # what comes of leaves and of what hangs on it alone
                if into[k] and all(t in free or t in hanging and len(uses[t]) == 1 for t in into[k]):
                    hanging.add(k)
            self._pull(hanging, uses)
        self.layer |= dict.fromkeys(self.late, max(self.layer.values(), default=0))

        self.links: dict[tuple[Spot, float, Spot, float], None] = {}
        for w in self.wires:
            here, leaves = (w.tail, self.layer[w.tail]), w.leaves
            for k in range(self.layer[w.tail] + 1, self.layer[w.head]):
                there = (("by", w.tail, w.source), k)
                self.links[here, leaves, there, 0.0] = None
                here, leaves = there, 0.0
            self.links[here, leaves, (w.head, self.layer[w.head]), w.arrives] = None
        self.left, self.right = defaultdict[Spot, Ports](list), defaultdict[Spot, Ports](list)
        for a, leaves, b, arrives in self.links:
            self.left[b].append((a, leaves, arrives))
            self.right[a].append((b, arrives, leaves))

    def _pull(self, some: set[Key], uses: dict[Key, set[Key]]) -> None:
        """Put these beside their first use."""
        for k in reversed(self.keys):
            if k in some and uses[k]:
                self.layer[k] = min(self.layer[h] for h in uses[k]) - 1

    def high(self, s: Spot) -> float:
        return max(self.sizes.get(s[0], (0.0, 0.0))[1], LANE)

    def done(self) -> tuple[dict[Key, Point], list[list[Point]], Point]:
        """The middle of each vertex, the way of each wire, and the size of it all."""
        rows: list[list[Spot]] = [[] for _ in range(max(self.layer.values(), default=0) + 1)]
        for s in self._from_the_ends():
            rows[s[1]].append(s)  # the first input above the second, as far as it goes
        y = self._heights(self._uncrossed(rows))
        wide = [max((self.sizes[k][0] for k, at in row if k in self.sizes), default=0.0) for row in rows]
        steep = [0.0] * len(rows)  # where edges climb far, the layers stand further apart
        for a, leaves, b, arrives in self.links:
            steep[a[1]] = max(steep[a[1]], abs(y[a] + leaves - y[b] - arrives))
        starts, x = [], 0.0
        for k, w in enumerate(wide):
            starts.append(x)
            gap = self.beside if w and k + 1 < len(wide) and wide[k + 1] else self.beside / 2
            x += w + gap + min(0.12 * max(steep[k] - 2 * BESIDE, 0.0), STEEP)
        ends = [a + w for a, w in zip(starts, wide)]
        spots = {k: (starts[at] + wide[at] / 2, y[k, at]) for k, at in self.layer.items()}
        bottom = max((v + self.high(s) / 2 for s, v in y.items()), default=0.0)
        return spots, [self._way(w, y, starts, ends, spots) for w in self.wires], (ends[-1] if ends else 0.0, bottom)

    def _way(
        self, w: _Wire, y: dict[Spot, float], starts: list[float], ends: list[float], spots: dict[Key, Point]
    ) -> list[Point]:
        """From the right of the tail, level through the layers between, to the left of the head."""
        way = [(spots[w.tail][0] + self.sizes[w.tail][0] / 2, spots[w.tail][1] + w.leaves)]

        def straight(x: float) -> None:
            if x > way[-1][0]:
                way.extend([way[-1], (x, way[-1][1]), (x, way[-1][1])])

        for k in range(self.layer[w.tail] + 1, self.layer[w.head] + 1):
            straight(ends[k - 1])
            there = spots[w.head][1] + w.arrives if k == self.layer[w.head] else y[("by", w.tail, w.source), k]
            middle = (ends[k - 1] + starts[k]) / 2
            way.extend([(middle, way[-1][1]), (middle, there), (starts[k], there)])
        straight(spots[w.head][0] - self.sizes[w.head][0] / 2)
        return way

    def _from_the_ends(self) -> list[Spot]:
        """Every spot, a vertex before its inputs and an input with all its own before the next."""
        found: dict[Spot, None] = {}
        stack = [(k, self.layer[k]) for k in reversed(self.keys) if not self.right[k, self.layer[k]]]
        while stack:
            s = stack.pop()
            if s not in found:
                found[s] = None
                stack.extend([a for a, *_ in reversed(self.left[s])])
        return list(found)

    def _uncrossed(self, rows: list[list[Spot]]) -> list[list[Spot]]:
        """The layers with their spots in the order, of those tried, that has the fewest crossings."""
        best, fewest = rows, self._crossings(rows)
        for sweep in range(SWEEPS):
            if not fewest:
                break
            rows = [row[:] for row in rows]
            beside = self.right if sweep % 2 else self.left
            for k in reversed(range(len(rows))) if sweep % 2 else range(len(rows)):
                place = {s: i for row in rows[max(k - 1, 0) : k + 2] for i, s in enumerate(row)}
                rows[k].sort(
                    key=lambda s: _mean([place[t] + port / self.high(t) for t, port, _ in beside.get(s, ())], place[s])
                )
            crossings = self._crossings(rows)
            if crossings < fewest:
                best, fewest = rows, crossings
        return best

    def _crossings(self, rows: list[list[Spot]]) -> int:
        """How many pairs of edges cross between neighbouring layers."""
        count = 0
        for before, row in zip(rows, rows[1:]):
            place = {s: i for i, s in enumerate(before)}
            seen: list[float] = []
            for s in row:
                for port in sorted({mine for _, _, mine in self.left[s]}) if s[0] in self.sizes else [0.0]:
                    ends = sorted(place[t] + out / self.high(t) for t, out, mine in self.left[s] if mine == port)
                    count += sum(len(seen) - bisect_right(seen, end) for end in ends)
                    for end in ends:
                        insort(seen, end)
        return count

    def _heights(self, rows: list[list[Spot]]) -> dict[Spot, float]:
        """How far down each spot stands: near the mean of its neighbours, never on another;
        the top of the highest at 0.
        """

        def room(a: Spot, b: Spot) -> float:
            return (self.high(a) + self.high(b)) / 2 + GAP

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
                near = [[y[t] + port - mine for t, port, mine in [*self.left[s], *self.right[s]]] for s in row]
                wish = [_mean(ys, y[s]) - d for s, ys, d in zip(row, near, down)]
                y.update({s: w + d for s, w, d in zip(row, _rising(wish), down)})
        top = min((v - self.high(s) / 2 for s, v in y.items()), default=0.0)
        return {s: round(v - top, 1) for s, v in y.items()}


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


def _mean(xs: Sequence[float], otherwise: float) -> float:
    return sum(xs) / len(xs) if xs else otherwise
