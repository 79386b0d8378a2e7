"""A user's own CSV file as numbers to learn from, or an error that says which line and which column to look at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ..errors import UserError
from ..files import StrPath
from ..streams import short
from .preparation import Preparation
from .samples import Split
from .table import Table
from .textfile import File, repeated


def read_csv(path: StrPath, target: str | None = None, *, features: Sequence[str] | None = None,
             ignore: Sequence[str] = (), text: Sequence[str] = (), kind: str | None = None, missing: str | None = None,
             keep: Sequence[str] = (), delimiter: str | None = None, decimal: str | None = None,
             encoding: str | None = None,
             header: bool | None = None, like: Preparation | None = None) -> Split:  # fmt: skip
    r"""The samples of a CSV file, as a Split: `X`, `y`, and what they mean in `features`, `target`,
    `classes` and `notes`.

    `target` is the column to predict; None reads the features alone.  `features` are the columns to predict it from, in
    this order; by default all others but those to `ignore`.  A column of text becomes one column of 0 and 1 for each of
    its words; columns named in `text` are text though they look like numbers.  `kind` of target is "class" or "number".
    By default text is a class; whole numbers are classes if they are at most 20, lie close together (1 to 5, but not
    100, 200, 300), and each is on two lines on average; other numbers are numbers.  `missing` cells (empty, NA, ?,
    null; among numbers also a dash, a point, none, #DIV/0!) are an error,
    or "drop" leaves their lines out, or "mean" puts the mean of the column there;
    lines without a target are left out then.  `keep` are columns whose text is in `kept`, by name.

    A first cell that names or numbers each line and has no name of its own, as R and pandas write it, is left out.

    What separates cells, how decimals and thousands are written (1.5, 1,5, 1.234,5, 12 %, -$5, 3.5 kg: one unit, and
    the same on each line), comments, a title, Excel's `sep=` line
    and a compressed file are recognized; `delimiter`, `decimal` ("." or ","), `encoding` and `header` (False: there are
    no names, and columns are "column 1", "column 2", ...) say so where it cannot be known.  `like` is the `preparation`
    of an earlier Split, to be repeated: what was said then of how the file is written is true of this one too,
    unless something else is said.

    Raises UserError, a ValueError, with file, line and column for whatever could be read in two ways or in none;
    OSError if the file cannot be opened.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "fruit.csv"
    >>> _ = path.write_text("weight;colour;price\n1,5;red;3\n0,9;green;2\n1,2;red;2,5\n")
    >>> fruit = read_csv(path, "price")
    >>> fruit
    <fruit.csv: 3 samples of 3 numbers, price: numbers to predict>
    >>> fruit.features, fruit.X[0], fruit.y
    (['weight', 'colour=green', 'colour=red'], [1.5, 0.0, 1.0], [3.0, 2.0, 2.5])
    """
    for what, given, allowed in (
        ("kind", kind, ("class", "number")),
        ("missing", missing, ("drop", "mean")),
        ("decimal", decimal, (".", ",")),
    ):
        if given not in (None, *allowed):
            raise UserError(
                f"{what} is {' or '.join(map(repr, allowed))}, or None to decide by the cells, got {given!r}"
            )
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"read_csv reads a file and needs its path, got {type(path).__name__}: a table that is read "
            "already goes into split, fit and Standardizer as it is"
        )
    if str(path).startswith(("http:", "https:")):
        raise UserError(f"{path}: only files of this machine are read: download it first")
    if target is not None and not isinstance(target, str):
        raise TypeError(
            f"target is the name of a column, got {type(target).__name__} {target!r}; the first line names them, "
            'and without names (header=False) they are "column 1", "column 2", ...'
        )
    for what, names in (("features", features), ("ignore", ignore), ("text", text), ("keep", keep)):
        if names is not None and (isinstance(names, str) or not all(isinstance(name, str) for name in names)):
            raise TypeError(
                f"{what} is a list of names of columns, such as [{str(names) if isinstance(names, str) else 'a'!r}], "
                f"got {names!r:.80}"
            )
    predicted = [] if target is None else [target]
    for what, named, other, excluded in (
        ("features", features, "ignore", ignore),
        ("ignore", ignore, "target", predicted),
        ("text", text, "ignore", ignore),
        ("text", text, "target", predicted),
    ):
        if both := next((name for name in named or () if name in excluded), None):
            hint = ", or say kind='class'" if (what, other) == ("text", "target") else ""
            raise UserError(
                f"{path}: column {short(both)!r} is in {what} and in {other}: leave it out of one of them{hint}"
            )
    for what, named in (("features", features), ("keep", keep)):
        if again := repeated(list(named or ())):
            raise UserError(f"{path}: column {short(next(iter(again)))!r} is in {what} twice: name it once")
    if features is not None and (idle := [name for name in text if name not in features]):
        raise UserError(
            f"{path}: column {short(idle[0])!r} is in text, but not in features: add it there, or leave it out"
        )
    said = {
        what: word
        for what, word in (("delimiter", delimiter), ("decimal", decimal), ("encoding", encoding))
        if word is not None
    }
    if like is not None:
        header = like.header if header is None else header
        said = {**like.said, **said}
    file = File(path, said.get("delimiter"), encoding, header, said.get("encoding"))
    table = Table(file, file.read(), said, missing, like)
    table.find([*predicted, *(features or ()), *ignore, *text, *keep])
    if like is not None:
        return table.repeated(like, keep)
    out = {target, *ignore, *keep}
    if features is None and (numbering := table.numbering()) not in {"", *out}:
        table.notes.append(f"{numbering} has no name and numbers the lines: it is left out")
        out.add(numbering)
    names = [n for n in table.names if n not in out] if features is None else list(features)
    if not names or target in names:
        file.fail(f"there must be at least one column to predict {target!r} from, and {target!r} itself is none")
    table.unique([*names, *predicted])
    return table.prepared(names, target, kind, {*text}, keep)


def columns(path: StrPath, **how: Any) -> list[str]:
    """The names of a CSV file's columns.

    Raises what `read_csv` does, which knows `how` too: delimiter, encoding and header.
    """
    return File(path, **how).read().names
