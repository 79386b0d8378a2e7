"""The rows in other languages: Python, NumPy, JavaScript, LaTeX.

`text` writes a formula for people.  A program needs more: every digit of a number, the language's own word for
each row, and a definition of those it has no word for.  Python's definitions are cut out of `ieee.py`, the
other languages' are a fused row's own `parts`.  A row that is none of `ops`'s own, whatever it is called, is defined by
its `parts` or by its forward rule, filled with names; where a rule cannot be filled with names,
because it asks for the number, `given` says so.

    >>> from tinygrad_edu import ops
    >>> from tinygrad_edu.text import name
    >>> e = ops.relu(name("x")) ** 2 / 3
    >>> PYTHON.write(e), NUMPY.write(e)
    ('relu(x) ** 2 / 3', 'relu(x) ** 2 / 3')
    >>> print(NUMPY.prelude([e]))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def relu(x):
        return np.maximum(x, 0.0)
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import keyword
import math
import operator
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from . import ieee, javascript, ops
from .exact import definition, filled, is_builtin
from .exact import kind as kind
from .ops import Op
from .text import BINDING, CALL, NEGATION, Expr, Piece, bracketed, infix, name, unbracketed
from .words import power_of_ten


def inline(e: Any) -> Any:
    """An expression whose row is only several others with parameters, or with many inputs: those others."""
    whole = (ops.sum, ops.dot, ops.logsumexp)  # these may have thousands of inputs, too many to be nested
    while (
        isinstance(e, Expr)
        and e.op.parts
        and (e.op.recipe or len(e.op.domain) > 1 or ... in e.op.domain)
        and e.op not in whole
    ):
        try:
            e = e.op.parts(*e.args) if is_builtin(e.op) else filled(e.op, e.op.parts, e.args)
        except TypeError:  # somebody's own row, whose parts ask for a number
            break
    return e


def summands(e: Any) -> list[Any]:
    """What a sum or a dot adds up, from left to right; of any other expression, the expression.

    >>> [str(a) for a in summands(ops.dot(*map(name, ["w1", "w2", "x1", "x2", "b"])))]
    ['b', 'w1 * x1', 'w2 * x2']
    """
    if not isinstance(e, Expr) or e.op not in (ops.sum, ops.dot):
        return [e]
    if e.op is ops.sum:
        return list(e.args)
    n = len(e.args) // 2
    return [*e.args[2 * n :], *map(operator.mul, e.args[:n], e.args[n : 2 * n])]


@dataclass(frozen=True)
class Language:
    """How one language spells numbers and rows."""

    title: str
    words: dict[
        str, str
    ]  # row -> template of its call, `{0}` its first input, `{b0}` the same in parentheses if need be,
    # `{n}` its exponent or parameter, `{all}` every input
    number: Callable[[Any], str] = repr
    imports: tuple[str, ...] = ()
    math: frozenset[str] = frozenset()  # functions that come from Python's math module
    extra: dict[str, str] = field(default_factory=dict)  # function -> a definition that its parts cannot give
    define: str = "def {row}({xs}):\n    return {body}"
    cut: bool = False  # other definitions come from ieee.py
    symbols: dict[str, str] = field(default_factory=dict)  # for those that are written otherwise
    lanes: bool = False  # or run one number after the other, over arrays
    called: dict[Op, str] = field(default_factory=dict)  # the rows in a text that are none of ours; see `fresh`

    def fresh(self) -> Language:
        """The same language for one text, in which no row has a name yet."""
        return replace(self, called={})

    @property
    def given(self) -> list[Op]:
        """The rows that have been written, but cannot be defined: a text needs somebody to give it their functions."""
        return [op for op in self.called if definition(op) is None]

    def name_of(self, op: Op) -> str:
        """The name of a row that is none of ours: its own, if that is free, and else with an underscore,
        which ends no label's name.
        """
        if op not in self.called:
            stem = re.sub(r"\W", "_", kind(op))
            free = ops.TABLE.get(op.name) is op and stem not in RESERVED and not re.fullmatch(r"x\d*|.*_", stem)
            taken, i = set(self.called.values()), 1
            found = stem if free else f"{stem}_"
            while found in taken:
                i += 1
                found = f"{stem}_{i}_"
            self.called[op] = found if self.title != "LaTeX" else "\\operatorname{" + kind(op).replace("_", "\\_") + "}"
        return self.called[op]

    def write(self, e: Any) -> str:
        """An expression in this language; the order of its operations is the expression's own."""
        return self._write(e)[0]

    def _write(self, e: Any) -> Piece:
        if not isinstance(e, Expr):
            number = self.number(e if type(e) in (int, float) else float(e))
            return number, BINDING["*"] if "\\cdot" in number else NEGATION if e < 0 else CALL
        if e.op is ops.leaf:
            return str(e.args[0]), CALL
        if (whole := inline(e)) is not e:
            return self._write(whole)
        flat = e.op in (ops.sum, ops.dot) and kind(e.op) not in self.words
        inner = [self._write(a) for a in (summands(e) if flat else e.args)]
        if flat:
            return functools.reduce(functools.partial(infix, "+"), inner)
        if not is_builtin(e.op):
            return f"{self.name_of(e.op)}({', '.join(text for text, _ in inner)})", CALL
        if word := self.words.get(kind(e.op)):
            binding = BINDING["**"] if "**" in word else CALL
            tight = [bracketed(piece, CALL) for piece in inner]
            inputs = tight if binding != CALL else [unbracketed(a, text) for a, (text, _) in zip(e.args, inner)]
            return word.format(
                *inputs,
                n=e.op.symbol[2:] or ", ".join(map(str, e.op.recipe[1] if e.op.recipe else ())),
                all=", ".join(inputs),
                **{f"b{i}": text for i, text in enumerate(tight)},
            ), binding
        if e.op.symbol:
            return infix(e.op.symbol, *inner, spelling=self.symbols.get(e.op.symbol, ""))
        return f"{kind(e.op)}({', '.join(text for text, _ in inner)})", CALL

    def prelude(self, expressions: Iterable[Any]) -> str:
        """The imports and definitions without which these expressions would not run; definitions before their uses."""
        parts: list[str] = []
        taken: set[str] = set()
        done: set[Op] = set()

        def need(expression: Any) -> None:
            for row in rows_in(expression):
                if row in done:
                    continue
                done.add(row)
                if not is_builtin(row):
                    if found := definition(row):
                        need(found[1])
                        parts.append(self.define.format(row=self.name_of(row), xs=found[0], body=self.write(found[1])))
                    continue
                called = self.words.get(kind(row), kind(row) + "(").partition("(")[0]
                if called in self.math:
                    taken.add(called)
                elif called in self.extra:
                    needed = [
                        t for n, t in self.extra.items() if n == called or f" {n}(" in self.extra[called]
                    ]  # erf and erfc call each other
                    parts.extend(t for t in needed if t not in parts)
                elif self.cut and called in _definitions():
                    parts.extend(p for p in _cut(called) if p not in parts)
                elif self.lanes and not row.parts and called in _definitions():
                    parts.extend(p for p in [_one_by_one(called)] if p not in parts)
                elif called == kind(row) and row.parts and row not in (ops.sum, ops.dot):
                    body = row.parts(name("x"))
                    need(body)
                    parts.append(self.define.format(row=called, xs="x", body=self.write(body)))

        for e in expressions:
            need(e)
        imports = [*self.imports, *["import math"] * any("math." in p for p in parts)]
        if taken:
            imports.append(f"from math import {', '.join(sorted(taken))}")
        return _blocks([*["\n".join(imports)] * bool(imports), *parts])


