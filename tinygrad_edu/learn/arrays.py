"""What happened to an array of numbers: transposed, summed over the wrong axis, divided by n, of one sample only, ...

It is known from the numbers alone, whatever the code was: theirs and the right ones, in lists, and what was given.

    >>> right, given = [[1.0, 2.5, 4.0], [2.0, 3.0, 7.0]], {"x": [[0.5, 3.0], [0.25, 1.0], [1.5, 2.0], [0.1, 0.7]]}
    >>> recognised([([[1.0, 2.0], [2.5, 3.0], [4.0, 7.0]], right, given, {})]).name
    'transposed'
    >>> recognised([([[0.25, 0.625, 1.0], [0.5, 0.75, 1.75]], right, given, {})]).name     # 1/4: x has 4 rows
    'averaged twice'
    >>> recognised([([7.5, 12.0], [3.0, 5.5, 11.0], {}, {})]).name
    'wrong axis summed'

Where the numbers do not tell, the solution does: `changes` are questions to it, such as the same with another upstream;
whose answers to these are theirs has made that mistake.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from .mistakes import guess, near, numeric

UPSTREAM = ("upstream", "dout", "dnext_h", "delta")  # what exercises call the gradient that arrives
SURE = ("missing minus", "factor 2", "factor 1/2")
WEAK = ("another's", "another product", "factor missing", "factor too many")  # what small numbers may be by accident
Numbers = Mapping[str, Any]
Part = tuple[Any, Any, Numbers, Numbers]  # theirs, the right one, and by name what was given, and what else is right


class Guess(NamedTuple):
    """A mistake, and what is said of it where its name alone does not say enough."""

    name: str = ""
    words: str = ""


def recognised(parts: Sequence[Part], within: float = 1e-6) -> Guess:
    """The mistake that explains theirs in every trial; one without a name if none does."""
    parts = [(_each(_number, x), *rest) for x, *rest in parts]
    theirs, right = [list(x) for x in list(zip(*parts))[:2]] if parts else ([], [])
    if not parts or not all(_is_array(x) for x in [*theirs, *right]):
        return Guess()
    checks: tuple[Callable[..., Guess], ...] = (_reshaped, _as_it_is)
    if _shapes(theirs) == _shapes(right):
        checks = (_plain, _arriving, _as_it_is, _factors, _counted, _rearranged, _steady, _misses)
    found = (check(parts, theirs, right, within) for check in checks)
    return next((this for this in found if this.name), Guess())


def tagged(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The parts of dicts in dicts, by their whole names.

    >>> dict(tagged({"add": {"dy/da": 1.0, "dy/db": 2.0}, "y": [3.0]}))
    {'add: dy/da': 1.0, 'add: dy/db': 2.0, 'y': [3.0]}
    """
    if isinstance(tree, dict) and "#" not in tree:
        for key, part in tree.items():
            yield from tagged(part, f"{name}: {key}" if name else key)
    else:
        yield name, tree


def agree(a: Any, b: Any, within: float = 1e-6) -> bool:
    """Whether two are numbers of one shape, and the same but for rounding."""
    size = _size(a)
    return size is not None and size == _size(b) and _near(_flat(a), _flat(b), within)


def _plain(parts: Sequence[Part], theirs: list[Any], right: list[Any], within: float) -> Guess:
    """A sign, or a factor, of the whole."""
    name = guess([*zip(_flat(theirs), _flat(right))], within)
    return Guess(name if name not in ("constant factor", "off by a constant", "always the same") else "")


def _named(parts: Sequence[Part], which: int = 2) -> dict[str, list[Any]]:
    """What was given in every trial, by name; or, with 3, what else is right."""
    named = {name: [part[which].get(name) for part in parts] for name in parts[0][which]}
    return {name: known for name, known in named.items() if all(map(_is_array, known))}


def _accident(found: Sequence[Any]) -> bool:
    """Whether they are so plain, whole numbers of one trial or the same in all, that anything could be said of them."""
    numbers = [_flat(x) for x in found]
    return (
        all(float(x).is_integer() for x in numbers[0]) if len(numbers) == 1 else all(x == numbers[0] for x in numbers)
    )


def _arriving(parts: Sequence[Part], theirs: list[Any], right: list[Any], within: float) -> Guess:
    """What is the gradient that arrives and no more, or lacks it."""
    for known in [known for name, known in _named(parts).items() if name in UPSTREAM]:
        if all(agree(x, k, within) for x, k in zip(theirs, known)):
            return Guess("forgot local")
        if all(agree(multiplied(k, x), r, within) for x, r, k in zip(theirs, right, known)):
            return Guess("forgot upstream")
    return Guess()


def _as_it_is(parts: Sequence[Part], theirs: list[Any], right: list[Any], within: float) -> Guess:
    """What is something else that is known."""
    for name, known in [*_named(parts).items(), *_named(parts, 3).items()]:
        if not _accident(theirs) and all(agree(x, k, within) for x, k in zip(theirs, known)):
            return Guess("another's", f"that is {name}, as it is, and something else is asked for")
    return Guess()


