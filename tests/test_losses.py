"""losses: the textbook's number where that is safe, the true one where the textbook overflows."""

import math
import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, functional, losses
from tinygrad_edu.losses import binary_cross_entropy_with_logits, cross_entropy, hinge, huber, l2, mse, multiclass_hinge

mild = st.floats(-8, 8)
rows = st.integers(2, 5).flatmap(lambda n: st.tuples(st.lists(mild, min_size=n, max_size=n), st.integers(0, n - 1)))
batches = st.lists(st.tuples(mild, st.sampled_from([-1.0, 1.0]), mild), min_size=1, max_size=6)


def close(loss, naive):
    return getattr(loss, "data", loss) == pytest.approx(naive, rel=1e-9, abs=1e-9)


def mean(xs):
    return math.fsum(xs) / len(xs)


def slopes(loss, xs, h=1e-6):
    """d(loss) / d(each x) by central differences; `loss` makes a Value of a list of Values."""
    out = []
    for i in range(len(xs)):
        up, down = ([Value(x + (h if j == i else 0) * sign) for j, x in enumerate(xs)] for sign in (1, -1))
        out.append((loss(up).data - loss(down).data) / (2 * h))
    return out


def test_softmax_negative_log_likelihood_has_the_published_numbers():
    logits = [Value(x) for x in (0.0, 3.0, -2.0, 1.0)]
    loss = cross_entropy(logits, 3)
    loss.backward()
    assert loss.data == 2.1755153626167147
    assert [z.grad for z in logits] == pytest.approx(
        [0.0417725705, 0.8390245075, 0.0056533027, -0.8864503806], abs=1e-10
    )


# The formulas of the textbooks


@settings(max_examples=50, deadline=None)
@given(rows)
def test_cross_entropy_is_minus_the_log_of_the_softmax(row):
    logits, k = row
    es = [math.exp(z) for z in logits]
    assert close(cross_entropy(logits, k), -math.log(es[k] / math.fsum(es)))
    assert close(
        cross_entropy([logits, logits[::-1]], [k, k]), (cross_entropy(logits, k) + cross_entropy(logits[::-1], k)) / 2
    )


@settings(max_examples=50, deadline=None)
@given(rows, st.floats(0.1, 2))
def test_multiclass_hinge_is_cs231ns_sum(row, margin):
    scores, k = row
    naive = math.fsum(max(0.0, s - scores[k] + margin) for j, s in enumerate(scores) if j != k)
    assert close(multiclass_hinge([Value(s) for s in scores], k, margin), naive)


@settings(max_examples=50, deadline=None)
@given(batches)
def test_losses_of_pairs_are_their_formulas(batch):
    xs, signs, ts = ([row[i] for row in batch] for i in range(3))
    zeros_and_ones = [(s + 1) / 2 for s in signs]
    ps = [1 / (1 + math.exp(-x)) for x in xs]
    values = [Value(x) for x in xs]
    assert close(mse(values, ts), mean([(x - t) ** 2 for x, t in zip(xs, ts)]))
    assert close(hinge(values, signs), mean([max(0.0, 1 - y * x) for x, y in zip(xs, signs)]))
    assert close(
        huber(values, ts, 1.5),
        mean([d * d / 2 if d <= 1.5 else 1.5 * (d - 0.75) for d in (abs(x - t) for x, t in zip(xs, ts))]),
    )
    naive = mean([-t * math.log(p) - (1 - t) * math.log(1 - p) for p, t in zip(ps, zeros_and_ones)])
    assert close(binary_cross_entropy_with_logits(values, zeros_and_ones), naive)
    soft = [0.25 + t / 2 for t in zeros_and_ones]
    naive = mean([-t * math.log(p) - (1 - t) * math.log(1 - p) for p, t in zip(ps, soft)])
    assert close(binary_cross_entropy_with_logits(values, soft), naive)
    assert close(l2(values, 0.1), 0.1 * math.fsum(x * x for x in xs))


