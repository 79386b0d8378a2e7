"""The machine that runs a tape: forwards for the values, backwards for the gradients.  See `tape` for what is on it.

An instruction is six small integers: row, output, then for one or two inputs `a, b, ta, tb`: the inputs and where their
gradients go (-1: nobody asks); for more inputs `start, count`:
where they stand in `lists`, their gradients' places in `to`.
`forward` and `backward` run one number per node.  `lanes` runs many samples: whatever depends on parameters alone once,
with those two; the rest in blocks of samples, a row of lanes per node,
small enough that a block's rows stay in the cache.

Gradients start as -0.0, the one number that changes nothing it is added to,
so that the first addition is an assignment.
This is plain Python, and runs as such; `native` has Numba compile it.
"""

# mypy: ignore-errors
from __future__ import annotations

from ..ieee import divide, exp, inf, log1p, nan
from .kernel import (
    ADD,
    DOT,
    FIRST_MANY,
    FIRST_UNARY,
    LINEAR,
    LOGSUMEXP,
    MUL,
    SUM,
    WHERE,
    binary,
    binary_slopes,
    unary,
    unary_slope,
)


def forward(code, first, last, lists, v):
    """The values of the nodes that instructions first..last compute, into `v`."""
    for i in range(first, last):
        op, out, a, b = code[i, 0], code[i, 1], code[i, 2], code[i, 3]
        if op == ADD:
            v[out] = v[a] + v[b]
        elif op == MUL:
            v[out] = v[a] * v[b]
        elif op == DOT:
            n = b // 2
            if b % 2:
                total = v[lists[a + 2 * n]]
                start = a
            else:
                total = v[lists[a]] * v[lists[a + n]]
                start = a + 1
            for j in range(start, a + n):
                total += v[lists[j]] * v[lists[j + n]]
            v[out] = total
        elif op < FIRST_UNARY:
            v[out] = binary(op, v[a], v[b])
        elif op < FIRST_MANY:
            v[out] = unary(op, v[a])
        elif op == SUM:
            total = v[lists[a]]
            for j in range(a + 1, a + b):
                total += v[lists[j]]
            v[out] = total
        elif op == WHERE:
            v[out] = v[lists[a + 1]] if v[lists[a]] != 0.0 else v[lists[a + 2]]
        elif op == LOGSUMEXP:
            v[out] = _logsumexp(lists, a, b, v)
        elif op == LINEAR:
            v[out] = v[lists[a]]


def _logsumexp(lists, a, b, v):
    """As in `ieee`: the largest is taken out, the rest go through log1p."""
    top = a
    for j in range(a, a + b):
        x = v[lists[j]]
        if x != x:
            return nan
        if x > v[lists[top]]:
            top = j
    largest = v[lists[top]]
    if largest == inf or largest == -inf:
        return largest
    rest = 0.0
    for j in range(a, a + b):
        if j != top:
            rest += exp(v[lists[j]] - largest)
    return largest + log1p(rest)


def backward(code, first, last, lists, to, v, g):
    """The chain rule, from the last instruction to the first: adds to `g`, in the engine's order."""
    for i in range(last - 1, first - 1, -1):
        op, out, a, b, ta, tb = code[i, 0], code[i, 1], code[i, 2], code[i, 3], code[i, 4], code[i, 5]
        up = g[out]
        if op == ADD:
            if ta >= 0:
                g[ta] += up
            if tb >= 0:
                g[tb] += up
        elif op == MUL:
            if ta >= 0:
                g[ta] += v[b] * up
            if tb >= 0:
                g[tb] += v[a] * up
        elif op == DOT:
            n = b // 2
            for j in range(a, a + n):
                if to[j] >= 0:
                    g[to[j]] += v[lists[j + n]] * up
            for j in range(a, a + n):
                if to[j + n] >= 0:
                    g[to[j + n]] += v[lists[j]] * up
            if b % 2 and to[a + 2 * n] >= 0:
                g[to[a + 2 * n]] += up
        elif op < FIRST_UNARY:
            da, db = binary_slopes(op, v[out], v[a], v[b])
            if ta >= 0:
                g[ta] += da * up
            if tb >= 0:
                g[tb] += db * up
        elif op < FIRST_MANY:
            g[ta] += unary_slope(op, v[out], v[a]) * up
        elif op == SUM:
            for j in range(a, a + b):
                if to[j] >= 0:
                    g[to[j]] += up
        elif op == WHERE:
            chosen = v[lists[a]] != 0.0
            if to[a] >= 0:
                g[to[a]] += 0.0 * up
            if to[a + 1] >= 0:
                g[to[a + 1]] += (1.0 if chosen else 0.0) * up
            if to[a + 2] >= 0:
                g[to[a + 2]] += (0.0 if chosen else 1.0) * up
        elif op == LOGSUMEXP:
            total = exp(v[lists[a]] - v[out])
            for j in range(a + 1, a + b):
                total += exp(v[lists[j]] - v[out])
            for j in range(a, a + b):
                if to[j] >= 0:
                    g[to[j]] += divide(exp(v[lists[j]] - v[out]), total) * up
        elif op == LINEAR:
            for j in range(a + 1, a + 1 + b):
                if to[j] >= 0:
                    g[to[j]] += v[lists[j]] * up


def single(code, plan, lists, to, v, g, theta, X, values, dtheta, dX, seed, gradients):
    """One sample, one number per node: the outputs' values into `values`, gradients into `dtheta`,
    and into `dX` if it has rows.
    """
    count = theta.shape[0]
    for i in range(count):
        v[i] = theta[i]
    for i in range(X.shape[0]):
        v[count + i] = X[i, 0]
    forward(code, plan[0], plan[1], lists, v)
    for i in range(values.shape[0]):
        values[i, 0] = v[lists[plan[8] + i]]
    if gradients:
        for i in range(g.shape[0]):
            g[i] = -0.0
        g[lists[plan[8]]] = seed
        backward(code, plan[2], plan[3], lists, to, v, g)
        for i in range(count):
            dtheta[i] = g[i] + 0.0  # a gradient that nothing was added to is 0.0
        for i in range(dX.shape[0]):
            dX[i, 0] = g[count + i] + 0.0
