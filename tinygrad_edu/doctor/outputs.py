"""What the outputs have to do with the loss: are they worse than silence, are they stuck, do they fit what judges them.

A loss need not be known by name.  The graph behind the outputs is computed once more with other numbers in their place,
0 above all: what cross-entropy makes of C logits that are 0 is ln C, what an SVM makes of them C - 1, and of any other
loss it is what it is.

>>> from tinygrad_edu import losses, nn
>>> model = nn.Linear(2, 4, seed=0)
>>> e = Evidence(losses.cross_entropy([model([1.0, -2.0]), model([0.5, 3.0])], [3, 0]))
>>> f"{imagined(e, lambda u, z: 0.0):.6f}"
'1.386294'
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

from .. import ops
from ..engine import Value, chain_rule
from ..names import is_constant
from ..sums import addends
from ..words import brief, few, plural
from .evidence import Cell, Evidence, Use, found_once, rms
from .findings import Findings
from .limits import LIMITS, LOOK, severity
from .rows import bend_of

Say = Callable[[Use, float], float]  # another number for the weighted sum of an output


@found_once
def output_units(e: Evidence) -> list[Cell]:
    """The units that no weight reads: of labelled ones those, else the weighted sums that no weight reads."""
    told = [c for c in e.cells if c.weights]
    if not told:
        return _sums(e)
    return [replace(c, uses=[_used(e, u.z) for u in c.uses]) for c in told if not c.hidden]


def _sums(e: Evidence) -> list[Cell]:
    """Weighted sums behind which there are no weights, by the weights that they read; labels are not asked."""
    parts: dict[Value, frozenset[Value]] = {}
    inner: set[Value] = set()
    given: set[Value] = set()  # what depends on numbers that are not learned; a penalty does not
    for n in e.order:
        if (n.parents and not given.isdisjoint(n.parents)) or not (n.parents or n in e.trainable):
            given.add(n)
        if n.op in (ops.mul, ops.dot) and n not in e.feeding:
            k = len(n.parents) // 2
            halves = [n.parents[:k], n.parents[k : 2 * k]]
            ws, xs = halves if e.trainable.issuperset(halves[0]) else halves[::-1]
            squares = any(w in x.parents for w, x in zip(ws, xs))
            if e.trainable.issuperset(ws) and not given.isdisjoint(xs) and not squares:
                parts[n] = frozenset(ws)
        elif n.op in (ops.add, ops.sum):
            sums = [p for p in n.parents if p in parts]
            rest = [p for p in n.parents if p not in parts and not is_constant(p)]
            weights: frozenset[Value] = frozenset().union(*[parts[p] for p in sums])
            apart = sum(len(parts[p]) for p in sums) == len(weights)  # else one unit, at work on several samples
            if sums and apart and e.trainable.issuperset(rest):
                parts[n] = weights
                inner.update(sums)
    found: dict[frozenset[Value], Cell] = {}
    for z, weights in parts.items():
        if z not in inner:
            cell = found.setdefault(weights, Cell(e.names[z], "the outputs", [], False, tuple(weights)))
            cell.uses.append(_used(e, z))
    return list(found.values())


def _used(e: Evidence, z: Value) -> Use:
    """A weighted sum with the row that bends it, if there is one: as it is, or times a plain number."""
    n, places = z, 0
    while len(readers := e.readers.get(n, [])) == 1 and places < 4:
        n = readers[0]
        places += 1
        if bend_of(n.op).kind:
            return Use(z, n, n, float(e.slopes[n][0]), 1, [])
        if n.op not in (ops.mul, ops.div) or not any(map(is_constant, n.parents)):
            break
    return Use(z, z, None, 1.0, 1, [])


# The loss of other outputs


@found_once
def _behind(e: Evidence) -> tuple[dict[Value, Use], list[Value], set[Value]]:
    """The weighted sums of the outputs, what is computed from them, and both together."""
    sums = {u.z: u for c in output_units(e) for u in c.uses}
    found, after = set(sums), list[Value]()
    for n in e.order:
        if n not in sums and not found.isdisjoint(n.parents):
            found.add(n)
            after.append(n)
    return sums, after, found


def _again(e: Evidence, say: Say) -> dict[Value, float]:
    """All that is computed from the outputs, with `say(use, sum)` for each weighted sum; nothing if some row cannot."""
    sums, after, _ = _behind(e)
    now = {z: say(u, e.value(z)) for z, u in sums.items()}
    try:
        for n in after:
            now[n] = float(n.op(*[now[p] if p in now else e.value(p) for p in n.parents]))
    except Exception:  # a node made by hand knows no other numbers
        return {}
    return now


def imagined(e: Evidence, say: Say) -> float:
    """The loss if the outputs' weighted sums were `say(use, sum)`; nan if some row cannot say."""
    return _again(e, say).get(e.root, math.nan)


