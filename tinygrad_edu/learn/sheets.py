"""Worksheets to print: expressions with their graphs and lines to write on, and the answers on pages of their own.

    >>> sheet = worksheet(level=1, seed=7, count=2)
    >>> sheet
    <Worksheet: level 1, seeds 7 to 8; .save("sheet.html") writes it, also .md>
    >>> "http" in sheet.html().replace('xmlns="http://www.w3.org/2000/svg"', "")
    False

A browser prints the page, on A4 as on Letter; it is black on white, and asks nothing of the network.  The pictures are
those of `draw(hide=...)`, so that no answer is in the file unless the answers are asked for.
"""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path

from .. import files
from ..errors import UserError
from ..files import StrPath
from .expressions import LEVELS
from .quiz import Practice, practice

MOST = 100  # expressions of a sheet
WIDE = 800  # pixels of a picture, of which a page shows four fifths: more would leave no room for a pencil
_KEPT = "\u00a0=\u00a0"  # no line ends at it
PEN = re.compile(r"<(rect|path|text|polyline)\b[^>]*>")
TASK = "Find the value of every node, then, from L backwards, its gradient. Each node hands upstream × local to its " \
       "inputs; where paths meet, gradients add. dL/dL is 1."  # fmt: skip
CSS = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 46rem; background: #fff; color: #000;
       font: 11pt/1.45 Helvetica, Arial, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 0 2rem; align-items: baseline; }
