"""A CSV file as records of text: its encoding, its separator, its quotes, and the lines that are no samples.

Nothing is guessed that could be otherwise: where two readings fit, the error names both.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from .. import files
from ..errors import UserError
from ..files import StrPath
from ..streams import short, visible
from ..words import plural
from .numerals import is_number

SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
MARKS = [(codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")]  # fmt: skip
STRANGERS = [(b"PK\x03\x04", "a zip archive, perhaps an Excel workbook"),
             (b"\xd0\xcf\x11\xe0", "an old Excel workbook"), (b"PAR1", "a Parquet file"), (b"\x89HDF", "an HDF5 file"),
             (b"%PDF", "a PDF"), (b"SQLite format 3", "a database"), (b"BZh", "compressed with bzip2"),
             (b"\xfd7zXZ", "compressed with xz"), (b"\x93NUMPY", "a NumPy array"),
             (b"{", "JSON"), (b"[{", "JSON"), (b"[[", "JSON"), (b"<", "HTML or XML"),
             (b"@relation", "an ARFF file"), (b"@RELATION", "an ARFF file")]  # fmt: skip
_RULE = re.compile(r"\s*[|+]?[-=]{2,}[-=:]*(?:[ ]*[|+][-=:|+ ]*)\s*|\s*[|+][-=:|+ ]{4,}\s*")  # |---|---|, ---+---
_FORCED = re.compile(r'^="([^"]*)"$')  # ="007"
_WRAPPED = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
EMPTY = "the file is empty; its first line should name the columns"
SAMPLE = 200  # records that decide what separates cells


class Records(NamedTuple):
    """The names of the columns; each record's line and cells; what was understood on the way."""

    names: list[str]
    rows: list[tuple[int, list[str]]]
    line: int  # of the names
    notes: list[str]
    headed: bool


