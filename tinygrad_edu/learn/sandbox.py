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
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from . import worker

SECONDS, MEMORY = 5.0, 2000  # of one question; megabytes
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
        self.hidden = [str(HOUSE / "learn"), str(HOUSE / "grading"), *[os.fspath(h) for h in hidden]]
        self.process: subprocess.Popen[str] | None = None
        self.folder = ""
        self.paths: set[str] = set()  # of what was loaded
        self.stderr: IO[bytes]

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
        self.folder = tempfile.mkdtemp(prefix="tinygrad_edu-")
        for name, text in self.modules.items():
            (Path(self.folder) / name).write_text(text, "utf-8")
        self.stderr = tempfile.TemporaryFile()
        options = {"folder": self.folder, "hidden": self.hidden, "memory": self.memory, "needs": self.needs,
                   "paths": [str(HOUSE.parent)]}  # fmt: skip
        quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | quiet
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", worker.__file__, json.dumps(options)], env=environment, text=True,
            encoding="utf-8", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr)  # fmt: skip
        self.answers: queue.Queue[str] = queue.Queue()

        def listen(stream: Any, answers: queue.Queue[str]) -> None:
            with suppress(ValueError):  # closed
                for line in stream:
                    answers.put(line)
            answers.put("")

        threading.Thread(target=listen, args=(self.process.stdout, self.answers), daemon=True).start()

    def _end(self) -> None:
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.stderr):
            with suppress(OSError, AttributeError):
                stream.close()  # type: ignore[union-attr]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.process = None

    def _ask(self, question: dict[str, Any], limit: float = 0.0) -> Answer:
        seconds = min(limit or self.seconds, self.left)
        if seconds <= 0:
            return Answer(error="Timeout", text="no time is left, after other questions that took long")
        if self.process is None:
            self._begin()
        process, begun = self.process, time.monotonic()
        assert process is not None and process.stdin is not None
        with suppress(OSError):
            process.stdin.write(json.dumps({**question, "seconds": seconds}) + "\n")
            process.stdin.flush()
        try:
            line = self.answers.get(timeout=seconds + 20)  # the process ends itself before, unless it cannot
        except queue.Empty:
            line = ""
        self.left -= time.monotonic() - begun
        try:
            answer = json.loads(line)
            error, printed = answer.get("error", {}), str(answer.get("printed", ""))
            return Answer(answer.get("value"), str(error.get("type", "")), str(error.get("text", "")),
                          int(error.get("line") or 0), str(error.get("code") or ""), printed,
                          str(error.get("file") or ""))  # fmt: skip
        except (ValueError, AttributeError, TypeError):
            return self._died(seconds)

    def _died(self, seconds: float) -> Answer:
        """What happened to a process that gave no answer: its time was over, or it crashed."""
        assert self.process is not None
        self.process.kill()
        code = self.process.wait()
        self.stderr.seek(0)
        said = self.stderr.read().decode("utf-8", "replace")
        self._end()
        found = re.findall(r'File "([^"]*)", line (\d+)', said)
        theirs = {p.encode("ascii", "backslashreplace").decode(): p for p in self.paths}  # as faulthandler writes it
        file, line = next(((theirs[f], int(n)) for f, n in found if f in theirs), ("", 0))
        if said.startswith("Timeout"):
            return Answer(error="Timeout", text=f"no answer after {seconds:.3g} seconds", line=line, file=file)
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        return Answer(error="Died", text=f"the process ended without an answer ({how})", line=line, file=file)


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
            said = worker.account(error, str(getattr(self.their, "__file__", "")))
            return Answer(None, said["type"], said["text"], said.get("line") or 0, said.get("code") or "",
                          file=said.get("file", ""))  # fmt: skip
