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
import importlib.util
import operator
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import modes, ops
from ..engine import Value, _node, apply, grad
from ..ieee import number
from ..languages import CAREFUL
from ..ops import Op
from .printing import Printed
from .record import Record, filled, flat, record

LIMIT = 64  # recordings that one function keeps


BACKENDS = ("auto", "python", "native")


class Recording:
    """One recorded graph, ready to be replayed, for arguments of one structure."""

    def __init__(self, f: Callable[..., Any], shape: Any, leaves: list[Any], backend: str) -> None:
        self.record: Record = record(f, leaves, lambda ls: filled(shape, iter(ls)))
        if self.record.shape != "Value":
            raise TypeError(f"a recorded function returns one Value, got {self.record.shape[0]}")
        self.asked = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Value)]
        self.wanted = [*[self.record.inputs[i] for i in self.asked], *self.record.parameters]
        self.calls = 0
        self.native: Any = None
        if backend == "native":
            from .native import compiled
            from .tape import Tape

            self.native = compiled(Tape(self.record, self.wanted))

    @functools.cached_property
    def printed(self) -> Printed:
        """The recorded passes as Python source, and as the functions that it defines."""
        return Printed(self.record, self.wanted, CAREFUL)

    def numbers(self, leaves: Iterable[Any]) -> tuple[float, ...]:
        """Inputs as they are given, then parameters as they are now."""
        return (*[v.data if isinstance(v, Value) else number(v) for v in leaves], *[p.data for p in self.record.originals])

    def value(self, xs: tuple[float, ...]) -> float:
        """The forward pass alone."""
        return float(self.printed.value(xs)[0]) if self.native is None else self.batch([xs], False)[0][0]

    def value_and_grads(self, xs: tuple[float, ...]) -> tuple[float, tuple[float, ...]]:
        """Both passes: the value, and the gradients of the Values that were passed and of the parameters."""
        if self.native is None:
            y, grads = self.printed.value_and_grads(xs)
            return float(y[0]), grads
        values, grads = self.batch([xs], True)
        return values[0], grads

    def batch(self, samples: Sequence[tuple[float, ...]], gradients: bool) -> tuple[list[float], tuple[float, ...]]:
        """Values of many samples, and the sum of their gradients."""
        if self.native is None:
            if not gradients:
                return [float(self.printed.value(xs)[0]) for xs in samples], ()
            both = [self.printed.value_and_grads(xs) for xs in samples]
            sums = [0.0 + g for g in both[0][1]]
            for _, grads in both[1:]:
                sums = [a + b for a, b in zip(sums, grads)]
            return [float(y[0]) for y, _ in both], tuple(sums)
        import numpy as np

        n = len(self.record.inputs)
        theta, X = np.array(samples[0][n:], float), np.array([xs[:n] for xs in samples], float).reshape(len(samples), n).T
        if not gradients:
            return list(map(float, self.native.run(theta, X))), ()
        values, dtheta, dX = self.native.value_and_grads(theta, X, inputs=bool(self.asked))
        ofs = [float(dX[i].sum()) for i in self.asked]
        return list(map(float, values)), (*ofs, *map(float, dtheta))

    def again(self, values: Sequence[Value], leaves: Sequence[Any]) -> Value:
        """The recorded graph built anew, node by node, on these Values: for derivatives of derivatives, and for drawing."""
        given = iter(values)
        now: dict[Value, Value] = {}
        for n, leaf in zip(self.record.inputs, leaves):
            now[n] = next(given) if isinstance(leaf, Value) else Value(leaf)
        for n in self.record.parameters:
            now[n] = next(given)
        for n in self.record.order:
            if n not in now:
                now[n] = apply(n.op, tuple([now[p] for p in n.parents])) if n.parents else Value(n.data)
                now[n].label = n.label
        return now[self.record.root]


