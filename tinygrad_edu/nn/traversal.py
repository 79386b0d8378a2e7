"""Where a module keeps what: one walk over all that it holds, in the order in which it was made.

It goes through attributes, `__slots__`, lists, tuples, deques, dicts and their like, NumPy arrays of Values, other
modules, objects of any other class, bound methods and `functools.partial`.  What it cannot go through in a fixed order,
and Values that would be lost, it refuses, with the name of the attribute: so what a function uses (a lambda) and no
attribute holds.  It does not look at attributes that begin with an underscore.
"""

from __future__ import annotations

import functools
import random
import sys
from collections import UserList, deque
from collections.abc import Iterator, Mapping, MappingView, Sequence, Set
from itertools import count
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from ..engine import Value

_PLAIN = frozenset({int, str, float, bool, type(None), bytes, complex, random.Random})
_VALUES = {Value}
_ROWS = (list, tuple, deque, UserList)
_CLOSED = (type, FunctionType, BuiltinFunctionType, ModuleType)  # no instances that hold anything of their own
_FOREIGN = (sys.stdlib_module_names | {"numpy", "tinygrad_edu"}) - {
    "__main__",
    "types",
}  # their objects are no place for parameters

Place = tuple[str, Any, bool]  # the path to a thing, the thing, and whether a computed Value is a mistake there


