"""Systems of the zoo on somebody else's engine: their Value computes what ours does, beside the published numbers.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     mine = files.write(f"{place}/mine.py", "from tinygrad_edu import Value as Value")
    ...     run_on("perceptron", mine, show=None)
    True

A piece of a system is a query (see `course`) of a class Value, or of the solution of a milestone, which is written for
any.  Theirs runs in a process of its own, and so does ours: the same lines, so that their times can be compared.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from .. import files
from ..errors import UserError
from ..words import few
from ..zoo import Run
from ..zoo import system as system_of
from .course import ENGINE, Query, exercise
from .mistakes import near
from .sandbox import SECONDS, Answer, Sandbox
from .verdict import crash

OURS = "from tinygrad_edu import Value\n"


class Piece(NamedTuple):
    """Something that a Value computes; `milestone` is the exercise whose solution it is asked of, if not of Value."""

    title: str
    query: Query
    milestone: str = ""


def basics(their: Any) -> dict[str, float]:
    a = their.Value(3.0)
    b = a * a
    b.backward()
    return {"data": b.data, "grad": a.grad}


def expression(their: Any) -> dict[str, float]:
    a, b, c, f = (their.Value(x) for x in (2.0, -3.0, 10.0, -2.0))
    L = (a * b + c) * f
    L.backward()
    found = {"L": L.data, "dL/da": a.grad, "dL/db": b.grad, "dL/dc": c.grad, "dL/df": f.grad}
    for v in (a, b, c, f):
        v.data += 0.01 * v.grad
    return found | {"L after += 0.01 * grad on its leaves": ((a * b + c) * f).data}


def used_twice(their: Any) -> dict[str, float]:
    x = their.Value(3.0)
    (x + x).backward()
    a, b = their.Value(-2.0), their.Value(3.0)
    f = (a * b) * (a + b)
    f.backward()
    return {"d(x + x)/dx": x.grad, "f = (a*b) * (a+b)": f.data, "df/da": a.grad, "df/db": b.grad}


def readme(their: Any) -> dict[str, float]:
    a, b = their.Value(-4.0), their.Value(2.0)
    c, d = a + b, a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    return {"g": g.data, "dg/da": a.grad, "dg/db": b.grad}


def three_inputs(their: Any) -> dict[str, float]:
    a, b, c = (their.Value(x) for x in (2.0, 3.0, 4.0))
    f = -(a**3) + (3 * b).sin() - 1 / c + b**2.5 - a**0.5
    f.backward()
    return {"-a³ + sin(3b) - 1/c + b^2.5 - a^0.5": f.data, "its d/da": a.grad, "its d/db": b.grad, "its d/dc": c.grad}


def softmax_loss(their: Any) -> dict[str, float]:
    logits = [their.Value(x) for x in (0.0, 3.0, -2.0, 1.0)]
    counts = [z.exp() for z in logits]
    loss = -(counts[3] / sum(counts)).log()
    loss.backward()
    return {"-log softmax([0, 3, -2, 1])[3]": loss.data, **{f"its d/dlogit {i}": z.grad for i, z in enumerate(logits)}}


EXPRESSIONS = [
    Piece("The chain rule, edge by edge: L = (a*b + c) * f", Query(expression, known={
        "L": -8.0, "dL/da": 6.0, "dL/db": -4.0, "dL/dc": -2.0, "dL/df": 4.0,
        "L after += 0.01 * grad on its leaves": -7.286496})),
    Piece("What is used twice receives twice", Query(used_twice, known={
        "d(x + x)/dx": 2.0, "f = (a*b) * (a+b)": -6.0, "df/da": -3.0, "df/db": -8.0})),
    Piece("micrograd's README", Query(readme, within=2e-6, known={"g": 24.7041, "dg/da": 138.8338, "dg/db": 645.5773})),
    Piece("The exercises: a function of three inputs", Query(three_inputs, known={
        "-a³ + sin(3b) - 1/c + b^2.5 - a^0.5": 6.336362190988558,
        "its d/da": -12.353553390593273, "its d/db": 10.25699027111255, "its d/dc": 0.0625})),
    Piece("The exercises: softmax and its loss", Query(softmax_loss, known={
        "-log softmax([0, 3, -2, 1])[3]": 2.1755153626167147, "its d/dlogit 0": 0.0417725705,
        "its d/dlogit 1": 0.8390245075, "its d/dlogit 2": 0.0056533027, "its d/dlogit 3": -0.8864503806})),
]  # fmt: skip


def computable(name: str) -> list[Piece]:
    """What a Value can compute of a system.  Raises UserError if it needs more than a Value, or is none."""

    def milestone(title: str, name: str) -> Piece:
        return Piece(title, exercise(name).queries[-1], name)  # which has the published numbers

    if name == "micrograd":
        return [milestone("A neuron, with tanh whole and taken apart", "lecture"), *EXPRESSIONS,
                milestone("Two moons", "moons")]  # fmt: skip
    if name == "perceptron":
        return [milestone("Exclusive or, with a hidden layer", "exclusive_or")]
    if name == "microgpt":
        return [milestone("A GPT of 4,192 parameters", "microgpt")]
    raise UserError(f"{system_of(name).name} needs more than a class Value: --learner goes with micrograd, perceptron "
                    "and microgpt")  # fmt: skip


def run_on(name: str, path: Path | str, *, small: bool = False, show: Callable[[str], object] | None = print,
           seconds: float = 300.0) -> bool:  # fmt: skip
    """Run what can be run of a system with the class Value of a file; whether all published numbers were met.

    Each piece may take so many `seconds`; `small` makes one step of each training.  Raises UserError, in one line, for
    a system that needs more than a Value, and for a file that has none, or that does not run.
    """
    asked, this = computable(name), Run(name, show=show)
    try:
        text = files.read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: this is no text in UTF-8 ({error.reason} at byte {error.start})") from None
    with ExitStack() as both:
        theirs, ours = (both.enter_context(Sandbox(seconds=min(seconds, SECONDS))) for _ in range(2))
        _sound(theirs, text, path)
        ours.load(OURS, ENGINE)
        this.begin(system_of(name).title, f"What follows is computed with the class Value of {Path(path).name}, and "
                   "again with ours, node for node.")  # fmt: skip
        met, missed, lacks = 0, list[str](), list[str]()
        for piece in asked:
            this.section(piece.title)
            query, steps = piece.query, _steps(piece.query, small)
            answer, taken = _timed(theirs, text, piece, steps, seconds)
            if lacking := _lacking(answer):
                lacks.append(lacking)
                this.say(f"Not run: it needs {lacking}, which this Value has not.")
                continue
            if answer.error:
                raise UserError(_told(path, f"{piece.title}: ", answer))
            own, needed = _timed(ours, OURS, piece, steps, seconds)
            rows = []
            for what, mine in answer.value.items():
                right = query.known[what]
                good = isinstance(mine, (int, float)) and near(mine, right, query.within)
                met, missed = met + good, missed + [what] * (not good)
                apart = f"{mine - right:.2g}" if isinstance(mine, (int, float)) else ""
                rows.append([what, *map(_shown, (mine, own.value[what], right)), apart, "met" if good else "NOT MET"])
            this.table(["number", "theirs", "ours", "published", "difference", "verdict"], rows)
            if steps:
                this.say(f"A step takes {_time(taken / steps)} with this Value, {_time(needed / steps)} with ours.")
        if lacks and not met and not missed:
            raise UserError(f"{path}: its Value has no {few(lacks)}: nothing of {name} can be computed with it")
        told = f"{met} of {met + len(missed)} published numbers met" + "; NOT MET: " * bool(missed) + ", ".join(missed)
        this.say(told + f"; not run for want of {few(lacks)}" * bool(lacks))
    return not missed


def _steps(query: Query, small: bool) -> int:
    """How many steps of training a query makes: in a small run one, where each has a number of its own."""
    [(steps, *_)] = [(*args, 0) for args in query.arguments(0)]
    return 1 if small and len(query.known) == steps else steps


def _sound(box: Sandbox, text: str, path: Path | str) -> None:
    """Raise UserError for a file without a class Value that can be computed with."""
    loaded = box.load(text, ENGINE)
    if loaded.error:
        raise UserError(_told(path, "", loaded))
    if "Value" not in loaded.value:
        there = f"there is {few(loaded.value)}" if loaded.value else "there is nothing in it"
        raise UserError(f"{path} has no class Value ({there}): --learner takes a file with an engine of one's own, "
                        "such as the exercise `value` asks for")  # fmt: skip
    answer = box.call(Query(basics).source, "basics")
    if answer.error:
        raise UserError(_told(path, "b = a * a; b.backward(); b.data, a.grad: ", answer))


def _timed(box: Sandbox, text: str, piece: Piece, steps: int, seconds: float) -> tuple[Answer, float]:
    """What a piece comes to, and in how many seconds."""
    box.load(text, ENGINE)
    if piece.milestone:
        box.load(exercise(piece.milestone).solution)
    begun = time.perf_counter()
    answer = box.call(piece.query.source, piece.query.function.__name__, *[steps] * bool(steps), seconds=seconds)
    return answer, time.perf_counter() - begun


LACKS = (r"^'Value' object has no attribute '([a-z]\w*)'", r"^unsupported operand type\(s\) for (.*)$",
         r"^bad operand type for (unary .*)$")  # fmt: skip


def _lacking(answer: Answer) -> str:
    """The operation that a class Value has not, if that is why it could not be asked; "" if it is not."""
    if answer.error not in ("AttributeError", "TypeError") or answer.file == ENGINE:
        return ""
    return next((found[1] for pattern in LACKS if (found := re.match(pattern, answer.text))), "")


def _told(path: Path | str, where: str, answer: Answer) -> str:
    return f"{path}: {where}{crash(answer, 'the file', True).quiet}"


def _shown(x: Any) -> Any:
    if isinstance(x, bool):
        return "yes" if x else "no"
    return x.get("#", "") if isinstance(x, dict) else x


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
