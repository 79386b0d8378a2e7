"""Minibatches, replayed: the mean loss over some samples, its gradient, and what the model made of each sample.

A target is an input of the recording if the loss can be recorded so; if it cannot, because it looks at the target (a
place in a list, say), targets are `fixed`: each has a recording of its own, and a batch is replayed target by target.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from ..engine import Value
from ..tracing import RecordingError
from .backends import KINDS
from .function import LIMIT, Jit
from .record import alike
from .recording import Recording, floats
from .structure import Batch, filled, flat

NO_LOSS = "a loss returns a Value, computed from the outputs of the model without float() or .data, got {!r}"
TIMES, NODES = 32, 20_000  # how many samples are computed for comparison, and about how many nodes that may take


class Samples:
    """Inputs and targets, by structure: for each the numbers of its samples, and its recording;
    and where sample i is.
    """

    def __init__(self, X: Sequence[Any], y: Sequence[Any], fixed: bool, use: str) -> None:
        self.X, self.y = X, y
        self.places: list[tuple[Any, int]] = []
        self.rows: dict[Any, Any] = {}
        self.first: dict[Any, int] = {}  # sample of each structure
        self.targets: dict[Any, int] = {}  # sample of each target
        self.recordings: dict[Any, Recording] = {}
        for i, (x, t) in enumerate(zip(X, y)):
            of_x, leaves = flat(x)
            if fixed and not isinstance(t, Hashable):
                raise RecordingError(
                    f"a loss that looks at its target is replayed target by target, but {type(t).__name__} {t!r:.60} "
                    "is no number or class: pass one of them for each sample"
                )
            of_t, more = (("is", t), []) if fixed else flat(t)
            shape = ("tuple", of_x, of_t, ("is", use))
            self.first.setdefault(shape, i)
            self.targets.setdefault((shape, *more), i)
            rows = self.rows.setdefault(shape, [])
            self.places.append((shape, len(rows)))
            rows.append([*leaves, *more])
        if any(isinstance(v, Value) for rows in self.rows.values() for row in rows for v in row):
            raise RecordingError("samples hold Values, not numbers")
        self.arrays = False

    def as_arrays(self) -> None:
        """Keep the numbers in arrays, for the backends that run on them."""
        import numpy as np

        self.rows = {shape: np.array(rows, float).T for shape, rows in self.rows.items()}
        self.arrays = True

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
            one = (
                Batch(shape, len(places), columns=data[:, places])
                if self.arrays
                else Batch(shape, len(places), rows=[data[k] for k in places])
            )
            made.append((positions, one))
        return made


class Replays:
    """The mean of `loss(model(x), target)` over batches of samples, on whatever parameters it depends on,
    in this `order`.

    With `fixed` targets, each belongs to the structure of its sample; else targets are inputs, as samples are.
    """

    def __init__(self, model: Callable[[Any], Any], loss: Callable[[Any, Any], Any], backend: str, fixed: bool) -> None:
        def both(x: Any, target: Any, use: str = "") -> Any:
            output = model(x)
            value = loss(output, target)
            if not isinstance(value, Value):
                raise TypeError(NO_LOSS.format(value))
            return [value, output]

        self.model, self.loss = model, loss
        self.jit = Jit(both, backend, True, None)
        if hasattr(model, "parameters"):
            self.jit.parameters = tuple(model.parameters())
        self.jit.limit = 2 * LIMIT  # for training and for testing: every epoch needs them all
        self.arrays = KINDS[self.jit.backend].columns
        self.fixed = fixed
        self.order: tuple[Value, ...] = ()
        self.structures: set[Any] = set()

    def prepare(self, X: Sequence[Any], y: Sequence[Any], use: str) -> Samples:
        """Samples as `mean_loss` takes them, each structure recorded;
        what is recorded for one use is not used for another.

        Raises RecordingError, or what the model or the loss raises, if that cannot be.
        """
        samples = Samples(X, y, self.fixed, use)
        self.structures |= {shape[:3] for shape in samples.rows}
        if len(self.structures) > LIMIT:
            raise RecordingError(f"there are {len(self.structures)} different targets or structures, more than {LIMIT}")
        if self.arrays:
            samples.as_arrays()
        for [(_, one)] in map(samples.batches, [[i] for i in samples.first.values()]):
            recording = samples.recordings[one.shape] = self.jit._recording(one, self.order)
            late = next((p for p in recording.record.originals if p.parents), None)
            if late is not None:
                raise RecordingError(
                    f"the model uses {late.label or 'a Value'} that was computed outside of it, by {late.op.name}: "
                    "its own parameters would get no gradient; compute it inside"
                )
            self.order = tuple(dict.fromkeys([*self.order, *recording.record.originals]))
        outputs = {shape: self.model(X[i]) for shape, i in samples.first.items()}
        for (shape, *_), i in samples.targets.items():
            self.loss(outputs[shape], y[i])  # which may refuse a target that, as an input, it could not look at
        return samples

    def theta(self) -> list[float]:
        """The parameters as they are now."""
        return list(map(_data, self.order))

    def agree(self, samples: Samples) -> bool:
        """Whether the model and the loss make of one sample of each structure, and of some more,
        what the replays make of them.

        Several, and if there are few the same ones again, so that chance shows too.
        """
        times = NODES // max(recording.record.made for recording in samples.recordings.values())
        many, stride = max(3, min(TIMES, times)), max(1, len(samples.X) // TIMES)
        of_each = [*samples.first.values(), *[*samples.targets.values()][:TIMES]]
        return all(self.agrees(samples, i) for i in [*of_each, *[k * stride for k in range(many)]])

    def agrees(self, samples: Samples, i: int) -> bool:
        """Whether they make of sample i (counted round and round) what its replay makes of it."""
        i %= len(samples.X)
        mean, outputs, _ = self.mean_loss(samples, [i], gradients=False)
        now = flat(self.jit.f(samples.X[i], samples.y[i]))[1]
        return alike([v.data if isinstance(v, Value) else v for v in now], flat([mean, outputs])[1])

    def mean_loss(
        self, samples: Samples, chosen: Sequence[int], gradients: bool = True
    ) -> tuple[float, list[Any], list[float]]:
        """The mean loss of the chosen samples, the model's output for each as plain numbers,
        and a gradient for each of `order`, if asked.
        """
        theta: Any = self.theta()
        grads: Any = [0.0] * len(theta)
        if self.arrays:
            import numpy as np

            theta, grads = np.array(theta), np.array(grads)
        total, outputs = 0.0, [None] * len(chosen)
        for positions, batch in samples.batches(chosen):
            recording = samples.recordings[batch.shape]
            _, at = recording.places(self.order)
            own = theta if at is None else theta[at] if self.arrays else [theta[k] for k in at]
            if not recording.columns:  # also where the kernel lacks a row of this graph
                own = floats(own)
            if gradients:
                values, dtheta, _ = recording.value_and_grads(own, batch, 1.0 / len(chosen))
                if self.arrays:
                    grads[slice(None) if at is None else at] += dtheta
                else:
                    for k, g in zip(range(len(grads)) if at is None else at, dtheta):
                        grads[k] += g
            else:
                values = recording.run(own, batch)
            columns = list(map(floats, values))
            for x in columns[0]:
                total += x
            _, _, shape = recording.record.shape
            for position, *numbers in zip(positions, *columns[1:]):
                outputs[position] = filled(shape, iter(numbers))
        return total / len(chosen), outputs, floats(grads)


_data = operator.attrgetter("_data")
