"""A student's own `Value` class, asked for data and gradients of random formulas, property by property.

No answer stands anywhere: the same formulas are evaluated with plain floats, and central differences of these are the
gradients.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from .. import ops
from ..check.probes import EPS, Probe
from ..check.slopes import slope
from ..errors import UserError, meant
from ..learn.mistakes import guess, near
from ..learn.sandbox import Answer, Here
from ..learn.verdict import compared
from .boxes import box, said_of
from .engines import OURS, told_of, wrong_engines
from .formulas import PROPERTIES, Property, Steps, exam, functions_of
from .result import Part, as_sentence, noted
from .rubric import Task
from .submission import Submission

PROBE = """
def probe(their, told, numbers, lines, roots, results, asked):
    kind = getattr(their, told["class"])

    def named(name):
        def apply(x):
            if hasattr(x, name):
                return getattr(x, name)()
            if hasattr(their, name):
                return getattr(their, name)(x)
            raise AttributeError("a " + told["class"] + " has no " + name + "(), and the file has none")
        return apply

    known = {name: named(method) for name, method in told["functions"].items()}
    known.update({name: kind(x) for name, x in numbers.items()})
    for name, text in lines:
        known[name] = made = eval(text, {}, known)
        if made is None or isinstance(made, (int, float)):
            what = "None" if made is None else "a " + type(made).__name__
            raise TypeError(text + " gives " + what + ", and should give a " + told["class"])
    found = [{name: getattr(known[name], told["data"]) for name in results}]
    for root in roots:
        getattr(known[root], told["backward"])()
        found.append({name: getattr(known[name], told["grad"]) for name in asked})
    return found
"""


def ready_value(task: Task) -> None:
    """Raise UserError for what the teacher has to put right, and load what all threads share."""
    for key, weight in task.option("parts").items():
        if key not in PROPERTIES:
            raise UserError(f"there is no part {key!r}{meant(key, PROPERTIES)} (there are {', '.join(PROPERTIES)})")
        if not isinstance(weight, (int, float)) or isinstance(weight, bool) or not 0 < weight < 1e6:
            raise UserError(f"the part {key} weighs {weight!r}: write a number above 0, or leave it out")
    known = [name for name, op in ops.TABLE.items() if name.isidentifier() and len(op.domain) == 1
             and op.domain != (...,)]  # fmt: skip
    for name in functions_of(task):
        if name not in known:
            raise UserError(f"there is no function {name!r} of one number{meant(name, known)} (if the students "
                            'call it otherwise, write functions = {tanh = "their_name"})')  # fmt: skip
    if not exam(task):
        raise UserError("it asks nothing: there are parts without functions")
    for key, least in {"diamonds": 2, "long": 3}.items():
        if not least <= task.option(key) <= 1000:
            raise UserError(f"{key} is {task.option(key)}: from {least} to 1000")
    wrong_engines()


def asked_value(task: Task, submission: Submission, seed: int) -> list[Part]:
    """A `Value` class: a part for each property."""
    chosen = exam(task)
    name, note = submission.find(task.option("file"), [task.option("class")])
    if not name:
        return [Part(one.title, 0.0, of, as_sentence(note), "missing") for _, one, of in chosen]
    without = task.option("without")
    told = {**{key: task.option(key) for key in ("class", "data", "grad", "backward")}, "functions": functions_of(task)}
    with box(task, submission, name) as this:
        loaded = this.load(submission.files[name], name)
        if loaded.error or task.option("class") not in loaded.value:
            said = said_of(loaded, name, without) if loaded.error else f"There is no {task.option('class')} in {name}."
            return [Part(one.title, 0.0, of, said, loaded.error or "missing") for _, one, of in chosen]

        def ask(steps: Steps, numbers: dict[str, float]) -> Answer:
            return this.call(PROBE, "probe", told, numbers, steps.lines, steps.roots, steps.results, steps.asked)

        found = [(one, of, _missed(key, one, task, seed, ask)) for key, one, of in chosen]
    if any(one is PROPERTIES["products"] and miss is None for one, _, miss in found):
        for _, _, miss in found:
            if miss and (finer := [name for name in miss.mistakes if name not in _never_right()]):
                miss.mistakes[:] = finer
    often = Counter(name for _, _, miss in found if miss for name in miss.mistakes)
    return noted([_part(one, of, miss, often) for one, of, miss in found], note)


Ask = Callable[[Steps, dict[str, float]], Answer]
Trial = tuple[dict[str, float], list[dict[str, float]], Answer]


class Miss(NamedTuple):
    """A property that does not hold: what is said of it, and the mistakes that would explain it."""

    said: str
    mistakes: list[str]
    hint: str = ""


def _part(one: Property, of: float, miss: Miss | None, often: Mapping[str, int]) -> Part:
    """What a property gives; of mistakes that would explain it the one is told that explains most of the others."""
    if miss is None:
        return Part(one.title, of, of)
    mistake = max(miss.mistakes, key=lambda name: often[name], default="")
    likely = told_of(mistake)
    told = f" Likely: {likely}." if likely else f" To know: {miss.hint}." if miss.hint else ""
    return Part(one.title, 0.0, of, miss.said + told, mistake)


def _missed(key: str, one: Property, task: Task, seed: int, ask: Ask) -> Miss | None:
    """Whether, and how, the property does not hold."""
    for i, steps in enumerate(one.draw(random.Random(f"{seed} {key}"), task)):
        trials: list[Trial] = []
        for k in range(1 if steps.words else task.option("trials")):
            numbers, right = _settled(steps, random.Random(f"{seed} {key} {i} {k}"), k)
            answer = ask(steps, numbers)
            if answer.error:
                hint = one.hint if re.match(one.seen, answer.error) else ""
                return Miss(said_of(answer, steps.text, task.option("without")), [answer.error], hint)
            if not _fits(answer.value, right):  # something else than our question has been answered
                return Miss(f"For {steps.text} an answer comes that is none.", ["no number"])
            trials.append((numbers, right, answer))
        if any(compared(answer.value, right, task.option("tolerance")) for _, right, answer in trials):
            return _wrong(steps, one, task, trials)
    return None


def _fits(theirs: Any, right: list[dict[str, float]]) -> bool:
    """Whether all that was asked for is there, be it a number or not."""
    return (isinstance(theirs, list) and len(theirs) == len(right)
            and all(isinstance(a, dict) and {*b} <= {*a} for a, b in zip(theirs, right)))  # fmt: skip


def _settled(steps: Steps, rng: random.Random, trial: int) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Numbers at which differences settle, and what is right there: the data, and the gradients after each pass."""
    for _ in range(100):
        numbers = steps.numbers(rng, trial)
        if (right := _right(steps, numbers)) is not None:
            return numbers, right
    raise RuntimeError(f"no numbers were found for {steps.text}")  # a bug of ours


