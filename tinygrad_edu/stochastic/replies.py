"""What the world says to a choice: a number that no formula computes, and that depends on the choice all the same.

>>> from tinygrad_edu.stochastic import Bernoulli, surrogate
>>> t = Value(0.3, label="t")
>>> guess = Bernoulli(t).sample(1)
>>> price = reply(5.0 if guess.data else 2.0, guess)
>>> surrogate(price).backward()
>>> price.data, t.grad  # the choice was 1: the score is 1 / 0.3, times 5
(5.0, 16.666666666666668)
"""

from __future__ import annotations

from typing import Any

from .. import ieee
from ..engine import Value, apply
from ..errors import UserError
from ..ops import REAL, Op


def reply(number: Any, *to: Value) -> Value:
    """A number that the world gives back, as a Value that knows to which choices (or earlier replies) it is an answer.

    So the graph knows which costs a choice influences also where they were not computed from it: the state of a game
    after a move is a reply to the state before and to the move.  It passes no gradient.  Raises UserError where an
    estimator asks what the world would have said to another choice: nobody has asked the world.
    """
    if not to or not all(isinstance(c, Value) for c in to):
        raise TypeError(f"reply(number, *to) answers choices, which are Values, got {to!r:.80}")
    return apply(_answer(ieee.number(number), *[c.data for c in to]), to)


def _answer(said: float, *heard: float) -> Op:
    """The row of one reply."""

    def again(*xs: float) -> float:
        if xs != heard:
            raise UserError(
                f"what would the world have replied to {', '.join(f'{x:g}' for x in xs)}? It was asked for "
                f"{', '.join(f'{x:g}' for x in heard)}, and answered {said:g}. Take Score, which asks nothing else"
            )
        return said

    return Op("reply", again, lambda y, *xs: (0.0,) * len(xs), domain=(REAL, ...), recipe=(_answer, (said, *heard)))
