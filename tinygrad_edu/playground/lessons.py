"""The door to learn at: the exercises, checked by the checker of the command line, and expressions to do by hand.

>>> check("parabola", task("parabola")["starter"])["remarks"][0]["said"][:34]
'<p>Line 13, `raise NotImplementedE'
>>> check("parabola", solution("parabola"))["right"]
True
>>> one = puzzle(1, 3)
>>> one["given"], one["blanks"]
(['a = 2', 'b = 4', 'c = -4'], ['d', 'L', 'dL/dd', 'dL/dc', 'dL/db', 'dL/da'])
>>> solved(1, 3, "d", "4 + 2")["right"], hint(1, 3, "d", 2)
(True, 'd = b + a = 4 + 2')
"""

from __future__ import annotations

import ast
import base64
import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .. import files, learn
from ..errors import UserError
from ..figures import draw
from ..learn import quiz
from ..learn.course import exercise_names
from ..learn.folder import KINDS, NOTES, Folder
from ..learn.inside import Inside, shallow
from ..learn.texts import decoded
from . import html

__all__ = ["check", "course", "hint", "puzzle", "solution", "solved", "task", "unzipped", "zipped"]
SPARE = 15  # seconds that a page waits besides, for what cannot be stopped from within
MOST = 1 << 24  # bytes of a folder that is read
_files: list[TemporaryDirectory[str]] = []  # those of teachers, whose lines are asked for as long as Python is there


def course() -> list[dict[str, Any]]:
    """The chapters with their exercises: all that a page shows before Python is there."""
    return [{"name": chapter.name, "title": chapter.title,
             "exercises": [task(name) | {"minutes": m} for name, m in zip(chapter.names, chapter.minutes)]}
            for chapter in learn.chapters()]  # fmt: skip


def task(name: str, source: str = "") -> dict[str, Any]:
    """What the learner gets: the text, whose first `head` lines are the task, and the hints; and how many seconds a
    page waits for a check.  `source` is the text of an exercise that is none of ours.  Raises UserError for one that
    there is not.
    """
    one = _exercise(name, source)
    long = sum(query.long for query in one.queries) if not one.needs else 0.0
    return {
        "name": one.name,
        "title": one.title,
        "words": one.words.strip("\n"),
        "starter": one.starter,
        "head": _head(one.starter),
        "hints": one.hints,
        "needs": one.needs,
        "engine": one.uses_value,
        "seconds": SPARE + (1 + one.uses_value) * (one.seconds + long),
    }


def _head(text: str) -> int:
    """How many lines the docstring of a file takes, with the empty ones below it."""
    begin, *rest = ast.parse(text).body
    below = rest[0].lineno if rest else begin.end_lineno or 0
    lines = text.splitlines()[: below - 1]
    while lines and lines[-1].startswith(("#", "@")):
        lines.pop()
    return len(lines)


def check(name: str, text: str, value: str = "", seed: int = 0, source: str = "") -> dict[str, Any]:
    """What is wrong with an answer, the most basic first, and what it printed; `value` is the text of the learner's own
    engine, for what builds on it, and `seed` draws the numbers.  Raises UserError for an exercise that there is not.
    """
    one = _exercise(name, source)
    with shallow():
        verdict = learn.assess(one, text, seed=seed, value=value or None, box=Inside(one.seconds))
    causes = {verdict.first and _cause(verdict.first): verdict.first}
    for remark in verdict.remarks:
        causes.setdefault(_cause(remark), remark)
    return {
        "right": bool(verdict),
        "missing": verdict.missing,
        "printed": verdict.printed,
        "remarks": [_told(remark) for remark in causes.values() if remark is not None],
    }


def _cause(remark: learn.Remark) -> str:
    return remark.mistake or str(remark)


def _told(remark: learn.Remark) -> dict[str, Any]:
    picture = draw(remark.path[-1], path=remark.path).svg() if remark.path else ""
    return {"mistake": remark.mistake, "line": remark.line, "said": html(remark.said), "svg": picture}


