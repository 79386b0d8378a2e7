"""The score

Often the cost is known only where the coin has fallen: nobody can say what the other side would have cost. There is an
estimate of the gradient all the same, out of one toss:

    d log P(b) / dp · f(b)

The first factor is called the score of the outcome; P(b) is p for 1 and 1 - p for 0. It asks nothing of f, not even a
slope. A single one may be far off. Weighed over all outcomes they add up to the gradient.

Write the score, and the estimate from some samples and what each of them has cost: the mean of score times cost.
"""


def score(b, p):
    """d log P(b) / dp, for an outcome b of 0 or 1."""
    # TODO
    # [
    return 1 / p if b == 1 else -1 / (1 - p)
    # ]


def estimate(samples, costs, p):
    """The gradient of the expected cost by p, from samples and the cost of each."""
    # TODO
    # [
    return sum(score(b, p) * cost for b, cost in zip(samples, costs)) / len(samples)
    # ]


# =====
from tinygrad_edu.learn import Query


def scores(their, p):
    return {"score of 1": float(their.score(1, p)), "score of 0": float(their.score(0, p))}


def samples(their, p, drawn, costs):
    return {"estimate": float(their.estimate(list(drawn), list(costs), p))}


def average(their, p, cost_of_0, cost_of_1):
    one, zero = (float(their.estimate([b], [cost], p)) for b, cost in ((1, cost_of_1), (0, cost_of_0)))
    return {"estimate after a 1": one, "estimate after a 0": zero, "on average": p * one + (1 - p) * zero}


def draw(rng):
    n = rng.randint(4, 6)
    drawn = [0, 1] + [rng.randint(0, 1) for _ in range(n - 2)]
    return round(rng.uniform(0.15, 0.85), 3), drawn, [round(rng.uniform(-2, 4), 3) for _ in range(n)]


HINTS = (
    "How does log p change with p? And log(1 - p)?",
    "d log p / dp = 1/p;  d log(1 - p) / dp = -1/(1 - p);  estimate = Σ score · cost / n",
    "return 1 / p if b == 1 else -1 / (1 - p)\n"
    "return sum(score(b, p) * cost for b, cost in zip(samples, costs)) / len(samples)",
)
QUERIES = (
    Query(scores, lambda rng: (round(rng.uniform(0.15, 0.4), 3),)),
    Query(
        samples,
        draw,
        also=((0.5, [1], [2.0]), (0.25, [0, 0, 0], [1.0, 1.0, 0.0]), (0.75, [1, 1, 0, 1, 0, 1, 1, 0], [3] * 8)),
    ),
    Query(average, lambda rng: (round(rng.uniform(0.15, 0.4), 3), rng.uniform(-2, 2), rng.uniform(-2, 2))),
)
WRONG = {
    "the log forgotten": ("return 1.0 if b == 1 else -1.0", None),
    "missing minus": ("return 1 / p if b == 1 else 1 / (1 - p)", None),
    "of a 1 whatever comes": ("return 1 / p", None),
    "0 has no score": ("return b / p", None),
    "the other probability": ("return 1 / (1 - p) if b == 1 else -1 / p", None),
    "the probability itself": ("return p if b == 1 else 1 - p", None),
    "the last one alone": (
        None,
        "for b, cost in zip(samples, costs):\n    total = score(b, p) * cost\nreturn total / len(samples)",
    ),
    "the first one alone": (None, "for b, cost in zip(samples, costs):\n    return score(b, p) * cost / len(samples)"),
    "the outcome for its score": (None, "return sum(b * cost for b, cost in zip(samples, costs)) / len(samples)"),
    "the log itself": ("import math\n\nreturn math.log(p) if b == 1 else math.log(1 - p)", None),
    "sum for mean": (None, "return sum(score(b, p) * cost for b, cost in zip(samples, costs))"),
    "costs forgotten": (None, "return sum(score(b, p) for b in samples) / len(samples)"),
    "averaged apart": (
        None,
        "n = len(samples)\nreturn sum(score(b, p) for b in samples) / n * (sum(costs) / n)",
    ),
    "weighed once more": (
        None,
        "return sum((p if b == 1 else 1 - p) * score(b, p) * cost for b, cost in zip(samples, costs)) / len(samples)",
    ),
}
SAID = {
    "the log forgotten": "that is the slope of P(b); the score is the slope of its log, which is divided by P(b)",
    "missing minus": "1 - p falls as p grows: the score of a 0 is negative",
    "of a 1 whatever comes": "a 0 has another probability, and another score",
    "0 has no score": "that a 0 has come says something as well: that p may be smaller",
    "the other probability": "1 comes with probability p, and 0 with 1 - p",
    "the probability itself": "that is P(b); the score is the slope of its log",
    "the last one alone": "in the loop each sample overwrites what the one before gave: += adds them up",
    "the first one alone": "return stands in the loop, and ends it at the first sample",
    "the outcome for its score": "the cost is multiplied by the score of the outcome, and not by the outcome",
    "the log itself": "that is log P(b); the score is its slope",
    "costs forgotten": "a score says how an outcome becomes more likely; its cost says whether it should",
    "averaged apart": "each score goes with the cost of its own sample: multiply first, then take the mean",
    "weighed once more": "the samples come as often as they are likely: they are weighed already by being drawn",
}
RIGHT = (
    (
        "return (b - p) / (p * (1 - p))",
        "total = 0.0\nfor k in range(len(samples)):\n    total += score(samples[k], p) * costs[k]\n"
        "return total / len(costs)",
    ),
    (
        "from tinygrad_edu import Value\n\nv = Value(p)\n(v if b else 1 - v).log().backward()\nreturn v.grad",
        "import math\n\nreturn math.fsum(c * score(b, p) / len(samples) for c, b in zip(costs, samples))",
    ),
)
