"""The same graph with other numbers in it: what it would have been, had a choice come out differently.

>>> from tinygrad_edu.stochastic import Bernoulli
>>> b = Bernoulli(0.5).sample(noise=0.9)
>>> cost = (b - 0.25) ** 2
>>> cost, substituted([cost], {b: Value(1.0)})
(Value(0.0625), [Value(0.5625)])
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ..engine import Value, apply, topological


def order_of(roots: Iterable[Value]) -> list[Value]:
    """Every node that some of the roots were computed from, parents before children, each once."""
    seen: dict[Value, None] = {}
    for root in roots:
        seen.update(dict.fromkeys(topological(root)))
    return list(seen)


def choices(roots: Iterable[Value]) -> list[Value]:
    """The random choices among them: every Value with a distribution."""
    return [n for n in order_of(roots) if hasattr(n, "distribution")]


def substituted(roots: Sequence[Value], changes: Mapping[Value, Value], settled: Collection[Value] = ()) -> list[Value]:
    """The roots, computed again with Values in the place of others; what does not depend on them stays the same Value.

    A choice further down is made again from the same noise, and its distribution has the new parameters.  `settled`
    choices come out as they did and are choices no more; what came before them is still in the graph.
    """
    now: dict[Value, Value] = {}
    for n in order_of(roots):
        parents = tuple([now[p] for p in n.parents])
        if n in changes:
            now[n] = changes[n]
        elif n in settled:
            y = now[n] = apply(n.op, parents)
            vars(y).update({k: x for k, x in vars(n).items() if k not in ("distribution", "estimator")})
        elif parents == n.parents:  # Values are equal if they are the same
            now[n] = n
        else:
            y = now[n] = apply(n.op, parents)
            vars(y).update(vars(n))
            if hasattr(n, "distribution"):
                inputs = [now.get(p, p) if isinstance(p, Value) else p for p in n.distribution.parameters]
                y.distribution = n.distribution.on(inputs)  # type: ignore[attr-defined]
    return [now[root] for root in roots]
