"""Why topological order?  Other ways to walk back through a graph, beside the right one, with what each gets.

    >>> print(order_lab(smallest("depth first")))
    Why topological order? L = h + g = 20: 4 nodes, 4 edges, and 2 paths from L to
    the leaves.
      order          a node passes on                         visits  result
      topological    once, when all its gradient is there          4  right
      every path     at once, each part that arrives               6  right
      recursive      at once, all it holds, at every arrival       6  wrong
      depth first    once, as soon as it is reached                4  wrong
      breadth first  once, level by level, from the root           4  wrong
    <BLANKLINE>
      dL/d...  topological  every path  recursive  depth first  breadth first
      x                 36          36       40 ✗          4 ✗            4 ✗
    <BLANKLINE>
    recursive goes wrong at h: it passes on all of 9 after it has already passed on
    1, which is counted twice.
    <BLANKLINE>
    depth first goes wrong at h: it passes on 1, but its gradient is 9: g has not
    yet sent its 8.
    <BLANKLINE>
    breadth first goes wrong at h: it passes on 1, but its gradient is 9: g has not
    yet sent its 8.

The right order waits: a node passes its gradient on when everything that uses it has passed on its own.  That is
`reversed(topological(root))`, and every node is visited once.

    python -m tinygrad_edu.order     the smallest graphs on which the others fail, and 20 doublings
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from . import streams
from .blocks import Block, Code, Explanation, Rows, Strong
from .engine import Value, chain_rule
from .errors import one_value
from .explanation.walk import Walk, same
from .paths import counts
from .words import brief, integer, plural

MOST_VISITS = 100_000  # a naive pass is stopped after as many
MOST_LEAVES = 12  # in the table
EXAMPLE = 'from tinygrad_edu.order import smallest\nsmallest("depth first").order_lab()'
STRATEGIES = {
    "topological": "once, when all its gradient is there",
    "every path": "at once, each part that arrives",
    "recursive": "at once, all it holds, at every arrival",
    "depth first": "once, as soon as it is reached",
    "breadth first": "once, level by level, from the root",
}


@dataclass
class StrategyRun:
    """What one strategy does on one graph.

    `visits`: how often it visits a node, counted exactly; `grads`: the gradient that it gives every node, None if it
    was stopped; `wrong`: the first node that passes on what it should not, None if none does, with the numbers: it
    passes on `passed`, and should pass on `due`.  `why` says so in words.
    """

    name: str
    visits: int
    grads: dict[Value, float] | None
    wrong: Value | None = None
    passed: float = math.nan
    due: float = math.nan
    why: str = ""
    misses: list[Value] = field(default_factory=list)  # leaves whose gradient is wrong

    @property
    def result(self) -> str:
        """right, wrong, stopped; or lucky, if it passed on too early and nothing was missing but zeros."""
        if self.misses:
            return "wrong"
        if self.grads is None:
            return "stopped" if self.wrong is None else "wrong"
        return "right" if self.wrong is None else "lucky"


class OrderLab(Explanation):
    """What `order_lab` returns: `runs` by strategy, each a `StrategyRun`; `root`, `nodes`, `paths` to the leaves."""

    def __init__(self, root: Value) -> None:
        walk = Walk(root)
        self.root, self.order, self.names = root, walk.order, walk.names
        self.slopes, self.totals = walk.slopes, walk.totals
        self.sizes = chain_rule(root, 1.0, lambda n: map(abs, self.slopes[n]))  # the same sums without cancellation
        self.leaves = [n for n in self.order if not n.parents]
        ways = counts(root)
        self.nodes, self.paths, everywhere = len(self.order), sum(ways[n] for n in self.leaves), sum(ways.values())
        self.runs = {
            "topological": StrategyRun("topological", self.nodes, self.totals),
            "every path": self._naive("every path", everywhere),
            "recursive": self._naive("recursive", everywhere),
            "depth first": self._once("depth first", _depth_first(root)),
            "breadth first": self._once("breadth first", _breadth_first(root)),
        }
        for run in self.runs.values():
            run.misses = [n for n in self.leaves if run.grads is not None and self._misses(run.grads, n)]

    def _misses(self, grads: dict[Value, float], n: Value) -> bool:
        """Whether a gradient is wrong.

        Another order of adding may change last digits: of the largest numbers that are added.
        """
        return not same(grads[n], self.totals[n]) and not abs(grads[n] - self.totals[n]) <= 1e-9 * self.sizes[n]

    def _naive(self, name: str, visits: int) -> StrategyRun:
        """Every arrival is passed on at once: what arrived, or (recursive) all that the node holds by now."""
        run, whole = StrategyRun(name, visits, None), name == "recursive"
        grads = dict.fromkeys(self.order, 0.0)
        grads[self.root] = 1.0
        been: set[Value] = {self.root}
        stack = [(self.root, 1.0, iter(zip(self.root.parents, self.slopes[self.root])))]
        done = 1
        while stack and done < MOST_VISITS:
            _, upstream, edges = stack[-1]
            for p, d in edges:
                before, grads[p] = grads[p], grads[p] + d * upstream
                done += 1
                if whole and p in been and p.parents and before and run.wrong is None:
                    run.wrong, run.passed, run.due = p, grads[p], grads[p] - before
                    run.why = (f"it passes on all of {brief(grads[p])} after it has already passed on "
                               f"{brief(before)}, which is counted twice")  # fmt: skip
                been.add(p)
                if p.parents:
                    stack.append((p, grads[p] if whole else d * upstream, iter(zip(p.parents, self.slopes[p]))))
                    break
            else:
                stack.pop()
        if not stack:
            run.grads = grads
        return run

    def _once(self, name: str, order: list[Value]) -> StrategyRun:
        """Every node passes on once, in a given order, whatever it holds by then."""
        run = StrategyRun(name, len(order), dict.fromkeys(self.order, 0.0))
        grads = run.grads = dict.fromkeys(self.order, 0.0)
        grads[self.root] = 1.0
        users: dict[Value, list[Value]] = {}
        for n in self.order:
            for p in n.parents:
                users.setdefault(p, []).append(n)
        been: set[Value] = set()
        for n in order:
            late = list(dict.fromkeys(u for u in users.get(n, ()) if u not in been)) if n.parents else []
            if late and run.wrong is None:
                run.wrong, run.passed, run.due = n, grads[n], self.totals[n]
                owed = math.fsum(d * self.totals[u] for u in late for p, d in zip(u.parents, self.slopes[u]) if p is n)
                who = (
                    f"{self.names[late[0]]} has"
                    if len(late) == 1
                    else f"{self.names[late[0]]} and {plural(len(late) - 1, 'other')} have"
                )
                run.why = (
                    f"it passes on {brief(run.passed)}, but its gradient is "
                    f"{brief(run.due)}: {who} not yet sent " + (f"{'its' if len(late) == 1 else 'their'} {brief(owed)}")
                )
            been.add(n)
            for p, d in zip(n.parents, self.slopes[n]):
                grads[p] += d * grads[n]
        return run

    def blocks(self) -> list[Block]:
        """What is said, as sentences and tables."""
        tables = [Rows(self._summary(), "llrl"), Rows(self._gradients(), "lrrrrr", (0,))]
        return [Strong(self._title()), *tables, *self._omitted(), *self._notes()]

    def _title(self) -> str:
        formula = f" = {self.names.formula(self.root, 40)}" if self.root.parents else ""
        counted = f"{plural(self.nodes, 'node')}, {plural(sum(len(n.parents) for n in self.order), 'edge')}"
        return (f"Why topological order? {self.names[self.root]}{formula} = {brief(self.root.data)}: {counted}, "
                f"and {plural(self.paths, 'path')} from {self.names[self.root]} to the leaves.")  # fmt: skip

    def _summary(self) -> list[tuple[str, ...]]:
        runs = [(name, how, self.runs[name]) for name, how in STRATEGIES.items()]
        rows = [(name, how, integer(run.visits), run.result) for name, how, run in runs]
        return [("order", "a node passes on", "visits", "result"), *rows]

    def _gradients(self) -> list[tuple[str, ...]]:
        """A row per leaf, those that some strategy gets wrong first."""
        wrong = {n for run in self.runs.values() for n in run.misses}
        shown = sorted((n for n in self.leaves if n in self.names), key=lambda n: n not in wrong)[:MOST_LEAVES]

        def cell(run: StrategyRun, n: Value) -> str:
            return "stopped" if run.grads is None else brief(run.grads[n]) + " ✗" * self._misses(run.grads, n)

        rows = [(self.names[n], *[cell(run, n) for run in self.runs.values()]) for n in shown]
        return [(f"d{self.names.term(self.root)}/d...", *self.runs), *rows]

    def _omitted(self) -> list[str]:
        more = sum(n in self.names for n in self.leaves) - MOST_LEAVES
        return [f"… {plural(more, 'more leaf')}."] if more > 0 else []

    def _notes(self) -> list[Block]:
        notes: list[Block]
        notes = [f"{run.name} goes wrong at {self.names[run.wrong]}: {run.why}." if run.result == "wrong" else
                 f"{run.name} is lucky: at {self.names[run.wrong]} {run.why}, and that changed no leaf."
                 for run in self.runs.values() if run.wrong is not None]  # fmt: skip
        stopped = [run.name for run in self.runs.values() if run.grads is None]
        if stopped:
            notes.append(
                f"{' and '.join(stopped)} {'was' if len(stopped) == 1 else 'were'} stopped after "
                f"{MOST_VISITS:,} visits; the visits are counted exactly, without making them."
            )
        return notes or ["On this graph every order is right: no node that passes a gradient on is used twice "
                         "in a way that matters. For the smallest graph where it does matter, paste",
                         Code(EXAMPLE)]  # fmt: skip


def order_lab(root: Value) -> OrderLab:
    """Five ways to pass gradients back through the graph of `root`: what each gets, and where the first one goes wrong.

    Two of them visit every path, of which there may be 2 ** n: they are stopped after 100,000 visits,
    but counted exactly.
    The other two wrong ones visit every node once, but too early.  No `.grad` changes.
    Raises TypeError if `root` is no Value; RuntimeError if it has forgotten its parents.

    >>> lab = order_lab(doublings(20))
    >>> lab.nodes, lab.paths, lab.runs["topological"].visits, lab.runs["every path"].visits
    (21, 1048576, 21, 2097151)
    """
    one_value("order_lab", root, Value)
    return OrderLab(root)


def smallest(strategy: str) -> Value:
    """The root of the smallest graph, by nodes and then by edges, on which a strategy gets a wrong gradient.

    Raises ValueError for a strategy that is unknown or never wrong.

    >>> for strategy in ("recursive", "depth first", "breadth first"):
    ...     lab = order_lab(smallest(strategy))
    ...     print(strategy, lab.nodes, lab.runs[strategy].result)
    recursive 3 wrong
    depth first 4 wrong
    breadth first 4 wrong
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"there is no strategy {strategy!r}: there is {', '.join(STRATEGIES)}")
    if strategy in ("topological", "every path"):
        raise ValueError(f"{strategy!r} is right on every graph; recursive, depth first and breadth first are not")
    x = Value(2.0, label="x")
    h = x**2
    h.label = "h"
    if strategy == "recursive":
        root = h * h
    else:
        g = h**2
        g.label = "g"
        root = h + g  # h is used by the root and, one step later, by g
    root.label = "L"
    return root


