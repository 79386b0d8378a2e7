"""Points for a class: what students wrote is asked random questions, whose answers are computed and stand nowhere.

    tinygrad-edu grade submissions --rubric homework.toml --out graded

A rubric (see `rubric`) has tasks: exercises of `learn`, a `Value` class of the student's own, a hand-written backward
pass.  Each submission runs in processes of its own; what they answer is judged here, against differences and the
solutions.
"""

from __future__ import annotations

from .result import Part, Result
from .rubric import Rubric, Task
from .run import grade, submissions
from .submission import Submission

__all__ = ["Part", "Result", "Rubric", "Submission", "Task", "grade", "submissions"]
