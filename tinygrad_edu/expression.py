"""A formula typed by a person, as a graph: parsed with `ast` against the rows, never evaluated as Python.

>>> program = parse("e = a*b; L = tanh(e + c)")
>>> program.names
('a', 'b', 'c')
>>> L, values = program(a=2, b=-3, c=10)
>>> L.backward()
>>> L.label, values["e"]
('L', Value(-6.0, grad=0.0013409506830258972, label='e'))
"""

from __future__ import annotations

import ast
import inspect
import keyword
import math
import operator
import re
import sys
import unicodedata
from collections.abc import Callable
from typing import Any

from . import ops
from .engine import Value, constant
from .errors import UserError, meant
from .ieee import number

ALIASES = {
    "ln": "log",
    "max": "maximum",
    "min": "minimum",
    "arctan": "atan",
    "arcsin": "asin",
    "arccos": "acos",
    "σ": "sigmoid",
}
WORDS = sorted(set(keyword.kwlist) - {"True", "False", "None"})
CONSTANTS = {"pi": math.pi, "e": math.e}
OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Gt: ops.greater, ast.Lt: lambda a, b: ops.greater(b, a),
}  # fmt: skip


# What people paste from mathematics and from other programs, and what it is here.
SIGNS = {**dict.fromkeys("×·⋅∙∗", "*"), **dict.fromkeys("−–—", "-"), "÷": "/", "∕": "/", "π": "pi",
         **{c: str(i) for i, c in enumerate("₀₁₂₃₄₅₆₇₈₉")}}  # fmt: skip
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
# Names, numbers and signs in one step.  Python sees to it that a formula is not too deep for it, but in WebAssembly the
# browser's stack ends before, at some 800 of them in a worker of Chromium's, and all of Python with it.
LONGEST = 400 if sys.platform == "emscripten" else math.inf
DEEP = "the expression is nested too deeply to read: name parts of it, as in 'e = a*b; L = e + c'"
SPARE = "ˑ"  # after a name that is a word of Python's, while ast reads it


class ExpressionError(UserError):
    """A formula that cannot be read: says what, where in the text, and what to write instead."""


