"""What stands between layers: dropout, flattening, and Sequential to put them in a row.

>>> from tinygrad_edu import ops
>>> from tinygrad_edu.nn import LayerNorm, Linear
>>> net = Sequential(Linear(2, 3), LayerNorm(3), ops.tanh, Linear(3, 1), name="net")
>>> net
Sequential(Linear(2, 3), LayerNorm(3), <Op tanh>, Linear(3, 1))
>>> net.parameters()[-1].label
'net.steps.3.neurons.0.b'
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from .. import tracing
from ..engine import Value
from ..ieee import number
from ..ops import Op
from .choices import Seed, nested, stream
from .module import Module


class Sequential(Module):
    """Modules and functions, one after the other.  A row with one input (`ops.tanh`) is applied to each number.

    Raises TypeError for a step that cannot be called, and for a function in the middle that makes numbers of Values.
    """

    def __init__(self, *steps: Callable[[Any], Any], name: str = "sequential") -> None:
        for i, step in enumerate(steps):
            if not callable(step):
                raise TypeError(
                    f"step {i} of Sequential must be a module, a row or a function, got {type(step).__name__} {step!r}"
                )
        self.steps, self.name = list(steps), name

    def __call__(self, x: Any) -> Any:
        for i, step in enumerate(self.steps):
            before, x = x, _each(step, x) if isinstance(step, Op) else step(x)
            if isinstance(step, (Op, Module)) or i + 1 == len(self.steps):
                continue
            if _computed(before) and not _computed(x):
                called = getattr(step, "__name__", step)
                raise TypeError(
                    f"step {i} of {self.name}, {called!r}, makes plain numbers of Values: what is before it never "
                    "learns; write it with methods of Value, or use a row such as ops.tanh; for numbers alone, "
                    "call it under no_grad()"
                )
        return x


def _computed(x: Any) -> bool:
    """Whether something in nested lists was computed from Values."""
    return any(map(_computed, x)) if nested(x) else isinstance(x, Value) and bool(x.parents)


def _each(op: Op, x: Any) -> Any:
    """A row applied to every number in nested lists."""
    return [_each(op, v) for v in x] if nested(x) else op(x)


class Flatten(Module):
    """All numbers of nested lists in one list: from maps to a layer's inputs.

    >>> Flatten()([[[1.0, 2.0]], [[3.0, 4.0]]])
    [1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, name: str = "flatten") -> None:
        self.name = name

    def __call__(self, x: Any) -> list[Any]:
        return [v for part in x for v in (self(part) if nested(part) else [part])]


class Dropout(Module):
    """In training each number becomes 0 with probability `p`, and the others are divided by 1 - p;
    after `eval()` all pass.

    Srivastava et al. 2014, in the "inverted" form, which leaves the expected value alone.

    >>> Dropout(0.5, seed=1)([1.0, 2.0, 3.0, 4.0]), Dropout(0.5).eval()([1.0, 2.0])
    ([0.0, 4.0, 6.0, 0.0], [1.0, 2.0])
    """

    def __init__(self, p: float = 0.5, seed: Seed = None, name: str = "dropout") -> None:
        self.p, self.seed, self.name = number(p), seed, name
        if not 0 <= self.p < 1:
            raise ValueError(f"p, the share of numbers that is dropped, must be at least 0 and below 1, got {p}")
        self._rng = stream(seed)

    def __call__(self, x: Any) -> Any:
        if nested(x):
            return [self(v) for v in x]
        if not self.training:
            return x
        if tracing.active():
            raise tracing.RecordingError(
                f"{self.name} draws new random numbers at every call, and every replay would use the same ones: record "
                "the model after eval(), or train it with backend='eager'"
            )
        rng: Any = random if self._rng is None else self._rng
        return x * (0.0 if rng.random() < self.p else 1 / (1 - self.p))

    def __repr__(self) -> str:
        return f"Dropout(p={self.p:g})"
