"""What a layer is in PyTorch and in JAX: a row for each class of `nn`, and a way to add one.

A row of PyTorch's table says what somebody would write, and under which names its `state_dict` keeps our numbers; a row
of JAX's gives a dict of parameters, under our names, and a function of it.  A row may also say of which other layers a
layer consists, for both at once: `counterpart(MyNet, layers=lambda net: [net.first, net.second])`.

>>> from ..nn import Layer
>>> of_torch(Layer(2, 3, activation="tanh")).code
'nn.Sequential(\\n    nn.Linear(2, 3),\\n    nn.Tanh(),\\n)'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from ..engine import Value
from ..errors import UserError
from ..ops import Op

Tree = Any  # numbers or Values in nested lists
Pair = tuple[dict[str, Any], Callable[[Any, Any], Any]]  # parameters by name, and a function of them and an input


@dataclass
class Counterpart:
    """A layer in PyTorch: the expression that builds it, and our numbers by the names of its `state_dict`.

    `classes` are definitions that the expression needs, by name; `after` are lines to run once the model is there, `{}`
    for the layer; `parts` are the layers that it is a row of, if it is one.
    """

    code: str
    weights: dict[str, Tree] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)
    parts: list[Counterpart] = field(default_factory=list)


TORCH: dict[Any, Callable[[Any], Any]] = {}  # class, or row of `ops` by its name -> the layer -> its Counterpart
JAX: dict[Any, Callable[[Any], Any]] = {}
MADE_OF: dict[Any, Callable[[Any], list[Any]]] = {}


def counterpart(
    kind: type | Callable[..., Any],
    *,
    torch: Callable[[Any], Counterpart] | None = None,
    jax: Callable[[Any], Pair] | None = None,
    layers: Callable[[Any], list[Any]] | None = None,
) -> None:
    """Say what a class of layers, or a function, is elsewhere: from then on `to_torch` and `to_jax` know it.

    `layers(layer)` gives the layers it consists of, one after the other, for both libraries; `torch(layer)` gives a
    Counterpart, `jax(layer)` a dict of parameters (Values in nested lists) and a function of it and an input.  Raises
    UserError if it says nothing, TypeError for what is neither a class nor a function.

    >>> from tinygrad_edu.nn import Linear, Module
    >>> class Twice(Module):
    ...     def __init__(self):
    ...         self.first, self.second = Linear(2, 2, init="zeros"), Linear(2, 1, init="zeros")
    ...     def __call__(self, x):
    ...         return self.second(self.first(x))
    >>> counterpart(Twice, layers=lambda net: [net.first, net.second])
    >>> list(of_torch(Twice()).weights)
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """
    given = {"torch": (TORCH, torch), "jax": (JAX, jax), "layers": (MADE_OF, layers)}
    if not isinstance(kind, (type, FunctionType)):
        raise TypeError(f"counterpart takes a class of layers or a function, got {type(kind).__name__} {kind!r:.60}")
    if not any(row for _, row in given.values()):
        raise UserError("counterpart(kind) says nothing: pass layers=, torch= or jax=")
    for what, (table, row) in given.items():
        if row is not None and not callable(row):
            raise TypeError(f"counterpart's {what} is a function of a layer, got {type(row).__name__} {row!r:.60}")
        if row is not None:
            table[kind] = row


def of_torch(layer: Any, place: str = "") -> Counterpart:
    """A layer in PyTorch.  Raises UserError, with the place and the class, if there is none; TypeError for no layer."""
    return _found(layer, place, "torch", TORCH, sequence)  # type: ignore[no-any-return]


def of_jax(layer: Any, place: str = "") -> Pair:
    """A layer in JAX.  Raises UserError, with the place and the class, if there is none; TypeError for no layer."""
    return _found(layer, place, "jax", JAX, chain)  # type: ignore[no-any-return]


def _found(layer: Any, place: str, name: str, table: Mapping[Any, Any], joined: Callable[[list[Any]], Any]) -> Any:
    """What a layer's row gives, or the rows of the layers that it consists of, joined."""
    place = place or getattr(layer, "name", "") or "model"
    if isinstance(layer, type) or not callable(layer):
        what = f"the class {layer.__name__}, and no layer made of it" if isinstance(layer, type) else f"{layer!r:.60}"
        hint = "; layers one after the other are nn.Sequential(*layers)" if isinstance(layer, (list, tuple)) else ""
        raise TypeError(f"{place!r} is to be a layer or a model, got {what}{hint}")
    if (row := _row(layer, table)) is not None:
        return _checked(row(layer), place, name)
    if (row := _row(layer, MADE_OF)) is not None:
        parts = _checked(row(layer), place, "layers")
        return joined([_found(part, f"{place}.{i}", name, table, joined) for i, part in enumerate(parts)])
    raise _unknown(layer, place, name)


