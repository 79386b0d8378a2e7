"""The line of somebody's code that made a node: the innermost one outside of this package, and what it called of it.

Under `anomalies("raise")` or `anomalies("warn")`, and while `diagnose` runs a function, each node keeps its call site:
a code object, a place in it, and the function of `nn`, `losses` or `functional` that was called there, or `grad`.
Neither frames nor their variables are kept.  Words are made of it when somebody asks.

    >>> from tinygrad_edu import Value, anomalies
    >>> with anomalies("raise"):
    ...     y = Value(2.0).log()
    >>> told(y)
    'at <doctest tinygrad_edu.callsites[1]>:2: y = Value(2.0).log()'
"""

from __future__ import annotations

import os
import re
import sys
import types
from types import CodeType, FrameType
from typing import Any

ATTRIBUTE = "_line"  # what it hangs on, beside a label: copies and pickles leave it out
MOST = 90  # letters of a line that are shown

_Site = tuple[CodeType, int, CodeType | None]
_SOMEBODYS, _CALLED, _SLOPES, _PASSED, _FRONT = range(5)  # the user's, what is called and named, passed over, and cli
_BUILDERS = ("nn", "losses", "functional", "targets")
_kinds: dict[str, int] = {}


def mark(v: Any) -> None:
    """Keep with a node that is being made where that is: the frames around it that are not the engine's."""
    v._line = _site(sys._getframe(2))


def told(v: Any) -> str:
    """Where a node was made, in words; "" if that is not known, or in no code but that of this package.

    `at train.py:12, in forward: h = (w * x).log()`, or `in losses.cross_entropy, called at train.py:12: ...`.
    """
    site: _Site | None = getattr(v, ATTRIBUTE, None)
    if site is None:
        return ""
    import linecache  # which loads more than the engine needs

    code, place, inside = site
    within = _room(inside) if inside else ""
    line = next((p[0] for p in [*code.co_positions()][place // 2 :] if p[0]), None) or code.co_firstlineno
    names = [name for name in code.co_qualname.split(".") if not name.startswith("<")]
    linecache.checkcache(code.co_filename)  # the file may have been written anew
    text = " ".join(linecache.getline(code.co_filename, line).split())
    text = text if len(text) <= MOST else f"{text[: MOST - 2]} …"
    return (
        (f"in {within}, called at " if within else "at ")
        + _file(code.co_filename, line)
        + (f", in {'.'.join(names)}" if names else "")
        + (f": {text}" if text else "")
    )


def stacklevel() -> int:
    """How far away from the caller the user's line is, as `warnings.warn` counts."""
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and _kind(frame.f_code.co_filename) != _SOMEBODYS:
        frame, level = frame.f_back, level + 1
    return 2 if frame is None else level


def in_code() -> bool:
    """Whether somebody's code is running now, and not a command."""
    return _site(sys._getframe(1)) is not None


def _site(frame: FrameType | None) -> _Site | None:
    inside = slopes = None
    while frame is not None:
        code = frame.f_code
        kind = _kinds.get(code.co_filename)
        if kind is None:
            kind = _kind(code.co_filename)
        if kind == _SOMEBODYS:
            return code, frame.f_lasti, inside
        if kind == _CALLED:
            inside = code  # the last one before the user's: what the user called
        elif kind == _SLOPES and inside is slopes:
            inside = slopes = code  # `grad`, if the node is none of a layer or a loss
        elif kind == _FRONT:
            break
        frame = frame.f_back
    return None


def _kind(file: str) -> int:
    """Whose code a file holds.  The systems of the zoo use the package as anybody would."""
    if file not in _kinds:
        if file.startswith(_PACKAGE):
            room = _room_of(file)
            known = {"zoo": _SOMEBODYS, "cli": _FRONT, "derivatives": _SLOPES, **dict.fromkeys(_BUILDERS, _CALLED)}
            _kinds[file] = known.get(room, _PASSED)
        else:
            installed = "site-packages" in file or "dist-packages" in file
            passed = file.startswith(("<frozen ", "<recorded", "<__array_function__"))
            numpy = installed and f"{os.sep}numpy{os.sep}" in file
            _kinds[file] = _PASSED if passed or numpy or file.startswith(_STANDARD) and not installed else _SOMEBODYS
    return _kinds[file]


_PACKAGE = os.path.dirname(_kind.__code__.co_filename) + os.sep
_STANDARD = os.path.dirname(str(types.__file__)) + os.sep


def _room_of(file: str) -> str:
    return file[len(_PACKAGE) :].split(os.sep)[0].removesuffix(".py")


def _room(code: CodeType) -> str:
    """A function of this package as users write it: `losses.mse`, `nn.MLP`."""
    return f"{_room_of(code.co_filename)}.{code.co_qualname.split('.<locals>')[0].removesuffix('.__call__')}"


def _file(name: str, line: int) -> str:
    """A place as editors and people read it: `train.py:12`, or `cell 3, line 2`."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    numbered = getattr(getattr(shell, "compile", None), "format_code_name", lambda name: None)(name)
    cell = re.search(r"\d+", numbered[1]) if numbered else re.match(r"<ipython-input-(\d+)", name)
    if cell:
        return f"cell {cell[cell.re.groups]}, line {line}"
    try:
        here = os.path.join(os.getcwd(), "")
    except OSError:  # the folder is gone
        here = ""
    around = os.path.dirname(_PACKAGE.rstrip(os.sep)) + os.sep if name.startswith(_PACKAGE) else here
    return f"{name.removeprefix(around)}:{line}"
