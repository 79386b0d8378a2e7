"""The playground: the page, Python from npm, and our wheel."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
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


def build(out: Path) -> Path:
    """Write the playground into a folder; returns the path of the wheel there.

    Raises FileNotFoundError if there is no npm, CalledProcessError if it, or the building of the wheel, fails.
    """
    for name in ("play", "pyodide", "wheel"):
        shutil.rmtree(out / name, ignore_errors=True)
    _copied(packages() / "pyodide", out / "pyodide", PYODIDE)
    wheel = _wheel(out / "wheel")
    shutil.copytree(SITE / "play", out / "play")
    for source, name in SHARED.items():
        shutil.copy(PACKAGE / source, out / "play" / name)
    sizes = [(out / "pyodide" / name).stat().st_size for name in PYODIDE[2:]]
    about = {"wheel": wheel.name, "bytes": sum(sizes) + wheel.stat().st_size}
    (out / "play" / "about.json").write_text(json.dumps(about))
    page = (SITE / "index.html").read_text("utf-8").replace("{{first}}", _in_script(first()))
    (out / "index.html").write_text(page, "utf-8")
    return wheel


def packages() -> Path:
    """The folder of what npm has installed for the site, once it has.  Raises FileNotFoundError if there is no npm."""
    folder, wanted = SITE / "node_modules", SITE / "package-lock.json"
    done = folder / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < wanted.stat().st_mtime:
        npm = shutil.which("npm")
        if npm is None:
            raise FileNotFoundError("the site takes Python for the browser from npm, and there is no npm here: "
                                    "install Node.js")  # fmt: skip
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=SITE, check=True,
                       capture_output=True, text=True)  # fmt: skip
    return folder


def first() -> dict[str, Any]:
    """What the doors show before Python is there, by door."""
    expression, numbers = FIRST["look"]
    look = {"expression": expression, "numbers": numbers}
    seen = json.loads(answer("look.graph", json.dumps(look)))["value"]
    told = json.loads(answer("look.explanation", json.dumps(look)))["value"]
    return {"look": {**look, **seen, "told": told}}


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
