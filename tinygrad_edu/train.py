"""The training loop: minibatches, a progress line, and the promise that Ctrl-C keeps what was learned.

    >>> from tinygrad_edu import Value
    >>> class Descent:
    ...     def zero_grad(self): w.grad = 0.0
    ...     def step(self): w.data -= 0.1 * w.grad
    >>> w = Value(0.0, label="w")
    >>> fit(lambda x: w * x[0], [[1.0], [2.0]], [3.0, 6.0], loss=lambda out, t: (out - t) ** 2,
    ...     optimizer=Descent(), epochs=20, progress=False).losses[-1] < 1e-6
    True

It knows nothing of layers, losses or update rules: a model is what turns a row of numbers into a Value or a
list of Values, a loss what turns that and a target into a Value, an optimizer what has `step` and `zero_grad`.
"""

from __future__ import annotations

import gc
import random
import shutil
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from numbers import Integral
from typing import Any, NamedTuple, Protocol, TextIO

from . import functional as F
from . import modes
from .data import batches
from .engine import Value
from .ieee import isfinite
from .modes import no_grad

Model = Callable[[Any], Any]
Data = tuple[Sequence[Any], Sequence[Any]]  # X, y


class Optimizer(Protocol):
    """What `fit` asks of an optimizer; if it has a list of `parameters` too, their gradients are watched."""

    def step(self) -> None:
        """Move the parameters against their gradients."""

    def zero_grad(self) -> None:
        """Forget the gradients of the step before."""


@dataclass(repr=False)
class History:
    """How a training went: one number per finished epoch in each list; accuracies stay empty where there are none.

    `losses` and `accuracies` are means over the epoch, as the samples came by, while the model was changing; those of the
    test part were taken at the end of the epoch.  `seconds` counts from the start.  `stopped` says why it ended early, if so.
    """

    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    test_losses: list[float] = field(default_factory=list)
    test_accuracies: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    steps: int = 0
    interrupted: bool = False
    stopped: str = ""

    def add(self, *epoch: float | None) -> None:
        """Write down a finished epoch, one number per list; None where there is nothing to keep."""
        for column, number in zip((self.losses, self.accuracies, self.test_losses, self.test_accuracies, self.seconds), epoch):
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


