"""What the notes ask before any training, and their spiral: a line against one hidden layer."""

from __future__ import annotations

import math
from typing import Any

from ... import data, losses, optim, plot, train
from ...data.legacy import RandomState
from ...engine import Value
from ...extras import MissingPackage
from ...modes import no_grad
from ...nn import MLP, Linear
from ...replay import jit
from ..report import Run

TINY = 1e-12
REG = 1e-3  # of the spiral


def before_training(run: Run) -> None:
    """Chance, regularisation, and twenty samples that any net must be able to learn by heart."""
    run.section("Before any training")
    digits = data.digits()
    X, y = digits.X_train[:100], digits.y_train[:100]
    nothing = [Value(0.0) for _ in range(10)]
    softmax, svm = losses.cross_entropy(nothing, 3), losses.multiclass_hinge(nothing, 3)
    chance = -math.log(1 / 10)
    run.compare("softmax loss of 10 equal scores: -ln(1/10)", softmax.data, chance, within=TINY, form=".6f")
    run.compare("SVM loss of 10 equal scores: 10 - 1", svm.data, 9.0, within=TINY)
    softmax.backward()
    off = max(abs(v.grad - (0.1 - (k == 3))) for k, v in enumerate(nothing))
    run.compare("softmax: gradient by the scores, away from p - y", off, 0.0, within=TINY, form=".2g")

    model = Linear(64, 10, init=lambda rng, fan_in, fan_out: rng.gauss(0.0, 1e-3), seed=run.seed)
    scores = [model(x) for x in X]
    start = losses.cross_entropy(scores, y)
    run.compare("softmax loss of 100 digits, weights 0.001·N(0, 1)", start.data, chance, within=0.01, form=".4f")
    run.compare("SVM loss of the same", losses.multiclass_hinge(scores, y).data, 9.0, within=0.1, form=".4f")
    more = start + losses.l2(_weights(model), 100.0)
    run.compare("regularisation raises the loss", more.data > start.data, True)
    run.say(
        "Why 2.3?  It is what it costs to know nothing of 10 classes.  With regularisation it must be more, "
        f"{more.data:.3f} here.  If it is much more without any, the weights are too large at the start: the net is "
        "confident, and wrong."
    )

    few = MLP(64, [16, 10], init="he", seed=run.seed)
    run.fit(few, X[:20], y[:20], loss="cross_entropy", optimizer="adam", lr=0.05, epochs=40, batch_size=20)
    with no_grad():
        outs = [few(x) for x in X[:20]]
    lost, right = losses.cross_entropy(outs, y[:20]).data, round(20 * train.accuracy(few, X[:20], y[:20]))
    run.compare("20 digits by heart: their loss", lost, 0.0, within=0.01, form=".4f", whole=run.interrupted)
    run.compare("20 digits by heart: how many are right", right, 20, whole=run.interrupted)
    run.say("A net that cannot learn twenty samples has a mistake in it, and no larger set will cure that.")


