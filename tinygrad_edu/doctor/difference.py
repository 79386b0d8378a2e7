"""What `compare` says: that two runs are alike, or where they first are not, by how much, and what to try.

>>> told_apart(0.30000000000000004, 0.3), told_apart(0.31, 0.29)
(('0.30000000000000004', '0.3'), ('0.31', '0.29'))
>>> apart(0.30000000000000004, 0.3), apart(0.31, 0.29), apart(2.0, -1.0)
('5.551e-17, 1 ulp', '0.02, 6.45 % of the larger', '3, 1.5 times the larger')
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..blocks import Block, Explanation, Strong, Terms
from ..engine import Value
from ..errors import UserError
from ..explanation import explain
from ..figures import Drawing, draw
from ..words import brief, plural

FEW_ULPS = 1000
Parts = list[tuple[str, str]]  # what is said, after the word that says what it is


@dataclass(eq=False, repr=False)
class Comparison(Explanation):
    """What `compare` returns: true if nothing differs; it prints itself, and shows itself in a notebook.

    `what` differs first: "value", "gradient" or "length" ('' if nothing does), at which `step` (1 is the first; 0 for
    two graphs; of runs that are alike, how many there were), where: `name`.  `numbers` are those of both sides, and how
    far apart they are; `nodes` the two Values, if there are some.
    """

    summary: str
    what: str = ""
    step: int = 0
    name: str = ""
    numbers: dict[str, float] = field(default_factory=dict)
    parts: Parts = field(default_factory=list)
    _place: Sequence[tuple[Value, Value]] = ()  # (root, node) of each side

    def __post_init__(self) -> None:
        self.parts = [(word, said) for word, said in self.parts if said]

    def __bool__(self) -> bool:
        return not self.what

    @property
    def nodes(self) -> tuple[Value, ...]:
        """The Values that differ, one of each run; none if nothing does, or if only numbers were compared."""
        return tuple(node for _, node in self._place)

    def blocks(self) -> list[Block]:
        """The summary, and what is said of the place."""
        summary = Strong(self.summary) if self.what else self.summary
        return [summary, Terms(self.parts)] if self.parts else [summary]

    def draw(self) -> Both:
        """The place in both graphs, between what it reads and what reads it, with the gradients that are stored."""
        return Both(*[draw(root, around=n, max_nodes=12, depth=1, clusters=False) for root, n in self._sides()])

    def explain(self) -> Both:
        """Why the gradient at the place is what it is, in both runs; of the result, how it was computed."""
        return Both(*[explain(root) if n is root else explain(root, of=n) for root, n in self._sides()])

    def _sides(self) -> Sequence[tuple[Value, Value]]:
        if not self._place:
            why = "only losses were compared" if self.what else "nothing differs"
            raise UserError(f"there is no place to show: {why}")
        return self._place

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON knows it."""
        numbers = {k: x if math.isfinite(x) else str(x) for k, x in self.numbers.items()}
        return {"alike": bool(self), "summary": self.summary, "what": self.what, "step": self.step, "name": self.name,
                "numbers": numbers, "said": [list(part) for part in self.parts]}  # fmt: skip


class Both:
    """The same place in two runs, as two drawings or two explanations, `a` and `b`; a notebook shows both."""

    def __init__(self, a: Drawing | Explanation, b: Drawing | Explanation) -> None:
        self.a, self.b = a, b

    def __iter__(self) -> Iterator[Drawing | Explanation]:
        return iter((self.a, self.b))

    def __repr__(self) -> str:
        return f"In a:\n{self.a!r}\n\nIn b:\n{self.b!r}"

    def _repr_html_(self) -> str:
        parts = []
        for name, one in (("a", self.a), ("b", self.b)):
            bundle: Any = one._repr_mimebundle_()
            bundle = bundle[0] if isinstance(bundle, tuple) else bundle
            parts.append(f"<p><b>In {name}</b></p>{bundle.get('text/html') or f'<pre>{one!r}</pre>'}")
        return "\n".join(parts)


def gap(x: float, y: float) -> dict[str, float]:
    """Two numbers, and how far apart they are: absolutely, as a part of the larger, and in floats between them."""
    far = abs(x - y)
    largest = max(abs(x), abs(y))
    return {"a": x, "b": y, "absolute": far, "relative": far / largest if largest else 0.0, "ulps": _ulps(x, y)}


def _ulps(x: float, y: float) -> float:
    """How many steps from one float to the next lead from x to y."""
    if x != x or y != y:
        return math.nan
    bits: list[int] = [struct.unpack("<q", struct.pack("<d", z))[0] for z in (x, y)]
    p, q = (n if n >= 0 else -(n & (1 << 63) - 1) for n in bits)  # floats of one sign stand in the order of their bits
    return float(abs(p - q))


def apart(x: float, y: float) -> str:
    """How far two numbers are apart, in words."""
    d = gap(x, y)
    if not math.isfinite(d["absolute"]):
        return "one is finite and the other is not" if math.isfinite(x) != math.isfinite(y) else "they are not finite"
    if d["ulps"] <= FEW_ULPS:
        return f"{brief(d['absolute'])}, {plural(int(d['ulps']), 'ulp')}"
    part = d["relative"]
    if part > 1:
        return f"{brief(d['absolute'])}, {part:.3g} times the larger"
    return f"{brief(d['absolute'])}, {f'{100 * part:.3g} %' if part >= 1e-5 else brief(part)} of the larger"


def told_apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers, in as many digits as it takes to tell them apart."""
    if brief(x) != brief(y) or x == y:
        return brief(x), brief(y)
    return next(((p, q) for n in range(5, 17) if (p := f"{x:.{n}g}") != (q := f"{y:.{n}g}")), (repr(x), repr(y)))


def so_far(step: int, word: str) -> str:
    """The steps before this one: "step 1 is", "steps 1 to 4 are"."""
    n = step - 1
    return f"{word} 1 is" if n == 1 else f"{word}s 1 {'and' if n == 2 else 'to'} {n} are"
