"""One input at a time

A function of several numbers has a slope for each: push one of them a little, hold the others where they are, and look
how the output moves. All of them together are the gradient.

f takes a list of numbers. Return its gradient: a list with one slope for each of them. And leave the list that was
given as it is, for others may still need it.
"""


def gradient(f, xs, h=1e-5):
    """The slope of f by each of the numbers in xs."""
    # TODO: for each i, two lists that differ from xs in place i alone
    # [
    slopes = []
    for i in range(len(xs)):
        right = xs[:i] + [xs[i] + h] + xs[i + 1 :]
        left = xs[:i] + [xs[i] - h] + xs[i + 1 :]
        slopes.append((f(right) - f(left)) / (2 * h))
    return slopes
    # ]


# =====
from tinygrad_edu.learn import Query


def three(their, xs):
    given = list(xs)
    found = their.gradient(lambda v: v[0] * v[1] ** 2 + 3 * v[2] - v[0], given)
    names = ("df/dx", "df/dy", "df/dz")
    by_name = dict(zip(names, found)) if hasattr(found, "__len__") and len(found) == 3 else found
    return {"the gradient of x·y² + 3z - x": by_name, "xs is as it was": given == list(xs)}


HINTS = (
    "To push only number i, copy the list and change place i of the copy: once up, once down.",
    "slope i = (f(xs with xs[i] + h) - f(xs with xs[i] - h)) / (2h)",
    "right = xs[:i] + [xs[i] + h] + xs[i + 1 :]\nleft = xs[:i] + [xs[i] - h] + xs[i + 1 :]\n"
    "slopes.append((f(right) - f(left)) / (2 * h))",
)


def any_number(their, xs):
    given = list(xs)
    found = their.gradient(lambda v: sum((k + 1) * x * x for k, x in enumerate(v)), given)
    return {"the gradient of x0² + 2x1² + 3x2² + ...": found, "xs is as it was": given == list(xs)}


QUERIES = (
    Query(three, lambda rng: ([rng.uniform(0.5, 2) for _ in range(3)],), within=1e-4),
    Query(any_number, lambda rng: ([rng.uniform(-2, 2) for _ in range(rng.randint(4, 6))],), within=1e-4,
          also=(([1.5],), ([2.0, -1.0, 2.0, 0.0, 2.0],))),
)  # fmt: skip
WRONG = {
    "all at once": """
        right, left = [x + h for x in xs], [x - h for x in xs]
        return [(f(right) - f(left)) / (2 * h) for _ in xs]
    """,
    "not put back": """
        slopes = []
        for i in range(len(xs)):
            xs[i] += h
            up = f(xs)
            xs[i] -= 2 * h
            slopes.append((up - f(xs)) / (2 * h))
        return slopes
    """,
    "factor 2": """
        slopes = []
        for i in range(len(xs)):
            right, left = xs[:], xs[:]
            right[i] += h
            left[i] -= h
            slopes.append((f(right) - f(left)) / h)
        return slopes
    """,
    "order reversed": """
        slopes = []
        for i in range(len(xs)):
            right, left = xs[:], xs[:]
            right[i] += h
            left[i] -= h
            slopes.insert(0, (f(right) - f(left)) / (2 * h))
        return slopes
    """,
    "the first only": """
        return (f([xs[0] + h] + xs[1:]) - f([xs[0] - h] + xs[1:])) / (2 * h)
    """,
    "one list under two names": """
        slopes = []
        for i in range(len(xs)):
            right = left = xs
            right[i] += h
            left[i] -= h
            slopes.append((f(right) - f(left)) / (2 * h))
        return slopes
    """,
    "pushed, and not put back": """
        slopes, right, left = [], xs[:], xs[:]
        for i in range(len(xs)):
            right[i] += h
            left[i] -= h
            slopes.append((f(right) - f(left)) / (2 * h))
        return slopes
    """,
}
SAID = {
    "all at once": "all numbers are pushed together: push one, and hold the others",
    "not put back": "the list that was given has changed: work on a copy, or put the number back",
    "order reversed": "the slopes are right, and in the wrong order: the first number's comes first",
    "the first only": "that is one slope: there is one for each number, in a list",
    "one list under two names": "right = xs makes no copy, it is the same list: xs[:] or list(xs) is a new one",
    "pushed, and not put back": "a number that was pushed is still pushed when the next one's turn comes: begin anew "
    "from xs",
}
RIGHT = (
    """
        kept, slopes = list(xs), []
        for i, x in enumerate(kept):
            xs[i] = x + h
            up = f(xs)
            xs[i] = x - h
            down = f(xs)
            xs[i] = x
            slopes.append((up - down) / (2 * h))
        return slopes
    """,
    """
        now = f(xs)
        return [(f([x + h * (i == k) for k, x in enumerate(xs)]) - now) / h for i in range(len(xs))]
    """,
)
