"""Softmax that does not overflow

A network gives a number for each class, its logits. Softmax makes probabilities of them, which are above 0 and add up
to 1:

    p[i] = exp(z[i]) / (exp(z[0]) + exp(z[1]) + ...)

exp(1000) is too large for a float. But if the same number is subtracted from all logits, the probabilities stay as they
are; so subtract the largest, and every exp is 1 or less.
"""

import math


def softmax(z):
    """The probabilities, in a list; z is a list of any numbers."""
    # TODO
    # [
    m = max(z)
    es = [math.exp(x - m) for x in z]
    total = sum(es)
    return [e / total for e in es]
    # ]


# =====
from tinygrad_edu.learn import Query


def moderate(their, z):
    return {"p": list(their.softmax(list(z)))}


def huge(their, z):
    return {"p": list(their.softmax(list(z)))}


HINTS = (
    "Which logit is the largest? Subtract it from all of them before exp.",
    "e[i] = exp(z[i] - max z);  p[i] = e[i] / Σ e",
    "m = max(z)\nes = [math.exp(x - m) for x in z]\nreturn [e / sum(es) for e in es]",
)
QUERIES = (
    Query(
        moderate,
        lambda rng: ([rng.uniform(-3, 3) for _ in range(rng.randint(2, 5))],),
        also=(([0.7],), ([1, 1, 0, 1, 2, -3, 0],)),
    ),
    Query(
        huge,
        lambda rng: ([rng.choice([-1, 1]) * rng.uniform(1000, 1002) for _ in range(4)],),
        also=(([-1e4, -1e4],), ([0.0, 5000.0, -5000.0],)),
    ),
)
WRONG = {
    "it overflows": "es = [math.exp(x) for x in z]\nreturn [e / sum(es) for e in es]",
    "not divided": "m = max(z)\nreturn [math.exp(x - m) for x in z]",
    "divided by how many there are": "m = max(z)\nes = [math.exp(x - m) for x in z]\nreturn [e / len(es) for e in es]",
    "the largest only below": "m = max(z)\nreturn [math.exp(x) / sum(math.exp(v - m) for v in z) for x in z]",
    "the logits divided": "return [x / sum(z) for x in z]",
    "divided by the logits": "m = max(z)\nreturn [math.exp(x - m) / sum(z) for x in z]",
    "missing minus": "m = min(z)\nes = [math.exp(m - x) for x in z]\nreturn [e / sum(es) for e in es]",
}
SAID = {
    "it overflows": "exp of a large number is more than a float can hold: subtract the largest logit from all first",
    "not divided": "they do not add up to 1: divide each by their sum",
    "divided by how many there are": "divide by the sum of all exp, not by how many there are",
    "the largest only below": "the same number is subtracted everywhere, above the line and below",
    "the logits divided": "a logit may be below 0, a probability not: take exp first",
    "divided by the logits": "divide by the sum of all exp, and not by that of the logits",
    "missing minus": "the largest logit should get the largest probability, and here it gets the smallest",
}
RIGHT = (
    "m = max(z)\nlog_sum = m + math.log(sum(math.exp(x - m) for x in z))\nreturn [math.exp(x - log_sum) for x in z]",
    "return [1 / sum(math.exp(min(v - x, 700)) for v in z) for x in z]",
)
