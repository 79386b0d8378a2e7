"""`predict`: what a saved model says of the rows of a CSV file."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from typing import Any

from .. import functional, train
from ..data import Split
from ..data.dividing import hardly_varies
from ..streams import short
from ..train.history import check_table, write_table
from ..train.metrics import alone
from ..words import plural
from . import outputs, tables
from .notes import Notes, load


def add_commands(commands: Any) -> None:
    """Add `predict` to the command line."""
    cmd = commands.add_parser(
        "predict",
        help="what a saved model says of the rows of a CSV file, as CSV",
        description="A line for each row of the file: the prediction and, for a class, its probability. "
        "Columns are found by their names, in any order, and are made into numbers as they were when the model was "
        "trained. If the file has the target too, its accuracy, or its R², is told.",
    )
    cmd.add_argument("model", metavar="MODEL.json", help="written by `train ... --save MODEL.json`")
    cmd.add_argument("data", metavar="FILE.csv", help="rows to predict")
    cmd.add_argument("-o", "--output", metavar="FILE.csv", help="write the predictions there, whole or not at all")
    cmd.add_argument(
        "--keep", type=tables.names, default=[], metavar="ID,NAME", help="columns to put before the predictions"
    )
    group = tables.add_options(cmd)
    group.add_argument(
        "--missing",
        choices=("drop", "mean"),
        help="rows with a missing cell have no prediction, or are completed by the means (default as in training)",
    )
    cmd.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Predict, and tell how good that was if the file knows."""
    outputs.endings(arguments.output, ".csv")
    model, notes = load(arguments.model)
    assert notes.preparation
    rows = tables.read(
        arguments.data, arguments, like=notes.preparation, keep=arguments.keep, missing=arguments.missing
    )
    predictions = [_predicted(notes, alone(out)) for out in train.outputs(model, notes.inputs(rows.X))]
    text = _table(notes, rows, arguments.keep, predictions)
    words = sys.stderr
    if arguments.output:
        words, done = sys.stdout, check_table(arguments.output, text[: text.find("\n") + 1])
        write_table(arguments.output, text)
        print(f"{done} {arguments.output}: {len(predictions):,} predictions")
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    for note in rows.notes:
        print(note, file=words)
    if judged := _judged(notes, rows, predictions):
        print(judged, file=words)
    return 0


def _predicted(notes: Notes, output: Any) -> tuple[Any, ...]:
    """A class and its probability, or a number."""
    if not notes.classes:
        return (notes.number(output),)
    chances = functional.softmax(output)
    best = max(range(len(chances)), key=chances.__getitem__)
    return notes.classes[best], chances[best]


def _table(notes: Notes, rows: Split, keep: list[str], predictions: list[tuple[Any, ...]]) -> str:
    """The predictions as CSV, a line for each line of the file; empty where a row could not be predicted."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    name = f"predicted {notes.target}" if notes.target in keep else notes.target
    out.writerow([*keep, name, "probability"] if notes.classes else [*keep, name])
    found: list[tuple[Any, ...]] = [("",) * (1 + bool(notes.classes))] * len(rows.lines)
    for place, (what, *chance) in zip(rows.rows, predictions):
        found[place] = (what, *[f"{p:.4f}" for p in chance]) if notes.classes else (f"{what:.10g}",)
    out.writerows([*[rows.kept[column][i] for column in keep], *cells] for i, cells in enumerate(found))
    return text.getvalue()


def _judged(notes: Notes, rows: Split, predictions: list[tuple[Any, ...]]) -> str:
    """How good predictions are, where the file has the target."""
    pairs = [(p[0], t) for p, t in zip(predictions, rows.y) if t is not None]
    if not pairs:
        return ""
    of = (
        ""
        if len(pairs) == len(predictions)
        else f" of the {plural(len(pairs), 'row')} whose {short(notes.target)} is known"
    )
    if notes.classes:
        hits = sum(notes.classes[t] == p for p, t in pairs)
        return f"accuracy{of}: {hits / len(pairs):.2%}"
    if hardly_varies([t for _, t in pairs]):
        return ""
    told = train.r_squared(lambda pair: pair[0], pairs, [t for _, t in pairs])
    return f"R²{of}: {told:.4f}"
