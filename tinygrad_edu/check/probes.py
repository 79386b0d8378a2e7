"""Something at one point: its value, and how far everything in it is from where it bends.

A `GraphProbe` is f with all its nodes, a `RowProbe` one row with its inputs, a `Probe` only a value,
of which nothing else is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import chance, ops
from ..engine import Value, chain_rule, topological
from ..errors import UserError
from ..ieee import isfinite, number
from ..infinities import value_told
from ..ops import Op

EPS, TINY = 2.0**-52, 2.0**-1074  # rounding: relative, and where floats run out


def bends(op: Op, *xs: float) -> list[float]:
    """How far an operation is from where its gradient jumps or its domain ends: 0 is on the spot.

    >>> bends(ops.relu, -0.5), bends(ops.atanh, 0.75), bends(ops.tanh, 1.0)
    ([-0.5], [1.75, 0.25], [])
    """
    found = [] if op.kink is ops.smooth else [float(op.kink(*xs))]
    if op.local == op.slopes:  # some input has a domain with ends
        found += [d for x, (lo, hi) in zip(xs, intervals(op, len(xs))) for d in (x - lo, hi - x) if isfinite(d)]
    return found


def intervals(op: Op, n: int) -> list[tuple[float, float]]:
    """The domain of each of n inputs: a last `...` repeats what stands before it.

    >>> intervals(ops.sum, 3) == [ops.REAL] * 3
    True
    """
    bounds = [d for d in op.domain if d is not ...]
    return bounds + bounds[-1:] * (n - len(bounds))


def written(op: Op, inputs: Sequence[str], label: str = "") -> str:
    """An operation and what it was applied to: relu(x), or relu(0.5) at 'h'.

    >>> written(ops.sum, ["a", "b", "c", "d", "e"], "L")
    "sum(a, b, c, ...) at 'L'"
    """
    inside = ", ".join(inputs if len(inputs) <= 4 else [*inputs[:3], "..."])
    return f"{op.name}({inside})" + (f" at {label!r}" if label else "")


def application(node: Value) -> str:
    """The same of a node, whose parents are told by label or by number."""
    return written(node.op, [str(p.label) or f"{p.data:.6g}" for p in node.parents], str(node.label))


class Probe:
    """What is known of a function that is no graph: its value here, and how much rounding there is in it."""

    def __init__(self, y: float, rounding: float = 0.0) -> None:
        self.y, self.rounding = y, rounding
        self.ops: list[str] = []
        self.bends: list[tuple[Any, float, bool]] = []  # who, how far from it, and whether its domain ends there

    def who(self, bent: Any) -> str:
        """An entry of `bends` in words."""
        return str(bent)

    def meets(self, left: Probe, right: Probe) -> tuple[str, float, int]:
        """What lies between left and right, if anything: in words, at what fraction of the way,
        and on which side (0: here).
        """
        if not self.ops == left.ops == right.ops:
            return "takes another branch of f", 0.5, 1 if left.ops == self.ops else -1
        for (bent, k, end), (_, before, _), (_, after, _) in zip(self.bends, left.bends, right.bends):
            moved = max(abs(before - k), abs(after - k))
            if moved and abs(k) <= moved:
                what = f"{'the end of the domain' if end else 'the kink'} of {self.who(bent)}"
                side = 0 if not k else -1 if before * k <= 0 else 1
                return f"crosses {what}" if side else f"is at {what}", abs(k) / moved, side
        return "", 1.0, 0


class RowProbe(Probe):
    """One row at some numbers."""

    def __init__(self, op: Op, xs: Sequence[float]) -> None:
        super().__init__(number(op.forward(*xs)))
        self.op, self.xs = op, xs
        kinks = op.kink is not ops.smooth
        self.bends = [(op, d, i >= kinks) for i, d in enumerate(bends(op, *xs))]
        self.rounding = EPS * abs(self.y)

    def who(self, bent: Any) -> str:
        return written(self.op, [f"{x:.6g}" for x in self.xs])


class GraphProbe(Probe):
    """f at one point: the graph that computed it, and how far each operation is from its kinks and edges."""

    def __init__(self, root: Any, leaves: list[Value]) -> None:
        if not isinstance(root, Value):
            raise TypeError(
                f"f must return one Value, got {type(root).__name__} {root!r}: compute it from the arguments, "
                "without float() or .data; check a list of results one at a time, or their sum"
            )
        super().__init__(root.data)
        self.root, self.leaves = root, leaves
        self.nodes = topological(root)
        self.ops = [node.op.name for node in self.nodes]  # by name: f may make a row of its own each time
        for node in self.nodes:
            if node.parents:
                kinks = node.op.kink is not ops.smooth
                self.bends += [(node, d, i >= kinks) for i, d in enumerate(bends(node.op, *node.numbers[1:]))]

    def who(self, bent: Any) -> str:
        return application(bent)

    def check(self, given: list[Any]) -> None:
        """Raise ValueError if there is nothing to compare here."""
        known = set(self.nodes)
        if self.root.op is ops.detached:
            raise UserError("f returned a Value without a past (detach() or no_grad()): there is no gradient to check")
        mine = next((v for v, leaf in zip(given, self.leaves) if v in known and leaf not in known), None)
        if mine is not None:
            raise UserError(
                f"f computes with {mine!r} itself and not with the argument it is given for it: "
                "use the arguments, or give the result instead of f: gradcheck(loss, *parameters)"
            )
        moved = {*self.leaves}
        for n in self.nodes:
            if not moved.isdisjoint(n.parents):
                moved.add(n)
                if chance.is_held(n):
                    raise UserError(
                        f"the gradient of {application(n)} is not the slope of its value: what passes a random choice "
                        "is an estimate, of which differences say nothing. Check what it estimates, "
                        "stochastic.expected(f), or a path, .rsample; or see how well: stochastic.compare_estimators"
                    )
        if not isfinite(self.y):
            bad = next(n for n in self.nodes if not isfinite(n.data))
            told = value_told(bad) if bad.parents else f"{bad.label or 'an input'} is {bad.data}"
            raise UserError(f"f is {self.y} at this point, so it has no slope to compare with: {told}")

    def measure(self) -> None:
        """How large gradients would be if no two paths cancelled, so how much rounding there is in f;
        and how deep each node lies.
        """
        self.sizes = chain_rule(self.root, 1.0, lambda node: map(abs, node.op.slopes(*node.numbers)))
        felt = [abs(node.data) * self.sizes[node] for node in self.nodes if node.parents]
        self.rounding = EPS * max([x for x in felt if isfinite(x)], default=0.0)
        self.depths = {self.root: 0}  # rows on the longest way to the root
        for node in reversed(self.nodes):
            for p in node.parents:
                self.depths[p] = max(self.depths.get(p, 0), self.depths[node] + 1)
