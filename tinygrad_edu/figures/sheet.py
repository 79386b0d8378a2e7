"""The cards view: a card per Value, an edge per input, frames around neurons and layers, "… 812 more" for the rest."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from .. import chance
from ..engine import Value
from ..names import Names
from ..paths import Path
from ..words import brief
from . import cards, subgraph
from .canvas import Arrow, Face, Sheet
from .units import Groups, Unit, group, input_labels, module_of

STUBS = 24  # dotted lines out of "... more": of hundreds, across a long chain, the layout would take minutes


def fill(sheet: Sheet, root: Value, order: Sequence[Value], shown: set[Value], path: Path | None = None,
         centre: Value | None = None, clusters: bool = True,
         hidden: Set[str] = frozenset()) -> tuple[int, int]:  # fmt: skip
    """Put the cards of the nodes in `shown` into `sheet`; returns how many nodes and edges that are."""
    ids = {n: f"n{i}" for i, n in enumerate(order) if n in shown}  # a node has the same id however much is drawn
    modular = any(module_of(p) for n in ids for p in (n, *n.parents))
    groups = group(root, order) if modular else None
    frames = frames_around(groups, ids) if groups and clusters else {}
    inputs = input_labels(groups) if groups else {}
    role, largest = cards.roles(root, ids) | dict.fromkeys(inputs, "input"), largest_of(n.grad for n in ids)
    bold = set(path.nodes) if path else {centre}
    noises = {chance.noise(n) for n in ids if chance.is_choice(n)}
    place = {f: (i, f[1]) for i, f in enumerate(dict.fromkeys(f for around in frames.values() for f in around))}
    names = Names([*order])
    for n, key in ids.items():
        look = ("path" if path else "centre") if n in bold else "faded" if path else ""
        label = names.labels.get(n, "")
        inside = [f"{title}." for _, title in frames.get(n, [])[::-1] if label.startswith(f"{title}.")]
        name = label.removeprefix(inside[0]) if inside else label or inputs.get(n, "")
        form = "round" if chance.is_choice(n) else "noise" if n in noises else ""
        value = None if "value" in hidden and n.parents else n.data
        grad, tint = (None, cards.BLANK) if "grad" in hidden else (n.grad, cards.tint(n.grad, largest))
        sheet.faces[key] = Face(name, cards.operation(n), value, grad, role[n], tint, look,
                                cards.tip(n, names.full.get(n, ""), value, grad),
                                tuple([place[f] for f in frames.get(n, ())]), form)  # fmt: skip

    gap = sum(n not in ids for n in path.nodes) if path else 0
    earlier = set() if len(ids) == len(order) else subgraph.ancestors(ids, order)
    for word, several in (("more", len(earlier) - gap), ("later", len(order) - len(ids) - len(earlier)), ("gap", gap)):
        if several > 0:
            sheet.boxes[word] = f"… {several:,} more", cards.PATH if word == "gap" else cards.BORDER

    def dotted(tail: str, head: str, colour: str = cards.BORDER) -> None:
        """A line from or to what is not shown."""
        sheet.lines.append(Arrow(tail, head, "", 1.0 if colour == cards.BORDER else 2.4, colour, dash="2 4",
                                tipped=False))  # fmt: skip

    backward = any(n.grad for n in ids)  # before, the local gradient itself is what flows
    on = {(n, i) for n, i in zip(path.nodes[1:], path.slots)} if path else set()
    edges = [(p, n, i, d, d * n.grad if backward else d)
             for n in ids for i, (p, d) in enumerate(zip(n.parents, n.local_grads() if n.parents else ()))]  # fmt: skip
    widest, stubs = largest_of(flow for *_, flow in edges), set[Value]()
    scores = {n: (*chance.slopes(n), None) for n in ids if chance.stops(n)}
    for k, (p, n, i, d, flow) in enumerate(edges):
        look = "" if not path else "path" if (n, i) in on else "faded"
        if p in ids:
            called, of = (names.full.get(v) or brief(v.data) for v in (n, p))
            tip, score = f"d({called}) / d({of}) = {float(d)!r}", scores[n][i] if n in scores else None
            if score is not None:
                passes = f"the score d(log p({called})) / d({of}) = {float(score)!r} does, times the cost"
                tip = f"no gradient passes; {passes}"
            arrow = (score_line(ids[p], ids[n], f"e{k}", score, look, tip) if n in scores
                     else line(ids[p], ids[n], f"e{k}", d, flow, widest, look, tip))  # fmt: skip
            sheet.lines.append(veiled(arrow, "local" in hidden) if hidden & {"grad", "local"} else arrow)
        elif look == "path":
            dotted("gap", ids[n], cards.PATH)
        elif n not in stubs and len(earlier) > gap and len(stubs) < STUBS:
            stubs.add(n)
            dotted("more", ids[n])
    if gap and path:
        last = next(p for p, n in zip(path.nodes, path.nodes[1:]) if p in ids and n not in ids)
        dotted(ids[last], "gap", cards.PATH)
    for read in dict.fromkeys(p for n in order if n not in ids and n not in earlier for p in n.parents if p in ids):
        dotted(ids[read], "later")
    return len(ids), sum(edge[0] in ids for edge in edges)


def line(tail: str, head: str, name: str, d: float, flow: float, widest: float, look: str, tip: str) -> Arrow:
    """One edge: the local gradient `d` written on it, its width by what flows through it, dashed where nothing does."""
    if look == "faded":
        return Arrow(tail, head, colour=cards.FADED_EDGE, tip=tip, id=name)
    alarm = cards.ALARM_INK if not math.isfinite(flow) else ""
    colour, ink = (cards.PATH, cards.PATH) if look == "path" else (alarm or cards.EDGE, alarm or cards.PALE_INK)
    width = 2.4 if look == "path" else 0.8 + 2.4 * cards.strength(flow, widest)
    return Arrow(tail, head, f"×{brief(d)}", width, colour, ink, None if flow else "4 3", tip, name)


def score_line(tail: str, head: str, name: str, d: float | None, look: str, tip: str) -> Arrow:
    """An edge along which a score goes and no gradient; from the noise, not even that."""
    if look == "faded" or d is None:
        return Arrow(
            tail, head, colour=cards.FADED_EDGE if look == "faded" else cards.EDGE, dash="4 3", tip=tip, id=name
        )
    ink = cards.PATH if look == "path" else cards.SCORE
    return Arrow(tail, head, f"score {brief(d)}", 1.0, ink, ink, "7 4", tip, name)


def veiled(arrow: Arrow, unsaid: bool) -> Arrow:
    """The same edge with nothing in its look of how much flows; `unsaid`, with room for its local gradient."""
    if arrow.colour not in (cards.PATH, cards.FADED_EDGE):  # these are as wide everywhere
        arrow = replace(arrow, width=1.0, colour=cards.EDGE, ink=cards.PALE_INK)
    if unsaid:
        said = "score ____" if arrow.said.startswith("score") else "×____" if arrow.said else ""
        arrow = replace(arrow, said=said, tip=arrow.tip.partition(" = ")[0])
    return replace(arrow, dash=arrow.dash if arrow.said.startswith("score") or not arrow.said else None)


# Frames: a node stands in a list of them, the outermost first, each (what makes it one, its title).

Frame = tuple[object, str]


def frames_around(groups: Groups, shown: Iterable[Value]) -> dict[Value, list[Frame]]:
    """The frames of every shown node that labels put into a neuron: around its layer, and around the neuron."""
    neurons: dict[str, set[tuple[Value, ...]]] = defaultdict(set)
    readers: dict[Value, list[Unit]] = defaultdict(list)
    for u in groups.units:
        neurons[u.name].add(tuple(w for w, _ in u.inputs))
        for w in (*[w for w, _ in u.inputs], *([u.bias] if u.bias is not None else [])):
            readers[w].append(u)

    def around(u: Unit) -> list[Frame]:
        layer, one = layer_of(u.name), len(neurons[u.name]) == 1
        inner: Frame = (u if one else (u.name, u.level), u.name)  # neurons without a name of their own share a frame
        return [((layer, u.level), layer), inner] if layer else [inner]

    frames: dict[Value, list[Frame]] = {}
    for n in shown:
        owner, us = groups.owner.get(n), readers.get(n, [])
        if isinstance(owner, Unit):
            frames[n] = around(owner)
        elif len(us) == 1:
            frames[n] = around(us[0])
        elif (
            us and layer_of(us[0].name) and len({u.level for u in us}) == 1
        ):  # a weight of several samples: in the layer only
            frames[n] = around(us[0])[:1]
    inside = Counter(frame for n in shown for frame in frames.get(n, ()))
    kept = {
        n: [frame for frame in frames[n] if inside[frame] > 1] for n in shown if n in frames
    }  # no frame around a single card
    return {n: around for n, around in kept.items() if around}


def layer_of(name: str) -> str:
    """The layer that a neuron's name puts it in: without the neuron's number and the word before it.

    >>> [layer_of(name) for name in ("mlp.layers.0.neurons.3", "linear.neurons.0", "net.0.3", "neuron")]
    ['mlp.layers.0', 'linear', 'net.0', '']
    """
    steps = name.split(".")
    if not steps[-1].isdigit():
        return ""
    return ".".join(steps[:-1] if len(steps) < 3 or steps[-2].isdigit() else steps[:-2])


def largest_of(xs: Iterable[float]) -> float:
    """The largest finite size among numbers; 0.0 if there is none."""
    return max((abs(x) for x in xs if math.isfinite(x)), default=0.0)
