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
