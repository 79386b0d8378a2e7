"""How a page becomes one file that asks for no other: its own HTML, style and script, and what pages share.

`document.html`, `.css` and `.js` are what all have around their own; `shared.css` has the colours, light and dark;
`shared.js` writes numbers, makes elements and runs programs.
"""

from __future__ import annotations

import html
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import StrPath


def one_file(title: str, body: str, css: str, js: str, data: Any, rows: str) -> str:
    """One HTML file, of the texts of a page: the elements below its head, its style and its script, which reads `DATA`
    and runs programs on `ROWS`, functions in JavaScript.  Raises TypeError for a title that is no text.
    """
    if not isinstance(title, str):
        raise TypeError(f"the title of a page is a text, got {type(title).__name__} {title!r:.60}")
    # JSON inside a script: `<` could end it, and NaN and Infinity are JavaScript's own words
    parts = {"title": html.escape(title), "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
             "rows": rows, "body": body, "css": text("shared.css", "document.css") + css,
             "js": text("shared.js", "document.js") + js}  # fmt: skip
    return re.sub(r"\{\{(\w+)\}\}", lambda m: parts[m[1]], text("document.html"))


def text(*names: str, room: str = __package__) -> str:
    """Files of a room, of those that pages share if none is said, one after the other."""
    folder = resources.files(room)
    return "".join([folder.joinpath(name).read_text(encoding="utf-8") for name in names])


def page_path(path: StrPath) -> Path:
    """Where a page is to be saved.  Raises UserError for a name that does not end in .html."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"cannot save a page as {path.name!r}: its name must end in .html, so that a browser opens it")
    return path


def framed(text: str, title: str, still: str = "", height: int = 720) -> str:
    """A page in a frame, for notebooks; `still` is seen where frames are not shown."""
    return (f'<iframe srcdoc="{html.escape(text)}" title="{html.escape(title)}" '
            f'style="width:100%;height:{height}px;border:0">{still}</iframe>')  # fmt: skip
