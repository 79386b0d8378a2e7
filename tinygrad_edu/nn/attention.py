"""Attention: every place of a sequence looks at others, and takes from each as much as their vectors agree.

>>> layer = MultiheadAttention(4, 2, causal=True, seed=0)
>>> out = layer([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
>>> len(out), len(out[0]), layer.query.neurons[0].w[0].label
(2, 4, 'multiheadattention.query.neurons.0.w[0]')
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import functional as F
from ..engine import Value
from .choices import Init, Seed, as_inputs, as_size, stream
from .dense import Linear
from .module import Module


def scaled_dot_product_attention(
    query: Sequence[Any], key: Sequence[Any], value: Sequence[Any], is_causal: bool = False
) -> list[list[Any]]:
    """softmax(q·k / sqrt(d)) · v for each query q, over all keys k and their values v
    (Vaswani et al. 2017, equation 1).

    Each is a sequence of vectors, queries and keys of the same length d.
    `is_causal=True` lets query t see the keys 0 to t alone.
    Raises ValueError if the sizes do not fit.

    >>> scaled_dot_product_attention([[0.0], [0.0]], [[1.0], [1.0]], [[2.0], [4.0]], is_causal=True)
    [[2.0], [3.0]]
    """
    if not len(key) or len(key) != len(value):
        raise ValueError(
            f"attention needs one value for each key, and at least one, got {len(key)} keys and {len(value)} values"
        )
    if wrong := [len(x) for x in (*query, *key) if len(x) != len(key[0])]:
        raise ValueError(
            f"attention needs queries and keys of one length, got vectors of {len(key[0])} and {wrong[0]} numbers"
        )
    if wrong := [len(x) for x in value if len(x) != len(value[0])]:
        raise ValueError(f"attention needs values of one length, got vectors of {len(value[0])} and {wrong[0]} numbers")
    columns, scale, out = list(zip(*value)), 1 / math.sqrt(len(key[0])), []
    for t, q in enumerate(query):
        seen = t + 1 if is_causal else len(key)
        weights = F.softmax([F.dot(q, k) * scale for k in key[:seen]])
        out.append([F.dot(weights, column[:seen]) for column in columns])
    return out


class MultiheadAttention(Module):
    """`num_heads` attentions side by side, each over its share of the vectors' `embed_dim` numbers
    (Vaswani et al. 2017, section 3.2.2).

    Call it on a sequence of vectors, which look at one another; or with other sequences for keys and values.  Returns
    one vector for each query.  With `causal=True` a place sees itself and those before it.  Raises ValueError if the
    heads do not divide the vectors evenly, or for vectors of another size.
    """

    def __init__(self, embed_dim: int, num_heads: int, causal: bool = False, bias: bool = True, init: Init = "xavier",
                 seed: Seed = None, name: str = "multiheadattention") -> None:  # fmt: skip
        self.embed_dim, self.num_heads = as_size(embed_dim, "embed_dim"), as_size(num_heads, "num_heads")
        self.causal, self.bias, self.init, self.seed, self.name = causal, bias, init, seed, name
        if embed_dim % num_heads:
            raise ValueError(f"vectors of {embed_dim} numbers cannot be divided among {num_heads} heads")
        rng = stream(seed)
        self.query, self.key, self.value, self.output = (
            Linear(embed_dim, embed_dim, bias, init, rng) for _ in range(4)
        )

    def __call__(
        self, query: Sequence[Any], key: Sequence[Any] | None = None, value: Sequence[Any] | None = None
    ) -> list[list[Value]]:
        key = query if key is None else key
        given = {"query": query, "key": key, "value": key if value is None else value}
        read = {part: [getattr(self, part)(as_inputs(x, self.embed_dim, f"MultiheadAttention's {part} {t}"))
                       for t, x in enumerate(xs)]
                for part, xs in given.items()}  # fmt: skip
        size, heads = self.embed_dim // self.num_heads, []
        for h in range(0, self.embed_dim, size):
            q, k, v = ([x[h : h + size] for x in xs] for xs in read.values())
            heads.append(scaled_dot_product_attention(q, k, v, self.causal))
        return [self.output([x for head in heads for x in head[t]]) for t in range(len(query))]
