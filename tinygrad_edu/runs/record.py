"""A recorder at a training: some of its steps, with the numbers of all parameters and their gradients.

>>> from tinygrad_edu import losses, nn, optim
>>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1, 1, 1, -1]
>>> model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
>>> optimizer, recorder = optim.SGD(model.parameters(), lr=0.1), RunRecorder(model, X, y, losses.mse, most=20)
>>> for step in range(500):
...     loss = losses.mse(model(X[step % 4]), y[step % 4])
...     optimizer.zero_grad()
...     loss.backward()
...     recorder(loss)
...     optimizer.step()
>>> recorder.close()
>>> recorder
<recorder: 18 of 500 steps, 13 parameters; .page() shows them>
>>> [frame.step for frame in recorder.frames]
[0, 2, 8, 17, 30, 46, 66, 90, 117, 148, 183, 202, 221, 263, 309, 358, 411, 468, 500]

A frame is what a step saw: the parameters before it, and the gradient that it follows.  The last is what it led to,
without a gradient.  At most so many are kept, the denser the earlier: between two lie about as many steps as the square
root of how many went before, as little changes late.  So memory is bounded, however long a training is.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..data.samples import are_classes
from ..engine import Value
from ..errors import UserError
from ..positions import check_data
from ..words import plural
from .network import network

MOST, LEAST = 200, 30  # frames that are kept; of a large model fewer, but so many
NUMBERS = 2_000_000  # of all frames together, 16 MB


class RunFrame(NamedTuple):
    """One step: `weights` before it, and `gradients` of the mean loss of its batch; None if there was no such step."""

    step: int
    epoch: int
    loss: float | None
    accuracy: float | None
    weights: array[float]
    gradients: array[float] | None


class RunRecorder:
    """Frames of a training of `model`, on samples X and targets y, with the loss of one sample.

    `recorder(loss)` is called at each step, after `loss.backward()` and before `optimizer.step()`; `fit(...,
    record=recorder)` does it.  `most` is how many frames are kept, fewer of a large model; `classes` says whether
    targets are classes, if it is not to be seen by them: whole numbers, or -1 and 1.  `names` are those of the numbers
    of a sample, `kinds` those of the classes.
    The training is the same without it, to the last bit.  Raises TypeError for a model without parameters or a loss
    that is no function, ValueError if there is not one target for each sample.
    """

    def __init__(self, model: Any, X: Sequence[Any], y: Sequence[Any], loss: Callable[[Any, Any], Any], *,
                 parameters: Sequence[Value] | None = None, classes: bool | None = None, most: int | None = None,
                 names: Sequence[str] = (), kinds: Sequence[str] = ()) -> None:  # fmt: skip
        if parameters is None:
            own: Any = getattr(model, "parameters", None)
            if own is None:
                raise TypeError(f"a recorder reads model.parameters(), which {model!r:.80} does not have: pass them, "
                                "RunRecorder(..., parameters=[w, b])")  # fmt: skip
            parameters = [*(own() if callable(own) else own)]
        if not callable(loss):
            raise TypeError(f"loss is a function of an output and a target, such as losses.mse, got {loss!r:.60}")
        if most is not None and (type(most) is not int or most < 2):
            raise UserError(f"most is how many steps are kept, a whole number, 2 or more, got {most!r}")
        self.model, self.loss, self.parameters = model, loss, [*parameters]
        if (other := next((p for p in self.parameters if not isinstance(p, Value)), None)) is not None:
            raise TypeError(f"parameters are Values, got {type(other).__name__} {other!r:.60}")
        self.X, self.y = check_data("X and y", X, y)
        self.most = most or max(LEAST, min(MOST, NUMBERS // max(1, 2 * len(self.parameters))))
        self.classes = are_classes(self.y) if classes is None else classes
        self.names, self.kinds = list(map(str, names)), list(map(str, kinds))
        self.frames: list[RunFrame] = []
        self.epochs: list[dict[str, float]] = []
        self.findings: list[dict[str, Any]] = []
        self.steps, self._rate = 0, math.inf
        self.structure = network(model, self.X, self.y, loss, self.parameters)

    def expect(self, steps: int) -> None:
        """Say how many steps are about to come: then the frames that are kept are spread over all of them."""
        self._rate = min(self._rate, self._rate_for(self.steps + steps))
        self._thin()

    def __call__(self, loss: Any, *, epoch: int = 0, accuracy: float | None = None) -> None:
        """One step: its loss, a Value or a number.  Its gradient is there, and has not been followed yet."""
        self.look(float(loss), epoch=epoch, accuracy=accuracy)
        self.steps += 1

    def due(self) -> bool:
        """Whether a frame is to be taken of the step that is about to be made."""
        last = self.frames[-1] if self.frames else None
        return last is None or last.gradients is None or self._bucket(self.steps) != self._bucket(last.step)

    def look(self, loss: float, *, epoch: int = 0, accuracy: float | None = None, force: bool = False) -> None:
        """As a call, of a step that may not be made after all; `force` keeps it in any case."""
        if force or self.due():
            self._keep(RunFrame(self.steps, epoch, loss, accuracy, array("d", [p._data for p in self.parameters]),
                             array("d", [p._grad for p in self.parameters])))  # fmt: skip

    def close(self) -> None:
        """The training has ended, for now: the parameters that it has led to are the last frame."""
        numbers = array("d", [p._data for p in self.parameters])
        if not self.frames or self.frames[-1].step < self.steps:
            epoch = self.frames[-1].epoch if self.frames else 0
            self._keep(RunFrame(self.steps, epoch, None, None, numbers, None))
        if self.structure["programs"] and repr(self.structure) != repr(now := self._structure()):  # nan is no nan
            self.structure = {**self.structure, "units": [], "layers": [], "programs": None, "why": now["why"] or OTHER}

    def page(self, title: str = "Training, step by step") -> Any:
        """All of it as one page, a `RunPage`; it can be asked for at any time."""
        from .page import RunPage

        self.close()
        return RunPage(self, title)

    def _structure(self) -> dict[str, Any]:
        return network(self.model, self.X, self.y, self.loss, self.parameters)

    def _keep(self, frame: RunFrame) -> None:
        if self.frames and self.frames[-1].step == frame.step:  # a training that goes on
            self.frames.pop()
        elif self.frames and self.frames[-1].gradients is None:
            self.frames.pop()
        self.frames.append(frame)
        if len(self.frames) > self.most + 1:  # the last is no step
            self._rate = min(self._rate / 2, self._rate_for(2 * self.steps))  # by half: what is kept was kept before
            self._thin()

    def _rate_for(self, steps: int) -> float:
        """How many buckets there are for each root of a step, so that all of so many steps fill as many as are kept."""
        most = max(1, self.most - 3)
        return math.inf if steps <= self.most else 2 * (math.sqrt(steps) - math.sqrt(steps - most))

    def _bucket(self, step: int) -> int:
        """Of the steps with one number, the first is kept."""
        return step if self._rate == math.inf else int(self._rate * math.sqrt(step))

    def _thin(self) -> None:
        """Leave out frames, until the rest is as dense as it may be."""
        kept: list[RunFrame] = []
        for frame in self.frames:
            if not kept or self._bucket(frame.step) != self._bucket(kept[-1].step) or frame is self.frames[-1]:
                kept.append(frame)
        self.frames = kept

    def __repr__(self) -> str:
        taken = sum(f.gradients is not None for f in self.frames)
        return (f"<recorder: {taken:,} of {plural(self.steps, 'step')}, "
                f"{plural(len(self.parameters), 'parameter')}; .page() shows them>")  # fmt: skip


OTHER = (
    "the model keeps numbers beside its parameters that changed while it learned, such as running means, so that what "
    "it computed at an earlier step is not known"
)
