"""Parts 2 and 3: three letters through an embedding and 200 tanh units; what goes wrong at the start, and its mends."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import data, losses, nn, optim, plot
from ... import functional as F
from ...engine import Value, topological
from ...extras import install
from ...parameters import pack, unpack
from ...picture import Picture
from ...replay import jit
from .. import Run
from .bigrams import CHANCE, LETTERS, spelled

Array = npt.NDArray[Any]
Reader = Callable[[Array], tuple[Array, Array]]  # of examples: their last hidden values, and their logits
PAST, WIDTH, HIDDEN, BATCH = 3, 10, 200, 32  # letters read, numbers for each, tanh units, examples in a step
SPREAD = 0.03  # of losses that differ in random numbers alone: seven seeds of the MLP reach 2.110 to 2.147
SATURATED = 0.97  # |tanh| above this hardly lets a gradient through: 1 - tanh² is below .06
ONE_HOT = np.eye(len(LETTERS))
KAIMING = 5 / 3 / math.sqrt(PAST * WIDTH)  # keeps the spread of what goes through a tanh layer of 30 inputs


def generator(seed: int, stream: str) -> np.random.Generator:
    """Random numbers that belong to a seed and to what they are for."""
    return np.random.default_rng([seed % 2**64, *stream.encode()])


class Names:
    """The names as examples, three letters and what follows: `train`, `dev` and `test`, each (X, Y), 80, 10 and 10 %.

    A loss is the mean over `judged`, all of train or dev; in a `small` run over one in a hundred.
    """

    def __init__(self, seed: int, small: bool = False) -> None:
        words, self.seed = data.names(), seed
        random.Random(42).shuffle(words)  # the split of the lectures
        ends = [0, int(0.8 * len(words)), int(0.9 * len(words)), len(words)]
        self.train, self.dev, self.test = (self._examples(words[a:b]) for a, b in zip(ends, ends[1:]))
        few = slice(None, None, 100 if small else 1)
        self.judged = {"train": (self.train[0][few], self.train[1][few]), "dev": (self.dev[0][few], self.dev[1][few])}

    @staticmethod
    def _examples(words: Sequence[str]) -> tuple[Array, Array]:
        codes = [spelled(word, PAST) for word in words]
        windows = np.array([code[k : k + PAST + 1] for code in codes for k in range(len(code) - PAST)])
        return windows[:, :PAST], windows[:, PAST]

    def batches(self, stream: str) -> Callable[[], tuple[Array, Array]]:
        """A function that draws 32 training examples; each training has a stream of its own."""
        rng = generator(self.seed, stream)
        X, Y = self.train

        def draw() -> tuple[Array, Array]:
            chosen = rng.integers(0, len(X), BATCH)
            return X[chosen], Y[chosen]

        return draw


class Speller(nn.Module):
    """logits = W2 tanh(W1 [C[a], C[b], C[c]] + b1) + b2 for letters a, b, c."""

    def __init__(self, backend: str = "auto") -> None:
        def zeros(rows: int, columns: int) -> list[list[Value]]:
            return [[Value(0.0) for _ in range(columns)] for _ in range(rows)]

        self.C, self.W1, self.W2 = zeros(len(LETTERS), WIDTH), zeros(HIDDEN, PAST * WIDTH), zeros(len(LETTERS), HIDDEN)
        [self.b1], [self.b2] = zeros(1, HIDDEN), zeros(1, len(LETTERS))
        self._replayed = None if backend == "eager" else jit(self.loss, backend)  # one example is recorded, once

    def begin(self, seed: int, W1: float = 1.0, b1: float = 1.0, W2: float = 1.0, b2: float = 1.0) -> Speller:
        """New numbers: each matrix drawn from N(0, 1), times its scale."""
        rng = random.Random(seed)
        for rows, scale in ((self.C, 1.0), (self.W1, W1), ([self.b1], b1), (self.W2, W2), ([self.b2], b2)):
            for v in [v for row in rows for v in row]:
                v.data = scale * rng.gauss(0, 1)
        return self

    def __call__(self, letters: Any) -> list[Value]:
        """The logits after three letters, each given as 27 zeros with a one in its place.

        The product of that row and C is the letter's embedding; and a letter that is an input of the graph, not part of
        its structure, can be another one in the next replay.
        """
        x = [F.dot(column, letter) for letter in letters for column in zip(*self.C)]
        h = [F.dot(w, x, b).tanh() for w, b in zip(self.W1, self.b1)]
        return [F.dot(w, h, b) for w, b in zip(self.W2, self.b2)]

    def loss(self, letters: Any, following: Any) -> Any:
        """How surprised it is by the letter that follows."""
        return losses.cross_entropy(self(letters), following)

    def reader(self) -> Reader:
        """A function from examples to hidden values and logits, by the present numbers, to look at."""
        C, W1, W2, b1, b2 = (np.array([[v.data for v in row] for row in m])
                             for m in (self.C, self.W1, self.W2, [self.b1], [self.b2]))  # fmt: skip

        def read(X: Array) -> tuple[Array, Array]:
            h = np.tanh(C[X].reshape(len(X), -1) @ W1.T + b1)
            return h, h @ W2.T + b2

        return read


def surprise(logits: Array, Y: Array) -> float:
    """The mean cross-entropy of logits at the letters that followed."""
    top = logits.max(1, keepdims=True)
    return float((np.log(np.exp(logits - top).sum(1)) + (top[:, 0] - logits[np.arange(len(Y)), Y])).mean())


def score(read: Reader, examples: tuple[Array, Array], at_once: int = 20_000) -> float:
    """The mean surprise of a model at many examples."""
    X, Y = examples
    parts = [slice(k, k + at_once) for k in range(0, len(X), at_once)]
    return sum(surprise(read(X[p])[1], Y[p]) * len(Y[p]) for p in parts) / len(Y)


def affordable(run: Run) -> int:
    """The steps of the MLP's training that this run takes: without Numba each takes a tenth of a second."""
    if run.small:
        return run.steps(20)
    if run.epochs > 1000 and (run.backend not in ("auto", "native") or find_spec("numba") is None):
        run.reduced = f"1,000 steps here, {run.epochs:,} there"
        run.say(
            f"1,000 steps in place of {run.epochs:,}: without the native backend ({install('jit')}) each takes a "
            "tenth of a second."
        )
        return 1000
    return run.epochs


