"""Every system of the zoo that trains by backpropagation, twenty steps here and in PyTorch and JAX: how far apart?

    python -m benchmarks.moving                     prints the table of docs/moving.md
    python -m benchmarks.moving --only rnn --small  few samples
    python -m benchmarks.moving --library torch     one of the two; JAX compiles each graph for seconds

Each training is that of its essay, on a few of its samples.  Where the model's layers have counterparts, those are
trained; else the graph of each step's loss is computed there, at numbers of its own.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from tinygrad_edu import Value, data, losses, nn, optim, words
from tinygrad_edu import functional as F
from tinygrad_edu.errors import UserError
from tinygrad_edu.interop import Counterpart, TrainingComparison, compare_training, counterpart
from tinygrad_edu.interop.libraries import NAMES
from tinygrad_edu.interop.training import far
from tinygrad_edu.stochastic import Critic, surrogate
from tinygrad_edu.zoo import control, dqn, microgpt, perceptron, rnn, scratch, stochastic
from tinygrad_edu.zoo.control import mass
from tinygrad_edu.zoo.cs224n import sentences, tagger, window
from tinygrad_edu.zoo.cs231n import training as spiral
from tinygrad_edu.zoo.lecun1989 import modern, network, patterns
from tinygrad_edu.zoo.makemore import bigrams
from tinygrad_edu.zoo.makemore import network as makemore
from tinygrad_edu.zoo.vae import estimators
from tinygrad_edu.zoo.vae import models as vae

Training = tuple[Any, dict[str, Any]]  # a model, and what `compare_training` is told besides
SYSTEMS: dict[str, Callable[[bool], Training]] = {}  # what is trained -> a training, with fewer samples if it is small


def system(name: str) -> Callable[[Callable[[bool], Training]], Callable[[bool], Training]]:
    """Put a training into the list."""
    return lambda make: SYSTEMS.setdefault(name, make)


@system("perceptron, exclusive or")
def _(small: bool) -> Training:
    model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    return model, {"X": perceptron.CORNERS, "y": [0, 1, 1, 0], "loss": "binary_cross_entropy_with_logits",
                   "optimizer": optim.Adam(model.parameters(), lr=0.1)}  # fmt: skip


@system("perceptron, six sets")
def _(small: bool) -> Training:
    model = nn.MLP(2, [4 if small else 16] * 2 + [1], activation="tanh", seed=0)
    X, y = data.minitorch("spiral", 10, seed=0)
    return model, {"X": [perceptron.moved(x) for x in X], "y": y, "loss": "binary_cross_entropy_with_logits",
                   "optimizer": optim.Adam(model.parameters(), lr=0.03)}  # fmt: skip


def digits() -> tuple[list[list[float]], list[int]]:
    """Ten digits of 16 x 16, from -1 to 1, as the network of 1989 reads them."""
    found = patterns.of_digits(1)
    return found.X_train[:10], found.y_train[:10]


def net(seed: int = 1) -> network.Net:
    """The network of 1989, whose layers stand one after the other; its input is a row of pixels."""
    layers: Any = lambda model: [picture, model.h1, model.h2, nn.Flatten(), model.h3, model.output]  # noqa: E731
    counterpart(network.Net, layers=layers)
    return network.Net(seed)


def picture(pixels: Any) -> Any:
    """A row of pixels as a map; what it is elsewhere, its row says."""
    return [[pixels[i : i + 16] for i in range(0, 256, 16)]]


counterpart(picture, torch=lambda f: Counterpart("nn.Unflatten(-1, (1, 16, 16))"),
            jax=lambda f: ({}, lambda p, x: x.reshape(*x.shape[:-1], 1, 16, 16)))  # fmt: skip


@system("lecun1989")
def _(small: bool) -> Training:
    X, y = digits()
    model, n = net(), 1
    return model, {"X": X[:n], "y": [network.target(k) for k in y[:n]], "loss": "mse",
                   "optimizer": optim.SGD(model.parameters(), lr=0.03)}  # fmt: skip


@system("lecun1989, 33 years later")
def _(small: bool) -> Training:
    X, y = digits()
    net()
    model, rng, n = modern.modern(1, "relu"), random.Random(0), 1
    kept = [modern.kept(rng) for _ in range(20)]
    shown = [[modern.shifted(x, rng) for x in X[:n]] for _ in range(20)]

    def loss(k: int) -> Any:
        return F.mean([modern.DROPOUT.loss(model, x, kept[k], digit) for x, digit in zip(shown[k], y)])

    return model, {"loss": loss, "optimizer": optim.AdamW(model.parameters(), lr=3e-4)}


def memory(stretch: float) -> None:
    """To remember for fifty steps, with weights from state to state that begin as so many times one."""

    @system(f"rnn, what came first, weights of {stretch}")
    def _(small: bool) -> Training:
        model, rng, steps = rnn.Memory("tanh", stretch, 0), random.Random(0), 8 if small else rnn.STEPS

        def loss(k: int) -> Any:
            first = [rng.choice((-1.0, 1.0)) for _ in range(2)]
            batch = [[one, *(rng.gauss(0, 0.1) for _ in range(steps - 1))] for one in first]
            return F.mean([model.loss(xs, one) for xs, one in zip(batch, first)])

        return model, {"loss": loss, "optimizer": optim.SGD(model.parameters(), lr=0.05)}


memory(0.5)
memory(1.0)


@system("rnn, a network that spells")
def _(small: bool) -> Training:
    names = [name for name in data.names() if len(name) == 5]
    random.Random(0).shuffle(names)
    model = rnn.Speller("".join(sorted(set("".join(names)))), 12, 8 if small else 48, 0)
    return model, {"loss": lambda k: model.loss(*model.arguments(names[k])),
                   "optimizer": optim.Adam(model.parameters(), lr=optim.linear(0.01, steps=6000))}  # fmt: skip


@system("control, a mass that is pushed, pathwise")
def _(small: bool) -> Training:
    rng, model = random.Random(0), nn.MLP(2, [6, 1], activation="tanh", seed=0)
    return model, {"loss": lambda k: surrogate(mass.ride(lambda x, v, _: model([x, v]), rng)),
                   "optimizer": optim.Adam(model.parameters(), lr=0.03)}  # fmt: skip


@system("control, a mass that is pushed, with a critic")
def _(small: bool) -> Training:
    rng, model = random.Random(0), nn.MLP(2, [6, 1], activation="tanh", seed=0)
    critic = Critic(lambda size: mass.Quadratic(size, keep=0.98), td=True)

    def loss(k: int) -> Any:
        costs = mass.ride(lambda x, v, _: model([x, v]), rng, lambda x, v, at: critic.given(x, v))
        found = surrogate(costs)
        critic.learn(costs)
        return found

    return model, {"loss": loss, "optimizer": optim.Adam(model.parameters(), lr=0.03)}


class Policy:
    """The logits of a walker's moves."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy

    def parameters(self) -> list[Any]:
        return [z for zs in self.policy.values() for z in zs]


