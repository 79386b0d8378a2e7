"""How much there is to read, room by room: `python -m benchmarks.size`, and what was there before, `--against COMMIT`.

Tokens are Python's own, without comments, docstrings, line ends and indents; lines of code are those that they are on.

    >>> counted('def f(x):  # twice\\n    "Twice."\\n\\n    return 2 * x\\n')
    Size(lines=4, code=2, tokens=10)
"""

from __future__ import annotations

import argparse
import io
import operator
import subprocess
import tarfile
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PACKAGE = "tinygrad_edu"
BETWEEN = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}  # statements
PASSED = {tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER}


class Size(NamedTuple):
    """What one file, or one room, has of each."""

    lines: int = 0
    code: int = 0
    tokens: int = 0


def counted(text: str) -> Size:
    """The size of one file."""
    code: set[int] = set()
    tokens, before = 0, tokenize.NEWLINE
    read = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in PASSED]
    for token, after in zip(read, [*read[1:], None]):
        alone = before in BETWEEN and (after is None or after.type == tokenize.NEWLINE)
        if token.type not in BETWEEN and not (token.type == tokenize.STRING and alone):
            tokens += 1
            code.update(range(token.start[0], token.end[0] + 1))
        before = token.type
    return Size(text.count("\n"), len(code), tokens)


def here() -> Iterator[tuple[str, str]]:
    """The package's files in this checkout: path and text."""
    for path in (ROOT / PACKAGE).rglob("*.py"):
        yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def at(commit: str) -> Iterator[tuple[str, str]]:
    """The same at a commit."""
    packed = subprocess.run(["git", "archive", commit, PACKAGE], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            if member.name.endswith(".py") and (file := archive.extractfile(member)):
                yield member.name, file.read().decode()


def rooms(files: Iterable[tuple[str, str]]) -> dict[str, Size]:
    """The size of each room, and of all."""
    found: dict[str, Size] = {}
    for path, text in files:
        for room in (path.split("/")[1].removesuffix(".py"), "all"):
            found[room] = Size(*map(operator.add, found.get(room, Size()), counted(text)))
    return found


def table(now: dict[str, Size], before: dict[str, Size] | None = None) -> str:
    """One line for each room, the largest first; with what was `before`, tokens then and now."""
    heading = ["room", "lines", "code", "tokens", "a line"] + ["before", "change"] * (before is not None)
    rows = [heading]
    for room in sorted({*now, *(before or {})}, key=lambda room: -now.get(room, Size()).tokens):
        size = now.get(room, Size())
        row = [room, *[f"{n:,}" for n in size], f"{size.tokens / max(size.code, 1):.1f}"]
        if before is not None:
            old = before.get(room, Size()).tokens
            row += [f"{old:,}", f"{size.tokens - old:+,}" if size.tokens != old else ""]
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    )


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.size", description="lines and tokens of each room")
    parser.add_argument("--against", metavar="COMMIT", help="what was there before, such as main or 1a2b3c4")
    commit = parser.parse_args(arguments).against
    print(table(rooms(here()), rooms(at(commit)) if commit else None))


if __name__ == "__main__":
    main()
