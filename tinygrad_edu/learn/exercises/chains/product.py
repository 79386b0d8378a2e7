"""The chain rule, edge by edge

    d = a * b        e = d + c        L = e * f

with a = 2, b = -3, c = 10, f = -2, so that d = -6, e = 4 and L = -8. How much does L change with each of them? Begin at
the end: dL/dL = 1, and each node hands on what arrived at it times its local gradient.

Write numbers, or write them as products: dL_de * 1 is as good as what comes out.
"""

a, b, c, f = 2.0, -3.0, 10.0, -2.0
d = a * b
e = d + c
L = e * f

# TODO: a number in place of each ...
# [
dL_de = f
dL_df = e
dL_dd = dL_de * 1
dL_dc = dL_de * 1
dL_da = dL_dd * b
dL_db = dL_dd * a
# | dL_de = ...
# | dL_df = ...
# | dL_dd = ...
# | dL_dc = ...
# | dL_da = ...
# | dL_db = ...
# ]


# =====
from tinygrad_edu.learn import Query


def gradients(their):
    return {f"dL/d{name}": getattr(their, f"dL_d{name}") for name in ("e", "f", "d", "c", "a", "b")}


def expression():
    from tinygrad_edu import Value

    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Value(-2.0, "f")
    d = a * b
    e = d + c
    L = e * f
    d.label, e.label, L.label = "d", "e", "L"
    return L


HINTS = (
    "At a product each factor gets what arrives times the other factor; at a sum each term gets what arrives.",
    "dL/dd = dL/de · de/dd, and de/dd = 1;  dL/da = dL/dd · dd/da, and dd/da = b",
    "dL_de = f;  dL_df = e;  dL_dd = dL_de;  dL_dc = dL_de;  dL_da = dL_dd * b;  dL_db = dL_dd * a",
)
QUERIES = (Query(gradients, trials=1, graph=expression),)
WRONG = {
    "swapped arguments": "dL_de, dL_df, dL_dd, dL_dc, dL_da, dL_db = -2.0, 4.0, -2.0, -2.0, -4.0, 6.0",
    "forgot upstream": "dL_de, dL_df, dL_dd, dL_dc, dL_da, dL_db = f, e, 1.0, 1.0, b, a",
    "missing minus": "dL_de, dL_df, dL_dd, dL_dc, dL_da, dL_db = -f, e, -f, -f, -f * b, -f * a",
    "added, not multiplied": "dL_de, dL_df, dL_dd, dL_dc, dL_da, dL_db = f, e, f, f, f + b, f + a",
    "its own number": "dL_de, dL_df, dL_dd, dL_dc, dL_da, dL_db = e, f, e, e, e * b, e * a",
}
SAID = {
    "added, not multiplied": "along an edge one multiplies: what arrives, times the local gradient",
    "its own number": "that is the number itself: how much L changes with it is what it is multiplied with, the "
    "other factor",
}
RIGHT = (
    "dL_de, dL_df, dL_dd, dL_dc, dL_da, dL_db = -2, 4, -2, -2, 6, -4",
    "dL_df = e\ndL_de = f\ndL_dc = dL_dd = dL_de\ndL_da, dL_db = b * dL_dd, a * dL_dd",
)
