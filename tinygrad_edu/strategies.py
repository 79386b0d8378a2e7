"""Hypothesis strategies: inputs for a row, the rows, and whole random programs, for tests of your own.

    from hypothesis import given
    from tinygrad_edu.strategies import programs

    @given(programs())
    def test_my_compiler(program):
        assert my_compiler(program)(*program.inputs) == program(*program.inputs)

What they draw stays inside the rows' domains and away from their kinks, so that what is true of all smooth
functions must be true of what they draw.  Needs Hypothesis.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import ops
from .check import intervals
from .extras import MissingPackage
from .ops import Op

try:
    from hypothesis import strategies as st
except ImportError as e:
    raise MissingPackage("tinygrad_edu.strategies needs Hypothesis: pip install hypothesis") from e

__all__ = ["Program", "admits", "inputs", "programs", "rows"]
LARGEST, MARGIN = 4.0, 1 / 16  # inputs up to here; this far from kinks and from the ends of a domain


def _window(bounds: tuple[float, float], largest: float) -> tuple[float, float]:
    """The part of an interval that inputs are drawn from.

    >>> _window((0.0, math.inf), 4.0), _window((-math.inf, 10.0), 4.0), _window((-1.0, 1.0), 4.0)
    ((0.0625, 4.0), (-4.0, 4.0), (-0.9375, 0.9375))
    """
    lo, hi = _inner(bounds)
    if lo >= largest:  # a domain that begins, or ends, beyond the largest
        return lo, min(hi, lo + largest)
    if hi <= -largest:
        return max(lo, hi - largest), hi
    return max(lo, -largest), min(hi, largest)


def _inner(bounds: tuple[float, float]) -> tuple[float, float]:
    """An interval without its ends."""
    lo, hi = bounds
    margin = min(MARGIN, (hi - lo) / 32)
    return lo + margin, hi - margin


def admits(op: Op, *xs: float) -> bool:
    """Whether inputs lie inside the row's domain, away from its kinks, and give a finite number.

    >>> admits(ops.log, 2.0), admits(ops.log, -2.0), admits(ops.maximum, 1.0, 1.0)
    (True, False, False)
    """
    inside = all(lo <= x <= hi for x, (lo, hi) in zip(xs, map(_inner, intervals(op, len(xs)))))
    return inside and abs(op.kink(*xs)) >= MARGIN and math.isfinite(op(*xs))


def inputs(op: Op, largest: float = LARGEST, most: int = 6) -> st.SearchStrategy[tuple[float, ...]]:
    """Tuples of floats that the row admits, none beyond `largest`; up to `most` of them if it takes any number.

    >>> from hypothesis import given
    >>> @given(inputs(ops.atanh))
    ... def test_atanh_undoes_tanh(xs):
    ...     assert math.isclose(math.tanh(ops.atanh(*xs)), *xs, abs_tol=1e-12)
    >>> test_atanh_undoes_tanh()
    """

    def some(n: int) -> st.SearchStrategy[tuple[float, ...]]:
        windows = [_window(d, largest) for d in intervals(op, n)]
        return st.tuples(*[st.floats(lo, hi, allow_subnormal=False) for lo, hi in windows]).filter(
            lambda xs: admits(op, *xs)
        )

    least = len([d for d in op.domain if d is not ...])
    return st.integers(least, most).flatmap(some) if ... in op.domain else some(least)


def rows() -> st.SearchStrategy[Op]:
    """Any row of the table as it is now, also one registered a moment ago."""
    return st.deferred(lambda: st.sampled_from(list(ops.TABLE.values())))


@dataclass(frozen=True, repr=False)
class Program:
    """A random function, and a point where it is smooth.  What its repr shows is what runs.

    >>> p = Program("def f(a, b):\\n    v1 = tanh(a)\\n    return 2.0 * v1 - b / a", (0.5, -1.0))
    >>> p
    def f(a, b):
        v1 = tanh(a)
        return 2.0 * v1 - b / a
    f(0.5, -1.0)
    >>> from tinygrad_edu.text import name
    >>> p(0.5, -1.0), str(p(name("a"), name("b")))
    (2.9242343145200196, '2 * tanh(a) - b / a')
    """

    source: str
    inputs: tuple[float, ...]

    def __call__(self, *xs: Any) -> Any:
        """The result for numbers, Values, formulas: whatever the rows can be filled in with."""
        return _compiled(self.source)(*xs)

    def __repr__(self) -> str:
        return f"{self.source}\nf({', '.join(map(repr, self.inputs))})"


@functools.lru_cache(maxsize=64)
def _compiled(source: str) -> Callable[..., Any]:
    room: dict[str, Any] = {**ops.FACTORIES, **{name: op for name, op in ops.TABLE.items() if name.isidentifier()}}
    exec(source, room)
    f: Callable[..., Any] = room["f"]
    return f


def _call(op: Op, *args: str) -> str:
    """A row applied to names, in Python: with its operator if Python has one, else by its name.

    >>> _call(ops.mul, "2.0", "a"), _call(ops.power(-1), "a"), _call(ops.clip(-1, 1), "a"), _call(ops.greater, "a", "b")
    ('2.0 * a', 'a ** -1', 'clip(-1.0, 1.0)(a)', 'greater(a, b)')
    """
    if op in (ops.add, ops.sub, ops.mul, ops.div, ops.pow):
        args = tuple([f"({a})" if a.startswith("-") else a for a in args])
        return f"{args[0]} {op.symbol} {args[1]}"
    if op is ops.neg:
        return f"-{args[0]}"
    if op.recipe and op.recipe[0] is ops.power:
        return f"{args[0]} ** {op.recipe[1][0]}"
    make = f"{op.recipe[0].__name__}({', '.join(map(repr, op.recipe[1]))})" if op.recipe else op.name
    return f"{make}({', '.join(args)})"


@st.composite
def programs(draw: st.DrawFn, most_inputs: int = 3, most_steps: int = 8, largest: float = 1000.0) -> Program:
    """Random programs over all rows: reused inputs, shared subexpressions, constants on both sides of operators.

    At `program.inputs` every step is finite, hardly larger than `largest`, inside its row's domain and away from its
    kinks.  Every step is used: what nothing else uses is summed up at the end.
    """
    some = st.floats(-LARGEST, LARGEST, width=16, allow_subnormal=False)
    points = draw(st.lists(some, min_size=1, max_size=most_inputs))
    names = ["abcdefgh"[i] if i < 8 else f"x{i}" for i in range(len(points))]
    numbers = dict(zip(names, points))
    every_row = [*ops.TABLE.values(), ops.power(2), ops.power(-1), ops.power(0.5)]
    lines, unused = [f"def f({', '.join(names)}):"], dict.fromkeys(names)
    for step in range(1, 1 + draw(st.integers(1, most_steps))):
        n = draw(st.sampled_from((1, 2, 1, 2, 3, 4)))
        picked = [draw(st.sampled_from(list(numbers)[::-1])) for _ in range(n)]
        if n > 1 and draw(st.booleans()):  # a constant, on any side
            picked[draw(st.integers(0, n - 1))] = repr(draw(some))
        xs = [numbers[p] if p in numbers else float(p) for p in picked]
        fitting = [op for op in every_row if _takes(op, n) and admits(op, *xs) and abs(op(*xs)) <= largest]
        op = draw(st.sampled_from(fitting or [ops.logsumexp]))
        name = f"v{step}"
        lines.append(f"    {name} = {_call(op, *picked)}")
        numbers[name] = op(*xs)
        for p in picked:
            unused.pop(p, None)
        unused[name] = None
    rest = [name for name in unused if name not in names]
    lines.append("    return " + (rest[0] if len(rest) == 1 else f"sum({', '.join(rest)})"))
    return Program("\n".join(lines), tuple(points))


def _takes(op: Op, n: int) -> bool:
    """Whether a step with n operands may be this row: those that take any number leave one and two to the others."""
    return n >= max(3, len(op.domain) - 1) if ... in op.domain else n == len(op.domain)
