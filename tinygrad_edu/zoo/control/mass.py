"""A mass that is pushed to 0: the world is a formula, so that gradients pass it, and all but the network is exact."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from statistics import mean, stdev
from typing import Any

from ... import nn, optim, plot
from ...derivatives import grad
from ...engine import Value
from ...stochastic import Critic, Linear, Normal, RunningMean, Score, compare_estimators, surrogate
from .. import Run

TIMES, DT, NOISE, EFFORT, AT = 10, 0.3, 0.4, 0.1, (1.0, 0.0)  # where the mass is at first, and its velocity


def ride(policy: Callable[[Any, Any, int], Any], rng: Any, how: Callable[..., Any] | None = None) -> list[Value]:
    """The costs of pushing a mass to 0: where it is, squared, and a little for each push.

    A push is drawn around what the policy says.  Without `how`, gradients pass it, and the world, on their paths.
    """
    (x, v), costs = map(Value, AT), list[Value]()
    for k in range(TIMES):
        of = Normal(policy(x, v, k), NOISE)
        push = of.sample(rng, estimator=how(x, v, k)) if how else of.rsample(rng)
        v = v + DT * push
        x = x + DT * v
        costs.append(x**2 + EFFORT * push**2)
    return costs


Gains = Sequence[tuple[Any, Any]]


def moments(gains: Gains) -> Any:
    """The exact expected cost of pushing by -(k x + l v), with gains for each time: means and variances of a line."""
    (x, v), xx, xv, vv, total = AT, 0.0, 0.0, 0.0, 0.0
    for k, l in gains:  # noqa: E741
        push = k * k * xx + 2 * k * l * xv + l * l * vv + NOISE**2 + (k * x + l * v) ** 2
        a, b = -DT * k, 1 - DT * l  # the new velocity is a x + b v and noise, the new place c x + d v and noise
        c, d, noise = 1 + DT * a, DT * b, (DT * NOISE) ** 2
        x, v = c * x + d * v, a * x + b * v
        xx, xv, vv = (c * c * xx + 2 * c * d * xv + d * d * vv + DT * DT * noise,
                      c * a * xx + (c * b + d * a) * xv + d * b * vv + DT * noise,
                      a * a * xx + 2 * a * b * xv + b * b * vv + noise)  # fmt: skip
        total = total + xx + x * x + EFFORT * push
    return total


def riccati() -> tuple[float, Gains]:
    """The least expected cost of all policies, and the gains that have it, from the last push to the first."""
    p, q, r, const, gains = 0.0, 0.0, 0.0, 0.0, list[tuple[float, float]]()  # p x² + 2 q x v + r v² + const to come
    for _ in range(TIMES):
        p += 1  # the cost of the place that a push leads to
        bx, bv = DT * (DT * p + q), DT * (DT * q + r)
        price = EFFORT + DT * (DT * bx + bv)
        k, l = bx / price, (DT * bx + bv) / price  # noqa: E741
        const += NOISE**2 * price
        p, q, r = (p - k * k * price, DT * p + q - k * l * price,
                   DT * DT * p + 2 * DT * q + r - l * l * price)  # fmt: skip
        gains.append((k, l))
    x, v = AT
    return p * x * x + 2 * q * x * v + r * v * v + const, gains[::-1]


class Quadratic:
    """A Q-function of second degree: a line through the numbers and their products."""

    def __init__(self, size: int, keep: float = 1.0) -> None:
        self.line = Linear(size + size * (size + 1) // 2, keep=keep)

    @staticmethod
    def features(xs: Sequence[float]) -> list[float]:
        """The numbers, and each times each."""
        return [*xs, *(a * b for i, a in enumerate(xs) for b in xs[i:])]

    def __call__(self, numbers: Sequence[float]) -> float:
        return self.line(self.features(numbers))

    def learn(self, numbers: Sequence[float], target: float, weight: float = 1.0) -> None:
        """Fit one target more."""
        self.line.learn(self.features(numbers), target, weight)


def pushed(run: Run) -> None:
    """Four estimates of the gradient by two gains, held against the exact one."""
    run.section("A mass that is pushed")
    run.say("A mass rests at 1 and is to come to 0, in ten pushes. Each is drawn around what the policy says, with a "
            f"standard deviation of {NOISE}. Here the world is a formula, and a gradient can pass it.")  # fmt: skip
    least, gains = riccati()
    run.compare("the least expected cost: by moments, and by Riccati's recursion", moments(gains), least, within=1e-9)
    k, l = Value(0.5, label="k"), Value(0.3, label="l")  # noqa: E741
    total = moments([(k, l)] * TIMES)
    exact = [g.data for g in grad(total, k, l)]
    run.say(f"For a push around -(k x + l v), at k = 0.5 and l = 0.3, the expected cost is {total.data:.4f}.")

    def linear(x: Any, v: Any, _: int) -> Any:
        return -(k * x + l * v)

    critic, rng = Critic(Quadratic, td=True), random.Random(run.seed)
    judged = lambda x, v, _: critic.given(x, v)  # noqa: E731
    for _ in range(60 if run.small else 300):
        critic.learn(ride(linear, rng, judged))
    means = [RunningMean() for _ in range(TIMES)]
    found = compare_estimators(
        lambda rng: ride(linear, rng), [k, l],
        {"pathwise": lambda rng: surrogate(ride(linear, rng)),
         "score": lambda rng: surrogate(ride(linear, rng, lambda *_: Score())),
         "score, running mean": lambda rng: surrogate(ride(linear, rng, lambda x, v, at: Score(means[at]))),
         "critic": lambda rng: surrogate(ride(linear, rng, judged))},
        samples=40 if run.small else 400, rng=run.seed, exact=exact)  # fmt: skip
    for row in found.rows:
        run.compare(f"{row.name}: mean gradient, against the exact one", row.verdict, "no bias seen")
    run.table(
        ["estimator", "mean d/dk", "mean d/dl", "variance of one ride"],
        [
            [row.name, *(f"{m:.3f} ± {e:.3f}" for m, e in zip(row.mean, row.error)), f"{sum(row.variance):.1f}"]
            for row in found.rows
        ],
    )
    run.say(f"Exact: {exact[0]:.3f} and {exact[1]:.3f}. A path knows how the world answers to a push that is a little "
            "larger; a score has to guess it from what happened.")  # fmt: skip
    run.picture("estimators", found.plot(), "bias and variance of four estimates of the same gradient")


def learned(run: Run) -> None:
    """The same with a policy that is a network: three estimators."""
    if run.interrupted:
        return
    seeds, rides, width = 2 if run.small else 5, run.steps(12), 20
    lines, bands, rows = dict[str, list[float]](), {}, []
    for name in ("pathwise", "score, running mean", "critic"):
        curves: list[list[float]] = []
        for seed in range(run.seed, run.seed + seeds):
            curves.append(ridden(run, name, seed, rides))
        if run.interrupted:
            break
        smooth = [[mean(curve[max(0, at + 1 - width) : at + 1]) for at in range(rides)] for curve in curves]
        lines[name] = [mean(column) for column in zip(*smooth)]
        bands[name] = [min(column) for column in zip(*smooth)], [max(column) for column in zip(*smooth)]
        ends = [curve[-1] for curve in smooth]
        rows.append([name, f"{mean(ends):.2f} ± {stdev(ends):.2f}"])
    if not rows:
        return
    least = riccati()[0]
    run.say(
        f"Now the policy is a network of 2, 6 and 1 units, begun at random. No policy does better than {least:.2f}."
    )
    run.table(["gradient", f"cost of the last {width} rides, ± over seeds"], rows)
    drawn = plot.curves(lines, title="learning to push a mass", xlabel="rides", log=True, marks={"best": least},
                        bands=bands, ylabel=f"cost, {width} rides: mean and range of {seeds} seeds")  # fmt: skip
    run.picture("pushed", drawn, "a network that learns to push, by three gradients of the same expected cost")


def ridden(run: Run, name: str, seed: int, rides: int) -> list[float]:
    """What the rides of one network cost, which learns after each."""
    rng, model = random.Random(seed), nn.MLP(2, [6, 1], activation="tanh", seed=seed)
    critic, means = Critic(lambda size: Quadratic(size, keep=0.98), td=True), [RunningMean() for _ in range(TIMES)]
    ways: dict[str, Callable[..., Any]] = {
        "score, running mean": lambda x, v, at: Score(means[at]),
        "critic": lambda x, v, at: critic.given(x, v),
    }

    def loss() -> Value:
        costs = ride(lambda x, v, _: model([x, v]), rng, ways.get(name))
        found = surrogate(costs)
        if name == "critic":
            critic.learn(costs)
        return found

    return run.descend(rides, loss, optim.Adam(model.parameters(), lr=0.03), told=f"{name}: cost")
