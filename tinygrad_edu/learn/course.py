"""One exercise is one file: what the learner gets, what solves it, how it is checked, and the mistakes that are known.

The file is Python that runs.  Above the line `# =====` is the learner's part; what is theirs to write stands, solved,
between `# [` and `# ]`, and is taken out of the copy that they get (lines after `# | ` come in its place):

    def double(x):
        # TODO: twice x
        # [
        return 2 * x
        # ]

Below the line are `HINTS` (an idea, a formula, the line), `QUERIES`, and other bodies for these gaps: `WRONG`,
mistakes by name, and `RIGHT`, which must pass as well.  A query calls what the learner wrote and returns numbers by
name; what is right, the solution in the file says.  Queries are sent to the learner's process as text: whatever they
need they import themselves, but for `math`, `random` and, where the exercise `NEEDS` it, NumPy, as `np`.

    >>> one = exercise("parabola")
    >>> one.title, one.chapter.name, len(one.hints)
    ('A slope is a rise over a run', 'slopes', 3)
    >>> "NotImplementedError" in one.starter, "NotImplementedError" in one.solution
    (True, False)
"""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import random
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

from ..errors import UserError, meant

ENGINE = "value.py"  # the file of the learner's own engine
LENT = "from value import"  # what the exercise `value` is, in the exercises that build on it
BEGIN, END, GIVEN, BELOW = "# [", "# ]", "# |", "# ====="
TODO = 'raise NotImplementedError("still to be written")'
Body = str | Sequence[str | None]


class Gap(NamedTuple):
    """What is the learner's to write: how far it is set in, what solves it, and what is given in its place."""

    indent: str
    solution: list[str]
    given: list[str]


@dataclass(frozen=True)
class Query:
    """How what the learner wrote is asked.

    `function(their, *drawn)` calls it and returns numbers by name, in the order in which they should be looked at;
    `draw(rng)` draws its other arguments, once for each of the `trials`, and `also` are asked about besides: one number
    alone, numbers that repeat, 0, signs that a draw may miss.  Numbers are right that are within `within` of
    the solution's, relative to the larger or to 1.  `judge(theirs, right, *drawn)`, where there are several right
    answers, returns what is wrong in a sentence, or "".  `graph(*drawn)` builds the expression that the numbers are
    about as Values; a number called "dL/da" is then told by the edges that lead to the node a.  `known` is what is
    right, where that is published, or would take long to ask of the solution.  `long` marks a query that takes long:
    so many seconds it may take, it is asked when all the others are right, and with `known` alone to hold it to.
    """

    function: Callable[..., Any]
    draw: Callable[[random.Random], tuple[Any, ...]] = lambda rng: ()
    trials: int = 3
    within: float = 1e-9
    judge: Callable[..., str] | None = None
    graph: Callable[..., Any] | None = None
    known: Any = None
    long: float = 0.0
    also: tuple[tuple[Any, ...], ...] = ()

    @cached_property
    def source(self) -> str:
        """Its text, for another process."""
        return textwrap.dedent(inspect.getsource(self.function))

    def arguments(self, seed: int) -> list[tuple[Any, ...]]:
        """What it is called with, for each trial."""
        drawn = [self.draw(random.Random(f"{self.function.__name__} {seed} {k}")) for k in range(self.trials)]
        drawn += self.also
        return [args for i, args in enumerate(drawn) if args not in drawn[:i]]


@dataclass(frozen=True)
class Chapter:
    """Some exercises about one thing, in the order in which they are done."""

    name: str
    title: str
    names: tuple[str, ...]
    minutes: tuple[int, ...] = ()  # what each takes, as far as we know


