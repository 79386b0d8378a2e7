"""`train`: a small network on points in the plane, on digits, or on a user's own CSV file."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from .. import files, losses, nn, optim, plot, train
from ..data import Split
from ..data.dividing import hardly_varies
from ..data.textfile import some
from ..doctor import diagnose
from ..errors import UserError
from ..interruption import uninterrupted
from ..picture import Picture
from ..replay import BACKENDS
from ..streams import short
from ..train.history import FORM
from ..words import plural
from . import outputs, tables
from .notes import Notes, load
from .parsing import positive, seed, share, sizes, whole
from .samples import WORK, divided, named_data, prepared

LOSSES: dict[bool, dict[str, Callable[..., Any]]] = {  # of classes, of a number; the first is the default
    True: {"cross_entropy": losses.cross_entropy, "hinge": losses.multiclass_hinge},
    False: {"mse": losses.mse, "huber": losses.huber, "mae": losses.mae},
}
OPTIMIZERS: dict[str, tuple[Callable[..., optim.Optimizer], float]] = {  # with their learning rates
    "adam": (optim.Adam, 0.03),
    "adamw": (optim.AdamW, 0.03),
    "sgd": (optim.SGD, 0.1),
    "rmsprop": (optim.RMSProp, 0.01),
    "adagrad": (optim.Adagrad, 0.1),
}
SCHEDULES: dict[str, Callable[[float, int], Any]] = {  # from the learning rate and the number of steps
    "linear": lambda lr, steps: optim.linear(lr, steps=steps),
    "constant": lambda lr, steps: lr,
    "cosine": lambda lr, steps: optim.cosine(lr, steps=steps),
    "step": lambda lr, steps: optim.step_decay(lr, every=max(1, steps // 3)),
    "exponential": lambda lr, steps: optim.exponential(lr, factor=0.01 ** (1 / steps)),
}


MOST = 5_000_000  # parameters: a gigabyte


def add_commands(commands: Any) -> None:
    """Add `train` to the command line."""
    cmd = commands.add_parser(
        "train",
        help="train a small network on moons, circles, spirals, blobs, xor, digits or your own CSV file",
        description="Columns of text become a 0 or 1 for each of their words; numbers are brought to one scale; "
        "a part of the rows is set apart for testing. Ctrl-C ends the training and keeps what was learned.",
        epilog="for example: tinygrad-edu train measurements.csv --target species --ignore id --validation 0.1 "
               "--patience 10 --save model.json",
    )  # fmt: skip
    add = cmd.add_argument
    add("data", metavar="DATA", help="moons, circles, spirals, blobs, xor, digits, or a CSV file")
    add("--target", metavar="COLUMN", help="the column of the CSV file to predict")
    add("--save", metavar="MODEL.json", help="write the trained model, for `predict`")
    add("--resume", metavar="MODEL.json", help="go on with the weights of a saved model (the optimizer begins anew)")
    add(
        "--plot",
        metavar="FILE.svg",
        help="draw the decision boundary (two features), predictions over what is true (of a number), or the loss "
        "curve; also .png, .pdf",
    )
    add(
        "--history",
        metavar="FILE",
        help="write losses and accuracies of each epoch, as .csv or .json; or draw them, as .svg, .png, .pdf",
    )
    add("--record", metavar="RUN.html", help="write a page to scrub through the steps, and look into each unit")
    add("--seed", type=seed, default=0, metavar="N", help="of the split, the weights and the order (default 0)")
    add("--quiet", action="store_true", help="no progress line")
    add("--doctor", action="store_true", help="watch the training, and say at the end what is wrong with its gradients")
    group = cmd.add_argument_group("what of a file is used")
    add = group.add_argument
    add("--features", type=tables.names, metavar="A,B", help="the columns to predict from (default all others)")
    add("--ignore", type=tables.names, default=[], metavar="A,B", help="columns to leave out: ids, dates, ...")
    add(
        "--text",
        type=tables.names,
        default=[],
        metavar="A,B",
        help="columns that are words, though they look like numbers",
    )
    add("--kind", choices=("class", "number"), help="what the target is (default: decided by its cells, and told)")
    add("--missing", choices=("drop", "mean"), help="leave out rows with a missing cell, or put the mean there")
    tables.add_options(cmd)
    group = cmd.add_argument_group("the network")
    add = group.add_argument
    add("--hidden", type=sizes, metavar="16,16", help="sizes of the hidden layers; 0 for none (default 16,16)")
    add("--activation", metavar="NAME", help="relu, tanh, sigmoid, gelu, ... (default relu)")
    group = cmd.add_argument_group("how it learns")
    add = group.add_argument
    add("--epochs", type=whole, default=60, metavar="N", help="passes over the data (default 60)")
    add("--batch", type=whole, default=16, metavar="N", help="samples per step (default 16)")
    add("--loss", choices=[name for kind in LOSSES.values() for name in kind], help="default cross_entropy, or mse")
    add(
        "--class-weights",
        type=tables.names,
        metavar="WEIGHTS",
        help='"balanced", or a number for each class: rose=2,iris=1',
    )
    add(
        "--label-smoothing",
        type=partial(share, zero=True),
        default=0.0,
        metavar="SHARE",
        help="of probability given to all classes alike",
    )
    add("--optimizer", choices=OPTIMIZERS, help="default adam; adamw if there is weight decay")
    add(
        "--lr",
        type=positive,
        metavar="RATE",
        help="learning rate at the start (default 0.03; sgd, adagrad: 0.1; rmsprop: 0.01)",
    )
    add("--schedule", choices=SCHEDULES, default="linear", help="how the rate falls (default linear, to 0)")
    add(
        "--weight-decay",
        type=partial(positive, zero=True),
        default=0.0,
        metavar="RATE",
        help="pull of the weights to 0",
    )
    add("--test", type=share, metavar="SHARE", help="of the rows, set apart for testing (default 0.2)")
    add("--validation", type=share, metavar="SHARE", help="of the other rows, set apart to watch the training with")
    add("--patience", type=whole, metavar="N",
        help="end after N epochs without a smaller validation loss, and keep the best "
        "weights (validation default 0.1)")  # fmt: skip
    add(
        "--backend",
        choices=("auto", "eager", *BACKENDS),
        default="auto",
        help="what runs the steps: eager, every graph anew; the others replay what was recorded (default auto, "
        "the best installed)",
    )
    cmd.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, save, report and plot."""
    written = [Path(path).resolve() for path in _written(arguments)]
    if twice := next((path for i, path in enumerate(written) if path in written[:i]), None):
        raise UserError(f"{twice.name} cannot hold two things: give each option a file of its own")
    outputs.check(arguments.save, ".json", form=nn.files.FORMAT)
    plotted = outputs.check(arguments.plot, *outputs.PICTURES)
    recorded = outputs.check(arguments.record, ".html", ".htm")
    noted = outputs.check(arguments.history, ".csv", ".json", *outputs.PICTURES, form=FORM, begins="epoch,")
    model, notes = load(arguments.resume) if arguments.resume else (None, None)
    samples, notes = prepared(arguments, notes)
    parts = divided(samples, notes)
    if model is None:
        hidden = [16, 16] if arguments.hidden is None else arguments.hidden
        widths = [len(notes.features), *hidden, len(notes.classes) or 1]
        if (count := sum((m + 1) * n for m, n in zip(widths, widths[1:]))) > MOST:
            raise UserError(
                f"--hidden {','.join(map(str, hidden))} makes {count:,} parameters, and there is room for {MOST:,}: "
                "each is a Value"
            )
        model = nn.MLP(widths[0], widths[1:],
                       activation=arguments.activation or "relu", init="xavier", seed=arguments.seed)  # fmt: skip
    elif arguments.hidden is not None or arguments.activation:
        raise UserError(
            "--hidden and --activation belong to a new model: the one that is resumed has its own; leave them out"
        )
    X, y, X_test, y_test = ((notes.targets if k % 2 else notes.inputs)(part) for k, part in enumerate(parts))
    validation = arguments.validation or (0.1 if arguments.patience else None)
    learned = len(X) - (math.ceil(validation * len(X) - 1e-9) if validation else 0)
    if learned < 1:
        raise UserError(
            f"{len(X)} samples are too few to set {100 * (validation or 0):.6g}% of them apart for validation"
        )
    loss, optimizer = _loss(arguments, notes, y), _optimizer(arguments, model, learned)
    _tell(samples, notes, model, learned, len(X) - learned, len(X_test))
    asked = max(10, WORK // 4 // len(model.parameters()))  # at every look
    watch = diagnose.watch(model, (X[:asked], y[:asked])) if arguments.doctor else None
    try:
        history = train.fit(
            model, X, y, loss=loss, optimizer=optimizer, epochs=arguments.epochs, batch_size=arguments.batch,
            seed=arguments.seed, test=(X_test, y_test), validation=validation, patience=arguments.patience,
            accuracy=bool(notes.classes), progress=not arguments.quiet, backend=arguments.backend,
            watch=watch, record=bool(arguments.record),
        )  # fmt: skip
    except KeyboardInterrupt:  # a second one, while the first was answered
        _save(arguments.save, model, notes)
        raise
    _save(arguments.save, model, notes)  # before anything else: who is in a hurry interrupts again
    if history.interrupted:
        print("interrupted: this is what it has learned so far")
    elif history.stopped:
        print(history.stopped)
    if history.seconds:
        print(f"{history.steps} steps in {history.seconds[-1]:.1f} s, {history.backend.partition(':')[0]} backend")
    if arguments.record:
        history.recorder.names, history.recorder.kinds = notes.features, notes.classes
        page = history.page(f"Training on {short(notes.task)}, step by step")
        print(f"{recorded} {page.save(arguments.record)}: {page.frames} frames of {plural(history.steps, 'step')}; "
              "open it in a browser")  # fmt: skip
    for path in (arguments.history, arguments.plot):
        if path and not history.losses:
            print(f"{path} is not written: there is no finished epoch")
    if arguments.history and history.losses:
        table = Path(arguments.history).suffix.lower() in (".csv", ".json")
        print(f"{noted} {(history if table else plot.loss_curve(history)).save(arguments.history)}")
    for line in _verdict(model, notes, (X, y), (X_test, y_test)):
        print(line)
    if watch is not None:
        report = watch.report()
        data = "" if named_data(arguments.data) else f" {arguments.data}"
        report.hint = f"To draw it: tinygrad-edu doctor {arguments.save}{data} --svg FILE.svg" if arguments.save else ""
        print(f"\n{report}")
    if arguments.plot and history.losses:
        print(f"{plotted} {_picture(model, notes, parts, history).save(arguments.plot)}")
    return 0


def _written(arguments: argparse.Namespace) -> list[str]:
    """The files that are asked for."""
    return [path for path in (arguments.save, arguments.plot, arguments.history, arguments.record) if path]


def _save(path: str | None, model: Any, notes: Notes) -> None:
    if path:
        with uninterrupted():
            word = files.check(path)
            model.save(path, extra=notes.to_dict())
            print(f"{word} {path}", flush=True)


def named_loss(name: str | None, notes: Notes) -> tuple[str, Callable[..., Any]]:
    """The loss of that name, with its name; the usual one for this kind of target if none is given."""
    known = LOSSES[bool(notes.classes)]
    name = name or next(iter(known))
    if name not in known:
        raise UserError(
            f"--loss {name} is not for {'classes' if notes.classes else 'a number'}: {' or '.join(known)}; "
            "--kind says what the target is"
        )
    return name, known[name]


def _loss(arguments: argparse.Namespace, notes: Notes, y: list[Any]) -> Callable[[Any, Any], Any]:
    """The loss of one sample, with the weight of its class and with smoothed labels if that is asked for."""
    smooth = arguments.label_smoothing
    name, loss = named_loss(arguments.loss, notes)
    if not arguments.class_weights and not smooth:
        return loss
    if name != "cross_entropy":
        raise UserError(
            f"--class-weights and --label-smoothing are options of cross_entropy, for classes, and the loss is {name}"
        )
    weights = _weights(arguments.class_weights, notes.classes, y) if arguments.class_weights else None
    return partial(losses.cross_entropy, weight=weights, label_smoothing=smooth)


def _weights(given: list[str], classes: list[str], y: list[Any]) -> list[float]:
    """A weight for each class: what was said, or as much as it takes for all classes to count alike."""
    if given == ["balanced"]:
        return [len(y) / (len(classes) * max(1, y.count(k))) for k in range(len(classes))]
    said, text = {}, ",".join(given)
    for part in given:
        name, _, weight = part.rpartition("=")
        if name in said:
            raise UserError(f"--class-weights {text}: {short(name)} has two weights: give it one")
        try:
            said[name] = positive(weight)
        except argparse.ArgumentTypeError as error:
            raise UserError(f"--class-weights {text}: {error}; write balanced, or {classes[0]}=2,...") from None
    if strange := [name for name in said if name not in classes]:
        raise UserError(
            f"--class-weights {text}: no class is called {short(strange[0])!r}; the classes are {some(classes)}"
        )
    return [said.get(name, 1.0) for name in classes]


def _optimizer(arguments: argparse.Namespace, model: Any, samples: int) -> optim.Optimizer:
    decay = arguments.weight_decay
    name = arguments.optimizer or ("adamw" if decay else "adam")
    kind, rate = OPTIMIZERS[name]
    steps = arguments.epochs * -(-samples // arguments.batch)
    lr = SCHEDULES[arguments.schedule](arguments.lr or rate, steps)
    return kind(model.parameters(), lr=lr, weight_decay=decay)


def _tell(samples: Split, notes: Notes, model: Any, learned: int, validated: int, tested: int) -> None:
    """What was understood, before it takes its time."""
    what = f"{len(notes.classes)} classes" if notes.classes else f"the number {short(notes.target)!r}"
    print(
        f"{short(notes.task)}: {plural(learned, 'sample')} to train, "
        f"{f'{validated:,} to validate, ' * bool(validated)}{tested:,} to test, "
        f"{plural(len(notes.features), 'feature')}, {what}; {plural(len(model.parameters()), 'parameter')}"
    )
    for note in samples.notes:
        print(f"  {tables.as_options(note)}")
    if notes.target_scale:
        print(
            f"  the loss is in standard deviations of {short(notes.target)}, 1 is "
            f"{_people(notes.target_scale.stds[0])}",
            flush=True,
        )


def _people(x: float) -> str:
    """A number for people: 23,150 and not 2.315e+04."""
    return f"{x:,.0f}" if 1000 <= abs(x) < 1e15 else f"{x:.4g}"


def _verdict(model: Any, notes: Notes, *parts: tuple[list[Any], list[Any]]) -> list[str]:
    """How good the model is on what it has learned from and on the rest, next to a model that has learned nothing."""
    (X, y), (X_test, y_test) = parts
    if notes.classes:
        most = max(range(len(notes.classes)), key=y.count)
        always = f"always saying {short(notes.classes[most])}: {y_test.count(most) / len(y_test):.2%}"
        return [
            f"accuracy: {train.accuracy(model, X, y):.2%} train, {train.accuracy(model, X_test, y_test):.2%} test "
            f"({always})"
        ]
    unit = notes.target_scale.stds[0] if notes.target_scale else 1.0
    errors, shares = [], []
    mean = fmean(y)
    for some_X, some_y in parts:
        outputs = train.outputs(model, some_X)
        errors.append(unit * math.dist(outputs, some_y) / math.sqrt(len(some_y)))
        alike = hardly_varies(some_y)
        shares.append("none" if alike else f"{train.r_squared(lambda out: out, outputs, some_y):.4f}")
    always_mean = unit * math.dist(y_test, [mean] * len(y_test)) / math.sqrt(len(y_test))
    return [f"root mean square error of {short(notes.target)}: {_people(errors[0])} train, {_people(errors[1])} test "
            f"(always saying the mean: {_people(always_mean)})",
            f"R²: {shares[0]} train, {shares[1]} test"]  # fmt: skip


def _picture(model: Any, notes: Notes, parts: Split, history: train.History) -> Picture:
    """What the model makes of its inputs, in the units of the data: the decision boundary over all samples, or the
    predictions of those to test on; else how the training went.
    """
    if not notes.classes:
        found = [notes.number(out) for out in train.outputs(model, notes.inputs(parts.X_test))]
        return plot.predictions(parts.y_test, found, target=short(notes.target), title="samples to test on")
    if len(notes.features) != 2:
        return plot.loss_curve(history)

    def scores(x: Any) -> Any:
        return model(notes.inputs([x])[0])

    scores.map = lambda X: train.outputs(model, notes.inputs(X))  # type: ignore[attr-defined]
    return plot.decision_boundary(scores, parts.X, parts.y, notes.classes, axes=notes.features)
