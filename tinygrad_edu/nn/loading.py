"""From a file back to a module: only kinds that are known here, or that you name, are ever built."""

from __future__ import annotations

import os
from collections.abc import Sequence
from inspect import Parameter, signature
from typing import Any

from ..errors import UserError
from ..files import StrPath
from . import attention, blocks, conv, dense, files, norms, sequences
from .choices import UnknownActivation, blank
from .module import Module

KINDS: dict[str, type[Module]] = {
    name: kind
    for room in (attention, blocks, conv, dense, norms, sequences)
    for name, kind in vars(room).items()
    if isinstance(kind, type) and issubclass(kind, Module) and kind is not Module
}


def load(path: StrPath, kinds: Sequence[type[Module]] = ()) -> Any:
    """The module that `module.save(path)` wrote, rebuilt; `kinds` are your own Module classes that may be in it.

    Draws no random numbers.  Raises ValueError, with the path, for a file that does not hold a module;
    OSError if there is none.

    >>> import os, tempfile
    >>> from tinygrad_edu import nn
    >>> model = nn.MLP(2, [3, 1], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.json")
    ...     model.save(path, extra={"classes": ["cat", "dog"]})
    ...     nn.load(path).state_dict() == model.state_dict(), nn.read(path)["extra"]
    (True, {'classes': ['cat', 'dog']})
    """
    content, where = files.read(path), os.fspath(path)
    if content["config"] is None:
        raise UserError(
            f"{where} holds the numbers of {content['kind']} but not how to build it: {content.get('reason')}. "
            "Build the module as before and call module.load(path)"
        )
    known = {**KINDS, **{kind.__name__: kind for kind in kinds}}
    try:
        with blank(len(content["state"])):
            module = _build(content["kind"], content["config"], known)
        module.load_state_dict(content["state"])
    except UnknownActivation as error:
        raise UserError(
            f"{where} uses the activation {error.choice!r}, which is no row here: register it first, "
            "as before the model was saved, tinygrad_edu.register(Op(...))"
        ) from None
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
        raise UserError(f"{where} cannot be rebuilt: {error}") from None
    return module


def _build(kind: Any, config: Any, known: dict[str, type[Module]]) -> Module:
    """A module of this kind, with the modules inside its config built first."""
    if not isinstance(kind, str) or kind not in known:
        raise UserError(
            f"no module is called {kind!r}: pass classes of your own as nn.load(path, kinds=[Net]); known: "
            f"{', '.join(known)}"
        )
    if not isinstance(config, dict):
        raise UserError(f"the config of {kind} must be an object, got {config!r}")
    arguments = {name: _inside(x, known) for name, x in config.items()}
    several = [p.name for p in signature(known[kind]).parameters.values() if p.kind is Parameter.VAR_POSITIONAL]
    return known[kind](*[x for name in several for x in arguments.pop(name)], **arguments)


def _inside(x: Any, known: dict[str, type[Module]]) -> Any:
    if isinstance(x, list):
        return [_inside(v, known) for v in x]
    if isinstance(x, dict):
        return (
            _build(x["$module"], x.get("config"), known)
            if "$module" in x
            else {k: _inside(v, known) for k, v in x.items()}
        )
    return x
