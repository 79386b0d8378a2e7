"""What is made when it is first asked for, so that `import tinygrad_edu` need not wait for it.

>>> class Number:
...     pass
>>> Method(Number, "twice", lambda: lambda self, x: 2 * x)
<lazy Number.twice>
>>> Number().twice(3), Number.twice  # doctest: +ELLIPSIS
(6, <function ...>)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Method:
    """A method that `make()` gives when it is first asked for; from then on it stands in its own place."""

    def __init__(self, owner: type, name: str, make: Callable[[], Any]) -> None:
        self.owner, self.name, self.make = owner, name, make
        setattr(owner, name, self)

    def __get__(self, v: Any, kind: type | None = None) -> Any:
        method = self.make()
        if vars(self.owner).get(self.name) is self:  # else it has been replaced meanwhile
            setattr(self.owner, self.name, method)
        return method.__get__(v, kind)

    def __repr__(self) -> str:
        return f"<lazy {self.owner.__name__}.{self.name}>"
