"""How a training went, and where it stands."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple


@dataclass(repr=False)
class History:
    """How a training went: one number per finished epoch in each list; accuracies stay empty where there are none.

    `losses` and `accuracies` are means over the epoch, as the samples came by, while the model was changing; those of the
    test part were taken at the end of the epoch.  `seconds` counts from the start.  `stopped` says why it ended early, if so;
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

    def add(self, *epoch: float | None) -> None:
        """Write down a finished epoch, one number per list; None where there is nothing to keep."""
        for column, number in zip(
            (self.losses, self.accuracies, self.test_losses, self.test_accuracies, self.seconds), epoch
        ):
            column += [] if number is None else [number]

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON; `History(**d)` makes it again."""
        return asdict(self)

    def __repr__(self) -> str:
        words = [f"{len(self.losses)} epochs", f"{self.steps} steps"]
        for name, numbers in ("loss", self.losses), ("test loss", self.test_losses):
            words += [f"{name} {numbers[-1]:.4g}"] if numbers else []
        for name, numbers in ("accuracy", self.accuracies), ("test accuracy", self.test_accuracies):
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


class Progress(NamedTuple):
    """Where a training stands after a step; `loss` and `accuracy` are means over this epoch so far."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float | None
    test_accuracy: float | None
    steps_per_second: float
    seconds_left: float

    def __str__(self) -> str:
        left = round(self.seconds_left)
        parts = [f"epoch {self.epoch}/{self.epochs}", f"loss {self.loss:.4f}"]
        parts += [f"accuracy {100 * self.accuracy:.1f} %"] if self.accuracy is not None else []
        parts += [f"test {100 * self.test_accuracy:.1f} %"] if self.test_accuracy is not None else []
        parts += [f"{self.steps_per_second:.3g} steps/s", f"{left // 60}:{left % 60:02d} left"]
        return "  ".join(parts)
