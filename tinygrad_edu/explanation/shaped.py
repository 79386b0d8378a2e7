"""The gradient in the shape of the parameter: a vector's is a vector, a matrix's is a matrix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..blocks import Block, Explanation, Formula, Matrix, formula
from ..engine import Value
from ..trees import flatten, mapped, parts, shape
from ..words import few
from .walk import Walk, same


class Shaped(Explanation):
    """What `explain(L, of=[[w11, w12], [w21, w22]])` returns: `values` and `grads`, nested as they were given.

    `outer` is (delta, x) if the gradient of a matrix is their outer product, else None: every weight is used once, row
    i receives delta[i] from above, and column j is multiplied by x[j].
    """

    def __init__(self, walk: Walk, of: Any) -> None:
        self.walk, self.root, self.names, self.of = walk, walk.root, walk.names, of
        self.values: Any = mapped(walk.value, of)
        self.grads: Any = mapped(lambda n: walk.totals.get(n, 0.0), of)
        self._leaves: list[Value] = flatten(of)
        self.outer = self._outer()

    def _outer(self) -> tuple[list[float], list[float]] | None:
        rows = [[w for _, w in parts(row) or ()] for _, row in parts(self.of) or ()]
        if not all(len(row) == len(rows[0]) > 1 and all(isinstance(w, Value) for w in row) for row in rows):
            return None
        uses = [[self.walk.into.get(w, []) for w in row] for row in rows]
        if any(len(edges) != 1 for row in uses for edges in row) or len(set(self._leaves)) < len(self._leaves):
            return None
        delta, x = [row[0][0].upstream for row in uses], [edges[0].local for edges in uses[0]]
        fits = all(same(e.upstream, d) and same(e.local, v) for row, d in zip(uses, delta) for [e], v in zip(row, x))
        return (delta, x) if fits else None

    def blocks(self) -> Iterator[Block]:
        """What is said, as sentences and matrices."""
        names = self.names
        yield ("The gradient of ", formula("{} = {}", names[self.root], self.walk.value(self.root)),
               f" in the shape of the parameters: {dimensions(self.of)}.")  # fmt: skip
        used = lambda n: names[n] if n in self.walk.totals else Formula(n.label or "not used", "\\text{not used}")
        for title, tree in (("parameters", mapped(used, self.of)), ("values", self.values),
                            (f"gradients d{names.term(self.root)}/d(each)", self.grads)):  # fmt: skip
            yield f"{title}:"
            yield Matrix(tree)
        if self.outer:
            yield "An outer product, δ·xᵀ: row i receives δ_i from above, column j is multiplied by its input x_j."
            for name, letter, numbers in zip("δx", ("\\delta^\\top", "x^\\top"), self.outer):
                yield Matrix(numbers, Formula(name, letter))
        idle = [n.label or repr(n) for n in self._leaves if n not in self.walk.totals]
        if idle:
            yield f"{few(idle, 4)}: not used by {names[self.root]}, so the gradient is 0."
        yield from self.walk.grad_notes([n for n in self._leaves if n in self.walk.totals])


def dimensions(tree: Any) -> str:
    """How many numbers, in which nesting.

    >>> dimensions([1, 2, 3]), dimensions([[1, 2], [3, 4], [5, 6]]), dimensions([[1], [2, 3]])
    ('3', '3×2', '3 numbers in 2 parts')
    """
    found = shape(tree)
    return "×".join(map(str, found)) if found else f"{len(flatten(tree))} numbers in {len(parts(tree) or ())} parts"
