"""Trace a recording into one program of both passes: the engine's own rows and its own chain rule, filled with terms.

    >>> from .record import record
    >>> w = Value(3.0, label="w")
    >>> passes = trace(record(lambda x: (w * x).tanh(), [2.0], lambda leaves: leaves))
    >>> print(passes.program)
    v3 = v1 * v0
    v4 = tanh(v3)
    v5 = 2.0
    v6 = v5 * v3
    v7 = bell(v6)
    v8 = 4.0
    v9 = v8 * v7
    v10 = v9 * v2
    v11 = v0 * v10
    v12 = 0.0
    return v4, v12, v11

Given are the inputs, the parameters and the seed, which is the gradient that comes from above.  Outputs are the values,
the gradients of the inputs and those of the parameters.  Nothing else in this room knows what a gradient is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .. import collector, ops
from ..engine import Value, chain_rule
from ..ops import REAL, Op
from .passes import forward_only
from .program import Program, Term, as_constant, opaque, term
from .record import Record

OPTIMISATIONS = ("dead", "fold", "share", "wanted")
ALL = frozenset(OPTIMISATIONS)


class Passes(NamedTuple):
    """A program of both passes: how many inputs and parameters it is given, and how many values it gives first."""

    program: Program
    inputs: int
    parameters: int
    values: int

    @property
    def summed(self) -> range:
        """The outputs that are gradients of parameters: those of several lanes are added up."""
        return range(self.values + self.inputs, len(self.program.outputs))

    @property
    def forward(self) -> Passes:
        """The values alone."""
        return self._replace(program=forward_only(self.program, self.values))


@collector.paused()
def trace(record: Record, wanted: Iterable[Value] | None = None, optimise: frozenset[str] = ALL) -> Passes:
    """Both passes of a recording.  Gradients are found for the leaves that are `wanted`, all parameters if None; the
    others are 0.  `optimise` names what need not be done at every call; none of it changes a bit of any result:

    - "dead": steps that no output depends on are dropped;
    - "fold": steps on constants alone are computed now;
    - "share": equal steps are computed once.  Gradients of equal nodes stay apart, because (g1 + g2) * d is not
      g1 * d + g2 * d;
    - "wanted": gradients are passed on only on the way to leaves that somebody asked about.

    What would round differently is not done: a * (b * c) is not (a * b) * c, and x * 0 is not 0 where x is inf.
    """
    program = Program("fold" in optimise, "share" in optimise)
    leaves = [*record.inputs, *record.parameters]
    *given, seed = program.given(len(leaves) + 1)
    terms: dict[Value, Term] = dict(zip(leaves, given))
    for n in record.order:
        if n not in terms:
            xs = [terms[p] for p in n.parents]
            terms[n] = term(program, xs[0].__apply__(n.op, tuple(xs)) if xs else n.data)
    if "dead" not in optimise:
        program.kept = list(range(len(program)))
    start = Flow(program, [(ONE, seed.slot)])

    def local(n: Value) -> list[Slope]:
        return [Slope(program, d) for d in local_steps(n.op, terms[n], [terms[p] for p in n.parents])]

    total = chain_rule(record.root, start, local)
    asked = {*record.parameters} if wanted is None else {*wanted}
    some = leaves if "wanted" not in optimise else [n for n in leaves if n in asked]
    found = {n: total[n].slot() for n in some if n in total}
    program.kept += found.values() if "wanted" not in optimise else ()
    grads = {n: found[n] if n in found and n in asked else program.constant(0.0) for n in leaves}
    program.outputs = [*[terms[y].slot for y in record.outputs], *grads.values()]
    flows = {n: flow.known for n, flow in total.items() if n.label and flow.known >= 0}
    labels = {slot: f"d{n.label}" for n, slot in flows.items() if slot not in program.constants}
    program.labels = labels | {t.slot: n.label for n, t in terms.items() if n.label} | {seed.slot: "seed"}
    return Passes(program, len(record.inputs), len(record.parameters), len(record.outputs))


ONE = -1  # the slot of a local gradient that multiplies nothing


class Flow:
    """A gradient while it is added up, d1 * up1 + d2 * up2 ...: one step, a dot, when somebody needs the sum.

    Unless anybody does, none.
    """

    __slots__ = ("program", "pairs", "known")

    def __init__(self, program: Program, pairs: list[tuple[int, int]]) -> None:
        self.program, self.pairs, self.known = program, pairs, -1

    def __add__(self, other: Flow) -> Flow:
        self.pairs += other.pairs
        return self

    def slot(self) -> int:
        """The slot of the sum, added up from left to right as the engine does."""
        if self.known < 0:
            (d, up), *rest = pairs = self.pairs
            step, one = self.program.step, self.program.constant
            if not rest:
                self.known = up if d == ONE else step(ops.mul, (d, up))
            elif all(d == ONE for d, _ in pairs):
                self.known = step(ops.sum, tuple([up for _, up in pairs]))
            else:
                bias = (up,) if d == ONE else ()
                pairs = rest if bias else pairs
                ds = [one(1.0) if d == ONE else d for d, _ in pairs]
                self.known = step(ops.dot, (*ds, *[up for _, up in pairs], *bias))
            self.pairs = []  # which nobody adds to any more
        return self.known


class Slope:
    """A local gradient, which the chain rule multiplies with what comes from above."""

    __slots__ = ("d",)

    def __init__(self, program: Program, d: Any) -> None:
        self.d = d.slot if type(d) is Term else ONE if d == 1.0 else program.constant(d)

    def __mul__(self, upstream: Flow) -> Flow:
        return Flow(upstream.program, [(self.d, upstream.slot())])


def local_steps(op: Op, y: Term, xs: Sequence[Term]) -> list[Any]:
    """A row's local gradients, as steps; numbers stay numbers."""
    try:
        ds: list[Any] = [d if type(d) is Term else as_constant(d) for d in op.partials(y, *xs)]
    except Exception:  # only numbers can run it
        ds = [y.__apply__(_slope(op, i), (y, *xs)) for i in range(len(xs))]
    else:
        if op.domain[0] != REAL:  # outside of which there is no slope
            ds = [y.__apply__(ops.within, (d, y)) for d in ds]
    return ds


@functools.lru_cache(maxsize=4096)
def _slope(op: Op, i: int) -> Op:
    """A local gradient that only numbers can run, as a step."""
    domain = op.domain if ... in op.domain else (REAL, *op.domain)
    return opaque(op, name=f"{op.name}_slope_{i}", forward=lambda *ys: op.slopes(*ys)[i], domain=domain)
