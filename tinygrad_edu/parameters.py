"""What can be trained: Values that nothing computed; and their numbers in one row, for those who want the last
microsecond: `pack` and `unpack`.

    >>> w, b = Value(0.5), Value(-1.0)
    >>> flat = pack([w, b])
    >>> flat.array[0] = 2.0
    >>> w.data, unpack(flat), w.data
    (0.5, [Value(2.0), Value(-1.0)], 2.0)
"""

from __future__ import annotations

import importlib
import operator
from array import array
from collections import deque
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, Set
from functools import cache, partial
from importlib.util import find_spec
from itertools import repeat
from typing import Any, NoReturn

from . import tracing, twin
from .engine import Value
from .interruption import uninterrupted
from .modes import watching

_SLOTS = {"data": "_data", "grad": "_grad"}  # past the checks of what is assigned


def stored(what: str, ps: Sequence[Value]) -> list[float]:
    """The "data" or the "grad" of each Value.

    >>> stored("data", [Value(1.0), Value(2.0)])
    [1.0, 2.0]
    """
    if twin.compiled and not watching:  # who records a function guards attributes
        found: list[float] = twin.extension.read(ps, what)
        return found
    return [*map(operator.attrgetter(_SLOTS[what]), ps)]


def column(what: str, ps: Sequence[Value]) -> Any:
    """The same as an array of NumPy, which must be there."""
    into = numpy().empty(len(ps))
    if twin.compiled and not watching:
        return twin.extension.read(ps, what, into)
    into[:] = stored(what, ps)
    return into


def write(what: str, ps: Any, floats: Sequence[float], owner: Any = None, **attributes: Any) -> None:
    """Write one float of a list or an array into the "data" or "grad" of each Value (or all into an array),
    and with them some attributes of their owner.

    All or nothing: it is one call into C, where no Ctrl-C and no other thread can land half-way.
    """
    put: Any
    if isinstance(ps, list) and twin.compiled and not watching:
        put = partial(twin.extension.write, ps, what, floats)
    elif isinstance(ps, list):
        numbers = floats.tolist() if hasattr(floats, "tolist") else floats
        put = partial(deque, map(setattr, ps, repeat(_SLOTS[what]), numbers), 0)
    else:
        put = partial(operator.setitem, ps, ... if hasattr(ps, "dtype") else slice(None), floats)
    deque(map(operator.call, (put,) if owner is None else (put, partial(vars(owner).update, attributes))), 0)


def zeroed(ps: Iterable[Value]) -> None:
    """Set the gradient of each Value to 0: of all of them, also if Ctrl-C comes half-way."""
    ps = ps if isinstance(ps, list) else list(ps)
    if twin.compiled and not watching:
        twin.extension.write(ps, "grad", 0.0)
        return
    try:
        for p in ps:
            p._grad = 0.0
    except BaseException:
        write("grad", ps, [0.0] * len(ps))
        raise


def listed(parameters: Iterable[Value]) -> list[Value]:
    """Parameters as a list, each once.  Raises TypeError or ValueError, with what to pass instead, if they are none."""
    if hasattr(parameters, "parameters"):
        raise TypeError(
            f"pass the parameters themselves, as in model.parameters(), not the {type(parameters).__name__}"
        )
    ps: list[Any] = (
        list(parameters) if hasattr(parameters, "__iter__") and not isinstance(parameters, Mapping) else [parameters]
    )
    if isinstance(parameters, Set) and not isinstance(parameters, (KeysView, ItemsView)):
        raise TypeError(
            "parameters in a set have no order to save what an optimizer remembers of them: put them into a list"
        )
    if isinstance(parameters, Value) or not all(isinstance(p, Value) for p in ps):
        wrong = next((p for p in ps if not isinstance(p, Value)), parameters)
        hint = (": one parameter is a list too, [p]" if isinstance(parameters, Value)
                else ": leave their names out" if isinstance(wrong, tuple) and len(wrong) == 2
                and isinstance(wrong[0], str)
                else ": put them all into one list" if isinstance(wrong, (list, tuple, Mapping))
                or hasattr(wrong, "dtype") else ": call it, with ()" if callable(wrong) else "")  # fmt: skip
        raise TypeError(
            f"parameters are a list of Values, as in model.parameters(), got {type(wrong).__name__} {wrong!r:.80}{hint}"
        )
    if not ps:
        raise ValueError(
            "there are no parameters: the list is empty (a generator may have been used up, "
            "or weights are plain numbers, no Values)"
        )
    for p in ps:
        if p.parents:
            raise ValueError(
                f"{p!r} was computed by {p.op.name!r}: changing it would be lost with the next forward pass; "
                "pass the Values that it was computed from"
            )
    return list(dict.fromkeys(ps))


