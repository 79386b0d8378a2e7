"""The basement: floats that follow IEEE 754 where Python would raise, accurate to the last digits.

Python stops at `1 / 0`, `log(0)` and `exp(1000)`; NumPy and PyTorch go on with inf and nan, so that a
network that blows up can be watched blowing up.  This file makes plain floats behave like theirs.
It knows nothing of gradients: the rows in `ops` say what a tanh *is*, this says how a number computes one.
"""

from __future__ import annotations

import functools
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
    if type(x) is float or (type(x) is int and -1e308 < x < 1e308):  # the cases that must be fast
        return float(x)
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
    if dtype not in "cmMSUV" and hasattr(x, "__float__"):
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


def remembered(make: Callable[..., Any]) -> Callable[..., Any]:
    """What is made of numbers, or None, once: 1, True and Fraction(1) are one number.

    What is none is refused before it is looked up.

    >>> row = remembered(lambda x: [x])
    >>> row(True), row(1) is row(True)
    ([1.0], True)
    """
    kept = functools.lru_cache(maxsize=1024)(make)

    def plain(x: Any) -> Any:
        return x if type(x) is float or x is None else number(x)

    @functools.wraps(make)
    def made(*xs: Any, **named: Any) -> Any:
        return kept(*map(plain, xs), **{name: plain(x) for name, x in named.items()})

    return made


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


def raised(n: float) -> Callable[[float], float]:
    """x ** n, for one n.

    >>> raised(-1)(2.0), raised(0.5)(-1.0)
    (0.5, nan)
    """

    def to(x: float) -> float:
        try:
            return math.pow(x, n)
        except (OverflowError, ValueError):
            return power(x, n)

    return to


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


exp, exp2, expm1 = total(math.exp), total(math.exp2), total(math.expm1)
log, log1p = total(math.log, {0.0: -inf}), total(math.log1p, {-1.0: -inf})
log2, log10 = total(math.log2, {0.0: -inf}), total(math.log10, {0.0: -inf})
sqrt = total(math.sqrt)
sin, cos, tan = total(math.sin), total(math.cos), total(math.tan)
asin, acos = total(math.asin), total(math.acos)
sinh, cosh = total(math.sinh), total(math.cosh)
acosh, atanh = total(math.acosh), total(math.atanh, {1.0: inf, -1.0: -inf})


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)) with true tails on both sides: no overflow, and 4e-18 at -40, not 0."""
    e = math.exp(-abs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e)


def bell(x: float) -> float:
    """sigmoid(x) * sigmoid(-x), the slope of the sigmoid, with true tails."""
    e = math.exp(-abs(x))
    return e / ((1.0 + e) * (1.0 + e))


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


def cbrt(x: float) -> float:
    """The real cube root, of negative numbers too: a power, and one step of Newton's for its last digits."""
    y = math.pow(abs(x), 1 / 3)
    return math.copysign(y - (y - abs(x) / (y * y)) / 3, x) if 0 < y < inf else x


def mod(a: float, b: float) -> float:
    """What is left of a after whole b's, with the sign of b, as Python's and NumPy's %; nan for b = 0."""
    return a % b if b else nan


def floor_divide(a: float, b: float) -> float:
    """How many whole b's fit into a: Python's //, and for b = 0 what a / b gives."""
    return a // b if b else divide(a, b)


WHOLE = 2.0**52  # from here on every float is whole


def floor(x: float) -> float:
    """The next whole number below; a float, so that inf and nan have one, and -0.0 keeps its sign."""
    return math.copysign(math.floor(x), x) if abs(x) < WHOLE else x


def ceil(x: float) -> float:
    """The next whole number above."""
    return math.copysign(math.ceil(x), x) if abs(x) < WHOLE else x


def trunc(x: float) -> float:
    """The next whole number towards zero."""
    return math.copysign(math.floor(abs(x)), x) if abs(x) < WHOLE else x


def round(x: float) -> float:
    """The nearest whole number, of two the even one: so WHOLE + x is rounded."""
    return math.copysign(abs(x) + WHOLE - WHOLE, x) if abs(x) < WHOLE else x


def erfinv(x: float) -> float:
    """The inverse of erf: Winitzki's approximation (2008), then two steps of Halley's, on erfc where erf is near 1."""
    a = abs(x)
    if not 0 < a < 1:
        return x if a == 0 else math.copysign(inf, x) if a == 1 else nan
    w = 2 / (math.pi * 0.147) + math.log1p(-a * a) / 2
    y = math.sqrt(math.sqrt(w * w - math.log1p(-a * a) / 0.147) - w) if a > 0.1 else a * math.sqrt(math.pi) / 2
    for _ in range(2):
        too_much = (math.erf(y) - a if a < 0.5 else 1 - a - math.erfc(y)) / (2 / math.sqrt(math.pi) * math.exp(-y * y))
        y -= too_much / (1 + y * too_much)
    return math.copysign(y, x)


