"""`train` and `predict`: a small network on points in the plane, on digits, or on a user's own CSV file."""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import data, functional, losses, nn, optim, plot, train
from ..data import Standardizer
from ..errors import UserError
from ..replay import BACKENDS

SHAPES: dict[str, Callable[..., data.Split]] = {
    "moons": data.moons,
    "circles": data.circles,
    "spirals": data.spirals,
}


@dataclass
class Task:
    """What is to be learned: samples for training and testing, and how their numbers are to be read."""

    name: str
    split: data.Split
    features: list[str]
    target: str
    classes: list[str] = field(default_factory=list)  # none: the target is a number
    scale: Standardizer | None = None  # of the features
    target_scale: Standardizer | None = None  # of a target that is a number


def add_commands(commands: Any) -> None:
    """Add `train` and `predict` to the command line."""
    cmd = commands.add_parser(
        "train", help="train a small network on moons, circles, spirals, digits or your own CSV file"
    )
    cmd.add_argument(
        "data", metavar="DATA", help="moons, circles, spirals, digits, or a CSV file with a header and numeric features"
    )
    cmd.add_argument("--target", metavar="COLUMN", help="the column of the CSV file to predict")
    cmd.add_argument(
        "--hidden",
        type=_sizes,
        default=[16, 16],
        metavar="16,16",
        help="sizes of the hidden layers; 0 for none (default 16,16)",
    )
    cmd.add_argument(
        "--activation", default="relu", metavar="NAME", help="relu, tanh, sigmoid, gelu, ... (default relu)"
    )
    cmd.add_argument("--epochs", type=_count, default=60, metavar="N", help="passes over the data (default 60)")
    cmd.add_argument(
        "--lr", type=_positive, default=0.03, metavar="RATE", help="learning rate of Adam at the start (default 0.03)"
    )
    cmd.add_argument("--batch", type=_count, default=16, metavar="N", help="samples per step (default 16)")
    cmd.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the split, the weights and the order (default 0)"
    )
    cmd.add_argument("--save", metavar="MODEL.json", help="write the trained model, for `predict`")
    cmd.add_argument("--plot", metavar="FILE.svg", help="draw the decision boundary (two features) or the loss curve")
    cmd.add_argument(
        "--backend",
        choices=("auto", "eager", *BACKENDS),
        default="auto",
        help="what runs the steps: eager, every graph anew; the others replay what was recorded (default auto, the best installed)",
    )
    cmd.add_argument("--quiet", action="store_true", help="no progress line")
    cmd.set_defaults(run=run_train)

    cmd = commands.add_parser("predict", help="what a saved model says of the rows of a CSV file, as CSV")
    cmd.add_argument("model", metavar="MODEL.json")
    cmd.add_argument("data", metavar="FILE.csv")
    cmd.set_defaults(run=run_predict)


def _sizes(text: str) -> list[int]:
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of sizes such as 16,16") from None
    if sizes == [0]:
        return []
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: every layer needs at least one neuron")
    return sizes


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def _positive(text: str) -> float:
    try:
        x = float(text)
    except ValueError:
        x = -1.0
    if not 0 < x < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return x


def task_of(name: str, target: str | None, seed: int) -> Task:
    """The samples that a name on the command line stands for, split into a training and a test part."""
    if name == "digits":
        _no_target(name, target)
        return Task(
            name, data.digits(seed=seed), [f"pixel {i // 8},{i % 8}" for i in range(64)], "digit", list("0123456789")
        )
    if name in SHAPES:
        _no_target(name, target)
        X, y = SHAPES[name](seed=seed)
        return Task(name, data.split(X, y, seed=seed), ["x", "y"], "class", [str(k) for k in sorted(set(y))])
    if not Path(name).suffix and not Path(name).exists():
        raise UserError(f"there is no data called {name!r}: use {', '.join(SHAPES)}, digits, or a CSV file")
    if target is None:
        raise UserError(
            f"which column of {name} is to be predicted? Add --target COLUMN: {', '.join(data.columns(name))}"
        )
    table = data.read_csv(name, target)
    split = data.split(table.X, table.y, seed=seed, stratify=bool(table.classes))
    scale = Standardizer.of(split.X_train)
    task = Task(
        name,
        split.but(scale(split.X_train), split.y_train, scale(split.X_test), split.y_test),
        table.features,
        target,
        table.classes,
        scale,
    )
    if not table.classes:
        task.target_scale = s = Standardizer.of([[t] for t in split.y_train])
        task.split = task.split.but(
            task.split.X_train,
            [s([[t]])[0][0] for t in split.y_train],
            task.split.X_test,
            [s([[t]])[0][0] for t in split.y_test],
        )
    return task


def _no_target(name: str, target: str | None) -> None:
    if target is not None:
        raise UserError(f"--target names a column of a CSV file; {name} needs none")


