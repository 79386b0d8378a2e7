"""Paths from one node to the root, counted without being walked, and the largest of them.

A gradient is the sum over all paths of the product along each.  There may be 2 ** 1000 of them in a graph of a
thousand nodes, so nobody walks them all: counting them is the chain rule with every local gradient 1, and the
largest few are found by keeping, at every node, only the largest few that lead to it.
"""

from __future__ import annotations

import math
from heapq import nlargest

from ..engine import Value, chain_rule
from .walk import Edge, Walk


def counts(root: Value) -> dict[Value, int]:
    """How many paths lead from each node to the root: exact, as Python integers.

    >>> x = v = Value(1.0)
    >>> for _ in range(1000):
    ...     v = v + v
    >>> counts(v)[x] == 2 ** 1000
    True
    """
    return chain_rule(root, 1, lambda node: [1] * len(node.parents))


class Path:
    """One path from a node to the root: its edges in that order, and the product of their local gradients.

    `ways` is how many paths look the same: in `x * x` there are two from x, with one local gradient and one product.
    """

    def __init__(self, edges: list[Edge], ways: int) -> None:
        self.edges, self.ways = edges, ways
        self.product = 1.0
        for e in reversed(edges):  # as the backward pass multiplies
            self.product = e.local * self.product

    @property
    def nodes(self) -> list[Value]:
        """From the node to the root, both included."""
        return [self.edges[0].parent, *[e.node for e in self.edges]] if self.edges else []


Found = tuple[float, Edge | None, int]  # log |product| so far, the last edge, which of its parent's paths it goes on


def largest(walk: Walk, x: Value, most: int) -> list[Path]:
    """At most `most` paths from `x` to the root, those with the largest |product| first; nan and inf are the largest.

    Dynamic programming over the topological order; products as logarithms, because a product of many factors
    under- or overflows long before their order is in doubt.
    """
    best: dict[Value, list[Found]] = {x: [(0.0, None, 0)]}
    for n in walk.order:
        if n is x or not any(p in best for p in n.parents):
            continue
        found: list[Found] = []
        for e in _different(walk.out_of[n]):
            if e.parent in best:
                size = abs(e.local)
                log = math.log(size) if 0 < size < math.inf else math.inf if size else -math.inf
                for rank, (before, _, _) in enumerate(best[e.parent]):
                    together = before + log
                    found.append(
                        (together if together == together else math.inf, e, rank)
                    )  # 0 · inf is nan: worth seeing first
        best[n] = nlargest(most, found, key=lambda f: f[0]) if len(found) > 1 else found
    return [_traced(walk, best, walk.root, rank) for rank in range(len(best[walk.root]))]


def _alike(e: Edge) -> tuple[Value, float | str]:
    """What two edges out of one node have in common if nobody can tell them apart."""
    return e.parent, e.local if e.local == e.local else "nan"


def _different(edges: list[Edge]) -> list[Edge]:
    """One edge of each kind."""
    return list({_alike(e): e for e in reversed(edges)}.values())[::-1] if len(edges) > 1 else edges


def _traced(walk: Walk, best: dict[Value, list[Found]], node: Value, rank: int) -> Path:
    """The path that was found as number `rank` at a node, followed back."""
    edges: list[Edge] = []
    ways = 1
    while True:
        _, e, rank = best[node][rank]
        if e is None:
            return Path(edges[::-1], ways)
        edges.append(e)
        ways *= sum(_alike(other) == _alike(e) for other in walk.out_of[node])
        node = e.parent
