"""Units that pass nothing on: saturated ones, and those that are closed on every sample."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .. import ops
from ..engine import Value, topological
from ..figures.units import group, neuron_of, slope_of
from ..words import brief, few, plural
from .evidence import Cell, Evidence, Use, rms
from .findings import Findings
from .limits import BROKEN, LIMITS, LOOK, severity
from .outputs import learned

FEW = 8  # samples: of fewer, nothing follows for all


def inside(layer: str, cells: list[Cell]) -> str:
    """The units of a layer, by their names in it."""
    return few([c.name.removeprefix(f"{layer}.") for c in cells])


def saturated(e: Evidence) -> Findings:
    """Layers of hidden units whose squashing function is flat where they are at work."""
    for layer, cells in e.layers.items():
        cells = [c for c in cells if c.hidden and c.shape.kind == "squashes"]
        flat = {c: [u for u in c.uses if abs(u.slope) < LIMITS["slope"].look * c.shape.largest] for c in cells}
        pairs, beyond = sum(len(c.uses) for c in cells), sum(map(len, flat.values()))
        mostly = [c for c in cells if len(flat[c]) > LIMITS["saturated unit"].look * len(c.uses)]
        stuck = [c for c in cells if len(c.uses) >= FEW and all(abs(u.slope) < _nothing(c) for u in c.uses)]
        how = severity("saturated layer", beyond / pairs) if pairs else ""
        how = how or (severity("killed units", len(stuck) / len(cells)) if stuck else "")
        if not how or not mostly or learned(e):
            continue
        if pairs < LIMITS["least pairs"].look:
            how = LOOK
        unit = max(mostly, key=lambda c: len(flat[c]) / len(c.uses))
        use = min(flat[unit], key=lambda u: abs(u.slope))
        size = rms(e.value(u.z) for c in cells for u in c.uses)
        yield e.finding(
            "saturated units",
            how,
            f"{layer}: {len(mostly)} of {plural(len(cells), 'unit')}, {inside(layer, mostly)}",
            f"{beyond / pairs:.0%} of the {plural(pairs, '(unit, sample) pair')} in this layer lie where the slope is "
            f"below {LIMITS['slope'].look:.0%} of its largest, which is {brief(unit.shape.largest)}. The "
            f"weighted sums have size {brief(size)}{_spread(e, cells)}",
            f"{_through(e, use)}. Of a gradient that comes back to this unit only that share reaches its weights, and "
            "all that lies before it",
            'make the weighted sums smaller: init="xavier" (variance about 1 / inputs), inputs scaled to mean 0 and '
            "variance 1, a smaller learning rate, LayerNorm before the activation; or relu",
            use.out,
            {"share": beyond / pairs, "units": len(mostly), "of": len(cells)},
            [c.name for c in mostly],
        )


def _spread(e: Evidence, cells: list[Cell]) -> str:
    """The size of the weights of a layer beside that of a good beginning."""
    weights = [e.value(w) for c in cells for w in c.weights]
    if not weights:
        return ""
    begin = math.sqrt(len(cells) / len(weights))
    return f", the weights {brief(rms(weights))}, where a layer begins well with {brief(begin)}"


def _nothing(cell: Cell) -> float:
    """A slope below which a unit passes nothing on."""
    return LIMITS["slope"].broken * cell.shape.largest


def _through(e: Evidence, use: Use) -> str:
    """The slope of an activation in symbols and in numbers."""
    if use.bend is None:
        return f"d({e.names[use.out]})/d({e.names[use.z]}) = {brief(use.slope)}"
    n = use.bend
    return (
        f"{e.called(n)} has the local gradient {e.local(n)}, which at {e.names[use.z]} = {brief(e.value(use.z))} "
        f"is {brief(use.slope)}"
    )


def _closed(cell: Cell, slope: float) -> bool:
    """Whether a unit passes nothing on, that closes by a gate; not a squashing one, which is never quite flat."""
    if cell.shape.kind == "gates":
        return abs(slope) <= _nothing(cell)
    return cell.uses[0].bend is None and slope == 0


def dead(e: Evidence) -> Findings:
    """Layers with units that are closed on every sample: in this graph, and on all data if there are some."""
    for layer, cells in e.layers.items():
        cells, shut = _shut(cells)
        n = max([len(c.uses) for c in cells], default=0)
        told = f"on all {plural(n, 'sample')} of this graph" if n > 1 else "on the one sample of this graph"
        if shut and e.answers is not None and _closing(e, cells, shut):  # which asking makes fewer, never more
            shut, n = _still(e, shut)
            told = f"on each of {plural(n, 'sample')} of the data"
        if not shut or (n < FEW and (len(shut) < len(cells) or len(shut) < FEW / 2)):
            continue  # on so few samples a unit may well be closed
        if learned(e):
            continue
        if not (how := _closing(e, cells, shut)):
            continue
        cell = next((c for c in shut if _deep(e, c)), shut[0])
        use = max(cell.uses, key=lambda u: e.value(u.z))
        whole = len(shut) == len(cells)
        yield e.finding(
            "dead units",
            how,
            f"{layer}: {'all' if whole else len(shut)} of {plural(len(cells), 'unit')}, {inside(layer, shut)}",
            f"closed {told}; of {cell.name} the weighted sum is {brief(e.value(use.z))} at most"
            + (f", its bias {brief(e.value(cell.bias))}" if cell.bias is not None else ""),
            f"{_through(e, use)}. 0 × upstream = 0: none of its weights gets a gradient, so no step wakes it up"
            + ("; and nothing flows back through this layer to what comes before it" if whole else ""),
            "if they died in training: a smaller learning rate from the beginning, a tenth and again a tenth until "
            "they live, for a step that is too long pushes a sum so far down that no input brings it up again; if they "
            'began so: init="he" and biases of 0, or leaky_relu, whose slope is never 0',
            use.out,
            {"dead": len(shut), "of": len(cells), "samples": n},
            [c.name for c in shut],
        )


def _closing(e: Evidence, cells: list[Cell], shut: list[Cell]) -> str:
    """How bad it is that so many units of a layer are closed."""
    killed = [c for c in shut if _deep(e, c)]
    how = severity("dead units", len(shut) / len(cells))
    return how if how == BROKEN or not killed else severity("killed units", len(killed) / len(cells)) or how


def dead_note(e: Evidence) -> list[str]:
    """The same as a remark, where it is no finding: some units of a random layer are closed to begin with."""
    told = []
    for layer, cells in e.layers.items():
        cells, shut = _shut(cells)
        if shut and len(shut[0].uses) >= FEW and not severity("dead units", len(shut) / len(cells)):
            told.append(f"{len(shut)} of {len(cells)} in {layer}")
    return [f"Units that are closed on every sample here: {', '.join(told)}."] if told else []


def _shut(cells: list[Cell]) -> tuple[list[Cell], list[Cell]]:
    """The hidden units of a layer that can close, and those that are closed in all their uses."""
    cells = [c for c in cells if c.hidden and (c.shape.kind == "gates" or any(u.out is not u.z for u in c.uses))]
    return cells, [c for c in cells if all(_closed(c, u.slope) for u in c.uses)]


def _deep(e: Evidence, cell: Cell) -> bool:
    """Whether a closed unit is further from waking than its sum varies over the samples: that is no chance."""
    sums = [e.value(u.z) for u in cell.uses]
    return len(sums) >= FEW and -max(sums) > max(sums) - min(sums)


def _still(e: Evidence, cells: list[Cell]) -> tuple[list[Cell], int]:
    """Those that stay closed whatever the model is asked, and how often it was asked."""
    left, asked = {c.weights: c for c in cells if c.weights}, 0
    for answer in e.answers() if e.answers is not None else ():
        asked += 1
        for cell, slope in _at_work(answer, left):
            if not _closed(cell, slope):
                left.pop(cell.weights, None)
        if not left:
            break
    return [c for c in cells if not c.weights or c.weights in left], asked


def _at_work(answer: Value, cells: dict[tuple[Value, ...], Cell]) -> Iterator[tuple[Cell, float]]:
    """The units of a graph that are among these, each with its slope."""
    first = {weights[0]: (c, c.uses[0].bend) for weights, c in cells.items() if c.uses[0].z.op is ops.dot}
    if len(first) < len(cells) or not all(bend is not None for _, bend in first.values()):
        yield from ((cells[w], float(slope_of(u))) for u in group(answer).units if (w := neuron_of(u)) in cells)
        return
    for n in topological(answer):  # each sum is one node, which begins with a weight: units need not be looked for
        if len(n.parents) == 1 and n.parents[0].op is ops.dot:
            cell, bend = first.get(n.parents[0].parents[0], (None, None))
            if cell is not None and bend is not None and n.op is bend.op:
                yield cell, n.op.slopes(*n.numbers)[0]
