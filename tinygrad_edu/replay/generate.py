"""Prints `kernel.py` from the rows: `python -m tinygrad_edu.ops --write` puts it into its file.

The kernel runs with the numbers of any graph, so it is compiled once: every row becomes one branch of a switch.
Nothing is simplified on the way, so that zeros, infinities and nan go through the same operations as in the engine.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from .. import ieee, ops
from ..filling import Exact, exact, kind, ours
from ..languages import CAREFUL, rows_in
from ..ops import REAL, Op
from ..text import Expr

SPEECH = replace(
    CAREFUL, words={**CAREFUL.words, "within": "({0} if {1} == {1} else nan)"}
)  # Numba reads no float("nan")
MANY = ("where", "sum", "dot", "logsumexp")  # rows that `machine` spells out; `linear` and `dense` are its own


def _plain(inputs: int) -> list[Op]:
    """The rows of `ops` without parameters that have so many inputs;
    a row that was registered is none of the kernel's.
    """
    rows = [
        op
        for op in (*ops.TABLE.values(), ops.gap, ops.bell, ops.within)
        if ours(op) and not op.recipe and op.name not in MANY
    ]
    return [op for op in rows if len(op.domain) == inputs and ... not in op.domain]


UNARY, BINARY = _plain(1), _plain(2)
CODES = {
    name: i
    for i, name in enumerate(
        [*[op.name for op in BINARY], "power", "polygamma", *[op.name for op in UNARY], *MANY, "linear", "dense"]
    )
}
FIRST_UNARY, FIRST_MANY = CODES[UNARY[0].name], CODES["where"]

HEADER = '''"""The rows as branches of a switch, for `machine`.  Printed by `generate`: change `ops.py`, then run

    python -m tinygrad_edu.ops --write

This is plain Python, and runs as such; `native` has Numba compile it.
"""
'''


def _branches(rows: list[Op], names: list[str], slopes: bool) -> tuple[list[str], list[Any]]:
    """`if op == ...: return ...` for each row, and every expression used."""
    lines: list[str] = []
    used: list[Any] = []
    for op in rows:
        xs = [exact(n) for n in names]
        results = op.partials(exact("y"), *xs) if slopes else (Exact(op, tuple(xs)),)
        used += results
        lines.append(f"    if op == {op.name.upper()}:")
        if slopes and op.domain[0] != REAL:  # outside its domain a row has no slope
            lines += ["        if y != y:", f"            return {', '.join(['nan'] * len(names))}"]
        texts = [SPEECH.write(float(r) if not isinstance(r, Expr) else r) for r in results]
        lines.append(f"        return {', '.join(texts)}")
    return lines, used


def module() -> str:
    """The text of kernel.py."""
    used: list[Any] = []
    functions = []
    for title, doc, rows, names, slopes in (
        ("unary(op, x)", "The value of a row with one input.", UNARY, ["x"], False),
        ("unary_slope(op, y, x)", "Its local gradient.", UNARY, ["x"], True),
        ("binary(op, a, b)", "The value of a row with two inputs.", BINARY, ["a", "b"], False),
        ("binary_slopes(op, y, a, b)", "Its local gradients.", BINARY, ["a", "b"], True),
    ):
        lines, expressions = _branches(rows, names, slopes)
        used += expressions
        if title.startswith("binary("):
            lines += ["    if op == POWER:  # b is a plain number, and gets no gradient", "        return power(a, b)",
                      "    if op == POLYGAMMA:", "        return polygamma(b, a)"]  # fmt: skip
        if title.startswith("binary_slopes"):
            lines += ["    if op == POWER:", "        if b == 0.0:", "            return 0.0, 0.0",
                      "        return b * (a if b == 2.0 else power(a, b - 1.0)), 0.0",
                      "    if op == POLYGAMMA:", "        return polygamma(b + 1.0, a), 0.0"]  # fmt: skip
        lines.append("    return nan" + (", nan" if title.startswith("binary_slopes") else ""))
        functions.append(f'def {title}:\n    """{doc}"""\n' + "\n".join(lines))
    words = {"nan", "power", "polygamma", "divide"}
    fused: dict[str, str] = {}
    for e in used:
        for op in rows_in(e):
            called = kind(op)
            if hasattr(ieee, called) or hasattr(math, called):
                words.add(called)
            elif op.parts and called not in ("dot", "sum"):
                body = op.parts(exact("x"))
                used += [body]
                fused[called] = f"def {called}(x):\n    return {SPEECH.write(body)}"
    ours = sorted((w for w in words if hasattr(ieee, w)), key=lambda w: (w.lower(), w))
    theirs = sorted(w for w in words if not hasattr(ieee, w) and w not in ("pow",))
    codes = "\n".join(f"{name.upper()} = {code}" for name, code in CODES.items())
    imports = f"from math import {', '.join(theirs)}\n\nfrom ..ieee import {', '.join(ours)}"
    top = f"{imports}\n\n{codes}\nFIRST_UNARY, FIRST_MANY = {FIRST_UNARY}, {FIRST_MANY}"
    return (
        "\n\n\n".join(
            [
                HEADER + "\n# fmt: off\n# ruff: noqa: E501, I001\n# mypy: ignore-errors\n" + top,
                *fused.values(),
                *functions,
            ]
        )
        + "\n"
    )
