"""A training here and in PyTorch or JAX, step by step: the same numbers, or where they part.

Both begin with the same parameters.  At each step both compute loss and gradient at numbers of their own, and move them
with an optimizer of their own; what is compared are all losses, all gradients and all parameters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .. import losses, optim
from ..blocks import Block, Explanation, Rows, Strong
from ..engine import Value
from ..errors import UserError
from ..nn import Dropout, Module
from ..parameters import write, zeroed
from ..positions import check_data
from ..targets import several
from ..train.arguments import by_name
from ..words import brief, elided, plural
from .counterparts import check_apart, of_jax
from .libraries import NAMES
from .models import Translation, named_trees
from .steps import CLASSES, LOSSES, OPTIMIZERS, Trained, settings, side

SHOWN = 8  # steps, and parameters, of many


def compare_training(model: Any, X: Any = None, y: Any = None, *, loss: Any, optimizer: Any = "sgd",
                     lr: float | None = None, steps: int = 20, library: str = "torch",
                     within: float = 1e-12) -> TrainingComparison:  # fmt: skip
    """Train a model for some steps, here and in PyTorch (or `library="jax"`), and tell how far they are apart.

    `loss` and `optimizer` are as in `fit`, or their names; each step sees all samples.  Without samples, `loss(k)` is a
    function of your own that gives the loss of step k = 0, 1, ... as a Value.

    Where the model's layers, the loss and the optimizer have counterparts (`to_torch`, `to_jax`), these are trained.
    Else PyTorch or JAX computes the graph of each step's loss, operation by operation, at its own numbers, and the
    result's `why` says why.  Afterwards model and optimizer are as they were before.

    The result is true if no loss, gradient or parameter is further apart than `within` (times its size, above 1).
    Raises UserError for what cannot be done in that library, and says what.

    >>> from tinygrad_edu.nn import MLP
    >>> model = MLP(2, [4, 1], activation="tanh", seed=0)
    >>> bool(compare_training(model, [[0, 1], [1, 1]], [1, 0], loss="mse", lr=0.5, steps=3, library="jax"))
    True
    """
    if X is not None and not callable(loss) and not isinstance(loss, str):
        raise TypeError(f"loss must be a name or a function such as losses.mse, got {loss!r:.60}")
    if X is None and not callable(loss):
        raise UserError(f"without samples, loss(k) is a function that gives the loss of step k, got {loss!r:.60}")
    loss, moves = by_name(loss, optimizer, lr, model)
    if not isinstance(moves, optim.Optimizer) or moves.flat:
        raise TypeError(
            f"optimizer is made of a model's parameters, optim.SGD(model.parameters(), lr=0.1), got {moves!r:.80}"
        )
    if not hasattr(steps, "__index__") or steps < 1:
        raise UserError(f"steps is a whole number from 1 up, got {steps!r}")
    if not isinstance(within, (int, float)) or not within >= 0:
        raise UserError(f"within is the largest difference that is let pass, a number from 0 up, got {within!r}")
    if (X is None) != (y is None):
        raise UserError(
            "X and y come together: samples and their targets; without both, loss(k) gives the loss of step k"
        )
    if X is not None:
        X, y = check_data("X and y", X, y)
    task = _task(model, X, y, loss, moves, library)
    find = (lambda k: loss(k)) if X is None else lambda k: loss([model(x) for x in X], y)
    with _as_before(model, moves):
        other = side(library, task)
        return TrainingComparison(task, other, library, within, _walk(find, moves, other, steps))


def _task(model: Any, X: Any, y: Any, loss: Any, optimizer: optim.Optimizer, library: str) -> Trained:
    """What is trained, and whether it has counterparts."""
    name = getattr(loss, "__name__", "")
    if X is None:
        return Trained(model, X, y, "", optimizer, "the loss is a function of your own")
    if getattr(losses, name, None) is not loss or name not in LOSSES:
        return Trained(model, X, y, "", optimizer, f"the loss {name or repr(loss)} has no counterpart")
    if name in CLASSES and any(map(several, y)):
        return Trained(model, X, y, "", optimizer, "a target is no number of a class")
    if not isinstance(model, Module):
        return Trained(model, X, y, "", optimizer, "the model is no Module of ours")
    if [*map(id, optimizer.parameters)] != [*map(id, model.parameters())]:
        return Trained(model, X, y, "", optimizer, "the optimizer does not move all parameters of the model")
    if any(isinstance(m, Dropout) and m.training and m.p for m in model.modules()):
        return Trained(model, X, y, "", optimizer, "Dropout draws other numbers there")
    try:
        Translation(model) if library == "torch" else check_apart(dict(named_trees(of_jax(model)[0])), NAMES["jax"])
    except UserError as e:
        return Trained(model, X, y, "", optimizer, re.split("[:;] ", str(e))[0])
    return Trained(model, X, y, name, optimizer)


@contextmanager
def _as_before(model: Any, optimizer: optim.Optimizer) -> Iterator[None]:
    """Afterwards, what a training changes is as it was."""
    values = list({*optimizer.parameters, *(model._by_path().values() if isinstance(model, Module) else ())})
    data, grads, state = [v.data for v in values], [v.grad for v in values], optimizer.state_dict()
    try:
        yield
    finally:
        write("data", values, data)
        write("grad", values, grads)
        optimizer.load_state_dict(state)


def _walk(find: Callable[[int], Any], optimizer: optim.Optimizer, other: Any, steps: int) -> Iterator[StepGaps]:
    """Both trainings, step by step."""
    for k in range(steps):
        root = find(k)
        if not isinstance(root, Value):
            raise TypeError(f"the loss of step {k + 1} is to be a Value, got {type(root).__name__} {root!r:.80}")
        theirs, gradient = other.gradient(root)
        zeroed(optimizer.parameters)
        root.backward()
        rate = optimizer.rate()
        grads = _gaps(other.places, gradient, lambda v: v.grad)
        optimizer.step()
        yield StepGaps(root.data, theirs, grads, _gaps(other.places, other.step(rate), lambda v: v.data))


def _gaps(places: list[tuple[str, list[Any]]], row: list[float], of: Callable[[Value], float]) -> dict[str, float]:
    """The largest difference at each parameter: (its name there, a Value of it)."""
    found: dict[str, float] = {}
    numbers = iter(row)
    for place, values in places:
        for v, there in zip(values, numbers):
            if isinstance(v, Value):
                name = f"{place}\0{_group(v)}"
                found[name] = max(found.get(name, 0.0), relative_gap(of(v), there))
    return found


def relative_gap(a: float, b: float) -> float:
    """The difference of two numbers, in units of the larger if that is above 1; what is nan in both is the same.

    >>> relative_gap(0.5, 0.25), relative_gap(1000.0, 1001.0) < 0.001, relative_gap(math.inf, math.inf)
    (0.25, True, 0.0)
    """
    if a == b or a != a and b != b:
        return 0.0
    gap = abs(a - b) / max(1.0, abs(a), abs(b))
    return gap if gap == gap else math.inf


def _group(v: Value) -> str:
    """The array of numbers that a parameter is in, by its label: all weights of a layer."""
    return re.sub(r"\.neurons\.\d+|\[\d+\]", "", v.label) or "parameters"


class StepGaps:
    """One step: the losses, and how far gradients and parameters are apart, by their names."""

    def __init__(self, here: float, there: float, gradients: dict[str, float], parameters: dict[str, float]) -> None:
        self.here, self.there, self.gradients, self.parameters = here, there, gradients, parameters
        self.most = relative_gap(here, there), max(gradients.values()), max(parameters.values())
        self.worst = max(self.most)


class TrainingComparison(Explanation):
    """What `compare_training` found; it prints itself, and is true if nothing is too far apart.

    `steps`, each with the loss `here` and `there`, and the largest differences in `gradients` and `parameters` by their
    names; `worst`, the largest of all; `parameters`, how many there are; `why`, why graphs were followed and no layers,
    else "".
    """

    def __init__(self, task: Trained, other: Any, library: str, within: float, steps: Iterator[StepGaps]) -> None:
        self.task, self.why, self.title, self.library, self.within = task, task.why, other.title, library, within
        self.steps = list(steps)
        self.worst = max(step.worst for step in self.steps)
        self.parameters = len(task.optimizer.parameters)

    def __bool__(self) -> bool:
        return self.worst <= self.within

    def blocks(self) -> Iterator[Block]:
        """What is said, as sentences and tables."""
        name = NAMES[self.library]
        yield Strong(f"{plural(len(self.steps), 'step')}, here and in {self.title}"), f": {self._how()}."
        heading = ["step", "loss here", f"in {name}", "apart", "gradients", "parameters"]
        rows = [[str(k + 1), brief(s.here), brief(s.there), *map(far, s.most)] for k, s in enumerate(self.steps)]
        yield Rows([heading, *_shown(rows)], "rrrrrr")
        yield "The largest difference in each parameter and its gradient, over all steps:"
        places = [key.split("\0") for key in self.steps[0].gradients]
        there = not self.why
        rows = [[*[place] * there, ours, *self._most(f"{place}\0{ours}")] for place, ours in places]
        yield Rows([[*[f"in {name}"] * there, "here", "gradient", "parameter"], *_shown(rows)], "llrr"[not there :])
        yield self._verdict()

    def _most(self, name: str) -> list[str]:
        """The largest difference of one gradient and one parameter, over all steps."""
        return [far(max(gaps)) for gaps in ([s.gradients[name] for s in self.steps],
                                            [s.parameters[name] for s in self.steps])]  # fmt: skip

    def _how(self) -> str:
        optimizer, name = self.task.optimizer, NAMES[self.library]
        if self.why:
            how = f"the graph of each step's loss, in {name}'s operations, because {self.why}"
        else:
            how = f"the model's layers, and {LOSSES[self.task.loss][self.library == 'jax']}"
        if self.library == "jax":
            return f"{how}; JAX has no optimizers, and {type(optimizer).__name__} is ours"
        said = ", ".join(f"{k}={x!r}" for k, x in settings(optimizer).items() if x)
        lr = "..." if callable(optimizer.lr) else repr(optimizer.lr)
        return f"{how}; torch.optim.{OPTIMIZERS[type(optimizer)][0]}(lr={lr}{', ' * bool(said)}{said})"

    def _verdict(self) -> str:
        if self:
            return (
                f"The same: nothing is further apart than {far(self.worst)}. Doubles have 16 digits, and sums are "
                "added up in another order there."
                if self.worst
                else "The same, to the last bit."
            )
        k = next(k for k, step in enumerate(self.steps) if step.worst > self.within)
        step = self.steps[k]
        if relative_gap(step.here, step.there) > self.within:
            where = "in the loss"
        else:
            what = "gradients" if max(step.gradients.values()) > self.within else "parameters"
            gaps = getattr(step, what)
            where = f"in the {what[:-1]} of {max(gaps, key=gaps.__getitem__).split(chr(0))[1]}"
        return (
            f"Not the same: further apart than {far(self.within)}, first at step {k + 1}, {where}; at most "
            f"{far(self.worst)}."
        )


def far(gap: float) -> str:
    """A difference for reading.

    >>> far(0.0), far(2.22e-16)
    ('0', '2e-16')
    """
    return f"{gap:.0e}".replace("e-0", "e-") if gap else "0"


def _shown(rows: list[list[str]]) -> list[list[str]]:
    """Rows from both ends, with the gap between them told."""
    kept = elided(range(len(rows)), SHOWN)
    width = len(rows[0])
    return [rows[int(k)] if k.isdigit() else ["…", *[""] * (width - 1)] for k in kept]
