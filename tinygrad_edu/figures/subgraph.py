"""Which nodes of a large graph are drawn: those nearest to the root, to a node, or to a path.

All of them walk breadth first and stop at a number of nodes; none of them draws.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence

from ..engine import Value

FEW = 6  # inputs that are drawn, faded, beside each node of a path through a large graph


def breadth_first(
    start: Iterable[Value], most: int, neighbours: Callable[[Value], Iterable[Value]], depth: int | None = None
) -> set[Value]:
    """At most `most` nodes: the start, and those the fewest steps away from it, at most `depth`."""
    away = dict.fromkeys(start, 0)
    queue = deque(away)
    while queue:
        node = queue.popleft()
        if away[node] == depth:
            break  # whatever else is in the queue is as far away
        for p in neighbours(node):
            if len(away) >= most:
                return set(away)
            if p not in away:
                away[p] = away[node] + 1
                queue.append(p)
    return set(away)


def near_root(root: Value, most: int, depth: int | None) -> set[Value]:
    """The nodes with the fewest operations between them and the root."""
    return breadth_first([root], most, lambda n: n.parents, depth)


def near_node(node: Value, order: Sequence[Value], most: int, depth: int | None) -> set[Value]:
    """The nodes with the fewest steps between them and `node`, up to what reads it or down
    to what it was computed from.
    """
    children: dict[Value, list[Value]] = defaultdict(list)
    for n in order:
        for p in n.parents:
            children[p].append(n)
    return breadth_first([node], most, lambda n: (*n.parents, *children.get(n, ())), depth)


def near_path(path: Sequence[Value], most: int) -> set[Value]:
    """The nodes of a path, or its two ends if it is too long, and a few inputs of each."""
    if len(path) > most:
        head = most // 2
        return {*path[:head], *path[len(path) - (most - head) :]}
    return breadth_first(path[::-1], most, lambda n: n.parents[:FEW], depth=1)


def ancestors(shown: Iterable[Value], order: Sequence[Value]) -> set[Value]:
    """The nodes that are not shown, and that the shown ones were computed from."""
    shown = set(shown)
    needed = set(shown)
    for n in reversed(order):
        if n in needed:
            needed.update(n.parents)
    return needed - shown
