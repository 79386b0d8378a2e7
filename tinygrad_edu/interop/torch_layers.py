"""The rows of PyTorch's table: what each layer of `nn` is called there, and where its numbers are kept.

Where PyTorch has no layer of the kind, the row brings a class of a few lines, which the source prints with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .. import functional, nn, ops
from ..engine import Value, topological
from ..errors import UserError
from ..exact import kind
from ..nn.choices import chosen
from ..ops import Op
from ..text import Expr, name
from .counterparts import TORCH, Counterpart, of_torch, sequence
from .libraries import TORCH as SPEECH

MODULES = {
    "tanh": "Tanh()", "sigmoid": "Sigmoid()", "relu": "ReLU()", "logsigmoid": "LogSigmoid()", "softsign": "Softsign()",
    "softplus": "Softplus(threshold=40)", "relu6": "ReLU6()", "elu": "ELU()", "selu": "SELU()", "silu": "SiLU()",
    "mish": "Mish()", "gelu": "GELU()", "gelu_tanh": 'GELU(approximate="tanh")', "hardtanh": "Hardtanh()",
    "hardswish": "Hardswish()", "leaky_relu": "LeakyReLU({n})", "softmax": "Softmax(dim=-1)",
    "log_softmax": "LogSoftmax(dim=-1)",
}  # fmt: skip


def activation(f: Any) -> Counterpart:
    """A row, or a function of one Value, as a layer."""
    if isinstance(f, Op) and kind(f) in MODULES:
        return Counterpart("nn." + MODULES[kind(f)].format(n=", ".join(map(repr, f.recipe[1] if f.recipe else ()))))
    given = getattr(f, "__name__", "f") if not isinstance(f, Op) else kind(f)
    called = "".join(part.title() for part in re.findall("[a-z0-9]+", given.lower())) or "Bend"
    called = "Bend" if called == "Lambda" else called
    e = formula_of(f) if not isinstance(f, Op) else f(name("x"))
    speech = SPEECH.fresh()
    prelude = speech.prelude([e]).removeprefix("import torch\nimport torch.nn.functional as F").strip()
    text = f"class {called}(nn.Module):\n    def forward(self, x):\n        return {speech.write(e)}"
    return Counterpart(f"{called}()", classes={called: f"{prelude}\n\n\n{text}" if prelude else text})


def formula_of(f: Callable[[Value], Any]) -> Any:
    """What a function of one Value computes, as a formula of x.

    Raises UserError if it is another one elsewhere: a function that asks whether x > 0, say; or if it reads a Value
    from outside, such as a slope that is learned, which would be a number there.
    """
    at = [-1e3, -3.7, -0.9, -0.1, 0.2, 0.8, 4.1, 1e3]
    called = getattr(f, "__name__", "") or type(f).__name__
    graphs = [(x := Value(p), topological(y) if isinstance(y := f(x), Value) else [], y) for p in at]
    written = []
    for x, order, y in graphs:
        terms: dict[Value, Any] = {x: name("x")}
        if outside := next((n for n in order if n in graphs[-1][1] and order is not graphs[-1][1]), None):
            raise UserError(
                f"the activation {called} reads {outside!r:.60}, which can learn here and would be a number there: "
                "make a layer of it, and say what that is, counterpart(...)"
            )
        for n in order:
            terms.setdefault(n, Expr(n.op, tuple(terms[p] for p in n.parents)) if n.parents else n.data)
        written.append(terms.get(y, y))
    if len({str(e) for e in written}) > 1:
        raise UserError(
            f"the activation {called} is not one formula: at {at[0]} it computes {written[0]}, at {at[-1]} "
            f"{written[-1]}; make it of ops.where, ops.maximum and other rows"
        )
    return written[0]


def dense(layer: Any) -> Counterpart:
    """Neurons side by side: `nn.Linear`, and what bends its outputs."""
    neurons = [layer] if isinstance(layer, nn.Neuron) else layer.neurons
    weights: dict[str, Any] = {"weight": [n.w for n in neurons]}
    if neurons[0].b is not None:
        weights["bias"] = [n.b for n in neurons]
    bias = "" if "bias" in weights else ", bias=False"
    linear = Counterpart(f"nn.Linear({neurons[0].nin}, {len(neurons)}{bias})", weights)
    return sequence([linear, *bent(neurons[0]._bend)])


def bent(bend: Any) -> list[Counterpart]:
    """An activation as a list of none or one."""
    return [] if bend is None else [activation(bend)]


CLASSES = {
    "UnitBias": """class UnitBias(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return x + self.bias""",
    "PartialConv2d": """class PartialConv2d(nn.Conv2d):  # output map o reads the input maps reads[o] alone
    def __init__(self, *sizes, reads, **how):
        super().__init__(*sizes, **how)
        mask = torch.zeros_like(self.weight)
        for o, maps in enumerate(reads):
            mask[o, maps] = 1.0
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        return nn.functional.conv2d(x, self.weight * self.mask, self.bias, self.stride, self.padding)""",
    "SelfAttention": """class SelfAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, bias=True, causal=False):
        super().__init__()
        self.attention = nn.MultiheadAttention(embed_dim, num_heads, bias=bias, batch_first=True)
        self.causal = causal

    def forward(self, x):
        n = x.shape[-2]
        mask = torch.ones(n, n, dtype=torch.bool).triu(1) if self.causal else None  # True: is not looked at
        return self.attention(x, x, x, attn_mask=mask, need_weights=False)[0]""",
}


def conv(layer: Any) -> Counterpart:
    """A convolution; its border, its units' biases and its activation are layers of their own there."""
    parts, pads = [], ""
    if layer.padding and layer.pad_value:
        parts.append(Counterpart(f"nn.ConstantPad2d({layer.padding}, {layer.pad_value!r})"))
    elif layer.padding:
        pads = f", padding={layer.padding}"
    stride = f", stride={layer.stride}" * (layer.stride != 1)
    bias = ", bias=False" * (layer.bias != "map")
    sizes = f"{layer.in_channels}, {layer.out_channels}, {layer.kernel}{stride}{pads}{bias}"
    weights: dict[str, Any] = {"weight": layer.w}
    if layer.bias == "map":
        weights["bias"] = layer.b
    if layer._sees is None:
        parts.append(Counterpart(f"nn.Conv2d({sizes})", weights))
    else:
        weights["weight"] = full(layer)
        code = f"PartialConv2d({sizes}, reads={layer._sees})"
        parts.append(Counterpart(code, weights, {"PartialConv2d": CLASSES["PartialConv2d"]}))
    if layer.bias == "unit":
        shape = f"{layer.out_channels}, {len(layer.b[0])}, {len(layer.b[0][0])}"
        parts.append(Counterpart(f"UnitBias({shape})", {"bias": layer.b}, {"UnitBias": CLASSES["UnitBias"]}))
    return sequence([*parts, *bent(layer._bend)])


