"""Many samples at once: `lanes`, for `machine`.

A row of numbers per node, in blocks of samples small enough to stay in the cache.
What depends on parameters alone is computed once, by `machine.forward` and `backward`.
"""

# mypy: ignore-errors
from __future__ import annotations

from ..ieee import divide, exp, nan
from .kernel import (
    ADD,
    DENSE,
    DIV,
    DOT,
    FIRST_MANY,
    FIRST_UNARY,
    LINEAR,
    LOGSUMEXP,
    MUL,
    NEG,
    RELU,
    SUB,
    SUM,
    WHERE,
    binary,
    binary_slopes,
    unary,
    unary_slope,
)
from .machine import _logsumexp, backward, forward
from .strips import load, spread, store


def block_forward(code, first, last, lists, v, V, m):
    """A block of m lanes, a multiple of eight: the rows of V that instructions first..last compute."""
    for i in range(first, last):
        op, out, a, b = code[i, 0], code[i, 1], code[i, 2], code[i, 3]
        if op == DENSE:
            dense_forward(lists, a, b, code[i, 4], v, V, m)
        elif op == RELU:
            for k in range(m):
                V[out, k] = 0.0 if V[a, k] <= 0.0 else V[a, k]
        elif op == ADD:
            for k in range(m):
                V[out, k] = V[a, k] + V[b, k]
        elif op == SUB:
            for k in range(m):
                V[out, k] = V[a, k] - V[b, k]
        elif op == MUL:
            for k in range(m):
                V[out, k] = V[a, k] * V[b, k]
        elif op == DIV:
            for k in range(m):
                V[out, k] = divide(V[a, k], V[b, k])
        elif op == NEG:
            for k in range(m):
                V[out, k] = -V[a, k]
        elif op < FIRST_UNARY:
            for k in range(m):
                V[out, k] = binary(op, V[a, k], V[b, k])
        elif op < FIRST_MANY:
            for k in range(m):
                V[out, k] = unary(op, V[a, k])
        elif op == SUM:
            x = lists[a]
            for k in range(m):
                V[out, k] = V[x, k]
            for j in range(a + 1, a + b):
                x = lists[j]
                for k in range(m):
                    V[out, k] += V[x, k]
        elif op == DOT:
            n = b // 2
            start = a
            if b % 2:
                x = lists[a + 2 * n]
                for k in range(m):
                    V[out, k] = V[x, k]
            else:
                start = a + 1
                w, x = lists[a], lists[a + n]
                for k in range(m):
                    V[out, k] = V[w, k] * V[x, k]
            for j in range(start, a + n):
                w, x = lists[j], lists[j + n]
                for k in range(m):
                    V[out, k] += V[w, k] * V[x, k]
        elif op == LINEAR:
            x = lists[a]
            for k in range(m):
                V[out, k] = V[x, k]
        elif op == WHERE:
            c, x, y = lists[a], lists[a + 1], lists[a + 2]
            for k in range(m):
                V[out, k] = V[x, k] if V[c, k] != 0.0 else V[y, k]
        elif op == LOGSUMEXP:
            for k in range(m):
                V[out, k] = _logsumexp(lists, a, b, V[:, k])


