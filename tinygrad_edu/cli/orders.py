"""`order`: why the backward pass goes in topological order, on a formula of your own or on the classic examples."""

from __future__ import annotations

import argparse
from typing import Any

from ..order import classic, order_lab, show
from .gradient import add_formula, graph_of


def add_commands(commands: Any) -> None:
    """Add `order` to the command line."""
    cmd = commands.add_parser(
        "order",
        help="why topological order: what other orders of the backward pass get wrong; classic examples if alone",
        description="Why the backward pass goes in topological order: what four other orders make of the same graph.",
        epilog='examples:\n  tinygrad-edu order\n  tinygrad-edu order "h = x**2; L = h + h**2" x=3',
    )
    add_formula(cmd, optional=True)
    cmd.set_defaults(run=run_order)


def run_order(arguments: argparse.Namespace) -> int:
    """Print the table for the expression, or for the classic examples."""
    if arguments.expression is None:
        show(classic())
    else:
        _, root, _ = graph_of(arguments)
        print(order_lab(root))
    return 0
