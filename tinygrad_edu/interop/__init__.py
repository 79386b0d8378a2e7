"""Moving on: what was built and learned here, in PyTorch and in JAX.

>>> from tinygrad_edu.nn import MLP
>>> params, apply = to_jax(MLP(2, [3, 1], seed=0))
>>> apply(params, [[0.5, -1.0]]).shape
(1, 1)

The face of small rooms: `libraries` (each row in their words), `counterparts` (a table of layers, which grows),
`torch_layers` and `jax_layers` (its rows), `models`, `graph` (any graph of Values, computed there), `steps` and
`training` (the same steps here and there), and `autograd` (what PyTorch's backward pass did).
"""

from .autograd import explain_torch
from .counterparts import Counterpart, counterpart
from .graph import TensorGraph
from .models import to_jax, to_torch
from .training import TrainingComparison, compare_training

__all__ = [
    "Counterpart",
    "TensorGraph",
    "TrainingComparison",
    "compare_training",
    "counterpart",
    "explain_torch",
    "to_jax",
    "to_torch",
]
