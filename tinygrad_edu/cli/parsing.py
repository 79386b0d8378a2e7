"""How a command line is read: an error is one line, and guesses what was meant; every command's help says what it is for."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from .. import streams
from ..errors import meant


def whole(text: str) -> int:
    """An option that counts: a whole number from 1 up."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


class Parser(argparse.ArgumentParser):
    """argparse, with an error of one line and help whose lines stay as they are written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": argparse.RawDescriptionHelpFormatter, **options})

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse does; what is left over is compared with the options that there are."""
        arguments, extra = self.parse_known_args(args, namespace)
        if extra:
            word = next((e for e in extra if e.startswith("-")), extra[0])
            command = self._command(getattr(arguments, "command", ""))
            options = [option for action in command._actions for option in action.option_strings]
            near = meant(word.partition("=")[0], options) if word.startswith("-") else ""
            command.error(f"there is no {'option' if word.startswith('-') else 'place for'} {word!r}{near}")
        return arguments

    def _command(self, name: str) -> argparse.ArgumentParser:
        """The parser of a command; itself, if there is none of that name."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction) and name in action.choices:
                return action.choices[name]  # type: ignore[no-any-return]
        return self

    def error(self, message: str) -> NoReturn:
        if match := re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message):
            choices = re.findall(r"[^\s,']+", match[2])
            message = f"invalid choice: {match[1]!r}{meant(match[1], choices)} (choose from {', '.join(choices)})"
        message = message.replace(", NAME=NUMBER", "")  # an expression may have no names
        with suppress(OSError):
            print(streams.visible(f"{self.prog}: {message} (see {self.prog} --help)"), file=sys.stderr)
        sys.exit(2)
