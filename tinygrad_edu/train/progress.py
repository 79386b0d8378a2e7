"""A training in progress: a line on stderr says how far it is, a watch looks at its steps."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from .history import History, Means

if TYPE_CHECKING:  # only who has a watch has loaded the doctor
    from ..doctor import Finding, Watch
    from ..runs import RunRecorder


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
    validation_loss: float | None = None

    def __str__(self) -> str:
        left = round(self.seconds_left)
        parts = [f"epoch {self.epoch}/{self.epochs}", f"loss {self.loss:.4f}"]
        parts += [f"accuracy {100 * self.accuracy:.1f} %"] if self.accuracy is not None else []
        parts += [f"test {100 * self.test_accuracy:.1f} %"] if self.test_accuracy is not None else []
        parts += [f"validation {self.validation_loss:.4f}"] if self.validation_loss is not None else []
        parts += [f"{self.steps_per_second:.3g} steps/s", f"{left // 60}:{left % 60:02d} left"]
        return "  ".join(parts)


class Line:
    """The progress line: it rewrites itself on a terminal; elsewhere a line is added every few seconds.

    Without a stream, or with one that takes no more, nothing is shown; the training goes on.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.stream, self.terminal = stream, _is_rewritten(stream)
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
            self.last = self.last[
                : max(0, shutil.get_terminal_size().columns - 1)
            ]  # a line that wraps cannot be rewritten
            self._write("\r" + self.last.ljust(len(self.shown)))
        else:
            self._write(self.last + "\n")
        self.shown = self.last

    def say(self, text: str) -> None:
        """A line that stays, above the one that goes on."""
        self._write(("\r" + text.ljust(len(self.shown)) if self.terminal else text) + "\n")
        self.shown = ""

    def close(self) -> None:
        """Leave the last state on the screen."""
        if self.last != self.shown:
            self.show()
        if self.terminal and self.shown:
            self._write("\n")

    def _write(self, text: str) -> None:
        if self.stream is not None:
            try:
                self.stream.write(text)
                self.stream.flush()
            except (OSError, ValueError):  # full, closed, or nobody reads it
                self.stream = None


def in_notebook(stream: object) -> bool:
    """Whether a stream is shown under a cell of Jupyter, or of Jupyter in a browser, where stderr is red."""
    return type(stream).__module__.startswith(("ipykernel", "pyodide_kernel"))


def _is_rewritten(stream: TextIO | None) -> bool:
    """Whether a line can be written over the one before."""
    return stream is not None and not getattr(stream, "closed", False) and (stream.isatty() or in_notebook(stream))


def screen() -> TextIO | None:
    """Where progress is shown: on stderr, which a pipe leaves alone; in a notebook on stdout;
    nowhere if there is neither.
    """
    return sys.stdout if in_notebook(sys.stdout) else sys.stderr


class Told:
    """Who is told, after each step, where a training of so many epochs and steps stands."""

    def __init__(self, history: History, epochs: int, steps: int, line: Line | None,
                 listener: Callable[[Progress], object] | None) -> None:  # fmt: skip
        self.history, self.epochs, self.steps = history, epochs, steps
        self.line, self.listener = line, line or listener
        self.start = time.perf_counter()

    def seconds(self) -> float:
        """How long it has taken."""
        return time.perf_counter() - self.start

    def step(self, epoch: int, means: Means) -> None:
        """Tell it."""
        if self.listener:
            self.listener(self.progress(epoch, means))

    def epoch(self, epoch: int, means: Means) -> None:
        """Tell the line, after the test of an epoch."""
        if self.line:
            self.line(self.progress(epoch, means))

    def progress(self, epoch: int, means: Means) -> Progress:
        """Where it stands."""
        h, rate = self.history, self.history.steps / self.seconds()
        tested = h.test_accuracies[-1] if h.test_accuracies else None
        validated = h.validation_losses[-1] if h.validation_losses else None
        left = (self.steps - h.steps) / rate
        return Progress(
            epoch, self.epochs, h.steps, self.steps, means.loss, means.accuracy, tested, rate, left, validated
        )


class Doctor:
    """The watch at a training, if there is one; what it finds appears above the progress line, and is recorded."""

    def __init__(self, watch: Watch | None, line: Line | None, recorder: RunRecorder | None = None) -> None:
        self.watch, self.line, self.recorder = watch, line, recorder

    @contextmanager
    def looking(self, mean: float, steps: Any, batch: Sequence[int], force: bool = False) -> Iterator[None]:
        """It looks at a step before and after the parameters are moved."""
        if self.watch is None:
            yield
            return
        self.watch.before(mean, force=force, **steps.made(batch))
        yield
        self._say(self.watch.after(final=True))

    def tested(self, mean: float | None) -> None:
        """It hears the loss of samples that are not learned from."""
        if self.watch is not None and mean is not None:
            self._say(self.watch.test(mean))

    def _say(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if self.line:
                self.line.say(finding.heading)
            if self.recorder:
                self.recorder.findings.append({**finding.to_dict(), "step": max(0, self.recorder.steps - 1)})