def pulls_at(e: Evidence, say: Say) -> dict[Value, float]:
    """The gradients by the outputs' weighted sums if these were `say(use, sum)`."""
    sums, after, _ = _behind(e)
    now = _again(e, say)
    if e.root not in now:
        return dict.fromkeys(sums, 0.0)
    graph = {z: Value(0.0) for z in sums}  # what is behind them, for the chain rule to walk
    slopes = dict[Value, list[float]]()
    for n in after:
        ds = n.op.slopes(now[n], *[now[p] if p in now else e.value(p) for p in n.parents])
        graph[n] = Value(0.0)
        graph[n].parents = tuple([graph[p] for p in n.parents if p in graph])
        slopes[graph[n]] = [float(d) for p, d in zip(n.parents, ds) if p in graph]
    totals = chain_rule(graph[e.root], 1.0, slopes.__getitem__)
    return {z: totals.get(graph[z], 0.0) for z in sums}


@found_once
def terms(e: Evidence) -> list[tuple[float, Value]]:
    """What the loss adds up, each part with its coefficient.

    A difference is taken apart where the outputs have a say in one side alone: logsumexp(z) - z[k] is one part.
    """
    theirs = _behind(e)[2]
    return addends(e.root, lambda n: n.op is ops.sub and theirs.issuperset(n.parents))


def _apart(e: Evidence) -> float:
    """The part of the loss that the outputs have no say in, such as a penalty; nan if some part that they have a say in
    is negative: then a loss of 0 is not the best there is, and no other number a share of anything.
    """
    theirs = _behind(e)[2]
    parts = [(c * e.value(n), n in theirs) for c, n in terms(e)]
    if any(x < 0 for x, mine in parts if mine):
        return math.nan
    return math.fsum(x for x, mine in parts if not mine)


def judged(e: Evidence) -> bool:
    """Whether some part of the loss says how good outputs are: of a bare formula there is nothing to say."""
    sums, _, theirs = _behind(e)
    return any(n in theirs and n not in sums for _, n in terms(e)) and not math.isnan(_apart(e))


def share(e: Evidence) -> float:
    """The loss as a share of what it would be if the outputs said the same of every sample, penalties aside; nan if
    that cannot be said.
    """
    rest = _apart(e)
    means = {u: fmean(e.value(u.z) for u in c.uses) for c in output_units(e) for u in c.uses}
    same = min(imagined(e, lambda u, z: 0.0) - rest, imagined(e, lambda u, z: means[u]) - rest)
    return (e.root.data - rest) / same if same > 0 else math.nan


@found_once
def learned(e: Evidence) -> bool:
    """Whether the outputs have made the loss a small part of what it would be if they said the same of every sample.

    Then a unit that passes nothing on withholds nothing that is still wanted.
    """
    return share(e) < LIMITS["learned"].look


def chance(e: Evidence) -> Findings:
    """A loss far above what it would be if every output were 0.

    The initial weights of books make logits of size 1, which cost up to half of chance more than silence does, and one
    step repairs that.  What is worse is said at any step, for it is a fault at any step.
    """
    units = output_units(e)
    most = max([len(c.uses) for c in units], default=0)
    if most < LIMITS["fewest samples"].look:
        return  # of so few samples a good network may be wrong about all
    rest = _apart(e)
    now, silent = e.root.data - rest, imagined(e, lambda u, z: 0.0) - rest
    if not (0 < silent < math.inf) or not now < math.inf:
        return
    if len({e.value(u.out) for c in units for u in c.uses}) <= len(units):
        return  # they say the same of every sample, and that is the fault
    ratio, name = now / silent, "chance"
    if ratio > LIMITS[name].look and _is_distance(e):
        squares = imagined(e, lambda u, z: 100 * z) > 3 * imagined(e, lambda u, z: 50 * z)  # and not twice
        ratio, name = math.sqrt(ratio) if squares else ratio, "distance"
    if not (how := severity(name, ratio)):
        return
    knows = min(imagined(e, lambda u, z, a=a: a * z) - rest for a in (0.03, 0.1, 0.3)) < silent / 2  # type: ignore[misc]
    uses = [u for c in units for u in c.uses]
    size = rms(e.value(u.z) for u in uses)
    worst = max(uses, key=lambda u: abs(e.value(u.z)) if e.value(u.z) * e.totals[u.z] > 0 else 0.0)
    z = e.names[worst.z]
    yield e.finding(
        "outputs worse than nothing" if knows else "loss at the start far from chance",
        LOOK if knows else how,
        f"{_named(units)}: weighted sums of size {brief(size)}",
        f"the loss is {brief(now)}; if every output were 0 it would be {brief(silent)}: {brief(now / silent)} times "
        "as much"
        + (f". With {rest:.4g} more in both that the outputs have no say in" if rest else "")
        + (". They point the right way, but too far" if knows else ""),
        f"{z} = {brief(e.value(worst.z))} and d(loss)/d({z}) = {brief(e.totals[worst.z])}: the loss wants it back "
        "near 0. With softmax or sigmoid that gradient is p - y, and p is nearly 1 where y is 0: confident and wrong. "
        "The first steps are spent on taking that back",
        "smaller weights and biases in the last layer to begin with: multiply both by "
        f"{min(0.1, 1 / size):.1g}, or init with a small spread, and biases of 0; scale the "
        "inputs; if it was not so before, a smaller learning rate",
        worst.z,
        {"loss": now, "chance": silent, "ratio": now / silent, "size": size},
        [c.name for c in units[:20]],
    )