def block_backward(code, first, last, lists, to, v, V, G, A, m):
    """The chain rule over a block of lanes: into G's rows; gradients of dense rows' weights into A."""
    for i in range(last - 1, first - 1, -1):
        op, out, a, b, ta, tb = code[i, 0], code[i, 1], code[i, 2], code[i, 3], code[i, 4], code[i, 5]
        if op == DENSE:
            dense_backward(lists, a, b, ta, tb, v, V, G, A, m)
        elif op == RELU:
            for k in range(m):
                x = V[a, k]
                G[ta, k] += (1.0 if x > 0.0 else 0.0 if x <= 0.0 else nan) * G[out, k]
        elif op == ADD or op == SUB:
            if ta >= 0:
                for k in range(m):
                    G[ta, k] += G[out, k]
            if tb >= 0:
                if op == ADD:
                    for k in range(m):
                        G[tb, k] += G[out, k]
                else:
                    for k in range(m):
                        G[tb, k] -= G[out, k]
        elif op == MUL:
            if ta >= 0:
                for k in range(m):
                    G[ta, k] += V[b, k] * G[out, k]
            if tb >= 0:
                for k in range(m):
                    G[tb, k] += V[a, k] * G[out, k]
        elif op < FIRST_UNARY:
            for k in range(m):
                da, db = binary_slopes(op, V[out, k], V[a, k], V[b, k])
                if ta >= 0:
                    G[ta, k] += da * G[out, k]
                if tb >= 0:
                    G[tb, k] += db * G[out, k]
        elif op < FIRST_MANY:
            for k in range(m):
                G[ta, k] += unary_slope(op, V[out, k], V[a, k]) * G[out, k]
        elif op == SUM:
            for j in range(a, a + b):
                t = to[j]
                if t >= 0:
                    for k in range(m):
                        G[t, k] += G[out, k]
        elif op == DOT:
            n = b // 2
            for j in range(a, a + 2 * n):
                t, x = to[j], lists[j + n if j < a + n else j - n]
                if t >= 0:
                    for k in range(m):
                        G[t, k] += V[x, k] * G[out, k]
            if b % 2 and to[a + 2 * n] >= 0:
                t = to[a + 2 * n]
                for k in range(m):
                    G[t, k] += G[out, k]
        elif op == LINEAR:
            for j in range(a + 1, a + 1 + b):
                t, x = to[j], lists[j]
                if t >= 0:
                    for k in range(m):
                        G[t, k] += V[x, k] * G[out, k]
        elif op == WHERE:
            c = lists[a]
            for j in range(3):
                t = to[a + j]
                if t >= 0:
                    for k in range(m):
                        chosen = 0.0 if j == 0 else 1.0 if (V[c, k] != 0.0) == (j == 1) else 0.0
                        G[t, k] += chosen * G[out, k]
        elif op == LOGSUMEXP:
            for k in range(m):
                total = exp(V[lists[a], k] - V[out, k])
                for j in range(a + 1, a + b):
                    total += exp(V[lists[j], k] - V[out, k])
                for j in range(a, a + b):
                    if to[j] >= 0:
                        G[to[j], k] += divide(exp(V[lists[j], k] - V[out, k]), total) * G[out, k]


def dense_forward(lists, a, n, neurons, v, V, m):
    """Several dots of the same n rows with weights that are the same in every lane:
    bias first, then products left to right.

    `lists` from `a`: the n rows, their gradients' rows, then for each neuron: output, bias, bias' place in A, n
    weights, their places in A.
    """
    for q in range(neurons):
        p = a + 2 * n + q * (3 + 2 * n)
        out, bias = lists[p], lists[p + 1]
        s = 0
        while s + 32 <= m:
            y0 = spread(v[bias])
            y1 = y0
            y2 = y0
            y3 = y0
            for j in range(n):
                x, w = lists[a + j], spread(v[lists[p + 3 + j]])
                y0 = y0 + w * load(V, x, s)
                y1 = y1 + w * load(V, x, s + 8)
                y2 = y2 + w * load(V, x, s + 16)
                y3 = y3 + w * load(V, x, s + 24)
            store(V, out, s, y0)
            store(V, out, s + 8, y1)
            store(V, out, s + 16, y2)
            store(V, out, s + 24, y3)
            s += 32
        while s < m:
            y0 = spread(v[bias])
            for j in range(n):
                y0 = y0 + spread(v[lists[p + 3 + j]]) * load(V, lists[a + j], s)
            store(V, out, s, y0)
            s += 8


def dense_backward(lists, a, n, neurons, wanted, v, V, G, A, m):
    """Gradients of the weights, added up over strips of lanes, if `wanted` is odd; of the rows, if it is 2 or 3."""
    size = 3 + 2 * n
    last = a + 2 * n + (neurons - 1) * size
    s = 0
    while s < m:
        wide = s + 32 <= m
        if wanted % 2:
            for q in range(neurons):
                p = last - q * size
                g0 = load(G, lists[p], s)
                t = lists[p + 2]
                if wide:
                    g1 = load(G, lists[p], s + 8)
                    g2 = load(G, lists[p], s + 16)
                    g3 = load(G, lists[p], s + 24)
                    store(A, t, 0, load(A, t, 0) + g0 + g1 + g2 + g3)
                    for j in range(n):
                        x, t = lists[a + j], lists[p + 3 + n + j]
                        flow = load(A, t, 0) + load(V, x, s) * g0 + load(V, x, s + 8) * g1
                        store(A, t, 0, flow + load(V, x, s + 16) * g2 + load(V, x, s + 24) * g3)
                else:
                    store(A, t, 0, load(A, t, 0) + g0)
                    for j in range(n):
                        t = lists[p + 3 + n + j]
                        store(A, t, 0, load(A, t, 0) + load(V, lists[a + j], s) * g0)
        if wanted >= 2:
            for j in range(n):
                t = lists[a + n + j]
                d0 = load(G, t, s)
                if wide:
                    d1 = load(G, t, s + 8)
                    d2 = load(G, t, s + 16)
                    d3 = load(G, t, s + 24)
                    for q in range(neurons):
                        p = last - q * size
                        up, w = lists[p], spread(v[lists[p + 3 + j]])
                        d0 = d0 + w * load(G, up, s)
                        d1 = d1 + w * load(G, up, s + 8)
                        d2 = d2 + w * load(G, up, s + 16)
                        d3 = d3 + w * load(G, up, s + 24)
                    store(G, t, s + 8, d1)
                    store(G, t, s + 16, d2)
                    store(G, t, s + 24, d3)
                else:
                    for q in range(neurons):
                        p = last - q * size
                        d0 = d0 + spread(v[lists[p + 3 + j]]) * load(G, lists[p], s)
                store(G, t, s, d0)
        s += 32 if wide else 8


