"""A Value among other things: comparing, printing and converting it, NumPy, and micrograd's names.

A Value may stand where a float stands.  All that needs only its `.data` is here, so that the engine next
door is about derivatives alone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import ops
from .ieee import number

if TYPE_CHECKING:  # what editors see of the rows, which become methods at import
    from .methods import Methods
else:
    Methods = object


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[Any, object], bool]:
    """A comparison by data with another Value or number; for anything else Python names both types."""

    def compare(self: Any, other: Any) -> bool:
        if isinstance(other, FloatLike):
            return test(self.data, other.data)
        return test(self.data, number(other)) if hasattr(other, "__float__") else NotImplemented

    return compare


def assigned(v: Any, name: str, x: Any) -> float:
    """The float of what was assigned to a Value's `.data` or `.grad`.

    Raises TypeError, which says whose, for what is no number.
    """
    try:
        return number(x)
    except TypeError as e:
        hint = (
            "its number is its .data, and an update is written p.data -= lr * g.data" if isinstance(x, FloatLike) else e
        )
        raise TypeError(
            f"the .{name} of {v.label or 'a Value'} cannot be {type(x).__name__} {x!r:.80}: {hint}"
        ) from None


NUMPY = {
    "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "negative": "neg", "power": "pow",
    "float_power": "pow", "absolute": "abs", "fabs": "abs", "fmax": "maximum", "fmin": "minimum", "remainder": "mod",
    "rint": "round", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh"}  # fmt: skip
ELEMENTS = [name for name in NUMPY if name.startswith("arc") or name in ("fabs", "rint")]  # methods that it calls
TESTS: dict[str, Any] = {"less": operator.lt, "less_equal": operator.le, "greater": operator.gt,
                         "greater_equal": operator.ge, "equal": operator.is_, "not_equal": operator.is_not}  # fmt: skip
PREDICATES = ("isnan", "isinf", "isfinite", "signbit")


def _by_identity(kind: type) -> bool:
    """Whether the hash of one's own tells objects apart by identity, as `return id(self)` does."""
    try:
        one: Any = object.__new__(kind)
        one._data = 0.0
        return hash(one) in (object.__hash__(one), hash(id(one)))
    except Exception:  # there is no hash, or it asks for numbers
        return False


class FloatLike(Methods):
    """What a float does besides arithmetic.  `==` and `hash` stay identity: nodes live in sets and dicts.

    >>> from tinygrad_edu import Value
    >>> v = Value(2.5, label="v")
    >>> v > 2, float(v), int(v), round(v), f"{v:.3f}", max(v, Value(1)) is v
    (True, 2.5, 2, 2, '2.500', True)
    """

    __slots__ = ()

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if cls.__hash__ is not object.__hash__ and not _by_identity(cls):  # where there is an __eq__ alone it is None
            raise TypeError(
                f"graphs tell Values apart by identity, and {cls.__name__} by its __eq__ or __hash__: two of the same "
                "number would be one node; write __hash__ = Value.__hash__ in it"
            )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        """np.tanh(v) is v.tanh(), and np.float64(3) * v is a Value.

        Raises TypeError for what has no row, and for arrays of numbers.
        """
        name = ufunc.__name__
        given = [x.item() if getattr(x, "ndim", None) == 0 and hasattr(x, "item") else x for x in inputs]
        if method == "reduce" and given[1:] in ([], [None]):  # np.sum(v), np.max(v), ... of one Value
            return given[0]
        if method != "__call__" or named:
            raise TypeError(f"np.{name} of a Value takes the Value alone, without {', '.join(named) or method}")
        if any(getattr(x, "ndim", 0) and x.dtype == object for x in given):  # an array of Values: one by one
            box = type(next(x for x in given if getattr(x, "ndim", 0)))
            boxes = [x if getattr(x, "ndim", 0) else box((), object) for x in given]
            for b, x in zip(boxes, given):
                if b is not x:
                    b[()] = x
            return ufunc(*boxes)
        if name not in ("equal", "not_equal"):  # which ask whether it is the same node
            for x in given:
                if getattr(x, "ndim", 0):
                    number(x)
        if name in TESTS:
            return TESTS[name](*given)
        if name in PREDICATES:
            return bool(ufunc(*map(float, given)))
        row = ops.TABLE.get(NUMPY.get(name, name))
        if name in ("conjugate", "positive"):
            return given[0]
        if name == "square":
            return given[0] * given[0]
        if row is None or ... in row.domain or len(row.domain) != len(given):
            close = ", ".join(sorted(n for n in ops.TABLE if n.isidentifier())[:6])
            raise TypeError(
                f"np.{name} of a Value: there is no row for it; the rows ({close}, ...) are listed by "
                "python -m tinygrad_edu.ops, and v.data is the number alone"
            )
        return row(*given)

    def conjugate(self) -> Any:
        """Itself: NumPy asks for it in np.var, np.std and np.linalg.norm."""
        return self

    def __pos__(self) -> Any:
        return self

    data: float
    grad: float
    label: str
    parents: tuple[Any, ...]
    op: Any

    __lt__ = _compared(operator.lt)
    __le__ = _compared(operator.le)
    __gt__ = _compared(operator.gt)
    __ge__ = _compared(operator.ge)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __float__(self) -> float:
        return float(self.data)

    def __int__(self) -> int:
        return int(self.data)

    __trunc__ = __int__

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.data, digits)

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)

    def __repr__(self) -> str:
        grad = f", grad={self.grad!r}" if self.grad else ""
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}({self.data!r}{grad}{label})"

    @property
    def _prev(self) -> set[Any]:
        """micrograd's name for the parents."""
        return set(self.parents)

    @property
    def _op(self) -> str:
        """micrograd's name for the operation: '+', '*', '**2', 'tanh'; '' for a leaf."""
        return (self.op.symbol or self.op.name) if self.parents else ""


def _by_numpys_name(row: str) -> Callable[..., Any]:
    return lambda self, *others: ops.TABLE[row](self, *others)


for _name in ELEMENTS:
    setattr(FloatLike, _name, _by_numpys_name(NUMPY[_name]))
