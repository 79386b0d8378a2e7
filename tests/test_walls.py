"""What somebody's code tries is refused, with or without the audit hook: outside of its folder nothing changes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_edu.learn import walls
from tinygrad_edu.learn.mistakes import near
from tinygrad_edu.learn.sandbox import PREFIX, Sandbox, unguarded

# What is tried, by name; {out} is a folder outside, {secret} a hidden file in it, {open} one that is not hidden.
TRIED = {
    "open": "open('{out}/new', 'w')",
    "append": "open('{open}', 'a').write('more')",
    "remove": "import os; os.remove('{open}')",
    "rename": "import os; os.rename('{open}', '{out}/other')",
    "link": "import os; os.link('{open}', '{out}/other')",
    "symlink": "import os; os.symlink('{out}', 'way'); open('way/new', 'w')",
    "mkdir": "import os; os.mkdir('{out}/new')",
    "mkfifo": "import os; os.mkfifo('{out}/new')",
    "mknod": "import os; os.mknod('{out}/new')",
    "chmod": "import os; os.chmod('{open}', 0o777)",
    "fchmod": "import os; os.fchmod(os.open('{open}', os.O_RDONLY), 0o777)",
    "utime": "import os; os.utime('{open}', (1, 1))",
    "truncate": "import os; os.truncate('{open}', 0)",
    "a folder's number": "import os; os.open('new', os.O_CREAT, dir_fd=os.open('{out}', os.O_RDONLY))",
    "another folder": "import os; os.chdir('{out}'); open('new', 'w')",
    "names of the worker": "import __main__, os; __main__.CHANGING = __main__.STARTING = (); os.remove('{open}')",
    "builtins": "import builtins; builtins.isinstance = lambda *a: False; open('{out}/new', 'w')",
    "paths": "import posixpath as p; p._joinrealpath = lambda *a: ('.', True); open('{out}/new', 'w')",
    "the C library": "import ctypes; assert ctypes.CDLL(None).creat(b'{out}/new', 0o644) >= 0",
    "the C library reads": "import ctypes; assert ctypes.CDLL(None).open(b'{secret}', 0) >= 0",
    "a database": "import sqlite3; sqlite3.connect('{out}/new').execute('create table t (x)')",
    "a history": "import readline; readline.write_history_file('{out}/new')",
    "read": "open('{secret}').read()",
    "read, roundabout": "open('{out}/../{name}/hidden/notes').read()",
    "read by a link": "import os; os.symlink('{secret}', 'way'); open('way').read()",
    "what lies about": "open('{open}').read()",
    "look": "import os; os.listdir('{out}/hidden')",
    "our exercises": "import tinygrad_edu.learn.verdict",
    "a program": "import subprocess; subprocess.run(['touch', '{out}/new'])",
    "a shell": "import os; assert os.system('touch {out}/new') == 0",
    "a child": "import os; os.fork()",
    "a child, from within": "import ctypes; assert ctypes.CDLL(None).fork() >= 0",
    "many children": "import multiprocessing as m; m.Pool(2).map(abs, [1])",
    "exec": "import os; os.execv('/bin/true', ['true'])",
    "the parent killed": "import os; os.kill(os.getppid(), 9)",
    "the parent killed by C": "import ctypes, os; assert ctypes.CDLL(None).kill(os.getppid(), 9) == 0",
    "the parent killed by its number": "import os, signal; signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
    "the parent's limits": "import os, resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    "the parent's memory": "import os; open(f'/proc/{{os.getppid()}}/mem', 'rb')",
    "the parent's numbers": "import os; os.listdir(f'/proc/{{os.getppid()}}/fd')",
    "own limits": "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))",
    "a socket": "import socket; socket.socket().connect(('127.0.0.1', 9))",
    "typing": "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",
}


@pytest.fixture
def outside(tmp_path):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "notes").write_text("42")
    (tmp_path / "open").write_text("everybody reads this")
    return tmp_path


def everything(folder):
    return {
        str(p): (p.lstat().st_mode, p.lstat().st_mtime_ns, p.is_file() and p.read_bytes())
        for p in sorted(folder.rglob("*"))
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's walls are Linux's")
@pytest.mark.parametrize("how", TRIED)
def test_what_is_tried_fails_and_changes_nothing(how, outside):
    before = everything(outside)
    code = TRIED[how].format(out=outside, name=outside.name, secret=outside / "hidden" / "notes", open=outside / "open")
    with Sandbox(hidden=(outside / "hidden",), seconds=10) as box:
        answer = box.load(code)
        assert answer.error not in ("", "Timeout", "SyntaxError", "NameError"), answer
    assert everything(outside) == before


def test_what_is_allowed_works():
    code = """
