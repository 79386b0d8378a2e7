"""The loop itself: minibatches, one optimizer step for each, and an end that keeps what was learned."""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

from .. import collector, modes
from ..data import batches
from ..files import StrPath
from ..ieee import isfinite
from ..interruption import uninterrupted
from ..optim import Schedule
from ..usage import mode
from .arguments import Best, Given, by_name, check, check_watch, recorder_for
from .history import History, Means
from .metrics import hits_of
from .progress import Doctor, Line, Progress, Told, screen
from .replays import steps_for
from .samples import Data, Model, all_finite

if TYPE_CHECKING:  # only who has a watch has loaded the doctor
    from ..doctor import Watch
    from ..runs import RunRecorder


class Optimizer(Protocol):
    """What `fit` asks of an optimizer; if it has a list of `parameters` too, their gradients are watched."""

    def step(self) -> None:
        """Move the parameters against their gradients."""

    def zero_grad(self) -> None:
        """Forget the gradients of the step before."""


def fit(model: Model, X: Any, y: Any, *, loss: Callable[[Any, Any], Any] | str, optimizer: Optimizer | str,
        lr: float | Schedule | None = None, epochs: int = 10, batch_size: int = 32, seed: int = 0,
        test: Data | None = None, validation: Data | float | None = None, patience: int | None = None,
        accuracy: bool | None = None, progress: bool | Callable[[Progress], object] = True,
        anomalies: str | None = None, stop_on_nan: bool = True, backend: str = "auto",
        watch: Watch | None = None, record: StrPath | bool | RunRecorder | None = None) -> History:  # fmt: skip
    """Train a model: one optimizer step per minibatch, on the mean of `loss(model(x), target)` over the batch.

    `loss` and `optimizer` may be names: "mse" is `losses.mse`, and "adam" with `lr=0.02` is
    `optim.Adam(model.parameters(), lr=0.02)`.
    X and y are lists, arrays, or tables and columns of pandas, taken by position.
    The order of the samples follows from `seed`.
    `test` is (X, y) of samples to test on after each epoch; `validation` is (X, y) too,
    or the share of X and y to set apart for it.
    With `patience`, training ends when so many epochs have brought no smaller validation loss, and the model is left,
    also after Ctrl-C, as it was at the smallest.
    Accuracies are kept if the targets are classes (see `right` below), or as the argument `accuracy` says.
    `progress` is True for a line on stderr (in a notebook, on stdout), or a function to call with
    a `Progress` after each step.
    `anomalies` is "raise" or "warn", of which `tinygrad_edu.anomalies` tells: the first number that is not finite is
    named, with the line that made it, and all is computed eagerly.
    `watch` is a doctor, `diagnose.watch(model)`, who looks at some steps; what there is to tell appears above the
    progress line, and in `watch.report()`.
    `record` is the name of a page, "run.html", that is written when the training ends: what its steps saw, to scrub
    through in a browser.  With True it is only kept, for `history.page()`; with a `runs.RunRecorder` it goes on.
    To go on training, call again with the same model and optimizer.

    Ctrl-C (or a KeyboardInterrupt raised in `model`, `loss` or `progress`) ends the training and keeps what was
    learned: an update that has begun is finished, any other step dropped.  A loss or gradient that is inf or nan ends
    it before the update, with a RuntimeWarning that says what to try, unless `stop_on_nan=False`.  Python's cyclic
    garbage collector rests meanwhile: our graphs free themselves.  Raises ValueError or TypeError, before anything is
    changed, if the arguments do not fit together; RuntimeError under `no_grad()`.

    `backend` is "eager", the loop that builds every sample's graph; one of `jit`'s, which records model and loss once
    and replays them, with equal results up to the rounding of sums;
    or "auto", the best of those if model and loss can be recorded, else eager.
    A recording keeps everything but parameters and samples: a model that behaves otherwise from step to step must be
    eager.  Some samples are computed both ways before the first step and after it, and whenever a number, a flag or
    anything else plain that model or loss reach has another value than at the step before; and one sample at some
    steps of each epoch, for what cannot be seen from outside, such as a clock.  If the results differ, "auto" goes on
    eagerly, with a RuntimeWarning, and the history says why, while a backend that was asked for raises RecordingError.
    """
    loss, optimizer = by_name(loss, optimizer, lr, model)
    assert not isinstance(loss, str) and not isinstance(optimizer, str)
    given = check(
        model, X, y, loss, optimizer, epochs, batch_size, seed, test, validation, patience, accuracy, anomalies, backend
    )
    check_watch(watch, model, given)
    recorder = recorder_for(record, model, loss, given)
    if recorder is not None:
        recorder.expect(epochs * given.batches)
    history, best = History(), Best(model, given.watched)
    line = Line(screen()) if progress is True else None
    told = Told(history, epochs, epochs * given.batches, line, progress if callable(progress) else None)
    with ExitStack() as around:
        around.enter_context(collector.paused())
        around.enter_context(mode(model, training=True))
        if anomalies is not None:
            around.enter_context(modes.anomalies(anomalies))
        if line:
            around.callback(line.close)
        try:
            steps = loop(model, loss, optimizer, given, told, Doctor(watch, line, recorder), best, range(1, epochs + 1),
                         batch_size, seed, patience, stop_on_nan, recorder)  # fmt: skip
            for _ in steps:
                pass
        except KeyboardInterrupt:
            history.interrupted = True
        with uninterrupted():
            if recorder is not None:  # the course of the training, up to here
                recorder.close()
                vars(history)["recorder"] = recorder
                if isinstance(record, (str, os.PathLike)):
                    history.page().save(record)
            if patience:
                best.restore()
    return history


