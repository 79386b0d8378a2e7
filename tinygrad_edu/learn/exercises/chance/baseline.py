"""A baseline

If every outcome costs about a hundred, score times cost is large whatever comes, up or down, and says next to nothing.
So something is taken off each cost first, a baseline: (cost - baseline) · score. A baseline that does not look at the
sample's own outcome changes nothing on average, for the mean of a score is 0. One that is near the mean cost makes the
estimates much less noisy.

Where does it come from, if nothing is known of the cost? From the other samples. Write the estimate from n samples,
n ≥ 2, so that on average it is right and its variance is small. Beware of a baseline in which the sample's own cost is.
"""


def score(b, p):
    """d log P(b) / dp, for an outcome b of 0 or 1."""
    return (b - p) / (p * (1 - p))


def estimate(samples, costs, p):
    """The gradient of the expected cost by p, from at least two samples and the cost of each."""
    # TODO: the mean of score times (cost - baseline)
    # [
    n = len(samples)
    total = 0.0
    for b, cost in zip(samples, costs):
        others = (sum(costs) - cost) / (n - 1)
        total += score(b, p) * (cost - others)
    return total / n
    # ]


# =====
import math

from tinygrad_edu.learn import Query


def all_outcomes(their, p, n, cost_of_0, cost_of_1):
    estimates = {}
    for k in range(2**n):
        drawn = [k >> i & 1 for i in range(n)]
        estimates["".join(map(str, drawn))] = float(
            their.estimate(drawn, [cost_of_1 if b else cost_of_0 for b in drawn], p)
        )
    return estimates


def judge(theirs, right, p, n, cost_of_0, cost_of_1):
    def moments(estimates):
        weights = {drawn: math.prod(p if b == "1" else 1 - p for b in drawn) for drawn in estimates}
        mean = sum(weights[drawn] * x for drawn, x in estimates.items())
        return mean, sum(weights[drawn] * (x - mean) ** 2 for drawn, x in estimates.items())

    plain = {}
    for drawn in theirs:
        terms = [(cost_of_1 if b == "1" else cost_of_0) * ((b == "1") - p) / (p * (1 - p)) for b in drawn]
        plain[drawn] = sum(terms) / n
    (mean, variance), exact = moments(theirs), cost_of_1 - cost_of_0
    if not abs(mean - exact) <= 1e-6 * max(1, abs(exact)):
        hint = ": something taken off depends on the sample's own outcome" if -0.01 < mean / exact < 1 else ""
        return (
            f"over all {2**n} outcomes of {n} samples the estimate is {mean:.5g} on average, and should be "
            f"{exact:.5g}{hint}"
        )
    if not variance < moments(plain)[1] / 4:
        return (
            f"it is right on average, and its variance is {variance:.4g}; without a baseline it is "
            f"{moments(plain)[1]:.4g}: a baseline helps if it is near the mean cost"
        )
    return ""


def draw(rng):
    low = rng.choice([-1, 1]) * rng.uniform(20, 90)
    return round(rng.uniform(0.3, 0.7), 2), rng.choice([3, 4]), round(low, 2), round(low + rng.uniform(1, 3), 2)


HINTS = (
    "What is the best guess of a sample's cost that does not look at this sample?",
    "baseline of sample i = mean of the costs of all other samples = (Σ costs - cost i) / (n - 1)",
    "others = (sum(costs) - cost) / (n - 1)\ntotal += score(b, p) * (cost - others)",
)
QUERIES = (Query(all_outcomes, draw, judge=judge),)
WRONG = {
    "no baseline": "return sum(score(b, p) * cost for b, cost in zip(samples, costs)) / len(samples)",
    "its own cost is in it": "n = len(samples)\nmean = sum(costs) / n\n"
    "return sum(score(b, p) * (cost - mean) for b, cost in zip(samples, costs)) / n",
    "missing minus": "n = len(samples)\n"
    "return sum(score(b, p) * ((sum(costs) - c) / (n - 1) - c) for b, c in zip(samples, costs)) / n",
    "added": "n = len(samples)\n"
    "return sum(score(b, p) * (c + (sum(costs) - c) / (n - 1)) for b, c in zip(samples, costs)) / n",
    "taken off the product": "n = len(samples)\nmean = sum(costs) / n\n"
    "return sum(score(b, p) * cost - mean for b, cost in zip(samples, costs)) / n",
    "sum for mean": "n = len(samples)\n"
    "return sum(score(b, p) * (c - (sum(costs) - c) / (n - 1)) for b, c in zip(samples, costs))",
    "the sum of the others": "n = len(samples)\n"
    "return sum(score(b, p) * (c - (sum(costs) - c)) for b, c in zip(samples, costs)) / n",
    "brackets forgotten": "n = len(samples)\n"
    "return sum(score(b, p) * (c - sum(costs) - c / (n - 1)) for b, c in zip(samples, costs)) / n",
    "the least cost": "least = min(costs)\n"
    "return sum(score(b, p) * (cost - least) for b, cost in zip(samples, costs)) / len(samples)",
    "by the outcome": "means = {}\nfor b in samples:\n"
    "    means[b] = sum(c for s, c in zip(samples, costs) if s == b) / samples.count(b)\n"
    "return sum(score(b, p) * (cost - means[b]) for b, cost in zip(samples, costs)) / len(samples)",
}  # fmt: skip
SAID = {
    "no baseline": "score times cost, and nothing was taken off the cost",
    "its own cost is in it": "a sample's own cost is in its baseline, so part of the gradient is taken off: (n - 1)/n "
    "of it is left",
    "added": "the baseline is taken off the cost, and not added",
    "taken off the product": "take it off the cost, before the score is multiplied: the mean of score · baseline is 0, "
    "and that of the baseline is not",
    "the sum of the others": "that is the sum of the other costs: their mean is asked for",
    "brackets forgotten": "(sum(costs) - cost) / (n - 1): without the brackets the cost alone is divided",
    "the least cost": "which cost is the least depends on the sample's own as well, so it is not right on average",
    "by the outcome": "a baseline that knows the outcome knows all, and takes the whole gradient off",
}
RIGHT = (
    "n = len(costs)\nmean = sum(costs) / n\n"
    "return sum(score(b, p) * (cost - mean) for b, cost in zip(samples, costs)) / (n - 1)",
    "found = [score(b, p) * (cost - costs[k - 1]) for k, (b, cost) in enumerate(zip(samples, costs))]\n"
    "return sum(found) / len(found)",
    "terms = []\nfor k in range(len(samples)):\n    rest = costs[:k] + costs[k + 1 :]\n"
    "    terms.append((costs[k] - sum(rest) / len(rest)) * score(samples[k], p))\nreturn sum(terms) / len(terms)",
)
