"""PyTorch and JAX: where they are found, and how they spell the rows of `ops`.

Every row that they know is their own function, whose derivative they know; a row of somebody's own is written with
others.  Neither library is loaded before it is asked for.

>>> from tinygrad_edu import ops
>>> from tinygrad_edu.text import name
>>> TORCH.write(ops.tanh(name("x")) ** 2), JAX.write(ops.logsumexp(name("x"), name("y")))
('torch.tanh(x) ** 2', 'jax.nn.logsumexp(jnp.stack([x, y]), axis=0)')
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from ..errors import UserError
from ..exact import exact, filled, is_builtin
from ..extras import MissingPackage, install
from ..languages import Language
from ..ops import Op
from ..text import Expr

NAMES = {"torch": "PyTorch", "jax": "JAX"}


def package(name: str, who: str) -> Any:
    """The package itself.  Raises MissingPackage with the command that installs it."""
    try:
        return import_module(name)
    except ImportError as e:
        raise MissingPackage(f"{who} needs {NAMES[name]}: {install(name)}") from e


# Each row in a library's words.  A number may stand in a place of a tensor: PyTorch's maximum does not take one.
# The slope of its own hardsigmoid is a sixth in single precision.
_SAME = """sqrt exp expm1 log log2 log10 log1p sin cos tan sinh cosh tanh sigmoid floor ceil trunc round sign abs
           hypot maximum minimum relu erf erfc erfinv digamma sinc""".split()
_ARCS = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
         "atanh": "arctanh", "atan2": "arctan2"}  # fmt: skip
_SIGNS = {
    "power": "{0} ** {n}",
    "pow": "{b0} ** {b1}",
    **{row: f"({{b0}} {sign} {{b1}}) * 1.0"
       for row, sign in [("greater", ">"), ("greater_equal", ">="), ("less", "<"), ("less_equal", "<="),
                         ("equal", "==")]},
}  # fmt: skip


def _spelled(words: dict[str, str]) -> dict[str, str]:
    return {row: word if "{" in word else f"{word}({{all}})" for row, word in words.items()} | _SIGNS


def _number(x: float) -> str:
    return repr(x) if math.isfinite(x) else f"float({str(x)!r})"


TORCH = Language(
    "PyTorch",
    _spelled({
        **{row: f"torch.{row}" for row in (*_SAME, "rsqrt", "square", "reciprocal", "exp2", "xlogy", "lgamma")},
        **{row: f"torch.{word}" for row, word in _ARCS.items()}, "logit": "torch.logit",
        "maximum": "maximum", "minimum": "minimum", "cbrt": "cbrt",
        "logsigmoid": "F.logsigmoid", "softplus": "F.softplus({0}, threshold=40)", "softsign": "F.softsign",
        "relu6": "F.relu6", "elu": "F.elu", "selu": "F.selu", "silu": "F.silu", "mish": "F.mish", "gelu": "F.gelu",
        "leaky_relu": "F.leaky_relu({0}, {n})", "gelu_tanh": 'F.gelu({0}, approximate="tanh")',
        "hardtanh": "F.hardtanh", "hardsigmoid": "F.relu6({0} + 3) / 6", "hardswish": "F.hardswish",
        "clip": "torch.clamp({0}, {n})", "polygamma": "torch.polygamma({n}, {0})", "mod": "torch.remainder",
        "floor_divide": 'torch.div({0}, {1}, rounding_mode="floor")', "where": "torch.where({b0} != 0, {1}, {2})",
        "logsumexp": "torch.logsumexp(torch.stack([{all}]), 0)",
    }),
    _number,
    imports=("import torch", "import torch.nn.functional as F"),
    extra={
        **{f: f"def {f}(a, b):\n    return torch.{f}(*[torch.as_tensor(x, dtype=torch.float64) for x in (a, b)])"
           for f in ("maximum", "minimum")},
        "cbrt": "def cbrt(x):\n    return torch.sign(x) * torch.abs(x) ** (1 / 3)",
    },
)  # fmt: skip

JAX = Language(
    "JAX",
    _spelled({
        **{row: f"jnp.{row}" for row in (*_SAME, "square", "reciprocal", "exp2", "cbrt")},
        **{row: f"jnp.{word}" for row, word in _ARCS.items()},
        **{row: f"jax.nn.{row}" for row in ("sigmoid", "relu", "softplus", "relu6", "elu", "selu", "silu", "mish")},
        **{row: f"jax.scipy.special.{row}" for row in ("erf", "erfc", "erfinv", "digamma", "xlogy", "logit")},
        "lgamma": "jax.scipy.special.gammaln", "polygamma": "jax.scipy.special.polygamma({n}, {0})",
        "rsqrt": "jax.lax.rsqrt",
        "logsigmoid": "jax.nn.log_sigmoid", "softsign": "jax.nn.soft_sign", "gelu": "jax.nn.gelu({0}, False)",
        "gelu_tanh": "jax.nn.gelu({0}, True)", "leaky_relu": "jax.nn.leaky_relu({0}, {n})",
        "hardtanh": "jax.nn.hard_tanh", "hardsigmoid": "jax.nn.hard_sigmoid", "hardswish": "jax.nn.hard_swish",
        "clip": "jnp.clip({0}, {n})", "mod": "jnp.mod", "floor_divide": "jnp.floor_divide",
        "where": "jnp.where({b0} != 0, {1}, {2})",
        "logsumexp": "jax.nn.logsumexp(jnp.stack([{all}]), axis=0)",
    }),
    _number,
    imports=("import jax", "import jax.numpy as jnp"),
)  # fmt: skip
SPEECH = {"torch": TORCH, "jax": JAX}


@contextmanager
def double() -> Iterator[Any]:
    """JAX, whose floats have 64 bits inside; outside, the user's own setting stays what it is."""
    jax = package("jax", "to_jax")
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else package("jax.experimental", "").enable_x64(True):
        yield jax


