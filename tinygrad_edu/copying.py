"""Copies and pickles of whole graphs, at any depth: `copy`, `deepcopy` and `pickle` of a Value.

Python's own way walks from a node to its parents by recursion and dies a few hundred nodes deep.  Here a
graph is copied and pickled as a flat list, parents before children.
"""

from __future__ import annotations

import copy
import operator
import weakref
from collections.abc import Container
from typing import Any

from . import ops
from .engine import Value


def _twin(node: Value, parents: tuple[Value, ...]) -> Value:
    """A node like this one, on other parents."""
    v: Value = object.__new__(type(node))
    v.data, v.grad, v.op, v.numbers, v.label = node.data, node.grad, node.op, node.numbers, node.label
    v.parents = parents
    return v


def _more(node: Value) -> dict[str, Any]:
    """What a node of somebody's own class keeps besides."""
    if type(node) is Value:
        return {}
    slots = [s for c in type(node).__mro__ if c not in Value.__mro__ for s in (vars(c).get("__slots__") or ())]
    return {name: getattr(node, name) for name in (*slots, *vars(node)) if name[:2] != "__" and hasattr(node, name)}


def _with(node: Value, more: dict[str, Any]) -> Value:
    for name, x in more.items():
        object.__setattr__(node, name, x)
    return node


def _copy(self: Value) -> Value:
    """A second node with the same parents, for `copy.copy`."""
    return _with(_twin(self, self.parents), _more(self))


def _unknown(root: Value, known: Container[int]) -> list[Value]:
    """Like `topological`, but without the nodes whose id is known and what is behind them:
    copying a list of nodes takes one walk.
    """
    order: list[Value] = []
    seen, stack = {root}, [(root, iter(root.parents))]
    while stack:
        node, parents = stack[-1]
        for p in parents:
            if p not in seen and id(p) not in known:
                seen.add(p)
                stack.append((p, iter(p.parents)))
                break
        else:
            order.append(node)
            stack.pop()
    return order


def _deepcopy(self: Value, memo: dict[int, Any]) -> Value:
    """A second graph, for `copy.deepcopy`; nodes that were copied already in the same call are found in `memo`."""
    for node in _unknown(self, memo):
        memo[id(node)] = _twin(node, tuple([memo[id(p)] for p in node.parents]))
        if more := _more(node):
            _with(memo[id(node)], copy.deepcopy(more, memo))
    copied: Value = memo[id(self)]
    return copied


class _Graph:
    """All that one Value was computed from, as one flat thing to pickle.

    A pickler keeps this object for as long as it runs, so a second Value of the same graph finds it in `_homes`
    and is stored as another entry of it: what was one node before pickling is one node afterwards.
    """

    def __init__(self, root: Value) -> None:
        self.nodes = [n for n in _unknown(root, _homes) if n.parents]
        self.index = {id(n): i for i, n in enumerate(self.nodes)}
        me = weakref.ref(self)
        _homes.update(dict.fromkeys(self.index, me))

    def __del__(self) -> None:
        for node in self.index:
            _homes.pop(node, None)

    def __reduce__(self) -> Any:
        # A parent inside this graph is written as its index; a leaf, or a node of another graph, as itself.
        parents = [tuple([self.index.get(id(p), p) for p in n.parents]) for n in self.nodes]
        columns = [[getattr(n, c) for n in self.nodes] for c in ("data", "grad", "op", "numbers", "label")]
        return _load, ([type(n) for n in self.nodes], parents, *columns, [_more(n) for n in self.nodes])


_homes: dict[int, weakref.ref[_Graph]] = {}


def _load(kinds: list[type], parents: list[tuple[Any, ...]], *columns: list[Any]) -> list[Value]:
    """The nodes of a pickled graph, made in order."""
    nodes: list[Value] = []
    for kind, ps, *rest in zip(kinds, parents, *columns):
        nodes.append(_node(kind, tuple([nodes[p] if type(p) is int else p for p in ps]), *rest))
    return nodes


def _node(
    kind: type,
    parents: tuple[Value, ...],
    data: float,
    grad: float,
    op: ops.Op,
    numbers: Any,
    label: str,
    more: Any = (),
) -> Value:
    v: Value = object.__new__(kind)
    v.data, v.grad, v.parents, v.op, v.numbers, v.label = data, grad, parents, op, numbers, label
    return _with(v, dict(more))


def _reduce(self: Value, protocol: Any) -> Any:
    """What `pickle` stores: a leaf as itself, another node as an entry in its graph."""
    if not self.parents:
        return _node, (type(self), (), self.data, self.grad, self.op, self.numbers, self.label, _more(self))
    home = _homes.get(id(self))
    graph = home and home()
    if not graph:
        graph = _Graph(self)
    return operator.getitem, (graph, graph.index[id(self)])


for _name, _method in {"__copy__": _copy, "__deepcopy__": _deepcopy, "__reduce_ex__": _reduce}.items():
    setattr(Value, _name, _method)
