"""A look inside: `opened(root)`, the same graph with replayed nodes taken apart into the nodes that were recorded.

>>> from tinygrad_edu import jit
>>> w = Value(3.0, label="w")
>>> y = jit(lambda x: (w * x).tanh())(0.5)
>>> y.op.name, [n.op.name for n in topological(opened(y))]
('jit <lambda>', ['leaf', 'leaf', 'mul', 'tanh'])
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import chance, ops
from .engine import Value, apply, chain_rule, topological
from .graphs import rebuilt


def opened(root: Value, most: int | None = None) -> Value:
    """The graph of `root`, in which every node whose row has parts but stands in no table is built anew from its parts.

    Leaves, and nodes that depend on nothing that was opened, are the same Values.  Inside, gradients are what
    `backward()` would have left, given the gradient of the node that was opened.  Nothing of the graph changes.
    The numbers inside are those of the forward pass that was, also where a leaf's `.data` has been changed since.
    Of a batch that was replayed only so many samples are built that each has about `most` nodes; all if it is None.
    """

    now: dict[Any, Any] = {}

    def again(n: Value, parents: tuple[Value, ...]) -> Value:
        if n.op.parts and not n.op.recipe and n.op not in (ops.TABLE.get(n.op.name), ops.gap, ops.bell):
            few = getattr(n.op, "few", None) if most is not None else None
            with _as_seen(n):
                y: Value = n.op.parts(*parents) if few is None else few(parents, most)
            fresh = set(topological(y, stop={*parents})).difference(parents)
            for inner, g in chain_rule(y, n.grad, lambda node: node.op.local(*node.numbers)).items():
                if inner in fresh:
                    inner.grad = 0.0 + g  # a plain float, also of what a branch that was not taken passes on
            if y in fresh:
                y.label = n.label or y.label
            return y
        if parents == n.parents:
            return n
        y = apply(n.op, parents)
        y.grad, y.label = n.grad, n.label
        if chance.is_marked(n):
            chance.hand_on(n, y, now)
        return y

    return rebuilt(topological(root), now, again)[root]  # type: ignore[no-any-return]


@contextmanager
def _as_seen(n: Value) -> Iterator[None]:
    """Meanwhile the leaves that a node reads hold the numbers that its forward pass saw."""
    moved = [(p, p._data) for p, x in zip(n.parents, n.numbers[1:]) if not p.parents and p._data != x]
    try:
        for p, x in zip(n.parents, n.numbers[1:]):
            if not p.parents:
                p._data = x
        yield
    finally:
        for p, x in moved:
            p._data = x
