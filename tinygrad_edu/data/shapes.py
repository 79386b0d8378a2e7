"""Points in the plane that a straight line cannot separate: moons, circles, spirals, XOR; and blobs, which it can.

The same points that scikit-learn's `make_moons`, `make_circles` and `make_blobs` and CS231n's spirals give
after `np.random.seed(seed)`, to the last digit or the one before, so that results can be compared with theirs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import wraps
from numbers import Integral
from typing import ParamSpec

from ..errors import UserError, meant
from .legacy import RandomState
from .samples import Split

P = ParamSpec("P")
THEIRS = {"n_samples": "n", "random_state": "seed", "cluster_std": "noise"}


def _told(make: Callable[P, Split]) -> Callable[P, Split]:
    """The same function, which answers the names of scikit-learn with ours."""

    @wraps(make)
    def answer(*args: P.args, **named: P.kwargs) -> Split:
        for name in named:
            if name in THEIRS and name not in make.__code__.co_varnames:
                raise TypeError(
                    f"{make.__name__} has no {name}; its own name for that is {THEIRS[name]}, "
                    f"as in {THEIRS[name]}={named[name]!r}"
                )
        return make(*args, **named)

    return answer


@_told
def moons(n: int = 100, noise: float = 0.1, seed: int = 1337) -> Split:
    """Two half circles of radius 1, hooked into each other; `noise` is the standard deviation added to each coordinate.

    Class 0 is the upper moon, n // 2 points, class 1 the lower.  Raises ValueError unless n >= 1 and noise >= 0.

    >>> X, y = moons(4, noise=0.0)
    >>> [([round(v, 3) for v in x], c) for x, c in zip(X, y)]
    [([0.0, 0.5], 1), ([1.0, 0.0], 0), ([-1.0, 0.0], 0), ([2.0, 0.5], 1)]
    """
    check_points(n, noise)
    upper = [(math.cos(t), math.sin(t)) for t in _spaced(0.0, math.pi, n // 2)]
    lower = [(1 - math.cos(t), 1 - math.sin(t) - 0.5) for t in _spaced(0.0, math.pi, n - n // 2)]
    return _two_curves("moons", upper, lower, noise, seed)


@_told
def circles(n: int = 100, noise: float = 0.1, factor: float = 0.5, seed: int = 0) -> Split:
    """A circle of radius 1, class 0, around one of radius `factor`, class 1; `noise` is added to each coordinate.

    Raises ValueError unless n >= 1, noise >= 0 and 0 <= factor < 1.

    >>> X, y = circles(n=5, noise=0.0)
    >>> sorted((c, round(math.hypot(*x), 6)) for x, c in zip(X, y))
    [(0, 1.0), (0, 1.0), (1, 0.5), (1, 0.5), (1, 0.5)]
    """
    check_points(n, noise)
    if not 0 <= factor < 1:
        raise ValueError(f"circles needs 0 <= factor < 1, the radius of the inner circle, got {factor}")
    outer = [(math.cos(t), math.sin(t)) for t in _spaced(0.0, 2 * math.pi, n // 2, closed=False)]
    inner = [(math.cos(t) * factor, math.sin(t) * factor) for t in _spaced(0.0, 2 * math.pi, n - n // 2, closed=False)]
    return _two_curves("circles", outer, inner, noise, seed)


@_told
def spirals(n_per_class: int = 100, classes: int = 3, noise: float = 0.2, seed: int = 0) -> Split:
    """Interleaved spiral arms, one per class, in order; `noise` is the standard deviation of the angle in radians.

    Each arm grows from radius 0 to 1 while it turns by 4 radians (Stanford's CS231n, "Minimal neural network case
    study").  Raises ValueError unless both counts are at least 1 and noise >= 0.

    >>> X, y = spirals(2, classes=2, noise=0.0)
    >>> X[0], [round(v, 3) for v in X[1]], y
    ([0.0, 0.0], [-0.757, -0.654], [0, 0, 1, 1])
    """
    check_points(n_per_class, noise)
    check_points(classes, noise)
    draw, X, y = RandomState(seed), [], []
    for c in range(classes):
        for r, t in zip(_spaced(0.0, 1.0, n_per_class), _spaced(4.0 * c, 4.0 * (c + 1), n_per_class)):
            t += draw.normal() * noise
            X.append([r * math.sin(t), r * math.cos(t)])
            y.append(c)
    return _named("spirals", X, y, classes)


@_told
def xor(n: int = 100, noise: float = 0.1, seed: int = 0) -> Split:
    """The four corners of the unit square in turn, class 1 where exactly one coordinate is 1; `noise` is added to each.

    Raises ValueError unless n >= 1 and noise >= 0.

    >>> X, y = xor(4, noise=0)
    >>> X, y
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    check_points(n, noise)
    draw = RandomState(seed)
    corners = [(i // 2 % 2, i % 2) for i in range(n)]
    X = [[draw.normal(a, noise), draw.normal(b, noise)] for a, b in corners]
    return _named("xor", X, [a ^ b for a, b in corners], 2)


@_told
def blobs(n: int = 100, centers: int | Sequence[Sequence[float]] = 3, noise: float = 1.0, seed: int = 0) -> Split:
    """Round clouds of standard deviation `noise`, one per class.

    `centers` are points, of any number of coordinates, or how many to draw from the square from -10 to 10.
    Raises ValueError unless n >= 1, noise >= 0 and there is at least one center.

    >>> X, y = blobs(4, centers=[[0, 0], [5, 5]], noise=0.0)
    >>> X, y
    ([[0.0, 0.0], [5.0, 5.0], [5.0, 5.0], [0.0, 0.0]], [0, 1, 1, 0])
    """
    check_points(n, noise)
    draw = RandomState(seed)
    if isinstance(centers, int):
        centers = [[draw.uniform(-10.0, 10.0), draw.uniform(-10.0, 10.0)] for _ in range(centers)]
    if not centers or len({len(c) for c in centers}) > 1:
        raise ValueError(f"blobs needs at least one center, and all with as many coordinates, got {centers!r}")
    k = len(centers)
    y = [c for c in range(k) for _ in range(n // k + (c < n % k))]
    X = [[draw.normal(m, noise) for m in centers[c]] for c in y]
    order = draw.permutation(n)
    return _named("blobs", [X[i] for i in order], [y[i] for i in order], k)


@_told
def sine(n: int = 50, noise: float = 0.1, seed: int = 0) -> Split:
    """Points of a sine from -3 to 3, evenly spaced: x, and as the number to predict sin(x), with `noise` added.

    Raises ValueError unless n >= 1 and noise >= 0.

    >>> sine(3, noise=0.0)
    <sine: 3 samples of 1 number, y: numbers to predict>
    >>> sine(3, noise=0.0).X
    [[-3.0], [0.0], [3.0]]
    """
    check_points(n, noise)
    draw, xs = RandomState(seed), _spaced(-3.0, 3.0, n)
    y = [draw.normal(math.sin(x), noise) for x in xs]
    return Split([[x] for x in xs], y, name="sine", features=["x"], target="y", classes=())


def _two_curves(
    name: str, first: list[tuple[float, float]], second: list[tuple[float, float]], noise: float, seed: int
) -> Split:
    """The points of two curves, shuffled, then moved by noise: in the order in which scikit-learn draws."""
    points, y = first + second, [0] * len(first) + [1] * len(second)
    draw = RandomState(seed)
    order = draw.permutation(len(points))
    X = [[v + draw.normal(0.0, noise) for v in points[i]] for i in order]
    return _named(name, X, [y[i] for i in order], 2)


def _named(name: str, X: list[list[float]], y: list[int], classes: int) -> Split:
    names = "xy" if len(X[0]) == 2 else [f"x{i}" for i in range(len(X[0]))]
    return Split(X, y, name=name, features=names, target="class", classes=range(classes))


def _spaced(start: float, stop: float, n: int, closed: bool = True) -> list[float]:
    """`n` evenly spaced numbers from start to stop, which is one of them if `closed`;
    rounded as `np.linspace` rounds.
    """
    steps = n - closed
    numbers = [i * ((stop - start) / max(steps, 1)) + start for i in range(n)]
    return [*numbers[:-1], stop] if closed and n > 1 else numbers


def check_points(n: int, noise: float = 0.0) -> None:
    """Raise unless these are a count and a standard deviation."""
    if not isinstance(n, Integral) or isinstance(n, bool):
        raise TypeError(f"a number of points is a whole number, got {type(n).__name__} {n!r}")
    if n < 1:
        raise ValueError(f"a number of points is at least 1, got {n}")
    if not 0 <= noise < math.inf:
        raise ValueError(f"noise is a standard deviation, 0 or more, got {noise}")


SETS: dict[str, Callable[[float, float], bool]] = {
    "simple": lambda x, y: x < 0.5,
    "diag": lambda x, y: x + y < 0.5,
    "split": lambda x, y: x < 0.2 or x > 0.8,
    "xor": lambda x, y: (x < 0.5) != (y < 0.5),
    "circle": lambda x, y: (x - 0.5) ** 2 + (y - 0.5) ** 2 > 0.1,
}


def minitorch(name: str, n: int = 50, seed: int = 0) -> Split:
    """n points of the unit square, evenly drawn, of class 1 where the set's rule says so: "simple" left of the middle,
    "diag" below a diagonal, "split" outside of a band, "xor" in two opposite quarters, "circle" outside of a circle of
    area 0.314; "spiral" has two arms of n // 2 points each, one a quarter turn from the other.

    Raises UserError for another name, ValueError unless n >= 1 (spiral: n >= 2).
    Source: minitorch's `datasets`, by Sasha Rush.

    >>> X, y = minitorch("xor", 200)
    >>> y == [int((a < 0.5) != (b < 0.5)) for a, b in X]
    True
    >>> minitorch("spiral", 4).y
    [0, 0, 1, 1]
    """
    check_points(n)
    if name == "spiral":
        if n < 2:
            raise ValueError(f"a spiral has two arms, and so at least 2 points, got {n}")
        ts = [10.0 * i / (n // 2) for i in range(5, 5 + n // 2)]
        arm = [(t * math.cos(t) / 20, t * math.sin(t) / 20) for t in ts]
        X = [[0.5 + a, 0.5 + b] for a, b in arm] + [[0.5 + b, 0.5 - a] for a, b in arm]
        y = [0] * len(arm) + [1] * len(arm)
    elif name in SETS:
        rng = random.Random(seed)
        X = [[rng.random(), rng.random()] for _ in range(n)]
        y = [int(SETS[name](*x)) for x in X]
    else:
        raise UserError(
            f"minitorch has no set {name!r}{meant(name, [*SETS, 'spiral'])} (there are {', '.join(SETS)}, spiral)"
        )
    return Split(X, y, name=name, features=["x1", "x2"], target="class", classes=range(2))
