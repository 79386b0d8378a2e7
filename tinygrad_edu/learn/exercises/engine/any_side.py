"""Minus, divided by, and numbers on the left

A Value can be added, multiplied and raised to a power. All the rest is made of these three, and needs no local gradient
of its own: -a is a times -1, a - b is a plus -b, a / b is a times b to the power -1.

Plain numbers have to work on both sides. For a + 3 Python calls a.__add__(3): the 3 is made a Value first. For 3 + a it
asks the 3, which knows nothing of Values, and then calls a.__radd__(3), with the two exchanged. A sum and a product do
not mind; 3 - a and 3 / a do.

Write each in one line, of +, * and ** alone.
"""


class Value:
    """One number that remembers where it came from, and how it changes with that."""

    def __init__(self, data, parents=(), local_grads=()):
        self.data = data
        self.parents = parents
        self.local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def __neg__(self):
        # TODO: -self
        # [
        return self * -1
        # ]

    def __sub__(self, other):
        # TODO: self - other
        # [
        return self + -other
        # ]

    def __truediv__(self, other):
        # TODO: self / other
        # [
        return self * other**-1
        # ]

    def __radd__(self, other):
        # TODO: other + self, where other is a plain number
        # [
        return self + other
        # ]

    def __rmul__(self, other):
        # TODO: other * self
        # [
        return self * other
        # ]

    def __rsub__(self, other):
        # TODO: other - self
        # [
        return -self + other
        # ]

    def __rtruediv__(self, other):
        # TODO: other / self
        # [
        return self**-1 * other
        # ]


# =====
from tinygrad_edu.learn import Query


def sides(their, x, y, n):
    a, b = their.Value(x), their.Value(y)

    def slope(node, leaf):
        """Along every path from the node to the leaf: the local gradients multiplied, and added up."""
        return float(node is leaf) + sum(d * slope(p, leaf) for p, d in zip(node.parents, node.local_grads))

    found = {}
    for name, make in {
        "-a": lambda: -a,
        "a - b": lambda: a - b,
        f"a - {n}": lambda: a - n,
        "a / b": lambda: a / b,
        f"a / {n}": lambda: a / n,
        f"{n} + a": lambda: n + a,
        f"{n} * a": lambda: n * a,
        f"{n} - a": lambda: n - a,
        f"{n} / a": lambda: n / a,
        "sum([a, b])": lambda: sum([a, b]),
    }.items():
        node = make()
        if not isinstance(node, their.Value):
            return found | {f"{name} is a Value": False}
        found |= {f"{name} is a Value": True, name: node.data}
        found |= {f"d({name})/da": slope(node, a), f"d({name})/db": slope(node, b)}
    return found | {"a afterwards": a.data}


HINTS = (
    "Begin with -a, which is a * -1; the others may use it. In __rsub__ self is what is taken away.",
    "a - b = a + (-b)   a / b = a * b ** -1   3 + a = a + 3   3 - a = -a + 3   3 / a = a ** -1 * 3",
    "return self * -1\nreturn self + -other\nreturn self * other**-1\nreturn self + other\nreturn self * other\n"
    "return -self + other\nreturn self**-1 * other",
)
QUERIES = (
    Query(
        sides,
        lambda rng: (rng.uniform(0.5, 2), rng.choice([-1, 1]) * rng.uniform(0.5, 2), rng.choice([2, 3, 5])),
        also=((-1.5, 0.7, 2), (0.8, -0.6, -2.5), (1.0, 1.0, 1)),
    ),
)
WRONG = {
    "the sides are exchanged": (None,) * 5 + ("return self - other", "return self / other"),
    "a number, no node": ("return -self.data", "return self.data - other.data"),
    "only the number is divided": (None, None, "return self * (1 / other.data) if isinstance(other, Value) "
                                               "else self * (1 / other)"),
    "Values alone": (None, "return Value(self.data - other.data, (self, other), (1.0, -1.0))"),
    "in place": ("self.data = -self.data\nreturn self",),
    "a new leaf": ("return Value(-self.data)",),
    "it calls itself": (None,) * 3 + ("return other + self",),
    "upside down": (None,) * 6 + ("return self / other",),
}  # fmt: skip
SAID = {
    "the sides are exchanged": "in 3 - a Python calls a.__rsub__(3): self is a, on the right",
    "a number, no node": "it is a plain number, which remembers nothing: leave .data out and compute with the Values",
    "only the number is divided": "b went in as a plain number, .data: a / b changes with b as well, so b has to be a "
    "parent",
    "Values alone": "other may be a plain number, which has no .data: leave it to + and *, which take both",
    "in place": "a itself was changed, and others may still need its number: make a new Value",
    "a new leaf": "the new Value has no parents: nothing flows back from it to a",
    "it calls itself": "it asks for itself again: `other + self` in __radd__ is 3 + a once more, and 0 - self in "
    "__neg__ needs -self",
    "upside down": "in 2 / a the number is above: for it Python calls a.__rtruediv__(2)",
}
RIGHT = (
    ("return Value(-self.data, (self,), (-1.0,))", "return self + other * -1", "return self * (self * 0 + other) ** -1",
     "return self.__add__(other)", "return self.__mul__(other)", "return (self - other) * -1",
     "return (self / other) ** -1"),
    ("return self * -1.0", "other = other if isinstance(other, Value) else Value(other)\n"
     "return Value(self.data - other.data, (self, other), (1, -1))",
     "other = other if isinstance(other, Value) else Value(other)\n"
     "return Value(self.data / other.data, (self, other), (1 / other.data, -self.data / other.data**2))",
     "return Value(other) + self", "return Value(other) * self", "return Value(other) - self",
     "return Value(other) / self"),
)  # fmt: skip
