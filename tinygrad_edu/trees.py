"""Numbers as people keep them: in lists, tuples, dicts, named tuples, dataclasses and arrays, in one another.

>>> tree = {"w": [2, 3.0], "b": 1}
>>> list(leaves("p", tree))
[("p['w'][0]", 2), ("p['w'][1]", 3.0), ("p['b']", 1)]
>>> mapped(lambda x: x * 10, tree)
{'w': [20, 30.0], 'b': 10}
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any


def _fields(tree: Any) -> list[str] | None:
    """The names of what a named tuple or a dataclass holds; None for anything else."""
    if isinstance(tree, tuple):
        return list(tree._fields) if hasattr(tree, "_fields") else None
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type) and not hasattr(tree, "parameters"):
        return [f.name for f in dataclasses.fields(tree)]
    return None


def _is_array(tree: Any) -> bool:
    return bool(getattr(tree, "ndim", 0)) and hasattr(tree, "flat")


def leaves(name: str, tree: Any) -> Iterator[tuple[str, Any]]:
    """Everything in a tree that is no container, with the name a person would give it: w, w[0][1], w['b'], p.w."""
    fields = _fields(tree)
    if fields is not None:
        for field in fields:
            yield from leaves(f"{name}.{field}", getattr(tree, field))
    elif isinstance(tree, dict):
        for key, part in tree.items():
            yield from leaves(f"{name}[{key!r}]", part)
    elif isinstance(tree, (list, tuple)) or _is_array(tree):
        for i, part in enumerate(tree):
            yield from leaves(f"{name}[{i}]", part)
    else:
        yield name, tree


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """The same tree with f(leaf) in the place of each leaf; an array becomes an array of objects.  `tree` stays as it is."""
    fields = _fields(tree)
    if isinstance(tree, tuple):
        parts = [mapped(f, part) for part in tree]
        return type(tree)._make(parts) if fields is not None else type(tree)(parts)  # type: ignore[attr-defined]
    if fields is not None:
        twin = copy.copy(tree)
        for field in fields:  # past __setattr__, which a frozen dataclass refuses
            object.__setattr__(twin, field, mapped(f, getattr(tree, field)))
    elif isinstance(tree, dict):
        twin = copy.copy(tree)
        for key, part in tree.items():
            twin[key] = mapped(f, part)
    elif isinstance(tree, list):
        twin = copy.copy(tree)
        twin[:] = [mapped(f, part) for part in tree]
    elif _is_array(tree):
        twin = tree.astype(object)
        twin.flat[:] = [mapped(f, part) for part in tree.flat]
    else:
        return f(tree)
    return twin
