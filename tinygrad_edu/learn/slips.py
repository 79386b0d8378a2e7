"""What a wrong number in the place of a value or a gradient probably is, told of the edges of its graph.

>>> from .expressions import Problem
>>> root, nodes = Problem(3, 0, ("d = a * b", "L = d + a"), {"a": 2.0, "b": 5.0}).graph()
>>> walk = Walk(root)
>>> of_gradient(walk, nodes["a"], 1.0)
('forgot to add at the fork', 'a is used twice, and gradients add; the contribution of d = a * b is missing')
>>> of_value(walk, nodes["d"], 7.0)
('other operation', 'this is a + b')
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from .. import ops, text
from ..engine import Value
from ..explanation.walk import Edge, Walk
from ..words import brief, times
from .mistakes import MISTAKES

Slip = tuple[str, str]  # by which name it is known, and what is said
Guess = tuple[str, float, str]  # the same, with the number that it would give
NEAR = 2e-3  # so near to what a mistake gives, it is that mistake: three digits
CURVES = (ops.tanh, ops.sigmoid, ops.exp, ops.relu)
PAIRS = (ops.add, ops.sub, ops.mul, ops.div, ops.maximum, ops.minimum)


def agrees(theirs: float, right: float) -> bool:
    """Whether an answer is right: two whole numbers are the same, others may be rounded, to one part in a hundred.

    >>> agrees(6.0, 6.0), agrees(7.0, 6.0), agrees(0.42, 0.41997), agrees(0.4, 0.41997), agrees(-1e-4, 0.0)
    (True, False, True, False, True)
    """
    if theirs.is_integer() and right.is_integer():
        return theirs == right
    return math.isclose(theirs, right, rel_tol=0.01, abs_tol=0.0 if abs(right) > 1e-9 else 0.005)


def of_value(walk: Walk, n: Value, theirs: float) -> Slip:
    """What a wrong value of a node is; two empty texts if nobody knows."""
    return _first(_values(walk, n), theirs, walk.value(n))


def of_gradient(walk: Walk, n: Value, theirs: float) -> Slip:
    """What a wrong gradient of a node is; two empty texts if nobody knows."""
    return _first(_gradients(walk, n), theirs, walk.totals[n])


def _first(guesses: Iterator[Guess], theirs: float, right: float) -> Slip:
    for name, x, said in guesses:
        if math.isclose(theirs, x, rel_tol=NEAR, abs_tol=1e-9) and not agrees(x, right):
            return name, said or MISTAKES[name][1]
    digits = len(brief(theirs).partition(".")[2])
    if digits < 3 and round(right, digits) == theirs:
        return "rounded", "it is rounded too far: write some more digits"
    return "", ""


def _values(walk: Walk, n: Value) -> Iterator[Guess]:
    xs, y, op = n.numbers[1:], walk.value(n), n.op
    terms = [walk.names.term(p) for p in n.parents]
    if op is ops.greater:
        yield "other side of a kink", 1 - y, "a condition is 1 where it is so, and 0 where it is not"
        return
    if op is ops.where:
        yield "other side of a kink", xs[2] if xs[0] else xs[1], "where(c, x, y) is x if c is not 0, else y"
    yield "missing minus", -y, ""
    if len(xs) == 1:
        yield "other operation", xs[0], f"this is {terms[0]} itself, and {walk.names.formula(n)} is asked for"
    if len(xs) == 2:
        for other in PAIRS:
            for a, b in ((0, 1), (1, 0)):
                if other is not op or (a, b) == (1, 0):
                    name = "swapped arguments" if other is op else "other operation"
                    formula = text.write(other(text.name(str(terms[a])), text.name(str(terms[b]))))
                    yield name, other(xs[a], xs[b]), f"this is {formula}"
    if op.recipe and op.recipe[0] is ops.power:
        k = op.recipe[1][0]
        yield "other operation", xs[0] * k, f"this is {k} * {terms[0]}; a power multiplies {terms[0]} with itself"
    elif len(xs) == 1:
        for other in CURVES:
            yield "other operation", other(xs[0]), f"this is {other.name}({terms[0]})"


def _gradients(walk: Walk, n: Value) -> Iterator[Guess]:
    edges, total, names = walk.into[n], walk.totals[n], walk.names
    several = len(edges) > 1
    for e in edges if several else ():
        missing = f"the contribution of {walk.called(e.node)} is missing"
        said = f"{names[n]} is used {times(len(edges))}, and gradients add; {missing}"
        yield "forgot to add at the fork", total - e.contribution, said
    for e in edges if len(edges) > 2 else ():
        said = f"this is the contribution of {walk.called(e.node)} alone; {names[n]} is used {times(len(edges))}"
        yield "forgot to add at the fork", e.contribution, said
    yield "missing minus", -total, _signs(walk, edges)
    for e in edges if several else ():
        said = f"the sign of the contribution of {walk.called(e.node)} is turned"
        yield "missing minus", total - 2 * e.contribution, said
    for e in edges:
        for said in _kink(walk, e):
            yield "other side of a kink", total - e.contribution + e.upstream * (1 - e.local), said
    yield "forgot upstream", sum(e.local for e in edges), ""
    yield "forgot local", sum(e.upstream for e in edges), ""
    for e in edges:
        rest = total - e.contribution
        for name, x, said in _edge(walk, e):
            yield name, rest + x, said
    yield "factor 2", 2 * total, "it is twice what it should be"
    yield "factor 1/2", total / 2, "it is half of what it should be"
    yield "value for gradient", walk.value(n), f"this is the value of {names[n]}; its gradient is asked for"
    if several:
        said = "where paths meet, their contributions are added, not multiplied"
        yield "multiplied at the fork", math.prod(e.contribution for e in edges), said


def _signs(walk: Walk, edges: list[Edge]) -> str:
    """Where a minus comes from: of subtractions only."""
    for e in edges:
        if e.node.op is ops.sub and e.place == 1:
            return f"the sign is turned: in {walk.called(e.node)} a minus stands before {walk.names[e.parent]}, " \
                   "and its local gradient is -1"  # fmt: skip
    return ""


def _edge(walk: Walk, e: Edge) -> Iterator[Guess]:
    """What may have gone wrong along one edge, as what it would contribute."""
    op, (y, *xs), up, names = e.node.op, e.node.numbers, e.upstream, walk.names
    made, parent, local = walk.called(e.node), names[e.parent], walk.local(e.node, e.place)
    right = f"the local gradient of {made} for {parent} is {local}"
    for p, d in zip(e.node.parents, walk.slopes[e.node]):
        if p is not e.parent:
            said = f"this is what {made} hands to {names[p]}; " * (p in names) + right
            yield "swapped arguments", up * d, said
    yield "added along the path", up + e.local, "along a path, upstream and local gradient are multiplied, not added"
    upstream = f"upstream is {names.ratio(walk.root, e.node)}, not the value of {names[e.node]}"
    yield "value for gradient", y * e.local, upstream
    yield "value for gradient", y, f"this is the value of {names[e.node]}"
    if op.recipe and op.recipe[0] is ops.power:
        k = op.recipe[1][0]
        yield "power rule", up * xs[0] ** (k - 1), f"the factor {k} is missing: {right}"
        yield "power rule", up * k * xs[0] ** k, f"the exponent becomes smaller by 1: {right}"
        yield "power rule", up * y, f"this takes {made} itself for its slope: {right}"
    elif len(xs) == 1 and len({y, *xs}) > 1:
        said = f"{right}, where {names[e.node]} is the output"
        yield "input used for output", up * _textbook(op, xs[0], xs), said
        yield "output used for input", up * _textbook(op, y, [y]), right
        yield "output used for input", up * y, f"this takes {made} itself for its slope: {right}"


def _kink(walk: Walk, e: Edge) -> Iterator[str]:
    """What decides whether a gradient passes along an edge, if it passes whole or not at all."""
    made, parent = walk.called(e.node), walk.names[e.parent]
    if e.node.op is ops.greater or (e.node.op is ops.where and e.place == 0):
        yield f"a little more or less of {parent} changes nothing in {made}: its local gradient is 0"
    elif e.node.op in (ops.relu, ops.maximum, ops.where):
        local = walk.local(e.node, e.place)
        yield f"the local gradient of {made} for {parent} is {local}, and that is {brief(e.local)} here"


def _textbook(op: ops.Op, y: float, xs: list[float]) -> float:
    """The slope of a row with one input by the book's rule, filled in with whatever somebody took for its numbers."""
    try:
        [slope] = (op.textbook or op.partials)(y, *xs)
        return float(slope)
    except (ArithmeticError, ValueError):
        return math.nan
