"""A loss that loses its digits: the logarithm of a probability that has become 0, and 0 times infinity.

On paper, log(sigmoid(z)) at z = -800 is -800, an ordinary number with slope 1. Computed in two steps it is -inf: the
sigmoid, e to the power of -800, is smaller than every float and has become 0. On the other side 1 - sigmoid(z) is
exactly 0 from z = 36.7 on, for near 1 a float knows steps of 1e-16 only. So does the log of a softmax end.

It does not help to hide what is infinite. 0 times infinity has no value: a mask that multiplies by 0 gives nan; and if
the value is finite, it may be the slope that is not, as that of a root at 0. Then the loss looks sound, and every
gradient is nan.

The cure is a row, or a loss, that takes the logit and never computes the probability; and to choose, with `where`, what
goes in, and not to hide what comes out.

Sources: Andrej Karpathy, "Yes you should understand backprop" (2016), for where a sigmoid rounds to 1. What else is
called published is what the formula gives with all its digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ... import functional as F
from ... import losses, ops
from ...doctor import diagnose
from ...engine import Value
from .. import Run, rnn

INCOMES, PAYS = [-800.0, 20.0, 800.0], [1.0, 1.0, 0.0]  # a column that nobody has scaled, and what is to be said
SCORES = [800.0, 0.0, -5.0]  # of three classes
LOGIT = "from the logit"
ARROWS = [(3.0, 4.0), (1.0, 0.0), (0.0, 0.0)]  # the last one only fills up the row


def main(run: Run) -> None:
    """Where the digits go, what the doctor says of three losses, and the cures."""
    run.section("Where the digits go")
    numbers(run)
    scores = {f"z[{k}]": z for k, z in enumerate(SCORES)}
    programs: list[tuple[str, dict[str, float], Callable[..., Value], Callable[..., Value]]] = [
        ("The log of a sigmoid", {"w": 1.0}, by_sigmoid, by_logits),
        ("The log of a softmax", scores, by_softmax, by_log_softmax),
        ("0 times infinity", {"s": 1.0}, masked_after, masked_before),
    ]
    for name, leaves, failed, mended in programs:
        run.section(name)
        for told, program in (("It fails", failed), ("Mended", mended)):
            given = [Value(x, label=label) for label, x in leaves.items()]
            loss = program(*given)
            loss.label = "loss"
            loss.backward()
            gradients = ", ".join(f"{v.grad:.4g}" for v in given)
            if program is mended:
                run.change(failed, mended)
            run.say(f"{told}: the loss is {loss.data:.6g}, its gradient {gradients}; what the doctor says:")
            run.diagnosis(diagnose(loss))
    picture(run)


def numbers(run: Run) -> None:
    """What is left of a logarithm, by the steps that it is computed in."""
    z = Value(-800.0, label="z")
    run.compare("log(sigmoid(-800)), in two steps", z.sigmoid().log().data, -math.inf)
    run.compare("the same as one row, logsigmoid", z.logsigmoid().data, -800.0)
    z.logsigmoid().backward()
    run.compare("its slope", z.grad, 1.0)
    nothing_left = rnn.first(lambda x: 1 - ops.sigmoid(x) == 0)
    run.compare("1 - sigmoid(z) is 0 from z =", nothing_left, 36.7368, within=5e-5, form=".4f")
    rows = [(at, 1 - ops.sigmoid(at), ops.sigmoid(-at)) for at in (1.0, 10.0, 20.0, 30.0, 36.0, 37.0)]
    run.table(
        ["z", "1 - sigmoid(z)", "sigmoid(-z), the same with all digits", "share that is wrong"],
        [
            [f"{at:g}", f"{rounded:.9g}", f"{exact:.9g}", f"{abs(rounded / exact - 1):.1g}"]
            for at, rounded, exact in rows
        ],
    )
    run.compare("log(softmax) of 800, 0, -5 at the second, as one row", F.log_softmax(SCORES)[1], -800.0)


# The programs, as they fail and as they do not


def by_sigmoid(w: Value) -> Value:
    """Cross-entropy as it is defined."""
    loss = Value(0.0)
    for x, y in zip(INCOMES, PAYS):
        p = (w * x).sigmoid()
        loss = loss - (p.log() if y else (1 - p).log())
    return loss


def by_logits(w: Value) -> Value:
    """The same, from the logits."""
    loss = Value(0.0)
    for x, y in zip(INCOMES, PAYS):
        loss = loss + losses.binary_cross_entropy_with_logits(w * x, y)
    return loss


def by_softmax(*scores: Value) -> Value:
    """The surprise at the second class."""
    loss: Value = -F.softmax(scores)[1].log()
    return loss


def by_log_softmax(*scores: Value) -> Value:
    """The same, from the logits."""
    loss: Value = losses.cross_entropy(scores, 1)
    return loss


def masked_after(s: Value) -> Value:
    """The lengths of arrows, scaled by s, without those that only fill up: multiplied by 0."""
    loss = Value(0.0)
    for x, y in ARROWS:
        counts = float(x != 0 or y != 0)
        square = (s * x) ** 2 + (s * y) ** 2
        loss = loss + counts * square.sqrt()
    return loss


def masked_before(s: Value) -> Value:
    """The same, with another number to take the root of where the arrow does not count."""
    loss = Value(0.0)
    for x, y in ARROWS:
        counts = float(x != 0 or y != 0)
        square = (s * x) ** 2 + (s * y) ** 2
        loss = loss + counts * F.where(counts, square, 1.0).sqrt()
    return loss


def picture(run: Run) -> None:
    """The gradient of both losses, over the logit of an answer that should be no."""
    places = [k / 4 for k in range(4 * 45 + 1)]
    lines: dict[str, list[float]] = {"log(1 - sigmoid(z))": [], LOGIT: []}
    for at in places:
        for name in lines:
            z: Any = Value(at)
            loss = losses.binary_cross_entropy_with_logits(z, 0.0) if name == LOGIT else -(1 - z.sigmoid()).log()
            loss.backward()
            lines[name].append(z.grad)
    run.curves(
        "gradient",
        lines,
        "it should be sigmoid(z); as digits are lost it trembles, and from z = 36.7 there is none",
        places,
        title="the gradient by the logit, where no is right",
        xlabel="logit z",
        ylabel="d loss / d z",
        log=False,
    )
