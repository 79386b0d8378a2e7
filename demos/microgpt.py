"""microgpt in our scalars: 4,192 parameters read a thousand first names, one at a time, and then make up their own.

    python demos/microgpt.py                      1,000 steps on demos/names.txt, then 20 names that it makes up
    python demos/microgpt.py --names FILE         on your own list, one text per line
    python demos/microgpt.py --backend eager      without recordings: builds the graph of every name anew

A GPT reads a text letter by letter and says, after each, how likely every letter is to come next.  The algorithm is that of
Andrej Karpathy's microgpt, in our own words: the same model, the same random numbers, the same losses to every printed
digit.  Nothing here knows how to differentiate; that is `backward()`'s business, or that of a recording.

Names of one length share one recording: what differs between them, the embeddings of their letters and the letters that
are to be predicted, goes in as arguments.  names.txt holds common first names, written down for this demo and in the public
domain: names are facts.
"""

import argparse
import random
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from tinygrad_edu import Value, jit, nn, no_grad, optim, pack, unpack
from tinygrad_edu import functional as F

WIDTH, HEADS, BLOCK = 16, 4, 16  # numbers that stand for a token, heads of attention, tokens that are seen at once
BACKENDS = ["auto", "eager", "python", "numpy", "native", "jax"]


# The model


