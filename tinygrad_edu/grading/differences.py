"""A backward pass that a student wrote by hand, beside central differences of the forward pass.

The forward pass is the teacher's, of a `reference`, or the student's own.  How `backward` is called, `call` says:

    "upstream, inputs"    backward(upstream, x, w), as check_backward has it
    "inputs, upstream"    backward(x, w, upstream)
    "inputs"              backward(x, w), of a loss
    "upstream, cache"     out, cache = forward(x, w); backward(upstream, cache), as in CS231n's assignments
    "loss and gradients"  loss, dx, dw = forward(x, w), or loss, {"x": dx, "w": dw}
"""

from __future__ import annotations

import random
from functools import cache
from types import ModuleType
from typing import Any

from .. import files
from ..check.handwritten import Gradient, check_backward
from ..errors import UserError, meant
from ..learn.mistakes import MISTAKES, guess, misshapen, near
from ..learn.sandbox import Sandbox
from ..learn.verdict import compared
from ..learn.worker import as_json
from ..trees import flatten, mapped, unflatten
from .boxes import box, said_of
from .result import Part, as_sentence, noted
from .rubric import Task
from .submission import Submission

PROBE = """
def arranged(told, tree):
    if told["arrays"] and isinstance(tree, list):
        import numpy
        return numpy.array(tree)
    return tree


def forward(their, told, inputs):
    inputs = [arranged(told, x) for x in inputs]
    out = getattr(their, told["forward"])(*inputs)
    return out[0] if told["call"] in ("upstream, cache", "loss and gradients") else out


def forwards(their, told, points):
    return [forward(their, told, inputs) for inputs in points]


def backward(their, told, upstream, inputs):
    inputs, upstream = [arranged(told, x) for x in inputs], arranged(told, upstream)
    forward, backward = [getattr(their, told[name], None) for name in ("forward", "backward")]
    if told["call"] == "loss and gradients":
        found = forward(*inputs)[1:]
        found = found[0] if len(found) == 1 and isinstance(found[0], (dict, tuple)) else found
    elif told["call"] == "upstream, cache":
        found = backward(upstream, forward(*inputs)[1])
    else:
        before, after = {"upstream, inputs": ([upstream], []), "inputs, upstream": ([], [upstream]),
                         "inputs": ([], [])}[told["call"]]
        found = backward(*before, *inputs, *after)
    if isinstance(found, dict):
        return [found.get(name, found.get("d" + name)) for name in told["asked"]]
    if len(told["asked"]) == 1 and not (isinstance(found, tuple) and len(found) in (1, len(inputs))):
        return [found]
    found = list(found)
    if len(found) == len(inputs):
        return [x for name, x in zip(told["names"], found) if name in told["asked"]]
    return found
"""
FORMS = ("upstream, inputs", "inputs, upstream", "inputs", "upstream, cache", "loss and gradients")


class _Ended(Exception):
    """The student's code gave no answer that can be judged."""

    def __init__(self, said: str, mistake: str) -> None:
        super().__init__(said)
        self.said, self.mistake = said, mistake


def kinds_of(task: Task) -> dict[str, dict[str, Any]]:
    """How each input is drawn.  Raises UserError for what cannot be read."""
    found = {}
    for name, told in task.option("inputs").items():
        one = {"shape": told} if isinstance(told, list) else told
        known = {"shape", "from", "to", "classes", "value"}
        if not isinstance(one, dict) or not {*one} <= known or not {*one} & {"shape", "classes", "value"}:
            raise UserError(f"the input {name} is {told!r:.60}: write its shape, as in {name} = [3, 4], or a table "
                            "with shape and from, to or classes, or with value")  # fmt: skip
        sizes = one.get("shape", [])
        if not isinstance(sizes, list) or not all(type(n) is int and 0 < n <= 50 for n in sizes):
            raise UserError(f"the shape of {name} is {sizes!r:.60}: a list of sizes from 1 to 50; [] is a number")
        low, high, classes = one.get("from", -2.0), one.get("to", 2.0), one.get("classes", 1)
        if not all(type(x) in (int, float) and abs(x) < 1e300 for x in (low, high)) or not low <= high:
            raise UserError(f"{name} is drawn from {low!r:.20} to {high!r:.20}: two numbers, the smaller one first")
        if type(classes) is not int or classes < 1:
            raise UserError(f"the classes of {name} are {classes!r:.20}: how many there are, a whole number from 1 up")
        found[name] = one
    if not found or not asked_of(found):
        raise UserError("it has no inputs with gradients: write inputs = {x = [3, 4], w = [4, 2]}")
    return found


