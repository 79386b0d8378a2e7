"""Learning what to do: policies that are rewarded, critics that know what follows, and a world that has a formula.

A walker moves, the world replies with a cost and a new state, and nobody knows a formula for either. What can be
differentiated is the policy alone, the probabilities of the moves. The expected cost of a walk is a smooth function of
them, and `surrogate(costs)` has its gradient:

    REINFORCE      d(log p(move)) × (what it cost from there on - baseline): unbiased, and noisy
    actor-critic   d(log p(move)) × Q(move, state): a critic has learned what follows
    Backprop-Q     sum over all moves of d(p(move)) × Q(move, state): no noise of the choice is left

One line does all of this, `surrogate(costs).backward()`: each move names its estimator. Nobody has built an actor: that
is the chain rule, which ends at a choice, where the critic's Q takes the place of the costs that are to come. The
critic learns from whole walks (Monte Carlo), or up to the next choice and from there on what the critic expects
(temporal differences). What it must see is found in the graph: given the state, the walk that led there tells nothing.
Where the world is a formula, as that of a mass that is pushed, the gradient goes through the world instead: pathwise.

Sources: R. Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning"
(1992); R. Sutton and A. Barto, "Reinforcement Learning", chapter 13 and example 6.6; J. Schulman, N. Heess, T. Weber,
P. Abbeel, "Gradient estimation using stochastic computation graphs" (2015); Xu, Zu, Zhou, "Backprop-Q" (2018).
The optimum of the mass is Riccati's recursion.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Sequence
from statistics import mean, stdev
from typing import Any, NamedTuple

from ... import optim, plot
from ...derivatives import grad
from ...engine import Value
from ...stochastic import Categorical, Critic, Score, Table, expected, lookup, outcomes, reply, surrogate
from .. import Run
from ..dqn import CELLS, CLIFF, EPSILON, GOAL, MOVES, START, along_the_edge, along_the_top, step
from .mass import learned, pushed

Policy = dict[int, list[Value]]  # the logits of the moves, at each place
How = Callable[[Value, int], Any]  # the estimator of a move, of the state and of how many moves came before
SEEDS, LONGEST, UNIT, RATE = 5, 100, 10.0, 0.1  # moves until a walk is broken off; costs are counted in tens


def main(run: Run) -> None:
    """Gradients on a corridor that can be added up, walkers on the cliff, and a mass that is pushed."""
    corridor(run)
    cliff(run)
    pushed(run)
    learned(run)


# A world that replies


class World(NamedTuple):
    """Places, where to begin, and what a move does: the next place, or None at the goal, and what it costs."""

    places: Sequence[int]
    start: int
    moves: int
    step: Callable[[int, int], tuple[int | None, float]]


def walk(world: World, policy: Policy, how: How, rng: Any, longest: int = LONGEST) -> list[Value]:
    """The costs of one walk, each a reply to the state and the move; so is the next state."""
    state, costs = Value(float(world.start), label="state"), list[Value]()
    for k in range(longest):
        move = Categorical(logits=lookup(policy, state)).sample(rng, estimator=how(state, k))
        to, cost = world.step(int(state.data), int(move.data))
        costs.append(reply(cost, state, move))
        if to is None:
            break
        state = reply(to, state, move)
    return costs


def chances(logits: Sequence[Value]) -> list[float]:
    """The probabilities of the moves."""
    weights = [math.exp(z.data - max(z.data for z in logits)) for z in logits]
    return [w / sum(weights) for w in weights]


def worth(world: World, policy: Policy) -> float:
    """The exact expected cost of a walk that is never broken off: v = cost + P v, by Gauss's elimination."""
    row = {place: i for i, place in enumerate(world.places)}
    system = [[float(i == j) for j in row.values()] + [0.0] for i in row.values()]
    for place, i in row.items():
        for k, p in enumerate(chances(policy[place])):
            to, cost = world.step(place, k)
            system[i][-1] += p * cost
            if to is not None:
                system[i][row[to]] -= p
    for i in range(len(system)):
        top = max(range(i, len(system)), key=lambda j: abs(system[j][i]))
        system[i], system[top] = system[top], system[i]
        for j in range(len(system)):
            if j != i and system[j][i]:
                factor = system[j][i] / system[i][i]
                system[j] = [x - factor * y for x, y in zip(system[j], system[i])]
    at = row[world.start]
    return system[at][-1] / system[at][at]


