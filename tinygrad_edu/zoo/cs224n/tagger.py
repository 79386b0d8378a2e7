"""The window classifier: word vectors that learn, a hidden layer, and a judgement on sentences that are new to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ... import functional as F
from ... import losses, nn, optim, plot, train
from ...engine import Value, topological
from ...modes import no_grad
from ...parameters import pack, unpack
from ...replay import jit
from .. import Run
from ..report import sizes
from .sentences import EDGE, FORMS, OUTSIDE, UNKNOWN, Sentence, classes, form, vocabulary

Row = list[Value]
SIZE, FORM, HIDDEN, BATCH, RATE = (
    10,
    3,
    16,
    16,
    0.01,
)  # numbers of a word and of its form, tanh units, windows in a step


class Tagger(nn.Module):
    """A score for each class from the words around a place: W2 tanh(W1 x + b1) + b2, x being their vectors end to end.

    A word's vector is that of the word in small letters, and behind it that of its form.  `reach` is how many words it
    looks at on either side; with `forms=False` it does not see capitals.
    """

    def __init__(self, known: dict[str, int], classes: int, seed: int, reach: int = 2, forms: bool = True) -> None:
        rng = random.Random(seed)
        self.known, self.reach = known, reach
        self.words = nn.Embedding(len(known), SIZE, init=lambda rng, *_: rng.gauss(0.0, 0.3), seed=rng, name="words")
        self.forms = nn.Embedding(len(FORMS), FORM, seed=rng, name="forms") if forms else None
        width = (2 * reach + 1) * (SIZE + FORM * forms)
        self.scores = nn.MLP(width, [HIDDEN, classes], activation="tanh", init="xavier", seed=rng, name="scores")

    def vector(self, word: str) -> Row:
        """What is known of a word: the Values of its row, and of its form's."""
        row = self.words(self.known.get(word.lower(), self.known[UNKNOWN]))
        return row if self.forms is None else row + self.forms(form(word))

    def windows(self, words: Sequence[str]) -> list[Row]:
        """The input for each word of a sentence; beyond its ends stands EDGE."""
        edge = [EDGE] * self.reach
        vectors = [self.vector(word) for word in [*edge, *words, *edge]]
        return [[v for vector in vectors[k : k + 2 * self.reach + 1] for v in vector] for k in range(len(words))]

    def __call__(self, window: Row) -> Row:
        """The scores of a window."""
        return self.scores(window)  # type: ignore[no-any-return]


class Samples(NamedTuple):
    """The windows of some sentences, and the class that is right for each."""

    windows: list[Row]
    right: list[int]

    @classmethod
    def of(cls, model: Tagger, part: Sequence[Sentence], kinds: Sequence[str]) -> Samples:
        """One after the other."""
        right = [kinds.index(tag) for one in part for tag in one.tags]
        return cls([window for one in part for window in model.windows(one.words)], right)


Loss = Callable[[Any, Any], Any]


