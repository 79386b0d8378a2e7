"""A recording against the function that is called by hand: where a number is a float, and not the Value in its place.

A function that asks for the type of an argument goes another way while it is recorded.  That shows in its result, if
not at the numbers that it was recorded with, then at others: `Typed` has some.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .. import modes
from ..engine import Value
from ..ieee import number
from ..tracing import RecordingError
from .structure import Batch, flat, of_values, restored

if TYPE_CHECKING:
    from .record import Record

_data_of = Value._data.__get__  # type: ignore[attr-defined]
TYPED = (
    "recorded, the function gives another result: {} when it is called by hand, {} with Values in the place of "
    "these numbers. It asks for the type of an argument (isinstance, type, a function for each type), or its first "
    "call is not like the others. Let numbers and Values go the same way, as in Value(x) * w; "
    "what chooses a way is passed as text or a bool"
)
NARROW = (
    "recorded, the function gives another result: {} when it is called by hand, {} as recorded. It computes with "
    "entries of arrays of {} among themselves, which overflow or round in a way of their own, and recordings have "
    "floats: pass x.astype(float)"
)


def result_by_hand(f: Callable[..., Any], arguments: Sequence[Any]) -> tuple[Any, list[float]] | None:
    """The structure and the numbers of what f makes of the arguments themselves;
    None where it takes Values alone, as `x.tanh()` does.
    """
    numpy: Any = sys.modules.get("numpy")
    try:
        with modes.by_hand(), numpy.errstate(all="ignore") if numpy else contextlib.nullcontext():
            shape, leaves = flat(f(*arguments))
    except Exception:
        return None
    return of_values(shape), [_data_of(x) if isinstance(x, Value) else x for x in leaves]


def close(some: Sequence[float], others: Sequence[float]) -> bool:
    """Whether numbers agree up to rounding; nan agrees with nan."""
    return len(some) == len(others) and all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(a) and math.isnan(b))
        for a, b in zip(some, others)
    )


def some_of(numbers: Sequence[float]) -> str:
    """The first few."""
    return f"{', '.join(f'{x!r}' for x in numbers[:3])}{', ...' * (len(numbers) > 3)}" or "no number"


class Typed:
    """The first sample of a batch as it was given, an int an int and the entries of an array of their own kind; and
    others like it.
    """

    def __init__(self, samples: Batch) -> None:
        self.shape, self.leaves = samples.typed()

    def arguments(self, leaves: Sequence[Any]) -> Any:
        """Some leaves in the structure of the sample: what f is called with."""
        return restored(self.shape, iter(leaves))

    @property
    def narrow(self) -> str:
        """The kind of array whose entries do not compute as floats do, if there is one."""
        kinds = {str(x.dtype) for x in self.leaves if hasattr(x, "dtype")}
        return ", ".join(sorted(kinds - {"float64", "longdouble", "float128"}))

    def differs(self, theirs: Sequence[float], recorded: Sequence[float]) -> RecordingError:
        """Numbers that should agree do not."""
        if self.narrow:
            return RecordingError(NARROW.format(some_of(theirs), some_of(recorded), self.narrow))
        return RecordingError(TYPED.format(some_of(theirs), some_of(recorded)))

    def check(self, f: Callable[..., Any], again: Callable[[Sequence[Any]], Sequence[float]], record: Record) -> None:
        """Raise RecordingError if f, by hand, gives anything else than what was recorded, computed `again`: at other
        numbers, if it may ask for types; at the ends of short whole numbers, which soon have no room.
        """
        short = any(x.dtype.kind in "iub" and x.dtype.itemsize <= 2 for x in self.leaves if hasattr(x, "dtype"))
        if not (record.types or short) or all(isinstance(x, Value) for x in self.leaves):
            return
        for way in _WAYS if record.types else _WAYS[:1]:
            leaves = [x if isinstance(x, Value) else _like(x, way, i) for i, x in enumerate(self.leaves)]
            found = result_by_hand(f, self.arguments(leaves))
            if found is None:  # which may be numbers that f does not take
                continue
            recorded = again([x if isinstance(x, Value) else number(x) for x in leaves])
            if found[0] != record.shape or not close(found[1], recorded):
                raise self.differs(found[1], recorded)


_WAYS: list[Callable[[float, int], float]] = [
    lambda x, i: -x or 1.0,
    lambda x, i: x + 1 if x % 1 == 0 else 1.5 * x + 0.25 * (1 + i % 3),
    lambda x, i: (7 * x + i % 2) * (-1) ** i,
]


def _like(x: Any, way: Callable[[float, int], float], i: int) -> Any:
    """Another number of the same kind; of whole numbers of one or two bytes, and of bools, an end."""
    kind, at = getattr(getattr(x, "dtype", None), "kind", "f"), number(x)
    if kind not in "iub":
        return type(x)(way(at, i)) if math.isfinite(at) else x
    ends = sys.modules["numpy"].iinfo(x.dtype) if kind != "b" else None
    low, high = (ends.min, ends.max) if ends else (False, True)
    if x.dtype.itemsize <= 2:
        return type(x)(low if i % 3 == 2 else high)  # two of one end, and one of the other
    return type(x)(min(max(int(way(at, i)), low), high))