@system("control, along the cliff, REINFORCE")
def _(small: bool) -> Training:
    policy, (how, _), rng = control.trying(dqn.along_the_edge), control.reinforced(True), random.Random(0)
    model = Policy(policy)
    return model, {"loss": lambda k: surrogate(control.walk(control.EDGE, policy, how, rng, 10 if small else 100)),
                   "optimizer": optim.SGD(model.parameters(), lr=control.RATE)}  # fmt: skip


def pictures(n: int) -> list[list[float]]:
    """Digits of 64 pixels, with ink or without."""
    return [[float(v >= 0.5) for v in x] for x in data.digits().X_train[:n]]


@system("vae, two numbers behind the pixels")
def _(small: bool) -> Training:
    model, X, rng = vae.Gaussian(0), pictures(2), random.Random(0)
    return model, {"loss": lambda k: F.mean([model(x, [rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)]) for x in X]),
                   "optimizer": optim.Adam(model.parameters(), lr=3e-3)}  # fmt: skip


def bits(name: str, how: estimators.Estimator) -> None:
    """The eight bits, learned in one way."""

    @system(f"vae, bits: {name}")
    def _(small: bool) -> Training:
        count = 3 if small else 8 if how.draws else 4
        model, X, rng = vae.Bits(count, 0, how.guesses(count)), pictures(1 if small else 2), random.Random(0)

        def loss(k: int) -> Any:
            draws = lambda: [[rng.random() for _ in range(count)] for _ in range(how.draws)]  # noqa: E731
            return F.mean([how.loss(model, x, *draws(), *[20.0] * how.mean) for x in X])

        return model, {"loss": loss, "optimizer": optim.Adam(model.parameters(), lr=3e-3)}


for name, how in estimators.ESTIMATORS.items():
    bits(name, how)


