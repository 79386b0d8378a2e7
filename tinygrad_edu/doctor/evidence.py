"""Everything the doctor looks at, collected once: values, gradients, local gradients, units and layers.

>>> w, x = Value(0.5, label="w"), Value(2.0, label="x")
>>> e = Evidence((w * x).tanh())
>>> round(e.totals[w], 6), [cell.name for cell in e.cells]
(0.839949, ['v2'])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial, wraps
from statistics import linear_regression
from typing import Any, TypeVar

from .. import ops
from ..engine import Value
from ..explanation.network import neurons_of
from ..explanation.network import rms as rms
from ..explanation.walk import Walk
from ..figures.units import Unit, group, module_of, samples_of, slope_of
from ..names import is_constant
from .findings import Finding
from .rows import Bend, bend_of

LINEAR = {ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.sum, ops.dot}
MOST = 4000  # nodes of one sum that are looked through for its weights


@dataclass(eq=False)
class Use:
    """A unit at work on one sample, or at one step: its weighted sum, its output, and the slope between them."""

    z: Value
    out: Value
    bend: Value | None  # the one node that bends, if it is one
    slope: float
    level: int
    inputs: list[tuple[Value, Value]]  # (weight, what it multiplies)


@dataclass(eq=False)
class Cell:
    """A unit with all its uses; `hidden` if other weights read it."""

    called: str | Callable[[], str]  # the names of a graph are found only when there is something to say
    layer: str
    uses: list[Use]
    hidden: bool
    weights: tuple[Value, ...] = ()
    bias: Value | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.called if isinstance(self.called, str) else self.called()

    @cached_property
    def shape(self) -> Bend:
        """How its activation bends: that of its row, if it is the same everywhere."""
        rows = {u.bend.op if u.bend is not None else None for u in self.uses}
        row = rows.pop()
        return Bend("", math.inf) if rows or row is None else bend_of(row)


class Evidence(Walk):
    """The passes of a graph, and its units.

    `cells` are the units, those of which labels tell first, and then whatever else bends; `layers` the same by layer.
    """

    def __init__(
        self,
        root: Value,
        parameters: Iterable[Value] | None = None,
        answers: Callable[[], Iterable[Any]] | None = None,
    ) -> None:
        super().__init__(root)
        self.given = None if parameters is None else list(parameters)
        self.answers = answers  # what the model makes of all data: asked only where a finding depends on it
        self.found: dict[Callable[[Evidence], Any], Any] = {}
        self.groups = group(root, self.order)
        self.samples = samples_of(self.groups) if self.groups.units else 1
        self.feeding = self._feeding()
        self.cells = self._cells()
        self.layers: dict[str, list[Cell]] = {}
        for cell in self.cells:
            self.layers.setdefault(cell.layer, []).append(cell)

    @cached_property
    def trainable(self) -> set[Value]:
        """The parameters of the model, or, if there is none, every leaf that somebody made.

        Beside weights with the labels of a module, leaves without labels are what a replayed function was called on.
        """
        if self.given is not None:
            return set(self.given)
        leaves = {n for n in self.order if not n.parents and not is_constant(n)}
        return {n for n in leaves if n.label} if any(map(module_of, leaves)) else leaves

    @cached_property
    def learning(self) -> set[Value]:
        """Every node that depends on something trainable."""
        found = set(self.trainable)
        for n in self.order:
            if not found.isdisjoint(n.parents):
                found.add(n)
        return found

    @cached_property
    def alive(self) -> set[Value]:
        """Every node from which a gradient arrives at something trainable: no slope on the way is 0."""
        found = set(self.trainable)
        for n in self.order:
            if any(d != 0 and p in found for p, d in zip(n.parents, self.slopes.get(n, ()))):
                found.add(n)
        return found

    @cached_property
    def readers(self) -> dict[Value, list[Value]]:
        """Who reads each node."""
        found: dict[Value, list[Value]] = {}
        for n in self.order:
            for p in dict.fromkeys(n.parents):
                found.setdefault(p, []).append(n)
        return found

    def finding(self, what: str, how: str, where: str, seen: str, why: str, advice: str, node: Value,
                numbers: dict[str, float], about: Iterable[Value | str] | None = None) -> Finding:  # fmt: skip
        """A finding whose culprit is a node.  It is `about` that, or about units and layers, by their names, or other
        nodes, of which it names twenty.
        """
        told = [node] if about is None else list(about)
        labels = [x for x in told if isinstance(x, str)] + [self.names[n] for n in told if isinstance(n, Value)][:20]
        return Finding(what, how, where, seen, why, advice, self.root, node, numbers, tuple(labels))

    # Units

    def _feeding(self) -> set[Value]:
        """What some weight multiplies, sooner or later: all but the outputs and the loss."""
        weights = self.trainable | {n for n in self.order if module_of(n)}
        found: set[Value] = set()
        for n in reversed(self.order):
            if n in found:
                found.update(n.parents)
            elif n.op in (ops.mul, ops.dot) and not weights.isdisjoint(n.parents):
                found.update(n.parents)
        return found

    def _cells(self) -> list[Cell]:
        cells = []
        if self.groups.units:
            for neuron in neurons_of(self.groups, self.samples):
                uses = [self._use(u) for u in neuron.uses]
                hidden = any(u.out in self.feeding for u in uses)
                cells.append(Cell(neuron.name, neuron.layer, uses, hidden, neuron.weights, neuron.uses[0].bias))
        owned = {n for u in self.groups.units for n in u.nodes}
        return cells + self._unlabelled(owned)

    def _use(self, u: Unit) -> Use:
        after = u.nodes[u.nodes.index(u.z) + 1 :]
        bend = after[0] if len(after) == 1 and len(after[0].parents) == 1 else None
        return Use(u.z, u.out, bend, float(slope_of(u)), u.level, u.inputs)

    def _unlabelled(self, owned: set[Value]) -> list[Cell]:
        """What bends and is in no unit: together, if their sums read the same leaves and so share their weights."""
        found: dict[Any, list[Use]] = {}
        levels: dict[Value, int] = {}
        for n in self.order:
            if not n.parents:
                continue
            levels[n] = max([levels.get(p, 0) for p in n.parents])
            if n in owned or not bend_of(n.op).kind:
                continue
            levels[n] += 1
            [z] = n.parents
            if z in self.learning and (leaves := self._weights(z)):
                use = Use(z, n, n, float(self.slopes[n][0]), levels[n], [])
                found.setdefault((n.op, leaves), []).append(use)
        return [
            Cell(
                partial(self._name, uses[0].out), f"the {op.name} units", uses, any(u.out in self.feeding for u in uses)
            )
            for (op, _), uses in found.items()
        ]

    def _name(self, n: Value) -> str:
        return self.names[n]

    def _weights(self, z: Value) -> frozenset[Value]:
        """The leaves that a weighted sum reads, constants aside."""
        leaves, seen, stack = set(), {z}, [z]
        while stack and len(seen) < MOST:
            n = stack.pop()
            if n.op in LINEAR:
                stack += [p for p in n.parents if p not in seen]
                seen.update(n.parents)
            elif not n.parents and not is_constant(n):
                leaves.add(n)
        return frozenset(leaves)


T = TypeVar("T")


def found_once(find: Callable[[Evidence], T]) -> Callable[[Evidence], T]:
    """What `find` makes of a graph, found once though several checks ask."""

    @wraps(find)
    def once(e: Evidence) -> T:
        if find not in e.found:
            e.found[find] = find(e)
        return e.found[find]  # type: ignore[no-any-return]

    return once


def rate(sizes: list[float]) -> float:
    """By how much a size is multiplied from one to the next, fitted through all of them (least squares on logarithms).

    >>> round(rate([8.0, 4.0, 2.0, 1.0]), 6)
    0.5
    """
    return math.exp(linear_regression(range(len(sizes)), [math.log(size) for size in sizes]).slope)
