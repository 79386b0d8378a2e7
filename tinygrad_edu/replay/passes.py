"""What programs become before they run.  Each pass takes a program and gives one with the same outputs.

>>> p = Program()
>>> x, w, b = p.given(3)
>>> unused = x * b
>>> p.outputs = [(b + x * w + b * w).slot]
>>> print(dots(p))
v3 = dot(v0, v2, v1, v1, v2)
return v3
>>> dots(p)(2.0, 3.0, 4.0) == p(2.0, 3.0, 4.0) == [22.0]
True
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Mapping

from .. import collector, ops
from ..ops import Op
from .program import Program

Changes = Mapping[int, tuple[Op, tuple[int, ...]]]  # slot -> another row, of other slots
NOTHING: Changes = {}
# The sum over all lanes, which of one lane is the lane itself.
total = Op("total", lambda x: x, lambda y, x: (1.0,))


def needed(program: Program, changed: Changes = NOTHING) -> bytearray:
    """Which slots the outputs depend on."""
    keep = bytearray(len(program))
    new = [a for _, args in changed.values() for a in args if a in program.constants]
    for i in (*program.outputs, *program.kept, *new):
        keep[i] = 1
    args = program.args
    for i in range(len(program) - 1, -1, -1):
        if keep[i]:
            for a in changed[i][1] if i in changed else args[i]:
                keep[a] = 1
    return keep


@collector.paused()
def alive(program: Program, changed: Changes = NOTHING) -> Program:
    """Only what the outputs depend on, some of it as other rows of other slots: what is given, constants, the rest."""
    keep = needed(program, changed)
    new, to = Program(program.fold, program.share), [-1] * len(program)
    new.given(program.inputs)
    to[: program.inputs] = range(program.inputs)
    for i, x in program.constants.items():
        if keep[i]:
            to[i] = new.constant(x)
    for i, (row, args) in enumerate(zip(program.rows, program.args)):
        if keep[i] and args:
            row, args = changed.get(i, (row, args))
            to[i] = new.append(row, tuple([to[a] for a in args]))
    new.labels = {to[i]: label for i, label in program.labels.items() if to[i] >= 0}
    new.outputs, new.kept = [to[i] for i in program.outputs], [to[i] for i in program.kept]
    return new


def steps(program: Program) -> int:
    """How many rows it computes."""
    return sum(map(bool, program.args))


def forward_only(program: Program, count: int) -> Program:
    """The first outputs alone, which the seed, the last slot that is given, has nothing to do with."""
    new = copy.copy(program)
    new.outputs = program.outputs[:count]
    if program.kept:
        backward = varying(program, range(program.inputs - 1, program.inputs))
        new.kept = [i for i in program.kept if not backward[i]]
    return alive(new)


@collector.paused()
def dots(program: Program) -> Program:
    """Chains `b + w1 * x1 + w2 * x2 ...` as one dot each, which adds in the same order."""
    rows, args = program.rows, program.args
    keep, uses = needed(program), [0] * len(program)
    for slots in (*itertools.compress(args, keep), program.outputs, program.kept):
        for a in slots:
            uses[a] += 1
    chains: dict[int, tuple[list[int], list[int], list[int]]] = {}  # the sum so far: its bias, if any; weights; inputs
    for i, row in enumerate(rows):
        if not keep[i]:
            continue
        if row is ops.dot:
            n = len(args[i]) // 2
            chains[i] = list(args[i][2 * n :]), list(args[i][:n]), list(args[i][n : 2 * n])
        if row is not ops.add:
            continue
        rest, product = args[i]
        if rows[product] is not ops.mul or uses[product] > 1:
            rest, product = product, rest
        if rows[product] is not ops.mul or uses[product] > 1:
            continue
        if uses[rest] == 1 and rest in chains:
            bias, ws, xs = chains.pop(rest)
        elif uses[rest] == 1 and rows[rest] is ops.mul:
            bias, ws, xs = [], [args[rest][0]], [args[rest][1]]
        else:
            bias, ws, xs = [rest], [], []
        ws.append(args[product][0])
        xs.append(args[product][1])
        chains[i] = bias, ws, xs
    return alive(program, {i: (ops.dot, (*ws, *xs, *bias)) for i, (bias, ws, xs) in chains.items() if len(ws) > 1})


def varying(program: Program, lanes: range) -> bytearray:
    """Which slots differ from lane to lane, if these given ones do."""
    varies = bytearray(len(program))
    for i in lanes:
        varies[i] = 1
    for i, (row, args) in enumerate(zip(program.rows, program.args)):
        if row is not total and any([varies[a] for a in args]):
            varies[i] = 1
    return varies


BEFORE, INSIDE, AFTER = range(3)  # the loop over lanes


def phases(program: Program, lanes: range) -> list[int]:
    """When a step runs: what is the same in every lane before the loop over lanes, or after it if it needs a total."""
    varies, phase = varying(program, lanes), [BEFORE] * len(program)
    for i, (row, args) in enumerate(zip(program.rows, program.args)):
        if varies[i] or row is total:
            phase[i] = INSIDE
        elif args:
            phase[i] = max([AFTER if program.rows[a] is total else phase[a] for a in args])
    return phase


@collector.paused()
def totals(program: Program, lanes: range, summed: range) -> Program:
    """For many lanes at once: the outputs `summed` added up over lanes, with one more given slot, the number of lanes.

    A sum is a sum of sums, and u * x1 + u * x2 is u * (x1 + x2): what is the same in every lane is multiplied once, at
    the end.
    """
    new = Program(program.fold, program.share)
    *given, count = new.given(program.inputs + 1)
    slot = [t.slot for t in given]
    for i in range(program.inputs, len(program)):
        slot.append(
            new.constant(program.constants[i])
            if i in program.constants
            else new.append(program.rows[i], tuple([slot[a] for a in program.args[i]]))
        )
    varies = varying(program, lanes)
    split = {program.outputs[k] for k in summed}
    terms: dict[int, list[tuple[int, ...]]] = {}
    for i in range(len(program) - 1, -1, -1):
        if i in split and varies[i]:
            terms[i] = _terms(program, varies, i)
            for t in terms[i]:
                split.update(a for a in t if len(t) == 1 or (varies[a] and not all([varies[b] for b in t])))
    sums: dict[int, int] = {}

    def summed_up(t: tuple[int, ...]) -> int:
        """One product, or one slot alone, added up over lanes."""
        if len(t) == 1:
            return sums[t[0]]
        here = [varies[a] for a in t]
        if all(here):
            return new.step(total, (new.step(ops.mul, (slot[t[0]], slot[t[1]])),))
        if any(here):
            if new.constants.get(slot[t[here[0]]]) == 1.0:
                return sums[t[not here[0]]]  # 1 * x is x, to the bit
            return new.step(ops.mul, tuple([sums[a] if v else slot[a] for a, v in zip(t, here)]))
        return new.step(ops.mul, (new.step(ops.mul, (slot[t[0]], slot[t[1]])), count.slot))

    for i in sorted(split):
        if not varies[i]:
            sums[i] = new.step(ops.mul, (slot[i], count.slot))
        elif terms[i]:
            sums[i] = functools.reduce(lambda a, b: new.step(ops.add, (a, b)), map(summed_up, terms[i]))
        else:
            sums[i] = new.step(total, (slot[i],))
    new.outputs = [sums[i] if k in summed else slot[i] for k, i in enumerate(program.outputs)]
    new.kept = [slot[i] for i in program.kept]
    new.labels = {slot[i]: label for i, label in program.labels.items()} | {count.slot: "lanes"}
    return alive(new)


def _terms(program: Program, varies: bytearray, i: int) -> list[tuple[int, ...]]:
    """What slot i is a sum of: products, and slots alone."""
    row, args = program.rows[i], program.args[i]
    n = len(args) // 2
    if row is ops.dot:
        return [*zip(args[2 * n :]), *zip(args[:n], args[n : 2 * n])]
    if row is ops.mul and not all([varies[a] for a in args]):
        return [args]
    return list(zip(args)) if row in (ops.add, ops.sum) else []
