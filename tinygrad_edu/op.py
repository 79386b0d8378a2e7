"""What a row of `ops` is: how it is called, what it says of its slopes, how it is pickled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import ieee
from .floats import Float
from .ieee import inf, number
from .rules import among, arity, checked, takes

REAL = (-inf, inf)
BARE: dict[str, Any] = {}  # the names of `ops` as its rules find them when filled with floats: a row is its forward


def smooth(*xs: Any) -> float:
    """The kink of a row that has none."""
    return 1.0


class Op:
    """One operation.  Call it with numbers, Values or names: `tanh(0.5)`, `tanh(Value(0.5))`.

    Its inputs are those that its partials have a slope for.

    >>> square = Op("square", lambda x: x * x, lambda y, x: (2 * x,))
    >>> square(3.0), square.partials(9.0, 3.0), square
    (9.0, (6.0,), <Op square>)
    """

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],  # numbers -> number
        partials: Callable[..., tuple[Any, ...]],  # (y, *numbers) -> one local gradient per input; y is the output
        symbol: str = "",  # written between its inputs; blank means name(x)
        domain: tuple[Any, ...]
        | None = None,  # one interval per input, REAL if left out; a last `...`: as many as given
        kink: Callable[..., Any] = smooth,  # zero where the local gradient jumps or blows up
        parts: Callable[..., Any] | None = None,  # the same out of smaller rows, if it is several fused into one
        textbook: Callable[..., tuple[Any, ...]] | None = None,  # the partials as books write them, if digits ask for
        recipe: tuple[Any, ...] = (),  # others; and, for a row with parameters, what makes it again
    ) -> None:
        own = getattr(partials, "__module__", "").split(".")[0] != __package__
        if domain is None:
            n, more = arity(partials) if own else (1, False)
            domain = (REAL,) * n + (...,) * more
        careful = any(d not in (REAL, ...) for d in domain)
        self.name, self.symbol, self.domain, self.kink = name, symbol, domain, kink
        self.parts, self.textbook, self.recipe = parts, textbook, recipe
        self.own = own  # a rule that was written elsewhere is checked at each use: those in here are known to be right
        self.forward = among(BARE, forward)
        self.partials = checked(name, partials) if own else partials
        self.bare: Callable[..., tuple[Any, ...]] = among(BARE, self.partials)  # for floats alone, in half the time
        self.local = self.slopes if careful else self.bare  # what backward calls: care about the domain, if it has one

    def __setattr__(self, name: str, x: Any) -> None:
        if hasattr(self, "local"):  # the last to be set
            raise AttributeError(f"{self!r} stays as it is, and so do the graphs that have it: make another, Op(...)")
        super().__setattr__(name, x)

    def __call__(self, *args: Any) -> Any:
        """Numbers compute; anything else is asked what an operation means to it."""
        for a in args:
            if type(a) is not float:
                break
        else:
            return self.forward(*args)
        for a in args:
            if hasattr(a, "__apply__"):
                return a.__apply__(self, args)
        return self.forward(*map(number, args))

    def slopes(self, y: float, *xs: float) -> tuple[float, ...]:
        """The local gradients as numbers: IEEE where Python would raise, nan outside the domain."""
        try:
            ds = self.bare(y, *xs)
        except ArithmeticError:
            ds = tuple(map(float, self.partials(Float(y), *map(Float, xs))))
        return (ieee.nan,) * len(ds) if self.outside(y) else ds

    def outside(self, y: float) -> bool:
        """Whether y is nan and the row is not defined everywhere: log(-1) is nan, and its slope is not -1."""
        return y != y and self.domain[0] != REAL

    def check_inputs(self) -> None:
        """Raise TypeError if a rule does not take as many inputs as the domain has."""
        n, more = len([d for d in self.domain if d is not ...]), ... in self.domain
        rules = {"forward rule": self.forward, "partials": self.partials, "kink": self.kink,
                 "parts": self.parts or self.forward}  # fmt: skip
        for what, rule in rules.items():
            for count in (n, n + 3) if more else (n,):
                if not takes(rule, count + (what == "partials")):
                    raise TypeError(
                        f"the row {self.name!r} has {n} input{'s' * (n != 1)}{' or more' * more}, but its {what} "
                        f"cannot be called with {'its output and ' * (what == 'partials')}{count}: "
                        "domain=(REAL, REAL) says two inputs, (REAL, ...) as many as there are; "
                        "without a domain the partials say how many"
                    )

    def __repr__(self) -> str:
        return f"<Op {self.name}>"

    def __reduce__(self) -> Any:
        return self.recipe or (row, (self.name,))  # rows pickle by name


def row(name: str) -> Op:
    """The row of that name: what a pickle asks for.  Raises KeyError if nobody has registered it.

    >>> row("tanh")
    <Op tanh>
    """
    from . import ops

    found = ops.TABLE.get(name, vars(ops).get(name))
    if not isinstance(found, Op):
        raise KeyError(
            f"no row named {name!r}: register it, with tinygrad_edu.register, before loading what was computed with it"
        )
    return found
