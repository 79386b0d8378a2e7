"""A folder of submissions, graded: each student's code in processes of its own, two students at once."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..learn.folder import NOTES
from ..learn.sandbox import HOUSE
from .boxes import end_all
from .result import Part
from .result import Result as Result
from .rubric import Rubric
from .submission import Submission as Submission
from .submission import by_cell
from .submission import submissions as submissions
from .tasks import parts_of, ready


def grade(folder: Path | str, rubric: Rubric, seed: int | None = None, jobs: int = 2,
          progress: Callable[[Result], None] | None = None) -> list[Result]:  # fmt: skip
    """The results of all students, in the order of their names; `progress` is called with each as it is there.

    The hidden numbers are drawn with `seed`, or the rubric's, or anew, the same for all students.  Nothing that a
    student's code does ends this; Ctrl-C does, and what `progress` was told stands.
    Raises UserError for what the teacher has to put right, before anything is run.
    """
    ready(rubric)
    seed = fresh_seed(rubric) if seed is None else seed
    handed_in = submissions(folder)
    asked = {Path(task.option("file") or task.option("exercise") or task.name).stem for task in rubric.tasks}
    if len(asked & {one.student for one in handed_in}) > 1 or (Path(folder) / NOTES).exists():
        raise UserError(f"{folder} is what one student has handed in: grade takes one with a folder for each student")
    hidden = not_to_be_read(Path(folder), rubric)
    pool = ThreadPoolExecutor(jobs)
    waiting = {pool.submit(graded, replace(one, hidden=hidden), rubric, seed): one.student for one in handed_in}
    found: dict[str, Result] = {}
    try:
        for future in as_completed(waiting):
            found[waiting[future]] = future.result()
            if progress is not None:
                progress(found[waiting[future]])
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        end_all()
        raise
    pool.shutdown()
    return [found[one.student] for one in handed_in]


def graded(submission: Submission, rubric: Rubric, seed: int) -> Result:
    """The result of one student.  Where this program itself fails, there are no points, and a sentence that says so."""
    boxes: dict[Any, Any] = {}
    try:
        parts = parts_of(rubric, replace(submission, boxes=boxes), seed)
    except Exception as error:
        said = f"This could not be graded, which is no fault of the student: {type(error).__name__}: {error}"
        parts = [Part(task.name, 0.0, task.points, said, "to be graded by hand", task.name) for task in rubric.tasks]
    finally:
        for one in boxes.values():
            one.end()
    if [name.endswith(".ipynb") for name in submission.files] == [True]:
        [book] = submission.files.values()
        parts = [replace(part, said=by_cell(part.said, book)) for part in parts]
    return Result(submission.student, tuple(parts), submission.notes)


def fresh_seed(rubric: Rubric) -> int:
    """The rubric's own, or one that nobody knows yet: all students of a run are asked the same."""
    return random.SystemRandom().randrange(2**32) if rubric.seed is None else rubric.seed


def not_to_be_read(root: Path, rubric: Rubric) -> tuple[str, ...]:
    """What no student's code may read: all submissions, the rubric, and what it is compared with."""
    root = root.resolve()
    needed = [Path(p).resolve() for p in (sys.prefix, sys.base_prefix, HOUSE, tempfile.gettempdir())]
    places = [root]
    if any(root == p or root in p.parents for p in needed):  # they could not run at all
        places = [p for p in root.iterdir() if p.resolve() not in needed and not p.name.startswith(".")]
    files = [rubric.file, *[file for task in rubric.tasks for file in task.needs.values()]]
    return (*map(str, places), *[str(Path(file).resolve()) for file in files if file])
