"""What may be switched on around a computation: `no_grad()` and `anomalies("raise")`.

Both are context managers, usable as decorators, and belong to the thread (or task) that entered them:
another thread goes on recording.  The engine asks one question per node, `if watching`, which is an empty
list, and so almost free, as long as nobody anywhere is inside such a block.
"""

from __future__ import annotations

import functools
import gc
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import get_ident
from typing import Any

from . import ops
from .ieee import inf, isfinite

watching: list[object] = []  # one entry per open block, in any thread
_recording: ContextVar[bool] = ContextVar("recording", default=True)
_strict: ContextVar[bool] = ContextVar("strict", default=False)
_anew: ContextVar[bool] = ContextVar("anew", default=False)
_DEFAULTS: dict[ContextVar[bool], bool] = {_recording: True, _strict: False, _anew: False}
_open: ContextVar[tuple[Any, ...]] = ContextVar(
    "open", default=()
)  # blocks, which generators may leave in another order
recorders: list[Any] = []  # one per function that is being recorded, in any thread: see `replay.guard`


@contextmanager
def _block(variable: ContextVar[bool], value: bool) -> Iterator[Any]:
    entry = (variable, value, object())

    def left() -> None:
        _open.set(others := tuple([e for e in _open.get() if e != entry]))
        variable.set(next((v for of, v, _ in reversed(others) if of is variable), _DEFAULTS[variable]))
        if entry in watching:
            watching.remove(entry)

    try:  # a Ctrl-C may land on any line
        try:
            watching.append(entry)
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

    def __init__(self, variable: ContextVar[Any], value: Any) -> None:
        self.mode = functools.partial(_block, variable, value)
        self.entered: dict[int, list[Any]] = {}  # by thread, of which tasks take turns: each leaves its own

    def __enter__(self) -> None:
        block = self.mode()
        self.entered.setdefault(get_ident(), []).append((block.__enter__(), block))

    def __exit__(self, *error: Any) -> None:
        entered, here = self.entered[get_ident()], _open.get()
        last = next((i for i in reversed(range(len(entered))) if entered[i][0] in here), -1)
        entered.pop(last)[1].__exit__(*error)

    def __call__(self, f: Any) -> Any:
        """f in this mode: also the steps of a generator, and what is awaited.

        Raises TypeError for what is no function.
        """
        if isinstance(f, (staticmethod, classmethod)):
            return type(f)(self(f.__func__))
        if isinstance(f, type) or not callable(f):
            what = f"the class {f.__name__}: write it above its methods" if isinstance(f, type) else f"{f!r:.80}"
            raise TypeError(f"this decorates functions, not {what}")

        @functools.wraps(f)
        def called(*args: Any, **named: Any) -> Any:
            with self.mode():
                result = f(*args, **named)
            return self._steps(result) if inspect.isgenerator(result) else result

        @functools.wraps(f)
        def generated(*args: Any, **named: Any) -> Any:
            return (yield from self._steps(f(*args, **named)))

        @functools.wraps(f)
        async def awaited(*args: Any, **named: Any) -> Any:
            with self.mode():
                return await f(*args, **named)

        @functools.wraps(f)
        async def iterated(*args: Any, **named: Any) -> Any:
            steps, sent = f(*args, **named), None
            while True:
                try:
                    with self.mode():
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

    def _steps(self, generator: Any) -> Any:
        """The same generator, in this mode whenever it runs, and out of it while it waits."""
        step, given = generator.send, None
        while True:
            try:
                with self.mode():
                    item = step(given)
            except StopIteration as end:
                return end.value
            try:
                step, given = generator.send, (yield item)
            except GeneratorExit:
                with self.mode():
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
    block = _Block(_recording, False)
    return block if f is None else block(f)


