def linear_backward(upstream, x, w, b):
    dx = [[sum(g * weight for g, weight in zip(gs, row)) for row in w] for gs in upstream]
    dw = [[sum(row[i] * gs[j] for row, gs in zip(x, upstream)) for i in range(len(w))] for j in range(len(b))]
    return dx, dw, upstream
