"""Many lanes: steps that do the same become one vector step, on rows of numbers.

There are two tables of rows: in `single` a row is one number, the same in every lane; in `many` it has one for each
lane.  A vector step is a row of `ops` for neighbours, or one of two products: `layer`, weights times rows, and `outer`,
rows times rows, added up over lanes.  What goes back through a layer is a layer as well: this room sees no difference.

    >>> from .passes import totals
    >>> p = Program()
    >>> x, y, *w = p.given(8)
    >>> p.outputs = [t.slot for i in (0, 1) for t in (ops.dot(w[i], w[i + 2], x, y, w[i + 4]), w[i] * x)]
    >>> print(Vectors(totals(p, range(2), range(0)), range(2)))
    for each block of lanes:
      many[2:4] = layer(single[0 2 1 3], many[0:2], single[4:6])
      many[4:6] = mul(single[0:2], many[0 0])

Members of a vector step are sorted by where their arguments lie, so that most arguments are a slice of a table too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..ops import Op
from .passes import INSIDE, dots, phases, total, totals
from .program import Program
from .trace import Passes

SINGLE, MANY = 0, 1  # the two tables
FEW = 8  # weights: so short dots of different rows go side by side
layer, outer = (Op(name, lambda *xs: xs, lambda y, *xs: (), domain=(ops.REAL, ...)) for name in ("layer", "outer"))
spread = Op("spread", lambda x: x, lambda y, x: (1.0,))  # one number, as a row of lanes
PRODUCTS = (layer, outer, total)  # of which an argument that is one row many times may not be that row once


class Vector(NamedTuple):
    """`row` of `args`, for each of the rows `out` of a table.

    An argument is a table and its rows: one for each of `out`, or several if the row takes any number.  A layer's are
    weights[out, in] and a bias of the single table, and many[in]; an outer's are many[i] and many[j], for single[i, j].
    """

    row: Op
    table: int
    out: range
    args: tuple[tuple[int, Any], ...]

    def __str__(self) -> str:
        args = ", ".join(f"{_NAMES[table]}[{_span(rows.ravel().tolist())}]" for table, rows in self.args)
        return f"{_NAMES[self.table]}[{_span(self.out)}] = {self.row.name}({args})"


_NAMES = "single", "many"


def _span(rows: Sequence[int]) -> str:
    near = rows[0] == rows[-1] - len(rows) + 1 and len(rows) > 1 and all(b - a == 1 for a, b in zip(rows, rows[1:]))
    return f"{rows[0]}:{rows[-1] + 1}" if near else " ".join(map(str, rows))


class Vectors:
    """The vector steps of a program for many lanes (see `totals`): of its given slots `lanes` differ from lane to lane.

    `code`: what runs before, inside and after the loop over blocks of lanes; `place`: the table and the row of each
    slot; `size`: how many rows the tables have.  First in `single` are the other given slots, then constants; first in
    `many` the lanes' own.  Unless it `broadcasts`, a number that a vector step mixes with rows is spread to a row.
    """

    def __init__(self, program: Program, lanes: range, broadcasts: bool = True) -> None:
        self.program, self.phase, self.broadcasts = program, phases(program, lanes), broadcasts
        self.varies = [p == INSIDE and row is not total for p, row in zip(self.phase, program.rows)]
        self.code: tuple[list[Vector], ...] = [], [], []
        self.size, self.place = [0, 0], [(SINGLE, -1)] * len(program)
        self._halves: dict[int, Any] = {}  # weights, rows and bias of dots that may stand in a layer
        self._spread: dict[int, int] = {}
        self._rows([i for i in [*range(program.inputs), *program.constants] if not self.varies[i]], SINGLE)
        self._rows(list(lanes), MANY)
        write: dict[Op, Any] = {layer: self._layer, outer: self._outer}
        for (phase, _, row, *_), slots in sorted(self._groups().items(), key=lambda group: group[0][:2]):
            write.get(row, self._alike)(phase, row, slots)
        spreads = [(out, np.array([self.place[i][1]])) for i, out in self._spread.items()]
        self.code[INSIDE][:0] = [Vector(spread, MANY, range(out, out + 1), ((SINGLE, at),)) for out, at in spreads]

    @classmethod
    def of(cls, passes: Passes, broadcasts: bool = True) -> Vectors:
        """Those of both passes, or of one: gradients of parameters are added up over lanes."""
        lanes = range(passes.inputs)
        return cls(dots(totals(passes.program, lanes, passes.summed)), lanes, broadcasts)

    def __str__(self) -> str:
        titles = "before:", "for each block of lanes:", "after:"
        return "\n".join([line for title, code in zip(titles, self.code) if code
                          for line in (title, *[f"  {v}" for v in code])])  # fmt: skip

    def _groups(self) -> dict[Any, list[Any]]:
        """What does the same at the same depth: (phase, depth, row, what tells it from others of this row) -> slots.

        Depth is counted anew in each phase.
        """
        rows, args, varies = self.program.rows, self.program.args, self.varies
        phase, outers = self.phase, self._outers()
        rest = {a for slots in outers.values() for some in slots for i in some for a in (i, *args[i])}
        depth, groups = [0] * len(rows), defaultdict[Any, list[Any]](list)
        for i, (row, xs) in enumerate(zip(rows, args)):
            if not xs:
                continue
            depth[i] = 1 + max([depth[a] if phase[a] == phase[i] else 0 for a in xs])
            if i in rest:
                continue
            halves = self._layered(i) if row is ops.dot and varies[i] else ()
            if halves:
                self._halves[i] = halves
                groups[phase[i], depth[i], layer, halves[1], len(halves[2])].append(i)
            else:
                apart = () if ... in row.domain else [varies[a] for a in xs]
                groups[phase[i], depth[i], row, len(xs), *apart].append(i)
        for factors, slots in outers.items():
            ups = [self._product(some[0])[1] for some in slots]
            groups[INSIDE, 1 + max([depth[a] for a in (*ups, *factors)]), outer, factors] += slots
        alone = {k: (*k[:2], ops.dot, 2 * len(k[3]) + k[4], "few")
                 for k, slots in groups.items() if k[2] is layer and len(slots) == 1 and len(k[3]) < FEW}  # fmt: skip
        many = Counter(alone.values())
        for key, side_by_side in alone.items():
            if many[side_by_side] > 1:
                groups[side_by_side] += groups.pop(key)
        return groups

    def _product(self, i: int) -> tuple[int, ...]:
        """The factors of a total of products."""
        return self.program.args[self.program.args[i][0]]

    def _outers(self) -> dict[tuple[int, ...], list[list[int]]]:
        """Totals of products that nobody else uses: for some first factors, a list of totals for each second factor."""
        rows, args = self.program.rows, self.program.args
        used = {*self.program.outputs, *self.program.kept}
        used.update(a for row, xs in zip(rows, args) for a in xs if row is not total or rows[a] is not ops.mul)
        by_second = defaultdict[int, list[int]](list)
        for i, row in enumerate(rows):
            if row is total and rows[args[i][0]] is ops.mul and args[i][0] not in used:
                by_second[self._product(i)[1]].append(i)
        found = defaultdict[tuple[int, ...], list[list[int]]](list)
        for slots in by_second.values():
            found[tuple([self._product(i)[0] for i in slots])].append(slots)
        lonely = [factors for factors, slots in found.items() if len(factors) == len(slots) == 1]
        if len(lonely) > 1:  # one multiplication of rows, and one sum
            for factors in lonely:
                del found[factors]
        return found

    def _layered(self, i: int) -> Any:
        """The weights, the rows and the bias of a dot, if weights and bias are the same in every lane; else nothing."""
        xs, varies = self.program.args[i], self.varies
        n = len(xs) // 2
        for ws, rows in ((xs[:n], xs[n : 2 * n]), (xs[n : 2 * n], xs[:n])):
            if all([varies[a] for a in rows]) and not any([varies[a] for a in (*ws, *xs[2 * n :])]):
                return ws, rows, xs[2 * n :]
        return ()

    # Rows

    def _rows(self, slots: list[int], table: int) -> range:
        """New rows of a table, for these slots."""
        first = self.size[table]
        self.size[table] += len(slots)
        for k, i in enumerate(slots):
            self.place[i] = table, first + k
        return range(first, first + len(slots))

    def _at(self, slots: Any, table: int) -> tuple[int, Any]:
        """Where these slots, or lists of slots, are in a table: an argument."""

        def row(i: int) -> int:
            if self.place[i][0] == table:
                return self.place[i][1]
            if i not in self._spread:
                self._spread[i] = self.size[MANY]
                self.size[MANY] += 1
            return self._spread[i]

        if type(slots) is list:  # without the detour, for chains have as many vector steps as steps
            return table, np.array(list(map(row, slots)), np.int32)
        return table, np.array([row(i) for i in np.ravel(slots).tolist()], np.int32).reshape(np.shape(slots))

    # Vector steps

    def _layer(self, phase: int, row: Op, slots: list[int]) -> None:
        slots.sort(key=lambda i: [self.place[a] for a in self._halves[i][0]])
        ws, xs, bias = zip(*[self._halves[i] for i in slots])
        args = [self._at(ws, SINGLE), self._at(xs[0], MANY), *[self._at(list(b), SINGLE) for b in zip(*bias)]]
        self.code[phase].append(Vector(layer, MANY, self._rows(slots, MANY), tuple(args)))

    def _outer(self, phase: int, row: Op, slots: list[list[int]]) -> None:
        slots.sort(key=lambda some: self.place[self._product(some[0])[1]])
        order = sorted(range(len(slots[0])), key=lambda k: self.place[self._product(slots[0][k])[0]])
        ups = self._at([self._product(some[0])[1] for some in slots], MANY)
        factors = self._at([self._product(slots[0][k])[0] for k in order], MANY)
        out = self._rows([some[k] for some in slots for k in order], SINGLE)
        self.code[phase].append(Vector(outer, SINGLE, out, (ups, factors)))

    def _alike(self, phase: int, row: Op, slots: list[int]) -> None:
        args, place = self.program.args, self.place
        slots.sort(key=lambda i: [place[a][::-1] for a in args[i]])
        table = MANY if self.varies[slots[0]] else SINGLE
        of = MANY if row is total else table
        out = self._rows(slots, table)
        if ... in row.domain:
            xs = np.array([args[i] for i in slots])
            n = xs.shape[1] // 2
            some = (xs[:, :n], xs[:, n : 2 * n], *xs[:, 2 * n :].T) if row is ops.dot else (xs,)
            self.code[phase].append(Vector(row, table, out, tuple([self._at(a, of) for a in some])))
            return
        tables = [place[a][0] if self.broadcasts else of for a in args[slots[0]]]
        columns = [self._at([args[i][k] for i in slots], t) for k, t in enumerate(tables)]
        for run in _runs([rows for _, rows in columns], len(out)):
            self.code[phase].append(Vector(row, table, out[run], tuple([(t, rows[run]) for t, rows in columns])))


def _runs(columns: list[Any], count: int) -> list[slice]:
    """Where to cut a vector step so that its arguments lie in equal steps, if that is in few places.

    >>> _runs([np.array([0, 1, 2, 3, 7, 8, 9, 10])], 8)
    [slice(0, 4, None), slice(4, 8, None)]
    """
    if count < 3:
        return [slice(0, count)]
    bends = np.flatnonzero(np.any([np.diff(rows, 2) != 0 for rows in columns], axis=0)).tolist()
    # a bend at k and one at k + 1 are one cut
    cuts = [0, *[k + 2 for j, k in enumerate(bends) if not j or bends[j - 1] < k - 1], count]
    return [slice(a, b) for a, b in zip(cuts, cuts[1:])] if len(cuts) < 4 + count // 64 else [slice(0, count)]
