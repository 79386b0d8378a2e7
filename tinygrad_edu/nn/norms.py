"""Normalisation: numbers with a mean of 0 and a spread of 1, then scaled and shifted by parameters.

What is taken together says the name: `LayerNorm` all numbers of a sample, `GroupNorm` some of its channels, `BatchNorm`
one channel of all samples; `RMSNorm` leaves the mean alone.

>>> [round(v.data, 4) for v in RMSNorm(2)([3.0, 4.0])]
[0.8485, 1.1314]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .. import ops, tracing
from ..engine import Value, apply
from ..ieee import number
from ..parameters import write
from .choices import as_inputs, as_size, constants, depth, nested
from .module import Module


def _positive(eps: float) -> float:
    if not number(eps) > 0:
        raise ValueError(f"eps must be above 0, so that equal inputs can be divided by their spread, got {eps}")
    return number(eps)


def _standard(xs: Sequence[Value], eps: float) -> tuple[list[Value], Value]:
    """How far each number is from their mean, and sqrt(variance + eps)."""
    mean = apply(ops.sum, tuple(xs)) / len(xs)
    away = [x - mean for x in xs]
    return away, apply(ops.sqrt, (apply(ops.dot, (*away, *away)) / len(xs) + eps,))


class LayerNorm(Module):
    """w * (x - mean) / sqrt(variance + eps) + b over `size` inputs (Ba, Kiros & Hinton 2016); w begins as 1, b as 0.

    The variance is the mean squared deviation.  Raises ValueError for another number of inputs.

    >>> LayerNorm(2)([1.0, 3.0])
    [Value(-0.9999950000374997), Value(0.9999950000374997)]
    """

    def __init__(self, size: int, eps: float = 1e-5, name: str = "layernorm") -> None:
        self.size, self.eps, self.name = as_size(size, "size"), _positive(eps), name
        self.w, self.b = constants(size, 1.0), constants(size)

    def __call__(self, x: Any) -> list[Value]:
        xs = tuple(as_inputs(x, self.size, "LayerNorm"))
        away, spread = _standard(xs, self.eps)
        return [apply(ops.dot, (w, a / spread, b)) for w, a, b in zip(self.w, away, self.b)]


class RMSNorm(Module):
    """w * x / sqrt(mean(x²) + eps) over `size` inputs (Zhang & Sennrich 2019);
    w begins as 1, and `affine=False` leaves it out.

    Raises ValueError for another number of inputs.
    """

    def __init__(self, size: int, eps: float = 1e-5, affine: bool = True, name: str = "rmsnorm") -> None:
        self.size, self.eps, self.affine, self.name = as_size(size, "size"), _positive(eps), affine, name
        self.w = constants(size, 1.0) if affine else []

    def __call__(self, x: Any) -> list[Value]:
        xs = tuple(as_inputs(x, self.size, "RMSNorm"))
        spread = apply(ops.sqrt, (apply(ops.dot, (*xs, *xs)) / self.size + self.eps,))
        return [w * (x / spread) for w, x in zip(self.w, xs)] if self.affine else [x / spread for x in xs]


def _values(x: Any) -> Iterator[Value]:
    """All numbers in nested lists, or in none, as Values."""
    if nested(x):
        for v in x:
            yield from _values(v)
    else:
        yield x if isinstance(x, Value) else Value(x)


def _like(x: Any, values: Iterator[Value]) -> Any:
    """The next values in the nesting of `x`."""
    return [_like(v, values) for v in x] if nested(x) else next(values)


def _channels(x: Any, n: int, who: str) -> list[list[Value]]:
    """The numbers of each of n channels, which are numbers or maps.

    Raises ValueError for another number of channels.
    """
    if not nested(x) or len(x) != n:
        raise ValueError(
            f"{who} expects a sample of {n} channels, numbers or maps, got {len(x) if nested(x) else repr(x)}"
        )
    return [list(_values(channel)) for channel in x]


class GroupNorm(Module):
    """LayerNorm of `num_groups` groups of neighbouring channels, each by itself (Wu & He 2018);
    w and b for each channel.

    A channel is a number, or a map (rows of numbers) as `Conv2d` makes it.
    Raises ValueError if the channels do not divide evenly.

    >>> [round(v.data, 3) for v in GroupNorm(2, 4)([1.0, 3.0, 10.0, 30.0])]
    [-1.0, 1.0, -1.0, 1.0]
    """

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, name: str = "groupnorm") -> None:
        self.num_groups, self.num_channels = (
            as_size(num_groups, "num_groups"),
            as_size(num_channels, "num_channels"),
        )
        self.eps, self.name = _positive(eps), name
        if num_channels % num_groups:
            raise ValueError(f"{num_channels} channels cannot be divided into {num_groups} groups of one size")
        self.w, self.b = constants(num_channels, 1.0), constants(num_channels)

    def __call__(self, x: Any) -> Any:
        channels, size = _channels(x, self.num_channels, "GroupNorm"), self.num_channels // self.num_groups
        out = []
        for g in range(0, self.num_channels, size):
            away, spread = _standard([v for channel in channels[g : g + size] for v in channel], self.eps)
            standard = iter(away)
            for c in range(g, g + size):
                out += [apply(ops.dot, (self.w[c], next(standard) / spread, self.b[c])) for _ in channels[c]]
        return _like(x, iter(out))


class BatchNorm(Module):
    """w * (x - mean) / sqrt(variance + eps) + b for each of `size` channels,
    over all samples of a batch (Ioffe & Szegedy 2015).

    In training it is called with the whole batch, a list of at least two samples, and gives one; it also follows the
    mean and the (unbiased) variance of the batches: running = (1 - momentum) * running + momentum * that of the batch.
    After `eval()` it uses these `running_mean` and `running_var`, on a batch or on one sample; they are saved with the
    parameters.  A sample is a list of `size` channels, each a number or a map (rows of numbers).  Raises ValueError for
    another number of channels, or one sample in training.

    >>> norm = BatchNorm(1)
    >>> [[a], [b]] = norm([[1.0], [3.0]])
    >>> round(a.data, 3), round(b.data, 3), norm.running_mean, norm.eval()([0.2])
    (-1.0, 1.0, [0.2], [Value(0.0)])
    """

    def __init__(self, size: int, eps: float = 1e-5, momentum: float = 0.1, name: str = "batchnorm") -> None:
        self.size, self.eps, self.momentum, self.name = as_size(size, "size"), _positive(eps), number(momentum), name
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"momentum, the share of a new batch in the running mean, is from 0 to 1, got {momentum}")
        self.w, self.b = constants(size, 1.0), constants(size)
        # Not trained: the underscore says so.
        self._mean = [Value(0.0, label=f"{name}.running_mean[{c}]") for c in range(size)]
        self._var = [Value(1.0, label=f"{name}.running_var[{c}]") for c in range(size)]

    running_mean = property(
        lambda self: [v.data for v in self._mean], doc="The mean of each channel, over the batches so far."
    )
    running_var = property(
        lambda self: [v.data for v in self._var], doc="The variance of each channel, over the batches so far."
    )

    def _kept(self) -> list[tuple[str, Value]]:
        named = {"running_mean": self._mean, "running_var": self._var}
        return [(f"{what}[{c}]", v) for what, vs in named.items() for c, v in enumerate(vs)]

    def __call__(self, x: Any) -> Any:
        batch = depth(x) in (2, 4)  # of lists of numbers, or of maps
        if not self.training:
            return [self._used(sample) for sample in x] if batch else self._used(x)
        if not batch or len(x) < 2:
            raise ValueError(
                f"{self.name} is in training, where it needs the samples of a batch together, at least two: a list, "
                f"each of {self.size} channels, norm([layer(x) for x in batch]); or call eval() first, "
                "to use what it has learned"
            )
        if tracing.active():
            raise tracing.RecordingError(
                f"{self.name} follows the mean of every batch, and a replay would not: record the "
                "model after eval(), or train it with backend='eager'"
            )
        samples = [_channels(sample, self.size, "BatchNorm") for sample in x]
        outs: list[list[list[Value]]] = [[] for _ in samples]
        means, variances, m = [], [], self.momentum
        for c, (w, b) in enumerate(zip(self.w, self.b)):
            xs = [v for sample in samples for v in sample[c]]
            away, spread = _standard(xs, self.eps)
            normed = iter([apply(ops.dot, (w, a / spread, b)) for a in away])
            for out, sample in zip(outs, samples):
                out.append([next(normed) for _ in sample[c]])
            means.append((1 - m) * self._mean[c].data + m * sum(v.data for v in xs) / len(xs))
            variances.append((1 - m) * self._var[c].data + m * sum(a.data**2 for a in away) / (len(xs) - 1))
        write("data", [*self._mean, *self._var], [*means, *variances])
        return [_like(sample, iter([v for channel in out for v in channel])) for sample, out in zip(x, outs)]

    def _used(self, sample: Any) -> Any:
        """One sample, by the running mean and variance."""
        channels, out = _channels(sample, self.size, "BatchNorm"), []
        for xs, w, b, mean, variance in zip(channels, self.w, self.b, self._mean, self._var):
            spread = (variance + self.eps).sqrt()
            out += [apply(ops.dot, (w, (x - mean) / spread, b)) for x in xs]
        return _like(sample, iter(out))
