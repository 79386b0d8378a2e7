"""What goes wrong between `backward` and the next step: findings about a training itself, one step at a time.

A graph remembers the numbers that its forward pass saw, and its own gradient can be computed again; so what `.grad`
holds, and how far each parameter has moved, can be compared with what they should be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from operator import add, mul, sub

from ..engine import Value
from ..explanation.network import IN_A_LIST
from ..figures.units import module_of
from ..names import named
from ..words import brief, few, plural
from .course import Course
from .findings import Finding, Findings
from .limits import BROKEN, CLEARS, LIMITS, LOOK, NOT_BEFORE, PATIENCE, severity

CLOSE = 1e-6  # of a gradient: what rounding, and the order of a sum, may change
LOOKS = 3  # in a row in which an update climbs
FIRST = 5  # steps, of which one may be too long by the luck of a batch
ROUNDING = 4e-16  # of a weight: what its difference to another may be wrong by
DIRECTIONS = 4  # parameters: of fewer, an update lies in the plane of two columns by chance

Row = list[float]


def size(xs: Row) -> float:
    """The length of a column of numbers."""
    return math.hypot(*xs)


def cosine_similarity(xs: Row, ys: Row) -> float:
    """Of the angle between two columns; 0.0 if one is 0."""
    a, b = size(xs), size(ys)  # divided by first: of weights that have blown up, products add up to no number
    return math.fsum((x / a) * (y / b) for x, y in zip(xs, ys)) if a and b and math.isfinite(a + b) else 0.0


def inner_product(xs: Row, ys: Row) -> float:
    """The sum of the products."""
    return cosine_similarity(xs, ys) * size(xs) * size(ys)


def _plus(xs: Row, ys: Row) -> Row:
    return list(map(add, xs, ys))


def _minus(xs: Row, ys: Row) -> Row:
    return list(map(sub, xs, ys))


def by_layer(parameters: list[Value]) -> dict[str, list[int]]:
    """The places of parameters, by layer."""
    found: dict[str, list[int]] = {}
    for i, p in enumerate(parameters):
        module = module_of(p) or named(p) or "the parameters"
        found.setdefault(m[1] if (m := IN_A_LIST.fullmatch(module)) else module, []).append(i)
    return found


@dataclass(eq=False)
class Step:
    """One step, with columns of numbers for the parameters: what the forward pass has `seen`, the gradient of this loss
    (`own`), what `.grad` held (`kept`), and what it held at the call before (`left`); `data` now, and `earlier`, at the
    two calls before.  `again` if this is the loss of the call before.  `root` makes a graph that shows a parameter.
    """

    number: int
    parameters: list[Value]
    seen: Row
    own: Row
    kept: Row
    left: Row | None
    data: Row
    earlier: list[Row]
    again: bool
    root: Callable[[Value], Value]
    layers: dict[str, list[int]]  # places of parameters
    first: Row = field(default_factory=list)  # what was seen at step 0
    climbs: list[tuple[float, float]] = field(default_factory=list)  # (cosine, loss) of the latest looks
    largest: dict[str, float] = field(default_factory=dict)  # update : weight so far, by layer
    stands: frozenset[str] = frozenset()
    learned: bool = False  # whether the outputs have made the loss small already
    zeros: int = 0  # looks in a row, this one included, at which every .grad was 0

    @cached_property
    def update(self) -> Row:
        """How far each parameter has moved."""
        return _minus(self.data, self.seen)

    @cached_property
    def ratios(self) -> dict[str, float]:
        """The size of the update as a share of that of the weights, by layer; of those that have weights."""
        sizes = {
            layer: (size([self.update[i] for i in at]), size([self.seen[i] for i in at]))
            for layer, at in self.layers.items()
        }
        return {layer: u / w for layer, (u, w) in sizes.items() if w}

    def worst(self, column: Row) -> int:
        """The place of the largest number."""
        return max(range(len(column)), key=lambda i: abs(column[i]) if column[i] == column[i] else -1.0)

    def called(self, i: int) -> str:
        """A parameter's name."""
        return named(self.parameters[i]) or f"parameter {i}"

    def all(self, i: int) -> str:
        """Where a finding is that concerns every parameter, and parameter i most."""
        n, name = len(self.parameters), self.called(i)
        return name if n == 1 else f"all {plural(n, 'parameter')}, such as {name}"

    def finding(self, what: str, how: str, where: str, seen: str, why: str, advice: str, i: int,
                numbers: dict[str, float]) -> Finding:  # fmt: skip
        """A finding whose culprit is parameter i."""
        return Finding(
            what,
            how,
            where,
            seen,
            why,
            advice,
            self.root(self.parameters[i]),
            self.parameters[i],
            numbers,
            (self.called(i),),
        )


