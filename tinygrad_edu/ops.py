"""The ground floor: every operation, once.

A row says all there is to know about one operation: what it computes, its local gradients, where it is
defined, where it bends, how it is written.  Nothing else in the package knows what a tanh is; the engine,
the gradient check, the drawing, the text and the table in docs/operations.md all read these rows.

A rule is calculus and nothing else: it never mentions the gradient that comes from above.  It is made of
other rows, so that it can be filled in with numbers (a gradient), with Values (a gradient that can be
differentiated again) or with names (a formula).  Where digits ask for another rule than books have, theirs is in
`books`.

    python -m tinygrad_edu.ops              prints the table
    python -m tinygrad_edu.ops --write      renews what is printed out of the rows: run it after changing one
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

from . import ieee
from .floats import nothing
from .ieee import inf, number, remembered
from .op import BARE, REAL, Op, row, smooth
from .rules import among

__all__ = ["REAL", "Op", "row", "smooth"]  # besides the rows
POSITIVE, UNIT, TWO = (0.0, inf), (-1.0, 1.0), (REAL, REAL)
zero, tie = lambda x: x, lambda a, b: a - b  # kinks
whole: Callable[..., Any] = lambda x: sin(math.pi * x)
pole: Callable[..., Any] = lambda x: where(greater(x, 0.0), x, whole(x))


def fused(name: str, parts: Callable[..., Any], partials: Callable[..., tuple[Any, ...]], **more: Any) -> Op:
    """Several rows in one: `parts` composes them, and is its own forward rule."""
    return Op(name, parts, partials, parts=parts, **more)


# fmt: off
# Nodes that nothing computed: a leaf is an input, a detached node has forgotten its parents.  And a slope, or nan
# where the row that it belongs to is nan, because it was outside of its domain.
leaf     = Op("leaf",     float, lambda y: (), domain=())
detached = Op("detached", float, lambda y: (), domain=())
within   = Op("within",   lambda d, y: d if y == y else ieee.nan, lambda w, d, y: (within(1.0, y), 0.0), domain=TWO)

# Arithmetic.  0 ** y is flat for every y >= 0, where y * log(0) would be 0 * inf; and x ** 0 at every x: 1/x for the
# smallest is inf, 0/x is 0.
add = Op("add", operator.add, lambda y, a, b: (1.0, 1.0),      "+", TWO)
sub = Op("sub", operator.sub, lambda y, a, b: (1.0, -1.0),     "-", TWO)
mul = Op("mul", operator.mul, lambda y, a, b: (b, a),          "*", TWO)
div = Op("div", ieee.divide,  lambda y, a, b: (1 / b, -y / b), "/", TWO, kink=lambda a, b: b)
neg = Op("neg", operator.neg, lambda y, x: (-1.0,),            "-")
pow = Op("pow", ieee.power,   lambda y, a, b: (where(abs(a) + abs(b), where(b, b * pow(a, b - 1), b * y / a), 0.0),
                                               where(abs(a) + greater(0.0, b), y * log(a), 0.0)),
                              "**", (POSITIVE, REAL))

# Exponentials and their inverses.
exp   = Op("exp",   ieee.exp,   lambda y, x: (y,))
exp2  = Op("exp2",  ieee.exp2,  lambda y, x: (y * math.log(2),))
expm1 = Op("expm1", ieee.expm1, lambda y, x: (exp(x),))
log   = Op("log",   ieee.log,   lambda y, x: (1 / x,),                domain=(POSITIVE,))
log1p = Op("log1p", ieee.log1p, lambda y, x: (1 / (1 + x),),          domain=((-1.0, inf),))
log2  = Op("log2",  ieee.log2,  lambda y, x: (1 / math.log(2) / x,),  domain=(POSITIVE,))
log10 = Op("log10", ieee.log10, lambda y, x: (1 / math.log(10) / x,), domain=(POSITIVE,))
sqrt  = Op("sqrt",  ieee.sqrt,  lambda y, x: (0.5 / y,),              domain=(POSITIVE,))
cbrt  = Op("cbrt",  ieee.cbrt,  lambda y, x: (1 / 3 / y / y,),        kink=zero)

# Not in the table, but in slopes: what keeps its digits near 1, unlike 1-x*x, and what has its own in both tails.
# Their slopes are written out, because those of their parts are differences that have no digits left near 0.
gap  = fused("gap", lambda x: (1 - x) * (1 + x), lambda y, x: (-2 * x,))
bell = Op("bell",   ieee.bell,                   lambda y, x: (-y * tanh(x / 2),))

def _atan2(t: Any, y: Any, x: Any) -> tuple[Any, ...]:
    r = hypot(y, x)
    return x / r / r, -y / r / r  # x*x + y*y would overflow at 1e155
def _hypot(y: Any, a: Any, b: Any) -> tuple[Any, ...]:
    k = where(greater(y, 1e308), 0.25, where(greater(1e-300, y), 2.0**500, 1.0))  # y may be too large or too small
    return a * k / hypot(a * k, b * k), b * k / hypot(a * k, b * k)

# Circles and hyperbolas.  atan2 jumps from pi to -pi behind the origin.
sin   = Op("sin",   ieee.sin,   lambda y, x: (cos(x),))
cos   = Op("cos",   ieee.cos,   lambda y, x: (-sin(x),))
tan   = Op("tan",   ieee.tan,   lambda y, x: (1 + y * y,),                     kink=lambda x: cos(x))
asin  = Op("asin",  ieee.asin,  lambda y, x: (1 / sqrt(gap(x)),),              domain=(UNIT,))
acos  = Op("acos",  ieee.acos,  lambda y, x: (-1 / sqrt(gap(x)),),             domain=(UNIT,))
atan  = Op("atan",  math.atan,  lambda y, x: (1 / (1 + x * x),))
atan2 = Op("atan2", math.atan2, _atan2, domain=TWO, kink=lambda y, x: maximum(abs(y), x))
hypot = Op("hypot", math.hypot, _hypot, domain=TWO, kink=lambda a, b: hypot(a, b))
sinh  = Op("sinh",  ieee.sinh,  lambda y, x: (cosh(x),))
cosh  = Op("cosh",  ieee.cosh,  lambda y, x: (sinh(x),))
asinh = Op("asinh", math.asinh, lambda y, x: (1 / hypot(1.0, x),))
acosh = Op("acosh", ieee.acosh, lambda y, x: (1 / sqrt(x - 1) / sqrt(x + 1),), domain=((1.0, inf),))
atanh = Op("atanh", ieee.atanh, lambda y, x: (1 / gap(x),),                    domain=(UNIT,))

# Squashing functions.  The textbook's 1 - y * y has no digits left in the tails, where y rounds to 1.
tanh     = Op("tanh",     math.tanh,     lambda y, x: (4.0 * bell(2 * x),))
sigmoid  = Op("sigmoid",  ieee.sigmoid,  lambda y, x: (bell(x),))
softplus = Op("softplus", ieee.softplus, lambda y, x: (sigmoid(x),))
erf      = Op("erf",      math.erf,      lambda y, x: (2 / math.sqrt(math.pi) * exp(-x * x),))
erfc     = Op("erfc",     math.erfc,     lambda y, x: (-2 / math.sqrt(math.pi) * exp(-x * x),))
erfinv   = Op("erfinv",   ieee.erfinv,   lambda y, x: (math.sqrt(math.pi) / 2 * exp(y * y),),  domain=(UNIT,))
lgamma   = Op("lgamma",   ieee.lgamma,   lambda y, x: (digamma(x),),                           kink=pole)
digamma  = Op("digamma",  ieee.digamma,  lambda y, x: (polygamma(1)(x),),                      kink=pole)

def _flat(y: Any, a: Any, b: Any) -> tuple[Any, ...]:
    return 0.0, 0.0
def _won(a: Any, b: Any) -> Any:
    return (1 + greater(a, b) - greater(b, a)) / 2  # at a tie, half

# Branches and kinks: at a tie each side gets half, relu and abs get 0.  A branch that is not taken hands on nothing.
greater = Op("greater", ieee.greater, _flat,                                             ">", TWO, tie)
maximum = Op("maximum", ieee.maximum, lambda y, a, b: (_won(a, b), _won(b, a)),          domain=TWO, kink=tie)
minimum = Op("minimum", ieee.minimum, lambda y, a, b: (_won(b, a), _won(a, b)),          domain=TWO, kink=tie)
abs     = Op("abs",     operator.abs, lambda y, x: (greater(x, 0.0) - greater(0.0, x),), kink=zero)
relu    = Op("relu",    ieee.relu,    lambda y, x: (greater(x, 0.0),),                   kink=zero)
where   = Op("where",   lambda c, f, g: f if c else g,
             lambda y, c, f, g: (0.0, where(c, 1.0, nothing), where(c, nothing, 1.0)),
             domain=(REAL, REAL, REAL), kink=lambda c, f, g: c)

# Steps: flat, with a jump at each kink.
floor         = Op("floor", ieee.floor, lambda y, x: (0.0,), kink=whole)
ceil          = Op("ceil",  ieee.ceil,  lambda y, x: (0.0,), kink=whole)
trunc         = Op("trunc", ieee.trunc, lambda y, x: (0.0,), kink=whole)
round         = Op("round", ieee.round, lambda y, x: (0.0,), kink=lambda x: cos(math.pi * x))
floor_divide  = Op("floor_divide", ieee.floor_divide, _flat, domain=TWO, kink=lambda a, b: b * whole(div(a, b)))
mod           = Op("mod", ieee.mod, lambda y, a, b: (1.0, -floor_divide(a, b)), domain=TWO, kink=floor_divide.kink)
sign          = fused("sign",          lambda x: greater(x, 0.0) - greater(0.0, x), lambda y, x: (0.0,), kink=zero)
less          = fused("less",          lambda a, b: greater(b, a),     _flat, domain=TWO, kink=tie)
less_equal    = fused("less_equal",    lambda a, b: 1 - greater(a, b), _flat, domain=TWO, kink=tie)
greater_equal = fused("greater_equal", lambda a, b: 1 - greater(b, a), _flat, domain=TWO, kink=tie)
equal         = fused("equal", lambda a, b: (1 - greater(a, b)) * (1 - greater(b, a)), _flat, domain=TWO, kink=tie)

_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772  # of selu
def _gelu_tanh_inner(x: Any) -> Any:  # (1 + tanh(u)) / 2 is sigmoid(2 u), which keeps its digits on the left
    return math.sqrt(8 / math.pi) * (x + 0.044715 * x * x * x)
def _gelu_tanh(y: Any, x: Any) -> tuple[Any, ...]:
    near = minimum(maximum(x, -100.0), 100.0)  # beyond, the bell is 0, and 0 * x * x must not be nan
    u = _gelu_tanh_inner(near)
    return (sigmoid(u) + x * bell(u) * (math.sqrt(8 / math.pi) * (1 + 3 * 0.044715 * near * near)),)
def _sinc(x: Any) -> Any:  # (cos(pi x) - sinc(x)) / x has no digits left near 0, where its Taylor series takes over
    z2, series = square(math.pi * minimum(maximum(x, -0.5), 0.5)), 0.0
    for k in range(10, 0, -1):
        series = (-1) ** k * 2 * k / math.factorial(2 * k + 1) + z2 * series
    near, far = math.pi * (math.pi * x) * series, where(x, x, 1.0)
    return where(greater(abs(x), 0.5), (cos(math.pi * far) - sin(math.pi * far) / (math.pi * far)) / far, near)

# Several in one.  In gelu, erfc keeps digits at -10, where 1 + erf is 0.  In xlogy, 0 * log(0) is 0, where nothing is
# expected.  In logit, the first form has no digits left at 1/2, the second none at 0.
square      = fused("square",      lambda x: x * x,             lambda y, x: (2 * x,))
reciprocal  = fused("reciprocal",  lambda x: div(1.0, x),       lambda y, x: (-y / x,), kink=zero)
rsqrt       = fused("rsqrt",       lambda x: div(1.0, sqrt(x)), lambda y, x: (-0.5 * y / x,), domain=(POSITIVE,))
logsigmoid  = fused("logsigmoid",  lambda x: -softplus(-x),     lambda y, x: (sigmoid(-x),))
softsign    = fused("softsign",    lambda x: x / (1 + abs(x)),  lambda y, x: (1 / (1 + abs(x)) / (1 + abs(x)),))
silu        = fused("silu",        lambda x: x * sigmoid(x),    lambda y, x: (sigmoid(x) * (1 + x * sigmoid(-x)),))
mish        = fused("mish",        lambda x: x * tanh(softplus(x)),
                    lambda y, x: (tanh(softplus(x)) + x * (4 * bell(2 * softplus(x))) * sigmoid(x),))
gelu        = fused("gelu",        lambda x: x / 2 * erfc(-x / math.sqrt(2)),
                    lambda y, x: (erfc(-x / math.sqrt(2)) / 2 + x * exp(-x * x / 2) / math.sqrt(2 * math.pi),))
gelu_tanh   = fused("gelu_tanh",   lambda x: x * sigmoid(_gelu_tanh_inner(x)), _gelu_tanh)
elu         = fused("elu",         lambda x: maximum(x, 0.0) + expm1(minimum(x, 0.0)),
                    lambda y, x: (exp(minimum(x, 0.0)),), kink=zero)
selu        = fused("selu",        lambda x: _SCALE * (maximum(x, 0.0) + _ALPHA * expm1(minimum(x, 0.0))),
                    lambda y, x: (_SCALE * (
                        greater(x, 0.0) + (1 - greater(x, 0.0)) * (_ALPHA * exp(minimum(x, 0.0)))),), kink=zero)
relu6       = fused("relu6",       lambda x: minimum(maximum(x, 0.0), 6.0),
                    lambda y, x: (greater(x, 0.0) * greater(6.0, x),), kink=lambda x: x * (x - 6))
hardtanh    = fused("hardtanh",    lambda x: minimum(maximum(x, -1.0), 1.0),
                    lambda y, x: (greater(x, -1.0) * greater(1.0, x),), kink=lambda x: (x + 1) * (x - 1))
hardsigmoid = fused("hardsigmoid", lambda x: relu6(x + 3) / 6,
                    lambda y, x: (greater(x, -3.0) * greater(3.0, x) / 6,), kink=lambda x: (x + 3) * (x - 3))
hardswish   = fused("hardswish",   lambda x: x * hardsigmoid(x),
                    lambda y, x: (hardsigmoid(x) + x * (greater(x, -3.0) * greater(3.0, x)) / 6,),
                    kink=hardsigmoid.kink)
xlogy       = fused("xlogy", lambda a, b: where(abs(a) + where(b, abs(div(1.0, b)), 0.0), a * log(b), 0.0),
                    lambda y, a, b: (log(b), where(abs(a) + abs(b), a / b, 0.0)), domain=(REAL, POSITIVE))
logit       = fused("logit", lambda x: where(greater(x, 0.25), log1p(div(2 * x - 1, 1 - x)), log(div(x, 1 - x))),
                    lambda y, x: (1 / x + 1 / (1 - x),), domain=((0.0, 1.0),))
sinc        = fused("sinc",  lambda x: where(x, sin(math.pi * x) / (math.pi * where(x, x, 1.0)), 1.0),
                    lambda y, x: (_sinc(x),))

def _dot(*xs: Any) -> Any:
    n = len(xs) // 2
    products = map(operator.mul, xs, xs[n : 2 * n])
    total = xs[2 * n] if len(xs) % 2 else next(products)  # an odd one out is the bias, which comes first
    for product in products:
        total = total + product
    return total
def _dot_partials(y: Any, *xs: Any) -> tuple[Any, ...]:
    n = len(xs) // 2
    return xs[n : 2 * n] + xs[:n] + (1.0,) * (len(xs) % 2)  # each weight gets its input, each input its weight
def _softmax(y: Any, *xs: Any) -> tuple[Any, ...]:
    es = [exp(x - y) for x in xs]  # y is at least max(xs): nothing overflows
    total = sum(*es)  # 1 up to rounding, unless y is too large to hold log(n)
    return tuple([e / total for e in es])

# As many inputs as they are given.  A neuron is one dot: its weights, its inputs and, last, its bias.
sum       = fused("sum",    lambda *xs: functools.reduce(operator.add, xs), lambda y, *xs: (1.0,) * len(xs),
                            domain=(REAL, ...))
dot       = fused("dot",    _dot,           _dot_partials,                   domain=(REAL, REAL, ...))
logsumexp = Op("logsumexp", ieee.logsumexp, _softmax,                        domain=(REAL, ...))


# Rows with parameters, which are part of the operation and no inputs.
@functools.lru_cache(maxsize=1024)
def power(n: float) -> Op:
    """x ** n for a plain number n: the exponent is part of the operation, not an input."""
    n = n if type(n) is int else number(n)
    integer = number(n).is_integer()
    exponent = int(n) if integer and abs(n) < 1e16 else float(n)
    return Op(f"power({exponent})", ieee.raised(n), lambda y, x: (n * power(n - 1)(x) if n else 0.0,), f"**{exponent}",
              (REAL if integer else POSITIVE,), lambda x: x if n < 1 and n else 1.0, recipe=(power, (n,)))


@remembered
def leaky_relu(slope: float = 0.01) -> Op:
    """x above zero, slope * x below; 0 * -inf would be nan."""
    slope = number(slope)
    return fused(f"leaky_relu({slope:g})", lambda x: maximum(x, 0.0) + (slope and slope * minimum(x, 0.0)),
                 lambda y, x: (greater(x, 0.0) + slope * (1 - greater(x, 0.0)),), kink=zero,
                 recipe=(leaky_relu, (slope,)))


@remembered
def clip(lo: float | None, hi: float | None) -> Op:
    """x kept between lo and hi, or on one side of the one that is not None; on the edges the gradient still passes."""
    if lo is hi is None:
        raise TypeError("clip needs a bound: write clip(lo, hi), clip(lo, None) or clip(None, hi)")
    lo, hi = -inf if lo is None else number(lo), inf if hi is None else number(hi)
    if not lo <= hi:
        raise ValueError(f"clip(lo, hi) needs lo <= hi, got clip({lo}, {hi}): swap them")
    return fused(f"clip({lo:g}, {hi:g})", lambda x: minimum(maximum(x, lo), hi),
                 lambda y, x: (1 - greater(lo, x) - greater(x, hi),), recipe=(clip, (lo, hi)),
                 kink=lambda x: (x - lo if lo > -inf else 1.0) * (x - hi if hi < inf else 1.0))


@remembered
def polygamma(n: int) -> Op:
    """The n-th derivative of digamma, whose own derivative is the next one."""
    if not (n is not None and n >= 0 and n % 1 == 0):
        raise ValueError(f"polygamma(n) is the n-th derivative of digamma, n = 0, 1, 2, ..., got {n!r}")
    n = int(n)
    return Op(f"polygamma({n})", lambda x: ieee.polygamma(n, x), lambda y, x: (polygamma(n + 1)(x),),
              kink=pole, recipe=(polygamma, (n,)))


FACTORIES: dict[str, Callable[..., Op]] = {make.__name__: make for make in (power, leaky_relu, clip, polygamma)}
edition = 0  # of the table: how many rows have been registered
TABLE: dict[str, Op] = {op.name: op for op in [
    add, sub, mul, div, neg, power(3), pow, square, reciprocal, sqrt, cbrt, rsqrt,
    exp, exp2, expm1, log, log2, log10, log1p, xlogy,
    sin, cos, tan, asin, acos, atan, atan2, hypot, sinc, sinh, cosh, asinh, acosh, atanh,
    tanh, sigmoid, logsigmoid, logit, softplus, softsign, relu, relu6, leaky_relu(0.01), elu, selu, silu, mish,
    gelu, gelu_tanh, hardtanh, hardsigmoid, hardswish, erf, erfc, erfinv, lgamma, digamma, polygamma(1),
    abs, sign, floor, ceil, round, trunc, mod, floor_divide, maximum, minimum, clip(-1.0, 1.0),
    where, greater, greater_equal, less, less_equal, equal, sum, dot, logsumexp]}
# fmt: on

BARE.update({name: x.forward if isinstance(x, Op) else among(BARE, x) for name, x in globals().items()})
BARE["power"] = functools.lru_cache(maxsize=1024)(ieee.raised)

if __name__ == "__main__":
    from .printouts import main

    main()