def best(world: World) -> float:
    """The least cost of a walk, by value iteration."""
    v = dict.fromkeys(world.places, 0.0)
    while True:
        new = {}
        for place in v:
            found = [world.step(place, k) for k in range(world.moves)]
            new[place] = min(cost + (0.0 if to is None else v[to]) for to, cost in found)
        if new == v:
            return v[world.start]
        v = new


# Every outcome


CORRIDOR = World((0, 1, 2), 1, 2, lambda place, k: ((max(place - 1, 0), place + 1 if place < 2 else None)[k], 1.0))


def corridor(run: Run) -> None:
    """Three places, the goal beyond the last one, four moves at most: all walks can be added up."""
    run.section("A corridor, every walk of it")
    run.say("Three places in a row, the goal is to the right of the last. A move to the left or right costs 1, and "
            "after four moves the walk is over. The policy has two logits for each place.")  # fmt: skip
    policy = {place: [Value(0.3 * place - 0.2), Value(0.1 * place)] for place in CORRIDOR.places}
    logits = [z for zs in policy.values() for z in zs]

    def costs(how: How) -> Callable[[Any], list[Value]]:
        return lambda rng: walk(CORRIDOR, policy, how, rng, 4)

    exact = [g.data for g in grad(expected(costs(lambda state, k: None)), *logits)]
    rows = []
    for name, critic in (("REINFORCE", None), ("actor-critic", Critic()), ("Backprop-Q", Critic(all_outcomes=True))):

        def how(state: Value, k: int, critic: Critic | None = critic) -> Any:
            return critic.given(state, k, name="move") if critic else Score()  # what is left depends on the time

        if critic:
            for p, found in outcomes(costs(how)):
                critic.learn(found, weight=p)
        weighed = [(p, grad(surrogate(found), *logits)) for p, found in outcomes(costs(how))]
        means = [math.fsum(p * g[i].data for p, g in weighed) for i in range(len(logits))]
        variance = math.fsum(p * (g[i].data - m) ** 2 for p, g in weighed for i, m in enumerate(means))
        apart = max(abs(a - b) for a, b in zip(means, exact))
        run.compare(f"{name}: mean over all walks, difference from the exact gradient", apart, 0.0, within=1e-12)
        rows.append([name, f"{variance:.4f}"])
    run.table(["estimator, with the exact Q", "variance of one walk, all logits"], rows)


# The cliff


def _step(place: int, k: int) -> tuple[int | None, float]:
    to, reward = step(CELLS[place], [*MOVES][k])
    return None if to == GOAL else CELLS.index(to), -reward / UNIT


EDGE = World([i for i, cell in enumerate(CELLS) if cell not in (GOAL, *CLIFF)], CELLS.index(START), len(MOVES), _step)


def trying(way: Callable[[Any], str], epsilon: float = EPSILON) -> Policy:
    """The policy that goes a way, and does something random with probability epsilon."""
    return {place: [Value(math.log((1 - epsilon) * (move == way(CELLS[place])) + epsilon / 4)) for move in MOVES]
            for place in EDGE.places}  # fmt: skip


class Usual:
    """A baseline: what was paid from this state on, the older walks the less they count."""

    def __init__(self, table: Table, state: Value) -> None:
        self.table, self.state = table, (state.data,)

    def __call__(self, choice: Value) -> float:
        return self.table(self.state)

    def seen(self, choice: Value, cost: float) -> None:
        """Count one walk."""
        self.table.learn(self.state, cost)


def reinforced(baseline: bool) -> tuple[How, None]:
    """REINFORCE, without or with a baseline for each state."""
    usual = Table(1, keep=0.9)
    return (lambda state, k: Score(Usual(usual, state) if baseline else 0.0)), None


def criticised(**options: Any) -> tuple[How, Critic]:
    """A critic with one table for all moves; of a move that was never tried it expects a fall."""
    critic = Critic(lambda size: Table(size, keep=0.8, initial=100 / UNIT), **options)
    return (lambda state, k: critic.given(state, name="move")), critic


