"""Functions of Values or numbers: every row by its name, and those that take a sequence.

    >>> from tinygrad_edu import Value, functional as F
    >>> F.exp(0), F.exp(Value(0))
    (1.0, Value(1.0))
    >>> F.dot([Value(2.0), Value(3.0)], [10, 20], bias=1)
    Value(81.0)

A function of numbers alone returns a float; as soon as one input is a Value, the result is a Value that
remembers its parents.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, overload

from . import ops, signposts, twin
from .engine import Value, apply
from .ieee import number

__all__ = [
    "clip",
    "dot",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "mean",
    "polygamma",
    "power",
    "sample",
    "softmax",
    "sum",
]


if TYPE_CHECKING:  # one function per row, each with its name
    from .methods import *  # noqa: F403
else:

    def __getattr__(name: str) -> Callable[..., Any]:
        """Every row of the table is a function here, also one that was registered a moment ago."""
        if name in ops.TABLE:
            return ops.TABLE[name]
        signposts.refuse(__name__, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *filter(str.isidentifier, ops.TABLE)})


def _given(xs: Iterable[Any], what: str) -> tuple[Any, ...]:
    """The inputs as a tuple; at least one."""
    if isinstance(xs, (Value, float, int)):
        raise TypeError(f"{what} takes one sequence of Values or numbers, as in {what}([a, b, c]), got {xs!r}")
    xs = tuple(xs)
    if not xs:
        raise ValueError(f"{what} needs at least one number, got an empty sequence")
    return xs


def sum(xs: Iterable[Any]) -> Any:
    """x1 + ... + xn as one node, added from left to right; 0.0 for an empty sequence.

    >>> sum([Value(1.0), 2, 3])
    Value(6.0)
    """
    xs = tuple(xs)
    return ops.sum(*xs) if xs else 0.0


def mean(xs: Iterable[Any]) -> Any:
    """(x1 + ... + xn) / n.  Raises ValueError for an empty sequence.

    >>> mean([Value(1.0), 2.0])
    Value(1.5)
    """
    xs = _given(xs, "mean")
    return ops.sum(*xs) / len(xs)


def dot(ws: Iterable[Any], xs: Iterable[Any], bias: Any = None) -> Any:
    """bias + w1*x1 + ... + wn*xn as one node, added in this order.  Raises ValueError if the lengths differ.

    >>> dot([1, 2], [3, 4])
    11.0
    """
    if type(ws) is not list or type(xs) is not list:
        if not (hasattr(ws, "__iter__") and hasattr(xs, "__iter__")):
            raise TypeError(f"dot takes two sequences, as in dot(weights, inputs), got {ws!r:.80} and {xs!r:.80}")
        ws, xs = tuple(ws), tuple(xs)
    if len(ws) != len(xs):
        raise ValueError(f"dot needs as many weights as inputs, got {len(ws)} weights and {len(xs)} inputs")
    if not ws:
        return 0.0 if bias is None else bias
    return _of_any(ws, xs, bias)


@twin.dot
def _of_any(ws: Any, xs: Any, bias: Any) -> Any:
    return ops.dot(*ws, *xs) if bias is None else ops.dot(*ws, *xs, bias)


@twin.dot
def weighted(ws: Any, xs: Any, bias: Any) -> Any:
    """`dot` of as many Values as weights, none of which is a number: what a neuron computes."""
    return apply(ops.dot, (*ws, *xs) if bias is None else (*ws, *xs, bias))


def logsumexp(xs: Iterable[Any]) -> Any:
    """log(exp(x1) + ... + exp(xn)) as one node, without overflow.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return ops.logsumexp(*_given(xs, "logsumexp"))


def softmax(xs: Iterable[Any]) -> list[Any]:
    """exp(xi) / (exp(x1) + ... + exp(xn)) for each i: positive, summing to 1, without overflow.

    >>> [f"{p:.4f}" for p in softmax([Value(0.0), 3.0, -2.0, 1.0])]
    ['0.0418', '0.8390', '0.0057', '0.1135']
    """
    return [ops.exp(x) for x in log_softmax(xs)]


