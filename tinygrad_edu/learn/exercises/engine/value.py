"""Value, all of it

Now put together what you have: numbers that remember their parents and local gradients, and backward(), which walks
from this node to its inputs, in reverse topological order, and adds to every .grad what arrives there.

backward() begins with d(this)/d(this) = 1. It *adds*: called twice, it doubles. And it leaves no gradient half done: a
node hands on when it is complete.

This file is your engine. The milestones at the end of the course run on it.
"""

import math


class Value:
    """One number that remembers where it came from; backward() finds every gradient."""

    def __init__(self, data, parents=(), local_grads=()):
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.local_grads = local_grads

    def __repr__(self):
        return f"Value({self.data}, grad={self.grad})"

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        # TODO: as __add__, with a product's local gradients
        # [
        return Value(self.data * other.data, (self, other), (other.data, self.data))
        # ]

    def __pow__(self, n):
        # TODO: n is a plain number
        # [
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))
        # ]

    def exp(self):
        # TODO: math.exp
        # [
        e = math.exp(self.data)
        return Value(e, (self,), (e,))
        # ]

    def log(self):
        # TODO: math.log
        # [
        return Value(math.log(self.data), (self,), (1 / self.data,))
        # ]

    def tanh(self):
        # TODO: math.tanh
        # [
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))
        # ]

    def relu(self):
        # TODO: the number itself where it is above 0, else 0
        # [
        return Value(max(0.0, self.data), (self,), (1.0 if self.data > 0 else 0.0,))
        # ]

    def backward(self):
        """Add d(self) / d(node) to the grad of self and of every node that it was computed from."""
        # TODO
        # [
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((p, False) for p in node.parents)
        arriving = {node: 0.0 for node in order}
        arriving[self] = 1.0
        for node in reversed(order):
            for parent, local in zip(node.parents, node.local_grads):
                arriving[parent] += local * arriving[node]
        for node in order:
            node.grad += arriving[node]
        # ]

    # What follows is made of the above: it is any_side.py, which you have written.
    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return self**-1 * other


# =====
from tinygrad_edu.learn import Query


def operations(their, x, y, n):
    a, b = their.Value(x), their.Value(y)
    found = {}
    for name, make in {
        "a * b": lambda: a * b,
        "3 * a": lambda: 3 * a,
        f"a ** {n}": lambda: a**n,
        f"b ** {n}": lambda: b**n,
        "exp(a)": lambda: a.exp(),
        "log(a)": lambda: a.log(),
        "tanh(a)": lambda: a.tanh(),
        "relu(a)": lambda: a.relu(),
        "relu(-a)": lambda: (-a).relu(),
        "a / b": lambda: a / b,
    }.items():
        a.grad = b.grad = 0.0
        out = make()
        out.backward()
        found[name] = {"data": out.data, f"d({name})/da": a.grad, f"d({name})/db": b.grad}
    return found


def neuron(their, x1, w1, x2, w2, bias):
    x1, w1, x2, w2, b = (their.Value(v) for v in (x1, w1, x2, w2, bias))
    o = (x1 * w1 + x2 * w2 + b).tanh()
    o.backward()
    return {"o": o.data, "do/do": o.grad, "do/db": b.grad, "do/dw1": w1.grad, "do/dw2": w2.grad, "do/dx1": x1.grad}


def forks(their, x, y):
    a, b = their.Value(x), their.Value(y)
    h = a * b + a
    f = (h * h + h) * (a + b)
    f.backward()
    once = {"f": f.data, "df/dh": h.grad, "df/da": a.grad, "df/db": b.grad}
    f.backward()
    return {**once, "df/da after a second backward()": a.grad, "df/dh after a second backward()": h.grad}


def diamonds(their, x):
    node = first = their.Value(x)
    for _ in range(40):
        node = node * 0.9 + node * 0.8
    node.backward()
    return {"end": node.data, "d(end)/d(first)": first.grad}


def chain(their, x):
    node = first = their.Value(x)
    for _ in range(120):
        node = node * 1.01 + 0.001
    node.backward()
    return {"end": node.data, "d(end)/d(first)": first.grad}


