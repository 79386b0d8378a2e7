"""A recording as flat arrays: what the machine reads in place of a graph of objects.

Every node has a slot: parameters first, in the order of the record, then inputs, then the rest.  A node that depends on
no input is invariant: the same in every lane, kept as one number.  The others are rows of lanes.  Dots of the same rows
with invariant weights become one `dense` instruction, where that leaves the order in which
gradients are added as it is.

A row that the kernel does not know (one with parameters, or one that was registered) is lowered: its value and its
local gradients are written out with rows that it knows, and one `linear` instruction passes gradients on,
d * upstream for each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import collector, ops
from ..engine import Value
from ..filling import Exact, exact, filled
from ..ops import Op
from ..text import Expr
from . import kernel
from .nodes import GONE, LEAF, Node, dots
from .plan import Plan
from .record import Record
from .trace import OPTIMISATIONS

ALL = frozenset(OPTIMISATIONS)
MINUS_ZERO = -0.0
# The codes that the kernel was compiled with, for the rows of `ops` alone: another row may have any name, "dense" too.
_WITH_A_NUMBER = {ops.power: kernel.POWER, ops.polygamma: kernel.POLYGAMMA}  # which the tape keeps as a second input
_KNOWN = {
    op: code
    for row, code in vars(kernel).items()
    if isinstance(op := getattr(ops, row.lower(), None), Op) and isinstance(code, int)
}
CACHE_BYTES = 96 * 1024  # of rows and their gradients; what is larger does not stay close to the processor
CHEAP = (kernel.ADD, kernel.SUB, kernel.MUL, kernel.NEG, kernel.RELU, kernel.LINEAR)  # no dearer than a copy


class Tape:
    """The arrays, and where on them things are.  `wanted`: the leaves whose gradients are asked for, all if None;
    `optimise`: see `passes`; `fuse`: whether chains of multiply and add become dots.

    Raises TypeError for a row that can be written neither with the kernel's own rows nor with its `parts`.
    """

    @collector.paused()
    def __init__(
        self, record: Record, wanted: Iterable[Value] | None = None, optimise: frozenset[str] = ALL, fuse: bool = True
    ) -> None:
        self.parameters, self.inputs, self.outputs = len(record.parameters), len(record.inputs), len(record.outputs)
        leaves = [*record.parameters, *record.inputs]
        plan = Plan(record, leaves if wanted is None else wanted, optimise)
        self.nodes: list[Node] = []
        self._constants: dict[tuple[float, str], Node] = {}
        known: dict[Value, Node] = {}
        for i, leaf in enumerate(leaves):
            known[leaf] = self._add(Node(LEAF, [], leaf.data, leaf in plan.needed))
            known[leaf].level = 1 if i < self.parameters else 2
        try:
            self._compute(record, plan, known)
        except TypeError as e:
            raise TypeError(f'{e}; or use backend="python"') from e
        self.returned = [known[v] for v in record.outputs]
        self.reaches = self.returned[0].needed  # whether any gradient that is asked for is not 0
        if fuse:
            self.nodes = dots(self.nodes, self.returned)
        for i, n in enumerate(self.nodes):
            n.slot = i
            if n.same and (n.code in CHEAP or n.same.code == GONE):
                n.same = None
        self._lists: list[int] = []
        self._to: list[int] = []
        self._code: list[tuple[int, ...]] = []
        self._single_plan = self._scalar_plan()
        self._lanes_plan = self._lane_plan()
        self.code = np.array(self._code or [(0,) * 6], np.int32)
        self.lists = np.array(self._lists or [0], np.int32)
        self.to = np.array(self._to or [0], np.int32)
        self.single_plan = np.array(self._single_plan, np.int64)
        self.lanes_plan = np.array(self._lanes_plan, np.int64)
        self.start = np.array([n.data if n.level == 0 else 0.0 for n in self.nodes])
        del self._constants, self._lists, self._to, self._code, self.nodes, self.returned

    @property
    def instructions(self) -> int:
        """How many instructions compute one sample's values."""
        return int(self.single_plan[1] - self.single_plan[0])

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, and of the room that one call works in."""
        arrays = (self.code, self.lists, self.to, self.single_plan, self.lanes_plan, self.start)
        room = 2 * self.slots + 2 * (self.rows + self.spread_rows) * self.width + 8 * self.sum_rows
        return sum(a.nbytes for a in arrays) + 8 * room

    # Nodes.

    def _compute(self, record: Record, plan: Plan, known: dict[Value, Node]) -> None:
        for v in record.order:
            if v not in known:
                if v not in plan.varies:  # a constant: its number was computed when it was recorded
                    known[v] = self._constant(v.data)
                    continue
                needed, same = v in plan.needed, plan.same.get(v)
                if same is None:
                    known[v] = self._row(v.op, [known[p] for p in v.parents], needed)
                else:
                    known[v] = self._again(v, known, needed, known[same], same in plan.needed)

    def _add(self, n: Node) -> Node:
        n.slot = len(self.nodes)
        self.nodes.append(n)
        return n

    def _constant(self, x: float) -> Node:
        key = (x, str(x))  # 0.0 and -0.0 are two
        if key not in self._constants:
            self._constants[key] = self._add(Node(LEAF, [], float(x)))
        return self._constants[key]

    def _row(self, op: Op, parents: list[Node], needed: bool = False) -> Node:
        """The node of a row, lowered if need be."""
        if op in _KNOWN:
            return self._add(Node(_KNOWN[op], parents, needed=needed))
        if op.recipe and op.recipe[0] in _WITH_A_NUMBER:
            return self._add(
                Node(_WITH_A_NUMBER[op.recipe[0]], [parents[0], self._constant(float(op.recipe[1][0]))], needed=needed)
            )
        names: dict[int, Node] = {}
        done: dict[int, Node] = {}
        keep: list[Any] = []

        def named(n: Node) -> Exact:
            e = exact("")
            names[id(e)] = n
            keep.append(e)
            return e

        def lower(e: Any) -> Node:
            """Depth first, with formulas as deep as rows are: a few levels.  No gradient flows through these nodes."""
            if not isinstance(e, Expr):
                return self._constant(float(e))
            if id(e) not in done:
                keep.append(e)
                done[id(e)] = names[id(e)] if id(e) in names else self._row(e.op, [lower(a) for a in e.args])
            return done[id(e)]

        try:
            xs = [named(p) for p in parents]
            y = lower(filled(op, op.parts or op.forward, xs))
            out = named(y)
            ds = filled(op, op.partials, [out, *xs]) if needed else ()
            if op.domain[0] != ops.REAL:  # outside of which there is no slope
                ds = [Exact(ops.within, (d, out)) for d in ds]
            ds = [lower(d) for d in ds]
        except RecursionError as e:
            raise TypeError(f"the row {op.name!r} is made of too many others for the native backend") from e
        return self._add(Node(kernel.LINEAR, [y, *ds], needed=True, flow=parents)) if needed else y

    def _again(self, v: Value, known: dict[Value, Node], needed: bool, same: Node, same_needed: bool) -> Node:
        """The node of a value that an earlier node has already: that one, if no gradient tells them apart."""
        if not needed:
            return same
        parents = [known[p] for p in v.parents]
        if same.code == kernel.LINEAR and same_needed:  # its local gradients are there, too
            return self._add(Node(kernel.LINEAR, same.parents, needed=True, flow=parents))
        n = self._row(v.op, parents, True)
        n.same = same
        return n

    # Instructions.  `place` tells where a node's number is, `goal` where its gradient goes.

    def _emit(self, n: Node, place: Any, goal: Any) -> None:
        code, parents = n.code, n.parents
        if code == kernel.LINEAR:
            self._code.append((code, place(n), len(self._lists), len(n.flow), 0, 0))
            self._lists += map(place, parents)
            self._to += [-1, *[goal(p) for p in n.flow]]
        elif code < kernel.FIRST_MANY:
            last = parents[-1]
            tb = goal(last) if len(parents) > 1 and code not in _WITH_A_NUMBER.values() else -1
            self._code.append((code, place(n), place(parents[0]), place(last), goal(parents[0]), tb))
        else:
            self._code.append((code, place(n), len(self._lists), len(parents), 0, 0))
            self._lists += map(place, parents)
            self._to += map(goal, parents)

    def _copy(self, n: Node, place: Any) -> None:
        """The value of a node that equals an earlier one: `linear` without gradients."""
        self._code.append((kernel.LINEAR, place(n), len(self._lists), 0, 0, 0))
        self._lists.append(place(n.same))
        self._to.append(-1)

    def _part(self, nodes: list[Node], place: Any, goal: Any, backward: bool) -> list[int]:
        first = len(self._code)
        for n in nodes:
            if not backward:
                self._copy(n, place) if n.same else self._emit(n, place, goal)
            elif n.needed:
                self._emit(n, place, goal)
        return [first, len(self._code)]

    def _scalar_plan(self) -> list[int]:
        """All nodes as single numbers."""
        computed = [n for n in self.nodes if n.code != LEAF]
        parts = [*self._part(computed, _slot, _goal, False), *self._part(computed, _slot, _goal, True)]
        outputs = len(self._lists)
        self._lists += map(_slot, self.returned)
        self._to += map(_slot, self.returned)
        return [*parts, 0, 0, 0, 0, outputs]

    def _lane_plan(self) -> list[int]:
        """Invariants as single numbers, the rest as rows; weights of dense dots add up in rows of their own, `sums`."""
        invariant = [n for n in self.nodes if n.level == 1 and n.code != LEAF]
        once = [*self._part(invariant, _slot, _goal, False), *self._part(invariant, _slot, _goal, True)]
        varying = [n for n in self.nodes if n.level == 2]
        for row, n in enumerate(varying):
            n.row = row
        rows = len(varying) + 1  # the last one takes what nobody asks for
        self.sums: dict[Node, int] = {}
        spread: dict[Node, int] = {}

        def row_of(n: Node) -> int:
            if n.level == 2:
                return n.row
            if n not in spread:
                spread[n] = rows + len(spread)
            return spread[n]

        def row_goal(n: Node) -> int:
            return row_of(n) if n.needed else -1

        groups = self._dense(varying)
        minus_zero = self._constant(MINUS_ZERO)  # where there is no bias
        self.slots = len(self.nodes)
        grouped = {n for g in groups for n in g}
        parts: list[int] = []
        trash = rows - 1
        for backward in (False, True):
            first = len(self._code)
            members = ([n for n in g if (n.needed if backward else not n.same)] for g in groups)
            dense = {g[0]: g for g in members if g}
            for n in varying:
                if n.code == LEAF or (backward and not n.needed):
                    continue
                if n.same and not backward:
                    self._copy(n, row_of)
                elif n in dense:
                    self._emit_dense(dense[n], minus_zero, trash)
                elif n not in grouped:
                    self._emit(n, row_of, row_goal)
            parts += [first, len(self._code)]
        count = len(self.sums)
        for at in [i for i, t in enumerate(self._lists) if t == _TRASH]:
            self._lists[at] = count
        outputs = len(self._lists)
        self._lists += [n.row for n in self.returned]  # -1 if it is no row
        self._to += [n.slot for n in self.returned]
        spread_first = len(self._lists)
        self._lists += spread.values()
        self._to += [n.slot for n in spread]
        sums_first = len(self._lists)
        self._lists += [n.slot for n in self.sums]
        self._to += [0] * count
        self.rows, self.spread_rows, self.sum_rows = rows, len(spread), count + 1
        width = CACHE_BYTES // (16 * (rows + len(spread))) // 32 * 32
        self.width = max(32 if rows < 4096 else 8, min(128, width))
        del self.sums
        return [*once, *parts, outputs, rows, spread_first, sums_first, sums_first]

    def _dense(self, varying: list[Node]) -> list[list[Node]]:
        """Dots with invariant weights, in groups of the same rows; no gradient's order of additions changes."""
        uses: dict[Node, list[Node]] = {}
        groups: dict[tuple[Node, ...], list[Node]] = {}
        closed: list[list[Node]] = []
        for n in varying:
            xs = _weights_and_rows(n)[1] if n.code == kernel.DOT else ()
            if xs:
                group = groups.get(xs)
                alone = len(set(xs)) < len(xs)
                since = group and any(x.needed and uses[x][-1] is not group[-1] for x in xs)
                if group is None or alone or since:
                    group = groups[xs] = []
                    closed.append(group)
                group.append(n)
            for p in n.flow:
                if p.level == 2:
                    uses.setdefault(p, []).append(n)
        return closed

    def _emit_dense(self, group: list[Node], minus_zero: Node, trash: int) -> None:
        xs = _weights_and_rows(group[0])[1]
        wanted_rows = any(x.needed for x in xs)
        numbers = [x.row for x in xs] + [x.row if x.needed else trash for x in xs]
        wanted_weights = False
        start = len(self._lists)
        for n in group:
            ws, _ = _weights_and_rows(n)
            bias = n.parents[-1] if len(n.parents) % 2 else minus_zero
            goals = [self.sums.setdefault(w, len(self.sums)) if w.needed else _TRASH for w in [bias, *ws]]
            wanted_weights = wanted_weights or any(w.needed for w in [bias, *ws])
            numbers += [n.row, bias.slot, goals[0], *[w.slot for w in ws], *goals[1:]]
        self._lists += numbers
        self._to += [0] * len(numbers)
        self._code.append((kernel.DENSE, group[0].row, start, len(xs), len(group), wanted_weights + 2 * wanted_rows))


def _slot(n: Node) -> int:
    return n.slot


def _goal(n: Node) -> int:
    return n.slot if n.needed else -1


_TRASH = -2  # a weight's gradient that nobody asks for; becomes the last row of the sums


def _weights_and_rows(n: Node) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """The invariant and the varying half of a dot, either way round; nothing if it is not like that."""
    half = len(n.parents) // 2
    a, b = tuple(n.parents[:half]), tuple(n.parents[half : 2 * half])
    bias = n.parents[2 * half :]
    if any(p.level == 2 for p in bias):
        return (), ()
    for ws, xs in ((a, b), (b, a)):
        if all(w.level < 2 for w in ws) and all(x.level == 2 for x in xs):
            return ws, xs
    return (), ()
