"""The program that somebody's code runs in: a process of its own, which answers questions and judges nothing.

A line of JSON comes in for each question and one goes out, over a stream that printing does not reach.  What is asked
is a query: a few lines that call what the learner wrote.  Whether an answer is right is decided where the question came
from, so that nothing that happens in here can make it right.

    python worker.py '{"folder": "/tmp/here", "hidden": [], "memory": 2000}'

Files are written in `folder` alone, nothing is read below `hidden`, and no program is started: an audit hook sees to
that, and says so.  It keeps mistakes and mischief in, and an expert gets past it; on Linux the kernel stands behind it,
see `walls`.  On other systems whoever grades people that are not to be trusted does so in a container.
"""

from __future__ import annotations  # also in queries, whose text is compiled here

import builtins
import difflib
import faulthandler
import functools
import importlib
import io
import json
import keyword
import linecache
import math
import os
import random
import re
import signal
import sys
import traceback
import types
from contextlib import suppress
from typing import Any

MOST, DEEP = 100_000, 50  # numbers in an answer, and lists in lists
PRINTED = 4000  # letters of what is printed
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # where something lies says nothing
PROBE = "<probe>"  # the file that a question is, in tracebacks
STARTING = ("os.system", "subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn",
            "pty.spawn", "os.kill", "os.killpg", "os.startfile", "socket.connect", "socket.bind",
            "resource.setrlimit", "resource.prlimit", "gc.get_objects", "gc.get_referrers",
            "gc.get_referents")  # fmt: skip
NATIVE = ("ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle", "ctypes.call_function", "ctypes.cdata",
          "ctypes.string_at", "ctypes.wstring_at", "sqlite3.connect")  # these do what no hook sees  # fmt: skip
CHANGING = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
            "os.chown", "os.utime", "os.setxattr", "os.removexattr", "shutil.rmtree", "shutil.move",
            "shutil.copyfile", "shutil.copytree")  # fmt: skip


def as_json(tree: Any, left: list[int] | None = None, deep: int = 0) -> Any:
    """An answer as JSON has it: numbers, texts, lists and dicts; what is none of them is told by name."""
    left = [MOST] if left is None else left
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(f"an answer of more than {MOST:,} numbers")
    if deep > DEEP:
        raise ValueError(f"an answer of lists in lists, more than {DEEP} deep")
    if tree is ...:
        return {"#": "todo"}
    if tree is None or type(tree) is bool:
        return tree
    if type(tree) is str:
        return tree[:MOST]
    if isinstance(tree, dict):
        return {str(key)[:PRINTED]: as_json(part, left, deep + 1) for key, part in tree.items()}
    if isinstance(tree, (list, tuple, range, map, zip, filter, reversed, types.GeneratorType)):
        return [as_json(part, left, deep + 1) for part in tree]
    if hasattr(tree, "tolist") and hasattr(tree, "dtype") and tree.dtype.kind in "fiubU":
        return as_json(tree.tolist(), left, deep)
    if isinstance(tree, (int, float)) and -(2**63) < tree < 2**63 or isinstance(tree, float):
        return int(tree) if isinstance(tree, int) else float(tree)
    return {"#": type(tree).__name__, "text": ADDRESS.sub("", repr(tree))[:80]}


