"""Neurons in layers: a neuron weighs its inputs, adds its bias and bends the result.

    >>> import random
    >>> random.seed(1337)
    >>> MLP(2, [3, 1])
    MLP(2-3-1, relu, 13 parameters)

As in micrograd, from which the names and the order of random numbers are taken.  A neuron is two nodes here,
`dot` and its activation; with `expand=True` it is one node per multiply and add, for pictures:
the same bits either way.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

from ..engine import Value
from ..functional import weighted
from .choices import (
    Activation,
    Init,
    Seed,
    activated,
    as_inputs,
    as_size,
    check_switch,
    chosen,
    constants,
    initial_weights,
    shown,
    spelled,
    stream,
)
from .module import Module, count


class Neuron(Module):
    """activation(b + w1*x1 + ... + wn*xn): `nin` numbers or Values in, one Value out.

    `nonlin=False` leaves the activation out.  `init` and `seed` are explained at `nn.choices.weights` and `stream`;
    `fan_out`, how many neurons read the same inputs, matters to Xavier's init alone.  Raises ValueError for
    another number of inputs.

    >>> n = Neuron(2, activation="tanh", seed=1)
    >>> n.w[0].data, n.w[1].data, n.b.data = -3.0, 1.0, 6.8813735870195432
    >>> n([2.0, 0.0]), n.w[1].label
    (Value(0.7071067811865477), 'neuron.w[1]')
    """

    def __init__(self, nin: int, nonlin: bool = True, activation: Activation = "relu", bias: bool = True,
                 init: Init = "uniform", seed: Seed = None, expand: bool = False, fan_out: int = 1,
                 name: str = "neuron") -> None:  # fmt: skip
        self.nin = as_size(nin, "nin, the number of inputs,")
        check_switch(nonlin, "nonlin")
        check_switch(bias, "bias")
        self.nonlin, self.activation, self.bias = nonlin, activation, bias
        self.init, self.seed, self.expand, self.fan_out, self.name = init, seed, expand, fan_out, name
        bend = chosen(activation)  # a name that is none is told, used or not
        self._bend = bend if nonlin else None
        self.w = initial_weights(nin, init, nin, fan_out, stream(seed))
        self.b = constants(1)[0] if bias else None

    def fire(self, x: Sequence[Value]) -> Value:
        """The neuron's output for inputs that are known to be `nin` Values."""
        if self.expand:
            products = map(operator.mul, self.w, x)
            z = reduce(operator.add, products) if self.b is None else reduce(operator.add, products, self.b)
        else:
            z = weighted(self.w, x, self.b)
        return activated(self._bend, z)

    def __call__(self, x: Any) -> Value:
        return self.fire(as_inputs(x, self.nin, type(self).__name__))

    def __repr__(self) -> str:
        return f"{spelled(self.activation if self.nonlin else 'linear')}Neuron({self.nin})"


def _neurons(nin: int, nout: int, nonlin: bool, activation: Activation, bias: bool, init: Init, seed: Seed,
             expand: bool) -> list[Neuron]:  # fmt: skip
    rng = stream(seed)  # one stream of random numbers for all neurons
    return [Neuron(nin, nonlin, activation, bias, init, rng, expand, fan_out=nout) for _ in range(nout)]


def _fired(layer: Layer | Linear, x: Any) -> list[Value]:
    x = as_inputs(x, layer.nin, type(layer).__name__)
    return [neuron.fire(x) for neuron in layer.neurons]


class Layer(Module):
    """`nout` neurons that read the same `nin` inputs; a list of Values out, or the Value itself if there is one neuron.

    Takes the options of Neuron.

    >>> Layer(2, 2, init="zeros")([1.0, 2.0])
    [Value(0.0), Value(0.0)]
    """

    def __init__(self, nin: int, nout: int, nonlin: bool = True, activation: Activation = "relu", bias: bool = True,
                 init: Init = "uniform", seed: Seed = None, expand: bool = False,
                 name: str = "layer") -> None:  # fmt: skip
        self.nin, self.nout, self.nonlin = nin, as_size(nout, "nout, the number of neurons,"), nonlin
        self.activation, self.bias, self.init = activation, bias, init
        self.seed, self.expand, self.name = seed, expand, name
        self.neurons = _neurons(nin, nout, nonlin, activation, bias, init, seed, expand)

    def fire(self, x: Any) -> list[Value]:
        """One output per neuron, always as a list."""
        return _fired(self, x)

    def __call__(self, x: Any) -> Any:
        out = self.fire(x)
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer({self.nin}-{self.nout}, {shown(self.activation if self.nonlin else None)}, {count(self)})"


class Linear(Module):
    """A layer without activation, whose output is always a list: y = Wx + b.

    >>> Linear(2, 1, init="zeros")([1.0, 2.0])
    [Value(0.0)]
    """

    def __init__(self, nin: int, nout: int, bias: bool = True, init: Init = "xavier", seed: Seed = None,
                 expand: bool = False, name: str = "linear") -> None:  # fmt: skip
        check_switch(bias, "bias", "a Linear has no activation; a Layer has one, Layer(2, 3, activation=...)")
        self.nin, self.nout, self.bias = nin, as_size(nout, "nout, the number of neurons,"), bias
        self.init, self.seed, self.expand, self.name = init, seed, expand, name
        self.neurons = _neurons(nin, nout, False, "linear", bias, init, seed, expand)

    def __call__(self, x: Any) -> list[Value]:
        return _fired(self, x)

    fire = __call__


class MLP(Module):
    """A multi-layer perceptron: layers of `nouts` neurons, each reading the one before;
    `output` is the last one's activation.

    `activation` and `output` are names of rows with one input, rows, or functions; `init` is a name from
    `nn.choices.weights`.  `seed=None` draws from Python's global `random`, as micrograd does; a number
    gives this network a stream of its own.  Raises ValueError for another number of inputs.

    >>> mlp = MLP(3, [4, 4, 1], activation="tanh", seed=0)
    >>> len(mlp.parameters()), mlp.layers[0].neurons[3].w[1].label
    (41, 'mlp.layers.0.neurons.3.w[1]')
    >>> mlp([1.0, 2.0])
    Traceback (most recent call last):
    ValueError: MLP expects 3 inputs, got 2
    """

    def __init__(self, nin: int, nouts: Sequence[int], activation: Activation = "relu", output: Activation = "linear",
                 init: Init = "uniform", seed: Seed = None, expand: bool = False,
                 name: str = "mlp") -> None:  # fmt: skip
        if not isinstance(nouts, (list, tuple)) or not nouts:
            raise TypeError(f"nouts is a list with the size of each layer, as in MLP(2, [16, 16, 1]), got {nouts!r}")
        chosen(activation)  # also where no hidden layer has it
        self.nin, self.nouts, self.activation, self.output = nin, list(nouts), activation, output
        self.init, self.seed, self.expand, self.name = init, seed, expand, name
        sizes, rng = [nin, *nouts], stream(seed)
        bends = [activation] * (len(nouts) - 1) + [output]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], bend != "linear", bend, True, init, rng, expand)
            for i, bend in enumerate(bends)
        ]

    def __call__(self, x: Any) -> Any:
        x = as_inputs(x, self.nin, type(self).__name__)
        for layer in self.layers:
            x = layer(x)
        return x

    def __repr__(self) -> str:
        last = shown(self.output)
        output = "" if last == "linear" else f", output {last}"
        return f"MLP({'-'.join(map(str, [self.nin, *self.nouts]))}, {shown(self.activation)}{output}, {count(self)})"
