"""`grad` and `ops`: a formula's value and gradients, and the table of what a formula may use."""

from __future__ import annotations

import argparse
import re
from typing import Any

from .. import ops, text, words
from ..engine import Value
from ..errors import UserError, meant
from ..explanation import alarms
from ..expression import ALIASES, Expression, ExpressionError, as_typed, parse
from ..sourcecode import LISTED
from . import outputs


def add_commands(commands: Any) -> None:
    """Add `grad` and `ops` to the command line."""
    grad = commands.add_parser(
        "grad",
        help="the value of an expression and the gradient of every name in it",
        description="The value of an expression, and how much it changes with every name in it.",
        epilog="""examples:
  tinygrad-edu grad "tanh(a*b + c)" a=2 b=-3 c=10
  tinygrad-edu grad "e = a*b; L = (e + c)**2" a=2 b=-3 c=10 --explain a
  tinygrad-edu grad "tanh(w*x)" w=0.5 x=2 --source python""",
    )
    add_formula(grad)
    grad.add_argument("--explain", nargs="?", const=True, metavar="NAME",
                      help="the chain rule edge by edge, or why the gradient of one name is what it is")  # fmt: skip
    grad.add_argument("--source", choices=LISTED, help="instead, both passes written out as a program or as equations")
    grad.add_argument("--exact", action="store_true", help="with --source: gradients to the last bit, not as in books")
    grad.add_argument("--check", action="store_true", help="compare each gradient with finite differences (see check)")
    grad.add_argument("--svg", metavar="FILE", help="draw the graph (.svg, .png, .pdf or .dot)")
    grad.set_defaults(run=run_grad)
    table = commands.add_parser(
        "ops",
        help="the table of operations, with their local gradients",
        description="What an expression may use: every operation with its local gradients, its domain and its kinks.",
        epilog="examples:\n  tinygrad-edu ops\n  tinygrad-edu ops tanh relu",
    )
    table.add_argument("names", nargs="*", metavar="NAME", help="only these operations")
    table.set_defaults(run=run_ops)


def run_ops(arguments: argparse.Namespace) -> int:
    """Print the whole table, or the rows that are asked for."""
    rows = [_row(name) for name in arguments.names]
    print(text.table(rows or None))
    return 0


def _row(name: str) -> ops.Op:
    """The row that a person means: `ln` is log, `*` is mul, `clip(0, 1)` stands beside clip(-1, 1)."""
    wanted = ALIASES.get(name.lower(), name.lower())
    by_word = {
        word: op for op in reversed(ops.TABLE.values()) for word in (op.symbol, op.name.split("(")[0], op.name) if word
    }
    if wanted not in by_word:
        raise UserError(
            f"there is no operation {name!r}{meant(wanted, by_word) or ': `tinygrad-edu ops` lists them all'}"
        )
    return by_word[wanted]


def add_formula(command: Any, optional: bool = False) -> None:
    """The two arguments that every command about a formula takes."""
    command.add_argument(
        "expression",
        nargs="?" if optional else None,
        help="such as 'tanh(a*b + c)', or steps: 'e = a*b; L = tanh(e + c)'",
    )
    command.add_argument("numbers", nargs="*", metavar="NAME=NUMBER", help="the value of each name")


def graph_of(arguments: argparse.Namespace) -> tuple[Expression, Value, dict[str, Value]]:
    """The formula, its root, and every named Value.  Raises ExpressionError for what cannot be read."""
    program = parse(arguments.expression)
    root, values = program(**_given(arguments))
    if root.parents and not root.label:
        root.label = next(n for n in ("L", "y", "out", "result_") if n not in values)
    return program, root, values


def _given(arguments: argparse.Namespace) -> dict[str, float]:
    """The names that were given a number."""
    numbers = dict(map(_assignment, arguments.numbers))
    if len(numbers) < len(arguments.numbers):
        raise ExpressionError("a name was given twice: " + " ".join(arguments.numbers))
    return numbers


def given_names(arguments: argparse.Namespace, program: Expression, values: dict[str, Value]) -> list[str]:
    """The names that a gradient is asked for: those of the formula, and constants that were given a number."""
    return [n for n, v in values.items() if not v.parents and (n in program.names or n in _given(arguments))]


def run_grad(arguments: argparse.Namespace) -> int:
    """Print the value, every name's value and gradient; explain, write out and draw if asked.

    All that may be refused comes before the first line that is printed.
    """
    if arguments.exact and arguments.source in (None, "latex"):
        raise UserError("--exact is about a program: say --source python, numpy or javascript with it, or leave it out")
    if arguments.source and (also := [f"--{name}" for name in ("explain", "check", "svg") if getattr(arguments, name)]):
        raise UserError(f"--source prints a program and nothing else: leave it out, or {' and '.join(also)}")
    program, root, values = graph_of(arguments)
    root.backward()
    if arguments.source:
        print(root.source(arguments.source, exact=arguments.exact))
        return 0
    told = root.explain(of=None if arguments.explain is True else arguments.explain) if arguments.explain else None
    names, report = given_names(arguments, program, values), None
    if arguments.check and names:
        from ..check import gradcheck

        report = gradcheck(lambda *xs: program.on(dict(zip(names, xs))), *[values[n] for n in names])
    word = outputs.check(arguments.svg, *outputs.PICTURES, ".dot")
    picture = root.draw().save(arguments.svg) if arguments.svg else None
    rows = [(n, f"{v.data:.10g}", f"{v.grad:.10g}") for n, v in values.items() if v is not root]
    print(f"{program.steps[-1][0] or program.text} = {root.data:.10g}")
    if rows:
        print()
        print(*words.aligned([("name", "value", "gradient"), *rows], "lrr", indent="  "), sep="\n")
    for note in alarms(root) if rows and not told else []:
        print()
        print(*words.sentence(note), sep="\n")
    if told:
        print(f"\n{told}")
    if arguments.check:
        print(f"\n{'nothing to check: no name was given a number' if report is None else report}")
    if picture:
        print(f"\n{word} {picture}")
    return 0


def _assignment(given: str) -> tuple[str, float]:
    """`a=2` as a name and its number."""
    name, equals, number = given.partition("=")
    name = as_typed(name)
    if not equals or not name.isidentifier():
        raise ExpressionError(f"{given!r} is not NAME=NUMBER: write for example a=2, after the expression")
    try:
        return name, float(number)
    except ValueError:
        pass
    try:
        return name, parse(number)()[0].data  # 1/2, pi, sqrt(2)
    except ExpressionError:
        point = number.replace(",", ".") if re.fullmatch(r"-?\d+,\d+", number) else "2"
        raise ExpressionError(f"{number!r} is not a number, in {given!r}: write for example {name}={point}") from None
