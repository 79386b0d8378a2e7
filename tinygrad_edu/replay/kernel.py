"""The rows as branches of a switch, for `machine`.  Printed by `generate`: change `ops.py`, then run

    python -m tinygrad_edu.ops --write

This is plain Python, and runs as such; `native` has Numba compile it.
"""

# fmt: off
# ruff: noqa: E501, I001
# mypy: ignore-errors
from math import asinh, atan, atan2, erf, erfc, hypot, tanh

from ..ieee import acos, acosh, asin, atanh, bell, cbrt, ceil, cos, cosh, digamma, divide, erfinv, exp, exp2, expm1, floor, floor_divide, greater, lgamma, log, log10, log1p, log2, maximum, minimum, mod, nan, polygamma, power, relu, round, sigmoid, sin, sinh, softplus, sqrt, tan, trunc

ADD = 0
SUB = 1
MUL = 2
DIV = 3
POW = 4
XLOGY = 5
ATAN2 = 6
HYPOT = 7
MOD = 8
FLOOR_DIVIDE = 9
MAXIMUM = 10
MINIMUM = 11
GREATER = 12
GREATER_EQUAL = 13
LESS = 14
LESS_EQUAL = 15
EQUAL = 16
WITHIN = 17
POWER = 18
POLYGAMMA = 19
NEG = 20
SQUARE = 21
RECIPROCAL = 22
SQRT = 23
CBRT = 24
RSQRT = 25
EXP = 26
EXP2 = 27
EXPM1 = 28
LOG = 29
LOG2 = 30
LOG10 = 31
LOG1P = 32
SIN = 33
COS = 34
TAN = 35
ASIN = 36
ACOS = 37
ATAN = 38
SINC = 39
SINH = 40
COSH = 41
ASINH = 42
ACOSH = 43
ATANH = 44
TANH = 45
SIGMOID = 46
LOGSIGMOID = 47
LOGIT = 48
SOFTPLUS = 49
SOFTSIGN = 50
RELU = 51
RELU6 = 52
ELU = 53
SELU = 54
SILU = 55
MISH = 56
GELU = 57
GELU_TANH = 58
HARDTANH = 59
HARDSIGMOID = 60
HARDSWISH = 61
ERF = 62
ERFC = 63
ERFINV = 64
LGAMMA = 65
DIGAMMA = 66
ABS = 67
SIGN = 68
FLOOR = 69
CEIL = 70
ROUND = 71
TRUNC = 72
GAP = 73
BELL = 74
WHERE = 75
SUM = 76
DOT = 77
LOGSUMEXP = 78
LINEAR = 79
DENSE = 80
FIRST_UNARY, FIRST_MANY = 20, 75


def square(x):
    return x * x


def reciprocal(x):
    return divide(1.0, x)


def rsqrt(x):
    return divide(1.0, sqrt(x))


def sinc(x):
    return (divide(sin(3.141592653589793 * x), 3.141592653589793 * (x if x else 1.0)) if x else 1.0)


def logsigmoid(x):
    return -softplus(-x)


def logit(x):
    return (log1p(divide(2 * x - 1, 1 - x)) if greater(x, 0.25) else log(divide(x, 1 - x)))


def softsign(x):
    return divide(x, 1 + abs(x))


def relu6(x):
    return minimum(maximum(x, 0.0), 6.0)


def elu(x):
    return maximum(x, 0.0) + expm1(minimum(x, 0.0))


def selu(x):
    return 1.0507009873554805 * (maximum(x, 0.0) + 1.6732632423543772 * expm1(minimum(x, 0.0)))


def silu(x):
    return x * sigmoid(x)


def mish(x):
    return x * tanh(softplus(x))


def gelu(x):
    return divide(x, 2) * erfc(divide(-x, 1.4142135623730951))


def gelu_tanh(x):
    return x * sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x))


def hardtanh(x):
    return minimum(maximum(x, -1.0), 1.0)


