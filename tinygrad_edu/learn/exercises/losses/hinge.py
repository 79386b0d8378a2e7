"""A margin

The support vector machine's loss asks that the right class's score is above every other by at least 1:

    L = Σ over i ≠ k of max(0, s[i] - s[k] + 1)

Where an other class is far enough below, its term is 0 and so is its slope. Each term that is not 0 pushes its own
score down by 1 and the right one up by 1. At a term of exactly 0 either slope will do.
"""


def loss(s, k):
    """The sum of what the margins lack; s are the scores, k the right class."""
    # TODO
    # [
    return sum(max(0.0, x - s[k] + 1) for i, x in enumerate(s) if i != k)
    # ]


def gradient(s, k):
    """dL/ds[i] for every i, in a list."""
    # TODO
    # [
    found = [0.0] * len(s)
    for i, x in enumerate(s):
        if i != k and x - s[k] + 1 > 0:
            found[i] += 1.0
            found[k] -= 1.0
    return found
    # ]


# =====
from tinygrad_edu.learn import Query


def both(their, s, k):
    return {"L": their.loss(list(s), k), "dL/ds": list(their.gradient(list(s), k))}


def draw(rng):
    s = [rng.uniform(-2, 2) for _ in range(5)]
    return s, sorted(range(5), key=s.__getitem__)[rng.randint(1, 3)]


HINTS = (
    "Go through the other classes: whose term is above 0? Two scores are in such a term.",
    "for each i ≠ k with s[i] - s[k] + 1 > 0: dL/ds[i] gets 1, and dL/ds[k] gets -1 more",
    "if i != k and x - s[k] + 1 > 0:\n    found[i] += 1.0\n    found[k] -= 1.0",
)
EDGES = (
    ([0.5, 0.2], 0),
    ([2.0], 0),
    ([5.0, 1.0, 1.0], 0),
    ([0.3, 0.1, 0.3, -9.0, 0.3, 0.1, 2.5], 4),
    ([-3, -1, -1], 1),
)
QUERIES = (Query(both, draw, trials=4, also=EDGES),)
WRONG = {
    "the right class gets nothing": (None, "return [1.0 * (i != k and x - s[k] + 1 > 0) for i, x in enumerate(s)]"),
    "= for +=": (None, """
        found = [0.0] * len(s)
        for i, x in enumerate(s):
            if i != k and x - s[k] + 1 > 0:
                found[i], found[k] = 1.0, -1.0
        return found
    """),
    "the right class is counted": ("return sum(max(0.0, x - s[k] + 1) for x in s)", None),
    "the margin is missing": ("return sum(max(0.0, x - s[k]) for i, x in enumerate(s) if i != k)", None),
    "the other way round": ("return sum(max(0.0, s[k] - x + 1) for i, x in enumerate(s) if i != k)", None),
    "the margin taken away": ("return sum(max(0.0, x - s[k] - 1) for i, x in enumerate(s) if i != k)", None),
    "the worst one only": ("return max(max(0.0, x - s[k] + 1) for i, x in enumerate(s) if i != k)", None),
    "what is won counts as well": ("return sum(x - s[k] + 1 for i, x in enumerate(s) if i != k)", None),
    "the term itself": (None, """
        found = [0.0] * len(s)
        for i, x in enumerate(s):
            if i != k and x - s[k] + 1 > 0:
                found[i] += x - s[k] + 1
                found[k] -= x - s[k] + 1
        return found
    """),
    "asked without the margin": (None, """
        found = [0.0] * len(s)
        for i, x in enumerate(s):
            if i != k and x - s[k] > 0:
                found[i] += 1.0
                found[k] -= 1.0
        return found
    """),
    "missing minus": (None, """
        found = [0.0] * len(s)
        for i, x in enumerate(s):
            if i != k and x - s[k] + 1 > 0:
                found[i] -= 1.0
                found[k] += 1.0
        return found
    """),
    "every class pushes": (None, "return [1.0 if i != k else 1.0 - len(s) for i in range(len(s))]"),
}  # fmt: skip
SAID = {
    "the right class gets nothing": "the right class's score is in every term, with a minus: it gets -1 from each",
    "= for +=": "the right class gets -1 from every term that is above 0: they add up",
    "the right class is counted": "the right class is compared with itself, which adds 1: leave it out",
    "the margin is missing": "the others should be below by 1 at least, not only below: + 1",
    "the other way round": "a class costs something if *it* is too high: its score less the right one's, + 1",
    "the margin taken away": "the margin is added: a class 0.5 below the right one still lacks 0.5",
    "the worst one only": "every class that is too high costs something: they are added",
    "what is won counts as well": "a class far below costs nothing, and pays for no other: max(0, ...)",
    "the term itself": "that is what it costs; its slope by its own score is 1, and -1 by the right one",
    "asked without the margin": "the term is above 0 if s[i] - s[k] + 1 is: with the 1",
    "every class pushes": "a term that is 0 pushes nothing: only those above 0 count",
}
RIGHT = (
    ("total = 0.0\nfor i in range(len(s)):\n    if i != k and s[i] + 1 > s[k]:\n"
     "        total += s[i] + 1 - s[k]\nreturn total",
     "found = [1.0 if i != k and x - s[k] + 1 >= 0 else 0.0 for i, x in enumerate(s)]\nfound[k] = -sum(found)\n"
     "return found"),
    ("return sum(max(0.0, x - s[k] + 1) for x in s) - 1.0", None),
)  # fmt: skip