LOSSES = {
    "mse": lambda xs: mse(xs, [0.5, -1.0, 2.0]),
    "huber": lambda xs: huber(xs, [0.5, -1.0, 9.0]),
    "bce": lambda xs: binary_cross_entropy_with_logits(xs, [1, 0, 0.3]),
    "cross entropy": lambda xs: cross_entropy(xs, 1),
    "cross entropy of a batch": lambda xs: cross_entropy([xs[:2], xs[1:]], [1, 0]),
    "cross entropy of a batch, weighed": lambda xs: cross_entropy([xs[:2], xs[1:]], [1, 0], [0.5, 2.0], 0.1),
    "hinge": lambda xs: hinge(xs, [1, -1, 1]),
    "multiclass hinge": lambda xs: multiclass_hinge(xs, 2),
    "l2": lambda xs: l2(xs, 0.5),
    "mae": lambda xs: losses.mae(xs, [0.5, -1.0, 9.0]),
    "bce, sum": lambda xs: binary_cross_entropy_with_logits(xs, [1, 0, 0.3], reduction="sum"),
    "bce of probabilities": lambda xs: losses.binary_cross_entropy([x * x / 4 for x in xs], [1, 0, 0.3]),
    "cross entropy, weighed and smoothed": lambda xs: cross_entropy(xs, 1, weight=[0.5, 2.0, 1.0], label_smoothing=0.2),
    "cross entropy of shares": lambda xs: cross_entropy(xs, [0.25, 0.0, 0.75]),
    "nll": lambda xs: losses.nll(xs, 0),
    "categorical cross entropy": lambda xs: losses.categorical_cross_entropy([x * x / 4 for x in xs], 0),
    "kl from": lambda xs: losses.kl_divergence([x * x / 4 for x in xs], [0.2, 0.3, 0.5]),
    "kl to": lambda xs: losses.kl_divergence([0.2, 0.3, 0.5], [x * x / 4 for x in xs]),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_gradients_are_those_of_central_differences(loss):
    xs = [0.7, -0.4, 1.9]
    values = [Value(x) for x in xs]
    loss(values).backward()
    assert [v.grad for v in values] == pytest.approx(slopes(loss, xs), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_loss_of_numbers_is_a_number_and_a_loss_of_values_a_value(loss):
    assert type(loss([0.7, -0.4, 1.9])) is float
    assert type(loss([Value(0.7), -0.4, 1.9])) is Value
    assert loss([0.7, -0.4, 1.9]) == loss([Value(0.7), Value(-0.4), Value(1.9)]).data


# Where the textbook breaks

EXTREMES = [
    (cross_entropy, [1000.0, -1000.0], 0, 0.0),
    (cross_entropy, [1000.0, -1000.0], 1, 2000.0),
    (cross_entropy, [-1000.0, -1000.0], 1, math.log(2)),
    (cross_entropy, [0.0, -math.inf], 0, 0.0),
    (binary_cross_entropy_with_logits, 1000.0, 1, 0.0),
    (binary_cross_entropy_with_logits, 1000.0, 0, 1000.0),
    (binary_cross_entropy_with_logits, -1000.0, 1, 1000.0),
    (binary_cross_entropy_with_logits, -1000.0, 0.5, 500.0),
    (binary_cross_entropy_with_logits, 40.0, 1, math.exp(-40)),
    (binary_cross_entropy_with_logits, -40.0, 0, math.exp(-40)),
    (hinge, 1000.0, 1, 0.0),
    (hinge, 1000.0, -1, 1001.0),
    (multiclass_hinge, [1000.0, -1000.0], 1, 2001.0),
    (huber, 1e200, 0.0, 1e200),
    (mse, 1000.0, -1000.0, 4e6),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "x", "target", "expected"), EXTREMES)
def test_extreme_scores_have_their_true_loss_and_finite_gradients(loss, x, target, expected):
    xs = [Value(v) for v in x] if isinstance(x, list) else Value(x)
    out = loss(xs, target)
    out.backward()
    assert out.data == pytest.approx(expected, rel=1e-12)
    assert all(math.isfinite(v.grad) for v in (xs if isinstance(xs, list) else [xs]))


INFINITE = [
    (binary_cross_entropy_with_logits, math.inf, 1, 0.0, 0.0),
    (binary_cross_entropy_with_logits, -math.inf, 0, 0.0, 0.0),
    (binary_cross_entropy_with_logits, math.inf, 0, math.inf, 1.0),
    (huber, math.inf, 0.0, math.inf, 1.0),
    (huber, -math.inf, 0.0, math.inf, -1.0),
    (huber, 0.0, math.inf, math.inf, -1.0),
    (losses.mae, -math.inf, 0.0, math.inf, -1.0),
    (losses.binary_cross_entropy, 1.0, 1, 0.0, -1.0),
    (losses.binary_cross_entropy, 0.0, 0, 0.0, 1.0),
    (losses.binary_cross_entropy, 0.0, 1, math.inf, -math.inf),
]  # fmt: skip


@pytest.mark.parametrize("kind", [float, Value])
@pytest.mark.parametrize(("loss", "x", "target", "value", "slope"), INFINITE)
def test_an_infinite_score_has_the_loss_and_slope_of_the_limit(loss, x, target, value, slope, kind):
    v = Value(x)
    out = loss(v, kind(target))
    out.backward()
    assert (out.data, v.grad) == (value, slope)


def numpys_cross_entropy(np, logits, target, weight, smoothing, reduction):
    """PyTorch's documented formula, over shares for every class."""
    z = np.array(logits, float)
    n = z.shape[1]
    logp = z - np.log(np.exp(z).sum(1, keepdims=True))
    w = np.ones(n) if weight is None else np.array(weight)
    hard = np.ndim(target) == 1
    shares = np.eye(n)[np.array(target, int)] if hard else np.array(target)
    each = -(((1 - smoothing) * shares + smoothing / n) * w * logp).sum(1)
    whole = w[np.array(target, int)].sum() if hard and weight is not None else len(z)
    return {"none": each.tolist(), "sum": each.sum(), "mean": each.sum() / whole}[reduction]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.5]])
