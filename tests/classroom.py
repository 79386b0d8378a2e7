"""A class, simulated: what each student hands in, and which parts of the rubric that is to earn.

Every engine is `RIGHT` with a change, so that what is wrong in it is known, and what it has to lose.  Those who mean
harm leave their traces in a folder outside, `OUT`, if they get there.
"""

from pathlib import Path
from typing import NamedTuple

RUBRIC = """
title = "A class"
seconds = 1

[[task]]
name = "engine"
kind = "value"
file = "engine.py"
points = 16
functions = ["tanh", "relu", "exp", "log"]

[task.parts]
products = 2
numbers = 1
differences = 1
powers = 1
division = 1
functions = 2
forks = 2
losses = 1
twice = 1
orders = 2
diamonds = 1
chains = 1
"""
BY_HAND = """
title = "By hand"
seconds = 1

[[task]]
name = "layer"
kind = "backward"
file = "layer.py"
points = 3
inputs = { x = [3, 4], w = [4, 2], b = [2] }
reference = "affine.py"

[[task]]
name = "parabola"
kind = "exercise"
points = 2
"""
PARTS = {  # of the engine: what each gives, by the name in the report
    "sums and products": 2.0, "numbers on either side": 1.0, "differences": 1.0, "powers": 1.0, "division": 1.0,
    "tanh": 0.5, "relu": 0.5, "exp": 0.5, "log": 0.5, "a fork adds": 2.0,
    "a second loss adds to the gradients of the first": 1.0, "backward() twice adds twice": 1.0,
    "a node waits for all that use it": 2.0, "diamonds end": 1.0, "long chains": 1.0,
}  # fmt: skip
ALL = tuple(PARTS)

AFFINE = """
def affine(x, w, b):
    return [[sum(a * w[k][j] for k, a in enumerate(row)) + b[j] for j in range(len(b))] for row in x]


forward = affine
"""
LAYER = """
def backward(upstream, x, w, b):
    dx = [[sum(g * w[k][j] for j, g in enumerate(up)) for k in range(len(w))] for up in upstream]
    dw = [[sum(row[k] * up[j] for row, up in zip(x, upstream)) for j in range(len(b))] for k in range(len(w))]
    db = [sum(up[j] for up in upstream) for j in range(len(b))]
    return dx, dw, db
"""
SLOPE = """
def slope(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2 * h)
"""

RIGHT = """
import math


class Value:
    def __init__(self, data, parents=(), local=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.local = parents, local

    def __add__(self, other):
        other = lift(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = lift(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -lift(other)

    def __rsub__(self, other):
        return lift(other) - self

    def __truediv__(self, other):
        return self * lift(other) ** -1

    def __rtruediv__(self, other):
        return lift(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def relu(self):
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))

    def exp(self):
        e = math.exp(self.data)
        return Value(e, (self,), (e,))

    def log(self):
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def backward(self):
        totals = {self: 1.0}
        for node in reversed(order(self)):
            for parent, d in zip(node.parents, node.local):
                totals[parent] = totals.get(parent, 0.0) + d * totals[node]
        for node, g in totals.items():
            node.grad += g


def lift(x):
    return x if isinstance(x, Value) else Value(x)


def order(root):
    done, seen, stack = [], set(), [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            done.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((p, False) for p in node.parents)
    return done
"""
BACKWARD = RIGHT[RIGHT.index("    def backward(self):") : RIGHT.index("def lift")]
ORDER = RIGHT[RIGHT.index("def order") :]

CLOSURES = '''
import math


class Value:
    """As micrograd has it: each operation leaves a function that hands its gradient on."""

    def __init__(self, data, children=()):
        self.data, self.grad, self._prev, self._backward = data, 0.0, children, lambda: None

    def _made(self, data, children, hand_on):
        out = Value(data, children)
        out._backward = lambda: hand_on(out)
        return out

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)

        def hand_on(out):
            self.grad += out.grad
            other.grad += out.grad

        return self._made(self.data + other.data, (self, other), hand_on)

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)

        def hand_on(out):
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        return self._made(self.data * other.data, (self, other), hand_on)

    def _applied(self, y, slope):
        def hand_on(out):
            self.grad += slope * out.grad

        return self._made(y, (self,), hand_on)

    def __pow__(self, n):
        return self._applied(self.data**n, n * self.data ** (n - 1))

    def tanh(self):
        return self._applied(math.tanh(self.data), 1 - math.tanh(self.data) ** 2)

    def relu(self):
        return self._applied(max(0, self.data), 1 if self.data > 0 else 0)

    def exp(self):
        return self._applied(math.exp(self.data), math.exp(self.data))

    def log(self):
        return self._applied(math.log(self.data), 1 / self.data)

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return other + (-self)

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return other * self**-1

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)

        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()
'''


