"""A path through a bell curve

A choice need not be 0 or 1. A number x from a bell curve with a mean m and a width s can be drawn in two steps: first
the noise e from a standard bell curve, which has nothing to do with m and s; then

    x = m + s · e

Now x is a formula, and the gradient of what it costs has a path: through x to m and to s, with e as a plain number.
Where there is such a path it is far less noisy than a score.

Write the sample, and the gradients by m and by s of the mean cost over several noises. slope(x) is the slope of the
cost at x.
"""


def sample(m, s, e):
    """A sample of the bell curve with mean m and width s, from standard noise e."""
    # TODO
    # [
    return m + s * e
    # ]


def gradients(slope, m, s, noises):
    """(dL/dm, dL/ds), where L is the mean over all noises of the cost of the sample."""
    # TODO
    # [
    n = len(noises)
    dm = sum(slope(sample(m, s, e)) for e in noises) / n
    ds = sum(slope(sample(m, s, e)) * e for e in noises) / n
    return dm, ds
    # ]


# =====
from tinygrad_edu.learn import Query


def one(their, m, s, e):
    return {"x": float(their.sample(m, s, e))}


def several(their, m, s, noises, a):
    dm, ds = their.gradients(lambda x: 3 * a * x**2 - x, m, s, list(noises))
    return {"dL/dm": float(dm), "dL/ds": float(ds)}


def signed(rng):
    return round(rng.choice([-1, 1]) * rng.uniform(0.3, 2), 3)


HINTS = (
    "How does x change with m, and how with s?",
    "dx/dm = 1 and dx/ds = e, so dL/dm = Σ slope(x) / n and dL/ds = Σ slope(x) · e / n",
    "return m + s * e\nn = len(noises)\ndm = sum(slope(sample(m, s, e)) for e in noises) / n\n"
    "ds = sum(slope(sample(m, s, e)) * e for e in noises) / n\nreturn dm, ds",
)
QUERIES = (
    Query(one, lambda rng: (signed(rng), round(rng.uniform(0.4, 2), 3), signed(rng))),
    Query(
        several,
        lambda rng: (signed(rng), round(rng.uniform(0.4, 2), 3), [signed(rng) for _ in range(5)], rng.uniform(0.5, 1)),
        also=((0.5, 1.5, [-0.7], 1.0), (-1.0, 0.5, [0.0, 2.0, 2.0, 0.0, 1.0, 1.0, 1.0], 0.5)),
    ),
)


def _of(dm="slope(sample(m, s, e))", ds="slope(sample(m, s, e)) * e", n=" / len(noises)"):
    return f"dm = sum({dm} for e in noises){n}\nds = sum({ds} for e in noises){n}\nreturn dm, ds"


WRONG = {
    "the width squared": ("return m + s * s * e", None),
    "the root of the width": ("return m + s**0.5 * e", None),
    "mean and width exchanged": ("return m * e + s", None),
    "the width forgotten": ("return m + e", None),
    "the width added": ("return m + s + e", None),
    "divided by the width": ("return (e - m) / s", None),
    "the noise forgotten": (None, _of(ds="slope(sample(m, s, e))")),
    "at the mean": (None, _of("slope(m)", "slope(m) * e")),
    "of the noise": (None, _of("slope(e)", "slope(e) * e")),
    "times the sample": (None, _of(ds="slope(sample(m, s, e)) * sample(m, s, e)")),
    "times the width": (None, _of(ds="slope(sample(m, s, e)) * s")),
    "times the mean": (None, _of(dm="slope(sample(m, s, e)) * m")),
    "the sum so far": (
        None,
        "dm = ds = 0.0\nfor e in noises:\n    dm += slope(sample(m, s, e)) / len(noises)\n    ds += dm * e\n"
        "return dm, ds",
    ),
    "the last one alone": (
        None,
        "for e in noises:\n    dm = slope(sample(m, s, e)) / len(noises)\n    ds = dm * e\nreturn dm, ds",
    ),
    "at the mean noise": (
        None,
        "e = sum(noises) / len(noises)\nreturn slope(sample(m, s, e)), slope(sample(m, s, e)) * e",
    ),
    "sum for mean": (None, _of(n="")),
    "swapped arguments": (None, _of(ds="slope(sample(m, s, e))", dm="slope(sample(m, s, e)) * e")),
    "averaged apart": (
        None,
        "n = len(noises)\ndm = sum(slope(sample(m, s, e)) for e in noises) / n\nreturn dm, dm * sum(noises) / n",
    ),
    "forgot upstream": (None, "return 1.0, sum(noises) / len(noises)"),
}
SAID = {
    "the width squared": "s is the width itself, the standard deviation, and is not squared: m + s · e",
    "the root of the width": "s is the width itself, the standard deviation, and not the variance: m + s · e",
    "mean and width exchanged": "the noise is stretched by the width s, and then moved by the mean m",
    "the width forgotten": "without the width every sample is of a bell curve as wide as the noise",
    "the width added": "the width multiplies the noise: added, it would move the curve and not widen it",
    "times the mean": "dx/dm is 1, whatever m is",
    "the sum so far": "the noise is multiplied by the sum of all slopes so far, and not by the slope of its own sample",
    "the last one alone": "in the loop each noise overwrites what the one before gave: += adds them up",
    "at the mean noise": "the mean of the slopes is not the slope at the mean: ask it for each noise",
    "divided by the width": "that is the way back, from a sample to its noise",
    "the noise forgotten": "s is multiplied by e in the formula of x: dx/ds = e",
    "at the mean": "the slope of the cost is asked at the sample x, and not at the mean",
    "of the noise": "the slope of the cost is asked at the sample x, and not at the noise",
    "times the sample": "dx/ds is the noise e alone, not x",
    "times the width": "dx/ds is the noise e; s is dx/de",
    "averaged apart": "each slope goes with its own noise: multiply first, then take the mean",
}
RIGHT = (
    (
        "return s * e + m",
        "dm = ds = 0.0\nfor e in noises:\n    g = slope(sample(m, s, e)) / len(noises)\n    dm += g\n    ds += g * e\n"
        "return dm, ds",
    ),
    (
        "return m - s * -e",
        "from tinygrad_edu import Value\n\nmean, width = Value(m), Value(s)\nfor e in noises:\n"
        "    x = mean + width * e\n    x.backward(slope(x.data) / len(noises))\nreturn [mean.grad, width.grad]",
    ),
)
