"""What a number adds up: a loss or a cost, taken apart into its parts.

>>> from tinygrad_edu import Value
>>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
>>> [(c, n.label or n.op.name) for c, n in addends((a * b - a) / 2 + a)]
[(0.5, 'a'), (0.5, 'mul')]
"""

from __future__ import annotations

from collections.abc import Callable

from . import ops
from .engine import Value, topological
from .names import is_constant


def addends(root: Value, whole: Callable[[Value], bool] = lambda n: False) -> list[tuple[float, Value]]:
    """The parts of a sum, each once, with its coefficient, in the order in which they were computed.

    Sums, differences, and products and quotients with plain numbers are taken apart, unless `whole` says that a node
    is one part.  In one pass, however often a part is used: x + x twenty times over is 2**20 times x.
    """
    if whole(root) or not _parts(root):
        return [(1.0, root)]  # at once: what the only part was computed from is not asked
    found: list[tuple[float, Value]] = []
    shares = {root: 1.0}
    for n in reversed(topological(root)):
        if n not in shares:
            continue
        c, parts = shares[n], _parts(n) if not whole(n) else []
        if not parts:
            found.append((c, n))
        for p, k in parts:
            shares[p] = shares.get(p, 0.0) + c * k
    return found[::-1]


def _parts(n: Value) -> list[tuple[Value, float]]:
    """What a node adds up, with factors; nothing if it does something else.  Only numbers that are factors are read."""
    if n.op in (ops.add, ops.sum):
        return [(p, 1.0) for p in n.parents]
    if n.op is ops.sub:
        return [*zip(n.parents, (1.0, -1.0))]
    if n.op is ops.neg:
        return [(n.parents[0], -1.0)]
    if n.op is ops.mul and any(map(is_constant, n.parents)):
        i = int(is_constant(n.parents[0]))
        return [(n.parents[i], n.numbers[2 - i])]
    if n.op is ops.div and is_constant(n.parents[1]) and n.numbers[2]:
        return [(n.parents[0], 1 / n.numbers[2])]
    return []
