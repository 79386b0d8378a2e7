"""Results for others: Gradescope's results.json, a summary of the class in Markdown and as a table, and all as JSON."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..files import MARK
from ..words import brief, few, markdown_table, plural
from .result import Result, as_markdown
from .rubric import Rubric

WIDE = 12  # tasks that stand beside each other in a summary; of more, the table in CSV has them
BY = MARK.decode()  # by which `files` knows what is ours


def gradescope(result: Result) -> dict[str, Any]:
    """A result as Gradescope's autograder reads it, from /autograder/results/results.json.

    >>> from .result import Part
    >>> told = gradescope(Result("Ada", (Part("tanh", 0.0, 1.0, "It is wrong.", "", "engine"),)))
    >>> told["score"], told["tests"][0]["name"], told["tests"][0]["status"]
    (0.0, 'engine: tanh', 'failed')
    """
    tests = [{"name": part.title, "score": round(part.points, 6), "max_score": round(part.of, 6),
              "status": "passed" if part else "failed", "output": part.said, "output_format": "text",
              "visibility": "visible"} for part in result.parts]  # fmt: skip
    notes = "\n".join(f"{note}." for note in result.notes)
    return {"extra_data": {"by": BY}, "score": round(result.points, 6), "output": notes, "output_format": "text",
            "visibility": "visible", "tests": tests}  # fmt: skip


def summary(results: Sequence[Result], rubric: Rubric, seed: int, of: int | None = None) -> str:
    """The class in Markdown, for the teacher: points of students and tasks, where points were lost, and by which
    mistakes.  `of` is how many students there are, if some of them have not been graded.
    """
    count = plural(len(results), "student") if of in (None, len(results)) else f"{len(results)} of {of} students"
    lines = [f"# {as_markdown(rubric.title)}: {count}", "",
             f"The hidden numbers were drawn with `--seed {seed}`, which gives the same again.", ""]  # fmt: skip
    names = [task.name for task in rubric.tasks if len(rubric.tasks) <= WIDE]
    rows = [(as_markdown(r.student), brief(r.points), *[brief(r.tasks().get(n, (0, 0))[0]) for n in names])
            for r in results]  # fmt: skip
    if len(results) > 1:
        means = [sum(r.tasks().get(n, (0, 0))[0] for r in results) / len(results) for n in names]
        rows.append(("**mean**", brief(sum(r.points for r in results) / len(results)), *map(brief, means)))
    rows.append(("**of**", brief(rubric.points), *[brief(task.points) for task in rubric.tasks if task.name in names]))
    lines += markdown_table(("student", "points", *map(as_markdown, names)), rows)
    lines += _lost(results)
    lines += _mistakes(results)
    odd = [f"- {as_markdown(r.student)}: {as_markdown(note)}." for r in results for note in r.notes]
    return "\n".join([*lines, *(["", "## What was handed in", "", *odd] if odd else [])]) + f"\n\n<!-- {BY} -->\n"


def _lost(results: Sequence[Result]) -> list[str]:
    """The parts in which points were lost, with how many students lost some."""
    lost = Counter(part.title for r in results for part in r.parts if not part)
    rows = [(as_markdown(title), f"{n} of {len(results)}") for title, n in lost.most_common()]
    return ["", "## Where points were lost", "", *markdown_table(("part", "students"), rows)] if rows else []


def _mistakes(results: Sequence[Result]) -> list[str]:
    """The mistakes that were made, with who made them."""
    who: dict[str, list[str]] = {}
    for r in results:
        for mistake in dict.fromkeys(part.mistake for part in r.parts if part.mistake):
            who.setdefault(mistake, []).append(r.student)
    rows = [(as_markdown(mistake), str(len(students)), as_markdown(few(students)))
            for mistake, students in sorted(who.items(), key=lambda pair: -len(pair[1]))]  # fmt: skip
    return ["", "## Mistakes", "", *markdown_table(("mistake", "students", "who"), rows)] if rows else []


def as_csv(results: Sequence[Result], rubric: Rubric) -> str:
    """A row for each student: all points, and those of each task."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", "points", *[task.name for task in rubric.tasks]])
    for r in results:
        tasks = r.tasks()
        table.writerow([r.student, f"{r.points:g}", *[f"{tasks.get(t.name, (0, 0))[0]:g}" for t in rubric.tasks]])
    return text.getvalue()


def as_data(results: Sequence[Result], rubric: Rubric, seed: int) -> dict[str, Any]:
    """All results, as JSON has them."""
    return {"format": "tinygrad_edu grades", "title": rubric.title, "seed": seed, "of": rubric.points, "students": [
        {"student": r.student, "points": r.points, "of": r.of, "notes": [*r.notes],
         "parts": [vars(part) for part in r.parts]} for r in results]}  # fmt: skip