SHARE, ALL, REST = 0, 1, 2


def lanes(code, plan, lists, to, v, g, V, G, A, theta, X, values, dtheta, dX, seed, gradients, first, last, stage):
    """Samples first..last: the outputs' values, the parameters' gradients into `dtheta`,
    the inputs' into `dX` if it has rows.

    If these are not ALL the samples, gradients of what depends on parameters alone are added up over each SHARE, in
    `g`, and over shares by whoever calls; then the REST of the chain rule goes on from there.

    The odd lanes that fill no strip come first, padded with copies of one; what the copies added is then set back.
    `plan`: where on the tape the parts begin and end; see `tape`.
    """
    if stage != REST:
        count, inputs, outputs, rows = theta.shape[0], X.shape[0], plan[8], plan[9]
        spread_first, spread_last, sums_first = plan[10], plan[11], plan[12]
        root, root_row = to[outputs], lists[outputs]
        for i in range(count):
            v[i] = theta[i]
        forward(code, plan[0], plan[1], lists, v)
        for i in range(spread_first, spread_last):
            row, x = lists[i], v[to[i]]
            for k in range(V.shape[1]):
                V[row, k] = x
                G[row, k] = -0.0
        if gradients:
            for i in range(g.shape[0]):
                g[i] = -0.0
            for i in range(A.shape[0]):
                for k in range(8):
                    A[i, k] = -0.0
        at = first
        while at < last:
            odd = (last - at) % 8
            m = 8 if odd else min(V.shape[1], last - at)
            real = odd if odd else m
            for i in range(inputs):
                for k in range(real):
                    V[i, k] = X[i, at + k]
                for k in range(real, m):
                    V[i, k] = X[i, at]
            block_forward(code, plan[4], plan[5], lists, v, V, m)
            for i in range(values.shape[0]):
                row, slot = lists[outputs + i], to[outputs + i]
                for k in range(real):
                    values[i, at + k] = V[row, k] if row >= 0 else v[slot]
            if gradients:
                for i in range(rows):
                    for k in range(m):
                        G[i, k] = -0.0
                if root_row >= 0:
                    for k in range(m):
                        G[root_row, k] = seed
                block_backward(code, plan[6], plan[7], lists, to, v, V, G, A, m)
                if odd:
                    for i in range(spread_first, spread_last):
                        for k in range(odd, 8):
                            G[lists[i], k] = -0.0
                    for i in range(A.shape[0]):
                        for k in range(8):  # all eight, and no branch: one vector instruction
                            A[i, k] = A[i, k] if k < odd else -0.0
                for i in range(dX.shape[0]):
                    for k in range(real):
                        dX[i, at + k] = G[i, k] + 0.0
            at += real
        if gradients:
            if root_row < 0:
                g[root] = seed * (last - first)
            for i in range(A.shape[0] - 1):
                total = ((A[i, 0] + A[i, 1]) + (A[i, 2] + A[i, 3])) + ((A[i, 4] + A[i, 5]) + (A[i, 6] + A[i, 7]))
                g[lists[sums_first + i]] += total
            for i in range(spread_first, spread_last):
                total = -0.0
                for k in range(V.shape[1]):
                    total += G[lists[i], k]
                g[to[i]] += total
    if gradients and stage != SHARE:
        backward(code, plan[2], plan[3], lists, to, v, g)
        for i in range(dtheta.shape[0]):
            dtheta[i] = g[i] + 0.0  # a gradient that nothing was added to is 0.0
