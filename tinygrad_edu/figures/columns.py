"""Neurons as a picture: a column per level, circles and boxes one below the other, straight lines between."""

from __future__ import annotations

import html
import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..picture import Picture, width_of
from . import cards, dot

if TYPE_CHECKING:
    from graphviz import Digraph  # type: ignore[import-untyped]

RADIUS, BOX, GAP, BESIDE, MARGIN, LINE = 19.0, 28.0, 10.0, 150.0, 12, 16


@dataclass
class Chart:
    """A drawing in Graphviz's words, with the level that each node stands in."""

    direction: str
    nodes: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    caption: list[tuple[str, bool]] = field(default_factory=list)

    def node(self, name: str, level: int, **look: str) -> None:
        self.nodes[name] = level, look

    def edge(self, tail: str, head: str, **look: str) -> None:
        self.edges.append((tail, head, look))

    def digraph(self) -> Digraph:
        """The chart in DOT."""
        return dot.of_modules(self)

    def picture(self) -> Picture:
        """The chart, laid out."""
        columns: dict[int, list[str]] = defaultdict(list)
        for name, (level, _) in self.nodes.items():
            columns[level].append(name)
        upright = self.direction in ("TB", "BT")
        size = {name: _size(look) for name, (_, look) in self.nodes.items()}
        along, across = (1, 0) if upright else (0, 1)
        deep = [max(size[n][along] for n in names) for _, names in sorted(columns.items())]
        long = sum(deep) + BESIDE * (len(deep) - 1)
        wide = max(sum(size[n][across] + GAP for n in names) - GAP for names in columns.values())
        spots: dict[str, tuple[float, float]] = {}
        start = 0.0
        for (_, names), depth in zip(sorted(columns.items()), deep):
            down = (wide - sum(size[n][across] + GAP for n in names) + GAP) / 2
            for n in names:
                spots[n] = start + depth / 2, down + size[n][across] / 2
                down += size[n][across] + GAP
            start += depth + BESIDE
        words = max((width_of(text, 12) for text, _ in self.caption), default=0.0)
        width = max(wide if upright else long, words) + 2 * MARGIN
        height = (long if upright else wide) + 2 * MARGIN
        picture = Picture(width, height + LINE * len(self.caption) + 8, "neurons", card=False)
        left = (width - (wide if upright else long)) / 2
        for n, (a, b) in spots.items():
            a = long - a if self.direction in ("RL", "BT") else a
            spots[n] = (left + b, MARGIN + a) if upright else (left + a, MARGIN + b)
        for tail, head, look in self.edges:
            self._line(picture, look, spots[tail], spots[head], size[tail], size[head])
        for n, (_, look) in self.nodes.items():
            _shape(picture, n, look, spots[n], size[n])
        for i, (text, _) in enumerate(self.caption):
            picture.text(width / 2, height + LINE * (i + 1) - 4, text, 12, cards.PALE_INK, "middle")
        return picture

    def _line(self, picture: Picture, look: dict[str, str], a: tuple[float, float], b: tuple[float, float],
              at: tuple[float, float], to: tuple[float, float]) -> None:  # fmt: skip
        """A straight line from the side of one shape to the side of another."""
        upright = self.direction in ("TB", "BT")
        (x, y), (u, v) = _side(a, b, at, upright), _side(b, a, to, upright)
        dash = "2 4" if look.get("style") == "dotted" else None
        picture.begin(html.unescape(look.get("tooltip", "")), id=look.get("id"), class_=look.get("class"))
        thick = float(look.get("penwidth", 1))
        picture.add(
            "path",
            d=f"M{x:.1f},{y:.1f}L{u:.1f},{v:.1f}",
            fill="none",
            stroke=look["color"],
            stroke_width=thick,
            stroke_dasharray=dash,
        )
        if look.get("arrowhead") != "none":
            far = max(((u - x) ** 2 + (v - y) ** 2) ** 0.5, 1e-9)
            ax, ay = (u - x) / far, (v - y) / far
            picture.add("path", d=f"M{u:.1f},{v:.1f}L{u - 7 * ax - 3 * ay:.1f},{v - 7 * ay + 3 * ax:.1f}"
                        f"L{u - 7 * ax + 3 * ay:.1f},{v - 7 * ay - 3 * ax:.1f}z", fill=look["color"])  # fmt: skip
        picture.end()


def _lines(look: dict[str, str]) -> list[str]:
    return html.unescape(look.get("label", "")).split("\\n")


def _size(look: dict[str, str]) -> tuple[float, float]:
    if look["shape"] == "circle":
        return 2 * RADIUS, 2 * RADIUS
    lines = _lines(look)
    return max(40.0, *(width_of(text, 12) + 18 for text in lines)), BOX + 15 * (len(lines) - 1)


def _side(
    a: tuple[float, float], b: tuple[float, float], size: tuple[float, float], upright: bool
) -> tuple[float, float]:
    """Where a line from the middle `a` of a shape to `b` leaves it."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    if size == (2 * RADIUS, 2 * RADIUS):
        share = RADIUS / max((dx * dx + dy * dy) ** 0.5, 1e-9)
    elif upright:
        return a[0], a[1] + math.copysign(size[1] / 2, dy)
    else:
        return a[0] + math.copysign(size[0] / 2, dx), a[1]
    return a[0] + dx * share, a[1] + dy * share


def _shape(
    picture: Picture, name: str, look: dict[str, str], at: tuple[float, float], size: tuple[float, float]
) -> None:
    """A circle or a box, with its words."""
    (x, y), (w, h) = at, size
    fill, dash = look.get("fillcolor", "none"), "4 3" if "dashed" in look.get("style", "") else None
    drawn: dict[str, Any] = {
        "fill": "none" if fill == "transparent" else fill,
        "stroke": look["color"],
        "stroke_width": float(look.get("penwidth", 1)),
        "stroke_dasharray": dash,
    }
    picture.begin(html.unescape(look.get("tooltip", "")), id=name, class_=look.get("class"))
    if look["shape"] == "circle":
        picture.add("circle", cx=x, cy=y, r=RADIUS, **drawn)
    else:
        picture.add("rect", x=x - w / 2, y=y - h / 2, width=w, height=h, rx=5, **drawn)
    lines = _lines(look)
    for i, text in enumerate(lines):
        picture.text(x, y + 4 + 15 * (i - (len(lines) - 1) / 2), text, 12, look.get("fontcolor", cards.INK), "middle")
    picture.end()
