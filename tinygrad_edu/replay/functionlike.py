"""What a recorded function has in common with functions: it may be a method, and be copied and pickled."""

from __future__ import annotations

import copy
import functools
import sys
import types
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from .function import Jit

R = TypeVar("R")


class FunctionLike(Generic[R]):
    """An object called `name` that stands for a function `f`, with options and with what it knows (see `_forget`)."""

    f: Callable[..., Any]
    name: str
    parameters: tuple[Any, ...] | None

    def _forget(self) -> None:
        """Nothing is known of the instances of the class that this is a method of."""
        self._instances: dict[int, tuple[weakref.ref[Any], Any]] = {}

    def __get__(self, instance: Any, owner: Any = None) -> Jit[..., R]:
        """Above a method: a function for each instance, which keeps its recordings for
        as long as the instance lives.
        """
        if instance is None or not hasattr(self.f, "__get__"):
            return self  # type: ignore[return-value]
        key = id(instance)
        known = self._instances.get(key)
        if known is None or known[0]() is not instance:
            try:
                alive = weakref.ref(instance, lambda _: self._instances.pop(key, None))
            except TypeError:
                raise TypeError(
                    f"{self.name} is recorded for each {type(instance).__name__}, which cannot be weakly referenced: "
                    f"add '__weakref__' to its __slots__, or write self.{self.name} = jit(...) in __init__"
                ) from None
            known = self._instances[key] = alive, self._like(self.f)
        return known[1]._view(self.f.__get__(instance, owner))  # type: ignore[no-any-return]

    def _view(self, f: Any) -> Any:
        """The same recordings and options for a function that is this one."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__, f=f, __wrapped__=f)
        return view

    def _like(self, f: Any) -> Any:
        """The same options, and nothing recorded."""
        fresh = self._view(f)
        fresh._forget()
        return fresh

    def __copy__(self) -> Any:
        return self._like(self.f)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A function of its own; but Python does not copy functions:
        what `f` closes over, such as a model's parameters, stays the same.
        """
        twin = memo[id(self)] = self._like(self.f)
        twin.f = twin.__dict__["__wrapped__"] = copy.deepcopy(self.f, memo)
        if twin.f is not self.f:  # a method or a callable object, with all that it holds
            twin.parameters = copy.deepcopy(self.parameters, memo)
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        """By its name, as functions are pickled, or as a function that can be pickled and its options;
        what is recorded stays here.
        """
        if _found(self) is self:
            return self.__dict__["__qualname__"]
        if isinstance(self.f, types.FunctionType) and _found(self.f) is not self.f:
            raise TypeError(
                f"{self!r} cannot be pickled, because Python pickles functions by name: write def "
                f"{self.name.strip('<>')} at the top of a module, or pickle the model and write "
                "jit(f) again after loading"
            )
        return super().__reduce_ex__(protocol)


def _found(x: Any) -> Any:
    """What stands where the name of `x` says."""
    path = getattr(x, "__qualname__", "")
    return functools.reduce(
        lambda at, name: getattr(at, name, None), path.split("."), sys.modules.get(getattr(x, "__module__", None) or "")
    )
