"""What is asked of a class: tasks with their points, read from a file that a teacher writes.

    title = "Homework 1"
    seconds = 2                     # for one question; a task ends after three times that
    # seed = 7                      # without it new numbers are drawn for each run
    # answers = true                # reports may show the hidden numbers, and what would have been right

    [[task]]
    name = "engine"
    kind = "value"                  # the student's own class, asked for data and gradients of random expressions
    points = 10
    file = "engine.py"
    functions = ["tanh", "relu"]

    [[task]]
    kind = "exercise"               # one of `tinygrad-edu learn list`
    name = "parabola"
    points = 2

What a kind of task may be told, and what holds without a word, is in `OPTIONS`.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import files
from ..errors import UserError, meant
from ..learn.course import exercise, exercise_names

SECONDS = 5.0  # of one question
LIBRARIES = ["tinygrad_edu", "micrograd", "torch", "tensorflow", "jax", "autograd"]
NAMES = ("class", "data", "grad", "backward", "forward")  # of what the students write
TWO_BRACKETS = "each task begins with [[task]], in two brackets"
COMMON: dict[str, Any] = {
    "file": "",  # the student's; if it has another name, the one that defines what is asked for
    "seconds": 0.0,  # of one question, if not the rubric's
    "answers": False,  # as the rubric's
}

# The options of each kind with what holds where they are not given; a table of tables is the kind's own to read.
OPTIONS: dict[str, dict[str, Any]] = {
    "exercise": {
        "exercise": "",  # its name, if that is not the task's; or a file of the teacher's, NAME.py, beside the rubric
        "share": False,  # points for each of its queries that is right, and not for all or none
    },
    "value": {
        "class": "Value",
        "data": "data",
        "grad": "grad",
        "backward": "backward",
        "functions": ["tanh", "relu", "exp", "log"],  # methods; or a table, as in {logistic = "sigmoid"}
        "parts": {},  # by property, what it weighs; those that are not named are not asked
        "trials": 3,
        "tolerance": 1e-6,
        "intermediate": True,  # whether gradients inside of the graph are asked for as well
        "diamonds": 60,
        "long": 300,
        "without": LIBRARIES,  # what may not be imported
    },
    "backward": {
        "forward": "forward",
        "backward": "backward",
        "call": "upstream, inputs",
        "inputs": {},  # by name: a shape, or {shape, from, to}, {classes, shape}, {value}
        "reference": "",  # a file of the teacher's, beside the rubric, with the forward function
        "check_forward": False,  # whether the student's own forward pass is compared with it
        "arrays": False,  # NumPy's
        "trials": 3,
        "tolerance": 1e-6,
        "without": LIBRARIES,
    },
}


@dataclass(frozen=True)
class Task:
    """One thing that is asked, with all the points that it gives."""

    name: str
    kind: str
    points: float
    options: dict[str, Any] = field(default_factory=dict)

    def option(self, name: str) -> Any:
        """What was said, or what holds without a word."""
        defaults = COMMON | OPTIONS[self.kind]
        return self.options.get(name, defaults.get(name))

    @property
    def needs(self) -> dict[str, str]:
        """The teacher's own files that it is judged by, by option: a reference, an exercise that is in no course."""
        told = {name: self.option(name) for name in ("reference", "exercise")}
        return {name: file for name, file in told.items() if file and (name == "reference" or file.endswith(".py"))}