def many_nodes(their, n):
    leaves = row = [their.Value(1.0) for _ in range(n)]
    while len(row) > 1:
        row = [a + b for a, b in zip(row[::2], row[1::2])]
    row[0].backward()
    return {f"sum of {n} ones": row[0].data, "d(sum)/d(one)": leaves[-1].grad}


HINTS = (
    "Three steps: list the nodes, parents before children, each once; walk the list backwards; hand on along edges.",
    "for node in reversed(order): for each parent: what arrives at the parent += local gradient · what arrived at node",
    "order, seen = [], set()\n\ndef visit(node):\n    if node not in seen:\n        seen.add(node)\n"
    "        for p in node.parents:\n            visit(p)\n        order.append(node)\n\nvisit(self)\n"
    "arriving = {node: 0.0 for node in order}\narriving[self] = 1.0\nfor node in reversed(order):\n"
    "    for p, d in zip(node.parents, node.local_grads):\n        arriving[p] += d * arriving[node]\n"
    "for node in order:\n    node.grad += arriving[node]",
)
QUERIES = (
    Query(
        operations,
        lambda rng: (rng.uniform(0.3, 2), rng.choice([-1, 1]) * rng.uniform(0.5, 2), rng.choice([2, 3])),
        also=((0.05, -1.5, 3), (4.0, 0.7, -1), (1.0, -1.0, 2)),
    ),
    Query(neuron, lambda rng: tuple(rng.uniform(-1.5, 1.5) for _ in range(5))),
    Query(forks, lambda rng: (rng.uniform(-1.5, 1.5), rng.uniform(-1.5, 1.5))),
    Query(diamonds, lambda rng: (rng.uniform(-1.5, 1.5),), trials=1),
    Query(chain, lambda rng: (rng.uniform(-1.5, 1.5),), trials=1),
    Query(many_nodes, lambda rng: (2**15,), known={"sum of 32768 ones": 2.0**15, "d(sum)/d(one)": 1.0}, long=10.0),
)


def _walk(hand_on, end="", begin="self.grad = 1.0"):
    return f"""
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for p in node.parents:
                    visit(p)
                order.append(node)

        visit(self)
        {begin}
        for node in reversed(order):
            for p, d in zip(node.parents, node.local_grads):
                {hand_on}
        {end}
    """