def doublings(n: int) -> Value:
    """x + x, n times over: n + 1 nodes, 2 ** n paths."""
    x = Value(1.0, label="x")
    for i in range(n):
        x = x + x
        x.label = f"x{i + 1}"
    return x


def _depth_first(root: Value) -> list[Value]:
    """Every node once, as a walk into the first parent first reaches it."""
    seen: dict[Value, None] = {}
    stack = [iter([root])]
    while stack:
        for n in stack[-1]:
            if n not in seen:
                seen[n] = None
                stack.append(iter(n.parents))
                break
        else:
            stack.pop()
    return list(seen)


def _breadth_first(root: Value) -> list[Value]:
    """Every node once, in the order of its distance from the root."""
    seen, queue = {root: None}, deque([root])
    while queue:
        for p in queue.popleft().parents:
            if p not in seen:
                seen[p] = None
                queue.append(p)
    return list(seen)


def classic() -> Iterator[str]:
    """The examples that everybody should have seen, as text."""
    for strategy in ("recursive", "depth first"):
        yield f"The smallest graph on which {strategy} fails.\n{order_lab(smallest(strategy))}"
    yield f"And for _ in range(20): x = x + x.\n{order_lab(doublings(20))}"


def show(texts: Iterable[str]) -> None:
    """Print texts with two empty lines between them."""
    print("\n\n\n".join(texts))


if __name__ == "__main__":
    with streams.safe():
        show(classic())