class Expression:
    """A formula that was read.  `names` are its free names in order; calling it with their numbers builds the graph."""

    def __init__(self, text: str) -> None:
        self.text = as_typed(text)
        if (n := _longest(self.text)) > LONGEST:
            raise ExpressionError(f"one step has too many names, numbers and signs to be read in a browser: {n:,}, and "
                                  f"{LONGEST} can be; name parts of it, as in 'e = a*b; L = e + c'")  # fmt: skip
        try:
            body = self._read().body
        except (MemoryError, RecursionError):
            raise ExpressionError(DEEP) from None
        except (SyntaxError, ValueError) as error:
            at, why = self._unread(error)
            raise ExpressionError(f"cannot read {self.text!r}{f' at column {at}' if at else ''}: {why}") from None
        if not body:
            raise ExpressionError("the expression is empty: write one such as 'tanh(a*b + c)'")
        self.steps = [self._step(statement) for statement in body]
        assigned: set[str] = set()
        free: dict[str, None] = {}
        for name, tree in self.steps:
            free.update(dict.fromkeys(n for n in _names(tree) if n not in assigned))
            if name and name in free:
                raise ExpressionError(
                    f"{name} is a name to be given a number, and a step of its own too: call the step something else"
                )
            assigned.add(name)
        self.names = tuple(n for n in free if n not in CONSTANTS)
        self._constants = tuple(n for n in free if n in CONSTANTS)
        for _, tree in self.steps:
            self._check(tree)

    def _read(self) -> ast.Module:
        """The text as a tree.  Where Python cannot read it, names such as lambda and in may be why:
        they are only names here.
        """
        self._parsed = self.text
        try:
            return ast.parse(self.text)
        except SyntaxError:
            try:
                spared = re.sub(rf"\b({'|'.join(WORDS)})\b", rf"\1{SPARE}", self.text)
                tree, self._parsed = ast.parse(spared), spared
            except SyntaxError:
                tree = None
            if tree is None:
                raise
            for n in ast.walk(tree):
                if isinstance(n, ast.Name):
                    n.id = n.id.removesuffix(SPARE)
            return tree

    def _unread(self, error: Exception) -> tuple[int | None, str]:
        """Where Python could not go on, and what to write there instead."""
        bare = re.search(r"\b([^\W\d]\w*)\s+([\w.]+)", self.text)
        if bare and bare[1] in ops.TABLE:
            return bare.start() + 1, f"write {bare[1]}({bare[2]})"
        if bars := re.search(r"\|([^|]+)\|", self.text):
            return bars.start() + 1, f"write abs({bars[1]}) for {bars[0]}"
        plain = re.sub(r"\d[eE][+-]?\d", lambda found: "0" * len(found[0]), self.text)
        if factors := re.search(r"\d[A-Za-z_(]|\)\s*\(|[\w)]\s+[\w(]", plain):
            return factors.end(), "between two factors write *, as in 2 * a"
        at, why = getattr(error, "offset", None), str(getattr(error, "msg", error))
        if why.startswith("cannot assign"):
            why = "a step is written `name = formula`, with one name on its left"
        elif why.startswith("Exceeds the limit"):
            at, why = None, "a number has more digits than a float could tell apart: write it as in 1e300"
        elif why.startswith("unterminated string"):
            why = "a quotation mark means nothing here"
        elif why == "invalid syntax" and at:
            here = self.text.splitlines()[error.lineno - 1][at - 1 :][:1]  # type: ignore[attr-defined]
            why = f"{here} is not expected here" if here else "something is missing at its end"
        return at, why

    def _step(self, statement: ast.stmt) -> tuple[str, ast.expr]:
        """One `name = formula`, or a formula alone, whose name is blank."""
        if isinstance(statement, ast.Expr):
            return "", statement.value
        if (
            isinstance(statement, ast.Assign)
            and len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
        ):
            return statement.targets[0].id, statement.value
        raise self._error(statement, "only formulas and `name = formula`, separated by `;`, are understood here")

    def _error(self, tree: ast.AST, what: str) -> ExpressionError:
        part = (ast.get_source_segment(self._parsed, tree) or "").replace(SPARE, "")
        return self._refusal(part, tree.lineno, tree.col_offset, what)  # type: ignore[attr-defined]

    def _refusal(self, part: str, line: int, offset: int, what: str) -> ExpressionError:
        """An error at a place as `ast` counts it, in bytes of what was parsed; told in letters of what was typed."""
        before = self._parsed.splitlines()[line - 1].encode()[:offset].decode().replace(SPARE, "")
        return ExpressionError(f"cannot read {part!r} at column {len(before) + 1}: {what}")

    def _check(self, tree: ast.expr) -> None:
        """Refuse at once what `_build` would not know."""
        match tree:
            case ast.Constant(value=bool()):
                raise self._error(tree, "write 1 or 0")
            case ast.Constant(value=int() | float() as x):
                try:
                    number(x)
                except OverflowError as error:
                    raise self._error(tree, str(error)) from None
            case ast.Name():
                return
            case ast.BinOp(left=ast.Name(id=name), op=ast.Pow(), right=ast.Call(func=ast.Constant(value=int(n)))) if (
                name in ops.TABLE  # sin²(x)
            ):
                raise self._error(tree, f"write {name}(...)**{n}")
            case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]) if (
                type(op) in OPERATORS
            ):
                self._check(left)
                self._check(right)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
                self._check(operand)
            case ast.BinOp(left=left, op=ast.BitXor(), right=right):
                self._check(left)
                line, begin = left.end_lineno or 1, left.end_col_offset or 0
                place = self._parsed.splitlines()[line - 1].encode().find(b"^", begin)
                raise self._refusal("^", line, max(place, begin), "a power is written a ** b")
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if not any(
                isinstance(a, ast.Starred) for a in args
            ):
                for a in args:
                    self._check(a)
                self._check_call(tree, name, args)
            case ast.Tuple():
                if re.search(r"\d,\d", ast.get_source_segment(self._parsed, tree) or ""):
                    raise self._error(tree, "write a decimal point in place of the comma, as in 1.5")
                raise self._error(tree, "a comma stands between the inputs of a function only; between steps write ;")
            case ast.Call(func=ast.Constant() | ast.BinOp() | ast.Call()):
                raise self._error(tree, "between two factors write *, as in 2 * (a + b)")
            case _:
                raise self._error(
                    tree, "use numbers, names, + - * / // % **, > <, parentheses and the functions that `ops` lists"
                )

    def _check_call(self, tree: ast.expr, name: str, args: list[ast.expr]) -> None:
        if name in ops.FACTORIES:
            given = inspect.signature(ops.FACTORIES[name]).parameters.values()
            wanted = (1 + len([p for p in given if p.default is p.empty]), 1 + len(given))
            if not wanted[0] <= len(args) <= wanted[1]:
                raise self._error(
                    tree, f"{name} takes {' or '.join(map(str, dict.fromkeys(wanted)))} inputs, got {len(args)}"
                )
            for a in args[1:]:
                try:
                    ast.literal_eval(a)
                except ValueError:
                    raise self._error(a, f"the parameters of {name} are plain numbers") from None
            try:
                ops.FACTORIES[name](*map(ast.literal_eval, args[1:]))
            except ValueError as error:  # clip between bounds that are the wrong way round
                raise self._error(tree, str(error)) from None
        elif name not in ops.TABLE:
            known = (
                f", did you mean {ALIASES[name]!r}?" if name in ALIASES else meant(name, [*ops.TABLE, *ops.FACTORIES])
            )
            factor = re.fullmatch(r"[^\W\d]\d*", name)  # x(y + 1), as mathematics writes it
            guess = (
                known or f"; `ops` lists them all{f'; if {name} is a factor, write {name} * (...)' if factor else ''}"
            )
            raise self._error(tree, f"there is no function {name!r}{guess}")
        else:
            domain = ops.TABLE[name].domain
            least = len([d for d in domain if d is not ...])
            if len(args) < least or (len(args) > least and ... not in domain):
                more = " or more" if ... in domain else ""
                raise self._error(
                    tree, f"{name} takes {least}{more} input{'s' * (least > 1 or bool(more))}, got {len(args)}"
                )

    def __call__(self, /, **numbers: Any) -> tuple[Value, dict[str, Value]]:
        """The root of the graph, and every named Value by its name, inputs first.

        Raises ExpressionError for a name without a number or a number without its name.
        """
        missing = [n for n in self.names if n not in numbers]
        if function := next((n for n in missing if n in ops.TABLE or n in ops.FACTORIES), None):
            raise ExpressionError(
                f"{function} is a function: write {function}(x), or add {function}=NUMBER if it is to be a name"
            )
        known = {*self.names, *self._constants}
        extra = [n for n in numbers if n not in known]
        strange = (
            f"{', '.join(extra)} {'is' if len(extra) == 1 else 'are'} not in {self.text!r}, "
            + (f"whose names are {', '.join(self.names)}" if self.names else "which has no names")
            + (meant(extra[0], missing or self.names) if extra else "")
        )
        if missing:
            raise ExpressionError(
                f"{', '.join(missing)} {'has' if len(missing) == 1 else 'have'} no value: "
                f"add {' '.join(f'{n}=NUMBER' for n in missing)}" + (f"; {strange}" if extra else "")
            )
        if extra:
            raise ExpressionError(strange)
        values = {n: Value(numbers[n], label=n) for n in self.names}
        values |= {n: Value(numbers.get(n, CONSTANTS[n]), label=n) for n in self._constants}
        return self.on(values), values

    def on(self, values: dict[str, Value]) -> Value:
        """The root of the graph on Values that exist already; named steps are added to `values`."""
        values = (
            values
            if {*self._constants} <= {*values}
            else {n: Value(CONSTANTS[n], label=n) for n in self._constants} | values
        )
        root = Value(0.0)
        for name, tree in self.steps:
            root = self._build(tree, values)
            if name:
                if root.label:  # `b = a` gives a second name to the same node: an addition of nothing keeps both
                    root = root + 0.0
                root.label = name
                values[name] = root
        return root

    def _build(self, tree: ast.expr, values: dict[str, Value]) -> Any:
        match tree:
            case ast.Constant(value=x):
                return constant(x)
            case ast.Name(id=name):
                return values[name]
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=n)):
                return self._build(left, values) ** n
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=n))):
                return self._build(left, values) ** -n  # type: ignore[operator]
            case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
                return OPERATORS[type(op)](self._build(left, values), self._build(right, values))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=x)):
                return constant(-x)  # type: ignore[operator]
            case ast.UnaryOp(op=op, operand=operand):
                return OPERATORS[type(op)](self._build(operand, values))
            case ast.Call(func=ast.Name(id=name), args=[first, *rest]) if name in ops.FACTORIES:
                return ops.FACTORIES[name](*map(ast.literal_eval, rest))(self._build(first, values))
            case ast.Call(func=ast.Name(id=name), args=args):
                return ops.TABLE[name](*[self._build(a, values) for a in args])
        raise self._error(tree, "not understood")


