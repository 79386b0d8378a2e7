"""A network as its viewer knows it: units, matrices, and programs that compute every number of them from the weights.

>>> from tinygrad_edu import losses, nn
>>> model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
>>> found = network(model, [[1.0, -1.0]], [1.0], losses.mse, model.parameters())
>>> [layer["title"] for layer in found["layers"]], found["units"][3]["inputs"], found["units"][0]["formula"]
(['layer 0', 'layer 1'], [[1, 0], [1, 1], [1, 2]], 'tanh(z)')
>>> [(m["name"], m["rows"], m["cols"]) for m in found["matrices"]]
[('mlp.layers.0.neurons.w', 3, 2), ('mlp.layers.0.neurons.b', 3, 1), ('mlp.layers.1.neurons.w', 1, 3), \
('mlp.layers.1.neurons.b', 1, 1)]

What is computed is the engine's: the model and the loss are recorded, each for one sample, and their programs are both
passes of it, which `webpage/shared.js` runs.  A model that cannot be recorded has matrices alone, and `why` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from .. import text
from ..engine import Value, apply, chain_rule, topological
from ..figures import cards
from ..figures.units import Groups, Unit, group
from ..languages import inline
from ..modes import remembering
from ..names import named
from ..ops import REAL, Op
from ..replay.byhand import close
from ..replay.passes import alive
from ..replay.program import Program, Term, term
from ..replay.record import Record, record
from ..replay.structure import flat, restored
from ..replay.trace import Flow, Slope, local_steps, trace
from ..tracing import RecordingError
from ..usage import chance_kept, mode, subset
from ..webpage.programs import RowTable, unwritten

LARGE = 20_000  # nodes of one sample's graph: the programs of more would be most of the file
SAMPLES, NUMBERS = 200, 20_000  # samples that are shown, and how many numbers they may have together
KINDS = 40  # different targets of a loss that looks at its target: each has a program of its own
# All outputs of a model as one node, from which the chain rule begins: it is given their gradients.
TOGETHER = Op("outputs", lambda *xs: xs[0], lambda y, *xs: (1.0,) * len(xs), domain=(REAL, ...))
INPUT, UNIT, OTHER = range(3)  # where an input of a unit comes from


def network(model: Any, X: Sequence[Any], y: Sequence[Any], loss: Callable[[Any, Any], Any],
            parameters: Sequence[Value]) -> dict[str, Any]:  # fmt: skip
    """All that does not change while a model is trained, ready for JSON; nothing that can be seen of the model changes.

    `matrices`: the parameters by name, as places in the list of `parameters`; `layers`, `units`: what is drawn;
    `programs`: `forward` and `both`, given a sample, parameters and the gradients of the outputs, and `heads`, given
    outputs, target and parameters; `samples`: some of those that were given, as places in X and as numbers;
    `rows`: what the programs are made of, in JavaScript.  Where there are no programs, `why` says so.
    """
    found: dict[str, Any] = {"matrices": matrices(parameters), "parameters": len(parameters), "layers": [], "units": [],
                             "programs": None, "rows": "return [];", "samples": _samples(X, y), "why": ""}  # fmt: skip
    try:
        with chance_kept(model), mode(model, training=False), remembering():
            found |= _programs(model, X, y, loss, parameters, found["samples"])
    except Exception as error:  # whatever a model does that is not for samples of numbers
        told = f"{error}" if isinstance(error, RecordingError) else f"{type(error).__name__}: {error}"
        found["why"] = told.partition(". ")[0]  # what to do about it is for those who want a recording
    return found


def matrices(parameters: Sequence[Value]) -> list[dict[str, Any]]:
    """The parameters by the list that they stand in: rows and columns, and the place of each, row by row.

    The neurons of a layer are one list.  What has more than two dimensions is rows of its last one.
    """
    lists: dict[str, list[tuple[tuple[int, ...], int]]] = {}
    for i, p in enumerate(parameters):
        label = named(p) if p.label else ""
        plain = re.sub(r"(?<=neurons)\.(\d+)", r"[\1]", label)
        key = re.sub(r"\[\d+\]", "", plain) or "without a name"
        lists.setdefault(key, []).append((tuple(map(int, re.findall(r"\[(\d+)\]", plain))), i))
    found = []
    for name, some in lists.items():
        sizes = {len(index) for index, _ in some}
        deep = sizes.pop() if len(sizes) == 1 else 0
        neurons = ".neurons" in name
        ahead = dict.fromkeys(index[:-1] if deep > 1 or not neurons else index for index, _ in some)
        rows = len(ahead) if deep > 1 or (deep == 1 and neurons) else 1
        whole = len(some) % rows == 0
        found.append({"name": name, "rows": rows if whole else 1, "cols": len(some) // rows if whole else len(some),
                      "at": _ranges([i for _, i in some])})  # fmt: skip
    return found


def _ranges(places: Sequence[int]) -> list[int]:
    """Places as starts and lengths of what stands side by side."""
    found: list[int] = []
    for i in places:
        if found and found[-2] + found[-1] == i:
            found[-1] += 1
        else:
            found += [i, 1]
    return found


def _samples(X: Sequence[Any], y: Sequence[Any]) -> dict[str, Any]:
    """Some of the samples, which are the same each time; none if they are no rows of numbers, all of one length."""
    found: dict[str, Any] = {"of": len(X), "places": [], "x": [], "y": []}
    try:
        shape, first = flat(X[0])
        places = subset(len(X), max(1, min(SAMPLES, NUMBERS // max(1, len(first)))))
        rows = [flat(X[i]) for i in places]
        targets = [flat(y[i])[1] or [y[i]] for i in places]
    except (TypeError, ValueError, OverflowError):
        return found
    if any(s != shape for s, _ in rows) or any(isinstance(x, Value) for _, row in rows for x in row):
        return found
    plain = [[t if isinstance(t, (bool, str)) else float(t) for t in target] for target in targets]
    return found | {"places": places, "x": [list(map(float, row)) for _, row in rows], "y": plain}


def _programs(model: Any, X: Sequence[Any], y: Sequence[Any], loss: Callable[[Any, Any], Any],
              parameters: Sequence[Value], samples: dict[str, Any]) -> dict[str, Any]:  # fmt: skip
    """Units, layers and programs.  Raises whatever keeps a model from having them."""
    if not samples["places"]:
        raise RecordingError("samples are not rows of numbers, all of one length")
    places = samples["places"]
    shape, leaves = flat(X[places[0]])
    place = {p: i for i, p in enumerate(parameters)}
    body = record(lambda x: model(x), leaves, lambda ls: (restored(shape, iter(ls)),))
    if body.made > LARGE:
        raise RecordingError(f"one sample's graph has {body.made:,} nodes, too many to compute in a page")
    outputs, kind = len(body.outputs), body.shape
    used = _used(body, place)
    root = apply(TOGETHER, tuple(body.outputs))
    order = topological(root)
    groups = group(root, order)
    groups.units.sort(key=lambda u: u.level)
    units, others = _units(groups, body, place)
    both = _both(body, root, order, groups, used, others, place)
    forward = _some(both, 2 * len(units) + len(others) + outputs)
    numbers = [x.data for x in body.outputs]
    heads, of = _heads(loss, kind, numbers, [y[i] for i in places], place)
    table = RowTable()
    programs = [both, forward, *[p for p, *_ in heads]]
    if why := next(filter(None, map(unwritten, programs)), ""):
        raise RecordingError(why)
    used_places = [place[p] for p in used]
    _compare(model, X, loss, y, places, forward, [parameters[i] for i in used_places], heads, of, outputs, parameters)
    return {
        "outputs": outputs,
        "units": units,
        "layers": _layers(units),
        "programs": {
            "forward": {"parameters": used_places, **table(forward)},
            "both": {"parameters": used_places, **table(both)},
            "others": len(others),
            "heads": [{"parameters": ws, "targets": n, **table(p)} for p, ws, n in heads],
            "head": of,
        },
        "rows": str(table),
    }


def _used(recorded: Record, place: dict[Value, int]) -> list[Value]:
    """The parameters of a recording.  Raises RecordingError if there is one that was computed outside."""
    late = next((p for p in recorded.originals if p.parents), None)
    if late is not None:
        raise RecordingError(f"it uses {late.label or 'a Value'} that was computed outside of it, by {late.op.name}")
    return [p for p in recorded.originals if p in place]


def _both(body: Record, root: Value, order: Sequence[Value], groups: Groups, used: Sequence[Value],
          others: Sequence[Value], place: dict[Value, int]) -> Program:  # fmt: skip
    """Both passes of the model.  Given are a sample, the parameters and the gradients of the outputs.

    Outputs are, unit by unit, the sums, what they become, then the other numbers that units read and the outputs; then
    the gradients of the sums, those of what they become, the slopes between, and the gradients of the other numbers.
    """
    program = Program()
    twin = dict(zip(body.originals, body.parameters))
    leaves = [*body.inputs, *[twin[p] for p in used]]
    given = program.given(len(leaves) + len(body.outputs))
    terms: dict[Value, Term] = dict(zip(leaves, given))
    seeds = given[len(leaves) :]
    for n in order[:-1]:
        if n not in terms:
            xs = [terms[p] for p in n.parents]
            terms[n] = term(program, xs[0].__apply__(n.op, tuple(xs)) if xs else n.data)
    slopes = {n: local_steps(n.op, terms[n], [terms[p] for p in n.parents]) for n in order[:-1] if n.parents}

    def local(n: Value) -> list[Slope]:
        return [Slope(program, d) for d in (seeds if n is root else slopes[n])]

    flows = chain_rule(root, Flow(program, [(program.constant(1.0), program.constant(1.0))]), local)

    def flow(n: Value) -> int:
        return flows[n].slot() if n in flows else program.constant(0.0)

    units = groups.units
    program.outputs = [
        *[terms[u.z].slot for u in units], *[terms[u.out].slot for u in units], *[terms[n].slot for n in others],
        *[terms[n].slot for n in body.outputs],
        *[flow(u.z) for u in units], *[flow(u.out) for u in units],
        *[_bend(program, u, slopes) for u in units], *[flow(n) for n in others],
    ]  # fmt: skip
    return alive(program)


def _bend(program: Program, unit: Unit, slopes: dict[Value, list[Any]]) -> int:
    """d(out) / d(z) of a unit, as `figures.units.slope_of` has it, as steps."""
    found: dict[Value, Any] = {unit.z: 1.0}
    for n in unit.nodes[unit.nodes.index(unit.z) + 1 :]:
        total: Any = None
        for d, p in zip(slopes[n], n.parents):
            if p in found:
                part = d if found[p] == 1.0 and not isinstance(found[p], Term) else found[p] * d
                total = part if total is None else total + part
        if total is not None:
            found[n] = total
    return term(program, found.get(unit.out, 0.0)).slot


def _some(program: Program, count: int) -> Program:
    """The first outputs alone."""
    some = Program()
    vars(some).update(vars(program), outputs=program.outputs[:count], kept=[])
    return alive(some)


def _units(groups: Groups, body: Record, place: dict[Value, int]) -> tuple[list[dict[str, Any]], list[Value]]:
    """What is said of each unit, and the numbers that units read and that are neither inputs nor units."""
    twin = {t: place.get(p, -1) for p, t in zip(body.originals, body.parameters)}
    inputs = {x: i for i, x in enumerate(body.inputs)}
    outs = {u.out: k for k, u in enumerate(groups.units)}
    others: dict[Value, int] = {}

    def source(x: Value) -> list[int]:
        if x in inputs:
            return [INPUT, inputs[x]]
        return [UNIT, outs[x]] if x in outs else [OTHER, others.setdefault(x, len(others))]

    units = []
    for u in groups.units:
        weights = [twin.get(w, -1) for w, _ in u.inputs]
        units.append({"name": u.name, "level": u.level, "inputs": [source(x) for _, x in u.inputs],
                      "weights": weights, "bias": twin.get(u.bias, -1) if u.bias is not None else -1,
                      "formula": _formula(u)})  # fmt: skip
    return units, [*others]


def _formula(u: Unit) -> str:
    """What a unit makes of its sum, as people write it: tanh(z)."""
    known: dict[Value, Any] = {u.z: text.name("z")}
    for n in u.nodes[u.nodes.index(u.z) + 1 :]:
        try:
            known[n] = inline(n.op(*[known[p] if p in known else p.data for p in n.parents]))
        except (TypeError, AttributeError, ValueError):  # a row of somebody's own, whose rule needs numbers
            known[n] = text.name(f"{cards.operation(n)}(z)")
    return text.write(known[u.out]) if u.out is not u.z else "z"


def _layers(units: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Units that stand in one column: those of one level."""
    columns: dict[int, list[int]] = {}
    for k, u in enumerate(units):
        columns.setdefault(u["level"], []).append(k)
    found = []
    for some in columns.values():
        names = [re.sub(r"\.neurons\.\d+$", "", units[k]["name"]) for k in some]
        title = cards.heading(names[0]).rpartition(" · ")[2] if len({*names}) == 1 else "several"
        found.append({"title": title, "units": some})
    return found


