"""DOT text in, a picture out: by the machine's Graphviz, or by the pip-installable graphviz-pure.

Both are programs, which read DOT on their standard input and write a picture to their standard output, so
there are no files to clean up.  Pictures of this package are laid out and written as SVG without them; they make the
PNG, and Graphviz the PDF: graphviz-pure knows none, there svglib turns the SVG into one.
"""

from __future__ import annotations

import functools
import io
import os
import shutil
import subprocess
import sys
import sysconfig
import warnings
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from .errors import UserError
from .extras import install

SECONDS = 60.0
BOTH_WAYS = f"{install('dot')}, or install Graphviz (apt install graphviz, brew install graphviz, graphviz.org)"


class RenderError(UserError, RuntimeError):
    """No picture could be made; the message says what to do."""


def renderer() -> str | None:
    """The program that draws: Graphviz's `dot` if there is one, else graphviz-pure, else None.

    graphviz-pure is also looked for beside Python itself, where pip puts it: a venv need not be activated.
    It is preferred to a Graphviz that can only draw what it laid out itself.
    """
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    beside = [os.path.dirname(sys.executable or ""), sysconfig.get_path("scripts")]
    dot, pure = found("dot", path), found("graphviz-pure", [*path, *beside])
    return dot if dot and not (pure and _lacks_neato(dot)) else pure


@functools.cache
def _lacks_neato(dot: str) -> bool:
    """Whether a Graphviz was installed without it, as by `apt install graphviz` from Debian 14 on."""
    try:
        asked = [dot, "-Kneato", "-n2", "-Tsvg"]
        return bool(subprocess.run(asked, input=b"graph {}", capture_output=True, timeout=SECONDS).returncode)
    except (OSError, subprocess.TimeoutExpired):
        return True


def found(program: str, folders: Iterable[str]) -> str | None:
    """A program in the first of some folders that has it; never in the current one, where Windows looks first:
    that may be anybody's.
    """
    for folder in folders:
        if os.path.isabs(folder):
            for name in (program, f"{program}.exe") if os.name == "nt" else (program,):
                if path := shutil.which(os.path.join(folder, name)):
                    return path
    return None


def _program(form: str) -> str:
    """The program that draws.  Raises RenderError if there is none."""
    if program := renderer():
        return program
    raise RenderError(f"a .{form} needs a program that draws, and there is none here: {BOTH_WAYS}; an .svg needs none")


def check(form: str) -> None:
    """Raise the RenderError that a picture in this form would meet, before there is one; an svg meets none."""
    if form == "png":
        _program(form)
    elif form == "pdf" and is_pure():
        _svglib()


def convert(source: str, form: str, *options: str) -> bytes:
    """The picture of a DOT text, as the bytes of an svg, png or pdf; `options` go to the program.

    Raises RenderError if there is no program to do it, if it fails, or takes more than a minute.
    """
    program = _program(form)
    try:
        done = subprocess.run(
            [program, f"-T{form}", *options],
            input=source.encode(errors="replace"),
            capture_output=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise RenderError(f"{program} was stopped after {SECONDS:g} s: the picture is too large for it; "
                          "save an .svg, or draw less, with a smaller max_nodes= or depth=") from None  # fmt: skip
    except OSError as e:
        raise RenderError(f"{program} could not be started ({e}): {BOTH_WAYS}") from e
    if done.returncode or not done.stdout:
        said = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()] or [
            "it said nothing"
        ]
        another = f", and another comes with {install('dot')}" if _lacks_neato(program) else ""
        raise RenderError(
            f"{program} could not make the {form} (exit status {done.returncode}): {said[0].strip()[:200]}; "
            f"an .svg needs no such program{another}"
        )
    return done.stdout  # on success its warnings about the widths of letters are of no interest


def is_pure() -> bool:
    """Whether what draws here is graphviz-pure, or nothing."""
    return "graphviz-pure" in os.path.basename(renderer() or "graphviz-pure")


def svg_to_pdf(svg: bytes) -> bytes:
    """An SVG as a PDF of the same size, by svglib and reportlab.  Raises RenderError if they are not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about fonts and tags that a picture can do without
        svglib, pdf = _svglib()
        page: bytes = pdf.drawToString(svglib.svg2rlg(io.BytesIO(svg)))
    return page


def _svglib() -> tuple[Any, Any]:
    """svglib and what writes its pictures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return import_module("svglib.svglib"), import_module("reportlab.graphics.renderPDF")
        except ImportError:
            raise RenderError(f"a .pdf needs Graphviz, or svglib: {install('dot')}, "
                              "or save an .svg and print that from a browser") from None  # fmt: skip
