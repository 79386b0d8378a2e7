"""One matrix as a grid of cells: counts of pairs, a table of probabilities, the gradient of a layer for a whole batch.

>>> heatmap([[3, 0], [1, 2]], rows="ab", columns="xy", title="how often")
<Picture 'how often', 216 x 188: .save("how.svg") writes it, also .png, .pdf>
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import UserError
from ..files import StrPath
from ..picture import INK, QUIET, Picture, width_of
from ..positions import by_position
from .pixels import colour

ACROSS, LEAST, LARGEST, READABLE = (
    700.0,
    4.0,
    40.0,
    20.0,
)  # the grid's width, its cells', and those that have room for a number


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
    picture.text(18, 28, title, 15, bold=True)
    least = min(v for row in cells for v in row)
    scale = f"blue −{largest:.3g} to orange {largest:.3g}" if least < 0 else f"white 0 to orange {largest:.6g}"
    picture.text(18, 46, note or scale, fill=QUIET)
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
