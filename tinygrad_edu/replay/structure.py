"""How numbers and Values lie in the containers that `trees` knows:
what decides which recording serves a call, and how a batch is laid out.

>>> flat(([1.0, 2.0], "sum"))
(('tuple', ('list', 'number', 'number'), ('is', 'sum')), [1.0, 2.0])
"""

from __future__ import annotations

import enum
import functools
import math
import operator
import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from ..engine import Value
from ..ieee import number
from ..positions import by_position
from ..trees import entries, fields, number_at, with_fields

_number = functools.partial(number_at, "an argument")


def flat(tree: Any) -> tuple[Any, list[Any]]:
    """The structure of some arguments, which two calls may share, and their numbers and Values in order.

    Text, bools and None belong to the structure.  Raises TypeError for what is nothing of the kind.
    """
    leaves: list[Any] = []
    return _walk(tree, leaves), leaves


def _walk(x: Any, leaves: list[Any], of: Any = _number) -> Any:
    if isinstance(x, (list, tuple)):
        kinds = {*map(type, x)}
        if kinds == _FLOATS or kinds == _VALUES:  # the common case, without a call per number
            leaves.extend(x)
            return _row(_kind(x), "number" if kinds == _FLOATS else "Value", len(x))
        return (_kind(x), *[_walk(v, leaves, of) for v in x])
    if isinstance(x, dict):
        return (_kind(x), *[(k if type(k) is str else _Key(k), _walk(v, leaves, of)) for k, v in x.items()])
    if x is None or type(x) is str or type(x) is bool:
        return ("is", x)
    if isinstance(x, (str, enum.Enum)):  # equal to others, and yet not the same
        return ("is", x, type(x) if isinstance(x, enum.Enum) else _bare(x))
    if type(x) not in (int, float) and not isinstance(x, Value):
        names, inner = fields(x), entries(x)
        if names is not None:
            more = [name for name in getattr(x, "__dict__", ()) if name not in names]  # which __post_init__ made, say
            return (_bare(x), *[(name, _walk(getattr(x, name), leaves, of)) for name in (*names, *more)])
        if isinstance(inner, list):
            return _walk(inner, leaves, of)
        if inner is not None:
            numbers = _numbers(inner.shape, inner.dtype.char) if inner.dtype.kind in "fiub" else None
            if numbers and of is _as_given:
                leaves.extend(inner.ravel())
                return numbers
            flattened = inner.ravel().astype(float) if inner.dtype == bool else inner.ravel()
            parts = [_walk(v, leaves) for v in flattened.tolist()]
            return numbers or ("array", inner.shape, *parts)
    if hasattr(x, "tolist"):
        plain = x.tolist()
        if type(plain) is bool:
            return ("is", x, type(x))
        if of is _as_given and type(plain) in (int, float):
            leaves.append(x)
            return "number"
        if type(plain) is not type(x):  # a longdouble gives itself
            return _walk(plain, leaves, of)
    if type(x) is int and not -_EXACT <= x <= _EXACT and x != int(number(x)):
        raise OverflowError(
            f"{x} is no float, as recordings have them: beyond 2**53 only some whole numbers are; pass float({x})"
        )
    leaves.append(x if isinstance(x, Value) else of(x))
    return "Value" if isinstance(x, Value) else "number"


def _as_given(x: Any) -> Any:
    """In the place of `number`: whatever stands for a number stays as it is."""
    return x


_EXACT = 1 << 53
_FLOATS, _VALUES = {float}, {Value}


@functools.lru_cache(256)
def _row(kind: Any, what: str, count: int) -> Any:
    """The structure of a list of so many numbers or Values."""
    return (kind, *[what] * count)