@system("cs231n, the spiral, with a penalty")
def _(small: bool) -> Training:
    X, y = data.spirals(3 if small else 5, classes=3, noise=0.2, seed=0)
    model = nn.MLP(2, [10 if small else 100, 3], init=lambda rng, *_: 0.01 * rng.gauss(0, 1), seed=0)
    weights = [p for p in model.parameters() if not p.label.endswith(".b")]

    def loss(k: int) -> Any:
        return losses.cross_entropy([model(x) for x in X], y) + losses.l2(weights, spiral.REG / 2)

    return model, {"loss": loss, "optimizer": optim.SGD(model.parameters(), lr=1.0)}


@system("cs231n, twenty digits by heart")
def _(small: bool) -> Training:
    found = data.digits()
    model = nn.MLP(64, [4 if small else 16, 10], init="he", seed=0)
    n = 5 if small else 20
    return model, {"X": found.X_train[:n], "y": found.y_train[:n], "loss": "cross_entropy",
                   "optimizer": optim.Adam(model.parameters(), lr=0.05)}  # fmt: skip


@system("stochastic, a network that looks at one place")
def _(small: bool) -> Training:
    model, rng = stochastic.Looker(5, 0), random.Random(0)

    def loss(k: int) -> Any:
        costs = []
        for _ in range(2):
            letters, at = [rng.choice((-1.0, 1.0)) for _ in range(5)], rng.randrange(5)
            hint, wanted = [1.0 * (k == at) for k in range(5)], int(letters[(at + 1) % 5] > 0)
            logit = model(hint, letters, rng, stochastic.Score())
            costs.append(losses.binary_cross_entropy_with_logits([logit], [wanted]) / 8)
        return surrogate(costs)

    return model, {"loss": loss, "optimizer": optim.Adam(model.parameters(), lr=0.03)}


def deep_q(name: str, loss: Any) -> None:
    """The small network that walks along the cliff, with one of the three losses."""

    @system(f"dqn, a small network: {name}")
    def _(small: bool) -> Training:
        model, rng = nn.MLP(dqn.HEIGHT + dqn.WIDTH, [24, 4], activation="tanh", seed=0), random.Random(0)

        def of_some(k: int) -> Any:
            errors = []
            for _ in range(4):
                (r, c), move = rng.choice(dqn.STATES), rng.randrange(4)
                x = [float(r == i) for i in range(dqn.HEIGHT)] + [float(c == i) for i in range(dqn.WIDTH)]
                errors.append(loss(model(x)[move] - rng.choice((-1.0, -5.0, -100.0))))
            return F.mean(errors)

        return model, {"loss": of_some, "optimizer": optim.Adam(model.parameters(), lr=0.01)}


for name, one in dqn.LOSSES.items():
    deep_q(name, one)


@system("cs224n, the margin of a window")
def _(small: bool) -> Training:
    model = window.Scorer.drawn(window.SENTENCE, 0)
    pair = window.SENTENCE[2:], window.SENTENCE[:5]
    return model, {"loss": lambda k: F.relu(1 - model.score(pair[0])[2] + model.score(pair[1])[2]),
                   "optimizer": optim.SGD(model.parameters(), lr=0.03)}  # fmt: skip


@system("cs224n, names in sentences")
def _(small: bool) -> Training:
    seen = sentences.sentences()[0][: 3 if small else 20]
    kinds = sentences.classes(seen)
    model = tagger.Tagger(sentences.vocabulary(seen), len(kinds), 0)
    found = tagger.Samples.of(model, seen, kinds)
    chosen = [random.Random(k).choices(range(len(found.right)), k=4) for k in range(20)]

    def loss(k: int) -> Any:
        return F.mean([losses.cross_entropy(model(found.windows[i]), found.right[i]) for i in chosen[k]])

    return model, {"loss": loss, "optimizer": optim.Adam(model.parameters(), lr=tagger.RATE)}


@system("scratch, 20-8-3-1")
def _(small: bool) -> Training:
    X, y = data.classification(10, informative=15, redundant=3, flip=0.05, seed=42)
    model = scratch.network([8, 3], 42)
    return model, {"X": X, "y": y, "loss": "binary_cross_entropy_with_logits",
                   "optimizer": optim.SGD(model.parameters(), lr=1.0)}  # fmt: skip


@system("micrograd, a first network")
def _(small: bool) -> Training:
    random.seed(0)
    model = nn.MLP(3, [4, 4, 1], activation="tanh", output="tanh", seed=0)
    X = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    return model, {"X": X, "y": [1.0, -1.0, -1.0, 1.0], "loss": "mse",
                   "optimizer": optim.SGD(model.parameters(), lr=0.2)}  # fmt: skip


