"""A number that, instead of computing, writes itself down.

Fill a row with names and out come formulas: this is how the table in docs/operations.md, the explanations and the
drawings get their words, without anybody writing "the derivative of sigmoid is ..." a second time.

    >>> from tinygrad_edu import ops
    >>> write(ops.tanh(name("x")) * name("w") + 1)
    'tanh(x) * w + 1'
    >>> [write(d) for d in local_gradients(ops.div, "q", "a", "b")]
    ['1 / b', '-q / b']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import ops
from .infinities import interval
from .ops import REAL, Op
from .rules import parameters


def arithmetic(kind: Any) -> Any:
    """A class with the operators that it does not define itself: each is what its `__apply__` makes of a row."""

    def operator(op: Op, swapped: bool = False) -> Any:
        return lambda self, *other: self.__apply__(op, (*other, self) if swapped else (self, *other))

    for name, op in {"add": ops.add, "sub": ops.sub, "mul": ops.mul, "truediv": ops.div, "pow": ops.pow}.items():
        for method, swapped in ((f"__{name}__", False), (f"__r{name}__", True)):
            if method not in vars(kind):
                setattr(kind, method, operator(op, swapped))
    kind.__neg__, kind.__abs__ = operator(ops.neg), operator(ops.abs)
    return kind


@arithmetic
class Expr:
    """An operation that has been written down and not computed: a row and what it is applied to."""

    __slots__ = ("op", "args")
    __neg__: Callable[[Expr], Any]

    def __init__(self, op: Op, args: tuple[Any, ...]) -> None:
        self.op = op
        self.args = args

    def __apply__(self, op: Op, args: tuple[Any, ...]) -> Any:
        return simplify(op, args)

    def __pow__(self, n: Any) -> Any:
        return ops.pow(self, n) if isinstance(n, Expr) else ops.power(n)(self)

    def __bool__(self) -> bool:
        raise TypeError("a formula is neither true nor false")

    def __eq__(self, other: object) -> bool:
        return bool(self)

    __hash__ = object.__hash__

    def __str__(self) -> str:
        return write(self)


def name(text: str) -> Expr:
    """A name, to fill a row with."""
    return Expr(ops.leaf, (text,))


def simplify(op: Op, args: tuple[Any, ...]) -> Any:
    """Apply a row to names, without the zeros and ones that the chain rule leaves behind.

    >>> write(simplify(ops.mul, (1.0, name("x")))), simplify(ops.mul, (0.0, name("x")))
    ('x', 0.0)
    """
    plain = [None if isinstance(a, Expr) else a for a in args]
    match op.name, plain, args:
        case "sub", (_, float(c)), (x, _) if c < 0:
            return x + -c
        case "add", (0, _), (_, x):
            return x
        case (("add" | "sub"), (_, 0), (x, _)):
            return x
        case ("sub", (0, _), (_, x)) | ("mul", (-1, _), (_, x)) | ("mul", (_, -1), (x, _)) | ("div", (_, -1), (x, _)):
            return -x
        case ("mul", (1, _), (_, x)) | ("mul", (_, 1), (x, _)) | ("div", (_, 1), (x, _)) | ("power(1)", _, (x,)):
            return x
        case ("mul", (0, _), _) | ("mul", (_, 0), _):
            return 0.0
        case "power(0)", _, _:
            return 1.0
    return Expr(op, args)


# How tightly each symbol binds its two inputs: a looser one inside a tighter one needs parentheses.
BINDING = {">": 0, "+": 1, "-": 1, "*": 2, "/": 2, "**": 4}
NEGATION, CALL = 3, 9
Piece = tuple[str, int]  # the text of a formula, and how tightly it holds together


def write(e: Any) -> str:
    """A formula as people write it.

    >>> x = name("x")
    >>> write(-(x + 1) ** 2 / (2 * x)), write(x - (x - 1)), write((-x) ** 3)
    ('-(x + 1) ** 2 / (2 * x)', 'x - (x - 1)', '(-x) ** 3')
    """
    return _write(e)[0]


def _write(e: Any) -> Piece:
    if not isinstance(e, Expr):
        return f"{e:.6g}", NEGATION if e < 0 else CALL
    if e.op is ops.leaf:
        return str(e.args[0]), CALL
    inner = [_write(a) for a in e.args]
    if e.op.symbol.startswith("**") and len(inner) == 1:  # x ** 3: the exponent belongs to the row
        exponent = e.op.symbol[2:]
        return (
            f"{bracketed(inner[0], CALL)} ** {exponent if not exponent.startswith('-') else f'({exponent})'}",
            BINDING["**"],
        )
    if e.op.symbol:
        return infix(e.op.symbol, *inner)
    inputs = [unbracketed(a, text) for a, (text, _) in zip(e.args, inner)]
    return f"{e.op.name.split('(')[0]}({', '.join(inputs)}{_parameters(e.op)})", CALL


def unbracketed(e: Any, text: str) -> str:
    """The text of a formula with nothing beside it: a term that was named in parentheses needs none.

    >>> write(name("(-1)") + ops.log(name("(-1)")))
    '(-1) + log(-1)'
    """
    return text[1:-1] if isinstance(e, Expr) and e.op is ops.leaf and text.startswith("(") else text


def bracketed(piece: Piece, least: int) -> str:
    """A text where nothing looser may stand: in parentheses if it is."""
    text, binding = piece
    return text if binding >= least else f"({text})"


def infix(symbol: str, left: Piece, *right: Piece, spelling: str = "") -> Piece:
    """`a + b`, or `-a`; a - (b - c) needs its parentheses, (a - b) - c does not."""
    if not right:
        return f"-{bracketed(left, 2)}", 2
    binding, backwards = BINDING[symbol], symbol == "**"
    first = bracketed(left, binding + (backwards or symbol == ">"))
    return f"{first} {spelling or symbol} {bracketed(right[0], binding + (not backwards))}", binding


def _parameters(op: Op) -> str:
    """`, -1, 1` for clip(-1, 1): what the row closes over comes after its inputs."""
    return ", " + op.name[op.name.index("(") + 1 : -1] if "(" in op.name else ""


def input_names(op: Op) -> tuple[str, list[str]]:
    """What a row calls its output and its inputs; they are the parameters of its own rule.

    >>> input_names(ops.atan2), input_names(ops.dot)
    (('t', ['y', 'x']), ('y', ['w1', 'w2', 'x1', 'x2', 'b']))
    """
    first, *rest = parameters(op.partials)
    if op is ops.dot:
        return first, ["w1", "w2", "x1", "x2", "b"]
    return first, ["x1", "x2", "x3"] if rest and rest[-1].startswith("*") else rest


def value(op: Op, *inputs: str) -> Any:
    """What a row computes, written with the names of its inputs: a fused row shows its parts."""
    names = [name(x) for x in inputs]
    return op.parts(*names) if op.parts else op(*names)


def local_gradients(op: Op, output: str, *inputs: str) -> tuple[Any, ...]:
    """One formula per input, as textbooks write them; only `dy/dx` where somebody's own rule does not take names."""
    try:
        return (op.textbook or op.partials)(name(output), *map(name, inputs))
    except TypeError:  # it branches, or calls math
        return tuple([name(f"d{output}/d{x}") for x in inputs])


