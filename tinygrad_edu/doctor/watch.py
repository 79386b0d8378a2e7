"""The doctor at a training: when to look, how often something must be seen before it is told, and what stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import collector
from ..engine import Value, chain_rule
from ..parameters import stored
from ..usage import chance_kept
from ..words import brief, few, plural
from . import outputs
from .course import Course
from .evidence import Evidence
from .findings import Diagnosis, Finding
from .limits import (
    AT_ONCE,
    AT_START,
    BROKEN,
    CLEAN,
    IF_NOT_WELL,
    LIMITS,
    MOST,
    NOT_BEFORE,
    PATIENCE,
    causes_first,
    severity,
)
from .outcome import diverges, explained, learns_nothing, overfits, stands_still
from .samples import some_samples
from .training import Step, by_layer, cosine_similarity, gradients, updates

NEXT = {"": 1, "1": 2, "2": 5, "5": 10}
Examination = Callable[[Value, Value | None, Any], tuple[list[Finding], dict[str, str], Evidence]]


def next_look(step: int) -> int:
    """The next of the steps 0, 1, 2, 5, 10, 20, 50, ..., at which numbers are looked at.

    >>> [next_look(step) for step in (0, 1, 2, 5, 10, 200)]
    [1, 2, 5, 10, 20, 500]
    """
    digits = str(step) if step else ""
    return NEXT[digits[:1]] * int(10 ** max(0, len(digits) - 1))


@dataclass
class Question:
    """Something that was seen: at how many looks in a row, and for how many it has been gone; the step it was told."""

    finding: Finding
    group: str
    hits: int = 0
    misses: int = 0
    told: int | None = None


class Watch:
    """A doctor who looks at a training now and then: `diagnose.watch(model)` makes one.

    `findings` are those that stand, worst first, each with the `step` at which it was told; `looks` the steps at which
    the graph was looked at; `steps` how many there were.
    """

    def __init__(self, model: Any, parameters: list[Value], data: Any, examine: Examination) -> None:
        self.model, self.parameters, self.data = model, parameters, data
        self.looks: list[int] = []
        self._examine, self._course = examine, Course()
        self._questions: dict[tuple[str, str, str], Question] = {}
        self._mended: list[str] = []
        self._next, self._finite = 0, True
        self._loss: Value | None = None
        self._graph: Callable[[], Value] | None = None
        self._step: Step | None = None  # a step that was looked at, and whose update has not been seen yet
        self._told: list[Finding] = []
        self._left: list[float] | None = None
        self._earlier, self._at = [self._now()], -1
        self._first: list[float] = []
        self._climbs: list[tuple[float, float]] = []
        self._ratios: dict[str, float] = {}
        self._largest: dict[str, float] = {}
        self._numbers: dict[str, str] = {}
        self._layers = by_layer(parameters)
        self._learned: tuple[float, int] | None = None
        self._share = math.nan
        self._zeros = 0  # looks in a row at which every .grad was 0

    def __repr__(self) -> str:
        seen = (
            plural(len(self.parameters), "parameter"),
            plural(self.steps, "step"),
            plural(len(self.findings), "finding"),
        )
        return f"<watch over {', '.join(seen)}>"

    @property
    def steps(self) -> int:
        """How many steps there were."""
        return self._course.steps

    @property
    def findings(self) -> list[Finding]:
        """What was told and has not ended since, worst first."""
        told = [q.finding for q in self._questions.values() if q.told is not None]
        return sorted(told, key=lambda f: (*causes_first(f.what, f.severity), f.step or 0))

    def __call__(self, loss: Any, test: Any = None) -> list[Finding]:
        """One step was taken, with this loss: what is to be told now, normally nothing.

        To be called once a step, after `optimizer.step()`, or before it and after `loss.backward()`.  `loss` is the
        Value on which backward was called; of a plain number only its course is followed, and that of the parameters.
        `test` is the loss on samples that are not learned from, where it is known; told of the same loss again, it is
        no new step.  Raises TypeError for what is no number.
        """
        value, held = _number(loss, "loss"), None if test is None else _number(test, "test")
        known = loss if isinstance(loss, Value) else None
        told = []
        if held is None or known is None or known is not self._loss or self._earlier[-1:] != [self._now()]:
            self.before(value, known)
            told = self.after()
        return told if held is None else told + self.test(held)

    def report(self) -> Diagnosis:
        """A last look, and all that stands: findings, worst first, each with the step at which it was told."""
        course, step = self._course, self.steps - 1
        if step < 0:
            return Diagnosis("a training without a step", {}, [], ["Call watch(loss) in each step of the training."])
        if self.looks[-1:] != [step] and self._graph is not None:
            s = self._seen(step, self._loss, None, False)
            self._look(s, self._graph())
            if s.seen != s.data:
                self._updates(s)
        numbers = {
            **self._numbers,
            "loss": f"{brief(course.first)} at step 0, {brief(course.now)} over the last steps",
        }
        if course.tests:
            numbers["test"] = f"{brief(course.tests[-1][1])}, {brief(min(t[1] for t in course.tests))} at best"
        if self._ratios:
            numbers["update : weight"] = few([f"{brief(r)} in {layer}" for layer, r in self._ratios.items()])
        numbers["looked at"] = (
            f"the graph of {plural(len(self.looks), 'step')}: {', '.join(f'{i:,}' for i in self.looks)}"
            if self.looks
            else "numbers alone: give watch the loss itself, a Value, and its graph is looked at as well"
        )
        doubts = [q.finding.what for q in self._questions.values() if q.told is None and q.misses == 0]
        notes = [f"Seen at the last look alone, which is not enough to tell: {few(doubts)}."] if doubts else []
        return Diagnosis(f"training of {plural(self.steps, 'step')}", numbers, self.findings, notes + self._mended)

    # One step, before the optimizer's and after it: `fit` calls both, whoever has a loop of his own neither.

    def before(self, loss: float, known: Value | None = None, graph: Callable[[], Value] | None = None,
               own: Callable[[], dict[Value, float]] | None = None, force: bool = False) -> None:  # fmt: skip
        """A step with this loss is about to be taken.  What is `known` of it is a Value; if it has none, `graph` builds
        one, of some samples, and `own` is its gradient.  `force` if it will not be taken, because something is wrong.
        """
        self._told, step = [], self.steps
        if self._step is not None:  # watch was called before the optimizer's step
            self._updates(self._step)
        again, self._loss = known is not None and known is self._loss, known
        self._graph = graph if known is None else lambda: some_samples(known, MOST)
        full = self._course.add(loss)
        broken = (force or not math.isfinite(loss)) and self._finite
        if step >= self._next or broken:
            s = self._step = self._seen(step, known, own, again)
            if self._graph is not None and (
                broken or _is_power(step) or str(step)[0] == "2" and self._open("graph", "lesson")
            ):
                self._look(s, self._graph())
            if step >= self._next:
                self._next = next_look(step)
            self._finite = not broken
            if broken:
                self._tell_all(step)
        if full and (self._course.rises() or self._open("course")):
            s = self._step or self._seen(step, known, own, again)
            self._register("course", diverges(s, self._course), step)

    def after(self, final: bool = False) -> list[Finding]:
        """The step was taken, or will be after this."""
        if (s := self._step) is not None:
            s.data = self._now()
            s.zeros = self._zeros = 0 if any(s.kept) else self._zeros + 1
            self._register("gradients", gradients(s), s.number)
            if s.data != s.seen or final:
                self._updates(s)
        step = self.steps - 1
        if self._next - step <= 2:  # to be compared with at the next look
            self._left = stored("grad", self.parameters)
            self._earlier = [*self._earlier[-1:], self._now()] if self._at == step - 1 else [self._now()]
            self._at = step
        return self._told

    def test(self, loss: float) -> list[Finding]:
        """The loss on samples that are not learned from."""
        self._told = []
        self._course.tested(loss)
        step = max(0, self.steps - 1)
        stands = ("test", "overfitting", "") in self._questions
        found = self._course.overfits(stands)
        s = self._step or self._seen(step, self._loss, None, False) if found else None
        self._register("test", overfits(s, self._course) if s else (), step)
        return self._told

    def _now(self) -> list[float]:
        return stored("data", self.parameters)

    def _seen(self, step: int, known: Value | None, own: Callable[[], dict[Value, float]] | None, again: bool) -> Step:
        """What can be said of a step by the numbers that its graph has seen, or else by those of now."""
        data, kept = self._now(), stored("grad", self.parameters)
        before = self._at == step - 1
        seen = data if own or not (before and self._earlier) else self._earlier[-1]
        mine = kept
        if known is not None:
            numbers, totals = _replay(known)
            seen = [numbers.get(p, x) for p, x in zip(self.parameters, data)]
            mine = [float(totals.get(p, 0.0)) for p in self.parameters]
        elif own is not None:
            totals = own()
            mine = [totals.get(p, 0.0) for p in self.parameters]
        if not self._first:
            self._first = seen
        left = self._left if before and step and (known is not None or own) else None
        stands = frozenset(q.finding.what for q in self._questions.values() if q.told is not None)
        return Step(step, self.parameters, seen, mine, kept, left, data, self._earlier if before else [], again,
                    self._shown, self._layers, self._first, self._climbs, self._largest, stands)  # fmt: skip

    def _shown(self, p: Value) -> Value:
        """A graph to show a parameter in: of the loss, if there is one."""
        return p if self._graph is None else self._graph()

    # Looks

    def _look(self, s: Step, root: Value) -> None:
        """All that `diagnose` finds in the graph."""
        self.looks.append(s.number)
        with chance_kept(self.model), collector.paused():
            found, self._numbers, e = self._examine(root, self._loss, self.data)
            whole = self._course.last / root.data if root.data else 1.0  # the batch, against the samples looked at
            found = [f for f in found if f.what not in AT_START or severity("chance", f.numbers["ratio"] * whole)]
            self._register("graph", found, s.number)
            if s.number == 0:
                self._course.samples = e.samples
            self._share = outputs.share(e) if math.isfinite(root.data) else math.nan
            if self.data is not None and s.number >= NOT_BEFORE["learns nothing from the inputs"]:
                self._learned = explained(self.model, *self.data)
        if self._learned is not None:
            self._register("lesson", learns_nothing(s, self._course, *self._learned), s.number)

    def _updates(self, s: Step) -> None:
        """How far the parameters have moved since the graph was built."""
        s.data, self._step = self._now(), None
        self._ratios = s.ratios
        if any(s.update):
            self._climbs.append((cosine_similarity(s.update, s.own), self._course.last))
            if s.number >= NOT_BEFORE["updates too small"]:
                for layer, ratio in s.ratios.items():
                    self._largest[layer] = max(ratio, self._largest.get(layer, 0.0))
        s.learned = self._share < LIMITS["learned"].look
        self._register("updates", updates(s, self._course), s.number)
        share = self._learned[0] if self._learned else None
        self._register("still", stands_still(s, self._course, share, self._share), s.number)

    def _tell_all(self, step: int) -> None:
        """What was seen once is told as well: of a training that is lost there will be no second look."""
        for q in self._questions.values():
            if q.told is None:
                q.told, q.finding = step, replace(q.finding, step=step)
                self._told.append(q.finding)

    def _open(self, *groups: str) -> bool:
        """Whether something was seen at the last look and is not told yet, or was not seen again and has not ended."""
        return any(q.group in groups and (q.told is None or q.misses) for q in self._questions.values())

    def _register(self, group: str, found: Iterable[Finding], step: int) -> None:
        """What one look has seen: some of it is to be told now, and some that stood has ended."""
        seen = set()
        for f in found:
            key = (group, f.what, f.where.split(":")[0] if f.where[:1].isidentifier() and ": " in f.where else "")
            wait = 0 if f.severity == BROKEN else IF_NOT_WELL.get(f.what, 0)
            if step < wait or (wait and self._course.goes_well()) or step < NOT_BEFORE.get(f.what, 0) or key in seen:
                continue
            if step and f.what in AT_START and key not in self._questions:
                continue
            seen.add(key)
            q = self._questions.setdefault(key, Question(f, group))
            q.hits, q.misses = q.hits + 1, 0
            if q.told is None and (q.hits >= PATIENCE or any(exact in f.what for exact in AT_ONCE)):
                q.told = step
                self._told.append(replace(f, step=step))
            q.finding = replace(f, step=q.told)
        for key, q in list(self._questions.items()):
            if q.group == group and key not in seen:
                q.misses += 1
                if q.told is None or q.misses >= CLEAN:
                    del self._questions[key]
                    if q.told is not None:
                        self._mended.append(
                            f"Mended: {q.finding.what}, told at step {q.told:,}, gone by step {step:,}."
                        )


def _is_power(step: int) -> bool:
    """Whether a step is 0 or one of 10, 100, 1000, ..."""
    return step == 0 or step >= 10 and str(step).strip("0") == "1"


def _replay(loss: Value) -> tuple[dict[Value, float], dict[Value, float]]:
    """The numbers that the leaves of a graph had in its forward pass, and its gradient."""
    seen: dict[Value, float] = {}

    def local(n: Value) -> Sequence[float]:
        for p, x in zip(n.parents, n.numbers[1:]):
            if not p.parents:
                seen[p] = x
        return n.op.slopes(*n.numbers)

    return seen, chain_rule(loss, 1.0, local)


def _number(x: Any, what: str) -> float:
    """A loss as a number.  Raises TypeError for what is none."""
    if isinstance(x, Value):
        return x.data
    if isinstance(x, (str, bytes)) or getattr(x, "ndim", None) or not hasattr(x, "__float__"):
        raise TypeError(
            f"watch takes one {what}, a Value or a number, not {type(x).__name__} {x!r:.60}: "
            + ("give it the Value that the loss function returned, or their mean" if what == "loss" else
               "the mean loss over all of them")
        )  # fmt: skip
    return float(x)
