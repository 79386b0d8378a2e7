"""Whether an answer is right, and if not, which term is wrong and what probably happened: one remark at a time.

    >>> from .course import exercise
    >>> one = exercise("parabola")
    >>> assess(one, one.solution)
    slopes/parabola: right.
    >>> print(assess(one, one.variant("return (f(x + h) - f(x - h)) / h")))
    slope of 3x² - 4x + 5 is 10.209933 and should be 5.1049663, for x = 1.5174944.
       likely  it is twice as large as it should be: a term is counted twice, or a
               half is missing

What the learner's code answers is put beside what the solution answers.  If it is not the same, the code of the known
mistakes is asked as well: whose answers these are is what happened.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from types import ModuleType
from typing import Any

from ..blocks import Block, Explanation, Rows, Terms
from ..engine import topological
from ..explanation import explain
from ..trees import leaves
from . import arrays
from .course import ENGINE, Exercise, Query, lending, lent
from .crashes import crash_words, reason
from .mistakes import MISTAKES, RANKS, exchanged, guess, misshapen, near, unreadable
from .phrases import band_of, begun, shortly
from .sandbox import Answer, Here, Runner, Sandbox

SHOWN = 8  # numbers of one remark
SHORT = 5.0  # seconds: the solution of an exercise that may take longer is asked nothing besides
ALONE = threading.RLock()  # solutions may draw from the one generator that all threads share
KEPT = 500  # answers of our own code
_kept: dict[tuple[Any, ModuleType, str], Answer] = {}
Miss = tuple[str, Any, Any]  # what it is, theirs, the right one


@dataclass(frozen=True, repr=False)
class Remark(Explanation):
    """One thing that is wrong: how basic it is, by which name it is known, and what is said."""

    rank: str
    said: tuple[Block, ...]
    mistake: str = ""
    path: tuple[Any, ...] = ()  # from the node whose gradient is wrong to the root, of a graph that can be drawn
    quiet: str = ""  # what is wrong, without the numbers that were asked about
    line: int = 0  # of the learner's file, where an error was raised there

    def blocks(self) -> Iterable[Block]:
        return self.said


@dataclass(frozen=True, repr=False)
class Verdict(Explanation):
    """What was found about one answer: true if nothing is wrong."""

    exercise: Exercise
    remarks: tuple[Remark, ...] = ()
    printed: str = ""
    missing: str = ""  # a package without which it cannot be checked
    asked: int = 0  # queries; none of a file that did not run

    def __bool__(self) -> bool:
        return not self.remarks and not self.missing

    @property
    def first(self) -> Remark | None:
        """The most basic thing that is wrong; what crashes or is missing comes after what is wrong before it."""
        later = [r for r in self.remarks[1:] if r.rank not in ("crash", "missing")]
        return min([*self.remarks[:1], *later], key=lambda r: RANKS.index(r.rank), default=None)

    def blocks(self) -> Iterable[Block]:
        if self.first is None:
            return [f"{self.exercise.chapter.name}/{self.exercise.name}: right."]
        return self.first.blocks()


@dataclass
class Trial:
    """One call of a query: what it was given, what came back, and what is right."""

    args: tuple[Any, ...]
    answer: Answer
    right: Any
    misses: list[Miss] = field(default_factory=list)
    told: str = ""  # by a judge of the exercise's own


def assess(exercise: Exercise, source: str = "", *, their: Any = None, path: str = "exercise.py", seed: int = 0,
           box: Runner | None = None, value: str | None = None, brief: bool = False) -> Verdict:  # fmt: skip
    """Check an answer: the text of a file, run in a process of its own, or `their`, a module or namespace in this one.

    `seed` draws the numbers that are asked about; `box` is where the text runs instead, `value` the text of the
    learner's own engine, for what builds on it; `brief` leaves out what takes long.  All that is wrong is in the
    verdict's `remarks`, the most basic is its `first`.
    """
    if exercise.missing:
        return Verdict(exercise, missing=exercise.missing)
    if their is not None:
        return _judged(exercise, Here(their), "", seed, brief)
    with nullcontext(box) if box else Sandbox(needs=exercise.needs, seconds=exercise.seconds) as this:
        loaded = this.load(exercise.engine if value is None else value, ENGINE) if exercise.uses_value else None
        if loaded is None or not loaded.error:
            loaded = this.load(source, path)
        if loaded.error:
            return Verdict(exercise, (crash(loaded, "the file", "Value" in exercise.solution),), loaded.printed)
        verdict = _judged(exercise, this, loaded.printed, seed, brief)
    if verdict or value is None:
        return verdict
    parts_are_right = verdict.asked > sum(not query.long for query in exercise.queries)
    if not assess(exercise, source, path=path, seed=seed, box=box, brief=not parts_are_right):
        return verdict
    first, told = verdict.first, _engine_at_fault(verdict)
    return replace(verdict, remarks=(told, *[remark for remark in verdict.remarks if remark is not first]))


def _engine_at_fault(verdict: Verdict) -> Remark:
    """What is said first of an answer that is right with our engine, and not with the learner's own."""
    assert verdict.first is not None
    head = "With our Value in place of yours this is right: something is wrong in your own, and `tinygrad-edu learn " \
           "check value` may say more. Here it shows as this:"  # fmt: skip
    return replace(verdict.first, rank=RANKS[0], said=(head, *verdict.first.said), mistake="")


