"""Notebooks in the browser: JupyterLite, and every package that its Python needs, as a folder of static files.

JupyterLite comes packed in the wheel of jupyterlite-core, its kernel in that of jupyterlite-pyodide-kernel (both from
`pip install ".[site]"`).  Left alone, the kernel fetches Pyodide from one place on the net and IPython from another.
Here it gets `site/lite/python.mjs` in place of Pyodide: the playground's Python, with the wheels of wheels.txt in it.
Nothing else can be installed, and no request leaves the site.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import play

HERE = Path(__file__).parent
DEMOS = HERE.parent / "demos"
FIRST = "lecture.ipynb"
TITLE = "tinygrad_edu notebooks"
NARROW = 760  # pixels: below, a notebook alone is readable, and JupyterLab with its side bar is not
DOOR = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{TITLE}</title>
<link rel="icon" href="lab/favicon.ico">
<script id="jupyter-config-data" type="application/json">{{}}</script>
<script>location.replace(`${{innerWidth < {NARROW} ? "notebooks" : "lab"}}/index.html?path={FIRST}`)</script>
<noscript>Python runs in your browser here, and needs JavaScript.</noscript>
</html>
"""
KERNEL = "@jupyterlite/pyodide-kernel-extension"
SPARE_APPS = {"consoles", "repl"}
SPARE_ENDINGS = (".map", ".eot", ".ttf", ".ts")  # source maps, and fonts for browsers that are gone
# what jedi knows of other people's packages: three quarters of its wheel
SPARE_PATHS = ("jedi/third_party/django-stubs/", "jedi/third_party/typeshed/stubs/")
# what the kernel would install if it were not there
KERNEL_PACKAGES = ["micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython"]


def build(out: Path, wheel: Path, notebooks: Path | None = None) -> None:
    """Write JupyterLite with our notebooks into the folder `out`, in place of what was there.

    Beside `out` lies the playground, of which it takes Python; `wheel` is our own wheel.  All that is in the folder
    `notebooks`, of a teacher for example, is there as well; what is in its wheels can be imported.  Raises
    ModuleNotFoundError without JupyterLite, FileNotFoundError if there is no such folder, CalledProcessError if a wheel
    cannot be fetched.
    """
    if notebooks and not notebooks.is_dir():
        raise FileNotFoundError(f"there is no folder {notebooks}: --notebooks names one that holds notebooks")
    shutil.rmtree(out, ignore_errors=True)
    extension = _unpack(out)
    theirs = [f for f in sorted(notebooks.rglob("*")) if f.is_file() and not _hidden(f, notebooks)] if notebooks else []
    _python(out, [wheel, *(f for f in theirs if f.suffix == ".whl")])
    for book in sorted(DEMOS.glob("*.ipynb")):
        _copy(book, out / "files" / book.name)
    for file in (f for f in theirs if f.suffix != ".whl"):
        _copy(file, out / "files" / file.relative_to(notebooks or file))
    _list(out / "files", out / "api" / "contents")
    _configure(out, extension)
    _name(out)


def _unpack(out: Path) -> dict[str, Any]:
    """Copy JupyterLite and its kernel; returns how the kernel is named in the configuration."""
    try:
        core, kernel = map(importlib.metadata.distribution, ("jupyterlite-core", "jupyterlite-pyodide-kernel"))
    except importlib.metadata.PackageNotFoundError as missing:
        raise ModuleNotFoundError(f"notebooks in the browser need {missing.name}: pip install '.[site]'") from None
    [packed] = (f for f in core.files or () if f.suffix == ".tgz")
    with tarfile.open(str(packed.locate())) as archive:
        for member in archive:
            name = member.name.removeprefix("package/")
            if (file := archive.extractfile(member)) and not _spare(name):
                _put(out / name, file.read())
    for inside in kernel.files or ():
        name = inside.as_posix().partition("/labextensions/")[2]
        if name and not _spare(name):
            _put(out / "extensions" / name, Path(str(inside.locate())).read_bytes())
    package = json.loads((out / "extensions" / KERNEL / "package.json").read_text("utf-8"))
    return {"name": KERNEL, **package["jupyterlab"]["_build"]}


def _spare(name: str) -> bool:
    """Whether a file of JupyterLite is for developers, or for a page that is left out."""
    return name.endswith(SPARE_ENDINGS) or name.startswith("rspack.") or not SPARE_APPS.isdisjoint(name.split("/"))


