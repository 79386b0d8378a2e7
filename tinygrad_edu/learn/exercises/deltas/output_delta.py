"""The delta of the last layer

Backpropagation was first written with deltas: δ = dL/dz, where z is what goes into the activation of a unit. For a unit
with output a = f(z),

    δ = dL/da · f'(z)

Write it for three kinds of outputs, from the output a and the target y: a sigmoid under squared error ½(a - y)²; a
sigmoid under cross-entropy -(y log a + (1 - y) log(1 - a)); and tanh under squared error ½(a - y)².
"""


def sigmoid_squared(a, y):
    """δ where a = sigmoid(z) and L = (a - y)² / 2."""
    # TODO
    # [
    return (a - y) * a * (1 - a)
    # ]


def sigmoid_cross_entropy(a, y):
    """δ where a = sigmoid(z) and L = -(y log a + (1 - y) log(1 - a)). It becomes very short."""
    # TODO
    # [
    return a - y
    # ]


def tanh_squared(a, y):
    """δ where a = tanh(z) and L = (a - y)² / 2."""
    # TODO
    # [
    return (a - y) * (1 - a * a)
    # ]


# =====
import math

from tinygrad_edu.learn import Query


def deltas(their, z, y, t):
    s = 1 / (1 + math.exp(-z))
    return {
        "sigmoid, squared error": their.sigmoid_squared(s, y),
        "sigmoid, cross-entropy": their.sigmoid_cross_entropy(s, y),
        "tanh, squared error": their.tanh_squared(math.tanh(z), t),
    }


HINTS = (
    "Two factors each: how the loss moves with a, and how a moves with z. In the second case they cancel.",
    "(a - y) · a(1 - a);   a - y;   (a - y) · (1 - a²)",
    "return (a - y) * a * (1 - a)\nreturn a - y\nreturn (a - y) * (1 - a * a)",
)
QUERIES = (
    Query(
        deltas,
        lambda rng: (rng.uniform(-2, 2), rng.uniform(0.1, 0.9), rng.uniform(-1, 1)),
        also=((-4.0, 1.0, -1.0), (0.0, 0.0, 0.0), (3.0, 0.9, 1.0)),
    ),
)
WRONG = {
    "missing minus": ("return (y - a) * a * (1 - a)", "return y - a", "return (y - a) * (1 - a * a)"),
    "forgot local": ("return a - y", None, "return a - y"),
    "factor 2": ("return 2 * (a - y) * a * (1 - a)", None, "return 2 * (a - y) * (1 - a * a)"),
    "half of the slope": ("return (a - y) * a", None, "return (a - y) * a"),
    "plus in the slope": ("return (a - y) * a * (1 + a)", None, "return (a - y) * (1 + a * a)"),
    "tanh for the sigmoid": ("return (a - y) * (1 - a * a)", None, None),
    "the brackets": ("return (a - y) * a - a * a", None, "return (a - y) * 1 - a * a"),
    "brackets around the error": ("return a - y * a * (1 - a)", None, "return a - y * (1 - a * a)"),
    "the target in the slope": ("return (a - y) * y * (1 - y)", None, "return (a - y) * (1 - y * y)"),
    "the loss by a": (None, "return (a - y) / (a * (1 - a))", None),
    "divided by the slope": ("return (a - y) / (a * (1 - a))", None, "return (a - y) / (1 - a * a)"),
    "forgot upstream": ("return a * (1 - a)", None, "return 1 - a * a"),
    "the slope does not cancel": (None, "return (a - y) * a * (1 - a)", None),
    "sigmoid for tanh": (None, None, "return (a - y) * a * (1 - a)"),
}
SAID = {
    "brackets around the error": "* comes before -: the whole error goes into brackets, (a - y)",
    "the target in the slope": "the slope is that of the activation, at its output a, and not at the target y",
    "forgot local": "that is how the loss moves with a: times the slope of the activation, for dL/dz",
    "factor 2": "the ½ in the loss takes the 2 of the square away",
    "half of the slope": "the slope of a sigmoid is a (1 - a), and that of tanh 1 - a²",
    "plus in the slope": "the slope of a sigmoid is a (1 - a), and that of tanh 1 - a², with a minus",
    "tanh for the sigmoid": "1 - a² is the slope of tanh, and a (1 - a) that of the sigmoid",
    "the brackets": "× binds more than -: the slope stands in brackets",
    "the loss by a": "that is how the loss moves with a: times the slope of the sigmoid, which cancels most of it",
    "divided by the slope": "dL/dz is dL/da *times* the slope: z moves a, and a moves L",
    "forgot upstream": "that is the slope of the activation alone: times a - y, how the loss moves with a",
    "the slope does not cancel": "dL/da has a(1 - a) below the line, and it cancels with the sigmoid's slope: a - y",
    "sigmoid for tanh": "the slope of tanh is 1 - a², and a(1 - a) is the sigmoid's",
}
RIGHT = (
    (
        "return (a - y) * (a - a**2)",
        "return (a - y) / (a * (1 - a)) * (a * (1 - a))",
        "return (a - y) * (1 - a) * (1 + a)",
    ),
    ("error = a - y\nreturn error * a - error * a * a", "return a * (1 - y) - (1 - a) * y", None),
)
