"""Minibatches, replayed: the mean loss over some samples, its gradient, and what the model made of each sample.

A target is an input of the recording if the loss can be recorded so (a regression); if it cannot, because it chooses among outputs (a
class), each target has a recording of its own, and a batch is replayed target by target.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from .. import modes
from ..engine import Value
from .function import LIMIT, Jit, _floats
from .record import record
from .recording import Recording
from .structure import Batch, filled, flat


class Samples:
    """Inputs and targets, by structure: for each the numbers of its samples, and where sample i is."""

    def __init__(self, X: Sequence[Any], y: Sequence[Any], fixed: bool, arrays: bool, use: str) -> None:
        self.places: list[tuple[Any, int]] = []
        self.rows: dict[Any, Any] = {}
        for x, t in zip(X, y):
            of_x, leaves = flat(x)
            of_t, more = (("is", t), []) if fixed else flat(t)
            shape = ("tuple", of_x, of_t, ("is", use))
            rows = self.rows.setdefault(shape, [])
            self.places.append((shape, len(rows)))
            rows.append([*leaves, *more])
        if any(isinstance(v, Value) for rows in self.rows.values() for row in rows for v in row):
            raise modes.RecordingError("samples hold Values, not numbers")
        if len(self.rows) > LIMIT:
            raise modes.RecordingError(f"there are {len(self.rows)} different targets or structures, more than {LIMIT}")
        if arrays:
            import numpy as np

            self.rows = {shape: np.array(rows, float).T for shape, rows in self.rows.items()}
        self.arrays = arrays

    def batches(self, chosen: Sequence[int]) -> list[tuple[list[int], Batch]]:
        """The chosen samples of each structure: their positions among the chosen, and their numbers."""
        groups: dict[Any, tuple[list[int], list[int]]] = {}
        for position, i in enumerate(chosen):
            shape, place = self.places[i]
            positions, places = groups.setdefault(shape, ([], []))
            positions.append(position)
            places.append(place)
        made = []
        for shape, (positions, places) in groups.items():
            data = self.rows[shape]
            one = Batch(shape, len(places), columns=data[:, places]) if self.arrays else Batch(shape, len(places), rows=[data[k] for k in places])
            made.append((positions, one))
        return made


class Replays:
    """The mean of `loss(model(x), target)` over batches of samples, on the `parameters` of an optimizer and whatever else it depends on.

    Raises RecordingError, or what the model or the loss raises, if it cannot be recorded: when it is made, before anything is changed.
    """

    def __init__(self, model: Callable[[Any], Any], loss: Callable[[Any, Any], Any], X: Sequence[Any], y: Sequence[Any], backend: str) -> None:
        def both(x: Any, target: Any, use: str = "") -> Any:
            output = model(x)
            return [loss(output, target), output]

        self.jit = Jit(both, backend, True, None)
        self.arrays = self.jit.backend != "python"
        self.order: tuple[Value, ...] = ()  # of the parameters
        self.known: set[Recording] = set()  # whose parameters are in it
        try:
            self.fixed = False
            self._check(X[0], y[0])
        except (TypeError, IndexError):
            self.fixed = True
            self._check(X[0], y[0])
        self.samples = self.prepare(X, y, "train")

    def _check(self, x: Any, target: Any) -> None:
        """Record one sample twice: what differs was drawn at random, or remembered from call to call."""
        of_x, leaves = flat(x)
        of_t, more = (("is", target), []) if self.fixed else flat(target)
        shape = ("tuple", of_x, of_t)
        first, second = [
            [(n.op, None if n.parents else repr(n.data)) for n in record(self.jit.f, [*leaves, *more], lambda ls: filled(shape, iter(ls))).order]
            for _ in range(2)
        ]
        if first != second:
            raise modes.RecordingError("the model does something else at every call")

    def prepare(self, X: Sequence[Any], y: Sequence[Any], use: str) -> Samples:
        """Samples as `mean_loss` takes them; what is recorded for one use ("train", "test") is not used for another."""
        return Samples(X, y, self.fixed, self.arrays, use)

    def mean_loss(self, samples: Samples, chosen: Sequence[int], gradients: bool = True) -> tuple[float, list[Any], list[float]]:
        """The mean loss of the chosen samples, the model's output for each as plain numbers, and a gradient for each of `order`, if asked."""
        parts = [(positions, batch, self.jit._recording(batch, self.order)) for positions, batch in samples.batches(chosen)]
        for _, _, recording in parts:
            if recording not in self.known:
                self.known.add(recording)
                self.order = tuple(dict.fromkeys([*self.order, *recording.record.originals]))
        theta: Any = list(map(_data, self.order))
        grads: Any = [0.0] * len(theta)
        if self.arrays:
            import numpy as np

            theta, grads = np.array(theta), np.array(grads)
        total, outputs = 0.0, [None] * len(chosen)
        for positions, batch, recording in parts:
            _, at = recording.places(self.order)
            own = theta if at is None else theta[at] if self.arrays else [theta[k] for k in at]
            if gradients:
                values, dtheta, _ = recording.value_and_grads(own, batch, 1.0 / len(chosen))
                if self.arrays:
                    grads[slice(None) if at is None else at] += dtheta
                else:
                    for k, g in zip(range(len(grads)) if at is None else at, dtheta):
                        grads[k] += g
            else:
                values = recording.run(own, batch)
            columns = list(map(_floats, values))
            for x in columns[0]:
                total += x
            _, _, shape = recording.record.shape
            for position, *numbers in zip(positions, *columns[1:]):
                outputs[position] = filled(shape, iter(numbers))
        return total / len(chosen), outputs, _floats(grads)


_data = operator.attrgetter("data")