def _checked(given: Any, place: str, name: str) -> Any:
    """What a row gave, if it has the form that its table asks for.  Raises TypeError if not."""
    form, right = {
        "torch": ("a Counterpart", isinstance(given, Counterpart)),
        "jax": ("a dict of parameters and a function", isinstance(given, tuple) and [*map(callable, given)] == [0, 1]),
        "layers": ("a list of layers", isinstance(given, (list, tuple))),
    }[name]
    if not right:
        raise TypeError(f"what is told of {place!r}, counterpart(..., {name}=f), gives {form}, got {given!r:.60}")
    return given


def _row(layer: Any, table: Mapping[Any, Any]) -> Any:
    """The row of a layer: of its class or the nearest above it, of a row of `ops`, of the function itself."""
    if isinstance(layer, (FunctionType, Op)):
        return table.get(Op if isinstance(layer, Op) else layer)
    own = type(layer).__call__  # a subclass that computes something else is another layer
    return next((table[k] for k in type(layer).__mro__ if k in table and k.__call__ is own), None)


def _unknown(layer: Any, place: str, name: str) -> UserError:
    kind = layer.__name__ if isinstance(layer, FunctionType) else type(layer).__name__
    what, first = (f"{kind!r}" if isinstance(layer, FunctionType) else f"of class {kind}"), ""
    if kind == "<lambda>":
        what, first, kind = "which is a lambda", "define it as a function f, ", "f"
    return UserError(
        f"the layer {place!r}, {what}, has no counterpart: {first}say of which layers it consists, "
        f"interop.counterpart({kind}, layers=lambda layer: [...]), or give it one, counterpart({kind}, {name}=...); "
        "compare_training needs none: it follows the graph of any loss"
    )


def sequence(parts: list[Counterpart]) -> Counterpart:
    """Layers one after the other, and rows of them: `nn.Sequential`; one alone is itself."""
    parts = [one for part in parts for one in part.parts or [part]]
    if len(parts) == 1:
        return parts[0]
    whole = Counterpart("nn.Sequential()", parts=parts)
    if parts:
        inner = ",\n".join([part.code for part in parts]).replace("\n", "\n    ")
        whole.code = f"nn.Sequential(\n    {inner},\n)"
    for i, part in enumerate(parts):
        whole.weights.update({f"{i}.{name}": numbers for name, numbers in part.weights.items()})
        for name, text in part.classes.items():
            if whole.classes.setdefault(name, text) != text:
                raise UserError(f"two layers need different classes of the name {name!r}: rename one of the functions")
        whole.after += [line.replace("{}", f"{{}}[{i}]") for line in part.after]
    return whole


def chain(pairs: list[Pair], name: str = "steps") -> Pair:
    """Layers one after the other, their parameters in a list."""

    def apply(params: Any, x: Any) -> Any:
        for one, (_, f) in zip(params[name], pairs):
            x = f(one, x)
        return x

    return {name: [tree for tree, _ in pairs]}, apply


def flat_values(tree: Any) -> list[Any]:
    """The Values and numbers in nested lists, in their order."""
    return [v for part in tree for v in flat_values(part)] if isinstance(tree, (list, tuple)) else [tree]


def as_numbers(tree: Any, of: Callable[[Any], float] = lambda v: v.data if isinstance(v, Value) else v) -> Any:
    """Nested lists of the same shape, with a number for each Value."""
    return [as_numbers(part, of) for part in tree] if isinstance(tree, (list, tuple)) else of(tree)


def check_apart(trees: dict[str, Tree], name: str) -> None:
    """Raise UserError if two layers share a parameter, which would be two parameters elsewhere."""
    seen: dict[int, str] = {}
    for place, tree in trees.items():
        for v in flat_values(tree):
            if isinstance(v, Value) and id(v) in seen:
                raise UserError(
                    f"{v.label or 'a parameter'} is used in two places, {seen[id(v)]} and {place}, which would be two "
                    f"parameters in {name}; compare_training follows the graph of any loss, whatever is shared"
                )
            seen[id(v)] = place
