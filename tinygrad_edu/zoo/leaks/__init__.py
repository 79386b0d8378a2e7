"""The leak lab: backpropagation is a leaky abstraction, and these are the places where it leaks.

    >>> from tinygrad_edu.zoo import leaks
    >>> leaks.leak("clip").line
    'an error that is clipped before it is squared: the largest ones teach nothing'

`tinygrad-edu leak NAME` runs one.  An essay shows the failure in numbers, what the doctor says of exactly that program,
the change in the code that mends it, what the doctor says then, and the gradient before and after as a picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import Run, System, among
from .. import run as perform

__all__ = ["LEAKS", "leak", "run"]


def _leak(name: str, line: str) -> System:
    return System(name, None, line, room=__name__, command="leak")


LEAKS = (
    _leak("vanishing", "many sigmoids in a row: each passes on a quarter at most, and the first layers learn nothing"),
    _leak("dying", "a step that is too long closes a relu for good: no sample opens it, and no gradient does"),
    _leak("exploding", "the same weights fifty times: a factor above one becomes a step that destroys all"),
    _leak("clip", "an error that is clipped before it is squared: the largest ones teach nothing"),
    _leak("init", "weights that begin too large, too small, or all the same"),
    _leak("logloss", "the log of a probability that has become 0, and 0 times infinity"),
    _leak("zero_grad", "gradients that are never set to 0: each step walks along the sum of all before it"),
)


def leak(name: str) -> System:
    """The leak of that name.  Raises UserError, with the nearest name, if there is none."""
    return among(LEAKS, name, "the leak lab")


def run(name: str, *, seed: int | None = None, out: Any = None, small: bool = False,
        show: Callable[[str], object] | None = print) -> Run:  # fmt: skip
    """Run one leak and return what came out, as `zoo.run` does: also the `diagnoses`, of what fails and of what is
    mended.

    >>> run("vanishing", small=True, show=None).diagnoses[0].findings[0].what
    'vanishing gradient'
    """
    return perform(leak(name), seed=seed, out=out, small=small, show=show)
