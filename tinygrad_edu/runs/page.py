"""A recorded training as one file that needs no server and no network, and the viewer by itself, for other pages."""

from __future__ import annotations

import base64
import itertools
import sys
from array import array
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import files
from ..files import StrPath
from ..picture import in_browser
from ..webpage.document import framed, one_file, page_path, text
from ..words import plural

if TYPE_CHECKING:
    from .record import RunFrame, RunRecorder

EXACT = 160_000  # numbers: so many are kept as float64; of more, as float32, seven digits are left
SCRIPTS = ("run.js", "network.js", "plane.js", "curves.js", "unit.js")


class RunPage:
    """A page: `.html` is its text; it saves itself to a file, opens itself in a browser, shows itself in a notebook."""

    def __init__(self, recorder: RunRecorder, title: str) -> None:
        self.title, self.frames, self.steps = title, len(recorder.frames), recorder.steps
        data = run_data(recorder, title)
        rows, parts = data.pop("rows"), viewer()
        css, js = (parts[f"run.{kind}"] + text(f"alone.{kind}", room=__package__) for kind in ("css", "js"))
        self.html = one_file(title, '<main id="main"></main>\n', css, js, data, rows)

    def save(self, path: StrPath) -> Path:
        """Write the page and return its path.  Raises UserError for a name that does not end in .html."""
        return files.write(page_path(path), self.html)

    def show(self) -> Path:
        """Open the page in a browser; returns the file that it is in."""
        return in_browser(self.save, "run.html")

    def _repr_html_(self) -> str:
        return framed(self.html, self.title, escape(repr(self)), 860)

    def __repr__(self) -> str:
        return f'<RunPage: {self.frames} frames of {plural(self.steps, "step")}; .save("run.html") writes it>'


def run_data(recorder: RunRecorder, title: str) -> dict[str, Any]:
    """What `showRun` is given, ready for JSON: the head of `run.js` says what each is."""
    frames = recorder.frames
    return {**recorder.structure, **about(recorder), "title": title, "steps": recorder.steps, "frames": packed(frames),
            "epochs": recorder.epochs, "findings": recorder.findings}  # fmt: skip


def about(recorder: RunRecorder) -> dict[str, Any]:
    """What the viewer is told of a training before it begins."""
    loss: Any = recorder.loss
    named = getattr(loss, "__name__", "") or getattr(getattr(loss, "func", None), "__name__", "")
    return {"model": repr(recorder.model)[:200], "loss": named if named.isidentifier() else "",
            "classes": recorder.classes, "names": recorder.names, "kinds": recorder.kinds}  # fmt: skip


def packed(frames: list[RunFrame]) -> dict[str, Any]:
    """Frames column by column, their numbers as one text: float64, or float32 if they are many."""
    graded = [f for f in frames if f.gradients is not None]
    code = "d" if 2 * sum(len(f.weights) for f in frames) <= EXACT else "f"
    return {
        "step": [f.step for f in frames], "epoch": [f.epoch for f in frames], "loss": [f.loss for f in frames],
        "accuracy": [f.accuracy for f in frames], "bits": 64 if code == "d" else 32,
        "weights": encoded((f.weights for f in frames), code),
        "gradients": encoded((f.gradients for f in graded if f.gradients is not None), code),
        "without": [i for i, f in enumerate(frames) if f.gradients is None],
    }  # fmt: skip


def encoded(rows: Iterable[Iterable[float]], code: str = "d") -> str:
    """Rows of numbers, one after the other, in base64, little end first: float64, or with "f" float32."""
    raw: Any = array(code, itertools.chain.from_iterable(rows))
    if sys.byteorder == "big":
        raw.byteswap()
    return base64.b64encode(raw.tobytes()).decode()


def viewer() -> dict[str, str]:
    """The viewer for other pages: the texts `run.js`, one classic script with `showRun`, and `run.css`.

    Before it they load `webpage/shared.js`, and `webpage/shared.css`.
    """
    whole = text(*SCRIPTS, room=__package__)
    return {
        "run.js": f'var showRun = (() => {{\n"use strict";\n{whole}return showRun;\n}})();\n',
        "run.css": text("run.css", room=__package__),
    }