def _judged(exercise: Exercise, box: Runner | Here, printed: str, seed: int, brief: bool) -> Verdict:
    asked: list[tuple[Query, list[Trial]]] = []
    for query in sorted(exercise.queries, key=lambda query: query.long):
        if query.long and (brief or any(_is_wrong(trial) for _, trials in asked for trial in trials)):
            break
        trials: list[Trial] = []
        for args in query.arguments(seed):
            answer = box.call(query.source, query.function.__name__, *args, seconds=query.long)
            printed += answer.printed
            right = query.known if query.known is not None else _ours(query, exercise.module, args).value
            trials.append(trial := Trial(args, answer, right))
            if answer.error:
                break
            if query.judge is not None:
                trial.told = _told(query, trial)
            else:
                trial.misses = compared(answer.value, trial.right, query.within)
        asked.append((query, trials))
    bad = [(query, trials) for query, trials in asked if any(map(_is_wrong, trials))]
    same = [_same_as(exercise, query, trials) for query, trials in bad]
    everywhere = [name for name in (same or [[]])[0] if all(name in names for names in same)]
    if len(everywhere) > 1:  # what would have shown where all is right is rather not what happened
        fits = [_same_as(exercise, *pair) for pair in asked if pair not in bad]
        everywhere.sort(key=lambda name: not all(name in names for names in fits))
    remarks = [_remark(exercise, *pair, next(iter([*everywhere, *names]), "")) for pair, names in zip(bad, same)]
    return Verdict(exercise, tuple(remarks), printed, asked=len(asked))


def _is_wrong(trial: Trial) -> bool:
    return bool(trial.misses or trial.told or trial.answer.error)


def _asked(query: Query, their: Any, args: tuple[Any, ...]) -> Answer:
    with ALONE:
        return Here(their).call(query.source, query.function.__name__, *copy.deepcopy(args))


def _ours(query: Query, module: ModuleType, args: tuple[Any, ...]) -> Answer:
    """What our own code answers, right or wrong, which stays the same: some of it trains a network."""
    key = (query.function, module, repr(args))
    answer = _kept.get(key) or _asked(query, module, args)
    if len(_kept) >= KEPT:
        _kept.clear()
    _kept[key] = answer
    return answer


def _told(query: Query, trial: Trial) -> str:
    """What the exercise's own judge says; an answer that it cannot read is none."""
    assert query.judge is not None
    todo = next((name for name, x in leaves("", trial.answer.value) if x == "todo"), None)
    if todo is not None:
        return "it is still to be written: put something in place of the ..."
    try:
        return query.judge(trial.answer.value, trial.right, *copy.deepcopy(trial.args))
    except Exception:  # what it is, is theirs: a judge may stumble anywhere
        return f"that is {str(trial.answer.value)[:80]}, and of another form than what was asked for"


