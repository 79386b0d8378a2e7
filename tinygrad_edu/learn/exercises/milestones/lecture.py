"""The lecture's neuron

From here on the engine is yours: `from value import Value` is the class that you have written. The check brings it in;
when it is right, a copy lies beside this file, so that `python 01_lecture.py` runs as well.

The first thing that micrograd's lecture computes with its Value is one neuron of two inputs:

    n = x1 * w1 + x2 * w2 + b        o = tanh(n)

Then it takes tanh apart, into operations that are smaller:

    e = exp(2n)        o = (e - 1) / (e + 1)

Write both. The graphs differ, and the gradients have to be the same: how fine an operation is cut is a matter of taste.
"""

from value import Value


def neuron(x1, x2, w1, w2, b):
    """o, from five Values, with tanh in one piece."""
    # TODO
    # [
    return (x1 * w1 + x2 * w2 + b).tanh()
    # ]


def taken_apart(x1, x2, w1, w2, b):
    """o, from five Values, with exp, -, + and / in place of tanh."""
    # TODO
    # [
    n = x1 * w1 + x2 * w2 + b
    e = (2 * n).exp()
    return (e - 1) / (e + 1)
    # ]


if __name__ == "__main__":
    for form in (neuron, taken_apart):
        x1, x2, w1, w2, b = (Value(v) for v in (2.0, 0.0, -3.0, 1.0, 6.8813735870195432))
        o = form(x1, x2, w1, w2, b)
        o.backward()
        print(f"{form.__name__}: o = {o.data:.4f}, do/dw1 = {w1.grad:.4f}, do/dx1 = {x1.grad:.4f}")


# =====
from tinygrad_edu.learn import Query


def in_one_piece(their, x1, x2, w1, w2, b):
    leaves = {k: their.Value(v) for k, v in (("x1", x1), ("x2", x2), ("w1", w1), ("w2", w2), ("b", b))}
    o = their.neuron(*leaves.values())
    o.backward()
    return {"o": o.data, **{f"do/d{k}": v.grad for k, v in leaves.items()}}


def apart(their, x1, x2, w1, w2, b):
    leaves = {k: their.Value(v) for k, v in (("x1", x1), ("x2", x2), ("w1", w1), ("w2", w2), ("b", b))}
    whole, called = their.Value.tanh, []
    their.Value.tanh = lambda v: called.append(v) or whole(v)
    try:
        o = their.taken_apart(*leaves.values())
    finally:
        their.Value.tanh = whole
    o.backward()
    found = {"o": o.data, **{f"do/d{k}": v.grad for k, v in leaves.items()}}
    return {**found, "how often tanh was called": len(called)}


def lecture(their):
    found = {}
    for form in (their.neuron, their.taken_apart):
        leaves = {"x1": 2.0, "w1": -3.0, "x2": 0.0, "w2": 1.0, "b": 6.8813735870195432}
        x1, w1, x2, w2, b = values = [their.Value(v) for v in leaves.values()]
        o = form(x1, x2, w1, w2, b)
        o.backward()
        what = "tanh whole" if form is their.neuron else "tanh taken apart"
        found |= {f"o, {what}": o.data}
        found |= {f"do/d{k}, {what}": v.grad for k, v in zip(leaves, values)}
    return found


PUBLISHED = {"o": 0.5**0.5, "do/dx1": -1.5, "do/dw1": 1.0, "do/dx2": 0.5, "do/dw2": 0.0, "do/db": 0.5}
KNOWN = {f"{k}, {what}": v for what in ("tanh whole", "tanh taken apart") for k, v in PUBLISHED.items()}


def draw(rng):
    return tuple(rng.choice([-1, 1]) * rng.uniform(0.3, 1) for _ in range(5))


HINTS = (
    "The formulas are the code: Values are added, multiplied and divided as numbers are, and know tanh() and exp().",
    "n = x1 * w1 + x2 * w2 + b;  n.tanh();  e = (2 * n).exp();  (e - 1) / (e + 1)",
    "return (x1 * w1 + x2 * w2 + b).tanh()\nn = x1 * w1 + x2 * w2 + b\ne = (2 * n).exp()\nreturn (e - 1) / (e + 1)",
)
QUERIES = (Query(in_one_piece, draw), Query(apart, draw), Query(lecture, trials=1, known=KNOWN))
_n = "n = x1 * w1 + x2 * w2 + b\n"
WRONG = {
    "the bias is missing": ("return (x1 * w1 + x2 * w2).tanh()", None),
    "not squashed": ("return x1 * w1 + x2 * w2 + b", None),
    "in one piece": (None, "return neuron(x1, x2, w1, w2, b)"),
    "forgot the 2": (None, _n + "e = n.exp()\nreturn (e - 1) / (e + 1)"),
    "upside down": (None, _n + "e = (2 * n).exp()\nreturn (e + 1) / (e - 1)"),
    "disconnected": (None, "import math\n" + _n + "e = math.exp(2 * n.data)\nreturn Value((e - 1) / (e + 1))"),
    "crossed": ("return (x1 * w2 + x2 * w1 + b).tanh()", None),
    "only b is squashed": ("return x1 * w1 + x2 * w2 + b.tanh()", None),
}
SAID = {
    "the bias is missing": "the bias is not in the sum",
    "not squashed": "the sum is right, but for tanh: .tanh() at the end",
    "in one piece": "that is tanh as it is: here it is to be made of exp, -, + and /",
    "forgot the 2": "e is exp(2n), and not exp(n)",
    "upside down": "(e - 1) is above the line and (e + 1) below",
    "disconnected": "it was computed with plain numbers, .data: no gradient can come back",
    "crossed": "each input has its own weight: x1 goes with w1",
    "only b is squashed": "brackets: the whole sum goes through tanh",
}
RIGHT = (
    ("n = b\nfor x, w in ((x1, w1), (x2, w2)):\n    n = n + x * w\nreturn n.tanh()",
     _n + "e = (-2 * n).exp()\nreturn (1 - e) / (1 + e)"),
    ("return (b + w2 * x2 + w1 * x1).tanh()", _n + "a, z = n.exp(), (-n).exp()\nreturn (a - z) / (a + z)"),
)  # fmt: skip