@pytest.mark.parametrize("target", [[2, 0], [[0.2, 0.3, 0.5], [0, 1, 0]]], ids=["classes", "shares"])
def test_weights_smoothing_shares_and_reductions_are_pytorchs(target, weight, smoothing, reduction):
    np = pytest.importorskip("numpy")
    logits = [[0.7, -0.4, 1.9], [-1.0, 0.5, 0.25]]
    expected = numpys_cross_entropy(np, logits, target, weight, smoothing, reduction)
    assert cross_entropy(logits, target, weight, smoothing, reduction) == pytest.approx(expected)
    logp = functional.log_softmax
    probabilities = [functional.softmax(z) for z in logits]
    got = losses.categorical_cross_entropy(probabilities, target, weight, smoothing, reduction)
    assert got == pytest.approx(expected)
    if not smoothing:
        assert losses.nll([logp(z) for z in logits], target, weight, reduction) == pytest.approx(expected)


REDUCED = {
    "mse": (lambda **r: mse([1.0, 2.0], [0.0, 4.0], **r), [1.0, 4.0]),
    "mae": (lambda **r: losses.mae([1.0, 2.0], [0.0, 4.0], **r), [1.0, 2.0]),
    "huber": (lambda **r: huber([1.0, 2.0], [0.0, 4.0], **r), [0.5, 1.5]),
    "hinge": (lambda **r: hinge([0.5, 2.0], [1, -1], **r), [0.5, 3.0]),
    "bce": (lambda **r: losses.binary_cross_entropy([0.5, 0.25], [1, 1], **r), [math.log(2), math.log(4)]),
    "multiclass hinge": (lambda **r: multiclass_hinge([[3.0, 2.5], [1.0, 4.0]], [0, 0], **r), [0.5, 4.0]),
    "kl": (lambda **r: losses.kl_divergence([[1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.75, 0.25]], **r),
           [math.log(2), math.log(4)]),
}  # fmt: skip


@pytest.mark.parametrize(("loss", "each"), REDUCED.values(), ids=REDUCED)
def test_a_reduction_is_a_mean_a_sum_or_none(loss, each):
    assert loss(reduction="none") == pytest.approx(each)
    assert loss(reduction="sum") == pytest.approx(math.fsum(each))
    assert loss() == pytest.approx(mean(each))


def test_a_class_is_a_whole_number_of_any_kind():
    np = pytest.importorskip("numpy")
    z = [0.5, 1.5, -1.0]
    for k in (1, 1.0, True, Value(1.0), np.int8(1), np.float32(1), np.bool_(True), np.array(1), Fraction(1)):
        for loss in (cross_entropy, multiclass_hinge, losses.nll):
            assert loss(z, k) == loss(z, 1)
    assert cross_entropy([z, z], np.array([1.0, 2.0])) == cross_entropy([z, z], [1, 2])
    for k in (
        np.complex64(1),
        Decimal("sNaN"),
        Decimal("1.5"),
        b"1",
        [[1]],
    ):  # equal to 1, or with the look of a number
        for loss in (cross_entropy, multiclass_hinge, losses.nll):
            with pytest.raises((TypeError, ValueError), match="class"):
                loss(z, k)
    with pytest.raises(ValueError, match="target class 1000.*classes are 0 to 2"):
        cross_entropy(z, 10**400)


def test_the_gradient_of_cross_entropy_is_p_minus_y():
    logits = [Value(z) for z in (1000.0, 999.0, -1000.0)]
    cross_entropy(logits, 1).backward()
    p = 1 / (1 + math.exp(-1))
    assert [z.grad for z in logits] == pytest.approx([p, -p, 0.0])


