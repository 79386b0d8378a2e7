"""`jit(f)`: record the graph that a function builds, once; replay it at every later call.

    >>> from tinygrad_edu import Value
    >>> w, b = Value(0.5, label="w"), Value(-0.25, label="b")
    >>> @jit
    ... def loss(x, y):
    ...     return ((w * x + b).tanh() - y) ** 2
    >>> L = loss(2.0, 1.0)
    >>> L.backward()
    >>> L.data == ((w * 2.0 + b).tanh() - 1.0).data ** 2, L.parents == (w, b)
    (True, True)

The result is one Value: its parents are the parameters that `f` closes over, and the Values it was given; its
closure runs the recorded backward pass.  Optimizers, `backward()` and `grad` need not know.
"""

from __future__ import annotations

import functools
import inspect
import operator
import threading
import warnings
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .. import modes, ops
from ..engine import Value, _node, grad
from ..functional import mean
from ..functional import sum as total
from ..ops import Op
from ..source import Source
from .packing import pack
from .passes import OPTIMISATIONS
from .recording import BACKENDS, EXTRA, Recording, best, installed
from .stats import Stats
from .structure import Batch, batch, filled, flat

LIMIT = 64  # recordings that one function keeps


class Jit:
    """A function that replays what it recorded.  See `jit`.

    `recordings` is what it keeps, by the structure of the arguments, the latest last: `limit` of them at most.
    """

    limit = LIMIT

    def __init__(self, f: Callable[..., Any], backend: str, optimise: bool | Iterable[str], parameters: Iterable[Value] | None) -> None:
        if not callable(f):
            raise TypeError(f"jit takes a function, not {type(f).__name__} {f!r}: write jit(f), or @jit above its def")
        if backend not in ("auto", *BACKENDS):
            raise ValueError(f"backend is one of auto, {', '.join(BACKENDS)}, got {backend!r}")
        if not installed(backend):
            name, extra = EXTRA[backend]
            raise ImportError(f'the {backend} backend needs {name}: pip install "tinygrad-edu[{extra}]", or use backend="auto"')
        self.optimise = frozenset(OPTIMISATIONS) if optimise is True else frozenset(optimise or ())
        if not self.optimise <= {*OPTIMISATIONS}:
            raise ValueError(f"optimise is True, False, or some of {', '.join(OPTIMISATIONS)}, got {optimise!r}")
        self.f, self.auto = f, backend == "auto"
        self.backend = best() if self.auto else backend
        self.parameters = tuple(pack(parameters).parameters) if parameters is not None else None
        self.recordings: OrderedDict[Any, Recording] = OrderedDict()
        self._made, self._lock = 0, threading.RLock()
        self.name = getattr(f, "__name__", type(f).__name__)
        functools.update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **named: Any) -> Any:
        """f(*args) as one Value: replayed if arguments of this structure were seen before, else recorded first."""
        if named:
            bound = inspect.signature(self.f).bind(*args, **named)
            if bound.kwargs:
                raise TypeError(f"{self.name} has arguments that can only be given by name ({', '.join(bound.kwargs)}): record a function without")
            args = bound.args
        if modes.listened():  # as part of a recording that has begun elsewhere
            return self.f(*args)
        shape, leaves = flat(args)
        one = Batch(shape, 1, rows=[leaves])
        recording = self._recording(one)
        parents = (*[v for v in leaves if isinstance(v, Value)], *recording.record.originals)
        if not modes.recording() or not parents:
            values = [_node(float(row[0]), (), ops.detached, ()) for row in recording.run(recording.theta(), one)]
            return filled(recording.record.shape, iter(values))
        self._one_output(recording)
        theta = recording.theta()
        values, dtheta, dX = recording.value_and_grads(theta, one, 1.0)
        slopes = (*[float(dX[i][0]) for i in recording.asked], *_floats(dtheta))
        return self._node(float(values[0][0]), parents, theta, slopes, lambda given: recording.again(given, leaves))

    def map(self, *columns: Iterable[Any]) -> list[Any]:
        """f of each sample, as numbers: `f.map(X)` or `f.map(X, Y)`, where X[i] and Y[i] are the arguments of sample i.

        Columns are lists, arrays, memoryviews or other sequences.  A function that returns lists of Values gives lists of numbers.
        """
        given: list[Any] = [c if hasattr(c, "__len__") else list(c) for c in columns]
        if given and not any(len(c) for c in given):
            return []
        samples = batch(given)
        recording = self._recording(samples)
        values = recording.run(recording.theta(), samples)
        if recording.record.shape == "Value":
            return _floats(values[0])
        return [filled(recording.record.shape, iter(outputs)) for outputs in zip(*map(_floats, values))]

    def sum(self, *columns: Iterable[Any]) -> Value:
        """f of each sample, added up from left to right, as one Value.  Raises ValueError if there are none.

        Its parents are the Values among the samples, sample by sample, and the parameters.
        """
        return self._reduced(columns, total, 1)

    def mean(self, *columns: Iterable[Any]) -> Value:
        """The mean of f over samples, as one Value.  Raises ValueError if there are none."""
        return self._reduced(columns, mean, None)

    def value_and_grad(self, theta: Any, *columns: Iterable[Any]) -> tuple[float, Any]:
        """The mean of f over samples and its gradient, for parameters in a flat array: no Value is touched.

        `theta` is made by `pack(parameters)`; the gradient is an array of the same order.  A Value among the samples that `theta`
        holds (a row of an embedding table, say) has its number and its gradient there.  Of other Values the present `.data` counts.
        Raises ValueError if `theta` does not say whose numbers it holds, and as `mean` does.
        """
        order = getattr(theta, "parameters", None) or self.parameters
        if order is None:
            raise ValueError("this array does not say whose numbers it holds: make it with theta = pack(parameters), "
                             "or say so once and for all: jit(f, parameters=parameters)")  # fmt: skip
        if len(theta) != len(order):
            raise ValueError(f"theta holds {len(theta)} numbers, but there are {len(order)} parameters")
        samples = batch(columns)
        recording = self._recording(samples, order)
        self._one_output(recording)
        index, at = recording.places(order)
        if recording.backend == "python":
            return _flat_lists(recording, theta, samples, index, at)
        return _flat_arrays(recording, theta, samples, index, at)

    def _reduced(self, columns: Sequence[Iterable[Any]], reduce: Callable[[list[Any]], Any], count: int | None) -> Value:
        if modes.listened():
            inline: Value = reduce([self.f(*sample) for sample in zip(*columns)])
            return inline
        samples = batch(columns)
        recording = self._recording(samples)
        self._one_output(recording)
        count = count or samples.lanes
        theta, originals = recording.theta(), recording.record.originals
        rows = samples.rows if recording.asked else []
        parents = (*[row[i] for row in rows for i in recording.asked], *originals)
        if not modes.recording() or not parents:
            return _node(_sum(recording.run(theta, samples)[0]) / count, (), ops.detached, ())
        values, dtheta, dX = recording.value_and_grads(theta, samples, 1.0 / count)
        slopes = (*[float(dX[i][lane]) for lane in range(len(rows)) for i in recording.asked], *_floats(dtheta))

        def again(given: Sequence[Any]) -> Any:
            """Sample by sample, each with its own Values and with the parameters that all share."""
            shared, its = given[len(given) - len(originals) :], iter(given)
            return reduce([recording.again([*[next(its) for _ in recording.asked], *shared], row) for row in samples.rows])

        return self._node(_sum(values[0]) / count, parents, theta, slopes, again)

    def _node(self, y: float, parents: tuple[Value, ...], theta: list[float], slopes: tuple[float, ...],
              again: Callable[[Sequence[Any]], Any]) -> Value:  # fmt: skip
        """A Value that hands on gradients that are known, and is built anew by `again` where a graph is wanted.

        `theta`: the numbers of the last parents, as they were read.
        """

        def partials(out: Any, *values: Any) -> tuple[Any, ...]:
            if not isinstance(out, Value):
                return slopes
            apart = [v * 1.0 for v in values] if len({*values}) < len(values) else values  # a Value that was passed twice has two gradients
            return tuple(grad(again(apart), *apart))

        op = _Replay(f"jit {self.name}", lambda *xs: again(xs), partials, domain=(ops.REAL, ...), parts=lambda *xs: again(xs))
        return _node(y, parents, op, (y, *[p.data for p in parents[: len(parents) - len(theta)]], *theta))

    def _one_output(self, recording: Recording) -> None:
        if recording.record.shape != "Value":
            raise TypeError(f"{self.name} returns {len(recording.record.outputs)} Values: gradients start from one, such as a loss. "
                            "For numbers alone use map, or call it under no_grad()")  # fmt: skip

    def _recording(self, samples: Batch, order: Sequence[Value] = ()) -> Recording:
        """The recording for samples of this structure, made if need be, and then with its parameters in this order."""
        with self._lock:
            found = self.recordings.get(samples.shape)
            if found is None:
                with modes.collector_resting():
                    found = Recording(self.f, samples.shape, samples.rows[0], self.backend, self.optimise, self.auto, order or self.parameters or ())
                self.recordings[samples.shape] = found
                self._made += 1
                while len(self.recordings) > self.limit:
                    self.recordings.popitem(last=False)
                if self._made == self.limit + 1:
                    warnings.warn(f"{self!r} has recorded {self._made} structures of arguments: it records at almost every call. "
                                  "Pass numbers as numbers, in lists of few lengths", RuntimeWarning, stacklevel=4)  # fmt: skip
            self.recordings.move_to_end(samples.shape)
            return found

    def _latest(self) -> Recording:
        with self._lock:
            if not self.recordings:
                raise RuntimeError("nothing is recorded yet: call the function once")
            return next(reversed(self.recordings.values()))

    @property
    def source(self) -> Source:
        """The latest recording's forward and backward pass, as Python."""
        return Source(self._latest().printed.text)

    @property
    def stats(self) -> Stats:
        """What the latest recording is made of, before and after each optimisation, and what its calls took."""
        return Stats.of(self._latest())

    def __repr__(self) -> str:
        return f"<jit {self.name}: {self.backend} backend{' (auto)' * self.auto}, {len(self.recordings)} recorded>"


