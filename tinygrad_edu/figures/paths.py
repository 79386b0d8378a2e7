"""One path of the chain rule: its factors, its product, and how many other paths there are.

    >>> from tinygrad_edu import Value
    >>> x = Value(1.0, label="x")
    >>> y = x
    >>> for _ in range(20):
    ...     y = y + y
    >>> path = largest(x, y)
    >>> path.product, path.count, path.total
    (1.0, 1048576, 1048576.0)

A gradient is the sum over all paths of the product of the local gradients along each.  There are too many paths to
walk them one by one; but the best way to a node goes through the best way to one of its parents, so one walk over
the nodes, parents first, finds the largest and counts them all.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from dataclasses import dataclass
from functools import reduce

from ..engine import Value, chain_rule, topological
from ..errors import UserError
from .cards import named, operation, short

FACTORS = 12  # so many are written in a caption, the others counted


@dataclass(frozen=True, eq=False)
class Path:
    """A way from one node to another, with the local gradient of each step and which input each step goes through."""

    nodes: list[Value]
    factors: list[float]
    slots: list[int]  # nodes[i] is nodes[i + 1].parents[slots[i]]
    count: int  # of all paths from the first node to the last
    total: float  # of all their products: the gradient

    @property
    def product(self) -> float:
        """What this path alone adds to the gradient."""
        return reduce(operator.mul, self.factors, 1.0)

    def caption(self) -> str:
        """The chain rule along this path, in a line; in two if it is one of several.

        >>> w = Value(3.0, label="w")
        >>> L = (2 * w) * -w
        >>> L.label = "L"
        >>> print(largest(w, L).caption())
        ∂L/∂w along this path = 2 · (-3) = -6
        1 of 2 paths; all together -12
        """
        first, *_, last = self.nodes
        factors = [f"({short(d)})" if d < 0 else short(d) for d in self.factors]
        if len(factors) > FACTORS:
            half = FACTORS // 2
            factors[half:-half] = [f"… {len(factors) - 2 * half:,} more …"]
        what, product = f"∂{name(last)}/∂{name(first)}", " · ".join(factors)
        if self.count == 1:
            return f"{what} = {product}" + (f" = {short(self.product)}" if len(factors) > 1 else "")
        return (
            f"{what} along this path = {product}" + (f" = {short(self.product)}" if len(factors) > 1 else "")
            + f"\n1 of {many(self.count)} paths; all together {short(self.total)}"
        )  # fmt: skip


def name(n: Value) -> str:
    """What to call a node in a sentence: its label, else its operation, else its number."""
    return named(n) or operation(n) or short(n.data)


def many(count: int) -> str:
    """A count with all its digits, or by its power of ten if nobody would read them.

    >>> many(2**20), many(2**20000)
    ('1,048,576', 'about 10^6020')
    """
    return f"{count:,}" if count < 10**21 else f"about 10^{math.floor(math.log10(count))}"


def largest(first: Value, last: Value) -> Path:
    """The path from `first` to `last` whose product of local gradients is the largest in size; of equals, the first.

    Raises ValueError if there is none.
    """
    best: dict[Value, _Size] = {first: _size(1.0)}
    came: dict[Value, int] = {}
    local = _locals(last)
    for n, ds in local.items():
        if ds and n is not first:
            reach = [(_times(best[p], _size(d)), -i) for i, (p, d) in enumerate(zip(n.parents, ds)) if p in best]
            if reach:
                best[n], i = max(reach)
                came[n] = -i
    if last not in came:
        turned = first is not last and any(n is last for n in topological(first))
        raise UserError(
            f"there is no path from '{name(first)}' to '{name(last)}': "
            + (
                "it leads the other way, so write the ends the other way round"
                if turned
                else "the second must have been computed from the first"
            )
        )
    nodes, slots = [last], []
    while nodes[-1] is not first:
        slots.append(came[nodes[-1]])
        nodes.append(nodes[-1].parents[slots[-1]])
    return _path(nodes[::-1], slots[::-1], local)


def along(nodes: list[Value]) -> Path:
    """The path through exactly these nodes; where a node reads its parent twice, by the larger local gradient.

    Raises ValueError if a node is not an input of the next.
    """
    slots = []
    for k, (p, n) in enumerate(zip(nodes, nodes[1:])):
        ways = [
            (_size(d), -i) for i, (q, d) in enumerate(zip(n.parents, n.local_grads() if n.parents else ())) if q is p
        ]
        if not ways:
            raise UserError(
                f"path[{k}] = '{name(p)}' is not an input of path[{k + 1}] = '{name(n)}': list every node "
                "from the input to the result, or give only the two ends, path=(first, last), "
                "and the largest path is found"
            )
        slots.append(-max(ways)[1])
    return _path(nodes, slots, _locals(nodes[-1]))


def ways(first: Value, last: Value) -> int:
    """How many paths lead from one node to another, exactly."""
    order = topological(last)
    unread = Counter(p for n in order for p in n.parents)
    count = {first: 1}
    for n in order:
        here = 0
        for p in n.parents:
            here += count.get(p, 0)
            unread[p] -= 1
            if not unread[p]:
                count.pop(p, None)  # after 100,000 doublings a count has 100,000 bits: keep few of them
        if here and n is not first:
            count[n] = here
    return count[last]


def _locals(last: Value) -> dict[Value, tuple[float, ...]]:
    """The local gradients of every node that `last` was computed from, parents before children."""
    return {n: n.local_grads() if n.parents else () for n in topological(last)}


def _path(nodes: list[Value], slots: list[int], local: dict[Value, tuple[float, ...]]) -> Path:
    """A path with its factors, and the gradient that it is a part of."""
    factors = [float(local[n][i]) for n, i in zip(nodes[1:], slots)]
    total = chain_rule(nodes[-1], 1.0, local.__getitem__)[nodes[0]]
    return Path(nodes, factors, slots, ways(nodes[0], nodes[-1]), float(total))


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
