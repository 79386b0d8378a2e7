"""First all gradients, then all steps

    h = w1 * x        y = w2 * h        L = (y - t)²

Somebody saves memory: as soon as a weight has its gradient, it makes its step. The backward pass begins with w2, which
has moved when the gradient of w1 is computed, and that one needs w2:

    dL/dw1 = dL/dy · w2 · x

All gradients belong to the same point, the one where L was computed. Mend it: return both weights after one step.
"""


def one_step(w1, w2, x, t, lr):
    """Both weights, after one step of gradient descent on L."""
    h = w1 * x
    y = w2 * h
    dy = 2 * (y - t)
    # TODO: each gradient at the weights that L was computed with
    # [
    dw2 = dy * h
    dw1 = dy * w2 * x
    return w1 - lr * dw1, w2 - lr * dw2
    # | w2 = w2 - lr * dy * h
    # | w1 = w1 - lr * dy * w2 * x
    # | return w1, w2
    # ]


# =====
from tinygrad_edu.learn import Query


def weights(their, w1, w2, x, t, lr):
    first, second = their.one_step(w1, w2, x, t, lr)
    return {"w2": second, "w1": first}


def draw(rng):
    return (*[rng.choice([-1, 1]) * rng.uniform(0.5, 2) for _ in range(4)], rng.choice([0.1, 0.2]))


HINTS = (
    "Where in these lines is w2 another number than when y was computed?",
    "dw2 = dy · h and dw1 = dy · w2 · x, both with the old w2; only then the steps",
    "dw2 = dy * h\ndw1 = dy * w2 * x\nreturn w1 - lr * dw1, w2 - lr * dw2",
)
QUERIES = (Query(weights, draw, also=((-0.5, 2.0, 1.5, 0.0, 0.1), (1.0, 1.0, 1.0, 2.0, 0.5))),)
WRONG = {
    "updated weight used": "w2 = w2 - lr * dy * h\nw1 = w1 - lr * dy * w2 * x\nreturn w1, w2",
    "swapped arguments": "return w2 - lr * dy * h, w1 - lr * dy * w2 * x",
    "forgot upstream": "return w1 - lr * w2 * x, w2 - lr * h",
    "uphill": "return w1 + lr * dy * w2 * x, w2 + lr * dy * h",
    "h moved as well": "w1 = w1 - lr * dy * w2 * x\nh = w1 * x\nreturn w1, w2 - lr * dy * h",
    "forgot the input": "return w1 - lr * dy * w2, w2 - lr * dy * h",
    "forgot the rate": "return w1 - dy * w2 * x, w2 - dy * h",
    "factor 2": "return w1 - 2 * lr * dy * w2 * x, w2 - 2 * lr * dy * h",
    "forgot the weight": "return w1 - lr * dy * x, w2 - lr * dy * h",
    "the gradient of w2 handed on": "return w1 - lr * dy * h * w2 * x, w2 - lr * dy * h",
    "its own weight": "return w1 - lr * dy * w2 * x, w2 - lr * dy * w2",
    "the gradient, not the step": "return dy * w2 * x, dy * h",
}
SAID = {
    "uphill": "it walks along the gradient, where the loss rises: a step to a smaller loss goes against it",
    "h moved as well": "h was computed again with the new w1: the gradient of w2 belongs to the h that made L",
    "forgot the input": "dL/dw1 = dL/dy · w2 · x: the input x is missing",
    "forgot the rate": "the step is the whole gradient: lr says how much of it",
    "factor 2": "the 2 of the square is in dy already",
    "forgot the weight": "dL/dw1 = dL/dy · w2 · x: the weight w2 is missing, through which dy comes to h",
    "the gradient of w2 handed on": "what goes down to h is dy · w2; the gradient of w2, dy · h, stays with w2",
    "its own weight": "the gradient of a product by one factor is the other one: dL/dw2 = dy · h",
    "the gradient, not the step": "those are the gradients: a weight moves from where it is, w - lr · gradient",
}
RIGHT = (
    "old = w2\nw2 = w2 - lr * dy * h\nw1 = w1 - lr * dy * old * x\nreturn w1, w2",
    "w1, w2 = w1 - lr * dy * w2 * x, w2 - lr * dy * h\nreturn w1, w2",
)