def jit(f: Callable[..., Any] | None = None, backend: str = "auto", *, optimise: bool | Iterable[str] = True,
        parameters: Iterable[Value] | None = None) -> Any:  # fmt: skip
    """Record the graph that `f` builds and replay it: `jit(f)`, `@jit` or `@jit(backend="python")`.

    Arguments are numbers and Values in lists, tuples and dicts; text, bools and None belong to the structure, and each structure is
    recorded once.  `backend` is

    - "python": straight-line source, one sample after the other, on the standard library alone;
    - "numpy": the same source over arrays (extra [numpy]);
    - "native": a tape run by a kernel that Numba compiles (extra [jit]);
    - "jax": the source under `jax.numpy`, compiled, on all devices that JAX has (extra [jax]);
    - "auto": native, numpy or python, the first that is installed.

    `optimise` names the optimisations to make, of "dead", "fold", "share" and "wanted" (see `passes`).  `parameters` says in which
    order `value_and_grad` gets them, if its array does not say so itself.
    Raises RecordingError, when it records, if `f` asks a Value that depends on its inputs for a plain number; ImportError, with
    what to install, if the backend's library is missing.
    """
    if f is None:
        return lambda g: Jit(g, backend, optimise, parameters)
    return Jit(f, backend, optimise, parameters)


