"""Gradients on their way: through many layers, through many steps, and past a clip that holds them up."""

from __future__ import annotations

import math

from .. import ops
from ..engine import Value
from ..words import brief, elided, plural
from .evidence import LINEAR, MOST, Cell, Evidence, Use, rate, rms
from .findings import Findings
from .limits import LIMITS, severity


def _recurrent(cell: Cell) -> bool:
    """Whether the same weights read what they themselves have given."""
    return len({u.level for u in cell.uses}) > 1


def _by_level(e: Evidence, cells: list[Cell]) -> tuple[list[list[Use]], list[float]]:
    """Uses by how many units lie before them, the first ones first, with the sizes of their gradients; without those
    that no gradient reaches at all.
    """
    found: dict[int, list[Use]] = {}
    for u in [u for cell in cells for u in cell.uses]:
        found.setdefault(u.level, []).append(u)
    levels = [found[level] for level in sorted(found)]
    sizes = [rms(e.totals[u.z] for u in us) for us in levels]
    kept = [k for k, size in enumerate(sizes) if 0 < size < math.inf]
    return [levels[k] for k in kept], [sizes[k] for k in kept]


def _shrinks(sizes: list[float]) -> tuple[float, float]:
    """What multiplies a gradient on one step back, fitted, and on the whole way, measured or fitted: the milder."""
    step = rate(sizes[::-1])
    return step, min(sizes[0] / sizes[-1], step ** (len(sizes) - 1), key=lambda x: abs(math.log(x)))


def across_depth(e: Evidence) -> Findings:
    """A gradient that shrinks or grows by the same factor from layer to layer, the last first."""
    levels, sizes = _by_level(e, [c for c in e.cells if not _recurrent(c)])
    few = len(levels) < LIMITS["fewest layers"].look
    if len(levels) < 2:
        return
    step, whole = _shrinks(sizes)
    vanishing = whole < 1
    name = "vanishing" if vanishing else "exploding"
    how = severity(f"{name} in few layers" if few and vanishing else name, whole)
    if not how or (few and not vanishing):
        return
    at = {u: c for c in e.cells for u in c.uses}
    use = max(levels[0], key=lambda u: abs(e.totals[u.z]))
    yield e.finding(
        "vanishing gradient" if vanishing else "exploding gradient",
        how,
        f"over {len(levels)} layers, from {at[levels[-1][0]].layer} back to {at[levels[0][0]].layer}",
        f"going back, what reaches a layer is {brief(step)} times what reached the one above it (fitted), and at the "
        f"first {brief(sizes[0] / sizes[-1])} times what reaches the last: {_sizes(sizes)}",
        _per_layer(e, "layer", levels) + f". {brief(step)}^{len(levels) - 1} is {brief(step ** (len(levels) - 1))}",
        _advice(vanishing, [c for c in e.cells if c.shape.kind == "squashes"]),
        use.z,
        {"rate": step, "whole": whole, "layers": len(levels)},
        dict.fromkeys(at[us[0]].layer for us in levels),
    )


def _sizes(sizes: list[float]) -> str:
    return " ← ".join(elided(sizes, 8, brief))


def _per_layer(e: Evidence, what: str, levels: list[list[Use]]) -> str:
    """What one layer, or step, does to a gradient: its slopes times its weights."""
    uses = [u for us in levels for u in us]
    slope = rms(u.slope for u in uses if u.out is not u.z)
    weights = rms(e.value(w) for u in uses for w, _ in u.inputs)
    told = (
        f"a gradient that goes back through a {what} is multiplied by the slope of the activation, here of size "
        f"{brief(slope)}"
    )
    if weights:
        told += f", and by a weight, of size {brief(weights)}, and added up over the units that read it"
    return told + "".join([f", and by {e.called(w)} = {brief(e.value(w))}" for w in _factors(e, uses)])


def _factors(e: Evidence, uses: list[Use]) -> list[Value]:
    """What multiplies the output of a unit without a label on its way into the next: the first of them."""
    outs, found = {u.out for u in uses}, dict[Value, None]()
    for u in uses[:3]:
        stack, seen = [] if u.inputs else [u.z], 0
        while stack and (seen := seen + 1) < MOST:
            n = stack.pop()
            if n.op is ops.mul and not outs.isdisjoint(n.parents):
                found.update(dict.fromkeys(p for p in n.parents if not p.parents))
            elif n.op in LINEAR and n not in outs:
                stack += n.parents
    return list(found)[:2]


