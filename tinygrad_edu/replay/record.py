"""Record once: what a function computed, as a graph whose leaves are known: inputs, parameters, constants.

The function runs eagerly, on ordinary numbers, while no number that may change can be looked at (see `guard`).  Then it
runs once more, on other Values in place of those that were passed, and after the random numbers have moved on; what
differs between the two runs, and what it keeps from one to the next (see `state`), is an error too.  In between it runs
as if it were called by hand: if a number that is no Value leads it elsewhere, it asks for types.
"""

from __future__ import annotations

import operator
import random
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from .. import chance
from ..engine import Value, constant, topological
from ..graphs import rebuilt
from ..ieee import number
from ..tracing import RecordingError
from ..trials import check_memory
from .byhand import Typed, close, result_by_hand, some_of
from .guard import NUMBER, PASSED, Recorder, guarded, released
from .state import Identity, State
from .structure import flat, of_values

_data_of = Value._data.__get__  # type: ignore[attr-defined]


class Record:
    """The graph that a function built, on nodes of our own.

    `order`: its nodes, parents first; `inputs` and `parameters`: the leaves that change; `originals`: the user's own
    parameters, in the order of `parameters`; `outputs`: what the function returned, of which the first is the `root` of
    backward passes; `shape`: how outputs lie in lists (see `structure`); `made`: how many nodes there were when it was
    recorded; `identity`: what else the function may ask about the Values that it is given, if it asks; `types`: whether
    it may ask for the type of what it is given.
    """

    identity: Identity | None = None
    types = False

    def __init__(self, order: list[Value], inputs: list[Value], parameters: list[Value], originals: list[Value],
                 outputs: list[Value], shape: Any, made: int) -> None:  # fmt: skip
        self.order, self.inputs, self.parameters, self.originals = order, inputs, parameters, originals
        self.outputs, self.root, self.shape, self.made = outputs, outputs[0], shape, made
        self.unscored = str(next((n.distribution for n in chance.unscored(filter(chance.is_marked, order))), ""))  # type: ignore[attr-defined]

    def sort(self, order: Sequence[Value]) -> None:
        """Put the parameters in the order of the user's own; those that are not in it come last."""
        place = {p: i for i, p in enumerate(order)}
        pairs = sorted(zip(self.originals, self.parameters), key=lambda pair: place.get(pair[0], len(place)))
        self.originals, self.parameters = [p for p, _ in pairs], [p for _, p in pairs]


class _Run:
    """One run of a function: what it was given, what it made, what it returned."""

    identity: Identity | None = None
    types = False

    def __init__(self, recorder: Recorder, f: Callable[..., Any], leaves: Sequence[Any],
                 rebuild: Callable[[Sequence[Any]], Any], themselves: bool) -> None:  # fmt: skip
        """Values are passed `themselves`, as in an eager call, or as others of the same number."""
        self.leaves = leaves

        def given(leaf: Any) -> Value:
            if not isinstance(leaf, Value):
                return Value(number(leaf))
            return leaf if themselves else Value(_data_of(leaf), label=leaf.label)

        self.traced = list(map(given, leaves))
        kinds = [PASSED if isinstance(leaf, Value) else NUMBER for leaf in leaves]
        recorder.begin(list(zip(self.traced, kinds)), not themselves)
        try:
            self.shape, self.outputs = flat(f(*rebuild(self.traced)))
        except Exception:
            if recorder.refusal:
                raise recorder.refusal from None
            raise
        if recorder.refusal:
            raise recorder.refusal
        if self.shape[:2] == ("tuple", "Value") and len(self.shape) == 3:  # a number beside a loss is a constant
            self.shape = of_values(self.shape)
            self.outputs = [y if isinstance(y, Value) else constant(y) for y in self.outputs]
        self.made = [*recorder.made]  # which goes on growing
        if not self.outputs or not all(isinstance(y, Value) for y in self.outputs):
            got = next(
                (f"{type(y).__name__} {y!r}" for y in self.outputs if not isinstance(y, Value)),
                "none: is there a `return`?",
            )
            raise TypeError(f"a recorded function returns a Value, or Values in lists, got {got}")

    def numbers(self) -> list[float]:
        """What it returned, as numbers."""
        return [*map(_data_of, self.outputs)]

    def known(self) -> set[Value]:
        """All but what was there before."""
        return {*self.traced, *self.made}

    def order(self, roots: Sequence[Value]) -> list[Value]:
        """As `topological`, down to what was there before."""
        known = self.known()
        before = {p for n in [*self.made, *roots] for p in (n, *n.parents) if p not in known}
        return topological(tuple(roots), stop=before.union(self.traced))

    def plainly(self, other: _Run) -> bool:
        """Whether both made the same nodes in the same order, as nearly all do: `graph` says so of all others."""
        if self.shape != other.shape or len(self.made) != len(other.made) or len({*self.traced}) < len(self.traced):
            return False
        twin = dict(zip(self.traced, other.traced))
        of = twin.get
        for n, m in zip(self.made, other.made):
            if n.op is not m.op and (n.op.name, repr(n.op.recipe)) != (m.op.name, repr(m.op.recipe)):
                return False
            if n.parents:
                if not _same([of(p, p) for p in n.parents], m.parents):
                    return False
            elif repr(n.data) != repr(m.data):
                return False
            twin[n] = m
        return _same([of(y, y) for y in self.outputs], other.outputs)

    def graph(self) -> list[Any]:
        """What it returned, to be compared with another run: whatever was passed counts as
        the Value that it stands for.
        """
        stands: dict[Value, Any] = {
            t: leaf if isinstance(leaf, Value) else i for i, (t, leaf) in enumerate(zip(self.traced, self.leaves))
        }
        known, place = self.known(), dict[Value, Any]()
        told: list[Any] = []
        for n in self.order(self.outputs):
            if n in stands or n not in known:
                place[n] = stands.get(n, n)
                continue
            place[n] = ("made", len(told))
            told.append(
                (n.op.name, repr(n.op.recipe), *[place[p] for p in n.parents])
                if n.parents
                else (n.op.name, repr(n.data))
            )
        return [self.shape, *[place[y] for y in self.outputs], *told]


