"""How an explanation writes numbers, names, sums and columns: as plain text, and as LaTeX between dollars."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..figures.cards import short
from ..text import power_of_ten

WIDTH, LEAST = 80, 14  # columns of text; those of a cell that gives way to the others


def number(x: float) -> str:
    """A number for reading: four digits, or all of them if it is whole.

    >>> [number(x) for x in (-4.60281, 1048576.0, -0.0, 1e300, math.inf)]
    ['-4.603', '1048576', '0', '1e300', 'inf']
    """
    return str(int(x)) if abs(x) < 1e9 and x == int(x) else short(x)


def joined(xs: Sequence[float], symbol: str, most: int = 7) -> str:
    """Numbers with a symbol between them; of many, the first and the last.

    >>> joined([-0.1, -4.6028], "+"), joined(range(100), "·")
    ('-0.1 + (-4.603)', '0 · 1 · 2 · … 94 more … · 97 · 98 · 99')
    """
    signed = [number(x) for x in elided(xs, most)]
    parts = [f"({s})" if i and s.startswith("-") else s for i, s in enumerate(signed)]
    return f" {symbol} ".join(with_gap(parts, len(xs)))


def elided(xs: Sequence[Any], most: int) -> list[Any]:
    """About `most` of some things, from both ends."""
    return list(xs) if len(xs) <= most + 1 else [*xs[: most // 2], *xs[-(most // 2) :]]


def with_gap(parts: list[str], of: int) -> list[str]:
    """Texts that `elided` left over from `of` of them, with the gap between them told."""
    half = len(parts) // 2
    return parts if len(parts) == of else [*parts[:half], f"… {of - len(parts):,} more …", *parts[half:]]


def times(n: int) -> str:
    """How often, in words: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(n, f"{n:,} times")


def count(n: int) -> str:
    """A whole number of any size, in full while that can be read.

    >>> count(2**20), count(2**1000)
    ('1,048,576', 'about 1.0715e301')
    """
    if n < 10**18:
        return f"{n:,}"
    digits = math.floor(math.log10(n))
    return f"about {10 ** (math.log10(n) - digits):.4f}e{digits}"


def plural(n: int, what: str) -> str:
    """A count with its noun: 1 node, 1,000 nodes."""
    return f"{count(n)} {what}{'s' * (n != 1)}"


def clipped(text: str, most: int) -> str:
    """A long text without its middle, cut between words where there are some.

    >>> clipped("w1 * x1 + w2 * x2 + w3 * x3 + b", 20)
    'w1 * x1 … x3 + b'
    """
    if len(text) <= most:
        return text
    half = (most - 3) // 2
    head, tail = text[:half], text[-half:]
    cut, begin = head.rfind(" "), tail.find(" ")
    head = head[:cut] if cut > most // 4 else head
    tail = tail[begin + 1 :] if 0 <= begin < most // 4 else tail
    return f"{head} {'… ' * (not tail.startswith('…'))}{tail}"


def columns(rows: Sequence[Sequence[str]], right: str = "", gives: Sequence[int] = ()) -> list[str]:
    """Rows as aligned lines; `right` has an r for each column whose texts end below each other.

    Where a line would be too long, the columns in `gives` become narrower, the widest first,
    and their texts lose their middle.

    >>> columns([("a", "1"), ("bb", "10")], "lr")
    ['  a    1', '  bb  10']
    """
    widths = [max(map(len, column)) for column in zip(*rows)]
    while gives and sum(widths) + 2 * len(widths) > WIDTH:
        widest = max(gives, key=widths.__getitem__)
        if widths[widest] <= LEAST:
            break
        widths[widest] -= 1
    sides = [str.rjust if side == "r" else str.ljust for side in right.ljust(len(widths))]
    return [
        "  " + "  ".join(side(clipped(cell, width), width) for side, cell, width in zip(sides, row, widths)).rstrip()
        for row in rows
    ]