@pytest.mark.parametrize("delta", [-5.0, -1.0, -0.3, 0.0, 0.7, 1.0, 5.0])
def test_huber_clips_the_gradient_not_the_error(delta):
    q = Value(delta)
    huber(q, 0.0).backward()
    assert q.grad == max(-1.0, min(1.0, delta))


def test_hinge_is_micrograds_to_the_bit():
    random.seed(1)
    scores, ys = [Value(random.gauss(0, 2)) for _ in range(37)], [random.choice((-1, 1)) for _ in range(37)]
    parts = [(1 + -yi * s).relu() for s, yi in zip(scores, ys)]
    theirs = sum(parts) * (1.0 / len(parts))
    assert hinge(scores, ys).data == theirs.data
    assert l2(scores).data == (1e-4 * sum(p * p for p in scores)).data


def test_fused_losses_are_few_nodes():
    ps = [Value(1.0)] * 500
    assert l2(ps).parents[1].parents == (*ps, *ps)
    assert [p.op.name for p in cross_entropy(ps, 0).parents] == ["logsumexp", "leaf"]


def test_targets_may_be_values_and_receive_gradients():
    p, t = Value(2.0), Value(0.5)
    mse(p, t).backward()
    assert (p.grad, t.grad) == (3.0, -3.0)
    binary_cross_entropy_with_logits(Value(2.0), t).backward()
    assert t.grad == pytest.approx(-3.0 - 2.0)


