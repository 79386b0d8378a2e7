"""What an engine is asked: random formulas, property by property, written as texts that any class can evaluate."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .. import ops
from .rubric import Task


class Steps(NamedTuple):
    """A few formulas, each with the name of what it gives, and whose gradients are asked for."""

    lines: tuple[tuple[str, str], ...]
    inputs: str = "abc"  # a letter for each
    inside: tuple[str, ...] = ()  # steps whose gradients are asked for as well
    roots: tuple[str, ...] = ("L",)  # backward() is called of each, one after the other
    ranges: Mapping[str, tuple[float, float]] = {}  # of inputs that are not drawn from both sides of 0
    words: str = ""  # for what is too long to be told

    @property
    def text(self) -> str:
        """As it is told."""
        alone = len(self.lines) == 1
        return self.words or "`" + "; ".join(text if alone else f"{name} = {text}" for name, text in self.lines) + "`"

    @property
    def results(self) -> list[str]:
        """Whose numbers are asked for, as a forward pass comes by."""
        return [*self.inside, *dict.fromkeys(self.roots)]

    @property
    def asked(self) -> list[str]:
        """Whose gradients are asked for, the end first, as a backward pass comes by."""
        return [*self.inside[::-1], *self.inputs]

    def numbers(self, rng: random.Random, trial: int) -> dict[str, float]:
        """Numbers for the inputs; the first has another sign in each trial."""
        signs = [(-1) ** trial, *[rng.choice((-1, 1)) for _ in self.inputs[1:]]]
        return {name: rng.uniform(*self.ranges[name]) if name in self.ranges else sign * rng.uniform(0.4, 2.2)
                for name, sign in zip(self.inputs, signs)}  # fmt: skip


class Property(NamedTuple):
    """Something that holds of every engine: what it is called and weighs, what to know if it does not, and how it is
    asked; `seen` are the errors that the hint is about, if it is about errors.
    """

    title: str
    weight: float
    hint: str
    draw: Callable[[random.Random, Task], list[Steps]]
    seen: str = "$^"


def _formulas(*texts: str, **options: Any) -> list[Steps]:
    """Formulas of one line; the inputs are the letters a, b, c, d in them."""
    return [Steps((("L", text),), "".join(c for c in "abcd" if c in text), **options) for text in texts]


def _tree(rng: random.Random, names: list[str]) -> str:
    """Sums and products of these, each used once."""
    if len(names) == 1:
        return names[0]
    k = rng.randrange(1, len(names))
    return f"({_tree(rng, names[:k])} {rng.choice('+*')} {_tree(rng, names[k:])})"


def _products(rng: random.Random, task: Task) -> list[Steps]:
    found: list[str] = []
    while len(found) < 3:
        text = _tree(rng, rng.sample("abcd", 4))[1:-1]
        if "+" in text and "*" in text and text not in found and text.count("(") < 3:
            found.append(text)
    return _formulas("a + b", "a * b", *found)


def _number(rng: random.Random) -> str:
    return str(rng.choice([rng.randint(2, 5), round(rng.uniform(1.1, 3.9), 1)]))


def _numbers(rng: random.Random, task: Task) -> list[Steps]:
    return _formulas(*[form.format(_number(rng)) for form in ("a + {}", "a * {}", "{} + a", "{} * a")])


def _differences(rng: random.Random, task: Task) -> list[Steps]:
    forms = ("-a", "a - b", "a - {}", "{} - a", "a - (b - c)")
    return _formulas(*[form.format(_number(rng)) for form in forms])


def _powers(rng: random.Random, task: Task) -> list[Steps]:
    return _formulas("a ** 2", "a ** 3", "a ** -1", "a ** 0.5", ranges={"a": (0.4, 2.2)})


def _division(rng: random.Random, task: Task) -> list[Steps]:
    return _formulas(*[form.format(_number(rng)) for form in ("a / b", "a / {}", "{} / a")])


def _function(name: str) -> list[Steps]:
    """A function alone, and of a sum, where it takes all numbers."""
    [(low, high)] = ops.TABLE[name].domain
    alone = _formulas(f"{name}(a)")
    if (low, high) == ops.REAL:
        return alone + _formulas(f"{name}(a * b + c)")
    low, high = max(low, -3.0), min(high, 3.0)
    margin = (high - low) / 20
    return _formulas(f"{name}(a)", ranges={"a": (low + margin, high - margin)})


def _inside(task: Task, *names: str) -> tuple[str, ...]:
    return names if task.option("intermediate") else ()


def _forks(rng: random.Random, task: Task) -> list[Steps]:
    twice = Steps((("h", "a * b"), ("L", "h * h + h")), "ab", _inside(task, "h"))
    return [*_formulas("a + a", "a * a + b * a", "(a + b) * (a + c) + a"), twice]


def _losses(rng: random.Random, task: Task) -> list[Steps]:
    return [Steps((("L", "a * b"), ("M", "a * c + b")), "abc", roots=("L", "M"))]


def _twice(rng: random.Random, task: Task) -> list[Steps]:
    return [Steps((("h", "a * b + c"), ("L", "h * h")), "abc", roots=("L", "L"))]


def _orders(rng: random.Random, task: Task) -> list[Steps]:
    """Graphs in which a node is near the end by one way and far from it by another."""
    fixed = (("h", "a + b"), ("p", "h * c"), ("q", "p * a"), ("L", "q * h + p"))
    found = [Steps(fixed, "abc", _inside(task, "h", "p", "q"))]
    for _ in range(3):
        names, lines, used = [*"ab"], [], set()
        for name in "pqrst":
            u, v = rng.choice(names[-3:]), rng.choice(names)
            lines.append((name, f"{u} {rng.choice('+*')} {v}"))
            used |= {u, v}
            names.append(name)
        ends = [name for name in names if name not in used]
        lines.append(("L", " * ".join(ends) if len(ends) > 1 else f"{ends[0]} * {rng.choice(names[:-1])}"))
        found.append(Steps(tuple(lines), "ab", _inside(task, *"pqrst"), ranges={"a": (0.4, 1.1), "b": (-1.1, -0.4)}))
    return found


def _repeated(n: int, text: str, words: str, **ranges: tuple[float, float]) -> Steps:
    lines = [("n", text.replace("n", "a")), *[("n", text)] * (n - 2), ("L", text)]
    return Steps(tuple(lines), "abc", ranges={"a": (0.4, 2.2)} | ranges, words=words)


def _diamonds(rng: random.Random, task: Task) -> list[Steps]:
    n = task.option("diamonds")
    return [_repeated(n, "n * b + n * c", f"a graph of {n} diamonds", b=(0.45, 0.52), c=(0.45, 0.52))]


def _chains(rng: random.Random, task: Task) -> list[Steps]:
    n = task.option("long")
    return [_repeated(n, "n * b + c", f"a chain of {2 * n} operations", b=(0.99, 1.01), c=(0.001, 0.01))]


ARITHMETIC = "TypeError|AttributeError"
PROPERTIES = {
    "products": Property("sums and products", 2.0, "", _products),
    "numbers": Property("numbers on either side", 1.0, "a + 2 calls __add__ with a plain number, and 2 + a calls "
                        "__radd__: make a node of the number first", _numbers, ARITHMETIC),
    "differences": Property("differences", 1.0, "-a calls __neg__, a - b calls __sub__, 2 - a calls __rsub__",
                            _differences, ARITHMETIC),
    "powers": Property("powers", 1.0, "a ** n calls __pow__; its slope is n * a ** (n - 1)", _powers,
                       ARITHMETIC),
    "division": Property("division", 1.0, "a / b calls __truediv__, 2 / a calls __rtruediv__; a / b is a * b ** -1",
                         _division, ARITHMETIC),
    "functions": Property("functions", 2.0, "", lambda rng, task: []),  # each is a part of its own
    "forks": Property("a fork adds", 2.0, "what is used twice gets a gradient from each use, and they add up", _forks),
    "losses": Property("a second loss adds to the gradients of the first", 1.0, "backward() adds to .grad", _losses),
    "twice": Property("backward() twice adds twice", 1.0, "what the first pass left in .grad inside of the graph must "
                      "not be handed on by the second", _twice),
    "orders": Property("a node waits for all that use it", 2.0, "a gradient is handed on when it is complete: in "
                       "reverse topological order", _orders),
    "diamonds": Property("diamonds end", 1.0, "visit each node once: the number of paths doubles with each diamond",
                         _diamonds, "Timeout"),
    "chains": Property("long chains", 1.0, "a function that calls itself for each node reaches Python's limit",
                       _chains, "RecursionError"),
}  # fmt: skip


def exam(task: Task) -> list[tuple[str, Property, float]]:
    """The properties that are asked, each with its points; each function is one."""
    parts = task.option("parts") or {key: p.weight for key, p in PROPERTIES.items()}
    functions = [*functions_of(task)]
    chosen: list[tuple[str, Property, float]] = []
    for key, weight in parts.items():
        if key != "functions":
            chosen.append((key, PROPERTIES[key], weight))
        for name in functions if key == "functions" else ():
            alone = Property(name, weight, "", lambda rng, task, name=name: _function(name))  # type: ignore[misc]
            chosen.append((f"functions {name}", alone, weight / len(functions)))
    total = math.fsum(weight for _, _, weight in chosen)
    return [(key, one, task.points * weight / total) for key, one, weight in chosen]


def functions_of(task: Task) -> dict[str, str]:
    """What each function is called here, and what the student calls it."""
    told = task.option("functions")
    return dict(told) if isinstance(told, dict) else {name: name for name in told}