@functools.lru_cache(maxsize=1024)
def row_function(row: Op, name: str, inputs: int = 0) -> Callable[..., Any]:
    """A row as a function of a library's tensors; of a row that takes any number of inputs, of so many.

    A row of `ops` is the library's own, and so is its derivative.  Of any other, value and derivative are its rules, in
    the library's words.  Raises UserError for a rule that asks for numbers.
    """
    xs = [exact(f"x{i}") for i in range(inputs or len(row.domain))]
    if is_builtin(row):
        whole = _compiled(name, xs, Expr(row, tuple(xs)))
        return lambda *xs: whole(*xs)[0]
    try:
        value = filled(row, row.parts or row.forward, xs)
        slopes = filled(row, row.partials, [exact("y"), *xs])
    except TypeError as e:
        raise UserError(f"{NAMES[name]} cannot compute {e}") from None
    forward, local = _compiled(name, xs, value), _compiled(name, [exact("y"), *xs], *slopes)
    library_ = package(name, "a row")
    held: Any = library_.lax.stop_gradient if name == "jax" else lambda x: x.detach()

    def f(*xs: Any) -> Any:  # the second part is 0, and its derivative is the rule's
        fixed = [held(x) for x in xs]
        [y] = forward(*fixed)
        return y + sum(d * (x - x0) for d, x, x0 in zip(local(y, *fixed), xs, fixed))

    return f


def _compiled(name: str, xs: Sequence[Any], *es: Any) -> Callable[..., Any]:
    """Expressions of names, as a function of them that gives a tuple, in a library's words."""
    speech, scope = SPEECH[name].fresh(), dict[str, Any]({"inf": math.inf, "nan": math.nan})
    body = ", ".join(map(speech.write, es)) + ","
    exec(f"{speech.prelude(es)}\nf = lambda {', '.join(map(str, xs))}: ({body})", scope)
    return scope["f"]  # type: ignore[no-any-return]
