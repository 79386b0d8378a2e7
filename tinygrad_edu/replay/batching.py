"""A recording as one function over many samples, in plain Python, printed to be run and not to be read.

It is what `printing` prints, with a loop around it and fewer steps: parameters are unpacked once, what depends on them
alone is computed once, gradients of parameters stay local variables from sample to sample, a value that is used once is
written where it is used, and short rows are written out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .. import ieee, ops
from ..engine import Value
from ..languages import CAREFUL
from ..sourcecode import _times
from ..text import Expr, name
from .plan import Plan
from .printing import TERMS, Replay
from .record import Record
from .trace import OPTIMISATIONS

SHORT = replace(CAREFUL, words={
    **CAREFUL.words,
    "relu": "(0.0 if {0} <= 0.0 else {0})",
    "greater": "(1.0 if {0} > {1} else 0.0 if {0} <= {1} else nan)",
    "div": "({b0} / {b1} if {1} else divide({0}, {1}))",
})  # fmt: skip
NESTS = (ops.add, ops.sub, ops.mul, ops.neg, ops.sum, ops.dot)  # rows that write each input once
DEEP = 40  # operations within one another in one line


class Batch:
    """`run(theta, samples, seed=1.0)` on a list of tuples of inputs gives values, gradients of parameters,
    gradients of inputs.

    That is: the outputs of each sample; d(seed * the sum of the first output) / d(each wanted parameter); and for each
    sample the gradients of its wanted inputs, in the order of `wanted`.  Values have the engine's bits.  Gradients of
    parameters are added up from the last sample to the first, as in the engine's sum of samples, and are the bits of
    that, where what depends on parameters alone was built once and first.

    >>> from .record import record
    >>> w = Value(3.0, label="w")
    >>> r = record(lambda x: w * x + 1, [2.0], lambda leaves: leaves)
    >>> Batch(r, [*r.parameters, *r.inputs]).run([3.0], [(1.0,), (5.0,)])
    ([(4.0,), (16.0,)], (6.0,), [(3.0,), (3.0,)])
    """

    def __init__(
        self, record: Record, wanted: Sequence[Value], optimise: frozenset[str] = frozenset(OPTIMISATIONS)
    ) -> None:
        writer = _Loop(record, list(wanted), Plan(record, wanted, optimise), SHORT)
        self.text = writer.module()
        scope: dict[str, Any] = {"nan": math.nan, "divide": ieee.divide, **writer.rules()}
        exec(compile(self.text, "<recorded batch>", "exec"), scope)
        self.run: Callable[..., Any] = scope["batch"]


class _Loop(Replay):
    """The writer of the loop.  Names of its own end in an underscore, which no label's name does."""

    def module(self) -> str:
        record, plan = self.record, self.plan
        inputs = set(record.inputs)
        varies = set(inputs)  # from sample to sample
        for n in record.order:
            if n.parents and any(p in varies for p in n.parents):
                varies.add(n)
        self.gradients: dict[Value, str] = {}  # those that are another's under its name
        self.flows = Counter(p for n in record.order if n in plan.needed and n.parents for p in n.parents)
        self.nested: dict[Value, tuple[Expr, int]] = {}
        sums = [
            n for n in [*record.parameters, *record.order] if n in plan.needed and n not in varies and n not in inputs
        ]
        sums = list(dict.fromkeys(sums))
        self.begun = set(sums)
        self.lines = []
        if record.root in plan.needed:
            self.flow(record.root, name("seed"))
        for n in reversed(record.order):
            if n in plan.needed and n.parents and n in varies:
                self.passed_on(n)
        inside, self.lines = self.lines, []
        for n in reversed(record.order):
            if n in plan.needed and n.parents and n not in varies:
                self.passed_on(n)
        after, self.lines = self.lines, []
        self.spoken = spoken = set(re.findall(r"\w+", " ".join([*inside, *after])))
        uses = Counter(plan.same.get(p, p) for n in record.order if n not in plan.same for p in n.parents)
        once = {
            n
            for n in record.order
            if n.parents and uses[n] == 1 and self.names[n] not in spoken and len(n.parents) <= TERMS
        }
        once -= {*record.outputs, *[m for pair in plan.same.items() for m in pair]}
        readers = {p: n for n in record.order for p in n.parents}
        self.once = {n for n in once if readers[n].op in NESTS and (readers[n] in varies) == (n in varies)}
        for n in record.order:
            if n.parents and n in plan.varies and n not in varies:
                self.line(n)
        before, self.lines = self.lines, []
        for n in record.order:
            if n in varies and n.parents:
                self.line(n)
        forward = self.lines
        outputs = "".join(f"{self.speech.write(self.term(n))}, " for n in record.outputs)
        dtheta = "".join(
            f"d{self.names[n]} + 0.0, " if n in plan.needed else "0.0, " for n in self.wanted if n not in inputs
        )
        dinputs = "".join(f"{self.gradient(n)}, " if n in self.begun else "0.0, " for n in self.wanted if n in inputs)
        none = "".join("0.0, " for n in self.wanted if n not in inputs)
        unpack = [f"{''.join(f'{self.names[n]}, ' for n in record.parameters)}= theta_"] * bool(record.parameters)
        loop = [*[f"{''.join(f'{self.names[n]}, ' for n in record.inputs)}= sample_"] * bool(record.inputs), *forward,
                *inside, f"outputs_.append(({outputs.strip()}))", f"dinputs_.append(({dinputs.strip()}))"]  # fmt: skip
        body = ["if not samples_:", f"    return [], ({none.strip()}), []", *unpack, *before,
                *[f"d{self.names[n]} = -0.0" for n in sums], "outputs_, dinputs_ = [], []",
                "for sample_ in samples_[::-1]:", *[f"    {line}" for line in loop], *after,
                f"return outputs_[::-1], ({dtheta.strip()}), dinputs_[::-1]"]  # fmt: skip
        text = "def batch(theta_, samples_, seed=1.0):\n    " + "\n    ".join(body) + "\n"
        return "\n\n\n".join(p for p in (self.speech.prelude(self.used), text) if p)

    def term(self, n: Value) -> Any:
        n = self.plan.same.get(n, n)
        return self.nested.pop(n)[0] if n in self.nested else super().term(n)

    def line(self, n: Value) -> None:
        """A node's line, unless it is written where it is used."""
        if n in self.plan.same:
            if self.names[n] in self.spoken:  # the backward pass asks for it by its own name
                self.lines.append(f"{self.names[n]} = {self.names[self.plan.same[n]]}")
            return
        depth = 1 + max((self.nested[p][1] for p in n.parents if p in self.nested), default=0)
        e = Expr(n.op, tuple(map(self.term, n.parents)))
        if n in self.once and depth < DEEP:
            self.nested[n] = e, depth
        else:
            self.set(self.names[n], e)

    def gradient(self, n: Value) -> str:
        return self.gradients.get(n, "d" + self.names[n])

    def passed_on(self, n: Value) -> None:
        if n in self.begun:
            for p, d, _ in self.edges(n):
                self.flow(p, _times(d, self.gradient(n)))

    def flow(self, p: Value, e: Any) -> None:
        if self.flows[p] == 1 and p not in self.begun and isinstance(e, Expr) and e.op is ops.leaf:
            self.gradients[p] = str(e.args[0])  # handed on as it is
            self.begun.add(p)
        else:
            super().flow(p, e)