def _factors(parts: Sequence[Part], theirs: list[Any], right: list[Any], within: float) -> Guess:
    """What lacks a factor that is known, or has it once too often, or is a product of two others."""
    named = {} if _accident(theirs) or _accident(right) else _named(parts)
    for name, known in named.items():
        if all(agree(multiplied(k, x), r, within) for x, r, k in zip(theirs, right, known)):
            return Guess("factor missing", f"times {name} it would be right: that factor is missing, or there is a "
                         "division by it too many")  # fmt: skip
        if all(agree(x, multiplied(k, r), within) for x, r, k in zip(theirs, right, known)):
            return Guess("factor too many", f"it is the right one times {name}: that is one factor too many, or a "
                         "division by it is missing")  # fmt: skip
    for a, b in itertools.combinations(named, 2):
        if all(agree(x, multiplied(k, m), within) for x, k, m in zip(theirs, named[a], named[b])):
            return Guess("another product", f"that is {a} times {b}, and something else is asked for")
    return Guess()


def _counted(parts: Sequence[Part], theirs: list[Any], right: list[Any], within: float) -> Guess:
    """What is n times as large as it should be, or an n-th of it, where n is how many there are of something."""
    if _accident(theirs):
        return Guess()
    for known in [right, *_named(parts).values()]:
        if not all(isinstance(k, list) for k in known):
            continue
        for counts in [*zip(*map(_shape, known)), [len(_flat(k)) for k in known]]:
            if all(n == 1 for n in counts):
                continue
            if all(agree(x, multiplied(n, r), within) for x, r, n in zip(theirs, right, counts)):
                return Guess("sum for mean")
            if all(agree(multiplied(n, x), r, within) for x, r, n in zip(theirs, right, counts)):
                return Guess("averaged twice")
    return Guess()


def _rearranged(parts: Sequence[Part], theirs: list[Any], right: list[Any], within: float) -> Guess:
    """The right numbers at other places."""
    shapes = _shapes(right)
    if all(len(s) == 2 for s in shapes) and all(agree(x, turned(r), within) for x, r in zip(theirs, right)):
        return Guess("transposed")
    if all(s and s[0] > 1 for s in shapes) and all(agree(x, r[::-1], within) for x, r in zip(theirs, right)):
        return Guess("back to front")
    return Guess()


def _steady(parts: Sequence[Part], theirs: list[Any], right: list[Any], within: float) -> Guess:
    """The same factor everywhere, or the same number too much."""
    pairs = [*zip(_flat(theirs), _flat(right))]
    if (name := guess(pairs, within)) != "constant factor":
        return Guess(name)
    factor = next(a / b for a, b in pairs if b)
    return Guess(name, f"it is {factor:.5g} times as large as it should be, everywhere")


def _misses(parts: Sequence[Part], theirs: list[Any], right: list[Any], within: float) -> Guess:
    """A sign or a factor of those that are wrong, where others are right."""
    pairs = [(a, b) for a, b in zip(_flat(theirs), _flat(right)) if not near(a, b, within)]
    if pairs and all(a == 0 for a, _ in pairs):
        return Guess("some get nothing")
    name = guess(pairs, within) if len({right for _, right in pairs}) > 1 else ""
    return Guess(name if name in SURE else "")


def _reshaped(parts: Sequence[Part], theirs: list[Any], right: list[Any], within: float) -> Guess:
    """What has another shape than it should have."""
    pairs, mine, asked = [*zip(theirs, right)], _shapes(theirs), _shapes(right)
    if all(len(s) == 2 and agree(x, turned(r), within) for s, (x, r) in zip(asked, pairs)):
        return Guess("transposed")
    if all(_near(_flat(x), _flat(r), within) for x, r in pairs):
        return Guess("another shape")
    for axes in _choices(min(map(len, mine))):
        if all(agree(_without_ones(_summed(x, axes)), _without_ones(r), within) for x, r in pairs):
            return Guess("forgot to sum")
        if all(agree(_mean(x, axes), r, within) for x, r in pairs):
            return Guess("forgot the mean")
    for axes in _choices(min(map(len, asked))):
        if all(agree(_without_ones(x), _without_ones(_summed(r, axes)), within) for x, r in pairs):
            return Guess("summed too far")
    if all(_near(_flat(x), [v for v in _flat(r) if v], within) for x, r in pairs):
        return Guess("zeros left out")
    totals = [(math.fsum(_flat(x)), math.fsum(_flat(r))) for x, r in pairs]
    kinds = [[len(_shape(_without_ones(z))) for z in pair] for pair in pairs]
    if all(a == b for a, b in kinds) and all(near(x, r, within) for x, r in totals):
        more = all(a > 1 for a, _ in kinds) and all(len(_flat(x)) > len(_flat(r)) for x, r in pairs)
        return Guess("forgot to sum" if more else "wrong axis summed")
    return Guess()


