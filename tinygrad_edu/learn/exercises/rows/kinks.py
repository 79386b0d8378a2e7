"""Where the slope jumps

relu(x) is x above 0 and 0 below. max(a, b) is the larger one, and hands on all to it and nothing to the other. |x| is x
above 0 and -x below. Each has a corner, where the slope jumps. What is it there? Any slope between the two sides will
do, as PyTorch, JAX and this package choose one; choose as you like.
"""


def relu(x):
    """y = max(x, 0): dy/dx."""
    # TODO
    # [
    return 1.0 if x > 0 else 0.0
    # ]


def absolute(x):
    """y = abs(x): dy/dx."""
    # TODO
    # [
    return 1.0 if x > 0 else -1.0 if x < 0 else 0.0
    # ]


def maximum(a, b):
    """y = max(a, b): (dy/da, dy/db)."""
    # TODO
    # [
    return (1.0, 0.0) if a > b else (0.0, 1.0) if b > a else (0.5, 0.5)
    # ]


# =====
from tinygrad_edu.learn import Query


def away(their, x, a, b):
    return {
        "relu of a positive": their.relu(abs(x)),
        "relu of a negative": their.relu(-abs(x)),
        "abs of a positive": their.absolute(abs(x)),
        "abs of a negative": their.absolute(-abs(x)),
        "maximum": dict(zip(("dy/da", "dy/db"), their.maximum(a, b))),
    }


def corner(their, a):
    da, db = their.maximum(a, a)
    return {"relu": their.relu(0.0), "abs": their.absolute(0.0), "da": da, "db": db}


def judge(theirs, right, a):
    if not 0 <= theirs["relu"] <= 1:
        return f"at 0 relu has the slope 0 on one side and 1 on the other, and {theirs['relu']} is not between them"
    if not -1 <= theirs["abs"] <= 1:
        return f"at 0 |x| has the slope -1 on one side and 1 on the other, and {theirs['abs']} is not between them"
    da, db = theirs["da"], theirs["db"]
    if not (0 <= da <= 1 and 0 <= db <= 1):
        return f"at a tie each of the two gets something from 0 to 1, and here they get {da} and {db}"
    if abs(da + db - 1) > 1e-9:
        return f"at a tie max(a, b) moves by 1 if both move by 1, so the two slopes add up to 1, and not to {da + db}"
    return ""


def draw(rng):
    a = rng.uniform(-2, 2)
    return rng.uniform(0.3, 2), a, a + rng.choice([-1, 1]) * rng.uniform(0.3, 2)


HINTS = (
    "On which side of the corner is the number? On each side the function is a straight line.",
    "relu: 1 above 0, else 0;  |x|: 1 above, -1 below;  max: 1 for the larger one and 0 for the other",
    "return 1.0 if x > 0 else 0.0\nreturn 1.0 if x > 0 else -1.0\nreturn (1.0, 0.0) if a > b else (0.0, 1.0)",
)
QUERIES = (
    Query(away, draw, also=((1e-6, -3.0, 2.0), (-30.0, 0.01, -1.5), (1.0, -2.0, -1.0))),
    Query(corner, lambda rng: (rng.uniform(-2, 2),), judge=judge, also=((0.0,), (-1.0,))),
)
WRONG = {
    "other side of a kink": "return 0.0 if x > 0 else 1.0",
    "swapped arguments": (None, None, "return (0.0, 1.0) if a > b else (1.0, 0.0)"),
    "both at a tie": (None, None, "return (1.0 if a >= b else 0.0), (1.0 if b >= a else 0.0)"),
    "nobody at a tie": (None, None, "return (1.0 if a > b else 0.0), (1.0 if b > a else 0.0)"),
    "the value, not the slope": ("return max(x, 0.0)", "return abs(x)", "return (max(a, b), 0.0)"),
    "always open": ("return 1.0", None, None),
    "relu itself": "return max(x, 0.0)",
    "the number, not its slope": (None, None, "return (a, 0.0) if a > b else (0.0, b)"),
    "all to both": (None, None, "return 1.0, 1.0"),
    "one number for two": (None, None, "return 1.0 if a > b else 0.0"),
    "divided by 0": (None, "return x / abs(x)", None),
}
SAID = {
    "both at a tie": "at a tie both get all of it: together they should get 1",
    "nobody at a tie": "at a tie nobody gets anything: together they should get 1",
    "the value, not the slope": "that is the function itself: its slope is asked for",
    "always open": "below 0 relu is flat: nothing is handed on there",
    "relu itself": "that is relu itself: its slope is asked for, 0 or 1",
    "the number, not its slope": "the larger one is handed on whole: its slope is 1, however large it is",
    "all to both": "max hands on all to the larger one, and nothing to the other",
    "one number for two": "two slopes are asked for, one for a and one for b: return 1.0, 0.0",
    "divided by 0": "at 0 this divides by 0: there any slope between the two sides will do",
}
RIGHT = (
    ("return float(x >= 0)", "return -1.0 if x < 0 else 1.0", "return (1.0, 0.0) if a >= b else (0.0, 1.0)"),
    ("return (x > 0) * 1.0", "return (x > 0) - (x < 0)", "first = float(a > b)\nreturn first, 1 - first"),
)
