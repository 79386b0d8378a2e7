"""Ctrl-C where it would do harm: what must not be left half done is finished first.

While the command line is still being imported it is one word and status 130, as afterwards.

Python imports this package before any line of the command, whether it is called `tinygrad-edu` or
`python -m tinygrad_edu`: so nobody but the package itself can answer then.
Elsewhere, in a program that imports it, nothing is changed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

PACKAGE = __name__.partition(".")[0]
COMMAND = PACKAGE.replace("_", "-")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A Ctrl-C that arrives in here waits for the end: parameters are never half updated, nor a library half loaded."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield  # other threads are never interrupted
        return
    arrived: list[Any] = []
    signal.signal(signal.SIGINT, lambda *signal_and_frame: arrived.append(signal_and_frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if arrived:
            before(*arrived[0])


def begin() -> None:
    """From here on Ctrl-C ends the process with one word, if it is our command that starts."""
    if _is_starting() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def end() -> None:
    """From here on Ctrl-C is a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def is_behind(error: BaseException | None) -> bool:
    """Whether an error is a Ctrl-C, or what imports made of one: libraries, and Python up to 3.11, raise others."""
    while isinstance(error, (ImportError, RuntimeError, SystemError)):
        error = error.__cause__ or error.__context__
    return isinstance(error, KeyboardInterrupt)


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
