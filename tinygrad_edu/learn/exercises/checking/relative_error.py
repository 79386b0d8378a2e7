"""How wrong is wrong?

A gradient a, computed by the chain rule, and one by differences, n, are never quite the same. Is 1e-4 between them
much? Not if both are near 1000; very much if both are near 1e-4. So look at how far they are apart relative to their
size:

    |a - n| / max(|a|, |n|)            0 if both are 0

The notes of CS231n judge by it: above 1e-2 the gradient is probably wrong; above 1e-4 be suspicious; below that it is
acceptable if there are kinks on the way; 1e-7 and less, be happy.

Write both, with these four words.
"""


def relative_error(a, n):
    """How far two numbers are apart, relative to the larger."""
    # TODO
    # [
    largest = max(abs(a), abs(n))
    return abs(a - n) / largest if largest else 0.0
    # ]


def verdict(a, n):
    """The word: "wrong" above 1e-2, "suspicious" above 1e-4, "acceptable" above 1e-7, else "happy"."""
    # TODO
    # [
    error = relative_error(a, n)
    if error > 1e-2:
        return "wrong"
    if error > 1e-4:
        return "suspicious"
    return "acceptable" if error > 1e-7 else "happy"
    # ]


# =====
from tinygrad_edu.learn import Query


def errors(their, a, n):
    return {"relative error": their.relative_error(a, n), "turned round": their.relative_error(n, a)}


def zero(their):
    return {"of 0 and 0": their.relative_error(0.0, 0.0), "of 0 and 2": their.relative_error(0.0, 2.0)}


def words(their, size):
    apart = (0.5, 2e-2, 5e-3, 2e-4, 5e-5, 2e-7, 5e-8, 0.0)
    return {f"verdict({size:g}, {size * (1 + e):.10g})": their.verdict(size, size * (1 + e)) for e in apart}


HINTS = (
    "Divide by the larger of the two sizes; what if both are 0? Then ask for the largest limit first.",
    "|a - n| / max(|a|, |n|), and 0.0 where that would be 0 / 0",
    "largest = max(abs(a), abs(n))\nreturn abs(a - n) / largest if largest else 0.0",
)
QUERIES = (
    Query(
        errors,
        lambda rng: (rng.choice([-1, 1]) * rng.uniform(1e-3, 900), rng.choice([-1, 1]) * rng.uniform(1e-3, 900)),
        also=((2e-11, -1e-11), (3e-9, 3e-9), (0.0, -1e-12)),
    ),
    Query(zero, trials=1),
    Query(words, lambda rng: (rng.choice([1000.0, 1.0, 1e-5]) * rng.choice([-1, 1]),), trials=6),
)
WRONG = {
    "not relative": ("return abs(a - n)", None),
    "by one of the two": ("return abs(a - n) / abs(a) if a else abs(n) and 1.0", None),
    "division by 0": ("return abs(a - n) / max(abs(a), abs(n))", None),
    "below 0": ("largest = max(abs(a), abs(n))\nreturn (a - n) / largest if largest else 0.0", None),
    "signs decide which is larger": ("largest = max(a, n)\nreturn abs(a - n) / largest if largest else 0.0", None),
    "0 for one of them": ("return abs(a - n) / max(abs(a), abs(n)) if a and n else 0.0", None),
    "by the sum of both": ("return abs(a - n) / (abs(a) + abs(n)) if a or n else 0.0", None),
    "the least limit asked first": (None, """
        error = relative_error(a, n)
        if error > 1e-7:
            return "acceptable"
        return "happy"
    """),
    "no quotes": (None, """
        error = relative_error(a, n)
        if error > 1e-2:
            return wrong
        return suspicious if error > 1e-4 else acceptable if error > 1e-7 else happy
    """),
    "the lowest limit first": (None, """
        error = relative_error(a, n)
        if error <= 1e-2:
            return "happy"
        return "acceptable" if error <= 1e-4 else "suspicious" if error <= 1e-7 else "wrong"
    """),
}  # fmt: skip
SAID = {
    "not relative": "that is how far they are apart, whatever their size: divide by the larger of the two",
    "by one of the two": "divide by the larger of the two, so that it does not matter which comes first",
    "division by 0": "if both are 0 there is nothing to divide by, and nothing between them: 0.0",
    "below 0": "an error has no sign: take its size",
    "signs decide which is larger": "-3 is larger than 2 here: it is the sizes that are compared, abs(a) and abs(n)",
    "0 for one of them": "it is 0 if both are 0; if one of them is, all of the other lies between them",
    "by the sum of both": "divide by the larger of the two, and not by their sum",
    "the least limit asked first": "what is above 1e-2 is above 1e-7 as well: ask for the largest limit first",
    "no quotes": 'a word without quotes is a name: write "wrong"',
    "the lowest limit first": "the limits are asked in the wrong order: whatever is above 1e-2 is wrong",
}
RIGHT = (
    ("if a == n:\n    return 0.0\nreturn abs(n - a) / max(abs(a), abs(n))",
     "e = relative_error(a, n)\nlimits = [(1e-7, 'happy'), (1e-4, 'acceptable'), (1e-2, 'suspicious')]\n"
     "return next((word for limit, word in limits if e <= limit), 'wrong')"),
    ("return abs(a - n) / (max(abs(a), abs(n)) or 1.0)", None),
)  # fmt: skip
