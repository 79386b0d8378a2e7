"""What a student has earned, part by part, and the report that they get.

>>> ada = Result("Ada", (Part("sums", 2.0, 2.0, task="engine"), Part("a fork", 0.0, 1.0, "It is wrong.", "", "engine")))
>>> ada.points, ada.of
(2.0, 3.0)
>>> print(ada.markdown())
# Ada: 2 of 3 points
<BLANKLINE>
|  | points | of |
| --- | --- | --- |
| **engine** | 2 | 3 |
| sums | 2 | 2 |
| a fork | 0 | 1 |
<BLANKLINE>
## What to look at
<BLANKLINE>
- **engine: a fork.** It is wrong.
<BLANKLINE>
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..words import brief, markdown_table, plain_markdown


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

    @property
    def title(self) -> str:
        """Its name, after that of its task."""
        return self.name if self.name == self.task or not self.task else f"{self.task}: {self.name}"


def noted(parts: list[Part], note: str) -> list[Part]:
    """The same parts; what is to be said of the file that they are about comes before the first."""
    if not note:
        return parts
    said = " ".join(filter(None, [as_sentence(note), parts[0].said]))
    return [replace(parts[0], said=said), *parts[1:]]


def as_sentence(text: str) -> str:
    """With a capital letter, where it does not begin with a name, and a full stop.

    >>> as_sentence("nothing was handed in"), as_sentence("hw.py is empty")
    ('Nothing was handed in.', 'hw.py is empty.')
    """
    first = text.partition(" ")[0]
    text = text if re.search(r"[\W_\d]", first) else text[:1].upper() + text[1:]
    return text + "." * bool(text and not text.endswith((".", "?", "!")))


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

    def tasks(self) -> dict[str, tuple[float, float]]:
        """Of each task, what was earned and what can be."""
        found: dict[str, tuple[float, float]] = {}
        for part in self.parts:
            points, of = found.get(part.task, (0.0, 0.0))
            found[part.task] = (points + part.points, of + part.of)
        return found

    def markdown(self) -> str:
        """The report for the student: points per part, and what is said of those that are not whole."""
        lines = [f"# {as_markdown(self.student)}: {brief(self.points)} of {brief(self.of)} points", ""]
        rows = []
        for task, (points, of) in self.tasks().items():
            parts = [part for part in self.parts if part.task == task]
            if len(parts) > 1 or parts[0].name != task:
                rows.append((f"**{as_markdown(task)}**", brief(points), brief(of)))
            rows += [(as_markdown(part.name), brief(part.points), brief(part.of)) for part in parts]
        lines += markdown_table(("", "points", "of"), rows)
        said: dict[str, list[str]] = {}
        for part in self.parts:
            if part.said:
                said.setdefault(part.said, []).append(part.title)
        if said:
            lines += ["", "## What to look at", ""]
        for text, names in said.items():
            lines.append(f"- **{as_markdown(_listed(names))}.** {as_markdown(text)}")
        if self.notes:
            lines += ["", "## What was handed in", "", *[f"- {as_markdown(note)}." for note in self.notes]]
        return "\n".join(lines) + "\n"


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 6 else f"{names[0]}, {names[1]} and {len(names) - 2} more parts"


def as_markdown(text: str) -> str:
    """A text in Markdown, whatever a student's program has put into it: code stays code, several lines are a block.

    >>> as_markdown("`a * b` is <wrong>"), as_markdown("a|b")
    ('`a * b` is &lt;wrong&gt;', 'a\\\\|b')
    """
    if "\n" in text:
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        return "\n\n" + "\n".join(f"  {line}" for line in [fence, *text.splitlines(), fence])
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(part if i % 2 else plain_markdown(part) for i, part in enumerate(parts))
