"""One recorded graph, ready to be replayed by one backend."""

from __future__ import annotations

import functools
import operator
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import chance, modes, ops
from ..engine import Value, constant
from ..functional import mean
from ..graphs import rebuilt
from ..parameters import column, numpy, stored
from ..words import plural
from .backends import KINDS, Backend, make_backend
from .byhand import Typed
from .passes import forward_only, steps
from .python_backend import Python
from .record import Record, record
from .structure import Batch, restored
from .trace import Passes, trace

MOST = 1000  # ways to tell Values apart that are remembered as harmless


class Recording:
    """The graph of one structure of arguments, and the backend that replays it."""

    def __init__(self, f: Callable[..., Any], samples: Batch, backend: str, optimise: frozenset[str], auto: bool,
                 order: Sequence[Value] = ()) -> None:  # fmt: skip
        shape, leaves = samples.shape, samples.rows[0]
        self.record: Record = record(
            f, leaves, lambda ls: restored(shape, iter(ls)), "dead" in optimise, typed := Typed(samples)
        )
        typed.check(f, self._by_numbers, self.record)
        self.record.sort(order)
        self.asked = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Value)]
        self.wanted = [*[self.record.inputs[i] for i in self.asked], *self.record.parameters]
        self.optimise = optimise
        self.calls, self.lanes, self.seconds = 0, 0, 0.0
        self.engine: Backend
        try:
            self.backend, self.engine = backend, make_backend(backend, self.passes)
        except TypeError:  # a row that cannot be written with the kernel's own
            if not auto:
                raise
            self.backend, self.engine = "python", make_backend("python", self.passes)
        self.originals = tuple(self.record.originals)
        self.columns = KINDS[self.backend].columns  # whether samples are arrays, with a row for each input
        self._places: tuple[Any, Any, Any] = (None, None, None)
        self._vouched: dict[Any, Any] = {}

    def _by_numbers(self, leaves: Sequence[Any]) -> list[float]:
        """The numbers of the recorded graph, one after the other."""
        given = [x.data for x in leaves if isinstance(x, Value)]
        return list(map(float, self.outputs_again([*given, *stored("data", self.record.originals)], leaves)))

    @staticmethod
    def _rebuild(samples: Batch) -> Callable[[Sequence[Any]], Any]:
        return lambda leaves: restored(samples.shape, iter(leaves))

    def vouch(self, f: Callable[..., Any], samples: Batch) -> None:
        """Raise RecordingError if f computes something else with one of these samples,
        because it knows the Values in it by `is` or `id`.
        """
        identity = self.record.identity
        if identity is None or not self.asked:
            return
        for row in samples.rows:
            values = [row[i] for i in self.asked]
            who = identity.of(values)
            if who not in self._vouched:
                if self._vouched:  # the first is the one that was recorded
                    with modes.anomalies("ignore"):
                        record(f, row, self._rebuild(samples))
                self._vouched[who] = values if identity.all else None  # whose ids nobody else gets now
                if len(self._vouched) > MOST:
                    del self._vouched[next(iter(self._vouched))]

    def __repr__(self) -> str:
        r, count = self.record, steps(forward_only(self.passes.program, self.passes.values))
        return (
            f"<recording: {len(r.inputs)} inputs, {len(r.parameters)} parameters, {count:,} steps, "
            f"{self.backend} backend, {plural(self.calls, 'call')}>"
        )

    @functools.cached_property
    def passes(self) -> Passes:
        """Both passes as one program."""
        return trace(self.record, self.wanted, self.optimise)

    @property
    def text(self) -> str:
        """Both passes as Python source."""
        return (self.engine if isinstance(self.engine, Python) else Python(self.passes)).text

    @property
    def nbytes(self) -> int:
        """What is kept for replaying it: arrays, or code."""
        return int(self.engine.nbytes)

    def run(self, theta: Any, batch: Batch, data: Any = None) -> Any:
        """The values of all outputs for each sample: [outputs][lanes]."""
        begin = time.perf_counter()
        values = self.engine.run(theta, self._given(batch, data))
        self._count(begin, batch.lanes)
        return values

    def value_and_grads(self, theta: Any, batch: Batch, seed: float, data: Any = None) -> tuple[Any, Any, Any]:
        """The values, and d(seed * their sum): for each parameter, and for each Value among the inputs,
        [inputs][lanes].
        """
        begin = time.perf_counter()
        both = self._grads(theta, batch, seed, data)
        self._count(begin, batch.lanes)
        return both

    def _grads(self, theta: Any, batch: Batch, seed: float, data: Any) -> tuple[Any, Any, Any]:
        """The same; where a branch that was not taken makes them nan, half by half, down to the samples that are."""
        values, dtheta, dX = self.engine.value_and_grads(theta, self._given(batch, data), seed, bool(self.asked))
        if not (self.branches and _any_nan([dtheta, *(() if dX is None else dX)])):
            return values, dtheta, dX
        arrays = hasattr(dtheta, "dtype")
        if batch.lanes == 1 or self.backend == "jax":  # which compiles for each number of samples
            dtheta, rows = self._eager(theta, batch, seed, data)
            dX = rows if dX is not None else None
        else:
            middle = batch.lanes // 2
            parts = [range(middle), range(middle, batch.lanes)]
            (_, left, at), (_, right, then) = [self._grads(theta, batch.take(k), seed, data) for k in parts]
            dtheta = list(map(operator.add, left, right))
            dX = None if dX is None else [[*a, *b] for a, b in zip(at, then)]
        if arrays:
            dtheta, dX = numpy().array(dtheta, float), None if dX is None else numpy().array(dX, float)
        return values, dtheta, dX

    @functools.cached_property
    def branches(self) -> bool:
        """Whether there are branches: a replay computes both, and 0 times the slope of one
        that was not taken may be nan.
        """
        return any(n.op is ops.where for n in self.record.order)

    def _eager(self, theta: Any, batch: Batch, seed: float, data: Any) -> tuple[Any, Any]:
        """The gradients as the engine finds them, for whom a branch that was not taken passes on nothing."""
        with modes.remembering(), modes.anomalies("ignore"):
            shared = [Value(float(x)) for x in theta]
            samples = [[Value(x) for x in row] for row in batch.numbers(data)]
            ops.sum(*[self.again([*sample, *shared], sample) for sample in samples]).backward(seed)
        return [p.grad for p in shared], [[x.grad for x in lane] for lane in zip(*samples)]

    def flat_gradient(self, theta: Any, samples: Batch, order: tuple[Value, ...]) -> tuple[Any, Any]:
        """The values of all outputs, [outputs][lanes], and the gradient of the mean of the first: for Values in this
        order, whose numbers are in theta, also of those among the samples.
        """
        (index, at), originals = self.places(order), self.record.originals
        own = numbers = numpy().asarray(theta, float) if self.columns else array("d", theta).tolist()
        if at is not None and self.columns:
            own = numbers[at]
            if (at < 0).any():
                own[at < 0] = [p.data for p, k in zip(originals, at) if k < 0]
        elif at is not None:
            own = [numbers[k] if k >= 0 else p.data for k, p in zip(at, originals)]
        values, gradient, dX = self.value_and_grads(
            own, samples, 1.0 / samples.lanes, lambda v: numbers[index[v]] if v in index else v.data
        )
        if at is not None and self.columns:
            mine, gradient = gradient, numpy().zeros(len(order))
            gradient[at[at >= 0]] = mine[at >= 0]
        elif at is not None:
            mine = dict(zip(at, gradient))
            gradient = [mine.get(k, 0.0) for k in range(len(order))]
        rows = samples.rows if self.asked else []
        passed = [(index[row[i]], g) for i in self.asked for row, g in zip(rows, floats(dX[i])) if row[i] in index]
        if not self.columns:
            for k, g in passed:
                gradient[k] += g
            return values, like(theta, gradient)
        if passed:
            numpy().add.at(gradient, *map(list, zip(*passed)))
        return values, gradient

    def named_gradient(self, theta: Any, samples: Batch, order: Sequence[Value]) -> tuple[Any, Any]:
        """The same on Values, node by node, so that an anomaly is named."""
        twins = {p: Value(x, p.label) for p, x in zip(order, array("d", theta))}

        def twin(v: Any) -> Value:
            return twins.setdefault(v, Value(v.data, v.label)) if isinstance(v, Value) else Value(v)

        own = list(map(twin, self.record.originals))
        with modes.remembering():
            rows = [list(map(twin, row)) for row in samples.rows]
            outputs = [*zip(*[self.outputs_again([*row, *own], row) for row in rows])]
            mean(list(outputs[0])).backward()
        return [[y.data for y in lanes] for lanes in outputs], like(theta, [twins[p].grad for p in order])

    def _given(self, batch: Batch, data: Any) -> Any:
        return batch.columns(data) if self.columns else batch.numbers(data)

    def _count(self, begin: float, lanes: int) -> None:
        self.calls += 1
        self.lanes += lanes
        if self.calls > 1:  # the first may have to load what runs it
            self.seconds += time.perf_counter() - begin

    def theta(self) -> Any:
        """The parameters as they are now, for the backend."""
        return (column if self.columns else stored)("data", self.record.originals)

    def places(self, order: tuple[Value, ...]) -> tuple[dict[Value, int], Any]:
        """Where Values stand in `order`; and where this recording's parameters do, -1 for what is not there,
        None if all stand one for one.
        """
        seen, index, at = self._places
        if seen is not order:
            index = {p: i for i, p in enumerate(order)}
            late = next((p for p in self.record.originals if p.parents and p not in index), None)
            if late is not None:
                raise ValueError(
                    f"the function uses {late.label or 'a Value'} that was computed outside of it, "
                    f"by {late.op.name}: it would not follow the numbers in theta; compute it inside the function"
                )
            at = [index.get(p, -1) for p in self.record.originals]
            if at == list(range(len(order))):
                at = None
            elif self.columns:
                import numpy as np

                at = np.array(at, int)
            self._places = (order, index, at)
        return index, at

    def again(self, values: Iterable[Any], leaves: Sequence[Any]) -> Any:
        """The recorded graph built anew, node by node, on these Values:
        for derivatives of derivatives, and to look into it.
        """
        return self.outputs_again(values, leaves)[0]

    def outputs_again(self, values: Iterable[Any], leaves: Sequence[Any]) -> list[Any]:
        """The same, with all outputs."""
        values = list(values)
        graph, given = any(isinstance(v, Value) for v in values), iter(values)
        now: dict[Value, Any] = {}
        for n, leaf in zip(self.record.inputs, leaves):
            now[n] = next(given) if isinstance(leaf, Value) else Value(leaf) if graph else leaf
        for n in self.record.parameters:
            now[n] = next(given)

        def again(n: Value, parents: tuple[Any, ...]) -> Any:
            v = n.op(*parents) if parents else constant(n.data) if graph else n.data
            if isinstance(v, Value):
                v.label = n.label
                if chance.is_marked(n):
                    chance.hand_on(n, v, now)
            return v

        built = rebuilt(self.record.order, now, again)
        return [built[y] for y in self.record.outputs]


def _any_nan(columns: Iterable[Any]) -> bool:
    return any(bool((c != c).any()) if hasattr(c, "dtype") else any(x != x for x in c) for c in columns)


def floats(numbers: Any) -> list[float]:
    """A row of numbers as floats."""
    return numbers.tolist() if hasattr(numbers, "tolist") else list(numbers)


def summed(numbers: Any) -> float:
    """The sum from left to right, as the engine adds."""
    if hasattr(numbers, "dtype"):
        return float(numpy().add.accumulate(numbers)[-1])
    return functools.reduce(operator.add, numbers)  # type: ignore[no-any-return]


def like(theta: Any, numbers: Any) -> Any:
    """Numbers in the kind of array that theta is."""
    return numpy().array(numbers) if hasattr(theta, "dtype") else array("d", numbers)
