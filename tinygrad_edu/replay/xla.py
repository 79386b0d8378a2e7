"""The JAX backend: the same text for one lane under `jax.numpy`, compiled, mapped over lanes, sharded over devices.

XLA compiles a few hundred vectors quickly and a few thousand scalars slowly.  So a dot is written as one product of two
vectors: parameters that lie side by side are a slice of `theta`, anything else is stacked once.  Its gradients stay
vectors until somebody needs one number of them.

JAX is looked for when the first recording is compiled, not before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops
from ..engine import Value
from ..extras import MissingPackage, install
from ..languages import JAX
from ..text import Expr, name
from .numpy_backend import shaped
from .plan import Plan
from .printing import Replay
from .record import Record
from .trace import OPTIMISATIONS

BLOCK = 4096  # lanes of one device at once: memory stays bounded
LONG = 4  # a sum of fewer is not worth a vector


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
    Each number of lanes is compiled anew, in a few seconds; thousands of nodes that are no dots or sums
    (`MLP(..., expand=True)`) take XLA minutes.
    Raises ImportError without JAX; TypeError for a row that cannot be written with other rows.
    """

    @classmethod
    def of(cls, recording: Any) -> Jax:
        return cls(recording.record, recording.wanted, recording.optimise)

    @property
    def nbytes(self) -> int:
        """What is kept: text."""
        return len(self.text)

    def __init__(
        self, record: Record, wanted: Sequence[Value], optimise: frozenset[str] = frozenset(OPTIMISATIONS)
    ) -> None:
        self.jax = jax = _jax()
        self.record, self.wanted = record, list(wanted)
        writer = _Vectors(record, self.wanted, Plan(record, wanted, optimise), JAX)
        self.text = writer.module()
        for op in (*writer.speech.given, *writer.asked.values()):
            raise TypeError(
                f"the jax backend cannot run the row {op.name!r}, which cannot be written with other rows: "
                'make its rules, or its `parts`, of arithmetic, where, maximum and other rows, or use backend="python"'
            )
        scope: dict[str, Any] = {"inf": math.inf, "nan": math.nan}
        exec(compile(self.text, "<recorded>", "exec"), scope)
        self.devices = jax.devices()
        mesh = jax.sharding.Mesh(np.array(self.devices), ("lanes",))
        self._divided = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(None, "lanes"))
        self._everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())

        def passes(theta: Any, X: Any, seed: Any, lanes: Any, inputs: bool) -> Any:
            values, dtheta, dX = jax.vmap(scope["value_and_grads"], (None, 1, None), (1, 0, 1))(
                theta, X, seed
            )  # one row per lane
            real = (
                jax.numpy.arange(X.shape[1]) < lanes
            )  # 0 * nan would be nan: what is padding is left out, not weighed
            total = jax.numpy.where(real[:, None], dtheta, 0.0).sum(0)
            return values, total, dX if inputs else None

        self._run = jax.jit(jax.vmap(scope["value"], (None, 1), 1))
        self._passes = jax.jit(passes, static_argnames="inputs")

    def run(self, theta: Any, X: Any) -> Any:
        """Values float64[outputs, lanes] for theta float64[parameters] and X float64[inputs, lanes].

        Raises ValueError for other shapes.
        """
        theta, X = shaped(len(self.record.inputs), len(self.record.parameters), theta, X)
        values = np.empty((len(self.record.outputs), X.shape[1]))
        with _double(self.jax):
            theta = self.jax.device_put(theta, self._everywhere)
            for now, part in self._blocks(X):
                values[:, now] = np.asarray(self._run(theta, part))[:, : now.stop - now.start]
        return values

    def value_and_grads(self, theta: Any, X: Any, seed: float = 1.0, inputs: bool = False) -> tuple[Any, Any, Any]:
        """(values[outputs, lanes], dtheta[parameters], dX[inputs, lanes] or None):
        gradients of seed * the sum of the first output.

        Gradients that nobody wanted are 0.  Raises ValueError for other shapes.
        """
        theta, X = shaped(len(self.record.inputs), len(self.record.parameters), theta, X)
        values, total = np.empty((len(self.record.outputs), X.shape[1])), np.zeros(len(theta))
        dX = np.zeros(X.shape) if inputs else None
        with _double(self.jax):
            theta = self.jax.device_put(theta, self._everywhere)
            for now, part in self._blocks(X):
                lanes = now.stop - now.start
                ys, dtheta, dx = self._passes(theta, part, np.float64(seed), lanes, inputs=inputs)
                values[:, now] = np.asarray(ys)[:, :lanes]
                total += np.asarray(dtheta)
                if dX is not None:
                    dX[:, now] = np.asarray(dx)[:, :lanes]
        return values, total, dX

    def _blocks(self, X: Any) -> Any:
        """Slices of the lanes, and the lanes themselves on their devices, filled up with copies of the last one."""
        lanes, devices = X.shape[1], len(self.devices)
        size = min(BLOCK * devices, -(-lanes // devices) * devices)
        for begin in range(0, lanes, size or 1):
            part = X[:, begin : begin + size]
            padded = np.concatenate([part, np.repeat(part[:, -1:], size - part.shape[1], axis=1)], axis=1)
            yield slice(begin, begin + part.shape[1]), self.jax.device_put(padded, self._divided)


Key = tuple[Value, ...]


class _Vectors(Replay):
    """The writer of one lane, in which dots and long sums are products of vectors.

    Names of its own end in an underscore, which no label's name does.
    """

    def module(self) -> str:
        leaves = {"inputs_": self.record.inputs, "theta_": self.record.parameters}
        self.place = {n: (array, i) for array, ns in leaves.items() for i, n in enumerate(ns)}
        self.alone: dict[Value, None] = {}  # leaves that are needed as numbers, not only in a vector
        self.vectors: dict[Key, str] = {}
        self.flows: dict[Key, str] = {}  # the gradients of vectors
        self.members: dict[Value, list[str]] = {}  # the gradients of a node that are parts of those
        self.lines = []
        self.forward()
        self.lines.append(
            f"outputs_ = jnp.stack([{', '.join(self.speech.write(self.term(n)) for n in self.record.outputs)}])"
        )
        forward, self.lines = self.lines, []
        self.backward()
        ends = [f"d{array} = {self.gathered(ns)}" for array, ns in leaves.items()]
        numbers = [f"{self.names[n]} = {self.place[n][0]}[{self.place[n][1]}]" for n in self.alone]
        indent = "\n    "
        return "\n\n\n".join([
            self.speech.prelude(self.used),
            f"def value(theta_, inputs_):{indent}{indent.join([*numbers, *forward])}{indent}return outputs_",
            "def value_and_grads(theta_, inputs_, "
            f"seed):{indent}{indent.join([*numbers, *forward, '', *self.lines, *ends])}{indent}return outputs_, "
            "dtheta_, dinputs_",
        ]) + "\n"  # fmt: skip

    def term(self, n: Value) -> Any:
        if n in self.place:
            self.alone[n] = None
        return super().term(n)

    def vector(self, nodes: Key) -> str:
        """Some nodes side by side: a slice of the leaves if they lie so, else a name for what is stacked here."""
        if nodes not in self.vectors:
            array, i = self.place.get(nodes[0], ("", 0))
            if all(self.place.get(n) == (array, i + k) for k, n in enumerate(nodes)):
                self.vectors[nodes] = f"{array}[{i}:{i + len(nodes)}]"
            else:
                self.vectors[nodes] = f"stack{len(self.vectors) + 1}_"
                self.lines.append(
                    f"{self.vectors[nodes]} = jnp.stack([{', '.join(self.speech.write(self.term(n)) for n in nodes)}])"
                )
        return self.vectors[nodes]

    def halves(self, n: Value) -> list[Key]:
        """What is multiplied in a dot, or added in a sum, if it is long enough for vectors."""
        k = len(n.parents) // 2
        found = [n.parents[:k], n.parents[k : 2 * k]] if n.op is ops.dot else [n.parents] if n.op is ops.sum else []
        return [key for key in found if len(key) >= LONG]

    def computed(self, n: Value) -> None:
        halves = self.halves(n)
        if not halves:
            return super().computed(n)
        bias = n.parents[sum(map(len, halves)) :]
        text = f"jnp.{'dot' if n.op is ops.dot else 'sum'}({', '.join(map(self.vector, halves))})"
        return self.set(self.names[n], Expr(ops.sum, (*map(self.term, bias), name(text))))

    def passed_on(self, n: Value) -> None:
        for part in self.members.pop(n, ()):  # all that reads n has been passed: its part of each vector is complete
            self.flow(n, name(part))
        halves = self.halves(n)
        if n not in self.begun or not halves:
            return super().passed_on(n)
        d = "d" + self.names[n]
        if n.op is ops.sum:
            self.flow_together(halves[0], f"jnp.full({len(halves[0])}, {d})")
        else:
            self.flow_together(halves[0], f"{d} * {self.vector(halves[1])}")
            self.flow_together(halves[1], f"{d} * {self.vector(halves[0])}")
            for p in filter(self.passes, n.parents[2 * len(halves[0]) :]):
                self.flow(p, name(d))
        return None

    def flow_together(self, nodes: Key, text: str) -> None:
        """One line: what flows into the nodes of a vector."""
        if not any(map(self.passes, nodes)):
            return
        if nodes in self.flows:
            self.lines.append(f"{self.flows[nodes]} += {text}")
            return
        self.flows[nodes] = target = f"dstack{len(self.flows) + 1}_"
        self.lines.append(f"{target} = {text}")
        if not (self.vector(nodes).endswith("]") and set(nodes) <= set(self.wanted)):  # else it is gathered as a whole
            for i, n in enumerate(nodes):
                if self.passes(n):
                    self.members.setdefault(n, []).append(f"{target}[{i}]")

    def gathered(self, leaves: Sequence[Value]) -> str:
        """The gradients of all leaves of one kind, side by side: slices and numbers where they are, 0 elsewhere."""
        wanted = set(self.wanted)
        for n in leaves:
            for part in self.members.pop(n, ()):
                self.flow(n, name(part))
        pieces = [(i, 1, f"d{self.names[n]}") for i, n in enumerate(leaves) if n in self.begun and n in wanted]
        for nodes, target in self.flows.items():
            if nodes[0] in leaves and self.vector(nodes).endswith("]") and set(nodes) <= wanted:
                pieces.append((self.place[nodes[0]][1], len(nodes), target))
        rows: list[tuple[list[str], int]] = []  # those that lie in one row do not overlap
        for i, length, text in sorted(pieces):
            at = next((k for k, (_, end) in enumerate(rows) if end <= i), len(rows))
            texts, end = rows[at] if at < len(rows) else ([], 0)
            texts += [*[f"jnp.zeros({i - end})"] * (i > end), f"jnp.reshape({text}, 1)" if length == 1 else text]
            rows[at : at + 1] = [(texts, i + length)]
        whole = [
            f"jnp.concatenate([{', '.join([*texts, *[f'jnp.zeros({len(leaves) - end})'] * (end < len(leaves))])}])"
            for texts, end in rows
        ]
        return " + ".join(whole) or f"jnp.zeros({len(leaves)})"
