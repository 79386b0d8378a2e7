"""The machine that runs a program: steps on single numbers, and vector steps on blocks of lanes.

It runs forwards, and that is all: gradients are steps like any other.  A step is four whole numbers: row, slot, and the
slots of one or two arguments; for more of them, where they begin in `lists`, and how many there are.  A vector step is
six: row, how many results, the first one's row, and where each argument's rows begin in `lists` (see `layer`).

This is plain Python, and runs as such; Numba compiles it.  Numbers of steps have no sign, so that no place has to be
looked at for whether it is counted from the end; + 0 makes one with which to calculate.
"""

# mypy: ignore-errors
from __future__ import annotations

from ..ieee import divide, exp, greater, inf, log1p, nan, relu
from .kernel import (
    ADD,
    DIV,
    DOT,
    FIRST_MANY,
    FIRST_UNARY,
    GREATER,
    LAYER,
    LOGSUMEXP,
    MUL,
    NEG,
    OUTER,
    POLYGAMMA,
    POWER,
    PRODUCTS,
    RELU,
    SUB,
    SUM,
    SUMS,
    TOTAL,
    WHERE,
    binary,
    unary,
)


def steps(code, lists, v):
    """One number for each slot."""
    for i in range(code.shape[0]):
        op, out, a, b = code[i, 0] + 0, code[i, 1] + 0, code[i, 2] + 0, code[i, 3] + 0
        if op == MUL:
            v[out] = v[a] * v[b]
        elif op == ADD:
            v[out] = v[a] + v[b]
        elif op == DOT:
            n = b // 2
            start = a
            if b % 2:
                s = v[lists[a + 2 * n]]
            else:
                s = v[lists[a]] * v[lists[a + n]]
                start = a + 1
            for j in range(start, a + n):
                s += v[lists[j]] * v[lists[j + n]]
            v[out] = s
        elif op < FIRST_UNARY:
            v[out] = binary(op, v[a], v[b])
        elif op < FIRST_MANY:
            v[out] = unary(op, v[a])
        elif op == SUM:
            s = v[lists[a]]
            for j in range(a + 1, a + b):
                s += v[lists[j]]
            v[out] = s
        elif op == WHERE:
            v[out] = v[lists[a + 1]] if v[lists[a]] != 0.0 else v[lists[a + 2]]
        elif op == LOGSUMEXP:
            v[out] = logsumexp(lists, a, b, v)
        elif op == PRODUCTS:  # of b slots from `a`, and b more
            for j in range(b):
                v[out + j] = v[lists[a + j]] * v[lists[a + b + j]]
        elif op == SUMS:
            for j in range(b):
                v[out + j] = v[lists[a + j]] + v[lists[a + b + j]]


def logsumexp(lists, a, n, v):
    """As in `ieee`: the largest is taken out, the rest go through log1p."""
    top = a
    for j in range(a, a + n):
        x = v[lists[j]]
        if x != x:
            return nan
        if x > v[lists[top]]:
            top = j
    largest = v[lists[top]]
    if largest == inf or largest == -inf:
        return largest
    rest = 0.0
    for j in range(a, a + n):
        if j != top:
            rest += exp(v[lists[j]] - largest)
    return largest + log1p(rest)


