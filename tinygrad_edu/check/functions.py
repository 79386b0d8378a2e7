"""A function and its inputs, whatever they are kept in: what each is called, where it stands,
and the function anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine import Value, topological
from ..errors import UserError
from ..graphs import rebuilt
from ..trees import arguments, flatten, number_at, unflatten
from .probes import GraphProbe


class Function:
    """f of a point: `labels` are the names of its numbers, `point` the numbers.  `who` asks, in what it refuses.

    >>> f = Function(lambda w, b: w[0] * w[1] + b, [2.0, 3.0], 1.0)
    >>> f.labels, f.point, f.at([2.0, 3.0, 2.0]).y
    (['w[0]', 'w[1]', 'b'], [2.0, 3.0, 1.0], 8.0)
    """

    def __init__(self, f: Callable[..., Value] | Value, *inputs: Any, who: str = "gradcheck") -> None:
        if not isinstance(f, Value) and not callable(f):
            raise TypeError(
                f"{who} takes a function (or the Value it returned) and its inputs, got {type(f).__name__} {f!r} first"
            )
        given = arguments(f, inputs)
        if not given:
            raise UserError(f"{who} needs at least one input to push: {who}(f, 2.0), or {who}(loss, *parameters)")
        self.f, self.inputs = _repeat(f, flatten(list(inputs))) if isinstance(f, Value) else f, inputs
        self.labels = [v.label if isinstance(v, Value) and v.label else name for name, v in given]
        self.point = [v.data if isinstance(v, Value) else number_at(name, v) for name, v in given]
        self.given = [v if isinstance(v, Value) else None for _, v in given]

    def at(self, xs: list[float]) -> GraphProbe:
        """The graph of f at other numbers."""
        pushed = [Value(x, label) for x, label in zip(xs, self.labels)]
        return GraphProbe(self.f(*unflatten(self.inputs, pushed)), pushed)

    def here(self) -> GraphProbe:
        """The graph of f where it stands.

        Raises ValueError if it has no gradient there, or is not the same each time.
        """
        center, again = self.at(self.point), self.at(self.point)
        center.check(self.given)
        if again.y != center.y or again.ops != center.ops:
            raise UserError(
                f"f gave {center.y!r} and then {again.y!r} for the same inputs, so it has no gradient to check: "
                "is it random (dropout, noise, shuffling)? Seed it inside f"
            )
        return center


def _repeat(root: Value, inputs: list[Any]) -> Callable[..., Value]:
    """A function that computes the recorded graph of `root` again, with other Values in the place of `inputs`."""
    order = topological(root)
    known = set(order)
    for v in inputs:
        if v not in known:
            raise UserError(f"{v!r} is not in the graph of {root!r}: give the Values it was computed from")

    def f(*args: Any) -> Value:
        def again(node: Value, parents: tuple[Any, ...]) -> Any:
            made = node.op(*parents) if parents else node
            made.label = node.label
            return made

        return rebuilt(order, dict(zip(inputs, flatten(list(args)))), again)[root]  # type: ignore[no-any-return]

    return f
