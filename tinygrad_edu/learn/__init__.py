"""Exercises in backpropagation: small files to complete, and a checker that says which term is wrong.

    tinygrad-edu learn start course      a folder with the exercises; open the first in any editor
    tinygrad-edu learn                   check it, and show the next

In a notebook, where the answer is in a cell, the same is

    >>> from tinygrad_edu import learn
    >>> def slope(f, x, h=1e-5):
    ...     return (f(x + h) - f(x - h)) / h
    >>> learn.check("parabola", slope=slope)        # doctest: +ELLIPSIS
    slope of 3x² - 4x + 5 is ... and should be ..., for x = ....
       likely  it is twice as large as it should be: a term is counted twice, or a
               half is missing

How an exercise is written is in `course`, how it is judged in `verdict`; `sandbox` runs what the learner wrote, and
`folder` keeps what was reached.  `practice(level=3, seed=7)` is an expression to do by hand (`expressions`, `quiz`).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from .course import Exercise, Query, chapters, exercise, read
from .quiz import practice
from .sheets import worksheet
from .verdict import Remark, Verdict, assess

__all__ = [
    "Exercise",
    "Query",
    "Remark",
    "Verdict",
    "assess",
    "chapters",
    "check",
    "exercise",
    "practice",
    "read",
    "worksheet",
]


class InNotebook(SimpleNamespace):
    """What a notebook has given to `check`, by name."""


def check(name: str, /, **theirs: Any) -> Verdict:
    """Check an answer that was written in a notebook or a REPL: the functions, classes or numbers by their names.

    `check("parabola", slope=slope)`, or `check("parabola", **globals())`.  They run here, without limits.
    Raises UserError, with the nearest name, if there is no such exercise.
    """
    return assess(exercise(name), their=InNotebook(**theirs))