def matrix(rng, rows, columns=WIDTH):
    """`rows` lists of `columns` parameters, drawn from a narrow normal distribution."""
    return [[Value(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]


def linear(weights, x):
    """Weights times x: a dot product per row."""
    return [F.dot(row, x) for row in weights]


def add(xs, ys):
    """Two lists of numbers, one by one."""
    return [x + y for x, y in zip(xs, ys)]


def normed(x):
    """x scaled to a root mean square of 1, so that numbers neither grow nor fade from layer to layer."""
    scale = (F.dot(x, x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


class GPT(nn.Module):
    """A transformer of one layer over an alphabet of letters.

    A token is the number of a letter; one more token, `edge`, stands at both ends of a text.
    """

    def __init__(self, letters, rng):
        self.letters, self.edge = letters, len(letters)
        self.token = matrix(rng, self.edge + 1)  # what each letter means
        self.place = matrix(rng, BLOCK)  # what it means to be the first, the second, ...
        self.head = matrix(rng, self.edge + 1)  # how meaning turns into the letter that comes next
        self.query, self.key, self.value, self.out = [matrix(rng, WIDTH) for _ in range(4)]
        self.up, self.down = matrix(rng, 4 * WIDTH), matrix(rng, WIDTH, 4 * WIDTH)

    def read(self, row, place, keys, values):
        """How much each token is expected after this one, as logits.

        `row` is the token's row of `self.token`, `place` counts from 0; `keys` and `values` hold what attention
        remembers of the tokens before, and grow by this one.
        """
        x = normed(add(row, self.place[place]))
        x = add(x, self.attend(normed(x), keys, values))  # what other places have to say is added to what is known here
        hidden = [h.relu() for h in linear(self.up, normed(x))]
        x = add(x, linear(self.down, hidden))
        return linear(self.head, x)

    def attend(self, x, keys, values):
        """What this place gathers from all places so far: each head asks a question, and listens to whose key fits."""
        query = linear(self.query, x)
        keys.append(linear(self.key, x))
        values.append(linear(self.value, x))
        gathered, size = [], WIDTH // HEADS
        for first in range(0, WIDTH, size):
            part = slice(first, first + size)  # the numbers that belong to this head
            weights = F.softmax([F.dot(query[part], key[part]) / size**0.5 for key in keys])
            gathered += [F.dot(weights, column) for column in zip(*[value[part] for value in values])]
        return linear(self.out, gathered)

    def loss(self, rows, targets):
        """The mean over a text of -log(probability of the token that came next): from `edge` to `edge`.

        `rows` are the embeddings of the tokens that are read; each target is 1 at the token that follows, else 0.
        """
        keys, values, surprises = [], [], []
        for place, (row, target) in enumerate(zip(rows, targets)):
            logits = self.read(row, place, keys, values)
            surprises.append(F.logsumexp(logits) - F.dot(target, logits))
        return F.mean(surprises)

    def arguments(self, text):
        """A text as rows and targets.  What does not fit into a block is left out."""
        tokens = [self.edge, *map(self.letters.index, text), self.edge][: BLOCK + 1]
        targets = [[float(k == token) for k in range(self.edge + 1)] for token in tokens[1:]]
        return [self.token[t] for t in tokens[:-1]], targets

    def invent(self, rng, temperature):
        """A new text, letter by letter; the lower the temperature, the more it keeps to what is likely."""
        token, text, keys, values = self.edge, "", [], []
        with no_grad():
            for place in range(BLOCK):
                logits = self.read(self.token[token], place, keys, values)
                chances = F.softmax([z / temperature for z in logits])
                [token] = rng.choices(range(self.edge + 1), weights=[p.data for p in chances])
                if token == self.edge:
                    break
                text += self.letters[token]
        return text


# Learning


def recorded(loss, backend):
    """`loss` as it is for "eager", else recorded and replayed.  Raises ImportError if something is to be installed for that.

    "auto" is native or, without Numba, eager: for a graph this large Python takes seconds to compile its own source, and arrays
    of one number are slow.  Beyond some 2,000 steps "python" is the faster of those that need nothing.
    """
    if backend == "auto":
        backend = "native" if find_spec("numba") else "eager"
    return loss if backend == "eager" else jit(loss, backend)


def train(loss, model, texts, steps=1000):
    """Yield the loss of each step, one text per step; closed early, it leaves what was learned in the model.

    `loss` is `model.loss`, which builds a graph for every text, or `jit(model.loss)`, which records one per length and replays it.
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


def show(losses, steps):
    """Print how the training goes; Ctrl-C ends it, and what was learned is kept."""
    seen, begin, due, ended, terminal = [], time.perf_counter(), 0.0, "", sys.stdout.isatty()
    try:
        for loss in losses:
            seen.append(loss)
            seconds, recent = time.perf_counter() - begin, seen[-100:]
            if len(seen) in (1, steps) or (seconds >= due if terminal else len(seen) % max(1, steps // 10) == 0):
                line = f"step {len(seen)}/{steps}  loss {loss:.4f}  mean of the last {len(recent)} {sum(recent) / len(recent):.4f}"
                print(
                    "\r" * terminal + f"{line}  {len(seen) / seconds:.4g} steps/s",
                    end="   " if terminal else "\n",
                    flush=True,
                )
                due = seconds + 0.1
    except KeyboardInterrupt:
        ended = ", interrupted: this is what it has learned so far"
    losses.close()
    print("\n" * terminal + f"{len(seen)} steps in {time.perf_counter() - begin:.1f} s{ended}")


# The command line


class Parser(argparse.ArgumentParser):
    """argparse, with an error of one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


def whole(text):
    """A count on the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def positive(text):
    """A temperature on the command line."""
    try:
        x = float(text)
    except ValueError:
        x = 0.0
    if not 0 < x < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return x


def texts_of(path):
    """The lines of a file, without spaces around them and without empty ones.  Raises OSError, or ValueError if nothing is left."""
    try:
        texts = [line.strip() for line in Path(path).read_text("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: this is no text in UTF-8 ({error.reason} at byte {error.start})") from None
    if not any(texts):
        raise ValueError(f"{path}: there is no text in it; write one name per line")
    return list(filter(None, texts))


def main(argv=None):
    """Train, then invent, as the command line says."""
    parser = Parser(description="A character-level GPT of scalars learns to spell names, and makes up its own.")
    parser.add_argument(
        "--names",
        metavar="FILE",
        default=Path(__file__).parent / "names.txt",
        help=f"one text per line, of which the first {BLOCK} letters are read (default: common first names)",
    )
    parser.add_argument("--steps", type=whole, default=1000, metavar="N", help="texts to learn from (default 1000)")
    parser.add_argument(
        "--seed", type=int, default=42, metavar="N", help="of the order, the weights and the new names (default 42)"
    )
    parser.add_argument("--samples", type=whole, default=20, metavar="N", help="names to make up (default 20)")
    parser.add_argument(
        "--temperature", type=positive, default=0.5, metavar="T", help="low: the likeliest; 1: as learned (default 0.5)"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="eager, or what replays recordings (default: native or eager)",
    )
    given = parser.parse_args(argv)
    try:
        texts = texts_of(given.names)
        rng = random.Random(given.seed)
        rng.shuffle(texts)
        model = GPT("".join(sorted(set("".join(texts)))), rng)
        loss = recorded(model.loss, given.backend)
        print(f"{len(texts)} texts, {len(model.letters)} letters, {len(model.parameters())} parameters")
        show(train(loss, model, texts, given.steps), given.steps)
        print("every graph was built anew" if loss == model.loss else loss)
        if loss == model.loss and given.backend == "auto":
            print("recorded once per length it goes some twenty times faster: pip install numba")
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    except (ValueError, ImportError) as error:
        parser.error(str(error))
    known, new = set(texts), [model.invent(rng, given.temperature) for _ in range(given.samples)]
    print(*new, f"{len([name for name in new if name not in known])} of {len(new)} are not in the list", sep="\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
