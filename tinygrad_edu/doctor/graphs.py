"""Where two graphs first differ: a leaf, an operation, or an edge of the backward pass, and what is to blame.

>>> w = Value(0.5, label="w")
>>> both = Pairing(Side((w * 2).tanh()), Side((w * 2).sigmoid()))
>>> first(both, lambda x, y: x == y).name
'v2'
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .. import ops
from ..engine import Value
from ..explanation.walk import Edge
from ..names import is_constant, named
from ..words import brief, few, plural, times
from . import moves
from .difference import Comparison, Parts, apart, gap, so_far, told_apart
from .pairing import Pairing, Side

Near = Callable[[float, float], bool]
Pairs = list[tuple[Value, Value]]
Pasts = tuple[moves.Past, moves.Past]
BY_ROUNDING = 1e-12  # relative: what another order of the same sums leaves


def alike(both: Pairing, within: str, steps: str = "", nodes: int = 0) -> Comparison:
    """What was compared, if nothing differs."""
    if both.parting:
        leaves = sum(not x.parents for x, _ in both.pairs)
        common = f"{leaves:,} lea{'f' if leaves == 1 else 'ves'} and {plural(len(both.pairs) - leaves, 'result')}"
        told = f"Alike: {steps}{common} that both have, values and gradients {within}."
        return Comparison(told, parts=[("shape", _parted(both))])
    size = plural(nodes or len(both.pairs), "node")
    return Comparison(f"Alike: {steps}{size}, every value and every gradient {within}.", parts=_rows(both))


def _rows(both: Pairing) -> Parts:
    """The first place, in graphs of one shape, where the rows are two."""
    row = both.other_row()
    return [("rows", f"{_row(both.a, row[0])} in a, {_row(both.b, row[1])} in b")] if row else []


def _parted(both: Pairing) -> str:
    """Where two graphs part, in a sentence."""
    assert both.parting
    x, y, how = both.parting
    a, b = both.a, both.b
    what = f"{_row(a, x)} in a, {_row(b, y)} in b"
    if how == "labels":
        what = f"{a.names[x]} in a, {b.names[y]} in b, the same labels in other places"
    elif how == "shared":
        what += ", which are not used in the same places"
    return (
        f"{len(a.order):,} and {plural(len(b.order), 'node')}, not of one shape; they part at {what}. So what "
        "carries the same label was compared, and the results"
    )


def _name(side: Side, n: Value) -> str:
    """A node's name; a number in a formula is called by where it stands."""
    user = next((m for m in side.order if n in m.parents), None)
    if n in side.names or user is None:
        return side.names[n]
    place = user.parents.index(n) + 1
    return f"input {place} of {side.names[user]}"


def _row(side: Side, n: Value) -> str:
    """What a node is: its formula, or that it is a number."""
    if n.parents:
        return side.called(n)
    if n.op is ops.detached:
        return f"{brief(side.value(n))}, made by detach() or under no_grad(),"
    return f"the number {brief(side.value(n))}" if is_constant(n) else f"the input {side.names[n]}"


def _equation(side: Side, n: Value, value: str) -> str:
    """A node with its formula and its value."""
    if n.parents:
        return f"{side.called(n)} = {value}"
    if n in side.names:
        return f"{side.names[n]} = {value}"
    return f"{value}, in {next(side.called(m) for m in side.order if n in m.parents)}"


