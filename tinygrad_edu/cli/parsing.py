"""How a command line is read: an error is one line, and guesses what was meant;
every command's help says what it is for.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from .. import streams
from ..errors import meant

OPTION = re.compile("--?[A-Za-z]")
LARGEST = 2**32 - 1  # seed, of the generator that draws the points


def whole(text: str) -> int:
    """An option that counts: a whole number from 1 up."""
    if not (text.isdecimal() and len(text) < 19 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def seed(text: str) -> int:
    """An option that begins random numbers."""
    if not (text.isdecimal() and len(text) < 19 and int(text) <= LARGEST):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {LARGEST}")
    return int(text)


def sizes(text: str) -> list[int]:
    """An option that names hidden layers: 16,16, or 0 for none."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of sizes such as 16,16") from None
    if found == [0]:
        return []
    if min(found) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: every layer needs at least one neuron")
    return found


def positive(text: str, zero: bool = False) -> float:
    """An option that is a rate or a weight."""
    try:
        x = float(text)
    except ValueError:
        x = -1.0
    if not 0 < x < float("inf") and not (zero and x == 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number{', nor 0' * zero}{_pointed(text)}")
    return x


def share(text: str, zero: bool = False) -> float:
    """An option that is a part of a whole: 0.2 or 20%."""
    try:
        x = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        x = -1.0
    if not 0 < x < 1 and not (zero and x == 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1, such as 0.2{_pointed(text)}")
    return x


def _pointed(text: str) -> str:
    """How a number with a decimal comma is written here.

    >>> _pointed("0,01"), _pointed("1,2,3")
    (': write 0.01', '')
    """
    return f": write {text.replace(',', '.')}" if re.fullmatch(r"\d*,\d+%?", text) else ""


class Parser(argparse.ArgumentParser):
    """argparse, with an error of one line and help whose lines stay as they are written."""

    def __init__(self, **options: Any) -> None:
        options["description"] = textwrap.fill(options.get("description") or "", 80)
        super().__init__(**{"formatter_class": argparse.RawDescriptionHelpFormatter, **options})
        self.words: list[str] = []  # that are being read

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse does, and NAME=NUMBER may come after options too; what is left over is compared with the options
        that there are.
        """
        arguments, extra = self.parse_known_args(args, namespace)
        if "numbers" in arguments and not any(word.startswith("-") for word in extra):
            arguments.numbers += extra
            extra = []
        if extra:
            command = self._command()
            command.error(command.unknown(next((e for e in extra if e.startswith("-")), extra[0])))
        return arguments

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """As argparse does, which begins here for a command too."""
        self.words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(self.words, namespace)

    def unknown(self, word: str) -> str:
        """What is wrong with an option that there is not, or with one word too many."""
        options = {o.lstrip("-"): o for action in self._actions for o in action.option_strings}
        if word.partition("=")[0] in options.values():
            return f"{word!r} comes after `--`, which ends the options"
        name, equals, value = word.partition("=")
        if equals and name in options:
            return f"there is no place for {word!r}, did you mean '{options[name]} {value}'?"
        near = meant(name.lstrip("-"), options) if word.startswith("-") else ""
        for name, option in options.items():
            near = near.replace(f"'{name}'", f"'{option}'")
        return f"there is no {'option' if word.startswith('-') else 'place for'} {word!r}{near}"

    def _command(self) -> Parser:
        """The parser of the command that is being read, or of the action of a command, as in `learn check`."""
        found = self
        for word in self.words:
            for action in found._actions:
                if isinstance(action, argparse._SubParsersAction) and word in action.choices:
                    found = action.choices[word]
        return found

    def _get_value(self, action: argparse.Action, text: str) -> Any:
        if not text.strip() and action.metavar and action.nargs != argparse.PARSER:
            raise argparse.ArgumentError(action, "it is empty: write what it stands for, or leave it out")
        return super()._get_value(action, text)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [*map(str, action.choices)]
            there = ", ".join(map(repr, known) if "," in known else known)
            near = meant(str(value), known) or getattr(action, "elsewhere", lambda word: "")(str(value))
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}{near} (choose from {there})")

    def error(self, message: str) -> NoReturn:
        if message.startswith("the following arguments are required"):  # a slip in an option may be why
            options = {o for action in self._actions for o in action.option_strings}
            for word in self.words:
                if OPTION.match(word) and not any(o.startswith(word.partition("=")[0]) for o in options):
                    message = self.unknown(word)
                    break
        message = message.replace(", NAME=NUMBER", "")  # an expression may have no names
        with suppress(OSError):
            print(streams.message(f"{self.prog}: {message} (see {self.prog} --help)"), file=sys.stderr)
        sys.exit(2)
