"""A submission graded by pytest: each part of the rubric is a test, with its points.

    pytest -p tinygrad_edu.grading.plugin --submission ada --rubric homework.toml

`--submission` is a student's file or folder; `--hidden-seed` draws the hidden numbers again that an earlier run has
told.  Test files that are named besides are run as well.  With --junitxml each part has its points and the name of the
mistake among its properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ..errors import UserError
from ..words import brief
from .result import Part
from .rubric import Rubric, Task
from .run import fresh_seed, graded, not_to_be_read
from .submission import handed_in
from .tasks import ready

READ, SEED = pytest.StashKey[Rubric](), pytest.StashKey[int]()
PASSED_ON = "tinygrad_edu_seed"  # to the processes of pytest-xdist, which all ask the same


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("grading", "points for a submission (tinygrad_edu.grading)")
    group.addoption("--submission", metavar="PATH", help="a student's file or folder")
    group.addoption("--rubric", metavar="FILE.toml", help="the tasks and their points")
    group.addoption("--hidden-seed", type=int, metavar="N", help="draw the same hidden numbers again")


def pytest_configure(config: pytest.Config) -> None:
    """Read the rubric, and collect it: alone, if no test files are named."""
    path, submission = config.getoption("--rubric"), config.getoption("--submission")
    if path is None and submission is None:
        return
    if path is None or submission is None:
        missing = "--rubric FILE.toml" if path is None else "--submission PATH"
        raise pytest.UsageError(f"a submission is graded against a rubric: {missing} is missing")
    if not Path(submission).exists():
        raise pytest.UsageError(f"--submission {submission}: there is no such file or folder")
    try:
        rubric = Rubric.read(Path(path).resolve())
        ready(rubric)
    except (UserError, OSError) as error:
        raise pytest.UsageError(f"--rubric {path}: {error}") from None
    worker, asked = getattr(config, "workerinput", None), config.getoption("--hidden-seed")
    config.stash[READ] = rubric
    config.stash[SEED] = worker[PASSED_ON] if worker else fresh_seed(rubric) if asked is None else asked
    alone = config.args_source is not pytest.Config.ArgsSource.ARGS
    config.args = [str(rubric.file)] if alone else [*config.args, str(rubric.file)]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist which numbers are drawn."""
    if SEED in node.config.stash:
        node.workerinput[PASSED_ON] = node.config.stash[SEED]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The rubric is a file of tests."""
    rubric = parent.config.stash.get(READ, None)
    return Tasks.from_parent(parent, path=file_path) if rubric and file_path.resolve() == rubric.file else None


class Tasks(pytest.File):
    """A rubric, with its tasks."""

    def collect(self) -> Iterator[pytest.Collector]:
        for task in self.config.stash[READ].tasks:
            yield Asked.from_parent(self, name=task.name, task=task)


class Asked(pytest.Collector):
    """A task, which is asked of the submission as its parts are collected: only then they are known."""

    def __init__(self, *, task: Task, **told: Any) -> None:
        super().__init__(**told)
        self.task = task

    def collect(self) -> Iterator[pytest.Item]:
        rubric, path = self.config.stash[READ], Path(self.config.getoption("--submission"))
        student = replace(handed_in(path), hidden=not_to_be_read(path, rubric))
        result = graded(student, replace(rubric, tasks=(self.task,)), self.config.stash[SEED])
        for part in result.parts:
            yield Graded.from_parent(self, name=part.name, part=part)


class Graded(pytest.Item):
    """A part: it passes if all its points were earned."""

    def __init__(self, *, part: Part, **told: Any) -> None:
        super().__init__(**told)
        self.part = part
        mistake = [("mistake", part.mistake)] if part.mistake else []
        self.user_properties += [("points", part.points), ("of", part.of), *mistake]

    def runtest(self) -> None:
        """Fail, unless all points were earned."""
        assert self.part, self.part.said

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """What the student is told; there is no line of a test to show."""
        return f"{self.part.title}: {brief(self.part.points)} of {brief(self.part.of)} points\n{self.part.said}"

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it is from, and what it is called."""
        return self.path, None, self.part.title


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """All points together, and how to ask the same again."""
    if SEED in config.stash:
        reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
        told = [dict(r.user_properties) for r in reports if getattr(r, "when", "") == "call"]
        points, of = [sum(one[key] for one in told if "of" in one) for key in ("points", "of")]
        terminalreporter.write_sep("=", f"{brief(points)} of {brief(of)} points")
        terminalreporter.write_line(f"the same hidden numbers: --hidden-seed {config.stash[SEED]}")
