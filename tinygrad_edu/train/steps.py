"""One step of a training: the mean loss of a batch, the outputs, the gradients; built anew, or replayed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from .. import functional as F
from ..engine import Value
from ..ieee import isfinite
from ..modes import no_grad
from ..replay.minibatches import NO_LOSS, Replays
from ..tracing import RecordingError
from ..usage import chance_kept, mode
from .history import History
from .using import Data, Model, finite

STRIDE = 7919  # from a sample that is looked at to the next: a prime, so that all have their turn


class Eager:
    """Steps that build the graph of every sample."""

    def __init__(
        self, model: Model, loss: Callable[[Any, Any], Any], X: Sequence[Any], y: Sequence[Any], tested: Data | None
    ) -> None:
        self.model, self.loss, self.X, self.y, self.tested = model, loss, X, y, tested

    def step(self, batch: Sequence[int], careful: bool) -> tuple[float, list[Any]]:
        """The mean loss of a batch and the outputs; gradients are added up in `.grad`,
        not if the loss is not finite and one is `careful`.
        """
        mean, outputs = self._mean_loss([self.X[i] for i in batch], [self.y[i] for i in batch])
        if isfinite(mean.data) or not careful:
            mean.backward()
        self.mean = mean
        return mean.data, outputs

    def made(self, batch: Sequence[int]) -> dict[str, Any]:
        """What a watch may know of the latest step: its loss as a Value."""
        return {"known": self.mean}

    def graph(self, batch: Sequence[int]) -> Value:
        """The mean loss of some samples, built in training, as if it had not been."""
        with chance_kept(self.model), mode(self.model, training=True):
            return self._mean_loss([self.X[i] for i in batch], [self.y[i] for i in batch])[0]

    def test(self, chosen: Sequence[int]) -> tuple[float, list[Any]]:
        """The mean loss of some of the samples that are not learned from, and the outputs."""
        assert self.tested
        X, y = self.tested
        with no_grad():
            mean, outputs = self._mean_loss([X[i] for i in chosen], [y[i] for i in chosen])
        return mean.data, outputs

    def _mean_loss(self, X: Sequence[Any], y: Sequence[Any]) -> tuple[Value, list[Any]]:
        outputs = [self.model(x) for x in X]
        losses = [self.loss(output, target) for output, target in zip(outputs, y)]
        several = next((loss for loss in losses if isinstance(loss, (list, tuple))), None)
        mean = F.mean(losses) if several is None else several
        if not isinstance(mean, Value):
            raise TypeError(NO_LOSS.format(mean))
        return mean, outputs


class Replayed:
    """Steps that replay what was recorded; otherwise as `eager` ones, which they become if the
    replays turn out to be wrong.

    One sample, another one each time, is computed both ways at the first two steps and at the last of every epoch.
    Raises what keeps a sample from being recorded; RecordingError if the model gives another result than its replay.
    """

    def __init__(self, eager: Eager, backend: str, fixed: bool, history: History) -> None:
        self.eager, self.history, self.auto = eager, history, backend == "auto"
        self.replays = Replays(eager.model, eager.loss, backend, fixed)
        has_modes, self.tested = hasattr(eager.model, "modules"), None
        with mode(eager.model, training=True):
            self.samples = self.replays.prepare(eager.X, eager.y, "")
        if eager.tested:
            with mode(eager.model, training=False):
                self.tested = self.replays.prepare(*eager.tested, "test" * has_modes)
        for samples in filter(None, (self.samples, self.tested)):
            self._compare(samples, self.replays.agree)
        self.before: list[float] = self.replays.theta()
        self.right, self.seen, self.steps, self.looks = True, 0, 0, 0
        history.backend = next(iter(self.samples.recordings.values())).backend

    def _compare(self, samples: Any, agree: Callable[[Any], bool]) -> None:
        with mode(self.eager.model, training=samples is self.samples):
            if not agree(samples):
                raise RecordingError("replayed, the model gives another result")

    def _now(self, look: Any) -> bool:
        """Replays, unless they are wrong: asked again once parameters have moved, as some faults show only then;
        and of one of these samples.
        """
        moved = bool(self.before) and self.before != self.replays.theta()
        if self.right and (moved or look):
            self.before = [] if moved else self.before
            self.looks += 1
            try:
                with chance_kept(self.eager.model):
                    for samples in filter(None, (self.samples, self.tested) if moved else (look,)):
                        self._compare(
                            samples,
                            self.replays.agree if moved else lambda s: self.replays.agrees(s, self.looks * STRIDE),
                        )
            except Exception as error:
                self.right = False
                _told(error, self.auto, self.history)
                warnings.warn(f"from step {self.history.steps + 1} on, fit goes on eagerly: {error}. "
                              "A model or a loss that changes while it is trained (the weight of a term, a "
                              "temperature) needs backend='eager' from the start: steps after the change and before "
                              "this one, less than an epoch, were taken without it",
                              RuntimeWarning, stacklevel=5)  # fmt: skip
        return self.right

    def step(self, batch: Sequence[int], careful: bool) -> tuple[float, list[Any]]:
        self.seen, self.steps = self.seen + len(batch), self.steps + 1
        last = self.seen >= len(self.eager.X)
        look = last or self.steps <= 2  # what a progress function changes by epoch, it changes after the first step
        if last:
            self.seen = self.steps = 0
        self.grads: list[float] | None = None
        if not self._now(self.samples if look else None):
            return self.eager.step(batch, careful)
        mean, outputs, grads = self.replays.mean_loss(self.samples, batch)
        if isfinite(mean) or not careful:
            for p, g in zip(self.replays.order, grads):
                p.grad += g
        self.grads, self.bad = grads, [i for i, z in zip(batch, outputs) if not finite(z)] if mean - mean else []
        return mean, outputs

    def made(self, batch: Sequence[int]) -> dict[str, Any]:
        """What a watch may know of the latest step: a graph of some samples, and the gradient."""
        from ..doctor.limits import SAMPLES

        grads = self.grads
        if grads is None:
            return self.eager.made(batch)
        return {"graph": lambda: self.eager.graph([*self.bad, *batch][:SAMPLES]),
                "own": lambda: dict(zip(self.replays.order, grads))}  # fmt: skip

    def test(self, chosen: Sequence[int]) -> tuple[float, list[Any]]:
        if not self._now(self.tested) or self.tested is None:
            return self.eager.test(chosen)
        return self.replays.mean_loss(self.tested, chosen, gradients=False)[:2]


def replayed(eager: Eager, backend: str, history: History) -> Any:
    """Replayed steps; eager ones if the backend may be chosen and this model or this loss cannot be recorded."""
    with chance_kept(eager.model):
        try:
            try:
                return Replayed(eager, backend, False, history)
            except Exception:  # whatever a loss does with a target that is not the plain number it knows
                return Replayed(eager, backend, True, history)
        except Exception as error:
            _told(error, backend == "auto", history)
    return eager


def _told(error: Exception, auto: bool, history: History) -> None:
    """Write down why nothing is replayed, or raise it if replays were asked for."""
    if not auto:
        raise error
    history.backend = f"eager: {error if isinstance(error, RecordingError) else f'{type(error).__name__}: {error}'}"
