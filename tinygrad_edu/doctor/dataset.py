"""What is wrong with the data, before any network sees them: numbers that are missing, far too large, or say nothing.

>>> X = [[1.0, 2000.0], [-1.0, 3000.0], [0.5, 1000.0], [0.0, 4000.0]] * 2
>>> for finding in findings((X, [0, 1, 1, 0] * 2), Value(0.0)):
...     print(f"{finding.heading}: {finding.where}")
broken: unscaled features: 1 of 2 columns: 1
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import mul
from statistics import fmean
from typing import Any, NamedTuple

from ..engine import Value
from ..words import brief, few, plural
from .findings import Finding, Findings
from .limits import BROKEN, LIMITS, LOOK, severity

ENOUGH = 8  # samples: of fewer, nothing follows for all
MOST = 1_000_000  # numbers that are looked at; of more, every second, third, ... sample
MANY = 20  # a column of whole numbers with more different ones than this is a quantity, not a class


class Feature(NamedTuple):
    """What one feature is like: `size` is the root mean square of what is not 0, `spread` that around the mean."""

    mean: float
    size: float
    spread: float
    zeros: float


@dataclass
class Features:
    """Samples as rows of numbers, the names of the columns, and whether a column means something of its own; what a
    finding about a column opens is the weight that reads it, or else the root.
    """

    rows: list[list[float]]
    names: list[str]
    flat: bool
    root: Value
    weights: Sequence[Value]

    def __post_init__(self) -> None:
        step = math.ceil(len(self.rows) * len(self.names) / MOST)
        self.columns = list(zip(*self.rows[::step]))
        self.told = list(map(_column, self.columns))
        self.varied = [j for j, c in enumerate(self.told) if c.spread > 1e-12 * c.size]

    def all(self, columns: list[int]) -> str:
        """Where a finding is that concerns some columns."""
        return f"{len(columns)} of {plural(len(self.told), 'column')}: {few([self.names[j] for j in columns])}"

    def finding(self, what: str, how: str, where: str, seen: str, why: str, advice: str, worst: int,
                numbers: dict[str, float], about: list[int]) -> Finding:  # fmt: skip
        """A finding about some columns, of which one is the worst."""
        node = self.weights[worst] if len(self.weights) == len(self.told) else self.root
        labels = tuple([self.names[j] for j in about[:20]])
        return Finding(what, how, where, seen, why, advice, self.root, node, numbers, labels)


def findings(
    data: Any, root: Value, weights: Sequence[Value] = (), outputs: int = 0, biases: Sequence[Value] = ()
) -> Findings:
    """What is wrong with X, or (X, y).  `weights` read the columns, `outputs` is how many classes the network tells
    apart, `biases` are those of its outputs; `root` and they are what a finding opens, and may be left out.
    """
    X, y = (data[0], data[1]) if isinstance(data, tuple) and len(data) > 1 else (data, None)
    names = [str(n) for n in getattr(data, "features", ())]
    table = _table(X[0] if isinstance(X, tuple) and len(X) == 1 else X, names, root, weights)
    labels = [] if y is None else _labels(y)
    if table is not None:
        broken = list(_missing(table))
        yield from broken
        if not broken and len(table.rows) >= ENOUGH:
            yield from _features(table)
    yield from _targets(labels, root, outputs, biases)


# Reading


def _listed(x: Any) -> Any:
    """Arrays, frames and Values as lists and numbers."""
    if hasattr(x, "to_numpy"):
        x = x.to_numpy()
    if hasattr(x, "tolist"):
        return x.tolist()
    return x.data if isinstance(x, Value) else x


def _numbers(x: Any) -> list[float] | None:
    """All numbers of one sample, a picture row by row; None if something else is in it."""
    x = _listed(x)
    if isinstance(x, (int, float)):
        return [float(x)]
    if not isinstance(x, (list, tuple)):
        return None
    if {*map(type, x)} == {float}:
        return list(x)
    parts = [_numbers(v) for v in x]
    return None if any(p is None for p in parts) else list(chain.from_iterable(filter(None, parts)))


def _table(X: Any, names: list[str], *opens: Any) -> Features | None:
    """Samples as rows of one length; None for words, whole numbers that stand for something, and sequences."""
    names = [str(c) for c in X.columns] if hasattr(X, "columns") else names
    X = _listed(X)
    if not isinstance(X, (list, tuple)) or not X:
        return None
    first = _listed(X[0])
    flat = not (isinstance(first, (list, tuple)) and first and isinstance(_listed(first[0]), (list, tuple)))
    rows = [_numbers(x) for x in X]
    width = len(rows[0] or ())
    if not width or any(r is None or len(r) != width for r in rows):
        return None
    table = [r for r in rows if r is not None]
    if not isinstance(first, (list, tuple)) and all(v[0].is_integer() for v in table):
        return None  # indices of words, or of rows of a table
    return Features(table, names if len(names) == width else [str(i) for i in range(width)], flat, *opens)


def _labels(y: Any) -> list[Any]:
    """Targets: one each, and a list of shares, one of which is 1, as its place."""
    found = []
    for t in _listed(y) if hasattr(_listed(y), "__iter__") else []:
        t = _listed(t)
        if isinstance(t, (list, tuple)):
            t = [_listed(v) for v in t]
            if len(t) == 1:
                [t] = t
            elif t.count(1) == 1 and t.count(0) == len(t) - 1:
                t = t.index(1)
            else:
                return []
        if not isinstance(t, (int, float, str, type(None))):
            return []
        found.append(t)
    return found


# Features


def _missing(t: Features) -> Findings:
    bad = [i for i, row in enumerate(t.rows) if not math.isfinite(sum(row))]
    cells = [(i, j) for i in bad for j, v in enumerate(t.rows[i]) if not math.isfinite(v)]
    if cells:
        columns = list(dict.fromkeys(t.names[j] for _, j in cells))
        i, j = cells[0]
        yield Finding(
            "missing numbers",
            BROKEN,
            f"{plural(len(cells), 'cell')} in {plural(len({i for i, _ in cells}), 'row')}, of columns {few(columns)}",
            f"the first is {brief(t.rows[i][j])}, in row {i}, column {t.names[j]} (rows are counted from 0)",
            "nan times a weight is nan, and so are the loss and every gradient: one cell is enough, and one step makes "
            "every weight that it reaches nan for ever",
            "leave these rows out, or put the mean of the column there, which stands for nothing unusual; "
            "tinygrad-edu train does either: --missing drop, --missing mean",
            t.root,
            t.root,
            {"cells": len(cells), "row": i, "column": j},
            tuple(columns[:20]),
        )


def _column(c: Sequence[float]) -> Feature:
    n, full, mean = len(c), len(c) - c.count(0.0), fmean(c)
    spread = math.hypot(*[v - mean for v in c]) / math.sqrt(n)
    return Feature(mean, math.hypot(*c) / math.sqrt(full) if full else 0.0, spread, 1 - full / n)


def _features(t: Features) -> Findings:
    columns, told, varied = t.columns, t.told, t.varied
    still = sorted({*range(len(told))} - {*varied})
    yield from _scales(t)
    empty = max([columns[j][0] for j in still], key=[columns[j][0] for j in still].count, default=0.0)
    shares = [max(told[j].zeros, columns[j].count(empty) / len(columns[j])) for j in varied]
    sparse = severity("sparse", fmean(shares) if shares else 1.0)
    if still and t.flat and not sparse:  # else the corners of pictures, or words that do not occur
        yield t.finding(
            "constant feature",
            LOOK,
            t.all(still),
            f"column {t.names[still[0]]} is {brief(columns[still[0]][0])} in each of {plural(len(t.rows), 'sample')}",
            "the gradient of a weight is its input × what comes from above: this one is a multiple of the bias's, so "
            "that both learn one and the same thing; of a column of zeros it is 0",
            "leave the column out: what is the same everywhere tells no sample from another",
            still[0],
            {"columns": len(still), "of": len(told)},
            still,
        )
    if t.flat and not sparse:
        yield from _alike(t)


def _scales(t: Features) -> Findings:
    told, varied = t.told, t.varied
    if not varied:
        return
    sizes = {j: told[j].size for j in varied}
    top, low = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
    ratio = sizes[top] / sizes[low]
    large = [j for j in varied if severity("unscaled", sizes[j])]
    how = severity("unscaled", sizes[top])
    if t.flat and (apart := severity("scales apart", ratio)):
        how = BROKEN if BROKEN in (how, apart) else LOOK
        large = large or [top]
    if how:
        c = told[top]
        yield t.finding(
            "unscaled features",
            how,
            t.all(large) if t.flat else f"all {len(told):,} numbers of a sample",
            f"column {t.names[top]} has the mean {brief(c.mean)} and the size {brief(c.size)} (root mean square)"
            + (f"; column {t.names[low]} has the size {brief(sizes[low])}" if len(varied) > 1 and t.flat else ""),
            "the gradient of a weight is its input × what comes from above, and a step of it changes the sum by input² "
            f"× rate × that: {brief(sizes[top] ** 2)} times as much as of an input of 1"
            + (
                f". The columns learn at rates that differ by {brief(ratio)}² = {brief(ratio**2)}, and the rate that "
                "suits one is too large or too small for another"
                if t.flat and ratio > 3
                else ""
            ),
            "mean 0 and variance 1 for each column, with mean and variance of the training samples: "
            "data.Standardizer.of(X)(X); of pixels, a division by the largest",
            top,
            {"size": c.size, "mean": c.mean, "ratio": ratio},
            large,
        )
    elif how := severity("tiny", sizes[top]):
        yield t.finding(
            "tiny features",
            how,
            f"all {plural(len(varied), 'column')} that vary",
            f"the largest, column {t.names[top]}, has the size {brief(sizes[top])} (root mean square)",
            "the gradient of a weight is its input × what comes from above, and a step of it changes the sum by input² "
            f"× rate × that: {brief(sizes[top] ** 2)} times as much as of an input of 1. The network hardly sees them",
            "were they scaled twice, as pixels divided by 255 that lay between 0 and 1 already? Mean 0 and variance 1: "
            "data.Standardizer.of(X)(X)",
            top,
            {"size": sizes[top]},
            varied,
        )


def _alike(t: Features) -> Findings:
    """Columns that are equal up to scale and shift, found by one projection each: equal ones have equal projections."""
    columns, told, rows = t.columns, t.told, len(t.columns[0])
    probe = [math.sin(1.0 + 12.9898 * i * (1 + i % 7)) for i in range(rows)]
    middle = math.fsum(probe) / rows
    probe = [p - middle for p in probe]
    norm = math.hypot(*probe)
    seen = sorted((abs(sum(map(mul, columns[j], probe))) / norm / told[j].spread, j) for j in t.varied)
    pairs = []
    for k, (at, j) in enumerate(seen):
        for near, i in seen[k + 1 : k + 6]:
            if near - at > 1e-4:
                break
            if 1 - abs(_correlation(columns[i], columns[j], told[i], told[j])) < LIMITS["correlated"].look:
                pairs.append((min(i, j), max(i, j)))
    if not pairs or rows < 2 * ENOUGH:
        return
    i, j = min(pairs)
    copies = sorted({j for _, j in pairs})
    yield t.finding(
        "duplicate features",
        LOOK,
        t.all(copies),
        f"columns {t.names[i]} and {t.names[j]} are the same numbers"
        + ("" if columns[i] == columns[j] else ", up to a factor and a shift")
        + f" in all {plural(len(t.rows), 'sample')}",
        "w1 · x + w2 · x = (w1 + w2) · x: the loss knows their sum alone, both get the same gradient, and the feature "
        "learns at twice the rate; what the two weights are says nothing",
        "leave one of the two out",
        j,
        {"columns": len(copies), "of": len(told)},
        copies,
    )


def _correlation(xs: Sequence[float], ys: Sequence[float], a: Feature, b: Feature) -> float:
    return math.fsum((x - a.mean) * (y - b.mean) for x, y in zip(xs, ys)) / len(xs) / a.spread / b.spread


# Targets


def _targets(labels: list[Any], root: Value, outputs: int, biases: Sequence[Value]) -> Findings:
    numbers = [float(t) for t in labels if isinstance(t, (int, float))]
    bad = [i for i, t in enumerate(labels) if isinstance(t, float) and not math.isfinite(t) or t is None]
    if bad:
        yield Finding(
            "missing numbers",
            BROKEN,
            plural(len(bad), "target"),
            f"the first is {labels[bad[0]]}, of sample {bad[0]} (counted from 0)",
            "the loss of a sample without a target is nan, and so is every gradient of the batch that it is in",
            "leave these samples out: there is nothing to learn from them",
            root,
            root,
            {"targets": len(bad), "row": bad[0]},
        )
        return
    kinds = len(counts := Counter(labels))
    if kinds == 1 and len(labels) >= ENOUGH:
        yield Finding(
            "labels are constant",
            BROKEN,
            f"all {plural(len(labels), 'target')}",
            f"each is {labels[0]}",
            "a bias alone can say the same of every sample: the gradients of all other weights go to 0, and nothing "
            "is learned of the inputs",
            "is it the right column? Were the samples sorted by class before they were divided?",
            root,
            root,
            {"samples": len(labels)},
        )
        return
    whole = len(numbers) == len(labels) and all(t.is_integer() for t in numbers)
    if outputs > 1 and whole and (wrong := [t for t in numbers if not 0 <= t < outputs]):
        yield Finding(
            "labels do not fit the outputs",
            BROKEN,
            f"{len(wrong):,} of {plural(len(labels), 'target')}",
            f"classes from {min(numbers):g} to {max(numbers):g}, for {outputs} outputs, which are 0 to {outputs - 1}",
            "the class says which output should be large: there is none of that number, and in Python a negative one "
            "counts from the end without an error",
            "classes counted from 0: subtract 1" if min(numbers) == 1 and max(numbers) == outputs
            else f"as many outputs as there are classes, numbered 0 to {kinds - 1}",
            root,
            root,
            {"wrong": len(wrong), "outputs": outputs},
        )  # fmt: skip
    classes = kinds <= min(MANY, len(labels) / 2) and (whole or not numbers)
    if classes and len(labels) >= 2 * ENOUGH:
        yield from _unbalanced(counts, len(labels), root, biases)


def _unbalanced(counts: Counter[Any], n: int, root: Value, biases: Sequence[Value]) -> Findings:
    [(most, k)] = counts.most_common(1)
    p = k / n
    if not (how := severity("unbalanced", p)):
        return
    ordered = sorted(counts, key=str)
    begin = [math.log(counts[c] / n) for c in ordered]
    if len(ordered) == 2:
        odds = begin[1] - begin[0]
        start = f"ln(p / (1 - p)) = {brief(odds)} for class {ordered[1]}, if there is one output"
    else:
        start = ", ".join(f"{brief(b)} for class {c}" for c, b in list(zip(ordered, begin))[:4])
    now = f"; it is {brief(biases[0].data)} now" if len(biases) == 1 else ""
    yield Finding(
        "unbalanced labels",
        how,
        f"class {most}: {k:,} of {plural(n, 'target')}",
        f"{p:.1%} are of one class: who always says {most} is right as often",
        f"with biases of 0 the first steps do nothing but learn these shares: d(loss)/d(bias) is the mean of p - y, "
        f"{brief(abs(0.5 - p))} in size for two classes, and it drowns what the few of the other classes say",
        f"the last bias to begin with at the logarithm of the odds: {start}{now}; "
        "losses.cross_entropy(..., weight=...) "
        "counts rare classes more; judge by F1 or AUC, not by accuracy",
        root,
        biases[0] if len(biases) == 1 else root,
        {"share": p, "classes": len(counts)},
    )