def asked_of(kinds: dict[str, dict[str, Any]]) -> list[str]:
    """The inputs whose gradients are asked for: not classes, nor what is given."""
    return [name for name, one in kinds.items() if "classes" not in one and "value" not in one]


def drawn(one: dict[str, Any], rng: random.Random) -> Any:
    """One input: numbers away from 0, where functions bend, unless it is said between what."""

    def leaf() -> float | int:
        if "classes" in one:
            return rng.randrange(one["classes"])
        if "from" in one or "to" in one:
            return rng.uniform(one.get("from", -2.0), one.get("to", 2.0))
        return rng.choice((-1, 1)) * rng.uniform(0.2, 2.0)

    def tree(sizes: list[int]) -> Any:
        return [tree(sizes[1:]) for _ in range(sizes[0])] if sizes else leaf()

    return one["value"] if "value" in one else tree(one.get("shape", []))


@cache
def reference(path: str) -> ModuleType:
    """The teacher's file, run.  Raises UserError if it does not run, OSError if it is not there."""
    module = ModuleType("reference")
    try:
        exec(compile(files.read(path).decode("utf-8-sig"), path, "exec"), vars(module))
    except OSError:
        raise
    except Exception as error:
        raise UserError(f"{path} does not run: {type(error).__name__}: {error}") from None
    return module


def titles(task: Task) -> list[str]:
    """The parts of a task: the forward pass, where there is one to compare it with, and each gradient."""
    forward = [task.option("forward")] if _compares_forward(task) else []
    return [*forward, *[f"d{name}" for name in asked_of(kinds_of(task))]]


def _compares_forward(task: Task) -> bool:
    needed = task.option("call") in ("upstream, cache", "loss and gradients")
    return bool(task.option("reference") and (needed or task.option("check_forward")))


def asked_backward(task: Task, submission: Submission, seed: int) -> list[Part]:
    """A hand-written backward pass: a part for each gradient, and one for the forward pass if that is asked for."""
    names = titles(task)
    of = task.points / len(names)

    def nothing(said: str, mistake: str = "") -> list[Part]:
        return [Part(name, 0.0, of, said, mistake) for name in names]

    needed = [] if task.option("call") == "loss and gradients" else [task.option("backward")]
    if not task.option("reference") or _compares_forward(task):
        needed.insert(0, task.option("forward"))
    file, note = submission.find(task.option("file"), needed)
    if not file:
        return nothing(as_sentence(note), "missing")
    with box(task, submission, file, ("numpy",) if task.option("arrays") else ()) as this:
        loaded = this.load(submission.files[file], file)
        if loaded.error:
            return nothing(said_of(loaded, file, task.option("without")), loaded.error)
        if missing := [name for name in needed if name not in loaded.value]:
            return nothing(f"There is no {missing[0]} in {file}.", "missing")
        wrong: dict[str, tuple[str, str]] = {}
        for k in range(task.option("trials")):
            if len(wrong) < len(names):
                _trial(task, this, random.Random(f"{seed} {k}"), wrong)
    return noted([Part(name, 0.0 if name in wrong else of, of, *wrong.get(name, ())) for name in names], note)