def rows_in(e: Any) -> list[Op]:
    """Every row that an expression uses, once, inputs before what they go into."""
    found: dict[Op, None] = {}

    def visit(e: Any) -> None:
        if isinstance(e := inline(e), Expr) and e.op is not ops.leaf:
            for a in e.args:
                visit(a)
            found[e.op] = None

    visit(e)
    return list(found)


def _blocks(parts: list[str]) -> str:
    """Source parts under each other, two blank lines around what has several lines."""
    text = ""
    for i, part in enumerate(parts):
        text += ("\n\n\n" if i and ("\n" in part or "\n" in parts[i - 1]) else "\n" if i else "") + part
    return text


@functools.cache
def _definitions() -> dict[str, tuple[str, frozenset[str]]]:
    """Each top-level name of ieee.py: its definition, bare of docstring and annotations, and the names it uses."""
    found = {}
    for node in ast.parse(inspect.getsource(ieee)).body:
        if isinstance(node, ast.FunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [t.id for t in ast.walk(node.targets[0]) if isinstance(t, ast.Name)]
        else:
            continue
        for part in ast.walk(node):
            if isinstance(part, ast.FunctionDef):
                part.returns = None
                part.body = part.body[bool(ast.get_docstring(part)) :]
            elif isinstance(part, ast.arg):
                part.annotation = None
        text = ast.unparse(node)
        found.update({n: (text, frozenset(p.id for p in ast.walk(node) if isinstance(p, ast.Name))) for n in names})
    return found


@functools.cache
def _cut(wanted: str) -> tuple[str, ...]:
    """The parts of ieee.py that define a name, and what those need, in the order of the file."""
    known = _definitions()
    needed, stack = set(), [wanted]
    while stack:
        n = stack.pop()
        if n in known and n not in needed:
            needed.add(n)
            stack.extend(known[n][1])
    return tuple(dict.fromkeys(text for n, (text, _) in known.items() if n in needed))


def _one_by_one(wanted: str) -> str:
    """A function of ieee.py over an array, number by number."""
    first = "n, " if wanted == "polygamma" else ""
    inside = textwrap.indent("\n\n".join(_cut(wanted)), "    ")
    over = f"np.array([{wanted}({first}v) for v in np.ravel(x).tolist()]).reshape(np.shape(x))"
    return f"def {wanted}_():\n{inside}\n\n    return lambda {first}x: {over}\n\n\n{wanted} = {wanted}_()"


def _float(x: Any) -> str:
    """A number with all its digits, in Python."""
    return repr(x) if math.isfinite(x) else f'float("{x}")'


# What a text may define for itself, or use without a definition, in some language.
RESERVED = frozenset([*keyword.kwlist, *dir(builtins), *dir(ieee), *javascript.WORDS,
                      *"np jnp math erf erfc leaves seed value value_and_grads batch".split()])  # fmt: skip

_OTHERWISE = ("pow", "sum", "floor", "ceil", "trunc", "lgamma", "cbrt")  # math has another of this name
_IN_MATH = frozenset(
    n for n, op in ops.TABLE.items() if is_builtin(op) and callable(getattr(math, n, None)) and n not in _OTHERWISE
)
_OWN_WORDS = {"abs": "abs({0})", "where": "({1} if {0} else {2})", "greater": "greater({0}, {1})"}
PYTHON = Language(
    "Python", {**_OWN_WORDS, "power": "{0} ** {n}", "polygamma": "polygamma({n}, {0})"}, _float, math=_IN_MATH, cut=True
)
# The same, where the plain form would raise or turn complex: every function is ieee.py's own.
CAREFUL = Language("Python", {**_OWN_WORDS, "power": "power({0}, {n})", "pow": "power({0}, {1})",
                               "div": "divide({0}, {1})", "polygamma": "polygamma({n}, {0})",
                               "within": '({0} if {1} == {1} else float("nan"))'}, _float,
                   math=_IN_MATH - {*dir(ieee)}, cut=True)  # fmt: skip

# As books write it, for numbers among which there is no nan.
BOOKS = replace(PYTHON, words={**PYTHON.words, "greater": "(1.0 if {0} > {1} else 0.0)"})

_SAME = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "hypot", "sinh", "cosh", "tanh", "abs")
_NUMPY = {**{n: n for n in (*_SAME, "exp2", "log2", "log10", "cbrt", "floor", "ceil", "trunc")},
          "round": "rint", "mod": "mod", "floor_divide": "floor_divide", "maximum": "maximum", "minimum": "minimum",
          "where": "where", "asin": "arcsin", "acos": "arccos",
          "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"}  # fmt: skip
