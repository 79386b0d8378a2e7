"""`doctor`: what is wrong with the gradients of a model that `train` saved."""

from __future__ import annotations

import argparse
import json
import random
from typing import Any

from .. import files, functional
from ..doctor import diagnose
from ..errors import UserError
from ..streams import short
from . import outputs, tables
from .notes import load
from .parsing import whole
from .samples import WORK, named_data, of_model
from .training import LOSSES, named_loss

FORM = "tinygrad_edu diagnosis"  # of its JSON


def add_commands(commands: Any) -> None:
    """Add `doctor` to the command line."""
    cmd = commands.add_parser(
        "doctor",
        help="what is wrong with the gradients of a saved model: which unit, by which local gradient, and what to try",
        description="Look at the loss of some samples, at the graph that it was computed by, and at every "
        "local\ngradient in it. Columns of a file are made into numbers as they were when the model was trained.\n"
        "The exit status is 1 if something is broken.",
        epilog="""examples:
  tinygrad-edu train moons --save model.json && tinygrad-edu doctor model.json
  tinygrad-edu doctor model.json measurements.csv --svg culprit.svg""",
    )
    add = cmd.add_argument
    add("model", metavar="MODEL.json", help="written by `train ... --save MODEL.json`")
    add(
        "data",
        metavar="DATA",
        nargs="?",
        help="a CSV file with the target (default: moons, digits, ... if trained on them)",
    )
    add("--target", metavar="COLUMN", help="the column that the model predicts, if you want to say it")
    add("--loss", choices=[name for kind in LOSSES.values() for name in kind], help="default cross_entropy, or mse")
    add("--samples", type=whole, metavar="N", help="how many, drawn at random (default as many as take a second)")
    add("--json", metavar="FILE.json", help="write the diagnosis for programs")
    add("--svg", metavar="FILE.svg", help="draw the culprit of the first finding; also .png, .pdf")
    group = tables.add_options(cmd)
    group.add_argument("--missing", choices=("drop", "mean"), help="rows with a missing cell (default as in training)")
    cmd.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the diagnosis.  All that may be refused comes before the first line."""
    outputs.check(arguments.json, ".json", form=FORM)
    outputs.check(arguments.svg, *outputs.PICTURES)
    model, notes = load(arguments.model)
    data = arguments.data or notes.task
    if arguments.data is None and not named_data(data):
        raise UserError(
            f"{arguments.model} has learned {short(data) or 'a file'}: give the doctor data for a loss, as in "
            f"tinygrad-edu doctor {arguments.model} {short(data) or 'FILE.csv'}"
        )
    samples = of_model(data, arguments, notes, arguments.model)
    name, loss_of = named_loss(arguments.loss, notes)
    X, y = notes.inputs(samples.X), notes.targets(samples.y)
    asked = max(10, WORK // len(model.parameters()))
    most = arguments.samples or max(10, asked // 3)
    order = random.Random(notes.seed).sample(range(len(X)), len(X))
    chosen = order[:most]
    loss = functional.mean([loss_of(model(X[i]), y[i]) for i in chosen])
    loss.label = "loss"
    found = diagnose(loss, model, [X[i] for i in order[: max(most, asked)]])
    found.hint = "" if arguments.svg else "To see the first: --svg FILE.svg draws it."
    print(f"{short(arguments.model)} on {short(data)}: {name} of {len(chosen):,} of {len(X):,} samples\n")
    print(found)
    if arguments.json or arguments.svg:
        print()
    if arguments.json:
        word = outputs.check(arguments.json, ".json", form=FORM)
        told = {"format": FORM, "model": arguments.model, "data": data, "loss": name,
                "samples": len(chosen), "diagnosis": found.to_dict()}  # fmt: skip
        files.write(arguments.json, json.dumps(told, indent=1, allow_nan=False) + "\n")
        print(f"{word} {arguments.json}")
    if arguments.svg and found.findings:
        word = files.check(arguments.svg)
        found.findings[0].draw().save(arguments.svg)
        print(f"{word} {arguments.svg}")
    elif arguments.svg:
        print(f"{arguments.svg} is not drawn: nothing was found")
    return int(bool(found.broken))