def hardsigmoid(x):
    return divide(relu6(x + 3), 6)


def hardswish(x):
    return x * hardsigmoid(x)


def sign(x):
    return greater(x, 0.0) - greater(0.0, x)


def gap(x):
    return (1 - x) * (1 + x)


def unary(op, x):
    """The value of a row with one input."""
    if op == NEG:
        return -x
    if op == SQUARE:
        return square(x)
    if op == RECIPROCAL:
        return reciprocal(x)
    if op == SQRT:
        return sqrt(x)
    if op == CBRT:
        return cbrt(x)
    if op == RSQRT:
        return rsqrt(x)
    if op == EXP:
        return exp(x)
    if op == EXP2:
        return exp2(x)
    if op == EXPM1:
        return expm1(x)
    if op == LOG:
        return log(x)
    if op == LOG2:
        return log2(x)
    if op == LOG10:
        return log10(x)
    if op == LOG1P:
        return log1p(x)
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
    if op == SINC:
        return sinc(x)
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
    if op == LOGSIGMOID:
        return logsigmoid(x)
    if op == LOGIT:
        return logit(x)
    if op == SOFTPLUS:
        return softplus(x)
    if op == SOFTSIGN:
        return softsign(x)
    if op == RELU:
        return relu(x)
    if op == RELU6:
        return relu6(x)
    if op == ELU:
        return elu(x)
    if op == SELU:
        return selu(x)
    if op == SILU:
        return silu(x)
    if op == MISH:
        return mish(x)
    if op == GELU:
        return gelu(x)
    if op == GELU_TANH:
        return gelu_tanh(x)
    if op == HARDTANH:
        return hardtanh(x)
    if op == HARDSIGMOID:
        return hardsigmoid(x)
    if op == HARDSWISH:
        return hardswish(x)
    if op == ERF:
        return erf(x)
    if op == ERFC:
        return erfc(x)
    if op == ERFINV:
        return erfinv(x)
    if op == LGAMMA:
        return lgamma(x)
    if op == DIGAMMA:
        return digamma(x)
    if op == ABS:
        return abs(x)
    if op == SIGN:
        return sign(x)
    if op == FLOOR:
        return floor(x)
    if op == CEIL:
        return ceil(x)
    if op == ROUND:
        return round(x)
    if op == TRUNC:
        return trunc(x)
    if op == GAP:
        return gap(x)
    if op == BELL:
        return bell(x)
    return nan


