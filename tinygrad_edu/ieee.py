"""The basement: floats that follow IEEE 754 where Python would raise, accurate to the last digits.

Python stops at `1 / 0`, `log(0)` and `exp(1000)`; NumPy and PyTorch go on with inf and nan, so that a
network that blows up can be watched blowing up.  This file makes plain floats behave like theirs.
It knows nothing of gradients: the rows in `ops` say what a tanh *is*, this says how a number computes one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

inf, nan, isfinite = math.inf, math.nan, math.isfinite


def number(x: Any) -> float:
    """The float that `x` stands for: anything with `__float__` that is not text, a list or an array.

    Raises TypeError for what is no number, OverflowError for an int too large for a float.

    >>> from fractions import Fraction
    >>> number(True), number(Fraction(1, 4))
    (1.0, 0.25)
    """
    kind, dtype = type(x).__name__, getattr(getattr(x, "dtype", None), "kind", "f")
    if getattr(x, "ndim", 0):
        raise TypeError(
            f"a Value holds one number, not an array of shape {x.shape}: make one Value per number, "
            "as in [Value(v) for v in array], or use an array of Values"
        )
    if dtype == "O" and hasattr(x, "item"):  # np.where(c, v, 0): float(x) would take the number out of the graph
        raise TypeError(f"a number is needed here, not an array around {x.item()!r}: take it out with .item()")
    if hasattr(x, "__apply__"):
        raise TypeError(f"{x!r} is already a {kind}: use it as it is, or its .data for the number alone")
    if dtype not in "cmMSU" and hasattr(x, "__float__"):
        try:
            return float(x)
        except OverflowError:
            raise OverflowError(f"this {kind} is too large for a float, which ends near 1.8e308: "
                                "scale it down, or take its logarithm first") from None  # fmt: skip
        except (TypeError, ValueError):  # a class, a Decimal("sNaN"), a missing cell
            pass
    hint = {
        "str": f": write {x!r} without quotes, or float({x!r})",
        "list": ": make one Value per number, as in [Value(v) for v in numbers]",
        "complex": ": tinygrad_edu differentiates real numbers",
    }.get("complex" if dtype == "c" else kind, ": pass an int, a float or a NumPy scalar")
    raise TypeError(f"a number is needed here, not {kind} {x!r:.200}{hint}")


def divide(a: float, b: float) -> float:
    """a / b, with 1/0 = inf, -1/0 = -inf and 0/0 = nan.

    >>> divide(1.0, 0.0), divide(1.0, -0.0), divide(0.0, 0.0)
    (inf, -inf, nan)
    """
    try:
        return a / b
    except ZeroDivisionError:
        return nan if a == 0 or a != a else math.copysign(inf, a) * math.copysign(1.0, b)


def power(a: float, b: float) -> float:
    """a ** b as C computes it: never complex, never an exception.

    >>> power(-2.0, 3.0), power(-2.0, 0.5), power(0.0, -1.0), power(10.0, 400.0)
    (-8.0, nan, inf, inf)
    """
    try:
        return math.pow(a, b)
    except OverflowError:
        return -inf if a < 0 and b % 2 == 1 else inf
    except ValueError:  # 0 to a negative power, or a negative number to a fraction
        return nan if a != 0 else math.copysign(inf, a) if b % 2 == 1 else inf


def total(f: Callable[[float], float], poles: dict[float, float] | None = None) -> Callable[[float], float]:
    """`f` made total: a pole has its limit, outside the domain is nan, an overflow is an infinity.

    >>> log = total(math.log, {0.0: -inf})
    >>> log(0.0), log(-1.0), total(math.sinh)(-1000.0)
    (-inf, nan, -inf)
    """
    limits = poles or {}

    def g(x: float) -> float:
        try:
            return f(x)
        except ValueError:
            return limits.get(x, nan)
        except OverflowError:  # sinh and expm1 keep their sign; exp and cosh only overflow upwards
            return -inf if x < 0 and f(-1.0) < 0 else inf

    return g


exp, expm1 = total(math.exp), total(math.expm1)
log, log1p = total(math.log, {0.0: -inf}), total(math.log1p, {-1.0: -inf})
sqrt = total(math.sqrt)
sin, cos, tan = total(math.sin), total(math.cos), total(math.tan)
asin, acos = total(math.asin), total(math.acos)
sinh, cosh = total(math.sinh), total(math.cosh)
acosh, atanh = total(math.acosh), total(math.atanh, {1.0: inf, -1.0: -inf})


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)) with true tails on both sides: no overflow, and 4e-18 at -40, not 0."""
    e = math.exp(-abs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e)


