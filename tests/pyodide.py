"""The engine's own tests on the Python of the playground: CPython in WebAssembly, without threads and processes.

    python -m tests.pyodide [arguments of pytest]

It needs Node.js, what npm installs for the site, and PyPI once, for the wheels that are kept in `build/pyodide`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
WHEELS = ROOT / "build" / "pyodide"
NEEDED = "pytest pluggy iniconfig packaging pygments hypothesis sortedcontainers mpmath graphviz".split()
# What the engine and the doors of the page rest on; others run there when they are named.
FILES = ("rows names release backward edges derivatives protocol expression order optim micrograd_surface playground "
         "playground_training learn_inside").split()  # fmt: skip
DEEP = "Python of the browser ends where its stack does: in what is so deep when it is read, or freed"
LONG = "takes seconds there, and asks nothing of the browser that others do not ask"
NOT_THERE = {
    "test_nn_files::test_garbage_is_one_clear_error_with_its_path[5]": DEEP,
    "test_order::test_each_strategy_is_what_it_says": LONG,
    "test_order::test_a_large_graph_is_no_problem": LONG,
    "test_optim::test_a_step_that_is_interrupted_anywhere_is_taken_wholly_or_not_at_all": LONG,
    "test_optim::test_interrupted_anywhere_zero_grad_leaves_all_gradients_or_none": LONG,
    "test_text::test_a_formula_read_back_is_the_same_number": LONG,
}
# Asserts as they stand: to rewrite them takes longer than to ask them; without what no test asks for.  The warning
# is Hypothesis's about how this Python counts references; what cannot be raised is Pyodide's, before the first test.
ARGUMENTS = ("-q", "-rs", "--override-ini=addopts=", "--disable-plugin-autoload", "-p", "hypothesispytest",
             "--assert=plain", "-p", "no:logging", "-p", "no:cacheprovider",
             "-p", "no:unraisableexception",
             "-W", "ignore:It looks like `register_random`")  # fmt: skip


class WhatIsNotThere:
    """A test that asks for threads, processes, an event loop of its own, or a package that is not there, is skipped."""

    missing = ("can't start new thread", "does not support processes", "stack switching not supported",
               "No module named 'numpy'", "needs NumPy")  # fmt: skip

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        import js  # type: ignore[import-not-found]

        js.globalThis.current = nodeid

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            names = (f"{item.path.stem}::{name}" for name in (item.name, getattr(item, "originalname", "")))
            if why := next(filter(None, map(NOT_THERE.get, names)), None):
                item.add_marker(pytest.mark.skip(reason=why))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        report = yield
        if report.failed and any(words in str(call.excinfo.value) for words in self.missing):
            report.outcome, report.longrepr = "skipped", (str(item.path), 0, f"Skipped: {call.excinfo.value}")
        return report


def main(given: list[str]) -> int:
    """Run pytest there, on these tests or on FILES; its exit status."""
    from site_build.play import packages

    node = shutil.which("node")
    if node is None:
        print("pyodide: Python for the browser runs under Node.js, and there is no node here: install it",
              file=sys.stderr)  # fmt: skip
        return 2
    try:
        pyodide = packages() / "pyodide"
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        print(f"pyodide: npm cannot install what the site needs, in site/: {said.strip()}", file=sys.stderr)
        return 2
    try:
        fetch(json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))["info"]["python"])
    except subprocess.CalledProcessError:
        print("pyodide: pip could not download the wheels of what the tests need; it says why above", file=sys.stderr)
        return 2
    if all(word.startswith("-") for word in given):
        given = [*given, *(f"tests/test_{name}.py" for name in FILES)]
    return subprocess.run([node, str(Path(__file__).with_suffix(".mjs")), str(pyodide), str(WHEELS),
                           *ARGUMENTS, *given], check=False).returncode  # fmt: skip


def fetch(version: str) -> None:
    """Have the wheels of what the tests need, those for every system.  Raises CalledProcessError if pip fails."""
    if WHEELS.is_dir():
        return
    fresh = WHEELS.with_name("pyodide.new")
    shutil.rmtree(fresh, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--platform", "any"]
    # Of Hypothesis that is the last release without compiled parts, whatever is pinned.
    unpinned = {key: value for key, value in os.environ.items() if key != "PIP_CONSTRAINT"}
    subprocess.run([*pip, "--python-version", version, "-d", str(fresh), *NEEDED], check=True, env=unpinned)
    fresh.rename(WHEELS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
