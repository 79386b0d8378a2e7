"""A computation graph as a picture: every Value a card, every edge its local gradient.

    >>> from tinygrad_edu import Value
    >>> x, w, b = Value(2.0, label="x"), Value(-3.0, label="w"), Value(5.0, label="b")
    >>> o = (x * w + b).tanh()
    >>> o.backward()
    >>> draw(o)
    <Drawing: 6 nodes, 5 edges; .save("graph.svg") writes it, also .png, .pdf, .dot>

In a notebook the last line shows the picture.  This room reads Values and changes nothing; what a card looks
like is in `cards`, how DOT becomes a picture in `render`.

    python -m tinygrad_edu.draw     writes the lecture's neuron to neuron.svg
"""

from __future__ import annotations

import math
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine import Value, topological
from . import cards
from .render import PICTURES, RenderError, picture

if TYPE_CHECKING:
    from graphviz import Digraph  # type: ignore[import-untyped]

__all__ = ["Drawing", "RenderError", "draw"]
DIRECTIONS = ("LR", "TB", "RL", "BT")
FONT = {"fontname": "Helvetica", "fontcolor": cards.PALE_INK}
GRAPH = {"bgcolor": "transparent", "pad": "0.2", "nodesep": "0.24", "ranksep": "0.62", "fontsize": "12", **FONT,
         "ordering": "in"}  # the first input above the second: a - b is not b - a  # fmt: skip
NODE = {"shape": "plain", "fontsize": "12", **FONT}
EDGE = {"arrowsize": "0.5", "color": cards.EDGE, "fontsize": "10", **FONT}


def draw(root: Value, *, max_nodes: int | None = 150, depth: int | None = None, rankdir: str = "LR") -> Drawing:
    """The graph that `root` was computed from, as it is now, as a Drawing.

    A card shows the operation and label, the value and the gradient: blue below zero, orange above.  An edge
    shows the local gradient; its width is the gradient that flows through it, and it is dashed where none does.
    Of a graph with more than `max_nodes` nodes (None: no limit), or deeper than `depth` operations, the part
    nearest to the root is drawn, and the Drawing's `note` says so.  `rankdir` is LR, TB, RL or BT: left to
    right, top to bottom, and so on.
    Raises TypeError if `root` is no Value, ValueError if an option has no meaning.
    """
    if not isinstance(root, Value):
        hint = "one of them, or their sum" if isinstance(root, (list, tuple)) else "the result of a computation, such as a loss"
        raise TypeError(f"draw takes one Value, not {type(root).__name__}: give it {hint}")
    for name, option, least in (("max_nodes", max_nodes, 1), ("depth", depth, 0)):
        if option is not None and not (isinstance(option, int) and option >= least):
            raise ValueError(f"{name} must be a whole number from {least} upwards, or None for no limit, got {option!r}")
    if rankdir not in DIRECTIONS:
        raise ValueError(f"rankdir must be one of {', '.join(DIRECTIONS)}, got {rankdir!r}")

    order = topological(root)
    shown = nearest(root, len(order) if max_nodes is None else max_nodes, depth)
    ids = {n: f"n{i}" for i, n in enumerate(order) if n in shown}  # a node has the same id however much is drawn
    note, hidden = "", len(order) - len(ids)
    if hidden:
        note = f"{len(ids):,} of {len(order):,} nodes, those nearest to the root"
        note += f", down to depth={depth}" if depth is not None else ""
    if hidden and len(ids) == max_nodes:
        more = min(len(order), max(1000, 2 * max_nodes))
        note += (f"; max_nodes={more} draws {'all' if more == len(order) else 'more'}, "
                 "depth=3 only the last 3 operations, draw(node) begins at another node")  # fmt: skip
    return Drawing(*_digraph(root, ids, hidden, note, rankdir), note)


def nearest(root: Value, most: int, depth: int | None = None) -> set[Value]:
    """At most `most` nodes, those with the fewest operations between them and the root, and at most `depth`."""
    away, queue = {root: 0}, deque([root])
    while queue:
        node = queue.popleft()
        if away[node] == depth:
            break  # whatever else is in the queue is as far away
        for p in node.parents:
            if len(away) == most:
                return set(away)
            if p not in away:
                away[p] = away[node] + 1
                queue.append(p)
    return set(away)