class File:
    """A CSV file being read, which can say where it is wrong."""

    def __init__(self, path: StrPath, delimiter: str | None = None, encoding: str | None = None,
                 header: bool | None = None, before: str | None = None) -> None:  # fmt: skip
        self.path, self.delimiter, self.encoding, self.header = Path(path), delimiter, encoding, header
        self.before = before  # the encoding of an earlier file of this kind
        if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in "\"'\n\r"):
            raise UserError(
                f"delimiter is the one character between two cells, such as ',' or '\\t', got {delimiter!r}"
            )

    def fail(self, what: str, line: int | None = None) -> NoReturn:
        raise UserError(f"{visible(str(self.path))}{f', line {line}' if line else ''}: {what}")

    def text(self) -> str:
        """The file's text, in whatever its first bytes or the reader say it is written; its lines end in \\n."""
        data = unpacked(files.read(self.path), self.fail)
        for begin, what in STRANGERS:
            if data.lstrip()[: len(begin)] == begin:
                self.fail(f"this is no CSV file but {what}: save it as CSV UTF-8")
        marked = next((name for mark, name in MARKS if data.startswith(mark)), None)
        encoding = marked or self.encoding or (self.before if self.before and not _is_utf8(data) else "utf-8")
        try:
            text = data.decode("utf-8-sig" if encoding.lower() in ("utf8", "utf-8") else encoding)
        except UnicodeDecodeError as e:
            hint = (
                "save it as CSV UTF-8, or say how it is written: encoding='cp1252' (Windows), 'latin-1', "
                "'mac_roman', ..."
            )
            self.fail(
                f"this is no {'UTF-8' if encoding == 'utf-8' else encoding} text (byte {e.start}: {e.reason}); {hint}"
            )
        except (LookupError, ValueError):
            raise UserError(
                f"no encoding is called {encoding!r}: 'utf-8', 'cp1252', 'latin-1' and 'utf-16' are some"
            ) from None
        if "\0" in text:
            self.fail("this is no text in UTF-8: it holds NUL characters; if it is UTF-16, say encoding='utf-16-le'")
        for unseen in "\u200b\ufeff":  # spaces without width
            text = text.replace(unseen, "")
        text = text.removesuffix("\x1a")  # where DOS thought that a file ends
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def read(self) -> Records:
        """The names of the columns, and the stripped cells of each line with its line number."""
        lines, notes, comment = self.text().split("\n"), [], None
        self.separator = self.delimiter
        for i, above in enumerate(lines):  # above the names: emptied, so that the others keep their numbers
            if told := re.fullmatch(r'\s*"?sep=(\\t|.)"?[,;\t| ]*', above, re.IGNORECASE):
                self.separator = self.delimiter or told[1].replace("\\t", "\t")
            elif above.lstrip().startswith("#"):
                comment = i + 1, above.strip()
                notes.append(f"line {i + 1} is a comment")
            elif above.strip():
                break
            lines[i] = ""
        if all(re.fullmatch(r"[\s,;|\"']*", line) for line in lines):
            self.fail(EMPTY)
        if drawn := next((i for i, line in enumerate(lines[:9], 1) if _RULE.fullmatch(line)), 0):
            self.fail("this line draws a table for people: remove such lines, or save it as CSV", drawn)
        if bare := _unwrapped(lines):
            lines = bare
            notes.append("each line stands in quotation marks, which are taken off")
        text = "\n".join(lines)
        self.quote = self._quote(lines)
        separator = self.separator or self._sniff(text)
        records = list(self._records(text, separator))
        if not records:
            self.fail(EMPTY)
        if comment and self.header is None:
            line, said = comment
            named = next((cells for _, cells in self._records(said.lstrip("# "), separator)), [])
            glued = not said.lstrip("#")[:1].isspace()
            if (
                len(named) == len(records[0][1]) > 1
                and not any(map(is_number, named))
                and (glued or all(map(is_number, records[0][1])))
            ):
                records.insert(0, (line, named))  # as numpy.savetxt and many others write the names
                notes.pop()
        if self.header is not False:
            for _ in range(_titles(records)):
                line, cells = records.pop(0)
                notes.append(f"line {line} is a title, {short(' '.join(cells).strip())!r}")
        line, names = records[0] if self.header is not False else (0, [])
        width = max(map(_filled, [cells for _, cells in records]))
        if self.header is False:
            names = [f"column {k + 1}" for k in range(len(records[0][1]))]
        else:
            del records[0]
        if _filled(names) >= width:  # separators at the ends of lines stand before nothing
            names = names[: _filled(names)]
        if self.header is not False and _row_names(names, [cells for _, cells in records]):
            records = [(at, cells[not cells[0].startswith("#") :]) for at, cells in records]
            notes.append("the first cell of each line names the line, as R writes it: it is left out")
        if self.header is None:
            self._check(line, names, records)
        rows, comments = [], []
        for at, cells in records:
            if len(cells) > len(names) and _filled(cells) <= len(names):
                cells = cells[: len(names)]
            if len(cells) != len(names):
                if cells[0].startswith("#"):
                    comments.append(at)
                    continue
                found = f"there {'is' if len(cells) == 1 else 'are'} {plural(len(cells), 'cell')}"
                self.fail(f"{found}, and {len(names)} columns: {some(names)}; correct the line, or remove it", at)
            rows.append((at, cells))
        if comments:
            notes.append(f"comments are left out, the first on line {comments[0]}")
        return Records(names, rows, line, notes, self.header is not False)

    def _quote(self, lines: list[str]) -> str:
        """What stands around text: a double quotation mark, unless whole cells stand between single
        ones and none between double.
        """
        begin = "\n".join(lines[:SAMPLE])
        single = re.search(r"(^|[,;\t|])[ ]*'[^'\n]*'[ ]*($|[,;\t|])", begin, re.MULTILINE)
        return "'" if single and not re.search(r'(^|[,;\t|])[ ]*"', begin, re.MULTILINE) else '"'

    def _sniff(self, text: str) -> str:
        """The separator under which all lines have as many cells as the first;
        the reader is asked if that is true of two.
        """
        fitting: dict[str, tuple[bool, int]] = {}  # whether under a title, and how many cells look unseparated
        counts: dict[str, int] = {}
        alone: list[str] = []  # under which nothing is separated
        spaced: list[str] = []  # under which several numbers stand in one cell of each line
        for separator in (*SEPARATORS, " "):
            if separator == " " and (fitting or max(counts.values(), default=0) > 1) and not spaced:
                break  # spaces separate nothing but numbers, where nothing else does
            records: list[list[str]] = []
            try:
                for _, cells in self._records(text, separator, SAMPLE):
                    records.append(cells)
            except UserError:
                counts[separator] = len(records[0]) if records else 0
                continue
            counts[separator] = len(records[0]) if records else 0
            if not records:
                continue
            above = 0 if self.header is False else _titles([(0, cells) for cells in records])
            del records[:above]
            width = _filled(records[0])
            if max(map(len, records)) == 1:
                alone.append(separator)
            if width > 1 and (
                all(_filled(cells) <= width <= len(cells) or cells[0].startswith("#") for cells in records)
                or _row_names(records[0], records[1:])
            ):
                others = {*SEPARATORS} - {separator}
                if separator == " " and not any(is_number(cell) for cells in records[1:] for cell in cells):
                    break
                if all(any(map(_are_numbers, cells)) for cells in records):
                    spaced.append(separator)
                    continue
                doubts = sum(bool(others & {*cell}) and not is_number(cell) for cells in records[1:] for cell in cells)
                fitting[separator] = bool(above), doubts
        if spaced and not fitting:
            return spaced[0]
        whole = [s for s in fitting if not fitting[s][0]] or [
            *fitting
        ]  # a title is supposed only where nothing fits without
        best = [s for s in whole if not fitting[s][1]] or whole
        if len(best) > 1:
            self.fail(f"cells may be separated by {' or '.join(SEPARATORS[s] for s in best)}: both fit; say which, "
                      f"{' or '.join(f'delimiter={s!r}' for s in best)}")  # fmt: skip
        if best:
            return best[0]
        if counts and max(counts.values()) < 2 and alone:
            return alone[0]
        return max(SEPARATORS, key=lambda s: (counts.get(s, 0), s == ","))

    def _records(self, text: str, separator: str, most: int | None = None) -> Iterator[tuple[int, list[str]]]:
        """Each record that is not blank with the line on which it begins: a quoted cell may hold line breaks."""
        reader = csv.reader(
            io.StringIO(text.replace("\t", " ") if separator == " " else text, newline="\n"),
            delimiter=separator,
            quotechar=self.quote,
            skipinitialspace=True,
            strict=True,
        )
        line, made = 1, 0
        try:
            for cells in reader:
                cells = [cell.strip() for cell in cells]
                if any(cell.startswith('="') for cell in cells):  # so that Excel leaves it alone
                    cells = [_FORCED.sub(r"\1", cell) for cell in cells]
                if separator == " ":
                    cells = cells[: _filled(cells)]  # spaces at the end of a line
                if any(cells):
                    yield line, cells
                    made += 1
                    if made == most:
                        return
                line = reader.line_num + 1
        except csv.Error as e:
            if "field larger" in str(e):
                self.fail(
                    f"a cell has more than {csv.field_size_limit()} letters; look for a quotation "
                    "mark that is never closed",
                    line,
                )
            hint = (
                'within a cell it is written twice, "", and not \\"'
                if '\\"' in text
                else "look for a quotation mark that is never closed"
            )
            self.fail(f"this is no CSV from here on: {e}; {hint}", line)

    def _check(self, line: int, names: list[str], records: list[tuple[int, list[str]]]) -> None:
        """Raise if the first line may be a sample: a file without names would lose it without a word."""
        choose = (
            "if the file has no names, say header=False, and they are column 1, column 2, ...; if these are names, "
            "header=True; a title above them is to be removed"
        )
        if numbers := [name for name in names if is_number(name)]:
            self.fail(f"the first line should name the columns, and holds numbers: {some(numbers, 6)}; {choose}", line)
        again = next((at for at, cells in records if cells == names), None)
        if again:
            self.fail(
                f"the names of the columns stand here again: remove this line, which is line {line} once more; if both "
                "are samples, and there are no names, say header=False",
                again,
            )
        columns = [{*column} for column in zip(*[cells for _, cells in records[:5000] if len(cells) >= len(names)])]
        found = [name for name, column in zip(names, columns) if name and name in column]
        if found and 2 * len(found) >= len(names):
            self.fail(
                f"the first line should name the columns, and {some(found, 3)} also stand below, as samples: {choose}",
                line,
            )