def vectors(code, lists, v, V, W, A, m, real):
    """Rows of m numbers, a multiple of eight, for so many `real` lanes: sums over lanes are of these."""
    for i in range(code.shape[0]):
        op, n, out = code[i, 0] + 0, code[i, 1] + 0, code[i, 2] + 0
        a, b, c = code[i, 3] + 0, code[i, 4] + 0, code[i, 5] + 0
        if op == LAYER:
            layer(lists, n, out, a, b, c, v, V, m)
        elif op == OUTER:
            behind(lists, a, n // c, V, m, real, 0.0)
            behind(lists, b, c, V, m, real, -0.0)
            for first in range(0, c, 8):
                for r in range(n // c):
                    for j in range(first, min(first + 8, c)):
                        v[out + r * c + j] += sum_products(W, A, lists[a + r], lists[b + j], m // 8)
        elif op == TOTAL:
            behind(lists, a, n, V, m, real, -0.0)
            for r in range(n):
                v[out + r] += sum_lanes(W, A, lists[a + r], m // 8)
        elif op == MUL:
            for r in range(n):
                x, y = lists[a + r], lists[b + r]
                for k in range(m):
                    V[out + r, k] = V[x, k] * V[y, k]
        elif op == ADD:
            for r in range(n):
                x, y = lists[a + r], lists[b + r]
                for k in range(m):
                    V[out + r, k] = V[x, k] + V[y, k]
        elif op == SUB:
            for r in range(n):
                x, y = lists[a + r], lists[b + r]
                for k in range(m):
                    V[out + r, k] = V[x, k] - V[y, k]
        elif op == DIV:
            for r in range(n):
                x, y = lists[a + r], lists[b + r]
                for k in range(m):
                    V[out + r, k] = divide(V[x, k], V[y, k])
        elif op == GREATER:
            for r in range(n):
                x, y = lists[a + r], lists[b + r]
                for k in range(m):
                    V[out + r, k] = greater(V[x, k], V[y, k])
        elif op == RELU:
            for r in range(n):
                x = lists[a + r]
                for k in range(m):
                    V[out + r, k] = relu(V[x, k])
        elif op == NEG:
            for r in range(n):
                x = lists[a + r]
                for k in range(m):
                    V[out + r, k] = -V[x, k]
        elif op == POWER or op == POLYGAMMA:
            for r in range(n):
                x = lists[a + r]
                for k in range(m):
                    V[out + r, k] = binary(op, V[x, k], v[b])
        elif op < FIRST_UNARY:
            for r in range(n):
                x, y = lists[a + r], lists[b + r]
                for k in range(m):
                    V[out + r, k] = binary(op, V[x, k], V[y, k])
        elif op < FIRST_MANY:
            for r in range(n):
                x = lists[a + r]
                for k in range(m):
                    V[out + r, k] = unary(op, V[x, k])
        elif op == WHERE:
            for r in range(n):
                x, y, z = lists[a + r], lists[b + r], lists[c + r]
                for k in range(m):
                    V[out + r, k] = V[y, k] if V[x, k] != 0.0 else V[z, k]
        else:
            for r in range(n):
                many(op, lists, out + r, a + r * b, b, V, m)


def many(op, lists, out, a, n, V, m):
    """A row of any number of arguments, here n rows from `a`."""
    if op == LOGSUMEXP:
        for k in range(m):
            V[out, k] = logsumexp(lists, a, n, V[:, k])
        return
    half = n // 2 if op == DOT else n
    first = a + 1
    if op == SUM:
        for k in range(m):
            V[out, k] = V[lists[a], k]
    elif n % 2:
        first = a
        for k in range(m):
            V[out, k] = V[lists[a + 2 * half], k]
    else:
        for k in range(m):
            V[out, k] = V[lists[a], k] * V[lists[a + half], k]
    for j in range(first, a + half):
        x = lists[j]
        if op == SUM:
            for k in range(m):
                V[out, k] += V[x, k]
        else:
            y = lists[j + half]
            for k in range(m):
                V[out, k] += V[x, k] * V[y, k]


def layer(lists, n, out, a, b, c, v, V, m):
    """Weights times c rows from `a`, each added up from left to right.

    From `b` on, for each of n results: its bias and c weights.  Eight rows at a time are used for all results, so that
    they stay close to the processor.
    """
    for r in range(n):
        bias = v[lists[b + r * (c + 1)]]
        for k in range(m):
            V[out + r, k] = bias
    j = 0
    while j + 8 <= c:
        p = a + j
        x0, x1, x2, x3 = lists[p], lists[p + 1], lists[p + 2], lists[p + 3]
        x4, x5, x6, x7 = lists[p + 4], lists[p + 5], lists[p + 6], lists[p + 7]
        for r in range(n):
            y, q = out + r, b + r * (c + 1) + 1 + j
            w0, w1, w2, w3 = v[lists[q]], v[lists[q + 1]], v[lists[q + 2]], v[lists[q + 3]]
            w4, w5, w6, w7 = v[lists[q + 4]], v[lists[q + 5]], v[lists[q + 6]], v[lists[q + 7]]
            for k in range(m):
                s = (((V[y, k] + w0 * V[x0, k]) + w1 * V[x1, k]) + w2 * V[x2, k]) + w3 * V[x3, k]
                V[y, k] = (((s + w4 * V[x4, k]) + w5 * V[x5, k]) + w6 * V[x6, k]) + w7 * V[x7, k]
        j += 8
    while j < c:
        x = lists[a + j]
        for r in range(n):
            y, w0 = out + r, v[lists[b + r * (c + 1) + 1 + j]]
            for k in range(m):
                V[y, k] += w0 * V[x, k]
        j += 1


# Sums over lanes are eight partial sums, so that they are the same whatever a processor does at once.  Lanes behind the
# last are 0 in what is added up: a copy's inf would be another inf.


def behind(lists, a, n, V, m, real, x):
    """Puts x behind the last lane of n rows from `a`."""
    for r in range(n):
        for k in range(real, m):
            V[lists[a + r], k] = x


def sum_lanes(W, A, x, strips):
    """The sum of a row; A is room for eight numbers."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = -0.0
    for k in range(strips):
        s0 += W[x, k, 0]
        s1 += W[x, k, 1]
        s2 += W[x, k, 2]
        s3 += W[x, k, 3]
        s4 += W[x, k, 4]
        s5 += W[x, k, 5]
        s6 += W[x, k, 6]
        s7 += W[x, k, 7]
    A[0], A[1], A[2], A[3], A[4], A[5], A[6], A[7] = s0, s1, s2, s3, s4, s5, s6, s7  # as one vector
    return ((A[0] + A[4]) + (A[2] + A[6])) + ((A[1] + A[5]) + (A[3] + A[7]))


def sum_products(W, A, x, y, strips):
    """The sum of the product of two rows."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = -0.0
    for k in range(strips):
        s0 += W[x, k, 0] * W[y, k, 0]
        s1 += W[x, k, 1] * W[y, k, 1]
        s2 += W[x, k, 2] * W[y, k, 2]
        s3 += W[x, k, 3] * W[y, k, 3]
        s4 += W[x, k, 4] * W[y, k, 4]
        s5 += W[x, k, 5] * W[y, k, 5]
        s6 += W[x, k, 6] * W[y, k, 6]
        s7 += W[x, k, 7] * W[y, k, 7]
    A[0], A[1], A[2], A[3], A[4], A[5], A[6], A[7] = s0, s1, s2, s3, s4, s5, s6, s7
    return ((A[0] + A[4]) + (A[2] + A[6])) + ((A[1] + A[5]) + (A[3] + A[7]))


ONE, ALL, SHARE, REST = range(4)


def run(
    before, code, after, lists, places, sums, spread, v, A, V, W, theta, X, seed, values, dtheta, dX, first, last, stage
):
    """Samples first..last of X, in blocks as wide as V, of which W is the same as strips of eight lanes.

    ONE sample is run by the steps `before` alone, and its inputs come first in v.  `places`: the table and the row of
    each output; `spread`: slots that are rows as well; `sums`: slots of what adds up over lanes.  If these are
    not ALL the samples, that is added up over each SHARE, and over shares by whoever calls; then the REST of the
    program starts from there.
    """
    inputs, parameters, count = X.shape[0], theta.shape[0], values.shape[0]
    given = 0
    if stage == ONE:
        given = inputs
        for i in range(inputs):
            v[i] = X[i, 0]
    for i in range(parameters):
        v[given + i] = theta[i]
    v[given + parameters] = seed
    if stage != ONE:
        v[parameters + 1] = X.shape[1]
    steps(before, lists, v)
    if stage != REST:
        for i in range(sums.shape[0]):
            v[sums[i]] = -0.0
        for i in range(spread.shape[0]):
            x, row = v[spread[i, 0]], spread[i, 1]
            for k in range(V.shape[1]):
                V[row, k] = x
    for at in range(first, last, V.shape[1]):
        real = min(V.shape[1], last - at)
        m = (real + 7) // 8 * 8  # what the copies of the last lane compute is not looked at
        if stage != ONE:
            for i in range(inputs):
                for k in range(real):
                    V[i, k] = X[i, at + k]
                for k in range(real, m):
                    V[i, k] = X[i, at + real - 1]
        vectors(code, lists, v, V, W, A, m, real)
        for i in range(count + dX.shape[0]):
            row = places[i, 1]
            if i < count:
                for k in range(real):
                    values[i, at + k] = V[row, k] if places[i, 0] else v[row]
            else:
                for k in range(real):
                    dX[i - count, at + k] = (V[row, k] if places[i, 0] else v[row]) + 0.0
    if stage != SHARE:
        steps(after, lists, v)
        for i in range(dtheta.shape[0]):
            dtheta[i] = v[places[count + inputs + i, 1]] + 0.0
