"""The documentation as a site: the pages of docs/, those at the top of the repository, and the API out of docstrings.

python -c "from pathlib import Path; from site_build.docs import build; build(Path('build/docs'))"
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tinygrad_edu import zoo
from tinygrad_edu.zoo import leaks

from .api import api_pages

ROOT = Path(__file__).parent.parent
# What a visitor finds at the side, in this order; and below three of these pages, others with shorter names.
NAVIGATION = {
    "Tutorial": "install first-gradient by-hand network training leaks zoo learning",
    "How-to": "own-data own-row own-layer why check-gradients not-learning replay runs slides stochastic coming-from "
    "moving teaching grading playground notebooks",
    "Reference": "contents operations semantics gradients errors command-line doctor speed glossary api",
    "Design": "design ops engine contributing changes conduct benchmarks",
}
BELOW = {
    "leaks": [f"{one.name} <leaks/{one.name}>" for one in leaks.LEAKS],
    "zoo": [f"{one.name} ({one.year}) <zoo/{one.name}>" for one in zoo.SYSTEMS],
    "api": [page.removesuffix(".md") for page in api_pages() if page != "api.md"],
}
# Pages that lie elsewhere: here a link finds them, and there the site has them.
ELSEWHERE = {
    "README.md": "index",
    "CONTRIBUTING.md": "contributing",
    "CHANGELOG.md": "changes",
    "CODE_OF_CONDUCT.md": "conduct",
    "benchmarks/README.md": "benchmarks",
    "tinygrad_edu/ops.py": "ops",
    "tinygrad_edu/engine.py": "engine",
    "tinygrad_edu/__init__.pyi": "api",
}
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
CODE = re.compile(r"(^ *```.*?^ *```$)", re.M | re.S)


def build(out: Path) -> None:
    """Write the site of the documentation to the folder `out`; whatever Sphinx warns of is an error."""
    if missing := [name for name in ("sphinx", "furo", "myst_parser") if not find_spec(name)]:
        raise ModuleNotFoundError(f"the documentation needs {', '.join(missing)}: pip install -e '.[docs]'")
    with tempfile.TemporaryDirectory() as folder:
        pages, doctrees = Path(folder) / "pages", Path(folder) / "doctrees"
        assemble(pages)
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", str(ROOT / "docs")]
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        command += ["-d", str(doctrees), str(pages), str(out)]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, check=True)  # it says what is wrong
    for leftover in (".buildinfo", "objects.inv"):
        (out / leftover).unlink(missing_ok=True)


def assemble(pages: Path) -> None:
    """Put all pages into one folder, with links that lead from one to another, and the navigation at their ends."""
    shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("*.py", "*.json", "_*"))
    for path in sorted(pages.rglob("*.md")):
        name = path.relative_to(pages).as_posix()
        path.write_text(moved(path.read_text("utf-8"), f"docs/{name}", name, pages), "utf-8")
    for home, page in ELSEWHERE.items():
        text = (ROOT / home).read_text("utf-8")
        if home.endswith(".py"):
            (pages / f"{page}.md").write_text(f"# {home}\n\n````python\n{text}````\n", "utf-8")
        elif page not in ("index", "api"):
            (pages / f"{page}.md").write_text(moved(text, home, f"{page}.md", pages), "utf-8")
    (pages / "api").mkdir()
    for name, text in api_pages().items():
        (pages / name).write_text(text, "utf-8")
    for title, names in NAVIGATION.items():
        there = [name for name in names.split() if (pages / f"{name}.md").exists()]
        append(pages / "index.md", tree(title, there))
    for page, below in BELOW.items():
        append(pages / f"{page}.md", tree("", below))


def moved(text: str, home: str, page: str, pages: Path) -> str:
    """A page's text with its links turned from where it lies in the repository to where it lies in the site.

    What the site has no page for, such as a notebook, is put beside the pages, to be fetched.
    """

    def link(found: re.Match[str]) -> str:
        target, fragment = found[1], found[2] or ""
        path = os.path.normpath(os.path.join(os.path.dirname(home), target)).replace(os.sep, "/")
        if path in ELSEWHERE:
            there = f"{ELSEWHERE[path]}.md"
            fragment = "" if path == "README.md" or path.endswith(".py") else fragment
        elif path.startswith("docs/"):
            there = path.removeprefix("docs/") + (
                ".md" if (ROOT / f"{path}.md").exists() else ""
            )  # of a folder: its page
        elif (ROOT / path).is_file():
            there = f"files/{path}"
            (pages / there).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, pages / there)
        else:
            return found[0]
        return os.path.relpath(there, os.path.dirname(page) or ".").replace(os.sep, "/") + fragment

    parts = CODE.split(text)
    code = (re.sub(r"\n+(?= *```$)", "\n", part) for part in parts[1::2])  # doctest wants a line before the fence
    return "".join(next(code) if i % 2 else LINK.sub(link, part) for i, part in enumerate(parts))


def tree(caption: str, names: list[str]) -> str:
    """A table of contents that shows at the side alone."""
    lines = [":hidden:", *([f":caption: {caption}"] if caption else []), ""]
    return "\n".join(["", "```{toctree}", *lines, *names, "```", ""])


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")
