"""One run of an essay: what it says, its numbers beside the published ones, its pictures; on the screen, and as a page.

>>> run = Run("example", show=print)
>>> run.compare("slope of x² at 3", 6.0, 6.0)
>>> run.compare("error on the test set", 0.0306, 0.05, within=0.01, form=".2%")
>>> run.compare("the same, on other data", 0.0306, 0.05, form=".2%", unlike="7,291 digits there, 1,437 here")
>>> run.end()
number                    ours  published  difference  verdict
slope of x² at 3             6          6           0  met
error on the test set    3.06%      5.00%      -1.94%  NOT MET, within 1.00%
the same, on other data  3.06%      5.00%      -1.94%  unlike: 7,291 digits there, 1,437 here
1 of 2 published numbers met; NOT MET: error on the test set
"""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import files, nn, plot, train
from ..doctor import Watch, diagnose
from ..engine import Value
from ..train.progress import Line, screen
from ..words import aligned, plural

WIDE = 100  # letters on the screen
Spread = float | tuple[float, float]


@dataclass(frozen=True)
class Row:
    """A number beside the published one.

    `verdict` is "met", "not met", or "" where there is nothing to judge, and `why` says why.
    """

    what: str
    ours: Any
    published: Any
    form: str
    verdict: str
    why: str

    def cells(self) -> list[str]:
        """What a table shows of it."""
        numbers = [_number(x, self.form) for x in (self.ours, self.published)]
        both = isinstance(self.ours, (int, float)) and isinstance(self.published, (int, float))
        apart = self.ours - self.published if both and self.ours != self.published else 0  # also of two infinities
        difference = _apart(apart, self.form) if both else ""
        verdict = "NOT MET" if self.verdict == "not met" else self.verdict
        return [self.what, *numbers, difference, ", ".join(filter(None, [verdict, self.why]))]


class Parameters:
    """What an optimizer moves, as a model has it."""

    def __init__(self, moved: Iterable[Any]) -> None:
        self.moved = list(moved)

    def parameters(self) -> list[Any]:
        return self.moved