Head = tuple[Program, list[int], int]  # the program, the places of its parameters, and how many numbers a target has


def _heads(loss: Callable[[Any, Any], Any], shape: Any, outputs: Sequence[float], targets: Sequence[Any],
           place: dict[Value, int]) -> tuple[list[Head], list[int]]:  # fmt: skip
    """Programs that make of the outputs and a target the loss and its gradients: one if a target is an argument of it,
    as a number; else one for each target.  And which of them is each sample's.
    """

    def head(target: Any, fixed: bool) -> Head:
        of, leaves = (("is", target), []) if fixed else flat(target)
        n = len(outputs)

        def rebuild(ls: Sequence[Any]) -> tuple[Any, Any]:
            given = target if fixed else restored(of, iter(ls[n:]))
            return restored(shape, iter(ls[:n])), given

        recorded = record(loss, [*outputs, *leaves], rebuild)
        if len(recorded.outputs) != 1:
            raise TypeError("the loss of one sample is one Value")
        used = _used(recorded, place)
        recorded.sort(used)
        for p, q in zip(recorded.originals[len(used) :], recorded.parameters[len(used) :]):
            q._data = p.data
        recorded.parameters = recorded.parameters[: len(used)]
        passes = trace(recorded, recorded.inputs[:n])
        return _some(passes.program, 1 + n), [place[p] for p in used], len(leaves)

    try:
        return [_sound(head(targets[0], False), loss, shape, outputs, targets)], [0] * len(targets)
    except Exception:  # whatever a loss does with a target that is not the plain number it knows
        found: dict[Any, int] = {}
        heads: list[Head] = []
        of = []
        for target in targets:
            if not isinstance(target, Hashable):
                raise RecordingError("the loss looks at its target, which is no number or class") from None
            if target not in found:
                if len(found) == KINDS:
                    raise RecordingError(f"the loss looks at its target, and there are more than {KINDS}") from None
                found[target] = len(heads)
                heads.append(head(target, True))
            of.append(found[target])
        return heads, of