def guard(folder: str, hidden: list[str], others: str, private: list[str], needed: list[str], native: bool) -> None:
    """Refuse from here on to write outside of `folder`, to read below `hidden` or, but for the folder, what begins with
    `others` or is `private` and not `needed`, and to start anything; unless `native`, also to call libraries that do
    what no hook sees.

    What it needs it keeps at hand: names of modules and of builtins may mean something else by then.
    """
    real, inside, joined, fs, is_folder = os.path.realpath, os.path.normcase, os.sep, os.fsdecode, os.path.isdir
    null, creating, mine = os.devnull, os.O_CREAT, str(os.getpid())
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    isinstance_, any_, error, text = isinstance, any, PermissionError, (str, bytes)
    starting, changing = frozenset(STARTING if native else STARTING + NATIVE), frozenset(CHANGING)

    def within(path: str, place: str) -> bool:
        return path == place.rstrip(joined) or path.startswith(place.rstrip(joined) + joined)

    def secret(path: str) -> bool:
        if path.startswith("/proc/"):
            process = path.split("/")[2]
            return process.isdigit() and process != mine
        if any_(within(path, h) for h in hidden) or within(path, folder):
            return not within(path, folder)
        return path.startswith(others) or (
            any_(within(path, p) for p in private) and not any_(within(path, n) for n in needed)
        )

    def hook(event: str, args: Any) -> None:
        if event in starting:
            raise error(f"code that is checked may not use {event}: it starts no programs and no connections")
        if event == "open" and isinstance_(args[0], text):
            path = inside(real(fs(args[0])))
            if args[2] & writing and path != null and not within(path, folder):
                raise error(f"code that is checked may not write to {args[0]!r}: only in its own folder")
            if secret(path):
                raise error(f"code that is checked may not read {args[0]!r}")
            if not native and args[1] is None and not args[2] & creating and is_folder(path):  # the way to dir_fd
                raise error(f"code that is checked may not open {args[0]!r}, which is a folder: os.listdir reads it")
        if event in ("os.listdir", "os.scandir") and isinstance_(args[0], text) and secret(inside(real(fs(args[0])))):
            raise error(f"code that is checked may not look into {args[0]!r}")
        if event in changing:
            for path in args[:2]:
                if isinstance_(path, text) and not within(inside(real(fs(path))), folder):
                    raise error(f"code that is checked may not change {path!r}: only what is in its folder")

    sys.addaudithook(hook)


def account(error: BaseException, *paths: str) -> dict[str, Any]:
    """An error, with the last line of the learner's files that it came through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in paths]
    if isinstance(error, SyntaxError) and error.filename in paths:
        return {
            "type": type(error).__name__,
            "text": f"{error.msg}{_meant(error)}",
            "line": error.lineno,
            "code": str(error.text or "").strip(),
            "file": error.filename,
        }
    said: dict[str, Any] = {"type": type(error).__name__, "text": ADDRESS.sub("", str(error))[:500] + _meant(error)}
    if frames:
        said |= {"line": frames[-1].lineno, "code": frames[-1].line, "file": frames[-1].filename}
    probing = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == PROBE]
    return said | {"asked": _asked(probing[-1])} if probing else said


def _meant(error: BaseException) -> str:
    """What a name that does not exist may stand for, as Python says it where it prints an error itself."""
    name, tb, known = getattr(error, "name", None), error.__traceback__, set(keyword.kwlist)
    if isinstance(error, SyntaxError):
        first = re.match(r"\s*(\w*)", str(error.text or ""))
        name = first[1] if first and error.msg == "invalid syntax" and first[1] not in known else None
    if not isinstance(name, str) or name in (*dir(math), "random", "math"):  # those have another reason
        return ""
    if type(error) is NameError and tb is not None:
        while tb.tb_next is not None:
            tb = tb.tb_next
        known |= {*map(str, (*tb.tb_frame.f_locals, *tb.tb_frame.f_globals)), *dir(builtins)}
    elif type(error) is SyntaxError:
        known = {k for k in known if sorted(k) == sorted(name) or len(k) > 3}
    elif type(error) is AttributeError:
        with suppress(Exception):  # a class of theirs may say anything
            known = {*map(str, dir(error.obj))}
    else:
        return ""
    folded = {k.lower(): k for k in sorted(known) if not k.startswith("_")}
    near = difflib.get_close_matches(name.lower(), folded, 5, 0.6 if type(error) is SyntaxError else 0.7)
    near.sort(key=lambda k: sorted(k) != sorted(name.lower()))  # letters in another order are the likeliest slip
    return f". Did you mean: {folded[near[0]]!r}?" if near else ""


def _asked(frame: traceback.FrameSummary) -> str:
    """What of theirs a question was about where it failed: `slope`, of `their.slope(...)`."""
    line = linecache.getline(PROBE, frame.lineno or 0)
    part = line.encode()[frame.colno : frame.end_colno].decode() if frame.lineno == frame.end_lineno else line
    before = "".join(linecache.getlines(PROBE)[: frame.lineno])
    names = [*re.findall(r"their\.(\w+)", before), *re.findall(r"their\.(\w+)", part)]
    return names[-1] if names else "your code"


class Capped(io.StringIO):
    """What is printed, up to a limit."""

    def write(self, text: str) -> int:
        room = PRINTED - self.tell()
        super().write(text[: max(0, room)])
        return len(text)


def load_file(question: dict[str, Any], state: dict[str, Any]) -> Any:
    """The learner's file, as a module."""
    path = question["path"]
    state["paths"].append(path)
    linecache.cache[path] = (len(question["source"]), None, question["source"].splitlines(True), path)
    state["their"] = their = types.ModuleType("exercise")
    their.__file__ = path
    sys.modules["value" if path == "value.py" else "exercise"] = their
    exec(compile(question["source"], path, "exec", dont_inherit=True), vars(their))
    return sorted(name for name in vars(their) if not name.startswith("__"))


