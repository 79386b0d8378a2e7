"""What a saved model remembers besides its weights: how its inputs are made, and what its outputs mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .. import nn, train
from ..data import Preparation, Standardizer
from ..data.preparation import Column
from ..errors import UserError


@dataclass
class Notes:
    """Everything that `predict` needs to repeat what `train` did."""

    task: str
    features: list[str]
    target: str
    classes: list[str]  # none: the target is a number
    scale: Standardizer | None = None  # of the features
    target_scale: Standardizer | None = None  # of a target that is a number
    preparation: Preparation | None = None  # of a file
    seed: int = 0  # of what was set apart for testing
    test: float = 0.2

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return asdict(self)

    def inputs(self, X: Sequence[Any]) -> list[Any]:
        """Samples on the scale that the model knows."""
        return self.scale(X) if self.scale else list(X)

    def targets(self, y: Sequence[Any]) -> list[Any]:
        """Targets as the model is asked for them: numbers on their scale, classes as they are."""
        return [row[0] for row in self.target_scale([[t] for t in y])] if self.target_scale else list(y)

    def number(self, output: float) -> float:
        """An output of a model of a number, in the target's own units."""
        return output * self.target_scale.stds[0] + self.target_scale.means[0] if self.target_scale else output


def load(path: str) -> tuple[Any, Notes]:
    """A model that `train` saved, and its notes.  Raises UserError, one line with the path, if either is damaged."""
    written = nn.read(path)["extra"]
    if not isinstance(written, dict) or not {"features", "classes", "target"} <= written.keys():
        raise UserError(
            f"{path} does not say which columns it reads: make it with `tinygrad-edu train ... --save {path}`"
        )
    model = nn.load(path)
    try:
        notes = _notes(written)
        with_no_number = [0.0] * len(notes.features)
        [output] = train.outputs(model, [with_no_number])
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise UserError(f"{path} is damaged: {error if str(error) else type(error).__name__}") from None
    count, needed = len(output) if isinstance(output, list) else 1, len(notes.classes) or 1
    if count != needed:
        raise UserError(f"{path} is damaged: the model gives {count} scores, and there are {needed} classes")
    return model, notes


def _notes(written: dict[str, Any]) -> Notes:
    """What `to_dict` wrote down; of the first version of these notes too, which knew no preparation."""
    features, classes = (_texts(written[name], name) for name in ("features", "classes"))
    target = written["target"]
    if not isinstance(target, str) or not features or len({*classes}) < len(classes):
        raise ValueError("its target is no name, it has no features, or a class twice")
    scale, target_scale = (
        Standardizer.from_dict(written[name]) if written.get(name) is not None else None
        for name in ("scale", "target_scale")
    )
    if scale and len(scale.means) != len(features) or target_scale and len(target_scale.means) != 1:
        raise ValueError("its scales fit neither its features nor its target")
    if not classes and target_scale is None:
        raise ValueError("its target is a number, and target_scale, which gives it its unit, is missing")
    prepared = written.get("preparation")
    made = Preparation.from_dict(prepared) if prepared is not None else None
    if made and (made.features != features or [*made.classes] != classes or made.target != target):
        raise ValueError("what was made of the columns does not fit its features or its classes")
    if made is None:
        made = Preparation(tuple(Column(name, (0.0,)) for name in features), target, tuple(classes))
    seed, test = written.get("seed", 0), written.get("test", 0.2)
    if not isinstance(seed, int) or not isinstance(test, (int, float)) or not 0 < test < 1:
        raise ValueError("its seed or its test part is no number")
    return Notes(str(written.get("task", "")), features, target, classes, scale, target_scale, made, seed, test)


def _texts(written: Any, what: str) -> list[str]:
    if not isinstance(written, list) or not all(isinstance(text, str) for text in written):
        raise ValueError(f"its {what} are no list of names")
    return written
