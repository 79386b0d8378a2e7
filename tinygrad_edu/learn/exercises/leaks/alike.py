"""All units the same

Before the first step every weight gets a number, and somebody has thought that one half is as good as any other. So it
would be, if there were one unit. Run this file with Python, and the doctor says what becomes of several.

Write how the weights of one unit begin. It is called for each unit in turn, and rng is a random.Random.
"""

import random

from tinygrad_edu import data, diagnose, losses, nn


def begin(n, rng):
    """The first weights of a unit with n inputs, a list of numbers."""
    # TODO
    # [
    return [rng.uniform(-1, 1) / n**0.5 for _ in range(n)]
    # | return [0.5] * n
    # ]


if __name__ == "__main__":
    X, y = data.moons(10, noise=0.05, seed=0)
    model, rng = nn.MLP(2, [6, 1], activation="tanh"), random.Random(0)
    for layer in model.layers:
        for neuron in layer.neurons:
            for w, number in zip(neuron.w, begin(len(neuron.w), rng)):
                w.data = number
    print(diagnose(losses.binary_cross_entropy_with_logits([model(x) for x in X], y), model, (X, y)))


# =====
from tinygrad_edu.learn import Query
from tinygrad_edu.learn.exercises.leaks import still


def training(their, seed):
    from tinygrad_edu import data, diagnose, losses, nn, optim

    X, y = data.moons(10, noise=0.05, seed=seed)
    model, rng = nn.MLP(2, [6, 1], activation="tanh"), random.Random(seed)
    lengths, begun = [], []
    for layer in model.layers:
        for neuron in layer.neurons:
            numbers = list(their.begin(len(neuron.w), rng))
            lengths.append([len(neuron.w), len(numbers)])
            begun.append([float(number) for number in numbers])
            for w, number in zip(neuron.w, numbers):
                w.data = number
    sgd, found, loss = optim.SGD(model.parameters(), lr=1.0), [], 0.0
    for step in range(20):
        loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
        if step == 0:
            found = [[f.what, f.where, f.seen] for f in diagnose(loss, model, (X, y)).findings]
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    return {
        "lengths": lengths,
        "two begin alike": any(w in begun[:k] for k, w in enumerate(begun)),
        "the doctor says": found,
        "loss": loss.data,
    }


def judge(theirs, right, seed):
    for wanted, n in theirs["lengths"]:
        if n != wanted:
            return f"a unit with {wanted} inputs needs {wanted} weights, and gets {n}"
    if told := still(theirs["the doctor says"]):
        return told
    if theirs["two begin alike"]:
        return (
            "two units of a layer begin with the same weights: they differ only as far as what follows tells them apart"
        )
    if not theirs["loss"] < 0.6:
        return f"the units differ, and after 20 steps the loss is {theirs['loss']:.3f}: one half for all has 0.693"
    return ""


HINTS = (
    "Two units with the same weights compute the same, get the same gradient, and stay the same for ever.",
    "Draw every weight by itself, around 0, the smaller the more inputs there are: a variance near 1/n.",
    "return [rng.uniform(-1, 1) / n**0.5 for _ in range(n)]",
)
QUERIES = (Query(training, lambda rng: (rng.randrange(1000),), trials=1, judge=judge),)
WRONG = {
    "nothing is mended": "return [0.5] * n",
    "all of them 0": "return [0.0] * n",
    "begun anew each time": "return [random.Random(0).uniform(-1, 1) for _ in range(n)]",
    "one too many": "return [rng.uniform(-1, 1) for _ in range(n + 1)]",
    "far too large": "return [rng.uniform(-50, 50) for _ in range(n)]",
    "far too small": "return [rng.uniform(-1, 1) * 1e-5 for _ in range(n)]",
}
SAID = {
    "nothing is mended": "it is as it was at first: six units that are one",
    "all of them 0": "with weights of 0 they are all the same as well, and not even a gradient passes",
    "begun anew each time": "random.Random(0) begins the same random numbers again: use the rng that is given",
    "one too many": "one weight for each input: the bias is not among them",
    "far too large": "now they differ, but tanh is flat where such weights lead: its slope is 0 there",
    "far too small": "now they differ by next to nothing, and as little of the gradient passes them",
}
RIGHT = (
    "return [rng.gauss(0, 1) / n**0.5 for _ in range(n)]",
    "return [rng.uniform(-0.7, 0.7) for _ in range(n)]",
    "weights = []\nwhile len(weights) < n:\n    weights.append(rng.triangular(-1.0, 1.0))\nreturn weights",
)
