"""Too sure to learn

Three classes, their logits, softmax, and minus the log of the probability of the right one. As long as the network is
unsure all is well. When it is sure, and wrong, exp overflows, or the probability is 0 and has no log. Run this file
with Python: the doctor says where it begins.

Write the same loss, of the logits, so that it is right for all of them. The more it is wrong, the more it has to pull.
"""

from tinygrad_edu import Value, diagnose


def loss(logits, k):
    """-log of the softmax of the logits, at k; the logits are Values."""
    # TODO: without a probability that may be 0
    # [
    largest = max(z.data for z in logits)
    return sum((z - largest).exp() for z in logits).log() + largest - logits[k]
    # | exps = [z.exp() for z in logits]
    # | return -(exps[k] / sum(exps)).log()
    # ]


if __name__ == "__main__":
    logits = [Value(z, label=f"z{i}") for i, z in enumerate([1.0, 850.0, -820.0])]
    print(diagnose(loss(logits, 2)))


# =====
from tinygrad_edu.learn import Query
from tinygrad_edu.learn.exercises.leaks import still


def moderate(their, zs, k):
    from tinygrad_edu import Value

    logits = [Value(z, f"z{i}") for i, z in enumerate(zs)]
    loss = their.loss(logits, k)
    if not isinstance(loss, Value):
        return {"L": float(loss), **{f"dL/dz{i}": 0.0 for i in range(len(zs))}}
    loss.backward()
    return {"L": loss.data, **{f"dL/dz{i}": z.grad for i, z in enumerate(logits)}}


def sure(their, zs, k):
    from tinygrad_edu import Value, diagnose, optim

    logits = [Value(z, f"z{i}") for i, z in enumerate(zs)]
    sgd, seen, found = optim.SGD(logits, lr=100.0), [], []
    for step in range(20):
        loss = their.loss(logits, k)
        if not isinstance(loss, Value):
            return {"number": float(loss)}
        if step == 0:
            found = [[f.what, f.where, f.seen] for f in diagnose(loss).findings]
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        seen.append(loss.data)
    return {"the doctor says": found, "first": seen[0], "last": seen[-1]}


def judge(theirs, right, zs, k):
    if "number" in theirs:
        return "what loss gives is a plain number, and no gradient gets from it to the logits: compute with Values"
    if told := still(theirs["the doctor says"]):
        return told
    first, last = theirs["first"], theirs["last"]
    if not abs(first - right["first"]) < 1e-6 * right["first"]:
        return f"the doctor finds nothing, but the loss is {first:.6g} and should be {right['first']:.6g}"
    if not last < 0.01:
        return f"the loss is right, and nothing is learned: after 20 steps it has gone from {first:.6g} to {last:.6g}"
    return ""


def draw(rng):
    return [rng.uniform(-2, 2) for _ in range(3)], rng.randrange(3)


def far(rng):
    return [rng.uniform(-3, 3), rng.uniform(750, 850), rng.uniform(-850, -750)], rng.choice(
        [0, 2]
    )  # never the one that it is sure of


HINTS = (
    "The log of a quotient is a difference of logs, and the log of an exp is what was in it.",
    "L = log(exp z0 + exp z1 + exp z2) - zk; take the largest logit out of the sum before exp sees it.",
    "largest = max(z.data for z in logits)\n"
    "return sum((z - largest).exp() for z in logits).log() + largest - logits[k]",
)
QUERIES = (Query(moderate, draw), Query(sure, far, trials=2, judge=judge))
_F = "from tinygrad_edu import functional as F\n\n"
_m = "m = max(z.data for z in logits)\nexps = [(z - m).exp() for z in logits]\n"
WRONG = {
    "nothing is mended": "exps = [z.exp() for z in logits]\nreturn -(exps[k] / sum(exps)).log()",
    "still the log of 0": _m + "return -(exps[k] / sum(exps)).log()",
    "something small added": _F + "return -(F.softmax(logits)[k] + 1e-12).log()",
    "logits clipped": _F + "zs = [z.clip(-50.0, 50.0) for z in logits]\nreturn F.logsumexp(zs) - zs[k]",
    "missing minus": _F + "return logits[k] - F.logsumexp(logits)",
    "the largest not put back": _m + "return sum(exps).log() - logits[k]",
    "softmax of a softmax": _F + "ps = F.softmax(logits)\nreturn F.logsumexp(ps) - ps[k]",
}
SAID = {
    "nothing is mended": "it is as it was at first: exp of 850 is more than a float can hold",
    "still the log of 0": "exp overflows no more, but the probability of the right one is still 0, and log(0) is -inf",
    "something small added": "that keeps the log finite, at the price of the gradient: where p is 0 nothing is learned",
    "logits clipped": "where a logit was clipped no gradient passes, and just there the network is most wrong",
    "the largest not put back": "what was taken out before exp has to be added again after the log",
    "softmax of a softmax": "logsumexp is a softmax already: give it the logits",
}
RIGHT = (
    "from tinygrad_edu import losses\n\nreturn losses.cross_entropy(logits, k)",
    _F + "return F.logsumexp(logits) - logits[k]",
    _F + "return -F.log_softmax(logits)[k]",
)
