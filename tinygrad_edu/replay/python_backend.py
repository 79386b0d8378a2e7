"""A program as Python source: one line per step, and a step that is used once inside the line that uses it.

For one sample it is the program as it stands, and has the engine's bits; for several there is a loop, and what is the
same for every sample is done before it and after it.  Needs nothing but the standard library.

    >>> from ..engine import Value
    >>> from .record import record
    >>> from .trace import trace
    >>> w = Value(3.0, label="w")
    >>> p = Python(trace(record(lambda x: (w * x).tanh() ** 2, [Value(2.0, label="x")], lambda leaves: leaves)))
    >>> print(p.text.partition("def value_and_grads")[2])
    (leaves, seed=1.0):
        x, w = leaves
        v1 = w * x
        v2 = tanh(v1)
        v3 = power(v2, 2)
    <BLANKLINE>
        dw = x * (4.0 * bell(2.0 * v1) * (2.0 * v2 * seed))
        return (v3,), (0.0, dw,)
    <BLANKLINE>
    >>> p.run([3.0], [(0.0,), (2.0,)])[0], p.value_and_grads([3.0], [(0.0,)], 1.0, False)[1]
    ([0.0, 0.9999754234525947], [0.0])
"""

from __future__ import annotations

import functools
import itertools
import marshal
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from .. import ieee, ops
from ..exact import Exact, exact, is_builtin, kind
from ..ieee import number
from ..languages import CAREFUL, RESERVED, Language, summands
from ..ops import Op
from ..text import Expr
from .passes import AFTER, BEFORE, INSIDE, alive, dots, forward_only, phases, total, totals
from .program import Opaque, Program
from .trace import Passes

DEEP = 12  # steps within one another in one line
TERMS = 50  # a longer sum goes over several lines: Python's compiler nests each + in the next
VALUE, BOTH = "value(leaves)", "value_and_grads(leaves, seed=1.0)"
# Short rows written out, for the loop: a call takes longer than what it does.
SHORT = replace(CAREFUL, words={
    **CAREFUL.words,
    "relu": "(0.0 if {0} <= 0.0 else {0})",
    "greater": "(1.0 if {0} > {1} else 0.0 if {0} <= {1} else nan)",
    "div": "({b0} / {b1} if {1} else divide({0}, {1}))",
    "within": "({0} if {1} == {1} else nan)",
})  # fmt: skip


