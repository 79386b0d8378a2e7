"""A folder of submissions, graded: each student in a process of their own, two at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from .result import Result as Result
from .rubric import Rubric
from .submission import Submission as Submission
from .tasks import parts_of


def submissions(folder: Path | str) -> list[Submission]:
    """What each student has handed in: a folder for each of them, or a file."""
    raise NotImplementedError


def grade(folder: Path | str, rubric: Rubric, seed: int | None = None, jobs: int = 2,
          progress: Callable[[Result], None] | None = None) -> list[Result]:  # fmt: skip
    """The results of all students, in the order of their names; `progress` is called with each as it is there."""
    seed = fresh_seed(rubric) if seed is None else seed
    found = []
    for one in submissions(folder):
        found.append(Result(one.student, tuple(parts_of(rubric, one, seed)), one.notes))
        if progress is not None:
            progress(found[-1])
    return found


def fresh_seed(rubric: Rubric) -> int:
    """The rubric's own, or one that nobody knows yet: all students of a run are asked the same."""
    return random.SystemRandom().randrange(2**32) if rubric.seed is None else rubric.seed
