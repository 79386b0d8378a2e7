"""A program: straight-line code over the rows of the table.  Step i computes slot i out of earlier slots; that is all.

    >>> from ..ops import tanh
    >>> p = Program()
    >>> x, w = p.given(2)
    >>> p.outputs = [tanh(x * w + 1).slot]
    >>> print(p)
    v2 = v0 * v1
    v3 = 1.0
    v4 = v2 + v3
    v5 = tanh(v4)
    return v5
    >>> p(0.5, -2.0)  # filled with numbers it computes
    [0.0]

A row is filled with numbers, with Values or with names; filled with `Term`s, as here, it writes itself down as steps.
Equal steps are written once, and steps on constants become constants: nothing else ever has to look for them.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import Any

from .. import ops
from ..exact import is_builtin
from ..floats import Nothing
from ..ieee import number
from ..ops import Op


class Program:
    """`rows[i]` of the slots `args[i]` is slot i; a given slot and a constant have no arguments.

    The first slots, as many as `inputs`, are given by whoever runs it.  `fold`: whether steps on constants become
    constants; `share`: whether equal steps are written once; `kept`: slots that nobody asks for and that are computed
    all the same; `labels`: what people call some of the slots.
    """

    def __init__(self, fold: bool = True, share: bool = True) -> None:
        self.fold, self.share = fold, share
        self.rows: list[Op] = []
        self.args: list[tuple[int, ...]] = []
        self.constants: dict[int, float] = {}
        self.inputs = 0
        self.outputs: list[int] = []
        self.kept: list[int] = []
        self.labels: dict[int, str] = {}
        self._known: defaultdict[Any, dict[tuple[Any, ...], int]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self.rows)

    # Writing

    def given(self, count: int) -> list[Term]:
        """The slots that whoever runs the program fills in: they come first."""
        self.inputs += count
        return [Term(self, self.append(ops.leaf, ())) for _ in range(count)]

    def step(self, row: Op, args: tuple[int, ...]) -> int:
        """The slot of a row of these slots: an earlier one if there is one, a constant if it can be computed now."""
        known = self._known[row]
        slot = known.get(args) if self.share else None
        if slot is None:
            constants = self.constants
            if self.fold and args[0] in constants and all(a in constants for a in args):
                slot = self.constant(number(row.forward(*[constants[a] for a in args])))
            else:
                slot = self.append(row, args)
            known[args] = slot
        return slot

    def constant(self, x: float) -> int:
        """The slot of a number."""
        known, key = self._known[ops.leaf], (repr(x),)  # 0.0 and -0.0 are two
        if key not in known:
            known[key] = self.append(ops.leaf, ())
            self.constants[known[key]] = x
        return known[key]

    def append(self, row: Op, args: tuple[int, ...]) -> int:
        """One more slot."""
        self.rows.append(row)
        self.args.append(args)
        return len(self.rows) - 1

    # Reading

    def __call__(self, *given: Any) -> list[Any]:
        """The outputs: numbers for numbers, graphs for Values, formulas for names, for Terms steps of their program."""
        v: list[Any] = list(given)
        for i in range(len(v), len(self)):
            v.append(self.constants[i] if i in self.constants else self.rows[i](*[v[a] for a in self.args[i]]))
        return [v[i] for i in self.outputs]

    def __str__(self) -> str:
        def write(i: int) -> str:
            if i in self.constants:
                return repr(self.constants[i])
            row, names = self.rows[i], [f"v{a}" for a in self.args[i]]
            return (
                f" {row.symbol} ".join(names) if row.symbol and len(names) == 2 else f"{row.name}({', '.join(names)})"
            )

        lines = [f"v{i} = {write(i)}" for i in range(self.inputs, len(self))]
        return "\n".join([*lines, "return " + ", ".join(f"v{i}" for i in self.outputs)])


class Term:
    """A slot of a program: a number that, instead of computing, writes itself down as a step."""

    __slots__ = ("program", "slot")

    def __init__(self, program: Program, slot: int) -> None:
        self.program, self.slot = program, slot

    def __apply__(self, op: Op, args: tuple[Any, ...]) -> Any:
        p = self.program
        if primitive(op):
            if op.recipe == (ops.power, (1,)):
                return args[0]  # to the bit
            return Term(p, p.step(op, tuple([a.slot if type(a) is Term else p.constant(as_constant(a)) for a in args])))
        for rule in (op.forward, op.parts):
            try:
                return term(p, rule(*args))  # type: ignore[misc]
            except Exception:  # whatever a rule that expects floats may raise
                continue
        return self.__apply__(opaque(op), args)

    def __bool__(self) -> bool:
        raise TypeError(
            "a step is neither true nor false: a rule that chooses is made of where, greater, maximum, minimum"
        )

    def __eq__(self, other: object) -> bool:
        return bool(self)

    __hash__ = None  # type: ignore[assignment]

    def __rmul__(self, other: Any) -> Any:
        return self if other == 1.0 else self.__apply__(ops.mul, (other, self))  # 1 * x is x, to the bit

    def __pow__(self, n: Any) -> Any:
        return self.__apply__(ops.pow, (self, n)) if isinstance(n, Term) else self.__apply__(ops.power(n), (self,))

    def __neg__(self) -> Any:
        return self.__apply__(ops.neg, (self,))

    def __abs__(self) -> Any:
        return self.__apply__(ops.abs, (self,))


def _binary(op: Op, swapped: bool = False) -> Any:
    """The operator for a row with two inputs: a recording of a million nodes calls these millions of times."""

    def method(self: Term, other: Any) -> Term:
        p = self.program
        b = other.slot if type(other) is Term else p.constant(as_constant(other))
        return Term(p, p.step(op, (b, self.slot) if swapped else (self.slot, b)))

    return method


for _name, _op in {"add": ops.add, "sub": ops.sub, "mul": ops.mul, "truediv": ops.div}.items():
    setattr(Term, f"__{_name}__", _binary(_op))
    if _op is not ops.mul:
        setattr(Term, f"__r{_name}__", _binary(_op, swapped=True))
Term.__rpow__ = _binary(ops.pow, swapped=True)  # type: ignore[attr-defined]


def as_constant(x: Any) -> float:
    """A number as a constant: what a branch that was not taken hands on is 0."""
    return float(x) if type(x) is Nothing else number(x)


def term(program: Program, x: Any) -> Term:
    """What a rule gave, as a term: a number becomes a constant."""
    return x if type(x) is Term else Term(program, program.constant(as_constant(x)))


@functools.lru_cache(maxsize=4096)
def primitive(op: Op) -> bool:
    """Whether a row is a step as it stands; one that is made of others is written out."""
    if op in (ops.sum, ops.dot) or isinstance(op, Opaque):
        return True
    made_of_others = op.parts is not None and getattr(op.parts, "__code__", 0) is getattr(op.forward, "__code__", 1)
    return is_builtin(op) and not made_of_others


class Opaque(Op):
    """A row, or what else is found of its numbers, that only numbers can run."""

    of: Op


@functools.lru_cache(maxsize=4096)
def opaque(op: Op, **otherwise: Any) -> Op:
    """A row as a step that is only ever given numbers, and what is otherwise about it."""
    made = object.__new__(Opaque)
    vars(made).update(vars(op), symbol="", parts=None, recipe=(), of=op, **otherwise)
    return made