def call(question: dict[str, Any], state: dict[str, Any]) -> Any:
    """One query, with what the learner wrote."""
    names: dict[str, Any] = {"math": math, "random": random, "__name__": "probe"}
    if "numpy" in sys.modules:
        names["np"] = sys.modules["numpy"]
    linecache.cache[PROBE] = (len(question["source"]), None, question["source"].splitlines(True), PROBE)
    exec(_compiled(question["source"]), names)
    return names[question["name"]](state["their"], *question["args"])


def answered(question: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """What comes of a question: its value, or the error, and what was printed; nobody is there to be asked."""
    out, err = Capped(), Capped()
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), out, err
    answer: dict[str, Any] = {}
    try:
        answer["value"] = as_json((load_file if question["do"] == "load" else call)(question, state))
    except BaseException as error:  # whatever it is, it is theirs
        answer["error"] = account(error, *state["paths"])
    return answer | {"printed": out.getvalue() + err.getvalue()}


@functools.lru_cache(100)
def _compiled(source: str) -> types.CodeType:
    """A query, which is asked with one set of numbers after the other."""
    return compile(source, PROBE, "exec")


def _canonical(*paths: str) -> list[str]:
    return [os.path.normcase(os.path.realpath(path)) for path in paths]


def serve() -> None:
    """Answer until nobody asks."""
    options = json.loads(sys.argv[1])
    questions, answers = sys.stdin, os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.dont_write_bytecode = True
    sys.path[:0] = options.get("paths", [])
    sys.path.append(options["folder"])  # last: no file of theirs stands in for one of Python's
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks
    kept = []
    try:
        import resource

        size = options["memory"] * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_FSIZE, (10 * 2**20, 10 * 2**20))
        kept.append("memory")
    except (ImportError, ValueError, OSError):  # Windows has no such limits, and macOS not all
        pass
    for needed in options.get("needs", []):
        __import__(needed)
    os.chdir(options["folder"])
    roots = [*sys.path, sys.prefix, sys.base_prefix, os.path.dirname(os.path.realpath(sys.executable))]
    folder, others = _canonical(options["folder"], options["others"])
    hidden, private = _canonical(*options["hidden"]), _canonical(*options["private"])
    needed = _canonical(*filter(None, roots), *options["lent"])
    sys.path.insert(0, house := os.path.dirname(os.path.abspath(__file__)))
    kept += importlib.import_module("walls").confine(folder, hidden, others, private, needed)
    sys.path.remove(house)
    del sys.modules["walls"]
    guard(folder, hidden, others, private, needed, native="files" in kept and "system calls" in kept)
    answers.write(json.dumps({"id": options["id"], "value": kept}) + "\n")
    answers.flush()
    state: dict[str, Any] = {"paths": [], "their": None}
    for line in questions:
        question = json.loads(line)
        faulthandler.dump_traceback_later(question["seconds"], exit=True, file=2)
        answer = answered(question, state)
        faulthandler.cancel_dump_traceback_later()
        answers.write(json.dumps({"id": question["id"], **answer}) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()
