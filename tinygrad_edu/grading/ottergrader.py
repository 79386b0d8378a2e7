"""A rubric as test files of otter-grader, which run in a student's notebook and in otter's own container.

>>> import tempfile
>>> from .rubric import Rubric
>>> with tempfile.TemporaryDirectory() as place:
...     paths = otter(Rubric.of({"task": [{"name": "parabola", "kind": "exercise", "points": 2}]}), place)
...     print(paths[0].read_text())
# The parts of the task 'parabola', for otter-grader: written by tinygrad_edu.
from otter.test_files import test_case
from tinygrad_edu.grading.ottergrader import Asked
<BLANKLINE>
OK_FORMAT = False
name = 'parabola'
points = 2.0
asked = Asked({'kind': 'exercise', 'name': 'parabola', 'points': 2.0})
<BLANKLINE>
<BLANKLINE>
@test_case(name='parabola', points=2.0, hidden=False)
def part_1(env):
    asked(env, 'parabola')
<BLANKLINE>

A part is right or not: otter knows no halves.  What is asked is in the file, the answers are nowhere.  Otter has run
the notebook by then: limits of time, and what the code may do, are its container's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .. import files
from ..files import MARK, StrPath
from .result import Part
from .rubric import Rubric, Task
from .run import fresh_seed, graded
from .submission import Submission
from .tasks import promised, ready

README = """# {title}, for otter-grader

<!-- {mark} -->

`tests` has a file for each task. In a notebook, `grader = otter.Notebook()` finds them there, and
`grader.check("{first}")` asks one. The autograder for Gradescope is made with

    otter generate -t tests -r requirements.txt{support}

It has to install tinygrad_edu: build its wheel with `python -m build --wheel`, put that into `files`, name it in
requirements.txt, and add it to the command above.
"""


def otter(rubric: Rubric, folder: StrPath) -> list[Path]:
    """Write a test file for each task, the files of the teacher's that they need, and how to go on; return the paths.

    Raises UserError for a rubric that is not ready, OSError for what cannot be written.
    """
    ready(rubric)
    root = files.folder(folder)
    names: dict[str, str] = {}
    for task in rubric.tasks:
        plain = re.sub(r"\W+", "_", task.name)
        names[task.name] = next(
            n for k in range(len(rubric.tasks)) if (n := plain + f"_{k}" * bool(k)) not in names.values()
        )
    texts: dict[Path, str | bytes] = {
        root / "tests" / f"{names[t.name]}.py": _test_file(t, rubric) for t in rubric.tasks
    }
    needed = {Path(file) for task in rubric.tasks for file in task.needs.values()}
    texts |= {root / "files" / file.name: files.read(file) for file in needed}
    support = "".join(f" files/{file.name}" for file in sorted(needed))
    title, first = rubric.title, next(iter(names.values()))
    texts[root / "README.md"] = README.format(title=title, mark=MARK.decode(), first=first, support=support)
    for path, text in texts.items():
        files.folder(path.parent)
        files.check(path, over=path.parent.name == "files" and path.exists() and path.read_bytes() == text)
    return [files.write(path, text, over=path.parent.name == "files") for path, text in texts.items()]


def _test_file(task: Task, rubric: Rubric) -> str:
    """The text of a test file."""
    told: dict[str, Any] = {"kind": task.kind, "name": task.name, "points": task.points, **task.options}
    told |= {option: Path(file).name for option, file in task.needs.items()}  # otter puts them where it runs
    seed = "" if rubric.seed is None else f", {rubric.seed}"
    lines = [f"# The parts of the task {task.name!r}, for otter-grader: {MARK.decode()}.",
             "from otter.test_files import test_case", f"from {__name__} import Asked", "", "OK_FORMAT = False",
             f"name = {task.name!r}", f"points = {task.points!r}", f"asked = Asked({told!r}{seed})"]  # fmt: skip
    for k, (part, of) in enumerate(promised(task).items(), 1):
        title = Part(part, 0.0, of, task=task.name).title
        lines += ["", "", f"@test_case(name={title!r}, points={of!r}, hidden=False)", f"def part_{k}(env):",
                  f"    asked(env, {part!r})"]  # fmt: skip
    return "\n".join(lines) + "\n"


class InOtter(SimpleNamespace):
    """What a notebook has defined, by name."""


class Asked:
    """A task, asked once of what a notebook has defined."""

    def __init__(self, told: Mapping[str, Any], seed: int | None = None) -> None:
        self.rubric = Rubric.of({"task": [told], **({} if seed is None else {"seed": seed})})
        self.parts: dict[str, Part] = {}

    def __call__(self, env: Mapping[str, Any], name: str) -> None:
        """Raise AssertionError, with what the student is to be told, unless the part of that name is right."""
        if not self.parts:
            their = Submission("", {"notebook.py": ""}, their=InOtter(**env))
            result = graded(their, self.rubric, fresh_seed(self.rubric))
            self.parts = {part.name: part for part in result.parts}
        part = self.parts[name] if name in self.parts else next(iter(self.parts.values()))  # all failed as one
        assert part, part.said