# Other tasks: what is handed in, and the points that it earns of 3 and of 2.
HANDED_IN = {
    "right": ({"layer.py": LAYER, "parabola.py": SLOPE}, 3.0, 2.0),
    "twice": ({"layer.py": LAYER.replace("row[k] * up[j]", "2 * row[k] * up[j]"), "parabola.py": SLOPE}, 2.0, 2.0),
    "half done": ({"layer.py": LAYER.replace("dw, db\n", "dw, None\n"), "parabola.py": "x = ("}, 2.0, 0.0),
    "says so": ({"layer.py": "def backward(upstream, x, w, b):\n    print('3 of 3')\n    return x, w, b\n"}, 0.0, 0.0),
    "ends": ({"layer.py": "raise SystemExit", "parabola.py": SLOPE.replace("(2 * h)", "h")}, 0.0, 0.0),
    "infinite": ({"layer.py": "inf = float('inf')\ndef backward(upstream, x, w, b):\n"
                  "    return [[inf] * 4] * 3, [[inf] * 2] * 4, [inf] * 2\n",
                  "parabola.py": "def slope(f, x, h=1): return float('inf')"}, 0.0, 0.0),
}  # fmt: skip


class Student(NamedTuple):
    """What is handed in, by file, and the parts of the engine that are lost."""

    files: dict[str, str | bytes]
    lost: tuple[str, ...] = ()


def changed(old: str, new: str, text: str = RIGHT) -> str:
    assert old in text
    return text.replace(old, new)


def engine(text: str | bytes, *lost: str) -> Student:
    return Student({"engine.py": text}, lost)


def harmless(code: str) -> Student:
    """A right engine, after an attempt that its author lets fail."""
    body = "\n".join(f"    {line}" for line in code.strip().splitlines())
    return engine(f"try:\n{body}\nexcept BaseException as error:\n    pass\n{RIGHT}")


def cheat(code: str) -> Student:
    """An engine without a backward pass, and something that is to win its points all the same."""
    return engine(changed(BACKWARD, "    def backward(self):\n        pass\n\n\n") + code, *ALL)