def _trial(task: Task, this: Sandbox, rng: random.Random, wrong: dict[str, tuple[str, str]]) -> None:
    """One point: what is wrong there, in a sentence and by name, is added by the title of the part."""
    kinds = kinds_of(task)
    asked = asked_of(kinds)
    inputs = {name: drawn(one, rng) for name, one in kinds.items()}
    told = {key: task.option(key) for key in ("forward", "backward", "call", "arrays")}
    told |= {"names": [*kinds], "asked": asked}

    def ask(name: str, *args: Any) -> Any:
        answer = this.call(PROBE, name, told, *args)
        if answer.error:
            who = task.option(name)
            raise _Ended(said_of(answer, who, task.option("without")), answer.error)
        if strange := _strange(answer.value):
            raise _Ended(f"{task.option(name)} gives {strange}, where numbers are asked for.", "no number")
        return answer.value

    def given(xs: tuple[Any, ...]) -> list[Any]:
        return [*(inputs | dict(zip(asked, xs))).values()]

    known: dict[str, Any] = {}

    def theirs(*xs: Any) -> Any:
        """One answer brings those along that differences ask for next: a question takes much longer than they do."""
        if xs == (*point.values(),):
            return ask("forward", given(xs))  # twice, so that what is random is found out
        if repr(xs) not in known:
            near_by = _steps((*point.values(),), xs)
            many = this.call(PROBE, "forwards", told, [*map(given, near_by)])
            if isinstance(many.value, list) and len(many.value) == len(near_by):
                known.update(zip(map(repr, near_by), many.value))
        if repr(xs) not in known or _strange(known[repr(xs)]):
            known[repr(xs)] = ask("forward", given(xs))
        return known[repr(xs)]

    def ours(*xs: Any) -> Any:
        return _reference_output(task, given(xs))

    def backward(upstream: Any, *xs: Any) -> Any:
        loss = task.option("call") in ("inputs", "loss and gradients")
        found = ask("backward", upstream, given(xs))
        if not isinstance(found, list):
            raise _Ended(f"{task.option('backward')} gives one thing, where {len(asked)} are asked for.", "missing")
        if len(found) != len(asked):
            raise _Ended(f"{task.option('backward')} gives {len(found)} gradients, where one is asked for each of "
                         f"{', '.join(asked)}.", "missing")  # fmt: skip
        found = [mapped(lambda g: g * upstream, g) if loss and g is not None else g for g in found]
        return found if len(found) > 1 else found[0]

    point = {name: inputs[name] for name in asked}
    try:
        if _compares_forward(task) and task.option("forward") not in wrong:
            _forward(task, theirs(*point.values()), ours(*point.values()), wrong)
        forward = ours if task.option("reference") else theirs
        report = check_backward(forward, backward, point, seed=rng.randrange(2**32))
        found = {g.name: g for g in report.gradients}
        ignores = any("whatever the upstream" in note for note in report.notes)
        for name in asked:
            if f"d{name}" not in wrong and (miss := _judged(task, f"d{name}", found, ignores, inputs))[0]:
                wrong[f"d{name}"] = miss
    except _Ended as end:
        for name in asked:
            wrong.setdefault(f"d{name}", (end.said, end.mistake))
    except UserError as error:
        for name in asked:
            wrong.setdefault(f"d{name}", (f"{error}.", "not to be judged"))


