"""How a column writes its numbers: 1234.5, 1,234.5, 1.234,5, 1 234,5, 1'234.5, 12 %, $5; and where that cannot be known.

A cell is read in every way it can be read; a column, in the one way that all its cells allow.  Where that leaves two numbers
(is 1,234 a thousand or a little more than one?), other columns of the file decide, or nobody, and the reader is asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

UNITS = "%$€£¥"
_GROUPS = r"[1-9]\d{0,2}([%s'’ \u00a0\u202f])\d{3}(?:\1\d{3})*"
_NUMBER = r"[+-]?(?:(?:%s|\d+)(?:%s\d*)?|%s\d+)(?:[eE][+-]?\d+)?"
READINGS = {
    point: re.compile(_NUMBER % (_GROUPS % other, re.escape(point), re.escape(point)), re.ASCII)
    for point, other in ((".", ","), (",", "."))
}
_IDLE = {point: re.compile("[^-+0-9eE%s]" % re.escape(point)) for point in READINGS}  # what only groups digits


class Numeral(NamedTuple):
    """How numbers are written: what stands before the decimals, and a unit that is part of each cell."""

    point: str = "."
    unit: str = ""

    def number(self, text: str) -> float | None:
        """A cell as a finite number, or None.

        >>> Numeral(",").number("1.234,5"), Numeral(".", "%").number("12 %"), Numeral().number("1_000"), Numeral().number("inf")
        (1234.5, 12.0, None, None)
        """
        text = bare(text, self.unit)
        if not READINGS[self.point].fullmatch(text):
            return None
        v = float(_IDLE[self.point].sub("", text).replace(",", "."))
        return v if math.isfinite(v) else None


def bare(text: str, unit: str) -> str:
    """A cell without its unit, and with the minus that Python knows."""
    if unit:
        text = text.removeprefix(unit) if text.startswith(unit) else text.removesuffix(unit)
    return text.strip().replace("\u2212", "-")


def unit_of(cells: Sequence[str]) -> str:
    """The sign that every cell has before or behind its number, or nothing.

    >>> unit_of(["12%", "7 %"]), unit_of(["$1", "2"])
    ('%', '')
    """
    for sign in UNITS:
        if sign in (cells[0][:1], cells[0][-1:]) and all(c.startswith(sign) or c.endswith(sign) for c in cells):
            return sign
    return ""


def point_of(cells: Sequence[str], unit: str = "") -> str:
    """What stands before the decimals of a column: "." or ","; "=" if that makes no difference, "?" if it does and both may be,
    and "" if some cell is no number in the way of the others.

    >>> [point_of(cells) for cells in (["1,5", "2"], ["1.234,5", "7"], ["0.5"], ["1", "1e3"], ["1,234", "5"], ["x", "1"], ["1,5", "1.5"])]
    [',', ',', '.', '=', '?', '', '']
    """
    texts = [bare(c, unit) for c in cells]
    found: set[str] = {*READINGS}
    differ = False
    for k, text in enumerate(texts):
        if text.isascii() and text.isdigit():
            continue
        found = {point for point in found if READINGS[point].fullmatch(text)}
        if len(found) < 2:
            point = str(*found)
            return point if point and all(READINGS[point].fullmatch(t) for t in texts[k:]) else ""
        differ = differ or Numeral(".").number(text) != Numeral(",").number(text)
    return "?" if differ else "="


def is_number(text: str) -> bool:
    """Whether a cell is a number in any of these ways."""
    text = bare(text, unit_of([text]) if text else "")
    return any(reading.fullmatch(text) for reading in READINGS.values())
