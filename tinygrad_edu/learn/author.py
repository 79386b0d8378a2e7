"""Whether an exercise is sound: what a teacher wants to know of their own, and what the tests ask of ours.

>>> from .course import exercise
>>> examined(exercise("parabola"))
[]
"""

from __future__ import annotations

import ast
import builtins
import itertools
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial

from .course import ENGINE, Exercise
from .mistakes import MISTAKES
from .sandbox import Sandbox
from .verdict import SHORT, assess, mistaken, shows

MUTANTS = 5  # so many wrong rules at least must be found out
MOST = 16  # so many are tried, until these are
SEEDS = range(1, 4)  # of numbers that each mistake has to show with


def examined(one: Exercise, box: Sandbox | None = None) -> list[str]:
    """What is wrong with an exercise, each in a sentence; nothing, if it is sound.

    The starter has a TODO, holds no answer and fails with a helpful remark; the solution passes; at least two other
    right answers do; at least three mistakes are planted, and each is known by its name; of small changes to the
    solution five are found out, or all that there are; and what is used is declared in the file.  What takes long is
    left out.
    """
    with nullcontext(box) if box else Sandbox(needs=one.needs, seconds=one.seconds) as this:
        return list(_faults(one, this))


def _faults(one: Exercise, box: Sandbox) -> Iterator[str]:
    if not one.title or not one.words.strip():
        yield "its first line is no title, or nothing is told below it"
    if "TODO" not in one.starter:
        yield "there is no TODO in what the learner gets"
    if len(one.hints) != 3 or not all(one.hints):
        yield f"it has {len(one.hints)} hints, and should have three: an idea, a formula, the line"
    if unknown := sorted(_used(one.starter) - _declared(one.starter)):
        yield f"it uses {', '.join(unknown)}, which it does not declare"
    for name in sorted({q.function.__name__ for q in one.queries} & _defined(one.starter)):
        yield f"a query is called {name} like a function of the learner, which it replaces: give it another name"
    verdict = assess(one, one.solution, box=box, brief=True)
    if verdict.missing:
        return
    if not verdict:
        yield f"its own solution does not pass: {verdict.first}"
        return
    if endless := next(_endless(one, box), None):  # where guesses are made, known mistakes run without a limit
        yield f"the mistake {endless!r} never ends: name it in HANGS = ({endless!r},)"
        return
    if assess(one, one.starter, box=box, brief=True):
        yield "what the learner gets passes already"
    if len(one.right) < 2:
        yield f"it has {len(one.right)} other right answers, and should have two at least"
    for k, body in enumerate(one.right):
        if not (verdict := assess(one, one.variant(body), box=box, seed=k + 1, brief=True)):
            yield f"its right answer {k + 1} does not pass: {verdict.first}"
    if len(one.wrong) < 3:
        yield f"{len(one.wrong)} mistakes are planted, and should be three at least"
    for name, body in one.wrong.items():
        if name not in MISTAKES and name not in one.said:
            yield f"the mistake {name!r} has no sentence in SAID, and is none of the known ones"
        verdict = assess(one, one.variant(body), box=box, brief=True)
        if verdict:
            yield f"the mistake {name!r} passes"
        elif name not in one.hangs and verdict.first is not None and verdict.first.mistake != name:
            yield f"the mistake {name!r} is told as {verdict.first.mistake or 'none'!r}: {verdict.first}"
    for name, seeds in _escapes(one):
        yield f"the mistake {name!r} passes with the numbers of seed {seeds}: draw what tells it apart in every trial"
    killed, passing, right = 0, "", {ast.unparse(ast.parse(one.variant(body))) for body in one.right}
    for change in itertools.islice(mutants(one.solution, one.written), MOST):
        if not assess(one, change, box=box, brief=True):
            killed += 1
        elif change not in right:
            passing = passing or change
        if killed == MUTANTS:
            break
    if passing and killed < MUTANTS:  # where there are fewer, all are to be found out
        ours = ast.unparse(ast.parse(one.solution)).splitlines()
        line = next((new.strip() for old, new in zip(ours, passing.splitlines()) if old != new), "")
        yield (f"of up to {MOST} small changes to the solution only {killed} are found out, and {MUTANTS} should be: "
               f"{line!r} passes. If it is right, RIGHT should have it")  # fmt: skip


