"""Neural networks out of Values: modules that hold parameters, name them, save and load them.

    >>> from tinygrad_edu.nn import MLP
    >>> model = MLP(2, [16, 16, 1], seed=0)
    >>> score = model([0.5, -1.0])
    >>> score.backward()
    >>> len(model.parameters())
    337

The face of small rooms: `module` (what all share), `choices` (what is chosen by name), `dense`, `conv`, `sequences`,
`attention`, `norms`, `blocks`, and `files` and `loading` (JSON on disk).
Nothing here draws or checks: readers know a layer by its labels.
"""

from .. import signposts
from .attention import MultiheadAttention, scaled_dot_product_attention
from .blocks import Dropout, Flatten, Sequential
from .choices import activations
from .conv import AvgPool2d, Conv2d, MaxPool2d
from .dense import MLP, Layer, Linear, Neuron
from .files import read
from .loading import load
from .module import Module
from .norms import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from .sequences import GRU, LSTM, RNN, Embedding

__all__ = ["GRU", "LSTM", "MLP", "RNN", "AvgPool2d", "BatchNorm", "Conv2d", "Dropout", "Embedding", "Flatten",
           "GroupNorm", "Layer", "LayerNorm", "Linear", "MaxPool2d", "Module", "MultiheadAttention", "Neuron",
           "RMSNorm", "Sequential", "activations", "load", "read", "scaled_dot_product_attention"]  # fmt: skip
signposts.put_up(__name__)
signposts.put_up_at(Module, "a module", signposts.OF_MODULES, {})
