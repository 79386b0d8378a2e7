"""`grade`: points for a folder of submissions, and a report for each student."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from .. import files
from ..errors import UserError
from ..grading.export import BY, as_csv, as_data, gradescope, summary
from ..grading.ottergrader import otter
from ..grading.result import Result
from ..grading.rubric import Rubric
from ..grading.run import fresh_seed, grade, submissions
from ..learn.sandbox import unguarded
from ..words import aligned, brief, plural
from .parsing import seed, whole


def add_commands(commands: Any) -> None:
    """Add `grade` to the command line."""
    cmd = commands.add_parser(
        "grade",
        help="points for a class: a folder of submissions against a rubric, with a report for each student",
        description="Runs what each student wrote in a process of its own and judges what it answers: exercises, a "
        "Value class, hand-written gradients.",
        epilog="examples:\n  tinygrad-edu grade submissions --rubric homework.toml --out graded\n"
        "  tinygrad-edu grade submissions --out graded               the exercises of `learn`, a point each",
    )
    cmd.add_argument("folder", metavar="FOLDER", nargs="?", help="has a folder, or a file of Python, for each student")
    cmd.add_argument("--rubric", metavar="FILE.toml", help="the tasks and their points (default: all exercises)")
    cmd.add_argument(
        "--out", metavar="FOLDER", help="reports, summary.md, summary.csv and results.json are written there"
    )
    cmd.add_argument("--seed", type=seed, metavar="N", help="draw the same hidden numbers again (summary.md has it)")
    cmd.add_argument(
        "--gradescope", action="store_true", help="write a results.json of Gradescope's for each student too"
    )
    cmd.add_argument(
        "--otter",
        metavar="FOLDER",
        help="grade nobody: write the rubric as test files of otter-grader into this folder",
    )
    cmd.add_argument("--jobs", type=whole, default=2, metavar="N", help="so many students at once (default: 2)")
    cmd.set_defaults(run=run_grade)


def run_grade(arguments: argparse.Namespace) -> int:
    if arguments.otter:
        return _otter(arguments)
    if not arguments.folder:
        raise UserError("the folder with the submissions is missing: tinygrad-edu grade FOLDER --rubric FILE.toml")
    if arguments.gradescope and not arguments.out:
        raise UserError("--gradescope writes files: say where, with --out FOLDER")
    rubric = Rubric.read(arguments.rubric) if arguments.rubric else Rubric.course()
    drawn = fresh_seed(rubric) if arguments.seed is None else arguments.seed
    handed_in = [one.student for one in submissions(arguments.folder)]
    place = _Place(Path(arguments.out), arguments.gradescope, handed_in) if arguments.out else None
    found: dict[str, Result] = {}
    if said := unguarded():
        print(f"note: {said}", file=sys.stderr)

    def progress(result: Result) -> None:
        found[result.student] = result
        if place is not None:
            place.report(result)
        print(
            f"{len(found)} of {len(handed_in)}: {result.student}, {brief(result.points)} of {brief(result.of)}",
            flush=True,
        )

    try:
        grade(arguments.folder, rubric, drawn, arguments.jobs, progress)
    finally:
        results = [found[name] for name in handed_in if name in found]
        if place is not None and results:
            place.whole(results, rubric, drawn, len(handed_in))
    print()
    names = [task.name for task in rubric.tasks]
    if len(names) <= 8:
        rows = [("student", "points", *names), *[
            (r.student, brief(r.points), *[brief(r.tasks()[n][0]) for n in names]) for r in results]]  # fmt: skip
        print(*aligned(rows, "l" + "r" * (1 + len(names)), gives=[0]), sep="\n")
        print()
    said = f"{plural(len(results), 'student')}, mean {brief(sum(r.points for r in results) / len(results))} of " \
           f"{brief(rubric.points)} points; seed {drawn}"  # fmt: skip
    print(f"{said}; see {place.root / 'summary.md'}" if place else f"{said}; reports are written with --out FOLDER")
    return 0


def _otter(arguments: argparse.Namespace) -> int:
    """Write the rubric for otter-grader."""
    if arguments.folder or not arguments.rubric:
        raise UserError("--otter writes test files and grades nobody: give it --rubric FILE.toml alone")
    paths = otter(Rubric.read(arguments.rubric), arguments.otter)
    print(f"wrote {plural(len(paths), 'file')} into {arguments.otter}; README.md there says how to go on")
    return 0


class _Place:
    """The folder that results are written to; what is there and not ours is refused before anything is run."""

    def __init__(self, root: Path, gradescope: bool, students: list[str]) -> None:
        self.root, self.gradescope = files.folder(root), gradescope
        self.reports = files.folder(root / "reports")
        self.scores = files.folder(root / "gradescope") if gradescope else None
        self.names = _file_names(students)
        for path in [self.root / "summary.md", *[self._report(name) for name in students]]:
            files.check(path)
        files.check(self.root / "results.json", form="tinygrad_edu grades")
        files.check(self.root / "summary.csv", over=self._is_our_table())

    def _report(self, student: str) -> Path:
        return self.reports / f"{self.names[student]}.md"

    def _is_our_table(self) -> bool:
        path = self.root / "summary.csv"
        return path.is_file() and path.read_bytes().startswith(b"student,points,")

    def report(self, result: Result) -> None:
        """One student's report."""
        files.write(self._report(result.student), f"{result.markdown()}\n<!-- {BY} -->\n")
        if self.scores is not None:
            files.write(self.scores / f"{self.names[result.student]}.json", _json(gradescope(result)))

    def whole(self, results: list[Result], rubric: Rubric, drawn: int, of: int) -> None:
        """What there is about the class."""
        files.write(self.root / "summary.md", summary(results, rubric, drawn, of))
        files.write(self.root / "summary.csv", as_csv(results, rubric), over=self._is_our_table())
        files.write(self.root / "results.json", _json(as_data(results, rubric, drawn)))


def _file_names(students: list[str]) -> dict[str, str]:
    """Names of files, each its own, also where capitals and small letters are the same."""
    found: dict[str, str] = {}
    for student in students:
        plain = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", student).rstrip(". ") or "_"
        taken = {name.lower() for name in found.values()}
        found[student] = next(n for k in range(len(students)) if (n := plain + f"_{k}" * bool(k)).lower() not in taken)
    return found


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, indent=1) + "\n"