# What .grad holds


def gradients(s: Step) -> Findings:
    """Whether what `.grad` holds is the gradient of this loss."""
    if s.again and s.seen != s.data and s.earlier and s.seen != s.earlier[-1]:
        yield _old_loss(s)
    elif added_up(s):
        yield _sum(s)
    elif s.left is not None and s.kept == s.left and any(s.kept) and not _like(s.kept, s.own) and _stepped(s):
        yield _unchanged(s)
    elif not any(s.kept) and any(s.own):
        if s.data == s.seen == s.first:
            yield _empty(s, "No parameter has moved since step 0")
        elif _decays(s):
            yield _empty(s, "What has moved is weight decay's doing")
        elif s.zeros >= PATIENCE and s.earlier and s.data == s.seen == s.earlier[-1]:
            yield _empty(s, "It was so at the look before, and no parameter moves any more")
        elif s.zeros >= PATIENCE and _drifts(s):
            yield _empty(s, "It was so at the look before; the parameters go on in the direction of the update "
                           "before, by momentum alone")  # fmt: skip


def _decays(s: Step) -> bool:
    """Whether each parameter has lost the same share of itself and nothing more, as weight decay alone takes it."""
    share = _share(s.update, s.seen)
    return share < 0 and _like(s.update, [share * x for x in s.seen])


def _drifts(s: Step) -> bool:
    """Whether an update is a multiple of the one before, plus a share of the weights: that is momentum and decay, with
    no gradient in it.  A descent that has settled into one direction is so too, but goes right against its gradient.
    """
    if len(s.earlier) < 2 or s.left is None or any(s.left) or len(s.parameters) < DIRECTIONS:
        return False
    last, before = _minus(s.data, s.earlier[-1]), _minus(s.earlier[-1], s.earlier[-2])
    rest = _without(_without(last, s.earlier[-1]), _without(before, s.earlier[-1]))
    return size(rest) <= CLOSE * size(last) + ROUNDING * size(s.data) and cosine_similarity(last, s.own) > CLOSE - 1


def _share(xs: Row, ys: Row) -> float:
    """What multiple of another column a column comes nearest to."""
    length = size(ys)
    return cosine_similarity(xs, ys) * (size(xs) / length) if length else 0.0


def _without(xs: Row, ys: Row) -> Row:
    """What of a column is at right angles to another."""
    share = _share(xs, ys)
    return [x - share * y for x, y in zip(xs, ys)]


def _like(xs: Row, ys: Row) -> bool:
    """Whether two columns are equal up to rounding."""
    return size(_minus(xs, ys)) <= CLOSE * size(ys)


def _stepped(s: Step) -> bool:
    """Whether the optimizer has used what `.grad` held at the call before: else it is being added up on purpose."""
    if not s.earlier:
        return False
    return s.seen != s.earlier[-1] or (s.data != s.seen and len(s.earlier) > 1 and s.earlier[-1] != s.earlier[-2])


def added_up(s: Step) -> bool:
    """Whether `.grad` is this gradient plus what was there before, perhaps made shorter by a bound on its norm."""
    if s.left is None or not any(s.left) or not any(s.own) or not _stepped(s):
        return False
    both = _plus(s.own, s.left)
    if not math.isfinite(size(both)) or _like(s.kept, s.own):
        return False
    if _like(s.kept, both):
        return True
    shorter = len(both) > 2 and size(s.kept) < size(both) and cosine_similarity(s.kept, both) > 1 - CLOSE**2
    return shorter and cosine_similarity(s.kept, s.own) < 1 - CLOSE


