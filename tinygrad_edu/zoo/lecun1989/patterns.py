"""What the network of 1989 looks at: 16 x 16 pixels from -1, paper, to 1, ink; of digits here, or of a file."""

from __future__ import annotations

import random
import re
from math import isqrt
from pathlib import Path
from typing import NamedTuple

from ... import data
from ...data.textfile import File
from ...errors import UserError

SIDE = 16
MOST = 7291, 2007  # patterns to learn from and to test on in 1989: as many of a larger file are drawn
DIGITS = [*map(str, range(10))]
LABELS = (
    "label",
    "digit",
    "class",
    "target",
    "y",
)  # what people call the column of a CSV file that says which digit it is


class Patterns(NamedTuple):
    """Pixels and digits, to learn from and to test on, and in words where they come from."""

    X_train: list[list[float]]
    y_train: list[int]
    X_test: list[list[float]]
    y_test: list[int]
    words: str


def of_digits(seed: int) -> Patterns:
    """The package's own 8 x 8 digits, four new pixels for each old one."""
    return _scaled(data.digits(seed), "the digits that come with the package")


def of_file(path: Path, seed: int) -> Patterns:
    """The digits of a user's file: one of a pair of IDX files, or a CSV file.

    What is called "train" brings what is called "test" beside it; otherwise as large a part is tested on as in 1989.
    Raises UserError if it holds no digits in squares.
    """
    found = data.read_idx(path, most=sum(MOST), seed=seed) if re.search("idx|ubyte", path.name) else _table(path)
    if found.image**2 != len(found.features):
        size = f"{len(found.features) // found.image} x {found.image}"
        raise UserError(f"{path}: its pictures are {size}, and the network looks at squares")
    if unknown := next((name for name in found.classes if name not in DIGITS), None):
        raise UserError(
            f"{path}: the network has an output for each of the digits 0 to 9, and the file has a {unknown!r}"
        )
    if len(found) == 2:
        tested, kinds = max(1, round(len(found.y) * MOST[1] / sum(MOST))), len(set(found.y))
        if len(found.y) - tested < kinds:
            raise UserError(
                f"{path}: {len(found.y)} pictures of {kinds} digits are too few: {tested} are to test on, and one of "
                "each digit is needed to learn from"
            )
        found = data.split(found, test=tested, seed=seed)
    rng, parts = random.Random(seed), []
    for X, y, most in (found.X_train, found.y_train, MOST[0]), (found.X_test, found.y_test, MOST[1]):
        chosen = rng.sample(range(len(y)), min(len(y), most))  # in any order, for files may be sorted by digit
        parts += [[X[i] for i in chosen], [y[i] for i in chosen]]
    return _scaled(found.but(*parts), "; ".join([path.name, *found.notes]))


def _table(path: Path) -> data.Split:
    """A file with a line for each picture, and the one to test on that lies beside it, if there is one."""
    found = _csv(path)
    beside = path.with_name(path.name.replace("train", "test"))
    if beside == path or not beside.is_file():
        return found
    if len(data.columns(beside, header=True)) != len(found.features) + 1:  # some come without the digits
        return found.but(notes=[f"{beside.name} has other columns, and is left out"])
    tested = _csv(beside)
    return found.but(found.X, found.y, tested.X, tested.y, notes=[f"to test on is {beside.name}"])


def _csv(path: Path) -> data.Split:
    """One column says which digit it is, all others are pixels."""
    names = data.columns(path, header=True)
    called = [name for name in names if name.strip().lower() in LABELS]
    headed = bool(called)
    if not headed:  # no names: the digit stands first, as in files of MNIST and of zip codes, or last, as in UCI's
        names = data.columns(path, header=False)
        cells = [row for _, row in File(path, header=False).read().rows]
        called = [names[k] for k in (0, -1) if _are_digits({row[k] for row in cells})]
    if len(called) > 1:
        raise UserError(
            f"{path}: {called[0]!r} and {called[1]!r} may both say which digit it is: call only one of them "
            f"{LABELS[0]!r}"
        )
    if not called:
        raise UserError(
            f"{path}: no column says which digit it is: name the columns in the first line, and that one {LABELS[0]!r}"
        )
    found = data.read_csv(path, called[0], kind="class", header=headed)
    side = isqrt(len(found.features))
    if side**2 != len(found.features):
        raise UserError(
            f"{path}: beside {called[0]!r} there are {len(found.features)} columns, and the pixels of a square are "
            "64, 256, 784, ..."
        )
    if unknown := next((name for name in found.classes if name not in DIGITS), None):
        raise UserError(f"{path}: {called[0]!r} is to say which digit it is, 0 to 9, and has a {unknown!r}")
    return found.but(found.X, [int(found.classes[c]) for c in found.y], classes=DIGITS, image=side)


def _are_digits(cells: set[str]) -> bool:
    """Whether some cells say which digit it is: "6", or "6.0000" as in zip.train; those of a pixel may all be "0"."""
    try:
        return len(cells) > 1 and {float(cell) for cell in cells} <= set(range(10))
    except ValueError:
        return False


def _scaled(found: data.Split, words: str) -> Patterns:
    """Lowest to highest number of the training part as -1 to 1, where most of a page is paper; any size as 16 x 16."""
    low = min(map(min, found.X_train))
    high = max(map(max, found.X_train))
    if low == high:
        raise UserError(f"{found.name}: every pixel is {low:g}: there is nothing to see")
    bright = 2 * sum(map(sum, found.X_train)) > (low + high) * len(found.X_train) * len(found.features)
    scale = (-2.0 if bright else 2.0) / (high - low)
    paper = high if bright else low
    X_train, X_test = (
        [[min(max(scale * (v - paper) - 1.0, -1.0), 1.0) for v in data.resized(x, SIDE)] for x in X]
        for X in (found.X_train, found.X_test)
    )
    words += f", {found.image} x {found.image}, scaled from {low:g} to {high:g}"
    if bright:
        words += ", turned to light ink on dark paper, as most of a page is bright"
    return Patterns(X_train, found.y_train, X_test, found.y_test, words)
