"""What the loss does not reach: parameters and inputs; outputs that never change; units that stay alike."""

from __future__ import annotations

import re
from collections import defaultdict

from .. import chance, ops
from ..engine import Value
from ..explanation.network import IN_A_LIST
from ..figures.units import module_of
from ..names import named
from ..words import brief, few, plural
from .evidence import Cell, Evidence
from .findings import Findings
from .limits import BROKEN, LOOK, severity
from .rows import is_step

PLACES = re.compile(r"(\[\d+\])+$")  # of w[3][1]: which of the numbers of one parameter it is


def cut(e: Evidence) -> Findings:
    """A loss that has forgotten how it was computed."""
    if e.root.parents:
        return
    gone = e.root.op is ops.detached
    yield e.finding(
        "no gradient at all",
        BROKEN,
        f"the loss itself, {e.names[e.root]} = {brief(e.root.data)}",
        "it has no parents: "
        + (
            "it was made by detach() or under no_grad()"
            if gone
            else "it is a number and not the result of a computation"
        ),
        "the chain rule multiplies along edges, from the loss back to the parameters, and there is no edge: every "
        "gradient stays what it was",
        "compute the loss outside of no_grad() and without detach()"
        if gone
        else "give the Value that the loss function returned, before .data or float()",
        e.root,
        {},
        [],
    )


def unreached(e: Evidence) -> Findings:
    """Parameters that the loss was not computed from; of a table of vectors, only if none of its numbers was used."""
    if e.given is None or not e.root.parents:
        return
    groups: dict[str, list[Value]] = defaultdict(list)
    for i, p in enumerate(e.given):
        groups[PLACES.sub("", named(p)) or f"parameter {i}"].append(p)
    missing = {name: ps for name, ps in groups.items() if not any(p in e.totals for p in ps)}
    if not missing:
        return
    count, ends = sum(map(len, missing.values())), [n for n in e.order if n.op is ops.detached]
    used = [f"{module_of(ps[0])}." for name, ps in groups.items() if name not in missing]
    modules = dict.fromkeys(
        m if (m := module_of(ps[0])) and not any(u.startswith(f"{m}.") for u in used) else name
        for name, ps in missing.items()
    )
    layers = dict.fromkeys(found[1] if (found := IN_A_LIST.fullmatch(m)) else m for m in modules)
    why = "a gradient arrives along the edges of the graph, and no edge leads to them: their .grad stays 0 for ever"
    if ends:
        why += (
            f". The graph ends at {plural(len(ends), 'number')} made by detach() or under no_grad(), such as "
            f"{brief(ends[0].data)}: how they were computed is forgotten"
        )
        advice = (
            "take detach() or no_grad() out of the way from the parameters to the loss; if it is meant, as for a "
            "target network, give the optimizer and the doctor only what is to learn"
        )
    elif len(missing) == len(groups):
        advice = "was the model made anew, or copied, after the loss was computed?"
    else:
        advice = "does the model use this layer? Does it take .data or float() of something on the way to the loss?"
    yield e.finding(
        "parameters the loss never reaches",
        BROKEN,
        f"{plural(count, 'parameter')} of {len(e.given):,}: those of {few(list(layers))}",
        f"none of them is among the {plural(len(e.order), 'node')} that {e.names[e.root]} was computed from",
        why,
        advice,
        ends[0] if ends else e.root,
        {"parameters": count, "of": len(e.given), "detached": len(ends)},
        layers,
    )


def nothing_arrives(e: Evidence) -> Findings:
    """A loss from which every way to a parameter leads through a slope of 0, as if it counted right answers."""
    if any(e.totals.get(p) for p in e.trainable) or e.root in e.alive or e.root not in e.learning:
        return
    walls = [n for n in e.order if n not in e.alive and any(p in e.alive for p in n.parents)]
    if not walls or any(map(chance.stops, walls)) or not all(is_step(n.op) for n in walls):
        return  # flat at this point only: a loss of 0 is as good as it gets
    n = walls[-1]
    rows = few(list(dict.fromkeys(w.op.name for w in reversed(walls))))
    yield e.finding(
        "no gradient arrives",
        BROKEN,
        f"on every way from {e.names[e.root]} to a parameter, at {plural(len(walls), 'node')}: {rows}",
        f"such as {e.called(n)}, whose slopes are {few([brief(d) for d in e.slopes[n]])} here",
        "the gradient along a way is the product of its local gradients, and each way has a factor of 0",
        "a loss that changes with the outputs, by however little: what counts right answers, or rounds, cannot say in "
        "which direction to go. losses.cross_entropy, hinge or mse can",
        n,
        {"nodes": len(walls)},
        walls,
    )


