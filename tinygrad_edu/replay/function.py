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
import itertools
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from .. import collector, modes, ops, tracing
from ..engine import Value, _node
from ..functional import mean
from ..functional import sum as total
from ..modes import watching
from ..parameters import Packed, listed, row_in
from ..sourcecode import Source
from ..usage import subset
from .backends import resolved
from .functionlike import FunctionLike
from .recording import Recording, floats, summed
from .standin import standin
from .stats import Stats
from .structure import Batch, _column, batch, flat, loss_and_aux, one_output, restored
from .trace import OPTIMISATIONS

P = ParamSpec("P")
R = TypeVar("R")
LIMIT = 64  # recordings that one function keeps


class Jit(FunctionLike[R], Generic[P, R]):
    """A function that replays what it recorded.  See `jit`.

    `recordings` is what it keeps, by the structure of the arguments, the latest last: `limit` of them at most.
    """

    limit = LIMIT

    def __init__(
        self, f: Callable[P, R], backend: str, optimise: bool | Iterable[str], parameters: Iterable[Value] | None
    ) -> None:
        if not callable(f):
            raise TypeError(f"jit takes a function, not {type(f).__name__} {f!r}: write jit(f), or @jit above its def")
        chosen: Any = OPTIMISATIONS if optimise is True else optimise or ()
        self.optimise = frozenset(chosen if isinstance(chosen, Iterable) else [chosen])
        if not self.optimise <= {*OPTIMISATIONS}:
            raise ValueError(f"optimise is True, False, or some of {', '.join(OPTIMISATIONS)}, got {optimise!r}")
        self.f: Callable[..., Any] = f
        self.auto, self.backend = backend == "auto", resolved(backend)
        self.parameters = tuple(listed(parameters)) if parameters is not None else None
        self.name = getattr(f, "__name__", type(f).__name__)
        functools.update_wrapper(self, f, updated=())
        self._forget()

    def _forget(self) -> None:
        """Nothing is recorded."""
        self.recordings: OrderedDict[Any, Recording] = OrderedDict()
        self._made, self._lock, self._edition = itertools.count(1), threading.RLock(), ops.edition
        super()._forget()

    def __call__(self, *args: P.args, **named: P.kwargs) -> R:
        """f(*args) as one Value: replayed if arguments of this structure were seen before, else recorded first."""
        given = self._in_order(args, named) if named else args
        shape, leaves = flat(given)
        if watching and (tracing.active() or not modes.replaying()):
            return self._built(shape, leaves)  # type: ignore[no-any-return]
        one = Batch(shape, 1, rows=[leaves], given=(given,))
        recording = self._recording(one)
        parents = (*[v for v in leaves if isinstance(v, Value)], *recording.record.originals)
        if not modes.recording() or not parents:
            values = [_node(float(row[0]), (), ops.detached, ()) for row in recording.run(recording.theta(), one)]
            return restored(recording.record.shape, iter(values))  # type: ignore[no-any-return]
        one_output(self.name, recording.record.shape, recording.record.outputs)
        theta = recording.theta()
        values, dtheta, dX = recording.value_and_grads(theta, one, 1.0)
        gradient = [*[float(dX[i][0]) for i in recording.asked], *floats(dtheta)]
        y, again = float(values[0][0]), lambda given: recording.again(given, leaves)
        return standin(self.name, y, parents, theta, gradient, again, recording.record.unscored)  # type: ignore[return-value]

    def map(self, *columns: Iterable[Any]) -> list[Any]:
        """f of each sample, as numbers: `f.map(X)` or `f.map(X, Y)`, where X[i] and Y[i] are the arguments of sample i.

        Columns are lists, arrays, memoryviews or other sequences.
        A function that returns lists of Values gives lists of numbers.
        """
        if watching:
            self._not_recorded("map")
        given = list(map(_column, columns))
        if given and not any(map(len, given)):
            return []
        samples = self._samples(given)
        if watching and not modes.replaying():
            shapes = [flat(self._built(samples.shape, row)) for row in samples.rows]
            return [restored(shape, map(float, outputs)) for shape, outputs in shapes]
        recording = self._recording(samples)
        values = recording.run(recording.theta(), samples)
        if recording.record.shape == "Value":
            return floats(values[0])
        return [restored(recording.record.shape, iter(outputs)) for outputs in zip(*map(floats, values))]

    def sum(self, *columns: Iterable[Any]) -> Value:
        """f of each sample, added up from left to right, as one Value.  Raises ValueError if there are none.

        Its parents are the Values among the samples, sample by sample, and the parameters.
        """
        return self._reduced(columns, total, 1)

    def mean(self, *columns: Iterable[Any]) -> Value:
        """The mean of f over samples, as one Value.  Raises ValueError if there are none."""
        return self._reduced(columns, mean, None)

    def value_and_grad(self, theta: Any, *columns: Iterable[Any], aux: bool = False) -> tuple[Any, Any]:
        """The mean of f over samples and its gradient, for parameters in one row of numbers: no Value is touched.

        `theta` is made by `pack(parameters)`, or it is an array, whose order `jit(f, parameters=)` has said; the
        gradient is an array of the same order.  A Value among the samples
        that `theta` holds (a row of an embedding table, say) has its number and its gradient there.
        Of other Values the present `.data` counts.

        With `aux=True`, f returns a pair: the loss, and whatever else is of interest, with Values and numbers in it.
        Of that comes the list, for each sample, as plain numbers: ((mean loss, [aux of each]), gradient).

        >>> from tinygrad_edu import pack
        >>> w = Value(2.0)
        >>> squared = jit(lambda x, y: (((out := w * x) - y) ** 2, {"output": out}))
        >>> (loss, outputs), gradient = squared.value_and_grad(pack([w]), [1.0, 3.0], [1.0, 5.0], aux=True)
        >>> loss, outputs, gradient.tolist()
        (1.0, [{'output': 2.0}, {'output': 6.0}], [4.0])

        Raises TypeError if `theta` is no row of numbers; ValueError if it does not say whose they are, or if f depends
        on none of those, and as `mean` does; RecordingError while another function is recorded, as `map` does.
        """
        numbers = row_in(theta)
        order = theta.parameters if isinstance(theta, Packed) else self._order()
        if len(numbers) != len(order):
            raise ValueError(f"theta holds {len(numbers)} numbers, but there are {len(order)} parameters")
        if watching:
            self._not_recorded("value_and_grad")
        samples = self._samples(columns)
        recording = self._recording(samples, order)
        (loss_and_aux if aux else one_output)(self.name, recording.record.shape, recording.record.outputs)
        index, at = recording.places(order)
        if at is not None and not any(k >= 0 for k in at):
            if not any(row[i] in index for i in recording.asked for row in samples.rows):
                raise ValueError(
                    f"{self.name} depends on none of the parameters in theta, so its gradient would "
                    f"be 0 for all of them: pack those that {self.name} uses (a copied model has others)"
                )
        find = recording.named_gradient if watching and not modes.replaying() else recording.flat_gradient
        values, gradient = find(numbers, samples, order)
        loss = summed(values[0]) / samples.lanes
        if not aux:
            return loss, gradient
        shape = recording.record.shape[2]
        rows = zip(*map(floats, values[1:])) if len(values) > 1 else [()] * samples.lanes
        return (loss, [restored(shape, iter(row)) for row in rows]), gradient

    def record(self, *columns: Iterable[Any]) -> tuple[Value, ...]:
        """Record f for the structure of these samples now, and say which Values it depends on beside them."""
        return tuple(self._recording(self._samples(columns)).record.originals)

    def _order(self) -> tuple[Value, ...]:
        """Whose numbers an array holds that does not say so."""
        if self.parameters is None:
            raise ValueError(
                "this array does not say whose numbers it holds: make it with theta = pack(parameters), "
                "or say so once and for all: jit(f, parameters=parameters)"
            )
        return self.parameters

    def _samples(self, columns: Sequence[Any]) -> Batch:
        """The samples in these columns; of a function without arguments, one."""
        if not columns:
            return Batch(("tuple",), 1, rows=[[]])
        try:
            return batch(columns)
        except OverflowError:
            raise OverflowError("a sample holds an int that is too large for a float, which ends near 1.8e308: "
                                "scale it down, or take its logarithm first") from None  # fmt: skip

    def _not_recorded(self, how: str) -> None:
        """Raise RecordingError while another function is being recorded."""
        if tracing.active():
            raise tracing.RecordingError(
                f"{self.name}.{how} gives plain numbers, which would be baked into what is being recorded: "
                f"call it outside and pass the numbers as arguments, or call {self.name}(x), "
                "which becomes part of the recording"
            )

    def _built(self, shape: Any, leaves: Iterable[Any]) -> Any:
        """f, built anew on Values: as part of a recording that has begun elsewhere, or node by node,
        so that an anomaly is named.
        """
        return self.f(*restored(shape, iter([v if isinstance(v, Value) else Value(v) for v in leaves])))

    def _in_order(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """Arguments by name as arguments by place, up to the last that was given."""
        signature = inspect.signature(self.f)
        bound = signature.bind(*args, **named)
        kinds = {name: p.kind for name, p in signature.parameters.items()}
        only = [name for name in named if kinds.get(name) is not inspect.Parameter.POSITIONAL_OR_KEYWORD]
        if only:
            raise TypeError(
                f"{self.name} has arguments that can only be given by name ({', '.join(only)}): "
                "record a function without"
            )
        if not bound.kwargs:
            return bound.args
        last = max([*kinds].index(name) for name in bound.arguments)
        bound.apply_defaults()  # some before it were left out
        return bound.args[: last + 1]

    def _reduced(
        self, columns: Sequence[Iterable[Any]], reduce: Callable[[list[Any]], Any], count: int | None
    ) -> Value:
        built: Value
        if watching and tracing.active():  # here samples may mix numbers and Values
            given = list(map(_column, columns))
            self._samples([range(len(c)) for c in given])  # raises if they do not fit together
            built = reduce([self._one(self._built(*flat(s))) for s in (zip(*given) if given else [()])])
            return built
        samples = self._samples(columns)
        if watching and not modes.replaying():
            built = reduce([self._one(self._built(samples.shape, row)) for row in samples.rows])
            return built
        recording = self._recording(samples)
        one_output(self.name, recording.record.shape, recording.record.outputs)
        count = count or samples.lanes
        theta, originals = recording.theta(), recording.originals
        rows = samples.rows if recording.asked else []
        parents = (*[row[i] for row in rows for i in recording.asked], *originals) if rows else originals
        if not modes.recording() or not parents:
            return _node(summed(recording.run(theta, samples)[0]) / count, (), ops.detached, ())
        values, dtheta, dX = recording.value_and_grads(theta, samples, 1.0 / count)
        passed = [float(dX[i][lane]) for lane in range(len(rows)) for i in recording.asked]
        gradient = [*passed, *floats(dtheta)] if passed else dtheta

        asked = len(recording.asked)

        def again(given: Sequence[Any], most: int | None = None) -> Any:
            """Each sample, or some of them, with its own Values and with the parameters that all share."""
            shared, n = given[len(given) - len(originals) :], len(samples.rows)
            some = range(n) if most is None else subset(n, most, values[0])
            return reduce(
                [recording.again([*given[i * asked : (i + 1) * asked], *shared], samples.rows[i]) for i in some]
            )

        unscored = recording.record.unscored
        return standin(self.name, summed(values[0]) / count, parents, theta, gradient, again, unscored, samples.lanes)

    def _one(self, built: Any) -> Any:
        """What f has built, which must be one Value."""
        one_output(self.name, *flat(built))
        return built

    def _recording(self, samples: Batch, order: Sequence[Value] = ()) -> Recording:
        """The recording for samples of this structure, made if need be, and then with its parameters in this order."""
        with self._lock:
            if self._edition != ops.edition:  # a row may have been replaced
                self.recordings.clear()
                self._edition = ops.edition
            found = self.recordings.get(samples.shape)
            if found is None:
                with (
                    collector.paused(),
                    modes.anomalies("ignore"),
                ):  # the present numbers may not be those that count
                    found = Recording(
                        self.f, samples, self.backend, self.optimise, self.auto, [*order, *(self.parameters or ())]
                    )
                self.recordings[samples.shape] = found
                made = next(self._made)
                while len(self.recordings) > self.limit:
                    self.recordings.popitem(last=False)
                if made == self.limit + 1:
                    warnings.warn(f"{self!r} has recorded {made} structures of arguments: it records "
                                  "at almost every call. Pass numbers as numbers, in lists of few lengths",
                                  RuntimeWarning, stacklevel=4)  # fmt: skip
            self.recordings.move_to_end(samples.shape)
        found.vouch(self.f, samples)
        return found

    def _latest(self) -> Recording:
        with self._lock:
            if not self.recordings:
                raise RuntimeError("nothing is recorded yet: call the function once")
            return next(reversed(self.recordings.values()))

    @property
    def source(self) -> Source:
        """The latest recording's forward and backward pass, as Python."""
        return Source(self._latest().text)

    @property
    def stats(self) -> Stats:
        """What the latest recording is made of, before and after each optimisation, and what its calls took."""
        return Stats.of(self._latest())

    def __getstate__(self) -> Any:
        return self.f, "auto" if self.auto else self.backend, self.optimise, self.parameters

    def __setstate__(self, state: Any) -> None:
        Jit.__init__(self, *state)

    def __repr__(self) -> str:
        backend = next(reversed(self.recordings.values())).backend if self.recordings else self.backend
        return f"<jit {self.name}: {backend} backend{' (auto)' * self.auto}, {len(self.recordings)} recorded>"


@overload
def jit(f: Callable[P, R], backend: str = "auto", *, optimise: bool | Iterable[str] = True,
        parameters: Iterable[Value] | None = None) -> Jit[P, R]: ...  # fmt: skip
@overload
def jit(f: None = None, backend: str = "auto", *, optimise: bool | Iterable[str] = True,
        parameters: Iterable[Value] | None = None) -> Callable[[Callable[P, R]], Jit[P, R]]: ...  # fmt: skip
def jit(f: Callable[..., Any] | None = None, backend: str = "auto", *, optimise: bool | Iterable[str] = True,
        parameters: Iterable[Value] | None = None) -> Any:  # fmt: skip
    """Record the graph that `f` builds and replay it: `jit(f)`, `@jit` or `@jit(backend="python")`.

    Arguments are numbers and Values in lists, tuples, dicts, dataclasses and arrays (as `value_and_grad` takes them);
    text, bools and None belong to the structure, and each structure is recorded once.  `backend` is

    - "python": straight-line source, one sample after the other, on the standard library alone;
    - "numpy": all samples, and all neurons of a layer, at once (extra [numpy]);
    - "native": in a machine that Numba compiles (extra [jit]);
    - "jax": the same under `jax.numpy`, compiled, on all devices that JAX has (extra [jax]);
    - "auto": native, numpy or python, the first that is installed.

    `optimise` names the optimisations to make, of "dead", "fold", "share" and "wanted" (see `passes`).  `parameters`
    says in which order `value_and_grad` gets them, if its array does not say so itself.  Under `anomalies("raise")`
    nothing is replayed: graphs are built node by node, so that the first anomaly is named.
    Above a method, each instance has its own recordings.
    Raises RecordingError, when it records, if `f` asks a Value that depends on its inputs for a plain number, or gives
    another result by hand, because it asks for the type or the identity of an argument; ImportError, with what to
    install, if the backend's library is missing.  Numbers are computed as float64: a function that computes with
    entries of arrays of another kind among themselves is refused, if it shows; whole numbers of 4 and 8 bytes have no
    end.
    What cannot be seen is repeated as it was: clocks, files, other processes, what lies in collections beyond ten
    thousand things, and what a thread that was there before is asked through a queue, unless it is asked by a function
    that stands inside of `f`.
    """
    if f is None:
        return lambda g: Jit(g, backend, optimise, parameters)
    return Jit(f, backend, optimise, parameters)
