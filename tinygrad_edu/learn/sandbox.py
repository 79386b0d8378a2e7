"""Somebody's code in a process of its own, with a limit of time and memory; what it answers is data.

    >>> with Sandbox() as box:
    ...     loaded = box.load("def double(x):\\n    print('here')\\n    return 2 * x\\n")
    ...     answer = box.call("def probe(their, x):\\n    return {'twice': their.double(x)}", "probe", 21)
    ...     wrong = box.call("def probe(their):\\n    return their.treble(1)", "probe")
    >>> answer.value, answer.printed, wrong.error
    ({'twice': 42}, 'here\\n', 'AttributeError')

Endless loops, deep recursion, `sys.exit`, crashes and floods of text end as an answer that says so.  The process is
started when it is needed, and again after one has died, with what was loaded there.  `Here` asks the same of code that
is trusted, or that runs in a notebook already.
"""

from __future__ import annotations

import json
import math
import os
import queue
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from ..words import few
from . import worker

SECONDS, MEMORY = 5.0, 2000  # of one question; megabytes
STARTING, GRACE = 60.0, 2.0  # until Python is there; until a process ends itself after its time
LONGEST, WAITING = 2**24, 100  # letters of a line, lines that nobody has read
PIPE = 4096  # bytes that every system takes for a process that does not read
LONG, ERRORS = 500, 10**5  # letters of what is told of an error, and of what the process says as it dies
PREFIX = "tinygrad_edu-"
KNOWN = {"PATH", "HOME", "USERPROFILE", "APPDATA", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "LANG", "LC_ALL", "TZ",
         "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "PATHEXT"}  # fmt: skip
LENT = (".cache/matplotlib", ".config/matplotlib", ".matplotlib")  # without its list of fonts it makes one, and is slow
QUIET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
HOUSE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Answer:
    """What came of a question: a value, or the error's type, its text and the line and file that raised it."""

    value: Any = None
    error: str = ""
    text: str = ""
    line: int = 0
    code: str = ""
    printed: str = ""
    file: str = ""
    asked: str = ""  # what of theirs the question was about, where the error is in the question


def as_answer(answer: Mapping[str, Any]) -> Answer:
    """What the worker says, as an Answer.  Raises ValueError, TypeError or the like for what is none."""
    error = answer.get("error", {})
    said = {key: str(error.get(key) or "")[:LONG] for key in ("type", "text", "code", "file", "asked")}
    return Answer(worker.as_json(answer.get("value")), said["type"], said["text"], int(error.get("line") or 0),
                  said["code"], str(answer.get("printed", ""))[: 2 * worker.PRINTED], said["file"],
                  said["asked"])  # fmt: skip


class Runner(Protocol):
    """Where somebody's code runs: a `Sandbox`, or, where there are no processes, `Inside`."""

    def load(self, source: str, path: str = "exercise.py") -> Answer:
        """Run a file's text as a module; its names are there for the calls that follow."""

    def call(self, source: str, name: str, *args: Any, seconds: float = 0.0) -> Answer:
        """Run the function of that name in `source` on what was loaded, and `args` besides."""


class Sandbox:
    """A process for somebody's code, to be used in a `with`.

    `needs` are packages to import before the doors are shut, `hidden` folders and files that may not be read besides
    our own exercises, `seconds` the limit of each question, `total` that of all of them together; `modules` are texts
    by name, `NAME.py`, that the code may import.
    """

    def __init__(self, needs: tuple[str, ...] = (), hidden: tuple[os.PathLike[str] | str, ...] = (),
                 seconds: float = SECONDS, memory: int = MEMORY, total: float = math.inf,
                 modules: Mapping[str, str] | None = None) -> None:  # fmt: skip
        self.needs, self.seconds, self.memory, self.left = needs, seconds, memory, total
        self.modules = modules or {}
        self.loaded: dict[str, dict[str, Any]] = {}  # the questions that loaded what is there, by path
        homes = {HOUSE, *[Path(place or ".", HOUSE.name) for place in sys.path]}  # there may be a copy, from elsewhere
        ours = [str(home / room) for home in sorted(homes) for room in ("learn", "grading") if (home / room).exists()]
        self.hidden = [*ours, *[os.fspath(h) for h in hidden]]
        self.process: subprocess.Popen[bytes] | None = None
        self.folder, self.begun, self.late = "", False, False
        self.kept: tuple[str, ...] = ()  # what this system keeps apart besides time: memory, files, system calls
        self.paths: set[str] = set()  # of what was loaded
        self.stderr: IO[bytes]
        self.answers: queue.Queue[bytes]

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def load(self, source: str, path: str = "exercise.py") -> Answer:
        """Run a file's text as a module; its names are there for the calls that follow."""
        question = {"do": "load", "source": source, "path": path}
        self.paths.add(path)
        answer = self._ask(question)
        if self.process is not None and not answer.error:
            self.loaded = {k: q for k, q in self.loaded.items() if k == "value.py" != path} | {path: question}
        return answer

    def call(self, source: str, name: str, *args: Any, seconds: float = 0.0) -> Answer:
        """Run the function of that name in `source` on what was loaded, and `args` besides; `seconds` is its limit,
        if that is another than the others'.
        """
        if self.process is None:
            for question in self.loaded.values():
                self._ask(question)
        return self._ask({"do": "call", "source": source, "name": name, "args": args}, seconds)

    def _begin(self) -> None:
        """Start the process, in a folder and a session of its own, and wait until its doors are shut."""
        self.folder = tempfile.mkdtemp(prefix=PREFIX)
        for name, text in self.modules.items():
            (Path(self.folder) / name).write_text(text, "utf-8")
        self.stderr = tempfile.TemporaryFile()
        options = {"folder": self.folder, "hidden": self.hidden, "memory": self.memory, "needs": self.needs,
                   "paths": [str(HOUSE.parent)], "id": (ready := secrets.token_hex(8)),
                   "others": os.path.join(os.path.dirname(self.folder), PREFIX),
                   "private": [str(place) for place in _private(self.folder)],
                   "lent": [os.path.expanduser(f"~/{name}") for name in LENT]}  # fmt: skip
        # Of what the grader's environment says, keys to other services too, they get what Python needs to run.
        environment = {k: v for k, v in os.environ.items() if k.upper() in KNOWN} | QUIET
        environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self.folder)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", worker.__file__, json.dumps(options)], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr, start_new_session=True)  # fmt: skip
        self.answers = queue.Queue()
        threading.Thread(target=_listen, args=(self.process.stdout, self.answers), daemon=True).start()
        first = self._answer(ready, time.monotonic() + STARTING)
        self.begun, self.kept = first is not None, tuple((first or {}).get("value", ()))

    def _answer(self, token: str, until: float) -> dict[str, Any] | None:
        """The answer to the question of that token; None if the process has ended, or it is later than that."""
        while (rest := until - time.monotonic()) > 0:
            try:
                line = self.answers.get(timeout=rest)
            except queue.Empty:
                break
            if not line:
                return None
            with suppress(ValueError, RecursionError):  # what is no answer is somebody's noise
                answer = json.loads(line)
                if isinstance(answer, dict) and answer.get("id") == token:
                    return answer
        self.late = True
        return None

    def _end(self) -> int:
        """End the process, and all that it may have started; its exit status."""
        if self.process is None:
            return 0
        if hasattr(os, "killpg"):
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        code = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.stderr):
            with suppress(OSError, AttributeError):
                stream.close()  # type: ignore[union-attr]
        with suppress(RecursionError):  # folders in folders, ever deeper
            shutil.rmtree(self.folder, ignore_errors=True)
        if os.path.exists(self.folder) and os.name == "posix":
            subprocess.run(["rm", "-rf", self.folder], stderr=subprocess.DEVNULL, check=False)
        self.process = None
        return code

    def _ask(self, question: dict[str, Any], limit: float = 0.0) -> Answer:
        seconds = min(limit or self.seconds, self.left)
        if seconds <= 0:
            return Answer(error="Timeout", text="no time is left, after other questions that took long")
        self.late = False
        if self.process is None:
            self._begin()
        process, begun, token = self.process, time.monotonic(), secrets.token_hex(8)
        assert process is not None and process.stdin is not None
        text = (json.dumps({**question, "seconds": seconds, "id": token}) + "\n").encode()
        sending = threading.Thread(target=_send, args=(process.stdin, text), daemon=True)
        if len(text) <= PIPE:  # it fits, for what was asked before has been read
            sending.run()
        else:  # who does not read would keep us waiting
            sending.start()
        answer = self._answer(token, begun + seconds + GRACE) if self.begun else None
        self.left -= time.monotonic() - begun
        try:
            if answer is not None and process.poll() is None and sending.ident:
                sending.join(GRACE)
            if answer is None or sending.is_alive():
                raise ValueError
            return as_answer(answer)
        except (ValueError, AttributeError, TypeError, OverflowError):
            return self._died(seconds)

    def _died(self, seconds: float) -> Answer:
        """What happened to a process that gave no answer: its time was over, or it crashed."""
        assert self.process is not None
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0 if self.late else GRACE)  # that it ends by itself has a reason
        code = self.process.poll()
        self.stderr.seek(0)
        said = self.stderr.read(ERRORS).decode("utf-8", "replace")
        self._end()
        found = re.findall(r'File "([^"]*)", line (\d+)', said)
        theirs = {p.encode("ascii", "backslashreplace").decode(): p for p in self.paths}  # as faulthandler writes it
        file, line = next(((theirs[f], int(n)) for f, n in found if f in theirs), ("", 0))
        if said.startswith("Timeout") or self.late:
            return Answer(error="Timeout", text=f"no answer after {seconds:.3g} seconds", line=line, file=file)
        how = "its answer was none" if code is None else f"signal {-code}" if code < 0 else f"exit status {code}"
        return Answer(error="Died", text=f"the process ended without an answer ({how})", line=line, file=file)