def behind_chance(e: Evidence) -> Findings:
    """Parameters that the loss sees through random choices alone, and no score is there to stand in for a gradient."""
    reached = {e.root}
    for n in reversed(e.order):
        if n in reached:
            reached.update([p for p, d in zip(n.parents, e.slopes.get(n, ())) if d != 0])
    walls = [n for n in chance.unscored(e.order) if n in reached and reached.isdisjoint(n.parents)]
    before = set(walls)
    for n in reversed(e.order):
        if n in before:
            before.update(n.parents)
    lost = [p for p in e.trainable if p in before and p not in reached]
    if not lost:
        return
    n = walls[-1]
    yield e.finding(
        "chance in the way",
        LOOK,
        f"on every way from {e.names[e.root]} to {plural(len(lost), 'parameter')}, at "
        f"{plural(len(walls), 'random choice')}",
        f"such as {e.names[n]} ~ {e.names.drawn(n)}, which is {brief(e.value(n))}",
        "a sample jumps from one number to the next, so its local gradient is 0 and no gradient passes; what "
        "changes with the parameters is how probable it was, and the score, d(log p) × the cost, says that",
        "stochastic.surrogate(cost) in place of the cost; or stochastic.expected(f), which adds up all outcomes; "
        "where there is one, .rsample, which gradients pass",
        n,
        {"parameters": len(lost), "choices": len(walls)},
        walls,
    )


def _outputs(e: Evidence) -> list[Cell]:
    return [c for c in e.cells if not c.hidden and c.weights]


def constant_outputs(e: Evidence) -> Findings:
    """Outputs of a network with hidden units that are the same number for every sample, though the samples differ."""
    inputs = {tuple(e.value(x) for _, x in u.inputs) for c in e.cells for u in c.uses if u.level == 1}
    deep = [c for c in _outputs(e) if len(c.uses) > 1 and min(u.level for u in c.uses) > 1]
    # The sums, too: what a loss does to the only reader of an output may be taken for its activation.
    same = [c for c in deep if 1 in (len({e.value(u.out) for u in c.uses}), len({e.value(u.z) for u in c.uses}))]
    if not same or len(inputs) < 2 or e.samples < 2:
        return
    cell = same[0]
    weights = [e.value(w) for w in cell.weights]
    read = [e.value(x) for u in cell.uses for _, x in u.inputs]
    advice = 'initial weights that are random (init="xavier"), so that every layer has something to pass on'
    if not any(weights):
        why = f"all weights of {cell.name} are 0, and they are d(output)/d(what it reads): nothing below changes it"
    elif not any(read):
        why = "all it reads is 0, so only its bias is left: the units below are closed on every sample"
        advice = "what helps against dead units: a smaller learning rate, leaky_relu"
    else:
        why = "what it reads is the same for every sample: somewhere below, a layer forgets its inputs"
    yield e.finding(
        "output does not depend on the input",
        BROKEN,
        f"{few([c.name for c in same])}, of {plural(len(_outputs(e)), 'output')}",
        f"{brief(e.value(cell.uses[0].z))} for each of {plural(len(cell.uses), 'sample')}, whose inputs differ",
        why,
        advice,
        cell.uses[0].out,
        {"outputs": len(same), "samples": len(cell.uses)},
        [c.name for c in same],
    )


def identical(e: Evidence) -> Findings:
    """Hidden units with the same weights and the same gradients: they will stay one unit."""
    for layer, cells in e.layers.items():
        alike: dict[tuple[float, ...], list[Cell]] = defaultdict(list)
        for c in cells:
            if c.hidden and c.weights:
                ps = [*c.weights, *([] if c.bias is None else [c.bias])]
                alike[(*map(e.value, ps), *[float(e.totals[p]) for p in ps])].append(c)
        twins = [group for group in alike.values() if len(group) > 1]
        if not twins:
            continue
        most = max(twins, key=len)
        count = sum(map(len, twins))
        w = most[0].weights[0]
        yield e.finding(
            "identical units",
            BROKEN if len(most) == len(cells) else LOOK,
            f"{layer}: {count} of {plural(len(cells), 'unit')}, such as {most[0].name} and {most[1].name}",
            f"the same weights (the first is {brief(e.value(w))}), and the same gradients "
            f"({brief(e.totals[w])}), to the last bit",
            "equal units that feed equal weights get equal gradients, for the chain rule multiplies equal numbers: "
            f"after every step they are equal again, so {len(most)} units do the work of one",
            'random weights to begin with (init="xavier" or "he"); biases may be equal, weights may not',
            w,
            {"units": count, "of": len(cells)},
            [c.name for group in twins for c in group],
        )


