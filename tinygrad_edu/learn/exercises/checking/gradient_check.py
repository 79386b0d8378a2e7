"""The checker

f takes a list of numbers and gives one; gradient(xs) is somebody's gradient of it, a list. Find out where it is wrong:
compare every number with a central difference, and return the places, as a list of indices, whose relative error is
above 1e-4. An empty list says that nothing is wrong.

Choose the step yourself. f may have numbers near 1 and near 1000 in its list.
"""


def wrong_places(f, gradient, xs):
    """The indices at which gradient(xs) is not the slope of f."""
    # TODO
    # [
    found = []
    given = gradient(list(xs))
    for i, x in enumerate(xs):
        h = 1e-5 * max(1.0, abs(x))
        right, left = list(xs), list(xs)
        right[i], left[i] = x + h, x - h
        n = (f(right) - f(left)) / (right[i] - left[i])
        if abs(given[i] - n) > 1e-4 * max(abs(given[i]), abs(n)):
            found.append(i)
    return found
    # ]


# =====
import math

from tinygrad_edu.learn import Query


def places(their, xs):
    def f(v):
        return v[0] ** 2 * v[1] + math.sin(v[2]) * v[0] + v[3] ** 2 / 1000

    def gradient(v, bad):
        right = [2 * v[0] * v[1] + math.sin(v[2]), v[0] ** 2, math.cos(v[2]) * v[0], v[3] / 500]
        return [g * bad.get(i, 1) for i, g in enumerate(right)]

    found = {}
    for words, bad in (("nothing", {}), ("a sign at 1", {1: -1}), ("one part in 100 at 0 and 3", {0: 1.01, 3: 0.99})):
        given = list(xs)
        places = list(their.wrong_places(f, lambda v: gradient(v, bad), given))
        found[f"what is found where {words} is wrong"] = ", ".join(map(str, places)) or "none"
        found["xs is as it was"] = given == list(xs)
    return found


def draw(rng):
    return ([rng.uniform(0.5, 2), rng.uniform(0.5, 2), rng.uniform(0.2, 1.2), rng.uniform(800, 1200)],)


HINTS = (
    "You have written both halves: a slope by differences for one number of a list, and a relative error.",
    "for each i: n = (f(x + h at i) - f(x - h at i)) / 2h;  wrong if |a - n| / max(|a|, |n|) > 1e-4",
    "right, left = list(xs), list(xs)\nright[i], left[i] = x + h, x - h\nn = (f(right) - f(left)) / (2 * h)",
)


def any_number(their, xs, bad):
    def f(v):
        return sum((k + 1) * x * x for k, x in enumerate(v[:-1]))

    found = their.wrong_places(
        f, lambda v: [2 * (k + 1) * x * bad.get(str(k), 1) for k, x in enumerate(v[:-1])] + [0.0], xs
    )
    return {"wrong places, where f does not look at its last number": list(found)}


QUERIES = (
    Query(places, draw),
    Query(
        any_number,
        lambda rng: ([rng.choice([-1, 1]) * rng.uniform(0.5, 2) for _ in range(5)], {"3": 1.001}),
        trials=2,
        also=(
            ([1.5, 1.5, 1.5, 1.5], {"2": -1}),
            ([2.0], {}),
            ([3e-5, 1.5, 0.5], {"0": 2}),
            ([1000.0, 2.0], {"0": 1.00002}),
            ([-1000.0, 0.02, 3.0], {"0": 0.999, "1": 2}),
        ),
    ),
)


def _check(limit="1e-4", h="1e-5 * max(1.0, abs(x))", n="(f(right) - f(left)) / (right[i] - left[i])",
           test="abs(given[i] - n) > {limit} * max(abs(given[i]), abs(n))", put="i"):  # fmt: skip
    return f"""
        found = []
        given = gradient(list(xs))
        for i, x in enumerate(xs):
            h = {h}
            right, left = list(xs), list(xs)
            right[i], left[i] = x + h, x - h
            n = {n}
            if {test.format(limit=limit)}:
                found.append({put})
        return found
    """


WRONG = {
    "factor 2": _check(n="(f(right) - f(left)) / h"),
    "not relative": _check(limit="1e-1", test="abs(given[i] - n) > {limit}"),
    "the step is too long": _check(h="0.3 * max(1.0, abs(x))"),
    "the step is too short": _check(h="1e-15"),
    "signs are ignored": _check(test="abs(abs(given[i]) - abs(n)) > {limit} * max(abs(given[i]), abs(n))"),
    "numbers, not places": _check(put="given[i]"),
    "places that are right": _check(test="abs(given[i] - n) <= {limit} * max(abs(given[i]), abs(n))"),
}
SAID = {
    "factor 2": "from x - h to x + h it is 2h: every slope comes out twice as large, and everything looks wrong",
    "not relative": "an error is judged by the size of what is compared: divide by the larger of the two",
    "the step is too long": "f bends within so long a step, and right gradients look wrong",
    "the step is too short": "with so short a step only rounding is left, and right gradients look wrong",
    "signs are ignored": "a sign that is turned is not found: the difference of the numbers, not of their sizes",
    "numbers, not places": "the places are asked for, 0 for the first number",
    "places that are right": "those are the places where it is right",
}
RIGHT = (
    """
        def slope(i):
            h = 1e-6 * max(1.0, abs(xs[i]))
            ends = [f([x + d * (k == i) for k, x in enumerate(xs)]) for d in (h, -h)]
            return (ends[0] - ends[1]) / (2 * h)

        pairs = [(a, slope(i)) for i, a in enumerate(gradient(xs))]
        return [i for i, (a, n) in enumerate(pairs) if abs(a - n) / (max(abs(a), abs(n)) or 1) > 1e-4]
    """,
    """
        found, now = [], gradient(list(xs))
        for i in range(len(xs)):
            point, h = list(xs), 1e-4 * abs(xs[i])
            point[i] = xs[i] + h
            up = f(point)
            point[i] = xs[i] - h
            n = (up - f(point)) / (2 * h)
            if abs(now[i] - n) > 1e-4 * max(abs(n), abs(now[i])):
                found += [i]
        return found
    """,
)
