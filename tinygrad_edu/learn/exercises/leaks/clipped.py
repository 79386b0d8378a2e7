"""An error that is clipped

A single sample that is far off should not throw everything over, and so somebody has clipped the error to -1 ... 1
before it is squared. A well-known program for playing games was written like this, and many were copied from it. It
learns from small errors alone. Run this file with Python: the doctor shows the node at which the gradient ends.

What they meant is this: the loss of an error e is e²/2 as long as e is between -1 and 1, and beyond that the pull stays
the same however large e becomes, dL/dq = 1 or -1. Write such a loss.
"""

from tinygrad_edu import Value, diagnose


def loss(q, target):
    """The loss of one prediction q, a Value, whose target is a plain number."""
    # TODO: limit what the error pulls with, and let it pull
    # [
    error = q - target
    if abs(error.data) <= 1:
        return error**2 / 2
    return abs(error) - 0.5
    # | error = (q - target).clip(-1.0, 1.0)
    # | return error**2 / 2
    # ]


if __name__ == "__main__":
    q = Value(0.5, label="q")
    print(diagnose(loss(q, 9.0)))


# =====
from tinygrad_edu.learn import Query
from tinygrad_edu.learn.exercises.leaks import still


def pull(their, target, errors):
    from tinygrad_edu import Value

    found = {}
    for error in errors:
        q = Value(target + error, "q")
        their.loss(q, target).backward()
        found[f"dL/dq at an error of {error:g}"] = q.grad
    return found


def training(their, seed):
    import random

    from tinygrad_edu import Value, diagnose, optim

    rng = random.Random(seed)
    targets = [rng.choice([-1, 1]) * rng.uniform(4, 9) for _ in range(4)]
    qs = [Value(rng.uniform(-1, 1), f"q{k}") for k in range(4)]
    sgd, found = optim.SGD(qs, lr=1.5), []
    for step in range(50):
        total = sum(their.loss(q, t) for q, t in zip(qs, targets)) / len(qs)
        if not isinstance(total, Value):
            return {"number": float(total)}
        if step == 0:
            found = [[f.what, f.where, f.seen] for f in diagnose(total).findings]
        sgd.zero_grad()
        total.backward()
        sgd.step()
    return {"the doctor says": found, "errors": [abs(q.data - t) for q, t in zip(qs, targets)]}


def judge(theirs, right, seed):
    if "number" in theirs:
        return "what loss gives is a plain number, and no gradient gets from it to q: put no number in place of a Value"
    if told := still(theirs["the doctor says"]):
        return told
    error = max(theirs["errors"])
    if not error < 0.05:
        return f"after 50 steps one of them is still {error:.3g} away from its target"
    return ""


def draw(rng):
    sizes = (rng.uniform(0.2, 0.8), rng.uniform(1.2, 1.8), rng.uniform(2.5, 9))
    return rng.uniform(-5, 5), [rng.choice([-1, 1]) * float(f"{size:.3g}") for size in sizes]


HINTS = (
    "Between which numbers does clip let a gradient pass? The error of 8.5 is not one of them.",
    "Two pieces that meet at |e| = 1 with the same slope: e²/2 inside, |e| - 1/2 outside. It is called Huber's loss.",
    "error = q - target\nif abs(error.data) <= 1:\n    return error**2 / 2\nreturn abs(error) - 0.5",
)
QUERIES = (Query(training, lambda rng: (rng.randrange(1000),), trials=1, judge=judge), Query(pull, draw))
WRONG = {
    "nothing is mended": "error = (q - target).clip(-1.0, 1.0)\nreturn error**2 / 2",
    "no limit": "return (q - target) ** 2 / 2",
    "a wider clip": "error = (q - target).clip(-3.0, 3.0)\nreturn error**2 / 2",
    "the loss clipped": "return ((q - target) ** 2 / 2).clip(0.0, 1.0)",
    "the same pull always": "return abs(q - target)",
    "factor 2": "e = q - target\nreturn e**2 if abs(e.data) <= 1 else 2 * abs(e) - 1",
    "a new node": "e = Value((q - target).data)\nreturn e**2 / 2 if abs(e.data) <= 1 else abs(e) - 0.5",
}
SAID = {
    "nothing is mended": "it is as it was at first: beyond -1 and 1 the slope of clip is 0, and 0 times anything is 0",
    "no limit": "that is the square: a large error pulls with all its size, where it should pull with 1",
    "a wider clip": "a wider clip moves the cliff, and does not remove it: an error beyond it gets no gradient",
    "the loss clipped": "now the loss is clipped, and a loss that is clipped has no slope",
    "the same pull always": "a small error should pull with its own size: near its target it would jump back and forth",
    "a new node": "Value(...) is a new node, without a past: no gradient gets from it to q",
}
RIGHT = (
    "from tinygrad_edu import losses\n\nreturn losses.huber(q, target)",
    "e = q - target\nreturn e * e.clip(-1.0, 1.0).detach()",
    "e = abs(q - target)\ninside = e.minimum(1.0)\nreturn inside**2 / 2 + (e - inside)",
)
