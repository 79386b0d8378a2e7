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

from collections.abc import Mapping, Sequence
from functools import cache
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


@cache
def _entry(place: int) -> Op:
    """The row of what stands at a place of a table; the place is its second input, and passes no gradient."""

    def again(x: float, at: float) -> float:
        if at != place:
            raise UserError(
                f"what stands at {at:g} of the table? It was looked up at {place}, and no other entry is in the graph: "
                "take Score, which asks nothing else"
            )
        return x

    return Op("lookup", again, lambda y, x, at: (1.0, 0.0), domain=(REAL, REAL), recipe=(_entry, (place,)))


def lookup(table: Mapping[int, Any] | Sequence[Any], place: Value) -> Any:
    """The entry of a table, a Value or a list of Values, that knows which Value it was looked up by.

    `table[3]` is the same number, but the graph would not know that what is chosen by it depends on the state that was
    3; and to a `Critic` it would be a number that changes from step to step, of which nobody says why.
    Raises UserError where nothing stands there.

    >>> policy, state = {3: [Value(0.5), Value(1.5)]}, Value(3.0, label="state")
    >>> lookup(policy, state)[1].parents == (policy[3][1], state)
    True
    """
    if not isinstance(place, Value):
        raise TypeError(f"lookup(table, place) looks up at a Value, got {place!r:.80}: at a number write table[number]")
    at = int(place.data) if place.data.is_integer() else -1
    if not (at in table if isinstance(table, Mapping) else 0 <= at < len(table)):
        there = ", ".join(map(str, [*table][:8] if isinstance(table, Mapping) else [f"0 to {len(table) - 1}"]))
        raise UserError(f"nothing stands at {place.data:g} of the table, whose places are {there}")
    found = table[at]
    if isinstance(found, (list, tuple)):
        return [apply(_entry(at), (x, place)) for x in found]
    return apply(_entry(at), (found, place))
