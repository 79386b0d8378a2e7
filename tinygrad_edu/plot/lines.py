"""Any curves: one line for each name, over steps or over numbers of one's own.

>>> curves({"sigmoid": [0.25, 0.0625, 0.0156], "relu": [1, 1, 1]}, title="gradient over depth")
<Picture 'gradient over depth', 561 x 360: .save("gradient.svg") writes it, also .png, .pdf>
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UserError
from ..files import StrPath
from ..picture import CARD, FAINT, GRID, QUIET, Picture, width_of
from .axes import CLASSES, Frame, axis, log_axis

WIDTH, HEIGHT = 400.0, 230.0  # of the frame


def curves(
    lines: Mapping[str, Any],
    x: Sequence[float] | None = None,
    *,
    title: str = "curves",
    xlabel: str = "step",
    ylabel: str = "",
    log: bool | None = None,
    marks: Mapping[str, float] | None = None,
    bands: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
    path: StrPath | None = None,
) -> Picture:
    """Each line's numbers over `x`, by default 1, 2, 3, ...; where a number is None, inf or nan the line has a gap.

    `log` says whether y is on a logarithmic scale: by default where all numbers are above zero and span more than a
    factor of 30; zeros and what is below are gaps there.
    `marks` are levels to compare with, dashed, such as {"chance": 2.303}.  `bands` give a line's name the lower and the
    upper end of what it is the mean of, shaded in its colour.
    Raises ValueError if there is nothing to draw, or if a line has more numbers than `x`.
    """
    table = {str(name): [None if y is None else float(y) for y in ys] for name, ys in lines.items()}
    most = max(map(len, table.values()), default=0)
    at = [float(v) for v in x] if x is not None else [float(i + 1) for i in range(most)]
    if most > len(at):
        raise UserError(f"a line has {most} numbers, and x has {len(at)}: give one place for each")
    levels = {str(name): float(y) for name, y in (marks or {}).items()}
    ranges = {str(name): band for name, band in (bands or {}).items()}
    edges = [ys for band in ranges.values() for ys in band]
    seen = [y for ys in [*table.values(), levels.values(), *edges] for y in ys if y is not None and math.isfinite(y)]
    if log is None:
        log = bool(seen) and min(seen) > 0 and max(seen) > 30 * min(seen)
    seen = [y for y in seen if y > 0] if log else seen
    if not seen or not at:
        raise UserError("there is nothing to draw: no line has a finite number" + " above zero" * log)
    low, high = min(seen), max(seen)
    bottom, top, ticks = log_axis(low, high) if log else axis(min(0.0, low) if low < 0.5 * high else low, high)
    first, last = min(at), max(at)
    longest = max(map(width_of, [*table, *levels]), default=0)
    picture = Picture(80 + WIDTH + max(80.0, longest + 40), 360, title)
    frame = Frame((68, 64), (WIDTH, HEIGHT), (first, last if last > first else first + 1), (bottom, top), log)
    picture.head(20, 30, ylabel + " (log scale)" * log)
    for y in ticks:
        picture.line([frame.at(first, y), frame.at(frame.x[1], y)], GRID)
        picture.text(59, frame.at(first, y)[1] + 4, f"{y:.6g}", fill=QUIET, anchor="end")
    for v in axis(first, last if last > first else first + 1)[2]:
        if first <= v <= frame.x[1] and (v.is_integer() or x is not None):
            across, down = frame.at(v, bottom)
            picture.line([(across, down), (across, down + 5)], FAINT)
            picture.text(across, down + 19, f"{v:.6g}", fill=QUIET, anchor="middle")
    picture.line([(68, 64 + HEIGHT), (68 + WIDTH, 64 + HEIGHT)], FAINT)
    picture.text(68 + WIDTH / 2, 64 + HEIGHT + 40, xlabel, fill=QUIET, anchor="middle")
    ends: list[tuple[float, str, str]] = []
    for name, level in levels.items():
        height = frame.at(first, level)[1]
        for dash in range(0, int(WIDTH), 10):  # one by one: not everything that paints knows dashes
            picture.line([(68 + dash, height), (72 + dash, height)], QUIET)
        ends.append((height, name, QUIET))
    for i, name in enumerate(table):
        ends_of = [[frame.at(a, max(y, bottom)) for a, y in zip(at, ys)] for ys in ranges.get(name, ())]
        if ends_of:
            around = "L".join(f"{a:.1f} {b:.1f}" for a, b in [*ends_of[0], *reversed(ends_of[1])])
            picture.add("path", d=f"M{around}z", fill=CLASSES[i % len(CLASSES)], fill_opacity="0.14")
    for i, (name, ys) in enumerate(table.items()):
        colour, height = CLASSES[i % len(CLASSES)], -1.0
        piece: list[tuple[float, float]] = []
        for place, number in zip(at, [*ys, None]):
            shown = number is not None and math.isfinite(number) and (number > 0 or not log)
            if shown and number is not None:
                piece.append(frame.at(place, number))
                height = piece[-1][1]
            if not shown or place == at[len(ys) - 1]:
                _stroke(picture, piece, colour)
                piece = []
        if height >= 0:
            ends.append((height, name, colour))
    _names(picture, ends)
    return picture.kept(path)


def _stroke(picture: Picture, piece: list[tuple[float, float]], colour: str) -> None:
    """A line, or a dot if it is one point."""
    if len(piece) > 1:
        picture.line(piece, colour, 2)
    for x, y in piece if len(piece) == 1 else ():
        picture.add("circle", cx=x, cy=y, r=2.6, fill=colour, stroke=CARD, stroke_width=1)


def _names(picture: Picture, ends: list[tuple[float, str, str]]) -> None:
    """The name of each line at its end, as near to it as the others leave room."""
    ends.sort()
    places: list[float] = []
    room = 64 + HEIGHT + 8 - 15 * len(ends)
    for k, (height, _, _) in enumerate(ends):
        lowest = places[-1] + 15 if places else 60.0
        places.append(max(lowest, min(height, room + 15 * (k + 1))))
    for place, (height, name, colour) in zip(places, ends):
        picture.line([(70 + WIDTH, height), (80 + WIDTH, place)], colour)
        picture.text(84 + WIDTH, place + 4, name, fill=colour)