def _python(out: Path, wheels: list[Path]) -> None:
    """Write the Python of the kernel: its packages in one file, and its memory once the large ones are imported."""
    pyodide = (out.parent / "pyodide").resolve()
    lock = json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    pure = ["--only-binary", ":all:", "--python-version", lock["info"]["python"], "--platform", "any", "--abi", "none"]
    inside = out / "extensions" / KERNEL / "static" / "pypi"  # wheels that come with the kernel
    with TemporaryDirectory() as folder:
        asked = ["--dest", folder, "--requirement", str(HERE / "wheels.txt")]
        subprocess.run([*pip, *pure, *asked], check=True, capture_output=True, text=True)
        kernels = [w for w in sorted(inside.glob("*.whl")) if not w.name.startswith("widgetsnbextension-")]
        _put(out / "packages.bin", play.packed([*sorted(Path(folder).glob("*.whl")), *kernels, *wheels], SPARE_PATHS))
    shutil.rmtree(inside)
    _write(inside / "all.json", {})
    _write(out / "pyodide-lock.json", {**lock, "packages": {}})  # of Pyodide's own packages, the site has none
    shutil.copy(play.SITE / "lite" / "python.mjs", out)
    play.run("node", "lite/memory.mjs", str(pyodide), str(out.resolve()))


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith((".", "__")) for part in file.relative_to(folder).parts)


def _copy(source: Path, target: Path) -> None:
    """Copy a file; a notebook is marked as one of this kernel, and as one whose pictures may be shown."""
    if source.suffix != ".ipynb":
        return _put(target, source.read_bytes())
    book = json.loads(source.read_text("utf-8"))
    book["metadata"]["kernelspec"] = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"]["trusted"] = True
            cell["outputs"] = [_whole(output) for output in cell["outputs"]]
    _write(target, book)


def _whole(output: dict[str, Any]) -> dict[str, Any]:
    """An output whose texts are no lists of lines: a server puts them together, and here is none."""
    whole: dict[str, Any] = {}
    for key, value in output.items():
        is_lines = isinstance(value, list) and key.startswith(("text", "image/"))
        whole[key] = "".join(value) if is_lines else _whole(value) if key == "data" else value
    return whole


def _list(files: Path, listings: Path) -> None:
    """List what is in each folder as a Jupyter server would."""
    for folder in [files, *(f for f in files.rglob("*") if f.is_dir())]:
        inside = [_model(f, files) for f in sorted(folder.iterdir())]
        listing = {**_model(folder, files), "content": inside, "format": "json"}
        _write(listings / folder.relative_to(files) / "all.json", listing)


def _model(file: Path, root: Path) -> dict[str, Any]:
    """A file as Jupyter's contents API describes it."""
    path = file.relative_to(root).as_posix().removeprefix(".")
    when = datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat().replace("+00:00", "Z")
    kind = "directory" if file.is_dir() else "notebook" if file.suffix == ".ipynb" else "file"
    return {
        "name": path.rpartition("/")[2], "path": path, "type": kind, "created": when, "last_modified": when,
        "size": None if kind == "directory" else file.stat().st_size, "mimetype": None, "format": None,
        "content": None, "writable": True,
    }  # fmt: skip


def _configure(out: Path, extension: dict[str, Any]) -> None:
    configuration = json.loads((out / "jupyter-lite.json").read_text("utf-8"))
    configuration["jupyter-config-data"] |= {
        "appName": TITLE,
        "federated_extensions": [extension],
        "contentsAllJsonFile": "all.json",
        "disabledExtensions": ["@jupyterlab/terminal-extension"],
        "litePluginSettings": {
            f"{KERNEL}:kernel": {
                "pyodideUrl": "./python.mjs",
                "disablePyPIFallback": True,
                "loadPyodideOptions": {"lockFileURL": "pyodide-lock.json", "packages": KERNEL_PACKAGES},
            }
        },
        "settingsOverrides": {"@jupyterlab/apputils-extension:themes": {"adaptive-theme": True}},
    }
    _write(out / "jupyter-lite.json", configuration)
    english = {"en": {"displayName": "English", "nativeName": "English"}}
    _write(out / "api" / "translations" / "all.json", {"data": english, "message": ""})
    _write(out / "api" / "translations" / "en.json", {"data": {}, "message": ""})
    _write(out / "build" / "schemas" / "all_federated.json", [])


def _name(out: Path) -> None:
    """Give the pages our title, and a first one that opens the lecture."""
    _put(out / "index.html", DOOR.encode())
    manifest = json.loads((out / "manifest.webmanifest").read_text("utf-8"))
    del manifest["shortcuts"]
    _write(out / "manifest.webmanifest", {**manifest, "name": TITLE, "short_name": TITLE, "description": TITLE})
    for page in out.glob("*/index.html"):
        title, icon = f"<title>{TITLE}</title>", '<link rel="icon" href="favicon.ico">'
        html = page.read_text("utf-8")
        _put(page, re.sub("<title>.*?</title>", title + icon, html).encode())


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write(path: Path, content: object) -> None:
    _put(path, json.dumps(content, indent=1).encode())