def unary_slope(op, y, x):
    """Its local gradient."""
    if op == NEG:
        return -1.0
    if op == SQUARE:
        return 2 * x
    if op == RECIPROCAL:
        return divide(-y, x)
    if op == SQRT:
        if y != y:
            return nan
        return divide(0.5, y)
    if op == CBRT:
        return divide(divide(0.3333333333333333, y), y)
    if op == RSQRT:
        if y != y:
            return nan
        return divide(-0.5 * y, x)
    if op == EXP:
        return y
    if op == EXP2:
        return y * 0.6931471805599453
    if op == EXPM1:
        return exp(x)
    if op == LOG:
        if y != y:
            return nan
        return divide(1, x)
    if op == LOG2:
        if y != y:
            return nan
        return divide(1.4426950408889634, x)
    if op == LOG10:
        if y != y:
            return nan
        return divide(0.43429448190325176, x)
    if op == LOG1P:
        if y != y:
            return nan
        return divide(1, 1 + x)
    if op == SIN:
        return cos(x)
    if op == COS:
        return -sin(x)
    if op == TAN:
        return 1 + y * y
    if op == ASIN:
        if y != y:
            return nan
        return divide(1, sqrt(gap(x)))
    if op == ACOS:
        if y != y:
            return nan
        return divide(-1, sqrt(gap(x)))
    if op == ATAN:
        return divide(1, 1 + x * x)
    if op == SINC:
        return (divide(cos(3.141592653589793 * (x if x else 1.0)) - divide(sin(3.141592653589793 * (x if x else 1.0)), 3.141592653589793 * (x if x else 1.0)), (x if x else 1.0)) if greater(abs(x), 0.5) else 3.141592653589793 * (3.141592653589793 * x) * (-0.3333333333333333 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * (0.03333333333333333 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * (-0.0011904761904761906 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * (2.2045855379188714e-05 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * (-2.505210838544172e-07 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * (1.9270852604185937e-09 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * (-1.0706029224547743e-11 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * (4.498331606952833e-14 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * (-1.4797143443923793e-16 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * (3.9145882126782523e-19 + square(3.141592653589793 * minimum(maximum(x, -0.5), 0.5)) * 0.0)))))))))))
    if op == SINH:
        return cosh(x)
    if op == COSH:
        return sinh(x)
    if op == ASINH:
        return divide(1, hypot(1.0, x))
    if op == ACOSH:
        if y != y:
            return nan
        return divide(divide(1, sqrt(x - 1)), sqrt(x + 1))
    if op == ATANH:
        if y != y:
            return nan
        return divide(1, gap(x))
    if op == TANH:
        return 4.0 * bell(2 * x)
    if op == SIGMOID:
        return bell(x)
    if op == LOGSIGMOID:
        return sigmoid(-x)
    if op == LOGIT:
        if y != y:
            return nan
        return divide(1, x) + divide(1, 1 - x)
    if op == SOFTPLUS:
        return sigmoid(x)
    if op == SOFTSIGN:
        return divide(divide(1, 1 + abs(x)), 1 + abs(x))
    if op == RELU:
        return greater(x, 0.0)
    if op == RELU6:
        return greater(x, 0.0) * greater(6.0, x)
    if op == ELU:
        return exp(minimum(x, 0.0))
    if op == SELU:
        return 1.0507009873554805 * (greater(x, 0.0) + (1 - greater(x, 0.0)) * (1.6732632423543772 * exp(minimum(x, 0.0))))
    if op == SILU:
        return sigmoid(x) * (1 + x * sigmoid(-x))
    if op == MISH:
        return tanh(softplus(x)) + x * (4 * bell(2 * softplus(x))) * sigmoid(x)
    if op == GELU:
        return divide(erfc(divide(-x, 1.4142135623730951)), 2) + divide(x * exp(divide(-x * x, 2)), 2.5066282746310002)
    if op == GELU_TANH:
        return sigmoid(1.5957691216057308 * (minimum(maximum(x, -100.0), 100.0) + 0.044715 * minimum(maximum(x, -100.0), 100.0) * minimum(maximum(x, -100.0), 100.0) * minimum(maximum(x, -100.0), 100.0))) + x * bell(1.5957691216057308 * (minimum(maximum(x, -100.0), 100.0) + 0.044715 * minimum(maximum(x, -100.0), 100.0) * minimum(maximum(x, -100.0), 100.0) * minimum(maximum(x, -100.0), 100.0))) * (1.5957691216057308 * (1 + 0.134145 * minimum(maximum(x, -100.0), 100.0) * minimum(maximum(x, -100.0), 100.0)))
    if op == HARDTANH:
        return greater(x, -1.0) * greater(1.0, x)
    if op == HARDSIGMOID:
        return divide(greater(x, -3.0) * greater(3.0, x), 6)
    if op == HARDSWISH:
        return hardsigmoid(x) + divide(x * (greater(x, -3.0) * greater(3.0, x)), 6)
    if op == ERF:
        return 1.1283791670955126 * exp(-x * x)
    if op == ERFC:
        return -1.1283791670955126 * exp(-x * x)
    if op == ERFINV:
        if y != y:
            return nan
        return 0.8862269254527579 * exp(y * y)
    if op == LGAMMA:
        return digamma(x)
    if op == DIGAMMA:
        return polygamma(1, x)
    if op == ABS:
        return greater(x, 0.0) - greater(0.0, x)
    if op == SIGN:
        return 0.0
    if op == FLOOR:
        return 0.0
    if op == CEIL:
        return 0.0
    if op == ROUND:
        return 0.0
    if op == TRUNC:
        return 0.0
    if op == GAP:
        return -2 * x
    if op == BELL:
        return -y * tanh(divide(x, 2))
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
    if op == XLOGY:
        return (a * log(b) if abs(a) + (abs(divide(1.0, b)) if b else 0.0) else 0.0)
    if op == ATAN2:
        return atan2(a, b)
    if op == HYPOT:
        return hypot(a, b)
    if op == MOD:
        return mod(a, b)
    if op == FLOOR_DIVIDE:
        return floor_divide(a, b)
    if op == MAXIMUM:
        return maximum(a, b)
    if op == MINIMUM:
        return minimum(a, b)
    if op == GREATER:
        return greater(a, b)
    if op == GREATER_EQUAL:
        return 1 - greater(b, a)
    if op == LESS:
        return greater(b, a)
    if op == LESS_EQUAL:
        return 1 - greater(a, b)
    if op == EQUAL:
        return (1 - greater(a, b)) * (1 - greater(b, a))
    if op == WITHIN:
        return (a if b == b else nan)
    if op == POWER:  # b is a plain number, and gets no gradient
        return power(a, b)
    if op == POLYGAMMA:
        return polygamma(b, a)
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
        if y != y:
            return nan, nan
        return ((b * power(a, b - 1) if b else divide(b * y, a)) if abs(a) + abs(b) else 0.0), (y * log(a) if abs(a) + greater(0.0, b) else 0.0)
    if op == XLOGY:
        return log(b), (divide(a, b) if abs(a) + abs(b) else 0.0)
    if op == ATAN2:
        return divide(divide(b, hypot(a, b)), hypot(a, b)), divide(divide(-a, hypot(a, b)), hypot(a, b))
    if op == HYPOT:
        return divide(a * (0.25 if greater(y, 1e+308) else (3.273390607896142e+150 if greater(1e-300, y) else 1.0)), hypot(a * (0.25 if greater(y, 1e+308) else (3.273390607896142e+150 if greater(1e-300, y) else 1.0)), b * (0.25 if greater(y, 1e+308) else (3.273390607896142e+150 if greater(1e-300, y) else 1.0)))), divide(b * (0.25 if greater(y, 1e+308) else (3.273390607896142e+150 if greater(1e-300, y) else 1.0)), hypot(a * (0.25 if greater(y, 1e+308) else (3.273390607896142e+150 if greater(1e-300, y) else 1.0)), b * (0.25 if greater(y, 1e+308) else (3.273390607896142e+150 if greater(1e-300, y) else 1.0))))
    if op == MOD:
        return 1.0, -floor_divide(a, b)
    if op == FLOOR_DIVIDE:
        return 0.0, 0.0
    if op == MAXIMUM:
        return divide(1 + greater(a, b) - greater(b, a), 2), divide(1 + greater(b, a) - greater(a, b), 2)
    if op == MINIMUM:
        return divide(1 + greater(b, a) - greater(a, b), 2), divide(1 + greater(a, b) - greater(b, a), 2)
    if op == GREATER:
        return 0.0, 0.0
    if op == GREATER_EQUAL:
        return 0.0, 0.0
    if op == LESS:
        return 0.0, 0.0
    if op == LESS_EQUAL:
        return 0.0, 0.0
    if op == EQUAL:
        return 0.0, 0.0
    if op == WITHIN:
        return (1.0 if b == b else nan), 0.0
    if op == POWER:
        if b == 0.0:
            return 0.0, 0.0
        return b * (a if b == 2.0 else power(a, b - 1.0)), 0.0
    if op == POLYGAMMA:
        return polygamma(b + 1.0, a), 0.0
    return nan, nan
