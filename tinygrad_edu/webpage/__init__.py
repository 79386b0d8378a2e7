"""A computation graph as a page: the forward pass node by node, the backward pass edge by edge, live.

    >>> from tinygrad_edu import Value
    >>> w, x = Value(-0.5, label="w"), Value(2.0, label="x")
    >>> page((w * x).tanh() + w**2)
    <Page: 6 nodes, 12 steps; .save("backward.html") writes it>

One HTML file that needs no server and no network.  This room reads Values and changes nothing: it writes down
the graph, the numbers of one backward pass, each row's formulas, both passes as programs in JavaScript (`programs`),
and where the cards stand (`placement`); what is done with them in the browser is in `page.js`,
and the picture in `graph.js`.

    python -m tinygrad_edu.webpage     writes the page of a small loss to backward.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from .. import chance, files, languages, text
from ..engine import Value, chain_rule, topological
from ..errors import UserError, one_value
from ..figures import WIDE, cards
from ..figures.canvas import Face, Sheet
from ..figures.sheet import frames_around, largest_of, line
from ..figures.units import group, input_labels, module_of
from ..folds import folded
from ..names import labels, numbered, short_labels, variables
from ..ops import Op
from ..picture import Picture, bundle, in_browser
from ..placement import layout
from ..placement import path as svg_path
from ..plans import Plan
from ..words import plural
from .document import framed, one_file, page_path
from .document import text as read
from .programs import RowTable, backward_program, forward_program, unwritten

__all__ = ["Page", "Snapshot", "page", "snapshot"]
HEIGHT, BESIDE = 70, 48  # of a card, and the room between layers
WIDTHS = (
    1500,
    1150,
    900,
    700,
    540,
    400,
)  # of the rows that a graph is folded into; a window takes what is largest in it
FOLDED = 100  # nodes: more of them are never seen as a whole
MOST = 400  # nodes: more of them nobody steps through
LONG = 20  # letters: a longer name stands in its card in smaller letters
TITLE = "Backward, one step at a time"
UNTRUSTED = (
    "The page to step through is shown here when this cell is run, "
    "or the notebook trusted."
)  # where iframes are removed


class PageNode(NamedTuple):
    """What a page says about a node apart from its numbers; `parents` are places in the topological order."""

    op: Op
    parents: tuple[int, ...]
    label: str  # '' if it has none
    name: str  # what it is called in short; '' for a constant, which is its number
    role: str
    frames: tuple[tuple[int, str], ...] = ()  # the modules around it, the outermost first, each with its number


class Snapshot(NamedTuple):
    """A graph at one moment: its shape and the numbers of one backward pass, without the Values.

    `nodes` are in topological order, `values` and `grads` theirs; `slopes` has one local gradient per parent of each.
    """

    nodes: tuple[PageNode, ...]
    values: tuple[float, ...]
    grads: tuple[float, ...]
    slopes: tuple[tuple[float, ...], ...]

    @property
    def loss(self) -> float:
        """The value of the root."""
        return self.values[-1]


def snapshot(root: Value) -> Snapshot:
    """The graph of `root` as it was computed, for a page over several training steps: `page([snapshot(L), ...])`.

    The gradients are those of one backward pass from `root`, whatever `.grad` holds; no `.grad` changes.
    Raises TypeError if `root` is no Value, ValueError if it has more than 400 nodes.

    >>> x = Value(3.0, label="x")
    >>> snapshot(x * x).grads, x.grad
    ((6.0, 1.0), 0.0)
    """
    one_value("page", root, Value, alive=False)
    order = topological(root)
    if len(order) > MOST:
        raise UserError(f"this graph has {len(order):,} nodes, and a page shows at most {MOST}, "
                         "one step for each edge: give it a part, page(node), such as the loss of one sample "
                         "or one neuron's output")  # fmt: skip
    slopes = {n: n.local_grads() if n.parents else () for n in order}
    grads = chain_rule(root, 1.0, slopes.__getitem__)
    values = {n: n.data for n in order}
    for n in reversed(order):  # what the operations saw, though an optimizer may have changed p.data since
        if n.parents:
            values.update(zip((n, *n.parents), n.numbers))
    place, role = {n: i for i, n in enumerate(order)}, cards.roles(root, order)
    labelled, frames = labels(order, variables(order)), {}
    if any(map(module_of, order)):
        groups = group(root, order)
        frames = frames_around(groups, order)
        labelled |= _input_labels(input_labels(groups), labelled)
        role |= dict.fromkeys(input_labels(groups), "input")
    noises = {z: "noise" for n in order if chance.is_choice(n) and (z := chance.noise(n)) is not None}
    labelled |= _input_labels(noises, labelled)
    role |= dict.fromkeys(noises, "input")
    full = numbered(labelled, order)
    names = dict(zip(full, short_labels([*full.values()])))
    number = {frame: (i, frame[1]) for i, frame in enumerate(dict.fromkeys(f for fs in frames.values() for f in fs))}
    return Snapshot(
        tuple([PageNode(n.op, tuple([place[p] for p in n.parents]), labelled.get(n, ""), names.get(n, ""), role[n],
                    tuple([number[f] for f in frames.get(n, ())])) for n in order]),
        tuple([values[n] for n in order]), tuple([grads[n] for n in order]), tuple(slopes.values()),
    )  # fmt: skip


def _input_labels(inputs: dict[Value, str], labelled: dict[Value, str]) -> dict[Value, str]:
    """x0, x1, ... for what a network reads, with the number of the sample after the first: x0⁽²⁾."""
    taken, uses = set(labelled.values()), Counter[str]()
    named = {}
    for n, name in inputs.items():
        if n not in labelled:
            uses[name] += 1
            k = str(uses[name]).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
            label = name if k == "¹" else f"{name}⁽{k}⁾"
            if label not in taken:
                named[n] = label
    return named


def page(
    graph: Value | Snapshot | Sequence[Value | Snapshot], path: str | Path | None = None, *, title: str | None = None
) -> Page:
    """The graph of a Value as a page of its own, saved if there is a `path`; or of several moments of its training.

    Several are Values or `snapshot`s of graphs of one shape, such as the loss at each step; the page then has a
    second slider.  Raises TypeError for what is neither, ValueError if a graph has more than 400 nodes, if the
    graphs differ in shape, or if `path` does not end in .html.
    """
    several: Sequence[Any] = [graph] if isinstance(graph, Snapshot) or not isinstance(graph, (list, tuple)) else graph
    frames = [g if isinstance(g, Snapshot) else snapshot(g) for g in several]
    if not frames:
        raise UserError("there is nothing to show in an empty list: collect snapshot(loss) at each training step")
    for k, frame in enumerate(frames):
        if why := _different(frames[0], frame):
            raise UserError(f"all graphs of one page must have the same shape, and number {k} differs from the first: "
                             f"{why}; take a snapshot of the same computation each time")  # fmt: skip
    done = Page(frames, TITLE if title is None else title)
    if path is not None:
        done.save(path)
    return done


class Page:
    """A page: `.html` is its text; it saves itself to a file and shows itself in a notebook."""

    def __init__(self, frames: Sequence[Snapshot], title: str) -> None:
        nodes = frames[0].nodes
        self.nodes = len(nodes)
        self.steps = (
            sum(bool(n.parents) + len(n.parents) for n in nodes) + 2
        )  # the seed and the end; the start is step 0
        self.title = title
        rows, inside = RowTable(), forward_program(nodes)
        why = unwritten(inside)
        data = {"title": title, "live": why, "frames": [_numbers(f) for f in frames], **_drawn(nodes),
                "forward": None if why else rows(inside), "backward": rows(backward_program(nodes))}  # fmt: skip
        self._saved: Path | None
        self._first, self._saved = frames[0], None  # and where it was written
        self.html = one_file(title, read("page.html"), read("page.css"), read("graph.js", "page.js"), data, str(rows))

    def save(self, path: str | Path) -> Path:
        """Write the page and return its path.  Raises ValueError for a name that does not end in .html."""
        self._saved = files.write(page_path(path), self.html)
        return self._saved

    def show(self) -> Path:
        """Open the page in a browser; returns the file that it is in."""
        return in_browser(self.save, "backward.html")

    @cached_property
    def picture(self) -> Picture:
        """The graph at its end as a drawing, for where no page can be."""
        return _still(self._first).picture()

    def _repr_html_(self) -> str:
        return self._repr_mimebundle_()[0]["text/html"]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        """The page in a frame, and in that its picture: of a notebook that is not trusted yet,
        JupyterLab shows what frames hold.
        """
        data, about = bundle(self.picture, repr(self)) if self.nodes <= FOLDED else ({"text/plain": repr(self)}, {})
        data.pop("image/svg+xml", None)
        still = UNTRUSTED + data.get("text/html", "")
        data["text/html"] = framed(self.html, self.title, still)
        return data, about

    def __repr__(self) -> str:
        where = f"written to {self._saved}" if self._saved else '.save("backward.html") writes it'
        return f"<Page: {plural(self.nodes, 'node')}, {plural(self.steps, 'step')}; {where}>"


def _still(frame: Snapshot) -> Sheet:
    """One moment as a drawing of cards."""
    nodes, sheet = frame.nodes, Sheet("LR", WIDE)
    largest = largest_of(frame.grads)
    flows = [[d * g for d in slopes] for slopes, g in zip(frame.slopes, frame.grads)]
    widest = largest_of(flow for several in flows for flow in several)
    for i, (n, value, grad) in enumerate(zip(nodes, frame.values, frame.grads)):
        sheet.faces[f"n{i}"] = Face(
            _title(n), cards.symbol(n.op), value, grad, n.role, cards.tint(grad, largest), "", n.name, n.frames
        )
        for k, (p, d, flow) in enumerate(zip(n.parents, frame.slopes[i], flows[i])):
            sheet.lines.append(line(f"n{p}", f"n{i}", f"e{i}-{k}", d, flow, widest, "", ""))
    return sheet


def _different(first: Snapshot, other: Snapshot) -> str:
    """Where two graphs part; '' if they have the same shape."""
    if len(first.nodes) != len(other.nodes):
        return f"it has {len(other.nodes)} nodes and not {len(first.nodes)}"
    for i, (a, b) in enumerate(zip(first.nodes, other.nodes)):
        if (a.op.name, a.parents) != (b.op.name, b.parents):
            return (
                f"its node {i} {b.label!r} is {b.op.name} of {list(b.parents)} and not {a.op.name} of {list(a.parents)}"
            )
    return ""


def _numbers(frame: Snapshot) -> dict[str, Any]:
    """Values by node, local gradients by edge; an edge's place is its place in the backward pass."""
    return {"v": frame.values, "d": [d for ds in reversed(frame.slopes) for d in ds]}


