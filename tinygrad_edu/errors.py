"""What a person can put right: a name, a number, a file, a program that is missing.

A `UserError` is one line that says what was given, where, and what to write instead: the command line prints it and
ends with status 2.  Whatever else is raised is a fault of this package, and shows its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Something given to this package that it cannot use, told in a sentence.

    >>> issubclass(UserError, ValueError)
    True
    """


def meant(word: str, known: Iterable[str]) -> str:
    """`, did you mean 'tanh'?`, or nothing if there is nothing like it;
    letters in another order are the likeliest slip.

    >>> meant("tahn", ["tan", "tanh"]), meant("xyz", ["tanh"])
    (", did you mean 'tanh'?", '')
    """
    near = difflib.get_close_matches(word.lower(), list(known), 5) or difflib.get_close_matches(word, list(known), 1)
    near.sort(key=lambda n: sorted(n) != sorted(word.lower()))
    return f", did you mean {near[0]!r}?" if near else ""