def _same(some: Sequence[Value], others: Sequence[Value]) -> bool:
    return len(some) == len(others) and all(map(operator.is_, some, others))


def record(
    f: Callable[..., Any],
    leaves: Sequence[Any],
    rebuild: Callable[[Sequence[Any]], Any],
    dead: bool = True,
    typed: Typed | None = None,
) -> Record:
    """Run `f(*rebuild(traced leaves))` and keep the graph, unless `dead` is False without the
    nodes that nothing depends on.

    A parameter is whatever Value `f` uses that it neither was given nor made.
    `typed` is what f would be called with by hand.
    Raises RecordingError; TypeError if `f` returns anything but Values, alone or in lists and tuples.
    """
    recorder, streams = Recorder(), Streams()

    def once_more(themselves: bool) -> tuple[_Run, str | None]:
        """A run, and what it changed that the next one will find so."""
        before, chance = State(f), streams.now()
        recorder.inner = before.inner
        try:
            run = _Run(recorder, f, leaves, rebuild, themselves)
        except RecordingError:
            raise
        except Exception as error:
            raise RecordingError(ELSE.format(f"called again, it raised {type(error).__name__}: {error}")) from error
        after = State(f)
        run.identity, run.types = after.identity, after.types
        drew = recorder.drew or streams.now() != chance and (streams.alone or after.draws)  # others may have drawn too
        streams.alone |= drew  # they are the function's, to be given back
        return run, "random numbers were drawn" if drew else before.changed(after)

    try:
        with streams:
            with guarded(recorder):
                first = _Run(recorder, f, leaves, rebuild, True)
            values = all(isinstance(x, Value) for x in leaves)
            called = result_by_hand(f, typed.arguments(typed.leaves)) if typed and not values else None
            with guarded(recorder):
                streams.elsewhere()
                kept, changed = once_more(False)
            if changed or not first.plainly(kept) and first.graph() != kept.graph():
                with guarded(recorder):  # a parameter may have been made at the first
                    last, changed = once_more(True)
                if changed:
                    raise RecordingError(ELSE.format(changed if " " in changed else f"it changes {changed}"))
                if kept.graph() != last.graph():
                    raise RecordingError(
                        ELSE.format(
                            "what it computes depends on chance, or on which Value it is given (`is`, id, hash)"
                        )
                    )
                if not close(first.numbers(), kept.numbers()):
                    told = some_of(first.numbers()), some_of(kept.numbers())
                    raise RecordingError(ELSE.format("its first call gives {}, every other {}".format(*told)))
    finally:
        released(recorder)  # a Ctrl-C may have landed on the way into a block, or out of it
    if typed and called and not (called[0] == kept.shape and close(called[1], kept.numbers())):
        raise typed.differs(called[1], kept.numbers())
    del first  # the copies take its room
    return _copied(kept, dead)


ELSE = (
    "the function does something else at every call: {}. Random numbers, counters and whatever else changes "
    "are passed as arguments, because every replay would use those of the recording"
)


class Streams:
    """The global streams of random numbers, which a recording leaves as they were,
    unless other threads may be using them.
    """

    def __init__(self) -> None:
        self.alone = threading.active_count() == 1

    def now(self) -> tuple[Any, Any]:
        """Where they are."""
        numpy_random = sys.modules.get("numpy.random")
        if numpy_random is None:
            return random.getstate(), None
        name, key, *rest = numpy_random.get_state()
        return random.getstate(), (name, key.tobytes(), *rest)

    def elsewhere(self) -> None:
        """Other numbers than those that would have come next."""
        if self.alone:
            random.seed(0)
            if "numpy.random" in sys.modules:
                sys.modules["numpy.random"].seed(0)

    def __enter__(self) -> Streams:
        numpy_random = sys.modules.get("numpy.random")
        self._before = random.getstate(), numpy_random and numpy_random.get_state()
        return self

    def __exit__(self, *_: object) -> None:
        if self.alone:
            random.setstate(self._before[0])
            if self._before[1]:
                sys.modules["numpy.random"].set_state(self._before[1])


def _copied(run: _Run, dead: bool) -> Record:
    """The graph on nodes of our own, so that the user's Values are neither kept alive
    (but for parameters) nor changed.
    """
    order, known = run.order([*run.outputs, *(() if dead else run.made)]), run.known()
    originals = [n for n in order if n not in known]

    def copied(n: Value, parents: tuple[Value, ...]) -> Value:
        check_memory(n)
        v = Value(n.data, label=n.label)
        v.op, v.numbers, v.parents = n.op, n.numbers, parents
        return v

    twin = rebuilt(order, {n: Value(n.data, label=n.label) for n in (*run.traced, *originals)}, copied)
    for n in filter(chance.is_marked, order):
        chance.hand_on(n, twin[n], twin)
    parameters = [twin[n] for n in originals]
    made = len(run.made) + len(run.traced) + len(parameters)
    found = Record(
        [twin[n] for n in order],
        [twin[t] for t in run.traced],
        parameters,
        originals,
        [twin[n] for n in run.outputs],
        run.shape,
        made,
    )
    found.identity, found.types = run.identity, run.types
    return found
