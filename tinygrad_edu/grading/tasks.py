"""The kinds of tasks: each is asked of a submission, with the hidden numbers that a seed draws, and gives its parts.

>>> task = Task("parabola", "exercise", 2.0)
>>> code = "def slope(f, x, h=1e-5):\\n    return (f(x + h) - f(x - h)) / h\\n"
>>> [part] = asked_exercise(task, Submission("ada", {"parabola.py": code}), seed=7)
>>> part.points, part.of, part.mistake
(0.0, 2.0, 'factor 2')
>>> part.said.partition(": ")[0]
'Slope of 3x² - 4x + 5 is wrong. Likely'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.util import find_spec

from ..blocks import Terms
from ..errors import UserError
from ..learn.course import Exercise, exercise, read
from ..learn.verdict import Remark, assess, mistaken
from ..words import few
from .boxes import box
from .classes import asked_value, ready_value
from .differences import asked_backward, ready_backward, titles
from .formulas import exam
from .result import Part as Part
from .result import as_sentence, noted
from .rubric import Rubric, Task
from .submission import Submission, defined

Kind = Callable[[Task, Submission, int], list[Part]]


def asked_exercise(task: Task, submission: Submission, seed: int) -> list[Part]:
    """One exercise: all its points if it is right, or a share for each query that is."""
    one = _exercise(task)
    wanted = task.option("file") or f"{one.name}.py"
    name, note = submission.find(wanted, defined(one.starter))
    if not name:
        if note.startswith(f"{one.name}.py is not there; there are "):  # one sentence for all that are missing
            note = f"it was not handed in; there are {few(sorted(submission.files))}"
        return [Part(task.name, 0.0, task.points, as_sentence(note), "missing")]
    if submission.files[name].strip() == one.starter.strip():
        return [Part(task.name, 0.0, task.points, "The file is as it was at first.", "missing")]
    engine = submission.find("value.py", ["Value"])[0] if one.uses_value else ""
    value = submission.files[engine] if engine and engine != name else None
    with box(task, submission, name, one.needs, one.seconds) as this:
        verdict = assess(one, submission.files[name], path=name, seed=seed, box=this, value=value)
    first = verdict.first
    if first is None:
        return noted([Part(task.name, task.points, task.points)], note)
    right = verdict.asked - len(verdict.remarks) if task.option("share") and verdict.asked else 0
    said = str(first) if task.option("answers") else _quiet(first)
    return noted([Part(task.name, task.points * right / len(one.queries), task.points, said, first.mistake)], note)


def _exercise(task: Task) -> Exercise:
    """The teacher's own, or one of the course."""
    return _own(task.option("exercise")) if task.needs else exercise(task.option("exercise") or task.name)


_own = cache(read)


def _quiet(remark: Remark) -> str:
    """A remark without the numbers that were asked about."""
    likely = [words for block in remark.said if isinstance(block, Terms) for _, words in block.parts]
    return " ".join([as_sentence(remark.quiet), *[as_sentence(f"Likely: {words}") for words in likely]])


KINDS: dict[str, Kind] = {"exercise": asked_exercise, "value": asked_value, "backward": asked_backward}


def ready(rubric: Rubric) -> None:
    """Raise UserError for what a teacher has to put right before anything is graded, and load what threads share."""
    for task in rubric.tasks:
        try:
            READY[task.kind](task)
        except UserError as error:
            raise UserError(f"{f'{rubric.file}: ' if rubric.file else ''}{task.name}: {error}") from None


def _ready_exercise(task: Task) -> None:
    one = _exercise(task)
    for package in one.needs:
        if find_spec(package) is None:
            raise UserError(f"this needs {package}: pip install {package}")
    mistaken(one)


READY: dict[str, Callable[[Task], None]] = {
    "exercise": _ready_exercise,
    "value": ready_value,
    "backward": ready_backward,
}


def promised(task: Task) -> dict[str, float]:
    """The parts of a task, with the points that each can give.

    >>> promised(Task("layer", "backward", 3.0, {"inputs": {"x": [2, 3], "w": [3], "b": []}}))
    {'dx': 1.0, 'dw': 1.0, 'db': 1.0}
    """
    if task.kind == "value":
        return {one.title: of for _, one, of in exam(task)}
    names = titles(task) if task.kind == "backward" else [task.name]
    return {name: task.points / len(names) for name in names}


def parts_of(rubric: Rubric, submission: Submission, seed: int) -> list[Part]:
    """All parts of one submission."""
    return [replace(part, task=task.name) for task in rubric.tasks for part in KINDS[task.kind](task, submission, seed)]
