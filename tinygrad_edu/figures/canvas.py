"""Drawings as pictures: cards and neurons where the layout puts them, lines between, frames around, words below.

A `Sheet` says what is to be seen, without the Values, so that a drawing keeps what it drew.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..folds import folded
from ..picture import Picture, width_of
from ..placement import BESIDE, layout, path
from ..plans import Layout, Point, checked_plan
from ..words import brief, ends
from . import cards, dot
from .captions import Captions, length

if TYPE_CHECKING:
    from graphviz import Digraph  # type: ignore[import-untyped]

HEIGHT, HEAD, ROW = 65, 24, 20
ROUND, WIDER, SMALL = 88, 28, 22  # of a random choice: its height, and how much wider than a card; and of its noise
MARGIN, LINE = 10, 17
WIDEST = 96.0  # room for numbers between layers, at most
PLAIN, BOLD = (11.0, False), (12.5, True)  # size of an edge's number, and of one on the path


@dataclass(frozen=True)
class Face:
    """What a card shows."""

    name: str
    op: str
    value: float | None  # None is to be filled in with a pencil
    grad: float | None
    role: str
    tint: str
    look: str
    tip: str
    frames: tuple[tuple[int, str], ...] = ()
    form: str = ""  # "round" for a random choice, "noise" for what it was made from

    def alarming(self) -> bool:
        """Whether its value is inf or nan, and seen."""
        return self.value is not None and not math.isfinite(self.value)


@dataclass(frozen=True)
class Arrow:
    """An edge from one card to another; a dotted one to what is not shown has no number."""

    tail: str
    head: str
    said: str = ""
    width: float = 1.0
    colour: str = cards.EDGE
    ink: str = cards.PALE_INK
    dash: str | None = None
    tip: str = ""
    id: str = ""
    tipped: bool = True

    @property
    def font(self) -> tuple[float, bool]:
        """The size of its number, and whether that is bold."""
        return BOLD if self.colour == cards.PATH else PLAIN


@dataclass
class Sheet:
    """All that a drawing of cards shows, in rows at most `wide` if our own layout lays it out;
    `boxes` say how many more there are, and in which colour.
    """

    direction: str
    wide: float
    layout: Layout = layout
    faces: dict[str, Face] = field(default_factory=dict)
    boxes: dict[str, tuple[str, str]] = field(default_factory=dict)
    lines: list[Arrow] = field(default_factory=list)
    caption: list[tuple[str, bool]] = field(default_factory=list)  # lines of text, and whether they are the point of it

    def digraph(self) -> Digraph:
        """The sheet in DOT."""
        return dot.of_cards(self)

    def picture(self) -> Picture:
        """The sheet, laid out."""
        keys = _in_order([*self.faces, *self.boxes], self.lines)
        place = {k: i for i, k in enumerate(keys)}
        into: dict[str, list[Arrow]] = defaultdict(list)
        for line in self.lines:
            into[line.head].append(line)
        names = [width_of(ends(f"{f.name}{f.op}", cards.LONGEST), 13) + 34 for f in self.faces.values()]
        numbers = [
            width_of("-0.0000" if x is None else brief(x), 12.5) + 45
            for f in self.faces.values()
            for x in (f.value, f.grad)
        ]
        wide = min(max([104.0, *names, *numbers]), 230.0)
        sizes = [self.size(k, wide) for k in keys]
        frames = [self.faces[k].frames if k in self.faces else () for k in keys]
        parents = [[place[line.tail] for line in into[k]] for k in keys]
        choices = [k for k, f in self.faces.items() if f.form == "round"]
        font = PLAIN if all(line.font == PLAIN for line in self.lines) else BOLD  # whichever path: the cards stay
        rooms = {id(line): length(line.said, *font) + 12 for line in self.lines}
        said = max(rooms.values(), default=0.0)
        room = max([BESIDE, min(said, WIDEST), *[rooms[id(line)] for k in choices for line in into[k]]])
        plan = self.layout(parents, sizes, frames, self.direction, room)
        if self.layout is layout:
            plan = folded(plan, parents, sizes, self.wide, self.direction, said)
        else:
            plan = checked_plan(plan, parents, sizes)
        words = max((width_of(text, 15 if main else 12) for text, main in self.caption), default=0.0)
        width = max(plan.size[0], words) + 2 * MARGIN
        left = (width - plan.size[0]) / 2
        picture = Picture(
            width,
            plan.size[1] + 2 * MARGIN + LINE * len(self.caption) + 8 * bool(self.caption),
            "computation graph",
            card=False,
        )

        def shift(p: Point) -> Point:
            return p[0] + left, p[1] + MARGIN

        frame: Any
        for frame, (x, y, w, h) in plan.boxes.items():
            (x, y) = shift((x, y))
            picture.add(
                "rect",
                x=x,
                y=y,
                width=w,
                height=h,
                rx=9,
                fill=cards.EDGE,
                fill_opacity=0.06,
                stroke=cards.FRAME,
            )
            outer = frame[-2][1] if len(frame) > 1 else ""
            picture.text(x + 10, y + 17, cards.heading(frame[-1][1], outer), 11, cards.PALE_INK)
        fans = Counter(line.tail for line in self.lines)
        drawn = [(line, [shift(p) for p in way]) for k in keys for line, way in zip(into[k], plan.routes[place[k]])]
        corners = [(*shift((x - w / 2, y - h / 2)), *shift((x + w / 2, y + h / 2)))
                   for (x, y), (w, h) in zip(plan.spots, sizes)]  # fmt: skip
        captions = Captions(corners, [way for _, way in drawn])
        for line, way in drawn:
            share = 0.12 if len(into[line.head]) > 5 else 0.5 if fans[line.tail] > 1 else 0.35
            self.draw_line(picture, line, way, share, captions)
        for k, (w, h), spot in zip(keys, sizes, plan.spots):
            x, y = shift(spot)
            if f := self.faces.get(k):
                draw = {"": draw_card, "round": draw_choice, "noise": draw_noise}[f.form]
                picture.begin(f.tip, id=k, class_=f"value {f.role}", opacity=cards.FADED if f.look == "faded" else None)
                draw(picture, f, x - w / 2, y - h / 2, w)
            else:
                text, colour = self.boxes[k]
                picture.begin(id=k)
                look = {"fill": "none", "stroke": colour, "stroke_dasharray": "4 3"}
                picture.add("rect", x=x - w / 2, y=y - h / 2, width=w, height=h, rx=6, **look)
                picture.text(x, y + 4, text, 12, cards.PALE_INK, "middle")
            picture.end()
        for i, (text, main) in enumerate(self.caption):
            y = plan.size[1] + MARGIN + LINE * (i + 1) + 8
            picture.text(width / 2, y, text, 15 if main else 12, cards.PATH if main else cards.PALE_INK, "middle")
        return picture

    def size(self, key: str, wide: float) -> Point:
        """How large a card is, all of them as wide, or a box."""
        if key in self.boxes:
            return max(90.0, width_of(self.boxes[key][0], 12) + 24), 36.0
        face = self.faces[key]
        if face.form:
            return (wide + WIDER, ROUND) if face.form == "round" else (width_of(said(face), 11) + 20, SMALL)
        return wide, HEIGHT if face.name or face.op else HEIGHT - HEAD

    def draw_line(self, picture: Picture, line: Arrow, route: Sequence[Point], share: float,
                  captions: Captions) -> None:  # fmt: skip
        """An edge: its curve, the tip of its arrow, and its local gradient beside the curve."""
        (x, y), (bx, by) = route[-1], next((p for p in route[-2::-1] if p != route[-1]), route[0])
        reach = max(abs(x - bx) + abs(y - by), 1e-9)
        ax, ay = (x - bx) / reach, (y - by) / reach  # routes end level or upright
        size = 6 + line.width
        picture.begin(line.tip, id=line.id or None, class_="edge")
        short = [*route[:-1], (x - ax * size * 0.8, y - ay * size * 0.8)] if line.tipped else route
        picture.add(
            "path", d=path(short), fill="none", stroke=line.colour, stroke_width=line.width, stroke_dasharray=line.dash
        )
        if line.tipped:
            half = 0.42 * size
            tip = [
                (x, y),
                (x - ax * size - ay * half, y - ay * size + ax * half),
                (x - ax * size + ay * half, y - ay * size - ax * half),
            ]
            picture.add("path", d="M" + "L".join(f"{u:.1f},{v:.1f}" for u, v in tip) + "z", fill=line.colour)
        if line.said:
            size, bold = line.font
            x, y = captions.place(line.said, size, route, share, bold)
            picture.text(x, y, line.said, size, line.ink, bold=bold)
        picture.end()


def draw_card(picture: Picture, f: Face, x: float, y: float, w: float) -> None:
    """A card: what the node is, its value, its gradient on its tint."""
    paper, ink = cards.ROLES[f.role]
    width, border = cards.FRAMES[f.look]
    head = HEAD if f.name or f.op else 0
    h, r = head + 2 * ROW + 1, 6
    picture.add("rect", x=x, y=y, width=w, height=h, rx=r, fill="#ffffff" if head else paper)
    if head:
        picture.add("path", d=f"M{x:g},{y + HEAD:g}L{x:g},{y + r:g}C{x:g},{y + 2:g} {x + 2:g},{y:g} "
                    f"{x + r:g},{y:g}L{x + w - r:g},{y:g}C{x + w - 2:g},{y:g} {x + w:g},{y + 2:g} "
                    f"{x + w:g},{y + r:g}L{x + w:g},{y + HEAD:g}z",
                    fill=paper)  # fmt: skip
        picture.runs(x + w / 2, y + 16.5, cards.title(f.name, f.op), 13, ink, "middle")
    if f.alarming():
        picture.add("rect", x=x + 1, y=y + head, width=w - 2, height=ROW, fill=cards.ALARM)
    top, end = y + head + ROW, y + h
    picture.add("path", d=f"M{x:g},{top:g}L{x + w:g},{top:g}L{x + w:g},{end - r:g}C{x + w:g},{end - 2:g} "
                f"{x + w - 2:g},{end:g} {x + w - r:g},{end:g}L{x + r:g},{end:g}C{x + 2:g},{end:g} "
                f"{x:g},{end - 2:g} {x:g},{end - r:g}z",
                fill=f.tint)  # fmt: skip
    picture.add("rect", x=x, y=y, width=w, height=h, rx=r, fill="none", stroke=border, stroke_width=width)
    numbers(picture, f, (x + 8, x + w - 8), y + head + 14.5)


def said(f: Face) -> str:
    """What stands in the place of a card on a number that a random choice was made from."""
    return f"noise {brief(f.value or 0.0)}"


def draw_noise(picture: Picture, f: Face, x: float, y: float, w: float) -> None:
    """The number that a random choice was made from: small, for it has no parents and wants no gradient."""
    picture.add("rect", x=x, y=y, width=w, height=SMALL, rx=SMALL / 2, fill="#ffffff", stroke=cards.BORDER)
    picture.text(x + w / 2, y + 15, said(f), 11, cards.PALE_INK, "middle")


def draw_choice(picture: Picture, f: Face, x: float, y: float, w: float) -> None:
    """A random choice: an ellipse with the same three rows as a card."""
    paper, ink = cards.ROLES[f.role]
    width, border = cards.FRAMES[f.look]
    middle, up, down, half = (x + w / 2, y + ROUND / 2), -11.0, 10.0, (w - WIDER) / 2 - 12
    picture.add("path", d=oval(middle, w, ROUND), fill=cards.ALARM if f.alarming() else "#ffffff")
    picture.add("path", d=oval(middle, w, ROUND, below=down), fill=f.tint)
    picture.add("path", d=oval(middle, w, ROUND, above=up), fill=paper)
    picture.add("path", d=oval(middle, w, ROUND), fill="none", stroke=border, stroke_width=width)
    picture.runs(middle[0], middle[1] - 18, cards.title(f.name, f.op), 13, ink, "middle")
    numbers(picture, f, (middle[0] - half, middle[0] + half), middle[1] + 4.5)


def numbers(picture: Picture, f: Face, ends: tuple[float, float], base: float) -> None:
    """The value and the gradient below each other, their words on the left, their digits on the right."""
    for word, x, ink in (("value", f.value, cards.PALE_INK), ("grad", f.grad, cards.INK if f.grad else cards.PALE_INK)):
        picture.text(ends[0], base, word, 10.5, ink)
        if x is None:
            picture.line([(ends[0] + 34, base + 2), (ends[1], base + 2)], cards.BORDER)
        else:
            picture.text(ends[1], base, brief(x), 12.5, cards.INK if math.isfinite(x) else cards.ALARM_INK, "end")
        base += ROW


def oval(middle: Point, width: float, height: float, above: float | None = None, below: float | None = None) -> str:
    """An ellipse, or what of it lies above or below a level line at a distance from its middle, as four curves."""
    a, b = width / 2, height / 2
    if above is None and below is None:
        first, last = 0.0, 2 * math.pi
    elif below is not None:
        first = math.asin(below / b)
        last = math.pi - first
    else:
        last = 2 * math.pi + math.asin((above or 0.0) / b)
        first = 3 * math.pi - last
    step = (last - first) / 4
    k = 4 / 3 * math.tan(step / 4)

    def at(t: float, side: float = 0.0) -> str:
        u, v = math.cos(t) - side * math.sin(t), math.sin(t) + side * math.cos(t)
        return f"{middle[0] + a * u:.1f},{middle[1] + b * v:.1f}"

    curves = [(first + i * step, first + (i + 1) * step) for i in range(4)]
    return f"M{at(first)}" + "".join(f"C{at(s, k)} {at(t, -k)} {at(t)}" for s, t in curves) + "z"


def _in_order(keys: Sequence[str], lines: Sequence[Arrow]) -> list[str]:
    """The keys so that every tail comes before its head: cards come so, boxes are put in."""
    into: dict[str, dict[str, None]] = {k: {} for k in keys}
    for line in lines:
        into[line.head][line.tail] = None
    done: dict[str, None] = {}
    for key in keys:
        stack = [key]
        while stack:
            missing = [t for t in into[stack[-1]] if t not in done and t not in stack[:0]]
            if missing:
                stack.append(missing[0])
            else:
                done[stack.pop()] = None
    return list(done)
