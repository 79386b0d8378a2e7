"""Copies and pickles of whole graphs, at any depth: `copy`, `deepcopy` and `pickle` of a Value.

Python's own way walks from a node to its parents by recursion and dies a few hundred nodes deep.  Here a
graph is copied and pickled as a flat list, parents before children.
"""

from __future__ import annotations

import copy
import operator
import threading
import weakref
from typing import Any

from . import callsites, ops
from .engine import Node, Value, topological
from .graphs import rebuilt


def _own(node: Value) -> dict[str, Any]:
    """What hangs on a node: its label, attributes of somebody's own, and the slots of a class of their own;
    not the line that made it, which did not make the copy.
    """
    state: Any = object.__getstate__(node)  # unlike `vars(node)`, this makes no dict where there is none
    attributes, slots = state
    own = {**(attributes or {}), **{name: x for name, x in slots.items() if name not in Node.__slots__}}
    own.pop(callsites.ATTRIBUTE, None)
    return own


_set = Node.__setattr__  # not Value's, which somebody may have made their own


def _with(node: Value, own: dict[str, Any]) -> Value:
    for name, x in own.items():
        _set(node, name, x)
    return node


def _twin(node: Value, parents: tuple[Value, ...]) -> Value:
    """A node like this one, on other parents, on which nothing hangs yet."""
    return _node(type(node), parents, node.data, node.grad, node.op, node.numbers)


def _node(kind: type, parents: tuple[Value, ...], data: float, grad: float, op: ops.Op, numbers: Any) -> Value:
    v: Value = object.__new__(kind)
    v.data, v.grad, v.parents, v.op, v.numbers = data, grad, parents, op, numbers
    return v


def copied(self: Value) -> Value:
    """A second node with the same parents, for `copy.copy`."""
    return _with(_twin(self, self.parents), _own(self))


class _Copied:
    """The nodes that were copied already in the same call: `memo` knows them by their ids."""

    def __init__(self, memo: dict[int, Any]) -> None:
        self.memo = memo

    def __contains__(self, node: object) -> bool:
        return id(node) in self.memo


def deeply_copied(self: Value, memo: dict[int, Any]) -> Value:
    """A second graph, for `copy.deepcopy`."""
    order = topological(self, stop=_Copied(memo))
    before = {node: memo[id(node)] for node in order if id(node) in memo}
    now: dict[Value, Value] = rebuilt(order, {**before}, _twin)
    fresh = [node for node in order if node not in before]
    memo.update({id(node): now[node] for node in fresh})
    for node in fresh:  # what hangs on a node may be any other
        if own := _own(node):
            _with(now[node], copy.deepcopy(own, memo))
    return now[self]


class _Graph:
    """All that one Value was computed from, as one flat thing to pickle.

    A pickler keeps this object for as long as it runs, so a second Value of the same graph finds it in `_homes`
    and is stored as another entry of it: what was one node before pickling is one node afterwards.
    """

    def __init__(self, root: Value) -> None:
        self.homes = homes = _homes.of  # also where another thread lets go of this
        self.nodes = [n for n in topological(root, stop=homes) if n.parents and n not in homes]
        self.index = {n: i for i, n in enumerate(self.nodes)}
        me = weakref.ref(self)
        homes.update(dict.fromkeys(self.index, me))

    def __del__(self) -> None:
        for node in self.index:
            self.homes.pop(node, None)

    def __reduce__(self) -> Any:
        # A parent inside this graph is written as its index; a leaf, or a node of another graph, as itself.
        parents = [tuple([self.index.get(p, p) for p in n.parents]) for n in self.nodes]
        columns = [[getattr(n, c) for n in self.nodes] for c in ("data", "grad", "op", "numbers")]
        own = {i: own for i, n in enumerate(self.nodes) if (own := _own(n))}
        return _load, ([type(n) for n in self.nodes], parents, *columns), own or None, None, None, _hang


class _Homes(threading.local):
    """By node, the graph that it is pickled with: in each thread its own, as each has picklers of its own."""

    def __init__(self) -> None:
        self.of: dict[Value, weakref.ref[_Graph]] = {}


_homes = _Homes()


def _load(kinds: list[type], parents: list[tuple[Any, ...]], *columns: list[Any]) -> list[Value]:
    """The nodes of a pickled graph, made in order."""
    nodes: list[Value] = []
    for kind, ps, *rest in zip(kinds, parents, *columns):
        nodes.append(_node(kind, tuple([nodes[p] if type(p) is int else p for p in ps]), *rest))
    return nodes


def _hang(nodes: list[Value], own: dict[int, dict[str, Any]]) -> None:
    """Once the nodes are there: what hangs on them may be any of them."""
    for i, attributes in own.items():
        _with(nodes[i], attributes)


def reduced(self: Value, protocol: Any) -> Any:
    """What `pickle` stores: a leaf as itself, another node as an entry in its graph."""
    if not self.parents:
        made = type(self), (), self.data, self.grad, self.op, self.numbers
        return _node, made, _own(self) or None, None, None, _with
    home = _homes.of.get(self)
    graph = home and home()
    if not graph:
        graph = _Graph(self)
    return operator.getitem, (graph, graph.index[self])
