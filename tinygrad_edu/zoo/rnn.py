"""Recurrent networks: the same weights at every step of time, and what fifty steps do to a gradient.

A recurrent network reads a sequence and remembers: its state goes in again at the next step, through the same weights.
Unrolled, it is a deep network whose layers are all the same, and `backward()` needs to be told nothing new. But a
gradient that flows back over T steps is multiplied T times by the same thing.
If that is a little less than one, nothing arrives; if it is a little more, the gradient explodes.
Both are one number to the power of T, for a single unit, and the size of a matrix power for many.

Nothing can be done about an explosion by moving less: a smaller learning rate is too small for all other steps. Scaling
the gradient down when it is long, and only then, is enough. Against vanishing there is no such trick; it takes other
networks (LSTM, GRU), or weights that begin near one.

Sources: J. Elman, "Finding structure in time" (1990); S. Hochreiter (1991); Y. Bengio, P. Simard and P. Frasconi
(1994); R. Pascanu, T. Mikolov and Y. Bengio (2013) for clipping; Andrej Karpathy, "Yes you should
understand backprop" (2016) for the table of powers.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from .. import data, nn, ops, optim
from .. import functional as F
from ..derivatives import grad
from ..doctor.evidence import rate
from ..engine import Value
from ..modes import no_grad
from ..parameters import pack, unpack
from ..replay import jit
from . import Run
from .report import sizes

STEPS = 50  # of time
POWERS = {0.5: 8.88e-16, 0.9: 5.1538e-3, 1.0: 1.0, 1.1: 117.39, 1.5: 6.376e8, 2.0: 1.1259e15}
SIGMOIDS = {1: 0.25, 5: 6.7634e-4, 10: 3.8752e-7, 20: 1.2718e-13}


def main(run: Run) -> None:
    """One unit, many units, a thing to be remembered, and a network that spells."""
    one_unit(run)
    sigmoids(run)
    flat_units(run)
    many_units(run)
    memory(run)
    spelling(run)


# One unit


def over_time(h: Value, step: Callable[[Value], Value], steps: int = STEPS) -> list[float]:
    """The gradient of the last state by each of them, the first one first."""
    states = [h]
    for _ in range(steps):
        states.append(step(states[-1]))
    return [g.data for g in grad(states[-1], *states)]


def growth(gradients: Sequence[float]) -> float:
    """By what factor a gradient grows with every step that it goes back:
    exp of the slope of a line through its logarithms.
    """
    return rate([abs(g) for g in reversed(gradients) if g])


def one_unit(run: Run) -> None:
    """h = relu(a*h), fifty times: the gradient is a to the power of fifty."""
    run.section("One unit, fifty steps")
    lines, rows = {}, []
    for a, published in POWERS.items():
        gradients = over_time(Value(1.0), lambda h, a=a: (a * h).relu())  # type: ignore[misc]
        bent = over_time(Value(1.0), lambda h, a=a: (a * h).tanh())  # type: ignore[misc]
        lines[f"a = {a}"] = gradients[::-1]
        run.compare(f"a = {a}: d h50 / d h0, relu", gradients[0], published, within=5e-4 * published, form=".5g")
        run.compare(f"a = {a}: growth a step, fitted", growth(gradients), a, within=1e-9, form=".6g")
        rows.append([a, f"{gradients[0]:.3g}", f"{bent[0]:.3g}", f"{growth(bent):.4f}"])
    h0 = Value(1.0)
    h0.grad = gradients[0]  # of the largest a
    optim.clip_by_norm([h0], 1.0)
    run.compare(f"a = {a}: the same, clipped to a length of 1", h0.grad, 1.0, within=1e-12)
    run.table(["a", "d h50 / d h0, relu", "the same with tanh", "growth a step, tanh"], rows)
    run.say(
        f"Back through {STEPS} steps the gradient is multiplied {STEPS} times by a: a to the power of {STEPS}. "
        "Growth a step is fitted: a line through the logarithms of all those gradients, and e to the power of its "
        "slope. With tanh each step multiplies by a (1 - h²), which is less than a: what would explode without "
        "the bend saturates, and vanishes instead."
    )
    run.curves(
        "powers",
        lines,
        "the same number, many times: it vanishes or explodes",
        range(STEPS + 1),
        title="a gradient goes back in time",
        ylabel="d h50 / d h(50 - k), relu",
        xlabel="steps back, k",
        log=True,
    )


def sigmoids(run: Run, title: str = "The same in depth: a chain of sigmoids") -> None:
    """The same in depth: a chain of sigmoids, none of which passes on more than a quarter."""
    run.section(title)
    shares = []
    for n, published in SIGMOIDS.items():
        slope = over_time(Value(0.0), lambda h: h.sigmoid(), n)[0]
        shares.append(slope / 0.25**n)
        run.compare(f"{n} sigmoid{'s' * (n > 1)} from 0", slope, published, within=5e-5 * published, form=".5g")
    run.compare("the largest of them, as a share of 0.25 to the power of their number", max(shares), 1.0, within=(0, 1))
    run.say(
        f"Each passes on z (1 - z), a quarter at most, at 0: {n} of them at most 0.25 to the power of {n}, "
        f"{0.25**n:.3g}."
    )


def flat_units(run: Run) -> None:
    """Where a gradient ends that no number of steps has worn away: a unit that is saturated, or dead."""
    run.section("Units that pass nothing on")
    saturated(run)
    dead(run)


def saturated(run: Run) -> None:
    """A sigmoid far out, where it is flat."""
    for weight, published in ((1.0, 0.19661), (10.0, 4.5396e-5), (100.0, 3.72e-44)):
        w = Value(weight)
        s = (w * 1.0).sigmoid()
        s.backward()
        what = f"sigmoid(w x) at w = {weight:g}, x = 1: its slope by w"
        run.compare(what, w.grad, published, within=5e-4 * published, form=".5g")
    run.compare("the last of them by s (1 - s), as it is often written", s.data * (1 - s.data), 0.0)
    for name, bend, small, rounded in (("sigmoid", ops.sigmoid, 4.585, 36.7368), ("tanh", ops.tanh, 2.993, 19.0615)):
        flat = first(lambda z, bend=bend: bend.partials(bend(z), z)[0] < 0.01)  # type: ignore[misc]
        run.compare(f"{name}: its slope is below .01 from z =", flat, small, within=5e-4, form=".3f")
        one = first(lambda z, bend=bend: bend(z) == 1.0)  # type: ignore[misc]
        run.compare(f"{name}: it rounds to 1 from z =", one, rounded, within=5e-5, form=".4f")
    run.say(
        "A slope that is called zero is seldom zero: at w = 100 it is 3.72e-44, and nothing is learned from it all the "
        "same. Written as s (1 - s) it is exactly zero, because s has been rounded to 1."
    )


def dead(run: Run) -> None:
    """A relu that is closed wherever there are data."""
    rng = random.Random(run.seed)
    unit = nn.Neuron(4, activation="relu", seed=run.seed)
    *_, bias = unit.parameters()
    bias.data = -10.0
    outputs = [unit([rng.gauss(0, 1) for _ in range(4)]) for _ in range(100)]
    F.sum(outputs).backward()
    run.compare("relu with a bias of -10: inputs of 100 at which it is 0", sum(y.data == 0 for y in outputs), 100)
    run.compare("the largest slope by its weights and bias", max(abs(p.grad) for p in unit.parameters()), 0.0)
    run.say("It is dead: 0 wherever there are data, where it is flat, so that no gradient moves it back among them.")


def first(true: Callable[[float], bool]) -> float:
    """Where, between 0 and 100, something begins to be true and stays so."""
    low, high = 0.0, 100.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if true(middle) else (middle, high)
    return high


# Many units


def orthogonal(n: int, rng: random.Random) -> list[list[float]]:
    """n directions at right angles, drawn at random: a matrix that turns,
    and neither stretches nor shrinks (Gram and Schmidt).
    """
    rows: list[list[float]] = []
    while len(rows) < n:
        v = [rng.gauss(0, 1) for _ in range(n)]
        for row in rows:
            along = sum(a * b for a, b in zip(v, row))
            v = [a - along * b for a, b in zip(v, row)]
        length = math.hypot(*v)
        rows.append([a / length for a in v])
    return rows


def many_units(run: Run) -> None:
    """A matrix in place of the number: what counts is by how much it stretches."""
    run.section("Many units")
    n, steps = (4, 20) if run.small else (12, STEPS)
    turn, lines = orthogonal(n, random.Random(run.seed)), {}
    for stretch in (0.9, 1.0, 1.1):
        weights = [[stretch * w for w in row] for row in turn]
        bends: dict[str, Callable[[Any], Any]] = {"linear": lambda v: v, "tanh": ops.tanh}
        for name, bend in bends.items():
            states = [[Value(0.3 * math.cos(k)) for k in range(n)]]
            for _ in range(steps):
                states.append([bend(F.dot(row, states[-1])) for row in weights])
            flat = grad(F.sum(states[-1]), *(v for state in states for v in state))
            norms = [math.hypot(*(g.data for g in flat[k : k + n])) for k in range(0, len(flat), n)]
            lines[f"{name}, {stretch}"] = norms[::-1]
            if name == "linear":
                run.compare(f"linear, stretched by {stretch}: growth a step", growth(norms), stretch, within=1e-6)
    run.table(["weights, stretch", f"length of the gradient {steps} steps back", "growth a step"],
              [[name, f"{norms[-1]:.3g}", f"{growth(norms[::-1]):.4f}"] for name, norms in lines.items()])  # fmt: skip
    run.curves(
        "matrices",
        lines,
        "a matrix that stretches by 0.9, 1 or 1.1, with and without tanh",
        range(steps + 1),
        title=f"{n} units, a random turn",
        xlabel="steps back",
        log=True,
        ylabel="length of the gradient",
    )


# A thing to be remembered


class Memory(nn.Module):
    """Eight units read a sequence of numbers; then one number is asked for.

    The weights from state to state begin as `stretch` times one.
    """

    def __init__(self, activation: str, stretch: float, seed: int) -> None:
        self.rnn = nn.RNN(1, 8, activation=activation, seed=seed)
        self.answer = nn.Linear(8, 1, seed=seed)
        rng = random.Random(seed)
        for i, neuron in enumerate(self.rnn.cell.neurons):
            for j, w in enumerate(neuron.w[1:]):
                w.data = stretch * (i == j) + rng.gauss(0, 0.05)

    def loss(self, xs: Sequence[Any], wanted: Any) -> Any:
        _, state = self.rnn([[x] for x in xs])
        return (self.answer(state)[0] - wanted) ** 2


def remember(run: Run, model: Memory, clip: float | None, steps: int) -> tuple[list[float], list[float]]:
    """Train it to say after fifty steps what came first, 1 or -1, among noise;
    losses, and lengths of gradients before any clipping.
    """
    loss = jit(model.loss, backend=run.replay_backend)
    theta, rng = pack(model.parameters()), random.Random(run.seed)
    sgd = optim.SGD(theta, lr=0.05)
    seen: list[float] = []
    lengths: list[float] = []

    def step(_: int) -> str:
        if seen and not math.isfinite(seen[-1]):
            return "lost"
        first = [rng.choice((-1.0, 1.0)) for _ in range(16)]
        batch = [[one, *(rng.gauss(0, 0.1) for _ in range(STEPS - 1))] for one in first]
        value, gradient = loss.value_and_grad(theta, batch, first)
        length = math.hypot(*gradient) if clip is None else optim.clip_by_norm(gradient, clip)
        seen.append(float(value))
        lengths.append(length)
        if math.isfinite(value) and math.isfinite(length):
            sgd.step(gradient)
        return f"loss {value:.3g}"

    run.repeat(steps, step)
    unpack(theta)
    return seen, lengths


def memory(run: Run) -> None:
    """Vanishing, exploding and clipped."""
    run.section(f"What came first, {STEPS} steps ago?")
    steps = 20 if run.small else 300
    rows, curves, ends = [], {}, {}
    for activation, stretch in (("tanh", 0.5), ("tanh", 1.0), ("relu", 1.1)):
        for clip in (None, 1.0):
            seen, lengths = remember(run, Memory(activation, stretch, run.seed), clip, steps)
            if not seen:
                return
            name = f"{activation}, {stretch}{', clipped' if clip else ''}"
            finite = [v for v in seen if math.isfinite(v)]
            end = sum(seen[-50:]) / len(seen[-50:])
            ends[name] = end
            rows.append([name, f"{lengths[0]:.2g}", f"{max(lengths):.2g}", f"{end:.2g}", len(finite)])
            if activation == "tanh":
                curves[name] = seen
    run.table(["state to state", "first gradient", "longest", "loss, last 50", "steps with a finite loss"], rows)
    for name, published, spread in (("tanh, 1.0, clipped", 0.0, (0.0, 0.01)), ("tanh, 1.0", 1.0, (0.8, 1.2)),
                                    ("tanh, 0.5", 1.0, (0.8, 1.2)),
                                    ("tanh, 0.5, clipped", 1.0, (0.8, 1.2))):  # fmt: skip
        run.compare(f"loss, {name}", ends[name], published, within=spread, form=".3g", whole=True)
    run.say(
        "To remember has a loss of 0, to say always 0 one of 1. Weights that begin at a half pass nothing on. "
        "At one they do, and learn it if no single long step throws them into saturation, from where no gradient "
        "leads back. With relu and weights above one the first step is already beyond all numbers; "
        "clipping keeps them finite, and it learns, unsteadily."
    )
    run.curves(
        "memory",
        curves,
        "with weights near one and clipped gradients it is learned; else it is not",
        title=f"remembering for {STEPS} steps",
        ylabel="squared error",
    )


# A network that spells


class Speller(nn.Module):
    """Reads a name letter by letter and says how likely every letter is to come next."""

    def __init__(self, letters: str, width: int, hidden: int, seed: int) -> None:
        self.letters, self.edge = letters, len(letters)  # one more sign stands at both ends
        self.token = nn.Embedding(self.edge + 1, width, seed=seed)
        self.rnn = nn.RNN(width, hidden, seed=seed)
        self.head = nn.Linear(hidden, self.edge + 1, seed=seed)

    def arguments(self, name: str) -> tuple[list[list[Value]], list[list[float]]]:
        """The vectors that are read, and what should be said after each."""
        tokens = [self.edge, *map(self.letters.index, name), self.edge]
        return [self.token(t) for t in tokens[:-1]], [[float(k == t) for k in range(self.edge + 1)] for t in tokens[1:]]

    def loss(self, rows: list[list[Any]], targets: list[list[Any]]) -> Any:
        """The mean surprise at the letter that came, in nats."""
        states, _ = self.rnn(rows)
        return F.mean([F.logsumexp(z) - F.dot(t, z) for z, t in zip(map(self.head, states), targets)])

    def spell(self, rng: random.Random) -> str:
        """A new name."""
        token, state, name = self.edge, None, ""
        with no_grad():
            while len(name) < 15:
                _, state = self.rnn([self.token(token)], state)
                chances = [p.data for p in F.softmax(self.head(state))]
                [token] = rng.choices(range(self.edge + 1), chances)
                if token == self.edge:
                    break
                name += self.letters[token]
        return name


def spelling(run: Run) -> None:
    """A character network: trained on names, it makes up others."""
    run.section("A network that spells")
    names = data.names()
    random.Random(run.seed).shuffle(names)
    held, names = names[:300], names[300:]
    model = Speller("".join(sorted(set("".join(names)))), 12, 8 if run.small else 48, run.seed)
    steps, order = run.steps(10), itertools.cycle(names)
    replayed, theta = jit(model.loss, backend=run.replay_backend), pack(model.parameters())

    def loss() -> tuple[float, Any]:
        rows, targets = model.arguments(next(order))
        value, gradient = replayed.value_and_grad(theta, [rows], [targets])
        optim.clip_by_norm(gradient, 5.0)
        return value, gradient

    seen = run.descend(steps, loss, optim.Adam(theta, lr=optim.linear(0.01, steps=max(steps, 1))))
    unpack(theta)
    few = held[: 5 if run.small else len(held)]
    with no_grad():
        each = [(model.loss(*model.arguments(name)).data, len(name) + 1) for name in few]
    nats = sum(v * n for v, n in each) / sum(n for _, n in each)
    rng = random.Random(run.seed)
    run.say(
        f"{sizes(model)}: letters, units that see a letter and the state before, and what comes next. {len(seen):,} "
        "names read once each: " + " ".join(model.spell(rng) for _ in range(12))
    )
    run.compare("nats a letter, on names not read", nats, 2.4546, form=".3f",
                unlike="pairs of letters, counted in all names; this remembers more than one letter")  # fmt: skip
    if seen:
        mean = [sum(seen[max(0, k - 199) : k + 1]) / len(seen[max(0, k - 199) : k + 1]) for k in range(len(seen))]
        run.curves(
            "spelling",
            {"mean of 200 names": mean},
            "the surprise at each letter, name by name",
            title="learning to spell",
            ylabel="nats a letter",
            marks={"knows nothing": math.log(27), "pairs counted": 2.4546},
        )