def _drawn(nodes: tuple[PageNode, ...]) -> dict[str, Any]:
    """Everything about the graph that is no number of this moment: words, formulas, places."""
    shape = [n.parents for n in nodes]
    titles = list(map(_title, nodes))
    longest = max(len(f"{name} {cards.symbol(n.op)}") for n, name in zip(nodes, titles))
    width = round(min(max(136, 20 + (9 if longest < LONG else 7) * longest), 210))
    sizes = [(float(width), float(HEIGHT))] * len(nodes)
    plan = layout(shape, sizes, [n.frames for n in nodes], beside=BESIDE)
    widths = WIDTHS if len(nodes) <= FOLDED else ()
    plans = [plan, *[folded(plan, shape, sizes, wide) for wide in widths]]
    plans = [p for i, p in enumerate(plans) if all(p.size != other.size for other in plans[:i])]
    drawn, edges = [], []
    for i, n in enumerate(nodes):
        formula, slopes = _formulas(n, i)
        edges.append([[p, i, d] for p, d in zip(n.parents, slopes)])
        drawn.append({"name": n.name, "title": titles[i], "labelled": bool(n.label), "long": len(titles[i]) >= LONG,
                      "op": cards.symbol(n.op), "role": n.role, "parents": n.parents,
                      "formula": formula})  # fmt: skip
    boxes: dict[Any, Any] = plan.boxes
    around = [cards.heading(*[title for _, title in frame[:-3:-1]]) for frame in boxes]
    return {"width": width, "height": HEIGHT, "plans": [_placed(p) for p in plans], "nodes": drawn,
            "edges": [e for es in reversed(edges) for e in es], "around": around,
            "whole": _whole(nodes)}  # fmt: skip


