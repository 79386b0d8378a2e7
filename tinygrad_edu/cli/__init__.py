"""The command line: `tinygrad-edu` and `python -m tinygrad_edu`.

    tinygrad-edu demo                                        the lecture's neuron explained, an MLP trained on digits
    tinygrad-edu grad "tanh(a*b + c)" a=2 b=-3 c=10          a value and all its gradients
    tinygrad-edu check "relu(a*b) + c" a=2 b=-3 c=10         are they right? each, and each rule, beside differences
    tinygrad-edu train moons|circles|spirals|digits|FILE.csv a model of your own data
    tinygrad-edu predict MODEL.json FILE.csv                 what that model says of new rows
    tinygrad-edu doctor MODEL.json [DATA]                    which local gradient keeps it from learning, and why
    tinygrad-edu page "tanh(a*b + c)" a=2 b=-3 c=10 -o F     both passes, step by step in a browser
    tinygrad-edu order "h = x**2; L = h + h**2" x=3          why topological order: what other orders get wrong
    tinygrad-edu zoo [NAME]                                  the systems that backpropagation is taught with
    tinygrad-edu leak [NAME]                                 where backpropagation leaks, and what the doctor says
    tinygrad-edu learn                                       exercises: write the backward pass, be told what is wrong
    tinygrad-edu practice                                    random expressions to do by hand, number by number
    tinygrad-edu grade FOLDER --rubric FILE.toml             points for a class, and a report for each student
    tinygrad-edu ops [NAME ...]                              the table of operations, or some of its rows

A mistake in what was typed is one line on stderr and exit status 2; a bug of ours shows its traceback.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from .. import __version__, files, interruption, streams
from ..errors import UserError
from .parsing import Parser

HOUSE = Path(__file__).resolve().parent.parent  # what cannot be read in here is our own


# The room that each command is in, in the order of --help.
COMMANDS = {"demo": "demo", "grad": "gradient", "ops": "gradient", "check": "checks", "page": "pages",
            "order": "orders", "train": "training", "predict": "prediction", "doctor": "diagnosis",
            "zoo": "systems", "leak": "systems", "learn": "learning",
            "practice": "practice", "grade": "grades"}  # fmt: skip


def parser(command: str = "") -> Parser:
    """One command and its options, without loading the others; or else all of them."""
    rooms = [COMMANDS[command]] if command in COMMANDS else [*dict.fromkeys(COMMANDS.values())]
    top = Parser(
        prog="tinygrad-edu",
        description="Understand backpropagation: values, gradients, graphs and small models.",
        epilog="begin with:  tinygrad-edu demo\n"
        'and then:    tinygrad-edu grad "tanh(a*b + c)" a=2 b=-3 c=10 --explain a\n'
        "`tinygrad-edu COMMAND --help` says what a command is for, with an example",
    )
    top.add_argument("--version", action="version", version=f"tinygrad-edu {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    for room in rooms:
        import_module(f".{room}", __name__).add_commands(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 2 a mistake in what was asked, 130 interrupted.

    >>> main(["grad", "a * b", "a=2", "b=-3"])
    a * b = -6
    <BLANKLINE>
      name  value  gradient
      a         2        -3
      b        -3         2
    0
    """
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["help"]:
        given = [*given[1:2], "--help"]
    if (
        len(given) > 1
        and given[0] in ("grad", "check", "page", "order")
        and not re.fullmatch("--[a-z-]+(=.*)?|-[ho]", given[1])
    ):
        given[1] = f" {given[1]}"  # an expression that begins with a minus is no option
    with streams.safe(), warnings.catch_warnings():
        warnings.showwarning = lambda message, *where: _say(str(message))
        try:
            arguments = parser(*given[:1]).parse_args(given)
            interruption.end()
            status = arguments.run(arguments)
            sys.stdout.flush()
            return int(status or 0)
        except UserError as error:  # anything else is a bug of ours, and shows where it is
            _say(str(error))
            return 2
        except OSError as error:
            if not _is_theirs(error):
                raise
            _say(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror))
            return 2
        except BaseException as error:
            if not interruption.is_behind(error):
                raise
            _say("interrupted")
            return 130
        finally:
            interruption.end()
    return 0


def _is_theirs(error: OSError) -> bool:
    """Whether an error is about a file that somebody named, or about a stream of theirs that is full;
    else it is a bug of ours.
    """
    if error.filename is None:
        return error.errno in files.FULL
    return HOUSE not in Path(os.fsdecode(error.filename)).resolve().parents


def _say(words: str) -> None:
    """One line on stderr, if somebody listens there."""
    with suppress(OSError):
        print(f"tinygrad-edu: {streams.message(words)}", file=sys.stderr)