def students(out: Path, folder: Path, rubric: Path) -> dict[str, Student]:
    """The class.  `out` is where nobody may write, `folder` where all have handed in, `rubric` the teacher's file."""
    once = "            for parent, d in zip(node.parents, node.local):\n                totals[parent] = "
    fork, sweep, arithmetic = "a fork adds", "a node waits for all that use it", ALL[:5]
    losses, twice = "a second loss adds to the gradients of the first", "backward() twice adds twice"
    right = {
        "closures": engine(CLOSURES, twice),
        "in local gradients": engine(RIGHT),
        "counts who waits": engine(changed(ORDER, """
def order(root):
    users, stack, nodes = {root: 0}, [root], []
    while stack:
        for p in stack.pop().parents:
            if p not in users:
                users[p] = 0
                stack.append(p)
            users[p] += 1
    ready = [root]
    while ready:
        nodes.append(node := ready.pop())
        for p in node.parents:
            users[p] -= 1
            if not users[p]:
                ready.append(p)
    return nodes[::-1]
""")),
        "by age": engine(changed(ORDER, """
def order(root):
    seen, stack = {root}, [root]
    while stack:
        for p in stack.pop().parents:
            if p not in seen:
                seen.add(p)
                stack.append(p)
    return sorted(seen, key=lambda v: v.age)


import itertools
AGES = itertools.count()
""", changed("        self.parents,", "        self.age = next(AGES)\n        self.parents,"))),
        "in Windows": engine(("# Lösung\n" + RIGHT).encode("cp1252").replace(b"\n", b"\r\n")),
        "in a notebook": Student({"homework.ipynb": notebook("%matplotlib inline", RIGHT, "a = Value(2)\na")}),
        "in another file": Student({"my_engine.py": RIGHT, "notes.py": "x = 1\n"}),
        "prints a lot": engine(changed("totals = {self: 1.0}", "print('x' * 100_000)\n        totals = {self: 1.0}")),
    }  # fmt: skip
    wrong = {
        "overwrites": engine(changed(f"{once}totals.get(parent, 0.0) + ", once),
                             fork, twice, sweep, "diamonds end", "long chains"),
        "sets": engine(changed("node.grad += g", "node.grad = g"), losses, twice),
        "no minus": engine(changed("self + -lift(other)", "self + lift(other)"), "differences"),
        "no factor": engine(changed("(n * self.data ** (n - 1),)", "(self.data ** (n - 1),)"), "powers", "division"),
        "input for output": engine(changed("1 - t * t", "1 - self.data * self.data"), "tanh"),
        "never closes": engine(changed("float(self.data > 0)", "1.0"), "relu"),
        "every path": engine(changed(BACKWARD, """
    def backward(self, g=1.0):
        self.grad += g
        for parent, d in zip(self.parents, self.local):
            parent.backward(d * g)


"""), "diamonds end"),
        "as they come": engine(changed(ORDER, """
def order(root):
    seen, queue = {root}, [root]
    for node in queue:
        for p in node.parents:
            if p not in seen:
                seen.add(p)
                queue.append(p)
    return queue[::-1]
"""), sweep),
        "no upstream": engine(changed("d * totals[node]", "d"), "sums and products", "differences", "division", "tanh",
                              "relu", "exp", fork, twice, sweep, "diamonds end", "long chains"),
        "no numbers": engine(changed("other = lift(other)\n", "other.data\n"), "numbers on either side", "differences"),
        "deep": engine(changed(ORDER, """
def order(root, seen=None):
    seen = set() if seen is None else seen
    seen.add(root)
    nodes = []
    for p in root.parents:
        visit(p, seen, nodes)
    return nodes + [root]


def visit(node, seen, nodes):
    if node not in seen:
        nodes.extend(order(node, seen))
"""), "long chains"),
        "half": engine(changed("def exp(", "def _exp(", changed("def log(", "def _log(")), "exp", "log"),
    }  # fmt: skip
    broken = {
        "no Python": engine("class Value:\n    def __init__(self, data)\n", *ALL),
        "empty": engine("", *ALL),
        "nothing": Student({"notes.txt": "I was ill."}, ALL),
        "ends": engine("import sys\nsys.exit(0)\n" + RIGHT, *ALL),
        "raises": engine("import numpyy\n" + RIGHT, *ALL),
        "loops": engine(RIGHT + "\nwhile True:\n    pass\n", *ALL),
        "loops backward": engine(changed("totals = {self: 1.0}", "while True:\n            pass"), *ALL),
        "calls itself": engine(changed("        totals = {self: 1.0}", "        self.backward()"), *ALL),
        "sleeps": engine("import time\ntime.sleep(60)\n" + RIGHT, *ALL),
        "crashes": engine(changed("        totals = {self: 1.0}", "        import os\n        os.abort()"), *ALL),
        "eats": engine("x = [0] * 10**12\n" + RIGHT, *ALL),
        "no number": engine(changed("node.grad += g", "node.grad = float('nan')"), *ALL),
        "infinite": engine(changed("node.grad += g", "node.grad = float('inf')"), *ALL),
        "equal to all": engine(changed("node.grad += g", "node.grad = Any()") + """
class Any:
    def __eq__(self, other): return True
    def __float__(self): return 1.0
    __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __mul__ = __rmul__ = __abs__ = lambda self, *other: self
    __hash__ = None
""", *ALL),
        "a float of its own": engine(changed("node.grad += g", "node.grad = Any(0.123)") + """
class Any(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    __hash__ = float.__hash__
""", *ALL),
        "a text": engine(changed("node.grad += g", "node.grad = 'right'"), *ALL),
        "an import": engine("from tinygrad_edu import Value\n", *ALL),
    }  # fmt: skip
    evil = {
        "writes": harmless(f"open({str(out / 'seen')!r}, 'w').write('x')"),
        "writes in C": harmless(f"import ctypes\nctypes.CDLL(None).creat({str(out / 'seen').encode()!r}, 0o644)"),
        "writes here": harmless("open('notes.txt', 'w').write('mine')\nopen('notes.txt').read()"),
        "deletes": harmless(f"import os, shutil\nshutil.rmtree(os.getcwd())\nshutil.rmtree({str(folder)!r})"),
        "kills": harmless("import os, ctypes\nctypes.CDLL(None).kill(os.getppid(), 9)\nos.kill(os.getppid(), 9)"),
        "starts": harmless(
            f"import os, subprocess, threading\nthreading.Thread(target=print).start()\n"
            f"subprocess.Popen(['touch', {str(out / 'seen')!r}])"
        ),
        "forks": harmless("import ctypes, os\nwhile True:\n    if ctypes.CDLL(None).fork() < 0:\n        os.fork()"),
        "copies": cheat(f"""
import glob
for pattern in ({str(folder / "*" / "*.py")!r}, {str(rubric.parent / "*.py")!r}, "../*/*.py"):
    for path in glob.glob(pattern):
        try:
            text = open(path).read()
            exec(text)
        except Exception:
            pass
"""),
        "reads solutions": cheat("""
try:
    from tinygrad_edu.learn.exercises.engine.value import Value
except BaseException:
    import glob, sys
    for place in sys.path:
        for path in glob.glob(place + "/tinygrad_edu/learn/exercises/*/*.py"):
            try:
                exec(open(path).read())
            except BaseException:
                pass
"""),
        "prints": cheat("""
import json, sys
print("engine: 16 of 16 points. All tests passed.")
print(json.dumps({"value": [1.0], "points": 16, "passed": True}))
sys.__stdout__.write('{"score": 16}\\n')
"""),
        "forges": cheat("""
import os, sys, threading
def forge():
    for fd in range(1, 30):
        try:
            os.write(fd, b'{"id": "0", "value": [{"a": 1.0}, {"a": 1.0}]}\\n{"passed": true}\\n')
        except OSError:
            pass
forge()
class Value(Value):
    def backward(self):
        frame = sys._getframe()
        while frame.f_back:
            frame = frame.f_back
            if "question" in frame.f_locals and "answers" in frame.f_locals:
                import json
                told = frame.f_locals["question"]
                forged = {"id": told["id"], "value": [{"a": 1.0, "b": 1.0}] * 2}
                frame.f_locals["answers"].write(json.dumps(forged) + "\\n")
                frame.f_locals["answers"].flush()
        forge()
"""),
        "patches": cheat("""
import __main__, builtins, json, math, random
for name in ("tanh", "exp", "log", "isclose", "fabs"):
    setattr(math, name, lambda *a: 1.0)
json.loads = lambda *a, **k: {"value": 1.0}
builtins.abs = builtins.max = lambda *a: 0.0
__main__.as_json = lambda tree, *a: tree
random.Random.random = lambda self: 0.5
"""),
        "changes later": cheat("""
import sys, threading, time
def later():
    time.sleep(0.05)
    class Same(Value):
        grad = property(lambda self: Same(1.0), lambda self, x: None)
        __eq__ = lambda self, other: True
        __hash__ = None
    sys.modules["exercise"].Value = Same
threading.Thread(target=later, daemon=True).start()
"""),
        "listens": cheat("""
import os
for pid in os.listdir("/proc"):
    for name in ("mem", "fd/0", "fd/1", "environ"):
        try:
            open(f"/proc/{pid}/{name}", "rb").read(100) if pid != "self" and pid != str(os.getpid()) else None
        except (OSError, ValueError):
            pass
"""),
        "stops": engine("import signal\nsignal.raise_signal(signal.SIGSTOP)\n" + RIGHT, *ALL),
        "quiet clock": engine(
            "import faulthandler\nfaulthandler.cancel_dump_traceback_later()\nwhile True: pass\n", *ALL
        ),
    }
    assert arithmetic == ALL[:5]
    return {**right, **wrong, **broken, **evil}


def notebook(*cells: str) -> str:
    """A notebook with these cells, as Jupyter writes it."""
    import json

    told = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None}
            for cell in cells]  # fmt: skip
    return json.dumps({"cells": told, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def hand_in(place: Path) -> tuple[Path, Path, Path, dict[str, Student]]:
    """The class in folders: where they have handed in, the rubric, what is outside, and who they are."""
    folder, rubric, out = place / "submissions", place / "teacher" / "class.toml", place / "outside"
    for made in (folder, rubric.parent, out):
        made.mkdir()
    rubric.write_text(RUBRIC)
    (rubric.parent / "solutions.py").write_text(RIGHT)
    (out / "kept").write_text("as it was")
    found = students(out, folder, rubric)
    for name, one in found.items():
        (folder / name).mkdir()
        for file, text in one.files.items():
            (folder / name / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder, rubric, out, found
