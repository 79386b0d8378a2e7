"""Cross-entropy: surprise at what was right

    L = -log p[k]        where p = softmax(z), and k is the right class

0 if the network was sure of k, and larger the less it believed in it; a network that knows nothing of C classes has
L = log C. Write it so that it never takes log(0): -log p[k] = log(Σ exp(z)) - z[k], with the largest logit taken out of
the sum as before.

Its gradient is one of the finest in all of this: p[i] for every class, less 1 at the right one.
"""

import math


def loss(z, k):
    """-log softmax(z)[k], for any logits."""
    # TODO
    # [
    m = max(z)
    return m + math.log(sum(math.exp(x - m) for x in z)) - z[k]
    # ]


def gradient(z, k):
    """dL/dz[i] for every i, in a list."""
    # TODO
    # [
    m = max(z)
    es = [math.exp(x - m) for x in z]
    return [e / sum(es) - (i == k) for i, e in enumerate(es)]
    # ]


# =====
from tinygrad_edu.learn import Query


def moderate(their, z, k):
    return {"L": their.loss(list(z), k), "dL/dz": list(their.gradient(list(z), k))}


def huge(their, z, k):
    return {"L": their.loss(list(z), k), "dL/dz": list(their.gradient(list(z), k))}


def draw(rng):
    n = rng.randint(3, 5)
    return [rng.uniform(-3, 3) for _ in range(n)], rng.randrange(n)


def draw_huge(rng):
    return [0.0, rng.uniform(900, 1000), rng.uniform(-1000, -900)], rng.choice([0, 2])


HINTS = (
    "log of a quotient is a difference of logs: -log(exp(z[k]) / Σ exp(z)) = log(Σ exp(z)) - z[k].",
    "L = m + log(Σ exp(z - m)) - z[k], with m = max z;   dL/dz[i] = p[i] - (1 if i is k else 0)",
    "m = max(z)\nreturn m + math.log(sum(math.exp(x - m) for x in z)) - z[k]\n"
    "es = [math.exp(x - m) for x in z]\nreturn [e / sum(es) - (i == k) for i, e in enumerate(es)]",
)
QUERIES = (
    Query(moderate, draw, also=(([2.0], 0), ([1, 1, 0, 1, 2, -3, 0], 3), ([0.5, 0.5], 1), ([0.0, 0.0, 0.0], 2))),
    Query(huge, draw_huge, also=(([-2000.0, -2000.0], 1),)),
)
_p = "m = max(z)\nes = [math.exp(x - m) for x in z]\np = [e / sum(es) for e in es]\n"
WRONG = {
    "log of 0": (_p + "return -math.log(p[k])", None),
    "a small number added": (_p + "return -math.log(p[k] + 1e-12)", None),
    "the largest is not given back": ("m = max(z)\nreturn math.log(sum(math.exp(x - m) for x in z)) - z[k]", None),
    "it overflows": ("return math.log(sum(math.exp(x) for x in z)) - z[k]", None),
    "the right score is missing": ("m = max(z)\nreturn m + math.log(sum(math.exp(x - m) for x in z))", None),
    "the surprise at all": (_p + "return -sum(math.log(max(q, 1e-300)) for q in p)", None),
    "missing minus": (None, _p + "return [(i == k) - q for i, q in enumerate(p)]"),
    "the right one only": (None, _p + "return [(q - 1) * (i == k) for i, q in enumerate(p)]"),
    "1 from all of them": (None, _p + "return [q - 1 for q in p]"),
    "1 too many": (None, _p + "p[k] += 1\nreturn p"),
    "the slope of a sigmoid": (None, _p + "return [q * (1 - q) for q in p]"),
    "one too few": (None, _p + "return p"),
    "of the probability": (None, _p + "return [-1 / p[k] * (i == k) for i in range(len(z))]"),
}
SAID = {
    "log of 0": "a probability may become 0, and then there is no log: compute log(Σ exp) - z[k]",
    "a small number added": "it hides log(0), and where the network is sure and wrong L grows no more: compute "
    "log(Σ exp) - z[k]",
    "the largest is not given back": "m was taken out of every exp: log(Σ exp(z)) = m + log(Σ exp(z - m))",
    "it overflows": "exp of a large number is more than a float can hold: take the largest logit out of all first",
    "the right score is missing": "z[k] is still to be subtracted: L = log(Σ exp(z)) - z[k]",
    "the surprise at all": "only the right class counts: -log p[k]",
    "1 from all of them": "1 is subtracted at the right class alone",
    "1 too many": "at the right class 1 is subtracted: the loss shrinks when its logit grows",
    "the slope of a sigmoid": "that is how p[i] moves with z[i]; for the loss all of it becomes p[i], less 1 at k",
    "the right one only": "all logits are in the sum, so all have a slope: p[i], less 1 at the right one",
    "one too few": "those are the probabilities: at the right class 1 is to be subtracted",
    "of the probability": "that is the slope by p[k]: by the logits it is p[i], less 1 at the right one",
}
RIGHT = (
    ("m = max(z)\nreturn math.log(sum(math.exp(x - m) for x in z)) + (m - z[k])",
     _p + "p[k] -= 1\nreturn p"),
    ("d = [x - z[k] for x in z]\nm = max(d)\nreturn m + math.log(sum(math.exp(x - m) for x in d))",
     "total = loss(z, 0) + z[0]\nreturn [math.exp(x - total) - (1.0 if i == k else 0.0) for i, x in enumerate(z)]"),
)  # fmt: skip
