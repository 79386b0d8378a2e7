"""Random expressions to do by hand: small, of nice numbers, away from every kink, the same for the same seed.

    >>> one = problem(level=2, seed=1)
    >>> print(one)
    a = 3, b = -2
    <BLANKLINE>
      d = 3 * a
      e = b * d
      L = 2 * e
    >>> root, nodes = one.graph()
    >>> root.backward()
    >>> root.data, nodes["d"].grad
    (-36.0, -4.0)

The steps are texts that `tinygrad_edu.expression` reads and Python understands.  A sketch grows step by step, of nodes
that are still unused, fresh leaves and, where forks are wanted, nodes that are used already; of these sketches the
first is taken whose values, gradients and products along edges are as a person wants them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from .. import ops
from ..check import intervals
from ..engine import Value, topological
from ..errors import UserError, meant
from ..expression import parse
from ..words import brief, flowed

# How each row is written.
FORMS = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "div": "{} / {}", "double": "2 * {}", "triple": "3 * {}",
    "square": "{} ** 2", "cube": "{} ** 3", "tanh": "tanh({})", "relu": "relu({})", "exp": "exp({})",
    "log": "log({})", "sigmoid": "sigmoid({})", "maximum": "maximum({}, {})", "greater": "{} > {}",
    "where": "where({}, {}, {})",
}  # fmt: skip
CURVES = frozenset({"tanh", "relu", "exp", "log", "sigmoid", "cube", "div"})
PRODUCTS = frozenset({"mul"})
BRANCHES = frozenset({"maximum", "where"})
WHOLE = (-5.0, -4.0, -3.0, -2.0, 2.0, 3.0, 4.0, 5.0)
HALVES = (-3.0, -2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0, 3.0)
LETTERS = "abcdfghkmnpqrst"  # of leaves; e is Euler's number, and i, j, l, o are read for others
STEPS = "defghkmnpqrstuvwxyz"
MARGIN = 0.2  # from every kink, and from the ends of a domain
LEAST = 0.02  # of a gradient that is not 0: four digits are enough to write it


class Level(NamedTuple):
    """What expressions of a level are made of, and how large their numbers may be."""

    about: str
    steps: tuple[int, int]
    rows: str
    numbers: tuple[float, ...]
    most: float
    forks: int = 0  # at least, and where it is 0, none
    some: frozenset[str] = frozenset()  # rows of which there must be one
    neurons: int = 0

    def whole(self) -> bool:
        """Whether every answer is a whole number, and none is 0."""
        return all(x.is_integer() for x in self.numbers)


LEVELS = {
    1: Level("two nodes, + and *", (2, 2), "add mul", WHOLE, 40, some=PRODUCTS),
    2: Level("three or four nodes", (3, 4), "add add mul mul sub double triple", WHOLE, 60, some=PRODUCTS),
    3: Level("forks: a number is used twice", (3, 5), "add add mul mul sub square double", WHOLE, 99, forks=1,
             some=PRODUCTS),
    4: Level("tanh, relu, exp and powers", (3, 5), "add mul mul sub square cube div tanh tanh relu exp sigmoid log",
             HALVES, 30, forks=1, some=CURVES),
    5: Level("neurons, max and where, reused nodes", (3, 4), "add mul sub maximum maximum where square", HALVES, 30,
             forks=1, some=BRANCHES, neurons=1),
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """An expression to do by hand: `steps` such as "d = a * b", the last of which is L, and the number of each leaf."""

    level: int
    seed: int
    steps: tuple[str, ...]
    leaves: dict[str, float]

    @property
    def text(self) -> str:
        """All steps in one line, as `expression.parse` reads them."""
        return "; ".join(self.steps)

    @property
    def given(self) -> list[str]:
        """The leaves with their numbers."""
        return [f"{name} = {brief(x)}" for name, x in self.leaves.items()]

    def graph(self) -> tuple[Value, dict[str, Value]]:
        """L as a fresh graph, and every node by its name."""
        return parse(self.text)(**self.leaves)

    def __str__(self) -> str:
        return "\n".join([*flowed(self.given, ", "), "", *[f"  {step}" for step in self.steps]])


def problem(level: int = 1, seed: int = 0, rows: Iterable[str] | None = None) -> Problem:
    """The expression of a level from 1 to 5 and a seed; `rows`, names in FORMS, says which operations it may have.

    Raises UserError for a level that there is not, and for rows of which none is made.

    >>> problem(1, seed=3).text, problem(1, seed=3).leaves
    ('d = b + a; L = d * c', {'a': 2.0, 'b': 4.0, 'c': -4.0})
    """
    if level not in LEVELS or isinstance(level, bool):
        raise UserError(f"there are levels 1 to {len(LEVELS)}, got {level!r}")
    allowed = {*FORMS} if rows is None else {*rows}
    if unknown := sorted(allowed - {*FORMS}):
        raise UserError(f"there is no row {unknown[0]!r} here{meant(unknown[0], FORMS)} (there are {', '.join(FORMS)})")
    kind = LEVELS[level]
    names = [name for name in kind.rows.split() if name in allowed]
    rng = random.Random(f"{level} {seed}")
    for _ in range(20_000):
        sketch = Sketch(kind, names, rng)
        if sketch.grow() and (made := sketch.problem(level, seed)) and _is_nice(made, kind):
            return made
    raise UserError(f"no expression of level {level} is made of {', '.join(sorted(allowed))} alone: allow more rows")


@dataclass
class Sketch:
    """An expression that grows: nodes are numbered, and named in the end."""

    kind: Level
    rows: list[str]
    rng: random.Random
    made: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)  # a node, its row, its inputs
    leaves: dict[int, tuple[str, float]] = field(default_factory=dict)  # a name, or none yet, and a number
    unused: list[int] = field(default_factory=list)
    forks: int = 0

    def grow(self) -> bool:
        """Add steps until all that is used is in the last; whether it has what its level asks for."""
        self._ids = count()
        for _ in range(self.kind.neurons):
            self._neuron()
        steps = self.rng.randint(*self.kind.steps)
        while steps > 0 or len(self.unused) > 1:
            if not self.rows or steps <= 0:  # more is left over than can be brought together
                return False
            steps -= self._step(self.rng.choice(self.rows), steps)
        if len({(row, *sorted(inputs)) for _, row, inputs in self.made}) < len(self.made):
            return False  # the same step twice
        used = {row for _, row, _ in self.made}
        some = self.kind.some & {*self.rows}
        return (not some or bool(used & some)) and self.forks >= self.kind.forks

    def _step(self, row: str, left: int) -> int:
        """One step of a row, two where a condition comes before; how many."""
        if row == "where":
            condition = self._node("greater", self._input(), self._input())
            self._node("where", condition, self._input(), self._input())
            return 2
        inputs = FORMS[row].count("{}")
        if inputs == 2 and len(self.unused) > left:  # time to bring together
            self._node(row, *self.rng.sample(self.unused, 2))
        else:
            first = self._input()
            self._node(row, *self.rng.sample([first, *[self._input(first) for _ in range(inputs - 1)]], inputs))
        return 1

    def _input(self, beside: int = -1) -> int:
        """A node that is unused, one that is used already, or a fresh leaf."""
        unused = [n for n in self.unused if n != beside]
        used = [n for _, _, inputs in self.made for n in inputs if n not in self.unused]
        if self.kind.forks and used and self.rng.random() < 0.35:
            return self.rng.choice(used)
        if unused and self.rng.random() < (0.9 if beside < 0 else 0.3):
            return self.rng.choice(unused)
        return self._leaf()

    def _leaf(self, name: str = "") -> int:
        free = [x for x in self.kind.numbers if x not in [x for _, x in self.leaves.values()]]
        self.leaves[n := next(self._ids)] = name, self.rng.choice(free or self.kind.numbers)
        return n

    def _node(self, row: str, *inputs: int) -> int:
        before = {m for _, _, inputs in self.made for m in inputs}
        self.forks += len(before & {*inputs}) + len(inputs) - len({*inputs})
        self.unused = [n for n in self.unused if n not in inputs]
        self.made.append((n := next(self._ids), row, inputs))
        self.unused.append(n)
        return n

    def _neuron(self) -> None:
        """tanh or relu of w1 * x1 + w2 * x2 + b, each operation a step."""
        size = self.rng.choice((1, 2, 2))
        at = [""] if size == 1 else ["1", "2"]
        parts = [self._node("mul", self._leaf(f"w{i}"), self._leaf(f"x{i}")) for i in at]
        total = parts[0] if size == 1 else self._node("add", *parts)
        total = self._node("add", total, self._leaf("b"))
        self._node(self.rng.choice(("tanh", "relu")), total)

    def problem(self, level: int, seed: int) -> Problem | None:
        """What was sketched, with names; none if there are too many things for the alphabet."""
        taken = {name for name, _ in self.leaves.values() if name}
        letters = iter([c for c in LETTERS if c not in taken])
        names = {n: name or next(letters, "") for n, (name, _) in self.leaves.items()}
        last = max([c for c in names.values() if len(c) == 1 and c in LETTERS], default="c")
        later = iter([c for c in STEPS if c > last and c not in {*names.values()}])
        names |= {n: next(later, "") for n, _, _ in self.made[:-1]} | {self.made[-1][0]: "L"}
        if "" in names.values():
            return None
        steps = [f"{names[n]} = {FORMS[row].format(*[names[i] for i in inputs])}" for n, row, inputs in self.made]
        return Problem(level, seed, tuple(steps), {names[n]: x for n, (_, x) in sorted(self.leaves.items())})


def _is_nice(made: Problem, kind: Level) -> bool:
    """Whether a person can do it: every number of a fair size, no kink, and gradients that are not all 0."""
    root, nodes = made.graph()
    root.backward()
    order = topological(root)
    if len(made.leaves) < 2 or not all(map(_is_smooth, order)):
        return False
    leaves = [nodes[name] for name in made.leaves]
    sizes = [abs(n.data) for n in order] + [abs(n.grad) for n in order]
    slopes = [(d, n.grad) for n in order if n.parents for d in n.local_grads()]
    sizes += [abs(x) for d, up in slopes for x in (d, d * up)]
    if not all(x <= kind.most and (x == 0 or x >= LEAST) for x in sizes):
        return False
    if any(n.op is not ops.mul and len({*n.parents}) < len(n.parents) for n in order):  # a - a, the larger of a and a
        return False
    if kind.whole():
        return all(sizes)
    return 2 * sum(n.grad != 0 for n in leaves) > len(leaves) and root.data != 0


def _is_smooth(n: Value) -> bool:
    """Whether a node's inputs are inside its row's domain and away from its kink; a condition is 0 or 1 and no kink."""
    xs = [p.data for p in n.parents]
    if not xs or n.op is ops.where:
        return math.isfinite(n.data)
    domains = intervals(n.op, len(xs))
    inside = all(lo + MARGIN <= x <= hi - MARGIN for x, (lo, hi) in zip(xs, domains))
    return inside and abs(n.op.kink(*xs)) >= MARGIN and math.isfinite(n.data)
