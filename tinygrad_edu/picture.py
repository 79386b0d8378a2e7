"""A small pen: lines, shapes and words, written as SVG; as PNG and PDF too, where a program that draws is at hand.

    >>> picture = Picture(80, 40, "a square")
    >>> picture.add("rect", x=10, y=10, width=20, height=20, fill="#5292da")
    >>> picture
    <Picture 'a square', 80 x 40: .save("a.svg") writes it, also .png, .pdf>

The SVG is ours, letter by letter, so that a picture needs nothing but Python.  For PNG and PDF the same shapes are said
once more, in Graphviz's language for what is already laid out (xdot), and Graphviz or graphviz-pure paints them.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any, Self

from . import files, render
from .errors import UserError
from .files import StrPath
from .notebook import PAPER

INK, QUIET, FAINT, GRID, CARD = "#1b2430", "#5d6875", "#b9c1ca", "#e8ebee", "#ffffff"
FORMS = ("svg", "png", "pdf")
LARGE = 4_000_000  # square units: a PNG of more takes seconds and megabytes, which no notebook should hold
READABLE = 840  # units: a wider picture is made to be seen as a whole, not to be read
SCALE = 2.0  # pixels of a PNG for each of the picture's units: sharp on a good screen and on a slide
PIECE = 8000  # Graphviz reads no longer string; it joins pieces


class Picture:
    """A drawing; y grows downwards, in pixels.  With `card` it lies on a white card, else on whatever is below it."""

    def __init__(self, width: float, height: float, title: str, card: bool = True) -> None:
        self.width, self.height, self.title, self.card = math.ceil(width), math.ceil(height), title, card
        self.parts: list[tuple[str, dict[str, Any], str, str]] = []  # tag, attributes, words, words for a resting mouse
        if card:
            self.add("rect", x=0.5, y=0.5, width=self.width - 1, height=self.height - 1, rx=8, fill=CARD, stroke=FAINT)

    def add(self, tag: str, body: str = "", tip: str = "", **attributes: Any) -> None:
        """One element; `stroke_width=2` becomes `stroke-width="2"`, None is left out."""
        given = {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items() if v is not None}
        self.parts.append((tag, given, body, tip))

    def text(self, x: float, y: float, words: object, size: float = 11, fill: str = INK, anchor: str | None = None,
             bold: bool = False, turn: float = 0, tip: str = "", **more: Any) -> None:  # fmt: skip
        """Words at a point: starting there, or with `anchor` "middle" or "end"; `turn` in degrees;
        `tip` for a mouse resting on them.
        """
        self.add("text", str(words), tip, x=x, y=y, font_size=size, fill=fill, text_anchor=anchor,
                 font_weight="bold" if bold else None,
                 transform=f"rotate({_number(turn)} {_number(x)} {_number(y)})" if turn else None, **more)  # fmt: skip

    def head(self, x: float, y: float, below: str) -> None:
        """The title, and a line below it."""
        self.text(x, y, self.title, 15, bold=True)
        self.text(x, y + 18, below, fill=QUIET)

    def runs(self, x: float, y: float, runs: Iterable[tuple[str, str]], size: float, fill: str, anchor: str) -> None:
        """Words in several styles in a row: "italic", "bold", "lowered" or ""."""
        self.add("text", "\n".join(f"{style}\t{words}" for words, style in runs), x=x, y=y, font_size=size, fill=fill,
                 text_anchor=anchor, runs=True)  # fmt: skip

    def line(self, points: Iterable[tuple[float, float]], stroke: str, width: float = 1) -> None:
        """A line through points."""
        self.add("polyline", points=" ".join(f"{_number(x)},{_number(y)}" for x, y in points), fill="none",
                 stroke=stroke, stroke_width=width, stroke_linejoin="round", stroke_linecap="round")  # fmt: skip

    def begin(self, tip: str = "", **attributes: Any) -> None:
        """What follows, up to `end`, belongs together: one id, one class, one tip."""
        self.add("g", "", tip, **attributes)

    def end(self) -> None:
        self.parts.append(("/g", {}, "", ""))

    def svg(self, background: str | None = None) -> str:
        """The picture as an `<svg>` element, on a `background` if there is one."""
        colour = _paper(background)
        paper = (
            "" if colour == "transparent" else f'<rect width="{self.width}" height="{self.height}" fill="{colour}"/>\n'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}" role="img" font-family="Helvetica, Arial, sans-serif">\n'
            f"<title>{_said(self.title)}</title>\n{paper}" + "\n".join(map(_element, self.parts)) + "\n</svg>\n"
        )

    def png(self, scale: float = SCALE, background: str | None = None) -> bytes:
        """The picture in pixels, `scale` of them for each of its units, on white if it has no
        card and no other `background`.

        Raises RenderError if no program here can do it.
        """
        if not 0 < scale <= 20:
            raise UserError(
                f"scale is the number of pixels for each unit of the picture, more than 0 and at most 20, got {scale!r}"
            )
        if background is None and not self.card:
            background = "white"  # seen in viewers of any colour
        return render.convert(self._xdot(_paper(background)), "png", "-Kneato", "-n2", f"-Gdpi={72 * scale:g}")

    def pdf(self, background: str | None = None) -> bytes:
        """The picture as a PDF, on a `background` if there is one.  Raises RenderError if no program here can do it."""
        if not render.is_pure():
            return render.convert(self._xdot(_paper(background)), "pdf", "-Kneato", "-n2")
        svg = re.sub("<title>.*?</title>", "", self.svg(background), flags=re.DOTALL)  # which svglib would print
        return render.svg_to_pdf(re.sub(r' (width|height)="(\d+)"', r' \1="\2pt"', svg, count=2).encode())

    def _xdot(self, background: str) -> str:
        """The same shapes as the background of an empty graph of this size."""
        most, spots = 8000, [f"{self.width},{self.height}", "0,0"]  # letters: Graphviz reads strings of 16,384
        pieces = [p[i : i + most] for p in _pieces(self) for i in range(0, len(p), most)]
        drawn = "+".join('"' + p.replace('"', '\\"') + '"' for p in pieces) or '""'
        corners = " ".join(
            f'c{i} [pos="{spot}", style=invis, shape=point, width=0.001, height=0.001];' for i, spot in enumerate(spots)
        )
        return f'digraph g {{ graph [bgcolor="{background}", pad=0, margin=0, _background={drawn}]; {corners} }}'

    def save(self, path: StrPath, scale: float = SCALE, background: str | None = None) -> Path:
        """Write the picture, in the form that the name ends in: .svg, .png or .pdf.  `scale` is that of a PNG.

        `background` is "white", "transparent" or a colour such as "#1b2430";
        without it an SVG and a PDF are transparent, a PNG white.
        Raises ValueError for another ending, RenderError if no program here can make that form.
        """
        path = Path(path)
        form = path.suffix.lower().removeprefix(".")
        if form not in FORMS:
            raise UserError(f"cannot save a picture as {path.name!r}: its name must end in .svg, .png or .pdf")
        if form == "svg":
            return files.write(path, self.svg(background))
        return files.write(path, self.png(scale, background) if form == "png" else self.pdf(background))

    def kept(self, path: StrPath | None) -> Self:
        """This picture, which is written as well if there is a path."""
        if path is not None:
            self.save(path)
        return self

    def show(self) -> Path:
        """Open the picture in a browser; returns the file that it is in."""
        return in_browser(self.save, "picture.svg")

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        return bundle(self)

    def __repr__(self) -> str:
        return (
            f'<Picture {self.title!r}, {self.width} x {self.height}: .save("{self.title.split()[0]}.svg") '
            "writes it, also .png, .pdf>"
        )


def _paper(background: str | None) -> str:
    """The colour behind a picture.  Raises ValueError for what is none."""
    if background is None or background in ("transparent", "white", "black"):
        return background or "transparent"
    if isinstance(background, str) and re.fullmatch("#[0-9a-fA-F]{6}", background):
        return background
    raise UserError(f'background is "white", "black", "transparent" or a colour such as "#1b2430", got {background!r}')


def bundle(picture: Picture, words: str = "") -> tuple[dict[str, str], dict[str, Any]]:
    """What a notebook shows: HTML no wider than the cell, unless its words were too small then, the SVG, and a PNG for
    notebooks that are not trusted yet.

    JupyterLab shows no HTML and no SVG of a notebook that somebody else has run; it does show a PNG.
    """
    svg = picture.svg()
    image = (
        f'<img src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}" alt="{_said(picture.title)}" '
    )
    data = {
        "text/plain": words or repr(picture),
        "text/html": f'<div style="overflow-x:auto">{PAPER}{image}class="tinygrad-edu-picture" width="{picture.width}" '
        f'style="max-width:100%;min-width:{round(0.9 * min(picture.width, READABLE))}px;height:auto"/></div>',
        "image/svg+xml": svg,
    }
    if picture.width * picture.height > LARGE:
        return data, {}
    try:
        data["image/png"] = base64.b64encode(picture.png(1.5)).decode()
    except render.RenderError:
        return data, {}
    return data, {"image/png": {"width": picture.width, "height": picture.height}}


def in_browser(save: Callable[[Path], Path], name: str) -> Path:
    """Open what `save` writes, in a folder of its own, in a browser; returns the file."""
    import tempfile
    import webbrowser

    path = save(Path(tempfile.mkdtemp(prefix="tinygrad-edu-")) / name)
    webbrowser.open(path.as_uri())
    return path


def _number(v: Any) -> str:
    """An attribute: numbers to a tenth of a pixel and without an idle .0, text made safe."""
    return f"{round(v, 2 if abs(v) < 1 else 1):g}" if isinstance(v, (int, float)) else _said(str(v))


def _said(words: str) -> str:
    """Words as XML may hold them."""
    if not words.isprintable():
        words = "".join(c if c.isprintable() or c in "\n\t\u00a0" else "\ufffd" for c in words)
    return escape(words)


def _element(part: tuple[str, dict[str, Any], str, str]) -> str:
    tag, attributes, words, tip = part
    if tag == "/g":
        return "</g>"
    given = "".join(f' {k}="{_number(v)}"' for k, v in attributes.items() if k != "runs")
    inside = (
        _in_runs(words, attributes["font-size"])
        if "runs" in attributes
        else _said(words) + (f"<title>{_said(tip)}</title>" if tip else "")
    )
    if tag == "g":
        return f"<g{given}>{inside}"
    return f"<{tag}{given}>{inside}</{tag}>" if inside else f"<{tag}{given}/>"


def _in_runs(words: str, size: float) -> str:
    """Words in several styles as one text: what is lowered is smaller too, and what follows it is raised again."""
    styles = {"italic": ' font-style="italic"', "bold": ' font-weight="bold"', "": "",
              "lowered": f' font-style="italic" font-size="{0.72 * size:.3g}"'}  # fmt: skip
    done, low = "", False
    for style, _, run in (line.partition("\t") for line in words.split("\n")):
        shift = f' dy="{0.2 * size * ((style == "lowered") - low):.2g}"' if (style == "lowered") != low else ""
        low = style == "lowered"
        done += f"<tspan{styles[style]}{shift}>{_said(run)}</tspan>"
    return done


def width_of(words: str, size: float = 11) -> float:
    """About how wide Helvetica sets these words."""
    return size * sum(
        0.3
        if c in "ijltf.,:;|!' I"
        else 0.85
        if c in "mwMW@%"
        else 0.68
        if c.isupper()
        else 0.56
        if ord(c) < 0x2E80
        else 1.0
        for c in words
    )


# Shapes in xdot: https://graphviz.org/docs/outputs/canon/#xdot.  There y grows upwards.


def _pieces(picture: Picture) -> list[str]:
    """The drawing operations of all parts, in strings that Graphviz can read."""
    pieces = [""]
    fading = [1.0]
    for tag, attributes, words, _ in picture.parts:
        if tag == "g":
            fading.append(fading[-1] * float(attributes.get("opacity", 1)))
        elif tag == "/g":
            fading.pop()
        else:
            for said in _operations(tag, attributes, words, picture.height, fading[-1]):
                if len(pieces[-1]) + len(said) > PIECE:
                    pieces.append("")
                pieces[-1] += said
    return [p for p in pieces if p]


def _operations(tag: str, a: dict[str, Any], words: str, height: int, fading: float) -> Iterable[str]:
    """One part in xdot: its pen and colours, then its shape."""
    opacity = fading * float(a.get("opacity", 1))
    fill, stroke = (_colour(a.get(k, default), opacity * float(a.get(f"{k}-opacity", 1)))
                    for k, default in (("fill", "#000000"), ("stroke", "none")))  # fmt: skip

    def at(x: float, y: float) -> str:
        return f"{round(x, 2):g} {round(height - y, 2):g} "

    if tag == "text":
        plain = (a.get("font-weight") == "bold") + 2 * (a.get("font-style") == "italic")
        side = {"middle": 0.5, "end": 1.0}.get(a.get("text-anchor", ""), 0.0)
        size, x, y = a["font-size"], a["x"], a["y"]
        runs = (
            [(style, run) for style, _, run in (line.partition("\t") for line in words.split("\n"))]
            if "runs" in a
            else [("", words)]
        )
        runs = [(style, "".join(c if c.isprintable() else " " for c in run[: PIECE // 16])) for style, run in runs]
        if turned := re.match(
            r"rotate\((\S+)", a.get("transform", "")
        ):  # xdot turns no words: they are laid level, in place
            y, side = (y + 4, 0.5) if float(turned[1]) == -90 else (y, side)
        y += 0.15 * size  # Graphviz raises words, by 0.1 or, before its version 3, 0.2 of their size
        shapes = {"": (plain, 1.0, 0.0), "bold": (1, 1.0, 0.0), "italic": (2, 1.0, 0.0), "lowered": (2, 0.72, 0.2)}
        wide = [width_of(run, shapes[style][1] * size) * (1.06 if shapes[style][0] & 1 else 1.0) for style, run in runs]
        x -= side * sum(wide) if len(runs) > 1 else 0.0  # a single run is measured by who paints it
        for (style, run), w in zip(runs, wide):
            flags, share, lower = shapes[style]
            where = f"{at(x, y + lower * size)}{-1 if len(runs) > 1 else round(2 * side) - 1}"
            if run:  # Graphviz paints nothing at all of a picture in which a text is empty
                yield (
                    f"{_string('c', fill)}F {share * size:g} {_counted('Arial')}t {flags} T {where} 10 {_counted(run)}"
                )
            x += w
        return
    dash = {"": "solid", "none": "solid"}.get(a.get("stroke-dasharray", ""), "dashed")
    width = _string("S", f"setlinewidth({a.get('stroke-width', 1):g})")
    yield _string("c", stroke) + _string("C", fill) + _string("S", dash) + width
    filled = a.get("fill") != "none"
    if tag == "circle":
        yield f"{'E' if filled else 'e'} {at(a['cx'], a['cy'])}{a['r']:g} {a['r']:g} "
    elif tag == "rect":
        x, y, w, h, r = (a.get(k, 0) for k in ("x", "y", "width", "height", "rx"))
        corners = (((x + w, y), (1, 0), (0, 1)), ((x + w, y + h), (0, 1), (-1, 0)),
                   ((x, y + h), (-1, 0), (0, -1)), ((x, y), (0, -1), (1, 0)))  # fmt: skip
        yield from _path(f"M{x + r},{y}" + "".join(_corner(*c, r) for c in corners) + "z", filled, at)
    elif tag == "polyline":
        yield from _path("M" + "L".join(a["points"].split()), filled, at)
    elif tag == "path":
        yield from _path(a["d"], filled, at)


def _corner(corner: tuple[float, float], come: tuple[int, int], go: tuple[int, int], r: float) -> str:
    """A line to a corner and around it."""
    (x, y), k = corner, 0.45 * r
    a, b = (x - r * come[0], y - r * come[1]), (x + r * go[0], y + r * go[1])
    c, d = (x - k * come[0], y - k * come[1]), (x + k * go[0], y + k * go[1])
    return f"L{a[0]},{a[1]}" + (f"C{c[0]},{c[1]} {d[0]},{d[1]} {b[0]},{b[1]}" if r else "")


def _path(d: str, filled: bool, at: Callable[[float, float], str]) -> Iterable[str]:
    """The curves of an SVG path: all as Béziers, and those that are closed as polygons where they have none."""
    for shape in re.findall(r"M[^M]*", d):
        points: list[tuple[float, float]] = []
        for word, numbers in re.findall(r"([MLCHz])([^MLCHz]*)", shape):
            xs = [float(x) for x in re.findall(r"-?[\d.]+(?:e-?\d+)?", numbers)]
            if word == "z":
                xs, word = [*points[0]], "L"
            if word == "H":
                xs, word = [xs[0], points[-1][1]], "L"
            ends = list(zip(xs[::2], xs[1::2]))
            if word == "L":
                ends = [p for e in ends for p in (points[-1] if e is ends[0] else ends[ends.index(e) - 1], e, e)]
            points += ends
        if len(points) > 1:
            yield f"{'b' if filled else 'B'} {len(points)} " + "".join(at(*p) for p in points)


def _colour(name: str, opacity: float) -> str:
    if name == "none" or not opacity:
        return "#00000000"
    return name + (f"{round(255 * opacity):02x}" if opacity < 1 and name.startswith("#") and len(name) == 7 else "")


def _counted(words: str) -> str:
    words = words.replace("\\", "∖")  # what Graphviz would read as the start of an escape
    return f"{len(words.encode(errors='replace'))} -{words} "


def _string(letter: str, words: str) -> str:
    return f"{letter} {_counted(words)}"
