"""The ground floor: every operation, once.

A row says all there is to know about one operation: what it computes, its local gradients, where it is
defined, where it bends, how it is written.  Nothing else in the package knows what a tanh is; the engine,
the gradient check, the drawing, the text and the table in docs/operations.md all read these rows.

A rule is calculus and nothing else: it never mentions the gradient that comes from above.  It is made of
other rows, so that it can be filled in with numbers (a gradient), with Values (a gradient that can be
differentiated again) or with names (a formula).

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
from .ieee import inf, nothing, number, remembered
from .rules import among, checked, takes

BARE: dict[
    str, Any
] = {}  # the names of this file as its rules find them when they are filled with floats: a row is its forward function
REAL, POSITIVE, UNIT = (-inf, inf), (0.0, inf), (-1.0, 1.0)


def smooth(*xs: Any) -> float:
    """The kink of a row that has none."""
    return 1.0


class Op:
    """One operation.  Call it with numbers, Values or names: `tanh(0.5)`, `tanh(Value(0.5))`.

    >>> tanh(0.0), tanh.partials(0.0, 0.0)
    (0.0, (1.0,))
    """

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],  # numbers -> number
        partials: Callable[..., tuple[Any, ...]],  # (y, *numbers) -> one local gradient per input; y is the output
        symbol: str = "",  # written between its inputs; blank means name(x)
        domain: tuple[Any, ...] = (REAL,),  # one interval per input; a last `...` means as many as it is given
        kink: Callable[..., Any] = smooth,  # zero where the local gradient jumps or blows up
        parts: Callable[..., Any] | None = None,  # the same out of smaller rows, if it is several fused into one
        textbook: Callable[..., tuple[Any, ...]] | None = None,  # the partials as books write them, if digits ask for
        recipe: tuple[Any, ...] = (),  # others; and, for a row with parameters, what makes it again
    ) -> None:
        own = getattr(partials, "__module__", "").split(".")[0] != __package__
        careful = any(d not in (REAL, ...) for d in domain)
        self.name, self.symbol, self.domain, self.kink = name, symbol, domain, kink
        self.parts, self.textbook, self.recipe = parts, textbook, recipe
        self.own = own  # a rule that was written elsewhere is checked at each use: those in here are known to be right
        self.forward = among(BARE, forward)
        self.partials = checked(name, partials) if own else partials
        self.bare: Callable[..., tuple[Any, ...]] = among(BARE, self.partials)  # for floats alone, in half the time
        self.local = self.slopes if careful else self.bare  # what backward calls: care about the domain, if it has one

    def __setattr__(self, name: str, x: Any) -> None:
        if hasattr(self, "local"):  # the last to be set
            raise AttributeError(f"{self!r} stays as it is, and so do the graphs that have it: make another, Op(...)")
        super().__setattr__(name, x)

    def __call__(self, *args: Any) -> Any:
        """Numbers compute; anything else is asked what an operation means to it."""
        for a in args:
            if type(a) is not float:
                break
        else:
            return self.forward(*args)
        for a in args:
            if hasattr(a, "__apply__"):
                return a.__apply__(self, args)
        return self.forward(*map(number, args))

    def slopes(self, y: float, *xs: float) -> tuple[float, ...]:
        """The local gradients as numbers: IEEE where Python would raise, nan outside the domain."""
        try:
            ds = self.bare(y, *xs)
        except ArithmeticError:
            ds = tuple(map(float, self.partials(ieee.Float(y), *map(ieee.Float, xs))))
        return (ieee.nan,) * len(ds) if self.outside(y) else ds

    def outside(self, y: float) -> bool:
        """Whether y is nan and the row is not defined everywhere: log(-1) is nan, and its slope is not -1."""
        return y != y and self.domain[0] != REAL

    def check_inputs(self) -> None:
        """Raise TypeError if a rule does not take as many inputs as the domain has."""
        n, more = len([d for d in self.domain if d is not ...]), ... in self.domain
        rules = {"forward rule": self.forward, "partials": self.partials, "kink": self.kink,
                 "parts": self.parts or self.forward}  # fmt: skip
        for what, rule in rules.items():
            for count in (n, n + 3) if more else (n,):
                if not takes(rule, count + (what == "partials")):
                    raise TypeError(
                        f"the domain of the row {self.name!r} says {n} input{'s' * (n != 1)}{' or more' * more}, "
                        f"but its {what} cannot be called with {'its output and ' * (what == 'partials')}{count}: "
                        "write domain=(REAL, REAL) for two inputs, (REAL, ...) for as many as there are"
                    )

    def __repr__(self) -> str:
        return f"<Op {self.name}>"

    def __reduce__(self) -> Any:
        return self.recipe or (row, (self.name,))  # rows pickle by name


def row(name: str) -> Op:
    """The row of that name: what a pickle asks for.  Raises KeyError if nobody has registered it.

    >>> row("tanh") is tanh
    True
    """
    found = TABLE.get(name, globals().get(name))
    if not isinstance(found, Op):
        raise KeyError(
            f"no row named {name!r}: register it, with tinygrad_edu.register, before loading what was computed with it"
        )
    return found


# Two rows for the nodes that nothing computed: a leaf is an input, a detached node has forgotten its parents.
leaf = Op("leaf", float, lambda y: (), domain=())
detached = Op("detached", float, lambda y: (), domain=())

# Nor is this row of the table: a slope, or nan where the row that it belongs to is nan,
# because it was outside of its domain.
within = Op(
    "within", lambda d, y: d if y == y else ieee.nan, lambda w, d, y: (within(1.0, y), 0.0), domain=(REAL, REAL)
)

# Arithmetic.
add = Op("add", operator.add, lambda y, a, b: (1.0, 1.0), "+", (REAL, REAL))
sub = Op("sub", operator.sub, lambda y, a, b: (1.0, -1.0), "-", (REAL, REAL))
mul = Op("mul", operator.mul, lambda y, a, b: (b, a), "*", (REAL, REAL))
div = Op("div", ieee.divide, lambda y, a, b: (1 / b, -y / b), "/", (REAL, REAL), kink=lambda a, b: b)
neg = Op("neg", operator.neg, lambda y, x: (-1.0,), "-")
greater = Op("greater", ieee.greater, lambda y, a, b: (0.0, 0.0), ">", (REAL, REAL), kink=lambda a, b: a - b)
where = Op("where", lambda c, f, g: f if c else g,
           lambda y, c, f, g: (0.0, where(c, 1.0, nothing), where(c, nothing, 1.0)), domain=(REAL, REAL, REAL),
           kink=lambda c, f, g: c)  # fmt: skip


@functools.lru_cache(maxsize=1024)
def power(n: float) -> Op:
    """x ** n for a plain number n: the exponent is part of the operation, not an input."""
    n = n if type(n) is int else number(n)
    whole = number(n).is_integer()
    exponent = int(n) if whole and abs(n) < 1e16 else float(n)
    return Op(f"power({exponent})", lambda x: ieee.power(x, n), lambda y, x: (n * power(n - 1)(x) if n else 0.0,),
              f"**{exponent}", (REAL if whole else POSITIVE,), kink=lambda x: x if n < 1 and n else 1.0,
              recipe=(power, (n,)))  # fmt: skip


# 0 ** y is flat for every y >= 0, where y * log(0) would be 0 * inf;
# and x ** 0 at every x: 1/x for the smallest is inf, 0/x is 0.
pow = Op("pow", ieee.power, lambda y, a, b: (where(abs(a) + abs(b), where(b, b * pow(a, b - 1), b * y / a), 0.0),
                                             where(abs(a) + greater(0.0, b), y * log(a), 0.0)),
         "**", (POSITIVE, REAL), textbook=lambda y, a, b: (b * pow(a, b - 1), y * log(a)))  # fmt: skip

# Exponentials and their inverses.
exp = Op("exp", ieee.exp, lambda y, x: (y,))
exp2 = Op("exp2", ieee.exp2, lambda y, x: (y * math.log(2),), parts=lambda x: pow(2.0, x))
expm1 = Op("expm1", ieee.expm1, lambda y, x: (exp(x),))
log = Op("log", ieee.log, lambda y, x: (1 / x,), domain=(POSITIVE,))
log1p = Op("log1p", ieee.log1p, lambda y, x: (1 / (1 + x),), domain=((-1.0, inf),))
sqrt = Op("sqrt", ieee.sqrt, lambda y, x: (0.5 / y,), domain=(POSITIVE,))
cbrt = Op("cbrt", ieee.cbrt, lambda y, x: (1 / 3 / y / y,), kink=lambda x: x, textbook=lambda y, x: (1 / (3 * y * y),))
log2 = Op("log2", ieee.log2, lambda y, x: (1 / math.log(2) / x,), domain=(POSITIVE,))
log10 = Op("log10", ieee.log10, lambda y, x: (1 / math.log(10) / x,), domain=(POSITIVE,))

# Not in the table, but in slopes: what keeps its digits near 1, unlike 1-x*x, and what has its own in both tails.
# Their slopes are written out, because those of their parts are differences that have no digits left near 0.
gap = Op("gap", lambda x: (1 - x) * (1 + x), lambda y, x: (-2 * x,), parts=lambda x: (1 - x) * (1 + x))
bell = Op("bell", ieee.bell, lambda y, x: (-y * tanh(x / 2),), parts=lambda x: exp(-abs(x)) / square(1 + exp(-abs(x))))

# Circles.
sin = Op("sin", ieee.sin, lambda y, x: (cos(x),))
cos = Op("cos", ieee.cos, lambda y, x: (-sin(x),))
tan = Op("tan", ieee.tan, lambda y, x: (1 + y * y,), kink=lambda x: cos(x), parts=lambda x: sin(x) / cos(x))
asin = Op("asin", ieee.asin, lambda y, x: (1 / sqrt(gap(x)),), domain=(UNIT,),
          textbook=lambda y, x: (1 / sqrt(1 - x * x),))  # fmt: skip
acos = Op("acos", ieee.acos, lambda y, x: (-1 / sqrt(gap(x)),), domain=(UNIT,),
          textbook=lambda y, x: (-1 / sqrt(1 - x * x),))  # fmt: skip
atan = Op("atan", math.atan, lambda y, x: (1 / (1 + x * x),))


def _atan2_partials(t: Any, y: Any, x: Any) -> tuple[Any, ...]:
    r = hypot(y, x)
    return x / r / r, -y / r / r  # x*x + y*y would overflow at 1e155


atan2 = Op("atan2", math.atan2, _atan2_partials,
           domain=(REAL, REAL), kink=lambda y, x: maximum(abs(y), x),  # it jumps from pi to -pi behind the origin
           textbook=lambda t, y, x: (x / (x * x + y * y), -y / (x * x + y * y)))  # fmt: skip


def _hypot_partials(y: Any, a: Any, b: Any) -> tuple[Any, ...]:
    k = where(greater(y, 1e308), 0.25, where(greater(1e-300, y), 2.0**500, 1.0))  # y may be too large or too small
    return a * k / hypot(a * k, b * k), b * k / hypot(a * k, b * k)


hypot = Op("hypot", math.hypot, _hypot_partials, domain=(REAL, REAL), kink=lambda a, b: hypot(a, b),
           textbook=lambda y, a, b: (a / y, b / y))  # fmt: skip

# Hyperbolas.
sinh = Op("sinh", ieee.sinh, lambda y, x: (cosh(x),))
cosh = Op("cosh", ieee.cosh, lambda y, x: (sinh(x),))
asinh = Op("asinh", math.asinh, lambda y, x: (1 / hypot(1.0, x),), textbook=lambda y, x: (1 / sqrt(1 + x * x),))
acosh = Op("acosh", ieee.acosh, lambda y, x: (1 / sqrt(x - 1) / sqrt(x + 1),), domain=((1.0, inf),),
           textbook=lambda y, x: (1 / sqrt(x * x - 1),))  # fmt: skip
atanh = Op("atanh", ieee.atanh, lambda y, x: (1 / gap(x),), domain=(UNIT,),
           textbook=lambda y, x: (1 / (1 - x * x),))  # fmt: skip


# Squashing functions.  The textbook's 1 - y * y has no digits left in the tails, where y rounds to 1.
tanh = Op("tanh", math.tanh, lambda y, x: (4.0 * bell(2 * x),), textbook=lambda y, x: (1 - y * y,))
sigmoid = Op("sigmoid", ieee.sigmoid, lambda y, x: (bell(x),), textbook=lambda y, x: (y * (1 - y),),
             parts=lambda x: exp(minimum(x, 0.0)) / (1 + exp(-abs(x))))  # fmt: skip
softplus = Op("softplus", ieee.softplus, lambda y, x: (sigmoid(x),),
              parts=lambda x: maximum(x, 0.0) + log1p(exp(-abs(x))))  # fmt: skip
erf = Op("erf", math.erf, lambda y, x: (2 / math.sqrt(math.pi) * exp(-x * x),))
erfc = Op("erfc", math.erfc, lambda y, x: (-2 / math.sqrt(math.pi) * exp(-x * x),))

# Kinks: at a tie each side gets half, relu and abs get 0.
maximum = Op("maximum", ieee.maximum, lambda y, a, b: ((1 + greater(a, b) - greater(b, a)) / 2,
                                                       (1 + greater(b, a) - greater(a, b)) / 2),
             domain=(REAL, REAL), kink=lambda a, b: a - b,
             textbook=lambda y, a, b: (greater(a, b), greater(b, a)))  # fmt: skip
minimum = Op("minimum", ieee.minimum, lambda y, a, b: ((1 + greater(b, a) - greater(a, b)) / 2,
                                                       (1 + greater(a, b) - greater(b, a)) / 2),
             domain=(REAL, REAL), kink=lambda a, b: a - b,
             textbook=lambda y, a, b: (greater(b, a), greater(a, b)))  # fmt: skip
abs = Op("abs", operator.abs, lambda y, x: (greater(x, 0.0) - greater(0.0, x),), kink=lambda x: x)
relu = Op("relu", ieee.relu, lambda y, x: (greater(x, 0.0),), kink=lambda x: x, parts=lambda x: maximum(x, 0.0))


def fused(name: str, parts: Callable[..., Any], partials: Callable[..., tuple[Any, ...]], **more: Any) -> Op:
    """Several rows in one: `parts` composes them, and is its own forward rule."""
    return Op(name, parts, partials, parts=parts, **more)


silu = fused("silu", lambda x: x * sigmoid(x), lambda y, x: (sigmoid(x) * (1 + x * sigmoid(-x)),))
gelu = fused("gelu", lambda x: x / 2 * erfc(-x / math.sqrt(2)),  # erfc keeps digits at -10, where 1 + erf is 0
             lambda y, x: (erfc(-x / math.sqrt(2)) / 2 + x * exp(-x * x / 2) / math.sqrt(2 * math.pi),))  # fmt: skip
elu = fused("elu", lambda x: maximum(x, 0.0) + expm1(minimum(x, 0.0)), lambda y, x: (exp(minimum(x, 0.0)),),
            kink=lambda x: x)  # fmt: skip
square = fused("square", lambda x: x * x, lambda y, x: (2 * x,))
reciprocal = fused("reciprocal", lambda x: div(1.0, x), lambda y, x: (-y / x,), kink=lambda x: x)
rsqrt = fused("rsqrt", lambda x: div(1.0, sqrt(x)), lambda y, x: (-0.5 * y / x,), domain=(POSITIVE,))
logsigmoid = fused("logsigmoid", lambda x: -softplus(-x), lambda y, x: (sigmoid(-x),))
softsign = fused("softsign", lambda x: x / (1 + abs(x)), lambda y, x: (1 / (1 + abs(x)) / (1 + abs(x)),))
selu = fused("selu", lambda x: 1.0507009873554805 * (maximum(x, 0.0) + 1.6732632423543772 * expm1(minimum(x, 0.0))),
             lambda y, x: (1.0507009873554805 * (
                 greater(x, 0.0) + (1 - greater(x, 0.0)) * (1.6732632423543772 * exp(minimum(x, 0.0)))),),
             kink=lambda x: x)  # fmt: skip
mish = fused("mish", lambda x: x * tanh(softplus(x)),
             lambda y, x: (tanh(softplus(x)) + x * (4 * bell(2 * softplus(x))) * sigmoid(x),),
             textbook=lambda y, x: (tanh(softplus(x)) + x * (1 - square(tanh(softplus(x)))) * sigmoid(x),))  # fmt: skip
hardtanh = fused("hardtanh", lambda x: minimum(maximum(x, -1.0), 1.0),
                 lambda y, x: (greater(x, -1.0) * greater(1.0, x),), kink=lambda x: (x + 1) * (x - 1))  # fmt: skip
relu6 = fused("relu6", lambda x: minimum(maximum(x, 0.0), 6.0), lambda y, x: (greater(x, 0.0) * greater(6.0, x),),
              kink=lambda x: x * (x - 6))  # fmt: skip
hardsigmoid = fused("hardsigmoid", lambda x: relu6(x + 3) / 6, lambda y, x: (greater(x, -3.0) * greater(3.0, x) / 6,),
                    kink=lambda x: (x + 3) * (x - 3))  # fmt: skip
hardswish = fused("hardswish", lambda x: x * hardsigmoid(x),
                  lambda y, x: (hardsigmoid(x) + x * (greater(x, -3.0) * greater(3.0, x)) / 6,),
                  kink=lambda x: (x + 3) * (x - 3))  # fmt: skip


def _gelu_tanh_inner(x: Any) -> Any:
    return math.sqrt(8 / math.pi) * (x + 0.044715 * x * x * x)


def _gelu_tanh_partials(y: Any, x: Any) -> tuple[Any, ...]:
    near = minimum(maximum(x, -100.0), 100.0)  # beyond, the bell is 0, and 0 * x * x must not be nan
    u = _gelu_tanh_inner(near)
    return (sigmoid(u) + x * bell(u) * (math.sqrt(8 / math.pi) * (1 + 3 * 0.044715 * near * near)),)


# (1 + tanh(u)) / 2 is sigmoid(2 u), which keeps its digits on the left.
gelu_tanh = fused("gelu_tanh", lambda x: x * sigmoid(_gelu_tanh_inner(x)), _gelu_tanh_partials,
                  textbook=lambda y, x: (sigmoid(_gelu_tanh_inner(x))
                                         + y * sigmoid(-_gelu_tanh_inner(x)) * math.sqrt(8 / math.pi)
                                         * (1 + 3 * 0.044715 * x * x),))  # fmt: skip


# Probabilities.  0 * log(0) is 0 where nothing is expected;
# the first form of logit has no digits left at 1/2, the second none at 0.
xlogy = fused("xlogy", lambda a, b: where(abs(a) + where(b, abs(div(1.0, b)), 0.0), a * log(b), 0.0),
              lambda y, a, b: (log(b), where(abs(a) + abs(b), a / b, 0.0)), domain=(REAL, POSITIVE),
              textbook=lambda y, a, b: (log(b), a / b))  # fmt: skip
logit = fused("logit", lambda x: where(greater(x, 0.25), log1p(div(2 * x - 1, 1 - x)), log(div(x, 1 - x))),
              lambda y, x: (1 / x + 1 / (1 - x),), domain=((0.0, 1.0),),
              textbook=lambda y, x: (1 / (x * (1 - x)),))  # fmt: skip
erfinv = Op("erfinv", ieee.erfinv, lambda y, x: (math.sqrt(math.pi) / 2 * exp(y * y),), domain=(UNIT,))
lgamma = Op(
    "lgamma", ieee.lgamma, lambda y, x: (digamma(x),), kink=lambda x: where(greater(x, 0.0), x, sin(math.pi * x))
)
digamma = Op("digamma", ieee.digamma, lambda y, x: (polygamma(1)(x),), kink=lgamma.kink)


@remembered
def polygamma(n: int) -> Op:
    """The n-th derivative of digamma, whose own derivative is the next one."""
    if not (n is not None and n >= 0 and n % 1 == 0):
        raise ValueError(f"polygamma(n) is the n-th derivative of digamma, n = 0, 1, 2, ..., got {n!r}")
    n = int(n)
    return Op(f"polygamma({n})", lambda x: ieee.polygamma(n, x), lambda y, x: (polygamma(n + 1)(x),),
              kink=lgamma.kink, recipe=(polygamma, (n,)))  # fmt: skip


def _sinc_slope(x: Any) -> Any:
    """(cos(pi x) - sinc(x)) / x, which has no digits left near 0, where its Taylor series takes over."""
    z2, series = square(math.pi * minimum(maximum(x, -0.5), 0.5)), 0.0
    for k in range(10, 0, -1):
        series = (-1) ** k * 2 * k / math.factorial(2 * k + 1) + z2 * series
    near, far = math.pi * (math.pi * x) * series, where(x, x, 1.0)
    return where(greater(abs(x), 0.5), (cos(math.pi * far) - sin(math.pi * far) / (math.pi * far)) / far, near)


sinc = fused("sinc", lambda x: where(x, sin(math.pi * x) / (math.pi * where(x, x, 1.0)), 1.0),
             lambda y, x: (_sinc_slope(x),), textbook=lambda y, x: ((cos(math.pi * x) - y) / x,))  # fmt: skip

# Steps: flat, with a jump at each kink.
floor = Op("floor", ieee.floor, lambda y, x: (0.0,), kink=lambda x: sin(math.pi * x))
ceil = Op("ceil", ieee.ceil, lambda y, x: (0.0,), kink=lambda x: sin(math.pi * x))
trunc = Op("trunc", ieee.trunc, lambda y, x: (0.0,), kink=lambda x: sin(math.pi * x))
round = Op("round", ieee.round, lambda y, x: (0.0,), kink=lambda x: cos(math.pi * x))
sign = fused("sign", lambda x: greater(x, 0.0) - greater(0.0, x), lambda y, x: (0.0,), kink=lambda x: x)
floor_divide = Op("floor_divide", ieee.floor_divide, lambda y, a, b: (0.0, 0.0), domain=(REAL, REAL),
                  kink=lambda a, b: b * sin(math.pi * div(a, b)))  # fmt: skip
mod = Op("mod", ieee.mod, lambda y, a, b: (1.0, -floor_divide(a, b)), domain=(REAL, REAL), kink=floor_divide.kink)
_at_ties: dict[str, Any] = {"domain": (REAL, REAL), "kink": lambda a, b: a - b}
less = fused("less", lambda a, b: greater(b, a), lambda y, a, b: (0.0, 0.0), **_at_ties)
less_equal = fused("less_equal", lambda a, b: 1 - greater(a, b), lambda y, a, b: (0.0, 0.0), **_at_ties)
greater_equal = fused("greater_equal", lambda a, b: 1 - greater(b, a), lambda y, a, b: (0.0, 0.0), **_at_ties)
equal = fused("equal", lambda a, b: (1 - greater(a, b)) * (1 - greater(b, a)), lambda y, a, b: (0.0, 0.0), **_at_ties)


@remembered
def leaky_relu(slope: float = 0.01) -> Op:
    """x above zero, slope * x below; 0 * -inf would be nan."""
    slope = number(slope)
    return fused(f"leaky_relu({slope:g})", lambda x: maximum(x, 0.0) + (slope and slope * minimum(x, 0.0)),
                 lambda y, x: (greater(x, 0.0) + slope * (1 - greater(x, 0.0)),),
                 kink=lambda x: x, recipe=(leaky_relu, (slope,)))  # fmt: skip


@remembered
def clip(lo: float | None, hi: float | None) -> Op:
    """x kept between lo and hi, or on one side of the one that is not None; on the edges the gradient still passes."""
    if lo is hi is None:
        raise TypeError("clip needs a bound: write clip(lo, hi), clip(lo, None) or clip(None, hi)")
    lo, hi = -inf if lo is None else number(lo), inf if hi is None else number(hi)
    if not lo <= hi:
        raise ValueError(f"clip(lo, hi) needs lo <= hi, got clip({lo}, {hi}): swap them")
    return fused(f"clip({lo:g}, {hi:g})", lambda x: minimum(maximum(x, lo), hi),
                 lambda y, x: (1 - greater(lo, x) - greater(x, hi),),
                 kink=lambda x: (x - lo if lo > -inf else 1.0) * (x - hi if hi < inf else 1.0),
                 recipe=(clip, (lo, hi)))  # fmt: skip


# As many inputs as they are given.  A neuron is one dot: its weights, its inputs and, last, its bias.
def _dot(*xs: Any) -> Any:
    n = len(xs) // 2
    products = map(operator.mul, xs[:n], xs[n : 2 * n])
    total = xs[2 * n] if len(xs) % 2 else next(products)  # an odd one out is the bias, and the sum starts with it
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


sum = fused("sum", lambda *xs: functools.reduce(operator.add, xs), lambda y, *xs: (1.0,) * len(xs), domain=(REAL, ...))
dot = fused("dot", _dot, _dot_partials, domain=(REAL, REAL, ...))
logsumexp = Op("logsumexp", ieee.logsumexp, _softmax, domain=(REAL, ...),
               textbook=lambda y, *xs: tuple([exp(x - y) for x in xs]),
               parts=lambda *xs: log(sum(*[exp(x) for x in xs])))  # fmt: skip

FACTORIES: dict[str, Callable[..., Op]] = {"power": power, "leaky_relu": leaky_relu, "clip": clip,
                                           "polygamma": polygamma}  # fmt: skip
edition = 0  # of the table: how many rows have been registered
TABLE: dict[str, Op] = {op.name: op for op in [
    add, sub, mul, div, neg, power(3), pow, square, reciprocal, sqrt, cbrt, rsqrt,
    exp, exp2, expm1, log, log2, log10, log1p, xlogy,
    sin, cos, tan, asin, acos, atan, atan2, hypot, sinc, sinh, cosh, asinh, acosh, atanh,
    tanh, sigmoid, logsigmoid, logit, softplus, softsign, relu, relu6, leaky_relu(0.01), elu, selu, silu, mish,
    gelu, gelu_tanh, hardtanh, hardsigmoid, hardswish, erf, erfc, erfinv, lgamma, digamma, polygamma(1),
    abs, sign, floor, ceil, round, trunc, mod, floor_divide, maximum, minimum, clip(-1.0, 1.0),
    where, greater, greater_equal, less, less_equal, equal, sum, dot, logsumexp]}  # fmt: skip

BARE.update({name: x.forward if isinstance(x, Op) else among(BARE, x) for name, x in globals().items()})

if __name__ == "__main__":
    from tinygrad_edu.printouts import main

    main()
