"""Images: maps of numbers, as nested lists `maps[channel][row][column]`, in and out.

>>> conv = Conv2d(1, 2, kernel=3, init="zeros")
>>> maps = conv([[[0.0] * 5] * 4])
>>> len(maps), len(maps[0]), len(maps[0][0])
(2, 2, 3)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from .. import ops
from ..engine import Value, apply, constant
from ..ieee import number
from .choices import Activation, Init, Seed, activated, as_size, chosen, constants, depth, initial_weights, stream
from .module import Module

Maps = list[list[list[Value]]]


class Conv2d(Module):
    """`out_channels` maps whose units look at kernel × kernel windows of the input, all with the same weights.

    `w[o][i][r][c]` weighs row r, column c of the window in the i-th input map that output map o reads.  By default a
    map reads every input map; `table[o]` lists those it reads instead.  `bias` is "map" (one per output map),
    "unit" (one per unit, as in LeCun et al. 1989; `size`, the height and width of the input, must be given) or
    "none".  The border of `padding` units on each side holds `pad_value`.  Raises ValueError if the input does not fit.

    >>> conv = Conv2d(1, 12, 5, stride=2, padding=2, bias="unit", size=16, init="lecun89", seed=0)
    >>> len(conv.parameters()), conv.w[11][0][4][4].label, conv.b[11][7][7].label
    (1068, 'conv2d.w[11][0][4][4]', 'conv2d.b[11][7][7]')
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, padding: int = 0,
                 activation: Activation = "linear", bias: str = "map", size: int | Sequence[int] | None = None,
                 table: Sequence[Sequence[int]] | None = None, pad_value: float = 0.0, init: Init = "he",
                 seed: Seed = None, name: str = "conv2d") -> None:  # fmt: skip
        self.in_channels, self.out_channels = (
            as_size(in_channels, "in_channels"),
            as_size(out_channels, "out_channels"),
        )
        self.kernel, self.stride = as_size(kernel, "kernel"), as_size(stride, "stride")
        self.padding, self.pad_value = as_size(padding, "padding", 0), number(pad_value)
        self.activation, self.bias, self.size, self.table = activation, bias, _pair(size), table
        self.init, self.seed, self.name = init, seed, name
        self._bend = chosen(activation)
        self._sees = _checked(table, in_channels, out_channels) if table is not None else None
        rng, fan_out = stream(seed), out_channels * kernel**2
        self.w = []
        for o in range(out_channels):
            n = in_channels if self._sees is None else len(self._sees[o])
            drawn = iter(initial_weights(n * kernel**2, init, n * kernel**2, fan_out, rng))
            self.w.append([[[next(drawn) for _ in range(kernel)] for _ in range(kernel)] for _ in range(n)])
        self.b: list[Any] = self._biases()

    def _biases(self) -> list[Any]:
        if self.bias == "none":
            return []
        if self.bias == "map":
            return constants(self.out_channels)
        if self.bias != "unit":
            raise ValueError(f"bias is 'map', 'unit' or 'none', got {self.bias!r}")
        if self.size is None:
            raise ValueError(
                "Conv2d with one bias per unit must know how many units there are: pass size=(height, "
                "width) of its input"
            )
        h, w = self.shape(*self.size)
        return [[constants(w) for _ in range(h)] for _ in range(self.out_channels)]

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of each output map.  Raises ValueError if the input is smaller than the kernel.

        >>> Conv2d(1, 1, kernel=5, stride=2, padding=2).shape(16, 16)
        (8, 8)
        """
        h, w = (n + 2 * self.padding - self.kernel for n in (height, width))
        if h < 0 or w < 0:
            raise ValueError(
                f"a map of {height} x {width}, padded by {self.padding}, is too small for Conv2d "
                f"with kernel {self.kernel}"
            )
        return h // self.stride + 1, w // self.stride + 1

    def __call__(self, x: Any) -> Maps:
        maps = as_maps(x, self.in_channels, "Conv2d")
        k, s = self.kernel, self.stride
        height, width = self.shape(len(maps[0]), len(maps[0][0]))
        if self.bias == "unit" and (height, width) != (len(self.b[0]), len(self.b[0][0])):
            raise ValueError(f"Conv2d was built for inputs of size {self.size}, got {len(maps[0])} x {len(maps[0][0])}")
        maps = _padded(maps, self.padding, self.pad_value)
        flat = [[v for window in w for row in window for v in row] for w in self.w]
        out: Maps = [[[] for _ in range(height)] for _ in flat]
        for r in range(height):
            for c in range(width):
                seen = [[v for row in m[r * s : r * s + k] for v in row[c * s : c * s + k]] for m in maps]
                for o, w in enumerate(flat):
                    xs = [v for i in (self._sees[o] if self._sees else range(len(maps))) for v in seen[i]]
                    b = () if not self.b else (self.b[o][r][c] if self.bias == "unit" else self.b[o],)
                    out[o][r].append(activated(self._bend, apply(ops.dot, (*w, *xs, *b))))
        return out


def _pair(size: Any) -> list[int] | None:
    """Height and width; one number stands for both.  Raises ValueError for another number of numbers."""
    if size is None:
        return None
    both = list(size) if hasattr(size, "__len__") else [size, size]
    if len(both) != 2:
        raise ValueError(f"size is (height, width) of the input, or one number for both, got {size!r}")
    return [as_size(n, "size") for n in both]


def _checked(table: Any, in_channels: int, out_channels: int) -> list[list[int]]:
    """A connection table that makes sense.  Raises ValueError for one that does not."""
    rows = [[as_size(i, f"table[{o}], which lists input maps,", 0) for i in row] for o, row in enumerate(table)]
    if len(rows) != out_channels:
        raise ValueError(
            f"table needs one list of input maps for each of the {out_channels} output maps, got {len(rows)}"
        )
    for o, row in enumerate(rows):
        if not row or len(set(row)) < len(row) or max(row) >= in_channels:
            raise ValueError(
                f"table[{o}] = {row}: it must list some of the input maps 0 to {in_channels - 1}, each once"
            )
    return rows


def as_maps(x: Any, channels: int, who: str) -> Maps:
    """Nested lists as maps of Values, all of one size; a single map need not be wrapped.

    Raises ValueError if they do not fit.
    """

    if depth(x) == 2 and channels in (0, 1):
        x = [x]
    if depth(x) != 3:
        raise ValueError(
            f"{who} expects maps[channel][row][column], got {type(x).__name__} with {depth(x)} levels of nesting"
        )
    if channels and len(x) != channels:
        raise ValueError(f"{who} expects {channels} input maps, got {len(x)}")
    if len({len(m) for m in x}) > 1 or len({len(row) for m in x for row in m}) > 1:
        raise ValueError(f"{who} expects maps of one size, got rows of different lengths or maps of different heights")
    return [[[v if isinstance(v, Value) else constant(v) for v in row] for row in m] for m in x]


def _padded(maps: Maps, n: int, data: float) -> Maps:
    """Each map with a border of `n` on every side."""
    if not n:
        return maps
    border = constant(data)  # one Value for all of it
    across = [[border] * (len(maps[0][0]) + 2 * n)] * n
    return [[*across, *([border] * n + row + [border] * n for row in m), *across] for m in maps]


def _windows(size: int, stride: int | None) -> tuple[int, int]:
    return as_size(size, "size"), as_size(size if stride is None else stride, "stride")


def _pooled(layer: MaxPool2d | AvgPool2d, x: Any, pool: Callable[[list[Value]], Value]) -> Maps:
    """One number for each window of each map."""
    maps, n, s = as_maps(x, 0, type(layer).__name__), layer.size, layer.stride
    height, width = len(maps[0]), len(maps[0][0])
    if n > min(height, width):
        raise ValueError(
            f"{type(layer).__name__} with windows of {n} x {n} cannot read maps of {height} x {width}: "
            "they are too small"
        )
    return [[[pool([v for row in m[r : r + n] for v in row[c : c + n]]) for c in range(0, width - n + 1, s)]
             for r in range(0, height - n + 1, s)] for m in maps]  # fmt: skip


class MaxPool2d(Module):
    """The largest number of each size × size window; windows do not overlap unless `stride` says so.

    >>> MaxPool2d(2)([[[1.0, 2.0], [3.0, 4.0]]])
    [[[Value(4.0)]]]
    """

    def __init__(self, size: int, stride: int | None = None, name: str = "maxpool2d") -> None:
        (self.size, self.stride), self.name = _windows(size, stride), name

    def __call__(self, x: Any) -> Maps:
        return _pooled(self, x, lambda window: reduce(lambda a, b: apply(ops.maximum, (a, b)), window))  # nan goes on


class AvgPool2d(Module):
    """The mean of each size × size window.

    >>> AvgPool2d(2)([[[1.0, 2.0], [3.0, 4.0]]])
    [[[Value(2.5)]]]
    """

    def __init__(self, size: int, stride: int | None = None, name: str = "avgpool2d") -> None:
        (self.size, self.stride), self.name = _windows(size, stride), name

    def __call__(self, x: Any) -> Maps:
        return _pooled(self, x, lambda window: apply(ops.sum, tuple(window)) / len(window))