import ctypes, os, shutil, signal, tempfile, threading
with tempfile.TemporaryDirectory() as d:
    open(d + "/x", "w").close()
os.makedirs("a/b")
with open("a/b/c", "w") as f:
    f.write("x")
os.rename("a/b/c", "a/d")
os.symlink("d", "a/e")
kept = open("a/e").read()
with tempfile.TemporaryFile("w") as f:
    f.write("y")
inside = os.path.realpath(tempfile.gettempdir()) == os.path.realpath(os.getcwd())
open(os.devnull, "w").write("z")
done = []
t = threading.Thread(target=done.append, args=(1,))
t.start()
t.join()
import decimal, statistics
os.remove("a/d")
"""
    with Sandbox() as box:
        assert not box.load(code).error
        assert box.call("def probe(their):\n    return their.kept, their.inside, their.done", "probe").value == [
            "x",
            True,
            [1],
        ]


def test_one_process_does_not_read_anothers_folder_or_wires():
    look = (
        """
import os
def probe(their, pid):
    seen = []
    for path in (f"/proc/{pid}/fd/0", f"/proc/{pid}/fd/1", f"/proc/{pid}/environ"):
        try:
            open(path, "rb").close()
            seen.append(path)
        except OSError:
            pass
    return seen, [n for n in os.listdir("..") if n.startswith("%s") and os.access(f"../{n}/theirs.py", os.R_OK)
                  and open(f"../{n}/theirs.py").read()]