def softplus(x: float) -> float:
    """log(1 + exp(x)), without overflow above and without losing digits below."""
    return maximum(x, 0.0) + math.log1p(math.exp(-abs(x)))


def relu(x: float) -> float:
    """x above zero, else 0; nan stays nan: a nan must never be hidden."""
    return 0.0 if x <= 0 else x


def maximum(a: float, b: float) -> float:
    """The larger of two numbers, or nan if one of them is nan (Python's max drops it)."""
    return a if a > b or a != a else b


def minimum(a: float, b: float) -> float:
    """The smaller of two numbers, or nan if one of them is nan."""
    return a if a < b or a != a else b


def greater(a: float, b: float) -> float:
    """1 where a > b, else 0; nan if they cannot be compared."""
    return 1.0 if a > b else 0.0 if a <= b else nan


def logsumexp(*xs: float) -> float:
    """log(exp(x1) + ... + exp(xn)) without overflow; the largest is taken out, the rest go through log1p.

    >>> logsumexp(1000.0, 1000.0) == 1000.0 + math.log(2)
    True
    >>> logsumexp(0.0, -40.0), logsumexp(-inf, -inf), logsumexp(inf, 0.0)
    (4.248354255291589e-18, -inf, inf)
    """
    i = max(range(len(xs)), key=xs.__getitem__)
    top = xs[i]
    if any(x != x for x in xs):
        return nan
    if math.isinf(top):
        return top
    rest = 0.0
    for j, x in enumerate(xs):
        if j != i:
            rest += math.exp(x - top)
    return top + math.log1p(rest)


class Float(float):
    """A float whose division follows IEEE 754, for rules that would raise on a plain one.

    >>> 1 / Float(0.0), -1 / (Float(1e-300) * 1e-300)
    (inf, -inf)
    """

    __slots__ = ()

    def __apply__(self, op: Any, args: tuple[Any, ...]) -> Float:
        return Float(op.forward(*args))


class Nothing(float):
    """An absolute zero: what a branch that was not taken passes on.  Times inf or nan it is still 0, with the sign that it would have.

    >>> nothing * inf, nan * nothing + 2.0, nothing
    (0.0, 2.0, 0.0)
    """

    __slots__ = ()

    def __apply__(self, op: Any, args: tuple[Any, ...]) -> Any:
        return op.forward(*args)

    def __mul__(self, g: float) -> float:
        product = float(self) * g
        return Nothing(product if product == 0 else 0.0)

    def __add__(self, g: float) -> float:
        total = float(self) + float(g)
        return Nothing(total) if type(g) is Nothing else total

    def __neg__(self) -> float:
        return Nothing(-float(self))

    def __abs__(self) -> float:
        return nothing

    __rmul__, __radd__ = __mul__, __add__


nothing = Nothing(0.0)


def _closed(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *xs: Float(f(*xs))


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "neg", "abs"):
    setattr(Float, f"__{_name}__", _closed(getattr(float, f"__{_name}__")))
for _name, _divide in {"truediv": divide, "rtruediv": lambda b, a: divide(a, b)}.items():
    setattr(Float, f"__{_name}__", _closed(lambda a, b, divide=_divide: divide(float(a), float(b))))