class Writer:
    """Writes the steps of a program, each of which belongs to one `phase`: before, inside or after the loop."""

    def __init__(
        self, program: Program, phase: Sequence[int], speech: Language, reserved: Iterable[str], written: list[Any]
    ) -> None:
        self.program, self.phase, self.speech, self.written = program, phase, speech, written
        self.foreign = {op: self.speech.name_of(op) for op in program.rows if not is_builtin(op) and op is not total}
        self._taken = {*RESERVED, *ops.TABLE, *reserved, *self.foreign.values(), "seed", "nan", "inf"}
        self._numbered = {stem: map(f"{stem}{{}}".format, itertools.count(1)) for stem in "vxw"}
        uses, user = [0] * len(program), [-1] * len(program)
        for i, args in enumerate(program.args):
            for a in args:
                uses[a] += 1
                user[a] = i
        for i in (*program.outputs, *program.kept):
            uses[i] += 2
        once = {row for row in {*program.rows} if row is not total and self._once(row)}
        self._nests = [
            uses[i] == 1 and phase[i] == phase[u] and i not in program.labels and program.rows[u] in once
            for i, u in enumerate(user)
        ]
        self._depth = [0] * len(program)
        self._met = set[tuple[Op, int]]()  # rows that are among what is `written`
        self._terms: dict[int, Any] = dict(program.constants)

    def _once(self, row: Any) -> bool:
        """Whether a row writes each of its inputs once."""
        found = re.findall(r"\{b?(\d)\}", self.speech.words.get(kind(row), ""))
        return len({*found}) == len(found)

    def give(self, slots: range, stem: str) -> str:
        """Names for given slots, as the left side of an assignment: labels first, then the stem with a number."""
        for i in sorted(slots, key=lambda i: (i not in self.program.labels, i)):
            self.call(i, self._name(i, stem))
        return ", ".join(map(self, slots)) + "," * (len(slots) == 1)

    def gradients(self, slots: Sequence[int], leaves: range) -> None:
        """Call the gradients in these slots by the leaves that they belong to."""
        labels = {slot: f"d{self(leaf)}" for slot, leaf in zip(slots, leaves) if self.program.args[slot]}
        self.program.labels = labels | self.program.labels

    def call(self, slot: int, word: str) -> None:
        """Refer to a slot by a word."""
        self._terms[slot] = exact(word)

    def _name(self, i: int, otherwise: str = "v") -> str:
        """The label of a slot, or another word and a number: what nothing else is called."""
        label = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", self.program.labels.get(i, ""))).strip("_")
        others = self._numbered.setdefault(f"{label}_", map(f"{label}_{{}}".format, itertools.count(2)))
        names = itertools.chain([label], others) if label.isidentifier() else self._numbered[otherwise]
        found = next(n for n in names if n not in self._taken)
        self._taken.add(found)
        return found

    def lines(self, phase: int) -> list[str]:
        """The steps of one phase."""
        p, found = self.program, list[str]()
        for i, (row, args) in enumerate(zip(p.rows, p.args)):
            if not args or self.phase[i] != phase:
                continue
            terms = tuple([self._terms[a] for a in args])
            if row is total:
                self.call(i, self._name(i))
                found.append(f"{self._terms[i]} += {self.speech.write(terms[0])}")
                continue
            e = Exact(row, terms)
            if (row, len(args)) not in self._met:
                self._met.add((row, len(args)))
                self.written.append(e)
            self._depth[i] = 1 + max([self._depth[a] if self._nests[a] else 0 for a in args])
            if self._nests[i] and self._depth[i] < DEEP and len(args) <= TERMS:
                self._terms[i] = e
                continue
            self._depth[i] = 0
            self.call(i, self._name(i))
            sums = summands(e)
            for k in range(0, len(sums), TERMS) if len(sums) > TERMS else [-1]:
                part = e if k < 0 else Expr(ops.sum, (*[self._terms[i]] * (k > 0), *sums[k : k + TERMS]))
                found.append(f"{self._terms[i]} = {self.speech.write(part)}")
        return found

    def __call__(self, slot: int) -> str:
        """How a slot is referred to."""
        return self.speech.write(self._terms[slot])

    def tuple(self, slots: Iterable[int], after: str = "") -> str:
        """Several slots, as a tuple."""
        return f"({''.join(f'{self(i)}{after}, ' for i in slots).rstrip()})"

    def rules(self) -> dict[str, Any]:
        """The rules that only numbers can run, by the names that the text calls them."""
        given = self.speech.given
        return {
            called: functools.partial(_computed, op)
            for op, called in self.foreign.items()
            if isinstance(op, Opaque) or op in given
        }


def _computed(op: Any, *xs: float) -> float:
    """What the engine makes of a row's result."""
    return number(op.forward(*xs))


def compiled(text: str, rules: dict[str, Any], called: str) -> Any:
    """The function of this name that a text defines."""
    scope: dict[str, Any] = {"nan": math.nan, "inf": math.inf, "divide": ieee.divide, **rules}
    exec(compile(text, "<recorded>", "exec"), scope)
    return scope[called]


def module(speech: Language, written: list[Any], rules: Iterable[str], *functions: str) -> str:
    """Functions after what they need: imports and definitions, and a remark for each rule that cannot be written."""
    remarks = [f"# {called} is a row's own rule, which cannot be written out" for called in rules]
    return "\n\n\n".join(p for p in (speech.prelude(written), "\n".join(remarks), *functions) if p) + "\n"


def _function(head: str, body: Sequence[str]) -> str:
    return f"def {head}:\n" + "\n".join([line and f"    {line}" for line in body])


