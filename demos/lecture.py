"""The lecture "building micrograd", from a derivative to a trained MLP, each number beside the expected one.

    python demos/lecture.py

Expected numbers are those that the lecture shows or that follow from its definitions.
"""

import random
from collections.abc import Iterator

from tinygrad_edu import Value
from tinygrad_edu import functional as F
from tinygrad_edu.nn import MLP

Line = tuple[str, float, float]  # what, our number, the expected one


def derivative() -> Iterator[Line]:
    """What a derivative is: the slope of a parabola, by a small step and by backward()."""

    def f(x):
        return 3 * x**2 - 4 * x + 5

    h = 1e-7
    x = Value(3.0)
    f(x).backward()
    yield "f(3), f(x) = 3x² - 4x + 5", f(3.0), 20.0
    yield "its slope at 3, by a small step", round((f(3.0 + h) - f(3.0 - h)) / (2 * h), 6), 14.0
    yield "its slope at 3, by backward()", x.grad, 14.0
    flat = Value(2 / 3)
    f(flat).backward()
    yield "its slope at 2/3", flat.grad, 0.0


def expression() -> Iterator[Line]:
    """L = (a*b + c) * f, its gradients, and one step uphill."""
    a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Value(-2.0, "f")
    L = (a * b + c) * f
    L.backward()
    yield "L = (a*b + c) * f", L.data, -8.0
    for v, expected in ((a, 6.0), (b, -4.0), (c, -2.0), (f, 4.0)):
        yield f"dL/d{v.label}", v.grad, expected
    for v in (a, b, c, f):
        v.data += 0.01 * v.grad
    yield "L after += 0.01 * grad on its leaves", ((a * b + c) * f).data, -7.286496


def neuron() -> Iterator[Line]:
    """A neuron, with tanh as one node and with tanh taken apart into exponentials."""
    for form in ("tanh", "exp"):
        x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
        w1, w2 = Value(-3.0, "w1"), Value(1.0, "w2")
        b = Value(6.8813735870195432, "b")
        n = x1 * w1 + x2 * w2 + b
        e = (2 * n).exp()
        o = n.tanh() if form == "tanh" else (e - 1) / (e + 1)
        o.backward()
        yield f"a neuron's output, {form} form", o.data, 0.7071067811865476
        for v, expected in ((x1, -1.5), (w1, 1.0), (x2, 0.5), (w2, 0.0), (b, 0.5)):
            yield f"do/d{v.label}, {form} form", v.grad, expected


def used_twice() -> Iterator[Line]:
    """The bug that everybody writes once: a gradient that overwrites instead of adding."""
    a = Value(3.0)
    (a + a).backward()
    yield "db/da, b = a + a", a.grad, 2.0
    a, b = Value(-2.0), Value(3.0)
    f = (a * b) * (a + b)
    f.backward()
    yield "f = (a*b) * (a+b)", f.data, -6.0
    yield "df/da", a.grad, -3.0
    yield "df/db", b.grad, -8.0


def exercises() -> Iterator[Line]:
    """The exercise notebook: a function of three inputs, and softmax with its loss."""
    a, b, c = Value(2.0), Value(3.0), Value(4.0)
    f = -(a**3) + (3 * b).sin() - 1 / c + b**2.5 - a**0.5
    f.backward()
    yield "-a³ + sin(3b) - 1/c + b^2.5 - a^0.5", f.data, 6.336362190988558
    for name, v, expected in (("a", a, -12.353553390593273), ("b", b, 10.25699027111255), ("c", c, 0.0625)):
        yield f"its d/d{name}", v.grad, expected
    logits = [Value(x) for x in (0.0, 3.0, -2.0, 1.0)]
    loss = -F.softmax(logits)[3].log()
    loss.backward()
    yield "-log softmax([0, 3, -2, 1])[3]", loss.data, 2.1755153626167147
    for i, expected in enumerate((0.0417725705, 0.8390245075, 0.0056533027, -0.8864503806)):
        yield f"its d/dlogit {i}", round(logits[i].grad, 10), expected


def training() -> Iterator[Line]:
    """The lecture's MLP on its four examples; the seed is ours, so the last line states what training must reach."""
    random.seed(0)
    model = MLP(3, [4, 4, 1], activation="tanh", output="tanh")
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    yield "parameters of MLP(3, [4, 4, 1])", len(model.parameters()), 41
    loss = Value(0.0)
    for _ in range(200):
        loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.05 * p.grad
    yield "examples on the right side after 200 steps", sum((model(x) > 0) == (y > 0) for x, y in zip(xs, ys)), 4
    yield "the loss after 200 steps, to one decimal", round(loss.data, 1), 0.0


CHAPTERS = (derivative, expression, neuron, used_twice, exercises, training)


def main() -> int:
    """Print every line with its expected number; the exit status counts the lines that differ."""
    wrong = 0
    for chapter in CHAPTERS:
        print(f"\n{chapter.__doc__.splitlines()[0]}")
        for what, got, expected in chapter():
            right = abs(got - expected) <= 1e-12 * max(1.0, abs(expected))
            wrong += not right
            print(f"  {what:<44} {got:>22.16g}   expected {expected:<20.16g} {'ok' if right else 'WRONG'}")
    print(f"\n{'Every number is as expected.' if not wrong else f'{wrong} numbers differ.'}")
    return min(wrong, 1)


if __name__ == "__main__":
    raise SystemExit(main())
