"""Two graphs or two trainings that should be alike: where they first are not, and by how much.

A training is gone through step by step, both runs in lockstep: at each step the two graphs are paired (`pairing`),
values are compared in topological order and then gradients in the order of the backward pass (`graphs`); how parameters
that differ came to do so is told by the step before (`moves`).

>>> from tinygrad_edu import Value
>>> x = Value(0.5, label="x")
>>> compare((3 * x).tanh() + x, (3 * x).tanh() + x)
Alike: 5 nodes, every value and every gradient equal to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sized
from itertools import count, zip_longest
from typing import Any

from .. import collector
from ..engine import Value
from ..errors import UserError
from ..ieee import number as as_number
from ..rules import takes
from ..words import brief, plural
from . import graphs, moves
from .difference import Comparison, apart, gap, so_far, told_apart
from .pairing import Pairing, Side

ENDED = object()


def compare(run_a: Any, run_b: Any, *, rtol: float = 0.0, atol: float = 0.0) -> Comparison:
    """The first step, and in it the first operation, whose value or gradient is not the same in two runs.

    A run is a Value, such as a loss, whose graph is compared, also a replayed one; or what gives the loss of each step,
    as a Value or as a number: a generator, a list, a function of no arguments that returns one, or what `fit` returns.
    Generators go in lockstep, and no further than to the first difference; whether they yield before or after
    `backward()` makes no difference.  Each needs a model of its own.

    At each step the parameters and inputs are compared first, then values in topological order, then gradients in the
    order of the backward pass, which are computed here: no `.grad` changes.  Graphs of one shape are paired by place;
    of others, nodes with the same label, so that two ways to compute the same can be compared by labelling what they
    have in common.  Two numbers are the same if they are no further apart than `atol`, or `rtol` times the larger; nan
    is the same as nan.

    The result is true if nothing differs.  Raises TypeError for what is no run; ValueError if neither has a step, or a
    tolerance is negative.

    >>> from tinygrad_edu import Value
    >>> def training(lr):
    ...     w = Value(1.0, label="w")
    ...     for step in range(5):
    ...         loss = (w * 2 - 3) ** 2
    ...         w.zero_grad()
    ...         loss.backward()
    ...         yield loss
    ...         w.data -= lr(step) * w.grad
    >>> compare(training(lambda step: 0.1), training(lambda step: 0.1 if step == 0 else 0.05))
    Not alike, first at step 3, in the value of w.
       a       w = 1.48
       b       w = 1.44
       apart   0.04, 2.7 % of the larger
       before  steps 1 and 2 are alike, in every value and every gradient. At step 2
               its gradient was -0.8 in both; then a moved it by 0.08, b by 0.04
       why     a moved each parameter by -0.1 × its gradient, b by -0.05 × its
               gradient: the gradients are the same, the updates are not
       then    the loss: 0.0016 in a, 0.0144 in b
       try     compare the two learning rates and schedules, at step 2
    """
    if not (rtol >= 0 and atol >= 0):
        raise UserError(f"rtol and atol are 0 or more, got rtol={rtol!r}, atol={atol!r}")
    word = "epoch" if all(hasattr(run, "losses") for run in (run_a, run_b)) else "step"
    a, b = _begun(run_a), _begun(run_b)
    near = _nearness(rtol, atol)
    within = "equal to the last bit" if not (rtol or atol) else f"equal within rtol={rtol:g}, atol={atol:g}"
    if isinstance(a, Value) and isinstance(b, Value):
        with collector.paused():
            both = Pairing(Side(a), Side(b))
            found = graphs.first(both, near)
        return graphs.alike(both, within) if found is None else found
    if isinstance(a, Value) or isinstance(b, Value):
        raise TypeError(
            "compare takes two graphs or two trainings, and here one run is a single Value: put it in a list, [loss], "
            "or compare with one loss of the other"
        )
    if a is b and isinstance(a, Iterator):
        raise UserError("compare got one generator twice: call the function that makes it once for each run")
    return _trainings(a, b, near, within, word)


def _nearness(rtol: float, atol: float) -> graphs.Near:
    """Whether two numbers count as the same."""
    return lambda x, y: x == y or (x != x and y != y) or math.isclose(x, y, rel_tol=rtol, abs_tol=atol)


def _begun(run: Any) -> Any:
    """A run as a Value, or as what can be iterated over."""
    if isinstance(run, Value):
        return run
    if isinstance(losses := getattr(run, "losses", None), list):
        return losses
    if callable(run):
        if not takes(run, 0):
            raise TypeError(
                f"compare calls a run that is a function without arguments, and {getattr(run, '__name__', run)!s:.80} "
                "needs some: give it what the call returns, or lambda: f(...)"
            )
        run = run()
    if not isinstance(run, (Value, Iterable)) or isinstance(run, (str, bytes, dict)):
        raise TypeError(
            "a run is a Value, or gives the loss of each step: a generator, a list, a History, or a function without "
            f"arguments that returns one; got {type(run).__name__} {run!r:.80}"
        )
    return run


# Trainings


def _trainings(a: Any, b: Any, near: graphs.Near, within: str, word: str) -> Comparison:
    """Both runs in lockstep, up to the first difference."""
    past = moves.Past(), moves.Past()
    last, sizes = None, (10**18, 0)  # nodes of the smallest and of the largest graph
    steps = iter(zip_longest(a, b, fillvalue=ENDED))
    for step in count(1):
        x, y = next(steps, (ENDED, ENDED))
        if x is ENDED and y is ENDED:
            break
        if x is ENDED or y is ENDED:
            return _ended(step - 1, x is ENDED, word)
        if not (isinstance(x, Value) and isinstance(y, Value)):
            p, q = _float(x, step), _float(y, step)
            if not near(p, q):
                return _numbers(step, p, q, steps if isinstance(a, Sized) and isinstance(b, Sized) else [], word)
            continue
        with collector.paused():
            last = Pairing(Side(x), Side(y))
            sizes = min(sizes[0], len(last.a.order)), max(sizes[1], len(last.a.order))
            found = graphs.first(last, near, step, past, word)
            if found is not None:  # it is false, because it is a difference
                return found
            for one, side in zip(past, (last.a, last.b)):
                one.add(side)
    if step == 1:
        raise UserError("neither run has a step: nothing was compared; has its generator been used up already?")
    if last is None:
        return Comparison(f"Alike: {plural(step - 1, word)}, every loss {within}.", step=step - 1)
    size = "" if last.parting else f" of {'' if sizes[0] == sizes[1] else 'up to '}"
    told = graphs.alike(last, within, plural(step - 1, word) + (size or ", "), sizes[1])
    told.step = step - 1
    return told


def _float(x: Any, step: int) -> float:
    """The number that a run gave as its loss."""
    try:
        return as_number(x.data if isinstance(x, Value) else x)
    except TypeError:
        raise TypeError(
            f"at step {step} a run gave {type(x).__name__} {x!r:.80}: it is to give the loss, one Value or one number"
        ) from None


def _ended(steps: int, first: bool, word: str) -> Comparison:
    short, long = ("a", "b") if first else ("b", "a")
    had = f"ended after {plural(steps, word)}" if steps else f"has no {word} at all"
    parts = [("before", f"{so_far(steps + 1, word)} alike")] if steps else []
    return Comparison(f"Not alike: {short} {had}, and {long} goes on.", "length", steps + 1, parts=parts)


def _numbers(step: int, x: float, y: float, rest: Iterable[tuple[Any, Any]], word: str) -> Comparison:
    """Losses alone that differ; of lists, also how that goes on."""
    parts = [("a", told_apart(x, y)[0]), ("b", told_apart(x, y)[1]), ("apart", apart(x, y))]
    if step > 1:
        parts.append(("before", f"{so_far(step, word)} alike"))
    later = [(_float(p, step), _float(q, step)) for p, q in rest if p is not ENDED and q is not ENDED]
    if later:
        far = max(range(len(later)), key=lambda i: abs(later[i][0] - later[i][1]))
        p, q = later[-1]
        end = " against ".join(told_apart(p, q))
        most = brief(abs(later[far][0] - later[far][1]))
        told = f"at {word} {step + len(later)}: {end}; furthest apart at {word} {step + 1 + far}, by {most}"
        parts.append(("then", told))
    parts.append(("try", "compare what gives the losses as Values: then the first operation that differs is found"))
    return Comparison(f"Not alike, first at {word} {step}, in the loss.", "value", step, "loss", gap(x, y), parts)
