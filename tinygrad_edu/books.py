"""How books write some rows, where `ops` writes them for the digits: what readers are told of them.

>>> logit.textbook(0.0, 0.5) == logit.partials(0.0, 0.5) == (4.0,)
True
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .op import Op

# isort: off
from .ops import _gelu_tanh_inner, abs, acos, acosh, asin, asinh, atan2, atanh, bell, cbrt, cos, exp, exp2, gelu_tanh
from .ops import greater, hypot, log, log1p, logit, logsumexp, maximum, minimum, mish, pow, relu, sigmoid, sin, sinc
from .ops import softplus, sqrt, square, sum, tan, tanh, xlogy

# fmt: off
# The rules.
TEXTBOOK: dict[Op, Callable[..., tuple[Any, ...]]] = {
    pow:       lambda y, a, b: (b * pow(a, b - 1), y * log(a)),
    cbrt:      lambda y, x: (1 / (3 * y * y),),
    asin:      lambda y, x: (1 / sqrt(1 - x * x),),
    acos:      lambda y, x: (-1 / sqrt(1 - x * x),),
    atan2:     lambda t, y, x: (x / (x * x + y * y), -y / (x * x + y * y)),
    hypot:     lambda y, a, b: (a / y, b / y),
    asinh:     lambda y, x: (1 / sqrt(1 + x * x),),
    acosh:     lambda y, x: (1 / sqrt(x * x - 1),),
    atanh:     lambda y, x: (1 / (1 - x * x),),
    tanh:      lambda y, x: (1 - y * y,),
    sigmoid:   lambda y, x: (y * (1 - y),),
    maximum:   lambda y, a, b: (greater(a, b), greater(b, a)),
    minimum:   lambda y, a, b: (greater(b, a), greater(a, b)),
    mish:      lambda y, x: (tanh(softplus(x)) + x * (1 - square(tanh(softplus(x)))) * sigmoid(x),),
    gelu_tanh: lambda y, x: (sigmoid(_gelu_tanh_inner(x)) + y * sigmoid(-_gelu_tanh_inner(x)) * math.sqrt(8 / math.pi)
                             * (1 + 3 * 0.044715 * x * x),),
    xlogy:     lambda y, a, b: (log(b), a / b),
    logit:     lambda y, x: (1 / (x * (1 - x)),),
    sinc:      lambda y, x: ((cos(math.pi * x) - y) / x,),
    logsumexp: lambda y, *xs: tuple([exp(x - y) for x in xs]),
}
# The rows out of smaller ones, where numbers have a rule of their own.
PARTS: dict[Op, Callable[..., Any]] = {
    exp2:      lambda x: pow(2.0, x),
    bell:      lambda x: exp(-abs(x)) / square(1 + exp(-abs(x))),
    tan:       lambda x: sin(x) / cos(x),
    sigmoid:   lambda x: exp(minimum(x, 0.0)) / (1 + exp(-abs(x))),
    softplus:  lambda x: maximum(x, 0.0) + log1p(exp(-abs(x))),
    relu:      lambda x: maximum(x, 0.0),
    logsumexp: lambda *xs: log(sum(*[exp(x) for x in xs])),
}
# fmt: on

for _what, _rules in {"textbook": TEXTBOOK, "parts": PARTS}.items():
    for _op, _rule in _rules.items():
        vars(_op)[_what] = _rule
