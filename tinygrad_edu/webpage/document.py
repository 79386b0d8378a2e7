"""How a page becomes one file that asks for no other: its own HTML, style and script, and what pages share.

`colours.css` has the colours, light and dark; `shared.js` writes numbers, makes elements and runs programs.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import StrPath


def one_file(
    package: str | None, name: str, title: str, data: Any, rows: str, texts: Mapping[str, str] | None = None
) -> str:
    """One HTML file: NAME.html, .css and .js of a room, what pages share, some data, and rows in JavaScript.

    `texts` has files by name that are not to be read in the room.
    """
    assert package

    def read(file: str) -> str:
        if texts and file in texts:
            return texts[file]
        return resources.files(package).joinpath(file).read_text(encoding="utf-8")

    # JSON inside a script: `<` could end it, and NaN and Infinity are JavaScript's own words
    parts = {"title": html.escape(title), "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
             "rows": rows, "css": text("colours.css") + read(f"{name}.css"),
             "shared": text("shared.js"), "js": read(f"{name}.js")}  # fmt: skip
    return re.sub(r"\{\{(\w+)\}\}", lambda m: parts[m[1]], read(f"{name}.html"))


def text(name: str) -> str:
    """One of the files that pages share, such as `shared.js`."""
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


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
