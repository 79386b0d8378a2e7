"""A graph of Values, computed by PyTorch or JAX: its rows in their words, at their own numbers, differentiated by them.

It needs to know no layer: any graph will do.  Nodes of the same row at the same depth are one operation on tensors, so
that a network of thousands of nodes becomes a few dozen of them.

>>> w, x = Value(0.5, label="w"), Value(2.0, label="x")
>>> TensorGraph(w * x + x * x, [w])
TensorGraph(2 parameters and constants, 2 operations: mul, add)
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .. import chance, ops
from ..engine import Value, topological
from ..errors import UserError
from ..exact import exact, filled, is_builtin
from ..opening import opened
from ..ops import Op
from ..words import plural
from .libraries import double, package, row_function

Step = tuple[Op, list[tuple[int, ...]]]  # a row, and for each of its inputs the slots of all nodes that it makes


class TensorGraph:
    """What one Value was computed by, as steps over slots: first the parameters, then constants, then what each step
    makes.

    Everything that is no parameter keeps the number that it has now, and so does what was drawn at random.  Raises
    UserError, with the row, for one whose rule asks for numbers; for a parameter that stands in the list twice, or is
    the root; TypeError for one that is no Value.
    """

    def __init__(self, root: Value, parameters: Sequence[Value]) -> None:
        root = opened(root)
        seen = {root}
        for p in parameters:
            if not isinstance(p, Value):
                raise TypeError(f"parameters are Values, got {type(p).__name__} {p!r:.60}")
            if p in seen:
                raise UserError(f"{p!r:.60} {'is the root' if p is root else 'stands in the list twice'}: "
                                "parameters are what it is computed from, each once")  # fmt: skip
            seen.add(p)
        self.parameters = len(parameters)
        drawn = set(filter(_is_fixed, topological(root)))
        order = topological(root, stop=drawn)
        place = {p: i for i, p in enumerate(parameters)}
        self.constants: list[float] = []

        def constant(x: float) -> int:
            self.constants.append(x)
            return len(parameters) + len(self.constants) - 1

        fixed = {n for n in order if n not in place and (not n.parents or n in drawn)}
        place.update({n: constant(n.data) for n in order if n in fixed})
        nodes = [n for n in order if n not in place]
        lines = {n: [constant(x) for x in line] for n in nodes if (line := _line(n))}
        depth, groups = dict.fromkeys(place, 0), defaultdict[Any, list[Value]](list)
        for n in nodes:
            depth[n] = 1 + max([depth[p] for p in n.parents])
            groups[depth[n], ops.dot if n in lines else n.op, len(n.parents), n in lines].append(n)
        self.given = free = len(parameters) + len(self.constants)
        self.steps: list[Step] = []
        for (_, op, *_), alike in sorted(groups.items(), key=lambda group: group[0][0]):
            place.update(zip(alike, range(free, free + len(alike))))
            free += len(alike)
            args = [[*lines[n][:-1], *[place[p] for p in n.parents], lines[n][-1]] if n in lines
                    else [place[p] for p in n.parents] for n in alike]  # fmt: skip
            self.steps.append((op, list(zip(*args))))
        if not self.steps:
            raise UserError(f"{root!r:.60} was computed by nothing: give a Value that was")

    def __repr__(self) -> str:
        rows = ", ".join(dict.fromkeys([op.name for op, _ in self.steps]))
        return f"TensorGraph({self.given} parameters and constants, {len(self.steps)} operations: {rows})"

    def torch(self, theta: Any) -> Any:
        """The number as a tensor, of parameters in one tensor of doubles.

        Raises UserError if the tensor has not one number for each parameter.
        """
        torch = package("torch", "TensorGraph.torch")
        self._check(theta)
        known = torch.cat([theta, torch.tensor(self.constants, dtype=theta.dtype)])
        slots = (torch.tensor(row) for row in self._slots())
        return _last("torch", torch, torch.cat, torch.logsumexp, self._shape(), slots, known)

    def jax(self, theta: Any) -> tuple[float, Any]:
        """The number and its gradient, of parameters in one array; compiled once for all graphs of this shape.

        Raises UserError if the array has not one number for each parameter.
        """
        np = package("numpy", "TensorGraph.jax")
        self._check(theta)
        slots = [np.array(row, np.int32) for row in self._slots()]
        with double():
            value, gradient = _compiled(self._shape())(theta, np.array(self.constants, float), slots)
            return float(value), gradient

    def _check(self, theta: Any) -> None:
        if (shape := tuple(getattr(theta, "shape", ()))) != (self.parameters,):
            raise UserError(
                f"this graph has {plural(self.parameters, 'parameter')}: give their numbers in one row, not "
                f"{type(theta).__name__} of shape {shape}"
            )

    def _shape(self) -> tuple[tuple[Op, int], ...]:
        """The row of each step, and how many inputs it has."""
        return tuple([(op, len(slots)) for op, slots in self.steps])

    def _slots(self) -> Iterator[Any]:
        """The slots that are read, one after the other: of a row that takes any number of inputs, all at once."""
        for op, slots in self.steps:
            yield from [slots] if ... in op.domain else slots


def _last(name: str, library: Any, join: Any, logsumexp: Any, shape: Any, slots: Iterator[Any], known: Any) -> Any:
    """The number in the last slot."""
    for op, inputs in shape:
        if ... in op.domain:
            xs, n = known[next(slots)], inputs // 2
            if op is ops.dot:
                made = (xs[:n] * xs[n : 2 * n]).sum(0) + (xs[-1] if inputs % 2 else 0.0)
            elif op in (ops.sum, ops.logsumexp):
                made = xs.sum(0) if op is ops.sum else logsumexp(xs, 0)
            else:
                made = row_function(op, name, inputs)(*xs)
        else:
            made = row_function(op, name)(*[known[next(slots)] for _ in range(inputs)])
        known = join([known, made])
    return known[-1]


@functools.lru_cache(maxsize=64)
def _compiled(shape: Any) -> Callable[..., Any]:
    """What gives the number and its gradient under JAX."""
    jax = package("jax", "TensorGraph.jax")
    jnp = jax.numpy

    def run(theta: Any, constants: Any, slots: Any) -> Any:
        known = jnp.concatenate([theta, constants])
        return _last("jax", jnp, jnp.concatenate, jax.nn.logsumexp, shape, iter(slots), known)

    return jax.jit(jax.value_and_grad(run))  # type: ignore[no-any-return]


def _is_fixed(n: Value) -> bool:
    """Whether a node keeps its number: what was drawn, and what is flat and asks for numbers, as a reply of the
    world does.
    """
    return chance.stops(n) or bool(n.parents) and _slopes(n.op, len(n.parents)) == (0.0,) * len(n.parents)


def _line(n: Value) -> list[float]:
    """Slopes and offset of a row that asks for numbers, but whose slopes are the same everywhere; else nothing."""
    if not (slopes := _slopes(n.op, len(n.parents))):
        return []
    return [*slopes, n.numbers[0] - sum(d * x for d, x in zip(slopes, n.numbers[1:]))]


@functools.lru_cache(maxsize=1024)
def _slopes(op: Op, inputs: int) -> tuple[float, ...]:
    """The slopes of a row that cannot be written with others, if they are the same for all numbers; else nothing."""
    if is_builtin(op):
        return ()
    xs = [exact(f"x{i}") for i in range(inputs)]
    try:
        filled(op, op.parts or op.forward, xs)
        return ()
    except TypeError:
        pass
    try:
        return tuple([float(d) for d in filled(op, op.partials, [exact("y"), *xs])])
    except TypeError:
        return ()
