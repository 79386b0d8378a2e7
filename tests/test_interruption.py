"""Ctrl-C while the command line is still starting: one word, as later on."""

import os
import signal
import subprocess
import sys

import pytest

from tinygrad_edu import interruption

# Python runs this first: it presses Ctrl-C when the module of that name is asked for.
PRESS = """
import os, signal, sys
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # whoever runs the tests in the background ignores it
    signal.signal(signal.SIGINT, signal.default_int_handler)
class Press:
    def find_spec(self, name, *rest):
        if name == os.environ["PRESS_AT"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press())
"""
SCRIPT = "import sys\nfrom tinygrad_edu.cli import main\nif __name__ == '__main__':\n    sys.exit(main())\n"


@pytest.mark.skipif(os.name != "posix", reason="a signal of POSIX")
@pytest.mark.parametrize(
    "at", ["tinygrad_edu.ops", "tinygrad_edu.explanation", "tinygrad_edu.cli", "tinygrad_edu.cli.gradient", "argparse"]
)
@pytest.mark.parametrize("start", ["module", "script"])
def test_an_interrupt_at_any_import_is_one_word_and_status_130(at, start, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(PRESS)
    (tmp_path / "tinygrad-edu").write_text(SCRIPT)
    command = ["-m", "tinygrad_edu"] if start == "module" else [str(tmp_path / "tinygrad-edu")]
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, *command, "ops"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "PRESS_AT": at},
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "tinygrad-edu: interrupted\n")


@pytest.mark.parametrize("argv", [[], ["-m"], ["-c"], ["program.py"], ["/usr/bin/pytest"], ["tinygrad-edu.txt"]])
def test_in_a_program_of_somebody_else_nothing_is_changed(argv, monkeypatch):
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "tinygrad_edu.ops"])
    before = signal.getsignal(signal.SIGINT)
    interruption.begin()
    assert signal.getsignal(signal.SIGINT) is before
    interruption.end()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name != "posix", reason="a signal of POSIX")
@pytest.mark.parametrize(
    "at", ["numpy", "numpy._core._multiarray_umath", "numpy.linalg._umath_linalg", "llvmlite.binding"]
)
def test_an_interrupt_while_a_library_is_loaded_waits_and_ends_the_training_as_any_other(at, tmp_path):
    pytest.importorskip(at)
    (tmp_path / "sitecustomize.py").write_text(PRESS)
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_edu", "train", "moons", "--epochs", "1", "--quiet", "--save", "m.json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "PRESS_AT": at},
    )
    assert (done.returncode, done.stderr) == (0, "") and "interrupted: this is what it has learned" in done.stdout
    assert (tmp_path / "m.json").exists()


def pressed(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("error", [RuntimeError, ImportError, SystemError])
def test_what_became_of_an_interrupt_is_one_and_a_bug_is_none(error):
    try:
        try:
            pressed()
        except KeyboardInterrupt:
            raise error("another word for it") from None
    except error as found:
        assert interruption.is_behind(found)
    with pytest.raises((RuntimeError, KeyboardInterrupt)) as caught:  # RuntimeError up to Python 3.11
        type("Class", (), {"attribute": type("Descriptor", (), {"__set_name__": pressed})()})
    assert interruption.is_behind(caught.value)
    assert not any(map(interruption.is_behind, (error("a bug"), ValueError(), None)))
