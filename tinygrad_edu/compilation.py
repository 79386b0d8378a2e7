"""The engine in C: what it knows of a row, and how it takes the place of the engine in Python.

A row's rules are filled with registers, and become small programs: one more way of filling them.

>>> number, partials = register_programs(ops.square)
>>> number                      # constants, steps, and which register holds the result: x is register 0
((), (('mul', 0, 0, 0),), (1,))
>>> partials                    # y is register 0, x is 1, the constant 2
((2.0,), (('mul', 2, 1, 0),), (3,))
>>> register_programs(ops.logsumexp)     # takes any number of inputs: asked in Python
(None, None)
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

from . import engine, modes, ops, protocol, registry, twin
from .engine import Value
from .floats import Nothing
from .ieee import number
from .ops import Op

Program = tuple[tuple[float, ...], tuple[tuple[str, int, int, int], ...], tuple[int, ...]]
_C = twin.extension
STEPS: Set[str] = _C.STEPS if twin.compiled else frozenset(ops.TABLE)  # the rows that C computes


class _Unknown(Exception):
    """A step that C does not know."""


class _Writer:
    """The program that a rule writes, as it is filled."""

    def __init__(self, inputs: int) -> None:
        self.inputs = [_Register(self) for _ in range(inputs)]
        self.constants: dict[str, tuple[float, _Register]] = {}  # by their digits: 0.0 is not -0.0
        self.steps: list[tuple[str, list[_Register], _Register]] = []

    def register(self, x: Any) -> _Register:
        if isinstance(x, _Register):
            return x
        if type(x) not in (int, float):  # an absolute zero, of a branch that was not taken, is not a float for this
            raise _Unknown
        return self.constants.setdefault(repr(float(x)), (float(x), _Register(self)))[1]

    def step(self, name: str, *args: Any) -> _Register:
        if name not in STEPS:
            raise _Unknown
        result = _Register(self)
        self.steps.append((name, [self.register(x) for x in args], result))
        return result

    def program(self, results: tuple[Any, ...]) -> Program:
        out = [self.register(x) for x in results]
        held = [*self.inputs, *[r for _, r in self.constants.values()], *[r for *_, r in self.steps]]
        place = {id(r): i for i, r in enumerate(held)}
        steps = []
        for name, args, _ in self.steps:
            a, b, c = ([place[id(r)] for r in args] + [0, 0])[:3]
            steps.append((name, a, b, c))
        constants = tuple([x for x, _ in self.constants.values()])
        return constants, tuple(steps), tuple([place[id(r)] for r in out])


class _Register:
    """A number that will be there when the program runs."""

    def __init__(self, writer: _Writer) -> None:
        self.writer = writer

    def __apply__(self, op: Op, args: tuple[Any, ...]) -> Any:
        if op.recipe[:1] == (ops.power,):
            return self.writer.step("pow", args[0], op.recipe[1][0])
        if op.name in STEPS and op.name not in ("sum", "dot"):
            return self.writer.step(op.name, *args)
        if op.parts is None:
            raise _Unknown
        return op.parts(*args)

    def __bool__(self) -> bool:
        raise _Unknown

    __float__ = __bool__

    def __neg__(self) -> Any:
        return self.writer.step("neg", self)

    def __abs__(self) -> Any:
        return self.writer.step("abs", self)


def _operator(name: str, swapped: bool) -> Callable[[_Register, Any], _Register]:
    return lambda self, other: self.writer.step(name, *((other, self) if swapped else (self, other)))


for _name, _step in {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div"}.items():
    setattr(_Register, f"__{_name}__", _operator(_step, False))
    setattr(_Register, f"__r{_name}__", _operator(_step, True))


def register_programs(op: Op) -> tuple[Program | None, Program | None]:
    """What a row computes, from its inputs, and its local gradients, from its output and its inputs; None for what C
    cannot compute: it takes any number of inputs, its rule is somebody's own, or needs a step that C does not know.
    """
    ours = vars(ops).get(op.name) is op or ops.TABLE.get(op.name) is op or op.recipe[:1] in _FAMILIES
    if op.own or not ours or ... in op.domain or not op.domain or op is ops.where:
        return None, None
    n = len(op.domain)
    return _written(n, lambda xs: (op(*xs),)), _written(n + 1, lambda xs: op.partials(*xs))


def _written(n: int, rule: Callable[[list[_Register]], tuple[Any, ...]]) -> Program | None:
    writer = _Writer(n)
    try:
        return writer.program(rule(writer.inputs))
    except (_Unknown, ArithmeticError):
        return None


_FAMILIES = [(make,) for make in ops.FACTORIES.values()]


def _row(op: Op) -> Any:
    """What C knows of a row: it asks once."""
    known = op.name if op.name in STEPS and vars(ops).get(op.name) is op else ""
    return _C.Row(known, op.domain[:1] not in ((), (ops.REAL,)), len(op.domain), *register_programs(op))


def join() -> None:
    """Put the engine in C in the place of the one in Python, once that and the methods of Values are there."""
    in_python = {name: vars(Value)[f"__{name}__"] for name in ("pow", "rpow")}

    def power(x: Any, n: Any) -> Any:
        return in_python["pow"](x, n) if isinstance(x, Value) else in_python["rpow"](n, x)

    ops.Op._row = None  # type: ignore[attr-defined]  # until C asks
    _C.join({
        "Value": Value, "Op": Op, "Nothing": Nothing, "watching": modes.watching, "forgetting": modes.forgetting,
        "recording": modes.recording, "made": modes.made, "lift": engine._lift, "number": number,
        "assigned": protocol.assigned, "apply": engine.apply, "call": Op.__call__, "backward": Value.backward,
        "pow": power, "init": Value.__init__, "topological": engine.topological, "power_of": engine._power,
        "row_of": _row, "leaf": ops.leaf, "detached": ops.detached, "neg": ops.neg,
        "add": ops.add, "sub": ops.sub, "mul": ops.mul, "div": ops.div, "dot": ops.dot,
    })  # fmt: skip
    for name in "init add radd sub rsub mul rmul truediv rtruediv neg pow rpow".split():
        setattr(Value, f"__{name}__", vars(_C.Node)[f"__{name}__"])
    for name in ("data", "grad"):
        setattr(Value, name, vars(_C.Node)[name])
    for room in (engine, registry):
        for name in {"apply", "binary", "unary", "topological"} & {*vars(room)}:
            setattr(room, name, getattr(_C, name))
    engine._add = lambda totals: _C.add([*totals], "grad", [*totals.values()])
    engine._power.cache_clear()
    for name in ("mod", "floordiv"):
        for swapped in (False, True):
            setattr(Value, f"__{'r' * swapped}{name}__", _C.binary(registry.BINARY[name], swapped))
    Value.__abs__ = _C.unary(ops.abs)  # type: ignore[method-assign]
