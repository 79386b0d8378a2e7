"""Part 4, the backward pass by hand, through every intermediate of a normalised network, then in two formulas.

The engine's graph and NumPy's arrays are built from the same numbers, and take the same small steps.  An
intermediate of the engine is an array of Values, each of which keeps its gradient; by hand it is an array whose
gradient, of the same shape, is called d and its name.  Three rules do nearly all of it: where a product goes
forward, the other factor comes back; what was broadcast forward is summed coming back; what was summed forward is
broadcast coming back.
"""

from __future__ import annotations

import functools
import inspect
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import functional as F
from ... import plot
from ...engine import Value, topological
from .. import Run
from .bigrams import LETTERS
from .network import BATCH, KAIMING, PAST, WIDTH, Names, generator, unfused

Array = npt.NDArray[Any]
EPS = 1e-5  # keeps the division by the spread of a batch finite
NAMED = ("logprobs probs counts_sum_inv counts_sum counts norm_logits logit_maxes logits h W2 b2 hpreact bngain bnbias "
         "bnraw bnvar_inv bnvar bndiff2 bndiff bnmeani hprebn embcat W1 b1 emb C").split()  # fmt: skip


@dataclass
class Parameters:
    """The numbers of the network; small and random everywhere, so that no gradient is zero by accident."""

    C: Array
    W1: Array
    b1: Array
    W2: Array
    b2: Array
    bngain: Array
    bnbias: Array

    @classmethod
    def drawn(cls, seed: int, hidden: int = 64) -> Parameters:
        """As the lecture draws them."""
        normal, letters = generator(seed, "by hand").standard_normal, len(LETTERS)
        return cls(
            C=normal((letters, WIDTH)),
            W1=normal((PAST * WIDTH, hidden)) * KAIMING,
            b1=normal(hidden) * 0.1,  # batch normalisation takes it out again: see its gradient
            W2=normal((hidden, letters)) * 0.1,
            b2=normal(letters) * 0.1,
            bngain=normal((1, hidden)) * 0.1 + 1.0,
            bnbias=normal((1, hidden)) * 0.1,
        )


def forward(p: Parameters, X: Array, Y: Array) -> tuple[float, dict[str, Array]]:
    """The loss of a batch in NumPy, and every intermediate by its name."""
    n = len(X)
    emb = p.C[X]  # (n, 3, 10)
    embcat = emb.reshape(n, -1)  # (n, 30): the same numbers in a row
    hprebn = embcat @ p.W1 + p.b1
    bnmeani = hprebn.sum(0, keepdims=True) / n
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    # Bessel's correction: n - 1, because the mean was taken from the same batch
    bnvar = bndiff2.sum(0, keepdims=True) / (n - 1)
    bnvar_inv = (bnvar + EPS) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = p.bngain * bnraw + p.bnbias
    h = np.tanh(hpreact)
    logits = h @ p.W2 + p.b2
    logit_maxes = logits.max(1, keepdims=True)
    norm_logits = logits - logit_maxes  # so that exp does not overflow
    counts = np.exp(norm_logits)
    counts_sum = counts.sum(1, keepdims=True)
    counts_sum_inv = counts_sum**-1.0
    probs = counts * counts_sum_inv
    logprobs = np.log(probs)
    made = {**vars(p), **locals()}
    return float(-logprobs[np.arange(n), Y].mean()), {name: made[name] for name in NAMED}


def backward(v: dict[str, Array], X: Array, Y: Array) -> dict[str, Array]:
    """The gradient of every intermediate, from the loss to the embeddings, one line at a time."""
    n, rows = len(X), np.arange(len(X))
    # loss = -(the mean of logprobs at Y): every other logprob has no part in it
    dlogprobs = np.zeros_like(v["logprobs"])
    dlogprobs[rows, Y] = -1.0 / n
    dprobs = dlogprobs / v["probs"]  # log
    # probs = counts * counts_sum_inv, and counts_sum_inv was broadcast along the row: its gradients are summed there
    dcounts_sum_inv = (v["counts"] * dprobs).sum(1, keepdims=True)
    dcounts = v["counts_sum_inv"] * dprobs
    dcounts_sum = -(v["counts_sum"] ** -2.0) * dcounts_sum_inv
    dcounts = dcounts + dcounts_sum  # counts is used twice; a sum hands its gradient to every term
    dnorm_logits = v["counts"] * dcounts  # exp is its own slope
    # norm_logits = logits - logit_maxes
    dlogit_maxes = -dnorm_logits.sum(1, keepdims=True)
    dlogits = dnorm_logits.copy()
    dlogits[rows, v["logits"].argmax(1)] += dlogit_maxes[:, 0]  # the largest is where the maximum came from
    # logits = h @ W2 + b2
    dh = dlogits @ v["W2"].T
    dW2 = v["h"].T @ dlogits
    db2 = dlogits.sum(0)
    dhpreact = (1.0 - v["h"] ** 2) * dh  # tanh
    # hpreact = bngain * bnraw + bnbias: gain and bias were broadcast down the batch
    dbngain = (v["bnraw"] * dhpreact).sum(0, keepdims=True)
    dbnbias = dhpreact.sum(0, keepdims=True)
    dbnraw = v["bngain"] * dhpreact
    # bnraw = bndiff * bnvar_inv
    dbnvar_inv = (v["bndiff"] * dbnraw).sum(0, keepdims=True)
    dbndiff = v["bnvar_inv"] * dbnraw
    dbnvar = -0.5 * (v["bnvar"] + EPS) ** -1.5 * dbnvar_inv
    dbndiff2 = np.ones_like(v["bndiff2"]) / (n - 1) * dbnvar
    dbndiff = dbndiff + 2.0 * v["bndiff"] * dbndiff2  # the second use of bndiff
    # bndiff = hprebn - bnmeani
    dbnmeani = -dbndiff.sum(0, keepdims=True)
    dhprebn = dbndiff + dbnmeani / n
    # hprebn = embcat @ W1 + b1
    dembcat = dhprebn @ v["W1"].T
    dW1 = v["embcat"].T @ dhprebn
    db1 = dhprebn.sum(0)
    demb = dembcat.reshape(v["emb"].shape)
    dC = np.zeros_like(v["C"])
    np.add.at(dC, X, demb)  # a letter that was read twice receives twice
    made = locals()
    return {name: made[f"d{name}"] for name in NAMED}