def loop(model: Model, loss: Callable[[Any, Any], Any], optimizer: Optimizer, given: Given, told: Told, doctor: Doctor,
         best: Best, epochs: Iterable[int], batch_size: int, seed: int, patience: int | None = None,
         stop_on_nan: bool = True, recorder: RunRecorder | None = None) -> Iterator[float]:  # fmt: skip
    """The steps of a training: each is shown, as the mean loss of its batch, when its gradient is there, and taken when
    the next one is asked for.  `fit` asks for all, a page for some, and then draws.

    What there is to remember is in `told.history`, and in the `recorder`.
    """
    history, order = told.history, random.Random(seed)
    steps = steps_for(model, loss, given, history)
    for epoch in epochs:
        means = Means(given.judged)
        for batch in batches(len(given.X), batch_size, order):
            optimizer.zero_grad()
            mean, outputs = steps.step(batch, stop_on_nan)
            problem = _problem(mean, given, batch) if stop_on_nan else ""
            if recorder is not None and (problem or recorder.due()):
                right = hits_of(outputs, [given.y[i] for i in batch]) / len(batch) if given.judged else None
                recorder.look(mean, epoch=epoch, accuracy=right, force=bool(problem))
            if problem:
                history.stopped = f"training stopped at epoch {epoch}, step {history.steps + 1}: {problem}"
                with doctor.looking(mean, steps, batch, force=True):
                    pass
                warnings.warn(history.stopped, RuntimeWarning, stacklevel=3)  # where fit was called
                return
            with doctor.looking(mean, steps, batch):
                yield mean
                with uninterrupted():
                    optimizer.step()
                    history.steps += 1
                    if recorder is not None:
                        recorder.steps += 1
            means.add(mean, outputs, [given.y[i] for i in batch])
            told.step(epoch, means)
        validated = _held_out(given.validation, steps, model, given)
        tested = _held_out(given.test, steps, model, given)
        with uninterrupted():  # all lists grow together
            history.add(losses=means.loss, accuracies=means.accuracy, test_losses=tested[0],
                        test_accuracies=tested[1], validation_losses=validated[0],
                        validation_accuracies=validated[1], seconds=told.seconds())  # fmt: skip
            history.best = best.see(validated[0], epoch)
            if recorder is not None:
                recorder.epochs.append(history.latest(recorder.steps))
        told.epoch(epoch, means)
        doctor.tested(tested[0] if validated[0] is None else validated[0])
        if patience and epoch - best.epoch >= patience:
            history.stopped = f"no better validation loss in {patience} epochs: the model is that of epoch {best.epoch}"
            return


def _held_out(part: range, steps: Any, model: Model, given: Given) -> tuple[float | None, float | None]:
    """The mean loss of samples that are not learned from, and the share of them that are right."""
    if not part:
        return None, None
    with mode(model, training=False):
        mean, outputs = steps.test(part)
    targets = given.held[1][part.start : part.stop]
    return mean, hits_of(outputs, targets) / len(part) if given.judged else None


def _problem(mean: float, given: Given, batch: Sequence[int]) -> str:
    """What must not reach the parameters, a loss or a gradient that is not finite, and what to do about it."""
    if isfinite(mean):
        bad = next((p for p in given.watched if not isfinite(p.grad)), None)
        if bad is None:
            return ""
        problem = f"the gradient of {bad.label or 'a parameter'} became {bad.grad}"
    else:
        problem = f"the loss became {mean}"
    if missing := [i for i in batch if not (all_finite(given.X[i]) and all_finite(given.y[i]))]:
        problem += f" (sample {missing[0]} or its target is not finite: fill it in or leave it out)"
    return f"{problem}; this step was not taken. Try a smaller learning rate, standardize the inputs" + (
        "" if modes.strict() else ", or find the first bad number with anomalies='warn'"
    )