class _Replay(Op):
    """The row of a replayed node: known gradients, and the recorded graph where more is asked for."""

    def __reduce__(self) -> Any:
        raise TypeError(f"{self.name!r} stands for a recording, and recordings are not pickled: pickle opened(v), from tinygrad_edu.opening, "
                        "the same graph with what was recorded")  # fmt: skip


def _floats(numbers: Any) -> list[float]:
    """A row of numbers as floats."""
    return numbers.tolist() if hasattr(numbers, "tolist") else list(numbers)


def _sum(numbers: Any) -> float:
    """From left to right, as the engine adds."""
    return functools.reduce(operator.add, _floats(numbers))


def _flat_lists(recording: Recording, theta: Any, samples: Batch, index: dict[Value, int], at: list[int] | None) -> tuple[float, Any]:
    """`value_and_grad` without NumPy."""
    numbers = _floats(theta)
    own = numbers if at is None else [numbers[k] if k >= 0 else p.data for k, p in zip(at, recording.record.originals)]
    values, dtheta, dX = recording.value_and_grads(own, samples, 1.0 / samples.lanes, lambda v: numbers[index[v]] if v in index else v.data)
    grads = [0.0] * len(numbers)
    for k, g in zip(range(len(numbers)) if at is None else at, dtheta):
        if k >= 0:
            grads[k] += g
    for k, g in _passed(recording, samples, index, dX):
        grads[k] += g
    value = _sum(values[0]) / samples.lanes
    if not hasattr(theta, "dtype"):
        return value, array("d", grads)
    import numpy as np

    return value, np.array(grads)


def _flat_arrays(recording: Recording, theta: Any, samples: Batch, index: dict[Value, int], at: Any) -> tuple[float, Any]:
    """`value_and_grad` on NumPy arrays."""
    import numpy as np

    theta = np.asarray(theta, float)
    own = theta if at is None else theta[at]
    if at is not None and (at < 0).any():
        own[at < 0] = [p.data for p, k in zip(recording.record.originals, at) if k < 0]
    values, dtheta, dX = recording.value_and_grads(own, samples, 1.0 / samples.lanes, lambda v: theta[index[v]] if v in index else v.data)
    if at is not None:
        inside = at >= 0
        gradient = np.zeros(len(theta))
        gradient[at[inside]] = dtheta[inside]
        dtheta = gradient
    if recording.asked:
        found = list(_passed(recording, samples, index, dX))
        np.add.at(dtheta, [k for k, _ in found], [g for _, g in found])
    return float(np.add.accumulate(values[0])[-1]) / samples.lanes, dtheta


def _passed(recording: Recording, samples: Batch, index: dict[Value, int], dX: Any) -> Iterator[tuple[int, float]]:
    """Places in theta of the Values that were passed, each with its gradient."""
    for i in recording.asked:
        for row, g in zip(samples.rows, _floats(dX[i])):
            if row[i] in index:
                yield index[row[i]], g
