"""What all distributions have: a sample is a Value that remembers where it was drawn.

>>> from tinygrad_edu.stochastic import Bernoulli
>>> b = Bernoulli(Value(0.3, label="p")).sample(1)
>>> b, b.distribution
(Value(1.0), Bernoulli(p))
"""

from __future__ import annotations

import copy
import math
import operator
import random
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from .. import functional as F
from .. import ops, tracing
from ..engine import Value, constant
from ..errors import UserError
from ..ieee import number
from ..ops import Op

EULER = 0.5772156649015329


class Distribution:
    """What all of them have: `sample`, `rsample` where there is one, `log_prob`, `mean`, `variance`, `entropy()`, `kl`.

    `parameters` are what a sample depends on, in the order of its row.
    """

    row: Op
    discrete: ClassVar[bool] = True
    first: str = ""  # what is written before the parameters
    instead: ClassVar[str] = ""  # what else there is for those who ask for a path
    noise: ClassVar[tuple[float, float]] = (0.0, 1.0)  # where it lies, the second end left out

    def __new__(cls, *given: Any, **named: Any) -> Any:
        """Other libraries' names for parameters are answered with ours."""
        code = cls.__init__.__code__
        takes = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
        any_name = code.co_flags & 8  # **named, of a class of somebody's own
        if named and not any_name and (unknown := [name for name in named if name not in takes]):
            raise TypeError(f"{cls.__name__} takes {' and '.join(takes)}, not {', '.join(unknown)}")
        return super().__new__(cls)

    def __init__(self, *parameters: Any) -> None:
        self.parameters = tuple([x if isinstance(x, Value) else number(x) for x in parameters])

    def on(self, parameters: Sequence[Any]) -> Any:
        """The same distribution with other parameters."""
        other = copy.copy(self)
        other.parameters = tuple(parameters)
        return other

    # Samples

    def sample(self, rng: Any = None, *, noise: Any = None, estimator: Any = None) -> Value:
        """A random choice: a Value that remembers this distribution, and passes no gradient back.

        `rng` is a `random.Random`, one of NumPy's, or a seed, which gives the same sample each time.  `noise` takes its
        place where a function is recorded: a number in [0, 1), for a Normal one with mean 0 and variance 1, which is
        then an input.  `estimator` says how `surrogate` finds the gradient of this choice (default: the score
        function): `Score(baseline)`, `Enumerate()`, `Critic(...)`, ....  Raises TypeError without rng and noise, and
        with both.
        """
        usable(estimator)
        if hasattr(rng, "decide") and noise is None:
            return rng.decide(self, estimator)  # type: ignore[no-any-return]
        u = self._noise(rng, noise)
        return self._marked(self.row(*self._values(), u), u, estimator)

    def rsample(self, rng: Any = None, *, noise: Any = None) -> Value:
        """A sample as a differentiable function of the parameters and of noise: gradients pass (the pathwise way).

        Raises UserError for what jumps from one number to the next.
        """
        if not hasattr(self, "path"):
            raise UserError(
                f"{type(self).__name__} is discrete: its samples jump, and no path leads from the parameters to them. "
                f"Use .sample(rng), and stochastic.surrogate for its gradient{self.instead}"
            )
        z = self._noise(rng, noise)
        return self._marked(self.path(*self._values(), z), z, "pathwise")

    def _values(self) -> list[Value]:
        return [x if isinstance(x, Value) else constant(x) for x in self.parameters]

    def _marked(self, sample: Value, noise: Value, estimator: Any) -> Value:
        # past the guard of a recording, which may know it: it is the same every time
        vars(sample).update(distribution=self, noise=noise, estimator=estimator)
        return sample

    def _noise(self, rng: Any, noise: Any) -> Value:
        if noise is not None:
            if rng is not None:
                raise TypeError(f"{self._called()} is drawn by rng or made from noise=: give one of them")
            return self._usable(noise if isinstance(noise, Value) else constant(noise))
        if tracing.active():
            raise tracing.RecordingError(
                f"{self._called()} draws chance while a function is recorded, and every replay would repeat it: "
                "make the noise an input of the function, and give it as noise=u"
            )
        return constant(self._drawn(generator(rng, self._called())))

    def _usable(self, noise: Value) -> Value:
        low, high = self.noise
        if not tracing.active() and not (low <= noise.data < high):
            bounds = f"{'(' if math.isinf(low) else '['}{low:g}, {high:g})"
            raise UserError(f"the noise of {self._called()} must lie in {bounds}, got {noise.data:.6g}")
        return noise

    def _called(self) -> str:
        name = type(self).__name__
        return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"

    def _drawn(self, rng: Any) -> float:
        return float(rng.random())

    # What is known of it

    def log_prob(self, x: Any) -> Any:
        """The logarithm of the probability, or of the density, at x."""
        raise NotImplementedError

    @property
    def mean(self) -> Any:
        """The expected value."""
        raise NotImplementedError

    @property
    def variance(self) -> Any:
        """The expected square of the distance from the mean."""
        raise NotImplementedError

    def entropy(self) -> Any:
        """The expected -log_prob, in nats."""
        return -F.sum([weighed(p, self.log_prob(x)) for x, p in self.outcomes()])

    def kl(self, other: Any) -> Any:
        """KL(self, other): the expected log_prob here less log_prob there, in nats.

        Raises TypeError for a distribution of another kind.
        """
        if type(other) is not type(self) or not self._alike(other):
            raise TypeError(
                f"the divergence of {self!r} is known from another {type(self).__name__}, not {other!r:.80}"
            )
        return self._kl(other)

    def _alike(self, other: Any) -> bool:
        return True

    def _kl(self, other: Any) -> Any:
        return F.sum([
            weighed(p, self.log_prob(x) - other.log_prob(x), self._nothing(p)) for x, p in self.outcomes()
        ])  # fmt: skip

    def _nothing(self, p: Any) -> Any:
        """p log(p) where p is 0: it is 0 and has no finite slope by p, but one of 0 by a logit."""
        return 0.0 if getattr(self, "by_logit", False) else ops.xlogy(p, p)

    def outcomes(self) -> list[tuple[float, Any]]:
        """Every outcome with its probability, in the order of the noise that makes them: the first where it is small.

        Raises UserError where there is no end of them.
        """
        raise UserError(
            f"{type(self).__name__} has no end of outcomes, so they cannot be enumerated: take the score function"
            + ("" if self.discrete else ", or .rsample(rng), whose gradient is pathwise")
        )

    def told(self, name: Callable[[Any], str]) -> str:
        """As it is written, with a name for each parameter."""
        return f"{type(self).__name__}({self.first}{', '.join(map(name, self.parameters))})"

    def __repr__(self) -> str:
        return self.told(lambda x: x.label or f"{x.data:.4g}" if isinstance(x, Value) else f"{x:.4g}")