def train(run: Run, model: Speller, names: Names, steps: int, stream: str = "three letters") -> list[float]:
    """The losses of some steps of stochastic gradient descent, at a rate of .1, in the second half of .01."""
    draw, rate = names.batches(stream), optim.step_decay(0.1, max(1, (steps + 1) // 2))
    replayed = model._replayed
    if replayed is None:  # a graph for each step, node by node

        def built() -> Any:
            X, Y = draw()
            return F.mean([model.loss(letters, int(y)) for letters, y in zip(ONE_HOT[X].tolist(), Y)])

        return run.descend(steps, built, optim.SGD(model.parameters(), rate))

    def replay() -> Any:
        X, Y = draw()
        return replayed.value_and_grad(theta, ONE_HOT[X], Y)

    theta = pack(model.parameters())
    seen = run.descend(steps, replay, optim.SGD(theta, rate))
    unpack(theta)
    return seen


def invented(read: Reader, rng: random.Random, count: int, longest: int = 20) -> str:
    """Names that a model of three letters makes up; one that has learned nothing yet might not find an end."""
    words = []
    for _ in range(count):
        code = [0] * PAST
        while len(code) == PAST or code[-1] and len(code) < PAST + longest:
            _, logits = read(np.array([code[-PAST:]]))
            code.append(F.sample(logits[0].tolist(), rng=rng))
        words.append("".join(LETTERS[k] for k in code[PAST:]).rstrip(".") or ".")
    return " ".join(words)


def smoothed(losses: Sequence[float], points: int = 100) -> tuple[list[float], list[float]]:
    """Where, and the means of, some stretches of losses: single batches jump about."""
    size = max(1, len(losses) // points)
    cut = [losses[k : k + size] for k in range(0, len(losses) - size + 1, size)]
    return [size * (k + 0.5) for k in range(len(cut))], [sum(part) / len(part) for part in cut]


def learning(lines: dict[str, list[float]], x: Sequence[float], title: str) -> Picture:
    """Losses over steps, beside what counting pairs and knowing nothing cost."""
    marks = {"knows nothing": CHANCE, "pairs, counted": 2.454}
    return plot.curves(lines, x, title=title, ylabel="loss, nats a letter", log=True, marks=marks)


def unfused(graph: list[Value]) -> int:
    """How many nodes a graph would have if each product and each sum of two were a node of its own."""
    return len(graph) + sum(len(v.parents) - 2 for v in graph if v.op.name in ("dot", "sum"))


# The essay


def three_letters(run: Run, names: Names, model: Speller, steps: int) -> None:
    """The MLP, trained by replays of a scalar graph."""
    run.section("Three letters back: an embedding, 200 tanh units, 27 logits")
    model.begin(run.seed)
    for part, count in (("train", 182_625), ("dev", 22_655), ("test", 22_866)):
        run.compare(f"examples in {part}", len(getattr(names, part)[0]), count)
    run.compare("parameters of the MLP", len(model.parameters()), 11_897)
    graph = topological(model.loss(ONE_HOT[names.train[0][0]].tolist(), int(names.train[1][0])))
    run.say(
        f"{len(LETTERS)} x {WIDTH} numbers for letters, {HIDDEN} x ({PAST * WIDTH} + 1) for hidden units, "
        f"{len(LETTERS)} x ({HIDDEN} + 1) for logits. The graph of one example has {len(graph):,} nodes; with a node "
        f"for each product and sum it would have {unfused(graph):,}. A step takes 32 examples forward and back."
    )
    seen = train(run, model, names, steps)
    run.compare("MLP: steps of 32 examples, at a rate of .1, in the second half of .01", len(seen), 200_000, whole=True)
    for part, published in (("train", 2.1260), ("dev", 2.1701)):
        reached = score(model.reader(), names.judged[part])
        run.compare(f"MLP: loss on {part}", reached, published, within=SPREAD, form=".4f", whole=True)
    if seen:
        x, means = smoothed(seen)
        drawn = learning({"batches, averaged": means}, x, "the MLP learns")
        run.picture("mlp", drawn, "the loss of the MLP: it begins far above one that knows nothing")
    run.say(f"Names that it makes up: {invented(model.reader(), random.Random(run.seed), 8)}.")


LADDER: tuple[tuple[str, dict[str, float], tuple[float, float]], ...] = (
    ("as drawn", {}, (2.1245, 2.1682)),
    ("logits near 0", {"W2": 0.01, "b2": 0.0}, (2.07, 2.13)),
    ("tanh not saturated", {"W2": 0.01, "b2": 0.0, "W1": 0.2, "b1": 0.01}, (2.0356, 2.1027)),
    ("scaled initialisation", {"W2": 0.01, "b2": 0.0, "W1": KAIMING, "b1": 0.01}, (2.0377, 2.1070)),
)


def ladder(run: Run, names: Names, model: Speller, steps: int) -> None:
    """The same network begun in four ways: how wrong it is at first, how much of tanh is saturated, where it gets."""
    run.section("What goes wrong at the start")
    run.say(
        f"The same network begun in four ways, {steps:,} steps each; the last rung of the ladder, batch "
        "normalisation, is trained by hand below."
    )
    curves, shares, rows = {}, {}, []
    x: list[float] = []
    edges = np.linspace(-1, 1, 41)
    X, Y = names.judged["dev"]
    for name, scales, published in LADDER:
        h, logits = model.begin(run.seed, **scales).reader()(X)
        start, saturated, slope = surprise(logits, Y), float((abs(h) > SATURATED).mean()), float((1 - h * h).mean())
        if name == "as drawn":
            run.compare("loss at the start, as drawn: confidently wrong", start, 27.0, within=4.0, form=".2f")
        if name == "logits near 0":
            run.compare("loss at the start, logits near 0: ln 27", start, CHANCE, within=0.05, form=".4f")
        if name != "as drawn":  # whose tanh is that of the next one, which differs in W2 alone
            shares[f"{name}: {saturated:.1%}"] = np.histogram(h, edges, density=True)[0].tolist()
        seen = train(run, model, names, steps, "ladder")
        if seen:
            x, curves[name] = smoothed(seen, 60)
        reached = [score(model.reader(), names.judged[part]) for part in ("train", "dev")]
        rows.append([name, f"{start:.4f}", f"{saturated:.1%}", f"{slope:.2f}", *[f"{v:.4f}" for v in reached]])
        for what, ours, theirs in zip(("train", "dev"), reached, published):
            run.compare(
                f"{name}: loss on {what}", ours, theirs, form=".4f", unlike=f"{len(seen):,} steps here, 200,000 there"
            )
    run.table(["begun", "loss at the start", f"|tanh| > {SATURATED}", "mean slope of tanh", "train", "dev"], rows)
    run.say(
        "Wild logits make the network confidently wrong: what it learns first, and steeply, is to be less sure "
        "of itself, which it could have been from the start. Wild inputs drive tanh to its ends, where its "
        "slope, 1 - tanh², lets no gradient through; a unit that is there for every example learns nothing. "
        "Scaling W1 by (5/3) / √30 finds by rule what .2 found by trial."
    )
    centres = ((edges[1:] + edges[:-1]) / 2).tolist()
    title = f"outputs of tanh at the start, and how many are beyond ±{SATURATED}"
    drawn = plot.curves(shares, centres, title=title, xlabel="tanh", ylabel="density", log=False)
    run.picture("tanh", drawn, "where the 200 tanh units are for the dev examples, before any training")
    if x:
        drawn = learning(curves, x, "the same network, begun in four ways")
        run.picture("ladder", drawn, "losses of the four beginnings, averaged over stretches of batches")