def first(both: Pairing, near: Near, step: int = 0, past: Pasts | None = None, word: str = "step") -> Comparison | None:
    """The first difference of two graphs; None if there is none."""
    a, b = both.a, both.b
    values = [(x, y) for x, y in both.pairs if not near(a.value(x), b.value(y))]
    if values:
        leaves = [(x, y) for x, y in values if not (x.parents or y.parents)]
        made = [(x, y) for x, y in leaves if x in a.held and y in b.held]
        x, y = (made or leaves or values)[0]
        what, p, q = "value", a.value(x), b.value(y)
    else:
        differ = ((x, y) for x, y in reversed(both.pairs) if not near(float(a.totals[x]), float(b.totals[y])))
        if not (found := next(differ, None)):
            return _lost(both, step, word)
        (x, y), what = found, "gradient"
        p, q = float(a.totals[x]), float(b.totals[y])
    here, there = told_apart(p, q)
    if what == "value":
        parts = [("a", _equation(a, x, here)), ("b", _equation(b, y, there)), ("apart", apart(p, q))]
    else:
        parts = [(s, f"d{side.names.term(side.root)}/d{side.names.term(n)} = {g}")
                 for s, side, n, g in (("a", a, x, here), ("b", b, y, there))]  # fmt: skip
        parts.append(("apart", apart(p, q)))
    if what == "value" and made:
        parts += moves.why(both, made, step, past, word)
    else:
        parts += [("before", f"{so_far(step, word)} alike")] if step > 1 else []
        if what == "gradient":
            parts += _gradient(both, x, y, near)
        else:
            parts += _inputs(both, leaves) if leaves else _own(both, x, y, values)
    if both.parting:
        parts.append(("shape", _parted(both)))
    elif both.other_row() != (x, y):
        parts += _rows(both)
    if (a.root, b.root) != (x, y):
        loss, other = a.value(a.root), b.value(b.root)
        one, two = told_apart(loss, other)
        parts.append(("then", f"the loss is {one} in both" if loss == other else f"the loss: {one} in a, {two} in b"))
    told = gap(p, q)
    slopes = any(word == "try" and "gradcheck" in said for word, said in parts)  # which differ by more than rounding
    if told["relative"] < BY_ROUNDING and math.isfinite(told["absolute"]) and not slopes:
        advice = "compare(..., rtol=1e-12), if this is rounding, as where the same sum is added up in another order"
        parts = [part for part in parts if part[0] != "try"] + [("try", advice)]
    parts.sort(key=lambda part: part[0] == "try")
    name = _name(a, x) if _name(a, x) == _name(b, y) else f"{_name(a, x)} ({_name(b, y)} in b)"
    return Comparison(_summary(step, word, what, name), what, step, name, told, parts, ((a.root, x), (b.root, y)))


def _summary(step: int, word: str, what: str, name: str) -> str:
    return f"Not alike, first {f'at {word} {step}, ' * bool(step)}in the {what} of {name}."


def _lost(both: Pairing, step: int, word: str) -> Comparison | None:
    """A leaf that has a gradient in one graph and is no part of the other; None if there is none."""
    if not both.parting:
        return None
    for one, other, here, there in ((both.a, both.b, "a", "b"), (both.b, both.a, "b", "a")):
        known = {named(n) for n in other.order if n.label}
        lost = [n for n in one.held if n.label and one.totals[n] and named(n) not in known]
        if not lost:
            continue
        n, name, g = lost[0], one.names[lost[0]], float(one.totals[lost[0]])
        cut = next((m for m in other.order if m.op is ops.detached), None)
        why = f"{there} was not computed from {few([one.names[m] for m in lost])}, and no edge leads to a gradient"
        advice = "does it carry another label there?"
        if cut is not None:
            why += f": it reads {_row(other, cut)} where {here} goes on"
            advice = "take detach() or no_grad() out of the way"
        sides = [(here, f"d{one.names.term(one.root)}/d{one.names.term(n)} = {brief(g)}"), (there, f"has no {name}")]
        parts = [*sorted(sides), ("why", why), ("shape", _parted(both)), ("try", advice)]
        place = [(one.root, n), (other.root, other.root if cut is None else cut)]
        told = gap(*((g, 0.0) if here == "a" else (0.0, g)))
        place = place if here == "a" else place[::-1]
        return Comparison(_summary(step, word, "gradient", name), "gradient", step, name, told, parts, place)
    return None


def _inputs(both: Pairing, leaves: Pairs) -> Parts:
    """Numbers that were given, and that differ: the samples, or constants of a formula."""
    a, b = both.a, both.b
    of = [(x, y) for x, y in both.pairs if not x.parents and x not in a.held]
    told = f"{len(leaves):,} of {len(of):,} numbers that went in differ, and no parameter does"
    parts = [("of all", told * (len(of) > 1))]
    one, other = [a.value(x) for x, _ in leaves], [b.value(y) for _, y in leaves]
    if len(leaves) > 1 and sorted(one) == sorted(other):
        why = "they are the same numbers in another order: the samples, or the columns, were shuffled"
        advice = "the same seed for the order of the samples in both runs"
    elif any(x == 0 != y or y == 0 != x for x, y in zip(one, other)) and len({*one, *other}) == 2:
        why = f"each is {brief(min(one))} or {brief(max(one))}: a mask, drawn anew, as dropout does"
        advice = "the same seed for both masks, or model.eval(), which lets everything pass"
    else:
        why, advice = "", "the same data, in the same order, and the same constants in both runs"
    return [*parts, ("why", why), ("try", advice)]


