"""Which nodes make up a neuron: read from the labels of the weights, and from nothing else.

    >>> from tinygrad_edu import Value, ops
    >>> w = [Value(1.0, label="net.0.w[0]"), Value(2.0, label="net.0.w[1]")]
    >>> h = ops.dot(*w, Value(3.0), Value(4.0), Value(5.0, label="net.0.b")).relu()
    >>> [unit] = group(h).units
    >>> unit.name, [w.label for w, _ in unit.inputs], unit.bias.label, unit.out is h
    ('net.0', ['net.0.w[0]', 'net.0.w[1]'], 'net.0.b', True)

A unit begins where weights of one module multiply something else, in one `dot` or one multiply at a time, and goes on
as far as nothing else has a say: through its bias and its activation.  What is computed from several units, and read
by others, is a box; what no unit reads is the loss.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from .. import chance, ops
from ..engine import Value, topological
from ..names import one_line
from ..ops import Op

PATH = re.compile(r"([^\W\d][\w -]*(?:\.[\w -]+)*)\.[^\W\d]\w*(?:\[[^\[\]]*\])*")


@dataclass(eq=False)
class Unit:
    """A sum of weighted inputs, plus a bias, and what bends it."""

    name: str
    inputs: list[tuple[Value, Value]]  # (weight, what it multiplies)
    z: Value  # the sum
    bias: Value | None = None
    fused: bool = False  # one `dot`: complete but for a bias
    nodes: list[Value] = field(default_factory=list)  # all that it computes
    out: Value = field(init=False)  # the one that others read
    level: int = 0  # 1 if it reads inputs only, 2 if it reads units of level 1, ...

    def __post_init__(self) -> None:
        self.out, self.weights = self.z, {w for w, _ in self.inputs}


@dataclass(eq=False)
class Box:
    """Operations on what several units computed, which other units read: drawn as one."""

    nodes: list[Value]
    level: int


@dataclass(eq=False)
class Groups:
    """Every computed node of a graph is in one unit, in one box, or in the loss."""

    units: list[Unit]
    boxes: list[Box]
    loss: list[Value]
    owner: dict[Value, Unit | Box]


def module_of(n: Value) -> str:
    """The module that a leaf's label names, '' if it names none.

    >>> labels = ("my mlp.layers.0.neurons.3.w[1]", "line-1.b", "conv.w[0][1]", "w1", "3.5")
    >>> [module_of(Value(0.0, label=label)) for label in labels]
    ['my mlp.layers.0.neurons.3', 'line-1', 'conv', '', '']
    """
    return _module(n.label) if not n.parents and n.label else ""


@functools.lru_cache(maxsize=1 << 16)
def _module(label: str) -> str:
    """The same of a label, which a weight is asked for again for every sample."""
    found = PATH.fullmatch(one_line(str(label)))
    return found[1] if found else ""


def group(root: Value, order: Sequence[Value] | None = None) -> Groups:
    """The units of a graph, or of those nodes of it that are in `order`, parents before children."""
    order = topological(root) if order is None else order
    read = Counter(p for n in order for p in n.parents)
    sums, levels = _sums(order, read)
    units = list(dict.fromkeys(sums.values()))
    inputs = {x for u in units for _, x in u.inputs}
    feeding = set(inputs)  # what some unit reads, sooner or later
    for n in reversed(order):
        if n in feeding:
            feeding.update(n.parents)

    unary = {n.parents[0]: n.op for n in order if len(n.parents) == 1}
    bent: dict[tuple[Value, ...], set[Op | None]] = defaultdict(set)
    for u in units:  # an activation is the same at every use: softplus(z) here and z there is the loss at work
        bent[neuron_of(u)].add(unary.get(u.z))

    owner: dict[Value, Unit | Box] = dict(sums)
    outside: set[Value] = {root}  # what is read by others than the unit that computes it
    rest: list[Value] = []
    for n in order:
        if n.parents and n not in owner:
            theirs = {owner.get(p) for p in n.parents if p.parents or p.label or p in inputs}  # constants have no say
            alone = theirs.pop() if len(theirs) == 1 else None
            bends = (
                isinstance(alone, Unit)
                and n.parents[0] is alone.z
                and read[alone.z] == len(n.op.domain) == 1
                and not n.op.symbol
                and len(bent[neuron_of(alone)]) == 1
            )
            if isinstance(alone, Unit) and (n in feeding or bends):
                owner[n] = alone
                alone.nodes.append(n)
            else:
                rest.append(n)
        outside.update(p for p in n.parents if owner.get(p) is not owner.get(n))
    for n in order:
        if n in outside and isinstance(unit := owner.get(n), Unit):
            unit.out = n
    boxes = _boxes([n for n in rest if n in feeding], levels, owner)
    return Groups(units, boxes, [n for n in rest if n not in feeding], owner)


def input_labels(groups: Groups) -> dict[Value, str]:
    """x0, x1, ... for the inputs without a label, after the weights that they are multiplied by first."""
    names: dict[Value, str] = {}
    for u in groups.units:
        for i, (_, x) in enumerate(u.inputs):
            if not x.parents and not x.label and x not in names:
                names[x] = f"x{i}"
    return names


def neuron_of(u: Unit) -> tuple[Value, ...]:
    """What makes two units the same neuron: the same weights."""
    return tuple([w for w, _ in u.inputs])


def slope_of(u: Unit) -> float:
    """d(out) / d(z) of a unit: 0 behind a closed relu; of a unit that chooses at random, up to its choice."""
    slopes = {u.z: 1.0}
    for n in u.nodes[u.nodes.index(u.z) + 1 :]:
        if chance.stops(n):  # a score finds its way past it
            return sum([slopes[p] for p in n.parents if p in slopes])
        slopes[n] = sum(d * slopes[p] for p, d in zip(n.parents, n.local_grads()) if p in slopes)
    return slopes[u.out]


def samples_of(groups: Groups) -> int:
    """How many samples a network is at work on: more than 1 if the graph is the same network side by side.

    Then every unit is at work equally often, never on its own output, and always reads the same units and the same
    inputs, of which each sample has its own.
    A convolution or a recurrent network does not pass: it is told use by use.
    """
    same: dict[tuple[Value, ...], list[Unit]] = defaultdict(list)
    for u in groups.units:
        same[neuron_of(u)].append(u)
    sizes = {len(us) for us in same.values()}
    n = sizes.pop()
    if sizes or n == 1 or groups.boxes or any(len({u.level for u in us}) > 1 for us in same.values()):
        return 1
    which: dict[object, int | None] = {u: i for i, us in enumerate(same.values()) for u in us}
    uses: dict[Value, list[Value]] = defaultdict(list)
    for us in same.values():
        for pairs in zip(*[u.inputs for u in us]):
            if len({which.get(groups.owner.get(x)) for _, x in pairs}) > 1:
                return 1
            for w, x in pairs:
                uses[x].append(w)
    leaves = Counter(tuple(ws) for x, ws in uses.items() if x not in groups.owner)
    return n if all(c in (1, n) for c in leaves.values()) else 1


def _sums(order: Sequence[Value], read: Counter[Value]) -> tuple[dict[Value, Unit], dict[Value, int]]:
    """The unit of every node that adds up weighted inputs, and how many units lie between each node and the leaves."""
    sums: dict[Value, Unit] = {}
    levels: dict[Value, int] = {}
    squares = _squares(order)
    for n in order:
        if not n.parents:
            continue
        levels[n] = max([levels.get(p, 0) for p in n.parents])
        unit = _begun(n) if n not in squares else None
        if unit:
            levels[n] += 1
        else:
            unit = _joined(n, sums, read)
        if unit:
            sums[n] = unit
            unit.nodes.append(n)
            unit.z, unit.level = n, max(unit.level, levels[n])
    return sums, levels


def _squares(order: Sequence[Value]) -> set[Value]:
    """Products in which a leaf stands twice, c * w * w, as a penalty on large weights has them: no unit reads there."""
    found: set[Value] = set()
    for n in order:
        if n.op is ops.mul:
            for p, w in zip(n.parents, n.parents[::-1]):
                if p.op is ops.mul and not w.parents and w in p.parents:
                    found.update((n, p))
    return found


def _begun(n: Value) -> Unit | None:
    """A new unit, if a node multiplies weights of one module with something else."""
    if n.op is not ops.mul and n.op is not ops.dot:
        return None
    k = len(n.parents) // 2
    halves = n.parents[:k], n.parents[k : 2 * k]
    modules = [m if (m := module_of(half[0])) and all(module_of(p) == m for p in half[1:]) else "" for half in halves]
    if modules[0] == modules[1]:
        return None  # no weights, or weights with themselves, as in a penalty on large ones
    last = n.parents[-1] if len(n.parents) % 2 else None
    bias = module_of(last) if last is not None else ""
    if last is not None and not bias and (last.parents or last.label):
        return None
    i = modules.index(bias) if bias in modules and bias else 0 if modules[0] else 1
    if bias and bias != modules[i]:
        return None
    return Unit(modules[i], list(zip(halves[i], halves[1 - i])), n, last if bias else None, n.op is ops.dot)


def _joined(n: Value, sums: dict[Value, Unit], read: Counter[Value]) -> Unit | None:
    """The unit that goes on in a node: it adds weighted inputs of one unit, or their bias."""
    if n.op is not ops.add and n.op is not ops.sum:
        return None
    parts: list[Unit] = []
    biases: list[Value] = []
    for p in n.parents:
        if p in sums and read[p] == 1:
            parts.append(sums[p])
        elif module_of(p):
            biases.append(p)
        elif p.parents or p.label or p.data:  # a plain 0 may stand there: Python's sum() begins with it
            return None
    if not parts:
        return None
    unit, *others = parts
    biases += [u.bias for u in parts if u.bias is not None]
    if len(biases) > 1 or any(module_of(b) != unit.name for b in biases):
        return None
    for other in others:
        if unit.fused or other.fused or other.name != unit.name or not unit.weights.isdisjoint(other.weights):
            return None  # the same neuron, at work on two inputs
    for other in others:
        unit.inputs += other.inputs
        unit.weights |= other.weights
        unit.nodes += other.nodes
        unit.level = max(unit.level, other.level)
        sums.update(dict.fromkeys(other.nodes, unit))
    unit.bias = biases[0] if biases else None
    return unit


def _boxes(nodes: list[Value], levels: dict[Value, int], owner: dict[Value, Unit | Box]) -> list[Box]:
    """Neighbours in one box each; but only from one level, so that no unit reads the box that it feeds."""
    boxes: dict[Box, None] = {}
    for n in nodes:
        mine = Box([n], levels[n])
        for p in n.parents:
            other = owner.get(p)
            if isinstance(other, Box) and other is not mine and other.level == mine.level:
                small, large = sorted((mine, other), key=lambda box: len(box.nodes))
                large.nodes += small.nodes
                owner.update(dict.fromkeys(small.nodes, large))
                boxes.pop(small, None)
                mine = large
        owner[n] = mine
        boxes[mine] = None
    return list(boxes)
