"""The playground: the page, Python from npm, and our package, as files and as the memory of a Python that has it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

from tinygrad_edu.playground import answer, lessons
from tinygrad_edu.runs import viewer

ROOT = Path(__file__).parent.parent
SITE, PACKAGE = ROOT / "site", ROOT / "tinygrad_edu"
MARK = ".tinygrad_edu-site"
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
SHARED = ("shared.css", "shared.js")  # of our own pages, for this one too

# What each door begins with.
FIRST: dict[str, dict[str, Any]] = {
    "look": {
        "expression": "o = tanh(x1*w1 + x2*w2 + b)",
        "numbers": {"x1": 2, "w1": -3, "x2": 0, "w2": 1, "b": 6.881373587019543},
        "of": "w1",
    },
}
LOOK = {"expression": FIRST["look"]["expression"], "numbers": FIRST["look"]["numbers"]}
# Questions that are answered when the site is built: pages know these answers before Python is there.  Python's memory
# is kept after it has been asked them, so that whatever they import is there from the start.
PREPARED: list[tuple[str, dict[str, Any]]] = [
    *[
        ("look.graph", {**LOOK, "of": of, "width": width})
        for of in [*LOOK["numbers"], "o"]
        for width in (800, 580, 420)
    ],
    *[(f"look.{name}", LOOK) for name in ("explanation", "step_page", "order", "check")],
    *[
        ("look.program", {**LOOK, "language": language, "of": FIRST["look"]["of"]})
        for language in ("tinygrad_edu", "python", "numpy", "javascript", "latex")
    ],
    ("training.options", {}),
    ("training.start", {"settings": {}}),
]
# And what has no answer that is worth keeping.
ASKED = [*PREPARED, ("look.read", {"expression": "a*b"}), ("lessons.task", {"name": "parabola"}),
         ("training.advance", {"most": 12})]  # fmt: skip


def build(out: Path) -> Path:
    """Write the playground into a folder; returns the path of the wheel there.

    Raises FileNotFoundError if there is no Node.js, CalledProcessError if it, or the building of the wheel, fails.
    """
    before = _memory(out)
    for name in ("play", "pyodide", "wheel"):
        shutil.rmtree(out / name, ignore_errors=True)
    _copied(packages() / "pyodide", out / "pyodide", PYODIDE)
    wheel = _wheel(out / "wheel")
    (out / "pyodide" / "package.bin").write_bytes(packed([wheel]))
    built = _remember(out, before)
    shutil.copytree(SITE / "play", out / "play")
    for name in SHARED:
        shutil.copy(PACKAGE / "webpage" / name, out / "play" / name)
    shutil.copy(ROOT / "docs" / "_static" / "icon.svg", out / "play")  # one mark for all pages of the site
    for name, text in viewer().items():
        (out / "play" / name).write_text(text, "utf-8")
    counted = [*PYODIDE[2:], "package.bin", "memory.bin"]
    about = {"bytes": sum((out / "pyodide" / name).stat().st_size for name in counted)}
    (out / "play" / "about.json").write_text(json.dumps(about))
    course = json.dumps(lessons.course(), ensure_ascii=False)
    (out / "play" / "lessons.json").write_text(course, "utf-8")  # the whole course can be read before Python is there
    answers = prepared()
    seen = answers[_written("look.graph", {**LOOK, "of": FIRST["look"]["of"], "width": 800})]
    page = (SITE / "index.html").read_text("utf-8")
    for mark, text in (
        ("built", built[:16]),
        ("first", _in_script({"first": FIRST, "answers": answers})),
        ("picture", f'<div class="drawing">{seen["svg"]}</div>'),
        ("why", seen["why"]),
    ):
        page = page.replace("{{" + mark + "}}", text)
    (out / "index.html").write_text(page, "utf-8")
    return wheel


def packages() -> Path:
    """The folder of what npm has installed for the site, once it has.  Raises FileNotFoundError if there is no npm."""
    folder, wanted = SITE / "node_modules", SITE / "package-lock.json"
    done = folder / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < wanted.stat().st_mtime:
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return folder


def prepared() -> dict[str, Any]:
    """The answers to the questions in PREPARED, by question as JavaScript writes it."""
    found = {}
    for question, given in PREPARED:
        told = json.loads(answer(question, json.dumps(given)))
        if "value" not in told:
            raise RuntimeError(f"{question} cannot be prepared: {told}")
        found[_written(question, given)] = told["value"]
    return found


def _written(question: str, given: dict[str, Any]) -> str:
    """A question as `site/play/app.js` writes it."""
    return f"{question} {json.dumps(given, separators=(',', ':'), ensure_ascii=False)}"


def run(program: str, *words: str) -> None:
    """A program of Node's, in the folder of the site's sources.  Raises CalledProcessError if it fails."""
    found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(f"the site takes Python for the browser from npm, and there is no {program} here: "
                                "install Node.js")  # fmt: skip
    subprocess.run([found, *words], cwd=SITE, check=True, capture_output=True, text=True)


def packed(wheels: list[Path], spare: tuple[str, ...] = ()) -> bytes:
    """Wheels for `site/play/package.js`: a line of JSON, [[path, length], ...], and the files, but for those whose
    paths begin with what is `spare`; deflated.
    """
    paths, files = [], []
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith(spare)]
            paths += [(name, archive.getinfo(name).file_size) for name in names]
            files += [archive.read(name) for name in names]
    return zlib.compress(b"\n".join([json.dumps(paths).encode(), b"".join(files)]), 9)


def _memory(out: Path) -> tuple[str, bytes]:
    """The memory of Python in a site that was built before, and what it was made from; blank if there is none."""
    made, kept = out / "pyodide" / "memory.txt", out / "pyodide" / "memory.bin"
    return (made.read_text(), kept.read_bytes()) if made.exists() and kept.exists() else ("", b"")


def _remember(out: Path, before: tuple[str, bytes]) -> str:
    """Write the memory of Python: that of before if nothing has changed since then, for a new one takes seconds.
    Returns a name for what it was made from.
    """
    folder, asked = (out / "pyodide").resolve(), json.dumps(ASKED)
    sources = [folder / "package.bin", SITE / "package-lock.json", SITE / "memory.mjs", SITE / "play" / "package.js"]
    made = hashlib.sha256(b"".join([asked.encode(), *[source.read_bytes() for source in sources]])).hexdigest()
    if made == before[0]:
        (folder / "memory.bin").write_bytes(before[1])
    else:
        run("node", "memory.mjs", str(folder), asked)
    (folder / "memory.txt").write_text(made)
    return made


def _wheel(folder: Path) -> Path:
    plain = {**os.environ, "TINYGRAD_EDU_C": "0"}  # the browser takes a wheel of Python alone
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)], check=True,
                   capture_output=True, text=True, env=plain)  # fmt: skip
    return next(folder.glob("*.whl"))


def _copied(source: Path, target: Path, names: tuple[str, ...]) -> None:
    target.mkdir(parents=True)
    for name in names:
        shutil.copy(source / name, target / name)


def _in_script(data: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(data).replace("<", "\\u003c")
