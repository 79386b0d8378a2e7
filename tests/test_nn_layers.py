"""Recurrent layers, attention and normalisation: the papers' formulas, computed by NumPy;
replays, modes and what is saved.
"""

import copy
import math
import random

import pytest

from tinygrad_edu import Value, functional, jit, nn, tracing
from tinygrad_edu.nn import GRU, LSTM, BatchNorm, GroupNorm, LayerNorm, MultiheadAttention, RMSNorm

np = pytest.importorskip("numpy")
rng = random.Random(0)
SEQUENCE = [[rng.gauss(0, 1) for _ in range(4)] for _ in range(5)]


def numbers(tree):
    return np.array([numbers(v) for v in tree]) if isinstance(tree, (list, tuple)) else float(tree)


def weights(layer):
    """A layer's weights, one row per neuron, and its biases."""
    return np.array([[w.data for w in n.w] for n in layer.neurons]), np.array([n.b.data for n in layer.neurons])


def shaken(module):
    """A module whose parameters are all different."""
    for p in module.parameters():
        p.data += rng.gauss(0, 0.5)
    return module


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def through(layer, *xs):
    w, b = weights(layer)
    return w @ np.concatenate(xs) + b


def test_an_lstm_is_its_formula():
    lstm, h, c, hs = shaken(LSTM(4, 3, seed=1)), np.zeros(3), np.zeros(3), []
    for x in SEQUENCE:
        i, f, o = (sigmoid(through(gate, x, h)) for gate in (lstm.input, lstm.forget, lstm.output))
        c = f * c + i * np.tanh(through(lstm.candidate, x, h))
        h = o * np.tanh(c)
        hs.append(h)
    outputs, state = lstm(SEQUENCE)
    assert numbers(outputs) == pytest.approx(np.array(hs))
    assert numbers(state) == pytest.approx(np.array([h, c]))
    first, middle = lstm(SEQUENCE[:2])
    assert numbers(lstm(SEQUENCE[2:], middle)[0]) == pytest.approx(np.array(hs[2:]))


def test_a_gru_is_its_formula():
    gru, h, hs = shaken(GRU(4, 3, seed=1)), np.zeros(3), []
    for x in SEQUENCE:
        r, z = (sigmoid(through(gate, x, h)) for gate in (gru.reset, gru.update))
        n = np.tanh(through(gru.candidate, x) + r * through(gru.memory, h))
        h = (1 - z) * n + z * h
        hs.append(h)
    outputs, last = gru(SEQUENCE)
    assert numbers(outputs) == pytest.approx(np.array(hs))
    assert numbers(gru(SEQUENCE[3:], gru(SEQUENCE[:3])[1])[1]) == pytest.approx(h) == numbers(last)


