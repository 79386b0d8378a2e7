"""A learner's folder: the exercises as files, and what was reached.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     here = Folder.start(f"{place}/course")
    ...     first = here.current()
    ...     verdict = here.check(first)
    ...     said = here.path(first).name, bool(verdict), here.status()["passed"]
    >>> said
    ('01_parabola.py', False, 0)

What is passed, and how many hints were asked for, stands in `.learn.json`; whoever removes it begins anew, with the
files as they are.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import files
from ..errors import UserError
from ..words import few
from .course import ENGINE, Exercise, chapters, exercise, exercise_names
from .mistakes import RANKS
from .texts import decoded
from .verdict import Remark, Verdict, assess

NOTES = ".learn.json"
KINDS = {"passed": str, "hints": int, "tries": int, "begun": str}  # what is noted of each exercise
README = """# Exercises in backpropagation

Open the first exercise in any editor, write what is missing, save, and type in this folder

    tinygrad-edu learn              check it, and show the next
    tinygrad-edu learn watch        check whenever a file is saved
    tinygrad-edu learn hint         a hint: an idea; asked again, the formula; then the line
    tinygrad-edu learn list         all exercises, and which are done
    tinygrad-edu learn solution     after it is passed (before: --reveal)
    tinygrad-edu learn reset NAME   the file as it was; yours is kept beside it

