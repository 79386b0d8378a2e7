"""The other side of a comparison: a loss, its gradient and an optimizer's step in PyTorch or JAX, on its own numbers.

A side keeps the numbers of our parameters in one row, beside `values`, the Values that they are called by here; what
is there and not here (a second bias that stays 0) stands in it as a number.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

from .. import nn, optim
from ..engine import Value
from ..errors import UserError
from .counterparts import Tree, as_numbers, flat_values, of_jax
from .graph import TensorGraph
from .libraries import NAMES, double, package
from .models import Translation, map_trees, named_trees, to_jax

# A loss in both, of the outputs of a batch and its targets.
LOSSES = {
    "mse": ("F.mse_loss(out, y)", "jnp.mean((out - y) ** 2)"),
    "mae": ("F.l1_loss(out, y)", "jnp.mean(jnp.maximum(out - y, y - out))"),  # abs has a slope of 1 at 0 there
    "huber": ("F.huber_loss(out, y)",
              "jnp.mean(jnp.where(jnp.abs(out - y) > 1, jnp.abs(out - y) - 0.5, (out - y) ** 2 / 2))"),
    "binary_cross_entropy_with_logits": ("F.binary_cross_entropy_with_logits(out, y)",
                                         "jnp.mean(y * jax.nn.softplus(-out) + (1 - y) * jax.nn.softplus(out))"),
    "binary_cross_entropy": ("F.binary_cross_entropy(out, y)",
                             "-jnp.mean(y * jnp.log(out) + (1 - y) * jnp.log1p(-out))"),
    "cross_entropy": ("F.cross_entropy(out, y)",
                      "-jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1))"),
    "nll": ("F.nll_loss(out, y)", "-jnp.mean(jnp.take_along_axis(out, y[:, None], 1))"),
    "categorical_cross_entropy": ("F.nll_loss(torch.log(out), y)",
                                  "-jnp.mean(jnp.log(jnp.take_along_axis(out, y[:, None], 1)))"),
    "hinge": ("F.relu(1 - y * out).mean()", "jnp.mean(jax.nn.relu(1 - y * out))"),
    "multiclass_hinge": ("F.multi_margin_loss(out, y) * out.shape[1]",
                         "jnp.mean(jax.nn.relu(1 + out - jnp.take_along_axis(out, y[:, None], 1)).sum(1)) - 1"),
}  # fmt: skip
CLASSES = ("cross_entropy", "nll", "categorical_cross_entropy", "multiclass_hinge")  # whose targets are numbers of one

# Each optimizer of ours in PyTorch, and its settings by the names that they have there.
OPTIMIZERS: dict[type, tuple[str, dict[str, str]]] = {
    optim.SGD: ("SGD", {"momentum": "momentum", "weight_decay": "weight_decay", "nesterov": "nesterov"}),
    optim.Adam: ("Adam", {"betas": "betas", "eps": "eps", "weight_decay": "weight_decay"}),
    optim.AdamW: ("AdamW", {"betas": "betas", "eps": "eps", "weight_decay": "weight_decay"}),
    optim.RMSProp: ("RMSprop", {"alpha": "alpha", "eps": "eps", "weight_decay": "weight_decay",
                                "momentum": "momentum", "centered": "centered"}),
    optim.Adagrad: ("Adagrad", {"eps": "eps", "weight_decay": "weight_decay"}),
}  # fmt: skip


class Trained(NamedTuple):
    """What is trained: a model on samples by a loss of the table, or the graph of each step's loss if there is none."""

    model: Any
    X: Any
    y: Any
    loss: str
    optimizer: optim.Optimizer
    why: str = ""  # the graph is followed, if it is

    @property
    def column(self) -> bool:
        """Whether the model gives one number for a sample, which is a column in a batch."""
        return isinstance(self.model(self.X[0]), Value)

    def batch(self, tensor: Callable[..., Any], whole: Any, real: Any) -> tuple[Any, Any]:
        """Samples and targets as tensors."""
        places = any(isinstance(m, nn.Embedding) for m in self.model.modules())  # it comes first: no layer makes places
        X = tensor(plain_lists(self.X), dtype=whole if places else real)
        return X, tensor(plain_lists(self.y), dtype=whole if self.loss in CLASSES else real)


def plain_lists(x: Any) -> Any:
    """Nested lists of numbers, of whatever holds them: lists, Values, arrays, tensors."""
    if isinstance(x, Value):
        return x.data
    if hasattr(x, "tolist"):
        return x.tolist()
    if x is None or isinstance(x, (str, dict)):
        raise UserError(f"samples and targets are numbers, or lists of them, got {type(x).__name__} {x!r:.40}")
    return [plain_lists(v) for v in x] if hasattr(x, "__len__") else x


