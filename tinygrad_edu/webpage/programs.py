"""Both passes of a page's graph as two programs, which `page.js` only runs: the engine's chain rule, filled with steps.

>>> from tinygrad_edu import Value
>>> from . import snapshot
>>> x = Value(3.0, label="x")
>>> nodes = snapshot(x * x + x).nodes
>>> print(forward_program(nodes))  # from x: three values, four local gradients
v1 = 1.0
v2 = v0 * v0
v3 = v2 + v0
return v0, v2, v3, v1, v1, v0, v0
>>> print(backward_program(nodes))  # from the seed and those: what flows along each edge, the sums so far
v5 = v1 * v0
v6 = v2 * v0
v7 = v3 * v5
v8 = v6 + v7
v9 = v4 * v5
v10 = v8 + v9
return v5, v6, v7, v9, v5, v6, v8, v10
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from .. import ops
from ..engine import Value, chain_rule
from ..languages import JAVASCRIPT
from ..ops import Op
from ..replay.passes import alive
from ..replay.program import Opaque, Program, Term, term
from ..replay.trace import local_steps
from ..text import Expr, name

if TYPE_CHECKING:
    from . import PageNode


def forward_program(nodes: Sequence[PageNode]) -> Program:
    """From the leaves: the value of each node, then the local gradient of each edge, in the order of the way back."""
    program, terms = Program(), list[Term]()
    leaves = iter(program.given(sum(not n.parents for n in nodes)))
    for n in nodes:
        xs = tuple([terms[p] for p in n.parents])
        terms.append(term(program, xs[0].__apply__(n.op, xs)) if xs else next(leaves))
    ds = [local_steps(n.op, y, [terms[p] for p in n.parents]) for n, y in zip(nodes[::-1], terms[::-1]) if n.parents]
    program.outputs = [x.slot for x in (*terms, *[term(program, d) for some in ds for d in some])]
    return alive(program)


def backward_program(nodes: Sequence[PageNode]) -> Program:
    """From the seed and the local gradients: what flows along each edge, then for each the sum where it arrives."""
    graph = list[Value]()  # the same shape, for the chain rule to walk
    for n in nodes:
        graph.append(Value(0.0))
        graph[-1].parents = tuple([graph[p] for p in n.parents])
    program = Program()
    seed, *edges = map(_Edge, program.given(1 + sum(len(n.parents) for n in nodes)))
    each = iter(edges)
    chain_rule(graph[-1], seed, lambda n: islice(each, len(n.parents)))
    program.outputs = [*[e.flow.slot for e in edges], *[e.sum.slot for e in edges]]
    return alive(program)


class _Edge:
    """A local gradient; once the chain rule has multiplied by it, what flows along its edge, and the sum so far."""

    __slots__ = ("flow", "sum")

    def __init__(self, given: Term) -> None:
        self.flow: Any = given
        self.sum: Any = given

    def __mul__(self, upstream: _Edge) -> _Edge:
        self.flow = self.sum = self.flow * upstream.sum
        return self

    def __add__(self, other: _Edge) -> _Edge:
        other.sum = self.sum + other.flow
        return other


class RowTable:
    """The rows of some programs in JavaScript, and the programs by the places of their rows."""

    def __init__(self) -> None:
        self.places: dict[tuple[Op, int], int] = {}

    def __call__(self, program: Program) -> dict[str, Any]:
        """A program as `page.js` runs it: after what is given constants, then steps, each a row and earlier places."""
        places = self.places
        rows = [
            places.setdefault((row, len(args) if row not in (ops.sum, ops.dot) else 0), len(places))
            for row, args in zip(program.rows, program.args)
            if args
        ]
        steps = [(row, *args) for row, args in zip(rows, filter(None, program.args))]
        return {"constants": [*program.constants.values()], "steps": steps, "outputs": program.outputs}

    def __str__(self) -> str:
        """What they need, and an array of functions; `runProgram` adds up itself, however many there are."""
        words = [[f"x{i}" for i in range(count)] for _, count in self.places]
        written = [Expr(row, tuple(map(name, xs))) for (row, _), xs in zip(self.places, words)]
        lines = [f'  "{e.op.name}",\n' if e.op in (ops.sum, ops.dot) else
                 f"  ({', '.join(xs)}) => {JAVASCRIPT.write(e)},\n" for xs, e in zip(words, written)]  # fmt: skip
        needed = [e for e in written if e.op not in (ops.sum, ops.dot)]
        return f"{JAVASCRIPT.prelude(needed)}\nreturn [\n{''.join(lines)}];".strip()


def unwritten(program: Program) -> str:
    """Why JavaScript cannot run a program; blank if it can."""
    return next((f"{row.of.name} cannot be written in JavaScript" for row in program.rows if type(row) is Opaque), "")
