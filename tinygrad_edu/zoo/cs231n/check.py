"""Is my backward pass right?  Yours, number by number, beside the scalar engine, which knows only the chain rule,
and finite differences.

>>> from tinygrad_edu.zoo.cs231n import check, layers
>>> def affine_backward(dout, cache):
...     x, w = cache
...     return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.mean(axis=0)  # the mean is a mistake
>>> print(check.layer(layers.affine_forward, affine_backward))    # doctest: +ELLIPSIS
affine: its output is the engine's.
  gradient  shape       from the engine  from differences  course expects
  dx        (10, 2, 3)          ...e-16           ...e-11           1e-10  right
  dw        (6, 5)              ...e-1...         ...e-1...         1e-10  right
  db        (5,)                   0.82              0.82           1e-10  WRONG
db[0] is -0.578589 and should be -5.78589: 0.1 times what it should be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ... import ops
from ...check.report import digits_apart, likely
from ...engine import Value
from ...errors import UserError, meant
from ...trees import leaves
from ...words import aligned
from .arrays import Array, np
from .examples import EXAMPLES, Example
from .relative import of_assignments, of_notes


def worst(of: Callable[[float, float], float], a: Any, n: Any) -> float:
    """The largest relative error of two arrays, number by number; nan if one is.

    >>> worst(of_assignments, [1.0, 2.0], [1.1, 2.0]), worst(of_notes, [1.0, 2.0], [1.1, 2.0])
    (0.04761904761904766, 0.09090909090909098)
    """
    return float(np.max([of(x, y) for x, y in zip(np.ravel(a).tolist(), np.ravel(n).tolist())]))


@dataclass(frozen=True)
class Gradient:
    """What was found about one gradient; `wrong` says in words how it differs from the engine's, or is empty."""

    name: str
    ours: Array
    exact: Array  # the engine's
    numeric: Array
    wrong: str

    @property
    def from_engine(self) -> float:
        """The relative error beside the engine's gradient."""
        return worst(of_assignments, self.ours, self.exact)

    @property
    def from_differences_by_the_notes(self) -> float:
        """The same as the notes define it."""
        return worst(of_notes, self.ours, self.numeric)

    @property
    def from_differences(self) -> float:
        """The relative error beside central differences."""
        return worst(of_assignments, self.ours, self.numeric)


@dataclass(frozen=True, repr=False)
class Report:
    """What `layer` found; true if everything is right."""

    example: Example
    out: Array
    wrong: str  # what is wrong with the output
    gradients: tuple[Gradient, ...]

    def __bool__(self) -> bool:
        return not self.wrong and not any(g.wrong for g in self.gradients)

    def __str__(self) -> str:
        if self.wrong:
            return f"{self.example.name}: WRONG, {self.wrong}."
        rows = [["gradient", "shape", "from the engine", "from differences", "course expects", ""]]
        for g in self.gradients:
            far = [f"{g.from_engine:.2g}", f"{g.from_differences:.2g}", f"{self.example.expected:.0e}"]
            rows.append([g.name, str(g.exact.shape), *far, "WRONG" if g.wrong else "right"])
        words = [f"{g.wrong}." for g in self.gradients if g.wrong]
        return "\n".join(
            [f"{self.example.name}: its output is the engine's.", *aligned(rows, "llrrrl", indent="  "), *words]
        )

    __repr__ = __str__


def layer(forward: Callable[..., Any], backward: Callable[..., Any] | None = None, name: str = "") -> Report:
    """Compare a layer of yours, or a loss, with the engine, on the inputs of the course's own checks.

    `forward` and `backward` take and return what the course says (see `layers`); a loss gives itself and its gradient
    at once, and has no backward.  The name of `forward`, such as `affine_forward` or `svm_loss`, says which layer it
    is, or else `name` does.  Your cache is your own affair.  Raises UserError for a layer that is not known, and for
    what is not returned as the course says.
    """
    return compare(_example(forward, name), forward, backward)