def by_engine(p: Parameters, X: Array, Y: Array) -> tuple[Value, dict[str, Any]]:
    """The same steps on Values.  No one is asked to keep a gradient: every node has its own."""
    n = len(X)
    C, W1, W2 = ([[Value(x) for x in row] for row in m.tolist()] for m in (p.C, p.W1, p.W2))
    b1, b2, bngain, bnbias = ([Value(x) for x in m.ravel().tolist()] for m in (p.b1, p.b2, p.bngain, p.bnbias))
    columns1, columns2 = list(zip(*W1)), list(zip(*W2))
    emb = [
        [[c * 1.0 for c in C[k]] for k in letters] for letters in X
    ]  # times 1: a node of its own for each time a letter is read
    embcat = [[e for letter in row for e in letter] for row in emb]
    hprebn = [[F.dot(row, w, b) for w, b in zip(columns1, b1)] for row in embcat]
    bnmeani = [F.sum(column) * (1 / n) for column in zip(*hprebn)]
    bndiff = [[x - m for x, m in zip(row, bnmeani)] for row in hprebn]
    bndiff2 = [[d**2 for d in row] for row in bndiff]
    bnvar = [F.sum(column) * (1 / (n - 1)) for column in zip(*bndiff2)]
    bnvar_inv = [(v + EPS) ** -0.5 for v in bnvar]
    bnraw = [[d * v for d, v in zip(row, bnvar_inv)] for row in bndiff]
    hpreact = [[g * x + b for g, x, b in zip(bngain, row, bnbias)] for row in bnraw]
    h = [[x.tanh() for x in row] for row in hpreact]
    logits = [[F.dot(row, w, b) for w, b in zip(columns2, b2)] for row in h]
    logit_maxes = [functools.reduce(F.maximum, row) for row in logits]
    norm_logits = [[x - m for x in row] for row, m in zip(logits, logit_maxes)]
    counts = [[x.exp() for x in row] for row in norm_logits]
    counts_sum = [F.sum(row) for row in counts]
    counts_sum_inv = [s**-1 for s in counts_sum]
    probs = [[c * s for c in row] for row, s in zip(counts, counts_sum_inv)]
    logprobs = [[x.log() for x in row] for row in probs]
    made = locals()
    loss = -F.mean([row[y] for row, y in zip(logprobs, Y)])
    return loss, {name: made[name] for name in NAMED}


def gradient(nested: Any) -> Array:
    """The gradients of Values in nested lists, as an array."""

    def of(x: Any) -> Any:
        return x.grad if isinstance(x, Value) else [of(part) for part in x]

    return np.array(of(nested))


def fused_cross_entropy(logits: Array, Y: Array) -> Array:
    """d(loss) / d(logits) in one step: (softmax - one at what followed) / n."""
    probs: Array = np.exp(logits - logits.max(1, keepdims=True))
    probs /= probs.sum(1, keepdims=True)
    probs[np.arange(len(Y)), Y] -= 1.0
    return probs / len(Y)


def fused_batchnorm(dhpreact: Array, bngain: Array, bnraw: Array, bnvar_inv: Array) -> Array:
    """d(loss) / d(hprebn) in one step: what is left of a gradient without its mean, and without its part along bnraw.

    An input cannot move the mean of its batch or its spread: batch normalisation takes both out of the values, and
    its backward pass takes both out of the gradient.
    """
    n = len(dhpreact)
    mean, along = dhpreact.sum(0) / n, (dhpreact * bnraw).sum(0) / (n - 1)
    dhprebn: Array = bngain * bnvar_inv * (dhpreact - mean - bnraw * along)
    return dhprebn


