"""`demo`: the lecture's neuron, number by number and as a picture, then a network trained on real handwritten digits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import losses, nn, optim, plot, train
from ..data import digits
from ..engine import topological
from ..expression import parse
from ..figures import draw
from ..render import RenderError
from ..text import Expr, local_gradients, write

HIDDEN, EPOCHS, BATCH, RATE = 40, 10, 16, 0.02


def add_commands(commands: Any) -> None:
    """Add `demo` to the command line."""
    cmd = commands.add_parser(
        "demo", help="a neuron explained and drawn, and a network trained on real digits: under a minute"
    )
    cmd.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the weights and of the order of samples (default 0)"
    )
    cmd.add_argument(
        "--epochs", type=int, default=EPOCHS, metavar="N", help=f"passes over the digits (default {EPOCHS})"
    )
    cmd.add_argument("--out", default=".", metavar="FOLDER", help="where the pictures go (default: here)")
    cmd.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace) -> int:
    """Both halves; every picture that is written is named."""
    folder = Path(arguments.out)
    folder.mkdir(parents=True, exist_ok=True)
    neuron(folder)
    return learn_digits(folder, arguments.seed, arguments.epochs)


def neuron(folder: Path) -> None:
    """The neuron of the lecture "building micrograd": forward, then backward edge by edge."""
    steps = "p1 = x1*w1; p2 = x2*w2; s = p1 + p2; n = s + b; o = tanh(n)"
    o, _ = parse(steps)(x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432)
    o.backward()
    print(f"A neuron, step by step: {steps}\n")
    lines = [("node", "gradient", "*", "local gradient", "=", "flows into")]
    for v in reversed(topological(o)):
        formulas = local_gradients(v.op, v.label, *[p.label for p in v.parents]) if v.parents else ()
        for p, d, formula in zip(v.parents, v.local_grads(), formulas):
            flow = round(v.grad * d, 4) + 0.0
            local = f"d{v.label}/d{p.label} = {write(formula)}" + (f" = {d:.4g}" if isinstance(formula, Expr) else "")
            lines.append((v.label, f"{v.grad:.4g}", "*", local, "=", f"{flow:g} into {p.label}"))
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  " + "  ".join(map(str.ljust, line, widths)).rstrip())
    print(
        f"\n  forward: o = {o.data:.4f}; backward: "
        + ", ".join(f"do/d{v.label} = {v.grad:.4g}" for v in topological(o) if not v.parents)
    )
    try:
        print(f"\n  wrote {draw(o).save(folder / 'neuron.svg')}")
    except RenderError as error:
        print(f"\n  no picture: {error}")


def learn_digits(folder: Path, seed: int, epochs: int) -> int:
    """An MLP on the UCI digits, with its loss curve and its confusion matrix."""
    data = (
        digits()
    )  # the same split whatever the seed: with 360 test samples, another split alone moves the accuracy by 1 %
    model = nn.MLP(64, [HIDDEN, 10], activation="relu", init="he", seed=seed)
    steps = max(1, epochs * -(-len(data.X_train) // BATCH))
    optimizer = optim.Adam(model.parameters(), lr=optim.linear(RATE, steps=steps))
    print(f"\nHandwritten digits: {len(data.X_train)} to learn from, {len(data.X_test)} to test on, an MLP 64-{HIDDEN}-10 with "
          f"{len(model.parameters()):,} parameters, {epochs} epochs\n", flush=True)  # fmt: skip
    history = train.fit(model, data.X_train, data.y_train, loss=losses.cross_entropy, optimizer=optimizer, epochs=epochs,
                        batch_size=BATCH, seed=seed, test=(data.X_test, data.y_test))  # fmt: skip
    if history.interrupted:
        print("  interrupted: this is what it has learned so far")
    matrix = train.confusion(model, data.X_test, data.y_test)
    right = sum(matrix[i][i] for i in range(10)) / len(data.y_test)
    print(f"  accuracy: {train.accuracy(model, data.X_train, data.y_train):.2%} train, {right:.2%} test"
          + (f", after {history.seconds[-1]:.0f} s" if history.seconds else ""))  # fmt: skip
    if history.losses:
        print(f"  wrote {plot.loss_curve(history).save(folder / 'loss.svg')}")
    print(f"  wrote {plot.confusion_matrix(matrix, list(range(10))).save(folder / 'confusion.svg')}")
    return 0
