"""`gradcheck`: every input of a function, and every rule that it used."""

from __future__ import annotations

import math
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from .. import ops
from ..derivatives import grad
from ..engine import Value, chain_rule, topological
from ..errors import UserError
from ..names import named
from ..trees import flatten
from .functions import Function
from .probes import GraphProbe
from .report import HAPPY, InputCheck, Partial, Report
from .rules import rules
from .slopes import judge, line_through

MANY, SOME = 500, 10  # inputs: up to so many, all; of more, so many of each parameter
FAINT, DROWNED = (
    1e-10,
    100.0,
)  # gradients below the one are mostly rounding; a sum's term this many times another hides it


def gradcheck(
    f: Callable[..., Value] | Value, *inputs: Any, order: int = 1, entries: int | None = None, seed: int = 0
) -> Report:
    """Compare the gradient of f(*inputs), input by input, with central differences of f in double precision.

    Inputs are numbers, Values, or lists, tuples and dicts of them; they are copied and never changed.  Where f is a
    model that keeps its own parameters, give its result instead: `gradcheck(loss, *model.parameters())` repeats
    the recorded graph of `loss` with other numbers.
    `order=2` checks the gradient of the gradient, for each pair of inputs.

    The verdicts, by relative error |a - n| / max(|a|, |n|), as the CS231n notes have them: above 1e-2 wrong, above 1e-4
    suspicious, up to 1e-7 happy, times the root of the number of rows on the longest way, for each of them rounds; in
    between, acceptable if f has kinks or the differences know no better, else suspicious.  A kink: the differences
    stand astride one and prove nothing.  Unresolved: the differences do not settle, so f is noisy or not finite here.

    Besides, each node's own rule is checked with its parents held fixed, so a wrong one is named: `report.wrong_rules`.
    Of more than 500 inputs, ten of each parameter are checked, or as many as `entries` says, drawn with `seed`.

    Raises TypeError if f does not return a Value; ValueError if it is random, nan or inf at this point, or
    ignores its arguments.

    >>> bool(gradcheck(lambda w, b: (w[0] * w[1] + b).tanh(), [0.5, -1.0], 0.25))
    True
    >>> print(gradcheck(lambda x, y: x**2 * y, 3.0, 5.0, order=2))
    input  chain rule a  differences n  |a-n|/max(|a|,|n|)  verdict
    x, x             10             10                   0  happy
    x, y              6              6                   0  happy
    y, x              6              6                   0  happy
    y, y              0              0                   0  happy    df/dy does not use it
    f = 45: 4 happy; its rules: 6 happy
    """
    if order not in (1, 2):
        raise UserError(f"order={order!r}: 1 checks the gradient, 2 the gradient of the gradient; for the third write "
                        "gradcheck(lambda x: grad(f(x), x)[0], x, order=2)")  # fmt: skip
    here = Function(f, *inputs)
    chosen = _chosen(here.labels, entries, seed)
    if order == 1:
        return _checked(here, chosen, seed)
    reports = []
    for i in chosen:
        slope = lambda *args, i=i: grad(here.f(*args), flatten(list(args))[i])[0]
        second = Function(slope, *inputs)
        second.labels = here.labels
        reports.append(_checked(second, chosen, seed))
        rows = [replace(r, name=f"{here.labels[i]}, {r.name}", hint=re.sub(r"^f\b", f"df/d{here.labels[i]}", r.hint))
                for r in reports[-1].rows]  # fmt: skip
        reports[-1] = replace(reports[-1], rows=tuple(rows))
    center = here.here()
    return Report(center.y, _all(r.rows for r in reports), named(center.root) or "f",
                  _all(r.rules for r in reports), tuple(dict.fromkeys(_all(r.notes for r in reports))))  # fmt: skip


def _all(parts: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(parts))


def _chosen(labels: Sequence[str], entries: int | None, seed: int) -> list[int]:
    """Which inputs are checked: all, or some of each parameter, in their order."""
    if entries is not None and (isinstance(entries, bool) or not isinstance(entries, int) or entries < 1):
        raise UserError(
            f"entries={entries!r}: say of how many numbers of each parameter the gradient is to be checked, "
            "1 or more, or None"
        )
    if entries is None and len(labels) <= MANY:
        return [*range(len(labels))]
    groups = defaultdict(list)
    for i, label in enumerate(labels):
        groups[re.sub(r"(\[[^\]]*\])+$", "", label)].append(i)
    rng = random.Random(seed)
    some = SOME if entries is None else entries
    return sorted([i for group in groups.values() for i in rng.sample(group, min(some, len(group)))])