def full(layer: Any) -> Any:
    """The weights of a convolution with zeros where a map is not read."""
    nothing = [[0.0] * layer.kernel] * layer.kernel
    return [
        [dict(zip(sees, w)).get(i, nothing) for i in range(layer.in_channels)] for sees, w in zip(layer._sees, layer.w)
    ]


def pool(what: str) -> Callable[[Any], Counterpart]:
    """A pooling layer."""
    return lambda layer: Counterpart(f"nn.{what}({layer.size}, stride={layer.stride})")


def norm(code: Callable[[Any], str]) -> Callable[[Any], Counterpart]:
    """A normalisation with a gain, and if it has one a shift."""

    def row(layer: Any) -> Counterpart:
        weights = {"weight": layer.w} if layer.w else {}
        if hasattr(layer, "b"):
            weights["bias"] = layer.b
        if hasattr(layer, "_mean"):
            weights |= {"running_mean": layer._mean, "running_var": layer._var}
        return Counterpart(code(layer), weights)

    return row


def attention(layer: Any) -> Counterpart:
    """Attention of a sequence to itself: query, key and value are one matrix there."""
    parts = [part.neurons for part in (layer.query, layer.key, layer.value)]
    weights: dict[str, Any] = {
        "attention.in_proj_weight": [n.w for neurons in parts for n in neurons],
        "attention.out_proj.weight": [n.w for n in layer.output.neurons],
    }
    if layer.bias:
        weights["attention.in_proj_bias"] = [n.b for neurons in parts for n in neurons]
        weights["attention.out_proj.bias"] = [n.b for n in layer.output.neurons]
    said = ", bias=False" * (not layer.bias) + ", causal=True" * layer.causal
    code = f"SelfAttention({layer.embed_dim}, {layer.num_heads}{said})"
    return Counterpart(code, weights, {"SelfAttention": CLASSES["SelfAttention"]})


