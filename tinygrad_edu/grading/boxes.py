"""The process that a student's file runs in for one task: what it may read and import, and how long it may take."""

from __future__ import annotations

import importlib.util
import re
import weakref
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from ..learn.sandbox import Answer, Here, Sandbox
from ..learn.verdict import crash
from .rubric import SECONDS, Task
from .submission import Submission

OPEN: weakref.WeakSet[Sandbox] = weakref.WeakSet()
TOGETHER = 3  # times the limit of one question, for all questions of a task


def box(
    task: Task, submission: Submission, name: str, needs: tuple[str, ...] = (), seconds: float = SECONDS
) -> Sandbox:
    """A process for the file of that name, to be used in a `with`; if the submission keeps its processes, the one that
    another task with the same doors has left; none, if what it defines is here already.
    """
    if submission.their is not None:
        return Opened(submission.their)
    limit, hidden = task.option("seconds") or seconds, (*submission.hidden, *_homes(task.option("without") or ()))
    key = (needs, hidden, str(PurePosixPath(name).parent))
    made = (submission.boxes or {}).get(key)
    if made is None:
        made = (Sandbox if submission.boxes is None else Kept)(needs, hidden, modules=submission.beside(name))
        OPEN.add(made)
    if submission.boxes is not None:
        submission.boxes[key] = made
    made.seconds, made.left = limit, TOGETHER * limit
    return made


class Opened(Sandbox):
    """The same questions, asked of what is defined in this process, which somebody else guards and ends."""

    def __init__(self, their: Any) -> None:
        super().__init__()
        self.their = their

    def load(self, source: str, path: str = "") -> Answer:
        """The names that are there."""
        return Answer(sorted(vars(self.their)))

    def call(self, source: str, name: str, *args: Any, seconds: float = 0.0) -> Answer:
        """As `Here.call`."""
        return Here(self.their).call(source, name, *args)


class Kept(Sandbox):
    """A process that does not end with its `with`: to start one takes longer than to ask most questions."""

    def __exit__(self, *error: object) -> None:
        pass

    def end(self) -> None:
        """End it."""
        self._end()


def end_all() -> None:
    """End what is running, now: whatever waits for it is told that there is no time left."""
    for one in [*OPEN]:
        one.left = 0.0
        if one.process is not None:
            one.process.kill()


def said_of(answer: Answer, who: str, without: Iterable[str] = ()) -> str:
    """What is told of code that raised something, or never came back."""
    for package in without:
        if answer.error == "PermissionError" and any(home in answer.text for home in _homes([package])):
            return f"Line {answer.line}, `{answer.code}`: this is to be written without {package}."
    missing = re.match(r"module 'exercise' has no attribute '(\w+)'", answer.text)
    if missing:
        return f"There is no {missing[1]} in the file."
    said = crash(answer, who, True).quiet
    return said + "." * (not said.endswith((".", "?", "!")))


def _homes(packages: Iterable[str]) -> list[str]:
    """Where packages are, those that are there."""
    found = []
    for package in packages:
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, ValueError):
            continue
        if spec is not None:
            found += [*(spec.submodule_search_locations or [spec.origin or ""])]
    return [str(Path(home).resolve()) for home in found if home and not re.fullmatch("built-in|frozen", home)]
