"""A Module is anything that holds parameters: it finds them, names them, zeroes their gradients,
saves and loads them.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Mapping
from typing import Any, Self

from ..engine import Value
from ..files import StrPath
from ..ieee import number
from ..parameters import write, zeroed
from ..words import aligned, few, plural
from . import files
from .traversal import Contents


class _Named(type):
    """Lets every constructor end with labels on the parameters; an outer module comes last and has the last word."""

    def __call__(cls, *args: Any, **named: Any) -> Any:
        module = super().__call__(*args, **named)
        contents = Contents(module, Module, new=True)
        # Copied, because Python is slow at reading attributes that were listed, as `contents` did.
        object.__setattr__(module, "__dict__", {**module.__dict__, "_held": tuple(contents.held)})
        module._rename(cls.__name__.lower() if module.name == "" else module.name, contents.paths)
        return module

    @property
    def __signature__(cls) -> inspect.Signature:
        """What `help` and `config` see: the arguments of the constructor."""
        init: Any = cls.__init__  # type: ignore[misc]
        return inspect.Signature(
            [] if init is object.__init__ else list(inspect.signature(init).parameters.values())[1:]
        )


class Module(metaclass=_Named):
    """Base of all layers and models.

    To write one, keep Values and other modules in attributes, and say what a call computes, in `__call__` or `forward`.

    >>> from tinygrad_edu import Value
    >>> class Line(Module):
    ...     def __init__(self, slope=1.0):
    ...         self.slope = slope
    ...         self.w, self.b = Value(slope), Value(0.0)
    ...     def __call__(self, x):
    ...         return self.w * x + self.b
    >>> line = Line(2)
    >>> line.parameters()
    [Value(2.0, label='line.w'), Value(0.0, label='line.b')]
    >>> line(10).backward()
    >>> line.w.grad
    10.0

    There is nothing to register.  A parameter is a Value that nothing computed and that hangs on an attribute: itself,
    or in lists, tuples, dicts, deques, NumPy arrays, other modules and objects of your own.  A place that has no order
    (a set), a weight that was computed (`Value(0.5) * 0.1`), that all instances would share (on the class) or that only
    a function uses (a lambda) is an error with its name.  Attributes that begin with an underscore are not looked at:
    keep there what is not to be trained.

    A module that keeps every argument of its constructor in an attribute of the same name can be
    rebuilt from its file by `nn.load`.
    """

    name: str = ""
    training: bool = True

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if "forward" in vars(cls) and "__call__" not in vars(cls):
            setattr(cls, "__call__", lambda self, *args, **named: self.forward(*args, **named))  # noqa: B010

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Each parameter once, with its path inside this module: its label without the module's own name in front.

        >>> from tinygrad_edu.nn import Layer
        >>> [path for path, p in Layer(1, 2).named_parameters()]
        ['neurons.0.w[0]', 'neurons.0.b', 'neurons.1.w[0]', 'neurons.1.b']
        """
        return Contents(self, Module).parameters

    def parameters(self) -> list[Value]:
        """The Values to train, each once, in the order in which the constructor made them."""
        return list(Contents(self, Module).paths)

    def modules(self) -> list[Module]:
        """This module and every module inside it."""
        return Contents(self, Module).modules

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        zeroed(self.parameters())

    def rename(self, name: str) -> None:
        """Write `name.path` into the label of every parameter, as in `mlp.layers.0.neurons.3.w[1]`."""
        self._rename(name, Contents(self, Module).paths)

    def _rename(self, name: str, paths: dict[Value, str]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a module's name is text, got {type(name).__name__} {name!r}")
        object.__setattr__(self, "name", name)  # a frozen dataclass is a module too
        for p, path in paths.items():
            p.label = f"{name}.{path}"

    def train(self, mode: bool = True) -> Self:
        """Behave as in training (the default), here and in every module inside; only Dropout knows a difference."""
        for module in self.modules():
            object.__setattr__(module, "training", mode)
        return self

    def eval(self) -> Self:
        """Behave as in use: nothing is dropped."""
        return self.train(False)

    def state_dict(self) -> dict[str, float]:
        """The number in each parameter, and what else is saved with them, by its path.

        >>> from tinygrad_edu.nn import Neuron
        >>> Neuron(2, init="zeros").state_dict()
        {'w[0]': 0.0, 'w[1]': 0.0, 'b': 0.0}
        """
        return {path: p.data for path, p in self._by_path().items()}

    def _by_path(self) -> dict[str, Value]:
        """What is saved: the parameters, and what modules keep besides (`_kept`), by path.

        Raises ValueError if two have the same.
        """
        contents = Contents(self, Module)
        named = contents.parameters
        for place, module in zip(contents.places, contents.modules):
            named += [(f"{place}.{path}" if place else path, v) for path, v in module._kept()]
        paths = dict(named)
        if len(paths) < len(named):
            twice = next(path for path, p in named if paths[path] is not p)
            raise ValueError(
                f"{type(self).__name__} has two parameters with the path {twice!r}: rename a key of "
                "the dict that they are in"
            )
        return paths

    def _kept(self) -> list[tuple[str, Value]]:
        """Numbers that are saved but not trained, with their paths inside this module."""
        return []

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set every parameter from `state`, all or none.

        Raises ValueError that lists what is missing, unexpected or no number;
        then nothing has changed.  nan and inf are numbers.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"a state is a dict from paths to numbers, got {type(state).__name__} {state!r}")
        paths, data, strange = self._by_path(), [], []
        for path in paths:
            try:
                data.append(number(state.get(path, 0.0)))
            except (TypeError, OverflowError):
                strange.append(f"{path}: {state[path]!r}")
        wrong = {"missing": [path for path in paths if path not in state],
                 "unexpected": [path for path in state if path not in paths], "not a number": strange}  # fmt: skip
        if told := "; ".join(f"{len(what)} {how} ({few([*map(str, what)])})" for how, what in wrong.items() if what):
            raise ValueError(
                f"this state does not fit {type(self).__name__} with its {len(paths)} parameters: {told}. "
                "Nothing was changed; build the module with the sizes that it was saved with"
            )
        write("data", list(paths.values()), data)

    def config(self) -> dict[str, Any]:
        """The arguments that build a module like this one: each is an attribute of the same name.

        Raises TypeError if the constructor has an argument that the module did not keep.

        >>> from tinygrad_edu.nn import LayerNorm
        >>> LayerNorm(3).config()
        {'size': 3, 'eps': 1e-05, 'name': 'layernorm'}
        """
        arguments = inspect.signature(type(self)).parameters
        if gone := [a for a in arguments if not hasattr(self, a)]:
            raise TypeError(
                f"{type(self).__name__} does not keep its argument {gone[0]!r} in an attribute of that name"
            )
        return {a: getattr(self, a) for a in arguments}

    def recipe(self) -> dict[str, Any]:
        """The module's kind and config, for a file.

        Raises TypeError, naming the argument, if one cannot be written.
        """
        config = self.config()
        if not isinstance(config.get("seed"), int):
            config.pop("seed", None)  # a stream of random numbers that has moved on
        return {
            "$module": type(self).__name__,
            "config": {a: files.encode(x, f"{type(self).__name__}'s {a}") for a, x in config.items()},
        }

    def save(self, path: StrPath, extra: Any = None) -> None:
        """Write kind, config, state and `extra` to a JSON file, whole or not at all.

        `extra` is for what belongs to the model: numbers, text, lists and dicts of them.  A module with an argument
        that JSON cannot say (a function) is saved too; `nn.load` will then tell to build
        it and use `module.load(path)`.
        Raises TypeError if `extra` cannot be written; then the file has not been touched.
        """
        content: dict[str, Any] = {"kind": type(self).__name__, "config": None}
        try:
            content["config"] = self.recipe()["config"]
        except TypeError as reason:
            content["reason"] = str(reason)
        files.write(path, {**content, "state": files.encode(self.state_dict()), "extra": files.encode(extra)})

    def load(self, path: StrPath) -> Self:
        """Set every parameter from a file that `save` wrote, all or none.

        Raises ValueError, with the path, if it does not fit.
        """
        try:
            self.load_state_dict(files.read(path)["state"])
        except ValueError as error:
            where = os.fspath(path)
            raise error if str(error).startswith(where) else ValueError(f"{where}: {error}") from None
        return self

    def summary(self) -> Summary:
        """A table of the modules inside: where each is, what it is, and how many parameters it has, in all.

        >>> from tinygrad_edu.nn import LayerNorm, Linear, Sequential
        >>> Sequential(Linear(2, 3), LayerNorm(3)).summary()
        sequential       Sequential        15 parameters
        steps.0          Linear             9
        steps.0.neurons  3 x LinearNeuron   9
        steps.1          LayerNorm          6
        """
        contents = Contents(self, Module)
        rows: dict[tuple[str, str], list[int]] = {}
        for place, module in zip(contents.places, contents.modules):
            kind = repr(module).partition("(")[0]  # ReLUNeuron, where the class is Neuron
            kind = kind if kind.isidentifier() else type(module).__name__
            group = re.sub(r"(neurons)\.\d+$", r"\1", place)  # a layer's neurons are one row
            rows.setdefault((group, kind), []).append(len(module.parameters()))
        table = [
            (place or self.name, f"{len(n)} x {kind}" if len(n) > 1 else kind, f"{sum(n):,}")
            for (place, kind), n in rows.items()
        ]
        first, *others = aligned(table, "llr")
        return Summary("\n".join([f"{first} parameters", *others]))

    def __repr__(self) -> str:
        arguments = inspect.signature(type(self)).parameters.values()
        said: list[str] = []
        for a in arguments:
            x = getattr(self, a.name, a.empty)
            if a.kind is a.VAR_POSITIONAL:
                said += [repr(v) for v in getattr(self, a.name, ())]
            elif x is not a.empty and _differ(x, a.default) and a.name not in ("name", "seed"):
                said.append(f"{x!r}" if a.default is a.empty else f"{a.name}={x!r}")
        return f"{type(self).__name__}({', '.join(said)})"


class Summary(str):
    """A text that shows itself as it is."""

    __slots__ = ()
    __repr__ = str.__str__


def count(module: Module) -> str:
    """How many parameters, in words: "105 parameters"."""
    return plural(len(module.parameters()), "parameter")


def _differ(x: Any, default: Any) -> bool:
    try:
        return bool(x != default)
    except ValueError:  # an array
        return True
