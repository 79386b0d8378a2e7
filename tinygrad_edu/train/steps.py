"""One step of a training: the mean loss of a batch, the outputs, the gradients; built anew, or replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import functional as F
from ..engine import Value
from ..ieee import isfinite
from ..jit.minibatches import Replays
from ..modes import no_grad
from .history import History
from .using import Data, Model


class Eager:
    """Steps that build the graph of every sample."""

    def __init__(self, model: Model, loss: Callable[[Any, Any], Any], X: Sequence[Any], y: Sequence[Any]) -> None:
        self.model, self.loss, self.X, self.y = model, loss, X, y

    def step(self, batch: Sequence[int], careful: bool) -> tuple[float, list[Any]]:
        """The mean loss of a batch and the outputs; gradients are added up in `.grad`, not if the loss is not finite and one is `careful`."""
        mean, outputs = self._mean_loss([self.X[i] for i in batch], [self.y[i] for i in batch])
        if isfinite(mean.data) or not careful:
            mean.backward()
        return mean.data, outputs

    def prepare(self, X: Sequence[Any], y: Sequence[Any], use: str) -> Data:
        """Samples for `test`."""
        return X, y

    def test(self, samples: Data) -> tuple[float, list[Any]]:
        """The mean loss of samples that are not learned from, and the outputs."""
        with no_grad():
            mean, outputs = self._mean_loss(*samples)
        return mean.data, outputs

    def _mean_loss(self, X: Sequence[Any], y: Sequence[Any]) -> tuple[Value, list[Any]]:
        outputs = [self.model(x) for x in X]
        mean = F.mean([self.loss(output, target) for output, target in zip(outputs, y)])
        if not isinstance(mean, Value):
            raise TypeError(f"a loss returns a Value, computed from the outputs of the model without float() or .data, got {mean!r}")
        return mean, outputs


class Replayed:
    """Steps that replay what was recorded; otherwise as `Eager`."""

    def __init__(self, replays: Replays) -> None:
        self.replays, self.prepare = replays, replays.prepare

    def step(self, batch: Sequence[int], careful: bool) -> tuple[float, list[Any]]:
        mean, outputs, grads = self.replays.mean_loss(self.replays.samples, batch)
        if isfinite(mean) or not careful:
            for p, g in zip(self.replays.order, grads):
                p.grad += g
        return mean, outputs

    def test(self, samples: Any) -> tuple[float, list[Any]]:
        return self.replays.mean_loss(samples, range(len(samples.places)), gradients=False)[:2]


def replayed(model: Model, loss: Callable[[Any, Any], Any], X: Sequence[Any], y: Sequence[Any], backend: str, history: History) -> Any:
    """Replayed steps; eager ones if the backend may be chosen and this model or this loss cannot be recorded."""
    try:
        replays = Replays(model, loss, X, y, backend)
    except Exception as error:
        if backend != "auto":
            raise
        history.backend = f"eager: {error}"
        return Eager(model, loss, X, y)
    history.backend = replays.jit.backend
    return Replayed(replays)