LEARNERS: dict[str, Callable[[], tuple[How, Critic | None]]] = {
    "REINFORCE": lambda: reinforced(False),
    "with a baseline": lambda: reinforced(True),
    "actor-critic": lambda: criticised(td=True),
    "Backprop-Q, Monte Carlo": lambda: criticised(all_outcomes=True),
    "Backprop-Q, temporal": lambda: criticised(all_outcomes=True, td=True),
}


def learn(policy: Policy, how: How, critic: Critic | None, optimizer: optim.Optimizer, rng: random.Random) -> None:
    """One walk, and what is to be learned from it."""
    costs = walk(EDGE, policy, how, rng)
    optimizer.zero_grad()
    surrogate(costs).backward()
    optimizer.step()
    if critic is not None:
        critic.learn(costs)


def cliff(run: Run) -> None:
    """Five learners, several seeds, and what their policies are worth, computed and not walked."""
    run.section("Along the cliff")
    run.say("A grid of 4 by 12; a step costs 1, a fall 100 and the way back to the start. A policy's return is "
            "computed exactly, from the probabilities of its moves.")  # fmt: skip
    run.compare("the best return", -UNIT * best(EDGE), -13.0, within=1e-9)
    for name, way, known in (("edge", along_the_edge, -45.803), ("top", along_the_top, -22.273)):
        ours = -UNIT * worth(EDGE, trying(way))
        run.compare(f"along the {name}, something random in a tenth of all steps", ours, known, within=5e-4, form=".3f")
    run.say("All learners begin with the walker of the edge, who falls now and then. They may become surer, or keep "
            "away from the cliff, or both. All learn by the same lines:")  # fmt: skip
    run.code(inspect.getsource(learn), "python")
    seeds, episodes, every = 2 if run.small else SEEDS, run.steps(10), 5
    lines, bands, rows = dict[str, list[float]](), {}, []
    for name, make in LEARNERS.items():
        curves: list[list[float]] = []

        def once(k: int, make: Any = make, curves: list[list[float]] = curves) -> str:
            policy, (how, critic), rng = trying(along_the_edge), make(), random.Random(run.seed + k)
            optimizer = optim.SGD([z for zs in policy.values() for z in zs], lr=RATE)
            curve = [UNIT * worth(EDGE, policy)]
            for episode in range(1, episodes + 1):
                learn(policy, how, critic, optimizer, rng)
                if episode % every == 0:
                    curve.append(UNIT * worth(EDGE, policy))
            curves.append(curve)
            return f"{name}: return {-curve[-1]:.2f}"

        if run.repeat(seeds, once, "seed") < 2:
            break
        lines[name] = [mean(column) for column in zip(*curves)]
        bands[name] = [min(column) for column in zip(*curves)], [max(column) for column in zip(*curves)]
        ends = [curve[-1] for curve in curves]
        run.compare(f"{name}: return at the end, the best is", -mean(ends), -13.0, within=(-17.5, -13.0), whole=True,
                    form=".2f")  # fmt: skip
        rows.append([name, *(f"{-line[min(len(line) - 1, at)]:.2f}" for line in [lines[name]] for at in (10, 20)),
                     f"{-mean(ends):.2f} ± {stdev(ends):.2f}"])  # fmt: skip
    if not rows:
        return
    run.table(["return after", f"{10 * every} walks", f"{20 * every} walks", f"{episodes} walks, ± over seeds"], rows)
    run.say("REINFORCE knows what a walk has cost, and a fall is dear for every move before it. A critic spreads that "
            "over the states. To weigh all moves in place of the one that was made leaves the least to chance; whether "
            "the critic learned from whole walks or from the next state matters little where walks are short. What it "
            "expects of a move never tried does: here a fall. With 0, all that is unknown looks free.")  # fmt: skip
    walks = [every * k for k in range(max(map(len, lines.values())))]
    drawn = plot.curves(lines, walks, title="learning to walk along the cliff", xlabel="walks", log=True,
                        ylabel=f"exact expected cost of a walk: mean and range of {seeds} seeds",
                        marks={"best": UNIT * best(EDGE)}, bands=bands)  # fmt: skip
    run.picture("cliff", drawn, "what five learners make of the walker of the edge")