def softmax(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_its_formula(heads, causal):
    layer, xs, size = shaken(MultiheadAttention(4, heads, causal, seed=2)), np.array(SEQUENCE), 4 // heads
    q, k, v = ([weights(part)[0] @ x + weights(part)[1] for x in xs] for part in (layer.query, layer.key, layer.value))
    out = np.zeros((5, 4))
    for h in range(heads):
        at = slice(h * size, (h + 1) * size)
        scores = np.array(q)[:, at] @ np.array(k)[:, at].T / math.sqrt(size)
        if causal:
            scores = np.where(np.tril(np.ones((5, 5))) > 0, scores, -np.inf)
        out[:, at] = softmax(scores) @ np.array(v)[:, at]
    w, b = weights(layer.output)
    assert numbers(layer(SEQUENCE)) == pytest.approx(out @ w.T + b)


def test_attention_looks_at_other_sequences_too():
    layer, xs = MultiheadAttention(4, 2, seed=0), SEQUENCE
    assert numbers(layer(xs[:2], xs)) == pytest.approx(numbers(layer(xs)[:2]))
    assert numbers(layer(xs[:1], xs[:1], xs[1:2])) == pytest.approx(numbers([layer.output(layer.value(xs[1]))]))


@pytest.mark.parametrize(
    "norm", [LayerNorm(4), GroupNorm(1, 4), GroupNorm(2, 4), GroupNorm(4, 4), RMSNorm(4)], ids=repr
)
def test_norms_of_a_sample_are_their_formulas(norm):
    norm, x = shaken(copy.deepcopy(norm)), np.array(SEQUENCE[0])
    groups = x.reshape(getattr(norm, "num_groups", 1), -1)
    if isinstance(norm, RMSNorm):
        normed, b = x / np.sqrt((x**2).mean() + norm.eps), 0.0
    else:
        away = groups - groups.mean(1, keepdims=True)
        normed, b = (away / np.sqrt(groups.var(1, keepdims=True) + norm.eps)).ravel(), numbers(norm.b)
    assert numbers(norm(SEQUENCE[0])) == pytest.approx(normed * numbers(norm.w) + b)


def test_group_norm_of_maps_takes_a_group_of_them_together():
    norm, maps = shaken(GroupNorm(1, 2)), [[[1.0, 2.0], [3.0, 4.0]], [[5.0, -6.0], [7.0, 8.0]]]
    x = np.array(maps)
    expected = (x - x.mean()) / np.sqrt(x.var() + norm.eps) * numbers(norm.w)[:, None, None] + numbers(norm.b)[
        :, None, None
    ]
    assert numbers(norm(maps)) == pytest.approx(expected)


def test_batch_norm_follows_the_batches_and_uses_what_it_has_seen(tmp_path):
    norm, x = shaken(BatchNorm(4, momentum=0.25)), np.array(SEQUENCE)
    w, b = numbers(norm.w), numbers(norm.b)
    assert numbers(norm(SEQUENCE)) == pytest.approx((x - x.mean(0)) / np.sqrt(x.var(0) + norm.eps) * w + b)
    mean, var = 0.25 * x.mean(0), 0.75 + 0.25 * x.var(0, ddof=1)
    assert (norm.running_mean, norm.running_var) == (pytest.approx(mean), pytest.approx(var))
    used = (x - mean) / np.sqrt(var + norm.eps) * w + b
    norm.save(tmp_path / "norm.json")
    for again in (
        norm,
        nn.load(tmp_path / "norm.json"),
        copy.deepcopy(norm),
        BatchNorm(4).load(tmp_path / "norm.json"),
    ):
        again.eval()
        assert numbers(again(SEQUENCE)) == pytest.approx(used)  # a batch, or one sample
        assert numbers(again(SEQUENCE[0])) == pytest.approx(used[0])
        assert len(again.parameters()) == 8 and len(again.state_dict()) == 16


def test_batch_norm_of_maps_is_that_of_all_their_numbers():
    maps = [[[[rng.gauss(c, 1) for _ in range(2)] for _ in range(2)] for c in range(2)] for _ in range(2)]
    norm, x = shaken(BatchNorm(2, momentum=1.0)), np.array(maps)  # two of everything: depth tells a batch from a sample
    axes, w, b = (0, 2, 3), numbers(norm.w)[:, None, None], numbers(norm.b)[:, None, None]
    mean, var = x.mean(axes, keepdims=True)[0], x.var(axes, keepdims=True)[0]
    assert numbers(norm(maps)) == pytest.approx((x - mean) / np.sqrt(var + norm.eps) * w + b)
    used = (x - mean) / np.sqrt(x.var(axes, ddof=1, keepdims=True)[0] + norm.eps) * w + b
    norm.eval()
    assert numbers(norm(maps)) == pytest.approx(used) and numbers(norm(maps[1])) == pytest.approx(used[1])


def test_batch_norm_in_training_needs_a_batch():
    for wrong in (SEQUENCE[0], SEQUENCE[:1], []):
        with pytest.raises(
            ValueError, match="batchnorm is in training, where it needs the samples of a batch together"
        ):
            BatchNorm(4)(wrong)
    with pytest.raises(ValueError, match="expects a sample of 4 channels, numbers or maps, got 3"):
        BatchNorm(4).eval()([1.0, 2.0, 3.0])


REPLAYED = {
    "LSTM": (lambda: LSTM(4, 2, seed=0), lambda m, xs: m(xs)[1][0]),
    "GRU": (lambda: GRU(4, 2, seed=0), lambda m, xs: m(xs)[1]),
    "MultiheadAttention": (lambda: MultiheadAttention(4, 2, True, seed=0), lambda m, xs: m(xs)[-1]),
    "RMSNorm": (lambda: RMSNorm(4), lambda m, xs: m(xs[0])),
    "GroupNorm": (lambda: GroupNorm(2, 4), lambda m, xs: m(xs[0])),
    "BatchNorm": (lambda: BatchNorm(4).eval(), lambda m, xs: m(xs[0])),
}


@pytest.mark.parametrize(("make", "call"), REPLAYED.values(), ids=REPLAYED)
def test_layers_are_replayed(make, call):
    module = shaken(make())
    f = jit(lambda xs: functional.sum([v * v * (k + 1) for k, v in enumerate(call(module, xs))]), backend="python")
    for xs in (SEQUENCE, [[2 * v for v in x] for x in SEQUENCE]):
        module.zero_grad()
        f(xs).backward()
        replayed = [p.grad for p in module.parameters()]
        module.zero_grad()
        eager = functional.sum([v * v * (k + 1) for k, v in enumerate(call(module, xs))])
        eager.backward()
        assert f(xs).data == pytest.approx(eager.data) and replayed == pytest.approx(
            [p.grad for p in module.parameters()]
        )
        shaken(module)


def test_batch_norm_in_training_is_not_replayed():
    norm = BatchNorm(2)
    with pytest.raises(tracing.RecordingError, match="batchnorm follows the mean of every batch"):
        jit(lambda a, b: norm([[a, 1.0], [b, 2.0]])[0][0], backend="python")(1.0, 2.0)


ERRORS = {
    "vectors of 5 numbers cannot be divided among 2 heads": lambda: MultiheadAttention(5, 2),
    "MultiheadAttention's query 1 expects 4 inputs, got 2": lambda: MultiheadAttention(4, 2)([[1.0] * 4, [1.0] * 2]),
    "one value for each key, and at least one, got 1 keys and 2 values": lambda: nn.scaled_dot_product_attention(
        [[1.0]], [[1.0]], [[1.0]] * 2
    ),
    "queries and keys of one length, got vectors of 1 and 2 numbers": lambda: nn.scaled_dot_product_attention(
        [[1.0, 2.0]], [[1.0]], [[1.0]]
    ),
    "values of one length, got vectors of 1 and 2 numbers": lambda: nn.scaled_dot_product_attention(
        [[1.0]], [[1.0]] * 2, [[1.0], [1.0, 2.0]]
    ),
    "3 channels cannot be divided into 2 groups": lambda: GroupNorm(2, 3),
    "RMSNorm expects 3 inputs, got 2": lambda: RMSNorm(3)([1.0, 2.0]),
    "eps must be above 0": lambda: RMSNorm(3, eps=0),
    "LSTM at step 1 expects 1 input, got 2": lambda: LSTM(1, 1)([[1.0], [1.0, 2.0]]),
    "LSTM's state is a pair (h, c), got 1": lambda: LSTM(1, 1)([[1.0]], [[0.0]]),
    "GRU's state expects 2 inputs, got 1": lambda: GRU(1, 2)([[1.0]], [0.0]),
    "from 0 to 1, got 2": lambda: BatchNorm(3, momentum=2),
    "temperature must be at least 0 and finite, got -1": lambda: functional.sample([1.0], -1),
    "top_k, how many classes to draw among": lambda: functional.sample([1.0], top_k=0),
    "logits of which the largest is finite": lambda: functional.sample([math.nan, 1.0]),
    "sample needs at least one number": lambda: functional.sample([]),
}


@pytest.mark.parametrize(("message", "wrong"), ERRORS.items(), ids=ERRORS)
def test_errors_say_what_is_allowed(message, wrong):
    with pytest.raises(ValueError) as caught:
        wrong()
    assert message in str(caught.value)


@pytest.mark.parametrize("temperature", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("top_k", [None, 1, 2, 9])
def test_samples_have_the_probabilities_of_the_softmax(temperature, top_k):
    logits, chance, n = [Value(0.3), -1.0, 1.2, -math.inf], random.Random(0), 4000
    kept = sorted([0.3, -1.0, 1.2, -math.inf], reverse=True)[:top_k]
    z = np.array([float(v) if float(v) in kept else -np.inf for v in logits])
    drawn = [functional.sample(logits, temperature, top_k, chance) for _ in range(n)]
    assert [drawn.count(k) / n for k in range(4)] == pytest.approx(softmax(z / temperature), abs=0.03)


def test_sampling_uses_the_stream_that_it_is_given_or_the_global_one():
    random.seed(3)
    mine = [functional.sample([0.0, 0.0]) for _ in range(20)]
    assert mine == [functional.sample([0.0, 0.0], rng=r) for r in [random.Random(3)] for _ in range(20)]
    assert functional.sample([1.0, 5.0, 5.0], temperature=0) == 1
