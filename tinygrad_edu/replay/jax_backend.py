"""The JAX backend: a program over many lanes under `jax.numpy`, compiled, its lanes divided among devices.

XLA compiles a few dozen operations on whole layers quickly, and a few thousand on numbers slowly: so the vector steps
are what it gets, one operation for each.  JAX is looked for when the first recording is compiled, not before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..exact import is_builtin
from ..extras import MissingPackage, install
from ..languages import JAX
from ..ops import Op
from .numpy_backend import by_text, shaped
from .passes import total
from .trace import Passes
from .vectors import MANY, PRODUCTS, SINGLE, Vectors, layer, outer, spread

BLOCK = 4096  # lanes of one device at once: memory stays bounded


def _jax() -> Any:
    try:
        import jax  # type: ignore[import-not-found,unused-ignore]
        import jax.experimental  # type: ignore[import-not-found,unused-ignore]
    except ImportError as e:
        raise MissingPackage(f'the jax backend needs JAX: {install("jax")}, or use backend="numpy"') from e
    return jax


def _double(jax: Any) -> Any:
    """Inside, floats have 64 bits; outside, the user's own setting stays what it is."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return jax.experimental.enable_x64(True)  # before JAX 0.8


class Jax:
    """A recording that runs on whatever devices JAX has, lanes divided among them, in double precision.

    It agrees with the engine to 1e-12 where that is well conditioned: XLA adds, and computes functions, in its own way.
    Each number of lanes is compiled anew, in a second or more; thousands of steps that are all different take minutes.
    Raises ImportError without JAX; TypeError for a row that cannot be written with other rows.
    """

    def __init__(self, passes: Passes) -> None:
        self.jax, self.passes = _jax(), passes
        self.devices = self.jax.devices()
        sharding = self.jax.sharding
        mesh = sharding.Mesh(np.array(self.devices), ("lanes",))
        self._divided = sharding.NamedSharding(mesh, sharding.PartitionSpec(None, "lanes"))
        self._everywhere = sharding.NamedSharding(mesh, sharding.PartitionSpec())
        self.both = self._compiled(passes)

    @functools.cached_property
    def values(self) -> Any:
        """The values alone, compiled."""
        return self._compiled(self.passes.forward)

    @property
    def nbytes(self) -> int:
        """What is kept here: the steps."""
        return 16 * len(self.passes.program)

    def _compiled(self, passes: Passes) -> Any:
        out = (self._divided, self._everywhere, self._divided) if len(self.devices) > 1 else None
        return self.jax.jit(traced(passes, self.jax.numpy), static_argnames=("inputs", "padded"), out_shardings=out)

    def run(self, theta: Any, X: Any) -> Any:
        """Values float64[outputs, lanes] for theta float64[parameters] and X float64[inputs, lanes].

        Raises ValueError for other shapes.
        """
        return self._run(self.values, theta, X, 1.0, False)[0]

    def value_and_grads(self, theta: Any, X: Any, seed: float = 1.0, inputs: bool = False) -> tuple[Any, Any, Any]:
        """(values[outputs, lanes], dtheta[parameters], dX[inputs, lanes] or None):
        gradients of seed * the sum of the first output.

        Gradients that nobody wanted are 0.  Raises ValueError for other shapes.
        """
        return self._run(self.both, theta, X, seed, inputs)

    def _run(self, run: Any, theta: Any, X: Any, seed: float, inputs: bool) -> tuple[Any, Any, Any]:
        theta, X = shaped(self.passes.inputs, self.passes.parameters, theta, X)
        ys, dtheta = np.empty((self.passes.values, X.shape[1])), np.zeros(len(theta))
        dX = np.zeros(X.shape) if inputs else None
        with _double(self.jax):
            if len(self.devices) > 1:
                theta = self.jax.device_put(theta, self._everywhere)
            for now, part, padded in self._blocks(X):
                lanes = now.stop - now.start
                y, d, dx = run(theta, part, float(seed), float(lanes), inputs=inputs, padded=padded)
                ys[:, now] = np.asarray(y)[:, :lanes]
                if d is not None:
                    dtheta += np.asarray(d)
                if dX is not None:
                    dX[:, now] = np.asarray(dx)[:, :lanes]
        return ys, dtheta, dX

    def _blocks(self, X: Any) -> Iterator[tuple[slice, Any, bool]]:
        """Slices of the lanes; the lanes themselves on their devices, all blocks of one size, filled up with copies of
        the last lane; and whether any is.
        """
        lanes, devices = X.shape[1], len(self.devices)
        size = min(BLOCK * devices, -(-lanes // devices) * devices)
        for begin in range(0, lanes, size or 1):
            part = X[:, begin : begin + size]
            now = slice(begin, begin + part.shape[1])
            if part.shape[1] < size:
                part = np.concatenate([part, np.repeat(part[:, -1:], size - part.shape[1], axis=1)], axis=1)
            yield now, self.jax.device_put(part, self._divided) if devices > 1 else part, bool(lanes % size)


class Pieces:
    """The rows of a table, in the pieces in which vector steps made them."""

    def __init__(self, jnp: Any, rows: int) -> None:
        self.jnp, self.pieces = jnp, list[Any]()
        self.piece, self.row = np.zeros(rows, int), np.zeros(rows, int)  # where a row of the table is

    def add(self, rows: Sequence[int], piece: Any) -> None:
        """So many rows more."""
        self.piece[rows], self.row[rows] = len(self.pieces), range(len(rows))
        self.pieces.append(piece)

    def __getitem__(self, rows: Any) -> Any:
        flat = rows.ravel()
        used, where = np.unique(self.piece[flat], return_inverse=True)
        pieces = [self.pieces[k] for k in used]
        starts = np.cumsum([0, *[len(p) for p in pieces]])
        at, whole = self.row[flat] + starts[where], pieces[0] if len(used) == 1 else self.jnp.concatenate(pieces)
        near = (np.diff(at) == 1).all()
        return (whole[at[0] : at[-1] + 1] if near else whole[at]).reshape(*rows.shape, whole.shape[1])


def traced(passes: Passes, jnp: Any) -> Callable[..., Any]:
    """What `jax.jit` compiles: values, gradients of parameters added up over lanes, and those of inputs.

    If the lanes are `padded`, only the first are real.
    """
    _, _, parameters, count = passes
    v = Vectors.of(passes)
    functions = {step.row: _function(step.row, jnp) for code in v.code for step in code}
    constants = np.array([*v.program.constants.values()], float)[:, None]
    places = [v.place[i] for i in v.program.outputs]

    def run(theta: Any, X: Any, seed: Any, lanes: Any, inputs: bool, padded: bool) -> Any:
        single, many = tables = [Pieces(jnp, rows) for rows in v.size]
        width = X.shape[1]
        real = jnp.arange(width) < lanes
        single.add(range(parameters), theta[:, None])
        for k, x in enumerate((seed, lanes)):
            single.add(range(parameters + k, parameters + k + 1), jnp.reshape(x, (1, 1)))
        single.add(range(parameters + 2, parameters + 2 + len(constants)), constants)
        many.add(range(len(X)), X)
        for step in (step for code in v.code for step in code):
            args = []
            for table, rows in step.args:
                alone = rows.ndim == 1 and step.row not in PRODUCTS and (rows == rows[0]).all()
                x = tables[table][rows[:1] if alone else rows]
                if padded and step.table == SINGLE and table == MANY:  # left out, not weighed: 0 * nan would be nan
                    x = jnp.where(real, x, 0.0)
                args.append(x)
            y, shape = functions[step.row](*args), (len(step.out), width if step.table == MANY else 1)
            tables[step.table].add(step.out, y if y.shape == shape else jnp.broadcast_to(y, shape))

        def wide(places: Sequence[tuple[int, int]]) -> Any:
            found = [jnp.broadcast_to(tables[t][np.array([r])], (1, width)) for t, r in places]
            return jnp.concatenate(found) if found else jnp.zeros((0, width))

        n = len(X)
        dtheta = single[np.array([r for _, r in places[count + n :]], int)][:, 0] + 0.0 if places[count + n :] else None
        return wide(places[:count]), dtheta, wide(places[count : count + n]) if inputs else None

    return run


def _function(row: Op, jnp: Any) -> Callable[..., Any]:
    """What computes a row, or a product, on arrays; any number of inputs lie along the second axis."""

    def logsumexp(x: Any) -> Any:
        top, first = x.max(1), x.argmax(1)
        rest = jnp.where(jnp.arange(x.shape[1])[:, None] == first[:, None], 0.0, jnp.exp(x - top[:, None]))
        return jnp.where(jnp.isinf(top), top, top + jnp.log1p(rest.sum(1)))

    special: dict[Op, Callable[..., Any]] = {
        layer: lambda w, x, *bias: sum(bias, w[:, :, 0] @ x),
        outer: lambda up, x: (up @ x.T).reshape(-1, 1),
        total: lambda x: x.sum(1, keepdims=True),
        ops.dot: lambda w, x, *bias: sum(bias, (w * x).sum(1)),
        ops.sum: lambda x: x.sum(1),
        ops.logsumexp: logsumexp,
        spread: lambda x: x,
    }
    return special.get(row) or _by_text(row)


@functools.lru_cache(maxsize=1024)
def _by_text(row: Op) -> Any:
    """A row's text in JAX.  Raises TypeError for one that only numbers can run."""
    if not is_builtin(row):
        raise TypeError(
            f"the jax backend cannot run the row {getattr(row, 'of', row).name!r}, which cannot be written with other "
            "rows: make its rules, or its `parts`, of arithmetic, where, maximum and other rows, "
            'or use backend="python"'
        )
    return by_text(row, JAX)