class _Key:
    """A key of a dict that is no plain text: 1, 1.0 and True are equal, and three keys."""

    __slots__ = ("key", "typed")

    def __init__(self, key: Any) -> None:
        self.key, self.typed = key, _typed(key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.typed == other.typed

    def __hash__(self) -> int:
        return hash(self.typed)


def _typed(key: Any) -> Any:
    if isinstance(key, (tuple, frozenset)):
        return type(key), type(key)(map(_typed, key)) if type(key) in (tuple, frozenset) else tuple(map(_typed, key))
    return type(key), repr(key) if type(key) is float else key


def _kind(x: Any) -> Any:
    """What kind of list, tuple or dict: of a class of its own, the class, and what else makes one."""
    kind = type(x)
    return _PLAIN.get(kind) or (kind, x.default_factory) if kind is defaultdict else _PLAIN.get(kind) or _bare(x)


def _bare(x: Any) -> type:
    """The class of something that is made again from its contents alone.  Raises TypeError if it may hold more."""
    kind, names = type(x), fields(x)
    if names is not None and not isinstance(x, tuple):
        return kind  # with whatever attributes it has
    base = next(b for b in kind.__mro__ if b in (list, tuple, dict, str) or b in (OrderedDict, Counter))
    made = kind.__new__ is base.__new__ and kind.__init__ is base.__init__
    if (made or hasattr(kind, "_fields") or kind.__module__ == "numpy") and not getattr(x, "__dict__", None):
        return kind
    raise TypeError(
        f"an argument is a {kind.__name__}, which holds more than a {base.__name__} does, or is "
        f"made in a way of its own: a recording cannot make another; pass {base.__name__}(x)"
    )


_PLAIN: dict[type, str] = {list: "list", tuple: "tuple", dict: "dict"}


def restored(shape: Any, leaves: Iterator[Any]) -> Any:
    """A structure with these leaves in their places.

    >>> restored(("list", "number", ("is", None), ("dict", ("k", "Value"))), iter([1.0, 2.0]))
    [1.0, None, {'k': 2.0}]
    """
    if isinstance(shape, str):
        return next(leaves)
    kind, *inner = shape
    if kind == "is":
        return inner[0]
    if kind == "array":
        dims, *inner = inner
        dims = tuple([n for n in dims if type(n) is int])
        return array_of([restored(s, leaves) for s in inner], dims)
    if kind == "list" or kind == "tuple":
        made = [restored(s, leaves) for s in inner]
        return made if kind == "list" else tuple(made)
    if kind == "dict" or isinstance(kind, tuple) or not issubclass(kind, (list, tuple)):
        parts = {k.key if type(k) is _Key else k: restored(v, leaves) for k, v in inner}
        if isinstance(kind, tuple):
            return kind[0](kind[1], parts)
        if kind == "dict":
            return parts
        if not issubclass(kind, dict):
            return with_fields(object.__new__(kind), parts)
        own = kind()
        dict.update(own, parts) if not issubclass(kind, OrderedDict) else own.update(parts)
        return own
    made = [restored(s, leaves) for s in inner]
    return kind(*made) if hasattr(kind, "_fields") else kind(made)


def array_of(items: list[Any], dims: tuple[int, ...]) -> Any:
    """An array of numbers or of Values."""
    import numpy as np

    if all(type(x) is float for x in items):
        return np.array(items, float).reshape(dims)
    if isinstance(items[0], np.generic):  # as they were given
        return np.array(items).reshape(dims)
    array = np.empty(len(items), object)
    array[:] = items
    return array.reshape(dims)


class Batch:
    """Samples of one structure.

    `rows`: the numbers and Values of each; or, for arrays and plain lists, `columns`: float64[inputs, lanes].
    """

    def __init__(self, shape: Any, lanes: int, rows: list[list[Any]] | None = None, columns: Any = None,
                 given: Iterable[Any] | None = None) -> None:  # fmt: skip
        self.shape, self.lanes, self._rows, self._columns, self._given = shape, lanes, rows, columns, given

    def typed(self) -> tuple[Any, list[Any]]:
        """The structure and the leaves of the first, as they were given: an int is an int, a float32 a float32.

        To be asked for once.
        """
        if self._given is None:
            return self.shape, self.rows[0]
        leaves: list[Any] = []
        return _walk(next(iter(self._given)), leaves, _as_given), leaves

    def __len__(self) -> int:
        return self.lanes

    def __iter__(self) -> Iterator[Any]:
        return (restored(self.shape, iter(row)) for row in self.rows)

    def take(self, places: Sequence[int]) -> Batch:
        """Some of the samples."""
        if self._columns is not None:
            return Batch(self.shape, len(places), columns=self._columns[:, places])
        return Batch(self.shape, len(places), rows=[self.rows[k] for k in places])

    @property
    def rows(self) -> list[list[Any]]:
        """One list per sample."""
        if self._rows is None:
            self._rows = self._columns.T.tolist()
        return self._rows

    def numbers(self, data: Any = None) -> list[list[float]]:
        """One list of floats per sample; `data(v)` is the number of a Value."""
        if self._columns is not None:
            return self.rows
        of = data or _data
        return [[of(x) if isinstance(x, Value) else x for x in row] for row in self.rows]

    def columns(self, data: Any = None) -> Any:
        """The same as an array, one row per input: float64[inputs, lanes]."""
        if self._columns is not None:
            return self._columns
        import numpy as np

        return np.array(self.numbers(data), float).reshape(self.lanes, -1 if self.rows[0] else 0).T


def batch(columns: Sequence[Any]) -> Batch:
    """The samples (columns[0][i], columns[1][i], ...); or those of a Batch, if it is all that is given.

    Raises TypeError for what is no column; ValueError if columns are not equally long, are empty,
    or if samples differ in structure.
    """
    given = [_column(c) for c in columns]
    if len(given) == 1 and type(given[0]) is Batch:
        return given[0]
    lengths = [len(c) for c in given]
    if len(set(lengths)) > 1:
        raise ValueError(f"columns of a batch must be equally long, got lengths {', '.join(map(str, lengths))}")
    if not lengths or not lengths[0]:
        raise ValueError("a batch needs at least one sample, got none")
    return _together(given, lengths[0]) or _one_by_one(given, lengths[0])


def one_output(name: str, shape: Any, outputs: Sequence[Any]) -> None:
    """Raises TypeError if what a function called `name` returned has the structure of more than one number."""
    if isinstance(shape, tuple):
        raise TypeError(
            f"{name} returns a {shape[0]} of {len(outputs)} Value{'s' * (len(outputs) != 1)}, and gradients start from "
            "one Value, such as a loss: return that. For numbers alone use map, or call it under no_grad(); "
            "value_and_grad(..., aux=True) takes a pair (loss, anything)"
        )


def of_values(shape: Any) -> Any:
    """The same structure of Values, where there may be numbers."""
    if isinstance(shape, tuple):
        return shape if shape[0] == "is" else tuple(map(of_values, shape))
    return "Value" if shape == "number" else shape


def loss_and_aux(name: str, shape: Any, outputs: Sequence[Any]) -> None:
    """Raises TypeError unless a function called `name` returned a pair whose first is one Value."""
    if shape[:2] != ("tuple", "Value") or len(shape) != 3:
        got = "one Value" if shape == "Value" else f"a {shape[0]} of {len(shape) - 1}, with {len(outputs)} Values in it"
        raise TypeError(f"with aux=True {name} returns a pair (loss, anything) whose loss is one Value, got {got}")


def _column(c: Any) -> Any:
    """One entry per sample."""
    np = sys.modules.get("numpy")
    if type(c) in (list, Batch) or (np and type(c) is np.ndarray and c.ndim):  # the common cases, first
        return c
    if hasattr(c, "iloc"):  # of pandas: by position, not by label
        return by_position(c, "the samples of a batch")
    if isinstance(c, (Value, str, dict, set, frozenset)) or not hasattr(c, "__iter__") or getattr(c, "ndim", 1) == 0:
        raise TypeError(
            f"a batch is given in columns, lists with one entry per sample, got {type(c).__name__} {c!r:.60}: "
            "for one sample call the function itself; a number that all samples share is repeated, [k] * n"
        )
    return c if hasattr(c, "__len__") else list(c)


def _one_by_one(columns: list[Any], lanes: int) -> Batch:
    shape, rows = None, []
    for i, sample in enumerate(zip(*columns)):
        here, leaves = flat(sample)
        if i and here != shape:
            mixed = of_values(here) == of_values(shape)
            raise ValueError(
                f"the samples of a batch must have one structure, but sample {i} "
                + ("has a number where sample 0 has a Value, or the other way round: make them all Values, "
                   "Value(2.0), or all numbers" if mixed else "differs from sample 0: group them first")
            )  # fmt: skip
        shape = here
        rows.append(leaves)
    return Batch(shape, lanes, rows=rows, given=zip(*columns))


def _together(given: list[Any], lanes: int) -> Batch | None:
    """The same without looking at one sample after the other, for arrays and lists of plain numbers;
    None for anything else.
    """
    np = sys.modules.get("numpy")  # whoever runs a backend on arrays has loaded it
    if np is None:
        return None
    shapes, arrays, samples = [], [], []
    for c in given:
        as_given = c
        if type(c) is not np.ndarray:
            found = _plain(c, np) if isinstance(c, (list, tuple)) else _array(c, np)
            if found is None:
                return None
            shape, c = found
        elif c.dtype.char not in "dflihqLIHQbBe?":
            return None
        else:
            shape = _numbers(c.shape[1:], c.dtype.char)
        shapes.append(shape)
        samples.append(as_given if isinstance(as_given, (list, tuple)) else c)
        arrays.append(c if c.ndim < 3 else c.reshape(lanes, math.prod(c.shape[1:])))
    X = np.empty((sum([c.shape[1] if c.ndim == 2 else 1 for c in arrays]), lanes))
    at = 0
    for c in arrays:
        if c.ndim == 2:
            end = at + c.shape[1]
            X[at:end] = c.T
            at = end
        else:
            X[at] = c
            at += 1
    return Batch(("tuple", *shapes), lanes, None, X, zip(*samples))


def _array(c: Any, np: Any) -> tuple[Any, Any] | None:
    """What shows its memory as an array of numbers: its samples' structure, and the array."""
    try:
        c = np.asarray(c if isinstance(c, np.ndarray) else memoryview(c))
    except TypeError:
        return None
    return (_numbers(c.shape[1:], c.dtype.char), c) if c.dtype.kind in "fiub" else None


def _plain(c: Sequence[Any], np: Any) -> tuple[Any, Any] | None:
    """A list of numbers, or of equally long lists of numbers."""
    first = c[0]
    if type(first) not in (list, tuple):
        kinds = {*map(type, c)}
        X = np.array(c, float) if kinds <= {float, int} else None
        return None if X is None or int in kinds and np.abs(X).max() > _EXACT else ("number", X)
    if (
        {*map(type, c)} != {type(first)}
        or {*map(len, c)} != {len(first)}
        or not {*map(type, chain.from_iterable(c))} <= {float, int}
    ):
        return None
    n = len(first)
    X = np.fromiter(chain.from_iterable(c), float, n * len(c)).reshape(len(c), n)
    return _row(_kind(first), "number", n), X


@functools.lru_cache(256)
def _numbers(dims: tuple[int, ...], kind: str) -> Any:
    """The structure of an array of numbers of this shape; of one whose entries do not compute as floats do, with their
    kind: a function that computes with them is another one.
    """
    return ("array", dims if kind == "d" else (*dims, kind), *["number"] * math.prod(dims)) if dims else "number"


_data = operator.attrgetter("_data")
