"""Six layers, and nothing is learned

This network is to tell two half moons apart, and its loss stays where it is: to answer one half to everything has
0.693. No line is wrong, every local gradient is right, and yet hardly anything arrives at the first layers. Run this
file with Python, and the doctor says why.

Keep the six hidden layers of four units, and change how they begin or bend, until the doctor finds nothing and the
network learns. help(nn.MLP) has the choices.
"""

from tinygrad_edu import data, diagnose, losses, nn


def network(seed):
    """Two numbers in, six hidden layers of four, one logit out."""
    # TODO: what has to change here?
    # [
    return nn.MLP(2, [4, 4, 4, 4, 4, 4, 1], activation="tanh", init="xavier", seed=seed)
    # | return nn.MLP(2, [4, 4, 4, 4, 4, 4, 1], activation="sigmoid", init="uniform", seed=seed)
    # ]


if __name__ == "__main__":
    X, y = data.moons(8, noise=0.05, seed=0)
    model = network(0)
    print(diagnose(losses.binary_cross_entropy_with_logits([model(x) for x in X], y), model, (X, y)))


# =====
from tinygrad_edu.learn import Query
from tinygrad_edu.learn.exercises.leaks import still


def training(their, seed):
    from tinygrad_edu import data, diagnose, losses, optim

    X, y = data.moons(8, noise=0.05, seed=seed)
    model, found, loss = their.network(seed), [], 0.0
    adam = optim.Adam(model.parameters(), lr=0.05)
    sizes = [len(layer.neurons) for layer in model.layers]
    for step in range(18):
        loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
        if step == 0:
            found = [[f.what, f.where, f.seen] for f in diagnose(loss, model, (X, y)).findings]
        adam.zero_grad()
        loss.backward()
        adam.step()
    return {"sizes": sizes, "the doctor says": found, "loss": loss.data}


def judge(theirs, right, seed):
    if theirs["sizes"] != right["sizes"]:
        return (
            f"its layers have {theirs['sizes']} units, and should keep {right['sizes']}: their number is not the fault"
        )
    if told := still(theirs["the doctor says"]):
        return told
    if not theirs["loss"] < 0.62:
        return f"the doctor finds nothing, and yet nothing is learned: after 18 steps the loss is {theirs['loss']:.3f}"
    return ""


HINTS = (
    "The slope of a sigmoid is a quarter at most, and the gradient passes six of them, and six layers of weights.",
    "An activation whose slope reaches 1, and weights that are drawn so that slope times weights stays near 1.",
    'return nn.MLP(2, [4, 4, 4, 4, 4, 4, 1], activation="tanh", init="xavier", seed=seed)',
)
SEEDS = (0, 5, 6, 7, 8, 9, 12, 13, 15, 16, 17)  # of networks that learn with leaky relus as well as with tanh
QUERIES = (Query(training, lambda rng: (rng.choice(SEEDS),), trials=1, judge=judge),)


def _network(activation, init, sizes="[4, 4, 4, 4, 4, 4, 1]"):
    return f'return nn.MLP(2, {sizes}, activation="{activation}", init="{init}", seed=seed)'


WRONG = {
    "nothing is mended": _network("sigmoid", "uniform"),
    "larger weights alone": _network("sigmoid", "normal"),
    "fewer layers": _network("sigmoid", "xavier", "[4, 1]"),
    "no bend at all": _network("linear", "xavier"),
    "weights that begin at 0": _network("tanh", "zeros"),
}
SAID = {
    "nothing is mended": "it is as it was at first: run the file, and read what the doctor advises",
    "larger weights alone": "larger weights make up for some of it, and push the sigmoids out to where they are flat",
    "fewer layers": "fewer layers leak less, and say nothing about how six can learn",
    "no bend at all": "layers without an activation are one straight line together, however many there are",
    "weights that begin at 0": "with weights of 0 all units of a layer are the same, and nothing passes them",
}
RIGHT = (
    _network("tanh", "uniform"),
    _network("elu", "he"),
    """
        model = nn.MLP(2, [4, 4, 4, 4, 4, 4, 1], activation="tanh", init="uniform", seed=seed)
        rng = random.Random(seed + 1)
        for layer in model.layers:
            for neuron in layer.neurons:
                for w in neuron.w:
                    w.data = rng.gauss(0, 0.7)
        return model
    """.replace("rng = ", "import random\n        rng = "),
)
