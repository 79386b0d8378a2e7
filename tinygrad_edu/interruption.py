"""Ctrl-C while the command line is still being imported: one word and status 130, as afterwards.

Python imports this package before any line of the command, whether it is called `tinygrad-edu` or
`python -m tinygrad_edu`: so nobody but the package itself can answer then.
Elsewhere, in a program that imports it, nothing is changed.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Any

PACKAGE = __name__.partition(".")[0]
COMMAND = PACKAGE.replace("_", "-")


def begin() -> None:
    """From here on Ctrl-C ends the process with one word, if it is our command that starts."""
    if _is_starting() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def end() -> None:
    """From here on Ctrl-C is a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_starting() -> bool:
    """Whether this process is our command, and not at work yet."""
    name = (sys.argv or [""])[0]
    if name == "-m":  # until Python has found the module
        return PACKAGE in sys.orig_argv or f"-m{PACKAGE}" in sys.orig_argv
    return os.path.basename(name).removesuffix(".exe").removesuffix("-script.py") == COMMAND


def _leave(*signal_and_frame: Any) -> None:
    with suppress(OSError):
        os.write(2, f"{COMMAND}: interrupted\n".encode())
    os._exit(130)  # nothing has been begun that would have to be ended
