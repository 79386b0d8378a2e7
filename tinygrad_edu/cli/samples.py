"""Which samples a command is about: points in the plane, digits, or a CSV file, made into numbers as a model needs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from .. import data
from ..data import Split, Standardizer
from ..data.textfile import some
from ..errors import UserError, meant
from ..streams import short
from . import tables
from .notes import Notes

SHAPES: dict[str, Callable[..., Split]] = {
    "moons": data.moons,
    "circles": data.circles,
    "spirals": data.spirals,
    "blobs": data.blobs,
    "xor": data.xor,
}


WORK = 600_000  # parameters × samples that a doctor asks whether they open a unit that seems dead: some seconds


def named_data(name: str) -> bool:
    """Whether data of this name come with the package."""
    return name == "digits" or name in SHAPES


def has_name(name: str) -> bool:
    """Whether these data have a name and no file.  Raises UserError for what looks like a name and is none."""
    if not named_data(name) and not Path(name).suffix and not Path(name).exists():
        near = meant(name, [*SHAPES, "digits"])
        raise UserError(
            f"there is no data called {name!r}{near} (there are moons, circles, spirals, blobs, xor, digits, or a "
            "CSV file)"
        )
    return named_data(name)


def named(name: str, arguments: argparse.Namespace, seed: int) -> Split:
    """The data of that name."""
    refuse(arguments, tables.OPTIONS, f"is about a CSV file, and {name} is none")
    return data.digits() if name == "digits" else SHAPES[name](seed=seed)


def of_model(name: str, arguments: argparse.Namespace, known: Notes, path: str) -> Split:
    """Data with targets for the model that is saved in `path`, prepared as they were when it was trained."""
    if has_name(name):
        samples = named(name, arguments, known.seed)
        if known.task != name or known.features != samples.features:
            raise UserError(f"{path} has learned {known.task}, which is not {name}")
        return samples
    refuse(arguments, ("features", "ignore", "text", "kind"), f"belongs to a new model: {path} has its own")
    samples = tables.read(name, arguments, like=known.preparation, missing=arguments.missing)
    if arguments.target not in (None, known.target):
        raise UserError(f"{path} predicts {short(known.target)!r}, not {short(arguments.target)!r}")
    if not samples.y:
        raise UserError(
            f"{name} has no column {short(known.target)!r}, which {path} predicts: there is no loss without"
        )
    if None in samples.y:
        where = f", line {samples.lines[samples.rows[samples.y.index(None)]]}"
        raise UserError(f"{name}{where}: {short(known.target)!r} is missing, or no class that {path} knows")
    return samples


def prepared(arguments: argparse.Namespace, known: Notes | None) -> tuple[Split, Notes]:
    """What `train` learns from, and what is to be remembered of it; of a resumed model, prepared as it was then."""
    name, target = arguments.data, arguments.target
    if known is not None:
        samples, made = of_model(name, arguments, known, arguments.resume), known
    elif has_name(name):
        samples = named(name, arguments, arguments.seed)
        made = Notes(name, samples.features, "class" if name in SHAPES else "digit", samples.classes)
    elif target is None:
        columns = tables.columns(name, arguments)
        raise UserError(f"which column of {name} is to be predicted? Add --target COLUMN: {some(columns)}")
    else:
        samples = tables.read(name, arguments, target, features=arguments.features, ignore=arguments.ignore,
                              text=arguments.text, kind=arguments.kind, missing=arguments.missing)  # fmt: skip
        made = Notes(name, samples.features, target, samples.classes, preparation=samples.preparation)
    if known is None:
        made.seed, made.test = arguments.seed, arguments.test or 0.2
    elif arguments.test not in (None, known.test):
        raise UserError(
            f"{arguments.resume} was tested on {100 * known.test:.6g}% of the rows: with another part it would be "
            "tested on what it has learned"
        )
    return samples, made


def refuse(arguments: argparse.Namespace, options: Iterable[str], why: str) -> None:
    """Raise for the first of these options that is given: what has no effect is not passed over in silence."""
    for name in options:
        if getattr(arguments, name, None):
            raise UserError(f"--{name.replace('_', '-')} {why}: leave it out")


def divided(samples: Split, notes: Notes) -> Split:
    """The samples in two parts, and the scales of the part to learn from."""
    if len(samples) == 4 and notes.test == 0.2:  # digits come divided
        parts = data.digits(seed=notes.seed)
    else:
        try:
            parts = data.split(samples, test=notes.test, seed=notes.seed, stratify=bool(notes.classes))
        except UserError:
            counts = {name: samples.y.count(k) for k, name in enumerate(notes.classes)} if notes.classes else {}
            rare = some(
                [
                    f"{short(c)} is on {n} line{'s' * (n > 1)}"
                    for c, n in sorted(counts.items(), key=lambda item: item[1])
                ],
                3,
            )
            raise UserError(
                f"{len(samples.y)} samples are too few to test on {100 * notes.test:.6g}% of them "
                "and learn from the others"
                + (f", which takes each of {len(counts)} classes on two lines or more: {rare}" if counts else "")
            ) from None
    if notes.task != "digits" and notes.task not in SHAPES and notes.scale is None:
        notes.scale = Standardizer.of(parts.X_train)
        notes.target_scale = None if notes.classes else Standardizer.of([[t] for t in parts.y_train])
    return parts
