"""How a row bends: read from its slopes, so that a row of one's own is understood as well.

>>> from tinygrad_edu import ops
>>> [bend_of(op).kind for op in (ops.tanh, ops.sigmoid, ops.relu, ops.gelu, ops.exp, ops.neg)]
['squashes', 'squashes', 'gates', 'gates', '', '']
>>> bend_of(ops.sigmoid).largest
0.25
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from ..ops import REAL, Op

GRID = [i / 16 for i in range(-128, 129)]
FAR, NEAR = 30.0, 0.5
FLAT = 0.01  # of the largest slope: an end that is flatter passes nothing on


class Bend(NamedTuple):
    """The largest slope of a row, and what it does to what is large.

    `kind` is "squashes" if it is steep around 0 and flat at both ends, as tanh, "gates" if it is flat on one side, as
    relu, else "".
    """

    kind: str
    largest: float


@functools.lru_cache(maxsize=256)
def bend_of(op: Op) -> Bend:
    """What kind of activation a row is; none if it takes several inputs, has a domain, or is as steep as one likes."""
    nothing = Bend("", math.inf)
    if len(op.domain) != 1 or op.domain[0] != REAL:
        return nothing
    try:
        slope = {x: abs(op.slopes(float(op.forward(x)), x)[0]) for x in [*GRID, -FAR, FAR]}
    except Exception:  # a row of one's own may refuse numbers
        return nothing
    largest = max(slope[x] for x in GRID)
    if not (0 < largest < math.inf) or max(slope.values()) > largest:
        return nothing
    flat = [slope[x] < FLAT * largest for x in (-FAR, FAR)]
    steep = all(slope[x] > largest / 3 for x in (-NEAR, NEAR))
    return Bend("squashes" if all(flat) and steep else "gates" if any(flat) else "", largest)


@functools.lru_cache(maxsize=256)
def is_step(op: Op) -> bool:
    """Whether a row is flat wherever it has a slope, as sign and greater are.

    >>> from tinygrad_edu import ops
    >>> [op.name for op in (ops.sign, ops.round, ops.less, ops.relu, ops.mul) if is_step(op)]
    ['sign', 'round', 'less']
    """
    points = [[x + 0.01 + i / 7 for i in range(len(op.domain))] for x in GRID]
    try:
        return ... not in op.domain and not any(d for xs in points for d in op.slopes(float(op.forward(*xs)), *xs))
    except Exception:  # a row of one's own may refuse numbers
        return False
