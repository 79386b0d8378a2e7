"""The rows as branches of a switch, for `machine`.  Printed by `generate`: change `ops.py`, then run

    python -m tinygrad_edu.replay.generate > tinygrad_edu/replay/kernel.py

This is plain Python, and runs as such; `native` has Numba compile it.
"""

# fmt: off
# ruff: noqa: E501, I001
# mypy: ignore-errors
from math import asinh, atan, atan2, erf, erfc, hypot, tanh

from ..ieee import acos, acosh, asin, atanh, cos, cosh, divide, exp, expm1, greater, log, log1p, maximum, minimum, nan, power, relu, sigmoid, sin, sinh, softplus, sqrt, tan

ADD = 0
SUB = 1
MUL = 2
DIV = 3
POW = 4
ATAN2 = 5
HYPOT = 6
MAXIMUM = 7
MINIMUM = 8
GREATER = 9
POWER = 10
NEG = 11
EXP = 12
EXPM1 = 13
LOG = 14
LOG1P = 15
SQRT = 16
SIN = 17
COS = 18
TAN = 19
ASIN = 20
ACOS = 21
ATAN = 22
SINH = 23
COSH = 24
ASINH = 25
ACOSH = 26
ATANH = 27
TANH = 28
SIGMOID = 29
SOFTPLUS = 30
RELU = 31
ELU = 32
SILU = 33
GELU = 34
ERF = 35
ERFC = 36
ABS = 37
WHERE = 38
SUM = 39
DOT = 40
LOGSUMEXP = 41
LINEAR = 42
DENSE = 43
FIRST_UNARY, FIRST_MANY = 11, 38


def elu(x):
    return maximum(x, 0.0) + expm1(minimum(x, 0.0))


def silu(x):
    return x * sigmoid(x)


def gelu(x):
    return divide(x * erfc(divide(-x, 1.4142135623730951)), 2)


def unary(op, x):
    """The value of a row with one input."""
    if op == NEG:
        return -x
    if op == EXP:
        return exp(x)
    if op == EXPM1:
        return expm1(x)
    if op == LOG:
        return log(x)
    if op == LOG1P:
        return log1p(x)
    if op == SQRT:
        return sqrt(x)
    if op == SIN:
        return sin(x)
    if op == COS:
        return cos(x)
    if op == TAN:
        return tan(x)
    if op == ASIN:
        return asin(x)
    if op == ACOS:
        return acos(x)
    if op == ATAN:
        return atan(x)
    if op == SINH:
        return sinh(x)
    if op == COSH:
        return cosh(x)
    if op == ASINH:
        return asinh(x)
    if op == ACOSH:
        return acosh(x)
    if op == ATANH:
        return atanh(x)
    if op == TANH:
        return tanh(x)
    if op == SIGMOID:
        return sigmoid(x)
    if op == SOFTPLUS:
        return softplus(x)
    if op == RELU:
        return relu(x)
    if op == ELU:
        return elu(x)
    if op == SILU:
        return silu(x)
    if op == GELU:
        return gelu(x)
    if op == ERF:
        return erf(x)
    if op == ERFC:
        return erfc(x)
    if op == ABS:
        return abs(x)
    return nan


def unary_slope(op, y, x):
    """Its local gradient."""
    if op == NEG:
        return -1.0
    if op == EXP:
        return y
    if op == EXPM1:
        return exp(x)
    if op == LOG:
        if y != y and x == x:
            return nan
        return divide(1, x)
    if op == LOG1P:
        if y != y and x == x:
            return nan
        return divide(1, 1 + x)
    if op == SQRT:
        if y != y and x == x:
            return nan
        return divide(0.5, y)
    if op == SIN:
        return cos(x)
    if op == COS:
        return -sin(x)
    if op == TAN:
        return 1 + y * y
    if op == ASIN:
        if y != y and x == x:
            return nan
        return divide(1, sqrt((1 - x) * (1 + x)))
    if op == ACOS:
        if y != y and x == x:
            return nan
        return divide(-1, sqrt((1 - x) * (1 + x)))
    if op == ATAN:
        return divide(1, 1 + x * x)
    if op == SINH:
        return cosh(x)
    if op == COSH:
        return sinh(x)
    if op == ASINH:
        return divide(1, hypot(1.0, x))
    if op == ACOSH:
        if y != y and x == x:
            return nan
        return divide(1, sqrt(x - 1) * sqrt(x + 1))
    if op == ATANH:
        if y != y and x == x:
            return nan
        return divide(1, (1 - x) * (1 + x))
    if op == TANH:
        return 4.0 * sigmoid(2 * x) * sigmoid(-2 * x)
    if op == SIGMOID:
        return y * sigmoid(-x)
    if op == SOFTPLUS:
        return sigmoid(x)
    if op == RELU:
        return greater(x, 0.0)
    if op == ELU:
        return exp(minimum(x, 0.0))
    if op == SILU:
        return sigmoid(x) * (1 + x * sigmoid(-x))
    if op == GELU:
        return divide(erfc(divide(-x, 1.4142135623730951)), 2) + divide(x * exp(divide(-x * x, 2)), 2.5066282746310002)
    if op == ERF:
        return 1.1283791670955126 * exp(-x * x)
    if op == ERFC:
        return -1.1283791670955126 * exp(-x * x)
    if op == ABS:
        return greater(x, 0.0) - greater(0.0, x)
    return nan


def binary(op, a, b):
    """The value of a row with two inputs."""
    if op == ADD:
        return a + b
    if op == SUB:
        return a - b
    if op == MUL:
        return a * b
    if op == DIV:
        return divide(a, b)
    if op == POW:
        return power(a, b)
    if op == ATAN2:
        return atan2(a, b)
    if op == HYPOT:
        return hypot(a, b)
    if op == MAXIMUM:
        return maximum(a, b)
    if op == MINIMUM:
        return minimum(a, b)
    if op == GREATER:
        return greater(a, b)
    if op == POWER:  # b is a plain number, and gets no gradient
        return power(a, b)
    return nan


def binary_slopes(op, y, a, b):
    """Its local gradients."""
    if op == ADD:
        return 1.0, 1.0
    if op == SUB:
        return 1.0, -1.0
    if op == MUL:
        return b, a
    if op == DIV:
        return divide(1, b), divide(-y, b)
    if op == POW:
        if y != y and a == a and b == b:
            return nan, nan
        return (b * power(a, b - 1) if abs(a) + abs(b) else 0.0), (y * log(a) if abs(a) + greater(0.0, b) else 0.0)
    if op == ATAN2:
        return divide(divide(b, hypot(a, b)), hypot(a, b)), divide(divide(-a, hypot(a, b)), hypot(a, b))
    if op == HYPOT:
        return divide(a, y), divide(b, y)
    if op == MAXIMUM:
        return divide(1 + greater(a, b) - greater(b, a), 2), divide(1 + greater(b, a) - greater(a, b), 2)
    if op == MINIMUM:
        return divide(1 + greater(b, a) - greater(a, b), 2), divide(1 + greater(a, b) - greater(b, a), 2)
    if op == GREATER:
        return 0.0, 0.0
    if op == POWER:
        if b == 0.0:
            return 0.0, 0.0
        return b * (a if b == 2.0 else power(a, b - 1.0)), 0.0
    return nan, nan
