"""Data as they came

A table of incomes and shares, and what each customer did: 1 bought, -1 did not. The network is sound, and so is its
loss, which wants 1 and 0. It is the numbers that are not as a network wants them. Run this file with Python, mend what
is said, by the loss or by the doctor, and run it again: there is more than one thing.

Write what is done to the table before the training. There may be any number of columns, and none is constant.
"""

from tinygrad_edu import diagnose, losses, nn

TABLE = [[31000.0, 0.66], [52000.0, 0.31], [28000.0, 0.59], [47000.0, 0.42], [35000.0, 0.71], [44000.0, 0.35]]
BOUGHT = [-1, 1, -1, 1, -1, 1]


def prepared(X, y):
    """Rows of features and labels of -1 or 1, as a network and its loss want them: new lists, in the same order."""
    # TODO
    # [
    means = [sum(column) / len(X) for column in zip(*X)]
    spreads = [(sum((v - m) ** 2 for v in column) / len(X)) ** 0.5 for m, column in zip(means, zip(*X))]
    rows = [[(v - m) / s for v, m, s in zip(row, means, spreads)] for row in X]
    return rows, [(label + 1) / 2 for label in y]
    # | return X, y
    # ]


if __name__ == "__main__":
    X, y = prepared(TABLE, BOUGHT)
    model = nn.MLP(2, [4, 1], activation="tanh", init="xavier", seed=0)
    print(diagnose(losses.binary_cross_entropy_with_logits([model(x) for x in X], y), model, (X, y)))


# =====
from tinygrad_edu.learn import Query
from tinygrad_edu.learn.exercises.leaks import still


def training(their, seed, table):
    from tinygrad_edu import diagnose, losses, nn, optim

    bought, before = [1 if k % 2 else -1 for k in range(len(table))], [list(row) for row in table]
    X, y = their.prepared(table, list(bought))
    X, y = [[float(v) for v in row] for row in X], [float(t) for t in y]
    shape = [len(X), *[len(row) for row in X[:1]], len(y)]
    answer = {"shape": shape, "y": y, "row": X[0], "untouched": table == before, "the doctor says": [], "right": []}
    if shape != [len(table), len(table[0]), len(table)] or not all(0 <= t <= 1 for t in y):
        return answer
    model = nn.MLP(len(table[0]), [4, 1], activation="tanh", init="xavier", seed=seed)
    sgd = optim.SGD(model.parameters(), lr=1.0)
    for step in range(25):
        loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
        if step == 0:
            answer["the doctor says"] = [[f.what, f.where, f.seen] for f in diagnose(loss, model, (X, y)).findings]
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    answer["right"] = [(model(x).data > 0) == (b > 0) for x, b in zip(X, bought)]
    answer["loss"], answer["spreads"] = loss.data, [max(column) - min(column) for column in zip(*X)]
    return answer


def judge(theirs, right, seed, table):
    bought = [1 if k % 2 else -1 for k in range(len(table))]
    if theirs["shape"] != right["shape"]:
        rows, columns, labels = theirs["shape"]
        return f"{len(table)} rows of {len(table[0])} have become {rows} rows of {columns}, with {labels} labels"
    if strange := [t for t in theirs["y"] if not 0 <= t <= 1]:
        return f"the loss wants labels from 0 to 1, and there is a {strange[0]:g}"
    if any((a > 0.5) != (b > 0) for a, b in zip(theirs["y"], bought)):
        return "1 means bought, before and after: some labels say something else now"
    if told := still(theirs["the doctor says"]):
        return told
    if not theirs["untouched"]:
        return "the table that was given has been changed: make new lists"
    if not theirs["loss"] < 0.5:
        spread = min(theirs["spreads"])
        return (
            f"after 25 steps the loss is {theirs['loss']:.3f}, and one half for all has 0.693: in one of the columns "
            f"the rows are only {spread:.2g} apart, where about 1 is good"
        )
    return ""


def draw(rng):
    columns, table = rng.choice([2, 3]), []
    for k in range(10):
        side = 1 if k % 2 else -1
        row = [rng.gauss(40000, 4000) + side * 9000, rng.gauss(0.5, 0.08) - side * 0.15, rng.gauss(3, 1) + side]
        table.append([float(f"{v:.5g}") for v in row[:columns]])
    return rng.randrange(18), table


HINTS = (
    "One column is 100,000 times another, and each weight is to serve both. And which label is not from 0 to 1?",
    "For each column by itself: less its mean, divided by its standard deviation. And (label + 1) / 2.",
    "means = [sum(column) / len(X) for column in zip(*X)]\n"
    "spreads = [(sum((v - m) ** 2 for v in column) / len(X)) ** 0.5 for m, column in zip(means, zip(*X))]\n"
    "rows = [[(v - m) / s for v, m, s in zip(row, means, spreads)] for row in X]\n"
    "return rows, [(label + 1) / 2 for label in y]",
)
QUERIES = (Query(training, draw, trials=1, judge=judge),)
_scaled = (
    "means = [sum(c) / len(X) for c in zip(*X)]\n"
    "spreads = [(sum((v - m) ** 2 for v in c) / len(X)) ** 0.5 for m, c in zip(means, zip(*X))]\n"
    "rows = [[(v - m) / s for v, m, s in zip(row, means, spreads)] for row in X]\n"
)
_labels = "[(label + 1) / 2 for label in y]"
WRONG = {
    "nothing is mended": "return X, y",
    "the labels alone": f"return X, {_labels}",
    "the table alone": _scaled + "return rows, y",
    "one factor for all": f"most = max(v for row in X for v in row)\n"
    f"return [[v / most for v in row] for row in X], {_labels}",
    "each row by itself": f"return [[v / max(row) for v in row] for row in X], {_labels}",
    "the labels turned round": _scaled + "return rows, [(1 - label) / 2 for label in y]",
    "the mean alone": f"means = [sum(c) / len(X) for c in zip(*X)]\n"
    f"return [[v - m for v, m in zip(row, means)] for row in X], {_labels}",
    "transposed": _scaled + f"return [list(c) for c in zip(*rows)], {_labels}",
}  # fmt: skip
SAID = {
    "nothing is mended": "it is as it was at first",
    "the labels alone": "the labels are well; now the table",
    "the table alone": "the table is well; now the labels",
    "one factor for all": "divided by the same number, one column is still 100,000 times the other",
    "each row by itself": "each row was divided by its own largest number, which made a constant of the incomes",
    "the labels turned round": "1 means bought, before and after",
    "the mean alone": "around 0 now, but as far apart as before: divide by the spread of each column as well",
}
RIGHT = (
    "low, high = [min(c) for c in zip(*X)], [max(c) for c in zip(*X)]\n"
    "rows = [[2 * (v - a) / (b - a) - 1 for v, a, b in zip(row, low, high)] for row in X]\n"
    "return rows, [1 if label == 1 else 0 for label in y]",
    "import statistics\n\ncolumns = []\nfor column in zip(*X):\n    mean, spread = statistics.mean(column), "
    "statistics.stdev(column)\n    columns.append([(v - mean) / spread for v in column])\n"
    "return list(zip(*columns)), [int(label > 0) for label in y]",
)