NUMPY = Language(
    "NumPy",
    {**{row: f"np.{word}({{all}})" for row, word in _NUMPY.items()}, "power": "{0} ** {n}",
     "greater": "greater({0}, {1})", "within": "np.where({1} == {1}, {0}, np.nan)",
     "erf": "erf({0})", "erfc": "erfc({0})", "polygamma": "polygamma({n}, {0})", "logsumexp": "logsumexp({all})"},
    lambda x: repr(x) if math.isfinite(x) else f"np.float64({str(x)!r})",
    ("import numpy as np",),
    extra={
        "greater": "def greater(a, b):\n    return np.where(a > b, 1.0, np.where(a <= b, 0.0, np.nan))",
        "logsumexp": """def logsumexp(*xs):
    xs = np.stack(np.broadcast_arrays(*xs))
    top, where = np.max(xs, axis=0), np.argmax(xs, axis=0)
    rest = 0.0
    for i, x in enumerate(xs):
        rest = rest + np.where(where == i, 0.0, np.exp(x - top))
    return np.where(np.isinf(top), top, top + np.log1p(rest))""",
        **{f: f"def {f}(x):\n    return np.array([math.{f}(v) for v in np.ravel(x).tolist()]).reshape(np.shape(x))"
           for f in ("erf", "erfc")},
    },
    lanes=True,
)  # fmt: skip
# The same, where signs of zeros, nan and the last bit matter: ieee.py's own choices, and no shortcut for x ** 0.5.
LANES = replace(
    NUMPY,
    words={
        **NUMPY.words,
        "power": "power({0}, {n})",
        "pow": "power({0}, {1})",
        "maximum": "maximum({0}, {1})",
        "minimum": "minimum({0}, {1})",
    },
    extra={
        **NUMPY.extra,
        "power": """def power(a, b):
    if np.ndim(b) == 0 and b == 0.5:  # NumPy would take the square root, which is another number at -0.0 and -inf
        a = np.where(a == -np.inf, np.inf, a) + 0.0
    return np.power(a, b)""",
        "relu": "def relu(x):\n    return np.where(x <= 0, 0.0, x)",
        "maximum": "def maximum(a, b):\n    return np.where((a > b) | (a != a), a, b)",
        "minimum": "def minimum(a, b):\n    return np.where((a < b) | (a != a), a, b)",
        "sigmoid": "def sigmoid(x):\n    e = np.exp(-np.abs(x))\n    return np.where(x >= 0, 1.0, e) / (1.0 + e)",
    },
)


