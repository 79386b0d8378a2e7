"""How a column writes its numbers: 1234.5, 1,234.5, 1.234,5, 1 234,5, 1'234.5, 12 %, -$5, 3.5 kg;
and where that cannot be known.

A cell is read in every way it can be read; a column, in the one way that all its cells allow.  Where that leaves two
numbers (is 1,234 a thousand or a little more than one?), other columns of the file decide, or nobody,
and the reader is asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence, Set
from itertools import combinations
from typing import NamedTuple

_MONEY = (
    "USD EUR GBP JPY CHF CNY INR KRW AUD CAD NZD HKD SGD BRL MXN ZAR SEK NOK DKK PLN CZK HUF RON TRY RUB UAH ILS THB"
)
SIGN = re.compile(  # before a number or behind it: %, $, R$, US$, €, EUR, Rs.
    rf"%|[A-Z]{{0,3}}[$£¥¢฿\u20a0-\u20cf]|{_MONEY.replace(' ', '|')}|Rs\.?|kr\.?"
)
_LAST = re.compile(rf"(?:{SIGN.pattern})$")
MINUS = "-+\u2212"
UNIT = re.compile(  # behind it: kg, m², km/h, l/100 km, sq ft, °C
    r"(?:sq\.? )?[^\W\d_]{1,12}[²³23]?(?:/(?:100 ?)?[^\W\d_]{1,12}[²³23]?)?|°[CFK]?|‰"
)
KINDS = tuple(
    frozenset(units.split())
    for units in (
        "mg g kg t lb lbs oz µg",
        "nm µm mm cm dm m km in ft yd mi",
        "µs ms s sec min h hr hrs d",
        "ml cl dl l ml mL L gal",
        "B kB KB MB GB TB KiB MiB GiB",
        "Hz kHz MHz GHz",
        "W kW MW GW",
        "Wh kWh MWh",
        "mV V kV",
        "mA A",
        "Pa hPa kPa bar",
        "°C °F K",
        "k K M Mio mn bn B",
    )
)  # units that measure one thing
_GROUPS = r"[1-9]\d{0,2}([%s'’ \u00a0\u202f])\d{3}(?:\1\d{3})*"
_NUMBER = r"[+-]?(?:(?:%s|\d+)(?:%s\d*)?|%s\d+)(?:[eE][+-]?\d+)?"
READINGS = {
    point: re.compile(_NUMBER % (_GROUPS % other, re.escape(point), re.escape(point)), re.ASCII)
    for point, other in ((".", ","), (",", "."))
}
_QUANTITY = re.compile(r"[+\-\u2212]?(?!0\d)[\d.,'’ \u00a0\u202f]*\d(?:[eE][+-]?\d+)?\s*(%s)" % UNIT.pattern)
_IDLE = {point: re.compile("[^-+0-9eE%s]" % re.escape(point)) for point in READINGS}  # what only groups digits


class Numeral(NamedTuple):
    """How numbers are written: what stands before the decimals, and a unit that is part of each cell."""

    point: str = "."
    unit: str = ""

    def number(self, text: str) -> float | None:
        """A cell as a finite number, or None.

        >>> Numeral(",").number("1.234,5"), Numeral(".", "%").number("12 %")
        (1234.5, 12.0)
        >>> Numeral().number("1_000"), Numeral().number("inf")
        (None, None)
        """
        text = bare(text, self.unit)
        if not READINGS[self.point].fullmatch(text):
            return None
        v = float(_IDLE[self.point].sub("", text).replace(",", "."))
        return v if math.isfinite(v) else None


def bare(text: str, unit: str) -> str:
    """A cell without its unit, and with the minus that Python knows."""
    if unit:
        sign = text[:1] if text[:1] in MINUS else ""
        text = text[len(sign) :].strip()
        text = sign + (text.removeprefix(unit) if text.startswith(unit) else text.removesuffix(unit)).strip()
    return text.strip().replace("\u2212", "-")


def unit_of(cells: Sequence[str]) -> str:
    """The sign that every cell has before or behind its number, or the unit that every cell has behind it, or nothing.

    >>> unit_of(["12%", "7 %"]), unit_of(["-$1", "2 $"]), unit_of(["3.5 kg", "12kg"])
    ('%', '$', 'kg')
    >>> unit_of(["$1", "2"]), unit_of(["1 kg", "1 g"])
    ('', '')
    """
    unit = sign_of(cells[0]) or quantity(cells[0])
    return unit if unit and all(c.endswith(unit) or c.lstrip(MINUS).lstrip().startswith(unit) for c in cells) else ""


def sign_of(cell: str) -> str:
    """The sign before a number or behind it, or nothing."""
    begin = cell.lstrip(MINUS).lstrip()
    found = SIGN.match(begin) or _LAST.search(cell)
    return found[0] if found else ""


def quantity(cell: str) -> str:
    """The unit behind a number, or nothing; none behind 007, which is a code, and none in 1e3, which is a number.

    >>> quantity("3.5 kg"), quantity("-20°C"), quantity("5 m²"), quantity("007x"), quantity("1e3"), quantity("kg")
    ('kg', '°C', 'm²', '', '', '')
    """
    found = None if cell[-1:].isdigit() and is_number(cell) else _QUANTITY.fullmatch(cell)
    return found[1] if found else ""


def of_one_kind(units: Set[str]) -> bool:
    """Whether several units measure one thing, so that 5 of one and 5 of another are not alike.

    >>> of_one_kind({"kg", "g"}), of_one_kind({"st", "nd"}), of_one_kind({"kg"})
    (True, False, False)
    """
    return len(units) > 1 and any(units <= kind for kind in KINDS)


def contrary(cells: Iterable[str]) -> tuple[str, str]:
    """Two cells, each a number, that no one way of writing numbers allows both, the rarer kind last;
    such there are if `point_of` is "".

    >>> contrary(["1", "1.5", "2", "1,5", "2.5"]), contrary(["12 %", "$5", "3 %"])
    (('1.5', '1,5'), ('12 %', '$5'))
    """
    kinds: dict[tuple[str, ...], list[str]] = {}
    for c in cells:
        text = bare(c, sign := sign_of(c))
        kinds.setdefault((sign, *[p for p, reading in READINGS.items() if reading.fullmatch(text)]), []).append(c)
    found = sorted(reversed(kinds.values()), key=len, reverse=True)
    return next((a, b) for [a, *_], [b, *_] in combinations(found, 2) if not point_of([a, b], unit_of([a, b])))


def point_of(cells: Sequence[str], unit: str = "") -> str:
    """What stands before the decimals of a column: "." or ","; "=" if that makes no difference, "?" if it does and both
    may be, and "" if some cell is no number in the way of the others.

    >>> [point_of(cells) for cells in (["1,5", "2"], ["1.234,5", "7"], ["0.5"], ["1", "1e3"])]
    [',', ',', '.', '=']
    >>> [point_of(cells) for cells in (["1,234", "5"], ["x", "1"], ["1,5", "1.5"])]
    ['?', '', '']
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
    """Whether a cell is a number in any of these ways, without a unit behind it: a column may be called 24h."""
    text = bare(text, sign_of(text))
    return any(reading.fullmatch(text) for reading in READINGS.values())
