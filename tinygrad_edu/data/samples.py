"""Samples with their targets: the one kind of thing that every function of this room returns."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from numbers import Integral
from typing import Any

from ..streams import short
from ..words import plural

UNPACK = dis.opmap["UNPACK_SEQUENCE"]
_NAMES = {2: "X, y", 4: "X_train, y_train, X_test, y_test"}
MANY = 20  # a column of whole numbers with more different ones than this is a quantity, not a class


class Split(tuple[Any, ...]):
    """Samples with their targets, all of them and divided into a part to learn from and a part to test on.

    `X` holds one row of numbers per sample, `y` one target each; `X_train, y_train, X_test, y_test` are its two parts,
    as `split` makes them where nobody has divided yet.  `features` names the numbers of a row, `target` what is
    predicted; a class in `y` is the position of its name in `classes`, which is empty if targets are numbers.
    `notes` say in words how a file was understood.

    It unpacks into what it was made of: `X, y = moons()`, and `X_train, y_train, X_test, y_test = digits()`;
    `split(moons())` is divided, too.  Raises ValueError, which says so, for names that are fewer or more.

    >>> Split([[0.0, 1.0], [2.0, 3.0]], ["yes", "no"], name="weather", target="rain")
    <weather: 2 samples of 2 numbers, rain: 2 classes, no, yes>
    """

    name: str
    features: list[str]
    target: str | None
    classes: list[str]
    notes: list[str]
    image: int  # how many numbers are a line of the picture that a sample is; 0 if it is none
    preparation: Any  # of a file: how it became numbers
    kept: dict[str, list[str]]
    rows: list[int]
    lines: list[int]

    def __new__(cls, *parts: Any, name: str = "", features: Iterable[str] = (), target: str | None = None,
                classes: Iterable[object] | None = None, image: int = 0, notes: Iterable[str] = (),
                **more: Any) -> Split:  # fmt: skip
        if len(parts) not in (2, 4):
            raise TypeError(
                f"a Split is made of X and y, or of X_train, y_train, X_test and y_test, got {len(parts)} parts"
            )
        self = super().__new__(cls, parts)
        first = next((x for X in parts[::2] for x in X), ())
        self.name, self.target, self.notes, self.image = name, target, list(notes), image
        self.features = list(features) or [f"x{i}" for i in range(len(first) if hasattr(first, "__len__") else 1)]
        self.classes = classes_of(self.y) if classes is None else [str(c) for c in classes]
        vars(self).update(more)
        return self

    def __iter__(self) -> Iterator[Any]:
        asker = sys._getframe(1)
        code, at = asker.f_code.co_code, asker.f_lasti
        if code[at] == UNPACK and code[at + 1] != len(self):
            raise ValueError(
                f"{self!r} unpacks into {_NAMES[len(self)]}, and not into {code[at + 1]}: "
                + ("to learn and to test, divide it: X_train, y_train, X_test, y_test = tinygrad_edu.data.split(...)"
                   if len(self) == 2 else "all samples are its .X, and all targets its .y"))  # fmt: skip
        return super().__iter__()

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)  # what copy and pickle call the class with; the rest is in the __dict__

    @property
    def X(self) -> Any:
        """All samples: of a divided Split, first those to learn from."""
        return self[0] if len(self) == 2 else [*self[0], *self[2]]

    @property
    def y(self) -> Any:
        """All targets, in the order of `X`."""
        return self[1] if len(self) == 2 else [*self[1], *self[3]]

    @cached_property
    def _parts(self) -> tuple[Any, ...]:
        if len(self) == 4:
            return self
        from .dividing import split

        return split(self.X, self.y)

    @property
    def X_train(self) -> Any:
        """The samples to learn from."""
        return self._parts[0]

    @property
    def y_train(self) -> Any:
        """Their targets."""
        return self._parts[1]

    @property
    def X_test(self) -> Any:
        """The samples to test on."""
        return self._parts[2]

    @property
    def y_test(self) -> Any:
        """Their targets."""
        return self._parts[3]

    def but(self, *parts: Any, **more: Any) -> Split:
        """The same words for other parts."""
        known = {k: v for k, v in vars(self).items() if k != "_parts"}
        return Split(*(parts or self), **{**known, **more})

    def __repr__(self) -> str:
        many, width = [len(X) for X in self[::2]], len(self.features)
        number = plural(width, "number")
        words = f"{plural(many[0], 'sample')} of {number}"
        if len(many) > 1:
            words = f"{many[0]:,} to learn from, {many[1]:,} to test on, {number} each"
        kinds = [short(name) for name in self.classes]
        what = ", ".join(kinds) if len(kinds) < 5 else f"{kinds[0]} to {kinds[-1]}"
        of = f"{short(self.target)}: " if self.target else ""
        if kinds:
            words += f", {of}{len(kinds)} class{'es' * (len(kinds) != 1)}, {what}"
        elif len(self.y):
            words += f", {of}numbers to predict" if of else ", targets are numbers"
        return f"<{short(self.name)}: {words}>" if self.name else f"<{words}>"

    def _repr_html_(self) -> str | None:
        """Eight samples as pictures, where samples are pictures."""
        if not self.image:
            return None
        shapes, side = [], 6
        for k, (x, c) in enumerate(zip(self[0][:8], self[1])):
            left = k * (self.image * side + 14)
            shapes += [f'<rect x="{left + i % self.image * side}" y="{i // self.image * side}" '
                       f'width="{side}" height="{side}" fill="#1b2430" fill-opacity="{v:.2f}"/>'
                       for i, v in enumerate(x) if v]  # fmt: skip
            middle, below = left + self.image * side / 2, len(x) // self.image * side + 18
            shapes.append(
                f'<text x="{middle}" y="{below}" text-anchor="middle" fill="#5d6875">{self.classes[c]}</text>'
            )
        width, height = 8 * (self.image * side + 14) - 14, len(self[0][0]) // self.image * side + 24
        words = repr(self).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return (
            f'<div>{words}</div><svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {width + 16} {height + 12}" '
            f'width="{width + 16}" style="max-width:100%;height:auto;background:#fff" '
            f'font-family="Helvetica, Arial, sans-serif" font-size="13">{"".join(shapes)}</svg>'
        )


def classes_of(y: Sequence[Any]) -> list[str]:
    """The names of the classes among targets: text, bools, or a few whole numbers that come back; [] for numbers.

    >>> classes_of(["b", "a", "b"]), classes_of([1.0, 0.0, 1.0, 0.0]), classes_of([0.5, 1.0]), classes_of([3, 5, 9])
    (['a', 'b'], ['0', '1'], [], [])
    """
    found = {class_label(t) for t in y}
    if None in found:
        return []
    if all(isinstance(c, str) for c in found):
        return sorted(found)
    if any(isinstance(c, str) for c in found) or len(found) > min(MANY, len(y) / 2):
        return []
    return [str(c) for c in sorted(found)]


def class_label(target: Any) -> Any:
    """A target as a class, if it can be one: text as it is, whole numbers of any type as an int; else None."""
    if isinstance(target, str):
        return target
    if isinstance(target, Integral):
        return int(target)
    if hasattr(target, "tolist"):  # NumPy's
        target = target.tolist()
    return int(target) if isinstance(target, (bool, int)) or isinstance(target, float) and target.is_integer() else None


def are_classes(y: Sequence[Any]) -> bool:
    """Whether targets are classes: whole numbers, bools, or -1.0 and 1.0.

    >>> are_classes([0, 1, 2]), are_classes([True, -1.0]), are_classes([0.5]), are_classes([[0, 1], [1, 0]])
    (True, True, False, False)
    """
    plain = (target.tolist() if hasattr(target, "tolist") else target for target in y)  # of NumPy's
    return all(isinstance(target, Integral) or target in (-1.0, 1.0) for target in plain)
