def linear_backward(upstream, x, w, b):
    dx = [[sum(g * weight for g, weight in zip(gs, row)) for row in w] for gs in upstream]
    dw = [[sum(row[i] * gs[j] for row, gs in zip(x, upstream)) for j in range(len(b))] for i in range(len(w))]
    db = [sum(column) for column in zip(*upstream)]
    return dx, dw, db