def _sum(s: Step) -> Finding:
    i, left = s.worst(s.left or []), s.left or []
    name, times = s.called(i), size(s.kept) / size(s.own)
    return s.finding(
        "gradients added up",
        BROKEN,
        s.all(i),
        f"at step {s.number:,}, {name}.grad = {brief(s.kept[i])}"
        + (f" = {brief(s.own[i])} + {brief(left[i])}" if _like(s.kept, _plus(s.own, left)) else
           f", in the direction of {brief(s.own[i])} + {brief(left[i])}")
        + f", where {brief(s.own[i])} is the gradient of this loss and {brief(left[i])} was there before. "
        f"All .grad together have {brief(times)} times the size of this gradient",
        "backward() adds: p.grad += dL/dp, because gradients add where paths meet. What is not set to 0 in between is "
        "the sum over all steps so far, and most of it belongs to numbers that the parameters no longer have",
        "optimizer.zero_grad() before each loss.backward(), of an optimizer that has all these parameters",
        i,
        {"times": times},
    )  # fmt: skip


def _unchanged(s: Step) -> Finding:
    i = s.worst(s.kept)
    name = s.called(i)
    return s.finding(
        "stale gradients",
        BROKEN,
        s.all(i),
        f"{name}.grad = {brief(s.kept[i])}, to the last bit what it was at step {s.number - 1:,}; the gradient of "
        f"this loss is {brief(s.own[i])}",
        "the parameters have moved since, and with them every local gradient; so the same number again is no gradient "
        "of this loss: its backward() has not been called",
        "loss.backward(), on the loss of this step, before optimizer.step()",
        i,
        {"kept": s.kept[i], "own": s.own[i]},
    )


def _empty(s: Step, moved: str) -> Finding:
    i = s.worst(s.own)
    name = s.called(i)
    return s.finding(
        "stale gradients",
        BROKEN,
        s.all(i),
        f"every .grad is 0, though the gradient of this loss is not: at {name} it is {brief(s.own[i])}. {moved}",
        "an optimizer reads .grad, and backward() writes it: an update lr × 0 is no update",
        "loss.backward(), on the loss of this step, between optimizer.zero_grad() and optimizer.step()",
        i,
        {"kept": 0.0, "own": s.own[i]},
    )


def _old_loss(s: Step) -> Finding:
    i = s.worst(_minus(s.data, s.seen))
    return s.finding(
        "stale gradients",
        BROKEN,
        f"the loss, which is that of step {s.number - 1:,} again",
        f"it was computed with {s.called(i)} = {brief(s.seen[i])}, which is {brief(s.data[i])} by now",
        "a graph remembers the numbers that its forward pass saw, and its slopes are taken there: backward() on it "
        "gives the old gradient again, wherever the parameters are now",
        "compute the loss anew in every step, inside of the loop",
        i,
        {"seen": s.seen[i], "now": s.data[i]},
    )


# How far the parameters move


def updates(s: Step, course: Course) -> Findings:
    """Whether the parameters move, in the right direction, and as far as their size allows."""
    if s.number >= NOT_BEFORE["no update"]:
        yield from _none(s)
    if not any(s.update):
        return
    if (
        not course.falls() and "stale gradients" not in s.stands
    ):  # where it has fallen, three looks uphill are chance: momentum, or batches of one sample
        yield from _climbing(s)
    if any(s.own) and (s.number >= NOT_BEFORE["updates too small"] or _bolts(s, course)):
        yield from _sizes(s, course)


def _none(s: Step) -> Findings:
    enough = CLOSE * max(map(abs, s.kept), default=0.0)  # an update by less may be lost in rounding
    idle = [i for i, now in enumerate(s.data) if now == s.first[i] and abs(s.kept[i]) > enough]
    if not idle:
        return
    whole = len(idle) == sum(map(bool, s.kept))
    i = idle[s.worst([s.kept[i] for i in idle])]
    layers = [layer for layer, at in s.layers.items() if not set(at).isdisjoint(idle)]
    yield s.finding(
        "no update",
        BROKEN if whole else LOOK,
        f"{plural(len(idle), 'parameter')} of {len(s.parameters):,}: those of {few(layers)}",
        f"{s.called(i)} has the gradient {brief(s.kept[i])}, and is {brief(s.data[i])}, as at step 0",
        "a gradient moves nothing: an optimizer does, and only the parameters that it was made with"
        + ("" if whole else ". Others have moved"),
        "optimizer.step() in every step; an optimizer made from this model's parameters(), after its last layer was "
        "added, with a learning rate above 0. If they are to stay as they are, watch only what learns",
        i,
        {"parameters": len(idle), "of": len(s.parameters)},
    )


