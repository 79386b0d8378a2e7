"""`page`: a formula's forward and backward pass as a page to step through."""

from __future__ import annotations

import argparse
from typing import Any

from ..webpage import page
from ..words import plural
from . import outputs
from .gradient import add_formula, graph_of


def add_commands(commands: Any) -> None:
    """Add `page` to the command line."""
    command = commands.add_parser(
        "page",
        help="the forward and backward pass of an expression, step by step in a browser",
        description="Write one page, which needs no network, to step through both passes of an "
        "expression in a browser.",
        epilog='example:\n  tinygrad-edu page "tanh(a*b + c)" a=2 b=-3 c=10 -o neuron.html',
    )
    add_formula(command)
    command.add_argument(
        "-o", "--output", metavar="FILE", default="backward.html", help="where to write it (default: %(default)s)"
    )
    command.add_argument("--title", help="the heading of the page")
    command.set_defaults(run=run_page)


def run_page(arguments: argparse.Namespace) -> int:
    """Write the page of an expression."""
    _, root, _ = graph_of(arguments)
    word = outputs.check(arguments.output, ".html", ".htm")
    done = page(root, arguments.output, title=arguments.title)
    print(
        f"{word} {arguments.output}: {plural(done.nodes, 'node')}, {plural(done.steps, 'step')}; open it in a browser"
    )
    return 0
