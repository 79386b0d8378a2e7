"""Steps that replay what was recorded: `jit` of the loss of a sample, with the model's output beside it.

A target is an argument of the recorded function, if the loss can be recorded so; if it cannot, because it looks at its
target (a place in a list, say), targets are `fixed`: each belongs to the structure of its sample, and a batch is
replayed target by target.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from ..engine import Value
from ..ieee import isfinite
from ..parameters import Packed, numpy, row_of, stored
from ..replay.byhand import close
from ..replay.function import LIMIT, jit
from ..replay.outside import Outside
from ..replay.structure import Batch, flat
from ..tracing import RecordingError
from ..usage import chance_kept, mode
from .arguments import Given
from .history import History
from .samples import Model, all_finite
from .steps import NO_LOSS, Eager

STRIDE = 7919  # from a sample that is looked at to the next: a prime, so that all have their turn
OFTEN = 8  # times that something has moved; of those after them, at the 16th, the 32nd, ... all is compared
TIMES, NODES = 32, 20_000  # how many samples are computed for comparison, and about how many nodes that may take


class Replays:
    """Loss and output of samples, recorded for all of their structures; in the mode that the model is in now.

    Raises RecordingError, or what the model or the loss raises, if that cannot be.
    """

    def __init__(self, model: Model, loss: Callable[[Any, Any], Any], X: Sequence[Any], y: Sequence[Any], backend: str,
                 fixed: bool) -> None:  # fmt: skip
        def both(x: Any, target: Any) -> tuple[Value, Any]:
            output = model(x)
            value = loss(output, target)
            if not isinstance(value, Value):
                raise TypeError(NO_LOSS.format(value))
            return value, output

        self.f, self.X, self.y = jit(both, backend), X, y
        self.places: list[tuple[int, int]] = []  # of each sample: its structure, and where it is among those of that
        self.targets: dict[Any, int] = {}  # a sample with each, by structure and numbers
        shapes, rows = dict[Any, int](), list[list[list[Any]]]()
        for i, (x, t) in enumerate(zip(X, y)):
            if fixed and not isinstance(t, Hashable):
                raise RecordingError(
                    f"a loss that looks at its target is replayed target by target, but {type(t).__name__} {t!r:.60} "
                    "is no number or class: pass one of them for each sample"
                )
            (of_x, leaves), (of_t, more) = flat(x), (("is", t), []) if fixed else flat(t)
            k = shapes.setdefault(("tuple", of_x, of_t), len(shapes))
            if k == len(rows):
                rows.append([])
            self.targets.setdefault((k, *more), i)
            self.places.append((k, len(rows[k])))
            rows[k].append([*leaves, *more])
        if any(isinstance(v, Value) for some in rows for row in some for v in row):
            raise RecordingError("samples hold Values, not numbers")
        if len(rows) > LIMIT:
            raise RecordingError(f"there are {len(rows)} different targets or structures, more than {LIMIT}")
        self.first = {k: i for (k, *_), i in reversed(self.targets.items())}  # a sample of each structure
        self.samples = [Batch(shape, len(some), rows=some) for shape, some in zip(shapes, rows)]
        self.parameters = [self.f.record(some) for some in self.samples]
        late = next((p for ps in self.parameters for p in ps if p.parents), None)
        if late is not None:
            raise RecordingError(
                f"the model uses {late.label or 'a Value'} that was computed outside of it, by {late.op.name}: "
                "its own parameters would get no gradient; compute it inside"
            )
        for shape, k in shapes.items():
            if self.f.recordings[shape].columns:
                self.samples[k] = Batch(shape, len(rows[k]), columns=numpy().array(rows[k], float).T)
        outputs = {k: model(X[i]) for k, i in self.first.items()}
        for (k, *_), i in self.targets.items():
            loss(outputs[k], y[i])  # which may refuse a target that, as an argument, it could not look at

    def numbers(self) -> list[float]:
        """The parameters as they are now."""
        return [x for ps in self.parameters for x in stored("data", ps)]

    def agree(self) -> bool:
        """Whether the model and the loss make of one sample of each structure, and of some more,
        what the replays make of them.

        Several, and if there are few the same ones again, so that chance shows too.
        """
        nodes = max(recording.record.made for recording in self.f.recordings.values())
        many, stride = max(3, min(TIMES, NODES // nodes)), max(1, len(self.X) // TIMES)
        of_each = [*self.first.values(), *[*self.targets.values()][:TIMES]]
        return all(map(self.agrees, [*of_each, *[k * stride for k in range(many)]]))

    def agrees(self, i: int) -> bool:
        """Whether they make of sample i (counted round and round) what its replay makes of it."""
        i %= len(self.X)
        mean, outputs = self.test([i])
        built = flat(self.f.f(self.X[i], self.y[i]))[1]
        return close([v.data if isinstance(v, Value) else v for v in built], flat([mean, *outputs])[1])

    def step(self, chosen: Sequence[int]) -> tuple[float, list[Any], list[tuple[Value, float]]]:
        """The mean loss of some samples, the model's output for each as plain numbers, and what is to be added to the
        gradients of the parameters.
        """
        mean, outputs, gradients = 0.0, [None] * len(chosen), list[tuple[Value, float]]()
        for parameters, positions, samples in self._by_structure(chosen):
            flat = Packed(row_of(stored("data", parameters)), parameters)
            (part, found), gradient = self.f.value_and_grad(flat, samples, aux=True)
            share = len(positions) / len(chosen)
            mean += share * part
            gradients += zip(parameters, [share * g for g in gradient.tolist()])
            for position, output in zip(positions, found):
                outputs[position] = output
        return mean, outputs, gradients

    def test(self, chosen: Sequence[int]) -> tuple[float, list[Any]]:
        """The mean loss of some samples, and the model's output for each."""
        total, outputs = 0.0, [None] * len(chosen)
        for _, positions, samples in self._by_structure(chosen):
            for position, (value, output) in zip(positions, self.f.map(samples)):
                total, outputs[position] = total + value, output
        return total / len(chosen), outputs

    def _by_structure(self, chosen: Sequence[int]) -> Iterator[tuple[tuple[Value, ...], list[int], Batch]]:
        """Some samples, by structure: its parameters, the positions among those chosen, and the samples."""
        found: dict[int, tuple[list[int], list[int]]] = {}
        for position, i in enumerate(chosen):
            k, place = self.places[i]
            positions, places = found.setdefault(k, ([], []))
            positions.append(position)
            places.append(place)
        for k, (positions, places) in found.items():
            yield self.parameters[k], positions, self.samples[k].take(places)


