"""The weights of a layer as images, one for each neuron or filter: what it looks for.

>>> from tinygrad_edu import nn
>>> weights(nn.MLP(64, [6, 10], seed=0))
<Picture 'weights of mlp.layers.0', 408 x 286: .save("weights.svg") writes it, also .png, .pdf>
"""

from __future__ import annotations

import math
import os
import re
from typing import Any

from .errors import UserError
from .picture import QUIET, Picture

BLUE, ORANGE, WHITE = (0x3A, 0x78, 0xBE), (0xD9, 0x6A, 0x1E), (0xFF, 0xFF, 0xFF)
SIDE, ROW, MOST = 84.0, 12, 100  # of an image; images in a row; images at all


def weights(
    model: Any, layer: int = 0, *, shape: tuple[int, int] | None = None, path: str | os.PathLike[str] | None = None
) -> Picture:
    """The weights of one layer of a model: below zero blue, above orange, white at zero, all on one scale.

    Each neuron is an image of `shape` (rows, columns): square if the number of its inputs is a square, else one row.
    Each channel of a convolution's filter is an image.  Raises ValueError if there is no such layer, or the shape does not fit.
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
                        else "there are no weights to draw: no parameter has a label such as 'mlp.layers.0.neurons.3.w[1]'")  # fmt: skip
    owner, units = list(layers.items())[layer]
    n = len(next(iter(units.values())))
    side = math.isqrt(n)
    rows, columns = shape or (
        (n // widths[owner], widths[owner]) if owner in widths else (side, side) if side * side == n else (1, n)
    )
    if rows * columns != n:
        raise UserError(
            f"shape {rows} x {columns} has {rows * columns} places, and each unit of {owner} has {n} weights"
        )
    cell = min(SIDE / columns, SIDE / rows)
    wide, high = max(cell * columns, 44.0), cell * rows
    shown = list(units.items())[:MOST]
    across = min(ROW, max(math.ceil(math.sqrt(1.8 * len(shown))), 3), max(len(shown), 2))
    picture = Picture(
        24 + across * (wide + 12), 66 + math.ceil(len(shown) / across) * (high + 26), f"weights of {owner}"
    )
    largest = max((abs(w) for ws in units.values() for w in ws if math.isfinite(w)), default=0.0) or 1.0
    picture.text(18, 28, f"weights of {owner}", 15, bold=True)
    left_out = f"; {len(shown)} of {len(units)}" if len(shown) < len(units) else ""
    picture.text(18, 46, f"blue −{largest:.3g} to orange {largest:.3g}{left_out}", fill=QUIET)
    for k, (name, ws) in enumerate(shown):
        x, y = 18 + k % across * (wide + 12), 76 + k // across * (high + 26)
        picture.text(x, y - 4, name.removeprefix(owner).strip(".").replace("neurons.", "") or "0", 10, QUIET, tip=name)
        for i, w in enumerate(ws):
            picture.add("rect", tip=f"{name}.w: {w!r}", x=x + i % columns * cell, y=y + i // columns * cell, width=cell, height=cell,
                        fill=_colour(w / largest))  # fmt: skip
        picture.add("rect", x=x, y=y, width=cell * columns, height=high, fill="none", stroke="#b9c1ca")
    if path is not None:
        picture.save(path)
    return picture


def _colour(share: float) -> str:
    """White at 0, full at -1 and 1; black for what is not finite."""
    if not math.isfinite(share):
        return "#1b2430"
    full = BLUE if share < 0 else ORANGE
    return "#" + "".join(f"{round(a + (b - a) * min(abs(share), 1.0)):02x}" for a, b in zip(WHITE, full))
