"""A graph once more, with something else in the place of some of its nodes.

>>> from tinygrad_edu import Value, topological
>>> x = Value(3.0)
>>> y = x * x
>>> rebuilt(topological(y), {x: 2.0}, lambda n, parents: n.op(*parents))[y]
4.0
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import Value


def rebuilt(order: Iterable[Value], known: dict[Value, Any], make: Callable[[Value, tuple[Any, ...]], Any]) -> Any:
    """For each node in order what is `known` in its place, or else what `make(node, its new parents)` gives."""
    for node in order:
        if node not in known:
            known[node] = make(node, tuple([known[p] for p in node.parents]))
    return known
