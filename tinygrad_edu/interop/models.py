"""A model of ours in PyTorch or in JAX: the same network, and the same numbers in it.

>>> from tinygrad_edu.nn import MLP
>>> params, apply = to_jax(MLP(2, [3, 1], activation="tanh", seed=0))
>>> [{name: x.shape for name, x in layer.items()} for layer in params["layers"]]
[{'w': (3, 2), 'b': (3,)}, {'w': (1, 3), 'b': (1,)}]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import jax_layers, torch_layers  # noqa: F401 (they fill the two tables)
from .counterparts import Counterpart, Tree, as_numbers, check_apart, of_jax, of_torch
from .libraries import package


class Translation:
    """A model in PyTorch: `source`, the Python that builds it, and `weights`, our Values by the names they have there.

    >>> from tinygrad_edu.nn import MLP
    >>> print(Translation(MLP(2, [3, 1], activation="tanh")).source)
    import torch
    from torch import nn
    <BLANKLINE>
    model = nn.Sequential(
        nn.Linear(2, 3),
        nn.Tanh(),
        nn.Linear(3, 1),
    ).double()
    """

    def __init__(self, model: Any) -> None:
        found: Counterpart = of_torch(model)
        check_apart(found.weights, "PyTorch")
        self.weights: dict[str, Tree] = found.weights
        imports = ["import torch", *["import torch.nn.functional as F"] * ("F." in "".join(found.classes.values()))]
        head, *more = ["\n".join([*imports, "from torch import nn"]), *found.classes.values()]
        build = [f"model = {found.code}.double()", *[line.format("model") for line in found.after]]
        self.source = "\n\n\n".join([head, *more, ""]) if more else head + "\n\n"
        self.source += "\n".join(build)

    def build(self, training: bool) -> Any:
        """The source run, and our numbers put in."""
        torch, scope = package("torch", "to_torch"), dict[str, Any]()
        with torch.random.fork_rng(devices=[]):  # its initial weights are overwritten
            exec(self.source, scope)
        model = scope["model"]
        state = model.state_dict()
        for name, tree in self.weights.items():
            state[name] = torch.tensor(as_numbers(tree), dtype=torch.float64)
        model.load_state_dict(state)
        return model.train(training)


def to_torch(model: Any) -> Any:
    """The same network in PyTorch, in double precision and with the same numbers: its own layers, a `torch.nn.Module`.

    It takes a batch, (samples, ...), where ours takes a sample.  A last layer of one neuron gives one column:
    `.squeeze(-1)` makes it a row.  `.source` is the Python that builds it, `load_state_dict` brings the numbers there.

    Raises MissingPackage without PyTorch; UserError, with its name, for a layer that has no row (see `counterpart`), or
    for a parameter that two layers share; TypeError for what is no model.
    """
    written = Translation(model)
    built = written.build(getattr(model, "training", True))
    built.source = written.source
    return built


def to_jax(model: Any) -> tuple[Any, Callable[[Any, Any], Any]]:
    """The same network in JAX: `params, apply`, the numbers and a function `apply(params, x)` to give to `jax.jit` and
    `jax.grad`.

    `params` are arrays of doubles in dicts and lists, under the names of our parameters: ours is
    `layers.0.neurons.3.w[1]`, and there it is `params["layers"][0]["w"][3, 1]`.  `apply` takes one sample, or many
    along the first axes.  JAX computes with 32 bits unless it is told `jax.config.update("jax_enable_x64", True)`.

    Raises MissingPackage without JAX; UserError, with its name, for a layer that has no row (see `counterpart`), or for
    a parameter that two layers share; TypeError for what is no model.
    """
    jax, np = package("jax", "to_jax"), package("numpy", "to_jax")
    tree, f = of_jax(model)
    check_apart(dict(named_trees(tree)), "JAX")

    def apply(params: Any, x: Any) -> Any:
        return f(params, jax.numpy.asarray(x))

    return map_trees(tree, lambda leaf: np.array(as_numbers(leaf), dtype=float)), apply


def named_trees(tree: Any, place: str = "") -> list[tuple[str, Tree]]:
    """The nested lists of numbers in dicts and lists of them, with their places."""
    if isinstance(tree, dict):
        return [x for name, part in tree.items() for x in named_trees(part, f"{place}.{name}" if place else name)]
    if isinstance(tree, list) and tree and isinstance(tree[0], dict):
        return [x for i, part in enumerate(tree) for x in named_trees(part, f"{place}.{i}")]
    return [(place, tree)]


def map_trees(tree: Any, f: Callable[[Any], Any]) -> Any:
    """The same dicts and lists of them, with f of each leaf."""
    if isinstance(tree, dict):
        return {name: map_trees(part, f) for name, part in tree.items()}
    if isinstance(tree, list) and tree and isinstance(tree[0], dict):
        return [map_trees(part, f) for part in tree]
    return f(tree)
