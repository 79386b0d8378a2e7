"""makemore: how names are spelled, from counting pairs of letters to a network whose backward pass is written by hand.

A model that says how likely each letter is to come next can be asked two things: how surprised it is by real names
(its loss, the mean negative log-likelihood, in nats a letter), and for new names.  The first model counts which
letter follows which.  The second finds the same table by gradient descent: counting is what a network of one layer
converges to.  The third reads three letters through an embedding and 200 tanh units; what goes wrong at its start,
and how a scaled initialisation and batch normalisation mend it, is a ladder of five runs.  Then the engine is put
aside: the backward pass of that network is written by hand, through 26 named intermediates, each compared with the
engine's; folded into two short formulas; and used to train.  Who has written it once knows what `backward()` does.

Read its rooms in this order: `bigrams` (counting, and the net that counts), `network` (the MLP and the ladder),
`byhand` (the backward pass), `layers` (training with it, and five layers deep).

Source: Andrej Karpathy, "Building makemore", parts 1 to 4, and its repository (2022); the MLP is that of Bengio et
al. 2003, batch normalisation that of Ioffe & Szegedy 2015.  The same names, split, sizes and schedules; the random
numbers are our own, because torch's generator is not to be had here, so what depends on them agrees in the second
or third digit.
"""

from __future__ import annotations

from importlib.util import find_spec

from ...extras import MissingPackage, install
from .. import Run
from . import bigrams


def main(run: Run) -> None:
    """From counts to a network without an engine.  Raises ImportError, before anything runs, if NumPy is missing."""
    if find_spec("numpy") is None:
        raise MissingPackage(f"makemore's backward pass by hand is written in NumPy: {install('numpy')}")
    from . import byhand, layers, network

    bigrams.descending(run, bigrams.counting(run))
    names, model, steps = network.Names(run.seed, run.small), network.Speller(run.backend), network.affordable(run)
    network.three_letters(run, names, model, steps)
    network.ladder(run, names, model, max(1, steps // 10))
    byhand.folded(run, byhand.taken_apart(run, names))
    layers.without_an_engine(run, names, steps)
    layers.deep(run, names)
