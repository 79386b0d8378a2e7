"""Optimizers: how a parameter moves, once its gradient is known; and schedules: how far, as time goes by.

    >>> from tinygrad_edu import Value
    >>> x = Value(5.0)
    >>> optimizer = SGD([x], lr=linear(0.4, steps=50))
    >>> for _ in range(50):
    ...     optimizer.zero_grad()
    ...     ((x - 3) ** 2).backward()
    ...     optimizer.step()
    >>> round(x.data, 6)
    3.0

Parameters may also be packed, or be the numbers of one float64 array, which `step(gradient)` then changes in place:

    >>> from tinygrad_edu import pack
    >>> flat = pack([Value(3.0)])
    >>> SGD(flat, lr=0.5).step([2.0])
    >>> list(flat)
    [2.0]

A step changes every parameter or, if something raises or Ctrl-C comes, none, and no memory.  Gradients that are inf or
nan flow into the parameters as IEEE 754 has it, so that an explosion can be seen;
`clip_by_norm` and `anomalies("raise")` are the answers to it.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Mapping, MutableSequence
from contextlib import nullcontext
from threading import RLock
from typing import Any

from . import signposts
from .clipping import clip_by_norm, clip_by_value
from .engine import Value
from .ieee import number
from .parameters import Packed, column, is_flat, is_row, listed, numpy, stored, write, zeroed
from .schedules import Schedule, between, constant, cosine, exponential, linear, step_decay
from .words import plural

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSProp", "Schedule", "clip_by_norm", "clip_by_value",
           "constant", "cosine", "exponential", "linear", "step_decay"]  # fmt: skip
signposts.put_up(__name__)


MANY = 64  # parameters, from which on arrays are faster than lists


def _each(formula: Callable[..., Any], *columns: Any) -> Any:
    """A formula of every parameter's numbers: along lists, or on whole arrays at once."""
    return formula(*columns) if hasattr(columns[0], "dtype") else list(map(formula, *columns))


def _sqrt(x: Any) -> Any:
    """Of a number or, which NumPy knows by this power, of each in an array:
    correctly rounded, which the power of a float is not.
    """
    return math.sqrt(x) if type(x) is float else x**0.5


def _row(gradient: Any, n: int) -> Any:
    """A gradient for n numbers in an array.  Raises TypeError or ValueError if it is none."""
    if not is_row(gradient):
        got = " ".join(repr(gradient).split())
        raise TypeError(
            f"the gradient of parameters in an array is one row of {n} real numbers, as value_and_grad gives it, "
            f"got {got:.80}"
        )
    if len(gradient) != n:
        raise ValueError(f"there are {n} parameters, but the gradient has {len(gradient)} numbers")
    return gradient if hasattr(gradient, "dtype") else array("d", gradient)


def _above(x: Any, what: str) -> float:
    """A setting above 0."""
    if not (setting := between(x, what)):
        raise ValueError(f"{what} must be above 0: without it a parameter whose gradient is 0 is divided by 0")
    return setting


