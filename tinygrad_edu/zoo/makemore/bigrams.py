"""Part 1: which letter follows which, by counting; and the same table found by gradient descent."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

from ... import data, losses, optim, plot
from ... import functional as F
from ...engine import Value
from ...modes import no_grad
from ...replay import jit
from .. import Run

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the dot begins and ends a name
CHANCE = math.log(len(LETTERS))
Counts = Counter[tuple[int, ...]]


def spelled(name: str, before: int) -> list[int]:
    """A name as numbers of letters, with dots: so many before it, one behind it."""
    return [LETTERS.index(c) for c in f"{'.' * before}{name}."]


def counted(names: list[str], n: int) -> Counts:
    """How often each n letters stand in a row; n - 1 dots stand before a name, so that its first letter has a past."""
    seen: Counts = Counter()
    for name in names:
        code = spelled(name, n - 1)
        seen.update(zip(*[code[k:] for k in range(n)]))
    return seen


def surprise(counts: Counts, more: int = 0) -> float:
    """The mean of -log(probability) over all that was counted, if every count were `more` higher."""
    past: Counter[tuple[int, ...]] = Counter()
    for row, n in counts.items():
        past[row[:-1]] += n
    return sum(-n * math.log((n + more) / (past[row[:-1]] + more * len(LETTERS))) for row, n in counts.items()) / sum(
        counts.values()
    )


def invented(rows: list[list[float]], rng: random.Random, count: int) -> str:
    """Names drawn letter by letter: rows[i] says how likely each letter is after letter i."""
    names = []
    for _ in range(count):
        name, last = "", 0
        while not name or last:
            [last] = rng.choices(range(len(LETTERS)), rows[last])
            name += LETTERS[last]
        names.append(name.rstrip("."))
    return " ".join(names)


def counting(run: Run) -> Counts:
    """The model that needs no learning: a table of counts."""
    run.section("Counting which letter follows which")
    names = data.names()
    pairs, triples = counted(names, 2), counted(names, 3)
    run.compare("names", len(names), 32_033)
    run.compare("pairs of letters in them, with the dots", pairs.total(), 228_146)
    run.compare("surprise of one who knows nothing, ln 27", CHANCE, 3.295837, within=5e-7)
    run.compare("surprise by pairs, in nats a letter", surprise(pairs), 2.454014, within=6e-7)
    run.compare("surprise by pairs, every count one higher", surprise(pairs, 1), 2.454577, within=6e-7)
    run.compare("surprise by triples", surprise(triples), 2.185743, within=6e-7)
    run.compare("surprise by triples, every count one higher", surprise(triples, 1), 2.212582, within=6e-7)
    n = len(LETTERS)
    run.say(
        "Without the extra one, a pair that never occurred, like jq, would be infinitely surprising: "
        f"{n**2 - len(pairs)} of the {n**2} pairs, {n**3 - len(triples):,} of the {n**3:,} triples. A table for "
        "longer pasts has no data to fill it, which is why the third model below does not count."
    )
    table = [[pairs[a, b] for b in range(n)] for a in range(n)]
    run.picture("pairs", plot.heatmap(table, rows=LETTERS, columns=LETTERS, title="how often a letter follows another",
                note="rows: the first letter, columns: the second; the dot begins and ends a name"),
                "which letter follows which: the whole model")  # fmt: skip
    rows, rng = [[float(c) for c in row] for row in table], random.Random(run.seed)
    even = [[1.0] * n] * n
    run.say(
        f"Names drawn from the table: {invented(rows, rng, 5)}. From one that knows nothing: {invented(even, rng, 2)}."
    )
    return pairs


def bigram_loss(W: list[list[Any]], counts: list[list[int]]) -> Any:
    """The surprise of softmax(W[a]) at what followed letter a, over all pairs, and .01 times the mean of W².

    One example for each of the 228,146 pairs would be as good: those that begin with the same letter share a logsumexp,
    so the loss depends on the counts alone.
    """
    total = sum(map(sum, counts))
    said = F.sum([sum(row) * F.logsumexp(w) - F.dot(row, w) for w, row in zip(W, counts)])
    return said / total + losses.l2([w for row in W for w in row], 0.01 / len(LETTERS) ** 2)


def by_formula(W: list[list[float]], counts: list[list[int]]) -> list[list[float]]:
    """Its gradient, by hand: what the model expects less what was counted, and what pulls W to zero."""
    total = sum(map(sum, counts))
    return [
        [(sum(row) * p - c) / total + 0.02 * w / len(LETTERS) ** 2 for p, c, w in zip(F.softmax(ws), row, ws)]
        for ws, row in zip(W, counts)
    ]


def by_differences(W: list[list[float]], counts: list[list[int]], h: float = 1e-5) -> list[list[float]]:
    """Its gradient, by moving each weight a little up and a little down."""
    slopes = []
    for i, row in enumerate(W):
        # Only the terms of this row move: the others would be subtracted from themselves, and leave rounding behind.
        def moved(j: int, step: float, i: int = i, row: list[float] = row) -> float:
            changed = [w + step * (k == j) for k, w in enumerate(row)]
            said = sum(counts[i]) * F.logsumexp(changed) - F.dot(counts[i], changed)
            return float(said / sum(map(sum, counts)) + 0.01 * sum(w * w for w in changed) / len(LETTERS) ** 2)

        slopes.append([(moved(j, h) - moved(j, -h)) / (2 * h) for j in range(len(row))])
    return slopes


def descending(run: Run, pairs: Counts) -> None:
    """A layer of 27 × 27 weights and a softmax, trained on the same pairs: it ends where counting begins."""
    run.section("The same table by gradient descent")
    n, rng = len(LETTERS), random.Random(run.seed)
    counts = [[pairs[a, b] for b in range(n)] for a in range(n)]
    W = [[Value(rng.gauss(0, 1), label=f"W[{a}, {b}]") for b in LETTERS] for a in LETTERS]
    bigram_loss(W, counts).backward()
    numbers = [[w.data for w in row] for row in W]
    ways = {
        "by hand": by_formula(numbers, counts),
        "by differences": by_differences(numbers, counts),
        "by the engine": [[w.grad for w in row] for row in W],
    }
    few = [(a, b) for a, b in (("n", "."), ("a", "n"), ("q", "u"), ("j", "q"))]
    at = LETTERS.index
    slopes = [[f"W[{a}, {b}]", *[f"{way[at(a)][at(b)]:+.9f}" for way in ways.values()]] for a, b in few]
    run.table(["slope of the loss for", *ways], slopes)

    def apart(first: str, second: str) -> float:
        return max(abs(x - y) for xs, ys in zip(ways[first], ways[second]) for x, y in zip(xs, ys))

    for way, within in (("by hand", 1e-15), ("by differences", 1e-9)):
        furthest = apart(way, "by the engine")
        run.compare(f"729 slopes {way} and by the engine, largest difference", furthest, 0.0, within=within, form=".1e")
    params = [w for row in W for w in row]
    step_loss: Any = (
        (lambda: bigram_loss(W, counts)) if run.backend == "eager" else jit(lambda: bigram_loss(W, counts), run.backend)
    )
    done = len(run.descend(20 if run.small else 300, step_loss, optim.SGD(params, lr=50.0)))
    with no_grad():
        whole = bigram_loss(W, counts).data
        bare = whole - sum(0.01 * w.data**2 for w in params) / n**2
        learned = [[p.data for p in F.softmax(row)] for row in W]
    run.compare("loss of the net, with .01 × the mean of W²", whole, 2.4818, within=0.002, form=".4f", whole=True)
    largest = max(abs(p - c / sum(row)) for ps, row in zip(learned, counts) for p, c in zip(ps, row))
    run.say(
        f"Without what pulls W to zero its surprise is {bare:.4f}, and no row of logits can do better than the "
        f"counts' {surprise(pairs):.4f}. After {done} steps its probabilities are within {largest:.3f} of the "
        "counted shares, furthest for letters that are rare. The pull is what the extra one is to counts: W = 0 "
        "says that every letter is as likely."
    )
    run.say(
        "Names that it makes up, with the random numbers of the table's: "
        f"{invented(learned, random.Random(run.seed), 5)}."
    )