class Jit:
    """A function that replays what it recorded.  See `jit`."""

    def __init__(self, f: Callable[..., Any], backend: str = "auto") -> None:
        if not callable(f):
            raise TypeError(f"jit takes a function, not {type(f).__name__} {f!r}: write jit(f), or @jit above its def")
        if backend not in BACKENDS:
            raise ValueError(f"backend is one of {', '.join(BACKENDS)}, got {backend!r}")
        if backend == "auto":
            backend = "native" if importlib.util.find_spec("numba") and importlib.util.find_spec("numpy") else "python"
        elif backend == "native" and not (importlib.util.find_spec("numba") and importlib.util.find_spec("numpy")):
            raise ImportError('the native backend needs Numba: pip install "tinygrad-edu[jit]", or use backend="python"')
        self.f, self.backend = f, backend
        self.recordings: OrderedDict[Any, Recording] = OrderedDict()
        self._made = 0
        functools.update_wrapper(self, f)

    def __call__(self, *args: Any) -> Value:
        """f(*args) as one Value: replayed if arguments of this structure were seen before, else recorded first."""
        shape, leaves = flat(args)
        recording = self._recording(shape, leaves)
        xs = recording.numbers(leaves)
        parents = (*[v for v in leaves if isinstance(v, Value)], *recording.record.originals)
        name = f"jit {getattr(self.f, '__name__', 'f')}"
        if not modes.recording() or not parents:
            return _node(recording.value(xs), (), ops.detached, ())
        y, grads = recording.value_and_grads(xs)

        def partials(out: Any, *values: Any) -> tuple[Any, ...]:
            return tuple(grad(recording.again(values, leaves), *values)) if isinstance(out, Value) else grads

        op = Op(name, lambda *_: y, partials, domain=(ops.REAL, ...))
        return _node(y, parents, op, (y, *[p.data for p in parents]))

    def map(self, *columns: Iterable[Any]) -> list[float]:
        """f of each sample, as numbers: `f.map(X)` or `f.map(X, Y)`, where X[i] and Y[i] are the arguments of sample i."""
        recording, samples = self._samples(columns)
        return recording.batch(samples, False)[0] if recording else []

    def sum(self, *columns: Iterable[Any]) -> Value:
        """f of each sample, added up from left to right, as one Value whose parents are the parameters."""
        return self._reduced(columns, lambda n: 1.0)

    def mean(self, *columns: Iterable[Any]) -> Value:
        """The mean of f over samples, as one Value whose parents are the parameters.  Raises ValueError if there are none."""
        return self._reduced(columns, lambda n: 1.0 / n)

    def _reduced(self, columns: Sequence[Iterable[Any]], weight: Callable[[int], float]) -> Value:
        recording, samples = self._samples(columns)
        if recording is None:
            raise ValueError("a batch needs at least one sample, got none")
        if recording.asked:
            raise TypeError("the samples of a batch are numbers; for Values as inputs call the function once per sample")
        w, parents = weight(len(samples)), tuple(recording.record.originals)
        values, grads = recording.batch(samples, modes.recording())
        y = w * functools.reduce(operator.add, values)
        if not modes.recording() or not parents:
            return _node(y, (), ops.detached, ())
        slopes = tuple([w * g for g in grads])

        def partials(out: Any, *values: Any) -> tuple[Any, ...]:
            if isinstance(out, Value):
                raise NotImplementedError("derivatives of derivatives go through single calls: sum(f(x) for x in X)")
            return slopes

        op = Op(f"jit {getattr(self.f, '__name__', 'f')}", lambda *_: y, partials, domain=(ops.REAL, ...))
        return _node(y, parents, op, (y, *[p.data for p in parents]))

    def _samples(self, columns: Sequence[Iterable[Any]]) -> tuple[Recording | None, list[tuple[float, ...]]]:
        """The recording that all samples share, and the numbers of each."""
        lists = [list(c) for c in columns]
        if len({len(c) for c in lists}) > 1:
            raise ValueError(f"columns of a batch must be equally long, got lengths {', '.join(str(len(c)) for c in lists)}")
        recording, first, samples = None, None, []
        for i, sample in enumerate(zip(*lists)):
            shape, leaves = flat(sample)
            if recording is None:
                recording, first = self._recording(shape, leaves), shape
                parameters = recording.numbers(())
            elif shape != first:
                raise ValueError(f"the samples of a batch must have one structure, but sample {i} differs from sample 0: group them first")
            samples.append((*[v.data if isinstance(v, Value) else v for v in leaves], *parameters))
        return recording, samples

    def _recording(self, shape: Any, leaves: list[Any]) -> Recording:
        found = self.recordings.get(shape)
        if found is None:
            found = self.recordings[shape] = Recording(self.f, shape, leaves, self.backend)
            self._made += 1
            while len(self.recordings) > LIMIT:
                self.recordings.popitem(last=False)
            if self._made == LIMIT + 1:
                warnings.warn(f"{self!r} has recorded {self._made} structures of arguments: it records at almost every call. "
                              "Pass numbers as numbers, in lists of few lengths", RuntimeWarning, stacklevel=3)  # fmt: skip
        self.recordings.move_to_end(shape)
        found.calls += 1
        return found

    @property
    def source(self) -> str:
        """The latest recording's forward and backward pass, as the Python that is run."""
        if not self.recordings:
            raise RuntimeError("nothing is recorded yet: call the function once")
        return next(reversed(self.recordings.values())).printed.text

    def __repr__(self) -> str:
        return f"<jit {getattr(self.f, '__name__', self.f)!s}: {self.backend} backend, {len(self.recordings)} recorded>"


def jit(f: Callable[..., Any], backend: str = "auto") -> Jit:
    """Record the graph that `f` builds and replay it; a decorator, or a call.

    `backend` is "python", straight-line source on the standard library alone; "native", a tape run by a kernel that Numba
    compiles (extra [jit]); or "auto", the best that is installed.  Arguments are numbers and Values in lists, tuples and
    dicts; text, bools and None belong to the structure.  Raises RecordingError, when it records, if `f` asks a Value that
    depends on its inputs for a plain number.
    """
    return Jit(f, backend)
