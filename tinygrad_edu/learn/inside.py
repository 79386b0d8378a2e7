"""Somebody's code in this very process, where there can be no other one: in a browser.

    >>> box = Inside()
    >>> loaded = box.load("import math\\nmath.pi = 3\\ndef double(x):\\n    print('here')\\n    return 2 * x\\n")
    >>> answer = box.call("def probe(their, x):\\n    return {'twice': their.double(x)}", "probe", 21)
    >>> answer.value, answer.printed, math.pi > 3
    ({'twice': 42}, 'here\\n', True)

The same questions as a `Sandbox` has, and the same answers: endless loops, deep recursion, `sys.exit` and floods of
text end as an answer that says so.  But there is no fence: code can read what is here.  What it writes over, names in
Python's modules and in ours, and methods of our classes, is put back after each question, so that one answer does not
spoil the check of the next; what it changes inside of a list or a dict of ours is not.
"""

from __future__ import annotations

import builtins
import inspect
import itertools
import json
import math
import operator
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from . import worker
from .course import ENGINE
from .sandbox import HOUSE, SECONDS, Answer, as_answer

BROWSER = sys.platform == "emscripten"
AGAIN = 0.5  # seconds until code that has caught the error gets it once more
DEEP = 350  # calls in calls: a browser crashes at some 400, if each goes through an operator, and says nothing
SHARED = (builtins, itertools, json, math, operator, random, sys)  # what exercises and their solutions compute with
# Python in a browser asks a number, every few thousand steps, whether somebody has pressed Ctrl-C; this one is a clock.
CLOCK = """({until: Infinity, set 0(x) {},
    get 0() { if (Date.now() < this.until) return 0; this.until = Date.now() + %d; return 2; }})"""


class Timeout(BaseException):
    """The time is over: raised wherever somebody's code is, past its `except Exception`."""


class Inside:
    """The questions of a `Sandbox`, answered here; `seconds` is the limit of each."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.state: dict[str, Any] = {"paths": [], "their": None}
        self.lent: dict[str, ModuleType] = {}  # what their files can import: the engine, and themselves

    def load(self, source: str, path: str = "exercise.py") -> Answer:
        """As `Sandbox.load`."""
        return self._ask({"do": "load", "source": source, "path": path}, self.seconds)

    def call(self, source: str, name: str, *args: Any, seconds: float = 0.0) -> Answer:
        """As `Sandbox.call`."""
        given = json.loads(json.dumps(args))  # theirs to change
        return self._ask({"do": "call", "source": source, "name": name, "args": given}, seconds or self.seconds)

    def _ask(self, question: dict[str, Any], seconds: float) -> Answer:
        with untouched():
            sys.modules.update(self.lent)
            try:
                with limit(seconds):
                    answer = worker.answered(question, self.state)
            except Timeout as error:  # just as it ended by itself
                answer = {"error": worker.account(error, *self.state["paths"])}
            names = ("exercise", ENGINE.removesuffix(".py"))
            self.lent = {name: sys.modules[name] for name in names if name in sys.modules}
        return as_answer(answer)


@contextmanager
def untouched() -> Iterator[None]:
    """What is written over meanwhile is put back: names of the modules that are shared and of ours, methods of our
    classes, modules that are loaded, random numbers, streams, how deep functions may call each other.
    """
    loaded, drawn, deep = dict(sys.modules), random.getstate(), sys.getrecursionlimit()
    ours = [module for name, module in loaded.items() if name.partition(".")[0] == HOUSE.name]
    found = (x for module in ours for x in list(vars(module).values()) if isinstance(x, type))
    classes = {x for x in found if x.__module__.partition(".")[0] == HOUSE.name}
    kept = [(place, dict(vars(place))) for place in (*SHARED, *ours, *classes)]
    if BROWSER:
        vars(sys)["setrecursionlimit"] = lambda limit: None
    try:
        yield
    finally:
        for place, before in kept:
            now = vars(place)
            for name in [name for name, x in before.items() if now.get(name, kept) is not x]:
                setattr(place, name, before[name])
            if place is builtins or place in classes:
                for name in [name for name in now if name not in before and not name.startswith("__")]:
                    delattr(place, name)
        for name in {"exercise", "value"} - {*loaded}:
            sys.modules.pop(name, None)
        sys.modules.update(loaded)
        sys.setrecursionlimit(deep)
        random.setstate(drawn)


@contextmanager
def shallow() -> Iterator[None]:
    """In a browser functions call each other only so deep here that an error is raised before all of Python crashes."""
    before, here = sys.getrecursionlimit(), len(inspect.stack(0))
    sys.setrecursionlimit(here + DEEP if BROWSER else before)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise Timeout in what runs here after so many seconds, and again if it goes on; never, where nothing can.

    >>> try:
    ...     with limit(0.02):
    ...         while True:
    ...             pass
    ... except Timeout as late:
    ...     print(late)
    no answer after 0.02 seconds
    """

    def late(*signal_and_frame: Any) -> None:
        raise Timeout(f"no answer after {seconds:.3g} seconds")

    alarm = signal.SIGINT if BROWSER else getattr(signal, "SIGALRM", None)  # Windows has none
    if alarm is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(alarm, late)
    _set_alarm(seconds)
    try:
        yield
    finally:
        _set_alarm(0)
        signal.signal(alarm, before)


def _set_alarm(seconds: float) -> None:
    if BROWSER:
        _clock().until = 1000 * (time.time() + seconds) if seconds else math.inf
    else:
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN if seconds else 0)


@cache
def _clock() -> Any:
    clock = import_module("pyodide.code").run_js(CLOCK % (1000 * AGAIN))
    import_module("pyodide_js").setInterruptBuffer(clock)
    return clock
