"""A neuron

    p1 = x1 * w1        p2 = x2 * w2        s = p1 + p2        n = s + b        o = tanh(n)

with x1 = 2, w1 = -3, x2 = 0, w2 = 1 and b = 6.8814. A step backward at a time: do/do = 1, then do/dn through tanh, then
down the sums, and last through the products. o is there already, and tanh's slope is 1 - o².
"""

import math

x1, x2, w1, w2, b = 2.0, 0.0, -3.0, 1.0, 6.8813735870195432
p1, p2 = x1 * w1, x2 * w2
s = p1 + p2
n = s + b
o = math.tanh(n)

# TODO: a number, or a formula, in place of each ...
# [
do_dn = 1 - o * o
do_db = do_dn
do_ds = do_dn
do_dp1 = do_ds
do_dp2 = do_ds
do_dx1 = do_dp1 * w1
do_dw1 = do_dp1 * x1
do_dx2 = do_dp2 * w2
do_dw2 = do_dp2 * x2
# | do_dn = ...
# | do_db = ...
# | do_ds = ...
# | do_dp1 = ...
# | do_dp2 = ...
# | do_dx1 = ...
# | do_dw1 = ...
# | do_dx2 = ...
# | do_dw2 = ...
# ]


# =====
from tinygrad_edu.learn import Query


def gradients(their):
    names = ("n", "b", "s", "p1", "p2", "x1", "w1", "x2", "w2")
    return {f"do/d{name}": getattr(their, f"do_d{name}") for name in names}


def expression():
    from tinygrad_edu import Value

    x1, x2, w1, w2 = Value(2.0, "x1"), Value(0.0, "x2"), Value(-3.0, "w1"), Value(1.0, "w2")
    b = Value(6.8813735870195432, "b")
    p1, p2 = x1 * w1, x2 * w2
    s = p1 + p2
    n = s + b
    o = n.tanh()
    for node, label in ((p1, "p1"), (p2, "p2"), (s, "s"), (n, "n"), (o, "o")):
        node.label = label
    return o


HINTS = (
    "A sum hands on what it gets, unchanged, to both sides. A product hands on what it gets times the other factor.",
    "do/dn = 1 - o² = 0.5;  b, s, p1 and p2 get the same;  do/dx1 = do/dp1 · w1 and do/dw1 = do/dp1 · x1",
    "do_dn = 1 - o * o;  do_db = do_ds = do_dp1 = do_dp2 = do_dn\n"
    "do_dx1 = do_dp1 * w1;  do_dw1 = do_dp1 * x1;  do_dx2 = do_dp2 * w2;  do_dw2 = do_dp2 * x2",
)
QUERIES = (Query(gradients, trials=1, within=1e-3, graph=expression),)
NAMES = "do_dn, do_db, do_ds, do_dp1, do_dp2, do_dx1, do_dw1, do_dx2, do_dw2"
WRONG = {
    "input used for output": f"{NAMES} = [(1 - n * n) * k for k in (1, 1, 1, 1, 1, w1, x1, w2, x2)]",
    "forgot upstream": f"{NAMES} = 1 - o * o, 1, 1, 1, 1, w1, x1, w2, x2",
    "swapped arguments": f"{NAMES} = [0.5 * k for k in (1, 1, 1, 1, 1, x1, w1, x2, w2)]",
    "the square is missing": f"{NAMES} = [(1 - o) * k for k in (1, 1, 1, 1, 1, w1, x1, w2, x2)]",
    "its own number": f"{NAMES} = 1 - o * o, b, s, p1, p2, x1, w1, x2, w2",
}
SAID = {
    "input used for output": "the slope of tanh is 1 - o², with the output o; here it was filled in with the input n",
    "the square is missing": "the slope of tanh is 1 - o², with a square",
    "its own number": "that is the number itself: asked for is how much o changes with it",
}
RIGHT = (
    f"{NAMES} = 0.5, 0.5, 0.5, 0.5, 0.5, -1.5, 1.0, 0.5, 0.0",
    f"{NAMES} = [k / math.cosh(n) ** 2 for k in (1, 1, 1, 1, 1, w1, x1, w2, x2)]",
)
