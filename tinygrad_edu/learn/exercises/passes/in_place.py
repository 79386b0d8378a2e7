"""The same weight, or a new one

    w = w - lr * w.grad

looks like a step, and after it the training stands still. The right side builds a *new* node, with w and a subtraction
in its past; the name w now means that node, and the old weight, which the model and the optimizer hold, never moves.

A step changes the number in the node that is there: w.data. Mend the step, so that the very same Values move.
"""


def step(parameters, lr):
    """One step of gradient descent: every parameter moves against its gradient."""
    for i in range(len(parameters)):
        # TODO: the number moves, the node stays
        # [
        parameters[i].data = parameters[i].data - lr * parameters[i].grad
        # | parameters[i] = parameters[i] - lr * parameters[i].grad
        # ]


# =====
from tinygrad_edu.learn import Query


def moved(their, numbers, grads, lr):
    from tinygrad_edu import Value

    kept = [Value(x, label=f"w{k}") for k, x in enumerate(numbers)]
    for w, g in zip(kept, grads):
        w.grad = g
    given = list(kept)
    their.step(given, lr)
    same = all(a is b for a, b in zip(given, kept))
    found = {f"{w.label}.data": w.data for w in kept}
    return {**found, "the list holds the same nodes": same, **{f"{w.label}.grad": w.grad for w in kept}}


def draw(rng):
    n = rng.randint(2, 4)
    return [rng.uniform(-2, 2) for _ in range(n)], [rng.uniform(-2, 2) for _ in range(n)], rng.choice([0.1, 0.5])


HINTS = (
    "Which attribute of a Value may be changed without making another Value?",
    "new number = old number - lr · gradient, and it goes into .data",
    "parameters[i].data -= lr * parameters[i].grad",
)
QUERIES = (Query(moved, draw, also=(([1.0], [0.5], 0.2), ([2.0, 2.0, -1.0], [3.0, 3.0, 0.0], 0.1))),)
WRONG = {
    "nothing moves": "number = parameters[i].data\nnumber -= lr * parameters[i].grad",
    "the first one only": "parameters[i].data -= lr * parameters[i].grad\nreturn",
    "a new node": "parameters[i] = parameters[i] - lr * parameters[i].grad",
    "uphill": "parameters[i].data += lr * parameters[i].grad",
    "forgot the rate": "parameters[i].data -= parameters[i].grad",
    "= for -=": "parameters[i].data = -lr * parameters[i].grad",
    "the gradient emptied": "parameters[i].data -= lr * parameters[i].grad\nparameters[i].grad = 0.0",
    "the first one's gradient": "parameters[i].data -= lr * parameters[0].grad",
    "the rate alone": "parameters[i].data -= lr",
    "moves the gradient": "parameters[i].grad = parameters[i].data - lr * parameters[i].grad",
}
SAID = {
    "nothing moves": "the parameter has not moved: its number is in .data, and that is what a step changes",
    "the first one only": "return ends the loop in its first round, and only the first parameter has moved",
    "a new node": "the list holds new nodes, and the weights that the model uses have not moved: change .data",
    "uphill": "it walks along the gradient, where the loss rises: a step to a smaller loss goes against it",
    "forgot the rate": "the step is the whole gradient: lr says how much of it",
    "= for -=": "it is set to the step itself: the step is subtracted from where the parameter is",
    "the gradient emptied": "the step is right; but .grad is emptied besides, and others may still read it: a step "
    "moves, and no more",
    "the first one's gradient": "each parameter moves against its own gradient, and not against that of the first",
    "the rate alone": "the step is as long for all: each moves by lr times its own gradient",
    "moves the gradient": "the gradient was changed: the number is in .data",
}
RIGHT = (
    "parameters[i].data -= lr * parameters[i].grad",
    "w = parameters[i]\nw.data += -lr * w.grad",
)
