"""A gradient has the shape of what it belongs to

    y = x W + b        x is 5 × 3, W is 3 × 2, b has 2 numbers, y is 5 × 2

The loss is one number. dL/dW says for every number of W how the loss moves with it, so it has as many rows and columns
as W. Shapes alone tell most of the formula: from dy = dL/dy, 5 × 2, and x, 5 × 3, there is one product that is 3 × 2.

Write the shapes, and each gradient as a product of what there is: "x", "W", "dy", with ".T" for a transposed one. Two
matrices in the order in which they are multiplied, as in ("dy", "x.T").
"""

# TODO: shapes as (rows, columns); products as two names
# [
shape_of_dW = (3, 2)
shape_of_dx = (5, 3)
shape_of_db = (2,)
dW = ("x.T", "dy")
dx = ("dy", "W.T")
# | shape_of_dW = (..., ...)
# | shape_of_dx = (..., ...)
# | shape_of_db = (...,)
# | dW = (..., ...)
# | dx = (..., ...)
# ]


# =====
from tinygrad_edu.learn import Query


def answers(their):
    names = lambda m: [part.strip() for part in (m.split("@") if isinstance(m, str) else m)]
    return {
        "shape_of_dW": list(their.shape_of_dW),
        "shape_of_dx": list(their.shape_of_dx),
        "shape_of_db": list(their.shape_of_db),
        "dW": names(their.dW),
        "dx": names(their.dx),
    }


HINTS = (
    "Every gradient has the shape of its matrix. Which two of x, W and dy, turned or not, give that shape?",
    "3 × 2 is (3 × 5) times (5 × 2);   5 × 3 is (5 × 2) times (2 × 3)",
    'shape_of_dW, shape_of_dx, shape_of_db = (3, 2), (5, 3), (2,)\ndW = ("x.T", "dy")\ndx = ("dy", "W.T")',
)
QUERIES = (Query(answers, trials=1),)
_all = "shape_of_dW, shape_of_dx, shape_of_db, dW, dx = "
WRONG = {
    "transposed": _all + '(2, 3), (3, 5), (2,), ("dy.T", "x"), ("W", "dy.T")',
    "order reversed": _all + '(3, 2), (5, 3), (2,), ("dy", "x.T"), ("W.T", "dy")',
    "nothing turned": _all + '(3, 2), (5, 3), (2,), ("x", "dy"), ("dy", "W")',
    "the output for its gradient": _all + '(3, 2), (5, 3), (2,), ("x.T", "y"), ("y", "W.T")',
    "the shape of dy": _all + '(5, 2), (5, 2), (2,), ("x.T", "dy"), ("dy", "W.T")',
    "forgot to sum": _all + '(3, 2), (5, 3), (5, 2), ("x.T", "dy"), ("dy", "W.T")',
}
SAID = {
    "transposed": "rows and columns are exchanged: dL/dW has the shape of W, 3 × 2",
    "order reversed": "they are in the wrong order: the first must have as many columns as the second has rows",
    "nothing turned": "5 × 3 and 5 × 2 do not fit: one of them has to be turned, .T",
    "the output for its gradient": "a gradient goes on from the gradient that arrives, dy: y itself is in none of them",
    "the shape of dy": "5 × 2 is the shape of y; dL/dW has that of W, and dL/dx that of x",
    "forgot to sum": "b is used for each of 5 samples, and what comes back adds up: it has 2 numbers",
}
RIGHT = (
    _all + '[3, 2], [5, 3], [2], ["x.T", "dy"], ["dy", "W.T"]',
    _all + '(3, 2), (5, 3), (2,), "x.T @ dy", "dy @ W.T"',
    'shape_of_dx, shape_of_dW = (5, 3), (3, 2)\nshape_of_db = tuple([2])\ndx = "dy", "W.T"\ndW = "x.T", "dy"',
)
