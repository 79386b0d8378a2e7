"""How rows become operators and methods of every Value: the table's at import, others when they are registered.

>>> from tinygrad_edu import Op
>>> cube = register(Op("cube", lambda x: x * x * x, lambda y, x: (3 * x * x,)))
>>> Value(2.0).cube()
Value(8.0)
>>> del ops.TABLE["cube"], Value.cube
"""

from __future__ import annotations

from collections.abc import Callable

from . import lazy, ops
from .engine import Value, binary, unary
from .ops import Op

BINARY = {"add": ops.add, "sub": ops.sub, "mul": ops.mul, "truediv": ops.div, "mod": ops.mod,
          "floordiv": ops.floor_divide}  # fmt: skip
UNARY = {"neg": ops.neg, "abs": ops.abs}
_registered: set[str] = set()


def bind(op: Op) -> None:
    """Make a row a method of every Value: after `bind(mish)`, `v.mish()` works."""

    def method() -> Callable[..., Value]:
        from .text import described

        f: Callable[..., Value] = unary(op) if len(op.domain) == 1 else lambda self, *others: op(self, *others)
        return _named(op.name, f, described(op))

    lazy.Method(Value, op.name, method)


def _family(make: Callable[..., Op]) -> Callable[..., Value]:
    """The method for rows with parameters: `x.clip(-1, 1)` makes the row and applies it."""
    return lambda self, *parameters, **named: make(*parameters, **named)(self)


def _named(name: str, method: Callable[..., Value], doc: str | None) -> Callable[..., Value]:
    method.__name__, method.__qualname__, method.__doc__ = name, f"Value.{name}", doc
    return method


def register(op: Op, replace: bool = False) -> Op:
    """Add a row to the table at run time: a method, a function, its text, its tests and its line follow from it.

    `replace=True` takes the place of a row that was registered before, as a notebook's cell does that is run again:
    what was recorded with it is recorded anew, but graphs and models that hold the old row keep it.
    Raises ValueError for a name that is taken or no name; TypeError for a rule that does not take as
    many inputs as the row has.
    """
    again = op.name in ops.TABLE and op.name in _registered
    if not op.name.isidentifier():
        raise ValueError(f"cannot add a row named {op.name!r}: that is no name in Python")
    if again and not replace:
        raise ValueError(
            f"cannot add a row named {op.name!r}: the name is taken, by a row that was registered before; "
            "to put this one in its place, as when a cell is run again, write register(..., replace=True)"
        )
    if not again and (op.name in ops.TABLE or hasattr(Value, op.name)):
        raise ValueError(
            f"cannot add a row named {op.name!r}: the name is taken, by the package itself; choose another"
        )
    op.check_inputs()
    ops.TABLE[op.name] = op
    ops.edition += 1
    _registered.add(op.name)
    bind(op)
    return op


for _name, _op in BINARY.items():
    setattr(Value, f"__{_name}__", binary(_op))
    setattr(Value, f"__r{_name}__", binary(_op, swapped=True))
Value.__rpow__ = binary(ops.pow, swapped=True)  # type: ignore[method-assign, assignment]
for _name, _op in UNARY.items():
    setattr(Value, f"__{_name}__", unary(_op))
for _op in ops.TABLE.values():
    if _op.name.isidentifier() and ... not in _op.domain:
        bind(_op)
for _name, _make in ops.FACTORIES.items():
    setattr(Value, _name, _named(_name, _family(_make), _make.__doc__))
# CPython 3.11 and 3.12 give the first object of a class room for thirty attributes, and each later one for one fewer.
for _ in range(30):
    object.__new__(Value)
