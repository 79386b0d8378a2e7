"""What a recorder cannot see it refuses: a function whose branch or number hides is either eager at every call,
or no recording.

Each row is a condition of a function of x, `w * x if CONDITION else w * x * 10`, with what is there before it, and what
happens between the calls.
It is tried on numbers and on Values, by hand and recorded; nothing may differ without a word.
"""

import asyncio
import collections
import concurrent.futures
import contextlib
import contextvars
import copy
import dataclasses
import decimal
import enum
import fractions
import functools
import io
import itertools
import json
import logging
import math
import multiprocessing.pool
import numbers
import operator
import pickle
import queue
import random
import re
import statistics
import string
import threading
import types
import warnings
import weakref

import pytest

from tinygrad_edu import RecordingError, Value, grad, jit, losses, nn, no_grad, ops, optim, topological
from tinygrad_edu import functional as F

TOOLS = {m.__name__.partition(".")[0]: m for m in (
    asyncio, collections, contextlib, contextvars, copy, dataclasses, decimal, enum, fractions, functools, io,
    itertools, json, logging, math, numbers, operator, pickle, queue, random, re, string, statistics, threading, types,
    weakref)}  # fmt: skip
TOOLS |= {
    "concurrent": concurrent,
    "Value": Value,
    "grad": grad,
    "losses": losses,
    "nn": nn,
    "no_grad": no_grad,
    "ops": ops,
    "optim": optim,
}
TOOLS |= {"F": F, "topological": topological, "jit": jit}
IDLE = concurrent.futures.ThreadPoolExecutor(1)  # whose thread is there before
IDLE.submit(int).result()
POOL = multiprocessing.pool.ThreadPool(1)
TOOLS |= {"idle": IDLE, "pool": POOL}
ASKED = queue.SimpleQueue(), queue.SimpleQueue()


def answer():
    while True:
        question = ASKED[0].get()
        try:
            ASKED[1].put(question())
        except Exception:
            ASKED[1].put(False)


threading.Thread(target=answer, daemon=True).start()
TOOLS["answered"] = lambda question: ASKED[0].put(question) or ASKED[1].get(timeout=5)

BEFORE = "w, s = Value(2.0, label='w'), Value(1.0, label='s')"
NUMBERS = [1.0, -1.0, 3.0, 0.0, 3.0, 2.5, -7.0, 1.0, 1.0, 12.0, 4.0, 4.0]

