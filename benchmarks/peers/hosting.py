"""Peers and where they run: a virtual environment, and in it a process for each.

See `worker` for what is said between us.
Peers that cannot be had are part of the answer: everything here that fails says why, in one line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .worker import proof, seconds

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
PATIENCE = 300.0  # seconds that a peer may take to get ready, and for each answer


class Unavailable(Exception):
    """This peer cannot be timed here; the text says why."""


@dataclass
class Peer:
    """An engine and its program: MODULE:FUNCTION in this folder, or FOLDER/ with a Rust crate,
    or a function that runs in this process.

    `package`: what pip installs, blank if it needs nothing but what is here; `command`: run instead of our own worker;
    `barred`: why it is not even tried.
    """

    name: str
    program: Any
    package: str = ""
    note: str = ""
    version: str = ""
    command: list[str] | None = None
    barred: str = ""
    updates: int = 1  # in one step
    excuse: str = ""  # why there are no times
    times: list[float] = field(default_factory=list)  # seconds per step, one for each round
    steps: int = 1  # in one round

    def start(self, problem: dict[str, Any], home: Environment) -> dict[str, Any]:
        """Get ready, and show what is computed.  Raises Unavailable."""
        if self.barred:
            raise Unavailable(self.barred)
        self.talk: Worker | None = None
        if callable(self.program):
            try:
                program = self.program(problem)
                self.run = program[1]
                return proof(program)
            except ImportError as error:
                raise Unavailable(str(error)) from error
        if self.program.endswith("/"):
            command = [str(home.crate(self.program.strip("/")))]
        else:
            name = self.package.partition("=")[0]
            command = self.command or [
                str(home.python(self.package)),
                "-m",
                "benchmarks.peers.worker",
                self.program,
                name,
            ]
        self.talk = Worker(command)
        answer = self.talk.ask(json.dumps(problem))
        if "failed" in answer:
            self.stop()
            raise Unavailable(answer["failed"])
        self.version = self.version or answer.get("version", "")
        return answer  # type: ignore[no-any-return]

    def seconds(self, steps: int) -> float:
        """What some steps in a row take.  Raises Unavailable if the peer's process is gone."""
        return float(self.talk.ask(f"step {steps}") if self.talk else seconds(self.run, steps))

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "version": self.version,
            "note": self.note,
            "excuse": self.excuse,
            "steps": self.steps,
            "seconds": self.times,
        }

    def stop(self) -> None:
        if getattr(self, "talk", None):
            self.talk.close()  # type: ignore[union-attr]


class Worker:
    """The other end of `worker`'s lines."""

    def __init__(self, command: list[str]) -> None:
        self.errors = tempfile.TemporaryFile()
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                            cwd=ROOT, env={**os.environ, **ONE_THREAD, "PYTHONPATH": path})  # fmt: skip
        except OSError as error:
            self.errors.close()
            raise Unavailable(f"{command[0]}: {error.strerror}") from error

    def ask(self, line: str) -> Any:
        """The answer to a line.  Raises Unavailable if there is none."""
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer, or its absence, says more
        late = threading.Event()
        timer = threading.Timer(PATIENCE, lambda: (late.set(), self.process.kill()))
        timer.start()
        try:
            return json.loads(self.process.stdout.readline())
        except ValueError:
            words = self.close()
            raise Unavailable(
                f"no answer within {PATIENCE:.0f} s" if late.is_set() else f"its process ended: {words}"
            ) from None
        finally:
            timer.cancel()

    def close(self) -> str:
        """Let the process end, or end it.  Returns its last words."""
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()  # type: ignore[union-attr]
            except BrokenPipeError:
                pass
        try:
            code = self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if self.errors.closed:
            return ""
        with self.errors:
            self.errors.seek(0)
            lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"signal {-code}" if code < 0 else f"exit code {code}"


class Environment:
    """The virtual environment of the peers, made when the first of them needs it.

    Each is installed alone, so that one failure stops no other.
    """

    def __init__(self, folder: Path | None = None, install: bool = True, say: Any = lambda what: None) -> None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self.folder, self.install, self.say = folder or cache / "tinygrad-edu" / "peers", install, say
        self.found: dict[str, str] = {}  # why not; blank if it is there

    def python(self, package: str) -> Path:
        """The Python that has a package, or this one if it needs none.  Raises Unavailable."""
        if not package:
            return Path(sys.executable)
        python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if package not in self.found:
            self.found[package] = self._missing(package, python)
        if self.found[package]:
            raise Unavailable(self.found[package])
        return python

    def _missing(self, package: str, python: Path) -> str:
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        if python.exists() and self._has(python, package):
            return ""
        if not self.install:
            return f"not installed (pip install {package}), and --no-install was given"
        try:
            if not python.exists():
                self.say(f"making {self.folder}")
                venv.create(self.folder, with_pip=True)
                subprocess.run([*pip, "install", "numpy"], capture_output=True, text=True, check=False)
            self.say(f"installing {package}")
            done = subprocess.run(
                [*pip, "install", package], capture_output=True, text=True, timeout=3 * PATIENCE, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            return f"cannot be installed: {error}"
        return f"cannot be installed: {reason(done.stdout + done.stderr)}" if done.returncode else ""

    def crate(self, name: str) -> Path:
        """The executable that cargo makes of a folder here.  Raises Unavailable."""
        built = self.folder / name / "target" / "release" / ("peer.exe" if os.name == "nt" else "peer")
        if name not in self.found:
            self.found[name] = self._unbuilt(name, built)
        if self.found[name]:
            raise Unavailable(self.found[name])
        return built

    def _unbuilt(self, name: str, built: Path) -> str:
        cargo, source = shutil.which("cargo"), Path(__file__).with_name(name)
        if built.exists() and built.stat().st_mtime > (source / "src" / "main.rs").stat().st_mtime:
            return ""
        if cargo is None or not self.install:
            return (
                "needs cargo, Rust's compiler, and there is none"
                if cargo is None
                else "not built, and --no-install was given"
            )
        self.say(f"building {name}")
        try:
            shutil.copytree(source, self.folder / name, dirs_exist_ok=True)
            done = subprocess.run([cargo, "build", "--release", "--quiet"], cwd=self.folder / name, capture_output=True,
                                  text=True, timeout=PATIENCE, check=False)  # fmt: skip
        except (OSError, subprocess.SubprocessError) as error:
            return f"cannot be built: {error}"
        return f"cannot be built: {reason(done.stderr)}" if done.returncode else ""

    def _has(self, python: Path, package: str) -> bool:
        name, _, wanted = package.partition("==")
        ask = f"import importlib.metadata as m; print(m.version({name!r}))"
        done = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=False)
        return done.returncode == 0 and done.stdout.strip().partition("+")[0] == (
            wanted or done.stdout.strip().partition("+")[0]
        )


def reason(output: str) -> str:
    """The line of pip's or cargo's complaint that says most."""
    if "resolve host" in output or "name resolution" in output:
        return "its registry of packages cannot be reached"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line.lower() or "could not" in line.lower()]
    vague = (
        "subprocess-exited-with-error",
        "metadata-generation-failed",
        "metadata generation failed",
        "failed-wheel-build",
    )
    telling = [line for line in telling if not any(v in line for v in vague) and not line.startswith("warning")]
    return (telling or lines or ["no reason given"])[-1][:160]