# The essay


class Batch:
    """32 examples, both ways: `values` and `grads` by hand; the engine's `root` and `nodes`, with their gradients."""

    def __init__(self, seed: int, names: Names) -> None:
        self.parameters = Parameters.drawn(seed)
        self.X, self.Y = names.batches("by hand")()
        self.loss, self.values = forward(self.parameters, self.X, self.Y)
        self.grads = backward(self.values, self.X, self.Y)
        self.root, self.nodes = by_engine(self.parameters, self.X, self.Y)
        self.root.backward()


def taken_apart(run: Run, names: Names) -> Batch:
    """26 gradients by hand beside the engine's."""
    run.section("The backward pass by hand")
    batch = Batch(run.seed, names)
    graph = topological(batch.root)
    size = sum(a.size for a in vars(batch.parameters).values())
    run.compare("parameters of the network with batch normalisation, 64 units", size, 4_137)
    run.say(
        f"A batch of {BATCH} is a graph of {len(graph):,} Values; if dot products and sums were taken apart too, "
        f"of {unfused(graph):,}. NumPy does the same in 19 steps; this is the way there, and the way back:"
    )
    run.code("\n\n".join(inspect.getsource(f) for f in (forward, backward)), "python")
    run.compare("loss of the batch", batch.loss, 3.3377, form=".4f", unlike="torch's random numbers there, ours here")
    run.compare("the same by the engine", batch.root.data, batch.loss, within=1e-14, form=".15f")
    rows, agree, worst = [], 0, 0.0
    for name in NAMED:
        by_hand = batch.grads[name]
        engine = gradient(batch.nodes[name]).reshape(by_hand.shape)
        apart = float(abs(engine - by_hand).max())
        close = bool(np.allclose(engine, by_hand, rtol=1e-9, atol=1e-15))
        agree, worst = agree + close, max(worst, apart)
        shape = " × ".join(map(str, by_hand.shape))
        rows.append(
            [
                name,
                shape,
                *["yes" if x else "no" for x in (apart == 0, close)],
                f"{abs(engine).max():.1e}",
                f"{apart:.1e}",
            ]
        )
    run.table(["gradient of", "shape", "exact", "approximate", "largest", "largest difference"], rows)
    run.compare("intermediates whose gradient by hand is the engine's", agree, 26)
    run.compare("the largest difference of all of them", worst, 0.0, within=1e-14, form=".1e")
    run.say(
        "Exact is to the last bit; where it says no, a sum was added in another order. The gradient of "
        "logit_maxes is nothing but rounding: what is subtracted from a whole row of logits changes no "
        f"probability. So is that of b1, {abs(batch.grads['b1']).max():.0e} at most: batch normalisation takes "
        "out any bias before it, and has one of its own."
    )
    dlogits = batch.grads["logits"]
    drawn = plot.heatmap(
        dlogits,
        rows=["".join(LETTERS[k] for k in x) for x in batch.X],
        columns=LETTERS,
        title="gradient of the logits, a row for each example",
        note="blue: the letter that followed, to be pulled up; orange: the others, to be pushed down",
    )
    even = f"every row sums to 0 (to {abs(dlogits.sum(1)).max():.0e})"
    run.picture("dlogits", drawn, f"forces on the logits: {even}, as much pull as push")
    return batch


def folded(run: Run, batch: Batch) -> None:
    """Seven steps of cross-entropy and eight of batch normalisation, each in one formula."""
    run.section("The same in two formulas")
    v, n = batch.values, BATCH
    dlogits = fused_cross_entropy(v["logits"], batch.Y)
    dhprebn = fused_batchnorm(gradient(batch.nodes["hpreact"]), v["bngain"], v["bnraw"], v["bnvar_inv"])
    for what, ours, name, published in (
        ("cross-entropy: (softmax - one at what followed) / n", dlogits, "logits", 5e-9),
        ("batchnorm: its gradient less what would move mean and spread", dhprebn, "hprebn", 9e-10),
    ):
        apart = float(abs(ours - gradient(batch.nodes[name])).max())
        run.compare(f"{what}, largest difference", apart, published, within=(0.0, published), form=".1e")
    run.say(
        "The differences are smaller than the published ones because these are float64, and those float32. Of Bessel's "
        f"correction the {n - 1} stays in the second formula: with {n} in its place the last term would be "
        f"{1 / n:.0%} too small."
    )
    shown, past, truth = dlogits[0] * n, "".join(LETTERS[k] for k in batch.X[0]), LETTERS[batch.Y[0]]
    largest = sorted(range(len(LETTERS)), key=lambda k: -abs(shown[k]))[:4]
    told = ", ".join(f"{shown[k]:+.3f} at {LETTERS[k]}" for k in largest)
    run.say(
        f"After {past!r} came {truth!r}; times {n}, the gradient of its logits is {told}, and so on: the "
        f"probabilities, less 1 at the truth. Their sum is {math.fsum(shown):.0e}."
    )
