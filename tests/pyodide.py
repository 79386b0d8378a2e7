"""The engine's own tests on the Python of the playground: CPython in WebAssembly, without threads and processes.

    python -m tests.pyodide [arguments of pytest]

It needs Node.js, and PyPI once, for the wheels that are kept in `build/pyodide`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from site_build.play import packages

ROOT = Path(__file__).parent.parent
WHEELS = ROOT / "build" / "pyodide"
NEEDED = (
    "pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
    "hypothesis",
    "sortedcontainers",
    "mpmath",
    "graphviz",
)
ENGINE = ("rows", "names", "release")  # test_expression ends it: thousands of terms are too deep to be read there
# Asserts as they stand: to rewrite them takes longer than to ask them.  The warning is Hypothesis's about how this
# Python counts references; what cannot be raised is Pyodide's, and stands before the first test.
ARGUMENTS = ("-q", "--override-ini=addopts=", "--disable-plugin-autoload", "-p", "hypothesispytest", "--assert=plain",
             "-p", "no:unraisableexception",
             "-W", "ignore:It looks like `register_random`")  # fmt: skip


def main(given: list[str]) -> int:
    """Run pytest there, on these tests or on the engine's; its exit status."""
    pyodide = packages() / "pyodide"
    version = json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))["info"]["python"]
    fetch(version)
    given = given or [f"tests/test_{name}.py" for name in ENGINE]
    node = shutil.which("node") or "node"
    return subprocess.run([node, str(Path(__file__).with_suffix(".mjs")), str(pyodide), str(WHEELS),
                           *ARGUMENTS, *given], check=False).returncode  # fmt: skip


def fetch(version: str) -> None:
    """Have the wheels of what the tests need, those for every system."""
    if not WHEELS.is_dir():
        fresh = WHEELS.with_name("pyodide.new")
        shutil.rmtree(fresh, ignore_errors=True)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--platform",
            "any",
        ]
        # Of Hypothesis that is the last release without compiled parts, whatever is pinned.
        unpinned = {key: value for key, value in os.environ.items() if key != "PIP_CONSTRAINT"}
        subprocess.run([*pip, "--python-version", version, "-d", str(fresh), *NEEDED], check=True, env=unpinned)
        fresh.rename(WHEELS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
