"""Paths of the chain rule from one node to another: counted without being walked, and the largest of them.

    >>> x = y = Value(1.0, label="x")
    >>> for _ in range(20):
    ...     y = y + y
    >>> slopes = local_slopes(y)
    >>> [path] = largest(slopes, x, most=5)
    >>> path.product, path.ways, count_paths(slopes, x)
    (1.0, 1048576, 1048576)

A gradient is the sum over all paths of the product of the local gradients through each.  There may be 2 ** 1000 of them
in a graph of a thousand nodes, so nobody walks them all: counting them is the chain rule with every local gradient 1,
and the largest few are found by keeping, at every node, only the largest few that lead to it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter

from .engine import Value, chain_rule, topological

Slopes = Mapping[Value, Sequence[float]]  # the local gradients of every node, parents before children, the root last


def local_slopes(root: Value) -> dict[Value, tuple[float, ...]]:
    """The local gradients of every node that `root` was computed from, parents before children."""
    return {n: n.local_grads() if n.parents else () for n in topological(root)}


@dataclass(frozen=True, eq=False)
class Path:
    """A way from one node to another, with the local gradient of each step and which input each step goes through.

    `ways` is how many paths look the same: in `x * x` there are two from x, with one local gradient and one product.
    """

    nodes: list[Value]
    factors: list[float]
    slots: list[int]  # nodes[i] is nodes[i + 1].parents[slots[i]]
    ways: int = 1

    @property
    def product(self) -> float:
        """What one such path adds to the gradient, multiplied as the backward pass multiplies."""
        product = 1.0
        for d in reversed(self.factors):
            product = d * product
        return product


def counts(root: Value) -> dict[Value, int]:
    """How many paths lead from each node to the root: exact, as Python integers.

    >>> x = v = Value(1.0)
    >>> for _ in range(1000):
    ...     v = v + v
    >>> counts(v)[x] == 2 ** 1000
    True
    """
    return chain_rule(root, 1, lambda node: [1] * len(node.parents))


def count_paths(slopes: Slopes, first: Value) -> int:
    """How many paths lead from one node to the root; without the counts of all others, which may have many digits."""
    unread = Counter(p for n in slopes for p in n.parents)
    found = {first: 1}
    here = 0
    for n in slopes:
        here = found.get(n, 0) if n is first else sum([found.get(p, 0) for p in n.parents])
        for p in n.parents:
            unread[p] -= 1
            if not unread[p]:
                found.pop(p, None)  # after 100,000 doublings a count has 100,000 bits: keep few of them
        if here:
            found[n] = here
    return here


def largest(slopes: Slopes, first: Value, most: int = 1) -> list[Path]:
    """At most `most` paths from a node to the root, those with the largest |product| first, of equals the first.

    Products that are nan or inf count as the largest.  Paths that nobody can tell apart are one, with its `ways`.
    """
    best: dict[Value, list[tuple[_Size, int, int]]] = {first: [(_size(1.0), 0, 0)]}  # size, slot, rank at the parent
    for n, ds in slopes.items():
        if n is not first:
            found = [
                (_times(size, _size(ds[i])), i, rank)
                for i, *_ in _alike(n, ds)
                for rank, (size, *_) in enumerate(best.get(n.parents[i], ()))
            ]
            if found:
                best[n] = nlargest(most, found, key=itemgetter(0))
    return [_traced(slopes, best, first, n, rank) for rank in range(len(best.get(n, ())))]


def _traced(slopes: Slopes, best: Mapping[Value, Sequence[tuple[_Size, int, int]]], first: Value, last: Value,
            rank: int) -> Path:  # fmt: skip
    nodes, slots, ways = [last], list[int](), 1
    while (n := nodes[-1]) is not first:
        _, slot, rank = best[n][rank]
        ways *= next(len(alike) for alike in _alike(n, slopes[n]) if alike[0] == slot)
        slots.append(slot)
        nodes.append(n.parents[slot])
    return _path(slopes, nodes[::-1], slots[::-1], ways)


def through(slopes: Slopes, nodes: list[Value]) -> Path:
    """The path through exactly these nodes; where one reads the one before twice, by the larger local gradient."""
    slots = []
    for p, n in zip(nodes, nodes[1:]):
        slots.append(max([i for i, q in enumerate(n.parents) if q is p], key=lambda i: _size(slopes[n][i])))
    return _path(slopes, nodes, slots)


def _path(slopes: Slopes, nodes: list[Value], slots: list[int], ways: int = 1) -> Path:
    return Path(nodes, [float(slopes[n][i]) for n, i in zip(nodes[1:], slots)], slots, ways)


def _alike(n: Value, ds: Sequence[float]) -> Iterator[list[int]]:
    """The inputs of a node, those in one list that are one node with one local gradient."""
    if len(ds) == 1:
        yield [0]
        return
    found: dict[object, list[int]] = {}
    for i, (p, d) in enumerate(zip(n.parents, ds)):
        found.setdefault((p, d if d == d else "nan"), []).append(i)
    yield from found.values()


# The size of a product as (kind, exponent, mantissa), because a long product leaves the range of floats: kind 0 is
# zero, 1 a number, 2 what is not finite.  Such sizes compare as numbers do.

_Size = tuple[int, int, float]


def _size(d: float) -> _Size:
    if not math.isfinite(d):
        return (2, 0, 0.0)
    mantissa, exponent = math.frexp(abs(d))
    return (1, exponent, mantissa) if d else (0, 0, 0.0)


def _times(a: _Size, b: _Size) -> _Size:
    if a[0] != 1 or b[0] != 1:
        return (2, 0, 0.0) if 2 in (a[0], b[0]) else (0, 0, 0.0)
    mantissa, exponent = math.frexp(a[2] * b[2])
    return (1, a[1] + b[1] + exponent, mantissa)