class Exercise:
    """An exercise, from its file: its text is read at once, and its code is run when it is to be checked: it may need
    what is not installed.
    """

    def __init__(self, file: Path, chapter: Chapter, load: Callable[[], ModuleType]) -> None:
        self.file, self.chapter, self._load = file, chapter, load
        self.name = file.stem
        self.text = file.read_text("utf-8-sig")
        tree = ast.parse(self.text)
        title, _, self.words = (ast.get_docstring(tree) or "").partition("\n")
        self.title = title.strip()
        self._constants = {target.id: node.value for node in tree.body if isinstance(node, ast.Assign)
                           for target in node.targets if isinstance(target, ast.Name)}  # fmt: skip
        self.hints: tuple[str, ...] = self._constant("HINTS", ())
        self.needs: tuple[str, ...] = self._constant("NEEDS", ())
        self.seconds: float = self._constant("SECONDS", 5.0)
        self.hangs: tuple[str, ...] = self._constant("HANGS", ())  # mistakes that never end: they are known by that
        self.uses_value = LENT in self.text

    def _constant(self, name: str, default: Any) -> Any:
        try:
            return ast.literal_eval(self._constants[name]) if name in self._constants else default
        except ValueError:  # it is computed
            return getattr(self.module, name)

    @cached_property
    def missing(self) -> str:
        """The first package that it needs and that is not installed, or ""."""
        for package in self.needs:
            try:
                import_module(package)
            except ImportError:
                return package
        return ""

    @cached_property
    def module(self) -> ModuleType:
        """Its code, run."""
        return self._load()

    @property
    def queries(self) -> tuple[Query, ...]:
        """How an answer is asked."""
        return cast(tuple[Query, ...], self.module.QUERIES)

    @property
    def wrong(self) -> dict[str, Body]:
        """Mistakes by name."""
        return cast(dict[str, Body], self.module.WRONG)

    @property
    def right(self) -> tuple[Body, ...]:
        """Other answers that are right."""
        return cast(tuple[Body, ...], self.module.RIGHT)

    @property
    def said(self) -> dict[str, str]:
        """What is told of a mistake, if more than its name."""
        return getattr(self.module, "SAID", {})

    def __repr__(self) -> str:
        return f"<Exercise {self.chapter.name}/{self.name}: {self.title}>"

    @cached_property
    def _parts(self) -> list[str | Gap]:
        """The learner's part, in lines and gaps."""
        parts: list[str | Gap] = []
        gap = None
        for line in self.text.splitlines():
            mark = line.strip()
            if mark == BELOW:
                break
            if mark == BEGIN:
                parts.append(gap := Gap(line.partition(BEGIN)[0], [], []))
            elif mark == END:
                gap = None
            elif gap is None:
                parts.append(line)
            elif mark.startswith(GIVEN):
                gap.given.append(line.replace(GIVEN, "", 1).replace(" ", "", 1).rstrip())
            else:
                gap.solution.append(line)
        return parts

    @cached_property
    def written(self) -> set[int]:
        """The lines of the solution that are the learner's to write, counted from 1."""
        lengths = [1 if isinstance(part, str) else len(part.solution) for part in self._parts]
        starts = itertools.accumulate(lengths, initial=1)
        gaps = [(start, k) for start, k, part in zip(starts, lengths, self._parts) if not isinstance(part, str)]
        return {n for start, k in gaps for n in range(start, start + k)}

    def _filled(self, body: Callable[[int, Gap], Iterable[str]]) -> str:
        count = itertools.count()
        lines = [[part] if isinstance(part, str) else body(next(count), part) for part in self._parts]
        return "\n".join(itertools.chain(*lines)).rstrip() + "\n"

    @cached_property
    def starter(self) -> str:
        """What the learner gets."""
        return self._filled(lambda i, gap: gap.given or [gap.indent + TODO])

    @cached_property
    def solution(self) -> str:
        """The learner's part, solved."""
        return self.variant(())

    @property
    def engine(self) -> str:
        """What the learner's own engine is, where they have none yet."""
        return exercise("value").solution

    def variant(self, body: Body) -> str:
        """The learner's part with another body: a text for its first gap, or one for each; None is the solution."""
        bodies = [body] if isinstance(body, str) else [*body]

        def chosen(i: int, gap: Gap) -> Iterable[str]:
            text = bodies[i] if i < len(bodies) else None
            fresh = textwrap.indent(textwrap.dedent(text or "").strip("\n"), gap.indent)
            return gap.solution if text is None else fresh.splitlines()

        return self._filled(chosen)


@cache
def chapters() -> tuple[Chapter, ...]:
    """The chapters in the order of the course."""
    from .exercises import CHAPTERS

    found = []
    for name in CHAPTERS:
        room = import_module(f".exercises.{name}", __package__)
        title = inspect.cleandoc(room.__doc__ or "").partition("\n")[0].rstrip(".")
        found.append(Chapter(name, title, tuple(room.EXERCISES), tuple(room.EXERCISES.values())))
    return tuple(found)


def exercise_names() -> list[str]:
    """All exercises in the order of the course."""
    return [name for chapter in chapters() for name in chapter.names]


@contextmanager
def lending(module: ModuleType | None) -> Iterator[None]:
    """A module that goes by the name of `value` for a while: `from value import Value` is the learner's own engine."""
    before = sys.modules.get("value")
    if module is not None:
        sys.modules["value"] = module
    try:
        yield
    finally:
        if module is not None:
            sys.modules.pop("value")
            sys.modules.update({} if before is None else {"value": before})


def lent(text: str) -> ModuleType | None:
    """Our solution of the exercise `value`, for a text that builds on the learner's."""
    return exercise("value").module if LENT in text else None