class Optimizer:
    """What all optimizers share: the parameters, the learning rate, the count of steps, and memory that can be saved.

    `lr` is a number, or a schedule: a function from the number of steps taken so far to a number.
    A subclass says in `update` how data, gradients and `memory` (one column of numbers per name) become new ones.
    """

    memory: dict[str, Any]

    def __init__(self, parameters: Iterable[Value] | Packed | MutableSequence[float], lr: float | Schedule) -> None:
        self.flat = is_flat(parameters)
        self.parameters: Any = parameters if self.flat else listed(parameters)  # type: ignore[arg-type]
        self.lr = lr if callable(lr) else between(lr, "lr, the learning rate,")
        self.steps = 0
        self.memory = {}
        self._turn = RLock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: x for name, x in vars(self).items() if name != "_turn"}  # a copy takes turns of its own

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _turn=RLock())

    def __repr__(self) -> str:
        lr = "a schedule" if callable(self.lr) else f"{self.lr:g}"
        return f"{type(self).__name__}({plural(len(self.parameters), 'parameter')}, lr={lr}, steps={self.steps})"

    def rate(self) -> float:
        """The learning rate of the next step.  Raises ValueError if it is negative, infinite or nan."""
        lr = self.lr
        if type(lr) is float and 0.0 <= lr < math.inf:
            return lr
        return between(lr(self.steps) if callable(lr) else lr, f"the learning rate of step {self.steps}")

    def update(self, lr: float, data: Any, grads: Any) -> tuple[Any, dict[str, Any]]:
        """The new data and the new memory, of columns that `_each` goes along; changes nothing."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to update")

    def step(self, gradient: Any = None) -> None:
        """Move every parameter against its gradient, or, if something raises or Ctrl-C comes, none.

        Threads that step take turns: no step is lost.  What they add to shared gradients in between is theirs to order.
        The gradient is in `.grad`; for parameters in an array it is given, a number for each.
        Raises TypeError or ValueError if it is not.
        """
        ps = self.parameters.array if isinstance(self.parameters, Packed) else self.parameters
        if self.flat != (gradient is not None):
            raise TypeError("the gradient of parameters in an array is given: step(gradient)" if self.flat
                            else "step() takes no gradient: parameters that are "
                                 "Values have theirs in .grad")  # fmt: skip
        with self._turn:
            rate = self.rate()
            for name, past in self.memory.items():
                if len(past) != len(ps):
                    raise ValueError(
                        f"{self!r} remembers the {name} of {len(past)}: its list was changed; make a new optimizer"
                    )
            np: Any = numpy() if hasattr(ps, "dtype") or len(ps) >= MANY else None
            kept = column if np else stored
            data, grads = (ps, _row(gradient, len(ps))) if self.flat else (kept("data", ps), kept("grad", ps))
            if np:  # whole columns at once: the same bits
                if self.flat:
                    data, grads = np.array(data, float), np.asarray(grads, float)
                if self.memory:
                    self.memory = {name: np.asarray(column) for name, column in self.memory.items()}
            with np.errstate(all="ignore") if np else nullcontext():
                moved = self.update(rate, data, grads)
            if not isinstance(moved, (tuple, list)) or len(moved) != 2 or not isinstance(moved[1], Mapping):
                raise TypeError(
                    f"{type(self).__name__}.update returns two things, the new numbers and what is remembered: "
                    f"return data, self.memory; it gave {type(moved).__name__} {moved!r:.80}"
                )
            data, memory = moved
            if len(data) != len(ps):
                raise ValueError(f"{type(self).__name__}.update gave {len(data)} numbers for {len(ps)} parameters")
            if hasattr(ps, "dtype"):
                data = np.asarray(data, float)
            elif self.flat:
                data = array("d", data)
            else:
                data = np.asarray(data, float, "C") if np and isinstance(data, np.ndarray) else list(map(float, data))
            write("data", ps, data, self, memory=memory, steps=self.steps + 1)

    def zero_grad(self) -> None:
        """Set every parameter's gradient to 0."""
        if not self.flat:
            zeroed(self.parameters)

    def state_dict(self) -> dict[str, Any]:
        """What an optimizer knows beyond its settings: its kind, the steps taken, and its memory;
        all of it fit for JSON.
        """
        return {
            "kind": type(self).__name__,
            "steps": self.steps,
            "memory": {name: [float(x) for x in xs] for name, xs in self.memory.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another optimizer of this kind was.

        Raises ValueError, and changes nothing, if `state` does not fit.
        """
        n, kind = len(self.parameters), type(self).__name__
        if (
            not isinstance(state, Mapping)
            or not {"kind", "steps", "memory"} <= state.keys()
            or not isinstance(state["memory"], Mapping)
        ):
            raise ValueError(f"an optimizer's state has a kind, steps and memory, got {state!r:.80}")
        if state["kind"] != kind or set(state["memory"]) != set(self.memory):
            raise ValueError(
                f"this state was saved by {state['kind']} with memory of {sorted(state['memory'])}, it does not fit "
                f"{kind} with memory of {sorted(self.memory)}: build the optimizer as before"
            )
        if type(state["steps"]) is not int or state["steps"] < 0:
            raise ValueError(f"steps must be a whole number of at least 0, got {state['steps']!r}")
        memory = {}
        for name, xs in state["memory"].items():
            if not isinstance(xs, (list, tuple)) or len(xs) != n:
                got = f"{len(xs)} numbers" if isinstance(xs, (list, tuple)) else type(xs).__name__
                raise ValueError(f"this state's {name!r} must hold {n} numbers, one per parameter, got {got}")
            try:
                memory[name] = [number(x) for x in xs]
            except (TypeError, OverflowError) as error:
                raise ValueError(f"this state's {name!r} must hold numbers: {error}") from None
        write("data", [], [], self, memory=memory, steps=state["steps"])


class SGD(Optimizer):
    """Stochastic gradient descent: p -= lr * g, with momentum v = momentum * v + g; p -= lr * v (Polyak 1964).

    `nesterov=True` moves by g + momentum * v instead (Nesterov 1983, in the form of Sutskever et al. 2013);
    `weight_decay` adds weight_decay * p to each gradient.  Raises ValueError for settings out of range.

    >>> p = Value(1.0)
    >>> p.grad = 2.0
    >>> SGD([p], lr=0.25).step()
    >>> p
    Value(0.5, grad=2.0)
    """

    def __init__(self, parameters: Iterable[Value] | Packed | MutableSequence[float], lr: float | Schedule,
                 momentum: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False) -> None:  # fmt: skip
        super().__init__(parameters, lr)
        self.momentum, self.weight_decay = between(momentum, "momentum", 1.0), between(weight_decay, "weight_decay")
        self.nesterov = nesterov
        if nesterov and not momentum:
            raise ValueError("nesterov looks ahead along the momentum, which is 0: pass momentum=0.9, say")
        if momentum:
            self.memory = {"velocity": [0.0] * len(self.parameters)}

    def update(self, lr: float, data: Any, grads: Any) -> tuple[Any, dict[str, Any]]:
        """The formulas above."""
        memory, decay, mu = self.memory, self.weight_decay, self.momentum
        if decay:
            grads = _each(lambda p, g: g + decay * p, data, grads)
        if mu:
            velocity = _each(lambda v, g: mu * v + g, memory["velocity"], grads)
            memory = {"velocity": velocity}
            grads = _each(lambda v, g: g + mu * v, velocity, grads) if self.nesterov else velocity
        return _each(lambda p, g: p - lr * g, data, grads), memory


def _settings(betas: tuple[float, float], eps: float, weight_decay: float) -> tuple[tuple[float, float], float, float]:
    """What Adam and AdamW are told, checked."""
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise ValueError(f"betas are two numbers, how slowly the mean and the mean square forget, got {betas!r}")
    checked = between(betas[0], "betas[0]", 1.0), between(betas[1], "betas[1]", 1.0)
    return checked, _above(eps, "eps"), between(weight_decay, "weight_decay")


def _moved(o: Adam | AdamW, lr: float, data: Any, grads: Any) -> tuple[Any, dict[str, Any]]:
    """One step of Adam, without its weight decay."""
    (b1, b2), eps = o.betas, o.eps
    c1, c2 = 1 - b1, 1 - b2
    mean = _each(lambda m, g: b1 * m + c1 * g, o.memory["mean"], grads)
    square = _each(lambda v, g: b2 * v + c2 * g * g, o.memory["square"], grads)
    d1, d2 = 1 - b1 ** (o.steps + 1), 1 - b2 ** (o.steps + 1)
    moved = _each(lambda p, m, v: p - lr * (m / d1) / (_sqrt(v / d2) + eps), data, mean, square)
    return moved, {"mean": mean, "square": square}


class Adam(Optimizer):
    """Each parameter moves by its mean gradient, measured in its own typical size (Kingma & Ba 2015, Algorithm 1).

    m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g²; p -= lr * m̂ / (sqrt(v̂) + eps), where m̂ = m / (1-b1^t) and
    v̂ = v / (1-b2^t) make up for having begun at 0 (t counts from 1).
    `weight_decay` adds weight_decay * p to each gradient.
    Raises ValueError for settings out of range.

    >>> p = Value(1.0)
    >>> p.grad = 1e-3
    >>> Adam([p], lr=0.1).step()  # the first step is lr, however small the gradient
    >>> round(p.data, 4)
    0.9
    """

    def __init__(self, parameters: Iterable[Value] | Packed | MutableSequence[float], lr: float | Schedule = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0.0) -> None:  # fmt: skip
        super().__init__(parameters, lr)
        self.betas, self.eps, self.weight_decay = _settings(betas, eps, weight_decay)
        self.memory = {"mean": [0.0] * len(self.parameters), "square": [0.0] * len(self.parameters)}

    def update(self, lr: float, data: Any, grads: Any) -> tuple[Any, dict[str, Any]]:
        """The formulas above."""
        if decay := self.weight_decay:
            grads = _each(lambda p, g: g + decay * p, data, grads)
        return _moved(self, lr, data, grads)


class AdamW(Optimizer):
    """Adam whose weight decay is no gradient: p -= lr * weight_decay * p,
    then Adam's step (Loshchilov & Hutter 2019, Algorithm 2).

    >>> p = Value(1.0)
    >>> AdamW([p], lr=0.5, weight_decay=0.1).step()
    >>> p
    Value(0.95)
    """

    def __init__(self, parameters: Iterable[Value] | Packed | MutableSequence[float], lr: float | Schedule = 1e-3,
                 betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0.01) -> None:  # fmt: skip
        super().__init__(parameters, lr)
        self.betas, self.eps, self.weight_decay = _settings(betas, eps, weight_decay)
        self.memory = {"mean": [0.0] * len(self.parameters), "square": [0.0] * len(self.parameters)}

    def update(self, lr: float, data: Any, grads: Any) -> tuple[Any, dict[str, Any]]:
        """The formula above."""
        if decay := self.weight_decay:
            data = _each(lambda p: p - lr * decay * p, data)
        return _moved(self, lr, data, grads)


class RMSProp(Optimizer):
    """Each gradient is divided by its own typical size: v = alpha*v + (1-alpha)*g²;
    p -= lr * g / (sqrt(v) + eps) (Tieleman & Hinton 2012).

    With momentum, b = momentum*b + g / (sqrt(v) + eps); p -= lr * b.  `centered=True` takes sqrt(v - m²), the spread
    around the mean gradient m = alpha*m + (1-alpha)*g (Graves 2013).
    `weight_decay` adds weight_decay * p to each gradient.  As in PyTorch, eps stands outside of the root.
    Raises ValueError for settings out of range.

    >>> p = Value(1.0)
    >>> p.grad = 1e-3
    >>> RMSProp([p], lr=0.1, alpha=0.75).step()  # 0.1 / sqrt(1 - 0.75)
    >>> round(p.data, 4)
    0.8
    """

    def __init__(self, parameters: Iterable[Value] | Packed | MutableSequence[float], lr: float | Schedule = 0.01,
                 alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0.0, momentum: float = 0.0,
                 centered: bool = False) -> None:  # fmt: skip
        super().__init__(parameters, lr)
        self.alpha, self.eps = between(alpha, "alpha", 1.0), _above(eps, "eps")
        self.weight_decay, self.momentum = between(weight_decay, "weight_decay"), between(momentum, "momentum", 1.0)
        self.centered = centered
        names = ["square", *["mean"] * bool(centered), *["velocity"] * bool(momentum)]
        self.memory = {name: [0.0] * len(self.parameters) for name in names}

    def update(self, lr: float, data: Any, grads: Any) -> tuple[Any, dict[str, Any]]:
        """The formulas above."""
        a, c, eps, decay, mu, memory = (
            self.alpha,
            1 - self.alpha,
            self.eps,
            self.weight_decay,
            self.momentum,
            dict(self.memory),
        )
        if decay:
            grads = _each(lambda p, g: g + decay * p, data, grads)
        memory["square"] = spread = _each(lambda v, g: a * v + c * g * g, memory["square"], grads)
        if self.centered:
            memory["mean"] = _each(lambda m, g: a * m + c * g, memory["mean"], grads)
            spread = _each(lambda v, m: (v - m * m) * (v > m * m), spread, memory["mean"])  # rounding may fall below 0
        steps = _each(lambda v, g: g / (_sqrt(v) + eps), spread, grads)
        if mu:
            memory["velocity"] = steps = _each(lambda b, s: mu * b + s, memory["velocity"], steps)
        return _each(lambda p, s: p - lr * s, data, steps), memory


class Adagrad(Optimizer):
    """Each gradient is divided by all that it has been: v += g²;
    p -= lr * g / (sqrt(v) + eps) (Duchi, Hazan & Singer 2011).

    `weight_decay` adds weight_decay * p to each gradient.  Raises ValueError for settings out of range.

    >>> p = Value(1.0)
    >>> p.grad = 1e-3
    >>> Adagrad([p], lr=0.1).step()
    >>> round(p.data, 4)
    0.9
    """

    def __init__(self, parameters: Iterable[Value] | Packed | MutableSequence[float], lr: float | Schedule = 0.01,
                 eps: float = 1e-10, weight_decay: float = 0.0) -> None:  # fmt: skip
        super().__init__(parameters, lr)
        self.eps, self.weight_decay = _above(eps, "eps"), between(weight_decay, "weight_decay")
        self.memory = {"square": [0.0] * len(self.parameters)}

    def update(self, lr: float, data: Any, grads: Any) -> tuple[Any, dict[str, Any]]:
        """The formulas above."""
        eps, decay = self.eps, self.weight_decay
        if decay:
            grads = _each(lambda p, g: g + decay * p, data, grads)
        square = _each(lambda v, g: v + g * g, self.memory["square"], grads)
        return _each(lambda p, v, g: p - lr * g / (_sqrt(v) + eps), data, square, grads), {"square": square}
