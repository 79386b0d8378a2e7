"""Backprop-Q: every random choice has a function that has learned what follows from it, and stands in for its costs.

>>> import random
>>> from tinygrad_edu.stochastic import Bernoulli, expected, surrogate
>>> first, other, state = (Value(0.0, label=name) for name in ("first", "other", "state"))
>>> critic = Critic(lambda size: Table(size, keep=0.95), td=True, all_outcomes=True)
>>> def two_steps(rng):
...     a = Bernoulli(logit=first).sample(rng)             # 1 costs 0.2 now, and leads to another place,
...     b = Bernoulli(logit=other + state * a).sample(rng)     # where 1 costs nothing, and 0 costs 1
...     return [0.2 * a, 0.5 * (1 - a) + a * (1 - b)]
>>> rng = random.Random(0)
>>> round(expected(two_steps).data, 4)
0.6
>>> for _ in range(300):
...     costs = two_steps(rng)
...     surrogate(costs, estimator=critic).backward()      # the actor: choices move to what the critic thinks cheap
...     critic.learn(costs)                                # the critic: what it thinks moves to what it has seen
...     for p in (first, other, state):
...         p.data, p.grad = p.data - p.grad, 0.0
>>> expected(two_steps).data < 0.25                        # the best is 0.2
True

That is an actor and a critic, though nobody has built either: the critic is the surrogate cost of a choice, and the
actor is the chain rule, which goes on through whatever is deterministic.  What a Q-function sees is found in the graph:
`separation` has the theorem, `qfunctions` what may learn.
Source: Xu, Zu, Zhou, "Backprop-Q: Generalized backpropagation for stochastic computation graphs" (2018).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .. import functional as F
from .. import ieee, modes, tracing
from ..chance import is_drawn
from ..engine import Value, topological
from ..errors import UserError
from ..graphs import rebuilt
from ..names import labels
from ..ops import REAL, Op
from .distributions import generator
from .estimators import Estimator, log_probability
from .qfunctions import Table, how_many, weighty
from .rows import hold, score
from .separation import Graph, is_passed, is_random, leaves_of
from .substitution import Influence, choices, costs_of, terms_of

WEIGHED = "The surrogate loss hands {} what Q expects of each outcome, weighed by its probability."


class Lesson(NamedTuple):
    """What one run has to teach to one Q-function: seeing these numbers, expect this cost."""

    name: str
    seen: tuple[float, ...]
    target: float
    weight: float = 1.0  # of a run that was remembered: how much likelier it is now than it was


class Critic(Estimator):
    """An estimator that puts Q(what it must see) in the place of the costs of a choice; its Q-functions learn apart.

    `make(size)` gives a Q-function of so many numbers, one for each choice: `Table`, `Linear`, or a function that makes
    a `Network`.  It may also be a dict of Q-functions by name, any functions of a list of numbers: without `learn` they
    stay as they are.  A choice is known by its label, the second of a run with the same label as b_2, and without one
    by its order, parents first, as choice 1, choice 2; so runs must make the same choices, or label them.

    `surrogate(costs, estimator=critic)` scores each choice with its Q, and with `all_outcomes` weighs the Q of every
    outcome by its probability, so that no variance is left of this choice.  The gradient is unbiased once Q is right,
    and only then; see `separation.critic_set` for what Q sees.

    `critic.learn(costs)` teaches what one run has cost: Monte Carlo, or with `td` the costs up to the next choices, and
    from there on what their Q-functions expect (temporal differences), wherever the graph says that these know enough.
    With `memory` runs are remembered, and `replay` teaches them again.
    """

    biased, by_outcome = True, True

    def __init__(self, make: Callable[[int], Any] | Mapping[str, Callable[..., Any]] = Table, *, td: bool = False,
                 all_outcomes: bool = False, memory: int = 0) -> None:  # fmt: skip
        if not isinstance(make, (Mapping, type)) and (not callable(make) or hasattr(make, "learn")):
            raise TypeError(
                "Critic takes what makes a Q-function of so many numbers, Table or lambda size: Linear(size), or "
                f"Q-functions by name in a dict; got {make!r:.80}"
            )
        self.td, self.all_outcomes, self.memory = td, all_outcomes, how_many("memory", memory)
        self.q: dict[str, Any] = dict(make) if isinstance(make, Mapping) else {}
        self._make = None if isinstance(make, Mapping) else make
        self._sizes: dict[str, int] = {}
        self._met: dict[tuple[str, int, bool], list[Met]] = {}
        self._rows: dict[str, Op] = {}
        self._runs: deque[tuple[Run, dict[Value, float]]] = deque(maxlen=self.memory)

    @property
    def judge(self) -> Critic:
        return self

    def given(self, *state: Any, name: str = "") -> GivenState:
        """For one choice, `.sample(rng, estimator=critic.given(s))`: its Q sees these Values or numbers as well.

        What they make needless it no longer sees: given the state of a game, not the moves that led there.  Choices of
        the same `name` share one Q-function, as the steps of a loop do.  What is drawn anew for every run without a
        distribution, such as the features of a sample, must be given.
        """
        return GivenState(self, state, name)

    def signals(self, costs: list[Value], own: Collection[Value]) -> list[Value]:
        """For each of `own` choices a term whose value is 0, and whose gradient is that of its probability times Q."""
        if tracing.active():
            raise tracing.RecordingError(
                "a critic learns, and every replay would repeat what it knew while it was recorded: run it eagerly"
            )
        found = []
        for node in Run(self, costs, own).nodes:
            of, row = node.choice.distribution, self._row(node.name)  # type: ignore[attr-defined]
            if not node.below:
                continue
            if self.all_outcomes:
                total = F.sum([p * row(x, *node.seen[1:]) for x, p in of.outcomes()])
                if isinstance(total, Value):
                    found.append(total - hold(total))
                    vars(found[-1]).update(carries=(node.choice,), said=WEIGHED)
            elif isinstance(logp := log_probability(node.choice), Value):
                found.append(score(logp, row(*node.seen)))
                vars(found[-1])["scores"] = node.choice  # for readers
        return found

    def _row(self, name: str) -> Op:
        """A Q-function as a row, so that it is computed anew where another estimator changes what it sees."""
        if name not in self._rows:
            self._rows[name] = Op(f"Q {name}", lambda *xs: self._q(name, xs), lambda y, *xs: (0.0,) * len(xs),
                                  domain=(REAL, ...), recipe=(self._row, (name,)))  # fmt: skip
        return self._rows[name]

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_rows": {}}  # a row asks for its critic

    def _q(self, name: str, xs: Sequence[float]) -> float:
        with modes.no_grad():
            return float(self.q[name](xs))

    def meet(self, name: str, size: int, leaves: list[Value], read: list[Value]) -> None:
        """Have a Q-function of that name; see to it that it is asked what it was asked before.

        `leaves` are numbers that it does not see and from which both choice and costs are computed: they must be the
        same in every run.  `read` are those of its distribution: that of one run must not come again after another's.
        """
        if name not in self.q:
            if self._make is None:
                raise UserError(
                    f"there is no Q-function for {name!r} among {', '.join(map(repr, self.q))}: a choice is known by "
                    "its label, or else by its order"
                )
            self.q[name] = self._make(size)
        if (before := self._sizes.setdefault(name, size)) != size:
            raise UserError(
                f"the Q-function of {name!r} sees {size} number{'s' * (size != 1)} here, and saw {before} elsewhere: "
                "is it the same choice? Label choices that are not, b.label = 'b'; those that are and share it must be "
                "given all that matters, .sample(rng, estimator=critic.given(state, name=...))"
            )
        for numbers, shared in ((leaves, True), (read, False)):
            if (key := (name, len(numbers), shared)) not in self._met:
                self._met[key] = [Met(leaf) for leaf in numbers]
            for met, leaf in zip(self._met[key], numbers):
                if met.changed(leaf) if shared else met.returned(leaf):
                    raise UserError(
                        f"the number {leaf.label or f'{leaf.data:.6g}'} from which {name!r} is "
                        + (f"computed, and its costs, was {met.number:.6g}" if shared else "drawn was another")
                        + " elsewhere, and Q does not see it. If every run draws its own, let it see: .sample(rng, "
                        "estimator=critic.given(x)), with x in a Value. If it is a setting, make it one Value for all "
                        "runs, and change its .data. If a state decides which of many it is, write lookup(table, state)"
                    )

    # Learning

    def lessons(self, costs: Any) -> list[Lesson]:
        """What a run teaches, the last choice first: nothing is learned yet."""
        run = self._run(costs)
        return list(self._lessons(run, {n: n.data for n in run.graph.order}, {}))

    def learn(self, costs: Any, weight: float = 1.0) -> None:
        """Teach the Q-functions what one run has cost, the last choice first; `costs` as `surrogate` takes them.

        All choices learn that name this critic or no estimator.  With the probabilities of `outcomes` as `weight`, a
        `Table` becomes exact.
        """
        run = self._run(costs)
        self._taught(self._lessons(run, {n: n.data for n in run.graph.order}, {}), weighty(weight))
        if self.memory:
            self._remembered(run)

    def remember(self, costs: Any) -> None:
        """Keep a run for `replay`, and learn nothing yet.  Raises UserError without `memory`."""
        if not self.memory:
            raise UserError("this critic has no memory: make it with Critic(..., memory=1000)")
        self._remembered(self._run(costs))

    def replay(self, rng: Any, runs: int = 1) -> None:
        """Teach so many of the remembered runs again, drawn by `rng`, as if the parameters of now had made them.

        What is deterministic is computed anew.  A lesson's weight is the probability now, divided by that of then, of
        the choices that Q does not see and that its target depends on (importance weights).
        """
        rng, runs = generator(rng, "a memory"), how_many("runs", runs)
        for _ in range(runs if self._runs else 0):
            self._taught(self._replayed(*self._runs[int(rng.random() * len(self._runs))]), 1.0)

    def replayed(self) -> Iterator[list[Lesson]]:
        """The lessons of every remembered run, as they are now, the oldest run first."""
        for run, then in self._runs:
            yield list(self._replayed(run, then))

    def _run(self, costs: Any) -> Run:
        terms = [t for cost in costs_of(costs, "a critic") for t in terms_of(cost)]
        own = [c for c in choices(terms) if getattr(c.estimator or self, "judge", None) is self]  # type: ignore
        return Run(self, terms, own)

    def _remembered(self, run: Run) -> None:
        then = {}
        for c in run.graph.order:
            if is_drawn(c) and not is_passed(c):
                seen = c.distribution.on(c.numbers[1:-1])  # type: ignore[attr-defined]
                then[c] = float(seen.log_prob(c.data))
        self._runs.append((run, then))

    def _replayed(self, run: Run, then: dict[Value, float]) -> Iterator[Lesson]:
        def again(n: Value, xs: tuple[float, ...]) -> Any:
            return n.data if not xs or (is_random(n) and not is_passed(n)) else n.op(*xs)

        now: dict[Value, float] = rebuilt(run.graph.order, {}, again)
        moved = {}
        for c, logp in then.items():
            numbers = [now[p] if isinstance(p, Value) else p for p in c.distribution.parameters]  # type: ignore
            moved[c] = float(c.distribution.on(numbers).log_prob(c.data)) - logp  # type: ignore[attr-defined]
        return self._lessons(run, now, moved)

    def _lessons(self, run: Run, now: dict[Value, float], moved: dict[Value, float]) -> Iterator[Lesson]:
        for node in reversed(run.nodes):
            ahead = node.ahead if self.td else []
            paid = [t for t in node.below if not any(t in n.below for n in ahead)]
            seen = [[now[x] if isinstance(x, Value) else float(x) for x in n.seen] for n in (node, *ahead)]
            target = math.fsum([*[now[t] for t in paid], *[self._q(n.name, xs) for n, xs in zip(ahead, seen[1:])]])
            weight = 1.0
            if moved and node.below:
                known = {x for x in node.seen if isinstance(x, Value)}
                met = [x for n in ahead for x in n.seen if isinstance(x, Value) and x not in known]
                _, needed = run.graph.ball([*paid, *met], known)
                weight = ieee.exp(math.fsum([moved[c] for c in needed if c in moved]))
            if node.below:
                yield Lesson(node.name, tuple(seen[0]), target, weight)

    def _taught(self, lessons: Iterator[Lesson], weight: float) -> None:
        for name, seen, target, of_run in lessons:  # one after the other: the next target reads what was just learned
            if hasattr(self.q[name], "learn"):
                self.q[name].learn(seen, target, weighty(weight * of_run))

    def __repr__(self) -> str:
        told = [f"{k}={v!r}" for k, v in (("td", self.td), ("all_outcomes", self.all_outcomes)) if v]
        return f"Critic({', '.join([*told, f'{len(self.q)} Q-functions'])})"


class GivenState(Estimator):
    """A critic for one choice that is to see some values; made by `Critic.given`."""

    biased, by_outcome = True, True

    def __init__(self, critic: Critic, state: Sequence[Any], name: str) -> None:
        self.judge, self.state, self.name = critic, state, name


class Met:
    """A leaf as a Q-function first met it, or another in its place."""

    def __init__(self, leaf: Value) -> None:
        self.leaf, self.number, self.replaced = leaf, leaf.data, False

    def changed(self, leaf: Value) -> bool:
        """Whether that is another number, not made again nor set anew."""
        return leaf is not self.leaf and not (leaf.data == self.number == self.leaf.data)

    def returned(self, leaf: Value) -> bool:
        """Whether it comes again after another was in its place: it was not made anew for each run."""
        self.replaced = self.replaced or leaf is not self.leaf
        return self.replaced and leaf is self.leaf


class StochasticNode:
    """A choice in one run: what its Q sees, and the costs that it influences."""

    def __init__(self, choice: Value, name: str, seen: list[Any], below: list[Value]) -> None:
        self.choice, self.name, self.seen, self.below = choice, name, seen, below
        self.ahead: list[StochasticNode] = []


def _names(made: Sequence[Value]) -> dict[Value, str]:
    """Labels, each its own, and numbers for choices without one."""
    found = labels(made)
    return {c: found.get(c, f"choice {i}") for i, c in enumerate(made, 1)}


class Run:
    """The choices of one run that a critic judges, parents first, and how they hang together."""

    def __init__(self, critic: Critic, terms: Sequence[Value], own: Collection[Value]) -> None:
        views = {c: c.estimator if isinstance(c.estimator, GivenState) else None for c in own}  # type: ignore[attr-defined]
        states = {c: list(view.state) if view else [] for c, view in views.items()}
        self.graph = Graph([*terms, *[x for state in states.values() for x in state if isinstance(x, Value)]])
        self.nodes: list[StochasticNode] = []
        known = Influence(terms)
        names = _names(known.choices)
        for c in own:
            below = [t for t in terms if known.of(c, t)]
            seen, visited = self.graph.seen(c, below, [x for x in states[c] if isinstance(x, Value)])
            inner = seen[: len(seen) - sum(isinstance(x, Value) for x in states[c])]
            name = getattr(views[c], "name", "") or names[c]
            leaves = {n for n in visited if not n.parents and n not in states[c] and not self._looked_up(n)}
            shared = [n for n in topological(c) if n in leaves] if leaves else []
            node = StochasticNode(c, name, [*inner, *states[c]], below)
            critic.meet(name, len(node.seen), shared, [n for n in leaves_of(c, states[c]) if not self._looked_up(n)])
            self.nodes.append(node)
        if critic.td:
            for node in self.nodes:
                node.ahead = list(self._ahead(node))

    def _looked_up(self, leaf: Value) -> bool:
        """Whether it is an entry of a table: which one is read changes, and the graph knows with what."""
        return all(n.op.name == "lookup" and leaf is n.parents[0] for n in self.graph.children[leaf])

    def _ahead(self, node: StochasticNode) -> Iterator[StochasticNode]:
        """The next choices whose Q-functions may speak for costs of this one.

        A Q-function knows enough if what this choice sees tells nothing more about those costs than what that one sees.
        """
        left = set(node.below)
        for n in self.nodes:
            if not left:
                break
            if n is not node and n.below and left.issuperset(n.below):
                seen = {x for x in n.seen if isinstance(x, Value)}
                visited, _ = self.graph.ball(n.below, seen)
                if not any(isinstance(x, Value) and x in visited and x not in seen for x in node.seen):
                    left.difference_update(n.below)
                    yield n
