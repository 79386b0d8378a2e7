"""Sequences and symbols: a recurrent network that remembers, and a table of vectors for things that are no numbers.

>>> rnn = RNN(1, 2, seed=0)
>>> outputs, last = rnn([[1.0], [0.5], [-1.0]])
>>> len(outputs), outputs[-1] == last
(3, True)
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from ..engine import Value
from .choices import Activation, Init, Seed, inputs, stream, weights, whole
from .dense import Layer
from .module import Module


class RNN(Module):
    """A layer that reads, at each step, the input and its own last output: h = activation(W [x, h] + b) (Elman 1990).

    Call it on a sequence of vectors of `nin` numbers and, if you like, the state to begin with (zeros).  Returns
    the outputs of all steps, and the last one: lists of `nhidden` Values.  The first `nin` weights of a neuron
    are for the input, the others for the state.  Raises ValueError, with the step, for a vector of another size.

    >>> RNN(2, 3).cell.neurons[0].w[4].label
    'rnn.cell.neurons.0.w[4]'
    """

    def __init__(self, nin: int, nhidden: int, activation: Activation = "tanh", init: Init = "xavier", seed: Seed = None,
                 expand: bool = False, name: str = "rnn") -> None:  # fmt: skip
        self.nin, self.nhidden, self.activation = (
            whole(nin, "nin, the number of inputs,"),
            whole(nhidden, "nhidden"),
            activation,
        )
        self.init, self.seed, self.expand, self.name = init, seed, expand, name
        self.cell = Layer(nin + nhidden, nhidden, True, activation, True, init, seed, expand)

    def __call__(self, sequence: Iterable[Any], state: Any = None) -> tuple[list[list[Value]], list[Value]]:
        h = list(inputs([0.0] * self.nhidden if state is None else state, self.nhidden, "RNN's state"))
        outputs = []
        for t, x in enumerate(sequence):
            h = self.cell.fire([*inputs(x, self.nin, f"RNN at step {t}"), *h])
            outputs.append(h)
        return outputs, h


class Embedding(Module):
    """One trainable vector of `size` Values for each of `count` symbols, looked up by number; a list of numbers gives a list of vectors.

    Raises IndexError for a number that no symbol has, TypeError for what is no whole number.

    >>> table = Embedding(27, 3, seed=0)
    >>> table(26)[2].label
    'embedding.w[26][2]'
    >>> table(27)
    Traceback (most recent call last):
    IndexError: Embedding has 27 rows, 0 to 26: there is no row 27
    """

    def __init__(
        self, count: int, size: int, init: Init = "normal", seed: Seed = None, name: str = "embedding"
    ) -> None:
        self.count, self.size = (
            whole(count, "count, the number of symbols,"),
            whole(size, "size, the length of a vector,"),
        )
        self.init, self.seed, self.name = init, seed, name
        rng = stream(seed)
        self.w = [weights(size, init, count, size, rng) for _ in range(count)]

    def __call__(self, index: Any) -> list[Any]:
        if isinstance(index, (list, tuple)):
            return [self(i) for i in index]
        if not hasattr(index, "__index__"):
            raise TypeError(f"Embedding is looked up by a whole number, got {type(index).__name__} {index!r}")
        i = operator.index(index)
        if not 0 <= i < self.count:
            raise IndexError(f"Embedding has {self.count} rows, 0 to {self.count - 1}: there is no row {i}")
        return list(self.w[i])
