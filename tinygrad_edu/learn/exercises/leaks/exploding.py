"""The same weights, sixteen times

A network reads sixteen numbers and is to say what the first one was. From step to step its state goes through the same
weights, and so does the gradient on its way back. Run this file with Python: the doctor says what becomes of it.

Two things are yours. How the weights from state to state begin, so that the gradient neither grows nor shrinks on its
way. And a bound on what a single step does: if the whole gradient is longer than the limit, make it that long, and
leave its direction as it is; if it is shorter, leave it alone.
"""

from tinygrad_edu import diagnose, losses, nn


def begin(size):
    """The weights from state to state: begin(size)[i][j] leads from unit j to unit i."""
    # TODO
    # [
    return [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)]
    # | return [[1.5 if i == j else 0.0 for j in range(size)] for i in range(size)]
    # ]


def bounded(gradient, limit):
    """The gradient, a list of numbers, with its length bounded by limit."""
    # TODO
    # [
    length = sum(g * g for g in gradient) ** 0.5
    if length <= limit:
        return list(gradient)
    return [g * limit / length for g in gradient]
    # | return gradient
    # ]


def network(seed):
    """Four relus that read a number at a time, and an answer."""
    rnn, answer = nn.RNN(1, 4, activation="relu", seed=seed), nn.Linear(4, 1, seed=seed)
    for i, (neuron, row) in enumerate(zip(rnn.cell.neurons, begin(4))):
        for w, number in zip(neuron.w, [(-1.0) ** i, *row]):
            w.data = number
        answer.neurons[0].w[i].data = 0.25 * (-1.0) ** i
    return rnn, answer


def loss_of(rnn, answer, sequences):
    """How wrong it is about the first number of each sequence."""
    answers = [answer(rnn([[x] for x in xs])[1])[0] for xs in sequences]
    return losses.mse(answers, [xs[0] for xs in sequences])


if __name__ == "__main__":
    print(diagnose(loss_of(*network(0), [[first] + [0.05] * 15 for first in (-1.0, 0.5, -0.25, 1.0)])))


# =====
from tinygrad_edu.learn import Query
from tinygrad_edu.learn.exercises.leaks import still


def bound(their, gradient, limit):
    long, short = their.bounded(list(gradient), limit), their.bounded(list(gradient), 20.0)
    return {"too long": [float(g) for g in long], "short enough": [float(g) for g in short]}


def training(their, seed):
    import random

    from tinygrad_edu import diagnose, losses, nn

    rng = random.Random(seed)
    rnn, answer = nn.RNN(1, 4, activation="relu", seed=seed), nn.Linear(4, 1, seed=seed)
    begun = their.begin(4)
    shape = [len(begun), *sorted({len(row) for row in begun})]
    for i, (neuron, row) in enumerate(zip(rnn.cell.neurons, begun)):
        for w, number in zip(neuron.w, [(-1.0) ** i, *row]):
            w.data = number
        answer.neurons[0].w[i].data = 0.25 * (-1.0) ** i
    parameters, found, loss = [*rnn.parameters(), *answer.parameters()], [], 0.0
    sequences = [[first] + [rng.gauss(0, 0.05) for _ in range(15)] for first in (-1.0, 0.5, -0.25, 1.0)]
    for step in range(20):
        answers = [answer(rnn([[x] for x in xs])[1])[0] for xs in sequences]
        loss = losses.mse(answers, [xs[0] for xs in sequences])
        if step == 0:
            found = [[f.what, f.where, f.seen] for f in diagnose(loss).findings]
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p, g in zip(parameters, their.bounded([p.grad for p in parameters], 0.5)):
            p.data -= 0.1 * g
    return {"shape": shape, "the doctor says": found, "loss": loss.data}


def judge(theirs, right, seed):
    if theirs["shape"] != [4, 4]:
        return "begin(4) gives 4 rows of 4 numbers, one for each unit that the others lead to"
    if told := still(theirs["the doctor says"]):
        return told
    if not theirs["loss"] < 0.3:
        return f"after 20 steps the loss is {theirs['loss']:.3g}; to answer 0 always has 0.578: it has learned nothing"
    return ""


def draw(rng):
    return [rng.choice([-1, 1]) * rng.uniform(0.5, 3) for _ in range(4)], rng.choice([0.25, 0.75])


HINTS = (
    "A factor of 1.5 is 438 after fifteen steps back, and one of 0.5 is 0.00003. Which one stays what it is?",
    "Weights near the identity. And gradient · limit / length, where length = √(Σ g²), if it is longer than that.",
    "return [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)]\n"
    "length = sum(g * g for g in gradient) ** 0.5\nif length <= limit:\n    return list(gradient)\n"
    "return [g * limit / length for g in gradient]",
)
QUERIES = (
    Query(bound, draw, also=(([-3.0], 0.5), ([0.0, 0.0], 1.0), ([1.0, 1.0, 1.0, 0.0, -1.0, 2.0], 2.0))),
    Query(training, lambda rng: (rng.randrange(1000),), trials=1, judge=judge),
)


def _eye(x):
    return f"return [[{x} if i == j else 0.0 for j in range(size)] for i in range(size)]"


WRONG = {
    "nothing is mended": (_eye(1.5), "return gradient"),
    "bounded alone": (_eye(1.5), None),
    "begun well alone": (None, "return gradient"),
    "it vanishes": ("return [[0.1 * ((i + 2 * j) % 3 - 1) for j in range(size)] for i in range(size)]", None),
    "all of them the same": ("return [[1 / size] * size for _ in range(size)]", None),
    "each number by itself": (None, "return [max(-limit, min(limit, g)) for g in gradient]"),
    "short ones made long": (None, "n = sum(g * g for g in gradient) ** 0.5\nreturn [g * limit / n for g in gradient]"),
    "divided by the length alone": (
        None,
        "n = sum(g * g for g in gradient) ** 0.5\nreturn list(gradient) if n <= limit else [g / n for g in gradient]",
    ),
    "the root forgotten": (
        None,
        "n = sum(g * g for g in gradient)\nreturn list(gradient) if n <= limit else [g * limit / n for g in gradient]",
    ),
}
SAID = {
    "nothing is mended": "a gradient that is too long comes back as it is. And what does the doctor say of the file?",
    "bounded alone": "a bound on the step does not change the gradient: its first steps in time drown all others",
    "begun well alone": "the gradient comes back as it is, however long: a step along it throws the weights away",
    "it vanishes": "such small weights hand next to nothing back: after fifteen steps nothing is left",
    "all of them the same": "units with the same weights do the same, and cannot be told apart",
    "each number by itself": "clipping each number turns the gradient: scale all of them by the same factor",
    "short ones made long": "a gradient that is short enough already is to be left as it is",
    "divided by the length alone": "that has the length 1: times limit",
    "the root forgotten": "the length is the root of the sum of the squares",
}
RIGHT = (
    (
        "return [[0.97 if i == j else 0.0 for j in range(size)] for i in range(size)]",
        "import math\n\nfactor = min(1.0, limit / (math.hypot(*gradient) or 1.0))\n"
        "return [factor * g for g in gradient]",
    ),
    (
        "rows = [[0.0] * size for _ in range(size)]\nfor i in range(size):\n    rows[i][(i + 2) % size] = 1.0\n"
        "return rows",
        "from tinygrad_edu import Value, optim\n\nps = [Value(0.0) for _ in gradient]\nfor p, g in zip(ps, gradient):\n"
        "    p.grad = g\noptim.clip_by_norm(ps, limit)\nreturn [p.grad for p in ps]",
    ),
)
