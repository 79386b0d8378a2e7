"""Rows filled with names exactly: what a program is printed from, and what shows whether a row can be printed at all.

`text` writes for people, and leaves out zeros and ones.  A program must do what the engine does, so here nothing is
left out; and a row that somebody made may compare its input, or hand it to `math`, which no name can answer.

    >>> from .text import write
    >>> write(filled(ops.tanh, lambda x: 0 * x + 1.0, [exact("x")]))
    '0 * x + 1'
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from . import ops
from .ops import Op
from .text import Expr, name


@functools.lru_cache(maxsize=1024)
def kind(op: Op) -> str:
    """A row's name without its parameters: `power` for power(3)."""
    return op.name.split("(")[0]


def is_builtin(op: Op) -> bool:
    """Whether a row stands in `ops`: languages have words for these alone, and another may have any name.

    >>> is_builtin(ops.tanh), is_builtin(ops.power(3)), is_builtin(Op("tanh", abs, lambda y, x: (1.0,)))
    (True, True, False)
    """
    return op is ops.within or getattr(ops, kind(op), None) in (op, *op.recipe[:1])


class Exact(Expr):
    """A formula that keeps every operation: 0 * x is no 0 where x is inf, and -0.0 + 0.0 is not -0.0."""

    __slots__ = ()

    def __apply__(self, op: Op, args: tuple[Any, ...]) -> Any:
        return Exact(op, args)


def exact(text: str) -> Exact:
    """A name, to fill a row with."""
    return Exact(ops.leaf, (text,))


def filled(op: Op, rule: Callable[..., Any], args: Iterable[Any]) -> Any:
    """A rule of a row filled with names: a formula, or a tuple of formulas.

    Raises TypeError, which names the row, if it asks for a number.

    >>> filled(ops.tanh, lambda x: x if x > 0 else -x, [name("x")])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    TypeError: the row 'tanh' cannot be written with other rows ('>' not supported between ...
    """
    try:
        result = rule(*[Exact(a.op, a.args) if type(a) is Expr else a for a in args])
        for e in result if isinstance(result, (tuple, list)) else [result]:
            if not isinstance(e, Expr):
                float(e)
    except Exception as e:  # whatever a rule that expects floats may raise
        op.check_inputs()
        raise TypeError(
            f"the row {op.name!r} cannot be written with other rows ({e}): "
            "make its rules, or its `parts`, of arithmetic, where, maximum and other rows"
        ) from e
    return result


def check_rules(op: Op) -> None:
    """Raise TypeError if a rule of a row cannot be filled with names."""
    names = [exact(f"x{i}") for i in range(len(op.domain))]
    filled(op, op.parts or op.forward, names)
    filled(op, op.partials, [exact("y"), *names])


@functools.lru_cache(maxsize=1024)
def definition(op: Op) -> tuple[str, Any] | None:
    """The inputs of a row that is none of ours, and a formula of them;
    None if neither its `parts` nor its forward rule can be filled with names.
    """
    if ... in op.domain:
        return None
    names = ["x"] if len(op.domain) == 1 else [f"x{i + 1}" for i in range(len(op.domain))]
    for rule in (op.parts, op.forward):
        if rule:
            try:
                return ", ".join(names), filled(op, rule, map(name, names))
            except TypeError:
                continue
    return None