# kind: rows of a condition, or of (condition, what is there before, what happens between the calls)
ROWS = {
    "comparisons": ["x > 0", "0 < x", "x >= 3", "x <= 1", "-1 < x < 2", "x == 1", "x != 1.0", "1.0 == x", "not x",
                    "bool(x)", "x and True", "w > x", "s < x", "x * 2 > 3", "w * x > 3", "x - x > -1", "x == x",
                    "x * 1 == x", "abs(x) < 2", "-x < 0", "max(x, 1.0) > 2", "min([x, 2.0]) < 2",
                    "sorted([x, 1.0])[0] < 1", "any([x > 0])", "all(v for v in [x])", "sum([x, x]) > 2",
                    "operator.gt(x, 0)", "list(filter(None, [x]))", "(lambda v: v > 0)(x)",
                    "functools.reduce(max, [x, 2.0]) > 2", "[1.0, 3.0].count(x)", "x in [1.0, 2.0]", "x in (3.0,)",
                    "[0.0, 1.0, x].index(x) > 1", "x is not None and x > 0", "math.isclose(x, 1.0)",
                    "ops.tanh(x) > 0.5", "F.sum([x, 1.0]) > 1", "heap([x, 2.0])",
                    ("bisect(x)", "import bisect as b\ndef bisect(v): return b.bisect([0.0, 2.0], v) > 1"),
                    ("helper(x)", "def helper(v):\n    return positive(v)\ndef positive(v):\n    return v > 0"),
                    ("match(x)", "def match(v):\n    match v:\n        case 1.0: return True\n"
                                 "        case _: return False"),
                    ("C()(x)", "class C:\n    def __call__(self, v): return v > 0"),
                    ("clipped(x) == x", "clipped = lambda v: max(v, 0.0)")],
    "numbers": ["float(x) > 0", "int(x) > 0", "round(x) == 1", "math.floor(x) > 0", "math.ceil(x) > 0",
                "math.trunc(x) > 0", "math.sin(x) > 0", "math.isnan(x)",
                "math.isfinite(x) and math.copysign(1, x) > 0", "complex(x).real > 0",
                "fractions.Fraction(float(x)) > 0", "x // 1 > 0", "x % 2 == 1", "divmod(x, 2)[1] > 0",
                "decimal.Decimal(float(x)) > 0", "range(int(x))", "[0, 1, 2, 3, 4] [int(x) % 5] > 2",
                "float(x).is_integer()", "(w * x).data > 1", "(x * 2.0 + w).data > 3", "Value(1.0).data > x",
                "statistics.mean([x, 1.0]) > 1", "math.fsum([x]) > 0", "sum([x]).__float__() > 0",
                "math.hypot(x, 1.0) > 1.5", "float(w * x) > 0", "(w * 2).data > x", "getattr(w * x, 'data') > 0",
                "operator.attrgetter('data')(w * x) > 0", "vars(Value)['data'].__get__(w * x) > 0"],
    "text": ["'-' in str(x)", "'-' in repr(x)", "'-' in f'{x}'", "'-' in f'{x!r}'", "f'{x:.1f}' == '1.0'",
             "'%s' % x > '1'", "'%.1f' % x == '1.0'", "format(x) > '1'", "'{}'.format(x) == '1.0'",
             "'{0!r}'.format(x) > '2'", "len(str(x)) > 3", "str([x]) == '[1.0]'", "repr({'k': x}) > 'a'",
             "ascii(x) > '1'", "hash(str(x)) % 2", "random.Random(str(x)).random() > 0.5",
             "sorted([x, -x], key=str)[0] is x", "re.search('3', str(x))",
             "string.Template('$v').substitute(v=x) > '1'", "printed(x)", "json.dumps(float(x)) > '1'",
             "str(w * x) > 'Value(2'", "f'{w * x}' > 'Value(2'", "bytes(str(x), 'ascii')[0] > 48",
             "str(x * 2)[0] == '2'", "logged(x)"],
    "sets and dicts": ["x in {1.0, 2.0}", "x in {1.0: 'a'}", "{1.0: True}.get(x)", "len({x, 1.0}) == 1",
                       "len({x, x}) == 1", "{x: 1}.get(1.0)", "frozenset([x]) == frozenset([1.0])", "hash(x) % 2",
                       "collections.Counter([x])[1.0]", "dict.fromkeys([x]).get(3.0, 0) is None", "x * 1 in {1.0}",
                       "{x} == {1.0}", "{x} & {1.0}", ("table.setdefault(float(x), len(table)) > 0", "table = {}"),
                       ("memo(x)", "@functools.lru_cache\ndef memo(v): return v > 0"),
                       ("memo(x)", "@functools.cache\ndef memo(v): return float(v)"),
                       ("x in seen or seen.add(x)", "seen = set()"), "{1: 1, 3: 0}.get(x, 0)", "(x, 1) in {(1.0, 1)}"],
    "parameters": [(c, "", "s.data -= 1.0") for c in (
        "s > 0", "s.data > 0", "float(s) > 0", "bool(s)", "s", "not s", "s.detach() > 0", "s.detach().data > 0",
        "math.floor(s) > 0", "int(s)", "f'{s:.3f}' > '0.5'", "str(s) > 'Value(0'", "Value(s.data) > 0",
        "(s * 2).data > 1", "s * 2 > 1", "s < w", "w > s", "max(s, 0.5) is s", "sorted([s, w])[0] is s", "s.numbers",
        "(s * w).numbers[0] > 1", "round(s)", "copy.copy(s).data > 0", "copy.deepcopy(s) > 0",
        "pickle.loads(pickle.dumps(s)).data > 0", "abs(s).data > 0.5", "{0: s}[0].data > 0", "sum([s, s]).data > 1",
        "ops.tanh(s) > 0.1", "nn.Module.state_dict(holder)['s'] > 0", "(w * s).local_grads()[0] > 0", "s.local_grads",
        "len(repr(s)) > 10", "json.dumps(s.data) > '0'", "(lambda v=s: v.data)() > 0",
        "optim.SGD([s], 0.1).parameters[0] > 0", "Value(1.0) > s", "Value(1.0) < s * 2",
        "operator.itemgetter(0)([s]) > 0", "isinstance(s, Value) and s > 0")],
    "gradients": [(c, "", "s.grad += 1.0") for c in ("s.grad > 1", "s.grad == 0", "{0.0: 1}.get(s.grad)",
                                                     "getattr(s, 'grad') > 0", "'grad' in repr(s)", "-s.grad < -1",
                                                     "holder.s.grad", "sum(p.grad for p in holder.parameters()) > 1")],
    "pools of threads": [(c, "", "s.data -= 1.0") for c in (
        "pool.apply(lambda: s.data > 0)", "pool.map(lambda v: v.data > 0, [s])[0]",
        "pool.apply_async(lambda: float(s) > 0).get()", "next(pool.imap(bool, [s]))",
        "next(pool.imap_unordered(lambda v: float(v) > 0, [s]))", "pool.starmap(lambda v: v > 0, [(s,)])[0]",
        "idle.submit(lambda: s.data > 0).result()", "pool.apply(lambda: x > 0)")],
    "labels and parents": [("v.label == 'a'".replace("v", v), "", "s.label = 'a'") for v in ("s", "x")] + [
        "x.parents", "len(x._prev) > 0", "x.op.name == 'mul'", "x._op == '*'", "len(topological(x)) > 1", "x.label",
        "x._children", "len(list(x.parents)) > 1"],
    "writes": [(f"{c} or True", "sgd = optim.SGD([s], 0.5)") for c in (
        "sgd.zero_grad()", "setattr(s, 'grad', 0.0)", "setattr(s, 'data', 0.5)", "holder.zero_grad()",
        "setattr(s, 'label', 'b')", "s.zero_grad()", "sgd.step()", "(w * s * x).backward()",
        "setattr(s, 'm', 1.0)", "setattr(w * x, 'm', 1.0)",
        "setattr(x * 1.0, 'data', 5.0)", "setattr(w * x, 'data', 5.0)", "setattr(s, 'parents', (w,))",
        "setattr(s, 'op', ops.tanh)", "holder.load_state_dict({'s': 3.0})",
        "nn.Module.load_state_dict(holder, {'s': 3.0})", "setattr(w, 'data', max(w.data, 1.0))",
        "optim.clip_by_norm([s], 1.0)")],
    "identity": ["x is a", "x in {a}", "x in [a]", "table.get(x)", "id(x) == id(a)", "x in {a: 1}", "x == a", "x != b",
                 "([a, b].index(x) if x in (a, b) else 1)", "operator.is_(x, a)", "object.__eq__(x, a) is True",
                 "object.__hash__(x) == object.__hash__(a)", "getattr(operator, 'is_')(x, a)",
                 "names.get(id(x)) == 'a'",
                 "any(x is v for v in (a,))", "hash(x) == hash(a)", "weakref.WeakSet([a]).__contains__(x)", "{a} & {x}",
                 "x not in (b,)"],
    "types": ["isinstance(x, float)", "isinstance(x, (int, float))", "isinstance(x, Value)", "type(x) is float",
              "type(x) == float", "type(x).__name__ == 'float'", "x.__class__ is float", "issubclass(type(x), float)",
              "isinstance(x, numbers.Number)", "float in type(x).__mro__", "{float: 1}.get(type(x))",
              "hasattr(x, 'is_integer')", "hasattr(x, 'label')", "'hex' in dir(x)",
              "callable(getattr(x, 'tanh', None))", "operator.is_(type(x), float)",
              "any(isinstance(v, float) for v in [x])", "not isinstance(x, Value) and x > 0",
              "getattr(x, 'real', None) is not None",
              ("of(x)", "@functools.singledispatch\ndef of(v): return False\n@of.register\n"
                        "def _(v: float): return True"),
              ("case(x)", "def case(v):\n    match v:\n        case float(): return True\n    return False"),
              ("asked(x)", "def asked(v):\n    try: return v.is_integer() or True\n"
                           "    except AttributeError: return False"),
              ("C.of(x)", "class C:\n    kinds = {float: True}\n    @classmethod\n"
                          "    def of(cls, v): return cls.kinds.get(type(v), False)")],
    "exceptions": [f"tried(lambda: {c}, {e})" for c in ("x > 0", "float(x) > 0", "s.data > 0 and x > 0",
                                                        "'-' in str(x)", "x in {1.0}", "setattr(s, 'data', 1.0)",
                                                        "range(x)", "x.detach() > 0")
                   for e in ("TypeError", "Exception", "BaseException")] + [
        "suppressed(lambda: x > 0)", "lastly(lambda: x > 0)", "hasattr(x, 'data') and x.data > 0",
        "getattr(x, 'data', 1.0) > 0", "tried(lambda: 1 / float(x) > 0, ZeroDivisionError)", "asserted(x)",
        "tried(lambda: [0, 1, 2][x], (TypeError, IndexError))", "tried(lambda: {1: 2}[x], Exception)",
        "tried(lambda: math.sqrt(x), ValueError)", "next((v for v in [1] if x > 0), 0)",
        "tried(lambda: nn.Dropout(0.1, seed=0)([x]), Exception)"],
    "threads": [f"{run}(lambda: {c})" for run in ("threaded", "pooled", "submitted", "answered", "in_context",
                                                  "in_loop", "in_executor", "mapped", "nested", "raw")
                for c in ("x > 0", "float(x) > 0", "x * 2 > 1")] + [
        (f"{run}(lambda: s.data > 0)", "", "s.data -= 1.0")
        for run in ("threaded", "pooled", "submitted", "in_context", "in_loop", "in_executor", "mapped", "nested",
                    "raw", "answered")] + [
        (f"answered(lambda: {c})", "", "s.data -= 1.0; s.grad += 1.0")
        for c in ("s > 0", "float(s) > 0", "s.grad > 1", "str(s) > 'Value(0'", "threaded(lambda: s.data > 0)",
                  "[v.data for v in (s,)][0] > 0", "sum(map(float, [s])) > 0")] + [
        "pooled(lambda: jit(lambda v: w * v)(x)) > 1", "threaded(lambda: jit(lambda v: w * v, 'python')(x).data) > 1",
        "submitted(lambda: w * x) > 1"],
    "generators": ["next(v for v in [x]) > 0", "[*gen(x)] == []", "next(gen(x), 0)",
                   "list(itertools.takewhile(lambda v: v > 0, [x]))", "sum(1 for v in [x] if v > 0)", "co(x)",
                   ("next(g) < 4", "g = iter(range(99))"), ("next(g) < 4", "g = (i for i in range(99))"),
                   ("next(g) < 9", "g = itertools.count()"), ("next(g)", "g = itertools.cycle([1, 1, 1, 1, 0])"),
                   ("next(g)[0] < 4", "g = enumerate(range(99))"), ("next(g)[0] < 4", "g = zip(range(99), range(99))"),
                   ("next(g) < 5", "g = map(abs, range(99))"), ("next(g) < 5", "g = reversed(range(99))"),
                   ("next(g)", "g = iter([1, 1, 1, 1, 1, 0] * 9)"),
                   ("next(g)", "g = iter(dict.fromkeys(range(9, 40)))"),
                   ("next(g) < 8", "def numbers():\n    for v in [1, 1, 1, 1, 9, 9, 9] * 9: yield v\ng = numbers()"),
                   ("next(g)", "g = itertools.chain([1] * 5, [0] * 99)"),
                   ("next(g)", "g = iter('1111122222222222222222')"),
                   ("next(g) is None", "g = itertools.repeat(None, 50)"),
                   ("g.send(None) < 6", "g = (i for i in range(99))"),
                   ("stream.readline() < 'b'", "stream = io.StringIO('a\\n' * 6 + 'b\\n' * 60)"),
                   ("stream.read(1) < b'b'", "stream = io.BytesIO(b'a' * 6 + b'b' * 60)")],
    "counters": [(f"{c}", b) for c, b in (
        ("count() < 7", "n = 0\ndef count():\n    global n\n    n += 1\n    return n"),
        ("count() < 7", "def counter():\n    n = 0\n    def count():\n        nonlocal n\n        n += 1\n"
                        "        return n\n    return count\ncount = counter()"),
        ("count() < 7", "def count():\n    count.n += 1\n    return count.n\ncount.n = 0"),
        ("count() < 7", "def count(kept=[0]):\n    kept[0] += 1\n    return kept[0]"),
        ("c() < 7", "class C:\n    n = 0\n    def __call__(self):\n        self.n += 1\n"
                    "        return self.n\nc = C()"),
        ("C.one() < 7", "class C:\n    n = 0\n    @classmethod\n    def one(cls):\n"
                        "        cls.n += 1\n        return cls.n"),
        ("C().n < 7", "class C:\n    made = 0\n    def __init__(self):\n        C.made += 1\n        self.n = C.made"),
        ("d['n'] < 7 and not d.update(n=d['n'] + 1)", "d = {'n': 0}"), ("seen.append(1) or len(seen) < 7", "seen = []"),
        ("seen.append(x) or len(seen) < 7", "seen = []"), ("seen.add(len(seen)) or len(seen) < 7", "seen = set()"),
        ("left.pop() > 5", "left = list(range(99))[::-1]"),
        ("left.popleft() < 7", "left = collections.deque(range(99))"),
        ("turn()", "ring = collections.deque([1, 1, 1, 1, 0])\ndef turn():\n    ring.rotate(1)\n    return ring[0]"),
        ("tally.update('a') or tally['a'] < 7", "tally = collections.Counter()"),
        ("q.get() < 7", "q = queue.Queue()\nfor i in range(99): q.put(i)"),
        ("q.put(1) or q.qsize() < 7", "q = queue.SimpleQueue()"),
        ("here.step() < 7", "class Here(threading.local):\n    n = 0\n    def step(self):\n        self.n += 1\n"
                            "        return self.n\nhere = Here()"),
        ("mine() < 7", "v = contextvars.ContextVar('v', default=0)\ndef mine():\n"
                       "    v.set(v.get() + 1)\n    return v.get()"),
        ("d.step() < 7", "@dataclasses.dataclass\nclass D:\n    n: int = 0\n    def step(self):\n        self.n += 1\n"
                         "        return self.n\nd = D()"),
        ("d.step() < 7", "class D:\n    __slots__ = ('n',)\n    def __init__(self): self.n = 0\n    def step(self):\n"
                         "        self.n += 1\n        return self.n\nd = D()"),
        ("p() < 7", "def step(kept):\n    kept[0] += 1\n    return kept[0]\np = functools.partial(step, [0])"),
        ("b.append(1) or len(b) < 7", "b = bytearray()"),
        ("ns.step()", "ns = types.SimpleNamespace(n=0)\ndef step():\n    ns.n += 1\n"
                      "    return ns.n < 7\nns.step = step"),
        ("count() < 7", "s.n = 0\ndef count():\n    s.n += 1\n    return s.n"),
        ("s.seen.append(1) or len(s.seen) < 7", "s.seen = []"),
        ("log.write('a') and len(log.getvalue()) < 7", "log = io.StringIO()"),
        ("m.step() < 7", "class M(nn.Module):\n    def __init__(self): self.n = 0\n    def step(self):\n"
                         "        self.n += 1\n        return self.n\nm = M()"),
        ("m.step() < 7", "class M(nn.Module):\n    def __init__(self): self._hidden = {'n': [0]}\n"
                         "    def step(self):\n        self._hidden['n'][0] += 1\n"
                         "        return self._hidden['n'][0]\nm = M()"),
        ("deep() < 7", "def outer():\n    n = [0]\n    def middle():\n        def inner():\n            n[0] += 1\n"
                       "            return n[0]\n        return inner\n    return middle()\ndeep = outer()"),
        ("wrapped() < 7", "def counting(f):\n    n = 0\n    @functools.wraps(f)\n    def g():\n        nonlocal n\n"
                          "        n += 1\n        return n\n    return g\n@counting\ndef wrapped(): return 0"))],
    "what is kept in another way": [("step() < 7", f"{before}\ndef step():\n    {body}") for before, body in (
        ("n = [fractions.Fraction(0)]", "n[0] += 1; return n[0]"),
        ("n = [decimal.Decimal(0)]", "n[0] += 1; return n[0]"),
        ("import datetime\nn = [datetime.date(2020, 1, 1)]", "n[0] += datetime.timedelta(1); return n[0].day"),
        ("n = {1.0}", "m = max(n); n.clear(); n.add(m + 1); return m"),
        ("n = {(1,)}", "(m,) = max(n); n.clear(); n.add((m + 1,)); return m"),
        ("n = {1.5: 0}", "m = max(n); n.clear(); n[m + 1] = 0; return m"),
        ("n = {(1,): 0}", "(m,) = max(n); n.clear(); n[(m + 1,)] = 0; return m"),
        ("math.steps = 0", "math.steps += 1; return math.steps"),
        ("losses.steps = 0", "losses.steps += 1; return losses.steps"),
        ("", "globals()['n'] = globals().get('n', 0) + 1; return globals()['n']"),
        ("n = []", "return eval('n.append(1) or len(n)')"),
        ("class K: n = 0\nk = K()\nr = weakref.ref(k)\ndel k\nkept = [r()]", "r().n += 1; return r().n"),
        ("class Meta(type):\n    n = 0\n    def __call__(cls):\n        Meta.n += 1\n        return Meta.n\n"
         "class K(metaclass=Meta): pass", "return K()"),
        ("class K:\n    def __getattr__(self, name): return vars(self)['n']\nk = K()\nk.n = 0", "k.n += 1; return k.n"),
        ("n = threading.Semaphore(6)", "return 1 if n.acquire(blocking=False) else 9"),
        ("import array\nn = array.array('d', [0.0]) * (1 << 20)", "n[5] += 1; return n[5]"),
        ("n = bytearray(1 << 23)", "n[5] += 1; return n[5]"),
        ("import os\nos.environ['N'] = '0'", "os.environ['N'] += '0'; return len(os.environ['N'])"),
        ("import sys\nthere = types.ModuleType('there')\nthere.n = 0\nsys.modules['there'] = there\ndel there",
         "import there; there.n += 1; return there.n"),
        ("@functools.cache\ndef kept(of): return [0]", "kept(1)[0] += 1; return kept(1)[0]"),
        ("@functools.lru_cache(maxsize=8)\ndef kept(of): return [0]", "kept(1)[0] += 1; return kept(1)[0]"),
        ("import ctypes\nn = ctypes.c_int(0)", "n.value += 1; return n.value"),
        ("import ctypes\nn = (ctypes.c_int * 2)()", "n[1] += 1; return n[1]"),
        ("import mmap\nn = mmap.mmap(-1, 8)", "n[0] += 1; return n[0]"),
        ("import multiprocessing\nn = multiprocessing.Value('i', 0)", "n.value += 1; return n.value"),
        ("n = asyncio.Queue()\nfor i in range(99): n.put_nowait(i)", "return n.get_nowait()"),
        ("class E(Exception): pass\nn = E(0)", "n.args = (n.args[0] + 1,); return n.args[0]"),
        ("class E(enum.Enum): A = 1\nE.A.n = 0", "E.A.n += 1; return E.A.n"))],
    "tables": [
        ("step() < 7", f"import pandas\nn = {table}\ndef step():\n    {body}") for table, body in (
        ("pandas.Series([0.0])", "n[0] += 1; return n[0]"),
        ("pandas.Series([0, 'a'])", "n[0] += 1; return n[0]"),
        ("pandas.DataFrame({'a': [0.0]})", "n.loc[0, 'a'] += 1; return n.loc[0, 'a']"),
        ("pandas.DataFrame({'a': [0], 'b': ['c']})", "n.loc[0, 'a'] += 1; return n.loc[0, 'a']"))],
    "another one at the second call": [("step()", f"{before}\nkept, other = [one], two\ndef step():\n"
                                        f"    old, kept[0] = kept[0], other\n    return {asked}")
        for before, asked in (
        ("class E(enum.Enum):\n    A, B = 1, 2\none, two = E.A, E.B", "old is E.A"),
        ("one, two = len, max", "old is len"),
        ("one, two = int, float", "old is int"), ("one, two = lambda: 1, lambda: 0", "old()"),
        ("class A:\n    is_a = 1\nclass B:\n    is_a = 0\none, two = A(), B()", "old.is_a"),
        ("one, two = threading.Lock(), threading.RLock()", "old is one"), ("one, two = 1, 2", "old == 1"))] + [
        ("net()", "m = nn.Sequential(nn.Linear(1, 1, seed=0))\ndef net():\n    was = m.training\n    m.eval()\n"
                  "    return was"), ("lock.acquire(blocking=False)", "lock = threading.Lock()")],
    "chance of the system": [("drawn()", f"import os, secrets, uuid\ndef drawn(): return {c}") for c in (
        "random.SystemRandom().random() < 0.9", "random.Random().random() < 0.9", "secrets.randbelow(10)",
        "uuid.uuid4().int % 10", "os.urandom(1)[0] > 25", "getattr(os, 'getrandom', os.urandom)(1)[0] > 25")] + [
        ("drawn()", f"import numpy as np\nr = {r}\ndef drawn(): return {c} < 0.9") for r, c in (
        ("0", "np.random.default_rng().random()"), ("np.random.MT19937(3)", "np.random.Generator(r).random()"),
        ("np.random.SeedSequence(3)", "np.random.default_rng(r.spawn(1)[0]).random()"))],
    "chance": ["random.random() < 0.9", "random.randint(0, 9)", "random.gauss(0, 1) < 1.5",
               "random.choice([1, 1, 1, 1, 0])", "random.shuffle([1, 2]) or random.random() < 0.9", "peeked()"] + [
        (c, f"r = random.Random({seed})") for seed in (3, 4)
        for c in ("r.random() < 0.9", "r.choice([1] * 9 + [0])", "r.sample(range(9), 1) != [3]", "draw()")] + [
        (c, "import numpy as np\nr = np.random.default_rng(3)")
        for c in ("r.random() < 0.9", "r.integers(9)", "np.random.random() < 0.9",
                  "np.random.RandomState(3) and np.random.rand() < 0.9")] + [
        ("r.rand() < 0.9", "import numpy as np\nr = np.random.RandomState(3)"),
        ("m.draw() < 0.9", "class M:\n    def __init__(self): self.draw = random.Random(3).random\nm = M()"),
        ("d(0)", "def d(x, r=random.Random(3)): return r.random() < 0.9"),
        ("drop([1.0]) != [0.0]", "drop = nn.Dropout(0.1, seed=3)")],
    "mutation": [("last(x)", "kept = [None]\ndef last(v):\n    old, kept[0] = kept[0], 1 if kept[0] is None else "
                             "kept[0] + 1\n    return old is None or old < 6"),
                 ("buffer[0] < 6 and step()",
                  "import numpy as np\nbuffer = np.zeros(2)\ndef step():\n    buffer[0] += 1\n    return True"),
                 ("state['on']", "state = {'on': True}\ndef flip():\n    state['on'] = not state['on']", "flip()")][:2]
    + [
        ("flipped()", "state = {'on': True}\ndef flipped():\n    state['on'] = not state['on']\n"
                      "    return state['on']"),
        ("swapped()", "ab = [1, 0]\ndef swapped():\n    ab.reverse()\n    return ab[0]"),
        ("grown()", "g = {}\ndef grown():\n    g[len(g)] = 1\n    return len(g) < 7"),
        ("first()", "f = []\ndef first():\n    if not f: f.append(1)\n    return len(f)"),
        ("sorted_once()", "z = [3, 1, 2]\ndef sorted_once():\n    z.sort()\n    return z[0] == 1")],
    "inner gradients": ["grad(w * x * x, w)[0].data > 2", "grad(x * w, w)[0] > 0", "grad(w * w, w)[0].data > 3",
                        "no_graded(lambda: x > 0)", "no_graded(lambda: (w * x).data > 0)",
                        "no_graded(lambda: w * 2) > 1"],
}  # fmt: skip