def _checked(here: Function, chosen: list[int], seed: int) -> Report:
    """The report on one function, for some of its inputs."""
    center = here.here()
    totals = chain_rule(center.root, 1.0, lambda node: node.op.slopes(*node.numbers))
    center.measure()
    rows = []
    for i in chosen:
        leaf = center.leaves[i]
        rows.append(judge(here.labels[i], totals.get(leaf), line_through(here.at, here.point, i), here.point[i], center,
                           center.sizes.get(leaf, 0.0), center.depths.get(leaf, 1)))  # fmt: skip
    partials = rules(center.root, seed=seed)
    blamed = [r.verdict in ("wrong", "suspicious") for r in rows]
    if any(blamed) and all(partials):  # perhaps it is one of those that were left out
        partials = rules(center.root, most=None)
    for k, (i, row) in enumerate(zip(chosen, rows)):
        if blamed[k]:
            rows[k] = replace(row, hint=_hint(center, center.leaves[i], center.leaves[i] in totals, partials))
    return Report(center.y, tuple(rows), named(center.root) or "f", tuple(partials),
                  tuple(_notes(here, center, rows, totals)))  # fmt: skip


def _hint(center: GraphProbe, leaf: Value, used: bool, partials: Sequence[Partial]) -> str:
    """Why the gradient of an input may be wrong: a rule between it and f, or a graph that is cut."""
    if not used:
        return "f depends on it, but not through the graph: .data or float() cut it off"
    for p in partials:
        if not p:
            node = center.nodes[
                min(p.place[0], len(center.nodes)) - 1
            ]  # what is inside a replay stands behind all others
            if leaf in topological(node):
                return f"look at {p.name}: its partial {p.input} is wrong"
    return "every rule used is right, so the graph is cut: look for .data, float() or detach() in f"


def _notes(here: Function, center: GraphProbe, rows: Sequence[InputCheck], totals: dict[Value, float]) -> list[str]:
    """What CS231n's notes on gradient checks would say of this one."""
    notes = []
    if len(rows) < len(here.point):
        notes.append(
            f"{len(rows):,} of {len(here.point):,} inputs were checked, some of each parameter: entries=... "
            "takes more, seed=... takes others"
        )
    deepest = max(rows, key=lambda r: r.happy)
    if any(HAPPY < r.error <= r.happy for r in rows):
        notes.append(
            f"{round((deepest.happy / HAPPY) ** 2)} rows lie between {deepest.name} and f, and each rounds: "
            f"happy goes up to {deepest.happy:.1g} for it, 1e-7 times their root"
        )
    faint = [r for r in rows if 0 < abs(r.analytic) < FAINT]
    if faint:
        least = min(faint, key=lambda r: abs(r.analytic))
        notes.append(
            f"{len(faint):,} of the gradients {'is' if len(faint) == 1 else 'are'} below 1e-10 ({least.name}: "
            f"{least.analytic:.2g}), where little but rounding is compared: multiply f by a constant, "
            "or check another point"
        )
    if [r.verdict for r in rows].count("kink") > 1:
        notes.append(
            "at a kink differences prove nothing: move the inputs a little, or check 2 or 3 "
            "samples instead of a batch, for fewer samples have fewer kinks"
        )
    return [*notes, *_drowned(center)]


def _drowned(center: GraphProbe) -> list[str]:
    """Which term of a sum hides another: data loss before regularisation."""
    root = center.root
    if root.op not in (ops.add, ops.sub) or root.parents[0] is root.parents[1]:
        return []
    sizes = []
    for term in root.parents:
        found = chain_rule(term, 1.0, lambda node: node.op.slopes(*node.numbers))
        sizes.append(math.hypot(*[found.get(leaf, 0.0) for leaf in center.leaves]))
    small, large = sorted(zip(sizes, root.parents), key=lambda pair: pair[0])
    if not 0 < small[0] * DROWNED < large[0] < math.inf:
        return []
    return [
        f"{_term(large[1])} gives {large[0] / small[0]:.3g} times as much gradient as {_term(small[1])}, "
        "whose mistakes it may hide: check each alone, the loss of the data before its regularisation"
    ]


def _term(node: Value) -> str:
    return named(node) or f"the term with the value {node.data:.6g}"
