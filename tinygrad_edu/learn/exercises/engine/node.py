"""A number that remembers where it came from

This is the whole trick. A Value is a number, data, and it remembers its parents: the Values it was computed from. A sum
of two Values is a new Value, whose data is the sum of the numbers, and whose parents are the two. So is a product.

Write __add__ and __mul__, which Python calls for a + b and a * b.
"""


class Value:
    """One number that remembers where it came from."""

    def __init__(self, data, parents=()):
        self.data = data
        self.parents = parents

    def __add__(self, other):
        # TODO: a new Value
        # [
        return Value(self.data + other.data, (self, other))
        # ]

    def __mul__(self, other):
        # TODO: a new Value
        # [
        return Value(self.data * other.data, (self, other))
        # ]


# =====
from tinygrad_edu.learn import Query


def memory(their, x, y, z):
    a, b, c = their.Value(x), their.Value(y), their.Value(z)
    s = a + b
    p = s * c
    square = c * c
    return {
        "(a + b).data": s.data,
        "((a + b) * c).data": p.data,
        "(c * c).data": square.data,
        "a.data afterwards": a.data,
        "(a + b) is a new Value": isinstance(s, their.Value) and s is not a and s is not b,
        "number of parents of a + b": len(s.parents),
        "parents of a + b are (a, b)": tuple(s.parents) == (a, b),
        "parents of (a + b) * c are (a + b, c)": tuple(p.parents) == (s, c),
        "parents of c * c are (c, c)": tuple(square.parents) == (c, c),
        "number of parents of a": len(a.parents),
    }


HINTS = (
    "a + b has to be a Value again, so that it can be added and multiplied as well. What are its two arguments?",
    "Value(the number, (the one on the left, the one on the right))",
    "return Value(self.data + other.data, (self, other))\nreturn Value(self.data * other.data, (self, other))",
)
QUERIES = (
    Query(
        memory,
        lambda rng: tuple(rng.uniform(-3, 3) for _ in range(3)),
        trials=6,
        also=((1.5, 1.5, 1.5), (0.0, -1.0, 2.0)),
    ),
)
WRONG = {
    "no parents": ("return Value(self.data + other.data)", "return Value(self.data * other.data)"),
    "no brackets": (
        "return Value(self.data + other.data, self, other)",
        "return Value(self.data * other.data, self, other)",
    ),
    "no .data": ("return Value(self + other, (self, other))", "return Value(self * other, (self, other))"),
    "one .data": ("return Value(self.data + other, (self, other))", "return Value(self.data * other, (self, other))"),
    "the other way around": (
        "return Value(self.data + other.data, (other, self))",
        "return Value(self.data * other.data, (other, self))",
    ),
    "nothing returned": (
        "Value(self.data + other.data, (self, other))",
        "Value(self.data * other.data, (self, other))",
    ),
    "in place": ("self.data += other.data\nreturn self", "self.data *= other.data\nreturn self"),
    "a number, no node": ("return self.data + other.data", "return self.data * other.data"),
    "numbers as parents": (
        "return Value(self.data + other.data, (self.data, other.data))",
        "return Value(self.data * other.data, (self.data, other.data))",
    ),
    "each parent once": (
        "return Value(self.data + other.data, tuple({self, other}) if self is other else (self, other))",
        "return Value(self.data * other.data, tuple({self, other}) if self is other else (self, other))",
    ),
}
SAID = {
    "no parents": "the new Value does not know where it came from: give it its parents",
    "no brackets": "the parents are one argument, a tuple: (self, other), in brackets of their own",
    "no .data": "self + other asks for this sum again, and never ends: add the numbers, self.data and other.data",
    "one .data": "the numbers are self.data and other.data: a number and a Value cannot be added yet",
    "the other way around": "the parents are in the order in which they stand: a first, then b",
    "nothing returned": "a function without return gives None",
    "in place": "a itself was changed, and others may still need its number: make a new Value",
    "a number, no node": "a + b is a plain number, which remembers nothing: wrap it in a Value",
    "numbers as parents": "its parents are plain numbers: they should be the Values themselves",
    "each parent once": "c * c uses c twice, and both count: its parents are (c, c)",
}
RIGHT = (
    (
        "total = self.data + other.data\nreturn self.__class__(total, parents=(self, other))",
        "return Value(other.data * self.data, (self, other))",
    ),
    ("out = Value(self.data + other.data)\nout.parents = (self, other)\nreturn out", None),
)
