"""Who listens to the Values that are made: the functions that are being recorded (`replay`), in any thread.

The engine tells; whatever a replay could not repeat is refused with a RecordingError.
"""

from __future__ import annotations

from typing import Any

recorders: list[Any] = []  # one per function that is being recorded: see `replay.guard`


class RecordingError(TypeError):
    """While a function is recorded, it asked for something that every replay would repeat:
    a number that depends on its inputs, or chance.

    Whoever records the function remembers it, and raises it again should the function go on regardless.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        who = recorder()
        if who is not None and who.refusal is None:
            who.refusal = self


def recorder() -> Any:
    """Who records what this thread does, or None."""
    for one in tuple(recorders):  # others come and go meanwhile, and a list that shrinks skips one
        if one.mine():
            return one
    return None


def active() -> bool:
    """Whether a function is being recorded here."""
    return recorder() is not None


def hear(v: Any) -> None:
    """Tell whoever records here, or what it was computed from, that a Value was made."""
    for one in tuple(recorders):
        if one.mine() or one.handed_out(v.parents):
            one.hear(v)
            return
