"""A user's own CSV file as numbers to learn from, or an error that says which line and which column to look at."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from ..errors import UserError

MISSING = {"", "?", "na", "n/a", "nan", "null"}
MANY = 20  # a column of whole numbers with more different ones than this is a quantity, not a class


@dataclass
class Table:
    """What `read_csv` found: one row of numbers per sample, and one target each.

    A target that is a class is a whole number, the position of its name in `classes`; for numbers `classes` is empty.
    """

    X: list[list[float]]
    y: list[Any]
    features: list[str]
    target: str | None = None
    classes: list[str] = field(default_factory=list)


def read_csv(path: str | os.PathLike[str], target: str | None = None, *, features: Sequence[str] | None = None,
             kind: str | None = None, delimiter: str | None = None) -> Table:  # fmt: skip
    """The numbers of a CSV file whose first line names the columns.

    `target` is the column to predict; None reads the features alone.  `features` are the columns to predict it from,
    in this order; by default all others.  The delimiter is a comma, semicolon or tab, whichever the first line has most of.
    `kind` is "class" or "number".  By default text is a class; whole numbers are classes if there are at most 20 different
    ones, each on two lines on average; other numbers are numbers.

    Raises ValueError with file, line and column for a cell that is missing or no number, and for a file that is
    empty, ragged, not UTF-8, or has no such column; OSError if it cannot be opened.
    """
    if kind not in (None, "class", "number"):
        raise UserError(f"kind is 'class' or 'number', or None to decide by the cells, got {kind!r}")
    file = _File(path)
    header, rows = file.read(delimiter)
    for wanted in [*([] if target is None else [target]), *(features or ())]:
        if wanted not in header:
            near = get_close_matches(wanted.lower(), [name.lower() for name in header], 1)
            guess = f" (did you mean {next(name for name in header if name.lower() == near[0])!r}?)" if near else ""
            file.fail(f"no column is named {wanted!r}{guess}; the columns are: {', '.join(header)}")
    names = [name for name in header if name != target] if features is None else list(features)
    if not names or target in names:
        file.fail(f"there must be at least one column to predict {target!r} from, and {target!r} itself is none")
    if not rows:
        file.fail("there is a first line with the names of the columns, and no other line")
    places = [header.index(name) for name in names]
    X = [[file.number(cells[i], line, name) for i, name in zip(places, names)] for line, cells in rows]
    if target is None:
        return Table(X, [], names)
    i = header.index(target)
    y, classes = _targets(file, target, [(line, cells[i]) for line, cells in rows], kind)
    return Table(X, y, names, target, classes)


def columns(path: str | os.PathLike[str]) -> list[str]:
    """The names in a CSV file's first line.  Raises ValueError as `read_csv` does; OSError if it cannot be opened."""
    return _File(path).read(None)[0]


def _targets(file: _File, target: str, cells: list[tuple[int, str]], kind: str | None) -> tuple[list[Any], list[str]]:
    """The column to predict, as class numbers with the names of the classes, or as numbers with none."""
    for line, text in cells:
        if text.lower() in MISSING:
            file.number(text, line, target)
    texts = [text for _, text in cells]
    values = [_float(text) for text in texts]
    known = [v for v in values if v is not None]
    whole = len(known) == len(texts) and all(v.is_integer() for v in known)
    if kind is None and len(texts) > len(known) > len(texts) / 2:  # numbers, with a slip among them
        kind = "number"
    if kind is None:
        few = whole and len(set(known)) <= min(MANY, len(texts) / 2)
        kind = "class" if few or not known or len(known) < len(texts) else "number"
    if len(set(known if len(known) == len(texts) else texts)) == 1:
        file.fail(f"the target {target!r} is {texts[0]!r} on every line: there is nothing to learn")
    if kind == "number":
        return [file.number(text, line, target) for line, text in cells], []
    if whole:  # 1, 01 and 1.0 are one class
        texts = [str(int(v)) for v in known]
    classes = sorted(set(texts), key=float if len(known) == len(texts) else None)
    if len(classes) == len(texts) > MANY:
        file.fail(
            f"the target {target!r} is different on each of {len(texts)} lines: a class must come back to be learned"
        )
    index = {name: i for i, name in enumerate(classes)}
    return [index[text] for text in texts], classes


def _float(text: str) -> float | None:
    """A cell as a finite number, or None.  Python also reads 1_000 and inf; a CSV file should not."""
    try:
        v = float(text)
    except ValueError:
        return None
    return v if math.isfinite(v) and "_" not in text else None


class _File:
    """A CSV file being read, which can say where it is wrong."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def fail(self, what: str, line: int | None = None) -> NoReturn:
        raise UserError(f"{self.path}{f', line {line}' if line else ''}: {what}")

    def number(self, text: str, line: int, column: str) -> float:
        """A cell as a number; what is missing is not guessed."""
        v = _float(text)
        if v is not None:
            return v
        if text.lower() in MISSING:
            self.fail(f"column {column!r} is missing ({text!r}): fill it in or remove the line", line)
        hint = (
            "write decimals with a point"
            if _float(text.replace(",", ".")) is not None
            else "remove the column, or write it as numbers"
        )
        self.fail(f"column {column!r} is {text!r}, which is no finite number: {hint}", line)

    def read(self, delimiter: str | None) -> tuple[list[str], list[tuple[int, list[str]]]]:
        """The names of the columns, and the stripped cells of each line with its line number."""
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as e:
            self.fail(f"this is no UTF-8 text (byte {e.start}: {e.reason}); save it as CSV UTF-8")
        first = next((line for line in text.split("\n") if line.strip()), None)
        if first is None:
            self.fail("the file is empty; its first line should name the columns")
        records = self._records(text, delimiter or max(",;\t", key=first.count))
        line, header = next(records)
        self._check(line, header)
        rows = []
        for line, cells in records:
            if len(cells) != len(header):
                self.fail(f"there are {len(cells)} cells, and {len(header)} columns: {', '.join(header)}", line)
            rows.append((line, cells))
        return header, rows

    def _records(self, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Each record that is not blank with the line on which it begins: a quoted cell may hold line breaks."""
        reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
        line = 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells) or len(cells) > 1:
                    yield line, [cell.strip() for cell in cells]
                line = reader.line_num + 1
        except csv.Error as e:
            self.fail(f"this is no CSV from here on: {e}; look for a quotation mark that is never closed", line)

    def _check(self, line: int, header: list[str]) -> None:
        """Raise unless the first line names each column, once."""
        if all(_float(name) is not None for name in header):
            self.fail(f"the first line should name the columns, and holds numbers: {', '.join(header[:6])}", line)
        for i, name in enumerate(header):
            if not name:
                self.fail(
                    f"column {i + 1} has no name"
                    + ("; pandas writes such a column unless index=False" if i == 0 else ""),
                    line,
                )
            if name in header[:i]:
                self.fail(f"columns {header.index(name) + 1} and {i + 1} are both named {name!r}; rename one", line)
