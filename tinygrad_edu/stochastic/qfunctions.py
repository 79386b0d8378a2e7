"""Q-functions: what a choice is expected to cost, as a function of a few numbers, learned from examples.

Each is called with the numbers, and has `learn(numbers, target, weight)`.

>>> q = Table(2)
>>> for target in (3.0, 5.0):
...     q.learn((1.0, 0.0), target)
>>> q((1.0, 0.0)), q((0.0, 0.0))
(4.0, 0.0)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from .. import ops
from ..errors import UserError
from ..ieee import number


def _share(keep: float) -> float:
    if not 0 < keep <= 1:
        raise UserError(
            f"keep is how much an old example still counts when a new one comes, above 0 to 1, got {keep!r}"
        )
    return keep


def weighty(weight: Any) -> float:
    """How much an example counts."""
    if not 0 <= number(weight) < math.inf:
        raise UserError(f"a weight says how much an example counts, from 0 on, and no inf or nan, got {weight!r}")
    return number(weight)


def how_many(what: str, n: Any, of: str = "runs") -> int:
    """How many of something."""
    if not hasattr(n, "__index__") or isinstance(n, bool) or n < 0:
        raise UserError(f"{what}= is how many {of}, a whole number from 0 on, got {n!r:.80}")
    return operator.index(n)


class Table:
    """The weighted mean of the targets for each set of numbers; `initial` where there was none.

    With `keep` below 1 older targets count less, each as much as `keep` times the next, which follows a policy that
    changes.  `values` is what it begins with: the first target takes its place.
    """

    def __init__(self, size: int = 0, *, keep: float = 1.0, initial: float = 0.0,
                 values: Mapping[tuple[float, ...], float] | None = None) -> None:  # fmt: skip
        self.size, self.keep, self.initial = size, _share(keep), initial
        self.values = {tuple(map(float, key)): float(y) for key, y in (values or {}).items()}
        self._weights: dict[tuple[float, ...], float] = {}

    def __call__(self, numbers: Sequence[float]) -> float:
        return self.values.get(tuple(numbers), self.initial)

    def learn(self, numbers: Sequence[float], target: float, weight: float = 1.0) -> None:
        """Count one target."""
        key, weight = tuple(numbers), weighty(weight)
        total = self._weights[key] = self.keep * self._weights.get(key, 0.0) + weight
        if weight:
            self.values[key] = self(key) + weight / total * (target - self(key))

    def __repr__(self) -> str:
        return f"Table({len(self.values)} entries)"


class Linear:
    """b + w · numbers, the least squares fit to all targets so far, found anew with each (recursive least squares).

    `keep` as in `Table`.  Source: Plackett 1950; the formulas are those of Sherman and Morrison.

    >>> q = Linear(1)
    >>> for x, y in ((0.0, 1.0), (1.0, 3.0), (2.0, 5.0)):
    ...     q.learn([x], y)
    >>> round(q([10.0]), 3)
    21.0
    """

    def __init__(self, size: int, *, keep: float = 1.0) -> None:
        self.size, self.keep = how_many("size", size, "numbers"), _share(keep)
        self.weights = [0.0] * (size + 1)  # the last one is the bias
        self._spread = [[1e6 * (i == j) for j in range(size + 1)] for i in range(size + 1)]

    def __call__(self, numbers: Sequence[float]) -> float:
        if len(numbers) != self.size:
            raise UserError(
                f"Linear({self.size}) is a line over {self.size} numbers, got {len(numbers)}: a critic makes one of "
                "the size that a choice needs, Critic(Linear)"
            )
        return sum(w * x for w, x in zip(self.weights, (*numbers, 1.0)))

    def learn(self, numbers: Sequence[float], target: float, weight: float = 1.0) -> None:
        """Fit one target more."""
        if not weighty(weight):
            return
        xs, error = (*numbers, 1.0), target - self(numbers)
        gain = [sum(s * x for s, x in zip(line, xs)) for line in self._spread]
        scale = self.keep / weight + sum(g * x for g, x in zip(gain, xs))
        self.weights = [w + error * g / scale for w, g in zip(self.weights, gain)]
        self._spread = [[(s - g * h / scale) / self.keep for s, h in zip(line, gain)]
                        for line, g in zip(self._spread, gain)]  # fmt: skip

    def __repr__(self) -> str:
        return f"Linear({self.size})"


class Network:
    """Any model that takes a list of numbers and gives a Value, or a list of one; `optimizer` takes a step per target.

    It goes down the weighted squared error: `Critic(lambda size: Network(m := MLP(size, [8, 1], seed=0),
    optim.Adam(m.parameters(), lr=0.01)))`.
    """

    def __init__(self, model: Any, optimizer: Any) -> None:
        self.model, self.optimizer = model, optimizer

    def __call__(self, numbers: Sequence[float]) -> Any:
        found = self.model(list(numbers))
        return found[0] if isinstance(found, list) else found

    def learn(self, numbers: Sequence[float], target: float, weight: float = 1.0) -> None:
        """One step."""
        loss = weight * ops.square(self(numbers) - target)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def __repr__(self) -> str:
        return f"Network({self.model!r})"