class Replayed:
    """Steps that replay what was recorded; otherwise as `eager` ones, which they become if the
    replays turn out to be wrong.

    One sample, another one each time, is computed both ways at the first two steps and at the last of every epoch; and
    some of every kind before a step that finds anything plain changed of what the model or the loss reach.
    Raises what keeps a sample from being recorded; RecordingError if the model gives another result than its replay.
    """

    def __init__(self, eager: Eager, backend: str, fixed: bool, history: History) -> None:
        self.eager, self.history, self.auto = eager, history, backend == "auto"
        self.parts: dict[bool, Replays] = {}  # in training, in use
        for training, data in ((True, (eager.X, eager.y)), (False, eager.tested)):
            if data:
                with mode(eager.model, training):
                    self.parts[training] = Replays(eager.model, eager.loss, *data, backend, fixed)
        for training in self.parts:
            self._compare(training, Replays.agree)
        self.right, self.moved, self.seen, self.steps, self.looks = True, False, 0, 0, 0
        self.before, self.changes, self.outside = self.parts[True].numbers(), 0, Outside(self.parts[True].f.f)
        history.backend = next(iter(self.parts[True].f.recordings.values())).backend

    def _compare(self, training: bool, agree: Callable[[Replays], bool]) -> None:
        with mode(self.eager.model, training):
            if not agree(self.parts[training]):
                raise RecordingError("replayed, the model gives another result")

    def _changed(self) -> bool:
        """Whether something that is not a Value has moved: a weight, a temperature, a flag."""
        if not self.right or not self.outside.moved():
            return False
        self.changes += 1
        return self.changes <= OFTEN or self.changes & (self.changes - 1) == 0

    def _still_right(self, training: bool, look: bool) -> bool:
        """Whether replays are right, as far as is known: all are compared once more when parameters have moved, as
        some faults show only then, or when anything else has; and one sample, where there is to be a `look`.
        """
        if training:
            changed = self._changed()
        else:  # as it is asked before a step
            with mode(self.eager.model, True):
                changed = self._changed()
        moved = not self.moved and self.before != self.parts[True].numbers()
        if self.right and (moved or changed or look):
            self.moved |= moved
            self.looks += 1
            try:
                with chance_kept(self.eager.model):
                    if moved or changed:
                        for part in self.parts:
                            self._compare(part, Replays.agree)
                    else:
                        self._compare(training, lambda replays: replays.agrees(self.looks * STRIDE))
            except Exception as error:
                self.right = False
                _told(error, self.auto, self.history)
                warnings.warn(f"from step {self.history.steps + 1} on, fit goes on eagerly: {error}. "
                              "A model or a loss that changes while it is trained (the weight of a term, a "
                              "temperature) needs backend='eager'" + ("" if changed else " from the start: steps "
                              "after the change and before this one, less than an epoch, were taken without it"),
                              RuntimeWarning, stacklevel=5 if training else 6)  # fmt: skip
        return self.right

    def step(self, batch: Sequence[int], careful: bool) -> tuple[float, list[Any]]:
        self.seen, self.steps = self.seen + len(batch), self.steps + 1
        last = self.seen >= len(self.eager.X)
        look = last or self.steps <= 2  # what a progress function changes by epoch, it changes after the first step
        if last:
            self.seen = self.steps = 0
        self.gradients: list[tuple[Value, float]] | None = None
        if not self._still_right(True, look):
            return self.eager.step(batch, careful)
        mean, outputs, self.gradients = self.parts[True].step(batch)
        if isfinite(mean) or not careful:
            for p, g in self.gradients:
                p.grad += g
        self.bad = [i for i, z in zip(batch, outputs) if not all_finite(z)] if mean - mean else []
        return mean, outputs

    def made(self, batch: Sequence[int]) -> dict[str, Any]:
        """What a watch may know of the latest step: a graph of some samples, and the gradient."""
        from ..doctor.limits import SAMPLES

        gradients = self.gradients
        if gradients is None:
            return self.eager.made(batch)

        def own() -> dict[Value, float]:
            added: dict[Value, float] = {}
            for p, g in gradients:
                added[p] = added.get(p, 0.0) + g
            return added

        return {"graph": lambda: self.eager.graph([*self.bad, *batch][:SAMPLES]), "own": own}

    def test(self, chosen: Sequence[int]) -> tuple[float, list[Any]]:
        if not self._still_right(False, True):
            return self.eager.test(chosen)
        return self.parts[False].test(chosen)


def steps_for(model: Model, loss: Callable[[Any, Any], Any], given: Given, history: History) -> Any:
    """Replayed steps; eager ones if those are asked for, or if the backend may be chosen and this model or this loss
    cannot be recorded.
    """
    eager, backend = Eager(model, loss, given.X, given.y, given.held if given.held[0] else None), given.backend
    if backend == "eager":
        return eager
    with chance_kept(model):
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
