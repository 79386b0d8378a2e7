"""How a long graph is freed where the stack is small.

A node that is freed frees its parents, inside of it, and these theirs.  CPython sees to it that this does not go too
deep, but in WebAssembly the browser's own stack ends before: some two thousand nodes in a row, and Python is dead.
There the engine makes `dismantle` the `__del__` of a Value.
"""

from __future__ import annotations

from typing import Any

_waiting: list[tuple[Any, ...]] = []  # parents of nodes that are gone
_busy = False


def dismantle(node: Any) -> None:
    """Let go of a node's parents one after the other, not each inside of the one before."""
    global _busy
    _waiting.append(node.parents)
    node.parents = ()
    if not _busy:
        _busy = True
        try:
            while _waiting:
                _waiting.pop()  # whoever nobody else holds comes here, and only adds to what is waiting
        finally:
            _busy = False
