"""The window score s = u·f(Wx + b): its gradients by formula and by engine, the course's check, and the margin."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from ... import functional as F
from ... import ops, optim, plot
from ...engine import Value
from ...nn import Embedding
from ...ops import Op
from .. import Run

Row = list[Value]
SIZE, HIDDEN = 4, 8  # of a word vector, and of the hidden layer: x has 20 numbers and W is 8 x 20, as on the slides
SENTENCE = "not all museums in Paris are amazing".split()
STEP, TOLERANCE = 1e-4, 1e-5  # of the course's gradient check
TINY = 1e-12  # sums are added in different orders


class Scorer(NamedTuple):
    """The parameters of a score, and the vectors of the words that it knows."""

    W: list[Row]
    b: Row
    u: Row
    vectors: Embedding
    known: list[str]

    @classmethod
    def drawn(cls, words: Sequence[str], seed: int) -> Scorer:
        """Numbers from a normal distribution."""
        rng, known = random.Random(seed), sorted({*words})

        def row(size: int) -> Row:
            return [Value(rng.gauss(0.0, 0.5)) for _ in range(size)]

        return cls(
            [row(5 * SIZE) for _ in range(HIDDEN)],
            row(HIDDEN),
            row(HIDDEN),
            Embedding(len(known), SIZE, seed=seed),
            known,
        )

    def vector(self, word: str) -> Row:
        """The vector of a word."""
        return self.vectors(self.known.index(word))

    def score(self, words: Sequence[str], bend: Callable[[Any], Any] = ops.tanh) -> tuple[Row, Row, Value]:
        """x, h and s of a window of five words."""
        x = [v for word in words for v in self.vector(word)]
        h = [bend(F.dot(w, x, b)) for w, b in zip(self.W, self.b)]
        return x, h, F.dot(self.u, h)

    def parameters(self) -> Row:
        """All of them: 160 + 8 + 8, and 4 for each word."""
        return [*(w for row in self.W for w in row), *self.b, *self.u, *self.vectors.parameters()]


class Formulas(NamedTuple):
    """The gradients of s by the course's formulas, as plain numbers."""

    u: list[float]
    b: list[float]
    W: list[list[float]]
    x: list[float]


def by_formula(scorer: Scorer, x: Row, h: Row) -> Formulas:
    """ds/du = h; delta = u ∘ f'(z) is ds/db; delta x' is ds/dW; W' delta is ds/dx.  The slope of tanh is 1 - h²."""
    delta = [u.data * (1 - a.data**2) for u, a in zip(scorer.u, h)]
    columns = zip(*scorer.W)
    return Formulas(
        u=[a.data for a in h],
        b=delta,
        W=[[d * v.data for v in x] for d in delta],
        x=[sum(w.data * d for w, d in zip(column, delta)) for column in columns],
    )


def apart(formula: Any, engine: Any) -> float:
    """The largest difference between numbers and gradients that are laid out alike."""
    if isinstance(engine, Value):
        return abs(float(formula) - engine.grad)
    return max(apart(f, e) for f, e in zip(formula, engine, strict=True))


def shapes(run: Run) -> None:
    """Formula and engine, number by number, and what the shape convention saves."""
    run.section("Matrix calculus: the score of a window of five words")
    words = SENTENCE[2:]
    scorer = Scorer.drawn(words, run.seed)
    x, h, s = scorer.score(words)
    s.backward()
    found = by_formula(scorer, x, h)
    n, m = HIDDEN, len(x)
    run.say(
        f"s = u·tanh(Wx + b) for “{' '.join(words)}”: x is five vectors of {SIZE} numbers end to end, W is {n} x {m}."
    )
    pairs = (
        ("b, delta = u ∘ f'(z)", found.b, scorer.b),
        ("W, delta x'", found.W, scorer.W),
        ("x, W' delta", found.x, x),
        ("u, h", found.u, scorer.u),
    )
    for name, formula, engine in pairs:
        run.compare(f"ds/d{name}: formula minus engine, largest", apart(formula, engine), 0.0, within=TINY)
    shapes = [["u", n, str(n)], ["b", n, str(n)], ["W", n * m, f"{n} x {m}"], ["x", m, f"5 words x {SIZE}"]]
    header = ["gradient of s by", "as a Jacobian", "in the shape of the parameter"]
    run.table(header, [[name, f"1 x {count}", shape] for name, count, shape in shapes])
    run.say(
        f"Strictly, ds/dW is a row of {n * m} slopes, and dz/dW, the step before it, {n} x {n * m}: {n * n * m:,} "
        f"numbers, of which all but {n * m} are 0, because a weight moves only its own neuron. The shape convention "
        "lays ds/dW out as W is, so that W - lr·ds/dW makes sense; entry i, j is delta_i x_j. A scalar engine knows no "
        f"shapes: each of the {n * m} weights has its own .grad, in its own place."
    )
    s.zero_grad()
    J = ops.sigmoid(s)
    J.backward()
    run.compare("J = sigmoid(s): dJ/ds minus J(1 - J)", s.grad - J.data * (1 - J.data), 0.0, within=TINY)
    cut = [[round(g, 2) for g in found.x[k : k + SIZE]] for k in range(0, m, SIZE)]
    run.picture(
        "words",
        plot.heatmap(cut, rows=words, title="ds/dx, cut into five word vectors", numbers=True),
        "where each number of each word would have to move to raise the score",
    )