def _advice(vanishing: bool, squashing: list[Cell]) -> str:
    other = ""
    if vanishing and squashing and rms(u.slope for c in squashing for u in c.uses) < 0.5:  # else it is the weights
        bend, largest = squashing[0].uses[0].bend, squashing[0].shape.largest
        other = "relu in place of a squashing function, "
        if bend is not None and largest < 0.5:
            other = (
                f'activation="tanh", whose slope reaches 1, or "relu", in place of {bend.op.name}, whose slope is '
                f"{brief(largest)} at most, "
            )
    last = "sums that go around layers, x + f(x)" if vanishing else "a bound on the norm of the gradient"
    begin = 'init="xavier", or "he" for relu, which keep the product of slopes and weights near 1'
    return f"{other}{'and then ' if other else ''}{begin}. If that is not enough: LayerNorm; {last}"


def across_time(e: Evidence) -> Findings:
    """The same, for weights that are used again and again on their own output."""
    for layer, cells in e.layers.items():
        cells = [c for c in cells if _recurrent(c)]
        levels, sizes = _by_level(e, cells)
        if len(levels) < LIMITS["fewest steps"].look:
            continue
        step, whole = _shrinks(sizes)
        vanishing, exploding = severity("vanishing in time", whole), severity("exploding in time", whole)
        if not (vanishing or exploding):
            continue
        use = max(levels[0], key=lambda u: abs(e.totals[u.z]))
        yield e.finding(
            "gradient vanishes in time" if vanishing else "gradient explodes in time",
            vanishing or exploding,
            f"{layer}, over {len(levels)} steps",
            f"one step back multiplies the gradient by {brief(step)} (fitted), all of them by {brief(whole)}: "
            f"{_sizes(sizes)}",
            f"every step back goes through the same weights: {brief(step)}^{len(levels) - 1} = "
            f"{brief(step ** (len(levels) - 1))}; {_per_layer(e, 'step', levels)}",
            "one of these: recurrent weights near the identity (a single one near 1); an LSTM or a GRU, whose state is "
            "added to and not multiplied; fewer steps"
            + ". In a training also optim.clip_by_norm(parameters, 1.0) between backward() and step(): it bounds what "
            "a step does, though not this gradient" * (not vanishing),
            use.z,
            {"rate": step, "whole": whole, "steps": len(levels)},
            [layer],
        )


def _replaces(n: Value) -> bool:
    """Whether a node may put another number in the place of its input."""
    return n.op in (ops.maximum, ops.minimum, ops.where) or n.op.recipe[:1] == (ops.clip,)


def _held_up(e: Evidence, n: Value) -> int | None:
    """Which input gets nothing from a node, because another, or a bound, has taken its place; only towards the loss.

    That a bound is passed is no fault in itself: but here the loss wants the input back inside, and cannot say so.
    """
    inputs = [i for i, p in enumerate(n.parents) if p in e.alive and not float(e.totals[p])]
    if n in e.alive or not inputs:
        return None
    [i, *_] = inputs
    if n.op is ops.where and not _asks(n.parents[0], n.parents[i]):
        return None  # a mask, which is no bound
    inside, wanted = e.value(n) - e.value(n.parents[i]), -float(e.totals[n])
    return i if inside * wanted > 0 else None


def _asks(condition: Value, x: Value) -> bool:
    """Whether a condition was computed from the number that it lets through, or from what that was computed from."""
    meant, seen, stack = {x, *x.parents}, {condition}, [condition]
    while stack and len(seen) < MOST:
        fresh = [p for p in stack.pop().parents if p not in seen]
        seen.update(fresh)
        stack += fresh
    return not meant.isdisjoint(seen)


def blocked(e: Evidence) -> Findings:
    """Errors that a clip, a maximum, a minimum or a where keeps from the parameters."""
    sites = [n for n in e.order if _replaces(n) and n not in e.feeding and n in e.learning]
    held: dict[str, list[tuple[Value, int]]] = {}
    for n in sites:
        if (i := _held_up(e, n)) is not None:
            held.setdefault(n.op.name, []).append((n, i))
    for name, nodes in held.items():
        of = sum(n.op.name == name for n in sites)
        if not (how := severity("blocked", len(nodes) / of)):
            continue
        n, i = max(nodes, key=lambda found: abs(e.value(found[0].parents[found[1]])))
        x = n.parents[i]
        yield e.finding(
            "blocked gradient",
            how,
            f"{name}, between the outputs and the loss: {len(nodes)} of {plural(of, 'place')}, such as {e.called(n)}",
            f"there {e.names[x]} = {brief(e.value(x))} has become {brief(e.value(n))}; the loss pulls at it with "
            f"{brief(e.totals[n])}, and 0 of that arrives",
            f"the local gradient of {name} is 0 where it has put another number in the place of its input: 0 × "
            f"{brief(e.totals[n])} = 0. "
            + (
                "So just the samples whose error is largest teach nothing"
                if len(nodes) < of
                else "So it is at all of them: nothing is learned"
            ),
            "losses.huber: its slope is the clipped error, so that a large error pulls with limited force; or clip "
            "the gradient and not the error, with optim.clip_by_norm",
            n,
            {"share": len(nodes) / of, "nodes": len(nodes), "of": of},
            [n for n, _ in nodes],
        )