class Run:
    """What an essay writes on.  `epochs`, `seed`, `backend`, `data` and `small` are what was asked for.

    `reduced` says why this is not the run that the published numbers are of, or is empty if it is:
    fewer samples or steps, other data, another seed, or a Ctrl-C.
    """

    def __init__(self, name: str, *, seed: int = 0, epochs: int = 0, backend: str = "auto", out: Path | None = None,
                 data: Path | None = None, small: bool = False, reduced: str = "", again: str = "",
                 show: Callable[[str], object] | None = print, doctor: bool = False) -> None:  # fmt: skip
        self.again = again or f"tinygrad-edu zoo {name}"
        self.name, self.seed, self.epochs, self.backend = name, seed, epochs, backend
        self.out, self.data, self.small, self.reduced = out, data, small, reduced
        self.rows: list[Row] = []
        self.pictures: dict[str, Any] = {}
        self.diagnoses: list[Any] = []
        self.doctor = doctor
        self.watches: list[Watch] = []  # one for each training, if there is a doctor
        self.interrupted, self.broken, self.seconds = False, False, 0.0
        self._show: Callable[[str], object] = show or (lambda line: None)
        self._screen = screen() if show else None
        self._page: list[str] = []
        self._opening: list[str] = []
        self._overruled = False  # whether it was said that something is replayed though "eager" was asked for
        self._waiting: list[Row] = []
        self._start = time.perf_counter()
        if out is not None:  # before anything is computed: nothing in the way that this run would have to write over
            for path in (files.folder(out) / f"{name}.md", out / f"{name}.json", *out.glob(f"{name}-*.svg")):
                files.check(path)

    # What an essay says

    def say(self, words: str = "") -> None:
        """A paragraph."""
        self._settle()
        self._show(textwrap.fill(words, WIDE))
        self._page += [words, ""]

    def section(self, title: str) -> None:
        """A heading."""
        self._settle()
        self._show(f"\n{title}\n{'-' * len(title)}")
        self._page += [f"## {title}", ""]

    def code(self, text: str, language: str = "text") -> None:
        """Lines that stay as they are."""
        self._settle()
        self._show(text)
        self._page += [f"```{language}", text.rstrip("\n"), "```", ""]

    def diagnosis(self, found: Any) -> None:
        """What the doctor says, as it is."""
        self.diagnoses.append(found)
        self.code(str(found))

    def examine(self, loss: Callable[[Any], Value], model: Any, data: Any = None) -> None:
        """What the doctor says of a model and its loss."""
        self.diagnosis(diagnose(loss(model), model, data))

    def change(self, before: Callable[..., Any], after: Callable[..., Any]) -> None:
        """In which lines one function differs from another, as `diff` writes it; their names and docstrings aside."""
        old, new = (_body(f) for f in (before, after))
        lines = difflib.unified_diff(old, new, lineterm="", n=1)
        self.code("\n".join(line for line in lines if not line.startswith(("---", "+++", "@@"))), "diff")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Numbers that nobody has published, or that belong together: as many cells in each row as in the header."""
        self._settle()
        self._lay([str(h) for h in header], [[_number(cell, "") for cell in row] for row in rows])

    def compare(self, what: str, ours: Any, published: Any, *, within: Spread = 0.0, form: str = "",
                whole: bool = False, unlike: str = "") -> None:  # fmt: skip
        """A number beside the published one.

        It is met if it differs by `within` at most, or lies from within[0] to within[1].  `unlike` says why it must
        differ; then it is shown and not judged.  `whole` marks numbers of a whole run: one that is reduced need not
        meet them.  `form` is how it is written, as in format().
        """
        low, high = within if isinstance(within, tuple) else (-within, within)
        exact = isinstance(ours, (int, float)) and isinstance(published, (int, float))
        near = exact and low <= (ours if isinstance(within, tuple) else ours - published) <= high
        met = near or (ours == published and not isinstance(within, tuple))  # also -inf
        between = f"{_number(low, form)} to {_number(high, form)}"
        why = "" if not within else between if isinstance(within, tuple) else f"within {_apart(high, form)}"
        verdict = "met" if met else "not met"
        if unlike:
            verdict, why = "", f"unlike: {unlike}"
        elif whole and self.reduced and not met:
            verdict, why = "", f"not judged: {self.reduced}"
        row = Row(what, ours, published, form, verdict, why)
        self.rows.append(row)
        self._waiting.append(row)

    def gradients(self, what: str, published: dict[Value, float], **how: Any) -> None:
        """The gradient of each of these Values, called by its label, beside the published one."""
        for v, expected in published.items():
            self.compare(what.format(v.label), v.grad, expected, **how)

    def picture(self, kind: str, picture: Any, caption: str) -> None:
        """A picture, of `plot` or `draw`, saved as NAME-kind.svg."""
        self._settle()
        self.pictures[kind] = picture
        file = f"{self.name}-{kind}.svg"
        if self.out is not None:
            picture.save(self.out / file)
            self._show(f"  wrote {self.out / file}: {caption}")
        self._page += [f"![{caption}]({file})", "", f"*{caption}*", ""]

    def curves(self, kind: str, lines: Mapping[str, Any], caption: str, x: Any = None, **how: Any) -> None:
        """A picture of some lines, as `plot.curves` draws it."""
        self.picture(kind, plot.curves(lines, x, **how), caption)

    # What takes time

    def steps(self, small: int) -> int:
        """How many steps, passes or whatever `epochs` counts: in a small run no more than so many."""
        return min(small, self.epochs) if self.small else self.epochs

    @property
    def replay_backend(self) -> str:
        """The backend of what is replayed even if "eager" was asked for, which is said: it would take minutes."""
        if self.backend == "eager" and not self._overruled:
            self._overruled = True
            self.say("Not eager: what follows is recorded once and replayed, since node by node it would take minutes.")
        return "auto" if self.backend == "eager" else self.backend

    def repeat(self, count: int, step: Callable[[int], object], unit: str = "step") -> int:
        """Call step(0), step(1), ... with a progress line that shows what each returns; how many were done.

        Ctrl-C ends this and all that would be repeated after it; what was learned stays.
        """
        done, line, begin = 0, Line(self._screen), time.perf_counter()
        try:
            while done < count and not self.interrupted:
                words = step(done)
                done += 1
                rate = done / (time.perf_counter() - begin)
                told = "" if words is None else f"  {_number(words, '')}"
                line(f"{unit} {done}/{count}{told}  {rate:.3g} {unit}s/s")  # type: ignore[arg-type]
        except KeyboardInterrupt:
            self.interrupt()
        finally:
            line.close()
        return done

    def descend(self, count: int, loss: Callable[[], Any], optimizer: Any, told: str = "loss") -> list[float]:
        """Steps of an optimizer, each against the gradient of a new `loss()`; the losses before them.

        A loss is a Value, of which `backward()` leaves the gradient in the parameters, or a number and its gradient in
        a flat array, as `value_and_grad` of a recorded function gives them.  Ctrl-C ends it as it ends `repeat`.
        """
        seen: list[float] = []
        flat = getattr(optimizer, "flat", True)  # numbers in an array are no nodes of a graph
        watch = self._watched(Parameters(optimizer.parameters)) if self.doctor and not flat else None

        def step(_: int) -> str:
            found = loss()
            if isinstance(found, tuple):
                number, gradient = found
                optimizer.step(gradient)
            else:
                optimizer.zero_grad()
                found.backward()
                optimizer.step()
                number = found.data
                if watch is not None:
                    watch(found)
            seen.append(float(number))
            return f"{told} {number:.4f}"

        self.repeat(count, step)
        return seen

    def fit(self, model: Any, X: Any, y: Any, **options: Any) -> train.History:
        """`train.fit` with this run's seed and backend; after a Ctrl-C it trains no more."""
        options = {"seed": self.seed, "backend": self.backend, "progress": self._screen is not None, **options}
        if self.doctor and "watch" not in options:
            options["watch"] = self._watched(model)
        history = train.fit(model, X, y, **{**options, **({"epochs": 0} if self.interrupted else {})})
        if history.interrupted:
            self.interrupt()
        return history

    def _watched(self, model: Any) -> Watch:
        self.watches.append(diagnose.watch(model))
        return self.watches[-1]

    def interrupt(self, broken: bool = False) -> None:
        """A Ctrl-C has come: it ends all trainings, or, outside of them or if it is a second one,
        the essay itself (`broken`).
        """
        self.interrupted, self.reduced, self.broken = True, "interrupted", broken
        self.say("interrupted: the essay ends here" if broken else "interrupted: this is what it has learned so far")
        if not broken:
            self._show("The essay goes on without further training; another Ctrl-C ends it.")

    # The page

    def begin(self, title: str, words: str) -> None:
        """The first lines: what this is, and what the essay shows.

        They wait until something is said: of a file that cannot be read there is nothing but an error to show.
        """
        parts = words.split("\n\n")  # paragraphs, and lines that stand as they are
        self._opening = [title, *("\n" + (p if p.startswith("    ") else textwrap.fill(p, WIDE)) for p in parts)]
        self._page += [f"# {title}", "", *words.splitlines(), ""]

    def end(self) -> None:
        """The last lines: what was met; then the page is written."""
        self._settle()
        self.seconds = time.perf_counter() - self._start
        judged = [row for row in self.rows if row.verdict]
        missed = [row.what for row in judged if row.verdict == "not met"]
        if judged:
            self.say(f"{len(judged) - len(missed)} of {len(judged)} published numbers met"
                     + (f"; NOT MET: {', '.join(missed)}" if missed else ""))  # fmt: skip
        if self.out is not None:
            self._show(f"  wrote {files.write(self.out / f'{self.name}.md', self.markdown())}")
        if self.doctor:
            self._show("\nWhat the doctor says\n--------------------")
            told = [watch.report() for watch in self.watches if watch.steps]
            for i, report in enumerate(told, 1):
                report.hint = ""
                self._show(f"{i} of {len(told)}: {report}\n")
            if not told:
                self._show("Nothing was watched: what is trained here is in flat arrays, or trained by hand.")

    @property
    def missed(self) -> list[Row]:
        """Published numbers that were not met."""
        return [row for row in self.rows if row.verdict == "not met"]

    def markdown(self) -> str:
        """All of it as one page; pictures are named as `picture` saves them."""
        again = f"`{self.again}` makes this page again."
        return "\n".join([*self._page, again, "", "<!-- written by tinygrad_edu -->", ""])

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        met = sum(row.verdict == "met" for row in self.rows)
        pictures = plural(len(self.pictures), "picture")
        return (
            f"<Run of {self.name}: {len(self.rows)} numbers, {met} met, {pictures}{', interrupted' * self.interrupted}>"
        )

    def _settle(self) -> None:
        """Show the first lines, if they were not, and the rows that have come together."""
        for words in self._opening:
            self._show(words)
        self._opening = []
        rows, self._waiting = self._waiting, []
        if rows:
            self._lay(["number", "ours", "published", "difference", "verdict"], [row.cells() for row in rows])

    def _lay(self, header: list[str], cells: list[list[str]]) -> None:
        """A table: aligned on the screen, with bars on the page; numbers to the right."""
        table, left = [header, *cells], [0] + [k for k in range(1, len(header)) if not _numeric(cells, k)]
        widths = [max(len(row[k]) for row in table) for k in range(len(header))]
        for line in aligned(table, "".join("l" if k in left else "r" for k in range(len(widths)))):
            self._show(_folded(line, sum(widths[:-1]) + 2 * len(widths) - 2))
        header, *rows = [[cell.replace("|", "\\|") for cell in row] for row in table]
        rule = ["---" if k in left else "---:" for k in range(len(header))]
        self._page += [*("| " + " | ".join(line) + " |" for line in (header, rule, *rows)), ""]


