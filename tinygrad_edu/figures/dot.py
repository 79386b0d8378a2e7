"""A drawing as text in DOT, for Graphviz: written out of what the picture shows, when somebody asks for it.

DOT is UTF-8, and reads 🙂 wrongly when written as &#128578;.  It would read the \\L of \\Lambda as "the label": a
backslash is written as ∖, its double.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

from ..words import brief
from . import cards

if TYPE_CHECKING:
    from graphviz import Digraph  # type: ignore[import-untyped]

    from .canvas import Arrow, Face, Sheet
    from .columns import Chart

FONT = {"fontname": "Helvetica", "fontcolor": cards.PALE_INK}
GRAPH = {"bgcolor": "transparent", "pad": "0.2", "nodesep": "0.24", "ranksep": "0.62", "fontsize": "12", **FONT,
         "ordering": "in"}  # the first input above the second: a - b is not b - a  # fmt: skip
NODE = {"shape": "plain", "fontsize": "12", **FONT}
EDGE = {"arrowsize": "0.5", "color": cards.EDGE, "fontsize": "10", **FONT}
CHART = {"splines": "line", "outputorder": "edgesfirst", "nodesep": "0.1", "ranksep": "1.5", "ordering": "out"}
CLUSTER = {"style": "rounded", "color": cards.FRAME, "fontsize": "10", "fontcolor": cards.PALE_INK, "margin": "8",
           "labeljust": "l", "labelloc": "t"}  # fmt: skip
STYLES = {"": "{}", "italic": "<I>{}</I>", "bold": "<B>{}</B>",
          "lowered": '<I><SUB><FONT POINT-SIZE="9">{}</FONT></SUB></I>'}  # fmt: skip
FADED_PAPER, FADED_INK = "#f7f8f94d", "#7d889580"


def html_lines(text: str) -> str:
    """Lines of a tooltip or of a box."""
    return html.escape(text.replace("\\", "∖")).replace("\n", "&#10;")


def of_cards(sheet: Sheet) -> Digraph:
    """A sheet of cards."""
    dot, note = _begun(sheet.direction, sheet.caption), "; ".join(text for text, main in sheet.caption if not main)
    for key, face in sheet.faces.items():
        width, colour = cards.FRAMES[face.look]
        form = {"shape": "ellipse", "penwidth": f"{width}", "color": colour, "margin": "0.02"} if face.form else {}
        label = f"noise {brief(face.value or 0.0)}" if face.form == "noise" else card(face)
        dot.node(key, label, id=key, tooltip=html_lines(face.tip), **{"class": f"value {face.role}"}, **form)
    _frames(dot, sheet)
    for key, (text, colour) in sheet.boxes.items():
        dot.node(key, text, shape="box", style="dashed", color=colour, id=key, tooltip=note)
    for line in sheet.lines:
        dot.edge(line.tail, line.head, **edge(line))
    return dot


def of_modules(chart: Chart) -> Digraph:
    """A chart of neurons, those of one level below each other."""
    dot = _begun(chart.direction, chart.caption, fontsize="11", **CHART)
    levels: dict[int, list[str]] = {}
    for key, (level, look) in chart.nodes.items():
        dot.node(key, id=key, **look)
        if look.get("class") not in ("inner", "out"):
            levels.setdefault(level, []).append(key)
    for level, keys in sorted(levels.items()):
        with dot.subgraph(name=f"level{level}") as same:
            same.attr(rank="same")
            for key in keys:
                same.node(key)
    for tail, head, look in chart.edges:
        dot.edge(tail, head, **look)
    return dot


def _begun(direction: str, caption: Sequence[tuple[str, bool]], **more: str) -> Digraph:
    from graphviz import Digraph  # here, because it takes longer to import than everything of ours together

    about = {"label": "\\n" + "\\n".join([html_lines(text) for text, _ in caption]), "labelloc": "b"} if caption else {}
    if any(main for _, main in caption):
        about |= {"fontsize": "15", "fontcolor": cards.PATH}
    graph = {"rankdir": direction, **GRAPH, **more, **about}
    return Digraph("computation graph", graph_attr=graph, node_attr=NODE, edge_attr=EDGE)


def card(face: Face) -> str:
    """A card as an HTML-like table: header, value, gradient."""
    paper, ink = cards.ROLES[face.role]
    value, inks = cards.ALARM if face.alarming() else "#ffffff", (cards.PALE_INK, cards.INK, cards.INK)
    grad, (pale, dark, digits) = face.tint, inks
    if face.look == "faded":
        paper, ink, grad, pale, dark, digits = FADED_PAPER, FADED_INK, FADED_PAPER, *(FADED_INK,) * 3
    # Graphviz 2.43 loses the spaces at the ends of a piece of text, so these do not break
    runs = [STYLES[style].format(html.escape(text).replace("\u00a0", "&#160;"))
            for text, style in cards.title(face.name, face.op)]  # fmt: skip
    top = (f'<TR><TD COLSPAN="2" BGCOLOR="{paper}"><FONT COLOR="{ink}" POINT-SIZE="13">{"".join(runs)}</FONT>'
           "</TD></TR>") * bool(runs)  # fmt: skip
    if not runs and not face.alarming():
        value = paper
    width, frame = cards.FRAMES[face.look]
    return (f'<<TABLE BORDER="{0 if face.form else width}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" '
            f'COLOR="{frame}" BGCOLOR="#ffffff">{top}{_row("value", face.value, value, pale, digits)}'
            f'{_row("grad", face.grad, grad, dark if face.grad else pale, digits)}</TABLE>>')  # fmt: skip


def _row(word: str, x: float | None, paper: str, ink: str, digits: str) -> str:
    """One row of a card: a small word on the left, a number on the right."""
    digits = digits if x is None or math.isfinite(x) else cards.ALARM_INK
    return (f'<TR><TD COLSPAN="2" BGCOLOR="{paper}" CELLPADDING="1"><TABLE BORDER="0" CELLBORDER="0" '
            'CELLSPACING="0" CELLPADDING="3"><TR><TD ALIGN="LEFT" WIDTH="30"><FONT POINT-SIZE="9" '
            f'COLOR="{ink}">{word}</FONT></TD><TD ALIGN="RIGHT" WIDTH="46"><FONT '
            f'COLOR="{digits}">{"____" if x is None else brief(x)}</FONT></TD></TR></TABLE></TD></TR>')  # fmt: skip


def edge(line: Arrow) -> dict[str, str]:
    """The attributes of an edge that are not those of every edge."""
    look = {"id": line.id, "color": line.colour, "tooltip": html_lines(line.tip)}
    if line.said:
        said = f"  {line.said}  "
        bold = f'<  <B><FONT POINT-SIZE="13">{line.said}</FONT></B>  >' if line.colour == cards.PATH else said
        look |= {"label": bold, "fontcolor": line.ink, "penwidth": f"{line.width:.2f}", "labeltooltip": look["tooltip"]}
    if line.dash:
        look["style"] = "dashed" if line.tipped else "dotted"
    if not line.tipped:
        look |= {"arrowhead": "none", "penwidth": f"{line.width:.2f}"}
    return {k: v for k, v in look.items() if v and EDGE.get(k) != v}


def _frames(dot: Digraph, sheet: Sheet) -> None:
    """Each frame as a cluster, the neurons' inside the layers'."""
    tree: dict[tuple[int, str], dict[tuple[int, str], list[str]]] = {}
    for key, face in sheet.faces.items():
        if face.frames:
            tree.setdefault(face.frames[0], {}).setdefault(face.frames[-1], []).append(key)
    numbers = count()
    for outer, inside in tree.items():
        with dot.subgraph(name=f"cluster{next(numbers)}") as frame:
            frame.attr(label=outer[1], **CLUSTER)
            for inner, keys in inside.items():
                if inner == outer:
                    for key in keys:
                        frame.node(key)
                    continue
                with frame.subgraph(name=f"cluster{next(numbers)}") as small:
                    small.attr(label=inner[1].removeprefix(outer[1] + "."), **CLUSTER)
                    for key in keys:
                        small.node(key)
