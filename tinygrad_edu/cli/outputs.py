"""Files that a command is asked to write: what could not be written after an hour of work is refused before it."""

from __future__ import annotations

from pathlib import Path

from .. import files, render
from ..errors import UserError
from ..picture import FORMS

PICTURES = tuple(f".{form}" for form in FORMS)


def check(path: str | None, *known: str, form: str = "", begins: str = "") -> str:
    """Refuse the name of a file that does not end in one of the `known` ways, that no program here can make, or that
    holds something else: JSON has a `form`, a table `begins` with the names of its columns.  Else the word for it:
    "wrote" or "replaced"; nothing if there is no name.
    """
    if path is None:
        return ""
    ending = endings(path, *known)
    render.check(ending.removeprefix("."))
    if ending == ".csv":
        from ..train.history import check_table  # with all of training

        return check_table(path, begins)
    return files.check(path, form=form if ending == ".json" else "")


def endings(path: str | None, *known: str) -> str:
    """How the name of a file ends.  Raises UserError if that is not one of the `known` ways."""
    ending = Path(path or known[0]).suffix.lower()
    if path and ending not in known:
        raise UserError(f"{path}: the name of this file must end in {' or '.join(known)}")
    return ending
