"""The door to train through: one training, which goes on some steps at a time, as it is asked to.

>>> begun = start({"data": "xor", "points": 20, "layers": [3], "lr": 0.1})
>>> begun["layers"][0]["title"], begun["parameters"], begun["frames"]["step"]
('layer 0', 13, [0])
>>> on = advance(100)
>>> on["frame"]["step"], on["frame"]["epoch"], on["frame"]["loss"] < begun["frames"]["loss"][0]
(100, 51, True)

A frame shows a step that is about to be taken: the parameters, the loss of its batch, the gradient that it will follow.
"""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from .. import collector, data, nn, optim
from ..doctor import diagnose
from ..errors import UserError
from ..runs.page import encoded, run_data
from ..runs.record import RunRecorder
from ..train.arguments import LOSSES, Best, check, check_watch
from ..train.history import History
from ..train.loop import loop
from ..train.progress import Doctor, Told
from ..usage import mode
from .settings import CLASSES, Settings, options, program

__all__ = ["adjust", "advance", "as_python", "options", "start", "whole_page"]
TITLE = "A training in the playground"
LATER = ("optimizer", "lr", "batch", "decay")  # what may be changed while it trains


class TrainingRun:
    """What `fit` does with these settings, step by step; `stages` are the settings so far, with their histories."""

    def __init__(self, settings: Settings) -> None:
        made: dict[str, Any] = {"data": data, "nn": nn, "optim": optim, "diagnose": diagnose}
        self.made = made
        exec(settings.preparation(), made)  # made of names and numbers that Settings has looked at
        self.model, self.watch = made["model"], made["watch"]
        self.recorder = RunRecorder(
            self.model,
            made["X"],
            made["y"],
            LOSSES[settings.loss],
            kinds=CLASSES[: settings.classes] if settings.data == "drawn" else "",
        )
        self.stages: list[tuple[Settings, History]] = []
        self.next: Settings | None = None
        self.stopped = ""
        self._stage(settings)

    def _stage(self, settings: Settings) -> None:
        """Go on with these settings, as another call of `fit` would."""
        exec(settings.stage(), self.made)
        self.settings, self.next, history = settings, None, History()
        self.stages.append((settings, history))
        loss, optimizer, made = LOSSES[settings.loss], self.made["optimizer"], self.made
        test = (made["X_test"], made["y_test"]) if settings.held else None
        given = check(self.model, made["X"], made["y"], loss, optimizer, 1, settings.batch, settings.seed, test,
                      None, None, None, None, "python")  # fmt: skip
        check_watch(self.watch, self.model, given)
        epochs = itertools.takewhile(lambda _: self.next is None, itertools.count(len(self.recorder.epochs) + 1))
        self.walk = loop(self.model, loss, optimizer, given, Told(history, 1, 1, None, None),
                         Doctor(self.watch, None, self.recorder), Best(self.model, given.watched), epochs,
                         settings.batch, settings.seed, recorder=self.recorder)  # fmt: skip
        self.step()

    def step(self) -> None:
        """Take the step that is shown, if there is one, and show the next: its gradient is there."""
        with mode(self.model, training=True):
            self.loss = next(self.walk, None)
        self.stopped = self.stages[-1][1].stopped
        if self.loss is None and not self.stopped and self.next is not None:
            self._stage(self.next)

    def frame(self) -> dict[str, Any]:
        """What is shown now; numbers of parameters as the base64 of float64s."""
        recorder = self.recorder
        return {"step": recorder.steps, "epoch": len(recorder.epochs) + 1, "loss": self.loss,
                "w": encoded([[p.data for p in recorder.parameters]]),
                "g": None if self.stopped else encoded([[p.grad for p in recorder.parameters]])}  # fmt: skip


_runs: list[TrainingRun] = []  # the one that goes on


def start(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Begin a training: all that the viewer of runs is to know, the first frame with it, and the settings in full.

    Raises UserError for settings that are not allowed; then the training before goes on.
    """
    with _resumed():
        run = TrainingRun(Settings.of(settings))
    _runs[:] = [run]
    return {**run_data(run.recorder, TITLE), "settings": run.settings.to_dict()}


def advance(most: int, seconds: float = 60.0) -> dict[str, Any]:
    """Take steps, until so many are taken or so much time has passed: the frame after them, and what is new.

    `taken` steps; `epochs` that were finished; `findings` of the doctor; `stopped` says why it cannot go on, if so.
    """
    run, until, taken = _running(), time.perf_counter() + seconds, 0
    epochs, findings = run.recorder.epochs, run.recorder.findings
    before = len(epochs), len(findings)
    with _resumed():
        while taken < most and not run.stopped and (not taken or time.perf_counter() < until):
            run.step()
            taken += 1
    return {"taken": taken, "frame": run.frame(), "epochs": epochs[before[0] :], "findings": findings[before[1] :],
            "stopped": run.stopped}  # fmt: skip


def adjust(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Go on with another optimizer, learning rate, batch size or weight decay, from the next epoch on.

    Returns the step at which that was asked, and the settings in full.  Raises UserError for what can only be chosen at
    the beginning.
    """
    run, new = _running(), Settings.of(settings)
    if replace(new, **{name: getattr(run.settings, name) for name in LATER}) != run.settings:
        raise UserError(f"a training can go on with another {', '.join(LATER[:-1])} or {LATER[-1]}; for anything else, "
                        "begin a new one")  # fmt: skip
    run.next = new if new != run.settings else None
    return {"step": run.recorder.steps, "settings": new.to_dict()}


def whole_page() -> str:
    """The training so far as a page of its own, for a file."""
    return str(_running().recorder.page(TITLE).html)


def as_python() -> str:
    """The program that does the same as the training so far, up to the end of its last whole epoch."""
    stages = [(settings, len(history.losses)) for settings, history in _running().stages]
    return program([stage for stage in stages if stage[1]] or [(stages[0][0], 1)])


def _running() -> TrainingRun:
    if not _runs:
        raise UserError("there is no training that could go on: begin one")
    return _runs[0]


@contextmanager
def _resumed() -> Iterator[None]:
    """As it is inside of `fit`; what that would warn of is told to the page."""
    with collector.paused(), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
