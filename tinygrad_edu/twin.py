"""The engine in C, where this package was compiled: the same Value, the same bits, faster.

`engine.py` says what a Value is and how gradients flow.  Where `_twin`, which is made out of the folder `c`, is at
hand, a `Node` keeps the same things in C, and operations, the order of a graph and the chain rule on floats are done
there: `compilation` puts them in place.  `tinygrad_edu.compiled` says which engine runs; the environment variable
TINYGRAD_EDU_C=0 chooses Python.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

EDITION = 2  # of what `_twin` has, there and here: in a checkout one may be older than the other


def _extension() -> Any:
    if os.environ.get("TINYGRAD_EDU_C") == "0":
        return None
    try:
        found = import_module("._twin", __package__)
    except ImportError:  # it was not compiled, or for another Python
        return None
    if getattr(found, "EDITION", 1) == EDITION:
        return found
    warnings.warn(
        f"the engine in C, {found.__file__}, was compiled from another edition of its source: compile it anew, with "
        "`pip install -e .`; until then Python computes the same",
        RuntimeWarning,
        stacklevel=2,
    )
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