def test_batches_of_vectors_are_matched_through_their_lists():
    assert mse([[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [1.0, 1.0]]) == (0 + 1 + 4 + 9) / 4


def test_numpy_targets_work():
    np = pytest.importorskip("numpy")
    z = [[Value(0.0), Value(1.0)], [Value(2.0), Value(3.0)]]
    assert cross_entropy(z, np.array([1, 0])).data == cross_entropy(z, [1, 0]).data
    assert mse([Value(1.0)], np.array([3.0])).data == 4.0


ERRORS = {
    "mse needs one target per prediction, got 2 for the predictions and 1": lambda: mse([1.0, 2.0], [1.0]),
    "got 2 for the predictions and a single number (1.0)": lambda: huber([1.0, 2.0], 1.0),
    "mse needs at least one prediction": lambda: mse([], []),
    "targets from 0 to 1, got -1 at 1: (t + 1) / 2": lambda: binary_cross_entropy_with_logits([1.0, 2.0], [1, -1]),
    "targets from 0 to 1, got nan": lambda: binary_cross_entropy_with_logits(1.0, math.nan),
    "hinge needs targets -1 or 1, got 0 at 0; 2*y - 1": lambda: hinge([1.0], [0]),
    "target class 3, but there are 3 scores: classes are 0 to 2": lambda: cross_entropy([1.0, 2.0, 3.0], 3),
    "target class -1 for sample 1": lambda: multiclass_hinge([[1.0, 2.0], [1.0, 2.0]], [0, -1]),
    "one target class per sample, got 2 samples and 3 targets": lambda: cross_entropy([[1.0], [2.0]], [0, 0, 0]),
    "got 2 samples and the target 0": lambda: cross_entropy([[1.0], [2.0]], 0),
    "needs a list with one score per class": lambda: cross_entropy([], 0),
    "needs a list with one score per class, got Value(2.0): a model with one output": lambda: cross_entropy(
        Value(2.0), 0
    ),
    "got a target of 3 shares, but there are 2 scores": lambda: cross_entropy([1.0, 2.0], [0, 1, 0]),
    "shares [0.5, 0.6] for sample 0 that make 1.1": lambda: cross_entropy([[1.0, 2.0]], [[0.5, 0.6]]),
    "cross_entropy's weight has one number per class, 2 here, got 3": lambda: cross_entropy(
        [1.0, 2.0], 0, weight=[1, 2, 3]
    ),
    "cross_entropy's weight has one number per class, 2 here, got 0.5": lambda: cross_entropy(
        [1.0, 2.0], 0, weight=0.5
    ),
    "label_smoothing is a share from 0 to 1, got 2": lambda: cross_entropy([1.0, 2.0], 0, label_smoothing=2),
    "mse's reduction is 'mean', 'sum' or 'none', got 'avg'": lambda: mse([1.0], [2.0], reduction="avg"),
    "cross_entropy's reduction is": lambda: cross_entropy([[1.0]], [0], reduction=None),
    "binary_cross_entropy needs probabilities from 0 to 1, got 2: logits have a loss": lambda: (
        losses.binary_cross_entropy(2.0, 1)
    ),
    "needs probabilities from 0 to 1, got -3": lambda: losses.categorical_cross_entropy([Value(-3.0), 1.0], 1),
    "needs probabilities from 0 to 1, got nan": lambda: losses.kl_divergence([math.nan], [1.0]),
    "got 2 for the predictions and 1": lambda: losses.kl_divergence([0.5, 0.5], [1.0]),
    "kl_divergence needs two lists": lambda: losses.kl_divergence(1.0, 1.0),
    "huber needs a delta above 0": lambda: huber(1.0, 2.0, delta=0),
    "l2 needs at least one parameter": lambda: l2([]),
}
TYPE_ERRORS = {
    "got float 1.5: number the classes 0, 1, 2": lambda: cross_entropy([1.0, 2.0], 1.5),
    "got float nan": lambda: cross_entropy([1.0, 2.0], math.nan),
    "got float inf": lambda: cross_entropy([1.0, 2.0], math.inf),
    "got NoneType None": lambda: losses.nll([1.0, 2.0], None),
    "got str 'cat' for sample 0": lambda: cross_entropy([[1.0, 2.0]], ["cat"]),
    "as in l2(model.parameters())": lambda: l2(3),
}


@pytest.mark.parametrize(("message", "wrong"), ERRORS.items(), ids=ERRORS)
def test_errors_say_what_is_allowed(message, wrong):
    with pytest.raises(ValueError) as caught:
        wrong()
    assert message in str(caught.value)


@pytest.mark.parametrize(("message", "wrong"), TYPE_ERRORS.items(), ids=TYPE_ERRORS)
def test_type_errors_say_what_is_allowed(message, wrong):
    with pytest.raises(TypeError) as caught:
        wrong()
    assert message in str(caught.value)


def test_every_public_name_is_there():
    assert all(callable(getattr(losses, name)) for name in losses.__all__)


@pytest.mark.parametrize("loss", [losses.mse, losses.mae, losses.huber, losses.hinge, losses.binary_cross_entropy,
                                  losses.binary_cross_entropy_with_logits])  # fmt: skip
@pytest.mark.parametrize("predictions, targets, told", [
    ([Value(0.5)], (x for x in [1.0]), r"its targets in a list, got generator .*: make it one, list\(\.\.\.\)"),
    (map(Value, [0.5]), [1.0], r"its predictions in a list, got map .*: make it one, list\(\.\.\.\)"),
    ({"a": Value(0.5)}, {"a": 1.0}, r"its predictions in a list, got dict .*: make it one, list\(d\.values\(\)\)"),
    ([Value(0.5)], ["1"], "got str '1'|not str '1'"),
    ([Value(0.5)], "1", "its targets in a list, got str '1'"),
    ([Value(0.5)], [None], "a target for .*: a number is needed here, not NoneType"),
    ([[Value(0.5)]], [[1j]], "a target for .*: .* real numbers"),
    ([None], [1.0], "a prediction for .*: a number is needed here, not NoneType"),
], ids=lambda x: x if isinstance(x, str) else type(x).__name__)  # fmt: skip
def test_what_is_no_number_and_no_list_of_them_is_told_whose_it_is(loss, predictions, targets, told):
    with pytest.raises(TypeError, match=told):
        loss(predictions, targets)


def test_numbers_of_any_kind_are_targets():
    from decimal import Decimal
    from fractions import Fraction

    np = pytest.importorskip("numpy")
    for one in (
        1,
        True,
        1.0,
        Decimal(1),
        Fraction(1),
        np.float32(1),
        np.int8(1),
        np.array(1.0),
        np.bool_(True),
        Value(1),
    ):
        assert losses.mse([Value(3.0)], [one]).data == 4.0 == losses.mse(Value(3.0), one).data
    assert losses.mse(np.array([Value(3.0)]), np.array([1])).data == 4.0


def test_columns_of_pandas_are_lists_of_targets_and_a_table_is_told_how_it_becomes_one():
    pd = pytest.importorskip("pandas")
    assert losses.mse([Value(3.0), Value(1.0)], pd.Series([1.0, 1.0], index=["a", "b"])).data == 2.0
    with pytest.raises(TypeError, match=r"its targets in a list, got DataFrame .*: make it one, d\.to_numpy\(\)"):
        losses.mse([[Value(3.0)]], pd.DataFrame({"w": [3.0]}))
