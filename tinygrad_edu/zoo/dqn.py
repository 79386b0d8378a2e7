"""The clip that cut the gradient: deep Q-learning, and a walk along a cliff.

A Q-learner keeps a number Q(s, a) for every state and action, the reward it expects from there on, and moves it towards
what it has just seen: the reward, plus the best Q of the next state. The difference is called delta. Squared, it is a
loss, and its gradient is delta itself: so a single reward of -100 shakes all that was learned.
It is therefore customary to "clip the error to one". Programs of many did it like this:

    loss = clip(delta, -1, 1) ** 2

Where delta is beyond one, this loss is flat: its gradient is 0, and from its largest errors, which have most to teach,
the learner learns nothing.
What was meant is to clip the gradient, and there is a loss that has the clipped gradient: Huber's, a parabola near 0
that goes on as a straight line. The bug hides well, because where errors are small all of them agree.

Sources: Andrej Karpathy, "Yes you should understand backprop" (2016); R. Sutton and A. Barto,
"Reinforcement Learning", example 6.6.
The criticised code has no ½ before the square; here all three losses have one, so that they agree between -1 and 1.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import sqrt
from statistics import mean, stdev
from typing import Any

from .. import functional as F
from .. import losses, nn, ops, optim, plot
from ..derivatives import grad
from ..engine import Value
from ..parameters import pack, unpack
from ..replay import jit
from . import Run

HEIGHT, WIDTH, LONGEST = 4, 12, 200  # of the grid; steps, after which an episode is broken off
START, GOAL = (3, 0), (3, 11)
MOVES = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1)}
CELLS = [(row, column) for row in range(HEIGHT) for column in range(WIDTH)]
CLIFF = [cell for cell in CELLS if cell[0] == 3 and cell not in (START, GOAL)]
STATES = [cell for cell in CELLS if cell not in CLIFF]
EPSILON, ALPHA = 0.1, 0.5  # how often the walker tries something; how far Q moves towards what it has seen

Cell = tuple[int, int]
Loss = Callable[[Any], Any]


def main(run: Run) -> None:
    """The three gradients, the cliff by exact numbers, by tables, and by a small network."""
    gradients(run)
    exact(run)
    walkers(run)
    tables(run)
    networks(run)


# Three losses


LOSSES: dict[str, Loss] = {
    "clipped, then squared": lambda delta: 0.5 * ops.minimum(ops.maximum(delta, -1.0), 1.0) ** 2,
    "Huber": lambda delta: losses.huber(delta, 0.0),
    "squared": lambda delta: 0.5 * delta**2,
}


def slope(loss: Loss, delta: float) -> float:
    """The gradient of a loss by Q, at an error delta = Q - what it should be."""
    q = Value(delta)
    return grad(loss(q), q)[0].data + 0.0  # no -0


def gradients(run: Run) -> None:
    """What each of them makes of an error."""
    run.section("Three losses and their gradients")
    places = [k / 2 for k in range(-10, 11)]
    table = {name: [slope(loss, d) for d in places] for name, loss in LOSSES.items()}
    run.table(
        ["delta", *table], [[d, *(row[k] for row in table.values())] for k, d in enumerate(places) if d.is_integer()]
    )
    for name, size in zip(LOSSES, (0.0, 1.0, 5.0)):
        run.compare(f"delta = -5: size of the gradient, {name}", abs(table[name][0]), size)
    apart = max(max(row) - min(row) for row in zip(*table.values(), strict=True) if abs(row[2]) < 1)
    run.compare("between -1 and 1: largest difference of the three", apart, 0.0)
    run.say(
        "At exactly -1 and 1 the clip bends: its slope is 1 on one side and 0 on the other, "
        "and the engine says half of both. Beyond, where a learner errs most, the first loss says that "
        "nothing is to be learned."
    )
    fine = [k / 50 for k in range(-250, 251)]
    lines = {name: [slope(loss, d) for d in fine] for name, loss in LOSSES.items()}
    run.curves(
        "gradients",
        lines,
        "what the clip does to the gradient beyond -1 and 1",
        fine,
        title="gradient of three losses",
        xlabel="delta",
        ylabel="d loss / d Q",
    )


# The cliff


def step(cell: Cell, move: str) -> tuple[Cell, int]:
    """Where a move leads and what it costs: -1, or -100 for a fall, after which one is back at the start."""
    down, across = MOVES[move]
    to = min(max(cell[0] + down, 0), HEIGHT - 1), min(max(cell[1] + across, 0), WIDTH - 1)
    return (START, -100) if to in CLIFF else (to, -1)


def worth(policy: Callable[[Cell], str], epsilon: float = EPSILON) -> float:
    """The expected return from the start, of a policy that does something random with probability epsilon;
    swept until it stands still.
    """
    v = dict.fromkeys(STATES, 0.0)
    change = 1.0
    while change > 1e-12:
        change = 0.0
        for cell in STATES:
            if cell == GOAL:
                continue
            new = 0.0
            for move in MOVES:
                to, reward = step(cell, move)
                new += (epsilon / 4 + (1 - epsilon) * (policy(cell) == move)) * (reward + v[to])
            change, v[cell] = max(change, abs(new - v[cell])), new
    return v[START]


def along_the_edge(cell: Cell) -> str:
    """The shortest way: one step up, along the cliff, one step down."""
    return "up" if cell == START else "down" if cell[1] == WIDTH - 1 else "right"


def along_the_top(cell: Cell) -> str:
    """The way that is farthest from the cliff."""
    return "down" if cell[1] == WIDTH - 1 else "up" if cell[0] else "right"


def exact(run: Run) -> None:
    """What the ways are worth, computed and not walked."""
    run.section("A walk along a cliff")
    run.say(
        f"A grid of {HEIGHT} by {WIDTH}, every step costs 1. Between the start, lower left, and the goal, "
        "lower right, is a cliff: whoever falls pays 100 and begins again. A walker who does something random in "
        f"{EPSILON:.0%} of all steps falls now and then."
    )
    run.compare("the best return, never trying anything", worth(along_the_edge, 0.0), -13.0, within=1e-9)
    run.say(
        f"That is one step up, {WIDTH - 1} along the cliff, one down. With random steps every cell has an expected "
        "return, the mean over its moves of what a move costs and of what follows; the equations are swept until "
        "nothing changes any more."
    )
    run.compare(
        "along the edge, trying in a tenth of all steps", worth(along_the_edge), -45.803, within=5e-4, form=".3f"
    )
    run.compare("along the top, trying in a tenth of all steps", worth(along_the_top), -22.273, within=5e-4, form=".3f")
    run.say(
        "So the shortest way is the best only for one who never stumbles. Q-learning learns what the "
        "best way is worth, Sarsa what the way is worth that it really walks."
    )


class Table:
    """Q as a table of numbers."""

    def __init__(self, moved: Callable[[float], float]) -> None:
        self.q = {cell: dict.fromkeys(MOVES, 0.0) for cell in STATES}
        self.moved = moved  # the gradient of the loss by Q, for an error

    def values(self, cell: Cell) -> dict[str, float]:
        return self.q[cell]

    def learn(self, cell: Cell, move: str, target: float) -> None:
        self.q[cell][move] -= ALPHA * self.moved(self.q[cell][move] - target)


def best(values: dict[str, float]) -> str:
    """The move with the largest Q, the first of several."""
    return max(values, key=values.__getitem__)


def episode(q: Any, rng: random.Random, sarsa: bool = False) -> int:
    """One walk from the start to the goal, learning at every step; the sum of its rewards."""

    def choose(cell: Cell) -> str:
        return rng.choice([*MOVES]) if rng.random() < EPSILON else best(q.values(cell))

    cell, total = START, 0
    move = choose(cell)
    for _ in range(LONGEST):
        to, reward = step(cell, move)
        total += reward
        after = choose(to)
        future = 0.0 if to == GOAL else q.values(to)[after if sarsa else best(q.values(to))]
        q.learn(cell, move, reward + future)
        if to == GOAL:
            break
        cell, move = to, after if sarsa else choose(to)
    return total


def greedy(q: Any) -> tuple[int, list[Cell]]:
    """The walk that tries nothing: its return and its cells."""
    cell, total, way = START, 0, [START]
    while cell != GOAL and len(way) < LONGEST // 2:
        cell, reward = step(cell, best(q.values(cell)))
        total += reward
        way.append(cell)
    return total, way


def learned(run: Run, make: Callable[[int], Any], seeds: int, episodes: int, tell: Callable[[Any, list[float]], Any],
            sarsa: bool = False) -> list[tuple[Any, list[float]]]:  # fmt: skip
    """What has learned with each seed, and the return of each of its episodes."""
    found: list[tuple[Any, list[float]]] = []

    def once(k: int) -> Any:
        q, rng = make(run.seed + k), random.Random(run.seed + k)
        found.append((q, [float(episode(q, rng, sarsa)) for _ in range(episodes)]))
        return tell(*found[-1])

    run.repeat(seeds, once, "seed")
    return found


def walkers(run: Run) -> None:
    """Q-learning beside Sarsa, many times."""
    run.section("Q-learning and Sarsa, by tables")
    seeds, episodes = 2 if run.small else 40, run.steps(60)
    published = {"Q-learning": (-50.0, -13, 40), "Sarsa": (-27.3, -17, 32)}
    for name, (last, way, often) in published.items():
        found = learned(run, lambda seed: Table(float), seeds, episodes,
                        lambda q, returns: f"return {mean(returns[-100:]):.1f}", name == "Sarsa")  # fmt: skip
        ends, greedies = [mean(returns[-100:]) for _, returns in found], [greedy(q)[0] for q, _ in found]
        if len(found) < 2:
            return
        run.say(
            f"{name}, {episodes} episodes: the last hundred return {mean(ends):.1f} ± "
            f"{stdev(ends) / sqrt(len(ends)):.1f} (standard error)."
        )
        run.compare(f"{name}: return of the last 100 episodes", mean(ends), last, within=3.3, form=".1f", whole=True)
        chance = often / 40 * (1 - often / 40)
        run.compare(
            f"{name}: greedy walks of {way}, of 40",
            greedies.count(way),
            often,
            within=round(3 * sqrt(40 * chance)),
            whole=True,
        )
    run.say("Spreads are three standard errors, of forty walkers on either side.")


# The three losses on the cliff


def tables(run: Run) -> None:
    """Q-learning with each loss: the same table, another gradient."""
    run.section("Three losses on the cliff, by tables")
    seeds, episodes = 1 if run.small else 10, run.steps(60)
    moved: dict[str, Callable[[float], float]] = {
        "clipped, then squared": lambda d: d if abs(d) <= 1 else 0.0,
        "Huber": lambda d: max(-1.0, min(1.0, d)),
        "squared": float,
    }
    checked = max(
        abs(moved[name](d / 7) - slope(LOSSES[name], d / 7)) for name in moved for d in range(-50, 51) if abs(d) != 7
    )
    run.compare("these gradients by hand, and the engine's, largest difference", checked, 0.0, within=1e-15)
    curves, rows, pictures = {}, [], []
    for name in moved:
        found = learned(run, lambda seed: Table(moved[name]), seeds, episodes, lambda q, returns: None)
        if not found:
            return
        qs = [q for q, _ in found]
        curves[name] = average = [mean(column) for column in zip(*[returns for _, returns in found])]
        edge = mean(q.q[(2, 5)]["down"] for q in qs)
        rows.append([name, f"{mean(average[-100:]):.0f}", f"{mean(greedy(q)[0] for q in qs):.0f}", f"{edge:.1f}"])
        pictures.append(
            [
                [max(qs[0].q[c].values()) if c in STATES else 0.0 for c in CELLS[r * WIDTH :][:WIDTH]]
                for r in range(HEIGHT)
            ]
        )
    run.table(["loss", "return, last 100", "greedy walk", "Q of stepping down, above the cliff"], rows)
    run.say(
        "Stepping down there is worth -113. The clipped square leaves it at 0, where it began: "
        "the error is beyond 1, the gradient 0. So to fall looks like the best move there is, and the walker falls "
        f"until the episode is broken off. Huber's loss walks down by {ALPHA} a fall, and stops as soon as another "
        "move looks better: it takes its time and gets there."
    )
    run.say(
        f"A greedy walk is broken off after {LONGEST // 2 - 1} steps: -9900 is one that falls at each of them, -99 one "
        "that never falls and never arrives."
    )
    costs(run, "tables", curves, 50)
    run.picture("values", plot.images(pictures, labels=list(moved), title="largest Q of every cell", across=3,
                note="white 0, blue below; start lower left, goal lower right"),
                "what the tables think each cell is worth")  # fmt: skip


def costs(run: Run, kind: str, returns: dict[str, list[float]], width: int) -> None:
    """A picture of what an episode costs, the mean over the last `width`, with each loss."""
    lines = {name: [-y for y in smooth(ys, width)] for name, ys in returns.items()}
    drawn = plot.curves(lines, title=f"learning to walk along the cliff, by {kind}", xlabel="episode", log=True,
                        ylabel=f"cost of an episode, mean of {width}")  # fmt: skip
    run.picture(kind, drawn, "what an episode costs, with three losses")


def smooth(ys: list[float], width: int) -> list[float]:
    """The mean over the last `width`."""
    return [mean(ys[max(0, k + 1 - width) : k + 1]) for k in range(len(ys))]


# A small network


class Network:
    """Q as a network of a cell's row and column, which remembers what it saw and learns from
    sixteen of its memories at a time.

    Targets come from a copy that is renewed now and then, as in deep Q-networks: else it would chase its own tail.
    """

    def __init__(self, loss: Loss, seed: int, backend: str) -> None:
        self.model = nn.MLP(HEIGHT + WIDTH, [24, len(MOVES)], activation="tanh", seed=seed)
        self.rng = random.Random(seed)
        self.memory: list[tuple[Cell, str, float]] = []
        self.theta = pack(self.model.parameters())
        self.adam, self.steps = optim.Adam(self.theta, lr=0.01), 0
        self.ask = jit(self.model, backend=backend)
        self.loss = jit(lambda x, chosen, target: loss(F.dot(chosen, self.model(x)) - target), backend=backend)
        self.inputs = {
            cell: [float(cell[0] == r) for r in range(HEIGHT)] + [float(cell[1] == c) for c in range(WIDTH)]
            for cell in STATES
        }
        self.renew()

    def renew(self) -> None:
        """Both copies of Q: the one that acts, and the one that targets come from."""
        unpack(self.theta)
        self.old = dict(zip(STATES, self.ask.map([self.inputs[cell] for cell in STATES])))

    def values(self, cell: Cell) -> dict[str, float]:
        return dict(zip(MOVES, self.old[cell]))

    def learn(self, cell: Cell, move: str, target: float) -> None:
        self.memory.append((cell, move, target))
        if len(self.memory) > 500:
            self.memory.pop(0)
        if len(self.memory) < 16:
            return
        some = self.rng.choices(self.memory, k=16)
        chosen = [[float(name == m) for name in MOVES] for _, m, _ in some]
        _, gradient = self.loss.value_and_grad(
            self.theta, [self.inputs[c] for c, _, _ in some], chosen, [t for *_, t in some]
        )
        self.adam.step(gradient)
        self.steps += 1
        if self.steps % 25 == 0:
            self.renew()


def networks(run: Run) -> None:
    """The same with a network."""
    run.section("Three losses on the cliff, by a small network")
    seeds, episodes = (1, 3) if run.small else (3, 150)
    curves, rows = {}, []
    for name, loss in LOSSES.items():
        found = learned(run, lambda seed: Network(loss, seed, run.replay_backend), seeds, episodes,
                        lambda q, returns: str(greedy(q)[0]))  # fmt: skip
        if not found:
            return
        curves[name] = average = [mean(column) for column in zip(*[returns for _, returns in found])]
        rows.append([name, f"{mean(average[-50:]):.0f}", ", ".join(str(greedy(q)[0]) for q, _ in found)])
    run.table(["loss", "return, last 50", "greedy walks, one for each seed"], rows)
    run.say(
        "The network shows the same, more roughly: with the clipped square it stands still wherever its error is "
        "large. Its numbers depend on the seed; that one loss never arrives, and two do, does not."
    )
    costs(run, "networks", curves, 10)