def changes(given: Numbers) -> Iterator[tuple[Guess, Callable[[Numbers], Numbers]]]:
    """Mistakes, each with what to ask the solution instead: whose answer that is has made it."""
    up = next((name for name in UPSTREAM if isinstance(given.get(name), list) and _is_array(given[name])), "")
    if up:
        yield Guess("forgot upstream"), lambda g: {**g, up: _each(lambda x: 1.0, g[up])}
        for place in (-1, 0):
            yield Guess("one sample only"), lambda g, place=place: {**g, up: _only(g[up], place)}  # type: ignore[misc]
    arrays = [name for name, x in given.items() if _is_array(x) and all(isinstance(v, float) for v in _flat(x))]
    for name in arrays:
        if len(size := _size(given[name]) or ()) == 2 and size[0] == size[1]:
            words = f"{name} is turned where it should not be, or is not where it should: its shape does not tell"
            yield Guess("transposed", words), lambda g, name=name: {**g, name: turned(g[name])}  # type: ignore[misc]
    for a, b in itertools.combinations(arrays, 2):
        if _size(given[a]) == _size(given[b]):
            yield (Guess("swapped arguments", f"it is as if {a} and {b} were exchanged"),
                   lambda g, a=a, b=b: {**g, a: g[b], b: g[a]})  # type: ignore[misc]  # fmt: skip


def multiplied(a: Any, b: Any) -> Any:
    """Number by number; what has fewer axes is used for each row of the other, as NumPy does it.

    >>> multiplied(2, [1, 3]), multiplied([1, 10], [[1, 2], [3, 4]]), multiplied([[1], [2]], [[3, 4], [5, 6]])
    ([2, 6], [[1, 20], [3, 40]], [[3, 4], [10, 12]])
    """
    mine, yours = _size(a) or (), _size(b) or ()
    if not mine and not yours:
        return a * b
    if len(mine) == len(yours):
        n = max(mine[0], yours[0])
        same = {mine[0], yours[0]} <= {1, n}
        return [multiplied(a[i % len(a)], b[i % len(b)]) for i in range(n)] if same else None
    return [multiplied(a, part) for part in b] if len(mine) < len(yours) else [multiplied(part, b) for part in a]


def turned(rows: Any) -> Any:
    """A matrix transposed."""
    return [list(column) for column in zip(*rows)]


def _each(f: Callable[[Any], Any], tree: Any) -> Any:
    """Lists in lists with f of each number."""
    return [_each(f, part) for part in tree] if isinstance(tree, list) else f(tree)


def _number(x: Any) -> Any:
    return float(x) if isinstance(x, bool) else x


def _only(rows: list[Any], place: int) -> list[Any]:
    kept = place % max(1, len(rows))
    return [row if i == kept else _each(lambda x: 0.0, row) for i, row in enumerate(rows)]


def _plus(a: Any, b: Any) -> Any:
    return [*map(_plus, a, b)] if isinstance(a, list) else a + b


def _summed(tree: Any, axes: Iterable[int]) -> Any:
    """The sum over some axes, from the last to the first."""
    for axis in sorted(axes, reverse=True):
        tree = _over(tree, axis)
    return tree


def _mean(tree: Any, axes: Iterable[int]) -> Any:
    total = _summed(tree, axes)
    return multiplied(len(_flat(total)) / len(_flat(tree)), total)


def _over(tree: Any, axis: int) -> Any:
    return [_over(part, axis - 1) for part in tree] if axis else reduce(_plus, tree)


def _choices(axes: int) -> Iterator[tuple[int, ...]]:
    for many in range(1, axes + 1):
        yield from itertools.combinations(range(axes), many)


def _without_ones(tree: Any) -> Any:
    """Without axes of length 1."""
    while isinstance(tree, list) and len(tree) == 1:
        [tree] = tree
    return [_without_ones(part) for part in tree] if isinstance(tree, list) else tree


def _size(tree: Any) -> tuple[int, ...] | None:
    """How many there are in which depth; None for what is empty, not all of one length, or not of numbers alone."""
    if not isinstance(tree, list):
        return () if numeric(tree) else None
    inside = {_size(part) for part in tree}
    first = inside.pop() if len(inside) == 1 else None
    return None if first is None else (len(tree), *first)


def _flat(tree: Any) -> list[Any]:
    """All numbers of lists in lists."""
    return [x for part in tree for x in _flat(part)] if isinstance(tree, list) else [tree]


def _is_array(x: Any) -> bool:
    return _size(x) is not None


def _shape(x: Any) -> tuple[int, ...]:
    return _size(x) or ()


def _shapes(arrays: Sequence[Any]) -> list[tuple[int, ...]]:
    return [*map(_shape, arrays)]


def _near(a: Sequence[float], b: Sequence[float], within: float) -> bool:
    return len(a) == len(b) and all(near(x, y, within) for x, y in zip(a, b))