def _steps(point: tuple[Any, ...], xs: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Where differences look for the slope by one number, the one in which xs is not the point."""
    flat, moved = flatten(point), flatten(xs)
    k = next(i for i, (a, b) in enumerate(zip(flat, moved)) if a != b)
    step, size = abs(moved[k] - flat[k]), max(1.0, abs(flat[k]))
    steps = [*[step / 2**i for i in range(5)], *[step * part for part in (0.9, 0.37, 0.11, 0.029)],
             *[size * 2.0**-i for i in (20, 26)]]  # fmt: skip
    places = [flat[k] + sign * h for h in steps for sign in (-1, 1)]
    return [xs, *[unflatten(point, [*flat[:k], x, *flat[k + 1 :]]) for x in places]]


def _strange(tree: Any) -> str:
    """What in an answer is no number, in words; None is a gradient that there is not."""
    if isinstance(tree, list):
        return next(filter(None, map(_strange, tree)), "")
    if isinstance(tree, dict):
        what = tree.get("#")
        return "..." if what == "todo" else f"a {what:.40}" if isinstance(what, str) else "a dict"
    return f"the text {tree!r:.40}" if isinstance(tree, str) else f"{tree}" if isinstance(tree, bool) else ""


def _reference_output(task: Task, inputs: list[Any]) -> Any:
    """What the teacher's forward pass gives, as lists."""
    if task.option("arrays"):
        import numpy as np

        inputs = [np.array(x) if isinstance(x, list) else x for x in inputs]
    out = getattr(reference(task.option("reference")), task.option("forward"))(*inputs)
    return as_json(out[0] if isinstance(out, tuple) else out)


def _forward(task: Task, theirs: Any, right: Any, wrong: dict[str, tuple[str, str]]) -> None:
    """The student's forward pass beside the teacher's."""
    name = task.option("forward")
    if told := misshapen(theirs, right):
        wrong[name] = (f"The output of {name}: {told}.", "shape")
    elif bad := compared(theirs, right, task.option("tolerance")):
        mistake = guess([(a, b) for _, a, b in bad], 1e-6)
        said = f"{len(bad)} of {len(flatten(right))} numbers of the output of {name} are wrong."
        wrong[name] = (said + _likely(mistake), mistake)


def _judged(
    task: Task, name: str, found: dict[str, Gradient], ignores: bool, inputs: dict[str, Any]
) -> tuple[str, str]:
    """What is wrong with one gradient, in a sentence and by name; nothing, if it is right."""
    if name not in found:
        return f"{name} is None: a function without return gives None.", "nothing returned"
    one = found[name]
    if one.wrong and not one.rows:  # its shape is
        mistake = next((m for words, m in SHAPES.items() if words in one.wrong), "shape")
        return f"{name}: {one.wrong}.", mistake
    bad = [row for row in one.rows if not row and not row.error <= task.option("tolerance")]
    if not bad:
        if not task.option("reference") and all(row.numeric == 0 for row in one.rows):
            return (
                f"{task.option('forward')} does not depend on {name[1:]}: there is no gradient to be judged.",
                "constant",
            )
        return "", ""
    said = f"{len(bad)} of {len(one.rows)} numbers of {name} are wrong." if len(one.rows) > 1 else f"{name} is wrong."
    if task.option("answers"):
        row = max(bad, key=lambda row: row.error)
        said += f" {row.name} is {row.analytic:.6g} and should be {row.numeric:.6g}, for {inputs}."
    mistake = _mistake(one, found, ignores, inputs)
    return said + _likely(mistake), mistake


SHAPES = {"transposed": "transposed", "forgot to sum": "forgot to sum"}


def _mistake(one: Gradient, found: dict[str, Gradient], ignores: bool, inputs: dict[str, Any]) -> str:
    """The mistake that explains a gradient of the right shape, by name."""
    pairs = [(row.analytic, row.numeric) for row in one.rows]
    if "transposed" in one.wrong:
        return "transposed"
    for other in found.values():
        if (
            other is not one
            and len(other.rows) == len(pairs)
            and all(near(a, row.numeric, 1e-6) for (a, _), row in zip(pairs, other.rows))
        ):
            return "swapped arguments"
    if all(a == 0 for a, _ in pairs):
        return "disconnected"
    if ignores:
        return "forgot upstream"
    factor = next((a / n for a, n in pairs if n), 0.0)
    if len(pairs) > 1 and factor and all(near(a, factor * n, 1e-6) for a, n in pairs):
        samples = {len(x) for x in inputs.values() if isinstance(x, list)} - {1, 2}
        if any(near(factor, 1 / n) for n in samples):
            return "averaged twice"
        if any(near(factor, n) for n in samples):
            return "sum for mean"
    return guess(pairs, 1e-6)


def _likely(mistake: str) -> str:
    told = MISTAKES.get(mistake, ("", ""))[1]
    return f" Likely: {told}." if told else ""


def ready_backward(task: Task) -> None:
    """Raise UserError for what the teacher has to put right: the options, the reference."""
    kinds, call = kinds_of(task), task.option("call")
    if call not in FORMS:
        raise UserError(f"there is no call {call!r}{meant(call, FORMS)} (there are {', '.join(map(repr, FORMS))})")
    if path := task.option("reference"):
        if not hasattr(reference(path), task.option("forward")):
            raise UserError(f"{path} has no function {task.option('forward')}")
        try:
            _reference_output(task, [drawn(one, random.Random(0)) for one in kinds.values()])
        except Exception as error:
            raise UserError(f"{path}: {task.option('forward')} fails for such inputs: {type(error).__name__}: {error}"
                            ) from None  # fmt: skip