def run_train(arguments: argparse.Namespace) -> int:
    """Train, report, save and plot."""
    for path, suffix in ((arguments.save, ".json"), (arguments.plot, ".svg")):
        _writable(path, suffix)
    task = task_of(arguments.data, arguments.target, arguments.seed)
    X, y, X_test, y_test = task.split
    outputs = len(task.classes) or 1
    model = nn.MLP(
        len(task.features),
        [*arguments.hidden, outputs],
        activation=arguments.activation,
        init="xavier",
        seed=arguments.seed,
    )
    steps = arguments.epochs * -(-len(X) // arguments.batch)
    optimizer = optim.Adam(model.parameters(), lr=optim.linear(arguments.lr, steps=steps))
    what = f"{len(task.classes)} classes" if task.classes else f"the number {task.target!r}"
    print(f"{task.name}: {len(X)} samples to train, {len(X_test)} to test, {len(task.features)} features, {what}; "
          f"{len(model.parameters())} parameters")  # fmt: skip
    history = train.fit(
        model, X, y, loss=losses.cross_entropy if task.classes else losses.mse, optimizer=optimizer, epochs=arguments.epochs,
        batch_size=arguments.batch, seed=arguments.seed, test=(X_test, y_test), accuracy=bool(task.classes), progress=not arguments.quiet,
        backend=arguments.backend,
    )  # fmt: skip
    if history.interrupted:
        print("interrupted: this is what it has learned so far")
    if history.seconds:
        print(f"{history.steps} steps in {history.seconds[-1]:.1f} s, {history.backend.partition(':')[0]} backend")
    if task.classes:
        print(f"accuracy: {train.accuracy(model, X, y):.2%} train, {train.accuracy(model, X_test, y_test):.2%} test")
    else:
        error = [_rmse(model, task, a, b) for a, b in ((X, y), (X_test, y_test))]
        print(f"root mean square error of {task.target}: {error[0]:.4g} train, {error[1]:.4g} test")
    if arguments.save:
        model.save(arguments.save, extra=_notes(task))
        print(f"wrote {arguments.save}")
    if arguments.plot:
        if len(task.features) == 2 and task.classes:
            print(f"wrote {_boundary(model, task).save(arguments.plot)}")
        else:
            print(f"wrote {plot.loss_curve(history).save(arguments.plot)}")
    return 0


def _writable(path: str | None, suffix: str) -> None:
    """Refuse before an hour of training what could not be written after it."""
    if path is None:
        return
    if Path(path).suffix != suffix:
        raise UserError(f"{path}: the name of this file must end in {suffix}")
    if not Path(path).resolve().parent.is_dir():
        raise UserError(f"{path}: there is no folder {Path(path).resolve().parent}")


def _boundary(model: Any, task: Task) -> plot.Picture:
    """The decision boundary over all samples, in the units of the data."""
    scale = task.scale or Standardizer((0.0, 0.0), (1.0, 1.0))
    X = [[v * s + m for v, s, m in zip(x, scale.stds, scale.means)] for x in [*task.split.X_train, *task.split.X_test]]
    return plot.decision_boundary(
        lambda x: model(scale([x])[0]), X, [*task.split.y_train, *task.split.y_test], task.classes, axes=task.features
    )


def _rmse(model: Any, task: Task, X: list[list[float]], y: list[Any]) -> float:
    """Root mean square error, in the target's own units."""
    unit = task.target_scale.stds[0] if task.target_scale else 1.0
    outputs = train.outputs(model, X)
    return math.dist(outputs, y) / math.sqrt(len(y)) * unit


def _notes(task: Task) -> dict[str, Any]:
    """What `predict` must know besides the weights."""
    return {
        "task": task.name, "features": task.features, "target": task.target, "classes": task.classes,
        "scale": task.scale and task.scale.to_dict(), "target_scale": task.target_scale and task.target_scale.to_dict(),
    }  # fmt: skip


def run_predict(arguments: argparse.Namespace) -> int:
    """Print one line per row of the file: the prediction, and for a class its probability."""
    notes = nn.read(arguments.model)["extra"]
    if not isinstance(notes, dict) or not {"features", "classes", "target"} <= notes.keys():
        raise UserError(f"{arguments.model} does not say which columns it reads: "
                         f"make it with `tinygrad-edu train ... --save {arguments.model}`")  # fmt: skip
    model, classes = nn.load(arguments.model), notes["classes"]
    X = data.read_csv(arguments.data, features=notes["features"]).X
    if notes.get("scale"):
        X = Standardizer.from_dict(notes["scale"])(X)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([notes["target"], "probability"] if classes else [notes["target"]])
    for scores in train.outputs(model, X):
        if classes:
            chances = functional.softmax(scores)
            best = max(range(len(classes)), key=chances.__getitem__)
            out.writerow([classes[best], f"{chances[best]:.4f}"])
        else:
            s = Standardizer.from_dict(notes["target_scale"])
            out.writerow([f"{scores * s.stds[0] + s.means[0]:.6g}"])
    return 0
