"""The complex step: push an input by i h, and the slope is the imaginary part over h; nothing is subtracted.

f(x + ih) = f(x) + i h f'(x) - h²/2 f''(x) - ... for every f that is smooth. Rows are calculus on numbers, complex ones
too where Python's `cmath` has their function; where a row bends, the real part says on which side it is.

Squire & Trapp, "Using complex variables to estimate derivatives of real functions" (1998).
"""

from __future__ import annotations

import cmath
import operator
from typing import Any

from .. import ops
from ..engine import Value, topological
from ..ops import Op
from ..text import arithmetic

RULES: dict[str, Any] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "pow": operator.pow,
    "abs": lambda a: a if a.real >= 0 else -a,
    "maximum": lambda a, b: a if a.real >= b.real else b,
    "minimum": lambda a, b: a if a.real <= b.real else b,
    "greater": lambda a, b: complex(a.real > b.real),
    "where": lambda c, f, g: f if c.real else g,
    "log1p": lambda a: cmath.log(1 + a),
    "expm1": lambda a: cmath.exp(a) - 1,
}


class NotComplex(ValueError):
    """A row that cannot be filled in with complex numbers."""


@arithmetic
class Complex:
    """A complex number that rows can be filled in with.

    >>> ops.sigmoid(Complex(0.5 + 1e-20j)).z.imag / 1e-20 == ops.sigmoid(0.5) * ops.sigmoid(-0.5)
    True
    """

    def __init__(self, z: complex) -> None:
        self.z = z

    def __apply__(self, op: Op, args: tuple[Any, ...]) -> Any:
        if op.recipe and op.recipe[0] is ops.power:
            return Complex(self.z ** op.recipe[1][0])
        rule = RULES.get(op.name) or getattr(cmath, op.name, None)
        if rule is not None:
            return Complex(rule(*[a.z if isinstance(a, Complex) else complex(a) for a in args]))
        if op.parts is None:
            raise NotComplex(f"{op.name} takes no complex numbers")
        return op.parts(*args)


def complex_step(root: Value, leaf: Value, h: float) -> float:
    """d(root) / d(leaf), from the recorded graph at leaf + i h.  Raises NotComplex, with the row that is in the way.

    >>> x = Value(1.0)
    >>> complex_step(x.exp(), x, 1e-20) == ops.exp(1.0)
    True
    """
    found: dict[Value, Any] = {leaf: Complex(complex(leaf.data, h))}
    for n in topological(root):
        if n not in found:
            found[n] = n.op(*[found[p] for p in n.parents]) if n.parents else n.data
    y = found[root]
    return float(y.z.imag) / h if isinstance(y, Complex) else 0.0