class Contents:
    """The parameters and modules inside `root`, each once, with the first path that leads to it.

    `kind` is the class of modules; `new` says that `root` has just been built, so that a computed Value must be a
    mistake: nothing has been computed yet.
    Raises TypeError or ValueError, naming the attribute, for what would otherwise be missed in silence.
    """

    def __init__(self, root: Any, kind: type, new: bool = False) -> None:
        self.kind, self.who, self.new = kind, type(root).__name__, new
        self.paths: dict[Value, str] = {}  # of the parameters
        self.modules: list[Any] = []
        self.places: list[str] = []  # of the modules
        self.held: list[str] = []  # the attributes of `root` in which there are parameters
        self._kept: list[Any] = []  # an id is good for as long as its object lives
        self._functions: list[tuple[str, Any]] = []
        self._seen: set[int] = set()
        if new:
            self._check_class(root)
        if not isinstance(root, kind):
            self._walk([("", root, new)])
            return
        held = self._entered("", root)
        for name, x in _attributes(root):
            before = len(self.paths)
            self._walk([(name, x, new or name in held)])
            if len(self.paths) > before:
                self.held.append(name)
        if new and self._functions:
            self._check_functions()

    @property
    def parameters(self) -> list[tuple[str, Value]]:
        """Each with its path."""
        return [(path, p) for p, path in self.paths.items()]

    def _walk(self, stack: list[Place]) -> None:
        """Write down what there is in some places, one after the other, from the last."""
        seen = self._seen
        while stack:
            path, item, strict = stack.pop()
            if id(item) in seen:
                continue
            if isinstance(item, self.kind):
                held, dot, left = self._entered(path, item), f"{path}." if path else "", list[Place]()
                for name, x in _attributes(item):
                    if left or not self._taken(dot + name, x):  # of a neuron, nothing is left
                        left.append((dot + name, x, self.new or name in held))
                left.reverse()
                stack += left
                continue
            if self._taken(path, item):
                continue
            seen.add(id(item))
            if isinstance(item, Value):
                self._value(path, item, strict)
            else:
                stack += reversed(self._inside(path, item, strict))

    def _taken(self, path: str, item: Any) -> bool:
        """Whether something is a parameter, or a list of them, and has been written down: what must be fast."""
        paths = self.paths
        if type(item) is Value:
            if not item.parents:
                paths.setdefault(item, path)
            return not item.parents
        if type(item) is not list or set(map(type, item)) != _VALUES or [1 for v in item if v.parents]:
            return False
        if not paths.keys().isdisjoint(item):
            return False
        before = len(paths)
        paths.update(zip(item, map(path.__add__, _brackets(len(item)))))
        if len(paths) - before < len(item):  # one is in it twice: the first place counts
            for v in item:
                paths.pop(v, None)
            return False
        return True

    def _entered(self, path: str, module: Any) -> tuple[str, ...]:
        """Write down a module, and give what was a parameter of it once, and is one for ever.

        Raises ValueError if something of that is a number now.
        """
        self._seen.add(id(module))
        self.modules.append(module)
        self.places.append(path)
        named = module.__dict__
        held: tuple[str, ...] = named.get("_held", ())
        for name in held:
            x = named.get(name)
            if type(x) is not Value and not (type(x) is list and x and type(x[0]) is Value) and _numbers(x):
                raise ValueError(
                    f"{self.who}'s {path and path + '.'}{name} was made of parameters, and now is {type(x).__name__} "
                    f"{x!r:.80}, which no optimizer can move: an update in place is p.data -= lr * p.grad; "
                    "what is to be gone is None"
                )
        return held

    def _value(self, path: str, v: Value, strict: bool) -> None:
        if not v.parents:
            self.paths.setdefault(v, path)
        elif strict:
            raise ValueError(
                f"{self.who}'s {path} was computed by {v.op.name!r}, and an optimizer cannot move what is computed: "
                f"keep its number, Value({v.data:g}), or the Values that it was computed from; "
                "an update in place is p.data -= lr * p.grad; the name of an attribute that is no parameter "
                "begins with an underscore"
            )

    def _inside(self, path: str, item: Any, strict: bool) -> list[Place]:
        """What anything but a Value or a module holds."""
        own = (
            [] if type(item).__module__ in ("builtins", "collections") else _attributes(item)
        )  # of a list or dict of somebody's class
        more = [(f"{path}.{name}", x, strict) for name, x in own]
        foreign = type(item).__module__.partition(".")[0] in _FOREIGN
        rows: Any = (
            item if isinstance(item, (*_ROWS, MappingView)) or (isinstance(item, Sequence) and not foreign) else None
        )
        if rows is not None:
            return [(f"{path}.{i}" if isinstance(x, self.kind) else f"{path}[{i}]", x, strict)
                    for i, x in enumerate(rows) if type(x) not in _PLAIN] + more  # fmt: skip
        if isinstance(item, Mapping):
            if self._any(item):
                raise ValueError(
                    f"{self.who}'s {path} is a dict with Values for keys: keep parameters as the values of a dict, "
                    "or in a list"
                )
            return [(f"{path}.{key}", x, strict) for key, x in item.items() if type(x) not in _PLAIN] + more
        if isinstance(item, Set):
            if self._any(item):
                raise ValueError(
                    f"{self.who}'s {path} is a {type(item).__name__}, which has no order of its own to count "
                    "and save parameters by: keep them in a list"
                )
            return []
        if (
            isinstance(item, Iterator)
            and type(item).__module__ in ("builtins", "itertools")
            and type(item) is not count
        ):
            raise TypeError(
                f"{self.who}'s {path} is a {type(item).__name__}, which can be read only once: make it a list, "
                "list(...), or, if there is no parameter in it, begin the attribute's name with an underscore"
            )
        table = (
            item.to_numpy()
            if type(item).__module__.partition(".")[0] == "pandas" and hasattr(item, "to_numpy")
            else item
        )
        if hasattr(type(table), "dtype") and getattr(table.dtype, "kind", None) == "O" and hasattr(table, "tolist"):
            self._kept.append(rows := table.tolist())
            return [(path, rows, strict)]
        if isinstance(item, MethodType):
            return [(path, item.__self__, strict)]
        if isinstance(item, functools.partial):
            return [
                (f"{path}.args", item.args, strict),
                (f"{path}.keywords", item.keywords, strict),
                (path, item.func, strict),
            ]
        if isinstance(item, _CLOSED) or foreign:
            if isinstance(item, FunctionType):
                self._functions.append((path, item))
            return [(path, item.__wrapped__, strict)] if hasattr(item, "__wrapped__") else []
        listed = getattr(type(item), "parameters", None)  # of a layer that is no Module, which may keep them anywhere
        if isinstance(listed, FunctionType):
            self._kept.append(own := [*listed(item)])
            more += [(f"{path}[{i}]", x, strict) for i, x in enumerate(own)]
        return more

    def _check_functions(self) -> None:
        """Raise ValueError if a function uses a parameter that has been found nowhere: nothing would train it."""
        for path, f in self._functions:
            code, defaults = f.__code__, f.__defaults__ or ()
            last = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
            cells = [c.cell_contents if c != _EMPTY else None for c in f.__closure__ or ()]
            uses = [*zip(code.co_freevars, cells), *zip(last, defaults), *(f.__kwdefaults__ or {}).items(),
                    *vars(f).items()]  # fmt: skip
            for name, x in uses:
                found = {} if type(x) in _PLAIN or id(x) in self._seen else Contents([x], self.kind).paths
                if not found.keys() <= self.paths.keys():
                    raise ValueError(
                        f"{self.who}'s {path} is a function that uses {name}, which no attribute holds, so that "
                        f"nothing would train it: set self.{name} as well, here or in a Module in the function's "
                        "place; what is not to be trained is a number, or in an attribute with an underscore"
                    )

    def _any(self, items: Any) -> bool:
        """Whether there are parameters or modules among some things."""
        some = [x for x in items if type(x) not in _PLAIN]
        contents = Contents(some, self.kind) if some else None
        return contents is not None and bool(contents.paths or contents.modules)

    def _check_class(self, root: Any) -> None:
        """Raise ValueError if a parameter hangs on the class itself, where one instance
        after the other would train it.
        """
        cls = type(root)
        if cls not in _shared:
            _shared[cls] = [name for c in cls.__mro__[: cls.__mro__.index(self.kind)] for name, x in vars(c).items()
                            if name[0] != "_" and type(x) not in _PLAIN and self._any([x])]  # fmt: skip
        for name in _shared[cls]:
            if name not in vars(root):
                raise ValueError(
                    f"{self.who}'s {name} is an attribute of the class, which all instances would share: "
                    f"set self.{name} in __init__"
                )


