"""A loop that remembers too much

This loop trains, and its loss falls, more or less. And yet it does not do what it should. A single graph has no fault
that one could see, so the doctor watches the training: watch(loss), once in each step. Run this file with Python, and
read what it tells.

Mend the loop. It returns the loss before each step.
"""

from tinygrad_edu import data, diagnose, losses, nn, optim


def train(model, X, y, steps, lr, watch):
    """Train the model by plain gradient descent; return the loss before each step."""
    sgd = optim.SGD(model.parameters(), lr=lr)
    seen = []
    for _ in range(steps):
        # TODO: something is missing, or is in the wrong place
        # [
        loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        seen.append(loss.data)
        # | loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
        # | loss.backward()
        # | sgd.step()
        # | seen.append(loss.data)
        # ]
        watch(loss)
    return seen


if __name__ == "__main__":
    X, y = data.moons(10, noise=0.05, seed=0)
    model = nn.MLP(2, [6, 1], activation="tanh", init="xavier", seed=0)
    watch = diagnose.watch(model)
    for step, loss in enumerate(train(model, X, y, 12, 0.5, watch)):
        print(f"step {step}: loss {loss:.3f}")
    print(watch.report())


# =====
from tinygrad_edu.learn import Query
from tinygrad_edu.learn.exercises.leaks import still


def training(their, seed):
    from tinygrad_edu import data, diagnose, nn

    X, y = data.moons(8, noise=0.05, seed=seed)
    model = nn.MLP(2, [4, 1], activation="tanh", init="xavier", seed=seed)
    watch = diagnose.watch(model)
    seen = their.train(model, X, y, 12, 0.4, watch)
    found = [[f.what, f.where, f.seen] for f in watch.report().findings]
    return {"steps that were watched": watch.steps, "the doctor says": found, "losses": [float(x) for x in seen]}


def judge(theirs, right, seed):
    if theirs["steps that were watched"] != 12:
        return f"the doctor watched {theirs['steps that were watched']} steps, and should watch all 12"
    if told := still(theirs["the doctor says"]):
        return told
    if len(theirs["losses"]) != 12:
        return f"{len(theirs['losses'])} losses are returned, and should be 12: one for each step"
    if all(abs(a - b) < 1e-9 for a, b in zip(theirs["losses"], right["losses"][1:])):
        return "these are the losses after each step: asked are those before it"
    for k, (a, b) in enumerate(zip(theirs["losses"], right["losses"])):
        if not abs(a - b) < 1e-9:
            return f"the loss before step {k} is {a:.6g} and should be {b:.6g}: one step along one gradient, each time"
    return ""


HINTS = (
    "backward() adds to what is in .grad already. What is in it when the second step begins?",
    "Each step goes along the gradient of its own loss: .grad has to be 0 before backward() adds to it.",
    "sgd.zero_grad(), before loss.backward()",
)
QUERIES = (Query(training, lambda rng: (rng.randrange(1000),), trials=1, judge=judge),)
_loss = "loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)\n"
_seen = "\nseen.append(loss.data)"
WRONG = {
    "forgot zero_grad": _loss + "loss.backward()\nsgd.step()" + _seen,
    "emptied before the step": _loss + "loss.backward()\nsgd.zero_grad()\nsgd.step()" + _seen,
    "backward twice": _loss + "sgd.zero_grad()\nloss.backward()\nloss.backward()\nsgd.step()" + _seen,
    "no step": _loss + "sgd.zero_grad()\nloss.backward()" + _seen,
    "a smaller rate instead": "if not seen:\n    sgd = optim.SGD(model.parameters(), lr=lr / 10)\n" + _loss
    + "loss.backward()\nsgd.step()" + _seen,
}  # fmt: skip
SAID = {
    "emptied before the step": "zero_grad() between backward() and step() throws the gradient away before it is used",
    "backward twice": "backward() is called twice, and adds twice: the gradient is twice as large as it should be",
    "no step": "the gradient is computed, and nothing moves: step() is missing",
    "a smaller rate instead": "shorter steps hide it; they still go along the sum of all gradients so far",
}
RIGHT = (
    _loss + "loss.backward()\nsgd.step()\nsgd.zero_grad()" + _seen,
    "for p in model.parameters():\n    p.grad = 0.0\n" + _loss + "loss.backward()\nsgd.step()" + _seen,
    "sgd.zero_grad()\n" + _loss + "seen.append(loss.data)\nloss.backward()\nfor p in model.parameters():\n"
    "    p.data -= lr * p.grad",
)  # fmt: skip
