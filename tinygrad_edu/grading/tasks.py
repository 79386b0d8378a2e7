"""The kinds of tasks: each is asked of a submission, with the hidden numbers that a seed draws, and gives its parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .result import Part as Part
from .rubric import Rubric, Task
from .submission import Submission

Kind = Callable[[Task, Submission, int], list[Part]]


def _later(task: Task, submission: Submission, seed: int) -> list[Part]:
    raise NotImplementedError(task.kind)


KINDS: dict[str, Kind] = {"exercise": _later, "value": _later, "backward": _later}


def parts_of(rubric: Rubric, submission: Submission, seed: int) -> list[Part]:
    """All parts of one submission."""
    return [replace(part, task=task.name) for task in rubric.tasks for part in KINDS[task.kind](task, submission, seed)]
