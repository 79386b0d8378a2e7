"""Before the next step

This training does not end in the valley. It shoots through it, comes back, and shoots through it again: every step
walks along the sum of all gradients so far, of places where the parameters have not been for a long time.

Mend it. Value is the package's own; parameters is a list of Values, and loss() computes one from their present numbers.
When train is called, something may be in .grad already.
"""


def train(parameters, loss, steps, lr=0.1):
    """Walk downhill; return the losses that were seen."""
    seen = []
    for _ in range(steps):
        # TODO: the gradient of this loss alone, and a step against it
        # [
        for p in parameters:
            p.grad = 0.0
        now = loss()
        now.backward()
        # | now = loss()
        # | now.backward()
        # ]
        for p in parameters:
            p.data -= lr * p.grad
        seen.append(now.data)
    return seen


# =====
from tinygrad_edu.learn import Query


def valley(their, a, b, left_over):
    from tinygrad_edu import Value

    p, q = Value(a, label="p"), Value(b, label="q")
    p.grad = left_over
    seen = their.train([p, q], lambda: (p - 1) ** 2 + 2 * (q * p + 0.5) ** 2, 4, lr=0.05)
    return {**{f"loss {k + 1}": x for k, x in enumerate(seen)}, "p": p.data, "q": q.data}


HINTS = (
    "backward() adds to .grad. What has to be there before it does?",
    "before each backward(): p.grad = 0 for every parameter",
    "for p in parameters:\n    p.grad = 0.0\nnow = loss()\nnow.backward()",
)
QUERIES = (Query(valley, lambda rng: (rng.uniform(-1, 2), rng.uniform(-1, 2), rng.uniform(2, 3))),)
WRONG = {
    "forgot zero_grad": "now = loss()\nnow.backward()",
    "set to 0 after backward": "now = loss()\nnow.backward()\nfor p in parameters:\n    p.grad = 0.0",
    "set to 0 once": "if not seen:\n    for p in parameters:\n        p.grad = 0.0\nnow = loss()\nnow.backward()",
    "the first parameter only": "parameters[0].grad = 0.0\nnow = loss()\nnow.backward()",
    "set to 0 at the end": "for p in parameters:\n    p.grad = 0.0 if seen else p.grad\nnow = loss()\nnow.backward()",
}
SAID = {
    "set to 0 after backward": "the gradient is thrown away before the step: set it to 0 before backward(), not after",
    "set to 0 once": "it is set to 0 before the first step alone: each step needs it",
    "the first parameter only": "one parameter keeps its old gradients: all of them are to be set to 0",
    "set to 0 at the end": "what was in .grad before train was called goes into the first step: set it to 0 before "
    "backward()",
}
RIGHT = (
    "now = loss()\nfor p in parameters:\n    p.grad = 0.0\nnow.backward()",
    "now = loss()\nnow.zero_grad()\nfor p in parameters:\n    p.grad = 0\nnow.backward()",
)
