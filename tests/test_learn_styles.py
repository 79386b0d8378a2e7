"""An answer is right however it is written, and wrong if it is right for some numbers only."""

import types

import pytest

from tinygrad_edu.learn import assess, check, exercise


def verdict_of(name, text):
    """What is said of our solution with a part written otherwise, below it."""
    their = types.ModuleType("exercise")
    exec(f"{exercise(name).solution}\n{text}", vars(their))
    return assess(exercise(name), their=their)


RIGHT = [
    ("parabola", "slope = lambda f, x, h=1e-5: ((f(x + h) - f(x)) + (f(x) - f(x - h))) / (h + h)"),
    ("parabola", "from math import *\ndef slope(f, x: float, h: float = 1e-5, *, told: bool = False) -> float:\n"
     "    right, left = map(f, (x + h, x - h))\n    return (right - left) / ((x + h) - (x - h))"),
    ("partial", "def gradient(f, xs, h=1e-5):\n    def one(i):\n        kept, xs[i] = xs[i], xs[i] + h\n"
     "        up, xs[i] = f(xs), kept - h\n        down, xs[i] = f(xs), kept\n        return (up - down) / (2 * h)\n"
     "    return tuple(map(one, range(len(xs))))"),
    ("nudge", "def downhill(xs, slopes, rate):\n"
     "    return [xs[0] - slopes[0] * rate, *downhill(xs[1:], slopes[1:], rate)] if xs else []"),
    ("product", "dL_de, dL_df, dL_dd, dL_dc, dL_da, dL_db = -2, 4, -2, -2, 6, -4"),
    ("chain", "import functools\ndef chain(x, steps):\n"
     "    return functools.reduce(lambda s, p: (p[0](s[0]), s[1] * p[1](s[0])), steps, (x, 1))"),
    ("kinks", "def relu(x): return x > 0\ndef absolute(x): return x and x / abs(x)\n"
     "def maximum(a, b): return [float(a > b), float(a <= b)]"),
    ("contributions", "from collections import Counter\ndef add_up(edges):\n    found = Counter()\n"
     "    for name, upstream, local in edges[::-1]:\n        found[name] += upstream * local\n    return found"),
    ("topological", "from graphlib import TopologicalSorter\ndef topological(root):\n    graph, todo = {}, [root]\n"
     "    while todo:\n        if (node := todo.pop()) not in graph:\n            graph[node] = list(node.parents)\n"
     "            todo += node.parents\n    return tuple(TopologicalSorter(graph).static_order())"),
    ("in_place", "def step(parameters, lr):\n    for p in parameters:\n        p.data -= lr * p.grad\n    "
     "return parameters"),
    ("node", "from dataclasses import dataclass\n@dataclass(eq=False)\nclass Value:\n    data: float\n"
     "    parents: tuple = ()\n    def __add__(self, other): return Value(self.data + other.data, [self, other])\n"
     "    def __mul__(self, other): return Value(self.data * other.data, [self, other])"),
    ("squared", "from statistics import fmean\ndef loss(p, t): return fmean((a - b) ** 2 for a, b in zip(p, t))"),
    ("hinge", "def gradient(s, k):\n    g = [int(v - s[k] + 1 >= 0) for v in s]\n    g[k] = 0\n    g[k] = -sum(g)\n"
     "    return g"),
    ("detached", "def loss(w, now, after, reward):\n    return (w * now - (reward + 0.9 * w.data * after)) ** 2"),
    ("branches", "def clip(upstream, x, lo, hi): return upstream * (lo < x < hi)"),
    ("baseline", "def estimate(samples, costs, p):\n    n, m = len(samples), sum(costs) / len(samples)\n"
     "    return sum(score(b, p) * (c - m) for b, c in zip(samples, costs)) / (n - 1)"),
]  # fmt: skip

