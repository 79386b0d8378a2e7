"""What is said when a recorded function asks a Value for what a replay would not ask again: where, what, and what else.

The line is that of the user's own code, also where a library asked on its behalf.
"""

from __future__ import annotations

import linecache
import re
from typing import Any

from .. import ops
from .state import library


def place(frame: Any) -> str:
    """The line of the user's code that led here."""
    frame = users(frame)
    return f"{frame.f_code.co_filename}, line {frame.f_lineno}"


def users(frame: Any) -> Any:
    """Where somebody's own code asks, in its own name or through a library, such as copy or NumPy."""
    found = frame
    while found is not None and library(found.f_globals.get("__name__", "").partition(".")[0]):
        found = found.f_back
    return found or frame


def complaint(kind: str, frame: Any, asked: str, written: bool) -> str:
    if frame.f_globals.get("__name__") == "tinygrad_edu.protocol":
        asked = {"__bool__": "bool()", "__float__": "float()", "__int__": "int()", "__round__": "round()",
                 "compare": "a comparison"}.get(
            frame.f_code.co_name, asked)  # fmt: skip
    where = f"{place(frame)}: {'assigning ' * written}{asked} of a {kind}, while recording: "
    if written:
        return where + "no replay would do it again: assign outside of the recorded function, after calling it"
    row = _row_for(users(frame)) if asked == "float()" else ""
    return (
        f"{where}this run's answer would be baked into every "
        f"replay. {row}Use where(greater(x, 0), a, b), maximum or minimum for a choice; a count or an index that is "
        "always the same stands in the function; pass a row of a table, not its number; whatever else must be a "
        "plain number is computed before and passed as an argument"
    )


def _row_for(frame: Any) -> str:
    """What to write in place of a function of numbers, such as math.tanh, that is called on this line."""
    code = frame.f_code
    names = {*code.co_names, *code.co_varnames, *code.co_freevars}
    line = linecache.getline(code.co_filename, frame.f_lineno)
    on_it = [n for n in re.findall(r"(\w+)\s*\(", line) if n in names]
    for called in on_it or code.co_names:  # what was typed for `exec` has no line, or that of another "<string>"
        row = {"fabs": "abs", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}.get(called, called)
        if row in ops.TABLE and row not in ("sum",):
            return (
                f"For a number write {called}, for a Value x.{row}(). "
                if row != "abs"
                else "For a Value write abs(x). "
            )
    return ""
