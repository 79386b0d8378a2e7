"""Sequences and symbols: recurrent networks that remember, and a table of vectors for things that are no numbers.

>>> rnn = RNN(1, 2, seed=0)
>>> outputs, last = rnn([[1.0], [0.5], [-1.0]])
>>> len(outputs), outputs[-1] == last
(3, True)
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from .. import ops
from ..engine import Value, apply
from .choices import Activation, Init, Seed, as_inputs, as_size, initial_weights, stream
from .dense import Layer
from .module import Module


def _state(layer: RNN | LSTM | GRU, given: Any) -> list[Value]:
    """The state that a sequence begins with; zeros if none is given."""
    n = layer.nhidden
    return list(as_inputs([0.0] * n if given is None else given, n, f"{type(layer).__name__}'s state"))


class RNN(Module):
    """A layer that reads, at each step, the input and its own last output: h = activation(W [x, h] + b) (Elman 1990).

    Call it on a sequence of vectors of `nin` numbers and, if you like, the state to begin with (zeros).  Returns
    the outputs of all steps, and the last one: lists of `nhidden` Values.  The first `nin` weights of a neuron
    are for the input, the others for the state.  Raises ValueError, with the step, for a vector of another size.

    >>> RNN(2, 3).cell.neurons[0].w[4].label
    'rnn.cell.neurons.0.w[4]'
    """

    def __init__(self, nin: int, nhidden: int, activation: Activation = "tanh", init: Init = "xavier",
                 seed: Seed = None, expand: bool = False, name: str = "rnn") -> None:  # fmt: skip
        self.nin, self.nhidden = as_size(nin, "nin, the number of inputs,"), as_size(nhidden, "nhidden")
        self.activation = activation
        self.init, self.seed, self.expand, self.name = init, seed, expand, name
        self.cell = Layer(nin + nhidden, nhidden, True, activation, True, init, seed, expand)

    def __call__(self, sequence: Iterable[Any], state: Any = None) -> tuple[list[list[Value]], list[Value]]:
        h = _state(self, state)
        outputs = []
        for t, x in enumerate(sequence):
            h = self.cell.fire([*as_inputs(x, self.nin, f"RNN at step {t}"), *h])
            outputs.append(h)
        return outputs, h


class LSTM(Module):
    """A recurrent layer that decides what to write, keep and show (Hochreiter & Schmidhuber 1997;
    Gers et al. 2000 for the forget gate).

    With x the input and h the last output, i, f, o = sigmoid(W [x, h] + b), g = tanh(W [x, h] + b), each with weights
    of its own: c = f*c + i*g; h = o*tanh(c).  Call it on a sequence of vectors of `nin` numbers and, if you like, the
    state (h, c) to begin with (zeros).  Returns the outputs h of all steps, and the last (h, c).

    >>> outputs, (h, c) = LSTM(1, 2, seed=0)([[1.0], [0.5]])
    >>> outputs[-1] == h, len(c)
    (True, 2)
    """

    def __init__(self, nin: int, nhidden: int, init: Init = "xavier", seed: Seed = None, name: str = "lstm") -> None:
        self.nin, self.nhidden = as_size(nin, "nin, the number of inputs,"), as_size(nhidden, "nhidden")
        self.init, self.seed, self.name = init, seed, name
        rng = stream(seed)
        self.input, self.forget, self.candidate, self.output = (
            Layer(nin + nhidden, nhidden, True, bend, True, init, rng)
            for bend in ("sigmoid", "sigmoid", "tanh", "sigmoid")
        )

    def __call__(
        self, sequence: Iterable[Any], state: Any = None
    ) -> tuple[list[list[Value]], tuple[list[Value], list[Value]]]:
        if state is not None and len(state) != 2:
            raise ValueError(f"LSTM's state is a pair (h, c), got {len(state)} things")
        h, c = (_state(self, part) for part in ((None, None) if state is None else state))
        outputs = []
        for t, x in enumerate(sequence):
            seen = [*as_inputs(x, self.nin, f"LSTM at step {t}"), *h]
            i, f, g, o = (gate.fire(seen) for gate in (self.input, self.forget, self.candidate, self.output))
            c = [apply(ops.dot, (fk, ik, ck, gk)) for fk, ik, ck, gk in zip(f, i, c, g)]
            h = [ok * ck.tanh() for ok, ck in zip(o, c)]
            outputs.append(h)
        return outputs, (h, c)


class GRU(Module):
    """A recurrent layer with two gates (Cho et al. 2014, in PyTorch's form,
    where the reset gate acts on what the state says).

    With x the input and h the last output, r, z = sigmoid(W [x, h] + b); n = tanh(W x + b + r * (U h + b'));
    h = (1-z)*n + z*h.
    Call it on a sequence of vectors of `nin` numbers and, if you like, the state to begin with (zeros).  Returns the
    outputs of all steps, and the last one.

    >>> outputs, last = GRU(1, 2, seed=0)([[1.0], [0.5]])
    >>> outputs[-1] == last
    True
    """

    def __init__(self, nin: int, nhidden: int, init: Init = "xavier", seed: Seed = None, name: str = "gru") -> None:
        self.nin, self.nhidden = as_size(nin, "nin, the number of inputs,"), as_size(nhidden, "nhidden")
        self.init, self.seed, self.name = init, seed, name
        rng = stream(seed)
        self.reset, self.update = (Layer(nin + nhidden, nhidden, True, "sigmoid", True, init, rng) for _ in range(2))
        self.candidate, self.memory = (Layer(n, nhidden, False, init=init, seed=rng) for n in (nin, nhidden))

    def __call__(self, sequence: Iterable[Any], state: Any = None) -> tuple[list[list[Value]], list[Value]]:
        h = _state(self, state)
        outputs = []
        for t, x in enumerate(sequence):
            xs = as_inputs(x, self.nin, f"GRU at step {t}")
            r, z = self.reset.fire([*xs, *h]), self.update.fire([*xs, *h])
            n = [
                apply(ops.dot, (rk, uk, ck)).tanh()
                for rk, uk, ck in zip(r, self.memory.fire(h), self.candidate.fire(xs))
            ]
            h = [apply(ops.dot, (zk, hk - nk, nk)) for zk, hk, nk in zip(z, h, n)]
            outputs.append(h)
        return outputs, h


class Embedding(Module):
    """One trainable vector of `size` Values for each of `count` symbols, looked up by number;
    a list of numbers gives a list of vectors.

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
        self.count = as_size(count, "count, the number of symbols,")
        self.size = as_size(size, "size, the length of a vector,")
        self.init, self.seed, self.name = init, seed, name
        rng = stream(seed)
        self.w = [initial_weights(size, init, count, size, rng) for _ in range(count)]

    def __call__(self, index: Any) -> list[Any]:
        if isinstance(index, (list, tuple)):
            return [self(i) for i in index]
        if not hasattr(index, "__index__"):
            raise TypeError(f"Embedding is looked up by a whole number, got {type(index).__name__} {index!r}")
        i = operator.index(index)
        if not 0 <= i < self.count:
            raise IndexError(f"Embedding has {self.count} rows, 0 to {self.count - 1}: there is no row {i}")
        return list(self.w[i])
