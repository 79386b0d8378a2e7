"""Numbers as people keep them: in lists, tuples, dicts, named tuples, dataclasses and arrays, in one another.

>>> tree = {"w": [2, 3.0], "b": 1}
>>> list(leaves("p", tree))
[("p['w'][0]", 2), ("p['w'][1]", 3.0), ("p['b']", 1)]
>>> mapped(lambda x: x * 10, tree)
{'w': [20, 30.0], 'b': 10}
>>> flatten(tree), unflatten(tree, "xyz")
([2, 3.0, 1], {'w': ['x', 'y'], 'b': 'z'})
"""

from __future__ import annotations

import array
import copy
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from .ieee import number


def fields(tree: Any) -> list[str] | None:
    """The names of what a named tuple or a dataclass holds; None for anything else."""
    if isinstance(tree, tuple):
        return list(tree._fields) if hasattr(tree, "_fields") else None
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type) and not hasattr(tree, "parameters"):
        return [f.name for f in dataclasses.fields(tree)]
    return None


def with_fields(twin: Any, parts: dict[str, Any]) -> Any:
    """A dataclass with these in its fields; past its __setattr__, for that of a frozen one refuses."""
    for name, part in parts.items():
        object.__setattr__(twin, name, part)
    return twin


def entries(tree: Any) -> Any:
    """An array of any kind as one of NumPy, or, an `array.array` and a memoryview, which have no dtype, as lists;
    None for anything else.
    """
    if getattr(tree, "ndim", 0) and hasattr(tree, "dtype"):
        import numpy as np

        return np.asarray(tree)
    rows = isinstance(tree, array.array) or isinstance(tree, memoryview) and tree.ndim
    return tree.tolist() if rows else None


def parts(tree: Any) -> list[tuple[str, Any]] | None:
    """What a container holds, each part with what a person writes after its name: [0], ['b'], .w; None for a leaf."""
    names = fields(tree)
    if names is not None:
        return [(f".{name}", getattr(tree, name)) for name in names]
    if isinstance(tree, dict):
        return [(f"[{key!r}]", part) for key, part in tree.items()]
    inner = tree if isinstance(tree, (list, tuple)) else entries(tree)
    return None if inner is None else [(f"[{i}]", part) for i, part in enumerate(inner)]


def leaves(name: str, tree: Any) -> Iterator[tuple[str, Any]]:
    """Everything in a tree that is no container, with the name a person would give it: w, w[0][1], w['b'], p.w."""
    inner = parts(tree)
    if inner is None:
        yield name, tree
    else:
        for place, part in inner:
            yield from leaves(name + place, part)


def argument_names(f: Any, n: int) -> list[str]:
    """What a function calls its first n arguments.

    >>> argument_names(lambda w, *more: 0, 3), argument_names(max, 1)
    (['w', 'more[0]', 'more[1]'], ['input 0'])
    """
    import inspect  # which takes as long to load as the engine

    names: list[str] = []
    try:
        for p in inspect.signature(f).parameters.values():
            names += [f"{p.name}[{i}]" for i in range(n)] if p.kind is p.VAR_POSITIONAL else [p.name]
    except (TypeError, ValueError):  # some built-in functions do not tell
        pass
    return [*names[:n], *[f"input {i}" for i in range(len(names), n)]]


def arguments(f: Any, args: Sequence[Any]) -> list[tuple[str, Any]]:
    """Everything in the arguments of a function that is no container, with its name: w['b'], more[1][0]."""
    return [leaf for name, tree in zip(argument_names(f, len(args)), args) for leaf in leaves(name, tree)]


def number_at(place: str, x: Any) -> float:
    """The number of a leaf.  Raises TypeError, which says where it is and what to do, for what is none.

    >>> number_at("w[0]", range(3))
    Traceback (most recent call last):
    TypeError: w[0]: a number is needed here, not range range(0, 3): make it a list, list(...)
    """
    try:
        return number(x)
    except TypeError as e:
        table = hasattr(x, "columns") and hasattr(x, "to_numpy")
        if not table and (
            hasattr(x, "__array__") or isinstance(x, (str, complex))
        ):  # a number after all, but for something
            raise TypeError(f"{place}: {e}") from None
        hint = ("make it an array, x.to_numpy()" if table
                else "make it a dict, dict(...)" if isinstance(x, Mapping)
                else "a model's numbers are its parameters, as in grad(loss, *model.parameters())"
                if hasattr(x, "parameters")
                else "make it a list, list(...)" if isinstance(x, Iterable)
                else "keep its numbers in a dict, a named tuple or a dataclass"
                if hasattr(x, "__dict__") and not callable(x)
                else f"let a function give it, as in lambda x: f(x, {x!r:.20})")  # fmt: skip
        seen = " ".join(repr(x).split())  # a table on one line
        raise TypeError(f"{place}: a number is needed here, not {type(x).__name__} {seen:.80}: {hint}") from None


def flatten(tree: Any) -> list[Any]:
    """Everything in a tree that is no container, in order."""
    return [leaf for _, leaf in leaves("", tree)]


def shape(tree: Any) -> tuple[int, ...] | None:
    """How many parts there are in which depth, as NumPy tells it; None if not all parts of one depth are alike.

    >>> shape([[1, 2, 3], [4, 5, 6]]), shape(2.0), shape([[1], [2, 3]])
    ((2, 3), (), None)
    """
    if hasattr(tree, "shape"):
        return tuple(tree.shape)
    if (inner := parts(tree)) is None or isinstance(tree, dict):
        return ()
    inside = {shape(part) for _, part in inner} or {()}
    first = inside.pop()
    return None if inside or first is None else (len(inner), *first)


def unflatten(tree: Any, fresh: Iterable[Any]) -> Any:
    """The same tree with others in the place of its leaves."""
    rest = iter(fresh)
    return mapped(lambda _: next(rest), tree)


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """The same tree with f(leaf) in the place of each leaf; an array becomes one of objects, or a list (see `entries`),
    and of arrays one array.

    `tree` stays as it is.
    """
    names = fields(tree)
    twin: Any
    if isinstance(tree, tuple):  # of any class, past its __new__, which may ask for more
        return tuple.__new__(type(tree), [mapped(f, part) for part in tree])
    if names is not None:
        return with_fields(copy.copy(tree), {name: mapped(f, getattr(tree, name)) for name in names})
    if isinstance(tree, dict):
        twin = copy.copy(tree)
        for key, part in tree.items():
            twin[key] = mapped(f, part)
    elif isinstance(tree, list):
        twin = copy.copy(tree)
        twin[:] = [mapped(f, part) for part in tree]
    else:
        inner = entries(tree)
        if inner is None or isinstance(inner, list):
            return f(tree) if inner is None else mapped(f, inner)
        import numpy as np

        found = {place: mapped(f, inner[place]) for place in product(*map(range, inner.shape))}
        inside = {getattr(part, "shape", ()) for part in found.values()}
        twin = np.empty(inner.shape + (inside.pop() if len(inside) == 1 else ()), object)
        for place, part in found.items():  # one by one: f may give lists, which are entries too
            twin[place] = part
    return twin
