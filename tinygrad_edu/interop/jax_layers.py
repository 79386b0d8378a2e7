"""The rows of JAX's table: the parameters of each layer of `nn`, under our names, and a function of them.

A function takes one input, or many along the axes in front: all are written for the last axes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from .. import functional, nn, ops
from ..errors import UserError
from ..ops import Op
from ..text import Expr
from .counterparts import JAX, Pair, chain, of_jax
from .libraries import package, row_function
from .torch_layers import formula_of, full


def bend(f: Any) -> Callable[[Any], Any]:
    """An activation as a function of arrays."""
    if f is None:
        return lambda x: x
    if isinstance(f, Op):
        return row_function(f, "jax")
    e = formula_of(f)
    return lambda x: _filled(e, x)


def _filled(e: Any, x: Any) -> Any:
    """A formula of x, of an array."""
    if not isinstance(e, Expr):
        return e
    return x if e.op is ops.leaf else row_function(e.op, "jax", len(e.args))(*[_filled(a, x) for a in e.args])


def dense(layer: Any) -> Pair:
    """activation(W x + b)."""
    neurons = [layer] if isinstance(layer, nn.Neuron) else layer.neurons
    tree: dict[str, Any] = {"w": [n.w for n in neurons]}
    if neurons[0].b is not None:
        tree["b"] = [n.b for n in neurons]
    f = bend(neurons[0]._bend)
    return tree, lambda p, x: f(_linear(p, x))


def _linear(p: Any, x: Any) -> Any:
    y = x @ p["w"].T
    return y + p["b"] if "b" in p else y


def conv(layer: Any) -> Pair:
    """Maps (..., channel, row, column) to maps."""
    tree: dict[str, Any] = {"w": layer.w if layer._sees is None else full(layer)}
    if layer.b:
        tree["b"] = layer.b
    f = bend(layer._bend)
    reads = (
        None if layer._sees is None else [[float(i in row) for i in range(layer.in_channels)] for row in layer._sees]
    )

    def apply(p: Any, x: Any) -> Any:
        jax = package("jax", "to_jax")
        jnp, border = jax.numpy, [(layer.padding, layer.padding)] * 2
        shape = x.shape
        x = jnp.pad(x.reshape(-1, *shape[-3:]), [(0, 0), (0, 0), *border], constant_values=layer.pad_value)
        w = p["w"] if reads is None else p["w"] * jnp.array(reads)[:, :, None, None]
        y = jax.lax.conv(x, w, (layer.stride, layer.stride), "VALID")
        if "b" in p:
            y = y + (p["b"] if layer.bias == "unit" else p["b"][:, None, None])
        return f(y.reshape(*shape[:-3], *y.shape[1:]))

    return tree, apply


def pool(add: bool) -> Callable[[Any], Pair]:
    """The mean or the largest number of windows."""

    def row(layer: Any) -> Pair:
        def apply(p: Any, x: Any) -> Any:
            lax, n, s = package("jax.lax", "to_jax"), layer.size, layer.stride
            window, steps = (1,) * (x.ndim - 2) + (n, n), (1,) * (x.ndim - 2) + (s, s)
            if add:
                return lax.reduce_window(x, 0.0, lax.add, window, steps, "VALID") / n**2
            return lax.reduce_window(x, -math.inf, lax.max, window, steps, "VALID")

        return {}, apply

    return row


def _standard(x: Any, eps: float, axes: Any, mean: bool = True) -> Any:
    away = x - x.mean(axes, keepdims=True) if mean else x
    return away / ((away**2).mean(axes, keepdims=True) + eps) ** 0.5


def layer_norm(layer: Any) -> Pair:
    """w * standard + b over the last axis."""
    return {"w": layer.w, "b": layer.b}, lambda p, x: p["w"] * _standard(x, layer.eps, -1) + p["b"]


def rms_norm(layer: Any) -> Pair:
    """w * x / spread over the last axis."""
    if not layer.affine:
        return {}, lambda p, x: _standard(x, layer.eps, -1, False)
    return {"w": layer.w}, lambda p, x: p["w"] * _standard(x, layer.eps, -1, False)


def _shaped(v: Any, maps: bool) -> Any:
    return v[:, None, None] if maps else v


def group_norm(layer: Any) -> Pair:
    """Of channels that are numbers (one sample, or a batch of two axes) or maps (of three or four)."""

    def apply(p: Any, x: Any) -> Any:
        maps = x.ndim > 2
        front = x.shape[:-3] if maps else x.shape[:-1]
        y = _standard(x.reshape(*front, layer.num_groups, -1), layer.eps, -1).reshape(x.shape)
        return _shaped(p["w"], maps) * y + _shaped(p["b"], maps)

    return {"w": layer.w, "b": layer.b}, apply


def batch_norm(layer: Any) -> Pair:
    """In training over the batch, which is the first axis; after `eval()` by the running mean and variance."""
    training, mean, variance = layer.training, layer.running_mean, layer.running_var

    def apply(p: Any, x: Any) -> Any:
        jnp, maps = package("jax.numpy", "to_jax"), x.ndim > 2
        if training:
            y = _standard(x, layer.eps, (0, 2, 3) if maps else 0)
        else:
            away = x - _shaped(jnp.array(mean), maps)
            y = away / (_shaped(jnp.array(variance), maps) + layer.eps) ** 0.5
        return _shaped(p["w"], maps) * y + _shaped(p["b"], maps)

    return {"w": layer.w, "b": layer.b}, apply


def dropout(layer: Any) -> Pair:
    """Nothing after `eval()`; in training a mask is another one at each call, which no pure function can be."""
    if layer.training and layer.p:
        raise UserError(
            f"{layer.name!r} draws new random numbers at every call, and a function of (params, x) cannot: call eval() "
            "on the model first"
        )
    return {}, lambda p, x: x


def attention(layer: Any) -> Pair:
    """Attention of a sequence (..., place, number) to itself."""
    parts = {part: dense(getattr(layer, part)) for part in ("query", "key", "value", "output")}
    heads, size = layer.num_heads, layer.embed_dim // layer.num_heads

    def apply(p: Any, x: Any) -> Any:
        jax = package("jax", "to_jax")
        jnp, n = jax.numpy, x.shape[-2]
        q, k, v = (jnp.swapaxes(_linear(p[part], x).reshape(*x.shape[:-1], heads, size), -2, -3)
                   for part in ("query", "key", "value"))  # fmt: skip
        scores = q @ jnp.swapaxes(k, -1, -2) / math.sqrt(size)
        if layer.causal:
            scores = jnp.where(jnp.tril(jnp.ones((n, n), bool)), scores, -math.inf)
        told = jnp.swapaxes(jax.nn.softmax(scores, -1) @ v, -2, -3).reshape(x.shape)
        return _linear(p["output"], told)

    return {part: tree for part, (tree, _) in parts.items()}, apply


def recurrent(names: tuple[str, ...], step: Callable[..., Any], states: int = 1) -> Callable[[Any], Pair]:
    """A recurrent layer over (..., time, number): the outputs of all steps, and the last state."""

    def row(layer: Any) -> Pair:
        parts = {name: dense(getattr(layer, name)) for name in names}
        gates = {name: f for name, (_, f) in parts.items()}

        def apply(p: Any, x: Any) -> Any:
            jnp = package("jax.numpy", "to_jax")
            zeros = jnp.zeros((*x.shape[:-2], layer.nhidden))
            state, outputs = (zeros,) * states, []
            for t in range(x.shape[-2]):
                state = step({name: functools.partial(f, p[name]) for name, f in gates.items()}, x[..., t, :], *state)
                outputs.append(state[0])
            return jnp.stack(outputs, -2), state if states > 1 else state[0]

        return {name: tree for name, (tree, _) in parts.items()}, apply

    return row


def _both(*xs: Any) -> Any:
    return package("jax.numpy", "to_jax").concatenate(xs, -1)


def _lstm(gates: Any, x: Any, h: Any, c: Any) -> tuple[Any, Any]:
    seen = _both(x, h)
    i, f, g, o = (gates[name](seen) for name in ("input", "forget", "candidate", "output"))
    c = f * c + i * g
    return o * package("jax.numpy", "to_jax").tanh(c), c


def _gru(gates: Any, x: Any, h: Any) -> tuple[Any]:
    seen = _both(x, h)
    r, z = gates["reset"](seen), gates["update"](seen)
    n = package("jax.numpy", "to_jax").tanh(gates["candidate"](x) + r * gates["memory"](h))
    return ((1 - z) * n + z * h,)


def embedding(layer: Any) -> Pair:
    """A row for each number."""
    return {"w": layer.w}, lambda p, x: p["w"][x]


def _flat(p: Any, x: Any) -> Any:
    return x.reshape(x.shape[0], -1)


JAX.update({
    Op: lambda op: ({}, lambda p, x: bend(op)(x)),
    functional.softmax: lambda f: ({}, lambda p, x: package("jax.nn", "to_jax").softmax(x, -1)),
    functional.log_softmax: lambda f: ({}, lambda p, x: package("jax.nn", "to_jax").log_softmax(x, -1)),
    nn.Neuron: dense, nn.Layer: dense, nn.Linear: dense,
    nn.MLP: lambda net: chain(list(map(dense, net.layers)), "layers"),
    nn.Conv2d: conv, nn.AvgPool2d: pool(True), nn.MaxPool2d: pool(False),
    nn.Flatten: lambda layer: ({}, _flat), nn.Dropout: dropout, nn.LayerNorm: layer_norm, nn.RMSNorm: rms_norm,
    nn.GroupNorm: group_norm, nn.BatchNorm: batch_norm, nn.Embedding: embedding, nn.MultiheadAttention: attention,
    nn.RNN: recurrent(("cell",), lambda gates, x, h: (gates["cell"](_both(x, h)),)),
    nn.LSTM: recurrent(("input", "forget", "candidate", "output"), _lstm, 2),
    nn.GRU: recurrent(("reset", "update", "candidate", "memory"), _gru),
    nn.Sequential: lambda net: chain([of_jax(step, f"{net.name}.steps.{i}") for i, step in enumerate(net.steps)]),
})  # fmt: skip
