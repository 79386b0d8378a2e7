"""What replays a recording: the backends, what each needs, and what each must do."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from ..errors import UserError
from ..extras import MissingPackage, install
from ..interruption import uninterrupted
from .trace import Passes


class Backend(Protocol):
    """Runs the program of a recording.

    `theta` are the parameters, `data` the inputs of the samples: one row for each sample, or with `Kind.columns` an
    array float64[inputs, lanes].  Values come as [outputs][lanes], gradients as [parameters], added up over lanes,
    and, if those of the `inputs` are asked for, as [inputs][lanes].
    """

    @property
    def nbytes(self) -> int:
        """What is kept for replaying: arrays, or code."""

    def run(self, theta: Any, data: Any) -> Any:
        """The values of all outputs for each sample."""

    def value_and_grads(self, theta: Any, data: Any, seed: float, inputs: bool) -> tuple[Any, Any, Any]:
        """The values, and the gradients of seed * the sum of the first output."""


class Kind(NamedTuple):
    """Where a backend is; whether it takes samples as `columns`; what it needs, how that is called, what brings it."""

    module: str
    name: str
    columns: bool = True
    needs: tuple[str, ...] = ()
    package: str = ""
    extra: str = ""


KINDS = {
    "python": Kind("python_backend", "Python", columns=False),
    "numpy": Kind("numpy_backend", "NumPy", True, ("numpy",), "NumPy", "numpy"),
    "native": Kind("native_backend", "Native", True, ("numba", "numpy"), "Numba", "jit"),
    "jax": Kind("jax_backend", "Jax", True, ("jax",), "JAX", "jax"),
}
BACKENDS = tuple(KINDS)


def installed(backend: str) -> bool:
    """Whether what a backend needs is installed."""
    return all(importlib.util.find_spec(module) is not None for module in KINDS[backend].needs)


def best() -> str:
    """The backend that "auto" stands for: the compiled kernel, else arrays, else plain Python."""
    return next(b for b in ("native", "numpy", "python") if installed(b))


def resolved(backend: str) -> str:
    """The name of a backend that is there; of "auto" the best.

    Raises UserError for another name, MissingPackage, with what to install, where its library is missing.
    """
    if backend not in ("auto", *BACKENDS):
        raise UserError(f"backend is one of auto, {', '.join(BACKENDS)}, got {backend!r}")
    if backend == "auto":
        return best()
    if not installed(backend):
        kind = KINDS[backend]
        raise MissingPackage(
            f'the {backend} backend needs {kind.package}: {install(kind.extra)}, or use backend="auto"'
        )
    return backend


def make_backend(backend: str, passes: Passes) -> Backend:
    """That backend for one program.  Raises TypeError for a row that it cannot run."""
    kind = KINDS[backend]
    with uninterrupted():  # NumPy, Numba and JAX cannot be loaded half and then again
        make: Callable[[Passes], Backend] = getattr(importlib.import_module(f".{kind.module}", __package__), kind.name)
    return make(passes)
