"""The rows as branches of a switch, for `machine`: a number for each, and what computes it, as Numba compiles it too.

>>> print(TEXT[:77])
def binary(op, a, b):
    if op == 0:
        return f0(a, b)
    if op == 1:
>>> unary(row_code(ops.sqrt), 9.0), binary(row_code(ops.power(2)), 3.0, 2.0)
(3.0, 9.0)
"""

# mypy: ignore-errors
from __future__ import annotations

from .. import ieee, ops
from ..exact import check_rules
from ..ops import Op
from .passes import total
from .program import Opaque, primitive
from .vectors import layer, outer


def _rows(inputs: int) -> list[Op]:
    """The rows of `ops` that have so many inputs and are made of no others."""
    rows = dict.fromkeys(op for op in vars(ops).values() if isinstance(op, Op))
    return [op for op in rows if len(op.domain) == inputs and ... not in op.domain and primitive(op)]


# `power` and `polygamma` make a row for each number, which is a second input here.
BINARY, UNARY = [*_rows(2), ops.power, ops.polygamma], _rows(1)
CODES = {row: i for i, row in enumerate(
    [*BINARY, *UNARY, ops.where, ops.sum, ops.dot, ops.logsumexp, layer, outer, total])}  # fmt: skip
FIRST_UNARY, FIRST_MANY = len(BINARY), CODES[ops.where]
ADD, SUB, MUL, DIV, NEG, RELU, GREATER = (
    CODES[row] for row in (ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.relu, ops.greater)
)
WHERE, SUM, DOT, LOGSUMEXP, LAYER, OUTER, TOTAL, PRODUCTS, SUMS = range(FIRST_MANY, len(CODES) + 2)
POWER, POLYGAMMA = CODES[ops.power], CODES[ops.polygamma]


def _polygamma(x, n):
    return ieee.polygamma(n, x)


RULES = {CODES[row]: row.forward for row in [*BINARY[:-2], *UNARY]}
RULES |= {POWER: ieee.power, POLYGAMMA: _polygamma, CODES[ops.abs]: abs}  # Numba knows the builtin alone


def _switch(name: str, inputs: str, codes: range) -> str:
    branches = "".join(f"    if op == {i}:\n        return f{i}({inputs})\n" for i in codes)
    return f"def {name}(op, {inputs}):\n{branches}    return nan\n"


TEXT = _switch("binary", "a, b", range(FIRST_UNARY)) + _switch("unary", "x", range(FIRST_UNARY, FIRST_MANY))
_scope = {"nan": ieee.nan, **{f"f{i}": rule for i, rule in RULES.items()}}
exec(TEXT, _scope)
binary, unary = _scope["binary"], _scope["unary"]


def known(row: Op) -> bool:
    """Whether a row has a number, or needs none."""
    return (row.recipe[0] if row.recipe else row) in CODES or row is ops.leaf


def row_code(row: Op) -> int:
    """The number of a row.  Raises TypeError, which says why, for one that is none of the kernel's."""
    if not known(row):
        op = row.of if isinstance(row, Opaque) else row
        try:
            check_rules(op)
        except TypeError as e:
            raise TypeError(f'{e}; or use backend="python"') from e
        raise TypeError(f'only numbers can run the rules of the row {op.name!r}: make them of rows; '
                        'or use backend="python"')  # fmt: skip
    return CODES[row.recipe[0] if row.recipe else row]