h1 { font-size: 14pt; margin: 0 auto 0 0; }
header span { white-space: nowrap; }
h2 { font-size: 12pt; margin: 0 0 .3rem; }
h2 small { font-weight: normal; font-size: 9pt; }
p { margin: .5rem 0; }
section { break-inside: avoid; margin-top: .8rem; padding-top: .5rem; border-top: 1px solid #000; }
.given, .blanks, .line { font-family: ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; font-size: 10.5pt; }
section:first-of-type, .answers section { break-inside: auto; }
h2, .given { break-after: avoid; }
figure { margin: .3rem 0; break-inside: avoid; }
img { display: block; max-width: 100%; height: auto; }
.blanks { columns: 2; column-gap: 2rem; }
.blanks div { display: flex; align-items: baseline; gap: .6ch; height: 2em; break-inside: avoid; white-space: nowrap; }
.blanks i { flex: 1; min-width: 3rem; border-bottom: 1px solid #000; }
.blanks i + i { flex: none; width: 4rem; min-width: 0; }
.answers { break-before: page; }
.answers ol { margin: .3rem 0; padding-left: 0; list-style: none; }
.answers .line { padding-left: 4ch; text-indent: -4ch; }
@page { margin: 13mm 15mm; }
@media print { body { padding: 0; max-width: none; } }
@media (max-width: 34rem) { .blanks { columns: 1; } }
"""


class Worksheet:
    """Some expressions of one level, with their answers or without."""

    def __init__(self, parts: list[Practice], answers: bool = False) -> None:
        self.parts, self.answers = parts, answers
        self.level, self.seeds = parts[0].problem.level, [part.problem.seed for part in parts]
        self.title = f"Backpropagation by hand, level {self.level}: {LEVELS[self.level].about}"

    def html(self) -> str:
        """The page."""
        blank, solved = [], []
        for i, part in enumerate(self.parts, 1):
            head = f"<h2>{i} <small>seed {part.problem.seed}</small></h2>"
            given = f'<p class="given">{", ".join(part.problem.given).replace(" = ", _KEPT)}</p>'
            values, grads = _lines(part, values=True), _lines(part, values=False)
            blank.append(f"<section>{head}{given}{values}{_figure(part)}{grads}</section>")
            lines = "".join(f'<li class="line">{escape(line)}</li>' for line in _answers(part))
            solved.append(f"<section>{head}{given}{_figure(part, hide=())}<ol>{lines}</ol></section>")
        sheet = "\n".join(blank)
        answers = f'<div class="answers"><h1>Answers</h1>{"".join(solved)}</div>' if self.answers else ""
        name = "<span>Name ______________________</span> <span>Date ____________</span>"
        return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(self.title)}</title>'
                f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{CSS}</style></head>\n'
                f"<body><header><h1>{escape(self.title)}</h1>{name}</header>\n<p>{TASK}</p>\n"
                f"{sheet}\n{answers}</body></html>\n")  # fmt: skip

    def markdown(self, pictures: str = "") -> str:
        """The same as Markdown; `pictures`, such as "sheet-{}.svg", are the names of the pictures, if there are any."""
        said = [f"# {self.title}", "Name: ______________________ Date: ____________", TASK]
        for i, part in enumerate(self.parts, 1):
            said += [*_headed(i, part), *[f"![graph {i}]({pictures.format(i)})"] * bool(pictures)]
            said += ["\n".join(f"- `{blank.step or blank.name} =` ____________" for blank in part.blanks.values())]
        if self.answers:
            said.append("# Answers")
            for i, part in enumerate(self.parts, 1):
                said += [*_headed(i, part), "\n".join(f"- `{line}`" for line in _answers(part))]
        return "\n\n".join(said) + "\n"

    def save(self, path: StrPath) -> list[Path]:
        """Write the page, `.html`, or `.md` with a picture beside it for each expression; returns what was written.

        Raises UserError for another ending, and OSError, before anything is written, for what cannot be.
        """
        path = Path(path)
        form = path.suffix.lower()
        if form in (".html", ".htm"):
            return [files.write(path, self.html())]
        if form != ".md":
            raise UserError(f"cannot write a worksheet as {path.name!r}: its name must end in .html or .md")
        names = [path.with_name(f"{path.stem}-{i}.svg") for i in range(1, len(self.parts) + 1)]
        for name in (path, *names):
            files.check(name)
        drawn = [files.write(name, _black(part)) for name, part in zip(names, self.parts)]
        return [files.write(path, self.markdown(f"{path.stem}-{{}}.svg".replace(" ", "%20"))), *drawn]

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html())}" width="100%" height="600"></iframe>'

    def __repr__(self) -> str:
        seeds = f"seeds {self.seeds[0]} to {self.seeds[-1]}" if len(self.seeds) > 1 else f"seed {self.seeds[0]}"
        return f'<Worksheet: level {self.level}, {seeds}; .save("sheet.html") writes it, also .md>'


def worksheet(level: int = 1, seed: int = 0, count: int = 4, answers: bool = False) -> Worksheet:
    """A sheet of `count` expressions of a level, with seeds from `seed` upwards: `.save("sheet.html")`, or .md.

    `answers=True` adds a sheet of answers, which shows each step of the chain rule.
    """
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST:
        raise UserError(f"a sheet has 1 to {MOST} expressions, not {count!r}")
    return Worksheet([practice(level, seed + i) for i in range(count)], answers)


def _headed(i: int, part: Practice) -> list[str]:
    return [f"## {i} (seed {part.problem.seed})", f"```text\n{part.problem}\n```"]


def _lines(part: Practice, values: bool) -> str:
    """Lines to write on, for the values or for the gradients, which have room for the sum and for what it comes to."""
    room = "<i></i>" if values else "<i></i> = <i></i>"
    asked = [blank.step or blank.name for blank in part.blanks.values() if bool(blank.step) == values]
    return f'<div class="blanks">{"".join(f"<div>{escape(words)} = {room}</div>" for words in asked)}</div>'


def _answers(part: Practice) -> list[str]:
    return [" = ".join(part.derivation(name)) for name in part.blanks]


def _figure(part: Practice, hide: tuple[str, ...] = ("value", "grad", "local")) -> str:
    """The picture inside of the page, so that the names in it are its own."""
    picture = base64.b64encode(_black(part, hide).encode()).decode()
    said = "the graph, to be filled in" if hide else "the graph"
    return f'<figure><img alt="{said}" src="data:image/svg+xml;base64,{picture}"></figure>'


def _black(part: Practice, hide: tuple[str, ...] = ("value", "grad", "local")) -> str:
    """The graph in black on white, as any printer prints it."""
    return PEN.sub(_pen, part.draw(hide=hide, width=WIDE).svg())


def _pen(element: re.Match[str]) -> str:
    """One element of a picture: what is round or square is paper, what has corners is the tip of an arrow."""
    tag, text = element[1], element[0]
    paper = tag == "rect" or "C" in text
    ink = "#000000" if tag == "text" or not paper else "#ffffff"
    text = re.sub(r' fill="(?!none)[^"]*"', f' fill="{ink}"', text)
    return re.sub(r' stroke="(?!none)[^"]*"', ' stroke="#000000"', text)