def zeta(s: float, x: float) -> float:
    """1 / x**s + 1 / (x + 1)**s + ..., for x > 0, by Euler and Maclaurin; the small terms first."""
    n = max(0.0, floor(17 + s - x))
    end = x + n
    found, term, k = power(end, 1 - s) / (s - 1) + power(end, -s) / 2, s * power(end, -s - 1), s
    for bernoulli in (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000):
        found += bernoulli * term
        term *= (k + 1) / end * (k + 2) / end
        k += 2
    while n > 0:
        n -= 1
        found += power(x + n, -s)
    return found


EULER = 0.5772156649015329
# digamma(2 + e) = 1 - EULER + TAYLOR[-1] * e + TAYLOR[-2] * e ** 2 + ...:
# near 1.46 it is 0, near 1 and 2 its integral is.
TAYLOR = (*[(-1.0) ** k * zeta(float(k), 2.0) for k in range(34, 1, -1)],)


def lgamma(x: float) -> float:
    """log |gamma(x)|, inf at 0, -1, -2, ..., to the last digits near its zeros at 1 and 2 too."""
    if x < 0.5:
        if not -inf < x or x == floor(x):
            return inf
        e, rest = -x, -math.log(abs(math.sin(math.pi * (x - round(x)))) / math.pi)  # lgamma(x) = rest - lgamma(1 - x)
    else:
        e, rest = x - 1, 0.0
    if e > 9:  # Stirling's series
        z = 1 + e
        t = 1 / (z * z)
        series = 1 / 12 - t * (
            1 / 360 - t * (1 / 1260 - t * (1 / 1680 - t * (1 / 1188 - t * (691 / 360360 - t / 156))))
        )
        found = (z - 0.5) * (math.log(z) - 1) + 0.4189385332046727 + series / z
    else:
        factor = 1.0
        while e > 1.5:
            factor *= e
            e -= 1
        found = math.log(factor)
        if e < 0.5:
            found -= math.log1p(e)
        else:
            e -= 1
        k, series = 35.0, 0.0
        for c in TAYLOR:
            k -= 1
            series = (series + c / k) * e
        found += (1 - EULER + series) * e
    return found if x >= 0.5 else rest - found


def digamma(x: float) -> float:
    """The derivative of lgamma; -inf at 0, nan at -1, -2, ..."""
    found = 0.0
    if x <= 0:
        if x == 0:
            return -divide(1.0, x)
        if x == floor(x):
            return nan
        found, x = -math.pi / math.tan(math.pi * (x - round(x))), 1 - x
    if x > 10:
        t = 1 / (x * x)
        series = 1 / 12 - t * (1 / 120 - t * (1 / 252 - t * (1 / 240 - t * (1 / 132 - t * (691 / 32760 - t / 12)))))
        return found + (math.log(x) - 0.5 / x - t * series)
    near = 0.0
    while x > 2.4:
        x -= 1
        near += 1 / x
    while x < 1.4:
        near -= 1 / x
        x += 1
    series = 0.0
    for c in TAYLOR:
        series = (series + c) * (x - 2)
    return found + (near + (1 - EULER + series))


def polygamma(n: float, x: float) -> float:
    """The n-th derivative of digamma; at 0, -1, -2, ... inf for odd n, else nan."""
    s, sign, factorial = n + 1.0, 1.0 if n % 2 else -1.0, 1.0
    if n == 0 or x != x:
        return digamma(x)
    while n > 1:
        factorial *= n
        n -= 1
    if x > 0:
        return sign * factorial * zeta(s, x)
    if x == floor(x):
        return inf if sign > 0 else nan
    r = x - round(x)  # 1 / (x + k)**s, for all whole k, adds up to the same for r as for x; those below x were too many
    return sign * factorial * (power(r, -s) + zeta(s, 1 + r) + sign * (zeta(s, 1 - r) - zeta(s, 1 - x)))


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
    if any(map(math.isnan, xs)):
        return nan
    top = max(xs)
    if math.isinf(top):
        return top
    i, rest = xs.index(top), 0.0
    for x in xs[:i] + xs[i + 1 :]:
        rest += math.exp(x - top)
    return top + math.log1p(rest)
