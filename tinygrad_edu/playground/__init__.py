"""What the page in the browser asks of this package, answered as plain data: JSON in, JSON out.

    >>> answer("look.read", '{"expression": "tanh(w*x)"}')
    '{"value": {"names": ["w", "x"]}}'
    >>> answer("look.read", '{"expression": "tanh(w*"}')  # doctest: +ELLIPSIS
    '{"error": "cannot read ...

One module for each door of the page: `look`, `training`, `lessons`.  A question is `module.function` with arguments by
name; a module's `__all__` says which functions may be asked.  What a person can put right comes back as an error, in a
sentence; whatever else is raised is a fault of ours, and comes back with its traceback.
"""

from __future__ import annotations

import json
import math
import traceback
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from ..blocks import Block, hypertext
from ..errors import UserError

DOORS = ("look", "training", "lessons")


def answer(question: str, arguments: str) -> str:
    """The answer to a question as JSON: {"value": ...}, {"error": sentence} or {"fault": traceback}.

    Numbers that JSON does not know are written as "nan", "inf" and "-inf".
    """
    door, _, name = question.partition(".")
    try:
        module = import_module(f".{door}", __name__) if door in DOORS else None
        if name not in getattr(module, "__all__", ()):
            raise LookupError(f"nothing answers to {question!r}")
        return json.dumps({"value": _sayable(getattr(module, name)(**json.loads(arguments)))}, allow_nan=False)
    except UserError as error:
        return json.dumps({"error": str(error)})
    except Exception:
        return json.dumps({"fault": traceback.format_exc()})


def html(blocks: Iterable[Block]) -> str:
    """What is said, as HTML."""
    return "\n".join(hypertext(blocks))


def _sayable(x: Any) -> Any:
    """The same in what JSON knows."""
    if isinstance(x, dict):
        return {str(k): _sayable(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_sayable(v) for v in x]
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x
