"""For all tests: the same examples at every run, and doctests that write files write them somewhere else.

HYPOTHESIS_PROFILE=explore python -m pytest      draws new examples
"""

import gc
import os
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent

# The one module that is compiled as it is imported has no examples where there is no compiler.
collect_ignore = [] if find_spec("numba") else ["tinygrad_edu/replay/lowering.py"]
# What shows PyTorch and JAX at work is for those who have them.
collect_ignore += [] if find_spec("torch") and find_spec("jax") else ["docs/moving.md"]
collect_ignore += (
    [] if find_spec("jax") else [f"tinygrad_edu/interop/{f}.py" for f in ("__init__", "models", "training")]
)
# Exercises have none either, and some import what a learner has written.
collect_ignore_glob = ["tinygrad_edu/learn/exercises/*/*"]

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.register_profile("few", derandomize=True, deadline=None, max_examples=5)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# What is compiled is kept, wherever that is switched off: pytest rewrites every assert, six seconds in each worker, and
# some hundred processes would compile the package each for itself.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_sessionstart(session: pytest.Session):
    """The kernel of the native replay is compiled once for all workers, while they collect."""
    if is_whole(session) and not hasattr(session.config, "workerinput") and find_spec("numba"):
        compile_it = "from tinygrad_edu.replay import binary; binary.function('run')"
        session.config.add_cleanup(subprocess.Popen([sys.executable, "-c", compile_it], cwd=ROOT).wait)


def pytest_collection(session: pytest.Session):
    """In a fresh checkout each worker compiles its share of the tests, and finds the others' when it comes to them."""
    me, workers = (getattr(session.config, "workerinput", {}).get(key) for key in ("workerid", "workercount"))
    if me and is_whole(session):
        sys.path.insert(0, str(ROOT / "tests"))  # as pytest does, for a folder that is no package
        for path in sorted(ROOT.glob("tests/test_*.py"))[int(me.removeprefix("gw")) :: workers]:
            with suppress(Exception, pytest.skip.Exception):  # is told when its turn comes
                import_module(path.stem)


def is_whole(session: pytest.Session) -> bool:
    return bool({ROOT, ROOT / "tests"} & {Path(arg).resolve() for arg in session.config.args})


@pytest.fixture(autouse=True)
def _in_an_empty_folder(request: pytest.FixtureRequest):
    if isinstance(request.node, pytest.DoctestItem):  # the others are thousands, and ask for a folder if they need one
        request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory):
    """Chromium, started once for all tests of a process that ask for it."""
    from tests.browser import Browser

    chromium = Browser(tmp_path_factory.mktemp("profile"))
    yield chromium
    chromium.close()


def pytest_collection_finish():
    """Thousands of tests stay until the end: the collector, which some tests call or wait for, need not visit them."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None):
    """Nor what a file of tests leaves behind, such as PyTorch: later ones would wait ten times as long for it."""
    if nextitem is None or item.path != nextitem.path:
        pytest_collection_finish()


def pytest_make_parametrize_id(val: object) -> str | None:
    """What says where it lies in memory goes by its type: each worker would call it by another name."""
    return type(val).__name__ if " at 0x" in repr(val) and not callable(val) else None