def _is_distance(e: Evidence) -> bool:
    """Whether the loss pulls back whatever is far out, on either side, as (z - t)² does and no cross-entropy."""
    sums = [(u.z, e.value(u.z)) for c in output_units(e) for u in c.uses if e.value(u.z)]
    size = rms(x for _, x in sums)
    sums = [(z, x) for z, x in sums if abs(x) > size / 100]  # 100 times one that is nearly 0 is not far out
    for far in (100.0, -100.0):
        pulls = pulls_at(e, lambda u, z, far=far: far * z)  # type: ignore[misc]
        if sum(pulls.get(z, 0.0) * far * x > 0 for z, x in sums) < 0.9 * len(sums):
            return False
    return True


def _named(units: list[Cell]) -> str:
    return few([c.name for c in units], 3)


# Stuck


def stuck(e: Evidence) -> Findings:
    """Outputs on the flat part of their activation, on the wrong side of it, which the loss pulls at in vain.

    In vain: with less than half of the gradient that it would have at 0.  A cross-entropy pulls the harder the
    more wrong an output is, for its slope 1 / p makes up for the flat one, and is not meant.
    """
    found: list[tuple[float, Cell, list[Use]]] = []
    count, pairs = 0, 0
    pulls: dict[Value, float] = {}
    for c in [c for c in output_units(e) if c.shape.kind == "squashes"]:
        pulls = pulls or pulls_at(e, lambda u, z: 0.0)
        for side in (-1, 1):  # which way the loss wants it from 0
            wanted = [u for u in c.uses if -pulls.get(u.z, 0.0) * side > 0]
            bad = [u for u in wanted if _is_stuck(e, c, u, pulls[u.z], side)]
            count, pairs = count + len(bad), pairs + len(wanted)
            if len(wanted) >= 4 and severity("stuck outputs", len(bad) / len(wanted)):
                found.append((len(bad) / len(wanted), c, bad))
    if not found or pairs < LIMITS["fewest samples"].look:
        return
    share, c, bad = max(found, key=lambda f: f[0])
    u = min(bad, key=lambda u: abs(u.slope))
    yield e.finding(
        "outputs saturated and wrong",
        severity("stuck outputs", share),
        _named(list(dict.fromkeys(cell for _, cell, _ in found))),
        f"{count} of {plural(pairs, '(output, sample) pair')} lie where the slope is below "
        f"{LIMITS['slope'].look:.0%} of the largest, on the wrong side; of {c.name} {share:.0%} of the samples that "
        f"want it {'above' if pulls[u.z] < 0 else 'below'} 0, with sums up to {brief(e.value(u.z))}",
        f"the loss pulls at the output {e.names[u.out]} = {brief(e.value(u.out))} with {brief(e.totals[u.out])}, and "
        f"the slope of the activation at {e.names[u.z]} = {brief(e.value(u.z))} is {brief(u.slope)}: what arrives is "
        f"{brief(e.totals[u.z])}; at 0 it would be {brief(pulls[u.z])}. The more wrong it is, the less it learns",
        "a loss whose slope makes up for the flat one: losses.cross_entropy or binary_cross_entropy_with_logits on the "
        "weighted sum itself; smaller weights in the last layer; targets inside the range of the activation; a smaller "
        "learning rate",
        u.out,
        {"share": share, "pairs": count, "of": pairs},
        dict.fromkeys(cell.name for _, cell, _ in found),
    )


def _is_stuck(e: Evidence, c: Cell, u: Use, at_zero: float, side: int) -> bool:
    flat = abs(u.slope) < LIMITS["slope"].look * c.shape.largest
    return flat and e.value(u.z) * side < 0 and abs(e.totals[u.z]) < abs(at_zero) / 2