WRONG = {
    "= for +=": (None,) * 6 + (_walk("p.grad = d * node.grad"),),
    "order reversed": (None,) * 6 + (_walk("p.grad += d * node.grad").replace("reversed(order)", "order"),),
    "visited twice": (None,) * 6
    + (
        """
        self.grad += 1.0
        def hand_on(node, upstream, deep=0):
            for p, d in zip(node.parents, node.local_grads):
                p.grad += d * node.grad
                if deep < 6:
                    hand_on(p, d * upstream, deep + 1)
        hand_on(self, 1.0)
        """,
    ),
    "handed on at every use": (None,) * 6
    + (
        """
        self.grad += 1.0
        todo, steps = [self], 0
        while todo and steps < 500:
            node, steps = todo.pop(), steps + 1
            for p, d in zip(node.parents, node.local_grads):
                p.grad += d * node.grad
                todo.append(p)
        """,
    ),
    "parents begin at 1 again": (None,) * 6
    + (
        """
        def begin(node, deep):
            node.grad = 1.0
            for p, d in zip(node.parents, node.local_grads):
                p.grad += d * node.grad
                if deep < 6:
                    begin(p, deep + 1)
        begin(self, 0)
        """,
    ),
    "forgot upstream": (None,) * 6 + (_walk("p.grad += d"),),
    "forgot local": (None,) * 6 + (_walk("p.grad += node.grad"),),
    "the first local gradient": (None,) * 6 + (_walk("p.grad += node.local_grads[0] * node.grad"),),
    "the 1 is missing": (None,) * 6 + (_walk("p.grad += d * node.grad", begin="pass"),),
    "old gradients are handed on": (None,) * 6 + (_walk("p.grad += d * node.grad", begin="self.grad += 1.0"),),
    "micrograd's way": (None,) * 6 + (_walk("p.grad += d * node.grad", begin="self.grad = 1.0"),),
    "begins anew": (None,) * 6
    + (_walk("p.grad += d * node.grad", begin="[setattr(n, 'grad', 0.0) for n in order]; self.grad = 1.0"),),
    "forgot .data": ("return Value(self.data * other, (self, other), (other, self.data))",),
    "the power's brackets": (None, "return Value(self.data**n, (self,), (n * self.data**n - 1,))"),
    "the power stays": (None, "return Value(self.data**n, (self,), (n * self.data**n,))"),
    "input used for exp": (None, None, "return Value(math.exp(self.data), (self,), (self.data,))"),
    "exp as a power": (None, None, "e = math.exp(self.data)\nreturn Value(e, (self,), (self.data * e,))"),
    "output used for input": (None,) * 3 + ("y = math.log(self.data)\nreturn Value(y, (self,), (1 / y,))",),
    "forgot the square": (None,) * 4 + ("t = math.tanh(self.data)\nreturn Value(t, (self,), (1 - t,))",),
    "other side of a kink": (None,) * 5
    + ("return Value(max(0.0, self.data), (self,), (1.0 if self.data < 0 else 0.0,))",),
    "input used for output": (None,) * 4 + ("return Value(math.tanh(self.data), (self,), (1 - self.data**2,))",),
    "relu lets all through": (None,) * 5 + ("return Value(max(0.0, self.data), (self,), (1.0,))",),
    "swapped arguments": ("other = other if isinstance(other, Value) else Value(other)\n"
                          "return Value(self.data * other.data, (self, other), (self.data, other.data))",),
}  # fmt: skip
SAID = {
    "input used for exp": "exp is its own slope: its local gradient is its output, and not its input",
    "old gradients are handed on": "a second backward() hands on what the first one left in .grad as well: collect "
    "what arrives in this pass beside .grad, and add it at the end",
    "micrograd's way": "once it is right; but a second backward() hands on what the first one left in .grad: collect "
    "what "
    "arrives in this pass beside .grad, and add it at the end",
    "handed on at every use": "a node that is used twice hands on all of its .grad twice: visit each node once, when "
    "everything that uses it has been visited",
    "parents begin at 1 again": "the parents set their own .grad to 1, as if each were the end: one backward() walks "
    "through the whole graph",
    "forgot upstream": "each parent gets a local gradient alone: multiply by the gradient of the node that it goes "
    "into, which is not that of self, the end",
    "the first local gradient": "both parents get the first local gradient: each has one of its own, zip(node.parents, "
    "node.local_grads)",
    "the 1 is missing": "nothing is handed on: backward() begins with d(self)/d(self) = 1",
    "forgot .data": ".data is missing: the product of a number and a Value asks for a product again, and never ends",
    "the power's brackets": "brackets are missing: it is n * self.data ** (n - 1)",
    "the power stays": "the slope of a**n is n times a to the power n - 1, one less than n",
    "exp as a power": "exp is its own slope, and no power: nothing comes down in front of it",
    "forgot the square": "the slope of tanh is 1 minus the square of what comes out",
    "other side of a kink": "where the input is above 0 the slope of relu is 1, and below it is 0",
    "begins anew": "it sets gradients to 0 first: a second backward() should add to what is there",
    "relu lets all through": "where the input is below 0, relu is flat: its slope there is 0",
}
RIGHT = (
    (None,) * 6
    + (
        """
        waiting, todo, seen = {}, [self], {self}
        while todo:
            node = todo.pop()
            for p in node.parents:
                waiting[p] = waiting.get(p, 0) + 1
                if p not in seen:
                    seen.add(p)
                    todo.append(p)
        arriving, ready = {self: 1.0}, [self]
        while ready:
            node = ready.pop()
            for p, d in zip(node.parents, node.local_grads):
                arriving[p] = arriving.get(p, 0.0) + d * arriving[node]
                waiting[p] -= 1
                if waiting[p] == 0:
                    ready.append(p)
        for node, g in arriving.items():
            node.grad += g
        """,
    ),
    (
        "if not isinstance(other, Value):\n    return Value(self.data * other, (self,), (other,))\n"
        "return Value(self.data * other.data, (self, other), (other.data, self.data))",
        "slope = n * self.data**n / self.data\nreturn Value(self.data**n, (self,), (slope,))",
        None,
        "return Value(math.log(self.data), (self,), (self.data**-1,))",
        "e = (self * 2).exp()\nreturn (e - 1) / (e + 1)",
        "return self if self.data > 0 else self * 0",
    ),
)
