"""The node that stands for a recording in the graph of whoever replays it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

from .. import ops, twin
from ..derivatives import grad
from ..engine import Value, _node, topological
from .recording import floats


class _Replay(ops.Op):
    """The row of such a node: known gradients, and the recorded graph where more is asked for.

    `few(parents, most)` is the same on some of its samples, which have about so many nodes.
    """

    few: Callable[[Sequence[Any], int], Any] | None = None
    unscored = ""  # a distribution, if no surrogate loss was recorded of a choice from it
    __setattr__ = object.__setattr__  # type: ignore[assignment]  # made at every call, for one node, and not to wait for

    def __reduce__(self) -> Any:
        raise TypeError(
            f"{self.name!r} stands for a recording, and recordings are not pickled: pickle opened(v), "
            "from tinygrad_edu.opening, the same graph with what was recorded"
        )


def standin(name: str, y: float, parents: tuple[Value, ...], theta: Any, gradient: Any,
            again: Callable[..., Any], unscored: str = "", lanes: int = 0) -> Value:  # fmt: skip
    """A Value that hands on gradients that are known, and is built anew by `again` where a graph is wanted.

    `theta`: the numbers of the last parents, as they were read; `gradient`: a number for each parent; rows or arrays.
    Of a batch of so many `lanes`, `again(given, k)` is
    the same on k of the samples.
    """

    def rule(out: Any, *values: Any) -> tuple[Any, ...]:
        if not isinstance(out, Value):
            return tuple(floats(gradient))
        # A Value that was passed twice has two gradients.
        apart = [v * 1.0 for v in values] if len({*values}) < len(values) else values
        return tuple(grad(again(apart), *apart))

    op = _Replay(f"jit {name}", lambda *xs: again(xs), rule, domain=(ops.REAL, ...), parts=lambda *xs: again(xs))

    def few(given: Sequence[Any], most: int, least: int = 8) -> Any:
        nodes = sum(1 for n in topological(again(given, 1)) if n.parents)  # of one sample
        return again(given, max(least, most // max(1, nodes)))

    op.unscored = unscored
    if lanes:
        op.few = few
    if twin.compiled:
        made: Value = twin.extension.known(y, parents, op, _doubles(theta), _doubles(gradient))
        return made
    return _node(y, parents, op, (y, *[p.data for p in parents[: len(parents) - len(theta)]], *floats(theta)))


def _doubles(numbers: Any) -> Any:
    return numbers if hasattr(numbers, "dtype") else array("d", numbers)
