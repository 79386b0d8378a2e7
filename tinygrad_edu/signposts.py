"""What a name is called here, for somebody who remembers it from another library or looks for it in the wrong room.

>>> import tinygrad_edu
>>> tinygrad_edu.MLP
Traceback (most recent call last):
AttributeError: module 'tinygrad_edu' has no 'MLP': write tinygrad_edu.nn.MLP
>>> from tinygrad_edu.losses import MSELoss
Traceback (most recent call last):
ImportError: module 'tinygrad_edu.losses' has no 'MSELoss': write tinygrad_edu.losses.mse

A Value takes any attribute, but not one that is meant for its number or its gradient and would do nothing:

>>> tinygrad_edu.Value(1.0).value = 2.0
Traceback (most recent call last):
AttributeError: a Value has no 'value': write v.data
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import Any, NoReturn

PACKAGE = __name__.partition(".")[0]
ROOMS = ("", ".nn", ".losses", ".optim", ".functional", ".data", ".train", ".plot", ".stochastic")
# What others call by a word that no rule leads from: PyTorch, scikit-learn, micrograd and its kin.
ELSEWHERE = {"bce": "binary_cross_entropy", "bcewithlogits": "binary_cross_entropy_with_logits", "l1": "mae",
             "smoothl1": "huber", "kldiv": "kl_divergence", "tensor": "Value", "variable": "Value", "scalar": "Value",
             "dense": "Linear", "parameter": "Value", "traintestsplit": "split", "standardscaler": "Standardizer",
             "backprop": "grad", "visualize": "draw", "gaussian": "Normal", "reinforce": "Score",
             "scorefunction": "Score", "likelihoodratio": "Score", "reparameterization": "Pathwise",
             "leaveoneout": "estimate", "rloo": "estimate", "dice": "surrogate", "expectation": "expected",
             "baseline": "RunningMean", "movingaverage": "RunningMean", "relax": "Rebar", "concrete": "Relaxed",
             "relaxedbernoulli": "Relaxed", "actorcritic": "Critic", "multinomial": "Categorical"}  # fmt: skip
# What others call an attribute of a node.
OF_VALUES = {"value": "write v.data", "val": "write v.data", "gradient": "write v.grad", "derivative": "write v.grad",
             "requires_grad": "each has a gradient; what is to stay as it is, do not give to the optimizer; v.detach() "
                              "and no_grad() let no gradient through"}  # fmt: skip


METHODS = {"clamp": "write v.clip(lo, hi)", "ln": "write v.log()", "softmax": "write functional.softmax(values)",
           "log_softmax": "write functional.log_softmax(values)", "numpy": "write v.data", "tolist": "write v.data",
           "is_leaf": "write not v.parents", "requires_grad_": OF_VALUES["requires_grad"]}  # fmt: skip
# What others call with a module, which is called itself, model(x), and trained from outside.
OF_MODULES = {"predict": "write train.predict(model, X)", "fit": "write fit(model, X, y)", "forward": "write model(x)",
              "score": "write train.accuracy(model, X, y)", "weights": "write model.parameters()"}  # fmt: skip


def _bare(name: str) -> str:
    """A name without capitals, underscores, and what other libraries put before and after it.

    >>> [_bare(n) for n in ("CrossEntropyLoss", "make_moons", "RMSprop", "load_digits", "accuracy_score")]
    ['crossentropy', 'moons', 'rmsprop', 'digits', 'accuracy']
    """
    bare = name.replace("_", "").lower()
    return re.sub(r"^(make|load|fetch|read)(?=..)|(?<=..)(loss|score|layer)$", "", bare) if len(bare) > 4 else bare


def _places() -> dict[str, list[str]]:
    """Where each bare name is found: the whole names, those at the front door first."""
    found: dict[str, list[str]] = {}
    for room in ROOMS:
        module = import_module(PACKAGE + room)
        for name in dir(module) if room == ".functional" else module.__all__:
            found.setdefault(_bare(name), []).append(f"{PACKAGE}{room}.{name}")
    return found


def advice(room: str, name: str) -> str:
    """What to write in place of `room.name`, or what is there."""
    from difflib import get_close_matches

    places, bare = _places(), _bare(name)
    meant = ELSEWHERE.get(bare, name)
    if _bare(meant) in places:  # in this room before others, and small letters before capitals if they were meant
        return (
            f": write {min(places[_bare(meant)], key=lambda p: (not p.startswith(room + '.'), not p.endswith(meant)))}"
        )
    near = [places[n][0] for n in get_close_matches(bare, places, 2, 0.72)]
    there = ", ".join(dir(sys.modules[room]) if room.endswith("functional") else sys.modules[room].__all__)
    return f": did you mean {' or '.join(near)}?" if near else f"; there is {there}"


def refuse(room: str, name: str) -> NoReturn:
    """What the `__getattr__` of a room does with a name that is not there."""
    from opcode import opmap

    text = f"module {room!r} has no {name!r}" + ("" if name.startswith("_") else advice(room, name))
    # `from room import name` would swallow an AttributeError, with all that it says
    asker = sys._getframe(2)
    if asker.f_code.co_code[asker.f_lasti] == opmap["IMPORT_FROM"]:
        raise ImportError(text, name=room)
    raise AttributeError(text, name=name)


def put_up(room: str) -> None:
    """This room says where to look for what it does not have; to mypy that stays an error."""

    def __getattr__(name: str) -> Any:
        refuse(room, name)

    vars(sys.modules[room])["__getattr__"] = __getattr__


class _Elsewhere:
    """An attribute that is not there, when it is read."""

    def __init__(self, home: type, who: str, name: str, advice: str) -> None:
        self.home, self.who, self.name, self.advice = home, who, name, advice

    def __get__(self, v: Any, kind: Any = None) -> Any:
        above = super(self.home, kind if v is None else v)
        if hasattr(above, self.name):  # a class that is mixed in has one
            return getattr(above, self.name)
        self.refuse()

    def refuse(self, *given: Any) -> NoReturn:
        raise AttributeError(f"{self.who} has no {self.name!r}: {self.advice}", name=self.name)


class _Refused(_Elsewhere):
    """The same when it is written, for that would do nothing."""

    __set__ = _Elsewhere.refuse


def put_up_at(kind: type, who: str, elsewhere: dict[str, str], refused: dict[str, str]) -> None:
    """Every object of a kind, called `who`, says where to look, and refuses what would do nothing."""
    names = elsewhere | refused

    def known(v: Any) -> list[str]:
        return [name for name in object.__dir__(v) if name not in names or hasattr(v, name)]

    kind.__dir__ = known  # type: ignore[assignment, method-assign]
    for name, advice in names.items():
        setattr(kind, name, (_Refused if name in refused else _Elsewhere)(kind, who, name, advice))


def no_power(v: Any, other: Any) -> Any:
    """What `v ^ 2` says, a power in mathematics and not in Python; what is no number may have a ^ of its own."""
    if not isinstance(other, (int, float, type(v))):
        return NotImplemented
    raise TypeError(f"a power is written ** in Python, not ^: v ** 2; got {v!r} and {other!r:.80}")
