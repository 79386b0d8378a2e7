"""What we print reaches any stream: one that knows few letters, one that is closed or full,
one that nobody reads to the end.

    >>> "∂L/∂w₁ → λ·σ(x)² ≤ ½, naïve 猫".encode("ascii", "tinygrad_edu")
    b'dL/dw1 -> lamda*sigma(x)^2 <= 1/2, naive \\\\u732b'

A letter that a stream cannot say is written in ASCII, by what it means.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["in_ascii", "message", "safe", "short", "visible"]
MEANINGS = {
    "→": "->", "←": "<-", "↔": "<->", "⇒": "=>", "⟶": "->", "×": "x", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "⁄": "/",
    "∕": "/", "∖": "\\", "−": "-", "‐": "-", "‑": "-", "–": "-", "—": "--", "±": "+/-", "∂": "d", "∇": "grad ",
    "√": "sqrt", "∑": "sum", "∏": "prod", "∫": "int", "∞": "inf", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~=", "≡": "==",
    "∈": " in ", "∀": "all ", "°": " deg", "µ": "mu", "…": "...", "•": "*", "‘": "'", "’": "'", "‚": ",", "“": '"',
    "”": '"', "„": '"', "«": "<<", "»": ">>", "✓": "v", "✔": "v", "✗": "x", "✘": "x", "ß": "ss", "€": "EUR", "£": "GBP",
    "∘": "o", "⊙": "*", "‖": "||", "│": "|", "─": "-", "█": "#", "\u00a0": " ", "\u202f": " ", "\ufeff": "",
}  # fmt: skip


def in_ascii(letter: str) -> str:
    """A letter in ASCII: its meaning, its name if it is Greek, itself without accents;
    else its number, as Python writes it.

    >>> [in_ascii(c) for c in "×Σς₂⁻é"]
    ['x', 'Sigma', 'sigma', '2', '^-', 'e']
    """
    if letter.isascii() or letter in MEANINGS:
        return MEANINGS.get(letter, letter)
    if greek := re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)", unicodedata.name(letter, "")):
        return greek[2].lower() if greek[1] == "SMALL" else greek[2].capitalize()
    if latin := re.fullmatch(
        r"LATIN (SMALL|CAPITAL) (?:LETTER|LIGATURE) (\w\w?)(?: WITH STROKE)?", unicodedata.name(letter, "")
    ):
        return latin[2].lower() if latin[1] == "SMALL" else latin[2]
    power = "^" * unicodedata.decomposition(letter).startswith("<super>")
    parts = [c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c)]
    if parts == [letter]:
        return letter.encode("ascii", "backslashreplace").decode()
    return power + "".join(map(in_ascii, parts))


# Control characters, half letters, and what turns the direction of writing; not what joins the parts of an emoji.
_STEERING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_ENDLESS = re.compile(r"\S{200,}")


def visible(text: str) -> str:
    r"""A text whose control characters are written out, so that it cannot steer a terminal; lines stay lines.

    >>> visible("red: \x1b[31m")
    'red: \\x1b[31m'
    """
    return _STEERING.sub(lambda c: repr(c[0])[1:-1], text)


def message(text: str) -> str:
    r"""A message as one line of a terminal: no escapes that it would obey, and no word without end.

    >>> message("no file\n a\x1b[31m"), len(message("x" * 9999))
    ('no file a\\x1b[31m', 161)
    """
    return visible(_ENDLESS.sub(lambda word: f"{word[0][:120]}…{word[0][-40:]}", " ".join(text.split())))


def short(text: object, most: int = 40) -> str:
    r"""Text from a file for one line of a terminal: no escapes that it would obey, and not without end.

    >>> short("width"), short("a\x1b[31m"), short("x" * 99, most=5)
    ('width', "'a\\x1b[31m'", 'xxxx…')
    """
    text = str(text)
    text = text if len(text) <= most else text[: most - 1] + "…"
    return text if text.isprintable() else repr(text)


class _Visible:
    """A stream on which nothing that is printed steers a terminal, wherever it comes from;
    a progress line may go back to its beginning.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        back = "\r" if text.startswith("\r") else ""
        self._stream.write(back + visible(text.removeprefix("\r")))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _written(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(in_ascii, error.object[error.start : error.end])), error.end


codecs.register_error("tinygrad_edu", _written)


@contextmanager
def safe() -> Iterator[None]:
    """In here any text can be printed, and none steers a terminal, also where there is no stream at all; a reader who
    leaves early ends it without an error."""
    before = {name: getattr(sys, name) for name in ("stdout", "stderr")}
    errors = {name: getattr(stream, "errors", None) for name, stream in before.items()}
    for name, stream in before.items():
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        else:
            _set(stream, "tinygrad_edu")
            setattr(sys, name, _Visible(stream))
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    finally:
        for name, stream in before.items():
            now = getattr(sys, name)
            _give_up(now)
            setattr(sys, name, stream)
            if stream is None:
                now.close()
            else:
                _set(stream, errors[name])


def _set(stream: Any, errors: str | None) -> None:
    if errors and hasattr(stream, "reconfigure"):
        with suppress(OSError, ValueError):
            stream.reconfigure(errors=errors)


def _give_up(stream: Any) -> None:
    """A stream that takes no more text leads nowhere from now on, so that the end of the process is quiet."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
            stream.flush()
