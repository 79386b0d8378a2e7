"""What comes of a training: findings about its loss, and about what the model has learned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from ..modes import no_grad
from ..trees import flatten
from ..usage import chance_kept, mode, subset
from ..words import brief, plural
from .course import Course
from .findings import Findings
from .limits import ASKED, BROKEN, LIMITS, LOOK, NOT_BEFORE, severity
from .training import Step, inner_product


def diverges(s: Step, course: Course) -> Findings:
    """A loss that has been far above its best for long."""
    times = course.rises()
    if not severity("diverges", times):
        return
    i = s.worst(s.seen)
    ratio = max(s.ratios.values(), default=0.0)
    yield s.finding(
        "loss diverges",
        BROKEN,
        "the loss over the last steps",
        f"it is {brief(course.recent)}, and was {brief(course.best)} at best: for two windows in a row it "
        f"has been {brief(times)} times that, or more"
        if math.isfinite(times)
        else f"it is {brief(course.last)}, and was {brief(course.best)} at best: no finite number for long",
        "a step of lr × gradient overshoots where the slope changes faster than 2 / lr: it lands higher on the other "
        "side, where the slope is larger, and so the next step"
        + (f". The last update had {brief(ratio)} times the size of the weights" if ratio else ""),
        "a learning rate that is 10 times smaller; optim.clip_by_norm before optimizer.step(); inputs and targets "
        "scaled to mean 0 and variance 1",
        i,
        {"times": times, "best": course.best},
    )


def stands_still(s: Step, course: Course, learned: float | None, share: float) -> Findings:
    """A loss that has never fallen, of a model that had something to learn."""
    if learned is not None:
        untrained = learned < LIMITS["learns"].look
    else:
        untrained = share > 1 - LIMITS["falls"].look
    if s.number < NOT_BEFORE["loss does not fall"] or course.falls() or not untrained:
        return
    i = s.worst(s.own)
    if learned is not None:
        known = f"The outputs explain {brief(learned)} of the targets' variance"
    else:
        known = f"It is {brief(share)} times what it would be if the outputs said the same of every sample"
    gain = -inner_product(s.update, s.own)
    yield s.finding(
        "loss does not fall",
        LOOK,
        f"the loss, over {plural(course.steps, 'step')}",
        f"it was {brief(course.start)} at the start, {brief(course.best)} at best, and is {brief(course.recent)} "
        f"over the last steps. {known}",
        f"by its gradient, the last update should have changed the loss by {brief(-gain)} (the sum of gradient × "
        "update)"
        + (": no slope is left to follow, see what else was found" if abs(gain) < 1e-6 * abs(course.recent)
           else ". What one batch gains, the next takes away again, or the step overshoots"),
        "a few samples alone: a network that cannot learn 20 by heart has a fault in it, one that can needs other "
        "settings. Then another learning rate, 10 times larger and smaller; do inputs and targets belong together?",
        i,
        {"start": course.start, "best": course.best},
    )  # fmt: skip


def learns_nothing(s: Step, course: Course, learned: float | None, asked: int) -> Findings:
    """Outputs that say nothing of the targets, after many steps."""
    if learned is None or s.number < NOT_BEFORE["learns nothing from the inputs"]:
        return
    if how := severity("learns", learned):
        i = s.worst(s.own)
        yield s.finding(
            "learns nothing from the inputs",
            LOOK if course.falls() else how,
            f"the outputs for {plural(asked, 'sample')} of the data",
            f"they explain {brief(learned)} of the variance of the targets (the square of their correlation), after "
            f"{plural(s.number, 'step')}; a constant output explains 0",
            "the biases of the last layer alone fit the mean of the targets, whatever the inputs are; all beyond that "
            "must come through the weights, whose local gradient is the input that they multiply",
            "do X and y have the same order, and were they shuffled together? Are the inputs scaled, do they reach the "
            "model, is there a detach() on the way? Then more steps, or another learning rate",
            i,
            {"learned": learned, "samples": asked},
        )


def overfits(s: Step, course: Course) -> Findings:
    """A test loss that rises while that in training goes on falling."""
    if not course.tests or not (found := course.overfits("overfitting" in s.stands)):
        return
    up, down = found
    at, best, then = min(course.tests, key=lambda t: t[1])
    _, test, train = course.tests[-1]
    i = s.worst(s.seen)
    yield s.finding(
        "overfitting",
        LOOK,
        "the loss on samples that are not learned from",
        f"it is {brief(test)}, {brief(up)} times its best, {brief(best)} at step {at:,}; in training it has fallen "
        f"from {brief(then)} then to {brief(train)}",
        "the gradient comes from the training samples alone: where it goes on lowering their loss and raises that of "
        "others, it fits what is particular to them",
        "stop at the best: fit(..., validation=0.1, patience=10); more data; weight_decay, nn.Dropout, fewer units",
        i,
        {"up": up, "down": down, "best step": at},
    )


FEW = 8  # samples: of fewer, nothing follows


def explained(model: Any, X: Any, y: Any) -> tuple[float, int] | None:
    """The share of the targets' variance that a model's outputs explain (the square of their correlation; of several
    outputs, the mean), and how many samples were asked; None where outputs and targets cannot be compared.

    >>> from tinygrad_edu import Value
    >>> xs = [[i / 10] for i in range(20)]
    >>> share, asked = explained(lambda x: Value(3.0) * x[0], xs, [x for [x] in xs])
    >>> round(share, 6), asked
    (1.0, 20)
    """
    some = subset(len(X), ASKED)
    if not callable(model) or len(some) < FEW:
        return None
    try:
        with no_grad(), chance_kept(model), mode(model, training=False):
            outputs = [_row(model(X[i])) for i in some]
        targets = [_row(y[i]) for i in some]
    except Exception:  # a model that takes something else than one sample
        return None
    width = len(outputs[0])
    if any(len(row) != width for row in outputs) or any(len(t) != len(targets[0]) for t in targets):
        return None
    if width > 1 and len(targets[0]) == 1 and all(t[0] in range(width) for t in targets):
        targets = [[float(t[0] == c) for c in range(width)] for t in targets]
        outputs = [[x - sum(row) / width for x in row] for row in outputs]
    if len(targets[0]) != width or not all(map(math.isfinite, [x for row in outputs for x in row])):
        return None
    shares = [_share(a, b) for a, b in zip(zip(*outputs), zip(*targets)) if len(set(b)) > 1]
    return (fmean(shares), len(some)) if shares else None


def _row(x: Any) -> list[float]:
    return list(map(float, flatten(x)))


def _share(xs: Sequence[float], ys: Sequence[float]) -> float:
    n, large = len(xs), max(map(abs, xs)) or 1.0
    xs = [x / large for x in xs]  # it is the same share, of numbers whose squares are some
    a, b = ([v - mean for v in vs] for vs, mean in ((xs, fmean(xs)), (ys, fmean(ys))))
    sizes = math.hypot(*a), math.hypot(*b)
    if not sizes[1] or sizes[0] <= 1e-12 * math.sqrt(n):
        return 0.0
    return (math.fsum(p * q for p, q in zip(a, b)) / sizes[0] / sizes[1]) ** 2
