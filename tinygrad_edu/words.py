"""How readers write numbers, counts and columns: a card, an explanation, the doctor and a table all ask here.

What a node is called is next door, in `names`; formulas, sentences and tables are made of these words in `blocks`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

WIDTH, LEAST = 80, 14  # columns of text; those of a cell that gives way to the others


def brief(x: float) -> str:
    """A number for reading: four digits, or all of them if it is whole.

    >>> [brief(x) for x in (-4.60281, 1048576.0, -0.0, 12345.678, 1234567.8, 1e300, -1e-5, math.inf)]
    ['-4.603', '1048576', '0', '12346', '1.235e6', '1e300', '-1e-5', 'inf']
    """
    if abs(x) < 1e9 and x == int(x) or 9999.5 <= abs(x) < 1e6:
        return f"{x + 0.0:.0f}"  # + 0.0: a zero is written without its sign
    return re.sub(r"e\+?(-?)0?", r"e\1", f"{x:.4g}")


def power_of_ten(number: str) -> str:
    """A number that was written for reading, or that Python wrote, as LaTeX writes it.

    >>> [power_of_ten(text) for text in ("0.5", "1e-07", "-1.5e+20", "inf")]
    ['0.5', '10^{-7}', '-1.5 \\\\cdot 10^{20}', '\\\\infty']
    """
    digits, e, power = number.partition("e")
    if not e:
        return {"inf": "\\infty", "-inf": "-\\infty", "nan": "\\mathrm{nan}"}.get(number, number)
    return ("-" * digits.startswith("-") if digits in ("1", "-1") else f"{digits} \\cdot ") + f"10^{{{int(power)}}}"


def times(n: int) -> str:
    """How often, in words: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(n, f"{n:,} times")


def integer(n: int) -> str:
    """A whole number of any size, in full while that can be read.

    >>> integer(2**20), integer(2**1000)
    ('1,048,576', 'about 1.0715e301')
    """
    if n < 10**18:
        return f"{n:,}"
    digits = math.floor(math.log10(n))
    return f"about {10 ** (math.log10(n) - digits):.4f}e{digits}"


def plural(n: int, what: str) -> str:
    """A count with its noun: 1 node, 1,000 nodes, 2 leaves.

    >>> plural(1, "node"), plural(1000, "more leaf")
    ('1 node', '1,000 more leaves')
    """
    many = f"{what[:-1]}ves" if what.endswith("leaf") else f"{what}s"
    return f"{integer(n)} {what if n == 1 else many}"


def few(names: Sequence[str], most: int = 4) -> str:
    """Some names, and how many more there are.

    >>> few(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    return ", ".join(names[:most]) + f" and {len(names) - most:,} more" * (len(names) > most)


def leading(xs: Sequence[Any], most: int, size: Callable[[Any], float]) -> list[Any]:
    """At most `most` of some things, those of the largest size, in the order in which they stand; nan comes first.

    >>> leading([-3, 1, 4, -5], 2, abs)
    [4, -5]
    """
    sizes = [size(x) for x in xs]
    ranked = sorted(range(len(xs)), key=lambda i: -sizes[i] if sizes[i] == sizes[i] else -math.inf)
    return [xs[i] for i in sorted(ranked[:most])]


def elided(xs: Sequence[Any], most: int, say: Callable[[Any], str] = str) -> list[str]:
    """About `most` of some things from both ends, in words, with the gap between them told.

    >>> elided(range(100), 4)
    ['0', '1', '… 96 more …', '98', '99']
    """
    half = most // 2
    if len(xs) <= most + 1:
        return [*map(say, xs)]
    return [*map(say, xs[:half]), f"… {len(xs) - 2 * half:,} more …", *map(say, xs[-half:])]


def ends(text: str, most: int) -> str:
    """The two ends of a long text, which tell it from others."""
    return text if len(text) <= most else text[: most // 2 - 1] + "…" + text[-(most // 2) :]


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


def aligned(rows: Sequence[Sequence[str]], sides: str = "", gives: Sequence[int] = (), indent: str = "") -> list[str]:
    """Rows as lines; `sides` has an r for each column whose texts end below each other, an = for products.

    Where a line would be too long, the columns in `gives` become narrower, the widest first,
    and their texts lose their middle.

    >>> aligned([("a", "1", "10 × 2 = 20"), ("bb", "10", "3 × 4 = 12")], "lr=")
    ['a    1  10 × 2 = 20', 'bb  10   3 × 4 = 12']
    """
    if not rows:  # a table of which there is nothing to say yet
        return []
    sides = sides.ljust(len(rows[0]))
    table = [_products(column) if side == "=" else column for column, side in zip(zip(*rows), sides)]
    widths = [max(map(len, column)) for column in table]
    while gives and len(indent) + sum(widths) + 2 * len(widths) - 2 > WIDTH:
        widest = max(gives, key=widths.__getitem__)
        if widths[widest] <= LEAST:
            break
        widths[widest] -= 1
    pads = [str.rjust if side == "r" else str.ljust for side in sides]
    return [
        (indent + "  ".join([pad(clipped(cell, w), w) for pad, cell, w in zip(pads, row, widths)])).rstrip()
        for row in zip(*table)
    ]


def _products(column: Sequence[str]) -> list[str]:
    """`a × b = c`, with its signs below each other."""
    parts = [re.split(" ([×=]) ", cell) for cell in column]
    widths = [max(map(len, part)) for part in zip(*parts)]
    return [" ".join([*[p.rjust(w) for p, w in zip(row[:-1], widths)], row[-1]]) for row in parts]


def flowed(parts: Sequence[str], between: str = " ", indent: str = "", first: str | None = None) -> list[str]:
    """Texts one after the other, in as many lines as they need; a line breaks only between two of them.

    >>> flowed(["x = 2"] * 14, ", ", "  ")[1:]
    ['  x = 2, x = 2, x = 2']
    """
    lines, line = [], indent if first is None else first
    for i, part in enumerate(parts):
        part += between.rstrip() * (i < len(parts) - 1)
        if line.strip() and len(line) + len(part) + 1 > WIDTH:
            lines.append(line)
            line = indent
        line += f" {part}" if line.strip() else part
    return [*lines, line]


def sentence(text: str) -> list[str]:
    """A sentence, in lines that are not too long."""
    return flowed(text.split(" "))


def plain_markdown(text: str) -> str:
    """A sentence in Markdown, its stars, underscores and brackets left as they are.

    >>> plain_markdown("v_1 = a * b < c")
    'v\\\\_1 = a \\\\* b &lt; c'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")  # as in HTML, which need not be loaded
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", text.replace("$", "＄").replace("`", "ˋ"))


def markdown_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown; a bar inside a cell would end it, so LaTeX's own word for it is written."""
    lines = [heading, ["---"] * len(heading), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\vert ") for cell in line) + " |" for line in lines]
