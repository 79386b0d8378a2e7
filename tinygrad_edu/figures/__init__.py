"""A computation graph as a picture: every Value a card, every edge its local gradient.

    >>> from tinygrad_edu import Value
    >>> x, w, b = Value(2.0, label="x"), Value(-3.0, label="w"), Value(5.0, label="b")
    >>> o = (x * w + b).tanh()
    >>> o.backward()
    >>> draw(o)
    <Drawing: 6 nodes, 5 edges; .save("graph.svg") writes it, also .png, .pdf, .dot>

In a notebook the last line shows the picture.  This room reads Values and changes nothing.  What a card looks
like is in `cards`, which are drawn in `choose`, the whole sheet of them in `sheet`; one path of the chain rule is in `paths`;
neurons are found by `units` and drawn by `modules`; how DOT becomes a picture is in `render`.

    python -m tinygrad_edu.figures     writes the lecture's neuron to neuron.svg
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import files, opening
from ..engine import Value, topological
from ..errors import UserError
from . import cards, choose, modules, paths, sheet
from .render import PICTURES, RenderError, picture

if TYPE_CHECKING:
    from graphviz import Digraph  # type: ignore[import-untyped]

__all__ = ["Drawing", "RenderError", "draw"]
VIEWS = ("cards", "modules")
DIRECTIONS = ("LR", "TB", "RL", "BT")
FONT = {"fontname": "Helvetica", "fontcolor": cards.PALE_INK}
GRAPH = {"bgcolor": "transparent", "pad": "0.2", "nodesep": "0.24", "ranksep": "0.62", "fontsize": "12", **FONT,
         "ordering": "in"}  # the first input above the second: a - b is not b - a  # fmt: skip
NODE = {"shape": "plain", "fontsize": "12", **FONT}
EDGE = {"arrowsize": "0.5", "color": cards.EDGE, "fontsize": "10", **FONT}


def draw(root: Value, *, view: str = "cards", path: Sequence[Value] | None = None, around: Value | None = None, depth: int | None = None,
         max_nodes: int | None = 150, clusters: bool = True, rankdir: str = "LR", opened: bool = False) -> Drawing:  # fmt: skip
    """The graph that `root` was computed from, as it is now, as a Drawing.

    `view="cards"`: a card shows the operation and label, the value and the gradient: blue below zero, orange above.
    An edge shows the local gradient; its width is the gradient that flows through it, and it is dashed where none
    does.  Labels that name modules (`mlp.layers.0.neurons.3.w[1]`) put frames around neurons and layers, unless
    `clusters=False`.  Of a graph with more than `max_nodes` nodes (None: no limit), or deeper than `depth`
    operations, the part nearest to the root is drawn, and the Drawing's `note` says so; or that nearest to the node
    `around`, in both directions.  `path=(w, L)` marks the path from w to L with the largest product of local
    gradients and writes it out; `path=[w, ..., L]`, three nodes or more, marks that one.

    `view="modules"`: a circle per neuron, a line per weight, found by the same labels; `max_nodes` counts neurons.

    `opened=True` shows the nodes that a replayed one (see `jit`) stands for, as `view="modules"` always does.

    `rankdir` is LR, TB, RL or BT: left to right, top to bottom, and so on.
    Raises TypeError for what is no Value, ValueError if an option has no meaning, there is no such path, or the labels
    name no modules.
    """
    if not isinstance(root, Value):
        hint = (
            "one of them, or their sum"
            if isinstance(root, (list, tuple))
            else "the result of a computation, such as a loss"
        )
        raise TypeError(f"draw takes one Value, not {type(root).__name__}: give it {hint}")
    for name, option, least in (("max_nodes", max_nodes, 1), ("depth", depth, 0)):
        if option is not None and not (isinstance(option, int) and option >= least):
            raise UserError(f"{name} must be a whole number from {least} upwards, or None for no limit, got {option!r}")
    for name, word, allowed in (("rankdir", rankdir, DIRECTIONS), ("view", view, VIEWS)):
        if word not in allowed:
            raise UserError(f"{name} must be one of {', '.join(allowed)}, got {word!r}")
    given = [name for name, option in (("path", path), ("around", around), ("depth", depth)) if option is not None]
    if view == "modules" and given:
        raise UserError(
            f"{given[0]}= chooses cards, and view='modules' has none: use view='cards', or leave {given[0]}= out"
        )
    if path is not None and len(given) > 1:
        raise UserError(f"path= and {given[1]}= choose different parts of the graph: give one of them")

    from graphviz import Digraph  # here, because it takes longer to import than everything of ours together

    root = opening.opened(root) if opened or view == "modules" else root
    order = topological(root)
    dot = Digraph("computation graph", graph_attr={"rankdir": rankdir, **GRAPH}, node_attr=NODE, edge_attr=EDGE)
    if view == "modules":
        return Drawing(dot, *modules.picture(root, order, max_nodes, dot))
    most = len(order) if max_nodes is None else max_nodes
    way = _path(path, order) if path is not None else None
    if around is not None:
        _check_inside("around", around, order)
        shown = choose.around(around, order, most, depth)
    elif way and most < len(order):
        shown = choose.beside(way.nodes, most)
    else:
        shown = choose.before(root, most, depth)
    note = _note(
        len(shown), len(order), max_nodes, depth, "around" if around is not None else "path" if way else "root"
    )
    caption = way.caption().splitlines() if way else []
    if caption:
        dot.attr(
            label="\\n" + "\\n".join([*map(cards.lines, caption), *note.split("; ")]),
            labelloc="b",
            fontsize="15",
            fontcolor=cards.PATH,
        )
    elif note:
        dot.attr(label="\\n" + note.replace("; ", "\\n"), labelloc="b")
    return Drawing(
        dot,
        *sheet.picture(root, order, shown, dot, note, way, around, clusters),
        "; ".join([*caption, *([note] if note else [])]),
    )


def _note(shown: int, of: int, most: int | None, depth: int | None, near: str) -> str:
    """What was left out of a drawing, and how to see it; '' if nothing was."""
    if shown == of:
        return ""
    where = {"root": "to the root", "around": "to the node in the dark frame", "path": "to the path"}[near]
    note = f"{shown:,} of {of:,} nodes, those nearest {where}"
    note += f", down to depth={depth}" if depth is not None else ""
    if shown == most:
        more = min(of, max(1000, 2 * most))
        note += f"; max_nodes={more} draws {'all' if more == of else 'more'}"
        note += ", depth=3 only the last 3 operations, draw(node) begins at another node" if near == "root" else ""
    return note


def _path(nodes: Any, order: Sequence[Value]) -> paths.Path:
    """The path that an option asks for.  Raises TypeError or ValueError if there is none."""
    if not isinstance(nodes, (list, tuple)) or len(nodes) < 2 or not all(isinstance(n, Value) for n in nodes):
        raise TypeError(f"path= takes the two ends of a path, (w, L), or all its nodes, [w, ..., L], got {nodes!r}")
    _check_inside("the end of path=", nodes[-1], order)
    return paths.largest(*nodes) if len(nodes) == 2 else paths.along(list(nodes))


def _check_inside(name: str, node: Any, order: Sequence[Value]) -> None:
    """Raise unless a node is part of the graph."""
    if not isinstance(node, Value):
        raise TypeError(f"{name} must be a Value of the graph, got {type(node).__name__} {node!r}")
    if not any(n is node for n in order):
        raise UserError(
            f"{name} must be part of the graph that is drawn, but {node!r} is not: {order[-1]!r} was not computed from it"
        )


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
            raise UserError(f"cannot save a drawing as {path.name!r}: its name must end in .svg, .png, .pdf or .dot")
        try:
            if form in PICTURES:
                done = self.svg().encode() if form == "svg" else picture(self.source, form)
            else:
                done = self.source.encode()
        except RenderError as e:
            rescue = path.with_suffix(".dot")
            files.write(rescue, self.source)
            raise RenderError(f"{e}. The DOT source is saved in {rescue}") from e
        return files.write(path, done)

    def __repr__(self) -> str:
        note = f"; {self.note}" if self.note else ""
        return f'<Drawing: {self.nodes} nodes, {self.edges} edges{note}; .save("graph.svg") writes it, also .png, .pdf, .dot>'