What you have reached is kept in .learn.json.
"""


class Folder:
    """The exercises of one learner."""

    def __init__(self, root: Path, notes: dict[str, Any] | None = None) -> None:
        self.root = root
        self.notes: dict[str, Any] = {kind: {} for kind in KINDS} | (notes or {})
        self.unkept = ""  # why what was reached could not be kept

    @classmethod
    def start(cls, path: Path | str) -> Folder:
        """A folder with every exercise that is not in it yet; nothing that is there is changed."""
        root = files.folder(path)
        here = cls.read(root) if (root / NOTES).exists() else cls(root)
        for name in exercise_names():
            target = here.path(one := exercise(name))
            if not target.exists():
                files.folder(target.parent)
                files.write(target, one.starter)
        if not (root / "README.md").exists():
            files.write(root / "README.md", README)
        here._keep()
        if here.unkept:
            raise UserError(f"{root}: {here.unkept}")
        return here

    @classmethod
    def read(cls, root: Path) -> Folder:
        """The folder as it is.  Raises UserError if its notes cannot be read."""
        try:
            notes = json.loads(files.read(root / NOTES))
            if not isinstance(notes, dict) or not all(
                isinstance(part := notes.get(key, {}), dict) and all(type(x) is kind for x in part.values())
                for key, kind in KINDS.items()
            ):
                raise ValueError
        except ValueError:
            raise UserError(
                f"{root / NOTES} is not what this program wrote: remove it to begin anew; your answers stay"
            ) from None
        return cls(root, notes)

    @classmethod
    def find(cls, path: Path | str | None = None) -> Folder:
        """The learner's folder: `path`, or this one, or the nearest above it.  Raises UserError if there is none."""
        begin = Path(path) if path else Path.cwd()
        for root in (begin, *begin.absolute().parents)[: 1 if path else None]:
            if (root / NOTES).exists():
                return cls.read(root)
        below = sorted(notes.parent.name for notes in begin.glob(f"*/{NOTES}"))
        if below:
            raise UserError(f"there are no exercises in {begin}, but in {few(below)}: cd {quoted(below[0])}")
        raise UserError(f"there are no exercises in {begin}: `tinygrad-edu learn start course` puts them into a folder "
                        "of that name; then cd course")  # fmt: skip

    def path(self, one: Exercise) -> Path:
        """The learner's file, wherever it lies and whatever its number is; where it will be, if there is none."""
        place = [c.name for c in chapters()].index(one.chapter.name)
        room = self.root / f"{place + 1:02}_{one.chapter.name}"
        fresh = room / f"{one.chapter.names.index(one.name) + 1:02}_{one.name}.py"
        if fresh.exists():
            return fresh
        names = [f"[0-9]*_{one.name}.py", f"{one.name}.py"][: 1 if f"{one.name}.py" == ENGINE else 2]
        return next((p for name in names for place in ("*/", "") for p in sorted(self.root.glob(place + name))), fresh)

    def passed(self, one: Exercise) -> bool:
        """Whether it has been right once."""
        return one.name in self.notes["passed"]

    def current(self) -> Exercise | None:
        """The first that has not been passed, of those that can be checked if there are any; None when all are."""
        left = [one for n in exercise_names() if not self.passed(one := exercise(n))]
        return next((one for one in left if not one.missing), left[0] if left else None)

    def latest(self) -> Exercise | None:
        """The one that was passed last; None before the first."""
        passed = {n: when for n, when in self.notes["passed"].items() if n in exercise_names()}
        return exercise(max(passed, key=lambda n: (passed[n], exercise_names().index(n)))) if passed else None

    def check(self, one: Exercise, seed: int | None = None) -> Verdict:
        """Check the learner's file and keep what came out.  Raises OSError if it is not there."""
        path = self.path(one)
        text = self._text(one.name)
        tries = self.notes["tries"].get(one.name, 0)
        self.notes["begun"].setdefault(one.name, _now())
        value = self._text("value") if one.uses_value else None
        if value is not None and not (self.passed(exercise("value")) or self.check(exercise("value"))):
            place = os.path.relpath(self.path(exercise("value")))
            told = f"This runs on your own Value, in {place}, which is not right yet. First: "
            verdict = Verdict(one, (Remark(RANKS[0], (f"{told}tinygrad-edu learn check value",)),))
        else:
            verdict = assess(one, text, path=str(path), seed=tries if seed is None else seed, value=value)
        self.notes["tries"][one.name] = tries + 1
        if verdict:
            self.notes["passed"].setdefault(one.name, _now())
        self._keep()
        if self.passed(exercise("value")) and (one.name == "value" or one.uses_value):
            self._lend()
        return verdict

    def _lend(self) -> None:
        """A copy of the learner's engine beside the exercises that build on it, so that they run by themselves.

        A file of that name that is not such a copy stays as it is.
        """
        own = self.path(exercise("value")).relative_to(self.root).as_posix()
        users = [one for name in exercise_names() if (one := exercise(name)).uses_value]
        for room in {path.parent for one in users if (path := self.path(one)).exists()}:
            told = f"# {files.MARK.decode()}: a copy of {own}, renewed whenever a check finds that one right"
            with suppress(FileExistsError):
                files.write(room / ENGINE, f"{told}\n{self._text('value')}")

    def _text(self, name: str) -> str:
        path = self.path(exercise(name))
        if not path.is_file():
            raise UserError(f"{os.path.relpath(path)} is not there: `tinygrad-edu learn reset {name}` writes it anew")
        return decoded(files.read(path))[0]

    def hint(self, one: Exercise, level: int | None = None) -> tuple[int, str]:
        """The next hint, or that of a level from 1 to 3, with its level."""
        level = min(self.notes["hints"].get(one.name, 0) + 1, len(one.hints)) if level is None else level
        self.notes["hints"][one.name] = max(level, self.notes["hints"].get(one.name, 0))
        self._keep()
        return level, one.hints[level - 1]

    def reset(self, one: Exercise) -> Path | None:
        """The file as it was at first; what was in it is kept beside it, in the path that is returned."""
        path, kept = self.path(one), None
        if path.exists():
            kept = next(p for k in range(1, 10_000) if not (p := path.with_suffix(f".{k}.bak")).exists())
            path.rename(kept)
        files.folder(path.parent)
        files.write(path, one.starter)
        self.notes["passed"].pop(one.name, None)
        self._keep()
        return kept

    def status(self) -> dict[str, Any]:
        """How far the learner is, as JSON has it."""
        now, all_names = self.current(), exercise_names()
        done = [n for n in all_names if n in self.notes["passed"]]
        return {"folder": str(self.root), "passed": len(done), "of": len(all_names), "next": now and now.name,
                "exercises": [{"name": n, "chapter": exercise(n).chapter.name, "passed": self.notes["passed"].get(n),
                               "tries": self.notes["tries"].get(n, 0), "hints": self.notes["hints"].get(n, 0)}
                              for n in all_names]}  # fmt: skip

    def _keep(self) -> None:
        text = json.dumps({"format": "tinygrad_edu", **self.notes}, indent=1)
        try:
            files.write(self.root / NOTES, text + "\n", over=True)
        except OSError as error:  # a folder that nobody may write in is no reason to say nothing
            self.unkept = error.strerror or str(error)


def quoted(path: Path | str) -> str:
    """As a shell takes it: double quotation marks do on Windows as well."""
    return f'"{path}"' if " " in str(path) else str(path)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S")