def log_softmax(xs: Iterable[Any]) -> list[Any]:
    """The logarithms of softmax(xs), accurate where the probabilities would round to 0.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    xs = _given(xs, "log_softmax")
    total = ops.logsumexp(*xs)
    return [x - total for x in xs]


def power(x: Any, n: float) -> Any:
    """x ** n for a plain number n.

    >>> power(Value(3.0), 2)
    Value(9.0)
    """
    return ops.power(n)(x)


def polygamma(x: Any, n: int) -> Any:
    """The n-th derivative of digamma at x: `x.polygamma(1)` is the slope of `x.digamma()`.

    Raises ValueError unless n is 0, 1, 2, ...

    >>> polygamma(1.0, 1)  # pi ** 2 / 6
    1.6449340668482264
    """
    return ops.polygamma(n)(x)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x above zero, slope * x below.

    >>> leaky_relu(-2.0, 0.1)
    -0.2
    """
    return ops.leaky_relu(slope)(x)


def clip(x: Any, lo: float | None = None, hi: float | None = None) -> Any:
    """x kept between lo and hi, or on one side of the one that is given.

    Raises ValueError unless lo <= hi, TypeError without a bound.

    >>> clip(5, -1, 1), clip(-5, 0)
    (1.0, 0.0)
    """
    return ops.clip(lo, hi)(x)


@overload
def gelu(x: float, approximate: str = "none") -> float: ...
@overload
def gelu(x: Value, approximate: str = "none") -> Value: ...
def gelu(x: Any, approximate: str = "none") -> Any:
    """x times the share of a normal distribution below x (Hendrycks & Gimpel 2016);
    approximate="tanh" is the row `gelu_tanh`, as in GPT-2.

    The names are PyTorch's.  Raises ValueError for another.

    >>> gelu(1.0), gelu(1.0, approximate="tanh")
    (0.8413447460685429, 0.8411919906082768)
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu's approximate is 'none' or 'tanh', got {approximate!r}")
    return (ops.gelu if approximate == "none" else ops.gelu_tanh)(x)


def sample(
    logits: Iterable[Any], temperature: float = 1.0, top_k: int | None = None, rng: random.Random | None = None
) -> int:
    """A class drawn with the probabilities softmax(logits / temperature): how a language model says its next token.

    A low temperature takes the likeliest almost always (0 always, the first of several), a high one any.  `top_k` draws
    among the k likeliest alone.  `rng` is a `random.Random`, or the global one.  Raises ValueError for settings out of
    range, and unless the largest logit is finite.

    >>> sample([Value(1.0), 3.0, 2.0], temperature=0), sample([0.0, 1.0], rng=random.Random(1))
    (1, 1)
    """
    if rng is not None and not hasattr(rng, "choices"):
        raise TypeError(f"sample's rng is a random.Random, such as random.Random(0), got {rng!r:.80}")
    zs = [x.data if isinstance(x, Value) else number(x) for x in _given(logits, "sample")]
    if not 0 <= number(temperature) < math.inf:
        raise ValueError(f"sample's temperature must be at least 0 and finite, got {temperature!r}")
    if top_k is not None and (not hasattr(top_k, "__index__") or top_k < 1):
        raise ValueError(f"top_k, how many classes to draw among, is a whole number of at least 1, got {top_k!r}")
    places = sorted(range(len(zs)), key=lambda k: -zs[k])[:top_k]
    if any(z != z for z in zs) or math.isinf(top := zs[places[0]]):
        raise ValueError(f"sample needs logits of which the largest is finite, got {zs!r:.80}")
    if temperature == 0:
        return places[0]
    shares = [math.exp((zs[k] - top) / temperature) for k in places]
    return (random if rng is None else rng).choices(places, shares)[0]