HELPERS = """
import heapq
def heap(vs):
    heapq.heapify(vs)
    return vs[0] is not vs[-1] and vs[0] == 2.0
def printed(v):
    out = io.StringIO()
    print(v, file=out)
    return "-" in out.getvalue()
def logged(v):
    told = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())
    logger = logging.Logger("branches")
    logger.addHandler(handler)
    logger.warning("%s", v)
    return "-" in told[0]
def tried(f, errors):
    try:
        return f()
    except errors:
        return False
def suppressed(f):
    with contextlib.suppress(Exception):
        return f()
def lastly(f):
    out = False
    try:
        out = f()
    finally:
        return out
def asserted(v):
    try:
        assert v > 0
    except (AssertionError, TypeError):
        return False
    return True
def threaded(f):
    out = []
    def work():
        try:
            out.append(f())
        except Exception:
            out.append(False)
    t = threading.Thread(target=work)
    t.start()
    t.join()
    return out[0]
def raw(f):
    import _thread
    out = queue.SimpleQueue()
    def work():
        try:
            out.put(f())
        except Exception:
            out.put(False)
    _thread.start_new_thread(work, ())
    return out.get(timeout=5)
def nested(f): return threaded(lambda: threaded(f))
def pooled(f):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(f).result()
def submitted(f): return idle.submit(f).result()
def mapped(f): return list(idle.map(lambda _: f(), [0]))[0]
def in_context(f): return contextvars.Context().run(f)
def in_loop(f):
    async def main(): return f()
    return asyncio.run(main())
def in_executor(f):
    async def main(): return await asyncio.get_running_loop().run_in_executor(None, f)
    return asyncio.run(main())
def gen(v):
    if v > 0:
        yield 1
def co(v):
    got = []
    def sink():
        while True: got.append((yield) > 0)
    s = sink()
    next(s)
    s.send(v)
    return got[0]
def peeked():
    state = random.getstate()
    drawn = random.random()
    random.setstate(state)
    return drawn < 0.5
def no_graded(f):
    with no_grad(): return f()
draw = random.Random(7).random
draw = (lambda d: lambda: d() < 0.9)(draw)
class Holder(nn.Module):
    def __init__(self): self.s = s
holder = Holder()
a, b = Value(1.0, label="a"), Value(1.0, label="b")
table, names = {a: 1}, {id(a): "a"}
"""


