"""What a module may be asked for by name: its activation, its initial weights, its seed; and how it reads its inputs.

    >>> from tinygrad_edu.nn import MLP
    >>> MLP(2, [3, 1], activation="tanh", output="sigmoid", init="xavier", seed=0)
    MLP(2-3-1, tanh, output sigmoid, 13 parameters)

This room knows Values and rows, but no module.
"""

from __future__ import annotations

import difflib
import inspect
import math
import operator
import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

from .. import modes, ops
from ..engine import Value, constant, topological, unary
from ..errors import UserError
from ..ops import Op
from ..words import plural

Activation = str | Op | Callable[[Value], Value] | None
Init = str | Callable[[Any, int, int], float]
Seed = int | random.Random | None


def _defaults(make: Callable[..., Op]) -> bool:
    return all(p.default is not p.empty for p in inspect.signature(make).parameters.values())


def activations() -> list[str]:
    """The names that `activation=` takes: "linear", and every row with one input.

    >>> [name for name in activations() if name.endswith("relu")]
    ['relu', 'leaky_relu']
    """
    rows = [
        op.name for op in ops.TABLE.values() if len(op.domain) == 1 and ... not in op.domain and op.name.isidentifier()
    ]
    return ["linear", *rows, *(name for name, make in ops.FACTORIES.items() if _defaults(make))]


class UnknownActivation(UserError):
    """There is no activation of that `choice`."""

    def __init__(self, choice: str) -> None:
        near = difflib.get_close_matches(_bare(choice), _names(), 5, 0.75)
        near.sort(key=lambda name: sorted(name) != sorted(_bare(choice)))  # letters in another order are likeliest
        hint = f"; did you mean {_names()[near[0]]!r}?" if near else ""
        super().__init__(
            f"there is no activation {choice!r}: choose one of {', '.join(activations())}, or pass a function{hint}"
        )
        self.choice = choice


def chosen(choice: Activation) -> Op | Callable[[Value], Value] | None:
    """What an activation stands for: a row, a function of one Value, or None for "linear" (and for None).

    Raises ValueError, with all names, for one that is none of them; TypeError for what is no choice at all, and for a
    function that leaves the graph (`math.tanh`), because nothing before it would ever learn.

    >>> chosen("tanh"), chosen("leaky_relu"), chosen("linear")
    (<Op tanh>, <Op leaky_relu(0.01)>, None)
    """
    if choice is None or choice == "linear":
        return None
    if isinstance(choice, str):
        if choice not in ops.TABLE and choice not in activations():
            raise UnknownActivation(choice)
        choice = ops.TABLE[choice] if choice in ops.TABLE else ops.FACTORIES[choice]()
    if isinstance(choice, Op) and (len(choice.domain) != 1 or ... in choice.domain):
        raise UserError(
            f"{choice!r} cannot be an activation: it has more than one input; {', '.join(activations())} have one"
        )
    if not callable(choice) or isinstance(choice, type):
        raise TypeError(
            f"an activation is a name, a row or a function of one Value, got {type(choice).__name__} "
            f"{choice!r}{_advice(choice)}"
        )
    if not isinstance(choice, Op) and choice not in _tried and not hasattr(choice, "parameters"):
        _try(choice)
    return choice


def _try(f: Callable[[Value], Value]) -> None:
    """Raise TypeError for a function whose result does not come from the Value that it is given,
    on one side of 0 at least.
    """
    chance = random.getstate()
    try:
        cuts = [_cut(f, 0.5), _cut(f, -0.5)]
    except TypeError as error:
        raise TypeError(f"the activation {_called(f)} cannot be given a Value ({error}){_advice(f)}") from None
    except Exception:  # its own affair, which the first call will show
        return
    finally:
        random.setstate(chance)
    for x, cut, other in zip((0.5, -0.5), cuts, reversed(cuts)):
        if cut and not (
            other is None and _plain(f(Value(x))) == _plain(f(Value(1.5 * x)))
        ):  # max(z, 0) is flat on one side
            raise TypeError(
                f"the activation {_called(f)} returns {cut}: what is before it would never learn{_advice(f)}"
            )
    with suppress(TypeError):  # what cannot be remembered is tried again
        _tried.add(f)


def _cut(f: Callable[[Value], Value], x: float) -> str | None:
    """What f(x) is, if it was not computed from x."""
    y = f(z := Value(x))
    if not isinstance(y, Value):
        return f"{type(y).__name__} {y!r:.60}, no Value, for {x}"
    return (
        f"a Value that was not computed from its input {x}" if modes.recording() and z not in topological(y) else None
    )