def _same_as(exercise: Exercise, query: Query, trials: Sequence[Trial]) -> list[str]:
    """The known mistakes whose answers these are, in every trial; or else whose first wrong number it is, where more is
    wrong than that.
    """
    if query.long:
        return []
    alike = [name for name, module in mistaken(exercise).items()
             if all(_alike(_ours(query, module, t.args), t.answer, query.within) for t in trials)]  # fmt: skip
    return alike or _partly(exercise, query, trials, first=True)


def _partly(exercise: Exercise, query: Query, trials: Sequence[Trial], first: bool) -> list[str]:
    """The known mistakes that have the first wrong number in common with theirs; or, with `first`, that begin there."""
    trials = _telling(query, trials)
    bad = next((t for t in trials if t.misses), None)
    if query.long or bad is None or any(t.answer.error or t.told for t in trials):
        return []
    missed = bad.misses[0][0]
    theirs = [_at(t.answer.value, missed) for t in trials]
    if not all(isinstance(x, (int, float, str)) and x for x in theirs):
        return []
    partly = [name for name, module in mistaken(exercise).items()
              if all(_same(_at(_ours(query, module, t.args).value, missed), x, query.within)
                     for t, x in zip(trials, theirs))]  # fmt: skip
    if first:
        misses = {name: compared(_ours(query, mistaken(exercise)[name], bad.args).value, bad.right, query.within)
                 for name in partly}  # fmt: skip
        partly = [name for name in partly if misses[name][0][0] == missed]
    return partly if len(trials) > 1 or len(partly) == 1 else []


def _telling(query: Query, trials: Sequence[Trial]) -> Sequence[Trial]:
    """Those that were drawn, if one of them is wrong: where there is one number, or 0, little can be told."""
    drawn = [t for t in trials if t.args not in query.also]
    return drawn if any(map(_is_wrong, drawn)) else trials


def shows(query: Query, module: ModuleType, right: ModuleType, args: tuple[Any, ...]) -> bool:
    """Whether code of our own that is wrong answers otherwise than what is right."""
    theirs, ours = _asked(query, module, args), _ours(query, right, args)
    if query.judge is not None and not theirs.error:
        return bool(_told(query, Trial(args, theirs, ours.value)))
    return not _alike(theirs, ours, query.within)


@cache
def mistaken(exercise: Exercise) -> dict[str, ModuleType]:
    """The code of each known mistake, run; what does not run, or never ends, is known by that."""
    found = {}
    for name, body in exercise.wrong.items():
        if name not in exercise.hangs:
            module = ModuleType(name)
            module.__file__ = f"<{name}>"
            with suppress(Exception), lending(lent(exercise.solution)):
                exec(compile(exercise.variant(body), f"<{name}>", "exec"), vars(module))
                found[name] = module
    return found


def _alike(a: Answer, b: Answer, within: float) -> bool:
    if a.error or b.error:  # the same, and both in the file or both in the question
        one, other = ((x.error, x.error == "RecursionError" or x.text, bool(x.line)) for x in (a, b))
        return one == other
    return not compared(a.value, b.value, within) and not compared(b.value, a.value, within)


def compared(theirs: Any, right: Any, within: float) -> list[Miss]:
    """What differs, in the order of what is right."""
    return [(name, a, b) for name, a, b in _pairs(theirs, right) if not _same(a, b, within)]


def _same(a: Any, b: Any, within: float) -> bool:
    if isinstance(a, bool) or isinstance(b, bool) or not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
        return type(a) is type(b) and (a["#"] == b.get("#") if isinstance(a, dict) and "#" in a else a == b)
    return near(a, b, within)


