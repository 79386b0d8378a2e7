"""Packages that the package can do without, and the words that say how to get them:
what pyproject.toml calls extras.
"""

from .errors import UserError

EXTRAS = {
    "dot": "graphviz-pure svglib",
    "numpy": "numpy",
    "jit": "numba numpy",
    "jax": "jax numpy",
    "torch": "torch",
}


class MissingPackage(UserError, ImportError):
    """An extra that is asked for and is not there; the message says how to get it."""


def install(extra: str) -> str:
    """The command that brings an extra, wherever this package came from.

    >>> install("jit")
    'pip install numba numpy'
    """
    return f"pip install {EXTRAS[extra]}"
