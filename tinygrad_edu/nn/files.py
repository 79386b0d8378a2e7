"""A module on disk: plain JSON, which people can read and which cannot run code (a pickle can).

    {"format": "tinygrad_edu", "version": 1, "kind": "MLP", "config": {"nin": 2, ...}, "state": {...}, "extra": ...}

JSON has no word for three floats and none for rows: `{"$float": "nan"}` (or "inf", "-inf") and `{"$op": "tanh"}` stand
for them.  All other floats are written with the digits that bring back the same bits.  This room knows no module.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from math import isfinite
from typing import Any

from .. import files, ops
from ..errors import UserError
from ..files import StrPath
from ..ops import Op

FORMAT, VERSION = "tinygrad_edu", 1
WRITTEN = "a model is written by model.save(path), or by `tinygrad-edu train ... --save`"
_WORDS = ("nan", "inf", "-inf")


def encode(x: Any, where: str = "extra") -> Any:
    """`x` in what JSON can say.  Raises TypeError, naming the place, for what it cannot.

    >>> encode({"loss": float("inf"), "act": ops.tanh, "sizes": (2, 3)})
    {'loss': {'$float': 'inf'}, 'act': {'$op': 'tanh'}, 'sizes': [2, 3]}
    """
    if isinstance(x, float):
        return float(x) if isfinite(x) else {"$float": repr(float(x))}
    if x is None or isinstance(x, (bool, int, str)):
        return x
    if isinstance(x, (list, tuple)):
        return [encode(v, f"{where}[{i}]") for i, v in enumerate(x)]
    if isinstance(x, dict):
        if wrong := [k for k in x if not isinstance(k, str) or k.startswith("$")]:
            raise TypeError(f"{where} has the key {wrong[0]!r}: keys must be text that does not begin with '$'")
        return {k: encode(v, f"{where}[{k!r}]") for k, v in x.items()}
    if isinstance(x, Op) and ops.TABLE.get(x.name) is x:
        return {"$op": x.name}
    if isinstance(x, Op) and x.recipe and x.recipe[0] in ops.FACTORIES.values():
        make, args = x.recipe
        return {"$op": make.__name__, "args": list(args)}
    if hasattr(x, "recipe") and not isinstance(x, Op):  # a module
        return x.recipe()
    if hasattr(x, "tolist"):  # NumPy's numbers and arrays
        return encode(x.tolist(), where)
    raise TypeError(f"{where} cannot be written to JSON: {type(x).__name__} {x!r}")


def decode(x: Any) -> Any:
    """The opposite of `encode`, but for modules, which stay as they are written.

    Raises ValueError for what it never writes.

    >>> decode({"$float": "-inf"}), decode(encode(ops.leaky_relu(0.2)))
    (-inf, <Op leaky_relu(0.2)>)
    """
    if isinstance(x, list):
        return [decode(v) for v in x]
    if not isinstance(x, dict):
        return x
    if "$float" in x:
        if x["$float"] not in _WORDS:
            raise UserError(f"no float is called {x['$float']!r}: {', '.join(_WORDS)}")
        return float(x["$float"])
    if "$op" in x:
        name, args = x["$op"], x.get("args")
        table: dict[str, Callable[..., Any] | Op] = {**(ops.TABLE if args is None else ops.FACTORIES)}
        if not isinstance(name, str) or name not in table:
            raise UserError(f"there is no row {name!r}: register it first, or look at python -m tinygrad_edu.ops")
        return table[name] if args is None else table[name](*map(float, args))
    return {k: decode(v) for k, v in x.items()}


def write(path: StrPath, content: dict[str, Any]) -> None:
    """Write `content` as JSON, whole or not at all: see `tinygrad_edu.files`."""
    text = json.dumps({"format": FORMAT, "version": VERSION, **content}, indent=1, allow_nan=False) + "\n"
    files.write(path, text)


def read(path: StrPath) -> dict[str, Any]:
    """What a module's file says: "kind", "config", "state" and "extra" (what was given to `save`).  Nothing is built.

    Raises ValueError, with the path, for a file that `save` did not write; OSError if there is none.
    """
    where = os.fspath(path)
    try:
        content = json.loads(files.read(path).decode())
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is not a model saved by tinygrad_edu: it is not JSON ({error}); {WRITTEN}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f'{where} is not a model saved by tinygrad_edu: it has no "format": "{FORMAT}"; {WRITTEN}')
    if content.get("version") != VERSION:
        raise UserError(
            f"{where} is written in version {content.get('version')!r} of the format, this program reads {VERSION}: "
            "use the tinygrad_edu that wrote it, or a newer one"
        )
    try:
        content = decode(content)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UserError(f"{where} is damaged: {error}") from None
    if (
        not isinstance(content.get("kind"), str)
        or not isinstance(content.get("state"), dict)
        or "config" not in content
    ):
        raise UserError(f"{where} is damaged: a model has a kind, a config and a state")
    return {"extra": None, **content}
