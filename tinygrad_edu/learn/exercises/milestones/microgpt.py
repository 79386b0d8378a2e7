"""A GPT, on your own Value

microgpt is a whole GPT made of scalars: 4,192 parameters that learn how first names are spelled. Its engine has some
forty lines, and so has yours. Three pieces of it are to be written, each of lists of Values:

- softmax: numbers that add up to 1, exp(z) divided by the sum of all exp(z);
- attend: one head. It has a query, and of every letter so far a key and a value, all lists of one length d. The weights
  are the softmax of (query · key) / √d, one for each letter; the result is the sum of the values, each times its
  weight, a list of length d;
- surprise: -log of the probability that softmax gives to the letter that came, whose number is `target`.

The check takes 13 steps, whose losses are published: up to a minute. `python 05_microgpt.py` takes as many.
"""

import random

from value import Value

from tinygrad_edu import data


def dot(xs, ys):
    """The sum of the products."""
    return sum(x * y for x, y in zip(xs, ys))


def softmax(zs):
    """A list of Values that add up to 1."""
    # TODO
    # [
    top = max(z.data for z in zs)
    es = [(z - top).exp() for z in zs]
    total = sum(es)
    return [e / total for e in es]
    # ]


def attend(query, keys, values):
    """What one head hears: the values, weighted by how well their keys fit the query."""
    # TODO
    # [
    weights = softmax([dot(query, key) / len(query) ** 0.5 for key in keys])
    return [dot(weights, column) for column in zip(*values)]
    # ]


def surprise(logits, target):
    """-log of the probability of the target, a Value."""
    # TODO
    # [
    return -softmax(logits)[target].log()
    # ]


