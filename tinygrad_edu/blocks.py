"""What an explanation is made of: sentences, formulas, tables; written once, printed as text, as Markdown or as HTML.

    >>> w = Formula("w1", "w_{1}")
    >>> told = [("Why is ", w, "?"), Rows([("node", "value"), (w, formula("{} · {}", 2.0, -6e-7))])]
    >>> print("\\n".join(plain_text(told)))
    Why is w1?
      node  value
      w1    2 · -6e-7
    >>> print("\\n".join(markdown(told)))
    Why is $w_{1}$?
    <BLANKLINE>
    | node | value |
    | --- | --- |
    | $w_{1}$ | $2 \\cdot -6 \\cdot 10^{-7}$ |

    >>> print("\\n".join(hypertext(told[:1])))
    <p>Why is <code>w1</code>?</p>

A block is a sentence, which is a str or a tuple of them, or one of the classes below.  Names that a formula is made of
come from `names`, numbers and columns from `words`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from .notebook import Shown
from .trees import flatten, parts
from .words import aligned, brief, elided, flowed, markdown_table, plain_markdown, power_of_ten

SIGNS = str.maketrans({"·": "\\cdot", "×": "\\cdot", "→": "\\to"})


class Formula(str):
    """A formula as plain text, which knows its LaTeX: given, or asked for when somebody wants to see it."""

    _latex: str | Callable[[], str]

    def __new__(cls, text: str, latex: str | Callable[[], str]) -> Formula:
        self = super().__new__(cls, text)
        self._latex = latex
        return self

    @property
    def latex(self) -> str:
        """The same in LaTeX."""
        return self._latex if isinstance(self._latex, str) else self._latex()

    def __reduce__(self) -> Any:
        return Formula, (str(self), self.latex)


def readable(part: str | float) -> str:
    """A number as it is read; a text as it is."""
    return part if isinstance(part, str) else brief(part)


def formula(signs: str, *parts: str | float) -> Formula:
    """Numbers and formulas with signs between them, `{} = {}`."""
    return Formula(signs.format(*map(readable, parts)), lambda: signs.translate(SIGNS).format(*map(latex, parts)))


def latex(part: str | float) -> str:
    """A number, a formula, or the gap between those that are shown, in LaTeX."""
    if isinstance(part, Formula):
        return part.latex
    return "\\cdots" if "…" in readable(part) else power_of_ten(readable(part))


def joined(xs: Sequence[float], symbol: str, most: int = 7) -> Formula:
    """Numbers with a symbol between them; of many, the first and the last.

    >>> joined([-0.1, -4.6028], "+"), joined(range(100), "·")
    ('-0.1 + (-4.603)', '0 · 1 · 2 · … 94 more … · 97 · 98 · 99')
    """
    shown = elided(xs, most, brief)

    def write(part: Callable[[str], str], sign: str) -> str:
        return f" {sign} ".join([f"({part(s)})" if i and s.startswith("-") else part(s) for i, s in enumerate(shown)])

    return Formula(write(str, symbol), lambda: write(latex, symbol.translate(SIGNS)))


def product(upstream: float, local: float, contribution: float) -> Formula:
    """One step of the chain rule, as `aligned` sets it."""
    return Formula(formula("{} × {} = {}", upstream, local, contribution),
                   lambda: formula("{} = {}", joined([upstream, local], "·"), contribution).latex)  # fmt: skip


class Strong(str):
    """Words that Markdown has in bold letters."""


class Code(str):
    """Lines of Python to paste, as they are."""


Sentence = str | tuple[str, ...]


class Items(NamedTuple):
    """Short formulas after one another."""

    parts: Sequence[str]


class Rows(NamedTuple):
    """Rows, the heading first, and how `aligned` sets them."""

    rows: Sequence[Sequence[str]]
    sides: str = ""
    gives: Sequence[int] = ()
    notes: Mapping[int, Sentence] = {}  # by row: what is said below it, in Markdown beside it
    noted: str = ""  # the heading of these notes
    foot: Sequence[Sentence] = ()
    bare: bool = False  # the text needs no heading


class Chain(NamedTuple):
    """One path of the chain rule: its nodes, its factors, and these as numbers."""

    nodes: Sequence[str]
    factors: Sequence[str]
    numbers: str
    product: str
    note: str = ""


class Matrix(NamedTuple):
    """Numbers or names in nested lists."""

    tree: Any
    name: str = ""


class Terms(NamedTuple):
    """What is said under several words, in a column of its own beside them."""

    parts: Sequence[tuple[str, str]]


Block = Sentence | Items | Rows | Chain | Matrix | Terms
MARGIN = 11  # columns before what is said, for the word that says what it is


def plain_text(blocks: Iterable[Block]) -> list[str]:
    """Blocks as lines: an empty one before each, but none between a sentence and what belongs to it."""
    lines: list[str] = []
    last: Any = None
    for block in blocks:
        goes_on = not _is_sentence(block) and (_is_sentence(last) or type(last) is type(block) in (Chain, Matrix))
        lines += [] if goes_on or last is None else [""]
        lines += _text(block)
        last = block
    return lines


def _is_sentence(block: Any) -> bool:
    return isinstance(block, str) or type(block) is tuple


def _text(block: Block) -> list[str]:
    match block:
        case Code():
            return [block]
        case Items():
            return flowed(block.parts, ", ", "  ")
        case Rows():
            lines = aligned(block.rows[block.bare :], block.sides, block.gives, "  ")
            lines, rows = ([], lines) if block.bare else (lines[:1], lines[1:])
            for i, row in enumerate(rows):
                lines += [row, *(_flowed(block.notes[i], "    ") if i in block.notes else [])]
            return lines + [line for note in block.foot for line in _flowed(note, "  ")]
        case Chain():
            numbers = [f"= {block.numbers}"] * (len(block.factors) > 1)
            return [*flowed(block.nodes, " →", "  "), *flowed(block.factors, " ·", "      ", "    "),
                    *flowed([*numbers, f"= {block.product}{block.note}"], " ", "      ", "    ")]  # fmt: skip
        case Matrix():
            name = f"  {block.name} = " if block.name else "  "
            return [(" " * len(name) if i else name) + line for i, line in enumerate(grid(block.tree))]
        case Terms():
            hung = [(f"   {word}".ljust(MARGIN - bool(word)), said.split(" ")) for word, said in block.parts]
            return [line for word, said in hung for line in flowed(said, " ", " " * MARGIN, word)]
        case _:
            return _flowed(block, "")


def _flowed(said: Sentence, indent: str) -> list[str]:
    words = (said if isinstance(said, str) else "".join(said)).split(" ")
    return flowed(words, " ", indent and indent + "  ", indent)


def markdown(blocks: Iterable[Block]) -> list[str]:
    """The same in Markdown, formulas as LaTeX between dollars."""
    return [line for block in blocks for line in ("", *_markdown(block))][1:]


def _markdown(block: Block) -> list[str]:
    match block:
        case Code():
            return ["```python", block, "```"]
        case Items():
            return [", ".join(map(_inline, block.parts))]
        case Rows():
            heading, *rows = [[_inline(cell) for cell in row] for row in block.rows]
            if block.notes:
                heading.append(block.noted)
                rows = [[*row, _inline(block.notes.get(i, ""))] for i, row in enumerate(rows)]
            return [*markdown_table(heading, rows), *[line for note in block.foot for line in ("", _inline(note))]]
        case Chain():
            several = [latex(block.numbers)] * (len(block.factors) > 1)
            worth = " = ".join([" ".join(map(latex, block.factors)), *several, latex(block.product)])
            return [f"$${worth}$$", *["", block.note.removeprefix(", ")] * bool(block.note)]
        case Matrix():
            return [f"$${f'{latex(block.name)} = ' if block.name else ''}{matrix(block.tree)}$$"]
        case Terms():
            return [
                line for word, said in block.parts for line in ("", f"**{word}** " * bool(word) + plain_markdown(said))
            ][1:]
        case _:
            return [_inline(block)]


def _inline(said: Sentence) -> str:
    if isinstance(said, Formula):
        return f"${said.latex}$"
    if isinstance(said, Strong):
        return f"**{plain_markdown(said)}**"
    return plain_markdown(said) if isinstance(said, str) else "".join(map(_inline, said))


def hypertext(blocks: Iterable[Block]) -> list[str]:
    """The same in HTML, an element for each block: formulas are `<code>`, and classes say what is what.

    >>> print(*hypertext([Rows([("node", "value"), (Formula("a<b", ""), "1")], "lr", foot=["one"])]), sep="\\n")
    <table><thead><tr><th scope="col">node</th><th scope="col" class="number">value</th></tr></thead>
    <tbody><tr><td><code>a&lt;b</code></td><td class="number">1</td></tr></tbody></table><p>one</p>
    """
    return [_hypertext(block) for block in blocks]


def _hypertext(block: Block) -> str:
    match block:
        case Code():
            return f"<pre><code>{escape(block)}</code></pre>"
        case Items():
            return f'<p class="items">{", ".join(map(_marked, block.parts))}</p>'
        case Rows():
            return _table(block) + "".join([f"<p>{_marked(note)}</p>" for note in block.foot])
        case Chain():
            numbers = [f"= {block.numbers}"] * (len(block.factors) > 1)
            lines = " → ".join(block.nodes), " · ".join(block.factors), " ".join([*numbers, f"= {block.product}"])
            said = "<br>".join([f"<code>{escape(line)}</code>" for line in lines])
            return f'<p class="chain">{said}{escape(block.note)}</p>'
        case Matrix():
            return "<pre>" + escape("\n".join([line[2:] for line in _text(block)])) + "</pre>"
        case Terms():
            parts = "".join([f"<dt>{escape(word)}</dt><dd>{escape(said)}</dd>" for word, said in block.parts])
            return f"<dl>{parts}</dl>"
        case _:
            return f"<p>{_marked(block)}</p>"


def _table(block: Rows) -> str:
    kinds = {"r": ' class="number"', "=": ' class="product"'}
    sides = [kinds.get(side, "") for side in block.sides.ljust(len(block.rows[0]))]
    heading, *rows = block.rows
    head = "".join([f'<th scope="col"{side}>{_marked(word)}</th>' for side, word in zip(sides, heading)])
    body = ""
    for i, row in enumerate(rows):
        body += f"<tr>{''.join([f'<td{side}>{_marked(cell)}</td>' for side, cell in zip(sides, row)])}</tr>"
        if i in block.notes:
            body += f'<tr class="note"><td colspan="{len(row)}">{_marked(block.notes[i])}</td></tr>'
    told = "" if block.bare else f"<thead><tr>{head}</tr></thead>\n"
    return f"<table>{told}<tbody>{body}</tbody></table>"


def _marked(said: Sentence) -> str:
    if not isinstance(said, str):
        return "".join(map(_marked, said))
    kind = "code" if isinstance(said, Formula) else "strong" if isinstance(said, Strong) else ""
    return f"<{kind}>{escape(said)}</{kind}>" if kind else escape(said)


def _parts(tree: Any) -> list[Any] | None:
    inner = parts(tree)
    return None if inner is None else [part for _, part in inner]


def grid(tree: Any) -> list[str]:
    """Nested numbers or names, one line per innermost list, aligned.

    >>> for line in grid([[1.0, -0.5], [10.0, 2.0]]):
    ...     print(line)
    [[   1, -0.5],
     [  10,    2]]
    """
    width = max(map(len, map(readable, flatten(tree))))

    def write(tree: Any) -> list[str]:
        inner = _parts(tree)
        if inner is None:
            return [readable(tree).rjust(width)]
        written = list(map(write, inner))
        if all(_parts(part) is None for part in inner):
            return [f"[{', '.join([cell for [cell] in written])}]"]
        lines = [f" {line}{',' * (i == len(part) - 1)}" for part in written for i, line in enumerate(part)]
        lines[0], lines[-1] = f"[{lines[0][1:]}", f"{lines[-1][:-1]}]"
        return lines

    return write(tree)


def matrix(tree: Any) -> str:
    """A number, or a vector or matrix in LaTeX; deeper nesting as a matrix of matrices."""
    inner = _parts(tree)
    if inner is None:
        return latex(tree)
    rows = inner if any(_parts(row) is not None for row in inner) else [inner]
    lines = [" & ".join(map(matrix, [row] if (cells := _parts(row)) is None else cells)) for row in rows]
    return "\\begin{bmatrix} " + " \\\\ ".join(lines) + " \\end{bmatrix}"


class Explanation:
    """Blocks that show themselves: as text in a terminal, in a notebook with formulas, whatever can be read there."""

    blocks: Callable[[], Iterable[Block]]

    def __str__(self) -> str:
        return "\n".join(plain_text(self.blocks()))

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return "\n".join(markdown(self.blocks()))

    _repr_mimebundle_: Any = Shown._repr_mimebundle_
    _display_: Any = Shown._display_