def unpacked(data: bytes, fail: Callable[[str], NoReturn]) -> bytes:
    """What a file holds; of one that is packed with gzip, what is in there."""
    try:
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (OSError, EOFError, zlib.error) as e:
        fail(f"this gzip file is damaged: {e}")


def _is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8 and nothing else: letters beyond ASCII fit by no accident."""
    try:
        return not data.isascii() and "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


def _filled(cells: list[str]) -> int:
    """How many cells there are before those at the end that are empty."""
    return max((k for k, cell in enumerate(cells, 1) if cell), default=0)


def _unwrapped(lines: list[str]) -> list[str]:
    """The lines without the quotation marks that stand around each of them, and with those inside once;
    nothing if there are none, or no separators in them.
    """
    if not all(line.startswith('"') for line in filter(str.strip, lines[:SAMPLE])):
        return []
    found = [_WRAPPED.fullmatch(line) if line.strip() else "" for line in lines]
    bare = ["" if line == "" else line[1].replace('""', '"') for line in found if line is not None]
    full = list(filter(None, bare))
    counts = [{line.count(separator) for line in full} for separator in SEPARATORS]
    return bare if len(bare) == len(lines) and len(full) > 1 and any(min(n) > 0 for n in counts) else []


def _row_names(names: list[str], rows: list[list[str]]) -> bool:
    """Whether each line begins with a cell that no name stands above: its number, or text that no other line has."""
    rows = [cells for cells in rows if not cells[0].startswith("#")]
    first = [cells[0] for cells in rows]
    if len(rows) < 2 or not all(len(cells) == len(names) + 1 and cells[-1] for cells in rows):
        return False
    return first == [str(k) for k in range(1, len(rows) + 1)] or (
        len({*first}) == len(first) and not any(map(is_number, first))
    )


def _are_numbers(cell: str) -> bool:
    """Whether a cell is several numbers, or marks such as ?, with spaces between them."""
    return " " in cell and not is_number(cell) and all(is_number(part) or part in "?-*." for part in cell.split())


def _titles(records: list[tuple[int, list[str]]]) -> int:
    """How many records at the top are a title: one cell alone, above several that can be names."""
    for k, (_, cells) in enumerate(records[:6]):
        if _filled(cells) > 1:
            if k + 1 == len(records):  # nothing below that would have these names
                return 0
            return k if all(map(str.strip, cells[: _filled(cells)])) and not any(map(is_number, cells)) else 0
    return 0


def some(names: list[str], most: int = 12) -> str:
    """A list of names for an error: the first few, and how many there are; those with a comma in quotation marks."""
    shown = [repr(short(name)) if "," in name else short(name) for name in names[:most]]
    return ", ".join(shown) + (f", ... ({len(names):,} in all)" if len(names) > most else "")


def repeated(names: list[str]) -> dict[str, int]:
    """Names that more than one column has."""
    return {name: n for name, n in Counter(names).items() if n > 1}