def _jnp(text: str) -> str:
    return text.replace("np.", "jnp.")


# For a row on arrays, as `replay/jax_backend.py` runs it.
JAX = replace(
    LANES,
    title="JAX",
    words={row: _jnp(word) for row, word in LANES.words.items()}
          | {"power": "jnp.power({0}, {n})", "pow": "jnp.power({0}, {1})"},
    number=lambda x: repr(x) if math.isfinite(x) else f"jnp.float64({str(x)!r})",
    imports=("import jax.numpy as jnp",
             "from jax.scipy.special import digamma, erf, erfc, erfinv, gammaln as lgamma, polygamma"),
    lanes=False,
    extra={f: _jnp(text) for f, text in LANES.extra.items() if f not in ("erf", "erfc", "power", "logsumexp")},
)  # fmt: skip

_JS = {
    **{
        n: n
        for n in (
            *_SAME,
            "log2",
            "log10",
            "cbrt",
            "floor",
            "ceil",
            "trunc",
            "asin",
            "acos",
            "atan",
            "atan2",
            "asinh",
            "acosh",
            "atanh",
        )
    },
    "maximum": "max",
    "minimum": "min",
}
JAVASCRIPT = Language(
    "JavaScript",
    {**{row: f"Math.{word}({{all}})" for row, word in _JS.items()}, "power": "power({0}, {n})",
     "pow": "power({0}, {1})", "where": "({0} !== 0 ? {1} : {2})", "within": "({1} === {1} ? {0} : NaN)",
     "polygamma": "polygamma({n}, {0})",
     **{f: f + "({all})" for f in javascript.LACKING if f not in ("power", "polygamma")}},
    lambda x: repr(x) if math.isfinite(x) else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity",
    extra=javascript.LACKING,
    define="const {row} = ({xs}) => {body};",
)  # fmt: skip

_UPRIGHT = {kind(op): f"\\operatorname{{{kind(op)}}}".replace("_", "\\_") for op in ops.TABLE.values()
            if not (op.symbol or op.recipe or op in (ops.sum, ops.dot))}  # fmt: skip
_LATEX = {**_UPRIGHT, **{n: f"\\{n}" for n in ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
          "asin": "\\arcsin", "acos": "\\arccos", "atan": "\\arctan", "maximum": "\\max", "minimum": "\\min",
          "log2": "\\log_2", "digamma": "\\psi"}  # fmt: skip
LATEX = Language(
    "LaTeX",
    {**{row: word.replace("{", "{{").replace("}", "}}") + "({all})" for row, word in _LATEX.items()},
     "exp": "e^{{{0}}}", "sqrt": "\\sqrt{{{0}}}", "expm1": "(e^{{{0}}} - 1)", "log1p": "\\log(1 + {0})", "abs": "|{0}|",
     "power": "{{{b0}}}^{{{n}}}", "pow": "{{{b0}}}^{{{1}}}", "div": "\\frac{{{0}}}{{{1}}}",
     "floor_divide": "\\left\\lfloor \\frac{{{0}}}{{{1}}} \\right\\rfloor", "mod": "({0} \\bmod {b1})",
     "cbrt": "\\sqrt[3]{{{0}}}", "exp2": "2^{{{0}}}", "log10": "\\log_{{10}}({0})", "square": "{{{b0}}}^{{2}}",
     "floor": "\\lfloor {0} \\rfloor", "ceil": "\\lceil {0} \\rceil", "lgamma": "\\log|\\Gamma({0})|",
     "polygamma": "\\psi^{{({n})}}({0})", "reciprocal": "\\frac{{1}}{{{0}}}", "rsqrt": "\\frac{{1}}{{\\sqrt{{{0}}}}}",
     "gap": "((1 - {b0}) \\cdot (1 + {0}))", "bell": "\\frac{{e^{{-|{0}|}}}}{{{{(1 + e^{{-|{0}|}})}}^{{2}}}}",
     "greater": "[{0} > {1}]", "where": "({0} \\mathbin? {1} : {2})", "hypot": "\\sqrt{{{b0}^2 + {b1}^2}}"},
    lambda x: power_of_ten(f"{x:.6g}"),
    symbols={"*": "\\cdot"},
)  # fmt: skip
LATEX_IN_FULL = replace(LATEX, number=lambda x: power_of_ten(repr(x).removesuffix(".0")))

LANGUAGES = {"python": PYTHON, "numpy": NUMPY, "javascript": JAVASCRIPT, "latex": LATEX}
