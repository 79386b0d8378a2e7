"""A number that is not to be taught

A network is to move towards a target that it has made itself, as in Q-learning:

    target = reward + 0.9 · V(next)        L = (V(now) - target)²

If gradients go through both, the loss is made smaller by pulling the target down as well, and that is not what is
wanted: the target is to be taken as a plain number, however it came about. detach() gives a Value with the same number
and no past; nothing flows back through it.

w is a Value, and V(s) = w * s. Mend the loss.
"""


def loss(w, now, after, reward):
    """The squared error of V(now), with a target that is held."""
    value = w * now
    target = reward + 0.9 * (w * after)
    # TODO
    # [
    return (value - target.detach()) ** 2
    # | return (value - target) ** 2
    # ]


# =====
from tinygrad_edu.learn import Query


def held(their, w, now, after, reward):
    from tinygrad_edu import Value

    v = Value(w, label="w")
    L = their.loss(v, now, after, reward)
    L.backward()
    return {"L": L.data, "dL/dw": v.grad}


HINTS = (
    "Over which two ways does w reach the loss? One of them is to be cut.",
    "dL/dw = 2 · (value - target) · now, and nothing from the target",
    "return (value - target.detach()) ** 2",
)
QUERIES = (
    Query(
        held,
        lambda rng: tuple(rng.uniform(0.5, 2) for _ in range(4)),
        also=((-1.5, 0.5, -2.0, 0.0), (0.5, -30.0, 1.0, -1.0)),
    ),
)
WRONG = {
    "the target is taught": "return (value - target) ** 2",
    "disconnected": "return ((value - target) ** 2).detach()",
    "the wrong one is cut": "return (value.detach() - target) ** 2",
    "both are cut": "return (value.detach() - target.detach()) ** 2 + 0 * w",
    "only the reward": "return (value - reward) ** 2",
}
SAID = {
    "the target is taught": "a gradient still goes through the target: cut that way",
    "disconnected": "the whole loss has forgotten its past: only the target is to be held",
    "the wrong one is cut": "the prediction is cut, and the target is taught: the other way round",
    "both are cut": "no gradient arrives: only the target is to be held",
    "only the reward": "the number should stay as it was: the target is reward + 0.9 · V(next), taken as a number",
}
RIGHT = (
    "return (value - target.data) ** 2",
    "error = value - (reward + 0.9 * w.data * after)\nreturn error * error",
)