def spiral(run: Run) -> None:
    """300 points on three arms: the softmax classifier of the notes, then the same with 100 hidden units."""
    run.section("The spiral")
    points = data.spirals(100, classes=3, noise=0.2, seed=run.seed)
    draw = RandomState(run.seed)
    for _ in range(300):  # the notes go on with the random numbers that made the points
        draw.normal()
    line = _started(MLP(2, [3], init="zeros"), draw)
    seen = descend(run, line, points, 200, "linear")
    without = "the notes drew their weights without a seed"
    for step, published in ((0, 1.096956), (10, 0.917265), (100, 0.787938), (190, 0.786302)):
        if step < len(seen):
            told: Any = {"unlike": without} if step < 100 else {"within": 1.5e-6, "whole": True}
            run.compare(f"linear: loss before step {step}", seen[step], published, form=".6f", **told)
    run.compare("linear: accuracy", train.accuracy(line, *points), 0.49, within=0.005, form=".2%", whole=True)
    run.picture("line", plot.decision_boundary(line, *points), "what three lines can do about three arms")
    run.say(
        "Why not more than half?  Three scores that are linear in x and y cut the plane into three wedges.  An arm "
        "winds through all of them, so a wedge is right about the stretch of its own arm that passes through it, and "
        "wrong about the others'."
    )

    net = _started(MLP(2, [100, 3], init="zeros"), draw)
    start = [p.data for p in net.parameters()]
    steps = run.steps(100)
    seen = descend(run, net, points, steps, "two layers")
    for step, published in ((0, 1.098744), (1000, 0.294946), (9000, 0.245292)):
        if step < len(seen):
            run.compare(f"two layers: loss before step {step:,}", seen[step], published, form=".6f", unlike=without)
    run.compare("two layers: accuracy", train.accuracy(net, *points), 0.98, within=0.01, form=".2%", whole=True)
    if not seen:  # a Ctrl-C came before
        return
    by_hand(run, start, points, seen)
    shown = range(0, len(seen), max(1, len(seen) // 200))
    marks = {"chance, ln 3": math.log(3), "no hidden units": 0.7863}
    lines = {"100 hidden units": [seen[k] for k in shown]}
    curve = plot.curves(lines, x=list(shown), title="loss on the spiral", log=False, marks=marks)
    run.picture("loss", curve, "the loss, step by step")
    grid = 24 if run.small else 64
    boundary = plot.decision_boundary(net, *points, grid=grid)
    run.picture("net", boundary, "the same points, and one hidden layer of 100 units")


def descend(run: Run, model: Any, points: Any, steps: int, name: str) -> list[float]:
    """Gradient descent on all points at once, steps of 1, reg/2 · Σw² on the weights: the losses before each step."""
    X, y = points
    if run.backend == "eager":

        def error() -> Value:
            return losses.cross_entropy([model(x) for x in X], y)
    else:
        one = jit(lambda x, k: losses.cross_entropy(model(x), k), backend=run.backend)

        def error() -> Value:
            return one.mean(X, y)

    weights, sgd = _weights(model), optim.SGD(model.parameters(), lr=1.0)
    return run.descend(steps, lambda: error() + losses.l2(weights, REG / 2), sgd, f"{name}, loss")


def by_hand(run: Run, start: list[float], points: Any, seen: list[float]) -> None:
    """The same steps with the gradients of `assignments.fully_connected`: is it the same walk?"""
    try:
        from .arrays import np
        from .assignments import fully_connected
    except MissingPackage:
        return
    X, y, flat = np.array(points.X), np.array(points.y), np.array(start)
    first, second = flat[:300].reshape(100, 3), flat[300:].reshape(3, 101)  # a neuron's weights, then its bias
    parameters: Any = [first[:, :2].T.copy(), first[:, 2].copy(), second[:, :100].T.copy(), second[:, 100].copy()]
    apart: list[float] = []

    def step(k: int) -> None:
        loss, gradients = fully_connected(*parameters, X, y, REG)
        apart.append(abs(loss - seen[k]))
        for p, d in zip(parameters, gradients):
            p -= d

    if done := run.repeat(len(seen), step):
        what = "the first 100 steps again, by hand in NumPy: losses apart by at most"
        run.compare(what, max(apart[:100]), 0.0, within=1e-9, form=".2g")
    if done > 100:
        run.say(
            f"In all {done:,} steps they are {max(apart):.1e} apart at most: rounding, which "
            "grows where a unit is just above 0 in one walk and just below in the other."
        )


def _started(model: Any, draw: RandomState) -> Any:
    """Weights 0.01·N(0, 1), in the order of the notes: W[input][unit], layer by layer."""
    for layer in model.layers:
        for k in range(layer.nin):
            for neuron in layer.neurons:
                neuron.w[k].data = 0.01 * draw.normal()
    return model


def _weights(model: Any) -> list[Value]:
    """All parameters but the biases, which the notes do not regularise."""
    return [p for p in model.parameters() if not p.label.endswith(".b")]
