"""microgpt: a whole GPT in scalars reads a thousand first names, one letter after the other, and then makes up its own.

A GPT reads a text letter by letter and says, after each, how likely every letter is to come next.  It is the smallest
system that has all that large language models are made of: embeddings that learn, attention over what was read before,
a loss that is the surprise at what really comes next, `backward()`, and Adam.  Nothing in here knows how to
differentiate; that is the engine's business, or that of a recording: names of one length share one, and what differs
between them, the embeddings of their letters and the letters that are to be predicted, goes in as arguments.

Source: Andrej Karpathy, microgpt (2026): the same model, the same random numbers, the same losses to every printed
digit, in our own words.  The names are makemore's (`data.names()`);
`--data FILE` takes a list of your own, one text per line.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .. import data, files, nn, optim, plot
from .. import functional as F
from ..engine import Value, topological
from ..errors import UserError
from ..modes import no_grad
from ..parameters import pack, unpack
from ..replay import jit
from . import Run

Vector = list[Any]
Matrix = list[Vector]
WIDTH, HEADS, BLOCK = 16, 4, 16  # numbers that stand for a token, heads of attention, tokens that are seen at once
LOSSES = (3.3660, 3.4243, 3.1778, 3.0664, 3.2209, 2.9452, 3.2894, 3.3245, 2.8990, 3.2229, 2.7964, 2.9345, 3.0544)
INVENTED = ("kamon ann karai jaire vialan karia yeran anna areli kaina "
         "konna keylen liole alerin earan lenne kana lara alela anton")  # fmt: skip


# The model


def matrix(rows: int, columns: int = WIDTH) -> Matrix:
    """`rows` lists of `columns` parameters."""
    return [[Value(0.0) for _ in range(columns)] for _ in range(rows)]


def add(xs: Vector, ys: Vector) -> Vector:
    """Two lists of numbers, one by one."""
    return [x + y for x, y in zip(xs, ys)]


def normed(x: Vector) -> Vector:
    """x scaled to a root mean square of 1, so that numbers neither grow nor fade from layer to layer."""
    scale = (F.dot(x, x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def multiply_and_add(xs: Vector, ys: Vector) -> Any:
    """What `F.dot` does in one node, with a node for every multiplication and every addition."""
    return sum(x * y for x, y in zip(xs, ys))


class GPT(nn.Module):
    """A transformer of one layer over an alphabet of letters.

    A token is the number of a letter; one more token, `edge`, stands at both ends of a text.
    """

    def __init__(self, letters: str) -> None:
        self.letters, self.edge = letters, len(letters)
        self.token = matrix(self.edge + 1)  # what each letter means
        self.place = matrix(BLOCK)  # what it means to be the first, the second, ...
        self.head = matrix(self.edge + 1)  # how meaning turns into the letter that comes next
        self.query, self.key, self.value, self.out = [matrix(WIDTH) for _ in range(4)]
        self.up, self.down = matrix(4 * WIDTH), matrix(WIDTH, 4 * WIDTH)
        self.dot: Callable[[Vector, Vector], Any] = F.dot

    def initialised(self, rng: random.Random) -> GPT:
        """All parameters drawn from a narrow normal distribution."""
        for p in self.parameters():
            p.data = rng.gauss(0, 0.08)
        return self

    def sizes(self) -> list[list[Any]]:
        """Of each matrix: its name, its rows and columns, and how many numbers that are."""
        matrices = [(name, m) for name, m in vars(self).items() if isinstance(m, list)]
        return [[name, f"{len(m)} x {len(m[0])}", len(m) * len(m[0])] for name, m in matrices]

    def linear(self, weights: Matrix, x: Vector) -> Vector:
        """Weights times x: a dot product per row."""
        return [self.dot(row, x) for row in weights]

    def read(self, row: Vector, place: int, keys: Matrix, values: Matrix, heard: Matrix | None = None
             ) -> Vector:  # fmt: skip
        """How much each token is expected after this one, as logits.

        `row` is the token's row of `self.token`, `place` counts from 0; `keys` and `values` hold what attention
        remembers of the tokens before, and grow by this one; `heard` receives what each head listened to.
        """
        x = normed(add(row, self.place[place]))
        x = add(x, self.attend(normed(x), keys, values, heard))  # what others say is added to what is known here
        hidden = [h.relu() for h in self.linear(self.up, normed(x))]
        x = add(x, self.linear(self.down, hidden))
        return self.linear(self.head, x)

    def attend(self, x: Vector, keys: Matrix, values: Matrix, heard: Matrix | None = None) -> Vector:
        """What this place gathers from all places so far: each head asks a question, and listens to whose key fits."""
        query = self.linear(self.query, x)
        keys.append(self.linear(self.key, x))
        values.append(self.linear(self.value, x))
        gathered, size = [], WIDTH // HEADS
        for first in range(0, WIDTH, size):
            part = slice(first, first + size)  # the numbers that belong to this head
            weights = F.softmax([self.dot(query[part], key[part]) / size**0.5 for key in keys])
            if heard is not None:
                heard.append([w.data for w in weights])
            gathered += [self.dot(weights, column) for column in map(list, zip(*[value[part] for value in values]))]
        return self.linear(self.out, gathered)

    def loss(self, rows: Matrix, targets: list[list[float]]) -> Any:
        """The mean over a text of -log(probability of the token that came next): from `edge` to `edge`.

        `rows` are the embeddings of the tokens that are read; each target is 1 at the token that follows, else 0.
        """
        keys: Matrix = []
        values: Matrix = []
        surprises = []
        for place, (row, target) in enumerate(zip(rows, targets)):
            logits = self.read(row, place, keys, values)
            surprises.append(F.logsumexp(logits) - F.dot(target, logits))
        return F.mean(surprises)

    def arguments(self, text: str) -> tuple[Matrix, list[list[float]]]:
        """A text as rows and targets.  What does not fit into a block is left out."""
        tokens = [self.edge, *map(self.letters.index, text), self.edge][: BLOCK + 1]
        targets = [[float(k == token) for k in range(self.edge + 1)] for token in tokens[1:]]
        return [self.token[t] for t in tokens[:-1]], targets

    def chances(self, logits: Vector, temperature: float) -> list[float]:
        """How likely each token is to be said: logits are divided by the temperature,
        so that a low one widens their differences.
        """
        return [p.data for p in F.softmax([z / temperature for z in logits])]

    def invent(self, rng: random.Random, temperature: float) -> str:
        """A new text, letter by letter; the lower the temperature, the more it keeps to what is likely."""
        token, text = self.edge, ""
        keys: Matrix = []
        values: Matrix = []
        with no_grad():
            for place in range(BLOCK):
                weights = self.chances(self.read(self.token[token], place, keys, values), temperature)
                [token] = rng.choices(range(self.edge + 1), weights)
                if token == self.edge:
                    break
                text += self.letters[token]
        return text


# Learning


def recorded(loss: Callable[..., Any], backend: str) -> Any:
    """`loss` as it is for "eager", else recorded and replayed.

    Raises ImportError if something is to be installed for that.

    "auto" is native or, without Numba, eager: for a graph this large Python takes seconds to compile its own source,
    and arrays of one number are slow.  Beyond some 2,000 steps "python" is the faster of those that need nothing.
    """
    if backend == "auto":
        backend = "native" if find_spec("numba") else "eager"
    return loss if backend == "eager" else jit(loss, backend)


def train(loss: Any, model: GPT, texts: Sequence[str], steps: int = 1000) -> Generator[float, None, None]:
    """Yield the loss of each step, one text per step; closed early, it leaves what was learned in the model.

    `loss` is `model.loss`, which builds a graph for every text, or `jit(model.loss)`,
    which records one per length and replays it.
    """
    schedule, betas = optim.linear(0.01, steps), (0.85, 0.99)
    if loss == model.loss:
        adam = optim.Adam(model.parameters(), schedule, betas)
        for step in range(steps):
            y = loss(*model.arguments(texts[step % len(texts)]))
            adam.zero_grad()
            y.backward()
            adam.step()
            yield y.data
    else:
        theta = pack(model.parameters())  # all parameters in one array, for the time of the training
        adam = optim.Adam(theta, schedule, betas)
        try:
            for step in range(steps):
                rows, targets = model.arguments(texts[step % len(texts)])
                y, gradient = loss.value_and_grad(theta, [rows], [targets])  # a batch of one text
                adam.step(gradient)
                yield y
        finally:
            unpack(theta)


def texts_of(path: Path | None) -> list[str]:
    """The lines of a file, without spaces around them and without empty ones; without a file, the names.

    Raises UserError if it is no text, or if nothing is left; OSError if it cannot be read.
    """
    if path is None:
        return data.names()
    try:
        texts = [line.strip() for line in files.read(path).decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: this is no text in UTF-8 ({error.reason} at byte {error.start})") from None
    if not any(texts):
        raise UserError(f"{path}: there is no text in it; write one name per line")
    return list(filter(None, texts))


# The essay


def main(run: Run) -> None:
    """The first step looked at closely, then the training, then what it has learned."""
    texts = texts_of(run.data)
    rng = random.Random(run.seed)
    rng.shuffle(texts)
    model = GPT("".join(sorted(set("".join(texts))))).initialised(rng)
    run.section("The model")
    run.say(f"{len(texts):,} texts of {len(model.letters)} letters; the first is {texts[0]!r}.")
    run.compare("parameters", len(model.parameters()), 4192, whole=True)
    run.table(["where they are", "rows x columns", "parameters"], model.sizes())
    first_step(run, model, texts)
    learn(run, model, texts)
    invent(run, model, texts, rng)
    attention(run, model, texts[0])


def first_step(run: Run, model: GPT, texts: Sequence[str]) -> None:
    """One text forward and backward: how large its graph is, what its loss must be near,
    and what its gradient does not reach.
    """
    text = texts[0]
    run.section(f"The first step: {text!r}")
    y = model.loss(*model.arguments(text))
    y.backward()
    fused, reached = len(topological(y)), sum(p.grad != 0 for p in model.parameters())
    model.dot, few = multiply_and_add, texts[: 1 if run.small else len(LOSSES)]
    plain = [len(topological(model.loss(*model.arguments(name)))) for name in few]
    model.dot = F.dot
    run.compare("nodes of a step, on average, every multiplication its own", round(sum(plain) / len(plain)), 61_000,
                within=3_000, form=",", whole=True)  # fmt: skip
    run.say(
        f"{text!r} has {plain[0]:,}; fused, with a dot product as one node, {fused:,}. Its loss is near "
        f"{math.log(model.edge + 1):.4f}, the logarithm of {model.edge + 1}: a model that knows nothing is as "
        f"surprised by each of {model.edge + 1} tokens."
    )
    run.compare("gradients that are not zero", reached, 3728, whole=True)
    tokens, places = {model.edge, *map(model.letters.index, text)}, min(len(text) + 1, BLOCK)
    silent = {
        "embeddings of letters that were not read": WIDTH * (model.edge + 1 - len(tokens)),
        "embeddings of places that were not reached": WIDTH * (BLOCK - places),
    }
    left = len(model.parameters()) - reached - sum(silent.values())
    silent["weights of units that were zero at every place"] = left
    run.table(["a gradient of exactly zero", "parameters"], list(silent.items()))
    model.zero_grad()


def learn(run: Run, model: GPT, texts: Sequence[str]) -> None:
    """A thousand steps, a text each."""
    run.section("Learning")
    steps, seen = run.steps(20), []
    losses = train(recorded(model.loss, run.backend), model, texts, run.epochs)  # the schedule is that of all steps

    def step(_: int) -> str:
        seen.append(next(losses))
        return f"loss {seen[-1]:.4f}, mean of the last 100 {sum(seen[-100:]) / len(seen[-100:]):.4f}"

    run.repeat(steps, step)
    losses.close()
    for k, (ours, published) in enumerate(zip(seen, LOSSES)):
        run.compare(f"loss of step {k + 1}", ours, published, within=5.1e-5, form=".4f", whole=True)
    if seen:
        run.compare("loss of step 1000", seen[-1], 2.6497, within=5.1e-5, form=".4f", whole=True)
        last = texts[(len(seen) - 1) % len(texts)]
        run.say(
            f"A step's loss is that of one text. The last is {last!r}, {len(last) + 1} letters with its end: on the "
            f"average each had a chance of 1 in {math.exp(seen[-1]):.1f}, where 1 in {model.edge + 1} is to know "
            "nothing. Other texts are harder or easier; the mean of the last hundred is "
            f"{sum(seen[-100:]) / len(seen[-100:]):.4f}."
        )
        smooth = [sum(seen[max(0, k - 50) : k + 50]) / len(seen[max(0, k - 50) : k + 50]) for k in range(len(seen))]
        run.curves(
            "loss",
            {"each text": seen, "mean of 100": smooth},
            "the loss of each name, and its mean over a hundred",
            title="microgpt learns names",
            ylabel="loss, nats a letter",
            marks={"knows nothing": math.log(model.edge + 1)},
        )


def invent(run: Run, model: GPT, texts: Sequence[str], rng: random.Random) -> None:
    """New texts; colder and warmer; and the same ones again from a file."""
    run.section("What it has learned")
    known, new = set(texts), [model.invent(rng, 0.5) for _ in range(20)]
    same = sum(ours == published for ours, published in zip(new, INVENTED.split()))
    run.say(
        f"{' '.join(new)}: {sum(name not in known for name in new)} of {len(new)} are not in the "
        "list that it learned from."
    )
    run.compare("of 20 texts made up, those that are the published ones", same, 20, whole=True)
    rows = []
    for temperature in (0.2, 0.5, 1.0, 2.0):
        own = random.Random(run.seed)
        with no_grad():
            first = model.chances(model.read(model.token[model.edge], 0, [], []), temperature)
        entropy = -sum(p * math.log(p) for p in first if p)
        rows.append(
            [
                temperature,
                f"{max(first):.0%}",
                f"{entropy:.2f}",
                " ".join(model.invent(own, temperature) for _ in range(6)),
            ]
        )
    run.say(
        "The logits are divided by the temperature before they become chances: a low one lets the likeliest win, "
        "at 1 it speaks as it learned, a high one lets it babble. The entropy, in nats, is that of the first letter."
    )
    run.table(["temperature", "likeliest first letter", "entropy", "six texts"], rows)
    if run.out is not None:
        path = run.out / f"{run.name}.json"
        model.save(path)
        again = nn.load(path, kinds=[GPT])
        twice = [m.invent(random.Random(run.seed), 0.5) for m in (model, again)]
        run.say(
            f"Saved as {path.name}, loaded with nn.load(path, kinds=[GPT]) and asked again, it says {twice[1]!r}, "
            "as before."
        )
        run.compare("what the saved model says, and the model itself", *twice)


def attention(run: Run, model: GPT, text: str) -> None:
    """Which letters each head listens to, at every place of one text."""
    heard: Matrix = []
    keys: Matrix = []
    values: Matrix = []
    rows, _ = model.arguments(text)
    with no_grad():
        for place, row in enumerate(rows):
            model.read(row, place, keys, values, heard)
    pictures = [[[*heard[HEADS * place + head], *[0.0] * (len(rows) - place - 1)] for place in range(len(rows))]
                for head in range(HEADS)]  # fmt: skip
    run.picture(
        "attention",
        plot.images(
            pictures,
            labels=[f"head {k}" for k in range(HEADS)],
            title=f"attention in {text!r}",
            across=4,
            note="a row for each place, a column for what it listens to; orange is much",
        ),
        f"how much each place of {text!r} listens to itself and to those before",
    )
