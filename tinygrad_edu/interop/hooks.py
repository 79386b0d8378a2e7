"""One backward pass of PyTorch, looked at while it runs: what arrives at each grad_fn, and what it hands on.

Nothing of the graph changes, no `.grad` either: hooks are hung on every grad_fn, and taken off again.
"""

from __future__ import annotations

from typing import Any

from ..errors import UserError

MOST = 60  # steps, or edges, that are shown


class Hooked:
    """One backward pass of PyTorch, looked at: `arrived` and `handed` of each grad_fn, by its place in `order`.

    `next` are the places that it hands on to; a tensor's leaf is its AccumulateGrad, whose total is in `arrived`.
    Where several tensors arrive, as at the pieces of a split, there is a list of them.
    """

    def __init__(self, torch: Any, root: Any) -> None:
        self.torch, self.order = torch, list[Any]()
        place: dict[Any, int] = {}
        stack = [root.grad_fn]
        while stack:  # from the root, as they are found
            fn = stack.pop()
            if fn not in place:
                place[fn] = len(self.order)
                self.order.append(fn)
                stack += [f for f, _ in reversed(fn.next_functions) if f is not None]
        self.next = [[None if f is None else place[f] for f, _ in fn.next_functions] for fn in self.order]
        self.arrived: dict[int, Any] = {}
        self.handed: dict[int, list[Any]] = {}
        self.fired: list[int] = []
        self.leaves = {i: fn.variable for i, fn in enumerate(self.order) if hasattr(fn, "variable")}

        def hook(i: int) -> Any:
            def see(inputs: Any, outputs: Any) -> None:
                came = [g for g in outputs if g is not None]
                self.arrived[i], self.handed[i] = came if len(came) > 1 else came[0], list(inputs)
                self.fired.append(i)

            return see

        hooks = [fn.register_hook(hook(i)) for i, fn in enumerate(self.order) if i not in self.leaves]
        try:
            totals = torch.autograd.grad(root, list(self.leaves.values()), retain_graph=True, allow_unused=True)
        except RuntimeError as e:
            if "second time" not in str(e):
                raise
            raise UserError(
                "this graph has been used up: backward() frees what each grad_fn had saved as soon as it has run. "
                "Compute the tensor again, or call backward(retain_graph=True)"
            ) from None
        finally:
            for h in hooks:
                h.remove()
        self.arrived.update({i: t for i, t in zip(self.leaves, totals) if t is not None})

    def name(self, i: int) -> str:
        """What PyTorch calls a grad_fn."""
        return str(self.order[i].name().rpartition("::")[2])