@cache
def exercise(name: str) -> Exercise:
    """The exercise of that name, or of CHAPTER/NAME.  Raises UserError, with the nearest, if there is none."""
    wanted = re.sub(
        r"^\d+_", "", name.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
    )  # a file's name will do
    for chapter in chapters():
        if wanted in chapter.names:
            file = Path(__file__).parent / "exercises" / chapter.name / f"{wanted}.py"
            return Exercise(file, chapter, partial(_imported, f".exercises.{chapter.name}.{wanted}", file))
    parts = next((chapter.names for chapter in chapters() if chapter.name == wanted), ())
    told = (
        f"{name} is a chapter: say one of {', '.join(parts)}"
        if parts
        else (
            f"there is no exercise {name!r}{meant(wanted, exercise_names()) or ':'} `tinygrad-edu learn list` has them"
        )
    )
    raise UserError(told)


def _imported(name: str, file: Path) -> ModuleType:
    with lending(lent(file.read_text("utf-8"))):
        return import_module(name, __package__)


def read(path: Path | str) -> Exercise:
    """An exercise from any file, as its author writes it.  Raises UserError for what is none."""
    import importlib.util

    path = Path(path)
    if path.suffix == ".py" and not path.exists():
        raise UserError(f"{path}: there is no such file in {path.absolute().parent}")
    if path.suffix != ".py" or not path.is_file():
        raise UserError(f"{path}: an exercise is a file of Python, NAME.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        with lending(lent(path.read_text("utf-8-sig"))):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UserError(f"{path} does not run: {type(error).__name__}: {error}") from None
    missing = [name for name in ("HINTS", "QUERIES", "WRONG", "RIGHT") if not hasattr(module, name)]
    if missing:
        raise UserError(f"{path} has no {', '.join(missing)}, below the line {BELOW}: see help(tinygrad_edu.learn)")
    if wrong := _misshapen(module):
        raise UserError(f"{path}: {wrong}")
    return Exercise(path, Chapter(path.parent.name, "", (path.stem,)), lambda: module)


def _texts(x: Any) -> bool:
    return isinstance(x, (tuple, list)) and all(isinstance(one, str) for one in x)


def _body(x: Any) -> bool:
    return isinstance(x, str) or isinstance(x, (tuple, list)) and all(one is None or isinstance(one, str) for one in x)


FORMS: dict[str, tuple[Callable[[Any], bool], str]] = {  # what an author writes, and how
    "HINTS": (_texts, 'texts in a tuple, ("an idea", "a formula", "the line")'),
    "QUERIES": (lambda x: isinstance(x, (tuple, list)) and all(isinstance(one, Query) for one in x) and bool(x),
                "one Query or more in a tuple, (Query(f),), where one alone has its comma too"),
    "WRONG": (lambda x: isinstance(x, dict) and all(isinstance(name, str) and _body(x[name]) for name in x),
              'bodies by the names of mistakes, {"factor 2": "return 2 * x"}'),
    "RIGHT": (lambda x: isinstance(x, (tuple, list)) and all(map(_body, x)),
              'bodies in a tuple, ("return x + x",), where one alone has its comma too'),
    "SAID": (lambda x: isinstance(x, dict) and _texts([*x, *x.values()]), 'texts by the names of mistakes'),
    "NEEDS": (_texts, 'the names of packages in a tuple, ("numpy",)'),
    "HANGS": (_texts, 'the names of mistakes in a tuple, ("never ends",)'),
    "SECONDS": (lambda x: isinstance(x, (int, float)) and 0 < x <= 600, "a number above 0, at most 600"),
}  # fmt: skip


def _misshapen(module: ModuleType) -> str:
    """What an author has written in another form than it has, in a sentence; "" if nothing."""
    for name, (holds, form) in FORMS.items():
        if hasattr(module, name) and not holds(given := getattr(module, name)):
            return f"{name} is {form}; got {type(given).__name__} {given!r:.60}"
    for query in module.QUERIES:
        who = f"the query {getattr(query.function, '__name__', query.function)}"
        if not isinstance(query.within, (int, float)) or not query.within >= 0:
            return f"{who}: within is a number from 0 up, got {query.within!r:.60}"
        try:
            drawn = query.arguments(0)
            json.dumps(drawn)  # as another process gets it
        except Exception as error:
            return f"{who} draws nothing that can be asked: {type(error).__name__}: {error}"
        if strange := [args for args in drawn if not isinstance(args, (tuple, list))]:
            return f"{who}: what is drawn is a tuple, (x,), where one alone has its comma too; got {strange[0]!r:.60}"
    return ""
