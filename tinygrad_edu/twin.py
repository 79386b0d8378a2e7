"""The engine in C, where this package was compiled: the same Value, the same bits, faster.

`engine.py` says what a Value is and how gradients flow.  Where `_twin`, which is made out of the folder `c`, is at
hand, a `Node` keeps the same things in C, and operations, the order of a graph and the chain rule on floats are done
there: `compilation` puts them in place.  `tinygrad_edu.compiled` says which engine runs; the environment variable
TINYGRAD_EDU_C=0 chooses Python.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any


def _extension() -> Any:
    if os.environ.get("TINYGRAD_EDU_C") == "0":
        return None
    try:
        return import_module("._twin", __package__)
    except ImportError:  # it was not compiled, or for another Python
        return None


extension = _extension()
compiled = extension is not None


def node(plain: type) -> type:
    """The class that Value builds on: `plain`, or the same in C."""
    return extension.Node if compiled else plain


def dot(plain: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """A function that weighs inputs and adds a bias, or None: `plain`, or the same in C."""
    weighted: Callable[[Any, Any, Any], Any] = extension.dot(plain) if compiled else plain
    return weighted