def _right(steps: Steps, numbers: dict[str, float]) -> list[dict[str, float]] | None:
    moved = {f"_{name}": 0.0 for name, _ in steps.lines}
    code = compile("\n".join(f"{name} = ({text}) + _{name}" for name, text in steps.lines), "<formula>", "exec")
    functions = {name: op.forward for name, op in ops.TABLE.items() if name.isidentifier()}

    def at(change: dict[str, float]) -> dict[str, Any]:
        known: dict[str, Any] = {**functions, **moved, **numbers, **change}
        exec(code, known)
        return known

    try:
        here = at({})
        found, sums = [{name: float(here[name]) for name in steps.results}], dict.fromkeys(steps.asked, 0.0)
        for root in steps.roots:
            for name in steps.asked:
                place = name if name in numbers else f"_{name}"

                def line(x: float, place: str = place, root: str = root) -> Probe:
                    return _probe(at({place: x})[root])

                got = slope(line, numbers.get(name, 0.0), _probe(here[root]))
                if not got.uncertainty <= 1e-9 * max(1.0, abs(got.numeric)) or abs(got.numeric) > 1e4:
                    return None
                sums[name] += got.numeric
            found.append(dict(sums))
    except (ValueError, ArithmeticError):
        return None
    return found


def _probe(y: float) -> Probe:
    return Probe(y, 4 * EPS * abs(y))


def _wrong(steps: Steps, one: Property, task: Task, trials: list[Trial]) -> Miss:
    """What is said of wrong answers: the first that is wrong, and what probably happened."""
    within = task.option("tolerance")
    numbers, right, answer = next(t for t in trials if compared(t[2].value, t[1], within))
    stage, name = next((k, n) for k, part in enumerate(right) for n in part if not _same(answer, part, k, n, within))
    theirs, true = answer.value[stage][name], right[stage][name]
    what = f"The gradient of {name} in {steps.text}" if stage else f"The number {name} of {steps.text}"
    if not stage and len(steps.results) == 1:
        what = f"The result of {steps.text}"
    if stage > 1:
        what = f"After the second backward() t{what[1:]}"
    if not isinstance(theirs, (int, float)) or isinstance(theirs, bool):
        kind = theirs.get("#", "a dict") if isinstance(theirs, dict) else theirs
        return Miss(f"{what} is {kind!s:.40}, where a number is asked for.", ["no number"])
    said = f"{what} is wrong."
    if task.option("answers"):
        at = ", ".join(f"{n} = {x:.6g}" for n, x in numbers.items())
        said = f"{what} is {theirs:.6g} and should be {true:.6g}, for {at}."
    mistakes = [*_known(steps, trials, within)]
    if not mistakes and not steps.words:
        guessed = guess([(a.value[stage][name], r[stage][name]) for _, r, a in trials], within)
        mistakes = [guessed] if guessed else []
    return Miss(said, mistakes, "" if steps.words else one.hint)


def _same(answer: Answer, part: dict[str, float], stage: int, name: str, within: float) -> bool:
    x = answer.value[stage].get(name)
    return isinstance(x, (int, float)) and not isinstance(x, bool) and near(x, part[name], within)


@cache
def _never_right() -> set[str]:
    """The mistakes with which not even sums and products come out."""
    right = [{"L": -5.5}, {"a": -3.0, "b": 2.0, "c": 1.0}]
    numbers, lines = {"a": 2.0, "b": -3.0, "c": 0.5}, (("L", "a * b + c"),)
    return {
        name
        for name, module in wrong_engines()
        if compared(Here(module).call(PROBE, "probe", OURS, numbers, lines, ("L",), ["L"], [*"abc"]).value, right, 1e-9)
    }


def _known(steps: Steps, trials: list[Trial], within: float) -> Iterator[str]:
    """The mistakes whose answers these are, in every trial."""
    for name, module in wrong_engines():
        if steps.words and name == "visited twice":  # which takes as long as the student's
            continue
        for numbers, _, answer in trials:
            other = Here(module).call(
                PROBE, "probe", OURS, numbers, steps.lines, steps.roots, steps.results, steps.asked
            )
            if other.error or compared(answer.value, other.value, within):
                break
        else:
            yield name
