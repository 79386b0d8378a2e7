"""A file's cells by column, made into numbers: the first time by what they look like,
later by what was made of them then.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from ..streams import short
from ..words import plural
from .cells import CODE, MISSING, Cells
from .numerals import SIGN, Numeral, is_number, point_of, unit_of
from .preparation import Column, Preparation
from .samples import MANY, Split
from .textfile import File, Records, some


class Table(Cells):
    """A file's cells, and how its columns are made into numbers."""

    def __init__(
        self, file: File, records: Records, said: Mapping[str, str], missing: str | None, like: Preparation | None
    ) -> None:
        super().__init__(file, records)
        self.said, self.missing, self.like = said, missing, like
        self.decimal = said.get("decimal")

    # the first time

    def prepared(
        self, names: list[str], target: str | None, kind: str | None, words: set[str], keep: Sequence[str]
    ) -> Split:
        """The samples, and how they were made."""
        self.texts = words | ({target} if target is not None and kind == "class" else set())
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
        if alike := [short(name) for name, (_, values) in zip(names, made) if len({*map(tuple, values)}) == 1]:
            verbs = ("is", "says") if len(alike) == 1 else ("are", "say")
            self.notes.append(f"{some(alike)} {verbs[0]} the same on every line, and {verbs[1]} nothing")
        for name, (column, values) in zip(names, made):
            if len(names) > 1 and len(values) > 4 and column.words is None and _counts([v for [v] in values]):
                self.notes.append(f"{short(name)} counts the lines; if it is only their number, say ignore=[{name!r}]")
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

    def _column(self, name: str, numeral: Numeral | None, said: bool) -> tuple[Column, list[list[float]]]:
        """A column and its numbers, the mean where one is missing."""
        cells = self.present(name)
        if numeral is None:
            self.text(name, said)
            words = tuple(sorted({*cells}))
            column = Column(name, tuple(cells.count(w) / len(cells) for w in words), words)
            self.notes.append(
                f"{short(name)} is text: one number for each of {plural(len(words), 'word')}, {some(list(words), 4)}"
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
        self.exact(
            name, cells, numbers, f"leave it out, with ignore=[{name!r}], or take it as words, with text=[{name!r}]"
        )
        if zero := next(filter(CODE.fullmatch, cells), ""):
            self.notes.append(f"{short(name)} is a number, though {zero} begins with 0; as words with text=[{name!r}]")
        if numeral.unit and not SIGN.fullmatch(numeral.unit):
            self.notes.append(f"{short(name)} is a number, in {short(numeral.unit)}; as words with text=[{name!r}]")
        column = Column(name, (math.fsum(v / len(numbers) for v in numbers),), None, numeral)
        if len(numbers) == len(self.rows):
            return column, [[v] for v in numbers]
        given = iter(numbers)
        blank = self.blank(name)
        return column, [list(column.means) if c in blank else [next(given)] for c in self.column(name)]

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
        if numeral and kind != "class" and not codes:
            self.exact(target, cells, values, "take it as a class, with kind='class'")
        if len({*(values or cells)}) == 1:
            self.file.fail(f"the target {short(target)!r} is {cells[0]!r} on every line: there is nothing to learn")
        if numeral and (kind == "number" or kind is None and not codes):
            if kind is None and not unit and (zero := next(filter(CODE.fullmatch, cells), "")):
                self.notes.append(
                    f"{short(target)} is a number, though {zero} begins with 0; as a class with kind='class'"
                )
            if kind is None and unit and len({*values}) <= MANY:
                self.notes.append(f"{short(target)} is a number, in {short(unit)}; as a class with kind='class'")
            return values, [], numeral
        if unit:
            values = []  # its classes keep their unit
        whole = bool(values) and all(v.is_integer() for v in values)
        if whole and all(map(str.isdigit, cells)) and len({*cells}) == len({*values}):
            whole = False  # 01234 stays what it is
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
        self.texts = {column.name for column in like.columns if column.words is not None}
        self.numbers = {*names} - self.texts
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
        cells, seen, blank = self.column(column.name), {}, self.blank(column.name)
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
            found = list(column.means) if c in blank and c not in (column.words or ()) else column.values(c)
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
        if numeral and numeral.unit != like.numeral.unit:
            self.notes.append(f"{short(like.target)} is in another unit than the model knows, and is not compared")
            return []
        return [numeral.number(c) if numeral else None for c in cells]


def _counts(values: list[float]) -> bool:
    """Whether each number is one more than that before."""
    return all(b - a == 1.0 for a, b in pairwise(values))


def _codes(values: list[float]) -> bool:
    """Whether numbers look like the codes of classes: few, whole, close together, and each on two lines on average."""
    found = {*values}
    return bool(found) and (all(v.is_integer() for v in found) and len(found) <= min(MANY, len(values) / 2)
                            and max(found) - min(found) <= 2 * len(found))  # fmt: skip