def fit(model: Model, X: Sequence[Any], y: Sequence[Any], *, loss: Callable[[Any, Any], Any], optimizer: Optimizer,
        epochs: int = 10, batch_size: int = 32, seed: int = 0, test: Data | None = None, accuracy: bool | None = None,
        progress: bool | Callable[[Progress], object] = True, anomalies: str | None = None,
        stop_on_nan: bool = True) -> History:  # fmt: skip
    """Train a model: one optimizer step per minibatch, on the mean of `loss(model(x), target)` over the batch.

    The order of the samples follows from `seed`.  `test` is (X, y) of samples to test on after each epoch.  Accuracies are
    kept if the targets are classes (see `right` below), or as the argument `accuracy` says.  `progress` is True for a line
    on stderr, or a function to call with a `Progress` after each step.  `anomalies` is handed to `tinygrad_edu.anomalies`.

    Ctrl-C (or a KeyboardInterrupt raised in `model`, `loss` or `progress`) ends the training and keeps what was learned: an update
    that has begun is finished, any other step dropped.  A loss or gradient that is inf or nan ends it before the update, with a
    RuntimeWarning that says what to try, unless `stop_on_nan=False`.  Python's cyclic garbage collector rests meanwhile: our graphs
    free themselves.  Raises ValueError or TypeError, before anything is changed, if the arguments do not fit together.
    """
    _check_data("X and y", X, y)
    if test is not None:
        _check_data("test=(X, y)", *test)
    if not isinstance(epochs, int) or epochs < 0:
        raise ValueError(f"epochs is a whole number, 0 or more, got {epochs!r}")
    for what, thing, needed in ("model", model, "__call__"), ("loss", loss, "__call__"), ("optimizer", optimizer, "step"):
        if not hasattr(thing, needed):
            hint = {"loss": "a function such as losses.mse", "optimizer": "made for the parameters, as in optim.Adam(model.parameters())"}
            raise TypeError(f"{what} must be {hint.get(what, 'something to call with one sample')}, got {thing!r}")
    steps = epochs * len(list(batches(len(X), batch_size)))
    rng, history, start = random.Random(seed), History(), time.perf_counter()
    watched = getattr(optimizer, "parameters", [])
    watched = list(watched() if callable(watched) else watched)
    judged = _are_classes(y) if accuracy is None else accuracy
    line = _Line(sys.stderr) if progress is True and sys.stderr is not None else None
    tell = line or (progress if callable(progress) else None)

    def where(epoch: int, mean: float, share: float) -> Progress:
        rate = history.steps / (time.perf_counter() - start)
        tested = history.test_accuracies[-1] if history.test_accuracies else None
        return Progress(epoch, epochs, history.steps, steps, mean, share if judged else None, tested, rate, (steps - history.steps) / rate)

    with ExitStack() as around:
        around.enter_context(_collector_resting())
        around.enter_context(_mode(model, training=True))
        if anomalies is not None:
            around.enter_context(modes.anomalies(anomalies))
        if line:
            around.callback(line.close)
        try:
            for epoch in range(1, epochs + 1):
                seen, lost, hits = 0, 0.0, 0
                for batch in batches(len(X), batch_size, rng):
                    optimizer.zero_grad()
                    outputs = [model(X[i]) for i in batch]
                    mean = _mean_loss(loss, outputs, [y[i] for i in batch])
                    if isfinite(mean.data) or not stop_on_nan:
                        mean.backward()
                    if stop_on_nan and (problem := _problem(mean, watched)):
                        history.stopped = (
                            f"training stopped at epoch {epoch}, step {history.steps + 1}: {problem}; this step was not taken. "
                            "Try a smaller learning rate, standardize the inputs, or find the first bad number with anomalies='raise'"
                        )
                        warnings.warn(history.stopped, RuntimeWarning, stacklevel=2)
                        return history
                    with _uninterrupted():
                        optimizer.step()
                        history.steps += 1
                    seen, lost = seen + len(batch), lost + mean.data * len(batch)
                    hits += _hits(outputs, [y[i] for i in batch]) if judged else 0
                    if tell:
                        tell(where(epoch, lost / seen, hits / seen))
                tested = _test(model, loss, *test, judged) if test is not None else (None, None)
                with _uninterrupted():  # all lists grow together
                    history.add(lost / seen, hits / seen if judged else None, *tested, time.perf_counter() - start)
                if line:
                    line(where(epoch, lost / seen, hits / seen))  # now with the test of this epoch
        except KeyboardInterrupt:
            history.interrupted = True
    return history


def _mean_loss(loss: Callable[[Any, Any], Any], outputs: Sequence[Any], targets: Sequence[Any]) -> Value:
    """The mean of `loss` over a batch."""
    mean = F.mean([loss(output, target) for output, target in zip(outputs, targets)])
    if not isinstance(mean, Value):
        raise TypeError(f"a loss returns a Value, computed from the outputs of the model without float() or .data, got {mean!r}")
    return mean


def _problem(mean: Value, parameters: Sequence[Value]) -> str:
    """What must not reach the parameters: a loss or a gradient that is not finite."""
    if not isfinite(mean.data):
        return f"the loss became {mean.data}"
    bad = next((p for p in parameters if not isfinite(p.grad)), None)
    return "" if bad is None else f"the gradient of {bad.label or 'a parameter'} became {bad.grad}"


def _test(model: Model, loss: Callable[[Any, Any], Any], X: Sequence[Any], y: Sequence[Any], judged: bool) -> tuple[float, float | None]:
    """Mean loss and accuracy of samples that are not learned from."""
    with no_grad(), _mode(model, training=False):
        outputs = [model(x) for x in X]
        return float(_mean_loss(loss, outputs, y)), _hits(outputs, y) / len(y) if judged else None


# Using a model


def outputs(model: Model, X: Sequence[Any]) -> list[Any]:
    """What the model makes of each sample, as plain numbers: a float, or a list of floats.  Nothing is remembered for backward.

    >>> outputs(lambda x: [x[0], Value(2.0)], [[1.0], [3.0]])
    [[1.0, 2.0], [3.0, 2.0]]
    """
    with no_grad(), _mode(model, training=False):
        return [[float(v) for v in out] if isinstance(out, (list, tuple)) else float(out) for out in map(model, X)]