def _own(both: Pairing, x: Value, y: Value, values: Pairs) -> Parts:
    """A result that differs though what it was computed from does not."""
    a, b = both.a, both.b
    if both.parting:
        before = both.known_before(x)
        told = few([f"{a.names[n]} = {brief(a.value(n))}" for n in before])
        why = f"what both know before it agrees, {told}: from there they go two ways" if before else (
            "nothing that it was computed from has a label that both know")  # fmt: skip
        advice = "label what is computed in between, in both: the comparison then says where it begins"
        return [("why", why), ("try", advice)]
    share = ("of all", f"{len(values):,} of {plural(len(both.pairs), 'node')} differ: it, and what depends on it")
    given = few([_equation(a, p, brief(a.value(p))) if p in a.names else a.names[p] for p in dict.fromkeys(x.parents)])
    rule = f"{x.op.name}, in b {y.op.name}" if x.op.name != y.op.name else f"the rule of {x.op.name}"
    if x in a.replayed or y in b.replayed:
        why, advice = f"its inputs agree, {given}: the replay itself computed another number", ""
    else:
        why = f"its inputs agree, {given}, so this operation does it by itself: {rule}"
        advice = "make the two operations one, or compare each with the formula that is meant"
    return [share, ("why", why), ("try", advice)]


def _gradient(both: Pairing, x: Value, y: Value, near: Near) -> Parts:
    """Of which of its edges a gradient comes that differs, and whether by what comes from above or by its own slope."""
    a, b = both.a, both.b
    parts = [("before", "all values agree, and all gradients nearer to the loss")]
    into, other = a.into.get(x, []), b.into.get(y, [])
    used = f"a uses it {times(len(into))}, b {times(len(other))}" if len(into) != len(other) else ""
    if used or any(both.partner.get(e.node) is not f.node for e, f in zip(into, other)):
        one, two = (sorted(e.contribution for e in edges) for edges in (into, other))
        if not used and all(math.isclose(p, q, rel_tol=BY_ROUNDING) for p, q in zip(one, two)):
            why = f"its {plural(len(into), 'contribution')} are the same: their sum was added up in another order"
            return [*parts, ("why", why)]
        why = f"{used or 'what uses it has no label that both know'}: of each use comes a contribution, and they add up"
        return [*parts, ("why", why), ("try", "label what uses it, in both: the comparison then says where it begins")]
    for e, f in zip(into, other):
        up, local = near(e.upstream, f.upstream), near(e.local, f.local)
        if not (up and local):
            where = f"from {a.called(e.node)}"
            product = f"{_sides('upstream', e.upstream, f.upstream)} × {_sides('local', e.local, f.local)}"
            told = f"{where}: {product} = {_sides('', e.contribution, f.contribution)}"
            rounded = math.isclose(e.local, f.local, rel_tol=BY_ROUNDING)
            advice = "" if rounded else "gradcheck of both: it says which of the two rules is wrong"
            return [*parts, ("edge", told), ("why", _blame(a, b, e, f, up, local)), ("try", advice)]
    return [*parts, ("why", "each contribution agrees: only their sum was added up in another order, as in a replay")]


def _sides(word: str, p: float, q: float) -> str:
    """A number that is one on both sides, or both of them."""
    one, other = told_apart(p, q)
    return f"{word} {one}".strip() if p == q else f"{word} {one} (in b {other})".strip()


def _blame(a: Side, b: Side, e: Edge, f: Edge, up: bool, local: bool) -> str:
    """Which factor of a contribution differs, and what that says."""
    if local:
        return "its local gradient is the same, what comes from above is not: it differs between here and the loss"
    mine, other = a.local(e.node, e.place), b.local(f.node, f.place)
    rule = f"the rule of {e.node.op.name} says {mine}" + f" in a, {other} in b" * (mine != other)
    if up:
        return f"what comes from above is the same, the local gradient is not: {rule}"
    return f"both factors differ; {rule}"