def described(op: Op) -> str:
    """What `help(Value.sigmoid)` says: the row, written with names.

    >>> print(described(ops.tanh))
    One row of the table, x.tanh():
    <BLANKLINE>
        y = tanh(x)
        dy/dx = 1 - y * y
        computed as 4 * bell(2 * x)
        domain: real
    """
    try:
        output, inputs = input_names(op)
        slopes = [write(d) for d in local_gradients(op, output, *inputs)]
        lines = [f"{output} = {write(value(op, *inputs))}"]
        lines += [f"d{output}/d{x} = {d}" for x, d in zip(inputs, slopes) if d != f"d{output}/d{x}"]
        if op.textbook:
            computed = ", ".join(write(d) for d in op.partials(name(output), *map(name, inputs)))
            lines += [f"computed as {computed}"] if len(computed) < 90 else ["computed in a form that keeps its digits"]
        lines += [f"domain: {_domain(op)}"] + ([f"kink: {kink}"] if (kink := _kink(op, inputs)) else [])
    except Exception:  # a rule of one's own may do with names what it likes
        return f"{op.name}, a row of the table."
    first, *others = inputs
    return f"One row of the table, {first}.{op.name}({', '.join(others)}):\n\n" + "\n".join(f"    {x}" for x in lines)


def _domain(op: Op) -> str:
    return ", ".join([interval(d) for d in op.domain if d not in (REAL, ...)]) or "real"


def _kink(op: Op, inputs: list[str]) -> str:
    """Where a row bends, `a = b`; blank if nowhere."""
    kink = op.kink(*map(name, inputs))
    bends = (kink.args if kink.op is ops.sub else (kink, 0.0)) if isinstance(kink, Expr) else ()
    return " = ".join(map(write, bends))


def table(rows: Iterable[Op] | None = None) -> str:
    """Rows, or all of them, as a Markdown table: `python -m tinygrad_edu.ops` prints it,
    and docs/operations.md shows it.
    """
    lines = [("name", "value *y*", "local gradients", "domain", "kink")]
    for op in ops.TABLE.values() if rows is None else rows:
        output, inputs = input_names(op)
        kink = _kink(op, inputs)
        lines.append((
            op.name,
            f"`{write(value(op, *inputs))}`",
            ", ".join(f"`{write(d)}`" for d in local_gradients(op, output, *inputs)),
            _domain(op),
            f"`{kink}`" if kink else "",
        ))  # fmt: skip
    lines.insert(1, tuple("-" * len(column) for column in lines[0]))  # type: ignore[arg-type]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
