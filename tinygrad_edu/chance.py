"""Random choices as readers see them: a Value with a `distribution` was drawn from it.

>>> from tinygrad_edu.stochastic import Bernoulli, Normal
>>> b = Bernoulli(Value(0.25, label="p")).sample(noise=0.1)
>>> x = Normal(Value(1.0), Value(2.0)).rsample(noise=0.5)
>>> [(is_choice(n), passes(n), slopes(n)) for n in (b, x)]
[(True, False, (4.0,)), (True, True, (1.0, 0.5))]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .engine import Value, chain_rule
from .modes import remembering


def is_choice(n: Value) -> bool:
    """Whether a Value was drawn from a distribution."""
    return hasattr(of(n), "log_prob")


def is_drawn(n: Value) -> bool:
    """Whether a Value is a choice whose gradient nobody has settled yet."""
    return hasattr(n, "distribution")


def of(n: Value) -> Any:
    """The distribution of a choice, also of one that an estimator has settled."""
    return getattr(n, "distribution", None) or getattr(n, "settled", None)


def passes(n: Value) -> bool:
    """Whether a gradient passes a choice, which then is a formula of its parameters and of noise (`.rsample`)."""
    return getattr(n, "estimator", None) == "pathwise"


def stops(n: Value) -> bool:
    """Whether a Value is a choice that no gradient passes."""
    return is_choice(n) and not passes(n)


def is_held(n: Value) -> bool:
    """Whether a node's gradient is on purpose not the slope of its value: a score, a number that is held, a choice."""
    return stops(n) or (n.op.name in ("hold", "score", "spent") and bool(n.op.recipe))  # no row of somebody's own


def noise(n: Value) -> Value | None:
    """The number that a choice was made from, if it is one that nobody gave a name, and not computed itself."""
    found: Value | None = getattr(n, "noise", None)
    return found if found is not None and not found.parents and not found.label else None


def unscored(order: Iterable[Value]) -> list[Value]:
    """The choices in a graph that no gradient passes, and to whose parameters no surrogate loss hands one either."""
    order = list(order)
    done = scored(order)
    return [n for n in order if stops(n) and not hasattr(n, "settled") and n not in done]


def scored(order: Iterable[Value]) -> set[Value | None]:
    """The choices whose parameters get a gradient by a surrogate loss."""
    return {c for n in order for c in (getattr(n, "scores", None), *getattr(n, "carries", ()))}


def is_marked(n: Value) -> bool:
    """Whether something hangs on a node that readers of choices look at."""
    return hasattr(n, "noise") or hasattr(n, "scores") or hasattr(n, "said")


def hand_on(n: Value, y: Value, now: dict[Any, Any]) -> None:
    """Hang on y, which is n in another graph, what hangs on n, with the nodes of that graph: `now`, by those of n's."""

    def there(x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple(map(there, x))
        if hasattr(x, "log_prob") and x not in now:
            now[x] = x.on([there(p) for p in x.parameters])
        return now.get(x, x) if isinstance(x, Value) or hasattr(x, "log_prob") else x

    own = vars(n)
    marks = ("distribution", "noise", "estimator", "scores", "carries", "said", "settled", "stands_for")
    vars(y).update({mark: there(own[mark]) for mark in marks if mark in own})


def slopes(n: Value) -> tuple[float, ...]:
    """For each parameter, what moves with it: the choice, where gradients pass, else the logarithm of its probability.

    The latter is the score, d(log p) / d(parameter), with the choice as it is.
    """
    distribution = of(n)
    seen = map(float, distribution.parameters) if passes(n) else n.numbers[1:-1]
    with remembering():
        leaves = [Value(x) for x in seen]
        y = (
            distribution.path(*leaves, n.noise)  # type: ignore[attr-defined]
            if passes(n)
            else distribution.on(leaves).log_prob(n.data)
        )
    totals = chain_rule(y, 1.0, lambda node: node.op.slopes(*node.numbers))
    return tuple([totals.get(leaf, 0.0) for leaf in leaves])