def _remark(exercise: Exercise, query: Query, trials: list[Trial], mistake: str) -> Remark:
    """What is said of a query whose answers are wrong."""
    bad = next(filter(_is_wrong, trials))
    who = query.function.__name__.replace("_", " ")
    said = exercise.said.get(mistake, MISTAKES.get(mistake, ("", ""))[1])
    if bad.answer.error:
        values = "Value" in exercise.solution
        return crash(bad.answer, query.function.__name__, values, _advice(said), mistake)
    if bad.told:
        rank = MISTAKES.get(mistake, ("value", ""))[0]
        head = f"{begun(bad.told)}{_given(query, bad.args)}"
        return Remark(rank, (head, *_advice(said)), mistake, quiet=f"{who} is not as it was asked for")
    name, theirs, right = bad.misses[0]
    if isinstance(theirs, dict) and "#" in theirs:
        rank, words = _kind(name or who, theirs, right)
        return Remark(rank, (words, *_advice(exercise.said.get(mistake, ""))), mistake, quiet=words)
    wrong_shape = _shapes(bad.answer.value, bad.right)
    words = exercise.said.get(mistake, "")  # of mistakes whose code this is: what is guessed is told in general words
    whole = [t for t in _telling(query, trials) if not t.answer.error]
    mistake = mistake or "nothing returned" * (theirs is None)
    if not mistake:
        with suppress(IndexError, TypeError, ValueError, ZeroDivisionError):  # of such numbers nothing can be guessed
            mistake, words = _recognised(exercise, query, whole, wrong_shape[0] if wrong_shape else name)
        if mistake in arrays.WEAK and exchanged(bad.misses):
            mistake, words = "swapped arguments", ""
    if not mistake and not wrong_shape:
        over = [(_at(t.answer.value, name), _at(t.right, name)) for t in whole]
        over = [pair for pair in over if pair[0] is not None]
        mistake = guess(over, max(query.within, 1e-6))
        if mistake == "disconnected" and name.endswith("]"):
            mistake = "some get nothing"
        if mistake == "missing minus" and all(b in (0, 1, -1) for _, b in over):
            mistake = ""  # of such numbers anything could be said
        if mistake in ("", "off by a constant") and exchanged(bad.misses):
            mistake = "swapped arguments"
        if mistake == "constant factor":
            words = f"it is {theirs / right:.3g} times what it should be, whatever the numbers are"
    if not mistake and (partly := _partly(exercise, query, trials, first=False)):
        mistake, words = partly[0], exercise.said.get(partly[0], "")
    if mistake == "disconnected" and not words and "Value" not in exercise.solution:
        words = "it is always 0: it is multiplied by 0, or never added to, or what is subtracted is the same"
    rank, told = MISTAKES.get(mistake, ("value", ""))
    told = words or told
    if wrong_shape:
        rank = "shape"
        first = f"{wrong_shape[0] or who}: {wrong_shape[1]}{_given(query, bad.args)}."
        return Remark(rank, (first, *_advice(told)), mistake, quiet=f"{wrong_shape[0] or who}: {wrong_shape[1]}")
    wrong = {n for n, _, _ in bad.misses}
    rows = [("", "yours", "right", "|a-n|/max(|a|,|n|)", "")]
    shown = list(_pairs(bad.answer.value, bad.right))
    begin = max(0, next((i for i, (n, _, _) in enumerate(shown) if n in wrong), 0) - SHOWN // 2)
    for n, a, b in shown[begin : begin + SHOWN]:
        told_of = n not in wrong or n == name or (bad.args and shortly(a) != "...")  # the others are still to be found
        compare = (shortly(b), *band_of(a, b, n in wrong)) if told_of else ("", "", "wrong")
        rows.append((n, shortly(a), *compare))
    what = who + name if name.startswith("[") else name or who
    wording = str if shortly(theirs) == shortly(right) else shortly  # of numbers that differ late, all digits
    head = f"{what} is {wording(theirs)} and should be {wording(right)}{_given(query, bad.args)}."
    if isinstance(right, bool):
        head = f"{'Not so' if right else 'This should not be so'}: {what}{_given(query, bad.args)}."
    table: tuple[Block, ...] = (Rows(rows, "lrrrl"),) if len(shown) > 1 else ()
    path = _path(query, bad, name)
    edges = explain(path[1], of=path[0]).blocks() if path else ()
    return Remark(rank, (head, *_advice(told), *table, *edges), mistake, path, f"{what} is wrong")


def _recognised(exercise: Exercise, query: Query, trials: Sequence[Trial], name: str) -> arrays.Guess:
    """What happened to the part of the answer in which the number of that name is."""
    if not all(isinstance(x, dict) for t in trials for x in (t.answer.value, t.right)):
        return arrays.Guess()
    theirs, right = [[dict(arrays.tagged(x)) for x in xs] for xs in zip(*((t.answer.value, t.right) for t in trials))]
    key = next((key for key in right[0] if name == key or name.startswith(f"{key}[")), "")
    mine, within = [x.get(key) for x in theirs], max(query.within, 1e-6)
    code = query.function.__code__
    given = [dict(zip(code.co_varnames[1 : code.co_argcount], t.args)) for t in trials]
    others = [{k: part for k, part in r.items() if k != key} for r in right]
    parts = [(x, r.get(key), g, o) for x, r, g, o in zip(mine, right, given, others)]
    found = arrays.recognised(parts, within)
    if found.name or exercise.seconds > SHORT or query.long or query.known is not None:
        return found
    for found, change in arrays.changes(given[0]):
        asked = (_ours(query, exercise.module, tuple(change(g).values())).value for g in given)
        numbers = [dict(arrays.tagged(a)).get(key) if isinstance(a, dict) else None for a in asked]
        if all(arrays.agree(number, x, within) for number, x in zip(numbers, mine)):
            return found
    return arrays.Guess()


def _advice(told: str) -> tuple[Block, ...]:
    return (Terms([("likely", told)]),) if told else ()


def _path(query: Query, bad: Trial, name: str) -> tuple[Any, ...]:
    """The node that a number called "dL/da" is about, and the root, of the expression as our own Values."""
    label = name.rpartition("/d")[2]
    if query.graph is None or not label:
        return ()
    root = query.graph(*copy.deepcopy(bad.args))
    root.backward()
    node = next((v for v in topological(root) if v.label == label), root)
    return () if node is root else (node, root)


def _shapes(theirs: Any, right: Any) -> tuple[str, str] | None:
    """The first part whose shape is wrong, and how."""
    if isinstance(right, dict) and isinstance(theirs, dict):
        return next(((k, told) for k, x in right.items() if k in theirs and (told := misshapen(theirs[k], x))), None)
    return ("", told) if (told := misshapen(theirs, right)) else None


def _kind(name: str, theirs: dict[str, Any], right: Any) -> tuple[str, str]:
    """What is said of an answer that is neither a number nor made of numbers."""
    what, text = [x if isinstance(x, str) else shortly(x) for x in (theirs["#"], theirs.get("text", ""))]
    if what == "todo":
        return "missing", f"{name or 'the answer'} is still to be written: put what it is in place of the ..."
    if what == "nothing":
        return "missing", f"{name} is missing."
    return "kind", f"{name or 'the answer'} is {unreadable(what[:80], text[:80], right)}."


def crash(answer: Answer, who: str, values: bool, advice: Sequence[Block] = (), mistake: str = "") -> Remark:
    """What is said of code that raised something, or never came back; `values` as in `reason`."""
    rank, said = crash_words(answer, who)
    told = (said, *(advice or _advice(reason(answer.error, answer.text, values))))
    return Remark(rank, told, mistake, quiet=said, line=answer.line if answer.file != ENGINE else 0)


def _given(query: Query, args: tuple[Any, ...]) -> str:
    """What the query was given, as it is said after what came out."""
    code = query.function.__code__
    names = code.co_varnames[1 : code.co_argcount]
    texts = [repr(x) if isinstance(x, bool) else shortly(x) for x in args]
    shown = [f"{n} = {text}" for n, text in zip(names, texts) if n != "seed" and len(text) < 60]
    return f", for {', '.join(shown)}" if shown else ""


def _pairs(theirs: Any, right: Any, name: str = "") -> Iterable[Miss]:
    """All that was asked for, with theirs beside the right one."""
    if isinstance(right, dict) and isinstance(theirs, dict) and "#" not in theirs:
        for key, part in right.items():
            yield from _pairs(theirs.get(key, {"#": "nothing"}), part, f"{name}: {key}" if name else key)
    elif isinstance(right, list) and isinstance(theirs, list) and len(right) == len(theirs):
        for i, (a, b) in enumerate(zip(theirs, right)):
            yield from _pairs(a, b, f"{name}[{i}]")
    else:  # x > 0 is a number too
        as_number = isinstance(theirs, bool) and isinstance(right, (int, float)) and not isinstance(right, bool)
        yield name, int(theirs) if as_number else theirs, right


def _at(tree: Any, name: str) -> Any:
    """The part of that name, as `compared` writes it."""
    return next((a for n, a, _ in _pairs(tree, tree) if n == name), None)