def scope_of(before):
    scope = {**TOOLS, "__name__": "branches"}
    with warnings.catch_warnings(action="ignore", category=SyntaxWarning):  # of a return in a finally, since 3.14
        exec(f"{BEFORE}\n{HELPERS}\n{before}", scope)
    return scope


def outcomes(condition, before, between, values, recorded, order="aba"):
    """What each call gave, or RecordingError, or the error of an eager call."""
    random.seed(1)
    scope = scope_of(before)
    f = eval(f"lambda x: w * x if {condition} else w * x * 10.0", scope)
    if recorded:
        f = jit(f, "python")
    given = [Value(v) for v in NUMBERS] if values else NUMBERS
    if values and ("a" in re.findall(r"\b[ab]\b", condition) or "table" in condition):
        given = [*[scope[name] for name in order], *given[:2]]
    got = []
    for x in given:
        try:
            y = f(x)
            got.append(y.data if isinstance(y, Value) else y)
        except RecordingError:
            return RecordingError
        except Exception as error:
            got.append(type(error))
        exec(between, scope)
    return got


CASES = [(kind, *(row if isinstance(row, tuple) else (row,))) for kind, rows in ROWS.items() for row in rows]
CASES = [(*case, *[""] * (4 - len(case))) for case in CASES]


PAIRS = ["x is y", "x is not y", "id(x) == id(y)", "operator.is_(x, y)", "any(v is x for v in (y,))",
         "len({id(x), id(y)}) < 2", "is_one(x, y)", "a is x and b is y", "[v for v in (a, b) if v is y]"]  # fmt: skip


