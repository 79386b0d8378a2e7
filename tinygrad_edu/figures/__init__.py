"""A computation graph as a picture: every Value a card, every edge its local gradient.

    >>> from tinygrad_edu import Value
    >>> x, w, b = Value(2.0, label="x"), Value(-3.0, label="w"), Value(5.0, label="b")
    >>> o = (x * w + b).tanh()
    >>> o.backward()
    >>> draw(o)
    <Drawing: 6 nodes, 5 edges; .save("graph.svg") writes it, also .png, .pdf, .dot>

In a notebook the last line shows the picture.  This room reads Values and changes nothing.  What a card says
is in `cards`, which are drawn in `choose`, the whole sheet of them in `sheet` and, as a picture, in `canvas`; one path
of the chain rule is in `paths`; neurons are found by `units`, described by `modules` and drawn by `columns`.  Beside
the picture a drawing has its text in DOT, for Graphviz.

    python -m tinygrad_edu.figures     writes the lecture's neuron to neuron.svg
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import files, opening, paths, placement
from ..blocks import formula, joined
from ..engine import Value, chain_rule, topological
from ..errors import UserError, one_value
from ..names import Names
from ..picture import FORMS, SCALE, Picture, bundle
from ..plans import Layout
from ..render import RenderError
from ..words import brief, integer, plural
from . import modules, sheet, subgraph
from .canvas import Sheet
from .columns import Chart
from .units import module_of

if TYPE_CHECKING:
    from graphviz import Digraph  # type: ignore[import-untyped]

__all__ = ["Drawing", "RenderError", "draw"]
VIEWS = ("auto", "cards", "modules")
MOST = 40  # cards that a reader can take in; of a network with more, the neurons are drawn
SLOW = 1500  # cards whose layout takes more than a few seconds
WIDE = 840  # pixels: as much as a notebook, or a page on GitHub, shows without making it smaller
HIDDEN = ("value", "grad", "local")
FACTORS = 12  # so many are written in a caption, the others counted
DIRECTIONS = ("LR", "TB", "RL", "BT")


def draw(root: Value, *, view: str = "auto", path: Sequence[Value] | None = None, around: Value | None = None,
         depth: int | None = None, max_nodes: int | None | str = "auto", clusters: bool = True, rankdir: str = "LR",
         width: float | None = WIDE, opened: bool = False, hide: str | Sequence[str] = (),
         layout: Layout | None = None) -> Drawing:  # fmt: skip
    """The graph that `root` was computed from, as it is now, as a Drawing.

    `view="cards"`: a card shows the operation and label, the value and the gradient: blue below zero, orange above.
    An edge shows the local gradient; its width is the gradient that flows through it, and it is dashed where none
    does.  Labels that name modules (`mlp.layers.0.neurons.3.w[1]`) put frames around neurons and layers, unless
    `clusters=False`.  Of a graph with more than `max_nodes` nodes (40; None: no limit), or deeper than `depth`
    operations, the part nearest to the root is drawn, and the Drawing's `note` says so; or that nearest to the node
    `around`, in both directions.  `path=(w, L)` marks the path from w to L with the largest product of local
    gradients and writes it out; `path=[w, ..., L]`, three nodes or more, marks that one.

    `view="modules"`: a circle per neuron, a line per weight, found by the same labels; `max_nodes` counts neurons (of
    each layer the 16 with the largest gradients).

    `view="auto"`: the modules of a graph with more than 40 nodes, if its labels name some and no other option speaks of
    cards, else the cards.  `opened=True` shows the nodes that a replayed one (see `jit`) stands for, as the modules do.

    `rankdir` is LR, TB, RL or BT: left to right, top to bottom, and so on.  A drawing of cards that would be more than
    `width` pixels wide (840, a notebook's cell; None: no limit) goes on below, in rows, where the graph lets it.
    `hide="grad"` leaves the gradients to be filled in with a pencil, "local" the local gradients, "value" what the
    operations compute; several in a list.  What is hidden is nowhere in the file.
    `layout=f` has the cards laid out by a function of yours, in place of `placement.layout`, and not folded: see
    `plans`, which has one that puts all in a row.  What it returns is checked when the picture is made.
    Raises TypeError for what is no Value, ValueError if an option has no meaning, there is no such path, or the labels
    name no modules.
    """
    one_value("draw", root, Value, alive=False)
    for name, option, least in (("max_nodes", max_nodes, 1), ("depth", depth, 0)):
        whole = isinstance(option, int) and not isinstance(option, bool) and option >= least
        if not (whole or option is None or (option == "auto" and name == "max_nodes")):
            raise UserError(f"{name} must be a whole number from {least} upwards, or None for no limit, got {option!r}")
    if width is not None and not (isinstance(width, (int, float)) and width > 0):
        raise UserError(f"width is in pixels, more than 0, or None for no limit, got {width!r}")
    for name, word, allowed in (("rankdir", rankdir, DIRECTIONS), ("view", view, VIEWS)):
        if word not in allowed:
            raise UserError(f"{name} must be one of {', '.join(allowed)}, got {word!r}")
    words = [hide] if isinstance(hide, str) or not isinstance(hide, Iterable) else [*hide]
    if unknown := [repr(word) for word in words if word not in HIDDEN]:
        raise UserError(f"hide takes {', '.join(map(repr, HIDDEN))}, one of them or a list, got {', '.join(unknown)}")
    hidden = frozenset(words)
    if layout is not None and not callable(layout):
        raise TypeError(f"layout= takes a function such as placement.layout, got {layout!r:.80}")
    choices = {"path": path, "around": around, "depth": depth, "layout": layout}
    given = [name for name, option in choices.items() if option is not None]
    if view == "modules" and hidden:
        raise UserError("hide= leaves rows of cards empty, and view='modules' has none: use view='cards'")
    if view == "modules" and given:
        raise UserError(
            f"{given[0]}= chooses cards, and view='modules' has none: use view='cards', or leave {given[0]}= out"
        )
    if path is not None and given[1:2] not in ([], ["layout"]):
        raise UserError(f"path= and {given[1]}= choose different parts of the graph: give one of them")

    order = topological(root)
    of_cards = view == "cards" or given or max_nodes != "auto" or not clusters or hidden
    if view == "modules" or (not of_cards and len(order) > MOST and any(map(module_of, order))):
        try:
            return _modules(root, max_nodes, rankdir)
        except ValueError:  # no label names a neuron
            if view == "modules":
                raise
    if opened:
        root = opening.opened(root)
        order = topological(root)
    limit = MOST if isinstance(max_nodes, str) else max_nodes
    most = len(order) if limit is None else limit
    way, caption = (None, []) if path is None else _path(path, order)
    if hidden and caption:
        caption = [f"{caption[0].partition(' =')[0]} = ?"]
    if around is not None:
        _check_inside("around", around, order)
        shown = subgraph.near_node(around, order, most, depth)
    elif way and most < len(order):
        shown = subgraph.near_path(way.nodes, most)
    else:
        shown = subgraph.near_root(root, most, depth)
    near = "around" if around is not None else "path" if way else "root"
    note = _note(len(shown), len(order), limit, depth, near, any(map(module_of, order)))
    laid = Sheet(
        rankdir,
        math.inf if width is None else width,
        layout or placement.layout,
        caption=[*[(line, True) for line in caption], *[(line, False) for line in note.split("; ") if line]],
    )
    nodes, edges = sheet.fill(laid, root, order, shown, way, around, clusters, hidden)
    return Drawing(laid, nodes, edges, "; ".join([*caption, *([note] if note else [])]))


def _modules(root: Value, max_nodes: int | None | str, rankdir: str) -> Drawing:
    """The neurons.  Raises ValueError if the labels name none."""
    root = opening.opened(root)
    chart = Chart(rankdir)
    limits = (modules.MOST, modules.COLUMN) if isinstance(max_nodes, str) else (max_nodes, None)
    nodes, edges, note = modules.fill(chart, root, topological(root), *limits)
    return Drawing(chart, nodes, edges, note)


def _note(shown: int, of: int, most: int | None, depth: int | None, near: str, modular: bool) -> str:
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
    note += '; view="modules" draws the neurons' if modular else ""
    return note


def _path(nodes: Any, order: Sequence[Value]) -> tuple[paths.Path, list[str]]:
    """The path that an option asks for, and the chain rule along it.  Raises TypeError or ValueError if there is none.

    >>> w = Value(3.0, label="w")
    >>> L = (2 * w) * -w
    >>> L.label = "L"
    >>> _path((w, L), topological(L))[1]
    ['∂L/∂w along this path = 2 · (-3) = -6', '1 of 2 paths; all together -12']
    """
    if not isinstance(nodes, (list, tuple)) or len(nodes) < 2 or not all(isinstance(n, Value) for n in nodes):
        given = nodes if isinstance(nodes, (list, tuple)) else [nodes]
        hint = ": the Values themselves, not their labels" if any(isinstance(n, str) for n in given) else ""
        raise TypeError(
            f"path= takes the two ends of a path, (w, L), or all its nodes, [w, ..., L], got {nodes!r}{hint}"
        )
    first, *_, last = nodes
    _check_inside("the end of path=", last, order)
    names, slopes = Names([*order], nodes), paths.local_slopes(last)

    def name(n: Value) -> str:
        return names[n] if n in names else n.label or repr(n)

    if len(nodes) > 2:
        for k, (p, n) in enumerate(zip(nodes, nodes[1:])):
            if not any(q is p for q in n.parents):
                raise UserError(
                    f"path[{k}] = '{name(p)}' is not an input of path[{k + 1}] = '{name(n)}': list every node "
                    "from the input to the result, or give only the two ends, path=(first, last), "
                    "and the largest path is found"
                )
        way = paths.through(slopes, [*nodes])
    elif first is not last and (found := paths.largest(slopes, first)):
        [way] = found
    else:
        turned = first is not last and any(n is last for n in topological(first))
        raise UserError(
            f"there is no path from '{name(first)}' to '{name(last)}': "
            + ("it leads the other way, so write the ends the other way round" if turned
               else "the second must have been computed from the first")
        )  # fmt: skip
    count, total = paths.count_paths(slopes, first), chain_rule(last, 1.0, slopes.__getitem__)[first]
    what = f"∂{names.term(last)}/∂{names.term(first)}" + " along this path" * (count > 1)
    worth = formula(" = {}" * (1 + (len(way.factors) > 1)), joined(way.factors, "·", FACTORS), way.product)
    return way, [what + worth, *[f"1 of {integer(count)} paths; all together {brief(total)}"] * (count > 1)]


def _check_inside(name: str, node: Any, order: Sequence[Value]) -> None:
    """Raise unless a node is part of the graph."""
    if not isinstance(node, Value):
        hint = ": the Value itself, not its label" if isinstance(node, str) else ""
        raise TypeError(f"{name} must be a Value of the graph, got {type(node).__name__} {node!r}{hint}")
    if not any(n is node for n in order):
        raise UserError(
            f"{name} must be part of the graph that is drawn, but {node!r} is not: {order[-1]!r} "
            "was not computed from it"
        )


class Drawing:
    """A picture of a graph: shows itself in a notebook, saves itself to a file.

    `digraph` is its `graphviz.Digraph`, `source` its DOT text, `nodes` and `edges` how many there are, and
    `note` says what was left out ('' if nothing was).  It keeps what it drew: later changes do not show.
    """

    def __init__(self, content: Sheet | Chart, nodes: int, edges: int, note: str = "") -> None:
        self._content, self.nodes, self.edges, self.note = content, nodes, edges, note

    @cached_property
    def digraph(self) -> Digraph:
        """The drawing in DOT."""
        return self._content.digraph()

    @cached_property
    def picture(self) -> Picture:
        """The drawing, laid out."""
        if self.nodes > SLOW:
            print(f"laying out {self.nodes:,} nodes: this can take a minute", file=sys.stderr)
        return self._content.picture()

    @property
    def source(self) -> str:
        """The DOT text, for Graphviz: the same for the same graph, in every process."""
        return str(self.digraph.source)

    def svg(self) -> str:
        """The picture as an `<svg>` element."""
        return self.picture.svg()

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        return bundle(self.picture, repr(self))

    def save(self, path: str | Path, scale: float = SCALE, background: str | None = None) -> Path:
        """Write the picture, in the form that the name ends in, and return its path; a PNG has `scale` pixels per unit.

        `background` is "white", "transparent" or a colour such as "#1b2430";
        without it an SVG and a PDF are transparent, a PNG white.
        Raises ValueError for an ending other than .svg, .png, .pdf and .dot, and RenderError if no program here can
        make a PNG or PDF.
        """
        path = Path(path)
        form = path.suffix.lower().removeprefix(".")
        if form == "dot":
            return files.write(path, self.source)
        if form not in FORMS:
            raise UserError(f"cannot save a drawing as {path.name!r}: its name must end in .svg, .png, .pdf or .dot")
        return self.picture.save(path, scale, background)

    def show(self) -> Path:
        """Open the picture in a browser; returns the file that it is in."""
        return self.picture.show()

    def __repr__(self) -> str:
        note = f"; {self.note}" if self.note else ""
        return (
            f"<Drawing: {plural(self.nodes, 'node')}, {plural(self.edges, 'edge')}{note}; "
            '.save("graph.svg") writes it, also .png, .pdf, .dot>'
        )
