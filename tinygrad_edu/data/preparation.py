"""What was made of a file's columns: written into a saved model, and repeated on every file that it reads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .numerals import SIGN, UNIT, Numeral

SAID = ("delimiter", "decimal", "encoding")


@dataclass(frozen=True)
class Column:
    """One column of a file: as a number, or as a 0 or 1 for each of its `words`.

    `means` are put where a cell is missing.
    """

    name: str
    means: tuple[float, ...]
    words: tuple[str, ...] | None = None
    numeral: Numeral = Numeral()

    @property
    def features(self) -> list[str]:
        """The names of its numbers."""
        return [self.name] if self.words is None else [f"{self.name}={word}" for word in self.words]

    def values(self, cell: str) -> list[float] | None:
        """Its numbers; None for a cell that is no number, or none of the words.

        >>> Column("colour", (0.5, 0.5), ("green", "red")).values("red"), Column("size", (2.0,)).values("1.5")
        ([0.0, 1.0], [1.5])
        """
        if self.words is None:
            number = self.numeral.number(cell)
            return None if number is None else [number]
        return [float(word == cell) for word in self.words] if cell in self.words else None


@dataclass(frozen=True)
class Preparation:
    """How a file became numbers: its columns, the target with its classes, and what is done where a cell is missing.

    >>> made = Preparation((Column("size", (2.0,)),), "price", missing="mean")
    >>> Preparation.from_dict(made.to_dict()) == made
    True
    """

    columns: Sequence[Column]
    target: str | None = None
    classes: Sequence[str] = ()
    numeral: Numeral = Numeral()  # of a target that is a number
    missing: str | None = None
    header: bool = True
    said: Mapping[str, str] = field(default_factory=dict)  # because it is not plain: delimiter, decimal, encoding

    @property
    def features(self) -> list[str]:
        """The names of the numbers of a sample."""
        return [name for column in self.columns for name in column.features]

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, written: Any) -> Preparation:
        """What `to_dict` wrote down.  Raises ValueError if it is none."""
        try:
            made = cls(**{**written, "numeral": _numeral(written["numeral"]),
                          "classes": tuple(_texts(written["classes"])), "columns": tuple(
                _column(c) for c in _listed(written["columns"]))})  # fmt: skip
            names = [c.name for c in made.columns]
            right = (names and len({*names}) == len(names) and isinstance(made.target, (str, type(None)))
                     and made.missing in (None, "drop", "mean") and isinstance(made.header, bool)
                     and {*made.said} <= {*SAID} and made.said.get("decimal") in (None, ".", ",")
                     and all(isinstance(word, str) and word for word in made.said.values())
                     and len({*made.classes}) == len(made.classes))  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"what was made of the columns is damaged: {type(error).__name__}: {error}") from None
        if not right:
            raise ValueError("what was made of the columns is damaged: names, classes or what to do with missing cells")
        return made


def _column(written: Mapping[str, Any]) -> Column:
    words = None if written["words"] is None else tuple(_texts(written["words"]))
    column = Column(written["name"], tuple(map(float, _listed(written["means"]))), words, _numeral(written["numeral"]))
    if (
        not isinstance(column.name, str)
        or len(column.means) != len(column.features)
        or not all(map(math.isfinite, column.means))
    ):
        raise ValueError(f"column {written['name']!r:.40} has not one mean for each of its numbers")
    return column


def _numeral(written: Any) -> Numeral:
    point, unit = written
    if (
        point not in (".", ",")
        or not isinstance(unit, str)
        or unit
        and not (SIGN.fullmatch(unit) or UNIT.fullmatch(unit))
    ):
        raise ValueError(f"no number is written so: {written!r:.40}")
    return Numeral(point, unit)


def _listed(written: Any) -> list[Any]:
    if not isinstance(written, (list, tuple)):
        raise ValueError(f"a list is missing, there is {written!r:.40}")
    return list(written)


def _texts(written: Any) -> list[str]:
    if not all(isinstance(text, str) for text in _listed(written)):
        raise ValueError(f"names are text, got {written!r:.80}")
    return list(written)