@functools.lru_cache(maxsize=16)
def _brackets(n: int) -> list[str]:
    """[0], [1], ...: how the n entries of a list are called."""
    return [f"[{i}]" for i in range(n)]


def _attributes(item: Any) -> list[tuple[str, Any]]:
    """What may hold parameters among the attributes of an object, in the order in which they were set;
    then in slots.
    """
    named = [
        (name, x) for name, x in getattr(item, "__dict__", _NONE).items() if type(x) not in _PLAIN and name[0] != "_"
    ]
    kind: Any = type(item)
    if slots := _slots(kind):
        named += [(name, getattr(item, name)) for name in slots if hasattr(item, name)]
    return named


@functools.lru_cache(maxsize=256)
def _slots(cls: type) -> list[str]:
    every = [c.__dict__.get("__slots__", ()) for c in cls.__mro__]
    return [name for names in every for name in ((names,) if isinstance(names, str) else names) if name[0] != "_"]


def _numbers(x: Any) -> bool:
    """Whether something is a number, or rows of nothing else."""
    if type(x) in (list, tuple):
        return bool(x) and type(x[0]) is not Value and all(map(_numbers, x))
    return type(x) in (float, int) or (hasattr(type(x), "dtype") and getattr(x.dtype, "kind", "O") in "fiu")


_NONE: dict[str, Any] = {}
_EMPTY = CellType()
_shared: WeakKeyDictionary[type, list[str]] = WeakKeyDictionary()  # found out once for each class