def recurrent(layer: Any, code: str, gates: list[Any], memory: Any = None) -> Counterpart:
    """A recurrent layer.  There, every gate has two biases that are added: the second stays 0 here, but for a GRU's."""
    n, hidden = layer.nin, layer.nhidden
    neurons = [neuron for gate in gates for neuron in gate.neurons]
    states: list[Any] = [neuron.w[n:] for neuron in neurons]
    biases: list[Any] = [0.0] * len(neurons)
    after = "{}.bias_hh_l0.requires_grad_(False)  # the second of two biases that are only ever added"
    if memory is not None:
        states[2 * hidden :] = [neuron.w for neuron in memory.neurons]
        biases[2 * hidden :] = [neuron.b for neuron in memory.neurons]
        zeros = f"torch.arange({3 * hidden}) >= {2 * hidden}"
        after = f"{{}}.bias_hh_l0.register_hook(lambda g: g * ({zeros}))  # r and z have two biases: one stays 0"
    return Counterpart(
        f"{code.format(f'{n}, {hidden}')}",
        {"weight_ih_l0": [neuron.w[:n] for neuron in neurons], "weight_hh_l0": states,
         "bias_ih_l0": [neuron.b for neuron in neurons], "bias_hh_l0": biases},
        after=[after],
    )  # fmt: skip


def rnn(layer: Any) -> Counterpart:
    """Elman's: PyTorch has it with tanh and relu."""
    bend = chosen(layer.activation)
    if bend not in (ops.tanh, ops.relu):
        raise UserError(f"PyTorch's nn.RNN has tanh and relu, and {layer.name!r} has {layer.activation!r}")
    how = ', nonlinearity="relu"' * (bend is ops.relu)
    return recurrent(layer, f"nn.RNN({{}}{how}, batch_first=True)", [layer.cell])


def sequential(net: Any) -> Counterpart:
    """Layers in a row.  Of maps, PyTorch's BatchNorm has another name."""
    parts, maps = [], False
    for i, step in enumerate(net.steps):
        part = of_torch(step, f"{net.name}.steps.{i}")
        maps = isinstance(step, nn.Conv2d | nn.AvgPool2d | nn.MaxPool2d) or maps and not isinstance(step, nn.Flatten)
        if maps and isinstance(step, nn.BatchNorm):
            part.code = part.code.replace("1d", "2d")
        parts.append(part)
    return sequence(parts)


TORCH.update({
    Op: activation, functional.softmax: lambda f: Counterpart("nn.Softmax(dim=-1)"),
    functional.log_softmax: lambda f: Counterpart("nn.LogSoftmax(dim=-1)"),
    nn.Neuron: dense, nn.Layer: dense, nn.Linear: dense, nn.MLP: lambda net: sequence(list(map(dense, net.layers))),
    nn.Conv2d: conv, nn.AvgPool2d: pool("AvgPool2d"), nn.MaxPool2d: pool("MaxPool2d"),
    nn.Flatten: lambda layer: Counterpart("nn.Flatten()"),
    nn.Dropout: lambda layer: Counterpart(f"nn.Dropout({layer.p!r})"),
    nn.LayerNorm: norm(lambda layer: f"nn.LayerNorm({layer.size}, eps={layer.eps!r})"),
    nn.RMSNorm: norm(lambda layer: f"nn.RMSNorm({layer.size}, eps={layer.eps!r}"
                                   f"{', elementwise_affine=False' * (not layer.affine)})"),
    nn.GroupNorm: norm(lambda layer: f"nn.GroupNorm({layer.num_groups}, {layer.num_channels}, eps={layer.eps!r})"),
    nn.BatchNorm: norm(lambda layer: f"nn.BatchNorm1d({layer.size}, eps={layer.eps!r}, momentum={layer.momentum!r})"),
    nn.Embedding: lambda layer: Counterpart(f"nn.Embedding({layer.count}, {layer.size})", {"weight": layer.w}),
    nn.MultiheadAttention: attention, nn.RNN: rnn,
    nn.LSTM: lambda layer: recurrent(layer, "nn.LSTM({}, batch_first=True)",
                                     [layer.input, layer.forget, layer.candidate, layer.output]),
    nn.GRU: lambda layer: recurrent(layer, "nn.GRU({}, batch_first=True)",
                                    [layer.reset, layer.update, layer.candidate], layer.memory),
    nn.Sequential: sequential,
})  # fmt: skip