@cache
def numpy() -> Any:
    """NumPy, if it is installed, else None."""
    with uninterrupted():
        return importlib.import_module("numpy") if find_spec("numpy") else None


class Packed:
    """The numbers of some Values in one row, and whose they are: what `pack` makes.

    `array` are the numbers: float64 of NumPy, or an `array` of doubles without NumPy.  Change them, or put others in
    their place, as you like: `flat.array -= 0.1 * gradient`.  `parameters` are the Values, in the same order.
    """

    __slots__ = ("array", "parameters")
    __array_ufunc__ = None  # so that NumPy leaves arithmetic to the refusal below

    def __init__(self, array: Any, parameters: Iterable[Value]) -> None:
        self.array, self.parameters = array, tuple(parameters)

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[float]:
        return iter(self.array.tolist())

    def __repr__(self) -> str:
        shown = ", ".join(f"{x:.6g}" for x in self.array[:3])
        return f"<packed: {len(self)} numbers, {shown}{', ...' * (len(self) > 3)}>"

    def _refused(self, *_: Any) -> NoReturn:
        raise TypeError(
            "packed parameters are not calculated with themselves, their numbers are: "
            "flat.array -= 0.1 * gradient, flat.array[0]"
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __getitem__ = __setitem__ = _refused


def pack(parameters: Iterable[Value]) -> Packed:
    """The numbers of some Values, each once, in one row: `.array`, with `.parameters`, the Values.

    Raises TypeError for what is no list of Values, ValueError for an empty one and for Values
    that were computed from others.
    """
    ps = listed(parameters)
    return Packed(row_of(stored("data", ps)), ps)


def row_of(numbers: Sequence[float]) -> Any:
    """Numbers as an array of NumPy, or as an `array` of doubles without NumPy."""
    np = numpy()
    return array("d", numbers) if np is None else np.array(numbers, float)


def unpack(flat: Any, parameters: Iterable[Value] | None = None) -> list[Value]:
    """Write the numbers of packed parameters into the Values, or those of any row into `parameters`; return the Values.

    Raises TypeError for what is no row of numbers, ValueError if it does not fit; then nothing is
    written, nor is anything half written when a Ctrl-C arrives.
    """
    numbers = array("d", row_in(flat)).tolist()
    if parameters is None and not isinstance(flat, Packed):
        raise ValueError("this array does not say whose numbers it holds: write unpack(array, parameters)")
    ps = list(flat.parameters) if parameters is None else listed(parameters)
    if len(numbers) != len(ps):
        raise ValueError(f"{len(numbers)} numbers do not fit {len(ps)} parameters")
    if tracing.active():  # the first of them says why not
        ps[0].data = numbers[0]
    write("data", ps, numbers)
    return ps


def is_row(x: Any) -> bool:
    """Whether something is one row of real numbers, as far as can be seen without a look at each."""
    if hasattr(x, "dtype"):
        return x.ndim == 1 and x.dtype.kind in "fiub"
    in_order = hasattr(x, "__len__") and not isinstance(x, (str, bytes, bytearray, Set, Mapping))
    return in_order and getattr(x, "ndim", 1) == 1


def row_in(flat: Any) -> Any:
    """The row of numbers in packed parameters, or that an array or a list is.  Raises TypeError for anything else."""
    row = flat.array if isinstance(flat, Packed) else flat
    if not is_row(row):
        got = " ".join(repr(row).split())
        raise TypeError(
            f"theta is one row of real numbers, such as pack(parameters) has, got {type(row).__name__} {got:.80}"
        )
    return row


def is_flat(parameters: Any) -> bool:
    """Whether parameters are the numbers of one array, packed or not.

    Raises TypeError or ValueError for an array that cannot be trained.
    """
    parameters = parameters.array if isinstance(parameters, Packed) else parameters
    kind = getattr(parameters, "typecode", None) or getattr(getattr(parameters, "dtype", None), "char", None)
    if kind in (None, "O"):
        return False
    if kind != "d" or getattr(parameters, "ndim", 1) != 1:
        raise TypeError(
            f"parameters in an array are float64 in one row, as in pack(parameters).array, got {parameters!r:.80}"
        )
    if not len(parameters):
        raise ValueError("there are no parameters to train: the array is empty")
    return True
