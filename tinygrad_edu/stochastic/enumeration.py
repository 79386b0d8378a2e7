"""Exact expectations: every outcome of every random choice, weighed by its probability.

>>> from tinygrad_edu.stochastic import Bernoulli
>>> two = lambda rng: Bernoulli(0.3).sample(rng) + Bernoulli(0.6).sample(rng)
>>> round(expected(two).data, 12), [(round(p, 2), y.data) for p, y in outcomes(two)]
(0.9, [(0.18, 2.0), (0.12, 1.0), (0.42, 1.0), (0.28, 0.0)])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from .. import functional as F
from ..engine import Value
from ..errors import UserError
from .distributions import Distribution, addend, sampled
from .substitution import choices

MOST, LONGEST = 2**16, 1000


class Branch:
    """What takes the place of a generator: it decides each choice, the first ones as it was told, then the first.

    `weights` are the probabilities of what was chosen; `others` the paths that part from this one.
    """

    def __init__(self, start: list[int], kept: bool) -> None:
        self.start, self.kept = start, kept  # whether choices stay random choices
        self.taken: list[int] = []
        self.others: list[list[int]] = []
        self.weights: list[Any] = []
        self.widths: list[int] = []  # how many outcomes there are up to each choice, if all branches are like this

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise UserError(
            f"outcomes are added up, and those of rng.{name} have no end: make the choice Bernoulli(p).sample(rng), or "
            "another discrete one; or estimate the expectation from samples, with stochastic.surrogate"
        )

    def decide(self, distribution: Distribution, estimator: Any = None) -> Value:
        """The next choice: a plain number, or, if it is to stay a random choice, the sample that noise would make."""
        found, at = distribution.outcomes(), len(self.taken)
        if at == LONGEST:
            raise UserError(
                f"one run has made {LONGEST:,} choices: does it end? A loop that goes on while a coin says so has no "
                "end of outcomes; bound it, or estimate the expectation from samples, with stochastic.surrogate"
            )
        self.widths.append(len(found) * (self.widths[-1] if at else 1))
        if at >= len(self.start):
            self.others += [[*self.taken, other] for other in range(len(found) - 1, 0, -1)]
        k = self.start[at] if at < len(self.start) else 0
        outcome, p = found[k]
        self.taken.append(k)
        self.weights.append(p)
        if not self.kept:
            return Value(outcome)
        below = math.fsum(float(q) for _, q in found[:k])
        return distribution.sample(noise=min(below + float(p) / 2, 1 - 2**-53), estimator=estimator)


def _paths(f: Callable[[Any], Any], kept: bool) -> Iterator[tuple[Branch, Any]]:
    ahead: list[list[int]] = [[]]
    ends = 0
    while ahead:
        path = Branch(ahead.pop(), kept)
        found = sampled(f, "outcomes" if kept else "expected")(path)
        if not ends and max(path.widths, default=0) > MOST:  # are all branches as long as the first one?
            guess = 1
            for start in path.others:
                f(other := Branch(start, kept))
                guess += other.widths[-1] // other.widths[len(start) - 1]
            if guess > MOST:
                raise _too_many(f"{guess:,}")
        ahead += path.others
        ends += 1
        if ends + len(ahead) > MOST:
            raise _too_many(f"at least {ends + len(ahead):,}")
        yield path, found


def _too_many(count: str) -> UserError:
    return UserError(
        f"there are {count} outcomes, and {MOST:,} are added up at most: estimate the expectation from samples, with "
        "stochastic.surrogate"
    )


def _cost(found: Any) -> Any:
    return F.sum(found) if isinstance(found, (list, tuple)) else found


def expected(f: Callable[[Any], Any]) -> Value:
    """The exact expectation of f(rng), a Value that can be differentiated as often as one likes.

    `f` returns a cost, or a list of costs to add up.  It is run once for every combination of outcomes of the discrete
    choices that it makes with `.sample(rng)`, and may choose differently after each.  What cannot happen and would cost
    infinity is left out.  Choices that were made before stay as they are: it is the expectation given them.
    Raises UserError for more than 2**16 combinations, for a choice without end of outcomes, and if all choices that f
    makes are drawn by another generator.

    >>> from tinygrad_edu.stochastic import Bernoulli
    >>> t = Value(0.3)
    >>> expected(lambda rng: (Bernoulli(t).sample(rng) - 0.45) ** 2).backward()
    >>> round(t.grad, 12)
    0.1
    """
    terms = []
    for path, found in _paths(f, kept=False):
        weight = _cost(found)
        if not path.taken and isinstance(weight, Value) and choices([weight]):
            _refuse_others(f, weight)
        terms.append(addend(path.weights, weight))
    total = F.sum([term for term in terms if term is not None])
    return total if isinstance(total, Value) else Value(total)


def _refuse_others(f: Callable[[Any], Any], cost: Any) -> None:
    """Raise UserError if a run that used no choice of ours has choices that another run makes anew."""
    made, again = (choices([y]) if isinstance(y, Value) else [] for y in (cost, _cost(f(Branch([], False)))))
    if made and set(made).isdisjoint(again):
        of = made[0].distribution  # type: ignore[attr-defined]
        raise UserError(
            f"f makes no choice with the generator it is given, and what it returns depends on {of!r}, drawn by "
            "another: pass it on, .sample(rng)"
        )


def outcomes(f: Callable[[Any], Any]) -> Iterator[tuple[float, Any]]:
    """What f(rng) gives for every combination of outcomes, with its probability; choices stay random choices.

    So what an estimator does on every one of them can be added up: its exact mean and variance.
    """
    for path, found in _paths(f, kept=True):
        yield math.prod(map(float, path.weights)), found