def learn(run: Run, model: Tagger, samples: Samples, loss: Loss = losses.cross_entropy) -> list[float]:
    """The mean loss of each pass: one window is recorded, and replayed with the vectors of other words in its place."""
    passes = 5 if run.small else run.epochs
    rng, order, seen = random.Random(run.seed), list(range(len(samples.right))), list[float]()
    rate = optim.linear(RATE, passes * -(-len(order) // BATCH))

    def one_window(window: Any, right: Any) -> Any:
        return loss(model(window), right)

    theta = model.parameters() if run.backend == "eager" else pack(model.parameters())
    adam = optim.Adam(theta, lr=rate)
    replayed = None if run.backend == "eager" else jit(one_window, backend=run.backend)

    def step(windows: list[Row], right: list[int]) -> float:
        if replayed is not None:
            value, gradient = replayed.value_and_grad(theta, windows, right)
            adam.step(gradient)
            return float(value)
        mean = F.mean([one_window(*pair) for pair in zip(windows, right)])
        adam.zero_grad()
        mean.backward()
        adam.step()
        return mean.data  # type: ignore[no-any-return]

    def once(_: int) -> str:
        rng.shuffle(order)
        batches = [order[k : k + BATCH] for k in range(0, len(order), BATCH)]
        total = [step([samples.windows[i] for i in b], [samples.right[i] for i in b]) * len(b) for b in batches]
        seen.append(sum(total) / len(order))
        return f"loss {seen[-1]:.4f}"

    run.repeat(passes, once, unit="epoch")
    if replayed is not None:
        unpack(theta)
    return seen


# The essay


def names(run: Run, learned: list[Sentence], held: list[Sentence]) -> None:
    """Train, judge, and look at what it needs."""
    if run.small:
        learned, held = learned[:30], held[:20]
    kinds, known = classes([*learned, *held]), vocabulary(learned)
    model = Tagger(known, len(kinds), run.seed)
    introduced(run, model, learned, held)
    seen = learn(run, model, Samples.of(model, learned, kinds))
    if seen:
        drawn = plot.curves({"cross-entropy": seen}, title="learning names", xlabel="epoch", ylabel="mean loss")
        run.picture("loss", drawn, "the loss, epoch by epoch")
    tagged = judged(run, model, learned, held, kinds)
    unseen(run, learned, held, tagged)
    mistakes(run, model, held, kinds)
    if not run.interrupted:
        needed(run, learned, held, kinds, known)


def introduced(run: Run, model: Tagger, learned: list[Sentence], held: list[Sentence]) -> None:
    """What there is to learn from."""
    run.section("Names in sentences: a window of five words, and a class for the word in its middle")
    rows = []
    for told, part in (("to learn from", learned), ("held out", held)):
        words = [word for one in part for word in one.words]
        names = sum(len(train.entities(one.tags)) for one in part)
        strange = sum(word.lower() not in model.known for word in words)
        rows.append([told, len(part), len(words), names, f"{strange / len(words):.0%}"])
    run.table(["sentences", "count", "words", "names", "unknown words"], rows)
    run.code("\n".join(bracketed(*one) for one in learned[:4]))
    run.say(
        f"A word of no name is {OUTSIDE}. A word's vector has {SIZE} numbers, drawn at random and "
        "learned with all else. Words that occur once are all taken for one, the unknown word, "
        f"whose vector is thus learned, and from many; {len(model.known)} vectors remain. Names that are to come "
        "will mostly be unknown. What is left of them is their form (small letters, a capital, a number, a sign), "
        f"{FORM} more numbers that are learned, and the words around them. All in all there are {sizes(model)}, of "
        f"words, forms, hidden units and classes; {operations(model, learned[0])} operations make the loss of a window "
        "out of them."
    )


def operations(model: Tagger, sentence: Sentence) -> int:
    """How many nodes compute the loss of a window."""
    loss = losses.cross_entropy(model(model.windows(sentence.words)[0]), 0)
    return sum(bool(node.parents) for node in topological(loss))


def bracketed(words: Sequence[str], tags: Sequence[str]) -> str:
    """A sentence with its names in brackets."""
    begins = {a: (b, kind) for a, b, kind in train.entities(tags)}
    told, k = [], 0
    while k < len(words):
        end, kind = begins.get(k, (k + 1, ""))
        told.append(f"[{kind} {' '.join(words[k:end])}]" if kind else words[k])
        k = end
    return " ".join(told)


def tagging(model: Tagger, part: Sequence[Sentence], kinds: Sequence[str]) -> list[list[str]]:
    """The classes that it gives the words of each sentence."""
    found = iter(train.predict(model, [window for one in part for window in model.windows(one.words)]))
    return [[kinds[next(found)] for _ in one.words] for one in part]


def scored(part: Sequence[Sentence], tagged: Sequence[Sequence[str]]) -> dict[str, train.Score]:
    """How well the names were found, for each class and for all."""
    scores = train.entity_scores([one.tags for one in part], tagged, OUTSIDE)
    return {**scores, "all": sum(scores.values(), train.Score())}


def shown(score: train.Score) -> list[str]:
    """A score as cells of a table."""
    return [f"{v:.3f}" for v in (score.precision, score.recall, score.f1)]


def judged(run: Run, model: Tagger, learned: list[Sentence], held: list[Sentence], kinds: list[str]) -> list[list[str]]:
    """Words, and names, of sentences that it has not seen; returns what it made of them."""
    run.section("What it makes of sentences that it has not seen")
    parts = [Samples.of(model, part, kinds) for part in (learned, held)]
    tagged = tagging(model, held, kinds)
    lazy = [f"{part.right.count(0) / len(part.right):.1%}" for part in parts]
    right = [f"{train.accuracy(model, *part):.1%}" for part in parts]
    blank = [[OUTSIDE] * len(one.words) for one in held]
    rows = [
        ["always “no name”", *lazy, f"{scored(held, blank)['all'].f1:.3f}"],
        ["the window of five", *right, f"{scored(held, tagged)['all'].f1:.3f}"],
    ]
    run.table(["words right", "to learn from", "held out", "F1 of names, held out"], rows)
    table = [[kind, s.sought, s.given, s.found, *shown(s)] for kind, s in scored(held, tagged).items()]
    run.table(["names, held out", "there", "given", "right", "precision", "recall", "F1"], table)
    run.say(
        "Most words are no name, so whoever never finds one is right about most words, and has an F1 of 0. What counts "
        "is whole names: all of their words, and the class. “Ada” found without her “Holm” is a name that was given "
        "wrongly and one that was overlooked. Sentences like those learned from, as ours are, are easy: newspapers are "
        "harder."
    )
    picture = plot.confusion_matrix(train.confusion(model, *parts[1]), ["none", *kinds[1:]])
    run.picture("confusion", picture, "words of the held-out sentences: their class, and what they were taken for")
    return tagged


def unseen(run: Run, learned: list[Sentence], held: list[Sentence], tagged: list[list[str]]) -> None:
    """Names of known words, and names that it cannot know."""
    known = {word for one in learned for word in one.words}
    counts = {"all words were seen in training": [0, 0], "some word was not": [0, 0]}
    for one, given in zip(held, tagged):
        for a, b, kind in train.entities(one.tags):
            there = counts[
                "all words were seen in training" if known.issuperset(one.words[a:b]) else "some word was not"
            ]
            there[0] += 1
            there[1] += (a, b, kind) in train.entities(given)
    rows = [[told, n, right, f"{right / n:.0%}" if n else ""] for told, (n, right) in counts.items()]
    run.table(["held-out names of which", "there", "right", "share"], rows)
    run.say(
        "A list of the names in training would find none of the second row: it is their neighbours that give them away."
    )


def spoken(model: Tagger, window: Row, kind: int, other: int) -> list[float]:
    """How much each word of a window speaks for class `kind` and against `other`: its numbers times their gradient.

    The gradient is of the difference of both scores; times the numbers it says, to first order, what the difference
    owes to each word.
    """
    x = [Value(v.data) for v in window]  # of their own, also where a word stands twice
    scores = model(x)
    (scores[kind] - scores[other]).backward()
    parts = [v.data * v.grad for v in x]
    size = len(x) // (2 * model.reach + 1)
    return [sum(parts[k : k + size]) for k in range(0, len(x), size)]


def mistakes(run: Run, model: Tagger, held: list[Sentence], kinds: list[str], most: int = 6) -> None:
    """Where it was surest, and wrong; and which words led it there, which a backward pass tells."""
    run.section("Its most confident mistakes, and which words led to them")
    found = []
    for one in held:
        for k, (window, tag) in enumerate(zip(model.windows(one.words), one.tags)):
            with no_grad():
                sure, said = max((p.data, kind) for p, kind in zip(F.softmax(model(window)), kinds))
            if said != tag:
                found.append((sure, said, k, one))
    told = []
    for sure, said, k, one in sorted(found, key=lambda mistake: -mistake[0])[:most]:
        tag, window = one.tags[k], model.windows(one.words)[k]
        near = [EDGE, EDGE, *one.words, EDGE, EDGE][k : k + 5]  # its window, in words
        shares = spoken(model, window, kinds.index(said), kinds.index(tag))
        told += [
            f"{sure:.2%} sure that “{one.words[k]}” is {said}, not {tag}",
            f"    {bracketed(*one)}",
            f"    for {said}:  " + "  ".join(f"{word} {share:+.1f}" for word, share in zip(near, shares)),
        ]
    run.code("\n".join(told) or "none")
    run.say(
        f"{len(found)} words in all are taken for something else; the brackets are the right ones. Below each sentence "
        "stands how much each word of the window spoke for the mistake: its vector times its gradient, where what is "
        "differentiated is the score of what it said minus the score of what is right."
    )


VARIANTS: dict[str, tuple[Loss, dict[str, Any]]] = {
    "five words": (losses.cross_entropy, {}),
    "five words, max-margin loss": (losses.multiclass_hinge, {}),
    "five words without capitals": (losses.cross_entropy, {"forms": False}),
    "three words": (losses.cross_entropy, {"reach": 1}),
    "one word": (losses.cross_entropy, {"reach": 0}),
}


def needed(run: Run, learned: list[Sentence], held: list[Sentence], kinds: list[str], known: dict[str, int]) -> None:
    """The same with another loss, and without what it might do without, each begun with several seeds."""
    run.section("What it needs")
    seeds = [run.seed + k for k in range(1 if run.small else 3)]
    rows = []
    for name, (loss, options) in VARIANTS.items():
        scores = []
        for seed in seeds:
            model = Tagger(known, len(kinds), seed, **options)
            learn(run, model, Samples.of(model, learned, kinds), loss)
            scores.append(scored(held, tagging(model, held, kinds))["all"])
        if run.interrupted:
            break
        low, high = min(s.f1 for s in scores), max(s.f1 for s in scores)
        rows.append([name, *shown(sum(scores, train.Score())), f"{low:.3f} to {high:.3f}"])
    if rows:
        seeds_told = f"{len(seeds)} seed" + "s" * (len(seeds) > 1)
        run.table([f"names, held out, {seeds_told}", "precision", "recall", "F1", "F1 from seed to seed"], rows)
    run.say(
        "With one word it can but remember names, and guess at a capital. Its neighbours tell what a name that nobody "
        "has seen must be: who “said” something is a person, what people “live in” a place. Losses whose scores differ "
        f"by less than those of two seeds are equally good, as far as {len(held)} sentences can tell."
    )
