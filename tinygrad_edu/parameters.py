"""What can be trained: Values that nothing computed."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterable, KeysView, Mapping, Sequence, Set
from functools import partial
from itertools import repeat
from typing import Any

from .engine import Value

_SLOTS = {"data": "_data", "grad": "_grad"}  # past the checks of what is assigned


def write(what: str, ps: Any, floats: Sequence[float], owner: Any = None, **attributes: Any) -> None:
    """Write one float into the "data" or "grad" of each Value (or all into an array),
    and with them some attributes of their owner.

    All or nothing: it is one call into C, where no Ctrl-C and no other thread can land half-way.
    """
    if isinstance(ps, list):
        put: Any = partial(deque, map(setattr, ps, repeat(_SLOTS[what]), floats), 0)
    else:
        put = partial(operator.setitem, ps, ... if hasattr(ps, "dtype") else slice(None), floats)
    deque(map(operator.call, (put,) if owner is None else (put, partial(vars(owner).update, attributes))), 0)


def zeroed(ps: Iterable[Value]) -> None:
    """Set the gradient of each Value to 0: of all of them, also if Ctrl-C comes half-way."""
    ps = ps if isinstance(ps, list) else list(ps)
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
    if isinstance(parameters, Set) and not isinstance(parameters, KeysView):
        raise TypeError(
            "parameters in a set have no order to save what an optimizer remembers of them: put them into a list"
        )
    if isinstance(parameters, Value) or not all(isinstance(p, Value) for p in ps):
        wrong = next((p for p in ps if not isinstance(p, Value)), parameters)
        hint = (": one parameter is a list too, [p]" if isinstance(parameters, Value)
                else ": leave their names out" if isinstance(wrong, tuple) and len(wrong) == 2
                and isinstance(wrong[0], str)
                else ": put them all into one list" if isinstance(wrong, (list, tuple, Mapping))
                or hasattr(wrong, "dtype") else "")  # fmt: skip
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


def is_flat(parameters: Any) -> bool:
    """Whether parameters are the numbers of one array.

    Raises TypeError or ValueError for an array that cannot be trained.
    """
    kind = getattr(parameters, "typecode", None) or getattr(getattr(parameters, "dtype", None), "char", None)
    if kind in (None, "O"):
        return False
    if kind != "d" or getattr(parameters, "ndim", 1) != 1:
        raise TypeError(
            f"parameters in an array are float64 in one row, as pack(parameters) makes it, got {parameters!r:.80}"
        )
    if not len(parameters):
        raise ValueError("there are no parameters to train: the array is empty")
    return True