def anomalies(what: str) -> Any:
    """`anomalies("raise")`: the first value or gradient that is not finite becomes a FloatingPointError.

    The error names the operation, its inputs with their labels, and where the operation is defined.
    `anomalies("ignore")`, the default everywhere else, lets inf and nan flow as IEEE 754 has it.

    >>> from tinygrad_edu import Value
    >>> with anomalies("raise"):
    ...     Value(-2.0, label="p").log()
    Traceback (most recent call last):
    FloatingPointError: log(p) = nan: log is defined on (0, inf); its input is p = -2.0
    """
    if what not in ("raise", "ignore"):
        raise ValueError(
            f"anomalies takes 'raise' or 'ignore', got {what!r}: write anomalies(\"raise\"), also above a function"
        )
    return _Block(_strict, what == "raise")


class RecordingError(TypeError):
    """While a function is recorded, it asked for something that every replay would repeat:
    a number that depends on its inputs, or chance.

    Whoever records the function remembers it, and raises it again should the function go on regardless.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        who = recorder()
        if who is not None and who.refusal is None:
            who.refusal = self


def remembering() -> Any:
    """Inside, results have parents, also under a `no_grad()` around it."""
    return _block(_recording, True)


@contextmanager
def by_hand() -> Iterator[None]:
    """Inside, results have parents, and a recorded function is built anew, node by node, as if it were not recorded."""
    with _block(_recording, True), _block(_anew, True):
        yield


def recorder() -> Any:
    """Who records what this thread does, or None."""
    for one in tuple(recorders):  # others come and go meanwhile, and a list that shrinks skips one
        if one.mine():
            return one
    return None


def listened() -> bool:
    """Whether a function is being recorded here."""
    return recorder() is not None


def made(v: Any) -> None:
    """What the modes have to do with a Value that was just made."""
    if recorders:
        hear(v)
    if v.parents:
        if _strict.get():
            check_value(v.data, v.op, v.parents)
        if not _recording.get():
            v.parents, v.op, v.numbers = (), ops.detached, ()


def hear(v: Any) -> None:
    """Tell whoever records here, or what it was computed from, that a Value was made."""
    for one in tuple(recorders):
        if one.mine() or one.handed_out(v.parents):
            one.hear(v)
            return


@contextmanager
def collector_resting() -> Iterator[None]:
    """Without Python's cyclic collector, which would visit every node again and again; then as it was before."""
    enabled = gc.isenabled()
    try:
        gc.disable()
        yield
    finally:
        if enabled:
            gc.enable()


def recording() -> bool:
    """Whether results remember their parents here."""
    return _recording.get()


def strict() -> bool:
    """Whether a value or gradient that is not finite is an error here."""
    return _strict.get()


def replaying() -> bool:
    """Whether recorded functions may be replayed here: an anomaly is found node by node."""
    return not (_strict.get() or _anew.get())


def interval(bounds: Any) -> str:
    """An interval as people write it.

    >>> interval((0.0, inf)), interval((-1.0, 1.0))
    ('(0, inf)', '(-1, 1)')
    """
    return f"({bounds[0]:g}, {bounds[1]:g})"


def check_value(y: float, op: Any, parents: Any) -> None:
    """Raise FloatingPointError if an operation's result is not finite."""
    if isfinite(y):
        return
    names = [p.label or f"{p.data!r}" for p in parents]
    told = [f"{p.label} = {p.data!r}" for p in parents if p.label]
    where = [interval(d) for d in op.domain if d is not ... and d != (-inf, inf)]
    raise FloatingPointError(
        f"{op.name}({', '.join(names[:4])}{', ...' if len(names) > 4 else ''}) = {y}"
        + (f": {op.name} is defined on {' and '.join(where)}" if where else "")
        + (f"; its input{'s are' if len(told) > 1 else ' is'} {', '.join(told[:4])}" if told else ""))  # fmt: skip


def check_gradient(node: Any, g: float, root: Any) -> None:
    """Raise FloatingPointError if a node's gradient is not finite."""
    if not isfinite(g):
        raise FloatingPointError(
            f"the gradient of {root.label or root.op.name!r} with respect to {node.label or node.op.name!r} "
            f"(value {node.data!r}) is {g}: no .grad was changed. Look at the local gradients of what it feeds, "
            "with .local_grads()"
        )