def solution(name: str, source: str = "") -> str:
    """How we would have written it.  Raises UserError for an exercise that there is not."""
    return _exercise(name, source).solution


@cache
def _exercise(name: str, source: str) -> learn.Exercise:
    """One of ours; or, from the text of its file, one that a teacher has written."""
    if not source:
        return learn.exercise(name)
    _files.append(TemporaryDirectory())
    path = Path(_files[-1].name) / f"{Path(name).stem}.py"
    files.write(path, source)
    try:
        return learn.read(path)
    except UserError as error:
        raise UserError(str(error).replace(str(path), path.name)) from None


def zipped(texts: dict[str, str], notes: dict[str, Any]) -> str:
    """A folder as `tinygrad-edu learn` uses it, with these answers and what was reached, as a zip in base64."""
    with TemporaryDirectory() as place:
        root = files.folder(Path(place) / "course")
        here = Folder(root)
        for name, text in texts.items():
            path = here.path(learn.exercise(name))
            files.folder(path.parent)
            files.write(path, text)
        files.write(root / NOTES, json.dumps({"format": "tinygrad_edu", **notes}, indent=1))
        Folder.start(root)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
            for path in sorted(root.rglob("*")):
                out.write(path, path.relative_to(place))
    return base64.b64encode(packed.getvalue()).decode()


def unzipped(packed: str) -> dict[str, Any]:
    """The answers of such a zip, and what was reached.  Raises UserError for what is none."""
    with TemporaryDirectory() as place:
        try:
            with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed))) as given:
                if sum(one.file_size for one in given.infolist()) > MOST:
                    raise UserError(f"this has more than {MOST >> 20} MiB in it: it is no folder of exercises")
                if any(len(part) > 255 for one in given.infolist() for part in one.filename.encode().split(b"/")):
                    raise ValueError  # the browser makes a file of such a name, and cannot remove it
                given.extractall(place)
        except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, OSError, EOFError):  # of a password, a path
            raise UserError(
                "this is no zip that can be read here: choose one that was downloaded here, or a zip of your folder"
            ) from None
        found = (path for path in Path(place).rglob(NOTES) if path.is_file())
        notes = sorted(found, key=lambda path: len(path.parts))
        if not notes:
            raise UserError(f"there is no {NOTES} in this zip: pack the whole folder that `tinygrad-edu learn start` "
                            "has made, with what is hidden")  # fmt: skip
        here = Folder.read(notes[0].parent)
        paths = {name: here.path(learn.exercise(name)) for name in exercise_names()}
        texts = {name: decoded(files.read(path))[0] for name, path in paths.items() if path.is_file()}
        changed = {name: text for name, text in texts.items() if text != learn.exercise(name).starter}
        return {"texts": changed, "notes": {kind: here.notes[kind] for kind in KINDS}}


def puzzle(level: int, seed: int, found: Sequence[str] = ()) -> dict[str, Any]:
    """An expression to do by hand: what is given, its steps, what is asked for, and its graph, in which the values and
    gradients stand once all of them have been found.
    """
    one = quiz.practice(level, seed)
    left = [blank for blank in one.blanks.values() if blank.name not in found]
    hide = ["value", "grad", "local"] if any(blank.step for blank in left) else ["grad", "local"] if left else ()
    return {
        "given": one.problem.given,
        "steps": one.problem.steps,
        "blanks": list(one.blanks),
        "svg": one.draw(hide=hide).svg(),
    }


def solved(level: int, seed: int, name: str, answer: str) -> dict[str, Any]:
    """Whether a number that was found is right, and what is wrong with it.  Raises UserError for what is no number."""
    marks = quiz.practice(level, seed).check(name, answer)
    return {"right": bool(marks), "said": html(marks.blocks())}


def hint(level: int, seed: int, name: str, more: int = 1) -> str:
    """Where a number comes from; with `more`, so that only the sum is left."""
    return quiz.practice(level, seed).hint(name, more)
