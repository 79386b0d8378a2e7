"""What is learned from: sentences in which the names are bracketed, and the words and forms that are told apart.

    >>> reading("[PER Ada Holm] lives in [LOC Oslo] .", 1)
    Sentence(words=['Ada', 'Holm', 'lives', 'in', 'Oslo', '.'], tags=['PER', 'PER', 'O', 'O', 'LOC', 'O'])

The sentences beside this file were written for it, and are in the public domain; a file of your own is written alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from ...errors import UserError
from ...files import read

OUTSIDE, EDGE, UNKNOWN = "O", "<edge>", "<unknown>"
FORMS = (EDGE, "aa", "Aa", "0", ".")  # beyond the sentence; in small letters; with a capital; a number; a sign
HELD_OUT = "# held out"
PIECE = re.compile(r"\[(\w+) ([^][]*[^][\s])\]|([^][\s]+)|(\S)")


class Sentence(NamedTuple):
    """Words, and what name each of them is part of."""

    words: list[str]
    tags: list[str]


def reading(line: str, number: int) -> Sentence:
    """One line.  Raises UserError, with its number, for a bracket that is not closed, empty, or inside another."""
    words: list[str] = []
    tags: list[str] = []
    for piece in PIECE.finditer(line):
        tag, name, word, odd = piece.groups()
        if odd:
            raise UserError(
                f"line {number} has a {odd!r} at column {piece.start() + 1} that belongs to no name: names are written "
                f"[CLASS word word], as in [PER Ada Holm] lives in [LOC Oslo]; got {line.strip()[:60]!r}"
            )
        found = name.split() if tag else [word]
        words += found
        tags += [tag or OUTSIDE] * len(found)
    return Sentence(words, tags)


def sentences(path: Path | None = None) -> tuple[list[Sentence], list[Sentence]]:
    """Those to learn from, and those that are held out, after a line that says so: ours, or those of a file.

    Lines that begin with # speak to people alone.  Raises UserError for a line that cannot be read, or if one of the
    two parts has no name.
    """
    here = files(__package__).joinpath("sentences.txt")
    try:
        text = (here.read_bytes() if path is None else read(path)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: this is no text in UTF-8 ({error.reason} at byte {error.start})") from None
    parts: list[list[Sentence]] = [[], []]
    held = 0
    for number, line in enumerate(text.splitlines(), 1):
        held |= line.strip() == HELD_OUT
        if line.strip() and not line.startswith("#"):
            parts[held].append(reading(line, number))
    for part, told in zip(parts, ("to learn from", f"held out, after the line {HELD_OUT!r},")):
        if not any(set(one.tags) - {OUTSIDE} for one in part):
            raise UserError(
                f"{path}: the {len(part)} sentences {told} have no names, which are written as in "
                "[PER Ada Holm] lives in [LOC Oslo] ."
            )
    return parts[0], parts[1]


def classes(learned: Iterable[Sentence]) -> list[str]:
    """No name first, then the classes of names in the order in which they come."""
    return list(dict.fromkeys([OUTSIDE, *(tag for one in learned for tag in one.tags)]))


def vocabulary(learned: Iterable[Sentence], least: int = 2) -> dict[str, int]:
    """A number for each word, in small letters, that is there `least` times; all others share the one of UNKNOWN.

    A word that is seen once teaches little; all of them together teach what to make of a word that was never seen.
    """
    counts = Counter(word.lower() for one in learned for word in one.words)
    kept = sorted(word for word, count in counts.items() if count >= least)
    return {word: k for k, word in enumerate([EDGE, UNKNOWN, *kept])}


def form(word: str) -> int:
    """What a word looks like, a place in FORMS.

    >>> [FORMS[form(word)] for word in ("Oslo", "said", "1998", ",", EDGE)]
    ['Aa', 'aa', '0', '.', '<edge>']
    """
    if word == EDGE:
        return 0
    if not any(c.isalnum() for c in word):
        return 4
    return 3 if word[0].isdigit() else 2 if any(c.isupper() for c in word) else 1
