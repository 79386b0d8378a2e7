"""A network from scratch: the deltas by hand, next to the engine's gradients.

A feed-forward network with sigmoid units and binary cross-entropy, trained on all samples at once. Its backward pass
fits in two lines, which courses call the delta rule; delta is the gradient of the loss by what goes into a unit,
before the sigmoid:

    delta of the output: (p - y) / N                      p the output, y the target, N samples
    delta of a layer:    (W' delta of the next) * a(1-a)  a what it puts out, W the weights after it

The first is so short because the slope of the logarithm, 1/p, and that of the sigmoid, p(1-p), cancel. Here both lines
are written in NumPy and compared with the engine, at every unit; the wrong first line that circulates is caught by a
gradient check; a data set is made to the source's recipe, and learned;
and a network whose units all begin alike shows why weights are drawn at random.

Source: "ML from Scratch, part 3: backpropagation" (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import data, losses, nn, ops, optim, train
from .. import functional as F
from ..check import check_backward
from ..engine import Value, topological
from ..extras import MissingPackage, install
from ..parameters import pack, unpack
from ..replay import jit
from . import Run
from .report import sizes


def main(run: Run) -> None:
    """The deltas, the misprint, the data set, and units that are alike."""
    deltas(run)
    misprint(run)
    learning(run)
    alike(run)


def network(hidden: list[int], seed: int, features: int = 20) -> nn.MLP:
    """Sigmoid units with weights from a narrow normal distribution;
    the last layer gives the logit, whose sigmoid is the output.
    """
    return nn.MLP(features, [*hidden, 1], activation="sigmoid", init=lambda rng, *_: rng.gauss(0.0, 0.1), seed=seed)


# The deltas


def by_hand(layers: list[Any], X: Any, y: Any) -> list[Any]:
    """The deltas of every layer, last one first, out of weight matrices and biases: NumPy, a row for each sample."""
    import numpy as np

    outputs = [X]
    for W, b in layers:
        outputs.append(1 / (1 + np.exp(-(outputs[-1] @ W.T + b))))
    found = [(outputs[-1] - y[:, None]) / len(y)]
    for (W, _), a in zip(layers[:0:-1], outputs[-2:0:-1]):
        found.append((found[-1] @ W) * a * (1 - a))
    return found


def by_engine(model: nn.MLP, X: Any, y: Any) -> list[list[list[float]]]:
    """The same: the gradient that `backward()` leaves at every pre-activation."""
    layers: list[list[list[Value]]] = [[] for _ in model.layers]
    outputs = []
    for x in X:
        a = [Value(v) for v in x]
        for layer, seen in zip(model.layers, layers):
            z = [F.dot(neuron.w, a) + neuron.b for neuron in layer.neurons]
            seen.append(z)
            a = [ops.sigmoid(v) for v in z]
        outputs += a
    losses.binary_cross_entropy(outputs, [float(t) for t in y]).backward()
    return [[[z.grad for z in sample] for sample in seen] for seen in reversed(layers)]


def deltas(run: Run) -> None:
    """Both, compared at every unit of every layer."""
    run.section("The delta rule is the chain rule")
    try:
        import numpy as np
    except ImportError:
        raise MissingPackage(f"the deltas by hand are written in NumPy: {install('numpy')}") from None
    model, rng = network([8, 3], run.seed), np.random.default_rng(run.seed)
    for p in model.parameters():
        p.data *= 10  # so that deltas are not all alike
    X, y = rng.normal(size=(6, 20)), np.array([0, 1, 1, 0, 1, 0])
    layers = [(np.array([[w.data for w in n.w] for n in layer.neurons]), np.array([n.b for n in layer.neurons], float))
              for layer in model.layers]  # fmt: skip
    rows = []
    for name, hand, engine in zip(
        ("output", "second hidden", "first hidden"), by_hand(layers, X, y), by_engine(model, X, y)
    ):
        apart = float(np.abs(hand - np.array(engine)).max())
        rows.append([name, f"{hand.shape[0]} x {hand.shape[1]}", f"{np.abs(hand).max():.3g}", f"{apart:.2g}"])
        run.compare(f"{name}: delta by hand minus gradient, largest", apart, 0.0, within=1e-15)
    run.table(["layer", "samples x units", "largest delta", "largest difference"], rows)
    run.compare("parameters of 20-8-3-1", len(model.parameters()), 199)
    run.say(f"{sizes(model)}: a neuron has a weight for each input, and a bias.")


# The misprint


def misprint(run: Run) -> None:
    """Wrong first lines, one of which still points downhill and trains, found at once by finite differences."""
    run.section("The misprint")
    run.say(
        "As it was printed, the first line lacks a sign and keeps the factor p(1-p), which has cancelled. Is it right, "
        "and would either alone be? `check_backward` moves each of six pre-activations z a little, sees what becomes "
        "of the loss, and compares; z, y and p are arrays, p = sigmoid(z), N = 6."
    )
    import numpy as np

    z, y = np.random.default_rng(run.seed).normal(size=6), np.array([0, 1, 1, 0, 1, 0])

    def p(z: Any) -> Any:
        return 1 / (1 + np.exp(-z))

    def loss(z: Any) -> Any:
        return -np.mean(y * np.log(p(z)) + (1 - y) * np.log(1 - p(z)))

    lines: dict[str, Callable[[Any], Any]] = {
        "(p - y) / N": lambda z: (p(z) - y) / 6,
        "(y - p) p(1-p) / N": lambda z: (y - p(z)) * p(z) * (1 - p(z)) / 6,
        "(p - y) p(1-p) / N": lambda z: (p(z) - y) * p(z) * (1 - p(z)) / 6,
        "(y - p) / N": lambda z: (y - p(z)) / 6,
    }
    found = {name: check_backward(loss, line, {"z": z}).gradients[0] for name, line in lines.items()}
    rows = [
        [name, f"{g.worst.error:.1e}", g.worst.verdict, g.wrong] for name, g in found.items() if g.worst is not None
    ]
    run.table(["delta of the output", "relative error", "verdict", "what is wrong"], rows)
    run.compare("verdicts", " ".join(row[2] for row in rows), "happy wrong wrong wrong")
    run.say(
        "The third is the gradient of another loss, (p - y)² / 2, so it learns, only most slowly where it is most "
        "wrong: nobody would find it by looking at a loss curve."
    )


# The data set


def learning(run: Run) -> None:
    """All samples at once, a learning rate of 1, with and without hidden layers."""
    run.section("Learning")
    X, y = data.classification(5000, informative=15, redundant=3, flip=0.05, seed=42)
    cut = 4000
    parts = (X[:cut], y[:cut]), (X[cut:], y[cut:])
    run.say(
        f"{len(X):,} samples of {len(X[0])} numbers, 15 of which say something; {cut:,} to learn from. A twentieth of "
        "the labels was drawn anew, half of them to the other class: who is right about all else is right about 97.5%."
    )
    published = {"none": (0.719, 0.717, 0.787), "8, 3": (0.95, 0.91, 0.96)}
    curves, ranks = {}, {}
    for name, hidden in (("none", []), ("8, 3", [8, 3])):
        model = network(list(hidden), run.seed)
        curves[f"hidden: {name}"] = descend(run, model, *parts[0], lr=1.0)
        shares = [train.accuracy(model, *part) for part in parts]
        for what, ours, theirs, spread in zip(
            ("train", "test", "AUC"), (*shares, train.auc(model, *parts[1])), published[name], (0.02, 0.02, 0.03)
        ):
            run.compare(f"hidden units {name}: {what}", ours, theirs, within=spread, form=".3f", whole=True)
        ranks[f"hidden: {name}"] = train.roc(model, *parts[1])
    line = network([], run.seed)
    descend(run, line, *parts[0], lr=0.02)
    run.say(
        "A line could do better than it does here: with a learning rate of 0.02 instead of 1 the network "
        f"without hidden units gets {train.accuracy(line, *parts[0]):.3f} and {train.accuracy(line, *parts[1]):.3f}. "
        f"Its inputs are large, up to {max(abs(v) for x in X for v in x):.0f}, and at rate 1 each step leaps over "
        "the bottom and back, which the curve below shows; where it stands after 2,000 of them depends on where it "
        "began, so the last digit is nobody's."
    )
    if curves["hidden: none"]:
        run.curves(
            "loss",
            curves,
            "the loss of both networks, step by step",
            title="learning, all samples at once",
            ylabel="binary cross-entropy",
        )
    places = [k / 100 for k in range(101)]
    heights = {name: [max(u for a, u in zip(*rank) if a <= p) for p in places] for name, rank in ranks.items()}
    run.curves(
        "roc",
        heights,
        "how well both networks rank samples they have not learned from",
        places,
        title="ROC curves",
        xlabel="share of class 0 taken for class 1",
        ylabel="share of class 1 found",
    )


def descend(run: Run, model: nn.MLP, X: Any, y: Any, lr: float) -> list[float]:
    """Gradient descent on all samples at once: one sample recorded, all replayed at every step."""
    targets = [float(t) for t in y]
    steps, bce = run.steps(10), losses.binary_cross_entropy_with_logits
    if run.backend == "eager":
        sgd = optim.SGD(model.parameters(), lr=lr)
        return run.descend(steps, lambda: bce([model(x) for x in X], targets), sgd)
    import numpy as np

    one = jit(lambda x, t: bce([model(x)], [t]), backend=run.backend)
    theta = pack(model.parameters())
    samples, wanted = np.array(X), np.array(targets)  # lists would be read anew at every step
    seen = run.descend(steps, lambda: one.value_and_grad(theta, samples, wanted), optim.SGD(theta, lr=lr))
    unpack(theta)
    return seen


# Units that are alike


def alike(run: Run) -> None:
    """Units that begin with the same weights get the same gradients, and stay alike for ever."""
    run.section("Why weights are drawn at random")
    X, y = data.moons(60, seed=run.seed)
    rows = []
    for name, init in (("all 0.5", lambda rng, *_: 0.5), ("drawn", lambda rng, *_: rng.gauss(0.0, 0.5))):
        model = nn.MLP(2, [4, 1], activation="tanh", init=init, seed=run.seed)
        run.fit(model, X, y, loss=losses.binary_cross_entropy_with_logits, epochs=5 if run.small else 300,
                batch_size=60, optimizer=optim.Adam(model.parameters(), lr=0.1), progress=False)  # fmt: skip
        units = [[p.data for p in neuron.parameters()] for neuron in model.layers[0].neurons]
        apart = max(abs(a - b) for column in zip(*units) for a in column for b in column)
        rows.append([name, f"{apart:.3g}", f"{train.accuracy(model, X, y):.0%}"])
        if name == "all 0.5":
            run.compare("units that began alike: how far apart their weights are", apart, 0.0)
            nodes = len(topological(model(X[0])))
    run.table(["first weights", "largest difference between units", "on their side"], rows)
    run.say(
        "Every unit computes the same, receives the same share of the blame, and moves the same way: "
        f"a graph of {nodes} nodes with the strength of one hidden unit."
    )
