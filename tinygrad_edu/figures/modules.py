"""The module view: a circle per neuron, a line per weight, and a box for every input and for the loss.

A circle shows a unit's value on the gradient's tint, a line is as wide as its weight is large and as coloured as
the weight's gradient.  What a unit is, `units` reads from labels; here each becomes a spot in a picture.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from .. import ops, text
from ..engine import Value
from ..errors import UserError
from ..names import named
from ..words import brief, ends, plural
from . import cards
from .columns import Chart
from .dot import html_lines
from .sheet import largest_of
from .units import Box, Groups, Unit, group, input_labels, module_of, neuron_of, samples_of, slope_of

CIRCLE = {"shape": "circle", "fixedsize": "true", "width": "0.5", "style": "filled", "penwidth": "1", "fontsize": "10"}
SQUARE = {
    "shape": "box",
    "style": "filled",
    "penwidth": "1.2",
    "fontsize": "11",
    "margin": "0.12,0.06",
    "height": "0.36",
    "width": "0.5",
}
RIM, NO_GRADIENT, FADED_INK = "#7d8895", "#98a3af4d", "#98a3af"  # no gradient: faded, on white as on black
COLUMN, MOST = 16, 150  # circles of one layer, and of all of them, unless asked for more
LINES = 1000  # more lines than this are a grey surface: if some units must be left out, leave out enough
LEGEND = "width: size of the weight · blue, orange: gradient below, above zero · dashed: closed, no gradient passes"
LONGEST = 44  # letters of the loss written as a formula


@dataclass(eq=False)
class Spot:
    """One circle or box, and what it stands for: the same unit at work on several samples is one spot."""

    level: int
    nodes: list[Value] = field(default_factory=list)  # one per sample; of a box, those that others read
    units: list[Unit] = field(default_factory=list)
    box: Box | None = None

    @property
    def value(self) -> float:
        """The mean over the samples."""
        return _sum(n.data for n in self.nodes) / len(self.nodes)

    @property
    def grad(self) -> float:
        """The sum over the samples, as in the gradient of a weight."""
        return _sum(n.grad for n in self.nodes)


@dataclass(eq=False)
class Link:
    """One weight, or a grey arrow where `weight` is None."""

    tail: Spot
    head: Spot
    weight: Value | None = None
    grad: float = 0.0


def fill(
    chart: Chart, root: Value, order: Sequence[Value], most: int | None, column: int | None = None
) -> tuple[int, int, str]:
    """Fill a chart with the module view; returns the numbers of its nodes and edges, and what there is to say about it.

    At most `most` units and inputs are shown, and of each layer at most `column`.

    Raises ValueError if the labels give no modules.
    """
    groups = group(root, order)
    if not groups.units:
        raise UserError(_no_modules(order))
    samples = samples_of(groups)
    spots, lines = _spots(groups, samples > 1)
    shown = _shown(spots, lines, len(spots) if most is None else most, column)
    names = input_labels(groups)
    ids = {s: f"u{i}" for i, s in enumerate(spots)}
    lines = [line for line in lines if line.head in shown or line.tail in shown]
    drawn = [line for line in lines if line.head in shown and line.tail in shown]

    notes = []
    if hidden := len(spots) - len(shown):
        more = min(len(spots), max(1000, 2 * (most or 0)))
        notes.append(
            f"{len(shown):,} of {len(spots):,} units and inputs, those with the largest gradients of each layer; "
            f"max_nodes={more} draws {'all' if more == len(spots) else 'more'}"
        )
    if samples > 1:
        notes.append(
            f"{samples:,} samples in one picture: each number is the mean of the values, each colour "
            "the sum of the gradients"
        )
    elif len({w for u in groups.units for w, _ in u.inputs}) < sum(len(u.inputs) for u in groups.units):
        notes.append(
            "weights that are used several times have a line per use, its colour what that use adds to the gradient"
        )
    if not any(n.grad for n in order):
        notes.append("no gradients yet: backward() gives them")
    note = "; ".join(notes)

    chart.caption = [(line, False) for line in (LEGEND, *(part for note in notes for part in note.split("; ")))]
    tints, widths = (
        largest_of(s.grad for s in shown if s.units),
        largest_of(line.weight.data for line in drawn if line.weight is not None),
    )
    slopes = largest_of(line.grad for line in drawn)
    for s in spots:
        if s in shown:
            chart.node(ids[s], s.level, **_look(s, tints, samples, names))
    _rest(chart, hidden, spots, shown, lines, ids)
    for k, line in enumerate(drawn):
        chart.edge(ids[line.tail], ids[line.head], id=f"e{k}", **_stroke(line, widths, slopes))
    boxes = _loss(chart, root, groups, shown, ids, samples)
    return len(shown) + boxes, len(drawn), note


def _no_modules(order: Sequence[Value]) -> str:
    modules = sorted({m for n in order if (m := module_of(n))})
    found = (f"has parameters of {modules[0]!r}, but none that weighs an input" if modules
             else "has no weight with such a label")  # fmt: skip
    return (
        "view='modules' groups neurons by labels such as 'mlp.layers.0.neurons.3.w[1]', which every module of "
        f"tinygrad_edu.nn writes; this graph of {plural(len(order), 'node')} {found}: draw it with "
        "view='cards', or label the weights and the bias of a neuron yourself, w.label = 'neuron.w[0]', "
        "b.label = 'neuron.b'"
    )


# From units to spots.


def _spots(groups: Groups, fold: bool) -> tuple[list[Spot], list[Link]]:
    """Everything that is drawn as a circle or a box, but the loss, and the lines between."""
    spots: dict[Any, Spot] = {}
    uses: dict[Value, list[Value]] = defaultdict(list)
    for u in groups.units:
        for w, x in u.inputs:
            uses[x].append(w)
    times = Counter(w for ws in uses.values() for w in ws)

    def of(x: Value, level: int) -> Spot:
        """The spot that a number comes from."""
        owner = groups.owner.get(x)
        key: Any = (
            (neuron_of(owner) if fold else owner)
            if isinstance(owner, Unit)
            else owner or (tuple(uses[x]) if fold else x)
        )
        if key not in spots:
            spots[key] = Spot(owner.level if owner else level, box=owner if isinstance(owner, Box) else None)
        if isinstance(owner, Unit):
            x = owner.out
        if x not in seen:
            seen.add(x)
            spots[key].nodes.append(x)
            spots[key].units += [owner] if isinstance(owner, Unit) else []
        return spots[key]

    seen: set[Value] = set()
    lines: dict[Any, Link] = {}
    for u in sorted(groups.units, key=lambda u: u.level):
        for w, x in u.inputs:
            tail, head = of(x, u.level - 1), of(u.out, u.level)
            grad = w.grad if fold or times[w] == 1 else u.z.grad * x.data
            lines.setdefault((head, w) if fold else (u, w), Link(tail, head, w, grad))
    for box in sorted(groups.boxes, key=lambda box: box.level):
        for n in box.nodes:
            for p in n.parents:
                owner = groups.owner.get(p)
                if owner is not box and (owner or p in uses):
                    tail, head = of(p, box.level), spots.setdefault(box, Spot(box.level, box=box))
                    lines.setdefault((tail, head), Link(tail, head))
    return sorted(spots.values(), key=lambda s: s.level), list(lines.values())


def _shown(spots: list[Spot], lines: list[Link], most: int, column: int | None) -> set[Spot]:
    """All spots, or if they are too many as many of each level: those with the largest gradients."""
    levels: dict[int, list[Spot]] = defaultdict(list)
    for s in spots:
        levels[s.level].append(s)
    if len(spots) <= most and (column is None or max(map(len, levels.values())) <= column):
        return set(spots)
    last = sorted(levels)[-max(1, most // 3) :]  # of a very deep network the end
    for ranked in levels.values():
        ranked.sort(key=lambda s: -abs(s.grad) if s.grad == s.grad else -math.inf)
    for each in count(1):
        shown = {s for level in last for s in levels[level][:each]}
        few = len(shown) <= most and sum(line.head in shown and line.tail in shown for line in lines) <= LINES
        if few or each == 1:
            best = shown
        if not few or each == column or len(shown) == sum(len(levels[level]) for level in last):
            break
    return best


# How it looks.


def _look(s: Spot, largest: float, samples: int, names: dict[Value, str]) -> dict[str, str]:
    """The attributes of a spot."""
    x, g = s.value, s.grad
    each = f", mean of {samples:,} samples" if samples > 1 and len(s.nodes) > 1 else ""
    numbers = [f"value {x!r}{each}", f"grad {g!r}{each.replace('mean', 'sum')}"]
    ink = cards.INK if math.isfinite(x) else cards.ALARM_INK
    if s.units:
        u = s.units[0]
        bends = " · ".join([cards.operation(n) for n in u.nodes[u.nodes.index(u.z) + 1 :]]) or "linear"
        bias = [f"bias {u.bias.data!r}, grad {u.bias.grad!r}"] if u.bias is not None else []
        dead = all(u.out is not u.z and slope_of(u) == 0 for u in s.units)
        look = {**CIRCLE, "color": RIM, "fillcolor": cards.tint(g, largest), "class": "unit dead" if dead else "unit"}
        if dead:
            numbers.append("closed: no gradient passes" + (" for any sample" if each else ""))
            look |= {"style": "filled,dashed", "fillcolor": "transparent"}
            ink = FADED_INK
        return look | {
            "label": two_digits(x),
            "fontcolor": ink,
            "tooltip": html_lines("\n".join([f"{u.name}: {bends}", *numbers, *bias])),
        }
    role = "inner" if s.box else "param" if cards.is_weight(named(s.nodes[0])) else "input"
    paper, frame = cards.ROLES[role]
    name = ends(named(s.nodes[0]), cards.TIP) or names.get(s.nodes[0], "") if len(s.nodes) == 1 or not s.box else ""
    look = {
        **SQUARE,
        "fillcolor": paper,
        "color": frame,
        "fontcolor": frame if math.isfinite(x) else cards.ALARM_INK,
        "class": role,
    }
    if s.box:
        what = Counter(cards.operation(n) for n in s.box.nodes)
        name = ", ".join(list(what)[:3]) + (" …" if len(what) > 3 else "")
        numbers = [f"{plural(len(s.box.nodes), 'operation')}: "
                   + ", ".join(f"{n} {op}" for op, n in what.most_common(8)),
                   *(numbers if len(s.nodes) == 1 else [])]  # fmt: skip
        said = [name, *([two_digits(x)] if len(s.nodes) == 1 else [])]
    else:
        tail = name.removeprefix(module_of(s.nodes[0]) + ".")
        said = [f"{ends(tail, 16)} = {two_digits(x)}" if name else two_digits(x)]
    return look | {
        "label": "\\n".join(map(html_lines, said)),
        "tooltip": html_lines("\n".join([name or "input", *numbers])),
    }


def _stroke(line: Link, widest: float, largest: float) -> dict[str, str]:
    """The attributes of a line."""
    if line.weight is None:
        return {"arrowsize": "0.5", "color": cards.EDGE, "penwidth": "1"}
    w, g = line.weight, line.grad
    share = abs(w.data) / widest if widest and math.isfinite(w.data) else 1.0 if w.data else 0.0
    if not math.isfinite(g):
        colour = cards.ALARM_INK
    elif not g:
        colour = NO_GRADIENT
    else:  # from half-way to the full tint: the palest would vanish as a line
        colour = cards.shade(g, 0.35 + 0.65 * cards.strength(g, largest))
    tip = html_lines(f"{ends(named(w), cards.TIP)}\nvalue {w.data!r}\ngrad {g!r}")
    most = 3.6 if g or not largest else 1.1  # the lines that carry no gradient must not hide those that do
    return {
        "arrowhead": "none",
        "color": colour,
        "penwidth": f"{0.4 + most * share:.3f}",
        "tooltip": tip,
        "class": "weight",
    }


def _rest(
    chart: Chart, hidden: int, spots: list[Spot], shown: set[Spot], lines: list[Link], ids: dict[Spot, str]
) -> None:
    """One card per level for those that are not shown; levels that are not shown at all share one."""
    if not hidden:
        return
    first = min(s.level for s in shown)
    left = Counter(max(s.level, first - 1) for s in spots if s not in shown)
    for level, n in sorted(left.items()):
        chart.node(f"more{level}", level, label=f"… {n:,} more", tooltip=f"{n:,} more, which are not drawn",
                   fontcolor=cards.PALE_INK, shape="box", style="filled,dashed", fillcolor="transparent",
                   color=cards.BORDER, fontsize="11")  # fmt: skip
    stubs = {
        (max(line.tail.level, first - 1), line.head): None
        for line in lines
        if line.tail not in shown and line.head in shown
    }
    for level, head in stubs:
        chart.edge(f"more{level}", ids[head], style="dotted", arrowhead="none", color=cards.BORDER, penwidth="0.8")


def _loss(chart: Chart, root: Value, groups: Groups, shown: set[Spot], ids: dict[Spot, str], samples: int) -> int:
    """The box of all that comes after the last units, with an arrow from each that it reads; how many boxes that is."""
    if not groups.loss:
        return 0
    readers: dict[Spot, None] = {}
    spot_of = {n: s for s in ids for n in s.nodes}
    for n in groups.loss:
        for p in n.parents:
            owner = groups.owner.get(p)
            s = spot_of.get(owner.out if isinstance(owner, Unit) else p)
            if s and s in shown and owner:
                readers[s] = None
    paper, ink = cards.ROLES["out"]
    said = [ends(named(root), cards.LONGEST) or "loss", loss_formula(root, groups, samples), two_digits(root.data)]
    last = 1 + max(s.level for s in shown)
    look = {"fillcolor": paper, "color": ink, "fontcolor": ink, "class": "out"}
    tip = html_lines(cards.tip(root, named(root), root.data, root.grad))
    chart.node("loss", last, label="\\n".join(map(html_lines, filter(None, said))), tooltip=tip, **SQUARE | look)
    for s in readers:
        chart.edge(ids[s], "loss", color=cards.EDGE, arrowsize="0.5", penwidth="1.2")
    return 1


def loss_formula(root: Value, groups: Groups, samples: int = 1) -> str:
    """What the loss computes from the last units, `out` or `out0`, `out1`, ...:
    written out if that is short, else in words.
    """
    words = f"{cards.operation(root)}, {len(groups.loss):,} operations"
    if samples > 1 or len(groups.loss) > 24:
        return words if len(groups.loss) > 1 else cards.operation(root)
    inside = set(groups.loss)
    outs = list(dict.fromkeys(p for n in groups.loss for p in n.parents if p not in inside and p.parents))
    known: dict[Value, Any] = {p: text.name("out" if len(outs) == 1 else f"out{i}") for i, p in enumerate(outs)}
    for n in groups.loss:
        args = [known[p] if p in known else text.name(named(p)) if p.label else p.data for p in n.parents]
        parts = n.op.parts if len(n.op.domain) > 1 and n.op is not ops.logsumexp else None
        known[n] = parts(*args) if parts else n.op(*args)
        if len(text.write(known[n])) > LONGEST:
            return words
    return text.write(known[root])


def two_digits(x: float) -> str:
    """A number in two digits, which fit into a circle.

    >>> [two_digits(x) for x in (0.7213, -1.0, 12.3, 12345.0, 1e-7, -0.0, math.nan)]
    ['0.72', '-1', '12', '1.2e4', '1e-7', '0', 'nan']
    """
    x = float(f"{x:.2g}")
    return brief(x) if abs(x) < 1e3 else re.sub(r"e\+0?", "e", f"{x:.2g}")


def _sum(xs: Iterable[float]) -> float:
    total = 0.0
    for x in xs:
        total += x
    return total
