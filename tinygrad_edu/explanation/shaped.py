"""The gradient in the shape of the parameter: a vector's is a vector, a matrix's is a matrix."""

from __future__ import annotations

from typing import Any

from ..engine import Value
from . import words
from .walk import Explanation, Walk, same


class Shaped(Explanation):
    """What `explain(L, of=[[w11, w12], [w21, w22]])` returns: `values` and `grads`, nested as they were given.

    `outer` is (delta, x) if the gradient of a matrix is their outer product, else None: every weight is used once, row
    i receives delta[i] from above, and column j is multiplied by x[j].
    """

    def __init__(self, walk: Walk, of: Any) -> None:
        self.walk, self.root, self.of = walk, walk.root, of
        self.values: Any = _each(of, walk.value)
        self.grads: Any = _each(of, lambda n: walk.totals.get(n, 0.0))
        self._leaves = list(flat(of))
        self.outer = self._outer()

    def _outer(self) -> tuple[list[float], list[float]] | None:
        rows = self.of
        if not all(
            isinstance(row, (list, tuple)) and len(row) == len(rows[0]) > 1 and all(isinstance(w, Value) for w in row)
            for row in rows
        ):
            return None
        uses = [[self.walk.into.get(w, []) for w in row] for row in rows]
        if any(len(edges) != 1 for row in uses for edges in row) or len(set(self._leaves)) < len(self._leaves):
            return None
        delta, x = [row[0][0].upstream for row in uses], [edges[0].local for edges in uses[0]]
        fits = all(same(e.upstream, d) and same(e.local, v) for row, d in zip(uses, delta) for [e], v in zip(row, x))
        return (delta, x) if fits else None

    def lines(self) -> list[str]:
        """The explanation, line by line."""
        root = self.walk.names[self.root]
        titles = ["parameters", "values", f"gradients d{self.walk.names.term(self.root)}/d(each)"]
        blocks = [
            grid(_each(self.of, self._name), str),
            grid(self.values, words.number),
            grid(self.grads, words.number),
        ]
        lines = [
            f"The gradient of {root} = {words.number(self.walk.value(self.root))} in the shape of the parameters: "
            f"{shape(self.of)}."
        ]
        for title, block in zip(titles, blocks):
            lines += ["", f"{title}:", *("  " + line for line in block)]
        if self.outer:
            delta, x = (f"[{', '.join(map(words.number, part))}]" for part in self.outer)
            lines += ["", "An outer product, δ·xᵀ: row i receives δ_i from above, column j is "
                          "multiplied by its input x_j.",
                      f"  δ = {delta}", f"  x = {x}"]  # fmt: skip
        return [*lines, *(line for note in self._notes() for line in ("", *words.sentence(note)))]

    def _name(self, n: Value) -> str:
        return self.walk.names[n] if n in self.walk.totals else n.label or "not used"

    def _notes(self) -> list[str]:
        idle = [n.label or repr(n) for n in self._leaves if n not in self.walk.totals]
        notes = (
            [
                f"{', '.join(idle[:4])}{', …' * (len(idle) > 4)}: not used by "
                f"{self.walk.names[self.root]}, so the gradient is 0."
            ]
            if idle
            else []
        )
        return [*notes, *self.walk.all_stored([n for n in self._leaves if n in self.walk.totals])]

    def markdown(self) -> list[str]:
        """The explanation in Markdown, with matrices in LaTeX."""
        root = self.walk.names.latex(self.root)
        lines = [f"The gradient of ${root}$ in the shape of the parameters, {shape(self.of)}:", "",
                 f"$$W = {_matrix(self.values)} \\qquad \\frac{{\\partial {root}}}{{\\partial W}} = "
                 f"{_matrix(self.grads)}$$"]  # fmt: skip
        if self.outer:
            delta, x = self.outer
            lines += ["", f"An outer product: $$\\delta x^\\top = {_matrix([[d] for d in delta])} {_matrix([x])}$$"]
        return [*lines, *(line for note in self._notes() for line in ("", words.plain_markdown(note)))]


def flat(tree: Any) -> Any:
    """Every leaf of nested lists and tuples, in order."""
    if isinstance(tree, (list, tuple)):
        for part in tree:
            yield from flat(part)
    else:
        yield tree


def _each(tree: Any, f: Any) -> Any:
    return type(tree)(_each(part, f) for part in tree) if isinstance(tree, (list, tuple)) else f(tree)


def shape(tree: Any) -> str:
    """How many numbers, in which nesting.

    >>> shape([1, 2, 3]), shape([[1, 2], [3, 4], [5, 6]]), shape([[1], [2, 3]])
    ('3', '3×2', '3 numbers in 2 parts')
    """
    sizes, level = [], [tree]
    while all(isinstance(part, (list, tuple)) and len(part) == len(level[0]) for part in level):
        sizes.append(len(level[0]))
        level = [inner for part in level for inner in part]
    if any(isinstance(part, (list, tuple)) for part in level):
        return f"{len(list(flat(tree)))} numbers in {len(tree)} parts"
    return "×".join(map(str, sizes))


def grid(tree: Any, text: Any) -> list[str]:
    """Nested numbers, one line per innermost list, aligned.

    >>> for line in grid([[1.0, -0.5], [10.0, 2.0]], words.number):
    ...     print(line)
    [[   1, -0.5],
     [  10,    2]]
    """
    cells = [text(leaf) for leaf in flat(tree)]
    width = max(map(len, cells))
    found = iter(cells)

    def write(part: Any, depth: int) -> list[str]:
        if not any(isinstance(inner, (list, tuple)) for inner in part):
            return ["[" + ", ".join(next(found).rjust(width) for _ in part) + "]"]
        lines: list[str] = []
        for inner in part:
            block = write(inner, depth + 1) if isinstance(inner, (list, tuple)) else [next(found).rjust(width)]
            lines += [" " + line for line in block]
            lines[-1] += ","
        lines[0] = "[" + lines[0][1:]
        lines[-1] = lines[-1][:-1] + "]"
        return lines

    return write(tree, 0)


def _matrix(tree: Any) -> str:
    """A vector or matrix in LaTeX; deeper nesting as a matrix of matrices."""
    rows = tree if any(isinstance(row, (list, tuple)) for row in tree) else [tree]

    def cell(x: Any) -> str:
        return _matrix(x) if isinstance(x, (list, tuple)) else words.math_number(x)

    lines = [" & ".join(map(cell, row)) if isinstance(row, (list, tuple)) else cell(row) for row in rows]
    return "\\begin{bmatrix} " + " \\\\ ".join(lines) + " \\end{bmatrix}"