def sizes(model: nn.Module) -> str:
    """How many parameters a model has, as a sum over its layers; what is in no layer comes last.

    >>> sizes(nn.MLP(20, [8, 3, 1]))
    '8 x (20 + 1) + 3 x (8 + 1) + 1 x (3 + 1) = 199 parameters'
    """
    parts: list[tuple[str, int]] = []
    for part in model.modules():
        if isinstance(part, nn.Embedding):
            parts.append((f"{part.count} x {part.size}", part.count * part.size))
        elif isinstance(part, (nn.Layer, nn.Linear)):
            count, nin, bias = len(part.neurons), part.nin, part.neurons[0].b is not None
            parts.append((f"{count} x ({nin} + 1)" if bias else f"{count} x {nin}", count * (nin + bias)))
    total = len(model.parameters())
    rest = total - sum(n for _, n in parts)
    return " + ".join([*(told for told, _ in parts), *[str(rest)] * bool(rest)]) + f" = {total:,} parameters"


def _body(f: Callable[..., Any]) -> list[str]:
    """The lines of a function below its docstring."""
    lines = textwrap.dedent(inspect.getsource(f)).splitlines()
    [function] = ast.parse("\n".join(lines)).body
    assert isinstance(function, ast.FunctionDef)
    first = function.body[ast.get_docstring(function) is not None].lineno
    return textwrap.dedent("\n".join(lines[first - 1 :])).splitlines()


def _folded(line: str, last: int) -> str:
    """A line of a table whose last column, if that is where it becomes too long, goes on below itself."""
    if len(line) <= WIDE or last > WIDE - 20:
        return line
    words = textwrap.wrap(line[last:], WIDE - last)
    return line[:last] + ("\n" + " " * last).join(words)


def _numeric(cells: list[list[str]], column: int) -> bool:
    """Whether a column has numbers alone."""
    with suppress(ValueError):
        return all(float(row[column].rstrip("%").replace(",", "") or 0) is not None for row in cells)
    return False


def _number(x: Any, form: str) -> str:
    """A number as the table shows it; words as they are."""
    if isinstance(x, bool) or not isinstance(x, (int, float)):
        return str(x)
    return format(x, form or ("," if isinstance(x, int) else ".7g"))


def _apart(difference: float, form: str) -> str:
    """A distance between two numbers."""
    return format(difference, form if form.endswith("%") else ".2g")
