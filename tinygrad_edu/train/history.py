"""How a training went."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .. import files
from ..errors import UserError
from ..files import StrPath
from .metrics import hits_of

if TYPE_CHECKING:
    from ..runs import RunPage

FORM = "tinygrad_edu history"  # of its JSON


@dataclass(repr=False)
class History:
    """How a training went: one number per finished epoch in each list; accuracies stay empty where there are none.

    `losses` and `accuracies` are means over the epoch, as the samples came by, while the model was changing; those of
    the test and the validation part were taken at the end of the epoch.  `seconds` counts from the start.  `stopped`
    says why it ended early, if so; `best` is the epoch with the smallest validation loss, 0 without validation;
    `backend` what ran the steps and, if that is "eager", why nothing was replayed.
    """

    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    test_losses: list[float] = field(default_factory=list)
    test_accuracies: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    steps: int = 0
    interrupted: bool = False
    stopped: str = ""
    backend: str = "eager"
    validation_losses: list[float] = field(default_factory=list)
    validation_accuracies: list[float] = field(default_factory=list)
    best: int = 0
    recorder: ClassVar[Any] = None  # of the steps; no field: what is saved and compared is the same without it

    def page(self, title: str = "Training, step by step") -> RunPage:
        """The recorded steps as one page to scrub through: `.save("run.html")`, `.show()`; a notebook shows it.

        Raises UserError if nothing was recorded.
        """
        if self.recorder is None:
            raise UserError("there are no recorded steps here, nor in any copy: fit(..., record=True) keeps them for "
                            'history.page(), and fit(..., record="run.html") writes the page at once')  # fmt: skip
        page: RunPage = self.recorder.page(title)
        return page

    def latest(self, step: int) -> dict[str, float]:
        """What was written down last of each list, after so many steps."""
        ends = {"losses": "loss", "accuracies": "accuracy"}
        lists = {name: column for name, column in vars(self).items() if isinstance(column, list) and column}
        found = {name: column[-1] for name, column in lists.items() if name != "seconds"}
        for many, one in ends.items():
            found = {name.replace(many, one): x for name, x in found.items()}
        return {"step": step, **found}

    def __getstate__(self) -> dict[str, Any]:
        return {name: x for name, x in vars(self).items() if name != "recorder"}

    def add(self, **epoch: float | None) -> None:
        """Write down a finished epoch, one number per list; None where there is nothing to keep."""
        for name, number in epoch.items():
            if number is not None:
                getattr(self, name).append(number)

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON; `History(**d)` makes it again."""
        return asdict(self)

    def save(self, path: StrPath) -> Path:
        """Write it to a file: .json holds `to_dict()`, .csv a line for each epoch, under the names of the lists.

        Raises UserError for another ending, FileExistsError for a file that holds something else.
        """
        path = Path(path)
        if path.suffix.lower() == ".json":
            return files.write(path, json.dumps({"format": FORM, "history": _finite(self.to_dict())}, indent=1) + "\n")
        if path.suffix.lower() != ".csv":
            raise UserError(f"a history is written as .csv or .json, got {str(path)!r}")
        lists = {name: column for name, column in vars(self).items() if isinstance(column, list) and column}
        text = io.StringIO()
        out = csv.writer(text, lineterminator="\n")
        out.writerow(["epoch", *lists])
        out.writerows([i + 1, *row] for i, row in enumerate(zip(*lists.values())))
        return write_table(path, text.getvalue())

    def __repr__(self) -> str:
        words = [f"{len(self.losses)} epochs", f"{self.steps} steps"]
        for name, numbers in (
            ("loss", self.losses),
            ("validation loss", self.validation_losses),
            ("test loss", self.test_losses),
        ):
            words += [f"{name} {numbers[-1]:.4g}"] if numbers else []
        for name, numbers in (
            ("accuracy", self.accuracies),
            ("validation accuracy", self.validation_accuracies),
            ("test accuracy", self.test_accuracies),
        ):
            words += [f"{name} {100 * numbers[-1]:.2f} %"] if numbers else []
        words += [f"{self.seconds[-1]:.1f} s"] if self.seconds else []
        words += (
            [f"{self.backend} backend"]
            if not self.backend.startswith("eager")
            else [self.backend[:100]]
            if self.backend != "eager"
            else []
        )
        return f"<History: {', '.join(words)}{', interrupted' * self.interrupted}{', stopped' * bool(self.stopped)}>"


class Means:
    """Of an epoch so far: the mean loss, and the share of outputs that are right if targets are classes."""

    def __init__(self, judged: bool) -> None:
        self.judged, self.seen, self.lost, self.hits = judged, 0, 0.0, 0

    def add(self, mean: float, outputs: Sequence[Any], targets: Sequence[Any]) -> None:
        """A batch more."""
        self.seen += len(targets)
        self.lost += mean * len(targets)
        self.hits += hits_of(outputs, targets) if self.judged else 0

    @property
    def loss(self) -> float:
        return self.lost / self.seen

    @property
    def accuracy(self) -> float | None:
        return self.hits / self.seen if self.judged else None


def _finite(x: Any) -> Any:
    """What JSON can say: null for nan and inf."""
    if isinstance(x, dict):
        return {k: _finite(v) for k, v in x.items()}
    if isinstance(x, list):
        return list(map(_finite, x))
    return x if not isinstance(x, float) or math.isfinite(x) else None


def write_table(path: StrPath, text: str) -> Path:
    """Write a CSV file, whole or not at all, also over one that begins with the same names of columns:
    a table can carry no mark.
    """
    return files.write(path, text, over=_begins(Path(path), text[: text.find("\n") + 1]))


def check_table(path: StrPath, start: str) -> str:
    """Raise what `write_table` would for a table that begins so, before there is one; else its word:
    "wrote" or "replaced".
    """
    return files.check(path, over=_begins(Path(path), start))


def _begins(path: Path, start: str) -> bool:
    """Whether there is a file that begins so."""
    if path.is_file():  # a pipe or a terminal is not read
        with suppress(OSError, ValueError), open(path, encoding="utf-8") as old:
            return old.readline().startswith(start)
    return False
