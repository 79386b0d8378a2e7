"""What was handed in: for each student their files, as texts of Python, whatever they were written with.

>>> cells('{"cells": [{"cell_type": "code", "source": ["%time\\\\n", "x = 2"]}]}')
('# cell 1\\npass  # %time\\nx = 2\\n', '')
"""

from __future__ import annotations

import ast
import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import UserError, meant
from ..learn.texts import decoded
from ..words import few

READ = (".py", ".ipynb")
ARCHIVES = (".zip", ".gz", ".tgz", ".7z", ".rar", ".tar")
LARGEST, MOST = 2**20, 200  # bytes of a file, files of a student
PASSED = ("venv", "env", "site-packages", "node_modules")  # folders that nobody wrote
MAGIC = re.compile(r"(?m)^([ \t]*)([%!?].*|.*[^#\n]\?)$")
WHOLE = re.compile(r"%%(?!time|timeit|capture|prun)")  # magic that makes a cell something else than Python


@dataclass(frozen=True)
class Submission:
    """One student's files by name, as texts of Python; `hidden` is what their code may not read."""

    student: str
    files: dict[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # about the files that were handed in
    their: Any = None  # what is defined already, in this process: nothing of the files is run then
    boxes: dict[Any, Any] | None = field(default=None, compare=False, repr=False)  # processes that are kept

    def find(self, wanted: str, defines: Iterable[str] = ()) -> tuple[str, str]:
        """The file that a task is about, and what is to be said of that; no file, if it is not clear which.

        It is the one of that name, perhaps numbered; or else the only one that defines what is asked for.

        >>> one = Submission("ada", {"hw.py": "class Value: pass", "01_Notes.py": "x = 1"})
        >>> one.find("engine.py", ["Value"]), one.find("notes.py")
        (('hw.py', 'engine.py is not there; hw.py was taken, which defines Value'), ('01_Notes.py', ''))
        """
        if not self.files:
            return "", " ".join(["nothing was handed in that could be read", *[f"({note})" for note in self.notes]])
        names = [*defines]
        for found in self._called(wanted):
            if len(found) == 1:
                return found[0], ""
            if found:
                return "", f"{few(found)} could all be meant: hand in one of them"
        defining = [name for name, text in self.files.items() if names and {*names} <= {*defined(text)}]
        missing = f"{wanted} is not there; " if wanted else ""
        if len(defining) == 1:
            said = f"{missing}{defining[0]} was taken, which defines {few(names)}"
            return defining[0], said if wanted and len(self.files) > 1 else ""
        if len(defining) > 1:
            return "", f"{missing}{few(defining)} all define {few(names)}: hand in one of them"
        if len(self.files) == 1:
            return next(iter(self.files)), ""
        there = {name for text in self.files.values() for name in defined(text)}
        near = next(filter(None, (meant(name, there) for name in names if name not in there)), "")
        asked = f", and none of them defines {few(names)}{near}" if names else ""
        return "", f"{missing}there are {few(sorted(self.files))}{asked}"

    def _called(self, wanted: str) -> Iterator[list[str]]:
        """The files of a name, the strictest meaning first."""
        if wanted:
            yield [name for name in self.files if name == wanted]
            yield [name for name in self.files if PurePosixPath(name).name == wanted]
            yield [name for name in self.files if _stem(name) == _stem(wanted)]

    def beside(self, name: str) -> dict[str, str]:
        """What the file may import: all in its folder."""
        here = PurePosixPath(name).parent
        return {p.name: text for other, text in self.files.items()
                if (p := PurePosixPath(other)).parent == here and p.suffix == ".py"}  # fmt: skip


def _stem(name: str) -> str:
    return re.sub(r"^\d+_", "", PurePosixPath(name).stem.lower())


def defined(text: str) -> list[str]:
    """The classes and functions of a file; of one that is no Python, those that it seems to have.

    >>> defined("class Value:\\n    def add(self): pass\\n\\nforward = 3"), defined("def f(:")
    (['Value', 'forward'], ['f'])
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about escapes in their strings
        try:
            body = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return re.findall(r"(?m)^(?:def|class)\s+(\w+)", text)
    names = [n.name for n in body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    return names + [t.id for n in body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)]


def submissions(folder: Path | str) -> list[Submission]:
    """What each student has handed in: a folder for each, of their name, or one file of their name.

    Raises UserError if there is none.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UserError(f"{folder}: there is no such folder" if not root.exists() else f"{folder} is no folder: grade "
                        "takes one that has a folder or a file for each student")  # fmt: skip
    entries = sorted(p for p in root.iterdir() if not p.name.startswith((".", "__")))
    entries = [p for p in entries if p.is_dir() or p.suffix.lower() in (*READ, *ARCHIVES)]
    if not entries:
        raise UserError(f"{folder} has no submissions: put a folder, or a file of Python, for each student into it")
    stems = [p.stem for p in entries]
    students = [p.name if p.is_dir() or stems.count(p.stem) > 1 else p.stem for p in entries]
    return [handed_in(path, student) for path, student in zip(entries, students)]


def handed_in(path: Path, student: str = "") -> Submission:
    """What is in one folder or file; the student is called as that is, unless it is said."""
    student = student or (path.name if path.is_dir() else path.stem)
    if path.is_symlink():
        return Submission(student, notes=(f"{path.name} is a link to another place, and is not followed",))
    texts: dict[str, str] = {}
    notes: list[str] = []
    for file in _files(path):
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        if file.suffix.lower() in ARCHIVES:
            notes.append(f"{name} is an archive, which is not opened: hand in the files")
        elif file.is_symlink() and path.is_dir():
            notes.append(f"{name} is a link to another file, and is not followed")
        elif len(texts) >= MOST:
            notes.append(f"there are more than {MOST} files: the rest was not read")
            break
        else:
            text, said = _text(file)
            if said:
                notes.append(f"{name} {said}")
            if text is not None:
                texts[name] = text
    return Submission(student, texts, notes=tuple(notes))


def _files(path: Path) -> Iterator[Path]:
    """The files that might be somebody's work, in the order of their names."""
    if path.is_file():
        yield path
        return
    for place, folders, names in os.walk(path):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")) and f.lower() not in PASSED)
        yield from (Path(place, n) for n in sorted(names)
                    if not n.startswith(".") and n.lower().endswith((*READ, *ARCHIVES)))  # fmt: skip


def _text(file: Path) -> tuple[str | None, str]:
    """A file as Python, and what is to be said of it; None if it cannot be read."""
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return None, "is larger than a megabyte, and was not read" if file.is_file() else "is no file"
        raw = file.read_bytes()
    except OSError as error:
        return None, f"cannot be read: {error.strerror}"
    text, said = decoded(raw)
    if file.suffix.lower() == ".ipynb":
        code, also = cells(text)
        return code, "; ".join(filter(None, [said, also]))
    return text, said


def cells(text: str) -> tuple[str | None, str]:
    """The code of a notebook, cell after cell, without what only Jupyter understands; and what is to be said of it."""
    try:
        book = json.loads(text)
        found = book.get("cells") or [c for sheet in book.get("worksheets", []) for c in sheet["cells"]]
        codes = [c.get("source", c.get("input", "")) for c in found if c["cell_type"] == "code"]
        codes = [code if isinstance(code, str) else "".join(code) for code in codes]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None, "is no notebook that could be read"
    lines, broken = [], []
    for k, code in enumerate(codes, 1):
        plain = _plain(code)
        if plain is None:
            broken.append(f"cell {k}")
        else:
            lines.append(f"# cell {k}\n{plain}\n")
    return "".join(lines), f"has code that is no Python in {few(broken)}, which was left out" if broken else ""


def by_cell(said: str, text: str) -> str:
    """What is said of lines of a notebook's code, as students find them.

    >>> by_cell("Line 5 fails.", "# cell 1\\nx = 1\\n\\n# cell 2\\ny = z\\n")
    'Cell 2, line 1 fails.'
    """
    heads = [(number, line) for number, line in enumerate(text.splitlines(), 1) if re.fullmatch(r"# cell \d+", line)]

    def place(found: re.Match[str]) -> str:
        number, head = max([(n, line) for n, line in heads if n < int(found[1])], default=(0, ""))
        return f"Cell {head.split()[-1]}, line {int(found[1]) - number}" if head else found[0]

    return re.sub(r"\bLine (\d+)\b(?! of your Value)", place, said)  # with a notebook, that Value is ours


def _plain(code: str) -> str | None:
    """A cell as plain Python; None if it is none."""
    if WHOLE.match(code.lstrip()):
        return "\n".join(f"# {line}" for line in code.splitlines())
    for text in (code, MAGIC.sub(r"\1pass  # \2", code)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ast.parse(text)
                return text
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                pass
    return None
