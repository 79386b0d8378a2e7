"""A file's cells by column, made into numbers: the first time by what they look like,
later by what was made of them then.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, NoReturn

from ..streams import short
from .numerals import SIGNS, Numeral, is_number, point_of, quantity, unit_of
from .preparation import Column, Preparation
from .samples import MANY, Split
from .textfile import File, Records, repeated, some

MISSING = {"", "?", "na", "n/a", "nan", "null", "<na>", "#n/a"}
_DIGITS = re.compile(r"[-+0-9.,'\"_ /()]*[0-9][-+0-9.,'\"_ /()]*|0x[0-9a-fA-F]+")
_DAY = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{4}[-/]\d{1,2}"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_NAMED = rf"\d{{1,2}}[-. ]*{_MONTH}[-,. ]*\d{{2,4}}|{_MONTH}[-. ]+(?:\d{{1,2}}(?:st|nd|rd|th)?,? +)?\d{{2,4}}"
_DATE = re.compile(rf"(?:{_DAY}|{_NAMED})(?:[ T].*)?|\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?(?: ?[AaPp][Mm])?")


class Table:
    """A file's cells, by column."""

    def __init__(
        self, file: File, records: Records, said: Mapping[str, str], missing: str | None, like: Preparation | None
    ) -> None:
        self.file, self.notes, self.headed = file, records.notes, records.headed
        self.nameless = {f"column {k + 1}" for k, name in enumerate(records.names) if not name} - {*records.names}
        self.names = [name or f"column {k + 1}" for k, name in enumerate(records.names)]
        self.line, self.said, self.missing = records.line, said, missing
        self.decimal = said.get("decimal")
        if not records.rows:
            file.fail(
                f"the first line names the columns, and no other line follows: {some(self.names, 6)}; "
                "add a line for each sample"
            )
        self.lines = [line for line, _ in records.rows]
        self.cells = dict(zip(self.names, map(list, zip(*[cells for _, cells in records.rows]))))
        self.rows = list(range(len(self.lines)))  # those that are used
        self.like = like

    def numbering(self) -> str:
        """The name of a first column that has none and numbers the lines from 0 or 1,
        as pandas and R write it; else ''.
        """
        first, n = self.names[0], len(self.lines)
        counts = ([str(i + k) for i in range(n)] for k in (0, 1))
        return first if first in self.nameless and n > 1 and self.cells[first] in counts else ""

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
        return [i for i, cell in zip(self.rows, self.column(name)) if cell.lower() in MISSING]

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

    # the first time

    def prepared(
        self, names: list[str], target: str | None, kind: str | None, words: set[str], keep: Sequence[str]
    ) -> Split:
        """The samples, and how they were made."""
        without = self.gaps([name for name in names if name not in words or self.missing], self.missing)
        if (
            target is not None
            and (rows := self.without(target))
            and (kind != "class" or self.missing or any(not self.cells[target][i] for i in rows))
        ):
            if self.missing is None:
                if kind is None and self.cells[target][rows[0]].isalpha():
                    self.file.fail(f"column {short(target)!r} is missing ({self.cells[target][rows[0]]!r}): "
                                   "fill it in or remove the line; if it is a class of its own (Namibia, sodium), "
                                   "say kind='class'",
                                   self.lines[rows[0]])  # fmt: skip
                self.absent(target, rows[0])
            self.drop({*rows}, f"have no {short(target)}")
        if self.missing == "drop":
            self.drop({i for rows in without.values() for i in rows}, "have a missing cell")
        known = self._numerals([*names, *([] if target is None else [target])], words)
        made = [self._column(name, known[name], name in words) for name in names]
        y, classes, written = ([], [], Numeral()) if target is None else self._targets(target, kind, known[target])
        if filled := [short(name) for name in names if self.missing == "mean" and without.get(name)]:
            self.notes.append(f"missing cells of {some(filled)} hold the mean of the column")
        prepared = Preparation(
            tuple(column for column, _ in made), target, tuple(classes), written, self.missing, self.headed, self.said
        )
        return self._split([values for _, values in made], y, prepared, keep)

    def _split(
        self, values: list[list[list[float]]], y: list[Any], prepared: Preparation, keep: Sequence[str]
    ) -> Split:
        X = [[v for part in parts for v in part] for parts in zip(*values)]
        return Split(X, y, name=self.file.path.name, features=prepared.features, target=prepared.target,
                     classes=prepared.classes, notes=self.notes, preparation=prepared,
                     kept={name: self.cells[name] for name in keep}, rows=self.rows, lines=self.lines)  # fmt: skip

    def _numerals(self, names: Sequence[str], words: Any = ()) -> dict[str, Numeral | None]:
        """How each column writes its numbers; None for a column of text."""
        found: dict[str, tuple[str, str]] = {}
        for name in names:
            cells = self.present(name)
            if not cells:
                self.file.fail(f"column {short(name)!r} is empty on every line: leave it out, with ignore=[{name!r}]")
            unit = unit_of(cells)
            found[name] = ("", "") if name in words else (point_of(cells, unit), unit)
        proven = {point for point, _ in found.values() if point in (".", ",")}
        memory = {c.name: c.numeral.point for c in self.like.columns} if self.like else {}
        chosen: dict[str, Numeral | None] = {}
        for name, (point, unit) in found.items():
            if point and self.decimal:
                wrong = next((c for c in self.present(name) if Numeral(self.decimal, unit).number(c) is None), None)
                if wrong is not None:
                    self.wrong(
                        name,
                        wrong,
                        f"no number with decimal={self.decimal!r}",
                        f"say decimal={'.,'[self.decimal == '.']!r}, or leave that out, or the column",
                    )
                point = self.decimal
            elif point == "?":
                cell = next(c for c in self.present(name) if re.search("[.,]", c))
                if "." in cell and "," not in proven:
                    point = "."
                elif "," in cell and len(proven) == 1:
                    [point] = proven
                elif name in memory:
                    point = memory[name]
                else:
                    digits = float(re.sub("[^0-9-]", "", cell))
                    places = len(re.split("[.,]", cell)[-1])
                    self.wrong(name, cell, f"{digits:.0f} or {digits / 10**places:g}", "say decimal='.' or decimal=','")
            chosen[name] = Numeral("." if point == "=" else point, unit) if point else None
        return chosen

    def present(self, name: str) -> list[str]:
        """The cells of a column that are not missing."""
        return [c for c in self.column(name) if c.lower() not in MISSING]

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
        numbers = [c for c in cells if is_number(c) and (Numeral().number(c) is not None or re.search("[.,]", c))]
        if numbers and len(numbers) < len(cells) or any(c.lower().lstrip("+-") in ("inf", "infinity") for c in cells):
            other = next(c for c in cells if c not in {*numbers})
            self.wrong(
                name,
                other,
                "no finite number",
                f"others of the column are, such as {numbers[0]!r}: correct it, {out}"
                if numbers
                else out.removeprefix("or "),
            )
        if numbers:  # each of them, but not all in one way
            a, b = (next(c for c in cells if point_of([c], unit_of([c])) == point) for point in ".,")
            self.wrong(
                name,
                b,
                f"written in another way than {a!r}",
                "say decimal='.' or decimal=',', if one of them is right, or correct it",
            )
        if all(map(_DATE.fullmatch, cells)):
            self.wrong(name, cells[0], "a date or a time", f"write it as a number, such as days since a day, {out}")
        if all(map(_DIGITS.fullmatch, cells)):
            self.wrong(
                name, cells[0], "no number as far as this reader knows", f"write it as digits and a point, {out}"
            )
        if all(map(quantity, cells)) and any(
            re.search(r"\d\s|\d[.,]\d", c) for c in cells
        ):  # but 1st, 2nd, 3rd are words
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

    def _column(self, name: str, numeral: Numeral | None, said: bool) -> tuple[Column, list[list[float]]]:
        """A column and its numbers, the mean where one is missing."""
        cells = self.present(name)
        if numeral is None:
            self.text(name, said)
            words = tuple(sorted({*cells}))
            column = Column(name, tuple(cells.count(w) / len(cells) for w in words), words)
            self.notes.append(
                f"{short(name)} is text: one number for each of {len(words)} words, {some(list(words), 4)}"
            )
            table = {w: [float(w == other) for other in words] for w in words}
            return column, [table.get(c) or list(column.means) for c in self.column(name)]
        numbers: list[float] = []
        with suppress(ValueError):  # most columns: Python reads them at once
            numbers = list(map(float, cells if numeral == Numeral() else ()))
        numbers = numbers or [self.number(name, c, numeral) for c in cells]
        if not all(map(math.isfinite, numbers)):
            self.wrong(
                name,
                next(c for c, v in zip(cells, numbers) if not math.isfinite(v)),
                "no finite number",
                "write it as one",
            )
        if numeral.unit not in ("", *SIGNS):
            self.notes.append(f"{short(name)} is a number, in {short(numeral.unit)}; as words with text=[{name!r}]")
        column = Column(name, (math.fsum(v / len(numbers) for v in numbers),), None, numeral)
        if len(numbers) == len(self.rows):
            return column, [[v] for v in numbers]
        given = iter(numbers)
        return column, [list(column.means) if c.lower() in MISSING else [next(given)] for c in self.column(name)]

    def number(self, name: str, cell: str, numeral: Numeral) -> float:
        """A cell as a number, or an error."""
        v = numeral.number(cell)
        return (
            v
            if v is not None
            else self.wrong(name, cell, "no finite number", "write it as one, or leave the column out")
        )

    def _targets(self, target: str, kind: str | None, numeral: Numeral | None) -> tuple[list[Any], list[str], Numeral]:
        """The column to predict, as class numbers with the names of the classes, or as numbers with none."""
        cells = self.column(target)
        values = [self.number(target, c, numeral) for c in cells] if numeral else []
        if kind == "number" and numeral is None:
            wrong = next((c for c in cells if not is_number(c)), cells[0])
            self.wrong(target, wrong, "no finite number", "correct it, or say kind='class'")
        if kind is None and numeral is None:
            self.text(target, said=False, out="or take it as a class, with kind='class'")
        unit = numeral.unit if numeral else ""
        codes = _codes(values) if kind is None and not unit else None
        if len({*(values or cells)}) == 1:
            self.file.fail(f"the target {short(target)!r} is {cells[0]!r} on every line: there is nothing to learn")
        if numeral and (kind == "number" or kind is None and not codes):
            if kind is None and unit and len({*values}) <= MANY:
                self.notes.append(f"{short(target)} is a number, in {short(unit)}; as a class with kind='class'")
            return values, [], numeral
        if unit:
            values = []  # its classes keep their unit
        whole = bool(values) and all(v.is_integer() for v in values)
        texts = [str(int(v)) for v in values] if whole else cells  # 1, 01 and 1.0 are one class
        classes = sorted({*texts}, key=dict(zip(texts, values)).__getitem__ if values else None)
        if codes:
            self.notes.append(
                f"{short(target)} is taken as {len(classes)} classes, {classes[0]} to {classes[-1]}, "
                "because these whole numbers come back; as a number with kind='number'"
            )
        if len(classes) == len(texts) > MANY:
            self.file.fail(
                f"the target {short(target)!r} is different on each of {len(texts)} lines: a class must "
                "come back to be learned"
            )
        if odd := [short(name) for name in classes if name.lower() in MISSING]:
            self.notes.append(f"{some(odd)} is a class of {short(target)}, and not a missing cell")
        index = {name: i for i, name in enumerate(classes)}
        return [index[text] for text in texts], classes, Numeral()

    # once more

    def repeated(self, like: Preparation, keep: Sequence[str]) -> Split:
        """The samples of another file, made into numbers as those were that a model has learned from."""
        names = [column.name for column in like.columns]
        self.find(names)
        self.unique(names)
        how = self.missing or like.missing
        without = self.gaps(names, how)
        if how == "drop":
            self.drop({i for rows in without.values() for i in rows}, "have a missing cell")
        known = self._numerals([c.name for c in like.columns if c.words is None and self.present(c.name)])
        return self._split(
            [self._again(column, known.get(column.name)) for column in like.columns], self._judged(like), like, keep
        )

    def _again(self, column: Column, numeral: Numeral | None) -> list[list[float]]:
        """The numbers of a column, as the model knows it."""
        cells, seen = self.column(column.name), {}
        if column.words is None and self.present(column.name):
            if numeral is None:
                cell = next((c for c in self.present(column.name) if column.numeral.number(c) is None), cells[0])
                self.wrong(column.name, cell,
                           "no finite number" + f" in {column.numeral.unit}" * bool(column.numeral.unit),
                           "the model has learned from numbers here")  # fmt: skip
            if numeral.unit != column.numeral.unit:
                self.wrong(
                    column.name,
                    self.present(column.name)[0],
                    f"not in the unit that the model knows, {column.numeral.unit or 'none'!r}",
                    "write it as it was then",
                )
            column = Column(column.name, column.means, None, numeral)
        for c in {*cells}:
            found = list(column.means) if c.lower() in MISSING and c not in (column.words or ()) else column.values(c)
            if found is None and column.words is not None:
                near = "".join(f" (did you mean {word!r}?)" for word in get_close_matches(c, column.words, 1))
                self.wrong(column.name, c, f"none of the words that the model knows{near}",
                           some(list(column.words), 8))  # fmt: skip
            if found is None:
                self.wrong(column.name, c, "no finite number", "the model has learned from numbers here")
            seen[c] = found
        return [seen[c] for c in cells]

    def _judged(self, like: Preparation) -> list[Any]:
        """The targets, if this file has them: a class as its number, or a number;
        None where that is missing or unknown.
        """
        if like.target is None or like.target not in self.cells:
            return []
        cells = self.column(like.target)
        if like.classes:
            index = {name: i for i, name in enumerate(like.classes)}
            whole = {c: str(int(v)) for c in {*cells} if (v := Numeral().number(c)) is not None and v.is_integer()}
            return [index.get(c, index.get(whole.get(c, c))) for c in cells]
        numeral = self._numerals([like.target])[like.target] if self.present(like.target) else None
        return [numeral.number(c) if numeral else None for c in cells]


def _codes(values: list[float]) -> bool:
    """Whether numbers look like the codes of classes: few, whole, close together, and each on two lines on average."""
    found = {*values}
    return bool(found) and (all(v.is_integer() for v in found) and len(found) <= min(MANY, len(values) / 2)
                            and max(found) - min(found) <= 2 * len(found))  # fmt: skip
