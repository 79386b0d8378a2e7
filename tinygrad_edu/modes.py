"""What may be switched on around a computation: `no_grad()`, and `anomalies("raise")` or `anomalies("warn")`.

Both are context managers, usable as decorators, and belong to the thread (or task) that entered them:
another thread goes on recording.  The engine asks one question per node, `if watching`, which is an empty
list, and so almost free, as long as nobody anywhere is inside such a block.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import get_ident
from typing import Any

from . import callsites, infinities, ops, tracing
from .ieee import isfinite

watching: list[object] = []  # one entry per open block, in any thread, but for
forgetting: list[object] = []  # those of no_grad()
_recording: ContextVar[bool] = ContextVar("recording", default=True)
_watch: ContextVar[Detector | None] = ContextVar("watch", default=None)
_anew: ContextVar[bool] = ContextVar("anew", default=False)
_DEFAULTS: dict[ContextVar[Any], Any] = {_recording: True, _watch: None, _anew: False}
_open: ContextVar[tuple[Any, ...]] = ContextVar(
    "open", default=()
)  # blocks, which generators may leave in another order


recording = _recording.get  # whether results remember their parents here


class Detector:
    """What one block does about numbers that are not finite; meanwhile each node that is made keeps its line."""

    def __init__(self, what: str) -> None:
        self.what, self.told = what, False

    def found(self, message: str) -> None:
        """Raise FloatingPointError, or warn, once; a block that only wants lines does neither."""
        if self.what == "raise":
            raise FloatingPointError(message)
        if self.what == "warn" and not self.told:
            self.told = True
            warnings.warn(message, RuntimeWarning, stacklevel=callsites.stacklevel())

    @property
    def asks(self) -> bool:
        """Whether an anomaly would still be told."""
        return self.what == "raise" or self.what == "warn" and not self.told


@contextmanager
def _block(variable: ContextVar[Any], value: Any) -> Iterator[Any]:
    entry = (variable, value, object())
    there = forgetting if variable is _recording and not value else watching

    def left() -> None:
        _open.set(others := tuple([e for e in _open.get() if e != entry]))
        variable.set(next((v for of, v, _ in reversed(others) if of is variable), _DEFAULTS[variable]))
        if entry in there:
            there.remove(entry)

    try:  # a Ctrl-C may land on any line
        try:
            there.append(entry)
            _open.set((*_open.get(), entry))
            variable.set(value)
            yield entry
        finally:
            left()
    finally:
        left()  # said twice is no error


class _Block:
    """A mode for as long as a `with` block lasts, or, above a function, each of its calls;
    one may be used again, and in itself.
    """

    def __init__(self, variable: ContextVar[Any], value: Callable[[], Any]) -> None:
        self.mode, self.value = functools.partial(_block, variable), value  # a value for each block: it warns once
        self.entered: dict[int, list[Any]] = {}  # by thread, of which tasks take turns: each leaves its own

    def __enter__(self) -> None:
        block = self.mode(self.value())
        self.entered.setdefault(get_ident(), []).append((block.__enter__(), block))

    def __exit__(self, *error: Any) -> None:
        entered, here = self.entered[get_ident()], _open.get()
        last = next((i for i in reversed(range(len(entered))) if entered[i][0] in here), -1)
        entered.pop(last)[1].__exit__(*error)

    def __call__(self, f: Any) -> Any:
        """f in this mode: also the steps of a generator, and what is awaited.

        Raises TypeError for what is no function.
        """
        import inspect  # which takes as long to load as the engine

        if isinstance(f, (staticmethod, classmethod)):
            return type(f)(self(f.__func__))
        if isinstance(f, type) or not callable(f):
            what = f"the class {f.__name__}: write it above its methods" if isinstance(f, type) else f"{f!r:.80}"
            raise TypeError(f"this decorates functions, not {what}")

        @functools.wraps(f)
        def called(*args: Any, **named: Any) -> Any:
            with self.mode(value := self.value()):
                result = f(*args, **named)
            return self._steps(result, value) if inspect.isgenerator(result) else result

        @functools.wraps(f)
        def generated(*args: Any, **named: Any) -> Any:
            return (yield from self._steps(f(*args, **named), self.value()))

        @functools.wraps(f)
        async def awaited(*args: Any, **named: Any) -> Any:
            with self.mode(self.value()):
                return await f(*args, **named)

        @functools.wraps(f)
        async def iterated(*args: Any, **named: Any) -> Any:
            steps, sent, value = f(*args, **named), None, self.value()
            while True:
                try:
                    with self.mode(value):
                        item = await steps.asend(sent)
                except StopAsyncIteration:
                    return
                sent = yield item

        kinds = {
            inspect.isgeneratorfunction: generated,
            inspect.iscoroutinefunction: awaited,
            inspect.isasyncgenfunction: iterated,
        }
        return next((wrapper for is_one, wrapper in kinds.items() if is_one(f)), called)

    def _steps(self, generator: Any, value: Any) -> Any:
        """The same generator, in this mode whenever it runs, and out of it while it waits."""
        step, given = generator.send, None
        while True:
            try:
                with self.mode(value):
                    item = step(given)
            except StopIteration as end:
                return end.value
            try:
                step, given = generator.send, (yield item)
            except GeneratorExit:
                with self.mode(value):
                    generator.close()
                raise
            except BaseException as error:
                step, given = generator.throw, error


def no_grad(f: Any = None) -> Any:
    """Inside, results have no parents: numbers are computed and nothing is remembered.

    A block, `with no_grad():`, or above a function, `@no_grad()` or `@no_grad`: then its calls, the steps of a
    generator and what a coroutine awaits are inside.  Raises TypeError above a class.

    >>> from tinygrad_edu import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y, y.parents
    (Value(9.0), ())
    """
    block = _Block(_recording, lambda: False)
    return block if f is None else block(f)


def anomalies(what: str) -> Any:
    """`anomalies("raise")`: the first value or gradient that is not finite is a FloatingPointError; "warn": a warning.

    It names the operation, its inputs with their labels, where the operation is defined, and the line of your code
    that made the node; of a gradient, upstream × local on the edge where it stops being finite.  "warn" gives one
    RuntimeWarning for each block, or for each call of a function under `@anomalies("warn")`, and goes on with inf and
    nan as IEEE 754 has it, as does "ignore", the default everywhere else.  Inside, recorded functions are built node
    by node.  Raises ValueError for another word.

    >>> from tinygrad_edu import Value
    >>> with anomalies("raise"):
    ...     y = Value(-2.0, label="p").log()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FloatingPointError: log(p) = nan: log is defined on (0, inf); its input is p = -2.0; at ...:2: y = Value(-2.0, ...
    """
    if what not in ("raise", "warn", "ignore"):
        raise ValueError(
            f"anomalies takes 'raise', 'warn' or 'ignore', got {what!r}: write anomalies(\"raise\"), or above a "
            'function @anomalies("raise")'
        )
    return _Block(_watch, lambda: None if what == "ignore" else Detector(what))


def remembering() -> Any:
    """Inside, results have parents, also under a `no_grad()` around it."""
    return _block(_recording, True)


@contextmanager
def by_hand() -> Iterator[None]:
    """Inside, results have parents, and a recorded function is built anew, node by node, as if it were not recorded."""
    with _block(_recording, True), _block(_anew, True):
        yield


@contextmanager
def lines() -> Iterator[None]:
    """Inside, each node keeps the line that made it, and recorded functions are built anew; nothing is raised."""
    with _block(_watch, Detector("lines")):
        yield


def made(v: Any) -> None:
    """What the modes have to do with a Value that was just made."""
    if tracing.recorders:
        tracing.hear(v)
    if v.parents:
        if (watch := _watch.get()) is not None:
            callsites.mark(v)
            if not isfinite(v.data) and watch.asks:
                watch.found(infinities.value_told(v))
        if not _recording.get():
            v.parents, v.op, v.numbers = (), ops.detached, ()


def strict() -> bool:
    """Whether a value or gradient that is not finite is an error or a warning here."""
    watch = _watch.get()
    return watch is not None and watch.what != "lines"


def replaying() -> bool:
    """Whether recorded functions may be replayed here: an anomaly is found node by node."""
    return _watch.get() is None and not _anew.get()


def check_gradients(order: Sequence[Any], totals: Mapping[Any, float]) -> None:
    """What the modes have to do with the gradients of a backward pass, none of which has been added yet."""
    watch = _watch.get()
    if watch is not None and watch.asks and not all(map(isfinite, totals.values())):
        told = infinities.gradient_told(order, totals)
        watch.found(f"{told}; no .grad was changed" if watch.what == "raise" else told)