@system("micrograd, two moons, with a penalty")
def _(small: bool) -> Training:
    X, y = data.moons(10 if small else 20, noise=0.1, seed=1337)
    model = nn.MLP(2, [4 if small else 16] * 2 + [1], seed=1337)
    signs = [2 * k - 1 for k in y]

    def loss(k: int) -> Any:
        return losses.hinge([model(x) for x in X], signs) + losses.l2(model.parameters(), 1e-4)

    return model, {"loss": loss, "optimizer": optim.SGD(model.parameters(), lr=optim.linear(1.0, steps=100, end=0.1))}


@system("micrograd, two moons, without")
def _(small: bool) -> Training:
    X, y = data.moons(10 if small else 20, noise=0.1, seed=1337)
    model = nn.MLP(2, [4 if small else 16] * 2 + [1], seed=1337)
    return model, {"X": X, "y": [2 * k - 1 for k in y], "loss": "hinge",
                   "optimizer": optim.SGD(model.parameters(), lr=optim.linear(1.0, steps=100, end=0.1))}  # fmt: skip


class Pairs:
    """The weights of a network without hidden units, for pairs of letters."""

    def __init__(self) -> None:
        rng = random.Random(0)
        self.W = [[Value(rng.gauss(0, 1), label=f"W[{a}][{b}]") for b in range(27)] for a in range(27)]

    def parameters(self) -> list[Any]:
        return [w for row in self.W for w in row]


@system("makemore, pairs of letters")
def _(small: bool) -> Training:
    model, pairs = Pairs(), bigrams.counted(data.names()[: 100 if small else None], 2)
    counts = [[pairs[a, b] for b in range(27)] for a in range(27)]
    return model, {"loss": lambda k: bigrams.bigram_loss(model.W, counts),
                   "optimizer": optim.SGD(model.parameters(), lr=50.0)}  # fmt: skip


@system("makemore, three letters")
def _(small: bool) -> Training:
    names, model = makemore.Names(0, small=True), makemore.Speller("eager").begin(0, W1=makemore.KAIMING, W2=0.01)
    draw = names.batches("three letters")

    def loss(k: int) -> Any:
        X, Y = draw()
        pairs = zip(makemore.ONE_HOT[X].tolist()[: 1 if small else 2], Y)
        return F.mean([model.loss(letters, int(y)) for letters, y in pairs])

    return model, {"loss": loss, "optimizer": optim.SGD(model.parameters(), lr=0.1)}


@system("microgpt")
def _(small: bool) -> Training:
    names = [name for name in data.names() if len(name) == (3 if small else 6)]
    rng = random.Random(42)
    rng.shuffle(names)
    model = microgpt.GPT("abcdefghijklmnopqrstuvwxyz").initialised(rng)
    return model, {"loss": lambda k: model.loss(*model.arguments(names[k])),
                   "optimizer": optim.Adam(model.parameters(), optim.linear(0.01, 1000), (0.85, 0.99))}  # fmt: skip


def measured(name: str, library: str, small: bool = False, steps: int = 20) -> TrainingComparison:
    """One training, here and there."""
    model, how = SYSTEMS[name](small)
    return compare_training(model, steps=steps, library=library, **how)


def rows(only: str, small: bool, steps: int, libraries: list[str]) -> Iterator[list[str]]:
    """A row for each training: what, how many parameters, which way, and how far apart it is in each library."""
    for name in SYSTEMS:
        if only in name:
            begun = time.perf_counter()
            apart, way, count = [], "", 0
            for library in libraries:
                try:
                    found = measured(name, library, small, steps)
                    way, count = "graph" if found.why else "layers", found.parameters
                    apart.append(far(found.worst) + " !" * (not found))
                except (UserError, ImportError) as e:
                    apart.append(str(e))
            print(f"{time.perf_counter() - begun:.1f} s", end=" | ", file=sys.stderr)
            yield [name, f"{count:,}", way, *apart]


def main(argv: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="trainings with this in their names")
    parser.add_argument("--small", action="store_true", help="few samples and units")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--library", choices=NAMES, action="append", help="both, if none is said")
    given = parser.parse_args(argv)
    libraries = given.library or [*NAMES]
    heading = ["what is trained", "parameters", "way", *[f"apart from {NAMES[name]}" for name in libraries]]
    found = []
    for row in rows(given.only, given.small, given.steps, libraries):
        print(" | ".join(row), file=sys.stderr, flush=True)
        found.append(row)
    print(*words.markdown_table(heading, found), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
