"""How one node and one edge look: the card, its colours, its words and its numbers.

A card is a table of three rows: what the node is, its value, its gradient.  Everything here turns one thing
into text; `draw` next door decides which nodes are drawn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from .. import chance, ops
from ..engine import Value
from ..names import is_constant, named, one_line
from ..ops import Op
from ..words import ends

# The role of a node, and the background and ink of its header.
ROLES = {
    "input": ("#e2effb", "#245f9e"),
    "param": ("#e4f3e3", "#2a6f2f"),
    "const": ("#f0f2f5", "#7d8895"),
    "inner": ("#f0f2f5", "#4a5563"),
    "out": ("#eee4f8", "#5f3793"),
}
INK, PALE_INK, BORDER, EDGE, PLAIN = "#1b2430", "#7d8895", "#b9c1ca", "#98a3af", "#f6f7f9"
ALARM, ALARM_INK = "#ffd9d9", "#b3202a"  # for what is not finite
BLUE, ORANGE = ((0xE6, 0xF0, 0xFA), (0x52, 0x92, 0xDA)), ((0xFD, 0xEE, 0xE1), (0xE9, 0x8F, 0x4E))  # pale, full
FRAME = "#d5dae0"  # around neurons and layers
PATH, FADED = "#d1531f", 0.3  # one path; how much is left of what is not on it, on white as on black
SCORE = "#9263bd"  # the way of a score, where no gradient passes
BLANK = "#ffffff"  # a row to be filled in with a pencil
FADED_EDGE = "#98a3af4d"
FRAMES = {
    "": (1, BORDER),
    "path": (2, PATH),
    "centre": (2, INK),
    "faded": (1, "#b9c1ca80"),
}  # look of a card -> its frame

LONGEST = 28  # letters of a label in a card: `mlp.layers.0.neurons.3.w[1]` just fits; the tooltip has more
TIP = 400  # letters in a tooltip: nobody reads more, and Graphviz reads no string of more than 16,384
WEIGHT = re.compile(r"([^\W\d]\w*(\.[\w\[\]]+)+)|w([\d_\[].*)?|(weight|bias)(e?s)?([\d_\[].*)?", re.IGNORECASE)
BIAS = re.compile(r"b([\d_\[].*)?", re.IGNORECASE)
SYMBOLS = {"*": "×", "-": "−"}


def is_weight(label: str) -> bool:
    """Whether a leaf's label is a path into a module, or starts like a weight: w, w1, w_hidden, W[0], weight, bias.

    >>> [is_weight(name) for name in ("mlp.layers.0.b", "w1", "W[0]", "weight_2", "bias", "x1", "width", "b")]
    [True, True, True, True, True, False, False, False]
    """
    return WEIGHT.fullmatch(label) is not None


def roles(root: Value, nodes: Iterable[Value]) -> dict[Value, str]:
    """What each node is: out, inner, const (a number in a formula), param or input.

    A leaf is a parameter if `is_weight` says so.  `b`, `b1`, ... is a bias only beside such a weight: alone it
    is more often the second of `a` and `b`.
    """
    leaves = [n for n in nodes if not n.parents]
    weights = any(is_weight(named(n)) for n in leaves)

    def role(n: Value) -> str:
        if n is root:
            return "out"
        if n.parents:
            return "inner"
        if not named(n) and is_constant(n):
            return "const"
        return "param" if is_weight(named(n)) or (weights and BIAS.fullmatch(named(n))) else "input"

    return {n: role(n) for n in nodes}


def heading(module: str, outer: str = "") -> str:
    """The name of a frame: what its module is called in the one around it.

    >>> heading("mlp.layers.0"), heading("mlp.layers.0.neurons.3", "mlp.layers.0"), heading("conv")
    ('mlp · layer 0', 'neuron 3', 'conv')
    """
    inside = re.sub(r"([A-Za-z]+)s\.(\d+)", r"\1 \2", one_line(module.removeprefix(outer + ".")))
    return ends(inside.replace(".", " · "), 40)


def title(name: str, op: str) -> list[tuple[str, str]]:
    """The header of a card, in runs of one style each: the label, shortened, its digits lowered, and the operation.

    >>> title("2*x1", "tanh")
    [('2*x', 'italic'), ('1', 'lowered'), ('\\xa0=\\xa0', ''), ('tanh', 'bold')]
    """
    pieces = re.split(r"(?<![\w.])([^\W\d_]+)(\d+)(?!\w)", ends(name, LONGEST))  # between, name, digits, between, ...
    runs: list[tuple[str, str]] = []
    for i, piece in enumerate(pieces):
        if runs and i % 3 == 1:
            piece = runs.pop()[0] + piece if runs[-1][1] == "italic" else piece
        if piece:
            runs.append((piece, "lowered" if i % 3 == 2 else "italic"))
    between = "\u00a0" if op.startswith("~") else "\u00a0=\u00a0"
    return [*runs, *([(between, "")] if name and op else []), *([(ends(op, LONGEST), "bold")] if op else [])]


def operation(n: Value) -> str:
    """What computed a node, as it stands in its card: ×, +, **2, tanh, ~ Bernoulli; '' for a leaf."""
    return f"~ {type(chance.of(n)).__name__}" if chance.is_choice(n) else symbol(n.op)


def symbol(op: Op) -> str:
    """The same of a row."""
    return "" if op is ops.leaf else SYMBOLS.get(op.symbol, op.symbol) or op.name


def tint(g: float, largest: float) -> str:
    """The background of a gradient: blue below zero, orange above, the fuller the larger it is.

    >>> tint(0.0, 1.0), tint(-1.0, 1.0), tint(1.0, 1.0), tint(math.nan, 1.0)
    ('#f6f7f9', '#5292da', '#e98f4e', '#ffd9d9')
    """
    if not math.isfinite(g):
        return ALARM
    if not g:
        return PLAIN
    return shade(g, strength(g, largest))


def shade(g: float, share: float) -> str:
    """Blue below zero, orange above, from pale to full."""
    pale, full = BLUE if g < 0 else ORANGE
    return "#" + "".join(f"{round(p + (f - p) * share):02x}" for p, f in zip(pale, full))


def strength(x: float, largest: float) -> float:
    """How large a number is drawn, from 0 to 1: the square root, so that a tenth of the largest is still seen."""
    return math.sqrt(min(abs(x) / largest, 1.0)) if math.isfinite(x) and largest else float(x != 0)


def tip(n: Value, name: str, value: float | None, grad: float | None) -> str:
    """A node with all its digits, for the mouse that rests on its card; None are not told."""
    op = f"~ {ends(repr(chance.of(n)), TIP)}" if chance.is_choice(n) else operation(n)
    name = (" " if op.startswith("~") else " = ").join(filter(None, (name, op)))
    numbers = "".join(f"\n{word} {float(x)!r}" for word, x in (("value", value), ("grad", grad)) if x is not None)
    return f"{name or 'constant'}{numbers}"