def _private(folder: str) -> set[Path]:
    """Where people have files: of these nothing is read but Python and its packages."""
    places = {Path(os.path.expanduser("~")), Path(folder).parent}
    with suppress(OSError):  # this one has been removed
        places.add(Path.cwd())
    return {place for place in places if place.is_absolute() and place != Path(place.anchor)}


def _listen(stream: IO[bytes], answers: queue.Queue[bytes]) -> None:
    """Hand on a process's lines; b"" is its end.  One that is too long ends it; of too many the last are kept."""
    with suppress(ValueError, OSError):  # closed
        while (line := stream.readline(LONGEST)).endswith(b"\n"):
            if answers.qsize() >= WAITING:
                with suppress(queue.Empty):
                    answers.get_nowait()
            answers.put(line)
    answers.put(b"")


def _send(stream: IO[bytes], text: bytes) -> None:
    with suppress(OSError, ValueError):  # it has ended
        stream.write(text)
        stream.flush()


def limits() -> tuple[str, ...]:
    """What this system limits somebody's code in, besides time: memory, files, system calls."""
    with Sandbox() as box:
        box.load("")
        return box.kept


def unguarded() -> str:
    """What this system does not keep somebody's code from, in a sentence; nothing, on a Linux of today."""
    kept = limits()
    missing = [name for name in ("memory", "files", "system calls") if name not in kept]
    return f"this system sets somebody's code no limits in {few(missing)}, but for what Python's own audit hook " \
           "notices: whom you do not trust, grade in a container" if missing else ""  # fmt: skip


class Here:
    """The same questions, answered in this process: of code that is ours, or that runs here anyway."""

    def __init__(self, their: Any) -> None:
        self.their = their

    def call(self, source: str, name: str, *args: Any, seconds: float = 0.0) -> Answer:
        """As `Sandbox.call`."""
        try:
            return Answer(worker.as_json(worker.call({"source": source, "name": name, "args": args},
                                                   {"their": self.their})))  # fmt: skip
        except Exception as error:
            return as_answer({"error": worker.account(error, str(getattr(self.their, "__file__", "")))})