class Python:
    """Runs both passes in plain Python, printed and compiled when they are first needed."""

    def __init__(self, passes: Passes) -> None:
        self.passes = passes

    @property
    def nbytes(self) -> int:
        """What is kept: code."""
        return sum([len(marshal.dumps(f.__code__)) for f in vars(self).values() if callable(f)])

    def _printed(self, *heads: str) -> tuple[str, dict[str, Any]]:
        """Functions for one sample, and the rules that they call."""
        count, speech = self.passes.values, CAREFUL.fresh()
        written, functions, rules = list[Any](), list[str](), dict[str, Any]()
        for head in heads:
            program = alive(self.passes.program) if head == BOTH else forward_only(self.passes.program, count)
            last = max(program.outputs[:count])  # what comes after it is the backward pass
            write = Writer(program, [int(i > last) for i in range(len(program))], speech, ("leaves",), written)
            leaves = write.give(range(program.inputs - 1), "x")
            write.gradients(program.outputs[count:], range(program.inputs - 1))
            write.call(program.inputs - 1, "seed")
            body = [f"{leaves} = leaves"] * bool(leaves)
            body += write.lines(0)
            body += ["", *back] if (back := write.lines(1)) else []
            grads = f", {write.tuple(program.outputs[count:])}" if head == BOTH else ""
            body.append(f"return {write.tuple(program.outputs[:count])}{grads}")
            functions.append(_function(head, body))
            rules |= write.rules()
        return module(speech, written, rules, *functions), rules

    @property
    def text(self) -> str:
        """Imports and definitions, then the two functions."""
        return self._printed(VALUE, BOTH)[0]

    @functools.cached_property
    def value(self) -> Any:
        """The forward pass of one sample: the bits are the engine's."""
        return compiled(*self._printed(VALUE), "value")

    @functools.cached_property
    def both(self) -> Any:
        """Both passes of one sample: the bits are the engine's."""
        return compiled(*self._printed(BOTH), "value_and_grads")

    @functools.cached_property
    def loop_text(self) -> str:
        """`batch(theta, samples, seed)`: values of each sample, summed gradients of parameters, gradients of inputs."""
        return self._loop[0]

    @functools.cached_property
    def _loop(self) -> tuple[str, dict[str, Any]]:
        inputs, count = self.passes.inputs, self.passes.values
        p = dots(totals(self.passes.program, range(inputs), self.passes.summed))
        phase = phases(p, range(inputs))
        speech, written = SHORT.fresh(), list[Any]()
        write = Writer(p, phase, speech, ("theta", "samples", "sample", "ys", "dxs", "lanes"), written)
        parameters = write.give(range(inputs, p.inputs - 2), "w")
        write.call(p.inputs - 2, "seed")
        write.call(p.inputs - 1, "lanes")
        sample = write.give(range(inputs), "x")
        before, loop = write.lines(BEFORE), write.lines(INSIDE)
        sums = [write(i) for i, row in enumerate(p.rows) if row is total]
        after, out = write.lines(AFTER), p.outputs
        body = [
            *[f"{parameters} = theta"] * bool(parameters), "lanes = float(len(samples))",
            *before, *[f"{s} = -0.0" for s in sums],
            "ys, dxs = [], []", "for sample in samples:", *[f"    {sample} = sample"] * bool(inputs),
            *[f"    {line}" for line in loop], f"    ys.append({write.tuple(out[:count])})",
            f"    dxs.append({write.tuple(out[count : count + inputs], ' + 0.0')})", *after,
            f"return ys, {write.tuple(out[count + inputs :], ' + 0.0')}, dxs",
        ]  # fmt: skip
        rules = write.rules()
        return module(speech, written, rules, _function("batch(theta, samples, seed=1.0)", body)), rules

    @functools.cached_property
    def batch(self) -> Any:
        """The loop, compiled."""
        return compiled(*self._loop, "batch")

    def run(self, theta: Sequence[float], rows: Sequence[Sequence[float]]) -> list[list[float]]:
        """[outputs][lanes]."""
        value = self.value
        return list(map(list, zip(*[value((*row, *theta)) for row in rows])))

    def value_and_grads(
        self, theta: Sequence[float], rows: Sequence[Sequence[float]], seed: float, inputs: bool
    ) -> tuple[Any, Any, Any]:
        """The values, gradients of parameters, and those of the inputs, in lists."""
        if len(rows) == 1:
            y, grads = self.both((*rows[0], *theta), seed)
            first = self.passes.inputs
            ys, dtheta, dxs = [y], grads[first:], [grads[:first]]
        else:
            ys, dtheta, dxs = self.batch(theta, rows, seed)
        return list(map(list, zip(*ys))), list(dtheta), list(map(list, zip(*dxs))) if inputs else None
