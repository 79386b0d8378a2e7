"""Units that never wake

A network of relus, and after a few steps it gives the same answer to everything. Run this file with Python: it trains
the network, and then asks the doctor what has become of its units.

A relu that is closed on every sample hands nothing on, and so it stays as it is. What has closed them all? Change what
you like of the optimizer and of the activation, but leave the sizes as they are: after 16 steps the network should have
learned something, and the doctor should find no dead units.
"""

from tinygrad_edu import data, diagnose, losses, nn, optim


def network(seed):
    """Two numbers in, two hidden layers of eight, one logit out."""
    # TODO: is it the network?
    # [
    return nn.MLP(2, [8, 8, 1], activation="relu", init="he", seed=seed)
    # | return nn.MLP(2, [8, 8, 1], activation="relu", init="he", seed=seed)
    # ]


def optimizer(model):
    """What moves its parameters."""
    # TODO: or is it this?
    # [
    return optim.SGD(model.parameters(), lr=0.5)
    # | return optim.SGD(model.parameters(), lr=10.0)
    # ]


def loss_of(model, X, y):
    """How wrong it is about all samples."""
    return losses.binary_cross_entropy_with_logits([model(x) for x in X], y)


if __name__ == "__main__":
    X, y = data.moons(10, noise=0.05, seed=0)
    model = network(0)
    moves = optimizer(model)
    for step in range(16):
        loss = loss_of(model, X, y)
        print(f"step {step}: loss {loss.data:.3f}")
        moves.zero_grad()
        loss.backward()
        moves.step()
    print(diagnose(loss_of(model, X, y), model, (X, y)))


# =====
from tinygrad_edu.learn import Query
from tinygrad_edu.learn.exercises.leaks import still


def training(their, seed):
    from tinygrad_edu import data, diagnose, losses

    def loss_of(model):
        return losses.binary_cross_entropy_with_logits([model(x) for x in X], y)

    X, y = data.moons(10, noise=0.05, seed=seed)
    model = their.network(seed)
    moves, seen = their.optimizer(model), []
    for _ in range(16):
        loss = loss_of(model)
        seen.append(loss.data)
        moves.zero_grad()
        loss.backward()
        moves.step()
    loss = loss_of(model)
    found = [[f.what, f.where, f.seen] for f in diagnose(loss, model, (X, y)).findings]
    sizes = [len(layer.neurons) for layer in model.layers]
    return {"sizes": sizes, "the doctor says": found, "first": seen[0], "loss": loss.data}


def judge(theirs, right, seed):
    loss = theirs["loss"]
    if theirs["sizes"] != right["sizes"]:
        return f"its layers have {theirs['sizes']} units, and should keep {right['sizes']}"
    if told := still(theirs["the doctor says"]):
        return told
    if loss != loss:
        return "after 16 steps the loss is nan: the steps are still far too long"
    if not loss < min(0.6, 0.97 * theirs["first"]):
        return f"no unit is dead, and in 16 steps the loss has gone from {theirs['first']:.3f} to {loss:.3f} alone"
    return ""


HINTS = (
    "Look at the losses of the first steps. How far do the parameters move in one of them?",
    "A step is lr · gradient. One that is too long throws a bias to where no sample opens the unit any more.",
    "return optim.SGD(model.parameters(), lr=0.5)",
)
SEEDS = (*range(9, 23), *range(25, 37))  # of networks that begin neither well nor with units that are closed
QUERIES = (Query(training, lambda rng: (rng.choice(SEEDS),), trials=1, judge=judge),)


def _rate(lr, optimizer="SGD"):
    return f"return optim.{optimizer}(model.parameters(), lr={lr})"


WRONG = {
    "nothing is mended": (None, _rate(10.0)),
    "still too long": (None, _rate(20.0)),
    "far too short": (None, _rate(0.0001)),
    "weights that begin at 0": ('return nn.MLP(2, [8, 8, 1], activation="relu", init="zeros", seed=seed)', _rate(0.3)),
    "fewer units": ('return nn.MLP(2, [4, 1], activation="relu", init="he", seed=seed)', _rate(0.3)),
    "no bend at all": ('return nn.MLP(2, [8, 8, 1], activation="linear", init="he", seed=seed)', _rate(0.3)),
}
SAID = {
    "nothing is mended": "it is as it was at first: run the file, and look at the first losses",
    "still too long": "the steps have become longer",
    "far too short": "steps that are this short kill nothing, and get nowhere",
    "weights that begin at 0": "with weights of 0 nothing passes them, and all units are the same",
    "fewer units": "the number of units is not what kills them",
    "no bend at all": "layers without an activation are one straight line together",
}
RIGHT = (
    (None, _rate(0.3)),
    ('return nn.MLP(2, [8, 8, 1], activation="leaky_relu", init="he", seed=seed)', _rate(0.7)),
    ('return nn.MLP(2, [8, 8, 1], activation="tanh", init="xavier", seed=seed)', _rate(0.05, "Adam")),
)
