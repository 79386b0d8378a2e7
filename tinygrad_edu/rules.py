"""Rules, which are functions that say how an operation computes and what its local gradients are: how they are called.

>>> square = checked("square", lambda y, x: 2 * x)
>>> square(9.0, 3.0)  # doctest: +ELLIPSIS
Traceback (most recent call last):
TypeError: the partials of the row 'square' must return a tuple with one local gradient for each of its 1 inputs, ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

from .floats import Float, Nothing
from .ieee import number

PLAIN = (float, Float, Nothing)


def among(names: dict[str, Any], rule: Any) -> Any:
    """A function of `ops`, but with these names around it: the rule `cos(x)` calls whatever `names` has under cos.

    Asking the row each time what its input is takes longer than all else.  What was written elsewhere stays as it is.
    """
    if isinstance(rule, FunctionType) and rule.__module__ == f"{__package__}.ops":
        return FunctionType(rule.__code__, names, rule.__name__, rule.__defaults__, rule.__closure__)
    return rule


def takes(rule: Callable[..., Any], n: int) -> bool:
    """Whether a rule can be called with n inputs."""
    import inspect  # which takes as long to load as the engine

    try:
        inspect.signature(rule).bind(*range(n))
    except ValueError:  # some built-in functions do not tell
        return True
    except TypeError:
        return False
    return True


def parameters(rule: Any) -> list[str]:
    """The names of a rule's parameters, as they are written.

    >>> parameters(lambda y, *xs: xs)
    ['y', '*xs']
    """
    while hasattr(rule, "__wrapped__"):
        rule = rule.__wrapped__
    if isinstance(rule, FunctionType):  # nearly always, and without `inspect`
        code = rule.__code__
        n, more = code.co_argcount, bool(code.co_flags & 0x04)
        at = n + code.co_kwonlyargcount
        return [*code.co_varnames[:n], *[f"*{name}" for name in code.co_varnames[at : at + more]]]
    import inspect

    return [str(p.replace(annotation=p.empty, default=p.empty)) for p in inspect.signature(rule).parameters.values()]


def arity(partials: Any) -> tuple[int, bool]:
    """How many inputs these partials have a slope for, and whether any number more.

    >>> arity(lambda y, a, b: (b, a)), arity(lambda y, *xs: xs), arity(lambda y, x, k=2: (k,))
    ((2, False), (1, True), (1, False))
    """
    if not isinstance(partials, FunctionType):
        return 1, False
    code = partials.__code__
    return max(1, code.co_argcount - len(partials.__defaults__ or ()) - 1), bool(code.co_flags & 0x04)


def computed(name: str, result: Any) -> float:
    """What a row of one's own computed, as a float."""
    try:
        return number(result)
    except TypeError as e:
        raise TypeError(f"the row {name!r} must compute a number: {e}") from None


def checked(name: str, rule: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    """A rule of one's own, held to what a rule must give."""

    @functools.wraps(rule)
    def partials(y: Any, *xs: Any) -> tuple[Any, ...]:
        try:
            ds = rule(y, *xs)
        except TypeError as e:
            if "positional argument" not in str(e):
                raise
            raise TypeError(
                f"the partials of the row {name!r} are called with its output and its {len(xs)} inputs: {e}"
            ) from e
        if not isinstance(ds, (tuple, list)) or len(ds) != len(xs):
            got = f"{len(ds)}" if isinstance(ds, (tuple, list)) else f"{type(ds).__name__} {ds!r:.80}"
            raise TypeError(
                f"the partials of the row {name!r} must return a tuple with one local gradient for "
                f"each of its {len(xs)} inputs, as in lambda y, x: (2 * x,), got {got}"
            )
        if not isinstance(y, float):
            return tuple(ds)
        try:
            return tuple([d if type(d) in PLAIN else number(d) for d in ds])
        except TypeError as e:
            raise TypeError(f"the partials of the row {name!r} must be numbers where its inputs are: {e}") from None

    return partials
