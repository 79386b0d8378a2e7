"""The same graph with other numbers in it: what it would have been, had a choice come out differently.

>>> from tinygrad_edu.stochastic import Bernoulli
>>> b = Bernoulli(0.5).sample(noise=0.9)
>>> cost = (b - 0.25) ** 2
>>> cost, substituted([cost], {b: Value(1.0)})
(Value(0.0625), [Value(0.5625)])
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .. import chance, ops, tracing
from ..engine import Value, apply, topological
from ..graphs import rebuilt
from ..sums import addends


def costs_of(found: Any, who: str) -> list[Value]:
    """One cost, or several, as a list.  Raises TypeError for what is no Value."""
    costs = list(found) if isinstance(found, (list, tuple)) else [found]
    if not costs or not all(isinstance(c, Value) for c in costs):
        reward = any(isinstance(c, (int, float)) for c in costs)
        raise TypeError(
            f"{who} takes the costs, one Value or a list of them, got {found!r:.80}"
            + ". A number that the world answers to a choice is reply(number, choice)" * reward
            + ". Give it what f(rng) returns, or take estimate(f, rng), which runs it" * callable(found)
        )
    return costs


def choices(roots: Sequence[Value]) -> list[Value]:
    """The random choices among them: every Value with a distribution."""
    return [n for n in topological(tuple(roots)) if chance.is_drawn(n)]


class Influence:
    """Which choices each node was computed from: exact, for the graph knows.  `choices` are all of them, in order.

    >>> from tinygrad_edu.stochastic import Bernoulli
    >>> a, b = Bernoulli(0.5).sample(0), Bernoulli(0.5).sample(1)
    >>> seen = Influence([a + 1, a * b])
    >>> [seen.of(a, cost) for cost in seen.roots], [seen.of(b, cost) for cost in seen.roots]
    ([True, True], [False, True])
    """

    def __init__(self, roots: Sequence[Value]) -> None:
        self.roots = roots
        self._bits: dict[Value, int] = {}
        self._known: dict[Value, int] = {}  # the choices of a node, a bit for each
        for n in topological(tuple(roots)):
            known = 0
            for p in n.parents:
                known |= self._known[p]
            if chance.is_drawn(n):
                self._bits[n] = 1 << len(self._bits)
                known |= self._bits[n]
            self._known[n] = known

    @property
    def choices(self) -> list[Value]:
        """All choices, each after those that it depends on."""
        return list(self._bits)

    def of(self, choice: Value, node: Value) -> bool:
        """Whether a node was computed from a choice, or is it."""
        return bool(self._known[node] & self._bits[choice])

    def apart(self) -> list[list[Value]]:
        """The roots, those together that have choices in common: what becomes of one such list changes no other."""
        found: list[tuple[int, list[Value]]] = []
        for root in self.roots:
            known, those = self._known[root], [root]
            meet = [pair for pair in found if pair[0] & known]
            for pair in meet:
                known |= pair[0]
            if meet:
                those = [n for _, ns in meet for n in ns] + those
                found = [pair for pair in found if not pair[0] & known]
            found.append((known, those))
        return [those for _, those in found]


def substituted(roots: Sequence[Value], changes: Mapping[Value, Value], settled: Collection[Value] = (),
                said: str = "") -> list[Value]:  # fmt: skip
    """The roots, computed again with Values in the place of others; what does not depend on them stays the same Value.

    A choice further down is made again from the same noise, and its distribution has the new parameters.  `settled`
    choices come out as they did and are choices no more; what came before them is still in the graph.  `said` is what
    readers say of the gradients of what was put in the place of a choice.
    """
    now: dict[Value, Any] = {**changes}
    for n, y in changes.items() if said else ():
        vars(y).update(stands_for=n.distribution, said=said, **({"label": n.label} if n.label else {}))  # type: ignore

    def again(n: Value, parents: tuple[Value, ...]) -> Value:
        if parents == n.parents and n not in settled:  # Values are equal if they are the same
            return n
        y = apply(n.op, parents)
        vars(y).update(vars(n))
        if chance.is_marked(n):
            chance.hand_on(n, y, now)
        return settle(y, said) if n in settled else y

    rebuilt(topological(tuple(roots)), now, again)
    return [now[root] for root in roots]


def settle(y: Value, said: str) -> Value:
    """A choice that is none any more, but for readers, to whom it was drawn."""
    seen = vars(y)
    seen.update(settled=seen.pop("distribution"), said=said)
    del seen["estimator"]
    return y


def terms_of(cost: Value) -> list[Value]:
    """What a cost adds up, each a cost; while a function is recorded, nobody knows which factors are numbers."""
    whole = (ops.mul, ops.div) if tracing.active() else ()
    return [n if c == 1.0 else n * c for c, n in addends(cost, lambda n: n.op in whole)]
