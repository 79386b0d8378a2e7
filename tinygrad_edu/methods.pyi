"""The methods that every Value has, and the rows as functions, for editors and type checkers.

Printed by `printouts`: change `ops.py`, then run

    python -m tinygrad_edu.ops --write

A row that is registered at run time is a method there and unknown here: to a type checker, call the row, `cube(v)`.
"""

# fmt: off
# ruff: noqa: E501
# mypy: disable-error-code="overload-overlap"

from collections.abc import Callable
from typing import Any, SupportsFloat, overload

from .engine import Value
from .explanation import explain as _explain
from .figures import draw as _draw
from .modes import no_grad as _no_grad
from .order import order_lab as _order_lab
from .sourcecode import source as _source
from .webpage import page as _page

class Methods:
    # Readers of the graph, tied on at the roof.
    draw = _draw
    explain = _explain
    order_lab = _order_lab
    page = _page
    source = _source

    # The names of micrograd and microgpt.
    _backward: Callable[[], None]
    no_grad = _no_grad
    @property
    def _children(self) -> tuple[Value, ...]: ...
    @property
    def _local_grads(self) -> tuple[float, ...]: ...
    def _made_by_hand(self, *past: Any, label: Any = ..., **named: Any) -> None: ...
    def item(self) -> float: ...
    def topo(self) -> list[Value]: ...

    # Arithmetic.
    def __add__(self, other: Any) -> Value: ...
    def __radd__(self, other: Any) -> Value: ...
    def __sub__(self, other: Any) -> Value: ...
    def __rsub__(self, other: Any) -> Value: ...
    def __mul__(self, other: Any) -> Value: ...
    def __rmul__(self, other: Any) -> Value: ...
    def __truediv__(self, other: Any) -> Value: ...
    def __rtruediv__(self, other: Any) -> Value: ...
    def __mod__(self, other: Any) -> Value: ...
    def __rmod__(self, other: Any) -> Value: ...
    def __floordiv__(self, other: Any) -> Value: ...
    def __rfloordiv__(self, other: Any) -> Value: ...
    def __pow__(self, other: Any) -> Value: ...
    def __rpow__(self, other: Any) -> Value: ...
    def __neg__(self) -> Value: ...
    def __abs__(self) -> Value: ...

    # One method per row.
    def add(self, b: SupportsFloat) -> Value:
        """One row of the table, a.add(b):

            y = a + b
            dy/da = 1
            dy/db = 1
            domain: real
        """
    def sub(self, b: SupportsFloat) -> Value:
        """One row of the table, a.sub(b):

            y = a - b
            dy/da = 1
            dy/db = -1
            domain: real
        """
    def mul(self, b: SupportsFloat) -> Value:
        """One row of the table, a.mul(b):

            y = a * b
            dy/da = b
            dy/db = a
            domain: real
        """
    def div(self, b: SupportsFloat) -> Value:
        """One row of the table, a.div(b):

            y = a / b
            dy/da = 1 / b
            dy/db = -y / b
            domain: real
            kink: b = 0
        """
    def neg(self) -> Value:
        """One row of the table, x.neg():

            y = -x
            dy/dx = -1
            domain: real
        """
    def pow(self, b: SupportsFloat) -> Value:
        """One row of the table, a.pow(b):

            y = a ** b
            dy/da = b * a ** (b - 1)
            dy/db = y * log(a)
            computed in a form that keeps its digits
            domain: (0, inf)
        """
    def square(self) -> Value:
        """One row of the table, x.square():

            y = x * x
            dy/dx = 2 * x
            domain: real
        """
    def reciprocal(self) -> Value:
        """One row of the table, x.reciprocal():

            y = 1 / x
            dy/dx = -y / x
            domain: real
            kink: x = 0
        """
    def sqrt(self) -> Value:
        """One row of the table, x.sqrt():

            y = sqrt(x)
            dy/dx = 0.5 / y
            domain: (0, inf)
        """
    def cbrt(self) -> Value:
        """One row of the table, x.cbrt():

            y = cbrt(x)
            dy/dx = 1 / (3 * y * y)
            computed as 0.333333 / y / y
            domain: real
            kink: x = 0
        """
    def rsqrt(self) -> Value:
        """One row of the table, x.rsqrt():

            y = 1 / sqrt(x)
            dy/dx = -0.5 * y / x
            domain: (0, inf)
        """
    def exp(self) -> Value:
        """One row of the table, x.exp():

            y = exp(x)
            dy/dx = y
            domain: real
        """
    def exp2(self) -> Value:
        """One row of the table, x.exp2():

            y = 2 ** x
            dy/dx = y * 0.693147
            domain: real
        """
    def expm1(self) -> Value:
        """One row of the table, x.expm1():

            y = expm1(x)
            dy/dx = exp(x)
            domain: real
        """
    def log(self) -> Value:
        """One row of the table, x.log():

            y = log(x)
            dy/dx = 1 / x
            domain: (0, inf)
        """
    def log2(self) -> Value:
        """One row of the table, x.log2():

            y = log2(x)
            dy/dx = 1.4427 / x
            domain: (0, inf)
        """
    def log10(self) -> Value:
        """One row of the table, x.log10():

            y = log10(x)
            dy/dx = 0.434294 / x
            domain: (0, inf)
        """
    def log1p(self) -> Value:
        """One row of the table, x.log1p():

            y = log1p(x)
            dy/dx = 1 / (1 + x)
            domain: (-1, inf)
        """
    def xlogy(self, b: SupportsFloat) -> Value:
        """One row of the table, a.xlogy(b):

            y = where(abs(a) + where(b, abs(1 / b), 0), a * log(b), 0)
            dy/da = log(b)
            dy/db = a / b
            computed as log(b), where(abs(a) + abs(b), a / b, 0)
            domain: (0, inf)
        """
    def sin(self) -> Value:
        """One row of the table, x.sin():

            y = sin(x)
            dy/dx = cos(x)
            domain: real
        """
    def cos(self) -> Value:
        """One row of the table, x.cos():

            y = cos(x)
            dy/dx = -sin(x)
            domain: real
        """
    def tan(self) -> Value:
        """One row of the table, x.tan():

            y = sin(x) / cos(x)
            dy/dx = 1 + y * y
            domain: real
            kink: cos(x) = 0
        """
    def asin(self) -> Value:
        """One row of the table, x.asin():

            y = asin(x)
            dy/dx = 1 / sqrt(1 - x * x)
            computed as 1 / sqrt(gap(x))
            domain: (-1, 1)
        """
    def acos(self) -> Value:
        """One row of the table, x.acos():

            y = acos(x)
            dy/dx = -1 / sqrt(1 - x * x)
            computed as -1 / sqrt(gap(x))
            domain: (-1, 1)
        """
    def atan(self) -> Value:
        """One row of the table, x.atan():

            y = atan(x)
            dy/dx = 1 / (1 + x * x)
            domain: real
        """
    def atan2(self, x: SupportsFloat) -> Value:
        """One row of the table, y.atan2(x):

            t = atan2(y, x)
            dt/dy = x / (x * x + y * y)
            dt/dx = -y / (x * x + y * y)
            computed as x / hypot(y, x) / hypot(y, x), -y / hypot(y, x) / hypot(y, x)
            domain: real
            kink: maximum(abs(y), x) = 0
        """
    def hypot(self, b: SupportsFloat) -> Value:
        """One row of the table, a.hypot(b):

            y = hypot(a, b)
            dy/da = a / y
            dy/db = b / y
            computed in a form that keeps its digits
            domain: real
            kink: hypot(a, b) = 0
        """
    def sinc(self) -> Value:
        """One row of the table, x.sinc():

            y = where(x, sin(3.14159 * x) / (3.14159 * where(x, x, 1)), 1)
            dy/dx = (cos(3.14159 * x) - y) / x
            computed in a form that keeps its digits
            domain: real
        """
    def sinh(self) -> Value:
        """One row of the table, x.sinh():

            y = sinh(x)
            dy/dx = cosh(x)
            domain: real
        """
    def cosh(self) -> Value:
        """One row of the table, x.cosh():

            y = cosh(x)
            dy/dx = sinh(x)
            domain: real
        """
    def asinh(self) -> Value:
        """One row of the table, x.asinh():

            y = asinh(x)
            dy/dx = 1 / sqrt(1 + x * x)
            computed as 1 / hypot(1, x)
            domain: real
        """
    def acosh(self) -> Value:
        """One row of the table, x.acosh():

            y = acosh(x)
            dy/dx = 1 / sqrt(x * x - 1)
            computed as 1 / sqrt(x - 1) / sqrt(x + 1)
            domain: (1, inf)
        """
    def atanh(self) -> Value:
        """One row of the table, x.atanh():

            y = atanh(x)
            dy/dx = 1 / (1 - x * x)
            computed as 1 / gap(x)
            domain: (-1, 1)
        """
    def tanh(self) -> Value:
        """One row of the table, x.tanh():

            y = tanh(x)
            dy/dx = 1 - y * y
            computed as 4 * bell(2 * x)
            domain: real
        """
    def sigmoid(self) -> Value:
        """One row of the table, x.sigmoid():

            y = exp(minimum(x, 0)) / (1 + exp(-abs(x)))
            dy/dx = y * (1 - y)
            computed as bell(x)
            domain: real
        """
    def logsigmoid(self) -> Value:
        """One row of the table, x.logsigmoid():

            y = -softplus(-x)
            dy/dx = sigmoid(-x)
            domain: real
        """
    def logit(self) -> Value:
        """One row of the table, x.logit():

            y = where(x > 0.25, log1p((2 * x - 1) / (1 - x)), log(x / (1 - x)))
            dy/dx = 1 / (x * (1 - x))
            computed as 1 / x + 1 / (1 - x)
            domain: (0, 1)
        """
    def softplus(self) -> Value:
        """One row of the table, x.softplus():

            y = maximum(x, 0) + log1p(exp(-abs(x)))
            dy/dx = sigmoid(x)
            domain: real
        """
    def softsign(self) -> Value:
        """One row of the table, x.softsign():

            y = x / (1 + abs(x))
            dy/dx = 1 / (1 + abs(x)) / (1 + abs(x))
            domain: real
        """
    def relu(self) -> Value:
        """One row of the table, x.relu():

            y = maximum(x, 0)
            dy/dx = x > 0
            domain: real
            kink: x = 0
        """
    def relu6(self) -> Value:
        """One row of the table, x.relu6():

            y = minimum(maximum(x, 0), 6)
            dy/dx = (x > 0) * (6 > x)
            domain: real
            kink: x * (x - 6) = 0
        """
    def elu(self) -> Value:
        """One row of the table, x.elu():

            y = maximum(x, 0) + expm1(minimum(x, 0))
            dy/dx = exp(minimum(x, 0))
            domain: real
            kink: x = 0
        """
    def selu(self) -> Value:
        """One row of the table, x.selu():

            y = 1.0507 * (maximum(x, 0) + 1.67326 * expm1(minimum(x, 0)))
            dy/dx = 1.0507 * ((x > 0) + (1 - (x > 0)) * (1.67326 * exp(minimum(x, 0))))
            domain: real
            kink: x = 0
        """
    def silu(self) -> Value:
        """One row of the table, x.silu():

            y = x * sigmoid(x)
            dy/dx = sigmoid(x) * (1 + x * sigmoid(-x))
            domain: real
        """
    def mish(self) -> Value:
        """One row of the table, x.mish():

            y = x * tanh(softplus(x))
            dy/dx = tanh(softplus(x)) + x * (1 - square(tanh(softplus(x)))) * sigmoid(x)
            computed as tanh(softplus(x)) + x * (4 * bell(2 * softplus(x))) * sigmoid(x)
            domain: real
        """
    def gelu(self) -> Value:
        """One row of the table, x.gelu():

            y = x / 2 * erfc(-x / 1.41421)
            dy/dx = erfc(-x / 1.41421) / 2 + x * exp(-x * x / 2) / 2.50663
            domain: real
        """
    def gelu_tanh(self) -> Value:
        """One row of the table, x.gelu_tanh():

            y = x * sigmoid(1.59577 * (x + 0.044715 * x * x * x))
            dy/dx = sigmoid(1.59577 * (x + 0.044715 * x * x * x)) + y * sigmoid(-1.59577 * (x + 0.044715 * x * x * x)) * 1.59577 * (1 + 0.134145 * x * x)
            computed in a form that keeps its digits
            domain: real
        """
    def hardtanh(self) -> Value:
        """One row of the table, x.hardtanh():

            y = minimum(maximum(x, -1), 1)
            dy/dx = (x > -1) * (1 > x)
            domain: real
            kink: (x + 1) * (x - 1) = 0
        """
    def hardsigmoid(self) -> Value:
        """One row of the table, x.hardsigmoid():

            y = relu6(x + 3) / 6
            dy/dx = (x > -3) * (3 > x) / 6
            domain: real
            kink: (x + 3) * (x - 3) = 0
        """
    def hardswish(self) -> Value:
        """One row of the table, x.hardswish():

            y = x * hardsigmoid(x)
            dy/dx = hardsigmoid(x) + x * ((x > -3) * (3 > x)) / 6
            domain: real
            kink: (x + 3) * (x - 3) = 0
        """
    def erf(self) -> Value:
        """One row of the table, x.erf():

            y = erf(x)
            dy/dx = 1.12838 * exp(-x * x)
            domain: real
        """
    def erfc(self) -> Value:
        """One row of the table, x.erfc():

            y = erfc(x)
            dy/dx = -1.12838 * exp(-x * x)
            domain: real
        """
    def erfinv(self) -> Value:
        """One row of the table, x.erfinv():

            y = erfinv(x)
            dy/dx = 0.886227 * exp(y * y)
            domain: (-1, 1)
        """
    def lgamma(self) -> Value:
        """One row of the table, x.lgamma():

            y = lgamma(x)
            dy/dx = digamma(x)
            domain: real
            kink: where(x > 0, x, sin(3.14159 * x)) = 0
        """
    def digamma(self) -> Value:
        """One row of the table, x.digamma():

            y = digamma(x)
            dy/dx = polygamma(x, 1)
            domain: real
            kink: where(x > 0, x, sin(3.14159 * x)) = 0
        """
    def abs(self) -> Value:
        """One row of the table, x.abs():

            y = abs(x)
            dy/dx = (x > 0) - (0 > x)
            domain: real
            kink: x = 0
        """
    def sign(self) -> Value:
        """One row of the table, x.sign():

            y = (x > 0) - (0 > x)
            dy/dx = 0
            domain: real
            kink: x = 0
        """
    def floor(self) -> Value:
        """One row of the table, x.floor():

            y = floor(x)
            dy/dx = 0
            domain: real
            kink: sin(3.14159 * x) = 0
        """
    def ceil(self) -> Value:
        """One row of the table, x.ceil():

            y = ceil(x)
            dy/dx = 0
            domain: real
            kink: sin(3.14159 * x) = 0
        """
    def round(self) -> Value:
        """One row of the table, x.round():

            y = round(x)
            dy/dx = 0
            domain: real
            kink: cos(3.14159 * x) = 0
        """
    def trunc(self) -> Value:
        """One row of the table, x.trunc():

            y = trunc(x)
            dy/dx = 0
            domain: real
            kink: sin(3.14159 * x) = 0
        """
    def mod(self, b: SupportsFloat) -> Value:
        """One row of the table, a.mod(b):

            y = mod(a, b)
            dy/da = 1
            dy/db = -floor_divide(a, b)
            domain: real
            kink: b * sin(3.14159 * (a / b)) = 0
        """
    def floor_divide(self, b: SupportsFloat) -> Value:
        """One row of the table, a.floor_divide(b):

            y = floor_divide(a, b)
            dy/da = 0
            dy/db = 0
            domain: real
            kink: b * sin(3.14159 * (a / b)) = 0
        """
    def maximum(self, b: SupportsFloat) -> Value:
        """One row of the table, a.maximum(b):

            y = maximum(a, b)
            dy/da = a > b
            dy/db = b > a
            computed as (1 + (a > b) - (b > a)) / 2, (1 + (b > a) - (a > b)) / 2
            domain: real
            kink: a = b
        """
    def minimum(self, b: SupportsFloat) -> Value:
        """One row of the table, a.minimum(b):

            y = minimum(a, b)
            dy/da = b > a
            dy/db = a > b
            computed as (1 + (b > a) - (a > b)) / 2, (1 + (a > b) - (b > a)) / 2
            domain: real
            kink: a = b
        """
    def where(self, f: SupportsFloat, g: SupportsFloat) -> Value:
        """One row of the table, c.where(f, g):

            y = where(c, f, g)
            dy/dc = 0
            dy/df = where(c, 1, 0)
            dy/dg = where(c, 0, 1)
            domain: real
            kink: c = 0
        """
    def greater(self, b: SupportsFloat) -> Value:
        """One row of the table, a.greater(b):

            y = a > b
            dy/da = 0
            dy/db = 0
            domain: real
            kink: a = b
        """
    def greater_equal(self, b: SupportsFloat) -> Value:
        """One row of the table, a.greater_equal(b):

            y = 1 - (b > a)
            dy/da = 0
            dy/db = 0
            domain: real
            kink: a = b
        """
    def less(self, b: SupportsFloat) -> Value:
        """One row of the table, a.less(b):

            y = b > a
            dy/da = 0
            dy/db = 0
            domain: real
            kink: a = b
        """
    def less_equal(self, b: SupportsFloat) -> Value:
        """One row of the table, a.less_equal(b):

            y = 1 - (a > b)
            dy/da = 0
            dy/db = 0
            domain: real
            kink: a = b
        """
    def equal(self, b: SupportsFloat) -> Value:
        """One row of the table, a.equal(b):

            y = (1 - (a > b)) * (1 - (b > a))
            dy/da = 0
            dy/db = 0
            domain: real
            kink: a = b
        """
    def power(self, n: float) -> Value:
        """x ** n for a plain number n: the exponent is part of the operation, not an input."""
    def leaky_relu(self, slope: float = 0.01) -> Value:
        """x above zero, slope * x below; 0 * -inf would be nan."""
    def clip(self, lo: float | None, hi: float | None) -> Value:
        """x kept between lo and hi, or on one side of the one that is not None; on the edges the gradient still passes."""
    def polygamma(self, n: int) -> Value:
        """The n-th derivative of digamma, whose own derivative is the next one."""
    def fabs(self) -> Value:
        """NumPy's name for abs."""
    def rint(self) -> Value:
        """NumPy's name for round."""
    def arcsin(self) -> Value:
        """NumPy's name for asin."""
    def arccos(self) -> Value:
        """NumPy's name for acos."""
    def arctan(self) -> Value:
        """NumPy's name for atan."""
    def arctan2(self, x: SupportsFloat) -> Value:
        """NumPy's name for atan2."""
    def arcsinh(self) -> Value:
        """NumPy's name for asinh."""
    def arccosh(self) -> Value:
        """NumPy's name for acosh."""
    def arctanh(self) -> Value:
        """NumPy's name for atanh."""

