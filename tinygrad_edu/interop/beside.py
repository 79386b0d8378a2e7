"""A graph of Values and the same in PyTorch: two backward passes side by side, edge by edge."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from .. import ops
from ..blocks import Block, Explanation, Rows, Strong, formula, product
from ..engine import Value
from ..errors import UserError
from ..explanation.walk import Edge, Walk
from ..names import is_constant
from ..opening import opened
from ..words import plural
from .hooks import MOST, Hooked
from .libraries import row_function

LONGEST = 40  # letters of a formula in a column


class Beside(Explanation):
    """Our backward pass and PyTorch's, edge by edge.

    `walk` is ours; `handed`, for each of its edges, what PyTorch's grad_fn handed on; `leaves`, the gradients there by
    our leaves; `called`, the names of each node's grad_fns.
    """

    def __init__(self, torch: Any, given: Value) -> None:
        root = opened(given)
        self.walk = Walk(root)
        if not root.parents:
            raise UserError(
                f"{root!r:.60} was computed by nothing: give it the result of a computation, such as a loss"
            )
        tensors: dict[Value, Any] = {}
        for n in self.walk.order:
            if n.parents:
                tensors[n] = _made(torch, n, [tensors[p] for p in n.parents])
            else:
                x = self.walk.value(n)
                fixed = is_constant(n)
                tensors[n] = x if fixed else torch.tensor(x, dtype=torch.float64, requires_grad=True)
        if not getattr(tensors[root], "requires_grad", False):
            raise UserError(
                f"{root!r:.60} was computed from numbers alone, or by rows that are flat: PyTorch has no graph"
            )
        self.hooked = hooked = Hooked(torch, tensors[root])
        place = {fn: i for i, fn in enumerate(hooked.order)}
        leaf = {id(t): i for i, t in hooked.leaves.items()}
        of = {
            n: leaf.get(id(t)) if not n.parents else place.get(getattr(t, "grad_fn", None)) for n, t in tensors.items()
        }
        self.called: dict[Value, list[str]] = {}
        self.handed: dict[Edge, float | None] = {}
        edges = defaultdict[Value, list[Edge]](list)
        for e in self.walk.edges:
            edges[e.node].append(e)
        for n in self.walk.order:
            if n.parents:
                self._node(n, of, edges[n])
        self.leaves = {n: float(hooked.arrived[i]) for n in self.walk.order
                       if not n.parents and (i := of[n]) is not None and i in hooked.arrived}  # fmt: skip

    def _node(self, n: Value, of: dict[Value, int | None], mine: list[Edge]) -> None:
        """The grad_fns of one node, and what they hand on to each of its parents."""
        inner, edges, stack = list[int](), dict[int | None, list[float]](), [of[n]]
        ends = {of[p] for p in n.parents}
        while stack:
            i = stack.pop()
            if i is None or i in inner:
                continue
            inner.append(i)
            for k, g in zip(self.hooked.next[i], self.hooked.handed.get(i, [])):
                if k in ends and k is not None:
                    edges.setdefault(k, []).append(0.0 if g is None else float(g))
                else:
                    stack.append(k)
        self.called[n] = [self.hooked.name(i) for i in inner]
        for p in dict.fromkeys(n.parents):
            ours, theirs = [e for e in mine if e.parent is p], edges.get(of[p], [])
            if len(ours) != len(theirs):  # what they hand on together
                theirs = [sum(theirs)] + [0.0] * (len(ours) - 1)
            elif len(inner) > 1:  # several grad_fns, in another order
                ours, theirs = sorted(ours, key=lambda e: e.contribution), sorted(theirs)
            known = of[p] is not None
            self.handed.update({e: g if known else None for e, g in zip(ours, theirs)})

    def blocks(self) -> Iterator[Block]:
        """What is said, as sentences and tables."""
        names, walk = self.walk.names, self.walk
        inner = [n for n in walk.order if n.parents]
        yield (formula("{} = {}", names[walk.root], walk.value(walk.root)), ": ", plural(len(inner), "operation"),
               f" here, and {plural(len(self.hooked.order) - len(self.hooked.leaves), 'grad_fn')} in PyTorch "
               f"{self.hooked.torch.__version__.partition('+')[0]}.")  # fmt: skip
        yield Strong("Forward"), ": what each node is called there."
        rows = [
            (names[n], names.made(n, LONGEST), formula("= {}", walk.value(n)), _counted(self.called[n])) for n in inner
        ]
        yield Rows([("node", "formula", "value", "grad_fn in PyTorch"), *rows[:MOST]], gives=(1, 3))
        if len(inner) > MOST:
            yield f"… {plural(len(inner) - MOST, 'more node')}."
        yield Strong("Backward"), ": upstream × local here, and what the grad_fn handed on there:"
        edges = [e for e in walk.edges if self.handed.get(e) is not None]
        heading = "edge", "local gradient", "upstream × local = contribution", "handed on there"
        yield Rows([heading, *map(self._row, edges[:MOST])], "ll=r", (1,))
        if len(edges) > MOST:
            yield f"… {plural(len(edges) - MOST, 'more edge')}."
        yield Strong("The gradients"), ", as backward() adds them to .grad in both:"
        columns = "leaf", "here", "in PyTorch", "apart"
        totals = [(names[n], walk.totals[n], g) for n, g in self.leaves.items()]
        rows = [(name, formula("{}", a), formula("{}", b), formula("{}", abs(a - b))) for name, a, b in totals]
        yield Rows([columns, *rows[:MOST]], "lrrr")
        yield from self._notes()

    def _row(self, e: Edge) -> list[str]:
        names, there = self.walk.names, self.handed[e]
        return [formula("{} → {}", names[e.node], names[e.parent]), self.walk.local(e.node, e.place),
                product(e.upstream, e.local, e.contribution), formula("{}", there or 0.0)]  # fmt: skip

    def _notes(self) -> Iterator[str]:
        """Where the two differ in more than names."""
        yield (
            "A grad_fn is a function from what arrives to what it hands on: PyTorch keeps no local gradient as a "
            "number, but the tensors that it needs to multiply by it, and frees them when backward() has run. Ours "
            "stay in .numbers, so that backward() can run again."
        )
        several = [n for n, fns in self.called.items() if len(fns) > 1]
        if several:
            n, count = several[0], plural(len(self.called[several[0]]), "grad_fn")
            yield (
                f"{self.walk.names[n]} is one node here, by the row {n.op.name!r}, and {count} there: what they hand "
                "on is told as one."
            )
        yield (
            "The leaves' grad_fn is AccumulateGrad, which adds to .grad, as ours does. What is in between has a .grad "
            "here, and there only after retain_grad()."
        )


def _made(torch: Any, n: Value, xs: list[Any]) -> Any:
    """One node in PyTorch, of tensors and numbers."""
    if not any(isinstance(x, torch.Tensor) for x in xs):
        return n.numbers[0]
    if n.op is ops.detached:
        return n.data
    adds = n.op in (ops.sum, ops.dot)  # these, signs and functions of one input take numbers as they are
    if not adds and (... in n.op.domain or len(xs) > 1 and not n.op.symbol):
        xs = [torch.as_tensor(x, dtype=torch.float64) for x in xs]
    return row_function(n.op, "torch", len(xs))(*xs)


def _counted(fns: list[str]) -> str:
    """Names of grad_fns, and how often each is there."""
    return ", ".join(name if k == 1 else f"{k} {name}" for name, k in Counter(fns).items())
