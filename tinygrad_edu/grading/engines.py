"""Classes that make one mistake each: whose answers a student's class gives is what went wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import ModuleType

from ..learn.course import exercise
from ..learn.mistakes import MISTAKES
from ..learn.verdict import mistaken

OURS = {"class": "Value", "data": "data", "grad": "grad", "backward": "backward",
        "functions": {name: name for name in ("exp", "log", "tanh", "relu")}}  # fmt: skip


MORE: tuple[tuple[str, tuple[str | None, ...]], ...] = (
    ("stops after one step", (None,) * 6 + (
        "self.grad = 1.0\nfor p, d in zip(self.parents, self.local_grads):\n    p.grad += d",)),
    ("order reversed", (None,) * 6 + (
        "self.grad = 1.0\nqueue, seen = [self], {self}\nwhile queue:\n    node = queue.pop(0)\n"
        "    for p, d in zip(node.parents, node.local_grads):\n        p.grad += d * node.grad\n"
        "        if p not in seen:\n            seen.add(p)\n            queue.append(p)",)),
    ("factor of the power forgotten", (None, "return Value(self.data**n, (self,), (self.data ** (n - 1),))")),
    ("slope of the power is 1", (None, "return Value(self.data**n, (self,), (1.0,))")),
)  # fmt: skip
MORE_SAID = {
    "stops after one step": "only the parents of the root get a gradient: each of them hands on to its own parents",
    "factor of the power forgotten": "the slope of a ** n is n * a ** (n - 1), and the n is missing",
    "slope of the power is 1": "a power hands its gradient on as it is: multiply by n * a ** (n - 1)",
}


@cache
def wrong_engines() -> list[tuple[str, ModuleType]]:
    """Classes that make one mistake each, by its name."""
    one = exercise("value")
    return [*mistaken(one).items(), *_more()]


def _more() -> Iterator[tuple[str, ModuleType]]:
    one = exercise("value")
    for name, body in MORE:
        module = ModuleType("value")
        exec(compile(one.variant(body), f"<{name}>", "exec"), vars(module))
        yield name, module


def told_of(mistake: str) -> str:
    """What is said of a mistake, if more than its name."""
    return exercise("value").said.get(mistake) or MORE_SAID.get(mistake) or MISTAKES.get(mistake, ("", ""))[1]
