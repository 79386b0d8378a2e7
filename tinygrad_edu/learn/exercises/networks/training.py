"""The loop

Everything is there: a model, a loss, gradients. Training is four lines, over and over:

    compute the loss of all samples       set every gradient to 0
    backward()                            move every parameter against its gradient

model(x) gives one Value, and model.parameters() a list of them. The loss is the mean of (model(x) - y) squared. Return
the losses, before each step.
"""


def train(model, xs, ys, steps, lr):
    """Fit the model; return the loss before each step."""
    seen = []
    for _ in range(steps):
        # TODO: four lines or so, and seen.append(the loss as a plain number)
        # [
        loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys)) / len(xs)
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        seen.append(loss.data)
        # ]
    return seen


# =====
from tinygrad_edu.learn import Query


def line(their, a, b, xs, lr):
    from tinygrad_edu import Value

    class Line:
        def __init__(self):
            self.slope, self.offset = Value(a, "slope"), Value(b, "offset")

        def __call__(self, x):
            return self.slope * x + self.offset

        def parameters(self):
            return [self.slope, self.offset]

    model = Line()
    seen = their.train(model, list(xs), [2 * x - 1 for x in xs], 4, lr)
    numbers = {f"loss {k + 1}": float(x) for k, x in enumerate(seen)}
    found = {"number of losses": len(seen), **numbers, "slope": model.slope.data, "offset": model.offset.data}
    return {**found, "the losses are plain numbers": not any(isinstance(x, Value) for x in seen)}


def draw(rng):
    n = rng.randint(3, 5)
    return rng.uniform(-1, 1), rng.uniform(-1, 1), [rng.uniform(-2, 2) for _ in range(n)], rng.choice([0.05, 0.1])


HINTS = (
    "In which order? A gradient must be 0 before backward() adds to it, and the step comes after backward().",
    "loss = Σ (model(x) - y)² / n;  p.grad = 0;  loss.backward();  p.data -= lr · p.grad",
    "loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys)) / len(xs)\nfor p in model.parameters():\n"
    "    p.grad = 0.0\nloss.backward()\nfor p in model.parameters():\n    p.data -= lr * p.grad\n"
    "seen.append(loss.data)",
)
QUERIES = (
    Query(line, draw, trials=2, also=((0.5, -0.5, [1.5], 0.1), (1.0, 1.0, [1.0, 1.0, 0.0, -1.0, 2.0, 0.5, 0.5], 0.05))),
)


def _loop(loss="sum((model(x) - y) ** 2 for x, y in zip(xs, ys)) / len(xs)", zero="p.grad = 0.0",
          step="p.data -= lr * p.grad"):  # fmt: skip
    return (f"loss = {loss}\nfor p in model.parameters():\n    {zero}\nloss.backward()\nfor p in model.parameters():\n"
            f"    {step}\nseen.append(loss.data)")  # fmt: skip


WRONG = {
    "forgot zero_grad": _loop(zero="pass"),
    "sum for mean": _loop(loss="sum((model(x) - y) ** 2 for x, y in zip(xs, ys))"),
    "uphill": _loop(step="p.data += lr * p.grad"),
    "a new node": _loop(step="p = p - lr * p.grad"),
    "forgot the rate": _loop(step="p.data -= p.grad"),
    "the first step only": _loop() + "\nreturn seen",
    "Values for numbers": _loop().replace("loss.data", "loss"),
    "averaged twice": _loop(loss="sum((model(x) - y) ** 2 for x, y in zip(xs, ys)) / len(xs) / len(xs)"),
    "updated weight used": """
        for p in model.parameters():
            loss = sum((model(x) - y) ** 2 for x, y in zip(xs, ys)) / len(xs)
            for q in model.parameters():
                q.grad = 0.0
            loss.backward()
            p.data -= lr * p.grad
        seen.append(loss.data)
    """,
    "brackets around the error": _loop(loss="sum(model(x) - y ** 2 for x, y in zip(xs, ys)) / len(xs)"),
    "a step for each sample": """
        for x, y in zip(xs, ys):
            loss = (model(x) - y) ** 2
            for p in model.parameters():
                p.grad = 0.0
            loss.backward()
            for p in model.parameters():
                p.data -= lr * p.grad
            seen.append(loss.data)
    """,
}
SAID = {
    "uphill": "it walks along the gradient, where the loss rises: a step to a smaller loss goes against it",
    "a new node": "no parameter moves: p = p - ... gives the name p to a new node, and p.data is what changes; "
    "backward without its brackets, or gradients set to 0 after it, move nothing either",
    "the first step only": "return ends the loop in its first round: leave it below the loop",
    "Values for numbers": "seen holds Values, with all that they were computed from: .data is the plain number",
    "forgot the rate": "the step is the whole gradient: lr says how much of it",
    "updated weight used": "one parameter has moved before the other's gradient was computed: first all gradients, "
    "then all steps",
    "brackets around the error": "** comes before -: the whole error is squared, (model(x) - y) ** 2",
    "a step for each sample": "that is a step after every sample: one loss of all of them is asked for, their mean",
}
RIGHT = (
    """
        errors = [model(x) - y for x, y in zip(xs, ys)]
        loss = sum(e * e for e in errors) * (1 / len(xs))
        seen.append(loss.data)
        loss.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data = p.data - lr * p.grad
    """,
    """
        from tinygrad_edu import grad

        loss = sum((y - model(x)) ** 2 for x, y in zip(xs, ys)) / len(ys)
        ps = model.parameters()
        for p, g in zip(ps, grad(loss, *ps)):
            p.data -= lr * g.data
        seen.append(loss.data)
    """,
)
