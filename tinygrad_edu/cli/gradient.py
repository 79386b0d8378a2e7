"""`grad` and `ops`: a formula's value and gradients, and the table of what a formula may use."""

from __future__ import annotations

import argparse
from typing import Any

from .. import files, text
from ..check import gradcheck
from ..engine import Value
from ..explanation import explain
from ..expression import ExpressionError, Program, parse
from ..figures import draw
from ..sourcecode import LISTED, source


def add_commands(commands: Any) -> None:
    """Add `grad` and `ops` to the command line."""
    grad = commands.add_parser("grad", help="the value of an expression and the gradient of every name in it")
    add_formula(grad)
    grad.add_argument(
        "--explain",
        nargs="?",
        const="",
        metavar="NAME",
        help="the chain rule edge by edge, or why one gradient is what it is",
    )
    grad.add_argument("--source", choices=LISTED, help="instead, both passes written out as a program or as equations")
    grad.add_argument("--svg", metavar="FILE", help="draw the graph (.svg, .png, .pdf or .dot)")
    grad.add_argument("--check", action="store_true", help="compare each gradient with finite differences")
    grad.set_defaults(run=run_grad)
    commands.add_parser("ops", help="the table of operations, with their local gradients").set_defaults(
        run=lambda _: print(text.table())
    )


def add_formula(command: Any, optional: bool = False) -> None:
    """The two arguments that every command about a formula takes."""
    command.add_argument(
        "expression",
        nargs="?" if optional else None,
        help="such as 'tanh(a*b + c)', or steps: 'e = a*b; L = tanh(e + c)'",
    )
    command.add_argument("numbers", nargs="*", metavar="NAME=NUMBER", help="the value of each name")


def graph_of(arguments: argparse.Namespace) -> tuple[Program, Value, dict[str, Value]]:
    """The formula, its root, and every named Value.  Raises ExpressionError for what cannot be read."""
    program = parse(arguments.expression)
    numbers = dict(map(_assignment, arguments.numbers))
    if len(numbers) < len(arguments.numbers):
        raise ExpressionError("a name was given twice: " + " ".join(arguments.numbers))
    return program, *program(**numbers)


def run_grad(arguments: argparse.Namespace) -> int:
    """Print the value, every name's value and gradient; explain, write out, draw and check if asked."""
    program, root, values = graph_of(arguments)
    root.backward()
    if arguments.source:
        print(source(root, arguments.source))
        return 0
    word = files.check(arguments.svg) if arguments.svg else ""
    picture = draw(root).save(arguments.svg) if arguments.svg else None
    lines = [
        ("name", "value", "gradient"),
        *((n, f"{v.data:.10g}", f"{v.grad:.10g}") for n, v in values.items() if v is not root),
    ]
    shown = root.label or program.text
    print(f"{shown} = {root.data:.10g}")
    if len(lines) > 1:
        widths = [max(map(len, column)) for column in zip(*lines)]
        print()
        for name, value, gradient in lines:
            print(f"  {name:<{widths[0]}}  {value:>{widths[1]}}  {gradient:>{widths[2]}}")
    if arguments.explain is not None:
        print(f"\n{explain(root, of=arguments.explain or None)}")
    status = 0
    if arguments.check and not program.names:
        print("\nnothing to check: no name was given a number")
    elif arguments.check:
        names = program.names
        report = gradcheck(lambda *xs: program.on(dict(zip(names, xs))), *[values[n] for n in names])
        print(f"\n{report}")
        status = 0 if report else 1
    if picture:
        print(f"\n{word} {picture}")
    return status


def _assignment(text: str) -> tuple[str, float]:
    """`a=2` as a name and its number."""
    name, equals, number = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise ExpressionError(f"{text!r} is not NAME=NUMBER: write for example a=2")
    try:
        return name.strip(), float(number)
    except ValueError:
        pass
    try:
        return name.strip(), parse(number)()[0].data  # 1/2, pi, sqrt(2)
    except ExpressionError:
        raise ExpressionError(f"{number!r} is not a number, in {text!r}: write for example {name.strip()}=2") from None