def _climbing(s: Step) -> Findings:
    if len(latest := s.climbs[-LOOKS:]) < LOOKS:
        return
    cosines, losses = zip(*latest)
    if min(cosines) < LIMITS["climbs"].look or not losses[-1] > losses[0]:
        return
    if any(s.kept) and abs(cosine_similarity(s.kept, s.own)) < 0.5:
        return  # it was made of other gradients than this loss's, as where several batches are added up
    gains = list(map(mul, s.update, s.own))
    i, product = gains.index(max(gains)), inner_product(s.update, s.own)
    yield s.finding(
        "update in the wrong direction",
        BROKEN,
        s.all(i),
        f"{s.called(i)} has the gradient {brief(s.own[i])} and has moved by {brief(s.update[i])}. The sum "
        f"of update × gradient over all parameters is {brief(product)}, and was above 0 at the last {LOOKS} "
        f"looks; the loss has gone from {brief(losses[0])} to {brief(losses[-1])} meanwhile",
        "for a small step the loss changes by the sum of gradient × update. It is negative if an update goes against "
        "its gradient, and above 0 if it goes along with it: uphill",
        "p.data -= lr * p.grad, with a minus; or is it the loss whose sign is turned, or its gradient?",
        i,
        {"cosine": cosines[-1], "product": product},
    )


def _told(ratios: dict[str, float]) -> str:
    return few([f"{brief(r)} in {layer}" for layer, r in ratios.items()])


def _bolts(s: Step, course: Course) -> bool:
    """Whether large updates have raised the loss at once; the first ones only if no later step will repair them."""
    largest = max(s.ratios.values(), default=0.0)
    how = severity("first update too large" if s.number < FIRST else "update too large", largest)
    return how != "" and course.last > LIMITS["diverges"].look * course.first


def _sizes(s: Step, course: Course) -> Findings:
    stands = "updates too large" in s.stands
    large, worst = max((r, layer) for layer, r in s.ratios.items()) if s.ratios else (0.0, "")
    best = max(s.largest.values(), default=0.0)
    how = severity("update too large", large)
    if stands and not how and large > CLEARS["updates too large"]:
        how = LOOK
    if how and not course.falls() and (how == BROKEN or course.now > course.start):
        i = max(s.layers[worst], key=lambda i: abs(s.update[i]))
        yield s.finding(
            "updates too large",
            how,
            f"{worst}, such as {s.called(i)}",
            f"{s.called(i)} was {brief(s.seen[i])} and has moved by {brief(s.update[i])}. An update has "
            f"{brief(large)} times the size of the weights: {_told(s.ratios)}; about 0.001 is healthy. The loss was "
            f"{brief(course.start)} at the start and is {brief(course.now)}",
            "a gradient says how the loss changes near the point where it was taken; a step that is as long as the "
            "weights themselves leaves that neighbourhood, and lands anywhere",
            "a learning rate that is 10 times smaller, until the loss falls; inputs scaled to mean 0 and variance 1; "
            "optim.clip_by_norm before optimizer.step()",
            i,
            {"ratio": large},
        )
    if (
        s.number >= NOT_BEFORE["updates too small"]
        and (how := severity("update too small", best))
        and best
        and not course.falls()
        and not s.learned
    ):
        i = s.worst(s.own)
        yield s.finding(
            "updates too small",
            how,
            f"every layer, such as {s.called(i)}",
            f"{s.called(i)} is {brief(s.seen[i])}, has the gradient {brief(s.own[i])} and has moved by "
            f"{brief(s.update[i])}. An update has never had more than {brief(best)} times the size of the weights: "
            f"{_told(s.largest)}; about 0.001 is healthy. The loss was {brief(course.start)} at the start and is "
            f"{brief(course.now)}",
            f"at this pace it takes {brief(float(f'{1 / best:.1g}'))} steps until a weight has changed by as much as "
            "itself: the slope is there, and is hardly followed",
            "a larger learning rate, 10 times and again 10 times; Adam, whose steps do not shrink with the gradient; "
            "does a schedule begin at nearly 0?",
            i,
            {"ratio": best},
        )
