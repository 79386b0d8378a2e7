"""Gradients through random choices: what backpropagation cannot do, and what can be put in its place.

Where a network tosses a coin, the cost is a jump of the parameters: the outcome is 0 or 1, and no slope leads from one
to the other. Backpropagation stops there, and the gradient that it finds is 0. But the *expected* cost is smooth, and
there are ways to its gradient. All of them look at samples, and are right on the average only:

    the score function     d(log p) × cost: asks nothing of the cost, and is noisy
    a baseline             d(log p) × (cost - baseline): the same on the average, and less noisy
    the pathwise way       x = mean + std × z: where there is a path for gradients, they take it
    enumeration            every outcome of a choice, weighed: nothing of it is left to chance

`stochastic.surrogate(costs)` builds a loss whose `backward()` leaves such a gradient, for whatever graph of choices and
formulas. Small systems can be computed exactly, by adding up all outcomes, and here each estimate is held against that.

Sources: R. Williams, "Simple statistical gradient-following algorithms" (1992); J. Schulman, N. Heess, T. Weber,
P. Abbeel, "Gradient estimation using stochastic computation graphs" (2015); J. Foerster et al., "DiCE" (2018). Expected
values and variances were computed from the definitions.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from .. import functional as F
from .. import losses, nn, optim, plot
from ..derivatives import grad
from ..engine import Value
from ..stochastic import (
    Bernoulli,
    Binomial,
    Categorical,
    Enumerate,
    Normal,
    RunningMean,
    Score,
    StraightThrough,
    expected,
    outcomes,
    surrogate,
)
from . import Run


def main(run: Run) -> None:
    """Single choices, choices that depend on choices, second derivatives, and a network that looks at one place."""
    coin(run)
    bells(run)
    coins(run)
    chain(run)
    curvature(run)
    counts(run)
    attention(run)


def moments(weighed: list[tuple[float, float]]) -> tuple[float, float]:
    """Mean and variance of numbers with probabilities."""
    mean = math.fsum(p * g for p, g in weighed)
    return mean, math.fsum(p * (g - mean) ** 2 for p, g in weighed)


def over_outcomes(cost: Callable[[Any], Any], t: Value, **how: Any) -> tuple[float, float]:
    """Mean and variance of the estimated gradient by t, over every outcome of the discrete choices."""
    return moments([(p, grad(surrogate(found, **how), t)[0].data) for p, found in outcomes(cost)])


def over_noise(cost: Callable[[float], Value], t: Value, **how: Any) -> tuple[float, float]:
    """The same over noise with mean 0 and variance 1: the sum over 4,001 places between -10 and 10."""
    places = [-10 + k / 200 for k in range(4001)]
    density = [math.exp(-z * z / 2) / math.sqrt(2 * math.pi) / 200 for z in places]
    return moments([(p, grad(surrogate(cost(z), **how), t)[0].data) for p, z in zip(density, places)])


def coin(run: Run) -> None:
    """One choice."""
    run.section("One coin")
    run.say("b is 1 with probability t = 0.3, and costs (b - 0.45)².")
    t = Value(0.3, label="t")

    def cost(rng: Any) -> Value:
        return (Bernoulli(t).sample(rng) - 0.45) ** 2

    run.compare("exact gradient of the expected cost", grad(expected(cost), t)[0].data, 0.1, within=1e-12)
    plain = math.fsum(p * grad(found, t)[0].data for p, found in outcomes(cost))
    run.compare("what backpropagation finds", plain, 0.0)
    mean, variance = over_outcomes(cost, t)
    run.compare("mean of the score function over both outcomes", mean, 0.1, within=1e-12)
    through, _ = over_outcomes(cost, t, estimator=StraightThrough())
    run.say(
        f"The variance of that estimate is {variance:.4f}: a single sample says little. Straight through, as if the "
        f"coin were its probability, the mean is {through:.4f}: no noise to speak of, and wrong."
    )


def bells(run: Run) -> None:
    """A choice from a continuum: two ways, and what a baseline does."""
    run.section("A bell curve")
    run.say("x has mean 1.5 and variance 1, and costs x². A sample of the gradient by the mean:")
    m = Value(1.5, label="m")
    scored = lambda z: Normal(m, 1.0).sample(noise=z) ** 2  # noqa: E731
    ways: dict[str, tuple[Callable[[float], Value], Any, float]] = {
        "score function": (scored, Score(), 51.5625),
        "score function, baseline E cost = 3.25": (scored, Score(3.25), 28.0),
        "score function, best constant 5.25": (scored, Score(5.25), 24.0),
        "pathwise": (lambda z: Normal(m, 1.0).rsample(noise=z) ** 2, None, 4.0),
    }
    for name, (cost, how, published) in ways.items():
        mean, variance = over_noise(cost, m, estimator=how)
        run.compare(f"{name}: mean", mean, 3.0, within=1e-9)
        run.compare(f"{name}: variance", variance, published, within=1e-6)
    a, b, c = 5.0, -3.0, Value(0.23, label="c")

    def far(z: float, path: bool) -> Value:
        of = Normal(b + c, 1.0)
        e = of.rsample(noise=z) if path else of.sample(noise=z)
        return (a + b) * e**2

    base = (a + b) * ((b + c.data) ** 2 + 1)
    run.say("The same with (5 - 3) e², where e has mean c - 3 and c = 0.23:")
    for name, path, how, published in (("pathwise", True, None, 16.0), ("score function", False, Score(), 725.18),
                                       ("score function, baseline", False, Score(base), 285.53)):  # fmt: skip
        mean, variance = over_noise(lambda z, path=path: far(z, path), c, estimator=how)  # type: ignore[misc]
        run.compare(f"{name}: mean", mean, -11.08, within=1e-9)
        run.compare(f"{name}: variance", variance, published, within=0.01)
    running(run, m)


def running(run: Run, m: Value) -> None:
    """How the mean of the estimates comes to the exact gradient."""
    rng, lines = random.Random(run.seed), dict[str, list[float]]()
    n = 400
    noise = [rng.gauss(0.0, 1.0) for _ in range(n)]
    for name, how in {"score": Score(), "with baseline": Score(5.25), "pathwise": None}.items():
        total, line = 0.0, list[float]()
        for k, z in enumerate(noise, 1):
            of = Normal(m, 1.0)
            x = of.sample(noise=z) if how else of.rsample(noise=z)
            total += grad(surrogate(x**2, estimator=how), m)[0].data
            line.append(total / k)
        lines[name] = line
    run.picture(
        "means",
        plot.curves(lines, title="mean of the estimates (3 is exact)", xlabel="samples", ylabel="gradient"),
        "the same noise, three ways: how the mean of the estimates settles",
    )


def coins(run: Run) -> None:
    """Costs are taken apart, and each choice pays for its own."""
    run.section("Three coins")
    run.say(
        "Each is 1 with probability sigmoid(n), the same n for all; the cost is the sum of (b - p)² for p = 0.6, 0.51, "
        "0.48. Each choice influences one of three terms. The graph knows which, and so a choice need not be scored "
        "with what the others cost."
    )
    n, aims = Value(0.0, label="n"), (0.6, 0.51, 0.48)

    def apart(rng: Any) -> Any:
        return [(Bernoulli(logit=n).sample(rng) - p) ** 2 for p in aims]

    def together(rng: Any) -> Any:
        return F.sum(apart(rng)).sqrt() ** 2  # one number, of which nobody sees that it is a sum

    for at, gradient, *published in ((0.0, -0.0450, 0.43842, 0.00465, 0.048213),
                                     (-4.0, -0.00317929, 0.0335568, 0.000712633, 0.00277857)):  # fmt: skip
        n.data = at
        mean_cost = expected(apart).data
        ways = {
            "all costs": over_outcomes(together, n),
            "all costs less their mean": over_outcomes(together, n, estimator=Score(mean_cost)),
            "its own cost": over_outcomes(apart, n),
        }
        for (name, (mean, variance)), known in zip(ways.items(), published):
            run.compare(f"n = {at:g}, {name}: mean", mean, gradient, within=5e-6, form=".6f")
            run.compare(f"n = {at:g}, {name}: variance", variance, known, within=known * 1e-4, form=".6g")


def chain(run: Run) -> None:
    """A choice that depends on a choice, and a cost that looks at both."""
    run.section("A coin that decides how another is loaded")
    t1, t2, w = (Value(x, label=name) for x, name in ((0.0, "t1"), (0.0, "t2"), (1.0, "w")))
    run.say("b1 is 1 with probability sigmoid(t1), b2 with sigmoid(t2 + w b1), at t1 = t2 = 0 and w = 1.")

    def both(rng: Any, estimator: Any = None) -> tuple[Value, Value]:
        b1 = Bernoulli(logit=t1).sample(rng)
        return b1, Bernoulli(logit=t2 + w * b1).sample(rng, estimator=estimator)

    def join(rng: Any) -> Value:
        b1, b2 = both(rng)
        return (b1 - b2) ** 2

    def end(rng: Any) -> Value:
        return (both(rng)[1] - 0.45) ** 2

    published = {
        "(b1 - b2)²": (join, 0.3844707107, (-0.0577646447, 0.0266940334, -0.0983059666)),
        "(b2 - 0.45)²": (end, 0.2640529, (0.00577646, 0.02233060, 0.00983060)),
    }
    for name, (cost, value, slopes) in published.items():
        total = expected(cost)
        run.compare(f"{name}: expected", total.data, value, within=1e-7, form=".10f")
        for p, g, known in zip((t1, t2, w), grad(total, t1, t2, w), slopes):
            run.compare(f"{name}: exact d/d{p.label}", g.data, known, within=1e-8, form=".10f")
            mean, _ = over_outcomes(cost, p)
            run.compare(f"{name}: mean score, d/d{p.label}", mean, g.data, within=1e-12, form=".10f")
    w.data = 0.0
    run.compare("(b1 - b2)² at w = 0: exact d/dw", grad(expected(join), w)[0].data, -0.125, within=1e-12)
    run.say(
        "At w = 0 the second coin does not listen to the first, and yet it matters how it would: the cost looks at "
        "both."
    )


def curvature(run: Run) -> None:
    """Second derivatives."""
    run.section("The gradient of the gradient")
    t = Value(0.3, label="t")
    run.say("x is 1 with probability t and costs x (1 - t) + (1 - x)(1 + t): on the average 1 + t - 2t².")

    def cost(rng: Any) -> Value:
        x = Bernoulli(t).sample(rng)
        return x * (1 - t) + (1 - x) * (1 + t)

    second, halved = 0.0, 0.0
    for p, found in outcomes(cost):
        [g] = grad(surrogate(found, order=2), t)
        second += p * grad(g, t)[0].data
        x = float(found.data == 1 - t.data)
        score = x * t.log() + (1 - x) * (1 - t).log()
        [once] = grad(found + score * found.data, t)  # the plain surrogate loss, by hand
        halved += p * grad(once + score * once.data, t)[0].data  # and that of its gradient
    run.compare("second derivative, surrogate(cost, order=2)", second, -4.0, within=1e-12)
    run.compare("a plain surrogate loss of a plain surrogate loss", halved, -2.0, within=1e-12)
    run.say(
        "The plain loss holds the cost as a number, and a number has no derivative: of the second derivative a part is "
        "missing, here half. Therefore ours refuses a second derivative, and says so."
    )


def counts(run: Run) -> None:
    """Counts, and a bell curve between them."""
    run.section("Counts")
    p = Value(0.6, label="p")
    run.say(
        "a = p (1 - p), b counts 10 tries with probability p, c = 2b + 3 more tries, x has mean b and std a: a c x."
    )

    def cost(rng: Any, z: float) -> Value:
        a, b = p * (1 - p), Binomial(10, p).sample(rng)
        c = 2 * b + 3 * Bernoulli(p).sample(rng)
        return a * c * Normal(b, a).rsample(noise=z)

    both = [expected(lambda rng, z=z: cost(rng, z)) for z in (-1.0, 1.0)]  # type: ignore[misc]
    value, slope = (math.fsum(x) / 2 for x in ([y.data for y in both], [grad(y, p)[0].data for y in both]))
    run.compare("expected", value, 21.024, within=1e-9)
    run.compare("its gradient by p", slope, 47.76, within=1e-9)


# A network that looks at one place


class Looker(nn.Module):
    """Reads a hint, chooses one of the places, and says what it saw there."""

    def __init__(self, places: int, seed: int) -> None:
        self.name = "looker"
        self.where = nn.Linear(places, places, seed=seed)
        self.what = nn.Linear(1, 1, seed=seed + 1)

    def __call__(self, hint: Sequence[float], letters: Sequence[float], rng: Any, how: Any) -> Any:
        """The logit of a 1, after one look."""
        look = Categorical(logits=self.where(hint)).sample(rng, estimator=how)
        seen = F.sum([F.where(F.equal(look, float(k)), x, 0.0) for k, x in enumerate(letters)])
        return self.what([seen])[0]


def attention(run: Run) -> None:
    """Hard attention learned by four estimators."""
    run.section("A network that looks at one place")
    places, steps, batch = 5, run.steps(60), 8
    run.say(
        f"{places} places hold a number each, 1 or -1, and a hint says which counts: it is shifted by one. The network "
        "may look at one place only, and chooses it at random, by probabilities that it learns."
    )
    lines, rows = dict[str, list[float]](), []
    ways = {"score": Score(), "running mean": Score(RunningMean()), "enumerated": Enumerate()}

    def sample(rng: random.Random) -> tuple[list[float], list[float], int]:
        letters, at = [rng.choice((-1.0, 1.0)) for _ in range(places)], rng.randrange(places)
        return [1.0 * (k == at) for k in range(places)], letters, int(letters[(at + 1) % places] > 0)

    for name, how in ways.items():
        rng, model = random.Random(run.seed), Looker(places, run.seed)
        optimizer = optim.Adam(model.parameters(), lr=0.03)
        line = list[float]()

        def step(_: int, rng: Any = rng, model: Any = model, optimizer: Any = optimizer, how: Any = how,
                 line: list[float] = line) -> str:  # fmt: skip
            samples = [sample(rng) for _ in range(batch)]
            costs = [losses.binary_cross_entropy_with_logits([model(h, x, rng, how)], [y]) for h, x, y in samples]
            optimizer.zero_grad()
            loss = surrogate([cost / batch for cost in costs])
            loss.backward()
            optimizer.step()
            line.append(math.fsum(cost.data for cost in costs) / batch)
            return f"{line[-1]:.4f}"

        run.repeat(steps, step)
        lines[name] = [
            math.fsum(line[max(0, k - 19) : k + 1]) / len(line[max(0, k - 19) : k + 1]) for k in range(len(line))
        ]
        right = []
        for k in range(places):
            ps = F.softmax(model.where([1.0 * (j == k) for j in range(places)]))
            right.append(float(ps[(k + 1) % places]))
        rows.append([name, f"{lines[name][-1]:.4f}" if line else "", f"{min(right):.1%} to {max(right):.1%}"])
    run.table(["gradient of the look", "loss at the end", "probability of looking at the right place"], rows)
    run.picture(
        "attention",
        plot.curves(lines, title="a network that looks at one place", xlabel="step", ylabel="loss, mean of 20 steps"),
        "learning where to look, by three estimators",
    )
