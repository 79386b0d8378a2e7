"""What PyTorch's `backward()` did, in our words: each `grad_fn`, what arrived at it, and what it handed on.

Of an expression of Values, the same in PyTorch stands beside it (`beside`).  Of a tensor, its graph is walked, and
beside each step stands the row here that does the same.  Nothing of either graph changes, no `.grad` either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from .. import names, ops
from ..blocks import Block, Explanation, Rows, Strong, formula, joined, product
from ..engine import Value
from ..errors import UserError
from ..words import brief, plural
from .beside import Beside
from .hooks import MOST, Hooked
from .libraries import package

# Rows here by the word in a grad_fn's name; what is not in it is called by that word itself.
HERE = {
    "Sum": "sum", "Mean": "sum, / n", "Dot": "dot", "Mm": "dot", "Mv": "dot", "Bmm": "dot", "Addmm": "dot",
    "Clamp": "clip", "Gt": "greater", "LogSoftmax": "log_softmax", "Softmax": "softmax", "NllLoss": "nll",
    "MseLoss": "mse", "L1Loss": "mae", "HuberLoss": "huber", "BinaryCrossEntropy": "binary_cross_entropy",
    "BinaryCrossEntropyWithLogits": "binary_cross_entropy_with_logits", "Rsub": "sub", "Remainder": "mod",
    "Logsumexp": "logsumexp", "SafeSoftmax": "softmax", "NativeLayerNorm": "LayerNorm",
    "Convolution": "Conv2d", "Embedding": "Embedding", "LogSigmoid": "logsigmoid", "LeakyRelu": "leaky_relu",
}  # fmt: skip
ARRANGED = """T Transpose Permute View Reshape Squeeze Unsqueeze Expand Stack Cat Select Slice Index Clone Copy ToCopy
              UnsafeView Alias Split SplitWithSizes Unbind Repeat Narrow Flatten ReshapeAlias""".split()


def explain_torch(root: Any) -> Explanation:
    """What PyTorch's backward pass does, told in our words: of a Value, beside ours; or of a tensor of PyTorch's.

    A Value's expression is built anew in PyTorch, number by number, and both backward passes stand side by side.  A
    tensor, the result of a computation, such as a loss, is explained step by step: what arrives at each `grad_fn`, what
    it hands on, which row here does the same, and where gradients add.

    Raises MissingPackage without PyTorch; UserError for a tensor that has no graph, is no single number or a complex
    one, or whose graph `backward()` has freed; TypeError for anything else.
    """
    torch = package("torch", "explain_torch")
    if isinstance(root, Value):
        return Beside(torch, root)
    if not isinstance(root, torch.Tensor):
        raise TypeError(f"explain_torch takes a Value or a tensor of PyTorch, got {type(root).__name__} {root!r:.60}")
    if root.numel() != 1:
        raise UserError(
            f"backward() begins at a single number, and this tensor has the shape {tuple(root.shape)}: give its sum or "
            "mean, explain_torch(t.sum())"
        )
    if root.is_complex():
        raise UserError("backward() begins at a real number, and this one is complex: give its size, t.abs()")
    if root.grad_fn is None:
        why = (
            "nothing computed it: give it the result of a computation, such as a loss"
            if root.requires_grad
            else "it remembers no graph: it was made of numbers alone, by detach(), or under torch.no_grad(); a leaf "
            "that is to have a gradient is made with requires_grad=True"
        )
        raise UserError(f"there is no grad_fn at {root!r:.60}, {why}")
    return Autograd(torch, root)


class Autograd(Explanation):
    """A backward pass of PyTorch alone, step by step, in the order in which it ran.

    `hooked` has what arrived and what was handed on; `leaves`, the gradient of each leaf by its name.
    """

    def __init__(self, torch: Any, root: Any) -> None:
        self.torch, self.root, self.hooked = torch, root, Hooked(torch, root)
        held = _held(torch, [root, *self.hooked.leaves.values()])
        self.called = held.get(id(root), "")
        seen: Counter[str] = Counter()
        self.names: dict[int, str] = {}
        often = Counter(self.hooked.name(i) for i in self.hooked.fired)
        for i in self.hooked.fired:
            name = self.hooked.name(i)
            seen[name] += 1
            self.names[i] = f"{name} {seen[name]}" if often[name] > 1 else name
        for k, (i, leaf) in enumerate(self.hooked.leaves.items()):
            self.names[i] = held.get(id(leaf), f"leaf {k + 1}")
        self.leaves = {self.names[i]: self.hooked.arrived.get(i) for i in self.hooked.leaves}

    def blocks(self) -> Iterator[Block]:
        """What is said, as sentences and tables."""
        h, kind = self.hooked, str(self.root.dtype).removeprefix("torch.")
        called = f"{self.called} = " if self.called else ""
        size = f"{plural(len(h.fired), 'grad_fn')} and {plural(len(h.leaves), 'leaf')}"
        yield (f"{called}{brief(self.root.item())}: {size} in PyTorch "
               f"{self.torch.__version__.partition('+')[0]}, {kind}.")  # fmt: skip
        yield Strong("Backward"), ": 1 arrives at the result, and each grad_fn hands on upstream × local:"
        scalars = all(not isinstance(t, list) and t.numel() == 1 for t in h.arrived.values())
        rows = [self._row(i, k, scalars) for i in h.fired for k in range(len(h.next[i])) if h.next[i][k] is not None]
        heading = ("grad_fn → to", "here", "upstream × local = handed on" if scalars else "arrives → is handed on")
        yield Rows([heading, *rows[:MOST]], "ll=" if scalars else "lll", (0, 2))
        if len(rows) > MOST:
            yield f"… {plural(len(rows) - MOST, 'more edge')}."
        yield Strong("The gradients"), ": a leaf's grad_fn is AccumulateGrad, which adds what arrives to .grad:"
        yield Rows([("leaf", "gradient", ".grad now"), *map(self._leaf, h.leaves)], gives=(1, 2))
        yield from self._notes()

    def _row(self, i: int, k: int, scalars: bool) -> list[str]:
        h = self.hooked
        to, up, down = h.next[i][k], h.arrived[i], h.handed[i][k]
        edge = f"{self.names[i]} → {self.names.get(to, 'unused') if to is not None else ''}"
        if not scalars:
            return [edge, _here(h.name(i)), f"{_tensor(up)} → {_tensor(down)}"]
        # A grad_fn can be called, one of somebody's own by another name: with 1, it tells its local gradients
        local = getattr(h.order[i], "apply", h.order[i])(self.torch.ones_like(up))
        local = local[k] if isinstance(local, tuple) else local
        return [edge, _here(h.name(i)), product(up.item(), local.item(), down.item())]

    def _leaf(self, i: int) -> tuple[str, str, str]:
        h = self.hooked
        into = [float(h.handed[j][k]) for j in h.fired for k, to in enumerate(h.next[j])
                if to == i and h.handed[j][k] is not None and h.handed[j][k].numel() == 1]  # fmt: skip
        total = h.arrived.get(i)
        if total is None:
            return self.names[i], "none arrives", "none"
        text = _tensor(total)
        if len(into) > 1 and total.numel() == 1:
            text = formula("{} = {}", joined(into, "+"), total.item())
        held = h.leaves[i].grad
        return self.names[i], text, "None" if held is None else _tensor(held)

    def _notes(self) -> Iterator[str]:
        if any(
            g is None
            for i, gs in self.hooked.handed.items()
            for g, to in zip(gs, self.hooked.next[i])
            if to is not None
        ):
            yield "Where nothing is handed on, the function is flat, and PyTorch says None where we say 0."
        apart = [i for i in self.hooked.fired if _here(self.hooked.name(i)) == "(arranges)"]
        if apart:
            yield (
                f"{self.hooked.name(apart[0])} only puts numbers in another place: with a node for each number, there "
                "is no such step here."
            )
        held = [self.names[i] for i, leaf in self.hooked.leaves.items() if leaf.grad is not None]
        if held:
            yield (
                f"{held[0]}.grad is set already: the next backward() adds to it, as ours does; zero_grad() begins anew."
            )
        yield (
            "PyTorch frees what a grad_fn has saved when backward() has run, so that it can run once; "
            "here, graphs stay. Tensors in between keep no .grad, unless retain_grad() asks for it."
        )


def _here(fn: str) -> str:
    """The row, loss or layer here that does what a grad_fn does."""
    word = re.sub(r"Backward\d*$", "", fn)
    if word in ARRANGED:
        return "(arranges)"
    if word in HERE:
        return HERE[word]
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", word).lower()
    return snake if snake in ops.TABLE else "(no row)"


def _tensor(t: Any) -> str:
    """A tensor for reading: its number, its few numbers, or its shape; of several, how many they are."""
    if t is None:
        return "None"
    if isinstance(t, list):
        return f"{len(t)} tensors"
    if t.numel() == 1 and not t.shape and not t.is_complex():
        return brief(t.item())
    shape = " × ".join(map(str, t.shape)) or "1"
    if t.is_complex():
        return f"{shape} complex"
    return f"[{', '.join(map(brief, t.tolist()))}]" if t.dim() == 1 and t.numel() <= 4 else f"{shape} numbers"


def _held(torch: Any, leaves: Any) -> dict[int, str]:
    """What the caller's variables, or the modules in them, call each leaf."""
    wanted, found = {id(leaf) for leaf in leaves}, dict[int, str]()
    for scope in names.scopes():
        for name, thing in list(scope.items()):
            if id(thing) in wanted and name.isidentifier() and not name.startswith("_"):
                found.setdefault(id(thing), name)
            elif isinstance(thing, torch.nn.Module):
                for path, p in thing.named_parameters():
                    if id(p) in wanted:
                        found.setdefault(id(p), f"{name}.{path}")
    return found
