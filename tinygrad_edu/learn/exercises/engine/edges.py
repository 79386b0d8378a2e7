"""Every edge has a local gradient

A node also needs to know how much it changes with each of its parents: its local gradients, one for each parent. They
are known at once, when the node is made:

    c = a + b       local gradients (1, 1)
    c = a * b       local gradients (b, a), the other factor
    c = a ** n      local gradient  (n · a to the power n - 1,), where n is a plain number
    c = tanh(a)     local gradient  (1 - c²,), where c is the output

They are plain numbers, in the order of the parents.
"""

import math


class Value:
    """One number that remembers where it came from, and how it changes with that."""

    def __init__(self, data, parents=(), local_grads=()):
        self.data = data
        self.parents = parents
        self.local_grads = local_grads

    def __add__(self, other):
        # TODO
        # [
        return Value(self.data + other.data, (self, other), (1.0, 1.0))
        # ]

    def __mul__(self, other):
        # TODO
        # [
        return Value(self.data * other.data, (self, other), (other.data, self.data))
        # ]

    def __pow__(self, n):
        # TODO
        # [
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))
        # ]

    def tanh(self):
        # TODO
        # [
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))
        # ]


# =====
from tinygrad_edu.learn import Query


def local(their, x, y, n):
    a, b = their.Value(x), their.Value(y)
    nodes = {"a + b": a + b, "a * b": a * b, f"a ** {n}": a**n, "tanh(a)": a.tanh(), "a * a": a * a}
    parents = {"a + b": (a, b), "a * b": (a, b), f"a ** {n}": (a,), "tanh(a)": (a,), "a * a": (a, a)}
    found = {}
    for name, node in nodes.items():
        found[name] = {
            "data": node.data,
            "parents are right": tuple(node.parents) == parents[name],
            "local_grads": list(node.local_grads),
        }
    return found


HINTS = (
    "Push one parent a little and hold the other: how much does the node change? That is one local gradient.",
    "sum: (1, 1); product: (other.data, self.data); power: (n * self.data ** (n - 1),); tanh: (1 - t * t,)",
    "return Value(self.data * other.data, (self, other), (other.data, self.data)), and the others in the same way",
)
QUERIES = (Query(local, lambda rng: (rng.uniform(0.3, 2), rng.uniform(-3, 3), rng.choice([2, 3, 4])),
                 also=((-1.3, 0.7, 3), (-0.6, -2.0, 2), (2.0, 2.0, -1), (1.5, 0.0, 0.5))),)  # fmt: skip
WRONG = {
    "no local gradients": ("return Value(self.data + other.data, (self, other))",),
    "as in a product": ("return Value(self.data + other.data, (self, other), (other.data, self.data))",),
    "the numbers themselves": ("return Value(self.data + other.data, (self, other), (self.data, other.data))",),
    "swapped arguments": (None, "return Value(self.data * other.data, (self, other), (self.data, other.data))"),
    "input used for output": (
        None,
        None,
        None,
        "return Value(math.tanh(self.data), (self,), (1 - self.data * self.data,))",
    ),
    "the power stays": (None, None, "return Value(self.data**n, (self,), (n * self.data**n,))"),
    "brackets around the power": (None, None, "return Value(self.data**n, (self,), (n * self.data**n - 1,))", None),
    "a number, no tuple": (None, None, "return Value(self.data**n, (self,), n * self.data ** (n - 1))"),
    "Values as local gradients": (None, "return Value(self.data * other.data, (self, other), (other, self))"),
    "n is no parent": (None, None, "return Value(self.data**n, (self, n), (n * self.data ** (n - 1),))", None),
    "a parent, no tuple": (None, None, "return Value(self.data**n, (self), (n * self.data ** (n - 1),))", None),
}
SAID = {
    "no local gradients": "the third thing that a Value is given is missing: (number, number)",
    "as in a product": "that is what a product has: a sum moves as much as its parent does",
    "the numbers themselves": "that is how large the parents are: a sum moves as much as its parent does",
    "the power stays": "the slope of a**n is n times a to the power n - 1, one less than n",
    "brackets around the power": "** comes before -: self.data ** (n - 1), with brackets",
    "a number, no tuple": "local_grads is a tuple with one number for each parent: (number,), with a comma",
    "Values as local gradients": "local gradients are the numbers that were seen, .data: a Value may change later",
    "n is no parent": "n is a plain number, and no Value that something could be handed to: one parent, self",
    "a parent, no tuple": "(self) is self alone: a tuple of one is (self,), with the comma",
}
RIGHT = (
    (
        "return Value(self.data + other.data, (self, other), (1, 1))",
        None,
        "return Value(self.data**n, (self,), (n * self.data**n / self.data,))",
        "e = math.exp(2 * self.data)\nt = (e - 1) / (e + 1)\nreturn Value(t, (self,), (4 * e / (e + 1) ** 2,))",
    ),
    (
        None,
        "grads = [other.data, self.data]\nreturn Value(self.data * other.data, [self, other], grads)",
        "slope = n * pow(self.data, n - 1)\nreturn Value(pow(self.data, n), (self,), (slope,))",
        "return Value(math.tanh(self.data), (self,), (1 / math.cosh(self.data) ** 2,))",
    ),
)
