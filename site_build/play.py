"""The playground: the page, Python from npm, and our package, as files and as the memory of a Python that has it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

from tinygrad_edu.playground import answer

ROOT = Path(__file__).parent.parent
SITE, PACKAGE = ROOT / "site", ROOT / "tinygrad_edu"
MARK = ".tinygrad_edu-site"
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
SHARED = {"webpage/colours.css": "colours.css"}  # files of the package that the page uses too

# What is on the screen before Python is there; the same answers that Python gives later.
FIRST: dict[str, tuple[str, dict[str, float]]] = {
    "look": ("o = tanh(x1*w1 + x2*w2 + b)", {"x1": 2.0, "w1": -3.0, "x2": 0.0, "w2": 1.0, "b": 6.8813735870195432})
}

# What Python was asked before its memory was kept: what is imported for that is there when a browser begins with it.
ASKED: list[tuple[str, dict[str, Any]]] = [
    (question, {"expression": FIRST["look"][0], "numbers": FIRST["look"][1]})
    for question in ("look.graph", "look.explanation")
]


def build(out: Path) -> Path:
    """Write the playground into a folder; returns the path of the wheel there.

    Raises FileNotFoundError if there is no Node.js, CalledProcessError if it, or the building of the wheel, fails.
    """
    before = _memory(out)
    for name in ("play", "pyodide", "wheel"):
        shutil.rmtree(out / name, ignore_errors=True)
    _copied(packages() / "pyodide", out / "pyodide", PYODIDE)
    wheel = _wheel(out / "wheel")
    (out / "pyodide" / "package.bin").write_bytes(_packed(wheel))
    _remember(out, before)
    shutil.copytree(SITE / "play", out / "play")
    for source, name in SHARED.items():
        shutil.copy(PACKAGE / source, out / "play" / name)
    counted = [*PYODIDE[2:], "package.bin", "memory.bin"]
    about = {"bytes": sum((out / "pyodide" / name).stat().st_size for name in counted)}
    (out / "play" / "about.json").write_text(json.dumps(about))
    page = (SITE / "index.html").read_text("utf-8").replace("{{first}}", _in_script(first()))
    (out / "index.html").write_text(page, "utf-8")
    return wheel


def packages() -> Path:
    """The folder of what npm has installed for the site, once it has.  Raises FileNotFoundError if there is no npm."""
    folder, wanted = SITE / "node_modules", SITE / "package-lock.json"
    done = folder / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < wanted.stat().st_mtime:
        _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return folder


def first() -> dict[str, Any]:
    """What the doors show before Python is there, by door."""
    expression, numbers = FIRST["look"]
    look = {"expression": expression, "numbers": numbers}
    seen = json.loads(answer("look.graph", json.dumps(look)))["value"]
    told = json.loads(answer("look.explanation", json.dumps(look)))["value"]
    return {"look": {**look, **seen, "told": told}}


def _run(program: str, *words: str) -> None:
    """A program of Node's, in the folder of the site's sources."""
    found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(f"the site takes Python for the browser from npm, and there is no {program} here: "
                                "install Node.js")  # fmt: skip
    subprocess.run([found, *words], cwd=SITE, check=True, capture_output=True, text=True)


def _packed(wheel: Path) -> bytes:
    """The package for `site/play/package.js`: a line of JSON, [[path, length], ...], and the files; deflated."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith("tinygrad_edu/")]
        files = [archive.read(name) for name in names]
    heading = json.dumps([(name, len(file)) for name, file in zip(names, files)]).encode()
    return zlib.compress(b"\n".join([heading, b"".join(files)]), 9)


def _memory(out: Path) -> tuple[str, bytes]:
    """The memory of Python in a site that was built before, and what it was made from; blank if there is none."""
    made, kept = out / "pyodide" / "memory.txt", out / "pyodide" / "memory.bin"
    return (made.read_text(), kept.read_bytes()) if made.exists() and kept.exists() else ("", b"")


def _remember(out: Path, before: tuple[str, bytes]) -> None:
    """Write the memory of Python: that of before if nothing has changed since then, for a new one takes seconds."""
    folder, asked = (out / "pyodide").resolve(), json.dumps(ASKED)
    sources = [folder / "package.bin", SITE / "package-lock.json", SITE / "memory.mjs", SITE / "play" / "package.js"]
    made = hashlib.sha256(b"".join([asked.encode(), *[source.read_bytes() for source in sources]])).hexdigest()
    if made == before[0]:
        (folder / "memory.bin").write_bytes(before[1])
    else:
        _run("node", "memory.mjs", str(folder), asked)
    (folder / "memory.txt").write_text(made)


def _wheel(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)], check=True,
                   capture_output=True, text=True)  # fmt: skip
    return next(folder.glob("*.whl"))


def _copied(source: Path, target: Path, names: tuple[str, ...]) -> None:
    target.mkdir(parents=True)
    for name in names:
        shutil.copy(source / name, target / name)


def _in_script(data: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(data).replace("<", "\\u003c")