def _endless(one: Exercise, box: Sandbox) -> Iterator[str]:
    """Mistakes that never end, though they are not said to."""
    for name, body in one.wrong.items():
        if name not in one.hangs and "while" in (text := one.variant(body)):
            files = [(one.engine, ENGINE)] * one.uses_value + [(text, "exercise.py")]
            loaded = (box.load(*file) for file in files)
            asked = (box.call(q.source, q.function.__name__, *args)
                     for q in one.queries if not q.long for args in q.arguments(0))  # fmt: skip
            if any(answer.error == "Timeout" for answer in itertools.chain(loaded, asked)):
                yield name


def _escapes(one: Exercise) -> Iterator[tuple[str, int]]:
    """Mistakes that some numbers do not show, each with the seed of these."""
    if one.seconds > SHORT or any(query.long or query.known is not None for query in one.queries):
        return
    asked = {seed: [(query, args) for query in one.queries for args in query.arguments(seed)] for seed in SEEDS}
    for name, module in mistaken(one).items():
        hidden = (seed for seed in SEEDS if not any(shows(q, module, one.module, args) for q, args in asked[seed]))
        yield from [(name, seed) for seed in [next(hidden, 0)] if seed]


def _declared(text: str) -> set[str]:
    tree = ast.parse(text)
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    names |= {a.arg for a in ast.walk(tree) if isinstance(a, ast.arg)}
    names |= {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    names |= {n.name for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and n.name}
    imported = [a for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names]
    return names | {(a.asname or a.name).partition(".")[0] for a in imported} | {*dir(builtins), "__name__", "__file__"}


def _defined(text: str) -> set[str]:
    return {n.name for n in ast.parse(text).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}


def _used(text: str) -> set[str]:
    return {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


SWAPS: dict[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
                           ast.MatMult: ast.Mult, ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.Lt, ast.LtE: ast.Gt,
                           ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}  # fmt: skip


def mutants(text: str, lines: set[int]) -> Iterator[str]:
    """A program with one small change in these lines: another sign, factor, number or order, or a line left out.

    >>> sorted(mutants("y = 2 * x", {1}))
    ['pass', 'y = -(2 * x)', 'y = 2 / x', 'y = 3 * x']
    """
    tree = ast.parse(text)
    for node in [n for n in ast.walk(tree) if getattr(n, "lineno", 0) in lines]:
        for change in _changes(node):
            change()
            fresh = ast.unparse(tree)
            change()  # and back
            yield fresh
    for node in ast.walk(tree):
        for body in [b for name in ("body", "orelse") if isinstance(b := getattr(node, name, None), list)]:
            for i, statement in enumerate(body):
                if statement.lineno in lines and not isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Pass)):
                    body[i] = ast.Pass()
                    yield ast.unparse(tree)
                    body[i] = statement


def _changes(node: ast.AST) -> Iterator[Callable[[], None]]:
    """Functions that change a node, and, called again, change it back."""

    def exchange(owner: ast.AST, field: str, fresh: object) -> Callable[[], None]:
        kept = [fresh]

        def change() -> None:
            old = getattr(owner, field)
            setattr(owner, field, kept[0])
            kept[0] = old

        return change

    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in SWAPS:
        yield exchange(node, "op", SWAPS[type(node.op)]())
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Sub, ast.Div, ast.Pow, ast.MatMult)):
        yield partial(_turn, node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield exchange(node, "op", ast.UAdd())
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield exchange(node, "ops", [SWAPS[type(node.ops[0])]()])
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        yield exchange(node, "value", node.value + 1)
    if isinstance(node, ast.Return | ast.Assign) and isinstance(node.value, ast.expr):
        yield exchange(node, "value", ast.UnaryOp(ast.USub(), node.value))
    if isinstance(node, ast.Call) and len(node.args) == 2 and not isinstance(node.func, ast.Attribute):
        yield exchange(node, "args", node.args[::-1])


def _turn(node: ast.BinOp) -> None:
    node.left, node.right = node.right, node.left
