"""What was handed in: for each student their files, as text, whatever they were written with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Submission:
    """One student's files by name, as texts of Python; `hidden` is what their code may not read."""

    student: str
    files: dict[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # about the files that were handed in