class TorchSide:
    """A training in PyTorch."""

    def __init__(self, task: Trained) -> None:
        self.torch = torch = package("torch", "compare_training")
        self.title = f"PyTorch {torch.__version__.partition('+')[0]}"
        trees: dict[str, Tree] = {"": list(task.optimizer.parameters)}
        if task.why:
            theta = torch.tensor(as_numbers(trees[""]), dtype=torch.float64, requires_grad=True)
            self.tensors = {"": theta}
            self.loss: Callable[[Value], Any] = lambda root: TensorGraph(root, trees[""]).torch(theta)
        else:
            written = Translation(task.model)
            model = written.build(getattr(task.model, "training", True))
            self.tensors = {name: p for name, p in model.named_parameters() if p.requires_grad}
            trees = {name: tree for name, tree in written.weights.items() if name in self.tensors}
            X, y = task.batch(torch.tensor, torch.long, torch.float64)
            text, scope = LOSSES[task.loss][0], {"torch": torch, "F": torch.nn.functional, "y": y}
            column = task.column
            self.loss = lambda root: eval(text, scope, {"out": model(X).squeeze(-1) if column else model(X)})
        self.places = [(name, flat_values(trees[name])) for name in self.tensors]
        self.optimizer = moved(torch, task.optimizer, list(self.tensors.values()))

    def gradient(self, root: Value) -> tuple[float, list[float]]:
        """The loss and its gradient, at these numbers."""
        self.optimizer.zero_grad()
        loss = self.loss(root)
        if loss.requires_grad:
            loss.backward()
        zeros = self.torch.zeros_like
        return loss.item(), self._row([zeros(p) if p.grad is None else p.grad for p in self.tensors.values()])

    def step(self, rate: float) -> list[float]:
        """The numbers after a step."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        return self._row([p.detach() for p in self.tensors.values()])

    @staticmethod
    def _row(tensors: list[Any]) -> list[float]:
        return [x for t in tensors for x in t.flatten().tolist()]


def moved(torch: Any, optimizer: optim.Optimizer, parameters: list[Any]) -> Any:
    """The same optimizer in PyTorch.  Raises UserError for one that it does not have."""
    if type(optimizer) not in OPTIMIZERS:
        known = ", ".join(kind.__name__ for kind in OPTIMIZERS)
        raise UserError(
            f"PyTorch has no {type(optimizer).__name__} that is known to be the same: compare with one of {known}, or "
            "with JAX, where ours moves the numbers"
        )
    name, _ = OPTIMIZERS[type(optimizer)]
    return getattr(torch.optim, name)(parameters, lr=optimizer.rate(), **settings(optimizer))


def settings(optimizer: optim.Optimizer) -> dict[str, Any]:
    """An optimizer's settings but for the learning rate, as PyTorch calls them."""
    return {theirs: getattr(optimizer, ours) for ours, theirs in OPTIMIZERS[type(optimizer)][1].items()}


class JaxSide:
    """A training in JAX, which has no optimizers: ours moves the numbers, by JAX's gradients."""

    def __init__(self, task: Trained) -> None:
        jax = package("jax", "compare_training")
        self.np: Any = package("numpy", "compare_training")
        self.title = f"JAX {jax.__version__}"
        parameters = list(task.optimizer.parameters)
        if task.why:
            self.places: list[tuple[str, list[Any]]] = [("", parameters)]
            self._find: Callable[[Value, Any], Any] = lambda root, theta: TensorGraph(root, parameters).jax(theta)
        else:
            params, apply = to_jax(task.model)
            self.places = [(name, flat_values(tree)) for name, tree in named_trees(of_jax(task.model)[0])]
            self._find = _layered(jax, task, params, apply)
        rows = [as_numbers(values) for _, values in self.places]
        self.theta = self.np.array([x for row in rows for x in row], float)
        self.optimizer: Any = copy.copy(task.optimizer)
        self.optimizer.memory = {name: self.np.zeros(len(self.theta)) for name in task.optimizer.memory}

    def gradient(self, root: Value) -> tuple[float, list[float]]:
        """The loss and its gradient, at these numbers."""
        loss, found = self._find(root, self.theta)
        self._gradient = self.np.asarray(found, float)
        return float(loss), self._gradient.tolist()

    def step(self, rate: float) -> list[float]:
        """The numbers after a step."""
        self.theta, self.optimizer.memory = self.optimizer.update(rate, self.theta, self._gradient)
        self.optimizer.steps += 1
        return self.theta.tolist()  # type: ignore[no-any-return]


def _layered(jax: Any, task: Trained, params: Any, apply: Any) -> Callable[[Value, Any], Any]:
    """The loss of `apply`, and its gradient by one row of numbers."""
    jnp, text, column = jax.numpy, LOSSES[task.loss][1], task.column
    X, y = task.batch(package("numpy", "").array, int, float)

    def loss(theta: Any, X: Any, y: Any) -> Any:
        start = 0

        def part(leaf: Any) -> Any:
            nonlocal start
            start += leaf.size
            return theta[start - leaf.size : start].reshape(leaf.shape)

        out = apply(map_trees(params, part), X)
        return eval(text, {"jax": jax, "jnp": jnp, "y": y, "out": out[..., 0] if column else out})

    both = jax.jit(jax.value_and_grad(loss))

    def find(root: Value, theta: Any) -> Any:
        with double():
            return both(theta, X, y)

    return find


SIDES: dict[str, Any] = {"torch": TorchSide, "jax": JaxSide}


def side(name: str, task: Trained) -> Any:
    """The training in a library.  Raises UserError for another name."""
    if name not in SIDES:
        raise UserError(f"there is no library {name!r} to compare with: choose {' or '.join(map(repr, NAMES))}")
    return SIDES[name](task)
