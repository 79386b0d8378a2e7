"""Numbers as images: samples, feature maps, and the weights of a layer, one for each neuron or filter: what it looks
for; and one matrix as a grid of cells: counts of pairs, a table of probabilities, the gradient of a layer.

>>> from tinygrad_edu import nn
>>> weights(nn.MLP(64, [6, 10], seed=0))
<Picture 'weights of mlp.layers.0', 408 x 286: .save("weights.svg") writes it, also .png, .pdf>
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..errors import UserError
from ..files import StrPath
from ..picture import INK, QUIET, Picture, width_of
from ..positions import by_position

BLUE, ORANGE = (0x3A, 0x78, 0xBE), (0xD9, 0x6A, 0x1E)
SIDE, ROW, MOST = 84.0, 12, 100  # of an image; images in a row; images at all


def images(
    pictures: Sequence[Any],
    *,
    shape: tuple[int, int] | None = None,
    labels: Sequence[object] | None = None,
    title: str = "images",
    across: int | None = None,
    note: str = "",
    path: StrPath | None = None,
) -> Picture:
    """Images beside each other: below zero blue, above orange, white at zero, all on one scale.

    An image is a list of rows, or a flat list of numbers or Values with its `shape` (rows, columns): square if none is
    given and it can be, else one row.  `labels` has words for each, `across` says how many stand in a row, `note` is a
    second line under the title.  At most 100 are drawn.
    Raises ValueError if there is none, or if they are not all of that shape.

    >>> images([[0, 1, 1, 0], [[-1, 0], [0, -1]]], title="two patterns")
    <Picture 'two patterns', 216 x 176: .save("two.svg") writes it, also .png, .pdf>
    """
    flat, sizes = [], set()
    for picture in pictures:
        rows = by_position(picture, "an image")
        nested = len(rows) and hasattr(rows[0], "__len__")
        flat.append([float(v) for row in rows for v in row] if nested else [float(v) for v in rows])
        sizes.add((len(rows), len(rows[0])) if nested else (1, len(rows)) if not nested and shape is None else shape)
    lengths = sorted({len(pixels) for pixels in flat})
    if len(lengths) != 1 or not lengths[0]:
        raise UserError(f"images are at least one, and all of one size, got {len(flat)} of {lengths} numbers")
    found = next((s for s in sizes if s and s[0] > 1), None)
    if labels is not None and len(labels) < min(len(flat), MOST):
        raise UserError(f"each of {len(flat)} images has its label, got {len(labels)} labels")
    drawn = _sheet([("" if labels is None else str(labels[i]), f"image {i}", pixels)
                    for i, pixels in enumerate(flat[:MOST])],
                   _shape(shape or found, lengths[0], "an image"), title, note, len(flat), across)  # fmt: skip
    return drawn.kept(path)


def weights(
    model: Any, layer: int = 0, *, shape: tuple[int, int] | None = None, path: StrPath | None = None
) -> Picture:
    """The weights of one layer of a model: below zero blue, above orange, white at zero, all on one scale.

    Each neuron is an image of `shape` (rows, columns): square if the number of its inputs is a square, else one row.
    Each channel of a convolution's filter is an image.
    Raises ValueError if there is no such layer, or the shape does not fit.
    """
    layers: dict[str, dict[str, list[float]]] = {}
    widths: dict[str, int] = {}
    for p in model.parameters():
        if found := re.fullmatch(r"(.*?)\.?w((?:\[\d+\])+)", p.label):
            indices = found[2][1:-1].split("][")
            name = found[1] if len(indices) == 1 else ".".join([found[1], *indices[:-2]])
            owner = re.sub(r"(\.neurons)?\.\d+$", "", found[1]) if len(indices) == 1 else found[1]
            layers.setdefault(owner, {}).setdefault(name, []).append(p.data)
            if len(indices) > 1:
                widths[owner] = int(indices[-1]) + 1
    if not 0 <= layer < len(layers):
        raise UserError(f"layer is a number from 0 to {len(layers) - 1}, got {layer!r}" if layers
                        else "there are no weights to draw: no parameter has a label such as "
                             "'mlp.layers.0.neurons.3.w[1]'")  # fmt: skip
    owner, units = list(layers.items())[layer]
    n = len(next(iter(units.values())))
    box = _shape(shape or ((n // widths[owner], widths[owner]) if owner in widths else None), n, f"a unit of {owner}")
    shown = [
        (name.removeprefix(owner).strip(".").replace("neurons.", "") or "0", f"{name}.w", ws)
        for name, ws in list(units.items())[:MOST]
    ]
    picture = _sheet(shown, box, f"weights of {owner}", "", len(units), None)
    return picture.kept(path)


def _shape(shape: tuple[int, int] | None, n: int, what: str) -> tuple[int, int]:
    """Rows and columns of n numbers."""
    side = math.isqrt(n)
    rows, columns = shape or ((side, side) if side * side == n else (1, n))
    if rows * columns != n:
        raise UserError(f"shape {rows} x {columns} has {rows * columns} places, and {what} has {n} numbers")
    return rows, columns


def _sheet(
    shown: list[tuple[str, str, list[float]]],
    shape: tuple[int, int],
    title: str,
    note: str,
    total: int,
    across: int | None,
) -> Picture:
    """(label, name, numbers) of each image, drawn in rows."""
    rows, columns = shape
    cell = min(SIDE / columns, SIDE / rows)
    wide, high = max(cell * columns, 44.0, *(0.92 * width_of(label) for label, _, _ in shown)), cell * rows
    across = across or min(ROW, max(math.ceil(math.sqrt(1.8 * len(shown))), 3), max(len(shown), 2))
    words = max(width_of(title) * 1.4, width_of(note)) + 36
    picture = Picture(max(24 + across * (wide + 12), words), 66 + math.ceil(len(shown) / across) * (high + 26), title)
    largest = max((abs(v) for _, _, pixels in shown for v in pixels if math.isfinite(v)), default=0.0) or 1.0
    left_out = f"; {len(shown)} of {total}" if len(shown) < total else ""
    picture.head(18, 28, note or f"blue −{largest:.3g} to orange {largest:.3g}{left_out}")
    for k, (label, name, pixels) in enumerate(shown):
        x, y = 18 + k % across * (wide + 12), 76 + k // across * (high + 26)
        picture.text(x, y - 4, label, 10, QUIET, tip=name)
        for i, n in _runs(pixels, columns):
            picture.add("rect", tip=f"{name}: {pixels[i]!r}", x=x + i % columns * cell, y=y + i // columns * cell,
                        width=n * cell, height=cell, fill=colour(pixels[i] / largest))  # fmt: skip
        picture.add("rect", x=x, y=y, width=cell * columns, height=high, fill="none", stroke="#b9c1ca")
    return picture


def _runs(pixels: list[float], columns: int) -> Iterator[tuple[int, int]]:
    """Where equal numbers beside each other in a row begin, and how many they are: paper is drawn in few pieces.

    >>> list(_runs([0.0, 0.0, 1.0, 1.0, 1.0, 0.5], 3))
    [(0, 2), (2, 1), (3, 2), (5, 1)]
    """
    i = 0
    while i < len(pixels):
        end = i + 1
        while end % columns and end < len(pixels) and pixels[end] == pixels[i]:
            end += 1
        yield i, end - i
        i = end


def colour(share: float) -> str:
    """White at 0, full at -1 and 1; black for what is not finite."""
    if not math.isfinite(share):
        return "#1b2430"
    return thinned(BLUE if share < 0 else ORANGE, min(abs(share), 1.0))


def thinned(full: Iterable[int], strength: float) -> str:
    """A colour mixed with white."""
    return "#" + "".join(f"{round(255 + (c - 255) * strength):02x}" for c in full)


# The grid's width, its cells', and those that have room for a number.
ACROSS, LEAST, LARGEST, READABLE = 700.0, 4.0, 40.0, 20.0


def heatmap(
    matrix: Any,
    *,
    rows: Sequence[object] | None = None,
    columns: Sequence[object] | None = None,
    title: str = "heatmap",
    note: str = "",
    numbers: bool | None = None,
    path: StrPath | None = None,
) -> Picture:
    """A matrix of numbers or Values, a cell for each: below zero blue, above orange, white at zero.

    `rows` and `columns` have a word for each row and column, `note` is a second line under the title.  `numbers` says
    whether each cell shows its number; by default that is where they are whole and have room.  Raises ValueError if it
    is no matrix, or if there is not one word for each row or column.
    """
    cells = [[float(v) for v in by_position(row, "a row of a matrix")] for row in by_position(matrix, "a matrix")]
    if not cells or not cells[0] or len({len(row) for row in cells}) > 1:
        raise UserError(
            f"a heatmap is drawn of a matrix, rows of one length, got rows of {sorted({len(r) for r in cells})} numbers"
        )
    high, wide = len(cells), len(cells[0])
    for what, words, n in (("row", rows, high), ("column", columns, wide)):
        if words is not None and len(words) != n:
            raise UserError(f"the matrix has {n} {what}s, got {len(words)} words for them")
    side = max(LEAST, min(LARGEST, ACROSS / wide))
    if numbers is None:
        numbers = side >= READABLE and all(v.is_integer() and abs(v) < 1e5 for row in cells for v in row)
    largest = max((abs(v) for row in cells for v in row if math.isfinite(v)), default=0.0) or 1.0
    size = min(13.0, max(8.0, side * 0.5))  # of letters
    left = 18 + (8 + max(width_of(str(word), size) for word in rows) if rows is not None else 0)
    top = 62 + (16 if columns is not None else 0)
    picture = Picture(max(216.0, left + side * wide + 18), top + side * high + 30, title)
    least = min(v for row in cells for v in row)
    scale = f"blue −{largest:.3g} to orange {largest:.3g}" if least < 0 else f"white 0 to orange {largest:.6g}"
    picture.head(18, 28, note or scale)
    for j, word in enumerate(columns or ()):
        picture.text(left + side * (j + 0.5), top - 5, word, size, QUIET, "middle")
    for i, row in enumerate(cells):
        y = top + side * i
        if rows is not None:
            picture.text(left - 7, y + side / 2 + size * 0.35, rows[i], size, QUIET, "end")
        for j, v in enumerate(row):
            x = left + side * j
            if v:  # white is the card's own colour
                picture.add("rect", x=x, y=y, width=side, height=side, fill=colour(v / largest))
            if numbers:
                picture.text(
                    x + side / 2,
                    y + side / 2 + 3,
                    f"{v:.4g}" if abs(v) < 1e4 else f"{v:.0f}",
                    min(9.0, 0.36 * side),
                    INK,
                    "middle",
                )
    picture.add("rect", x=left, y=top, width=side * wide, height=side * high, fill="none", stroke="#b9c1ca")
    return picture.kept(path)