def _placed(plan: Plan) -> dict[str, Any]:
    """One way to lay the graph out: the middle of each node, the way of each edge, the frames."""
    ways = [[svg_path(route) for route in routes] for routes in plan.routes]
    return {
        "size": plan.size,
        "spots": plan.spots,
        "ways": [d for ds in reversed(ways) for d in ds],
        "frames": [*plan.boxes.values()],
    }


def _title(n: PageNode) -> str:
    """What stands in a card: in the frame of its module a parameter need not repeat that."""
    inside = sum(n.label.startswith(title + ".") for _, title in n.frames)
    return ".".join(n.name.split(".")[inside:]) if inside and n.name != n.label else n.name


def _token(i: int) -> str:
    """Node i in a formula: the page puts its name there, or its number."""
    return f"\ue000{i}\ue001"


def _written(e: Any) -> str:
    """A formula in the page's letters."""
    return text.write(e).replace(" * ", " · ").replace("-", "−")


def _formulas(n: PageNode, place: int) -> tuple[str, list[str]]:
    """What a node computes, and its local gradients as textbooks write them; blank where a row has no words."""
    inputs = [_token(p) for p in n.parents]
    try:
        whole = _written(languages.inline(n.op(*map(text.name, inputs)))) if inputs else ""
        return whole, [_written(d) for d in text.local_gradients(n.op, _token(place), *inputs)]
    except (TypeError, AttributeError, ValueError):  # a row of somebody's own, whose rule cannot be filled with names
        return f"{n.op.name}({', '.join(inputs)})" if inputs else "", [""] * len(inputs)


def _whole(nodes: tuple[PageNode, ...]) -> str:
    """The root as one formula of what has a label, if that fits on a line or two."""
    uses = Counter(p for n in nodes for p in n.parents)
    made: list[Any] = []
    for i, n in enumerate(nodes):
        named = not n.parents or (i < len(nodes) - 1 and (n.label or uses[i] > 1))
        try:
            made.append(text.name(_token(i)) if named else text.Expr(n.op, tuple([made[p] for p in n.parents])))
            size = len(re.sub(r"\ue000(\d+)\ue001", lambda m: nodes[int(m[1])].name or "0.1", _written(made[-1])))
        except (TypeError, AttributeError, ValueError):
            return ""
        if size > 160:
            return ""
    return _written(made[-1]) if nodes[-1].parents else ""