@dataclass(frozen=True)
class Rubric:
    """All tasks, and what holds for each of them."""

    title: str
    tasks: tuple[Task, ...]
    seed: int | None = None  # of the hidden numbers; None: drawn for each run
    seconds: float = SECONDS
    file: Path | None = None
    answers: bool = False  # whether a report shows the hidden numbers

    @property
    def points(self) -> float:
        """The points of all tasks."""
        return sum(task.points for task in self.tasks)

    @classmethod
    def read(cls, path: Path | str) -> Rubric:
        """A rubric from a TOML file.  Raises UserError, which says what to write instead, or OSError."""
        path = Path(path)
        try:
            return cls.of(tomllib.loads(files.read(path).decode("utf-8-sig")), path)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            if "Cannot declare ('task',) twice" in str(error):
                raise UserError(f"{path}: {TWO_BRACKETS}") from None
            raise UserError(f"{path} is no TOML: {error}") from None
        except UserError as error:
            raise UserError(f"{path}: {error}") from None

    @classmethod
    def of(cls, told: Mapping[str, Any], file: Path | None = None) -> Rubric:
        """A rubric from what a TOML file says.

        >>> Rubric.of({"task": [{"name": "engine", "kind": "value", "points": 10, "class": "Var"}]}).tasks[0].options
        {'class': 'Var'}
        >>> Rubric.of({"task": [{"name": "engine", "kind": "values"}]})
        Traceback (most recent call last):
        tinygrad_edu.errors.UserError: task 1, engine: there is no kind 'values', did you mean 'value'? (there are \
exercise, value, backward)
        """
        known: dict[str, Any] = {"title": "", "seed": 0, "seconds": SECONDS, "answers": False, "task": []}
        if isinstance(told.get("task"), Mapping):
            raise UserError(TWO_BRACKETS)
        options = _typed(told, known)
        tasks = []
        for k, one in enumerate(options.get("task", []), 1):
            if not isinstance(one, dict):
                raise UserError("each task has a heading of its own, [[task]]")
            try:
                shared: dict[str, Any] = {key: options[key] for key in ("seconds", "answers") if key in options}
                tasks.append(_task(shared | one, file))
            except UserError as error:
                raise UserError(f"task {k}{f', {name}' if (name := one.get('name')) else ''}: {error}") from None
        if not tasks:
            raise UserError("there is no task: write [[task]], and below it name, kind and points")
        names = [task.name for task in tasks]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UserError(f"two tasks are called {twice!r}: give each a name of its own")
        seconds = float(options.get("seconds", SECONDS))
        if not 0 < seconds <= 600:
            raise UserError(f"seconds is {seconds:g}: it is the limit of one question, more than 0 and at most 600")
        seed = options.get("seed")
        if seed is not None and seed < 0:
            raise UserError(f"seed is {seed}: a whole number from 0 on")
        title = options.get("title") or (file.stem if file else "Rubric")
        return cls(title, tuple(tasks), seed, seconds, file, options.get("answers", False))

    @classmethod
    def course(cls, names: Sequence[str] | None = None) -> Rubric:
        """The exercises of the course, or some of them, one point each.

        >>> [(task.kind, task.points) for task in Rubric.course(["parabola", "product"]).tasks]
        [('exercise', 1.0), ('exercise', 1.0)]
        """
        chosen = [exercise(name).name for name in (exercise_names() if names is None else names)]
        return cls("Exercises", tuple(Task(name, "exercise", 1.0) for name in chosen))


def _task(told: Mapping[str, Any], file: Path | None) -> Task:
    """One task of a rubric."""
    kind = told.get("kind")
    if not isinstance(kind, str) or kind not in OPTIONS:
        given = f"there is no kind {kind!r}{meant(str(kind), OPTIONS)}" if kind else "it has no kind"
        raise UserError(f"{given} (there are {', '.join(OPTIONS)})")
    known = {"name": "", "kind": "", "points": 1.0, **COMMON, **OPTIONS[kind]}
    options = _typed(told, known)
    name = options.pop("name", "") or Path(options.get("exercise", "")).stem
    if not name:
        raise UserError("it has no name")
    options.pop("kind")
    if not 1e-8 <= (within := options.get("tolerance", 1e-6)) <= 0.1:
        raise UserError(f"tolerance is {within:g}: from 1e-8, which differences can tell apart, to 0.1")
    if not 1 <= options.get("trials", 3) <= 100:
        raise UserError(f"trials is {options['trials']}: from 1 to 100")
    if not 0 <= options.get("seconds", 0) <= 600:
        raise UserError(f"seconds is {options['seconds']:g}: at most 600")
    points = float(options.pop("points", 1.0))
    if not 0 < points < 1e6:
        raise UserError(f"points is {points:g}: more than 0")
    task = Task(name, kind, points, options)
    if kind == "exercise" and not task.needs:
        exercise(options.get("exercise") or name)  # which says what is meant
    if file is not None:
        options |= {option: str(file.absolute().parent / needed) for option, needed in task.needs.items()}
    return task


def _typed(told: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, if each is known and of its type.  Raises UserError for what is not."""
    for key, given in told.items():
        if key not in known:
            raise UserError(f"there is no {key!r} here{meant(key, known)} (there are {', '.join(known)})")
        default = known[key]
        kinds: tuple[type, ...] = (type(default),)
        if isinstance(default, float):
            kinds = (int, float)
        elif key == "functions":
            kinds = (list, dict)
        if type(given) not in kinds:
            words = {str: 'a text in "quotation marks"', int: "a whole number", float: "a number",
                     bool: "true or false",
                     list: 'a list such as ["a", "b"]', dict: "a table such as {a = 1}"}  # fmt: skip
            raise UserError(f"{key} is {given!r:.60}, and should be {words[type(default)]}")
        if key in NAMES and not given.isidentifier():
            raise UserError(f"{key} is {given!r:.60}, and should be a name as Python has them, such as {default!r}")
        texts = [] if key in ("task", "inputs", "parts") else given
        if isinstance(texts, dict):
            texts = texts.values()  # functions, by what the students call them
        if isinstance(given, (list, dict)) and not all(isinstance(one, str) and one for one in texts):
            raise UserError(f'{key} is {given!r:.60}, and should hold texts in "quotation marks"')
    return copy.deepcopy(dict(told))