ONLY_SOMETIMES = {
    "one place asked for twice": ("partial", "def gradient(f, xs, h=1e-5):\n    found = []\n    for x in xs:\n"
        "        up, down, i = list(xs), list(xs), xs.index(x)\n        up[i] += h\n        down[i] -= h\n"
        "        found.append((f(up) - f(down)) / (2 * h))\n    return found"),
    "the step is its own": ("parabola", "def slope(f, x, h=0):\n    return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5"),
    "equal numbers count once": ("nudge", "def promised(slopes, rate): return -rate * sum(s * s for s in "
        "set(slopes))"),
    "of three numbers": ("hand_on", "def hand_on(upstream, local_grads): return [upstream * d for d in "
        "local_grads[:3]]"),
    "by differences": ("chain", "def chain(x, steps):\n    def run(v):\n        for f, _ in steps:\n            "
        "v = f(v)\n"
        "        return v\n    return run(x), (run(x + 1e-5) - run(x - 1e-5)) / 2e-5"),
    "above 0": ("powers", "def power(x, n): return n * abs(x) ** (n - 1)"),
    "whole powers": ("powers", "def power(x, n): return int(n) * x ** (n - 1)"),
    "far from the kink": ("kinks", "def relu(x): return min(1, max(0, x * 1e3))"),
    "the larger in size": ("kinks", "_old = maximum\ndef maximum(a, b): return _old(abs(a), abs(b))"),
    "equal edges count once": ("contributions", "_old = add_up\ndef add_up(edges): return "
        "_old([*dict.fromkeys(edges)])"),
    "names that were not given": ("contributions", "_old = add_up\ndef add_up(edges): return {'a': 0.0, "
        "**_old(edges)}"),
    "seen in an earlier call": ("topological", "seen = set()\ndef topological(root):\n    found = []\n"
        "    def visit(node):\n        if node not in seen:\n            seen.add(node)\n"
        "            for p in node.parents:\n                visit(p)\n            found.append(node)\n    "
        "visit(root)\n"
        "    return found"),
    "two parents": ("topological", "def topological(root):\n    found = []\n    def visit(node):\n"
        "        if node not in found:\n            for p in node.parents[:2]:\n                visit(p)\n"
        "            found.append(node)\n    visit(root)\n    return found"),
    "the rule above 0": ("value", "Value.__pow__ = lambda a, n: Value(a.data**n, (a,), (n * abs(a.data) ** (n - "
        "1),))"),
    "a parameter more each time": ("unit", "Neuron.parameters = lambda self: self.w.append(self.b) or self.w"),
    "whole numbers are cut": ("squared", "def loss(p, t): return sum((a - b) ** 2 for a, b in zip(p, t)) // len(t)"),
    "equal errors count once": ("squared", "def loss(p, t): return sum({(a - b) ** 2 for a, b in zip(p, t)}) / "
        "len(t)"),
    "the first of equal rows": ("one_layer_back", "def hidden(W, delta, a):\n"
        "    return [sum(r[j] * delta[W.index(r)] for r in W) * (1 - a[j] ** 2) for j in range(len(a))]"),
    "bounds that are always the same": ("branches", "def clip(upstream, x, lo, hi): return upstream * (-1 <= x <= 2)"),
    "not 0 times infinity": ("branches", "def where(upstream, c, a, b): return upstream * c, upstream * (not c) "
        "* b / b"),
    "an error that is not relative": ("gradient_check", "def wrong_places(f, gradient, xs):\n    found = []\n"
        "    for i in range(len(xs)):\n        up, down = list(xs), list(xs)\n        up[i] += 1e-5\n        "
        "down[i] -= 1e-5\n"
        "        if abs((f(up) - f(down)) / 2e-5 - gradient(xs)[i]) > 1e-4:\n            found.append(i)\n    "
        "return found"),
    "small numbers are none": ("relative_error",
        "def relative_error(a, n): return abs(a - n) / max(abs(a), abs(n), 1e-8)"),
    "rows for words, where there are none": ("embedding", "_old = gradient\ndef gradient(table, words, upstream):\n"
        "    return _old(table, words, upstream) if words else [[1.0] * len(row) for row in table]"),
    "equal samples count once": ("pathwise", "_old = gradients\n"
        "def gradients(slope, m, s, noises): return _old(slope, m, s, [*dict.fromkeys(noises)])"),
}  # fmt: skip


@pytest.mark.parametrize("name, text", RIGHT, ids=[f"{name} {k}" for k, (name, _) in enumerate(RIGHT)])
def test_what_is_right_may_be_written_in_any_way(name, text):
    assert verdict_of(name, text), verdict_of(name, text)


@pytest.mark.parametrize("name, text", ONLY_SOMETIMES.values(), ids=ONLY_SOMETIMES)
def test_what_is_right_for_some_numbers_only_is_wrong(name, text):
    assert not verdict_of(name, text)


def test_an_answer_of_another_type_is_told_which_form_is_asked_for():
    assert "should be a dict, with" in str(verdict_of("contributions", "def add_up(edges): return [*{e[0]: 1.0 "
     "for e in "
                                                      "edges}.items()]"))  # fmt: skip
    assert "a set keeps no order" in str(verdict_of("nudge", "def downhill(xs, slopes, rate): return {*xs}"))
    said = str(verdict_of("product", "from decimal import Decimal\ndL_db = Decimal(-4)"))
    assert "where a number is asked for: float(...) makes one of it" in " ".join(said.split())


def test_a_notebook_with_all_that_is_in_it_can_be_checked():
    cells = {"__name__": "__main__", "In": ["", "x"], "Out": {1: 2}, "_": 2, "exit": print}
    exec(exercise("node").starter, cells)
    assert not check("node", **cells)
    exec(exercise("node").solution, cells)  # the class once more, in a later cell
    assert check("node", **cells)


def test_what_a_notebook_has_not_given_is_asked_for():
    assert str(check("parabola")).startswith("slope was not given: write learn.check(..., slope=slope)")
    assert "slope was not given" in str(check("parabola", name="a notebook has such a variable"))
    assert "not given" not in str(check("parabola", slope=lambda f, x, h: (f, x, h).slope))