# Of numbers a number; as soon as one input is a Value, a Value.
@overload
def add(a: float, b: float) -> float: ...
@overload
def add(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def sub(a: float, b: float) -> float: ...
@overload
def sub(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def mul(a: float, b: float) -> float: ...
@overload
def mul(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def div(a: float, b: float) -> float: ...
@overload
def div(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def neg(x: float) -> float: ...
@overload
def neg(x: SupportsFloat) -> Value: ...
@overload
def pow(a: float, b: float) -> float: ...
@overload
def pow(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def square(x: float) -> float: ...
@overload
def square(x: SupportsFloat) -> Value: ...
@overload
def reciprocal(x: float) -> float: ...
@overload
def reciprocal(x: SupportsFloat) -> Value: ...
@overload
def sqrt(x: float) -> float: ...
@overload
def sqrt(x: SupportsFloat) -> Value: ...
@overload
def cbrt(x: float) -> float: ...
@overload
def cbrt(x: SupportsFloat) -> Value: ...
@overload
def rsqrt(x: float) -> float: ...
@overload
def rsqrt(x: SupportsFloat) -> Value: ...
@overload
def exp(x: float) -> float: ...
@overload
def exp(x: SupportsFloat) -> Value: ...
@overload
def exp2(x: float) -> float: ...
@overload
def exp2(x: SupportsFloat) -> Value: ...
@overload
def expm1(x: float) -> float: ...
@overload
def expm1(x: SupportsFloat) -> Value: ...
@overload
def log(x: float) -> float: ...
@overload
def log(x: SupportsFloat) -> Value: ...
@overload
def log2(x: float) -> float: ...
@overload
def log2(x: SupportsFloat) -> Value: ...
@overload
def log10(x: float) -> float: ...
@overload
def log10(x: SupportsFloat) -> Value: ...
@overload
def log1p(x: float) -> float: ...
@overload
def log1p(x: SupportsFloat) -> Value: ...
@overload
def xlogy(a: float, b: float) -> float: ...
@overload
def xlogy(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def sin(x: float) -> float: ...
@overload
def sin(x: SupportsFloat) -> Value: ...
@overload
def cos(x: float) -> float: ...
@overload
def cos(x: SupportsFloat) -> Value: ...
@overload
def tan(x: float) -> float: ...
@overload
def tan(x: SupportsFloat) -> Value: ...
@overload
def asin(x: float) -> float: ...
@overload
def asin(x: SupportsFloat) -> Value: ...
@overload
def acos(x: float) -> float: ...
@overload
def acos(x: SupportsFloat) -> Value: ...
@overload
def atan(x: float) -> float: ...
@overload
def atan(x: SupportsFloat) -> Value: ...
@overload
def atan2(y: float, x: float) -> float: ...
@overload
def atan2(y: SupportsFloat, x: SupportsFloat) -> Value: ...
@overload
def hypot(a: float, b: float) -> float: ...
@overload
def hypot(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def sinc(x: float) -> float: ...
@overload
def sinc(x: SupportsFloat) -> Value: ...
@overload
def sinh(x: float) -> float: ...
@overload
def sinh(x: SupportsFloat) -> Value: ...
@overload
def cosh(x: float) -> float: ...
@overload
def cosh(x: SupportsFloat) -> Value: ...
@overload
def asinh(x: float) -> float: ...
@overload
def asinh(x: SupportsFloat) -> Value: ...
@overload
def acosh(x: float) -> float: ...
@overload
def acosh(x: SupportsFloat) -> Value: ...
@overload
def atanh(x: float) -> float: ...
@overload
def atanh(x: SupportsFloat) -> Value: ...
@overload
def tanh(x: float) -> float: ...
@overload
def tanh(x: SupportsFloat) -> Value: ...
@overload
def sigmoid(x: float) -> float: ...
@overload
def sigmoid(x: SupportsFloat) -> Value: ...
@overload
def logsigmoid(x: float) -> float: ...
@overload
def logsigmoid(x: SupportsFloat) -> Value: ...
@overload
def logit(x: float) -> float: ...
@overload
def logit(x: SupportsFloat) -> Value: ...
@overload
def softplus(x: float) -> float: ...
@overload
def softplus(x: SupportsFloat) -> Value: ...
@overload
def softsign(x: float) -> float: ...
@overload
def softsign(x: SupportsFloat) -> Value: ...
@overload
def relu(x: float) -> float: ...
@overload
def relu(x: SupportsFloat) -> Value: ...
@overload
def relu6(x: float) -> float: ...
@overload
def relu6(x: SupportsFloat) -> Value: ...
@overload
def elu(x: float) -> float: ...
@overload
def elu(x: SupportsFloat) -> Value: ...
@overload
def selu(x: float) -> float: ...
@overload
def selu(x: SupportsFloat) -> Value: ...
@overload
def silu(x: float) -> float: ...
@overload
def silu(x: SupportsFloat) -> Value: ...
@overload
def mish(x: float) -> float: ...
@overload
def mish(x: SupportsFloat) -> Value: ...
@overload
def gelu_tanh(x: float) -> float: ...
@overload
def gelu_tanh(x: SupportsFloat) -> Value: ...
@overload
def hardtanh(x: float) -> float: ...
@overload
def hardtanh(x: SupportsFloat) -> Value: ...
@overload
def hardsigmoid(x: float) -> float: ...
@overload
def hardsigmoid(x: SupportsFloat) -> Value: ...
@overload
def hardswish(x: float) -> float: ...
@overload
def hardswish(x: SupportsFloat) -> Value: ...
@overload
def erf(x: float) -> float: ...
@overload
def erf(x: SupportsFloat) -> Value: ...
@overload
def erfc(x: float) -> float: ...
@overload
def erfc(x: SupportsFloat) -> Value: ...
@overload
def erfinv(x: float) -> float: ...
@overload
def erfinv(x: SupportsFloat) -> Value: ...
@overload
def lgamma(x: float) -> float: ...
@overload
def lgamma(x: SupportsFloat) -> Value: ...
@overload
def digamma(x: float) -> float: ...
@overload
def digamma(x: SupportsFloat) -> Value: ...
@overload
def abs(x: float) -> float: ...
@overload
def abs(x: SupportsFloat) -> Value: ...
@overload
def sign(x: float) -> float: ...
@overload
def sign(x: SupportsFloat) -> Value: ...
@overload
def floor(x: float) -> float: ...
@overload
def floor(x: SupportsFloat) -> Value: ...
@overload
def ceil(x: float) -> float: ...
@overload
def ceil(x: SupportsFloat) -> Value: ...
@overload
def round(x: float) -> float: ...
@overload
def round(x: SupportsFloat) -> Value: ...
@overload
def trunc(x: float) -> float: ...
@overload
def trunc(x: SupportsFloat) -> Value: ...
@overload
def mod(a: float, b: float) -> float: ...
@overload
def mod(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def floor_divide(a: float, b: float) -> float: ...
@overload
def floor_divide(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def maximum(a: float, b: float) -> float: ...
@overload
def maximum(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def minimum(a: float, b: float) -> float: ...
@overload
def minimum(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def where(c: float, f: float, g: float) -> float: ...
@overload
def where(c: SupportsFloat, f: SupportsFloat, g: SupportsFloat) -> Value: ...
@overload
def greater(a: float, b: float) -> float: ...
@overload
def greater(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def greater_equal(a: float, b: float) -> float: ...
@overload
def greater_equal(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def less(a: float, b: float) -> float: ...
@overload
def less(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def less_equal(a: float, b: float) -> float: ...
@overload
def less_equal(a: SupportsFloat, b: SupportsFloat) -> Value: ...
@overload
def equal(a: float, b: float) -> float: ...
@overload
def equal(a: SupportsFloat, b: SupportsFloat) -> Value: ...
