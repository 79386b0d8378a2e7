"""The python backend."""

from __future__ import annotations

import functools
import marshal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .batching import Batch as Together
from .plan import Plan
from .printing import Printed

if TYPE_CHECKING:
    from .recording import Recording


class Straight:
    """The python backend: straight-line source, one sample after the other, on the standard library alone."""

    @classmethod
    def of(cls, recording: Recording) -> Straight:
        return cls(recording)

    def __init__(self, recording: Recording) -> None:
        self.record, self.wanted, self.optimise = recording.record, recording.wanted, recording.optimise

    @property
    def nbytes(self) -> int:
        """What is kept: code."""
        return len(marshal.dumps([self.printed.value.__code__, self.printed.value_and_grads.__code__]))

    @functools.cached_property
    def printed(self) -> Printed:
        """For one sample: the engine's bits."""
        return Printed(self.record, self.wanted, optimise=self.optimise)

    @functools.cached_property
    def together(self) -> Together:
        """For several, in one function."""
        return Together(self.record, self.wanted, self.optimise)

    @functools.cached_property
    def same_bits(self) -> bool:
        """Whether `together` has the engine's bits for one sample too:
        it adds gradients from what depends on parameters alone last.
        """
        varies = set(self.record.inputs)
        for n in self.record.order:
            if not varies.isdisjoint(n.parents):
                varies.add(n)
        return all(n in varies for n in Plan(self.record, self.wanted, self.optimise).needed if n.parents)

    def run(self, theta: Sequence[float], rows: Sequence[Sequence[float]]) -> list[list[float]]:
        """[outputs][lanes]."""
        return list(map(list, zip(*[self.printed.value((*row, *theta)) for row in rows])))

    def value_and_grads(
        self, theta: Sequence[float], rows: Sequence[Sequence[float]], seed: float, inputs: bool
    ) -> tuple[Any, Any, Any]:
        """As `native.Compiled.value_and_grads`, in lists."""
        first = len(self.wanted) - len(theta)  # inputs come before parameters
        if len(rows) == 1 and not self.same_bits:
            y, grads = self.printed.value_and_grads((*rows[0], *theta), seed)
            values, dtheta, dinputs = [y], grads[first:], [grads[:first]]
        else:
            values, dtheta, dinputs = self.together.run(theta, rows, seed)
        at = dict(zip(self.wanted[:first], zip(*dinputs))) if inputs else {}
        return (
            list(map(list, zip(*values))),
            list(dtheta),
            [at.get(x, ()) for x in self.record.inputs] if inputs else None,
        )
