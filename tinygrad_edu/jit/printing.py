"""A recording as a function: the same lines that `source` writes, between `def` and `return`.

Two functions are printed: `value(leaves)`, the forward pass alone, and `value_and_grads(leaves)`.  `leaves` is one
flat tuple, inputs first, then parameters.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ..engine import Value
from ..languages import CAREFUL, Language
from ..source import _times, _Writer
from ..text import Expr, name
from .record import Record


class Printed:
    """The source of both functions, and the functions."""

    def __init__(self, record: Record, wanted: list[Value], speech: Language = CAREFUL) -> None:
        self.record, self.wanted = record, wanted
        self.writer = _Replay(record, wanted, speech)
        self.text = self.writer.module()
        scope: dict[str, Any] = {}
        exec(compile(self.text, "<recorded>", "exec"), scope)
        self.value: Callable[[Any], Any] = scope["value"]
        self.value_and_grads: Callable[[Any], Any] = scope["value_and_grads"]


class _Replay(_Writer):
    """`source`'s writer, for leaves that are arguments and gradients that somebody asked for."""

    def __init__(self, record: Record, wanted: list[Value], speech: Language) -> None:
        super().__init__(record.order, speech)
        self.record = record
        self.leaves = [*record.inputs, *record.parameters]
        taken = set(self.names.values())
        free = (f"x{i}" for i in itertools.count(1) if f"x{i}" not in taken and f"dx{i}" not in taken)
        for n in self.leaves:
            if n not in self.names:  # an argument without a label
                self.names[n] = next(free)
        changing = set(self.leaves)
        self.needed: set[Value] = set(wanted)  # what leads to a wanted leaf
        self.varies: set[Value] = set(changing)
        for n in record.order:
            if any(p in self.needed for p in n.parents):
                self.needed.add(n)
            if any(p in self.varies for p in n.parents):
                self.varies.add(n)
        self.wanted = wanted

    def term(self, n: Value) -> Any:
        if n not in self.varies:  # folded: its number was computed when the function was recorded
            number = self.speech.number(n.data)
            return name(f"({number})" if number.startswith("-") else number)
        return super().term(n)

    def module(self) -> str:
        """Imports and definitions, then the two functions."""
        unpack = f"{', '.join(self.names[n] for n in self.leaves)}{',' if len(self.leaves) == 1 else ''} = leaves"
        self.lines = []
        self.forward()
        forward = self.lines
        self.lines = []
        self.backward()
        backward = self.lines
        root = self.names[self.record.root] if self.record.root in self.varies else self.speech.number(self.record.root.data)
        grads = "".join(f"d{self.names[n]}, " if n in self.begun else "0.0, " for n in self.wanted)
        indent = "\n    "
        parts = [
            self.speech.prelude(self.used),
            f"def value(leaves):{indent}{indent.join([unpack, *forward])}{indent}return {root}",
            f"def value_and_grads(leaves):{indent}{indent.join([unpack, *forward, '', *backward])}{indent}return {root}, ({grads})",
        ]
        return "\n\n\n".join(p for p in parts if p) + "\n"

    def forward(self) -> None:
        """One line per node that changes from call to call; equal lines are computed once."""
        done: dict[str, str] = {}
        for n in self.order:
            if n.parents and n in self.varies:
                e = Expr(n.op, tuple(map(self.term, n.parents)))
                text = self.speech.write(e)
                if text in done:
                    self.lines.append(f"{self.names[n]} = {done[text]}")
                else:
                    self.set(self.names[n], e)
                    done[text] = self.names[n]

    def backward(self) -> None:
        """The chain rule, to the wanted leaves only."""
        root = self.record.root
        self.begun: set[Value] = set()
        if root not in self.needed:
            return
        self.set("d" + self.names[root], 1.0)
        self.begun.add(root)
        for n in reversed(self.order):
            if n in self.needed and n.parents and n in self.begun:
                for p, d, _ in self.edges(n):
                    self.set("d" + self.names[p], _times(d, "d" + self.names[n]), adds=p in self.begun)
                    self.begun.add(p)

    def edges(self, n: Value) -> Any:
        """Only those that lead to a wanted leaf."""
        return (edge for edge in super().edges(n) if edge[0] in self.needed)