def generator(rng: Any, who: str) -> Any:
    """What draws numbers: a generator, or that of a seed.  Raises TypeError for anything else."""
    if hasattr(rng, "__index__") and not isinstance(rng, bool):
        return random.Random(operator.index(rng))
    if isinstance(rng, Value) or not (hasattr(rng, "decide") or hasattr(rng, "random")):
        raise TypeError(f"{who} needs a generator to draw from, random.Random(0), or a seed; got {rng!r:.80}")
    return rng


def gauss(rng: Any) -> float:
    """A number with mean 0 and variance 1."""
    return float(rng.gauss(0.0, 1.0) if hasattr(rng, "gauss") else rng.standard_normal())


def usable(estimator: Any) -> Any:
    """An estimator, or None.  Raises TypeError for its name or its class."""
    if estimator is None or (hasattr(estimator, "rewrite") and not isinstance(estimator, type)):
        return estimator
    name = getattr(estimator, "__name__", "")
    raise TypeError(
        "estimator= takes an estimator, such as Score(), Score(baseline), Pathwise() or Enumerate(), got "
        + (f"the class {name}: write {name}(...)" if isinstance(estimator, type) else f"{estimator!r:.80}")
    )


def sampled(f: Any, who: str) -> Any:
    """A function of a generator, if it is one."""
    if not callable(f):
        raise TypeError(
            f"{who} takes a function of a generator that returns a cost, such as "
            f"lambda rng: (Bernoulli(t).sample(rng) - 0.45) ** 2, and runs it; got {f!r:.80}"
        )
    return f


