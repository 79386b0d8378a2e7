"""How the gradient of one random choice is found: each an object that `.sample(rng, estimator=...)` takes.

An estimator either scores the choice, or rewrites the costs so that the choice is none any more.  All but
`StraightThrough` and `Relaxed` are unbiased.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from .. import functional as F
from .. import ops, tracing
from ..engine import Value, apply, topological
from ..errors import UserError
from ..ieee import number
from ..names import is_constant
from .continuous import Normal, Uniform
from .discrete import Bernoulli, Poisson
from .distributions import Distribution, addend, generator, positive
from .qfunctions import Network
from .rows import hold
from .substitution import Influence, choices, settle, substituted


class Estimator:
    """Costs in, costs out: `rewrite` puts something else in the place of a choice."""

    biased = False
    exact = False  # whether the new costs have the right derivatives of every order
    by_outcome = False  # whether an estimate depends on what was chosen alone, and not on the noise that made it so
    passes = False  # whether gradients pass the choice, along its path
    said = ""  # what readers say of the gradients of a choice; `{}` is who gets them
    judge: Any = None  # who has a say on its choices before any of them is rewritten: a critic

    def rewrite(self, choice: Value, costs: list[Value]) -> list[Value]:
        """Costs with the same expected gradient (unless `biased`), in which `choice` is no random choice any more."""
        raise NotImplementedError

    def _by_numbers(self) -> None:
        """Refuse to be recorded: what reads the number of a cost would bake it into every replay."""
        if tracing.active():
            raise tracing.RecordingError(
                f"{type(self).__name__} reads the numbers of costs, and a replay would repeat them: while a function "
                "is recorded, take Score, Enumerate, StraightThrough or Relaxed"
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items() if not k[0] == '_')})"


def log_probability(choice: Value) -> Any:
    """The logarithm of the probability of a choice, as its score asks for it."""
    of: Distribution = choice.distribution  # type: ignore[attr-defined]
    if not any(isinstance(p, Value) for p in of.parameters):
        return 0.0  # nothing can move it
    if isinstance(of, Uniform):
        raise UserError(
            "the score function knows nothing of the ends of a Uniform: no probability moves there, only its bounds "
            "do. Take .rsample(rng), whose gradient is pathwise"
        )
    return of.log_prob(choice)


class Score(Estimator):
    """The score function: d(log p) × (cost - baseline), also called REINFORCE or likelihood ratio.

    It asks nothing of the cost, and its variance is large.  A baseline makes it small and changes no mean, whatever it
    is made of, as long as the choice does not influence it: a number, or a function of the choice's Value that gives
    one (see `RunningMean`, `LearnedBaseline`); `seen(choice, cost)` of such a function is called afterwards.
    Source: Williams 1992; Schulman, Heess, Weber, Abbeel 2015.
    """

    def __init__(self, baseline: Any = 0.0) -> None:
        if isinstance(baseline, type):
            raise TypeError(f"the baseline is the class {baseline.__name__}: write Score({baseline.__name__}(...))")
        self.baseline = baseline if callable(baseline) or isinstance(baseline, Value) else number(baseline)

    @property
    def by_outcome(self) -> bool:  # type: ignore[override]
        """A baseline that learns depends on what came before."""
        return not callable(self.baseline)

    def expects(self, choice: Value) -> Any:
        """The baseline for one choice.

        Raises RecordingError for one that learns: every replay would repeat it; UserError if the choice influences it.
        """
        if tracing.active() and hasattr(self.baseline, "seen"):
            raise tracing.RecordingError(
                f"{self.baseline!r} learns from every cost, and a replay would repeat what it is now: make the "
                "baseline an input of the recorded function, Score(b), and let it learn outside, by "
                ".seen(None, cost)"
            )
        base = self.baseline(choice) if callable(self.baseline) else self.baseline
        if isinstance(base, Value) and base.parents and any(n is choice for n in topological(base)):
            raise UserError(
                f"the baseline of {choice.label or repr(choice.distribution)} is computed from what was chosen, and "  # type: ignore[attr-defined]
                "would take its gradient away: a baseline may know all but that"
            )
        return base

    def learn(self, choice: Value, cost: float) -> None:
        """Tell a baseline that learns what the choice has cost."""
        if hasattr(self.baseline, "seen"):
            self.baseline.seen(choice, cost)


class RunningMean:
    """A baseline: the mean of the costs so far, the older the less they count (0.95 a step, as in Mnih, Gregor 2014).

    >>> mean = RunningMean()
    >>> for cost in (1.0, 3.0):
    ...     mean.seen(None, cost)
    >>> mean(None)
    1.1
    """

    def __init__(self, keep: float = 0.95) -> None:
        if not 0 <= keep < 1:
            raise UserError(f"RunningMean keeps a share of the old mean, 0 to less than 1, got {keep!r}")
        self.keep, self._mean = keep, None

    def __call__(self, choice: Any) -> float:
        return self._mean or 0.0

    def seen(self, choice: Any, cost: float) -> None:
        """Count one cost."""
        self._mean = cost if self._mean is None else self.keep * self._mean + (1 - self.keep) * cost  # type: ignore

    def __repr__(self) -> str:
        return f"RunningMean({self.keep})"


class LearnedBaseline:
    """A baseline that depends on what a choice does not influence: a model's guess of its cost from those numbers.

    The numbers are the parameters of its distribution and every random choice before it; `model` takes a list of them
    and gives a Value (or a list of one), and `optimizer` moves it towards the costs, in squared error.
    """

    def __init__(self, model: Any, optimizer: Any) -> None:
        self.guess = Network(model, optimizer)

    def __call__(self, choice: Value) -> float:
        return float(self.guess(known_before(choice)))

    def seen(self, choice: Value, cost: float) -> None:
        """One step of least squares."""
        self.guess.learn(known_before(choice), cost)

    def __repr__(self) -> str:
        return f"LearnedBaseline({self.guess.model!r})"


def known_before(choice: Value) -> list[float]:
    """The numbers that a choice does not influence and that are known when it is made."""
    of = choice.distribution  # type: ignore[attr-defined]
    before = [c.data for c in choices([p for p in of.parameters if isinstance(p, Value)])]
    return [*map(float, of.parameters), *before]


def influenced(choice: Value, costs: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """Costs that were computed from a choice, and those that were not: exact, for the graph knows."""
    known = Influence(costs)
    below = [cost for cost in costs if known.of(choice, cost)]
    return below, [cost for cost in costs if not known.of(choice, cost)]


class Enumerate(Estimator):
    """The cost of every outcome of this one choice, weighed by its probability: no variance is left in it."""

    exact = True
    said = "all outcomes are here, each cost times its probability: {} gets the exact gradient of this choice"

    def rewrite(self, choice: Value, costs: list[Value]) -> list[Value]:
        below, beside = influenced(choice, costs)
        found = []
        for x, p in choice.distribution.outcomes():  # type: ignore[attr-defined]
            there = substituted(below, {choice: Value(x)}, said=self.said)
            found += [addend([p], cost) for cost in there]
        return [*beside, *[term for term in found if term is not None]]


class MeasureValued(Estimator):
    """The difference of the costs at two outcomes: f(1) - f(0) for a Bernoulli, f(x + 1) - f(x) for a Poisson.

    For the mean of a Normal it is (f(m + s w) - f(m - s w)) / (s √(2π)) with a Weibull w; its standard deviation must
    be a number.  Further choices are made from the same noise.  Source: Mohamed, Rosca, Figurnov, Mnih 2020, section 6.
    """

    said = "The surrogate loss hands {} the difference of the costs at two outcomes, as measure-valued gradients do."

    def rewrite(self, choice: Value, costs: list[Value]) -> list[Value]:
        of: Distribution = choice.distribution  # type: ignore[attr-defined]
        self._by_numbers()
        below, beside = influenced(choice, costs)

        def f(x: float) -> float:
            return math.fsum(cost.data for cost in substituted(below, {choice: Value(x)}))

        x = choice.data
        if isinstance(of, Bernoulli):
            moved, slope = of.p, f(1.0) - f(0.0)
        elif isinstance(of, Poisson):
            moved, slope = of.parameters[0], f(x + 1) - f(x)
        elif isinstance(of, Normal) and not (isinstance(of.std, Value) and not is_constant(of.std)):
            m, s = map(float, of.parameters)
            below_z = math.erfc(-choice.parents[2].data / math.sqrt(2)) / 2
            w = math.sqrt(-2 * math.log1p(-below_z)) if below_z < 1 else 9.0
            moved, slope = of.mean, (f(m + s * w) - f(m - s * w)) / (s * math.sqrt(2 * math.pi))
        else:
            raise UserError(
                f"MeasureValued knows Bernoulli, Poisson and the mean of a Normal whose std is a number, not {of!r}: "
                "take Score or Enumerate"
            )
        fixed = substituted(below, {}, [choice], self.said)
        return [*beside, *fixed, *([(moved - hold(moved)) * slope] if isinstance(moved, Value) else [])]


class Pathwise(Estimator):
    """The sample as a function of its parameters and of noise, as `.rsample` makes it; not for what jumps."""

    exact, passes = True, True

    def rewrite(self, choice: Value, costs: list[Value]) -> list[Value]:
        of: Distribution = choice.distribution  # type: ignore[attr-defined]
        if not hasattr(of, "path"):
            raise UserError(f"Pathwise is for what moves as its parameters do, not {of!r}: take Score or Enumerate")
        y = of.path(*choice.parents[:-1], choice.noise)  # type: ignore[attr-defined]
        vars(y).update({**vars(choice), "estimator": "pathwise"})
        return substituted(costs, {choice: y})


class StraightThrough(Estimator):
    """The gradient of the choice goes to its mean as if the two were equal: biased.  Source: Bengio et al. 2013."""

    biased, by_outcome = True, True
    said = "Beside it stands the same number, which hands gradients on to the mean, straight through: they are biased."

    def rewrite(self, choice: Value, costs: list[Value]) -> list[Value]:
        of: Distribution = choice.distribution  # type: ignore[attr-defined]
        if not isinstance(of, Bernoulli):
            raise UserError(
                f"StraightThrough is for a Bernoulli, not {of!r}: for a Categorical, gumbel_softmax(hard=True)"
            )
        again = apply(choice.op, choice.parents)  # the same number, which is no choice
        vars(again).update(vars(choice))
        settle(again, self.said)
        through = of.p + hold(again - of.p)
        return substituted(costs, {choice: through})


def _relaxed(of: Bernoulli, u: Any, temperature: float) -> Value:
    """sigmoid((logit p + log((1 - u) / u)) / temperature): above 1/2 exactly if u < p, when the choice is 1."""
    logit = of.parameters[0] if of.by_logit else ops.logit(of.p)
    return ops.sigmoid((logit - ops.logit(u)) / temperature)  # type: ignore[no-any-return]


class Relaxed(Estimator):
    """A number between 0 and 1 in the place of a Bernoulli's choice, from the same noise: biased, also in value.

    The concrete distribution of two classes.  Source: Maddison, Mnih, Teh 2017; Jang, Gu, Poole 2017.
    """

    biased = True
    said = "relaxed, a number between 0 and 1 from the same noise, whose gradients pass: they are biased"

    def __init__(self, temperature: float = 0.5) -> None:
        self.temperature = positive("the temperature", temperature)

    def rewrite(self, choice: Value, costs: list[Value]) -> list[Value]:
        of: Distribution = choice.distribution  # type: ignore[attr-defined]
        if not isinstance(of, Bernoulli):
            raise UserError(f"Relaxed is for a Bernoulli, not {of!r}: for a Categorical, gumbel_softmax")
        return substituted(costs, {choice: _relaxed(of, hold(choice.parents[1]), self.temperature)}, said=self.said)


class Rebar(Estimator):
    """The score function with a relaxed choice as its baseline, whose own gradient is put back: unbiased.

    `rng` draws the noise of the relaxed choice given the hard one; `scale` is how much of the baseline is taken;
    `surrogate`, a function of a Value, is added to the relaxed costs (RELAX).  No other choice may lie between this one
    and its costs.  Source: Tucker et al. 2017; Grathwohl et al. 2018.
    """

    said = "The surrogate loss hands {} the score × (the cost - a relaxed one), and the slope of relaxed costs (REBAR)."

    def __init__(self, rng: Any, temperature: float = 0.5, scale: float = 1.0,
                 surrogate: Callable[[Value], Value] | None = None) -> None:  # fmt: skip
        self.temperature, self.scale = positive("the temperature", temperature), scale
        self._rng, self._surrogate = generator(rng, "Rebar"), surrogate

    def rewrite(self, choice: Value, costs: list[Value]) -> list[Value]:
        of: Distribution = choice.distribution  # type: ignore[attr-defined]
        self._by_numbers()
        below, beside = influenced(choice, costs)
        if not isinstance(of, Bernoulli):
            raise UserError(f"Rebar is for a Bernoulli, not {of!r}: take Score, or Enumerate")
        known = Influence(below)
        if any(known.of(choice, c) for c in known.choices if c is not choice):
            raise UserError("Rebar needs costs with no other choice after this one: take Score or Enumerate for it")
        p, u, v = of.p, Value(choice.parents[1].data), self._rng.random() or math.ulp(0.0)
        given = p * v if choice.data else p + (1 - p) * v  # the noise of such a choice, as it follows from p
        soft, again = (_relaxed(of, w, self.temperature) for w in (u, given))

        def relaxed(y: Value) -> Value:
            found = F.sum(substituted(below, {choice: y}))
            return found + self._surrogate(y) if self._surrogate else found  # type: ignore[no-any-return]

        f, g, h = F.sum([c.data for c in below]), relaxed(soft), relaxed(again)
        logp = of.log_prob(choice.data)
        fixed = substituted(below, {}, [choice], self.said)
        score = (logp - hold(logp)) * (f - self.scale * h.data)
        moving = self.scale * (g - h)
        return [*beside, *fixed, score, moving - hold(moving)]
