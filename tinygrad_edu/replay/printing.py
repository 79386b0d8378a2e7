"""A recording as a function: the same lines that `source` writes, between `def` and `return`.

Two functions are printed: `value(leaves)`, the forward pass alone, and `value_and_grads(leaves, seed)`.  `leaves` is
one flat tuple, inputs first, then parameters; `seed` is the gradient that comes from above.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from .. import ops
from ..engine import Value
from ..filling import ours
from ..ieee import number
from ..languages import CAREFUL, Language, addends
from ..sourcecode import _times, _Writer
from ..text import Expr, name
from .plan import Plan
from .record import Record
from .trace import OPTIMISATIONS

TERMS = 50  # a longer sum goes over several lines: Python's compiler nests each + in the next


class Printed:
    """The source of both functions, and the functions, which may be called from several threads.

    `value(leaves)` is a tuple: what the recorded function returned.  `value_and_grads(leaves, seed=1.0)` is that tuple
    and d(seed * the first of it) / d(each wanted leaf), in the order of `wanted`.
    With Python's own words, the bits are the engine's.

    >>> from .record import record
    >>> w = Value(3.0, label="w")
    >>> r = record(lambda x: w * x + 1, [2.0], lambda leaves: leaves)
    >>> p = Printed(r, r.parameters)
    >>> p.value((5.0, 3.0)), p.value_and_grads((5.0, 3.0))
    ((16.0,), ((16.0,), (5.0,)))
    """

    def __init__(self, record: Record, wanted: Sequence[Value], speech: Language = CAREFUL,
                 optimise: frozenset[str] = frozenset(OPTIMISATIONS),
                 each: Callable[[Any], Any] = lambda rule: rule, **scope: Any) -> None:  # fmt: skip
        self.record, self.wanted = record, list(wanted)
        self.plan = Plan(record, wanted, optimise)
        writer = Replay(record, self.wanted, self.plan, speech)
        self.definitions, self.forward, self.both = writer.parts()
        self._given = scope | {called: each(rule) for called, rule in writer.rules().items()}

    @property
    def text(self) -> str:
        """Imports and definitions, then the two functions."""
        return (
            "\n\n\n".join(p for p in (self.definitions, self.forward, self.both) if p).replace("\n    \n", "\n\n")
            + "\n"
        )

    @functools.cached_property
    def value(self) -> Callable[..., Any]:
        """The first function, compiled when it is wanted."""
        exec(compile(self.forward, "<recorded>", "exec"), self.scope)
        return self.scope["value"]  # type: ignore[no-any-return]

    @functools.cached_property
    def value_and_grads(self) -> Callable[..., Any]:
        """The second function."""
        exec(compile(self.both, "<recorded>", "exec"), self.scope)
        return self.scope["value_and_grads"]  # type: ignore[no-any-return]

    @functools.cached_property
    def scope(self) -> dict[str, Any]:
        """What both see."""
        exec(compile(self.definitions, "<recorded>", "exec"), self._given)
        return self._given


class Replay(_Writer):
    """`source`'s writer, for leaves that are arguments and gradients that somebody asked for."""

    def __init__(self, record: Record, wanted: Sequence[Value], plan: Plan, speech: Language) -> None:
        labels = {n.label for n in record.order}
        numbered = (f"x{i}" for i in itertools.count(1) if f"x{i}" not in labels)
        super().__init__(
            record.order, speech, {n: next(numbered) for n in record.inputs + record.parameters if not n.label}
        )
        self.guarded = True
        self.asked: dict[
            str, ops.Op
        ] = {}  # the rows whose local gradients only numbers can have, by the name of that rule
        self.record, self.wanted, self.plan = record, wanted, plan
        self.leaves = [*record.inputs, *record.parameters]
        free = (f"x{i}" for i in itertools.count(1) if f"x{i}" not in self.taken and f"dx{i}" not in self.taken)
        for n in self.leaves:
            if n not in self.names:  # an argument without a label
                self.names[n] = next(free)
        self.taken = self.all_taken()

    def passes(self, p: Value) -> bool:
        return p in self.plan.needed

    def term(self, n: Value) -> Any:
        if n not in self.plan.varies:  # folded: its number was computed when the function was recorded
            number = self.speech.number(n.data)
            if self.speech.scalar and (n.data == 0 or not self.plan.folds):
                return name(self.speech.scalar.format(number))
            return name(f"({number})" if number.startswith("-") else number)
        return super().term(n)

    def rules(self) -> dict[str, Callable[..., Any]]:
        """The rules of rows that cannot be written out, on numbers, by the names under which the text calls them."""
        forward = {self.speech.name_of(op): functools.partial(_computed, op) for op in self.speech.given}
        return forward | {called: op.slopes for called, op in self.asked.items()}

    def slopes(self, n: Value, terms: list[Expr]) -> Sequence[Any]:
        """As expressions; or, where a rule cannot be filled with names, after a line that asks it for numbers."""
        try:
            return super().slopes(n, terms)
        except TypeError:
            if ours(n.op):
                raise
        called, found = f"{self.speech.name_of(n.op)}_slopes_", f"{self.names[n]}_slopes_"
        self.asked[called] = n.op
        self.lines.append(f"{found} = {called}({', '.join(map(self.speech.write, terms))})")
        return [name(f"{found}[{i}]") for i in range(len(n.parents))]

    def parts(self) -> tuple[str, str, str]:
        """Imports and definitions; the function of values; that of values and gradients."""
        unpack = f"{', '.join(self.names[n] for n in self.leaves)}{',' if len(self.leaves) == 1 else ''} = leaves"
        self.lines = []
        self.forward()
        forward = self.lines
        self.lines = []
        self.backward()
        backward = self.lines
        outputs = "".join(f"{self.speech.write(self.term(n))}, " for n in self.record.outputs)
        grads = "".join(f"d{self.names[n]}, " if n in self.begun else "0.0, " for n in self.wanted)
        indent = "\n    "
        prelude = self.speech.prelude(self.used)
        remarks = [f"# {called} is a row's own rule, which cannot be written out" for called in self.rules()]
        return (
            "\n\n\n".join(p for p in (prelude, "\n".join(remarks)) if p),
            f"def value(leaves):{indent}{indent.join([unpack, *forward])}{indent}return ({outputs.strip()})",
            f"def value_and_grads(leaves, seed=1.0):{indent}{indent.join([unpack, *forward, '', *backward])}{indent}"
            f"return ({outputs.strip()}), ({grads.strip()})",
        )

    def set(self, target: str, e: Any, adds: bool = False, remarks: Sequence[str] = ()) -> None:
        sums = addends(e)
        super().set(target, e if len(sums) <= TERMS else Expr(ops.sum, tuple(sums[:TERMS])), adds, remarks)
        for i in range(TERMS, len(sums), TERMS):
            super().set(target, Expr(ops.sum, (name(target), *sums[i : i + TERMS])))

    def forward(self) -> None:
        """One line per node that changes from call to call; equal ones are computed once."""
        for n in self.order:
            if n in self.plan.same:
                self.lines.append(f"{self.names[n]} = {self.names[self.plan.same[n]]}")
            elif n.parents and n in self.plan.varies:
                self.computed(n)

    def computed(self, n: Value) -> None:
        """The line of one node."""
        self.set(self.names[n], Expr(n.op, tuple(map(self.term, n.parents))))

    def backward(self) -> None:
        """The chain rule, to the wanted leaves only."""
        self.begun: set[Value] = set()
        if self.record.root in self.plan.needed:
            self.flow(self.record.root, name("seed"))
        for n in reversed(self.order):
            if n in self.plan.needed and n.parents:
                self.passed_on(n)

    def passed_on(self, n: Value) -> None:
        """The lines that pass on the gradient of one node."""
        if n in self.begun:
            for p, d, _ in self.edges(n):
                self.flow(p, _times(d, "d" + self.names[n]))

    def flow(self, p: Value, e: Any) -> None:
        """One line: what flows into a node along one edge."""
        self.set("d" + self.names[p], e, adds=p in self.begun)
        self.begun.add(p)


def _computed(op: ops.Op, *xs: float) -> float:
    """What the engine makes of a row's result."""
    return number(op.forward(*xs))
