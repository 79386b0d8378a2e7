"""`check`: whether the gradients of a formula are its slopes, and how the step of a difference is chosen."""

from __future__ import annotations

import argparse
from typing import Any

from ..check import gradcheck, step_sizes
from ..errors import UserError, meant
from ..streams import short
from . import outputs
from .gradient import add_formula, given_names, graph_of


def add_commands(commands: Any) -> None:
    """Add `check` to the command line."""
    command = commands.add_parser(
        "check",
        help="every gradient of an expression, and every rule in it, beside finite differences",
        description="Compare every gradient of an expression with finite differences, and "
        "each operation's own rule with differences of that operation alone. The exit status is 1 if one is wrong.",
        epilog="""examples:
  tinygrad-edu check "relu(a*b) + tanh(c)" a=2 b=-3 c=10
  tinygrad-edu check "tanh(w*x)" w=0.5 x=2 --order 2
  tinygrad-edu check "exp(x)" x=1 --steps x --svg steps.svg""",
    )
    add_formula(command)
    command.add_argument("--order", choices=("1", "2"), help="2 checks the gradient of the gradient (default: 1)")
    command.add_argument(
        "--steps", metavar="NAME", help="instead, how wrong differences are with wide and narrow steps"
    )
    command.add_argument("--svg", metavar="FILE", help="with --steps: draw the curves (.svg, .png or .pdf)")
    command.set_defaults(run=run_check)


def run_check(arguments: argparse.Namespace) -> int:
    """Print the report, or the errors over the steps.  All that may be refused comes before the first line."""
    if arguments.svg and not arguments.steps:
        raise UserError("--svg draws the errors over the steps: say --steps NAME with it, or leave it out")
    if arguments.steps and arguments.order:
        raise UserError("--steps is about first derivatives: leave out --order")
    program, root, values = graph_of(arguments)
    names = given_names(arguments, program, values)
    if not names:
        raise UserError("nothing to check: no name was given a number, as in x=2")

    def f(*xs: Any) -> Any:
        y = program.on(dict(zip(names, xs)))
        y.label = y.label or root.label
        return y

    inputs = [values[n] for n in names]
    if arguments.steps and arguments.steps not in names:
        near = meant(arguments.steps, names)
        raise UserError(
            f"--steps {short(arguments.steps)} is none of the names{near} (there are {', '.join(names[:10])})"
        )
    if not arguments.steps:
        report = gradcheck(f, *inputs, order=int(arguments.order or 1))
        print(report)
        return 0 if report else 1
    found = step_sizes(f, *inputs, of=arguments.steps)
    word = outputs.check(arguments.svg, *outputs.PICTURES)
    picture = found.plot(arguments.svg) if arguments.svg else None
    print(found)
    if picture:
        print(f"\n{word} {arguments.svg}")
    return 0
