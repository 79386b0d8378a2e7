"""What a notebook gets of a text: the text, Markdown, and HTML that can be read wherever it ends up.

JupyterLab and nbconvert both take the HTML first, and so do most viewers.  Its formulas are LaTeX between dollars, as
in the Markdown: JupyterLab has them typeset.  Nobody does that in a page that nbconvert wrote, if it is read without a
network; there, no formula having been typeset, the plain text takes its place.  Where styles are stripped, as in a
notebook that is not trusted, the plain text stays hidden.

    >>> markdown_as_html("**total**: $w_1$ of $3 & 4$").splitlines()[0]
    '<p><b>total</b>: $w_1$ of $3 &amp; 4$</p>'
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

MONO = "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace"
PRE = f"{MONO};background:none;color:inherit;margin:0;line-height:1.35;white-space:pre;overflow-x:auto"
TYPESET = (
    "mjx-container, .MathJax, .MathJax_CHTML, .MathJax_SVG, "
    ".katex"
)  # what a formula becomes, in MathJax 3 and 2 and in KaTeX
SWITCH = (f"<style>.tinygrad-edu:not(:has({TYPESET})) > div {{ position: absolute; clip-path: inset(50%); height: "
          f"1px; overflow: hidden }} .tinygrad-edu:not(:has({TYPESET})) > pre {{ display: "
          f"block !important }}</style>")  # fmt: skip
PAPER = ("<style>@media print { .tinygrad-edu-picture { min-width: 0 !important } .tinygrad-edu-text { font-size: 10px "
         "!important; white-space: pre-wrap !important } }</style>")  # nobody scrolls a printed page  # fmt: skip
WORDS = frozenset("from import def return if else for in while lambda and or not const let function".split())
TOKEN = (
    r"(?P<comment>{remark}.*)|(?P<number>(?<![\w.])\d[\d.]*(?:e[+-]?\d+)?)|(?P<keyword>[A-Za-z_]\w*)|"
    r"(?P<other>\"[^\"]*\"|.)"
)
ESCAPED = re.compile(r"\\([\\`*_\[\]|])")


class Shown:
    """Shows itself in a notebook: of `str(self)` and of `_repr_markdown_`, whatever can be read there."""

    def _repr_markdown_(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        plain, marked = str(self), self._repr_markdown_()
        formulas = {"text/html": switched(markdown_as_html(marked), plain)} if "$" in marked else {}
        return {"text/plain": plain, "text/markdown": marked, **formulas}

    def _display_(self) -> Any:
        """What marimo asks for first: it sets formulas itself, but in Markdown alone."""
        return Marked(self._repr_markdown_())


class Marked:
    """Markdown, and nothing else."""

    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_markdown_(self) -> str:
        return self.text


def switched(formulas: str, plain: str) -> str:
    """HTML with formulas, and the plain text that is seen in its place where nobody sets them."""
    return (
        f'<div class="tinygrad-edu">{SWITCH}{PAPER}<div>\n{formulas}\n</div><pre class="tinygrad-edu-text" '
        f'style="display:none;{PRE}">{escape(plain)}</pre></div>'
    )


def code(text: str, remark: str = "#") -> str:
    """A program as HTML, in the colours of the page around it if that is JupyterLab's; `remark` begins a comment."""

    def coloured(m: re.Match[str]) -> str:
        kind, word = str(m.lastgroup), escape(m[0], quote=False)
        if kind == "other" or (kind == "keyword" and m[0] not in WORDS):
            return word
        slant = ";font-style:italic" if kind == "comment" else ""
        return f'<span style="color:var(--jp-mirror-editor-{kind}-color){slant}">{word}</span>'

    tokens = TOKEN.replace("{remark}", remark)
    return f'{PAPER}<pre class="tinygrad-edu-text" style="{PRE}">{re.sub(tokens, coloured, text)}</pre>'


def markdown_as_html(marked: str) -> str:
    """The Markdown of this package as HTML: paragraphs, tables, bold words, code, and formulas as they are."""
    parts: list[str] = []
    for block in re.split(r"\n{2,}", marked.strip("\n")):
        lines = block.split("\n")
        table = [i for i, line in enumerate(lines) if line.startswith("| ---")]
        if lines[0].startswith("```"):
            parts.append(code("\n".join(lines[1:-1])))
        elif table:
            heading, *rows = [re.split(r"(?<!\\) \| ", line[2:-2]) for i, line in enumerate(lines) if i not in table]
            parts.append("<table>" + "".join(f"<tr>{_cells(row, 'td' if i else 'th')}</tr>"
                                             for i, row in enumerate([heading, *rows]))
                         + "</table>")  # fmt: skip
        else:
            parts.append(f"<p>{_inline(block)}</p>")
    return "\n".join(parts)


def _cells(row: list[str], tag: str) -> str:
    return "".join(f'<{tag} style="text-align:left">{_inline(cell)}</{tag}>' for cell in row)


def _inline(text: str) -> str:
    """A sentence: every second part between dollars is a formula, which keeps its letters."""
    parts = re.split(r"(\$\$?[^$]*\$\$?)", text)
    for i, part in enumerate(parts):
        if i % 2:
            parts[i] = escape(part, quote=False)
        else:
            bold = re.sub(r"(?<!\\)\*\*(.*?)(?<!\\)\*\*", r"<b>\1</b>", part)
            parts[i] = ESCAPED.sub(r"\1", re.sub(r"(?<!\\)`([^`]*)`", r"<code>\1</code>", bold))
    return "".join(parts)
