"""DOT text in, a picture out: by the machine's Graphviz, or by the pip-installable graphviz-pure.

Both are programs, which read DOT on their standard input and write a picture to their standard output, so
there are no files to clean up.  graphviz-pure knows no PDF: there svglib turns its SVG into one.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import warnings
from importlib import import_module

from ..errors import UserError

PICTURES = ("svg", "png", "pdf")
SECONDS = 60.0
BOTH_WAYS = (
    'pip install "tinygrad-edu[dot]", or install Graphviz (apt install graphviz, brew install graphviz, graphviz.org)'
)


class RenderError(UserError, RuntimeError):
    """No picture could be made; the message says what to do."""


def renderer() -> str | None:
    """The program that lays out graphs: Graphviz's `dot` if there is one, else graphviz-pure, else None.

    graphviz-pure is also looked for beside Python itself, where pip puts it: a venv need not be activated.
    """
    beside = os.pathsep.join([os.path.dirname(sys.executable or ""), sysconfig.get_path("scripts")])
    return shutil.which("dot") or shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=beside)


def picture(source: str, form: str) -> bytes:
    """The picture of a DOT text, as the bytes of an svg, png or pdf.

    Raises RenderError if there is no program to do it, if it fails, or takes more than a minute.
    """
    program = renderer()
    if program is None:
        raise RenderError(f"drawing needs a program that lays out graphs, and there is none here: {BOTH_WAYS}")
    pure = "graphviz-pure" in os.path.basename(program)
    if form == "png":  # seen in viewers of any colour; an SVG is seen in a page, whose colour shows through
        source = source.replace("bgcolor=transparent", "bgcolor=white", 1)
    if form == "pdf" and pure:
        return svg_to_pdf(run(program, source, "svg"))
    return run(program, source, form)


def run(program: str, source: str, form: str) -> bytes:
    """What `program` makes of a DOT text."""
    try:
        done = subprocess.run([program, f"-T{form}"], input=source.encode(), capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise RenderError(f"{program} was stopped after {SECONDS:g} s: the graph is too large for it; "
                          "draw less of it, with a smaller max_nodes= or depth=") from None  # fmt: skip
    except OSError as e:
        raise RenderError(f"{program} could not be started ({e}): {BOTH_WAYS}") from e
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip() or "it said nothing"
        raise RenderError(f"{program} could not make the {form} (exit status {done.returncode}): {said}")
    return done.stdout  # on success its warnings about the widths of letters are of no interest


def svg_to_pdf(svg: bytes) -> bytes:
    """An SVG as a PDF of the same size, by svglib and reportlab."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about fonts and tags that a picture can do without
        try:
            svglib, pdf = import_module("svglib.svglib"), import_module("reportlab.graphics.renderPDF")
        except ImportError:
            raise RenderError('a .pdf needs Graphviz, or beside graphviz-pure the package svglib: pip install "tinygrad-edu[dot]", '
                              "or save an .svg or .png instead") from None  # fmt: skip
        page: bytes = pdf.drawToString(svglib.svg2rlg(io.BytesIO(svg)))
    return page
