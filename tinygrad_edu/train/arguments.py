"""What `fit` was given, checked before anything is changed, and brought into the form that the loop works on."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import files, losses, modes, optim
from ..data import batches, split
from ..data.samples import are_classes
from ..engine import Value
from ..errors import meant
from ..positions import check_data
from ..replay import BACKENDS

if TYPE_CHECKING:
    from ..runs import RunRecorder


class Given(NamedTuple):
    """Samples and targets to learn from; those that are only looked at, in one pair of lists,
    and which of them are for what.
    """

    X: Any
    y: Any
    held: tuple[list[Any], list[Any]]
    validation: range
    test: range
    watched: list[Value]
    judged: bool
    backend: str
    batches: int  # of each epoch


OPTIMIZERS: dict[str, Callable[..., Any]] = {
    name.lower(): kind
    for name, kind in vars(optim).items()
    if isinstance(kind, type) and issubclass(kind, optim.Optimizer) and kind is not optim.Optimizer
}
LOSSES: dict[str, Callable[..., Any]] = {name: getattr(losses, name) for name in losses.__all__ if name != "l2"}


def by_name(loss: Any, optimizer: Any, lr: Any, model: Any) -> tuple[Any, Any]:
    """A loss and an optimizer that may have been given by their names.

    Raises ValueError, with all names, for others.
    """
    for what, name, known in (("loss", loss, LOSSES), ("optimizer", optimizer, OPTIMIZERS)):
        if isinstance(name, str) and name.lower() not in known:
            near = meant(name, known) or ":"
            raise ValueError(f"there is no {what} {name!r}{near} choose one of {', '.join(known)}, or pass your own")
    if isinstance(loss, str):
        loss = LOSSES[loss.lower()]
    if isinstance(optimizer, type):
        raise TypeError(
            f"optimizer must be made for the parameters, optim.{optimizer.__name__}(model.parameters()), or named: "
            "this is the class"
        )
    if not isinstance(optimizer, str):
        if lr is not None:
            raise ValueError(
                "lr is for an optimizer that is given by its name: this one has a learning rate of its own"
            )
        return loss, optimizer
    if not hasattr(model, "parameters"):
        if isinstance(model, (list, tuple)):
            raise TypeError("the model comes first: fit(model, X, y, loss=..., optimizer=...)")
        raise TypeError(
            f"optimizer={optimizer!r} moves model.parameters(), which {model!r:.80} does not have: "
            "pass optim.Adam(parameters)"
        )
    if lr is None and optimizer.lower() == "sgd":
        raise ValueError("optimizer='sgd' needs a learning rate: pass lr=0.1, say")
    return loss, OPTIMIZERS[optimizer.lower()](model.parameters(), **({} if lr is None else {"lr": lr}))


def check(model: Any, X: Any, y: Any, loss: Any, optimizer: Any, epochs: Any, batch_size: Any, seed: int, test: Any,
          validation: Any, patience: Any, accuracy: bool | None, anomalies: str | None,
          backend: str) -> Given:  # fmt: skip
    """What `fit` works on.  Raises ValueError or TypeError if its arguments do not fit together."""
    X, y = check_data("X and y", X, y)
    if not isinstance(epochs, Integral) or epochs < 0:
        raise ValueError(f"epochs is a whole number, 0 or more, got {epochs!r}")
    if not hasattr(batch_size, "__index__"):
        raise ValueError(f"batch_size is a whole number, 1 or more, got {batch_size!r}")
    for what, thing, needed, hint in (
        ("model", model, "__call__", "something to call with one sample"),
        ("loss", loss, "__call__", "a function such as losses.mse"),
        ("optimizer", optimizer, "step", "made for the parameters, as in optim.Adam(model.parameters())"),
    ):
        if not hasattr(thing, needed):
            raise TypeError(f"{what} must be {hint}, got {thing!r}")
    if getattr(optimizer, "flat", False):
        raise TypeError(
            "fit moves the Values of a model, and this optimizer moves the numbers of an array: "
            "make it from model.parameters()"
        )
    watched, own = _parameters(optimizer), _parameters(model)
    if watched and own and not {*map(id, watched)} & {*map(id, own)}:
        raise ValueError(f"the optimizer moves none of this model's {len(own)} parameters, but {len(watched)} others: "
                         "make it anew, from this model.parameters()")  # fmt: skip
    if backend not in ("eager", "auto", *BACKENDS):
        raise ValueError(f"backend is one of eager, auto, {', '.join(BACKENDS)}, got {backend!r}")
    if anomalies in ("raise", "warn") or anomalies is None and modes.strict():
        if backend in BACKENDS:
            raise ValueError(
                f"{f'anomalies={anomalies!r}' if anomalies else 'anomalies(...)'} looks at every node, and the "
                f"{backend} backend builds none: use backend='eager', or 'auto', which is then the same"
            )
        backend = "eager"
    if patience is not None and (not isinstance(patience, Integral) or isinstance(patience, bool) or patience < 1):
        raise ValueError(
            f"patience is how many epochs may pass without a better validation loss, 1 or more, got {patience!r}"
        )
    if patience is not None and validation is None:
        raise ValueError(
            "patience waits for a better validation loss: say what to validate on, validation=0.1 or validation=(X, y)"
        )
    judged = are_classes(y) if accuracy is None else accuracy
    if isinstance(validation, (float, Integral)):
        X, y, apart = _set_apart(X, y, validation, seed, judged)
    else:
        apart = _pair("validation", validation)
    tested = _pair("test", test)
    n = len(apart[0])
    held = [*apart[0], *tested[0]], [*apart[1], *tested[1]]
    if not epochs:
        backend = "eager"  # nothing is recorded in vain
    elif not modes.recording():
        raise RuntimeError(
            "fit under no_grad(): nothing remembers its parents there, so there are no gradients to learn from; "
            "call fit outside of it"
        )
    count = len(list(batches(len(X), batch_size)))
    return Given(X, y, held, range(n), range(n, n + len(tested[0])), watched, judged, backend, count)


def check_watch(watch: Any, model: Any, given: Given) -> None:
    """Give a watch without data what there is.  Raises TypeError or ValueError for what is no watch, or one over
    another model.
    """
    if watch is None:
        return
    from ..doctor import Watch  # who has one has loaded it

    if not isinstance(watch, Watch):
        raise TypeError(f"watch is what diagnose.watch(model) gives, got {type(watch).__name__} {watch!r:.60}")
    if watch.model is not model:
        raise ValueError(
            f"this watch is over another model, {watch.model!r:.60}: make one for this, diagnose.watch(model)"
        )
    if watch.data is None:
        watch.data = (given.X, given.y)


def recorder_for(record: Any, model: Any, loss: Any, given: Given) -> RunRecorder | None:
    """The recorder of a training, if there is to be one: of a path, which is looked at now, True, or one that was made.

    Raises TypeError for anything else, ValueError for one of another model or loss, and what `files.check` raises.
    """
    if record is None or record is False:
        return None
    from ..runs import RunRecorder  # with all that draws a page
    from ..webpage.document import page_path

    if isinstance(record, RunRecorder):
        if record.model is not model:
            raise ValueError(f"this recorder is of another model, {record.model!r:.60}: make one of this")
        if record.loss != loss:  # its page would show the gradients of the other
            raise ValueError(f"this recorder is of another loss, {record.loss!r:.60}: make one of this")
        return record
    if isinstance(record, (str, os.PathLike)):
        files.check(page_path(record))
    elif record is not True:
        raise TypeError(f"record is the name of a page, 'run.html', True, or a RunRecorder, got {record!r:.60}")
    parameters = _parameters(model) or given.watched
    return RunRecorder(model, given.X, given.y, loss, parameters=parameters, classes=given.judged)


def _parameters(owner: Any) -> list[Value]:
    """What an optimizer moves or a model has, if it says so."""
    found = getattr(owner, "parameters", [])
    return list(found() if callable(found) else found)


def _pair(what: str, given: Any) -> Sequence[Any]:
    """Samples and targets that are only looked at; none if there are none."""
    if given is None:
        return [], []
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise TypeError(f"{what} is a pair (X, y) of samples and their targets, got {type(given).__name__}"
                        + (f" of {len(given)}" if isinstance(given, (tuple, list)) else ""))  # fmt: skip
    return check_data(f"{what}=(X, y)", *given)


def _set_apart(X: Any, y: Any, share: Any, seed: int, judged: bool) -> tuple[Any, Any, Sequence[Any]]:
    """Samples to learn from and samples to validate on, each class with its share of both where it can have one."""
    n = len(X)
    whole = isinstance(share, Integral) and not isinstance(share, bool)
    count = int(share) if whole else math.ceil(share * n - 1e-9) if 0 < share < 1 else 0
    if not 0 < count < n:
        raise ValueError(
            f"validation is a pair (X, y), or how many of the {n} samples to set apart, 1 to {n - 1}, or their share "
            f"such as 0.1, got {share!r}"
        )
    for stratify in (True, False) if judged else (False,):
        try:
            parts = split(X, y, test=count, seed=seed, stratify=stratify)
            return parts[0], parts[1], parts[2:]
        except ValueError:  # a class of one sample
            pass
    raise AssertionError


class Best:
    """The numbers of a model at its smallest validation loss."""

    def __init__(self, model: Any, watched: Sequence[Value]) -> None:
        own = hasattr(model, "state_dict") and hasattr(model, "load_state_dict")
        self.read: Callable[[], Any] = model.state_dict if own else lambda: [p.data for p in parameters]
        self.put: Callable[[Any], Any] = model.load_state_dict if own else self._write
        self.parameters = parameters = [*watched] or _parameters(model)
        self.loss, self.epoch, self.numbers = math.inf, 0, None

    def _write(self, numbers: Sequence[float]) -> None:
        for p, x in zip(self.parameters, numbers):
            p.data = x

    def see(self, loss: float | None, epoch: int) -> int:
        """Keep the numbers of this epoch, if there was none as good; returns the best one."""
        if loss is not None and loss < self.loss:
            self.loss, self.epoch, self.numbers = loss, epoch, self.read()
        return self.epoch

    def restore(self) -> None:
        """Put the numbers of the best epoch back."""
        if self.epoch:
            self.put(self.numbers)
