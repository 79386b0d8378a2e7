"""The way that was taken

    y = where(c, a, b)        is a if c is true, else b
    y = clip(x, lo, hi)       is x between lo and hi, and lo or hi outside

Of two ways only one was taken, and only it gets what arrives; the other gets exactly 0. A clip passes everything
between its bounds, and nothing outside: there y is a constant. At a bound itself either will do.

Write what the inputs are handed. A number that is not finite on the way that was not taken must do no harm.
"""


def where(upstream, c, a, b):
    """y = a if c else b: (dL/da, dL/db)."""
    # TODO
    # [
    return (upstream, 0.0) if c else (0.0, upstream)
    # ]


def clip(upstream, x, lo, hi):
    """y = min(max(x, lo), hi): dL/dx."""
    # TODO
    # [
    return upstream if lo <= x <= hi else 0.0
    # ]


# =====
from tinygrad_edu.learn import Query


def taken(their, upstream, c, a, b):
    da, db = their.where(upstream, c, a, b)
    return {"dL/da": da, "dL/db": db}


def clipped(their, upstream):
    found = {}
    for lo, hi, xs in (
        (-1.0, 2.0, (0.5, 4.0, -3.5, 1.5)),
        (-5.0, -2.0, (-4.0, -1.5, 3.0, -9.0)),
        (0.5, 9.0, (0.1, 8.0)),
    ):
        found |= {f"dL/dx of clip(x, {lo:g}, {hi:g}) at x = {x}": their.clip(upstream, x, lo, hi) for x in xs}
    return found


HINTS = (
    "Only what y was made of can move y.",
    "where: upstream to the one that was taken, 0.0 to the other;  clip: upstream if lo ≤ x ≤ hi, else 0",
    "return (upstream, 0.0) if c else (0.0, upstream)\nreturn upstream if lo <= x <= hi else 0.0",
)
QUERIES = (
    Query(
        taken, lambda rng: (rng.uniform(0.5, 2), rng.random() < 0.5, rng.uniform(-1, 1), rng.uniform(-1, 1)), trials=5
    ),
    Query(
        taken,
        lambda rng: (rng.uniform(0.5, 2), True, 1.0, float("inf")),
        trials=1,
        also=((-1.5, False, float("nan"), 2.0), (-1.0, True, 0.0, float("-inf"))),
    ),
    Query(clipped, lambda rng: (rng.uniform(2.5, 4),), also=((-3.0,),)),
)
WRONG = {
    "swapped arguments": ("return (0.0, upstream) if c else (upstream, 0.0)", None),
    "both of them": ("return upstream, upstream", None),
    "0 times infinity": ("return upstream * a * c / a, upstream * b * (not c) / b", None),
    "times its number": (
        "return (upstream * a, 0.0) if c else (0.0, upstream * b)",
        "return upstream * x * (lo <= x <= hi)",
    ),
    "half for each": ("return upstream / 2, upstream / 2", None),
    "the larger one": ("return upstream * (a > b), upstream * (b > a)", None),
    "open outside": (None, "return upstream if x < lo or x > hi else 0.0"),
    "asked of what arrives": (None, "return upstream if lo <= upstream <= hi else 0.0"),
    "the clip itself": (None, "return min(max(x, lo), hi)"),
    "the number, and 0 outside": (None, "return x if lo <= x <= hi else 0.0"),
    "forgot upstream": ("return (1.0, 0.0) if c else (0.0, 1.0)", "return 1.0 if lo <= x <= hi else 0.0"),
    "the clip passes everything": (None, "return upstream"),
    "the gradient is clipped": (None, "return min(max(upstream, lo), hi)"),
    "one bound only": (None, "return upstream if x >= lo else 0.0"),
}
SAID = {
    "both of them": "only one of the two was taken: the other gets 0",
    "0 times infinity": "0 times infinity is nan: give 0 to the one that was not taken, without multiplying",
    "the clip passes everything": "outside of its bounds a clip is constant: nothing passes there",
    "the gradient is clipped": "outside of its bounds nothing passes: the number is clipped, not the gradient",
    "times its number": "y is a itself, or b, or x: the slope is 1, however large they are",
    "half for each": "one of the two was taken, and gets all of it; the other gets 0",
    "the larger one": "c says which one was taken, and not which is larger",
    "open outside": "between its bounds y is x itself, and everything passes; outside y is a constant",
    "asked of what arrives": "whether something passes is decided by x, and not by the gradient that arrives",
    "the clip itself": "that is y: what is handed to x is asked for",
    "the number, and 0 outside": "between the bounds everything passes that arrives, and not x itself",
    "one bound only": "there is a bound on the other side too",
}
RIGHT = (
    ("if c:\n    return upstream, 0.0\nreturn 0.0, upstream", "return upstream if lo < x < hi else 0.0"),
    ("return [upstream * (c is True), upstream * (c is False)]", "return 0.0 if x < lo or x > hi else upstream"),
)