@pytest.mark.parametrize("condition", PAIRS)
@pytest.mark.parametrize("how", ["one by one", "a batch"])
def test_a_function_that_knows_which_values_are_one_is_refused_when_it_matters(condition, how):
    scope = scope_of("def is_one(u, v): return u is v")
    f = eval(f"lambda x, y: w * x * y if {condition} else w * x * y * 10.0", scope)
    a, b, c = scope["a"], scope["b"], Value(1.0)
    pairs = [(c, a), (a, c), (c, c), (a, b), (b, b), (c, b)]
    eager, g = [f(x, y).data for x, y in pairs], jit(f, "python")
    with pytest.raises(RecordingError, match="which Value it is given"):
        assert eager == ([g(x, y).data for x, y in pairs] if how == "one by one" else g.map(*zip(*pairs)))


def test_a_function_that_asks_which_value_it_is_in_vain_is_recorded_once():
    scope = scope_of("")
    g = jit(eval("lambda x, y: (w * x if x is not s and x is not None else x * w) * y", scope), "python")
    for x, y in [(scope["a"], 2.0), (scope["b"], 1.0), (Value(5.0), 3.0), (scope["w"], 1.0)]:
        assert g(x, y).data == 2.0 * x.data * y
    assert len(g.recordings) == 1