def predict(model: Model, X: Sequence[Any]) -> list[Any]:
    """The class of each sample, if the model gives one score per class; else its number (whose sign may be a class).

    >>> predict(lambda x: [x[0], 2.0], [[1.0], [3.0]])
    [1, 0]
    """
    return [_largest(out) if isinstance(out, list) else out for out in outputs(model, X)]


def right(output: Any, target: Any) -> bool:
    """Whether an output is right about a class: of a list, the largest is at the target; of one number, the sign.

    A single output is a score, and says class 1 above zero, class 0 or -1 below.

    >>> right([0.1, 0.7], 1), right(-0.3, -1), right(-0.3, 0), right(-0.3, 1)
    (True, True, True, False)
    """
    return bool(_largest(output) == target if isinstance(output, (list, tuple)) else (output > 0) == (target > 0))


def accuracy(model: Model, X: Sequence[Any], y: Sequence[Any]) -> float:
    """The share of samples, 0 to 1, that the model is right about.  Raises ValueError if there are none."""
    _check_data("X and y", X, y)
    return _hits(outputs(model, X), y) / len(y)


def confusion(model: Model, X: Sequence[Any], y: Sequence[Any]) -> list[list[int]]:
    """How often each class, a row, was taken for each class, a column; -1 or 0 comes before 1 for a model with one output.

    >>> confusion(lambda x: x[0], [[-2.0], [1.0], [3.0]], [-1, -1, 1])
    [[1, 1], [0, 1]]
    """
    _check_data("X and y", X, y)
    found = [out if isinstance(out, list) else [0.0, out] for out in outputs(model, X)]
    places = [int(target > 0) if len(out) == 2 else target for out, target in zip(found, y)]
    size = len(found[0])
    matrix = [[0] * size for _ in range(size)]
    for row, out in zip(places, found):
        matrix[row][_largest(out)] += 1
    return matrix


def _largest(scores: Sequence[Any]) -> int:
    """The position of the largest, the first of several."""
    return max(range(len(scores)), key=scores.__getitem__)


def _hits(outputs: Sequence[Any], y: Sequence[Any]) -> int:
    return [right(output, target) for output, target in zip(outputs, y)].count(True)


def _are_classes(y: Sequence[Any]) -> bool:
    """Whether targets are classes: whole numbers, or -1.0 and 1.0."""
    return all(isinstance(target, Integral) or target in (-1.0, 1.0) for target in y)


def _check_data(what: str, X: Sequence[Any], y: Sequence[Any]) -> None:
    if not len(X) or len(X) != len(y):
        raise ValueError(f"{what} hold one target per sample, and at least one sample, got {len(X)} samples and {len(y)} targets")


# What goes on around a training


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Without Python's cyclic collector, which would visit every node again and again; then as it was before."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A Ctrl-C that arrives in here waits for the end, so that parameters are never half updated."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield  # other threads are never interrupted
        return
    arrived: list[Any] = []
    signal.signal(signal.SIGINT, lambda *signal_and_frame: arrived.append(signal_and_frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if arrived:
            before(*arrived[0])


@contextmanager
def _mode(model: Model, training: bool) -> Iterator[None]:
    """A model's modules in training or in use (Dropout knows the difference), then as they were before."""
    modules = model.modules() if hasattr(model, "modules") else []
    before = [module.training for module in modules]
    try:
        for module in modules:
            module.training = training
        yield
    finally:
        for module, was in zip(modules, before):
            module.training = was


class _Line:
    """The progress line: it rewrites itself on a terminal; elsewhere a line is added every few seconds."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.terminal = stream, stream.isatty()
        self.every = 0.1 if self.terminal else 5.0
        self.due, self.shown, self.last = time.monotonic() + self.every, "", ""

    def __call__(self, progress: Progress) -> None:
        self.last = str(progress)
        if time.monotonic() >= self.due:
            self.show()

    def show(self) -> None:
        """Write the latest state, over the one before."""
        self.due = time.monotonic() + self.every
        if self.terminal:
            self.last = self.last[: shutil.get_terminal_size().columns - 1]  # a line that wraps cannot be rewritten
            self.stream.write("\r" + self.last.ljust(len(self.shown)))
        else:
            self.stream.write(self.last + "\n")
        self.shown = self.last
        self.stream.flush()

    def close(self) -> None:
        """Leave the last state on the screen."""
        if self.last != self.shown:
            self.show()
        if self.terminal and self.shown:
            self.stream.write("\n")
            self.stream.flush()
