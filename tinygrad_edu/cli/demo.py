"""`demo`: the lecture's neuron, number by number, as a picture and as a page,
then a network trained on real handwritten digits.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import files, losses, nn, optim, plot, train
from ..data import digits
from ..explanation import explain
from ..expression import parse
from ..figures import draw
from ..render import RenderError
from ..webpage import page
from .parsing import seed, whole

NEURON = "p1 = x1*w1; p2 = x2*w2; s = p1 + p2; n = s + b; o = tanh(n)"
NEXT = """
Next, a formula of your own, and a model of data of your own:
  tinygrad-edu grad "L = (w*x + b - y)**2" w=2 x=3 b=1 y=5 --explain w
  tinygrad-edu page "L = (w*x + b - y)**2" w=2 x=3 b=1 y=5 -o L.html
  tinygrad-edu train moons --plot moons.svg"""
PICTURES = ("neuron.html", "neuron.svg", "loss.svg", "confusion.svg")
HIDDEN, EPOCHS, BATCH, RATE = 40, 10, 16, 0.02


def add_commands(commands: Any) -> None:
    """Add `demo` to the command line."""
    cmd = commands.add_parser(
        "demo",
        help="a neuron explained and drawn, and a network trained on real digits: under a minute",
        description="A neuron explained, drawn and as a page to step through; then a network learns digits.",
        epilog="examples:\n  tinygrad-edu demo\n  tinygrad-edu demo --epochs 3 --out pictures",
    )
    cmd.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of the weights and of the order of samples (default 0)"
    )
    cmd.add_argument(
        "--epochs", type=whole, default=EPOCHS, metavar="N", help=f"passes over the digits (default {EPOCHS})"
    )
    cmd.add_argument("--out", default="demo", metavar="FOLDER", help="where the pictures go (default %(default)s/)")
    cmd.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace) -> int:
    """Both halves; every picture that is written is named."""
    folder = Path(arguments.out)
    for name in PICTURES if folder.is_dir() else ():
        files.check(folder / name)
    neuron(files.folder(folder))
    return learn_digits(folder, arguments.seed, arguments.epochs)


def neuron(folder: Path) -> None:
    """The neuron of the lecture "building micrograd": forward, then backward edge by edge, as text,
    picture and page.
    """
    o, _ = parse(NEURON)(x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432)
    o.backward()
    print(f"A neuron, step by step: {NEURON}\n\n{explain(o)}\n")
    page(o, folder / "neuron.html")
    print(f"  wrote {folder / 'neuron.html'}: open it in a browser, and step through both passes")
    try:
        print(f"  wrote {draw(o).save(folder / 'neuron.svg')}")
    except RenderError as error:
        print(f"  no picture: {error}")


def learn_digits(folder: Path, seed: int, epochs: int) -> int:
    """An MLP on the UCI digits, with its loss curve and its confusion matrix."""
    data = (
        digits()
    )  # the same split whatever the seed: with 360 test samples, another split alone moves the accuracy by 1 %
    model = nn.MLP(64, [HIDDEN, 10], activation="relu", init="he", seed=seed)
    steps = max(1, epochs * -(-len(data.X_train) // BATCH))
    optimizer = optim.Adam(model.parameters(), lr=optim.linear(RATE, steps=steps))
    print(f"\nHandwritten digits: {len(data.X_train)} to learn from, {len(data.X_test)} to test on, "
          f"an MLP 64-{HIDDEN}-10 with {len(model.parameters()):,} parameters, {epochs} epochs\n",
          flush=True)  # fmt: skip
    history = train.fit(model, data.X_train, data.y_train, loss=losses.cross_entropy, optimizer=optimizer,
                        epochs=epochs, batch_size=BATCH, seed=seed, test=(data.X_test, data.y_test))  # fmt: skip
    if history.interrupted:
        print("  interrupted: this is what it has learned so far")
    matrix = train.confusion(model, data.X_test, data.y_test)
    right = sum(matrix[i][i] for i in range(10)) / len(data.y_test)
    print(f"  accuracy: {train.accuracy(model, data.X_train, data.y_train):.2%} train, {right:.2%} test"
          + (f", after {history.seconds[-1]:.0f} s" if history.seconds else ""))  # fmt: skip
    if history.losses:
        print(f"  wrote {plot.loss_curve(history).save(folder / 'loss.svg')}")
    print(f"  wrote {plot.confusion_matrix(matrix, list(range(10))).save(folder / 'confusion.svg')}")
    print(NEXT)
    return 0
