"""What a student has earned, part by part, and the report that they get."""

from __future__ import annotations

from dataclasses import dataclass

from ..words import brief


@dataclass(frozen=True)
class Part:
    """One thing that gives points: how many were earned of how many, and what is said."""

    name: str
    points: float
    of: float
    said: str = ""
    mistake: str = ""  # the name of what went wrong, if it is known
    task: str = ""

    def __bool__(self) -> bool:
        return self.points >= self.of


@dataclass(frozen=True)
class Result:
    """One student's parts."""

    student: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()  # about the files that were handed in

    @property
    def points(self) -> float:
        """What was earned."""
        return sum(part.points for part in self.parts)

    @property
    def of(self) -> float:
        """What can be earned."""
        return sum(part.of for part in self.parts)

    def markdown(self) -> str:
        """The report for the student."""
        lines = [f"# {self.student}: {brief(self.points)} of {brief(self.of)} points", ""]
        lines += [f"- {part.name}: {brief(part.points)} of {brief(part.of)}. {part.said}" for part in self.parts]
        return "\n".join(lines) + "\n"
