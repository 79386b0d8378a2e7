"""What the code of a function says that it may ask for: names, types, which object something is."""

from __future__ import annotations

import dis
import types
from collections.abc import Iterator

_ANY = {"globals", "eval", "exec"}  # by which a function may reach whatever its module holds
_TYPES = {"isinstance", "issubclass", "type", "__class__", "hasattr", "getattr", "dir", "callable", "AttributeError",
          "TypeError", "Exception", "singledispatch", "dispatch"}  # fmt: skip
_IS, _MATCH = dis.opmap["IS_OP"], dis.opmap["MATCH_CLASS"]


def names_in(code: types.CodeType) -> Iterator[str]:
    """The globals and attributes that a function and the functions inside it may look up."""
    yield from code.co_names
    for inside in code.co_consts:
        if isinstance(inside, types.CodeType):
            yield from names_in(inside)


def identities(code: types.CodeType) -> set[str]:
    """How a function, or one inside it, may ask which object something is:
    by `is`, but for `is None`, by what does the same, or by `id` and what `object` makes of it.
    """
    named = {*code.co_names, *[c for c in code.co_consts if type(c) is str]}
    asked = {"is_", "is_not"} & named
    if "object" in named and {"__eq__", "__ne__", "__hash__", "__repr__"} & named:
        asked.add("id")
    if _IS in code.co_code[::2] or "id" in code.co_names:
        with_a_constant = False
        for step in dis.get_instructions(code):
            if step.opcode == _IS and not with_a_constant:
                asked.add("is")
            elif step.argval == "id" and step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                asked.add("id")
            with_a_constant = step.opname == "LOAD_CONST"
    return asked.union(*[identities(inside) for inside in code.co_consts if isinstance(inside, types.CodeType)])


def asks_for_types(code: types.CodeType, names: set[str]) -> bool:
    """Whether a function with these names may ask what type something has."""
    return not _TYPES.isdisjoint(names) or _MATCH in code.co_code[::2]


def reaches_all(code: types.CodeType, names: set[str]) -> bool:
    """Whether a function with these names may reach whatever its module holds; `model.eval` is an attribute."""
    if _ANY.isdisjoint(names):
        return False
    steps = [step for c in (code, *inner(code)) for step in dis.get_instructions(c)]
    return any(step.argval in _ANY and step.opname in ("LOAD_GLOBAL", "LOAD_NAME") for step in steps)


def inner(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code of the functions inside a function, but for comprehensions, which run where they stand."""
    for inside in code.co_consts:
        if isinstance(inside, types.CodeType):
            yield from [inside] if inside.co_name == "<lambda>" or inside.co_name.isidentifier() else []
            yield from inner(inside)