def _sound(head: Head, loss: Callable[[Any, Any], Any], shape: Any, outputs: Sequence[float],
           targets: Sequence[Any]) -> Head:  # fmt: skip
    """The same, if it is the loss for every target.  Raises ValueError if not."""
    program, places, _ = head
    if not places:
        for target in {str(t): t for t in targets}.values():
            value = loss(restored(shape, iter(map(Value, outputs))), target)
            if not close([float(value)], program(*outputs, *map(float, flat(target)[1]), 1.0)[:1]):
                raise ValueError("the loss looks at its target")
    return head


def _compare(model: Any, X: Sequence[Any], loss: Any, y: Sequence[Any], places: Sequence[int], forward: Program,
             used: Sequence[Value], heads: Sequence[Head], of: Sequence[int], outputs: int,
             parameters: Sequence[Value]) -> None:  # fmt: skip
    """Raise RecordingError unless programs give what the model and the loss give, for some samples."""
    for k in {0, len(places) // 2, len(places) - 1}:
        i = places[k]
        built = model(X[i])
        leaves = flat(X[i])[1]
        found = forward(*map(float, leaves), *[p.data for p in used], *[1.0] * outputs)[-outputs:]
        program, theirs, count = heads[of[k]]
        target = list(map(float, flat(y[i])[1])) if count else []
        total = program(*found, *target, *[parameters[p].data for p in theirs], 1.0)[0]
        if not close([*[float(v) for v in flat(built)[1]], float(loss(built, y[i]))], [*found, total]):
            raise RecordingError("recorded, the model gives another result")