def _digraph(root: Value, ids: dict[Value, str], hidden: int, note: str, rankdir: str) -> tuple[Digraph, int, int]:
    """The DOT graph of the nodes in `ids`, with the numbers of its nodes and edges."""
    from graphviz import Digraph  # here, because it takes longer to import than everything of ours together

    dot = Digraph("computation graph", graph_attr={"rankdir": rankdir, **GRAPH}, node_attr=NODE, edge_attr=EDGE)
    if note:
        dot.attr(label="\\n" + note.replace("; ", "\\n"), labelloc="b")

    edges = []  # parent, node, local gradient, what flows: before backward() that is the local gradient itself
    backward = any(n.grad for n in ids)
    for n in ids:
        for p, d in zip(n.parents, n.local_grads() if n.parents else ()):
            edges.append((p, n, d, d * n.grad if backward else d))

    role, largest = cards.roles(root, ids), _largest(n.grad for n in ids)
    for n, name in ids.items():
        dot.node(name, cards.card(n, role[n], largest), id=name, tooltip=cards.tooltip(n), **{"class": f"value {role[n]}"})
    if hidden:
        dot.node("more", f"… {hidden:,} more", shape="box", style="dashed", color=cards.BORDER, id="more", tooltip=note)
    widest, stubs = _largest(flow for _, _, _, flow in edges), set()
    for k, (p, n, d, flow) in enumerate(edges):
        if p in ids:
            dot.edge(ids[p], ids[n], id=f"e{k}", **cards.edge(p, n, d, flow, widest))
        elif n not in stubs:
            stubs.add(n)
            dot.edge("more", ids[n], style="dotted", arrowhead="none")
    return dot, len(ids), sum(p in ids for p, _, _, _ in edges)


def _largest(xs: Any) -> float:
    """The largest finite size among numbers; 0.0 if there is none."""
    return max((abs(x) for x in xs if math.isfinite(x)), default=0.0)


class Drawing:
    """A picture of a graph: shows itself in a notebook, saves itself to a file.

    `digraph` is its `graphviz.Digraph`, `source` its DOT text, `nodes` and `edges` how many there are, and
    `note` says what was left out ('' if nothing was).  It keeps what it drew: later changes do not show.
    """

    def __init__(self, digraph: Digraph, nodes: int, edges: int, note: str = "") -> None:
        self.digraph, self.nodes, self.edges, self.note = digraph, nodes, edges, note

    @property
    def source(self) -> str:
        """The DOT text: the same for the same graph, in every process."""
        return str(self.digraph.source)

    def svg(self) -> str:
        """The picture as an `<svg>` element.  Raises RenderError if it cannot be made."""
        text = picture(self.source, "svg").decode()
        return text[text.index("<svg") :]  # without the prolog: it stands alone, and inside a page

    def _repr_svg_(self) -> str:
        return self.svg()

    def save(self, path: str | Path) -> Path:
        """Write the picture, in the form that the name ends in, and return its path.

        Raises ValueError for an ending other than .svg, .png, .pdf and .dot, and RenderError if the picture
        cannot be made; the DOT text is then saved beside where it would have been.
        """
        path = Path(path)
        form = path.suffix.lower().removeprefix(".")
        if form not in (*PICTURES, "dot"):
            raise ValueError(f"cannot save a drawing as {path.name!r}: its name must end in .svg, .png, .pdf or .dot")
        try:
            if form in PICTURES:
                done = self.svg().encode() if form == "svg" else picture(self.source, form)
            else:
                done = self.source.encode()
        except RenderError as e:
            rescue = path.with_suffix(".dot")
            rescue.write_text(self.source, encoding="utf-8")
            raise RenderError(f"{e}. The DOT source is saved in {rescue}") from e
        path.write_bytes(done)
        return path

    def __repr__(self) -> str:
        note = f"; {self.note}" if self.note else ""
        return f'<Drawing: {self.nodes} nodes, {self.edges} edges{note}; .save("graph.svg") writes it, also .png, .pdf, .dot>'