def test_there_are_enough_of_them():
    assert len({case[1:] for case in CASES}) > 250 and len(ROWS) > 15


@pytest.mark.parametrize("kind", ROWS)
def test_a_recorded_function_is_the_eager_one_at_every_call_or_refused(kind):
    silent, failed = [], []
    for _, condition, before, between in [case for case in CASES if case[0] == kind]:
        told = []
        for values, order in (False, ""), (True, "aba"), (True, "bab"):  # what is a may be recorded with another
            if library := re.search("import (numpy|pandas)", before):
                pytest.importorskip(library[1])
            eager = outcomes(condition, before, between, values, False, order)
            got = outcomes(condition, before, between, values, True, order)
            told.append(got is RecordingError or any(isinstance(g, type) for g in got))
            if got is not RecordingError and any(
                e != g for e, g in zip(eager, got) if not isinstance(e, type) and not isinstance(g, type)
            ):
                silent.append((condition, before, "Values" if values else "numbers", eager, got))
        failed += [condition] if all(isinstance(e, type) for e in eager) and not any(told) else []
    assert not silent, "\n".join(map(str, silent))
    assert not failed, failed  # a row that never runs shows nothing


RECORDED = {
    "a choice of two": ("ops.where(ops.greater(x, 0.0), w * x, -x)", ""),
    "the larger": ("ops.maximum(w * x, s)", ""),
    "a constant under no_grad": ("w * x * no_graded(lambda: (Value(3.0) * 2.0).data)", ""),
    "a number made inside": ("w * x * (2.0 if Value(3.0) > 2.0 else 5.0)", ""),
    "plain configuration": ("w * x if config['on'] else x", "config = {'on': True}"),
    "what is made at the first call": (
        "made() * x",
        "kept = []\ndef made():\n    if not kept: kept.append(Value(3.0))\n    return kept[0]",
    ),
    "a number as a Value": ("(x if isinstance(x, Value) else Value(x)) * w", ""),
    "parameters in dicts and sets": ("sum(v * x for v in {w: 1, s: 2}) * len({w, s})", ""),
    "a helper that remembers plain things": ("w * x * width(3)", "@functools.lru_cache\ndef width(n): return n * 2.0"),
    "a label of one's own": (
        "named(w * x)",
        "def named(v):\n    v.label = 'y'\n    return v if v.label == 'y' else -v",
    ),
    "a derivative inside": ("grad(w * x * w, w)[0] * x", ""),
    "threads": ("submitted(lambda: w * x) * 2.0", ""),
    "a setting of the environment": ("w * x * factor()", "import os\ndef factor(): return len(os.environ) > 0"),
    "a table that stays": ("w * x * table[1]", "import array\ntable = array.array('d', [1.0, 3.0])"),
    "a list that is remembered": ("w * x * kept(1)[0]", "@functools.cache\ndef kept(of): return [3.0]"),
    "a module imported inside": ("w * x * two()", "def two():\n    import math\n    return math.sqrt(4.0)"),
}


@pytest.mark.parametrize("what", RECORDED)
def test_what_a_replay_repeats_is_recorded(what):
    body, before = RECORDED[what]
    by_hand, recorded = (eval(f"lambda x: {body}", scope_of(before)) for _ in range(2))
    f = jit(recorded, "python")
    assert [f(x).data for x in NUMBERS] == [by_hand(x).data for x in NUMBERS] and len(f.recordings) == 1
