"""Chance that the operating system gives, and that belongs to no stream: nobody can look where it has come to.

`SystemRandom`, `secrets`, `uuid4`, streams without a seed: all of them come through one of these doors.  Whoever
records what this thread does is told; that it has gone through one is no error yet, for an import may do so once.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

from .. import tracing


def _drawn() -> None:
    who = tracing.recorder()
    if who is not None:
        who.drew = True


def _from_the_system(plain: Callable[..., bytes]) -> Callable[..., bytes]:
    def draw(*size: Any, **named: Any) -> bytes:
        _drawn()
        return plain(*size, **named)

    return draw


def _seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    if a is None:
        _drawn()
    _plain_seed(self, a, version)


_plain_seed, _urandom = random.Random.seed, random._urandom  # type: ignore[attr-defined]
GUARDS: list[Any] = [  # whose it is, its name, what is there, what is there while something is recorded
    (os, "urandom", os.urandom, _from_the_system(os.urandom)),
    (random, "_urandom", _urandom, _from_the_system(_urandom)),
    (random.Random, "seed", _plain_seed, _seed),
]
if hasattr(os, "getrandom"):  # Linux
    GUARDS.append((os, "getrandom", os.getrandom, _from_the_system(os.getrandom)))