def as_typed(text: str) -> str:
    """A formula in the signs of a program: as typed, but for what people paste.

    >>> as_typed("(a−b)² · √x₁ ÷ np.exp(σ)"), as_typed("√(x² + y²)")
    ('(a-b)**2 * sqrt(x1) / exp(σ)', 'sqrt(x**2 + y**2)')
    """
    text = re.sub(
        f"(⁻?)([{RAISED}]+)", lambda m: f"**{'-' * bool(m[1])}{''.join(str(RAISED.index(c)) for c in m[2])}", text
    )
    text = unicodedata.normalize("NFKC", "".join(SIGNS.get(c, c) for c in text))
    text = re.sub(r"√\s*\(", "sqrt(", text)
    text = re.sub(r"√\s*([\w.]+)", r"sqrt(\1)", text)
    text = re.sub(r"\b(np|numpy|math|torch|jnp|cmath)\.(?=[^\W\d])", "", text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _longest(text: str) -> int:
    """How many names, numbers and signs the longest step of a formula has: its tree can be no deeper.

    >>> _longest("e = a*b; L = tanh(e + 1.5)"), _longest("(a\\n+ b)"), _longest("")
    (8, 5, 0)
    """
    most = here = inside = 0
    quoted = any(sign in text for sign in "'\"\\")  # then what looks like its end may not be the end of a step
    for part in re.findall(r"\d+(?:\.\d*)?|\w+|\n|\S", text):
        inside += (part in "([{") - (part in ")]}")
        if part not in "\n;":
            here += 1
        elif inside <= 0 and not quoted:
            here = 0
        most = max(most, here)
    return most


def _names(tree: ast.expr) -> list[str]:
    """The names in a formula, from left to right, without the functions it calls."""
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called]
    return [n.id for n in sorted(found, key=lambda n: (n.lineno, n.col_offset))]


def parse(text: str) -> Expression:
    """Read a formula such as `tanh(a*b + c)`, or several steps: `e = a*b; L = (e + c) * f`.

    Raises ExpressionError, a ValueError, with the place and what to write instead.

    >>> parse("a^2")
    Traceback (most recent call last):
    tinygrad_edu.expression.ExpressionError: cannot read '^' at column 2: a power is written a ** b
    """
    try:
        return Expression(text)
    except RecursionError:
        raise ExpressionError(DEEP) from None