def weighed(p: Any, x: Any, nothing: Any = 0.0) -> Any:
    """p * x, and nothing for what does not happen, also where x is infinite."""
    return ops.where(p, p * x, nothing)


def addend(ps: Sequence[Any], cost: Any) -> Any:
    """A cost times the probabilities of what led to it; None if it cannot happen and would cost infinity: 0 * inf would
    be nan.  While a function is recorded nobody can look, and the graph chooses.
    """
    term = cost
    for p in ps:
        term = p * term
    if not tracing.active():
        known = math.isfinite(number(cost.data if isinstance(cost, Value) else cost))
        return term if known or all(map(float, ps)) else None
    if not isinstance(cost, Value):
        return term
    return ops.where(math.prod(ps) + ops.less(abs(cost), math.inf), term, 0.0)


def in_range(what: str, x: Any, low: float, high: float, hint: str = "") -> Any:
    """A parameter, if it lies where it may; while a function is recorded nobody can look."""
    if isinstance(x, Value) and tracing.active():
        return x
    at = x.data if isinstance(x, Value) else number(x)
    if not low <= at <= high or at in (-math.inf, math.inf) or (low == 0 and math.isinf(high) and not at):
        bounds = f"[{low:g}, {high:g}]" if math.isfinite(high) else f"({low:g}, inf)"
        label = f" ({x.label})" if isinstance(x, Value) and x.label else ""
        raise UserError(f"{what}{label} must lie in {bounds}, got {at:.6g}{hint}")
    return x


def finite(what: str, x: Any) -> Any:
    return in_range(what, x, -math.inf, math.inf)


def no_nan(what: str, x: Any) -> Any:
    """A logit: infinite ones stand for certainty."""
    if not (isinstance(x, Value) and tracing.active()) and math.isnan(x.data if isinstance(x, Value) else number(x)):
        raise UserError(f"{what} is nan: whatever came before it has no value, and there is nothing to choose by")
    return x


def positive(what: str, x: Any) -> Any:
    return in_range(what, x, 0.0, math.inf, ": exp or softplus of any number is one that may be")


def probability(what: str, x: Any) -> Any:
    return in_range(what, x, 0.0, 1.0, ": sigmoid of any number is one that may be; or give it as logit=")


def one_of(p: Any, logit: Any, name: str, other: str) -> bool:
    """Whether it is the logit that was given.  Raises TypeError for both or neither."""
    if (p is None) == (logit is None):
        raise TypeError(f"give {name} or {other}=, one of them")
    return p is None


def known_float(x: Any) -> float:
    if isinstance(x, Value) and tracing.active():
        raise tracing.RecordingError(
            "the logarithm of this probability depends on a number that a recording cannot see: "
            "a Binomial or Poisson is not recorded; run it eagerly"
        )
    return float(x)


def whole(of: Distribution, x: Any, low: float, high: float) -> Any:
    """An outcome, if it can be one."""
    if isinstance(x, Value) and tracing.active():
        return x
    if not (low <= float(x) <= high and float(x).is_integer()):
        raise UserError(
            f"{float(x):.6g} is no outcome of {of!r}: these are whole numbers from {low:g}"
            + (f" to {high:g}" if math.isfinite(high) else "")
        )
    return x
