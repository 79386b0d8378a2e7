"""What a person can put right: a name, a number, a file, a program that is missing.

A `UserError` is one line that says what was given, where, and what to write instead: the command line prints it and
ends with status 2.  Whatever else is raised is a fault of this package, and shows its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


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


def one_value(who: str, root: Any, kind: type, alive: bool = True) -> None:
    """Raise TypeError for what is no Value, which is of this `kind`, and RuntimeError for one without a past."""
    if not isinstance(root, kind):
        hint = "the result of a computation, such as a loss"
        hint = "one of them, or their sum" if isinstance(root, (list, tuple)) else hint
        raise TypeError(f"{who} takes one Value, not {type(root).__name__} {root!r:.80}: give it {hint}")
    if alive and root.op.name == "detached":  # type: ignore[attr-defined]
        raise RuntimeError(
            f"{who}({root!r}): it has no parents, because it was made by detach() or under no_grad(); "
            "give it the result of a computation outside of them"
        )
