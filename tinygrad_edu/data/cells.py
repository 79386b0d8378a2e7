"""A file's cells by column, and the errors that say what is wrong with one, where, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

from ..streams import short
from .numerals import contrary, is_number, of_one_kind, point_of, quantity, sign_of, unit_of
from .samples import MANY
from .textfile import File, Records, repeated, some

MISSING = {"", "?", "na", "n/a", "nan", "null", "<na>", "#n/a"}
NO_NUMBER = {
    *"- -- --- \u2013 \u2014 . .. ... : none nil missing unknown \\n nat n.a. n.a n/d k.a.".split()
}  # among numbers
_DIGITS = re.compile(r"[-+0-9.,'\"_ /()]*[0-9][-+0-9.,'\"_ /()]*|0x[0-9a-fA-F]+")
_ERROR = re.compile(r"#¡?[^\W\d_][\w/]*[!?]?")  # of Excel, in its user's language: #DIV/0!, #NV, #¡VALOR!
CODE = re.compile(r"0\d+")
_DAY = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{4}[-/]\d{1,2}"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_NAMED = rf"\d{{1,2}}[-. ]*{_MONTH}[-,. ]*\d{{2,4}}|{_MONTH}[-. ]+(?:\d{{1,2}}(?:st|nd|rd|th)?,? +)?\d{{2,4}}"
_DATE = re.compile(
    rf"(?:{_DAY}|{_NAMED})(?:[ T].*)?|\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?: ?[AaPp][Mm])?", re.IGNORECASE
)


class Cells:
    """A file's cells, by column."""

    def __init__(self, file: File, records: Records) -> None:
        self.file, self.notes, self.headed = file, records.notes, records.headed
        self.nameless = {f"column {k + 1}" for k, name in enumerate(records.names) if not name} - {*records.names}
        self.names = [name or f"column {k + 1}" for k, name in enumerate(records.names)]
        self.line = records.line
        if not records.rows:
            file.fail(
                f"the first line names the columns, and no other line follows: {some(self.names, 6)}; "
                "add a line for each sample"
            )
        self.lines = [line for line, _ in records.rows]
        self.cells = dict(zip(self.names, map(list, zip(*[cells for _, cells in records.rows]))))
        self.rows = list(range(len(self.lines)))  # those that are used
        self.texts: set[str] = set()  # columns that are words, whatever they look like
        self.numbers: set[str] = set()  # and those that are numbers
        self.blanks: dict[str, set[str]] = {}

    def numbering(self) -> str:
        """The name of a first column that has none and numbers the lines from 0 or 1,
        as pandas and R write it; else ''.
        """
        first, n = self.names[0], len(self.lines)
        counts = ([str(i + k) for i in range(n)] for k in (0, 1))
        nameless = first in self.nameless or re.fullmatch(r"Unnamed: \d+|\.\.\.\d+", first)  # of pandas, of R
        return first if nameless and n > 1 and self.cells[first] in counts else ""

    def find(self, wanted: Sequence[str]) -> None:
        """Raise unless there are such columns."""
        for name in wanted:
            if name not in self.cells:
                near = get_close_matches(name.lower(), [known.lower() for known in self.cells], 1)
                guess = (
                    f" (did you mean {next(known for known in self.names if known.lower() == near[0])!r}?)"
                    if near
                    else ""
                )
                if not self.headed and name.isdecimal():
                    guess = f" (did you mean 'column {name}'?)"
                whole = self.names[0] if len(self.names) == 1 else ""
                if sign := next((c for c in whole if name in map(str.strip, whole.split(c))), ""):
                    guess = f" (if {sign!r} separates the cells, say delimiter={sign!r})"
                self.file.fail(f"no column is named {short(name)!r}{guess}; the columns are: {some(self.names)}")

    def unique(self, names: Sequence[str]) -> None:
        """Raise unless each of these names one column."""
        chosen, twice = {*names}, repeated(self.names)
        for i, name in enumerate(self.names):
            if name in self.nameless and name in chosen:
                pandas = "; pandas writes such a column unless index=False" if i == 0 else ""
                self.file.fail(
                    f"{name} has no name: give it one, or leave it out, with ignore=[{name!r}]{pandas}", self.line
                )
            if name in twice and name in chosen:
                places = [str(k + 1) for k, other in enumerate(self.names) if other == name]
                self.file.fail(
                    f"columns {' and '.join(places)} are both named {short(name)!r}; rename one, or leave them out",
                    self.line,
                )

    def column(self, name: str) -> list[str]:
        cells = self.cells[name]
        return cells if len(self.rows) == len(cells) else [cells[i] for i in self.rows]

    def line_of(self, k: int) -> int:
        return self.lines[self.rows[k]]

    def without(self, name: str) -> list[int]:
        """The rows in which a column is missing."""
        blank = self.blank(name)
        return [i for i, cell in zip(self.rows, self.column(name)) if cell in blank]

    def blank(self, name: str) -> set[str]:
        """The cells of a column that say nothing: among numbers also a dash, a point, Excel's errors."""
        if name not in self.blanks:
            found = {*self.cells[name]}
            blank = {c for c in found if c.lower() in MISSING}
            dashes = {c for c in found if c.lower() in NO_NUMBER or _ERROR.fullmatch(c)} - blank
            dashes = set() if name in self.texts else dashes
            others = [*found - blank - dashes] if dashes else []
            numbers = name in self.numbers or others and point_of(others, unit_of(others))
            self.blanks[name] = blank | dashes if numbers else blank
        return self.blanks[name]

    def gaps(self, names: Sequence[str], how: str | None) -> dict[str, list[int]]:
        """The rows in which each of some columns is missing; an error for the first, unless it is said what then."""
        found = {name: self.without(name) for name in names}
        if how is None and (first := min(((rows[0], name) for name, rows in found.items() if rows), default=None)):
            self.absent(first[1], first[0])
        return found

    def drop(self, rows: set[int], why: str) -> None:
        """Leave rows out."""
        if rows:
            self.rows = [i for i in self.rows if i not in rows]
            self.notes.append(f"left out: {len(rows)} of {len(self.lines)} lines, which {why}")
        if not self.rows:
            self.file.fail(
                f"all lines {why}, so nothing is left: leave out the columns that are mostly empty, "
                "or say missing='mean'"
            )

    def absent(self, name: str, row: int) -> NoReturn:
        """Raise for a missing cell, with the ways on."""
        self.file.fail(f"column {short(name)!r} is missing ({self.cells[name][row]!r}): fill it in or remove the "
                       "line; or say missing='drop', which leaves such lines out, or missing='mean'",
                       self.lines[row])  # fmt: skip

    def present(self, name: str) -> list[str]:
        """The cells of a column that are not missing."""
        blank = self.blank(name)
        return [c for c in self.column(name) if c not in blank]

    def wrong(self, name: str, cell: str, what: str, hint: str) -> NoReturn:
        """Raise for a cell, with its line."""
        line = self.line_of(self.column(name).index(cell))
        self.file.fail(f"column {short(name)!r} is {cell[:40]!r}, which is {what}: {hint}", line)

    def text(self, name: str, said: bool, out: str = "") -> None:
        """Raise unless a column that is no column of numbers can be taken as words; `out` says how to do that."""
        cells = self.present(name)
        if said:
            return
        target = bool(out)
        out = out or f"leave the column out, with ignore=[{name!r}], or take it as words, with text=[{name!r}]"
        numbers = [c for c in cells if is_number(c)]
        if numbers and len(numbers) < len(cells) or any(c.lower().lstrip("+-") in ("inf", "infinity") for c in cells):
            other = next(c for c in cells if c not in {*numbers})
            self.wrong(
                name,
                other,
                "no finite number",
                f"others of the column are, such as {numbers[0]!r}: correct it or remove the line, {out}"
                if numbers
                else out.removeprefix("or "),
            )
        if numbers:  # each of them, but not all in one way
            a, b = contrary(cells)
            hint = "say decimal='.' or decimal=',', if one of them is right, or correct it"
            if sign_of(a) != sign_of(b):
                hint = f"write all in one unit, {out}"
            self.wrong(name, b, f"written in another way than {a!r}", hint)
        noted = next((c for c in cells if (part := re.match(r"(.*\S)\s+#", c)) and is_number(part[1])), "")
        if noted:
            self.wrong(name, noted, "a number with a comment behind it", f"remove the comment, {out}")
        if all(map(_DATE.fullmatch, cells)):
            self.wrong(name, cells[0], "a date or a time", f"write it as a number, such as days since a day, {out}")
        if all(map(_DIGITS.fullmatch, cells)):
            self.wrong(
                name, cells[0], "no number as far as this reader knows", f"write it as digits and a point, {out}"
            )
        units = {*map(quantity, cells)}  # but 1st, 2nd, 3rd are words
        if all(units) and (of_one_kind(units) or any(re.search(r"\d\s|\d[.,]\d", c) for c in cells)):
            other = next((c for c in cells if quantity(c) != quantity(cells[0])), cells[-1])
            self.wrong(
                name,
                other,
                f"not written as {cells[0]!r} is",
                f"write all in one unit and with one sign for decimals, {out}",
            )
        if target:
            return
        kinds = len({*cells})
        if kinds == len(cells) >= 5 or kinds > min(1000, max(MANY, len(cells) / 2)):
            self.wrong(
                name,
                cells[0],
                f"one of {kinds} different texts on {len(cells)} lines, and they must come back to be learned",
                out,
            )

    def exact(self, name: str, cells: Sequence[str], numbers: Sequence[float], out: str) -> None:
        """Raise for whole numbers that are one number here because only their first 16 digits count."""
        if max(map(abs, numbers)) < 2**53 or len({*numbers}) == len({*cells}):
            return
        known: dict[float, str] = {}
        for cell, v in zip(cells, numbers):
            if cell.isdigit() and int(known.setdefault(v, cell)) != int(cell):
                self.wrong(name, cell, f"the same number as {known[v]!r} to the 16 digits that count",
                           f"if it is a name and no amount, {out}")  # fmt: skip
