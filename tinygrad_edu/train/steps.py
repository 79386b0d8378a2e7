"""One step of a training: the mean loss of a batch, the outputs, the gradients; every sample's graph is built anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import functional as F
from ..engine import Value
from ..ieee import isfinite
from ..modes import no_grad
from ..usage import chance_kept, mode
from .samples import Data, Model

NO_LOSS = "a loss returns a Value, computed from the outputs of the model without float() or .data, got {!r}"


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
        if any(output is None for output in outputs):
            raise TypeError("the model gives None for a sample: is the return of its __call__ missing?")
        losses = [self.loss(output, target) for output, target in zip(outputs, y)]
        if any(loss is None for loss in losses):
            raise TypeError(NO_LOSS.format(None) + ": is its return missing?")
        several = next((loss for loss in losses if isinstance(loss, (list, tuple))), None)
        mean = F.mean(losses) if several is None else several
        if not isinstance(mean, Value):
            raise TypeError(NO_LOSS.format(mean))
        return mean, outputs
