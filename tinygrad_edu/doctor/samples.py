"""A large batch by some of its samples: what a look at a training costs stays bounded.

>>> from tinygrad_edu.functional import mean
>>> x = Value(2.0)
>>> loss = mean([(x * i).tanh() for i in range(1000)])
>>> len(topological(loss)), len(topological(some_samples(loss, 300)))
(3004, 430)
"""

from __future__ import annotations

import math

from .. import ops
from ..engine import Value, apply, topological
from ..names import is_constant
from ..opening import opened
from ..usage import subset
from .limits import SAMPLES


def some_samples(loss: Value, most: int) -> Value:
    """A loss with about `most` nodes, leaves aside: the graph itself, opened, or the mean of some terms that it sums.

    The terms are taken from the widest sum that `loss` is a multiple or a sum of.  A graph that is large for
    another reason is returned as it is.
    """
    root = opened(loss, most)
    size = sum(1 for n in topological(root) if n.parents)
    terms = max(_sums(root), key=len, default=())
    if size <= most or len(terms) < 2 * SAMPLES:
        return root
    count = len(terms) // min(math.ceil(size / most), len(terms) // SAMPLES)
    some = subset(len(terms), count, [t.numbers[0] if t.numbers else t.data for t in terms])
    return apply(ops.sum, tuple([terms[i] for i in some])) / count


def _sums(root: Value) -> list[tuple[Value, ...]]:
    """The inputs of every sum on the way down from the loss, through sums and multiples."""
    found, stack = [], [root]
    while stack:
        n = stack.pop()
        if n.op is ops.sum:
            found.append(n.parents)
        if n.op in (ops.add, ops.sub, ops.neg) or (n.op in (ops.mul, ops.div) and any(map(is_constant, n.parents))):
            stack += n.parents
    return found
