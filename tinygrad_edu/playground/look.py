"""The door to look through: an expression and its numbers, as a graph, in words, step by step, and as a program.

>>> seen = graph("tanh(w*x + b)", {"w": -0.5, "x": 2, "b": 0.8})
>>> seen["names"], f"{seen['value']:.4f}", seen["svg"][:4]
(('w', 'x', 'b'), '-0.1974', '<svg')
"""

from __future__ import annotations

from typing import Any

from ..engine import Value
from ..explanation import explain
from ..expression import parse
from ..figures import draw

__all__ = ["explanation", "graph", "read"]


def read(expression: str) -> dict[str, Any]:
    """The names in an expression, in order.  Raises ExpressionError if it cannot be read."""
    return {"names": parse(expression).names}


def graph(expression: str, numbers: dict[str, float]) -> dict[str, Any]:
    """The value, the gradient of each name, and the graph as SVG.  Raises ExpressionError for what cannot be read."""
    root, values = rooted(expression, numbers)
    names = parse(expression).names
    return {"names": names, "value": root.data, "grads": [values[n].grad for n in names], "svg": draw(root).svg()}


def explanation(expression: str, numbers: dict[str, float], of: str = "") -> str:
    """The backward pass in words, or why the gradient of one name is what it is."""
    root, _ = rooted(expression, numbers)
    return str(explain(root, of=of or None))


def rooted(expression: str, numbers: dict[str, float]) -> tuple[Value, dict[str, Value]]:
    """The root of an expression, after backward(), and every named Value."""
    root, values = parse(expression)(**numbers)
    if root.parents and not root.label:
        root.label = next(n for n in ("L", "y", "out", "result_") if n not in values)
    root.backward()
    return root, values