def _plain(y: Any) -> Any:
    return y.data if isinstance(y, Value) else y


_tried: WeakSet[Any] = WeakSet()


def _called(f: Any) -> str:
    return str(getattr(f, "__name__", None) or repr(f))


def _bare(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _names() -> dict[str, str]:
    """Activations by their names, here and elsewhere, in small letters."""
    elsewhere = {"identity": "linear", "none": "linear", "float": "linear", "swish": "silu", "fabs": "abs",
                 "arctan": "atan"}  # fmt: skip
    return {_bare(name): name for name in activations()} | elsewhere


def _advice(f: Any) -> str:
    """What to write instead of somebody else's function of numbers."""
    found = _names().get(_bare(_called(f)))
    return (
        f": write activation={found!r}" if found else ": write it with methods of Value, as in lambda z: z.tanh() * 2"
    )


def activated(f: Op | Callable[[Value], Value] | None, z: Value) -> Value:
    """f(z), as one node if `f` is a row; z itself if there is no activation."""
    if f is None:
        return z
    if type(f) is Op:
        return unary(f)(z)
    y = f(z)
    return y if isinstance(y, Value) else Value(y)  # max(z, 0) is the number 0 where its slope is 0


_SPELLED = {"relu": "ReLU", "gelu": "GELU", "elu": "ELU", "silu": "SiLU"}


def spelled(choice: Activation) -> str:
    """An activation's name as part of a class name: ReLU, Tanh, LeakyRelu."""
    name = shown(choice).split("(")[0]
    return _SPELLED.get(name, name.title().replace("_", ""))


def shown(choice: Activation) -> str:
    """An activation as a repr says it.

    >>> shown(None), shown("tanh"), shown(ops.leaky_relu(0.2)), shown(lambda z: z)
    ('linear', 'tanh', 'leaky_relu(0.2)', 'custom')
    """
    choice = "linear" if choice is None else choice
    name = choice if isinstance(choice, str) else str(getattr(choice, "name", _called(choice)))
    return name if name.split("(")[0].isidentifier() else "custom"


# Initial weights: (random numbers, inputs of a neuron, neurons reading the same inputs) -> one weight.
INITS: dict[str, Callable[[Any, int, int], float]] = {
    "uniform": lambda rng, fan_in, fan_out: rng.uniform(-1, 1),  # micrograd
    "normal": lambda rng, fan_in, fan_out: rng.gauss(0.0, 1.0),
    "xavier": lambda rng, fan_in, fan_out: _symmetric(rng, math.sqrt(6 / (fan_in + fan_out))),
    "xavier_normal": lambda rng, fan_in, fan_out: rng.gauss(0.0, math.sqrt(2 / (fan_in + fan_out))),
    "he": lambda rng, fan_in, fan_out: rng.gauss(0.0, math.sqrt(2 / fan_in)),
    "he_uniform": lambda rng, fan_in, fan_out: _symmetric(rng, math.sqrt(6 / fan_in)),
    "lecun89": lambda rng, fan_in, fan_out: _symmetric(rng, 2.4 / fan_in),
    "zeros": lambda rng, fan_in, fan_out: 0.0,
}


def _symmetric(rng: Any, bound: float) -> float:
    return float(rng.uniform(-bound, bound))


def stream(seed: Seed) -> random.Random | None:
    """The random numbers that a seed stands for; None is Python's global `random`, as in micrograd.

    Raises TypeError for what is neither a whole number, a `random.Random` nor None.

    >>> stream(7).random() == random.Random(7).random()
    True
    """
    if seed is None or isinstance(seed, random.Random):
        return seed
    if not hasattr(seed, "__index__"):
        raise TypeError(
            "a seed is a whole number, a random.Random or None (Python's global random), got "
            f"{type(seed).__name__} {seed!r}"
        )
    return random.Random(operator.index(seed))


def initial_weights(n: int, init: Init, fan_in: int, fan_out: int, seed: random.Random | None) -> list[Value]:
    """`n` new weights of neurons that have `fan_in` inputs, `fan_out` neurons to a layer.

    | init | drawn from | source |
    |---|---|---|
    | `"uniform"` | U(-1, 1) | micrograd |
    | `"normal"` | N(0, 1) | |
    | `"xavier"` | U(-a, a), a = sqrt(6 / (fan_in + fan_out)) | Glorot & Bengio 2010,
    their "normalized initialization" |
    | `"xavier_normal"` | N(0, 2 / (fan_in + fan_out)) | the same variance, normally distributed |
    | `"he"` | N(0, 2 / fan_in) | He, Zhang, Ren & Sun 2015, for relu |
    | `"he_uniform"` | U(-a, a), a = sqrt(6 / fan_in) | the same variance, uniformly distributed |
    | `"lecun89"` | U(-a, a), a = 2.4 / fan_in | LeCun et al. 1989 |
    | `"zeros"` | 0 | to see why not: hidden units stay identical for ever |

    (N is written with its variance.)  A function `(rng, fan_in, fan_out) -> float` will do as well.
    Raises ValueError, with all names, for another name.
    """
    if isinstance(init, str) and init not in INITS:
        raise ValueError(
            f"there is no init {init!r}: choose one of {', '.join(INITS)}, or pass a function (rng, fan_in, "
            "fan_out) -> float"
        )
    draw: Any = INITS[init] if isinstance(init, str) else init
    if not callable(draw):
        raise TypeError(
            f"init is a name or a function (rng, fan_in, fan_out) -> float, got {type(init).__name__} {init!r}"
        )
    if _blank.get():
        return constants(n)
    rng: Any = random if seed is None else seed
    return [Value(draw(rng, fan_in, fan_out)) for _ in range(n)]


def constants(n: int, data: float = 0.0) -> list[Value]:
    """`n` new parameters of the same value: biases, gains."""
    left = _blank.get()
    if left:
        left[0] -= n
        if left[0] < 0:
            raise ValueError("it would need more parameters than are stored with it")
    return [Value(data) for _ in range(n)]


_blank: ContextVar[list[int] | None] = ContextVar("blank", default=None)


@contextmanager
def blank(parameters: int) -> Iterator[None]:
    """Inside, nothing is drawn (every weight is 0, to be filled in from a file) and no more
    than so many parameters are made.
    """
    token = _blank.set([parameters])
    try:
        yield
    finally:
        _blank.reset(token)


def as_size(n: Any, what: str, least: int = 1) -> int:
    """A size as an int.  Raises TypeError for what is no whole number, ValueError if it is too small."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"{what} must be a whole number, got {type(n).__name__} {n!r}")
    if n < least:
        raise ValueError(f"{what} must be at least {least}, got {n}")
    return operator.index(n)


def check_switch(x: Any, name: str, hint: str = "an activation is written activation=...") -> None:
    """Raise TypeError for an activation where `name`, which is True or False, stands: a text would count as True."""
    if isinstance(x, (str, Op)) or callable(x):
        raise TypeError(f"{name} is True or False, got {x!r}: {hint}")


def nested(x: Any) -> bool:
    """Whether `x` is a list, tuple or array, with numbers or further lists in it."""
    return hasattr(x, "__len__") and not isinstance(x, (str, dict))


def depth(x: Any) -> int:
    """How many lists are in one another."""
    return 1 + depth(x[0]) if nested(x) and len(x) else 0


def as_inputs(x: Any, n: int, who: str) -> Sequence[Value]:
    """The `n` inputs of a module as Values; numbers are converted once, here.

    Raises ValueError for another number of inputs.

    >>> as_inputs([1, Value(2.0)], 2, "Neuron")
    [Value(1.0), Value(2.0)]
    >>> as_inputs([1], 2, "Neuron")
    Traceback (most recent call last):
    ValueError: Neuron expects 2 inputs, got 1
    """
    alone = isinstance(x, Value) or not hasattr(x, "__len__")
    if alone:
        x = [x] if hasattr(x, "__float__") else list(x) if hasattr(x, "__iter__") else x  # one number, or a generator
        if not isinstance(x, list):
            raise TypeError(f"{who} expects a list of {n} numbers or Values, got {type(x).__name__} {x!r}")
    if len(x) != n:
        hint = (
            "; it takes one sample at a time: [model(x) for x in batch]"
            if any(hasattr(v, "__len__") and len(v) for v in x)
            else f", a single number: a sample is a list of {n}, and a batch of one sample is [x]"
            if alone and len(x) == 1
            else ""
        )
        raise ValueError(f"{who} expects {plural(n, 'input')}, got {len(x)}{hint}")
    for v in x:
        if type(v) is not Value:
            return [v if isinstance(v, Value) else constant(v) for v in x]
    return x  # type: ignore[no-any-return]
