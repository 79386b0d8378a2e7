"""What the doctor says: findings, worst first, each with its numbers, the calculus behind it and what to try."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .. import callsites
from ..blocks import Block, Explanation, Rows, Strong, Terms
from ..engine import Value
from ..explanation import Whole, explain
from ..explanation.single import Single
from ..figures import Drawing, draw
from .limits import BROKEN, LOOK


@dataclass(frozen=True, eq=False, repr=False)
class Finding(Explanation):
    """One thing that is wrong, or looks so.

    `what` it is, `where`, `seen`: the evidence in numbers, `why`: the calculus, `advice`: what to try; `severity` is
    "broken" or "worth a look".  `node` is the culprit, or the worst of several: `.draw()` and `.explain()` open it;
    `line` is the line of your code that made it, "" if that is not known: see `diagnose`.
    `numbers` are those of the evidence, `labels` the names of all that is meant.  `step` is
    that of a training at which it was told.
    """

    what: str
    severity: str
    where: str
    seen: str
    why: str
    advice: str
    root: Value
    node: Value
    numbers: dict[str, float] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    line: str = ""
    step: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "line", self.line or callsites.told(self.node))  # now: the file may be written anew

    @property
    def heading(self) -> str:
        """How bad it is, what it is, and at which step it was told."""
        return f"{self.severity}: {self.what}" + (f", told at step {self.step:,}" if self.step is not None else "")

    def parts(self) -> list[tuple[str, str]]:
        """What is said, each part with the word that stands before it."""
        line = [("line", self.line)] if self.line else []
        return [("where", self.where), *line, ("seen", self.seen), ("why", self.why), ("try", self.advice)]

    def blocks(self) -> list[Block]:
        """What is said, under its heading."""
        return [Strong(self.heading), Terms(self.parts())]

    def draw(self) -> Drawing:
        """The culprit between what it reads and what reads it, as a picture, with the gradients that are stored."""
        return draw(self.root, around=self.node, max_nodes=12, depth=1, clusters=False)

    def explain(self) -> Whole | Single:
        """Why the gradient that the culprit hands on to its input is what it is; its own, if it reads several."""
        of = self.node.parents[0] if len(self.node.parents) == 1 else self.node
        return explain(self.root) if of is self.root else explain(self.root, of=of)

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON knows it."""
        numbers = {k: x if math.isfinite(x) else str(x) for k, x in self.numbers.items()}
        return {"what": self.what, "severity": self.severity, "where": self.where, "line": self.line,
                "seen": self.seen, "why": self.why, "try": self.advice, "numbers": numbers,
                "labels": list(self.labels),
                **({} if self.step is None else {"step": self.step})}  # fmt: skip


Findings = Iterator[Finding]


@dataclass(eq=False, repr=False)
class Diagnosis(Explanation):
    """What `diagnose` returns: true if nothing was found; it prints itself, and shows itself in a notebook.

    `findings`, worst first; `numbers`: what was looked at; `notes`: what is no fault but good to know.
    """

    about: str
    numbers: dict[str, str]
    findings: list[Finding]
    notes: list[str]
    hint: str | None = None  # how to see more, where that is not by these attributes

    def __bool__(self) -> bool:
        return not self.findings

    @cached_property
    def broken(self) -> list[Finding]:
        """The findings that are more than worth a look."""
        return [f for f in self.findings if f.severity == BROKEN]

    def named(self, what: str) -> list[Finding]:
        """The findings of one kind, such as "dead units"."""
        return [f for f in self.findings if f.what == what]

    def summary(self) -> str:
        """One line: how many findings there are, and how bad."""
        if self:
            return f"{self.about}: nothing found."
        counts = [(len(self.broken), BROKEN), (len(self.findings) - len(self.broken), LOOK)]
        return f"{self.about}: " + ", ".join(f"{n} {word}" for n, word in counts if n) + "."

    def blocks(self) -> Iterator[Block]:
        """The summary, the findings by number, and what else is good to know."""
        yield self.summary()
        told: dict[tuple[str, str], int] = {}
        for i, finding in enumerate(self.findings, 1):
            before, parts = told.setdefault((finding.what, finding.advice), i), finding.parts()
            if before < i:  # of its kind: only what is not the same
                parts[-2:] = [("", f"why, and what to try: as for {before}")]
            yield Strong(f"{i}. {finding.heading}")
            yield Terms(parts)
        if self:
            yield Rows([("looked at",), *[(f"{word}: {said}",) for word, said in self.numbers.items()]], bare=True)
        yield from self.notes
        if not self and (hint := self._hint() if self.hint is None else self.hint):
            yield hint

    def _hint(self) -> str:
        known = any(f.line or f.step is not None for f in self.findings) or not callsites.in_code()
        # a command has no lines of yours, and a watch is given no function
        more = "" if known else " To see lines of your code: diagnose(f), with a function that computes the loss."
        return f"To see the first: .findings[0].draw(), .findings[0].explain().{more}"

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as JSON knows it."""
        return {"about": self.about, "healthy": bool(self), "findings": [f.to_dict() for f in self.findings],
                "numbers": self.numbers, "notes": self.notes}  # fmt: skip
