"""The loop itself: minibatches, one optimizer step for each, and an end that keeps what was learned."""

from __future__ import annotations

import random
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Protocol

from .. import modes
from ..data import batches
from ..engine import Value
from ..ieee import isfinite
from ..replay import BACKENDS
from .around import Line, uninterrupted
from .history import History, Progress
from .steps import Eager, replayed
from .using import Data, Model, are_classes, check_data, hits_of, mode


class Optimizer(Protocol):
    """What `fit` asks of an optimizer; if it has a list of `parameters` too, their gradients are watched."""

    def step(self) -> None:
        """Move the parameters against their gradients."""

    def zero_grad(self) -> None:
        """Forget the gradients of the step before."""


def fit(model: Model, X: Sequence[Any], y: Sequence[Any], *, loss: Callable[[Any, Any], Any], optimizer: Optimizer,
        epochs: int = 10, batch_size: int = 32, seed: int = 0, test: Data | None = None, accuracy: bool | None = None,
        progress: bool | Callable[[Progress], object] = True, anomalies: str | None = None,
        stop_on_nan: bool = True, backend: str = "auto") -> History:  # fmt: skip
    """Train a model: one optimizer step per minibatch, on the mean of `loss(model(x), target)` over the batch.

    The order of the samples follows from `seed`.  `test` is (X, y) of samples to test on after each epoch.  Accuracies are
    kept if the targets are classes (see `right` below), or as the argument `accuracy` says.  `progress` is True for a line
    on stderr, or a function to call with a `Progress` after each step.  `anomalies` is handed to `tinygrad_edu.anomalies`.

    Ctrl-C (or a KeyboardInterrupt raised in `model`, `loss` or `progress`) ends the training and keeps what was learned: an update
    that has begun is finished, any other step dropped.  A loss or gradient that is inf or nan ends it before the update, with a
    RuntimeWarning that says what to try, unless `stop_on_nan=False`.  Python's cyclic garbage collector rests meanwhile: our graphs
    free themselves.  Raises ValueError or TypeError, before anything is changed, if the arguments do not fit together; RuntimeError under
    `no_grad()`.

    `backend` is "eager", the loop that builds every sample's graph; one of `jit`'s, which records model and loss once and replays
    them, with equal results up to the rounding of sums; or "auto", the best of those if model and loss can be recorded, else eager.
    A recording keeps everything but parameters and samples: a model that behaves otherwise from step to step must be eager.  Before the
    first step and after it, some samples are computed both ways, and one at some steps of each epoch; if the results
    differ, "auto" goes on eagerly, with a RuntimeWarning, and the history says why, while a backend that was asked for raises RecordingError.
    """
    check_data("X and y", X, y)
    if test is not None:
        if not isinstance(test, (tuple, list)) or len(test) != 2:
            raise TypeError(f"test is a pair (X, y) of samples and their targets, got {type(test).__name__}")
        check_data("test=(X, y)", *test)
    if not isinstance(epochs, int) or epochs < 0:
        raise ValueError(f"epochs is a whole number, 0 or more, got {epochs!r}")
    if not hasattr(batch_size, "__index__"):
        raise ValueError(f"batch_size is a whole number, 1 or more, got {batch_size!r}")
    for what, thing, needed in (
        ("model", model, "__call__"),
        ("loss", loss, "__call__"),
        ("optimizer", optimizer, "step"),
    ):
        if not hasattr(thing, needed):
            hint = {
                "loss": "a function such as losses.mse",
                "optimizer": "made for the parameters, as in optim.Adam(model.parameters())",
            }
            raise TypeError(f"{what} must be {hint.get(what, 'something to call with one sample')}, got {thing!r}")
    steps = epochs * len(list(batches(len(X), batch_size)))
    rng, history, start = random.Random(seed), History(), time.perf_counter()
    if getattr(optimizer, "flat", False):
        raise TypeError(
            "fit moves the Values of a model, and this optimizer moves the numbers of an array: make it from model.parameters()"
        )
    watched = getattr(optimizer, "parameters", [])
    watched = list(watched() if callable(watched) else watched)
    judged = are_classes(y) if accuracy is None else accuracy
    if backend not in ("eager", "auto", *BACKENDS):
        raise ValueError(f"backend is one of eager, auto, {', '.join(BACKENDS)}, got {backend!r}")
    if anomalies == "raise" or anomalies is None and modes.strict():
        if backend in BACKENDS:
            raise ValueError(f"anomalies='raise' looks at every node, and the {backend} backend builds none: use backend='eager', or 'auto', "
                             "which is then the same")  # fmt: skip
        backend = "eager"
    if steps and not modes.recording():
        raise RuntimeError("fit under no_grad(): nothing remembers its parents there, so there are no gradients to learn from; "
                           "call fit outside of it")  # fmt: skip
    line = Line(sys.stderr) if progress is True else None
    tell = line or (progress if callable(progress) else None)

    def where(epoch: int, mean: float, share: float) -> Progress:
        rate = history.steps / (time.perf_counter() - start)
        tested = history.test_accuracies[-1] if history.test_accuracies else None
        return Progress(
            epoch,
            epochs,
            history.steps,
            steps,
            mean,
            share if judged else None,
            tested,
            rate,
            (steps - history.steps) / rate,
        )

    with ExitStack() as around:
        around.enter_context(modes.collector_resting())
        around.enter_context(mode(model, training=True))
        if anomalies is not None:
            around.enter_context(modes.anomalies(anomalies))
        if line:
            around.callback(line.close)
        try:
            steps_of: Any = Eager(model, loss, X, y, test)
            if backend != "eager" and steps:
                steps_of = replayed(steps_of, backend, history)
            for epoch in range(1, epochs + 1):
                seen, lost, hits = 0, 0.0, 0
                for batch in batches(len(X), batch_size, rng):
                    optimizer.zero_grad()
                    mean, outputs = steps_of.step(batch, stop_on_nan)
                    if stop_on_nan and (problem := _problem(mean, watched)):
                        history.stopped = (
                            f"training stopped at epoch {epoch}, step {history.steps + 1}: {problem}; this step was not taken. "
                            "Try a smaller learning rate, standardize the inputs, or find the first bad number with anomalies='raise'"
                        )
                        warnings.warn(history.stopped, RuntimeWarning, stacklevel=2)
                        return history
                    with uninterrupted():
                        optimizer.step()
                        history.steps += 1
                    seen, lost = seen + len(batch), lost + mean * len(batch)
                    hits += hits_of(outputs, [y[i] for i in batch]) if judged else 0
                    if tell:
                        tell(where(epoch, lost / seen, hits / seen))
                tested: tuple[Any, Any] = (None, None)
                if test is not None:
                    with mode(model, training=False):
                        mean, outputs = steps_of.test()
                    tested = mean, hits_of(outputs, test[1]) / len(test[1]) if judged else None
                with uninterrupted():  # all lists grow together
                    history.add(lost / seen, hits / seen if judged else None, *tested, time.perf_counter() - start)
                if line:
                    line(where(epoch, lost / seen, hits / seen))  # now with the test of this epoch
        except KeyboardInterrupt:
            history.interrupted = True
    return history


def _problem(mean: float, parameters: Sequence[Value]) -> str:
    """What must not reach the parameters: a loss or a gradient that is not finite."""
    if not isfinite(mean):
        return f"the loss became {mean}"
    bad = next((p for p in parameters if not isfinite(p.grad)), None)
    return "" if bad is None else f"the gradient of {bad.label or 'a parameter'} became {bad.grad}"