"""
        % PREFIX
    )
    with Sandbox(modules={"theirs.py": "answer = 42"}) as one, Sandbox() as two:
        one.load("")
        two.load("")
        answer = two.call(look, "probe", one.process.pid)
        assert answer.error == "PermissionError" or answer.value == [[], []]


def test_what_a_grader_knows_in_its_environment_stays_there(monkeypatch):
    monkeypatch.setenv("UPLOAD_TOKEN", "secret")
    with Sandbox() as box:
        assert box.load("import os\nassert 'UPLOAD_TOKEN' not in os.environ").error == ""


NOISE = {
    "lines": "b'{}\\n' * 10**5",
    "lists in lists": "b'[' * 10**5 + b'\\n'",
    "numbers without an end": "b'9' * 10**5 + b'\\n'",
    "a line without an end": "b'x' * 2**25",
    "an answer to everything": 'b\'{"value": 1, "id": "0", "error": {"line": 1e999}}\\n\' * 999',
}


@pytest.mark.parametrize("noise", NOISE)
def test_noise_on_the_wires_ends_as_an_answer_that_says_so(noise, monkeypatch):
    monkeypatch.setattr("tinygrad_edu.learn.sandbox.GRACE", 0.1)
    code = f"import os\ntry:\n    os.write(3, {NOISE[noise]})\nexcept OSError:\n    pass\nfor fd in range(4, 9):\n"
    code += f"    try:\n        os.write(fd, {NOISE[noise]})\n    except OSError:\n        pass\n"
    with Sandbox(seconds=5) as box:
        assert box.load(code).error in ("", "Died", "Timeout")
        assert box.load("x = 1").value == ["x"]


ANSWERS = {
    "deep": ("x = []\nfor _ in range(500): x = [x]", "ValueError"),
    "long": ("x = list(range(10**6))", "ValueError"),
    "round": ("x = []\nx.append(x)", "ValueError"),
    "large": ("x = 10**5000", "ValueError"),
    "a text": ("x = 'a' * 10**8", ""),
    "sly": ("class F(float):\n    def __float__(self): raise SystemExit\nx = F(1)", "SystemExit"),
    "its own words": ("class E(Exception):\n    def __str__(self): return 'x' * 10**7\ndef f(): raise E\nx = 1", ""),
}


@pytest.mark.parametrize("how", ANSWERS)
def test_an_answer_has_limits(how):
    code, error = ANSWERS[how]
    with Sandbox(seconds=10) as box:
        assert box.load(code).error == ""
        answer = box.call("def probe(their): return their.x", "probe")
        assert answer.error == error
        assert len(json.dumps(answer.value)) < 2 * 10**5 and len(answer.text) <= 500


def test_a_process_that_switches_off_its_clock_is_ended_all_the_same(monkeypatch):
    monkeypatch.setattr("tinygrad_edu.learn.sandbox.GRACE", 0.1)
    with Sandbox(seconds=0.3) as box:
        code = "import faulthandler as f, signal\nf.cancel_dump_traceback_later()\nsignal.raise_signal(signal.SIGSTOP)"
        assert box.load(code).error == "Timeout"


def test_a_folder_too_deep_to_walk_through_is_removed():
    with Sandbox(seconds=10) as box:
        box.load("import os\nfor _ in range(1000):\n    os.mkdir('a')\n    os.chdir('a')")
        folder = box.folder
    assert not os.path.exists(folder)


def test_what_may_be_read_is_all_that_is_not_hidden(tmp_path):
    for path in ("a/b/c", "a/b/d", "a/e", "f/g", "x-1/h", "x-2/h"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    got = walls.unhidden(str(tmp_path), [f"{tmp_path}/a/b/c"], f"{tmp_path}/x-")
    assert {str(Path(p).relative_to(tmp_path)) for p in got} == {"a/b/d", "a/e", "f"}


@pytest.mark.skipif(not Path("/usr/include/asm-generic/unistd.h").exists(), reason="no headers of the kernel")
def test_the_numbers_of_system_calls_are_the_kernels():
    words = walls.REFUSED.split()
    for word, column in (("x86_64-linux-gnu/asm/unistd_64.h", 1), ("asm-generic/unistd.h", 2)):
        header = Path("/usr/include", word)
        if header.exists():
            known = dict(
                line.split()[1:3] for line in header.read_text().splitlines() if line.startswith("#define __NR_")
            )
            for name, number in zip(words[::3], words[column::3]):
                assert known.get(f"__NR_{name}", number) == number, name


def test_an_infinite_number_is_near_to_itself_alone():
    inf = float("inf")
    assert near(inf, inf) and not near(inf, 1.0) and not near(1.0, -inf) and not near(inf, -inf)


def test_the_walls_say_which_stand():
    code = (
        "import sys, os; sys.path.insert(0, os.path.dirname(sys.argv[1])); import walls; "
        "print(*walls.confine('/tmp', [], '/tmp/none-'), sep=', ')"
    )
    run = subprocess.run([sys.executable, "-c", code, walls.__file__], capture_output=True, text=True, check=True)
    assert set(run.stdout.strip().split(", ")) <= {"files", "system calls", ""}


def test_a_system_that_keeps_nothing_apart_says_so(monkeypatch):
    begin = Sandbox._begin

    def without(self):
        begin(self)
        self.kept = self.kept[:1]

    assert "container" not in unguarded() or sys.platform != "linux"
    monkeypatch.setattr(Sandbox, "_begin", without)
    assert "files, system calls" in unguarded()