def compare(example: Example, forward: Callable[..., Any], backward: Callable[..., Any] | None = None) -> Report:
    """The same on any example.  A loss of several inputs returns itself and a tuple of gradients."""
    is_loss, who = example.dout is None, getattr(forward, "__name__", example.name)

    def run(inputs: dict[str, Array]) -> Any:
        """Copies go in, so that a function which writes on its inputs spoils nothing but its own result."""
        more = [m.copy() if hasattr(m, "copy") else m for m in example.more]
        result = forward(*[a.copy() for a in inputs.values()], *more)
        if not isinstance(result, tuple) or len(result) != 2:
            raise UserError(f"{who} must return {'loss, dx' if is_loss else 'out, cache'}, got {_shown(result)}")
        return result

    exact_out, exact = by_the_engine(example)
    out, second = run(example.inputs)
    out = np.asarray(out)
    if wrong := _difference("the loss" if is_loss else "out", out, exact_out):
        return Report(example, out, wrong, ())
    if is_loss:
        given = second
    elif backward is None:
        its = who.replace("forward", "backward")
        raise UserError(f"{example.name} needs its backward pass too: check.layer({who}, {its})")
    else:
        assert example.dout is not None
        given = backward(example.dout.copy(), second)
    given = given if isinstance(given, tuple) else (given,)
    if len(given) != len(exact):
        wanted = ", ".join("d" + k for k in exact)
        raise UserError(f"{getattr(backward, '__name__', who)} must return {wanted}, got {_shown(given)}")
    gradients = []
    for ours, (k, right) in zip(given, exact.items()):
        ours = np.asarray(ours)
        if not (wrong := _difference("d" + k, ours, right)) or ours.shape == right.shape:
            numeric = differences(
                lambda a: run({**example.inputs, k: a})[0], example.inputs[k], example.dout, example.step
            )
        else:
            ours = numeric = np.full(right.shape, np.nan)
        gradients.append(Gradient("d" + k, ours, right, numeric, wrong))
    return Report(example, out, "", tuple(gradients))


def by_the_engine(example: Example) -> tuple[Array, dict[str, Array]]:
    """The output of a layer made of Values, and the gradient by each input: sum(out · dout).backward(), no more."""
    values = {k: as_values(a) for k, a in example.inputs.items()}
    out = [v for _, v in leaves("out", example.values(*values.values(), *example.more))]
    total = out[0] if example.dout is None else ops.dot(*out, *example.dout.ravel().tolist())
    total.backward()
    shape = () if example.dout is None else example.dout.shape
    gradients = {k: np.vectorize(lambda v: v.grad, otypes=[float])(a) for k, a in values.items()}
    return np.array([v.data for v in out]).reshape(shape), gradients


def as_values(a: Array) -> Any:
    """An array with a Value for each number."""
    return np.vectorize(Value, otypes=[object])(a)


def differences(f: Callable[[Array], Any], x: Array, dout: Array | None = None, h: float = 1e-5) -> Array:
    """The gradient of sum(f(x) · dout) by central differences, for one number of x after the other.

    >>> differences(lambda x: x**2, np.array([1.0, -3.0]), np.array([1.0, 10.0])).round(6)
    array([  2., -60.])
    """
    gradient, x = np.empty_like(x), x.copy()
    for place in np.ndindex(x.shape):
        before = x[place]
        x[place] = before + h
        above = f(x)
        x[place] = before - h
        below = f(x)
        x[place] = before
        gradient[place] = np.sum((above - below) * (1.0 if dout is None else dout)) / (2 * h)
    return gradient


def _example(forward: Callable[..., Any], name: str) -> Example:
    """Which layer a function is."""
    called = name or re.sub("_(forward|loss)(_[a-z0-9]+)?$", "", getattr(forward, "__name__", ""))
    if called in EXAMPLES:
        return EXAMPLES[called]
    raise UserError(
        f"no layer is called {called!r}{meant(called, EXAMPLES)} (there are {', '.join(EXAMPLES)}): name the function "
        "as the course does, affine_forward or so, or say name=..."
    )


def _difference(name: str, ours: Array, right: Array) -> str:
    """In words: a wrong shape, or the first wrong number, and whether all are off by one factor; else nothing."""
    if ours.dtype == object or not np.issubdtype(ours.dtype, np.number):
        return f"{name} is no array of numbers"
    if ours.shape != right.shape:
        turned = ours.T.shape == right.shape and np.allclose(ours.T, right)
        return f"{name} has shape {ours.shape} and should have {right.shape}{', it is transposed' * turned}"
    near = np.isclose(ours, right, rtol=1e-7, atol=1e-9 * np.abs(right).max())
    if near.all():
        return ""
    place = tuple(map(int, np.argwhere(~near)[0])) if right.ndim else ()
    at = f"{name}[{', '.join(map(str, place))}]" if place else name
    words = f"{at} is {digits_apart(float(ours[place]), float(right[place]))}"
    if ours.dtype != right.dtype:
        words += f" (yours are {ours.dtype}: compute in {right.dtype})"
    if right.size == 1:
        return words
    if guess := likely(ours.ravel().tolist(), right.ravel().tolist()):
        return words + guess
    return f"{words}, the first of {(~near).sum():,} that are wrong of {right.size:,}"


def _shown(result: Any) -> str:
    return f"{len(result)} things" if isinstance(result, tuple) else type(result).__name__
