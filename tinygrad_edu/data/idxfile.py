"""IDX files, in which MNIST and its kin come: images in one, their labels in another, each after a short header.

A header is two zero bytes, a byte for the type of number, a byte for the number of dimensions, and each dimension in
four bytes, the most significant first (Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database").
"""

from __future__ import annotations

import random
import re
import sys
from array import array
from collections.abc import Sequence
from functools import partial
from math import isfinite, prod
from pathlib import Path
from typing import NoReturn

from .. import files
from ..errors import UserError
from ..files import StrPath
from .samples import Split
from .textfile import STRANGERS, unpacked

TYPES = {0x08: "B", 0x09: "b", 0x0B: "h", 0x0C: "i", 0x0D: "f", 0x0E: "d"}  # of array, all as wide as in the file
TESTS = ("t10k", "test")  # what a file to test on is called, where that to learn from is called train


def read_idx(path: StrPath, most: int | None = None, seed: int = 0) -> Split:
    """Images with their labels, out of a pair of IDX files, such as MNIST's, packed with gzip or not.

    `path` is that of the images or of the labels; the other lies beside it, and has the same name but for that word.
    If that name has "train" in it, images to test on are looked for beside it too, called "t10k" or "test".  A sample
    is the image's numbers row by row, bytes as 0.0 to 1.0, other numbers as they are.  `most` takes so many of each
    file at most, drawn with `seed`.

    Raises UserError, a ValueError, for a file that is none of the kind, is cut off, or does not fit the other, and if
    the other is not there; OSError if a file cannot be opened.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> head = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]         # bytes; 3 dimensions: 2, 1, 2
    >>> _ = (folder / "my-images-idx3-ubyte").write_bytes(bytes([*head, 0, 255, 51, 102]))
    >>> _ = (folder / "my-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]))
    >>> mine = read_idx(folder / "my-images-idx3-ubyte")
    >>> mine, mine.X, mine.y, mine.image
    (<my-images-idx3-ubyte: 2 samples of 2 numbers, label: 2 classes, 0, 1>, [[0.0, 1.0], [0.2, 0.4]], [1, 0], 2)
    """
    if most is not None and most < 1:
        raise UserError(f"most is how many samples to take of each file, from 1 up, got {most!r}")
    images, labels = _pair(Path(path))
    X, y, (rows, columns) = _samples(images, labels, most, seed)
    told, parts, notes = y, [X, y], [f"labels are those of {labels.name}"]
    tests = [images.with_name(images.name.replace("train", word)) for word in TESTS] if "train" in images.name else []
    if tested := next(filter(None, map(_there, tests)), None):
        labels = _pair(tested)[1]
        X, y, shape = _samples(tested, labels, most, seed)
        if shape != (rows, columns):
            fail(tested, f"its images are {shape[0]} x {shape[1]}, and those of {images.name} are {rows} x {columns}")
        told, parts = told + y, [*parts, X, y]
        notes.append(f"to test on are {tested.name} and {labels.name}")
    features = [f"pixel {i // columns},{i % columns}" for i in range(rows * columns)]
    classes = range(max(told) + 1)
    return Split(
        *parts, name=images.name, features=features, target="label", classes=classes, image=columns, notes=notes
    )


def fail(path: Path, what: str) -> NoReturn:
    """Raise UserError for a file."""
    raise UserError(f"{path}: {what}")


def _there(path: Path) -> Path | None:
    """The file of that name, packed or not, if there is one."""
    plain = path.with_name(path.name.removesuffix(".gz"))
    return next((p for p in (path, plain, plain.with_name(plain.name + ".gz")) if p.is_file()), None)


def _pair(path: Path) -> tuple[Path, Path]:
    """The files of images and of labels, one of which is given."""
    kinds = {"images": ("labels", "idx3", "idx1"), "labels": ("images", "idx1", "idx3")}
    mine = next((kind for kind in kinds if kind in path.name), None)
    if mine is None:
        fail(path, "images and labels are two files that are called alike, as in train-images-idx3-ubyte.gz: there is "
                   'no "images" and no "labels" in this name')  # fmt: skip
    theirs, from_, to = kinds[mine]
    name = path.name.replace(mine, theirs).replace(from_, to)
    other = _there(path.with_name(name))
    if other is None:
        files.read(path)  # where the file itself is missing, that is what is said
        fail(path, f"its {theirs} are not there: {name}, packed (.gz) or not, must lie beside it")
    return (path, other) if mine == "images" else (other, path)


def _samples(
    images: Path, labels: Path, most: int | None, seed: int
) -> tuple[list[list[float]], list[int], tuple[int, int]]:
    """The images of one file as rows of numbers, their labels, and how many rows and columns an image has."""
    (count, *shape), pixels = _read(images, 3, "images", "images of rows of pixels")
    (told,), marks = _read(labels, 1, "labels", "labels in one row")
    if count != told:
        fail(labels, f"these are {told:,} labels, and {images.name} has {count:,} images")
    chosen = range(count) if most is None or most >= count else random.Random(seed).sample(range(count), most)
    y = [marks[i] for i in chosen]
    if wrong := next((mark for mark in y if mark < 0 or mark != int(mark)), None):
        fail(labels, f"a label is a whole number from 0 up, got {wrong}")
    size = prod(shape)
    if pixels.typecode == "B":
        shade = [v / 255 for v in range(256)]  # one float for each shade, shared by all pixels that have it
        X = [[shade[v] for v in pixels[size * i : size * (i + 1)]] for i in chosen]
    else:
        X = [[float(v) for v in pixels[size * i : size * (i + 1)]] for i in chosen]
        if not all(map(isfinite, map(sum, X))):
            fail(images, "some of its numbers are not finite")
    return X, [int(mark) for mark in y], (shape[0], shape[1])


def _read(path: Path, dimensions: int, kind: str, what: str) -> tuple[Sequence[int], array]:  # type: ignore[type-arg]
    """The dimensions and the numbers of a file."""
    content = unpacked(files.read(path), partial(fail, path))
    if not content:
        fail(path, "the file is empty")
    head = content[:4]
    if len(content) < 4 or head[:2] != b"\0\0" or head[2] not in TYPES:
        known = next((f"it is {told}" for begin, told in STRANGERS if content.lstrip().startswith(begin)), "")
        text = "it is text; read_csv reads CSV files" if re.match(rb"[ -~\t\r\n]{4}", head) else ""
        fail(
            path,
            f"this is no IDX file: {known or text or 'it begins with ' + head.hex(' ') + ', and not with 00 00 08'}",
        )
    if head[3] != dimensions:
        fail(
            path,
            f"it has {head[3]} dimension{'s' * (head[3] != 1)}, and {what} have {dimensions}: are these the {kind}?",
        )
    shape = [int.from_bytes(content[k : k + 4], "big") for k in range(4, 4 + 4 * dimensions, 4)]
    numbers = array(TYPES[head[2]])
    begin, expected = 4 + 4 * dimensions, prod(shape) * numbers.itemsize
    size = " x ".join(f"{n:,}" for n in shape)
    if len(content) != begin + expected:
        why = "the file is cut off" if len(content) < begin + expected else "it holds more than that"
        follow = max(0, len(content) - begin)
        fail(path, f"its header says {size} numbers, which is {expected:,} bytes, but {follow:,} follow: {why}")
    if not expected:
        fail(path, f"its header says {size}: there is nothing in it")
    numbers.frombytes(content[begin:])
    if sys.byteorder == "little":
        numbers.byteswap()
    return shape, numbers
