"""A CSV file on the command line: the options that say how it is read, and errors that name options."""

from __future__ import annotations

import argparse
import ast
import csv
import re
from typing import Any

from .. import data
from ..errors import UserError

SIGNS = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|"}
_TEXT = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_SAID = re.compile(
    rf"\b(delimiter|decimal|encoding|header|kind|missing|ignore|text|features)=(\[(?:{_TEXT})\]|{_TEXT}|True|False)"
)


OPTIONS = (
    "target",
    "features",
    "ignore",
    "text",
    "kind",
    "missing",
    "delimiter",
    "decimal",
    "encoding",
    "header",
)  # about a file


def add_options(cmd: Any) -> Any:
    """The options of a command that reads a file; the group that they are in, for more."""
    group = cmd.add_argument_group("how the file is to be read, where that is not plain")
    group.add_argument("--delimiter", type=_sign, metavar="SIGN", help="what separates cells: a sign, or tab, space")
    group.add_argument("--decimal", choices=(".", ","), help="what stands before decimals: 1.5 or 1,5")
    group.add_argument("--encoding", metavar="NAME", help="of the text: cp1252, latin-1, utf-16, ... (default UTF-8)")
    group.add_argument(
        "--header",
        choices=("yes", "no"),
        help='whether the first line names the columns; without names they are "column 1", "column 2", ...',
    )
    return group


def names(text: str) -> list[str]:
    """Names of columns, separated by commas; a name with a comma in it is quoted as in CSV.

    >>> names('a, "b, c"')
    ['a', 'b, c']
    """
    try:
        return [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    except csv.Error:  # a line break outside of quotes, or a name without end
        raise argparse.ArgumentTypeError(f"{text!r} is no list of names such as a,b; quote what is no word") from None


def read(path: str, arguments: argparse.Namespace, target: str | None = None, **how: Any) -> data.Split:
    """A file as `read_csv` reads it, with the options that were given."""
    try:
        return data.read_csv(path, target, decimal=arguments.decimal, **_how(arguments), **how)
    except UserError as error:
        raise UserError(as_options(str(error))) from None


def columns(path: str, arguments: argparse.Namespace) -> list[str]:
    """The names of a file's columns."""
    try:
        return data.columns(path, **_how(arguments))
    except UserError as error:
        raise UserError(as_options(str(error))) from None


def _how(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options that say how any file is read."""
    header = None if arguments.header is None else arguments.header == "yes"
    return {"delimiter": arguments.delimiter, "encoding": arguments.encoding, "header": header}


def as_options(text: str) -> str:
    """What `read_csv` advises, in the words of the command line.

    >>> as_options("say missing='drop' or ignore=['id'], or header=False")
    'say --missing drop or --ignore id, or --header no'
    """

    def option(said: re.Match[str]) -> str:
        value = ast.literal_eval(said[2])
        if isinstance(value, bool) or value == "\t":
            value = {True: "yes", False: "no"}.get(value, "tab")
        if isinstance(value, list):  # of one name, as `names` reads it
            [value] = value
            value = '"{}"'.format(value.replace('"', '""')) if re.search('[,"]', value) else value
        value = re.sub(r'["\\$`]', r"\\\g<0>", value)  # as a shell reads it
        return f'--{said[1]} "{value}"' if re.search(r"[^\w.-]", value) else f"--{said[1]} {value}"

    return _SAID.sub(option, text)


def _sign(text: str) -> str:
    sign = SIGNS.get(text, text)
    if len(sign) != 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not one sign, nor one of {', '.join(SIGNS)}")
    return sign