def twice(run: Run) -> None:
    """A word that stands in the window twice is one vector, and receives twice."""
    run.section("The gradient flows into the words")
    words = "from Paris back to Paris".split()
    scorer = Scorer.drawn([*SENTENCE, *words], run.seed)
    x, h, s = scorer.score(words)
    s.backward()
    flat = by_formula(scorer, x, h).x
    cut = [flat[k : k + SIZE] for k in range(0, len(flat), SIZE)]
    rows = [
        [f"“{words[k]}”, place {k + 1}", *(f"{g:.4f}" for g in cut[k])] for k in range(5) if words.count(words[k]) > 1
    ]
    paris = scorer.vector("Paris")
    rows += [
        [f"the .grad of “{word}”", *(f"{v.grad:.4f}" for v in scorer.vector(word))] for word in ("Paris", "museums")
    ]
    run.table([f"W' delta, “{' '.join(words)}”", "1", "2", "3", "4"], rows)
    both = [a + b for a, b in zip(cut[1], cut[4])]
    run.compare("a word that stands twice: its .grad minus the sum over both", apart(both, paris), 0.0, within=TINY)
    still = [word for word in scorer.known if not any(v.grad for v in scorer.vector(word))]
    run.compare("words whose vector stays where it is", ", ".join(still), ", ".join(sorted({*SENTENCE} - {*words})))
    run.say(
        "What is used twice receives twice: both places look into the same row of the table. The rows of all other "
        "words get nothing, which is why a step of training touches a few words out of thousands."
    )


def largest_difference(loss: Callable[[], Any], parameters: Row) -> float:
    """The largest |numeric - analytic| / max(1, |numeric|, |analytic|), by central differences: the course's check."""
    for p in parameters:
        p.grad = 0.0
    loss().backward()
    worst = 0.0
    for p in parameters:
        here, sides = p.data, []
        for p.data in (here + STEP, here - STEP):
            sides.append(loss().data)
        p.data = here
        numeric = (sides[0] - sides[1]) / (2 * STEP)
        worst = max(worst, abs(numeric - p.grad) / max(1.0, abs(numeric), abs(p.grad)))
    return worst


def checked(run: Run) -> None:
    """The check on all parameters, with the right slope and with one that is easily written."""
    run.section("The gradient check of assignment 1")
    scorer, words = Scorer.drawn(SENTENCE[2:], run.seed), SENTENCE[2:]
    parameters = scorer.parameters()
    mistaken = Op("tanh", ops.tanh.forward, lambda y, x: (1 - x * x,))

    def squashed(bend: Callable[[Any], Any]) -> Value:
        return ops.sigmoid(scorer.score(words, bend)[2])  # type: ignore[no-any-return]

    rows, found = [], []
    for name, bend in (("1 - y², y = tanh z", ops.tanh), ("1 - z², taken from the input", mistaken)):
        found.append(largest_difference(partial(squashed, bend), parameters))
        rows.append([name, f"{found[-1]:.2g}", "passed" if found[-1] <= TOLERANCE else "gradient check failed"])
    run.table(["slope of tanh", "largest relative difference", "tolerance 1e-5"], rows)
    run.compare(f"gradient check of {len(parameters)} numbers, h = 1e-4", found[0], 0.0, within=TOLERANCE)
    run.compare("the wrong slope is caught", found[1] > TOLERANCE, True)


def margin(run: Run) -> None:
    """The max-margin loss: a true window must score higher than a corrupt one, by 1, and then no gradient flows."""
    run.section("Another loss: max(0, 1 - s + s_c)")
    true, corrupt = SENTENCE[2:], SENTENCE[:5]
    scorer = Scorer.drawn(SENTENCE, run.seed)
    for v in scorer.u:
        v.data *= 0.1  # so that it begins undecided
    sgd = optim.SGD(scorer.parameters(), lr=0.03)
    rows, steps = [], 0
    while True:
        (_, h, s), (_, h_c, s_c) = scorer.score(true), scorer.score(corrupt)
        loss = ops.relu(1 - s + s_c)
        sgd.zero_grad()
        loss.backward()
        moved = sum(p.grad != 0 for p in scorer.parameters())
        rows.append([steps, f"{s.data:.3f}", f"{s_c.data:.3f}", f"{loss.data:.3f}", moved])
        if not steps:
            pulled = apart([b.data - a.data for a, b in zip(h, h_c)], scorer.u)
            run.compare("margin not kept: dJ/du minus (h_c - h), largest", pulled, 0.0, within=TINY)
        if not loss.data:
            break
        sgd.step()
        steps += 1
    run.compare("margin kept: numbers that get a gradient", moved, 0)
    run.table(["steps", "s", "s_c", "J", "numbers that get a gradient"], rows)
    run.say(
        f"“{' '.join(true)}” has a place in its middle, “{' '.join(corrupt)}” has none. As long as the first does not "
        "score higher by 1, s is pulled up and s_c down, with the same force; from then on J is flat, and training "
        "spends itself on the pairs that are still wrong. Cross-entropy never lets go, however sure it is."
    )