class GPT:
    """A transformer of one layer; one more token, `edge`, stands at both ends of a text."""

    def __init__(self, letters, rng, width=16, heads=4, block=16):
        def matrix(rows, columns):
            return [[Value(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.letters, self.edge, self.heads, self.block = letters, len(letters), heads, block
        self.token, self.place = matrix(self.edge + 1, width), matrix(block, width)
        self.head = matrix(self.edge + 1, width)
        self.query, self.key, self.value, self.out = (matrix(width, width) for _ in range(4))
        self.up, self.down = matrix(4 * width, width), matrix(width, 4 * width)

    def parameters(self):
        parts = (self.token, self.place, self.head, self.query, self.key, self.value, self.out, self.up, self.down)
        return [p for matrix in parts for row in matrix for p in row]

    def read(self, token, place, keys, values):
        """The logits of what comes after this token; keys and values remember the tokens before."""
        x = normed([a + b for a, b in zip(self.token[token], self.place[place])])
        x = [a + b for a, b in zip(x, self.listen(normed(x), keys, values))]
        hidden = [h.relu() for h in times(self.up, normed(x))]
        x = [a + b for a, b in zip(x, times(self.down, hidden))]
        return times(self.head, x)

    def listen(self, x, keys, values):
        query = times(self.query, x)
        keys.append(times(self.key, x))
        values.append(times(self.value, x))
        heard, size = [], len(x) // self.heads
        for k in range(0, len(x), size):
            part = slice(k, k + size)  # of every list, what belongs to this head
            heard += attend(query[part], [key[part] for key in keys], [value[part] for value in values])
        return times(self.out, heard)

    def loss(self, text):
        """The mean surprise at each letter of a text, and at its end."""
        tokens = [self.edge, *map(self.letters.index, text), self.edge][: self.block + 1]
        keys, values, found = [], [], []
        for place, (token, target) in enumerate(zip(tokens, tokens[1:])):
            found.append(surprise(self.read(token, place, keys, values), target))
        return sum(found) / len(found)


def times(matrix, x):
    """A matrix times a list."""
    return [dot(row, x) for row in matrix]


def normed(x):
    """x, scaled to a root mean square of 1."""
    scale = (dot(x, x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def train(model, texts, steps, of=1000):
    """The loss before each step of Adam, a text each; the rate falls to 0 in `of` steps."""
    ps = model.parameters()
    means, squares = [0.0] * len(ps), [0.0] * len(ps)
    for k in range(steps):
        now = model.loss(texts[k % len(texts)])
        for p in ps:
            p.grad = 0.0
        now.backward()
        for i, p in enumerate(ps):
            means[i] = 0.85 * means[i] + 0.15 * p.grad
            squares[i] = 0.99 * squares[i] + 0.01 * p.grad**2
            fair, square = means[i] / (1 - 0.85 ** (k + 1)), squares[i] / (1 - 0.99 ** (k + 1))
            p.data -= 0.01 * (1 - k / of) * fair / (square**0.5 + 1e-8)
        yield now.data


def demo():
    """The names in the order of microgpt, and its model."""
    rng, texts = random.Random(42), data.names()
    rng.shuffle(texts)
    return GPT("".join(sorted(set("".join(texts)))), rng), texts


if __name__ == "__main__":
    model, texts = demo()
    for k, now in enumerate(train(model, texts, 13)):
        print(f"step {k + 1}: {texts[k]}, loss {now:.4f}", flush=True)


# =====
from tinygrad_edu.learn import Query


def probabilities(their, zs):
    xs = [their.Value(z) for z in zs]
    ps = their.softmax(xs)
    (ps[0] * 1 + ps[1] * 2 + ps[2] * 3).backward()
    return {"softmax": [p.data for p in ps], "d(p[0] + 2 p[1] + 3 p[2])/dz": [x.grad for x in xs]}


def one_head(their, query, keys, values):
    def listed(numbers):
        return [their.Value(v) for v in numbers]

    q, ks, vs = listed(query), [listed(k) for k in keys], [listed(v) for v in values]
    heard = their.attend(q, ks, vs)
    (heard[0] + heard[1] * 2).backward()
    return {"heard": [h.data for h in heard], "by values[0]": [v.grad for v in vs[0]],
            "by keys[0]": [k.grad for k in ks[0]], "by query": [v.grad for v in q]}  # fmt: skip


def loss_of_one(their, logits, target):
    zs = [their.Value(z) for z in logits]
    found = their.surprise(zs, target)
    found.backward()
    return {"surprise": found.data, "by logits": [z.grad for z in zs]}


def first_losses(their, steps):
    model, texts = their.demo()
    return {f"loss of step {k}": x for k, x in enumerate(their.train(model, texts, steps), 1)}


def numbers(rng, n):
    return [rng.uniform(-1.5, 1.5) for _ in range(n)]


def draw_head(rng):
    n = rng.randint(3, 4)
    return numbers(rng, 2), [numbers(rng, 2) for _ in range(n)], [numbers(rng, 2) for _ in range(n)]


HINTS = (
    "softmax is used by both of the others. attend: first a list of weights, one per key; then, for each place in the "
    "result, the sum over all values.",
    "p[i] = exp(z[i]) / Σ exp(z);  weights = softmax(dot(query, key) / √d);  heard[j] = Σ weight · value[j];  -log p",
    "es = [z.exp() for z in zs]\nreturn [e / sum(es) for e in es]\n\n"
    "weights = softmax([dot(query, key) / len(query) ** 0.5 for key in keys])\n"
    "return [dot(weights, column) for column in zip(*values)]\n\nreturn -softmax(logits)[target].log()",
)
LOSSES = (3.3660, 3.4243, 3.1778, 3.0664, 3.2209, 2.9452, 3.2894, 3.3245, 2.8990, 3.2229, 2.7964, 2.9345, 3.0544)
KNOWN = {f"loss of step {k}": loss for k, loss in enumerate(LOSSES, 1)}
QUERIES = (
    Query(probabilities, lambda rng: (numbers(rng, rng.randint(3, 5)),)),
    Query(one_head, draw_head),
    Query(loss_of_one, lambda rng: (numbers(rng, 4), rng.randint(0, 3))),
    Query(first_losses, lambda rng: (len(LOSSES),), known=KNOWN, within=2e-5, long=300.0),
)
_exp = "es = [z.exp() for z in zs]\nreturn [{} for e in es]"
_head = "weights = {}\nreturn {}"
_weights = "softmax([dot(query, key) / len(query) ** 0.5 for key in keys])"
_sums = "[dot(weights, column) for column in zip(*values)]"
WRONG = {
    "not divided": (_exp.format("e"), None, None),
    "divided by how many": (_exp.format("e / len(es)"), None, None),
    "exp is missing": ("return [z / sum(zs) for z in zs]", None, None),
    "exp of the sum": ("total = sum(zs)\nreturn [z.exp() / total.exp() for z in zs]", None, None),
    "the sum is cut off": (_exp.format("e / sum(x.data for x in es)"), None, None),
    "forgot the root": (None, _head.format("softmax([dot(query, key) for key in keys])", _sums), None),
    "how many keys": (None, _head.format("softmax([dot(query, key) / len(keys) ** 0.5 for key in keys])", _sums), None),
    "values for keys": (
        None,
        _head.format("softmax([dot(query, v) / len(query) ** 0.5 for v in values])", _sums),
        None,
    ),
    "divided by d": (None, _head.format("softmax([dot(query, key) / len(query) for key in keys])", _sums), None),
    "no softmax": (None, _head.format("[dot(query, key) / len(query) ** 0.5 for key in keys]", _sums), None),
    "keys for values": (None, _head.format(_weights, "[dot(weights, column) for column in zip(*keys)]"), None),
    "missing minus": (None, None, "return softmax(logits)[target].log()"),
    "forgot the log": (None, None, "return -softmax(logits)[target]"),
    "one minus it": (None, None, "return 1 - softmax(logits)[target]"),
    "all of them": (None, None, "return -sum(p.log() for p in softmax(logits))"),
    "the logit alone": (None, None, "return -logits[target]"),
}
SAID = {
    "not divided": "they should add up to 1: divide each by their sum",
    "divided by how many": "each is divided by the sum of all exp(z), and not by how many there are",
    "exp is missing": "it is exp(z) that is divided by the sum of all exp(z): z itself may be below 0",
    "exp of the sum": "it is the sum of all exp(z), and not exp of the sum",
    "how many keys": "d is how long a query is, and not how many keys there are",
    "values for keys": "the weights come from query · key; the values are what is added up",
    "one minus it": "it is 1 - p: the surprise is -log p",
    "all of them": "it is the sum over all letters: only that of the one that came is asked for",
    "the sum is cut off": "the sum is a plain number, made of .data: every z is in it, and it needs its gradient too",
    "forgot the root": "query · key is divided by the root of d, how long they are",
    "divided by d": "query · key is divided by the root of d, and not by d",
    "no softmax": "the weights do not add up to 1: softmax is missing",
    "keys for values": "what is added up are the values; the keys only make the weights",
    "missing minus": "the sign is turned: a logarithm of a probability is below 0, and a surprise is above",
    "forgot the log": "it is the probability: its logarithm is asked for, with a minus",
    "the logit alone": "it takes the target's logit alone, as if the others did not compete: softmax first",
}
RIGHT = (
    ("es = [z.exp() for z in zs]\nshare = 1 / sum(es)\nreturn [e * share for e in es]", """
        fits = []
        for key in keys:
            fits.append(sum(q * k for q, k in zip(query, key)) * len(query) ** -0.5)
        heard = [0.0] * len(query)
        for weight, value in zip(softmax(fits), values):
            heard = [h + weight * v for h, v in zip(heard, value)]
        return heard
    """, "return sum(z.exp() for z in logits).log() - logits[target]"),
    ("return [1 / sum((y - z).exp() for y in zs) for z in zs]",
     "scaled = [q / len(query) ** 0.5 for q in query]\nweights = softmax([dot(scaled, key) for key in keys])\n"
     "return [sum(w * v[j] for w, v in zip(weights, values)) for j in range(len(query))]",
     "return (1 / softmax(logits)[target]).log()"),
)  # fmt: skip
