"""What can be trained: Values that nothing computed."""

from __future__ import annotations

from collections.abc import Iterable

from .engine import Value


def listed(parameters: Iterable[Value]) -> list[Value]:
    """Parameters as a list, each once.  Raises TypeError or ValueError, with what to pass instead, if they are none."""
    if hasattr(parameters, "parameters"):
        raise TypeError(
            f"pass the parameters themselves, as in model.parameters(), not the {type(parameters).__name__}"
        )
    ps = list(parameters) if hasattr(parameters, "__iter__") else None
    if ps is None or not all(isinstance(p, Value) for p in ps):
        wrong = parameters if ps is None else next(p for p in ps if not isinstance(p, Value))
        raise TypeError(
            f"parameters are a list of Values, as in model.parameters(), got {type(wrong).__name__} {wrong!r}"
        )
    if not ps:
        raise ValueError("there are no parameters: the list is empty (a generator may have been used up)")
    for p in ps:
        if p.parents:
            raise ValueError(f"{p!r} was computed by {p.op.name!r}: changing it would be lost with the next forward pass; "
                             "pass the Values that it was computed from")  # fmt: skip
    return list(dict.fromkeys(ps))