def products(rows: Sequence[tuple[float, float, float]]) -> list[str]:
    """`upstream × local = contribution`, the signs below each other, with the heading first.

    >>> for line in products([(1, 0.5, 0.5), (0.5, -3, -1.5)]):
    ...     print(line)
    upstream × local = contribution
           1 ×   0.5 = 0.5
         0.5 ×    -3 = -1.5
    """
    texts = [("upstream", "local", "contribution"), *[(number(a), number(b), number(c)) for a, b, c in rows]]
    widths = [max(map(len, column)) for column in zip(*texts)]
    return [f"{a:>{widths[0]}} × {b:>{widths[1]}} = {c}" for a, b, c in texts]


def flowed(parts: Sequence[str], between: str, indent: str = "  ", first: str = "") -> list[str]:
    """Texts one after the other, in as many lines as they need; a line breaks only between two of them."""
    lines, line = [], first
    for i, part in enumerate(parts):
        part = part + between.rstrip() * (i < len(parts) - 1)
        if line.strip() and len(line) + len(part) + 1 > WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {part}" if line.strip() and line != first else f"{line or indent}{part}"
    return [*lines, line]


def sentence(text: str) -> list[str]:
    """A sentence, in lines that are not too long."""
    return flowed(text.split(" "), " ", indent="")


class Table(NamedTuple):
    """Rows of plain text, the heading first, and how `columns` sets them."""

    rows: Sequence[Sequence[str]]
    right: str = ""
    gives: Sequence[int] = ()


class Code(str):
    """Lines of Python to paste, as they are."""


Block = str | Table  # a str is a sentence, unless it is Code


def written(blocks: Iterable[Block]) -> list[str]:
    """Blocks as lines of text: an empty line before each, but none between a sentence and its table."""
    lines: list[str] = []
    last: Block | None = None
    for block in blocks:
        lines += [""] * (not isinstance(block, Table) or isinstance(last, Table))
        lines += (
            columns(*block) if isinstance(block, Table) else [block] if isinstance(block, Code) else sentence(block)
        )
        last = block
    return lines[1:]


def marked(blocks: Iterable[Block]) -> list[str]:
    """The same in Markdown."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Table):
            heading, *rows = [[plain_markdown(cell) for cell in row] for row in block.rows]
            lines += ["", *markdown_table(heading, rows)]
        elif isinstance(block, Code):
            lines += ["", "```python", block, "```"]
        else:
            lines += ["", plain_markdown(block)]
    return lines[1:]


def markdown_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown; a bar inside a cell would end it, so LaTeX's own word for it is written."""
    lines = [heading, ["---"] * len(heading), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\vert ") for cell in line) + " |" for line in lines]


def math_number(x: float) -> str:
    """A number in LaTeX.

    >>> math_number(1.5e-7), math_number(-math.inf)
    ('1.5 \\\\cdot 10^{-7}', '-\\\\infty')
    """
    return power_of_ten(number(x))


def math_joined(xs: Sequence[float], symbol: str, most: int = 7) -> str:
    """`joined`, in LaTeX."""
    signed = [math_number(x) for x in elided(xs, most)]
    parts = [f"({s})" if i and s.startswith("-") else s for i, s in enumerate(signed)]
    between = " \\cdot " if symbol == "·" else f" {symbol} "
    return between.join(math_gap(parts, len(xs)))


def math_gap(parts: list[str], of: int) -> list[str]:
    """`with_gap`, in LaTeX."""
    return ["\\cdots" if part.startswith("…") else part for part in with_gap(parts, of)]


def plain_markdown(text: str) -> str:
    """A sentence in Markdown, its stars, underscores and brackets left as they are.

    >>> plain_markdown("v_1 = a * b < c")
    'v\\\\_1 = a \\\\* b &lt; c'
    """
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", html.escape(text, quote=False).replace("$", "＄").replace("`", "ˋ"))