def linear_pairs(e: Evidence) -> Findings:
    """Layers that read weighted sums without an activation in between: two that do the work of one."""
    made = {u.out: c for c in e.cells if c.weights for u in c.uses if u.out is u.z}
    pairs: dict[frozenset[Cell], tuple[Cell, list[Cell]]] = {}  # by what they read: two networks may share their names
    for c in e.cells:
        below = [made[x] for _, x in c.uses[0].inputs if x in made and made[x] is not c] if c.weights else []
        if below and severity("linear", len(below) / len(c.uses[0].inputs)):
            pairs.setdefault(frozenset(below), (below[0], []))[1].append(c)
    for read, (source, cells) in pairs.items():
        first, second = source.layer, cells[0].layer
        narrow, use = len(read), cells[0].uses[0]
        if not read.isdisjoint(cells) or narrow < min(len(source.weights), len(cells)):
            continue  # a bottleneck: fewer numbers than on either side, which one layer could not say
        if narrow > 1 and len({c.uses[0].inputs[0][1] for c in read if len(c.weights) == 1}) == narrow:
            continue  # the scale of a normalisation, one weight for each of its numbers
        if any(r.op not in (ops.dot, ops.mul) for c in read for u in c.uses for r in e.readers.get(u.out, ())):
            continue  # somebody else reads them as well: what goes around a block, x + f(x)
        yield e.finding(
            "linear after linear",
            LOOK,
            f"{second} reads {first}, with no activation in between",
            f"{plural(len(cells), 'unit')} read{'s' * (len(cells) == 1)} the weighted sums of "
            f"{plural(narrow, 'unit')} as they are: slope 1 everywhere",
            "W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2): the two layers together are one linear layer, and no "
            "line becomes a curve",
            'an activation between them, as MLP(..., activation="tanh") puts one after every layer but the last; '
            f"or leave {first} out",
            use.z,
            {"units": len(cells)},
            (second, first),
        )


def idle_inputs(e: Evidence) -> Findings:
    """Inputs that are 0 on every sample, so that the weights that read them get no gradient."""
    if found := _idle(e):
        idle, of, first = found
        if how := severity("idle inputs", len(idle) / of):
            w, x = first
            yield e.finding(
                "inputs whose weights get no gradient",
                how,
                f"{len(idle)} of {plural(of, 'input')}: {few([str(i) for i in idle])}",
                f"they are 0 on all {plural(e.samples, 'sample')}",
                f"the local gradient of a weight is its input: d(sum)/d({e.names.term(w)}) = {brief(e.value(x))}, "
                "so its gradient is 0 × upstream = 0",
                "other columns, or more samples; are the columns where the model expects them?",
                w,
                {"inputs": len(idle), "of": of},
                map(str, idle),
            )


def idle_note(e: Evidence) -> list[str]:
    """The same as a remark, where it is no finding: the corners of a picture are always empty."""
    found = _idle(e)
    if not found or severity("idle inputs", len(found[0]) / found[1]):
        return []
    idle, of, _ = found
    return [
        f"{len(idle)} of {plural(of, 'input')} {'are' if len(idle) > 1 else 'is'} 0 on every sample here "
        f"({few([str(i) for i in idle])}): "
        "the weights that read them get no gradient from these samples."
    ]


def _idle(e: Evidence) -> tuple[list[int], int, tuple[Value, Value]] | None:
    """Which inputs are always 0, of how many, and a weight that reads one; None if none is, or most of the others.

    Inputs of which one at a time is 1, as for a letter, are 0 on most samples, and all of them sooner or later 1.
    """
    if e.samples < 4:
        return None
    first = [c for c in e.cells if c.weights and all(u.level == 1 for u in c.uses)]
    of = max([len(c.weights) for c in first], default=0)
    first = [c for c in first if len(c.weights) == of]
    seen = [[e.value(u.inputs[i][1]) for u in first[0].uses] for i in range(of)]
    if len(set(zip(*seen))) < 4:
        return None  # the same few samples again and again
    idle, live = [i for i in range(of) if not any(seen[i])], [x for xs in seen if any(xs) for x in xs]
    if not idle or live.count(0.0) >= len(live) / 2:
        return None
    return idle, of, first[0].uses[0].inputs[idle[0]]
